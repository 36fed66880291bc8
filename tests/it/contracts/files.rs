//! `Files`: what is kept comes back, nothing else is touched, nothing leads out.

use super::{memory, sqlite};
use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tackroom::adapters::clock::SystemClock;
use tackroom::adapters::files::memory::MemoryFiles;
use tackroom::adapters::files::{Folders, Limits};
use tackroom::domain::files::{Deed, LeftOut};
use tackroom::domain::hash::Hash;
use tackroom::ports::blobs::Blobs;
use tackroom::ports::files::{Files, FilesFault, PutBack};

/// An adapter, a folder in it, and a way to write there.
struct Rig {
    files: Arc<dyn Files>,
    folder: String,
    write: Box<dyn Fn(&str, Option<&str>) + Send + Sync>,
    read: Box<dyn Fn(&str) -> BTreeMap<String, String> + Send + Sync>,
    _dir: Option<(tempfile::TempDir, super::Rig)>,
}

fn in_memory() -> Rig {
    let files = MemoryFiles::default();
    let (writer, reader) = (files.clone(), files.clone());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Rig {
        files: Arc::new(files),
        folder: "/srv/ws".into(),
        write: Box::new(move |path, content| match content {
            Some(content) => writer.write("/srv/ws", path, content.as_bytes()),
            None => writer.remove("/srv/ws", path),
        }),
        read: Box::new(move |folder| {
            reader.files(folder).into_iter().map(|(path, bytes)| (path, text(bytes))).collect()
        }),
        _dir: None,
    }
}

fn on_disk() -> Rig {
    let (disk, store) = (Disk::new(), sqlite());
    let ws = disk.ws.clone();
    Rig {
        files: Arc::new(disk.folders(store.blobs.clone(), Limits::default())),
        folder: disk.ws.to_str().unwrap().to_string(),
        write: Box::new(move |path, content| match content {
            Some(content) => disk_write(&ws, path, content),
            None => std::fs::remove_file(ws.join(path)).unwrap(),
        }),
        read: Box::new(|folder| {
            let tree = tree(Path::new(folder));
            tree.into_iter()
                .filter_map(|(path, what)| Some((path, what.strip_prefix("file 644 ")?.to_string())))
                .collect()
        }),
        _dir: Some((disk.dir, store)),
    }
}

macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test] async fn $name() { super::$name(super::in_memory()).await; })*
        }
        mod on_disk {
            $(#[tokio::test] async fn $name() { super::$name(super::on_disk()).await; })*
        }
    };
}

both!(
    what_is_kept_comes_back,
    what_changed_since_it_was_shown_is_left_alone,
    a_restore_and_its_undo_are_exact,
    the_same_files_have_the_same_name,
    folders_are_made_empty
);

/// Makes the files as they were kept.
async fn put_back(files: &dyn Files, folder: &str, manifest: Hash) -> Result<PutBack, FilesFault> {
    let changes = files.compare(folder, manifest).await?;
    files.put_back(folder, &changes).await
}

/// Cause: what was to be changed was looked up again after it had been shown: a file that was saved in between went.
async fn what_changed_since_it_was_shown_is_left_alone(rig: Rig) {
    (rig.write)("changed", Some("then"));
    (rig.write)("removed", Some("then"));
    (rig.write)("same", Some("then"));
    let kept = rig.files.keep(&rig.folder, None).await.unwrap();
    (rig.write)("changed", Some("now"));
    (rig.write)("removed", None);
    (rig.write)("added", Some("now"));
    (rig.write)("same", Some("now"));
    (rig.write)("gone", Some("now"));
    let shown = rig.files.compare(&rig.folder, kept.manifest).await.unwrap();
    assert_eq!(shown.len(), 5, "{shown:?}");
    for path in ["changed", "removed", "added"] {
        (rig.write)(path, Some("saved meanwhile"));
    }
    (rig.write)("gone", None);
    (rig.write)("beside", Some("not shown"));
    let done = rig.files.put_back(&rig.folder, &shown).await.unwrap();
    let failed: Vec<&str> = done.failed.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(failed, ["added", "changed", "gone", "removed"]);
    assert!(done.failed.iter().all(|(_, why)| why.contains("has changed since")), "{:?}", done.failed);
    let changed: Vec<&str> = done.changed.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(changed, ["same"]);
    let files = (rig.read)(&rig.folder);
    let wanted = [
        ("added", "saved meanwhile"),
        ("beside", "not shown"),
        ("changed", "saved meanwhile"),
        ("removed", "saved meanwhile"),
        ("same", "then"),
    ];
    assert_eq!(files, wanted.map(|(path, content)| (path.to_string(), content.to_string())).into());
}

