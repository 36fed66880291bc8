//! Decide, for a request to the model: whether it is its time, and whether its share of every limit is there.

use crate::domain::decide::Kit;
use crate::domain::event::Fact;
use crate::domain::held::{near, over};
use crate::domain::next::{Step, next};
use crate::domain::order::Refusal;
use crate::domain::run::Turn;
use crate::domain::session::Session;

/// Which attempt the model is to be asked at now.
pub(in crate::domain) fn attempt(session: &Session, kit: &Kit<'_>) -> Result<u32, Refusal> {
    match next(session) {
        Step::AskModel { attempt } => Ok(attempt),
        // The loop reports a retry once its wait is over.
        Step::WaitUntil(at) if at <= kit.now => Ok(failed_attempt(session) + 1),
        Step::Idle
        | Step::StartQueued
        | Step::WaitUntil(_)
        | Step::JudgeCall(_)
        | Step::RunCall(_)
        | Step::Check
        | Step::Stop(_)
        | Step::Await
        | Step::Finish(..) => Err(Refusal::Stray("the model is not to be asked")),
    }
}

/// A request is sent only where its share of every limit is there; else the run is held before it.
pub(in crate::domain) fn weighed(session: &Session, asking: Fact) -> Result<Vec<Fact>, Refusal> {
    let Fact::ModelAsked { model, ahead: Some(ahead), .. } = &asking else {
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

/// The attempt that failed last.
fn failed_attempt(session: &Session) -> u32 {
    match session.live().map(|run| &run.turn) {
        Some(Turn::Failed { attempt, .. }) => *attempt,
        Some(Turn::Ready | Turn::Asked { .. } | Turn::Replied { .. }) | None => 0,
    }
}
