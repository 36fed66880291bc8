//! Making texts searchable, apart from the appends: in short transactions, the newest commits first, to be broken off and
//! gone on with at any point by any process.
//!
//! An append pays nothing for it. What an append wrote is taken up by whoever searches, before the answer, and by a
//! workbench beside its work; each batch holds the write lock for some milliseconds and then leaves it free.
//! The connection is its own and does not sync: what a power cut takes is taken up again, for how far it came is written in
//! the same transaction.

use super::commits as told;
use super::fault::{Fail, of};
use super::forget;
use super::open::{Access, connect};
use super::place::Place;
use super::reader::lock;
use super::rows::{self, has_texts};
use crate::adapters::engine::texts;
use crate::domain::event::Event;
use crate::domain::hash::Hash;
use crate::domain::ids::{EventNo, SessionId};
use crate::domain::listing::row_words;
use crate::domain::search::Progress;
use crate::ports::log::LogFault;
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Bytes of events of one batch, and commits.
const BATCH_BYTES: usize = 128 * 1024;
const BATCH_COMMITS: i64 = 512;
/// The longest time for which the lock is left free between two batches; else as long as it was held.
const REST: Duration = Duration::from_millis(15);

/// Takes up the texts of one store.
pub struct Uptake {
    place: Place,
    conn: Mutex<Option<Connection>>,
}

impl Uptake {
    /// Nothing is opened before it is needed.
    pub fn new(place: Place) -> Uptake {
        Uptake { place, conn: Mutex::default() }
    }

    /// Batch after batch until nothing is left or the time is over; at least one.
    pub fn go_on(&self, time: Duration) -> Result<Progress, LogFault> {
        let (begun, mut conn) = (Instant::now(), lock(&self.conn));
        loop {
            let batch = Instant::now();
            let open = match conn.take() {
                Some(open) => open,
                None => self.open().map_err(|error| of(&error, &self.place.file))?,
            };
            let left = match one_batch(&open) {
                Ok(left) => left,
                Err(fail) => {
                    let undone = open.is_autocommit() || open.execute_batch("ROLLBACK").is_ok();
                    if undone && !fail.spoils_connection() {
                        *conn = Some(open);
                    }
                    return Err(fail.fault(&self.place.file));
                }
            };
            let open = conn.insert(open);
            if left == 0 || begun.elapsed() >= time {
                let far = progress(open).map_err(|fail| fail.fault(&self.place.file))?;
                return Ok(Progress { all: far.all + left, ..far });
            }
            std::thread::park_timeout(batch.elapsed().min(REST));
        }
    }

    /// As `go_on`; and where all is taken up, the words of what was purged go.
    pub fn tidy(&self, time: Duration) -> Result<Progress, LogFault> {
        let begun = Instant::now();
        let mut far = self.go_on(time)?;
        while far.whole() {
            let (batch, conn) = (Instant::now(), lock(&self.conn));
            let Some(open) = conn.as_ref() else { break };
            match forget::step(open) {
                Ok(false) => break,
                Ok(true) if begun.elapsed() >= time => far.all += 1,
                Ok(true) => {
                    drop(conn);
                    std::thread::park_timeout(batch.elapsed().min(REST));
                }
                Err(fail) => {
                    let undone = open.is_autocommit() || open.execute_batch("ROLLBACK").is_ok();
                    return Err(self.failed(conn, undone, fail));
                }
            }
        }
        Ok(far)
    }

    /// What failed; a connection that may be spoilt is let go of.
    fn failed(&self, mut conn: MutexGuard<'_, Option<Connection>>, undone: bool, fail: Fail) -> LogFault {
        if !undone || fail.spoils_connection() {
            *conn = None;
        }
        fail.fault(&self.place.file)
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let conn = connect(&self.place, Access::Write)?;
        conn.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384;")?;
        Ok(conn)
    }
}

/// The commits whose texts can be searched, and the last one of all.
struct Span {
    from: i64,
    to: i64,
    last: i64,
}