async fn what_is_kept_comes_back(rig: Rig) {
    (rig.write)("a.txt", Some("one"));
    (rig.write)("sub/deep/b.txt", Some("two"));
    let kept = rig.files.keep(&rig.folder, None).await.unwrap();
    assert_eq!((kept.files, kept.bytes, kept.left_out.len()), (2, 6, 0));
    assert_eq!(rig.files.compare(&rig.folder, kept.manifest).await.unwrap(), []);
    (rig.write)("a.txt", Some("other"));
    (rig.write)("sub/deep/b.txt", None);
    (rig.write)("new/c.txt", Some("three"));
    let planned = rig.files.compare(&rig.folder, kept.manifest).await.unwrap();
    let deeds: Vec<(&str, Deed)> = planned
        .iter()
        .map(|change| (change.path.as_str(), change.deed))
        .filter(|(path, _)| path.ends_with("txt"))
        .collect();
    assert_eq!(
        deeds,
        [("a.txt", Deed::Replace), ("new/c.txt", Deed::Remove), ("sub/deep/b.txt", Deed::Create)]
    );
    let done = put_back(&*rig.files, &rig.folder, kept.manifest).await.unwrap();
    assert_eq!(done.failed, []);
    assert_eq!(done.changed, planned);
    let files: Vec<(String, String)> = (rig.read)(&rig.folder).into_iter().collect();
    assert_eq!(files, [("a.txt".into(), "one".into()), ("sub/deep/b.txt".into(), "two".to_string())]);
    assert_eq!(rig.files.keep(&rig.folder, None).await.unwrap().manifest, kept.manifest);
}

async fn a_restore_and_its_undo_are_exact(rig: Rig) {
    (rig.write)("a", Some("1"));
    (rig.write)("b/x", Some("2"));
    let first = rig.files.keep(&rig.folder, None).await.unwrap().manifest;
    (rig.write)("b/x", None);
    (rig.write)("b/y", Some("3"));
    (rig.write)("a", Some("4"));
    let before = (rig.read)(&rig.folder);
    let second = rig.files.keep(&rig.folder, Some(first)).await.unwrap().manifest;
    assert_ne!(first, second);
    for _ in 0..2 {
        put_back(&*rig.files, &rig.folder, first).await.unwrap();
        assert_eq!(rig.files.keep(&rig.folder, None).await.unwrap().manifest, first);
        put_back(&*rig.files, &rig.folder, second).await.unwrap();
        assert_eq!((rig.read)(&rig.folder), before);
    }
}

async fn the_same_files_have_the_same_name(rig: Rig) {
    (rig.write)("a", Some("1"));
    (rig.write)("b/x", Some("2"));
    let kept = rig.files.keep(&rig.folder, None).await.unwrap();
    let other = rig.files.make("copy", None).unwrap();
    put_back(&*rig.files, &other, kept.manifest).await.unwrap();
    assert_eq!((rig.read)(&other), (rig.read)(&rig.folder));
    assert_eq!(rig.files.keep(&other, None).await.unwrap(), kept);
    let gone = put_back(&*rig.files, &other, Hash::ZERO).await.unwrap_err();
    assert!(matches!(gone, FilesFault::Gone { .. }), "{gone}");
}

async fn folders_are_made_empty(rig: Rig) {
    (rig.write)("a", Some("1"));
    let full = rig.files.make("x", Some(&rig.folder)).unwrap_err();
    assert!(full.to_string().contains("not empty"), "{full}");
    let one = rig.files.make("one", None).unwrap();
    assert!((rig.read)(&one).is_empty());
    assert_ne!(one, rig.files.make("two", None).unwrap());
}

