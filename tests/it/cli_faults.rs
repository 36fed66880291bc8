//! Bad input, bad surroundings and bad moments, each met by the real program: a sentence, a hint, the right exit code, nothing lost.

use crate::harness::binary::{Home, Ran, Running, finish, is_raw, until, until_gone};
use crate::harness::mock_model::{Answer, MockModel};
use crate::harness::promise;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

const KEY: &str = "sk-very-secret-0123456789abcdef";
/// What a terminal, an eye or a parser could be led astray by.
const ODD: &str = "a\u{1b}]52;c;aGk=\u{7}b\u{1b}[2Jc\u{9b}31md\u{2028}e\u{202e}f\u{200b}g\u{feff}h\rij";

/// A run against an endpoint, with a key in the environment.
fn asks(home: &Home, url: &str, model: Option<&str>) -> Ran {
    home.config("[model]\nattempts = 1\nfirst_byte_s = 5\n");
    let mut args = vec!["run", "Go.", "--headless", "--base-url", url];
    args.extend(model.iter().flat_map(|model| ["--model", model]));
    let mut command = home.command(&args);
    command.env("OPENAI_API_KEY", KEY);
    let ran = finish(command, b"");
    assert!(!ran.err.contains(KEY) && !ran.out.contains(KEY), "the key is told: {ran:?}");
    assert!(!anywhere(&home.home(), KEY.as_bytes()), "the key is stored");
    ran
}

/// The same, beside a server in this process.
async fn beside(home: Arc<Home>, url: String) -> Ran {
    tokio::task::spawn_blocking(move || asks(&home, &url, Some("m"))).await.unwrap()
}

/// Whether any file below holds these bytes.
fn anywhere(dir: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(dir).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        match path.is_dir() {
            true => anywhere(&path, bytes),
            false => {
                std::fs::read(&path).is_ok_and(|held| held.windows(bytes.len()).any(|part| part == bytes))
            }
        }
    })
}

