//! How long a server asks to wait: `retry-after-ms`, or `Retry-After` in seconds or as an HTTP date (RFC 9110, sections 5.6.7 and 10.2.3).

use crate::domain::time::Micros;

/// A longer wait is no wait anyone meant.
const WAIT_MS_MAX: u64 = 31 * 86_400_000;

/// Milliseconds to wait, from the values of the three headers. A date is measured against the server's own `Date` where it
/// gives one, else against `now`.
pub fn wait_ms(ms: Option<&str>, after: Option<&str>, date: Option<&str>, now: Micros) -> Option<u64> {
    if let Some(ms) = ms.and_then(decimal) {
        return Some((ms.ceil() as u64).min(WAIT_MS_MAX));
    }
    let after = after?.trim();
    if let Some(seconds) = decimal(after) {
        return Some(((seconds * 1000.0).ceil() as u64).min(WAIT_MS_MAX));
    }
    let until = http_date(after)?;
    let from = date.and_then(http_date).unwrap_or(now.0.div_euclid(1_000_000));
    let seconds = u64::try_from(until.saturating_sub(from)).unwrap_or(0);
    Some(seconds.saturating_mul(1000).min(WAIT_MS_MAX))
}

fn decimal(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0)
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts: Vec<&str> = text.split_once(',')?.1.split_whitespace().collect();
    let [day, month, year, time, "GMT"] = parts[..] else { return None };
    let month = MONTHS.iter().position(|name| *name == month)? as i64 + 1;
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
