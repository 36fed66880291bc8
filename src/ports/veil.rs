//! Hide secrets before anything is written or shown, and put them back where a call needs them.

use crate::domain::secrets::{handles, replaced};

/// A handle of which nothing can be put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The handle.
    pub handle: String,
    /// Whether its value is known, and is not for calls: the operator did not name it.
    pub held_back: bool,
}

impl std::error::Error for Unknown {}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Unknown { handle, held_back } = self;
        match held_back {
            true => write!(
                f,
                "{handle} stands for a secret that calls may not use: only the operator can let them, by naming it under \
                 [secrets] in the configuration"
            ),
            false => write!(
                f,
                "{handle} stands for a secret that this process does not have: secrets are kept in memory only, and this one \
                 was seen by a process that has ended, or stood in the model's own words alone. Read it again from where it \
                 came, or have the operator name it under [secrets] in the configuration"
            ),
        }
    }
}

/// What a handle stands for; never written.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// The value.
    pub value: String,
    /// Where it came from, for an operator.
    pub from: String,
    /// Whether the operator named it.
    pub named: bool,
}

/// What is known of secrets in this process; nothing of it is ever written.
///
/// Contract (`tests/it/contracts/veil.rs`): what `hide_from` answers holds no secret that it was told of or that has a known
/// form; `reveal` of it is the text; hiding twice is hiding once. What is only masked is not known afterwards: a model's own
/// words make no secret.
pub trait Veil: Send + Sync {
    /// What comes from elsewhere, with a handle in the place of each secret, each of which is known from then on; none where
    /// there is nothing to hide. `from` is told to an operator who is to decide about a handle.
    fn hide_from(&self, text: &str, from: &str) -> Option<String>;
    /// A model's own words to be read: as `hide_from`, and nothing is known from then on.
    fn mask(&self, text: &str) -> Option<String>;
    /// A model's own words to be run: only what is known from elsewhere is hidden, for a form may be put round anything.
    fn hide_known(&self, text: &str) -> Option<String>;
    /// The same, and what has a form in `other` as well as here.
    fn hide_among(&self, text: &str, other: &str) -> Option<String>;
    /// As `mask` for what is never put back: the same text always gives the same.
    fn blot(&self, text: &str) -> Option<String>;
    /// Masks what comes bit by bit: the part of `pending` that can be told, hidden, and how much of it that was. `before` is
    /// what came before it, as it came.
    fn hide_on(&self, before: &str, pending: &str) -> (String, usize);
    /// What a handle stands for.
    fn secret(&self, handle: &str) -> Result<Secret, Unknown>;

    /// The text with what its handles stand for; none where there are none.
    fn reveal(&self, text: &str) -> Result<Option<String>, Unknown> {
        let handles = handles(text);
        if handles.is_empty() {
            return Ok(None);
        }
        let mut parts = Vec::with_capacity(handles.len());
        for range in handles {
            let value = self.secret(text.get(range.clone()).unwrap_or_default())?.value;
            parts.push((range, value));
        }
        Ok(Some(replaced(text, parts)))
    }
}
