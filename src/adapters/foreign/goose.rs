//! goose: `sessions.db`, and the JSON lines of before. Times are whole seconds; who confirmed a call is not recorded, only that
//! somebody was asked.

use crate::adapters::foreign::turn::{add, silent, thought};
use crate::adapters::foreign::{Put, entry, fields, lines, origin, sqlite};
use crate::domain::foreign::{Entry, Origin, Over, Recorded, RecordedTime, Sort, Tool, What};
use crate::domain::message::{Args, AskedCall, Finish};
use crate::domain::time::Micros;
use crate::ports::foreign::Source;
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// Calls whose beginning is remembered at most.
const CALLS_MAX: usize = 10_000;

/// Reads a session.
pub fn read(source: &Source, scratch: &Path, put: Put<'_>) -> Result<u64, String> {
    if source.part.is_empty() { journal(&source.path, put) } else { database(source, scratch, put) }
}

/// The sessions of a database: their ids, and what changes with each.
pub fn sessions(path: &Path, scratch: &Path) -> Result<Vec<(String, String)>, String> {
    let database = sqlite::open(path, scratch)?;
    let mut ids = Vec::new();
    let query = "SELECT id, (SELECT count(*) || '/' || coalesce(max(id), 0) FROM messages WHERE session_id = sessions.id)
        FROM sessions ORDER BY created_at, id";
    database.each(query, &[], |row| {
        ids.extend(row.first().cloned().zip(row.get(1).cloned()));
        true
    })?;
    Ok(ids)
}

fn database(source: &Source, scratch: &Path, put: Put<'_>) -> Result<u64, String> {
    let database = sqlite::open(&source.path, scratch)?;
    // Columns came with the versions: those that are not there are empty.
    let column = |name: &'static str| if database.has("sessions", &[name]) { name } else { "''" };
    let columns = ["name", "description", "working_dir", "created_at", "model_config_json"].map(column);
    let tokens = ["accumulated_input_tokens", "accumulated_output_tokens"].map(column);
    let query =
        format!("SELECT id, {}, {} FROM sessions WHERE id = ?1", columns.join(", "), tokens.join(", "));
    let mut row = Vec::new();
    database.each(&query, &[&source.part], |found| {
        row = found.to_vec();
        false
    })?;
    let text = |n: usize| row.get(n).map(String::as_str).unwrap_or_default();
    if row.is_empty() {
        return Err(format!("there is no session {} in it", source.part));
    }
    let config: Value = serde_json::from_str(text(5)).unwrap_or_default();
    let found = Origin {
        tool: Tool::Goose,
        id: format!("{}@{}", text(0), text(4)), // its ids are days with a number: not one machine's alone
        version: String::new(),
        source: source.path.display().to_string(),
        parent: String::new(),
        title: [text(1), text(2)].into_iter().find(|title| !title.is_empty()).unwrap_or_default().to_string(),
        workspace: text(3).to_string(),
        at: Micros::parse(text(4)),
    };
    if !origin(put, found) {
        return Ok(0);
    }
    let mut goose = Goose { model: fields::text(&config, &["model_name"]).to_string(), ..Goose::default() };
    let id = if database.has("messages", &["message_id"]) { "message_id" } else { "id" };
    let query = format!(
        "SELECT id, {id}, role, content_json, created_timestamp FROM messages WHERE session_id = ?1 ORDER BY id"
    );
    let mut records = 0;
    database.each(&query, &[&source.part], |row| {
        records += 1;
        let text = |n: usize| row.get(n).map(String::as_str).unwrap_or_default();
        let place = text(0).parse().unwrap_or(records);
        let at = text(4).parse::<i64>().ok().and_then(|s| fields::moment(&Value::from(s), &[]));
        match serde_json::from_str::<Value>(text(3)) {
            Ok(content) => {
                let key = if text(1).is_empty() { format!("row{place}") } else { text(1).to_string() };
                goose.message(&key, place, at, text(2), &content);
            }
            Err(why) => {
                let head: String = text(3).chars().take(4_096).collect();
                goose.out.push(lines::spoilt(place, &why.to_string(), &head));
            }
        }
        goose.out.drain(..).all(|told| entry(put, told))
    })?;
    if !text(6).is_empty() {
        let label = format!("tokens in all there: {} in, {} out", text(6), text(7));
        entry(put, fields::odd(Sort::Note, label, 0, None, ""));
    }
    Ok(records)
}

/// The older form: a line about the session, then one line a message.
fn journal(path: &Path, put: Put<'_>) -> Result<u64, String> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let mut found = Origin {
        tool: Tool::Goose,
        id: stem.to_string(),
        version: String::new(),
        source: path.display().to_string(),
        parent: String::new(),
        title: String::new(),
        workspace: String::new(),
        at: None,
    };
    lines::each(path, |line, told| {
        if let lines::Line::Record(value) = told {
            if value.get("role").is_none() && found.workspace.is_empty() {
                found.workspace = fields::text(&value, &["working_dir"]).to_string();
                found.title = fields::text(&value, &["description"]).to_string();
            }
            found.at = found.at.or_else(|| fields::moment(&value, &["created"]));
        }
        found.at.is_none() && line < 100
    })?;
    found.id = format!("{stem}@{}", found.at.map_or(0, |at| at.0 / 1_000_000));
    found.at = found.at.or_else(|| lines::changed(path));
    if !origin(put, found) {
        return Ok(0);
    }
    let mut goose = Goose::default();
    lines::records(path, put, |line, value, put| {
        let role = fields::text(&value, &["role"]);
        if !role.is_empty() {
            let at = fields::moment(&value, &["created"]);
            let key = match fields::text(&value, &["id"]) {
                "" => format!("L{line}"),
                id => id.to_string(),
            };
            goose.message(&key, line, at, role, value.get("content").unwrap_or(&Value::Null));
        } else if value.get("working_dir").is_none() && line > 1 {
            goose.out.push(fields::odd(Sort::Unknown, "no role", line, None, value.to_string()));
        }
        goose.out.drain(..).all(|told| entry(put, told))
    })
}

