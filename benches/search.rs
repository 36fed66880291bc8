//! The session library beside bare SQLite: a page of the list, counts, filters, and searches for rare, common and phrase
//! words, over many sessions with much text.
//!
//! ```text
//! cargo bench --bench search                    2,000 sessions of 20 KB
//! cargo bench --bench search -- 10000 20        10,000 sessions of 20 KB: 200 MB
//! ```
//!
//! Bare means: the same texts in one FTS5 table that keeps them, the same rows in one table with one index, nothing
//! checked, one connection kept open. Times are medians on the clock of the wall; the ratio is what the machine's load
//! cannot change much.

#![allow(
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a bench waits for real time and prints rounded figures"
)]

use rusqlite::Connection;
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::domain::call::{By, Outcome, Output, Via};
use tackroom::domain::commit::{Class, Head};
use tackroom::domain::event::{Event, Fact};
use tackroom::domain::ids::{CallId, CommitId, Epoch, EventNo, RunNo, SessionId};
use tackroom::domain::listing::{Query, Tab};
use tackroom::domain::marks::Mark;
use tackroom::domain::search::Search;
use tackroom::domain::time::Micros;
use tackroom::ports::index::Index;
use tackroom::ports::log::Log;

type Any = Box<dyn Error>;

/// Measured so often; the median counts.
const TIMES: usize = 41;
/// Texts of a session.
const TEXTS: usize = 10;
/// Rows of a page and hits of a search.
const ROWS: usize = 50;
const HITS: usize = 20;
/// Sessions appended at a time.
const GROUP: u64 = 64;

/// Numbers that only look random; the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// A text of about so many bytes, of words of which few are frequent and many are rare.
fn text(dice: &mut Dice, bytes: usize, session: u64, place: usize) -> String {
    let mut text = String::with_capacity(bytes + 64);
    if dice.roll(3) > 0 {
        text.push_str("error ");
    }
    if place == 4 && session % 50 == 7 {
        text.push_str("connection refused by peer ");
    }
    if place == 2 && session % 1_000 == 17 {
        text.push_str("zanzibar ");
    }
    while text.len() < bytes {
        let bound = 1 + dice.roll(30_000);
        let word = dice.roll(bound);
        text.push_str(&format!("w{word:x}{} ", if word.is_multiple_of(9) { "\n" } else { "" }));
    }
    text
}

/// The texts of a session.
fn texts(session: u64, kb: usize) -> Vec<String> {
    let mut dice = Dice(session * 7_919 + 1);
    (0..TEXTS).map(|place| text(&mut dice, kb * 1024 / TEXTS, session, place)).collect()
}

fn by() -> By {
    By { name: "bench".to_string(), via: Via::Command }
}

/// Writes one session in two commits.
async fn write(store: Sqlite, session: u64, kb: usize) -> Result<(), Any> {
    let id = SessionId(format!("s{session:09}"));
    let opened = vec![
        Fact::SessionOpened {
            title: format!("task {session} of the day"),
            agent: "default".to_string(),
            workspace: format!("/srv/project{}", session % 20),
            instructions: String::new(),
            parent: None,
            program: "bench".to_string(),
        },
        Fact::WriterTaken { holder: "bench".to_string(), epoch: Epoch(1) },
    ];
    let ended = |(text, call)| {
        let output = Output { size: 0, head: text, tail: String::new(), blob: None };
        Fact::CallEnded { call: CallId(call), outcome: Outcome::Ok, output, ms: 1 }
    };
    let worked: Vec<Fact> = texts(session, kb).into_iter().zip(1..).map(ended).collect();
    let mut commits = vec![(Class::Worker, opened), (Class::Worker, worked)];
    let mark = match session % 40 {
        0 => Some(Mark::Pin),
        n if n < 8 => Some(Mark::Archive),
        8 => Some(Mark::Delete),
        n if n < 14 => Some(Mark::Tag { tag: "release".to_string() }),
        _ => None,
    };
    commits.extend(mark.map(|mark| (Class::Operator, vec![Fact::SessionMarked { mark, by: by() }])));
    let mut head = Head::start();
    for (class, facts) in commits {
        let events = facts.into_iter().zip(1..).map(|(fact, i)| Event {
            no: EventNo(head.event.0 + i),
            at: Micros((session * 1_000) as i64),
            run: RunNo(0),
            span: EventNo(1),
            parent: EventNo(0),
            fact,
        });
        let commit = CommitId::from_random((u128::from(session) << 16) + u128::from(head.seq) + 1);
        let commit = head.seal(commit, &id, (class, "bench"), Micros(1), events.collect());
        head = store.append(Arc::new(commit)).await?;
    }
    Ok(())
}

