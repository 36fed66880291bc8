//! What a command may not change in its own workspace: what others run without being told to. Hooks and settings of git, what
//! editors and shells execute when the folder is opened.
//!
//! What is there is put in a second time, not to be written; the folders above it too, so that none can be moved away and
//! made anew. What is not there must not come to be: an empty folder stands in its place for as long as the command runs, or a
//! file, where a folder would disturb git.

use super::asked::Named;
use super::mounts::{Mounts, What};
use super::system;
use crate::ports::sandbox::Stand;
use std::path::{Path, PathBuf};

/// At the root of a workspace.
const NAMES: &[&str] = &[".envrc", ".tackroom", ".vscode", ".idea"];
/// In a repository: files that name programs or other places, with what stands there meanwhile and says nothing new.
const GIT_FILES: &[(&str, &str)] = &[("config", ""), ("config.worktree", ""), ("commondir", ".\n")];
/// The same in the folder of a worktree.
const TREE_FILES: &[(&str, &str)] = &[("config.worktree", ""), ("commondir", "../..\n")];
/// Repositories within a repository that are looked at; with more of them, all are read-only.
const INNER_MAX: usize = 64;
/// Bytes of a file that names another place.
const SMALL: u64 = 64 * 1024;

/// What is to be done about what is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Guard {
    /// Names that must not be made.
    pub(super) stands: Vec<Stand>,
}

/// Guards what lies in a workspace that is written, but for what the settings lift.
pub(super) struct Guarding<'a> {
    workspace: &'a Path,
    named: &'a [Named],
    lifted: &'a [PathBuf],
    mounts: &'a mut Mounts,
    guard: Guard,
}

/// Guards the workspace; fails, with the reason, where that cannot be done.
pub(super) fn guard(
    mounts: &mut Mounts,
    workspace: &Path,
    named: &[Named],
    lifted: &[PathBuf],
) -> Result<Guard, String> {
    let mut guarding = Guarding { workspace, named, lifted, mounts, guard: Guard::default() };
    for name in NAMES {
        guarding.keep(&workspace.join(name))?;
    }
    guarding.git()?;
    Ok(guarding.guard)
}

