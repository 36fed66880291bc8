//! Decide, for a request to the model: whether it is its time, and whether its share of every limit is there.

use crate::domain::decide::Kit;
use crate::domain::event::Fact;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::held::{near, over};
use crate::domain::next::{Step, next};
use crate::domain::order::Refusal;
use crate::domain::retry::AfterFault;
use crate::domain::run::Turn;
use crate::domain::session::Session;

/// Which attempt the model is to be asked at now.
pub(in crate::domain) fn attempt(session: &Session, kit: &Kit<'_>) -> Result<u32, Refusal> {
    match next(session) {
        Step::AskModel { attempt } => Ok(attempt),
        // The loop reports a retry once its wait is over.
        Step::WaitUntil(at) if at <= kit.now && !waits_for_summary(session) => {
            Ok(failed_attempt(session) + 1)
        }
        Step::Idle
        | Step::StartQueued
        | Step::WaitUntil(_)
        | Step::JudgeCall(_)
        | Step::RunCall(_)
        | Step::Compact { .. }
        | Step::Check
        | Step::Stop(_)
        | Step::Await
        | Step::Finish(..) => Err(Refusal::Stray("the model is not to be asked")),
    }
}

/// A request is sent only where its share of every limit is there; else the run is held before it.
pub(in crate::domain) fn weighed(session: &Session, asking: Fact) -> Result<Vec<Fact>, Refusal> {
    let told = if let Fact::ModelAsked { model, ahead, .. } = &asking {
        Some((model, ahead.as_ref()))
    } else if let Fact::CompactAsked(asked) = &asking {
        Some((&asked.model, asked.ahead.as_ref()))
    } else {
        None
    };
    let Some((model, Some(ahead))) = told else {
        let is_limited = session.live().is_some_and(|run| !run.budget.is_none());
        let unweighed = Refusal::Stray("something is limited, and what the request may take is not told");
        return if is_limited { Err(unweighed) } else { Ok(vec![asking]) };
    };
    if let Some(why) = over(session, model, ahead) {
        return Ok(vec![Fact::RunHeld { why }]);
    }
    let near = near(session, ahead);
    let told = (!near.is_empty()).then_some(Fact::BudgetNeared { near });
    Ok([asking].into_iter().chain(told).collect())
}

/// What follows a failed request: where it did not fit, the conversation is made shorter first.
pub(in crate::domain) fn after_fault(
    session: &Session,
    fault: &Fault,
    attempt: u32,
    kit: &Kit<'_>,
) -> AfterFault {
    let is_on = session.live().is_some_and(|run| run.limits.context.is_on());
    match fault.kind == FaultKind::Overflow && is_on {
        true => AfterFault::Compact,
        false => kit.retry.after(fault, attempt, kit.luck),
    }
}

fn waits_for_summary(session: &Session) -> bool {
    session.live().is_some_and(|run| run.compacting.is_some())
}

/// The attempt that failed last.
fn failed_attempt(session: &Session) -> u32 {
    match session.live().map(|run| &run.turn) {
        Some(Turn::Failed { attempt, .. }) => *attempt,
        Some(Turn::Ready | Turn::Asked { .. } | Turn::Replied { .. }) | None => 0,
    }
}
