//! Whether a verdict lets a call go or hands it to a person: one rule, for the session, for its row in the list and for the
//! timeline.

use crate::domain::call::Preview;
use crate::domain::event::Fact;
use crate::domain::hash::Hash;
use crate::domain::policy::{Verdict, Word};
use serde::{Deserialize, Serialize};

/// What a verdict comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It may start.
    Cleared {
        /// True where a person said so; false where the policy allowed it.
        by_person: bool,
    },
    /// It waits for a person.
    Held,
    /// An edit is denied: the call waits for a person, as it was before the edit.
    EditDenied,
    /// The policy denies it.
    Denied,
}

/// What was said and shown of a call, as far as the next verdict on it asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The action that a person approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approved: Option<Hash>,
    /// Whether its arguments were changed and not judged since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    edited: bool,
    /// The file and the content in it that would be replaced, as last shown to a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shown: Option<Hash>,
}

impl Consent {
    /// Whether a later verdict may still ask for what was said and shown before this fact.
    pub fn outlives(fact: &Fact) -> bool {
        matches!(
            fact,
            Fact::CallEdited { .. }
                | Fact::CallApproved { .. }
                | Fact::CallLapsed { .. }
                | Fact::LeaseUsed { .. }
        )
    }

    /// Takes in a fact about the call; a verdict comes to something.
    pub fn apply(&mut self, fact: &Fact) -> Option<Ruling> {
        if let Fact::CallJudged { verdict, hash, preview, .. } = fact {
            return Some(self.judged(verdict, *hash, preview));
        } else if let Fact::CallEdited { .. } = fact {
            self.edited = true;
        } else if let Fact::CallApproved { hash, .. } = fact {
            self.approved = Some(*hash);
        } else if let Fact::CallLapsed { .. } = fact {
            self.approved = None;
        } else if let Fact::SessionForked { .. } = fact {
            // What was said to it in the parent is history; it is judged again.
            (self.approved, self.edited) = (None, false);
        }
        None
    }

    /// What was edited and denied goes back to the operator as it was before the edit; what was edited and would replace a
    /// content that the operator has not seen, or is not what was approved, is shown to them first.
    fn judged(&mut self, verdict: &Verdict, hash: Hash, preview: &Preview) -> Ruling {
        let edit_pending = std::mem::take(&mut self.edited) && self.approved.is_some();
        if edit_pending && verdict.word == Word::Deny {
            self.approved = None;
            return Ruling::EditDenied;
        }
        let before = self.shown;
        // What would be replaced may be large, and is looked at where somebody has been or will be shown it.
        if edit_pending {
            self.shown = replaced(preview);
        }
        let unseen = edit_pending && self.shown.is_some() && self.shown != before;
        match verdict.word {
            Word::Deny => Ruling::Denied,
            Word::Allow | Word::Ask if !unseen && self.approved == Some(hash) => {
                Ruling::Cleared { by_person: true }
            }
            Word::Allow if self.approved.is_none() => Ruling::Cleared { by_person: false },
            Word::Allow | Word::Ask => {
                if !edit_pending {
                    self.shown = replaced(preview);
                }
                self.approved = None;
                Ruling::Held
            }
        }
    }
}

/// The file and the content in it that a call would replace.
fn replaced(preview: &Preview) -> Option<Hash> {
    let Preview::Change { path, before: Some(before), .. } = preview else { return None };
    Some(Hash::chained(Hash::of(path.as_bytes()), before.as_bytes()))
}
