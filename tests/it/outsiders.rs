//! What comes from outside does not act for the operator: a log that names where keys go, a hold that came after the look,
//! a command that brings a session in; and whoever only reads changes nothing.

use crate::harness::binary::{Home, Ran, Running, finish, until};
use crate::harness::mock_model::{Answer, Asked, MockModel};
use serde_json::json;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

const KEY: &str = "sk-the-operators-own-0123456789";

/// The program with the operator's key in its environment, beside a server in this process.
async fn keyed(home: &Arc<Home>, args: &[&str]) -> Ran {
    let (home, args) = (home.clone(), args.iter().map(ToString::to_string).collect::<Vec<_>>());
    let run = move || {
        let mut command = home.command(&args.iter().map(String::as_str).collect::<Vec<_>>());
        command.env("OPENAI_API_KEY", KEY);
        finish(command, b"")
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn asks_for_a_write() -> Answer {
    let function =
        json!({"name": "write_file", "arguments": json!({"path": "o", "content": "x"}).to_string()});
    let call = json!({"index": 0, "id": "q1", "type": "function", "function": function});
    let chunk =
        json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]});
    Answer::stream(format!("data: {chunk}\n\ndata: [DONE]\n\n"))
}

/// An exported session that names this server and waits for an approval. Whoever made it had no key.
async fn foreign_export(server: &MockModel, folder: &Path) -> (String, String) {
    let (home, url) = (Home::new(), server.url());
    let (folder, file) = (folder.display().to_string(), folder.join("x.jsonl").display().to_string());
    let told = file.clone();
    let made = move || {
        let args = ["run", "Go.", "--headless", "--base-url", &url, "--model", "m", "--workspace", &folder];
        assert_eq!(home.run(&args).code, 3);
        let id = home.only();
        assert_eq!(home.run(&["sessions", "export", &id, "--output", &told]).code, 0);
        id
    };
    (tokio::task::spawn_blocking(made).await.unwrap(), file)
}

/// The number of the last request among events in lines.
fn last_asked(lines: &str) -> usize {
    lines.lines().enumerate().filter(|(_, line)| line.contains("\"ModelAsked\"")).last().expect("asked").0 + 1
}

/// Whether a request had anything of the operator's in it.
fn is_told(asked: &Asked) -> bool {
    asked.headers.iter().any(|(_, value)| value.contains(KEY) || value.contains("the-team"))
}

