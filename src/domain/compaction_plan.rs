//! How a conversation is to be made shorter: first old results are trimmed, then the older part is summarised.
//!
//! What is cut off ends where a turn ends, so that a call and its results are never parted. The last turns stay as they are.

use crate::domain::call::{By, Via};
use crate::domain::compaction::{Cause, Extent, Span, Stuck, Trim};
use crate::domain::context::Compacting;
use crate::domain::context_due::cause;
use crate::domain::digest::{self, trimmed};
use crate::domain::gauge::weight;
use crate::domain::ids::EventNo;
use crate::domain::message::{Message, Transcript};
use crate::domain::retry::AfterFault;
use crate::domain::session::Session;
use crate::domain::window::share;
use std::sync::Arc;

/// How results are trimmed, and how where no summary can be had.
const USUAL: Trim = Trim { head: 600, tail: 300 };
const HARD: Trim = Trim { head: 160, tail: 80 };
/// What the last turns may fill, in percent of the window.
const TAIL_PERCENT: u8 = 25;
/// Tokens of the last turns, where no window is known.
const TAIL_TOKENS: u64 = 8_000;
/// What the request for a summary may fill, in percent of the window.
const QUESTION_PERCENT: u8 = 70;
/// Bytes of it at most.
const QUESTION_BYTES: u64 = 600_000;
/// Bytes that a digest is taken for, where it is not written yet.
const DIGEST_BYTES: u64 = 6_000;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// Trim results.
    Trim(Trimming),
    /// Ask a model for a summary.
    Summarise(Summarising),
    /// Nothing can be done.
    Stuck(Stuck),
}

/// Results that are trimmed.
#[derive(Clone, Debug, PartialEq)]
pub struct Trimming {
    /// Why.
    pub cause: Cause,
    /// The messages among which.
    pub span: Span,
    /// How.
    pub trim: Trim,
    /// How many.
    pub results: u64,
    /// Bytes left out.
    pub left_out: u64,
    /// How large the conversation is then.
    pub after: Extent,
}

/// Messages that are summarised.
#[derive(Clone, Debug, PartialEq)]
pub struct Summarising {
    /// Why.
    pub cause: Cause,
    /// Which.
    pub span: Span,
    /// What the model is asked.
    pub question: Transcript,
    /// How large the conversation may be then.
    pub after: Extent,
}

/// What would be done if a person wished it now; none where there is nothing to do.
pub fn wished(session: &Session) -> Option<Plan> {
    let mut session = session.clone();
    session.context.ordered = Some(By { name: String::new(), via: Via::Command });
    session.run.iter_mut().for_each(|run| run.compacting = None);
    plan(&session)
}

/// What is to be done now; none where there is nothing to do.
pub fn plan(session: &Session) -> Option<Plan> {
    let run = session.run.as_ref()?;
    let cause = cause(session, run)?;
    let context = &session.context;
    let fill = session.fill();
    let target = fill.window.map(|window| share(window, run.limits.context.to));
    let failed = match &run.compacting {
        Some(Compacting::Failed { fault, then: AfterFault::GiveUp | AfterFault::Compact, .. }) => Some(fault),
        Some(Compacting::Failed { .. } | Compacting::Asked { .. }) | None => None,
    };
    let all = session.transcript.len();
    let first = kept(session);
    let by_hand = matches!(cause, Cause::Asked { .. });
    let tail = tail(session, first, by_hand);
    if let Some(fault) = failed {
        let hard = trimming(session, &cause, (first, all), HARD);
        let most = fill.window.map(|window| share(window, run.limits.context.at.max(run.limits.context.to)));
        let fits = hard.as_ref().filter(|hard| most.is_none_or(|most| hard.after.tokens < most));
        return Some(match fits {
            Some(hard) => Plan::Trim(hard.clone()),
            None => Plan::Stuck(Stuck::NoSummary { fault: fault.clone() }),
        });
    }
    if !by_hand
        && let Some(soft) = trimming(session, &cause, (first, tail), USUAL)
        && target.is_some_and(|target| soft.after.tokens <= target)
    {
        return Some(Plan::Trim(soft));
    }
    let span = span(session, first, tail);
    let going = weights(session, first, tail);
    if span.replies == 0 || (going <= DIGEST_BYTES / 2 && !by_hand) {
        // All there is, is the last turn: only what is in it can be made shorter.
        let hard = trimming(session, &cause, (first, all), HARD);
        let fits = hard.filter(|hard| by_hand || target.is_none_or(|target| hard.after.tokens <= target));
        return Some(fits.map_or(Plan::Stuck(Stuck::Kept), Plan::Trim));
    }
    let room = fill.window.map_or(QUESTION_BYTES, |window| {
        context.gauge.bytes_of(share(window, QUESTION_PERCENT)).min(QUESTION_BYTES)
    });
    let messages = going_messages(session, span);
    let most = usize::try_from(room).unwrap_or(usize::MAX);
    let question = digest::question(context.digest.as_deref(), messages, most);
    let bytes = context.bytes.saturating_sub(going).saturating_add(DIGEST_BYTES);
    let after = Extent {
        tokens: after_tokens(session, bytes),
        messages: context.messages.saturating_sub(span.messages) + 1,
        bytes,
    };
    Some(Plan::Summarise(Summarising { cause, span, question, after }))
}

