//! What is in a sandbox ends with its call, whatever it does: bombs, daemons, and what kills or stops its watcher. And nothing
//! of the sandbox is left in the workspace.

use crate::harness::binary::{Running, until, until_gone};
use crate::sandbox::{PROMISE, Ward, has_bwrap};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Names that a sandbox puts up for as long as a command runs.
const STANDS: [&str; 6] = [
    "ws/.envrc",
    "ws/.tackroom",
    "ws/.idea",
    "ws/.git/hooks",
    "ws/.git/commondir",
    "ws/.git/config.worktree",
];

fn bare() -> Ward {
    let ward = Ward::new();
    std::fs::remove_dir_all(ward.path("ws/.git/hooks")).unwrap();
    ward.home.config("[sandbox.limits]\nmemory_mib = 200\nprocesses = 60\n");
    ward
}

/// A word that only the commands of this ward have in their arguments.
fn mark(ward: &Ward) -> PathBuf {
    ward.path("a-mark-in-the-arguments")
}

#[track_caller]
fn nothing_is_left(ward: &Ward) {
    until_gone(&mark(ward));
    let left = || STANDS.iter().any(|name| ward.path(name).exists());
    until("what stood in the workspace is gone", || !left());
}

/// Cause: the kernel counts the processes of each user and not those of root, and memory by the process.
#[test]
fn bombs_die_with_the_call() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let ward = bare();
    let mark = mark(&ward).display().to_string();
    let run = |line: &str| ward.command(json!({"argv": ["sh", "-c", line, mark], "timeout_s": 20}), &[]);
    let (outcome, text) = run("f() { f | f & }; f; sleep 15");
    println!("fork bomb: {outcome}: {}", text.lines().last().unwrap_or_default());
    assert_ne!(outcome, "ok", "{text}");
    nothing_is_left(&ward);
    let (outcome, text) = run("cat /dev/zero | tail -c 1000000000");
    println!("one that takes all memory: {outcome}: {}", text.lines().rev().nth(1).unwrap_or_default());
    assert_eq!(outcome, "error", "{text}");
    let four = "for i in 1 2 3 4; do (head -c 120000000 /dev/zero; sleep 15) | tail -c 120000000 | wc -c & done; wait";
    let (outcome, text) = run(four);
    println!("four that share it: {outcome}: {}", text.lines().rev().nth(1).unwrap_or_default());
    assert_eq!(outcome, "error", "{text}");
    assert!(text.contains("more than 200 MiB of memory"), "{text}");
    let (outcome, text) = run("head -c 5000000000 /dev/zero > /tmp/large");
    assert_eq!(outcome, "error", "{text}");
    nothing_is_left(&ward);
}

/// Not a test of its own: files in memory without a name, when this binary is started as the command of a call.
#[test]
#[ignore = "started inside of a sandbox by another test"]
fn hoarder() {
    let mut kept = Vec::new();
    let piece = vec![1; 1024 * 1024];
    for n in 0..300 {
        let file = rustix::fs::memfd_create(format!("hoard-{n}"), rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        let mut file = std::fs::File::from(file);
        file.write_all(&piece).unwrap();
        kept.push(file);
    }
    println!("hoarded {}", kept.len());
    let (_tell, told) = std::sync::mpsc::sync_channel::<()>(1);
    let _ = told.recv_timeout(Duration::from_secs(15));
    println!("kept them");
}

/// Cause: what is held in files is memory of no process, whether the file has a name in a fresh folder or none at all.
#[test]
fn files_in_memory_count_as_memory() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let ward = bare();
    let argv = ["./prober", "--exact", "--nocapture", "--ignored", "sandbox_ends::hoarder"];
    let (outcome, text) = ward.command(json!({"argv": argv, "timeout_s": 40}), &[]);
    println!("files without a name: {outcome}: {text}");
    assert!(text.contains("more than 200 MiB of memory") && !text.contains("kept them"), "{text}");
    let line = "for d in /tmp /var/tmp /dev/shm ~; do head -c 80000000 /dev/zero > $d/large; done; sleep 15; echo kept";
    let (outcome, text) = ward.command(json!({"shell": line, "timeout_s": 40}), &[]);
    println!("files in fresh folders: {outcome}: {text}");
    assert!(text.contains("more than 200 MiB of memory") && !text.contains("kept"), "{text}");
    // What is within the limit is let be, also where it is mapped.
    let (outcome, text) = ward.command(
        json!({"shell": "head -c 80000000 /dev/zero > /tmp/large; tail -c 80000000 /tmp/large | wc -c"}),
        &[],
    );
    assert_eq!(outcome, "ok", "{text}");
    nothing_is_left(&ward);
}

