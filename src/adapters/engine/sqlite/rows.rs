//! Rows as values: heads, a session's line, and the seal over a commit's columns.

use super::commits;
use super::fault::{Fail, damaged};
use crate::domain::commit::{Commit, Head};
use crate::domain::hash::Hash;
use crate::domain::ids::{CommitId, Epoch, EventNo, SessionId};
use crate::domain::listing::row_words;
use crate::domain::tally::Row as Tally;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// A head with the seal of its commit: the end of both chains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The head.
    pub head: Head,
    /// The seal: chained over all columns of all commits, so that also what no event's hash covers is held.
    pub seal: Hash,
}

impl End {
    /// Before the first commit.
    pub fn start() -> End {
        End { head: Head::start(), seal: Hash::ZERO }
    }
}

/// The seal of the commit that led to `head`.
pub fn seal(before: Hash, commit: &Commit, head: &Head) -> Hash {
    let columns = serde_json::to_vec(&(
        &commit.session,
        commit.seq,
        &commit.id,
        &commit.prev,
        commit.epoch,
        commit.class,
        &commit.writer,
        commit.at,
        head.event,
        head.hash,
    ));
    Hash::chained(before, &columns.unwrap_or_default()) // invariant: every column serialises
}

/// A number as SQLite keeps it; ours never come near the limit.
pub fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number as we count; a negative one is foreign and becomes one that fits nowhere.
pub fn uint(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

pub fn hash(row: &Row<'_>, column: usize) -> rusqlite::Result<Hash> {
    row.get::<_, [u8; 32]>(column).map(Hash)
}

/// Where a session ends, as its own line says.
pub fn end(conn: &Connection, session: &SessionId) -> Result<Option<End>, Fail> {
    let mut query =
        conn.prepare_cached("SELECT head, seq, epoch, event, hash, seal FROM sessions WHERE id = ?1")?;
    foreign(session, 0, query.query_row([session.as_str()], read_end).optional())
}

/// Where a session ended after its commit `seq`.
pub fn end_at(conn: &Connection, session: &SessionId, seq: u64) -> Result<Option<End>, Fail> {
    let mut query = conn.prepare_cached(
        "SELECT id, seq, epoch, event, hash, seal FROM commits WHERE session = ?1 AND seq = ?2",
    )?;
    foreign(session, 0, query.query_row(params![session.as_str(), int(seq)], read_end).optional())
}

pub fn read_end(row: &Row<'_>) -> rusqlite::Result<End> {
    let head = Head {
        commit: CommitId(row.get(0)?),
        seq: uint(row.get(1)?),
        epoch: Epoch(uint(row.get(2)?)),
        event: EventNo(uint(row.get(3)?)),
        hash: hash(row, 4)?,
    };
    Ok(End { head, seal: hash(row, 5)? })
}

/// A value of a wrong type or size is damage, not a failure of the engine.
pub fn foreign<T>(session: &SessionId, event: u64, read: rusqlite::Result<T>) -> Result<T, Fail> {
    read.map_err(|error| match error.sqlite_error() {
        Some(_) => Fail::Sql(error),
        None => Fail::Log(damaged(session, EventNo(event), format!("foreign bytes: {error}"))),
    })
}

/// A list row as stored (id, tally, sum, seal, in this order): the session, and the row's text if its sum fits.
pub fn stored_tally(row: &Row<'_>) -> rusqlite::Result<(SessionId, Option<String>)> {
    let text = row.get_ref(1)?.as_str().ok().filter(|text| {
        let sum = hash(row, 3).map(|seal| Hash::chained(seal, text.as_bytes()));
        sum.is_ok() && sum == hash(row, 2)
    });
    Ok((SessionId(row.get(0)?), text.map(str::to_string)))
}

/// The list row of a session: as stored, or folded anew from its events where that cannot be believed.
pub fn tally(conn: &Connection, (session, stored): (SessionId, Option<String>)) -> Result<Tally, Fail> {
    if let Some(row) = stored.and_then(|text| serde_json::from_str::<Tally>(&text).ok())
        && row.id == session
    {
        return Ok(row);
    }
    let mut row = Tally::new(session.clone());
    commits::each(conn, &session, (0, usize::MAX), |part| {
        for sealed in part?.events(conn, EventNo(row.events))? {
            row.apply(&sealed.event);
        }
        Ok(())
    })?;
    Ok(row)
}

/// One session's list row.
pub fn tally_of(conn: &Connection, session: &SessionId) -> Result<Option<Tally>, Fail> {
    let mut query = conn.prepare_cached("SELECT id, tally, sum, seal FROM sessions WHERE id = ?1")?;
    let stored = query.query_row([session.as_str()], stored_tally).optional()?;
    stored.map(|stored| tally(conn, stored)).transpose()
}

/// What the lists' index is over, as the row has it; it is only written where it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    pinned: bool,
    minute: i64,
    tab: u8,
}

