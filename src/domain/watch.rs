//! What a call is waiting for, told from its facts alone: so that a timeline and a conversation need no fold of the session.

use crate::domain::call::Outcome;
use crate::domain::event::{Fact, Settling};
use crate::domain::foreign::Recorded;
use crate::domain::hash::Hash;
use crate::domain::policy::{Verdict, Word};

/// What a call's time goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The policy looks at it.
    Judging,
    /// A person is to say something: a decision, or what became of it.
    Person,
    /// It may start, and waits for its turn.
    Ready,
    /// It runs.
    Running,
    /// It is over.
    Over(Close),
}

/// How a call was over, as far as a glance needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Close {
    /// It ran and returned, or a person said that it did.
    Well,
    /// It ran and failed.
    Badly,
    /// It was never run: refused, denied, rejected, answered by a person, dropped or given up.
    NotRun,
}

/// One call, watched from its proposal on.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// What it waits for.
    pub phase: Phase,
    edited: bool,
    approved: Option<Hash>,
}

impl Default for Watch {
    fn default() -> Watch {
        Watch { phase: Phase::Judging, edited: false, approved: None }
    }
}

impl Watch {
    /// Takes in a fact about this call; follows the same rules as the fold of the session (`call_fold`).
    pub fn apply(&mut self, fact: &Fact) {
        self.phase = match fact {
            Fact::CallJudged { verdict, hash, .. } => self.judged(verdict, *hash),
            Fact::CallEdited { .. } => {
                self.edited = true;
                Phase::Judging
            }
            Fact::CallApproved { hash, .. } => {
                self.approved = Some(*hash);
                if self.phase == Phase::Person { Phase::Ready } else { self.phase }
            }
            Fact::CallLapsed { .. } => {
                self.approved = None;
                Phase::Judging
            }
            Fact::CallStarted { .. } => Phase::Running,
            // What was said to it in the parent is history; it is judged again.
            Fact::SessionForked { .. } => {
                (self.edited, self.approved) = (false, None);
                Phase::Judging
            }
            Fact::CallEnded { outcome: Outcome::Ok, .. }
            | Fact::CallSettled { how: Settling::Happened, .. } => Phase::Over(Close::Well),
            Fact::CallEnded { .. } => Phase::Over(Close::Badly),
            Fact::CallInterrupted { .. } | Fact::CallSettled { how: Settling::Again, .. } => Phase::Ready,
            Fact::CallUnknown { .. } => Phase::Person,
            Fact::CallRecorded { end: Recorded::Ok, .. } => Phase::Over(Close::Well),
            Fact::CallRecorded { end: Recorded::Error, .. } => Phase::Over(Close::Badly),
            Fact::CallRecorded { end: Recorded::Stopped | Recorded::Refused, .. } => {
                Phase::Over(Close::NotRun)
            }
            Fact::CallRefused { .. }
            | Fact::CallRejected { .. }
            | Fact::CallAnswered { .. }
            | Fact::CallDropped { .. }
            | Fact::CallSettled { how: Settling::Abandon, .. } => Phase::Over(Close::NotRun),
            Fact::SessionOpened { .. }
            | Fact::SessionRenamed { .. }
            | Fact::WorkspaceKept { .. }
            | Fact::WorkspaceMissed { .. }
            | Fact::RestoreStarted { .. }
            | Fact::RestoreEnded { .. }
            | Fact::SessionMarked { .. }
            | Fact::WriterTaken { .. }
            | Fact::RunStarted { .. }
            | Fact::RunPaused { .. }
            | Fact::RunReleased { .. }
            | Fact::InterruptAsked { .. }
            | Fact::CancelAsked { .. }
            | Fact::StepAllowed { .. }
            | Fact::ModeSet { .. }
            | Fact::RunEnded { .. }
            | Fact::ModelAsked { .. }
            | Fact::ModelReplied { .. }
            | Fact::ModelFailed { .. }
            | Fact::OperatorSaid { .. }
            | Fact::OperatorSteered { .. }
            | Fact::SessionImported { .. }
            | Fact::RunImported { .. }
            | Fact::ForeignRecord { .. }
            | Fact::ImportTaken { .. }
            | Fact::BreakpointSet { .. }
            | Fact::BreakpointRemoved { .. }
            | Fact::BreakpointHit { .. }
            | Fact::NoteAdded { .. }
            | Fact::NoteRemoved { .. }
            | Fact::Unknown { .. } => self.phase,
        };
    }

    fn judged(&mut self, verdict: &Verdict, hash: Hash) -> Phase {
        let edit_pending = std::mem::take(&mut self.edited) && self.approved.is_some();
        match verdict.word {
            Word::Deny if edit_pending => {
                self.approved = None;
                Phase::Person
            }
            Word::Deny => Phase::Over(Close::NotRun),
            Word::Allow | Word::Ask if self.approved == Some(hash) => Phase::Ready,
            Word::Allow if self.approved.is_none() => Phase::Ready,
            Word::Allow | Word::Ask => {
                self.approved = None;
                Phase::Person
            }
        }
    }

    /// Whether it is over.
    pub fn over(&self) -> bool {
        matches!(self.phase, Phase::Over(_))
    }
}
