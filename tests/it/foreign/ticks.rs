//! A source that is looked at again and again: what is known of its session is read from the log once.

use super::{Desk, fixtures};
use crate::harness::counting::Counting;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tackroom::domain::marks::Mark;
use tackroom::domain::order::Order;
use tackroom::ports::log::Log;
use tackroom::runtime::hand::Hand;
use tackroom::runtime::importer::Known;
use tackroom::runtime::plugs::Settings;

fn counting() -> (Desk, Arc<AtomicU64>) {
    let (mut desk, count) = (Desk::new(), Arc::new(AtomicU64::new(0)));
    desk.importer.log = Arc::new(Counting::new(&desk.memory, &count));
    (desk, count)
}

/// Cause: each look at a source that had grown read the whole stored session, twice.
#[tokio::test]
async fn a_session_that_grows_is_read_from_the_log_once_and_told_the_same() {
    for name in ["claude.jsonl", "codex.jsonl", "gemini.jsonl"] {
        let whole = std::fs::read_to_string(fixtures().join(name)).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        let ((watching, reads), (fresh, fresh_reads)) = (counting(), counting());
        let mut commits = 0;
        for upto in 4..=lines.len() {
            let text = format!("{}\n", lines[..upto].join("\n"));
            for desk in [&watching, &fresh] {
                let path = desk.file(name, text.as_bytes());
                desk.only(&path).await;
            }
            let id = watching.only(&watching.dir.path().join(name)).await.session.unwrap();
            commits = watching.memory.read(&id, 0, 100_000).await.unwrap().len() as u64;
        }
        let mut fresh = fresh;
        fresh_reads.store(0, Ordering::SeqCst);
        fresh.importer.known = Known::default();
        let id = fresh.only(&fresh.dir.path().join(name)).await.session.unwrap();
        assert!(fresh_reads.load(Ordering::SeqCst) <= commits, "{name}: who begins reads it once");
        assert_eq!(reads.load(Ordering::SeqCst), 0, "{name}: who wrote it all knows it");
        let facts = |events: Vec<tackroom::domain::event::Event>| -> Vec<String> {
            events.iter().map(|event| event.fact.kind().to_string()).collect()
        };
        assert_eq!(facts(watching.events(&id).await), facts(fresh.events(&id).await), "{name}");
        // What somebody else wrote meanwhile is read, and no more.
        let by = crate::harness::fold::operator();
        let (log, clock) = (Arc::new(watching.memory.clone()), watching.importer.clock.clone());
        let mut hand = Hand::new(log, clock, Settings::default(), Default::default(), by);
        hand.order(&id, &Order::Mark(Mark::Pin)).await.unwrap();
        watching.only(&watching.dir.path().join(name)).await;
        assert_eq!(reads.load(Ordering::SeqCst), 1, "{name}");
    }
}
