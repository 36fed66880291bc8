//! The policy's verdict on a call.

use crate::domain::policy::{Mode, Verdict, Word};
use crate::domain::tool_spec::{Effect, Touch};
use serde_json::Value;
use std::sync::Arc;

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The tool.
    pub tool: &'a str,
    /// The arguments; they fit the schema.
    pub args: &'a Value,
    /// What running it does.
    pub effect: Effect,
    /// What it will touch.
    pub touches: &'a [Touch],
    /// The folder of the session, absolute.
    pub workspace: &'a str,
    /// The agent.
    pub agent: &'a str,
    /// How much of the run waits for a person.
    pub mode: Mode,
    /// The profile of the sandbox that holds what it runs: one of `Profile::NAMES`, `none` where nothing does.
    pub sandbox: &'a str,
}

impl<'a> Case<'a> {
    /// A call of the default agent, without walls.
    pub fn new(
        tool: &'a str,
        args: &'a Value,
        effect: Effect,
        touches: &'a [Touch],
        workspace: &'a str,
    ) -> Case<'a> {
        Case { tool, args, effect, touches, workspace, agent: "default", mode: Mode::Auto, sandbox: "none" }
    }
}

/// What a rule says of a path that a call meets below what it names: none where no rule keeps it from the call.
pub type Below = Arc<dyn Fn(&str) -> Option<Word> + Send + Sync>;

/// A policy.
///
/// Contract (`tests/it/contracts/judge.rs`): pure and quick; the same case and version give the same verdict; what it does not
/// understand asks.
pub trait Judge: Send + Sync {
    /// The verdict, with the rule that gave it.
    fn judge(&self, case: Case<'_>) -> Verdict;
    /// What rules say of paths that a call meets on its way, beyond what it names: `search` of a folder comes to all that is in
    /// it. None where no rule could keep one from it, so that nothing is asked for each file. There is no default, for a
    /// policy round another that forgot it would open what is closed.
    fn below(&self, case: Case<'_>) -> Option<Below>;
    /// The policy's version: changes whenever a verdict could.
    fn version(&self) -> String;
    /// What keeps the policy from being as its files say, where it is not: a sentence and a hint. The last good one holds.
    fn trouble(&self) -> Option<(String, String)> {
        None
    }
}
