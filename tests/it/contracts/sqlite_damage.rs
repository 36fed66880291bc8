//! Damage to the SQLite file: whatever is altered, missing or cut is told, and nothing is written after it.

use super::{Dice, Pen, raw, read_all, said, session};
use crate::harness::cases::cases;
use crate::harness::promise;
use std::path::Path;
use std::sync::Arc;
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::domain::commit::{Class, Commit};
use tackroom::ports::log::{Follow, Log, LogFault, TailItem};

/// A closed store with one session of six commits, two events each.
async fn made() -> (tempfile::TempDir, Vec<Arc<Commit>>) {
    let dir = tempfile::tempdir().unwrap();
    let story = Pen::story(&Sqlite::open(dir.path()).unwrap(), "s1", 6).await;
    (dir, story)
}

/// The store's files again, in another folder.
fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for name in ["tackroom.db", "tackroom.db-wal", "tackroom.anchor"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.path().join(name)).unwrap();
        }
    }
    to
}

async fn first_damage(dir: &Path) -> Result<usize, LogFault> {
    let store = Sqlite::open(dir)?;
    Ok(read_all(&store, &session("s1")).await?.len())
}

/// Ways to alter a commit's columns and a session's line, and the event that is told.
const LINES: [(&str, u64); 19] = [
    ("DELETE FROM commits WHERE seq = 1", 1),
    ("DELETE FROM commits WHERE seq = 3", 5),
    ("DELETE FROM commits WHERE seq = 6", 11),
    (
        "INSERT INTO commits SELECT 99, session, 7, id, prev, epoch, class, writer, at, event, hash, seal, told, hashes FROM commits WHERE seq = 6",
        13,
    ),
    ("UPDATE commits SET class = 'worker' WHERE seq = 2", 3),
    ("UPDATE commits SET class = 'nobody' WHERE seq = 1", 1),
    ("UPDATE commits SET writer = 'mallory' WHERE seq = 4", 7),
    ("UPDATE commits SET at = at + 1 WHERE seq = 4", 7),
    ("UPDATE commits SET id = 'x' WHERE seq = 4", 7),
    ("UPDATE commits SET prev = 'x' WHERE seq = 4", 7),
    ("UPDATE commits SET epoch = 2 WHERE seq = 4", 7),
    ("UPDATE commits SET event = 9 WHERE seq = 4", 9),
    ("UPDATE commits SET seal = zeroblob(32) WHERE seq = 5", 9),
    ("UPDATE sessions SET seq = 5", 11),
    ("UPDATE sessions SET hash = zeroblob(32)", 13),
    ("UPDATE sessions SET head = 'x'", 13),
    ("UPDATE sessions SET epoch = 7", 13),
    ("UPDATE sessions SET seal = zeroblob(32)", 13),
    ("DELETE FROM sessions", 1),
];

/// Ways to alter events that have rows of their own.
const EVENTS: [(&str, u64); 16] = [
    ("UPDATE events SET json = replace(json, 'said 2 ', 'said 3 ') WHERE no = 5", 5),
    ("UPDATE events SET json = json || ' ' WHERE no = 12", 12),
    ("UPDATE events SET json = x'ff00' WHERE no = 7", 7),
    ("UPDATE events SET json = NULL WHERE no = -1; UPDATE events SET json = 7 WHERE no = 7", 7),
    ("UPDATE events SET hash = zeroblob(32) WHERE no = 4", 4),
    ("UPDATE events SET hash = x'00' WHERE no = 4", 4),
    ("UPDATE events SET seq = 5 WHERE no = 4", 4),
    ("DELETE FROM events WHERE no = 1", 1),
    ("DELETE FROM events WHERE no = 6", 6),
    ("DELETE FROM events WHERE no = 12", 12),
    ("DELETE FROM commits WHERE seq = 6; DELETE FROM events WHERE seq = 6", 11),
    ("DELETE FROM commits; DELETE FROM events", 1),
    ("UPDATE events SET no = -no WHERE no IN (5, 6); UPDATE events SET no = 11 + no WHERE no < 0", 5),
    (
        "UPDATE events SET no = 13 WHERE no = 3; UPDATE events SET no = 3 WHERE no = 4; UPDATE events SET no = 4 WHERE no = 13",
        3,
    ),
    ("INSERT INTO events SELECT session, 13, 6, json, hash FROM events WHERE no = 12", 13),
    ("UPDATE commits SET hash = zeroblob(32) WHERE seq = 6", 11),
];

