//! The files of a workspace, kept in the blob store and put back.
//!
//! Every step goes by handle, one name at a time, and no link is ever followed: `scan` reads, `lay` writes. What ignore
//! files name is neither kept nor touched, nor are the folders of version control and the app's own.

mod dir; // a folder by handle
mod rules; // what ignore files name
mod scan; // the files of a folder as a manifest
mod lay; // a folder made as a manifest says
mod git; // a folder as a git worktree
pub mod memory; // folders that are only in memory

use crate::domain::files::{Change, Entry, Manifest, changes};
use crate::domain::hash::Hash;
use crate::domain::time::Micros;
use crate::ports::Later;
use crate::ports::blobs::Blobs;
use crate::ports::clock::Clock;
use crate::ports::files::{Files, FilesFault, Kept, PutBack, Released};
use dir::Dir;
use scan::{Memo, Scan};
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// Contents on their way into the store at a time.
const PUTS: usize = 32;

/// How much is kept at most; what is beyond is named and left out.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one file.
    pub file: u64,
    /// Bytes of all files.
    pub total: u64,
    /// Entries.
    pub entries: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { file: 8 * 1024 * 1024, total: 256 * 1024 * 1024, entries: 50_000 }
    }
}

/// What was put into the store is there for so long at least, named by a session or not, in microseconds: a store keeps
/// it for an hour.
const FRESH: i64 = 30 * 60 * 1_000_000;

/// Folders on disk, contents in a blob store. Clones share what is known.
#[derive(Clone)]
pub struct Folders {
    blobs: Arc<dyn Blobs>,
    clock: Arc<dyn Clock>,
    /// The app's own folders.
    own: Vec<PathBuf>,
    /// Where folders are made.
    root: PathBuf,
    limits: Limits,
    known: Arc<Mutex<Known>>,
}

/// What is known from before, so that what did not change costs a look and no reading.
#[derive(Default)]
struct Known {
    memos: HashMap<String, Memo>,
    /// By folder: what was kept last, and everything in it.
    kept: HashMap<String, (Hash, Arc<HashSet<Hash>>)>,
    /// By folder: what was put into the store lately, and when that began. Nobody may have been told of it.
    fresh: HashMap<String, (Micros, HashSet<Hash>)>,
    /// By folder: whose turn it is to look through it.
    turns: HashMap<String, Arc<tokio::sync::Mutex<()>>>,
}

impl Folders {
    /// Folders whose contents go to `blobs`. `own` are the app's own, which are never looked into; new ones are made in
    /// `root`.
    pub fn new(blobs: Arc<dyn Blobs>, clock: Arc<dyn Clock>, own: Vec<PathBuf>, root: PathBuf) -> Folders {
        Folders { blobs, clock, own, root, limits: Limits::default(), known: Arc::default() }
    }

    /// The same with other limits.
    pub fn limited(mut self, limits: Limits) -> Folders {
        self.limits = limits;
        self
    }

