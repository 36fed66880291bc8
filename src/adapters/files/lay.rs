//! A folder made as a manifest says: what goes first goes first, then what comes, folders before what is in them.

use super::Folders;
use super::dir::Dir;
use crate::domain::files::{Change, Deed, Entry};
use crate::ports::files::PutBack;
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::sync::Arc;

/// Does what was planned; what fails is told and does not keep the others from it.
pub(super) async fn lay(folders: &Folders, dir: Arc<Dir>, planned: Vec<Change>) -> PutBack {
    let mut done = PutBack::default();
    for change in planned.iter().rev().filter(|change| change.deed == Deed::Remove || change.other_kind) {
        let (dir, path) = (dir.clone(), change.path.clone());
        let removed = blocking(move || remove(&dir, &path)).await;
        if let Err(why) = removed {
            done.failed.push((change.path.clone(), why));
        } else if change.deed == Deed::Remove {
            done.changed.push(change.clone());
        }
    }
    let mut modes = Vec::new();
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
        let (dir, path) = (dir.clone(), change.path.clone());
        match blocking(move || put(&dir, &path, &entry, &content)).await {
            Ok(()) => done.changed.push(change),
            Err(why) => done.failed.push((change.path.clone(), why)),
        }
    }
    // Last, and what lies deepest first: a folder that may not be written to could take nothing in before.
    for (path, mode) in modes.into_iter().rev() {
        let (dir, at) = (dir.clone(), path.clone());
        if let Err(why) =
            blocking(move || holder(&dir, &at).and_then(|(above, name)| above.folder(name)?.set_mode(mode)))
                .await
        {
            done.failed.push((path, why));
        }
    }
    done.changed.sort_by(|a, b| a.path.cmp(&b.path));
    done.failed.sort();
    done
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

fn remove(dir: &Dir, path: &str) -> io::Result<()> {
    let (folder, name) = holder(dir, path)?;
    let kind = folder.look(name)?.kind();
    if !kind.is_dir() {
        return folder.remove(name);
    }
    match folder.remove_folder(name) {
        // What is left in it is ignored or not kept: it stays, and so does its folder.
        Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(()),
        other => other,
    }
}

fn put(dir: &Dir, path: &str, entry: &Entry, content: &[u8]) -> io::Result<()> {
    let (folder, name) = holder(dir, path)?;
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
