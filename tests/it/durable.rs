//! What is said to be done is on the disk: seen from outside of the program.

use crate::harness::binary::{Home, finish};
use serde_json::json;
use std::process::Command;

/// The program below `strace`, which writes what it asks of the files into a file; none where there is no `strace`.
fn traced(home: &Home, args: &[&str]) -> Option<Vec<String>> {
    let log = home.path("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-s", "200", "-e", "trace=fsync,fdatasync,rename,renameat,renameat2,unlinkat"]);
    command.arg("-o").arg(&log).arg(env!("CARGO_BIN_EXE_tackroom")).args(args);
    home.dress(&mut command);
    if Command::new("strace").arg("-V").output().is_err() {
        println!("skipped: there is no strace here");
        return None;
    }
    let ran = finish(command, b"");
    assert_eq!(ran.code, 0, "{ran:?}");
    Some(std::fs::read_to_string(&log).unwrap().lines().map(str::to_string).collect())
}

/// Where a line has all of these.
fn places(trace: &[String], words: &[&str]) -> Vec<usize> {
    let has = |line: &String| words.iter().all(|word| line.contains(word));
    trace.iter().enumerate().filter(|(_, line)| has(line)).map(|(place, _)| place).collect()
}

/// Cause: files were put back by a second way of writing, which synced neither them nor their folders, while the log said
/// durably that all of them were back: a power cut left empty files.
#[test]
fn what_was_put_back_is_on_the_disk_before_the_log_says_so() {
    let home = Home::new();
    std::fs::create_dir(home.ws().join("sub")).unwrap();
    std::fs::write(home.ws().join("sub/b.txt"), "before\n").unwrap();
    let shell = "echo after > sub/b.txt; echo more > notes.txt; echo new > sub/new.txt";
    let model = home.script(json!([
        {"calls": [{"tool": "run_command", "args": {"shell": shell}}]},
        {"text": "Done."},
    ]));
    assert_eq!(home.task(&model, "Go.", &["--on-hold", "approve"]).code, 0);
    let id = home.only();
    let at = 1 + home.kinds(&id).iter().position(|kind| kind == "CallStarted").unwrap();
    let Some(trace) = traced(&home, &["restore", &id, "--at", &at.to_string(), "--yes"]) else { return };
    assert_eq!(std::fs::read_to_string(home.ws().join("sub/b.txt")).unwrap(), "before\n");
    assert!(!home.ws().join("sub/new.txt").exists());
    let (ws, wal) = (home.ws().display().to_string(), "tackroom.db-wal>");
    let placed = places(&trace, &["renameat", ".tackroom-", &ws]);
    assert_eq!(placed.len(), 2, "{trace:#?}");
    for place in &placed {
        let draft = trace[*place].split(".tackroom-").nth(1).unwrap().split(".tmp").next().unwrap();
        let synced = places(&trace, &["fsync(", draft]);
        assert!(synced.first().is_some_and(|synced| synced < place), "{draft}: {trace:#?}");
    }
    let said = places(&trace, &["sync(", wal]).pop().unwrap();
    let removed = places(&trace, &["unlinkat", "new.txt"])[0];
    for (folder, after) in [(ws.clone(), placed[0].min(placed[1])), (format!("{ws}/sub"), removed)] {
        let synced = places(&trace, &["fsync(", &format!("<{folder}>")]);
        let is_synced = synced.iter().any(|synced| *synced > after && *synced < said);
        assert!(is_synced, "{folder} is synced after its files and before the log: {trace:#?}");
    }
}
