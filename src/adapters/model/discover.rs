//! Which models are at hand: keys in the environment, servers on this machine; and what is wrong with each, with a hint.
//!
//! The environment comes in as a function, so nothing here reads it. Each endpoint is asked only for its list of models, all at
//! the same time, within short limits. No text holds a key.

use crate::adapters::model::classify;
use crate::adapters::model::secret::Secret;
use crate::adapters::web::{self, Redirects, Web, WebFaultKind, WebLimits, WebReply, WebRequest};
use crate::domain::fault::FaultKind;
use serde_json::Value;

/// Servers that are looked for on this machine: name and port.
pub const LOCAL_SERVERS: [(&str, u16); 3] = [("Ollama", 11434), ("LM Studio", 1234), ("llama.cpp", 8080)];

/// Providers by the variable that holds their key: variable, name, base URL.
const PROVIDERS: [(&str, &str, &str); 9] = [
    ("OPENAI_API_KEY", "OpenAI", "https://api.openai.com/v1"),
    ("ANTHROPIC_API_KEY", "Anthropic", "https://api.anthropic.com/v1"),
    ("OPENROUTER_API_KEY", "OpenRouter", "https://openrouter.ai/api/v1"),
    ("GEMINI_API_KEY", "Gemini", "https://generativelanguage.googleapis.com/v1beta/openai"),
    ("DEEPSEEK_API_KEY", "DeepSeek", "https://api.deepseek.com/v1"),
    ("GROQ_API_KEY", "Groq", "https://api.groq.com/openai/v1"),
    ("MISTRAL_API_KEY", "Mistral", "https://api.mistral.ai/v1"),
    ("XAI_API_KEY", "xAI", "https://api.x.ai/v1"),
    ("TOGETHER_API_KEY", "Together", "https://api.together.xyz/v1"),
];

const MODELS_MAX: usize = 2_000;
const NEAR_MS: u64 = 2_000;
const FAR_MS: u64 = 8_000;

/// An endpoint that may be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its name, such as `Ollama`.
    pub label: String,
    /// The base URL.
    pub base_url: String,
    /// The key, where there is one.
    pub key: Option<Secret>,
    /// Where the key comes from.
    pub key_source: Option<&'static str>,
    /// Whether it is on this machine.
    pub local: bool,
}

/// What is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong, on what.
    pub what: String,
    /// What to type or change next.
    pub hint: String,
}

/// An endpoint that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its name.
    pub label: String,
    /// The base URL as it may be shown.
    pub base_url: String,
    /// Where the key came from.
    pub key_source: Option<&'static str>,
    /// Whether it is on this machine.
    pub local: bool,
    /// The models it lists, at least one, or what is wrong.
    pub models: Result<Vec<String>, Finding>,
}

/// All that is worth asking: an endpoint per key in the environment, then the servers on this machine.
pub fn candidates(env: &dyn Fn(&str) -> Option<String>, local: &[(&str, u16)]) -> Vec<Candidate> {
    let set = |name: &str| env(name).map(|value| value.trim().to_string()).filter(|value| !value.is_empty());
    let own_base = set("OPENAI_BASE_URL").or_else(|| set("OPENAI_API_BASE"));
    let mut found = Vec::new();
    for (variable, label, base_url) in PROVIDERS {
        let openai = variable == "OPENAI_API_KEY";
        let base = own_base.clone().filter(|_| openai);
        let key = set(variable).map(Secret::new);
        if key.is_none() && base.is_none() {
            continue;
        }
        let label = if base.is_some() { "OPENAI_BASE_URL" } else { label }.to_string();
        let key_source = key.as_ref().map(|_| variable);
        let base_url = base.unwrap_or_else(|| base_url.to_string());
        found.push(Candidate { label, base_url, key, key_source, local: false });
    }
    for (label, port) in local {
        let own = set("OLLAMA_HOST").filter(|_| *label == "Ollama").map(|host| ollama_url(&host, *port));
        let base_url = own.unwrap_or_else(|| format!("http://127.0.0.1:{port}/v1"));
        let label = label.to_string();
        found.push(Candidate { label, base_url, key: None, key_source: None, local: true });
    }
    found
}

