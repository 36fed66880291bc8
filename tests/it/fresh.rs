//! What somebody met who had only the README: each test names the cause of what went wrong.

use crate::harness::binary::{Home, Ran, Running, at_work, finish, killed, until, until_gone};
use crate::harness::mock_model::{Answer, MockModel};
use crate::harness::terminal::Terminal;
use serde_json::{Value, json};
use std::sync::Arc;

/// A reply that asks for one call.
fn asks_for(tool: &str, args: &Value) -> Answer {
    let call = json!({"index": 0, "id": "q1", "type": "function", "function": {"name": tool, "arguments": args.to_string()}});
    let chunk =
        json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]});
    Answer::stream(format!("data: {chunk}\n\ndata: [DONE]\n\n"))
}

fn write_args() -> Value {
    json!({"path": "out.txt", "content": "one\ntwo\n"})
}

/// The program beside a server in this process.
async fn beside(home: &Arc<Home>, args: &[&str]) -> Ran {
    let (home, args) = (home.clone(), args.iter().map(ToString::to_string).collect::<Vec<_>>());
    tokio::task::spawn_blocking(move || home.run(&args.iter().map(String::as_str).collect::<Vec<_>>()))
        .await
        .unwrap()
}

/// A session of a real endpoint that waits for an approval; the server is gone when it is answered.
async fn held_by_a_server() -> (Arc<Home>, String) {
    let server = MockModel::start(vec![asks_for("write_file", &write_args())]).await;
    let home = Arc::new(Home::new());
    let ran =
        beside(&home, &["run", "Go.", "--headless", "--base-url", &server.url(), "--model", "mock-1"]).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    (home.clone(), tokio::task::spawn_blocking(move || home.only()).await.unwrap())
}

/// A session that waits, of a script.
fn held(home: &Home) -> String {
    let model = home.script(json!([
        {"calls": [{"tool": "write_file", "args": write_args()}]},
        {"text": "It is written.\nAll of it."},
    ]));
    assert_eq!(home.task(&model, "Write it.", &[]).code, 3);
    home.only()
}

/// Cause: whoever cancelled took the session up with its model, to write an end that needs none.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_needs_no_model() {
    let (home, id) = held_by_a_server().await;
    let ran = beside(&home, &["cancel", &id]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = beside(&home, &["sessions", "show", &id]).await;
    assert!(ran.out.contains("status    cancelled"), "{ran:?}");
    assert!(beside(&home, &["verify", &id]).await.code == 0, "and what it wrote is what a run writes");
    let ran = beside(&home, &["resume", &id, "--headless"]).await;
    assert!(ran.code == 130 && ran.err.contains("nothing to resume"), "{ran:?}");
    beside(&home, &["cancel", &id]).await.fails(1, &["the task is over: it is cancelled"]);
}

