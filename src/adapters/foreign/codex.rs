//! Codex CLI: `rollout-*.jsonl`. What the model saw and said is the truth; the records of its screen add times and ends.
//!
//! Files of before September 2025 hold the same items bare, without an envelope and without times. Who approved a call is in
//! neither.

use crate::adapters::foreign::codex_event::{self, Ends};
use crate::adapters::foreign::turn::{Turn, add, thought};
use crate::adapters::foreign::{Put, entry, fields, lines, origin};
use crate::domain::foreign::{Entry, Origin, Over, Recorded, RecordedTime, Sort, Tool, What};
use crate::domain::time::Micros;
use serde_json::Value;
use std::path::Path;

/// Lines in which the origin is looked for.
const ORIGIN_LINES: u64 = 400;

/// What the tool itself puts into a person's mouth.
const INJECTED: [&str; 8] = [
    "<environment_context>",
    "# AGENTS.md",
    "<permissions instructions>",
    "<user_instructions>",
    "<turn_aborted>",
    "<skill",
    "<user_shell_command>",
    "<subagent_notification>",
];

/// Reads a file.
pub fn read(path: &Path, settled: bool, put: Put<'_>) -> Result<u64, String> {
    if !origin(put, whence(path)?) {
        return Ok(0);
    }
    let mut codex = Codex::default();
    let records = lines::records(path, put, |line, value, put| {
        codex.record(line, &value);
        codex.out.drain(..).all(|told| entry(put, told))
    })?;
    if settled {
        codex.flush();
        codex.out.drain(..).all(|told| entry(put, told));
    }
    Ok(records)
}

/// Where the session comes from; the file's name where no record tells.
fn whence(path: &Path) -> Result<Origin, String> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let mut found = Origin {
        tool: Tool::Codex,
        id: String::new(),
        version: String::new(),
        source: path.display().to_string(),
        parent: String::new(),
        title: String::new(),
        workspace: String::new(),
        at: None,
    };
    lines::each(path, |line, told| {
        let lines::Line::Record(value) = told else { return line < ORIGIN_LINES };
        let inner = value.get("payload").unwrap_or(&value);
        found.at = found.at.or_else(|| fields::moment(&value, &["timestamp"]));
        let is_meta =
            fields::text(&value, &["type"]) == "session_meta" || inner.get("instructions").is_some();
        if is_meta && found.id.is_empty() {
            found.id = fields::text(inner, &["id"]).to_string();
            found.version = fields::text(inner, &["cli_version"]).to_string();
            found.workspace = fields::text(inner, &["cwd"]).to_string();
            let parents =
                [fields::text(inner, &["forked_from_id"]), fields::text(inner, &["parent_thread_id"])];
            found.parent = parents.iter().find(|id| !id.is_empty()).copied().unwrap_or_default().to_string();
            found.at = fields::moment(inner, &["timestamp"]).or(found.at);
        }
        if found.title.is_empty() && fields::text(inner, &["role"]) == "user" {
            found.title = said(inner).unwrap_or_default();
        }
        line < ORIGIN_LINES && (found.id.is_empty() || found.title.is_empty())
    })?;
    if found.id.is_empty() {
        let words: Vec<&str> = stem.rsplitn(6, '-').take(5).collect();
        let uuid: Vec<&str> = words.into_iter().rev().collect();
        found.id = if stem.starts_with("rollout-") { uuid.join("-") } else { found.source.clone() };
    }
    found.at = found.at.or_else(|| lines::changed(path));
    Ok(found)
}

