//! One task inside a session, and how its model's turn stands.

use crate::domain::boundary::Reached;
use crate::domain::budget::{Budget, Scope, Unit};
use crate::domain::call::By;
use crate::domain::checks::{Checking, ended_words};
use crate::domain::context::Compacting;
use crate::domain::event::{EndReason, Limits, RunStatus};
use crate::domain::fault::Fault;
use crate::domain::ids::{CallId, EventNo, RunNo};
use crate::domain::message::{Finish, Usage};
use crate::domain::money::Spent;
use crate::domain::next::Hold;
use crate::domain::policy::Mode;
use crate::domain::purse::Purse;
use crate::domain::retry::AfterFault;
use crate::domain::rounds::Rounds;
use crate::domain::session::Session;
use crate::domain::stops::{Passed, Stop};
use crate::domain::time::Micros;
use serde::{Deserialize, Serialize};

/// Where a session stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// No task was given yet.
    Idle,
    /// It works.
    Running,
    /// It waits for a decision.
    Held,
    /// The operator paused it.
    Paused,
    /// It waits before its next step.
    Stepping,
    /// The last run is done.
    Done,
    /// The last run failed.
    Failed,
    /// The last run was cancelled.
    Cancelled,
    /// The last run reached a limit.
    BudgetStopped,
    /// Another tool's session, whose record ends in the middle of a task.
    Unfinished,
}

impl Status {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Status::Idle => "idle",
            Status::Running => "running",
            Status::Held => "held",
            Status::Paused => "paused",
            Status::Stepping => "stepping",
            Status::Done => "done",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
            Status::BudgetStopped => "budget-stopped",
            Status::Unfinished => "unfinished",
        }
    }
}

/// How the model's turn stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Turn {
    /// The model is to be asked next.
    Ready,
    /// It was asked and has not answered.
    Asked {
        /// The model.
        model: String,
        /// Which attempt, from 1.
        attempt: u32,
        /// When.
        at: Micros,
        /// The event: the request's span.
        span: EventNo,
    },
    /// The request failed.
    Failed {
        /// How.
        fault: Fault,
        /// Which attempt.
        attempt: u32,
        /// What follows.
        then: AfterFault,
        /// When.
        at: Micros,
    },
    /// It answered; its calls, if any, are in `Run::open_calls`.
    Replied {
        /// Why it stopped.
        finish: Finish,
        /// Whether there was neither text nor call.
        empty: bool,
        /// Whether there were calls.
        called: bool,
    },
}

/// One task inside a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its ordinal.
    pub no: RunNo,
    /// The event that began it: its span.
    pub span: EventNo,
    /// The task.
    pub input: String,
    /// How much waits for a person.
    pub mode: Mode,
    /// The mode to go back to after stepping.
    pub mode_before_step: Mode,
    /// The limits.
    pub limits: Limits,
    /// The model to ask.
    pub model: String,
    /// Where it is asked, as it may be shown; none for a script or where it was not kept.
    pub base_url: Option<String>,
    /// When it began.
    pub started_at: Micros,
    /// How and when it ended.
    pub ended: Option<(RunStatus, EndReason, Micros)>,
    /// Who paused it.
    pub paused: Option<By>,
    /// Whether what was under way is to be stopped.
    pub interrupted: bool,
    /// Who cancelled it.
    pub cancel: Option<By>,
    /// Steps that may be done while stepping.
    pub permits: u32,
    /// The model's turn.
    pub turn: Turn,
    /// Model turns that were answered.
    pub steps: u32,
    /// Tokens of this run.
    pub usage: Usage,
    /// What they cost.
    pub spent: Spent,
    /// The calls of the last reply while not all of them are over.
    pub open_calls: Vec<CallId>,
    /// What the operator wrote for the next turn.
    pub steers: Vec<String>,
    /// The breakpoints at which it stands still.
    pub stop: Option<Stop>,
    /// What breakpoints have seen of it.
    pub passed: Passed,
    /// Its limits as they are now.
    pub budget: Box<Budget>,
    /// How far it has come, as it is held against its boundary.
    pub reached: Reached,
    /// What it took, as it is held against them.
    pub purse: Purse,
    /// How the making of a summary stands.
    pub compacting: Option<Compacting>,
    /// The limits that were said to come near.
    pub warned: Vec<(Scope, Unit)>,
    /// How far its checks have come.
    pub checking: Box<Checking>,
    /// Whether it goes in circles.
    pub rounds: Box<Rounds>,
}

impl EndReason {
    /// Why the run ended, as a sentence for a person.
    pub fn sentence(&self) -> String {
        match self {
            EndReason::Answered => "the model answered".to_string(),
            EndReason::Checked { passed, waived } => ended_words(passed, waived),
            EndReason::EmptyReply => "the model stopped without a word or a call".to_string(),
            EndReason::Truncated => "the answer was cut at the model's length limit".to_string(),
            EndReason::Filtered => "the provider held the answer back".to_string(),
            EndReason::OddFinish { finish } => format!("the model stopped for an unknown reason ({finish})"),
            EndReason::ModelFailed { fault } => format!("{}: {}", fault.kind.words(), fault.message),
            EndReason::StepLimit { steps } => format!("the limit of {steps} model turns was reached"),
            EndReason::Recorded { words } => words.clone(),
            EndReason::Operator { by } => format!("cancelled by {by}"),
        }
    }
}

impl Session {
    /// The status in one word.
    pub fn status(&self) -> Status {
        let Some(run) = &self.run else { return Status::Idle };
        match &run.ended {
            Some((RunStatus::Done, ..)) => Status::Done,
            Some((RunStatus::Failed, ..)) => Status::Failed,
            Some((RunStatus::Cancelled, ..)) => Status::Cancelled,
            Some((RunStatus::BudgetStopped, ..)) => Status::BudgetStopped,
            None if self.imported.is_some() => self.imported_status(),
            None if run.cancel.is_some() => Status::Running,
            None => {
                let holds = self.holds();
                let decision = |hold: &Hold| !matches!(hold, Hold::Step | Hold::Paused);
                if holds.iter().any(decision) {
                    Status::Held
                } else if run.paused.is_some() {
                    Status::Paused
                } else if holds.iter().any(|hold| matches!(hold, Hold::Step)) {
                    Status::Stepping
                } else {
                    Status::Running
                }
            }
        }
    }
}
