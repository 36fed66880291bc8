//! A file system that is really full, in a namespace of its own: a sentence, nothing lost that was told, no effect without its intent.

use crate::harness::binary::{Home, Ran, finish};
use crate::harness::outside;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Calls of the session.
const CALLS: usize = 8;
/// What takes up the room that is made later: enough for the rest of the session.
const BALLAST: u64 = 8 * 1024 * 1024;
/// With the file system there: fills it up but for the room given, runs, looks at it while it is full, makes room, goes on.
const SCRIPT: &str = r#"
    program=$1 model=$2 root=$3 ballast=$4
    head -c "$ballast" /dev/zero >"$root/disk/ballast" || exit 9
    go() { "$program" run Go. --headless --json --on-hold approve --model "$model"; }
    first() { "$program" sessions --json | sed -n 's/.*"sessions":\[{"id":"\([a-z0-9]*\)".*/\1/p'; }
    go >"$root/out" 2>"$root/err"
    echo $? >"$root/code"
    cp log "$root/log"
    cp -r "$root/disk/home" "$root/full"
    id=$(first)
    if [ -n "$id" ]; then
        "$program" events "$id" --json >"$root/read" || exit 8
        "$program" verify --all >&2 || exit 7
    fi
    rm "$root/disk/ballast"
    [ -n "$id" ] || go >&2
    id=$(first)
    for round in 1 2 3; do
        "$program" resume "$id" --headless --on-hold approve >&2 && break
        for call in c1 c2 c3 c4 c5 c6 c7 c8; do
            word=again
            grep -qx "$call" log && word=happened
            "$program" settle "$id" "$call" "$word" >&2
        done
    done
    cp -r "$root/disk/home" "$root/home"
"#;

/// Commands that leave a mark each and say much: some of it fits into an event, some is kept as content of its own.
fn talks(home: &Home) -> String {
    let call = |n: usize| {
        let size = if n.is_multiple_of(2) { 90_000 } else { 40_000 };
        let shell = format!("echo c{n} >> log; head -c {size} /dev/zero | tr '\\0' x");
        json!({"text": "One more.", "calls": [{"tool": "run_command", "args": {"shell": shell}}]})
    };
    let replies: Vec<Value> = (1..=CALLS).map(call).chain([json!({"text": "Done."})]).collect();
    home.script(json!(replies))
}

/// Runs with so many bytes on the disk.
fn run(home: &Home, free: u64) -> Ran {
    let (model, disk) = (talks(home), home.path("disk"));
    std::fs::create_dir(&disk).unwrap();
    std::fs::write(home.ws().join("log"), "").unwrap();
    let mut command = Command::new("bwrap");
    command.args(["--dev-bind", "/", "/", "--size", &(BALLAST + free).to_string(), "--tmpfs"]).arg(&disk);
    command.args(["--die-with-parent", "sh", "-c", SCRIPT, "sh", env!("CARGO_BIN_EXE_tackroom"), &model]);
    command.arg(home.path("")).arg(BALLAST.to_string());
    home.dress(&mut command);
    command.env("TACKROOM_HOME", disk.join("home"));
    let all = finish(command, b"");
    assert_eq!(all.code, 0, "{free}: {all:?}");
    let read = |name: &str| std::fs::read_to_string(home.path(name)).unwrap();
    let ran = Ran { code: read("code").trim().parse().unwrap(), out: read("out"), err: read("err") };
    println!(
        "{free} bytes: {} events told, {} marks left: {}",
        ran.out.lines().count(),
        lines(&home.path("log")).len(),
        ran.err.lines().rev().nth(1).unwrap_or_default()
    );
    ran
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_string).collect()
}

/// The calls that are told to have started.
fn started(events: &[String]) -> Vec<String> {
    let read = |line: &String| serde_json::from_str::<Value>(line).unwrap()["event"].clone();
    let begun = events.iter().map(read).filter(|event| event["kind"] == "CallStarted");
    begun.map(|event| format!("c{}", event["data"]["call"])).collect()
}

/// A command on the store as it was when the disk was full.
fn then(home: &Home, args: &[&str]) -> Ran {
    let mut command = home.command(args);
    command.env("TACKROOM_HOME", home.path("full"));
    finish(command, b"")
}

#[test]
fn a_full_file_system_loses_nothing_and_is_gone_on_with() {
    let probe = ["bwrap", "--dev-bind", "/", "/", "--size", "65536", "--tmpfs", "/tmp", "true"];
    if !outside::works(
        &probe,
        "TACKROOM_HAVE_TMPFS",
        "a full file system loses nothing that was said to be done",
    ) {
        return;
    }
    let (mut marks, mut all) = (Vec::new(), (1..=CALLS).map(|n| format!("c{n}")).collect::<Vec<_>>());
    for free in [40_000, 120_000, 200_000, 280_000, 340_000, 480_000, 600_000, 1_000_000] {
        let home = Home::new();
        let ran = run(&home, free);
        ran.fails(1, &["full", "make room"]);
        let left = lines(&home.path("log"));
        if left.is_empty() && ran.out.is_empty() {
            assert_eq!(then(&home, &["sessions", "--json"]).code, 0, "{free}");
        } else {
            let told: Vec<String> = ran.out.lines().map(str::to_string).collect();
            let id = home.only();
            let events = lines(&home.path("read"));
            assert_eq!(told, events[..told.len()], "{free}: what was told is stored, in that order");
            let ran = then(&home, &["events", &id, "--json"]);
            assert_eq!(ran.out.lines().collect::<Vec<_>>(), events, "{free}: the same elsewhere");
            assert_eq!(then(&home, &["verify", &id]).code, 0, "{free}");
            let begun = started(&events);
            assert!(left.iter().all(|mark| begun.contains(mark)), "{free}: {left:?} of {begun:?}");
            assert_eq!(events, home.events(&id)[..events.len()], "{free}: it is gone on with");
        }
        assert_eq!(home.sessions()[0]["status"], "done", "{free}");
        assert_eq!(home.run(&["verify", "--all"]).code, 0, "{free}");
        assert_eq!(lines(&home.ws().join("log")), all, "{free}: each effect once");
        marks.push(left.len());
    }
    marks.dedup();
    all.truncate(marks.len());
    assert!(marks.len() >= 3, "it was full at different moments: {marks:?}");
}