/// Cause: the same, where the folder is gone.
#[test]
fn a_cancel_needs_no_folder() {
    let home = Home::new();
    let id = held(&home);
    std::fs::rename(home.ws(), home.path("elsewhere")).unwrap();
    std::fs::create_dir(home.ws()).unwrap();
    std::fs::remove_file(home.path("script.json")).unwrap();
    let ran = home.run(&["cancel", &id]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(home.sessions()[0]["status"], "cancelled");
}

/// Cause: what was started and not ended counted as running for as long as nobody took the session up.
#[test]
fn a_killed_run_is_told_and_settled_at_once() {
    for (how, answer) in [("happened", 0), ("abandon", 0), ("again", 0)] {
        let home = Home::new();
        let id = killed(&home);
        let pending = home.run(&["pending"]);
        for word in ["unknown outcome", "interrupted", "nobody drives it", &format!("tackroom resume {id}")] {
            assert!(pending.out.contains(word), "{word}: {pending:?}");
        }
        let json = home.run(&["pending", "--json"]).json();
        assert_eq!(json["pending"][0]["kind"], "unknown-outcome");
        assert_eq!(json["interrupted"][0]["session"], json!(id));
        assert!(home.run(&["sessions"]).out.contains("interrupted"));
        assert_eq!(home.sessions()[0]["interrupted"], true);
        let show = home.run(&["sessions", "show", &id]);
        assert!(show.out.contains("interrupted: nobody drives it"), "{show:?}");
        let ran = home.run(&["settle", &id, "c1", how]);
        assert_eq!(ran.code, answer, "{how}: {ran:?}");
        assert!(home.pending().is_empty(), "{how}");
        home.run(&["settle", &id, "c1", how]).fails(1, &["nothing to settle"]);
        assert_eq!(home.run(&["verify", &id]).code, 0, "{how}");
    }
}

/// Cause: a run that works was not told apart from one that nobody drives.
#[test]
fn a_run_at_work_is_not_interrupted() {
    let home = Home::new();
    let (run, log) = at_work(&home);
    let id = home.only();
    assert_eq!(home.sessions()[0]["interrupted"], false);
    assert!(home.run(&["pending"]).out.contains("nothing waits"));
    home.run(&["settle", &id, "c1", "happened"]).fails(1, &["it is running"]);
    run.kill();
    until_gone(&log);
}

/// Cause: where no model was found, the built-in script stood in for it and a real task was done by a recording.
#[test]
fn no_model_is_told_and_never_stood_in_for() {
    let home = Home::new();
    home.run(&["run", "fix it", "--headless"]).fails(2, &["no model answers", "doctor", "--model scripted"]);
    let mut command = home.command(&["run", "fix it", "--headless"]);
    command.env("OPENAI_API_KEY", "sk-very-secret-0123456789").env("HTTPS_PROXY", "http://127.0.0.1:9");
    let ran = finish(command, b"");
    ran.fails(2, &["no model answers", "OpenAI"]);
    assert!(!ran.err.contains("sk-very"), "{ran:?}");
    assert!(!home.home().exists(), "nothing was begun or made");
    let ran = home.run(&["doctor"]);
    assert!(ran.out.contains("it would refuse to start"), "{ran:?}");
    let ran = home.run(&["run", "fix it", "--headless", "--model", "scripted", "--on-hold", "reject"]);
    assert_eq!(ran.code, 0, "asked for by name: {ran:?}");
}

/// Cause: a run kept the name of its model and not where it was asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_resume_asks_where_the_run_was_begun() {
    let server = MockModel::start(vec![asks_for("write_file", &write_args())]).await;
    let home = Arc::new(Home::new());
    let url = server.url().replace("http://", "http://ada:sesame@") + "?api-key=sesame2";
    let plain = server.url();
    for url in [&url, &plain] {
        let ran = beside(&home, &["run", "Go.", "--headless", "--base-url", url, "--model", "mock-1"]).await;
        if ran.code == 3 {
            break;
        }
        assert!(!ran.err.contains("sesame"), "{ran:?}");
    }
    let id = {
        let home = home.clone();
        tokio::task::spawn_blocking(move || home.sessions()[0]["id"].as_str().unwrap().to_string())
            .await
            .unwrap()
    };
    let events = beside(&home, &["events", &id, "--json"]).await.out;
    let started: Value = serde_json::from_str(events.lines().nth(1).unwrap()).unwrap();
    assert_eq!(started["event"]["data"]["base_url"], json!(plain), "without what may be a key");
    assert_eq!(beside(&home, &["reject", &id, "c1"]).await.code, 0);
    server.push(Answer::says("As you wish."));
    let ran = beside(&home, &["resume", &id, "--headless"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, "As you wish.\n"), "{ran:?}");
    assert_eq!(beside(&home, &["verify", &id]).await.code, 0);
}

/// Cause: flags outrank what was kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_flag_names_another_server_for_a_resume() {
    let (home, id) = held_by_a_server().await;
    assert_eq!(beside(&home, &["reject", &id, "c1"]).await.code, 0);
    let other = MockModel::start(vec![Answer::says("From the other.")]).await;
    let ran = beside(&home, &["resume", &id, "--headless", "--base-url", &other.url()]).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, "From the other.\n"), "{ran:?}");
}

/// Cause: what is cut or left out was approved all the same: there was no way to see it outside of the screen.
#[test]
fn a_call_is_shown_whole_before_it_is_approved() {
    let home = Home::new();
    let lines: String = (0..300).map(|i| format!("line {i} of a long file\n")).collect();
    let old = lines.replace("line 150 ", "LINE 150 ");
    std::fs::write(home.ws().join("long.txt"), old).unwrap();
    let model = home
        .script(json!([{"calls": [{"tool": "write_file", "args": {"path": "long.txt", "content": lines}}]}]));
    assert_eq!(home.task(&model, "Write it.", &[]).code, 3);
    let id = home.only();
    let list = home.run(&["pending"]);
    let folder = home.ws().display().to_string();
    for word in [&folder, &format!("tackroom pending {id} c1")] {
        assert!(list.out.contains(word.as_str()), "{word}: {list:?}");
    }
    let hash = home.pending()[0]["hash"].as_str().unwrap().to_string();
    for args in [&["pending", &id[..4], "c1"][..], &["pending", &id], &["pending", "--full"]] {
        let whole = home.run(args);
        for word in [
            "line 299 of",
            "│ - LINE 150 of",
            "│ + line 150 of",
            "workspace-write",
            &folder,
            &hash,
            "lines stay",
        ] {
            assert!(whole.out.contains(word), "{args:?} {word}: {whole:?}");
        }
        whole.is_clean();
    }
    home.run(&["pending", &id, "c7"]).fails(1, &["c7 does not wait"]);
    home.run(&["approve", &id, "c1"]).fails(2, &["nobody has seen", "--hash", "--yes"]);
    assert_eq!(home.pending().len(), 1, "nothing was decided");
    assert_eq!(home.run(&["approve", &id, "c1", "--hash", &hash]).code, 0);
}

