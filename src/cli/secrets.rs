//! Which secrets are known from the start, and everything behind the veil.

use crate::adapters::tool;
use crate::adapters::veil::{Named, Vault, VeiledJudge, VeiledModel, VeiledTool};
use crate::cli::config::Config;
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
    let is_key = |name: &String| Some(name) == Some(&config.key_env.value) || tool::names_secret(name);
    let named = config
        .env
        .iter()
        .filter(|(name, _)| usable(name) || is_key(name))
        .map(|(name, value)| Named { name: name.clone(), value: value.clone(), usable: usable(name) });
    let headers = config.headers.value.iter().filter(|(name, _)| tool::names_secret(name));
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
