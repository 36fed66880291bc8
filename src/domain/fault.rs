//! What can go wrong with a model request: told by kind, never by the words of a message.

use crate::domain::money::Spent;
use crate::domain::route::{Detour, Route};
use serde::{Deserialize, Serialize};

/// The kind of a fault; decides whether the same request is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// 429: too many requests.
    RateLimit,
    /// 5xx or 529: the provider is in trouble.
    Overloaded,
    /// 401 or 403: the key is not accepted.
    Auth,
    /// 402 or a quota that is used up.
    Billing,
    /// No connection: refused, unknown host, TLS.
    Connect,
    /// A time limit of ours passed: connecting, first byte, silence, total.
    Timeout,
    /// The stream ended before the reply did.
    Cut,
    /// 404: no such model or path.
    NotFound,
    /// The request does not fit the model's window.
    Overflow,
    /// The provider refuses the content.
    Filtered,
    /// 400 or 422: the request itself is refused.
    BadRequest,
    /// The answer is not what the protocol says, such as HTML instead of JSON.
    Malformed,
    /// The process stopped while the request was under way.
    Interrupted,
    /// The operator stopped the request.
    Stopped,
    /// None of the others.
    Unknown,
}

impl FaultKind {
    /// Whether the same request may succeed when sent again.
    pub fn transient(self) -> bool {
        match self {
            FaultKind::RateLimit
            | FaultKind::Overloaded
            | FaultKind::Connect
            | FaultKind::Timeout
            | FaultKind::Cut
            | FaultKind::Malformed
            | FaultKind::Interrupted => true,
            FaultKind::Auth
            | FaultKind::Billing
            | FaultKind::NotFound
            | FaultKind::Overflow
            | FaultKind::Filtered
            | FaultKind::BadRequest
            | FaultKind::Stopped
            | FaultKind::Unknown => false,
        }
    }

    /// What a request that failed so adds to a sum of costs: where it was broken off, or answered in a way that is of no use,
    /// the provider may have charged for it and nobody told how much. What was refused, or never answered at all, costs nothing.
    pub fn spent(self) -> Spent {
        match self {
            FaultKind::Cut
            | FaultKind::Interrupted
            | FaultKind::Stopped
            | FaultKind::Timeout
            | FaultKind::Filtered
            | FaultKind::Malformed
            | FaultKind::Unknown => Spent::of(None),
            FaultKind::RateLimit
            | FaultKind::Overloaded
            | FaultKind::Auth
            | FaultKind::Billing
            | FaultKind::Connect
            | FaultKind::NotFound
            | FaultKind::Overflow
            | FaultKind::BadRequest => Spent::default(),
        }
    }

    /// A few words for the screen.
    pub fn words(self) -> &'static str {
        match self {
            FaultKind::RateLimit => "rate limit",
            FaultKind::Overloaded => "provider overloaded",
            FaultKind::Auth => "key not accepted",
            FaultKind::Billing => "quota or billing",
            FaultKind::Connect => "no connection",
            FaultKind::Timeout => "timed out",
            FaultKind::Cut => "stream cut",
            FaultKind::NotFound => "model not found",
            FaultKind::Overflow => "context too long",
            FaultKind::Filtered => "content filtered",
            FaultKind::BadRequest => "request refused",
            FaultKind::Malformed => "malformed reply",
            FaultKind::Interrupted => "interrupted by a restart",
            FaultKind::Stopped => "stopped by the operator",
            FaultKind::Unknown => "unknown fault",
        }
    }

    /// What a person may do about it.
    pub fn hint(self) -> &'static str {
        match self {
            FaultKind::RateLimit => "wait, or use another key or model",
            FaultKind::Overloaded => "try again later, or use another model",
            FaultKind::Auth => {
                "check the API key (OPENAI_API_KEY); `tackroom doctor` shows which one is used"
            }
            FaultKind::Billing => "check the account's quota, or use another model",
            FaultKind::Connect => "is the server running, and is the base URL right? `tackroom doctor` tells",
            FaultKind::Timeout => {
                "is the server busy loading the model? raise the time limits in the configuration"
            }
            FaultKind::Cut => "the connection broke; `resume` asks again",
            FaultKind::NotFound => {
                "`tackroom doctor` lists the models that the server has; choose one with --model"
            }
            FaultKind::Overflow => {
                "a task of today is made shorter then; this one is not: start a new session, or use a model with a larger window"
            }
            FaultKind::Filtered => "the provider refused the content; reword the task",
            FaultKind::BadRequest => "the server refused the request; `tackroom events` shows its words",
            FaultKind::Malformed => {
                "is the base URL that of an OpenAI-compatible API (it often ends in /v1)?"
            }
            FaultKind::Interrupted => "`tackroom resume` asks again",
            FaultKind::Stopped => "write to the agent to go on",
            FaultKind::Unknown => "`tackroom events` shows what came",
        }
    }
}

/// A failed model request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The kind.
    pub kind: FaultKind,
    /// What happened, for a person; free of secrets.
    pub message: String,
    /// The HTTP status, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Milliseconds the server asked to wait (`Retry-After`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// What it means for the way that the model was asked on, where there are several or it rests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detour: Option<Box<Detour>>,
    /// Tokens that the model reads at once, where the request did not fit and the server told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
}

impl Fault {
    /// A fault with a message and nothing more.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Fault {
        Fault {
            kind,
            message: message.into(),
            status: None,
            retry_after_ms: None,
            detour: None,
            window: None,
        }
    }

    /// What a person may do about it, by the name of the key where that is known.
    pub fn hint(&self) -> String {
        let key = self.detour.as_ref().map(|detour| detour.from.key.as_str()).filter(|key| !key.is_empty());
        match (self.kind, key) {
            (FaultKind::Auth, Some(key)) => {
                format!("check the API key in {key}; `tackroom doctor` shows which one is used")
            }
            (kind, _) => kind.hint().to_string(),
        }
    }

    /// Another way to ask, which is free now.
    pub fn elsewhere(&self) -> Option<&Route> {
        self.detour.as_ref()?.next.as_ref()
    }
}
