//! opencode: its messages and parts, however they are stored.
//!
//! A call's time runs from the model's request to the end: a person who was asked is in it. A refusal is an error in words.

use crate::adapters::foreign::fields;
use crate::adapters::foreign::turn::{add, silent, thought};
use crate::domain::event::RunStatus;
use crate::domain::foreign::{Entry, Origin, Over, Recorded, RecordedTime, Sort, Tool, What};
use crate::domain::message::{Args, AskedCall, Finish, Usage};
use crate::domain::money::Money;
use crate::domain::time::Micros;
use serde_json::Value;

/// Parts that say nothing a reader of the session would miss.
const QUIET: [&str; 8] =
    ["step-start", "step-finish", "patch", "snapshot", "file", "agent", "subtask", "retry"];

/// Where a session comes from.
pub fn origin(info: &Value, source: String) -> Origin {
    Origin {
        tool: Tool::Opencode,
        id: fields::text(info, &["id"]).to_string(),
        version: fields::text(info, &["version"]).to_string(),
        source,
        parent: fields::text(info, &["parentID"]).to_string(),
        title: fields::text(info, &["title"]).to_string(),
        workspace: fields::text(info, &["directory"]).to_string(),
        at: fields::moment(info, &["time", "created"]),
    }
}

/// Whether a message is still being written.
pub fn is_open(info: &Value) -> bool {
    fields::text(info, &["role"]) == "assistant" && fields::at(info, &["time", "completed"]).is_none()
}

/// What a message says. `place` is its place in the session, from 1.
pub fn message(place: u64, info: &Value, parts: &[Value]) -> Vec<Entry> {
    let key = match fields::text(info, &["id"]) {
        "" => format!("m{place}"),
        id => id.to_string(),
    };
    let at = fields::moment(info, &["time", "created"]);
    let mut out = Vec::new();
    match fields::text(info, &["role"]) {
        "user" => {
            let own = |part: &&Value| {
                fields::text(part, &["type"]) == "text" && part.get("synthetic") != Some(&Value::Bool(true))
            };
            let texts: Vec<&str> =
                parts.iter().filter(own).map(|part| fields::text(part, &["text"])).collect();
            let model = fields::text(info, &["model", "modelID"]).to_string();
            let text = texts.join("\n");
            if !text.trim().is_empty() {
                out.push(Entry { key, at, what: What::Task { text, model } });
            }
            out.extend(parts.iter().filter_map(|part| odd(place, part, at)));
        }
        "assistant" => {
            out.extend(reply(&key, info, parts));
            out.extend(parts.iter().filter_map(|part| odd(place, part, at)));
            out.extend(failed(key, info));
        }
        role => out.push(fields::odd(
            Sort::Unknown,
            format!("a message of {role:?}"),
            place,
            at,
            info.to_string(),
        )),
    }
    out
}

/// A part that is neither words nor a call.
fn odd(place: u64, part: &Value, at: Option<Micros>) -> Option<Entry> {
    let kind = fields::text(part, &["type"]);
    match kind {
        "text" | "reasoning" | "tool" => None,
        "compaction" => {
            let label = "the conversation was compacted there";
            Some(fields::odd(Sort::Note, label, place, at, part.to_string()))
        }
        _ if QUIET.contains(&kind) => None,
        _ => Some(fields::odd(Sort::Unknown, format!("a part {kind}"), place, at, part.to_string())),
    }
}

