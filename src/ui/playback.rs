//! A stored session, played: its events, the position, and how fast the position moves.

use std::time::Duration;

use crate::domain::call::Outcome;
use crate::domain::event::{Event, Fact, RunStatus};
use crate::domain::policy::Word;
use crate::domain::time::Micros;

/// The speeds, as (label, factor); factor 0 is as fast as drawn.
pub const SPEEDS: [(&str, f64); 10] = [
    ("1/4x", 0.25),
    ("1/2x", 0.5),
    ("1x", 1.0),
    ("2x", 2.0),
    ("4x", 4.0),
    ("8x", 8.0),
    ("16x", 16.0),
    ("32x", 32.0),
    ("64x", 64.0),
    ("max", 0.0),
];

/// A longer wait between two events is shortened to this, in milliseconds at speed 1, and marked.
pub const WAIT_MS_MAX: u64 = 2_000;

/// A stored session being played.
#[derive(Clone, Debug)]
pub struct Playback {
    /// All its events, in order.
    pub events: Vec<Event>,
    /// Whether all of them are here.
    pub complete: bool,
    /// How many of them are applied: the position.
    pub at: usize,
    /// Whether the position moves by itself.
    pub playing: bool,
    /// Which of `SPEEDS`.
    pub speed: usize,
    /// When the last event was applied while playing.
    pub moved_at: Micros,
}

impl Default for Playback {
    fn default() -> Playback {
        Playback { events: Vec::new(), complete: false, at: 0, playing: false, speed: 2, moved_at: Micros(0) }
    }
}

impl Playback {
    /// Takes in one more stored event; one that was told before is left out.
    pub fn push(&mut self, event: &Event) {
        if self.events.last().is_none_or(|last| event.no > last.no) {
            self.events.push(event.clone());
        }
    }

    /// Milliseconds before the next event is due, at the present speed; long waits are shortened.
    pub fn wait_ms(&self) -> u64 {
        let before = self.at.checked_sub(1).and_then(|at| self.events.get(at));
        let (Some(before), Some(next)) = (before, self.events.get(self.at)) else { return 0 };
        let gap = next.at.ms_since(before.at).min(WAIT_MS_MAX);
        let (_, factor) = SPEEDS.get(self.speed).copied().unwrap_or(("1x", 1.0));
        if factor <= 0.0 {
            0
        } else {
            Duration::from_millis(gap).div_f64(factor).as_millis().try_into().unwrap_or(gap)
        }
    }

    /// Whether the wait before the next event is shortened, and how long it really was, in milliseconds.
    pub fn shortened_ms(&self) -> Option<u64> {
        let before = self.events.get(self.at.checked_sub(1)?)?;
        let gap = self.events.get(self.at)?.at.ms_since(before.at);
        (gap > WAIT_MS_MAX).then_some(gap)
    }

    /// Whether it plays one event a frame.
    pub fn is_fastest(&self) -> bool {
        self.speed + 1 == SPEEDS.len()
    }

    /// The speed as shown.
    pub fn speed_label(&self) -> &'static str {
        SPEEDS.get(self.speed).map_or("1x", |(label, _)| label)
    }

    /// Whether a call comes into view with this event.
    pub fn is_call(event: &Event) -> bool {
        matches!(event.fact, Fact::CallJudged { .. } | Fact::CallRefused { .. })
    }

    /// Whether something waits for a person or fails with this event.
    pub fn is_stop(event: &Event) -> bool {
        match &event.fact {
            Fact::CallJudged { verdict, .. } => verdict.word == Word::Ask,
            Fact::CallEnded { outcome, .. } => *outcome != Outcome::Ok,
            Fact::RunEnded { status, .. } => *status != RunStatus::Done,
            Fact::CallUnknown { .. } | Fact::ModelFailed { .. } | Fact::RunPaused { .. } => true,
            Fact::SessionOpened { .. }
            | Fact::SessionRenamed { .. }
            | Fact::SessionForked { .. }
            | Fact::WorkspaceKept { .. }
            | Fact::WorkspaceMissed { .. }
            | Fact::RestoreStarted { .. }
            | Fact::RestoreEnded { .. }
            | Fact::SessionMarked { .. }
            | Fact::WriterTaken { .. }
            | Fact::RunStarted { .. }
            | Fact::RunReleased { .. }
            | Fact::InterruptAsked { .. }
            | Fact::CancelAsked { .. }
            | Fact::StepAllowed { .. }
            | Fact::ModeSet { .. }
            | Fact::ModelAsked { .. }
            | Fact::ModelReplied { .. }
            | Fact::CallRefused { .. }
            | Fact::CallEdited { .. }
            | Fact::CallApproved { .. }
            | Fact::CallRejected { .. }
            | Fact::CallAnswered { .. }
            | Fact::CallLapsed { .. }
            | Fact::CallStarted { .. }
            | Fact::CallInterrupted { .. }
            | Fact::CallSettled { .. }
            | Fact::CallDropped { .. }
            | Fact::OperatorSaid { .. }
            | Fact::OperatorSteered { .. }
            | Fact::Unknown { .. } => false,
        }
    }

    /// The position just after the next event that fits, else the end.
    pub fn after(&self, fits: fn(&Event) -> bool) -> usize {
        let later = self.events.get(self.at..).unwrap_or_default();
        later.iter().position(fits).map_or(self.events.len(), |at| self.at + at + 1)
    }

    /// The position just after the event before this position that fits, else the beginning.
    pub fn before(&self, fits: fn(&Event) -> bool) -> usize {
        let earlier = self.events.get(..self.at.saturating_sub(1)).unwrap_or_default();
        earlier.iter().rposition(fits).map_or(0, |at| at + 1)
    }
}
