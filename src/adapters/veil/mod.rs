//! Secrets are hidden on their way in: whatever a model, a tool or another tool's record says passes here before anything of
//! it is written, shown or sent. What a call needs of them is put back as it runs, in memory only.
//!
//! A model's own words in a call are another matter: they are what runs, so of them only what is known from elsewhere is
//! hidden. A form proves nothing there; it could be put round anything.

mod values; // values that are looked for wherever they stand
mod stream; // what comes bit by bit
mod put; // a call with what its handles stand for
mod model; // what a model says
mod tool; // what a tool is given and gives back
mod judge; // a call that uses a secret asks
mod foreign; // what another tool recorded

pub use foreign::VeiledForeign;
pub use judge::VeiledJudge;
pub use model::VeiledModel;
pub use tool::VeiledTool;

use crate::domain::hash::Hash;
use crate::domain::secrets::{self, Found, apart_ranges, clear_of, find_counted, is_looked_for, is_telling};
use crate::domain::secrets_keys::KEY;
use crate::ports::veil::{Secret, Unknown, Veil};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use values::{VALUE_MIN, Values};

/// Secrets that are remembered at most; the ones that came first stay, what is beyond can be hidden and not put back.
const KNOWN_MAX: usize = 10_000;
/// Of those, so many are also looked for where they stand without their form.
const LOOKED_FOR_MAX: usize = 4_000;
/// Lines of one private key that are looked for by themselves.
const KEY_LINES_MAX: usize = 200;
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
    named: Values,
    /// The usable ones by handle; nothing for one that calls may not use.
    names: HashMap<String, Option<Secret>>,
    salt: u128,
    seen: Mutex<Seen>,
}

/// What was met in texts from elsewhere.
#[derive(Default)]
struct Seen {
    known: HashMap<String, Secret>,
    values: Values,
}

/// Which forms count.
enum Forms<'a> {
    All,
    None,
    /// Those of which the value is one of these.
    Among(&'a HashSet<&'a str>),
}

/// A place to hide: with the handle of what is known, else with what it was found to be.
type Place = (Range<usize>, Result<String, Found>);

