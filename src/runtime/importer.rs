//! Another tool's session, brought into the log: what is known is skipped, what is new is appended in bounded commits.

use crate::domain::call::Output;
use crate::domain::commit::{COMMIT_BYTES_MAX, Class, Told};
use crate::domain::foreign::{Entry, Origin, Sort, What};
use crate::domain::ids::SessionId;
use crate::domain::import::Import;
use crate::domain::text;
use crate::ports::blobs::Blobs;
use crate::ports::clock::Clock;
use crate::ports::foreign::{self, Foreign, ForeignFault, Source};
use crate::ports::log::{Log, LogFault};
use crate::runtime::ledger::Ledger;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Events gathered for one commit.
const EVENTS_MAX: usize = 512;
/// Bytes of events gathered before they are written.
const BYTES_MAX: usize = COMMIT_BYTES_MAX / 8;
/// How often an import begins anew because somebody else wrote to the session meanwhile.
const TRIES: u32 = 8;
/// Sessions that are kept as they are known, for the next look at their source.
const KEPT: usize = 8;

/// Why an import ended early. What was written before is whole, and is not written again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportFault {
    /// The source cannot be read.
    #[error("{0}")]
    Source(#[from] ForeignFault),
    /// The log cannot be read or written.
    #[error("{0}")]
    Log(#[from] LogFault),
}

/// What an import found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The session here.
    pub session: Option<SessionId>,
    /// Its title.
    pub title: String,
    /// Events that were added.
    pub added: u64,
    /// Records that were read.
    pub records: u64,
    /// Records of a kind that is not known.
    pub unknown: u64,
    /// Lines that cannot be read: how many, and the first of them.
    pub damaged: u64,
    /// Their numbers, at most `Taken::LINES`.
    pub damaged_lines: Vec<u64>,
}

impl Taken {
    /// Numbers of damaged lines that are told.
    pub const LINES: usize = 20;

    fn damage(&mut self, line: u64) {
        self.damaged += 1;
        if self.damaged_lines.len() < Taken::LINES {
            self.damaged_lines.push(line);
        }
    }
}

/// Brings sessions in.
pub struct Importer {
    /// Where they come from.
    pub foreign: Arc<dyn Foreign>,
    /// Where they go.
    pub log: Arc<dyn Log>,
    /// Where large content goes.
    pub blobs: Arc<dyn Blobs>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// This program and its version.
    pub program: String,
    /// What is known of the sessions that were brought in last.
    pub known: Known,
}

/// Sessions as they are known, by which a source that has grown is not read from the log again.
#[derive(Default)]
pub struct Known(Mutex<VecDeque<(Ledger, Import)>>);

impl Known {
    fn kept(&self) -> MutexGuard<'_, VecDeque<(Ledger, Import)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, id: &SessionId) -> Option<(Ledger, Import)> {
        let mut kept = self.kept();
        let at = kept.iter().position(|(ledger, _)| ledger.session().id == *id)?;
        kept.remove(at)
    }

    fn keep(&self, ledger: Ledger, import: Import) {
        let mut kept = self.kept();
        kept.push_back((ledger, import));
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }
}

/// An import under way.
struct Work {
    ledger: Ledger,
    import: Import,
    events: Vec<Told>,
    bytes: usize,
    taken: Taken,
}

impl Importer {
    /// Brings one session in, or what is new of it.
    pub async fn import(&self, source: &Source, settled: bool) -> Result<Taken, ImportFault> {
        let mut last = LogFault::Stale;
        for _ in 0..TRIES {
            match self.attempt(source, settled).await {
                // Somebody imports it too, or gives it another title: what they wrote is read, and then known.
                Err(ImportFault::Log(LogFault::Stale)) => last = LogFault::Stale,
                done => return done,
            }
        }
        Err(last.into())
    }

