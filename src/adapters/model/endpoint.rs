//! A model's server, asked over one of the wires, streamed where it can.
//!
//! A refusal of a part of the request (streaming itself, echoed reasoning, the order of roles, the form of ids) is learned
//! once per endpoint and the request asked again without it; the hash written down beforehand is that of the body as first
//! sent. Any other failure is the caller's to repeat. No message holds the key or a header.

use crate::adapters::model::body::{Bodies, Body};
use crate::adapters::model::exchange::{read_refusal, read_reply, web_fault};
use crate::adapters::model::form::{Form, Wishes};
use crate::adapters::model::secret::Secret;
use crate::adapters::web::{self, Web, WebLimits};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::hash::Hash;
use crate::domain::message::{Reply, Usage};
use crate::domain::money::Money;
use crate::ports::Later;
use crate::ports::clock::Clock;
use crate::ports::model::{Ask, Drafts, Model, Request};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of one answer at most.
const ANSWER_LEN_MAX: u64 = 256 << 20;
/// Refusals that may be learned from during one request.
const RELEARNS_MAX: u32 = 8;
/// What a base URL may end in beside its path: what servers call their requests.
const ENDINGS: [&str; 3] = ["/chat/completions", "/messages", "/responses"];

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
pub struct EndpointConfig {
    /// The base URL, such as `https://api.openai.com/v1`; the request's path is added before a query, if there is one.
    pub base_url: String,
    /// The key, sent as the wire has it.
    pub key: Option<Secret>,
    /// Extra headers; their values are taken for secrets.
    pub headers: Vec<(String, Secret)>,
    /// The time limits.
    pub limits: ModelLimits,
    /// What every request says beside its conversation.
    pub wishes: Wishes,
}

impl EndpointConfig {
    /// An endpoint without a key, with the default limits.
    pub fn new(base_url: impl Into<String>) -> EndpointConfig {
        EndpointConfig {
            base_url: base_url.into(),
            key: None,
            headers: Vec::new(),
            limits: ModelLimits::default(),
            wishes: Wishes::default(),
        }
    }
}

/// A model behind an endpoint that speaks `F`.
pub struct Plug<F: Form>(Arc<Endpoint<F>>);

struct Endpoint<F: Form> {
    web: Web,
    url: String,
    label: String,
    headers: Vec<(String, String)>,
    secrets: Vec<Secret>,
    limits: WebLimits,
    bodies: Bodies<F>,
    dialect: Mutex<F::Dialect>,
    clock: Arc<dyn Clock>,
}

impl<F: Form> Plug<F> {
    /// Makes the plug; nothing is sent. A base URL that is none is refused.
    pub fn new(config: EndpointConfig, clock: Arc<dyn Clock>) -> Result<Plug<F>, Fault> {
        Plug::speaking(config, clock, F::Dialect::default())
    }

    /// The same for a server of which something is known already.
    pub fn speaking(
        config: EndpointConfig,
        clock: Arc<dyn Clock>,
        dialect: F::Dialect,
    ) -> Result<Plug<F>, Fault> {
        let (url, label) = endpoint_url(&config.base_url, F::PATH)?;
        let mut headers = vec![("Content-Type".to_string(), "application/json".to_string())];
        headers.push(("Accept".to_string(), "text/event-stream, application/json".to_string()));
        let key = config.key.filter(|key| !key.is_empty());
        headers.extend(F::headers(key.as_ref()).into_iter().map(|(name, value)| (name.to_string(), value)));
        let mut secrets: Vec<Secret> = key.into_iter().collect();
        for (name, value) in config.headers {
            headers.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
            headers.push((name, value.reveal().to_string()));
            secrets.push(value);
        }
        Ok(Plug(Arc::new(Endpoint {
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
            bodies: Bodies::new(config.wishes),
            dialect: Mutex::new(dialect),
            clock,
        })))
    }

    /// What the endpoint was found not to take.
    pub fn dialect(&self) -> F::Dialect {
        self.0.dialect()
    }
}

/// The URL of the requests, and the base URL as it may be shown.
pub fn endpoint_url(base_url: &str, request: &str) -> Result<(String, String), Fault> {
    let base = base_url.trim();
    let (path, query) = match base.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (base, String::new()),
    };
    let path = ENDINGS.iter().fold(path.trim_end_matches('/'), |path, ending| path.trim_end_matches(ending));
    let path = path.trim_end_matches('/');
    let Some(label) = web::public_url(path) else {
        let message = "the base URL is not an http:// or https:// URL, such as http://127.0.0.1:11434/v1";
        return Err(Fault::new(FaultKind::BadRequest, message));
    };
    Ok((format!("{path}{request}{query}"), label))
}

impl<F: Form> Endpoint<F> {
    fn dialect(&self) -> F::Dialect {
        *self.dialect.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn scrub(&self, mut fault: Fault) -> Fault {
        for secret in &self.secrets {
            fault.message = secret.scrub(&fault.message);
        }
        fault
    }
}

struct Prepared<F: Form> {
    endpoint: Arc<Endpoint<F>>,
    ask: Ask,
    dialect: F::Dialect,
    body: Body,
}

impl<F: Form> Model for Plug<F> {
    fn prepare(&self, ask: Ask) -> Result<Box<dyn Request>, Fault> {
        let dialect = self.0.dialect();
        let body = self.0.bodies.write(&ask, dialect);
        Ok(Box::new(Prepared { endpoint: Arc::clone(&self.0), ask, dialect, body }))
    }

    fn label(&self) -> String {
        self.0.label.clone()
    }
}

impl<F: Form> Request for Prepared<F> {
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

impl<F: Form> Prepared<F> {
    async fn ask_and_learn(self, drafts: Drafts) -> Result<Reply, Fault> {
        let Prepared { endpoint, ask, mut dialect, mut body } = self;
        let mut relearns = 0;
        loop {
            let started = endpoint.clock.now();
            let sent =
                endpoint.web.post(&endpoint.url, endpoint.headers.clone(), body.bytes, endpoint.limits).await;
            let reply = sent.map_err(web_fault)?;
            if (200..300).contains(&reply.status()) {
                return read_reply(reply, F::intake(drafts, started), &*endpoint.clock).await;
            }
            let status = reply.status();
            let refused = read_refusal(reply, &*endpoint.clock).await;
            let learned = F::relearn(dialect, status, &refused.body);
            let Some(learned) = learned.filter(|_| relearns < RELEARNS_MAX) else {
                return Err(refused.fault);
            };
            relearns += 1;
            dialect = learned;
            *endpoint.dialect.lock().unwrap_or_else(PoisonError::into_inner) = dialect;
            body = endpoint.bodies.write(&ask, dialect);
        }
    }
}
