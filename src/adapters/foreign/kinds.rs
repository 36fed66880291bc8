//! Whose session a file is, told by its content: names and folders may have been changed.

use crate::adapters::foreign::{fields, lines, sqlite};
use crate::domain::foreign::Tool;
use serde_json::Value;
use std::io::Read;
use std::path::Path;

/// Lines that are looked at.
const LINES: u64 = 30;
/// What a database file begins with.
const SQLITE: &[u8; 16] = b"SQLite format 3\0";

/// The tool that wrote a file, and whether it is a database of several sessions; none where it is no session.
pub fn guess(path: &Path, scratch: &Path) -> Option<(Tool, bool)> {
    if is_database(path) {
        return database(path, scratch).map(|tool| (tool, true));
    }
    let is_document = path.extension().is_some_and(|ext| ext == "json");
    let tool = if is_document { document(&lines::document(path).ok()?) } else { journal(path) };
    tool.map(|tool| (tool, false))
}

fn is_database(path: &Path) -> bool {
    let mut head = [0; 16];
    std::fs::File::open(path).is_ok_and(|mut file| file.read_exact(&mut head).is_ok() && head == *SQLITE)
}

fn database(path: &Path, scratch: &Path) -> Option<Tool> {
    let database = sqlite::open(path, scratch).ok()?;
    if database.has("session", &["id", "title", "directory"]) && database.has("part", &["message_id", "data"])
    {
        Some(Tool::Opencode)
    } else if database.has("sessions", &["id", "working_dir"]) && database.has("messages", &["content_json"])
    {
        Some(Tool::Goose)
    } else {
        None
    }
}

fn document(value: &Value) -> Option<Tool> {
    let messages = fields::list(value, &["messages"]);
    let first = messages.first().or_else(|| value.as_array()?.first());
    let has = |name: &str| value.get(name).is_some();
    if fields::text(value, &["trajectory_format"]).starts_with("mini-swe-agent")
        || fields::at(value, &["info", "mini_version"]).is_some()
        || fields::at(value, &["info", "exit_status"]).is_some()
        || (value.is_array() && first.is_some_and(|first| first.get("role").is_some()))
    {
        Some(Tool::Mini)
    } else if has("sessionId") && has("messages") {
        Some(Tool::Gemini)
    } else if fields::at(value, &["info", "id"]).is_some() && has("messages")
        || fields::text(value, &["id"]).starts_with("ses_")
    {
        Some(Tool::Opencode)
    } else {
        None
    }
}

/// Every line that can be read has a say; most say nothing.
fn journal(path: &Path) -> Option<Tool> {
    let mut found = None;
    let read = lines::each(path, |line, told| {
        if let lines::Line::Record(value) = told {
            found = record(&value);
        }
        found.is_none() && line < LINES
    });
    read.ok().and(found)
}

fn record(value: &Value) -> Option<Tool> {
    let has = |name: &str| value.get(name).is_some();
    let kind = fields::text(value, &["type"]);
    let is_codex_item = match kind {
        "function_call" | "function_call_output" => has("call_id"),
        "reasoning" => has("summary"),
        "message" | "" => has("role") && value.get("content").is_some_and(Value::is_array),
        _ => false,
    };
    if (has("payload") && has("type")) || has("record_type") || (has("instructions") && has("id")) {
        Some(Tool::Codex)
    } else if has("projectHash") || has("$set") || has("$rewindTo") {
        Some(Tool::Gemini)
    } else if has("working_dir") || (has("role") && has("created") && has("content")) {
        Some(Tool::Goose)
    } else if has("uuid") && has("sessionId") || (has("sessionId") && !kind.is_empty()) || has("leafUuid") {
        Some(Tool::Claude)
    } else if is_codex_item {
        Some(Tool::Codex)
    } else if ["user", "gemini"].contains(&kind) && has("id") && has("timestamp") && has("content") {
        Some(Tool::Gemini)
    } else {
        None
    }
}
