//! The SQLite engine between processes: two handles on one folder, real second processes, `kill -9`.

use super::log::{assert_exactly, contend, next, next_commit};
use super::{Pen, read_all, said, session, until};
use crate::harness::promise;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::domain::commit::Class;
use tackroom::ports::live::Live;
use tackroom::ports::log::{Follow, Log, LogFault, TailItem};
use tackroom::ports::work::Work;

const DIR: &str = "TACKROOM_TEST_DIR";

/// This very test binary again, running one of the ignored tests below.
fn command(test: &str, dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", &format!("contracts::sqlite_processes::{test}"), "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped());
    command
}

struct Second {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Second {
    fn start(test: &str, dir: &Path) -> Second {
        let mut child = command(test, dir).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Second { child, lines }
    }

    /// The next line that begins with `mark`, without it; none at the end.
    fn line(&mut self, mark: &str) -> Option<String> {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if let Some((_, rest)) = line.split_once(mark) {
                return Some(rest.trim().to_string());
            }
            line.clear();
        }
        None
    }

    fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.line("acknowledged ")).collect()
    }
}

/// The second process: claims, appends and shouts until it is killed.
#[tokio::test]
#[ignore = "run by the other tests as a second process"]
async fn second_process_appends() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let store = Sqlite::open(Path::new(&dir)).unwrap();
    let _claim = store.claim(&session("s1")).unwrap().unwrap();
    let salt = u128::from(std::process::id());
    let mut pen = Pen::after(&store, "s1", salt).await;
    if pen.head.seq == 0 {
        let commit = pen.open(&store).await;
        println!("acknowledged {}", commit.id);
    }
    for i in 0..100_000 {
        let commit = pen.write(&store, Class::Operator, vec![said(i), said(i)]).await;
        println!("acknowledged {}", commit.id);
        store.shout(&session("s1"), tackroom::domain::message::Draft::Text("x".to_string()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_is_followed_killed_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let mut ear = store.hear(&session("s1"));
    let (mut acknowledged, mut rounds) = (Vec::new(), 0);
    for round in 0..8 {
        let mut tail = store.tail(Follow::One(session("s1"), acknowledged.len() as u64));
        let mut second = Second::start("second_process_appends", dir.path());
        let first = second.line("acknowledged ").expect("the second process says nothing");
        for seq in acknowledged.len() as u64 + 1..acknowledged.len() as u64 + 20 {
            assert_eq!(next_commit(&mut *tail).await.1, seq);
        }
        assert!(store.taken(&session("s1")).unwrap());
        assert!(store.claim(&session("s1")).unwrap().is_none());
        if round == 0 {
            let heard = tokio::time::timeout(Duration::from_secs(5), ear.next()).await;
            assert!(matches!(heard, Ok(Some(_))), "drafts of another process: {heard:?}");
        }
        let told = second.kill();
        assert!(!store.taken(&session("s1")).unwrap(), "the kernel takes the lock back");
        // What was acknowledged is there, in order; the commit under way at the kill may be there too.
        let stored = read_all(&store, &session("s1")).await.unwrap();
        let stored: Vec<_> = stored.iter().map(|commit| commit.id.0.clone()).collect();
        acknowledged.push(first);
        acknowledged.extend(told);
        assert!(stored.len() <= acknowledged.len() + 1);
        assert_eq!(stored[..acknowledged.len()], acknowledged);
        acknowledged = stored;
        rounds += 1;
    }
    println!("kill -9: {rounds} kills, {} commits acknowledged or found, 0 lost", acknowledged.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_handles_contend_and_follow() {
    let dir = tempfile::tempdir().unwrap();
    let stores: [Arc<dyn Log>; 2] =
        [Arc::new(Sqlite::open(dir.path()).unwrap()), Arc::new(Sqlite::open(dir.path()).unwrap())];
    let first = Pen::new("s1").open(&*stores[0]).await;
    let mut tails = [
        stores[0].tail(Follow::One(session("s1"), 0)),
        stores[1].tail(Follow::One(session("s1"), 0)),
        stores[1].tail(Follow::All),
    ];
    let tasks: Vec<_> =
        (0..4_usize).map(|i| tokio::spawn(contend(stores[i % 2].clone(), "s1", i as u128 + 1, 15))).collect();
    let mut acknowledged = vec![first.id.clone()];
    for task in tasks {
        acknowledged.extend(task.await.unwrap());
    }
    for (tail, from) in tails.iter_mut().zip([1, 1, 2]) {
        for seq in from..=61 {
            assert_eq!(next_commit(&mut **tail).await, ("s1".to_string(), seq));
        }
    }
    assert_exactly(&*stores[0], "s1", acknowledged.clone()).await;
    assert_exactly(&*stores[1], "s1", acknowledged).await;
}

#[tokio::test]
async fn a_writer_that_holds_the_store_makes_it_busy_not_broken() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    let mut pen = Pen::new("s1");
    pen.open(&store).await;
    let other = super::raw(dir.path());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let commit = pen.seal(Class::Operator, vec![said(1)]);
    assert_eq!(store.append(commit.clone()).await, Err(LogFault::Busy));
    assert_eq!(store.head(&pen.session).await, Ok(pen.head.clone()), "readers do not wait");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(store.append(commit).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_open_a_fresh_folder_at_once() {
    for _ in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let opens: Vec<_> = (0..6)
            .map(|i| {
                let path = dir.path().to_path_buf();
                std::thread::spawn(move || (i, Sqlite::open(&path).unwrap()))
            })
            .collect();
        for open in opens {
            let (i, store) = open.join().unwrap();
            store.writable().unwrap();
            Pen::new(&format!("s{i}")).open(&store).await;
        }
    }
}

/// A disk that fails in the middle of a write: a limit on file sizes makes the kernel refuse the rest of it.
#[tokio::test]
#[ignore = "run by the next test as a second process"]
async fn second_process_with_a_failing_disk() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(dir) = std::env::var(DIR) else { return };
    let _no_death = signal(SignalKind::from_raw(25)).unwrap(); // SIGXFSZ: the write fails instead
    let no_limit = getrlimit(Resource::Fsize);
    let limit = |bytes| setrlimit(Resource::Fsize, Rlimit { current: Some(bytes), ..no_limit }).unwrap();
    let store = Sqlite::open(Path::new(&dir)).unwrap();
    let mut pen = Pen::new("s1");
    let mut acknowledged = vec![pen.open(&store).await];
    let (mut written, mut not_written, mut in_doubt) = (0, 0, 0);
    for cut in (0..40_000).step_by(500) {
        super::raw(Path::new(&dir)).query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        let commit = pen.seal(Class::Operator, vec![said(cut)]);
        limit(cut);
        let answer = store.append(commit.clone()).await;
        if answer.is_err() {
            let more = pen.clone().seal(Class::Operator, vec![said(1)]);
            assert!(store.append(more).await.is_err(), "the disk still fails");
        }
        setrlimit(Resource::Fsize, no_limit).unwrap();
        let head = match answer {
            Ok(head) => Some(head),
            Err(LogFault::InDoubt { .. }) => {
                in_doubt += 1;
                store.settle(&pen.session, &commit.id).await.unwrap()
            }
            Err(LogFault::Unavailable { .. }) => None,
            Err(fault) => panic!("{fault}"),
        };
        match head {
            Some(head) => {
                pen.head = head;
                acknowledged.push(commit);
                written += 1;
            }
            None => not_written += 1,
        }
        assert_eq!(read_all(&store, &pen.session).await.unwrap(), acknowledged, "cut at {cut}");
    }
    drop(store);
    let store = Sqlite::open(Path::new(&dir)).unwrap();
    assert_eq!(read_all(&store, &pen.session).await.unwrap(), acknowledged);
    println!("acknowledged {written} written, {not_written} not written ({in_doubt} in doubt, settled)");
}

#[tokio::test]
async fn a_disk_that_fails_leaves_doubt_that_can_be_settled() {
    let dir = tempfile::tempdir().unwrap();
    let output = command("second_process_with_a_failing_disk", dir.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let (_, figures) = text.split_once("acknowledged ").unwrap();
    promise::kept("R5/R6", format!("a failing disk: {}", figures.lines().next().unwrap()));
    assert!(!figures.contains("(0 in doubt"), "{figures}");
}

/// Work as somebody who may not write to the folder.
#[tokio::test]
#[ignore = "run by the next test as a second process"]
async fn second_process_may_only_read() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let dir = Path::new(&dir);
    let reading = Sqlite::open_read_only(dir).unwrap().unwrap();
    assert_eq!(read_all(&reading, &session("s1")).await.unwrap().len(), 4);
    let store = Sqlite::open(dir).unwrap();
    assert_eq!(read_all(&store, &session("s1")).await.unwrap().len(), 4);
    let LogFault::Unavailable { why } = store.writable().unwrap_err() else { panic!("not unavailable") };
    let mut pen = Pen::after(&store, "s1", 1).await;
    assert!(store.append(pen.seal(Class::Operator, vec![said(1)])).await.is_err());
    assert!(store.claim(&session("s1")).is_err());
    assert!(Sqlite::open(&dir.join("below")).is_err());
    println!("acknowledged {why}");
}

#[tokio::test]
async fn a_folder_that_may_not_be_written_to_is_read() {
    const NOBODY: u32 = 65_534;
    let dir = tempfile::tempdir().unwrap();
    {
        let store = Sqlite::open(dir.path()).unwrap();
        Pen::story(&store, "s1", 4).await;
    }
    let root =
        std::fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0);
    for name in super::sqlite_files::names(dir.path()) {
        let path = dir.path().join(name);
        if root {
            std::os::unix::fs::chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).unwrap();
    }
    if root {
        std::os::unix::fs::chown(dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o500)).unwrap();
    let mut child = command("second_process_may_only_read", dir.path());
    if root {
        child.uid(NOBODY).gid(NOBODY).current_dir("/");
    }
    match child.output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success() && text.contains("may not be written"), "{text}");
        }
        Err(error) => println!("not run: the test binary cannot be started as nobody: {error}"),
    }
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o700)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_that_waits_costs_next_to_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(dir.path()).unwrap();
    Pen::story(&store, "s1", 2).await;
    let mut tail = store.tail(Follow::One(session("s1"), 2));
    assert_eq!(next(&mut *tail).await, TailItem::CaughtUp);
    until("somebody watches", || !watching_ns().is_empty()).await;
    let before = watching_ns();
    assert!(tokio::time::timeout(Duration::from_secs(3), tail.next()).await.is_err());
    let after = watching_ns();
    // Other tests of this process follow sessions too, and theirs may end meanwhile; the one that works least is idle.
    // The figure is told, not held to: `benches/idle` measures it in a process of its own.
    match after.iter().filter_map(|(tid, ns)| Some(ns - before.get(tid)?)).min() {
        Some(ns) => println!("watching for 3 s costs {} µs of CPU: {:.4} %", ns / 1_000, ns as f64 / 3e7),
        None => println!("watching for 3 s: no thread lived through it to be measured"),
    }
}

