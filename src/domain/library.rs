//! What a screen of sessions asks for and is told: a window on the list, a look into one session, deeds and what came of them.

use crate::domain::event::{Event, Fact};
use crate::domain::export::FileForm;
use crate::domain::ids::{CallId, SessionId};
use crate::domain::listing::{Counts, Query};
use crate::domain::marks::Mark;
use crate::domain::message::Args;
use crate::domain::tally::{Row, ended};
use std::collections::{BTreeMap, BTreeSet};

/// Of a text so many bytes are kept.
const TEXT_MAX: usize = 2_000;

/// A window on the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listed {
    /// What was asked for; `loose` where nothing fitted otherwise.
    pub query: Query,
    /// The rows of the window.
    pub rows: Vec<Row>,
    /// How many fit in each tab.
    pub counts: Counts,
    /// Those that should be at work and are driven by nobody.
    pub left: BTreeSet<SessionId>,
}

impl Listed {
    /// Where a row of the window stands.
    pub fn standing<'a>(&self, row: &'a Row) -> Standing<'a> {
        Standing::of(row, self.left.contains(&row.id))
    }
}

/// Where a session stands, as far as its row and whoever drives it tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// As its events say.
    Status(&'a str),
    /// A process should be at work on it and none is.
    Interrupted,
    /// A fork that nobody has taken up yet.
    NotStarted,
}

impl<'a> Standing<'a> {
    /// Of a row; `left` says that no process has the session.
    pub fn of(row: &'a Row, left: bool) -> Standing<'a> {
        match row.status.as_str() {
            "running" if row.is_unstarted() && left => Standing::NotStarted,
            "running" if left => Standing::Interrupted,
            status => Standing::Status(status),
        }
    }

    /// In a word or two.
    pub fn word(self) -> &'a str {
        match self {
            Standing::Status(status) => status,
            Standing::Interrupted => "interrupted",
            Standing::NotStarted => "not started",
        }
    }
}

/// A look into a session: what it was told, what it said last, what waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// The session.
    pub session: SessionId,
    /// As of so many events.
    pub events: u64,
    /// The last task; empty where it was too long ago.
    pub task: String,
    /// The last words of the model.
    pub said: String,
    /// How the last task ended, in a sentence; empty while it goes on.
    pub end: String,
    /// The calls that wait: the tool and its arguments.
    pub waits: Vec<(CallId, String, String)>,
    asked: BTreeMap<CallId, (String, String)>,
}

impl Glance {
    /// Before the first event that is looked at.
    pub fn new(session: SessionId) -> Glance {
        let (task, said, end) = (String::new(), String::new(), String::new());
        Glance { session, events: 0, task, said, end, waits: Vec::new(), asked: BTreeMap::new() }
    }

    /// Takes in an event.
    pub fn apply(&mut self, event: &Event) {
        self.events = event.no.0;
        let fact = &event.fact;
        if let Fact::RunStarted { input, .. } | Fact::RunImported { input, .. } = fact {
            self.task = short(input);
            self.end.clear();
        } else if let Fact::ModelReplied { .. } | Fact::CheckAsked { .. } = fact {
            if let Fact::ModelReplied { reply, .. } = fact
                && !reply.text.trim().is_empty()
            {
                self.said = short(&reply.text);
            }
            for (call, asked) in fact.asks() {
                let args = match &asked.args {
                    Args::Json(value) => short(&value.to_string()),
                    Args::Broken(text) => short(text),
                };
                self.asked.insert(call, (asked.tool.clone(), args));
            }
        } else if let Fact::CallEdited { call, args, .. } = fact {
            if let Some((_, asked)) = self.asked.get_mut(call) {
                *asked = short(&args.to_string());
            }
        } else if let Fact::RunEnded { status, why } = fact {
            self.end = format!("{}: {}", ended(*status), why.sentence());
        }
    }

    /// What waits, by the row of the session.
    pub fn finish(mut self, row: &Row) -> Glance {
        let waits = row.holds.keys().map(|call| {
            let (tool, args) = self.asked.get(call).cloned().unwrap_or_default();
            (*call, tool, args)
        });
        self.waits = waits.collect();
        self.asked.clear();
        self
    }
}

fn short(text: &str) -> String {
    text.get(..text.floor_char_boundary(TEXT_MAX)).unwrap_or_default().trim().to_string()
}

/// What is done with a session of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It gets another title.
    Rename(String),
    /// It is marked.
    Mark(Mark),
    /// It is removed from the bin for good.
    Purge,
    /// It is written into a file.
    Export(FileForm),
}

impl Deed {
    /// What was done, in a word.
    pub fn done(&self) -> &'static str {
        match self {
            Deed::Rename(_) => "renamed",
            Deed::Mark(mark) => mark.done(),
            Deed::Purge => "purged",
            Deed::Export(_) => "exported",
        }
    }

    /// What takes it back, for a session whose title was `title`; none where nothing does.
    pub fn inverse(&self, title: &str) -> Option<Deed> {
        match self {
            Deed::Rename(_) => Some(Deed::Rename(title.to_string())),
            Deed::Mark(mark) => Some(Deed::Mark(mark.inverse())),
            Deed::Purge | Deed::Export(_) => None,
        }
    }
}

/// What came of a deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The session.
    pub session: SessionId,
    /// The deed.
    pub deed: Deed,
    /// What came of it.
    pub came: Came,
}

/// What came of a deed on one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// It was done.
    Done,
    /// It was written into this file.
    Written(String),
    /// It was so before, as these words say: who asks for it has it.
    Before(&'static str),
    /// Nothing was done, and why.
    Failed(String),
}

impl Came {
    /// Whether it is so now, whoever made it so.
    pub fn holds(&self) -> bool {
        match self {
            Came::Done | Came::Written(_) | Came::Before(_) => true,
            Came::Failed(_) => false,
        }
    }
}
