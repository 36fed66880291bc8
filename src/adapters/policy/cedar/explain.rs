//! Why a verdict is what it is: which rules fit, and which nearly did and what they miss.

use super::force::{Force, Ruled};
use super::request::{Question, questions};
use super::rule::{Kind, Rule};
use crate::ports::judge::Case;
use cedar_policy::{Authorizer, Policy, PolicySet};
use serde_json::{Value, json};

/// A rule whose head fits and whose condition does not.
#[derive(Clone, Debug)]
pub struct Near {
    /// The rule.
    pub rule: usize,
    /// The parts of its condition that do not hold, as written in the language.
    pub misses: Vec<String>,
}

/// One thing that a call touches, explained.
#[derive(Clone, Debug)]
pub struct Explained {
    /// What came of it.
    pub ruled: Ruled,
    /// What rules may look at.
    pub attributes: Vec<(&'static str, String)>,
    /// Why no rule may allow it, where none may.
    pub guard: Option<String>,
    /// Rules that fit, put aside ones too.
    pub fits: Vec<usize>,
    /// Rules that nearly do.
    pub near: Vec<Near>,
}

/// Explains a call, thing by thing.
pub fn explain(force: &Force, case: &Case<'_>) -> Vec<Explained> {
    let weighed = force.weigh(case);
    let questions = questions(case, &force.ground).unwrap_or_default();
    let pairs = questions.into_iter().zip(weighed.parts);
    pairs
        .map(|(question, ruled)| {
            let (mut fits, mut near) = (Vec::new(), Vec::new());
            for (at, rule) in force.rules.iter().enumerate() {
                if !rule.heads(&question.actions, question.kind) {
                    continue;
                }
                match holds(&rule.policy, &question) {
                    true => fits.push(at),
                    false => near.push(Near { rule: at, misses: misses(rule, &question) }),
                }
            }
            Explained { ruled, attributes: question.attributes(), guard: question.guard, fits, near }
        })
        .collect()
}

/// Whether one rule by itself fits.
fn holds(policy: &Policy, question: &Question) -> bool {
    let Ok(set) = PolicySet::from_policies([policy.clone()]) else { return false };
    let answer = Authorizer::new().is_authorized(&question.request, &set, &question.entities);
    answer.diagnostics().reason().next().is_some()
}

/// The parts of a rule's condition that do not hold.
fn misses(rule: &Rule, question: &Question) -> Vec<String> {
    let Ok(json) = rule.policy.to_json() else { return Vec::new() };
    let mut found = Vec::new();
    for condition in json.get("conditions").and_then(Value::as_array).into_iter().flatten() {
        let kind = condition.get("kind").and_then(Value::as_str).unwrap_or("when");
        let mut parts = Vec::new();
        match condition.get("body") {
            Some(body) if kind == "when" => conjuncts(body, &mut parts),
            Some(body) => parts.push(body),
            None => {}
        }
        for body in parts {
            let alone = json!({
                "effect": "permit", "principal": { "op": "All" }, "action": { "op": "All" }, "resource": { "op": "All" },
                "conditions": [{ "kind": kind, "body": body }],
            });
            if let Ok(policy) = Policy::from_json(None, alone)
                && !holds(&policy, question)
            {
                found.push(written(&policy));
            }
        }
    }
    if found.is_empty() { vec!["its head: who asks".to_string()] } else { found }
}

/// The parts of `a && b && c`.
fn conjuncts<'a>(body: &'a Value, parts: &mut Vec<&'a Value>) {
    match body.get("&&").and_then(|and| Some((and.get("left")?, and.get("right")?))) {
        Some((left, right)) => {
            conjuncts(left, parts);
            conjuncts(right, parts);
        }
        None => parts.push(body),
    }
}

/// A condition as written in the language.
fn written(policy: &Policy) -> String {
    let text = policy.to_cedar().unwrap_or_default();
    let inner = |word: &str| {
        let (_, after) = text.split_once(&format!("{word} {{"))?;
        let (inside, _) = after.rsplit_once('}')?;
        Some(inside.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let inside = inner("when").or_else(|| inner("unless").map(|body| format!("not ({body})")));
    inside.unwrap_or(text)
}

impl Kind {
    /// What a rule of this kind does, as a verb.
    pub fn verb(self) -> &'static str {
        match self {
            Kind::Deny => "denies",
            Kind::Ask => "asks",
            Kind::Allow => "allows",
            Kind::Otherwise => "asks unless allowed",
        }
    }
}
