//! Large content by hash.

use crate::domain::hash::Hash;
use crate::ports::Later;
use crate::ports::log::LogFault;
use std::sync::Arc;

/// Content under its SHA-256.
///
/// Contract (`tests/it/contracts/blobs.rs`): what `put` answered is durable and `get` gives the same bytes, checked against the
/// hash; the same content is stored once.
pub trait Blobs: Send + Sync {
    /// Stores content; it is durable when this answers.
    fn put(&self, content: Arc<[u8]>) -> Later<'_, Result<Hash, LogFault>>;
    /// Stores several at once; all of them are durable when this answers, and cost little more than one.
    fn put_all(&self, contents: Vec<Arc<[u8]>>) -> Later<'_, Result<Vec<Hash>, LogFault>> {
        Box::pin(async move {
            let mut hashes = Vec::with_capacity(contents.len());
            for content in contents {
                hashes.push(self.put(content).await?);
            }
            Ok(hashes)
        })
    }
    /// The content, if it is there.
    fn get(&self, hash: Hash) -> Later<'_, Result<Option<Vec<u8>>, LogFault>>;
    /// Forgets content.
    fn forget(&self, hash: Hash) -> Later<'_, Result<(), LogFault>>;
}
