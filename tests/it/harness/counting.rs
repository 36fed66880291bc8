//! A log that tells how much of it was read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tackroom::adapters::engine::memory::Memory;
use tackroom::domain::commit::{Commit, Head};
use tackroom::domain::ids::{CommitId, SessionId};
use tackroom::ports::Later;
use tackroom::ports::log::{Caps, Follow, Log, LogFault, Tail};

/// A log that counts the commits which are read.
pub struct Counting(pub Memory, pub Arc<AtomicU64>);

impl Log for Counting {
    fn append(&self, commit: Arc<Commit>) -> Later<'_, Result<Head, LogFault>> {
        self.0.append(commit)
    }
    fn settle<'a>(
        &'a self,
        session: &'a SessionId,
        id: &'a CommitId,
    ) -> Later<'a, Result<Option<Head>, LogFault>> {
        self.0.settle(session, id)
    }
    fn head<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Head, LogFault>> {
        self.0.head(session)
    }
    fn read<'a>(
        &'a self,
        session: &'a SessionId,
        after: u64,
        limit: usize,
    ) -> Later<'a, Result<Vec<Arc<Commit>>, LogFault>> {
        Box::pin(async move {
            let page = self.0.read(session, after, limit).await?;
            self.1.fetch_add(page.len() as u64, Ordering::SeqCst);
            Ok(page)
        })
    }
    fn tail(&self, follow: Follow) -> Box<dyn Tail> {
        self.0.tail(follow)
    }
    fn find<'a>(&'a self, prefix: &'a str, limit: usize) -> Later<'a, Result<Vec<SessionId>, LogFault>> {
        self.0.find(prefix, limit)
    }
    fn purge<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<bool, LogFault>> {
        self.0.purge(session)
    }
    fn aside<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Option<Vec<u8>>, LogFault>> {
        self.0.aside(session)
    }
    fn keep_aside<'a>(
        &'a self,
        session: &'a SessionId,
        parts: Vec<Vec<u8>>,
    ) -> Later<'a, Result<(), LogFault>> {
        self.0.keep_aside(session, parts)
    }
    fn caps(&self) -> Caps {
        self.0.caps()
    }
}