/// A workspace on disk with a folder beside it.
struct Disk {
    dir: tempfile::TempDir,
    ws: PathBuf,
    beside: PathBuf,
}

impl Disk {
    fn new() -> Disk {
        let dir = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(dir.path()).unwrap();
        let disk = Disk { dir, ws: root.join("ws"), beside: root.join("beside") };
        std::fs::create_dir_all(&disk.ws).unwrap();
        std::fs::create_dir_all(&disk.beside).unwrap();
        disk
    }

    fn folders(&self, blobs: Arc<dyn Blobs>, limits: Limits) -> Folders {
        let own = vec![self.ws.join("home")];
        Folders::new(blobs, Arc::new(SystemClock), own, self.beside.join("forks")).limited(limits)
    }

    fn name(&self) -> &str {
        self.ws.to_str().unwrap()
    }
}

fn disk_write(root: &Path, path: &str, content: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
}

/// Everything in a folder, links not followed: what it is, its mode, its content.
pub fn tree(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = std::fs::symlink_metadata(&path).unwrap();
            let mode = meta.permissions().mode() & 0o777;
            let what = if meta.is_symlink() {
                format!("link {}", std::fs::read_link(&path).unwrap().display())
            } else if meta.is_dir() {
                folders.push(path.clone());
                format!("folder {mode:o}")
            } else if meta.is_file() {
                format!(
                    "file {mode:o} {}",
                    String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default())
                )
            } else {
                "special".to_string()
            };
            found.insert(path.strip_prefix(root).unwrap().display().to_string(), what);
        }
    }
    found
}

