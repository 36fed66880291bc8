//! What the writer is handed, and how much of it goes into one transaction.

use crate::domain::commit::Commit;
use crate::domain::commit::Head;
use crate::domain::hash::Hash;
use crate::domain::ids::{CommitId, SessionId};
use crate::ports::log::LogFault;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Jobs of one transaction at most, and their bytes.
const GROUP_JOBS: usize = 512;
const GROUP_BYTES: usize = 32 * 1024 * 1024;
/// What is to be written.
#[derive(Clone)]
pub enum Work {
    /// A commit after its `prev`.
    Append(Arc<Commit>),
    /// Whether a commit was written; if not, it never will be.
    Settle(SessionId, CommitId),
    /// Content under its hash.
    Put(Hash, Arc<[u8]>),
    /// No content under that hash any more.
    Drop(Hash),
    /// Nothing of a session that is in the bin any more.
    Purge(SessionId),
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Done {
    /// The head after a commit, or none where `Settle` did not find it.
    Head(Option<Head>),
    /// Content was stored or forgotten.
    Content,
    /// Whether the session was in the bin, and is gone.
    Purged(bool),
}

/// Work and who waits for it.
pub struct Job {
    /// The work.
    pub work: Work,
    /// Who waits.
    pub answer: oneshot::Sender<Result<Done, LogFault>>,
}

impl Work {
    /// What it puts into the file, about.
    pub fn bytes(&self) -> usize {
        match self {
            Work::Append(commit) => commit.bytes(),
            Work::Put(_, content) => content.len(),
            Work::Settle(..) | Work::Drop(_) | Work::Purge(_) => 0,
        }
    }
}

/// So many of the first as go into one transaction: one at least.
pub fn grouped<T>(all: impl IntoIterator<Item = T>, bytes_of: impl Fn(&T) -> usize) -> Vec<T> {
    let (mut all, mut group, mut bytes) = (all.into_iter(), Vec::new(), 0);
    while group.len() < GROUP_JOBS && bytes < GROUP_BYTES {
        let Some(one) = all.next() else { break };
        bytes += bytes_of(&one);
        group.push(one);
    }
    group
}
