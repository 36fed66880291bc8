//! What may be taken before a person is asked: limits by scope and by unit, how they are typed, and how an amount is told.
//!
//! ```text
//! usd=0.50 tokens=200k steps=40 time=20m | session.usd=5 | usd=none
//! ```
//!
//! A limit is held against what was taken *and* what the next request may take: see `weigh`.

use crate::domain::amount::{count, digits, span_ms};
use crate::domain::money::Money;
use crate::domain::time::duration;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a limit is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One task.
    Run,
    /// All tasks of a session.
    Session,
    /// All sessions of this store, from midnight (UTC) on.
    Day,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Billionths of a dollar.
    Usd,
    /// Tokens, of requests and of replies.
    Tokens,
    /// Model turns that were answered.
    Steps,
    /// Milliseconds in which a request or a call was under way; waiting for a person does not count.
    Time,
}

impl Scope {
    /// All of them, the nearest first.
    pub const ALL: [Scope; 3] = [Scope::Run, Scope::Session, Scope::Day];

    /// The name, as typed.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Run => "run",
            Scope::Session => "session",
            Scope::Day => "day",
        }
    }

    /// The same in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Scope::Run => "the task",
            Scope::Session => "the session",
            Scope::Day => "the day",
        }
    }

    /// The scope of that name.
    pub fn named(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

impl Unit {
    /// All of them.
    pub const ALL: [Unit; 4] = [Unit::Usd, Unit::Tokens, Unit::Steps, Unit::Time];

    /// The name, as typed.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Usd => "usd",
            Unit::Tokens => "tokens",
            Unit::Steps => "steps",
            Unit::Time => "time",
        }
    }

    /// The unit of that name.
    pub fn named(name: &str) -> Option<Unit> {
        Unit::ALL.into_iter().find(|unit| unit.name() == name)
    }

    /// An amount as it is typed.
    pub fn example(self) -> &'static str {
        match self {
            Unit::Usd => "such as 0.50",
            Unit::Tokens => "such as 200k or 1.5m",
            Unit::Steps => "such as 40",
            Unit::Time => "such as 90s, 20m or 1h30m",
        }
    }

    /// Reads an amount; nothing, and what is no amount, is refused.
    pub fn parse(self, typed: &str) -> Result<u64, BadBudget> {
        let typed = typed.trim();
        let amount = match self {
            Unit::Usd => Money::parse(typed).ok().map(|money| money.0),
            Unit::Tokens => count(typed),
            Unit::Steps => digits(typed),
            Unit::Time => span_ms(typed),
        };
        amount.filter(|amount| *amount > 0).ok_or_else(|| {
            let why =
                format!("{:?} is no amount for {}", crate::domain::text::truncate(typed, 40), self.name());
            BadBudget { why, hint: format!("{}; none for no limit", self.example()) }
        })
    }

    /// An amount as it is told.
    pub fn words(self, amount: u64) -> String {
        match (self, amount) {
            (Unit::Usd, nano) => Money(nano).to_string(),
            (Unit::Tokens, 1) => "1 token".to_string(),
            (Unit::Tokens, n) => format!("{} tokens", thousands(n)),
            (Unit::Steps, 1) => "1 model turn".to_string(),
            (Unit::Steps, n) => format!("{n} model turns"),
            (Unit::Time, ms) => duration(ms),
        }
    }

    /// An amount as it is typed, in its one form.
    pub fn exact(self, amount: u64) -> String {
        match self {
            Unit::Usd => Money(amount).exact(),
            Unit::Tokens | Unit::Steps => amount.to_string(),
            Unit::Time if amount.is_multiple_of(60_000) => format!("{}m", amount / 60_000),
            Unit::Time => format!("{}s", amount.div_ceil(1_000)),
        }
    }
}