    async fn attempt(&self, source: &Source, settled: bool) -> Result<Taken, ImportFault> {
        let mut reading = self.foreign.read(source, settled);
        let origin = match reading.next().await {
            foreign::Told::Origin(origin) => *origin,
            foreign::Told::Fault(fault) => return Err(fault.into()),
            foreign::Told::Entry(_) | foreign::Told::Torn(_) | foreign::Told::End(_) => {
                return Err(ForeignFault("the reading tells no origin".into()).into());
            }
        };
        let mut work = self.begin(&origin).await?;
        loop {
            match reading.next().await {
                foreign::Told::Entry(entry) => self.take(&mut work, *entry).await?,
                foreign::Told::Torn(line) => work.taken.damage(line),
                foreign::Told::Origin(_) => {}
                foreign::Told::End(records) => {
                    work.taken.records = records;
                    self.write(&mut work).await?;
                    self.known.keep(work.ledger, work.import);
                    return Ok(work.taken);
                }
                foreign::Told::Fault(fault) => {
                    self.write(&mut work).await?;
                    return Err(fault.into());
                }
            }
        }
    }

    /// The session as it is known so far; where there is none, its first events wait to be written.
    async fn begin(&self, origin: &Origin) -> Result<Work, ImportFault> {
        let id = origin.session();
        let fresh = || {
            let (log, clock) = (self.log.clone(), self.clock.clone());
            Ledger::fresh(log, clock, id.clone(), Class::Importer, &self.program).light()
        };
        let (mut ledger, mut import) = self.known.take(&id).unwrap_or_else(|| (fresh(), Import::default()));
        ledger.catch_up_telling(|event| import.apply(event)).await?;
        let mut events = Vec::new();
        let mut title = ledger.session().title.clone();
        if !import.is_open() {
            title = match origin.title.trim() {
                "" => format!("{} session {}", origin.tool.word(), text::truncate(&origin.id, 40)),
                title => text::first_line(title, 100),
            };
            let origin = Origin { at: origin.at.or_else(|| Some(self.clock.now())), ..origin.clone() };
            events = import.open(&origin, &title, &self.program).into_iter().map(Told::from).collect();
        }
        let taken = Taken { session: Some(id), title, ..Taken::default() };
        Ok(Work { ledger, import, events, bytes: 0, taken })
    }

    async fn take(&self, work: &mut Work, mut entry: Entry) -> Result<(), ImportFault> {
        if let What::Odd { sort, place, .. } = &entry.what {
            match sort {
                Sort::Unknown => work.taken.unknown += 1,
                Sort::Damaged => work.taken.damage(*place),
                Sort::Note => {}
            }
        }
        work.taken.records += 1;
        if work.import.knows(&entry) {
            return Ok(());
        }
        let body = self.bounded(&mut entry).await?;
        if work.events.len() >= EVENTS_MAX || work.bytes >= BYTES_MAX {
            self.write(work).await?;
        }
        for event in work.import.take(entry, body) {
            let told = Told::from(event);
            work.bytes += told.json.len();
            work.events.push(told);
        }
        Ok(())
    }

    /// What an entry holds of foreign content, bounded; the whole of a large one goes into a blob.
    async fn bounded(&self, entry: &mut Entry) -> Result<Output, LogFault> {
        let text = match &mut entry.what {
            What::Over(over) => over.text.clone(),
            What::Odd { raw, .. } => raw.clone(),
            What::Task { .. } | What::Reply(_) | What::Ended { .. } => return Ok(Output::default()),
        };
        let whole: Arc<[u8]> = text.as_bytes().into();
        let (mut output, large) = Output::bounded(text);
        if large {
            output.blob = Some(self.blobs.put(whole).await?);
        }
        Ok(output)
    }

    /// Writes what was gathered, with the marks of it in the same commit.
    async fn write(&self, work: &mut Work) -> Result<(), ImportFault> {
        let closing = work.import.close(self.clock.now(), work.taken.records);
        work.events.extend(closing.into_iter().map(Told::from));
        if work.events.is_empty() {
            return Ok(());
        }
        work.bytes = 0;
        let mut events = std::mem::take(&mut work.events);
        while !events.is_empty() {
            let rest = events.split_off(fitting(&events));
            let count = events.len() as u64;
            work.ledger.write(events).await?;
            work.taken.added += count;
            events = rest;
        }
        Ok(())
    }
}

/// How many events one commit takes; at least one, and the two that open a session never part.
fn fitting(events: &[Told]) -> usize {
    let mut bytes = 0;
    let fits = |told: &&Told| {
        bytes += told.json.len();
        bytes <= COMMIT_BYTES_MAX
    };
    events.iter().take_while(fits).count().max(2).min(events.len())
}
