//! Say what you are, then run a cleared call.

use crate::domain::call::{Outcome, Preview};
use crate::domain::command_part::Script;
use crate::domain::sandbox::Walls;
use crate::domain::tool_spec::{ToolSpec, Touch};
use crate::ports::Later;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A call that was cleared.
#[derive(Clone)]
pub struct Cleared {
    /// The arguments; they fit the schema.
    pub args: Value,
    /// The same for every run of the same call.
    pub key: String,
    /// Takes output as it comes; must not block.
    pub output: Arc<dyn Fn(String) + Send + Sync>,
    /// The walls that were judged and approved with it: nothing runs behind others. None where nobody was asked.
    pub walls: Option<Walls>,
    /// The scripts as a person approved them: others are not run. None where nobody was asked.
    pub scripts: Option<Vec<Script>>,
    /// What it touches, as it was judged: no file that lies elsewhere is opened, whatever links were put up meanwhile.
    pub touches: Vec<Touch>,
    /// Tells which paths below those are kept from it; none where no rule could.
    pub withheld: Option<Withheld>,
    /// Set once the call is to stop.
    pub stop: Stop,
}

/// Whether a path below what was judged is kept from a call.
pub type Withheld = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// A flag that a call looks at, and its future is told through: set once, never unset.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks the call to stop.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it is to stop.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What a tool gave back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// How it ended.
    pub outcome: Outcome,
    /// The text, whole; the caller bounds it.
    pub text: String,
}

impl Returned {
    /// A good result.
    pub fn ok(text: impl Into<String>) -> Returned {
        Returned { outcome: Outcome::Ok, text: text.into() }
    }

    /// A failure that says so.
    pub fn error(text: impl Into<String>) -> Returned {
        Returned { outcome: Outcome::Error, text: text.into() }
    }
}

/// A tool.
///
/// Contract (`tests/it/contracts/tool.rs`): nothing outside of what `touches` names is changed; a path never leaves the
/// workspace; a stopped or dropped call leaves no process behind; every result is bounded in memory.
pub trait Tool: Send + Sync {
    /// What it is.
    fn spec(&self) -> ToolSpec;
    /// What a call with these arguments will touch: told by the arguments, and by where links of the workspace lead now.
    fn touches(&self, args: &Value) -> Vec<Touch>;
    /// What an operator is to see of it. Reads only.
    fn preview<'a>(&'a self, args: &'a Value) -> Later<'a, Preview>;
    /// What holds the programs that it runs; none where it runs none: then `runs_nothing()`. There is no default, for a tool
    /// round another that forgot it would take the walls away.
    fn walls(&self) -> Later<'_, Option<Walls>>;
    /// Runs it. The future may be dropped at any time; then the call is stopped, its children included.
    fn run(&self, call: Cleared) -> Later<'_, Returned>;
}

/// The walls of a tool that runs no programs.
pub fn runs_nothing() -> Later<'static, Option<Walls>> {
    Box::pin(std::future::ready(None))
}
