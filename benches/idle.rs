//! The real program in a terminal of 120×40: the CPU up to its first frame, and what it takes when nothing happens.
//!
//! ```text
//! cargo bench --bench idle          20 s each
//! cargo bench --bench idle -- 60    longer, for a finer figure
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a bench waits for real time and prints rounded figures"
)]

#[path = "kit/cpu.rs"]
#[allow(dead_code, reason = "nothing is waited for here")]
mod cpu;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::error::Error;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const TACKROOM: &str = env!("CARGO_BIN_EXE_tackroom");
/// How a frame ends on the terminal.
const FRAME_END: &[u8] = b"\x1b[?2026l";
/// What follows the first frame, such as coloured code, is not idleness yet.
const SETTLE: Duration = Duration::from_secs(3);

/// The program in its terminal.
struct Screen {
    child: Box<dyn Child + Send + Sync>,
    pid: String,
    output: Receiver<Vec<u8>>,
    _terminal: Box<dyn MasterPty + Send>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut out = std::io::stdout();
    if !args.iter().any(|arg| arg == "--bench") {
        return Ok(writeln!(out, "run with: cargo bench --bench idle")?);
    }
    let seconds = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(20);
    let dir = tempfile::tempdir()?;
    let held = held(dir.path())?;
    writeln!(out, "| screen | first frame, ms of CPU | idle, % of one core | frames while idle |")?;
    writeln!(out, "| --- | --- | --- | --- |")?;
    for (name, args) in [("empty workbench", vec![]), ("held session", vec!["resume", held.as_str()])] {
        let mut screen = Screen::open(dir.path(), &args)?;
        let first = screen.first_frame()?;
        screen.frames(SETTLE);
        let before = cpu::live(&screen.pid);
        let frames = screen.frames(Duration::from_secs(seconds));
        let idle = (cpu::live(&screen.pid) - before) / (seconds as f64 * 10.0);
        screen.child.kill()?;
        screen.child.wait()?;
        writeln!(out, "| {name} | {first:.1} | {idle:.3} | {frames} |")?;
    }
    Ok(())
}

/// A session that waits for its operator: the demo, stopped at its approval.
fn held(dir: &Path) -> Result<String, Box<dyn Error>> {
    let output = Command::new(TACKROOM)
        .args(["demo", "--headless"])
        .current_dir(dir)
        .env("TACKROOM_HOME", dir.join("home"))
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let id = told.lines().find_map(|line| line.strip_prefix("session ")?.split_whitespace().next());
    Ok(id.map(str::to_string).ok_or(told)?)
}

impl Screen {
    fn open(dir: &Path, args: &[&str]) -> Result<Screen, Box<dyn Error>> {
        let pair =
            native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 })?;
        let mut command = CommandBuilder::new(TACKROOM);
        command.args(args);
        command.cwd(dir);
        command.env("TERM", "xterm-256color");
        command.env("TACKROOM_HOME", dir.join("home"));
        let child = pair.slave.spawn_command(command)?;
        let pid = child.process_id().ok_or("no process")?.to_string();
        let (sender, output) = channel();
        let mut reader = pair.master.try_clone_reader()?;
        std::thread::spawn(move || {
            let mut bytes = [0; 1 << 16];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok(Screen { child, pid, output, _terminal: pair.master })
    }

    /// Waits for the first frame; the CPU up to it in milliseconds.
    fn first_frame(&mut self) -> Result<f64, Box<dyn Error>> {
        let mut seen = Vec::new();
        loop {
            seen.extend(self.output.recv_timeout(Duration::from_secs(30))?);
            if seen.windows(FRAME_END.len()).any(|bytes| bytes == FRAME_END) {
                return Ok(cpu::live(&self.pid));
            }
        }
    }

    /// Lets time pass; how many frames came.
    fn frames(&mut self, time: Duration) -> usize {
        let (until, mut frames) = (Instant::now() + time, 0);
        loop {
            let Some(left) = until.checked_duration_since(Instant::now()) else { return frames };
            if let Ok(bytes) = self.output.recv_timeout(left) {
                frames += bytes.windows(FRAME_END.len()).filter(|bytes| *bytes == FRAME_END).count();
            }
        }
    }
}
