//! Where a typed place of a replay lies: an event's number, a part, a time of day, a time from here.

use crate::domain::time::Micros;
use crate::ui::playback::{Goal, Playback};

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// The goal that `text` names: `12345`, `50%`, `10:03:22`, `10:03`, `+30s`, `-1h5m`.
pub fn parse(text: &str, playback: &Playback) -> Result<Goal, String> {
    let text = text.trim().trim_start_matches('#');
    if let Some(part) = text.strip_suffix('%') {
        let part: f64 = part.trim().parse().map_err(|_| not_a_place(text))?;
        if !(0.0..=100.0).contains(&part) {
            return Err(format!("{text} is not between 0% and 100%."));
        }
        let hundredths = (part * 100.0).round().clamp(0.0, 10_000.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=10,000")]
        let hundredths = hundredths as u64;
        return Ok(Goal::Event(playback.events.saturating_mul(hundredths) / 10_000));
    }
    let now = playback.clock().unwrap_or_default();
    if let Some(later) = text.strip_prefix('+') {
        return Ok(Goal::Time(Micros(now.0.saturating_add(span(later).ok_or_else(|| not_a_place(text))?))));
    }
    if let Some(earlier) = text.strip_prefix(['-', '−']) {
        return Ok(Goal::Time(Micros(now.0.saturating_sub(span(earlier).ok_or_else(|| not_a_place(text))?))));
    }
    if text.contains(':') {
        let of_day = time_of_day(text).ok_or_else(|| not_a_place(text))?;
        let first = playback.survey.first_at().unwrap_or_default();
        let today = first.0 - first.0.rem_euclid(DAY_US) + of_day;
        // A time of day before the session began is that of its second day.
        let second = 1_000_000; // the second in which it began is not before it
        return Ok(Goal::Time(Micros(if today + second <= first.0 { today + DAY_US } else { today })));
    }
    match text.replace(['_', ',', '\''], "").parse() {
        Ok(no) if no <= playback.events => Ok(Goal::Event(no)),
        Ok(no) => Err(format!("There is no event {no}: the session has {}.", playback.events)),
        Err(_) => Err(not_a_place(text)),
    }
}

fn not_a_place(text: &str) -> String {
    format!("{:?} is no place of the session.", crate::domain::text::first_line(text, 40))
}

/// `10:03:22.5` or `10:03` as microseconds of the day (UTC).
fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let hours: i64 = parts.next()?.parse().ok().filter(|hours| (0..24).contains(hours))?;
    let minutes: i64 = parts.next()?.parse().ok().filter(|minutes| (0..60).contains(minutes))?;
    let seconds = parts.next().map_or(Some(0), decimal).filter(|micros| *micros < 60_000_000)?;
    parts.next().is_none().then_some((hours * 60 + minutes) * 60_000_000 + seconds)
}

/// `1h5m`, `30s`, `250ms`, `90` (seconds) as microseconds.
fn span(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut whole: i64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, unit) = rest.split_at(digits);
        let letters = unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len());
        let (unit, after) = unit.split_at(letters);
        let seconds = decimal(number)?;
        let micros = match unit {
            "ms" => seconds / 1_000,
            "s" | "" => seconds,
            "m" | "min" => seconds.checked_mul(60)?,
            "h" => seconds.checked_mul(3_600)?,
            "d" => seconds.checked_mul(86_400)?,
            _ => return None,
        };
        whole = whole.checked_add(micros)?;
        rest = after.trim_start();
    }
    Some(whole)
}

/// A decimal number of seconds as microseconds.
fn decimal(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !digits(whole) || !digits(part) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let micros: i64 = format!("{part:0<6}").get(..6)?.parse().ok()?;
    whole.checked_mul(1_000_000)?.checked_add(micros)
}
