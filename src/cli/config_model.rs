//! `[model]` and `[providers]` of the configuration: which models are asked, in which order, where and with which keys.

use crate::adapters::model::discover::{self, Candidate, Key};
use crate::adapters::model::form::Wishes;
use crate::adapters::model::health::Health;
use crate::adapters::model::provider::{Provider, Providers, Wire};
use crate::cli::budget::Amount;
use crate::cli::config::{self, Source, Sourced, or};
use crate::cli::exit::{Code, Failure};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// `[model]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ModelFile {
    pub(super) name: Option<String>,
    pub(super) base_url: Option<String>,
    pub(super) key_env: Option<String>,
    keys: Option<Vec<String>>,
    fallback: Option<Vec<String>>,
    wire: Option<Wire>,
    max_tokens: Option<u32>,
    pub(super) window: Option<Amount>,
    body: Option<Map<String, Value>>,
    pub(super) headers: Option<BTreeMap<String, String>>,
    connect_s: Option<u64>,
    first_byte_s: Option<u64>,
    idle_s: Option<u64>,
    total_s: Option<u64>,
    pub(super) attempts: Option<u32>,
}

/// `[providers.NAME]`: another provider, or what is other with a known one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ProviderFile {
    base_url: Option<String>,
    keys: Option<Vec<String>>,
    wire: Option<Wire>,
    quirks: Option<Map<String, Value>>,
}

/// The time limits of a model request, in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// To connect.
    pub connect_s: Sourced<u64>,
    /// Until the first byte of the answer.
    pub first_byte_s: Sourced<u64>,
    /// Between two bytes.
    pub idle_s: Sourced<u64>,
    /// In all.
    pub total_s: Sourced<u64>,
}

impl Limits {
    pub(super) fn of(file: &ModelFile) -> Limits {
        Limits {
            connect_s: or(file.connect_s, 10),
            first_byte_s: or(file.first_byte_s, 120),
            idle_s: or(file.idle_s, 90),
            total_s: or(file.total_s, 900),
        }
    }
}

/// How requests find their way to a model.
#[derive(Clone, Debug)]
pub struct Routing {
    /// The wire that the configured address speaks; none is that of its provider.
    pub wire: Sourced<Option<Wire>>,
    /// The variables that hold keys for the configured address, the preferred one first; none is `key_env`.
    pub keys: Sourced<Vec<String>>,
    /// The models that are asked where the first cannot, as `provider/model`.
    pub fallback: Sourced<Vec<String>>,
    /// Tokens of a reply at most.
    pub max_tokens: Sourced<Option<u32>>,
    /// Fields of the operator's in each request.
    pub body: Sourced<Map<String, Value>>,
    /// The providers that are known.
    pub providers: Arc<Providers>,
    /// What this machine remembers of keys and endpoints that failed.
    pub health: Arc<Health>,
}

impl Routing {
    pub(super) fn of(file: &ModelFile, providers: Arc<Providers>, data: &Path) -> Routing {
        let wire = match file.wire {
            Some(wire) => Sourced { value: Some(wire), source: Source::File },
            None => Sourced { value: None, source: Source::Default },
        };
        let max_tokens = match file.max_tokens.filter(|tokens| *tokens > 0) {
            Some(tokens) => Sourced { value: Some(tokens), source: Source::File },
            None => Sourced { value: None, source: Source::Default },
        };
        Routing {
            wire,
            keys: or(file.keys.clone(), Vec::new()),
            fallback: or(file.fallback.clone(), Vec::new()),
            max_tokens,
            body: or(file.body.clone(), Map::new()),
            providers,
            health: Arc::new(Health::at(data)),
        }
    }

    /// What every request says beside its conversation.
    pub fn wishes(&self) -> Wishes {
        Wishes { max_tokens: self.max_tokens.value, extra: self.body.value.clone() }
    }
}

/// The table as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    provider: Vec<Provider>,
}

/// The providers that this program knows.
pub fn built_in() -> Result<Vec<Provider>, Failure> {
    let broken =
        |why| Failure::new(Code::Failed, format!("the built-in providers cannot be read: {why}"), "");
    let table: Table = config::built_in(include_str!("../../assets/providers.toml")).map_err(broken)?;
    Ok(table.provider)
}

/// These with the user's own, which come first.
pub(super) fn providers(own: BTreeMap<String, ProviderFile>) -> Result<Providers, Failure> {
    let mut known = built_in()?;
    let mut all = Vec::new();
    for (name, file) in own {
        let before = known.iter().position(|provider| provider.name == name).map(|at| known.remove(at));
        let is_new = before.is_none();
        let mut provider = before.unwrap_or_else(|| Provider {
            label: name.clone(),
            name: name.clone(),
            ..Provider::default()
        });
        // Where it is and how it is spoken to are told together: the quirks of one wire are none of another's.
        provider.base_url = file.base_url.unwrap_or(provider.base_url);
        provider.keys = file.keys.unwrap_or(provider.keys);
        if let Some(wire) = file.wire.filter(|wire| *wire != provider.wire) {
            (provider.wire, provider.quirks) = (wire, Map::new());
        }
        provider.quirks.extend(file.quirks.unwrap_or_default());
        if is_new {
            provider.local = crate::adapters::web::is_near(&provider.base_url);
            provider.by_name = provider.local || provider.keys.is_empty();
        }
        let wrong = |why: String| {
            let hint = "such as [providers.gpu] base_url = \"http://gpu:8000/v1\"; nothing was started";
            Failure::new(Code::Usage, format!("the configuration is wrong: [providers.{name}] {why}"), hint)
        };
        if name.contains('/') || name.is_empty() {
            return Err(wrong("a name is what stands before the slash of a model's name".to_string()));
        }
        if crate::adapters::web::public_url(&provider.base_url).is_none() {
            return Err(wrong("base_url is no http:// or https:// address".to_string()));
        }
        provider.wire.check(&provider.quirks).map_err(|why| wrong(format!("quirks: {why}")))?;
        all.push(provider);
    }
    Ok(Providers::new(all.into_iter().chain(known)))
}

/// The endpoint that the configuration names.
pub fn configured(config: &config::Config) -> Option<Candidate> {
    let base_url = config.base_url.value.clone()?;
    let routing = &config.routing;
    let provider = routing.providers.at(&base_url).cloned();
    let wire = routing.wire.value.or(provider.as_ref().map(|provider| provider.wire)).unwrap_or_default();
    let keys = configured_keys(config, provider.as_deref());
    Some(Candidate { label: "configured".to_string(), base_url, keys, local: false, wire, provider })
}

/// The keys for it: those named for it; else a provider's own at its own server; else the usual one.
fn configured_keys(config: &config::Config, provider: Option<&Provider>) -> Vec<Key> {
    let env = |name: &str| config.env.get(name).cloned();
    let usual = [config.key_env.value.clone()];
    if config.routing.keys.source != Source::Default {
        return discover::keys(&env, &config.routing.keys.value);
    }
    // Who tells the usual tools their address tells them the usual key, too.
    let named = config.key_env.source != Source::Default || matches!(config.base_url.source, Source::Env(_));
    let own = provider.filter(|_| !named).map(|provider| discover::keys(&env, &provider.keys));
    own.filter(|keys| !keys.is_empty()).unwrap_or_else(|| discover::keys(&env, &usual))
}

/// Every variable that may hold a key of a model.
pub fn key_names(config: &config::Config) -> impl Iterator<Item = &String> {
    let routing = &config.routing;
    let of_providers = routing.providers.all().flat_map(|provider| provider.keys.iter());
    of_providers.chain(&routing.keys.value).chain([&config.key_env.value])
}
