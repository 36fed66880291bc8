//! What a model thought, put together from deltas, with what must be sent back unchanged: signatures and encrypted parts.
//!
//! Text comes as `reasoning_content` (DeepSeek, vLLM, llama.cpp, LM Studio) or `reasoning` (OpenRouter, Ollama, Groq). Opaque parts
//! come as lists (`reasoning_details` of OpenRouter, `thinking_blocks` of LiteLLM) or beside a call (`extra_content` of
//! Gemini). `Reasoning::details` holds them in one object under those names, `extra_content` as a list in the order of the calls.

use crate::domain::message::Reasoning;
use serde_json::{Map, Value};

/// The fields that hold reasoning as text, in the order of preference.
const TEXT_FIELDS: [&str; 4] = ["reasoning_content", "reasoning", "reasoning_text", "thinking"];
/// The fields that hold lists of opaque parts.
pub const LIST_FIELDS: [&str; 2] = ["reasoning_details", "thinking_blocks"];
/// The name under which opaque content of calls is kept.
pub const EXTRA_FIELD: &str = "extra_content";

/// The thought so far.
#[derive(Debug, Default)]
pub struct Thought {
    field: String,
    text: String,
    lists: [Vec<Value>; 2],
}

impl Thought {
    /// Takes in a delta or a message; what is new of the text is returned.
    pub fn take(&mut self, delta: &Value) -> String {
        let mut new = String::new();
        for name in TEXT_FIELDS {
            let Some(piece) = delta.get(name).and_then(Value::as_str).filter(|piece| !piece.is_empty())
            else {
                continue;
            };
            // Some servers send the same text under two names: the first one seen counts.
            if self.field.is_empty() {
                self.field = name.to_string();
            }
            if self.field == name {
                new.push_str(piece);
            }
        }
        for (name, list) in LIST_FIELDS.iter().zip(&mut self.lists) {
            for part in delta.get(*name).and_then(Value::as_array).into_iter().flatten() {
                if self.field.is_empty() {
                    new.push_str(part_text(part));
                }
                add_part(list, part);
            }
        }
        self.text.push_str(&new);
        new
    }

    /// Takes in text that came inside the content.
    pub fn say(&mut self, piece: &str) {
        self.text.push_str(piece);
    }

    /// Bytes of text so far.
    pub fn size(&self) -> usize {
        self.text.len()
    }

    /// The whole thought; `None` where there was none.
    pub fn finish(self, extras: Vec<Option<Value>>) -> Option<Reasoning> {
        let mut details = Map::new();
        for (name, list) in LIST_FIELDS.iter().zip(self.lists) {
            if !list.is_empty() {
                details.insert(name.to_string(), Value::Array(list));
            }
        }
        if extras.iter().any(Option::is_some) {
            let list = extras.into_iter().map(Option::unwrap_or_default).collect();
            details.insert(EXTRA_FIELD.to_string(), Value::Array(list));
        }
        if self.text.is_empty() && details.is_empty() {
            return None;
        }
        let details = if details.is_empty() { None } else { Some(Value::Object(details)) };
        Some(Reasoning { text: self.text, field: self.field, details })
    }
}

const PART_TEXTS: [&str; 3] = ["text", "summary", "thinking"];

fn part_text(part: &Value) -> &str {
    PART_TEXTS.iter().find_map(|name| part.get(*name)?.as_str()).unwrap_or_default()
}

/// Appends a part, or continues the last one where both are text of the same kind and place.
fn add_part(list: &mut Vec<Value>, part: &Value) {
    let same = |a: &Value, b: &Value, key: &str| a.get(key) == b.get(key);
    let signed = |value: &Value| value.get("signature").is_some_and(|signature| !signature.is_null());
    if let (Some(Value::Object(last)), Some(new)) = (list.last_mut(), part.as_object()) {
        let text = PART_TEXTS.iter().find(|name| last.contains_key(**name) && new.contains_key(**name));
        let before = Value::Object(last.clone());
        let continues = same(&before, part, "type") && same(&before, part, "index");
        let closes =
            !signed(&before) && signed(part) && !PART_TEXTS.iter().any(|name| new.contains_key(*name));
        if continues && ((text.is_some() && !signed(&before)) || closes) {
            for (key, value) in new {
                let joined = match (last.get(key), value) {
                    (Some(Value::String(old)), Value::String(piece))
                        if PART_TEXTS.contains(&key.as_str()) =>
                    {
                        Value::String(format!("{old}{piece}"))
                    }
                    (Some(old), Value::Null) => old.clone(),
                    _ => value.clone(),
                };
                last.insert(key.clone(), joined);
            }
            return;
        }
    }
    list.push(part.clone());
}
