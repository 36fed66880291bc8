//! Examples beside a file of rules: calls that must be allowed, asked about or denied. They are tried whenever the file is
//! loaded; one that comes out otherwise refuses it.

use super::force::Force;
use super::rule::Fault;
use crate::domain::policy::{Mode, Word};
use crate::domain::tool_spec::{Effect, Touch};
use crate::ports::judge::Case;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// What a tool's call with these arguments is and touches; none where there is no such tool.
pub type Reach = Arc<dyn Fn(&str, &Value) -> Option<(Effect, Vec<Touch>)> + Send + Sync>;

/// A file of examples.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Examples {
    #[serde(default)]
    must_allow: Vec<toml::Spanned<Example>>,
    #[serde(default)]
    must_ask: Vec<toml::Spanned<Example>>,
    #[serde(default)]
    must_deny: Vec<toml::Spanned<Example>>,
}

/// One call.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    tool: String,
    #[serde(default)]
    args: Value,
    /// For whoever reads the file.
    #[serde(default)]
    note: String,
    /// The rule that must say so, where that matters.
    rule: Option<String>,
    mode: Option<Mode>,
}

/// Tries a file of examples; how many there are.
pub(super) fn tried(
    (file, text): (&str, &str),
    force: &Force,
    workspace: &str,
    reach: &Reach,
) -> Result<usize, Vec<Fault>> {
    let fault = |at: usize, why: String| {
        let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        Fault { file: file.to_string(), line, why }
    };
    let examples: Examples = toml::from_str(text).map_err(|error| {
        vec![fault(error.span().map_or(0, |span| span.start), error.message().to_string())]
    })?;
    let (mut count, mut faults) = (0, Vec::new());
    let lists = [
        (Word::Allow, examples.must_allow),
        (Word::Ask, examples.must_ask),
        (Word::Deny, examples.must_deny),
    ];
    for (must, list) in lists {
        for example in list {
            count += 1;
            let at = example.span().start;
            if let Err(why) = holds(example.get_ref(), must, force, workspace, reach) {
                faults.push(fault(at, why));
            }
        }
    }
    if faults.is_empty() { Ok(count) } else { Err(faults) }
}

fn holds(example: &Example, must: Word, force: &Force, workspace: &str, reach: &Reach) -> Result<(), String> {
    let args =
        if example.args.is_null() { Value::Object(serde_json::Map::new()) } else { example.args.clone() };
    let Some((effect, touches)) = reach(&example.tool, &args) else {
        return Err(format!("there is no tool {:?}", example.tool));
    };
    let case = Case {
        mode: example.mode.unwrap_or_default(),
        ..Case::new(&example.tool, &args, effect, &touches, workspace)
    };
    let weighed = force.weigh(&case);
    let note = if example.note.is_empty() { String::new() } else { format!(" ({})", example.note) };
    let verdict = weighed.verdict;
    if verdict.word != must {
        let (says, must) = (word(verdict.word), word(must));
        return Err(format!(
            "the example{note} must be {must} and is {says} by {}: {}",
            verdict.rule, verdict.why
        ));
    }
    let name = weighed.rule.and_then(|at| force.rules().get(at)).map_or("no-rule", |rule| rule.name.as_str());
    match &example.rule {
        Some(rule) if rule != name => {
            Err(format!("the example{note} must be decided by {rule} and is by {name}"))
        }
        Some(_) | None => Ok(()),
    }
}

/// A word as what became of a call.
pub(super) fn word(word: Word) -> &'static str {
    match word {
        Word::Allow => "allowed",
        Word::Ask => "asked",
        Word::Deny => "denied",
    }
}
