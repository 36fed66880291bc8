//! The process outside of the walls: starts them round a command, sees that it keeps to its limits, ends it all, and leaves
//! nothing behind that others would run. What is inside cannot reach it; so it ends what is inside whatever that does, and also when this app dies.
//!
//! Standard input: its end says stop, and is handed on to the process inside, which gives the command time to end. Standard
//! output: the report of the process inside, or its own where that one told nothing.

use super::child::{GRACE, MARK, Report, TICK, Told, control, isolate, reap, spawned};
use super::nested::Nested;
use super::process::{below, signal};
use super::stands::Stands;
use super::usage::Usage;
use crate::ports::sandbox::FILTER;
use rustix::process::{Pid, Signal, getpid};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How much longer than the command itself the process inside has.
const MORE: Duration = Duration::from_secs(1);
/// The most that the process inside may tell.
const TOLD_MAX: u64 = 64 * 1024;
/// How soon after what it uses was looked at, it is looked at again.
const WATCH: Duration = Duration::from_millis(25);

/// What it is to see to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Outside {
    /// See `ports::sandbox::Wrapped`; the filter in hexadecimal digits.
    pub(super) filter: String,
    pub(super) stands: Vec<Stand>,
    pub(super) watched: Option<String>,
    pub(super) register: Option<String>,
    /// MiB of all processes together; 0 is without a limit.
    pub(super) memory_mib: u64,
    /// Processes at a time; 0 is without a limit.
    pub(super) processes: u64,
}

/// See `ports::sandbox::Stand`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Stand {
    pub(super) path: String,
    pub(super) text: Option<String>,
}

/// Runs the walls, given as a program with its arguments, to their end.
pub(super) fn run(order: &str, argv: &[OsString]) -> io::Result<Report> {
    let order: Outside = serde_json::from_str(order)?;
    isolate()?;
    let stands = Stands::put(&order)?;
    let mut nested = order.watched.as_deref().map(|root| Nested::before(Path::new(root)));
    let end = hold(&order, argv, nested.as_mut());
    let told = nested.map(Nested::after).unwrap_or_default();
    stands.take_away();
    for line in told {
        // The output of the command; whoever reads it may be gone.
        let _ = writeln!(io::stderr(), "[{line}]");
    }
    end
}

fn hold(order: &Outside, argv: &[OsString], nested: Option<&mut Nested>) -> io::Result<Report> {
    let (argv, filter) = filtered(order, argv)?;
    let mut child = spawned(&argv, Stdio::piped(), Stdio::piped())?;
    drop(filter);
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::other("the sandbox has no number"))?;
    // What it starts shall not keep it from its work; only root may ask for that.
    let _ = rustix::process::nice(-10);
    let (inside, telling) = (child.stdin.take(), child.stdout.take());
    // Stop, the words of the process inside, and two facts about its end.
    let (tell, told) = sync_channel(4);
    let (stopper, words) = (tell.clone(), sync_channel(1));
    std::thread::spawn(move || control(&stopper));
    let said = words.0;
    std::thread::spawn(move || listen(telling, &said));
    std::thread::spawn(move || reap(pid, &tell));
    let over = follow(order, pid, inside, &told, nested);
    // The pipe has ended with the last process inside.
    let text = words.1.recv_timeout(GRACE).unwrap_or_default();
    Ok(match (over, Report::read(&text)) {
        (Some(why), _) => Report::Failed(why),
        (None, Some(report)) => report,
        (None, None) => Report::Failed(
            "the sandbox could not be started, or what watched the command in it was ended".to_string(),
        ),
    })
}

/// The arguments with the number of a handle from which the filter is read, which is the only one that is handed on.
fn filtered(order: &Outside, argv: &[OsString]) -> io::Result<(Vec<OsString>, PipeReader)> {
    let (reader, mut writer) = io::pipe()?;
    // A few hundred bytes: a pipe holds them.
    writer.write_all(&bytes(&order.filter)?)?;
    rustix::io::fcntl_setfd(&reader, rustix::io::FdFlags::empty())?;
    let number = OsString::from(reader.as_raw_fd().to_string());
    let put = |part: &OsString| if part == FILTER { number.clone() } else { part.clone() };
    // What comes after the first of them may be the command's own.
    let at = argv.iter().position(|part| part == FILTER).map_or(0, |at| at + 1);
    let (walls, rest) = argv.split_at(at);
    Ok((walls.iter().map(put).chain(rest.iter().cloned()).collect(), reader))
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> io::Result<Vec<u8>> {
    let pairs: Vec<char> = hex.chars().collect();
    let digits = pairs.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16));
    digits.collect::<Result<_, _>>().map_err(|_| io::Error::other("the filter of calls is broken"))
}

/// Reads what the process inside tells.
fn listen(pipe: Option<ChildStdout>, said: &SyncSender<String>) {
    let mut text = Vec::new();
    if let Some(pipe) = pipe {
        // What was read until a fault counts.
        let _ = pipe.take(TOLD_MAX).read_to_end(&mut text);
    }
    let _ = said.send(String::from_utf8_lossy(&text).into_owned());
}

/// Waits for the end of everything; tells which limit was passed, if one was.
fn follow(
    order: &Outside,
    walls: Pid,
    inside: Option<ChildStdin>,
    told: &Receiver<Told>,
    mut nested: Option<&mut Nested>,
) -> Option<String> {
    let (mut inside, mut deadline, mut over) = (inside, None, None);
    let mut usage = Usage::of(walls, order.memory_mib, order.processes);
    let mut look = Instant::now() + WATCH;
    loop {
        match told.recv_timeout(TICK) {
            Ok(Told::Stop) => {
                inside = None;
                deadline = deadline.or_else(|| Some(Instant::now() + GRACE + MORE));
            }
            // With it all of its namespace has ended; what is left nevertheless gets no more time.
            Ok(Told::Ended(_)) => deadline = Some(Instant::now() + TICK),
            Ok(Told::Alone) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if over.is_none() && Instant::now() >= look {
            over = usage.passed().or_else(|| nested.as_mut()?.passed());
            look = Instant::now() + WATCH;
            if over.is_some() {
                deadline = Some(Instant::now());
            }
        }
        if deadline.is_some_and(|at| Instant::now() >= at) {
            // With the first process of a namespace all of it ends.
            let _ = rustix::process::kill_process(walls, Signal::KILL);
            signal(&below(getpid()), Signal::KILL);
        }
    }
    drop(inside);
    over
}

/// The line that says that the report of this process follows.
pub(super) fn tell(report: &Report) {
    // Whoever asked may be gone; then nobody needs to know.
    let _ = writeln!(io::stdout(), "\n{MARK} {}", report.words());
}