#[tokio::test]
async fn links_modes_empty_folders_and_kinds_come_back() {
    let disk = Disk::new();
    let folders = disk.folders(memory().blobs, Limits::default());
    disk_write(&disk.ws, "tool.sh", "#!/bin/sh\n");
    std::fs::set_permissions(disk.ws.join("tool.sh"), PermissionsExt::from_mode(0o755)).unwrap();
    disk_write(&disk.ws, "was_file", "x");
    disk_write(&disk.ws, "was_folder/in", "x");
    disk_write(&disk.ws, "closed/in", "x");
    std::fs::create_dir(disk.ws.join("empty")).unwrap();
    symlink("tool.sh", disk.ws.join("link")).unwrap();
    std::fs::set_permissions(disk.ws.join("closed"), PermissionsExt::from_mode(0o555)).unwrap();
    let before = tree(&disk.ws);
    let kept = folders.keep(disk.name(), None).await.unwrap();
    let other = folders.make("copy", None).unwrap();
    assert_eq!(put_back(&folders, &other, kept.manifest).await.unwrap().failed, []);
    assert_eq!(tree(Path::new(&other)), before, "a copy, with all there is");
    std::fs::remove_file(disk.ws.join("was_file")).unwrap();
    disk_write(&disk.ws, "was_file/in", "y");
    std::fs::remove_dir_all(disk.ws.join("was_folder")).unwrap();
    disk_write(&disk.ws, "was_folder", "y");
    std::fs::remove_dir(disk.ws.join("empty")).unwrap();
    std::fs::remove_file(disk.ws.join("link")).unwrap();
    symlink("elsewhere", disk.ws.join("link")).unwrap();
    std::fs::set_permissions(disk.ws.join("tool.sh"), PermissionsExt::from_mode(0o600)).unwrap();
    let changed = tree(&disk.ws);
    let now = folders.keep(disk.name(), Some(kept.manifest)).await.unwrap();
    assert_eq!(put_back(&folders, disk.name(), kept.manifest).await.unwrap().failed, []);
    assert_eq!(tree(&disk.ws), before);
    assert_eq!(put_back(&folders, disk.name(), now.manifest).await.unwrap().failed, []);
    assert_eq!(tree(&disk.ws), changed, "and back again");
    std::fs::set_permissions(disk.ws.join("closed"), PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::set_permissions(Path::new(&other).join("closed"), PermissionsExt::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn no_link_leads_out() {
    let disk = Disk::new();
    let folders = disk.folders(memory().blobs, Limits::default());
    disk_write(&disk.beside, "secret", "theirs");
    disk_write(&disk.ws, "sub/in", "mine");
    symlink(&disk.beside, disk.ws.join("out")).unwrap();
    symlink(disk.beside.join("secret"), disk.ws.join("file")).unwrap();
    let kept = folders.keep(disk.name(), None).await.unwrap();
    assert_eq!((kept.files, kept.bytes), (1, 4), "what a link points to is not kept");
    // The folder that is to be written into has become a link: nothing is written through it.
    std::fs::remove_dir_all(disk.ws.join("sub")).unwrap();
    symlink(&disk.beside, disk.ws.join("sub")).unwrap();
    let outside = tree(&disk.beside);
    let done = put_back(&folders, disk.name(), kept.manifest).await.unwrap();
    assert_eq!(done.failed, []);
    assert_eq!(tree(&disk.beside), outside, "nothing outside is touched");
    assert_eq!(tree(&disk.ws)["sub/in"], "file 644 mine");
}

#[tokio::test]
async fn what_is_not_kept_is_named_and_never_touched() {
    let disk = Disk::new();
    let limits = Limits { file: 100, total: 300, entries: 1_000 };
    let folders = disk.folders(memory().blobs, limits);
    disk_write(&disk.ws, "large", &"x".repeat(101));
    for name in ["a", "b", "c", "d"] {
        disk_write(&disk.ws, name, &name.repeat(90));
    }
    disk_write(&disk.ws, "home/tackroom.db", "the app's own");
    disk_write(&disk.ws, ".git/HEAD", "ref");
    rustix::fs::mkfifoat(rustix::fs::CWD, disk.ws.join("pipe"), rustix::fs::Mode::RWXU).unwrap();
    let kept = folders.keep(disk.name(), None).await.unwrap();
    let left: BTreeMap<String, LeftOut> = kept.left_out.iter().cloned().collect();
    assert_eq!(left["large"], LeftOut::TooLarge);
    assert_eq!(left["d"], LeftOut::TooMany);
    assert_eq!(left["pipe"], LeftOut::Special);
    assert_eq!((kept.files, left.len()), (3, 3), "{left:?}");
    disk_write(&disk.ws, "large", "small now");
    disk_write(&disk.ws, "d", "changed");
    disk_write(&disk.ws, "home/tackroom.db", "changed");
    disk_write(&disk.ws, ".git/HEAD", "changed");
    disk_write(&disk.ws, "a", "changed");
    let before = tree(&disk.ws);
    let done = put_back(&folders, disk.name(), kept.manifest).await.unwrap();
    let paths: Vec<&str> = done.changed.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["a"]);
    let mut expected = before;
    expected.insert("a".into(), format!("file 644 {}", "a".repeat(90)));
    assert_eq!(tree(&disk.ws), expected);
}

#[tokio::test]
async fn more_entries_than_are_kept_are_never_taken_for_gone() {
    let disk = Disk::new();
    let folders = disk.folders(memory().blobs, Limits { entries: 5, ..Limits::default() });
    for i in 0..9 {
        disk_write(&disk.ws, &format!("sub/{i}"), "x");
    }
    disk_write(&disk.ws, "z", "x");
    let kept = folders.keep(disk.name(), None).await.unwrap();
    std::fs::remove_file(disk.ws.join("sub/0")).unwrap();
    std::fs::remove_file(disk.ws.join("sub/1")).unwrap();
    let before = tree(&disk.ws);
    put_back(&folders, disk.name(), kept.manifest).await.unwrap();
    for path in before.keys() {
        assert!(tree(&disk.ws).contains_key(path), "{path} was removed");
    }
}

#[tokio::test]
async fn ignored_files_are_neither_kept_nor_removed() {
    let disk = Disk::new();
    let folders = disk.folders(memory().blobs, Limits::default());
    disk_write(&disk.ws, ".gitignore", "build/\n*.log\n!keep.log\n");
    disk_write(&disk.ws, "build/out", "x");
    disk_write(&disk.ws, "a.log", "x");
    disk_write(&disk.ws, "sub/keep.log", "x");
    disk_write(&disk.ws, "sub/.ignore", "secret\n");
    disk_write(&disk.ws, "sub/secret", "x");
    let kept = folders.keep(disk.name(), None).await.unwrap();
    assert_eq!(kept.files, 3, "two ignore files and keep.log");
    // Somebody takes the rules away: what they had named is no file that came later.
    std::fs::remove_file(disk.ws.join(".gitignore")).unwrap();
    std::fs::remove_file(disk.ws.join("sub/.ignore")).unwrap();
    disk_write(&disk.ws, "new", "x");
    put_back(&folders, disk.name(), kept.manifest).await.unwrap();
    let after = tree(&disk.ws);
    for path in ["build/out", "a.log", "sub/secret", "sub/keep.log", ".gitignore"] {
        assert!(after.contains_key(path), "{path} is gone: {after:?}");
    }
    assert!(!after.contains_key("new"));
    // The rules of a repository above count too.
    disk_write(&disk.ws, ".git/HEAD", "ref");
    let below = disk.ws.join("sub");
    disk_write(&disk.ws, "sub/a.log", "x");
    let kept = folders.keep(below.to_str().unwrap(), None).await.unwrap();
    assert_eq!(kept.files, 2, ".ignore and keep.log");
}

/// Root reads everything: there it is looked at by a thread that is nobody, and what that thread begins.
#[test]
fn what_cannot_be_read_is_named() {
    let looks = std::thread::spawn(|| {
        if rustix::process::geteuid().is_root() {
            let nobody = rustix::thread::Uid::from_raw(65_534);
            rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(what_cannot_be_read());
    });
    looks.join().unwrap();
}

async fn what_cannot_be_read() {
    let disk = Disk::new();
    let folders = disk.folders(memory().blobs, Limits::default());
    disk_write(&disk.ws, "closed/in", "x");
    disk_write(&disk.ws, "file", "x");
    std::fs::set_permissions(disk.ws.join("file"), PermissionsExt::from_mode(0o000)).unwrap();
    std::fs::set_permissions(disk.ws.join("closed"), PermissionsExt::from_mode(0o000)).unwrap();
    let kept = folders.keep(disk.name(), None).await.unwrap();
    std::fs::set_permissions(disk.ws.join("closed"), PermissionsExt::from_mode(0o755)).unwrap();
    let left: Vec<_> = kept.left_out.iter().map(|(path, why)| (path.as_str(), *why)).collect();
    assert_eq!(left, [("closed", LeftOut::Unreadable), ("file", LeftOut::Unreadable)]);
    let before = tree(&disk.ws);
    put_back(&folders, disk.name(), kept.manifest).await.unwrap();
    assert_eq!(tree(&disk.ws), before);
}

/// A store that counts what is put.
struct Counting(Arc<dyn Blobs>, std::sync::atomic::AtomicU64);

impl Blobs for Counting {
    fn put(
        &self,
        content: Arc<[u8]>,
    ) -> tackroom::ports::Later<'_, Result<Hash, tackroom::ports::log::LogFault>> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.0.put(content)
    }

    fn get(
        &self,
        hash: Hash,
    ) -> tackroom::ports::Later<'_, Result<Option<Vec<u8>>, tackroom::ports::log::LogFault>> {
        self.0.get(hash)
    }

    fn forget(&self, hash: Hash) -> tackroom::ports::Later<'_, Result<(), tackroom::ports::log::LogFault>> {
        self.0.forget(hash)
    }
}

