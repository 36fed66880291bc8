//! Whether a run goes in circles: the same calls with the same results, two or more things in turn, or nothing new at all.
//!
//! A round is all calls of one reply with what came of them. What is kept does not grow: the last few rounds, and the last few
//! dozen calls, each as a short hash.

use crate::domain::budget::is_default;
use crate::domain::call::{Call, CallState, Ended, Outcome};
use crate::domain::canon::canonical;
use crate::domain::hash::Hash;
use crate::domain::message::Args;
use crate::domain::text;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::VecDeque;

/// From how many rounds on a person is told, and asked; 0 is never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoopRule {
    /// The same round so often: the model and the operator are told.
    #[serde(default, skip_serializing_if = "is_default")]
    pub warn: u16,
    /// The same round so often: the run is held.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hold: u16,
    /// The same round so often, and every call of it failed: the run is held.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failing: u16,
    /// So many rounds without a new result: they are told.
    #[serde(default, skip_serializing_if = "is_default")]
    pub idle_warn: u16,
    /// So many rounds without a new result: the run is held.
    #[serde(default, skip_serializing_if = "is_default")]
    pub idle_hold: u16,
}

impl LoopRule {
    /// What holds unless the configuration says otherwise.
    pub const USUAL: LoopRule = LoopRule { warn: 3, hold: 5, failing: 3, idle_warn: 8, idle_hold: 12 };
}

/// How a run goes in circles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Circle {
    /// The same round again and again.
    Same,
    /// The same again and again, and it fails.
    Failing,
    /// Several rounds in turn.
    Turns,
    /// Rounds of which each was seen before, in whatever order.
    Idle,
}

/// A circle that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// How it goes.
    pub circle: Circle,
    /// How often it went round.
    pub times: u16,
    /// Replies in one round of it.
    pub period: u16,
    /// The tools of the last reply.
    pub tools: String,
}

impl Seen {
    /// What was seen, as a sentence without its full stop; foreign text in it is not cleaned.
    pub fn sentence(&self) -> String {
        let Seen { circle, times, period, tools } = self;
        match circle {
            Circle::Same => format!(
                "{tools} was called {times} times in a row with the same arguments and the same result"
            ),
            Circle::Failing => format!(
                "{tools} was called {times} times in a row with the same arguments and failed in the same way"
            ),
            Circle::Turns => format!(
                "the same {period} replies came {times} times in turn, with the same results; the last called {tools}"
            ),
            Circle::Idle => {
                format!("{times} replies in a row brought no new result; the last called {tools}")
            }
        }
    }

    /// What the model reads of it before its next turn.
    pub fn note(&self) -> String {
        format!(
            "Note of the harness: {}. Doing the same again will give the same. Do something else, or say what keeps you from going on; if it goes on so, a person will be asked.",
            text::clean(&self.sentence())
        )
    }
}

/// What is to be done about a circle.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::domain) enum Due {
    /// It is told.
    Warn(Seen),
    /// A person is asked.
    Hold(Seen),
}

/// Rounds in one circle at most; longer ones are seen by their results alone.
const PERIODS: usize = 4;
/// Calls that are remembered.
const CALLS: usize = 64;
/// Bytes of the names of tools that are kept.
const TOOLS_BYTES: usize = 120;

/// The last rounds of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rounds {
    last: VecDeque<u64>,
    matches: [u16; PERIODS],
    calls: VecDeque<u64>,
    idle: u16,
    failed: bool,
    told: bool,
    tools: String,
}

impl Rounds {
    /// Takes in the calls of a reply that are all over.
    pub(in crate::domain) fn take(&mut self, calls: &[&Call]) {
        let keys: Vec<u64> = calls.iter().map(|call| key(call)).collect();
        let round = short(&keys.iter().flat_map(|key| key.to_be_bytes()).collect::<Vec<u8>>());
        for (at, matches) in self.matches.iter_mut().enumerate() {
            let same = self.last.len().checked_sub(at + 1).and_then(|at| self.last.get(at)) == Some(&round);
            *matches = if same { matches.saturating_add(1) } else { 0 };
        }
        self.last.push_back(round);
        if self.last.len() > PERIODS {
            self.last.pop_front();
        }
        let is_new = |key: &u64| !self.calls.contains(key);
        self.idle = if keys.iter().any(is_new) { 0 } else { self.idle.saturating_add(1) };
        for key in keys {
            if !self.calls.contains(&key) {
                self.calls.push_back(key);
            }
        }
        while self.calls.len() > CALLS {
            self.calls.pop_front();
        }
        self.failed = calls.iter().all(|call| has_failed(call));
        self.tools = tools(calls);
    }

