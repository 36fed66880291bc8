//! Rules that are right and yet not what was meant: they never fit, another takes their place, or they let too much through.

use super::force::Force;
use super::rule::{Kind, Layer, Rule};
use super::schema::{group, schema};
use crate::domain::argv::Argv;
use crate::domain::tool_spec::Effect;
use cedar_policy::ffi::DetailedError;
use cedar_policy::{
    ActionConstraint, PolicySet, PrincipalConstraint, ValidationMode, ValidationWarning, Validator,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// A remark on a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lint {
    /// The file.
    pub file: String,
    /// The line of the rule.
    pub line: usize,
    /// The rule.
    pub rule: String,
    /// What kind of remark: `never`, `shadowed`, `wide`, `shell`, `letters`.
    pub kind: &'static str,
    /// The remark.
    pub what: String,
}

/// Looks at all rules but the built-in ones.
pub fn lint(force: &Force, tools: &[(String, Effect)]) -> Vec<Lint> {
    let rules = &force.rules;
    let mut found = engine(rules, tools);
    // Each rule is taken apart once: all are compared with all.
    let heads: Vec<Head> = rules.iter().map(|rule| Head::of(rule, tools)).collect();
    for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.layer != Layer::BuiltIn) {
        let facts = Facts::of(rule);
        let mut add = |kind: &'static str, what: String| found.push(remark(rule, kind, what));
        let taken = heads.iter().enumerate().find(|(other, by)| by.takes(*other, &heads[at], at));
        if let Some(other) = taken.and_then(|(other, _)| rules.get(other)) {
            add("shadowed", format!("{} {} whatever it could fit", other.title(), other.kind.verb()));
        }
        if rule.kind == Kind::Allow {
            wide(&facts, rule).into_iter().for_each(|what| add("wide", what));
            shell(&facts).into_iter().for_each(|what| add("shell", what));
        }
        if rule.kind == Kind::Deny && facts.types.is_empty() && !rule.policy.has_non_scope_constraint() {
            add("wide", "it denies every call there is, or all of a tool's".to_string());
        }
    }
    found.sort();
    found.dedup();
    found
}

fn remark(rule: &Rule, kind: &'static str, what: String) -> Lint {
    Lint { file: rule.file.clone(), line: rule.line, rule: rule.name.clone(), kind, what }
}

/// What the engine itself finds: rules that can never fit, and letters that look like others.
fn engine(rules: &[Rule], tools: &[(String, Effect)]) -> Vec<Lint> {
    let own = rules.iter().filter(|rule| rule.layer != Layer::BuiltIn);
    let (Ok(set), Ok(schema)) =
        (PolicySet::from_policies(own.map(|rule| rule.policy.clone())), schema(tools))
    else {
        return Vec::new();
    };
    let result = Validator::new(schema).validate(&set, ValidationMode::Strict);
    let mut found = Vec::new();
    for warning in result.validation_warnings() {
        let Some(rule) = rules.iter().find(|rule| rule.id() == warning.policy_id()) else { continue };
        let never = matches!(
            warning,
            ValidationWarning::ImpossiblePolicy(_) | ValidationWarning::InvalidActionApplication(_)
        );
        let said = DetailedError::from(warning).message.replace(&format!("for policy `{}`, ", rule.id()), "");
        found.push(match never {
            true => remark(rule, "never", "no call there is can fit it".to_string()),
            false => remark(rule, "letters", said),
        });
    }
    found
}

/// What the condition of a rule looks at.
pub(super) struct Facts {
    /// Kinds of things it may speak of; empty for all.
    types: BTreeSet<String>,
    attributes: BTreeSet<String>,
    /// Texts that are compared with, and patterns as their parts, `*` for what fits anything.
    pub(super) texts: Vec<String>,
    pub(super) patterns: Vec<String>,
    /// Whether it says that nothing is written.
    reads_only: bool,
}

impl Facts {
    pub(super) fn of(rule: &Rule) -> Facts {
        let mut facts = Facts {
            types: rule.resource_type().into_iter().collect(),
            attributes: BTreeSet::new(),
            texts: Vec::new(),
            patterns: Vec::new(),
            reads_only: false,
        };
        let json = rule.policy.to_json().unwrap_or_default();
        let typed = facts.types.len();
        if let Some(conditions) = json.get("conditions") {
            facts.walk(conditions);
        }
        if typed == 1 {
            facts.types = rule.resource_type().into_iter().collect();
        }
        facts
    }

