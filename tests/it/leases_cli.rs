//! Leases with the real program: shown, granted, used, listed and revoked from a terminal; not by an agent's own command; and
//! exact through `kill -9`.

use crate::harness::binary::{Home, Running, ok, until};
use crate::harness::terminal::Terminal;
use serde_json::{Value, json};

fn call(argv: &[&str]) -> Value {
    json!({"calls": [{"tool": "run_command", "args": {"argv": argv}}]})
}

fn path(file: &str, content: &str) -> Value {
    json!({"calls": [{"tool": "write_file", "args": {"path": file, "content": content}}]})
}

/// A run without walls, held at its first call.
fn held(home: &Home, replies: Vec<Value>) -> String {
    home.config("[sandbox]\nprofile = \"none\"\n");
    let model = home.script(Value::from(replies));
    let ran = home.task(&model, "Go.", &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    home.only()
}

fn count(home: &Home, id: &str, kind: &str) -> usize {
    home.kinds(id).iter().filter(|one| *one == kind).count()
}

#[test]
fn a_lease_is_shown_granted_used_listed_and_revoked() {
    let home = Home::new();
    let echo = |word: &str| call(&["echo", "tested", word]);
    let id = held(
        &home,
        vec![echo("a"), echo("b"), echo("c"), echo("d"), call(&["echo", "other"]), json!({"text": "Done."})],
    );
    let shown = ok(home.run(&["lease", "show", &id, "c1", "--arg", "argv starts [\"echo\",\"tested\"]"]));
    for words in [
        "uses = 5",
        "until = run",
        "argv starts [\"echo\",\"tested\"]",
        "would have allowed no other call",
        "--hash",
    ] {
        assert!(shown.out.contains(words), "{words}: {}", shown.out);
    }
    let json = ok(home.run(&["lease", "show", &id, "c1", "--json"])).json();
    assert_eq!(json["version"], 1);
    assert!(
        json["terms"].as_str().unwrap().contains("argv is [\"echo\",\"tested\",\"a\"]"),
        "exact unless widened: {json}"
    );
    let hash = json["hash"].as_str().unwrap();
    // Nobody grants what nobody saw, nor what does not cover the call, nor what was something else.
    let wide = ["--arg", "argv starts [\"echo\",\"tested\"]"];
    home.run(&["lease", "grant", &id, "c1"]).fails(2, &["nobody has seen"]);
    home.run(&["lease", "grant", &id, "c1", "--yes", "--arg", "argv starts [\"rm\"]"])
        .fails(1, &["no such lease"]);
    home.run(&["lease", "grant", &id, "c1", "--yes", "--arg", "argv like x"]).fails(2, &["one of"]);
    home.run(&["lease", "grant", &id, "c1", "--yes", "--uses", "0"]).fails(2, &["1 to 1000"]);
    home.run(&["lease", "grant", &id, "c1", "--hash", &"0".repeat(64)]).fails(1, &["has changed"]);
    home.run(&["lease", "grant", &id, "c9", "--yes"]).fails(1, &["no call"]);
    home.run(&["lease", "revoke", &id, "l1"]).fails(1, &["no lease l1"]);
    home.run(&["lease", "revoke", &id, "x"]).fails(2, &["no lease"]);
    let granted =
        ok(home.run(&[&["lease", "grant", &id, "c1", "--hash", hash, "--uses", "2"][..], &wide].concat()));
    assert!(granted.out.contains("l1  run_command  live  0 of 2 used"), "{}", granted.out);
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3, "used up: c4 waits");
    let list = ok(home.run(&["leases", &id, "--json"])).json();
    assert_eq!((&list["leases"][0]["used"], &list["leases"][0]["over"]), (&json!(2), &json!("used up")));
    assert_eq!(count(&home, &id, "LeaseUsed"), 2);
    // Once more, for all that follows; then it is taken back, and what follows asks.
    ok(home.run(&[&["lease", "grant", &id, "c4", "--yes", "--until", "session 1h"][..], &wide].concat()));
    ok(home.run(&["lease", "revoke", &id, "l2"]));
    home.run(&["lease", "revoke", &id, "l2"]).fails(1, &["revoked already"]);
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3, "c5 is something else, and waits");
    ok(home.run(&["approve", &id, "c5", "--yes"]));
    ok(home.run(&["resume", &id, "--headless"]));
    let told = ok(home.run(&["leases", &id]));
    assert!(told.out.contains("used up") && told.out.contains("revoked"), "{}", told.out);
    assert!(ok(home.run(&["verify", &id])).out.contains("whole"));
    // A fork has what was told of it, and none of it to use.
    ok(home.run(&["fork", &id]));
    assert!(ok(home.run(&["verify", "--all"])).out.contains("2 whole, 0 differ"));
    let audit = ok(home.run(&["audit", &id, "--json"])).json();
    assert_eq!(audit["sessions"][0]["calls"][1]["leased"][0]["nth"], 1, "{audit}");
    for form in ["md", "html", "jsonl"] {
        let file = home.path(&format!("out.{form}")).display().to_string();
        ok(home.run(&["sessions", "export", &id, "--format", form, "--output", &file]));
        let text = std::fs::read_to_string(&file).unwrap();
        let words = if form == "jsonl" { "LeaseUsed" } else { "approved by lease l1 of" };
        assert!(text.contains(words), "{form}: {text}");
    }
    let replayed = ok(home.run(&["replay", &id, "--headless"]));
    assert!(replayed.out.contains("lease l1, use 2 of 2"), "{}", replayed.out);
    let inspected = ok(home.run(&["inspect", &id, "c2"]));
    assert!(inspected.out.contains("by lease l1 of ada"), "{}", inspected.out);
}

