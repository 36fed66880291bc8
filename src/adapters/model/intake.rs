//! What takes in an answer, whatever wire it comes over: events of a stream or one body become a whole reply or a fault.

use crate::domain::fault::Fault;
use crate::domain::message::Reply;
use crate::domain::time::Micros;
use serde_json::Value;

/// How far a stream has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More must come.
    Open,
    /// The reply is whole; usage, and with some servers a last delta, may still come.
    Finished,
    /// Nothing more comes.
    Done,
}

/// A reply as it grows.
pub trait Intake: Send {
    /// What a stream that is cut ended without.
    const ENDS: &'static str;
    /// What the answer should have been, for who is told that it is none.
    const CALLED: &'static str;

    /// Whether a body is a reply at all.
    fn is_reply(body: &Value) -> bool;
    /// Takes in one event of a stream.
    fn take_data(&mut self, name: &str, data: &str, now: Micros) -> Result<(), Fault>;
    /// Takes in the whole body of an answer that is not streamed.
    fn take_whole(&mut self, body: &Value, now: Micros) -> Result<(), Fault>;
    /// How far it has come.
    fn progress(&self) -> Progress;
    /// The stream or body is over: the reply if it is whole. `why` tells how the bytes ended.
    fn finish(self, now: Micros, why: &str) -> Result<Reply, Fault>;
}
