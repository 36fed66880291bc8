//! The debugger by commands, with the real program: breakpoints by flag and from another terminal, steps, notes, `kill -9` at a hit.

use crate::harness::binary::{Home, Running, done, finish};
use serde_json::{Value, json};

/// A read, a write below `src`, an edit that fails, and a last word.
fn script(home: &Home) -> String {
    home.script(json!([
        {"text": "I read.", "calls": [{"tool": "read_file", "args": {"path": "notes.txt"}}], "usage": {"input": 10, "output": 5}},
        {"text": "I write.", "calls": [{"tool": "write_file", "args": {"path": "src/out.txt", "content": "hello\n"}}]},
        {"text": "I look.", "calls": [{"tool": "read_file", "args": {"path": "nowhere.txt"}}]},
        {"text": "Done."},
    ]))
}

fn hits(home: &Home, id: &str) -> Vec<Value> {
    let event = |line: &String| serde_json::from_str::<Value>(line).unwrap()["event"].clone();
    home.events(id).iter().map(event).filter(|event| event["kind"] == "BreakpointHit").collect()
}

/// A run that goes until it is stopped there.
fn stopped(home: &Home, at: &[&str]) -> String {
    let breaks: Vec<&str> = at.iter().flat_map(|at| ["--break", at]).collect();
    let ran = home.task(&script(home), "Go.", &[&breaks[..], &["--on-hold", "approve"]].concat());
    assert_eq!(ran.code, 3, "{at:?}: {ran:?}");
    assert!(
        ran.err.contains("it stands at breakpoint b1") && ran.err.contains("tackroom continue"),
        "{ran:?}"
    );
    ran.is_clean();
    home.only()
}

#[test]
fn each_kind_stops_a_headless_run_with_a_sentence_and_exit_code_3() {
    for (at, why, written) in [
        ("tool=write_file", "the next call is of write_file", false),
        ("risky", "side-effect", false),
        ("effect=read-only", "the next call, of read_file", false),
        ("arg:/path~^src/", "/path is src/out.txt", false),
        ("arg:/path=nowhere.txt", "/path is nowhere.txt", true),
        ("steps=2", "had 2 model turns", true),
        ("tokens=15", "15 tokens", false),
        ("fault", "call c3 ended so: error", true),
    ] {
        let home = Home::new();
        let id = stopped(&home, &[at]);
        assert_eq!(home.ws().join("src/out.txt").exists(), written, "{at}");
        let hits = hits(&home, &id);
        assert_eq!(hits.len(), 1, "{at}");
        assert_eq!(hits[0]["data"]["spec"], at);
        let list = home.run(&["break", &id, "list"]);
        done(&list);
        assert!(
            list.out.contains(at) && list.out.contains("it stands at b1") && list.out.contains(why),
            "{list:?}"
        );
        let again = home.run(&["resume", &id, "--headless", "--on-hold", "approve"]);
        assert_eq!(again.code, 3, "taking it up is no word to go on: {again:?}");
        done(&home.run(&["break", &id, "remove", "all"]));
        let on = home.run(&["continue", &id]);
        done(&on);
        assert!(on.out.contains(&format!("tackroom resume {id}")), "{on:?}");
        done(&home.run(&["resume", &id, "--headless", "--on-hold", "approve"]));
        assert_eq!(std::fs::read_to_string(home.ws().join("src/out.txt")).unwrap(), "hello\n");
        home.run(&["continue", &id]).fails(1, &["hint: "]);
    }
}

#[test]
fn what_cannot_be_read_is_a_sentence_with_exit_code_2() {
    let home = Home::new();
    let model = script(&home);
    home.task(&model, "Go.", &["--break", "moon=full"]).fails(2, &["nothing to stop at", "tool=NAME"]);
    home.task(&model, "Go.", &["--break", "arg:/path~("]).fails(2, &["unclosed group"]);
    home.task(&model, "Go.", &["--break", "risky", "--break", "risky"]).fails(1, &["b1 is that already"]);
    assert!(home.sessions().is_empty(), "nothing was begun");
    let id = stopped(&home, &["tool=write_file"]);
    home.run(&["break", &id, "add", "cost=much"]).fails(2, &["no amount of dollars", "cost=0.50"]);
    home.run(&["break", &id, "add", "tool=write_file"]).fails(1, &["b1 is that already"]);
    home.run(&["break", &id, "add", "steps=1"]).fails(1, &["steps=+N"]);
    home.run(&["break", &id, "remove", "b9"]).fails(1, &["no breakpoint b9"]);
    home.run(&["break", &id, "remove", "first"]).fails(2, &["b1, b2"]);
    home.run(&["continue", &id, "--until", "soon"]).fails(2, &["nothing to stop at"]);
    home.run(&["note", &id]).fails(2, &["--help"]);
    home.run(&["note", &id, " "]).fails(1, &["nothing in the message"]);
    home.run(&["note", &id, "--remove", "n3"]).fails(1, &["no note n3"]);
    home.run(&["step", "zzz"]).fails(2, &["zzz"]);
}

