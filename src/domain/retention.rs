//! How long sessions that were put away are kept, and what a rule would let go.

use std::fmt;

/// The rules; none is for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Days in the archive; then a session goes into the bin.
    pub archived_days: Option<u32>,
    /// Days in the bin; then a session is removed for good.
    pub deleted_days: Option<u32>,
}

impl Rules {
    /// The rules as the configuration writes them: 0 is for ever.
    pub fn of_days(archived: u32, deleted: u32) -> Rules {
        let days = |days: u32| (days > 0).then_some(days);
        Rules { archived_days: days(archived), deleted_days: days(deleted) }
    }

    /// The same back.
    pub fn days(self) -> (u32, u32) {
        (self.archived_days.unwrap_or(0), self.deleted_days.unwrap_or(0))
    }
}

/// What rules would let go now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Sessions that would go into the bin.
    pub binned: usize,
    /// Sessions that would be removed for good.
    pub purged: usize,
}

/// What is typed is no number of days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadDays(String);

impl fmt::Display for BadDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_str() {
            "" => f.write_str("nothing is typed"),
            typed => write!(f, "{typed:?} is no number of days"),
        }
    }
}

/// Days as they are typed: `30`, `30 days`, `never`. 0 is refused where it may be meant as "at once".
pub fn read_days(typed: &str) -> Result<Option<u32>, BadDays> {
    let typed = typed.trim().to_lowercase();
    if typed == "never" {
        return Ok(None);
    }
    let number = typed.strip_suffix("days").or(typed.strip_suffix("day")).unwrap_or(&typed).trim_end();
    match number.parse::<u32>() {
        Ok(days) if days > 0 => Ok(Some(days)),
        Ok(_) | Err(_) => Err(BadDays(typed)),
    }
}

/// The same to be typed again.
pub fn days_typed(days: Option<u32>) -> String {
    days.map_or_else(|| "never".to_string(), |days| days.to_string())
}
