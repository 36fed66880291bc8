//! `tackroom fork` and `tackroom restore`, the real program on real folders.

use crate::contracts::files::tree;
use crate::contracts::raw;
use crate::harness::binary::{Home, at_work, done, until_gone};
use serde_json::{Value, json};
use std::path::PathBuf;
use tackroom::domain::sandbox::Profile;

/// Three writes and a command, all approved by the flag.
fn finished(home: &Home) -> String {
    let model = home.script(json!([
        {"calls": [{"tool": "write_file", "args": {"path": "a.txt", "content": "first\n"}}]},
        {"calls": [{"tool": "write_file", "args": {"path": "a.txt", "content": "second\n"}}]},
        {"calls": [{"tool": "run_command", "args": {"shell": "rm notes.txt; mkdir made; echo x > made/b"}}]},
        {"text": "Done."},
    ]));
    done(&home.task(&model, "Go.", &["--on-hold", "approve"]));
    home.only()
}

/// The number of the n-th event of a kind, and all of them.
fn nth(home: &Home, id: &str, kind: &str, n: usize) -> String {
    let events = home.events(id);
    let event = |line: &String| serde_json::from_str::<Value>(line).unwrap()["event"].clone();
    let found: Vec<Value> = events.iter().map(event).filter(|event| event["kind"] == kind).collect();
    found[n]["no"].to_string()
}

fn forked(home: &Home, args: &[&str]) -> Value {
    let ran = home.run(&[&["fork"][..], args, &["--json"]].concat());
    done(&ran);
    ran.json()
}

fn path(told: &Value) -> PathBuf {
    PathBuf::from(told["workspace"].as_str().unwrap())
}

#[test]
fn a_fork_has_the_files_of_its_event_and_goes_on() {
    let home = Home::new();
    let id = finished(&home);
    let (live, log) = (tree(&home.ws()), home.events(&id));
    let told = forked(&home, &[&id, "--at", &nth(&home, &id, "CallEnded", 0)]);
    assert_eq!(told["version"], 1);
    assert_eq!(told["files"], json!({"source": "kept", "count": 2}));
    let profile = |name: &str| Profile::parse(told["sandbox"][name].as_str().unwrap());
    assert!(profile("original").is_some() && profile("here").is_some(), "{told}");
    assert!(path(&told).starts_with(home.home()), "{told}");
    let files = tree(&path(&told));
    assert_eq!(files["a.txt"], "file 644 first\n");
    assert_eq!(
        files["notes.txt"],
        live.get("notes.txt").cloned().unwrap_or("file 644 one\ntwo\nthree\n".into())
    );
    let new = told["session"].as_str().unwrap();
    assert_eq!(home.run(&["resume", new, "--headless"]).code, 3, "what was approved before asks again");
    done(&home.run(&["resume", new, "--headless", "--on-hold", "approve"]));
    assert_eq!(tree(&path(&told)), live, "it came to the same end");
    assert_eq!(
        (tree(&home.ws()), home.events(&id)),
        (live, log),
        "the parent and its folder are as they were"
    );
}

#[test]
fn from_its_end_it_finds_the_files_as_the_run_left_them() {
    let home = Home::new();
    let id = finished(&home);
    let live = tree(&home.ws());
    std::fs::write(home.ws().join("a.txt"), "changed by a person since").unwrap();
    let told = forked(&home, &[&id]);
    assert_eq!(tree(&path(&told)), live);
    assert_eq!(told["files"]["source"], "kept");
}

#[test]
fn other_arguments_another_decision_and_a_note() {
    let home = Home::new();
    let id = finished(&home);
    let args = r#"c2={"path":"c.txt","content":"third\n"}"#;
    let ran = home.run(&[
        "fork",
        &id,
        "--args",
        args,
        "--note",
        "be careful",
        "--headless",
        "--on-hold",
        "approve",
    ]);
    done(&ran);
    let new = home.sessions()[0]["id"].as_str().unwrap().to_string();
    assert_eq!(home.sessions()[0]["parent"]["session"], json!(id));
    let kinds = home.kinds(&new);
    assert!(kinds.contains(&"SessionForked".to_string()) && kinds.contains(&"OperatorSteered".to_string()));
    let workspace = home.home().join("data/forks").join(&new);
    let files = tree(&workspace);
    assert_eq!((files["a.txt"].as_str(), files["c.txt"].as_str()), ("file 644 first\n", "file 644 third\n"));
    assert!(!home.ws().join("c.txt").exists());

    let into = home.path("elsewhere");
    let told = forked(&home, &[&id, "--reject", "c1=not here", "--into", into.to_str().unwrap()]);
    assert_eq!(path(&told), std::fs::canonicalize(&into).unwrap());
    assert!(!into.join("a.txt").exists() && into.join("notes.txt").exists());
    let shown = home.run(&["sessions"]);
    done(&shown);
    assert!(shown.out.contains("└"), "forks stand under their parent: {shown:?}");
}

