//! A source that is looked at again and again: what is known of its session is read from the log once.

use super::{Desk, fixtures};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tackroom::adapters::engine::memory::Memory;
use tackroom::domain::commit::{Commit, Head};
use tackroom::domain::ids::{CommitId, SessionId};
use tackroom::domain::marks::Mark;
use tackroom::domain::order::Order;
use tackroom::ports::Later;
use tackroom::ports::log::{Caps, Follow, Log, LogFault, Tail};
use tackroom::runtime::hand::Hand;
use tackroom::runtime::importer::Known;
use tackroom::runtime::plugs::Settings;

/// A log that counts the commits which are read.
struct Counting(Memory, Arc<AtomicU64>);

impl Log for Counting {
    fn append(&self, commit: Arc<Commit>) -> Later<'_, Result<Head, LogFault>> {
        self.0.append(commit)
    }
    fn settle<'a>(
        &'a self,
        session: &'a SessionId,
        id: &'a CommitId,
    ) -> Later<'a, Result<Option<Head>, LogFault>> {
        self.0.settle(session, id)
    }
    fn head<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Head, LogFault>> {
        self.0.head(session)
    }
    fn read<'a>(
        &'a self,
        session: &'a SessionId,
        after: u64,
        limit: usize,
    ) -> Later<'a, Result<Vec<Arc<Commit>>, LogFault>> {
        Box::pin(async move {
            let page = self.0.read(session, after, limit).await?;
            self.1.fetch_add(page.len() as u64, Ordering::SeqCst);
            Ok(page)
        })
    }
    fn tail(&self, follow: Follow) -> Box<dyn Tail> {
        self.0.tail(follow)
    }
    fn find<'a>(&'a self, prefix: &'a str, limit: usize) -> Later<'a, Result<Vec<SessionId>, LogFault>> {
        self.0.find(prefix, limit)
    }
    fn purge<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<bool, LogFault>> {
        self.0.purge(session)
    }
    fn caps(&self) -> Caps {
        self.0.caps()
    }
}

fn counting() -> (Desk, Arc<AtomicU64>) {
    let (mut desk, count) = (Desk::new(), Arc::new(AtomicU64::new(0)));
    desk.importer.log = Arc::new(Counting(desk.memory.clone(), count.clone()));
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
