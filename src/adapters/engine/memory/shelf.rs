//! Lists and search in memory, and removing a session for good.

use super::{Kept, Memory, ready};
use crate::adapters::engine::texts::{self, Told};
use crate::domain::event::Event;
use crate::domain::ids::SessionId;
use crate::domain::listing::{Counts, Query, Tab};
use crate::domain::search::{Found, Progress, Search, wanted};
use crate::domain::tally::Row;
use crate::ports::Later;
use crate::ports::index::Index;
use crate::ports::log::LogFault;
use rusqlite::Connection;
use std::sync::PoisonError;

/// The index over texts, and how many commits it has.
pub struct Texts {
    conn: Connection,
    seen: usize,
}

impl Texts {
    fn new() -> rusqlite::Result<Texts> {
        let conn = Connection::open_in_memory()?;
        conn.execute_batch(texts::TABLE)?;
        Ok(Texts { conn, seen: 0 })
    }

    fn take_up(&mut self, kept: &Kept) -> rusqlite::Result<()> {
        for (n, commit) in (1_i64..).zip(&kept.order).skip(self.seen) {
            for sealed in commit.iter().flat_map(|commit| &commit.events) {
                texts::take_in(&self.conn, n, &sealed.event)?;
            }
            self.seen += 1;
        }
        Ok(())
    }

    fn find(&self, kept: &Kept, search: &Search) -> Result<Found, Fail> {
        let progress = Progress { done: self.seen as u64, all: kept.order.len() as u64 };
        let wanted = wanted(&search.words);
        if wanted.is_empty() {
            return Ok(Found { progress, ..Found::default() });
        }
        let (hits, next) =
            texts::find(&self.conn, &wanted, search, |place| -> Result<_, Fail> { Ok(read(kept, place)) })?;
        Ok(Found { hits, next, progress })
    }
}

/// SQLite's word, as a fault of the log.
struct Fail(LogFault);

impl From<rusqlite::Error> for Fail {
    fn from(error: rusqlite::Error) -> Fail {
        Fail(LogFault::Unavailable { why: format!("the search in memory failed: {error}") })
    }
}

fn read(kept: &Kept, place: i64) -> Option<(Told, Event)> {
    let at = usize::try_from(texts::commit_of(place)).ok()?.checked_sub(1)?;
    let commit = kept.order.get(at)?.as_ref()?;
    let row = &kept.sessions.get(&commit.session)?.row;
    let no = texts::event_of(place, commit.events.last()?.event.no);
    let sealed = commit.events.iter().find(|sealed| sealed.event.no == no)?;
    let (session, title) = (row.id.clone(), row.title.clone());
    let told = Told { session, title, archived: row.marks.archived.is_some(), over: row.is_over() };
    (row.tab() != Tab::Bin).then(|| (told, sealed.event.clone()))
}

/// Removes a session that is in the bin, and content that no event of another one names.
pub fn purge(kept: &mut Kept, session: &SessionId) -> bool {
    if kept.sessions.get(session).is_none_or(|story| story.row.marks.deleted.is_none()) {
        return false;
    }
    let gone = kept.sessions.remove(session);
    kept.aside.remove(session);
    for slot in kept.order.iter_mut().filter(|slot| slot.as_ref().is_some_and(|c| c.session == *session)) {
        *slot = None;
    }
    let names = |commit: &crate::domain::commit::Commit, name: &str| {
        commit.events.iter().any(|sealed| sealed.json.contains(name))
    };
    let commits = gone.iter().flat_map(|story| &story.commits);
    let own: Vec<_> = commits.collect();
    let others: Vec<_> = kept.order.iter().flatten().cloned().collect();
    kept.blobs.retain(|hash, _| {
        let name = hash.to_string();
        !own.iter().any(|commit| names(commit, &name)) || others.iter().any(|commit| names(commit, &name))
    });
    true
}

impl Memory {
    /// Does something with the index over texts, which is made when it is first needed.
    fn with_texts<T>(&self, act: impl FnOnce(&mut Texts, &Kept) -> Result<T, Fail>) -> Result<T, LogFault> {
        let kept = self.shared.alive()?;
        let mut texts = self.shared.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || -> Result<T, Fail> {
            let texts = match texts.take() {
                Some(open) => texts.insert(open),
                None => texts.insert(Texts::new()?),
            };
            act(texts, &kept)
        };
        open().map_err(|Fail(fault)| fault)
    }
}

impl Index for Memory {
    fn rows(&self, query: Query) -> Later<'_, Result<Vec<Row>, LogFault>> {
        ready(self.shared.alive().map(|kept| query.pick(kept.sessions.values().map(|story| &story.row))))
    }

    fn counts(&self, query: Query) -> Later<'_, Result<Counts, LogFault>> {
        ready(self.shared.alive().map(|kept| query.count(kept.sessions.values().map(|story| &story.row))))
    }

    fn row<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Option<Row>, LogFault>> {
        ready(self.shared.alive().map(|kept| kept.sessions.get(session).map(|story| story.row.clone())))
    }

    fn search(&self, search: Search) -> Later<'_, Result<Found, LogFault>> {
        ready(self.with_texts(|texts, kept| texts.find(kept, &search)))
    }

    fn take_up(&self, _ms: u64) -> Later<'_, Result<Progress, LogFault>> {
        ready(self.with_texts(|texts, kept| {
            texts.take_up(kept)?;
            Ok(Progress { done: texts.seen as u64, all: kept.order.len() as u64 })
        }))
    }
}
