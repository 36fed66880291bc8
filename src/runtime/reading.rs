//! A stored session as it is read for a replay: first in short, then page by page as the screen asks. Only the log is touched.

use crate::domain::event::Event;
use crate::domain::ids::SessionId;
use crate::domain::notice::Notice;
use crate::domain::survey::{CHUNK, Chunk, Surveyor};
use crate::domain::survey_kept::{Keeping, Kept};
use crate::ports::log::{Log, LogFault};
use crate::runtime::pages::{ahead, pages};
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::mpsc::{Sender, channel};
use tokio_util::sync::CancellationToken;

/// What to do where the log cannot be read.
const HINT: &str = "`tackroom doctor` checks the store; the session can be played up to there";

/// Tells a session in short, from its first event to its present end, until told to stop. How far that came is kept beside
/// the log, so that the next time it goes on from there.
pub async fn survey(log: Arc<dyn Log>, id: SessionId, notices: Sender<Notice>, stop: CancellationToken) {
    let mut keeping = Keeping::default();
    let telling = tell(&log, &id, &notices, &mut keeping);
    tokio::select! {
        told = telling => if let Err(fault) = told { trouble(&notices, &fault).await },
        () = stop.cancelled() => {}
    }
    if let Some(parts) = keeping.parts(&id) {
        let _ = log.keep_aside(&id, parts).await; // it is made anew where it is missing
    }
}

/// Tells nobody: so that a later look at the session goes on from where this came.
pub async fn beforehand(log: Arc<dyn Log>, id: SessionId, stop: CancellationToken) {
    let (notices, mut heard) = channel(1);
    tokio::join!(survey(log, id, notices, stop), async { while heard.recv().await.is_some() {} });
}

/// A screen that is gone needs no more.
async fn tell(
    log: &Arc<dyn Log>,
    id: &SessionId,
    notices: &Sender<Notice>,
    keeping: &mut Keeping,
) -> Result<(), LogFault> {
    if notices.send(Notice::Watching { session: id.clone() }).await.is_err() {
        return Ok(());
    }
    let head = log.head(id).await?;
    let surveyed = |chunk: Chunk| {
        let chunk = Arc::new(chunk);
        notices.send(Notice::Surveyed { session: id.clone(), chunk, events: head.event.0 })
    };
    let (mut surveyor, mut after, mut told) = (Surveyor::new(id.clone()), 0, 0);
    // The beginning first, so that the first screen does not wait for what was kept of a long session.
    let mut begin = pages(&**log, id, 0).until(head.seq.min(CHUNK));
    while let Some(page) = begin.next().await? {
        for commit in page {
            after = commit.seq;
            for chunk in surveyor.take(&commit) {
                keeping.add(&chunk);
                told += 1;
                if surveyed(chunk).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
    if let Some((kept, from)) = kept(&**log, id, head.seq).await?.filter(|(kept, _)| kept.follows.seq > after)
    {
        (surveyor, after) = (from, kept.follows.seq);
        *keeping = kept.keeping;
        for chunk in kept.chunks.into_iter().skip(told) {
            if surveyed(chunk).await.is_err() {
                return Ok(());
            }
        }
    }
    let mut pages = ahead(log.clone(), id.clone(), (after, head.seq));
    let read = loop {
        let page = match pages.recv().await {
            Some(Ok(page)) => page,
            None => break Ok(()),
            Some(Err(fault)) => break Err(fault), // what could be read is still played
        };
        for commit in page {
            for chunk in surveyor.take(&commit) {
                keeping.add(&chunk);
                if surveyed(chunk).await.is_err() {
                    return Ok(());
                }
            }
        }
    };
    if let Some(chunk) = surveyor.rest() {
        let _ = surveyed(chunk).await;
    }
    let _ = notices.send(Notice::CaughtUp { session: id.clone() }).await;
    read
}

/// The survey that was kept of a session, if it is of this log, and from where it goes on.
async fn kept(log: &dyn Log, id: &SessionId, until: u64) -> Result<Option<(Kept, Surveyor)>, LogFault> {
    let Some(bytes) = log.aside(id).await.ok().flatten() else { return Ok(None) };
    let kept = Kept::read(id, bytes).filter(|kept| (1..=until).contains(&kept.follows.seq));
    let Some(kept) = kept else { return Ok(None) };
    let found = log.read(id, kept.follows.seq - 1, 1).await?;
    let is_its_own = found.first().is_some_and(|commit| kept.fits(commit));
    let from = Surveyor::from(&kept.last, kept.follows.clone()).filter(|_| is_its_own);
    Ok(from.map(|from| (kept, from)))
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
