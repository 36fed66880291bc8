//! Claude Code: `<session>.jsonl`. Records form a tree; a message stands in several lines, one for each of its blocks.
//!
//! How long a call took is not recorded, only when its result came; who allowed it is not recorded either, only refusals.

use crate::adapters::foreign::claude_branch::{Branch, Standing, is_chat};
use crate::adapters::foreign::turn::{Turn, add, thought};
use crate::adapters::foreign::{Put, entry, fields, lines, origin};
use crate::domain::event::RunStatus;
use crate::domain::foreign::{Entry, Origin, Over, Recorded, RecordedTime, Sort, Tool, What};
use crate::domain::message::{Args, Finish, Usage};
use crate::domain::time::Micros;
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;

/// Records that say nothing a reader of the session would miss.
const QUIET: [&str; 16] = [
    "summary",
    "ai-title",
    "custom-title",
    "agent-name",
    "agent-color",
    "agent-setting",
    "mode",
    "permission-mode",
    "last-prompt",
    "file-history-snapshot",
    "queue-operation",
    "progress",
    "pr-link",
    "tag",
    "worktree-state",
    "attachment",
];

/// What the tool itself puts into a person's mouth.
const INJECTED: [&str; 6] = [
    "<command-",
    "<local-command-",
    "Caveat: The messages below",
    "<system-reminder>",
    "<bash-",
    "<task-notification>",
];

/// Kinds of `system` records that are known.
const SYSTEM_QUIET: [&str; 6] =
    ["local_command", "turn_duration", "stop_hook_summary", "away_summary", "bridge_status", "informational"];

/// Reads a file: once for the tree, once for what is said on its living branch.
pub fn read(path: &Path, settled: bool, put: Put<'_>) -> Result<u64, String> {
    let mut branch = Branch::default();
    let mut whence = Whence::default();
    lines::each(path, |_, told| {
        if let lines::Line::Record(value) = told {
            branch.see(&value);
            whence.see(&value);
        }
        true
    })?;
    let living = branch.living();
    if !origin(put, whence.origin(path)) {
        return Ok(0);
    }
    let mut claude = Claude::default();
    let records = lines::records(path, put, |line, value, put| {
        claude.line = line;
        claude.at = fields::moment(&value, &["timestamp"]);
        match living.standing(&value) {
            Standing::Alive => claude.record(&value),
            Standing::Aside => {}
        }
        claude.out.drain(..).all(|told| entry(put, told))
    })?;
    if settled {
        claude.flush();
        claude.out.extend(living.left_behind());
        claude.out.drain(..).all(|told| entry(put, told));
    }
    Ok(records)
}

/// What the records tell of the session itself.
#[derive(Default)]
struct Whence {
    id: String,
    version: String,
    workspace: String,
    at: Option<Micros>,
    titles: [String; 4],
}

impl Whence {
    fn see(&mut self, value: &Value) {
        for (known, name) in
            [(&mut self.id, "sessionId"), (&mut self.version, "version"), (&mut self.workspace, "cwd")]
        {
            if known.is_empty() {
                *known = fields::text(value, &[name]).to_string();
            }
        }
        if is_chat(value) {
            self.at = self.at.or_else(|| fields::moment(value, &["timestamp"]));
        }
        let title = match fields::text(value, &["type"]) {
            "custom-title" => (0, fields::text(value, &["customTitle"]).to_string()),
            "ai-title" => (1, fields::text(value, &["aiTitle"]).to_string()),
            "summary" => (2, fields::text(value, &["summary"]).to_string()),
            "user" if self.titles[3].is_empty() => (3, said(value).unwrap_or_default()),
            _ => return,
        };
        if !title.1.is_empty() {
            self.titles[title.0] = title.1;
        }
    }

    fn origin(self, path: &Path) -> Origin {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let id = match (stem.starts_with("agent-"), self.id.is_empty()) {
            (true, _) => format!("{}/{stem}", self.id),
            (false, true) => stem.to_string(),
            (false, false) => self.id.clone(),
        };
        Origin {
            tool: Tool::Claude,
            parent: if stem.starts_with("agent-") { self.id } else { String::new() },
            id,
            version: self.version,
            source: path.display().to_string(),
            title: self.titles.into_iter().find(|title| !title.is_empty()).unwrap_or_default(),
            workspace: self.workspace,
            at: self.at.or_else(|| lines::changed(path)),
        }
    }
}

