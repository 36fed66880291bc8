//! Repositories below the workspace that a command made or changed. Git runs what their settings name, for whoever steps into
//! them; and where they stand in the index, also for whoever asks at the root how things are. One that names nothing to be run is
//! left as it is; any other is no repository any more when the command has ended: its `.git` has another name then.

use super::settings_of_git as settings;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

/// Folders that are looked into at most, the nearest first.
const FOLDERS_MAX: usize = 20_000;
/// Repositories in the index that are watched while the command runs.
const WATCHED_MAX: usize = 64;
/// How often these are looked at.
const EVERY: Duration = Duration::from_millis(100);
/// How long git may take to tell what is in the index.
const LIMIT: Duration = Duration::from_secs(5);
/// What makes a folder a repository that is not called `.git`.
const BARE: [&str; 3] = ["HEAD", "objects", "refs"];
/// What the new name ends with.
const PUT_ASIDE: &str = "untrusted";
/// Where an interrupted rebase keeps what is to be done yet.
const TODO: &str = "rebase-merge/git-rebase-todo";

/// What tells a file from what it was: device, inode, and the time of its last change, which no program can set.
type State = BTreeMap<PathBuf, Option<(u64, u64, i64, i64)>>;

/// The repositories of a workspace as they were.
pub(super) struct Nested {
    root: PathBuf,
    before: BTreeMap<PathBuf, State>,
    todos: State,
    /// The index when it was last looked at, and what it held.
    index: State,
    linked: BTreeMap<PathBuf, State>,
    next: Instant,
}

impl Nested {
    /// Looks at what is there before the command.
    pub(super) fn before(root: &Path) -> Nested {
        let before: BTreeMap<PathBuf, State> =
            gits(root).into_iter().map(|git| (git.clone(), state(&git))).collect();
        // Where there are some already, they may stand in the index.
        let index = if before.is_empty() { mark([root.join(".git/index")]) } else { State::new() };
        let (todos, linked, next) = (mark(todos(root)), BTreeMap::new(), Instant::now());
        Nested { root: root.to_path_buf(), before, todos, index, linked, next }
    }

    /// While it runs: why the command is to be ended, where somebody who asks at the root would run what is its own.
    pub(super) fn passed(&mut self) -> Option<String> {
        if Instant::now() < self.next {
            return None;
        }
        self.next = Instant::now() + EVERY;
        let index = mark([self.root.join(".git/index")]);
        if index != self.index {
            self.index = index;
            for git in in_index(&self.root).into_iter().take(WATCHED_MAX) {
                self.linked.entry(git).or_default();
            }
        }
        for (git, known) in &mut self.linked {
            let now = state(git);
            if now == *known || self.before.get(git) == Some(&now) {
                continue;
            }
            *known = now;
            if let Some(why) = runs(&self.root, git) {
                let name = git.strip_prefix(&self.root).unwrap_or(git).display();
                return Some(format!(
                    "ended: {name} was put into the index and could have git run programs outside of the sandbox ({why})"
                ));
            }
        }
        None
    }

    /// After the command: puts aside what would be run; tells what.
    pub(super) fn after(self) -> Vec<String> {
        let mut found: BTreeSet<PathBuf> = gits(&self.root).into_iter().collect();
        if mark([self.root.join(".git/index")]) != self.index || !self.linked.is_empty() {
            found.extend(in_index(&self.root));
        }
        let mut told = Vec::new();
        for git in found {
            if self.before.get(&git) == Some(&state(&git)) {
                continue;
            }
            if let Some(why) = runs(&self.root, &git) {
                told.push(
                    self.put_aside(
                        &git,
                        &format!("could have git run programs outside of the sandbox ({why})"),
                    ),
                );
            }
        }
        for todo in todos(&self.root) {
            let is_new = mark([todo.clone()]) != self.todos_of(&todo);
            if is_new && settings::small(&todo).is_none_or(|text| has_commands(&text)) && todo.exists() {
                told.push(self.put_aside(&todo, "would run commands when the rebase goes on"));
            }
        }
        told
    }

    fn todos_of(&self, todo: &Path) -> State {
        State::from([(todo.to_path_buf(), self.todos.get(todo).copied().flatten())])
    }

