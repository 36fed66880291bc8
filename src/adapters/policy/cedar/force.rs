//! The rules in force, and the verdict that they give on a call.

use super::below::below;
use super::named::named;
use super::request::{Ground, Question, questions};
use super::rule::{Fault, Kind, Layer, Rule, told};
use super::words::filled;
use crate::domain::policy::{Verdict, Word};
use crate::ports::judge::{Below, Case, Judge};
use cedar_policy::ffi::DetailedError;
use cedar_policy::{
    AuthorizationError, Authorizer, Decision, EntityUid, PolicyId, PolicySet, Schema, ValidationMode,
    Validator,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Kinds of questions whose rules are kept apart.
const SLICES_MAX: usize = 256;

/// The rules whose heads fit one kind of question.
pub(super) struct Slice {
    set: PolicySet,
    /// By the engine's name, the place in the list of rules.
    places: HashMap<PolicyId, usize>,
}

/// Rules, ready to judge.
pub struct Force {
    pub(super) rules: Vec<Rule>,
    pub(super) ground: Ground,
    version: String,
    slices: Mutex<HashMap<String, Arc<Slice>>>,
}

/// What came of one thing that a call touches.
#[derive(Clone, Debug)]
pub struct Ruled {
    /// What is touched, in a line.
    pub shown: String,
    /// The word.
    pub word: Word,
    /// The rule that gave it; none where no rule fits.
    pub rule: Option<usize>,
    /// Why, as a sentence.
    pub why: String,
    /// How many rules were worked out for it.
    pub weighed: usize,
    /// The rule that wants a person each time, by its place.
    pub person: Option<usize>,
}

/// A verdict, and how it came about.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// The verdict.
    pub verdict: Verdict,
    /// The rule that gave it.
    pub rule: Option<usize>,
    /// What is touched, in order.
    pub parts: Vec<Ruled>,
}

impl Force {
    /// Takes rules into force, once they fit the schema: the first fault of each rule is told.
    pub(super) fn new(
        rules: Vec<Rule>,
        schema: &Schema,
        mut ground: Ground,
        version: String,
    ) -> Result<Force, Vec<Fault>> {
        validated(&rules, schema)?;
        ground.arguments = rules.iter().any(|rule| rule.arguments);
        Ok(Force { rules, ground, version, slices: Mutex::default() })
    }

    /// All rules, in the order in which they are told.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The same rules without some: what is left judges as if they had never been there.
    pub(super) fn only(&self, keep: impl Fn(&Rule) -> bool) -> Force {
        let rules = self.rules.iter().filter(|rule| keep(rule)).cloned().collect();
        Force { rules, ground: self.ground.clone(), version: self.version.clone(), slices: Mutex::default() }
    }

    /// Judges a call by all it touches: the first of the strictest is told.
    pub fn weigh(&self, case: &Case<'_>) -> Weighed {
        let parts: Vec<Ruled> = match questions(case, &self.ground) {
            Ok(questions) => questions.iter().map(|question| self.ruled(question)).collect(),
            Err(error) => vec![Ruled {
                shown: case.tool.to_string(),
                word: Word::Ask,
                rule: None,
                why: format!("No rule could be asked about it: {error}."),
                weighed: 0,
                person: None,
            }],
        };
        let parts: Vec<Ruled> = parts.into_iter().chain(named(self, case)).collect();
        let mut strictest: Option<&Ruled> = None;
        for part in &parts {
            // Where all is allowed, what a rule allowed tells more than a line that was taken apart.
            let tells = |so_far: &Ruled| {
                let both = part.word == Word::Allow && so_far.word == Word::Allow;
                part.word > so_far.word || both && so_far.rule.is_none() && part.rule.is_some()
            };
            if strictest.is_none_or(tells) {
                strictest = Some(part);
            }
        }
        let (word, rule, why) = match strictest {
            Some(part) => (part.word, part.rule, part.why.clone()),
            None => (Word::Ask, None, "It does not say what it touches.".to_string()),
        };
        let title = rule.and_then(|at| self.rules.get(at)).map_or_else(|| "no-rule".to_string(), Rule::title);
        let wants = |part: &Ruled| part.person.and_then(|at| self.rules.get(at)).map(Rule::title);
        let person = parts.iter().find_map(wants).filter(|_| word == Word::Ask);
        let each =
            person.as_ref().map(|rule| format!(" A person decides each time ({rule}): no lease, no flag."));
        let why = why + &each.unwrap_or_default();
        let verdict = Verdict { word, rule: title, why, policy: self.version.clone(), person };
        Weighed { verdict, rule, parts }
    }

