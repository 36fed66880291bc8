//! A stored session in short: when each event happened, what is worth going to, and places from which it can be folded.
//!
//! The events are counted off in chunks. A chunk begins with the core of the session as it was before it: what was open
//! then and nothing else. Whoever wants the session as of an event folds from the core of the chunk that lies `BACK` chunks
//! before, and lets go of what is older: so a look at event 1,000,000 costs what one at event 1,000 does, never more than
//! `BACK + 1` chunks, and shows the same whichever way one came.

use crate::domain::call::Outcome;
use crate::domain::commit::Commit;
use crate::domain::event::{Event, Fact, RunStatus};
use crate::domain::foreign::{Recorded, Sort};
use crate::domain::ids::{EventNo, SessionId};
use crate::domain::pace::Gap;
use crate::domain::policy::Word;
use crate::domain::survey_core::{Core, Cores};
use crate::domain::survey_kept::Follows;
use crate::domain::time::Micros;
use crate::domain::watched::Watched;
use std::sync::Arc;

/// Events of a chunk.
pub const CHUNK: u64 = 256;
/// How many chunks before the one looked at are kept whole.
pub const BACK: u64 = 1;
/// A longer silence is shortened when it is played, in milliseconds.
pub const WAIT_MS_MAX: u64 = 3_000;

/// What an event is worth going to for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// The model is asked.
    Turn,
    /// A call comes into view.
    Call,
    /// The run waits for a person.
    Hold,
    /// Something failed.
    Fault,
}

/// All marks.
pub const MARKS: [Mark; 4] = [Mark::Turn, Mark::Call, Mark::Hold, Mark::Fault];

/// Some events in short.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Its place, from 0.
    pub place: u64,
    /// The commit before the one that holds its first event.
    pub after: u64,
    /// The commit that holds its last event.
    pub until: u64,
    /// That commit, where it is known.
    pub follows: Option<Follows>,
    /// What was open before its first event.
    pub core: Core,
    /// When each event happened.
    pub times: Vec<Micros>,
    /// What is marked.
    pub marks: Vec<(EventNo, Mark)>,
    /// Before which event it was silent so long that it is shortened.
    pub waits: Vec<EventNo>,
}

/// Makes chunks of events.
pub struct Surveyor {
    watched: Watched,
    chunk: Option<Chunk>,
    before: Option<Follows>,
    cores: Cores,
}

impl Surveyor {
    /// Before the first event.
    pub fn new(id: SessionId) -> Surveyor {
        Surveyor { watched: Watched::onlooker(id), chunk: None, before: None, cores: Cores::default() }
    }

    /// Before a chunk, the commit before which is `before`; none where its core is not one.
    pub fn from(chunk: &Chunk, before: Follows) -> Option<Surveyor> {
        let (watched, cores) = (chunk.core.open()?, Cores::default());
        Some(Surveyor { watched, chunk: None, before: Some(before), cores })
    }

    /// Takes in a commit; answers the chunks that are full with it.
    pub fn take(&mut self, commit: &Commit) -> Vec<Chunk> {
        let new = self.watched.session.last; // the commit before a chunk may hold the first of its events
        let events = commit.events.iter().map(|sealed| &sealed.event).filter(|event| event.no > new);
        let chunks = events.filter_map(|event| self.event(event, commit.seq)).collect();
        self.before = Follows::of(commit);
        chunks
    }

    fn event(&mut self, event: &Event, seq: u64) -> Option<Chunk> {
        let chunk = self.chunk.get_or_insert_with(|| Chunk {
            place: place_of(event.no),
            after: seq - 1,
            until: seq,
            follows: self.before.clone(),
            core: self.cores.of(&self.watched),
            times: Vec::new(),
            marks: Vec::new(),
            waits: Vec::new(),
        });
        let before = self.watched.session.updated_at;
        let is_late = self.watched.session.is_open() && event.at.ms_since(before) > WAIT_MS_MAX;
        if is_late && Gap::new(before, event).is_shortened() {
            chunk.waits.push(event.no);
        }
        chunk.until = seq;
        chunk.times.push(event.at);
        chunk.marks.extend(mark(event).map(|mark| (event.no, mark)));
        let is_full = chunk.times.len() as u64 >= CHUNK;
        self.watched.apply(event);
        if !is_full {
            return None;
        }
        self.watched.forget(event.no);
        self.chunk.take()
    }

