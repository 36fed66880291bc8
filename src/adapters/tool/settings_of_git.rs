//! Whether a repository's settings, which somebody else may have written, name nothing that git runs: a narrow reading. What is
//! not plainly one of the settings known to be harmless counts as naming a program.

use rustix::fs::{Mode, OFlags, open};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// Bytes that are read.
const SMALL: u64 = 64 * 1024;
/// Sections, and in them settings, that run nothing and name no further settings.
const HARMLESS: &[(&str, &[&str])] = &[
    (
        "core",
        &[
            "repositoryformatversion",
            "filemode",
            "bare",
            "logallrefupdates",
            "symlinks",
            "ignorecase",
            "precomposeunicode",
            "autocrlf",
            "eol",
            "worktree",
            "abbrev",
            "quotepath",
        ],
    ),
    ("extensions", &["objectformat", "refstorage"]),
    ("remote", &["url", "fetch", "tagopt", "gh-resolved"]),
    ("branch", &["remote", "merge", "rebase", "vscode-merge-base"]),
    ("submodule", &["active", "url"]),
    ("user", &["name", "email"]),
    ("init", &["defaultbranch"]),
    ("pull", &["rebase", "ff"]),
    ("gc", &["auto"]),
    ("advice", &["detachedhead"]),
];

/// The text of a small file; none where it is not one, or not there.
pub(super) fn small(path: &Path) -> Option<String> {
    // Neither a link nor a pipe: what is not a file is not waited for.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(open(path, flags, Mode::empty()).ok()?);
    let meta = file.metadata().ok()?;
    let mut text = String::new();
    let is_small = meta.is_file() && meta.len() <= SMALL;
    (is_small && file.take(SMALL).read_to_string(&mut text).is_ok()).then_some(text)
}

/// Whether something is there, but for an empty file.
pub(super) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| !meta.is_file() || meta.len() > 0)
}

/// The setting that may have git run a program, if there is one; a file that is missing has none.
pub(super) fn names_programs(config: &Path) -> Option<String> {
    if fs::symlink_metadata(config).is_err() {
        return None;
    }
    let Some(text) = small(config) else { return Some("settings that cannot be read".to_string()) };
    let mut known: &[&str] = &[];
    let mut section = String::new();
    for line in text.lines().map(str::trim) {
        let odd =
            || Some(format!("the line {:?} of its settings", line.chars().take(60).collect::<String>()));
        if line.is_empty() || line.starts_with('#') || line.starts_with(';') {
            continue;
        }
        // What goes on in the next line, and what is no text, is not followed.
        if line.ends_with('\\') || line.chars().any(|letter| letter.is_control() && letter != '\t') {
            return odd();
        }
        if let Some(head) = line.strip_prefix('[') {
            let head = head.strip_suffix(']').unwrap_or("]");
            section = head.split_once(' ').map_or(head, |(name, _)| name).to_ascii_lowercase();
            let found = HARMLESS.iter().find(|(name, _)| *name == section);
            let quotes = head.matches('"').count();
            let Some((_, settings)) =
                found.filter(|_| !head.contains([']', '\\']) && matches!(quotes, 0 | 2))
            else {
                return odd();
            };
            known = settings;
            continue;
        }
        let name = line.split_once('=').map_or(line, |(name, _)| name).trim().to_ascii_lowercase();
        if !known.contains(&name.as_str()) {
            return match name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') {
                true => Some(format!("{section}.{name}")),
                false => odd(),
            };
        }
    }
    None
}
