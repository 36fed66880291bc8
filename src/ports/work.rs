//! Who drives a session: a claim that dies with its process.
//!
//! A claim is a hint that keeps two workers from the same session; the writer lease in the log is what fences.

use crate::domain::ids::SessionId;
use crate::ports::log::LogFault;

/// A held claim; dropping it releases the session, and so does the end of the process, however it ends.
pub trait Claim: Send + Sync {
    /// Which session is held by it.
    fn session(&self) -> &SessionId;
}

/// The claims of all sessions.
///
/// Contract (`tests/it/contracts/work.rs`): at most one claim per session at a time, over all processes of the engine's reach;
/// a claim whose holder died is free at once. A bar outlives every process, and a power cut.
pub trait Work: Send + Sync {
    /// Takes the session, or answers none where somebody has it.
    fn claim(&self, session: &SessionId) -> Result<Option<Box<dyn Claim>>, LogFault>;
    /// Whether somebody has it.
    fn taken(&self, session: &SessionId) -> Result<bool, LogFault>;
    /// Bars the session from being driven, before any of it is there too, or lets it be driven again: what is copied from
    /// elsewhere is not whole in between. The caller holds its claim.
    fn bar(&self, session: &SessionId, barred: bool) -> Result<(), LogFault>;
    /// Whether it is barred.
    fn barred(&self, session: &SessionId) -> Result<bool, LogFault>;
}
