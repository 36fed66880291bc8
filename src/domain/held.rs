//! Why a run is held for a person before its model's next turn: a budget that the next request would pass, or a loop.

use crate::domain::budget::{Budget, Scope, Unit};
use crate::domain::call::By;
use crate::domain::compaction::{Fill, Stuck};
use crate::domain::purse::{Ahead, Taken};
use crate::domain::rounds::Seen;
use crate::domain::session::Session;
use crate::domain::text;
use serde::{Deserialize, Serialize};

/// A limit, and how the next request stands to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Over what.
    pub scope: Scope,
    /// Of what.
    pub unit: Unit,
    /// What was taken.
    pub taken: u64,
    /// What the next request may take.
    pub ahead: u64,
    /// The limit.
    pub limit: u64,
}

/// Why a run is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Held {
    /// The next request may pass limits.
    Budget {
        /// Which; never empty.
        over: Vec<Share>,
        /// What is known of that request.
        ahead: Ahead,
    },
    /// Money is limited, and what the next request costs cannot be known.
    Unpriced {
        /// What money is limited over; never empty.
        over: Vec<Share>,
        /// The model.
        model: String,
        /// What is known of that request.
        ahead: Ahead,
    },
    /// It does the same again and again.
    Loop {
        /// What was seen.
        seen: Seen,
    },
    /// What must pass before it may end as done does not.
    Checks {
        /// The check that failed last.
        name: String,
        /// Rounds that failed.
        rounds: u16,
        /// Whether it could be run.
        ran: bool,
    },
    /// The conversation does not fit into the model's window, and is not made shorter by itself.
    Context {
        /// How much of it the next request fills.
        fill: Fill,
        /// Why nothing is done about it.
        why: Stuck,
    },
}

/// From this share of a limit on it is said that it is near, in percent.
pub const NEAR_PERCENT: u64 = 80;

impl Share {
    /// Whether the next request may pass the limit. Time is not known ahead: it is up once it is.
    pub(in crate::domain) fn passes(&self) -> bool {
        match self.unit {
            Unit::Time => self.taken >= self.limit,
            Unit::Usd | Unit::Tokens | Unit::Steps => self.taken.saturating_add(self.ahead) > self.limit,
        }
    }

    fn is_near(&self) -> bool {
        let with = u128::from(self.taken.saturating_add(self.ahead));
        with * 100 >= u128::from(self.limit) * u128::from(NEAR_PERCENT)
    }

    /// In a sentence without its full stop.
    pub fn words(&self) -> String {
        let (taken, limit) = (self.unit.words(self.taken), self.unit.words(self.limit));
        let scope = self.scope.words();
        match self.unit {
            Unit::Usd | Unit::Tokens => {
                let ahead = self.unit.words(self.ahead);
                format!("{scope} took {taken} of at most {limit}, and the next request may take {ahead}")
            }
            Unit::Steps => format!("{scope} had {taken} of at most {limit}"),
            Unit::Time => format!("{scope} worked {taken} of at most {limit}"),
        }
    }
}

