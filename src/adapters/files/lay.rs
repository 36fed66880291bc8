//! A folder made as a manifest says: what goes first goes first, then what comes, folders before what is in them.

use super::Folders;
use super::dir::{Dir, Stamp};
use super::scan::read_whole;
use crate::domain::files::{Change, Deed, Entry};
use crate::domain::hash::Hash;
use crate::ports::files::{MOVED, PutBack};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use tokio::task::{JoinError, JoinSet};

/// Files written at a time: to make one durable is to wait, and who waits together waits once.
const WRITES: usize = 8;

/// Does what was planned, durably; what fails is told and does not keep the others from it.
pub(super) async fn lay(folders: &Folders, dir: Arc<Dir>, planned: Vec<Change>) -> PutBack {
    let mut done = PutBack::default();
    for change in planned.iter().rev().filter(|change| change.deed == Deed::Remove || change.other_kind) {
        let (at, path, from) = (dir.clone(), change.path.clone(), change.from.clone());
        let removed = blocking(move || remove(&at, &path, from.as_ref())).await;
        if let Err(why) = removed {
            done.failed.push((change.path.clone(), why));
        } else if change.deed == Deed::Remove {
            done.changed.push(change.clone());
        }
    }
    let modes = put_all(folders, &dir, planned, &mut done).await;
    let touched: BTreeSet<String> = done.changed.iter().map(|change| above(&change.path)).collect();
    for path in touched {
        let (at, held) = (dir.clone(), path.clone());
        if let Err(why) = blocking(move || sync(&at, &held)).await {
            done.failed.push((path, format!("what was changed in it could not be made durable: {why}")));
        }
    }
    // Last, and what lies deepest first: a folder that may not be written to could take nothing in before.
    for (path, mode) in modes.into_iter().rev() {
        let (at, held) = (dir.clone(), path.clone());
        if let Err(why) = blocking(move || set_mode(&at, &held, mode)).await {
            done.failed.push((path, why));
        }
    }
    done.changed.sort_by(|a, b| a.path.cmp(&b.path));
    done.failed.sort();
    done
}

/// Puts in place what comes, several files at a time, each behind its folder; answers the folders' modes.
async fn put_all(
    folders: &Folders,
    dir: &Arc<Dir>,
    planned: Vec<Change>,
    done: &mut PutBack,
) -> Vec<(String, u32)> {
    let (mut modes, mut writes) = (Vec::new(), JoinSet::new());
    for change in planned {
        let Some(entry) = change.to.clone() else { continue };
        if done.failed.iter().any(|(path, _)| *path == change.path) {
            continue; // what is there could not be removed
        }
        let content = match &entry {
            Entry::File { hash, .. } => match folders.content(*hash).await {
                Ok(content) => content,
                Err(why) => {
                    done.failed.push((change.path.clone(), why));
                    continue;
                }
            },
            Entry::Folder { .. } | Entry::Link { .. } | Entry::LeftOut(_) => Vec::new(),
        };
        if let Entry::Folder { mode } = entry {
            modes.push((change.path.clone(), mode));
        }
        let (at, path) = (dir.clone(), change.path.clone());
        let is_file = matches!(entry, Entry::File { .. });
        // Of another kind, it was removed before.
        let from = change.from.clone().filter(|_| !change.other_kind);
        let write = blocking(move || put(&at, &path, from.as_ref(), (&entry, &content)));
        if !is_file {
            told(done, change, write.await);
            continue;
        }
        if writes.len() >= WRITES {
            joined(done, writes.join_next().await);
        }
        writes.spawn(async move { (change, write.await) });
    }
    while !writes.is_empty() {
        joined(done, writes.join_next().await);
    }
    modes
}

/// A file and what came of writing it.
type Written = (Change, Result<(), String>);

fn joined(done: &mut PutBack, written: Option<Result<Written, JoinError>>) {
    if let Some(Ok((change, result))) = written {
        told(done, change, result); // what broke on its thread is told as broken: see `blocking`
    }
}

