//! Commits in order, durably, by compare-and-set; tail; what the engine promises.

use crate::domain::commit::{Commit, Denial, Head};
use crate::domain::ids::{CommitId, EventNo, SessionId};
use crate::ports::Later;
use std::sync::Arc;

/// Why the log could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogFault {
    /// The head has moved on: read what is new and decide again.
    #[error("the session has moved on")]
    Stale,
    /// Another writer is at it; nothing was written; try again.
    #[error("the store is busy")]
    Busy,
    /// Nobody knows whether the commit was written: ask `settle`. Never append it again before that.
    #[error("it is not known whether the last write reached the disk ({why})")]
    InDoubt {
        /// What happened.
        why: String,
    },
    /// The fold rule does not admit the commit; nothing was written.
    #[error("{0}")]
    Denied(Denial),
    /// The commit is larger than the engine takes; nothing was written.
    #[error("the commit has {bytes} bytes; at most {max} are taken")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// There is no room for it; nothing was written.
    #[error("the disk is full ({file})")]
    Full {
        /// What could not be written.
        file: String,
    },
    /// The engine cannot work: no permission, gone. Nothing was written.
    #[error("{why}")]
    Unavailable {
        /// What failed, on what and why.
        why: String,
    },
    /// What is stored is damaged; it can be read up to there and not written to.
    #[error("session {session} is damaged at event {event}: {why}")]
    Damaged {
        /// The session.
        session: SessionId,
        /// The first event that does not fit.
        event: EventNo,
        /// How.
        why: String,
    },
    /// No such session.
    #[error("there is no session {0}")]
    NoSession(String),
}

/// What an engine promises; shown on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caps {
    /// The engine's name.
    pub engine: &'static str,
    /// Whether an acknowledged commit outlives a power cut.
    pub durable: bool,
    /// Whether other machines can reach it.
    pub remote: bool,
    /// The largest commit, in bytes of events.
    pub commit_bytes_max: usize,
}

/// Which sessions a tail follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follow {
    /// One session, from after this commit number (0: from its beginning).
    One(SessionId, u64),
    /// Every session, from now on.
    All,
}

/// What a tail tells.
#[derive(Clone, Debug, PartialEq)]
pub enum TailItem {
    /// The next commit; per session in order and without gaps, at least once.
    Commit(Arc<Commit>),
    /// Everything stored so far was told; what follows is new.
    CaughtUp,
    /// The tail broke; open another from the last commit seen.
    Interrupted(LogFault),
}

/// A running tail. Dropping it ends it.
pub trait Tail: Send {
    /// The next item; waits while there is none.
    fn next(&mut self) -> Later<'_, TailItem>;
}

/// The log of all sessions.
///
/// Contract (`tests/it/contracts/log.rs`): `append` is atomic and durable once it answers a head; a commit counts only if
/// `Head::admit` says so; a failed append has written nothing unless it answers `InDoubt`; `head`, `settle` and a `read` that
/// follows an acknowledged append see it, from any process.
pub trait Log: Send + Sync {
    /// Writes `commit` after its `prev`, if that is the head.
    fn append(&self, commit: Arc<Commit>) -> Later<'_, Result<Head, LogFault>>;
    /// Whether a commit in doubt was written: its head, or none if it was not and never will be.
    fn settle<'a>(
        &'a self,
        session: &'a SessionId,
        id: &'a CommitId,
    ) -> Later<'a, Result<Option<Head>, LogFault>>;
    /// Where the session ends; the start for one that has no commit.
    fn head<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Head, LogFault>>;
    /// At most `limit` commits after commit number `after`, in order, without gaps, checked against the chain.
    fn read<'a>(
        &'a self,
        session: &'a SessionId,
        after: u64,
        limit: usize,
    ) -> Later<'a, Result<Vec<Arc<Commit>>, LogFault>>;
    /// Follows sessions, also those written by other processes.
    fn tail(&self, follow: Follow) -> Box<dyn Tail>;
    /// The sessions whose id begins with `prefix`, at most `limit`.
    fn find<'a>(&'a self, prefix: &'a str, limit: usize) -> Later<'a, Result<Vec<SessionId>, LogFault>>;
    /// Removes a session that is in the bin, for good: its events, and content that no other session uses. Answers false,
    /// and does nothing, where it is not in the bin. The caller holds its claim.
    fn purge<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<bool, LogFault>>;
    /// What was kept aside of a session by this very program, as it was put; none where nothing was, where it was altered,
    /// or where another program, or another build of this one, put it.
    fn aside<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Option<Vec<u8>>, LogFault>> {
        let _ = session;
        Box::pin(async { Ok(None) })
    }
    /// Keeps something beside a session that can be made anew from its log, in place of what was there: it may be gone at
    /// any time, it goes when the session is purged, and it is for its owner's eyes only. An engine may keep nothing. It comes
    /// in parts, which are put together, so that nobody needs it in one piece.
    fn keep_aside<'a>(
        &'a self,
        session: &'a SessionId,
        parts: Vec<Vec<u8>>,
    ) -> Later<'a, Result<(), LogFault>> {
        let _ = (session, parts);
        Box::pin(async { Ok(()) })
    }
    /// What this engine promises.
    fn caps(&self) -> Caps;
}
