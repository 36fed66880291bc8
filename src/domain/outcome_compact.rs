//! Decide, for what makes a conversation shorter: what the worker learned of it, and what an operator says about it.

use crate::domain::call::{By, Call, CallState, Ended};
use crate::domain::compaction::{Cause, Compacted, Deed, Digest, Extent, Span, SummaryAsked, Summed};
use crate::domain::compaction_plan::{Plan, Trimming, after_tokens, going_messages};
use crate::domain::context::Compacting;
use crate::domain::context_due::cause;
use crate::domain::decide::Kit;
use crate::domain::digest;
use crate::domain::event::Fact;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::gauge::weight;
use crate::domain::held::Held;
use crate::domain::message::{Finish, Message, Reply};
use crate::domain::next::{Step, next};
use crate::domain::order::Refusal;
use crate::domain::outcome_ask::weighed;
use crate::domain::session::Session;
use crate::domain::window::{AT_LAST, share};
use std::collections::HashSet;

/// Messages and replies below which there is nothing that a summary could stand for.
const MESSAGES_MIN: u64 = 4;
const REPLIES_MIN: u64 = 2;
/// What the operator said may fill, in percent of the window.
const SAID_PERCENT: u8 = 15;

/// Whether the conversation is to be made shorter now; which attempt that is.
fn is_due(session: &Session, kit: &Kit<'_>) -> Result<u32, Refusal> {
    let failed = match session.live().and_then(|run| run.compacting.as_ref()) {
        Some(Compacting::Failed { attempt, .. }) => *attempt,
        Some(Compacting::Asked { .. }) | None => 0,
    };
    match next(session) {
        Step::Compact { attempt } => Ok(attempt),
        // The loop reports a retry once its wait is over.
        Step::WaitUntil(at) if at <= kit.now && failed > 0 => Ok(failed + 1),
        Step::WaitUntil(_)
        | Step::Idle
        | Step::StartQueued
        | Step::AskModel { .. }
        | Step::JudgeCall(_)
        | Step::RunCall(_)
        | Step::Check
        | Step::Stop(_)
        | Step::Await
        | Step::Finish(..) => Err(Refusal::Stray("the conversation is not to be made shorter")),
    }
}

const MOVED: Refusal = Refusal::Stray("the conversation is another than the one it was planned for");

/// Whether what is planned is still what is to be done.
fn is_of_now(session: &Session, planned: &Cause, span: &Span) -> bool {
    let now = session.live().and_then(|run| cause(session, run));
    now.as_ref() == Some(planned) && span.kept + span.messages <= session.context.messages
}

/// What needs no model is done at once.
pub(in crate::domain) fn planned(
    session: &Session,
    plan: &Plan,
    kit: &Kit<'_>,
) -> Result<Vec<Fact>, Refusal> {
    is_due(session, kit)?;
    Ok(vec![match plan {
        Plan::Trim(Trimming { cause, span, .. }) if !is_of_now(session, cause, span) => return Err(MOVED),
        Plan::Trim(Trimming { left_out, after, .. }) if session.context.bytes != after.bytes + left_out => {
            return Err(MOVED);
        }
        Plan::Trim(Trimming { cause, span, trim, results, left_out, after }) => {
            let deed = Deed::Trimmed { trim: *trim, results: *results, left_out: *left_out };
            let (before, after) = (session.extent(), *after);
            Fact::ContextCompacted(Box::new(Compacted {
                cause: cause.clone(),
                span: *span,
                before,
                after,
                deed,
            }))
        }
        Plan::Stuck(why) => Fact::RunHeld { why: Held::Context { fill: session.fill(), why: why.clone() } },
        Plan::Summarise(_) => return Err(Refusal::Stray("a summary is asked for first")),
    }])
}

/// A model is asked for a summary, where its share of every limit is there.
pub(in crate::domain) fn asking(
    session: &Session,
    asked: &SummaryAsked,
    kit: &Kit<'_>,
) -> Result<Vec<Fact>, Refusal> {
    let attempt = is_due(session, kit)?;
    if !is_of_now(session, &asked.cause, &asked.span) {
        return Err(MOVED);
    }
    weighed(session, Fact::CompactAsked(Box::new(SummaryAsked { attempt, ..asked.clone() })))
}

/// The request for a summary that is under way.
fn under_way(session: &Session) -> Option<&SummaryAsked> {
    match &session.live()?.compacting {
        Some(Compacting::Asked { asked, .. }) => Some(asked),
        Some(Compacting::Failed { .. }) | None => None,
    }
}