/// The variable that holds the key of the provider whose server an address is on.
pub fn key_variable(url: &str) -> Option<&'static str> {
    PROVIDERS.iter().find(|(_, _, known)| web::is_same_origin(known, url)).map(|(variable, _, _)| *variable)
}

/// `OLLAMA_HOST` may be a host, a host with a port, or a URL; `0.0.0.0` is what the server listens on, not where it is.
fn ollama_url(host: &str, port: u16) -> String {
    let url = if host.contains("://") { host.to_string() } else { format!("http://{host}") };
    let url = url.replace("//0.0.0.0", "//127.0.0.1");
    let url = url.trim_end_matches('/');
    let has_port = url.rsplit(':').next().is_some_and(|tail| tail.parse::<u16>().is_ok());
    if has_port { format!("{url}/v1") } else { format!("{url}:{port}/v1") }
}

/// Asks all candidates at the same time; the answers are in their order.
pub async fn discover(candidates: Vec<Candidate>) -> Vec<Endpoint> {
    let web = Web::new(FAR_MS);
    let mut tasks = tokio::task::JoinSet::new();
    for (place, candidate) in candidates.into_iter().enumerate() {
        let web = web.clone();
        tasks.spawn(async move { (place, probe(&web, &candidate).await) });
    }
    let mut found = tasks.join_all().await;
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, endpoint)| endpoint).collect()
}

/// Asks one endpoint for its models.
pub async fn probe(web: &Web, candidate: &Candidate) -> Endpoint {
    let models = list(web, candidate).await.map_err(|finding| {
        let scrub = |text: String| candidate.key.as_ref().map_or(text.clone(), |key| key.scrub(&text));
        Finding { what: scrub(finding.what), hint: scrub(finding.hint) }
    });
    Endpoint {
        label: candidate.label.clone(),
        base_url: web::public_url(&candidate.base_url).unwrap_or_else(|| "(not a URL)".to_string()),
        key_source: candidate.key_source,
        local: candidate.local,
        models,
    }
}

async fn list(web: &Web, candidate: &Candidate) -> Result<Vec<String>, Finding> {
    let (path, query) = match candidate.base_url.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (candidate.base_url.as_str(), String::new()),
    };
    let base = path.trim().trim_end_matches('/').trim_end_matches("/chat/completions");
    let fault = match ask(web, candidate, &format!("{base}/models{query}")).await {
        Ok(models) => return Ok(models),
        Err(fault) => fault,
    };
    if fault.wrong_path && !base.ends_with("/v1") {
        let better = format!("{base}/v1");
        if ask(web, candidate, &format!("{better}/models{query}")).await.is_ok() {
            let shown = web::public_url(&better).unwrap_or_default();
            return Err(Finding {
                what: format!("{} is no API, but {shown} is", web::public_url(base).unwrap_or_default()),
                hint: format!("add /v1: --base-url {shown}"),
            });
        }
    }
    Err(fault.finding)
}

/// A finding, and whether another path may do better.
struct Miss {
    finding: Finding,
    wrong_path: bool,
}

impl Miss {
    fn new(what: impl Into<String>, hint: impl Into<String>) -> Miss {
        Miss { finding: Finding { what: what.into(), hint: hint.into() }, wrong_path: false }
    }
}

