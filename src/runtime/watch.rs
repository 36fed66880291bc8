//! A session as it is told to a screen: everything stored, then what comes, and the drafts beside it.
//!
//! The same for a session driven here, by another process or by nobody: a screen only ever sees the log.

use crate::domain::ids::SessionId;
use crate::domain::notice::{Driver, Notice};
use crate::ports::log::{Follow, LogFault, TailItem};
use crate::runtime::plugs::Store;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

/// How often a tail that broke is opened again before the screen is told to give up.
const REOPENS: u32 = 5;

/// Tells a session to a screen until told to stop. `here` says whether this process drives it.
pub async fn watch(
    store: Store,
    id: SessionId,
    notices: Sender<Notice>,
    here: impl Fn(&SessionId) -> bool + Send,
    stop: CancellationToken,
) {
    let telling = tell(&store, &id, &notices, here);
    let drafts = drafts(&store, &id, &notices);
    tokio::select! {
        () = telling => {}
        () = drafts => {}
        () = stop.cancelled() => {}
    }
}

/// The commits in order, without gaps, whatever happens to the tail.
async fn tell(store: &Store, id: &SessionId, notices: &Sender<Notice>, here: impl Fn(&SessionId) -> bool) {
    let mut seq = 0;
    let mut reopens = 0;
    if notices.send(Notice::Watching { session: id.clone() }).await.is_err() {
        return;
    }
    loop {
        let mut tail = store.log.tail(Follow::One(id.clone(), seq));
        let fault = loop {
            let notice = match tail.next().await {
                TailItem::Commit(commit) if commit.seq <= seq => continue, // at least once: seen before
                TailItem::Commit(commit) => {
                    seq = commit.seq;
                    reopens = 0;
                    Notice::Committed(commit)
                }
                TailItem::CaughtUp => {
                    let by = driver(store, id, &here);
                    if notices.send(Notice::Driven { session: id.clone(), by }).await.is_err() {
                        return;
                    }
                    Notice::CaughtUp { session: id.clone() }
                }
                TailItem::Interrupted(fault) => break fault,
            };
            if notices.send(notice).await.is_err() {
                return;
            }
        };
        reopens += 1;
        if reopens > REOPENS || matches!(fault, LogFault::Damaged { .. } | LogFault::NoSession(_)) {
            let hint =
                "`tackroom doctor` checks the store; the session stays readable up to there".to_string();
            let _ = notices.send(Notice::Trouble { sentence: fault.to_string(), hint }).await;
            return std::future::pending().await;
        }
    }
}

/// Who drives the session now.
pub fn driver(store: &Store, id: &SessionId, here: impl Fn(&SessionId) -> bool) -> Driver {
    if here(id) {
        return Driver::Here;
    }
    match store.work.taken(id) {
        Ok(true) => Driver::Elsewhere,
        Ok(false) | Err(_) => Driver::Nobody,
    }
}

/// Drafts are lossy: a screen that is behind misses some rather than holding anybody up.
async fn drafts(store: &Store, id: &SessionId, notices: &Sender<Notice>) {
    let mut ear = store.live.hear(id);
    while let Some(draft) = ear.next().await {
        let _ = notices.try_send(Notice::Draft { session: id.clone(), draft });
    }
    std::future::pending().await
}