    /// The last events: a chunk that is not full.
    pub fn rest(&mut self) -> Option<Chunk> {
        self.chunk.take()
    }
}

/// The chunk that holds an event.
pub fn place_of(event: EventNo) -> u64 {
    event.0.saturating_sub(1) / CHUNK
}

/// The events from which what is shown at the event `at` is folded: those after this one.
pub fn base(at: EventNo) -> EventNo {
    EventNo((at.0 / CHUNK).saturating_sub(BACK) * CHUNK)
}

/// What an event is marked with.
pub fn mark(event: &Event) -> Option<Mark> {
    match &event.fact {
        Fact::ModelAsked { .. } | Fact::CompactAsked(_) => Some(Mark::Turn),
        Fact::CallJudged { verdict, .. } if verdict.word == Word::Ask => Some(Mark::Hold),
        Fact::CallUnknown { .. }
        | Fact::RunPaused { .. }
        | Fact::InterruptAsked { .. }
        | Fact::BreakpointHit { .. }
        | Fact::RunHeld { .. } => Some(Mark::Hold),
        Fact::CallJudged { .. } => Some(Mark::Call),
        Fact::CallEnded { outcome, .. } => (*outcome != Outcome::Ok).then_some(Mark::Fault),
        Fact::RunEnded { status, .. } => (*status != RunStatus::Done).then_some(Mark::Fault),
        Fact::ModelFailed { .. }
        | Fact::CompactFailed { .. }
        | Fact::CallRefused { .. }
        | Fact::WorkspaceMissed { .. } => Some(Mark::Fault),
        Fact::RestoreEnded { failed, .. } => (*failed > 0).then_some(Mark::Fault),
        Fact::CallRecorded { end, .. } if *end != Recorded::Ok => Some(Mark::Fault),
        Fact::CallRecorded { .. } => Some(Mark::Call),
        Fact::ForeignRecord { sort, .. } => (*sort == Sort::Damaged).then_some(Mark::Fault),
        Fact::SessionOpened { .. }
        | Fact::SessionRenamed { .. }
        | Fact::SessionForked { .. }
        | Fact::WorkspaceKept { .. }
        | Fact::RestoreStarted { .. }
        | Fact::WriterTaken { .. }
        | Fact::RunStarted { .. }
        | Fact::RunReleased { .. }
        | Fact::CancelAsked { .. }
        | Fact::StepAllowed { .. }
        | Fact::ModeSet { .. }
        | Fact::ModelReplied { .. }
        | Fact::CallEdited { .. }
        | Fact::CallApproved { .. }
        | Fact::LeaseGranted { .. }
        | Fact::LeaseUsed { .. }
        | Fact::LeaseRevoked { .. }
        | Fact::CallRejected { .. }
        | Fact::CallAnswered { .. }
        | Fact::CallLapsed { .. }
        | Fact::CallStarted { .. }
        | Fact::CallInterrupted { .. }
        | Fact::CallSettled { .. }
        | Fact::CallDropped { .. }
        | Fact::OperatorSaid { .. }
        | Fact::OperatorSteered { .. }
        | Fact::SessionMarked { .. }
        | Fact::SessionImported { .. }
        | Fact::RunImported { .. }
        | Fact::ImportTaken { .. }
        | Fact::BreakpointSet { .. }
        | Fact::BreakpointRemoved { .. }
        | Fact::NoteAdded { .. }
        | Fact::BudgetNeared { .. }
        | Fact::BudgetExtended { .. }
        | Fact::LoopSeen { .. }
        | Fact::CompactOrdered { .. }
        | Fact::ContextCompacted(_)
        | Fact::CompactionUndone { .. }
        | Fact::CheckAsked { .. }
        | Fact::NoteRemoved { .. }
        | Fact::Unknown { .. } => None,
    }
}

