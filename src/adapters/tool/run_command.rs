//! `run_command`: a program, or a line for the shell.

use super::args::{count, declare, given};
use super::child::{Inside, Report};
use super::environment::allowed;
use super::place::{Said, Workspace};
use super::seal::{Seals, Search};
use super::supervise::{End, Held, Launch, Stopped, supervise};
use super::{Settings, look};
use crate::domain::call::{Outcome, Preview};
use crate::domain::command_part::{CommandPart, PartDoes};
use crate::domain::reach::{reached, shown};
use crate::domain::sandbox::{Profile, Walls};
use crate::domain::tool_spec::{Effect, ToolSpec, Touch};
use crate::ports::Later;
use crate::ports::sandbox::Sandbox;
use crate::ports::tool::{Cleared, Returned, Tool};
use cap_std::fs::Dir;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a command may take where nothing is said, in seconds.
const LIMIT_S: u64 = 120;

/// The tool.
pub(super) struct RunCommand {
    workspace: Workspace,
    spec: ToolSpec,
    launcher: Option<Vec<OsString>>,
    environment: BTreeMap<OsString, OsString>,
    limit_s_max: u64,
    sandbox: Option<Arc<dyn Sandbox>>,
    seals: Option<PathBuf>,
}

impl RunCommand {
    /// The tool on a workspace.
    pub(super) fn new(workspace: Workspace, settings: &Settings) -> RunCommand {
        let limit_s_max = settings.command_s_max.max(1);
        let spec = declare(
            ("run_command", Effect::SideEffect, false),
            "Runs a program in the workspace and waits for its end. Give either argv (preferred) or shell, not both. It \
             has no input and no terminal; what it leaves running in the background is ended with it. Answers with \
             output and errors in the order written, then the exit status; of a long output the beginning and the end.",
            &[],
            json!({
                "argv": {
                    "type": "array", "minItems": 1, "maxItems": 1000,
                    "items": {"type": "string", "maxLength": 131_072, "pattern": "^[^\\u0000]*$"},
                    "description": "The program and its arguments, as they are: no shell looks at them.",
                },
                "shell": {
                    "type": "string", "minLength": 1, "maxLength": 131_072, "pattern": "^[^\\u0000]*$",
                    "description": "A line for `sh -c`, where pipes, redirections or variables are needed.",
                },
                "cwd": super::args::path_schema("The folder to run in. Default: the workspace"),
                "timeout_s": {
                    "type": "integer", "minimum": 1, "maximum": limit_s_max,
                    "description": format!("Seconds until it is stopped. Default {}.", LIMIT_S.min(limit_s_max)),
                },
            }),
        );
        let environment = allowed(&settings.environment, &settings.pass);
        let (launcher, sandbox) = (settings.launcher.clone(), settings.sandbox.clone());
        let seals = settings.seals.clone();
        RunCommand { workspace, spec, launcher, environment, limit_s_max, sandbox, seals }
    }

    /// What a command can reach, for the operator.
    fn reach(&self, walls: &Walls) -> String {
        if walls.in_force() != Profile::NONE {
            return walls.words();
        }
        let session = match self.launcher {
            Some(_) => "own session, no terminal, no new privileges, ended with all it starts",
            None => "own process group only: a terminal can be reached, and a daemon may outlive it",
        };
        format!("{}; {session}", walls.words())
    }

    /// What holds a command that starts now.
    async fn stands(&self) -> Walls {
        match &self.sandbox {
            Some(sandbox) => sandbox.stands().await,
            None => Walls::none(),
        }
    }

    /// The walls round a command in this folder; none where none are in force.
    async fn held(&self, walls: &Walls, inside: &str, dir: &Dir, seals: &Seals) -> Said<Option<Held>> {
        let root = Path::new(self.workspace.root());
        let cwd = if inside == "." { root.to_path_buf() } else { root.join(inside) };
        let program = own_program(self.launcher.as_deref())?;
        let wrapped = match &self.sandbox {
            Some(sandbox) => sandbox.wrap(walls, &cwd, &program, &seals.seals).await?,
            None if *walls == Walls::none() => None,
            None => return Err("the sandbox is not there any more: nothing was started".to_string()),
        };
        let Some(wrapped) = wrapped else { return Ok(None) };
        let meta = dir.dir_metadata().map_err(|error| format!("{inside}: {error}"))?;
        let limits = walls.limits;
        let inside = Inside {
            at: (cap_std::fs::MetadataExt::dev(&meta), cap_std::fs::MetadataExt::ino(&meta)),
            memory_mib: limits.memory_mib,
            processes: limits.processes,
            open_files: limits.open_files,
            file_mib: limits.file_mib,
            cpu_s: limits.cpu_s,
            sealed: seals.inside(),
        };
        Ok(Some(Held { wrapped, inside }))
    }

