//! Commits and their events as rows.
//!
//! Since format 5 a commit's events lie in its own row: one tree is written where it were three, and one row is read. What has
//! a line break in its bytes, and what was written before, has a row for each event in `events`.

use super::fault::{Fail, damaged};
use super::rows::{End, foreign, has_told, hash, int, read_end, uint};
use crate::domain::commit::{Class, Commit, Sealed};
use crate::domain::hash::Hash;
use crate::domain::ids::{CommitId, EventNo, SessionId};
use crate::domain::time::Micros;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

/// Bytes of a hash.
const HASH: usize = 32;

/// A commit as its row tells it, and the end that the row claims.
pub struct CommitRow {
    /// The commit, without its events.
    pub commit: Commit,
    /// The end after it.
    pub end: End,
    told: Option<Told>,
}

/// Events as a commit's row has them.
struct Told {
    lines: Vec<u8>,
    hashes: Vec<u8>,
}

/// Gives at most `limit` commits after commit `after` to `take`, each good or bad by itself; answers how many.
pub fn each(
    conn: &Connection,
    session: &SessionId,
    (after, limit): (u64, usize),
    mut take: impl FnMut(Result<CommitRow, Fail>) -> Result<(), Fail>,
) -> Result<usize, Fail> {
    let told = if has_told(conn)? { "told, hashes" } else { "NULL, NULL" };
    let mut query = conn.prepare_cached(&format!(
        "SELECT id, seq, epoch, event, hash, seal, prev, class, writer, at, {told} FROM commits
         WHERE session = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = query.query(params![session.as_str(), int(after), limit])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        count += 1;
        take(foreign(session, 0, CommitRow::read(session, row)))?;
    }
    Ok(count)
}

impl CommitRow {
    fn read(session: &SessionId, row: &Row<'_>) -> rusqlite::Result<CommitRow> {
        let end = read_end(row)?;
        let commit = Commit {
            id: end.head.commit.clone(),
            session: session.clone(),
            prev: CommitId(row.get(6)?),
            seq: end.head.seq,
            epoch: end.head.epoch,
            class: class(&row.get::<_, String>(7)?)?,
            writer: row.get(8)?,
            at: Micros(row.get(9)?),
            events: Vec::new(),
        };
        let lines = row.get_ref(10)?.as_bytes_or_null().map_err(|error| foreign_type(10, error))?;
        let hashes = row.get_ref(11)?.as_bytes_or_null().map_err(|error| foreign_type(11, error))?;
        let told =
            lines.map(|lines| Told { lines: lines.to_vec(), hashes: hashes.unwrap_or_default().to_vec() });
        Ok(CommitRow { commit, end, told })
    }

    /// Its events, as stored; the first is the one after `before`.
    pub fn events(&self, conn: &Connection, before: EventNo) -> Result<Vec<Sealed>, Fail> {
        match &self.told {
            Some(told) => told.events(&self.commit.session, before, self.end.head.hash),
            None => apart(conn, &self.commit.session, self.commit.seq, (before, self.end.head.event)),
        }
    }
}

fn foreign_type(column: usize, error: rusqlite::types::FromSqlError) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

impl Told {
    fn events(&self, session: &SessionId, before: EventNo, last: Hash) -> Result<Vec<Sealed>, Fail> {
        let mut no = before;
        let mut hashes = self.hashes.chunks_exact(HASH);
        let mut lines = self.lines.split(|byte| *byte == b'\n').peekable();
        let mut events = Vec::with_capacity(1 + self.hashes.len() / HASH);
        while let Some(line) = lines.next() {
            no = no.after();
            let bad = |why: String| Fail::Log(damaged(session, no, why));
            let json =
                std::str::from_utf8(line).map_err(|error| bad(format!("its bytes are not text: {error}")))?;
            let hash = match lines.peek() {
                None => Some(last),
                Some(_) => hashes.next().and_then(|hash| hash.try_into().ok()).map(Hash),
            };
            let hash = hash.ok_or_else(|| bad("its hash is missing".to_string()))?;
            events.push(Sealed::read(json, hash).map_err(|error| bad(error.to_string()))?);
        }
        Ok(events)
    }

    /// What a commit's row has; none where a line would not be one.
    fn of(commit: &Commit) -> Option<(String, Vec<u8>)> {
        let size: usize = commit.events.iter().map(|sealed| sealed.json.len() + 1).sum();
        let (mut lines, mut hashes) = (String::with_capacity(size), Vec::new());
        for (place, sealed) in commit.events.iter().enumerate() {
            if sealed.json.contains('\n') {
                return None;
            }
            if place > 0 {
                lines.push('\n');
            }
            lines.push_str(&sealed.json);
            if place + 1 < commit.events.len() {
                hashes.extend_from_slice(&sealed.hash.0);
            }
        }
        Some((lines, hashes))
    }
}

/// The stored bytes of a commit's events, for who does not check them: given to `take`, in order. `last` is the number of the
/// last one, and `first` of the first.
pub fn jsons(
    conn: &Connection,
    (n, session): (i64, &SessionId),
    (first, last): (EventNo, EventNo),
    mut take: impl FnMut(&str) -> Result<(), Fail>,
) -> Result<(), Fail> {
    if let Some(told) = told(conn, n)? {
        return told.split('\n').try_for_each(take);
    }
    let mut query = conn
        .prepare_cached("SELECT json FROM events WHERE session = ?1 AND no >= ?2 AND no <= ?3 ORDER BY no")?;
    let mut rows = query.query(params![session.as_str(), int(first.0), int(last.0)])?;
    while let Some(row) = rows.next()? {
        if let Ok(json) = row.get_ref(0)?.as_str() {
            take(json)?;
        }
    }
    Ok(())
}

/// Single events' stored bytes, for who does not check them. What was asked for last lies ready: of a large commit, as a fork
/// has one, many are asked for one after another.
#[derive(Default)]
pub struct Lines {
    last: Option<(i64, Option<Vec<String>>)>,
}

impl Lines {
    /// Event `no` of commit `n`, whose last event is `last`; none where it is not there.
    pub fn json(
        &mut self,
        conn: &Connection,
        (n, session): (i64, &SessionId),
        (no, last): (EventNo, EventNo),
    ) -> Result<Option<String>, Fail> {
        if self.last.as_ref().is_none_or(|(of, _)| *of != n) {
            let told = told(conn, n)?;
            self.last = Some((n, told.map(|told| told.split('\n').map(str::to_string).collect())));
        }
        if let Some((_, Some(lines))) = &self.last {
            let from_end = last.0.checked_sub(no.0).and_then(|gone| usize::try_from(gone).ok());
            return Ok(from_end.and_then(|gone| lines.iter().rev().nth(gone).cloned()));
        }
        let mut query = conn.prepare_cached("SELECT json FROM events WHERE session = ?1 AND no = ?2")?;
        let mut rows = query.query(params![session.as_str(), int(no.0)])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(row.get_ref(0)?.as_str().ok().map(str::to_string))
    }
}

/// The events that lie in a commit's own row; none where they do not.
fn told(conn: &Connection, n: i64) -> Result<Option<String>, Fail> {
    if !has_told(conn)? {
        return Ok(None);
    }
    let mut query = conn.prepare_cached("SELECT told FROM commits WHERE n = ?1 AND told IS NOT NULL")?;
    let mut rows = query.query([n])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    // What cannot be read is told where the session is read.
    Ok(Some(row.get_ref(0)?.as_str().unwrap_or_default().to_string()))
}

/// Writes a commit with its events. Answers its number over all sessions.
pub fn insert(conn: &Connection, commit: &Commit, end: &End) -> Result<i64, Fail> {
    let (session, head, told) = (commit.session.as_str(), &end.head, Told::of(commit));
    conn.prepare_cached(
        "INSERT INTO commits (n, session, seq, id, prev, epoch, class, writer, at, event, hash, seal, told, hashes)
         VALUES (1 + max((SELECT coalesce(max(n), 0) FROM commits), (SELECT coalesce(max(n), 0) FROM purged)),
             ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        session,
        int(commit.seq),
        commit.id.0,
        commit.prev.0,
        int(commit.epoch.0),
        word(commit.class),
        commit.writer,
        commit.at.0,
        int(head.event.0),
        head.hash.0,
        end.seal.0,
        told.as_ref().map(|(lines, _)| lines),
        told.as_ref().map(|(_, hashes)| hashes).filter(|hashes| !hashes.is_empty()),
    ])?;
    let n = conn.last_insert_rowid();
    if told.is_none() {
        let mut event = conn.prepare_cached(
            "INSERT INTO events (session, no, seq, json, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for sealed in &commit.events {
            let (no, seq) = (int(sealed.event.no.0), int(commit.seq));
            event.execute(params![session, no, seq, &*sealed.json, sealed.hash.0])?;
        }
    }
    Ok(n)
}

/// The word of a class.
fn word(class: Class) -> &'static str {
    match class {
        Class::Worker => "worker",
        Class::Operator => "operator",
        Class::Importer => "importer",
    }
}

