//! The engine in memory: gone at exit, and broken on demand. For tests and for what is not to be kept.

mod small; // claims, large content and drafts
mod shelf; // lists, search, and removing a session for good

use super::sqlite::live::Hub;
use crate::domain::commit::{COMMIT_BYTES_MAX, Commit, Denial, Head};
use crate::domain::hash::Hash;
use crate::domain::ids::{CommitId, SessionId};
use crate::domain::tally::Row;
use crate::ports::Later;
use crate::ports::log::{Caps, Follow, Log, LogFault, Tail, TailItem};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// How an append is made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    /// `Busy`; nothing was written.
    Busy,
    /// `Unavailable`; nothing was written.
    Unavailable,
    /// `InDoubt`; it was written.
    InDoubtWritten,
    /// `InDoubt`; it was not written.
    InDoubtLost,
}

/// A store in memory. Clones share it.
#[derive(Clone)]
pub struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    kept: Mutex<Kept>,
    texts: Mutex<Option<shelf::Texts>>,
    claims: Arc<Mutex<HashSet<SessionId>>>,
    wake: watch::Sender<u64>,
    hub: Hub,
}

/// What would be on a disk, and what is to go wrong.
#[derive(Default)]
struct Kept {
    sessions: BTreeMap<SessionId, Story>,
    /// Every commit in the order of all; none where its session was purged since.
    order: Vec<Option<Arc<Commit>>>,
    blobs: HashMap<Hash, Arc<[u8]>>,
    /// What was kept aside of a session.
    aside: HashMap<SessionId, Vec<u8>>,
    /// Sessions that may not be driven.
    bars: HashSet<SessionId>,
    appends: u64,
    failing: HashMap<u64, Failing>,
    crash_after: Option<u64>,
    crashed: bool,
}

#[derive(Clone)]
struct Story {
    commits: Vec<Arc<Commit>>,
    head: Head,
    row: Row,
}

/// Breaks a store in memory.
#[derive(Clone)]
pub struct Faults {
    shared: Arc<Shared>,
}

impl Memory {
    /// An empty store.
    #[expect(clippy::new_without_default, reason = "a store is made on purpose")]
    pub fn new() -> Memory {
        Memory::with(Kept::default())
    }

    fn with(kept: Kept) -> Memory {
        let shared = Shared {
            kept: Mutex::new(kept),
            texts: Mutex::default(),
            claims: Arc::default(),
            wake: watch::Sender::new(0),
            hub: Hub::new(None),
        };
        Memory { shared: Arc::new(shared) }
    }

    /// The handle that breaks it.
    pub fn faults(&self) -> Faults {
        Faults { shared: self.shared.clone() }
    }

    /// What another process finds after this one is gone: the commits and the content, no claim, no fault to come.
    pub fn restart(&self) -> Memory {
        let kept = self.shared.kept();
        Memory::with(Kept {
            sessions: kept.sessions.clone(),
            order: kept.order.clone(),
            blobs: kept.blobs.clone(),
            bars: kept.bars.clone(),
            ..Kept::default()
        })
    }
}

impl Faults {
    /// Makes the n-th append fail, counted from 1 over all appends that were tried on this store.
    pub fn fail(&self, nth: u64, how: Failing) {
        self.shared.kept().failing.insert(nth, how);
    }

    /// After `commits` commits in all every call answers `Unavailable`; 0 is at once.
    pub fn crash_after(&self, commits: u64) {
        let mut kept = self.shared.kept();
        kept.crash_after = Some(commits);
        kept.look_for_crash();
        self.shared.wake.send_modify(|count| *count += 1); // who follows finds out
    }

    /// Whether the crash came.
    pub fn crashed(&self) -> bool {
        self.shared.kept().crashed
    }

    /// Appends that were tried so far.
    pub fn appends(&self) -> u64 {
        self.shared.kept().appends
    }

    /// Commits in all, over all sessions.
    pub fn commits(&self) -> u64 {
        self.shared.kept().order.len() as u64
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept, unless the crash came.
    fn alive(&self) -> Result<MutexGuard<'_, Kept>, LogFault> {
        let kept = self.kept();
        if kept.crashed {
            return Err(LogFault::Unavailable {
                why: "the store has crashed (as was asked for)".to_string(),
            });
        }
        Ok(kept)
    }

    fn append(&self, commit: &Arc<Commit>) -> Result<Head, LogFault> {
        let bytes = commit.events.iter().map(|sealed| sealed.json.len()).sum();
        if bytes > COMMIT_BYTES_MAX {
            return Err(LogFault::TooLarge { bytes, max: COMMIT_BYTES_MAX });
        }
        let mut kept = self.alive()?;
        kept.appends += 1;
        let nth = kept.appends;
        let in_doubt = || LogFault::InDoubt { why: "as was asked for".to_string() };
        match kept.failing.remove(&nth) {
            None => kept.write(commit).inspect(|_| self.wake.send_modify(|count| *count += 1)),
            Some(Failing::Busy) => Err(LogFault::Busy),
            Some(Failing::Unavailable) => {
                Err(LogFault::Unavailable { why: "the disk is full (as was asked for)".to_string() })
            }
            Some(Failing::InDoubtWritten) => {
                kept.write(commit)?;
                self.wake.send_modify(|count| *count += 1);
                Err(in_doubt())
            }
            Some(Failing::InDoubtLost) => Err(in_doubt()),
        }
    }
}

