//! One rule: what it says, which word it gives, and where it stands.

use super::split::{line_at, split, too_deep};
use super::words;
use crate::domain::policy::Word;
use cedar_policy::ffi::DetailedError;
use cedar_policy::{ActionConstraint, Effect as Says, EntityUid, Policy, PolicyId, ResourceConstraint};
use std::collections::BTreeSet;
use std::fmt;

/// Where a file of rules comes from; later ones are nearer to the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// With the app.
    BuiltIn,
    /// The system's folder.
    System,
    /// The user's configuration folder.
    User,
    /// The workspace.
    Project,
}

impl Layer {
    /// The name shown.
    pub fn name(self) -> &'static str {
        match self {
            Layer::BuiltIn => "built-in",
            Layer::System => "system",
            Layer::User => "user",
            Layer::Project => "project",
        }
    }
}

/// What is wrong with a file of rules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file.
    pub file: String,
    /// The line; 0 for the whole file.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.why),
            line => write!(f, "{}:{line}: {}", self.file, self.why),
        }
    }
}

/// What a rule does where it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `forbid`.
    Deny,
    /// `@ask(…) permit`.
    Ask,
    /// `permit`.
    Allow,
    /// `@otherwise(…) permit`: names the asking where nothing allows.
    Otherwise,
}

impl Kind {
    /// The word it gives.
    pub fn word(self) -> Word {
        match self {
            Kind::Deny => Word::Deny,
            Kind::Ask | Kind::Otherwise => Word::Ask,
            Kind::Allow => Word::Allow,
        }
    }
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its `@id`, else the word and the line.
    pub name: String,
    /// Where it comes from.
    pub layer: Layer,
    /// The file.
    pub file: String,
    /// The line it begins at.
    pub line: usize,
    /// What it does.
    pub kind: Kind,
    /// Whether it wants a person each time: no lease, no flag.
    pub person: bool,
    /// Whether it is put aside: an allowing rule of a folder that nobody trusts.
    pub idle: bool,
    /// What the operator reads, with names in braces; empty where it says nothing.
    pub(super) why: String,
    /// The text as written.
    pub(super) text: String,
    /// Whether it looks at the arguments.
    pub(super) arguments: bool,
    pub(super) policy: Policy,
}

impl Rule {
    /// The name in a verdict: with file and line, where it stands in a file.
    pub fn title(&self) -> String {
        match self.layer {
            Layer::BuiltIn => self.name.clone(),
            Layer::System | Layer::User | Layer::Project => {
                format!("{} ({}:{})", self.name, self.file, self.line)
            }
        }
    }

    /// The rule as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn id(&self) -> &PolicyId {
        self.policy.id()
    }

    /// Whether its head fits: the tool, and the kind of thing touched. What it says in `when` is another matter.
    pub(super) fn heads(&self, actions: &[EntityUid], kind: &str) -> bool {
        let action = match self.policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(uid) => actions.first() == Some(&uid),
            ActionConstraint::In(uids) => uids.iter().any(|uid| actions.contains(uid)),
        };
        action && self.resource_type().is_none_or(|named| named == kind)
    }

    /// The kind of thing that its head names.
    pub(super) fn resource_type(&self) -> Option<String> {
        match self.policy.resource_constraint() {
            ResourceConstraint::Any => None,
            ResourceConstraint::In(uid) | ResourceConstraint::Eq(uid) => Some(uid.type_name().to_string()),
            ResourceConstraint::Is(name) | ResourceConstraint::IsIn(name, _) => Some(name.to_string()),
        }
    }
}

