//! What models cost: prices by name, what a reply cost by them, and whose price that was.

use crate::domain::message::Usage;
use crate::domain::money::Money;
use serde::{Deserialize, Serialize};

/// What is charged for 1,000,000 tokens of each sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Tokens of the request.
    pub input: Money,
    /// Those of them that came from the provider's cache; none where they cost what the others do.
    pub cached: Option<Money>,
    /// Those of them that were written to it.
    pub written: Option<Money>,
    /// Tokens of the reply.
    pub output: Money,
}

/// The price of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The name, as written: `gpt-4o-mini`, or `mine/*` for all that begins so.
    pub name: String,
    /// What is charged.
    pub rates: Rates,
    /// What is charged for a request of more tokens than these.
    pub long: Option<(u64, Rates)>,
    /// The server that it holds for, by its host's last parts; empty for any.
    pub at: String,
    /// Who sells it; empty for a price of the user's own.
    pub seller: String,
    /// Whose price it is.
    pub origin: Origin,
}

/// Whose price a cost was counted by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The table of this program.
    Table {
        /// The day on which the price was checked.
        date: String,
        /// The name in the table.
        name: String,
    },
    /// The user's own, in the configuration.
    Yours {
        /// The name there.
        name: String,
    },
    /// The server said with its answer what it charged.
    Server,
    /// Another tool recorded it.
    Recorded,
}

/// What a reply cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// How much, in billionths of a dollar.
    pub nano: Money,
    /// By whose price.
    pub by: Origin,
}

impl Origin {
    /// In a few words, behind an amount.
    pub fn words(&self) -> String {
        match self {
            Origin::Table { date, name } => format!("at the price of {name} of {date}"),
            Origin::Yours { name } => format!("at your price of {name}"),
            Origin::Server => "as the server told".to_string(),
            Origin::Recorded => "as that tool recorded it".to_string(),
        }
    }
}

/// Tokens are charged by so many.
const PER: u128 = 1_000_000;

impl Rates {
    /// The same price for all of a request, and one for the reply.
    pub fn flat(input: Money, output: Money) -> Rates {
        Rates { input, cached: None, written: None, output }
    }

    /// What tokens cost: rounded once, half up. Cached and written ones are among those of the request.
    fn cost(self, usage: Usage) -> Money {
        let cached = usage.cached.min(usage.input);
        let written = usage.written.min(usage.input - cached);
        let parts = [
            (usage.input - cached - written, self.input),
            (cached, self.cached.unwrap_or(self.input)),
            (written, self.written.unwrap_or(self.input)),
            (usage.output, self.output),
        ];
        let sum = parts.into_iter().map(|(tokens, price)| u128::from(tokens) * u128::from(price.0));
        let sum = sum.fold(0_u128, u128::saturating_add);
        Money(u64::try_from(sum.saturating_add(PER / 2) / PER).unwrap_or(u64::MAX))
    }
}

impl Price {
    /// What a reply cost; none where the server counted nothing.
    pub fn cost(&self, usage: Usage) -> Option<Cost> {
        if usage.input == 0 && usage.output == 0 {
            return None;
        }
        let rates = match &self.long {
            Some((over, long)) if usage.input > *over => *long,
            Some(_) | None => self.rates,
        };
        Some(Cost { nano: rates.cost(usage), by: self.origin.clone() })
    }

    /// How well a name fits: the longer the better; none where it does not.
    fn fit(&self, model: &str, host: &str) -> Option<(usize, bool)> {
        let here = host.strip_suffix(self.at.as_str());
        if !self.at.is_empty() && !here.is_some_and(|rest| rest.is_empty() || rest.ends_with('.')) {
            return None;
        }
        let (model, name) = (plain(model), plain(&self.name));
        let fits = |own: &str| match name.strip_suffix('*') {
            Some(beginning) => own.starts_with(beginning),
            None => own.strip_prefix(name.as_str()).is_some_and(is_version),
        };
        (fits(&model) || fits(after_slash(&model))).then_some((name.len(), !self.at.is_empty()))
    }
}

/// A name without what is written in two ways.
fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace('.', "-")
}

fn after_slash(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

/// Whether what follows a name only says which edition it is: `-2024-07-18`, `-latest`, `@20250514`. A single digit would be
/// another model.
fn is_version(rest: &str) -> bool {
    const WORDS: [&str; 7] = ["latest", "preview", "exp", "beta", "thinking", "high", "low"];
    let Some(rest) = rest.strip_prefix(['-', '@', ':']) else { return rest.is_empty() };
    // `20250514`, `0613`, `001`, or `2024-07-18`, `07-18` and `09-2025`. Two digits alone are another model: 4.20 is not 4.
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = rest.split(['-', '@', ':']).collect();
    let year = |place: usize| parts.get(place).is_some_and(|part| part.len() == 4 && is_number(part));
    let mut at = 0;
    while let Some(part) = parts.get(at) {
        let two = |place: usize| parts.get(place).is_some_and(|part| part.len() == 2 && is_number(part));
        at += match part.len() {
            4 if year(at) && two(at + 1) && two(at + 2) => 3,
            3 | 4 | 6 | 8 if is_number(part) => 1,
            2 if two(at) && (two(at + 1) || year(at + 1)) => 2,
            _ if WORDS.contains(part) => 1,
            _ => return false,
        };
    }
    true
}

/// All prices that are known.
#[derive(Clone, Debug, Default)]
pub struct PriceBook {
    yours: Vec<Price>,
    table: Vec<Price>,
    /// The day of the table.
    pub date: String,
}

/// Where a model is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The server's host; empty for a script.
    pub host: String,
    /// Whether it is on this machine: the table's sellers are not there.
    pub near: bool,
}

impl PriceBook {
    /// The user's prices and the table.
    pub fn new(yours: Vec<Price>, table: Vec<Price>, date: String) -> PriceBook {
        PriceBook { yours, table, date }
    }

    /// All of them, the user's first.
    pub fn all(&self) -> impl Iterator<Item = &Price> {
        self.yours.iter().chain(&self.table)
    }

    /// How many there are and of which day, in words.
    pub fn words(&self) -> String {
        let yours: Vec<&str> = self.yours.iter().map(|price| price.name.as_str()).collect();
        let yours = if yours.is_empty() { "none".to_string() } else { yours.join(", ") };
        format!("table of {} with {} models; yours: {yours}", self.date, self.table.len())
    }

    /// The price of a model: the user's, else the table's; none where neither knows it. `answered` is what the server
    /// called it: of a name that stands for changing models it tells which.
    pub fn price(&self, model: &str, answered: &str, place: &Place) -> Option<&Price> {
        let host = place.host.to_lowercase();
        let best = |prices: &'_ [Price], name: &str| {
            let fits =
                prices.iter().enumerate().filter_map(|(at, price)| Some((price.fit(name, &host)?, at)));
            fits.max_by_key(|(fit, at)| (*fit, std::cmp::Reverse(*at))).map(|(_, at)| at)
        };
        let yours = best(&self.yours, model).or_else(|| best(&self.yours, answered));
        if let Some(at) = yours {
            return self.yours.get(at);
        }
        let is_free = |name: &str| name.ends_with(":free");
        if place.near || place.host.is_empty() || is_free(model) || is_free(answered) {
            return None; // what is nobody's to sell has no list price
        }
        let at = best(&self.table, answered).or_else(|| best(&self.table, model))?;
        self.table.get(at)
    }
}
