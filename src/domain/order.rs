//! What an operator or a channel may tell a run, and the typed reasons for which it is refused.

use crate::domain::breakpoint::Breakpoint;
use crate::domain::budget::Change;
use crate::domain::event::{Limits, RunStatus, Settling};
use crate::domain::hash::Hash;
use crate::domain::ids::{BreakNo, CallId, LeaseNo, NoteNo};
use crate::domain::lease_terms::Terms;
use crate::domain::marks::Mark;
use crate::domain::money::Money;
use crate::domain::policy::Mode;
use crate::domain::schema::SchemaFault;
use crate::domain::titling::Titled;
use serde_json::Value;

/// A new task and how it is to be driven.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// What the agent is to do.
    pub input: String,
    /// How much waits for a person.
    pub mode: Mode,
    /// The limits.
    pub limits: Limits,
    /// The model to ask, as the configuration names it.
    pub model: String,
    /// Where it is asked, as it may be shown; none for a script.
    pub base_url: Option<String>,
}

/// One word to a session.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Begin a run; refused while one is under way.
    Start(Task),
    /// A message: begins a run, queues while one works, goes on with one that was interrupted.
    Say(String),
    /// A message for the working agent, read before its next turn.
    Steer(String),
    /// Approve exactly the action of this hash.
    Approve {
        /// The call.
        call: CallId,
        /// The action as it was shown.
        hash: Hash,
    },
    /// Approve with other arguments; they are checked and judged again.
    ApproveEdited {
        /// The call.
        call: CallId,
        /// The action as it was shown before the edit.
        hash: Hash,
        /// The new arguments.
        args: Value,
    },
    /// Do not run it; the model reads the reason.
    Reject {
        /// The call.
        call: CallId,
        /// Why; may be empty.
        reason: String,
    },
    /// Answer in the tool's place.
    Respond {
        /// The call.
        call: CallId,
        /// The answer.
        text: String,
    },
    /// Settle an unknown outcome.
    Settle {
        /// The call.
        call: CallId,
        /// What is known or wanted.
        how: Settling,
        /// A note for the model.
        note: String,
    },
    /// Start nothing new.
    Pause,
    /// Go on.
    Resume,
    /// Stop what is under way, then wait.
    Interrupt,
    /// End the run.
    Cancel,
    /// Do one step; a run that was not stepping begins to.
    Step,
    /// Change the mode.
    SetMode(Mode),
    /// Give the session another title.
    Rename(String),
    /// Give the session the title that a model was asked for.
    Title(String, Box<Titled>),
    /// Tag, pin, archive or delete the session, or take that back.
    Mark(Mark),
    /// Go on: the end of stepping, pausing and standing at a breakpoint.
    Continue,
    /// Set a breakpoint.
    SetBreakpoint(Breakpoint),
    /// Take a breakpoint away.
    RemoveBreakpoint(BreakNo),
    /// Approve exactly the action of this hash, and grant the next ones like it.
    Grant {
        /// The call.
        call: CallId,
        /// The action as it was shown.
        hash: Hash,
        /// What is granted beyond it.
        terms: Terms,
    },
    /// Take a lease back.
    Revoke(LeaseNo),
    /// Set a breakpoint for once and go on.
    RunUntil(Breakpoint),
    /// Put a note into the next request.
    AddNote(String),
    /// Take back a note that was not sent.
    RemoveNote(NoteNo),
    /// Give more than a limit, or take it away; a run that it holds goes on.
    Extend(Vec<Change>),
    /// Make the conversation shorter before the next request; a run that is held for its size goes on.
    Compact,
    /// Take the last compaction back.
    UndoCompact,
}

impl Order {
    /// Whether it is to set a session to work that nobody drives. What only names, marks, prepares or holds back does not.
    pub fn sets_to_work(&self) -> bool {
        match self {
            Order::Start(_)
            | Order::Say(_)
            | Order::Steer(_)
            | Order::Approve { .. }
            | Order::ApproveEdited { .. }
            | Order::Grant { .. }
            | Order::Reject { .. }
            | Order::Respond { .. }
            | Order::Settle { .. }
            | Order::Resume
            | Order::Continue
            | Order::RunUntil(_)
            | Order::Step
            | Order::Extend(_)
            | Order::Compact
            | Order::SetMode(Mode::Auto | Mode::Ask)
            | Order::Cancel => true, // it is ended, and what was left open closed
            Order::SetMode(Mode::Step)
            | Order::Pause
            | Order::Interrupt
            | Order::Rename(_)
            | Order::Title(..)
            | Order::Mark(_)
            | Order::SetBreakpoint(_)
            | Order::RemoveBreakpoint(_)
            | Order::Revoke(_)
            | Order::AddNote(_)
            | Order::RemoveNote(_)
            | Order::UndoCompact => false,
        }
    }
}