    /// What is looked for of the files that a command opens and the scripts that it runs.
    fn search(&self, args: &Value, cwd: &str, walls: &Walls) -> Search {
        Search {
            workspace: self.workspace.clone(),
            cwd: cwd.to_string(),
            path: self.environment.get(OsStr::new("PATH")).cloned().unwrap_or_default(),
            touches: self.touches(args),
            can_seal: self.seals.is_some() && walls.in_force() != Profile::NONE,
        }
    }

    /// The last look at files and scripts, and the copies that run in the place of these.
    async fn sealed(&self, call: &Cleared, cwd: &str, walls: &Walls) -> Said<Seals> {
        let search = self.search(&call.args, cwd, walls);
        let (approved, root) = (call.scripts.clone(), self.workspace.root().to_string());
        let below = self.seals.clone();
        let job = move || {
            search.opens()?;
            match approved {
                Some(approved) => search.look().sealed(&approved, &root, below.as_deref()),
                None => Ok(Seals::default()),
            }
        };
        tokio::task::spawn_blocking(job).await.map_err(|error| format!("the tool broke: {error}"))?
    }

    fn limit(&self, args: &Value) -> Duration {
        Duration::from_secs(count(args, "timeout_s", LIMIT_S).clamp(1, self.limit_s_max))
    }

    fn folder(&self, args: &Value) -> Said<(String, Dir)> {
        let inside = self.workspace.inside(given(args, "cwd").unwrap_or("."))?;
        let dir = self.workspace.folder(&inside)?;
        Ok((inside, dir))
    }
}

/// The arguments as executed. That there is exactly one of the two is looked at here and not in the schema: providers
/// refuse schemas with alternatives at their top.
fn argv(args: &Value) -> Said<Vec<String>> {
    let parts = args.get("argv").and_then(Value::as_array);
    match (parts, given(args, "shell")) {
        (Some(_), Some(_)) => Err("give either `argv` or `shell`, not both".to_string()),
        (None, None) => {
            Err("give `argv` (a program and its arguments) or `shell` (a line for sh)".to_string())
        }
        (None, Some(line)) => Ok(vec!["sh".to_string(), "-c".to_string(), line.to_string()]),
        (Some(parts), None) => {
            let argv: Vec<String> = parts.iter().filter_map(Value::as_str).map(str::to_string).collect();
            match argv.first().is_none_or(String::is_empty) {
                true => Err("argv: the first of it names a program and is empty".to_string()),
                false => Ok(argv),
            }
        }
    }
}

impl Tool for RunCommand {
    fn spec(&self) -> ToolSpec {
        self.spec.clone()
    }

    fn touches(&self, args: &Value) -> Vec<Touch> {
        let cwd = self.workspace.named(given(args, "cwd").unwrap_or("."));
        // One that would fail runs nothing; it is judged as a command all the same.
        let command = Touch::Command { argv: argv(args).unwrap_or_default() };
        let found = reached(&[command, Touch::Read { path: cwd.clone() }], self.workspace.root(), &cwd);
        found.into_iter().map(|found| found.touch).collect()
    }

    fn preview<'a>(&'a self, args: &'a Value) -> Later<'a, Preview> {
        Box::pin(async move {
            let (argv, folder) = (argv(args), self.folder(args));
            match argv.and_then(|argv| Ok((argv, folder?))) {
                Ok((argv, (cwd, _))) => {
                    let walls = self.stands().await;
                    let (search, sandbox) = (self.search(args, &cwd, &walls), self.reach(&walls));
                    look(move || preview(&search, argv, cwd, sandbox)).await
                }
                Err(why) => Preview::WouldFail { why },
            }
        })
    }

