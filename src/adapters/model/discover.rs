//! Which models are at hand: keys in the environment, servers on this machine; and what is wrong with each, with a hint.
//!
//! The environment comes in as a function, so nothing here reads it. Each endpoint is asked only for its list of models, all at
//! the same time, within short limits. No text holds a key.

use crate::adapters::model::classify;
use crate::adapters::model::provider::{Provider, Providers, Wire};
use crate::adapters::model::secret::Secret;
use crate::adapters::web::{self, Redirects, Web, WebFaultKind, WebLimits, WebReply, WebRequest};
use crate::domain::fault::FaultKind;
use serde_json::{Map, Value};
use std::sync::Arc;

const MODELS_MAX: usize = 2_000;
const NEAR_MS: u64 = 2_000;
const FAR_MS: u64 = 8_000;

/// A key and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The variable.
    pub name: String,
    /// The key.
    pub secret: Secret,
}

/// An endpoint that may be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its name, such as `Ollama`.
    pub label: String,
    /// The base URL.
    pub base_url: String,
    /// The keys, the preferred one first.
    pub keys: Vec<Key>,
    /// Whether it is on this machine.
    pub local: bool,
    /// The wire it speaks.
    pub wire: Wire,
    /// Whose it is, where that is known.
    pub provider: Option<Arc<Provider>>,
}

impl Candidate {
    /// The key that is preferred.
    pub fn key(&self) -> Option<&Secret> {
        self.keys.first().map(|key| &key.secret)
    }

    /// What is known that it does not take.
    pub fn quirks(&self) -> Map<String, Value> {
        let of_wire = self.provider.as_ref().filter(|provider| provider.wire == self.wire);
        of_wire.map(|provider| provider.quirks.clone()).unwrap_or_default()
    }

    fn scrub(&self, text: String) -> String {
        self.keys.iter().fold(text, |text, key| key.secret.scrub(&text))
    }

    fn hint<'a>(&'a self, own: impl Fn(&'a Provider) -> &'a str, else_: &'a str) -> &'a str {
        self.provider.as_deref().map(own).filter(|hint| !hint.is_empty()).unwrap_or(else_)
    }
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
    /// Where the keys came from.
    pub key_sources: Vec<String>,
    /// Whether it is on this machine.
    pub local: bool,
    /// The models it lists, at least one, or what is wrong.
    pub models: Result<Vec<String>, Finding>,
}

/// What the environment says.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable that is set to something.
fn set(env: Env<'_>, name: &str) -> Option<String> {
    env(name).map(|value| value.trim().to_string()).filter(|value| !value.is_empty())
}

/// The keys of these variables that are set.
pub fn keys(env: Env<'_>, names: &[String]) -> Vec<Key> {
    let key = |name: &String| Some(Key { name: name.clone(), secret: Secret::new(set(env, name)?) });
    names.iter().filter_map(key).collect()
}

/// The endpoint of a provider, with the keys that are set.
pub fn endpoint(env: Env<'_>, provider: &Arc<Provider>) -> Candidate {
    let host = Some(&provider.host).filter(|host| !host.is_empty()).and_then(|host| set(env, host));
    let port = web::host_port(&provider.base_url).map_or(0, |(_, port)| port);
    Candidate {
        label: provider.label.clone(),
        base_url: host.map_or_else(|| provider.base_url.clone(), |host| host_url(&host, port)),
        keys: keys(env, &provider.keys),
        local: provider.local,
        wire: provider.wire,
        provider: Some(Arc::clone(provider)),
    }
}

/// All that is worth asking: an endpoint per provider with a key in the environment, then the servers on this machine.
pub fn candidates(env: Env<'_>, providers: &Providers) -> Vec<Candidate> {
    let sought = providers.all().filter(|provider| !provider.by_name).map(|provider| endpoint(env, provider));
    let (local, mut found): (Vec<Candidate>, Vec<Candidate>) =
        sought.filter(|one| one.local || !one.keys.is_empty()).partition(|one| one.local);
    // The address that OpenAI's own tools are told stands for OpenAI, with its key.
    if let Some(base_url) = set(env, "OPENAI_BASE_URL").or_else(|| set(env, "OPENAI_API_BASE")) {
        found.retain(|one| one.keys.first().is_none_or(|key| key.name != "OPENAI_API_KEY"));
        let provider = providers.at(&base_url).cloned();
        let (label, keys) = ("OPENAI_BASE_URL".to_string(), keys(env, &["OPENAI_API_KEY".to_string()]));
        let wire = provider.as_ref().map_or(Wire::Chat, |provider| provider.wire);
        found.insert(0, Candidate { label, base_url, keys, local: false, wire, provider });
    }
    found.extend(local);
    found
}

/// Such as `OLLAMA_HOST`: a host, a host with a port, or a URL; `0.0.0.0` is what the server listens on, not where it is.
fn host_url(host: &str, port: u16) -> String {
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
    let models = list(web, candidate).await.map_err(|finding| Finding {
        what: candidate.scrub(finding.what),
        hint: candidate.scrub(finding.hint),
    });
    Endpoint {
        label: candidate.label.clone(),
        base_url: web::public_url(&candidate.base_url).unwrap_or_else(|| "(not a URL)".to_string()),
        key_sources: candidate.keys.iter().map(|key| key.name.clone()).collect(),
        local: candidate.local,
        models,
    }
}

async fn list(web: &Web, candidate: &Candidate) -> Result<Vec<String>, Finding> {
    let (path, query) = match candidate.base_url.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (candidate.base_url.as_str(), String::new()),
    };
    let base = path
        .trim()
        .trim_end_matches('/')
        .trim_end_matches("/chat/completions")
        .trim_end_matches("/messages")
        .trim_end_matches("/responses");
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
    let headers = candidate.wire.headers(candidate.key());
    let headers = headers.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
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
        let hint = match candidate.keys.first() {
            Some(key) => format!("the key in {} is not accepted: set a valid one", key.name),
            None => "the server wants a key: set OPENAI_API_KEY together with OPENAI_BASE_URL".to_string(),
        };
        return Miss::new(what, hint);
    }
    let wrong_path = matches!(fault.kind, FaultKind::NotFound | FaultKind::Malformed);
    let hint = if wrong_path { "check the base URL; it often ends in /v1" } else { fault.kind.hint() };
    Miss { wrong_path, ..Miss::new(what, hint) }
}

fn start_hint(candidate: &Candidate) -> &str {
    let far = "check the base URL and the network; behind a proxy, set HTTPS_PROXY";
    candidate.hint(|provider| &provider.start, far)
}

fn load_hint(candidate: &Candidate) -> &str {
    candidate.hint(|provider| &provider.load, "the key may have no access to any model: check the account")
}
