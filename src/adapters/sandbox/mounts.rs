//! What is seen where: a table of places, told to bubblewrap with parents before what lies in them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// What is there, not to be written.
    Read,
    /// The same; nothing, where it is gone by then.
    ReadIfThere,
    /// What is there, to be written.
    Write,
    /// Another folder, to be written.
    Other(PathBuf),
    /// A file of elsewhere, not to be written.
    File(PathBuf),
    /// A fresh folder of so many MiB, thrown away afterwards; with everybody's permissions, or its owner's.
    Fresh(u64, Open),
    /// An empty folder that cannot be written.
    Hidden,
    /// A file without content.
    Empty,
    /// A link.
    Link(PathBuf),
    /// Own devices.
    Devices,
    /// Own processes.
    Processes,
}

/// To whom a fresh folder is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Open {
    /// To everybody, as `/tmp` is.
    All,
    /// To its owner.
    Owner,
}

/// Options of bubblewrap that older ones do not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Knows {
    /// `--size`.
    pub(super) size: bool,
    /// `--perms`.
    pub(super) perms: bool,
    /// `--disable-userns`.
    pub(super) disable_userns: bool,
}

/// The table. A later word about the same place counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Mounts(BTreeMap<PathBuf, What>);

impl Mounts {
    /// Puts something at a place.
    pub(super) fn put(&mut self, place: impl Into<PathBuf>, what: What) {
        self.0.insert(place.into(), what);
    }

    /// Puts something in the place of what comes from there.
    pub(super) fn forget(&mut self, source: &Path, instead: What) {
        let places: Vec<PathBuf> = self
            .0
            .iter()
            .filter(|(_, what)| **what == What::Other(source.to_path_buf()))
            .map(|(place, _)| place.clone())
            .collect();
        places.into_iter().for_each(|place| self.put(place, instead.clone()));
    }

    /// Whether something was said about this very place.
    pub(super) fn names(&self, place: &Path) -> bool {
        self.0.contains_key(place)
    }

    /// Whether what really is at a path can be seen: the nearest word about it or what it lies in shows it.
    pub(super) fn shows(&self, path: &Path) -> bool {
        let nearest = path.ancestors().find_map(|above| self.0.get(above));
        match nearest {
            Some(What::Read | What::ReadIfThere | What::Write) => true,
            Some(
                What::Other(_)
                | What::File(_)
                | What::Fresh(..)
                | What::Hidden
                | What::Empty
                | What::Link(_)
                | What::Devices
                | What::Processes,
            )
            | None => false,
        }
    }

    /// Whether what really is at a path can be written there: the nearest word about what it lies in says so.
    pub(super) fn writes(&self, path: &Path) -> bool {
        path.ancestors().find_map(|above| self.0.get(above)) == Some(&What::Write)
    }

    /// As arguments.
    pub(super) fn arguments(&self, knows: Knows) -> Vec<OsString> {
        let mut told: Vec<OsString> = Vec::new();
        let mut say = |words: &[&std::ffi::OsStr]| told.extend(words.iter().map(|word| (*word).to_owned()));
        for (place, what) in &self.0 {
            let place = place.as_os_str();
            match what {
                What::Read => say(&["--ro-bind".as_ref(), place, place]),
                What::ReadIfThere => say(&["--ro-bind-try".as_ref(), place, place]),
                What::Write => say(&["--bind".as_ref(), place, place]),
                What::Other(source) => say(&["--bind".as_ref(), source.as_ref(), place]),
                What::File(source) => say(&["--ro-bind".as_ref(), source.as_ref(), place]),
                What::Fresh(mib, open) => {
                    if knows.perms && *open == Open::All {
                        say(&["--perms".as_ref(), "1777".as_ref()]);
                    }
                    if knows.size && *mib > 0 {
                        say(&["--size".as_ref(), (mib * 1024 * 1024).to_string().as_ref()]);
                    }
                    say(&["--tmpfs".as_ref(), place]);
                }
                What::Hidden => say(&["--tmpfs".as_ref(), place]),
                What::Empty => say(&["--ro-bind".as_ref(), "/dev/null".as_ref(), place]),
                What::Link(target) => say(&["--symlink".as_ref(), target.as_ref(), place]),
                What::Devices => say(&["--dev".as_ref(), place]),
                What::Processes => say(&["--proc".as_ref(), place]),
            }
        }
        // Only now: what lies in one has been put there.
        for (place, _) in self.0.iter().filter(|(_, what)| **what == What::Hidden) {
            say(&["--remount-ro".as_ref(), place.as_os_str()]);
        }
        told
    }
}