/// Cause: a look through a folder that nobody waited for any more forgot what it had read, so the next one began anew, and
/// where none ever came to its end in time, nothing was ever kept.
#[tokio::test]
async fn a_look_that_was_left_goes_on_and_the_next_one_has_what_it_read() {
    let disk = Disk::new();
    let count = Arc::new(Counting(memory().blobs, 0.into()));
    let puts = || count.1.load(std::sync::atomic::Ordering::Relaxed);
    let folders = disk.folders(count.clone(), Limits::default());
    for i in 0..400 {
        disk_write(&disk.ws, &format!("{i}"), &format!("content {i}"));
    }
    let mut keeping = folders.keep(disk.name(), None);
    while puts() == 0 {
        let once = std::future::poll_fn(|at| std::task::Poll::Ready(keeping.as_mut().poll(at).is_pending()));
        assert!(once.await, "it takes longer than that");
        tokio::task::yield_now().await;
    }
    drop(keeping);
    assert!(folders.busy(disk.name()));
    let kept = folders.keep(disk.name(), None).await.unwrap();
    assert_eq!((kept.files, puts()), (400, 401), "each was stored once, and the folder");
    assert!(!folders.busy(disk.name()));
    let copy = folders.make("copy", None).unwrap();
    assert_eq!(put_back(&folders, &copy, kept.manifest).await.unwrap().failed, []);
    assert_eq!(tree(Path::new(&copy)), tree(&disk.ws));
}

