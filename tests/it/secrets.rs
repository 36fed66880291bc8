//! L1, L2: a key that the program was given is nowhere in what it keeps, says or exports.

use crate::harness::binary::{Home, finish, holding};
use crate::harness::mock_model::{Answer, MockModel};
use serde_json::json;

const KEY: &str = "sk-planted-9f3b1c7e5d2a8046";

/// A reply that asks for one command.
fn asks_for(line: &str) -> Answer {
    let args = json!({ "shell": line }).to_string();
    let call = json!({"index": 0, "id": "q1", "type": "function", "function": {"name": "run_command", "arguments": args}});
    let chunk =
        json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]});
    Answer::stream(format!("data: {chunk}\n\ndata: [DONE]\n\n"))
}

/// The command looks for the key in its own environment and in that of whoever started it; the endpoint says it back.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_program_knows_is_in_no_export() {
    let line = "env; cat /proc/self/environ; cat /proc/$PPID/environ | tr '\\0' '\\n'; echo looked";
    let refusal = json!({"error": {"message": format!("Incorrect API key provided: {KEY}. Your header was Bearer {KEY}")}});
    let server = MockModel::start(vec![asks_for(line), Answer::json(401, refusal.to_string())]).await;
    let url = server.url();
    let looked = tokio::task::spawn_blocking(move || {
        let home = Home::new();
        let args = [
            "run",
            "Go.",
            "--headless",
            "--json",
            "--base-url",
            &url,
            "--model",
            "mock-1",
            "--on-hold",
            "approve",
        ];
        let mut command = home.command(&args);
        command.env("OPENAI_API_KEY", KEY);
        let ran = finish(command, b"");
        assert!(!ran.out.contains(KEY) && !ran.err.contains(KEY), "{ran:?}");
        let id = home.only();
        let told = home.events(&id).concat();
        assert!(
            told.contains("looked") && told.contains("Incorrect API key provided"),
            "it came to that: {told}"
        );
        for form in ["jsonl", "md", "html", "atif"] {
            let ran = home.run(&["sessions", "export", &id, "--format", form]);
            assert_eq!(ran.code, 0, "{ran:?}");
            assert!(ran.out.contains("looked"), "{form} tells of the command: {ran:?}");
            assert!(!ran.out.contains(KEY), "{form}: {ran:?}");
        }
        assert_eq!(holding(&home.home(), KEY.as_bytes()), Vec::<String>::new());
    });
    looked.await.unwrap();
    let sent = server.asked();
    let bearer = format!("Bearer {KEY}");
    assert!(!sent.is_empty() && sent.iter().all(|asked| asked.header("authorization") == Some(&bearer)));
}

const TOKEN: &str = "ghp_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R";
const MINE: &str = "correct-horse-battery-staple";

/// Law 6: what an agent reads, says, is told and is answered is written, shown and sent without the secrets in it; and what
/// it does with one goes past a person, with the value put in only as it runs.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_an_agent_meets_is_nowhere_and_still_of_use() {
    let call = |id: &str, tool: &str, args: serde_json::Value| {
        let call = json!({"index": 0, "id": id, "type": "function", "function": {"name": tool, "arguments": args.to_string()}});
        let delta = json!({"content": format!("I saw {TOKEN} there."), "tool_calls": [call]});
        let chunk = json!({"choices": [{"index": 0, "delta": delta, "finish_reason": "tool_calls"}]});
        Answer::stream(format!("data: {chunk}\n\ndata: [DONE]\n\n"))
    };
    let end = json!({"choices": [{"index": 0, "delta": {"content": "Done."}, "finish_reason": "stop"}]});
    let server = MockModel::start(vec![
        call("q1", "read_file", json!({"path": ".env"})),
        call("q2", "search", json!({"pattern": "[secret:MINE]"})),
        call("q3", "write_file", json!({"path": "out.txt", "content": "use [secret:MINE] here\n"})),
        call("q4", "write_file", json!({"path": "own.txt", "content": format!("token {TOKEN}\n")})),
        call("q5", "run_command", json!({"shell": "cat out.txt own.txt .env"})),
        call(
            "q6",
            "write_file",
            json!({"path": "no.txt", "content": "[secret:OPENAI_API_KEY] [secret:api-key:00000000]\n"}),
        ),
        Answer::stream(format!("data: {end}\n\ndata: [DONE]\n\n")),
    ])
    .await;
    let url = server.url();
    let tried = tokio::task::spawn_blocking(move || {
        let home = Home::new();
        home.config("[secrets]\nenv = [\"MINE\"]\n");
        let file = format!("GITHUB={TOKEN}\nMY_VALUE={MINE}\nPLAIN=yes\n");
        std::fs::write(home.ws().join(".env"), &file).unwrap();
        let task = format!("Look at {TOKEN} and {MINE}.");
        let args = [
            "run",
            &task,
            "--headless",
            "--json",
            "--base-url",
            &url,
            "--model",
            "mock-1",
            "--on-hold",
            "approve",
        ];
        let mut command = home.command(&args);
        command.env("OPENAI_API_KEY", KEY).env("MINE", MINE);
        let ran = finish(command, b"");
        assert_eq!(ran.code, 0, "{ran:?}");
        let id = home.only();
        let told = home.events(&id).concat();
        for secret in [TOKEN, MINE, KEY] {
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{secret}: {ran:?}");
            // The files as they were before each call are kept as they are, so that they can be put back.
            let held = holding(&home.home(), secret.as_bytes());
            assert!(
                held.iter().all(|file| file.ends_with("tackroom.db") || file.ends_with("-wal")),
                "{held:?}"
            );
            assert!(!told.contains(secret), "{secret}: {told}");
            for form in ["jsonl", "md", "html", "atif"] {
                let ran = home.run(&["sessions", "export", &id, "--format", form]);
                assert!(ran.code == 0 && !ran.out.contains(secret), "{form} {secret}: {ran:?}");
            }
        }
        assert!(told.contains("PLAIN=yes"), "{told}");
        assert!(told.contains("secret, workspace-read"), "a reading that uses one asks: {told}");
        let read = |name: &str| std::fs::read_to_string(home.ws().join(name));
        assert_eq!(read("out.txt").unwrap(), format!("use {MINE} here\n"));
        assert_eq!(read("own.txt").unwrap(), format!("token {TOKEN}\n"));
        assert!(read("no.txt").is_err() && told.contains("stands for a secret"), "{told}");
        assert_eq!(read(".env").unwrap(), file);
        let ran = home.run(&["verify", &id]);
        assert_eq!(ran.code, 0, "{ran:?}");
    });
    tried.await.unwrap();
    let sent = server.asked();
    assert_eq!(sent.len(), 7);
    for asked in &sent {
        let body = asked.body.to_string();
        assert!([TOKEN, MINE, KEY].iter().all(|secret| !body.contains(secret)), "{body}");
    }
}
