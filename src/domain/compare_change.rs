//! What differs between two lines that stand for each other: in short, and in full as far as it was kept.

use crate::domain::account::{Asked, Deed, Kept};
use crate::domain::compare::Pair;
use crate::domain::inspect::page::readable;
use serde_json::Value;

/// Changed places of arguments that are told one by one.
const PLACES_MAX: usize = 8;

/// What differs between two lines that stand for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What: `text`, `arguments`, `edited` (as a person changed them), `sandbox`, `decision`, `outcome`, `output`, `end`.
    pub what: &'static str,
    /// Where in it, as a JSON pointer; empty where it is all of it.
    pub path: String,
    /// The first line that differs, from 1, of a text of several lines.
    pub line: Option<usize>,
    /// Places that are not told one by one.
    pub more: usize,
    /// There, on the left; none where there is nothing.
    pub left: Option<String>,
    /// There, on the right.
    pub right: Option<String>,
}

impl Change {
    /// A change of the whole of something.
    fn of(what: &'static str, left: Option<String>, right: Option<String>) -> Change {
        Change { what, path: String::new(), line: None, more: 0, left, right }
    }

    /// Where it is, in words; empty where it is all of it.
    pub fn place(&self) -> String {
        let line = self.line.map(|line| format!(" line {line}")).unwrap_or_default();
        match self.more {
            0 => format!("{}{line}", self.path),
            more => format!("{more} more places"),
        }
    }

    /// What changed and where: `arguments /path line 2`.
    pub fn name(&self) -> String {
        format!("{} {}", self.what, self.place().trim_start()).trim_end().to_string()
    }
}

/// What differs.
pub(in crate::domain) fn changes(left: &Deed, right: &Deed) -> Vec<Change> {
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
        (Deed::Ended(a, why), Deed::Ended(b, other)) => changed("end", &end(a, why), &end(b, other)),
        (Deed::Called(a), Deed::Called(b)) => called(a, b),
        (Deed::Task(_) | Deed::Said(_) | Deed::Steered(_) | Deed::Ended(..) | Deed::Called(_), _) => {
            Vec::new()
        }
    }
}

fn called(left: &Asked, right: &Asked) -> Vec<Change> {
    let mut found = arguments("arguments", &left.args, &right.args);
    if left.edited.is_some() || right.edited.is_some() {
        found.extend(arguments("edited", ran(left), ran(right)));
    }
    found.extend(changed("decision", &decision(left), &decision(right)));
    if !left.sandbox.is_empty() && !right.sandbox.is_empty() {
        found.extend(changed("sandbox", &left.sandbox, &right.sandbox));
    }
    found.extend(changed("outcome", left.outcome, right.outcome));
    if left.output != right.output {
        found.push(match (&left.output, &right.output) {
            (Some(a), Some(b)) => text("output", String::new(), a, b),
            (a, b) => {
                let words = |kept: &Kept| brief(&kept.text);
                Change::of("output", a.as_ref().map(words), b.as_ref().map(words))
            }
        });
    }
    found
}

fn end(status: &str, why: &str) -> String {
    format!("{status}: {why}")
}

fn decision(asked: &Asked) -> String {
    match asked.because.as_str() {
        "" => asked.decision.to_string(),
        because => format!("{}: {because}", asked.decision),
    }
}

/// The arguments as a person left them.
fn ran(asked: &Asked) -> &Kept {
    asked.edited.as_ref().unwrap_or(&asked.args)
}

fn changed(what: &'static str, left: &str, right: &str) -> Vec<Change> {
    if left == right {
        return Vec::new();
    }
    vec![Change::of(what, Some(left.to_string()), Some(right.to_string()))]
}

/// Arguments that differ, place by place; as whole texts where they are no JSON or too long to be kept.
fn arguments(what: &'static str, left: &Kept, right: &Kept) -> Vec<Change> {
    if left == right {
        return Vec::new();
    }
    let (Some(one), Some(two)) = (as_json(left), as_json(right)) else {
        return vec![text(what, String::new(), left, right)];
    };
    let mut found = Vec::new();
    places(what, &mut String::new(), Some(&one), Some(&two), &mut found);
    if found.len() > PLACES_MAX {
        let more = found.len() - PLACES_MAX;
        found.truncate(PLACES_MAX);
        found.push(Change { more, ..Change::of(what, None, None) });
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
            path.push_str(&name.replace('~', "~0").replace('/', "~1"));
            places(what, path, a.get(name), b.get(name), found);
            path.truncate(before);
        }
        return;
    }
    if let (Some(Value::String(a)), Some(Value::String(b))) = (left, right) {
        return found.push(lines(what, path.clone(), a, b));
    }
    let words = |value: &Value| brief(&value.to_string());
    found.push(Change { path: path.clone(), ..Change::of(what, left.map(words), right.map(words)) });
}

