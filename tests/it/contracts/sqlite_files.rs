//! The SQLite engine's files: who may read them, which formats it knows, what a full disk does, what a commit costs.

use super::{Pen, asked, raw, read_all, said, session, until};
use crate::harness::promise;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use tackroom::adapters::engine::sqlite::{Options, Sqlite};
use tackroom::domain::commit::{Class, Head, Told};
use tackroom::domain::event::Fact;
use tackroom::domain::listing::Query;
use tackroom::ports::blobs::Blobs;
use tackroom::ports::index::Index;
use tackroom::ports::live::Live;
use tackroom::ports::log::{Log, LogFault};
use tackroom::ports::work::Work;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

pub fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn only_the_owner_may_look_in() {
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("a").join("data");
    let store = Sqlite::open(&dir).unwrap();
    Pen::new("s1").open(&store).await;
    let claim = store.claim(&session("s1")).unwrap();
    let _ear = store.hear(&session("s1"));
    until("the drafts' files are there", || dir.join("live.db-shm").exists()).await;
    for folder in [outer.path().join("a"), dir.clone(), dir.join("locks")] {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
    }
    let wanted = [
        "live.db",
        "live.db-shm",
        "live.db-wal",
        "locks",
        "tackroom.anchor",
        "tackroom.db",
        "tackroom.db-shm",
        "tackroom.db-wal",
    ];
    assert_eq!(names(&dir), wanted);
    for name in wanted.into_iter().filter(|name| *name != "locks").chain(["locks/s1"]) {
        assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
    }
    drop((claim, store));
    std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::set_permissions(dir.join("tackroom.db"), PermissionsExt::from_mode(0o644)).unwrap();
    let _store = Sqlite::open(&dir).unwrap();
    assert_eq!((mode(&dir), mode(&dir.join("tackroom.db"))), (0o700, 0o600), "closed again");
    promise::kept("L3", "4 folders 0700, 8 files 0600, also where they were opened to others");
}

#[tokio::test]
async fn a_store_is_opened_again_and_reading_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Sqlite::open_read_only(dir.path()).unwrap().is_none());
    assert!(Sqlite::open_read_only(&dir.path().join("nowhere")).unwrap().is_none());
    assert!(names(dir.path()).is_empty());
    let story = {
        let store = Sqlite::open(dir.path()).unwrap();
        Pen::story(&store, "s1", 10).await
    };
    for copied in [false, true] {
        if copied {
            std::fs::remove_file(dir.path().join("tackroom.db-wal")).unwrap();
            std::fs::remove_file(dir.path().join("tackroom.db-shm")).unwrap();
        }
        let before = (names(dir.path()), std::fs::read(dir.path().join("tackroom.db")).unwrap());
        let reading = Sqlite::open_read_only(dir.path()).unwrap().unwrap();
        assert_eq!(read_all(&reading, &session("s1")).await.unwrap(), story);
        assert_eq!(reading.find("s", 9).await.unwrap().len(), 1);
        assert!(!reading.taken(&session("s1")).unwrap());
        let mut pen = Pen::after(&reading, "s1", 1).await;
        let refused = reading.append(pen.seal(Class::Operator, vec![said(1)])).await;
        assert!(matches!(refused, Err(LogFault::Unavailable { .. })), "{refused:?}");
        assert!(reading.put(Arc::from(&b"x"[..])).await.is_err());
        drop(reading);
        assert_eq!(before, (names(dir.path()), std::fs::read(dir.path().join("tackroom.db")).unwrap()));
    }
    let store = Sqlite::open(dir.path()).unwrap();
    assert_eq!(read_all(&store, &session("s1")).await.unwrap(), story);
    let mut pen = Pen::after(&store, "s1", 2).await;
    pen.write(&store, Class::Operator, vec![said(1)]).await;
}

/// A store as format 1 left it.
fn to_format_1(dir: &Path) {
    super::sqlite_texts::to_format_2(dir);
    raw(dir)
        .execute_batch("DROP INDEX sessions_by_updated; DROP INDEX sessions_held; PRAGMA user_version = 1;")
        .unwrap();
}

