//! The files of a folder as a manifest: only what changed since the last walk is read.

use super::Limits;
use super::dir::{Dir, Stamp};
use super::rules::Rules;
use crate::domain::files::{Entry, LeftOut, Manifest};
use crate::domain::hash::Hash;
use crate::domain::time::Micros;
use rustix::fs::FileType;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// Folders deeper than this are left out.
const DEPTH_MAX: usize = 100;
/// A file that changed so shortly before the walk is read again in the next, in microseconds: the clock of a file system
/// is too coarse to tell a second change in the same moment.
const SETTLED: i64 = 2_000_000;

/// The folders of version control: what is in them is not the workspace's content, and they keep their own history.
const HISTORY: [&str; 5] = [".git", ".hg", ".svn", ".jj", ".bzr"];

/// Files as they were read last, by path.
pub(super) type Memo = HashMap<String, (Stamp, Hash)>;

/// One walk.
pub(super) struct Scan {
    pub(super) folder: PathBuf,
    pub(super) own: Vec<PathBuf>,
    pub(super) limits: Limits,
    pub(super) now: Micros,
    pub(super) memo: Memo,
}

/// What a walk has found so far.
struct Found<'a> {
    scan: &'a Scan,
    send: &'a Sender<(Hash, Arc<[u8]>)>,
    manifest: Manifest,
    memo: Memo,
    bytes: u64,
}

impl Scan {
    /// Walks the folder; contents that were read go to `send`. Blocks.
    pub(super) fn walk(self, send: &Sender<(Hash, Arc<[u8]>)>) -> Result<(Manifest, Memo), String> {
        let dir = Dir::open(&self.folder).map_err(|error| error.to_string())?;
        let mut rules = Rules::above(&self.folder);
        let mut found =
            Found { scan: &self, send, manifest: Manifest::default(), memo: Memo::new(), bytes: 0 };
        found.folder(&dir, "", &mut rules, 0).map_err(|error| error.to_string())?;
        Ok((found.manifest, found.memo))
    }
}

impl Found<'_> {
    fn folder(&mut self, dir: &Dir, at: &str, rules: &mut Rules, depth: usize) -> std::io::Result<()> {
        let names = dir.names()?;
        rules.enter(at, |name| read_whole(dir, OsStr::new(name), 1 << 20));
        for name in names {
            self.thing(dir, at, &name, rules, depth);
        }
        rules.leave();
        Ok(())
    }

    fn thing(&mut self, dir: &Dir, at: &str, name: &OsString, rules: &mut Rules, depth: usize) {
        let shown = name.to_string_lossy();
        let path = if at.is_empty() { shown.to_string() } else { format!("{at}/{shown}") };
        let Ok(stamp) = dir.look(name) else {
            return; // it went in between
        };
        let kind = stamp.kind();
        let is_folder = kind == FileType::Directory;
        let is_ours = is_draft(&shown) || (is_folder && self.scan.is_own(&path));
        if HISTORY.contains(&&*shown) || is_ours || rules.names(&path, is_folder) {
            return;
        }
        if self.manifest.entries.len() >= self.scan.limits.entries {
            // What is not named would count as not there: so the whole folder counts as not known.
            let unknown = if at.is_empty() { path.as_str() } else { at };
            return self.add(unknown, Entry::LeftOut(LeftOut::TooMany));
        }
        let entry = match (name.to_str(), kind) {
            (None, _) => Entry::LeftOut(LeftOut::Name),
            (_, FileType::Directory) => match dir.folder(name) {
                Ok(_) if depth >= DEPTH_MAX => Entry::LeftOut(LeftOut::TooMany),
                Ok(child) => {
                    self.add(&path, Entry::Folder { mode: stamp.mode() });
                    if self.folder(&child, &path, rules, depth + 1).is_ok() {
                        return;
                    }
                    Entry::LeftOut(LeftOut::Unreadable)
                }
                Err(_) => Entry::LeftOut(LeftOut::Unreadable),
            },
            (_, FileType::Symlink) => match dir.link(name).map(String::from_utf8) {
                Ok(Ok(target)) => Entry::Link { target },
                Ok(Err(_)) => Entry::LeftOut(LeftOut::Name),
                Err(_) => Entry::LeftOut(LeftOut::Unreadable),
            },
            (_, FileType::RegularFile) => self.file(dir, name, &path, stamp),
            (_, _) => Entry::LeftOut(LeftOut::Special),
        };
        self.add(&path, entry);
    }

    fn add(&mut self, path: &str, entry: Entry) {
        self.manifest.entries.insert(path.to_string(), entry);
    }

    fn file(&mut self, dir: &Dir, name: &OsStr, path: &str, stamp: Stamp) -> Entry {
        if stamp.size > self.scan.limits.file {
            return Entry::LeftOut(LeftOut::TooLarge);
        }
        if self.bytes + stamp.size > self.scan.limits.total {
            return Entry::LeftOut(LeftOut::TooMany);
        }
        let known = self.scan.memo.get(path).filter(|(as_read, _)| *as_read == stamp).map(|(_, hash)| *hash);
        let hash = match known {
            Some(hash) => hash,
            None => match self.read(dir, name, stamp) {
                Ok(hash) => hash,
                Err(why) => return Entry::LeftOut(why),
            },
        };
        if self.scan.now.0 - stamp.changed() > SETTLED {
            self.memo.insert(path.to_string(), (stamp, hash));
        }
        self.bytes += stamp.size;
        Entry::File { hash, size: stamp.size, mode: stamp.mode() }
    }

    fn read(&self, dir: &Dir, name: &OsStr, stamp: Stamp) -> Result<Hash, LeftOut> {
        for _ in 0..3 {
            let content = read_whole(dir, name, self.scan.limits.file).ok_or(LeftOut::Unreadable)?;
            if content.len() as u64 == stamp.size && dir.look(name).is_ok_and(|now| now == stamp) {
                let hash = Hash::of(&content);
                // Nobody listens any more: then the walk is for nothing, and its end is near.
                let _ = self.send.blocking_send((hash, content.into()));
                return Ok(hash);
            }
        }
        Err(LeftOut::Changing)
    }
}

