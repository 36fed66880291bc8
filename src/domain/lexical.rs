//! Where a path lies, told by its text alone: the one reading that tools and policy share, so that they cannot disagree.
//!
//! `.` and `..` are taken out before anything looks at the disk, so what was judged is what is opened. Links are not
//! looked at here: a tool refuses at the handle whatever leads out of the workspace.

/// A path, placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    /// In the workspace, relative to it; `.` for the workspace itself.
    Inside(String),
    /// Elsewhere, absolute and without `.` and `..`.
    Outside(String),
    /// No path at all: empty, or with a NUL in it.
    Nowhere,
}

/// Places `path`, taken from `workspace` where it is relative.
pub fn place(workspace: &str, path: &str) -> Placed {
    match absolute(workspace, path) {
        None => Placed::Nowhere,
        Some(full) => match below(&full, workspace) {
            Some(inside) => Placed::Inside(inside),
            None => Placed::Outside(full),
        },
    }
}

/// The absolute form of `path`, taken from `base` where it is relative; nothing for what is no path.
pub fn absolute(base: &str, path: &str) -> Option<String> {
    if path.is_empty() || path.contains('\0') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    let base = if path.starts_with('/') { "" } else { base };
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

/// The rest of `path` below `root`, `.` where they are the same, nothing where it lies elsewhere. Whole names are
/// compared: `/a/bc` is not below `/a/b`. `path` is absolute and without `.` and `..`; `root` is absolute.
pub fn below(path: &str, root: &str) -> Option<String> {
    let root = absolute("/", root)?;
    if path == root {
        return Some(".".to_string());
    }
    let rest = path.strip_prefix(root.trim_end_matches('/'))?;
    rest.strip_prefix('/').map(str::to_string)
}

/// Whether two absolute folders are the same, or one lies in the other.
pub fn overlap(one: &str, other: &str) -> bool {
    let lies_in =
        |path: &str, root: &str| absolute("/", path).is_some_and(|path| below(&path, root).is_some());
    lies_in(one, other) || lies_in(other, one)
}
