//! What an inspection page is made of: sections of rows, texts, differences and tables; foreign text in it is not cleaned.

use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, EventNo, SessionId};
use crate::domain::message::Args;
use serde_json::Value;
use std::sync::Arc;

/// What is looked at: an event or, where it asked for several calls, one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The event.
    pub no: EventNo,
    /// The call that the page is to be about, whatever the event is.
    pub call: Option<CallId>,
}

/// All that is told of an event, in sections.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The session.
    pub session: SessionId,
    /// What is looked at.
    pub subject: Subject,
    /// The kind of the event.
    pub kind: String,
    /// What the event belongs to, in a few words; empty where it stands alone.
    pub title: String,
    /// The call that the page is about, if it is about one.
    pub call: Option<CallId>,
    /// The reply of the model that the page tells of, or that asked for its call.
    pub reply: Option<EventNo>,
    /// What that reply asked for.
    pub asked: Vec<Asked>,
    /// Its sections, in the order of reading.
    pub sections: Vec<Section>,
    /// The stored events that it tells of: the one looked at first, then the others in order.
    pub events: Vec<Raw>,
}

/// A call that the reply of a page asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The call.
    pub call: CallId,
    /// Its tool, as the model wrote it; not cleaned.
    pub tool: String,
    /// Its arguments as proposed.
    pub args: Args,
    /// The event at or before the one looked at, or else the reply, after which a fork may still change it.
    pub from: EventNo,
}

/// An event as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Raw {
    /// Its number.
    pub no: EventNo,
    /// The stored bytes.
    pub json: Arc<str>,
    /// Its hash in the chain.
    pub hash: Hash,
}

/// What is told of one side of an event, such as its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its name for programs.
    pub name: &'static str,
    /// Its title for people.
    pub title: String,
    /// What it says.
    pub parts: Vec<Part>,
    /// Why its long texts are not what they stand for, or not all of it; none where they are, byte for byte. Who hands them
    /// on alone has to say so.
    pub lacks: Option<String>,
}

/// A part of a section.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A labelled line.
    Row {
        /// The label.
        label: String,
        /// The text.
        text: String,
        /// How it is meant.
        tone: Tone,
    },
    /// A text of its own, of any length.
    Text {
        /// What it is; may be empty.
        label: String,
        /// The whole of it.
        text: Arc<str>,
    },
    /// A JSON value: shown so that texts in it can be read, copied as JSON.
    Json {
        /// What it is.
        label: String,
        /// The value.
        value: Value,
    },
    /// Two texts, to be shown as a difference.
    Change {
        /// What they are.
        label: String,
        /// Before.
        before: String,
        /// After.
        after: String,
    },
    /// Rows of cells under heads.
    Table {
        /// The heads.
        head: Vec<&'static str>,
        /// The cells.
        rows: Vec<Vec<String>>,
    },
}

/// How a line is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// Beside the point.
    Muted,
    /// Well.
    Good,
    /// A person is or was waited for.
    Wait,
    /// To be looked at twice.
    Risk,
    /// Failed.
    Bad,
}

impl Section {
    /// A section without parts.
    pub fn new(name: &'static str, title: impl Into<String>) -> Section {
        Section { name, title: title.into(), parts: Vec::new(), lacks: None }
    }

    /// Adds a labelled line.
    pub fn row(&mut self, label: impl Into<String>, text: impl Into<String>) {
        self.toned(label, text, Tone::Plain);
    }

    /// Adds a labelled line that is meant in a way.
    pub fn toned(&mut self, label: impl Into<String>, text: impl Into<String>, tone: Tone) {
        self.parts.push(Part::Row { label: label.into(), text: text.into(), tone });
    }

    /// Adds the arguments of a call.
    pub fn args(&mut self, label: impl Into<String>, args: &Args) {
        match args {
            Args::Json(value) => self.parts.push(Part::Json { label: label.into(), value: value.clone() }),
            Args::Broken(text) => self.text(label, text),
        }
    }