fn told(done: &mut PutBack, change: Change, result: Result<(), String>) {
    match result {
        Ok(()) => done.changed.push(change),
        Err(why) => done.failed.push((change.path, why)),
    }
}

async fn blocking(job: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<(), String> {
    match tokio::task::spawn_blocking(job).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(error) => Err(format!("it broke in this program: {error}")),
    }
}

/// Opens the folder that holds a path, one name at a time; answers it with the last name.
fn holder<'a>(dir: &Dir, path: &'a str) -> io::Result<(Dir, &'a OsStr)> {
    let mut folder = dir.folder(OsStr::new("."))?;
    let mut names = path.split('/').peekable();
    while let Some(name) = names.next() {
        if names.peek().is_none() {
            return Ok((folder, OsStr::new(name)));
        }
        folder = folder.folder(OsStr::new(name))?;
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "an empty path"))
}

/// Fails where a name does not stand for what was shown. A folder is one whatever its mode is.
fn check(folder: &Dir, name: &OsStr, shown: Option<&Entry>) -> io::Result<()> {
    let same = match shown {
        None => match folder.look(name) {
            Ok(stamp) => stamp.kind().is_dir(), // nothing takes the place of a folder: what tries says why not
            Err(error) => error.kind() == ErrorKind::NotFound,
        },
        Some(Entry::Folder { .. }) => folder.look(name).is_ok_and(|stamp| stamp.kind().is_dir()),
        Some(Entry::Link { target }) => folder.link(name).is_ok_and(|says| says == target.as_bytes()),
        Some(Entry::File { hash, size, mode }) => {
            let held = |stamp: &Stamp| (stamp.size, stamp.mode()) == (*size, *mode);
            folder.look(name).is_ok_and(|stamp| stamp.kind().is_file() && held(&stamp))
                && read_whole(folder, name, *size).is_some_and(|content| Hash::of(&content) == *hash)
        }
        Some(Entry::LeftOut(_)) => false,
    };
    if same { Ok(()) } else { Err(io::Error::other(MOVED)) }
}

fn remove(dir: &Dir, path: &str, shown: Option<&Entry>) -> io::Result<()> {
    let (folder, name) = holder(dir, path)?;
    check(&folder, name, shown)?;
    if !matches!(shown, Some(Entry::Folder { .. })) {
        return folder.remove(name);
    }
    match folder.remove_folder(name) {
        // What is left in it is ignored or not kept: it stays, and so does its folder.
        Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(()),
        other => other,
    }
}

/// The path of the folder that holds a path; empty for the folder itself.
fn above(path: &str) -> String {
    path.rsplit_once('/').map_or_else(String::new, |(above, _)| above.to_string())
}

/// Makes durable what a folder holds. One that went with what was in it, or is something else now, needs none.
fn sync(dir: &Dir, path: &str) -> io::Result<()> {
    let opened = match path {
        "" => dir.folder(OsStr::new(".")),
        path => holder(dir, path).and_then(|(folder, name)| folder.folder(name)),
    };
    match opened {
        Ok(folder) => folder.sync(),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(()),
        Err(error) => Err(error),
    }
}

fn set_mode(dir: &Dir, path: &str, mode: u32) -> io::Result<()> {
    let (folder, name) = holder(dir, path)?;
    let folder = folder.folder(name)?;
    folder.set_mode(mode)?;
    folder.sync()
}

fn put(dir: &Dir, path: &str, shown: Option<&Entry>, (entry, content): (&Entry, &[u8])) -> io::Result<()> {
    let (folder, name) = holder(dir, path)?;
    if !matches!(entry, Entry::Folder { .. }) {
        check(&folder, name, shown)?; // a folder that is there already has nothing to lose
    }
    match entry {
        Entry::File { mode, .. } => folder.write(name, content, *mode),
        Entry::Link { target } => folder.make_link(name, target),
        Entry::Folder { mode } => match folder.folder(name) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => folder.make_folder(name, *mode),
            Err(error) => Err(error),
        },
        Entry::LeftOut(_) => Ok(()),
    }
}
