//! The files of a workspace: kept as they are, compared, put back.

use crate::domain::files::{Change, LeftOut, Manifest};
use crate::domain::hash::Hash;
use crate::ports::Later;

/// Files that were kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The manifest's name: what `compare` is given.
    pub manifest: Hash,
    /// Files in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What is named in it and not kept.
    pub left_out: Vec<(String, LeftOut)>,
}

impl Kept {
    /// What a manifest holds.
    pub fn of(manifest: &Manifest, hash: Hash) -> Kept {
        let (files, bytes) = manifest.files();
        let left_out = manifest.left_out().map(|(path, why)| (path.to_string(), why)).collect();
        Kept { manifest: hash, files, bytes, left_out }
    }
}

/// Why a path that is not as a change has it is left alone.
pub const MOVED: &str = "it has changed since this was shown, and stays as it is; look again";

/// What came of putting files back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutBack {
    /// What was changed, in the order of the paths.
    pub changed: Vec<Change>,
    /// What could not be: the path and why.
    pub failed: Vec<(String, String)>,
}

/// Why files were not kept or put back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilesFault {
    /// The folder cannot be used.
    #[error("the folder {folder} cannot be used: {why}")]
    Folder {
        /// The folder.
        folder: String,
        /// Why.
        why: String,
    },
    /// What was kept is not there or cannot be read.
    #[error("the files kept as {manifest} cannot be read: {why}")]
    Gone {
        /// The manifest, in short.
        manifest: String,
        /// Why.
        why: String,
    },
    /// The store does not take them.
    #[error("the files cannot be stored: {why}")]
    Store {
        /// Why.
        why: String,
    },
}

/// What came of letting a folder of this program go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// It was registered nowhere: it stays as it is.
    Nothing,
    /// It was a worktree with nothing of its own: it is gone, and so is its registration.
    Removed,
    /// It is a worktree with files, ignored ones too, or commits that are nowhere else: it stays.
    Changed,
    /// Another session works in it: it stays.
    Used,
    /// Whether another session works in it could not be seen: it stays until it can.
    Unknown,
}

/// Files by folder; a folder is named by its absolute path.
///
/// Contract (`tests/it/contracts/files.rs`): `keep` changes nothing in the folder, never follows a link, and is durable when
/// it answers; two folders with the same files have the same manifest. `compare` answers what makes
/// the folder as the manifest says, except for what either side names without keeping it and for what ignore files name;
/// `put_back` does that, touches nothing outside of the folder, and no file that has changed since; to keep, put back
/// something else and put back again leaves the same files.
pub trait Files: Send + Sync {
    /// Keeps the files as they are. `last` is what was kept of this folder before, where that is known: what is in it
    /// need not be stored again.
    fn keep<'a>(&'a self, folder: &'a str, last: Option<Hash>) -> Later<'a, Result<Kept, FilesFault>>;
    /// Whether the folder is being looked through. What `keep` began goes on where nobody waits for it any more, so that
    /// the next time takes less; the next waits for it.
    fn busy(&self, _folder: &str) -> bool {
        false
    }
    /// What would have to be changed now to have the files of a manifest: what `put_back` is given. Changes nothing.
    fn compare<'a>(&'a self, folder: &'a str, manifest: Hash) -> Later<'a, Result<Vec<Change>, FilesFault>>;
    /// Makes these changes and no others. A path that is not as the change has it any more is left as it is and told as
    /// failed; one that fails does not keep the others from it.
    fn put_back<'a>(
        &'a self,
        folder: &'a str,
        changes: &'a [Change],
    ) -> Later<'a, Result<PutBack, FilesFault>>;
    /// Makes an empty folder of that name among those of this program, or `into`, which must be empty or not there.
    /// Answers its absolute path.
    fn make(&self, name: &str, into: Option<&str>) -> Result<String, FilesFault>;
    /// Makes an empty folder a worktree of the repository that `of` is, where the commit it stands at has exactly the
    /// files of the manifest; answers the commit. No file is laid by that, and nothing else in the repository changes.
    fn worktree<'a>(&'a self, of: &'a str, folder: &'a str, manifest: Hash) -> Later<'a, Option<String>> {
        let _ = (of, folder, manifest);
        Box::pin(std::future::ready(None))
    }
    /// The worktrees that `make` and `worktree` made and that are still there: each by its name and its absolute path.
    fn worktrees(&self) -> Later<'_, Vec<(String, String)>> {
        Box::pin(std::future::ready(Vec::new()))
    }
    /// Lets a folder of that name go, which `make` made: a worktree that holds nothing new is removed with its
    /// registration.
    fn release<'a>(&'a self, name: &'a str, folder: &'a str) -> Later<'a, Released> {
        let _ = (name, folder);
        Box::pin(std::future::ready(Released::Nothing))
    }
}
