//! The terms of a lease as they are typed: how often, until when, below which folder, and for which arguments.
//!
//! ```text
//! uses = 5
//! until = run
//! under = .
//! argv starts ["cargo","test"]
//! ```

use crate::domain::amount::span_ms;
use crate::domain::call::By;
use crate::domain::event::Fact;
use crate::domain::lease_pattern::{BadLine, LINES_MAX, Pattern, plain};
use crate::domain::lexical::{Placed, below, place};
use crate::domain::order::Order;
use crate::domain::session::Session;
use crate::domain::time::Micros;
use serde_json::Value;
use std::fmt;

/// Uses of a lease at most.
pub const USES_MAX: u32 = 1_000;
/// Uses where nothing else is said.
pub const USES: u32 = 5;
/// The longest time that may be typed, in milliseconds: thirty days.
const AFTER_MAX: u64 = 30 * 86_400_000;

/// Until when a lease holds, besides the end of its run or session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// No time.
    #[default]
    Open,
    /// So many milliseconds from when it is given.
    After(u64),
    /// A moment.
    At(Micros),
}

/// What is granted.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// How often.
    pub uses: u32,
    /// Whether it outlives its run.
    pub lasting: bool,
    /// Until when.
    pub until: Until,
    /// The folder below which it holds, told from the workspace; `.` for all of it.
    pub under: String,
    /// For which arguments.
    pub pattern: Pattern,
}

impl Terms {
    /// As narrow as can be: for exactly these arguments, for the run; none where they are no object.
    pub fn narrow(args: &Value) -> Option<Terms> {
        let pattern = Pattern::narrow(args)?;
        Some(Terms { uses: USES, lasting: false, until: Until::Open, under: ".".to_string(), pattern })
    }

    /// Reads terms; what is wrong is told by line.
    pub fn parse(text: &str) -> Result<Terms, Vec<BadLine>> {
        let mut terms = Terms {
            uses: USES,
            lasting: false,
            until: Until::Open,
            under: ".".to_string(),
            pattern: Pattern::default(),
        };
        let (mut faults, mut seen): (Vec<BadLine>, Vec<&str>) = (Vec::new(), Vec::new());
        for (line, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            let setting = text.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
            let read = match setting.filter(|(name, _)| ["uses", "until", "under"].contains(name)) {
                Some((name, _)) if seen.contains(&name) => Err(format!("{name} is there twice")),
                Some((name, value)) => {
                    seen.push(name);
                    terms.set(name, value)
                }
                None => terms.pattern.add(text),
            };
            if let Err(why) = read {
                faults.push(BadLine { line, why });
            }
            if line > LINES_MAX * 2 {
                break;
            }
        }
        if faults.is_empty() { Ok(terms) } else { Err(faults) }
    }

    /// Sets one of `uses`, `until` and `under`, as typed.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "uses" => {
                let many = value.parse().ok().filter(|many| (1..=USES_MAX).contains(many));
                self.uses = many.ok_or_else(|| format!("uses is a number from 1 to {USES_MAX}"))?;
            }
            "under" => match place("/w", value) {
                Placed::Inside(inside) if plain(value) && !value.starts_with('/') => self.under = inside,
                Placed::Inside(_) | Placed::Outside(_) | Placed::Nowhere => {
                    return Err("under is a folder of the workspace, such as src; . is all of it".to_string());
                }
            },
            _ => (self.lasting, self.until) = until(value)?,
        }
        Ok(())
    }

    /// Its moment, as of `now`.
    pub fn until_at(&self, now: Micros) -> Option<Micros> {
        match self.until {
            Until::Open => None,
            Until::After(ms) => Some(now.plus_ms(ms)),
            Until::At(at) => Some(at),
        }
    }

    /// The folder below which it holds, absolute.
    pub fn root(&self, workspace: &str) -> String {
        match self.under.as_str() {
            "." => workspace.to_string(),
            under => format!("{}/{under}", workspace.trim_end_matches('/')),
        }
    }

    /// The terms that a fact grants; none where this program cannot read them.
    pub(in crate::domain) fn granted(fact: &Fact, workspace: &str) -> Option<Terms> {
        let Fact::LeaseGranted { pattern, root, uses, until, lasting, .. } = fact else { return None };
        let (until, under) = (until.map_or(Until::Open, Until::At), below(root, workspace)?);
        let pattern = Pattern::parse(pattern).ok()?;
        Some(Terms { uses: *uses, lasting: *lasting, until, under, pattern })
    }
}

/// The order that a stored fact about a lease tells of, and whose it was; none where no order begins so.
pub(in crate::domain) fn told_of_lease<'a>(
    session: &Session,
    first: &'a Fact,
    then: Option<&Fact>,
) -> Option<(Order, &'a By)> {
    if let (Fact::LeaseGranted { call, by, .. }, Some(Fact::CallApproved { hash, .. })) = (first, then) {
        let terms = Terms::granted(first, &session.workspace)?;
        Some((Order::Grant { call: *call, hash: *hash, terms }, by))
    } else if let Fact::LeaseRevoked { lease, by } = first {
        Some((Order::Revoke(*lease), by))
    } else {
        None
    }
}

/// `run` or `session`, a time after which it is over in any case, or both.
fn until(text: &str) -> Result<(bool, Until), String> {
    let bad = || {
        "until is run or session, a time such as 30m, 2h or 2026-11-22T18:00:00Z, or both: session 2h"
            .to_string()
    };
    let (mut lasting, mut until) = (None, None);
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        match word {
            "run" | "session" if lasting.is_none() => lasting = Some(word == "session"),
            _ if until.is_none() => until = Some(moment(word).ok_or_else(bad)?),
            _ => return Err(bad()),
        }
    }
    match (lasting, until) {
        (None, None) => Err(bad()),
        _ => Ok((lasting.unwrap_or(false), until.unwrap_or_default())),
    }
}

fn moment(word: &str) -> Option<Until> {
    if let Some(at) = Micros::parse(word) {
        return Some(Until::At(at));
    }
    let ms = span_ms(word).filter(|ms| (1..=AFTER_MAX).contains(ms))?;
    Some(Until::After(ms))
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "uses = {}\nuntil = {}", self.uses, if self.lasting { "session" } else { "run" })?;
        match self.until {
            Until::Open => {}
            Until::After(ms) => write!(f, " {}", span(ms))?,
            Until::At(at) => write!(f, " {}", at.rfc3339())?,
        }
        write!(f, "\nunder = {}\n{}", self.under, self.pattern)
    }
}

/// Milliseconds in the largest unit that tells them whole.
fn span(ms: u64) -> String {
    let units = [(86_400_000, 'd'), (3_600_000, 'h'), (60_000, 'm')];
    let fits = units.into_iter().find(|(unit, _)| ms.is_multiple_of(*unit));
    let (unit, sign) = fits.unwrap_or((1_000, 's'));
    format!("{}{sign}", ms / unit)
}
