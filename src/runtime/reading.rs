//! A stored session as it is read for a replay: first in short, then page by page as the screen asks. Only the log is touched.

use crate::domain::event::Event;
use crate::domain::ids::SessionId;
use crate::domain::notice::Notice;
use crate::domain::survey::{CHUNK, Chunk, Surveyor};
use crate::ports::log::{Log, LogFault};
use std::sync::Arc;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

/// Commits read at a time.
const COMMITS: usize = 256;
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
    let mut seq = 0;
    let surveyed =
        |chunk: Chunk| Notice::Surveyed { session: id.clone(), chunk: Arc::new(chunk), events: head.event.0 };
    let fault = loop {
        let page = match log.read(id, seq, COMMITS).await {
            Ok(page) => page,
            Err(fault) => break Some(fault), // what could be read is still played
        };
        for commit in page.iter().filter(|commit| commit.seq <= head.seq) {
            for chunk in surveyor.take(commit) {
                if notices.send(surveyed(chunk)).await.is_err() {
                    return None;
                }
            }
        }
        match page.last() {
            Some(last) if last.seq < head.seq => seq = last.seq,
            Some(_) | None => break None,
        }
        // Who reads much in one go leaves the others their turn.
        tokio::task::yield_now().await;
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
    (id, place, after): (SessionId, u64, u64),
    notices: Sender<Notice>,
    stop: CancellationToken,
) {
    let reading = async {
        match chunk(&*log, &id, place, after).await {
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

async fn chunk(log: &dyn Log, id: &SessionId, place: u64, after: u64) -> Result<Vec<Event>, LogFault> {
    let (from, to) = (place * CHUNK, (place + 1) * CHUNK);
    let mut events = Vec::new();
    let mut seq = after;
    loop {
        let page = log.read(id, seq, COMMITS).await?;
        let Some(last) = page.last() else { return Ok(events) };
        seq = last.seq;
        for sealed in page.iter().flat_map(|commit| &commit.events) {
            let no = sealed.event.no.0;
            if no > to {
                return Ok(events);
            }
            if no > from {
                events.push(sealed.event.clone());
            }
        }
        if events.last().is_some_and(|event| event.no.0 == to) {
            return Ok(events);
        }
    }
}

async fn trouble(notices: &Sender<Notice>, fault: &LogFault) {
    let (sentence, hint) = (fault.to_string(), HINT.to_string());
    let _ = notices.send(Notice::Trouble { sentence, hint }).await;
}
