//! Replaces a file as a whole: a reader sees the old content or the new, never a part of it, also after a crash.

use super::place::{Said, Stamp, Workspace, changeable, said, split};
use super::{Halt, MODE_NEW};
use cap_std::fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt};
use std::fs::{File, Permissions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;

/// Writes `content` to the file, making the folders above it. `expected` is the file as it was looked at before,
/// nothing where there was none: where that is no longer so, nothing is written.
pub(super) fn replace(
    workspace: &Workspace,
    inside: &str,
    content: &[u8],
    expected: Option<Stamp>,
    halt: &Halt,
) -> Said<()> {
    let (above, name) = split(inside);
    let folder = workspace.made_folder(above)?;
    unchanged(&folder, inside, name, expected)?;
    let mut draft = Draft::new(&folder, expected, inside)?;
    let problem = |error| said(inside, &error);
    draft.file.write_all(content).map_err(problem)?;
    if let Some(old) = expected {
        draft.file.set_permissions(Permissions::from_mode(old.mode)).map_err(problem)?;
    }
    draft.file.sync_all().map_err(problem)?;
    if halt.asked() {
        return Err(format!("stopped: {inside} was not changed"));
    }
    unchanged(&folder, inside, name, expected)?;
    workspace.guard(&folder, above)?;
    folder.rename(&draft.name, &folder, name).map_err(problem)?;
    draft.placed = true;
    // The new name is durable once its folder is.
    folder
        .open(".")
        .and_then(|dir| dir.sync_all())
        .map_err(|error| format!("{inside} was written, but its folder could not be made durable: {error}"))
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

/// A new file beside the one to be replaced; gone again unless it was put in place.
struct Draft<'a> {
    folder: &'a Dir,
    name: String,
    file: File,
    placed: bool,
}

impl Draft<'_> {
    fn new<'a>(folder: &'a Dir, expected: Option<Stamp>, inside: &str) -> Said<Draft<'a>> {
        let mut options = OpenOptions::new();
        // What replaces a private file is never readable by others, not even for a moment.
        options.write(true).create_new(true).mode(if expected.is_some() { 0o600 } else { MODE_NEW });
        // The name is not to be guessed, and an existing one is never opened.
        let chance = RandomState::new().build_hasher().finish();
        let name = format!(".tackroom-{chance:016x}.tmp");
        let file = folder.open_with(&name, &options).map_err(|error| said(inside, &error))?.into_std();
        Ok(Draft { folder, name, file, placed: false })
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.placed {
            let _ = self.folder.remove_file(&self.name); // nothing more can be done about it
        }
    }
}
