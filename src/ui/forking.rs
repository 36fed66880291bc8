//! A fork that is to be made: from where, with which calls, and what may be other in it.

use crate::domain::call::Call;
use crate::domain::ids::{CallId, EventNo, SessionId};

/// From where a fork is to be made, and which calls may be changed there.
#[derive(Clone, Debug, PartialEq)]
pub struct ForkPoint {
    /// The session.
    pub session: SessionId,
    /// The event; none: the last.
    pub at: Option<EventNo>,
    /// Calls that may be changed there.
    pub calls: Vec<ForkCall>,
}

/// A call that a fork may change.
#[derive(Clone, Debug, PartialEq)]
pub struct ForkCall {
    /// The call.
    pub call: CallId,
    /// Its tool; not cleaned.
    pub tool: String,
    /// Its arguments, where a page that is read told them.
    pub args: Option<serde_json::Value>,
    /// The event that a fork is made at where this call is changed, if that is another one.
    pub from: Option<EventNo>,
}

impl ForkPoint {
    /// The call of that number.
    pub fn call(&self, call: CallId) -> Option<&ForkCall> {
        self.calls.iter().find(|one| one.call == call)
    }

    /// From where the fork is made in which this call is changed.
    pub fn changing(mut self, call: CallId) -> ForkPoint {
        self.at = self.call(call).and_then(|one| one.from).or(self.at);
        self
    }
}

impl ForkCall {
    /// A call of the session that is watched, changed at the event of the dialog.
    pub fn of(call: &Call) -> ForkCall {
        ForkCall { call: call.id, tool: call.tool.clone(), args: None, from: None }
    }
}

/// What may be other in a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Twisting {
    /// Nothing: as it was.
    Nothing,
    /// The arguments of a call.
    Args(CallId),
    /// A call is rejected.
    Reject(CallId),
    /// A call is answered in the tool's place.
    Respond(CallId),
    /// A message to the agent.
    Note,
    /// The model.
    Model,
    /// The agent's instructions.
    Instructions,
}