fn reply(key: &str, info: &Value, parts: &[Value]) -> Vec<Entry> {
    let mut reply = silent(fields::text(info, &["modelID"]));
    let (mut thoughts, mut overs) = (String::new(), Vec::new());
    let mut at = fields::moment(info, &["time", "completed"]);
    for (n, part) in parts.iter().enumerate() {
        match fields::text(part, &["type"]) {
            "text" => add(&mut reply.text, fields::text(part, &["text"])),
            "reasoning" => add(&mut thoughts, fields::text(part, &["text"])),
            "tool" => {
                let wire_id = match fields::text(part, &["id"]) {
                    "" => format!("{key}/{n}"),
                    id => id.to_string(),
                };
                let args = Args::Json(fields::at(part, &["state", "input"]).cloned().unwrap_or_default());
                let tool = fields::text(part, &["tool"]).to_string();
                overs.extend(over(&wire_id, part));
                reply.calls.push(AskedCall { wire_id, tool, args });
                // The request was whole before its call began.
                let begun = fields::moment(part, &["state", "time", "start"]);
                at = [at, begun].into_iter().flatten().min();
            }
            _ => {}
        }
    }
    reply.reasoning = thought(&thoughts);
    reply.usage = tokens(info.get("tokens").unwrap_or(&Value::Null));
    // It writes 0 where it knows no price.
    reply.cost = fields::cost(info, &["cost"]).filter(|cost| cost.nano > Money::default());
    reply.finish = match fields::text(info, &["finish"]) {
        _ if !reply.calls.is_empty() => Finish::Calls,
        "length" => Finish::Length,
        "content-filter" => Finish::Filtered,
        "" | "stop" | "tool-calls" => Finish::Stop,
        other => Finish::Other(other.to_string()),
    };
    let at = at.or_else(|| fields::moment(info, &["time", "created"]));
    if reply.text.is_empty() && reply.calls.is_empty() && reply.reasoning.is_none() && is_open(info) {
        return Vec::new(); // a message that nothing ever came of
    }
    let what = What::Reply(Box::new(reply));
    [Entry { key: key.to_string(), at, what }].into_iter().chain(overs).collect()
}

fn tokens(tokens: &Value) -> Usage {
    let of = |path: &[&str]| fields::count(tokens, path).unwrap_or(0);
    let (cached, written) = (of(&["cache", "read"]), of(&["cache", "write"]));
    let input = of(&["input"]).saturating_add(written).saturating_add(cached);
    Usage { input, output: of(&["output"]), cached, reasoning: of(&["reasoning"]), written }
}

/// The end of a call, where it has one: a run that was killed leaves it running for ever.
fn over(wire_id: &str, part: &Value) -> Option<Entry> {
    let state = part.get("state")?;
    let (end, text) = match fields::text(state, &["status"]) {
        "completed" => {
            let code = fields::at(state, &["metadata", "exit"]).and_then(Value::as_i64);
            let end = if code.is_none_or(|code| code == 0) { Recorded::Ok } else { Recorded::Error };
            (end, fields::text(state, &["output"]))
        }
        "error" => {
            let text = fields::text(state, &["error"]);
            let end = if text.contains("rejected permission") || text.contains("prevents you from using") {
                Recorded::Refused
            } else if text.contains("aborted") {
                Recorded::Stopped
            } else {
                Recorded::Error
            };
            (end, text)
        }
        _ => return None,
    };
    let at = fields::moment(state, &["time", "end"]);
    let ms = fields::between(fields::moment(state, &["time", "start"]), at);
    let time = if ms.is_some() { RecordedTime::WithWaiting } else { RecordedTime::None };
    let what = What::Over(Over { wire_id: wire_id.to_string(), end, text: text.to_string(), ms, time });
    Some(Entry { key: format!("{wire_id}/end"), at, what })
}

/// How a message failed; with it the task ended.
fn failed(key: String, info: &Value) -> Option<Entry> {
    let error = info.get("error").filter(|error| !error.is_null())?;
    let name = fields::text(error, &["name"]);
    let message = fields::text(error, &["data", "message"]);
    let status = if name.contains("Aborted") { RunStatus::Cancelled } else { RunStatus::Failed };
    let what = What::Ended { status, words: format!("{name} {message}").trim().to_string() };
    Some(Entry { key: format!("{key}/error"), at: fields::moment(info, &["time", "completed"]), what })
}
