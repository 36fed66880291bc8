//! Which model answers: what was configured, else what is there. The built-in script answers where it is named.

use crate::adapters::model::discover::{self, Candidate, Endpoint};
use crate::adapters::model::priced::Priced;
use crate::adapters::model::script::Script;
use crate::adapters::model::scripted::Scripted;
use crate::adapters::web::{self, Web};
use crate::cli::config::Config;
use crate::cli::config_model::configured;
use crate::cli::exit::{Code, Failure};
use crate::cli::kept::{self, Kept};
use crate::cli::lanes;
use crate::ports::clock::Clock;
use crate::ports::model::Model;
use std::sync::Arc;

/// The name of the built-in script.
pub const SCRIPTED: &str = "scripted";
/// The name of the demo's script.
pub const DEMO: &str = "scripted:demo";

/// What answers.
#[derive(Clone)]
pub enum Found {
    /// A script, by its name.
    Script(String),
    /// An endpoint and the model to ask there.
    Endpoint {
        /// What was found, for the screen: such as `Ollama`.
        label: String,
        /// The model.
        model: String,
        /// Where it is asked, as it may be shown.
        base_url: String,
        /// The plug.
        plug: Arc<dyn Model>,
    },
    /// Nothing that answers: a workbench offers the built-in script and says so; a run refuses.
    Nothing {
        /// What was set and did not answer, each with the reason.
        tried: Vec<String>,
    },
}

impl Found {
    /// The name that a run keeps.
    pub fn name(&self) -> &str {
        match self {
            Found::Script(name) => name,
            Found::Endpoint { model, .. } => model,
            Found::Nothing { .. } => SCRIPTED,
        }
    }

    /// Where it is asked, as it may be shown.
    pub fn base_url(&self) -> Option<&str> {
        match self {
            Found::Endpoint { base_url, .. } => Some(base_url),
            Found::Script(_) | Found::Nothing { .. } => None,
        }
    }

    /// That something answers which is asked for: a script replies to a real task only where it was named.
    pub fn answers(&self) -> Result<(), Failure> {
        let Found::Nothing { tried } = self else { return Ok(()) };
        let tried = match tried.is_empty() {
            true => "no key is set, and no server was found on this machine".to_string(),
            false => tried.join("; "),
        };
        Err(Failure::new(
            Code::Usage,
            format!("no model answers: {tried}"),
            "`tackroom doctor` shows what was looked at; --base-url and --model name a server; `--model scripted` runs the built-in script, which does not do your task",
        ))
    }
}

/// Looks in this order: a script by name; the configured endpoint; the provider that the model's name begins with; keys in the
/// environment; servers on this machine.
pub async fn find(config: &Config, clock: &Arc<dyn Clock>) -> Result<Found, Failure> {
    let wanted = config.model.value.as_deref();
    if let Some(name) = wanted.filter(|name| is_script(name)) {
        return Ok(Found::Script(name.to_string()));
    }
    check_url(config)?;
    if let Some(candidate) = configured(config) {
        let model = match wanted {
            Some(model) => model.to_string(),
            None => first_model(&candidate).await?,
        };
        return endpoint(config, clock, candidate, model);
    }
    if let Some((candidate, model)) = wanted.and_then(|wanted| lanes::named(config, wanted)) {
        return endpoint(config, clock, candidate, model);
    }
    let candidates = at_hand(config);
    if let (Some(model), [only]) = (wanted, keyed(&candidates).as_slice()) {
        return endpoint(config, clock, only.clone(), model.to_string());
    }
    let asked = discover::discover(candidates.clone()).await;
    match choose(&asked, wanted) {
        Some((place, model)) => match candidates.into_iter().nth(place) {
            Some(candidate) => endpoint(config, clock, candidate, model),
            None => Ok(Found::Nothing { tried: Vec::new() }),
        },
        None => match wanted {
            Some(model) => Err(unknown(config, model)),
            None => Ok(Found::Nothing { tried: tried(&asked) }),
        },
    }
}

