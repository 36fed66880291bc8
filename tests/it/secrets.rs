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
