//! The folder and the files of a store: made for their owner's eyes only, and known again.
//!
//! Beside the database stands an anchor: the number and the seal of the last acknowledged commit, written after its
//! sync. It needs no sync of its own: it may lag behind the truth after a power cut, but never runs ahead of it. So a
//! journal that lost its end, which SQLite takes for a shorter but sound store, is told from one that never was longer.
//!
//! The law here: nobody but SQLite opens a database file, its journal or its index. Its locks are the process's, and the
//! system drops all of them when any descriptor of that file is closed (https://www.sqlite.org/howtocorrupt.html, 2.2);
//! another process then takes itself for the first one. So a new file is made under another name, closed, and only
//! then put in its place; what is there is only asked for its metadata.

use super::fault::unavailable;
use crate::domain::hash::Hash;
use crate::ports::log::LogFault;
use std::collections::hash_map::RandomState;
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::hash::{BuildHasher, Hasher};
use std::io::{Error, ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const FILE: &str = "tackroom.db";
/// SQLite's smallest page: a file below that is not its own, though it would write over it.
const PAGE_MIN: u64 = 512;
const ANCHOR: &str = "tackroom.anchor";

/// Where a store is.
#[derive(Clone, Debug)]
pub struct Place {
    /// The folder.
    pub dir: PathBuf,
    /// The database file in it.
    pub file: PathBuf,
}

/// When a file was last written (seconds, nanoseconds), and its size.
pub type Written = (i64, i64, u64);

/// The last commit that was acknowledged, as the anchor knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Its number over all sessions.
    pub n: i64,
    /// Its seal.
    pub seal: Hash,
}

impl Place {
    /// The place in `dir`, whether there is a store or not.
    pub fn at(dir: &Path) -> Place {
        Place { dir: dir.to_path_buf(), file: dir.join(FILE) }
    }

    /// Whether a store is there; a file without a byte is not one yet.
    pub fn holds_store(&self) -> bool {
        std::fs::metadata(&self.file).is_ok_and(|meta| meta.len() > 0) || self.journal().exists()
    }

    /// Makes folder and file, or checks those that are there.
    pub fn prepare(&self) -> Result<(), LogFault> {
        private_folder(&self.dir, self.holds_store())?;
        private_file(&self.file).map_err(|error| cannot("make", &self.file, &error))?;
        self.check()?;
        for file in [self.file.clone(), self.journal(), self.shared_memory(), self.dir.join(ANCHOR)] {
            tighten(&file)?;
        }
        Ok(())
    }

    /// Whether what is there can be a store: not a link, and not emptied beside its own journal.
    pub fn check(&self) -> Result<(), LogFault> {
        let meta =
            std::fs::symlink_metadata(&self.file).map_err(|error| cannot("open", &self.file, &error))?;
        if !meta.is_file() {
            return Err(unavailable(format!(
                "the store is not a regular file ({}); move it away, or name another data folder",
                self.file.display()
            )));
        }
        if (1..PAGE_MIN).contains(&meta.len()) {
            return Err(unavailable(format!(
                "this is not a tackroom store ({}); move it away, or name another data folder",
                self.file.display()
            )));
        }
        if meta.len() == 0 && (self.journal().exists() || self.anchor().is_some()) {
            return Err(unavailable(format!(
                "the store was emptied ({}): its journal or anchor is there, its content is not; put a copy back",
                self.file.display()
            )));
        }
        Ok(())
    }

    /// Whether the journal is there: without it nobody has the store open for writing.
    pub fn has_journal(&self) -> bool {
        self.journal().exists()
    }

    /// What tells this file from another one of the same name.
    pub fn identity(&self) -> Option<(u64, u64)> {
        std::fs::metadata(&self.file).ok().map(|meta: Metadata| (meta.dev(), meta.ino()))
    }

    /// The anchor, if there is one that can be read.
    pub fn anchor(&self) -> Option<Anchor> {
        let mut text = String::new();
        File::open(self.dir.join(ANCHOR)).ok()?.take(1024).read_to_string(&mut text).ok()?;
        let (n, seal) = text.trim_end().split_once(' ')?;
        Some(Anchor { n: n.parse().ok()?, seal: Hash::parse(seal)? })
    }