    /// Gives it a name under which nobody takes it for what it is.
    fn put_aside(&self, path: &Path, why: &str) -> String {
        let name = path.strip_prefix(&self.root).unwrap_or(path).display();
        let names = (1..100).map(|n| match n {
            1 => PathBuf::from(format!("{}.{PUT_ASIDE}", path.display())),
            n => PathBuf::from(format!("{}.{PUT_ASIDE}-{n}", path.display())),
        });
        let mut free = names.filter(|to| fs::symlink_metadata(to).is_err());
        let said = match free.next().map(|to| (fs::rename(path, &to), to)) {
            Some((Ok(()), to)) => {
                format!("so it is {} now", to.file_name().unwrap_or_default().display())
            }
            Some((Err(error), _)) => format!("and could not be moved aside ({error}): do not use git there"),
            None => "and could not be moved aside: do not use git there".to_string(),
        };
        let lift = "nested_repositories in [sandbox] leaves such things alone";
        format!("{name} was made or changed by this command and {why}, {said}; {lift}")
    }
}

/// Every `.git` below the workspace's own, and every folder that is a repository without one; links not followed.
fn gits(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut at) = (Vec::new(), VecDeque::from([root.to_path_buf()]));
    for _ in 0..FOLDERS_MAX {
        let Some(folder) = at.pop_front() else { break };
        let entries = fs::read_dir(&folder).or_else(|_| {
            // One that is closed to the eye is open to git all the same, where it may be entered.
            let mode = fs::symlink_metadata(&folder)?.permissions().mode();
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode | 0o700))?;
            fs::read_dir(&folder)
        });
        let (mut is_one, mut rest) = (folder != root, BARE.to_vec());
        for entry in entries.into_iter().flatten().flatten() {
            rest.retain(|name| entry.file_name() != **name && entry.file_name() != "commondir");
            let is_git = entry.file_name().eq_ignore_ascii_case(".git");
            if is_git && folder != root {
                found.push(entry.path());
            } else if !is_git && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                at.push_back(entry.path());
            }
        }
        is_one &= rest.is_empty();
        if is_one {
            found.push(folder);
        }
    }
    found
}

/// The `.git` of every repository that stands in the index of the workspace's own, as git tells; it runs nothing for that.
fn in_index(root: &Path) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).filter(|dir| dir.is_absolute() && !dir.starts_with(root));
    let Some(git) = folders.find_map(|dir| Some(dir.join("git")).filter(|git| git.is_file())) else {
        return Vec::new();
    };
    if !fs::symlink_metadata(root.join(".git/index")).is_ok_and(|meta| meta.is_file()) {
        return Vec::new();
    }
    let mut command = Command::new(git);
    command.args(["-c", "core.fsmonitor=false", "ls-files", "--stage", "-z"]).current_dir(root);
    command.env("GIT_OPTIONAL_LOCKS", "0").stdin(Stdio::null()).stderr(Stdio::null());
    let told = said(command.stdout(Stdio::piped())).unwrap_or_default();
    let lines = told.split(|byte| *byte == 0).filter(|line| line.starts_with(b"160000 "));
    let names = lines.filter_map(|line| line.splitn(2, |byte| *byte == b'\t').nth(1));
    let path =
        |name| root.join(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(name)).join(".git");
    names.map(path).filter(|git| fs::symlink_metadata(git).is_ok()).collect()
}

/// What a program says until its end, or in the time it has.
fn said(command: &mut Command) -> Option<Vec<u8>> {
    let mut child = command.spawn().ok()?;
    let mut pipe = child.stdout.take()?;
    let (tell, told) = sync_channel(1);
    std::thread::spawn(move || {
        let mut text = Vec::new();
        let whole = pipe.read_to_end(&mut text);
        // Whoever waited may have given up.
        let _ = tell.send(whole.is_ok().then_some(text));
    });
    let text = told.recv_timeout(LIMIT).ok().flatten();
    if text.is_none() {
        let _ = child.kill(); // one that has ended meanwhile is what was wanted
    }
    let _ = child.wait(); // here another thread may collect all children
    text
}

