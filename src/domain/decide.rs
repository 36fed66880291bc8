//! An input becomes facts, or is refused with a reason: the only door into the log.
//!
//! Here are the operator's orders; `outcome` holds what the worker reports.

use crate::domain::budget::Budget;
use crate::domain::call::{By, Call, CallState, Ended};
use crate::domain::decide_lease as lease;
use crate::domain::decide_stop as stop;
use crate::domain::event::{Fact, Limits};
use crate::domain::hash::Hash;
use crate::domain::ids::CallId;
use crate::domain::marks::{Mark, TAGS_MAX, tag};
use crate::domain::next::stands;
use crate::domain::order::{Order, Refusal, Task};
use crate::domain::outcome_compact as compact;
use crate::domain::policy::Mode;
use crate::domain::reins::{extend, goes_on};
use crate::domain::retry::RetryRule;
use crate::domain::run::Run;
use crate::domain::session::Session;
use crate::domain::time::Micros;
use crate::domain::titling::Titled;
use crate::domain::tool_spec::ToolBook;
use serde_json::Value;

/// What a decision may know beside the session.
#[derive(Clone, Copy)]
pub struct Kit<'a> {
    /// The tools.
    pub tools: &'a ToolBook,
    /// The time.
    pub now: Micros,
    /// A random number, for the jitter of a wait.
    pub luck: u64,
    /// How failed requests are repeated.
    pub retry: RetryRule,
    /// How long an approval may wait for its call to start, in milliseconds.
    pub approval_ms: u64,
}

/// The facts that an operator's order makes.
pub fn decide(session: &Session, order: &Order, by: &By, kit: &Kit<'_>) -> Result<Vec<Fact>, Refusal> {
    if !session.is_open() {
        return Err(Refusal::NotOpen);
    }
    if session.marks.deleted.is_some() && !matches!(order, Order::Mark(Mark::Restore | Mark::Delete)) {
        return Err(Refusal::InBin);
    }
    if let (Some(imported), false) = (&session.imported, is_of_the_list(order)) {
        return Err(Refusal::Imported(imported.tool.clone()));
    }
    match order {
        Order::Start(task) => start(session, task),
        Order::Say(text) => say(session, text, by),
        Order::Steer(text) => steer(session, text, by),
        Order::Approve { call, hash } => approve(session, *call, *hash, by, kit),
        Order::ApproveEdited { call, hash, args } => approve_edited(session, *call, *hash, args, by, kit),
        Order::Reject { call, reason } => {
            open(session, *call)?;
            Ok(vec![Fact::CallRejected { call: *call, by: by.clone(), reason: reason.trim().to_string() }])
        }
        Order::Respond { call, text } => {
            open(session, *call)?;
            let text = said(text)?;
            Ok(vec![Fact::CallAnswered { call: *call, by: by.clone(), text }])
        }
        Order::Settle { call, how, note } => {
            unknown(session, *call)?;
            let note = note.trim().to_string();
            Ok(vec![Fact::CallSettled { call: *call, how: *how, by: by.clone(), note }])
        }
        Order::Pause => match live(session)?.paused {
            Some(_) => Err(Refusal::Paused),
            None => Ok(vec![Fact::RunPaused { by: by.clone() }]),
        },
        Order::Resume => match stands(live(session)?) {
            true => goes_on(session, live(session)?).map(|()| vec![Fact::RunReleased { by: by.clone() }]),
            false => Err(Refusal::NotPaused),
        },
        Order::Interrupt => match live(session)?.interrupted {
            true => Err(Refusal::Paused),
            false => Ok(vec![Fact::InterruptAsked { by: by.clone() }]),
        },
        Order::Cancel => {
            live(session)?;
            Ok(vec![Fact::CancelAsked { by: by.clone() }])
        }
        Order::Step => step(session, by),
        Order::SetMode(mode) => match live(session)?.mode == *mode {
            true => Err(Refusal::SameMode(mode.name())),
            false => Ok(vec![Fact::ModeSet { mode: *mode, by: by.clone() }]),
        },
        Order::Grant { call, hash, terms } => {
            let call = seen(session, *call, *hash)?;
            lease::grant(session, call, *hash, terms, (by, kit))
        }
        Order::Revoke(no) => lease::revoke(session, *no, by),
        Order::Continue => stop::go_on(session, live(session)?, by),
        Order::SetBreakpoint(wanted) => stop::set(session, wanted, by),
        Order::RemoveBreakpoint(no) => stop::remove(session, *no, by),
        Order::RunUntil(until) => stop::run_until(session, live(session)?, until, by),
        Order::Extend(changes) => extend(live(session)?, changes, by),
        Order::Compact => compact::order(session, by),
        Order::UndoCompact => compact::undo(session, by),
        Order::AddNote(text) => stop::add_note(session, text, by),
        Order::RemoveNote(no) => stop::remove_note(session, *no, by),
        Order::Rename(title) => Ok(vec![renamed(said(title)?, by, None)]),
        Order::Title(title, asked) => Ok(vec![renamed(said(title)?, by, Some(asked.clone()))]),
        Order::Mark(mark) => Ok(vec![Fact::SessionMarked { mark: marked(session, mark)?, by: by.clone() }]),
    }
}