/// What is being read.
#[derive(Default)]
struct Goose {
    out: Vec<Entry>,
    model: String,
    asked: HashMap<String, Option<Micros>>,
}

impl Goose {
    fn message(&mut self, key: &str, place: u64, at: Option<Micros>, role: &str, content: &Value) {
        let mut reply = silent(&self.model);
        let (mut said, mut thoughts) = (String::new(), String::new());
        let mut after = Vec::new();
        let parts = content.as_array().map_or(std::slice::from_ref(content), Vec::as_slice);
        for part in parts {
            let kind = fields::text(part, &["type"]);
            match kind {
                "text" => add(&mut said, fields::text(part, &["text"])),
                "" if part.is_string() => add(&mut said, part.as_str().unwrap_or_default()),
                "thinking" | "reasoning" => {
                    add(&mut thoughts, fields::text(part, &["thinking"]));
                    add(&mut thoughts, fields::text(part, &["text"]));
                }
                "redactedThinking" => {}
                "image" => add(&mut said, "[image]"),
                "toolRequest" | "frontendToolRequest" => {
                    let call = self.request(part, at);
                    reply.calls.push(call);
                }
                "toolResponse" => after.push(self.response(key, part, at)),
                "toolConfirmationRequest" | "actionRequired" => {
                    let label = "a person was asked there; the answer is not recorded";
                    after.push(fields::odd(Sort::Note, label, place, at, part.to_string()));
                }
                "systemNotification" => {
                    let label = format!("there: {}", fields::text(part, &["msg"]));
                    after.push(fields::odd(Sort::Note, label, place, at, part.to_string()));
                }
                _ => after.push(fields::odd(
                    Sort::Unknown,
                    format!("a part {kind}"),
                    place,
                    at,
                    part.to_string(),
                )),
            }
        }
        let key = key.to_string();
        match role {
            "assistant" => {
                reply.text = said;
                reply.reasoning = thought(&thoughts);
                if !reply.calls.is_empty() {
                    reply.finish = Finish::Calls;
                }
                self.out.push(Entry { key, at, what: What::Reply(Box::new(reply)) });
            }
            "user" if !said.trim().is_empty() => {
                let what = What::Task { text: said, model: self.model.clone() };
                self.out.push(Entry { key, at, what });
            }
            "user" | "system" => {}
            _ => self.out.push(fields::odd(
                Sort::Unknown,
                format!("a message of {role:?}"),
                place,
                at,
                content.to_string(),
            )),
        }
        self.out.extend(after);
    }

    fn request(&mut self, part: &Value, at: Option<Micros>) -> AskedCall {
        let wire_id = fields::text(part, &["id"]).to_string();
        if self.asked.len() >= CALLS_MAX {
            self.asked.clear();
        }
        self.asked.insert(wire_id.clone(), at);
        let outer = part.get("toolCall").unwrap_or(&Value::Null);
        let call = outer.get("value").or_else(|| outer.get("Ok")).unwrap_or(outer);
        match call.get("name").and_then(Value::as_str) {
            Some(name) => {
                let args = Args::Json(call.get("arguments").cloned().unwrap_or_default());
                AskedCall { wire_id, tool: name.to_string(), args }
            }
            None => AskedCall {
                wire_id,
                tool: "(not readable)".to_string(),
                args: Args::Broken(outer.to_string()),
            },
        }
    }

    fn response(&self, key: &str, part: &Value, at: Option<Micros>) -> Entry {
        let wire_id = fields::text(part, &["id"]).to_string();
        let outer = part.get("toolResult").unwrap_or(&Value::Null);
        let value = outer.get("value").or_else(|| outer.get("Ok")).unwrap_or(outer);
        let failed = fields::text(outer, &["status"]) == "error"
            || outer.get("Err").is_some()
            || value.get("isError") == Some(&Value::Bool(true));
        let code = fields::at(value, &["structuredContent", "exit_code"]).and_then(Value::as_i64);
        let text = match (value.get("content"), outer.get("error").or_else(|| outer.get("Err"))) {
            (_, Some(error)) => fields::content(error),
            (Some(content), None) => fields::content(content),
            (None, None) => fields::content(value),
        };
        let end = if text.contains("declined to run this tool") {
            Recorded::Refused
        } else if failed || code.is_some_and(|code| code != 0) {
            Recorded::Error
        } else {
            Recorded::Ok
        };
        let ms = fields::between(self.asked.get(&wire_id).copied().flatten(), at);
        let time = if ms.is_some() { RecordedTime::WithWaiting } else { RecordedTime::None };
        let key = format!("{key}/{wire_id}");
        Entry { key, at, what: What::Over(Over { wire_id, end, text, ms, time }) }
    }
}