#[test]
fn daemons_and_killed_watchers_end_with_the_call() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let ward = bare();
    let mark = mark(&ward).display().to_string();
    let run = |line: &str, limit: u64| {
        ward.command(json!({"argv": ["sh", "-c", line, mark], "timeout_s": limit}), &[])
    };
    let daemon =
        format!("(env -i setsid sh -c 'while :; do sleep 1000; done' {mark} >/dev/null 2>&1 &); echo done");
    let (outcome, text) = run(&daemon, 20);
    assert_eq!(outcome, "ok", "{text}");
    assert!(text.contains("left running in the background and ended"), "{text}");
    nothing_is_left(&ward);
    let (outcome, text) = run("kill -9 $PPID; kill -9 1; kill -9 -1; sleep 1000", 20);
    assert_eq!(outcome, "error", "{text}");
    assert!(text.contains("what watched the command in it was ended"), "{text}");
    nothing_is_left(&ward);
    let (outcome, text) = run("trap '' TERM; kill -STOP $PPID; while :; do sleep 1000; done", 1);
    assert_eq!(outcome, "timed-out", "{text}");
    nothing_is_left(&ward);
}

/// A run whose command has begun and waits for the file `go`; the rest of the line comes after that.
fn at_work(ward: &Ward, rest: &str) -> Running {
    let mark = mark(ward).display().to_string();
    let line = format!("touch started; until test -e go; do sleep 0.05; done; {rest}");
    let model = ward.home.script(json!([
        {"calls": [{"tool": "run_command", "args": {"argv": ["sh", "-c", line, mark], "timeout_s": 50}}]},
        {"text": "Done."},
    ]));
    let args = ["run", "Go.", "--headless", "--json", "--on-hold", "approve", "--model", &model];
    let run = Running::start(ward.home.command(&args));
    until("it runs", || ward.path("ws/started").exists());
    run
}

#[test]
fn the_death_of_the_app_ends_what_is_inside() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let ward = bare();
    let run = at_work(&ward, "sleep 1000");
    assert!(ward.path("ws/.idea").is_dir(), "it stands while the command runs");
    assert!(run.kill().0);
    nothing_is_left(&ward);
}

/// Cause: removing a folder takes away what another process has laid over it.
#[test]
fn what_stands_for_one_command_is_not_taken_away_by_another() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let ward = bare();
    let tries = "mkdir .idea/x .envrc/x; rmdir .idea .envrc .git/hooks; echo x > .git/hooks/pre-commit; \
                 mkdir .idea .envrc && echo made";
    let first = at_work(&ward, tries);
    let (outcome, text) = ward.command(json!({"shell": "true"}), &[]);
    assert_eq!(outcome, "ok", "{text}");
    assert!(ward.path("ws/.idea").is_dir(), "the first command still needs it");
    ward.write("ws/go", "");
    let ran = first.end();
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!ran.out.contains("made\\n"), "{}", ran.out);
    nothing_is_left(&ward);
}

/// The processes outside of the walls of this ward's commands.
fn outer(ward: &Ward) -> Vec<i32> {
    let mark = mark(ward).display().to_string();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_outer = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.contains(&mark) && line.split('\0').nth(2) == Some("--outside")
    };
    numbers.filter(is_outer).collect()
}

#[test]
fn what_a_crash_left_standing_is_taken_away_by_the_next() {
    if !has_bwrap(PROMISE) {
        return;
    }
    let ward = bare();
    let run = at_work(&ward, "sleep 1000");
    let found = outer(&ward);
    assert_eq!(found.len(), 1);
    let pid = rustix::process::Pid::from_raw(found[0]).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    until_gone(&mark(&ward));
    let ran = run.end();
    assert!(ran.out.contains("the process that watched the command ended by itself"), "{ran:?}");
    for name in STANDS {
        assert!(ward.path(name).exists(), "{name}: nobody was there to take it away");
    }
    ward.command(json!({"shell": "true"}), &[]);
    nothing_is_left(&ward);
}