/// Cause: a key was handed to whatever address the log named that was no known provider's, spelled as we spell it; and a log
/// can be another's.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_does_not_say_where_keys_go() {
    let server = MockModel::start(vec![asks_for_a_write()]).await;
    let home = Arc::new(Home::new());
    home.config("[model]\nheaders = { \"X-Team\" = \"the-team\" }\nattempts = 1\n");
    let (id, file) = foreign_export(&server, &home.ws()).await;
    assert_eq!(keyed(&home, &["import", &file]).await.code, 0);
    assert_eq!(keyed(&home, &["reject", &id, "c1"]).await.code, 0);
    server.push(Answer::json(401, r#"{"error":{"message":"a key, please"}}"#));
    let ran = keyed(&home, &["resume", &id, "--headless"]).await;
    assert!(!server.asked().iter().any(is_told), "{:?}", server.asked());
    ran.fails(1, &["no key and none of the configured headers", &format!("--base-url {}", server.url())]);
    let said = keyed(&home, &["events", &id]).await.out;
    assert!(said.contains("only the session names it"), "the refusal tells it to a screen, too: {said}");
    server.push(Answer::says("Thank you."));
    let lines = keyed(&home, &["events", &id, "--json"]).await.out;
    let rejected = lines.lines().position(|line| line.contains("\"CallRejected\"")).unwrap() + 1;
    let at = rejected.to_string();
    let ran = keyed(&home, &["fork", &id, "--at", &at, "--headless"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("gets no key"), "{ran:?}");
    assert_eq!(server.asked().len(), 3, "{:?}", server.asked());
    assert!(!server.asked().iter().any(is_told), "{:?}", server.asked());
    // Cause: who went without a key forgot what stood around the messages, and nobody could say any more what was sent.
    let told = keyed(&home, &["inspect", &id, &last_asked(&lines).to_string(), "--request"]).await;
    let sent = String::from_utf8_lossy(&server.asked()[1].raw).into_owned();
    assert_eq!((told.code, told.out), (0, sent), "{}", told.err);
    // The operator's own word gives them.
    server.push(Answer::says("Thank you."));
    let url = server.url();
    let args = ["fork", &id, "--at", &at, "--headless", "--base-url", &url, "--model", "m"];
    let ran = keyed(&home, &args).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(is_told(&server.asked()[3]) && !ran.err.contains("gets no key"), "{ran:?}");
}

/// Cause: an approval looked, found nothing that waits yet, and then took whatever waited a moment later. The holds come at
/// once after each answer, so that some fall between.
#[test]
fn what_waits_only_after_the_look_is_not_approved() {
    const CALLS: usize = 12;
    let home = Home::new();
    let call =
        |n| json!({"calls": [{"tool": "write_file", "args": {"path": format!("{n}"), "content": "x"}}]});
    let model = home.script((1..=CALLS).map(call).chain([json!({"text": "Done."})]).collect());
    let args = ["run", "Go.", "--headless", "--on-hold", "wait", "--model", &model];
    let run = Running::start(home.command(&args));
    until("it waits", || home.home().exists() && !home.pending().is_empty());
    let id = home.only();
    for n in 1..=CALLS {
        let call = format!("c{n}");
        until("the hold is seen", || {
            let ran = home.run(&["approve", &id, &call]);
            assert_ne!(ran.code, 0, "nobody has seen {call}: {ran:?}");
            ran.err.contains("nobody has seen")
        });
        assert_eq!(home.run(&["reject", &id, &call]).code, 0);
    }
    assert_eq!(run.end().code, 0);
    assert!(!home.kinds(&id).contains(&"CallApproved".to_string()));
}

/// Cause: an import was the one command that writes and did not ask whose it is: a command of an agent could bring in a
/// session with an operator's words that nobody said. Reading was refused to it instead.
#[test]
fn a_command_of_an_agent_reads_and_brings_nothing_in() {
    let home = Home::new();
    let program = env!("CARGO_BIN_EXE_tackroom");
    let other = Home::new();
    let made = other.script(json!([{"text": "I was told so."}]));
    assert_eq!(other.task(&made, "Go.", &[]).code, 0);
    let file = home.path("made.jsonl").display().to_string();
    assert_eq!(other.run(&["sessions", "export", &other.only(), "--output", &file]).code, 0);
    let line = format!(
        "export TACKROOM_HOME={}; {program} import {file}; echo import $?; \
         id=$({program} sessions --json | sed 's/.*\"id\":\"\\([^\"]*\\).*/\\1/'); \
         {program} events $id >/dev/null; echo events $?; {program} sessions show $id >/dev/null; echo show $?; \
         {program} sessions export $id >/dev/null; echo export $?; {program} break $id >/dev/null; echo break $?; \
         {program} note $id --list >/dev/null; echo note $?; {program} sessions search go >/dev/null; echo search $?",
        home.home().display()
    );
    let model = home.script(json!([
        {"calls": [{"tool": "run_command", "args": {"shell": line}}]},
        {"text": "Done."},
    ]));
    // Behind walls it would not find the store at all.
    let ran = home.task(&model, "Go.", &["--on-hold", "approve", "--sandbox", "none"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let id = home.only();
    let events = home.events(&id).concat();
    for said in ["import 1", "events 0", "show 0", "export 0", "break 0", "note 0", "search 0"] {
        assert!(events.contains(said), "{said}: {events}");
    }
    assert_eq!(home.run(&["import", &file]).code, 0, "the operator does");
    assert_eq!(home.sessions().len(), 2);
}

/// Each file below a folder: its mode and size.
fn looks(folder: &Path) -> BTreeMap<String, (u32, u64)> {
    let entry = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        let meta = entry.metadata().unwrap();
        (entry.file_name().to_string_lossy().into_owned(), (meta.permissions().mode(), meta.len()))
    };
    std::fs::read_dir(folder).unwrap().map(entry).collect()
}

/// Cause: who only read opened the store for writing: it was brought to the newest format, its modes were changed, and what
/// was not there was made.
#[test]
fn reading_leaves_the_store_as_it_is() {
    let home = Home::new();
    let model = home.script(json!([{"text": "Nothing to do."}]));
    assert_eq!(home.task(&model, "Look.", &[]).code, 0);
    let (id, data) = (home.only(), home.home().join("data"));
    assert_eq!(home.run(&["sessions", "search", "look"]).code, 0, "all of it can be searched");
    for file in ["tackroom.db", "tackroom.db-wal", "tackroom.db-shm", "tackroom.anchor"] {
        std::fs::set_permissions(data.join(file), PermissionsExt::from_mode(0o640)).unwrap();
    }
    let before = looks(&data);
    for verb in [
        &["events", &id][..],
        &["sessions"],
        &["sessions", "show", &id],
        &["sessions", "export", &id],
        &["sessions", "search", "look"],
        &["break", &id],
        &["note", &id, "--list"],
        &["pending"],
        &["verify", "--all"],
    ] {
        let ran = home.run(verb);
        assert_eq!((ran.code, looks(&data)), (0, before.clone()), "{verb:?}: {ran:?}");
    }
}

/// Cause: a second comparison of lines, in windows of 512, told lines that stay as removed at one place and added at another
/// where more than that came before them.
#[test]
fn lines_that_stay_are_not_shown_as_going() {
    let home = Home::new();
    let old: String = (0..700).map(|n| format!("kept {n}\n")).collect();
    let before: String = (0..600).map(|n| format!("new {n}\n")).collect();
    std::fs::write(home.ws().join("long.txt"), &old).unwrap();
    let new = before + &old.replace("kept 699\n", "changed\n");
    let args = json!({"path": "long.txt", "content": new});
    let model = home.script(json!([{"calls": [{"tool": "write_file", "args": args}]}]));
    assert_eq!(home.task(&model, "Go.", &[]).code, 3);
    let shown = home.run(&["pending", "--full"]).out;
    let gone: Vec<&str> = shown.lines().filter(|line| line.contains("│ - ")).collect();
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert!(gone[0].ends_with("kept 699"), "{gone:?}");
    assert_eq!(shown.lines().filter(|line| line.contains("│ + ")).count(), 601, "{shown}");
    assert!(shown.contains("… 693 lines stay as they are"), "{shown}");
}
