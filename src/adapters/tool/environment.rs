//! The variables that a command gets: an allow-list, taken from what the app was given, never the app's own environment.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Passed on where they are set; and every `LC_…`.
const STANDING: &[&str] = &[
    "PATH",
    "HOME",
    "LANG",
    "LANGUAGE",
    "TZ",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "CARGO_HOME",
    "RUSTUP_HOME",
];

/// Always set: there is nobody at a terminal.
const FIXED: &[(&str, &str)] =
    &[("TERM", "dumb"), ("PAGER", "cat"), ("NO_COLOR", "1"), ("GIT_TERMINAL_PROMPT", "0")];

/// Parts of names that hold secrets.
const SECRET: &[&str] = &["KEY", "TOKEN", "SECRET", "PASSW", "CREDENTIAL", "AUTH", "COOKIE"];

/// Names that make another program run, or hand over this app's own settings.
const RISKY: &[&str] = &[
    "LD_",
    "DYLD_",
    "BASH_",
    "ENV",
    "IFS",
    "PS4",
    "PROMPT_COMMAND",
    "SHELLOPTS",
    "BASHOPTS",
    "PYTHONSTARTUP",
    "PYTHONINSPECT",
    "PERL5OPT",
    "PERL5DB",
    "RUBYOPT",
    "NODE_OPTIONS",
    "GIT_",
    "TACKROOM_",
];

/// The environment of a command. `pass` are further names; those of secrets and of loaders are not passed on even so.
pub(super) fn allowed(all: &BTreeMap<OsString, OsString>, pass: &[String]) -> BTreeMap<OsString, OsString> {
    let mut kept = BTreeMap::new();
    for (name, value) in all {
        let Some(text) = name.to_str() else { continue };
        let standing = STANDING.contains(&text) || text.starts_with("LC_");
        if standing || (pass.iter().any(|more| more == text) && !held_back(text)) {
            kept.insert(name.clone(), value.clone());
        }
    }
    if let Some(path) = kept.get_mut(OsStr::new("PATH")) {
        *path = absolute_only(path);
    }
    kept.extend(FIXED.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))));
    kept
}

/// Whether a name is never passed on.
fn held_back(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let risky = |start: &&str| match start.ends_with('_') {
        true => upper.starts_with(*start),
        false => upper == **start,
    };
    names_secret(name) || RISKY.iter().any(risky)
}

/// Whether what has this name is a secret, by its name alone.
pub fn names_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    SECRET.iter().any(|part| upper.contains(part))
}

/// A search path without relative folders: a program in the workspace must not stand in for a system's.
fn absolute_only(path: &OsStr) -> OsString {
    let folders = std::env::split_paths(path).filter(|folder| Path::is_absolute(folder));
    std::env::join_paths(folders).unwrap_or_default()
}
