//! What a command may not change in its own workspace: what others run without being told to. Hooks and settings of git, what
//! editors and shells execute when the folder is opened.
//!
//! What is there is put in a second time, not to be written; the folders above it too, so that none can be moved away and
//! made anew. What is not there must not come to be: an empty folder stands in its place for as long as the command runs.

use super::mounts::{Mounts, What};
use std::path::{Path, PathBuf};

/// At the root of a workspace.
const NAMES: &[&str] = &[".envrc", ".tackroom", ".vscode", ".idea"];
/// In a folder of git: files that are read and name programs.
const GIT_FILES: &[&str] = &["config", "config.worktree", "commondir", "gitdir"];
/// Repositories within a repository that are looked at; with more of them, all are read-only.
const INNER_MAX: usize = 64;
/// Bytes of a file that names another place.
const SMALL: u64 = 64 * 1024;

/// What is to be done about what is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Guard {
    /// Names that must not be made.
    pub(super) stands: Vec<PathBuf>,
    /// Files that are removed where they were made.
    pub(super) swept: Vec<PathBuf>,
}

/// Guards what lies in a workspace that is written, but for what the settings lift.
pub(super) struct Guarding<'a> {
    workspace: &'a Path,
    lifted: &'a [PathBuf],
    mounts: &'a mut Mounts,
    guard: Guard,
}

/// Guards the workspace; fails, with the reason, where that cannot be done.
pub(super) fn guard(mounts: &mut Mounts, workspace: &Path, lifted: &[PathBuf]) -> Result<Guard, String> {
    let mut guarding = Guarding { workspace, lifted, mounts, guard: Guard::default() };
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
                self.guard.stands.push(path.to_path_buf());
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
        if !self.is_lifted(path) && !self.mounts.names(path) {
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
        let head = workspace.join("HEAD");
        match head.is_file() && workspace.join("objects").is_dir() && workspace.join("refs").is_dir() {
            true => self.repository(workspace),
            false if head.exists() => Ok(()),
            false => self.keep(&head),
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
        self.files(git)?;
        self.keep(&git.join("hooks"))?;
        for named in named_programs(&small(&git.join("config"))) {
            // Folders of hooks are named as seen from the workspace, further settings as seen from these.
            let places = [self.workspace.join(&named), git.join(&named)];
            for place in places.iter().filter_map(|place| super::system::real(place)) {
                if place.starts_with(self.workspace) && !git.starts_with(&place) {
                    place.parent().into_iter().for_each(|above| self.chain(above));
                    self.keep(&place)?;
                }
            }
        }
        for worktree in folders(&git.join("worktrees")) {
            self.chain(&worktree);
            self.files(&worktree)?;
        }
        let mut inner = Vec::new();
        repositories(&git.join("modules"), 0, &mut inner);
        if inner.len() > INNER_MAX {
            return self.keep(&git.join("modules"));
        }
        for module in inner {
            self.chain(&module);
            self.files(&module)?;
            self.keep(&module.join("hooks"))?;
        }
        Ok(())
    }

    /// The files that name programs or other places. One of these that is empty would disturb git.
    fn files(&mut self, git: &Path) -> Result<(), String> {
        for name in GIT_FILES {
            let path = git.join(name);
            match std::fs::symlink_metadata(&path).is_ok() {
                true => self.keep(&path)?,
                false if self.is_lifted(&path) => {}
                false => self.guard.swept.push(path),
            }
        }
        Ok(())
    }
}

/// The repository that the workspace's `.git` names, where that is a file.
fn named_repository(workspace: &Path) -> Option<PathBuf> {
    let file = workspace.join(".git");
    std::fs::symlink_metadata(&file).ok().filter(std::fs::Metadata::is_file)?;
    let text = small(&file);
    let named = text.strip_prefix("gitdir:")?.trim();
    super::system::folder(&workspace.join(named))
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

/// What the settings of a repository name that git runs, or reads as further settings.
fn named_programs(config: &str) -> Vec<PathBuf> {
    let lines = config.lines().filter_map(|line| line.split_once('='));
    let names = ["hookspath", "fsmonitor", "path"];
    let named = lines.filter(|(name, _)| names.contains(&name.trim().to_ascii_lowercase().as_str()));
    named.map(|(_, path)| PathBuf::from(path.trim().trim_matches('"'))).collect()
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
