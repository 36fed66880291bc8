//! One running command and everything it started, from its start to its end: output read, time kept, nothing left behind.

use super::child::{GRACE, INSIDE, Inside, OUTSIDE, PLAIN, Report};
use super::keep::{Keep, Stream};
use super::outer::{Outside, Stand, hex};
use super::process::{of_command, signal, signal_group};
use crate::ports::sandbox::{self, Wrapped};
use crate::ports::tool::Cleared;
use rustix::process::{Pid, Signal};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, sleep, sleep_until};

/// How often the call's stop is looked at.
const TICK: Duration = Duration::from_millis(25);
/// How long output is still read once the command and everything below it has ended.
const DRAIN: Duration = Duration::from_millis(500);
/// How long the process between has to end everything before it is ended itself.
const PATIENCE: Duration = Duration::from_secs(8);

/// How often what is left of a dropped command is looked for.
const LOOKS: u32 = 50;

/// The most that the process between may tell.
const TOLD_MAX: usize = 64 * 1024;

/// The variable by which everything that a command started is known, for as long as it keeps its environment.
const MARK: &str = "TACKROOM_CALL";

/// A command to be run.
pub(super) struct Launch {
    /// Program and arguments.
    pub(super) argv: Vec<String>,
    /// Where; a path that leads to a folder by its handle.
    pub(super) cwd: PathBuf,
    /// All of its environment.
    pub(super) environment: BTreeMap<OsString, OsString>,
    /// How the process between is started, if it can be.
    pub(super) launcher: Option<Vec<OsString>>,
    /// The walls, and what the processes outside and inside of them are to see to.
    pub(super) held: Option<Held>,
    /// How long it may take.
    pub(super) limit: Duration,
}

/// A command behind walls.
pub(super) struct Held {
    pub(super) wrapped: Wrapped,
    pub(super) inside: Inside,
}

/// Why a command was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// It ran into its time limit.
    Late,
    /// Its call is to stop.
    Asked,
}

/// What came of a command.
pub(super) struct End {
    /// How it ended, and how many others had to be ended.
    pub(super) report: Report,
    /// Why it was stopped, if it was.
    pub(super) stopped: Option<Stopped>,
    /// What it wrote.
    pub(super) output: Keep,
}

/// Runs a command to its end. Dropped, it ends the command and everything below it.
pub(super) async fn supervise(launch: Launch, call: &Cleared) -> Result<End, String> {
    let limit = launch.limit;
    let (mut body, mut pipe) = start(launch, &call.key).map_err(|error| error.to_string())?;
    let deadline = Instant::now() + limit;
    let mut reading = Reading { keep: Keep::default(), stream: Stream::default(), open: true };
    let mut buffer = vec![0; 64 * 1024];
    let mut stopped = None;
    let status = loop {
        tokio::select! {
            // The command has ended; the process between, if there is one, with everything below it.
            status = body.ended() => break status,
            // It writes.
            read = pipe.read(&mut buffer), if reading.open => reading.take(read, &buffer, call),
            // Time passes; dropping this arm loses nothing but the pause.
            () = sleep(TICK) => {
                let late = Instant::now() >= deadline;
                if stopped.is_none() && (late || call.stop.asked()) {
                    stopped = Some(if call.stop.asked() { Stopped::Asked } else { Stopped::Late });
                    body.stop().await;
                }
            }
        }
    };
    let report = body.settle(status).await;
    let until = Instant::now() + DRAIN;
    while reading.open {
        tokio::select! {
            read = pipe.read(&mut buffer) => reading.take(read, &buffer, call),
            // Somebody who got away still holds the pipe.
            () = sleep_until(until) => break,
        }
    }
    reading.finish(call);
    Ok(End { report, stopped, output: reading.keep })
}

/// What was read so far.
struct Reading {
    keep: Keep,
    stream: Stream,
    open: bool,
}

