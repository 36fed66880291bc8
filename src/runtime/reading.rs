//! A stored session as it is read for a replay: first in short, then page by page as the screen asks. Only the log is touched.

use crate::domain::commit::Commit;
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
const HINT: &str = "`tackroom doctor` checks the store; what lies well before it can be played";

/// Tells a session in short, from its first event to its present end, until told to stop. How far that came is kept beside
/// the log, so that the next time it goes on from there.
pub async fn survey(log: Arc<dyn Log>, id: SessionId, notices: Sender<Notice>, stop: CancellationToken) {
    let mut teller =
        Teller { id: &id, notices: &notices, events: 0, keeping: Keeping::default(), looked: false };
    tokio::select! {
        told = teller.tell(&log) => if let Err(fault) = told { trouble(&notices, &fault).await },
        () = stop.cancelled() => {}
    }
    let Teller { keeping, looked, .. } = teller;
    // Who stopped before it was known what lies there would lay a short one over a long one.
    if let Some(parts) = keeping.parts(&id).filter(|_| looked) {
        let _ = log.keep_aside(&id, parts).await; // it is made anew where it is missing
    }
}

/// Tells nobody: so that a later look at the session goes on from where this came.
pub async fn beforehand(log: Arc<dyn Log>, id: SessionId, stop: CancellationToken) {
    let (notices, mut heard) = channel(1);
    tokio::join!(survey(log, id, notices, stop), async { while heard.recv().await.is_some() {} });
}

/// A session that is told in short.
struct Teller<'a> {
    id: &'a SessionId,
    notices: &'a Sender<Notice>,
    /// How many events it has.
    events: u64,
    keeping: Keeping,
    /// Whether what was kept before has been looked for.
    looked: bool,
}

/// Why no more is told.
enum Ends {
    /// A screen that is gone needs no more.
    Gone,
    /// The log cannot be read on.
    Fault(LogFault),
}

impl From<LogFault> for Ends {
    fn from(fault: LogFault) -> Ends {
        Ends::Fault(fault)
    }
}

impl Teller<'_> {
    async fn tell(&mut self, log: &Arc<dyn Log>) -> Result<(), LogFault> {
        let watching = Notice::Watching { session: self.id.clone() };
        if self.notices.send(watching).await.is_err() {
            return Ok(());
        }
        let mut surveyor = Surveyor::new(self.id.clone());
        // What could be read is still played.
        let fault = match self.read(log, &mut surveyor).await {
            Ok(()) => None,
            Err(Ends::Gone) => return Ok(()),
            Err(Ends::Fault(fault)) => Some(fault),
        };
        if let Some(chunk) = surveyor.rest() {
            let _ = self.chunk(chunk).await;
        }
        let _ = self.notices.send(Notice::CaughtUp { session: self.id.clone() }).await;
        fault.map_or(Ok(()), Err)
    }

    async fn read(&mut self, log: &Arc<dyn Log>, surveyor: &mut Surveyor) -> Result<(), Ends> {
        let head = log.head(self.id).await?;
        self.events = head.event.0;
        let (mut after, mut told) = (0, 0);
        // The beginning first, so that the first screen does not wait for what was kept of a long session.
        let mut begin = pages(&**log, self.id, 0).until(head.seq.min(CHUNK));
        while let Some(page) = begin.next().await? {
            after = page.last().map_or(after, |commit| commit.seq);
            told += self.page(surveyor, page).await?;
        }
        let kept = kept(&**log, self.id, head.seq).await;
        self.looked = true;
        if let Some((kept, from)) = kept.filter(|(kept, _)| kept.follows.seq > after) {
            (*surveyor, after) = (from, kept.follows.seq);
            self.keeping = kept.keeping;
            for chunk in kept.chunks.into_iter().skip(told) {
                self.chunk(chunk).await?;
            }
        }
        let mut pages = ahead(log.clone(), self.id.clone(), (after, head.seq));
        while let Some(page) = pages.recv().await {
            self.page(surveyor, page?).await?;
        }
        Ok(())
    }

    /// Takes commits in; answers how many chunks they made whole.
    async fn page(&mut self, surveyor: &mut Surveyor, page: Vec<Arc<Commit>>) -> Result<usize, Ends> {
        let mut told = 0;
        for commit in page {
            for chunk in surveyor.take(&commit) {
                self.keeping.add(&chunk);
                self.chunk(chunk).await?;
                told += 1;
            }
        }
        Ok(told)
    }

    async fn chunk(&self, chunk: Chunk) -> Result<(), Ends> {
        let (session, chunk) = (self.id.clone(), Arc::new(chunk));
        let surveyed = Notice::Surveyed { session, chunk, events: self.events };
        self.notices.send(surveyed).await.map_err(|_| Ends::Gone)
    }
}

/// The survey that was kept of a session, if it is of this log, and from where it goes on. One that cannot be looked at is
/// none: where the log is damaged is met by whoever reads it.
async fn kept(log: &dyn Log, id: &SessionId, until: u64) -> Option<(Kept, Surveyor)> {
    let bytes = log.aside(id).await.ok().flatten()?;
    let kept = Kept::read(id, bytes).filter(|kept| (1..=until).contains(&kept.follows.seq))?;
    let found = log.read(id, kept.follows.seq - 1, 1).await.ok()?;
    let is_its_own = found.first().is_some_and(|commit| kept.fits(commit));
    let from = Surveyor::from(&kept.last, kept.follows.clone()).filter(|_| is_its_own)?;
    Some((kept, from))
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
