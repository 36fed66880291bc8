//! What a document is made of, and the words that its forms share.

use crate::domain::call::{Output, Preview};
use crate::domain::event::{Event, Fact};
use crate::domain::export::deed::Deed;
use crate::domain::export::tale::{Piece, Sum};
use crate::domain::hunks::{Care, Fate, hunks};
use crate::domain::ids::SessionId;
use crate::domain::message::{Args, Reply};
use crate::domain::tally::Row;
use crate::domain::text;
use crate::domain::time::{Micros, duration};
use std::time::Duration;

/// Bytes of an output that a document shows of its beginning, and of its end.
const SHOWN: (usize, usize) = (4096, 2048);

/// Lines of a change that a document shows at most, and those that stay around what changes.
const LINES: usize = 400;
const AROUND: usize = 3;
/// A comparison that takes longer becomes coarser.
const COMPARE: Duration = Duration::from_millis(500);

/// What is known of a session before its tale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The session.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its status, a word.
    pub status: String,
    /// Its agent.
    pub agent: String,
    /// Its folder.
    pub workspace: String,
    /// The model of its last task.
    pub model: String,
    /// The program that began it.
    pub program: String,
    /// When it began.
    pub opened: Micros,
}

impl About {
    /// From its row in the list of sessions, and its first event.
    pub fn of(id: &SessionId, row: Option<&Row>, first: &Event) -> About {
        let mut about = About { id: id.to_string(), opened: first.at, ..About::default() };
        if let Fact::SessionOpened { title, agent, workspace, program, .. } = &first.fact {
            (about.title, about.agent) = (title.clone(), agent.clone());
            (about.workspace, about.program) = (workspace.clone(), program.clone());
        }
        if let Some(row) = row {
            about.title.clone_from(&row.title);
            about.status.clone_from(&row.status);
            about.model.clone_from(&row.model);
        }
        about
    }

    /// Names and values for its head; not cleaned.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("session", self.id.clone()),
            ("status", self.status.clone()),
            ("agent", self.agent.clone()),
            ("model", self.model.clone()),
            ("folder", self.workspace.clone()),
            ("opened", self.opened.rfc3339()),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// A form of document, written piece by piece; each piece is whole lines.
pub trait Form {
    /// Its beginning.
    fn begin(&mut self, about: &About) -> String;
    /// A piece of the tale.
    fn piece(&mut self, piece: &Piece) -> String;
    /// Its end.
    fn end(&mut self, sum: &Sum) -> String;
}

/// The arguments as a person reads them; not cleaned.
pub fn args(deed: &Deed) -> String {
    match &deed.asked.args {
        Args::Json(value) => pretty(value),
        Args::Broken(text) => text.clone(),
    }
}

/// What a call would do to a file: its path, and each line with what becomes of it; not cleaned. The lines that tell what
/// is left out stay.
pub fn change(deed: &Deed) -> Option<(&str, Vec<(Fate, String)>)> {
    let Preview::Change { path, before, after, cut } = &deed.preview else { return None };
    let care = Care { context: AROUND, words_max: 0, time_max: COMPARE };
    let compared = hunks(before.as_deref().unwrap_or_default(), after, care);
    let mut lines = Vec::new();
    let skipped = |n: usize| (n > 0).then(|| (Fate::Stays, format!("… {n} lines stay as they are")));
    for hunk in &compared.hunks {
        lines.extend(skipped(hunk.before));
        lines
            .extend(hunk.lines.iter().map(|line| (line.fate, format!("{} {}", line.fate.sign(), line.text))));
    }
    lines.extend(skipped(compared.after));
    let more = lines.len().saturating_sub(LINES);
    if more > 0 {
        lines.truncate(LINES);
        lines.push((Fate::Stays, format!("… {more} more lines")));
    }
    if *cut {
        lines.push((Fate::Stays, "… the file is long: this is its beginning".to_string()));
    }
    Some((path, lines))
}

/// JSON in lines.
pub fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() // invariant: a JSON value is written as JSON
}

/// What came back, with its middle left out where it is long; not cleaned. The second is whether something is missing.
pub fn output(output: &Output) -> (String, bool) {
    let whole = output.for_model();
    let (head, tail) = SHOWN;
    if whole.len() <= head + tail {
        return (whole, (output.head.len() as u64) < output.size);
    }
    let (head, rest) = whole.split_at(whole.floor_char_boundary(head));
    let (_, tail) = rest.split_at(rest.ceil_char_boundary(rest.len() - tail));
    let shown = head.len() + tail.len();
    let left = output.size.saturating_sub(shown as u64);
    (format!("{head}\n[… {left} of {} bytes left out …]\n{tail}", output.size), true)
}

/// How a call was over and where its time went, in a line of words.
pub fn times(deed: &Deed) -> String {
    let parts =
        [("waited for a person", deed.waiting_ms), ("ran", deed.running_ms), ("neither", deed.between_ms)];
    let told: Vec<String> = parts
        .iter()
        .filter(|(_, ms)| *ms > 0)
        .map(|(word, ms)| format!("{word} {}", duration(*ms)))
        .collect();
    if told.is_empty() { "no time".to_string() } else { told.join(", ") }
}

/// What all of it took, in words.
pub fn sums(sum: &Sum) -> Vec<(&'static str, String)> {
    let tokens = format!("{} in ({} cached), {} out", sum.usage.input, sum.usage.cached, sum.usage.output);
    vec![
        ("turns", sum.turns.to_string()),
        ("calls", sum.calls.to_string()),
        ("tokens", tokens),
        ("cost", sum.spent.words()),
        ("the model answered for", duration(sum.model_ms)),
        ("calls ran for", duration(sum.running_ms)),
        ("calls waited for a person for", duration(sum.waiting_ms)),
    ]
}

/// What a reply cost, in words to go on with; empty where that is not known.
pub fn cost(reply: &Reply) -> String {
    let cost = reply.cost.as_ref().map(|cost| format!(", {} {}", cost.nano, cost.by.words()));
    cost.unwrap_or_default()
}

/// Foreign text in one line.
pub fn line(foreign: &str) -> String {
    text::clean(foreign).replace('\n', " ")
}
