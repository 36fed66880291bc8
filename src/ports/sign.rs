//! Signatures of an operator's decisions, kept apart from the log.

use crate::domain::signed::Stated;

/// Signs with a key that only the operator holds.
///
/// Contract (`tests/it/signed.rs`): when it answers, the signature is durable, and names the one before it in the same book.
pub trait Signer: Send + Sync {
    /// Whether it could sign now; fails with a sentence. Asked before anything is decided.
    fn ready(&self) -> Result<(), String>;
    /// Signs decisions that are in the log already, and keeps that. Fails with a sentence.
    fn sign(&self, stated: Stated) -> Result<(), String>;
}
