//! Gemini CLI: `session-*.jsonl`, a journal in which a later line of the same id replaces the earlier one; before 0.40 one
//! document of the same messages. What a tool's time covers is not recorded: approval is in it.

use crate::adapters::foreign::turn::{silent, thought};
use crate::adapters::foreign::{Put, entry, fields, lines, origin};
use crate::domain::foreign::{Entry, Origin, Over, Recorded, RecordedTime, Sort, Tool, What};
use crate::domain::message::{Args, AskedCall, Finish};
use crate::ports::foreign::Told;
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// Messages of one journal that are kept until its end, in bytes of text: later lines may replace them.
const KEPT_MAX: usize = 256 * 1024 * 1024;

/// Reads a journal or a document.
pub fn read(path: &Path, put: Put<'_>) -> Result<u64, String> {
    let mut journal = Journal::default();
    let mut before = Vec::new();
    let is_document = path.extension().is_some_and(|ext| ext == "json");
    let records = if is_document {
        let document = lines::document(path)?;
        journal.document(&document)
    } else {
        let mut keep = |told| {
            before.push(told);
            true
        };
        let records = lines::records(path, &mut keep, |line, value, _| journal.line(line, value))?;
        if journal.bytes > KEPT_MAX {
            return Err(format!("it is one session of more than {KEPT_MAX} bytes"));
        }
        records
    };
    if !origin(put, journal.origin(path)) {
        return Ok(0);
    }
    let _ = journal.tell(put) && before.into_iter().all(put);
    Ok(records)
}

/// Bytes of a message as text, nearly: what is escaped counts as it is.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| size(item) + 1).sum::<usize>() + 2,
        Value::Object(members) => {
            members.iter().map(|(name, value)| name.len() + size(value) + 4).sum::<usize>() + 2
        }
    }
}

/// The messages, each as it was written last, in the order in which they first came.
#[derive(Default)]
struct Journal {
    header: serde_json::Map<String, Value>,
    order: Vec<Option<(u64, Value)>>,
    by_id: HashMap<String, usize>,
    odd: Vec<Entry>,
    bytes: usize,
}

impl Journal {
    fn document(&mut self, document: &Value) -> u64 {
        for (name, value) in document.as_object().into_iter().flatten() {
            if name != "messages" {
                self.header.insert(name.clone(), value.clone());
            }
        }
        let messages = fields::list(document, &["messages"]);
        for (line, message) in (1..).zip(messages) {
            self.message(line, message.clone());
        }
        messages.len() as u64
    }

    fn line(&mut self, line: u64, value: Value) -> bool {
        if let Some(set) = value.get("$set") {
            for (name, new) in set.as_object().into_iter().flatten() {
                match (name.as_str(), new) {
                    ("messages", Value::Array(messages)) => {
                        messages.iter().for_each(|message| self.message(line, message.clone()));
                    }
                    _ => {
                        self.header.insert(name.clone(), new.clone());
                    }
                }
            }
        } else if let Some(id) = value.get("$rewindTo") {
            self.rewind(line, id.as_str().unwrap_or_default());
        } else if value.get("sessionId").is_some() && value.get("type").is_none() {
            self.header.extend(value.as_object().cloned().unwrap_or_default());
        } else if value.get("id").is_some() || value.get("type").is_some() {
            self.message(line, value);
        } else {
            self.odd.push(fields::odd(Sort::Unknown, "no type", line, None, value.to_string()));
        }
        self.bytes <= KEPT_MAX
    }

    fn message(&mut self, line: u64, message: Value) {
        let id = match fields::text(&message, &["id"]) {
            "" => format!("L{line}"),
            id => id.to_string(),
        };
        self.bytes = self.bytes.saturating_add(size(&message));
        match self.by_id.get(&id) {
            Some(at) => {
                let replaced = self.order[*at].replace((line, message));
                self.bytes = self.bytes.saturating_sub(replaced.map_or(0, |(_, old)| size(&old)));
            }
            None => {
                self.by_id.insert(id, self.order.len());
                self.order.push(Some((line, message)));
            }
        }
    }

    /// The message of that id and all after it are taken back.
    fn rewind(&mut self, line: u64, id: &str) {
        let Some(from) = self.by_id.get(id).copied() else { return };
        let mut left = 0;
        for slot in self.order.iter_mut().skip(from) {
            if let Some((_, old)) = slot.take() {
                self.bytes = self.bytes.saturating_sub(size(&old));
                left += 1;
            }
        }
        self.by_id.retain(|_, at| *at < from);
        let label = format!("rewound there: {left} messages were taken back");
        self.odd.push(fields::odd(Sort::Note, label, line, None, id));
    }