/// All that is worth asking.
pub fn at_hand(config: &Config) -> Vec<Candidate> {
    discover::candidates(&|name| config.env.get(name).cloned(), &config.routing.providers)
}

/// No server lists the model; where its name begins with a provider's, that one lacks its key.
fn unknown(config: &Config, model: &str) -> Failure {
    let sentence = format!("no server was found that has the model {model:?}");
    match config.routing.providers.split(model) {
        Some((provider, _)) if !provider.keys.is_empty() => {
            let (label, keys) = (&provider.label, provider.keys.join(" or $"));
            let hint = format!("to ask {label}, set ${keys}; another server is named with --base-url");
            Failure::new(Code::Usage, sentence, hint)
        }
        Some(_) | None => {
            let hint = "give its address with --base-url, or its provider as in anthropic/NAME; `tackroom doctor` shows what was looked at";
            Failure::new(Code::Usage, sentence, hint)
        }
    }
}

/// What was set and does not answer; a local server that is not there is no surprise.
fn tried(asked: &[Endpoint]) -> Vec<String> {
    let set = asked.iter().filter(|found| !found.local);
    set.filter_map(|found| Some(format!("{}: {}", found.label, found.models.as_ref().err()?.what))).collect()
}

/// A base URL that is none is told with its value and its source.
fn check_url(config: &Config) -> Result<(), Failure> {
    let Some(url) = config.base_url.value.as_deref() else { return Ok(()) };
    if web::public_url(url).is_some() {
        return Ok(());
    }
    let (source, shown) = (&config.base_url.source, crate::domain::text::reveal_plain(url));
    let end = if url.contains('/') { "" } else { "/v1" };
    let hint = match url.contains("://") {
        true => "a base URL looks like http://127.0.0.1:11434/v1".to_string(),
        false => format!("it needs http:// or https:// in front: http://{shown}{end}"),
    };
    Err(Failure::new(Code::Usage, format!("the base URL \"{shown}\" ({source}) is no http:// address"), hint))
}

/// What answers a session that is taken up again: what the configuration names, else the endpoint that its task began with,
/// else whatever has its model.
pub async fn again(
    config: &Config,
    clock: &Arc<dyn Clock>,
    model: &str,
    kept: Option<&str>,
) -> Result<Found, Failure> {
    if is_script(model) {
        return Ok(Found::Script(model.to_string()));
    }
    if let (Some(url), None) = (kept, &config.base_url.value) {
        return kept_endpoint(config, clock, url, model.to_string());
    }
    let mut config = config.clone();
    if config.model.value.is_none() && !model.is_empty() {
        config.model.value = Some(model.to_string());
    }
    find(&config, clock).await
}

/// The plug for a session's model: as `again` finds it, from what is known already.
pub fn plug(
    config: &Config,
    clock: &Arc<dyn Clock>,
    found: Option<&Found>,
    model: &str,
    kept: Option<&str>,
) -> Result<Arc<dyn Model>, (String, String)> {
    if is_script(model) {
        let script = script(model, clock)?;
        return Ok(Arc::new(Priced::new(script, config.prices.clone(), "")));
    }
    let here = match found {
        Some(Found::Endpoint { plug, base_url, .. }) => Some((plug, base_url.as_str())),
        Some(Found::Script(_) | Found::Nothing { .. }) | None => None,
    };
    match (here, kept) {
        (Some((plug, url)), Some(kept)) if config.base_url.value.is_some() || url == kept => Ok(plug.clone()),
        (_, Some(kept)) => match kept_endpoint(config, clock, kept, model.to_string()) {
            Ok(Found::Endpoint { plug, .. }) => Ok(plug),
            Ok(Found::Script(_) | Found::Nothing { .. }) => Err(nowhere(model)),
            Err(failure) => Err((failure.sentence, failure.hint)),
        },
        (Some((plug, _)), None) => Ok(plug.clone()),
        (None, None) => Err(nowhere(model)),
    }
}

fn nowhere(model: &str) -> (String, String) {
    (
        format!("the session wants the model {model:?}, and no server was found"),
        "start the server, or give its address with --base-url; `tackroom doctor` looks".to_string(),
    )
}

