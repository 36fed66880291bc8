//! The ways to a model: its endpoint with each of its keys, then the models of the fallback chain with theirs.

use crate::adapters::model::discover::{self, Candidate, Key};
use crate::adapters::model::endpoint::{EndpointConfig, ModelLimits};
use crate::adapters::model::pool::{Lane, Pool};
use crate::adapters::model::priced::Priced;
use crate::adapters::model::secret::Secret;
use crate::adapters::web;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::find::{Found, is_script};
use crate::cli::kept::Bare;
use crate::ports::clock::Clock;
use crate::ports::model::Model;
use std::sync::Arc;

type Headers = Vec<(String, Secret)>;

/// The headers that the operator configured.
pub fn headers(config: &Config) -> Headers {
    let headers = config.headers.value.iter();
    headers.map(|(name, value)| (name.clone(), Secret::new(value))).collect()
}

/// The endpoint of the provider that a model's name begins with, and the name that it is asked by there; none where the name
/// begins with no provider's, or with one that has no key here: then another may serve the model under the whole name.
pub fn named(config: &Config, model: &str) -> Option<(Candidate, String)> {
    let (provider, rest) = config.routing.providers.split(model)?;
    let candidate = discover::endpoint(&|name| config.env.get(name).cloned(), provider);
    let may = !candidate.keys.is_empty() || provider.keys.is_empty();
    may.then(|| (candidate, rest.to_string()))
}

/// What answers at an endpoint, or in its place. `withheld` says what it is not told, where only a session names it.
pub fn found(
    config: &Config,
    clock: &Arc<dyn Clock>,
    candidate: Candidate,
    headers: Headers,
    model: String,
    withheld: Option<String>,
) -> Result<Found, Failure> {
    let base_url = web::public_url(&candidate.base_url).unwrap_or_default();
    let label = candidate.label.clone();
    let mut lanes = lanes(config, clock, &candidate, &headers, None)?;
    if let Some(why) = withheld {
        for lane in &mut lanes {
            lane.plug = Arc::new(Bare { model: Arc::clone(&lane.plug), why: why.clone() });
        }
    }
    for name in &config.routing.fallback.value {
        lanes.extend(fallback(config, clock, name)?);
    }
    let pool = Pool::new(lanes, Arc::clone(&config.routing.health), clock.clone());
    Ok(Found::Endpoint { label, model, base_url, plug: Arc::new(pool) })
}

/// The ways to a model of the fallback chain; none where its provider has no key here, which `doctor` tells.
fn fallback(config: &Config, clock: &Arc<dyn Clock>, name: &str) -> Result<Vec<Lane>, Failure> {
    if let Some(why) = odd_fallback(config, name) {
        let hint =
            "write it as PROVIDER/MODEL, such as openai/gpt-5.4; `tackroom doctor` lists the providers";
        return Err(Failure::new(Code::Usage, format!("[model] fallback {name:?}: {why}"), hint));
    }
    match named(config, name) {
        Some((candidate, model)) => lanes(config, clock, &candidate, &Vec::new(), Some(model)),
        None => Ok(Vec::new()),
    }
}

/// Why a name of the fallback chain names nothing; none where it does.
pub fn odd_fallback(config: &Config, name: &str) -> Option<String> {
    if is_script(name) {
        return Some("a script answers no real task".to_string());
    }
    config.routing.providers.split(name).is_none().then(|| "it begins with no provider's name".to_string())
}

/// The ways to one endpoint: one for each key.
fn lanes(
    config: &Config,
    clock: &Arc<dyn Clock>,
    candidate: &Candidate,
    headers: &Headers,
    model: Option<String>,
) -> Result<Vec<Lane>, Failure> {
    let keys = candidate.keys.iter().map(Some);
    let keys: Vec<Option<&Key>> = if candidate.keys.is_empty() { vec![None] } else { keys.collect() };
    let at = web::public_url(&candidate.base_url).unwrap_or_default();
    let lane = |key: Option<&Key>| {
        let plug = plug(config, clock, candidate, headers.clone(), key.map(|key| key.secret.clone()))?;
        let key = key.map(|key| (key.name.clone(), key.secret.clone()));
        Ok(Lane { at: at.clone(), key, model: model.clone(), plug })
    };
    keys.into_iter().map(lane).collect()
}

fn plug(
    config: &Config,
    clock: &Arc<dyn Clock>,
    candidate: &Candidate,
    headers: Headers,
    key: Option<Secret>,
) -> Result<Arc<dyn Model>, Failure> {
    let limits = ModelLimits {
        connect_ms: config.limits.connect_s.value.saturating_mul(1_000),
        first_byte_ms: config.limits.first_byte_s.value.saturating_mul(1_000),
        idle_ms: config.limits.idle_s.value.saturating_mul(1_000),
        total_ms: config.limits.total_s.value.saturating_mul(1_000),
    };
    let at = web::public_url(&candidate.base_url).unwrap_or_default();
    let base_url = candidate.base_url.clone();
    let wishes = config.routing.wishes();
    let wanted = EndpointConfig { base_url, key, headers, limits, wishes };
    let plug = candidate.wire.plug(wanted, &candidate.quirks(), clock.clone());
    let plug = plug.map_err(|fault| {
        Failure::new(Code::Usage, fault.message, "a base URL looks like http://127.0.0.1:11434/v1")
    })?;
    Ok(Arc::new(Priced::new(plug, config.prices.clone(), &at)))
}
