//! Answer one turn, streaming drafts.

use crate::domain::fault::Fault;
use crate::domain::hash::Hash;
use crate::domain::ids::SessionId;
use crate::domain::message::{Draft, Reply, Transcript, Usage};
use crate::domain::money::Money;
use crate::domain::route::Route;
use crate::domain::tool_spec::ToolBook;
use crate::ports::Later;
use std::sync::Arc;

/// One turn to be answered.
#[derive(Clone)]
pub struct Ask {
    /// The session: a model may keep what it has serialised of it.
    pub session: SessionId,
    /// The model, as the configuration names it.
    pub model: String,
    /// The conversation; it only grows within a session, until it is made shorter: then another begins.
    pub messages: Transcript,
    /// The tools that may be called.
    pub tools: ToolBook,
    /// Which attempt at this turn, from 1.
    pub attempt: u32,
    /// What it is for; no server is told.
    pub errand: Errand,
}

/// What a model is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// The next turn of a conversation.
    Turn {
        /// So many of its replies are not among the messages any more: a summary stands for them.
        gone: u64,
    },
    /// A summary of one.
    Summary {
        /// Which of the session's, from 0.
        nth: u32,
    },
}

impl Default for Errand {
    fn default() -> Errand {
        Errand::Turn { gone: 0 }
    }
}

/// Takes drafts as they come; must not block.
pub type Drafts = Arc<dyn Fn(Draft) + Send + Sync>;

/// Makes the exact bytes of a request again, from its kept frame and the messages as they were; none where the frame is of
/// a form that this program does not know.
pub type Rebuild = fn(frame: &[u8], messages: &Transcript) -> Option<Vec<u8>>;

/// A request ready to be sent: what will be sent is fixed, and its hash can be written down before it is.
pub trait Request: Send {
    /// The hash of the exact bytes of the request's body.
    fn hash(&self) -> Hash;
    /// What its bytes have around the messages, to be kept as content; `Rebuild` makes the bytes again from it and the
    /// messages. None where a request is not made of messages.
    fn frame(&self) -> Option<Arc<[u8]>>;
    /// Bytes of its body.
    fn size(&self) -> u64;
    /// What it would cost with so many tokens; none where no price is known.
    fn cost(&self, usage: Usage) -> Option<Money>;
    /// Which model it asks where and with which credential, where there is a choice of them.
    fn route(&self) -> Option<Route> {
        None
    }
    /// Sends it and reads the whole reply. Dropping the future ends the request and closes its connection.
    fn send(self: Box<Self>, drafts: Drafts) -> Later<'static, Result<Reply, Fault>>;
}

/// A model behind an endpoint.
///
/// Contract (`tests/it/contracts/model.rs`): a reply is whole or it is a fault; a stream that ends early is `FaultKind::Cut`;
/// every wait is bounded; no message holds a key; the cost of `prepare` beyond copying the body does not grow with the session.
pub trait Model: Send + Sync {
    /// Makes the request of one turn.
    fn prepare(&self, ask: Ask) -> Result<Box<dyn Request>, Fault>;
    /// What answers, for the screen: an endpoint without secrets, such as `http://127.0.0.1:11434/v1`.
    fn label(&self) -> String;
}
