//! What a check found, in words: the rule that was broken, what should stand there and what stands there.

use crate::domain::call::{Call, CallState};
use crate::domain::commit::{Class, Commit, Denial, Head, may_say};
use crate::domain::decide::state_word;
use crate::domain::event::{Fact, Lapse};
use crate::domain::ids::{CallId, EventNo};
use crate::domain::next::{Step, next};
use crate::domain::order::Refusal;
use crate::domain::run::Turn;
use crate::domain::session::Session;
use crate::domain::tally::ended;
use crate::domain::verify::{Finding, Rule};
use serde_json::Value;

/// Characters of a value that a finding shows.
const VALUE_MAX: usize = 160;

/// A step in words.
pub(in crate::domain) fn step_words(step: &Step) -> String {
    match step {
        Step::Idle => "nothing is to be done until a task comes".to_string(),
        Step::StartQueued => "the queued message begins a task".to_string(),
        Step::AskModel { attempt } => format!("the model is to be asked (attempt {attempt})"),
        Step::Compact { attempt } => {
            format!("the conversation is to be made shorter before the model is asked (attempt {attempt})")
        }
        Step::WaitUntil(at) => format!("the model is to be asked again after {}", at.rfc3339()),
        Step::JudgeCall(call) => format!("call {call} is to be judged"),
        Step::RunCall(call) => format!("call {call} is to be run"),
        Step::Stop(Some(call)) => format!("the run is to stop at a breakpoint before call {call}"),
        Step::Stop(None) => "the run is to stop at a breakpoint, or to be told that it goes in circles, or that a person is asked about it or about its checks, before the model's turn".to_string(),
        Step::Check => "a check of the task is to be run before it may end".to_string(),
        Step::Await => "nothing starts: what is under way or a person is waited for".to_string(),
        Step::Finish(status, why) => format!("the task is to end: {} ({})", ended(*status), why.sentence()),
    }
}

/// A fact in a few words: its kind, and the call it is about.
pub(in crate::domain) fn fact_words(fact: &Fact) -> String {
    match fact.call() {
        Some(call) => format!("{} of call {call}", fact.kind()),
        None => fact.kind().to_string(),
    }
}

/// A fact that the door refuses: the rule it breaks, and how.
pub(in crate::domain) fn refused_words(session: &Session, fact: &Fact, why: &Refusal) -> (Rule, String) {
    if let Fact::CallStarted { call, .. } = fact {
        (Rule::Decided, started_words(session, *call))
    } else if let Fact::CallEnded { call, .. } = fact {
        ended_words(session, *call)
    } else if let Fact::ModelReplied { .. } | Fact::ModelFailed { .. } | Fact::CompactFailed { .. } = fact {
        (Rule::Ends, "the model answered or failed and had not been asked".to_string())
    } else if let Fact::CallInterrupted { call } | Fact::CallUnknown { call } = fact {
        (Rule::Ends, format!("call {call} broke off without a takeover that found it running"))
    } else if let Fact::CallApproved { call, .. } = fact
        && matches!(why, Refusal::Changed(_))
    {
        (
            Rule::Decided,
            format!("the approval of call {call} is of another action than the one that was judged"),
        )
    } else {
        (Rule::Derived, format!("{} does not fit where the session stands: {why}", fact.kind()))
    }
}

/// Why a call could not be started.
fn started_words(session: &Session, id: CallId) -> String {
    let Some(call) = session.call(id) else { return over_or_none(session, id) };
    match &call.state {
        CallState::Proposed => format!("call {id} was started before the policy had judged it"),
        CallState::Held => {
            format!("call {id} was started while it waited for a decision: nobody approved it")
        }
        CallState::Started => format!("call {id} was started twice"),
        CallState::Unknown => {
            format!("call {id} was started again though nobody had settled whether it happened")
        }
        CallState::Unrecorded => format!("call {id} was started in a session that another tool recorded"),
        CallState::Ended(_) => {
            format!("call {id} was started when it was over ({}): a decision counts once", state_word(call))
        }
        CallState::Cleared { .. } | CallState::Interrupted => {
            format!("call {id} was started out of its turn")
        }
    }
}

fn ended_words(session: &Session, id: CallId) -> (Rule, String) {
    match session.call(id) {
        Some(call) if call.ended() => {
            (Rule::Result, format!("call {id} has a second result; it was {} already", state_word(call)))
        }
        Some(call) => {
            (Rule::Ends, format!("call {id} ended without having been started; it was {}", state_word(call)))
        }
        None => (Rule::Result, over_or_none(session, id)),
    }
}

fn over_or_none(session: &Session, id: CallId) -> String {
    if id.0 > 0 && id.0 as usize <= session.calls_asked() {
        format!("call {id} was over already, and so was the reply that asked for it")
    } else {
        format!("there is no call {id}")
    }
}

/// A fact that should follow in the commit and does not.
pub(in crate::domain) fn missing_words(session: &Session, wanted: &Fact) -> (Rule, String) {
    let what = fact_words(wanted);
    if wanted_by_takeover(session, wanted) {
        (Rule::Ends, format!("{what} is missing: a takeover ends what it finds under way"))
    } else {
        (Rule::Derived, format!("{what} is missing: the same input makes it"))
    }
}

/// Whether a fact closes what a process before left open.
fn wanted_by_takeover(session: &Session, wanted: &Fact) -> bool {
    if let Fact::CallInterrupted { call } | Fact::CallUnknown { call } = wanted {
        session.call(*call).is_some_and(Call::in_flight)
    } else {
        matches!(wanted, Fact::ModelFailed { .. } | Fact::CompactFailed { .. })
    }
}