impl Kept {
    fn write(&mut self, commit: &Arc<Commit>) -> Result<Head, LogFault> {
        let before = self.sessions.get(&commit.session).map_or_else(Head::start, |story| story.head.clone());
        let head = before.admit(commit).map_err(|denial| match denial {
            Denial::NotNext { .. } => LogFault::Stale,
            denied @ (Denial::Fenced { .. }
            | Denial::NotYours { .. }
            | Denial::Broken { .. }
            | Denial::Imported { .. }
            | Denial::Empty) => LogFault::Denied(denied),
        })?;
        let story = self.sessions.entry(commit.session.clone()).or_insert_with(|| Story {
            commits: Vec::new(),
            head: Head::start(),
            row: Row::new(commit.session.clone()),
        });
        for sealed in &commit.events {
            story.row.apply(&sealed.event);
        }
        story.commits.push(commit.clone());
        story.head = head.clone();
        self.order.push(Some(commit.clone()));
        self.look_for_crash();
        Ok(head)
    }

    fn look_for_crash(&mut self) {
        self.crashed |= self.crash_after.is_some_and(|commits| self.order.len() as u64 >= commits);
    }

    fn read(&self, session: &SessionId, after: u64, limit: usize) -> Vec<Arc<Commit>> {
        let commits = self.sessions.get(session).map_or(&[][..], |story| &story.commits);
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        commits.iter().skip(after).take(limit).cloned().collect()
    }
}

/// An answer that is there already.
fn ready<'a, T: Send + 'a>(answer: T) -> Later<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl Log for Memory {
    fn append(&self, commit: Arc<Commit>) -> Later<'_, Result<Head, LogFault>> {
        Box::pin(async move { self.shared.append(&commit) })
    }

    fn settle<'a>(
        &'a self,
        session: &'a SessionId,
        id: &'a CommitId,
    ) -> Later<'a, Result<Option<Head>, LogFault>> {
        ready(self.shared.alive().map(|kept| {
            let mut head = Head::start();
            for commit in &kept.sessions.get(session)?.commits {
                head = head.admit(commit).ok()?;
                if commit.id == *id {
                    return Some(head);
                }
            }
            None
        }))
    }

    fn head<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Head, LogFault>> {
        let head = |kept: MutexGuard<'_, Kept>| {
            kept.sessions.get(session).map_or_else(Head::start, |story| story.head.clone())
        };
        ready(self.shared.alive().map(head))
    }

    fn read<'a>(
        &'a self,
        session: &'a SessionId,
        after: u64,
        limit: usize,
    ) -> Later<'a, Result<Vec<Arc<Commit>>, LogFault>> {
        ready(self.shared.alive().map(|kept| kept.read(session, after, limit)))
    }

    fn tail(&self, follow: Follow) -> Box<dyn Tail> {
        let cursor = match follow {
            Follow::One(session, after) => Cursor::One(session, after),
            Follow::All => Cursor::All(self.shared.kept().order.len()),
        };
        let wake = self.shared.wake.subscribe();
        Box::new(MemoryTail { shared: self.shared.clone(), wake, cursor, caught_up: false })
    }

    fn find<'a>(&'a self, prefix: &'a str, limit: usize) -> Later<'a, Result<Vec<SessionId>, LogFault>> {
        ready(self.shared.alive().map(|kept| {
            let ids = kept.sessions.keys().filter(|id| id.as_str().starts_with(prefix));
            ids.take(limit).cloned().collect()
        }))
    }

    fn purge<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<bool, LogFault>> {
        ready(self.shared.alive().map(|mut kept| shelf::purge(&mut kept, session)))
    }

    fn aside<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Option<Vec<u8>>, LogFault>> {
        ready(self.shared.alive().map(|kept| kept.aside.get(session).cloned()))
    }

    fn keep_aside<'a>(
        &'a self,
        session: &'a SessionId,
        parts: Vec<Vec<u8>>,
    ) -> Later<'a, Result<(), LogFault>> {
        ready(self.shared.alive().map(|mut kept| {
            if kept.sessions.contains_key(session) {
                kept.aside.insert(session.clone(), parts.concat());
            }
        }))
    }

    fn caps(&self) -> Caps {
        Caps { engine: "memory", durable: false, remote: false, commit_bytes_max: COMMIT_BYTES_MAX }
    }
}

enum Cursor {
    One(SessionId, u64),
    All(usize),
}

struct MemoryTail {
    shared: Arc<Shared>,
    wake: watch::Receiver<u64>,
    cursor: Cursor,
    caught_up: bool,
}

impl MemoryTail {
    fn look(&mut self) -> Result<Option<Arc<Commit>>, LogFault> {
        let kept = self.shared.alive()?;
        Ok(match &mut self.cursor {
            Cursor::One(session, after) => kept.read(session, *after, 1).pop().inspect(|_| *after += 1),
            Cursor::All(seen) => loop {
                let Some(slot) = kept.order.get(*seen) else { break None };
                *seen += 1;
                if let Some(commit) = slot {
                    break Some(commit.clone());
                }
            },
        })
    }
}

impl Tail for MemoryTail {
    fn next(&mut self) -> Later<'_, TailItem> {
        Box::pin(async move {
            loop {
                self.wake.mark_unchanged(); // before the look: what comes during it wakes again
                match self.look() {
                    Ok(Some(commit)) => return TailItem::Commit(commit),
                    Ok(None) if !self.caught_up => {
                        self.caught_up = true;
                        return TailItem::CaughtUp;
                    }
                    Ok(None) => {}
                    Err(fault) => return TailItem::Interrupted(fault),
                }
                if self.wake.changed().await.is_err() {
                    let why = "the store is closed".to_string();
                    return TailItem::Interrupted(LogFault::Unavailable { why });
                }
            }
        })
    }
}
