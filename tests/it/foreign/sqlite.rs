//! Other tools' databases: what is read of them, and that no reading leaves a trace.

use super::{Desk, cases, events_of, fixtures, fold, lines};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;
use tackroom::domain::event::Fact;
use tackroom::domain::foreign::Tool;
use tackroom::ports::foreign::Source;

fn make(desk: &Desk, name: &str, sql: &str) -> std::path::PathBuf {
    let path = desk.dir.path().join("db").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(&std::fs::read_to_string(fixtures().join(sql)).unwrap()).unwrap();
    path
}

/// Names, bytes and times of all files of a folder.
fn state(folder: &Path) -> BTreeMap<String, (Vec<u8>, std::time::SystemTime)> {
    let entry = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        let changed = entry.metadata().unwrap().modified().unwrap();
        (entry.file_name().to_string_lossy().into_owned(), (std::fs::read(entry.path()).unwrap(), changed))
    };
    std::fs::read_dir(folder).unwrap().map(entry).collect()
}

#[tokio::test]
async fn databases_are_read() {
    let mut pages = Vec::new();
    for (name, sql) in [("opencode.db", "opencode.sql"), ("sessions.db", "goose.sql")] {
        let desk = Desk::new();
        let path = make(&desk, name, sql);
        let taken = desk.only(&path).await;
        let events = desk.events(&taken.session.clone().unwrap()).await;
        fold(&events);
        let shown: Vec<_> = events
            .into_iter()
            .filter(|event| !matches!(event.fact, Fact::ImportTaken { .. } | Fact::SessionImported { .. }))
            .collect();
        pages.push(format!("{name}: unknown {} damaged {}\n{}", taken.unknown, taken.damaged, lines(&shown)));
    }
    insta::assert_snapshot!("databases", pages.join("\n\n"));
}

#[tokio::test]
async fn no_reading_leaves_a_trace() {
    let desk = Desk::new();
    let path = make(&desk, "opencode.db", "opencode.sql");
    let folder = path.parent().unwrap();
    let before = state(folder);
    desk.only(&path).await;
    assert_eq!(state(folder), before, "a database at rest");
    // Somebody writes: a journal with its index.
    let writer = Connection::open(&path).unwrap();
    writer.pragma_update(None, "journal_mode", "wal").unwrap();
    writer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    let sql = "UPDATE part SET data = '{\"type\":\"tool\",\"tool\":\"bash\",\"state\":{\"status\":\"completed\",\"output\":\"late\"}}' WHERE id = 'prt_8'";
    writer.execute_batch(sql).unwrap();
    let names = |folder: &Path| state(folder).into_keys().collect::<Vec<_>>();
    let taken = desk.only(&path).await;
    assert!(taken.added > 0, "what stands in the journal alone is read");
    let events = desk.events(&taken.session.clone().unwrap()).await;
    let late = |event: &tackroom::domain::event::Event| matches!(&event.fact, Fact::CallRecorded { output, .. } if output.head == "late");
    assert!(events.iter().any(late));
    assert_eq!(names(folder), ["opencode.db", "opencode.db-shm", "opencode.db-wal"]);
    // It was killed, and its index is gone: a journal alone.
    let copy = desk.dir.path().join("killed");
    std::fs::create_dir(&copy).unwrap();
    for name in ["opencode.db", "opencode.db-wal"] {
        std::fs::copy(folder.join(name), copy.join(name)).unwrap();
    }
    let before = state(&copy);
    let other = Desk::new();
    let taken = other.only(&copy.join("opencode.db")).await;
    let events = other.events(&taken.session.unwrap()).await;
    assert!(events.iter().any(late));
    assert_eq!(state(&copy), before, "a database with a journal alone");
    let scratch = other.dir.path().join("scratch");
    assert_eq!(std::fs::read_dir(scratch).unwrap().count(), 0, "the copies are gone");
}

#[test]
fn random_changes_of_a_database_break_nothing() {
    let desk = Desk::new();
    let mut luck: u64 = 88_172_645_463_325_252;
    let mut draw = |most: usize| {
        luck ^= luck << 13;
        luck ^= luck >> 7;
        luck ^= luck << 17;
        luck as usize % most
    };
    let (mut read, mut refused) = (0, 0);
    let kinds = [
        ("opencode.db", "opencode.sql", Tool::Opencode, "ses_db"),
        ("sessions.db", "goose.sql", Tool::Goose, "20260304_1"),
    ];
    for (name, sql, tool, part) in kinds {
        let path = make(&desk, name, sql);
        let bytes = std::fs::read(&path).unwrap();
        let place = desk.dir.path().join(name);
        for _ in 0..cases(1_000) / 10 {
            let mut bytes = bytes.clone();
            for _ in 0..=draw(12) {
                let at = draw(bytes.len());
                bytes[at] = draw(256) as u8;
            }
            if draw(4) == 0 {
                bytes.truncate(draw(bytes.len()));
            }
            std::fs::write(&place, &bytes).unwrap();
            let source =
                Source { tool, path: place.clone(), part: part.into(), bytes: 0, stamp: String::new() };
            let (events, counts) = events_of(&source, desk.dir.path());
            fold(&events);
            if counts.failed.is_some() { refused += 1 } else { read += 1 }
        }
    }
    println!("databases changed at random: {read} read, {refused} refused in a sentence, 0 panics");
    assert!(read > 0 && refused > 0);
}
