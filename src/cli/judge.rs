//! Which policy judges, and where its rules are.

use crate::cli::config::Config;
use crate::ports::judge::Judge;
use crate::runtime::toolbox::Toolbox;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "cedar")]
use crate::adapters::policy::cedar::{Cedar, Places, Setup, refusal};
#[cfg(feature = "cedar")]
use crate::domain::tool_spec::Effect;

/// The system's folder of this program.
pub const SYSTEM: &str = "/etc/tackroom";

/// The policies of this process, one for each folder: read once, and anew by itself where a file changes.
#[derive(Default)]
pub(super) struct Judges(Mutex<BTreeMap<String, Arc<dyn Judge>>>);

impl Judges {
    /// The policy for sessions that work in a folder; fails with a sentence and a hint.
    pub(super) fn of(
        &self,
        config: &Config,
        workspace: &str,
        own: &[PathBuf],
        tools: &Toolbox,
    ) -> Result<Arc<dyn Judge>, (String, String)> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(judge) = known.get(workspace) {
            return Ok(judge.clone());
        }
        let judge = judge(config, workspace, own, tools)?;
        known.insert(workspace.to_string(), judge.clone());
        Ok(judge)
    }
}

/// The policy for sessions that work in a folder; fails with a sentence and a hint.
#[cfg(feature = "cedar")]
fn judge(
    config: &Config,
    workspace: &str,
    own: &[PathBuf],
    tools: &Toolbox,
) -> Result<Arc<dyn Judge>, (String, String)> {
    let clock = Arc::new(crate::adapters::clock::SystemClock);
    match Cedar::open(setup(config, workspace, own, tools), clock) {
        Ok(policy) => Ok(Arc::new(policy)),
        Err(faults) => Err(refusal(&faults).unwrap_or_default()),
    }
}

/// What the rules for a folder are loaded with.
#[cfg(feature = "cedar")]
pub(super) fn setup(config: &Config, workspace: &str, own: &[PathBuf], tools: &Toolbox) -> Setup {
    let reached = tools.clone();
    Setup {
        places: places(config, workspace),
        extra: Vec::new(),
        tools: effects(tools),
        reach: Arc::new(move |name, args| {
            let effect = reached.book().get(name)?.effect;
            Some((effect, reached.get(name)?.touches(args)))
        }),
        own: own.iter().filter_map(|path| path.to_str().map(str::to_string)).collect(),
        hosts: config.hosts.value.clone(),
    }
}

#[cfg(feature = "cedar")]
fn effects(tools: &Toolbox) -> Vec<(String, Effect)> {
    tools.book().iter().map(|spec| (spec.name.clone(), spec.effect)).collect()
}

/// Where rules are.
#[cfg(feature = "cedar")]
pub(super) fn places(config: &Config, workspace: &str) -> Places {
    Places {
        system: Path::new(SYSTEM).join("policy"),
        user: config.paths.config.join("policy"),
        workspace: (!workspace.is_empty()).then(|| PathBuf::from(workspace)),
        trust: config.paths.data.join("policy-trust.json"),
    }
}

/// The built-in rules, in a program without the engine. Rules in files would be passed over, so it does not start then.
#[cfg(not(feature = "cedar"))]
fn judge(
    config: &Config,
    workspace: &str,
    own: &[PathBuf],
    _tools: &Toolbox,
) -> Result<Arc<dyn Judge>, (String, String)> {
    let folders = [
        Path::new(SYSTEM).join("policy"),
        config.paths.config.join("policy"),
        Path::new(workspace).join(".tackroom/policy"),
    ];
    if let Some(folder) = folders.iter().find(|folder| has_rules(folder)) {
        let sentence = format!(
            "there are rules in {}, and this program was built without the policy engine",
            folder.display()
        );
        return Err((sentence, "build it with `--features cedar`, or move the files away".to_string()));
    }
    let own: Vec<&str> = own.iter().filter_map(|path| path.to_str()).collect();
    let hosts: Vec<&str> = config.hosts.value.iter().map(String::as_str).collect();
    let policy = crate::adapters::policy::Builtin::new(&own, &hosts)
        .map_err(|why| (why, "mend [tools] hosts in config.toml".to_string()))?;
    Ok(Arc::new(policy))
}

/// Whether a folder holds rules, or cannot be looked into.
#[cfg(not(feature = "cedar"))]
fn has_rules(folder: &Path) -> bool {
    match std::fs::read_dir(folder) {
        Ok(entries) => {
            entries.flatten().any(|entry| entry.path().extension().is_some_and(|ending| ending == "cedar"))
        }
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}