    pub(super) fn ruled(&self, question: &Question) -> Ruled {
        let slice = self.slice(question);
        self.sliced(question, &slice)
    }

    /// Some of the rules for one kind of thing, ready to be asked many times.
    pub(super) fn some(&self, actions: &[EntityUid], kind: &str, keep: impl Fn(&Rule) -> bool) -> Slice {
        let kept = |(_, rule): &(usize, &Rule)| !rule.idle && keep(rule) && rule.heads(actions, kind);
        sliced(self.rules.iter().enumerate().filter(kept))
    }

    /// As `ruled`, by these rules.
    pub(super) fn sliced(&self, question: &Question, slice: &Slice) -> Ruled {
        let answer = Authorizer::new().is_authorized(&question.request, &slice.set, &question.entities);
        let place = |id: &PolicyId| slice.places.get(id).copied();
        let mut failed: Vec<(usize, String)> = answer
            .diagnostics()
            .errors()
            .filter_map(|AuthorizationError::PolicyEvaluationError(error)| {
                Some((place(error.policy_id())?, error.inner().to_string()))
            })
            .collect();
        failed.sort();
        let mut fits: Vec<usize> = answer.diagnostics().reason().filter_map(place).collect();
        fits.sort_unstable();
        let of = |kind: Kind| {
            let fit = fits.iter().copied().filter(|at| self.kind(*at) == Some(kind));
            fit.min_by_key(|at| (kind == Kind::Otherwise).then(|| self.rank(*at)))
        };
        let denied = answer.decision() == Decision::Deny;
        let broken_deny = failed.iter().find(|(at, _)| self.kind(*at) == Some(Kind::Deny));
        let part = |word, rule: Option<usize>, why| Ruled {
            shown: question.shown.clone(),
            word,
            rule,
            why,
            weighed: slice.places.len(),
            person: self.wanting(word, rule, fits.iter().chain(failed.iter().map(|(at, _)| at))),
        };
        if let (true, Some(at)) = (denied, fits.first()) {
            return part(Word::Deny, Some(*at), self.why(*at, question));
        }
        if let Some((at, error)) = broken_deny {
            let why = format!("The rule {} forbids and could not be worked out: {error}.", self.name(*at));
            return part(Word::Deny, Some(*at), why);
        }
        if let Some((at, why)) = self.blind(question, slice) {
            return part(Word::Deny, Some(at), why);
        }
        if let Some((at, error)) = failed.first() {
            let why = format!("The rule {} could not be worked out, so it asks: {error}.", self.name(*at));
            return part(Word::Ask, Some(*at), why);
        }
        if let Some(at) = of(Kind::Ask) {
            return part(Word::Ask, Some(at), self.why(at, question));
        }
        if question.by_parts {
            // No rule lets a line of a shell through; nor need one, where all that it runs and opens is judged by itself.
            let why =
                "A shell reads it, and all of it is understood: what it runs and opens is judged by itself.";
            return part(Word::Allow, None, why.to_string());
        }
        match (of(Kind::Allow), &question.guard) {
            (Some(at), None) => part(Word::Allow, Some(at), self.why(at, question)),
            (Some(at), Some(guard)) => {
                let why = format!("The rule {} allows it, but {guard}, so it asks.", self.name(at));
                part(Word::Ask, Some(at), why)
            }
            (None, _) => match of(Kind::Otherwise) {
                Some(at) => part(Word::Ask, Some(at), self.why(at, question) + &unread(question)),
                None => {
                    part(Word::Ask, None, format!("No rule speaks of it, so it asks.{}", unread(question)))
                }
            },
        }
    }

    /// The rule that forbids by arguments which are too long to be looked at, and why that denies.
    fn blind(&self, question: &Question, slice: &Slice) -> Option<(usize, String)> {
        let forbids =
            |at: &usize| self.rules.get(*at).is_some_and(|rule| rule.kind == Kind::Deny && rule.arguments);
        let at = slice.places.values().copied().filter(forbids).min().filter(|_| question.cut)?;
        let name = self.name(at);
        Some((
            at,
            format!("The rule {name} forbids by the arguments, and they are too long to be looked at."),
        ))
    }

