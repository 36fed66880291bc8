//! What a fact says, in one line for a person; the same words wherever events are listed.

use crate::domain::call::{By, Ended, Outcome, Output};
use crate::domain::card::summary;
use crate::domain::checks::check_words;
use crate::domain::event::{BadCall, Fact, Lapse, Settling};
use crate::domain::fault::Fault;
use crate::domain::foreign::{Recorded, RecordedTime, Sort};
use crate::domain::hash::Hash;
use crate::domain::held::{given_words, near_words};
use crate::domain::marks::Mark;
use crate::domain::message::Reply;
use crate::domain::policy::Word;
use crate::domain::retry::AfterFault;
use crate::domain::tally::ended;
use crate::domain::text::plural;
use crate::domain::time;

/// What a fact says, in one line.
pub fn about(fact: &Fact) -> String {
    let call = fact.call().map(|call| format!("{call} ")).unwrap_or_default();
    let text = match fact {
        Fact::SessionOpened { title, workspace, agent, .. } => format!("{agent} in {workspace}: {title}"),
        Fact::SessionRenamed { title, by, asked: None } => format!("{title} — {by}"),
        Fact::SessionRenamed { title, by, asked: Some(asked) } => format!("{title} — asked of {asked}; {by}"),
        Fact::SessionForked { parent, workspace, by, .. } => {
            format!("from {} at {}, in {workspace} — {by}", parent.session, parent.at)
        }
        Fact::WorkspaceKept { manifest, files, bytes, left_out } => {
            kept_words(*manifest, *files, *bytes, *left_out)
        }
        Fact::WorkspaceMissed { why } => why.clone(),
        Fact::RestoreStarted { manifest, at, by, .. } => format!("as at {at} ({}) — {by}", manifest.short()),
        Fact::RestoreEnded { changed, failed, by } => format!("{changed} changed, {failed} failed — {by}"),
        Fact::SessionMarked { mark, by } => marked_words(mark, by),
        Fact::WriterTaken { holder, epoch } => format!("{holder} {epoch}"),
        Fact::RunStarted { input, mode, model, .. } => format!("[{} · {model}] {input}", mode.name()),
        Fact::SessionImported { tool, version, id, source, .. } => {
            format!("{tool} {version} session {id}: {source}")
        }
        Fact::RunImported { input, model } => format!("[{model}] {input}"),
        Fact::CallRecorded { end, output, ms, time, .. } => recorded_words(*end, *ms, *time, output),
        Fact::ForeignRecord { sort, label, place, raw } => {
            format!("{} {place}, {} bytes: {label}", sort_word(*sort), raw.size)
        }
        Fact::ImportTaken { records, .. } => format!("{records} records read"),
        Fact::RunPaused { by } | Fact::RunReleased { by } | Fact::InterruptAsked { by } => by.to_string(),
        Fact::CancelAsked { by } | Fact::StepAllowed { by } => by.to_string(),
        Fact::ModeSet { mode, by } => format!("{} — {by}", mode.name()),
        Fact::RunEnded { status, why } => format!("{}: {}", ended(*status), why.sentence()),
        Fact::ModelAsked { model, attempt, messages, .. } => {
            format!("{model}, attempt {attempt}, {}", plural(*messages, "message"))
        }
        Fact::ModelReplied { reply, calls } => reply_words(reply, calls.len() as u64),
        Fact::ModelFailed { fault, attempt, then } => {
            let (kind, then) = (fault.kind.words(), failed_words(fault, *then));
            format!("{kind}: {} (attempt {attempt}, {then})", fault.message)
        }
        Fact::CallRefused { why, .. } => refused_words(why),
        Fact::CallJudged { verdict, .. } => {
            format!("{} by {}: {}", judged_word(verdict.word), verdict.rule, verdict.why)
        }
        Fact::CallEdited { args, by, .. } => format!("{args} — {by}"),
        Fact::CallApproved { hash, by, .. } => format!("{} — {by}", hash.short()),
        Fact::CallRejected { by, reason, .. } => format!("{reason} — {by}"),
        Fact::CallAnswered { by, text, .. } => format!("{text} — {by}"),
        Fact::CallLapsed { why, .. } => lapse_words(*why).to_string(),
        Fact::CallStarted { key, .. } => key.clone(),
        Fact::CallEnded { outcome, output, ms, .. } => ended_words(*outcome, output, *ms),
        Fact::CallSettled { how, by, note, .. } => format!("{} {note} — {by}", settled_word(*how)),
        Fact::CallInterrupted { .. } | Fact::CallUnknown { .. } | Fact::CallDropped { .. } => String::new(),
        Fact::OperatorSaid { text, by } | Fact::OperatorSteered { text, by } => format!("{text} — {by}"),
        Fact::BreakpointSet { no, spec, by } => format!("{no} {spec} — {by}"),
        Fact::BreakpointRemoved { no, by } => format!("{no} — {by}"),
        Fact::BreakpointHit { no, spec, why, .. } => format!("{no} ({spec}): {}", why.sentence()),
        Fact::LeaseGranted { .. } | Fact::LeaseUsed { .. } | Fact::LeaseRevoked { .. } => lease_words(fact),
        Fact::NoteAdded { no, text, by } => format!("{no} {text} — {by}"),
        Fact::NoteRemoved { no, by } => format!("{no} — {by}"),
        Fact::RunHeld { why } => format!("{}: {}", why.word(), why.sentence()),
        Fact::BudgetNeared { near } => near_words(near),
        Fact::BudgetExtended { scope, unit, to, by } => given_words(*scope, *unit, *to, by),
        Fact::LoopSeen { .. } | Fact::CheckAsked { .. } => harness_words(fact),
        Fact::CompactAsked(_) | Fact::ContextCompacted(_) | Fact::CompactFailed { .. } => context_words(fact),
        Fact::CompactOrdered { .. } | Fact::CompactionUndone { .. } => context_words(fact),
        Fact::Unknown { data, .. } => data.to_string(),
    };
    call + &text
}

