//! The commits that this process wrote last, so that who follows them here need not read them again.

use super::place::Written;
use super::reader::lock;
use crate::domain::commit::Commit;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Commits kept at most, and the bytes of their events.
const COMMITS_MAX: usize = 64;
const BYTES_MAX: usize = 1024 * 1024;

/// A commit and its number over all sessions.
pub type Numbered = (i64, Arc<Commit>);

/// The last commits of this process, all of them durable and admitted.
#[derive(Default)]
pub struct Recent {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    mark: Mark,
    commits: VecDeque<Numbered>,
    bytes: usize,
    journal: Option<Written>,
}

/// How far somebody has looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    own: u64,
    foreign: u64,
}

impl Recent {
    /// The present, to be taken before a look at the store.
    pub fn mark(&self) -> Mark {
        lock(&self.kept).mark
    }

    /// How a transaction of this process left the journal last.
    pub fn journal(&self) -> Option<Written> {
        lock(&self.kept).journal
    }

    /// Takes in what was written by a transaction, and how it left the journal, after its COMMIT.
    pub fn wrote(&self, commits: Vec<Numbered>, journal: Option<Written>) {
        let mut kept = lock(&self.kept);
        kept.journal = journal;
        for (n, commit) in commits {
            kept.mark.own += 1;
            kept.bytes += commit.bytes();
            kept.commits.push_back((n, commit));
        }
        while kept.commits.len() > COMMITS_MAX || kept.bytes > BYTES_MAX {
            let Some((_, oldest)) = kept.commits.pop_front() else { break };
            kept.bytes -= oldest.bytes();
        }
    }

    /// Another process wrote, or may have: what is kept here is not all.
    pub fn written_elsewhere(&self) {
        lock(&self.kept).mark.foreign += 1;
    }

    /// What was written since `mark`, which then is the present; none where the store itself must be looked at.
    pub fn since(&self, mark: &mut Mark) -> Option<Vec<Numbered>> {
        let kept = lock(&self.kept);
        let before = std::mem::replace(mark, kept.mark);
        let new = usize::try_from(kept.mark.own - before.own).ok()?;
        let first = kept.commits.len().checked_sub(new)?;
        (kept.mark.foreign == before.foreign).then(|| kept.commits.range(first..).cloned().collect())
    }
}
