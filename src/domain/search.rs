//! Search over what was said and done: the words that are looked for, the text of an event, and what is found.

use crate::domain::card::summary;
use crate::domain::event::{Event, Fact};
use crate::domain::ids::{EventNo, SessionId};
use crate::domain::message::{Args, Reply};
use crate::domain::time::Micros;
use serde_json::Value;
use std::ops::Range;

/// Of one event so much text can be found.
const TEXT_MAX: usize = 256 * 1024;
/// Words of one search at most; more are left out.
const WORDS_MAX: usize = 32;

/// One thing that a text must contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// One word, or several that follow one another.
    pub text: String,
    /// Whether the last word may go on.
    pub prefix: bool,
}

/// Reads what was typed: words, `"phrases in quotes"`, and beginnings of words with a star at their end. Nothing that
/// can be typed is an error: all other signs are just not letters.
pub fn wanted(typed: &str) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for (i, part) in typed.split(['"', '“', '”', '„']).enumerate() {
        let phrase = i % 2 == 1;
        let words: Vec<&str> = if phrase { vec![part] } else { part.split_whitespace().collect() };
        for word in words {
            let prefix = word.trim_end().ends_with('*');
            let text: String = word.chars().map(|c| if c.is_alphanumeric() { c } else { mute(c) }).collect();
            if text.chars().any(char::is_alphanumeric) {
                wanted.push(Wanted { text: spaced(&text), prefix });
            }
        }
    }
    wanted.truncate(WORDS_MAX);
    wanted
}

/// A sign that is no letter divides words, save those that join a letter to the one before.
fn mute(c: char) -> char {
    if c.is_control() || c.is_whitespace() || c.is_ascii() { ' ' } else { c }
}

/// Which texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// What was typed.
    pub words: String,
    /// The best first (BM25) instead of the newest.
    pub rank: bool,
    /// At most so many.
    pub limit: usize,
    /// Only what is older than this place: the next page. Not with `rank`.
    pub before: Option<i64>,
}

/// One event in which everything was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The session.
    pub session: SessionId,
    /// Its title.
    pub title: String,
    /// Whether it is in the archive.
    pub archived: bool,
    /// Whether its last task is over: it can be played, and nothing comes any more.
    pub over: bool,
    /// The event.
    pub event: EventNo,
    /// Its kind, as stored.
    pub kind: String,
    /// When it happened.
    pub at: Micros,
    /// The text around what was found, in one line.
    pub snippet: String,
    /// What was found in the snippet, in bytes.
    pub marks: Vec<Range<usize>>,
}

/// How much of the store can be searched: commits, the newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Commits whose texts can be found.
    pub done: u64,
    /// Commits in all.
    pub all: u64,
}

impl Progress {
    /// Whether nothing is left to be taken up.
    pub fn whole(self) -> bool {
        self.done >= self.all
    }

    /// In hundredths, rounded down: 100 is only what is whole.
    pub fn percent(self) -> u64 {
        if self.whole() { 100 } else { (self.done * 100).checked_div(self.all).unwrap_or(100).min(99) }
    }
}

/// What came of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The hits.
    pub hits: Vec<Hit>,
    /// Where the next page begins, if there may be one.
    pub next: Option<i64>,
    /// How much was searched.
    pub progress: Progress,
}

/// The text of an event that can be found, made ready for an index; none where it has none.
pub fn text_of(event: &Event) -> Option<String> {
    let mut text = String::new();
    match &event.fact {
        Fact::SessionOpened { title, .. } | Fact::SessionRenamed { title, .. } => add(&mut text, title),
        Fact::RunStarted { input, .. } | Fact::RunImported { input, .. } => add(&mut text, input),
        Fact::ModelReplied { reply, .. } => add_reply(&mut text, reply),
        Fact::CheckAsked { name, asked, .. } => {
            add(&mut text, name);
            add(&mut text, &summary(&asked.args));
        }
        Fact::ModelFailed { fault, .. } | Fact::CompactFailed { fault, .. } => add(&mut text, &fault.message),
        Fact::ContextCompacted(done) => {
            done.digest().into_iter().for_each(|digest| add(&mut text, &digest.summary));
        }
        Fact::CallEdited { args, .. } => add_value(&mut text, args),
        Fact::CallRejected { reason, .. } => add(&mut text, reason),
        Fact::CallAnswered { text: answer, .. } => add(&mut text, answer),
        Fact::CallSettled { note, .. } => add(&mut text, note),
        Fact::CallEnded { output, .. }
        | Fact::CallRecorded { output, .. }
        | Fact::ForeignRecord { raw: output, .. } => {
            add(&mut text, &output.head);
            add(&mut text, &output.tail);
        }
        Fact::OperatorSaid { text: said, .. }
        | Fact::OperatorSteered { text: said, .. }
        | Fact::NoteAdded { text: said, .. } => add(&mut text, said),
        Fact::SessionMarked { .. }
        | Fact::SessionForked { .. }
        | Fact::WorkspaceKept { .. }
        | Fact::WorkspaceMissed { .. }
        | Fact::RestoreStarted { .. }
        | Fact::RestoreEnded { .. }
        | Fact::WriterTaken { .. }
        | Fact::RunPaused { .. }
        | Fact::RunReleased { .. }
        | Fact::InterruptAsked { .. }
        | Fact::CancelAsked { .. }
        | Fact::StepAllowed { .. }
        | Fact::ModeSet { .. }
        | Fact::RunEnded { .. }
        | Fact::ModelAsked { .. }
        | Fact::CallRefused { .. }
        | Fact::CallJudged { .. }
        | Fact::CallApproved { .. }
        | Fact::LeaseGranted { .. }
        | Fact::LeaseUsed { .. }
        | Fact::LeaseRevoked { .. }
        | Fact::CallLapsed { .. }
        | Fact::CallStarted { .. }
        | Fact::CallInterrupted { .. }
        | Fact::CallUnknown { .. }
        | Fact::CallDropped { .. }
        | Fact::SessionImported { .. }
        | Fact::ImportTaken { .. }
        | Fact::BreakpointSet { .. }
        | Fact::BreakpointRemoved { .. }
        | Fact::BreakpointHit { .. }
        | Fact::RunHeld { .. }
        | Fact::BudgetNeared { .. }
        | Fact::BudgetExtended { .. }
        | Fact::LoopSeen { .. }
        | Fact::CompactOrdered { .. }
        | Fact::CompactAsked(_)
        | Fact::CompactionUndone { .. }
        | Fact::NoteRemoved { .. }
        | Fact::Unknown { .. } => {}
    }
    (!text.trim().is_empty()).then(|| spaced(&text))
}