async fn fill(store: &Sqlite, sessions: u64, kb: usize) -> Result<(), Any> {
    for from in (0..sessions).step_by(GROUP as usize) {
        let writing = (from..sessions.min(from + GROUP)).map(|session| {
            let store = store.clone();
            tokio::spawn(async move { write(store, session, kb).await.map_err(|error| error.to_string()) })
        });
        for task in writing.collect::<Vec<_>>() {
            task.await??;
        }
    }
    Ok(())
}

/// The same without tackroom.
fn bare(file: &Path, store: &Path, sessions: u64, kb: usize) -> Result<Connection, Any> {
    let mut conn = Connection::open(file)?;
    conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    conn.execute_batch(
        "CREATE VIRTUAL TABLE texts USING fts5 (text);
         CREATE TABLE sessions (id TEXT PRIMARY KEY, updated INTEGER, json TEXT);
         CREATE INDEX by_updated ON sessions (updated);",
    )?;
    conn.execute("ATTACH ?1 AS store", [store.to_str()])?;
    conn.execute_batch("INSERT INTO sessions SELECT id, updated, tally FROM store.sessions")?;
    conn.execute_batch("DETACH store")?;
    let writing = conn.transaction()?;
    for session in 0..sessions {
        for text in texts(session, kb) {
            writing.prepare_cached("INSERT INTO texts (text) VALUES (?1)")?.execute([text])?;
        }
    }
    writing.commit()?;
    Ok(conn)
}

/// The median of so many, in milliseconds.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn bare_time(conn: &Connection, sql: &str, bound: &[&dyn rusqlite::ToSql]) -> Result<f64, Any> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        let mut query = conn.prepare_cached(sql)?;
        let mut rows = query.query(bound)?;
        while let Some(row) = rows.next()? {
            std::hint::black_box(row.get_ref(0)?);
        }
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(median(times))
}

async fn list_time(store: &Sqlite, query: &Query, rows: Option<usize>) -> Result<f64, Any> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        match rows {
            Some(most) => assert!(store.rows(query.clone()).await?.len() <= most, "{query:?}"),
            None => drop(store.counts(query.clone()).await?),
        }
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(median(times))
}

