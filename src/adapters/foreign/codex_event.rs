//! Codex CLI: the records of its own screen. Most say again what the model's items say; times, ends and tokens are here.

use crate::adapters::foreign::codex::Codex;
use crate::adapters::foreign::fields;
use crate::adapters::foreign::turn::Turn;
use crate::domain::event::RunStatus;
use crate::domain::foreign::{Entry, Recorded, Sort, What};
use crate::domain::message::Usage;
use serde_json::Value;
use std::collections::HashMap;

/// Ends kept for calls whose output is still to come.
const ENDS_MAX: usize = 1_000;

/// Kinds that say what the items say too, or what is of no weight for a reader of the session.
const KNOWN: &[&str] = &[
    "task_started",
    "turn_started",
    "user_message",
    "agent_message",
    "agent_message_delta",
    "agent_message_content_delta",
    "agent_reasoning",
    "agent_reasoning_delta",
    "agent_reasoning_raw_content",
    "agent_reasoning_section_break",
    "item_started",
    "exec_command_begin",
    "exec_command_output_delta",
    "exec_approval_request",
    "apply_patch_approval_request",
    "patch_apply_begin",
    "mcp_tool_call_begin",
    "web_search_begin",
    "web_search_end",
    "view_image_tool_call",
    "turn_diff",
    "plan_update",
    "background_event",
    "session_configured",
    "thread_settings_applied",
    "thread_name_updated",
    "thread_goal_updated",
    "undo_started",
];

/// Tokens by the names that Codex gives them.
const NAMES: [&str; 4] = ["input_tokens", "output_tokens", "cached_input_tokens", "reasoning_output_tokens"];

/// How a call ended, as the screen was told.
pub struct End {
    /// How long it ran, in milliseconds.
    pub ms: Option<u64>,
    /// How, where that is told.
    pub end: Option<Recorded>,
}

/// What the screen was told and the items are not: ends of calls, tokens.
#[derive(Default)]
pub struct Ends {
    calls: HashMap<String, End>,
    counted: Usage,
    owed: Usage,
}

impl Ends {
    /// The end of a call, once.
    pub fn take(&mut self, id: &str) -> Option<End> {
        self.calls.remove(id)
    }

    /// The tokens of one reply.
    pub fn used(&mut self, turn: &mut Turn, usage: Option<&Value>) {
        let Some(usage) = usage else { return };
        let usage = fields::usage(usage, NAMES);
        self.counted = self.counted.plus(usage);
        match turn.current() {
            Some(reply) => reply.usage = reply.usage.plus(usage),
            None => self.owed = self.owed.plus(usage),
        }
    }

    /// The tokens of all replies so far: what was not counted yet belongs to the last one, or to the next.
    fn total(&mut self, turn: &mut Turn, total: &Value) {
        let total = fields::usage(total, NAMES);
        let new = Usage {
            input: total.input.saturating_sub(self.counted.input),
            output: total.output.saturating_sub(self.counted.output),
            cached: total.cached.saturating_sub(self.counted.cached),
            reasoning: total.reasoning.saturating_sub(self.counted.reasoning),
            written: 0,
        };
        self.counted = self.counted.plus(new);
        match turn.current() {
            Some(reply) => reply.usage = reply.usage.plus(new),
            None => self.owed = self.owed.plus(new),
        }
    }

    /// Tokens that came after their reply was told go to this one.
    pub fn pay(&mut self, told: &mut Entry) {
        if let What::Reply(reply) = &mut told.what {
            reply.usage = reply.usage.plus(std::mem::take(&mut self.owed));
        }
    }

    fn note(&mut self, id: &str, ms: Option<u64>, end: Option<Recorded>) {
        if self.calls.len() >= ENDS_MAX {
            self.calls.clear(); // ends without outputs: only how long they took is lost
        }
        self.calls.insert(id.to_string(), End { ms, end });
    }
}

/// Takes in a record of the screen.
pub fn event(codex: &mut Codex, event: &Value, whole: &Value) {
    let kind = fields::text(event, &["type"]);
    match kind {
        "task_complete" | "turn_complete" => ended(codex, RunStatus::Done, String::new()),
        "turn_aborted" => {
            let reason = fields::text(event, &["reason"]);
            ended(codex, RunStatus::Cancelled, format!("the turn was aborted ({reason})"));
        }
        "token_count" => {
            if let Some(total) = fields::at(event, &["info", "total_token_usage"]) {
                codex.ends.total(&mut codex.turn, total);
            }
        }
        "item_completed" => item(codex, event.get("item").unwrap_or(&Value::Null)),
        "exec_command_end" | "patch_apply_end" | "mcp_tool_call_end" => {
            let ms = span(event.get("duration").unwrap_or(&Value::Null));
            let good = match event.get("success").and_then(Value::as_bool) {
                Some(success) => Some(success),
                None => event.get("exit_code").and_then(Value::as_i64).map(|code| code == 0),
            };
            codex.ends.note(fields::text(event, &["call_id"]), ms, good.map(word));
        }
        "error"
        | "stream_error"
        | "warning"
        | "guardian_assessment"
        | "entered_review_mode"
        | "exited_review_mode"
        | "context_compacted"
        | "undo_completed" => {
            let message = fields::text(event, &["message"]);
            codex.flush();
            codex.keep(Sort::Note, format!("{kind} {message}").trim_end(), whole);
        }
        _ if KNOWN.contains(&kind) || kind.starts_with("collab_") => {}
        _ => codex.keep(Sort::Unknown, kind, whole),
    }
}

fn ended(codex: &mut Codex, status: RunStatus, words: String) {
    codex.flush();
    let (line, at) = (codex.line, codex.at);
    codex.out.push(Entry { key: format!("L{line}"), at, what: What::Ended { status, words } });
}

/// A part of the screen that is done; commands tell how they ended.
fn item(codex: &mut Codex, item: &Value) {
    if !matches!(fields::text(item, &["type"]), "CommandExecution" | "FileChange" | "McpToolCall") {
        return;
    }
    let end = match (fields::text(item, &["status"]), item.get("exit_code").and_then(Value::as_i64)) {
        ("declined", _) => Some(Recorded::Refused),
        (_, Some(code)) => Some(word(code == 0)),
        ("completed", None) => Some(Recorded::Ok),
        ("failed", None) => Some(Recorded::Error),
        (_, None) => None,
    };
    codex.ends.note(fields::text(item, &["id"]), span(item.get("duration").unwrap_or(&Value::Null)), end);
}

fn word(good: bool) -> Recorded {
    if good { Recorded::Ok } else { Recorded::Error }
}

/// `{secs, nanos}` in milliseconds.
fn span(value: &Value) -> Option<u64> {
    let secs = fields::count(value, &["secs"])?;
    Some(secs.saturating_mul(1_000).saturating_add(fields::count(value, &["nanos"]).unwrap_or(0) / 1_000_000))
}
