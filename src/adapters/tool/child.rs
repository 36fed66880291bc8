//! The process between this app and a command: `tackroom __child MODE … PROGRAM [ARGUMENT…]`.
//!
//! It opens a session of its own, so that there is no terminal to read or write, gives up gaining privileges, and starts
//! the command. It is the reaper of everything below it: a descendant that becomes a daemon, with a session of its own
//! and an empty environment, is still found and ended. It ends them when the command ends, and when its standard input
//! closes: so also when this app dies, however it dies.
//!
//! Where there is a sandbox there are two of them: one outside, see `outer`, that starts the walls, and this one inside.
//!
//! Standard input: nothing; its end says stop. Standard error: the output of the command. Standard output: one line that
//! tells how it ended, see [`Report`].

use super::outer;
use super::process::{below, leads_session, signal};
use crate::domain::hash::Hash;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitOptions, WaitStatus, getpid, setrlimit, setsid, wait,
};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How long what is to end has before it is killed.
pub(super) const GRACE: Duration = Duration::from_secs(2);
/// How often the killing is repeated until nothing is left.
pub(super) const TICK: Duration = Duration::from_millis(20);
/// What the line of a report begins with.
pub(super) const MARK: &str = "tackroom-child:";

/// The modes: a command as it is; the walls round one; a command inside of them, with limits.
pub(super) const PLAIN: &str = "--plain";
pub(super) const OUTSIDE: &str = "--outside";
pub(super) const INSIDE: &str = "--inside";

/// What the process inside is to see to; 0 is without a limit.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Inside {
    /// Device and inode of the folder that was meant.
    pub(super) at: (u64, u64),
    pub(super) memory_mib: u64,
    pub(super) processes: u64,
    pub(super) open_files: u64,
    pub(super) file_mib: u64,
    pub(super) cpu_s: u64,
    /// Files, and the hashes of what must be in them.
    pub(super) sealed: Vec<(String, String)>,
}

/// How a command ended, as the process between tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// It returned this status, and so many others had to be ended.
    Exit(i32, usize),
    /// It was ended by this signal, and so many others had to be ended.
    Signal(i32, usize),
    /// It could not be started.
    Failed(String),
}

impl Report {
    /// As the line tells it.
    pub(super) fn words(&self) -> String {
        match self {
            Report::Exit(status, left) => format!("exit {status} {left}"),
            Report::Signal(signal, left) => format!("signal {signal} {left}"),
            Report::Failed(why) => format!("failed {}", why.replace('\n', " ")),
        }
    }

    /// Finds the report in what was written to standard output.
    pub(super) fn read(text: &str) -> Option<Report> {
        let line = text.lines().rev().find_map(|line| line.trim().strip_prefix(MARK))?.trim();
        let (kind, rest) = line.split_once(' ')?;
        if kind == "failed" {
            return Some(Report::Failed(rest.to_string()));
        }
        let (number, left) = rest.split_once(' ')?;
        let (number, left) = (number.parse().ok()?, left.parse().ok()?);
        match kind {
            "exit" => Some(Report::Exit(number, left)),
            "signal" => Some(Report::Signal(number, left)),
            _ => None,
        }
    }
}

/// Runs a command to its end, as described above. For `main`, before anything else is started.
pub fn run(argv: &[OsString]) -> ExitCode {
    let report = chosen(argv).unwrap_or_else(|error| Report::Failed(error.to_string()));
    outer::tell(&report);
    ExitCode::SUCCESS
}

fn chosen(argv: &[OsString]) -> io::Result<Report> {
    let unknown = || io::Error::other("this is for tackroom itself to start");
    let (mode, rest) = argv.split_first().ok_or_else(unknown)?;
    if mode == PLAIN {
        isolate()?;
        return watch(rest);
    }
    let (order, argv) = rest.split_first().ok_or_else(unknown)?;
    let order = order.to_str().ok_or_else(unknown)?;
    if mode == OUTSIDE {
        return outer::run(order, argv);
    }
    if mode != INSIDE {
        return Err(unknown());
    }
    let order: Inside = serde_json::from_str(order)?;
    isolate()?;
    let here = std::fs::metadata(".")?;
    if (here.dev(), here.ino()) != order.at {
        return Err(io::Error::other("another folder is in the place of the one that was meant"));
    }
    for (path, hash) in &order.sealed {
        let bytes = std::fs::read(path).map_err(|error| io::Error::other(format!("{path}: {error}")))?;
        if Hash::of(&bytes).to_string() != *hash {
            return Err(io::Error::other(format!("{path} is not what was approved: nothing was started")));
        }
    }
    limit(&order)?;
    watch(argv)
}

/// What the command inherits: a session without a terminal, no new privileges, no core files.
pub(super) fn isolate() -> io::Result<()> {
    match setsid() {
        Ok(_) => {}
        // Refused to who leads a group: who leads a session already has one of its own.
        Err(rustix::io::Errno::PERM) if leads_session() => {}
        Err(error) => return Err(error.into()),
    }
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    hold_below()
}