/// What a person said in a message; nothing where the tool said it in their name.
fn said(item: &Value) -> Option<String> {
    let parts: Vec<String> = match item.get("content") {
        Some(Value::Array(parts)) => parts.iter().map(fields::content).collect(),
        Some(other) => vec![fields::content(other)],
        None => Vec::new(),
    };
    let own = |text: &String| {
        let text = text.trim_start();
        !text.is_empty() && !INJECTED.iter().any(|head| text.starts_with(head))
    };
    let texts: Vec<String> = parts.into_iter().filter(own).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// What is being read.
#[derive(Default)]
pub struct Codex {
    pub(in crate::adapters::foreign) out: Vec<Entry>,
    pub(in crate::adapters::foreign) turn: Turn,
    pub(in crate::adapters::foreign) ends: Ends,
    pub(in crate::adapters::foreign) line: u64,
    pub(in crate::adapters::foreign) at: Option<Micros>,
    model: String,
}

impl Codex {
    fn record(&mut self, line: u64, value: &Value) {
        self.line = line;
        self.at = fields::moment(value, &["timestamp"]);
        let kind = fields::text(value, &["type"]);
        match (value.get("payload"), kind) {
            (Some(item), "response_item") => self.item(item, value),
            (Some(event), "event_msg") => codex_event::event(self, event, value),
            (Some(context), "turn_context") => self.model = fields::text(context, &["model"]).to_string(),
            (Some(usage), "token_usage_record") => self.ends.used(&mut self.turn, usage.get("usage")),
            (Some(_), "compacted") => self.keep(Sort::Note, "the conversation was compacted there", value),
            (Some(_), "session_meta" | "world_state" | "inter_agent_communication_metadata") => {}
            (Some(_), _) => self.keep(Sort::Unknown, kind, value),
            // The older form: items without an envelope.
            (None, "") if value.get("role").is_some() => self.message(value, value),
            (None, "") if value.get("record_type").is_some() || value.get("instructions").is_some() => {}
            (None, "") if value.get("id").is_some() && value.get("timestamp").is_some() => {}
            (None, _) => self.item(value, value),
        }
    }

    pub(in crate::adapters::foreign) fn keep(&mut self, sort: Sort, label: &str, value: &Value) {
        let label = if label.is_empty() { "no type" } else { label };
        self.out.push(fields::odd(sort, label, self.line, self.at, value.to_string()));
    }

    /// What was gathered of a reply is over.
    pub(in crate::adapters::foreign) fn flush(&mut self) {
        if let Some(mut told) = self.turn.take() {
            self.ends.pay(&mut told);
            self.out.push(told);
        }
    }

    /// Something the model saw or said.
    fn item(&mut self, item: &Value, whole: &Value) {
        let kind = fields::text(item, &["type"]);
        let id = || fields::text(item, &["call_id"]).to_string();
        match kind {
            "message" | "agent_message" => self.message(item, whole),
            "reasoning" => {
                let parts = [fields::list(item, &["summary"]), fields::list(item, &["content"])].concat();
                let text = fields::content(&Value::Array(parts));
                let (line, at, model) = (self.line, self.at, self.model.clone());
                if self.turn.current().is_some_and(|reply| !reply.calls.is_empty() || !reply.text.is_empty())
                {
                    self.flush(); // it thinks again: another reply
                }
                let reply = self.turn.open(|| format!("L{line}"), at, &model);
                let mut all = reply.reasoning.take().unwrap_or_default().text;
                add(&mut all, &text);
                reply.reasoning = thought(&all);
            }
            "function_call" => {
                let args = fields::args(fields::text(item, &["arguments"]));
                self.call(&id(), fields::text(item, &["name"]), args);
            }
            "custom_tool_call" => {
                let input = serde_json::json!({ "input": fields::text(item, &["input"]) });
                self.call(&id(), fields::text(item, &["name"]), crate::domain::message::Args::Json(input));
            }
            "local_shell_call" | "web_search_call" | "tool_search_call" | "image_generation_call" => {
                let own = if id().is_empty() { format!("L{}", self.line) } else { id() };
                let action =
                    item.get("action").or_else(|| item.get("arguments")).cloned().unwrap_or_default();
                let name = kind.trim_end_matches("_call");
                self.call(&own, name, crate::domain::message::Args::Json(action));
                if kind != "local_shell_call" && fields::text(item, &["status"]) == "completed" {
                    self.over(&own, String::new());
                }
            }
            "function_call_output" | "custom_tool_call_output" | "tool_search_output" => {
                self.over(&id(), output(item.get("output").unwrap_or(&Value::Null)));
            }
            "ghost_snapshot" => {}
            _ => self.keep(Sort::Unknown, kind, whole),
        }
    }

    fn message(&mut self, item: &Value, whole: &Value) {
        let (line, at, model) = (self.line, self.at, self.model.clone());
        match fields::text(item, &["role"]) {
            "user" => {
                let Some(text) = said(item) else { return };
                self.flush();
                let what = What::Task { text, model };
                self.out.push(Entry { key: format!("L{line}"), at, what });
            }
            "assistant" => {
                let text = item.get("content").map(fields::content).unwrap_or_default();
                let reply = self.turn.open(|| format!("L{line}"), at, &model);
                add(&mut reply.text, &text);
            }
            "developer" | "system" => {}
            _ => self.keep(Sort::Unknown, "message", whole),
        }
    }

    fn call(&mut self, id: &str, tool: &str, args: crate::domain::message::Args) {
        let (line, at, model) = (self.line, self.at, self.model.clone());
        self.turn.open(|| format!("L{line}"), at, &model);
        self.turn.call(id, tool, args, at);
    }

    fn over(&mut self, id: &str, text: String) {
        self.flush();
        let known = self.ends.take(id);
        let waited = fields::between(self.turn.asked_at(id), self.at);
        let (text, told_ms) = unwrapped(text);
        let ran = known.as_ref().and_then(|end| end.ms).or(told_ms);
        let (ms, time) = match (ran, waited) {
            (Some(ms), _) => (Some(ms), RecordedTime::Execution),
            (None, Some(ms)) => (Some(ms), RecordedTime::WithWaiting),
            (None, None) => (None, RecordedTime::None),
        };
        let end = known.and_then(|end| end.end).unwrap_or_else(|| ending(&text));
        let over = Over { wire_id: id.to_string(), end, text, ms, time };
        self.out.push(Entry { key: format!("L{}", self.line), at: self.at, what: What::Over(over) });
    }
}

/// The text of an output: a text, or a list of parts.
fn output(value: &Value) -> String {
    match value.get("content") {
        Some(content) => fields::content(content),
        None => fields::content(value),
    }
}

/// The older shell wraps its output in JSON, with the time it took.
fn unwrapped(text: String) -> (String, Option<u64>) {
    let Ok(value) = serde_json::from_str::<Value>(&text) else { return (text, None) };
    let Some(output) = value.get("output").and_then(Value::as_str) else { return (text, None) };
    let seconds = fields::at(&value, &["metadata", "duration_seconds"]).and_then(Value::as_f64);
    let ms = seconds
        .and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok())
        .and_then(|span| u64::try_from(span.as_millis()).ok());
    let code = fields::at(&value, &["metadata", "exit_code"]).and_then(Value::as_i64);
    match code {
        Some(code) => (format!("Exit code: {code}\n{output}"), ms),
        None => (output.to_string(), ms),
    }
}

/// How a call ended, where only its output tells.
fn ending(text: &str) -> Recorded {
    let head: String = text.chars().take(400).collect();
    let code = ["Process exited with code ", "Exit code: "].iter().find_map(|words| {
        let (_, rest) = head.split_once(words)?;
        rest.split(|c: char| c != '-' && !c.is_ascii_digit()).next()?.parse::<i64>().ok()
    });
    if head.contains("aborted by user") {
        Recorded::Stopped
    } else if head.contains("rejected by user") {
        Recorded::Refused
    } else if code.is_some_and(|code| code != 0) || (code.is_none() && is_failure(&head)) {
        Recorded::Error
    } else {
        Recorded::Ok
    }
}

fn is_failure(head: &str) -> bool {
    [
        "failed to parse function arguments",
        "unsupported call",
        "exec_command failed",
        "apply_patch verification failed",
    ]
    .iter()
    .any(|words| head.contains(words))
}
