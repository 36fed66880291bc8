//! The single next thing a session needs, told by the session alone: whoever takes it up after a crash asks the same question.

use crate::domain::call::{Call, CallState};
use crate::domain::context_due::{due as is_long, guard};
use crate::domain::event::{EndReason, RunStatus};
use crate::domain::ids::{BreakNo, CallId};
use crate::domain::message::Finish;
use crate::domain::policy::Mode;
use crate::domain::reins::asks_first;
use crate::domain::retry::AfterFault;
use crate::domain::run::{Run, Turn};
use crate::domain::session::Session;
use crate::domain::stops::{Facing, due};
use crate::domain::time::Micros;

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Nothing: no task.
    Idle,
    /// Begin a run with the first queued message.
    StartQueued,
    /// Ask the model; this is attempt number so-and-so.
    AskModel {
        /// From 1.
        attempt: u32,
    },
    /// Wait until then, and ask the model again.
    WaitUntil(Micros),
    /// Ask the policy about a call.
    JudgeCall(CallId),
    /// Run a cleared call.
    RunCall(CallId),
    /// Make the conversation shorter; this is attempt number so-and-so at a summary.
    Compact {
        /// From 1.
        attempt: u32,
    },
    /// Run the next of the checks that stand before the end.
    Check,
    /// Stop at breakpoints before this call, or before the model's turn.
    Stop(Option<CallId>),
    /// Wait for what is under way in this process, or for a person.
    Await,
    /// End the run.
    Finish(RunStatus, EndReason),
}

/// What waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hold {
    /// A call waits for a decision.
    Approval(CallId),
    /// A call's outcome is unknown.
    Unknown(CallId),
    /// The run waits before its next step.
    Step,
    /// The operator paused the run.
    Paused,
    /// The run stands at a breakpoint; `Session::stop` tells the rest.
    Breakpoint(BreakNo),
    /// A limit holds the run, or it goes in circles; `Stop::held` tells the rest.
    Rein,
}

/// The next thing.
pub fn next(session: &Session) -> Step {
    if session.imported.is_some() {
        return Step::Idle; // another tool's session is nobody's to drive
    }
    let Some(run) = session.live() else {
        return if session.queue.is_empty() { Step::Idle } else { Step::StartQueued };
    };
    let asked = matches!(run.turn, Turn::Asked { .. }) || run.is_summarising();
    let busy = asked || session.open_calls().any(Call::in_flight);
    if let Some(by) = &run.cancel {
        return if busy {
            Step::Await
        } else {
            Step::Finish(RunStatus::Cancelled, EndReason::Operator { by: by.clone() })
        };
    }
    if run.open_calls.is_empty() { model_step(session, run) } else { call_step(session, run) }
}

/// With no call open, the model's turn decides.
fn model_step(session: &Session, run: &Run) -> Step {
    let hits = || !due(session, run, None).is_empty();
    let ask = |attempt| {
        if stands(run) {
            Step::Await
        } else if run.steps >= run.limits.steps {
            Step::Finish(RunStatus::BudgetStopped, EndReason::StepLimit { steps: run.limits.steps })
        } else if asks_first(run) || guard(session, run).is_some() || hits() {
            Step::Stop(None)
        } else if gated(run) || run.is_summarising() {
            Step::Await
        } else {
            match is_long(session, run) {
                Some((_, Some(at))) => Step::WaitUntil(at),
                Some((attempt, None)) => Step::Compact { attempt },
                None => Step::AskModel { attempt },
            }
        }
    };
    match &run.turn {
        Turn::Ready => ask(1),
        Turn::Asked { .. } => Step::Await,
        Turn::Failed { fault, attempt, then, at } => match then {
            AfterFault::GiveUp => {
                Step::Finish(RunStatus::Failed, EndReason::ModelFailed { fault: fault.clone() })
            }
            AfterFault::Wait | AfterFault::Compact => ask(1),
            AfterFault::Retry { wait_ms: 0 } => ask(attempt + 1),
            AfterFault::Retry { .. } if stands(run) => Step::Await,
            AfterFault::Retry { .. } if hits() => Step::Stop(None),
            AfterFault::Retry { wait_ms } => Step::WaitUntil(at.plus_ms(*wait_ms)),
        },
        Turn::Replied { finish, empty, .. } => ending(run, finish, *empty),
    }
}

/// The checks that stand before an end as done, then that end.
fn checked(run: &Run) -> Step {
    if run.checking.next(&run.limits.checks).is_none() {
        let (passed, waived) = run.checking.over();
        return Step::Finish(RunStatus::Done, EndReason::Checked { passed, waived });
    }
    if stands(run) { Step::Await } else { Step::Check }
}

