//! The form of an event on disk: one line of JSON. A known kind must fit; an unknown one is kept as it is.

use crate::domain::event::{Event, Fact};
use crate::domain::ids::{EventNo, RunNo};
use crate::domain::time::Micros;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The form on disk.
#[derive(Serialize)]
struct Stored<'a, F> {
    no: EventNo,
    at: Micros,
    run: RunNo,
    span: EventNo,
    parent: EventNo,
    #[serde(flatten)]
    fact: &'a F,
}

/// What stands before the fact.
#[derive(Deserialize)]
struct Place {
    no: EventNo,
    at: Micros,
    run: RunNo,
    span: EventNo,
    parent: EventNo,
}

impl Place {
    /// As this program writes it; none where it stands there in another way.
    fn written(text: &str) -> Option<Place> {
        let mut rest = text;
        let mut number = |key: &str| {
            let from = rest.strip_prefix(key)?;
            let digits = from.find(|digit: char| digit != '-' && !digit.is_ascii_digit())?;
            let (number, after) = from.split_at(digits);
            rest = after;
            Some(number)
        };
        let no = EventNo(number(r#"{"no":"#)?.parse().ok()?);
        let at = Micros(number(r#","at":"#)?.parse().ok()?);
        let run = RunNo(number(r#","run":"#)?.parse().ok()?);
        let span = EventNo(number(r#","span":"#)?.parse().ok()?);
        let parent = EventNo(number(r#","parent":"#)?.parse().ok()?);
        rest.starts_with(r#","kind":""#).then_some(Place { no, at, run, span, parent })
    }
}

/// A stored event that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this stored event cannot be read: {why}")]
pub struct BadEvent {
    /// What the parser said.
    pub why: String,
}

impl Event {
    /// The stored bytes: one line of JSON.
    pub fn to_json(&self) -> String {
        if let Fact::Unknown { kind, data } = &self.fact {
            return self.line(&serde_json::json!({ "kind": kind, "data": data }));
        }
        self.line(&self.fact)
    }

    fn line<F: Serialize>(&self, fact: &F) -> String {
        let stored =
            Stored { no: self.no, at: self.at, run: self.run, span: self.span, parent: self.parent, fact };
        serde_json::to_string(&stored).unwrap_or_default() // invariant: every field serialises (no maps with odd keys)
    }

    /// Reads stored bytes. A known kind must fit; an unknown one is kept as it is.
    ///
    /// The text is read twice, past what the other time is for: put together in one form, every value of the fact would be
    /// built twice, which takes several times as long.
    pub fn from_json(text: &str) -> Result<Event, BadEvent> {
        let bad = |error: serde_json::Error| BadEvent { why: error.to_string() };
        let place = Place::written(text).map_or_else(|| serde_json::from_str(text).map_err(bad), Ok)?;
        let Place { no, at, run, span, parent } = place;
        let fact = match serde_json::from_str::<Fact>(text) {
            Ok(fact) => fact,
            Err(error) => {
                let Foreign { kind, data } = serde_json::from_str(text).map_err(bad)?;
                if Fact::knows(&kind) {
                    return Err(bad(error));
                }
                Fact::Unknown { kind, data }
            }
        };
        Ok(Event { no, at, run, span, parent, fact })
    }
}

#[derive(Deserialize)]
struct Foreign {
    kind: String,
    #[serde(default)]
    data: Value,
}