    /// The rule among those that fit, or failed, that wants a person where it asks.
    fn wanting<'a>(
        &self,
        word: Word,
        rule: Option<usize>,
        mut fits: impl Iterator<Item = &'a usize>,
    ) -> Option<usize> {
        let wants = |at: &&usize| {
            let kind = self.kind(**at);
            let counts = kind == Some(Kind::Ask) || kind == Some(Kind::Otherwise) && rule == Some(**at);
            counts && self.rules.get(**at).is_some_and(|rule| rule.person)
        };
        if word == Word::Ask { fits.find(wants).copied() } else { None }
    }

    fn kind(&self, at: usize) -> Option<Kind> {
        self.rules.get(at).map(|rule| rule.kind)
    }

    fn name(&self, at: usize) -> String {
        self.rules.get(at).map(Rule::title).unwrap_or_default()
    }

    /// Whose reason is told where several would do: a workspace's last, as a stranger may have written it.
    fn rank(&self, at: usize) -> usize {
        match self.rules.get(at).map(|rule| rule.layer) {
            Some(Layer::User) => 0,
            Some(Layer::System) => 1,
            Some(Layer::BuiltIn) => 2,
            Some(Layer::Project) | None => 3,
        }
    }

    fn why(&self, at: usize, question: &Question) -> String {
        let Some(rule) = self.rules.get(at) else { return String::new() };
        if rule.why.is_empty() {
            let verb = match rule.kind {
                Kind::Deny => "forbids",
                Kind::Ask | Kind::Otherwise => "asks about",
                Kind::Allow => "allows",
            };
            return format!("The rule {} {verb} it: {}.", rule.title(), question.shown);
        }
        let mut why = filled(&rule.why, &question.facts);
        if !why.ends_with(['.', '!', '?']) {
            why.push('.');
        }
        why
    }

    /// The rules whose heads fit: all others could not say a word, nor fail.
    fn slice(&self, question: &Question) -> Arc<Slice> {
        let mut slices = self.slices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slice) = slices.get(&question.head) {
            return Arc::clone(slice);
        }
        if slices.len() >= SLICES_MAX {
            slices.clear();
        }
        let fits = |(_, rule): &(usize, &Rule)| !rule.idle && rule.heads(&question.actions, question.kind);
        let slice = Arc::new(sliced(self.rules.iter().enumerate().filter(fits)));
        slices.insert(question.head.clone(), Arc::clone(&slice));
        slice
    }
}

/// Rules with their places, ready to be asked.
fn sliced<'a>(rules: impl Iterator<Item = (usize, &'a Rule)>) -> Slice {
    let (mut set, mut places) = (PolicySet::new(), HashMap::new());
    for (at, rule) in rules {
        places.insert(rule.id().clone(), at);
        // Names of rules are numbers of ours, each once: none is refused.
        let _ = set.add(rule.policy.clone());
    }
    Slice { set, places }
}

/// What keeps a line of a shell from being judged part by part, as a further sentence.
fn unread(question: &Question) -> String {
    let guard = question.guard.as_ref().filter(|_| question.shell);
    guard.map(|guard| format!(" No rule can allow it: {guard}.")).unwrap_or_default()
}

impl Judge for Force {
    fn judge(&self, case: Case<'_>) -> Verdict {
        self.weigh(&case).verdict
    }

    fn below(&self, case: Case<'_>) -> Option<Below> {
        below(self, &case)
    }

    fn version(&self) -> String {
        self.version.clone()
    }
}

/// Checks rules against the schema, strictly.
fn validated(rules: &[Rule], schema: &Schema) -> Result<(), Vec<Fault>> {
    let set = PolicySet::from_policies(rules.iter().map(|rule| rule.policy.clone()));
    let set = set.map_err(|error| vec![Fault { file: String::new(), line: 0, why: error.to_string() }])?;
    let result = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
    let mut faults = BTreeSet::new();
    for error in result.validation_errors() {
        let detail = DetailedError::from(error);
        let rule = rules.iter().find(|rule| rule.id() == error.policy_id());
        faults.insert(match rule {
            Some(rule) => {
                let (line, why) = told(&detail, &rule.text, rule.line);
                let why = why.replace(&format!("for policy `{}`, ", rule.id()), "");
                Fault { file: rule.file.clone(), line, why: format!("rule {}: {why}", rule.name) }
            }
            None => Fault { file: String::new(), line: 0, why: detail.message },
        });
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.into_iter().collect()) }
}