/// The limits of each process.
fn limit(order: &Inside) -> io::Result<()> {
    let mib = |mib: u64| mib.saturating_mul(1024 * 1024);
    let limits = [
        (Resource::Data, mib(order.memory_mib)),
        (Resource::Nproc, order.processes.saturating_add(u64::from(order.processes > 0) * 8)),
        (Resource::Nofile, order.open_files),
        (Resource::Fsize, mib(order.file_mib)),
        (Resource::Cpu, order.cpu_s),
    ];
    for (resource, most) in limits.into_iter().filter(|(_, most)| *most > 0) {
        let most = rustix::process::getrlimit(resource).maximum.map_or(most, |highest| most.min(highest));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn hold_below() -> io::Result<()> {
    rustix::thread::set_no_new_privs(true)?;
    rustix::process::set_child_subreaper(Some(getpid()))?;
    // The command must not look into the process that reports on it.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Other systems have no word for it: there, what leaves the group is not found.
#[cfg(not(target_os = "linux"))]
fn hold_below() -> io::Result<()> {
    Ok(())
}

/// What the main thread is told.
pub(super) enum Told {
    /// Standard input has ended: stop.
    Stop,
    /// The command has ended.
    Ended(WaitStatus),
    /// Nothing is left below.
    Alone,
}

/// Starts a program whose errors, and whose output unless another place is given for it, are the output of the command.
pub(super) fn spawned(argv: &[OsString], stdin: Stdio, stdout: Stdio) -> io::Result<Child> {
    let (program, args) = argv.split_first().ok_or_else(|| io::Error::other("no command was given"))?;
    if is_stopped() {
        // Nothing happens after the death of who would have told of it.
        return Err(io::Error::other("it was stopped before it began"));
    }
    let mut command = Command::new(program);
    command.args(args).stdin(stdin).stdout(stdout).stderr(output()?);
    // A group of its own: what it sends to its group does not end this process.
    command.process_group(0).spawn().map_err(|error| named(program, &error))
}

/// Whether standard input has ended already.
fn is_stopped() -> bool {
    let stdin = io::stdin();
    let mut ends = [PollFd::new(&stdin, PollFlags::IN)];
    let looked = poll(&mut ends, Some(&Timespec::default()));
    looked.is_ok() && ends[0].revents().intersects(PollFlags::HUP | PollFlags::ERR)
}

fn output() -> io::Result<Stdio> {
    io::stderr().as_fd().try_clone_to_owned().map(Stdio::from)
}

fn watch(argv: &[OsString]) -> io::Result<Report> {
    let child = spawned(argv, Stdio::null(), output()?)?;
    let child = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("no number"))?;
    // Three facts at most.
    let (tell, told) = sync_channel(4);
    let stopper = tell.clone();
    std::thread::spawn(move || control(&stopper));
    std::thread::spawn(move || reap(child, &tell));
    Ok(follow(&told))
}

fn named(program: &OsString, error: &io::Error) -> io::Error {
    io::Error::other(format!("cannot start {}: {error}", program.display()))
}

/// Waits for the end of standard input.
pub(super) fn control(tell: &SyncSender<Told>) {
    let mut some = [0; 64];
    while io::stdin().read(&mut some).is_ok_and(|read| read > 0) {}
    let _ = tell.send(Told::Stop); // the main thread is gone: so is all of this
}

/// Waits for everything below, orphans included.
pub(super) fn reap(child: Pid, tell: &SyncSender<Told>) {
    loop {
        let told = match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == child => Told::Ended(status),
            Ok(_) | Err(rustix::io::Errno::INTR) => continue,
            Err(_) => Told::Alone,
        };
        let last = matches!(told, Told::Alone);
        if tell.send(told).is_err() || last {
            return;
        }
    }
}

/// Follows the command to its end, then sees to it that nothing is left.
fn follow(told: &Receiver<Told>) -> Report {
    let mut end: Option<WaitStatus> = None;
    let mut left = 0;
    let mut deadline: Option<Instant> = None;
    loop {
        let next = match deadline {
            None => told.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(_) => told.recv_timeout(TICK),
        };
        match next {
            Ok(Told::Stop) if deadline.is_none() => {
                deadline = Some(Instant::now() + GRACE);
                signal(&below(getpid()), Signal::TERM);
            }
            Ok(Told::Stop) => {}
            Ok(Told::Ended(status)) => {
                end = Some(status);
                let others = below(getpid());
                left = others.len();
                signal(&others, Signal::TERM);
                deadline = deadline.or_else(|| Some(Instant::now() + GRACE));
            }
            Ok(Told::Alone) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                if deadline.is_some_and(|at| Instant::now() >= at) {
                    signal(&below(getpid()), Signal::KILL);
                }
            }
        }
    }
    match end.map(|status| (status.exit_status(), status.terminating_signal())) {
        Some((Some(status), _)) => Report::Exit(status, left),
        Some((None, Some(signal))) => Report::Signal(signal, left),
        Some((None, None)) | None => Report::Failed("the command's end was not seen".to_string()),
    }
}
