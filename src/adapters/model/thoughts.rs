//! Signed thoughts of a reply, and where in it they stood: they are sent back unchanged and in their places, or not at all.
//!
//! They are kept in `Reasoning::details` under the name of their wire: another wire does not know it and sends nothing of them.

use crate::domain::message::Reasoning;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A thought and what of the reply stood before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thought {
    /// The block as it came.
    pub block: Value,
    /// Bytes of the reply's text before it.
    #[serde(default)]
    pub text: usize,
    /// Calls of the reply before it.
    #[serde(default)]
    pub calls: usize,
}

/// What is kept of a reply's thoughts; none where there was none.
pub fn kept(wire: &str, text: String, thoughts: &[Thought]) -> Option<Reasoning> {
    let signed = thoughts.iter().filter(|thought| is_signed(&thought.block));
    let signed: Vec<Value> = signed.filter_map(|thought| serde_json::to_value(thought).ok()).collect();
    if text.is_empty() && signed.is_empty() {
        return None;
    }
    let details = (!signed.is_empty()).then(|| {
        let mut map = Map::new();
        map.insert(wire.to_string(), Value::Array(signed));
        Value::Object(map)
    });
    Some(Reasoning { text, field: String::new(), details })
}

/// The thoughts of an earlier reply over the same wire.
pub fn of(wire: &str, reasoning: Option<&Reasoning>) -> Vec<Thought> {
    let list = reasoning.and_then(|reasoning| reasoning.details.as_ref()?.get(wire)?.as_array());
    list.into_iter().flatten().filter_map(|thought| serde_json::from_value(thought.clone()).ok()).collect()
}

/// A thought that the provider does not know again is refused.
fn is_signed(block: &Value) -> bool {
    let has = |name: &str| block.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    ["signature", "data", "encrypted_content"].into_iter().any(has)
}
