//! A folder by handle: every call names one thing in it and follows no link.

use crate::adapters::disk::{Draft, bits};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawMode, Stat};
use rustix::fs::{mkdirat, openat, readlinkat, statat, symlinkat, unlinkat};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// An open folder.
pub(super) struct Dir(OwnedFd);

/// What a thing is, and whether it is the same as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    changed: (i64, i64),
    modified: (i64, i64),
    /// Bytes.
    pub(super) size: u64,
    raw: RawMode,
}

impl Stamp {
    #[allow(
        clippy::useless_conversion,
        clippy::unnecessary_cast,
        clippy::cast_possible_wrap,
        reason = "the kinds of these numbers differ between systems"
    )]
    fn of(stat: &Stat) -> Stamp {
        Stamp {
            inode: stat.st_ino as u64,
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            raw: stat.st_mode,
        }
    }

    /// Its kind.
    pub(super) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.raw)
    }

    /// Its permission bits.
    #[allow(clippy::useless_conversion, reason = "the kind of this number differs between systems")]
    pub(super) fn mode(&self) -> u32 {
        u32::from(self.raw) & 0o777
    }

    /// When it was changed last, in microseconds.
    pub(super) fn changed(&self) -> i64 {
        let (seconds, nanos) = self.changed.max(self.modified);
        seconds.saturating_mul(1_000_000).saturating_add(nanos / 1_000)
    }
}

/// Makes a folder, with those above it where it is one of ours; what is there stays.
pub(super) fn make(path: &Path, private: bool) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    if private {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    }
    builder.create(path)
}

impl Dir {
    /// Opens a folder by its path; the last name may be no link.
    pub(super) fn open(path: &Path) -> io::Result<Dir> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Dir(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// Opens a folder in it.
    pub(super) fn folder(&self, name: &OsStr) -> io::Result<Dir> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Dir(openat(&self.0, name, flags, Mode::empty())?))
    }

    /// Opens a regular file in it for reading; never waits for a pipe.
    pub(super) fn file(&self, name: &OsStr) -> io::Result<(File, Stamp)> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = openat(&self.0, name, flags, Mode::empty())?;
        let stamp = Stamp::of(&rustix::fs::fstat(&file)?);
        match stamp.kind().is_file() {
            true => Ok((File::from(file), stamp)),
            false => Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file")),
        }
    }

    /// What a name in it stands for.
    pub(super) fn look(&self, name: &OsStr) -> io::Result<Stamp> {
        Ok(Stamp::of(&statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// The names in it, sorted.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            let name = entry?;
            let name = OsStr::from_bytes(name.file_name().to_bytes());
            if name != "." && name != ".." {
                names.push(name.to_os_string());
            }
        }
        names.sort();
        Ok(names)
    }

    /// What a link says.
    pub(super) fn link(&self, name: &OsStr) -> io::Result<Vec<u8>> {
        Ok(readlinkat(&self.0, name, Vec::new())?.into_bytes())
    }

    /// Makes a link.
    pub(super) fn make_link(&self, name: &OsStr, target: &str) -> io::Result<()> {
        Ok(symlinkat(target, &self.0, name)?)
    }

    /// Makes a folder in it.
    pub(super) fn make_folder(&self, name: &OsStr, mode: u32) -> io::Result<()> {
        Ok(mkdirat(&self.0, name, bits(mode | 0o700))?)
    }

    /// Sets its own permission bits.
    pub(super) fn set_mode(&self, mode: u32) -> io::Result<()> {
        Ok(rustix::fs::fchmod(&self.0, bits(mode))?)
    }

    /// Writes a file as a whole, durable but for its name: `sync`.
    pub(super) fn write(&self, name: &OsStr, content: &[u8], mode: u32) -> io::Result<()> {
        let mut draft = Draft::new(&self.0, 0o600)?;
        draft.fill(content, Some(mode))?;
        draft.place(name)
    }

    /// Makes durable which names it holds, and its own permission bits.
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.0)?)
    }

    /// Removes a file or a link.
    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Removes an empty folder.
    pub(super) fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }
}