impl Span {
    fn read(conn: &Connection) -> Result<Span, Fail> {
        let mut query = conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        let mut value = |key: &str| query.query_row([key], |row| row.get::<_, i64>(0));
        Ok(Span { from: value("texts_from")?, to: value("texts_to")?, last: rows::last(conn)? })
    }

    fn write(&self, conn: &Connection) -> Result<(), Fail> {
        let mut update = conn.prepare_cached("UPDATE meta SET value = ?2 WHERE key = ?1 AND value <> ?2")?;
        update.execute(params!["texts_from", self.from])?;
        update.execute(params!["texts_to", self.to])?;
        Ok(())
    }

    fn whole(&self) -> bool {
        self.from <= 1 && self.to >= self.last
    }
}

/// Takes up what is left, inside a transaction: little, where it was taken up just before.
pub fn finish(conn: &Connection) -> Result<(), Fail> {
    while !Span::read(conn)?.whole() {
        step(conn)?;
    }
    Ok(())
}

/// How far it is.
pub fn progress(conn: &Connection) -> Result<Progress, Fail> {
    if !has_texts(conn)? {
        return Ok(Progress { done: 0, all: rows::uint(rows::last(conn)?) });
    }
    let span = Span::read(conn)?;
    if span.whole() {
        return Ok(Progress { done: rows::uint(span.last), all: rows::uint(span.last) });
    }
    let done = (span.to.min(span.last) - span.from + 1).max(0);
    Ok(Progress { done: rows::uint(done), all: rows::uint(span.last) })
}

/// One batch; answers how many steps are left at least: 0 where all is done.
fn one_batch(conn: &Connection) -> Result<u64, Fail> {
    if Span::read(conn)?.whole() {
        return fold_anew(conn);
    }
    conn.execute_batch("BEGIN IMMEDIATE")?;
    step(conn)?;
    conn.execute_batch("COMMIT")?;
    Ok(1)
}

/// One step inside a transaction, from where whoever was last left off.
fn step(conn: &Connection) -> Result<(), Fail> {
    let mut span = Span::read(conn)?;
    if span.to < span.last {
        let found = commits(conn, "n > ?1 ORDER BY n", span.to)?;
        take_in(conn, &found)?;
        span.to = found.last().map_or(span.last, |commit| commit.n);
    } else if span.from > 1 {
        // Backwards by batches, forwards in each: the index is written in the order of places.
        let mut found = commits(conn, "n < ?1 ORDER BY n DESC", span.from)?;
        span.from = found.last().map_or(1, |commit| commit.n);
        found.reverse();
        take_in(conn, &found)?;
    }
    span.write(conn)
}

/// A commit to be taken up: its number, and the events after `first` up to `last`.
struct Found {
    n: i64,
    session: SessionId,
    first: i64,
    last: i64,
}

