//! How the wait before an event is played: a reply streams again as it came, and long silences are shortened.

use crate::domain::event::{Event, Fact};
use crate::domain::message::{Args, Draft, Reply};
use crate::domain::survey::WAIT_MS_MAX;
use crate::domain::time::Micros;

/// What a longer silence is played as, in microseconds.
const SHORT_US: u64 = 1_000_000;

/// A moment at which something happened, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Beat {
    recorded: u64,
    played: u64,
    chars: u64,
}

/// The wait before one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// The event that ends it.
    pub next: Event,
    from: Micros,
    beats: Vec<Beat>,
    thought_until: u64,
    calls_from: u64,
}

impl Gap {
    /// The wait between the event before, at `from`, and `next`.
    pub fn new(from: Micros, next: &Event) -> Gap {
        let whole = u64::try_from(next.at.0.saturating_sub(from.0)).unwrap_or(0);
        let mut gap =
            Gap { next: next.clone(), from, beats: Vec::new(), thought_until: 0, calls_from: whole };
        gap.beats.push(Beat { recorded: 0, played: 0, chars: 0 });
        if let Fact::ModelReplied { reply, .. } = &next.fact
            && reply.timing.total_ms > 0
        {
            gap.stream(reply, whole);
        } else {
            gap.beat(whole, 0, true);
        }
        gap
    }

    /// The moments at which the reply grew.
    fn stream(&mut self, reply: &Reply, whole: u64) {
        let timing = &reply.timing;
        let asked = whole.saturating_sub(timing.total_ms.saturating_mul(1_000));
        let since = |ms: u64| asked.saturating_add(ms.saturating_mul(1_000)).min(whole);
        let all = reply.text.chars().count() as u64;
        let first = since(timing.first_ms);
        let text_from = timing.pace.first().map_or(first, |(ms, _)| since(*ms)).max(first);
        let text_until = timing.pace.last().map_or(whole, |(ms, _)| since(*ms));
        self.thought_until = if all == 0 { whole } else { text_from };
        self.calls_from = if all == 0 { first } else { text_until };
        self.beat(first, 0, true);
        self.beat(text_from, 0, reply.reasoning.is_none());
        for (ms, chars) in &timing.pace {
            self.beat(since(*ms), (*chars).min(all), false);
        }
        let goes_on = !reply.calls.is_empty() || self.beats.last().is_some_and(|beat| beat.chars < all);
        self.beat(whole, all, !goes_on);
    }

    /// Adds a moment; a long silence before it is shortened.
    fn beat(&mut self, recorded: u64, chars: u64, silent: bool) {
        let last = self.beats.last().copied().unwrap_or(Beat { recorded: 0, played: 0, chars: 0 });
        let recorded = recorded.max(last.recorded);
        let wait = recorded - last.recorded;
        let played = if silent && wait > WAIT_MS_MAX * 1_000 { SHORT_US } else { wait };
        self.beats.push(Beat { recorded, played: last.played + played, chars: chars.max(last.chars) });
    }

    /// How long it is played, in microseconds at speed 1.
    pub fn played(&self) -> u64 {
        self.beats.last().map_or(0, |beat| beat.played)
    }

    /// Whether some of it is shortened.
    pub fn is_shortened(&self) -> bool {
        self.beats.last().is_some_and(|beat| beat.played < beat.recorded)
    }

    /// The moments around a point of the play: the one before and the one after.
    fn around(&self, played: u64) -> (Beat, Beat) {
        let after = self.beats.partition_point(|beat| beat.played <= played).min(self.beats.len() - 1);
        (self.beats[after.saturating_sub(1)], self.beats[after])
    }

    /// The recorded time at a point of the play.
    pub fn clock(&self, played: u64) -> Micros {
        Micros(self.from.0.saturating_add(i64::try_from(self.recorded(played)).unwrap_or(i64::MAX)))
    }

    fn recorded(&self, played: u64) -> u64 {
        let (before, after) = self.around(played);
        along(played, (before.played, after.played), (before.recorded, after.recorded))
    }

    /// How long the silence at a point of the play really was, in milliseconds, where it is shortened.
    pub fn shortened_ms(&self, played: u64) -> Option<u64> {
        let (before, after) = self.around(played);
        let (real, short) = (after.recorded - before.recorded, after.played - before.played);
        (real > short && played < after.played).then_some(real / 1_000)
    }

    /// What had arrived of the reply at a point of the play, as drafts of a turn that begins anew.
    pub fn drafts(&self, played: u64) -> Vec<Draft> {
        let Fact::ModelReplied { reply, .. } = &self.next.fact else { return Vec::new() };
        let recorded = self.recorded(played);
        let (before, after) = self.around(played);
        let chars = along(played, (before.played, after.played), (before.chars, after.chars));
        let mut drafts = Vec::new();
        let first = self.beats.get(1).map_or(0, |beat| beat.recorded);
        if let Some(thought) = &reply.reasoning
            && recorded > first
        {
            let all = thought.text.chars().count() as u64;
            let seen = along(recorded.min(self.thought_until), (first, self.thought_until), (0, all));
            drafts.push(Draft::Reasoning(head(&thought.text, seen).to_string()));
        }
        if chars > 0 {
            drafts.push(Draft::Text(head(&reply.text, chars).to_string()));
        }
        let whole = self.beats.last().map_or(0, |beat| beat.recorded);
        if recorded > self.calls_from && !reply.calls.is_empty() {
            let sizes: Vec<usize> = reply.calls.iter().map(|call| size(&call.args)).collect();
            let all = sizes.iter().sum::<usize>() as u64;
            let seen = along(recorded, (self.calls_from, whole), (0, all));
            let mut left = usize::try_from(seen).unwrap_or(usize::MAX);
            for (index, (call, size)) in reply.calls.iter().zip(sizes).enumerate() {
                drafts.push(Draft::Call { index, tool: call.tool.clone(), bytes: left.min(size) });
                left = match left.checked_sub(size) {
                    Some(left) => left,
                    None => break,
                };
            }
        }
        drafts
    }
}

/// The value at `x` on the line from `from` to `to`.
fn along(x: u64, (from, to): (u64, u64), (low, high): (u64, u64)) -> u64 {
    if to <= from {
        return high;
    }
    let part = u128::from(x.clamp(from, to) - from);
    let more = u128::from(high.saturating_sub(low)) * part / u128::from(to - from);
    low + u64::try_from(more).unwrap_or(0)
}

fn head(text: &str, chars: u64) -> &str {
    let at = text.char_indices().nth(usize::try_from(chars).unwrap_or(usize::MAX));
    text.get(..at.map_or(text.len(), |(at, _)| at)).unwrap_or(text)
}

fn size(args: &Args) -> usize {
    match args {
        Args::Json(value) => value.to_string().len(),
        Args::Broken(text) => text.len(),
    }
}