#[tokio::test]
async fn what_did_not_change_is_not_stored_again() {
    let disk = Disk::new();
    let count = Arc::new(Counting(memory().blobs, 0.into()));
    let puts = || count.1.swap(0, std::sync::atomic::Ordering::Relaxed);
    let folders = disk.folders(count.clone(), Limits::default());
    for i in 0..50 {
        disk_write(&disk.ws, &format!("{}/{i}", i % 5), &format!("content {i}"));
    }
    let kept = folders.keep(disk.name(), None).await.unwrap().manifest;
    assert_eq!(puts(), 50 + 6, "every file, every folder");
    assert_eq!(folders.keep(disk.name(), Some(kept)).await.unwrap().manifest, kept);
    assert_eq!(puts(), 0, "nothing changed");
    disk_write(&disk.ws, "3/8", "content *");
    let next = folders.keep(disk.name(), Some(kept)).await.unwrap().manifest;
    assert_eq!(puts(), 3, "the file and the folders above it");
    // Another process knows by the last manifest what is stored.
    let other = disk.folders(count.clone(), Limits::default());
    assert_eq!(other.keep(disk.name(), Some(next)).await.unwrap().manifest, next);
    assert_eq!(puts(), 0);
    // To look stores nothing, and what was only looked at is stored when it is to be kept.
    disk_write(&disk.ws, "new", "only looked at");
    other.compare(disk.name(), next).await.unwrap();
    assert_eq!(puts(), 0);
    let last = other.keep(disk.name(), Some(next)).await.unwrap().manifest;
    assert_eq!(puts(), 2);
    let copy = other.make("copy", None).unwrap();
    assert_eq!(put_back(&other, &copy, last).await.unwrap().failed, []);
    assert_eq!(tree(Path::new(&copy)), tree(&disk.ws));
}

#[tokio::test]
async fn links_and_folders_that_changed_since_they_were_shown_are_left_alone() {
    let disk = Disk::new();
    let folders = disk.folders(memory().blobs, Limits::default());
    disk_write(&disk.ws, "was_file", "x");
    disk_write(&disk.ws, "was_folder/in", "x");
    symlink("then", disk.ws.join("link")).unwrap();
    let kept = folders.keep(disk.name(), None).await.unwrap();
    std::fs::remove_file(disk.ws.join("was_file")).unwrap();
    std::fs::remove_dir_all(disk.ws.join("was_folder")).unwrap();
    std::fs::create_dir(disk.ws.join("was_file")).unwrap();
    disk_write(&disk.ws, "was_folder", "y");
    std::fs::remove_file(disk.ws.join("link")).unwrap();
    symlink("now", disk.ws.join("link")).unwrap();
    let shown = folders.compare(disk.name(), kept.manifest).await.unwrap();
    std::fs::remove_dir(disk.ws.join("was_file")).unwrap();
    symlink("mine", disk.ws.join("was_file")).unwrap();
    disk_write(&disk.ws, "was_folder", "z");
    std::fs::remove_file(disk.ws.join("link")).unwrap();
    symlink("mine", disk.ws.join("link")).unwrap();
    let before = tree(&disk.ws);
    let done = folders.put_back(disk.name(), &shown).await.unwrap();
    let failed: Vec<&str> = done.failed.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!((failed, done.changed), (vec!["link", "was_file", "was_folder", "was_folder/in"], vec![]));
    assert_eq!(tree(&disk.ws), before);
}