/// Ways to alter events in their commit's row.
const TOLD: [(&str, u64); 14] = [
    ("DELETE FROM commits", 1),
    ("UPDATE commits SET told = replace(told, 'said 2 ', 'said 3 ') WHERE seq = 3", 5),
    ("UPDATE commits SET told = told || ' ' WHERE seq = 6", 12),
    ("UPDATE commits SET told = x'ff00' WHERE seq = 4", 7),
    ("UPDATE commits SET told = 7 WHERE seq = 4", 7),
    ("UPDATE commits SET told = '' WHERE seq = 2", 3),
    ("UPDATE commits SET told = NULL WHERE seq = 2", 3),
    ("UPDATE commits SET told = substr(told, 1, instr(told, char(10)) - 1) WHERE seq = 3", 5),
    ("UPDATE commits SET told = told || char(10) || told WHERE seq = 6", 12),
    ("UPDATE commits SET told = (SELECT told FROM commits WHERE seq = 4) WHERE seq = 3", 5),
    ("UPDATE commits SET hashes = zeroblob(32) WHERE seq = 2", 3),
    ("UPDATE commits SET hashes = x'00' WHERE seq = 2", 3),
    ("UPDATE commits SET hashes = NULL WHERE seq = 2", 3),
    ("UPDATE commits SET hash = zeroblob(32) WHERE seq = 6", 12),
];

#[tokio::test]
async fn what_is_altered_in_the_tables_is_told_where() {
    let (dir, story) = made().await;
    assert_told(dir.path(), &story, &[&LINES[..], &TOLD[..]].concat()).await;
    super::sqlite_texts::to_rows_of_events(dir.path());
    assert_told(dir.path(), &story, &[&LINES[..], &EVENTS[..]].concat()).await;
}

async fn assert_told(dir: &Path, story: &[Arc<Commit>], cases: &[(&str, u64)]) {
    for (sql, wanted) in cases {
        let dir = copy(dir);
        std::fs::remove_file(dir.path().join("tackroom.anchor")).unwrap(); // it would tell of some at once
        raw(dir.path()).execute_batch(sql).unwrap();
        let store = Sqlite::open(dir.path()).unwrap();
        // Who has not read it does not write after it either.
        let mut pen = Pen::new("s1");
        pen.head.clone_from(&head_after(story));
        let commit = pen.seal(Class::Operator, vec![said(9)]);
        let appended = store.append(commit.clone()).await;
        assert!(matches!(appended, Err(LogFault::Damaged { .. })), "{sql}: {appended:?}");
        match read_all(&store, &session("s1")).await {
            Err(LogFault::Damaged { event, why, .. }) => assert_eq!(event.0, *wanted, "{sql}: {why}"),
            other => panic!("{sql}: {other:?}"),
        }
        assert!(matches!(store.append(commit).await, Err(LogFault::Damaged { .. })), "{sql}");
    }
    promise::kept("R7/R8", format!("ways to alter the tables: {}, all told", cases.len()));
}

fn head_after(story: &[Arc<Commit>]) -> tackroom::domain::commit::Head {
    story.iter().fold(tackroom::domain::commit::Head::start(), |head, commit| head.admit(commit).unwrap())
}

#[tokio::test]
async fn every_flipped_byte_of_an_event_is_told() {
    let (dir, _) = made().await;
    let flips = |read: &'static str, write: &'static str| {
        let dir = dir.path();
        async move {
            let bytes: Vec<u8> = raw(dir).query_row(read, [], |row| row.get(0)).unwrap();
            let first_line = bytes.iter().position(|byte| *byte == b'\n');
            for i in 0..bytes.len() {
                let mut flipped = bytes.clone();
                flipped[i] ^= 1 << (i % 8);
                raw(dir).execute(write, [&flipped]).unwrap();
                let wanted = if first_line.is_some_and(|end| i <= end) { 7 } else { 8 };
                match first_damage(dir).await {
                    Err(LogFault::Damaged { event, .. }) => assert_eq!(event.0, wanted, "byte {i}"),
                    other => panic!("byte {i}: {other:?}"),
                }
            }
            raw(dir).execute(write, [&bytes]).unwrap();
            bytes.len()
        }
    };
    let told = flips(
        "SELECT CAST(told AS BLOB) FROM commits WHERE seq = 4",
        "UPDATE commits SET told = CAST(?1 AS TEXT) WHERE seq = 4",
    );
    let told = told.await;
    super::sqlite_texts::to_rows_of_events(dir.path());
    let apart = flips(
        "SELECT CAST(json AS BLOB) FROM events WHERE no = 8",
        "UPDATE events SET json = CAST(?1 AS TEXT) WHERE no = 8",
    );
    println!("flipped bytes of a commit's row and of an event's: {told} and {}, all told", apart.await);
}

