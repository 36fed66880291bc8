//! `tackroom events`: a session's log as text or exactly as stored.

use crate::cli::args::Events;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::call::{Ended, Output};
use crate::domain::commit::{Commit, Sealed};
use crate::domain::event::{BadCall, Fact, Lapse, Settling};
use crate::domain::foreign::{Recorded, RecordedTime, Sort};
use crate::domain::hash::Hash;
use crate::domain::message::Reply;
use crate::domain::policy::Word;
use crate::domain::retry::AfterFault;
use crate::domain::tally::ended;
use crate::domain::text;
use crate::domain::time;
use crate::ports::log::{Follow, TailItem};

/// Prints the events of a session; with `--follow` also what comes.
pub async fn events(config: &Config, args: &Events) -> Result<Code, Failure> {
    let wire = if args.follow { Wire::following(config)? } else { Wire::reading(config)? };
    let id = wire.find(&args.id).await?;
    if !args.follow {
        let mut after = 0;
        loop {
            let page = wire.store.log.read(&id, after, 256).await?;
            let Some(last) = page.last() else { return Ok(Code::Done) };
            after = last.seq;
            for commit in &page {
                print(commit, args.json)?;
            }
        }
    }
    let mut tail = wire.store.log.tail(Follow::One(id, 0));
    let mut seq = 0;
    loop {
        let item = tokio::select! {
            item = tail.next() => item,
            _ = tokio::signal::ctrl_c() => return Ok(Code::Interrupted),
        };
        match item {
            TailItem::Commit(commit) if commit.seq > seq => {
                seq = commit.seq;
                print(&commit, args.json)?;
            }
            TailItem::Commit(_) | TailItem::CaughtUp => {}
            TailItem::Interrupted(fault) => return Err(fault.into()),
        }
    }
}

/// Prints a commit's events, one a line.
pub fn print(commit: &Commit, json: bool) -> Result<(), Failure> {
    for sealed in &commit.events {
        match json {
            true => out::json(&as_json(commit, sealed))?,
            false => out::line(&as_text(commit, sealed))?,
        }
    }
    Ok(())
}

/// The stored bytes untouched, with the hash and the commit beside them.
pub fn as_json(commit: &Commit, sealed: &Sealed) -> String {
    let head = serde_json::json!({
        "session": commit.session.as_str(), "commit": commit.id.0, "class": commit.class,
        "writer": commit.writer, "epoch": commit.epoch, "hash": sealed.hash,
    });
    let head = head.to_string();
    format!("{},\"event\":{}}}", head.trim_end_matches('}'), sealed.json)
}

fn as_text(commit: &Commit, sealed: &Sealed) -> String {
    let event = &sealed.event;
    let line =
        format!("{:>5}  {}  {:<14} {}", event.no.0, event.at.clock(), event.fact.kind(), about(&event.fact));
    let _ = commit;
    out::safe(crate::domain::text::first_line(&line, 200).as_str())
}

/// What a fact says, in one line.
pub fn about(fact: &Fact) -> String {
    let call = fact.call().map(|call| format!("{call} ")).unwrap_or_default();
    let text = match fact {
        Fact::SessionOpened { title, workspace, agent, .. } => format!("{agent} in {workspace}: {title}"),
        Fact::SessionRenamed { title, by } => format!("{title} — {by}"),
        Fact::SessionForked { parent, workspace, by, .. } => {
            format!("from {} at {}, in {workspace} — {by}", parent.session, parent.at)
        }
        Fact::WorkspaceKept { manifest, files, bytes, left_out } => {
            kept_words(*manifest, *files, *bytes, *left_out)
        }
        Fact::WorkspaceMissed { why } => why.clone(),
        Fact::RestoreStarted { manifest, at, by, .. } => format!("as at {at} ({}) — {by}", manifest.short()),
        Fact::RestoreEnded { changed, failed, by } => format!("{changed} changed, {failed} failed — {by}"),
        Fact::SessionMarked { mark, by } => {
            let tag = mark.tag().map(|tag| format!(" #{tag}")).unwrap_or_default();
            format!("{}{tag} — {by}", mark.done())
        }
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
        Fact::RunPaused { by }
        | Fact::RunReleased { by }
        | Fact::InterruptAsked { by }
        | Fact::CancelAsked { by }
        | Fact::StepAllowed { by } => by.to_string(),
        Fact::ModeSet { mode, by } => format!("{} — {by}", mode.name()),
        Fact::RunEnded { status, why } => format!("{}: {}", ended(*status), why.sentence()),
        Fact::ModelAsked { model, attempt, messages, .. } => {
            format!("{model}, attempt {attempt}, {}", text::plural(*messages, "message"))
        }
        Fact::ModelReplied { reply, calls } => reply_words(reply, calls.len() as u64),
        Fact::ModelFailed { fault, attempt, then } => {
            format!("{}: {} (attempt {attempt}, {})", fault.kind.words(), fault.message, then_word(*then))
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
        Fact::CallEnded { outcome, output, ms, .. } => {
            let word = Ended::Ran(*outcome).word();
            format!("{word} in {}, {} bytes: {}", time::duration(*ms), output.size, output.head)
        }
        Fact::CallSettled { how, by, note, .. } => format!("{} {note} — {by}", settled_word(*how)),
        Fact::CallInterrupted { .. } | Fact::CallUnknown { .. } | Fact::CallDropped { .. } => String::new(),
        Fact::OperatorSaid { text, by } | Fact::OperatorSteered { text, by } => format!("{text} — {by}"),
        Fact::BreakpointSet { no, spec, by } => format!("{no} {spec} — {by}"),
        Fact::BreakpointRemoved { no, by } => format!("{no} — {by}"),
        Fact::BreakpointHit { no, spec, why, .. } => format!("{no} ({spec}): {}", why.sentence()),
        Fact::NoteAdded { no, text, by } => format!("{no} {text} — {by}"),
        Fact::NoteRemoved { no, by } => format!("{no} — {by}"),
        Fact::Unknown { data, .. } => data.to_string(),
    };
    call + &text
}

fn kept_words(manifest: Hash, files: u64, bytes: u64, left_out: u64) -> String {
    let left = if left_out > 0 { format!(", {left_out} left out") } else { String::new() };
    format!("{}: {files} files, {bytes} bytes{left}", manifest.short())
}

fn reply_words(reply: &Reply, calls: u64) -> String {
    let tokens = format!("{} + {} tokens", reply.usage.input, reply.usage.output);
    format!(
        "{}, {tokens}, {}: {}",
        text::plural(calls, "call"),
        time::duration(reply.timing.total_ms),
        reply.text
    )
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

fn then_word(then: AfterFault) -> String {
    match then {
        AfterFault::Retry { wait_ms: 0 } => "asked again".to_string(),
        AfterFault::Retry { wait_ms } => format!("again in {}", time::duration(wait_ms)),
        AfterFault::GiveUp => "not tried again".to_string(),
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
    }
}

fn settled_word(how: Settling) -> &'static str {
    match how {
        Settling::Happened => "it happened",
        Settling::Again => "run again",
        Settling::Abandon => "given up",
    }
}
