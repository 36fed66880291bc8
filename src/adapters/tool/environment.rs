//! The variables that a command gets: an allow-list, taken from what the app was given, never the app's own environment.

use crate::domain::secrets::is_telling;
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

/// Parts of names that may hold secrets: what has one is not passed on, whatever its value.
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
    SECRET.iter().any(|part| upper.contains(part))
        || tells(name) != Telling::Nothing
        || RISKY.iter().any(risky)
}

/// What a name tells of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Telling {
    Nothing,
    /// A secret where it looks like one.
    Secret,
    /// A password, which may be a word like others.
    Password,
}

/// Words of names whose values may be any word.
const PASSWORDS: &[&str] = &["PASSWORD", "PASSWD", "PASSPHRASE", "PASS", "PWD", "SECRET"];
/// Words of names whose values are letters and digits.
const TOKENS: &[&str] =
    &["KEY", "APIKEY", "TOKEN", "CREDENTIAL", "AUTH", "AUTHORIZATION", "COOKIE", "PAT", "DSN"];
/// As the last word of a name, these say that the value is about a secret and is none.
const ABOUT: &[&str] = &[
    "MODE",
    "TYPE",
    "FILE",
    "FILENAME",
    "PATH",
    "DIR",
    "URL",
    "URI",
    "SOCK",
    "SOCKET",
    "NAME",
    "HOST",
    "PORT",
    "USER",
    "METHOD",
    "ALGORITHM",
    "TTL",
    "LENGTH",
    "SIZE",
    "CONTROL",
    "TIMEOUT",
    "EXPIRY",
    "ENABLED",
    "PROVIDER",
    "ISSUER",
    "DOMAIN",
    "MAP",
    "MANAGER",
    "ENDPOINT",
    "SCOPE",
    "ID",
    "LOCATION",
];

/// By the words of the name: `GIT_AUTHOR_NAME` and `XAUTHORITY` have no word that says so, `AUTH_MODE` is about one.
fn tells(name: &str) -> Telling {
    let upper = name.to_ascii_uppercase();
    let mut words = upper.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let is_folder = ["PWD", "OLDPWD"].contains(&upper.as_str());
    if is_folder || words.clone().next_back().is_some_and(|last| ABOUT.contains(&last)) {
        return Telling::Nothing;
    }
    let is_one = |word: &str, list: &[&str]| {
        let one = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let one = one.strip_suffix('S').filter(|one| list.contains(one)).unwrap_or(one);
        // Words that are written as one, as in `PGPASSWORD` and `GITHUBTOKEN`; `MONKEY` is no key.
        list.contains(&one) || list.iter().any(|end| end.len() > 4 && one.ends_with(end))
    };
    if words.clone().any(|word| is_one(word, PASSWORDS)) {
        Telling::Password
    } else if words.any(|word| is_one(word, TOKENS)) {
        Telling::Secret
    } else {
        Telling::Nothing
    }
}

/// Whether what has this name and value is a secret: an ordinary word beside a name that might tell of one is none.
pub fn is_secret(name: &str, value: &str) -> bool {
    match tells(name) {
        Telling::Nothing => false,
        Telling::Secret => is_telling(value) && !value.starts_with('/'),
        Telling::Password => true,
    }
}

/// A search path without relative folders: a program in the workspace must not stand in for a system's.
fn absolute_only(path: &OsStr) -> OsString {
    let folders = std::env::split_paths(path).filter(|folder| Path::is_absolute(folder));
    std::env::join_paths(folders).unwrap_or_default()
}
