//! Hide secrets before anything is written or shown, and put them back where a call needs them.

/// A text in which nothing is to be shown that was hidden, and what it would take to put it back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{handle} stands for a secret that this process does not have")]
pub struct Unknown {
    /// The handle.
    pub handle: String,
}

/// What is known of secrets in this process; nothing of it is ever written.
///
/// Contract (`tests/it/contracts/veil.rs`): what `hide` answers holds no secret that it was told of or that has a known form;
/// `reveal` of it is the text; hiding twice is hiding once.
pub trait Veil: Send + Sync {
    /// The text with a handle in the place of each secret; none where there is nothing to hide.
    fn hide(&self, text: &str) -> Option<String>;
    /// The same for what is never put back: the same text always gives the same.
    fn blot(&self, text: &str) -> Option<String>;
    /// Hides what comes bit by bit: the part of `pending` that can be told, hidden, and how much of it that was. `before` is
    /// what came before it, as it came.
    fn hide_on(&self, before: &str, pending: &str) -> (String, usize);
    /// The text with what its handles stand for; none where there are none.
    fn reveal(&self, text: &str) -> Result<Option<String>, Unknown>;
}
