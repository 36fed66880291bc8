//! Secrets are hidden on their way in: whatever a model, a tool or another tool's record says passes here before anything of
//! it is written, shown or sent. What a call needs of them is put back as it runs, in memory only.

mod stream; // what comes bit by bit
mod model; // what a model says
mod tool; // what a tool is given and gives back
mod judge; // a call that uses a secret asks
mod foreign; // what another tool recorded

pub use foreign::VeiledForeign;
pub use judge::VeiledJudge;
pub use model::VeiledModel;
pub use tool::VeiledTool;

use crate::domain::hash::Hash;
use crate::domain::secrets::{self, Found};
use crate::ports::veil::{Unknown, Veil};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Shorter values are not searched for: they would blot out ordinary words.
const NAMED_MIN: usize = 8;
/// Secrets that are remembered at most; the ones that came first stay, what is beyond can be hidden and not put back.
const KNOWN_MAX: usize = 10_000;
/// What begins a key of many lines.
const BEGIN: &str = "-----BEGIN";
/// So much without an end is told all the same, hidden as far as it goes.
const PENDING_MAX: usize = 16 * 1024;

/// A secret that is known before anybody says it.
#[derive(Clone, PartialEq, Eq)]
pub struct Named {
    /// Its name, as the handle has it.
    pub name: String,
    /// The value.
    pub value: String,
    /// Whether a call may use it by its handle: the operator said so.
    pub usable: bool,
}

/// The secrets of this process.
pub struct Vault {
    named: Vec<(String, String)>,
    salt: u128,
    known: Mutex<HashMap<String, String>>,
}

impl Vault {
    /// A vault that also knows these. `salt` makes the handles of this process its own.
    pub fn new(named: impl IntoIterator<Item = Named>, salt: u128) -> Vault {
        let mut known = HashMap::new();
        let mut values = Vec::new();
        for Named { name, value, usable } in named {
            let value = value.trim().to_string();
            if value.len() < NAMED_MIN {
                continue;
            }
            if usable {
                known.insert(secrets::handle(&name, None), value.clone());
            }
            values.push((name, value));
        }
        // Where one lies in another, the longer one is hidden.
        values.sort_by(|(a, one), (b, other)| other.len().cmp(&one.len()).then(a.cmp(b)));
        Vault { named: values, salt, known: Mutex::new(known) }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be hidden, in order: by form, and by name.
    fn found(&self, text: &str) -> Vec<(Found, Option<&str>)> {
        let mut named: Vec<(Found, Option<&str>)> = Vec::new();
        for (name, value) in &self.named {
            let at = text.match_indices(value.as_str());
            named.extend(at.map(|(at, _)| {
                let range = at..at + value.len();
                (Found { range, kind: "named", open: false }, Some(name.as_str()))
            }));
        }
        let formed = secrets::find(text);
        if named.is_empty() {
            return formed.into_iter().map(|found| (found, None)).collect();
        }
        // What is known by name has its name, also where it has a form.
        let mut kept: Vec<(Found, Option<&str>)> = Vec::new();
        named.sort_by_key(|(one, _)| (one.range.start, std::cmp::Reverse(one.range.end)));
        for one in named {
            if kept.last().is_none_or(|(last, _)| one.0.range.start >= last.range.end) {
                kept.push(one);
            }
        }
        let over = |one: &Found, kept: &[(Found, Option<&str>)]| {
            kept.iter().any(|(by, _)| one.range.start < by.range.end && by.range.start < one.range.end)
        };
        let formed: Vec<_> =
            formed.into_iter().filter(|one| !over(one, &kept)).map(|one| (one, None)).collect();
        kept.extend(formed);
        kept.sort_by_key(|(one, _)| one.range.start);
        kept
    }

    fn handle(&self, found: &Found, name: Option<&str>, value: &str) -> String {
        if let Some(name) = name {
            return secrets::handle(name, None);
        }
        let salted = [self.salt.to_le_bytes().as_slice(), value.as_bytes()].concat();
        let tag: String = Hash::of(&salted).to_string().chars().take(8).collect();
        let handle = secrets::handle(found.kind, Some(&tag));
        let mut known = self.known();
        if known.len() < KNOWN_MAX || known.contains_key(&handle) {
            known.entry(handle.clone()).or_insert_with(|| value.to_string());
        }
        handle
    }
}

impl Veil for Vault {
    fn hide(&self, text: &str) -> Option<String> {
        let found = self.found(text);
        (!found.is_empty()).then(|| {
            secrets::replaced(
                text,
                found.into_iter().map(|(found, name)| {
                    let handle = self.handle(&found, name, text.get(found.range.clone()).unwrap_or_default());
                    (found.range, handle)
                }),
            )
        })
    }

    fn blot(&self, text: &str) -> Option<String> {
        let found = self.found(text);
        (!found.is_empty()).then(|| {
            secrets::replaced(
                text,
                found.into_iter().map(|(found, name)| {
                    let handle = secrets::handle(name.unwrap_or(found.kind), None);
                    (found.range, handle)
                }),
            )
        })
    }

    fn hide_on(&self, before: &str, pending: &str) -> (String, usize) {
        let whole = [before, pending].concat();
        // A secret ends where something stands that is in none; what is behind the last such place waits for more.
        let mut until = whole
            .char_indices()
            .rfind(|(_, c)| !(c.is_ascii_alphanumeric() || "_-./+=:@%~!#$^&*".contains(*c)))
            .map_or(0, |(at, c)| at + c.len_utf8());
        if pending.len() > PENDING_MAX {
            until = whole.len();
        }
        let told = whole.get(..until).unwrap_or_default();
        let found = self.found(told);
        // The line that begins a key has blanks in it.
        if let Some(begin) = told.rfind(BEGIN).filter(|begin| !told[*begin..].contains('\n')) {
            until = until.min(begin);
        }
        if let Some((last, _)) = found.last().filter(|(last, _)| last.open && pending.len() <= PENDING_MAX) {
            until = last.range.start; // its end has not come
        }
        let until = until.max(before.len());
        let parts =
            found.into_iter().filter(|(found, _)| found.range.end <= until).filter_map(|(found, name)| {
                let handle = self.handle(&found, name, whole.get(found.range.clone())?);
                let range = found.range.start.max(before.len())..found.range.end;
                // What began in the part that was told already was hidden as far as it could be.
                (range.start < range.end)
                    .then(|| (range.start - before.len()..range.end - before.len(), handle))
            });
        let upto = until - before.len();
        (secrets::replaced(pending.get(..upto).unwrap_or_default(), parts), upto)
    }

    fn reveal(&self, text: &str) -> Result<Option<String>, Unknown> {
        let handles = secrets::handles(text);
        if handles.is_empty() {
            return Ok(None);
        }
        let known = self.known();
        let mut parts = Vec::with_capacity(handles.len());
        for range in handles {
            let handle = text.get(range.clone()).unwrap_or_default();
            let Some(value) = known.get(handle) else { return Err(Unknown { handle: handle.to_string() }) };
            parts.push((range, value.clone()));
        }
        Ok(Some(secrets::replaced(text, parts)))
    }
}

/// Text as it may be kept.
fn hidden(veil: &dyn Veil, text: String) -> String {
    veil.hide(&text).unwrap_or(text)
}

/// A JSON value as it may be kept.
fn hidden_value(veil: &dyn Veil, value: Value) -> Value {
    let made = secrets::changed::<Unknown>(&value, &mut |text| Ok(veil.hide(text)));
    made.ok().flatten().unwrap_or(value)
}
