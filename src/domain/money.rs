//! Money in whole billionths of a US dollar: how it is typed, shown and added up; and a sum of which a part may be unknown.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount of US dollars in billionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(pub u64);

const DOLLAR: u64 = 1_000_000_000;
/// Digits behind the point at most.
const DIGITS: usize = 9;

impl Money {
    /// Reads `0.50`, `2`, `$2` or `$1,240`; what is wrong otherwise, as the end of a sentence.
    pub fn parse(typed: &str) -> Result<Money, &'static str> {
        let text = typed.trim();
        let text = text.strip_prefix('$').unwrap_or(text);
        let (whole, part) = match text.split_once('.') {
            Some((whole, part)) => (whole, Some(part)),
            None => (text, None),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let whole = if whole.is_empty() && part.is_some() { "0" } else { whole };
        let whole = grouped(whole).ok_or("it is no amount of dollars, such as 0.50 or $2")?;
        let part = part.map(|part| part.trim_end_matches('0')).filter(|part| !part.is_empty()).unwrap_or("0");
        let point_alone = text.ends_with('.');
        if !digits(&whole) || !digits(part) || point_alone {
            return Err("it is no amount of dollars, such as 0.50 or $2");
        }
        if part.len() > DIGITS {
            return Err("it is finer than a billionth of a dollar");
        }
        let dollars = whole.parse::<u64>().ok().and_then(|dollars| dollars.checked_mul(DOLLAR));
        let rest = format!("{part:0<DIGITS$}").parse::<u64>().ok();
        let sum = dollars.zip(rest).and_then(|(dollars, rest)| dollars.checked_add(rest));
        sum.map(Money).ok_or("it is more money than can be counted here")
    }

    /// The sum, as far as it can be counted.
    pub fn plus(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }

    /// The amount to the last digit, without a sign: what `parse` reads back as the same.
    pub fn exact(self) -> String {
        let (whole, part) = (self.0 / DOLLAR, self.0 % DOLLAR);
        let text = format!("{whole}.{part:0DIGITS$}");
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    }
}

/// `1,240` or `1240` without its commas; none where they part anything but thousands.
fn grouped(whole: &str) -> Option<String> {
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let is_parted = whole.contains(',');
    let fits = groups.all(|group| group.len() == 3) && (!is_parted || (1..=3).contains(&first.len()));
    fits.then(|| whole.replace(',', ""))
}

/// As people read it: `$0`, `$0.000034`, `$0.0123`, `$0.50`, `$1.24`, `$1,240`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nano = self.0;
        // Two figures of what is less than a cent, four digits of what is less than a dollar, then cents, then dollars.
        let digits = match nano {
            0 => return f.write_str("$0"),
            1..10_000_000 => (DIGITS + 2 - nano.to_string().len()).min(DIGITS),
            10_000_000..999_950_000 => 4,
            999_950_000..999_995_000_000 => 2,
            _ => 0,
        };
        let unit = 10_u64.pow(u32::try_from(DIGITS.saturating_sub(digits)).unwrap_or(0));
        let rounded = (nano / unit).saturating_add(u64::from(nano % unit >= unit.div_ceil(2) && unit > 1));
        let amount = Money(rounded.saturating_mul(unit)).exact();
        let (whole, part) = amount.split_once('.').unwrap_or((&amount, ""));
        f.write_str("$")?;
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        if digits == 0 { Ok(()) } else { write!(f, ".{part:0<2}") }
    }
}

/// What replies cost together: what is known of it, and how many there are of which it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// What the priced ones cost.
    pub known: Money,
    /// Answers whose cost is known.
    pub priced: u64,
    /// Answers, and requests that were broken off, whose cost is not known.
    pub unknown: u64,
}

impl Spent {
    /// One answer.
    pub fn of(cost: Option<Money>) -> Spent {
        let is_known = cost.is_some();
        Spent { known: cost.unwrap_or_default(), priced: u64::from(is_known), unknown: u64::from(!is_known) }
    }

    /// The sum of two.
    pub fn plus(self, other: Spent) -> Spent {
        Spent {
            known: self.known.plus(other.known),
            priced: self.priced.saturating_add(other.priced),
            unknown: self.unknown.saturating_add(other.unknown),
        }
    }

    /// Whether the known amount is all of it.
    pub fn is_whole(self) -> bool {
        self.unknown == 0
    }

    /// In a few words: `$0.12`, `$0.12 + ?` where a part is not known, none where nothing is.
    pub fn short(self) -> Option<String> {
        match (self.priced, self.unknown) {
            (0, 0) => Some(Money::default().to_string()),
            (0, _) => None,
            (_, 0) => Some(self.known.to_string()),
            (_, _) => Some(format!("{} + ?", self.known)),
        }
    }

    /// The same with what the sign of interrogation stands for.
    pub fn words(self) -> String {
        let all = self.priced.saturating_add(self.unknown);
        match (self.short(), self.unknown) {
            (None, _) => "unknown".to_string(),
            (Some(short), 0) => short,
            (Some(short), unknown) => format!("{short} (not known of {unknown} of {})", replies(all)),
        }
    }
}

/// So many replies, in words.
pub fn replies(count: u64) -> String {
    if count == 1 { "1 reply".to_string() } else { format!("{count} replies") }
}
