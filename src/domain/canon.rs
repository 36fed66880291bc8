//! The one byte form of a JSON value: keys sorted, no white space; and the hash that binds a decision to an action.
//!
//! The form follows the idea of RFC 8785 (sorted keys, no spaces), with numbers as `serde_json` prints them.

use crate::domain::hash::Hash;
use serde_json::Value;

/// The canonical text of a value.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            out.push('{');
            for (i, key) in keys.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::String(key.clone()).to_string());
                out.push(':');
                write(&map[key], out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(&value.to_string())
        }
    }
}

/// What a decision is bound to: the tool, its canonical arguments, the working directory and the policy's version.
pub fn action_hash(tool: &str, args: &Value, cwd: &str, policy: &str) -> Hash {
    let parts = serde_json::json!([tool, canonical(args), cwd, policy]);
    Hash::of(parts.to_string().as_bytes())
}
