//! The processes that a command left, found and ended. On a system without `/proc` only its process group is known.

use super::child::INSIDE;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// The flag of the kernel's own threads, which have no environment: `PF_KTHREAD` in the kernel's `sched.h`.
const KERNEL_THREAD: u32 = 0x0020_0000;
/// How often an environment is looked at that is empty.
const LOOKS: u32 = 4;

/// A process, told from a later one of the same number by the time of its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pid: Pid,
    parent: i32,
    group: i32,
    session: i32,
    started: u64,
    /// Dead already, only not yet waited for.
    dead: bool,
    /// A thread of the kernel.
    kernel: bool,
}

/// Every process that can be seen.
fn all() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(process).collect()
}

/// What the system says of one process; see proc_pid_stat(5).
fn process(pid: i32) -> Option<Process> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may itself hold brackets and spaces.
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(end + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<i32>().ok();
    Some(Process {
        pid: Pid::from_raw(pid)?,
        dead: matches!(*fields.first()?, "Z" | "X"),
        parent: number(1)?,
        group: number(2)?,
        session: number(3)?,
        kernel: fields.get(6)?.parse::<u32>().ok()? & KERNEL_THREAD != 0,
        started: fields.get(19)?.parse().ok()?,
    })
}

/// Whether this process leads its session. In a container the leader may lie outside, where it has no number (0), which
/// `getsid` of the system calls library takes for impossible.
pub(super) fn leads_session() -> bool {
    let own = i32::try_from(std::process::id()).unwrap_or(0);
    process(own).is_some_and(|found| found.session == own)
}

/// Everything below `root` that is alive, `root` left out.
pub(super) fn below(root: Pid) -> Vec<Process> {
    let mut children: BTreeMap<i32, Vec<Process>> = BTreeMap::new();
    for process in all() {
        children.entry(process.parent).or_default().push(process);
    }
    let (mut found, mut at, mut seen) = (Vec::new(), vec![root.as_raw_pid()], BTreeSet::new());
    while let Some(parent) = at.pop() {
        if seen.insert(parent) {
            let own = children.remove(&parent).unwrap_or_default();
            at.extend(own.iter().map(|process| process.pid.as_raw_pid()));
            found.extend(own.into_iter().filter(|process| !process.dead));
        }
    }
    found
}

/// Everything alive that belongs to a command started as `leader`: its group, its session, and what still has `mark` in
/// its environment, wherever it went.
pub(super) fn of_command(leader: Pid, mark: &str) -> Vec<Process> {
    let leader = leader.as_raw_pid();
    let own = i32::try_from(std::process::id()).unwrap_or(0);
    let mut found = all();
    found.retain(|process| {
        let known =
            process.group == leader || process.session == leader || process.pid.as_raw_pid() == leader;
        !process.dead && process.pid.as_raw_pid() != own && (known || marked(process, mark))
    });
    found
}

fn marked(found: &Process, mark: &str) -> bool {
    let path = format!("/proc/{}/environ", found.pid.as_raw_pid());
    for look in 0..LOOKS {
        let Ok(environment) = std::fs::read(&path) else { return false };
        if !environment.is_empty() || found.kernel {
            return environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes());
        }
        // A process between two programs has no environment for a moment.
        if look + 1 < LOOKS {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    false
}

/// Signals each of them, never another process that has got the number of one.
pub(super) fn signal(processes: &[Process], signal: Signal) {
    for found in processes {
        let _ = send(*found, signal); // one that has ended meanwhile is what was wanted
    }
}

#[cfg(target_os = "linux")]
fn send(found: Process, signal: Signal) -> rustix::io::Result<()> {
    use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};
    // The handle is taken first: what is looked at after that is what it holds.
    let handle = pidfd_open(found.pid, PidfdFlags::empty());
    if process(found.pid.as_raw_pid()).is_none_or(|now| now.started != found.started) {
        return Ok(());
    }
    match handle {
        Ok(handle) => pidfd_send_signal(handle, signal),
        Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(_) => kill_process(found.pid, signal),
    }
}

#[cfg(not(target_os = "linux"))]
fn send(found: Process, signal: Signal) -> rustix::io::Result<()> {
    kill_process(found.pid, signal)
}

/// Signals a process group.
pub(super) fn signal_group(leader: Pid, signal: Signal) {
    let _ = kill_process_group(leader, signal); // none left is what was wanted
}

/// Whether this process belongs to a command that an agent runs, and whoever runs that agent has `file` open: its words
/// would be the agent's own. `between` is the verb of the process between. The tree holds also for what made itself a
/// daemon, see `child`. This is no wall: a command without a sandbox may do all that its operator may.
pub fn is_commanded(between: &str, file: &Path) -> bool {
    let own = i32::try_from(std::process::id()).unwrap_or(0);
    let mut above = process(own).map_or(0, |found| found.parent);
    while above > 1 {
        let Some(found) = process(above) else { return false };
        let line = std::fs::read(format!("/proc/{above}/cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0).skip(1);
        // Inside of walls nobody who holds the file can be seen, and it is hidden.
        let is_between = words.next() == Some(between.as_bytes()) && words.next() != Some(INSIDE.as_bytes());
        if is_between && has_open(found.parent, file) {
            return true;
        }
        above = found.parent;
    }
    false
}

/// Whether a process has a file open; one that cannot be looked into may have.
fn has_open(pid: i32, file: &Path) -> bool {
    let identity = |path: &Path| std::fs::metadata(path).map(|meta| (meta.dev(), meta.ino())).ok();
    let Some(wanted) = identity(file) else { return false };
    let Ok(handles) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return true };
    handles.flatten().any(|handle| identity(&handle.path()) == Some(wanted))
}
