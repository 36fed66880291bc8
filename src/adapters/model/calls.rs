//! The calls of a reply, put together from deltas: which delta belongs to which call, whatever the server leaves out.
//!
//! A delta is found its call by index; where another call is plainly meant (some servers give every parallel call the index
//! 0) a new one is begun. Without an index it is found by id, else it belongs to the last call.

use crate::domain::message::{Args, AskedCall};
use serde_json::Value;

/// Calls of one reply at most; a model that asks for more is running wild.
const CALLS_MAX: usize = 128;
/// Bytes of the arguments of one call at most.
const ARGS_LEN_MAX: usize = 8 << 20;
/// Bytes kept of arguments that are not JSON.
const BROKEN_LEN_MAX: usize = 16 << 10;
/// Bytes of a tool's name or a call's id at most.
const NAME_LEN_MAX: usize = 1024;

/// More calls, or longer ones, than a sane reply has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch;

/// Where a changed call stands, for the draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Its place in the reply, in the order of arrival.
    pub at: usize,
    /// The name so far.
    pub tool: String,
    /// Bytes of arguments so far.
    pub bytes: usize,
}

#[derive(Clone, Debug, Default)]
struct Slot {
    index: Option<u64>,
    id: String,
    name: String,
    args: String,
    whole: Option<Value>,
    extra: Option<Value>,
}

/// The calls so far.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    slots: Vec<Slot>,
}

struct Delta<'a> {
    index: Option<u64>,
    id: String,
    name: &'a str,
    args: Option<&'a Value>,
}

impl Calls {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Takes in one entry of `tool_calls`. `whole` says that it is a call of its own and no piece of one: a reply that is not streamed.
    pub fn take(&mut self, entry: &Value, whole: bool) -> Result<Option<Touched>, TooMuch> {
        let function = entry.get("function").filter(|value| value.is_object()).unwrap_or(entry);
        let delta = Delta {
            index: entry.get("index").and_then(number),
            id: entry.get("id").and_then(id_text).unwrap_or_default(),
            name: function.get("name").and_then(Value::as_str).unwrap_or_default(),
            args: function.get("arguments").filter(|value| !value.is_null()),
        };
        let extra = entry.get("extra_content").filter(|value| !value.is_null());
        if delta.id.is_empty() && delta.name.is_empty() && delta.args.is_none() && extra.is_none() {
            return Ok(None);
        }
        let at = if whole { None } else { self.find(&delta) };
        let at = match at {
            Some(at) => at,
            None if self.slots.len() == CALLS_MAX => return Err(TooMuch),
            None => {
                self.slots.push(Slot { index: delta.index, ..Slot::default() });
                self.slots.len() - 1
            }
        };
        let slot = &mut self.slots[at];
        if extra.is_some() {
            slot.extra = extra.cloned();
        }
        slot.grow(&delta)?;
        Ok(Some(Touched { at, tool: slot.name.clone(), bytes: slot.args.len() }))
    }

    /// The call that a delta belongs to; `None` begins a new one.
    fn find(&self, delta: &Delta<'_>) -> Option<usize> {
        let last_where = |test: &dyn Fn(&Slot) -> bool| self.slots.iter().rposition(test);
        if let Some(index) = delta.index {
            let at = last_where(&|slot| slot.index == Some(index))?;
            return if self.slots[at].is_followed_by(delta) { None } else { Some(at) };
        }
        if !delta.id.is_empty() {
            if let Some(at) = last_where(&|slot| slot.id == delta.id) {
                return Some(at);
            }
            // An id that comes late: the call was begun without one and nothing new is named.
            let late = delta.name.is_empty() && self.slots.last().is_some_and(|slot| slot.id.is_empty());
            return if late { self.slots.len().checked_sub(1) } else { None };
        }
        let last = self.slots.len().checked_sub(1)?;
        let slot = &self.slots[last];
        let begun = !slot.args.is_empty() || slot.whole.is_some();
        let named_anew = !delta.name.is_empty() && !slot.name.is_empty();
        if named_anew && (begun || delta.args.is_some()) { None } else { Some(last) }
    }

    /// The calls in order, and the opaque content that came with each (`extra_content`, such as a signature).
    pub fn finish(mut self) -> (Vec<AskedCall>, Vec<Option<Value>>) {
        if self.slots.iter().all(|slot| slot.index.is_some()) {
            self.slots.sort_by_key(|slot| slot.index); // stable: equal indexes keep the order of arrival
        }
        self.slots
            .into_iter()
            .map(|slot| {
                let args = slot.whole.map_or_else(|| parse_args(&slot.args), Args::Json);
                (AskedCall { wire_id: slot.id, tool: slot.name, args }, slot.extra)
            })
            .unzip()
    }
}

impl Slot {
    /// Whether a delta of the same index is another call: other id and a name, or a second whole call without ids.
    fn is_followed_by(&self, delta: &Delta<'_>) -> bool {
        if delta.name.is_empty() {
            return false;
        }
        if !delta.id.is_empty() && !self.id.is_empty() {
            return delta.id != self.id;
        }
        let brings_args = delta.args.is_some_and(|args| args.as_str() != Some(""));
        let complete = self.whole.is_some()
            || serde_json::from_str::<Value>(&self.args).is_ok_and(|value| value.is_object());
        delta.id.is_empty() && self.id.is_empty() && brings_args && complete
    }

    fn grow(&mut self, delta: &Delta<'_>) -> Result<(), TooMuch> {
        if self.id.is_empty() {
            self.id.clone_from(&delta.id);
        }
        // A name that comes again whole is repeated, not continued.
        if self.name != delta.name {
            self.name.push_str(delta.name);
        }
        match delta.args {
            None => {}
            Some(Value::String(piece)) => self.args.push_str(piece),
            Some(value) if value.is_object() && self.args.is_empty() => self.whole = Some(value.clone()),
            Some(value) => self.args.push_str(&value.to_string()),
        }
        let long = |text: &str| text.len() > NAME_LEN_MAX;
        if self.args.len() > ARGS_LEN_MAX || long(&self.name) || long(&self.id) {
            return Err(TooMuch);
        }
        Ok(())
    }
}

/// Arguments as text: none at all is an empty object, what is not JSON is kept as it came, bounded.
fn parse_args(text: &str) -> Args {
    if text.trim().is_empty() {
        return Args::Json(Value::Object(serde_json::Map::new()));
    }
    match serde_json::from_str(text) {
        Ok(value) => Args::Json(value),
        Err(_) => {
            let kept = text.get(..text.floor_char_boundary(BROKEN_LEN_MAX));
            Args::Broken(kept.unwrap_or_default().to_string())
        }
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn id_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
