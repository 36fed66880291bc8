//! What a call is waiting for, told from its facts alone: so that a timeline and a conversation need no fold of the session.

use crate::domain::call::Outcome;
use crate::domain::consent::{Consent, Ruling};
use crate::domain::event::{Fact, Settling};
use crate::domain::foreign::Recorded;
use serde::{Deserialize, Serialize};

/// What a call's time goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Close {
    /// It ran and returned, or a person said that it did.
    Well,
    /// It ran and failed.
    Badly,
    /// It was never run: refused, denied, rejected, answered by a person, dropped or given up.
    NotRun,
}

/// One call, watched from its proposal on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// What it waits for.
    pub phase: Phase,
    consent: Consent,
}

impl Default for Watch {
    fn default() -> Watch {
        Watch { phase: Phase::Judging, consent: Consent::default() }
    }
}

impl Watch {
    /// Takes in a fact about this call; follows the same rules as the fold of the session (`call_fold`).
    pub fn apply(&mut self, fact: &Fact) {
        let ruling = self.consent.apply(fact);
        self.phase = match fact {
            Fact::CallJudged { .. } => match ruling {
                Some(Ruling::Denied) => Phase::Over(Close::NotRun),
                Some(Ruling::Cleared { .. }) => Phase::Ready,
                Some(Ruling::Held | Ruling::EditDenied) | None => Phase::Person,
            },
            Fact::CallApproved { .. } | Fact::LeaseUsed { .. } if self.phase == Phase::Person => Phase::Ready,
            Fact::CallApproved { .. } | Fact::LeaseUsed { .. } => self.phase,
            Fact::CallEdited { .. } | Fact::CallLapsed { .. } | Fact::SessionForked { .. } => Phase::Judging,
            Fact::CallStarted { .. } => Phase::Running,
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
            Fact::CompactAsked(_) | Fact::ContextCompacted(_) | Fact::CompactFailed { .. } => self.phase,
            Fact::CompactOrdered { .. } | Fact::CompactionUndone { .. } => self.phase,
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
            | Fact::RunHeld { .. }
            | Fact::BudgetNeared { .. }
            | Fact::BudgetExtended { .. }
            | Fact::LoopSeen { .. }
            | Fact::CheckAsked { .. }
            | Fact::NoteRemoved { .. }
            | Fact::LeaseGranted { .. }
            | Fact::LeaseRevoked { .. }
            | Fact::Unknown { .. } => self.phase,
        };
    }

    /// Whether it is over.
    pub fn over(&self) -> bool {
        matches!(self.phase, Phase::Over(_))
    }
}