    /// Whether a folder lies right below the one in which ours are made.
    fn own_root(&self, folder: &Path) -> bool {
        #[expect(clippy::disallowed_methods, reason = "names are compared; folders are opened by handle")]
        let real = std::fs::canonicalize(&self.root);
        folder.parent().is_some_and(|above| real.is_ok_and(|root| root == above))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with a folder when it is its turn, to its end also where nobody waits for it any more: what it read
    /// need not be read again by the next.
    async fn apart<T, D>(
        &self,
        folder: &str,
        work: impl FnOnce(Folders, String) -> D + Send,
    ) -> Result<T, FilesFault>
    where
        T: Send + 'static,
        D: Future<Output = Result<T, FilesFault>> + Send + 'static,
    {
        let turn = self.known().turns.entry(folder.to_string()).or_default().clone();
        let turn = turn.lock_owned().await;
        let work = work(self.clone(), folder.to_string());
        let done = tokio::spawn(async move {
            let _turn = turn;
            work.await
        });
        let why = |error| format!("the walk broke in this program: {error}");
        done.await.map_err(|error| FilesFault::Folder { folder: folder.to_string(), why: why(error) })?
    }

    /// Notes what was put into the store.
    fn put(&self, folder: &str, began: Micros, hashes: impl IntoIterator<Item = Hash>) {
        let mut known = self.known();
        let (since, fresh) = known.fresh.entry(folder.to_string()).or_insert((began, HashSet::new()));
        if fresh.is_empty() {
            *since = began;
        }
        fresh.extend(hashes);
    }

    /// Reads the folder; what is not in `stored` goes into the store, and nothing where that is none.
    async fn scan(&self, folder: &str, stored: Option<Arc<HashSet<Hash>>>) -> Result<Manifest, FilesFault> {
        let mut memo = self.known().memos.remove(folder).unwrap_or_default();
        if let Some(stored) = &stored {
            memo.retain(|_, (_, hash)| stored.contains(hash)); // what was read need not have been stored
        }
        let scan = Scan {
            folder: PathBuf::from(folder),
            own: self.own.clone(),
            limits: self.limits,
            now: self.clock.now(),
            memo,
        };
        let (send, mut found) = mpsc::channel::<(Hash, Arc<[u8]>)>(PUTS);
        let walk = tokio::task::spawn_blocking(move || scan.walk(&send));
        let (mut fault, mut sent, began) = (None, HashSet::new(), self.clock.now());
        let mut batch = Vec::new();
        while found.recv_many(&mut batch, PUTS).await > 0 {
            let is_new = |hash: &Hash| stored.as_ref().is_some_and(|stored| !stored.contains(hash));
            let new = batch.drain(..).filter(|(hash, _)| is_new(hash) && sent.insert(*hash));
            let new: Vec<Arc<[u8]>> = new.map(|(_, content)| content).collect();
            if fault.is_none() {
                fault = self.store(new).await.err();
            }
        }
        let bad = |why: String| FilesFault::Folder { folder: folder.to_string(), why };
        let (manifest, memo) = walk
            .await
            .map_err(|error| bad(format!("the walk broke in this program: {error}")))?
            .map_err(bad)?;
        self.known().memos.insert(folder.to_string(), memo);
        match fault {
            Some(fault) => Err(fault),
            None => {
                self.put(folder, began, sent);
                Ok(manifest)
            }
        }
    }

    async fn store(&self, contents: Vec<Arc<[u8]>>) -> Result<(), FilesFault> {
        if contents.is_empty() {
            return Ok(());
        }
        let put = self.blobs.put_all(contents).await;
        put.map(|_| ()).map_err(|fault| FilesFault::Store { why: fault.to_string() })
    }

    async fn read(&self, hash: Hash) -> Result<Manifest, FilesFault> {
        let mut manifest = Manifest::default();
        let mut pages = vec![(String::new(), hash)];
        while let Some((at, page)) = pages.pop() {
            let bytes = self.content(page).await.map_err(|why| gone(hash, why))?;
            pages.extend(manifest.read(&at, &bytes).map_err(|why| gone(hash, why))?);
        }
        Ok(manifest)
    }

    async fn content(&self, hash: Hash) -> Result<Vec<u8>, String> {
        match self.blobs.get(hash).await {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(format!("the content {} is not in the store", hash.short())),
            Err(fault) => Err(fault.to_string()),
        }
    }

    /// What need not be stored again: everything in what was kept of this folder last, and what was put there lately. A
    /// session names the first, so it stays; anything else that was stored once may have been purged since.
    async fn stored(&self, folder: &str, last: Option<Hash>) -> Arc<HashSet<Hash>> {
        let named = self.named(folder, last).await;
        let (now, mut known) = (self.clock.now(), self.known());
        known.fresh.retain(|_, (since, _)| (0..FRESH).contains(&(now.0 - since.0)));
        match known.fresh.get(folder) {
            Some((_, fresh)) if !fresh.is_subset(&named) => Arc::new(named.union(fresh).copied().collect()),
            Some(_) | None => named,
        }
    }

    async fn named(&self, folder: &str, last: Option<Hash>) -> Arc<HashSet<Hash>> {
        let Some(last) = last else { return Arc::default() };
        let known =
            self.known().kept.get(folder).filter(|(hash, _)| *hash == last).map(|(_, all)| all.clone());
        match known {
            Some(all) => all,
            None => self.read(last).await.map(|manifest| Arc::new(all(&manifest))).unwrap_or_default(),
        }
    }
}

/// Everything that a manifest names: its pages and its contents.
fn all(manifest: &Manifest) -> HashSet<Hash> {
    let pages = manifest.pages().into_iter().map(|(hash, _)| hash);
    pages.chain(contents(manifest)).collect()
}

/// The contents of its files.
fn contents(manifest: &Manifest) -> HashSet<Hash> {
    let files = manifest.entries.values().filter_map(|entry| match entry {
        Entry::File { hash, .. } => Some(*hash),
        Entry::Folder { .. } | Entry::Link { .. } | Entry::LeftOut(_) => None,
    });
    files.collect()
}

fn gone(manifest: Hash, why: String) -> FilesFault {
    FilesFault::Gone { manifest: manifest.short(), why }
}

/// The worktrees right below a folder, by name and path.
fn worktrees(root: &Path) -> Vec<(String, String)> {
    #[expect(clippy::disallowed_methods, reason = "names are compared; folders are opened by handle")]
    let Ok(root) = std::fs::canonicalize(root) else { return Vec::new() };
    let names = Dir::open(&root).and_then(|dir| dir.names()).unwrap_or_default();
    let named = names.into_iter().filter_map(|name| {
        let path = root.join(&name);
        Some((name.into_string().ok()?, path.to_str()?.to_string())).filter(|_| is_worktree(&path))
    });
    named.collect()
}

/// Whether a folder is registered as a worktree: what stands for its repository is a file there.
fn is_worktree(path: &Path) -> bool {
    let git = Dir::open(path).and_then(|dir| dir.look(OsStr::new(".git")));
    git.is_ok_and(|git| git.kind() == rustix::fs::FileType::RegularFile)
}

impl Folders {
    async fn keep_all(self, folder: String, last: Option<Hash>) -> Result<Kept, FilesFault> {
        let (stored, began) = (self.stored(&folder, last).await, self.clock.now());
        let manifest = self.scan(&folder, Some(stored.clone())).await?;
        let (mut top, mut all) = (Hash::ZERO, contents(&manifest));
        let (mut new, mut hashes) = (Vec::new(), Vec::new());
        for (hash, bytes) in manifest.pages() {
            top = hash;
            all.insert(hash);
            if !stored.contains(&hash) {
                new.push(bytes.into());
                hashes.push(hash);
            }
        }
        self.store(new).await?;
        self.put(&folder, began, hashes);
        self.known().kept.insert(folder, (top, Arc::new(all)));
        Ok(Kept::of(&manifest, top))
    }
}

impl Files for Folders {
    fn keep<'a>(&'a self, folder: &'a str, last: Option<Hash>) -> Later<'a, Result<Kept, FilesFault>> {
        Box::pin(self.apart(folder, move |folders, folder| folders.keep_all(folder, last)))
    }