    fn header(&self, name: &str) -> &str {
        self.header.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn origin(&self, path: &Path) -> Origin {
        let header = Value::Object(self.header.clone());
        let messages = || self.order.iter().flatten().map(|(_, message)| message);
        let title = match self.header("summary") {
            "" => messages().find_map(said).unwrap_or_default(),
            summary => summary.to_string(),
        };
        let id = match self.header("sessionId") {
            "" => path.display().to_string(),
            id => id.to_string(),
        };
        let first = || messages().find_map(|message| fields::moment(message, &["timestamp"]));
        Origin {
            tool: Tool::Gemini,
            id,
            version: String::new(),
            source: path.display().to_string(),
            parent: String::new(),
            title,
            workspace: self.workspace(path),
            at: fields::moment(&header, &["startTime"]).or_else(first).or_else(|| lines::changed(path)),
        }
    }

    /// The folder: as the header names it, as the tool's list of projects does, or as the model was told.
    fn workspace(&self, path: &Path) -> String {
        if let Some(folder) = self.header.get("directories").and_then(|list| list.get(0)?.as_str()) {
            return folder.to_string();
        }
        let slug = path.parent().and_then(Path::parent).and_then(|project| project.file_name()?.to_str());
        let list = path.ancestors().nth(4).map(|home| home.join("projects.json"));
        let projects = list.and_then(|list| lines::document(&list).ok()).unwrap_or_default();
        let known = projects.get("projects").and_then(Value::as_object);
        if let Some((folder, _)) = known.and_then(|map| map.iter().find(|(_, name)| name.as_str() == slug)) {
            return folder.clone();
        }
        let told = self.order.iter().flatten().find_map(|(_, message)| {
            let text = message.get("content").map(fields::content)?;
            let (_, rest) = text.split_once("Workspace Directories:**\n")?;
            Some(rest.lines().next()?.trim().trim_start_matches("- ").to_string())
        });
        told.unwrap_or_default()
    }

    fn tell(&self, put: Put<'_>) -> bool {
        for (line, message) in self.order.iter().flatten() {
            for told in entries(*line, message) {
                if !entry(put, told) {
                    return false;
                }
            }
        }
        self.odd.iter().all(|odd| put(Told::Entry(Box::new(odd.clone()))))
    }
}

/// What a person said; nothing where it is a result, or the tool said it in their name.
fn said(message: &Value) -> Option<String> {
    if fields::text(message, &["type"]) != "user" {
        return None;
    }
    let shown = message.get("displayContent").filter(|shown| !shown.is_null());
    let text = fields::content(shown.or_else(|| message.get("content"))?);
    let own = !text.trim().is_empty() && !text.trim_start().starts_with("<session_context>");
    own.then_some(text)
}

fn entries(line: u64, message: &Value) -> Vec<Entry> {
    let at = fields::moment(message, &["timestamp"]);
    let key = match fields::text(message, &["id"]) {
        "" => format!("L{line}"),
        id => id.to_string(),
    };
    let kind = fields::text(message, &["type"]);
    match kind {
        "user" => {
            let task = said(message).map(|text| What::Task { text, model: String::new() });
            task.map(|what| Entry { key, at, what }).into_iter().collect()
        }
        "gemini" | "model" | "assistant" => reply(&key, message),
        "info" | "warning" | "error" => {
            let label =
                format!("{kind}: {}", message.get("content").map(fields::content).unwrap_or_default());
            vec![fields::odd(Sort::Note, label, line, at, message.to_string())]
        }
        _ => vec![fields::odd(Sort::Unknown, kind, line, at, message.to_string())],
    }
}

fn reply(key: &str, message: &Value) -> Vec<Entry> {
    let at = fields::moment(message, &["timestamp"]);
    let mut reply = silent(fields::text(message, &["model"]));
    reply.text = message.get("content").map(fields::content).unwrap_or_default();
    let thoughts: Vec<String> = fields::list(message, &["thoughts"])
        .iter()
        .map(|one| format!("{}: {}", fields::text(one, &["subject"]), fields::text(one, &["description"])))
        .collect();
    reply.reasoning = thought(&thoughts.join("\n"));
    reply.usage = fields::usage(
        message.get("tokens").unwrap_or(&Value::Null),
        ["input", "output", "cached", "thoughts"],
    );
    let calls = fields::list(message, &["toolCalls"]);
    let mut overs = Vec::new();
    for (n, call) in calls.iter().enumerate() {
        let id = match fields::text(call, &["id"]) {
            "" => format!("{key}/{n}"),
            id => id.to_string(),
        };
        let args = Args::Json(call.get("args").cloned().unwrap_or_default());
        let tool = fields::text(call, &["name"]).to_string();
        reply.calls.push(AskedCall { wire_id: id.clone(), tool, args });
        overs.extend(over(key, id, call, at));
    }
    if !calls.is_empty() {
        reply.finish = Finish::Calls;
    }
    let what = What::Reply(Box::new(reply));
    [Entry { key: key.to_string(), at, what }].into_iter().chain(overs).collect()
}

/// The end of a call, where it has one.
fn over(key: &str, id: String, call: &Value, asked: Option<crate::domain::time::Micros>) -> Option<Entry> {
    let end = match fields::text(call, &["status"]) {
        "success" => Recorded::Ok,
        "error" => Recorded::Error,
        "cancelled" => Recorded::Stopped,
        _ => return None,
    };
    let answers: Vec<String> = fields::list(call, &["result"]).iter().map(answer).collect();
    let shown = || call.get("resultDisplay").map(fields::content).unwrap_or_default();
    let text = if answers.is_empty() { shown() } else { answers.join("\n") };
    let at = fields::moment(call, &["timestamp"]);
    let ms = fields::between(asked, at);
    let time = if ms.is_some() { RecordedTime::WithWaiting } else { RecordedTime::None };
    let what = What::Over(Over { wire_id: id.clone(), end, text, ms, time });
    Some(Entry { key: format!("{key}/{id}"), at, what })
}

fn answer(part: &Value) -> String {
    let response = fields::at(part, &["functionResponse", "response"]);
    let told = response.and_then(|response| response.get("output").or_else(|| response.get("error")));
    match (told, response) {
        (Some(told), _) => fields::content(told),
        (None, Some(response)) => response.to_string(),
        (None, None) => fields::content(part),
    }
}
