//! What `tackroom doctor` says about the ways to a model: who can be named, who is asked where the first cannot, what rests.

use crate::adapters::clock::SystemClock;
use crate::adapters::web;
use crate::cli::config::Config;
use crate::cli::doctor::{Check, Mark, check};
use crate::cli::lanes;
use crate::domain::rests::{DOOR_FAILURES, Rest};
use crate::domain::time::{Micros, age, duration};
use crate::ports::clock::Clock;

/// The providers, the fallback chain, the rests.
pub fn ways(config: &Config) -> Vec<Check> {
    let mut checks = vec![providers(config)];
    checks.extend(fallback(config));
    checks.extend(rests(config, SystemClock.now()));
    checks
}

/// Who can be named before a slash, and whose key is set.
fn providers(config: &Config) -> Check {
    let is_set = |name: &String| config.env.get(name).is_some_and(|key| !key.trim().is_empty());
    let all = config.routing.providers.all().map(|provider| {
        let key = match provider.keys.first() {
            _ if provider.keys.iter().any(is_set) => " (key set)".to_string(),
            Some(_) => String::new(),
            None => " (no key needed)".to_string(),
        };
        format!("{}{key}", provider.name)
    });
    let what = format!("--model NAME/MODEL asks one of: {}", all.collect::<Vec<_>>().join(", "));
    check(Mark::Ok, "providers", what, "")
}

/// Who is asked where the first model cannot.
fn fallback(config: &Config) -> Vec<Check> {
    let look = |name: &String| match (lanes::odd_fallback(config, name), lanes::named(config, name)) {
        (Some(why), _) => check(
            Mark::Wrong,
            "fallback",
            format!("{name}: {why}"),
            "write it as PROVIDER/MODEL in [model] fallback",
        ),
        (None, None) => {
            let keys = config.routing.providers.split(name).map(|(provider, _)| provider.keys.join(" or $"));
            let hint = format!("set ${}, or take it out of [model] fallback", keys.unwrap_or_default());
            check(Mark::Wrong, "fallback", format!("{name}: its key is not set, so it is not asked"), hint)
        }
        (None, Some((candidate, model))) => {
            let at = web::public_url(&candidate.base_url).unwrap_or_default();
            let keys: Vec<String> = candidate.keys.iter().map(|key| format!("${}", key.name)).collect();
            let keys =
                if keys.is_empty() { String::new() } else { format!(", key from {}", keys.join(", ")) };
            check(Mark::Ok, "fallback", format!("{model} at {at}{keys}"), "")
        }
    };
    config.routing.fallback.value.iter().map(look).collect()
}

/// What failed and rests.
fn rests(config: &Config, now: Micros) -> Vec<Check> {
    let known = config.routing.health.rests();
    let resting = known.rests.iter().filter_map(|rest| {
        let left = rest.until.filter(|until| *until > now).map(|until| until.ms_since(now));
        let what = match (rest.disabled, left) {
            (true, _) => format!("{}: not used before it is changed ({})", who(rest), rest.why.words()),
            (false, Some(left)) => {
                format!("{} rests {} more ({})", who(rest), duration(left), rest.why.words())
            }
            (false, None) => return None,
        };
        let hint = if rest.disabled {
            rest.why.hint()
        } else {
            "it is asked all the same where there is no other way"
        };
        Some(check(Mark::Note, "rests", what, hint))
    });
    let doors = known.doors.iter().filter(|door| door.failures >= DOOR_FAILURES).map(|door| {
        let (at, times) = (&door.at, door.failures);
        let ago = age(now.ms_since(door.last));
        let what = format!("{at} failed {times} times in a row, last {ago} ago ({})", door.why.words());
        check(Mark::Note, "rests", what, "one request tries it before others follow")
    });
    resting.chain(doors).collect()
}

fn who(rest: &Rest) -> String {
    let key = if rest.key.is_empty() { String::new() } else { format!("${} ", rest.key) };
    let model = if rest.model.is_empty() { String::new() } else { format!("for {} ", rest.model) };
    format!("{key}{model}at {}", rest.at)
}
