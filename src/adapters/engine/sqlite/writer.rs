//! Writing: one at a time, one connection, and as many jobs in one transaction as wait for it (a group commit).
//!
//! A job is answered only after COMMIT, that is after the journal was synced. Where COMMIT fails with an I/O error
//! nobody knows what a recovery would find: every job of the group is in doubt, and the connection is not used again.

use super::fault::{Fail, damaged, of, of_commit, unavailable};
use super::job::{Done, Job, Work, grouped};
use super::open::{Access, Options, WriteOn, connect};
use super::place::{Anchor, Place, write_anchor};
use super::purge::purge;
use super::recent::{Numbered, Recent};
use super::rows::{self, Before, End, Listed};
use crate::domain::commit::{Commit, Denial, Head};
use crate::domain::hash::Hash;
use crate::domain::ids::{CommitId, SessionId};
use crate::domain::tally::Row as Tally;
use crate::ports::log::LogFault;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How long a caller that writes itself is held up by another process.
const CALLER_BUSY: Duration = Duration::from_millis(50);

/// What the writer tells beside its answers.
#[derive(Clone, Default)]
pub struct Told {
    /// Wakes the tails.
    pub wake: Arc<watch::Sender<u64>>,
    /// What the tails are to be told.
    pub recent: Arc<Recent>,
    /// Transactions committed so far.
    pub transactions: Arc<AtomicU64>,
}

/// A commit that was written, and its place in the anchor.
struct Written {
    anchor: Anchor,
    commit: Arc<Commit>,
}

impl Written {
    fn numbered(self) -> Numbered {
        (self.anchor.n, self.commit)
    }
}

/// What a transaction does beside its rows.
struct Batch {
    written: Vec<Written>,
    last: Option<Last>,
}

/// The list row that was written last, and its session's end.
struct Last {
    end: End,
    tally: Tally,
}

/// The writer of one store.
pub struct Writer {
    place: Place,
    identity: Option<(u64, u64)>,
    conn: Option<Connection>,
    anchor: File,
    options: Options,
    told: Told,
    last: Option<Last>,
}

/// A group that came to nothing.
struct Broken {
    fault: LogFault,
    /// Whether one job of several may be the reason, so that each is to be tried alone.
    alone: bool,
}

impl Writer {
    /// A writer with its first connection.
    pub fn new(place: Place, conn: Connection, options: Options, told: Told) -> Result<Writer, LogFault> {
        let anchor = place.open_anchor()?;
        let mut writer =
            Writer { identity: place.identity(), place, conn: None, anchor, options, told, last: None };
        writer.take(conn).map_err(|error| of(&error, &writer.place.file))?;
        Ok(writer)
    }

    fn take(&mut self, conn: Connection) -> rusqlite::Result<()> {
        if let Some(pages) = self.options.max_pages {
            conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        }
        if self.options.write_on == WriteOn::Caller {
            conn.busy_timeout(CALLER_BUSY)?; // who asks tries again, and can do other things meanwhile
        }
        self.conn = Some(conn);
        Ok(())
    }

    /// Serves jobs until nobody can send any more, then folds the journal into the file.
    pub fn serve(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.blocking_recv() {
            let all = std::iter::once(first).chain(std::iter::from_fn(|| jobs.try_recv().ok()));
            self.group(grouped(all, |job| job.work.bytes()));
        }
        self.fold();
    }