/// Why an order is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no session yet.
    #[error("the session is not open")]
    NotOpen,
    /// The session is another tool's.
    #[error(
        "the session was imported from {0}: it is finished here, and can be watched, replayed and searched"
    )]
    Imported(String),
    /// There is no run.
    #[error("no task is under way")]
    NoRun,
    /// The run is over.
    #[error("the task is over: it is {}", crate::domain::tally::ended(*.0))]
    RunOver(RunStatus),
    /// A run is under way.
    #[error("a task is under way")]
    RunUnderWay,
    /// The run is being cancelled.
    #[error("the task is being cancelled")]
    Cancelling,
    /// No such call.
    #[error("there is no call {0}")]
    NoCall(CallId),
    /// The call does not wait for a decision.
    #[error("call {call} is not waiting for a decision: it is {state}")]
    NotHeld {
        /// The call.
        call: CallId,
        /// Where it stands.
        state: &'static str,
    },
    /// The call's outcome is not unknown.
    #[error("call {call} has nothing to settle: it is {state}")]
    NotUnknown {
        /// The call.
        call: CallId,
        /// Where it stands.
        state: &'static str,
    },
    /// The call is over, or not asked for, at the event forked at.
    #[error("call {call} cannot be changed at this event: it is {state}")]
    OverAtFork {
        /// The call.
        call: CallId,
        /// Where it stands there.
        state: &'static str,
    },
    /// What was decided on is not what would run.
    #[error("call {0} has changed since it was shown; look again")]
    Changed(CallId),
    /// The edited arguments miss the schema.
    #[error("the edited arguments do not fit: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    BadArguments(Vec<SchemaFault>),
    /// An empty message.
    #[error("there is nothing in the message")]
    EmptyText,
    /// It is paused already.
    #[error("the task is paused already")]
    Paused,
    /// It is not paused.
    #[error("the task is not paused")]
    NotPaused,
    /// The mode is that already.
    #[error("the mode is {0} already")]
    SameMode(&'static str),
    /// The session is marked so already.
    #[error("the session is {0} already")]
    Marked(&'static str),
    /// A tag that is none.
    #[error("{0:?} is no tag: a tag is one word of at most 40 letters, digits or - _ . : / @ +")]
    BadTag(String),
    /// The session has as many tags as it may have.
    #[error("the session has {0} tags already")]
    ManyTags(usize),
    /// The session is in the bin.
    #[error("the session is in the bin")]
    InBin,
    /// That breakpoint stands already.
    #[error("breakpoint {0} is that already")]
    SameBreakpoint(BreakNo),
    /// No such breakpoint.
    #[error("there is no breakpoint {0}")]
    NoBreakpoint(BreakNo),
    /// The run is past the mark.
    #[error("the task has had {now} {unit} already; {unit}=+N counts from now")]
    MarkPassed {
        /// What is counted.
        unit: &'static str,
        /// How far it is.
        now: u64,
    },
    /// The run has cost as much already.
    #[error("the task has cost {0} already; cost=+N counts from now")]
    CostPassed(Money),
    /// A list is full.
    #[error("there are as many {0} as are kept; remove one first")]
    TooMany(&'static str),
    /// A note is too long.
    #[error("the note has {bytes} bytes; at most {max} are taken")]
    LongNote {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The lease would not cover the call that it is given for, or no lease can.
    #[error("there can be no such lease: {0}")]
    LeaseMisses(String),
    /// Its time is past already.
    #[error("the lease would be over before it is given: its time is past")]
    LeasePast,
    /// No such lease.
    #[error("there is no lease {0}")]
    NoLease(LeaseNo),
    /// It is over already.
    #[error("lease {lease} is {how} already")]
    LeaseOver {
        /// Which.
        lease: LeaseNo,
        /// How.
        how: &'static str,
    },
    /// No such note.
    #[error("there is no note {0}")]
    NoNote(NoteNo),
    /// The note was sent or taken back.
    #[error("note {0} does not wait any more: it was sent or taken back")]
    NoteGone(NoteNo),
    /// Nothing is limited so.
    #[error("{scope} has no limit on {unit}")]
    NoBudget {
        /// Over what.
        scope: &'static str,
        /// Of what.
        unit: &'static str,
    },
    /// A limit holds the run: a word to go on does not change that.
    #[error("a limit holds the task: {0}")]
    BudgetHolds(String),
    /// It is made shorter already.
    #[error("the conversation is about to be made shorter already")]
    Compacting,
    /// Its task was begun before there was any such thing.
    #[error("the task was begun without a rule for its context: only a new task can be made shorter")]
    NeverCompacted,
    /// It is short.
    #[error("there is nothing to make shorter yet: the conversation is a few messages long")]
    NothingToCompact,
    /// Nothing was made shorter, or it was taken back.
    #[error("there is no compaction to take back")]
    NothingToUndo,
    /// The model is being asked.
    #[error("the model is being asked; a compaction is taken back between two requests")]
    ModelAsked,
    /// What stood there before does not fit.
    #[error("what stood there before does not fit into the model's window any more: {0}")]
    UndoDoesNotFit(String),
    /// What the worker reports does not fit where the session stands: a bug or a lost race.
    #[error("this does not fit where the session stands: {0}")]
    Stray(&'static str),
}