#[test]
fn a_lease_on_a_file_does_not_follow_a_link() {
    let home = Home::new();
    std::fs::create_dir_all(home.ws().join("docs")).unwrap();
    std::fs::create_dir_all(home.ws().join("hidden")).unwrap();
    std::os::unix::fs::symlink(home.ws().join("hidden"), home.ws().join("docs/link")).unwrap();
    std::os::unix::fs::symlink("../hidden", home.ws().join("docs/near")).unwrap();
    let replies = ["docs/a.md", "docs/b.md", "docs/near/c.md"].map(|file| path(file, "text"));
    let id = held(&home, replies.into_iter().chain([json!({"text": "Done."})]).collect());
    let wide = ["--arg", "path below docs", "--arg", "content any"];
    ok(home.run(&[&["lease", "grant", &id, "c1", "--yes"][..], &wide].concat()));
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3);
    assert!(home.ws().join("docs/b.md").exists(), "the second is covered");
    assert_eq!(home.pending()[0]["call"], "c3", "the link asks: {:?}", home.pending());
    assert!(!home.ws().join("hidden/c.md").exists());
}

/// Cause: the calls of a reply are judged before the first of them runs, so one could lay the link that the next one follows.
#[test]
fn a_link_that_is_laid_in_the_same_reply_is_not_followed() {
    let home = Home::new();
    std::fs::create_dir_all(home.ws().join("docs")).unwrap();
    std::fs::create_dir_all(home.ws().join("hidden")).unwrap();
    let both = json!({"calls": [
        {"tool": "run_command", "args": {"argv": ["ln", "-s", "../hidden", "docs/near"]}},
        {"tool": "write_file", "args": {"path": "docs/near/c.md", "content": "text"}},
    ]});
    let id = held(&home, vec![path("docs/a.md", "text"), both, json!({"text": "Done."})]);
    let wide = ["--arg", "path below docs", "--arg", "content any"];
    ok(home.run(&[&["lease", "grant", &id, "c1", "--yes"][..], &wide].concat()));
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3, "the command asks");
    ok(home.run(&["approve", &id, "c2", "--yes"]));
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3, "the write asks");
    assert_eq!(home.pending()[0]["call"], "c3", "{:?}", home.pending());
    assert!(home.ws().join("docs/near").exists() && !home.ws().join("hidden/c.md").exists());
    assert!(ok(home.run(&["verify", &id])).out.contains("whole"));
}

