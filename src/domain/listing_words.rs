//! What is typed to filter a list of sessions, read: names and conditions, such as `tool:write_file after:7d report`.

use crate::domain::amount;
use crate::domain::listing::Query;
use crate::domain::marks::tag;
use crate::domain::money::Money;
use crate::domain::time::Micros;

/// The conditions in a line, for whoever asks what may be typed.
pub const GRAMMAR: &str = "words, status:failed, tool:NAME, tag:NAME, agent:NAME, folder:PART, after:7d, before:2026-11-21, tokens:>10k, cost:>0.10, cost:unknown";

/// The words that a status may be.
pub const STATUSES: [&str; 10] = [
    "idle",
    "running",
    "held",
    "paused",
    "stepping",
    "done",
    "failed",
    "cancelled",
    "budget-stopped",
    "unfinished",
];

const HOUR_MS: i64 = 60 * 60 * 1_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Lays what was typed over a query. What cannot be read is left out, and told in a sentence each.
pub fn read(typed: &str, now: Micros, query: &mut Query) -> Vec<String> {
    let (mut words, mut odd): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
    for word in typed.split_whitespace() {
        let taken = match parted(word) {
            Some((name, value)) => condition(name, value, now, query),
            None if word.len() > 1 && word.starts_with('#') => condition("tag", word, now, query),
            None => None,
        };
        match taken {
            Some(Ok(())) => {}
            Some(Err(wants)) => odd.push(format!("{word} cannot be read: {wants}")),
            None => words.push(word),
        }
    }
    query.text = words.join(" ");
    odd
}

/// A name and what is said of it: `tokens:>10k`, and shorter `tokens>10k` where a number follows.
fn parted(word: &str) -> Option<(&str, &str)> {
    let counted = ["tokens", "cost"].into_iter().find_map(|name| {
        let start = word.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name))?;
        let rest = word.get(start.len()..)?;
        rest.starts_with(['<', '>', '=']).then_some((start, rest))
    });
    counted.or_else(|| word.split_once(':'))
}

/// Takes a condition in; none where it is no condition but a word with a colon.
fn condition(name: &str, value: &str, now: Micros, query: &mut Query) -> Option<Result<(), String>> {
    let a_moment = || moment(value, now).ok_or("write it like 7d, 3h, today or 2026-11-21".to_string());
    let taken = match name.to_lowercase().as_str() {
        "tool" => text(value).map(|value| query.tool = value),
        "agent" => text(value).map(|value| query.agent = value),
        "folder" => text(value).map(|value| query.workspace = value),
        "tag" => tag(value).map(|tag| query.tags.push(tag)).ok_or("a tag is one word".to_string()),
        "status" | "is" => match STATUSES.iter().find(|status| **status == value.to_lowercase()) {
            Some(status) => {
                query.statuses.push((*status).to_string());
                Ok(())
            }
            None => Err(format!("it is one of {}", STATUSES.join(", "))),
        },
        "after" => a_moment().map(|moment| query.since = Some(moment)),
        "before" => a_moment().map(|moment| query.until = Some(moment)),
        "tokens" => tokens(value, query).ok_or("write it like >10k or <500".to_string()),
        "cost" => cost(value, query).ok_or("write it like >0.10, <2 or unknown".to_string()),
        _ => return None, // a word of its own, such as a URL
    };
    Some(taken)
}

fn text(value: &str) -> Result<String, String> {
    match value {
        "" => Err("a name follows".to_string()),
        _ => Ok(value.to_string()),
    }
}

/// `7d`, `3h`, `today`, `yesterday`, a day, or a day and a time; in UTC.
fn moment(value: &str, now: Micros) -> Option<Micros> {
    let day = now.0.div_euclid(DAY_MS * 1_000) * DAY_MS;
    match value.to_lowercase().as_str() {
        "today" => return Some(Micros::from_ms(day)),
        "yesterday" => return Some(Micros::from_ms(day - DAY_MS)),
        _ => {} // a number of something, or a day
    }
    let back = |unit: char, ms: i64| -> Option<Micros> {
        let count: i64 =
            value.strip_suffix(unit)?.parse().ok().filter(|count| (0..=36_500).contains(count))?;
        Some(Micros(now.0 - count * ms * 1_000))
    };
    let ago = back('d', DAY_MS).or_else(|| back('w', 7 * DAY_MS)).or_else(|| back('h', HOUR_MS));
    let stamp = || match value.len() {
        10 => Micros::parse(&format!("{value} 00:00:00")),
        16 => Micros::parse(&format!("{}:00", value.replace('T', " "))),
        _ => Micros::parse(value),
    };
    ago.or_else(stamp)
}

/// `>10k`, `<500`, `10k` (as many or more).
fn tokens(value: &str, query: &mut Query) -> Option<()> {
    let (most, number) = match value.strip_prefix('<') {
        Some(number) => (true, number),
        None => (false, value.strip_prefix('>').unwrap_or(value)),
    };
    let count = amount::count(number.strip_prefix('=').unwrap_or(number))?;
    *(if most { &mut query.tokens_max } else { &mut query.tokens_min }) = Some(count);
    Some(())
}

/// `>0.10`, `<2`, `0.10` (as much or more), in dollars; `unknown`.
fn cost(value: &str, query: &mut Query) -> Option<()> {
    if matches!(value.to_lowercase().as_str(), "unknown" | "?") {
        query.cost_unknown = true;
        return Some(());
    }
    let (most, number) = match value.strip_prefix('<') {
        Some(number) => (true, number),
        None => (false, value.strip_prefix('>').unwrap_or(value)),
    };
    let amount = Money::parse(number.strip_prefix('=').unwrap_or(number)).ok()?;
    *(if most { &mut query.cost_max } else { &mut query.cost_min }) = Some(amount);
    Some(())
}
