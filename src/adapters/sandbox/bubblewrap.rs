//! The walls that bubblewrap puts up: what stands of what was asked, and how a command is started behind it.

use super::Settings;
use super::plan::{self, PROGRAM};
use super::probe::{Found, Missing, Probe, flags};
use crate::domain::hash::Hash;
use crate::domain::sandbox::Walls;
use crate::ports::Later;
use crate::ports::sandbox::{Sandbox, Seal, Wrapped};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The walls of a workspace.
#[derive(Clone)]
pub struct Bubblewrap {
    workspace: PathBuf,
    settings: Arc<Settings>,
    probe: Arc<Probe>,
}

impl Bubblewrap {
    /// The walls of a workspace, given by its real name.
    pub fn new(workspace: PathBuf, settings: Settings, probe: Arc<Probe>) -> Bubblewrap {
        Bubblewrap { workspace, settings: Arc::new(settings), probe }
    }

    async fn found(&self) -> Result<Found, Missing> {
        let network = self.settings.profile.network;
        self.probe.look(&self.settings.path, &self.workspace, network).await
    }

    fn walls(&self, found: &Result<Found, Missing>) -> Walls {
        let settings = &self.settings;
        let impossible = plan::impossible(settings, &self.workspace);
        let missing = impossible.or_else(|| found.as_ref().err().map(|missing| missing.why.clone()));
        let mut notes = Vec::new();
        let named = |what: &str, paths: &[String]| format!("{what} {}", paths.join(", "));
        if !settings.writable.is_empty() {
            notes.push(named("also writes", &settings.writable));
        }
        if !settings.show.is_empty() {
            notes.push(named("sees", &settings.show));
        }
        notes.extend(self.git_elsewhere());
        let of = match (&missing, found) {
            (Some(why), _) => format!("none: {why}"),
            (None, Ok(found)) => format!("{:?} {:?} {:?}", found.program, found.identity, found.version),
            (None, Err(_)) => String::new(),
        };
        let parts = format!("{of} {settings:?}");
        let name = match &missing {
            Some(_) => "no sandbox",
            None => settings.profile.name(),
        };
        let stamp = format!("{name} {}", Hash::of(parts.as_bytes()).short());
        Walls { asked: settings.profile, missing, limits: settings.limits, notes, stamp }
    }

    /// What is to be said of a repository that lies outside.
    fn git_elsewhere(&self) -> Option<String> {
        super::guarded::elsewhere(&self.workspace)
            .map(|dir| format!("git reads {} and cannot write it", dir.display()))
    }

    /// Everything for one command; reads folders, so off the async threads.
    fn wrapped(&self, found: &Found, cwd: &Path, program: &Path, seals: &[Seal]) -> Result<Wrapped, String> {
        let settings = &self.settings;
        let mut plan = plan::plan(settings, &self.workspace, program)?;
        plan.seal(seals);
        plan.make();
        let mut argv = vec![found.program.clone().into_os_string()];
        argv.extend(flags(found.knows, settings.profile.network));
        argv.extend(plan.mounts.arguments(found.knows));
        argv.extend([OsString::from("--chdir"), cwd.as_os_str().to_owned(), OsString::from("--")]);
        let register = settings.registers.as_ref().map(|dir| dir.join(plan::register(&self.workspace)));
        Ok(Wrapped {
            argv,
            inside: PathBuf::from(PROGRAM),
            environment: vec![(OsString::from("TMPDIR"), OsString::from("/tmp"))],
            stands: plan.guard.stands,
            swept: plan.guard.swept,
            register,
        })
    }
}

impl Sandbox for Bubblewrap {
    fn stands(&self) -> Later<'_, Walls> {
        Box::pin(async move {
            let found = self.found().await;
            self.walls(&found)
        })
    }

    fn wrap<'a>(
        &'a self,
        walls: &'a Walls,
        cwd: &'a Path,
        program: &'a Path,
        seals: &'a [Seal],
    ) -> Later<'a, Result<Option<Wrapped>, String>> {
        Box::pin(async move {
            let found = self.found().await;
            if self.walls(&found) != *walls {
                return Err("the sandbox is not what it was any more: nothing was started".to_string());
            }
            let Ok(found) = found else { return Ok(None) };
            if walls.missing.is_some() {
                return Ok(None);
            }
            let (own, cwd, program) = (self.clone(), cwd.to_path_buf(), program.to_path_buf());
            let seals = seals.to_vec();
            let wrapped = tokio::task::spawn_blocking(move || own.wrapped(&found, &cwd, &program, &seals));
            wrapped.await.map_err(|error| format!("the sandbox broke: {error}"))?.map(Some)
        })
    }
}
