//! What a command uses together with all it started: processes and memory, looked at from outside. The kernel's own limits
//! are for each process, and none of them counts the processes of root.

use rustix::process::Pid;
use std::fs;

/// What is looked at.
pub(super) struct Usage {
    root: i32,
    memory: u64,
    processes: u64,
}

impl Usage {
    /// Of everything below this process, with limits in MiB and processes; 0 is none.
    pub(super) fn of(root: Pid, memory_mib: u64, processes: u64) -> Usage {
        Usage { root: root.as_raw_pid(), memory: memory_mib.saturating_mul(1024 * 1024), processes }
    }

    /// Which limit is passed, in a sentence, if one is.
    pub(super) fn passed(&self) -> Option<String> {
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
        if self.memory == 0 || used <= self.memory {
            return None;
        }
        // Memory that several share was counted for each of them.
        let shared: Option<u64> = found.iter().map(|pid| proportional(*pid)).sum();
        let used = shared.unwrap_or(used);
        let mib = self.memory / (1024 * 1024);
        (used > self.memory)
            .then(|| format!("ended: more than {mib} MiB of memory, see memory_mib in [sandbox.limits]"))
    }
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

/// Bytes in memory, each page divided by those who share it; none where that cannot be seen. One that has ended has none.
fn proportional(pid: i32) -> Option<u64> {
    let told = match fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) {
        Ok(told) => told,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(0),
        Err(error) => return (error.raw_os_error() == Some(3)).then_some(0),
    };
    kib(&told, "Pss:")
}
