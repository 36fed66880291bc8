//! The desk over a store that cannot be read: who waits is told so in its place, and what goes on goes on.

use crate::desk::Served;
use crate::harness::world::{World, story};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tackroom::domain::command::Command;
use tackroom::domain::ids::{EventNo, SessionId};
use tackroom::domain::inspect::page::Subject;
use tackroom::domain::listing::{Counts, Query};
use tackroom::domain::notice::Notice;
use tackroom::domain::search::{Found, Progress, Search};
use tackroom::domain::tally::Row;
use tackroom::ports::Later;
use tackroom::ports::index::Index;
use tackroom::ports::log::LogFault;
use tackroom::runtime::plugs::Plugs;

/// An index of which the first so many reads fail.
struct Failing {
    index: Arc<dyn Index>,
    faults: AtomicUsize,
}

impl Failing {
    fn fault<T: 'static + Send>(&self) -> Option<Later<'static, Result<T, LogFault>>> {
        let fails = self.faults.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        fails.ok().map(|_| -> Later<'static, Result<T, LogFault>> {
            Box::pin(async { Err(LogFault::Unavailable { why: "the disk is gone".to_string() }) })
        })
    }
}

impl Index for Failing {
    fn rows(&self, query: Query) -> Later<'_, Result<Vec<Row>, LogFault>> {
        self.fault().unwrap_or_else(|| self.index.rows(query))
    }
    fn counts(&self, query: Query) -> Later<'_, Result<Counts, LogFault>> {
        self.fault().unwrap_or_else(|| self.index.counts(query))
    }
    fn row<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Option<Row>, LogFault>> {
        self.index.row(session)
    }
    fn search(&self, search: Search) -> Later<'_, Result<Found, LogFault>> {
        self.fault().unwrap_or_else(|| self.index.search(search))
    }
    fn take_up(&self, ms: u64) -> Later<'_, Result<Progress, LogFault>> {
        self.index.take_up(ms)
    }
}

/// A desk over a world whose index fails so many times.
fn served(world: &World, faults: usize) -> Served {
    let mut plugs: Plugs = world.plugs();
    let index = Arc::clone(&plugs.store.index);
    plugs.store.index = Arc::new(Failing { index, faults: AtomicUsize::new(faults) });
    Served::with(world, plugs)
}

fn nobody() -> SessionId {
    SessionId("n0b0dysq00".to_string())
}

/// Cause: the first list that could not be read was the last that was tried.
#[tokio::test]
async fn the_inbox_goes_on_after_a_list_that_could_not_be_read() {
    let world = World::new(story());
    let mut desk = served(&world, 3);
    desk.say(Command::Inbox(true)).await;
    let told = desk
        .until(|notice| {
            let Notice::Trouble { sentence, .. } = notice else { return None };
            Some(sentence.clone())
        })
        .await;
    assert!(told.contains("What waits cannot be read: ") && told.contains("the disk is gone"), "{told}");
    desk.until(|notice| matches!(notice, Notice::Inbox(_)).then_some(())).await;
    desk.quit().await;
}

/// Cause: a look that failed was told in passing, to nobody in particular.
#[tokio::test]
async fn a_look_that_fails_is_told_to_who_waits_for_it() {
    let world = World::new(story());
    let mut desk = Served::new(&world);
    desk.say(Command::Inbox(true)).await;
    desk.say(Command::Look(nobody())).await;
    let of = |notice: &Notice| {
        let Notice::NotLooked { session, sentence, hint } = notice else { return None };
        Some((session.clone(), sentence.clone(), hint.clone()))
    };
    let (session, sentence, hint) = desk.until(of).await;
    assert_eq!(session, nobody());
    assert!(sentence.contains("cannot be read") && !hint.is_empty(), "{sentence} {hint}");
    desk.quit().await;
}

/// Cause: a page that could not be read, or is not there, was told in passing, and whoever waited for it waited on.
#[tokio::test]
async fn a_page_that_cannot_be_read_is_told_to_who_waits_for_it() {
    let world = World::new(story());
    let mut desk = Served::new(&world);
    let subject = Subject { no: EventNo(7), call: None };
    desk.say(Command::Inspect { session: nobody(), subject, until: None }).await;
    let of = |notice: &Notice| {
        let Notice::NotInspected { session, subject, sentence, .. } = notice else { return None };
        Some((session.clone(), *subject, sentence.clone()))
    };
    let (session, about, sentence) = desk.until(of).await;
    assert_eq!((session, about), (nobody(), subject));
    assert!(!sentence.is_empty());
    desk.quit().await;
}

/// Cause: a search that failed was told in passing, and the screen said that nothing was found.
#[tokio::test]
async fn a_search_that_fails_is_told_to_who_waits_for_it() {
    let world = World::new(story());
    let mut desk = served(&world, 1);
    let search = Search { words: "notes*".to_string(), rank: false, limit: 10, before: None };
    desk.say(Command::Search(search.clone())).await;
    let of = |notice: &Notice| {
        let Notice::NotSearched { search, sentence, .. } = notice else { return None };
        Some((search.clone(), sentence.clone()))
    };
    let (about, sentence) = desk.until(of).await;
    assert_eq!(about, search);
    assert!(sentence.contains("the disk is gone"), "{sentence}");
    desk.quit().await;
}