#[test]
fn what_is_wrong_is_said() {
    let home = Home::new();
    let id = finished(&home);
    home.run(&["fork", &id, "--at", "999"]).fails(2, &["no event #999"]);
    home.run(&["fork", &id, "--args", "c1"]).fails(2, &["--args wants a call"]);
    home.run(&["fork", &id, "--args", "c1={"]).fails(2, &["not JSON"]);
    home.run(&["fork", &id, "--args", r#"c1={"path":1}"#]).fails(1, &["do not fit"]);
    home.run(&["fork", &id, "--at", "5", "--reject", "c9=x"]).fails(1, &["no call c9"]);
    let ws = home.ws().display().to_string();
    home.run(&["fork", &id, "--into", &ws]).fails(1, &["not empty"]);
    home.run(&["restore", &id]).fails(2, &["--at"]);
    home.run(&["restore", &id, "--undo"]).fails(2, &["nothing was put back"]);
    home.run(&["restore", &id, "--at", "999"]).fails(2, &["no such event"]);
    assert_eq!(home.sessions().len(), 1);
}

#[test]
fn a_restore_is_shown_done_undone_and_redone() {
    let home = Home::new();
    let id = finished(&home);
    let after = tree(&home.ws());
    let first = nth(&home, &id, "WorkspaceKept", 0);
    let asked = home.run(&["restore", &id, "--at", &first]);
    asked.fails(2, &["nobody was asked"]);
    for line in ["remove  a.txt", "create  notes.txt", "remove  made/b"] {
        assert!(asked.out.contains(line), "{line}: {asked:?}");
    }
    assert_eq!(tree(&home.ws()), after, "nothing was changed");
    done(&home.run(&["restore", &id, "--at", &first, "--yes"]));
    let before = tree(&home.ws());
    assert_eq!(before.keys().collect::<Vec<_>>(), ["notes.txt"]);
    done(&home.run(&["restore", &id, "--undo", "--yes"]));
    assert_eq!(tree(&home.ws()), after);
    let told = home.run(&["restore", &id, "--undo", "--yes", "--json"]);
    done(&told);
    assert_eq!(told.json()["failed"], json!([]));
    assert_eq!(tree(&home.ws()), before, "undone, and redone");
    let again = home.run(&["restore", &id, "--at", &first, "--yes"]);
    done(&again);
    assert!(again.out.contains("are as they were"), "{again:?}");
    assert_eq!(home.kinds(&id).iter().filter(|kind| *kind == "RestoreStarted").count(), 3);
}

#[test]
fn nothing_is_put_back_under_a_running_session() {
    let home = Home::new();
    let (run, log) = at_work(&home);
    let id = home.only();
    let kept = nth(&home, &id, "WorkspaceKept", 0);
    home.run(&["restore", &id, "--at", &kept, "--yes"]).fails(1, &["being driven"]);
    assert!(log.exists());
    // Killed in the middle of the call: the files were kept before it, so both ways are open.
    assert!(run.kill().0);
    until_gone(&log);
    let told = forked(&home, &[&id]);
    assert!(!path(&told).join("log").exists(), "the call had not ended: the files are those before it");
    let new = told["session"].as_str().unwrap();
    let ran = home.run(&["resume", new, "--headless"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("waits for approval"), "not of unknown outcome here, and not run: {ran:?}");
    done(&home.run(&["restore", &id, "--at", &kept, "--yes"]));
    assert!(!log.exists());
}

#[test]
fn reading_and_looking_keeps_nothing() {
    let home = Home::new();
    let model = home.script(
        json!([{"calls": [{"tool": "read_file", "args": {"path": "notes.txt"}}]}, {"text": "Read."}]),
    );
    done(&home.task(&model, "Read it.", &[]));
    let kinds = home.kinds(&home.only());
    assert!(!kinds.iter().any(|kind| kind.starts_with("Workspace")), "{kinds:?}");
}

/// What a session's manifests name stays when another session goes for good, however long ago it was stored.
#[test]
fn a_purge_leaves_what_others_have_kept() {
    let home = Home::new();
    let id = finished(&home);
    let other = forked(&home, &[&id])["session"].as_str().unwrap().to_string();
    done(&home.run(&["sessions", "delete", &other]));
    let store = raw(&home.home().join("data"));
    store.execute("UPDATE uses SET at = 0 WHERE session = ''", []).unwrap();
    drop(store);
    done(&home.run(&["sessions", "purge", &other]));
    let told = forked(&home, &[&id, "--at", &nth(&home, &id, "CallEnded", 0)]);
    assert_eq!(tree(&path(&told))["a.txt"], "file 644 first\n");
    assert_eq!(told["missing"], json!([]));
}
