//! `Log::purge`: only what is in the bin goes, all of it goes, and what is left holds together.

use super::search::{found, say};
use super::{Pen, Rig, by, each_engine, raw, read_all, session};
use std::sync::Arc;
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::domain::call::{Outcome, Output};
use tackroom::domain::commit::Class;
use tackroom::domain::event::Fact;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::CallId;
use tackroom::domain::listing::Query;
use tackroom::domain::marks::Mark;
use tackroom::ports::index::Index;
use tackroom::ports::log::{Follow, Log, TailItem};

each_engine!(only_the_bin_is_purged, content_that_others_use_stays, what_lies_aside_goes_with_its_session);

fn mark(mark: Mark) -> Vec<Fact> {
    vec![Fact::SessionMarked { mark, by: by() }]
}

/// A session with a word of its own, in the bin if wanted.
async fn told(log: &dyn Log, name: &str, binned: bool) -> Pen {
    let mut pen = Pen::new(name);
    pen.open(log).await;
    pen.write(log, Class::Operator, vec![say(&format!("word {name}")), say("more")]).await;
    if binned {
        pen.write(log, Class::Operator, mark(Mark::Delete)).await;
    }
    pen
}

/// T7: what is made of a session's words is gone with it.
async fn what_lies_aside_goes_with_its_session(rig: Rig) {
    let (kept, binned) = (session("s1"), session("s2"));
    for (id, is_binned) in [(&kept, false), (&binned, true)] {
        told(&*rig.log, id.as_str(), is_binned).await;
        assert_eq!(rig.log.aside(id).await, Ok(None));
        for words in ["made of it", "made of it again"] {
            rig.log.keep_aside(id, vec![words[..4].into(), words[4..].into()]).await.unwrap();
            assert_eq!(rig.log.aside(id).await, Ok(Some(words.into())));
        }
    }
    assert_eq!(rig.log.purge(&binned).await, Ok(true));
    assert_eq!(rig.log.aside(&binned).await, Ok(None));
    rig.log.keep_aside(&binned, vec!["too late".into()]).await.unwrap();
    assert_eq!(rig.log.aside(&binned).await, Ok(None), "nothing is kept of who is gone");
    assert_eq!(rig.log.aside(&kept).await, Ok(Some("made of it again".into())));
}

async fn only_the_bin_is_purged(rig: Rig) {
    for (name, binned) in [("s1", false), ("s2", true), ("s3", false)] {
        told(&*rig.log, name, binned).await;
    }
    let mut tail = rig.log.tail(Follow::All);
    assert_eq!(rig.log.purge(&session("s1")).await, Ok(false));
    assert_eq!(rig.log.purge(&session("none")).await, Ok(false));
    assert_eq!(rig.log.purge(&session("s2")).await, Ok(true));
    assert_eq!(rig.log.purge(&session("s2")).await, Ok(false));
    assert_eq!(read_all(&*rig.log, &session("s2")).await, Ok(vec![]));
    assert_eq!(rig.index.row(&session("s2")).await, Ok(None));
    assert_eq!(rig.log.find("s", 9).await, Ok(vec![session("s1"), session("s3")]));
    let words = found(&rig, "word").await;
    assert_eq!(words.hits.iter().map(|hit| hit.session.as_str()).collect::<Vec<_>>(), ["s3", "s1"]);
    let mut pen = Pen::after(&*rig.log, "s3", 1).await;
    let commit = pen.write(&*rig.log, Class::Operator, vec![say("word after")]).await;
    loop {
        match tail.next().await {
            TailItem::CaughtUp => {}
            item @ (TailItem::Commit(_) | TailItem::Interrupted(_)) => {
                break assert_eq!(item, TailItem::Commit(commit));
            }
        }
    }
    assert_eq!(found(&rig, "word").await.hits.len(), 3);
    assert_eq!(read_all(&*rig.log, &session("s1")).await.unwrap().len(), 2);
}

async fn content_that_others_use_stays(rig: Rig) {
    let mut hashes = Vec::new();
    for text in ["only one", "both"] {
        hashes.push(rig.blobs.put(Arc::from(text.as_bytes())).await.unwrap());
    }
    let ended = |hash: Hash| {
        let output = Output { head: "x".to_string(), tail: String::new(), size: 9, blob: Some(hash) };
        vec![Fact::CallEnded { call: CallId(1), outcome: Outcome::Ok, output, ms: 1 }]
    };
    let (mut a, mut b) = (told(&*rig.log, "s1", false).await, told(&*rig.log, "s2", false).await);
    a.write(&*rig.log, Class::Worker, ended(hashes[0])).await;
    a.write(&*rig.log, Class::Worker, ended(hashes[1])).await;
    b.write(&*rig.log, Class::Worker, ended(hashes[1])).await;
    a.write(&*rig.log, Class::Operator, mark(Mark::Delete)).await;
    assert_eq!(rig.log.purge(&session("s1")).await, Ok(true));
    assert_eq!(rig.blobs.get(hashes[1]).await.unwrap().as_deref(), Some(&b"both"[..]));
}

