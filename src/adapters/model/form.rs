//! One of the wires: how its requests are written and its answers read. All else of an endpoint is the same over each.

use crate::adapters::model::intake::Intake;
use crate::adapters::model::secret::Secret;
use crate::domain::message::Message;
use crate::domain::time::Micros;
use crate::ports::model::{Ask, Drafts};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What an operator sets for every request of an endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// Tokens of a reply at most; none leaves it to the server, or to the wire where that must say a number.
    pub max_tokens: Option<u32>,
    /// Fields added to each request's body, such as `temperature`.
    pub extra: Map<String, Value>,
}

/// The messages of a request as they are written one after the other.
pub trait Turns: Clone + Send {
    /// Takes in the next message; what is settled by it, whatever follows, is appended to `out`.
    fn push(&mut self, message: &Message, out: &mut Vec<u8>);
    /// Appends what is still open, as if nothing more came, and what closes the body.
    fn put_end(&self, out: &mut Vec<u8>);
}

/// A wire.
pub trait Form: Send + Sync + 'static {
    /// What an endpoint was found not to take, and what is known of its provider.
    type Dialect: Copy + PartialEq + Default + DeserializeOwned + Send + Sync;
    /// How messages are written.
    type Turns: Turns;
    /// How answers are read.
    type Intake: Intake;
    /// Its name in kept frames; another way to write messages is another name.
    const FORM: &'static str;
    /// What follows the base URL.
    const PATH: &'static str;

    /// The headers of every request.
    fn headers(key: Option<&Secret>) -> Vec<(&'static str, String)>;
    /// What a body has before its messages.
    fn head(ask: &Ask, wishes: &Wishes, dialect: Self::Dialect) -> Vec<u8>;
    /// A writer of messages.
    fn turns(dialect: Self::Dialect) -> Self::Turns;
    /// What of a dialect changes how messages are written, to be kept with the head.
    fn kept(dialect: Self::Dialect) -> Map<String, Value>;
    /// The dialect again, as far as it was kept.
    fn dialect(kept: &Value) -> Option<Self::Dialect>;
    /// What to try instead after a refusal; none where that is about something else.
    fn relearn(dialect: Self::Dialect, status: u16, body: &[u8]) -> Option<Self::Dialect>;
    /// A reader of one answer; `started` is when the request was sent.
    fn intake(drafts: Drafts, started: Micros) -> Self::Intake;
}

/// A boolean of a kept frame.
pub fn flag(kept: &Value, name: &str) -> Option<bool> {
    kept.get(name)?.as_bool()
}
