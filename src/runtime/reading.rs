//! A stored session as it is read for a replay: first in short, then page by page as the screen asks. Only the log is touched.

use crate::domain::event::Event;
use crate::domain::ids::SessionId;
use crate::domain::notice::Notice;
use crate::domain::survey::{CHUNK, Chunk, Surveyor};
use crate::ports::log::{Log, LogFault};
use crate::runtime::pages::pages;
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

/// What to do where the log cannot be read.
const HINT: &str = "`tackroom doctor` checks the store; the session can be played up to there";

/// Tells a session in short, from its first event to its present end, until told to stop.
pub async fn survey(log: Arc<dyn Log>, id: SessionId, notices: Sender<Notice>, stop: CancellationToken) {
    let telling = tell(&*log, &id, &notices);
    tokio::select! {
        told = telling => if let Some(fault) = told { trouble(&notices, &fault).await },
        () = stop.cancelled() => {}
    }
}

/// A fault, if there was one. A screen that is gone needs no more.
async fn tell(log: &dyn Log, id: &SessionId, notices: &Sender<Notice>) -> Option<LogFault> {
    if notices.send(Notice::Watching { session: id.clone() }).await.is_err() {
        return None;
    }
    let head = match log.head(id).await {
        Ok(head) => head,
        Err(fault) => return Some(fault),
    };
    let mut surveyor = Surveyor::new(id.clone());
    let mut pages = pages(log, id, 0);
    let surveyed =
        |chunk: Chunk| Notice::Surveyed { session: id.clone(), chunk: Arc::new(chunk), events: head.event.0 };
    let fault = loop {
        let page = match pages.next().await {
            Ok(Some(page)) => page,
            Ok(None) => break None,
            Err(fault) => break Some(fault), // what could be read is still played
        };
        for commit in page.iter().filter(|commit| commit.seq <= head.seq) {
            for chunk in surveyor.take(commit) {
                if notices.send(surveyed(chunk)).await.is_err() {
                    return None;
                }
            }
        }
        if page.last().is_none_or(|last| last.seq >= head.seq) {
            break None;
        }
    };
    if let Some(chunk) = surveyor.rest() {
        let _ = notices.send(surveyed(chunk)).await;
    }
    let _ = notices.send(Notice::CaughtUp { session: id.clone() }).await;
    fault
}

/// The events of one chunk, until told to stop.
pub async fn page(
    log: Arc<dyn Log>,
    (id, place, commits): (SessionId, u64, Range<u64>),
    notices: Sender<Notice>,
    stop: CancellationToken,
) {
    let reading = async {
        match chunk(&*log, &id, place, commits).await {
            Ok(events) => {
                let notice = Notice::Page { session: id.clone(), place, events: Arc::new(events) };
                let _ = notices.send(notice).await;
            }
            Err(fault) => {
                let (session, sentence, hint) = (id.clone(), fault.to_string(), HINT.to_string());
                let _ = notices.send(Notice::PageFailed { session, place, sentence, hint }).await;
            }
        }
    };
    tokio::select! {
        () = reading => {}
        () = stop.cancelled() => {}
    }
}

/// What the commits after the first number up to the other hold of a chunk: no other commit is read.
async fn chunk(
    log: &dyn Log,
    id: &SessionId,
    place: u64,
    commits: Range<u64>,
) -> Result<Vec<Event>, LogFault> {
    let (from, to) = (place * CHUNK, (place + 1) * CHUNK);
    let mut events = Vec::new();
    let mut pages = pages(log, id, commits.start).until(commits.end);
    while let Some(page) = pages.next().await? {
        for commit in page {
            let told = Arc::unwrap_or_clone(commit).events.into_iter().map(|sealed| sealed.event);
            events.extend(told.filter(|event| event.no.0 > from && event.no.0 <= to));
        }
    }
    Ok(events)
}

async fn trouble(notices: &Sender<Notice>, fault: &LogFault) {
    let (sentence, hint) = (fault.to_string(), HINT.to_string());
    let _ = notices.send(Notice::Trouble { sentence, hint }).await;
}