/// What is known of a stored session so far.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    chunks: Vec<Chunk>,
    events: u64,
    turns: Vec<u32>,
    calls: Vec<u32>,
    holds: Vec<u32>,
    faults: Vec<u32>,
    waits: Vec<u32>,
}

impl Survey {
    /// Takes in the next chunk; one that does not follow was told before.
    pub fn add(&mut self, chunk: Arc<Chunk>) {
        if chunk.place != self.chunks.len() as u64 {
            return;
        }
        for (no, mark) in &chunk.marks {
            let no = small(no.0);
            match mark {
                Mark::Turn => self.turns.push(no),
                Mark::Call => self.calls.push(no),
                Mark::Hold => {
                    self.calls.push(no);
                    self.holds.push(no);
                }
                Mark::Fault => self.faults.push(no),
            }
        }
        self.waits.extend(chunk.waits.iter().map(|no| small(no.0)));
        self.events += chunk.times.len() as u64;
        // What was marked stands in the lists now.
        let mut chunk = Arc::unwrap_or_clone(chunk);
        (chunk.marks, chunk.waits, chunk.follows) = (Vec::new(), Vec::new(), None);
        chunk.times.shrink_to_fit();
        self.chunks.push(chunk);
    }

    /// How many events are known.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The chunk at a place, once it is known.
    pub fn chunk(&self, place: u64) -> Option<&Chunk> {
        self.chunks.get(usize::try_from(place).ok()?)
    }

    /// When an event happened.
    pub fn time(&self, event: EventNo) -> Option<Micros> {
        let in_chunk = usize::try_from(event.0.checked_sub(1)? % CHUNK).ok()?;
        self.chunk(place_of(event))?.times.get(in_chunk).copied()
    }

    /// When the first event happened.
    pub fn first_at(&self) -> Option<Micros> {
        self.time(EventNo(1))
    }

    /// When the last event that is known happened.
    pub fn last_at(&self) -> Option<Micros> {
        self.time(EventNo(self.events))
    }

    /// How many events had happened at a moment.
    pub fn events_by(&self, moment: Micros) -> u64 {
        let begun = |chunk: &Chunk| chunk.times.first().is_some_and(|first| *first <= moment);
        let chunks = self.chunks.partition_point(begun);
        let Some(chunk) = chunks.checked_sub(1).and_then(|last| self.chunks.get(last)) else { return 0 };
        chunk.place * CHUNK + chunk.times.partition_point(|at| *at <= moment) as u64
    }

    /// The events with a mark, in order. A call that waits for a person is a call too.
    pub fn marked(&self, mark: Mark) -> &[u32] {
        match mark {
            Mark::Turn => &self.turns,
            Mark::Call => &self.calls,
            Mark::Hold => &self.holds,
            Mark::Fault => &self.faults,
        }
    }

    /// The events before which it was silent so long that it is shortened, in order.
    pub fn waits(&self) -> &[u32] {
        &self.waits
    }

    /// The next event after `at` with one of the marks.
    pub fn after(&self, at: EventNo, marks: &[Mark]) -> Option<EventNo> {
        let next = |mark: &Mark| {
            let events = self.marked(*mark);
            events.get(events.partition_point(|no| u64::from(*no) <= at.0)).copied()
        };
        marks.iter().filter_map(next).min().map(|no| EventNo(u64::from(no)))
    }

    /// The last event before `at` with one of the marks.
    pub fn before(&self, at: EventNo, marks: &[Mark]) -> Option<EventNo> {
        let last = |mark: &Mark| {
            let events = self.marked(*mark);
            events[..events.partition_point(|no| u64::from(*no) < at.0)].last().copied()
        };
        marks.iter().filter_map(last).max().map(|no| EventNo(u64::from(no)))
    }
}

/// An event's number where many are kept; no session has four thousand million.
fn small(no: u64) -> u32 {
    u32::try_from(no).unwrap_or(u32::MAX)
}
