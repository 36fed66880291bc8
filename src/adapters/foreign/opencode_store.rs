//! opencode: its database, its older files, and what `opencode export` writes.

use crate::adapters::foreign::sqlite::{self, Database};
use crate::adapters::foreign::{Put, entry, fields, lines, opencode, origin};
use crate::domain::foreign::{Entry, Sort};
use crate::ports::foreign::Source;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Files that one folder of the older store may hold.
const FILES_MAX: usize = 100_000;

/// Reads a session, wherever it is stored.
pub fn read(source: &Source, scratch: &Path, settled: bool, put: Put<'_>) -> Result<u64, String> {
    if !source.part.is_empty() {
        return database(source, scratch, settled, put);
    }
    let document = lines::document(&source.path)?;
    if document.get("messages").is_some() {
        return export(&document, &source.path, put);
    }
    files(&document, &source.path, settled, put)
}

/// The sessions of a database: their ids, and what changes with each; empty where that is not told.
pub fn sessions(path: &Path, scratch: &Path) -> Result<Vec<(String, String)>, String> {
    let database = sqlite::open(path, scratch)?;
    let mut ids = Vec::new();
    let told =
        database.has("part", &["session_id", "time_updated"]) && database.has("session", &["time_updated"]);
    let stamp = match told {
        true => {
            "time_updated || '/' || (SELECT count(*) || '/' || coalesce(max(time_updated), 0)
             FROM part WHERE session_id = session.id)"
        }
        false => "''",
    };
    let query = format!("SELECT id, {stamp} FROM session ORDER BY time_created, id");
    database.each(&query, &[], |row| {
        ids.extend(row.first().cloned().zip(row.get(1).cloned()));
        true
    })?;
    Ok(ids)
}

fn database(source: &Source, scratch: &Path, settled: bool, put: Put<'_>) -> Result<u64, String> {
    let database = sqlite::open(&source.path, scratch)?;
    let mut info = Value::Null;
    let query = "SELECT id, title, directory, version, parent_id, time_created FROM session WHERE id = ?1";
    database.each(query, &[&source.part], |row| {
        let text = |n: usize| row.get(n).cloned().unwrap_or_default();
        let created: i64 = text(5).parse().unwrap_or_default();
        info = serde_json::json!({ "id": text(0), "title": text(1), "directory": text(2), "version": text(3),
            "parentID": text(4), "time": { "created": created } });
        false
    })?;
    if info.is_null() {
        return Err(format!("there is no session {} in it", source.part));
    }
    if !origin(put, opencode::origin(&info, source.path.display().to_string())) {
        return Ok(0);
    }
    let mut messages = Vec::new();
    let query = "SELECT id, data FROM message WHERE session_id = ?1 ORDER BY time_created, id";
    database.each(query, &[&source.part], |row| {
        messages.push((row.first().cloned().unwrap_or_default(), row.get(1).cloned().unwrap_or_default()));
        true
    })?;
    let last = messages.len() as u64;
    let mut records = 0;
    for (place, (id, data)) in (1..).zip(messages) {
        records += 1;
        let info = match with_id(&id, &data) {
            Ok(info) => info,
            Err(why) => {
                put_damaged(put, place, &why, &data);
                continue;
            }
        };
        if !settled && place == last && opencode::is_open(&info) {
            break; // it is being written: it is told once it is whole
        }
        let (parts, spoilt) = parts(&database, &id)?;
        records += parts.len() as u64 + spoilt.len() as u64;
        for (why, data) in spoilt {
            put_damaged(put, place, &why, &data);
        }
        if !opencode::message(place, &info, &parts).into_iter().all(|told| entry(put, told)) {
            break;
        }
    }
    Ok(records)
}

/// What cannot be read: why, and what it is.
type Spoilt = (String, String);

