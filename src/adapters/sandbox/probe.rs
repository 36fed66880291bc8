//! Whether bubblewrap works here: found on the search path outside of the workspace, and tried for real, once for each
//! program that is found.

use super::mounts::{Knows, Mounts};
use super::{calls, system};
use crate::domain::sandbox::{Profile, Writes};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::Mutex;

/// How long bubblewrap may take to start a program.
const LIMIT: Duration = Duration::from_secs(10);

/// A bubblewrap that works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The program, absolute.
    pub program: PathBuf,
    /// As it calls itself.
    pub version: String,
    /// What tells it from another that takes its place.
    pub(super) identity: Identity,
    pub(super) knows: Knows,
}

/// Why there is none, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The reason.
    pub why: String,
    /// What to type.
    pub hint: String,
}

/// Device, inode, size and time of a file.
pub(super) type Identity = (u64, u64, u64, i64);

type Tried = BTreeMap<(PathBuf, Identity, bool), Result<Found, Missing>>;

/// What was tried so far.
#[derive(Debug, Default)]
pub struct Probe(Mutex<Tried>);

impl Probe {
    /// Whether bubblewrap can hold a command, with the network or without. Quick once it was tried.
    pub async fn look(&self, path: &OsStr, outside_of: &Path, network: bool) -> Result<Found, Missing> {
        let (program, identity) = find(path, outside_of)?;
        let mut tried = self.0.lock().await;
        let key = (program.clone(), identity, network);
        if let Some(known) = tried.get(&key) {
            return known.clone();
        }
        let result = try_out(&program, identity, network).await;
        tried.insert(key, result.clone());
        result
    }
}

/// Flags that every command is started with.
pub(super) fn flags(knows: Knows, network: bool) -> Vec<OsString> {
    let mut flags = vec![
        "--unshare-user",
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--die-with-parent",
        "--new-session",
        "--cap-drop",
        "ALL",
        // A name that resolves inside.
        "--hostname",
        "localhost",
    ];
    if !network {
        flags.push("--unshare-net");
    }
    if knows.disable_userns {
        flags.push("--disable-userns");
    }
    flags.into_iter().map(OsString::from).collect()
}

fn find(path: &OsStr, outside_of: &Path) -> Result<(PathBuf, Identity), Missing> {
    let missing = |why: &str, hint: &str| Err(Missing { why: why.to_string(), hint: hint.to_string() });
    if cfg!(not(target_os = "linux")) {
        return missing("it needs Linux", "every command asks; look at what it will do");
    }
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    let programs = folders.filter_map(|folder| system::real(&folder.join("bwrap")));
    let found = programs.filter(|program| !program.starts_with(outside_of) || outside_of == Path::new("/"));
    let usable = found.filter_map(|program| {
        let meta = std::fs::metadata(&program).ok()?;
        (meta.is_file() && meta.permissions().mode() & 0o111 != 0).then_some((program, meta))
    });
    match usable.into_iter().next() {
        Some((_, meta)) if meta.permissions().mode() & 0o4000 != 0 => missing(
            "bwrap is set-uid here, and nothing that an agent starts may gain privileges",
            "allow user namespaces to ordinary users and take the set-uid bit from bwrap",
        ),
        Some((program, meta)) => {
            let identity = (meta.dev(), meta.ino(), meta.size(), meta.mtime());
            Ok((program, identity))
        }
        None => missing(
            "bubblewrap is not installed",
            "install it: apt install bubblewrap, dnf install bubblewrap, pacman -S bubblewrap or apk add bubblewrap",
        ),
    }
}

/// Starts a shell that does nothing, with the flags and folders that a command gets.
async fn try_out(program: &Path, identity: Identity, network: bool) -> Result<Found, Missing> {
    let help = said(program, &["--help".into()], &[]).await?.1;
    let knows = Knows {
        size: help.contains("--size "),
        perms: help.contains("--perms "),
        disable_userns: help.contains("--disable-userns "),
    };
    let version = said(program, &["--version".into()], &[]).await?.1;
    let version = version.lines().next().unwrap_or("bubblewrap").trim().to_string();
    let mut mounts = Mounts::default();
    system::furnish(&mut mounts, Profile { writes: Writes::Nothing, network }, 1);
    let mut arguments = flags(knows, network);
    arguments.extend(mounts.arguments(knows));
    arguments.extend(["--seccomp", "0", "--chdir", "/", "--", "sh", "-c", ":"].map(OsString::from));
    match said(program, &arguments, &calls::filter()).await? {
        (true, _) => Ok(Found { program: program.to_path_buf(), version, identity, knows }),
        (false, why) => Err(refused(&why)),
    }
}

/// What a program reads: a few hundred bytes, which a pipe holds.
fn input(bytes: &[u8]) -> io::Result<Stdio> {
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(bytes)?;
    Ok(Stdio::from(reader))
}

/// Whether it went well, and what it said.
async fn said(program: &Path, arguments: &[OsString], given: &[u8]) -> Result<(bool, String), Missing> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").current_dir("/");
    command
        .stdin(input(given).unwrap_or_else(|_| Stdio::null()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let failed = |why: String| Missing {
        why: format!("{} cannot be run: {why}", program.display()),
        hint: "run it by hand to see what is wrong: bwrap --ro-bind / / true".to_string(),
    };
    match tokio::time::timeout(LIMIT, command.output()).await {
        Ok(Ok(output)) => {
            let text = [output.stdout, output.stderr].concat();
            Ok((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
        }
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed(format!("it took longer than {} s", LIMIT.as_secs()))),
    }
}

/// What bubblewrap said, and what is known to help.
fn refused(said: &str) -> Missing {
    let said =
        said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it failed without a word").trim();
    let said: String = said.trim_start_matches("bwrap: ").chars().take(200).collect();
    let sysctl = |name: &str| std::fs::read_to_string(format!("/proc/sys/{name}")).unwrap_or_default();
    let hint = if sysctl("kernel/apparmor_restrict_unprivileged_userns").trim() == "1" {
        "AppArmor keeps user namespaces from it: give bwrap a profile that allows `userns`, or \
         `sysctl kernel.apparmor_restrict_unprivileged_userns=0`"
    } else if sysctl("kernel/unprivileged_userns_clone").trim() == "0" {
        "the kernel keeps user namespaces to root: `sysctl kernel.unprivileged_userns_clone=1`"
    } else if sysctl("user/max_user_namespaces").trim() == "0" {
        "the kernel allows no user namespaces: `sysctl user.max_user_namespaces=15000`"
    } else {
        "in a container: run it with user namespaces allowed; else see what it says: bwrap --ro-bind / / --unshare-all true"
    };
    Missing { why: format!("bubblewrap cannot make namespaces here: {said}"), hint: hint.to_string() }
}
