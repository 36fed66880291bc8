//! How an event is kept: what it says, where it stands, who wrote it, and its hashes.

use crate::domain::about::about;
use crate::domain::commit::{Class, Commit, Sealed};
use crate::domain::event_kinds::Family;
use crate::domain::inspect::gather::{Gather, Topic};
use crate::domain::inspect::page::{Section, Tone, bytes};
use crate::domain::text::{self, plural};
use crate::domain::time::duration;
use serde_json::Value;

/// Columns of what an event says in one line.
const SAYS: usize = 400;
/// A value longer than this, in bytes, is a text of its own.
const ROW: usize = 120;

/// What the event says. One that belongs to a call or a turn is told by the sections after it.
pub fn event(sealed: &Sealed, topic: Topic) -> Section {
    let event = &sealed.event;
    let mut section = Section::new("event", format!("Event {}", event.no));
    section.row("kind", event.fact.kind());
    section.row("at", format!("{} (run {})", event.at.rfc3339(), event.run));
    let says = about(&event.fact);
    if !says.is_empty() {
        section.row("says", text::first_line(&says, SAYS));
    }
    if topic == Topic::Plain && event.fact.family() != Family::Context {
        let stored: Value = serde_json::from_str(&sealed.json).unwrap_or_default(); // invariant: stored bytes are JSON
        flat(&mut section, "", stored.get("data").unwrap_or(&Value::Null));
    }
    section
}

/// Each value of the data under its name.
fn flat(section: &mut Section, name: &str, value: &Value) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
            flat(section, &name, value);
        }),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, value)| flat(section, &format!("{name}[{at}]"), value))
        }
        Value::String(text) if text.len() > ROW || text.contains('\n') => section.text(name, text),
        Value::String(text) => section.row(name, text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) => section.row(name, value.to_string()),
    }
}

/// Where the event stands in the log.
pub fn kept(gather: &Gather, commit: &Commit, sealed: &Sealed) -> Section {
    let event = &sealed.event;
    let mut section = Section::new("record", "Record");
    let writer = match commit.class {
        Class::Worker => "worker",
        Class::Operator => "operator",
        Class::Importer => "importer",
    };
    let by = format!("{} ({writer}, {})", commit.writer, commit.epoch);
    section.row("written by", by);
    let apart = commit.at.ms_since(event.at);
    let late = if apart > 0 { format!(", {} after it happened", duration(apart)) } else { String::new() };
    section.row(
        "commit",
        format!("{} ({} in it), {}{late}", commit.seq, plural(commit.events.len(), "event"), commit.id),
    );
    section.row("span", format!("{} in {}", event.span, event.parent));
    section.row("stored", bytes(sealed.json.len() as u64));
    section.row("hash", sealed.hash.to_string());
    match gather.hash_before() {
        Some(hash) => section.row("hash before", hash.to_string()),
        None => section.toned("hash before", "not read", Tone::Muted),
    }
    section
}