/// What the answer to a request for a summary makes; none where none is under way.
pub(in crate::domain) fn summarised(
    session: &Session,
    reply: &Reply,
    kit: &Kit<'_>,
) -> Option<Result<Vec<Fact>, Refusal>> {
    let asked = under_way(session)?;
    let summary = reply.text.trim();
    let odd = match reply.finish {
        Finish::Length => Some("the summary was cut at the length limit"),
        Finish::Filtered => Some("the provider held the summary back"),
        Finish::Stop | Finish::Calls | Finish::Other(_) => {
            summary.is_empty().then_some("the summary was empty")
        }
    };
    if let Some(why) = odd {
        return failed(session, &Fault::new(FaultKind::Malformed, why), kit);
    }
    let before = session.extent();
    let (kept, going) = (session.context.digest.as_deref(), going_messages(session, asked.span));
    let by_person = decided(session);
    let decided = |wire_id: &str| by_person.contains(wire_id);
    let digest = digest::gather(kept, going, decided, summary.to_string(), said_room(session));
    let after = after(session, asked, &digest);
    let deed = Deed::Summarised { digest, by: Summed::of(reply) };
    let (cause, span) = (asked.cause.clone(), asked.span);
    Some(Ok(vec![Fact::ContextCompacted(Box::new(Compacted { cause, span, before, after, deed }))]))
}

/// The calls, by their ids on the wire, that a person kept from running or answered in place of the tool.
fn decided(session: &Session) -> HashSet<&str> {
    let is_decided = |call: &&Call| matches!(call.state, CallState::Ended(Ended::Rejected | Ended::Answered));
    session.calls.iter().filter(is_decided).map(|call| call.wire_id.as_str()).collect()
}

/// Bytes of what the operator said that are kept word for word: a share of the window.
fn said_room(session: &Session) -> usize {
    let window = session.fill().window;
    let room = window.map(|window| session.context.gauge.bytes_of(share(window, SAID_PERCENT)));
    room.and_then(|room| usize::try_from(room).ok()).unwrap_or(digest::SAID_ALL)
}

fn after(session: &Session, asked: &SummaryAsked, digest: &Digest) -> Extent {
    let from = usize::try_from(asked.span.kept).unwrap_or(usize::MAX);
    let many = usize::try_from(asked.span.messages).unwrap_or(usize::MAX);
    let gone: u64 = session.transcript.iter().skip(from).take(many).map(|message| weight(message)).sum();
    let stands = weight(&Message::User { text: digest::words(digest) });
    let bytes = session.context.bytes.saturating_sub(gone).saturating_add(stands);
    let messages = session.context.messages.saturating_sub(asked.span.messages) + 1;
    Extent { tokens: after_tokens(session, bytes), messages, bytes }
}

/// What the failure of a request for a summary makes; none where none is under way.
pub(in crate::domain) fn failed(
    session: &Session,
    fault: &Fault,
    kit: &Kit<'_>,
) -> Option<Result<Vec<Fact>, Refusal>> {
    let attempt = under_way(session)?.attempt;
    let then = kit.retry.after(fault, attempt, kit.luck);
    Some(Ok(vec![Fact::CompactFailed { fault: fault.clone(), attempt, then }]))
}

/// A person wishes the conversation shorter: it is made so before the next request.
pub(in crate::domain) fn order(session: &Session, by: &By) -> Result<Vec<Fact>, Refusal> {
    let run = session.run.as_ref().ok_or(Refusal::NoRun)?;
    if session.context.ordered.is_some() || run.is_summarising() {
        return Err(Refusal::Compacting);
    }
    if !run.limits.context.is_on() {
        return Err(Refusal::NeverCompacted);
    }
    if session.context.messages < MESSAGES_MIN || session.context.replies < REPLIES_MIN {
        return Err(Refusal::NothingToCompact);
    }
    let mut facts = vec![Fact::CompactOrdered { by: by.clone() }];
    let held = session.stop().and_then(crate::domain::stops::Stop::held);
    if held.is_some_and(|held| matches!(held, Held::Context { .. })) {
        facts.push(Fact::RunReleased { by: by.clone() });
    }
    Ok(facts)
}

/// A person takes the last compaction back.
pub(in crate::domain) fn undo(session: &Session, by: &By) -> Result<Vec<Fact>, Refusal> {
    let Some(fill) = session.undo_fits() else { return Err(Refusal::NothingToUndo) };
    if session.run.as_ref().is_some_and(|run| run.is_summarising()) {
        return Err(Refusal::Compacting);
    }
    if session.live().is_some_and(|run| matches!(run.turn, crate::domain::run::Turn::Asked { .. })) {
        return Err(Refusal::ModelAsked);
    }
    if fill.percent().is_some_and(|percent| percent >= u64::from(AT_LAST)) {
        return Err(Refusal::UndoDoesNotFit(fill.words()));
    }
    Ok(vec![Fact::CompactionUndone { by: by.clone() }])
}
