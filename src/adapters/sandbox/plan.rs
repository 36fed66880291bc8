//! All that one command sees and may write, worked out from the folders as they are now.

use super::guarded::{self, Guard};
use super::mounts::{Mounts, Open, What};
use super::{Settings, home, system};
use crate::domain::hash::Hash;
use crate::domain::sandbox::Writes;
use crate::ports::sandbox::Seal;
use std::path::{Path, PathBuf};

/// Where this app's own program stands inside.
pub(super) const PROGRAM: &str = "/dev/tackroom-child";

/// What a command sees, and what is to be done beside.
pub(super) struct Plan {
    pub(super) mounts: Mounts,
    pub(super) guard: Guard,
    /// What is to be there before it starts.
    pub(super) made: Vec<PathBuf>,
}

/// The home folders, under their real names.
pub(super) fn homes(settings: &Settings) -> Vec<PathBuf> {
    let told = settings.home.iter().cloned().chain(home::of_the_user());
    let mut homes: Vec<PathBuf> = told.filter_map(|home| system::folder(&home)).collect();
    if homes.len() == 2 && homes.first() == homes.get(1) {
        homes.pop();
    }
    homes
}

/// Why these walls cannot hold a command in that workspace, if so.
pub(super) fn impossible(settings: &Settings, workspace: &Path) -> Option<String> {
    let real = |home: &PathBuf| home.as_path() != Path::new("/");
    let held = homes(settings).into_iter().filter(real).find(|home| home.starts_with(workspace));
    let writes = settings.profile.writes == Writes::Workspace;
    held.filter(|_| writes).map(|home| format!("the workspace holds your home folder {}", home.display()))
}

/// The plan for a command in a workspace.
pub(super) fn plan(settings: &Settings, workspace: &Path, program: &Path) -> Result<Plan, String> {
    let mut mounts = Mounts::default();
    let mut made = Vec::new();
    let fresh = settings.limits.memory_mib;
    system::furnish(&mut mounts, settings.profile, fresh);
    let homes = homes(settings);
    let place = |text: &String| place(text, &homes, workspace);
    let shown: Vec<PathBuf> = settings.show.iter().filter_map(place).collect();
    let writes = settings.profile.writes == Writes::Workspace;
    for home in &homes {
        match home == Path::new("/") {
            true => home::hide_in_root(&mut mounts),
            false => home::furnish(&mut mounts, home, &shown),
        }
    }
    if let (Some(home), Some(cache), true) = (homes.first(), &settings.cache, writes)
        && home != Path::new("/")
    {
        let kept = cache.join(register(workspace));
        mounts.put(home.join(".cache"), What::Other(kept.clone()));
        made.push(kept);
    }
    for own in settings.own.iter().filter_map(|own| system::real(own)) {
        home::hide(&mut mounts, &own);
    }
    let above_home = homes.iter().any(|home| home.starts_with(workspace));
    if writes {
        mounts.put(workspace, What::Write);
    } else if !above_home && !mounts.shows(workspace) {
        mounts.put(workspace, What::Read);
    }
    let writable: Vec<PathBuf> = settings.writable.iter().filter_map(place).collect();
    let mut guard = Guard::default();
    if writes {
        for path in writable.iter().filter(|path| !path.starts_with(workspace)) {
            match system::real(path) {
                Some(real) if !homes.iter().any(|home| home.starts_with(&real)) => {
                    mounts.put(real, What::Write)
                }
                Some(_) => {
                    return Err(format!("[sandbox] writable: {} holds your home folder", path.display()));
                }
                None => {}
            }
        }
        guard = guarded::guard(&mut mounts, workspace, &writable)?;
    }
    for hidden in settings.hide.iter().filter_map(place).filter_map(|path| system::real(&path)) {
        home::hide(&mut mounts, &hidden);
    }
    own_in_workspace(&mut mounts, settings, workspace, &mut guard);
    system::cover_sockets(&mut mounts);
    mounts.put(PROGRAM, What::File(program.to_path_buf()));
    Ok(Plan { mounts, guard, made })
}

/// The app's own folders that lie in the workspace and are not there yet must not be made by a command.
fn own_in_workspace(mounts: &mut Mounts, settings: &Settings, workspace: &Path, guard: &mut Guard) {
    if settings.profile.writes != Writes::Workspace {
        return;
    }
    for own in settings.own.iter().filter(|own| own.starts_with(workspace) && *own != workspace) {
        if std::fs::symlink_metadata(own).is_err() && own.parent().is_some_and(Path::is_dir) {
            mounts.put(own, What::ReadIfThere);
            guard.stands.push(own.clone());
        }
    }
}

/// A path of the settings: absolute, below the home folder, or relative to the workspace.
fn place(text: &String, homes: &[PathBuf], workspace: &Path) -> Option<PathBuf> {
    match text.strip_prefix("~/") {
        Some(below) => homes.first().map(|home| home.join(below)),
        None if text == "~" => homes.first().cloned(),
        None => Some(workspace.join(text.trim_start_matches("./"))),
    }
}

/// A file name for a workspace.
pub(super) fn register(workspace: &Path) -> String {
    Hash::of(workspace.as_os_str().as_encoded_bytes()).to_string().chars().take(24).collect()
}

impl Plan {
    /// Lays copies over files, and keeps the folders above them from being moved away and made anew.
    pub(super) fn seal(&mut self, seals: &[Seal]) {
        for seal in seals {
            let above: Vec<&Path> = seal.place.ancestors().skip(1).collect();
            for folder in above.into_iter().rev().filter(|folder| *folder != Path::new("/")) {
                if self.mounts.writes(folder) && !self.mounts.names(folder) {
                    self.mounts.put(folder, What::Write);
                }
            }
            self.mounts.put(&seal.place, What::File(seal.copy.clone()));
        }
    }

    /// Makes what is to be there; what cannot be made is thrown away with the command instead.
    pub(super) fn make(&mut self) {
        use std::os::unix::fs::DirBuilderExt;
        for folder in &self.made {
            if std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).is_err() {
                self.mounts.forget(folder, What::Fresh(512, Open::Owner));
            }
        }
    }
}
