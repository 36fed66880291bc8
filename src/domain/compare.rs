//! Two sessions side by side: which line of one stands for which of the other, where they part, and how they differ.

use crate::domain::account::{Account, Asked, Deed, Kept, Line, as_json};
use crate::domain::align::{self, align};
use serde_json::Value;

/// Changed places of arguments that are told one by one.
const PLACES_MAX: usize = 8;

/// What differs between two lines that stand for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What: `text`, `arguments`, `edited`, `decision`, `outcome`, `output`, `end`.
    pub what: &'static str,
    /// Where in it; empty where it is all of it.
    pub place: String,
    /// There, on the left; none where there is nothing.
    pub left: Option<String>,
    /// There, on the right.
    pub right: Option<String>,
}

/// Lines that stand for each other, or one that stands alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The line of the left session.
    pub left: Option<Line>,
    /// The line of the right session.
    pub right: Option<Line>,
    /// What differs; empty where they are the same, and where one stands alone.
    pub changes: Vec<Change>,
}

/// How a pair compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The same on both sides.
    Same,
    /// On both sides, and not the same.
    Changed,
    /// On the left only.
    Removed,
    /// On the right only.
    Added,
}

impl Kind {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Same => "same",
            Kind::Changed => "changed",
            Kind::Removed => "only left",
            Kind::Added => "only right",
        }
    }

    /// Its sign.
    pub fn sign(self) -> char {
        match self {
            Kind::Same => ' ',
            Kind::Changed => '~',
            Kind::Removed => '-',
            Kind::Added => '+',
        }
    }
}

impl Pair {
    /// How it compares.
    pub fn kind(&self) -> Kind {
        match (&self.left, &self.right) {
            (Some(_), None) => Kind::Removed,
            (None, _) => Kind::Added,
            (Some(_), Some(_)) if self.changes.is_empty() => Kind::Same,
            (Some(_), Some(_)) => Kind::Changed,
        }
    }

    /// Whether both sides have it and other words were said about it.
    pub fn decided_otherwise(&self) -> bool {
        self.changes.iter().any(|change| matches!(change.what, "decision" | "edited"))
    }
}

/// What a session is, without its lines.
pub type Side = Account;

/// Two sessions, compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The left session; its lines are in `pairs`.
    pub left: Side,
    /// The right session.
    pub right: Side,
    /// The lines in order.
    pub pairs: Vec<Pair>,
    /// The first pair that is not the same.
    pub first: Option<usize>,
}

/// What is shown of a comparison: a pair, or so many that are the same and folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The pair at this place.
    Pair(usize),
    /// So many pairs.
    Folded(usize),
}

/// How many pairs compare in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The same.
    pub same: usize,
    /// Changed.
    pub changed: usize,
    /// On the left only.
    pub removed: usize,
    /// On the right only.
    pub added: usize,
    /// Calls that were decided otherwise.
    pub decisions: usize,
}

impl Comparison {
    /// Compares two accounts.
    pub fn of(mut left: Account, mut right: Account) -> Comparison {
        let (a, b) = (std::mem::take(&mut left.lines), std::mem::take(&mut right.lines));
        let rows = align(a.len(), b.len(), &|i, j| match (a.get(i), b.get(j)) {
            (Some(one), Some(two)) => alike(&one.deed, &two.deed),
            (Some(_) | None, _) => 0,
        });
        let (mut a, mut b) = (a.into_iter(), b.into_iter());
        let pair = |row: align::Row| {
            let (left, right) = (row.0.and_then(|_| a.next()), row.1.and_then(|_| b.next()));
            let changes = match (&left, &right) {
                (Some(one), Some(two)) => changes(&one.deed, &two.deed),
                (Some(_) | None, _) => Vec::new(),
            };
            Pair { left, right, changes }
        };
        let pairs: Vec<Pair> = rows.into_iter().map(pair).collect();
        let first = pairs.iter().position(|pair| pair.kind() != Kind::Same);
        Comparison { left, right, pairs, first }
    }