/// The parts of a message: those that can be read, and those that cannot.
fn parts(database: &Database, message: &str) -> Result<(Vec<Value>, Vec<Spoilt>), String> {
    let (mut parts, mut spoilt) = (Vec::new(), Vec::new());
    let query = "SELECT id, data FROM part WHERE message_id = ?1 ORDER BY id";
    database.each(query, &[message], |row| {
        let (id, data) = (row.first().cloned().unwrap_or_default(), row.get(1).cloned().unwrap_or_default());
        match with_id(&id, &data) {
            Ok(part) => parts.push(part),
            Err(why) => spoilt.push((why, data)),
        }
        true
    })?;
    Ok((parts, spoilt))
}

/// The object that a column holds, with the id that stands beside it.
fn with_id(id: &str, data: &str) -> Result<Value, String> {
    let mut value: Value = serde_json::from_str(data).map_err(|error| error.to_string())?;
    let members = value.as_object_mut().ok_or("it is no JSON object")?;
    members.insert("id".to_string(), Value::String(id.to_string()));
    Ok(value)
}

fn put_damaged(put: Put<'_>, place: u64, why: &str, data: &str) {
    let kept: String = data.chars().take(4_096).collect();
    entry(put, fields::odd(Sort::Damaged, why, place, None, kept));
}

/// `{"info": session, "messages": [{"info": …, "parts": […]}]}`.
fn export(document: &Value, path: &Path, put: Put<'_>) -> Result<u64, String> {
    let info = document.get("info").unwrap_or(&Value::Null);
    let mut found = opencode::origin(info, path.display().to_string());
    if found.id.is_empty() {
        found.id = path.display().to_string();
    }
    if !origin(put, found) {
        return Ok(0);
    }
    let mut records = 0;
    for (place, message) in (1..).zip(fields::list(document, &["messages"])) {
        let parts = fields::list(message, &["parts"]);
        records += 1 + parts.len() as u64;
        let info = message.get("info").unwrap_or(&Value::Null);
        let told: Vec<Entry> = opencode::message(place, info, parts);
        if !told.into_iter().all(|told| entry(put, told)) {
            break;
        }
    }
    Ok(records)
}

/// `storage/session/<project>/<ses>.json`, with the messages and parts in folders beside `session`.
fn files(info: &Value, path: &Path, settled: bool, put: Put<'_>) -> Result<u64, String> {
    let id = fields::text(info, &["id"]);
    let storage = path.ancestors().nth(3).ok_or("it lies in no storage folder")?;
    if !is_name(id) {
        return Err("it names no session".to_string());
    }
    if !origin(put, opencode::origin(info, path.display().to_string())) {
        return Ok(0);
    }
    let messages = folder(&storage.join("message").join(id))?;
    let last = messages.len() as u64;
    let mut records = 0;
    for (place, file) in (1..).zip(messages) {
        records += 1;
        let info = match lines::document(&file) {
            Ok(info) => info,
            Err(why) => {
                put_damaged(put, place, &format!("{}: {why}", file.display()), "");
                continue;
            }
        };
        if !settled && place == last && opencode::is_open(&info) {
            break;
        }
        let message = fields::text(&info, &["id"]);
        let mut parts = Vec::new();
        for file in if is_name(message) { folder(&storage.join("part").join(message))? } else { Vec::new() } {
            records += 1;
            match lines::document(&file) {
                Ok(part) => parts.push(part),
                Err(why) => put_damaged(put, place, &format!("{}: {why}", file.display()), ""),
            }
        }
        if !opencode::message(place, &info, &parts).into_iter().all(|told| entry(put, told)) {
            break;
        }
    }
    Ok(records)
}

/// Whether foreign text may be part of a path: a name, never a way.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// The JSON files of a folder in the order of their names: ids begin with their time. None where there is no folder.
fn folder(path: &Path) -> Result<Vec<PathBuf>, String> {
    let Ok(entries) = std::fs::read_dir(path) else { return Ok(Vec::new()) };
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "json"))
        .take(FILES_MAX)
        .collect();
    files.sort();
    Ok(files)
}
