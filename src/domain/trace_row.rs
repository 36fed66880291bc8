//! What a row of the timeline is made of: what it is, its stretches of time, how it stands.

use crate::domain::event::Parent;
use crate::domain::fault::FaultKind;
use crate::domain::ids::{BreakNo, CallId, EventNo, LeaseNo, RunNo};
use crate::domain::time::Micros;
use crate::domain::watch::Close;
use serde::{Deserialize, Serialize};

/// One row of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name for ever: its place among the rows by age.
    pub key: usize,
    /// The event that opened it.
    pub no: EventNo,
    /// The row that holds it.
    pub parent: Option<usize>,
    /// How deep it lies; a run is 0.
    pub depth: u8,
    /// The run it belongs to: the key of the run's row.
    pub run: Option<usize>,
    /// What it is.
    pub what: What,
    /// When it began.
    pub start: Micros,
    /// When it ended.
    pub end: Option<Micros>,
    /// What its time went into, in order; a run and a step leave that to the rows in them.
    pub parts: Vec<Part>,
    /// How it stands.
    pub state: RowState,
    /// What the time of the rows in it went into, as far as they are over; its own, where it holds none.
    pub spent: Spent,
}

/// What a row is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// A task.
    Run {
        /// Its ordinal.
        no: RunNo,
        /// The task's text.
        input: String,
    },
    /// A turn of the model with its calls: its ordinal in the run.
    Step(u32),
    /// One request to the model.
    Model {
        /// The model.
        model: String,
        /// Which attempt, from 1.
        attempt: u32,
        /// How it failed.
        fault: Option<FaultKind>,
    },
    /// The wait before a request is sent again.
    Retry {
        /// What it waits out.
        fault: FaultKind,
    },
    /// A tool call.
    Call {
        /// Its ordinal.
        call: CallId,
        /// The tool.
        tool: String,
        /// The arguments in one line; not cleaned.
        summary: String,
        /// The lease that cleared it, if one did.
        leased: Option<LeaseNo>,
    },
    /// One of several executions of a call, or one that broke off.
    Execution {
        /// The call.
        call: CallId,
        /// Which execution, from 1.
        nth: u32,
    },
    /// The run stood still because a person said so.
    Pause,
    /// The run stood still at a breakpoint.
    Breakpoint {
        /// Which.
        no: BreakNo,
        /// As printed.
        spec: String,
        /// Why it was hit; not cleaned.
        why: String,
    },
    /// The run stood still at a limit, or because it went in circles.
    Held {
        /// Which, in a word.
        kind: String,
        /// Why; not cleaned.
        why: String,
    },
    /// The conversation was made shorter, by trimming or by a request for a summary.
    Compaction {
        /// Tokens before and after, once it is done; not cleaned.
        words: String,
        /// How the request for a summary failed.
        fault: Option<FaultKind>,
    },
    /// A stepping run stood still until a person let it go on.
    Stepping,
    /// A person wrote to the working agent.
    Steer {
        /// The text.
        text: String,
    },
    /// The session begins here: what stands above was copied.
    Fork {
        /// From where.
        parent: Parent,
    },
    /// The files were put back.
    Restore {
        /// As they were at this event.
        at: EventNo,
    },
    /// Another process took the session over.
    Takeover {
        /// Its name.
        holder: String,
    },
    /// A fact of a kind that this program does not know.
    Foreign {
        /// The kind's name.
        kind: String,
    },
}

/// A stretch of a row's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// When it began.
    pub from: Micros,
    /// When it ended.
    pub to: Option<Micros>,
    /// What the time went into.
    pub time: Time,
}

/// What time goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Time {
    /// The model answers.
    Model,
    /// The policy looks at a call.
    Judging,
    /// A person is waited for.
    Person,
    /// Nothing is done: a wait before a retry, a call whose turn has not come.
    Idle,
    /// A tool runs.
    Work,
    /// A call of another tool's session: it ran or waited for a person; its record does not tell them apart.
    Untold,
}

/// How a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RowState {
    /// Under way.
    Open,
    /// Over, and well.
    Well,
    /// Over, and failed.
    Badly,
    /// Over without having been run, or stopped by a person.
    NotRun,
    /// Its process stopped; running it again is safe.
    Interrupted,
    /// Its process stopped; nobody knows whether it happened.
    Unknown,
    /// Something that happened at one moment.
    Moment,
}

/// Microseconds by what they went into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The model answered.
    pub model: i64,
    /// Tools ran.
    pub work: i64,
    /// A person was waited for.
    pub person: i64,
    /// Calls ran or waited for a person, not told apart.
    pub untold: i64,
}

impl Spent {
    /// Counts `micros` of `time`.
    pub fn add(&mut self, time: Time, micros: i64) {
        match time {
            Time::Model => self.model += micros,
            Time::Work => self.work += micros,
            Time::Person => self.person += micros,
            Time::Untold => self.untold += micros,
            Time::Judging | Time::Idle => {}
        }
    }
}

impl From<Close> for RowState {
    fn from(close: Close) -> RowState {
        match close {
            Close::Well => RowState::Well,
            Close::Badly => RowState::Badly,
            Close::NotRun => RowState::NotRun,
        }
    }
}

impl What {
    /// The call that it is about, with its tool, where it is one.
    pub fn call(&self) -> Option<(CallId, &str)> {
        match self {
            What::Call { call, tool, .. } => Some((*call, tool)),
            What::Run { .. }
            | What::Step(_)
            | What::Model { .. }
            | What::Retry { .. }
            | What::Execution { .. }
            | What::Pause
            | What::Stepping
            | What::Breakpoint { .. }
            | What::Held { .. }
            | What::Compaction { .. }
            | What::Steer { .. }
            | What::Fork { .. }
            | What::Restore { .. }
            | What::Takeover { .. }
            | What::Foreign { .. } => None,
        }
    }
}
