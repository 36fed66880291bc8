//! CPU time and memory of processes, from `/proc`: what a busy machine's clock on the wall cannot tell.

use std::fs;
use std::process::{Child, ExitStatus};
use std::time::Duration;

/// `/proc` counts in hundredths of a second, on every Linux.
const TICK_MS: f64 = 10.0;

/// What a process that has ended took.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// User and system time in milliseconds.
    pub cpu_ms: f64,
    /// The part of it that the system took, in milliseconds.
    #[allow(dead_code, reason = "not every bench tells it")]
    pub kernel_ms: f64,
    /// The most memory it ever had resident, in MiB.
    pub rss_mib: f64,
    /// Whether it ended well.
    pub ok: bool,
}

/// Waits for a child; what it and its own waited-for children took. No other child may end meanwhile.
pub fn wait(child: &mut Child) -> std::io::Result<Took> {
    let (before, kernel) = (times("self", 13), kernel_of("self", 13));
    let mut rss_mib: f64 = 0.0;
    let status: ExitStatus = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        rss_mib = rss_mib.max(peak_mib(child.id()));
        std::thread::sleep(Duration::from_millis(20));
    };
    let (cpu_ms, kernel_ms) = (times("self", 13) - before, kernel_of("self", 13) - kernel);
    Ok(Took { cpu_ms, kernel_ms, rss_mib, ok: status.success() })
}

/// User and system time of a process that runs, in milliseconds.
#[allow(dead_code, reason = "not every bench watches a process that runs")]
pub fn of(process: &str) -> f64 {
    times(process, 11)
}

/// What the system took for a process that runs, in milliseconds.
#[allow(dead_code, reason = "not every bench watches a process that runs")]
pub fn kernel(process: &str) -> f64 {
    kernel_of(process, 11)
}

/// What the threads that a process has now took so far, in milliseconds: finer, and blind to threads that ended.
#[allow(dead_code, reason = "not every bench watches a process that runs")]
pub fn live(process: &str) -> f64 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let told = threads.filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok());
    let nanos = told.filter_map(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    nanos.sum::<f64>() / 1_000_000.0
}

/// Two neighbouring fields of `/proc/…/stat`, counted after the name: 11 is its own time, 13 its children's.
fn times(process: &str, at: usize) -> f64 {
    fields(process, at, 2)
}

/// The second of the two.
fn kernel_of(process: &str, at: usize) -> f64 {
    fields(process, at + 1, 1)
}

fn fields(process: &str, at: usize, count: usize) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: f64 = fields.skip(at).take(count).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks * TICK_MS
}

fn peak_mib(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