#[test]
fn a_command_of_an_agent_gives_no_lease() {
    let home = Home::new();
    home.config("[sandbox]\nprofile = \"none\"\n");
    let program = env!("CARGO_BIN_EXE_tackroom");
    let store = home.home().display().to_string();
    let line = format!(
        "export TACKROOM_HOME={store}; id=$({program} sessions --json | sed 's/.*\"id\":\"\\([^\"]*\\).*/\\1/'); \
         {program} lease grant $id c2 --yes; echo grant $?; {program} lease revoke $id l1; echo revoke $?"
    );
    let model = home.script(json!([
        {"calls": [
            {"tool": "run_command", "args": {"shell": line}},
            {"tool": "write_file", "args": {"path": "own.txt", "content": "x"}},
        ]},
        {"text": "Done."},
    ]));
    assert_eq!(home.task(&model, "Go.", &[]).code, 3);
    let id = home.only();
    ok(home.run(&["approve", &id, "c1", "--yes"]));
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3, "c2 still waits");
    let events = home.events(&id).concat();
    for said in ["grant 1", "revoke 1", "does not answer for its operator"] {
        assert!(events.contains(said), "{said}: {events}");
    }
    assert_eq!(count(&home, &id, "LeaseGranted"), 0);
}

#[test]
fn a_kill_between_a_use_and_its_effect_keeps_the_count() {
    let home = Home::new();
    let log = home.ws().join("log").display().to_string();
    let line = format!("echo x >> {log}; sleep 30");
    let slow = || json!({"calls": [{"tool": "run_command", "args": {"shell": line}}]});
    let id = held(&home, vec![slow(), slow(), slow(), json!({"text": "Done."})]);
    // The exact line may be granted, however a shell reads it; wider it may not.
    home.run(&["lease", "grant", &id, "c1", "--yes", "--arg", "shell any"]).fails(1, &["no such lease"]);
    ok(home.run(&["lease", "grant", &id, "c1", "--yes", "--uses", "1"]));
    let lines = || std::fs::read_to_string(home.ws().join("log")).unwrap_or_default().lines().count();
    for (nth, call) in [(1, "c1"), (2, "c2")] {
        let run = Running::start(home.command(&["resume", &id, "--headless", "--json"]));
        until("it runs", || lines() >= nth);
        assert!(run.kill().0);
        crate::harness::binary::until_gone(&home.ws().join("log"));
        assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3, "{call} is of unknown outcome");
        assert_eq!(count(&home, &id, "LeaseUsed"), nth - 1, "{call}");
        ok(home.run(&["settle", &id, call, "happened"]));
    }
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3, "c3 asks: the one use is gone");
    assert_eq!(home.pending()[0]["call"], "c3");
    assert_eq!((lines(), count(&home, &id, "LeaseUsed")), (2, 1));
    assert!(ok(home.run(&["verify", &id])).out.contains("whole"));
}

#[test]
fn a_lease_is_given_on_the_screen() {
    let home = Home::new();
    let echo = |word: &str| call(&["echo", "tested", word]);
    let id = held(&home, vec![echo("a"), echo("b"), json!({"text": "All is tested."})]);
    let mut screen = Terminal::start(&home, &["resume", &id], 120, 40);
    screen.see("1 waiting for you");
    screen.so("the panel has the keys", |text| text.contains("a always…"));
    screen.counts();
    screen.keys("a");
    screen.see("A lease for c1 run_command");
    screen.see("this would have allowed no other call");
    screen.keys("\x1b[B\x1b[B\x1b[B\x0b");
    screen.see_no_more("argv is");
    screen.keys("argv starts [\"echo\",\"tested\"]");
    screen.see("more calls of run_command as written");
    assert_eq!(count(&home, &id, "LeaseGranted"), 0, "typing grants nothing");
    screen.see("Ctrl-S grant"); // it is told once it counts
    screen.keys("\x13");
    screen.see("All is tested.");
    until("it is done", || home.sessions()[0]["status"] == "done");
    assert_eq!((count(&home, &id, "LeaseUsed"), count(&home, &id, "CallApproved")), (1, 1));
    crate::pty::leave(&mut screen);
    assert!(ok(home.run(&["verify", &id])).out.contains("whole"));
}
