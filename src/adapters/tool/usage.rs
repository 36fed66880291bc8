//! What a command uses together with all it started: processes and memory, looked at from outside. The kernel's own limits
//! are for each process, and none of them counts the processes of root, nor memory that is no process's: files that are held in
//! memory, without a name or in a folder that is thrown away.

use rustix::process::Pid;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often files in memory without a name are looked for.
const EVERY: Duration = Duration::from_millis(100);
/// Handles that are looked at for that.
const HANDLES_MAX: usize = 20_000;

/// What is looked at.
pub(super) struct Usage {
    root: i32,
    memory: u64,
    processes: u64,
    /// Folders that may be of memory inside.
    fresh: Vec<PathBuf>,
    /// Bytes of files without a name, as last seen.
    nameless: u64,
    next: Instant,
}

impl Usage {
    /// Of everything below this process, with limits in MiB and processes; 0 is none.
    pub(super) fn of(root: Pid, memory_mib: u64, processes: u64) -> Usage {
        let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        let mut fresh: Vec<PathBuf> = ["/tmp", "/var/tmp", "/dev/shm"].map(PathBuf::from).into();
        fresh.extend(home.into_iter().flat_map(|home| [home.join(".cache"), home]));
        let memory = memory_mib.saturating_mul(1024 * 1024);
        Usage { root: root.as_raw_pid(), memory, processes, fresh, nameless: 0, next: Instant::now() }
    }

    /// Which limit is passed, in a sentence, if one is.
    pub(super) fn passed(&mut self) -> Option<String> {
        let (mut found, mut at, mut used) = (Vec::new(), vec![self.root], 0);
        // Beside the command there are those that hold it.
        let most = self.processes.saturating_add(4);
        while let Some(pid) = at.pop() {
            at.extend(children(pid));
            used += resident(pid);
            found.push(pid);
            if self.processes > 0 && found.len() as u64 > most {
                let limit = self.processes;
                return Some(format!(
                    "ended: more than {limit} processes, see processes in [sandbox.limits]"
                ));
            }
        }
        if self.memory == 0 {
            return None;
        }
        if Instant::now() >= self.next {
            self.nameless = nameless(&found);
            self.next = Instant::now() + EVERY;
        }
        let files = self.nameless.saturating_add(self.in_folders(&found));
        if used.saturating_add(files) <= self.memory {
            return None;
        }
        // Memory that several share was counted for each of them, and files in memory once more where they are mapped.
        let shared: Option<Vec<(u64, u64)>> = found.iter().map(|pid| proportional(*pid)).collect();
        let used = match shared {
            Some(each) => {
                let (own, of_files) =
                    each.into_iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
                files.max(of_files).saturating_add(own)
            }
            None => files.max(used),
        };
        let mib = self.memory / (1024 * 1024);
        (used > self.memory)
            .then(|| format!("ended: more than {mib} MiB of memory, see memory_mib in [sandbox.limits]"))
    }

    /// Bytes of files in the fresh folders, as one of these processes sees them that is inside.
    fn in_folders(&self, pids: &[i32]) -> u64 {
        let device = |path: &Path| fs::metadata(path).map(|meta| meta.dev()).ok();
        let inside = |pid: &i32| Path::new("/proc").join(pid.to_string()).join("root");
        let outside = device(Path::new("/dev"));
        let is_inside = |pid: &&i32| device(&inside(pid).join("dev")).is_some_and(|own| Some(own) != outside);
        let Some(root) = pids.iter().rev().find(is_inside).map(inside) else { return 0 };
        let mut seen = BTreeSet::new();
        let mut used = 0_u64;
        for folder in &self.fresh {
            let Ok(below) = folder.strip_prefix("/") else { continue };
            let inside = root.join(below);
            let own = device(&inside).filter(|own| Some(*own) != device(folder));
            if own.is_some_and(|own| seen.insert(own)) && is_of_memory(&inside) {
                let of = rustix::fs::statvfs(&inside);
                let bytes = of.map(|of| of.f_blocks.saturating_sub(of.f_bfree).saturating_mul(of.f_frsize));
                used = used.saturating_add(bytes.unwrap_or(0));
            }
        }
        used
    }
}

/// Whether what is written to a folder stays in memory.
#[cfg(target_os = "linux")]
fn is_of_memory(folder: &Path) -> bool {
    // The kernel's number of tmpfs.
    rustix::fs::statfs(folder).is_ok_and(|of| of.f_type == 0x0102_1994)
}

/// There is no sandbox elsewhere.
#[cfg(not(target_os = "linux"))]
fn is_of_memory(_: &Path) -> bool {
    false
}

/// Bytes of files in memory without a name that these processes hold open.
fn nameless(pids: &[i32]) -> u64 {
    let handles =
        pids.iter().flat_map(|pid| fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten());
    let is_nameless =
        |path: &PathBuf| fs::read_link(path).is_ok_and(|to| to.to_string_lossy().starts_with("/memfd:"));
    let files = handles.take(HANDLES_MAX).map(|handle| handle.path()).filter(is_nameless);
    let mut seen = BTreeSet::new();
    let metas = files.filter_map(|file| fs::metadata(file).ok());
    metas
        .filter(|meta| seen.insert((meta.dev(), meta.ino())))
        .map(|meta| meta.blocks().saturating_mul(512))
        .sum()
}

/// The children of a process, of whichever of its threads.
fn children(pid: i32) -> Vec<i32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let told = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    told.flat_map(|list| list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// Bytes in memory.
fn resident(pid: i32) -> u64 {
    let told = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    kib(&told, "VmRSS:").unwrap_or(0)
}

/// A line of so many KiB, in bytes.
fn kib(told: &str, name: &str) -> Option<u64> {
    let line = told.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_ascii_whitespace().next()?.parse::<u64>().ok()?.saturating_mul(1024))
}

/// Bytes in memory, each page divided by those who share it, those of files in memory apart; none where that cannot be seen. One that has ended has none.
fn proportional(pid: i32) -> Option<(u64, u64)> {
    let told = match fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) {
        Ok(told) => told,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some((0, 0)),
        Err(error) => return (error.raw_os_error() == Some(3)).then_some((0, 0)),
    };
    let (all, of_files) = (kib(&told, "Pss:")?, kib(&told, "Pss_Shmem:").unwrap_or(0));
    Some((all.saturating_sub(of_files), of_files))
}
