//! What the model was sent, made again from the log and held against the hash that was written down before it was sent.

use crate::domain::call::Output;
use crate::domain::compaction::Fill;
use crate::domain::context::Stands;
use crate::domain::event::Fact;
use crate::domain::hash::Hash;
use crate::domain::ids::CallId;
use crate::domain::message::Transcript;
use crate::domain::session::Session;
use std::collections::BTreeMap;

/// A request's body, as far as it can be known.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// These bytes, exactly: their hash is the one written down.
    Exact(Vec<u8>),
    /// What this program would send now; its hash is another one, so something of then is not known.
    Other(Vec<u8>),
    /// It cannot be made again; why.
    Unknown(&'static str),
}

/// What the model was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The conversation as it was.
    pub messages: Transcript,
    /// The calls whose results are in it, by their id on the wire: the call, and its output's bytes in all and as sent.
    pub outputs: BTreeMap<String, (CallId, u64, u64)>,
    /// The summary that stands for the older part of it.
    pub stands: Option<Stands>,
    /// How much of the model's window it was taken to fill.
    pub fill: Fill,
    /// The bytes.
    pub body: Body,
}

/// Why a body is not known.
pub const IMPORTED: &str = "another tool sent it: its record does not hold the request";
/// The same.
pub const NEVER: &str = "no request could be made, so nothing was sent";
/// The same.
pub const UNKEPT: &str =
    "the program that sent it did not keep what stood around the messages (tools, settings)";
/// The same.
pub const LOST: &str = "what stood around the messages (tools, settings) is not in the store any more";
/// The same.
pub const NEWER: &str = "it was written in a form that this program does not know";

/// What is to be made again of a request: its frame, or why that is in vain.
pub fn frame(session: &Session, asked: &Fact) -> Result<Hash, &'static str> {
    let Some((request, frame)) = hashes(asked) else { return Err(NEVER) };
    if session.imported.is_some() {
        return Err(IMPORTED);
    }
    if request == Hash::ZERO {
        return Err(NEVER);
    }
    frame.ok_or(UNKEPT)
}

/// The hashes of a request and of what it has around its messages.
fn hashes(asked: &Fact) -> Option<(Hash, Option<Hash>)> {
    if let Fact::ModelAsked { request, frame, .. } = asked {
        Some((*request, *frame))
    } else if let Fact::CompactAsked(asked) = asked {
        Some((asked.request, asked.frame))
    } else {
        None
    }
}

impl Body {
    /// What was made again, held against the hash written down.
    pub fn of(made: Vec<u8>, asked: &Fact) -> Body {
        let same = hashes(asked).is_some_and(|(request, _)| Hash::of(&made) == request);
        if same { Body::Exact(made) } else { Body::Other(made) }
    }
}

impl Sent {
    /// What was sent by a session that has taken in everything up to its request, and that request.
    pub fn of(session: &Session, body: Body) -> Sent {
        let sizes = |output: &Output| (output.size, (output.head.len() + output.tail.len()) as u64);
        let outputs = session.calls.iter().filter_map(|call| {
            let (size, kept) = sizes(call.output.as_ref()?);
            Some((call.wire_id.clone(), (call.id, size, kept)))
        });
        let (stands, fill) = (session.context.stands, session.fill());
        Sent { messages: session.transcript.clone(), outputs: outputs.collect(), stands, fill, body }
    }

    /// What was sent of a session for a summary of it: the messages of that request.
    pub fn for_summary(session: &Session, question: Transcript, body: Body) -> Sent {
        Sent { messages: question, outputs: BTreeMap::new(), stands: None, fill: session.fill(), body }
    }
}
