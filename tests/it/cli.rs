//! Every verb of the real program: what it does, its exit code, the shape of its JSON, and that reading never writes.

use crate::contracts::Pen;
use crate::harness::binary::{Home, Running, done, finish, is_raw, killed};
use rustix::process::Signal;
use serde_json::{Value, json};
use tackroom::adapters::engine::sqlite::Sqlite;

/// One write that waits, then a last word.
fn one_write(home: &Home) -> String {
    home.script(json!([
        {"text": "I write.", "calls": [{"tool": "write_file", "args": {"path": "out.txt", "content": "hello\n"}}]},
        {"text": "It says: {{last_result}}"},
    ]))
}

/// A session that waits for an approval.
fn held(home: &Home) -> String {
    let ran = home.task(&one_write(home), "Write it.", &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    ran.is_clean();
    home.only()
}

/// A session whose call was killed while it ran.
fn unknown(home: &Home) -> String {
    let id = killed(home);
    let ran = home.run(&["resume", &id, "--headless"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("unknown outcome"), "{ran:?}");
    id
}

/// Names and types, without values: what a program that reads it relies on.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        Value::Array(list) => list.first().map(shape).into_iter().collect(),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!("number"),
        Value::Bool(_) => json!("bool"),
        Value::Null => Value::Null,
    }
}

