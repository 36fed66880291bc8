//! CPU and memory of whole headless runs against an endpoint on this machine, beside the bare floor: reqwest and SQLite
//! doing the same requests, file reads, commits and syncs (see `kit/floor.rs`). Ratios count; times are this machine's.
//!
//! ```text
//! cargo bench --bench steps            200 and 800 steps, the least of five rounds each
//! cargo bench --bench steps -- 50 100  other lengths
//! ```
//!
//! "own" is what a step costs above the floor, without the start of the process. A request repeats all that was said,
//! so its body grows with each step; what that costs shows in the floor, which does nothing else that grows.

#![allow(
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a bench waits for real time and prints rounded figures"
)]

#[path = "kit/cpu.rs"]
mod cpu;
#[path = "kit/floor.rs"]
mod floor;
#[path = "kit/mock.rs"]
mod mock;

use cpu::Took;
use floor::Plan;
use mock::Mock;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ROUNDS: usize = 5;
const FILE: &str = "notes.md";
/// How this program is started to be the floor.
const FLOOR: &str = "__floor";

/// One length, measured.
struct Measured {
    steps: usize,
    run: Took,
    floor_ms: f64,
    floor_kernel_ms: f64,
    commits: usize,
    bytes: usize,
    body: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|first| first == FLOOR) {
        return floor::child(&args[1..], || [cpu::of("self"), cpu::kernel("self")]);
    }
    let mut out = std::io::stdout();
    if !args.iter().any(|arg| arg == "--bench") {
        return Ok(writeln!(out, "run with: cargo bench --bench steps")?);
    }
    let mut lengths: Vec<usize> = args.iter().filter_map(|arg| arg.parse().ok()).collect();
    if lengths.is_empty() {
        lengths = vec![200, 800];
    }
    let start = least(1)?;
    writeln!(
        out,
        "start of the process and one step: {:.0} ms of CPU, {:.1} MiB",
        start.run.cpu_ms, start.run.rss_mib
    )?;
    writeln!(
        out,
        "\n| steps | CPU/step ms | in the system | floor ms | in the system | ratio | own ms | commits/step | bytes/step | last body KiB | peak MiB |"
    )?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")?;
    let mut all = Vec::new();
    for steps in lengths {
        let found = least(steps)?;
        let per = |whole: f64| whole / found.steps as f64;
        writeln!(
            out,
            "| {steps} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} | {:.0} | {} | {:.1} |",
            per(found.run.cpu_ms),
            per(found.run.kernel_ms),
            per(found.floor_ms),
            per(found.floor_kernel_ms),
            found.run.cpu_ms / found.floor_ms,
            own(&found, &start),
            per(found.commits as f64),
            per(found.bytes as f64),
            found.body / 1024,
            found.run.rss_mib,
        )?;
        all.push(found);
    }
    if let (Some(short), Some(long)) = (all.first(), all.last()) {
        let grown = |ms: fn(&Measured) -> f64| ms(long) / long.steps as f64 - ms(short) / short.steps as f64;
        writeln!(
            out,
            "\nfrom {} to {} steps: a step grows by {:.2} ms, the floor's by {:.2} ms (its body), the harness's own by {:.2} ms",
            short.steps,
            long.steps,
            grown(|found| found.run.cpu_ms),
            grown(|found| found.floor_ms),
            own(long, &start) - own(short, &start),
        )?;
    }
    Ok(())
}

fn own(found: &Measured, start: &Measured) -> f64 {
    (found.run.cpu_ms - start.run.cpu_ms - (found.floor_ms - start.floor_ms)) / found.steps as f64
}

/// The least of some rounds: other work on the machine only ever adds.
fn least(steps: usize) -> Result<Measured, Box<dyn Error>> {
    let mut best = measure(steps)?;
    for _ in 1..ROUNDS {
        let next = measure(steps)?;
        best.run.cpu_ms = best.run.cpu_ms.min(next.run.cpu_ms);
        best.run.rss_mib = best.run.rss_mib.max(next.run.rss_mib);
        best.run.kernel_ms = best.run.kernel_ms.min(next.run.kernel_ms);
        best.floor_ms = best.floor_ms.min(next.floor_ms);
        best.floor_kernel_ms = best.floor_kernel_ms.min(next.floor_kernel_ms);
    }
    Ok(best)
}

fn measure(steps: usize) -> Result<Measured, Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let (home, work) = (dir.path().join("home"), dir.path().join("work"));
    fs::create_dir_all(&home)?;
    fs::create_dir_all(&work)?;
    fs::write(work.join(FILE), "What an agent reads, a line at a time.\n".repeat(10))?;
    let mock = Mock::start(steps, FILE)?;
    let run = tackroom(&mock.url, &home, &work)?;
    let (lengths, last) = {
        let asked = mock.asked();
        (asked.lengths.clone(), asked.last.clone())
    };
    if lengths.len() != steps + 1 {
        return Err(format!("{} requests came, not {}", lengths.len(), steps + 1).into());
    }
    Plan::save(dir.path(), &lengths, &last)?;
    let again = Mock::start(steps, FILE)?;
    let store = store(&home).ok_or("the run left no store")?;
    let told = bare(&again.url, dir.path(), &store, &work.join(FILE))?;
    let same = again.asked().lengths == lengths && again.asked().last == last;
    let [floor_ms, floor_kernel_ms, commits, bytes] = told[..] else {
        return Err("the floor told nothing".into());
    };
    if !same || !run.ok {
        return Err("the floor sent other bodies than the run, or the run failed".into());
    }
    let (commits, bytes, body) = (commits as usize, bytes as usize, last.len());
    Ok(Measured { steps, run, floor_ms, floor_kernel_ms, commits, bytes, body })
}

/// The real program, from its start to its end.
fn tackroom(url: &str, home: &Path, work: &Path) -> Result<Took, Box<dyn Error>> {
    // The same call over and over is a loop: it is looked for, as always, and let go on.
    fs::create_dir_all(home.join("config"))?;
    fs::write(
        home.join("config").join("config.toml"),
        "[loops]\nwarn = 0\nhold = 0\nfailing = 0\nidle_warn = 0\nidle_hold = 65000\n",
    )?;
    let mut child = Command::new(env!("CARGO_BIN_EXE_tackroom"))
        .args(["run", "Read the notes.", "--headless", "--mode", "auto", "--steps", "100000"])
        .args(["--model", "mock", "--base-url", url, "--workspace"])
        .arg(work)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("TACKROOM_HOME", home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(home.join("progress"))?)
        .spawn()?;
    Ok(cpu::wait(&mut child)?)
}

/// The floor in a process of its own: its CPU in milliseconds, its commits, their bytes.
fn bare(url: &str, dir: &Path, store: &Path, file: &Path) -> Result<Vec<f64>, Box<dyn Error>> {
    let output =
        Command::new(std::env::current_exe()?).args([FLOOR, url]).args([dir, store, file]).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let told = String::from_utf8(output.stdout)?;
    Ok(told.split_whitespace().filter_map(|word| word.parse().ok()).collect())
}

fn store(home: &Path) -> Option<PathBuf> {
    let mut folders = vec![home.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).ok()?.flatten() {
            let path = entry.path();
            if path.file_name().is_some_and(|name| name == "tackroom.db") {
                return Some(path);
            }
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    None
}