/// Content is removed once nobody uses it and it was not put just now.
#[tokio::test]
async fn content_goes_with_its_last_session() {
    use tackroom::ports::blobs::Blobs;
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let hash = store.put(Arc::from(&b"large"[..])).await.unwrap();
    let output = Output { head: "x".to_string(), tail: String::new(), size: 9, blob: Some(hash) };
    for name in ["s1", "s2"] {
        let mut pen = told(&store, name, false).await;
        let ended = Fact::CallEnded { call: CallId(1), outcome: Outcome::Ok, output: output.clone(), ms: 1 };
        pen.write(&store, Class::Worker, vec![ended]).await;
        pen.write(&store, Class::Operator, mark(Mark::Delete)).await;
    }
    raw(dir.path()).execute("UPDATE uses SET at = 0 WHERE session = ''", []).unwrap();
    assert_eq!(store.purge(&session("s1")).await, Ok(true));
    assert!(store.get(hash).await.unwrap().is_some(), "the other one uses it");
    assert_eq!(store.purge(&session("s2")).await, Ok(true));
    assert_eq!(store.get(hash).await, Ok(None));
    let left: i64 = raw(dir.path())
        .query_row(
            "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM commits) + (SELECT count(*) FROM sessions)
                 + (SELECT count(*) FROM blobs) + (SELECT count(*) FROM uses) + (SELECT count(*) FROM texts_docsize)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(left, 0);
}

/// The last commit of all goes: the store must still be known as whole, and no number may be given twice.
#[tokio::test]
async fn the_anchor_holds_after_a_purge() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = Sqlite::open(dir.path()).unwrap();
        told(&store, "s1", false).await;
        told(&store, "s2", true).await;
        assert_eq!(store.purge(&session("s2")).await, Ok(true));
    }
    {
        let store = Sqlite::open(dir.path()).unwrap();
        assert_eq!(store.writable(), Ok(()));
        assert_eq!(read_all(&store, &session("s1")).await.unwrap().len(), 2);
        told(&store, "s3", false).await;
        assert_eq!(store.rows(Query { limit: 9, ..Query::default() }).await.unwrap().len(), 2);
    }
    let numbers: Vec<i64> = {
        let raw = raw(dir.path());
        let mut query = raw.prepare("SELECT n FROM commits ORDER BY n").unwrap();
        query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(numbers, [1, 2, 6, 7]);
    let store = Sqlite::open(dir.path()).unwrap();
    assert_eq!(store.writable(), Ok(()));
    // The end that is really lost is still told.
    drop(store);
    raw(dir.path())
        .execute_batch("DELETE FROM commits WHERE session = 's3'; DELETE FROM sessions WHERE id = 's3'")
        .unwrap();
    assert!(Sqlite::open(dir.path()).unwrap().writable().is_err());
}

/// Whether a file of the store has a word in it.
fn is_in(dir: &std::path::Path, word: &str) -> bool {
    let files = std::fs::read_dir(dir).unwrap().filter_map(Result::ok).map(|file| file.path());
    let has = |bytes: Vec<u8>| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    files.filter(|path| path.is_file()).any(|path| std::fs::read(path).is_ok_and(has))
}

/// Cause: the words of a purged session stayed in the index until its parts would be put together. That is done in steps, so
/// that no append waits for all of it, and another purge in between begins it anew.
#[tokio::test]
async fn the_words_of_what_was_purged_go_in_steps() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let mut pen = told(&store, "kept", false).await;
    for part in 0..60 {
        let words: Vec<String> = (0..1_500).map(|n| format!("w{}", part * 1_500 + n)).collect();
        pen.write(&store, Class::Operator, vec![say(&words.join(" "))]).await;
    }
    for (name, word) in [("gone", "quetzalcoatlus"), ("last", "archaeopteryx")] {
        let mut pen = told(&store, name, false).await;
        pen.write(&store, Class::Operator, vec![say(word)]).await;
        pen.write(&store, Class::Operator, mark(Mark::Delete)).await;
    }
    assert_eq!(store.purge(&session("gone")).await, Ok(true));
    let mut steps = 0;
    while !store.take_up(0).await.unwrap().whole() {
        steps += 1;
        if steps == 2 {
            assert!(is_in(dir.path(), "archaeopteryx"));
            assert_eq!(store.purge(&session("last")).await, Ok(true));
            pen.write(&store, Class::Operator, vec![say("beside it")]).await;
        }
    }
    println!("the words of two sessions went in {steps} steps");
    assert!(steps > 5, "{steps}: none of them holds the lock for long");
    for word in ["quetzalcoatlus", "archaeopteryx"] {
        assert!(!is_in(dir.path(), word), "{word}");
    }
    let left: i64 = raw(dir.path())
        .query_row("SELECT count(*) FROM meta WHERE key = 'texts_purged'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0, "nothing is left to be done");
    assert!(is_in(dir.path(), "w89999"), "what is kept is kept");
}