fn add_reply(text: &mut String, reply: &Reply) {
    add(text, &reply.text);
    if let Some(reasoning) = &reply.reasoning {
        add(text, &reasoning.text);
    }
    for call in &reply.calls {
        add(text, &call.tool);
        match &call.args {
            Args::Json(value) => add_value(text, value),
            Args::Broken(raw) => add(text, raw),
        }
    }
}

fn add(text: &mut String, more: &str) {
    let room = TEXT_MAX.saturating_sub(text.len());
    if room > 0 && !more.is_empty() {
        let more = more.get(..more.floor_char_boundary(room)).unwrap_or_default();
        if more.contains(ESCAPE) {
            text.push_str(&uncoloured(more));
        } else {
            text.push_str(more);
        }
        text.push('\n');
    }
}

const ESCAPE: char = '\u{1b}';

/// A text without a terminal's orders, which would stick to the words beside them.
fn uncoloured(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != ESCAPE {
            out.push(c);
        } else if chars.next_if_eq(&'[').is_some() {
            while chars.next_if(|c| (' '..='?').contains(c)).is_some() {}
            chars.next_if(|c| ('@'..='~').contains(c));
        } else {
            out.push(' ');
        }
    }
    out
}

/// The names and values of arguments, without the signs of JSON.
fn add_value(text: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => add(text, if *flag { "true" } else { "false" }),
        Value::Number(number) => add(text, &number.to_string()),
        Value::String(string) => add(text, string),
        Value::Array(list) => list.iter().for_each(|item| add_value(text, item)),
        Value::Object(map) => {
            for (name, item) in map {
                add(text, name);
                add_value(text, item);
            }
        }
    }
}

/// Put between letters of scripts that are written without spaces, so that each is a word of its own and a search for a
/// part of a sentence finds it.
const JOINT: char = '\u{1f}';
/// Around what was found, in a text that an index marks.
pub const OPEN: char = '\u{1}';
/// See `OPEN`.
pub const SHUT: char = '\u{2}';

fn spaced(text: &str) -> String {
    if text.is_ascii() && !text.contains([JOINT, OPEN, SHUT, '\0']) {
        return text.to_string();
    }
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for c in text.chars() {
        if matches!(c, JOINT | OPEN | SHUT | '\0') {
            out.push(' ');
        } else if is_alone(c) {
            out.extend([JOINT, c, JOINT]);
        } else {
            out.push(c);
        }
    }
    out
}

/// Scripts without spaces between words.
fn is_alone(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF // Thai, Lao
        | 0x1000..=0x109F | 0x1780..=0x17FF // Myanmar, Khmer
        | 0x3040..=0x30FF | 0x31F0..=0x31FF // Kana
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF // Han
        | 0xFF66..=0xFF9D) // half-width kana
}

/// A marked text as a snippet in one line and the ranges of what is marked.
pub fn snippet(marked: &str) -> (String, Vec<Range<usize>>) {
    let (mut out, mut ranges, mut open) = (String::with_capacity(marked.len()), Vec::new(), None);
    for c in marked.chars() {
        match c {
            JOINT => {}
            OPEN => open = Some(out.len()),
            SHUT => {
                let from = open.take().unwrap_or(out.len());
                join(&mut ranges, from..out.len());
            }
            c if c.is_whitespace() || c.is_control() => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    (out, ranges)
}

/// Adds a range; one that begins where the last one ended makes it longer.
fn join(ranges: &mut Vec<Range<usize>>, new: Range<usize>) {
    match ranges.last_mut() {
        Some(last) if last.end == new.start => last.end = new.end,
        Some(_) | None => ranges.push(new),
    }
}