/// What the harness says or does by itself.
fn harness_words(fact: &Fact) -> String {
    if let Fact::LoopSeen { seen } = fact {
        seen.sentence()
    } else if let Fact::CheckAsked { call, name, round, asked } = fact {
        format!("{call} {}, round {round}: {}", check_words(name), summary(&asked.args))
    } else {
        String::new()
    }
}

/// What makes the conversation shorter, in one line.
pub fn context_words(fact: &Fact) -> String {
    if let Fact::CompactOrdered { by } = fact {
        format!("the conversation is made shorter before the next request — {by}")
    } else if let Fact::CompactAsked(asked) = fact {
        let many = plural(asked.span.messages, "message");
        format!("{}, attempt {}, a summary of {many}: {}", asked.model, asked.attempt, asked.cause.words())
    } else if let Fact::ContextCompacted(done) = fact {
        format!("{} ({})", done.sentence(), done.cause.words())
    } else if let Fact::CompactFailed { fault, attempt, then } = fact {
        let then = if *then == AfterFault::GiveUp { "nothing is lost" } else { &failed_words(fault, *then) };
        format!("no summary: {}: {} (attempt {attempt}, {then})", fault.kind.words(), fault.message)
    } else if let Fact::CompactionUndone { by } = fact {
        format!("the conversation is as it was before it was made shorter — {by}")
    } else {
        String::new()
    }
}

fn marked_words(mark: &Mark, by: &By) -> String {
    let tag = mark.tag().map(|tag| format!(" #{tag}")).unwrap_or_default();
    format!("{}{tag} — {by}", mark.done())
}

fn ended_words(outcome: Outcome, output: &Output, ms: u64) -> String {
    let word = Ended::Ran(outcome).word();
    format!("{word} in {}, {} bytes: {}", time::duration(ms), output.size, output.head)
}