/// How a reply without calls ends the run.
fn ending(run: &Run, finish: &Finish, empty: bool) -> Step {
    match finish {
        Finish::Length => Step::Finish(RunStatus::Failed, EndReason::Truncated),
        Finish::Filtered => Step::Finish(RunStatus::Failed, EndReason::Filtered),
        Finish::Stop | Finish::Calls if empty => Step::Finish(RunStatus::Failed, EndReason::EmptyReply),
        Finish::Stop | Finish::Calls if !run.limits.checks.is_none() => checked(run),
        Finish::Stop | Finish::Calls => Step::Finish(RunStatus::Done, EndReason::Answered),
        Finish::Other(word) => Step::Finish(RunStatus::Failed, EndReason::OddFinish { finish: word.clone() }),
    }
}

/// With calls open, the first of them that can go on does.
fn call_step(session: &Session, run: &Run) -> Step {
    let open: Vec<&Call> = session.open_calls().collect();
    if let Some(call) = open.iter().find(|call| call.state == CallState::Proposed) {
        return Step::JudgeCall(call.id);
    }
    if stands(run) {
        return Step::Await;
    }
    let follows = |i: usize, call: &Call| open[..i].iter().any(|earlier| call.must_follow(earlier));
    let hits = |call: &Call| !due(session, run, Some(Facing::of(call))).is_empty();
    for (i, call) in open.iter().enumerate() {
        let (ready, free) = match call.state {
            CallState::Cleared { by_person } => (true, by_person || !gated(run)),
            CallState::Interrupted => (call.effect.repeatable(), true),
            CallState::Proposed
            | CallState::Held
            | CallState::Started
            | CallState::Unknown
            | CallState::Unrecorded
            | CallState::Ended(_) => (false, false),
        };
        if !ready || follows(i, call) {
            continue;
        }
        if hits(call) {
            return Step::Stop(Some(call.id));
        }
        if free {
            return Step::RunCall(call.id);
        }
    }
    // What waits for a decision and for nothing else is next: who decides is told of the breakpoint before.
    let mut waiting =
        open.iter().enumerate().filter(|(i, call)| call.state == CallState::Held && !follows(*i, call));
    let stop = waiting.find(|(_, call)| hits(call));
    stop.map_or(Step::Await, |(_, call)| Step::Stop(Some(call.id)))
}

/// Whether nothing new starts: the operator paused the run, or it stands at a breakpoint.
pub(in crate::domain) fn stands(run: &Run) -> bool {
    run.paused.is_some() || run.stop.is_some()
}

/// Whether a step must wait for the operator's word.
pub(in crate::domain) fn gated(run: &Run) -> bool {
    run.mode == Mode::Step && run.permits == 0
}

/// What waits for a person, the oldest call first.
pub(in crate::domain) fn holds(session: &Session) -> Vec<Hold> {
    let Some(run) = session.live() else { return Vec::new() };
    if run.cancel.is_some() || session.imported.is_some() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for call in session.open_calls() {
        match call.state {
            CallState::Held => found.push(Hold::Approval(call.id)),
            CallState::Unknown => found.push(Hold::Unknown(call.id)),
            CallState::Proposed
            | CallState::Cleared { .. }
            | CallState::Started
            | CallState::Interrupted
            | CallState::Unrecorded
            | CallState::Ended(_) => {}
        }
    }
    if let Some(stop) = &run.stop {
        let hit = stop.hits.first().map(|hit| Hold::Breakpoint(hit.no));
        found.extend(if stop.held().is_some() { Some(Hold::Rein) } else { hit });
    }
    if run.paused.is_some() {
        found.push(Hold::Paused);
    } else if run.stop.is_none() && gated(run) && would_wait_to_step(session, run) {
        found.push(Hold::Step);
    }
    found
}

/// Whether all that would keep a stepping run from its next step is that it is stepping.
pub(in crate::domain) fn would_wait_to_step(session: &Session, run: &Run) -> bool {
    if run.open_calls.is_empty() {
        return match &run.turn {
            Turn::Ready
            | Turn::Failed {
                then: AfterFault::Wait | AfterFault::Compact | AfterFault::Retry { wait_ms: 0 },
                ..
            } => run.steps < run.limits.steps,
            Turn::Asked { .. } | Turn::Failed { .. } | Turn::Replied { .. } => false,
        };
    }
    let open: Vec<&Call> = session.open_calls().collect();
    open.iter().enumerate().any(|(i, call)| {
        call.state == CallState::Cleared { by_person: false }
            && !open[..i].iter().any(|earlier| call.must_follow(earlier))
    })
}
