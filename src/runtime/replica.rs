//! An exported session, brought back: the file is checked to its end before anything is written, then its commits are copied.

use crate::domain::commit::Head;
use crate::domain::export::take::{Bad, Taker, Told};
use crate::domain::ids::SessionId;
use crate::ports::blobs::Blobs;
use crate::ports::log::{Log, LogFault};
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
    /// Events that were added: all of them, or none where the same session is here.
    pub added: u64,
}

/// The lines of a file, one after another, without their ends.
pub type Lines<'a> = Box<dyn Iterator<Item = Result<String, String>> + Send + 'a>;

/// Where copies go.
pub struct Replicas {
    /// Commits.
    pub log: Arc<dyn Log>,
    /// Large content.
    pub blobs: Arc<dyn Blobs>,
}

impl Replicas {
    /// Copies a session. `open` begins the file anew: it is read twice.
    pub async fn copy(
        &self,
        open: &(dyn Fn() -> Result<Lines<'static>, String> + Sync),
    ) -> Result<Copied, ReplicaFault> {
        let mut lines = open().map_err(ReplicaFault::Source)?;
        let mut taker = begin(&mut lines)?;
        let mut events = 0;
        for line in lines {
            if let Told::Commit(commit) = taker.line(&line.map_err(ReplicaFault::Source)?)? {
                events += commit.events.len() as u64;
                tokio::task::yield_now().await;
            }
        }
        let title = taker.session().title.clone();
        let (session, here) = (taker.id().clone(), self.log.head(taker.id()).await?);
        let known = taker.ends_at(&here);
        if !known && here != Head::start() {
            return Err(ReplicaFault::Differs { id: session, here: here.event.0 });
        }
        taker.finish()?;
        if !known {
            self.write(open, &session).await?;
        }
        Ok(Copied { session, title, events, added: if known { 0 } else { events } })
    }

    /// Reads the file again and writes it; what changed meanwhile is found as it was the first time.
    async fn write(
        &self,
        open: &(dyn Fn() -> Result<Lines<'static>, String> + Sync),
        session: &SessionId,
    ) -> Result<(), ReplicaFault> {
        let mut lines = open().map_err(ReplicaFault::Source)?;
        let mut taker = begin(&mut lines)?;
        for line in lines {
            match taker.line(&line.map_err(ReplicaFault::Source)?)? {
                Told::Part => {}
                Told::Content(content) => drop(self.blobs.put(content).await?),
                Told::Commit(commit) => self.append(session, commit).await?,
            }
        }
        Ok(taker.finish()?)
    }

    async fn append(
        &self,
        session: &SessionId,
        commit: Arc<crate::domain::commit::Commit>,
    ) -> Result<(), ReplicaFault> {
        let id = commit.id.clone();
        match self.log.append(commit).await {
            Ok(_) => Ok(()),
            Err(LogFault::InDoubt { why }) => match self.log.settle(session, &id).await? {
                Some(_) => Ok(()),
                None => Err(LogFault::Unavailable { why }.into()),
            },
            Err(fault) => Err(fault.into()),
        }
    }
}

fn begin(lines: &mut Lines<'_>) -> Result<Taker, ReplicaFault> {
    let first = lines.next().ok_or(Bad::NotOurs)?.map_err(ReplicaFault::Source)?;
    Ok(Taker::new(&first)?)
}
