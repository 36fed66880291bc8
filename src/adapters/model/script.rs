//! A script: what a scripted model says, turn by turn; read from JSON or from a recorded session.
//!
//! ```json
//! {"replies": [
//!   {"fault": {"kind": "rate-limit", "message": "slow down", "retry_after_ms": 500}},
//!   {"text": "I look it up.", "reasoning": "…", "calls": [{"tool": "search", "args": {"query": "tack"}}]},
//!   {"text": "It says: {{last_result}}", "pace": {"chars_per_s": 200}, "usage": {"input": 10, "output": 5}, "finish": "stop"}
//! ]}
//! ```
//!
//! Beside `replies` there may be `summaries`: what it answers where it is asked to summarise the conversation, in the same form.
//!
//! Every field may be left out. A call may have `"broken": "text"` instead of `args`: arguments that are not JSON. `finish`
//! is `stop`, `calls`, `length`, `filtered` or `{"other": "word"}`; left out, it is `calls` where there are calls. A fault is given instead of the reply
//! after it, once per attempt. A reply with neither text nor call leaves no trace in a conversation and so is given again.
//!
//! `"instead": [{"result": "error:", "text": "It was not done: {{outcome}}"}]` says something else where the conversation's last
//! result begins so; the first that fits counts.
//!
//! In `text`, and in the texts inside `args`, these are replaced by what the tools of the conversation returned; what comes in is not
//! looked through again, and a result that is not there reads `(no result)`:
//!
//! - `{{last_result}}`: the last result; `{{results}}`: all results since the model's last turn, with blank lines between
//! - `{{outcome}}`: the last result without the note that the operator changed the arguments
//! - `{{result:3}}`: the third result of the conversation; `{{result:3:10-20}}`: its lines 10 to 20
//! - `{{input}}`: the last thing a person said

use crate::domain::event::{Event, Fact};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::message::{Args, AskedCall, Finish, Usage};
use serde::Deserialize;
use serde_json::Value;

/// How fast a scripted reply arrives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// All at once.
    #[default]
    AtOnce,
    /// So many characters in a second; 0 is all at once.
    CharsPerS(u32),
    /// As it was recorded: (milliseconds since the request, characters of text so far).
    Recorded(Vec<(u64, u64)>),
}

/// One reply of a script.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// The text.
    pub text: String,
    /// What is said instead where the last result begins so.
    pub instead: Vec<Instead>,
    /// What it thinks.
    pub reasoning: Option<String>,
    /// The calls.
    pub calls: Vec<AskedCall>,
    /// Why it stops; `None` tells it from the calls.
    pub finish: Option<Finish>,
    /// Tokens.
    pub usage: Usage,
    /// How fast it arrives.
    pub pace: Pace,
}

/// A text for a certain last result.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instead {
    /// How the result begins, with the operator's note about changed arguments or without it.
    pub result: String,
    /// The text.
    pub text: String,
}

/// One entry of a script.
#[derive(Clone, Debug, PartialEq)]
pub enum Cue {
    /// A reply.
    Reply(Line),
    /// A failed request, before the next reply.
    Fault(Fault),
}

/// What a scripted model says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// The entries in order.
    pub cues: Vec<Cue>,
    /// Whether placeholders are replaced; not in recorded words, which may hold anything.
    pub placeholders: bool,
    /// What it answers where it is asked for a summary, in order; faults come before the answer after them.
    pub summaries: Vec<Cue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptFile {
    replies: Vec<Entry>,
    #[serde(default)]
    summaries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Entry {
    text: String,
    instead: Vec<Instead>,
    reasoning: Option<String>,
    calls: Vec<CallEntry>,
    finish: Option<Finish>,
    usage: Usage,
    pace: PaceEntry,
    fault: Option<FaultEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallEntry {
    #[serde(default)]
    id: String,
    tool: String,
    #[serde(default)]
    args: Option<Value>,
    #[serde(default)]
    broken: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct PaceEntry {
    chars_per_s: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultEntry {
    kind: FaultKind,
    #[serde(default)]
    message: String,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    retry_after_ms: Option<u64>,
}

/// What one turn of a script holds: the faults of its first attempts, then the reply.
pub type Turn = (Vec<Fault>, Option<Line>);

/// The entries of a script by the reply that they belong to.
pub fn turns(cues: Vec<Cue>) -> Vec<Turn> {
    let (mut turns, mut faults) = (Vec::new(), Vec::new());
    for cue in cues {
        match cue {
            Cue::Fault(fault) => faults.push(fault),
            Cue::Reply(line) => turns.push((std::mem::take(&mut faults), Some(line))),
        }
    }
    if !faults.is_empty() {
        turns.push((faults, None));
    }
    turns
}

impl Script {
    /// A script of these entries, with placeholders.
    pub fn new(cues: Vec<Cue>) -> Script {
        Script { cues, placeholders: true, summaries: Vec::new() }
    }

    /// Reads a script's JSON; what is wrong with it comes as a sentence with line and column.
    pub fn parse(json: &str) -> Result<Script, String> {
        let file: ScriptFile =
            serde_json::from_str(json).map_err(|error| format!("the script cannot be read: {error}"))?;
        let cues = |entries: Vec<Entry>| entries.into_iter().map(Entry::into_cue).collect();
        Ok(Script { summaries: cues(file.summaries), ..Script::new(cues(file.replies)) })
    }

    /// The script that a recorded session's model followed: the same words, calls, faults and pace.
    pub fn from_session<'a>(events: impl IntoIterator<Item = &'a Event>) -> Script {
        let (mut cues, mut summaries) = (Vec::new(), Vec::new());
        for event in events {
            if let Fact::ModelReplied { reply, .. } = &event.fact {
                cues.push(Cue::Reply(Line {
                    text: reply.text.clone(),
                    instead: Vec::new(),
                    reasoning: reply.reasoning.as_ref().map(|thought| thought.text.clone()),
                    calls: reply.calls.clone(),
                    finish: Some(reply.finish.clone()),
                    usage: reply.usage,
                    pace: Pace::Recorded(reply.timing.pace.clone()),
                }));
            } else if let Fact::ModelFailed { fault, .. } = &event.fact
                && !matches!(fault.kind, FaultKind::Stopped | FaultKind::Interrupted)
            {
                cues.push(Cue::Fault(fault.clone()));
            } else if let Fact::ContextCompacted(done) = &event.fact
                && let (Some(digest), Some(summed)) = (done.digest(), done.summed())
            {
                let (text, usage) = (digest.summary.clone(), summed.usage);
                summaries.push(Cue::Reply(Line { text, usage, ..Line::default() }));
            }
        }
        Script { cues, placeholders: false, summaries }
    }
}

impl Entry {
    fn into_cue(self) -> Cue {
        if let Some(fault) = self.fault {
            let FaultEntry { kind, message, status, retry_after_ms } = fault;
            let message = if message.is_empty() { kind.words().to_string() } else { message };
            return Cue::Fault(Fault { kind, message, status, retry_after_ms, detour: None, window: None });
        }
        let call = |entry: CallEntry| AskedCall {
            wire_id: entry.id,
            tool: entry.tool,
            args: match entry.broken {
                Some(text) => Args::Broken(text),
                None => Args::Json(entry.args.unwrap_or_else(|| serde_json::json!({}))),
            },
        };
        Cue::Reply(Line {
            text: self.text,
            instead: self.instead,
            reasoning: self.reasoning,
            calls: self.calls.into_iter().map(call).collect(),
            finish: self.finish,
            usage: self.usage,
            pace: Pace::CharsPerS(self.pace.chars_per_s),
        })
    }
}
