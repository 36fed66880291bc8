//! Lossy drafts for whoever watches: never stored, never waited for.

use crate::domain::ids::SessionId;
use crate::domain::message::Draft;
use crate::ports::Later;

/// A running ear. Dropping it ends it.
pub trait Ear: Send {
    /// The next draft; none once nothing can come any more.
    fn next(&mut self) -> Later<'_, Option<Draft>>;
}

/// Drafts of all sessions.
///
/// Contract (`tests/it/contracts/live.rs`): `shout` never blocks and never fails; whoever hears gets drafts of that session in
/// order, possibly with gaps.
pub trait Live: Send + Sync {
    /// Tells whoever listens.
    fn shout(&self, session: &SessionId, draft: Draft);
    /// Listens to one session.
    fn hear(&self, session: &SessionId) -> Box<dyn Ear>;
}
