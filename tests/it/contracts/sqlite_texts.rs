//! Search in an SQLite file: stores of older formats, work that is broken off, other processes, and what an append pays.

use super::search::{say, search};
use super::{Pen, raw, session};
use rusqlite::params;
use std::path::Path;
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::domain::commit::Class;
use tackroom::domain::listing::{Query, Tab};
use tackroom::ports::index::Index;

/// A store with a row for each event, as before format 5 and for bytes that have line breaks.
pub fn to_rows_of_events(dir: &Path) {
    let conn = raw(dir);
    let mut query = conn
        .prepare("SELECT session, seq, event, hash, told, hashes FROM commits WHERE told NOT NULL")
        .unwrap();
    let mut rows = query.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (session, seq, last): (String, i64, i64) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        let (hash, told): (Vec<u8>, String) = (row.get(3).unwrap(), row.get(4).unwrap());
        let hashes: Option<Vec<u8>> = row.get(5).unwrap();
        let hashes = [hashes.unwrap_or_default(), hash].concat();
        let first = last + 1 - i64::try_from(told.lines().count()).unwrap();
        for ((json, hash), no) in told.lines().zip(hashes.chunks(32)).zip(first..) {
            conn.execute(
                "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5)",
                params![session, no, seq, json, hash],
            )
            .unwrap();
        }
    }
    conn.execute("UPDATE commits SET told = NULL, hashes = NULL", []).unwrap();
}

/// Makes a store what it was in format 2.
pub fn to_format_2(dir: &Path) {
    to_rows_of_events(dir);
    raw(dir)
        .execute_batch(
            "ALTER TABLE commits DROP COLUMN told; ALTER TABLE commits DROP COLUMN hashes;
             DROP TABLE texts; DROP TABLE purged; DROP TABLE uses; DELETE FROM meta WHERE key LIKE 'texts_%';
             DROP INDEX sessions_listed; DROP INDEX sessions_old_fold; ALTER TABLE sessions DROP COLUMN listed;
             CREATE INDEX sessions_by_updated ON sessions (updated);
             ALTER TABLE sessions DROP COLUMN tab; ALTER TABLE sessions DROP COLUMN pinned;
             ALTER TABLE sessions DROP COLUMN words; ALTER TABLE sessions DROP COLUMN fold;
             PRAGMA user_version = 2;",
        )
        .unwrap();
}

async fn filled(dir: &Path, sessions: u64) {
    let store = Sqlite::open(dir).unwrap();
    for i in 0..sessions {
        let mut pen = Pen::new(&format!("s{i}"));
        pen.open(&store).await;
        for k in 0..20 {
            let filler = "some filler text of no interest ".repeat(60);
            pen.write(&store, Class::Operator, vec![say(&format!("common {k} rare{i}x{k} {filler}"))]).await;
        }
    }
}

#[tokio::test]
async fn an_older_store_is_read_as_it_is_and_taken_up_when_opened() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 3).await;
    to_format_2(dir.path());
    let text = Query { text: "A TITLE".to_string(), limit: 9, ..Query::default() };
    {
        let reading = Sqlite::open_read_only(dir.path()).unwrap().unwrap();
        assert_eq!(reading.rows(text.clone()).await.unwrap().len(), 3);
        assert_eq!(reading.counts(text.clone()).await.unwrap().of(Tab::All), 3);
        let found = reading.search(search("common")).await.unwrap();
        assert_eq!((found.hits.len(), found.progress.done, found.progress.all), (0, 0, 63));
        assert_eq!(reading.take_up(10).await.unwrap().done, 0);
    }
    let store = Sqlite::open(dir.path()).unwrap();
    assert_eq!(store.search(search("common")).await.unwrap().progress.done, 0);
    assert_eq!(store.rows(text.clone()).await.unwrap().len(), 3);
    while !store.take_up(0).await.unwrap().whole() {}
    assert_eq!(store.search(search("common")).await.unwrap().hits.len(), 60);
    assert_eq!(store.search(search("rare1x7")).await.unwrap().hits[0].session, session("s1"));
    assert_eq!(store.rows(text).await.unwrap().len(), 3);
    let old: i64 = raw(dir.path())
        .query_row("SELECT count(*) FROM sessions WHERE fold < 1", [], |row| row.get(0))
        .unwrap();
    assert_eq!(old, 0);
}

#[tokio::test]
async fn taking_up_goes_on_where_it_was_broken_off_the_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 30).await;
    to_format_2(dir.path());
    let (mut opens, mut before) = (0, 0);
    loop {
        let store = Sqlite::open(dir.path()).unwrap();
        let progress = store.take_up(0).await.unwrap();
        opens += 1;
        if before == 0 {
            assert_eq!(store.search(search("rare29x19")).await.unwrap().hits.len(), 1, "the newest first");
            assert_eq!(store.search(search("rare0x0")).await.unwrap().hits.len(), 0);
            assert!(!progress.whole() && progress.percent() < 100, "{progress:?}");
            let mut pen = Pen::after(&store, "s0", 9).await;
            pen.write(&store, Class::Operator, vec![say("brandnew")]).await;
        }
        if opens == 2 {
            let hits = store.search(search("brandnew")).await.unwrap().hits;
            assert_eq!(hits.len(), 1, "what comes is taken up before what was");
        }
        assert!(progress.done >= before);
        before = progress.done;
        if progress.whole() {
            break;
        }
    }
    let store = Sqlite::open(dir.path()).unwrap();
    for i in 0..30 {
        assert_eq!(store.search(search(&format!("rare{i}x3"))).await.unwrap().hits.len(), 1, "{i}");
    }
    assert!(opens > 3, "{opens}");
    println!("taken up in {opens} goes");
}

#[tokio::test]
async fn two_processes_take_up_and_write_beside_each_other() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 10).await;
    to_format_2(dir.path());
    let (a, b) = (Sqlite::open(dir.path()).unwrap(), Sqlite::open(dir.path()).unwrap());
    let writing = async {
        let mut pen = Pen::after(&a, "s0", 5).await;
        for i in 0..50 {
            pen.write(&a, Class::Operator, vec![say(&format!("meanwhile {i}"))]).await;
        }
    };
    let taking = |store: Sqlite| async move { while !store.take_up(1).await.unwrap().whole() {} };
    tokio::join!(writing, taking(a.clone()), taking(b.clone()));
    taking(b.clone()).await;
    for store in [a, b] {
        assert_eq!(store.search(search("meanwhile")).await.unwrap().hits.len(), 50);
        let limit = 1_000;
        let common = store.search(tackroom::domain::search::Search { limit, ..search("common") }).await;
        assert_eq!(common.unwrap().hits.len(), 200);
    }
}

/// The law of this index: the hot path does not touch it.
#[tokio::test]
async fn an_append_writes_nothing_into_the_index() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 2).await;
    let rows = |table: &str| -> i64 {
        raw(dir.path()).query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!(rows("texts_docsize"), 0);
    let store = Sqlite::open(dir.path()).unwrap();
    while !store.take_up(100).await.unwrap().whole() {}
    assert_eq!(rows("texts_docsize"), 42, "40 texts and two titles");
}
