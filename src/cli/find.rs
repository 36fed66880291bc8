//! Which model answers: what was configured, else what is there, else the built-in script.

use crate::adapters::model::discover::{self, Candidate, Endpoint, LOCAL_SERVERS};
use crate::adapters::model::openai::{ModelLimits, OpenAi, OpenAiConfig};
use crate::adapters::model::script::Script;
use crate::adapters::model::scripted::Scripted;
use crate::adapters::model::secret::Secret;
use crate::adapters::web::Web;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
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
        /// The plug.
        plug: Arc<OpenAi>,
    },
}

impl Found {
    /// The name that a run keeps.
    pub fn name(&self) -> &str {
        match self {
            Found::Script(name) => name,
            Found::Endpoint { model, .. } => model,
        }
    }
}

/// Looks in this order: a script by name; the configured endpoint; keys in the environment; servers on this machine.
pub async fn find(config: &Config, clock: &Arc<dyn Clock>) -> Result<Found, Failure> {
    let wanted = config.model.value.as_deref();
    if let Some(name) = wanted.filter(|name| is_script(name)) {
        return Ok(Found::Script(name.to_string()));
    }
    if let Some(candidate) = configured(config) {
        let model = match wanted {
            Some(model) => model.to_string(),
            None => first_model(&candidate).await?,
        };
        return endpoint(config, clock, candidate, model);
    }
    let candidates = discover::candidates(&|name| config.env.get(name).cloned(), &LOCAL_SERVERS);
    if let (Some(model), [only]) = (wanted, keyed(&candidates).as_slice()) {
        return endpoint(config, clock, only.clone(), model.to_string());
    }
    let asked = discover::discover(candidates.clone()).await;
    match choose(&asked, wanted) {
        Some((place, model)) => match candidates.into_iter().nth(place) {
            Some(candidate) => endpoint(config, clock, candidate, model),
            None => Ok(Found::Script(SCRIPTED.to_string())),
        },
        None => match wanted {
            Some(model) => Err(Failure::new(
                Code::Usage,
                format!("no server was found that has the model {model:?}"),
                "give its address with --base-url; `tackroom doctor` shows what was looked at",
            )),
            None => Ok(Found::Script(SCRIPTED.to_string())),
        },
    }
}

/// Whether a name is that of a script.
pub fn is_script(name: &str) -> bool {
    name == SCRIPTED || name.starts_with("scripted:")
}

/// The endpoint that the configuration names.
pub fn configured(config: &Config) -> Option<Candidate> {
    let base_url = config.base_url.value.clone()?;
    let key = config.env.get(&config.key_env.value).filter(|key| !key.is_empty()).map(Secret::new);
    Some(Candidate { label: "configured".to_string(), base_url, key, key_source: None, local: false })
}

fn keyed(candidates: &[Candidate]) -> Vec<Candidate> {
    candidates.iter().filter(|candidate| candidate.key.is_some()).cloned().collect()
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
    let limits = ModelLimits {
        connect_ms: config.limits.connect_s.saturating_mul(1_000),
        first_byte_ms: config.limits.first_byte_s.saturating_mul(1_000),
        idle_ms: config.limits.idle_s.saturating_mul(1_000),
        total_ms: config.limits.total_s.saturating_mul(1_000),
    };
    let headers = config.headers.iter().map(|(name, value)| (name.clone(), Secret::new(value))).collect();
    let wanted =
        OpenAiConfig { key: candidate.key, headers, limits, ..OpenAiConfig::new(candidate.base_url) };
    let plug = OpenAi::new(wanted, clock.clone()).map_err(|fault| {
        Failure::new(Code::Usage, fault.message, "a base URL looks like http://127.0.0.1:11434/v1")
    })?;
    Ok(Found::Endpoint { label: candidate.label, model, plug: Arc::new(plug) })
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
