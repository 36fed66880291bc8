//! Providers, keys and fallbacks in the real program: what is configured is asked, what fails rests and is shown, no key is told.

use crate::harness::binary::{Home, Ran, finish};
use crate::harness::mock_model::{Answer, MockModel};
use serde_json::{Value, json};
use std::sync::Arc;

const KEYS: [(&str, &str); 3] = [
    ("FIRST_KEY", "sk-first-secret-0123456789"),
    ("SECOND_KEY", "sk-second-secret-0123456789"),
    ("SPARE_KEY", "sk-spare-secret-0123456789"),
];

async fn run(home: &Arc<Home>, args: &[&str]) -> Ran {
    let mut command = home.command(args);
    command.envs(KEYS);
    let ran = tokio::task::spawn_blocking(move || finish(command, b"")).await.unwrap();
    let told = KEYS.iter().find(|(_, key)| ran.out.contains(key) || ran.err.contains(key));
    assert_eq!(told, None, "a key is told: {ran:?}");
    ran
}

/// A reply of Messages.
fn message(text: &str) -> Answer {
    let body = json!({"type": "message", "role": "assistant", "model": "claude-x", "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 2}});
    Answer::json(200, body.to_string())
}

fn facts(ran: &Ran, kind: &str) -> Vec<Value> {
    let lines = ran.out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .map(|line| line["event"].clone())
        .filter(|event| event["kind"] == kind)
        .map(|event| event["data"].clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_and_a_dead_model_do_not_end_a_run() {
    let refused = r#"{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}"#;
    let limited = r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#;
    let first = MockModel::strict(vec![Answer::json(401, refused), Answer::json(429, limited)]).await;
    let spare = MockModel::strict(vec![message("It is done."), message("And again.")]).await;
    let home = Arc::new(Home::new());
    home.config(&format!(
        "[model]\nbase_url = \"{}\"\nname = \"m\"\nkeys = [\"FIRST_KEY\", \"SECOND_KEY\"]\nfallback = [\"spare/claude-x\"]\n\
         [providers.spare]\nbase_url = \"{}\"\nkeys = [\"SPARE_KEY\"]\nwire = \"messages\"\n",
        first.url(),
        spare.url()
    ));
    let ran = run(&home, &["run", "Go.", "--headless"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("It is done.") || ran.err.contains("It is done."), "{ran:?}");
    assert_eq!((first.refused(), spare.refused()), (vec![], vec![]));
    let keys: Vec<_> =
        first.asked().iter().map(|asked| asked.header("authorization").unwrap().to_string()).collect();
    assert_eq!(keys, [format!("Bearer {}", KEYS[0].1), format!("Bearer {}", KEYS[1].1)]);
    assert_eq!(spare.asked()[0].header("x-api-key"), Some(KEYS[2].1));

    // The log tells each attempt with its way, and what rests.
    let id = home.only();
    let events = run(&home, &["events", &id, "--json"]).await;
    let asked = facts(&events, "ModelAsked");
    let routes: Vec<_> =
        asked.iter().map(|data| (data["model"].clone(), data["route"]["key"].clone())).collect();
    assert_eq!(
        routes,
        [
            (json!("m"), json!("FIRST_KEY")),
            (json!("m"), json!("SECOND_KEY")),
            (json!("claude-x"), json!("SPARE_KEY"))
        ]
    );
    let failed = facts(&events, "ModelFailed");
    assert_eq!(failed[0]["fault"]["detour"]["disabled"], true);
    assert_eq!(failed[1]["fault"]["detour"]["rest_ms"], 60_000);
    assert_eq!(failed[1]["fault"]["detour"]["next"]["model"], "claude-x");
    let verified = run(&home, &["verify", &id]).await;
    assert_eq!(verified.code, 0, "{verified:?}");

    // Another process knows it: the spare is asked at once; `doctor` shows it, and who can be named.
    let ran = run(&home, &["run", "Go on.", "--headless"]).await;
    assert_eq!((ran.code, first.asked().len(), spare.asked().len()), (0, 2, 2), "{ran:?}");
    let doctor = run(&home, &["doctor"]).await;
    for words in [
        "$FIRST_KEY at http://127.0.0.1:",
        "not used before it is changed",
        "$SECOND_KEY for m at",
        "rests",
        "claude-x at http://127.0.0.1:",
        "anthropic",
        "spare (key set)",
    ] {
        assert!(doctor.out.contains(words), "no {words:?} in {}", doctor.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_asked_of_the_provider_that_its_name_begins_with() {
    let server = MockModel::strict(vec![message("Hello."), message("Hello again.")]).await;
    let home = Arc::new(Home::new());
    home.config(&format!(
        "[model]\nmax_tokens = 77\nbody = {{ temperature = 0.5 }}\n[providers.gpu]\nbase_url = \"{}\"\nkeys = [\"FIRST_KEY\"]\nwire = \"messages\"\nquirks = {{ cache = false }}\n",
        server.url()
    ));
    let ran = run(&home, &["run", "Go.", "--headless", "--model", "gpu/claude-x"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let asked = server.asked().remove(0);
    assert_eq!((asked.path.as_str(), asked.header("x-api-key")), ("/v1/messages", Some(KEYS[0].1)));
    assert_eq!((&asked.body["model"], &asked.body["max_tokens"]), (&json!("claude-x"), &json!(77)));
    assert_eq!(asked.body["temperature"], 0.5);
    assert!(!String::from_utf8_lossy(&asked.raw).contains("cache_control"));
    // What was sent can be made again from the log, and is what was hashed.
    let id = home.only();
    let events = run(&home, &["events", &id, "--json"]).await;
    let no = events.out.lines().position(|line| line.contains("\"ModelAsked\"")).unwrap() + 1;
    let sent = run(&home, &["inspect", &id, &no.to_string(), "--request"]).await;
    assert!(sent.out.contains("\"max_tokens\":77") || sent.out.contains("\"max_tokens\": 77"), "{sent:?}");
    // A provider whose key is not set says which one that is; odd settings name themselves.
    run(&home, &["run", "Go.", "--headless", "--model", "mistral/x"])
        .await
        .fails(2, &["mistral/x", "MISTRAL_API_KEY"]);
    home.config("[model]\nfallback = [\"nobody/x\"]\nbase_url = \"http://127.0.0.1:9/v1\"\nname = \"m\"\n");
    run(&home, &["run", "Go.", "--headless"]).await.fails(2, &["nobody/x", "PROVIDER/MODEL"]);
    home.config("[providers.gpu]\nbase_url = \"http://gpu/v1\"\nquirks = { short = true }\n");
    run(&home, &["run", "Go.", "--headless"]).await.fails(2, &["providers.gpu", "short"]);
    home.config("[providers.gpu]\nbase_url = \"gpu\"\n");
    run(&home, &["run", "Go.", "--headless"]).await.fails(2, &["providers.gpu", "base_url"]);
}
