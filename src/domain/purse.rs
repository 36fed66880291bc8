//! What was taken so far, of a run, a session or a day: one fold over the same facts, at a constant cost.
//!
//! A request counts with what was set aside for it as long as nobody knows better: while it is under way, and for good where it
//! was broken off or its reply does not tell what it took.

use crate::domain::budget::{Unit, is_default};
use crate::domain::event::{Event, Fact};
use crate::domain::message::Usage;
use crate::domain::money::Money;
use crate::domain::time::Micros;
use serde::{Deserialize, Serialize};

/// Amounts of each unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Billionths of a dollar.
    #[serde(default, skip_serializing_if = "is_default")]
    pub nano: u64,
    /// Tokens.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tokens: u64,
    /// Model turns.
    #[serde(default, skip_serializing_if = "is_default")]
    pub steps: u64,
    /// Milliseconds of work.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ms: u64,
}

impl Taken {
    /// The amount of a unit.
    pub fn of(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Usd => self.nano,
            Unit::Tokens => self.tokens,
            Unit::Steps => self.steps,
            Unit::Time => self.ms,
        }
    }

    /// The sum of two.
    pub fn plus(self, other: Taken) -> Taken {
        Taken {
            nano: self.nano.saturating_add(other.nano),
            tokens: self.tokens.saturating_add(other.tokens),
            steps: self.steps.saturating_add(other.steps),
            ms: self.ms.saturating_add(other.ms),
        }
    }
}

/// What is known of a request before it is sent: its size, and what it may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ahead {
    /// Bytes of the request.
    pub bytes: u64,
    /// Tokens that it may have.
    pub input: u64,
    /// Tokens that its reply may have.
    pub output: u64,
    /// What both may cost; none where no price is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nano: Option<Money>,
    /// What all sessions took today, with what is set aside in others; none where the day is not limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub today: Option<Taken>,
}

impl Ahead {
    /// What is set aside for it.
    pub fn aside(&self) -> Taken {
        Taken {
            nano: self.nano.unwrap_or_default().0,
            tokens: self.input.saturating_add(self.output),
            steps: 1,
            ms: 0,
        }
    }
}

/// What was taken, and what is set aside for the request under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse {
    #[serde(default, skip_serializing_if = "is_default")]
    taken: Taken,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aside: Option<Taken>,
    #[serde(default, skip_serializing_if = "is_default")]
    busy: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    since: Micros,
}

impl Purse {
    /// What was taken: known, or counted as it was set aside.
    pub fn taken(&self) -> Taken {
        self.taken
    }

    /// The same with what is set aside for the request under way.
    pub fn with_aside(&self) -> Taken {
        self.taken.plus(self.aside.unwrap_or_default())
    }

    /// Milliseconds of work by `now`.
    pub fn worked_ms(&self, now: Micros) -> u64 {
        let going = if self.busy > 0 { now.ms_since(self.since) } else { 0 };
        self.taken.ms.saturating_add(going)
    }

    /// Takes in one event; `before` is when the one before it happened.
    pub(in crate::domain) fn apply(&mut self, event: &Event, before: Micros) {
        let fact = &event.fact;
        if let Fact::ModelAsked { ahead, .. } = fact {
            self.aside = ahead.as_ref().map(Ahead::aside);
            self.starts(event.at);
        } else if let Fact::CompactAsked(asked) = fact {
            self.aside = asked.ahead.as_ref().map(|ahead| Taken { steps: 0, ..ahead.aside() });
            self.starts(event.at);
        } else if let Fact::ContextCompacted(done) = fact {
            if let Some(summed) = done.summed() {
                self.took(summed.usage, summed.cost.as_ref().map(|cost| cost.nano.0), 0);
                self.ends(event.at);
            }
        } else if let Fact::ModelReplied { reply, .. } = fact {
            self.took(reply.usage, reply.cost.as_ref().map(|cost| cost.nano.0), 1);
            self.ends(event.at);
        } else if let Fact::ModelFailed { fault, .. } | Fact::CompactFailed { fault, .. } = fact {
            let aside = self.aside.take().unwrap_or_default();
            if !fault.kind.spent().is_whole() {
                self.taken = self.taken.plus(Taken { steps: 0, ..aside });
            }
            self.ends(event.at);
        } else if let Fact::CallStarted { .. } = fact {
            self.starts(event.at);
        } else if let Fact::CallEnded { .. } | Fact::CallInterrupted { .. } | Fact::CallUnknown { .. } = fact
        {
            self.ends(event.at);
        } else if let Fact::WriterTaken { .. } = fact
            && self.busy > 0
        {
            // The process before is gone: nobody worked since its last word.
            self.taken.ms = self.taken.ms.saturating_add(before.ms_since(self.since));
            self.busy = 0;
        } else if let Fact::SessionForked { .. } = fact {
            *self = Purse::default(); // the copies were paid for in the parent
        }
    }

    /// A request was answered: what it took, or was taken for where nobody told.
    fn took(&mut self, usage: Usage, nano: Option<u64>, steps: u64) {
        let aside = self.aside.take().unwrap_or_default();
        let tokens = usage.input.saturating_add(usage.output);
        let tokens = if tokens == 0 { aside.tokens } else { tokens };
        let nano = nano.unwrap_or(aside.nano);
        self.taken = self.taken.plus(Taken { nano, tokens, steps, ms: 0 });
    }

    fn starts(&mut self, at: Micros) {
        if self.busy == 0 {
            self.since = at;
        }
        self.busy += 1;
    }

    fn ends(&mut self, at: Micros) {
        if self.busy == 1 {
            self.taken.ms = self.taken.ms.saturating_add(at.ms_since(self.since));
        }
        self.busy = self.busy.saturating_sub(1);
    }
}

/// What a session took on the last day on which something happened in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayPurse {
    #[serde(default, skip_serializing_if = "is_default")]
    day: i64,
    #[serde(default, skip_serializing_if = "is_default")]
    purse: Purse,
}

const DAY_MICROS: i64 = 86_400_000_000;

/// The beginning of the day (UTC).
pub fn midnight(now: Micros) -> Micros {
    Micros(now.0.div_euclid(DAY_MICROS) * DAY_MICROS)
}

impl DayPurse {
    /// What was taken, or is set aside, on the day of `now`.
    pub fn on_day_of(&self, now: Micros) -> Taken {
        if self.day == now.0.div_euclid(DAY_MICROS) { self.purse.with_aside() } else { Taken::default() }
    }

    /// Takes in one event. What is set aside over midnight is of the new day.
    pub(in crate::domain) fn apply(&mut self, event: &Event, before: Micros) {
        let day = event.at.0.div_euclid(DAY_MICROS);
        if day != self.day {
            self.day = day;
            self.purse.taken = Taken::default();
            self.purse.since = self.purse.since.max(midnight(event.at));
        }
        self.purse.apply(event, before);
    }
}
