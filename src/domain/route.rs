//! A way to ask a model, and what a fault means for it.

use crate::domain::rests::DOOR_MS;
use crate::domain::time::duration;
use serde::{Deserialize, Serialize};

/// A way to ask: which model, where, with which credential.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The model.
    pub model: String,
    /// The endpoint, as it may be shown.
    pub at: String,
    /// The name of the credential; empty where none is sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
}

impl Route {
    /// In words: the model, where, and with which key.
    pub fn words(&self) -> String {
        let key = if self.key.is_empty() { String::new() } else { format!(" with ${}", self.key) };
        format!("{} at {}{key}", self.model, self.at)
    }
}

/// What a fault means for the way it happened on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detour {
    /// The way.
    pub from: Route,
    /// How long it rests, in milliseconds; none where it does not, or not for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_ms: Option<u64>,
    /// Whether the credential rests until it is another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// Whether the endpoint is shut.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shut: bool,
    /// The way that is taken next; none where the same is, or none is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Route>,
}

impl Detour {
    /// What is told of it: what rests, and who is asked next.
    pub fn words(&self) -> String {
        let who = if self.from.key.is_empty() { self.from.at.clone() } else { format!("${}", self.from.key) };
        let mut words = Vec::new();
        if self.disabled {
            words.push(format!("{who} is not used before it is changed"));
        } else if let Some(ms) = self.rest_ms {
            words.push(format!("{} rests {}", self.from.words(), duration(ms)));
        }
        if self.shut {
            words.push(format!("{} is left alone for {}", self.from.at, duration(DOOR_MS)));
        }
        words.extend(self.next.as_ref().map(|next| format!("next: {}", next.words())));
        words.join("; ")
    }
}