fn todos(root: &Path) -> Vec<PathBuf> {
    let git = root.join(".git");
    let trees = fs::read_dir(git.join("worktrees")).into_iter().flatten().flatten();
    let mut all = vec![git.join(TODO)];
    all.extend(trees.take(WATCHED_MAX).map(|tree| tree.path().join(TODO)));
    all
}

fn has_commands(todo: &str) -> bool {
    let first = |line: &str| line.split_ascii_whitespace().next().unwrap_or_default().to_string();
    todo.lines().any(|line| ["exec", "x"].contains(&first(line).as_str()))
}

fn mark(files: impl IntoIterator<Item = PathBuf>) -> State {
    let look = |path: &Path| {
        let meta = fs::symlink_metadata(path).ok()?;
        Some((meta.dev(), meta.ino(), meta.ctime(), meta.ctime_nsec()))
    };
    files.into_iter().map(|path| (path.clone(), look(&path))).collect()
}

/// All of a repository by which git comes to run programs.
fn state(git: &Path) -> State {
    let Some((dir, common)) = folders(git) else { return mark([git.to_path_buf()]) };
    let mut files = Vec::new();
    for folder in BTreeSet::from([&dir, &common]) {
        files.extend(["config", "config.worktree", "commondir", "hooks"].map(|name| folder.join(name)));
        let hooks = fs::read_dir(folder.join("hooks")).into_iter().flatten().flatten();
        files.extend(hooks.map(|hook| hook.path()));
    }
    let mut state = mark(files);
    // A folder changes with each file that git puts into it: which one it is counts.
    for folder in [git, &dir, &common] {
        let meta = fs::symlink_metadata(folder).ok().map(|meta| (meta.dev(), meta.ino(), 0, 0));
        state.insert(folder.to_path_buf(), meta);
    }
    if fs::symlink_metadata(git).is_ok_and(|meta| !meta.is_dir()) {
        state.extend(mark([git.to_path_buf()]));
    }
    state
}

/// Where a repository is, and where what it shares with its worktrees is; none where that is not plain to see.
fn folders(git: &Path) -> Option<(PathBuf, PathBuf)> {
    let kind = fs::symlink_metadata(git).ok()?.file_type();
    let dir = match (kind.is_dir(), kind.is_file()) {
        (true, _) => git.to_path_buf(),
        (_, true) => {
            let text = settings::small(git)?;
            plain(&git.parent()?.join(text.strip_prefix("gitdir:")?.trim()))
        }
        (false, false) => return None,
    };
    let common = match fs::symlink_metadata(dir.join("commondir")) {
        Ok(_) => plain(&dir.join(settings::small(&dir.join("commondir"))?.trim())),
        Err(_) => dir.clone(),
    };
    Some((dir, common))
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(part),
        }
    }
    plain
}

/// What git would run for a repository, if anything.
fn runs(root: &Path, git: &Path) -> Option<String> {
    let Some((dir, common)) = folders(git) else {
        return Some("it is a link, or cannot be read".to_string());
    };
    let own = root.join(".git");
    if !dir.starts_with(root) || !common.starts_with(root) {
        return Some("it leads out of the workspace".to_string());
    }
    if settings::is_there(&dir.join("config.worktree")) {
        return Some("it has settings of a worktree".to_string());
    }
    if common == own {
        return None; // a worktree of the workspace's own, whose settings are guarded
    }
    if let Some(why) = settings::names_programs(&common.join("config")) {
        return Some(why);
    }
    let nested = common != dir && common.join("commondir").exists();
    if nested || settings::is_there(&common.join("config.worktree")) {
        return Some("its settings lie elsewhere".to_string());
    }
    let hooks = common.join("hooks");
    let kind = fs::symlink_metadata(&hooks).ok()?.file_type();
    if !kind.is_dir() {
        return Some("its hooks are a link".to_string());
    }
    let names = fs::read_dir(&hooks).into_iter().flatten().flatten().map(|hook| hook.file_name());
    let mut hooks = names.filter(|name| !name.to_string_lossy().ends_with(".sample"));
    hooks.next().map(|hook| format!("the hook {}", hook.to_string_lossy().escape_debug()))
}