fn class(word: &str) -> rusqlite::Result<Class> {
    match word {
        "worker" => Ok(Class::Worker),
        "operator" => Ok(Class::Operator),
        "importer" => Ok(Class::Importer),
        other => {
            let why = format!("{other:?} is no class of writer").into();
            Err(rusqlite::Error::FromSqlConversionFailure(7, Type::Text, why))
        }
    }
}

/// The events of commit `seq` from rows of their own: those after `from` up to `to`.
fn apart(
    conn: &Connection,
    session: &SessionId,
    seq: u64,
    (from, to): (EventNo, EventNo),
) -> Result<Vec<Sealed>, Fail> {
    let mut query = conn.prepare_cached(
        "SELECT no, seq, json, hash FROM events WHERE session = ?1 AND no > ?2 AND no <= ?3 ORDER BY no",
    )?;
    let mut rows = query.query(params![session.as_str(), int(from.0), int(to.0)])?;
    let (mut events, mut no) = (Vec::new(), from);
    while let Some(row) = rows.next()? {
        no = no.after();
        let bad = |why: String| Fail::Log(damaged(session, no, why));
        if uint(foreign(session, no.0, row.get(0))?) != no.0 {
            return Err(bad("it is missing".to_string()));
        }
        if uint(foreign(session, no.0, row.get(1))?) != seq {
            return Err(bad("it belongs to another commit".to_string()));
        }
        let bytes = row.get_ref(2)?.as_bytes().map_err(|error| bad(format!("foreign bytes: {error}")))?;
        let json =
            std::str::from_utf8(bytes).map_err(|error| bad(format!("its bytes are not text: {error}")))?;
        let sealed = Sealed::read(json, foreign(session, no.0, hash(row, 3))?);
        events.push(sealed.map_err(|error| bad(error.to_string()))?);
    }
    Ok(events)
}
