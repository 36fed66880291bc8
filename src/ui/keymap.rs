//! The keys in force: the table with the operator's own keys laid over it, and the look-up.

use std::collections::BTreeMap;

use crate::ui::action::Action;
use crate::ui::bindings::{BINDINGS, Binding};
use crate::ui::key::{Code, Key};
use crate::ui::mode::Context;

/// The operator's own keys as read from the configuration: context name, action name, keys.
pub type Overrides = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// One row in force.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The row of the table.
    pub binding: Binding,
    /// Its keys, each of one or two presses.
    pub chords: Vec<Vec<Key>>,
}

impl Entry {
    /// The first key as written, such as `Ctrl-S`; empty where there is none.
    pub fn key(&self) -> String {
        self.chords.first().map(|chord| written(chord)).unwrap_or_default()
    }

    /// The first key that is not text, as written.
    pub fn key_in_text(&self) -> String {
        let untyped = self.chords.iter().find(|chord| chord.first().is_some_and(|key| key.text().is_none()));
        untyped.map(|chord| written(chord)).unwrap_or_default()
    }

    /// All keys as written, such as `j, Down`.
    pub fn all_keys(&self) -> String {
        self.chords.iter().map(|chord| written(chord)).collect::<Vec<_>>().join(", ")
    }
}

/// A chord as people write it.
pub fn written(chord: &[Key]) -> String {
    chord.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The keys in force.
#[derive(Clone, Debug)]
pub struct Keymap {
    entries: Vec<Entry>,
}

/// What a press means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// An action.
    Action(Action),
    /// The first of two presses.
    Prefix,
    /// Nothing.
    Nothing,
}

impl Default for Keymap {
    fn default() -> Keymap {
        Keymap::with(&Overrides::new()).0
    }
}

impl Keymap {
    /// The table with the operator's own keys over it; every fault and conflict is named, in a sentence each, and
    /// what is at fault does not count.
    pub fn with(overrides: &Overrides) -> (Keymap, Vec<String>) {
        let mut faults = Vec::new();
        let chords =
            |binding: &Binding| binding.keys.iter().filter_map(|keys| Key::parse_chord(keys)).collect();
        let entries = BINDINGS.iter().map(|row| Entry { binding: *row, chords: chords(row) }).collect();
        let mut map = Keymap { entries };
        for (context, actions) in overrides {
            for (action, keys) in actions {
                map.lay_over(context, action, keys, &mut faults);
            }
        }
        map.name_conflicts(&mut faults);
        (map, faults)
    }

    fn lay_over(&mut self, context: &str, action: &str, keys: &[String], faults: &mut Vec<String>) {
        let at = format!("[keys.{context}] {action}");
        if !Context::ALL.iter().any(|one| one.name() == context) {
            let names: Vec<_> = Context::ALL.iter().map(|one| one.name()).collect();
            faults.push(format!("{at}: there is no context `{context}`; contexts are {}.", names.join(", ")));
            return;
        }
        let found = self
            .entries
            .iter_mut()
            .find(|entry| entry.binding.context.name() == context && entry.binding.name == action);
        let Some(entry) = found else {
            let names: Vec<_> =
                BINDINGS.iter().filter(|row| row.context.name() == context).map(|row| row.name).collect();
            faults.push(format!("{at}: there is no such action there; actions are {}.", names.join(", ")));
            return;
        };
        let mut chords = Vec::new();
        for text in keys {
            match Key::parse_chord(text) {
                Some(chord) if entry.binding.context.is_text() && chord[0].text().is_some() => {
                    faults
                        .push(format!("{at}: `{}` is text here; use it with Ctrl or Alt.", written(&chord)));
                }
                Some(chord) => chords.push(chord),
                None => faults.push(format!(
                    "{at}: `{text}` is no key; write for example `j`, `Ctrl-S`, `Alt-Enter` or `g s`."
                )),
            }
        }
        if chords.len() == keys.len() {
            entry.chords = chords;
        }
    }

    /// Two actions on one key of a context: the first of the table counts.
    fn name_conflicts(&self, faults: &mut Vec<String>) {
        for (i, one) in self.entries.iter().enumerate() {
            for other in
                self.entries[i + 1..].iter().filter(|other| other.binding.context == one.binding.context)
            {
                for chord in &one.chords {
                    if other.chords.iter().any(|also| also.starts_with(chord) || chord.starts_with(also)) {
                        faults.push(format!(
                            "[keys.{}]: `{}` is both {} and {}; the first counts.",
                            one.binding.context.name(),
                            written(chord),
                            one.binding.name,
                            other.binding.name,
                        ));
                    }
                }
            }
        }
    }

    /// All rows, in the order of the table.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The rows of a context.
    pub fn of(&self, context: Context) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.binding.context == context)
    }

    /// The first key of an action in a context, as written; empty where there is none.
    pub fn key_of(&self, context: Context, action: Action) -> String {
        self.of(context).find(|entry| entry.binding.action == action).map(Entry::key).unwrap_or_default()
    }

    /// What a press means in these contexts, the most special first. `prefix` is the first of two presses.
    pub fn find(&self, contexts: &[Context], prefix: Option<Key>, key: Key) -> Found {
        for context in contexts {
            if context.is_text() && key.text().is_some() {
                return Found::Nothing; // it is text
            }
            for chord in
                self.of(*context).flat_map(|entry| entry.chords.iter().map(move |chord| (entry, chord)))
            {
                match (chord.1.as_slice(), prefix) {
                    ([only], None) if *only == key => return Found::Action(chord.0.binding.action),
                    ([first, second], Some(prefix)) if *first == prefix && *second == key => {
                        return Found::Action(chord.0.binding.action);
                    }
                    ([first, _], None) if *first == key => return Found::Prefix,
                    _ => {} // another key
                }
            }
        }
        Found::Nothing
    }
}

/// The digit of a key, for `Action::Seek(Seek::Tenth)`.
pub fn digit(key: Key) -> Option<u32> {
    if let Code::Char(c) = key.code { c.to_digit(10) } else { None }
}
