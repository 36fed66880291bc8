//! The real program as a child process: a home of its own, a clean environment, everything bounded.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// Nothing here takes longer, also on a machine that is busy with other tests.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A home for the program and a folder to work in.
pub struct Home {
    _dir: Option<tempfile::TempDir>,
    root: PathBuf,
}

/// What a command said, and how it ended.
#[derive(Clone, Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Home {
    /// Neither the program's home nor anything in it is there yet; the folder to work in is, and holds one file.
    pub fn new() -> Home {
        let dir = tempfile::tempdir().unwrap();
        let root = std::path::absolute(dir.path()).unwrap();
        Home { _dir: Some(dir), root }.with_notes()
    }

    /// The same in a folder of the caller's.
    pub fn at(root: &Path) -> Home {
        Home { _dir: None, root: root.to_path_buf() }.with_notes()
    }

    fn with_notes(self) -> Home {
        std::fs::create_dir(self.ws()).unwrap();
        std::fs::write(self.ws().join("notes.txt"), "one\ntwo\nthree\n").unwrap();
        self
    }

    /// The folder to work in.
    pub fn ws(&self) -> PathBuf {
        self.path("ws")
    }

    /// What `TACKROOM_HOME` is.
    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// Something beside both.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Keeps a script; answers what `--model` is given.
    pub fn script(&self, replies: Value) -> String {
        let path = self.path("script.json");
        std::fs::write(&path, serde_json::json!({ "replies": replies }).to_string()).unwrap();
        format!("scripted:{}", path.display())
    }

    /// Keeps a configuration.
    pub fn config(&self, text: &str) {
        std::fs::create_dir_all(self.home().join("config")).unwrap();
        std::fs::write(self.home().join("config/config.toml"), text).unwrap();
    }

    /// The program in the folder to work in; nothing of this process's environment but the path.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tackroom"));
        command.args(args);
        self.dress(&mut command);
        command
    }

    /// Gives a command the environment that the program gets here.
    pub fn dress(&self, command: &mut Command) {
        command.env_clear().current_dir(self.ws());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for (name, value) in self.environment() {
            command.env(name, value);
        }
    }

    /// The environment.
    pub fn environment(&self) -> Vec<(String, String)> {
        let path = std::env::var("PATH").unwrap_or_default();
        let home = self.home().display().to_string();
        let user = self.path("user").display().to_string();
        [("PATH", path), ("TACKROOM_HOME", home), ("HOME", user), ("USER", "ada".into())]
            .map(|(name, value)| (name.to_string(), value))
            .to_vec()
    }

    /// Runs the program to its end.
    pub fn run(&self, args: &[&str]) -> Ran {
        finish(self.command(args), b"")
    }

    /// Runs a script on a task to its end or its hold.
    pub fn task(&self, model: &str, task: &str, more: &[&str]) -> Ran {
        let ws = self.ws().display().to_string();
        let args = ["run", task, "--workspace", &ws, "--model", model, "--headless"];
        self.run(&[&args[..], more].concat())
    }

    /// The sessions there are, as `sessions --json` tells them.
    pub fn sessions(&self) -> Vec<Value> {
        let ran = self.run(&["sessions", "--json"]);
        ran.json()["sessions"].as_array().cloned().unwrap_or_default()
    }

    /// The only session's id.
    pub fn only(&self) -> String {
        let sessions = self.sessions();
        assert_eq!(sessions.len(), 1, "{sessions:?}");
        sessions[0]["id"].as_str().unwrap().to_string()
    }

    /// What waits, as `pending --json` tells it.
    pub fn pending(&self) -> Vec<Value> {
        let ran = self.run(&["pending", "--json"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.json()["pending"].as_array().cloned().unwrap_or_default()
    }

    /// The lines of `events ID --json`.
    pub fn events(&self, id: &str) -> Vec<String> {
        let ran = self.run(&["events", id, "--json"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out.lines().map(str::to_string).collect()
    }

    /// The kinds of a session's events.
    pub fn kinds(&self, id: &str) -> Vec<String> {
        let kind = |line: &String| serde_json::from_str::<Value>(line).unwrap()["event"]["kind"].clone();
        self.events(id).iter().map(|line| kind(line).as_str().unwrap().to_string()).collect()
    }
}

/// It did what it was told, and nothing raw was said.
#[track_caller]
pub fn done(ran: &Ran) -> &Ran {
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.is_clean();
    ran
}

/// The same, of what was just run.
#[track_caller]
pub fn ok(ran: Ran) -> Ran {
    done(&ran);
    ran
}

/// A run whose command is at work and takes long, approved by the flag; and the file that is there since it began.
pub fn at_work(home: &Home) -> (Running, PathBuf) {
    let log = home.ws().join("log");
    let line = format!("echo x >> {}; sleep 30", log.display());
    let model = home.script(serde_json::json!([
        {"calls": [{"tool": "run_command", "args": {"shell": line}}]},
        {"text": "Done."},
    ]));
    let args = ["run", "Go.", "--model", &model, "--headless", "--json", "--on-hold", "approve"];
    let mut run = Running::start(home.command(&args));
    run.line_with("\"CallStarted\"");
    until("it runs", || log.exists());
    (run, log)
}

/// A session whose program was killed while a command ran; nothing has looked at it since.
pub fn killed(home: &Home) -> String {
    let (run, log) = at_work(home);
    assert!(run.kill().0);
    until_gone(&log);
    home.only()
}

impl Ran {
    /// Standard output as one JSON document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// That it ended with this code, and if that is a failure: in a sentence, with a hint, and with nothing a person should not see.
    #[track_caller]
    pub fn fails(&self, code: i32, says: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for word in says {
            assert!(self.err.contains(word), "{word:?} is not said: {self:?}");
        }
        assert!(self.err.contains("error: "), "no sentence: {self:?}");
        let hinted = self.err.contains("hint: ") || self.err.contains("tip: ") || self.err.contains("--help");
        assert!(hinted, "no hint: {self:?}");
        self.is_clean();
    }

    /// No traceback, no control bytes, no typed-out structures.
    #[track_caller]
    pub fn is_clean(&self) {
        for text in [&self.out, &self.err] {
            for bad in ["panicked", "RUST_BACKTRACE", "stack backtrace", "Error {", "Os {", "Some("] {
                assert!(!text.contains(bad), "{bad:?}: {self:?}");
            }
            let raw = text.chars().find(|c| *c != '\n' && is_raw(*c));
            assert!(raw.is_none(), "{raw:?} reaches the terminal: {self:?}");
        }
    }
}

/// Whether a terminal or an eye could be led astray by it.
pub fn is_raw(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// Runs a command to its end, with this as its input.
pub fn finish(mut command: Command, input: &[u8]) -> Ran {
    if !input.is_empty() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().unwrap();
    if let Some(mut pipe) = child.stdin.take() {
        let input = input.to_vec();
        std::thread::spawn(move || pipe.write_all(&input));
    }
    Running::over(child).end()
}

/// A program that runs; its standard output comes line by line.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
    told: Vec<String>,
}

impl Running {
    /// Starts it.
    pub fn start(mut command: Command) -> Running {
        Running::over(command.spawn().unwrap())
    }

    fn over(mut child: Child) -> Running {
        let (send, lines) = sync_channel(4096);
        if let Some(pipe) = child.stdout.take() {
            std::thread::spawn(move || {
                let mut pipe = BufReader::new(pipe);
                let mut line = Vec::new();
                while pipe.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                    if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                        return;
                    }
                    line.clear();
                }
            });
        }
        let (send, errors) = sync_channel(1);
        if let Some(mut pipe) = child.stderr.take() {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                let _ = pipe.read_to_end(&mut bytes); // what was said until then counts
                let _ = send.send(String::from_utf8_lossy(&bytes).into_owned());
            });
        }
        Running { child, lines, errors, told: Vec::new() }
    }

    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap()
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// The next line of standard output; none when it has been closed.
    pub fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(LIMIT) {
            Ok(line) => {
                self.told.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no line in {LIMIT:?} after {:?}", self.told.last()),
        }
    }

    /// The next line if it comes within this time: `Some(None)` at the end, `None` where nothing came.
    #[allow(clippy::option_option, reason = "a line, the end, or nothing yet")]
    pub fn line_within(&mut self, limit: Duration) -> Option<Option<String>> {
        match self.lines.recv_timeout(limit) {
            Ok(line) => {
                self.told.push(line.clone());
                Some(Some(line))
            }
            Err(RecvTimeoutError::Disconnected) => Some(None),
            Err(RecvTimeoutError::Timeout) => None,
        }
    }

    /// Reads until a line has this.
    #[track_caller]
    pub fn line_with(&mut self, word: &str) -> String {
        while let Some(line) = self.line() {
            if line.contains(word) {
                return line;
            }
        }
        panic!("it ended without a line that has {word:?}: {:?}", self.end_now());
    }

    /// Kills it as `kill -9` does; answers whether it was alive, and all its lines.
    pub fn kill(mut self) -> (bool, Vec<String>) {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        while self.line().is_some() {}
        (std::os::unix::process::ExitStatusExt::signal(&status) == Some(9), std::mem::take(&mut self.told))
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ran {
        self.end_now()
    }

    fn end_now(&mut self) -> Ran {
        let status = self.status();
        while self.line().is_some() {}
        let err = self.errors.recv_timeout(LIMIT).unwrap_or_default();
        let signal = std::os::unix::process::ExitStatusExt::signal(&status).map_or(-1, |signal| -signal);
        Ran { code: status.code().unwrap_or(signal), out: self.told.concat(), err }
    }

    fn status(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            // The lines are taken in meanwhile, so that it is never held up by us.
            match self.lines.recv_timeout(Duration::from_millis(2)) {
                Ok(line) => self.told.push(line),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => std::thread::park_timeout(Duration::from_millis(1)),
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            if began.elapsed() > LIMIT {
                self.child.kill().unwrap();
                panic!("it did not end in {LIMIT:?}; it had said {:?}", self.told.last());
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill(); // one that has ended needs no killing
        let _ = self.child.wait();
    }
}

/// Waits until something is so, with a limit.
#[track_caller]
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < LIMIT, "not within {LIMIT:?}: {what}");
        std::thread::park_timeout(Duration::from_millis(3));
    }
}

/// Waits until no process has this in its arguments: nothing that was started below a killed program runs any more.
#[track_caller]
pub fn until_gone(mark: &Path) {
    let mark = mark.display().to_string();
    until("its children are gone", || !any_process_with(&mark));
}

fn any_process_with(mark: &str) -> bool {
    let own = std::process::id().to_string();
    std::fs::read_dir("/proc").into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name();
        let number =
            name.to_str().is_some_and(|name| name != own && name.bytes().all(|b| b.is_ascii_digit()));
        let line = || std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        number && String::from_utf8_lossy(&line()).contains(mark)
    })
}

/// The files below a folder that hold these bytes.
pub fn holding(folder: &Path, wanted: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, wanted));
        } else if std::fs::read(&path).unwrap().windows(wanted.len()).any(|bytes| bytes == wanted) {
            found.push(path.display().to_string());
        }
    }
    found
}
