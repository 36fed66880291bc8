//! An exported session, brought back: the file is checked to its end before anything is written, then its commits are copied
//! under the session's claim.

use crate::domain::commit::{Class, Head};
use crate::domain::export::take::{Bad, Taker, Told};
use crate::domain::ids::SessionId;
use crate::ports::clock::Clock;
use crate::ports::log::LogFault;
use crate::runtime::ledger::Ledger;
use crate::runtime::plugs::Store;
use std::sync::Arc;

/// Why a session was not brought back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplicaFault {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Source(String),
    /// The file is not taken.
    #[error("{0}")]
    Bad(#[from] Bad),
    /// There is another session of that name here, or a longer or shorter one.
    #[error(
        "session {id} is here already and ends elsewhere: here with event {here}, in the file with another"
    )]
    Differs {
        /// The session.
        id: SessionId,
        /// The last event here.
        here: u64,
    },
    /// Somebody else writes it.
    #[error("session {0} is being written by another process")]
    Taken(SessionId),
    /// The log cannot be read or written.
    #[error("{0}")]
    Log(#[from] LogFault),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The session.
    pub session: SessionId,
    /// Its title.
    pub title: String,
    /// Events in the file.
    pub events: u64,
    /// Events that were added: all of them, none where the same session is here, or the rest of a copy that was cut short.
    pub added: u64,
}

/// The lines of a file, one after another, without their ends.
pub type Lines<'a> = Box<dyn Iterator<Item = Result<String, String>> + Send + 'a>;

/// Where copies go.
pub struct Replicas {
    /// The store.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Begins the file anew: it is read twice.
type Open<'a> = &'a (dyn Fn() -> Result<Lines<'static>, String> + Sync);

impl Replicas {
    /// Copies a session. Until it is whole nobody can drive it: in the middle of a file there is much that was decided
    /// elsewhere and is not done yet. A copy that was cut short is gone on with.
    pub async fn copy(&self, open: Open<'_>) -> Result<Copied, ReplicaFault> {
        let mut lines = open().map_err(ReplicaFault::Source)?;
        let mut taker = begin(&mut lines)?;
        let session = taker.id().clone();
        // What is decided on stays so until it is done: nobody else drives it or brings it back meanwhile.
        let claim = self.store.work.claim(&session)?;
        let here = self.store.log.head(&session).await?;
        let (mut events, mut goes_on) = (0, here == Head::start());
        for line in lines {
            if let Told::Commit(commit) = taker.line(&line.map_err(ReplicaFault::Source)?)? {
                events += commit.events.len() as u64;
                goes_on |= *taker.head() == here;
                tokio::task::yield_now().await;
            }
        }
        let (title, known) = (taker.session().title.clone(), taker.ends_at(&here));
        let partial = self.store.work.barred(&session)?;
        if !known && here != Head::start() && !(goes_on && partial) {
            return Err(ReplicaFault::Differs { id: session, here: here.event.0 });
        }
        taker.finish()?;
        let mut added = 0;
        if !known || partial {
            if claim.is_none() {
                return Err(ReplicaFault::Taken(session));
            }
            self.store.work.bar(&session, true)?;
            added = self.write(open, &session).await?;
            self.store.work.bar(&session, false)?;
        }
        Ok(Copied { session, title, events, added })
    }

    /// Reads the file again and writes what is not here; what changed meanwhile is found as it was the first time. Answers
    /// how many events it wrote.
    async fn write(&self, open: Open<'_>, session: &SessionId) -> Result<u64, ReplicaFault> {
        let (log, clock) = (self.store.log.clone(), self.clock.clone());
        // Each commit has its own class and writer.
        let mut ledger = Ledger::fresh(log, clock, session.clone(), Class::Operator, "").light();
        ledger.catch_up().await?;
        let (here, mut added) = (ledger.head().clone(), 0);
        let mut lines = open().map_err(ReplicaFault::Source)?;
        let mut taker = begin(&mut lines)?;
        for line in lines {
            match taker.line(&line.map_err(ReplicaFault::Source)?)? {
                Told::Part => {}
                Told::Content(content) => drop(self.store.blobs.put(content).await?),
                Told::Commit(commit) if commit.seq > here.seq => {
                    added += commit.events.len() as u64;
                    ledger.put(commit).await?;
                }
                Told::Commit(commit) if commit.seq == here.seq && *taker.head() != here => {
                    return Err(ReplicaFault::Differs { id: session.clone(), here: here.event.0 });
                }
                Told::Commit(_) => {}
            }
        }
        taker.finish()?;
        match taker.ends_at(ledger.head()) {
            true => Ok(added),
            false => Err(ReplicaFault::Differs { id: session.clone(), here: here.event.0 }),
        }
    }
}

fn begin(lines: &mut Lines<'_>) -> Result<Taker, ReplicaFault> {
    let first = lines.next().ok_or(Bad::NotOurs)?.map_err(ReplicaFault::Source)?;
    Ok(Taker::new(&first)?)
}
