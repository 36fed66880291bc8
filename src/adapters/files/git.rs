//! A folder as a git worktree, where its files are exactly those of a commit.
//!
//! Git is only asked for what it has stored, and to register the folder: every file is laid by this app, from what it
//! kept. No hook, no filter, no monitor and no transport that a repository's configuration names is ever run.

use crate::domain::files::{Entry, Manifest};
use crate::domain::hash::Hash;
use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

/// How long git may take for one thing.
const LIMIT: Duration = Duration::from_secs(30);
/// Bytes of a tree's listing at most: what has more is copied.
const LISTING_MAX: usize = 16 * 1024 * 1024;

/// What a repository's or a user's configuration may not bring in.
const QUIET: [&str; 14] = [
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.untrackedCache=false",
    "-c",
    "protocol.allow=never",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    "-c",
    "worktree.guessRemote=false",
];

/// A file as a commit has it.
struct Stored {
    mode: String,
    id: String,
    size: u64,
}

/// The commit whose files are exactly these, where the folder is the top of a repository that stands at it.
pub(super) async fn standing_at(folder: &str, manifest: &Manifest) -> Option<String> {
    let top = line(&git(folder, &["rev-parse", "--show-toplevel"]).await?)?;
    if top != folder {
        return None; // a part of a repository is no worktree
    }
    let head = head(folder).await?;
    fits(folder, &head, manifest).await.then_some(head)
}

/// The commit that a repository or a worktree stands at.
async fn head(folder: &str) -> Option<String> {
    let id = line(&git(folder, &["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).await?)?;
    id.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(id)
}

/// Makes an empty folder a worktree of a repository, standing at a commit and with its index, without any of its files.
pub(super) async fn add(repository: &str, folder: &str, commit: &str) -> bool {
    let args = ["worktree", "add", "--quiet", "--detach", "--no-checkout", folder, commit];
    if git(repository, &args).await.is_none() {
        return false;
    }
    git(folder, &["read-tree", commit]).await.is_some()
}

/// Whether nothing of a worktree is only there: its files are those of its commit, and a branch or a tag has that.
pub(super) async fn holds_nothing_new(folder: &str, manifest: &Manifest) -> bool {
    let Some(head) = head(folder).await else { return false };
    let kept = git(folder, &["for-each-ref", "--count=1", "--contains", &head]).await;
    kept.is_some_and(|refs| !refs.is_empty()) && fits(folder, &head, manifest).await
}

/// Removes a worktree, its folder and its registration.
pub(super) async fn remove(folder: &str) -> bool {
    git(folder, &["worktree", "remove", "--force", folder]).await.is_some()
}

/// Whether a commit has exactly these files. Contents are compared as they are stored: what a filter would change differs.
async fn fits(folder: &str, commit: &str, manifest: &Manifest) -> bool {
    let Some(listing) = git(folder, &["ls-tree", "-r", "-l", "-z", "--full-tree", commit]).await else {
        return false;
    };
    let Some(stored) = read(&listing) else { return false };
    let mut wanted = Vec::new();
    let mut things = 0;
    for (path, entry) in &manifest.entries {
        let same = match (entry, stored.get(path)) {
            (Entry::Folder { .. }, _) => continue,
            (Entry::File { hash, size, mode }, Some(file)) => {
                wanted.push((file.id.clone(), file.size, *hash));
                let runs = if mode & 0o100 == 0 { "100644" } else { "100755" };
                file.mode == runs && file.size == *size
            }
            (Entry::Link { target }, Some(link)) => {
                wanted.push((link.id.clone(), link.size, Hash::of(target.as_bytes())));
                link.mode == "120000"
            }
            (Entry::File { .. } | Entry::Link { .. }, None) | (Entry::LeftOut(_), _) => false,
        };
        things += 1;
        if !same {
            return false;
        }
    }
    things == stored.len() && tokio::time::timeout(LIMIT, contents(folder, wanted)).await.unwrap_or(false)
}

/// The files of a listing by their paths; none where it has more than files and links.
fn read(listing: &[u8]) -> Option<BTreeMap<String, Stored>> {
    let mut stored = BTreeMap::new();
    for record in listing.split(|byte| *byte == 0).filter(|record| !record.is_empty()) {
        let (about, path) = std::str::from_utf8(record).ok()?.split_once('\t')?;
        let mut words = about.split_ascii_whitespace();
        let (mode, kind, id, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
        if kind != "blob" {
            return None; // another repository in it
        }
        let size = size.parse().ok()?;
        stored.insert(path.to_string(), Stored { mode: mode.to_string(), id: id.to_string(), size });
    }
    Some(stored)
}

/// Whether each of these has the content of that hash.
async fn contents(folder: &str, wanted: Vec<(String, u64, Hash)>) -> bool {
    let mut command = command(folder, &["cat-file", "--batch"]);
    let Ok(mut child) = command.stdin(Stdio::piped()).spawn() else { return false };
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { return false };
    let ids: String = wanted.iter().flat_map(|(id, ..)| [id.as_str(), "\n"]).collect();
    let asking = async move { input.write_all(ids.as_bytes()).await.is_ok() };
    let reading = async move {
        let mut output = BufReader::new(output);
        for (id, size, hash) in wanted {
            let mut header = String::new();
            let told = output.read_line(&mut header).await.is_ok();
            if !told || header.trim_end() != format!("{id} blob {size}") {
                return false;
            }
            let Ok(length) = usize::try_from(size) else { return false };
            let mut content = vec![0; length + 1]; // with the line's end
            if output.read_exact(&mut content).await.is_err() || Hash::of(&content[..length]) != hash {
                return false;
            }
        }
        true
    };
    let (asked, same) = tokio::join!(asking, reading);
    asked && same
}

/// What git says; none where it is not there, fails, or takes too long.
async fn git(folder: &str, args: &[&str]) -> Option<Vec<u8>> {
    let mut command = command(folder, args);
    let ended = tokio::time::timeout(LIMIT, command.stdin(Stdio::null()).output()).await.ok()?.ok()?;
    (ended.status.success() && ended.stdout.len() <= LISTING_MAX).then_some(ended.stdout)
}

fn command(folder: &str, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(QUIET).args(args).env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    // Only the repository's own configuration counts, and of that only what cannot start anything.
    command.envs([
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("LC_ALL", "C"),
    ]);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

fn line(said: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(said).ok()?;
    Some(text.strip_suffix('\n').unwrap_or(text).to_string()).filter(|text| !text.is_empty())
}