    /// Folds the journal into the file.
    pub fn fold(&self) {
        if let Some(conn) = &self.conn {
            // A reader may be in the way; then the journal just stays as long as it is.
            let _ = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }

    /// Serves a group in one transaction; where that fails because of one job, each by itself.
    pub fn group(&mut self, group: Vec<Job>) {
        match self.transact(&group) {
            Ok(answers) => {
                for (job, answer) in group.into_iter().zip(answers) {
                    let _ = job.answer.send(answer); // whoever asked may have left
                }
            }
            Err(broken) if broken.alone && group.len() > 1 => {
                for job in group {
                    self.group(vec![job]);
                }
            }
            Err(broken) => {
                for job in group {
                    let _ = job.answer.send(Err(broken.fault.clone()));
                }
            }
        }
    }

    fn transact(&mut self, group: &[Job]) -> Result<Vec<Result<Done, LogFault>>, Broken> {
        self.ready().map_err(|fault| Broken { fault, alone: false })?;
        let Some(conn) = &self.conn else {
            return Err(Broken { fault: unavailable("the store is closed"), alone: false });
        };
        let file = &self.place.file;
        let mut batch = Batch { written: Vec::new(), last: self.last.take() };
        let done = statement(conn, "BEGIN IMMEDIATE").map_err(Fail::Sql).and_then(|()| {
            let mut answers = Vec::with_capacity(group.len());
            for job in group {
                answers.push(match job.work.perform(conn, &mut batch, (&self.place, &self.anchor)) {
                    Ok(done) => Ok(done),
                    Err(Fail::Log(fault)) => Err(fault),
                    Err(fail) => return Err(fail),
                });
            }
            Ok(answers)
        });
        let answers = match done {
            Ok(answers) => answers,
            Err(fail) => {
                let spoilt = fail.spoils_connection();
                let fault = explain(fail, group, file);
                self.undo(spoilt);
                return Err(Broken { alone: fault != LogFault::Busy, fault });
            }
        };
        if let Err(error) = statement(conn, "COMMIT") {
            let fault = of_commit(&error, file);
            let spoilt = matches!(fault, LogFault::InDoubt { .. });
            self.undo(spoilt);
            return Err(Broken { fault, alone: !spoilt });
        }
        self.after_commit(group, batch.written)?;
        self.last = batch.last;
        Ok(answers)
    }

    /// What follows a COMMIT that went well: the file must still be ours, then the anchor, then the tails.
    fn after_commit(&self, group: &[Job], written: Vec<Written>) -> Result<(), Broken> {
        if self.place.identity() != self.identity {
            let why = format!("{} was replaced while it was written", self.place.file.display());
            return Err(Broken { fault: LogFault::InDoubt { why }, alone: false });
        }
        if let Some(last) = written.last() {
            let _ = write_anchor(&self.anchor, last.anchor); // without it only a lost end goes unseen
        }
        let commits = written.into_iter().map(Written::numbered).collect();
        self.told.recent.wrote(commits, self.place.journal_written());
        self.told.transactions.fetch_add(1, Ordering::Relaxed);
        self.told.wake.send_modify(|count| *count += 1);
        if group.iter().any(|job| matches!(job.work, Work::Settle(..)))
            && let Some(conn) = &self.conn
        {
            // What is found after a failed sync may exist in memory only: writing it into the file syncs it.
            let folded = conn.query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(()));
            folded.map_err(|error| Broken { fault: of(&error, &self.place.file), alone: false })?;
        }
        Ok(())
    }

    /// Makes sure that there is a connection, and that the file is still the one that was opened.
    fn ready(&mut self) -> Result<(), LogFault> {
        if self.place.identity() != self.identity {
            return Err(unavailable(format!(
                "{} was replaced or deleted while it was open; nothing more is written: start again",
                self.place.file.display()
            )));
        }
        if self.conn.is_none() {
            let conn = connect(&self.place, Access::Write).map_err(|error| of(&error, &self.place.file))?;
            self.take(conn).map_err(|error| of(&error, &self.place.file))?;
        }
        Ok(())
    }

    /// Ends a transaction that came to nothing. A connection that cannot even do that is given up.
    fn undo(&mut self, spoilt: bool) {
        if let Some(conn) = &self.conn {
            let undone = conn.is_autocommit() || conn.execute_batch("ROLLBACK").is_ok();
            if spoilt || !undone {
                self.conn = None;
            }
        }
    }
}

/// A constraint that does not hold means rows where the session's line says that there are none.
fn explain(fail: Fail, group: &[Job], file: &std::path::Path) -> LogFault {
    match (&fail, group) {
        (Fail::Sql(error), [Job { work: Work::Append(commit), .. }])
            if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) =>
        {
            let first = commit.events.first().map(|sealed| sealed.event.no).unwrap_or_default();
            damaged(&commit.session, first, "there are rows after the session's end")
        }
        (_, [Job { work: Work::Append(commit), .. }]) => fail.fault_in(&commit.session, file),
        _ => fail.fault(file), // several jobs, or one that is about no session
    }
}