/// Cause: the same, on a terminal: it asked for nothing.
#[test]
fn on_a_terminal_an_approval_shows_the_call_and_asks() {
    let home = Home::new();
    let id = held(&home);
    for (word, code, left) in [("n\r", 1, 1), ("\r", 1, 1), ("y\r", 0, 0)] {
        let mut screen = Terminal::start(&home, &["approve", &id, "c1"], 120, 40);
        screen.see("approve exactly this?");
        assert!(screen.text().contains("+ two") && screen.text().contains("hash"), "{}", screen.text());
        screen.keys(word);
        assert_eq!(screen.end(), code, "{word:?}");
        assert_eq!(home.pending().len(), left, "{word:?}");
    }
}

/// Cause: the answer was a cut line among the progress.
#[test]
fn the_answer_goes_to_standard_output_whole_and_alone() {
    let home = Home::new();
    let id = held(&home);
    assert_eq!(home.run(&["approve", &id, "c1", "--yes"]).code, 0);
    let ran = home.run(&["resume", &id, "--headless"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "It is written.\nAll of it.\n"), "{ran:?}");
    assert!(ran.err.contains("CallStarted   c1 write_file"), "{ran:?}");
}

/// Cause: a run that waited for another terminal said nothing at all.
#[test]
fn a_run_that_waits_says_so_and_how_to_answer() {
    for json_flag in [&["--json"][..], &[]] {
        let home = Home::new();
        let model = home
            .script(json!([{"calls": [{"tool": "write_file", "args": write_args()}]}, {"text": "Done."}]));
        let args = ["run", "Go.", "--headless", "--on-hold", "wait", "--model", &model];
        let run = Running::start(home.command(&[&args[..], json_flag].concat()));
        until("it waits", || home.home().exists() && !home.pending().is_empty());
        let id = home.only();
        assert_eq!(home.run(&["reject", &id, "c1"]).code, 0);
        let ran = run.end();
        assert_eq!(ran.code, 0, "{ran:?}");
        for word in ["c1 waits for approval", &format!("from another terminal: tackroom pending {id} c1")] {
            assert!(ran.err.contains(word), "{word}: {ran:?}");
        }
    }
}