impl Listed {
    /// Where a row stands in lists.
    pub fn of(tally: &Tally) -> Listed {
        let minute = tally.updated.0.div_euclid(60_000_000);
        Listed { pinned: tally.marks.pinned, minute, tab: tally.tab().number() }
    }
}

/// A session's line as it is before a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// There is none.
    Nothing,
    /// There is one; nobody here wrote it last.
    Something,
    /// There is one, which was written here and stands there in lists.
    At(Listed),
}

/// Writes a commit that was admitted after the seal `before`: the session's line, the commit, its events. Answers its number
/// over all sessions; none, and nothing is written, where the session does not end with that seal any more.
pub fn insert(
    conn: &Connection,
    commit: &Commit,
    end: &End,
    (before, seal): (Before, Hash),
    tally: &Tally,
) -> Result<Option<i64>, Fail> {
    if !line(conn, end, (before, seal), tally)? {
        return Ok(None);
    }
    commits::insert(conn, commit, end).map(Some)
}

/// Writes a session's line, where it is as it was.
fn line(conn: &Connection, end: &End, (before, seal): (Before, Hash), tally: &Tally) -> Result<bool, Fail> {
    let row = serde_json::to_string(tally)
        .map_err(|error| Fail::Sql(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
    let (session, head, listed) = (tally.id.as_str(), &end.head, Listed::of(tally));
    if before == Before::Nothing {
        conn.prepare_cached(
            "INSERT INTO sessions (id, head, seq, epoch, event, hash, seal, status, updated, held, tally, sum, fold)
             VALUES (?1, '', 0, 0, 0, x'', ?2, '', 0, 0, '', x'', 1)",
        )?
        .execute(params![session, seal.0])?;
    }
    let written = conn
        .prepare_cached(
            "UPDATE sessions SET head = ?2, seq = ?3, epoch = ?4, event = ?5, hash = ?6, seal = ?7, status = ?8,
                 updated = ?9, held = ?10, tally = ?11, sum = ?12, words = ?13 WHERE id = ?1 AND seal = ?14",
        )?
        .execute(params![
            session,
            head.commit.0,
            int(head.seq),
            int(head.epoch.0),
            int(head.event.0),
            head.hash.0,
            end.seal.0,
            tally.status,
            tally.updated.0,
            tally.waiting() > 0,
            row,
            Hash::chained(end.seal, row.as_bytes()).0,
            row_words(tally),
            seal.0
        ])?;
    if written > 0 && before != Before::At(listed) {
        // Only what is named is written anew with its index.
        conn.prepare_cached("UPDATE sessions SET pinned = ?2, listed = ?3, tab = ?4 WHERE id = ?1")?
            .execute(params![session, listed.pinned, listed.minute, listed.tab])?;
    }
    Ok(written > 0)
}

/// The commits of all sessions after number `n`: their numbers, sessions and places.
pub fn since(conn: &Connection, n: i64, limit: usize) -> Result<Vec<(i64, SessionId, u64)>, Fail> {
    let mut query =
        conn.prepare_cached("SELECT n, session, seq FROM commits WHERE n > ?1 ORDER BY n LIMIT ?2")?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows =
        query.query_map([n, limit], |row| Ok((row.get(0)?, SessionId(row.get(1)?), uint(row.get(2)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether the file has what search and marks need: one that is only read may be of an older format.
pub fn has_texts(conn: &Connection) -> rusqlite::Result<bool> {
    format(conn).map(|format| format >= 3)
}

/// Whether commits may have their events in their rows.
pub fn has_told(conn: &Connection) -> rusqlite::Result<bool> {
    format(conn).map(|format| format >= 5)
}

/// Whether the file has what lists need.
pub fn has_lists(conn: &Connection) -> rusqlite::Result<bool> {
    format(conn).map(|format| format >= 4)
}

fn format(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))
}

/// The number of the last commit of all; 0 where there is none.
pub fn last(conn: &Connection) -> Result<i64, Fail> {
    let mut query = conn.prepare_cached("SELECT max(n) FROM commits")?;
    Ok(query.query_row([], |row| row.get::<_, Option<i64>>(0))?.unwrap_or(0))
}

/// The seal of the commit of that number, also where its session was purged since.
pub fn seal_of(conn: &Connection, n: i64) -> Result<Option<Hash>, Fail> {
    let mut query = conn.prepare_cached("SELECT seal FROM commits WHERE n = ?1")?;
    if let Some(seal) = query.query_row([n], |row| hash(row, 0)).optional()? {
        return Ok(Some(seal));
    }
    if !has_texts(conn)? {
        return Ok(None);
    }
    let mut query = conn.prepare_cached("SELECT seal FROM purged WHERE n = ?1")?;
    Ok(query.query_row([n], |row| hash(row, 0)).optional()?)
}