impl Reading {
    fn take(&mut self, read: io::Result<usize>, buffer: &[u8], call: &Cleared) {
        match read {
            Ok(0) => self.open = false,
            Ok(size) => {
                let bytes = buffer.get(..size).unwrap_or_default();
                self.keep.push(bytes);
                self.show(|stream| stream.text(bytes), call);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => self.open = false,
        }
    }

    fn finish(&mut self, call: &Cleared) {
        self.show(Stream::finish, call);
    }

    fn show(&mut self, text: impl FnOnce(&mut Stream) -> String, call: &Cleared) {
        let text = text(&mut self.stream);
        if !text.is_empty() {
            (call.output)(text);
        }
    }
}

/// Starts a command; the pipe carries both its outputs, in the order in which they were written.
fn start(launch: Launch, key: &str) -> io::Result<(Body, pipe::Receiver)> {
    // No other command has this value, nor another start of the same call.
    let chance = RandomState::new().build_hasher().finish();
    let value = format!("{key}-{chance:016x}");
    let (reader, writer) = io::pipe()?;
    let receiver = pipe::Receiver::from_owned_fd(OwnedFd::from(reader))?;
    let between = launch.launcher.is_some();
    let mut environment = launch.environment;
    let whole = whole(launch.launcher, launch.held, &launch.argv, &mut environment)?;
    let (program, args) = whole.split_first().ok_or_else(|| io::Error::other("no command was given"))?;
    super::handles::keep();
    let mut command = Command::new(program);
    command.args(args).env_clear().envs(&environment).env(MARK, &value);
    command.current_dir(&launch.cwd).stderr(Stdio::from(OwnedFd::from(writer.try_clone()?)));
    if between {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
    } else {
        command.stdin(Stdio::null()).stdout(Stdio::from(OwnedFd::from(writer.try_clone()?))).process_group(0);
    }
    drop(writer);
    let cannot = |error: io::Error| io::Error::other(format!("cannot start {}: {error}", program.display()));
    let mut child = command.spawn().map_err(cannot)?;
    let pid = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    let pid = pid.ok_or_else(|| io::Error::other("the command has no number"))?;
    let control = child.stdin.take();
    let telling = child.stdout.take().map(|pipe| (pipe, Vec::new()));
    let mark = format!("{MARK}={value}");
    Ok((Body { child, pid, mark, between, control, telling, over: false }, receiver))
}

/// All that is started: the process between, the walls and the process inside of them where there are any, the command.
fn whole(
    launcher: Option<Vec<OsString>>,
    held: Option<Held>,
    argv: &[String],
    environment: &mut BTreeMap<OsString, OsString>,
) -> io::Result<Vec<OsString>> {
    let mut whole = Vec::new();
    match (launcher, held) {
        (None, None) => {}
        (None, Some(_)) => return Err(io::Error::other("there is nothing that could start the sandbox")),
        (Some(launcher), None) => {
            whole.extend(launcher);
            whole.push(PLAIN.into());
        }
        (Some(launcher), Some(Held { wrapped, inside })) => {
            let outside = Outside {
                filter: hex(&wrapped.filter),
                stands: wrapped.stands.iter().map(stand).collect::<io::Result<_>>()?,
                watched: wrapped.watched.as_deref().map(utf8).transpose()?,
                register: wrapped.register.as_deref().map(utf8).transpose()?,
                memory_mib: inside.memory_mib,
                processes: inside.processes,
            };
            whole.extend(launcher.iter().cloned());
            whole.extend([OUTSIDE.into(), serde_json::to_string(&outside)?.into()]);
            whole.extend(wrapped.argv);
            whole.push(wrapped.inside.into_os_string());
            whole.extend(launcher.into_iter().skip(1));
            whole.extend([INSIDE.into(), serde_json::to_string(&inside)?.into()]);
            environment.extend(wrapped.environment);
        }
    }
    whole.extend(argv.iter().map(OsString::from));
    Ok(whole)
}

fn utf8(path: &Path) -> io::Result<String> {
    let odd = || io::Error::other("a path of the workspace is not UTF-8, which the sandbox cannot guard");
    path.to_str().map(str::to_string).ok_or_else(odd)
}

fn stand(stand: &sandbox::Stand) -> io::Result<Stand> {
    Ok(Stand { path: utf8(&stand.path)?, text: stand.text.map(str::to_string) })
}

/// The processes of a command: the one between with everything below it, or a mere process group.
struct Body {
    child: Child,
    pid: Pid,
    /// What its environment has and no other's.
    mark: String,
    /// Whether there is a process between.
    between: bool,
    /// Open for as long as the process between is to go on.
    control: Option<ChildStdin>,
    /// Where the process between tells the end, and what it has told so far.
    telling: Option<(ChildStdout, Vec<u8>)>,
    over: bool,
}

impl Body {
    /// Waits until the command has ended, or the process between. May be dropped and called again.
    async fn ended(&mut self) -> io::Result<ExitStatus> {
        while let Some((pipe, told)) = &mut self.telling {
            let read = pipe.read_buf(told).await;
            if !matches!(read, Ok(1..)) || told.len() > TOLD_MAX {
                break;
            }
        }
        self.child.wait().await
    }

    /// Tells how it ended, and ends what nobody else has ended.
    async fn settle(&mut self, status: io::Result<ExitStatus>) -> Report {
        let told = self.telling.take().map(|(_, told)| String::from_utf8_lossy(&told).into_owned());
        if let Some(report) = told.as_deref().and_then(Report::read) {
            self.over = true;
            return report;
        }
        // No process between, or it was killed: what it did not end is looked for.
        let left = self.end(GRACE).await;
        self.over = true;
        match status {
            Ok(status) if self.between => {
                Report::Failed(format!("the process that watched the command ended by itself ({status})"))
            }
            Ok(status) => match (status.code(), status.signal()) {
                (Some(code), _) => Report::Exit(code, left),
                (None, signal) => Report::Signal(signal.unwrap_or(0), left),
            },
            Err(error) => Report::Failed(format!("the command's end was not seen: {error}")),
        }
    }

    /// Ends the command and everything below it: asked first, then killed.
    async fn stop(&mut self) {
        self.control = None; // the process between sees the end of its input
        if !self.between {
            self.end(GRACE).await;
            return;
        }
        let limit = Instant::now() + GRACE + PATIENCE;
        while Instant::now() < limit && matches!(self.child.try_wait(), Ok(None)) {
            sleep(TICK).await;
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            self.end(Duration::ZERO).await;
        }
    }

    /// Ends what can be found of the command; tells how many that were.
    async fn end(&mut self, grace: Duration) -> usize {
        let first = self.found();
        if first.is_empty() {
            return 0;
        }
        let (asked, given_up) = (Instant::now(), Instant::now() + grace + PATIENCE);
        signal(&first, Signal::TERM);
        while Instant::now() < given_up {
            let found = self.found();
            if found.is_empty() {
                break;
            }
            if asked.elapsed() >= grace {
                signal(&found, Signal::KILL);
            }
            sleep(TICK).await;
        }
        first.len()
    }

    fn found(&self) -> Vec<super::process::Process> {
        of_command(self.pid, &self.mark)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        self.control = None; // a process between ends the rest by itself
        if !self.between {
            signal_group(self.pid, Signal::KILL);
            // One that was just being born is found by the next look.
            for _ in 0..LOOKS {
                let found = self.found();
                if found.is_empty() {
                    break;
                }
                signal(&found, Signal::KILL);
                std::thread::yield_now();
            }
        }
    }
}
