//! What stands between a command and the machine: what is there of what was asked for, and how a program is started behind it.

use crate::domain::hash::Hash;
use crate::domain::sandbox::Walls;
use crate::ports::Later;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// How a program is started behind the walls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// A program and arguments; what is put after them is run inside.
    pub argv: Vec<OsString>,
    /// Where this app's own program is found inside.
    pub inside: PathBuf,
    /// Variables that have other values inside.
    pub environment: Vec<(OsString, OsString)>,
    /// Names that must not be made in the workspace and are not there: for as long as the program runs, an empty folder
    /// stands in the place of each, on which the walls put one that cannot be written.
    pub stands: Vec<PathBuf>,
    /// Files that are removed where the program has made them, since an empty folder in their place would disturb others.
    pub swept: Vec<PathBuf>,
    /// A file name of the app's own, by which those who work in this workspace at a time know of each other.
    pub register: Option<PathBuf>,
}

/// A file over which a copy lies while a program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The file, absolute, links resolved.
    pub place: PathBuf,
    /// The copy.
    pub copy: PathBuf,
    /// The hash of what is in the copy.
    pub hash: Hash,
}

/// The walls of a workspace.
///
/// Contract (`tests/it/contracts/sandbox.rs`): `stands` tells what is in force, never what was wished for, and its stamp changes
/// with it; `wrap` fails where what stands is not what it was given: a program is never started behind other walls than
/// were shown.
pub trait Sandbox: Send + Sync {
    /// What holds a command that starts now. The first look tries it out, under a time limit; later ones are quick.
    fn stands(&self) -> Later<'_, Walls>;
    /// How a program is started behind these walls, in a folder of the workspace; none where there are none. `program` is
    /// this app's own, which has to be found inside.
    /// A program cannot write, replace or move what is sealed, nor the folders above it.
    fn wrap<'a>(
        &'a self,
        walls: &'a Walls,
        cwd: &'a Path,
        program: &'a Path,
        seals: &'a [Seal],
    ) -> Later<'a, Result<Option<Wrapped>, String>>;
}
