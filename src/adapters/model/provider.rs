//! A provider of models as data: where it is, which variables hold its keys, which wire it speaks, and what it is known not to
//! take. The plug is made of it; no code knows a provider by its name.

use crate::adapters::model::endpoint::{EndpointConfig, Plug};
use crate::adapters::model::form::Form;
use crate::adapters::model::messages::Messages;
use crate::adapters::model::openai::Chat;
use crate::adapters::model::responses::Responses;
use crate::adapters::model::secret::Secret;
use crate::adapters::web;
use crate::domain::fault::{Fault, FaultKind};
use crate::ports::clock::Clock;
use crate::ports::model::Model;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The wires there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wire {
    /// OpenAI's chat completions, which most servers speak.
    #[default]
    Chat,
    /// Anthropic's Messages.
    Messages,
    /// OpenAI's Responses.
    Responses,
}

impl Wire {
    /// Its name, as it is configured.
    pub fn name(self) -> &'static str {
        match self {
            Wire::Chat => "chat",
            Wire::Messages => "messages",
            Wire::Responses => "responses",
        }
    }

    /// The headers that a key is sent in.
    pub fn headers(self, key: Option<&Secret>) -> Vec<(&'static str, String)> {
        match self {
            Wire::Chat => Chat::headers(key),
            Wire::Messages => Messages::headers(key),
            Wire::Responses => Responses::headers(key),
        }
    }

    /// Whether quirks are those of this wire; else why not.
    pub fn check(self, quirks: &Map<String, Value>) -> Result<(), String> {
        match self {
            Wire::Chat => dialect::<Chat>(quirks).map(|_| ()),
            Wire::Messages => dialect::<Messages>(quirks).map(|_| ()),
            Wire::Responses => dialect::<Responses>(quirks).map(|_| ()),
        }
    }

    /// The plug for an endpoint that speaks it, of which `quirks` are known.
    pub fn plug(
        self,
        config: EndpointConfig,
        quirks: &Map<String, Value>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<dyn Model>, Fault> {
        Ok(match self {
            Wire::Chat => Arc::new(speaking::<Chat>(config, quirks, clock)?),
            Wire::Messages => Arc::new(speaking::<Messages>(config, quirks, clock)?),
            Wire::Responses => Arc::new(speaking::<Responses>(config, quirks, clock)?),
        })
    }
}

fn speaking<F: Form>(
    config: EndpointConfig,
    quirks: &Map<String, Value>,
    clock: Arc<dyn Clock>,
) -> Result<Plug<F>, Fault> {
    let dialect = dialect::<F>(quirks).map_err(|why| Fault::new(FaultKind::BadRequest, why))?;
    Plug::speaking(config, clock, dialect)
}

fn dialect<F: Form>(quirks: &Map<String, Value>) -> Result<F::Dialect, String> {
    serde_json::from_value(Value::Object(quirks.clone())).map_err(|error| error.to_string())
}

/// A provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Provider {
    /// Its name before the slash of a model's name, such as `anthropic`.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// Where it is asked.
    pub base_url: String,
    /// The variables that hold its keys, the preferred one first.
    pub keys: Vec<String>,
    /// The wire it speaks.
    pub wire: Wire,
    /// What of the wire it does not take, by the names of the wire's dialect.
    pub quirks: Map<String, Value>,
    /// Whether it is a server on this machine: it is looked for, and needs no key.
    pub local: bool,
    /// Whether it is asked only where it is named.
    pub by_name: bool,
    /// The variable that holds its address, where it has one.
    pub host: String,
    /// What to do where it does not answer.
    pub start: String,
    /// What to do where it has no model.
    pub load: String,
}

/// The providers that are known, those of the configuration first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Providers(Vec<Arc<Provider>>);

impl Providers {
    /// These.
    pub fn new(all: impl IntoIterator<Item = Provider>) -> Providers {
        Providers(all.into_iter().map(Arc::new).collect())
    }

    /// All, in order.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.0.iter()
    }

    /// The one of that name.
    pub fn named(&self, name: &str) -> Option<&Arc<Provider>> {
        self.0.iter().find(|provider| provider.name == name)
    }

    /// The one whose server an address is on; servers of this machine are known by the operator's word only.
    pub fn at(&self, url: &str) -> Option<&Arc<Provider>> {
        self.0.iter().find(|provider| !provider.local && web::is_same_origin(&provider.base_url, url))
    }

    /// A model's name that begins with a provider's: the provider, and the name it is asked by.
    pub fn split<'a>(&self, model: &'a str) -> Option<(&Arc<Provider>, &'a str)> {
        let (name, rest) = model.split_once('/')?;
        Some((self.named(name)?, rest)).filter(|(_, rest)| !rest.is_empty())
    }

    /// The variable that holds the first key of the provider whose server an address is on.
    pub fn key_variable(&self, url: &str) -> Option<&str> {
        self.at(url)?.keys.first().map(String::as_str)
    }
}