#[tokio::test]
async fn an_older_format_is_brought_up_and_a_newer_one_only_read() {
    let dir = tempfile::tempdir().unwrap();
    let story = Pen::story(&Sqlite::open(dir.path()).unwrap(), "s1", 5).await;
    to_format_1(dir.path());
    assert_eq!(
        read_all(&Sqlite::open_read_only(dir.path()).unwrap().unwrap(), &session("s1")).await.unwrap(),
        story
    );
    {
        let store = Sqlite::open(dir.path()).unwrap();
        store.writable().unwrap();
        assert_eq!(read_all(&store, &session("s1")).await.unwrap(), story);
        assert_eq!(store.rows(Query { limit: 5, ..Query::default() }).await.unwrap().len(), 1);
        Pen::after(&store, "s1", 1).await.write(&store, Class::Operator, vec![said(1)]).await;
    }
    let conn = raw(dir.path());
    let format: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let indexes: i64 = conn
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sessions\\_%' ESCAPE '\\'", [], |r| {
            r.get(0)
        })
        .unwrap();
    assert_eq!((format, indexes), (5, 3));
    conn.execute_batch("PRAGMA user_version = 99").unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    assert_eq!(store.read(&session("s1"), 0, 99).await.unwrap().len(), 6);
    let LogFault::Unavailable { why } = store.writable().unwrap_err() else { panic!("not unavailable") };
    assert!(why.contains("newer tackroom") && why.contains("format 99"), "{why}");
    let mut pen = Pen::after(&store, "s1", 9).await;
    assert!(store.append(pen.seal(Class::Operator, vec![said(1)])).await.is_err());
}

#[tokio::test]
async fn what_is_no_store_is_left_alone() {
    for content in [&b"not a database at all, but long enough to look like one maybe"[..], b"x"] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("tackroom.db"), content).unwrap();
        assert!(matches!(Sqlite::open(dir.path()), Err(LogFault::Unavailable { .. })));
        assert!(matches!(Sqlite::open_read_only(dir.path()), Err(LogFault::Unavailable { .. })));
        assert_eq!(std::fs::read(dir.path().join("tackroom.db")).unwrap(), content);
    }
    let dir = tempfile::tempdir().unwrap();
    raw(dir.path()).execute_batch("CREATE TABLE mine (a)").unwrap();
    let Err(LogFault::Unavailable { why }) = Sqlite::open(dir.path()) else { panic!("opened") };
    assert!(why.contains("not a tackroom store"), "{why}");
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("tackroom.db")).unwrap();
    assert!(Sqlite::open(dir.path()).is_err());
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(Sqlite::open(file.path()).is_err(), "a folder that is a file");
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_work_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let (mut acknowledged, mut pen) = (Vec::new(), Pen::new("s1"));
    {
        let store =
            Sqlite::open_with(dir.path(), Options { max_pages: Some(60), ..Options::default() }).unwrap();
        acknowledged.push(pen.open(&store).await);
        let fault = loop {
            let text = "x".repeat(700);
            let fact = Fact::OperatorSaid { text, by: super::by() };
            let commit = pen.seal(Class::Operator, vec![fact, said(1)]);
            match store.append(commit.clone()).await {
                Ok(head) => {
                    pen.head = head;
                    acknowledged.push(commit);
                }
                Err(fault) => break fault,
            }
        };
        let LogFault::Full { file } = &fault else { panic!("{fault:?}") };
        assert!(file.contains("tackroom.db"), "{file}");
        assert!(fault.to_string().starts_with("the disk is full ("), "{fault}");
        assert_eq!(store.head(&pen.session).await, Ok(pen.head.clone()));
        assert_eq!(read_all(&store, &pen.session).await.unwrap(), acknowledged);
        assert!(store.put(vec![1; 100_000].into()).await.is_err());
        let small = store.put(Arc::from(&b"x"[..])).await;
        assert!(matches!(small, Ok(_) | Err(LogFault::Full { .. })));
    }
    let store = Sqlite::open(dir.path()).unwrap();
    acknowledged.push(pen.write(&store, Class::Operator, vec![said(2)]).await);
    assert_eq!(read_all(&store, &pen.session).await.unwrap(), acknowledged);
    promise::kept("R5/R6", format!("full disk after {} commits: 0 lost", acknowledged.len() - 1));
}

