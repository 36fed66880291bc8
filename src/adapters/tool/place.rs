//! The workspace, held by handle: every path of every tool goes through here.
//!
//! A path is first placed by its text (`domain::lexical`), which is what the policy judges. Then it is opened below the
//! folder's handle (`openat2` with `RESOLVE_BENEATH` where the system has it), so that no link, no `..` and no race leads
//! out. The app's own folders are refused by where an opened handle really is, whatever name led there.

use crate::domain::lexical::{Placed, place};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a tool says when it cannot: a sentence for the model and the operator, never parsed.
pub(super) type Said<T> = Result<T, String>;

/// The folder of a session. Cheap to clone.
#[derive(Clone)]
pub struct Workspace(Arc<Inner>);

struct Inner {
    dir: Dir,
    /// Absolute, links resolved.
    root: String,
    /// As it was given.
    given: String,
    /// Device and inode at the time of opening.
    identity: (u64, u64),
    /// The app's own folders, links resolved.
    own: Vec<PathBuf>,
}

impl Workspace {
    /// Opens the folder. `own` are the app's own data and configuration folders, which no tool opens, also where the
    /// workspace holds them.
    pub fn open(path: &Path, own: &[PathBuf]) -> Result<Workspace, String> {
        let bad = |why: String| format!("the workspace {} cannot be used: {why}", path.display());
        let root = resolved(path).map_err(|error| bad(why(&error)))?;
        let text = root.to_str().ok_or_else(|| bad("its path is not UTF-8".to_string()))?.to_string();
        let dir = Dir::open_ambient_dir(&root, ambient_authority()).map_err(|error| bad(why(&error)))?;
        let held = dir.try_clone().map_err(|error| bad(why(&error)))?.into_std_file();
        let held = held.metadata().map_err(|error| bad(why(&error)))?;
        // A folder that does not exist yet is kept by its name.
        let own = own.iter().flat_map(|path| [Some(path.clone()), resolved(path).ok()]).flatten().collect();
        let given = path.to_str().unwrap_or(&text).to_string();
        Ok(Workspace(Arc::new(Inner { dir, root: text, given, identity: (held.dev(), held.ino()), own })))
    }

    /// The folder, absolute, links resolved.
    pub fn root(&self) -> &str {
        &self.0.root
    }

    /// How a path argument is named in a touch: relative inside, absolute outside, as given where it is no path.
    pub fn named(&self, path: &str) -> String {
        match self.placed(path) {
            Placed::Inside(inside) => inside,
            Placed::Outside(outside) => outside,
            Placed::Nowhere => path.to_string(),
        }
    }

    /// What a path argument touches: how it is named and, where a link leads elsewhere, also where it really lies, so that a
    /// rule about that place holds by whatever name it is reached.
    pub fn touched(&self, path: &str) -> Vec<String> {
        let named = self.named(path);
        let lies = match self.placed(path) {
            Placed::Inside(inside) => self.lies(&inside),
            Placed::Outside(_) | Placed::Nowhere => None,
        };
        let lies = lies.filter(|lies| *lies != named);
        std::iter::once(named).chain(lies).collect()
    }

    /// Where a path below the workspace lies, links followed as far as it exists.
    fn lies(&self, inside: &str) -> Option<String> {
        let mut known = inside;
        while known != "." {
            match self.0.dir.canonicalize(known) {
                Ok(real) => {
                    let rest = inside.strip_prefix(known).unwrap_or_default().trim_start_matches('/');
                    let whole = if rest.is_empty() { real } else { real.join(rest) };
                    return whole.to_str().map(str::to_string);
                }
                Err(error) if error.kind() == ErrorKind::NotFound => known = split(known).0,
                Err(_) => return None, // it cannot be opened either
            }
        }
        None
    }

    fn placed(&self, path: &str) -> Placed {
        match place(&self.0.root, path) {
            // The workspace may have been given, and be named, by way of a link.
            Placed::Outside(outside) if path.starts_with('/') => match place(&self.0.given, path) {
                Placed::Inside(inside) => Placed::Inside(inside),
                Placed::Outside(_) | Placed::Nowhere => Placed::Outside(outside),
            },
            placed @ (Placed::Inside(_) | Placed::Outside(_) | Placed::Nowhere) => placed,
        }
    }

    /// The path below the workspace, which must still be the folder that was opened.
    pub(super) fn inside(&self, path: &str) -> Said<String> {
        match self.placed(path) {
            Placed::Inside(inside) => {
                self.still_there()?;
                Ok(inside)
            }
            Placed::Outside(outside) => {
                Err(format!("{outside} is outside of the workspace {}: name a path in it", self.root()))
            }
            Placed::Nowhere if path.is_empty() => {
                Err("the path is empty: name a file, or `.` for the workspace".to_string())
            }
            Placed::Nowhere => Err("the path has a NUL in it, which no file's name can have".to_string()),
        }
    }

