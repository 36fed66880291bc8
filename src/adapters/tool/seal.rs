//! The scripts that a command names: looked at when a person is asked, and put in the command's way as they were approved.
//!
//! In a sandbox a copy of the approved bytes lies over the file for as long as the command runs: whatever the command does to
//! the file before, the copy is what runs. Without one the file is looked at again right before the command starts, and what
//! changes it after that is not seen. Nor is, in a sandbox, who replaces the file from outside of it at that very moment: with
//! the file goes what lies over it.

use super::place::{Said, Workspace};
use crate::domain::argv::Argv;
use crate::domain::command_part::Script;
use crate::domain::hash::Hash;
use crate::domain::tool_spec::Touch;
use crate::ports::sandbox::Seal;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Larger files are not looked at, in bytes.
const SIZE_MAX: u64 = 32 * 1024 * 1024;
/// What is shown of a script.
const HEAD_LINES: usize = 8;
const HEAD_BYTES: usize = 1024;
/// What a crash left is thrown away after this.
const LEFT: Duration = Duration::from_secs(24 * 60 * 60);

/// What is looked for.
pub(super) struct Search {
    pub(super) workspace: Workspace,
    /// The folder of the command, from the workspace.
    pub(super) cwd: String,
    /// Where programs are looked for.
    pub(super) path: OsString,
    /// What the command says it touches.
    pub(super) touches: Vec<Touch>,
    /// Whether a copy can lie over a file.
    pub(super) can_seal: bool,
}

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) scripts: Vec<Script>,
    /// What a person is to know of the others.
    pub(super) unclear: Vec<String>,
    bytes: Vec<(Vec<u8>, u32)>,
}

impl Search {
    /// Looks at the scripts as they are now.
    pub(super) fn look(&self) -> Found {
        let commands: Vec<Argv<'_>> = self.touches.iter().filter_map(argv).collect();
        let moves = |argv: &Argv<'_>| ["cd", "chdir", "pushd", "popd"].contains(&argv.program());
        let moved = commands.iter().any(moves);
        let alone = commands.iter().filter(|argv| argv.shell_line().is_none()).count() <= 1;
        let (mut found, mut seen) = (Found::default(), BTreeSet::new());
        for argv in &commands {
            let mut groups: Vec<Vec<String>> = argv
                .scripts()
                .into_iter()
                .map(|group| group.into_iter().map(str::to_string).collect())
                .collect();
            groups.extend(self.in_path(argv.program()).map(|path| vec![path]));
            for group in groups {
                let is_relative = group.first().is_some_and(|path| !path.starts_with('/'));
                if moved && is_relative {
                    let what = group.first().map_or("", String::as_str);
                    found.unclear.push(format!("{what} lies where `cd` leads: what it is, is not looked at"));
                } else if let Some(path) = self.first(&group, argv.program(), &mut found)
                    && seen.insert(path.clone())
                {
                    self.take(&path, alone, &mut found);
                }
            }
        }
        found
    }

    /// Refuses files that the command's line opens where a link leads elsewhere.
    pub(super) fn opens(&self) -> Said<()> {
        let paths = self.touches.iter().filter_map(|touch| match touch {
            Touch::Read { path } | Touch::Write { path } if !path.starts_with('/') => Some(path),
            Touch::Read { .. } | Touch::Write { .. } | Touch::Command { .. } | Touch::Host { .. } => None,
        });
        paths.into_iter().try_for_each(|path| self.workspace.leads(path))
    }

    /// The first of a group that is a file of the workspace.
    fn first(&self, group: &[String], program: &str, found: &mut Found) -> Option<String> {
        for written in group {
            let path = match written.starts_with('/') {
                true => written.clone(),
                false => format!("{}/{}/{written}", self.workspace.root(), self.cwd),
            };
            match self.workspace.inside(&path) {
                Ok(inside) if self.workspace.is_folder(&inside).is_ok_and(|folder| !folder) => {
                    return Some(inside);
                }
                Ok(_) => {}
                // A program of the system is no script of anybody here.
                Err(_) if written == program => return None,
                Err(_) if Path::new(&path).is_file() => {
                    let why = "lies outside of the workspace: what is in it is not shown, and may change";
                    found.unclear.push(format!("{written} {why}"));
                    return None;
                }
                Err(_) => {}
            }
        }
        let is_path = |written: &&String| written.contains(['/', '.']) && !written.starts_with('/');
        let missing = group.iter().find(is_path);
        if let Some(written) = missing {
            found.unclear.push(format!("{written} is not there yet: what it will be is not known"));
        }
        None
    }

    /// Where a program is found by its name, if that is in the workspace.
    fn in_path(&self, program: &str) -> Option<String> {
        if program.is_empty() || program.contains('/') {
            return None;
        }
        let places = std::env::split_paths(&self.path).map(|folder| folder.join(program));
        let first = places.into_iter().find(|path| path.is_file())?;
        let path = first.to_str()?.to_string();
        self.workspace.inside(&path).ok().map(|_| path)
    }