fn text(what: &'static str, path: String, left: &Kept, right: &Kept) -> Change {
    // Of one of them less may be kept than of the other.
    let (mut a, mut b) = (left.text.as_str(), right.text.as_str());
    if !left.is_whole() || !right.is_whole() {
        let kept = a.len().min(b.len());
        (a, b) = (a.split_at(a.floor_char_boundary(kept)).0, b.split_at(b.floor_char_boundary(kept)).0);
    }
    if a == b {
        let words = |kept: &Kept| Some(format!("{} bytes that differ past the first {}", kept.size, a.len()));
        return Change { path, ..Change::of(what, words(left), words(right)) };
    }
    lines(what, path, a, b)
}

/// Two texts by their first lines that differ; of long ones with the line's number.
fn lines(what: &'static str, path: String, left: &str, right: &str) -> Change {
    let same = left.lines().zip(right.lines()).take_while(|(a, b)| a == b).count();
    let long = left.lines().count().max(right.lines().count()) > 1;
    let line = |text: &str| text.lines().nth(same).map(brief);
    Change { path, line: long.then_some(same + 1), ..Change::of(what, line(left), line(right)) }
}

/// Characters of a value that a change shows.
const BRIEF_MAX: usize = 240;

fn brief(text: &str) -> String {
    let short: String = text.chars().take(BRIEF_MAX).map(|c| if c == '\n' { '⏎' } else { c }).collect();
    if text.chars().nth(BRIEF_MAX).is_some() { short + "…" } else { short }
}

/// Something of a pair in full: its name, and what stands on either side; none where there is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// What it is.
    pub name: String,
    /// On the left.
    pub left: Option<String>,
    /// On the right.
    pub right: Option<String>,
}

/// All that is kept of a pair: what changed, in full; else, or of one side only, what it says.
pub fn whole(pair: &Pair) -> Vec<Whole> {
    let sides = (pair.left.as_ref().map(|line| &line.deed), pair.right.as_ref().map(|line| &line.deed));
    if let ((Some(left), Some(right)), false) = (sides, pair.changes.is_empty()) {
        let of = |change: &Change| Whole {
            name: change.name(),
            left: side(left, change),
            right: side(right, change),
        };
        let asked_otherwise = |change: &Change| matches!(change.what, "arguments" | "edited");
        let mut told: Vec<Whole> = pair.changes.iter().map(of).collect();
        if let Deed::Called(asked) = left
            && !pair.changes.iter().any(asked_otherwise)
        {
            let (name, both) = ("arguments, the same on both sides".to_string(), value(ran(asked), ""));
            told.insert(0, Whole { name, left: both.clone(), right: both });
        }
        return told;
    }
    let all: &[&'static str] = match sides.0.or(sides.1) {
        Some(Deed::Called(_)) => &["arguments", "edited", "decision", "output"],
        Some(Deed::Ended(..)) => &["end"],
        Some(Deed::Task(_) | Deed::Said(_) | Deed::Steered(_)) | None => &["text"],
    };
    let told = all.iter().map(|what| {
        let of = Change::of(what, None, None);
        let side = |deed: Option<&Deed>| deed.and_then(|deed| side(deed, &of));
        Whole { name: (*what).to_string(), left: side(sides.0), right: side(sides.1) }
    });
    told.filter(|whole| whole.left.is_some() || whole.right.is_some()).collect()
}

/// What stands on one side where a change is, as far as it was kept.
fn side(deed: &Deed, change: &Change) -> Option<String> {
    let asked = match deed {
        Deed::Task(kept) | Deed::Said(kept) | Deed::Steered(kept) => return Some(said(kept)),
        Deed::Ended(status, why) => return Some(end(status, why)),
        Deed::Called(asked) => asked,
    };
    match change.what {
        "arguments" => value(&asked.args, &change.path),
        "edited" if change.left.is_none() && change.right.is_none() && change.more == 0 => {
            asked.edited.as_ref().and_then(|edited| value(edited, ""))
        }
        "edited" => value(ran(asked), &change.path),
        "decision" => Some(decision(asked)),
        "sandbox" => Some(asked.sandbox.clone()),
        "outcome" => Some(asked.outcome.to_string()),
        _ => asked.output.as_ref().map(said),
    }
}

/// The value at a place: a text as itself, anything else as JSON that can be read.
fn value(kept: &Kept, path: &str) -> Option<String> {
    let Some(whole) = as_json(kept) else { return Some(said(kept)) };
    let found = whole.pointer(path)?;
    Some(if let Value::String(text) = found { text.clone() } else { readable(found) })
}

fn said(kept: &Kept) -> String {
    match kept.is_whole() {
        true => kept.text.clone(),
        false => format!("{}\n⋯ {} of {} bytes are kept here", kept.text, kept.text.len(), kept.size),
    }
}

/// The arguments as JSON, where all of them were kept.
fn as_json(kept: &Kept) -> Option<Value> {
    if kept.is_whole() { serde_json::from_str(&kept.text).ok() } else { None }
}
