//! Whether the spans of a session are a whole tree: every start has exactly one end, every span's parent is there.
//!
//! This reads only numbers and kinds of facts, so `verify` may run it over any log. Spans that are open at the end of what
//! was read are no fault of a session under way; `SpanTree::open` tells how many there are.

use crate::domain::event::{Event, Fact};
use crate::domain::ids::EventNo;
use crate::domain::policy::Word;
use std::collections::HashMap;

/// So many faults are kept; more of them say nothing new.
const FAULTS_MAX: usize = 100;

/// Something wrong with the tree of spans.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {no}: {why}")]
pub struct SpanFault {
    /// The event at which it shows.
    pub no: EventNo,
    /// What is wrong.
    pub why: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Session,
    Run,
    Model,
    Call,
    Execution,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    level: Level,
    parent: EventNo,
    ended: bool,
}

/// The spans seen so far.
#[derive(Clone, Debug, Default)]
pub struct SpanTree {
    nodes: HashMap<EventNo, Node>,
    open: Vec<EventNo>,
    faults: Vec<SpanFault>,
}

impl SpanTree {
    /// What is wrong, in the order of the events; at most a hundred.
    pub fn faults(&self) -> &[SpanFault] {
        &self.faults
    }

    /// Spans that have begun and not ended, the session itself not counted.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Takes in one event; costs what is open, not what has been.
    pub fn apply(&mut self, event: &Event) {
        if event.span == event.no {
            self.begin(event);
        } else {
            self.inside(event);
        }
        self.finish(event);
    }

