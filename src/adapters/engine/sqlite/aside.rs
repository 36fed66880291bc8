//! What can be made anew from a session's log, in a file of its own beside the database.
//!
//! It is believed only where it is whole and of this very build of the program: before it stand the build's name and a hash.
//! There are never more than a few files, none is large, and a purge of the session takes its file along.

use super::Sqlite;
use super::fault::unavailable;
use super::place::{cannot, private_folder};
use crate::domain::hash::{Growing, Hash};
use crate::domain::ids::SessionId;
use crate::ports::log::LogFault;
use std::collections::hash_map::RandomState;
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Bytes of one file at most; what is larger is not kept.
const BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Files kept at most: those written last.
const FILES_MAX: usize = 32;

impl Sqlite {
    /// What is there.
    pub(super) async fn read_aside(&self, session: &SessionId) -> Result<Option<Vec<u8>>, LogFault> {
        let Some(file) = self.aside_file(session) else { return Ok(None) };
        let read = tokio::task::spawn_blocking(move || read(&file)).await;
        Ok(read.unwrap_or_default()) // a read that broke found nothing
    }

    /// Puts it there; a store that is only read is left as it is, and so is one that does not know the session any more.
    pub(super) async fn write_aside(&self, session: &SessionId, parts: Vec<Vec<u8>>) -> Result<(), LogFault> {
        self.writable()?;
        let folder = self.shared.place.aside();
        let Some(file) = self.aside_file(session) else { return Ok(()) };
        let written = file.clone();
        let writing = move || {
            private_folder(&folder, true)?;
            write(&written, &parts).map_err(|error| cannot("write", &written, &error))?;
            sweep(&folder);
            Ok(())
        };
        let done = tokio::task::spawn_blocking(writing).await;
        done.map_err(|error| unavailable(format!("writing beside the store was broken off: {error}")))??;
        let id = session.clone();
        // It may have been purged meanwhile.
        if self.query(move |reader| reader.end(&id)).await.map_or(true, |end| end.head.seq == 0) {
            remove(&file)?;
        }
        Ok(())
    }

    /// Takes it away.
    pub(super) fn drop_aside(&self, session: &SessionId) -> Result<(), LogFault> {
        self.aside_file(session).map_or(Ok(()), |file| remove(&file))
    }

    /// Only what can be an id becomes part of a path.
    fn aside_file(&self, session: &SessionId) -> Option<PathBuf> {
        let id = session.as_str();
        SessionId::is_prefix(id).then(|| self.shared.place.aside().join(id))
    }
}

/// What tells this build of the program from every other one.
fn build() -> &'static str {
    static BUILD: OnceLock<String> = OnceLock::new();
    BUILD.get_or_init(|| {
        let exe = std::env::current_exe().ok();
        let meta = exe.as_ref().and_then(|exe| std::fs::metadata(exe).ok());
        let written = meta.map(|meta| (meta.len(), meta.mtime(), meta.mtime_nsec()));
        let known = format!("{} {exe:?} {written:?}", env!("CARGO_PKG_VERSION"));
        Hash::of(known.as_bytes()).to_string()
    })
}

/// What stands before the bytes.
fn header<'a>(parts: impl Iterator<Item = &'a [u8]>) -> String {
    let mut sum = Growing::default();
    sum.add(build().as_bytes());
    parts.for_each(|part| sum.add(part));
    format!("{} {}\n", build(), sum.now())
}

fn read(file: &Path) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    File::open(file).ok()?.take(BYTES_MAX + 1).read_to_end(&mut all).ok()?;
    let at = all.iter().position(|byte| *byte == b'\n')? + 1;
    let (head, bytes) = all.split_at(at);
    let is_whole = head == header(std::iter::once(bytes)).as_bytes();
    all.drain(..at);
    is_whole.then_some(all)
}

/// Under another name first: what has the name is whole, or was whole.
fn write(file: &Path, parts: &[Vec<u8>]) -> std::io::Result<()> {
    if parts.iter().map(|part| part.len() as u64).sum::<u64>() > BYTES_MAX - 1024 {
        return Ok(());
    }
    let made = file.with_file_name(format!(".new-{:016x}", RandomState::new().build_hasher().finish()));
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&made)?;
    let written = out
        .write_all(header(parts.iter().map(Vec::as_slice)).as_bytes())
        .and_then(|()| parts.iter().try_for_each(|part| out.write_all(part)));
    let placed = written.and_then(|()| std::fs::rename(&made, file));
    if placed.is_err() {
        let _ = std::fs::remove_file(&made); // a part is never read
    }
    placed
}

/// The oldest go, those that were never finished among them.
fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut files: Vec<_> = entries
        .filter_map(|entry| {
            let meta = entry.as_ref().ok()?.metadata().ok()?;
            Some(((meta.mtime(), meta.mtime_nsec()), entry.ok()?.path()))
        })
        .collect();
    files.sort();
    for (_, file) in files.iter().take(files.len().saturating_sub(FILES_MAX)) {
        let _ = std::fs::remove_file(file); // the next time, then
    }
}

fn remove(file: &Path) -> Result<(), LogFault> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot("remove", file, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
