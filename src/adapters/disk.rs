//! Files that take another's place as a whole, also across a crash: a reader sees the old content or the new, never a part.
//!
//! First the content is made durable beside the file, then it takes its name, then the folder is made durable: so a name
//! never stands for a file whose content was lost. Whoever changes many files syncs each folder once, at the end.

use rustix::fs::{AtFlags, Mode, OFlags, RawMode, fchmod, fsync, openat, renameat, unlinkat};
use std::ffi::OsStr;
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};

/// A new file beside the one to be replaced; gone again unless it was put in place.
pub struct Draft<'a> {
    folder: BorrowedFd<'a>,
    name: String,
    file: File,
    placed: bool,
}

impl<'a> Draft<'a> {
    /// Makes one in a folder; the process's umask takes from its mode.
    pub fn new(folder: &'a impl AsFd, mode: u32) -> io::Result<Draft<'a>> {
        // The name is not to be guessed, and an existing one is never opened.
        let name = format!(".tackroom-{:016x}.tmp", RandomState::new().build_hasher().finish());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = folder.as_fd();
        let file = File::from(openat(folder, &name, flags, bits(mode))?);
        Ok(Draft { folder, name, file, placed: false })
    }

    /// Writes the content, sets the mode where one is given, and makes both durable.
    pub fn fill(&mut self, content: &[u8], mode: Option<u32>) -> io::Result<()> {
        self.file.write_all(content)?;
        if let Some(mode) = mode {
            fchmod(&self.file, bits(mode))?;
        }
        self.file.sync_all()
    }

    /// Puts it in the place of whatever has that name. The name is durable once its folder is: `sync_folder`.
    pub fn place(mut self, name: &OsStr) -> io::Result<()> {
        renameat(self.folder, &self.name, self.folder, name)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.placed {
            let _ = unlinkat(self.folder, &self.name, AtFlags::empty()); // nothing more can be done about it
        }
    }
}

/// Makes durable which names a folder holds.
pub fn sync_folder(folder: &impl AsFd) -> io::Result<()> {
    // A handle that only names the folder cannot be synced.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(fsync(openat(folder, ".", flags, Mode::empty())?)?)
}

/// Permission bits, as the system's call takes them.
pub fn bits(mode: u32) -> Mode {
    Mode::from_bits_truncate(RawMode::try_from(mode & 0o777).unwrap_or(0o600))
}
