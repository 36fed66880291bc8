//! How fast a run takes what it may: the limit that is nearest, what is taken a minute, and how long the rest will last.

use crate::domain::amount::few;
use crate::domain::budget::{Scope, Unit};
use crate::domain::money::Money;
use crate::domain::run::Run;
use crate::domain::session::Session;
use crate::domain::time::Micros;

/// Less work tells no speed, in milliseconds.
const WORK_MS_MIN: u64 = 5_000;
const MINUTE_MS: u64 = 60_000;

/// The limit that is nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burn {
    /// Of what.
    pub unit: Unit,
    /// What is taken, with what is set aside for the request under way.
    pub taken: u64,
    /// The limit.
    pub limit: u64,
    /// What is taken in a minute of work; none while too little is known.
    pub per_minute: Option<u64>,
}

impl Burn {
    /// Of a session's run by `now`; none where nothing is limited, or only the day is, which a session alone does not know.
    pub fn of(session: &Session, now: Micros) -> Option<Burn> {
        let run = session.run.as_ref()?;
        let of = |(scope, unit, limit): (Scope, Unit, u64)| {
            let purse = match scope {
                Scope::Run => &run.purse,
                Scope::Session => &session.purse,
                Scope::Day => return None,
            };
            let taken = match unit {
                Unit::Time => purse.worked_ms(now),
                Unit::Usd | Unit::Tokens | Unit::Steps => purse.with_aside().of(unit),
            };
            Some(Burn { unit, taken, limit, per_minute: speed(run, unit, now) })
        };
        run.budget.limits().filter_map(of).max_by_key(|burn| burn.permille())
    }

    fn permille(&self) -> u128 {
        u128::from(self.taken) * 1000 / u128::from(self.limit.max(1))
    }

    /// The share of the limit that is taken.
    pub fn percent(&self) -> u64 {
        u64::try_from(self.permille() / 10).unwrap_or(u64::MAX)
    }

    /// How long the rest lasts at this speed, in milliseconds of work.
    pub fn left_ms(&self) -> Option<u64> {
        let rest = self.limit.saturating_sub(self.taken);
        match self.unit {
            Unit::Time => Some(rest),
            Unit::Usd | Unit::Tokens | Unit::Steps => {
                let speed = self.per_minute.filter(|speed| *speed > 0)?;
                u64::try_from(u128::from(rest) * u128::from(MINUTE_MS) / u128::from(speed)).ok()
            }
        }
    }

    /// Taken and limit, such as `$0.12/$0.50 24%`.
    pub fn short(&self) -> String {
        let (taken, limit) = match self.unit {
            Unit::Usd => (Money(self.taken).to_string(), Money(self.limit).to_string()),
            Unit::Tokens => (few(self.taken), format!("{} tok", few(self.limit))),
            Unit::Steps => (self.taken.to_string(), self.unit.words(self.limit)),
            Unit::Time => (self.unit.words(self.taken / 1000 * 1000), self.unit.words(self.limit)),
        };
        format!("{taken}/{limit} {}%", self.percent())
    }

    /// The same with speed and forecast, such as `$0.12/$0.50 24%, $0.03/min, 6 min left`.
    pub fn long(&self) -> String {
        let speed = self.per_minute.filter(|speed| *speed > 0).map(|speed| match self.unit {
            Unit::Usd => format!(", {}/min", Money(speed)),
            Unit::Tokens => format!(", {}/min", few(speed)),
            Unit::Steps | Unit::Time => String::new(),
        });
        let left = self.left_ms().map(|ms| match ms / MINUTE_MS {
            0 => ", <1 min left".to_string(),
            minutes @ 1..600 => format!(", {minutes} min left"),
            minutes => format!(", {} h left", minutes / 60),
        });
        format!("{}{}{}", self.short(), speed.unwrap_or_default(), left.unwrap_or_default())
    }
}

/// What the run takes in a minute of its work.
fn speed(run: &Run, unit: Unit, now: Micros) -> Option<u64> {
    let (worked, taken) = (run.purse.worked_ms(now), run.purse.taken().of(unit));
    if worked < WORK_MS_MIN {
        return None;
    }
    u64::try_from(u128::from(taken) * u128::from(MINUTE_MS) / u128::from(worked)).ok()
}