    fn still_there(&self) -> Said<()> {
        let now = std::fs::metadata(self.root()).map(|meta| (meta.dev(), meta.ino()));
        match now {
            Ok(identity) if identity == self.0.identity => Ok(()),
            Ok(_) => Err(format!("the workspace {} is gone: another folder is in its place", self.root())),
            Err(error) => Err(format!("the workspace {} is gone: {}", self.root(), why(&error))),
        }
    }

    /// Opens a regular file for reading. Never waits: pipes, sockets and devices are refused before they are opened.
    pub(super) fn file(&self, inside: &str) -> Said<File> {
        let kind = self.0.dir.metadata(inside).map_err(|error| said(inside, &error))?;
        regular(inside, kind.is_file(), kind.is_dir())?;
        let quiet = OFlags::NONBLOCK.union(OFlags::NOCTTY).bits().cast_signed();
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(quiet);
        let file = self.0.dir.open_with(inside, &options).map_err(|error| said(inside, &error))?.into_std();
        let kind = file.metadata().map_err(|error| said(inside, &error))?;
        regular(inside, kind.is_file(), kind.is_dir())?;
        self.guard(&file, inside)?;
        Ok(file)
    }

    /// Opens a folder.
    pub(super) fn folder(&self, inside: &str) -> Said<Dir> {
        let dir =
            self.0.dir.open_dir(inside).map_err(|error| match error.kind() == ErrorKind::NotADirectory {
                true => format!("{inside} is not a folder"),
                false => said(inside, &error),
            })?;
        self.guard(&dir, inside)?;
        Ok(dir)
    }

    /// Opens a folder, making what is missing of it.
    pub(super) fn made_folder(&self, inside: &str) -> Said<Dir> {
        match self.0.dir.open_dir(inside) {
            Ok(dir) => {
                self.guard(&dir, inside)?;
                Ok(dir)
            }
            Err(error) if error.kind() == ErrorKind::NotFound && inside != "." => {
                let (above, name) = split(inside);
                let above = self.made_folder(above)?;
                match above.create_dir(name) {
                    Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(said(inside, &error)),
                    Ok(()) | Err(_) => {
                        let made = above.open_dir(name).map_err(|error| said(inside, &error))?;
                        self.guard(&made, inside)?; // a link above it may lead into a folder of the app
                        Ok(made)
                    }
                }
            }
            Err(error) => Err(said(inside, &error)),
        }
    }

    /// Whether the path is a folder, by way of links that stay inside.
    pub(super) fn is_folder(&self, inside: &str) -> Said<bool> {
        self.0.dir.metadata(inside).map(|meta| meta.is_dir()).map_err(|error| said(inside, &error))
    }

    /// A file that is to be changed, as it is now: nothing where there is none yet, an error where it may not be changed
    /// or has more than `most` bytes.
    pub(super) fn before(&self, inside: &str, most: u64) -> Said<Option<Before>> {
        if inside == "." {
            return Err("the path is the workspace itself: name a file in it".to_string());
        }
        let meta = match self.0.dir.symlink_metadata(inside) {
            Ok(meta) => meta,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(said(inside, &error)),
        };
        changeable(inside, meta.is_symlink(), cap_std::fs::MetadataExt::mode(&meta))?;
        let mut file = self.file(inside)?;
        let stamp = Stamp::of(&file.metadata().map_err(|error| said(inside, &error))?);
        if stamp.size > most {
            return Err(format!(
                "{inside} has {} bytes; at most {most} can be changed as a whole",
                stamp.size
            ));
        }
        let mut bytes = Vec::new();
        file.by_ref().take(most + 1).read_to_end(&mut bytes).map_err(|error| said(inside, &error))?;
        let lies = self.guard(&file, inside)?;
        Ok(Some(Before { bytes, stamp, lies }))
    }

    /// Whether no link stands in a path to what is there.
    pub(super) fn is_direct(&self, inside: &str) -> bool {
        self.0.dir.canonicalize(inside).is_ok_and(|real| real == Path::new(inside))
    }

    /// Refuses a path that another program is to open, where a link in it leads out of the workspace or to the app's own.
    pub(super) fn leads(&self, inside: &str) -> Said<()> {
        match self.0.dir.canonicalize(inside) {
            Ok(real) if self.0.own.iter().any(|own| Path::new(self.root()).join(&real).starts_with(own)) => {
                Err(format!("{inside} belongs to tackroom itself, whose data no tool opens"))
            }
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound && inside != "." => self.leads(split(inside).0),
            Err(error) => Err(said(inside, &error)),
        }
    }

