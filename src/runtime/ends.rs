//! Why an agent leaves its session, or could not go on with it.

use crate::domain::ids::SessionId;
use crate::ports::log::LogFault;

/// What an agent does when only a person can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnHold {
    /// It waits for the person's word, from whatever terminal.
    Wait,
    /// It leaves; the hold stays in the log.
    Leave,
}

/// Why an agent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parked {
    /// No task is under way.
    Idle,
    /// A person is needed.
    Held,
    /// It was told to quit.
    Quit,
}

impl AgentFault {
    /// What to do about a session that is not all there.
    pub const WHOLE: &str =
        "`tackroom import FILE` brings the rest; without the file, cancel it, delete it and purge it";
}

/// Why an agent could not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgentFault {
    /// Another process drives the session.
    #[error("session {0} is driven by another process")]
    Taken(SessionId),
    /// The session is not all there.
    #[error("session {0} is not whole: it was being imported, and that was cut short")]
    Partial(SessionId),
    /// The session is another tool's.
    #[error("session {0} was imported from another tool: it is finished here and cannot be driven")]
    Imported(SessionId),
    /// The log cannot be read or written.
    #[error("{0}")]
    Log(#[from] LogFault),
    /// The session's folder, model or tools are not there: a sentence and a hint.
    #[error("{sentence}")]
    Outfit {
        /// What failed, on what and why.
        sentence: String,
        /// What to do next.
        hint: String,
    },
}