    fn take(&self, path: &str, alone: bool, found: &mut Found) {
        match self.read(path) {
            Ok((bytes, mode)) => {
                let is_text = !bytes.iter().take(8 * 1024).any(|byte| *byte == 0);
                // What other commands of the same line may well make anew is not kept from them.
                let sealed = self.can_seal && self.workspace.is_direct(path) && (is_text || alone);
                found.scripts.push(Script {
                    path: path.to_string(),
                    size: bytes.len() as u64,
                    hash: Hash::of(&bytes),
                    head: if is_text { head(&bytes) } else { String::new() },
                    sealed,
                });
                found.bytes.push((bytes, mode));
            }
            Err(why) => found.unclear.push(format!("{path} runs, and what is in it is not known: {why}")),
        }
    }

    fn read(&self, path: &str) -> Said<(Vec<u8>, u32)> {
        let mut file = self.workspace.file(path)?;
        let meta = file.metadata().map_err(|error| error.to_string())?;
        if meta.len() > SIZE_MAX {
            return Err(format!("it has {} bytes, at most {SIZE_MAX} are looked at", meta.len()));
        }
        let mut bytes = Vec::new();
        file.by_ref().take(SIZE_MAX + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        Ok((bytes, meta.mode()))
    }
}

/// A touch as a command.
fn argv(touch: &Touch) -> Option<Argv<'_>> {
    match touch {
        Touch::Command { argv } => Some(Argv::new(argv)),
        Touch::Read { .. } | Touch::Write { .. } | Touch::Host { .. } => None,
    }
}

fn head(bytes: &[u8]) -> String {
    let cut = bytes.get(..bytes.len().min(HEAD_BYTES)).unwrap_or_default();
    let text = String::from_utf8_lossy(cut);
    let lines: Vec<&str> = text.lines().take(HEAD_LINES).collect();
    let shown = lines.join("\n");
    match shown.len() + 1 < bytes.len() {
        true => shown + "\n…",
        false => shown,
    }
}

/// Copies that lie over scripts; with it they go away.
#[derive(Default)]
pub(super) struct Seals {
    pub(super) seals: Vec<Seal>,
    folder: Option<PathBuf>,
}

impl Seals {
    /// What must be found in their places.
    pub(super) fn inside(&self) -> Vec<(String, String)> {
        let told = |seal: &Seal| (seal.place.display().to_string(), seal.hash.to_string());
        self.seals.iter().map(told).collect()
    }

    /// What a model is told of them where something went wrong.
    pub(super) fn words(&self) -> String {
        let names: Vec<String> = self.seals.iter().map(|seal| seal.place.display().to_string()).collect();
        match names.is_empty() {
            true => String::new(),
            false => format!("[could not be changed meanwhile: {}]\n", names.join(", ")),
        }
    }
}

impl Drop for Seals {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = fs::remove_dir_all(folder); // what stays is thrown away later
        }
    }
}

impl Found {
    /// Holds what is there now against what was approved, and makes the copies below a folder.
    pub(super) fn sealed(self, approved: &[Script], root: &str, below: Option<&Path>) -> Said<Seals> {
        let is = |now: &Script, then: &Script| {
            (&now.path, now.hash, now.sealed) == (&then.path, then.hash, then.sealed)
        };
        let same = self.scripts.len() == approved.len()
            && self.scripts.iter().zip(approved).all(|(now, then)| is(now, then));
        if !same {
            let other = self.scripts.iter().find(|now| !approved.iter().any(|then| is(now, then)));
            let other = other.or(approved.first()).map_or("a script", |script| script.path.as_str());
            return Err(format!("{other} is not what was approved any more: nothing was started"));
        }
        let mut made = Seals::default();
        let (Some(below), true) = (below, self.scripts.iter().any(|script| script.sealed)) else {
            return Ok(made);
        };
        let cannot =
            |error: io::Error| format!("the approved scripts cannot be kept in {}: {error}", below.display());
        let folder = below.join(format!("{:016x}", RandomState::new().build_hasher().finish()));
        let dir = |path: &Path| fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        dir(below).map_err(cannot)?;
        sweep(below);
        dir(&folder).map_err(cannot)?;
        made.folder = Some(folder.clone());
        for (at, (script, (bytes, mode))) in self.scripts.iter().zip(&self.bytes).enumerate() {
            if !script.sealed {
                continue;
            }
            let copy = folder.join(at.to_string());
            let mut options = fs::OpenOptions::new();
            let file = options.write(true).create_new(true).mode(mode & 0o500).open(&copy);
            file.and_then(|mut file| io::Write::write_all(&mut file, bytes)).map_err(cannot)?;
            made.seals.push(Seal { place: Path::new(root).join(&script.path), copy, hash: script.hash });
        }
        Ok(made)
    }
}

/// Throws away what a crash left.
fn sweep(below: &Path) {
    for entry in fs::read_dir(below).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|made| made.elapsed().ok());
        if age.is_some_and(|age| age > LEFT) {
            let _ = fs::remove_dir_all(entry.path()); // the next one tries again
        }
    }
}