/// Breakpoints, a step, going on until, and an approval, all from another terminal while the run goes on.
#[test]
fn another_terminal_sets_steps_and_goes_on() {
    let home = Home::new();
    let ws = home.ws().display().to_string();
    let model = script(&home);
    let args =
        ["run", "Go.", "--workspace", &ws, "--model", &model, "--headless", "--json", "--on-hold", "wait"];
    let mut run = Running::start(home.command(&[&args[..], &["--break", "once effect=read-only"]].concat()));
    run.line_with("\"BreakpointHit\"");
    let id = home.only();
    let set = home.run(&["break", &id[..4], "add", "once", "risky"]);
    done(&set);
    assert!(set.out.contains("b2") && set.out.contains("side effect"), "{set:?}");
    done(&home.run(&["step", &id]));
    run.line_with("\"CallEnded\"");
    assert_eq!(home.sessions()[0]["status"], "stepping", "one step, no more");
    let on = home.run(&["continue", &id]);
    done(&on);
    assert!(!on.out.contains("nobody drives"), "{on:?}");
    run.line_with("\"BreakpointHit\"");
    let kinds: Vec<String> =
        home.pending().iter().map(|item| item["kind"].as_str().unwrap().to_string()).collect();
    assert_eq!(kinds, ["approval", "breakpoint"]);
    done(&home.run(&["approve", &id, "c2", "--yes"]));
    assert!(!home.ws().join("src/out.txt").exists(), "approving starts nothing at a breakpoint");
    let until = home.run(&["continue", &id, "--until", "fault=tool"]);
    done(&until);
    assert!(until.out.contains("goes on until b3  once fault=tool"), "{until:?}");
    run.line_with("\"BreakpointHit\"");
    assert!(home.ws().join("src/out.txt").exists());
    done(&home.run(&["continue", &id]));
    run.line_with("\"RunEnded\"");
    assert_eq!(run.end().code, 0);
    assert_eq!(hits(&home, &id).len(), 3);
    let list = home.run(&["break", &id]);
    assert!(list.out.contains("no breakpoint stands"), "{list:?}");
}

#[test]
fn killed_at_a_hit_the_same_hold_is_found_and_nothing_was_done() {
    let home = Home::new();
    let ws = home.ws().display().to_string();
    let model = script(&home);
    let args =
        ["run", "Go.", "--workspace", &ws, "--model", &model, "--headless", "--json", "--on-hold", "wait"];
    let mut run = Running::start(home.command(&[&args[..], &["--break", "once arg:/path~^src/"]].concat()));
    run.line_with("\"BreakpointHit\"");
    let id = home.only();
    let before = home.pending();
    assert!(run.kill().0);
    for _ in 0..3 {
        assert_eq!(home.pending(), before, "the same hold");
        let mut again =
            Running::start(home.command(&["resume", &id, "--headless", "--json", "--on-hold", "wait"]));
        again.line_with("\"WriterTaken\"");
        assert!(again.kill().0);
    }
    assert_eq!(home.pending(), before, "the same hold");
    assert!(!home.ws().join("src/out.txt").exists());
    let edited = home.run(&["edit", &id, "c2", "--args", r#"{"path":"src/out.txt","content":"edited\n"}"#]);
    done(&edited);
    done(&home.run(&["continue", &id]));
    done(&home.run(&["resume", &id, "--headless", "--on-hold", "approve"]));
    assert_eq!(std::fs::read_to_string(home.ws().join("src/out.txt")).unwrap(), "edited\n");
    assert_eq!(hits(&home, &id).len(), 1, "hit once");
}

/// A call that the policy allows may be changed or refused while the run stands before it.
#[test]
fn an_allowed_call_is_changed_at_a_breakpoint() {
    let home = Home::new();
    let id = stopped(&home, &["tool=read_file"]);
    home.run(&["approve", &id, "c1"]).fails(1, &["not waiting"]);
    done(&home.run(&["edit", &id, "c1", "--args", r#"{"path":"notes.txt","from_line":2}"#]));
    done(&home.run(&["continue", &id]));
    assert_eq!(home.run(&["resume", &id, "--headless", "--on-hold", "approve"]).code, 3, "the other read");
    let last = home.events(&id).concat();
    assert!(last.contains("CallEdited") && last.contains("\"from_line\":2"), "{last}");
    done(&home.run(&["reject", &id, "c3", "--reason", "not that file"]));
    done(&home.run(&["continue", &id]));
    done(&home.run(&["resume", &id, "--headless", "--on-hold", "approve"]));
    assert!(home.events(&id).concat().contains("not that file"));
}

#[test]
fn a_note_goes_with_the_next_request_unless_it_is_taken_back() {
    let home = Home::new();
    let id = stopped(&home, &["steps=1"]);
    for text in ["Only below src.", "Never mind."] {
        done(&home.run(&["note", &id, text]));
    }
    done(&finish(home.command(&["note", &id, "-"]), b"From a pipe.\n"));
    done(&home.run(&["note", &id, "--remove", "n2"]));
    home.run(&["note", &id, "--remove", "n2"]).fails(1, &["does not wait any more"]);
    let list = home.run(&["note", &id, "--list"]);
    done(&list);
    assert_eq!(list.out, "n1  Only below src.\nn3  From a pipe.\n");
    let json = home.run(&["note", &id, "--list", "--json"]).json();
    assert_eq!((&json["version"], &json["notes"][1]["text"]), (&json!(1), &json!("From a pipe.")));
    done(&home.run(&["continue", &id]));
    done(&home.run(&["resume", &id, "--headless", "--on-hold", "approve"]));
    let asked: Vec<Value> = home
        .events(&id)
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].clone())
        .filter(|event| event["kind"] == "ModelAsked")
        .collect();
    assert_eq!(asked[0]["data"]["notes"], Value::Null);
    assert_eq!(asked[1]["data"]["notes"], json!([1, 3]));
    assert_eq!(asked[2]["data"]["notes"], Value::Null);
    home.run(&["note", &id, "--remove", "n1"]).fails(1, &["hint: "]);
}