    fn walk(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    match (key.as_str(), inner) {
                        ("attr", Value::String(name)) => _ = self.attributes.insert(name.clone()),
                        ("entity_type", Value::String(name)) => _ = self.types.insert(name.clone()),
                        ("Value", Value::String(text)) => self.texts.push(text.clone()),
                        ("pattern", Value::Array(parts)) => {
                            let part = |part: &Value| {
                                part.get("Literal")
                                    .and_then(Value::as_str)
                                    .map_or("*".to_string(), str::to_string)
                            };
                            self.patterns.push(parts.iter().map(part).collect());
                        }
                        ("!", inner) => {
                            self.reads_only |= inner.to_string().contains("\"attr\":\"writes\"");
                            self.walk(inner);
                        }
                        (_, inner) => self.walk(inner),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn speaks_of(&self, kind: &str) -> bool {
        self.types.is_empty() || self.types.contains(kind)
    }

    fn looks_at(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.attributes.contains(*name))
    }
}

/// What an allowing rule lets through that nobody may have meant.
fn wide(facts: &Facts, rule: &Rule) -> Vec<String> {
    let mut found = Vec::new();
    let only_reads = match rule.policy.action_constraint() {
        ActionConstraint::In(groups) => {
            groups.iter().all(|uid| uid.id().unescaped() == group(Effect::ReadOnly))
        }
        ActionConstraint::Any | ActionConstraint::Eq(_) => false,
    };
    let open = |pattern: &String| pattern.starts_with('*');
    if facts.speaks_of("Command") {
        if !facts.looks_at(&["program", "line"]) {
            found.push("it allows every command".to_string());
        } else if facts.patterns.iter().any(open) {
            found.push("a pattern that begins with * fits any program".to_string());
        }
    }
    if facts.speaks_of("Host") {
        if !facts.looks_at(&["host", "listed"]) {
            found.push("it allows every host".to_string());
        } else if facts.patterns.iter().any(|pattern| open(pattern) && !pattern.starts_with("*.")) {
            found.push(
                "a pattern such as *example.org fits evil-example.org too: write *.example.org".to_string(),
            );
        }
    }
    let told = facts.looks_at(&["path", "name"]);
    if facts.speaks_of("Path") && !told && !facts.reads_only && !only_reads {
        found.push("it allows changing every file of the workspace".to_string());
    }
    if facts.speaks_of("Tool") && !only_reads && rule.policy.action_constraint() == ActionConstraint::Any {
        found.push("it allows calls that do not say what they touch".to_string());
    }
    found
}

/// What an allowing rule asks for that is never allowed.
fn shell(facts: &Facts) -> Vec<String> {
    if !facts.speaks_of("Command") {
        return Vec::new();
    }
    let mut found = Vec::new();
    if facts.looks_at(&["viaShell", "wrapper"]) {
        found.push("no rule allows a shell line as a whole, nor a program that runs another".to_string());
    }
    if facts.looks_at(&["program", "line"]) {
        let words =
            facts.texts.iter().chain(&facts.patterns).filter_map(|text| text.split([' ', '*']).next());
        // With something behind it: an interpreter without a script is another matter.
        let with_word = |word: &str| [word.to_string(), "x".to_string()];
        let runs = |word: &&str| !word.is_empty() && Argv::new(&with_word(word)).wraps().is_some();
        let named: BTreeSet<&str> = words.filter(runs).collect();
        found.extend(
            named.into_iter().map(|word| format!("{word} runs other programs, so it asks all the same")),
        );
    }
    found
}

/// What a rule is compared by.
struct Head {
    kind: Kind,
    idle: bool,
    anyone: bool,
    resource: Option<String>,
    reach: BTreeSet<String>,
    /// Whether it names no single thing.
    whole: bool,
    /// Whether it has a condition.
    bound: bool,
    condition: Option<Value>,
}

impl Head {
    fn of(rule: &Rule, tools: &[(String, Effect)]) -> Head {
        let json = rule.policy.to_json().unwrap_or_default();
        Head {
            kind: rule.kind,
            idle: rule.idle,
            anyone: rule.policy.principal_constraint() == PrincipalConstraint::Any,
            resource: rule.resource_type(),
            reach: reach(rule, tools),
            whole: whole(rule),
            bound: rule.policy.has_non_scope_constraint(),
            condition: json.get("conditions").cloned(),
        }
    }

    /// Whether this one, at `own`, leaves the rule at `at` nothing to say.
    fn takes(&self, own: usize, rule: &Head, at: usize) -> bool {
        if own == at || self.idle || !self.whole || !self.anyone {
            return false;
        }
        let stronger = match (self.kind, rule.kind) {
            (Kind::Deny, Kind::Ask | Kind::Allow | Kind::Otherwise)
            | (Kind::Ask, Kind::Allow | Kind::Otherwise)
            | (Kind::Allow, Kind::Otherwise) => true,
            (Kind::Deny, Kind::Deny) | (Kind::Ask, Kind::Ask) | (Kind::Allow, Kind::Allow) => own < at,
            (Kind::Otherwise, _) | (_, Kind::Deny) | (Kind::Allow, Kind::Ask) => false,
        };
        let same_kind = self.resource.is_none() || self.resource == rule.resource;
        let same = || self.resource == rule.resource && self.condition == rule.condition;
        stronger && same_kind && self.reach.is_superset(&rule.reach) && (!self.bound || same())
    }
}

/// Whether a head names a kind of thing or none, and no single thing.
fn whole(rule: &Rule) -> bool {
    use cedar_policy::ResourceConstraint as Named;
    match rule.policy.resource_constraint() {
        Named::Any | Named::Is(_) => true,
        Named::In(_) | Named::Eq(_) | Named::IsIn(_, _) => false,
    }
}

/// The tools that a head fits.
fn reach(rule: &Rule, tools: &[(String, Effect)]) -> BTreeSet<String> {
    let named = |name: &str| -> Vec<String> {
        let of = tools.iter().filter(|(tool, effect)| tool == name || group(*effect) == name);
        of.map(|(tool, _)| tool.clone()).collect()
    };
    match rule.policy.action_constraint() {
        ActionConstraint::Any => tools.iter().map(|(tool, _)| tool.clone()).collect(),
        ActionConstraint::Eq(uid) => named(uid.id().unescaped()).into_iter().collect(),
        ActionConstraint::In(uids) => uids.iter().flat_map(|uid| named(uid.id().unescaped())).collect(),
    }
}
