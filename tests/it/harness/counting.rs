//! A log that tells how much of it was read, and of which some cannot be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tackroom::adapters::engine::memory::Memory;
use tackroom::domain::commit::{Commit, Head};
use tackroom::domain::ids::{CommitId, SessionId};
use tackroom::ports::Later;
use tackroom::ports::log::{Caps, Follow, Log, LogFault, Tail};

/// A log that counts the commits which are read.
pub struct Counting {
    memory: Memory,
    count: Arc<AtomicU64>,
    broken_from: u64,
}

impl Counting {
    /// Counts there.
    pub fn new(memory: &Memory, count: &Arc<AtomicU64>) -> Counting {
        Counting { memory: memory.clone(), count: count.clone(), broken_from: u64::MAX }
    }

    /// No page with this commit or a later one can be read.
    pub fn broken_from(self, seq: u64) -> Counting {
        Counting { broken_from: seq, ..self }
    }
}

impl Log for Counting {
    fn append(&self, commit: Arc<Commit>) -> Later<'_, Result<Head, LogFault>> {
        self.memory.append(commit)
    }
    fn settle<'a>(
        &'a self,
        session: &'a SessionId,
        id: &'a CommitId,
    ) -> Later<'a, Result<Option<Head>, LogFault>> {
        self.memory.settle(session, id)
    }
    fn head<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Head, LogFault>> {
        self.memory.head(session)
    }
    fn read<'a>(
        &'a self,
        session: &'a SessionId,
        after: u64,
        limit: usize,
    ) -> Later<'a, Result<Vec<Arc<Commit>>, LogFault>> {
        Box::pin(async move {
            let page = self.memory.read(session, after, limit).await?;
            if page.last().is_some_and(|commit| commit.seq >= self.broken_from) {
                return Err(LogFault::Unavailable { why: "the disk is gone".to_string() });
            }
            self.count.fetch_add(page.len() as u64, Ordering::SeqCst);
            Ok(page)
        })
    }
    fn tail(&self, follow: Follow) -> Box<dyn Tail> {
        self.memory.tail(follow)
    }
    fn find<'a>(&'a self, prefix: &'a str, limit: usize) -> Later<'a, Result<Vec<SessionId>, LogFault>> {
        self.memory.find(prefix, limit)
    }
    fn purge<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<bool, LogFault>> {
        self.memory.purge(session)
    }
    fn aside<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Option<Vec<u8>>, LogFault>> {
        self.memory.aside(session)
    }
    fn keep_aside<'a>(
        &'a self,
        session: &'a SessionId,
        parts: Vec<Vec<u8>>,
    ) -> Later<'a, Result<(), LogFault>> {
        self.memory.keep_aside(session, parts)
    }
    fn caps(&self) -> Caps {
        self.memory.caps()
    }
}