/// What is said of a lease, in one line.
fn lease_words(fact: &Fact) -> String {
    if let Fact::LeaseUsed { lease, by, nth, of, .. } = fact {
        return format!("lease {lease}, use {nth} of {of} — {by}");
    } else if let Fact::LeaseRevoked { lease, by } = fact {
        return format!("lease {lease} revoked — {by}");
    }
    let Fact::LeaseGranted { no, tool, pattern, root, uses, until, lasting, by, .. } = fact else {
        return String::new();
    };
    let until = until.map_or_else(String::new, |until| format!(" and before {}", until.rfc3339()));
    let end = if *lasting { "in this session" } else { "in this task" };
    let lines = pattern.replace('\n', "; ");
    let uses = plural(u64::from(*uses), "more call");
    format!("lease {no} granted: {uses} of {tool} where {lines}, below {root}, {end}{until} — {by}")
}

fn kept_words(manifest: Hash, files: u64, bytes: u64, left_out: u64) -> String {
    let left = if left_out > 0 { format!(", {left_out} left out") } else { String::new() };
    format!("{}: {files} files, {bytes} bytes{left}", manifest.short())
}

fn reply_words(reply: &Reply, calls: u64) -> String {
    let cost = reply.cost.as_ref().map(|cost| format!(", {}", cost.nano)).unwrap_or_default();
    let tokens = format!("{} + {} tokens{cost}", reply.usage.input, reply.usage.output);
    format!("{}, {tokens}, {}: {}", plural(calls, "call"), time::duration(reply.timing.total_ms), reply.text)
}

/// The end of a call as another tool recorded it; its time says what it covers.
fn recorded_words(end: Recorded, ms: Option<u64>, time: RecordedTime, output: &Output) -> String {
    let took = match (ms, time) {
        (None, _) | (_, RecordedTime::None) => String::new(),
        (Some(ms), RecordedTime::Execution) => format!(" in {}", time::duration(ms)),
        (Some(ms), RecordedTime::WithWaiting) => {
            format!(" in {}, waiting for a person included", time::duration(ms))
        }
    };
    format!("{}{took}, decision not recorded, {} bytes: {}", end.word(), output.size, output.head)
}

fn sort_word(sort: Sort) -> &'static str {
    match sort {
        Sort::Unknown => "unknown record",
        Sort::Damaged => "damaged record",
        Sort::Note => "record",
    }
}

/// What follows a failed request, and what that means for who is asked.
fn failed_words(fault: &Fault, then: AfterFault) -> String {
    let detour = fault.detour.as_ref().map(|detour| format!("; {}", detour.words()));
    format!("{}{}", then_word(then), detour.unwrap_or_default())
}

fn then_word(then: AfterFault) -> String {
    match then {
        AfterFault::Retry { wait_ms: 0 } => "asked again".to_string(),
        AfterFault::Retry { wait_ms } => format!("again in {}", time::duration(wait_ms)),
        AfterFault::GiveUp => "not tried again".to_string(),
        AfterFault::Compact => "the conversation is made shorter first".to_string(),
        AfterFault::Wait => "waits for the operator".to_string(),
    }
}

fn judged_word(word: Word) -> &'static str {
    match word {
        Word::Allow => "allowed",
        Word::Ask => "asks",
        Word::Deny => "denied",
    }
}

fn refused_words(why: &BadCall) -> String {
    match why {
        BadCall::UnknownTool { known } => format!("there is no such tool; the tools are: {known}"),
        BadCall::NotJson { why } => format!("the arguments are not JSON: {why}"),
        BadCall::Schema { path, why } => format!("bad argument at {path}: {why}"),
        BadCall::Truncated => "the reply was cut, so it may be incomplete".to_string(),
    }
}

fn lapse_words(why: Lapse) -> &'static str {
    match why {
        Lapse::Expired => "the approval was too old",
        Lapse::Changed => "it is not what was approved any more",
        Lapse::TargetChanged => "what it would change is not what was shown",
        Lapse::LeaseOver => "its lease was revoked, or its time is past",
    }
}

fn settled_word(how: Settling) -> &'static str {
    match how {
        Settling::Happened => "it happened",
        Settling::Again => "run again",
        Settling::Abandon => "given up",
    }
}
