//! The body of a request, kept serialised per session and appended to, with a hash that grows along.
//!
//! What grows comes last: `{"model":…,"stream":true,…,"tools":[…],"messages":[…]}`. So a turn costs what is new of it, and
//! one copy of the bytes. What comes before is kept too, for as long as model, dialect and tools stay the same.

use crate::adapters::model::dialect::Dialect;
use crate::adapters::model::growth::Growth;
use crate::adapters::model::turns::Turns;
use crate::adapters::model::wire;
use crate::domain::hash::{Growing, Hash};
use crate::domain::message::{Message, Transcript};
use crate::domain::tool_spec::ToolBook;
use crate::ports::model::Ask;
use serde_json::{Map, Value};
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

/// What stands behind the messages.
const END: &[u8] = b"]}";

/// `bytes` is what was sent last: up to `said` it stays, what comes after is written anew.
struct Written {
    head_len: usize,
    bytes: Arc<Vec<u8>>,
    hash: Growing,
    said: usize,
    turns: Turns,
}

/// What a body begins with, and what it was made of.
struct Head {
    model: String,
    dialect: Dialect,
    tools: ToolBook,
    bytes: Arc<[u8]>,
    frame: Arc<[u8]>,
}

/// Writes bodies.
#[derive(Default)]
pub struct Bodies {
    kept: Mutex<Growth<Written>>,
    head: Mutex<Option<Head>>,
    max_tokens: Option<u32>,
    extra: Map<String, Value>,
}

impl Bodies {
    /// A writer that adds a length limit and fields of the operator's choice to each body.
    pub fn new(max_tokens: Option<u32>, extra: Map<String, Value>) -> Bodies {
        Bodies { max_tokens, extra, ..Bodies::default() }
    }

    /// The body of a turn.
    pub fn write(&self, ask: &Ask, dialect: Dialect) -> Body {
        let (head, frame) = self.head(ask, dialect);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let written = kept.carry(
            &ask.session,
            &ask.messages,
            |written| written.bytes[..written.head_len] == *head && written.turns.speaks(dialect),
            || Written::new(&head, dialect),
            Written::say,
        );
        written.body(frame)
    }

    /// The beginning and the frame, as kept where it was made of the same.
    fn head(&self, ask: &Ask, dialect: Dialect) -> (Arc<[u8]>, Arc<[u8]>) {
        let mut kept = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some(head) if head.model == ask.model && head.dialect == dialect && head.tools.is(&ask.tools) => {
                (Arc::clone(&head.bytes), Arc::clone(&head.frame))
            }
            Some(_) | None => {
                let bytes: Arc<[u8]> = self.make_head(ask, dialect).into();
                let frame: Arc<[u8]> = frame(&bytes, dialect).into();
                let (model, tools) = (ask.model.clone(), ask.tools.clone());
                let both = (Arc::clone(&bytes), Arc::clone(&frame));
                *kept = Some(Head { model, dialect, tools, bytes, frame });
                both
            }
        }
    }

    fn make_head(&self, ask: &Ask, dialect: Dialect) -> Vec<u8> {
        let mut out = b"{\"model\":".to_vec();
        wire::put_text(&mut out, &ask.model);
        let mut field = |name: &str, value: &Value| {
            out.push(b',');
            wire::put_text(&mut out, name);
            out.push(b':');
            wire::put(&mut out, value);
        };
        field("stream", &Value::Bool(dialect.stream));
        if dialect.stream && dialect.usage {
            field("stream_options", &serde_json::json!({ "include_usage": true }));
        }
        if let Some(tokens) = self.max_tokens {
            let name = if dialect.new_limit_name { "max_completion_tokens" } else { "max_tokens" };
            field(name, &Value::from(tokens));
        }
        let own = ["model", "stream", "stream_options", "tools", "messages"];
        for (name, value) in self.extra.iter().filter(|(name, _)| !own.contains(&name.as_str())) {
            field(name, value);
        }
        if ask.tools.iter().next().is_some() {
            out.extend_from_slice(b",\"tools\":");
            wire::put_tools(&mut out, &ask.tools);
        }
        out.extend_from_slice(b",\"messages\":[");
        out
    }
}

/// The form of a frame; another way to write messages is another form.
const FORM: &str = "chat-completions/1";

/// What is kept of a body beside its messages: how it begins, and how its endpoint wants messages written.
fn frame(head: &[u8], dialect: Dialect) -> Vec<u8> {
    let Dialect { echo, bridge, short_ids, stream: _, usage: _, new_limit_name: _ } = dialect; // the rest is in the head
    let head = String::from_utf8_lossy(head);
    serde_json::json!({ "form": FORM, "head": head, "echo": echo, "bridge": bridge, "short_ids": short_ids })
        .to_string()
        .into_bytes()
}

/// The bytes of a body again, from its frame and its messages.
pub fn rebuilt(frame: &[u8], messages: &Transcript) -> Option<Vec<u8>> {
    let frame: Value = serde_json::from_slice(frame).ok()?;
    if frame.get("form")?.as_str()? != FORM {
        return None;
    }
    let flag = |name: &str| frame.get(name)?.as_bool();
    let dialect = Dialect {
        echo: flag("echo")?,
        bridge: flag("bridge")?,
        short_ids: flag("short_ids")?,
        ..Dialect::default()
    };
    let mut out = frame.get("head")?.as_str()?.as_bytes().to_vec();
    let mut turns = Turns::new(dialect);
    messages.iter().for_each(|message| turns.push(message, &mut out));
    turns.put_rest(&mut out);
    out.extend_from_slice(END);
    Some(out)
}

impl Written {
    fn new(head: &[u8], dialect: Dialect) -> Written {
        let mut hash = Growing::default();
        hash.add(head);
        let said = head.len();
        Written { head_len: said, bytes: Arc::new(head.to_vec()), hash, said, turns: Turns::new(dialect) }
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
        self.turns.put_rest(&mut rest);
        rest.extend_from_slice(END);
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
