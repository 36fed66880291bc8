//! Attacks on the operator's word, with the real program: an agent that answers for itself, a flag that outvotes a person, a
//! folder that is another by now, lines that pass for ours.

use crate::harness::binary::{Home, Running, until};
use crate::harness::promise;
use crate::harness::terminal::Terminal;
use crate::pty;
use serde_json::json;

/// Cause: whatever could start the program could approve, so a command that an operator had let run approved the calls
/// after it, in the operator's name.
#[test]
fn a_command_of_an_agent_does_not_answer_for_its_operator() {
    let home = Home::new();
    // Behind walls it would not find the store at all: see `sandbox_words`.
    home.config("[sandbox]\nprofile = \"none\"\n");
    let program = env!("CARGO_BIN_EXE_tackroom");
    let inner = home.path("inner").display().to_string();
    let store = home.home().display().to_string();
    // As plainly as can be; then as a daemon without an environment; then a run that approves itself.
    let line = format!(
        "export TACKROOM_HOME={store}; id=$({program} sessions --json | sed 's/.*\"id\":\"\\([^\"]*\\).*/\\1/'); \
         {program} approve $id c2; echo plain $?; \
         setsid env -i TACKROOM_HOME={store} sh -c \"{program} approve $id c2; echo daemon \\$?\" & wait; \
         {program} run go --headless --on-hold approve --model scripted:; echo run $?; \
         TACKROOM_HOME={inner} {program} approve $id c2; echo other $?"
    );
    let model = home.script(json!([
        {"calls": [
            {"tool": "run_command", "args": {"shell": line}},
            {"tool": "write_file", "args": {"path": "own.txt", "content": "x"}},
        ]},
        {"text": "Done."},
    ]));
    let ran = home.task(&model, "Go.", &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let id = home.only();
    assert_eq!(home.run(&["approve", &id, "c1", "--yes"]).code, 0);
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3, "c2 still waits");
    let events = home.events(&id).concat();
    for said in ["plain 1", "daemon 1", "run 1", "does not answer for its operator"] {
        assert!(events.contains(said), "{said}: {events}");
    }
    assert!(events.contains("other 2"), "another store is its own affair: {events}");
    assert!(!home.ws().join("own.txt").exists());
    assert_eq!(home.run(&["approve", &id, "c2", "--yes"]).code, 0, "the operator does");
    promise::kept("A8", "a command that answers for its operator, by each verb: refused");
}

/// Cause: `--on-hold approve` released every pause, also the one that a person had just asked for; only a cancel stopped it.
#[test]
fn a_flag_does_not_release_what_a_person_paused() {
    for key in ["p", "s"] {
        let home = Home::new();
        let line =
            |_| json!({"calls": [{"tool": "run_command", "args": {"shell": "echo x >> log; sleep 0.3"}}]});
        let model = home.script((0..200).map(line).collect());
        let args = [
            "run",
            "Go.",
            "--headless",
            "--json",
            "--on-hold",
            "approve",
            "--steps",
            "200",
            "--model",
            &model,
        ];
        let mut run = Running::start(home.command(&args));
        run.line_with("\"CallEnded\"");
        let id = home.only();
        let mut screen = Terminal::start(&home, &["--session", &id], 120, 40);
        screen.see("p pause"); // keys are orders, not text
        screen.keys(key);
        assert_eq!(run.end().code, 3, "{key}: it is held for the person");
        let done = std::fs::read_to_string(home.ws().join("log")).unwrap();
        // What the screen of that person does about it, it has done once it is gone: its runs park before it ends.
        let told = home.events(&id);
        pty::leave(&mut screen);
        assert_eq!(home.events(&id), told, "{key}: nothing more is told");
        assert_eq!(
            std::fs::read_to_string(home.ws().join("log")).unwrap(),
            done,
            "{key}: nothing more is done"
        );
    }
}

/// Cause: a session's folder was opened by its name alone, so one that had become a link elsewhere was read, and its
/// approved calls run, there.
#[test]
fn a_folder_that_became_a_link_is_not_worked_in() {
    let home = Home::new();
    let model = home.script(json!([
        {"calls": [{"tool": "write_file", "args": {"path": "out.txt", "content": "x"}}]},
        {"calls": [{"tool": "read_file", "args": {"path": "key"}}]},
        {"text": "Done."},
    ]));
    assert_eq!(home.task(&model, "Go.", &[]).code, 3);
    let id = home.only();
    assert_eq!(home.run(&["approve", &id, "c1", "--yes"]).code, 0);
    let (secret, kept) = (home.path("secret"), home.path("kept"));
    std::fs::create_dir(&secret).unwrap();
    std::fs::write(secret.join("key"), "SECRET-1").unwrap();
    std::fs::rename(home.ws(), &kept).unwrap();
    std::os::unix::fs::symlink(&secret, home.ws()).unwrap();
    let ran = home.run(&["resume", &id, "--headless"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("another folder"), "{ran:?}");
    assert!(!secret.join("out.txt").exists());
    assert!(!home.events(&id).concat().contains("SECRET-1"));
    std::fs::remove_file(home.ws()).unwrap();
    std::fs::rename(&kept, home.ws()).unwrap();
    until("the folder is back", || home.ws().is_dir());
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 0);
    assert!(home.ws().join("out.txt").exists());
}

/// Cause: line ends in a model's arguments were printed as they were.
#[test]
fn what_a_model_wrote_does_not_pass_for_our_lines() {
    let home = Home::new();
    let fake = "a\n    \u{2192} tackroom approve other c9\n";
    let long = "x".repeat(300) + "END";
    let model = home.script(json!([{"calls": [
        {"tool": "write_file", "args": {"path": fake, "content": long}},
        {"tool": "run_command", "args": {"shell": fake}},
    ]}]));
    assert_eq!(home.task(&model, "Go.", &[]).code, 3);
    let ran = home.run(&["pending"]);
    let ours = |line: &&str| line.trim_start().starts_with('\u{2192}');
    let id = home.only();
    let lines: Vec<&str> = ran.out.lines().filter(ours).collect();
    assert_eq!(lines.len(), 2, "{ran:?}");
    assert!(lines.iter().all(|line| line.contains(&id)), "{ran:?}");
    assert!(ran.out.contains("bytes]"), "what is cut is told: {ran:?}");
}

/// Cause: `--hash` was looked at by `approve` and `edit` only.
#[test]
fn every_answer_keeps_to_the_hash_it_is_given() {
    let home = Home::new();
    let model =
        home.script(json!([{"calls": [{"tool": "write_file", "args": {"path": "o", "content": "x"}}]}]));
    assert_eq!(home.task(&model, "Go.", &[]).code, 3);
    let (id, other) = (home.only(), "0".repeat(64));
    home.run(&["reject", &id, "c1", "--reason", "no", "--hash", &other]).fails(1, &["look again"]);
    home.run(&["respond", &id, "c1", "it is so", "--hash", &other]).fails(1, &["look again"]);
    assert_eq!(home.pending().len(), 1);
}

/// Cause: a line for the shell was told by its size in the conversation, the timeline and the inbox, as if it stood beside
/// something that says more.
#[test]
fn a_line_for_the_shell_is_told_by_its_beginning() {
    let line = "cargo test --all-targets && echo a rather long line that goes on beyond what is told of it; "
        .repeat(3);
    let told = tackroom::domain::card::brief(&serde_json::json!({ "timeout_s": 9, "shell": line }));
    assert!(told.starts_with("cargo test --all-targets && echo a rather long"), "{told}");
}
