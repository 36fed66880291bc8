//! How long a server asks to wait: `retry-after-ms`, or `Retry-After` in seconds or as an HTTP date (RFC 9110, sections 5.6.7 and 10.2.3).

use crate::domain::time::Micros;
use std::time::Duration;

/// A longer wait is no wait anyone meant.
const WAIT_MS_MAX: u64 = 31 * 86_400_000;

/// Milliseconds to wait, from the values of the three headers. A date is measured against the server's own `Date` where it
/// gives one, else against `now`.
pub fn wait_ms(ms: Option<&str>, after: Option<&str>, date: Option<&str>, now: Micros) -> Option<u64> {
    if let Some(ms) = ms.and_then(|ms| whole_ms(ms, 1e-3)) {
        return Some(ms);
    }
    let after = after?.trim();
    if let Some(ms) = seconds_ms(after) {
        return Some(ms);
    }
    let until = http_date(after)?;
    let from = date.and_then(http_date).unwrap_or(now.0.div_euclid(1_000_000));
    let seconds = u64::try_from(until.saturating_sub(from)).unwrap_or(0);
    Some(seconds.saturating_mul(1000).min(WAIT_MS_MAX))
}

/// Milliseconds of a number of seconds written as a decimal; `None` where it is none or below 0.
pub fn seconds_ms(text: &str) -> Option<u64> {
    whole_ms(text, 1.0)
}

fn whole_ms(text: &str, unit_s: f64) -> Option<u64> {
    let number = text.trim().parse::<f64>().ok().filter(|number| *number >= 0.0)?;
    let wait = Duration::try_from_secs_f64((number * unit_s).min(1e9)).ok()?;
    Some(u64::try_from(wait.as_micros().div_ceil(1000)).ok()?.min(WAIT_MS_MAX))
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts: Vec<&str> = text.split_once(',')?.1.split_whitespace().collect();
    let [day, month, year, time, "GMT"] = parts[..] else { return None };
    let month = i64::try_from(MONTHS.iter().position(|name| *name == month)?).ok()? + 1;
    let (day, year): (i64, i64) = (day.parse().ok()?, year.parse().ok()?);
    let clock: Vec<i64> = time.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [h, m, s] = clock[..] else { return None };
    let sane = (1..=31).contains(&day) && (1970..=9999).contains(&year) && h < 24 && m < 60 && s <= 60;
    if !sane || h < 0 || m < 0 || s < 0 {
        return None;
    }
    // Days since 1970-01-01 of a date of the Gregorian calendar, counted in years that begin in March.
    let (y, shifted) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * shifted + 2) / 5 + day - 1 - 719_468;
    Some(days * 86_400 + h * 3600 + m * 60 + s)
}
