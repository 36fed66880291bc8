//! The tools that come with the app: files of the workspace, search, commands, HTTP.

mod args; // arguments that fit their schema, read
mod place; // the workspace, held by handle: every path goes through here
mod bounds; // what was judged of the files that a call opens
mod atomic; // replaces a file as a whole
mod change; // a file as it is and as it would be, for the operator
mod read_file; // lines of a text file
mod list_dir; // what is in a folder
mod search; // a pattern in files
mod write_file; // a file as a whole
mod edit_file; // one passage of a file
mod run_command; // a program, watched
mod seal; // the scripts that a program is named with, as they were approved
mod environment; // the variables that a program gets
mod supervise; // one running program and everything it started, from its start to its end
mod keep; // head and tail of an output of any size
mod process; // the processes that a program left, found and ended
pub mod child; // the process between this app and a program: `tackroom __child`
mod handles; // what a program does not inherit
mod outer; // the process outside of a program's walls
mod stands; // what stands in the place of names that a program must not make
mod nested; // repositories below the workspace that a program made or changed
mod settings_of_git; // whether a repository's settings name a program
mod usage; // what a program uses, with all it started
mod http_get; // one page from a host
mod url; // web addresses, strictly read
mod page; // what came from a host, as text
pub mod fetch; // the socket for whatever does HTTP
mod web_fetch; // the plug for it

pub use environment::is_secret;
pub use fetch::{Fetch, FetchFault, FetchLimits, Fetched};
pub use place::Workspace;
pub use process::is_commanded;
pub use web_fetch::WebFetch;

use crate::domain::call::{Outcome, Preview};
use crate::domain::host::Hosts;
use crate::ports::Later;
use crate::ports::sandbox::Sandbox;
use crate::ports::tool::{Returned, Stop, Tool};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::JoinError;

/// The mode of a new file; the process's umask takes from it.
const MODE_NEW: u32 = 0o666;
/// The most bytes of text that a tool which reads gives back.
const TEXT_MAX: usize = 256 * 1024;

/// What the tools are to know.
#[derive(Clone)]
pub struct Settings {
    /// How this program is started so that it calls `child::run` with what follows, as in `["/usr/bin/tackroom",
    /// "__child"]`. Without it a command is only a process group, and says so.
    pub launcher: Option<Vec<OsString>>,
    /// The environment of this app, from which commands get the names that are allowed.
    pub environment: BTreeMap<OsString, OsString>,
    /// Names that are passed on to commands beyond the standing ones. Names of secrets are not passed on even so.
    pub pass: Vec<String>,
    /// What holds a command; none where nothing was asked to.
    pub sandbox: Option<Arc<dyn Sandbox>>,
    /// Where copies of approved scripts lie while they run; without it none are made.
    pub seals: Option<PathBuf>,
    /// The longest that a command may be given, in seconds.
    pub command_s_max: u64,
    /// Hosts that need no asking; private addresses are reached only if named here.
    pub hosts: Hosts,
    /// What does HTTP; without it there is no `http_get`.
    pub fetch: Option<Arc<dyn Fetch>>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            launcher: None,
            environment: BTreeMap::new(),
            pass: Vec::new(),
            sandbox: None,
            seals: None,
            command_s_max: 1800,
            hosts: Hosts::default(),
            fetch: None,
        }
    }
}

/// The standard tools on a workspace.
pub fn standard(workspace: Workspace, settings: Settings) -> Vec<Arc<dyn Tool>> {
    let mut tools: Vec<Arc<dyn Tool>> = vec![
        Arc::new(read_file::ReadFile::new(workspace.clone())),
        Arc::new(list_dir::ListDir::new(workspace.clone())),
        Arc::new(search::Search::new(workspace.clone())),
        Arc::new(write_file::WriteFile::new(workspace.clone())),
        Arc::new(edit_file::EditFile::new(workspace.clone())),
        Arc::new(run_command::RunCommand::new(workspace, &settings)),
    ];
    if let Some(fetch) = settings.fetch {
        tools.push(Arc::new(http_get::HttpGet::new(fetch, settings.hosts)));
    }
    tools
}

/// Tells work on a thread of its own that it is to stop: asked to, or its future was dropped.
struct Halt {
    asked: Stop,
    dropped: Arc<AtomicBool>,
}

impl Halt {
    /// Whether to stop.
    fn asked(&self) -> bool {
        self.asked.asked() || self.dropped.load(Ordering::Acquire)
    }
}

/// Sets the flag when it goes.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Does file work off the async threads; a panic in it is an outcome like others.
fn work<'a>(asked: Stop, job: impl FnOnce(&Halt) -> Returned + Send + 'static) -> Later<'a, Returned> {
    Box::pin(async move {
        let dropped = Dropped(Arc::new(AtomicBool::new(false)));
        let halt = Halt { asked: asked.clone(), dropped: dropped.0.clone() };
        let returned = match tokio::task::spawn_blocking(move || job(&halt)).await {
            Ok(returned) => returned,
            Err(error) => Returned { outcome: Outcome::Panicked, text: broken(error) },
        };
        match returned.outcome == Outcome::Error && asked.asked() {
            true => Returned { outcome: Outcome::Cancelled, ..returned },
            false => returned,
        }
    })
}

/// Looks at files for an operator's sake.
fn look<'a>(job: impl FnOnce() -> Preview + Send + 'static) -> Later<'a, Preview> {
    Box::pin(async move {
        match tokio::task::spawn_blocking(job).await {
            Ok(preview) => preview,
            Err(error) => Preview::WouldFail { why: broken(error) },
        }
    })
}

fn broken(error: JoinError) -> String {
    let said = error.try_into_panic().ok().and_then(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_string()))
    });
    format!("the tool broke: {}", said.unwrap_or_else(|| "it was stopped".to_string()))
}
