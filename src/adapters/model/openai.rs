//! An OpenAI-compatible endpoint: chat completions over HTTP, streamed where the server can.
//!
//! A refusal of a part of the request (`stream_options`, streaming itself, echoed reasoning, the order of roles, the form
//! of ids) is learned once per endpoint and the request asked again without it; the hash written down beforehand
//! is that of the body as first sent. Any other failure is the caller's to repeat. No message holds the key or a header.

use crate::adapters::model::assemble::Assembler;
use crate::adapters::model::body::{Bodies, Body};
use crate::adapters::model::dialect::Dialect;
use crate::adapters::model::exchange::{read_refusal, read_reply, web_fault};
use crate::adapters::model::secret::Secret;
use crate::adapters::web::{self, Web, WebLimits};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::hash::Hash;
use crate::domain::message::{Reply, Usage};
use crate::domain::money::Money;
use crate::ports::Later;
use crate::ports::clock::Clock;
use crate::ports::model::{Ask, Drafts, Model, Request};
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of one answer at most.
const ANSWER_LEN_MAX: u64 = 256 << 20;
/// Refusals that may be learned from during one request.
const RELEARNS_MAX: u32 = 6;

/// The time limits of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelLimits {
    /// To connect.
    pub connect_ms: u64,
    /// From the request to the first byte of the answer; a local server reads the whole prompt before it.
    pub first_byte_ms: u64,
    /// Silence within the answer.
    pub idle_ms: u64,
    /// The whole.
    pub total_ms: u64,
}

impl Default for ModelLimits {
    fn default() -> ModelLimits {
        ModelLimits { connect_ms: 10_000, first_byte_ms: 300_000, idle_ms: 120_000, total_ms: 1_800_000 }
    }
}

/// Which endpoint, and how it is asked.
#[derive(Clone, Debug)]
pub struct OpenAiConfig {
    /// The base URL, such as `https://api.openai.com/v1`; `/chat/completions` is added before a query, if there is one.
    pub base_url: String,
    /// The key, sent as `Authorization: Bearer`.
    pub key: Option<Secret>,
    /// Extra headers; their values are taken for secrets.
    pub headers: Vec<(String, Secret)>,
    /// The time limits.
    pub limits: ModelLimits,
    /// Tokens of a reply at most; none leaves it to the server.
    pub max_tokens: Option<u32>,
    /// Fields added to each request's body, such as `temperature`.
    pub extra_body: Map<String, Value>,
}

impl OpenAiConfig {
    /// An endpoint without a key, with the default limits.
    pub fn new(base_url: impl Into<String>) -> OpenAiConfig {
        OpenAiConfig {
            base_url: base_url.into(),
            key: None,
            headers: Vec::new(),
            limits: ModelLimits::default(),
            max_tokens: None,
            extra_body: Map::new(),
        }
    }
}

/// A model behind an OpenAI-compatible endpoint.
pub struct OpenAi(Arc<Endpoint>);

struct Endpoint {
    web: Web,
    url: String,
    label: String,
    headers: Vec<(String, String)>,
    secrets: Vec<Secret>,
    limits: WebLimits,
    bodies: Bodies,
    dialect: Mutex<Dialect>,
    clock: Arc<dyn Clock>,
}

impl OpenAi {
    /// Makes the plug; nothing is sent. A base URL that is none is refused.
    pub fn new(config: OpenAiConfig, clock: Arc<dyn Clock>) -> Result<OpenAi, Fault> {
        let (url, label) = endpoint_url(&config.base_url)?;
        let mut headers = vec![("Content-Type".to_string(), "application/json".to_string())];
        headers.push(("Accept".to_string(), "text/event-stream, application/json".to_string()));
        let mut secrets = Vec::new();
        if let Some(key) = config.key.filter(|key| !key.is_empty()) {
            headers.push(("Authorization".to_string(), format!("Bearer {}", key.reveal())));
            secrets.push(key);
        }
        for (name, value) in config.headers {
            headers.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
            headers.push((name, value.reveal().to_string()));
            secrets.push(value);
        }
        Ok(OpenAi(Arc::new(Endpoint {
            web: Web::new(config.limits.connect_ms),
            url,
            label,
            headers,
            secrets,
            limits: WebLimits {
                first_byte_ms: config.limits.first_byte_ms,
                idle_ms: config.limits.idle_ms,
                total_ms: config.limits.total_ms,
                size_max: ANSWER_LEN_MAX,
            },
            bodies: Bodies::new(config.max_tokens, config.extra_body),
            dialect: Mutex::default(),
            clock,
        })))
    }

