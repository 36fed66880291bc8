//! What stands in the place of names that a command must not make, for as long as it runs: an empty folder, or a file where git
//! would stumble over a folder.
//!
//! Several commands may run in one workspace. A folder that stands for one of them must not be taken away under another, for
//! whose eyes something is laid over it: so each holds a shared lock, and whoever is the last takes all of them away. What is
//! put up is written down before, so that the next one takes away what a crash left.

use super::outer::{Outside, Stand};
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// What parts a path from the text of a file in the register.
const TEXT: char = '\u{1}';

/// What stands, and who holds it.
pub(super) struct Stands {
    own: Vec<Stand>,
    register: Option<Register>,
}

/// The list of what stands in a workspace, and the lock of those for whom it does.
struct Register {
    list: File,
    held: File,
}

impl Stands {
    /// Puts up what is to stand. What is there already is not this command's.
    pub(super) fn put(order: &Outside) -> io::Result<Stands> {
        let mut register = order.register.as_deref().map(Register::open).transpose()?;
        let mut own = Vec::new();
        if let Some(register) = &mut register {
            flock(&register.list, FlockOperation::LockExclusive)?;
            flock(&register.held, FlockOperation::LockShared)?;
            let mut known = register.read()?;
            known.extend(order.stands.iter().filter(|stand| !is_there(&stand.path)).map(line));
            register.write(&known)?;
        }
        for stand in &order.stands {
            match put_up(stand) {
                Ok(()) => own.push(stand.clone()),
                // It has come meanwhile, or nobody can make it: not the command either.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::AlreadyExists
                            | ErrorKind::PermissionDenied
                            | ErrorKind::ReadOnlyFilesystem
                            | ErrorKind::NotFound
                    ) => {}
                Err(error) => {
                    let why = format!("{} cannot be kept from being made: {error}", stand.path);
                    return Err(io::Error::other(why));
                }
            }
        }
        if let Some(register) = &register {
            flock(&register.list, FlockOperation::Unlock)?;
        }
        Ok(Stands { own, register })
    }

    /// Takes away what stands, where nobody else needs it.
    pub(super) fn take_away(self) {
        match self.register {
            Some(register) => register.clear(),
            None => self.own.iter().for_each(|stand| remove(&line(stand))),
        }
    }
}

impl Register {
    fn open(path: &str) -> io::Result<Register> {
        if let Some(folder) = Path::new(path).parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let open = |path: &str| {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600);
            options.open(path)
        };
        Ok(Register { list: open(path)?, held: open(&format!("{path}.held"))? })
    }

    fn read(&mut self) -> io::Result<BTreeSet<String>> {
        let mut text = String::new();
        self.list.seek(SeekFrom::Start(0))?;
        self.list.read_to_string(&mut text)?;
        Ok(text.split('\0').filter(|path| !path.is_empty()).map(str::to_string).collect())
    }

    fn write(&mut self, paths: &BTreeSet<String>) -> io::Result<()> {
        let text: String = paths.iter().flat_map(|path| [path.as_str(), "\0"]).collect();
        self.list.seek(SeekFrom::Start(0))?;
        self.list.set_len(0)?;
        self.list.write_all(text.as_bytes())
    }

    /// The last one takes everything away. What cannot be read or locked stays for the next.
    fn clear(mut self) {
        if flock(&self.list, FlockOperation::LockExclusive).is_err()
            || flock(&self.held, FlockOperation::NonBlockingLockExclusive).is_err()
        {
            return;
        }
        let Ok(known) = self.read() else { return };
        known.iter().for_each(|line| remove(line));
        let _ = self.write(&BTreeSet::new()); // what is named there and gone is not looked for again
    }
}

/// Puts it up where nothing is.
fn put_up(stand: &Stand) -> io::Result<()> {
    match &stand.text {
        None => fs::DirBuilder::new().mode(0o755).create(&stand.path),
        Some(text) => {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&stand.path)?;
            file.write_all(text.as_bytes())
        }
    }
}

/// A stand as the register has it: a path, and for a file its text behind a character that paths seldom have.
fn line(stand: &Stand) -> String {
    match &stand.text {
        None => stand.path.clone(),
        Some(text) => format!("{}{TEXT}{text}", stand.path),
    }
}

/// Removes what a line of the register names, if it is as it was put up: what somebody has put in its place is theirs.
fn remove(line: &str) {
    match line.rsplit_once(TEXT) {
        Some((path, text)) if is_file_with(path, text) => {
            let _ = fs::remove_file(path);
        }
        // Half written when a crash came.
        Some((path, _)) if is_file_with(path, "") => {
            let _ = fs::remove_file(path);
        }
        Some(_) => {}
        None => {
            let _ = fs::remove_dir(line);
        }
    }
}

fn is_file_with(path: &str, text: &str) -> bool {
    let is_file =
        fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() == text.len() as u64);
    is_file && fs::read(path).is_ok_and(|found| found == text.as_bytes())
}

fn is_there(path: &str) -> bool {
    fs::symlink_metadata(path).is_ok()
}
