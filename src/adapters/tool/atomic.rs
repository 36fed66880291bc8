//! Replaces a file as a whole: a reader sees the old content or the new, never a part of it, also after a crash.

use super::bounds::Bounds;
use super::place::{Said, Stamp, Workspace, changeable, said, split};
use super::{Halt, MODE_NEW};
use crate::adapters::disk::{Draft, sync_folder};
use cap_std::fs::{Dir, MetadataExt};
use std::ffi::OsStr;
use std::io::ErrorKind;

/// Writes `content` to the file, making the folders above it. `expected` is the file as it was looked at before,
/// nothing where there was none: where that is no longer so, nothing is written.
pub(super) fn replace(
    workspace: &Workspace,
    inside: &str,
    content: &[u8],
    expected: Option<Stamp>,
    (bounds, halt): (&Bounds, &Halt),
) -> Said<()> {
    let (above, name) = split(inside);
    let folder = workspace.made_folder(above)?;
    judged(workspace, &folder, inside, bounds)?;
    unchanged(&folder, inside, name, expected)?;
    let problem = |error| said(inside, &error);
    // What replaces a private file is never readable by others, not even for a moment.
    let mut draft =
        Draft::new(&folder, if expected.is_some() { 0o600 } else { MODE_NEW }).map_err(problem)?;
    draft.fill(content, expected.map(|old| old.mode)).map_err(problem)?;
    if halt.asked() {
        return Err(format!("stopped: {inside} was not changed"));
    }
    unchanged(&folder, inside, name, expected)?;
    judged(workspace, &folder, inside, bounds)?;
    draft.place(OsStr::new(name)).map_err(problem)?;
    sync_folder(&folder)
        .map_err(|error| format!("{inside} was written, but its folder could not be made durable: {error}"))
}

/// Whether a file in this folder is the one that was judged.
fn judged(workspace: &Workspace, folder: &Dir, inside: &str, bounds: &Bounds) -> Said<()> {
    let (above, name) = split(inside);
    let lies = workspace.guard(folder, above)?;
    bounds.holds(&if lies == "." { name.to_string() } else { format!("{lies}/{name}") }, inside)
}

/// Whether the file is still the one that was looked at.
fn unchanged(folder: &Dir, inside: &str, name: &str, expected: Option<Stamp>) -> Said<()> {
    let meta = match folder.symlink_metadata(name) {
        Ok(meta) => Some(meta),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(said(inside, &error)),
    };
    if let Some(meta) = &meta {
        changeable(inside, meta.is_symlink(), meta.mode())?;
    }
    let now = meta
        .map(|meta| Stamp::of_parts(meta.ino(), (meta.ctime(), meta.ctime_nsec()), meta.len(), meta.mode()));
    match now == expected {
        true => Ok(()),
        false => {
            Err(format!("{inside} was changed by somebody else just now: read it again; nothing was written"))
        }
    }
}
