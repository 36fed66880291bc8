//! What ignore files name: `.gitignore` and `.ignore`, of the folder itself, those below, and those above it up to the
//! root of its repository.

use super::Folders;
use crate::domain::files::{Change, Deed, Entry, Manifest};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::path::Path;

/// The names of ignore files; a later one counts more.
const NAMES: [&str; 2] = [".gitignore", ".ignore"];
/// A larger ignore file is not read.
const SIZE_MAX: u64 = 1 << 20;

/// The ignore files that count where a walk is.
pub(super) struct Rules {
    /// Those of the folders above, with the path from there to the folder that is walked.
    above: Vec<(Gitignore, String)>,
    /// Those of the folders entered, by depth.
    entered: Vec<(String, Option<Gitignore>)>,
}

impl Rules {
    /// No rules at all.
    pub(super) fn none() -> Rules {
        Rules { above: Vec::new(), entered: Vec::new() }
    }

    /// Those above a folder, where it lies in a repository and is not its root.
    pub(super) fn above(folder: &Path) -> Rules {
        let mut above = Vec::new();
        if folder.join(".git").exists() {
            return Rules::none();
        }
        for parent in folder.ancestors().skip(1) {
            let Ok(down) = folder.strip_prefix(parent) else { break };
            let read = |name: &str| {
                let path = parent.join(name);
                let small =
                    std::fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() <= SIZE_MAX);
                small.then(|| std::fs::read(path).ok()).flatten()
            };
            if let (Some(rules), Some(down)) = (built(read), down.to_str()) {
                above.push((rules, down.to_string()));
            }
            if parent.join(".git").exists() {
                return Rules { above, entered: Vec::new() };
            }
        }
        Rules::none()
    }

    /// Enters a folder, whose files `read` reads by name.
    pub(super) fn enter(&mut self, at: &str, read: impl Fn(&str) -> Option<Vec<u8>>) {
        self.entered.push((at.to_string(), built(read)));
    }

    /// Leaves the folder entered last.
    pub(super) fn leave(&mut self) {
        self.entered.pop();
    }

    /// Whether a path is named: the deepest file that says something says it.
    pub(super) fn names(&self, path: &str, is_folder: bool) -> bool {
        let entered = self.entered.iter().rev().filter_map(|(at, rules)| {
            let inside = if at.is_empty() { Some(path) } else { path.strip_prefix(at)?.strip_prefix('/') };
            Some((rules.as_ref()?, inside?.to_string()))
        });
        let above = self.above.iter().map(|(rules, down)| (rules, format!("{down}/{path}")));
        for (rules, path) in entered.chain(above) {
            match rules.matched(&path, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }
}

/// The rules of one folder, where it has any.
fn built(read: impl Fn(&str) -> Option<Vec<u8>>) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new("");
    let mut any = false;
    for name in NAMES {
        let Some(bytes) = read(name) else { continue };
        for line in String::from_utf8_lossy(&bytes).lines() {
            any |= builder.add_line(None, line).is_ok(); // a line that is no pattern names nothing
        }
    }
    if any { builder.build().ok() } else { None }
}

/// The changes without the removals of what the manifest's own ignore files name: that was there then too, and is not in
/// the manifest because it was ignored.
pub(super) async fn unmarked(folders: &Folders, planned: Vec<Change>, then: &Manifest) -> Vec<Change> {
    let mut rules = Rules::none();
    for (path, entry) in &then.entries {
        let (at, name) = path.rsplit_once('/').unwrap_or(("", path));
        if NAMES.contains(&name)
            && let Entry::File { hash, size, .. } = entry
            && *size <= SIZE_MAX
            && let Ok(bytes) = folders.content(*hash).await
        {
            rules.enter(at, |wanted| (wanted == name).then(|| bytes.clone()));
        }
    }
    let is_named = |path: &str| {
        let ends = path.match_indices('/').map(|(end, _)| (end, true)).chain([(path.len(), false)]);
        ends.filter_map(|(end, is_folder)| Some((path.get(..end)?, is_folder)))
            .any(|(part, is_folder)| rules.names(part, is_folder) || rules.names(part, true))
    };
    planned.into_iter().filter(|change| change.deed != Deed::Remove || !is_named(&change.path)).collect()
}