impl Vault {
    /// A vault that also knows these. `salt` makes the handles of this process its own.
    pub fn new(named: impl IntoIterator<Item = Named>, salt: u128) -> Vault {
        let (mut names, mut values) = (HashMap::new(), Values::default());
        for Named { name, value, usable } in named {
            let (value, handle) = (value.trim().to_string(), secrets::handle(&name, None));
            if value.len() < VALUE_MIN {
                continue;
            }
            values.add(&value, &handle);
            let from = format!("the variable {name} that you named under [secrets]");
            names.insert(handle, usable.then(|| Secret { value, from, named: true }));
        }
        Vault { named: values, names, salt, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often places were compared to hide a text: what it takes must not grow faster than the text.
    pub fn effort(&self, text: &str) -> u64 {
        let mut steps = 0;
        self.places(&self.seen(), text, &Forms::All, &mut steps);
        steps
    }

    /// What is to be hidden, in order and apart. What is known is known by its handle also where it has a form, but what it is
    /// a part of is hidden as a whole.
    fn places(&self, seen: &Seen, text: &str, forms: &Forms<'_>, steps: &mut u64) -> Vec<Place> {
        let mut known = self.named.find(text, steps);
        known.extend(seen.values.find(text, steps));
        let mut known = apart_ranges(known);
        clear_of(&mut known, &secrets::handles(text), steps);
        let mut places: Vec<Place> =
            known.into_iter().map(|(range, handle)| (range, Ok(handle.to_string()))).collect();
        let formed = match forms {
            Forms::None => Vec::new(),
            Forms::All | Forms::Among(_) => find_counted(text, steps),
        };
        let counts = |found: &Found| match forms {
            Forms::Among(values) => text.get(found.range.clone()).is_some_and(|value| values.contains(value)),
            Forms::All | Forms::None => true,
        };
        places.extend(formed.into_iter().filter(counts).map(|found| (found.range.clone(), Err(found))));
        if places.len() < 2 {
            return places;
        }
        // A stable sort: of two that are the same place, the known one stays. What lies partly over the one before begins
        // behind it.
        places.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let mut end = 0;
        places.retain_mut(|(range, _)| {
            range.start = range.start.max(end);
            end = end.max(range.end);
            range.start < range.end
        });
        places
    }

    /// The handle of a value; one whose short tag another value has, has a longer one.
    fn handle(&self, seen: &Seen, kind: &str, value: &str) -> String {
        let salted = [self.salt.to_le_bytes().as_slice(), value.as_bytes()].concat();
        let tag = Hash::of(&salted).to_string();
        let tagged = |len: usize| secrets::handle(kind, tag.get(..len));
        let short = tagged(8);
        match seen.known.get(&short) {
            Some(other) if other.value != value => tagged(16),
            Some(_) | None => short,
        }
    }

    /// Knows a value from now on.
    fn learn(&self, seen: &mut Seen, kind: &str, value: &str, from: &str) -> String {
        let handle = self.handle(seen, kind, value);
        if seen.known.len() >= KNOWN_MAX || seen.known.contains_key(&handle) {
            return handle;
        }
        let secret = Secret { value: value.to_string(), from: from.to_string(), named: false };
        seen.known.insert(handle.clone(), secret);
        let looked_for = is_looked_for(value) || kind == KEY && is_telling(value);
        if looked_for && seen.values.len() < LOOKED_FOR_MAX {
            seen.values.add(value, &handle);
        }
        handle
    }

    fn hidden(&self, text: &str, forms: &Forms<'_>, from: Option<&str>) -> Option<String> {
        let mut seen = self.seen();
        let places = self.places(&seen, text, forms, &mut 0);
        (!places.is_empty()).then(|| {
            let mut part = |(range, place): Place| {
                let value = text.get(range.clone()).unwrap_or_default();
                let handle = match (place, from) {
                    (Ok(handle), _) => handle,
                    (Err(found), Some(from)) => {
                        // The lines of a key are met again one by one.
                        let lines =
                            value.split(['\n', '\r', ' ', '\t', '\\']).filter(|line| line.len() >= 40);
                        for line in lines.take(KEY_LINES_MAX).filter(|_| found.kind == KEY) {
                            self.learn(&mut seen, found.kind, line, from);
                        }
                        self.learn(&mut seen, found.kind, value, from)
                    }
                    (Err(found), None) => self.handle(&seen, found.kind, value),
                };
                (range, handle)
            };
            let parts: Vec<_> = places.into_iter().map(&mut part).collect();
            secrets::replaced(text, parts)
        })
    }
}

impl Veil for Vault {
    fn hide_from(&self, text: &str, from: &str) -> Option<String> {
        self.hidden(text, &Forms::All, Some(from))
    }

    fn mask(&self, text: &str) -> Option<String> {
        self.hidden(text, &Forms::All, None)
    }

    fn hide_known(&self, text: &str) -> Option<String> {
        self.hidden(text, &Forms::None, None)
    }

    fn hide_among(&self, text: &str, other: &str) -> Option<String> {
        let found = secrets::find(other);
        let values = found.iter().filter_map(|found| other.get(found.range.clone())).collect();
        self.hidden(text, &Forms::Among(&values), None)
    }

    fn blot(&self, text: &str) -> Option<String> {
        let places = self.places(&self.seen(), text, &Forms::All, &mut 0);
        (!places.is_empty()).then(|| {
            let parts = places.into_iter().map(|(range, place)| {
                let handle = match place {
                    Ok(handle) => secrets::handle(secrets::kind_of(&handle), None),
                    Err(found) => secrets::handle(found.kind, None),
                };
                (range, handle)
            });
            secrets::replaced(text, parts)
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
        let seen = self.seen();
        let told = whole.get(..until).unwrap_or_default();
        let places = self.places(&seen, told, &Forms::All, &mut 0);
        // The line that begins a key has blanks in it.
        let begin = told.rfind(BEGIN).filter(|begin| !told[*begin..].contains('\n'));
        let open = places.last().filter(|(_, place)| place.as_ref().is_err_and(|last| last.open));
        if pending.len() <= PENDING_MAX {
            until = until.min(begin.unwrap_or(until));
            until = until.min(open.map_or(until, |(range, _)| range.start)); // its end has not come
        }
        // What would be cut in the middle waits as a whole.
        if let Some((range, _)) = places.iter().find(|(range, _)| range.start < until && until < range.end) {
            until = range.start;
        }
        let until = until.max(before.len());
        let parts =
            places.into_iter().filter(|(range, _)| range.end <= until).filter_map(|(range, place)| {
                let handle = match place {
                    Ok(handle) => handle,
                    Err(found) => self.handle(&seen, found.kind, whole.get(range.clone())?),
                };
                // What began in the part that was told already was hidden as far as it could be.
                let range = range.start.max(before.len())..range.end;
                (range.start < range.end)
                    .then(|| (range.start - before.len()..range.end - before.len(), handle))
            });
        let upto = until - before.len();
        (secrets::replaced(pending.get(..upto).unwrap_or_default(), parts), upto)
    }

    fn secret(&self, handle: &str) -> Result<Secret, Unknown> {
        let unknown = |held_back| Unknown { handle: handle.to_string(), held_back };
        match self.names.get(handle) {
            Some(Some(secret)) => Ok(secret.clone()),
            Some(None) => Err(unknown(true)),
            None => self.seen().known.get(handle).cloned().ok_or_else(|| unknown(false)),
        }
    }
}

/// A model's words as they may be kept.
fn masked(veil: &dyn Veil, text: String) -> String {
    veil.mask(&text).unwrap_or(text)
}

/// What a model asks to run as it may be kept.
fn known_hidden(veil: &dyn Veil, value: Value) -> Value {
    let made = secrets::changed::<Unknown>(&value, &mut |text| Ok(veil.hide_known(text)));
    made.ok().flatten().unwrap_or(value)
}