#[test]
fn the_demo_stops_at_its_approval_and_goes_on() {
    let home = Home::new();
    let ran = home.run(&["demo", "--headless"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("tackroom resume") && ran.err.contains("waits for approval"), "{ran:?}");
    ran.is_clean();
    let id = home.only();
    done(&home.run(&["approve", &id, home.pending()[0]["call"].as_str().unwrap(), "--yes"]));
    done(&home.run(&["resume", &id, "--headless"]));
    assert!(home.kinds(&id).contains(&"CallApproved".to_string()));
}

#[test]
fn the_demo_goes_through_with_a_rejection() {
    let home = Home::new();
    let ran = home.run(&["demo", "--headless", "--on-hold", "reject"]);
    done(&ran);
    assert!(home.kinds(&home.only()).contains(&"CallRejected".to_string()));
    let last = home.events(&home.only()).concat();
    assert!(last.contains("The report was not written") && !last.contains("The report is at"), "{last}");
}

#[test]
fn the_demo_says_whose_words_were_written_after_an_edit() {
    let home = Home::new();
    home.run(&["demo", "--headless", "--workspace", "."]);
    let (id, call) = (home.only(), home.pending()[0]["call"].as_str().unwrap().to_string());
    let args = r##"{"path": "mine.md", "content": "# Mine\n\"quoted\"\n"}"##;
    done(&home.run(&["edit", &id, &call, "--args", args]));
    done(&home.run(&["resume", &id, "--headless"]));
    let events = home.events(&id);
    let said = events.iter().rfind(|event| event.contains("ModelReplied")).unwrap();
    assert!(said.contains("You changed the call before it ran") && said.contains("mine.md"), "{said}");
    assert!(!said.contains("quoted") && !said.contains("report.md"), "no escaped arguments: {said}");
    assert!(home.ws().join("mine.md").exists());
}

#[test]
fn the_demo_goes_through_with_an_approval_and_prints_events() {
    let home = Home::new();
    let ran = home.run(&["demo", "--headless", "--json", "--on-hold", "approve", "--workspace", "."]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let lines: Vec<String> = ran.out.lines().map(str::to_string).collect();
    assert_eq!(lines, home.events(&home.only()), "what was printed is what is stored");
    assert!(home.ws().join("report.md").exists());
}

#[test]
fn the_demo_waits_for_another_terminal() {
    let home = Home::new();
    let mut run = Running::start(home.command(&["demo", "--headless", "--json", "--on-hold", "wait"]));
    run.line_with("\"word\":\"ask\"");
    let id = home.only();
    let said = home.run(&["approve", &id, home.pending()[0]["call"].as_str().unwrap(), "--yes"]);
    done(&said);
    assert!(!said.out.contains("nobody drives"), "{said:?}");
    run.line_with("\"RunEnded\"");
    assert_eq!(run.end().code, 0);
}

#[test]
fn approve_edit_reject_and_respond_answer_a_held_call() {
    for (verb, more, file, told) in [
        ("approve", &["--yes"][..], Some("hello\n"), "created out.txt"),
        (
            "edit",
            &["--args", r#"{"path":"out.txt","content":"edited\n"}"#][..],
            Some("edited\n"),
            "changed the arguments",
        ),
        ("reject", &["--reason", "not today"][..], None, "not today"),
        ("respond", &["it is written elsewhere"][..], None, "it is written elsewhere"),
    ] {
        let home = Home::new();
        let id = held(&home);
        let short = &id[..4];
        let ran = home.run(&[&[verb, short, "c1"][..], more].concat());
        done(&ran);
        assert!(ran.out.contains(&format!("tackroom resume {id}")), "{ran:?}");
        home.run(&[&[verb, short, "c1"][..], more].concat()).fails(1, &["tackroom pending"]);
        done(&home.run(&["resume", short, "--headless"]));
        assert_eq!(std::fs::read_to_string(home.ws().join("out.txt")).ok().as_deref(), file, "{verb}");
        let last = home.events(&id).concat();
        assert!(last.contains(told), "{verb}: the model read {told:?}: {last}");
    }
}

#[test]
fn an_answer_is_bound_to_what_was_seen() {
    let home = Home::new();
    let id = held(&home);
    let other = "0".repeat(64);
    home.run(&["approve", &id, "c1", "--hash", &other]).fails(1, &["hint: "]);
    home.run(&["approve", &id, "c1", "--hash", "12"]).fails(2, &["64"]);
    home.run(&["approve", &id, "first"]).fails(2, &["c1, c2"]);
    home.run(&["approve", &id, "c9"]).fails(1, &["tackroom pending"]);
    home.run(&["edit", &id, "c1", "--args", "{"]).fails(2, &["not JSON"]);
    home.run(&["edit", &id, "c1", "--args", r#"{"path":7}"#]).fails(1, &["path"]);
    home.run(&["settle", &id, "c1", "happened"]).fails(1, &["tackroom pending"]);
    let pending = home.pending();
    assert_eq!(pending.len(), 1, "nothing was decided by any of it");
    done(&home.run(&["approve", &id, "c1", "--hash", pending[0]["hash"].as_str().unwrap()]));
    let edited = finish(home.command(&["edit", &id, "c1", "--args", "-"]), b"{}");
    edited.fails(1, &["hint: "]);
}

#[test]
fn an_unknown_outcome_is_settled_in_each_way() {
    for (how, lines, status) in [("happened", 1, "done"), ("abandon", 1, "done")] {
        let home = Home::new();
        let id = unknown(&home);
        let pending = home.pending();
        assert_eq!(pending[0]["kind"], "unknown-outcome");
        let text = home.run(&["pending"]);
        assert!(text.out.contains("happened|again|abandon"), "{text:?}");
        home.run(&["approve", &id, "c1"]).fails(1, &["hint: "]);
        done(&home.run(&["settle", &id, "c1", how, "--note", "I looked"]));
        done(&home.run(&["resume", &id, "--headless"]));
        let log = std::fs::read_to_string(home.ws().join("log")).unwrap();
        assert_eq!(log.lines().count(), lines);
        assert_eq!(home.sessions()[0]["status"], status);
    }
}

#[test]
fn a_flag_never_approves_an_unknown_outcome() {
    let home = Home::new();
    let id = unknown(&home);
    assert_eq!(home.run(&["resume", &id, "--headless", "--on-hold", "approve"]).code, 3);
    done(&home.run(&["resume", &id, "--headless", "--on-hold", "reject"]));
    assert_eq!(std::fs::read_to_string(home.ws().join("log")).unwrap(), "x\n");
}

#[test]
fn cancel_ends_a_held_task_and_runs_nothing() {
    let home = Home::new();
    let id = held(&home);
    done(&home.run(&["cancel", &id]));
    assert_eq!(home.sessions()[0]["status"], "cancelled");
    assert!(home.pending().is_empty());
    assert!(!home.ws().join("out.txt").exists());
    home.run(&["cancel", &id]).fails(1, &["hint: "]);
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 130);
}

#[test]
fn the_shapes_of_json_are_promises() {
    let home = Home::new();
    let id = held(&home);
    done(&home.run(&["break", &id, "add", "steps=+9"]));
    done(&home.run(&["note", &id, "mind the gap"]));
    let mut shapes = Vec::new();
    for args in [
        &["pending", "--json"][..],
        &["break", &id, "list", "--json"],
        &["note", &id, "--list", "--json"],
        &["sessions", "--json"],
        &["sessions", "list", "--json", "--status", "held", "--limit", "3"],
        &["sessions", "show", &id, "--json"],
        &["sessions", "search", "write", "--json", "--limit", "2"],
        &["sessions", "tag", &id, "red", "--json"],
        &["sessions", "purge", "--expired", "--json"],
        &["config", "show", "--json"],
        &["doctor", "--json"],
    ] {
        let ran = home.run(args);
        done(&ran);
        assert_eq!(ran.json()["version"], 1);
        shapes.push(format!("{}\n{:#}", args.join(" ").replace(&id, "ID"), shape(&ran.json())));
    }
    let first: Value = serde_json::from_str(&home.events(&id)[0]).unwrap();
    shapes.push(format!("events ID --json\n{:#}", shape(&first)));
    insta::assert_snapshot!("json_shapes", shapes.join("\n\n"));
}

#[test]
fn sessions_are_listed_shown_and_renamed() {
    let home = Home::new();
    let id = held(&home);
    let list = home.run(&["sessions"]);
    done(&list);
    assert!(
        list.out.contains(&id) && list.out.contains("held (1)") && list.out.contains("Write it."),
        "{list:?}"
    );
    done(&home.run(&["sessions", "rename", &id[..3], "Another title"]));
    let show = home.run(&["sessions", "show", &id]);
    done(&show);
    assert!(show.out.contains("Another title") && show.out.contains("→ c1"), "{show:?}");
    home.run(&["sessions", "list", "--status", "asleep"]).fails(2, &["asleep", "held"]);
    home.run(&["sessions", "rename", &id, " "]).fails(1, &["hint: "]);
    home.run(&["sessions", "show", "zzz"]).fails(2, &["zzz"]);
}

#[test]
fn events_are_told_as_text_and_followed() {
    let home = Home::new();
    let id = held(&home);
    let text = home.run(&["events", &id]);
    done(&text);
    assert!(text.out.contains("CallJudged") && text.out.lines().count() == home.events(&id).len());
    let mut follow = Running::start(home.command(&["events", &id, "--json", "--follow"]));
    follow.line_with("\"CallJudged\"");
    done(&home.run(&["approve", &id, "c1", "--yes"]));
    follow.line_with("\"CallApproved\"");
    done(&home.run(&["resume", &id, "--headless"]));
    follow.line_with("\"RunEnded\"");
    follow.signal(Signal::INT);
    let ran = follow.end();
    assert_eq!(ran.code, 130, "{ran:?}");
    assert_eq!(ran.out.lines().collect::<Vec<_>>(), home.events(&id), "each once, in order");
}

#[test]
fn exit_codes_tell_how_it_ended() {
    let call = json!({"calls": [{"tool": "list_dir", "args": {"path": "."}}]});
    let home = Home::new();
    let model = home.script(json!([call, call, {"text": "never"}]));
    let ran = home.task(&model, "Go.", &["--steps", "1"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    ran.is_clean();
    let home = Home::new();
    let model = home
        .script(json!([{"fault": {"kind": "auth", "message": "the key is not accepted"}}, {"text": "x"}]));
    home.task(&model, "Go.", &[]).fails(1, &["the key is not accepted"]);
    assert_eq!(home.sessions()[0]["status"], "failed");
    let home = Home::new();
    assert_eq!(home.run(&["run"]).code, 2);
    assert_eq!(home.run(&["run", "x", "--json"]).code, 2);
    assert_eq!(home.run(&["nonsense"]).code, 2);
    home.run(&[]).fails(2, &["needs a terminal"]);
    assert!(!home.home().join("data").exists() || home.sessions().is_empty());
}

#[test]
fn a_mode_that_asks_holds_what_changes_and_a_step_waits() {
    let home = Home::new();
    let model =
        home.script(json!([{"calls": [{"tool": "list_dir", "args": {"path": "."}}]}, {"text": "Done."}]));
    let ran = home.task(&model, "Go.", &["--mode", "step"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("before its next step"), "{ran:?}");
    done(&home.run(&["resume", &home.only(), "--headless", "--on-hold", "approve"]));
}

#[test]
fn ids_may_be_shortened_and_an_ambiguous_one_lists_the_candidates() {
    let home = Home::new();
    let data = home.home().join("data");
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    rt.block_on(async {
        let store = Sqlite::open(&data).unwrap();
        for name in ["k3xaaaaaaa", "k3xbbbbbbb", "m2aaaaaaaa"] {
            Pen::story(&store, name, 2).await;
        }
    });
    done(&home.run(&["sessions", "show", "m"]));
    done(&home.run(&["events", "k3xa"]));
    for verb in [
        &["events", "k3x"][..],
        &["sessions", "show", "k"],
        &["approve", "k3x", "c1"],
        &["resume", "k3x", "--headless"],
    ] {
        home.run(verb).fails(2, &["several", "k3xaaaaaaa", "k3xbbbbbbb"]);
    }
    home.run(&["events", "k3xc"]).fails(2, &["k3xc", "tackroom sessions"]);
    home.run(&["events", "../x"]).fails(2, &["no session id"]);
    home.run(&["events", ""]).fails(2, &["no session id"]);
}

#[test]
fn reading_never_writes() {
    let home = Home::new();
    let reads: &[&[&str]] = &[
        &["pending"],
        &["pending", "--json"],
        &["sessions"],
        &["sessions", "show", "abc"],
        &["events", "abc"],
        &["events", "abc", "--follow"],
        &["approve", "abc", "c1"],
        &["cancel", "abc"],
        &["sessions", "rename", "abc", "x"],
        &["sessions", "search", "word"],
        &["sessions", "pin", "abc"],
        &["sessions", "purge", "abc"],
        &["resume", "abc", "--headless"],
        &["--session", "abc"],
        &["replay", "abc"],
        &["doctor"],
        &["config", "show"],
        &["completions", "bash"],
        &["run", "x", "--headless", "--model", "scripted:none.json"],
    ];
    for args in reads {
        let ran = home.run(args);
        assert!(matches!(ran.code, 0 | 2), "{args:?}: {ran:?}");
        ran.is_clean();
        if args[0] != "run" {
            assert!(!home.home().exists(), "{args:?} made {}", home.home().display());
        }
    }
    let id = held(&home);
    let data = home.home().join("data");
    let bytes = |name: &str| std::fs::read(data.join(name)).unwrap_or_default();
    let before = (bytes("tackroom.db"), bytes("tackroom.db-wal"));
    for args in [&["pending"][..], &["sessions"], &["sessions", "show", &id], &["events", &id], &["doctor"]] {
        done(&home.run(args));
        assert!(before == (bytes("tackroom.db"), bytes("tackroom.db-wal")), "{args:?} wrote");
    }
}

#[test]
fn the_configuration_tells_each_source_and_never_the_key() {
    let home = Home::new();
    home.config("[model]\nname = \"from-file\"\n[run]\nsteps = 7\n");
    let mut command = home.command(&["config", "show", "--base-url", "http://127.0.0.1:9/v1"]);
    command.env("OPENAI_API_KEY", "sk-very-secret-0123456789").env("OPENAI_MODEL", "from-env");
    let ran = finish(command, b"");
    done(&ran);
    assert!(!ran.out.contains("sk-very"), "{ran:?}");
    for words in
        ["from-env", "$OPENAI_MODEL", "--base-url", "$OPENAI_API_KEY (set)", "config.toml", "default"]
    {
        assert!(ran.out.contains(words), "{words}: {ran:?}");
    }
}

#[test]
fn every_verb_has_help_and_completions_know_every_verb() {
    let home = Home::new();
    let verbs = [
        "demo",
        "run",
        "resume",
        "pending",
        "approve",
        "edit",
        "reject",
        "respond",
        "settle",
        "cancel",
        "break",
        "step",
        "continue",
        "release",
        "note",
        "sessions",
        "events",
        "inspect",
        "replay",
        "fork",
        "restore",
        "import",
        "verify",
        "audit",
        "diff",
        "prices",
        "doctor",
        "config",
        "completions",
    ];
    let mut pages = vec![home.run(&["--help"]).out];
    for verb in verbs {
        let ran = home.run(&[verb, "--help"]);
        done(&ran);
        assert!(pages[0].contains(verb) && ran.out.contains("Usage:"), "{verb}");
        pages.push(ran.out);
    }
    insta::assert_snapshot!("help", pages.join("\n----\n"));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = home.run(&["completions", shell]);
        done(&ran);
        assert!(verbs.iter().all(|verb| ran.out.contains(verb)), "{shell}");
    }
    assert!(home.run(&["--version"]).out.starts_with("tackroom "));
    assert!(!home.run(&["--help"]).out.chars().any(|c| c != '\n' && is_raw(c)));
}

#[test]
fn a_task_may_come_from_standard_input() {
    let home = Home::new();
    let model = home.script(json!([{"text": "You said: {{input}}"}]));
    let ws = home.ws().display().to_string();
    let args = ["run", "-", "--workspace", &ws, "--model", &model, "--headless"];
    let ran = finish(home.command(&args), b"  from a pipe\n");
    done(&ran);
    assert!(home.events(&home.only()).concat().contains("You said: from a pipe"));
    finish(home.command(&args), b"  \n").fails(2, &["empty"]);
    home.task(&model, "", &[]).fails(2, &["empty"]);
    assert_eq!(home.sessions().len(), 1, "an empty task begins nothing");
}