/// The mark as it is kept. What is put out of sight must not be at work: its holds would be seen by nobody.
fn marked(session: &Session, mark: &Mark) -> Result<Mark, Refusal> {
    let tag_of = |text: &String| tag(text).ok_or_else(|| Refusal::BadTag(text.clone()));
    let mark = match mark {
        Mark::Tag { tag } => Mark::Tag { tag: tag_of(tag)? },
        Mark::Untag { tag } => Mark::Untag { tag: tag_of(tag)? },
        other
        @ (Mark::Pin | Mark::Unpin | Mark::Archive | Mark::Unarchive | Mark::Delete | Mark::Restore) => {
            other.clone()
        }
    };
    if let Some(already) = session.marks.already(&mark) {
        return Err(Refusal::Marked(already));
    }
    if matches!(mark, Mark::Tag { .. }) && session.marks.tags.len() >= TAGS_MAX {
        return Err(Refusal::ManyTags(TAGS_MAX));
    }
    if matches!(mark, Mark::Archive | Mark::Delete) && session.at_work() {
        return Err(Refusal::RunUnderWay);
    }
    Ok(mark)
}

/// The run under way, if orders may still change it.
fn live(session: &Session) -> Result<&Run, Refusal> {
    let run = session.run.as_ref().ok_or(Refusal::NoRun)?;
    match (&run.ended, &run.cancel) {
        (Some((status, ..)), _) => Err(Refusal::RunOver(*status)),
        (None, Some(_)) => Err(Refusal::Cancelling),
        (None, None) => Ok(run),
    }
}

/// Whether it is about how a session stands in the list, and nothing that happens in it.
fn is_of_the_list(order: &Order) -> bool {
    matches!(order, Order::Rename(_) | Order::Title(..) | Order::Mark(_))
}

fn renamed(title: String, by: &By, asked: Option<Box<Titled>>) -> Fact {
    Fact::SessionRenamed { title, by: by.clone(), asked }
}

fn said(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() { Err(Refusal::EmptyText) } else { Ok(text.to_string()) }
}

fn start(session: &Session, task: &Task) -> Result<Vec<Fact>, Refusal> {
    if session.live().is_some() {
        return Err(Refusal::RunUnderWay);
    }
    let input = said(&task.input)?;
    Ok(vec![begun(task, input)])
}

/// The fact that begins a task.
pub fn begun(task: &Task, input: String) -> Fact {
    let (model, base_url) = (task.model.clone(), task.base_url.clone());
    Fact::RunStarted { input, mode: task.mode, limits: task.limits.clone(), model, base_url }
}

/// A message: the next run of an idle session takes over the last one's mode, limits and model.
fn say(session: &Session, text: &str, by: &By) -> Result<Vec<Fact>, Refusal> {
    let text = said(text)?;
    let run = session.run.as_ref().ok_or(Refusal::NoRun)?;
    if run.ended.is_some() {
        if session.queue.is_empty() {
            return Ok(vec![again(run, text)]);
        }
        return Ok(vec![Fact::OperatorSaid { text, by: by.clone() }]);
    }
    if run.interrupted && run.cancel.is_none() {
        return Ok(vec![
            Fact::OperatorSteered { text, by: by.clone() },
            Fact::RunReleased { by: by.clone() },
        ]);
    }
    Ok(vec![Fact::OperatorSaid { text, by: by.clone() }])
}

/// The fact that begins a run like `run` with another task.
pub(in crate::domain) fn again(run: &Run, input: String) -> Fact {
    let mode = if run.mode == Mode::Step { run.mode_before_step } else { run.mode };
    let (model, base_url) = (run.model.clone(), run.base_url.clone());
    // What was given beyond the limits of a task was given to that task.
    let budget = Box::new(Budget { run: run.limits.budget.run, ..*run.budget });
    Fact::RunStarted { input, mode, limits: Limits { budget, ..run.limits.clone() }, model, base_url }
}

