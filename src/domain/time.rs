//! Microseconds since 1970 (UTC) and how people read them.

use serde::{Deserialize, Serialize};

/// A moment: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Micros(pub i64);

impl Micros {
    /// The moment `ms` milliseconds later.
    pub fn plus_ms(self, ms: u64) -> Micros {
        Micros(self.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1000)))
    }

    /// Milliseconds from `earlier` to this moment; 0 where the clock went back.
    pub fn ms_since(self, earlier: Micros) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0) / 1000).unwrap_or(0)
    }

    /// RFC 3339 in UTC with milliseconds, such as `2026-11-21T08:15:00.123Z`.
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(stamp) => format!("{stamp:.3}"),
            Err(_) => format!("{} µs", self.0),
        }
    }

    /// Reads RFC 3339, or `2026-11-21 08:15:00` as SQLite writes it in UTC.
    pub fn parse(text: &str) -> Option<Micros> {
        let whole = match text.len() {
            19 => format!("{}Z", text.replacen(' ', "T", 1)),
            _ => text.to_string(),
        };
        whole.parse::<jiff::Timestamp>().ok().map(|stamp| Micros(stamp.as_microsecond()))
    }

    /// The moment of so many milliseconds since 1970.
    pub fn from_ms(ms: i64) -> Micros {
        Micros(ms.saturating_mul(1_000))
    }

    /// The time of day in UTC, such as `08:15:00`.
    pub fn clock(self) -> String {
        self.rfc3339().get(11..19).unwrap_or("--:--:--").to_string()
    }
}

/// A duration for people: `840ms`, `12.4s`, `3m05s`, `2h10m`, `4d03h`.
pub fn duration(ms: u64) -> String {
    let s = ms / 1000;
    match ms {
        0..=999 => format!("{ms}ms"),
        1_000..=59_999 => format!("{}.{}s", s, ms % 1000 / 100),
        60_000..=3_599_999 => format!("{}m{:02}s", s / 60, s % 60),
        3_600_000..=86_399_999 => format!("{}h{:02}m", s / 3600, s % 3600 / 60),
        _ => format!("{}d{:02}h", s / 86_400, s % 86_400 / 3600),
    }
}

/// How long ago, coarsely: `now`, `5m`, `3h`, `12d`.
pub fn age(ms: u64) -> String {
    match ms / 60_000 {
        0 => "now".to_string(),
        m @ 1..=59 => format!("{m}m"),
        m @ 60..=1439 => format!("{}h", m / 60),
        m => format!("{}d", m / 1440),
    }
}