    fn busy(&self, folder: &str) -> bool {
        let turn = self.known().turns.get(folder).cloned();
        turn.is_some_and(|turn| turn.try_lock().is_err())
    }

    fn compare<'a>(&'a self, folder: &'a str, manifest: Hash) -> Later<'a, Result<Vec<Change>, FilesFault>> {
        Box::pin(async move {
            let then = self.read(manifest).await?;
            let now = self
                .apart(folder, |folders, folder| async move { folders.scan(&folder, None).await })
                .await?;
            Ok(rules::unmarked(self, changes(&now, &then), &then).await)
        })
    }

    fn put_back<'a>(
        &'a self,
        folder: &'a str,
        changes: &'a [Change],
    ) -> Later<'a, Result<PutBack, FilesFault>> {
        Box::pin(async move {
            let bad = |why: String| FilesFault::Folder { folder: folder.to_string(), why };
            let dir = Dir::open(Path::new(folder)).map_err(|error| bad(error.to_string()))?;
            Ok(lay::lay(self, Arc::new(dir), changes.to_vec()).await)
        })
    }

    fn worktree<'a>(&'a self, of: &'a str, folder: &'a str, manifest: Hash) -> Later<'a, Option<String>> {
        Box::pin(async move {
            let manifest = self.read(manifest).await.ok()?;
            let commit = git::standing_at(of, &manifest).await?;
            if git::add(of, folder, &commit).await {
                return Some(commit);
            }
            git::remove(folder).await;
            let _ = dir::make(Path::new(folder), true); // where it is not there, the files cannot be laid: told then
            None
        })
    }

    fn worktrees(&self) -> Later<'_, Vec<(String, String)>> {
        let root = self.root.clone();
        Box::pin(
            async move { tokio::task::spawn_blocking(move || worktrees(&root)).await.unwrap_or_default() },
        )
    }

    fn release<'a>(&'a self, name: &'a str, folder: &'a str) -> Later<'a, Released> {
        Box::pin(async move {
            let path = Path::new(folder);
            let below_ours = path.file_name() == Some(OsStr::new(name)) && self.own_root(path);
            if !below_ours || !is_worktree(path) {
                return Released::Nothing;
            }
            let Ok(now) = self.scan(folder, None).await else { return Released::Changed };
            let clean = git::holds_nothing_new(folder, &now).await;
            // What ignore files name is in no manifest and in no commit: it is somebody's all the same.
            let walk = (PathBuf::from(folder), now);
            let more = tokio::task::spawn_blocking(move || scan::holds_more(&walk.0, &walk.1)).await;
            match clean && more.is_ok_and(|more| !more) && git::remove(folder).await {
                true => Released::Removed,
                false => Released::Changed,
            }
        })
    }

    fn make(&self, name: &str, into: Option<&str>) -> Result<String, FilesFault> {
        let (path, own) = match into {
            Some(into) => (PathBuf::from(into), false),
            None => (self.root.join(name), true),
        };
        let path = std::path::absolute(&path).unwrap_or(path);
        let bad = |why: String| FilesFault::Folder { folder: path.display().to_string(), why };
        dir::make(&path, own).map_err(|error| bad(error.to_string()))?;
        let dir = Dir::open(&path).map_err(|error| bad(error.to_string()))?;
        match dir.names() {
            Ok(names) if names.is_empty() => {}
            Ok(_) => return Err(bad("it is not empty".to_string())),
            Err(error) => return Err(bad(error.to_string())),
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "a name for people and for the log; files are reached by handle below it"
        )]
        let real = std::fs::canonicalize(&path).map_err(|error| bad(error.to_string()))?;
        real.to_str().map(str::to_string).ok_or_else(|| bad("its path is not UTF-8".to_string()))
    }
}
