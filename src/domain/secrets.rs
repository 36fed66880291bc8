//! What looks like a secret in a text, and the handle that stands in its place.
//!
//! The forms of tokens are those that their makers document; a value beside a telling name ("password = …") is taken for one
//! where it looks like more than a word. What is taken for a secret and is none does no harm where the handle is used in a
//! call: what it stands for is put back before the call runs, where it can be nothing but a value there (`secrets_use`).

use crate::domain::secrets_forms::{FORMS, Form, WORD, entropy, mixed};
use crate::domain::secrets_keys::keys;
use regex::{Regex, RegexSet};
use serde_json::Value;
use std::ops::Range;
use std::sync::LazyLock;

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where.
    pub range: Range<usize>,
    /// What it is, in a word that a handle may have.
    pub kind: &'static str,
    /// Whether its end was not seen: it goes on beyond the text, as far as that can be told.
    pub open: bool,
}

struct Compiled {
    set: RegexSet,
    forms: Vec<(Regex, &'static Form)>,
}

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| {
    let patterns: Vec<String> = FORMS.iter().map(|form| form.pattern.replace(r"\b", WORD)).collect();
    let one = |(pattern, form)| Some((Regex::new(pattern).ok()?, form));
    let forms = patterns.iter().map(String::as_str).zip(FORMS).filter_map(one).collect();
    Compiled { set: RegexSet::new(&patterns).unwrap_or_default(), forms }
});

/// What every form has: a long word without a blank, or one of the words and signs that stand before a value. Ordinary text
/// has neither, and is looked at once.
static HINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9_+/=.-]{15}|(?i-u:passw|pwd|passphrase|secret|token|key|credential|authorization|bearer)|://|-----BEGIN").ok()
});

/// The secrets of a text, in their order; none lies in another.
pub fn find(text: &str) -> Vec<Found> {
    find_counted(text, &mut 0)
}

/// The same; counts up how often two places were compared, which is what this could take long with.
pub fn find_counted(text: &str, steps: &mut u64) -> Vec<Found> {
    if HINT.as_ref().is_some_and(|hint| !hint.is_match(text)) {
        return Vec::new();
    }
    let compiled = &*COMPILED;
    let mut found = keys(text);
    for at in &compiled.set.matches(text) {
        let Some((pattern, form)) = compiled.forms.get(at) else { continue };
        for groups in pattern.captures_iter(text) {
            let Some(secret) = groups.get(1).or_else(|| groups.get(0)) else { continue };
            if (form.looks)(secret.as_str()) {
                found.push(Found {
                    range: secret.range(),
                    kind: form.kind,
                    open: secret.end() == text.len(),
                });
            }
        }
    }
    let mut found: Vec<_> = found.into_iter().map(|one| (one.range.clone(), one)).collect();
    found.sort_by_key(|(range, _)| range.start);
    clear_of(&mut found, &handles(text), steps);
    apart_ranges(found).into_iter().map(|(_, one)| one).collect()
}

/// The first of those that lie over each other, and of those that begin together the longest; of two that are the same, the
/// first.
pub fn apart_ranges<T>(mut found: Vec<(Range<usize>, T)>) -> Vec<(Range<usize>, T)> {
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    found.retain(|(range, _)| {
        let is_apart = range.start >= end;
        end = if is_apart { range.end } else { end };
        is_apart
    });
    found
}

/// Lets go of those that lie over a range of `taken`; both are in order, and are walked together once.
pub fn clear_of<T>(found: &mut Vec<(Range<usize>, T)>, taken: &[Range<usize>], steps: &mut u64) {
    let mut next = 0;
    found.retain(|(range, _)| {
        while taken.get(next).is_some_and(|one| one.end <= range.start) {
            (next, *steps) = (next + 1, *steps + 1);
        }
        *steps += 1;
        taken.get(next).is_none_or(|one| one.start >= range.end)
    });
}

/// Whether a value is one that ordinary words are not.
pub fn is_telling(value: &str) -> bool {
    (8..=512).contains(&value.len())
        && (mixed(value) && entropy(value) >= 2.5 || value.len() >= 16 && entropy(value) >= 3.2)
}

