//! Lines to standard output and error that survive a closed pipe, with foreign text made safe.

use crate::cli::exit::{Code, Failure};
use crate::domain::letters;
use crate::domain::money::{Money, Spent};
use crate::domain::run::Status;
use crate::domain::tally::Row;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Writes a line to standard output. A reader that has gone away ends the command quietly: nothing more need be said.
pub fn line(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::quiet(Code::Done)),
        other => Ok(other?),
    }
}

/// Writes a line of JSON. On a terminal, what it would act on or not draw is escaped, which says the same in JSON; to a
/// pipe goes every byte as it is.
pub fn json(text: &str) -> Result<(), Failure> {
    match std::io::stdout().is_terminal() {
        true => line(&escaped(text)),
        false => line(text),
    }
}

/// JSON with nothing in its strings that a terminal would act on or not draw. Outside of strings JSON is ASCII.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_odd(c) {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

fn is_odd(c: char) -> bool {
    let breaks_lines = matches!(c, '\u{2028}' | '\u{2029}');
    c.is_control() || breaks_lines || letters::is_invisible(c) || letters::is_bidirectional(c)
}

/// Makes a file of one's own: nobody else reads it, and one that is there is not written over.
pub fn new_file(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// What replies cost, as all documents tell it: dollars as text to the last digit and as a whole number of billionths, both
/// null where nothing is known; and how many replies there are whose cost is not.
pub fn cost(spent: Spent) -> serde_json::Value {
    let known = (spent.priced > 0 || spent.unknown == 0).then_some(spent.known);
    serde_json::json!({
        "usd": known.map(Money::exact), "nano_usd": known.map(|known| known.0), "known_replies": spent.priced,
        "unknown_replies": spent.unknown,
    })
}

/// A session's row as it is stored, with its cost as all documents tell it.
pub fn row_json(row: &Row) -> serde_json::Value {
    let mut value = serde_json::json!(row);
    if let Some(members) = value.as_object_mut() {
        members.remove("spent");
        members.remove("day"); // what it is held against, in a form of its own
        members.insert("cost".to_string(), cost(row.cost()));
    }
    value
}

/// Writes a line of progress to standard error; a closed one is nobody's loss.
pub fn progress(text: &str) {
    // In one piece: standard error is not buffered, and each piece would be a write of its own.
    let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

/// Writes an error to standard error; its words may be foreign.
pub fn error(text: &str) {
    progress(&safe(text));
}

/// Foreign text as it may be printed: no control bytes.
pub fn safe(text: &str) -> String {
    crate::domain::text::clean(text).into_owned()
}

/// Foreign text as one line, its line ends shown: it cannot pass for lines of ours.
pub fn row(text: &str) -> String {
    safe(text).replace('\n', "\u{240a}")
}

/// How a session stands, as the end of a sentence.
pub fn stands(status: Status) -> String {
    match status {
        Status::Failed => "has failed".to_string(),
        Status::BudgetStopped => "was stopped by its limit".to_string(),
        Status::Stepping => "waits before its next step".to_string(),
        Status::Cancelled => "was cancelled".to_string(),
        Status::Idle
        | Status::Running
        | Status::Held
        | Status::Paused
        | Status::Done
        | Status::Unfinished => format!("is {}", status.word()),
    }
}

/// How far a long command is: a bar on standard error where that is a terminal, else a line a step.
pub struct Progress {
    done_word: &'static str,
    unit: &'static str,
    total: u64,
    done: u64,
    drawn: u64,
    is_bar: bool,
}

/// Cells of the bar.
const BAR: u64 = 30;
/// The bar is drawn anew after so many parts of the whole.
const PARTS: u64 = 200;

impl Progress {
    /// At the beginning; `total` may turn out to be more.
    pub fn new(done_word: &'static str, unit: &'static str, total: u64) -> Progress {
        Progress { done_word, unit, total, done: 0, drawn: 0, is_bar: std::io::stderr().is_terminal() }
    }

    /// So many more are done.
    pub fn add(&mut self, more: u64) {
        self.done += more;
        self.total = self.total.max(self.done);
        if self.is_bar && self.done - self.drawn > self.total / PARTS {
            self.drawn = self.done;
            let filled = self.done * BAR / self.total.max(1);
            let bar: String = (0..BAR).map(|cell| if cell < filled { '#' } else { '-' }).collect();
            let (word, unit) = (self.done_word, self.unit);
            let _ =
                write!(std::io::stderr().lock(), "\r[{bar}] {word} {} of {} {unit}", self.done, self.total);
        }
    }

    /// A step is done: a line, where there is no bar.
    pub fn step(&mut self, text: &str) {
        if !self.is_bar {
            progress(text);
        }
    }

    /// The bar goes.
    pub fn end(&mut self) {
        if self.is_bar {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}
