//! The process between this app and a command: `tackroom __child PROGRAM [ARGUMENT…]`.
//!
//! It opens a session of its own, so that there is no terminal to read or write, gives up gaining privileges, and starts
//! the command. It is the reaper of everything below it: a descendant that becomes a daemon, with a session of its own
//! and an empty environment, is still found and ended. It ends them when the command ends, and when its standard input
//! closes: so also when this app dies, however it dies.
//!
//! Standard input: nothing; its end says stop. Standard error: the output of the command. Standard output: one line that
//! tells how it ended, see [`Report`].

use super::process::{below, signal};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitOptions, WaitStatus, getpid, setrlimit, setsid, wait,
};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How long what is to end has before it is killed.
pub(super) const GRACE: Duration = Duration::from_secs(2);
/// How often the killing is repeated until nothing is left.
const TICK: Duration = Duration::from_millis(20);
/// What the line of a report begins with.
const MARK: &str = "tackroom-child:";

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
    fn line(&self) -> String {
        match self {
            Report::Exit(status, left) => format!("{MARK} exit {status} {left}"),
            Report::Signal(signal, left) => format!("{MARK} signal {signal} {left}"),
            Report::Failed(why) => format!("{MARK} failed {}", why.replace('\n', " ")),
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
    let report =
        isolate().and_then(|()| watch(argv)).unwrap_or_else(|error| Report::Failed(error.to_string()));
    // Whoever asked may be gone; then nobody needs to know.
    let _ = writeln!(io::stdout(), "\n{}", report.line());
    ExitCode::SUCCESS
}

/// What the command inherits: a session without a terminal, no new privileges, no core files.
fn isolate() -> io::Result<()> {
    setsid()?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    hold_below()
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
enum Told {
    /// Standard input has ended: stop.
    Stop,
    /// The command has ended.
    Ended(WaitStatus),
    /// Nothing is left below.
    Alone,
}

fn watch(argv: &[OsString]) -> io::Result<Report> {
    let (program, args) = argv.split_first().ok_or_else(|| io::Error::other("no command was given"))?;
    let output = || io::stderr().as_fd().try_clone_to_owned().map(Stdio::from);
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(output()?).stderr(output()?);
    // A group of its own: what it sends to its group does not end this process.
    let child = command.process_group(0).spawn().map_err(|error| named(program, &error))?;
    drop(command);
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
fn control(tell: &SyncSender<Told>) {
    let mut some = [0; 64];
    while io::stdin().read(&mut some).is_ok_and(|read| read > 0) {}
    let _ = tell.send(Told::Stop); // the main thread is gone: so is all of this
}

/// Waits for everything below, orphans included.
fn reap(child: Pid, tell: &SyncSender<Told>) {
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