#[tokio::test]
async fn a_file_that_is_replaced_under_the_store_gets_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let mut pen = Pen::new("s1");
    pen.open(&store).await;
    let file = dir.path().join("tackroom.db");
    std::fs::rename(&file, dir.path().join("moved.db")).unwrap();
    let gone = store.append(pen.seal(Class::Operator, vec![said(1)])).await;
    assert!(
        matches!(&gone, Err(LogFault::Unavailable { why }) if why.contains("replaced or deleted")),
        "{gone:?}"
    );
    std::fs::copy(dir.path().join("moved.db"), &file).unwrap();
    assert!(store.append(pen.seal(Class::Operator, vec![said(1)])).await.is_err());
    std::fs::remove_file(&file).unwrap();
    std::fs::rename(dir.path().join("moved.db"), &file).unwrap();
    pen.write(&store, Class::Operator, vec![said(1)]).await;
    promise::kept("R11–R13", "a file moved away, replaced and put back under a writer: 2 of 2 noticed");
}

/// Pages that one commit adds to the journal.
async fn pages(store: &Sqlite, dir: &Path, pen: &mut Pen) -> u64 {
    raw(dir).query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    pen.write(store, Class::Operator, vec![said(7)]).await;
    std::fs::metadata(dir.join("tackroom.db-wal")).unwrap().len() / (2048 + 24)
}

#[tokio::test]
async fn a_commit_costs_the_same_however_long_the_session_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let mut pen = Pen::new("s1");
    pen.open(&store).await;
    let mut cost = Vec::new();
    for events in [10, 1_000, 100_000] {
        while pen.head.event.0 < events {
            pen.write(&store, Class::Operator, (0..1_000.min(events)).map(said).collect()).await;
        }
        let mut least = u64::MAX; // the usual cost: now and then a page fills up and is split
        for _ in 0..5 {
            least = least.min(pages(&store, dir.path(), &mut pen).await);
        }
        cost.push((pen.head.event.0, least));
    }
    println!("pages written by a commit, by events before it: {cost:?}");
    assert!(cost.iter().all(|(_, pages)| *pages <= cost[0].1 + 1), "{cost:?}");
    // The session's line, the commit with its events, and the commits' index.
    assert!(cost.iter().all(|(_, pages)| *pages <= 4), "{cost:?}");
}

/// The bytes of an event are kept exactly, also those that have line breaks: they come from elsewhere.
#[tokio::test]
async fn bytes_with_line_breaks_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let mut pen = Pen::new("s1");
    let mut story = vec![pen.open(&store).await, pen.write(&store, Class::Operator, vec![said(1)]).await];
    for broken in [false, true, false] {
        let sealed = pen.seal(Class::Operator, vec![said(2), said(3)]);
        let told = sealed.events.iter().map(|sealed| Told {
            event: sealed.event.clone(),
            json: if broken { sealed.json.replace(",\"", ",\r\n  \"") } else { sealed.json.to_string() }
                .into(),
        });
        let by = (sealed.class, sealed.writer.as_str());
        let commit =
            Arc::new(pen.head.seal_told(sealed.id.clone(), &sealed.session, by, sealed.at, told.collect()));
        pen.head = store.append(commit.clone()).await.unwrap();
        story.push(commit);
    }
    assert!(story[3].events[0].json.contains("\r\n"));
    assert_eq!(read_all(&store, &session("s1")).await.unwrap(), story);
    let store = Sqlite::open(dir.path()).unwrap();
    assert_eq!(store.read(&session("s1"), 2, 9).await.unwrap(), story[2..]);
    while !store.take_up(50).await.unwrap().whole() {}
}