    /// The pairs that differ with `context` pairs around each; the others folded.
    pub fn folded(&self, context: usize) -> Vec<Shown> {
        let mut near = vec![false; self.pairs.len()];
        for (at, pair) in self.pairs.iter().enumerate() {
            if pair.kind() != Kind::Same {
                let to = (at + context + 1).min(near.len());
                near[at.saturating_sub(context)..to].fill(true);
            }
        }
        let mut shown = Vec::new();
        for (at, near) in near.into_iter().enumerate() {
            match shown.last_mut() {
                _ if near => shown.push(Shown::Pair(at)),
                Some(Shown::Folded(many)) => *many += 1,
                Some(Shown::Pair(_)) | None => shown.push(Shown::Folded(1)),
            }
        }
        shown
    }

    /// How many pairs compare in which way.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for pair in &self.pairs {
            match pair.kind() {
                Kind::Same => counts.same += 1,
                Kind::Changed => counts.changed += 1,
                Kind::Removed => counts.removed += 1,
                Kind::Added => counts.added += 1,
            }
            counts.decisions += usize::from(pair.decided_otherwise());
        }
        counts
    }
}

/// How much two deeds have in common. Calls of another tool, and deeds of another kind, never stand for each other.
fn alike(left: &Deed, right: &Deed) -> u32 {
    match (left, right) {
        (Deed::Task(a), Deed::Task(b)) => {
            if a == b {
                align::SAME
            } else {
                4
            }
        }
        (Deed::Said(a), Deed::Said(b)) => {
            if a == b {
                align::SAME
            } else {
                1
            }
        }
        (Deed::Steered(a), Deed::Steered(b)) => {
            if a == b {
                align::SAME
            } else {
                1
            }
        }
        (Deed::Ended(a, _), Deed::Ended(b, _)) => {
            if a == b {
                align::SAME
            } else {
                4
            }
        }
        (Deed::Called(a), Deed::Called(b)) if a.tool != b.tool => 0,
        (Deed::Called(a), Deed::Called(b)) if a.args == b.args => align::SAME,
        (Deed::Called(a), Deed::Called(b)) => {
            if target(a) == target(b) {
                5
            } else {
                2
            }
        }
        (Deed::Task(_) | Deed::Said(_) | Deed::Steered(_) | Deed::Ended(..) | Deed::Called(_), _) => 0,
    }
}

/// What a call is about: the most telling of its arguments.
fn target(asked: &Asked) -> &str {
    asked.summary.split("  ").next().unwrap_or_default()
}

fn changes(left: &Deed, right: &Deed) -> Vec<Change> {
    match (left, right) {
        (Deed::Task(a), Deed::Task(b))
        | (Deed::Said(a), Deed::Said(b))
        | (Deed::Steered(a), Deed::Steered(b)) => {
            if a == b {
                Vec::new()
            } else {
                vec![text("text", String::new(), a, b)]
            }
        }
        (Deed::Ended(a, why), Deed::Ended(b, other)) => {
            let words = |status: &str, why: &str| format!("{status}: {why}");
            changed("end", &words(a, why), &words(b, other))
        }
        (Deed::Called(a), Deed::Called(b)) => called(a, b),
        (Deed::Task(_) | Deed::Said(_) | Deed::Steered(_) | Deed::Ended(..) | Deed::Called(_), _) => {
            Vec::new()
        }
    }
}

fn called(left: &Asked, right: &Asked) -> Vec<Change> {
    let mut found = arguments("arguments", Some(&left.args), Some(&right.args));
    if (&left.edited, &right.edited) != (&None, &None) {
        found.extend(arguments("edited", left.edited.as_ref(), right.edited.as_ref()));
    }
    let decision = |asked: &Asked| match asked.because.as_str() {
        "" => asked.decision.to_string(),
        because => format!("{}: {because}", asked.decision),
    };
    found.extend(changed("decision", &decision(left), &decision(right)));
    found.extend(changed("outcome", left.outcome, right.outcome));
    if left.output != right.output {
        found.push(match (&left.output, &right.output) {
            (Some(a), Some(b)) => text("output", String::new(), a, b),
            (a, b) => alone("output", a.as_ref(), b.as_ref()),
        });
    }
    found
}

