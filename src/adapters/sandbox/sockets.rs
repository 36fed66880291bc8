//! Sockets that somebody outside listens on and that can be seen: each is covered. Those of `/run` and `/tmp` are hidden with
//! their folders, those without a file go with the network. What comes to be there while a command runs is not looked for.

use super::mounts::{Mounts, What};
use super::system::real;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// Sockets that are covered at most; programs make few outside of the folders that are hidden anyway.
const SOCKETS_MAX: usize = 1000;

/// Covers them; fails where there are too many.
pub(super) fn cover(mounts: &mut Mounts) -> Result<(), String> {
    let told = std::fs::read("/proc/net/unix").unwrap_or_default();
    let told = String::from_utf8_lossy(&told);
    let mut open = BTreeSet::new();
    let mut relative: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (inode, name) in told.lines().skip(1).filter_map(named) {
        match name.starts_with('/') {
            true => open.extend(real(Path::new(name))),
            false => relative.entry(inode).or_default().push(name),
        }
    }
    if !relative.is_empty() {
        open.extend(below_their_owners(&relative));
    }
    open.retain(|file| is_socket(file) && mounts.shows(file));
    if open.len() > SOCKETS_MAX {
        return Err(format!(
            "more than {SOCKETS_MAX} sockets of other programs can be seen from the sandbox"
        ));
    }
    open.into_iter().for_each(|file| mounts.put(file, What::Empty));
    Ok(())
}

/// The number of a socket and the name that it was bound to: all that follows the seventh word. Such a name may hold blanks.
fn named(line: &str) -> Option<(&str, &str)> {
    let mut rest = line;
    let mut inode = "";
    for _ in 0..7 {
        let word = rest.trim_start();
        let (first, more) = word.split_once(' ')?;
        (inode, rest) = (first, more);
    }
    // Without a file: `@…`, which goes with the network.
    (!rest.is_empty() && !rest.starts_with('@')).then_some((inode, rest))
}

/// A name that does not begin at the root was bound below the folder in which its program was then; most still are there.
fn below_their_owners(sockets: &BTreeMap<&str, Vec<&str>>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let is_process = process.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit());
        let handles = std::fs::read_dir(process.path().join("fd")).ok().filter(|_| is_process);
        for handle in handles.into_iter().flatten().flatten() {
            let Ok(target) = std::fs::read_link(handle.path()) else { continue };
            let target = target.to_string_lossy();
            let inode = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
            for name in inode.and_then(|inode| sockets.get(inode)).into_iter().flatten() {
                let cwd = std::fs::read_link(process.path().join("cwd"));
                found.extend(cwd.ok().and_then(|cwd| real(&cwd.join(name))));
            }
        }
    }
    found
}

fn is_socket(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket())
}
