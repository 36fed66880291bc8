//! The form of an event on disk: one line of JSON. A known kind must fit; an unknown one is kept as it is.

use crate::domain::event::{Event, Fact};
use crate::domain::ids::{EventNo, RunNo};
use crate::domain::time::Micros;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The form on disk.
#[derive(Serialize, Deserialize)]
struct Stored<'a, F> {
    no: EventNo,
    at: Micros,
    run: RunNo,
    span: EventNo,
    parent: EventNo,
    #[serde(flatten)]
    fact: F,
    #[serde(skip)]
    life: std::marker::PhantomData<&'a ()>,
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
        let stored = Stored {
            no: self.no,
            at: self.at,
            run: self.run,
            span: self.span,
            parent: self.parent,
            fact,
            life: std::marker::PhantomData,
        };
        serde_json::to_string(&stored).unwrap_or_default() // invariant: every field serialises (no maps with odd keys)
    }

    /// Reads stored bytes. A known kind must fit; an unknown one is kept as it is.
    pub fn from_json(text: &str) -> Result<Event, BadEvent> {
        let bad = |error: serde_json::Error| BadEvent { why: error.to_string() };
        let (fact, stored) = match serde_json::from_str::<Stored<'_, Fact>>(text) {
            Ok(stored) => (stored.fact.clone(), stored.erased()),
            Err(error) => {
                let stored: Stored<'_, Foreign> = serde_json::from_str(text).map_err(bad)?;
                if Fact::knows(&stored.fact.kind) {
                    return Err(bad(error));
                }
                (
                    Fact::Unknown { kind: stored.fact.kind.clone(), data: stored.fact.data.clone() },
                    stored.erased(),
                )
            }
        };
        let (no, at, run, span, parent) = stored;
        Ok(Event { no, at, run, span, parent, fact })
    }
}

#[derive(Deserialize)]
struct Foreign {
    kind: String,
    #[serde(default)]
    data: Value,
}

impl<F> Stored<'_, F> {
    fn erased(&self) -> (EventNo, Micros, RunNo, EventNo, EventNo) {
        (self.no, self.at, self.run, self.span, self.parent)
    }
}