/// Cause: a look that had found something was taken again, and while commits came it always found something, so each
/// commit of a run was read back from the file.
#[tokio::test]
async fn what_this_process_writes_is_handed_over_and_not_read_again() {
    for follow in [Follow::One(session("s1"), 0), Follow::All] {
        let dir = tempfile::tempdir().unwrap();
        let store = Sqlite::open(dir.path()).unwrap();
        let mut pen = Pen::new("s1");
        let mut tail = store.tail(follow);
        pen.open(&store).await;
        assert_eq!(next_commit(&mut *tail).await.1, 1);
        let before = store.queries();
        for n in 0..100 {
            pen.write(&store, Class::Operator, vec![said(n)]).await;
            assert_eq!(next_commit(&mut *tail).await.1, pen.head.seq);
        }
        let looks = store.queries() - before;
        println!("looks for 100 commits: {looks}");
        assert!(looks < 50, "the store was looked at {looks} times"); // now and then: another process may have written
    }
}

/// The CPU time of each thread that watches, over all tests of this process, in nanoseconds.
fn watching_ns() -> std::collections::HashMap<std::ffi::OsString, u64> {
    let mut found = std::collections::HashMap::new();
    for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        let spent = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        if let ("tackroom-watch", Some(ns)) = (name.trim(), spent.split(' ').next()) {
            found.insert(task.file_name(), ns.parse().unwrap_or(0));
        }
    }
    found
}