    fn fault(&mut self, event: &Event, why: &'static str) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(SpanFault { no: event.no, why });
        }
    }

    fn begin(&mut self, event: &Event) {
        let level = match &event.fact {
            Fact::SessionOpened { .. } => Level::Session,
            Fact::RunStarted { .. } | Fact::RunImported { .. } => Level::Run,
            Fact::ModelAsked { .. } | Fact::CompactAsked(_) => Level::Model,
            Fact::CallStarted { .. } => Level::Execution,
            Fact::Unknown { .. } => return, // a newer program knows what it opens
            Fact::CallRefused { .. }
            | Fact::CallJudged { .. }
            | Fact::CallEdited { .. }
            | Fact::CallApproved { .. }
            | Fact::LeaseUsed { .. }
            | Fact::CallRejected { .. }
            | Fact::CallAnswered { .. }
            | Fact::CallLapsed { .. }
            | Fact::CallEnded { .. }
            | Fact::CallInterrupted { .. }
            | Fact::CallUnknown { .. }
            | Fact::CallSettled { .. }
            | Fact::CallRecorded { .. }
            | Fact::CallDropped { .. } => Level::Call,
            Fact::SessionRenamed { .. }
            | Fact::SessionForked { .. }
            | Fact::WorkspaceKept { .. }
            | Fact::WorkspaceMissed { .. }
            | Fact::RestoreStarted { .. }
            | Fact::RestoreEnded { .. }
            | Fact::SessionMarked { .. }
            | Fact::WriterTaken { .. }
            | Fact::RunPaused { .. }
            | Fact::RunReleased { .. }
            | Fact::InterruptAsked { .. }
            | Fact::CancelAsked { .. }
            | Fact::StepAllowed { .. }
            | Fact::ModeSet { .. }
            | Fact::RunEnded { .. }
            | Fact::ModelReplied { .. }
            | Fact::ModelFailed { .. }
            | Fact::OperatorSaid { .. }
            | Fact::SessionImported { .. }
            | Fact::ForeignRecord { .. }
            | Fact::ImportTaken { .. }
            | Fact::OperatorSteered { .. }
            | Fact::BreakpointSet { .. }
            | Fact::BreakpointRemoved { .. }
            | Fact::BreakpointHit { .. }
            | Fact::NoteAdded { .. }
            | Fact::RunHeld { .. }
            | Fact::BudgetNeared { .. }
            | Fact::BudgetExtended { .. }
            | Fact::LoopSeen { .. }
            | Fact::CompactOrdered { .. }
            | Fact::ContextCompacted(_)
            | Fact::CompactFailed { .. }
            | Fact::CompactionUndone { .. }
            | Fact::CheckAsked { .. }
            | Fact::NoteRemoved { .. }
            | Fact::LeaseGranted { .. }
            | Fact::LeaseRevoked { .. } => return self.fault(event, "this kind of fact opens no span"),
        };
        self.hangs(event, level);
        self.nodes.insert(event.no, Node { level, parent: event.parent, ended: false });
        if level != Level::Session {
            self.open.push(event.no);
        }
    }

    /// A span hangs in one of its kind's parent that is not over.
    fn hangs(&mut self, event: &Event, level: Level) {
        let held_by = self.nodes.get(&event.parent).copied();
        match (level, held_by.map(|node| node.level)) {
            (Level::Session, None) if event.parent == EventNo(0) => {}
            (Level::Run, Some(Level::Session))
            | (Level::Model | Level::Call, Some(Level::Run))
            | (Level::Execution, Some(Level::Call)) => {}
            (_, None) => self.fault(event, "its span's parent does not exist"),
            (_, Some(_)) => self.fault(event, "its span's parent is of the wrong kind"),
        }
        if held_by.is_some_and(|node| node.ended) {
            self.fault(event, "its span's parent is over");
        }
    }

    fn inside(&mut self, event: &Event) {
        let Some(node) = self.nodes.get(&event.span).copied() else {
            if !matches!(event.fact, Fact::Unknown { .. }) {
                self.fault(event, "its span does not exist");
            }
            return;
        };
        if node.parent != event.parent {
            self.fault(event, "it names another parent than its span does");
        }
        // What a person wrote may come late; it changes no span.
        let may_be_late = matches!(event.fact, Fact::OperatorSaid { .. } | Fact::Unknown { .. });
        if node.ended && !may_be_late {
            self.fault(event, "its span is over");
        }
    }

    fn run_ended(&mut self, event: &Event) {
        if self.open.iter().any(|no| self.is_within(*no, event.span)) {
            self.fault(event, "the run ends with open spans in it");
        }
        self.end(event, event.span, Level::Run);
    }

    /// Ends what the event ends.
    fn finish(&mut self, event: &Event) {
        match &event.fact {
            Fact::RunEnded { .. } => self.run_ended(event),
            Fact::CompactOrdered { .. } | Fact::CompactAsked(_) | Fact::CompactionUndone { .. } => {}
            Fact::ModelReplied { .. } | Fact::ModelFailed { .. } | Fact::CompactFailed { .. } => {
                self.end(event, event.span, Level::Model);
            }
            Fact::ContextCompacted(done) if done.summed().is_some() => {
                self.end(event, event.span, Level::Model);
            }
            Fact::CallInterrupted { .. } | Fact::CallUnknown { .. } => {
                self.end(event, event.span, Level::Execution);
            }
            Fact::CallEnded { .. } => {
                self.end(event, event.span, Level::Execution);
                self.end(event, event.parent, Level::Call);
            }
            Fact::CallRefused { .. }
            | Fact::CallRejected { .. }
            | Fact::CallAnswered { .. }
            | Fact::CallRecorded { .. }
            | Fact::CallDropped { .. } => self.end(event, event.span, Level::Call),
            Fact::CallSettled { how: crate::domain::event::Settling::Again, .. } => {}
            Fact::CallSettled { .. } => self.end(event, event.span, Level::Call),
            Fact::SessionForked { .. } => self.fork(),
            Fact::CallJudged { .. }
            | Fact::SessionOpened { .. }
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
            | Fact::ModelAsked { .. }
            | Fact::CallEdited { .. }
            | Fact::CallApproved { .. }
            | Fact::LeaseGranted { .. }
            | Fact::LeaseUsed { .. }
            | Fact::LeaseRevoked { .. }
            | Fact::CallLapsed { .. }
            | Fact::CallStarted { .. }
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
            | Fact::ContextCompacted(_)
            | Fact::CheckAsked { .. }
            | Fact::NoteRemoved { .. }
            | Fact::Unknown { .. } => {}
        }
    }

    /// Whether a span is of that run: one of its own, or an execution of one of its calls.
    fn is_within(&self, no: EventNo, run: EventNo) -> bool {
        let node = self.nodes.get(&no);
        node.is_some_and(|node| node.parent == run || node.level == Level::Execution)
    }

    /// What a parent had under way ends here: requests and executions. Runs and calls go on.
    fn fork(&mut self) {
        let nodes = &mut self.nodes;
        self.open.retain(|no| match nodes.get_mut(no) {
            Some(node) if matches!(node.level, Level::Model | Level::Execution) => {
                node.ended = true;
                false
            }
            Some(_) | None => true,
        });
    }

    /// A verdict ends its call where it denied it; whether it did is the watcher's to say (a denied edit goes back).
    pub fn denied(&mut self, event: &Event) {
        if let Fact::CallJudged { verdict, .. } = &event.fact
            && verdict.word == Word::Deny
        {
            self.end(event, event.span, Level::Call);
        }
    }

    fn end(&mut self, event: &Event, span: EventNo, level: Level) {
        match self.nodes.get_mut(&span) {
            Some(node) if node.level != level => self.fault(event, "it ends a span of another kind"),
            Some(node) if node.ended => self.fault(event, "its span ends twice"),
            Some(node) => {
                node.ended = true;
                self.open.retain(|open| *open != span);
            }
            None => self.fault(event, "it ends a span that does not exist"),
        }
    }
}