    /// Adds a text.
    pub fn text(&mut self, label: impl Into<String>, text: &str) {
        self.parts.push(Part::Text { label: label.into(), text: text.into() });
    }

    /// What is read of it in another program: of several texts each below its name, so that it is told who said what.
    pub fn read(&self) -> String {
        let texts = self.parts.iter().filter(|part| part.whole().is_some()).count();
        if texts < 2 {
            return self.copied();
        }
        let told = self.parts.iter().map(|part| match part.whole() {
            Some(text) => format!("──── {} ────\n{text}", part.label()),
            None => part.said(),
        });
        told.collect::<Vec<_>>().join("\n\n")
    }

    /// What is copied of it: its long texts whole where it has any, else all it says.
    pub fn copied(&self) -> String {
        for exact in [Part::whole, Part::replacement] {
            let texts: Vec<String> = self.parts.iter().filter_map(exact).collect();
            if !texts.is_empty() {
                return texts.join("\n\n");
            }
        }
        self.parts.iter().map(Part::said).collect::<Vec<_>>().join("\n")
    }
}

impl Part {
    /// The text, where it is one.
    fn whole(&self) -> Option<String> {
        match self {
            Part::Text { text, .. } => Some(text.to_string()),
            Part::Json { value, .. } => Some(format!("{value:#}")),
            Part::Change { .. } | Part::Row { .. } | Part::Table { .. } => None,
        }
    }

    fn label(&self) -> &str {
        match self {
            Part::Text { label, .. }
            | Part::Json { label, .. }
            | Part::Row { label, .. }
            | Part::Change { label, .. } => label,
            Part::Table { .. } => "",
        }
    }

    /// The new text of a difference.
    fn replacement(&self) -> Option<String> {
        match self {
            Part::Change { after, .. } => Some(after.clone()),
            Part::Text { .. } | Part::Json { .. } | Part::Row { .. } | Part::Table { .. } => None,
        }
    }

    fn said(&self) -> String {
        match self {
            Part::Row { label, text, .. } => format!("{label}: {text}"),
            Part::Text { label, text } => format!("{label}:\n{text}"),
            Part::Json { label, value } => format!("{label}:\n{value:#}"),
            Part::Change { label, before, after } => format!("{label}:\n{before}\n{after}"),
            Part::Table { head, rows } => {
                let lines = rows.iter().map(|row| row.join("\t"));
                std::iter::once(head.join("\t")).chain(lines).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

impl Page {
    /// One line that names it.
    pub fn name(&self) -> String {
        let title = if self.title.is_empty() { String::new() } else { format!(": {}", self.title) };
        format!("{} {}{title}", self.subject.no, self.kind)
    }
}

/// A JSON value as it can be read: a text of several lines below its name, each line behind a bar, so that nothing in it
/// passes for a name.
pub fn readable(value: &Value) -> String {
    let Value::Object(map) = value else { return format!("{value:#}") };
    let mut out = String::new();
    for (name, value) in map {
        match value {
            Value::String(text) if text.contains('\n') => {
                out.push_str(&format!("{name}:\n"));
                let ended = if text.ends_with('\n') { "" } else { "  (no newline at the end)" };
                let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
                for line in lines {
                    let gap = if line.is_empty() { "" } else { " " };
                    out.push_str(&format!("  │{gap}{line}\n"));
                }
                if !ended.is_empty() {
                    out.push_str(&format!("{ended}\n"));
                }
            }
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {
                out.push_str(&format!("{name}: {value}\n"));
            }
            Value::Array(_) | Value::Object(_) => out.push_str(&format!("{name}: {value:#}\n")),
        }
    }
    out
}

/// A number of bytes for a person.
pub fn bytes(n: u64) -> String {
    match n {
        1 => "1 byte".to_string(),
        0..10_000 => format!("{n} bytes"),
        10_000..10_000_000 => format!("{} kB ({n} bytes)", n / 1_000),
        _ => format!("{} MB ({n} bytes)", n / 1_000_000),
    }
}
