//! A call that uses a secret is never allowed by a rule alone: a person sees where it would go.

use crate::domain::policy::{Verdict, Word};
use crate::domain::secrets::handles;
use crate::ports::judge::{Case, Judge};
use serde_json::Value;
use std::sync::Arc;

/// Counts up whenever what is asked here changes.
const EDITION: &str = "secrets-1";

/// A policy behind the veil.
pub struct VeiledJudge {
    judge: Arc<dyn Judge>,
}

impl VeiledJudge {
    /// What this policy allows and uses a secret asks.
    pub fn new(judge: Arc<dyn Judge>) -> VeiledJudge {
        VeiledJudge { judge }
    }
}

impl Judge for VeiledJudge {
    fn judge(&self, case: Case<'_>) -> Verdict {
        let mut verdict = self.judge.judge(case);
        verdict.policy = self.version();
        let used = used(case.args);
        if let (Word::Allow, Some(first)) = (verdict.word, used.first()) {
            let more = if used.len() > 1 { format!(" and {} more", used.len() - 1) } else { String::new() };
            verdict.why =
                format!("It uses {first}{more}: what that stands for is put in as it runs. {}", verdict.why);
            verdict.rule = format!("secret, {}", verdict.rule);
            verdict.word = Word::Ask;
        }
        verdict
    }

    fn version(&self) -> String {
        format!("{}+{EDITION}", self.judge.version())
    }

    fn trouble(&self) -> Option<(String, String)> {
        self.judge.trouble()
    }
}

/// The handles in arguments.
fn used(args: &Value) -> Vec<String> {
    match args {
        Value::String(text) => {
            handles(text).into_iter().filter_map(|at| text.get(at).map(str::to_string)).collect()
        }
        Value::Array(items) => items.iter().flat_map(used).collect(),
        Value::Object(fields) => fields.values().flat_map(used).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}