impl Work {
    /// Does the work inside the transaction. `Fail::Log` has written nothing.
    fn perform(
        &self,
        conn: &Connection,
        batch: &mut Batch,
        (place, anchor): (&Place, &File),
    ) -> Result<Done, Fail> {
        match self {
            Work::Append(commit) => append(conn, commit, batch).map(|head| Done::Head(Some(head))),
            Work::Settle(session, id) => settle(conn, session, id).map(Done::Head),
            Work::Put(hash, content) => put(conn, *hash, content).map(|()| Done::Content),
            Work::Drop(hash) => {
                conn.prepare_cached("DELETE FROM blobs WHERE hash = ?1")?.execute([hash.0])?;
                Ok(Done::Content)
            }
            Work::Purge(session) => purge(conn, session, place, anchor).map(Done::Purged),
        }
    }
}

/// A statement that is kept ready.
fn statement(conn: &Connection, words: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(words)?.execute([]).map(|_| ())
}

fn append(conn: &Connection, commit: &Arc<Commit>, batch: &mut Batch) -> Result<Head, Fail> {
    // As long as the session ends where this process wrote last, nothing of it is read again.
    let known = batch.last.take().filter(|last| last.tally.id == commit.session);
    if let Some(last) = known
        && let Ok(head) = last.end.head.admit(commit)
    {
        let line = Before::At(Listed::of(&last.tally));
        if let Some(head) = write(conn, commit, (last.end.seal, head), (line, last.tally), batch)? {
            return Ok(head);
        }
    }
    let before = rows::end(conn, &commit.session)?;
    let before = before.unwrap_or_else(End::start);
    let head = before.head.admit(commit).map_err(refusal)?;
    let (line, tally) = match rows::tally_of(conn, &commit.session)? {
        Some(stored) => (Before::Something, stored),
        None => (Before::Nothing, Tally::new(commit.session.clone())),
    };
    let written = write(conn, commit, (before.seal, head), (line, tally), batch)?;
    written.ok_or(Fail::Log(LogFault::Stale)) // invariant: nobody else writes inside this transaction
}

/// Writes a commit after what the session ended with, if it still does.
fn write(
    conn: &Connection,
    commit: &Arc<Commit>,
    (before, head): (Hash, Head),
    (line, mut tally): (Before, Tally),
    batch: &mut Batch,
) -> Result<Option<Head>, Fail> {
    for sealed in &commit.events {
        tally.apply(&sealed.event);
    }
    let end = End { seal: rows::seal(before, commit, &head), head };
    let Some(n) = rows::insert(conn, commit, &end, (line, before), &tally)? else { return Ok(None) };
    batch.written.push(Written { anchor: Anchor { n, seal: end.seal }, commit: commit.clone() });
    let head = end.head.clone();
    batch.last = Some(Last { end, tally });
    Ok(Some(head))
}

/// A denial as a fault: who comes too late is to read and decide again.
pub fn refusal(denial: Denial) -> LogFault {
    match denial {
        Denial::NotNext { .. } => LogFault::Stale,
        denied @ (Denial::Fenced { .. }
        | Denial::NotYours { .. }
        | Denial::Broken { .. }
        | Denial::Imported { .. }
        | Denial::Empty) => LogFault::Denied(denied),
    }
}

/// Looks for a commit inside a write transaction. What a failed COMMIT left in the journal could still be found by a
/// recovery; the mark that is written here takes its place there, so that "not written" stays true.
fn settle(conn: &Connection, session: &SessionId, id: &CommitId) -> Result<Option<Head>, Fail> {
    conn.prepare_cached("UPDATE meta SET value = value + 1 WHERE key = 'fence'")?.execute([])?;
    let mut query = conn
        .prepare_cached("SELECT seq FROM commits WHERE session = ?1 AND id = ?2 ORDER BY seq DESC LIMIT 1")?;
    let seq = query.query_row(params![session.as_str(), id.0], |row| row.get(0)).optional()?;
    match seq {
        Some(seq) => Ok(rows::end_at(conn, session, rows::uint(seq))?.map(|end| end.head)),
        None => Ok(None),
    }
}

fn put(conn: &Connection, hash: Hash, content: &[u8]) -> Result<(), Fail> {
    let size = i64::try_from(content.len()).unwrap_or(i64::MAX);
    conn.prepare_cached(
        "INSERT INTO blobs (hash, size, content) VALUES (?1, ?2, ?3)
         ON CONFLICT (hash) DO UPDATE SET size = ?2, content = ?3 WHERE content <> ?3",
    )?
    .execute(params![hash.0, size, content])?;
    conn.prepare_cached("INSERT OR REPLACE INTO uses (hash, session, at) VALUES (?1, '', unixepoch())")?
        .execute([hash.0])?;
    Ok(())
}
