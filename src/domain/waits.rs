//! What a session row keeps of the calls that wait, or may yet: enough to list a hold without folding its session.

use crate::domain::event::{Event, Fact};
use crate::domain::hash::Hash;
use crate::domain::held::Held;
use crate::domain::ids::CallId;
use crate::domain::policy::Word;
use crate::domain::stops::{Hit, Stop};
use crate::domain::time::Micros;
use crate::domain::tool_spec::Touch;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a hold waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// A decision about a call.
    Approval,
    /// What became of a call.
    Unknown,
    /// The word to go on from a breakpoint.
    Breakpoint,
    /// More than a limit, or the end of the task.
    Budget,
    /// The word to go on in circles.
    Loop,
    /// The word to go on although checks fail.
    Checks,
    /// The conversation to be made shorter, or the word to go on as it is.
    Context,
    /// A process: nobody drives the session since its own stopped.
    Driver,
}

/// Calls of one reply that are kept, and lines of what one touches, at most: a reply may ask for any number.
const CALLS_MAX: usize = 64;
const LINES_MAX: usize = 4;
/// Bytes of a line, and of a tool's name.
const LINE_BYTES_MAX: usize = 160;
const TOOL_BYTES_MAX: usize = 64;

/// The calls of the last reply that are not over, and where the run stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WaitBook {
    /// The calls.
    #[serde(default)]
    pub calls: BTreeMap<CallId, Asked>,
    /// The breakpoint that was hit last; whether the run still stands there is the row's to tell.
    #[serde(default)]
    pub stop: Option<Stood>,
    /// Whether the task is being cancelled: nothing of it waits any more.
    #[serde(default)]
    pub cancelled: bool,
}

/// A call as a list tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The tool.
    pub tool: String,
    /// When something last happened to it: since when it waits, if it does.
    pub since: Micros,
    /// The action that the policy spoke about.
    #[serde(default)]
    pub hash: Option<Hash>,
    /// Whether it can destroy what was there.
    #[serde(default)]
    pub destroys: bool,
    /// What it will touch, in lines, the first of them.
    #[serde(default)]
    pub touches: Vec<String>,
    /// How many lines more there are.
    #[serde(default)]
    pub more: usize,
}

/// Where a run stood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stood {
    /// The call that is next; none before a model turn.
    pub call: Option<CallId>,
    /// Since when.
    pub at: Micros,
    /// The breakpoint and why it was hit.
    pub why: String,
    /// What holds it, in a word, where that is no breakpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
}

impl Stood {
    /// What it waits for.
    pub fn waits(&self) -> Waits {
        match self.held.as_deref() {
            Some("budget") => Waits::Budget,
            Some("loop") => Waits::Loop,
            Some("checks") => Waits::Checks,
            Some("context") => Waits::Context,
            Some(_) | None => Waits::Breakpoint,
        }
    }
}

impl Stop {
    /// What it waits for.
    pub fn waits(&self) -> Waits {
        match self.held() {
            Some(Held::Budget { .. } | Held::Unpriced { .. }) => Waits::Budget,
            Some(Held::Loop { .. }) => Waits::Loop,
            Some(Held::Checks { .. }) => Waits::Checks,
            Some(Held::Context { .. }) => Waits::Context,
            None => Waits::Breakpoint,
        }
    }
}

impl WaitBook {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.stop.is_none() && !self.cancelled
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: &Event) {
        let fact = &event.fact;
        if let Fact::ModelReplied { .. } | Fact::CheckAsked { .. } = fact {
            let asked = |tool: &str| Asked {
                tool: cut(tool, TOOL_BYTES_MAX),
                since: event.at,
                hash: None,
                destroys: false,
                touches: Vec::new(),
                more: 0,
            };
            self.calls = fact.asks().take(CALLS_MAX).map(|(id, call)| (id, asked(&call.tool))).collect();
        } else if let Fact::BreakpointHit { no, spec, call, why } = fact {
            let hit = Hit { no: *no, spec: spec.clone(), why: why.clone() };
            self.stop.get_or_insert_with(|| Stood {
                call: *call,
                at: event.at,
                why: cut(&hit.line(), LINE_BYTES_MAX),
                held: None,
            });
        } else if let Fact::RunHeld { why } = fact {
            let word = why.word().to_string();
            let line = cut(&format!("{word}: {}", why.sentence()), LINE_BYTES_MAX);
            self.stop = Some(Stood { call: None, at: event.at, why: line, held: Some(word) });
        } else if let Fact::RunReleased { .. } = fact {
            self.stop = None;
        } else if let Fact::CancelAsked { .. } = fact {
            self.cancelled = true;
        } else if let Fact::RunStarted { .. } | Fact::RunEnded { .. } = fact {
            *self = WaitBook::default();
        } else if let Some(call) = fact.call() {
            self.apply_call(call, event);
        }
    }

    fn apply_call(&mut self, id: CallId, event: &Event) {
        let fact = &event.fact;
        if let Fact::CallEnded { .. }
        | Fact::CallRejected { .. }
        | Fact::CallAnswered { .. }
        | Fact::CallRefused { .. }
        | Fact::CallDropped { .. }
        | Fact::CallRecorded { .. } = fact
        {
            self.calls.remove(&id);
            return;
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.since = event.at;
        if let Fact::CallJudged { verdict, hash, destroys, touches, .. } = fact
            && verdict.word != Word::Deny
        {
            // An edit that was denied leaves the call as it was before the edit.
            call.hash = Some(*hash);
            call.destroys = *destroys;
            call.touches = touch_lines(touches);
            call.more = touches.len().saturating_sub(LINES_MAX);
        }
    }
}

/// The first lines of what a call touches.
fn touch_lines(touches: &[Touch]) -> Vec<String> {
    touches.iter().take(LINES_MAX).map(|touch| cut(&touch.line(), LINE_BYTES_MAX)).collect()
}

fn cut(source: &str, bytes: usize) -> String {
    if source.len() <= bytes {
        return source.to_string();
    }
    let kept = source.get(..source.floor_char_boundary(bytes)).unwrap_or_default();
    format!("{kept}…")
}
