//! Which secrets are known from the start, and everything behind the veil.

use crate::adapters::tool;
use crate::adapters::veil::{Named, Vault, VeiledJudge, VeiledModel, VeiledTool};
use crate::cli::config::Config;
use crate::cli::config_model::key_names;
use crate::domain::secrets::{Found, find, is_telling};
use crate::ports::judge::Judge;
use crate::ports::model::Model;
use crate::ports::tool::Tool;
use crate::runtime::plugs::Kitbag;
use crate::runtime::toolbox::Toolbox;
use std::sync::Arc;

/// The secrets that this process knows before anybody says one: the model's key and headers, every variable with a telling
/// name, and those that the operator lets calls use.
pub fn vault(config: &Config, salt: u128) -> Vault {
    let usable = |name: &String| config.secret_names.value.contains(name);
    let is_key =
        |name: &String, value: &str| key_names(config).any(|own| own == name) || tool::is_secret(name, value);
    let named = config
        .env
        .iter()
        .filter(|(name, value)| usable(name) || is_key(name, value))
        .map(|(name, value)| Named { name: name.clone(), value: value.clone(), usable: usable(name) });
    // The password in `DATABASE_URL=postgres://me:…@host`, also where it stands by itself.
    let inner = config
        .env
        .iter()
        .filter(|(name, value)| may_hold_one(value) && !usable(name) && !is_key(name, value));
    let inner = inner.flat_map(|(name, value)| {
        let part = |found: Found| value.get(found.range).filter(|part| is_telling(part)).map(str::to_string);
        find(value).into_iter().filter_map(part).map(|value| Named {
            name: name.clone(),
            value,
            usable: false,
        })
    });
    let named = named.chain(inner);
    let headers = config.headers.value.iter().filter(|(name, value)| tool::is_secret(name, value));
    let headers =
        headers.map(|(name, value)| Named { name: name.clone(), value: value.clone(), usable: false });
    Vault::new(named.chain(headers), salt)
}

/// What a session is driven with, nothing of which says or is told a secret but where a call needs it.
pub fn veiled(
    model: Arc<dyn Model>,
    tools: Vec<Arc<dyn Tool>>,
    judge: Arc<dyn Judge>,
    veil: &Arc<Vault>,
) -> Kitbag {
    let tools = tools.into_iter().map(|tool| Arc::new(VeiledTool::new(tool, veil.clone())) as Arc<dyn Tool>);
    Kitbag {
        model: Arc::new(VeiledModel::new(model, veil.clone())),
        tools: Toolbox::new(tools),
        judge: Arc::new(VeiledJudge::new(judge, veil.clone())),
    }
}

/// Whether a value can have a password beside other things. To look through it for all forms takes as long as everything else
/// at a start, and few values are such.
fn may_hold_one(value: &str) -> bool {
    let says = |value: &str| {
        let value = value.to_ascii_lowercase();
        ["pass", "pwd", "secret", "token", "key"].iter().any(|word| value.contains(word))
    };
    value.contains("://") && value.contains('@') || value.contains(['=', ':']) && says(value)
}