    fn walls(&self) -> Later<'_, Option<Walls>> {
        Box::pin(async move { Some(self.stands().await) })
    }

    fn run(&self, call: Cleared) -> Later<'_, Returned> {
        Box::pin(async move {
            let (argv, (cwd, dir)) =
                match argv(&call.args).and_then(|argv| Ok((argv, self.folder(&call.args)?))) {
                    Ok(found) => found,
                    Err(why) => return Returned::error(why),
                };
            let walls = match call.walls.clone() {
                Some(walls) => walls,
                None => self.stands().await,
            };
            let seals = match self.sealed(&call, &cwd, &walls).await {
                Ok(seals) => seals,
                Err(why) => return Returned::error(why),
            };
            let held = match self.held(&walls, &cwd, &dir, &seals).await {
                Ok(held) => held,
                Err(why) => return Returned::error(why),
            };
            let is_held = held.is_some();
            let launch = Launch {
                argv,
                held,
                cwd: by_handle(&dir, self.workspace.root(), &cwd),
                environment: self.environment.clone(),
                launcher: self.launcher.clone(),
                limit: self.limit(&call.args),
            };
            let limit_s = launch.limit.as_secs();
            if call.stop.asked() {
                return Returned { outcome: Outcome::Cancelled, text: "stopped before it began".to_string() };
            }
            let mut returned = match supervise(launch, &call).await {
                Ok(end) => returned(&end, limit_s, self.launcher.is_some()),
                Err(why) => return Returned::error(why),
            };
            if is_held && returned.outcome == Outcome::Error {
                // The model is to know what it ran into.
                returned.text.push_str(&format!("[it ran in a sandbox: {}]\n", walls.words()));
                returned.text.push_str(&seals.words());
            }
            if call.stop.asked() && returned.outcome != Outcome::Cancelled {
                // Never told as gone well: the operator has seen that it was stopped.
                returned.outcome = Outcome::Cancelled;
                returned.text.push_str("[it had ended before it could be stopped]\n");
            }
            returned
        })
    }
}

/// A command as an operator is shown it.
fn preview(search: &Search, argv: Vec<String>, cwd: String, sandbox: String) -> Preview {
    if let Err(why) = search.opens() {
        return Preview::WouldFail { why };
    }
    let found = search.look();
    let mut parts = shown(&argv);
    let unclear = |text| CommandPart { does: PartDoes::Unclear, text, depth: 0 };
    parts.extend(found.unclear.into_iter().map(unclear));
    Preview::Command { argv, cwd, sandbox, parts, scripts: found.scripts }
}

/// This program's own file, as the launcher starts it: the file that runs, whatever has its name by now.
fn own_program(launcher: Option<&[OsString]>) -> Said<PathBuf> {
    let Some(named) = launcher.and_then(<[OsString]>::first).map(PathBuf::from) else {
        return Ok(PathBuf::new());
    };
    let (now, runs) = match std::fs::read_link(&named) {
        Ok(target) if named.starts_with("/proc/self") => (target, named),
        Ok(_) | Err(_) => (named.clone(), named),
    };
    let identity = |path: &Path| std::fs::metadata(path).map(|meta| (meta.dev(), meta.ino())).ok();
    match identity(&now).is_some() && identity(&now) == identity(&runs) {
        true => Ok(now),
        false => Err("this program was replaced while it runs: start tackroom again".to_string()),
    }
}

/// A path that leads to the opened folder itself, whatever has its name when the command starts.
fn by_handle(dir: &Dir, root: &str, inside: &str) -> PathBuf {
    match cfg!(target_os = "linux") {
        true => PathBuf::from(format!("/proc/self/fd/{}", dir.as_fd().as_raw_fd())),
        false => PathBuf::from(root).join(inside),
    }
}

fn returned(end: &End, limit_s: u64, between: bool) -> Returned {
    let mut text = end.output.text();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let (outcome, said, left) = match (&end.report, end.stopped) {
        (_, Some(Stopped::Late)) => {
            (Outcome::TimedOut, format!("stopped: it took longer than {limit_s} s"), 0)
        }
        (_, Some(Stopped::Asked)) => {
            (Outcome::Cancelled, "stopped; what it had done stays done".to_string(), 0)
        }
        (Report::Exit(0, left), None) => (Outcome::Ok, "exit status 0".to_string(), *left),
        (Report::Exit(status, left), None) => (Outcome::Error, format!("exit status {status}"), *left),
        (Report::Signal(signal, left), None) => {
            (Outcome::Error, format!("ended by {}", named(*signal)), *left)
        }
        (Report::Failed(why), None) => (Outcome::Error, why.clone(), 0),
    };
    text.push_str(&format!("[{said}]\n"));
    if left > 0 {
        let processes = if left == 1 { "process was" } else { "processes were" };
        text.push_str(&format!("[{left} {processes} left running in the background and ended]\n"));
    }
    if !between {
        text.push_str("[run without a session of its own: a daemon may have outlived it]\n");
    }
    Returned { outcome, text }
}

/// A signal's number and, for the usual ones, its name.
fn named(signal: i32) -> String {
    let names = [
        (1, "hangup"),
        (2, "interrupt"),
        (3, "quit"),
        (4, "illegal instruction"),
        (6, "abort"),
        (8, "arithmetic error"),
        (9, "kill"),
        (11, "segmentation fault"),
        (13, "broken pipe"),
        (15, "terminate"),
    ];
    let name = names.iter().find(|(number, _)| *number == signal).map(|(_, name)| format!(" ({name})"));
    format!("signal {signal}{}", name.unwrap_or_default())
}
