//! Reading: a few connections that cannot write, and the chain checked on the way.

use super::commits::{self, CommitRow};
use super::fault::{Fail, damaged, is_damage, unavailable};
use super::open::{Access, connect};
use super::place::Place;
use super::rows::{self, End};
use crate::domain::commit::Commit;
use crate::domain::hash::Hash;
use crate::domain::ids::{EventNo, SessionId};
use crate::domain::tally::Row as Tally;
use crate::ports::log::LogFault;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections kept for the next reader.
const IDLE_MAX: usize = 4;
/// Commits checked at a time where a session is checked before it is written to.
const CHECK_STEP: usize = 256;

/// Locks even where another thread broke while it held the lock: what is inside is always whole.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What this process knows of a session's chain.
#[derive(Clone, Debug)]
enum Checked {
    /// Whole from the first commit to this one.
    To(u64),
    /// Not whole.
    Damaged(LogFault),
}

/// The readers of one store.
pub struct Reader {
    place: Place,
    access: Access,
    idle: Mutex<Vec<Connection>>,
    checked: Mutex<HashMap<SessionId, Checked>>,
}

impl Reader {
    /// Readers of the store at `place`.
    pub fn new(place: Place, access: Access) -> Reader {
        Reader { place, access, idle: Mutex::default(), checked: Mutex::default() }
    }

    /// Runs a query on one connection, in one snapshot.
    pub fn with<T>(&self, query: impl FnOnce(&Connection) -> Result<T, Fail>) -> Result<T, Fail> {
        let kept = lock(&self.idle).pop();
        let conn = match kept {
            Some(conn) => conn,
            None => connect(&self.place, self.access)?,
        };
        let snapshot = conn.unchecked_transaction()?;
        let answer = query(&snapshot);
        let ended = snapshot.finish();
        let spoilt = ended.is_err() || matches!(&answer, Err(fail) if fail.spoils_connection());
        let mut idle = lock(&self.idle);
        if !spoilt && idle.len() < IDLE_MAX {
            idle.push(conn);
        }
        answer
    }

    /// A query about the whole store.
    pub fn ask<T>(&self, query: impl FnOnce(&Connection) -> Result<T, Fail>) -> Result<T, LogFault> {
        self.with(query).map_err(|fail| fail.fault(&self.place.file))
    }

    /// A query about one session.
    fn ask_of<T>(
        &self,
        session: &SessionId,
        query: impl FnOnce(&Connection) -> Result<T, Fail>,
    ) -> Result<T, LogFault> {
        self.with(query).map_err(|fail| fail.fault_in(session, &self.place.file))
    }

    /// Where a session ends.
    pub fn end(&self, session: &SessionId) -> Result<End, LogFault> {
        Ok(self.ask_of(session, |conn| rows::end(conn, session))?.unwrap_or_else(End::start))
    }

    /// Commits in order, checked against both chains and against the end that the session's line names.
    pub fn read(&self, session: &SessionId, after: u64, limit: usize) -> Result<Vec<Arc<Commit>>, LogFault> {
        let read = self.ask_of(session, |conn| read_checked(conn, session, after, limit));
        let mut checked = lock(&self.checked);
        match &read {
            Ok(commits) => {
                let from = match checked.get(session) {
                    Some(Checked::To(seq)) => *seq,
                    Some(Checked::Damaged(_)) | None => 0,
                };
                let to = commits.last().map_or(after, |commit| commit.seq);
                let known_damage = matches!(checked.get(session), Some(Checked::Damaged(_)));
                if after <= from && to > from && !known_damage {
                    checked.insert(session.clone(), Checked::To(to));
                }
            }
            Err(fault @ LogFault::Damaged { .. }) => {
                checked.insert(session.clone(), Checked::Damaged(fault.clone()));
            }
            Err(_) => {} // says nothing of the chain
        }
        read
    }

    /// Whether a session was checked up to commit `seq`; damage that is known is told.
    pub fn knows(&self, session: &SessionId, seq: u64) -> Result<bool, LogFault> {
        match lock(&self.checked).get(session) {
            Some(Checked::To(from)) => Ok(*from >= seq),
            Some(Checked::Damaged(fault)) => Err(fault.clone()),
            None => Ok(seq == 0),
        }
    }

    /// Checks a session up to commit `seq`, once: what was read or written by this process is not read again.
    pub fn check(&self, session: &SessionId, seq: u64) -> Result<(), LogFault> {
        loop {
            let from = match lock(&self.checked).get(session) {
                Some(Checked::To(from)) => *from,
                Some(Checked::Damaged(fault)) => return Err(fault.clone()),
                None => 0,
            };
            if from >= seq || self.read(session, from, CHECK_STEP)?.is_empty() {
                return Ok(());
            }
        }
    }

    /// Takes note of a commit that this process wrote after everything before it was checked.
    pub fn wrote(&self, session: &SessionId, seq: u64) {
        let mut checked = lock(&self.checked);
        match checked.get(session) {
            Some(Checked::Damaged(_)) => {}
            Some(Checked::To(from)) if from + 1 != seq => {}
            None if seq != 1 => {}
            Some(Checked::To(_)) | None => {
                checked.insert(session.clone(), Checked::To(seq));
            }
        }
    }

