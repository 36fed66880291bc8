//! Who drives a session: a lock on a file, which the kernel takes back when its process ends, however it ends.
//!
//! The files stay: a file that is deleted while another process opens it would be locked twice.

use super::Sqlite;
use super::fault::unavailable;
use super::place::{cannot, private_file, private_folder};
use crate::domain::ids::SessionId;
use crate::ports::log::LogFault;
use crate::ports::work::{Claim, Work};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `taken` holds a lock for an instant; a claim that meets it tries again.
const TRIES: u32 = 3;
const TRY_MS: u64 = 2;

struct Held {
    session: SessionId,
    _file: File,
}

impl Claim for Held {
    fn session(&self) -> &SessionId {
        &self.session
    }
}

/// Takes the session, or answers none where somebody has it.
pub fn claim(folder: &Path, session: &SessionId) -> Result<Option<Box<dyn Claim>>, LogFault> {
    let path = path(folder, session)?;
    private_folder(folder, true)?;
    private_file(&path).map_err(|error| cannot("make", &path, &error))?;
    let file = OpenOptions::new().write(true).open(&path).map_err(|error| cannot("open", &path, &error))?;
    for attempt in 1..=TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(Some(Box::new(Held { session: session.clone(), _file: file }))),
            Err(TryLockError::WouldBlock) if attempt < TRIES => {
                std::thread::park_timeout(Duration::from_millis(TRY_MS));
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(cannot("lock", &path, &error)),
        }
    }
    Ok(None)
}

/// Whether somebody has it; makes no file.
pub fn taken(folder: &Path, session: &SessionId) -> Result<bool, LogFault> {
    let path = path(folder, session)?;
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(cannot("open", &path, &error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(cannot("lock", &path, &error)),
    }
}

/// Bars a session with a file beside its lock, or takes that away; durable when it answers.
pub fn bar(folder: &Path, session: &SessionId, barred: bool) -> Result<(), LogFault> {
    let path = bar_of(folder, session)?;
    private_folder(folder, true)?;
    let changed = match barred {
        true => private_file(&path),
        false => match std::fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            done => done,
        },
    };
    let done = changed.and_then(|()| File::open(folder)?.sync_all());
    done.map_err(|error| cannot(if barred { "make" } else { "remove" }, &path, &error))
}

/// Whether a session is barred.
pub fn barred(folder: &Path, session: &SessionId) -> Result<bool, LogFault> {
    let path = bar_of(folder, session)?;
    match std::fs::symlink_metadata(&path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(cannot("look at", &path, &error)),
    }
}

fn bar_of(folder: &Path, session: &SessionId) -> Result<PathBuf, LogFault> {
    path(folder, session).map(|path| path.with_extension("part"))
}

/// The file of a session. Only what can be an id becomes part of a path.
fn path(folder: &Path, session: &SessionId) -> Result<PathBuf, LogFault> {
    if !SessionId::is_prefix(session.as_str()) {
        return Err(unavailable(format!("{session} is not the id of a session")));
    }
    Ok(folder.join(session.as_str()))
}

impl Work for Sqlite {
    fn claim(&self, session: &SessionId) -> Result<Option<Box<dyn Claim>>, LogFault> {
        self.writable()?;
        claim(&self.shared.place.locks(), session)
    }

    fn taken(&self, session: &SessionId) -> Result<bool, LogFault> {
        taken(&self.shared.place.locks(), session)
    }

    fn bar(&self, session: &SessionId, barred: bool) -> Result<(), LogFault> {
        self.writable()?;
        bar(&self.shared.place.locks(), session, barred)
    }

    fn barred(&self, session: &SessionId) -> Result<bool, LogFault> {
        barred(&self.shared.place.locks(), session)
    }
}