    /// Whether it goes in circles by this rule; once told, only a hold is left.
    pub(in crate::domain) fn due(&self, rule: &LoopRule) -> Option<Due> {
        let seen = self.seen();
        let hold = seen.iter().find(|seen| reached(seen.times, rule.holds(seen.circle)));
        if let Some(hold) = hold {
            return Some(Due::Hold(hold.clone()));
        }
        let warn = seen.into_iter().find(|seen| reached(seen.times, rule.warns(seen.circle)));
        warn.filter(|_| !self.told).map(Due::Warn)
    }

    /// The model was told of the circle. Once it has left it, it is told of another.
    pub(in crate::domain) fn was_told(&mut self) {
        self.told = true;
    }

    /// After a round: what is over may be told anew.
    pub(in crate::domain) fn left(&mut self, rule: &LoopRule) {
        let still = self.seen().iter().any(|seen| reached(seen.times, rule.warns(seen.circle)));
        self.told &= still;
    }

    /// All circles that could be one, the shortest first.
    fn seen(&self) -> Vec<Seen> {
        let of = |circle, times, period| Seen { circle, times, period, tools: self.tools.clone() };
        let mut all = Vec::new();
        for (period, matches) in (1_u16..).zip(self.matches) {
            let times = if matches == 0 { 0 } else { 1 + matches / period };
            let circle = match (period, self.failed) {
                (1, true) => Circle::Failing,
                (1, false) => Circle::Same,
                (_, _) => Circle::Turns,
            };
            all.push(of(circle, times, period));
        }
        all.push(of(Circle::Idle, self.idle, 1));
        all
    }
}

fn reached(times: u16, limit: u16) -> bool {
    limit > 0 && times >= limit
}

impl LoopRule {
    fn holds(&self, circle: Circle) -> u16 {
        match circle {
            Circle::Same | Circle::Turns => self.hold,
            Circle::Failing => least(self.failing, self.hold),
            Circle::Idle => self.idle_hold,
        }
    }

    fn warns(&self, circle: Circle) -> u16 {
        match circle {
            Circle::Same | Circle::Turns => self.warn,
            // It is told before it is held.
            Circle::Failing if self.failing > 2 => least(self.failing - 1, self.warn),
            Circle::Failing => self.warn,
            Circle::Idle => self.idle_warn,
        }
    }
}

/// The lesser of two limits, of which 0 is none.
fn least(a: u16, b: u16) -> u16 {
    match (a, b) {
        (0, other) | (other, 0) => other,
        (a, b) => a.min(b),
    }
}

fn short(bytes: &[u8]) -> u64 {
    let Hash(digest) = Hash::of(bytes);
    digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// A call with what came of it: the same tool, arguments and result are the same key. What failed again failed in the same way,
/// also where the figures in its words are others: how long it took, a process, a place in memory.
fn key(call: &Call) -> u64 {
    let args = match (call.args(), &call.proposed) {
        (Some(args), _) => canonical(args),
        (None, Args::Json(args)) => canonical(args),
        (None, Args::Broken(raw)) => raw.clone(),
    };
    let told = call.result.as_deref().unwrap_or_default();
    let result = if has_failed(call) { Cow::Owned(without_figures(told)) } else { Cow::Borrowed(told) };
    let mut bytes = Vec::with_capacity(call.tool.len() + args.len() + result.len() + 2);
    for part in [call.tool.as_str(), args.as_str(), &result] {
        bytes.extend_from_slice(part.as_bytes());
        bytes.push(0);
    }
    short(&bytes)
}

/// Every number in a text is the same one.
fn without_figures(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' if out.ends_with('0') => {}
            '0'..='9' => out.push('0'),
            _ => out.push(c),
        }
    }
    out
}

/// Whether a call came to nothing: it failed, or was not even run.
fn has_failed(call: &Call) -> bool {
    match &call.state {
        CallState::Ended(Ended::Ran(outcome)) => *outcome != Outcome::Ok,
        CallState::Ended(Ended::Refused | Ended::Denied | Ended::Rejected) => true,
        CallState::Ended(
            Ended::Answered | Ended::Dropped | Ended::Happened | Ended::Abandoned | Ended::Recorded(_),
        )
        | CallState::Proposed
        | CallState::Held
        | CallState::Cleared { .. }
        | CallState::Started
        | CallState::Interrupted
        | CallState::Unknown
        | CallState::Unrecorded => false,
    }
}

fn tools(calls: &[&Call]) -> String {
    let mut names: Vec<&str> = calls.iter().map(|call| call.tool.as_str()).collect();
    names.dedup();
    let text = names.join(", ");
    text.get(..text.floor_char_boundary(TOOLS_BYTES)).unwrap_or_default().to_string()
}