    /// The sessions whose id begins with `prefix`.
    pub fn find(&self, prefix: &str, limit: usize) -> Result<Vec<SessionId>, LogFault> {
        self.ask(|conn| {
            let mut query = conn
                .prepare_cached("SELECT id FROM sessions WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3")?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let past = format!("{prefix}\u{10ffff}");
            let ids = query.query_map(params![prefix, past, limit], |row| row.get(0).map(SessionId))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// One list row.
    pub fn row(&self, session: &SessionId) -> Result<Option<Tally>, LogFault> {
        self.ask_of(session, |conn| rows::tally_of(conn, session))
    }

    /// Content by hash; what is stored must still have that hash.
    pub fn blob(&self, hash: Hash) -> Result<Option<Vec<u8>>, LogFault> {
        let found: Option<Vec<u8>> = self.ask(|conn| {
            let mut query = conn.prepare_cached("SELECT content FROM blobs WHERE hash = ?1")?;
            Ok(query.query_row([hash.0], |row| row.get(0)).optional()?)
        })?;
        match found {
            Some(content) if Hash::of(&content) != hash => Err(unavailable(format!(
                "the stored content {} was altered ({}); it is not shown",
                hash.short(),
                self.place.file.display()
            ))),
            found => Ok(found),
        }
    }
}

fn read_checked(
    conn: &Connection,
    session: &SessionId,
    after: u64,
    limit: usize,
) -> Result<Vec<Arc<Commit>>, Fail> {
    let anchored = rows::end(conn, session)?;
    let last = anchored.clone().unwrap_or_else(End::start);
    let bad = |event: EventNo, why: &str| Err(Fail::Log(damaged(session, event, why)));
    let mut end = match after {
        0 => End::start(),
        seq if seq > last.head.seq => return Ok(Vec::new()),
        seq => match rows::end_at(conn, session, seq)? {
            Some(end) => end,
            None => return Err(Fail::Log(damaged(session, EventNo(0), "a commit is missing"))),
        },
    };
    let mut read = Vec::new();
    let found = commits::each(conn, session, (after, limit), |row| {
        let row = guarded(session, end.head.event.after(), row)?;
        if row.commit.seq > last.head.seq {
            return bad(end.head.event.after(), "there are commits after the session's end");
        }
        let (commit, next) = check_commit(conn, session, &end, row)?;
        read.push(Arc::new(commit));
        end = next;
        Ok(())
    });
    let whole = guarded(session, end.head.event.after(), found)? < limit;
    if whole && end != last {
        bad(end.head.event.after(), "what the session's end names is missing or was altered")?;
    }
    if whole && last_event(conn, session)? > end.head.event {
        bad(end.head.event.after(), "there are events after the session's end")?;
    }
    Ok(read)
}

/// Fills in a commit's events and checks it against the end before it.
fn check_commit(
    conn: &Connection,
    session: &SessionId,
    before: &End,
    row: CommitRow,
) -> Result<(Commit, End), Fail> {
    let next = before.head.event.after();
    let events = guarded(session, next, row.events(conn, before.head.event))?;
    let CommitRow { mut commit, end: claimed, .. } = row;
    commit.events = events;
    let to = claimed.head.event;
    let head = before.head.admit(&commit).map_err(|denial| damaged(session, next, denial.to_string()));
    let head = match head {
        Ok(head) => head,
        // The denial names the event, where it is about one.
        Err(fault) => return Err(Fail::Log(at_event(before, &commit, session).unwrap_or(fault))),
    };
    let end = End { seal: rows::seal(before.seal, &commit, &head), head };
    if end.head.event < to {
        return Err(Fail::Log(damaged(session, end.head.event.after(), "it is missing")));
    }
    if end != claimed {
        return Err(Fail::Log(damaged(session, next, "the commit's columns were altered")));
    }
    Ok((commit, end))
}

/// The first event of a commit whose bytes do not continue the chain.
fn at_event(before: &End, commit: &Commit, session: &SessionId) -> Option<LogFault> {
    let (mut hash, mut no) = (before.head.hash, before.head.event);
    for sealed in &commit.events {
        no = no.after();
        hash = Hash::chained(hash, sealed.json.as_bytes());
        if sealed.hash != hash {
            return Some(damaged(session, no, "its bytes or its hash were altered"));
        }
        if sealed.event.no != no {
            return Some(damaged(session, no, "its number does not follow"));
        }
    }
    None
}

fn last_event(conn: &Connection, session: &SessionId) -> Result<EventNo, Fail> {
    let mut query = conn.prepare_cached("SELECT max(no) FROM events WHERE session = ?1")?;
    let last: Option<i64> = query.query_row([session.as_str()], |row| row.get(0))?;
    Ok(EventNo(rows::uint(last.unwrap_or(0))))
}

/// Damage that shows while a session is read, and that names no event, is told from the event that was to come.
fn guarded<T>(session: &SessionId, next: EventNo, read: Result<T, Fail>) -> Result<T, Fail> {
    match read {
        Err(Fail::Sql(error)) if is_damage(&error) => {
            Err(Fail::Log(damaged(session, next, format!("the file is damaged there: {error}"))))
        }
        Err(Fail::Log(LogFault::Damaged { event: EventNo(0), why, .. })) => {
            Err(Fail::Log(damaged(session, next, why)))
        }
        other => other,
    }
}
