//! The store beside bare SQLite: an append at event 10, 10,000 and 100,000, a page read there, and the list of sessions.
//!
//! ```text
//! cargo bench --bench engine
//! EVENTS=1000000 cargo bench --bench engine    one more size
//! ```
//!
//! Bare means: the same bytes into one table, the same sync, nothing checked. CPU of the whole process, so the store's own
//! threads count. The ratios are to bare SQLite at the same length; the last column is to the first length.

#![allow(
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a bench waits for real time and prints rounded figures"
)]

#[path = "kit/cpu.rs"]
#[allow(dead_code, reason = "nothing is started here")]
mod cpu;

use rusqlite::Connection;
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::domain::call::{By, Via};
use tackroom::domain::commit::{Class, Commit, Head};
use tackroom::domain::event::{Event, Fact};
use tackroom::domain::ids::{CommitId, EventNo, RunNo, SessionId};
use tackroom::domain::listing::Query;
use tackroom::domain::time::Micros;
use tackroom::ports::index::Index;
use tackroom::ports::log::Log;

/// Appends and reads of one measurement.
const TIMES: u64 = 1_000;
/// Commits of a page, each of one event.
const PAGE: usize = 256;
/// Events of a commit while the store is filled.
const FILL: u64 = 500;
/// Sessions in the list, and rows asked for.
const SESSIONS: u64 = 1_000;
const ROWS: usize = 50;

/// A session being written.
struct Writing {
    store: Sqlite,
    id: SessionId,
    head: Head,
    commits: u128,
}

impl Writing {
    fn new(store: &Sqlite, no: u64) -> Writing {
        let id = SessionId(format!("s{no:09}"));
        Writing { store: store.clone(), id, head: Head::start(), commits: u128::from(no) << 32 }
    }

    /// The next commit, of so many events.
    fn next(&mut self, events: u64) -> Commit {
        self.commits += 1;
        let events = (1..=events).map(|n| event(EventNo(self.head.event.0 + n))).collect();
        let id = CommitId::from_random(self.commits);
        self.head.seal(id, &self.id, (Class::Operator, "bench"), Micros(1), events)
    }

    async fn append(&mut self, events: u64) -> Result<(), Box<dyn Error>> {
        let commit = Arc::new(self.next(events));
        self.head = self.store.append(commit).await?;
        Ok(())
    }
}

fn event(no: EventNo) -> Event {
    let by = By { name: "bench".to_string(), via: Via::Command };
    let text = "The agent reads this before its next turn. ".repeat(8);
    let fact = Fact::OperatorSteered { text, by };
    Event { no, at: Micros(1), run: RunNo(0), span: EventNo(0), parent: EventNo(0), fact }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(writeln!(out, "run with: cargo bench --bench engine")?);
    }
    let mut sizes = vec![10, 10_000, 100_000];
    sizes.extend(std::env::var("EVENTS").ok().and_then(|text| text.parse::<u64>().ok()));
    writeln!(
        out,
        "| at event | append us | bare us | ratio | page of {PAGE} us | bare us | ratio | append, to the first |"
    )?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- | --- | --- |")?;
    let mut first = None;
    for size in sizes {
        let dir = tempfile::tempdir()?;
        let (append, read) = ours(&dir.path().join("ours"), size).await?;
        let (bare, bare_read) = bare(&dir.path().join("bare.db"), size)?;
        let to_first = append / *first.get_or_insert(append);
        let (ratio, read_ratio) = (append / bare, read / bare_read);
        writeln!(
            out,
            "| {size} | {append:.0} | {bare:.0} | {ratio:.2} | {read:.0} | {bare_read:.0} | {read_ratio:.2} | {to_first:.2} |"
        )?;
    }
    let dir = tempfile::tempdir()?;
    let rows = list(dir.path()).await?;
    Ok(writeln!(out, "\n{ROWS} rows of a list of {SESSIONS} sessions: {rows:.0} us")?)
}

/// Microseconds of CPU that one of so many took.
fn each(before: f64, times: u64) -> f64 {
    (cpu::of("self") - before) * 1_000.0 / times as f64
}

async fn ours(dir: &Path, size: u64) -> Result<(f64, f64), Box<dyn Error>> {
    let store = Sqlite::open(dir)?;
    let mut writing = Writing::new(&store, 1);
    while writing.head.event.0 < size {
        writing.append(FILL.min(size - writing.head.event.0)).await?;
    }
    let before = cpu::of("self");
    for _ in 0..TIMES {
        writing.append(1).await?;
    }
    let append = each(before, TIMES);
    let after = writing.head.seq - PAGE as u64;
    let before = cpu::of("self");
    for _ in 0..TIMES {
        std::hint::black_box(store.read(&writing.id, after, PAGE).await?);
    }
    Ok((append, each(before, TIMES)))
}

fn bare(file: &Path, size: u64) -> Result<(f64, f64), Box<dyn Error>> {
    let mut conn = Connection::open(file)?;
    conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    conn.execute_batch("PRAGMA synchronous = FULL; CREATE TABLE events (no INTEGER PRIMARY KEY, json TEXT)")?;
    let mut no = 0;
    let mut append = |events: u64| -> rusqlite::Result<()> {
        let transaction = conn.transaction()?;
        for _ in 0..events {
            no += 1;
            transaction
                .prepare_cached("INSERT INTO events (json) VALUES (?1)")?
                .execute([event(EventNo(no)).to_json()])?;
        }
        transaction.commit()
    };
    for _ in 0..size.div_ceil(FILL) {
        append(FILL.min(size))?;
    }
    let before = cpu::of("self");
    for _ in 0..TIMES {
        append(1)?;
    }
    let cost = each(before, TIMES);
    let before = cpu::of("self");
    for _ in 0..TIMES {
        let mut query = conn.prepare_cached("SELECT json FROM events ORDER BY no DESC LIMIT ?1")?;
        let rows = query.query_map([PAGE as i64], |row| row.get::<_, String>(0))?;
        std::hint::black_box(rows.collect::<Result<Vec<_>, _>>()?);
    }
    Ok((cost, each(before, TIMES)))
}

async fn list(dir: &Path) -> Result<f64, Box<dyn Error>> {
    let store = Sqlite::open(dir)?;
    for no in 0..SESSIONS {
        Writing::new(&store, no).append(2).await?;
    }
    let before = cpu::of("self");
    for _ in 0..TIMES {
        let query = Query { limit: ROWS, ..Query::default() };
        std::hint::black_box(store.rows(query).await?);
    }
    Ok(each(before, TIMES))
}