/// Reads a file of rules. `first` is the number of its first rule.
pub(super) fn read(layer: Layer, file: &str, text: &str, first: usize) -> Result<Vec<Rule>, Vec<Fault>> {
    let (mut rules, mut faults, mut names) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (at, piece) in split(text).into_iter().enumerate() {
        let fault = |line: usize, why: String| Fault { file: file.to_string(), line, why };
        if let Some((at, why)) = too_deep(piece.text) {
            faults.push(fault(line_at(piece.text, piece.line, at), why));
            continue;
        }
        let policy = match Policy::parse(Some(PolicyId::new(format!("r{}", first + at))), piece.text) {
            Ok(policy) => policy,
            Err(errors) => {
                let (line, why) = told(&(&errors).into(), piece.text, piece.line);
                faults.push(fault(line, why));
                continue;
            }
        };
        match annotated(&policy) {
            Err(why) => faults.push(fault(piece.line, why)),
            Ok((name, kind, why)) => {
                let person = policy.annotation("person").is_some();
                let name = name.unwrap_or_else(|| format!("{}-{}", word(kind), piece.line));
                if !names.insert(name.clone()) {
                    faults
                        .push(fault(piece.line, format!("another rule of this file is named {name:?} too")));
                }
                let (file, text) = (file.to_string(), piece.text.to_string());
                rules.push(Rule {
                    name,
                    layer,
                    file,
                    line: piece.line,
                    kind,
                    person,
                    idle: false,
                    why,
                    text,
                    arguments: looks_at_arguments(&policy),
                    policy,
                });
            }
        }
    }
    if faults.is_empty() { Ok(rules) } else { Err(faults) }
}

/// Whether a condition speaks of the arguments, however they are spelt; one that cannot be read may.
fn looks_at_arguments(policy: &Policy) -> bool {
    policy.to_json().map_or(true, |json| json.to_string().contains("\"attr\":\"arguments\""))
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Deny => "forbid",
        Kind::Ask => "ask",
        Kind::Allow => "permit",
        Kind::Otherwise => "otherwise",
    }
}

/// Name, kind and reason from the annotations. One that is not known is refused: an `@ask` with a slip in it would else be a
/// rule that allows.
fn annotated(policy: &Policy) -> Result<(Option<String>, Kind, String), String> {
    for (key, _) in policy.annotations() {
        if !["id", "ask", "why", "otherwise", "person"].contains(&key) {
            return Err(format!(
                "there is no annotation @{key}; there are @id, @ask, @otherwise, @person and @why"
            ));
        }
    }
    let (ask, otherwise) = (policy.annotation("ask"), policy.annotation("otherwise"));
    let kind = match (policy.effect(), ask, otherwise) {
        (Says::Forbid, None, None) => Kind::Deny,
        (Says::Forbid, _, _) => {
            return Err("a forbid denies: @ask and @otherwise stand before a permit".to_string());
        }
        (Says::Permit, Some(_), Some(_)) => return Err("a rule has @ask or @otherwise, not both".to_string()),
        (Says::Permit, Some(_), None) => Kind::Ask,
        (Says::Permit, None, Some(_)) => Kind::Otherwise,
        (Says::Permit, None, None) => Kind::Allow,
    };
    if policy.annotation("person").is_some() && !matches!(kind, Kind::Ask | Kind::Otherwise) {
        return Err("@person stands with @ask or @otherwise: it says who may answer".to_string());
    }
    let spoken = ask.or(otherwise).filter(|text| !text.is_empty()).or(policy.annotation("why"));
    let why = spoken.unwrap_or_default().to_string();
    words::check(&why)?;
    let name = policy.annotation("id").map(str::to_string);
    match &name {
        Some(name)
            if name.trim().is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) =>
        {
            Err("@id is a name of 1 to 80 letters".to_string())
        }
        _ => Ok((name, kind, why)),
    }
}

/// What the engine says is wrong with a rule: the line, and a sentence.
pub(super) fn told(error: &DetailedError, text: &str, line: usize) -> (usize, String) {
    let inner = error.related.first().filter(|_| error.source_locations.is_empty()).unwrap_or(error);
    let place = inner.source_locations.first();
    let line = place.map_or(line, |place| line_at(text, line, place.loc.start));
    let mut why = inner.message.clone();
    for more in place.and_then(|place| place.label.clone()).into_iter().chain(inner.help.clone()) {
        why.push_str(&format!(" ({more})"));
    }
    (line, why)
}
