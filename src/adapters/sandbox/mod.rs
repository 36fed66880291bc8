//! What holds a command: `Sandbox`. On Linux bubblewrap; elsewhere, and where nothing was asked for, no wall, and said so.

mod mounts; // what is seen where, parents before what lies in them
mod system; // folders of the system that are hidden or fresh
mod sockets; // those of outside that can be seen
mod home; // what of a home folder is seen
mod guarded; // what a command may not change in its own workspace
mod calls; // calls of the kernel that are refused
mod asked; // what git says that its settings name
mod probe; // whether bubblewrap works here, tried for real
mod plan; // all of it for one command
mod bubblewrap; // the walls themselves

pub use bubblewrap::Bubblewrap;
pub use probe::{Found, Missing, Probe};

use crate::domain::sandbox::{Limits, Profile, Writes};
use crate::ports::sandbox::Sandbox;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

/// What the walls are to be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The profile.
    pub profile: Profile,
    /// How much a command may use.
    pub limits: Limits,
    /// Further paths that nobody inside sees: absolute, below `~/`, or relative to the workspace.
    pub hide: Vec<String>,
    /// Paths below the home folder that are seen although they would be hidden.
    pub show: Vec<String>,
    /// Whether repositories below the workspace that a command made are left as they are, whatever they would run.
    pub nested_repositories: bool,
    /// Further paths that may be written, also those in the workspace that otherwise may not.
    pub writable: Vec<String>,
    /// The app's own folders, absolute: nobody inside sees them.
    pub own: Vec<PathBuf>,
    /// Where caches of commands are kept, a folder for each workspace; without it they are thrown away.
    pub cache: Option<PathBuf>,
    /// Where those who work in one workspace know of each other.
    pub registers: Option<PathBuf>,
    /// The home folder, as the environment tells it.
    pub home: Option<PathBuf>,
    /// The search path for `bwrap`.
    pub path: OsString,
}

/// The walls of a workspace, given by its real name; none where none were asked for. `probe` is shared by all of a process.
pub fn walls(workspace: PathBuf, settings: Settings, probe: Arc<Probe>) -> Option<Arc<dyn Sandbox>> {
    match settings.profile.writes {
        Writes::Anything => None,
        Writes::Nothing | Writes::Workspace => Some(Arc::new(Bubblewrap::new(workspace, settings, probe))),
    }
}
