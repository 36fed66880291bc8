//! A fold and its log kept in step: decide on what is known, append by compare-and-set, then apply.
//!
//! The only writer of commits. Who finds the head moved reads what is new and decides again; an append whose answer never
//! came is settled before anything else is tried.

use crate::domain::commit::{Class, Commit, Head, Told};
use crate::domain::event::{Event, Fact};
use crate::domain::ids::{CommitId, SessionId};
use crate::domain::order::Refusal;
use crate::domain::place::place;
use crate::domain::session::Session;
use crate::ports::clock::Clock;
use crate::ports::log::{Log, LogFault};
use crate::runtime::pages::pages;
use std::sync::Arc;

/// How often one record is tried while others write or the store is busy.
const TRIES: u32 = 40;
/// The first wait for a busy store; it doubles up to half a second.
const BUSY_MS: u64 = 5;

/// Why nothing was recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    /// The door refused it.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The log could not take it.
    #[error("{0}")]
    Log(#[from] LogFault),
    /// A decision could not be signed: whether it is in the log all the same, the sentence says.
    #[error("{0}")]
    Unsigned(String),
}

/// One session's fold and where its log ends.
pub struct Ledger {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    class: Class,
    writer: String,
    head: Head,
    session: Session,
    light: bool,
}

impl Ledger {
    /// A session that has no commit yet.
    pub fn fresh(
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        id: SessionId,
        class: Class,
        writer: &str,
    ) -> Ledger {
        Ledger {
            log,
            clock,
            class,
            writer: writer.to_string(),
            head: Head::start(),
            session: Session::new(id),
            light: false,
        }
    }

    /// The same for who only adds what was made elsewhere: of a long session no more is kept than of a short one.
    pub fn light(mut self) -> Ledger {
        self.light = true;
        self
    }

    /// Reads a stored session.
    pub async fn open(
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        id: &SessionId,
        class: Class,
        writer: &str,
    ) -> Result<Ledger, LogFault> {
        let mut ledger = Ledger::fresh(log, clock, id.clone(), class, writer);
        ledger.catch_up().await?;
        if !ledger.session.is_open() {
            return Err(LogFault::NoSession(id.to_string()));
        }
        Ok(ledger)
    }

    /// The session as folded so far.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Where the log ended when it was last looked at.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Takes in what others have written; true if there was something.
    pub async fn catch_up(&mut self) -> Result<bool, LogFault> {
        self.catch_up_telling(|_| ()).await
    }

    /// The same, and tells each event of it.
    pub async fn catch_up_telling(&mut self, mut tell: impl FnMut(&Event)) -> Result<bool, LogFault> {
        let (log, id, mut news) = (self.log.clone(), self.session.id.clone(), false);
        let mut pages = pages(&*log, &id, self.head.seq);
        while let Some(page) = pages.next().await? {
            for commit in page {
                self.fold(&commit)?;
                commit.events.iter().for_each(|sealed| tell(&sealed.event));
                news = true;
            }
        }
        Ok(news)
    }

    /// The one fold rule, then the one `apply`.
    fn fold(&mut self, commit: &Commit) -> Result<(), LogFault> {
        self.head = self.head.admit(commit).map_err(|denial| LogFault::Damaged {
            session: self.session.id.clone(),
            event: self.head.event.after(),
            why: denial.to_string(),
        })?;
        for sealed in &commit.events {
            self.session.apply(&sealed.event);
        }
        if self.light {
            self.session.let_go();
        }
        Ok(())
    }

    /// Decides on the state as known, appends, applies. The decision is taken again whenever the state turns out to be newer.
    /// Nothing to say is no commit.
    pub async fn record(
        &mut self,
        decide: impl Fn(&Session) -> Result<Vec<Fact>, Refusal>,
    ) -> Result<Option<Arc<Commit>>, RecordFault> {
        let mut last = LogFault::Busy;
        for attempt in 0..TRIES {
            let facts = decide(&self.session)?;
            if facts.is_empty() {
                return Ok(None);
            }
            let commit = Arc::new(self.seal(facts));
            match self.append(&commit).await {
                Ok(()) => return Ok(Some(commit)),
                Err(LogFault::Stale) => {
                    self.catch_up().await?;
                    last = LogFault::Stale;
                }
                Err(LogFault::Busy) => {
                    self.wait(attempt).await;
                    last = LogFault::Busy;
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(last.into())
    }

    /// Appends a commit that was sealed elsewhere, after the head as it is known.
    pub async fn put(&mut self, commit: Arc<Commit>) -> Result<(), LogFault> {
        for attempt in 0..TRIES {
            match self.append(&commit).await {
                Err(LogFault::Busy) => self.wait(attempt).await,
                done => return done,
            }
        }
        Err(LogFault::Busy)
    }

    /// Appends events that are placed already, at their own times: an importer's. Whoever finds the log moved looks again.
    pub async fn write(&mut self, events: Vec<Told>) -> Result<(), LogFault> {
        let id = CommitId::from_random(self.clock.fresh());
        let by = (self.class, self.writer.as_str());
        self.put(Arc::new(self.head.seal_told(id, &self.session.id, by, self.clock.now(), events))).await
    }

    /// Waits before a busy store is asked again.
    async fn wait(&self, attempt: u32) {
        let wait = (BUSY_MS << attempt.min(7)).min(500);
        self.clock.sleep_until(self.clock.now().plus_ms(wait)).await;
    }

    fn seal(&self, facts: Vec<Fact>) -> Commit {
        let at = self.clock.now().max(self.session.updated_at); // a clock that went back never reorders the log
        let events = place(&self.session, at, facts);
        let id = CommitId::from_random(self.clock.fresh());
        self.head.seal(id, &self.session.id, (self.class, &self.writer), at, events)
    }

    /// Appends once. In doubt, the log itself is asked; the commit is never sent twice.
    async fn append(&mut self, commit: &Arc<Commit>) -> Result<(), LogFault> {
        match self.log.append(commit.clone()).await {
            Ok(_) => self.fold(commit),
            Err(LogFault::InDoubt { .. }) => match self.log.settle(&self.session.id, &commit.id).await? {
                Some(_) => self.fold(commit),
                None => Err(LogFault::Stale),
            },
            Err(fault) => Err(fault),
        }
    }
}