fn changed(what: &'static str, left: &str, right: &str) -> Vec<Change> {
    if left == right {
        return Vec::new();
    }
    vec![Change { what, place: String::new(), left: Some(left.to_string()), right: Some(right.to_string()) }]
}

fn alone(what: &'static str, left: Option<&Kept>, right: Option<&Kept>) -> Change {
    let words = |kept: &Kept| brief(&kept.text);
    Change { what, place: String::new(), left: left.map(words), right: right.map(words) }
}

/// Arguments that differ, place by place; as whole texts where they are no JSON or too long to be kept.
fn arguments(what: &'static str, left: Option<&Kept>, right: Option<&Kept>) -> Vec<Change> {
    if left == right {
        return Vec::new();
    }
    let (Some(a), Some(b)) = (left, right) else { return vec![alone(what, left, right)] };
    let (Some(one), Some(two)) = (as_json(a), as_json(b)) else {
        return vec![text(what, String::new(), a, b)];
    };
    let mut found = Vec::new();
    places(what, &mut String::new(), Some(&one), Some(&two), &mut found);
    if found.len() > PLACES_MAX {
        let more = found.len() - PLACES_MAX;
        found.truncate(PLACES_MAX);
        let place = format!("{more} more places");
        found.push(Change { what, place, left: None, right: None });
    }
    found
}

/// The places at which two values differ.
fn places(
    what: &'static str,
    path: &mut String,
    left: Option<&Value>,
    right: Option<&Value>,
    found: &mut Vec<Change>,
) {
    if left == right {
        return;
    }
    if let (Some(Value::Object(a)), Some(Value::Object(b))) = (left, right) {
        let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let before = path.len();
            path.push('/');
            path.push_str(name);
            places(what, path, a.get(name), b.get(name), found);
            path.truncate(before);
        }
        return;
    }
    if let (Some(Value::String(a)), Some(Value::String(b))) = (left, right) {
        let mut change = lines(what, a, b);
        change.place = format!("{path}{}", change.place);
        return found.push(change);
    }
    let words = |value: &Value| brief(&value.to_string());
    found.push(Change { what, place: path.clone(), left: left.map(words), right: right.map(words) });
}

fn text(what: &'static str, place: String, left: &Kept, right: &Kept) -> Change {
    // Of one of them less may be kept than of the other.
    let (mut a, mut b) = (left.text.as_str(), right.text.as_str());
    if !left.is_whole() || !right.is_whole() {
        let kept = a.len().min(b.len());
        (a, b) = (a.split_at(a.floor_char_boundary(kept)).0, b.split_at(b.floor_char_boundary(kept)).0);
    }
    if a == b {
        let words = |kept: &Kept| Some(format!("{} bytes that differ past the first {}", kept.size, a.len()));
        return Change { what, place, left: words(left), right: words(right) };
    }
    lines(what, a, b)
}

/// Two texts by their first lines that differ; of long ones the line's number is the place.
fn lines(what: &'static str, left: &str, right: &str) -> Change {
    let same = left.lines().zip(right.lines()).take_while(|(a, b)| a == b).count();
    let place = if left.lines().count().max(right.lines().count()) > 1 {
        format!(" line {}", same + 1)
    } else {
        String::new()
    };
    let line = |text: &str| text.lines().nth(same).map(brief);
    Change { what, place, left: line(left), right: line(right) }
}

/// Characters of a value that a change shows.
const BRIEF_MAX: usize = 240;

fn brief(text: &str) -> String {
    let short: String = text.chars().take(BRIEF_MAX).map(|c| if c == '\n' { '⏎' } else { c }).collect();
    if text.chars().nth(BRIEF_MAX).is_some() { short + "…" } else { short }
}
