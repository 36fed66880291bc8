//! The body of a request, kept serialised per session and appended to, with a hash that grows along.
//!
//! What grows comes last: `{"model":…,"stream":true,…,"tools":[…],"messages":[…]}`. So a turn costs what is new of it, and
//! one copy of the bytes. What comes before is kept too, for as long as model, dialect and tools stay the same.

use crate::adapters::model::form::{Form, Turns, Wishes};
use crate::adapters::model::growth::Growth;
use crate::adapters::model::messages::Messages;
use crate::adapters::model::openai::Chat;
use crate::adapters::model::responses::Responses;
use crate::domain::hash::{Growing, Hash};
use crate::domain::message::{Message, Transcript};
use crate::domain::tool_spec::ToolBook;
use crate::ports::model::Ask;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// A body and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The bytes as sent.
    pub bytes: Arc<Vec<u8>>,
    /// Their SHA-256.
    pub hash: Hash,
    /// What `rebuilt` makes them of, with the messages.
    pub frame: Arc<[u8]>,
}

/// `bytes` is what was sent last: up to `said` it stays, what comes after is written anew.
struct Written<F: Form> {
    head_len: usize,
    bytes: Arc<Vec<u8>>,
    hash: Growing,
    said: usize,
    dialect: F::Dialect,
    turns: F::Turns,
}

/// What a body begins with, and what it was made of.
struct Head<F: Form> {
    model: String,
    dialect: F::Dialect,
    tools: ToolBook,
    bytes: Arc<[u8]>,
    frame: Arc<[u8]>,
}

/// Writes bodies.
pub struct Bodies<F: Form> {
    kept: Mutex<Growth<Written<F>>>,
    head: Mutex<Option<Head<F>>>,
    wishes: Wishes,
}

impl<F: Form> Default for Bodies<F> {
    fn default() -> Bodies<F> {
        Bodies::new(Wishes::default())
    }
}

impl<F: Form> Bodies<F> {
    /// A writer that adds to each body what the operator wishes.
    pub fn new(wishes: Wishes) -> Bodies<F> {
        Bodies { kept: Mutex::default(), head: Mutex::default(), wishes }
    }

    /// The body of a turn.
    pub fn write(&self, ask: &Ask, dialect: F::Dialect) -> Body {
        let (head, frame) = self.head(ask, dialect);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let written = kept.carry(
            &ask.session,
            &ask.messages,
            |written| written.bytes[..written.head_len] == *head && written.dialect == dialect,
            || Written::new(&head, dialect),
            Written::say,
        );
        written.body(frame)
    }

    /// The beginning and the frame, as kept where it was made of the same.
    fn head(&self, ask: &Ask, dialect: F::Dialect) -> (Arc<[u8]>, Arc<[u8]>) {
        let mut kept = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some(head) if head.model == ask.model && head.dialect == dialect && head.tools.is(&ask.tools) => {
                (Arc::clone(&head.bytes), Arc::clone(&head.frame))
            }
            Some(_) | None => {
                let bytes: Arc<[u8]> = F::head(ask, &self.wishes, dialect).into();
                let frame: Arc<[u8]> = frame::<F>(&bytes, dialect).into();
                let (model, tools) = (ask.model.clone(), ask.tools.clone());
                let both = (Arc::clone(&bytes), Arc::clone(&frame));
                *kept = Some(Head { model, dialect, tools, bytes, frame });
                both
            }
        }
    }
}

/// What is kept of a body beside its messages: how it begins, and how its endpoint wants messages written.
fn frame<F: Form>(head: &[u8], dialect: F::Dialect) -> Vec<u8> {
    let head = String::from_utf8_lossy(head);
    let mut frame = serde_json::Map::new();
    frame.insert("form".to_string(), Value::from(F::FORM));
    frame.insert("head".to_string(), Value::from(head));
    frame.extend(F::kept(dialect));
    Value::Object(frame).to_string().into_bytes()
}

/// The bytes of a body again, from its frame and its messages.
pub fn rebuilt(frame: &[u8], messages: &Transcript) -> Option<Vec<u8>> {
    let frame: Value = serde_json::from_slice(frame).ok()?;
    match frame.get("form")?.as_str()? {
        Chat::FORM => written_again::<Chat>(&frame, messages),
        Messages::FORM => written_again::<Messages>(&frame, messages),
        Responses::FORM => written_again::<Responses>(&frame, messages),
        _ => None,
    }
}

fn written_again<F: Form>(frame: &Value, messages: &Transcript) -> Option<Vec<u8>> {
    let mut out = frame.get("head")?.as_str()?.as_bytes().to_vec();
    let mut turns = F::turns(F::dialect(frame)?);
    messages.iter().for_each(|message| turns.push(message, &mut out));
    turns.put_end(&mut out);
    Some(out)
}

impl<F: Form> Written<F> {
    fn new(head: &[u8], dialect: F::Dialect) -> Written<F> {
        let mut hash = Growing::default();
        hash.add(head);
        let said = head.len();
        let turns = F::turns(dialect);
        Written { head_len: said, bytes: Arc::new(head.to_vec()), hash, said, dialect, turns }
    }

    /// Adds a message after what was said. The bytes are copied only where the last request is still being sent.
    fn say(&mut self, message: &Message) {
        let bytes = Arc::make_mut(&mut self.bytes);
        bytes.truncate(self.said);
        self.turns.push(message, bytes);
        self.hash.add(&bytes[self.said..]);
        self.said = bytes.len();
    }

    /// What is sent now.
    fn body(&mut self, frame: Arc<[u8]>) -> Body {
        let mut rest = Vec::new();
        self.turns.put_end(&mut rest);
        let mut hash = self.hash.clone();
        hash.add(&rest);
        if self.bytes[self.said..] != rest {
            let bytes = Arc::make_mut(&mut self.bytes);
            bytes.truncate(self.said);
            bytes.extend_from_slice(&rest);
        }
        Body { bytes: self.bytes.clone(), hash: hash.now(), frame }
    }
}
