//! A reply's text as it arrives: shown as drafts, timed, and bounded; the same over every wire.

use crate::domain::fault::{Fault, FaultKind};
use crate::domain::message::{Draft, Timing};
use crate::domain::time::Micros;
use crate::ports::model::Drafts;

/// Bytes of text and reasoning of one reply at most.
pub const TEXT_LEN_MAX: usize = 16 << 20;
/// Points kept of how the text arrived.
const PACE_POINTS_MAX: usize = 128;

/// What has arrived.
pub struct Arrival {
    drafts: Drafts,
    started: Micros,
    first: Option<Micros>,
    text: String,
    chars: u64,
    pace: Vec<(u64, u64)>,
}

impl Arrival {
    /// Nothing so far; `started` is when the request was sent.
    pub fn new(drafts: Drafts, started: Micros) -> Arrival {
        Arrival { drafts, started, first: None, text: String::new(), chars: 0, pace: Vec::new() }
    }

    /// The text so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// More text.
    pub fn say(&mut self, now: Micros, text: &str) {
        if text.is_empty() {
            return;
        }
        self.text.push_str(text);
        self.chars += text.chars().count() as u64;
        self.show(now, Draft::Text(text.to_string()));
        self.mark_pace(now);
    }

    /// More reasoning, which is kept elsewhere.
    pub fn think(&mut self, now: Micros, text: &str) {
        if !text.is_empty() {
            self.show(now, Draft::Reasoning(text.to_string()));
        }
    }

    /// Shows a draft.
    pub fn show(&mut self, now: Micros, draft: Draft) {
        self.first.get_or_insert(now);
        (self.drafts)(draft);
    }

    /// The text, and how it arrived.
    pub fn finish(self, now: Micros) -> (String, Timing) {
        let timing = Timing {
            first_ms: self.first.unwrap_or(now).ms_since(self.started),
            total_ms: now.ms_since(self.started),
            pace: self.pace,
        };
        (self.text, timing)
    }

    fn mark_pace(&mut self, now: Micros) {
        let at = now.ms_since(self.started);
        match self.pace.last_mut() {
            Some(last) if last.0 == at => last.1 = self.chars,
            Some(_) | None => self.pace.push((at, self.chars)),
        }
        if self.pace.len() > PACE_POINTS_MAX {
            let mut place = 0;
            self.pace.retain(|_| {
                place += 1;
                place % 2 == 1 // an odd number of points: the last one stays
            });
        }
    }
}

/// A reply without end.
pub fn too_much() -> Fault {
    Fault::new(FaultKind::Malformed, "the reply is longer than any sane reply; it was broken off")
}