fn thousands(n: u64) -> String {
    let text = n.to_string();
    let mut out = String::with_capacity(text.len() + text.len() / 3);
    for (at, digit) in text.chars().enumerate() {
        if at > 0 && (text.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Why a typed budget is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct BadBudget {
    /// What is wrong, as a sentence without its full stop.
    pub why: String,
    /// What to type instead.
    pub hint: String,
}

/// The limits of one scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usd: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    steps: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<u64>,
}

impl Caps {
    /// The limit of a unit.
    pub fn of(&self, unit: Unit) -> Option<u64> {
        match unit {
            Unit::Usd => self.usd,
            Unit::Tokens => self.tokens,
            Unit::Steps => self.steps,
            Unit::Time => self.time,
        }
    }

    fn slot(&mut self, unit: Unit) -> &mut Option<u64> {
        match unit {
            Unit::Usd => &mut self.usd,
            Unit::Tokens => &mut self.tokens,
            Unit::Steps => &mut self.steps,
            Unit::Time => &mut self.time,
        }
    }
}

/// All limits of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Over the task.
    #[serde(default, skip_serializing_if = "is_default")]
    pub run: Caps,
    /// Over all tasks of the session.
    #[serde(default, skip_serializing_if = "is_default")]
    pub session: Caps,
    /// Over all sessions of the day.
    #[serde(default, skip_serializing_if = "is_default")]
    pub day: Caps,
}

pub(in crate::domain) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Budget {
    /// Whether nothing is limited.
    pub fn is_none(&self) -> bool {
        is_default(self)
    }

    /// The limits of a scope.
    pub fn caps(&self, scope: Scope) -> &Caps {
        match scope {
            Scope::Run => &self.run,
            Scope::Session => &self.session,
            Scope::Day => &self.day,
        }
    }

    /// One limit.
    pub fn of(&self, scope: Scope, unit: Unit) -> Option<u64> {
        self.caps(scope).of(unit)
    }

    /// Sets one limit, or takes it away.
    pub fn set(&mut self, scope: Scope, unit: Unit, limit: Option<u64>) {
        let caps = match scope {
            Scope::Run => &mut self.run,
            Scope::Session => &mut self.session,
            Scope::Day => &mut self.day,
        };
        *caps.slot(unit) = limit;
    }

    /// All limits there are.
    pub fn limits(&self) -> impl Iterator<Item = (Scope, Unit, u64)> + '_ {
        let of = |scope| Unit::ALL.into_iter().map(move |unit| (scope, unit));
        Scope::ALL
            .into_iter()
            .flat_map(of)
            .filter_map(|(scope, unit)| Some((scope, unit, self.of(scope, unit)?)))
    }
}

/// The limits in their typed form; `none` where there are none.
impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("none");
        }
        for (at, (scope, unit, limit)) in self.limits().enumerate() {
            let space = if at > 0 { " " } else { "" };
            let scope = if scope == Scope::Run { String::new() } else { format!("{}.", scope.name()) };
            write!(f, "{space}{scope}{}={}", unit.name(), unit.exact(limit))?;
        }
        Ok(())
    }
}

/// One change of a limit, as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The scope; none: the one that holds the run, else the task.
    pub scope: Option<Scope>,
    /// The unit.
    pub unit: Unit,
    /// How much more; none takes the limit away.
    pub more: Option<u64>,
}

/// Reads `usd=0.50 session.tokens=200k`, parted by spaces or commas; an amount of dollars alone is one.
pub fn changes(typed: &str) -> Result<Vec<Change>, BadBudget> {
    let words = typed.split([' ', ',']).filter(|word| !word.is_empty());
    let all: Vec<Change> = words.map(change).collect::<Result<_, _>>()?;
    if all.is_empty() {
        let (why, hint) =
            ("there is no amount in it".to_string(), "such as usd=0.50 or tokens=200k".to_string());
        return Err(BadBudget { why, hint });
    }
    Ok(all)
}

fn change(word: &str) -> Result<Change, BadBudget> {
    let Some((name, amount)) = word.split_once('=') else {
        let more = Some(Unit::Usd.parse(word)?);
        return Ok(Change { scope: None, unit: Unit::Usd, more });
    };
    let (scope, name) = match name.split_once('.') {
        Some((scope, name)) => (Some(Scope::named(scope)), name),
        None => (None, name),
    };
    let unit = Unit::named(name).filter(|_| scope != Some(None));
    let unit = unit.ok_or_else(|| {
        let why = format!("{:?} is nothing that is limited", crate::domain::text::truncate(word, 40));
        BadBudget {
            why,
            hint: "usd, tokens, steps or time; before it session. or day. for those".to_string(),
        }
    })?;
    let amount = amount.strip_prefix('+').unwrap_or(amount);
    let more = if amount == "none" { None } else { Some(unit.parse(amount)?) };
    Ok(Change { scope: scope.flatten(), unit, more })
}
