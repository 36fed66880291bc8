//! A disk that does not keep what it is given: a failed sync is told, an append in doubt is settled, nothing is doubled.

use crate::harness::binary::{Home, Ran, finish};
use crate::harness::outside;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;

const PROMISE: &str = "a failed sync is told, and what is in doubt is settled and never doubled";

/// Two commands that leave a mark each.
fn marks(home: &Home) -> String {
    let call =
        |shell: &str| json!({"text": "So.", "calls": [{"tool": "run_command", "args": {"shell": shell}}]});
    home.script(json!([call("echo c1 >> log"), call("echo c2 >> log"), {"text": "Done."}]))
}

/// A run in which these syncs of each thread fail; and how many did.
fn run(home: &Home, which: &str) -> (Ran, usize) {
    let (model, trace) = (marks(home), home.path("trace"));
    let mut command = Command::new("strace");
    command.args([
        "-f",
        "-e",
        "trace=fsync,fdatasync",
        "-e",
        &format!("inject=fsync,fdatasync:error=EIO:when={which}"),
    ]);
    command.arg("-o").arg(&trace).arg(env!("CARGO_BIN_EXE_tackroom"));
    command.args(["run", "Go.", "--headless", "--json", "--on-hold", "approve", "--model", &model]);
    home.dress(&mut command);
    let ran = finish(command, b"");
    ran.is_clean();
    let failed = std::fs::read_to_string(&trace).unwrap().matches("(INJECTED)").count();
    assert!(failed > 0, "no sync failed at {which}: {ran:?}");
    (ran, failed)
}

fn log(home: &Home) -> String {
    std::fs::read_to_string(home.ws().join("log")).unwrap_or_default()
}

/// Goes on with a healthy disk to the end; answers how many outcomes a person had to tell.
fn goes_on(home: &Home, id: &str) -> usize {
    let mut asked = 0;
    loop {
        let ran = home.run(&["resume", id, "--headless", "--on-hold", "approve"]);
        if ran.code == 0 {
            return asked;
        }
        assert!(ran.code == 3 && asked < 2, "{ran:?}");
        for item in home.pending() {
            assert_eq!(item["kind"], "unknown-outcome", "{item}");
            let call = item["call"].as_str().unwrap();
            let word = if log(home).lines().any(|mark| mark == call) { "happened" } else { "again" };
            assert_eq!(home.run(&["settle", id, call, word]).code, 0);
            asked += 1;
        }
    }
}

/// That the session is whole, and everything in it is there once.
fn is_whole(home: &Home, id: &str, at: &str) {
    assert_eq!(home.run(&["verify", id]).code, 0, "{at}");
    assert_eq!(home.sessions()[0]["status"], "done", "{at}");
    assert_eq!(log(home), "c1\nc2\n", "{at}: each effect once");
    let events: Vec<Value> = home.events(id).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut commits: Vec<&str> = events.iter().map(|event| event["commit"].as_str().unwrap()).collect();
    commits.dedup();
    assert_eq!(commits.len(), commits.iter().collect::<BTreeSet<_>>().len(), "{at}: a commit is there twice");
    assert!((1_u64..).zip(&events).all(|(no, event)| event["event"]["no"] == no), "{at}");
    let count = |kind: &str| events.iter().filter(|event| event["event"]["kind"] == kind).count();
    for (kind, times) in [("RunStarted", 1), ("ModelReplied", 3), ("CallApproved", 2), ("RunEnded", 1)] {
        assert_eq!(count(kind), times, "{at}: {kind}");
    }
}

#[test]
fn a_disk_that_fails_for_good_stops_the_run_and_nothing_is_doubled() {
    if !outside::works(&["strace", "-o", "/dev/null", "true"], "TACKROOM_HAVE_STRACE", PROMISE) {
        return;
    }
    let (mut untold, mut unknown, mut none) = (0, 0, 0);
    for first in [1, 5, 7, 8, 10, 12, 14, 15, 16, 17, 18, 19, 20, 23] {
        let (home, at) = (Home::new(), format!("{first}+"));
        let (ran, _) = run(&home, &at);
        ran.fails(1, &["the disk failed", "tackroom.db"]);
        let told: Vec<&str> = ran.out.lines().collect();
        if home.sessions().is_empty() {
            assert!(told.is_empty() && log(&home).is_empty(), "{at}: {ran:?}");
            none += 1;
            continue;
        }
        let id = home.only();
        let events = home.events(&id);
        assert_eq!(told, events[..told.len()], "{at}: what was told is stored, in that order");
        untold += usize::from(events.len() > told.len());
        let begun = events.iter().filter(|line| line.contains("\"kind\":\"CallStarted\"")).count();
        assert!(log(&home).lines().count() <= begun, "{at}: an effect without its intent: {ran:?}");
        unknown += goes_on(&home, &id);
        is_whole(&home, &id, &at);
    }
    println!(
        "{untold} runs left what they had not told, {unknown} outcomes were unknown, {none} began nothing"
    );
    assert!(untold > 0 && unknown > 0 && none > 0, "each of them is met");
}

#[test]
fn a_sync_that_fails_once_leaves_a_doubt_that_is_settled() {
    if !outside::works(&["strace", "-o", "/dev/null", "true"], "TACKROOM_HAVE_STRACE", PROMISE) {
        return;
    }
    for only in [8, 12, 15, 16, 17, 18, 20] {
        let (home, at) = (Home::new(), only.to_string());
        let (ran, failed) = run(&home, &at);
        assert!(ran.code == 0 && failed <= 2, "{at}: {failed} failed: {ran:?}");
        let id = home.only();
        assert_eq!(
            ran.out.lines().collect::<Vec<_>>(),
            home.events(&id),
            "{at}: what was told is what is stored"
        );
        is_whole(&home, &id, &at);
    }
}