    /// The anchor's file, for `write_anchor`.
    pub fn open_anchor(&self) -> Result<File, LogFault> {
        let file = self.dir.join(ANCHOR);
        private_file(&file).map_err(|error| cannot("make", &file, &error))?;
        OpenOptions::new().write(true).open(&file).map_err(|error| cannot("open", &file, &error))
    }

    /// The folder of the claims' lock files.
    pub fn locks(&self) -> PathBuf {
        self.dir.join("locks")
    }

    /// The folder of what can be made anew from the sessions.
    pub fn aside(&self) -> PathBuf {
        self.dir.join("surveys")
    }

    /// The file of the drafts.
    pub fn drafts(&self) -> PathBuf {
        self.dir.join("live.db")
    }

    /// What to tell about an anchor that names more than is stored.
    pub fn lost_end(&self, anchor: Anchor) -> String {
        format!(
            "the store lost its end ({}): {} commits were acknowledged, the last one is gone; it is open for reading \
             only. Put a whole copy back, or delete {} to go on without what is lost",
            self.file.display(),
            anchor.n,
            self.dir.join(ANCHOR).display()
        )
    }

    fn journal(&self) -> PathBuf {
        self.dir.join(format!("{FILE}-wal"))
    }

    /// The journal of a file that is not in WAL yet.
    pub fn rollback(&self) -> PathBuf {
        self.dir.join(format!("{FILE}-journal"))
    }

    /// When the journal was last written, and its size; none where that cannot be told.
    pub fn journal_written(&self) -> Option<Written> {
        written(&self.journal())
    }

    fn shared_memory(&self) -> PathBuf {
        self.dir.join(format!("{FILE}-shm"))
    }
}

/// When a file was last written, and its size; none where that cannot be told.
pub fn written(file: &Path) -> Option<Written> {
    let meta = std::fs::metadata(file).ok()?;
    Some((meta.mtime(), meta.mtime_nsec(), meta.len()))
}

/// Writes the anchor in place: one small write that is whole or not there.
pub fn write_anchor(file: &File, anchor: Anchor) -> std::io::Result<()> {
    file.write_all_at(format!("{:020} {}\n", anchor.n, anchor.seal).as_bytes(), 0)
}

/// Makes an empty file that only its owner may read, if there is none of that name. It is closed before it has that name.
pub fn private_file(path: &Path) -> std::io::Result<()> {
    if std::fs::symlink_metadata(path).is_ok() {
        return Ok(());
    }
    // A name that nobody can guess: the standard library seeds its hashers from the system's randomness.
    let random = || RandomState::new().build_hasher().finish();
    let made = path.with_file_name(format!(".new-{:016x}{:016x}", random(), random()));
    drop(OpenOptions::new().write(true).create_new(true).mode(0o600).open(&made)?);
    let linked = std::fs::hard_link(&made, path);
    let placed = match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists && !path.exists() => {
            return std::fs::rename(&made, path); // a file system without links
        }
        Ok(()) | Err(_) => Ok(()), // somebody else was quicker
    };
    let _ = std::fs::remove_file(&made); // an empty file more is no harm
    placed
}

/// Makes a folder that only its owner may enter. One that was there before is closed to others only if it is ours
/// alone: empty, or with a store in it.
pub fn private_folder(dir: &Path, ours: bool) -> Result<(), LogFault> {
    let fault = |error| cannot("make", dir, &error);
    if let Ok(meta) = std::fs::metadata(dir) {
        let empty = || std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none());
        if meta.is_dir() && meta.mode() & 0o077 != 0 && (ours || empty()) {
            return std::fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(fault);
        }
    }
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(fault)
}

fn tighten(file: &Path) -> Result<(), LogFault> {
    match std::fs::metadata(file) {
        Ok(meta) if meta.mode() & 0o077 != 0 => std::fs::set_permissions(file, Permissions::from_mode(0o600))
            .map_err(|error| cannot("close to others", file, &error)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// A sentence about a file.
pub fn cannot(what: &str, path: &Path, error: &Error) -> LogFault {
    unavailable(format!("cannot {what} {}: {error}", path.display()))
}