/// Two facts that differ: the rule, how they differ, what should stand there and what does.
pub(in crate::domain) fn differing(
    session: &Session,
    wanted: &Fact,
    found: &Fact,
) -> (Rule, String, String, String) {
    if wanted.kind() != found.kind() || wanted.call() != found.call() {
        let (rule, why) = other_words(session, wanted, found);
        return (rule, why, fact_words(wanted), fact_words(found));
    }
    let value = |fact: &Fact| serde_json::to_value(fact).unwrap_or_default();
    let (path, wanted_value, found_value) =
        first_difference(String::new(), value(wanted), value(found)).unwrap_or_default();
    let path = path.strip_prefix("/data/").unwrap_or(&path).to_string();
    let rule = rule_of(found, &path);
    let why = match rule {
        Rule::Decided => {
            format!("{}: {path} is not that of the action that was decided on", fact_words(found))
        }
        Rule::Chain | Rule::Time | Rule::Spans | Rule::Ends | Rule::Result | Rule::Derived => {
            format!("{}: {path} is not what the session and the input lead to", fact_words(found))
        }
    };
    let show = |value: &Value| format!("{path}: {}", shorten(&value.to_string()));
    (rule, why, show(&wanted_value), show(&found_value))
}

/// A field that binds a decision to an action is more than a field.
fn rule_of(found: &Fact, path: &str) -> Rule {
    let binds =
        matches!(found, Fact::CallStarted { .. } | Fact::CallApproved { .. } | Fact::CallJudged { .. });
    if binds && path == "hash" { Rule::Decided } else { Rule::Derived }
}

/// Another fact than the one that should stand there.
fn other_words(session: &Session, wanted: &Fact, found: &Fact) -> (Rule, String) {
    if let (Fact::CallLapsed { why, .. }, Fact::CallStarted { call, .. }) = (wanted, found) {
        let why = match why {
            Lapse::Expired => "its approval had expired",
            Lapse::Changed => "it was not what had been decided on any more",
            Lapse::TargetChanged => "what it would change was not what had been shown",
            Lapse::LeaseOver => "the lease that had cleared it was over",
        };
        return (Rule::Decided, format!("call {call} was started though {why}"));
    }
    if wanted_by_takeover(session, wanted) {
        return missing_words(session, wanted);
    }
    (Rule::Derived, format!("{} stands where the same input makes {}", fact_words(found), fact_words(wanted)))
}

/// The first place at which two values differ, with both values there.
fn first_difference(path: String, wanted: Value, found: Value) -> Option<(String, Value, Value)> {
    if wanted == found {
        return None;
    }
    if let (Value::Object(mut a), Value::Object(mut b)) = (wanted.clone(), found.clone()) {
        let mut keys: Vec<String> = a.keys().chain(b.keys()).cloned().collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let (x, y) = (a.remove(&key).unwrap_or_default(), b.remove(&key).unwrap_or_default());
            if let Some(difference) = first_difference(format!("{path}/{key}"), x, y) {
                return Some(difference);
            }
        }
    }
    Some((path, wanted, found))
}

fn shorten(text: &str) -> String {
    let short: String = text.chars().take(VALUE_MAX).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

/// A commit that the fold rule of the log does not admit.
pub(in crate::domain) fn chain(head: &Head, commit: &Commit, denial: &Denial) -> Finding {
    let at = |no: EventNo| commit.events.iter().find(|sealed| sealed.event.no == no);
    let first = head.event.after();
    let (no, expected) = match denial {
        Denial::Broken { no, .. } => (*no, "an event that continues the chain".to_string()),
        Denial::NotNext { .. } => (first, format!("commit {} after {}", head.seq + 1, head.commit)),
        Denial::Fenced { .. } => (first, format!("a commit of term {}, or a takeover", head.epoch)),
        Denial::Imported { .. } => {
            (first, "an importer in a session of its own, and nobody else there".to_string())
        }
        Denial::Empty => (first, "a commit with at least one event".to_string()),
        Denial::NotYours { .. } => {
            let mut own = commit.events.iter().skip(head.copies(commit));
            let odd = own.find(|sealed| !may_say(commit.class, &sealed.event.fact));
            let who = match commit.class {
                Class::Worker => "what the worker learned or does: a decision is a person's",
                Class::Operator => "what a person says: an act is the worker's",
                Class::Importer => "what another tool recorded",
            };
            (odd.map_or(first, |sealed| sealed.event.no), who.to_string())
        }
    };
    let kind = at(no).map_or_else(String::new, |sealed| sealed.event.fact.kind().to_string());
    Finding { no, kind, rule: Rule::Chain, why: denial.to_string(), expected, found: denial.to_string() }
}

/// What is open at the end of what was read.
pub(in crate::domain) fn open(session: &Session) -> Vec<String> {
    let Some(run) = session.live() else { return Vec::new() };
    let mut open = Vec::new();
    if let Turn::Asked { span, .. } = &run.turn {
        open.push(format!("the model was asked ({span}) and has not answered yet"));
    }
    for call in session.open_calls() {
        let how = match call.state {
            CallState::Proposed => "waits for the policy",
            CallState::Held => "waits for a decision",
            CallState::Cleared { .. } => "may start and has not",
            CallState::Started => "was started and has not ended yet",
            CallState::Interrupted => "was interrupted and is to run again",
            CallState::Unknown => "waits to be settled: its outcome is unknown",
            CallState::Ended(_) | CallState::Unrecorded => continue,
        };
        open.push(format!("call {} {how}", call.id));
    }
    if open.is_empty() {
        open.push(format!("the task is not over: {}", step_words(&next(session))));
    }
    open
}