/// Whether a name is that of a script.
pub fn is_script(name: &str) -> bool {
    name == SCRIPTED || name.starts_with("scripted:")
}

fn keyed(candidates: &[Candidate]) -> Vec<Candidate> {
    candidates.iter().filter(|candidate| !candidate.keys.is_empty()).cloned().collect()
}

/// The first endpoint that lists the wanted model; with none wanted, the first that lists any, and there the likeliest.
fn choose(asked: &[Endpoint], wanted: Option<&str>) -> Option<(usize, String)> {
    let listed =
        asked.iter().enumerate().filter_map(|(place, found)| Some((place, found.models.as_ref().ok()?)));
    match wanted {
        Some(model) => listed
            .into_iter()
            .find(|(_, models)| models.iter().any(|one| one == model))
            .map(|(p, _)| (p, model.to_string())),
        None => listed.into_iter().next().and_then(|(place, models)| Some((place, likeliest(models)?))),
    }
}

/// Of a provider's many models, one that talks and calls tools: an embedding or speech model cannot.
fn likeliest(models: &[String]) -> Option<String> {
    const NOT: [&str; 12] = [
        "embed",
        "whisper",
        "tts",
        "audio",
        "realtime",
        "image",
        "dall-e",
        "moderation",
        "transcribe",
        "rerank",
        "ocr",
        "guard",
    ];
    let talks = |name: &&String| !NOT.iter().any(|word| name.to_lowercase().contains(word));
    models.iter().find(talks).or(models.first()).cloned()
}

async fn first_model(candidate: &Candidate) -> Result<String, Failure> {
    let asked = discover::probe(&Web::new(8_000), candidate).await;
    match asked.models {
        Ok(models) => likeliest(&models).ok_or_else(|| {
            Failure::new(Code::Usage, format!("{} lists no model", asked.base_url), "name one with --model")
        }),
        Err(finding) => Err(Failure::new(Code::Usage, finding.what, finding.hint)),
    }
}

fn endpoint(
    config: &Config,
    clock: &Arc<dyn Clock>,
    candidate: Candidate,
    model: String,
) -> Result<Found, Failure> {
    lanes::found(config, clock, candidate, lanes::headers(config), model, None)
}

/// The endpoint that a session names.
fn kept_endpoint(
    config: &Config,
    clock: &Arc<dyn Clock>,
    url: &str,
    model: String,
) -> Result<Found, Failure> {
    match kept::kept(config, url) {
        Kept::Known(candidate) => endpoint(config, clock, candidate, model),
        Kept::Named { candidate, withheld } => {
            lanes::found(config, clock, candidate, Vec::new(), model, withheld)
        }
    }
}

/// What is held back from the server that a session names, where it is the one that is asked.
pub fn withheld(config: &Config, url: &str) -> Option<String> {
    match kept::kept(config, url) {
        Kept::Named { withheld, .. } if config.base_url.value.is_none() => withheld,
        Kept::Named { .. } | Kept::Known(_) => None,
    }
}

/// The script of that name: built in, or a file as in `scripted:path/to/script.json`.
pub fn script(name: &str, clock: &Arc<dyn Clock>) -> Result<Arc<dyn Model>, (String, String)> {
    let text = match name {
        SCRIPTED => include_str!("../../assets/scripted.json").to_string(),
        DEMO => include_str!("../../assets/demo/script.json").to_string(),
        other => {
            let path = other.strip_prefix("scripted:").unwrap_or(other);
            std::fs::read_to_string(path).map_err(|error| {
                (
                    format!("the script {path} cannot be read: {error}"),
                    "name another with --model scripted:FILE".to_string(),
                )
            })?
        }
    };
    let script = Script::parse(&text).map_err(|why| {
        (
            format!("the script of {name} is wrong: {why}"),
            "its form is in src/adapters/model/script.rs".to_string(),
        )
    })?;
    Ok(Arc::new(Scripted::new(script, clock.clone())))
}