    /// What the endpoint was found not to take.
    pub fn dialect(&self) -> Dialect {
        self.0.dialect()
    }
}

/// The URL of the completions, and the base URL as it may be shown.
pub fn endpoint_url(base_url: &str) -> Result<(String, String), Fault> {
    let base = base_url.trim();
    let (path, query) = match base.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (base, String::new()),
    };
    let path = path.trim_end_matches('/').trim_end_matches("/chat/completions").trim_end_matches('/');
    let Some(label) = web::public_url(path) else {
        let message = "the base URL is not an http:// or https:// URL, such as http://127.0.0.1:11434/v1";
        return Err(Fault::new(FaultKind::BadRequest, message));
    };
    Ok((format!("{path}/chat/completions{query}"), label))
}

impl Endpoint {
    fn dialect(&self) -> Dialect {
        *self.dialect.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn scrub(&self, mut fault: Fault) -> Fault {
        for secret in &self.secrets {
            fault.message = secret.scrub(&fault.message);
        }
        fault
    }
}

struct Prepared {
    endpoint: Arc<Endpoint>,
    ask: Ask,
    dialect: Dialect,
    body: Body,
}

impl Model for OpenAi {
    fn prepare(&self, ask: Ask) -> Result<Box<dyn Request>, Fault> {
        let dialect = self.0.dialect();
        let body = self.0.bodies.write(&ask, dialect);
        Ok(Box::new(Prepared { endpoint: Arc::clone(&self.0), ask, dialect, body }))
    }

    fn label(&self) -> String {
        self.0.label.clone()
    }
}

impl Request for Prepared {
    fn hash(&self) -> Hash {
        self.body.hash
    }

    fn frame(&self) -> Option<Arc<[u8]>> {
        Some(Arc::clone(&self.body.frame))
    }

    fn size(&self) -> u64 {
        self.body.bytes.len() as u64
    }

    fn cost(&self, _: Usage) -> Option<Money> {
        None
    }

    fn send(self: Box<Self>, drafts: Drafts) -> Later<'static, Result<Reply, Fault>> {
        Box::pin(async move {
            let endpoint = Arc::clone(&self.endpoint);
            self.ask_and_learn(drafts).await.map_err(|fault| endpoint.scrub(fault))
        })
    }
}

impl Prepared {
    async fn ask_and_learn(self, drafts: Drafts) -> Result<Reply, Fault> {
        let Prepared { endpoint, ask, mut dialect, mut body } = self;
        let mut relearns = 0;
        loop {
            let started = endpoint.clock.now();
            let sent =
                endpoint.web.post(&endpoint.url, endpoint.headers.clone(), body.bytes, endpoint.limits).await;
            let reply = sent.map_err(web_fault)?;
            if (200..300).contains(&reply.status()) {
                let assembler = Assembler::new(drafts, started);
                return read_reply(reply, assembler, &*endpoint.clock).await;
            }
            let status = reply.status();
            let refused = read_refusal(reply, &*endpoint.clock).await;
            let Some(learned) = dialect.relearn(status, &refused.body).filter(|_| relearns < RELEARNS_MAX)
            else {
                return Err(refused.fault);
            };
            relearns += 1;
            dialect = learned;
            *endpoint.dialect.lock().unwrap_or_else(PoisonError::into_inner) = dialect;
            body = endpoint.bodies.write(&ask, dialect);
        }
    }
}
