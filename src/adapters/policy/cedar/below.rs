//! What a call meets below what it names: the rules that may keep a path from it, asked for each path, and nobody asked where
//! there are none.

use super::force::Force;
use super::request::{questions, uid};
use super::rule::{Kind, Layer, Rule};
use super::schema::group;
use crate::domain::policy::{Mode, Word};
use crate::domain::tool_spec::{Effect, Touch};
use crate::ports::judge::{Below, Case};
use serde_json::Value;
use std::sync::Arc;

/// A case that outlives its call.
struct Kept {
    tool: String,
    args: Value,
    effect: Effect,
    workspace: String,
    agent: String,
    mode: Mode,
    sandbox: String,
}

/// The built-in rules are left out: what is outside and what is the app's own is told by the handle of what is opened.
pub(super) fn below(force: &Force, case: &Case<'_>) -> Option<Below> {
    let actions = [uid("Action", case.tool).ok()?, uid("Action", group(case.effect)).ok()?];
    let keeps = |rule: &Rule| {
        let forbids = matches!(rule.kind, Kind::Deny | Kind::Ask) && rule.layer != Layer::BuiltIn;
        forbids && !rule.idle && rule.heads(&actions, "Path")
    };
    if !force.rules().iter().any(keeps) {
        return None;
    }
    let force = force.only(keeps);
    let kept = Kept {
        tool: case.tool.to_string(),
        args: case.args.clone(),
        effect: case.effect,
        workspace: case.workspace.to_string(),
        agent: case.agent.to_string(),
        mode: case.mode,
        sandbox: case.sandbox.to_string(),
    };
    Some(Arc::new(move |path: &str| kept.word(&force, path)))
}

impl Kept {
    fn word(&self, force: &Force, path: &str) -> Option<Word> {
        let touches = [Touch::Read { path: path.to_string() }];
        let case = Case {
            tool: &self.tool,
            args: &self.args,
            effect: self.effect,
            touches: &touches,
            workspace: &self.workspace,
            agent: &self.agent,
            mode: self.mode,
            sandbox: &self.sandbox,
        };
        // What cannot be asked about is kept back.
        let Ok(questions) = questions(&case, &force.ground) else { return Some(Word::Deny) };
        let paths = questions.iter().filter(|question| question.kind == "Path");
        let said = paths.map(|question| force.ruled(question)).filter(|ruled| ruled.rule.is_some());
        said.map(|ruled| ruled.word).filter(|word| *word != Word::Allow).max()
    }
}
