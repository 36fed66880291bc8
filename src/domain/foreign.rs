//! What is known of another tool's session, in plain words of this one: adapters read it, `import` makes events of it.

use crate::domain::event::RunStatus;
use crate::domain::hash::Hash;
use crate::domain::ids::SessionId;
use crate::domain::message::{AskedCall, Reply};
use crate::domain::time::Micros;
use serde::{Deserialize, Serialize};

/// A tool whose sessions can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tool {
    /// OpenAI's Codex CLI.
    Codex,
    /// Anthropic's Claude Code.
    Claude,
    /// Google's Gemini CLI.
    Gemini,
    /// opencode.
    Opencode,
    /// goose.
    Goose,
    /// mini-SWE-agent.
    Mini,
}

impl Tool {
    /// Every tool.
    pub const ALL: [Tool; 6] =
        [Tool::Codex, Tool::Claude, Tool::Gemini, Tool::Opencode, Tool::Goose, Tool::Mini];

    /// The word typed and stored.
    pub fn word(self) -> &'static str {
        match self {
            Tool::Codex => "codex",
            Tool::Claude => "claude",
            Tool::Gemini => "gemini",
            Tool::Opencode => "opencode",
            Tool::Goose => "goose",
            Tool::Mini => "mini",
        }
    }
}

/// How another tool's call ended, as far as its record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recorded {
    /// It returned.
    Ok,
    /// It failed.
    Error,
    /// It was stopped; what it had done stays done.
    Stopped,
    /// The record says that it was refused, by a person or by a rule; mostly it does not say by whom.
    Refused,
}

impl Recorded {
    /// A word for the screen; it says whose word it is.
    pub fn word(self) -> &'static str {
        match self {
            Recorded::Ok => "done there",
            Recorded::Error => "error there",
            Recorded::Stopped => "stopped there",
            Recorded::Refused => "refused there",
        }
    }
}

/// What another tool's time of a call covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordedTime {
    /// The execution alone.
    Execution,
    /// From the request to the result: waiting for a person may be in it.
    WithWaiting,
    /// Nothing is recorded.
    None,
}

/// Why a record of another tool is kept beside the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// Of a kind that this program does not know.
    Unknown,
    /// Bytes that cannot be read.
    Damaged,
    /// Known, and told in words.
    Note,
}

/// Where a session comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The tool.
    pub tool: Tool,
    /// Its own name for the session: the same source always has the same.
    pub id: String,
    /// The tool's version; empty where it does not tell.
    pub version: String,
    /// The file, as a person would name it.
    pub source: String,
    /// The session it was forked from or spawned by, in the tool's words; empty where none.
    pub parent: String,
    /// The title; empty where the tool has none.
    pub title: String,
    /// The folder it worked in; empty where not recorded.
    pub workspace: String,
    /// When it began.
    pub at: Option<Micros>,
}

impl Origin {
    /// The id that the session has here: the same for the same source, so that it is imported once.
    pub fn session(&self) -> SessionId {
        session_of(self.tool, &self.id)
    }
}

/// The id here of a tool's session.
pub fn session_of(tool: Tool, id: &str) -> SessionId {
    let hash = Hash::of(format!("{}\0{id}", tool.word()).as_bytes());
    SessionId::from_random(u128::from(head(hash)))
}

/// The first eight bytes of a hash.
fn head(hash: Hash) -> u64 {
    hash.0.iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte))
}

/// One thing that another tool recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The tool's own name of it; two of the same name are one that was written again.
    pub key: String,
    /// When; none where not recorded.
    pub at: Option<Micros>,
    /// What it is.
    pub what: What,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A person gave a task or wrote.
    Task {
        /// The text.
        text: String,
        /// The model, where known by then.
        model: String,
    },
    /// The model answered.
    Reply(Box<Reply>),
    /// A call was over.
    Over(Over),
    /// The task ended.
    Ended {
        /// How.
        status: RunStatus,
        /// What the record says; empty where it says no more than that.
        words: String,
    },
    /// A record that is no event here.
    Odd {
        /// Why it is kept.
        sort: Sort,
        /// Its kind, what is wrong with it, or what it says.
        label: String,
        /// Its line or row, from 1.
        place: u64,
        /// As it stands there.
        raw: String,
    },
}

/// The end of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Over {
    /// The tool's id of the call.
    pub wire_id: String,
    /// How.
    pub end: Recorded,
    /// What it gave back.
    pub text: String,
    /// How long it took, in milliseconds.
    pub ms: Option<u64>,
    /// What that covers.
    pub time: RecordedTime,
}

/// A short hash by which something is known again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark(pub u64);

impl Mark {
    /// The mark of these parts, in this order.
    pub fn of(parts: &[&str]) -> Mark {
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
        for part in parts {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part.as_bytes());
        }
        Mark(head(Hash::of(&bytes)))
    }
}

impl Entry {
    /// What tells this entry from a changed one of the same name. A reply is known by its parts: see `import`.
    pub fn mark(&self) -> Mark {
        let at = self.at.map(|at| at.0.to_string()).unwrap_or_default();
        match &self.what {
            What::Task { text, .. } => Mark::of(&[&self.key, "task", text]),
            What::Reply(reply) => words_mark(&self.key, reply),
            What::Over(over) => Mark::of(&[&self.key, "over", over.end.word(), &over.text]),
            What::Ended { words, .. } => Mark::of(&[&self.key, "ended", words, &at]),
            What::Odd { label, raw, .. } => Mark::of(&[&self.key, "odd", label, raw]),
        }
    }
}

/// The mark of a reply's words.
pub fn words_mark(key: &str, reply: &Reply) -> Mark {
    let thought = reply.reasoning.as_ref().map_or("", |thought| thought.text.as_str());
    Mark::of(&[key, "words", &reply.text, thought])
}

/// The mark of one call of a reply.
pub fn call_mark(key: &str, asked: &AskedCall) -> Mark {
    Mark::of(&[key, "call", &asked.wire_id, &asked.tool])
}