async fn search_time(store: &Sqlite, search: &Search) -> Result<(f64, usize), Any> {
    let (mut times, mut hits) = (Vec::new(), 0);
    for _ in 0..TIMES {
        let begun = Instant::now();
        hits = store.search(search.clone()).await?.hits.len();
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok((median(times), hits))
}

/// Takes up everything; the longest batch in milliseconds.
async fn take_up(store: &Sqlite) -> Result<f64, Any> {
    let mut longest: f64 = 0.0;
    loop {
        let begun = Instant::now();
        let whole = store.take_up(0).await?.whole();
        longest = longest.max(begun.elapsed().as_secs_f64() * 1_000.0);
        if whole {
            return Ok(longest);
        }
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Any> {
    let mut out = std::io::stdout();
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(writeln!(out, "run with: cargo bench --bench search [-- SESSIONS KB]")?);
    }
    let sizes: Vec<u64> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let sessions = sizes.first().copied().unwrap_or(2_000);
    let kb = sizes.get(1).map_or(20, |kb| *kb as usize);
    let dir = tempfile::tempdir()?;
    let ours = dir.path().join("ours");
    let store = Sqlite::open(&ours)?;
    fill(&store, sessions, kb).await?;
    let size = |store: &Sqlite| std::fs::metadata(store.file()).map_or(0, |meta| meta.len()) / 1_000_000;
    drop(store);
    let store = Sqlite::open(&ours)?;
    let before = size(&store);
    let begun = Instant::now();
    let longest = take_up(&store).await?;
    let took = begun.elapsed().as_secs_f64();
    drop(store);
    let store = Sqlite::open(&ours)?;
    let text = sessions as f64 * kb as f64 * 1024.0 / 1_000_000.0;
    writeln!(
        out,
        "{sessions} sessions, {text:.0} MB of text; file {before} MB, with the index {} MB",
        size(&store)
    )?;
    writeln!(
        out,
        "taken up in {took:.1} s ({:.0} MB/s), longest batch {longest:.0} ms\n",
        text / took.max(0.001)
    )?;
    let plain = bare(&dir.path().join("bare.db"), store.file(), sessions, kb)?;
    writeln!(out, "| what | ms | bare ms | ratio |")?;
    writeln!(out, "| --- | --- | --- | --- |")?;
    let mut line = |what: &str, own: f64, bare: f64| {
        writeln!(out, "| {what} | {own:.2} | {bare:.2} | {:.1} |", own / bare.max(0.001))
    };
    let page = "SELECT json FROM sessions ORDER BY updated DESC LIMIT ?1";
    let bare_page = bare_time(&plain, page, &[&(ROWS as i64)])?;
    let bare_all = bare_time(&plain, "SELECT updated, count(*) FROM sessions GROUP BY updated % 7", &[])?;
    let bare_like = bare_time(&plain, "SELECT json FROM sessions WHERE json LIKE '%task 1%' LIMIT 50", &[])?;
    let query = Query { limit: ROWS, ..Query::default() };
    let rows = |tab: Tab| Query { tab, ..query.clone() };
    line("page of 50, all", list_time(&store, &query, Some(ROWS)).await?, bare_page)?;
    line("page of 50, archived", list_time(&store, &rows(Tab::Archived), Some(ROWS)).await?, bare_page)?;
    line("page of an empty tab", list_time(&store, &rows(Tab::Running), Some(0)).await?, bare_page)?;
    line("counts of all tabs", list_time(&store, &query, None).await?, bare_all)?;
    let filtered = Query { text: "task 1".to_string(), ..query.clone() };
    line("page filtered by words", list_time(&store, &filtered, Some(ROWS)).await?, bare_like)?;
    let nothing = Query { text: "nowhere to be found".to_string(), ..query.clone() };
    line("filter that fits nothing", list_time(&store, &nothing, Some(0)).await?, bare_like)?;
    line("counts filtered by words", list_time(&store, &filtered, None).await?, bare_like)?;
    let newest = "SELECT snippet(texts, 0, '<', '>', '…', 20) FROM texts WHERE texts MATCH ?1 ORDER BY rowid DESC LIMIT 20";
    let best =
        "SELECT snippet(texts, 0, '<', '>', '…', 20) FROM texts WHERE texts MATCH ?1 ORDER BY rank LIMIT 20";
    for (what, words) in [
        ("rare word", "zanzibar"),
        ("common word", "error"),
        ("phrase", "\"connection refused by peer\""),
        ("beginning", "zanz*"),
        ("nothing", "xylophone"),
    ] {
        for (rank, sql) in [(false, newest), (true, best)] {
            let search = Search { words: words.to_string(), rank, limit: HITS, before: None };
            let (own, hits) = search_time(&store, &search).await?;
            let bare = bare_time(&plain, sql, &[&words])?;
            let order = if rank { "best first" } else { "newest first" };
            line(&format!("{what}, {order}, {hits} hits"), own, bare)?;
        }
    }
    Ok(())
}