async fn ask(web: &Web, candidate: &Candidate, url: &str) -> Result<Vec<String>, Miss> {
    let ms = if candidate.local { NEAR_MS } else { FAR_MS };
    let limits = WebLimits { first_byte_ms: ms, idle_ms: ms, total_ms: ms, size_max: 8 << 20 };
    let key = candidate.key.iter();
    let headers = key.map(|key| ("Authorization".to_string(), format!("Bearer {}", key.reveal()))).collect();
    let request =
        WebRequest { url: url.to_string(), headers, body: None, limits, redirects: Redirects::Never };
    let failed = |fault: web::WebFault| {
        let hint = match fault.kind {
            WebFaultKind::Connect => start_hint(candidate),
            WebFaultKind::Timeout => {
                "it may be busy loading a model, or a firewall drops what is sent; try again"
            }
            WebFaultKind::Tls => "check the certificate, the clock of this machine and the proxy",
            WebFaultKind::BadUrl => "write the base URL as http://HOST:PORT/v1",
            WebFaultKind::BadHeader => "set the key again: it holds characters that no key has",
            WebFaultKind::Cut | WebFaultKind::TooLarge | WebFaultKind::Redirect | WebFaultKind::Refused => {
                "is the base URL that of an OpenAI-compatible API?"
            }
        };
        Miss::new(fault.message, hint)
    };
    let mut reply = web.send(request).await.map_err(failed)?;
    let body = reply.read_all().await.map_err(failed)?;
    read_list(candidate, &reply, &body)
}

fn read_list(candidate: &Candidate, reply: &WebReply, body: &[u8]) -> Result<Vec<String>, Miss> {
    let (url, status) = (reply.from(), reply.status());
    if status != 200 {
        return Err(refusal(candidate, &url, status, body));
    }
    let wrong = |what: String| Miss {
        wrong_path: true,
        ..Miss::new(what, "is the base URL that of an OpenAI-compatible API? It often ends in /v1")
    };
    let nothing = || Miss::new(format!("{url} answers and lists no model"), load_hint(candidate));
    if body.trim_ascii_start().starts_with(b"<") {
        return Err(wrong(format!("{url} sent HTML, not JSON")));
    }
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Err(wrong(format!("{url} sent no JSON")));
    };
    if let Some(fault) = classify::error_in(&value) {
        return Err(wrong(format!("{url}: {}", fault.message)));
    }
    if value.get("data").is_some_and(Value::is_null) {
        return Err(nothing()); // an older Ollama without a model
    }
    let list = ["data", "models"].iter().find_map(|name| value.get(*name)?.as_array()).or(value.as_array());
    let Some(list) = list else {
        return Err(wrong(format!("{url} sent JSON that is no list of models")));
    };
    let name = |model: &Value| {
        let fields = ["id", "name", "model"].iter();
        fields
            .filter_map(|field| model.get(*field)?.as_str())
            .next()
            .map(|name| name.chars().take(256).collect())
    };
    let names: Vec<String> = list.iter().filter_map(name).take(MODELS_MAX).collect();
    if names.is_empty() {
        return Err(nothing());
    }
    Ok(names)
}

fn refusal(candidate: &Candidate, url: &str, status: u16, body: &[u8]) -> Miss {
    let fault = classify::http(status, None, body);
    let what = format!("{url}: {}", fault.message);
    if fault.kind == FaultKind::Auth {
        let hint = match candidate.key_source {
            Some(source) => format!("the key in {source} is not accepted: set a valid one"),
            None => "the server wants a key: set OPENAI_API_KEY together with OPENAI_BASE_URL".to_string(),
        };
        return Miss::new(what, hint);
    }
    let wrong_path = matches!(fault.kind, FaultKind::NotFound | FaultKind::Malformed);
    let hint = if wrong_path { "check the base URL; it often ends in /v1" } else { fault.kind.hint() };
    Miss { wrong_path, ..Miss::new(what, hint) }
}

fn start_hint(candidate: &Candidate) -> &'static str {
    match candidate.label.as_str() {
        "Ollama" => "to use Ollama, start it: `ollama serve`",
        "LM Studio" => "to use LM Studio, start its server: `lms server start`",
        "llama.cpp" => "to use llama.cpp, start it: `llama-server -m MODEL.gguf --jinja --port 8080`",
        _ => "check the base URL and the network; behind a proxy, set HTTPS_PROXY",
    }
}

fn load_hint(candidate: &Candidate) -> &'static str {
    match candidate.label.as_str() {
        "Ollama" => "get one: `ollama pull qwen3`",
        "LM Studio" => "load one in LM Studio: `lms get`, then `lms load`",
        "llama.cpp" => "start it with one: `llama-server -m MODEL.gguf --jinja`",
        _ => "the key may have no access to any model: check the account",
    }
}
