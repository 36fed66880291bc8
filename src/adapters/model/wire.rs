//! Single messages and tools as JSON text, each valid for the strictest server.

use crate::adapters::model::form::Wishes;
use crate::adapters::model::thought::{EXTRA_FIELD, LIST_FIELDS};
use crate::domain::hash::Hash;
use crate::domain::message::{Reasoning, WireCall};
use crate::domain::tool_spec::{ToolBook, ToolSpec};
use serde_json::{Map, Value, json};

/// Letters of a tool's name at most.
const NAME_LEN_MAX: usize = 64;

/// Appends a value as JSON.
pub fn put(out: &mut Vec<u8>, value: &Value) {
    out.extend_from_slice(value.to_string().as_bytes());
}

/// Appends a text as a JSON string.
pub fn put_text(out: &mut Vec<u8>, text: &str) {
    // invariant: a string always serialises and a vector always takes bytes, so there is no error to pass on.
    let _ = serde_json::to_writer(out, text);
}

/// Appends a field of an object that has fields already.
pub fn put_field(out: &mut Vec<u8>, name: &str, value: &Value) {
    out.push(b',');
    put_text(out, name);
    out.push(b':');
    put(out, value);
}

/// Appends the operator's own fields; what the body says itself is not theirs to say.
pub fn put_wishes(out: &mut Vec<u8>, wishes: &Wishes, own: &[&str]) {
    let always = ["model", "stream", "tools"];
    let free = |name: &&str| !always.contains(name) && !own.contains(name);
    for (name, value) in wishes.extra.iter().filter(|(name, _)| free(&name.as_str())) {
        put_field(out, name, value);
    }
}

/// Appends a message that is only words.
pub fn put_words(out: &mut Vec<u8>, role: &str, text: &str) {
    out.extend_from_slice(b"{\"role\":\"");
    out.extend_from_slice(role.as_bytes());
    out.extend_from_slice(b"\",\"content\":");
    put_text(out, if text.trim().is_empty() { "(empty)" } else { text });
    out.push(b'}');
}

/// Appends the result of a call.
pub fn put_result(out: &mut Vec<u8>, id: &str, tool: &str, text: &str) {
    out.extend_from_slice(b"{\"role\":\"tool\",\"tool_call_id\":");
    put_text(out, id);
    out.extend_from_slice(b",\"name\":");
    put_text(out, &name(tool));
    out.extend_from_slice(b",\"content\":");
    put_text(out, if text.is_empty() { "(no output)" } else { text });
    out.push(b'}');
}

/// Appends a turn of the model. With calls and no words, `content` is null, as OpenAI's reference has it.
pub fn put_assistant(
    out: &mut Vec<u8>,
    text: &str,
    thought: Option<&Reasoning>,
    calls: &[(String, &WireCall)],
) {
    out.extend_from_slice(b"{\"role\":\"assistant\",\"content\":");
    if text.trim().is_empty() {
        out.extend_from_slice(b"null");
    } else {
        put_text(out, text);
    }
    if let Some(thought) = thought {
        put_thought(out, thought);
    }
    let extra = thought.and_then(|thought| thought.details.as_ref()?.get(EXTRA_FIELD)?.as_array());
    for (i, (id, call)) in calls.iter().enumerate() {
        out.extend_from_slice(if i == 0 { b",\"tool_calls\":[".as_slice() } else { b",".as_slice() });
        out.extend_from_slice(b"{\"id\":");
        put_text(out, id);
        out.extend_from_slice(b",\"type\":\"function\",\"function\":{\"name\":");
        put_text(out, &name(&call.tool));
        out.extend_from_slice(b",\"arguments\":");
        put_text(out, &args(&call.args));
        out.push(b'}');
        if let Some(extra) = extra.and_then(|list| list.get(i)).filter(|extra| !extra.is_null()) {
            out.extend_from_slice(b",\"extra_content\":");
            put(out, extra);
        }
        out.push(b'}');
    }
    if !calls.is_empty() {
        out.push(b']');
    }
    out.push(b'}');
}

fn put_thought(out: &mut Vec<u8>, thought: &Reasoning) {
    let sane =
        !thought.field.is_empty() && thought.field.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let own = ["role", "content", "tool_calls", "name"].contains(&thought.field.as_str());
    if sane && !own && !thought.text.is_empty() {
        out.push(b',');
        put_text(out, &thought.field);
        out.push(b':');
        put_text(out, &thought.text);
    }
    for field in LIST_FIELDS {
        if let Some(list) = thought.details.as_ref().and_then(|details| details.get(field)) {
            out.push(b',');
            put_text(out, field);
            out.push(b':');
            put(out, list);
        }
    }
}

/// A tool's name as every server takes it: letters, digits, `_` and `-`, at most 64.
pub fn name(tool: &str) -> String {
    let sane = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    let name: String = tool.chars().map(sane).take(NAME_LEN_MAX).collect();
    if name.is_empty() { "unnamed".to_string() } else { name }
}

/// Arguments as every server takes them: the text of a JSON object.
pub fn args(text: &str) -> String {
    match serde_json::from_str::<Map<String, Value>>(text) {
        Ok(_) => text.to_string(),
        Err(_) => json!({ "malformed_arguments": text }).to_string(),
    }
}

/// An id of nine letters and digits, always the same for the same id.
pub fn short_id(id: &str) -> String {
    Hash::of(id.as_bytes()).short().chars().take(9).collect()
}

/// A tool's schema as every server takes it: that of an object, with properties.
pub fn schema(spec: &ToolSpec) -> Value {
    let mut schema = spec.schema.source().clone();
    if let Value::Object(map) = &mut schema {
        map.entry("type").or_insert_with(|| json!("object"));
        map.entry("properties").or_insert_with(|| json!({}));
    }
    schema
}

/// Appends the tools as a list.
pub fn put_tools(out: &mut Vec<u8>, tools: &ToolBook) {
    out.push(b'[');
    for (i, spec) in tools.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        let schema = schema(spec);
        let function = json!({ "name": spec.name, "description": spec.description, "parameters": schema });
        put(out, &json!({ "type": "function", "function": function }));
    }
    out.push(b']');
}
