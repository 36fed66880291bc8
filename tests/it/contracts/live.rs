//! `Live`: drafts in order, of one session, lossy.

use super::{Rig, each_engine, session, until};
use std::time::{Duration, Instant};
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::domain::message::Draft;
use tackroom::ports::live::{Ear, Live};

each_engine!(drafts_of_one_session_are_heard_in_order, shouting_never_waits);

fn text(i: usize) -> Draft {
    Draft::Text(format!("[{i}]"))
}

async fn heard(ear: &mut dyn Ear) -> Draft {
    let next = tokio::time::timeout(Duration::from_secs(5), ear.next()).await;
    next.expect("nothing is heard").expect("the ear is deaf")
}

async fn drafts_of_one_session_are_heard_in_order(rig: Rig) {
    let mut ear = rig.live.hear(&session("s1"));
    for i in 0..100 {
        rig.live.shout(&session("s2"), text(i + 1_000));
        rig.live.shout(&session("s1"), text(i));
    }
    for i in 0..100 {
        assert_eq!(heard(&mut *ear).await, text(i));
    }
}

async fn shouting_never_waits(rig: Rig) {
    let mut ear = rig.live.hear(&session("s1"));
    let begun = Instant::now();
    for i in 0..20_000 {
        rig.live.shout(&session("s1"), text(i));
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    let Draft::Text(first) = heard(&mut *ear).await else { panic!("not a text") };
    assert_ne!(first, "[0]", "a slow ear has gaps");
    drop(rig);
}

#[tokio::test]
async fn another_handle_on_the_folder_hears_too() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (Sqlite::open(dir.path()).unwrap(), Sqlite::open(dir.path()).unwrap());
    let mut ear = b.hear(&session("s1"));
    let (mut told, mut i) = (String::new(), 0);
    while told.matches('[').count() < 100 {
        a.shout(&session("s1"), text(i));
        a.shout(&session("s2"), text(i));
        i += 1;
        assert!(i < 5_000, "heard only {told}");
        match tokio::time::timeout(Duration::from_millis(10), ear.next()).await {
            Ok(Some(Draft::Text(more))) => told.push_str(&more),
            Ok(other) => panic!("{other:?}"),
            Err(_) => {} // nothing yet
        }
    }
    let numbers: Vec<usize> =
        told.split(['[', ']']).filter(|part| !part.is_empty()).map(|part| part.parse().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "in order: {told}");
    println!("drafts heard by another handle: {} of {i}", numbers.len());
}

#[tokio::test]
async fn nobody_elsewhere_nothing_written_and_rubbish_is_ignored() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("live.db"), vec![7; 10_000]).unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let mut ear = store.hear(&session("s1"));
    store.shout(&session("s1"), text(1));
    assert_eq!(heard(&mut *ear).await, text(1));
    let count = |table: &str| -> Option<i64> {
        let conn = rusqlite::Connection::open(dir.path().join("live.db")).ok()?;
        conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).ok()
    };
    until("the rubbish is gone and the ear is known", || {
        store.shout(&session("s1"), text(2));
        count("ears") == Some(1)
    })
    .await;
    assert_eq!(count("drafts"), Some(0));
}

#[tokio::test]
async fn an_ear_ends_with_its_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let mut ear = store.hear(&session("s1"));
    drop(store);
    let last = tokio::time::timeout(Duration::from_secs(5), ear.next()).await;
    assert_eq!(last, Ok(None));
}
