//! Folders that are only in memory: for runs that are simulated.

use crate::domain::files::{Change, Deed, Entry, Manifest, changes};
use crate::domain::hash::Hash;
use crate::ports::Later;
use crate::ports::files::{Files, FilesFault, Kept, MOVED, PutBack};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The permission bits of everything here.
const MODE: u32 = 0o644;

/// Folders by path, each with its files by path. Clones share them. A folder that nobody wrote to is empty.
#[derive(Clone, Default)]
pub struct MemoryFiles(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    folders: HashMap<String, BTreeMap<String, Vec<u8>>>,
    contents: HashMap<Hash, Vec<u8>>,
    manifests: HashMap<Hash, Manifest>,
}

impl MemoryFiles {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a file.
    pub fn write(&self, folder: &str, path: &str, content: &[u8]) {
        let mut inner = self.inner();
        inner.folders.entry(folder.to_string()).or_default().insert(path.to_string(), content.to_vec());
    }

    /// Removes a file.
    pub fn remove(&self, folder: &str, path: &str) {
        if let Some(files) = self.inner().folders.get_mut(folder) {
            files.remove(path);
        }
    }

    /// The files of a folder.
    pub fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        self.inner().folders.get(folder).cloned().unwrap_or_default()
    }
}

impl Inner {
    fn manifest(&self, folder: &str) -> Manifest {
        let mut manifest = Manifest::default();
        for (path, content) in self.folders.get(folder).into_iter().flatten() {
            for (end, _) in path.match_indices('/') {
                let above = path.get(..end).unwrap_or_default().to_string();
                manifest.entries.insert(above, Entry::Folder { mode: 0o755 });
            }
            let entry = Entry::File { hash: Hash::of(content), size: content.len() as u64, mode: MODE };
            manifest.entries.insert(path.clone(), entry);
        }
        manifest
    }

    fn plan(&self, folder: &str, manifest: Hash) -> Result<Vec<Change>, FilesFault> {
        let then = self.manifests.get(&manifest).ok_or_else(|| FilesFault::Gone {
            manifest: manifest.short(),
            why: "it was never kept".to_string(),
        })?;
        Ok(changes(&self.manifest(folder), then))
    }
}

impl Files for MemoryFiles {
    fn keep<'a>(&'a self, folder: &'a str, _: Option<Hash>) -> Later<'a, Result<Kept, FilesFault>> {
        let mut inner = self.inner();
        let manifest = inner.manifest(folder);
        let hash = manifest.hash();
        for content in inner.folders.get(folder).cloned().unwrap_or_default().into_values() {
            inner.contents.insert(Hash::of(&content), content);
        }
        let kept = Kept::of(&manifest, hash);
        inner.manifests.insert(hash, manifest);
        Box::pin(std::future::ready(Ok(kept)))
    }

    fn compare<'a>(&'a self, folder: &'a str, manifest: Hash) -> Later<'a, Result<Vec<Change>, FilesFault>> {
        Box::pin(std::future::ready(self.inner().plan(folder, manifest)))
    }

    fn put_back<'a>(
        &'a self,
        folder: &'a str,
        changes: &'a [Change],
    ) -> Later<'a, Result<PutBack, FilesFault>> {
        let mut inner = self.inner();
        let (contents, now) = (inner.contents.clone(), inner.manifest(folder));
        let files = inner.folders.entry(folder.to_string()).or_default();
        let mut done = PutBack::default();
        for change in changes {
            let is_file = |entry: &Option<Entry>| matches!(entry, Some(Entry::File { .. }));
            let moved = now.entries.get(&change.path) != change.from.as_ref();
            if moved && (is_file(&change.from) || is_file(&change.to)) {
                done.failed.push((change.path.clone(), MOVED.to_string()));
                continue;
            }
            done.changed.push(change.clone());
            match (change.deed, &change.to) {
                (Deed::Remove, _) => drop(files.remove(&change.path)),
                (_, Some(Entry::File { hash, .. })) => {
                    files.insert(change.path.clone(), contents.get(hash).cloned().unwrap_or_default());
                }
                (Deed::Create | Deed::Replace, _) => {} // folders are there with their files
            }
        }
        Box::pin(std::future::ready(Ok(done)))
    }

    fn make(&self, name: &str, into: Option<&str>) -> Result<String, FilesFault> {
        let folder = into.map_or_else(|| format!("/forks/{name}"), str::to_string);
        match self.inner().folders.get(&folder).is_none_or(BTreeMap::is_empty) {
            true => Ok(folder),
            false => Err(FilesFault::Folder { folder, why: "it is not empty".to_string() }),
        }
    }
}
