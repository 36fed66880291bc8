//! A stored session, played: what is known of it, the position, where it is to go, and how fast it moves.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::domain::event::Event;
use crate::domain::ids::EventNo;
use crate::domain::pace::Gap;
use crate::domain::survey::{BACK, CHUNK, Survey, base, place_of};
use crate::domain::time::Micros;

/// The speeds, as (label, quarters of the recorded pace); 0 is as fast as drawn.
pub const SPEEDS: [(&str, u64); 10] = [
    ("1/4x", 1),
    ("1/2x", 2),
    ("1x", 4),
    ("2x", 8),
    ("4x", 16),
    ("8x", 32),
    ("16x", 64),
    ("32x", 128),
    ("64x", 256),
    ("max", 0),
];
/// The place of the recorded pace in `SPEEDS`.
pub const SPEED_1: usize = 2;

/// Pages of events kept at most: what one look needs, what comes next, and a little for the way back.
const PAGES_MAX: usize = 8;
/// How far on from the position the session is folded on, rather than anew: what is kept is folded at most once again.
const ON_MAX: u64 = BACK * CHUNK;

/// Where the position is to go as soon as what it needs is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// After so many events.
    Event(u64),
    /// After what had happened by then.
    Time(Micros),
}

/// A stored session being played.
#[derive(Clone, Debug)]
pub struct Playback {
    /// What is known of it.
    pub survey: Survey,
    /// Events in all.
    pub events: u64,
    /// Whether the survey is whole.
    pub complete: bool,
    /// How many events are applied: the position.
    pub at: u64,
    /// Where it is to go; none where it is there.
    pub goal: Option<Goal>,
    /// Whether the position moves by itself.
    pub playing: bool,
    /// Which of `SPEEDS`.
    pub speed: usize,
    /// The wait before the next event, while it is played.
    pub gap: Option<Gap>,
    /// How much of that wait was played, in quarters of a microsecond.
    pub played: u64,
    /// When the play went on last.
    pub ticked_at: Micros,
    /// How many events were folded for its goals so far.
    pub folded: u64,
    pages: BTreeMap<u64, Arc<Vec<Event>>>,
    asked: BTreeSet<u64>,
}

impl Default for Playback {
    fn default() -> Playback {
        Playback {
            survey: Survey::default(),
            events: 0,
            complete: false,
            at: 0,
            goal: Some(Goal::Event(0)),
            playing: false,
            speed: SPEED_1,
            gap: None,
            played: 0,
            ticked_at: Micros(0),
            folded: 0,
            pages: BTreeMap::new(),
            asked: BTreeSet::new(),
        }
    }
}

impl Playback {
    /// Held after the event `at`, or playing from the first.
    pub fn new(at: Option<u64>, speed: usize, now: Micros) -> Playback {
        Playback {
            playing: at.is_none(),
            goal: Some(Goal::Event(at.unwrap_or(0))),
            speed: speed.min(SPEEDS.len() - 1),
            ticked_at: now,
            ..Playback::default()
        }
    }

    /// Whether it plays one event a frame.
    pub fn is_fastest(&self) -> bool {
        self.speed + 1 == SPEEDS.len()
    }

    /// The speed as shown.
    pub fn speed_label(&self) -> &'static str {
        SPEEDS.get(self.speed).map_or("1x", |(label, _)| label)
    }

    /// The place in `SPEEDS` of a speed as it is typed: `4`, `4x`, `1/4`, `0.25`, `max`.
    pub fn speed_of(typed: &str) -> Option<usize> {
        let bare = typed.trim().trim_end_matches(['x', '×']);
        let bare = match bare {
            "¼" | "0.25" | ".25" => "1/4",
            "½" | "0.5" | ".5" => "1/2",
            "ma" => "max",
            other => other,
        };
        SPEEDS.iter().position(|(label, _)| *label == bare || label.strip_suffix('x') == Some(bare))
    }

    /// The recorded time at the position; while a wait is played, within that wait.
    pub fn clock(&self) -> Option<Micros> {
        match &self.gap {
            Some(gap) => Some(gap.clock(self.played / 4)),
            None => self.survey.time(EventNo(self.at)).or(self.survey.first_at()),
        }
    }

    /// The event after which a goal lies, as far as that is known already.
    pub fn resolve(&self, goal: Goal) -> Option<u64> {
        let known = self.survey.events();
        match goal {
            Goal::Event(no) if no <= known || self.complete => Some(no.min(known)),
            Goal::Time(at) if self.complete || self.survey.last_at().is_some_and(|last| last > at) => {
                Some(self.survey.events_by(at))
            }
            Goal::Event(_) | Goal::Time(_) => None,
        }
    }

    /// From where the session as of `to` is folded: none where it goes on from the position.
    pub fn restart(&self, to: u64) -> Option<u64> {
        let goes_on = (self.at..=self.at + ON_MAX).contains(&to);
        (!goes_on).then(|| base(EventNo(to)).0)
    }

    /// The pages that hold the events after `from` up to `to`.
    pub fn places(from: u64, to: u64) -> Range<u64> {
        if to <= from { 0..0 } else { place_of(EventNo(from + 1))..place_of(EventNo(to)) + 1 }
    }

    /// The event of that number, if its page is here.
    pub fn event(&self, no: u64) -> Option<&Event> {
        let page = self.pages.get(&place_of(EventNo(no)))?;
        page.get(usize::try_from(no.checked_sub(1)? % CHUNK).ok()?)
    }

    /// Asks for a page unless it is here or was asked for: the commits after the first number up to the other.
    pub fn ask(&mut self, place: u64) -> Option<Range<u64>> {
        if self.pages.contains_key(&place) || self.asked.contains(&place) {
            return None;
        }
        let chunk = self.survey.chunk(place)?;
        self.asked.insert(place);
        Some(chunk.after..chunk.until)
    }

    /// Takes a page in; those farthest from it go. One with fewer events than the survey tells of is not taken.
    pub fn take(&mut self, place: u64, events: Arc<Vec<Event>>) -> bool {
        if self.survey.chunk(place).is_some_and(|chunk| events.len() < chunk.times.len()) {
            return false;
        }
        self.asked.remove(&place);
        self.pages.insert(place, events);
        let here = place;
        while self.pages.len() > PAGES_MAX {
            let farthest = self.pages.keys().copied().max_by_key(|place| place.abs_diff(here));
            if let Some(farthest) = farthest {
                self.pages.remove(&farthest);
            }
        }
        true
    }

    /// A page does not come: nothing waits for it, and nothing asks for it again before the position is sent on.
    pub fn give_up(&mut self, place: u64) {
        self.asked.remove(&place);
        (self.goal, self.playing) = (None, false);
    }

    /// Whether something that was asked for is still to come.
    pub fn waits(&self) -> bool {
        self.goal.is_some() || !self.asked.is_empty() || !self.complete
    }

    /// Whether it stands at the end.
    pub fn is_over(&self) -> bool {
        self.complete && self.goal.is_none() && self.at >= self.survey.events()
    }
}