/// What may come of a file that was damaged: all that was acknowledged, or a typed fault; never less, never else.
async fn assert_whole_or_told(dir: &Path, story: &[Arc<Commit>], what: &str) -> bool {
    let store = match Sqlite::open(dir) {
        Ok(store) => store,
        Err(LogFault::Unavailable { .. } | LogFault::Damaged { .. }) => return false,
        Err(other) => panic!("{what}: {other:?}"),
    };
    let told = store.writable().is_err();
    match read_all(&store, &session("s1")).await {
        Ok(read) => {
            assert!(told || read == story, "{what}: {} of {} commits and no fault", read.len(), story.len());
            assert!(read == story[..read.len()], "{what}: other commits");
            !told
        }
        Err(LogFault::Unavailable { .. } | LogFault::Damaged { .. }) => false,
        Err(other) => panic!("{what}: {other:?}"),
    }
}

#[tokio::test]
async fn any_flipped_bit_of_the_file_leaves_all_or_a_fault() {
    let (dir, story) = made().await;
    let bytes = std::fs::read(dir.path().join("tackroom.db")).unwrap();
    let cases = cases(300);
    let (mut dice, mut whole) = (Dice(42), 0);
    for _ in 0..cases {
        let bit = usize::try_from(dice.roll(bytes.len() as u64 * 8)).unwrap();
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let copy = copy(dir.path());
        std::fs::write(copy.path().join("tackroom.db"), flipped).unwrap();
        whole += usize::from(assert_whole_or_told(copy.path(), &story, &format!("bit {bit}")).await);
    }
    promise::kept(
        "R7/R8",
        format!("flipped bits: {cases}; told {}, without consequence {whole}", cases - whole),
    );
}

#[tokio::test]
async fn a_torn_file_or_journal_leaves_all_or_a_fault() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let mut story = Pen::story(&store, "s1", 8).await;
    raw(dir.path()).query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
    let mut pen = Pen::after(&store, "s1", 5).await;
    for i in 0..4 {
        story.push(pen.write(&store, Class::Operator, vec![said(i)]).await);
    }
    let (mut cases, mut whole) = (0, 0);
    for (name, page, header) in [("tackroom.db", 4096, 0), ("tackroom.db-wal", 4096 + 24, 32)] {
        let full = std::fs::metadata(dir.path().join(name)).unwrap().len();
        let mut cuts: Vec<u64> =
            (0..=full / page).map(|i| header + i * page).filter(|cut| *cut <= full).collect();
        cuts.extend([1, 31, header + page / 2, full - 1]);
        cuts.push(0);
        for cut in cuts {
            let copy = copy(dir.path());
            let file = std::fs::OpenOptions::new().write(true).open(copy.path().join(name)).unwrap();
            file.set_len(cut).unwrap();
            whole += usize::from(
                assert_whole_or_told(copy.path(), &story, &format!("{name} cut at {cut} of {full}")).await,
            );
            cases += 1;
        }
        let copy = copy(dir.path());
        std::fs::remove_file(copy.path().join(name)).unwrap();
        assert_whole_or_told(copy.path(), &story, &format!("{name} removed")).await;
        assert!(assert_whole_or_told(self::copy(dir.path()).path(), &story, "untouched").await);
    }
    promise::kept(
        "R7/R8",
        format!("cuts of file and journal: {cases}; told {}, whole {whole}", cases - whole),
    );
}

#[tokio::test]
async fn an_older_copy_put_back_is_told_until_its_anchor_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let old = {
        let store = Sqlite::open(dir.path()).unwrap();
        Pen::story(&store, "s1", 3).await
    };
    let backup = std::fs::read(dir.path().join("tackroom.db")).unwrap();
    {
        let store = Sqlite::open(dir.path()).unwrap();
        Pen::after(&store, "s1", 1).await.write(&store, Class::Operator, vec![said(5)]).await;
    }
    std::fs::write(dir.path().join("tackroom.db"), backup).unwrap();
    {
        let store = Sqlite::open(dir.path()).unwrap();
        let LogFault::Unavailable { why } = store.writable().unwrap_err() else { panic!("not unavailable") };
        assert!(why.contains("lost its end") && why.contains("tackroom.anchor"), "{why}");
        assert_eq!(read_all(&store, &session("s1")).await.unwrap(), old);
    }
    std::fs::remove_file(dir.path().join("tackroom.anchor")).unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    Pen::after(&store, "s1", 2).await.write(&store, Class::Operator, vec![said(6)]).await;
}

#[tokio::test]
async fn a_tail_that_meets_damage_is_interrupted() {
    let (dir, story) = made().await;
    raw(dir.path()).execute("UPDATE commits SET hashes = zeroblob(32) WHERE seq = 5", []).unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let mut tail = store.tail(Follow::One(session("s1"), 0));
    for _ in 0..2 {
        let item = tail.next().await;
        let TailItem::Interrupted(LogFault::Damaged { event, .. }) = &item else { panic!("{item:?}") };
        assert_eq!(event.0, 9);
    }
    let good = store.read(&session("s1"), 0, 4).await;
    assert_eq!(good.unwrap(), story[..4], "what is before the damage can be read");
}
