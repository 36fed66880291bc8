//! Empty folders in the place of names that a command must not make, for as long as it runs; and what it made nevertheless.
//!
//! Several commands may run in one workspace. A folder that stands for one of them must not be taken away under another, for
//! whose eyes something is laid over it: so each holds a shared lock, and whoever is the last takes all of them away. What is
//! put up is written down before, so that the next one takes away what a crash left.

use super::outer::Outside;
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// What stands, and who holds it.
pub(super) struct Stands {
    own: Vec<String>,
    swept: Vec<String>,
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
        let swept = order.swept.iter().filter(|path| !is_there(path)).cloned().collect();
        let mut register = order.register.as_deref().map(Register::open).transpose()?;
        let mut own = Vec::new();
        if let Some(register) = &mut register {
            flock(&register.list, FlockOperation::LockExclusive)?;
            flock(&register.held, FlockOperation::LockShared)?;
            let mut known = register.read()?;
            known.extend(order.stands.iter().filter(|path| !is_there(path)).cloned());
            register.write(&known)?;
        }
        for path in &order.stands {
            match fs::DirBuilder::new().mode(0o755).create(path) {
                Ok(()) => own.push(path.clone()),
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
                    let why = format!("{path} cannot be kept from being made: {error}");
                    return Err(io::Error::other(why));
                }
            }
        }
        if let Some(register) = &register {
            flock(&register.list, FlockOperation::Unlock)?;
        }
        Ok(Stands { own, swept, register })
    }

    /// Takes away what stands, where nobody else needs it; tells what the command made that it should not have.
    pub(super) fn take_away(self) -> Vec<String> {
        match self.register {
            Some(register) => register.clear(),
            None => self.own.iter().for_each(|path| remove_empty(path)),
        }
        let made = self.swept.iter().filter(|path| is_there(path));
        let told = made.map(|path| match remove(path) {
            Ok(()) => {
                format!("{path} was made and has been removed: it would have git run programs outside of the sandbox")
            }
            Err(error) => {
                format!("{path} was made, would have git run programs, and could not be removed: {error}")
            }
        });
        told.collect()
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
        known.iter().for_each(|path| remove_empty(path));
        let _ = self.write(&BTreeSet::new()); // what is named there and gone is not looked for again
    }
}

/// Removes a folder if it is empty: what somebody has put into it is theirs.
fn remove_empty(path: &str) {
    let _ = fs::remove_dir(path);
}

fn remove(path: &str) -> io::Result<()> {
    match fs::symlink_metadata(path)?.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}

fn is_there(path: &str) -> bool {
    fs::symlink_metadata(path).is_ok()
}