impl Guarding<'_> {
    fn is_lifted(&self, path: &Path) -> bool {
        self.lifted.iter().any(|lifted| path.starts_with(lifted))
    }

    /// A place that may neither be changed nor come to be.
    fn keep(&mut self, path: &Path) -> Result<(), String> {
        self.hold(path, None)
    }

    /// The same; where it is missing, a file with this text stands there.
    fn hold(&mut self, path: &Path, text: Option<&'static str>) -> Result<(), String> {
        if self.is_lifted(path) {
            return Ok(());
        }
        match std::fs::symlink_metadata(path) {
            Ok(meta) if meta.is_symlink() => Err(self.linked(path)),
            Ok(_) => {
                self.mounts.put(path, What::Read);
                Ok(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.mounts.put(path, What::ReadIfThere);
                self.guard.stands.push(Stand { path: path.to_path_buf(), text });
                Ok(())
            }
            Err(error) => Err(format!("{} cannot be guarded: {error}", path.display())),
        }
    }

    fn linked(&self, path: &Path) -> String {
        let name = path.strip_prefix(self.workspace).unwrap_or(path).display();
        format!(
            "{name} is a link, which cannot be guarded: name it in [sandbox] writable, or put the folder itself there"
        )
    }

    /// A folder that may be written and not be moved away.
    fn pin(&mut self, path: &Path) {
        if !self.is_lifted(path) && !self.mounts.names(path) && self.mounts.writes(path) {
            self.mounts.put(path, What::Write);
        }
    }

    fn git(&mut self) -> Result<(), String> {
        let git = self.workspace.join(".git");
        match std::fs::symlink_metadata(&git) {
            Ok(meta) if meta.is_dir() => {
                self.pin(&git);
                self.repository(&git)
            }
            Ok(meta) if meta.is_file() => {
                self.keep(&git)?;
                self.elsewhere()
            }
            Ok(_) => self.keep(&git),
            Err(_) => {
                self.keep(&git)?;
                self.bare()
            }
        }
    }

    /// A folder without `.git` is a repository itself where it looks like one, and nobody shall make it look like one.
    fn bare(&mut self) -> Result<(), String> {
        let workspace = self.workspace;
        if !workspace.join("HEAD").is_file() {
            return self.keep(&workspace.join("HEAD"));
        }
        match ["objects", "refs"].into_iter().find(|name| !workspace.join(name).is_dir()) {
            None => self.repository(workspace),
            // An empty folder would do for git; and what is missing here must not be named to be elsewhere.
            Some(missing) => {
                self.hold(&workspace.join(missing), Some(""))?;
                self.hold(&workspace.join("commondir"), Some(".\n"))
            }
        }
    }

    /// A worktree or a submodule: its repository lies at another place, and may be in the workspace all the same.
    fn elsewhere(&mut self) -> Result<(), String> {
        match named_repository(self.workspace) {
            Some(dir) if dir.starts_with(self.workspace) => {
                self.chain(&dir);
                self.repository(&dir)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Pins each folder from the workspace down to this one.
    fn chain(&mut self, dir: &Path) {
        let above: Vec<&Path> = dir.ancestors().take_while(|above| *above != self.workspace).collect();
        above.into_iter().rev().for_each(|above| self.pin(above));
    }

    fn repository(&mut self, git: &Path) -> Result<(), String> {
        self.files(git, GIT_FILES)?;
        self.keep(&git.join("hooks"))?;
        // As seen from the workspace, and further settings as seen from those that name them.
        let plain = named_programs(&small(&git.join("config"))).into_iter();
        let plain = plain.flat_map(|(path, is_settings)| {
            [self.workspace.join(&path), git.join(&path)].map(|place| Named { place, is_settings })
        });
        let mut named: Vec<Named> = plain.filter(|named| system::real(&named.place).is_some()).collect();
        named.extend(self.named.iter().cloned());
        for Named { place, is_settings } in named {
            self.place(git, &place, is_settings)?;
        }
        for worktree in folders(&git.join("worktrees")) {
            self.chain(&worktree);
            self.files(&worktree, TREE_FILES)?;
        }
        let mut inner = Vec::new();
        repositories(&git.join("modules"), 0, &mut inner);
        if inner.len() > INNER_MAX {
            return self.keep(&git.join("modules"));
        }
        for module in inner {
            self.chain(&module);
            self.files(&module, GIT_FILES)?;
            self.keep(&module.join("hooks"))?;
        }
        Ok(())
    }

    /// What the settings of a repository name, where it lies in the workspace. What is missing must not come to be, nor the
    /// first of the folders above it that is missing.
    fn place(&mut self, git: &Path, place: &Path, is_settings: bool) -> Result<(), String> {
        let there = place.ancestors().find(|above| std::fs::symlink_metadata(above).is_ok());
        let Some(there) = there else { return Ok(()) };
        let Some(real) = system::real(there) else {
            // A link that leads nowhere yet.
            return if there.starts_with(self.workspace) { Err(self.linked(there)) } else { Ok(()) };
        };
        let missing = place.strip_prefix(there).unwrap_or(Path::new(""));
        let guarded = missing.components().next().map_or(real.clone(), |first| real.join(first));
        if !guarded.starts_with(self.workspace) || git.starts_with(&guarded) {
            return Ok(());
        }
        guarded.parent().into_iter().for_each(|above| self.chain(above));
        let is_file = is_settings && missing.components().count() == 1;
        self.hold(&guarded, is_file.then_some(""))
    }

    /// The files that name programs or other places, with what stands for them.
    fn files(&mut self, git: &Path, names: &[(&str, &'static str)]) -> Result<(), String> {
        for (name, text) in names {
            self.hold(&git.join(name), Some(text))?;
        }
        let named = git.join("gitdir");
        if std::fs::symlink_metadata(&named).is_ok() { self.keep(&named) } else { Ok(()) }
    }
}

/// The repository that the workspace's `.git` names, where that is a file.
fn named_repository(workspace: &Path) -> Option<PathBuf> {
    let file = workspace.join(".git");
    std::fs::symlink_metadata(&file).ok().filter(std::fs::Metadata::is_file)?;
    let text = small(&file);
    let named = text.strip_prefix("gitdir:")?.trim();
    system::folder(&workspace.join(named))
}

/// The repository of the workspace, where it lies outside.
pub(super) fn elsewhere(workspace: &Path) -> Option<PathBuf> {
    named_repository(workspace).filter(|dir| !dir.starts_with(workspace))
}

/// The text of a small file; nothing where it is none.
fn small(file: &Path) -> String {
    use std::io::Read;
    let mut text = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(SMALL).read_to_end(&mut text));
    match read {
        Ok(_) => String::from_utf8_lossy(&text).into_owned(),
        Err(_) => String::new(),
    }
}

/// What the settings of a repository name that git runs, or reads as further settings (and which of the two).
fn named_programs(config: &str) -> Vec<(PathBuf, bool)> {
    let lines = config.lines().filter_map(|line| line.split_once('='));
    let names = ["hookspath", "fsmonitor", "path"];
    let named = lines.filter_map(|(name, path)| {
        let name = name.trim().to_ascii_lowercase();
        names.contains(&name.as_str()).then(|| (PathBuf::from(path.trim().trim_matches('"')), name == "path"))
    });
    named.collect()
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).into_iter().flatten().flatten();
    let dirs = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    dirs.take(INNER_MAX).map(|entry| entry.path()).collect()
}

/// The repositories of submodules, whose names may be paths.
fn repositories(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    for inner in folders(folder) {
        if found.len() > INNER_MAX || depth > 8 {
            return;
        }
        if inner.join("HEAD").exists() {
            found.push(inner.clone());
            repositories(&inner.join("modules"), depth + 1, found);
        } else {
            repositories(&inner, depth + 1, found);
        }
    }
}
