//! A stored session, played: its events, the position, and how fast the position moves.

use crate::domain::event::Event;
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
#[derive(Clone, Debug, Default)]
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