/// Cause: only `doctor` knew what most often is wrong with an address.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_its_end_is_told_by_the_run_too() {
    let server = MockModel::start(vec![Answer::json(404, r#"{"error":{"message":"no such path"}}"#)]).await;
    let home = Arc::new(Home::new());
    let url = server.url().replace("/v1", "");
    let ran = beside(&home, &["run", "Go.", "--headless", "--base-url", &url, "--model", "m"]).await;
    ran.fails(1, &[&format!("add /v1: --base-url {url}/v1"), "has failed"]);
}

/// Cause: an edit was told as approved before the policy had seen it.
#[test]
fn an_edit_is_not_told_as_approved() {
    let home = Home::new();
    let id = held(&home);
    let ran = home.run(&["edit", &id, "c1", "--args", r#"{"path":"../../etc/x","content":"x"}"#]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("edited") && ran.out.contains("the policy judges it"), "{ran:?}");
    assert!(!ran.out.contains("approved"), "{ran:?}");
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3, "it is denied, and waits again");
    let same = write_args().to_string();
    let ran = home.run(&["edit", &id, "c1", "--args", &same]);
    assert!(ran.out.starts_with("approved"), "nothing was changed: {ran:?}");
    let home = Home::new();
    let id = held(&home);
    home.run(&["edit", &id, "c1", "--args", r#"{"path":"x","text":"x"}"#])
        .fails(1, &["/text: is not an argument of this tool; there are: path, content"]);
}

/// Cause: errors that said what is wrong and not what to type.
#[test]
fn what_was_typed_wrong_is_answered_with_what_to_type() {
    let home = Home::new();
    home.run(&["run", "fix", "bug"]).fails(2, &["tackroom run \"fix bug\""]);
    home.run(&["run", "fix", "the", "bug", "--headless"]).fails(2, &["tackroom run \"fix the bug\""]);
    home.run(&["approve"]).fails(2, &["tackroom pending"]);
    home.run(&["resume"]).fails(2, &["tackroom sessions"]);
    home.run(&["run", "x", "--headless", "--base-url", "127.0.0.1:8000"])
        .fails(2, &["\"127.0.0.1:8000\"", "--base-url", "http://127.0.0.1:8000/v1"]);
    home.run(&["run", "x", "--headless", "--model", ""]).fails(2, &["--model", "empty"]);
    home.run(&["sessions", "--theme", "nope"]).fails(2, &["\"nope\"", "night"]);
    assert!(!home.home().exists(), "nothing was made");
}

/// Cause: flags of the model and the screen stood in the help of verbs that have neither.
#[test]
fn help_shows_the_flags_that_mean_something() {
    let home = Home::new();
    for (verb, model, theme) in [
        ("approve", false, false),
        ("settle", false, false),
        ("events", false, false),
        ("sessions", false, false),
        ("replay", false, true),
        ("run", true, true),
        ("doctor", true, false),
    ] {
        let help = home.run(&[verb, "--help"]).out;
        assert_eq!((help.contains("--base-url"), help.contains("--model")), (model, model), "{verb}: {help}");
        assert_eq!(help.contains("--theme"), theme, "{verb}: {help}");
    }
    let ran = home.run(&["sessions", "--model", "m", "--theme", "night"]);
    assert_eq!(ran.code, 0, "taken all the same, for who has it in an alias: {ran:?}");
}

/// Cause: half of the values had no source, and a broken file hid all of them.
#[test]
fn the_configuration_shows_every_source_and_survives_a_broken_file() {
    let home = Home::new();
    home.config(
        "[model]\nidle_s = 7\nheaders = { \"X-Team\" = \"hidden-value\" }\n[tools]\nhosts = [\"docs.rs\"]\nenv = [\"MY\"]\n[keys.approval]\napprove = [\"y\", \"F2\"]\n",
    );
    let ran = home.run(&["config", "show", "--json"]);
    let config = &ran.json()["config"];
    for (name, members) in config.as_object().unwrap() {
        assert_ne!(members["source"], "", "{name} has no source");
    }
    for name in ["model.idle_s", "model.headers", "tools.hosts", "tools.env", "keys"] {
        assert_eq!(config[name]["source"], "config.toml", "{name}");
    }
    assert_eq!(config["model.connect_s"]["source"], "default");
    assert!(!ran.out.contains("hidden-value") && ran.out.contains("approval.approve = y F2"), "{ran:?}");
    home.config("[model\n");
    let ran = home.run(&["config", "show"]);
    ran.fails(2, &["line 1"]);
    assert!(ran.out.contains("run.steps"), "{ran:?}");
    let ran = home.run(&["doctor"]);
    ran.fails(2, &["line 1"]);
    assert!(ran.out.contains("WRONG config") && ran.out.contains("store"), "{ran:?}");
    home.run(&["sessions"]).fails(2, &["line 1"]);
}

/// Cause: words that were wrong by one, or said in a program's own names; times in two forms; no folder.
#[test]
fn lists_say_the_folder_and_times_in_one_form() {
    let home = Home::new();
    let id = held(&home);
    let list = home.run(&["sessions"]);
    assert!(list.out.contains("folder") && list.out.contains("  ws "), "{list:?}");
    let row = &home.sessions()[0];
    for (new, old) in [("opened_at", "opened"), ("updated_at", "updated")] {
        assert!(row[new].as_str().is_some_and(|text| text.ends_with('Z')), "{new}: {row}");
        assert!(row[old].is_i64(), "{old} stays: {row}");
    }
    assert!(home.pending()[0]["since"].as_str().is_some_and(|text| text.ends_with('Z')));
    let events = home.run(&["events", &id]);
    assert!(events.out.contains("1 call,") && !events.out.contains("1 calls"), "{events:?}");
    assert_eq!(home.run(&["reject", &id, "c1"]).code, 0);
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 0);
    home.run(&["cancel", &id]).fails(1, &["the task is over: it is done"]);
}