/// Whether a value that was met beside a telling name is looked for wherever else it stands: no name, path or file looks so,
/// or whoever writes `token: src/lib2.rs` into a file could keep others from using it.
pub fn is_looked_for(value: &str) -> bool {
    let has = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
    let varied = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
    let ending = value.rsplit_once('.').is_some_and(|(_, end)| end.len() <= 4);
    is_telling(value)
        && !value.contains('/')
        && !ending
        && (varied || value.len() >= 20 && entropy(value) >= 3.2)
}

/// The beginning of every handle.
pub const HANDLE: &str = "[secret:";

static HANDLES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\[secret:[A-Za-z][A-Za-z0-9_.-]{0,60}(?::[0-9a-f]{8}(?:[0-9a-f]{8})?)?\]").ok()
});

/// The kind or the name in a handle.
pub fn kind_of(handle: &str) -> &str {
    let inner = handle.strip_prefix(HANDLE).and_then(|rest| rest.strip_suffix(']')).unwrap_or(handle);
    inner.split(':').next().unwrap_or(inner)
}

/// The handle of a secret; `tag` tells those of one kind apart.
pub fn handle(kind: &str, tag: Option<&str>) -> String {
    match tag {
        Some(tag) => format!("{HANDLE}{kind}:{tag}]"),
        None => format!("{HANDLE}{kind}]"),
    }
}

/// The handles in a text.
pub fn handles(text: &str) -> Vec<Range<usize>> {
    if !text.contains(HANDLE) {
        return Vec::new();
    }
    HANDLES
        .as_ref()
        .map(|handles| handles.find_iter(text).map(|found| found.range()).collect())
        .unwrap_or_default()
}

/// A text with some ranges of it replaced; they are in order and apart.
pub fn replaced(text: &str, parts: impl IntoIterator<Item = (Range<usize>, String)>) -> String {
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for (range, instead) in parts {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&instead);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// Every text of a JSON value, changed, the names of its fields and its numbers among them; none where nothing is.
pub fn changed<E>(
    value: &Value,
    change: &mut impl FnMut(&str) -> Result<Option<String>, E>,
) -> Result<Option<Value>, E> {
    Ok(match value {
        Value::String(text) => change(text)?.map(Value::String),
        Value::Number(number) => change(&number.to_string())?.map(Value::String),
        Value::Array(items) => {
            let mut made: Option<Vec<Value>> = None;
            for (at, item) in items.iter().enumerate() {
                if let Some(item) = changed(item, change)?
                    && let Some(place) = made.get_or_insert_with(|| items.clone()).get_mut(at)
                {
                    *place = item;
                }
            }
            made.map(Value::Array)
        }
        Value::Object(fields) => {
            let (mut made, mut any) = (serde_json::Map::new(), false);
            for (name, field) in fields {
                let (other, value) = (change(name)?, changed(field, change)?);
                any |= other.is_some() || value.is_some();
                made.insert(other.unwrap_or_else(|| name.clone()), value.unwrap_or_else(|| field.clone()));
            }
            any.then_some(Value::Object(made))
        }
        Value::Null | Value::Bool(_) => None,
    })
}

/// The handles in a JSON value, each once, in order; the second are those in names of fields.
pub fn handles_in(value: &Value) -> (Vec<String>, Vec<String>) {
    let mut found = (Vec::new(), Vec::new());
    gather(value, &mut found);
    found
}

fn gather(value: &Value, found: &mut (Vec<String>, Vec<String>)) {
    let add = |text: &str, list: &mut Vec<String>| {
        for at in handles(text) {
            let handle = text.get(at).unwrap_or_default();
            if !list.iter().any(|known| known == handle) {
                list.push(handle.to_string());
            }
        }
    };
    match value {
        Value::String(text) => add(text, &mut found.0),
        Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        Value::Object(fields) => {
            for (name, field) in fields {
                add(name, &mut found.1);
                gather(field, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
