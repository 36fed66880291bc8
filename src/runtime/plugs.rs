//! The ports a run is driven with, and the settings that are neither a port nor a fact.

use crate::domain::retry::RetryRule;
use crate::ports::blobs::Blobs;
use crate::ports::clock::Clock;
use crate::ports::files::Files;
use crate::ports::index::Index;
use crate::ports::judge::Judge;
use crate::ports::live::Live;
use crate::ports::log::Log;
use crate::ports::model::{Model, Rebuild};
use crate::ports::work::Work;
use crate::runtime::toolbox::Toolbox;
use std::sync::Arc;

/// Where sessions are kept.
#[derive(Clone)]
pub struct Store {
    /// The log.
    pub log: Arc<dyn Log>,
    /// The claims.
    pub work: Arc<dyn Work>,
    /// Large content.
    pub blobs: Arc<dyn Blobs>,
    /// Drafts.
    pub live: Arc<dyn Live>,
    /// Lists.
    pub index: Arc<dyn Index>,
}

/// What a session's work needs beside the store: made for the folder that the session works in.
#[derive(Clone)]
pub struct Kitbag {
    /// The model.
    pub model: Arc<dyn Model>,
    /// The tools.
    pub tools: Toolbox,
    /// The policy.
    pub judge: Arc<dyn Judge>,
}

/// Makes the kitbag of a session from its folder, the model it names and where that was asked; fails with a sentence and a hint.
pub type Outfit = Arc<dyn Fn(&str, &str, Option<&str>) -> Result<Kitbag, (String, String)> + Send + Sync>;

/// Numbers of the harness.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How failed requests are repeated.
    pub retry: RetryRule,
    /// How long an approval may wait for its call to start, in milliseconds.
    pub approval_ms: u64,
    /// No call runs longer, in milliseconds; tools have shorter limits of their own.
    pub call_ms_max: u64,
    /// Keeping the files before a call may take so long, in milliseconds; then the call runs without it.
    pub keep_ms: u64,
    /// How long a stopped call may take to end before it is dropped, in milliseconds.
    pub stop_ms: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            retry: RetryRule::default(),
            approval_ms: 600_000,
            call_ms_max: 3_600_000,
            keep_ms: 120_000,
            stop_ms: 5_000,
        }
    }
}

/// Everything that drives sessions.
#[derive(Clone)]
pub struct Plugs {
    /// Where sessions are kept.
    pub store: Store,
    /// The files of workspaces.
    pub files: Arc<dyn Files>,
    /// The time and fresh numbers.
    pub clock: Arc<dyn Clock>,
    /// Makes kitbags.
    pub outfit: Outfit,
    /// Makes the bytes of requests again that were sent before.
    pub rebuild: Rebuild,
    /// Numbers.
    pub settings: Settings,
    /// This process, as other processes are told of it.
    pub holder: String,
}
