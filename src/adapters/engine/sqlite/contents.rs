//! Large content, as the port wants it.

use super::Sqlite;
use super::job::Work;
use crate::domain::hash::Hash;
use crate::ports::Later;
use crate::ports::blobs::Blobs;
use crate::ports::log::LogFault;
use std::sync::Arc;

impl Blobs for Sqlite {
    fn put(&self, content: Arc<[u8]>) -> Later<'_, Result<Hash, LogFault>> {
        Box::pin(async move {
            let hash = Hash::of(&content);
            self.write(Work::Put(hash, content)).await?;
            Ok(hash)
        })
    }

    fn put_all(&self, contents: Vec<Arc<[u8]>>) -> Later<'_, Result<Vec<Hash>, LogFault>> {
        Box::pin(async move {
            let hashes: Vec<Hash> = contents.iter().map(|content| Hash::of(content)).collect();
            let puts = hashes.iter().zip(contents).map(|(hash, content)| Work::Put(*hash, content));
            self.write_all(puts.collect()).await?;
            Ok(hashes)
        })
    }

    fn get(&self, hash: Hash) -> Later<'_, Result<Option<Vec<u8>>, LogFault>> {
        Box::pin(self.query(move |reader| reader.blob(hash)))
    }

    fn forget(&self, hash: Hash) -> Later<'_, Result<(), LogFault>> {
        Box::pin(async move { self.write(Work::Drop(hash)).await.map(|_| ()) })
    }
}
