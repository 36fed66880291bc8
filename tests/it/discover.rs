//! What is found at first start and by `doctor`, and what is said about each thing that is wrong.

use crate::harness::mock_model::{Answer, MockModel};
use std::collections::HashMap;
use tackroom::adapters::model::discover::{Candidate, Key, candidates, discover};
use tackroom::adapters::model::provider::{Providers, Wire};
use tackroom::adapters::model::secret::Secret;
use tackroom::cli::config_model::built_in;

fn providers() -> Providers {
    Providers::new(built_in().unwrap())
}

fn here(label: &str, base_url: String) -> Candidate {
    let provider = providers().all().find(|provider| provider.label == label).cloned();
    Candidate { label: label.into(), base_url, keys: vec![], local: true, wire: Wire::Chat, provider }
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
        let own = Key { name: "OPENAI_API_KEY".into(), secret: Secret::new(key) };
        candidate.keys = Some(own).filter(|_| label == "key refused").into_iter().collect();
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
    let found = candidates(&look, &providers());
    let shown: Vec<_> = found
        .iter()
        .map(|c| format!("{} {} {:?} {}", c.label, c.base_url, c.keys.first().map(|key| &key.name), c.local))
        .collect();
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
        assert_eq!(candidates(&look, &providers())[0].base_url, url);
    }
    let own = |name: &str| (name == "OPENAI_BASE_URL").then(|| "http://box:1/v1".to_string());
    let first = candidates(&own, &providers()).remove(0);
    assert_eq!(
        (first.label.as_str(), first.base_url.as_str(), first.keys),
        ("OPENAI_BASE_URL", "http://box:1/v1", vec![])
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
        assert_eq!(providers().key_variable(url), Some(variable), "{url}");
    }
    for url in [
        "http://127.0.0.1:11434/v1",
        "https://api.deepseek.com.evil.example/v1",
        "https://api.deepseek.com@evil.example/v1",
        "http://api.openai.com/v1",
        "https://api.openai.com:444/v1",
        "",
    ] {
        assert_eq!(providers().key_variable(url), None, "{url}");
    }
}

#[test]
fn each_provider_that_is_built_in_can_be_asked() {
    let known = providers();
    let names: Vec<&str> = known.all().map(|provider| provider.name.as_str()).collect();
    for name in ["openai", "anthropic", "openrouter", "gemini", "mistral", "groq", "deepseek"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for provider in known.all() {
        provider.wire.check(&provider.quirks).unwrap_or_else(|why| panic!("{}: {why}", provider.name));
        assert!(provider.local != provider.keys.iter().any(|key| key.ends_with("_API_KEY")), "{provider:?}");
        assert!(!provider.local || !(provider.start.is_empty() || provider.load.is_empty()), "{provider:?}");
        assert_eq!(names.iter().filter(|name| **name == provider.name).count(), 1);
    }
    let split =
        |model: &'static str| known.split(model).map(|(provider, rest)| (provider.label.clone(), rest));
    assert_eq!(split("anthropic/claude-x"), Some(("Anthropic".to_string(), "claude-x")));
    assert_eq!(split("openrouter/openai/gpt-x"), Some(("OpenRouter".to_string(), "openai/gpt-x")));
    assert_eq!((split("qwen3:8b"), split("nobody/x"), split("openai/")), (None, None, None));
    let quirks = |text: &str| serde_json::from_str(text).unwrap();
    assert!(Wire::Chat.check(&quirks(r#"{"short_ids":true}"#)).is_ok());
    assert!(Wire::Messages.check(&quirks(r#"{"short_ids":true}"#)).unwrap_err().contains("short_ids"));
}

#[tokio::test]
async fn a_provider_of_messages_is_asked_for_its_models_with_its_own_headers() {
    let server = MockModel::start(vec![Answer::json(
        200,
        r#"{"data":[{"type":"model","id":"claude-x"}],"has_more":false}"#,
    )])
    .await;
    let provider = providers().named("anthropic").cloned();
    let keys = vec![Key { name: "ANTHROPIC_API_KEY".into(), secret: Secret::new("sk-ant-0") }];
    let base_url = server.url();
    let found = discover(vec![Candidate {
        label: "a".into(),
        base_url,
        keys,
        local: false,
        wire: Wire::Messages,
        provider,
    }])
    .await;
    assert_eq!(found[0].models, Ok(vec!["claude-x".to_string()]));
    let asked = server.asked().remove(0);
    assert_eq!((asked.header("x-api-key"), asked.header("authorization")), (Some("sk-ant-0"), None));
    assert!(asked.header("anthropic-version").is_some());
}