#[test]
fn wrong_addresses_are_told() {
    let home = Home::new();
    asks(&home, "not a url", Some("m")).fails(2, &["http://"]);
    asks(&home, "ftp://127.0.0.1/v1", Some("m")).fails(2, &["http://"]);
    assert!(
        !home.home().join("data/tackroom.db").exists() || home.sessions().is_empty(),
        "nothing was begun"
    );
    asks(&home, "http://127.0.0.1:9/v1", Some("m")).fails(1, &["127.0.0.1:9", "doctor"]);
    asks(&home, "http://127.0.0.1:9/v1", None).fails(2, &["127.0.0.1:9"]);
    let ran = home.run(&["doctor", "--base-url", "http://127.0.0.1:9/v1"]);
    assert!(ran.code == 1 && ran.out.contains("WRONG"), "{ran:?}");
    ran.is_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_refuses_is_told() {
    let echo = format!(r#"{{"error":{{"message":"Incorrect API key provided: {KEY} \u001b[31m"}}}}"#);
    let none = r#"{"error":{"message":"the model `m` does not exist","code":"model_not_found"}}"#;
    let html = Answer::stream("<html><body>Welcome</body></html>").header("content-type", "text/html");
    for (answer, code, words) in [
        (Answer::json(401, &echo), 1, &["key", "OPENAI_API_KEY"][..]),
        (Answer::json(404, none), 1, &["does not exist", "doctor"]),
        (Answer { headers: vec![("content-type".into(), "text/html".into())], ..html }, 1, &["HTML", "/v1"]),
        (Answer::json(400, r#"{"error":{"message":"odd \u202e\u0007 request"}}"#), 1, &["request"]),
    ] {
        let server = MockModel::start(vec![answer]).await;
        let home = Arc::new(Home::new());
        let ran = beside(home.clone(), server.url()).await;
        ran.fails(code, words);
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_is_used() {
    let server = MockModel::start(vec![Answer::says("It is done.")]).await;
    let home = Arc::new(Home::new());
    let ran = beside(home.clone(), server.url()).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("It is done."), "{ran:?}");
    assert_eq!(server.asked()[0].header("authorization"), Some(format!("Bearer {KEY}").as_str()));
}

#[test]
fn a_configuration_that_cannot_be_used_is_named_with_its_line() {
    let home = Home::new();
    let ws = home.ws().display().to_string();
    home.run(&["doctor", "--config", "none.toml"]).fails(2, &["none.toml"]);
    home.run(&["doctor", "--config", &ws]).fails(2, &[&ws, "cannot be read"]);
    for (text, words) in [
        ("[model]\nname = \"m\"\n\n[run]\nstep = 3\n", &["line 5", "step"][..]),
        ("[model]\nname = 7\n", &["line 2"]),
        ("[model\n", &["line 1"]),
        ("[run]\nmode = \"yolo\"\n", &["line 2", "yolo"]),
    ] {
        home.config(text);
        for verb in [&["doctor"][..], &["config", "show"], &["sessions"], &["run", "x", "--headless"]] {
            home.run(verb).fails(2, words);
        }
    }
    std::fs::write(home.home().join("config/config.toml"), [0xff, 0xfe, 0x00]).unwrap();
    home.run(&["doctor"]).fails(2, &["config.toml"]);
    home.config("[tools]\nhosts = [\"not a host/\"]\n");
    let model = home.script(json!([{"text": "x"}]));
    home.task(&model, "Go.", &[]).fails(2, &["hosts"]);
}

#[test]
fn a_data_folder_that_cannot_be_made_is_told() {
    let home = Home::new();
    let model = home.script(json!([{"text": "x"}]));
    let below = home.ws().join("notes.txt/home");
    std::fs::create_dir(home.home()).unwrap();
    std::fs::write(home.home().join("data"), "a file").unwrap();
    for args in [&["run", "x", "--headless", "--model", &model][..], &["demo", "--headless"]] {
        let mut command = home.command(args);
        command.env("TACKROOM_HOME", &below);
        finish(command, b"").fails(2, &["notes.txt"]);
        home.run(args).fails(1, &["data"]);
    }
    println!("a read-only data folder: tried as a path below a file, which root cannot write to either");
}

#[test]
fn a_data_file_that_is_garbage_is_told_and_left_as_it_is() {
    let home = Home::new();
    let model = home.script(json!([{"text": "x"}]));
    let file = home.home().join("data/tackroom.db");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    for garbage in [
        &b"this is no database, and never was one; it is longer than a header of SQLite is"[..],
        b"",
        &[0; 8192],
    ] {
        std::fs::write(&file, garbage).unwrap();
        for args in [
            &["sessions"][..],
            &["pending"],
            &["events", "abc"],
            &["approve", "abc", "c1"],
            &["run", "x", "--headless", "--model", &model],
        ] {
            let ran = home.run(args);
            ran.is_clean();
            if !garbage.is_empty() {
                ran.fails(1, &["tackroom.db"]);
                assert_eq!(std::fs::read(&file).unwrap(), garbage, "{args:?} changed it");
            }
        }
        let ran = home.run(&["doctor"]);
        assert!(garbage.is_empty() || (ran.code == 1 && ran.out.contains("WRONG")), "{ran:?}");
        ran.is_clean();
        for rest in ["tackroom.db-wal", "tackroom.db-shm"] {
            let _ = std::fs::remove_file(file.with_file_name(rest)); // the next garbage begins anew
        }
    }
}

/// Eight writes of 16 KiB each, then a last word.
fn many_writes(home: &Home) -> String {
    let write = |i: usize| {
        let args = json!({"path": format!("f{i}.txt"), "content": "x".repeat(16_384)});
        json!({"text": "One more.", "calls": [{"tool": "write_file", "args": args}]})
    };
    let replies: Vec<Value> = (0..8).map(write).chain([json!({"text": "Done."})]).collect();
    home.script(json!(replies))
}

#[test]
fn a_full_disk_is_an_error_and_what_was_written_is_taken_up_again() {
    let mut told = 0;
    for blocks in [64, 160, 300, 520, 800] {
        let home = Home::new();
        let model = many_writes(&home);
        let program = env!("CARGO_BIN_EXE_tackroom");
        let line = format!(
            "ulimit -f {blocks}; exec {program} run Go. --headless --on-hold approve --model {model}"
        );
        let mut command = Command::new("sh");
        command.args(["-c", &line]);
        home.dress(&mut command);
        let ran = finish(command, b"");
        ran.is_clean();
        assert!((0..=2).contains(&ran.code), "{blocks}: {ran:?}");
        if ran.code != 0 {
            assert!(ran.err.contains("error: ") && ran.err.contains("hint: "), "{blocks}: {ran:?}");
            told += 1;
        }
        // Space is free again: whatever was begun is taken up and comes to its end, each file written once.
        let Some(id) = home.sessions().first().map(|row| row["id"].as_str().unwrap().to_string()) else {
            continue;
        };
        for _ in 0..9 {
            for item in home.pending().iter().filter(|item| item["kind"] == "unknown-outcome") {
                let there = home.ws().join(item["args"]["path"].as_str().unwrap()).exists();
                let word = if there { "happened" } else { "again" };
                home.run(&["settle", &id, item["call"].as_str().unwrap(), word]);
            }
            if home.run(&["resume", &id, "--headless", "--on-hold", "approve"]).code == 0 {
                break;
            }
        }
        assert_eq!(home.sessions()[0]["status"], "done", "{blocks}");
        assert!((0..8).all(|i| home.ws().join(format!("f{i}.txt")).exists()), "{blocks}");
    }
    println!(
        "full disk: RLIMIT_FSIZE (`ulimit -f`) at 5 sizes, {told} runs stopped with an error, all taken up again"
    );
    assert!(told >= 2);
}

#[test]
fn a_folder_that_is_gone_is_told_and_the_session_waits_for_it() {
    let home = Home::new();
    let model = many_writes(&home);
    let gone = home.path("gone").display().to_string();
    home.run(&["run", "x", "--headless", "--workspace", &gone, "--model", &model])
        .fails(2, &[&gone, "--workspace"]);
    let file = home.ws().join("notes.txt").display().to_string();
    home.run(&["run", "x", "--headless", "--workspace", &file, "--model", &model])
        .fails(2, &["not a folder"]);
    let folder = home.path("folder");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.display().to_string();
    let ran = home.run(&["run", "x", "--headless", "--workspace", &path, "--model", &model]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let id = home.only();
    std::fs::remove_dir(&folder).unwrap();
    home.run(&["resume", &id, "--headless"]).fails(2, &[&path]);
    assert_eq!(home.pending().len(), 1, "it still waits");
    std::fs::create_dir(&folder).unwrap();
    let ran = home.run(&["resume", &id, "--headless", "--on-hold", "approve"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_folder_that_vanishes_in_the_middle_fails_the_calls_and_not_the_run() {
    let home = Home::new();
    let folder = home.path("folder");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.display().to_string();
    let model = home.script(json!([
        {"calls": [{"tool": "run_command", "args": {"shell": format!("rmdir {path}")}}]},
        {"calls": [
            {"tool": "write_file", "args": {"path": "a.txt", "content": "x"}},
            {"tool": "read_file", "args": {"path": "a.txt"}},
            {"tool": "run_command", "args": {"argv": ["true"]}},
            {"tool": "list_dir", "args": {"path": "."}},
        ]},
        {"text": "Done."},
    ]));
    let args = ["run", "x", "--headless", "--workspace", &path, "--model", &model, "--on-hold", "approve"];
    // Behind walls a command could not remove it.
    let ran = home.run(&[&args[..], &["--sandbox", "none"]].concat());
    assert!(ran.code == 0, "{ran:?}");
    ran.is_clean();
    assert!(!folder.exists(), "nothing made it again");
    let ended = home
        .events(&home.only())
        .into_iter()
        .filter(|line| line.contains("\"CallEnded\""))
        .collect::<Vec<_>>();
    assert!(ended.iter().filter(|line| line.contains("\"outcome\":\"error\"")).count() >= 2, "{ended:#?}");
}

#[test]
fn a_reader_that_leaves_ends_a_command_quietly() {
    let home = Home::new();
    let model = many_writes(&home);
    let program = env!("CARGO_BIN_EXE_tackroom");
    let piped = |line: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        home.dress(&mut command);
        finish(command, b"")
    };
    let ran =
        piped(&format!("{program} run Go. --headless --json --on-hold approve --model {model} | head -n 6"));
    assert!(!ran.err.contains("panicked") && ran.out.lines().count() == 6, "{ran:?}");
    let id = home.only();
    let ran = home.run(&["resume", &id, "--headless", "--on-hold", "approve"]);
    assert_eq!(ran.code, 0, "what the pipe cut off is taken up without a question: {ran:?}");
    // A call that ran when it was parked is ended and told as stopped; every other is done.
    let written = (0..8).filter(|i| home.ws().join(format!("f{i}.txt")).exists()).count();
    let stopped = home.events(&id).iter().filter(|line| line.contains("\"outcome\":\"cancelled\"")).count();
    assert!(written + stopped == 8 && stopped <= 1, "{written} written, {stopped} stopped");
    for verb in ["sessions", &format!("events {id} --json"), "pending", "--help", "doctor", "completions zsh"]
    {
        let ran = piped(&format!("{program} {verb} | head -n 0"));
        assert!(!ran.err.contains("panicked") && !ran.err.contains("error"), "{verb}: {ran:?}");
    }
}

#[test]
fn a_signal_parks_a_run_and_it_goes_on_later() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let home = Home::new();
        let log = home.ws().join("log");
        let line = format!("echo x >> {}; exec sleep 60", log.display());
        let model = home.script(json!([
            {"calls": [{"tool": "run_command", "args": {"shell": line}}]},
            {"text": "Then this."},
        ]));
        let args = ["run", "Go.", "--headless", "--json", "--on-hold", "approve", "--model", &model];
        let mut run = Running::start(home.command(&args));
        run.line_with("\"CallStarted\"");
        until("it runs", || log.exists());
        run.signal(signal);
        let ran = run.end();
        assert_eq!(ran.code, 130, "{signal:?}: {ran:?}");
        assert!(ran.err.contains("tackroom resume"), "{ran:?}");
        until_gone(&log);
        let ran = home.run(&["resume", &home.only(), "--headless"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "x\n", "not run again");
    }
}

#[test]
fn a_session_is_driven_by_one_process() {
    let home = Home::new();
    let model = many_writes(&home);
    let args = ["run", "Go.", "--headless", "--json", "--on-hold", "wait", "--model", &model];
    let mut first = Running::start(home.command(&args));
    first.line_with("\"word\":\"ask\"");
    let id = home.only();
    home.run(&["resume", &id, "--headless"]).fails(1, &["driven by another process", "tackroom --session"]);
    home.run(&["resume", &id, "--headless", "--on-hold", "approve"]).fails(1, &["tackroom approve"]);
    let before = home.events(&id).len();
    assert_eq!(home.run(&["cancel", &id]).code, 0);
    let ran = first.end();
    assert_eq!(ran.code, 130, "cancelled from another terminal: {ran:?}");
    assert!(home.events(&id).len() > before);
    assert!(!home.ws().join("f0.txt").exists());
}

#[test]
fn a_bad_script_is_told_and_nothing_begins() {
    let home = Home::new();
    for (text, words) in [
        ("{", &["line 1"][..]),
        (r#"{"replies": [{"txt": "x"}]}"#, &["txt", "line 1"]),
        (r#"{"replies": 7}"#, &["line 1"]),
        ("", &["line 1"]),
    ] {
        std::fs::write(home.path("bad.json"), text).unwrap();
        home.task(&format!("scripted:{}", home.path("bad.json").display()), "Go.", &[]).fails(2, words);
    }
    home.task("scripted:none.json", "Go.", &[]).fails(2, &["none.json"]);
    home.task("scripted:", "Go.", &[]).fails(2, &["script"]);
    assert!(home.sessions().is_empty());
}

#[test]
fn a_task_of_a_megabyte_is_taken_whole() {
    let home = Home::new();
    let model = home.script(json!([{"text": "Read."}]));
    let task = "line of a task\n".repeat(70_000);
    let ran = finish(home.command(&["run", "-", "--headless", "--model", &model]), task.as_bytes());
    assert_eq!(ran.code, 0, "{:?}", ran.err);
    let line = home.events(&home.only()).into_iter().find(|line| line.contains("\"RunStarted\"")).unwrap();
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(event["event"]["data"]["input"], task.trim());
    assert!(home.run(&["sessions"]).out.len() < 2_000);
    assert!(home.run(&["events", &home.only()]).out.len() < 20_000);
}

#[test]
fn odd_text_never_reaches_the_terminal_raw_and_nothing_of_it_is_lost() {
    let home = Home::new();
    let command = format!("printf '%s' {}", ODD.replace('\u{1b}', "\\033"));
    let model = home.script(json!([
        {"text": ODD, "reasoning": ODD, "calls": [
            {"tool": "write_file", "args": {"path": "o.txt", "content": ODD}},
            {"tool": "run_command", "args": {"argv": ["printf", "%s", ODD]}},
            {"tool": "run_command", "args": {"shell": command}},
            {"tool": ODD, "args": {}},
            {"tool": "read_file", "args": {"path": ODD}},
            {"tool": "read_file", "args": {ODD: ODD}},
            {"tool": "read_file", "broken": ODD},
        ]},
        {"text": "Read: {{results}}"},
    ]));
    let task = format!("{ODD} and \0 NUL");
    let args = ["run", "-", "--headless", "--model", &model, "--on-hold", "stop"];
    let ran = finish(home.command(&args), task.as_bytes());
    assert_eq!(ran.code, 3, "{ran:?}");
    let id = home.only();
    let mut all = vec![ran];
    all.push(home.run(&["pending"]));
    all.push(home.run(&["sessions", "rename", &id, &format!("{ODD} title")]));
    all.push(home.run(&["reject", &id, "c1", "--reason", ODD]));
    all.push(home.run(&["respond", &id, "c2", ODD]));
    all.push(home.run(&["resume", &id, "--headless", "--on-hold", "approve"]));
    assert_eq!(all.last().unwrap().code, 0, "{all:#?}");
    all.push(home.run(&["sessions"]));
    all.push(home.run(&["sessions", "show", &id]));
    all.push(home.run(&["events", &id]));
    all.push(home.run(&["approve", &id, ODD]));
    all.push(home.run(&["events", ODD]));
    all.push(home.run(&["sessions", "--status", ODD]));
    all.push(home.run(&["run", "x", "--headless", "--workspace", ODD]));
    all.push(home.run(&["run", "x", "--headless", "--model", &format!("scripted:{ODD}")]));
    all.push(home.run(&[
        "run",
        "x",
        "--headless",
        "--base-url",
        &format!("http://{ODD}/v1"),
        "--model",
        ODD,
    ]));
    all.push(home.run(&["doctor", "--config", ODD]));
    all.push(home.run(&["config", "show", "--model", ODD]));
    all.push(home.run(&["replay", &id, "--theme", ODD]));
    all.push(home.run(&[ODD]));
    for ran in &all {
        ran.is_clean();
    }
    let json = home.events(&id);
    assert!(json.iter().all(|line| !line.chars().any(|c| c < ' ')), "JSON lines hold no control byte");
    let started: Value = serde_json::from_str(&json[1]).unwrap();
    assert_eq!(started["event"]["data"]["input"], task.trim(), "stored as it was given");
    assert!(!is_raw('x'));
    promise::kept(
        "R10",
        format!("{} fields and {} characters of odd text, 0 lost, 0 raw", 13, ODD.chars().count()),
    );
}