impl Held {
    /// The kind of the hold in a word.
    pub fn word(&self) -> &'static str {
        match self {
            Held::Budget { .. } | Held::Unpriced { .. } => "budget",
            Held::Loop { .. } => "loop",
            Held::Checks { .. } => "checks",
            Held::Context { .. } => "context",
        }
    }

    /// Whether it is a budget.
    pub fn is_budget(&self) -> bool {
        match self {
            Held::Budget { .. } | Held::Unpriced { .. } => true,
            Held::Loop { .. } | Held::Checks { .. } | Held::Context { .. } => false,
        }
    }

    /// The limits that hold it.
    pub fn over(&self) -> &[Share] {
        match self {
            Held::Budget { over, .. } | Held::Unpriced { over, .. } => over,
            Held::Loop { .. } | Held::Checks { .. } | Held::Context { .. } => &[],
        }
    }

    /// Why, as a sentence without its full stop; foreign text in it is not cleaned.
    pub fn sentence(&self) -> String {
        match self {
            Held::Budget { over, .. } => over.iter().map(Share::words).collect::<Vec<_>>().join("; "),
            Held::Unpriced { over, model, .. } => {
                let limit = over.first().map(|one| {
                    format!("{} may cost {} at most", one.scope.words(), one.unit.words(one.limit))
                });
                let model = text::truncate(model, 80);
                format!(
                    "{}, and no price of {model} is known: what it would cost cannot be counted",
                    limit.unwrap_or_default()
                )
            }
            Held::Loop { seen } => seen.sentence(),
            Held::Checks { name, ran: false, .. } => {
                format!(
                    "checks fail: {name} was not run; the policy denies it, a flag rejects it, or its tool is not there"
                )
            }
            Held::Checks { name, rounds: 1, .. } => format!("checks fail: {name}, in the first round"),
            Held::Checks { name, rounds, .. } => format!("checks fail: {name}, after {rounds} rounds"),
            Held::Context { fill, why } => {
                format!("the conversation is too long ({}): {}", fill.words(), why.sentence())
            }
        }
    }

    /// What a person may do about it, for whoever reads it in a terminal.
    pub fn hint(&self, id: &str) -> String {
        match self {
            Held::Budget { over, .. } => {
                let more = over
                    .iter()
                    .map(|one| format!(" --add-{} {}", one.unit.name(), one.unit.exact(one.limit)));
                format!(
                    "`tackroom release {id}{}` gives it more, `tackroom cancel {id}` ends it",
                    more.collect::<String>()
                )
            }
            Held::Unpriced { model, .. } => {
                let model = text::reveal_plain(&text::truncate(model, 80));
                format!(
                    "give {model} a price in config.toml, under [prices.\"{model}\"], and `tackroom release {id}`; or `tackroom release {id} --lift usd`"
                )
            }
            Held::Context { .. } => {
                format!(
                    "`tackroom compact {id}` makes it shorter, `tackroom release {id}` asks as it is, `tackroom fork {id} --model M` goes on with another model, `tackroom cancel {id}` ends it"
                )
            }
            Held::Loop { .. } | Held::Checks { .. } => {
                format!(
                    "`tackroom release {id}` lets it go on, `tackroom note {id} TEXT` tells it first, `tackroom cancel {id}` ends it"
                )
            }
        }
    }
}

/// Limits that come near, in a sentence.
pub fn near_words(near: &[Share]) -> String {
    let words: Vec<String> = near.iter().map(Share::words).collect();
    format!("{NEAR_PERCENT}% of a limit is reached with the next request: {}", words.join("; "))
}

/// A limit that was changed, in a sentence.
pub fn extended_words(scope: Scope, unit: Unit, to: Option<u64>) -> String {
    // The day is of all sessions; what is given is given to this one.
    let here = if scope == Scope::Day { ", for this session," } else { "" };
    let of = format!("{} of {}{here}", unit.name(), scope.words());
    match to {
        Some(limit) => format!("the limit on {of} is {} now", unit.words(limit)),
        None => format!("the limit on {of} was taken away"),
    }
}

/// The same with who changed it.
pub fn given_words(scope: Scope, unit: Unit, to: Option<u64>, by: &By) -> String {
    format!("{}, by {by}", extended_words(scope, unit, to))
}

/// The limits of a run with how the next request stands to each.
fn shares<'a>(
    session: &'a Session,
    budget: &'a Budget,
    ahead: &'a Ahead,
) -> impl Iterator<Item = Share> + 'a {
    let run = session.live().map(|run| run.purse.taken()).unwrap_or_default();
    let taken = move |scope| match scope {
        Scope::Run => run,
        Scope::Session => session.purse.taken(),
        Scope::Day => ahead.today.unwrap_or_default(),
    };
    let aside: Taken = ahead.aside();
    budget.limits().map(move |(scope, unit, limit)| Share {
        scope,
        unit,
        taken: taken(scope).of(unit),
        ahead: aside.of(unit),
        limit,
    })
}

/// Why the next request must not be sent unasked; none where it may.
pub(in crate::domain) fn over(session: &Session, model: &str, ahead: &Ahead) -> Option<Held> {
    let budget = &session.live()?.budget;
    let blind = |one: &Share| one.unit == Unit::Usd && ahead.nano.is_none();
    let unpriced: Vec<Share> = shares(session, budget, ahead).filter(blind).collect();
    if !unpriced.is_empty() {
        return Some(Held::Unpriced { over: unpriced, model: model.to_string(), ahead: *ahead });
    }
    let over: Vec<Share> = shares(session, budget, ahead).filter(Share::passes).collect();
    (!over.is_empty()).then_some(Held::Budget { over, ahead: *ahead })
}

/// The limits that come near with the next request, and were not told of yet.
pub(in crate::domain) fn near(session: &Session, ahead: &Ahead) -> Vec<Share> {
    let Some(run) = session.live() else { return Vec::new() };
    let new = |one: &Share| one.is_near() && !run.warned.contains(&(one.scope, one.unit));
    shares(session, &run.budget, ahead).filter(new).collect()
}
