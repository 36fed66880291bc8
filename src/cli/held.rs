//! What holds commands: `[sandbox]` of the configuration, and the walls made of it.

use crate::adapters::sandbox::{self, Found, Missing, Probe};
use crate::cli::config::{Config, Source, Sourced};
use crate::domain::sandbox::{Limits, Profile, Writes};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// What was tried of bubblewrap: once for the process.
static PROBE: LazyLock<Arc<Probe>> = LazyLock::new(Arc::default);

/// `[sandbox]`, where it says one thing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "Written")]
pub(super) struct File(Written);

impl TryFrom<Written> for File {
    type Error = String;

    fn try_from(file: Written) -> Result<File, String> {
        let is_none = file.profile.is_some_and(|named| named.0 == Profile::NONE);
        match is_none && file.network == Some(false) {
            true => {
                Err("profile = \"none\" has the network, and network = false takes it away: name a profile \
                         that can, such as \"workspace-write\""
                    .to_string())
            }
            false => Ok(File(file)),
        }
    }
}

/// `[sandbox]` as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    profile: Option<Named>,
    network: Option<bool>,
    hide: Option<Vec<String>>,
    show: Option<Vec<String>>,
    writable: Option<Vec<String>>,
    nested_repositories: Option<bool>,
    limits: LimitsFile,
}

/// `[sandbox.limits]`; 0 is without a limit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsFile {
    memory_mib: Option<u64>,
    processes: Option<u64>,
    open_files: Option<u64>,
    file_mib: Option<u64>,
    cpu_s: Option<u64>,
}

/// A profile by its name.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Named(Profile);

impl TryFrom<String> for Named {
    type Error = String;

    fn try_from(name: String) -> Result<Named, String> {
        profile(&name).map(Named)
    }
}

/// The profile that was typed.
pub fn profile(name: &str) -> Result<Profile, String> {
    Profile::parse(name).ok_or_else(|| format!("{name:?} is none of {}", Profile::NAMES.join(", ")))
}

/// `[sandbox]`, each value with its source.
#[derive(Clone, Debug)]
pub struct Held {
    /// The profile.
    pub profile: Sourced<Profile>,
    /// Paths that nobody inside sees.
    pub hide: Sourced<Vec<String>>,
    /// Paths of the home folder that are seen nevertheless.
    pub show: Sourced<Vec<String>>,
    /// Paths that may be written beside the workspace, or in it nevertheless.
    pub writable: Sourced<Vec<String>>,
    /// Whether what a command leaves in repositories below the workspace is left alone.
    pub nested_repositories: Sourced<bool>,
    /// How much a command may use.
    pub limits: Sourced<Limits>,
}

impl Held {
    /// The flag beats the file, which beats the default.
    pub(super) fn of(flag: Option<Profile>, File(file): File) -> Held {
        let or = |list: Option<Vec<String>>| match list {
            Some(value) => Sourced { value, source: Source::File },
            None => Sourced { value: Vec::new(), source: Source::Default },
        };
        let usual = Profile { writes: Writes::Workspace, network: false };
        let from_file = file.profile.is_some() || file.network.is_some();
        let told = file.profile.map_or(usual, |named| named.0);
        let told = Profile { network: file.network.unwrap_or(told.network), ..told };
        let source = if from_file { Source::File } else { Source::Default };
        let profile = match flag {
            Some(value) => Sourced { value, source: Source::Flag("sandbox") },
            None => Sourced { value: told, source },
        };
        Held {
            profile,
            hide: or(file.hide),
            show: or(file.show),
            writable: or(file.writable),
            nested_repositories: Sourced {
                value: file.nested_repositories.unwrap_or(false),
                source: if file.nested_repositories.is_some() { Source::File } else { Source::Default },
            },
            limits: limits(&file.limits),
        }
    }
}

fn limits(file: &LimitsFile) -> Sourced<Limits> {
    let usual = Limits::default();
    let value = Limits {
        memory_mib: file.memory_mib.unwrap_or(usual.memory_mib),
        processes: file.processes.unwrap_or(usual.processes),
        open_files: file.open_files.unwrap_or(usual.open_files),
        file_mib: file.file_mib.unwrap_or(usual.file_mib),
        cpu_s: file.cpu_s.unwrap_or(usual.cpu_s),
    };
    let source = if value == usual { Source::Default } else { Source::File };
    Sourced { value, source }
}

/// The rows of `config show`.
pub(super) fn rows(held: &Held) -> Vec<(&'static str, String, String)> {
    let list = |name, value: &Sourced<Vec<String>>| (name, value.value.join(", "), value.source.to_string());
    let limit = |name, value: u64| (name, value.to_string(), held.limits.source.to_string());
    let limits = held.limits.value;
    vec![
        ("sandbox.profile", held.profile.value.name().to_string(), held.profile.source.to_string()),
        list("sandbox.hide", &held.hide),
        list("sandbox.show", &held.show),
        list("sandbox.writable", &held.writable),
        (
            "sandbox.nested_repositories",
            held.nested_repositories.value.to_string(),
            held.nested_repositories.source.to_string(),
        ),
        limit("sandbox.limits.memory_mib", limits.memory_mib),
        limit("sandbox.limits.processes", limits.processes),
        limit("sandbox.limits.open_files", limits.open_files),
        limit("sandbox.limits.file_mib", limits.file_mib),
        limit("sandbox.limits.cpu_s", limits.cpu_s),
    ]
}

/// The walls round the commands of a workspace; none where none were asked for.
pub fn walls(config: &Config, workspace: &str) -> Option<Arc<dyn crate::ports::sandbox::Sandbox>> {
    let (held, paths) = (&config.sandbox, &config.paths);
    let settings = sandbox::Settings {
        profile: held.profile.value,
        limits: held.limits.value,
        hide: held.hide.value.clone(),
        show: held.show.value.clone(),
        writable: held.writable.value.clone(),
        nested_repositories: held.nested_repositories.value,
        own: vec![paths.data.clone(), paths.config.clone(), paths.cache.clone()],
        cache: Some(paths.cache.join("commands")),
        registers: Some(paths.data.join("sandbox")),
        home: config.env.get("HOME").filter(|home| home.starts_with('/')).map(PathBuf::from),
        path: config.env.get("PATH").cloned().unwrap_or_default().into(),
    };
    sandbox::walls(PathBuf::from(workspace), settings, PROBE.clone())
}

/// Whether bubblewrap can hold a command of this workspace; none where nothing was asked to.
pub async fn look(config: &Config, workspace: &str) -> Option<Result<Found, Missing>> {
    let profile = config.sandbox.profile.value;
    if profile == Profile::NONE {
        return None;
    }
    let path = config.env.get("PATH").cloned().unwrap_or_default();
    Some(PROBE.look(path.as_ref(), Path::new(workspace), profile.network).await)
}

/// Begins to try bubblewrap out, so that the first command need not wait for it.
pub fn warm(config: &Config, workspace: &str) {
    let (config, workspace) = (config.clone(), workspace.to_string());
    // Whoever needs the answer asks for it; until then nobody waits.
    drop(tokio::spawn(async move { look(&config, &workspace).await }));
}

/// How this program is started as the process between. On Linux by the handle of the file that runs: what has its name may
/// be another by then, and an agent may work in the folder that it was built in.
pub fn launcher() -> Option<Vec<std::ffi::OsString>> {
    let program = match cfg!(target_os = "linux") {
        true => PathBuf::from("/proc/self/exe"),
        false => std::env::current_exe().ok()?,
    };
    Some(vec![program.into_os_string(), super::CHILD.into()])
}
