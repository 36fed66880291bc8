//! The endpoint that a stored session names: a log is no place that says where a key may go.
//!
//! The log may be another's, or its writer may have been. A key and the configured headers go only to a server that the operator
//! names for them (configuration, command line, environment), or to a provider's own for its own key: the origins are equal.

use crate::adapters::model::discover::{self, Candidate};
use crate::adapters::web;
use crate::cli::config::Config;
use crate::cli::config_model::configured;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::hash::Hash;
use crate::domain::message::{Reply, Usage};
use crate::domain::money::Money;
use crate::domain::route::Route;
use crate::ports::Later;
use crate::ports::model::{Ask, Drafts, Model, Request};
use std::sync::Arc;

/// The endpoint of a session.
pub enum Kept {
    /// On a server that the operator names, too: it gets what such a server gets.
    Known(Candidate),
    /// Only the session names it.
    Named {
        /// Without a key.
        candidate: Candidate,
        /// What is held back, and how to give it; none where there is nothing to give.
        withheld: Option<String>,
    },
}

/// Looks who else names the server of a session.
pub fn kept(config: &Config, url: &str) -> Kept {
    let providers = &config.routing.providers;
    let env = |name: &str| config.env.get(name).cloned();
    // A server that is only asked where it is named was named, where a session names it, by whoever began that.
    let named = providers.all().filter(|provider| provider.by_name).map(|one| discover::endpoint(&env, one));
    let at_hand = discover::candidates(&env, providers).into_iter().chain(named);
    let known: Vec<Candidate> = configured(config).into_iter().chain(at_hand).collect();
    let is_it = |one: &&Candidate| web::public_url(&one.base_url).as_deref() == Some(url);
    if let Some(same) = known.iter().find(is_it) {
        return Kept::Known(same.clone());
    }
    match known.into_iter().find(|one| web::is_same_origin(&one.base_url, url)) {
        Some(same) => Kept::Known(Candidate { base_url: url.to_string(), ..same }),
        None => Kept::Named {
            candidate: Candidate {
                label: "remembered".to_string(),
                base_url: url.to_string(),
                keys: Vec::new(),
                local: false,
                wire: providers.at(url).map(|provider| provider.wire).unwrap_or_default(),
                provider: providers.at(url).cloned(),
            },
            withheld: withheld(config, url),
        },
    }
}

fn withheld(config: &Config, url: &str) -> Option<String> {
    let url = web::public_url(url)?;
    if let Some(variable) = config.routing.providers.key_variable(&url) {
        return Some(format!("{url} gets no key: ${variable} is not set"));
    }
    let has_key = config.env.get(&config.key_env.value).is_some_and(|key| !key.is_empty());
    let what = match (has_key, config.headers.value.is_empty()) {
        (true, true) => "no key",
        (true, false) => "no key and none of the configured headers",
        (false, false) => "none of the configured headers",
        (false, true) => return None,
    };
    Some(format!(
        "{url} gets {what}: only the session names it; --base-url {url} says that it is yours to give them to"
    ))
}

/// A model whose server is not told who asks: where it wants to know, that is said with its refusal.
pub struct Bare {
    /// The model.
    pub model: Arc<dyn Model>,
    /// What is held back.
    pub why: String,
}

impl Model for Bare {
    fn prepare(&self, ask: Ask) -> Result<Box<dyn Request>, Fault> {
        Ok(Box::new(BareRequest { request: self.model.prepare(ask)?, why: self.why.clone() }))
    }

    fn label(&self) -> String {
        self.model.label()
    }
}

struct BareRequest {
    request: Box<dyn Request>,
    why: String,
}

impl Request for BareRequest {
    fn hash(&self) -> Hash {
        self.request.hash()
    }

    fn frame(&self) -> Option<Arc<[u8]>> {
        self.request.frame()
    }

    fn route(&self) -> Option<Route> {
        self.request.route()
    }

    fn size(&self) -> u64 {
        self.request.size()
    }

    fn cost(&self, usage: Usage) -> Option<Money> {
        self.request.cost(usage)
    }

    fn send(self: Box<Self>, drafts: Drafts) -> Later<'static, Result<Reply, Fault>> {
        let (sent, why) = (self.request.send(drafts), self.why);
        Box::pin(async move {
            sent.await.map_err(|fault| match fault.kind == FaultKind::Auth {
                true => Fault { message: format!("{}; {why}", fault.message), ..fault },
                false => fault,
            })
        })
    }
}
