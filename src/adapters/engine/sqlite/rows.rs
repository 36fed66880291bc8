//! Rows as values: heads, commits, events, and the seal over a commit's columns.

use super::fault::{Fail, damaged};
use crate::domain::commit::{Class, Commit, Head, Sealed};
use crate::domain::hash::Hash;
use crate::domain::ids::{CommitId, Epoch, EventNo, SessionId};
use crate::domain::listing::row_words;
use crate::domain::tally::Row as Tally;
use crate::domain::time::Micros;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Rows, Statement, params};

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

fn hash(row: &Row<'_>, column: usize) -> rusqlite::Result<Hash> {
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

fn read_end(row: &Row<'_>) -> rusqlite::Result<End> {
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
fn foreign<T>(session: &SessionId, event: u64, read: rusqlite::Result<T>) -> Result<T, Fail> {
    read.map_err(|error| match error.sqlite_error() {
        Some(_) => Fail::Sql(error),
        None => Fail::Log(damaged(session, EventNo(event), format!("foreign bytes: {error}"))),
    })
}

/// A commit as its row tells it, without its events, and the end that the row claims.
pub struct CommitRow {
    /// The commit; its events are to be filled in.
    pub commit: Commit,
    /// The end after it.
    pub end: End,
}

/// At most `limit` commits after commit `after`, without their events; each row is good or bad by itself.
pub fn commits(
    conn: &Connection,
    session: &SessionId,
    after: u64,
    limit: usize,
) -> Result<Vec<Result<CommitRow, Fail>>, Fail> {
    let mut query = conn.prepare_cached(
        "SELECT id, seq, epoch, event, hash, seal, prev, class, writer, at FROM commits
         WHERE session = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = query.query_map(params![session.as_str(), int(after), limit], |row| {
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
        Ok(CommitRow { commit, end })
    })?;
    Ok(rows.map(|row| foreign(session, 0, row)).collect())
}

/// The word of a class.
pub fn word(class: Class) -> &'static str {
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

/// The query of a session's events after a number, for `Events`.
pub const EVENTS: &str = "SELECT no, seq, json, hash FROM events WHERE session = ?1 AND no > ?2 ORDER BY no";

/// A session's events from after a number on, commit by commit: what is not asked for is not read.
pub struct Events<'s, 'q> {
    session: &'s SessionId,
    rows: Rows<'q>,
}

impl<'s, 'q> Events<'s, 'q> {
    /// Those after `from`, by a statement of `EVENTS`.
    pub fn after(
        query: &'q mut Statement<'_>,
        session: &'s SessionId,
        from: EventNo,
    ) -> Result<Events<'s, 'q>, Fail> {
        Ok(Events { session, rows: query.query(params![session.as_str(), int(from.0)])? })
    }

    /// The next ones, those of commit `seq`: after `from`, up to which it was asked before, up to `to`, as stored.
    pub fn of(&mut self, seq: u64, (from, to): (EventNo, EventNo)) -> Result<Vec<Sealed>, Fail> {
        let (session, mut events, mut no) = (self.session, Vec::new(), from);
        while no < to {
            no = no.after();
            let Some(row) = self.rows.next()? else { break };
            let bad = |why: String| Fail::Log(damaged(session, no, why));
            if uint(foreign(session, no.0, row.get(0))?) != no.0 {
                return Err(bad("it is missing".to_string()));
            }
            if uint(foreign(session, no.0, row.get(1))?) != seq {
                return Err(bad("it belongs to another commit".to_string()));
            }
            let bytes = row.get_ref(2)?.as_bytes().map_err(|error| bad(format!("foreign bytes: {error}")))?;
            let json = std::str::from_utf8(bytes)
                .map_err(|error| bad(format!("its bytes are not text: {error}")))?;
            let sealed = Sealed::read(json, foreign(session, no.0, hash(row, 3))?);
            events.push(sealed.map_err(|error| bad(error.to_string()))?);
        }
        Ok(events)
    }
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
    let mut query = conn.prepare_cached(EVENTS)?;
    let mut events = Events::after(&mut query, &session, EventNo(0))?;
    for part in commits(conn, &session, 0, usize::MAX)? {
        let part = part?;
        let from = EventNo(row.events);
        for sealed in events.of(part.commit.seq, (from, part.end.head.event))? {
            row.apply(&sealed.event);
        }
    }
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

/// Writes a commit that was admitted: the session's line, the commit, its events. Answers its number over all sessions.
pub fn insert(
    conn: &Connection,
    commit: &Commit,
    end: &End,
    (before, tally): (Before, &Tally),
) -> Result<i64, Fail> {
    let (session, head) = (commit.session.as_str(), &end.head);
    line(conn, end, (before, tally))?;
    conn.prepare_cached(
        "INSERT INTO commits (n, session, seq, id, prev, epoch, class, writer, at, event, hash, seal)
         VALUES (1 + max((SELECT coalesce(max(n), 0) FROM commits), (SELECT coalesce(max(n), 0) FROM purged)),
             ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
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
        end.seal.0
    ])?;
    let n = conn.last_insert_rowid();
    let mut event =
        conn.prepare_cached("INSERT INTO events (session, no, seq, json, hash) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for sealed in &commit.events {
        event.execute(params![
            session,
            int(sealed.event.no.0),
            int(commit.seq),
            &*sealed.json,
            sealed.hash.0
        ])?;
    }
    Ok(n)
}

/// Writes a session's line.
fn line(conn: &Connection, end: &End, (before, tally): (Before, &Tally)) -> Result<(), Fail> {
    let row = serde_json::to_string(tally)
        .map_err(|error| Fail::Sql(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
    let (session, head, listed) = (tally.id.as_str(), &end.head, Listed::of(tally));
    if before == Before::Nothing {
        conn.prepare_cached(
            "INSERT INTO sessions (id, head, seq, epoch, event, hash, seal, status, updated, held, tally, sum, fold)
             VALUES (?1, '', 0, 0, 0, x'', x'', '', 0, 0, '', x'', 1)",
        )?
        .execute([session])?;
    }
    conn.prepare_cached(
        "UPDATE sessions SET head = ?2, seq = ?3, epoch = ?4, event = ?5, hash = ?6, seal = ?7, status = ?8,
             updated = ?9, held = ?10, tally = ?11, sum = ?12, words = ?13 WHERE id = ?1",
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
        row_words(tally)
    ])?;
    if before != Before::At(listed) {
        // Only what is named is written anew with its index.
        conn.prepare_cached("UPDATE sessions SET pinned = ?2, listed = ?3, tab = ?4 WHERE id = ?1")?
            .execute(params![session, listed.pinned, listed.minute, listed.tab])?;
    }
    Ok(())
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
