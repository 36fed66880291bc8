//! `Blobs`: the same bytes again, once each, checked.

use super::{Rig, each_engine, raw};
use std::sync::Arc;
use tackroom::adapters::engine::sqlite::{Options, Sqlite, WriteOn};
use tackroom::domain::hash::Hash;
use tackroom::ports::blobs::Blobs;
use tackroom::ports::log::LogFault;

each_engine!(content_comes_back, several_come_back, content_is_forgotten);

async fn content_comes_back(rig: Rig) {
    let sizes = [0, 1, 4_096, 65_537, 20 * 1024 * 1024];
    for (size, i) in sizes.into_iter().zip(0_u8..) {
        let content: Arc<[u8]> = vec![i; size].into();
        let hash = rig.blobs.put(content.clone()).await.unwrap();
        assert_eq!(hash, Hash::of(&content));
        assert_eq!(rig.blobs.put(content.clone()).await, Ok(hash), "twice is the same");
        assert_eq!(rig.blobs.get(hash).await.unwrap().as_deref(), Some(&content[..]));
    }
    assert_eq!(rig.blobs.get(Hash::ZERO).await, Ok(None));
}

async fn several_come_back(rig: Rig) {
    assert_eq!(rig.blobs.put_all(Vec::new()).await, Ok(Vec::new()));
    let contents: Vec<Arc<[u8]>> = (0..300_u16).map(|i| Arc::from(i.to_be_bytes())).collect();
    let hashes = rig.blobs.put_all(contents.clone()).await.unwrap();
    assert_eq!(hashes, contents.iter().map(|content| Hash::of(content)).collect::<Vec<_>>());
    for (hash, content) in hashes.into_iter().zip(contents) {
        assert_eq!(rig.blobs.get(hash).await.unwrap().as_deref(), Some(&content[..]));
    }
}

async fn content_is_forgotten(rig: Rig) {
    let hash = rig.blobs.put(Arc::from(&b"content"[..])).await.unwrap();
    rig.blobs.forget(hash).await.unwrap();
    rig.blobs.forget(hash).await.unwrap();
    assert_eq!(rig.blobs.get(hash).await, Ok(None));
}

/// Cause: a run without a screen synced the disk once for each file of the folder before its first risky call.
#[tokio::test]
async fn several_contents_are_one_transaction_where_the_caller_writes() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { write_on: WriteOn::Caller, ..Options::default() };
    let store = Sqlite::open_with(dir.path(), options).unwrap();
    let before = store.transactions();
    let contents = (0..300_u16).map(|i| Arc::from(i.to_be_bytes())).collect();
    store.put_all(contents).await.unwrap();
    assert_eq!(store.transactions() - before, 1);
    // Cause: so much at once held up all else of a run without threads, its cancelling too.
    let large = (0..9_u8).map(|i| Arc::from(vec![i; 4 * 1024 * 1024])).collect();
    store.put_all(large).await.unwrap();
    assert_eq!(store.transactions() - before, 3, "32 MiB each, others have their turn in between");
}

/// Cause: another process that held the store for a moment ended a run that kept large content.
#[tokio::test]
async fn content_waits_for_another_writer() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { write_on: WriteOn::Caller, ..Options::default() };
    let store = Sqlite::open_with(dir.path(), options).unwrap();
    let other = raw(dir.path());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let content: Arc<[u8]> = Arc::from(&b"content"[..]);
    let ends = async {
        for _ in 0..3 {
            tokio::task::yield_now().await; // it has been tried by then
        }
        other.execute_batch("COMMIT").unwrap();
    };
    let (put, ()) = tokio::join!(store.put(content.clone()), ends);
    assert_eq!(put, Ok(Hash::of(&content)));
}

#[tokio::test]
async fn altered_content_is_told_and_mended_by_another_put() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let content: Arc<[u8]> = Arc::from(&b"content"[..]);
    let hash = store.put(content.clone()).await.unwrap();
    store.put(content.clone()).await.unwrap();
    let conn = raw(dir.path());
    let count: i64 = conn.query_row("SELECT count(*) FROM blobs", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 1);
    conn.execute("UPDATE blobs SET content = x'00'", []).unwrap();
    assert!(matches!(store.get(hash).await, Err(LogFault::Unavailable { .. })));
    store.put(content.clone()).await.unwrap();
    assert_eq!(store.get(hash).await.unwrap().as_deref(), Some(&content[..]));
}