    /// The path as an operator is shown it: with the place where it really lies, where a link leads to another.
    pub(super) fn shown(&self, inside: &str) -> String {
        let (mut above, _) = split(inside);
        while above != "." {
            match self.0.dir.canonicalize(above) {
                // A folder that is to be made: the one above it tells.
                Err(error) if error.kind() == ErrorKind::NotFound => above = split(above).0,
                Ok(real) if real != Path::new(above) => {
                    let rest = inside.strip_prefix(above).unwrap_or_default();
                    return format!("{inside} (by a link: {}{rest})", real.display());
                }
                Ok(_) | Err(_) => break,
            }
        }
        inside.to_string()
    }

    /// Where a handle really lies below the workspace. Refused where that is one of the app's own folders, or where it was moved
    /// out of the workspace.
    pub(super) fn guard(&self, handle: impl AsFd, shown: &str) -> Said<String> {
        let link = format!("/proc/self/fd/{}", handle.as_fd().as_raw_fd());
        let really = std::fs::read_link(link)
            .or_else(|_| self.0.dir.canonicalize(shown).map(|path| Path::new(self.root()).join(path)));
        let really = really.map_err(|error| said(shown, &error))?;
        if self.0.own.iter().any(|own| really.starts_with(own)) {
            return Err(format!("{shown} belongs to tackroom itself, whose data no tool opens"));
        }
        match really.strip_prefix(self.root()) {
            Ok(below) if below.as_os_str().is_empty() => Ok(".".to_string()),
            // A name that is no UTF-8 is none that was judged.
            Ok(below) => Ok(below.to_string_lossy().into_owned()),
            Err(_) => self.still_there().and(Err(format!("{shown} was moved out of the workspace"))),
        }
    }
}

/// A file's content and identity before a change.
pub(super) struct Before {
    /// Where it really lies.
    pub(super) lies: String,
    /// The content.
    pub(super) bytes: Vec<u8>,
    /// What must still be so when it is replaced.
    pub(super) stamp: Stamp,
}

/// What tells whether a file was changed in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    changed: (i64, i64),
    /// Bytes.
    pub(super) size: u64,
    /// Permission bits.
    pub(super) mode: u32,
}

impl Stamp {
    /// The stamp of a file.
    pub(super) fn of(meta: &std::fs::Metadata) -> Stamp {
        Stamp::of_parts(meta.ino(), (meta.ctime(), meta.ctime_nsec()), meta.len(), meta.mode())
    }

    /// The stamp of a file, told by inode, time of change, size and mode.
    pub(super) fn of_parts(inode: u64, changed: (i64, i64), size: u64, mode: u32) -> Stamp {
        Stamp { inode, changed, size, mode: mode & 0o777 }
    }
}

/// Whether a thing of this mode may be replaced by a file.
pub(super) fn changeable(shown: &str, link: bool, mode: u32) -> Said<()> {
    if link {
        return Err(format!("{shown} is a symbolic link: name the file that it points to"));
    }
    let kind = rustix::fs::FileType::from_raw_mode(mode);
    regular(shown, kind.is_file(), kind.is_dir())?;
    match mode & 0o222 {
        0 => Err(format!("{shown} is read-only (mode {:o})", mode & 0o777)),
        _ => Ok(()),
    }
}

fn regular(shown: &str, is_file: bool, is_dir: bool) -> Said<()> {
    if is_dir {
        return Err(format!("{shown} is a folder, not a file"));
    }
    match is_file {
        true => Ok(()),
        false => Err(format!("{shown} is no regular file (a pipe, a socket or a device) and is not opened")),
    }
}

/// The folder and the name of a path that is not `.`.
pub(super) fn split(inside: &str) -> (&str, &str) {
    inside.rsplit_once('/').unwrap_or((".", inside))
}

#[expect(clippy::disallowed_methods, reason = "once, at opening; what counts afterwards is the handle")]
fn resolved(path: &Path) -> io::Result<PathBuf> {
    std::fs::canonicalize(path)
}

/// An error about a path, as a sentence.
pub(super) fn said(shown: &str, error: &io::Error) -> String {
    format!("{shown}: {}", why(error))
}

fn why(error: &io::Error) -> String {
    let kind = error.kind();
    if kind == ErrorKind::PermissionDenied && error.raw_os_error().is_none() {
        return "a link in this path leads out of the workspace".to_string(); // cap-std's own refusal
    }
    let known = [
        (ErrorKind::NotFound, "no such file or folder"),
        (ErrorKind::PermissionDenied, "permission denied by the system"),
        (ErrorKind::NotADirectory, "a part of this path is a file, not a folder"),
        (ErrorKind::InvalidFilename, "the name is too long or not allowed"),
        (ErrorKind::StorageFull, "the disk is full"),
        (ErrorKind::ReadOnlyFilesystem, "the file system is read-only"),
    ];
    known
        .iter()
        .find(|(of, _)| *of == kind)
        .map_or_else(|| error.to_string(), |(_, text)| (*text).to_string())
}