#[tokio::test]
async fn every_query_goes_by_an_index() {
    let dir = tempfile::tempdir().unwrap();
    Sqlite::open(dir.path()).unwrap();
    let conn = raw(dir.path());
    let sources = [
        include_str!("../../../src/adapters/engine/sqlite/rows.rs"),
        include_str!("../../../src/adapters/engine/sqlite/commits.rs"),
        include_str!("../../../src/adapters/engine/sqlite/reader.rs"),
        include_str!("../../../src/adapters/engine/sqlite/writer.rs"),
    ];
    let order = "ORDER BY updated DESC, id";
    let texts = sources.iter().flat_map(|source| source.split('"').skip(1).step_by(1));
    let queries: Vec<_> = texts
        .filter(|text| ["SELECT ", "UPDATE ", "DELETE "].iter().any(|verb| text.starts_with(verb)))
        .map(|text| text.replace("{order}", order).replace("{told}", "told, hashes"))
        .collect();
    for query in &queries {
        let mut plan = conn.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let params = vec![rusqlite::types::Null; plan.parameter_count()];
        let lines =
            plan.query_map(rusqlite::params_from_iter(params), |row| row.get::<_, String>(3)).unwrap();
        for line in lines.map(Result::unwrap) {
            let by_index = line.starts_with("SEARCH") || line.contains("USING INDEX");
            let last_term = line.contains("LAST TERM OF ORDER BY");
            assert!(by_index || last_term, "{query}\n{line}");
        }
    }
    assert!(queries.len() >= 12, "{queries:#?}");
    println!("queries looked at: {}, all by an index", queries.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_that_wait_share_a_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let before = store.transactions();
    let tasks: Vec<_> = (0..64)
        .map(|i| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut pen = Pen::new(&format!("s{i}"));
                pen.open(&store).await;
                for i in 0..9 {
                    pen.write(&store, Class::Operator, vec![said(i)]).await;
                }
                // One that is refused does not hurt the others of its group.
                assert!(store.append(pen.seal(Class::Operator, vec![asked()])).await.is_err());
                pen.head
            })
        })
        .collect();
    for (i, task) in tasks.into_iter().enumerate() {
        let head: Head = task.await.unwrap();
        assert_eq!(store.head(&session(&format!("s{i}"))).await, Ok(head));
    }
    let transactions = store.transactions() - before;
    println!("640 commits in {transactions} transactions");
    assert!(transactions < 500);
}

/// Cause: killed between the file's making and its switch to WAL, a process left a rollback journal, and the next one could
/// not even look at the store: "read-only".
#[tokio::test]
async fn a_rollback_journal_of_a_killed_process_is_played_back() {
    let dir = tempfile::tempdir().unwrap();
    let story = Pen::story(&Sqlite::open(dir.path()).unwrap(), "s1", 6).await;
    let conn = rusqlite::Connection::open(dir.path().join("tackroom.db")).unwrap();
    conn.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).unwrap();
    conn.execute_batch(
        "PRAGMA cache_size = 2; BEGIN IMMEDIATE; UPDATE commits SET told = 'torn';
         CREATE TABLE filler (x); INSERT INTO filler SELECT randomblob(4000) FROM commits, commits c, commits d;",
    )
    .unwrap();
    for read_only in [false, true] {
        let torn = tempfile::tempdir().unwrap();
        for name in ["tackroom.db", "tackroom.db-journal", "tackroom.anchor"] {
            std::fs::copy(dir.path().join(name), torn.path().join(name)).unwrap();
        }
        let store = match read_only {
            true => Sqlite::open_read_only(torn.path()).unwrap().unwrap(),
            false => Sqlite::open(torn.path()).unwrap(),
        };
        assert_eq!(read_all(&store, &session("s1")).await.unwrap(), story);
    }
}