/// The commits of the next batch.
fn commits(conn: &Connection, which: &str, n: i64) -> Result<Vec<Found>, Fail> {
    let sql = format!(
        "SELECT n, session, seq, event, octet_length(told) FROM commits WHERE {which} LIMIT {BATCH_COMMITS}"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let mut before = conn.prepare_cached("SELECT event FROM commits WHERE session = ?1 AND seq = ?2 - 1")?;
    let mut size = conn.prepare_cached(
        "SELECT coalesce(sum(octet_length(json)), 0) FROM events WHERE session = ?1 AND no > ?2 AND no <= ?3",
    )?;
    let (mut rows, mut found, mut bytes) = (query.query([n])?, Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let (session, last): (String, i64) = (row.get(1)?, row.get(3)?);
        let seq: i64 = row.get(2)?;
        let first = before.query_row(params![session, seq], |row| row.get(0)).optional()?.unwrap_or(0);
        let own: i64 = match row.get(4)? {
            Some(bytes) => bytes,
            None => size.query_row(params![session, first, last], |row| row.get(0))?,
        };
        let own = usize::try_from(own).unwrap_or(0);
        found.push(Found { n: row.get(0)?, session: SessionId(session), first, last });
        bytes += own;
        if bytes >= BATCH_BYTES {
            break;
        }
    }
    Ok(found)
}

/// Takes in the texts of commits.
fn take_in(conn: &Connection, found: &[Found]) -> Result<(), Fail> {
    for commit in found {
        let (first, last) = (EventNo(rows::uint(commit.first)).after(), EventNo(rows::uint(commit.last)));
        told::jsons(conn, (commit.n, &commit.session), (first, last), |json| {
            note_uses(conn, &commit.session, json)?;
            // What cannot be read is told where the session is read; it holds up nothing here.
            if let Ok(event) = Event::from_json(json)
                && event.no >= first
                && event.no <= last
            {
                texts::take_in(conn, commit.n, &event)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// What the pages of kept files begin with: they name other pages and contents.
const PAGE: &[u8] = b"{\"version\":";
/// Pages in pages are followed so deep: as deep as a folder is kept, and some more.
const PAGES_DEEP: u32 = 256;

/// Notes which large content an event names: whatever looks like a hash and is the hash of some, so that also what a newer
/// program names counts; and what the pages name that it names.
fn note_uses(conn: &Connection, session: &SessionId, json: &str) -> Result<(), Fail> {
    note_uses_in(conn, session, json, PAGES_DEEP)
}

fn note_uses_in(conn: &Connection, session: &SessionId, json: &str, deep: u32) -> Result<(), Fail> {
    for part in json.split('"').filter(|part| part.len() == 64) {
        let Some(hash) = Hash::parse(part) else { continue };
        let noted = conn
            .prepare_cached(
                "INSERT INTO uses (hash, session, at) SELECT hash, ?2, 0 FROM blobs WHERE hash = ?1
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![hash.0, session.as_str()])?;
        // What was noted before has been followed before: only what is new in a page costs anything.
        if noted > 0 && deep > 0 {
            let page: Option<Vec<u8>> = conn
                .prepare_cached("SELECT content FROM blobs WHERE hash = ?1 AND substr(content, 1, ?3) = ?2")?
                .query_row(params![hash.0, PAGE, rows::int(PAGE.len() as u64)], |row| row.get(0))
                .optional()?;
            if let Some(text) = page.and_then(|page| String::from_utf8(page).ok()) {
                note_uses_in(conn, session, &text, deep - 1)?;
            }
        }
    }
    Ok(())
}

/// Folds one list row of an older format anew; answers how many are left.
fn fold_anew(conn: &Connection) -> Result<u64, Fail> {
    let mut query =
        conn.prepare_cached("SELECT id, seal FROM sessions WHERE fold < 1 ORDER BY fold LIMIT 1")?;
    let old = query.query_row([], |row| Ok((SessionId(row.get(0)?), row.get::<_, [u8; 32]>(1)?)));
    let Some((session, seal)) = old.optional()? else { return Ok(0) };
    let mut sum = conn.prepare_cached("UPDATE sessions SET fold = 1 WHERE id = ?1 AND seal = ?2")?;
    match rows::tally(conn, (session.clone(), None)) {
        Ok(tally) => {
            let json = serde_json::to_string(&tally)
                .map_err(|error| Fail::Sql(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
            conn.prepare_cached(
                "UPDATE sessions SET tally = ?3, sum = ?4, tab = ?5, pinned = ?6, words = ?7, fold = 1
                 WHERE id = ?1 AND seal = ?2",
            )?
            .execute(params![
                session.as_str(),
                seal,
                json,
                Hash::chained(Hash(seal), json.as_bytes()).0,
                tally.tab().number(),
                tally.marks.pinned,
                row_words(&tally)
            ])?;
        }
        Err(Fail::Log(_)) => drop(sum.execute(params![session.as_str(), seal])?), // damaged: it stays as it is
        Err(fail) => return Err(fail),
    }
    let mut left = conn.prepare_cached("SELECT count(*) FROM sessions WHERE fold < 1")?;
    Ok(rows::uint(left.query_row([], |row| row.get(0))?))
}
