//! What git's settings name that git runs or reads as further settings, of all places that it reads settings from: asked of git
//! itself, outside, which only reads for it. Without git, what the repository's own settings say plainly.

use super::{Settings, system};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How long git may take to tell.
const LIMIT: Duration = Duration::from_secs(5);
/// What it is asked for.
const NAMES: &str = r"^(core\.(hookspath|fsmonitor)|include\.path|includeif\..*\.path)$";

/// A place that the settings name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    /// Where.
    pub(super) place: PathBuf,
    /// Whether it is read as a file of settings.
    pub(super) is_settings: bool,
}

/// What the settings name for a workspace, wherever that is.
pub(super) async fn names(settings: &Settings, workspace: &Path) -> Vec<Named> {
    let told = ask(settings, workspace).await.unwrap_or_default();
    let mut named = read(&told, workspace, settings.home.as_deref());
    named.sort();
    named.dedup();
    named
}

async fn ask(settings: &Settings, workspace: &Path) -> Option<String> {
    let mut command = Command::new(git(settings, workspace)?);
    command.args(["config", "--null", "--show-origin", "--includes", "--get-regexp", NAMES]);
    command.env_clear().env("PATH", &settings.path).env("GIT_OPTIONAL_LOCKS", "0");
    if let Some(home) = &settings.home {
        command.env("HOME", home);
    }
    command.current_dir(workspace).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let output = tokio::time::timeout(LIMIT, command.kill_on_drop(true).output()).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The program, where it does not lie in the workspace.
fn git(settings: &Settings, workspace: &Path) -> Option<PathBuf> {
    let folders = std::env::split_paths(&settings.path).filter(|folder| folder.is_absolute());
    let mut found = folders.filter_map(|folder| system::real(&folder.join("git")));
    found.find(|git| git.is_file() && !git.starts_with(workspace))
}

/// Reads what git told: the file, then the name with its value on the next line.
fn read(told: &str, workspace: &Path, home: Option<&Path>) -> Vec<Named> {
    let parts: Vec<&str> = told.split('\0').collect();
    let mut named = Vec::new();
    for pair in parts.chunks_exact(2) {
        let (Some(origin), Some((name, value))) =
            (pair.first(), pair.get(1).and_then(|set| set.split_once('\n')))
        else {
            continue;
        };
        let is_settings = name.starts_with("include");
        let file = workspace.join(origin.strip_prefix("file:").unwrap_or(""));
        // Further settings are named as seen from the file that names them, all else as seen from the workspace.
        let from = if is_settings { file.parent().unwrap_or(workspace) } else { workspace };
        for value in [value, value.split_ascii_whitespace().next().unwrap_or_default()] {
            let below_home = value.strip_prefix("~/").and_then(|rest| Some(home?.join(rest)));
            let place = below_home.unwrap_or_else(|| from.join(value));
            if !is_word(value) {
                named.push(Named { place, is_settings });
            }
        }
    }
    named
}

/// Whether a value is none that names a place: `core.fsmonitor` may be only switched.
fn is_word(value: &str) -> bool {
    let words = ["", "true", "false", "yes", "no", "on", "off", "1", "0"];
    words.contains(&value.to_ascii_lowercase().as_str())
}