/// What a person said in a record; nothing where it is a result, or the tool said it in their name.
fn said(value: &Value) -> Option<String> {
    if value.get("isMeta").and_then(Value::as_bool) == Some(true) {
        return None;
    }
    let content = fields::at(value, &["message", "content"])?;
    let texts: Vec<String> = match content {
        Value::Array(parts) => {
            let own = |part: &&Value| !matches!(fields::text(part, &["type"]), "tool_result");
            parts.iter().filter(own).map(fields::content).collect()
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            vec![fields::content(content)]
        }
    };
    let own = |text: &String| {
        let text = text.trim_start();
        !text.is_empty() && !INJECTED.iter().any(|head| text.starts_with(head))
    };
    let texts: Vec<String> = texts.into_iter().filter(own).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// What is being read.
#[derive(Default)]
struct Claude {
    out: Vec<Entry>,
    turn: Turn,
    seen: HashSet<String>,
    line: u64,
    at: Option<Micros>,
}

impl Claude {
    fn keep(&mut self, sort: Sort, label: &str, value: &Value) {
        let label = if label.is_empty() { "no type" } else { label };
        self.out.push(fields::odd(sort, label, self.line, self.at, value.to_string()));
    }

    fn flush(&mut self) {
        self.out.extend(self.turn.take());
    }

    fn record(&mut self, value: &Value) {
        let uuid = fields::text(value, &["uuid"]);
        if !uuid.is_empty() && !self.seen.insert(uuid.to_string()) {
            return; // a session that was taken up again repeats what it had
        }
        match fields::text(value, &["type"]) {
            "user" => self.user(value),
            "assistant" => self.assistant(value),
            "system" => self.system(value),
            kind if QUIET.contains(&kind) => {}
            kind => self.keep(Sort::Unknown, kind, value),
        }
    }

    fn key(&self, value: &Value) -> String {
        match fields::text(value, &["uuid"]) {
            "" => format!("L{}", self.line),
            uuid => uuid.to_string(),
        }
    }

    fn user(&mut self, value: &Value) {
        let key = self.key(value);
        for part in fields::list(value, &["message", "content"]) {
            if fields::text(part, &["type"]) == "tool_result" {
                self.over(&key, part, value);
            }
        }
        if value.get("isCompactSummary").and_then(Value::as_bool) == Some(true) {
            self.flush();
            return self.keep(Sort::Note, "the conversation goes on from a summary there", value);
        }
        let Some(text) = said(value) else { return };
        self.flush();
        let what = match text.starts_with("[Request interrupted by user") {
            true => {
                What::Ended { status: RunStatus::Cancelled, words: "interrupted by the user".to_string() }
            }
            false => What::Task { text, model: String::new() },
        };
        self.out.push(Entry { key, at: self.at, what });
    }

    /// A result: of the call it names.
    fn over(&mut self, key: &str, part: &Value, value: &Value) {
        self.flush();
        let id = fields::text(part, &["tool_use_id"]).to_string();
        let text = part.get("content").map(fields::content).unwrap_or_default();
        let result = value.get("toolUseResult").unwrap_or(&Value::Null);
        let ran = ["durationMs", "totalDurationMs"].iter().find_map(|name| fields::count(result, &[name]));
        let (ms, time) = match (ran, fields::between(self.turn.asked_at(&id), self.at)) {
            (Some(ms), _) => (Some(ms), RecordedTime::Execution),
            (None, Some(ms)) => (Some(ms), RecordedTime::WithWaiting),
            (None, None) => (None, RecordedTime::None),
        };
        let failed = part.get("is_error").and_then(Value::as_bool) == Some(true);
        let is_set = |name: &str| value.get(name).is_some_and(|kind| !kind.is_null());
        let end = if is_set("toolDenialKind") || (failed && is_refusal(&text)) {
            Recorded::Refused
        } else if is_set("interruptedMessageId") || result.get("interrupted") == Some(&Value::Bool(true)) {
            Recorded::Stopped
        } else if failed {
            Recorded::Error
        } else {
            Recorded::Ok
        };
        let key = format!("{key}/{id}");
        let what = What::Over(Over { wire_id: id, end, text, ms, time });
        self.out.push(Entry { key, at: self.at, what });
    }

    /// One block of a message; its tokens are those of the whole message, in every line of it.
    fn assistant(&mut self, value: &Value) {
        let message = value.get("message").unwrap_or(&Value::Null);
        let id = match fields::text(message, &["id"]) {
            "" => self.key(value),
            id => id.to_string(),
        };
        if self.turn.key().is_some_and(|key| key != id) {
            self.flush();
        }
        let at = self.at;
        let model = fields::text(message, &["model"]).to_string();
        let reply = self.turn.open(|| id, at, &model);
        reply.usage = tokens(message.get("usage").unwrap_or(&Value::Null));
        if let Some(finish) = finish(fields::text(message, &["stop_reason"])) {
            reply.finish = finish;
        }
        let content = message.get("content").cloned().unwrap_or_default();
        let blocks = match content {
            Value::Array(blocks) => blocks,
            Value::Null => Vec::new(),
            text @ (Value::String(_) | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => vec![text],
        };
        for block in &blocks {
            self.block(block, value);
        }
    }

    fn block(&mut self, block: &Value, value: &Value) {
        let at = self.at;
        let kind = fields::text(block, &["type"]);
        match kind {
            "text" | "" => {
                if let Some(reply) = self.turn.current() {
                    add(&mut reply.text, &fields::content(block));
                }
            }
            "thinking" => {
                if let Some(reply) = self.turn.current() {
                    let mut all = reply.reasoning.take().unwrap_or_default().text;
                    add(&mut all, fields::text(block, &["thinking"]));
                    reply.reasoning = thought(&all);
                }
            }
            "redacted_thinking" => {}
            "tool_use" | "server_tool_use" | "mcp_tool_use" => {
                let args = Args::Json(block.get("input").cloned().unwrap_or_default());
                self.turn.call(fields::text(block, &["id"]), fields::text(block, &["name"]), args, at);
            }
            _ => self.keep(Sort::Unknown, &format!("a block {kind}"), value),
        }
    }

    fn system(&mut self, value: &Value) {
        let subtype = fields::text(value, &["subtype"]);
        match subtype {
            "compact_boundary" | "microcompact_boundary" => {
                self.flush();
                self.keep(Sort::Note, "the conversation was compacted there", value);
            }
            "api_error" | "model_refusal_fallback" => {
                self.keep(Sort::Note, &format!("{subtype} {}", fields::text(value, &["content"])), value);
            }
            _ if SYSTEM_QUIET.contains(&subtype) => {}
            _ => self.keep(Sort::Unknown, &format!("system {subtype}"), value),
        }
    }
}

fn is_refusal(text: &str) -> bool {
    ["The user doesn't want to proceed", "was blocked", "Permission to use", "requested permissions"]
        .iter()
        .any(|words| text.contains(words))
}

/// What goes in is told in three numbers that do not overlap.
fn tokens(usage: &Value) -> Usage {
    let of = |name: &str| fields::count(usage, &[name]).unwrap_or(0);
    let (cached, written) = (of("cache_read_input_tokens"), of("cache_creation_input_tokens"));
    let input = of("input_tokens").saturating_add(written).saturating_add(cached);
    Usage { input, output: of("output_tokens"), cached, reasoning: 0, written }
}

fn finish(word: &str) -> Option<Finish> {
    match word {
        "" => None,
        "end_turn" | "stop_sequence" => Some(Finish::Stop),
        "tool_use" | "pause_turn" => Some(Finish::Calls),
        "max_tokens" => Some(Finish::Length),
        "refusal" => Some(Finish::Filtered),
        other => Some(Finish::Other(other.to_string())),
    }
}
