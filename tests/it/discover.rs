//! What is found at first start and by `doctor`, and what is said about each thing that is wrong.

use crate::harness::mock_model::{Answer, MockModel};
use std::collections::HashMap;
use tackroom::adapters::model::discover::{Candidate, LOCAL_SERVERS, candidates, discover, key_variable};
use tackroom::adapters::model::secret::Secret;

fn here(label: &str, base_url: String) -> Candidate {
    Candidate { label: label.into(), base_url, key: None, key_source: None, local: true }
}

#[tokio::test]
async fn each_state_of_a_server_is_found_with_a_hint() {
    let models = r#"{"object":"list","data":[{"id":"qwen3:8b"},{"id":"gemma3"}]}"#;
    let key = "sk-do-not-show-me";
    let answers = [
        ("good", Answer::json(200, models)),
        ("native list", Answer::json(200, r#"{"models":[{"name":"a.gguf"}]}"#)),
        ("empty", Answer::json(200, r#"{"object":"list","data":[]}"#)),
        ("null list", Answer::json(200, r#"{"object":"list","data":null}"#)),
        ("website", Answer::json(200, "<!doctype html><title>hello")),
        ("not JSON", Answer::json(200, "pong")),
        ("key refused", Answer::json(401, format!(r#"{{"error":{{"message":"bad key {key}"}}}}"#))),
        ("wrong path", Answer::json(404, r#"{"detail":"Not Found"}"#)),
        ("broken", Answer::json(500, r#"{"error":{"message":"oh no"}}"#)),
        ("slow", Answer::silence()),
    ];
    let mut servers = Vec::new();
    let mut asked = Vec::new();
    for (label, answer) in answers {
        let server = MockModel::start(vec![answer]).await;
        let mut candidate = here(label, server.url());
        candidate.key = Some(Secret::new(key)).filter(|_| label == "key refused");
        candidate.key_source = candidate.key.as_ref().map(|_| "OPENAI_API_KEY");
        asked.push(candidate);
        servers.push(server);
    }
    asked.push(here("Ollama", "http://127.0.0.1:1/v1".into()));
    asked.push(here("no URL", format!("localhost:{key}")));
    let bare =
        MockModel::start(vec![Answer::json(404, "404 page not found"), Answer::json(200, models)]).await;
    asked.push(here("without v1", bare.url().trim_end_matches("/v1").to_string()));
    let begun = std::time::Instant::now();
    let found = discover(asked).await;
    let took = begun.elapsed();
    let mut shown = String::new();
    for endpoint in &found {
        shown.push_str(&format!("{}: {:?}\n", endpoint.label, endpoint.models));
    }
    assert!(!format!("{found:?}").contains(key), "{found:?}");
    assert!(took < std::time::Duration::from_secs(4), "one after the other: {took:?}");
    for server in servers.iter().chain([&bare]) {
        shown = shown.replace(&server.port().to_string(), "PORT");
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn keys_and_servers_that_are_worth_asking() {
    let env = HashMap::from([
        ("OPENAI_API_KEY", "sk-1234567"),
        ("GROQ_API_KEY", " "),
        ("DEEPSEEK_API_KEY", "d-1234567"),
        ("OLLAMA_HOST", "0.0.0.0:11500"),
    ]);
    let look = |name: &str| env.get(name).map(ToString::to_string);
    let found = candidates(&look, &LOCAL_SERVERS);
    let shown: Vec<_> =
        found.iter().map(|c| format!("{} {} {:?} {}", c.label, c.base_url, c.key_source, c.local)).collect();
    assert_eq!(
        shown,
        [
            r#"OpenAI https://api.openai.com/v1 Some("OPENAI_API_KEY") false"#,
            r#"DeepSeek https://api.deepseek.com/v1 Some("DEEPSEEK_API_KEY") false"#,
            "Ollama http://127.0.0.1:11500/v1 None true",
            "LM Studio http://127.0.0.1:1234/v1 None true",
            "llama.cpp http://127.0.0.1:8080/v1 None true",
        ]
    );
    assert!(!format!("{found:?}").contains("1234567"));
    for (host, url) in [
        ("gpu", "http://gpu:11434/v1"),
        ("http://gpu:9/", "http://gpu:9/v1"),
        ("https://gpu", "https://gpu:11434/v1"),
    ] {
        let look = |name: &str| (name == "OLLAMA_HOST").then(|| host.to_string());
        assert_eq!(candidates(&look, &LOCAL_SERVERS)[0].base_url, url);
    }
    let own = |name: &str| (name == "OPENAI_BASE_URL").then(|| "http://box:1/v1".to_string());
    let first = candidates(&own, &[]).remove(0);
    assert_eq!(
        (first.label.as_str(), first.base_url.as_str(), first.key),
        ("OPENAI_BASE_URL", "http://box:1/v1", None)
    );
}

/// Cause: a session taken up again at a provider whose own key was gone was given the key of another provider; and an
/// address was known by its spelling, so that a port, a case or a path more made another of it.
#[test]
fn a_provider_is_known_by_its_server() {
    for (url, variable) in [
        ("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
        ("https://api.openai.com/v1/", "OPENAI_API_KEY"),
        ("https://API.openai.com:443/v2", "OPENAI_API_KEY"),
    ] {
        assert_eq!(key_variable(url), Some(variable), "{url}");
    }
    for url in [
        "http://127.0.0.1:11434/v1",
        "https://api.deepseek.com.evil.example/v1",
        "https://api.deepseek.com@evil.example/v1",
        "http://api.openai.com/v1",
        "https://api.openai.com:444/v1",
        "",
    ] {
        assert_eq!(key_variable(url), None, "{url}");
    }
}