/// Messages at the beginning that always stay: the instructions.
fn kept(session: &Session) -> usize {
    session.transcript.iter().take_while(|message| matches!(message.as_ref(), Message::System { .. })).count()
}

/// Where the last turns begin: as many as may stay, and one at least.
fn tail(session: &Session, first: usize, by_hand: bool) -> usize {
    let window = session.fill().window;
    let tokens = window.map_or(TAIL_TOKENS, |window| share(window, TAIL_PERCENT));
    let room = session.context.gauge.bytes_of(tokens);
    let room = if by_hand { room.min(session.context.bytes / 4) } else { room };
    let all = session.transcript.len();
    let (mut at, mut bytes, mut found) = (all, 0_u64, None);
    while at > first {
        at -= 1;
        let message = &session.transcript[at];
        bytes = bytes.saturating_add(weight(message));
        let begins = !matches!(message.as_ref(), Message::Tool { .. });
        if bytes > room && found.is_some() {
            break;
        }
        if begins {
            found = Some(at);
        }
    }
    // The summary of before is not among the last turns.
    let after_digest = first + usize::from(session.context.digest.is_some());
    found.unwrap_or(all).max(after_digest.min(all))
}

/// The messages that a summary is to stand for, without the summary that stands for those before.
pub(in crate::domain) fn going_messages(session: &Session, span: Span) -> impl Iterator<Item = &Message> {
    let from = usize::try_from(span.kept).unwrap_or(usize::MAX);
    let many = usize::try_from(span.messages).unwrap_or(usize::MAX);
    let before = usize::from(session.context.digest.is_some());
    session.transcript.iter().skip(from).take(many).skip(before).map(AsRef::as_ref)
}

fn weights(session: &Session, from: usize, to: usize) -> u64 {
    session.transcript[from..to].iter().map(|message| weight(message)).sum()
}

/// The messages between, and the events that said them.
fn span(session: &Session, from: usize, to: usize) -> Span {
    let replies = session.transcript[from..to]
        .iter()
        .filter(|message| matches!(message.as_ref(), Message::Assistant { .. }))
        .count() as u64;
    let at = |place: usize| session.context.places.get(place).copied().unwrap_or(EventNo(0));
    // What a summary of before stands for began earlier than it was said.
    let begun = session.context.stands.map(|stands| stands.from);
    Span {
        kept: from as u64,
        messages: (to - from) as u64,
        replies,
        from: begun.unwrap_or_else(|| at(from)),
        to: at(to.saturating_sub(1)),
    }
}

/// The results between, trimmed; none where that would save nothing.
fn trimming(session: &Session, cause: &Cause, (from, to): (usize, usize), trim: Trim) -> Option<Trimming> {
    let (mut results, mut left_out) = (0_u64, 0_u64);
    for at in from..to {
        let Some(shorter) = shortened(session, at, trim) else { continue };
        let saved = weight(&session.transcript[at]).saturating_sub(weight(&shorter));
        results += 1;
        left_out += saved;
    }
    if results == 0 {
        return None;
    }
    let bytes = session.context.bytes.saturating_sub(left_out);
    let after = Extent { tokens: after_tokens(session, bytes), messages: session.context.messages, bytes };
    let span = span(session, from, to);
    Some(Trimming { cause: cause.clone(), span, trim, results, left_out, after })
}

/// A message as it is when it is trimmed; none where it stays as it is.
pub(in crate::domain) fn shortened(session: &Session, at: usize, trim: Trim) -> Option<Message> {
    let message: &Arc<Message> = session.transcript.get(at)?;
    let Message::Tool { wire_id, tool, text } = message.as_ref() else { return None };
    let event = session.context.places.get(at).copied().unwrap_or(EventNo(0));
    let whole = format!("the whole result is kept with event {event}");
    let text = trimmed(text, trim, &whole)?;
    Some(Message::Tool { wire_id: wire_id.clone(), tool: tool.clone(), text })
}

/// Tokens of a request whose messages have so many bytes, with the notes that wait.
pub(in crate::domain) fn after_tokens(session: &Session, bytes: u64) -> u64 {
    session.context.gauge.tokens(bytes.saturating_add(session.waiting_bytes()))
}
