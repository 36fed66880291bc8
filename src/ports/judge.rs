//! The policy's verdict on a call.

use crate::domain::policy::{Mode, Verdict};
use crate::domain::tool_spec::{Effect, Touch};
use serde_json::Value;

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

/// A policy.
///
/// Contract (`tests/it/contracts/judge.rs`): pure and quick; the same case and version give the same verdict; what it does not
/// understand asks.
pub trait Judge: Send + Sync {
    /// The verdict, with the rule that gave it.
    fn judge(&self, case: Case<'_>) -> Verdict;
    /// The policy's version: changes whenever a verdict could.
    fn version(&self) -> String;
    /// What keeps the policy from being as its files say, where it is not: a sentence and a hint. The last good one holds.
    fn trouble(&self) -> Option<(String, String)> {
        None
    }
}
