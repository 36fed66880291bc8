//! `Blobs`: the same bytes again, once each, checked.

use super::{Rig, each_engine, raw};
use std::sync::Arc;
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::domain::hash::Hash;
use tackroom::ports::blobs::Blobs;
use tackroom::ports::log::LogFault;

each_engine!(content_comes_back, content_is_forgotten);

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

async fn content_is_forgotten(rig: Rig) {
    let hash = rig.blobs.put(Arc::from(&b"content"[..])).await.unwrap();
    rig.blobs.forget(hash).await.unwrap();
    rig.blobs.forget(hash).await.unwrap();
    assert_eq!(rig.blobs.get(hash).await, Ok(None));
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
