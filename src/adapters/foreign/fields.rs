//! Parts of JSON records that may be missing or of another type than they were last week.

use crate::domain::foreign::{Entry, Sort, What};
use crate::domain::message::{Args, Usage};
use crate::domain::money::Money;
use crate::domain::price::{Cost, Origin};
use crate::domain::time::Micros;
use serde_json::Value;

/// The text at a path of names; empty where there is none.
pub fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    at(value, path).and_then(Value::as_str).unwrap_or_default()
}

/// The value at a path of names.
pub fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

/// The number at a path; none where it is negative or no number.
pub fn count(value: &Value, path: &[&str]) -> Option<u64> {
    at(value, path).and_then(Value::as_u64)
}

/// The members of the list at a path.
pub fn list<'v>(value: &'v Value, path: &[&str]) -> &'v [Value] {
    at(value, path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The moment at a path: text, or milliseconds, or seconds where the number is too small for milliseconds.
pub fn moment(value: &Value, path: &[&str]) -> Option<Micros> {
    /// A thousand years in seconds; as milliseconds it lies in 1971.
    const SECONDS_MAX: i64 = 31_557_600_000;
    match at(value, path)? {
        Value::String(text) => Micros::parse(text),
        Value::Number(number) => {
            let whole = number.as_i64();
            match whole {
                Some(whole) if whole > SECONDS_MAX => Some(Micros::from_ms(whole)),
                Some(whole) => Some(Micros::from_ms(whole.saturating_mul(1_000))),
                None => number.as_f64().and_then(fraction),
            }
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Seconds with a fraction.
fn fraction(seconds: f64) -> Option<Micros> {
    std::time::Duration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|span| i64::try_from(span.as_micros()).ok())
        .map(Micros)
}

/// Milliseconds between two moments.
pub fn between(from: Option<Micros>, to: Option<Micros>) -> Option<u64> {
    Some(to?.ms_since(from?))
}

/// The text of a content that is a text, or a list of parts with a text each.
pub fn content(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<String> = parts.iter().map(part).filter(|text| !text.is_empty()).collect();
            texts.join("\n")
        }
        Value::Null => String::new(),
        Value::Object(_) => part(value),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn part(value: &Value) -> String {
    if let Some(text) = value.as_str().or_else(|| value.get("text")?.as_str()) {
        return text.to_string();
    }
    match text(value, &["type"]) {
        "" => String::new(),
        kind => format!("[{kind}]"),
    }
}

/// Arguments that came as a JSON text.
pub fn args(text: &str) -> Args {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => Args::Json(value),
        Err(_) => Args::Broken(text.to_string()),
    }
}

/// Tokens, from the names in this order: input, output, cached, reasoning.
pub fn usage(value: &Value, names: [&str; 4]) -> Usage {
    let of = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or(0);
    Usage {
        input: of(names[0]),
        output: of(names[1]),
        cached: of(names[2]),
        reasoning: of(names[3]),
        written: 0,
    }
}

/// A record that is kept as it is.
pub fn odd(
    sort: Sort,
    label: impl Into<String>,
    place: u64,
    at: Option<Micros>,
    raw: impl Into<String>,
) -> Entry {
    let what = What::Odd { sort, label: label.into(), place, raw: raw.into() };
    Entry { key: format!("#{place}"), at, what }
}

/// An amount of dollars that a tool recorded.
pub fn cost(value: &Value, path: &[&str]) -> Option<Cost> {
    let nano = Money::parse(&format!("{:.9}", at(value, path)?.as_f64()?)).ok()?;
    Some(Cost { nano, by: Origin::Recorded })
}
