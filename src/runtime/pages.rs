//! A stored session read page by page: the one way through a log, however long it is.

use crate::domain::commit::Commit;
use crate::domain::ids::SessionId;
use crate::ports::log::{Log, LogFault};
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, channel};

/// Commits read at once.
const PAGE: usize = 256;

/// The commits of a session, in order, from after a commit to its end as it is found.
pub struct Pages<'a> {
    log: &'a dyn Log,
    session: &'a SessionId,
    after: u64,
    until: u64,
    begun: bool,
    over: bool,
}

/// Reads from after commit number `after`; 0 is the beginning.
pub fn pages<'a>(log: &'a dyn Log, session: &'a SessionId, after: u64) -> Pages<'a> {
    Pages { log, session, after, until: u64::MAX, begun: false, over: false }
}

impl Pages<'_> {
    /// Only up to a commit: what follows it is not read.
    pub fn until(self, commit: u64) -> Self {
        Pages { until: commit, ..self }
    }

    /// The next commits, at least one; none at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Arc<Commit>>>, LogFault> {
        if self.over {
            return Ok(None);
        }
        if std::mem::replace(&mut self.begun, true) {
            tokio::task::yield_now().await; // who reads much in one go leaves the others their turn
        }
        let left = usize::try_from(self.until.saturating_sub(self.after)).unwrap_or(PAGE);
        let most = left.min(PAGE);
        let page = self.log.read(self.session, self.after, most).await?;
        self.after = page.last().map_or(self.after, |commit| commit.seq);
        self.over = page.len() < most || self.after >= self.until;
        Ok(Some(page).filter(|page| !page.is_empty()))
    }
}

/// The same with the next page read while one is looked at; ends when nobody takes a page any more.
pub fn ahead(
    log: Arc<dyn Log>,
    session: SessionId,
    (after, until): (u64, u64),
) -> Receiver<Result<Vec<Arc<Commit>>, LogFault>> {
    let (pages_in, read) = channel(1);
    tokio::spawn(async move {
        let mut pages = pages(&*log, &session, after).until(until);
        while let Some(page) = pages.next().await.transpose() {
            let broken = page.is_err();
            if pages_in.send(page).await.is_err() || broken {
                return;
            }
        }
    });
    read
}
