//! One tool call as a line of the conversation: what was asked, in one line, and what a person said to it.

use crate::domain::call::By;
use crate::domain::event::{Event, Fact, Settling};
use crate::domain::ids::CallId;
use crate::domain::lease::Leased;
use crate::domain::message::{Args, AskedCall};
use crate::domain::time::Micros;
use crate::domain::watch::{Phase, Watch};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Characters that a one-line summary of arguments keeps; a screen cuts it further.
const SUMMARY_MAX: usize = 160;

/// Arguments that say most about a call, the most telling first.
const TELLING: [&str; 13] = [
    "path",
    "file_path",
    "file",
    "command",
    "argv",
    "shell",
    "cmd",
    "url",
    "query",
    "pattern",
    "name",
    "title",
    "text",
];

/// A text argument longer than this, in bytes, is told by its size where it stands beside a more telling one.
const BESIDE_MAX: usize = 60;

/// One tool call beside what the session knows of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The call.
    pub call: CallId,
    /// The tool.
    pub tool: String,
    /// The arguments in one line; not cleaned.
    pub summary: String,
    /// What it waits for.
    pub watch: Watch,
    /// What a person said to it last.
    pub decision: Option<Decision>,
    /// Milliseconds it waited for a person so far, an open wait not counted.
    pub waited_ms: u64,
    /// Since when it waits for a person.
    pub held_at: Option<Micros>,
}

/// What a person said to a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Decision {
    /// It may run as proposed.
    Approved {
        /// Who.
        by: By,
    },
    /// A lease that a person had given covered it.
    Leased(Leased),
    /// It may run with other arguments.
    Edited {
        /// Who.
        by: By,
        /// Whether it may run so; what was edited for a fork is asked about first.
        #[serde(default = "yes", skip_serializing_if = "std::clone::Clone::clone")]
        approved: bool,
    },
    /// It is not run.
    Rejected {
        /// Who.
        by: By,
        /// Why; may be empty.
        reason: String,
    },
    /// A person answered in its place.
    Answered {
        /// Who.
        by: By,
    },
    /// An unknown outcome was settled.
    Settled {
        /// Who.
        by: By,
        /// How.
        how: Settling,
    },
    /// Another tool's call: whether anybody was asked is not recorded there.
    NotRecorded,
}

/// What was kept before this was told apart was approved.
fn yes() -> bool {
    true
}

impl Decision {
    /// Who said it, where that is known.
    pub fn by(&self) -> Option<&By> {
        match self {
            Decision::Approved { by }
            | Decision::Edited { by, .. }
            | Decision::Rejected { by, .. }
            | Decision::Answered { by }
            | Decision::Settled { by, .. } => Some(by),
            Decision::Leased(leased) => Some(&leased.by),
            Decision::NotRecorded => None,
        }
    }

    /// The word shown.
    pub fn word(&self) -> &'static str {
        match self {
            Decision::Approved { .. } => "approved",
            Decision::Leased(_) => "approved by a lease",
            Decision::Edited { approved: true, .. } => "edited and approved",
            Decision::Edited { approved: false, .. } => "edited",
            Decision::NotRecorded => "not recorded",
            Decision::Rejected { .. } => "rejected",
            Decision::Answered { .. } => "answered",
            Decision::Settled { how: Settling::Happened, .. } => "settled as happened",
            Decision::Settled { how: Settling::Again, .. } => "sent again",
            Decision::Settled { how: Settling::Abandon, .. } => "given up",
        }
    }
}

impl Card {
    /// A call as a reply asked for it.
    pub fn asked(call: CallId, asked: &AskedCall) -> Card {
        Card {
            call,
            tool: asked.tool.clone(),
            summary: summary(&asked.args),
            watch: Watch::default(),
            decision: None,
            waited_ms: 0,
            held_at: None,
        }
    }

    /// Takes in a fact about this call.
    pub fn apply(&mut self, event: &Event) {
        self.watch.apply(&event.fact);
        let is_held = self.watch.phase == Phase::Person;
        if let (Some(from), false) = (self.held_at, is_held) {
            self.waited_ms += event.at.ms_since(from);
            self.held_at = None;
        } else if self.held_at.is_none() && is_held {
            self.held_at = Some(event.at);
        }
        if let Fact::CallEdited { args, by, .. } = &event.fact {
            self.summary = brief(args);
            self.decision = Some(Decision::Edited { by: by.clone(), approved: false });
        } else if let Fact::CallApproved { by, .. } = &event.fact {
            match &mut self.decision {
                Some(Decision::Edited { approved, .. }) => *approved = true,
                decision => *decision = Some(Decision::Approved { by: by.clone() }),
            }
        } else if let Fact::LeaseUsed { lease, by, nth, of, .. } = &event.fact {
            let (lease, by) = (*lease, by.clone());
            self.decision = Some(Decision::Leased(Leased { lease, by, nth: *nth, of: *of }));
        } else if let Fact::CallRejected { by, reason, .. } = &event.fact {
            self.decision = Some(Decision::Rejected { by: by.clone(), reason: reason.clone() });
        } else if let Fact::CallAnswered { by, .. } = &event.fact {
            self.decision = Some(Decision::Answered { by: by.clone() });
        } else if let Fact::CallSettled { by, how, .. } = &event.fact {
            self.decision = Some(Decision::Settled { by: by.clone(), how: *how });
        } else if let Fact::CallLapsed { .. } | Fact::SessionForked { .. } = &event.fact {
            self.decision = None;
        }
    }
}

/// Arguments in one line: the most telling value first, then the others as `name=value`. Bounded, not cleaned.
pub fn summary(args: &Args) -> String {
    match args {
        Args::Json(value) => brief(value),
        Args::Broken(text) => cut(text),
    }
}

/// As `summary`, for a JSON value.
pub fn brief(value: &Value) -> String {
    let Value::Object(members) = value else { return cut(&plain(value)) };
    let first = TELLING.iter().find(|name| members.contains_key(**name));
    let mut line = String::new();
    if let Some(value) = first.and_then(|name| members.get(*name)) {
        line.push_str(&cut(&plain(value)));
    }
    for (name, value) in members.iter().filter(|(name, _)| Some(&name.as_str()) != first) {
        if line.len() > SUMMARY_MAX {
            break;
        }
        if !line.is_empty() {
            line.push_str("  ");
        }
        line.push_str(&format!("{name}={}", beside(value)));
    }
    cut(&line)
}

/// A value that stands beside a more telling one: a long text is told by its size.
fn beside(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains('\n') => format!("({} lines)", text.lines().count()),
        Value::String(text) if text.len() > BESIDE_MAX => format!("({} bytes)", text.len()),
        Value::String(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_) => cut(&plain(value)),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.chars().take(SUMMARY_MAX + 1).collect(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let words: Vec<&str> = items.iter().take(SUMMARY_MAX).filter_map(Value::as_str).collect();
            words.join(" ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

fn cut(text: &str) -> String {
    let line: String = text.chars().take(SUMMARY_MAX + 1).map(|c| if c == '\n' { '⏎' } else { c }).collect();
    match line.char_indices().nth(SUMMARY_MAX) {
        Some((at, _)) => format!("{}…", line.split_at(at).0),
        None => line,
    }
}
