//! Allow, ask or deny, and which rule said so.

use serde::{Deserialize, Serialize};

/// The policy's word on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// It may run.
    Allow,
    /// A person decides.
    Ask,
    /// It never runs.
    Deny,
}

/// A word, the rule that gave it and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The word.
    pub word: Word,
    /// The rule's name, with its line where it has one.
    pub rule: String,
    /// Why, as a sentence for the operator.
    pub why: String,
    /// The policy's version: part of what a decision is bound to.
    pub policy: String,
    /// The rule that wants a person each time: no lease covers it, and no flag approves it. None where no rule does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// How much of a run waits for a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The policy decides.
    #[default]
    Auto,
    /// Every call that does more than read asks.
    Ask,
    /// Every step waits.
    Step,
}

impl Mode {
    /// The name as typed.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Auto => "auto",
            Mode::Ask => "ask",
            Mode::Step => "step",
        }
    }
}