impl Scan {
    fn is_own(&self, path: &str) -> bool {
        let full = self.folder.join(path);
        self.own.contains(&full)
    }
}

/// Whether a folder holds anything that the manifest does not name, whatever ignore files say of it; `.git` at its top
/// does not count, and no folder by itself. What cannot be looked at counts. Blocks.
pub(super) fn holds_more(folder: &Path, manifest: &Manifest) -> bool {
    Dir::open(folder).map_or(true, |dir| more(&dir, "", manifest, 0))
}

fn more(dir: &Dir, at: &str, manifest: &Manifest, depth: usize) -> bool {
    let Ok(names) = dir.names() else { return true };
    names.iter().filter(|name| !at.is_empty() || *name != ".git").any(|name| {
        let Some(shown) = name.to_str() else { return true };
        let path = if at.is_empty() { shown.to_string() } else { format!("{at}/{shown}") };
        match dir.look(name).map(|stamp| stamp.kind()) {
            Ok(FileType::Directory) if depth >= DEPTH_MAX => true,
            Ok(FileType::Directory) => {
                dir.folder(name).map_or(true, |child| more(&child, &path, manifest, depth + 1))
            }
            Ok(_) => match manifest.entries.get(&path) {
                Some(Entry::File { .. } | Entry::Link { .. }) => false,
                Some(Entry::Folder { .. } | Entry::LeftOut(_)) | None => true,
            },
            Err(_) => true,
        }
    })
}

/// The file's bytes, at most so many; none where it is no file or cannot be read.
pub(super) fn read_whole(dir: &Dir, name: &OsStr, most: u64) -> Option<Vec<u8>> {
    let (file, stamp) = dir.file(name).ok()?;
    let mut bytes = Vec::with_capacity(usize::try_from(stamp.size.min(most)).unwrap_or(0));
    file.take(most + 1).read_to_end(&mut bytes).ok()?;
    Some(bytes).filter(|bytes| bytes.len() as u64 <= most)
}

/// A half-written file of this app: see `dir::Dir::write` and the tools.
fn is_draft(name: &str) -> bool {
    name.starts_with(".tackroom-") && Path::new(name).extension().is_some_and(|end| end == "tmp")
}