fn steer(session: &Session, text: &str, by: &By) -> Result<Vec<Fact>, Refusal> {
    let text = said(text)?;
    live(session)?;
    Ok(vec![Fact::OperatorSteered { text, by: by.clone() }])
}

fn step(session: &Session, by: &By) -> Result<Vec<Fact>, Refusal> {
    let run = live(session)?;
    goes_on(session, run)?;
    if run.stop.is_some() {
        return Ok(stop::step_from(session, run, by));
    }
    let mut facts = Vec::new();
    if run.mode != Mode::Step {
        facts.push(Fact::ModeSet { mode: Mode::Step, by: by.clone() });
    }
    if run.paused.is_some() {
        facts.push(Fact::RunReleased { by: by.clone() });
    }
    // The first press only stops a working run before its next step; from then on each press lets one go.
    if run.mode == Mode::Step || run.paused.is_some() {
        facts.push(Fact::StepAllowed { by: by.clone() });
    }
    Ok(facts)
}

/// The call, if it waits for a decision.
fn held(session: &Session, id: CallId) -> Result<&Call, Refusal> {
    let call = session.call(id).ok_or(Refusal::NoCall(id))?;
    match (&call.state, live(session)) {
        (CallState::Held, Ok(_)) => Ok(call),
        (CallState::Held, Err(refusal)) => Err(refusal),
        _ => Err(Refusal::NotHeld { call: id, state: state_word(call) }),
    }
}

/// The call, if it waits for a decision or stands behind a breakpoint.
fn open(session: &Session, id: CallId) -> Result<&Call, Refusal> {
    match session.call(id) {
        Some(call) if stop::stands_before(session, call) => live(session).map(|_| call),
        Some(_) | None => held(session, id),
    }
}

/// The call, if its outcome is unknown.
fn unknown(session: &Session, id: CallId) -> Result<&Call, Refusal> {
    let call = session.call(id).ok_or(Refusal::NoCall(id))?;
    match (&call.state, live(session)) {
        (CallState::Unknown, Ok(_)) => Ok(call),
        (CallState::Unknown, Err(refusal)) => Err(refusal),
        _ => Err(Refusal::NotUnknown { call: id, state: state_word(call) }),
    }
}

/// The call, if it waits for a decision and is what was shown.
fn seen(session: &Session, id: CallId, hash: Hash) -> Result<&Call, Refusal> {
    let call = held(session, id)?;
    if call.hash == Some(hash) { Ok(call) } else { Err(Refusal::Changed(id)) }
}

fn approve(session: &Session, id: CallId, hash: Hash, by: &By, kit: &Kit<'_>) -> Result<Vec<Fact>, Refusal> {
    seen(session, id, hash)?;
    let expires = kit.now.plus_ms(kit.approval_ms);
    Ok(vec![Fact::CallApproved { call: id, hash, by: by.clone(), expires }])
}

/// Both versions stay in the log. The edited action is judged before it runs: see `Call::judged`.
fn approve_edited(
    session: &Session,
    id: CallId,
    seen: Hash,
    args: &Value,
    by: &By,
    kit: &Kit<'_>,
) -> Result<Vec<Fact>, Refusal> {
    let call = open(session, id)?;
    if call.hash != Some(seen) {
        return Err(Refusal::Changed(id));
    }
    let spec = kit.tools.get(&call.tool).ok_or(Refusal::NoCall(id))?;
    let faults = spec.schema.check(args);
    if !faults.is_empty() {
        return Err(Refusal::BadArguments(faults));
    }
    if call.args() == Some(args) {
        return approve(session, id, seen, by, kit);
    }
    let policy = call.verdict.as_ref().map_or("", |verdict| verdict.policy.as_str());
    let hash = call.bound(args, &session.workspace, policy, &call.preview);
    let expires = kit.now.plus_ms(kit.approval_ms);
    Ok(vec![
        Fact::CallEdited { call: id, args: args.clone(), by: by.clone() },
        Fact::CallApproved { call: id, hash, by: by.clone(), expires },
    ])
}

/// Where a call stands, in a word or two.
pub fn state_word(call: &Call) -> &'static str {
    match &call.state {
        CallState::Proposed => "being judged",
        CallState::Held => "waiting",
        CallState::Cleared { .. } => "cleared",
        CallState::Started => "running",
        CallState::Interrupted => "interrupted",
        CallState::Unknown => "of unknown outcome",
        CallState::Unrecorded => "without a recorded end",
        CallState::Ended(how) => Ended::word(how),
    }
}
