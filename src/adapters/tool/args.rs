//! Arguments that fit their schema, read; and declarations, made.

use crate::domain::schema::Schema;
use crate::domain::tool_spec::{Effect, ToolSpec};
use serde_json::{Value, json};

/// A text, empty where it is not given.
pub(super) fn text<'a>(args: &'a Value, name: &str) -> &'a str {
    args.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A text, where it is given.
pub(super) fn given<'a>(args: &'a Value, name: &str) -> Option<&'a str> {
    args.get(name).and_then(Value::as_str)
}

/// A path, `.` where it is not given.
pub(super) fn path(args: &Value) -> &str {
    given(args, "path").unwrap_or(".")
}

/// A count, within its bounds; a JSON Schema lets `2.0` pass for an integer.
pub(super) fn count(args: &Value, name: &str, otherwise: u64) -> u64 {
    let value = args.get(name);
    let whole =
        |value: &Value| value.as_u64().or_else(|| value.to_string().trim_end_matches(".0").parse().ok());
    value.and_then(whole).unwrap_or(otherwise)
}

/// The same for a length in memory.
pub(super) fn length(args: &Value, name: &str, otherwise: usize) -> usize {
    usize::try_from(count(args, name, otherwise as u64)).unwrap_or(usize::MAX)
}

/// Whether a switch is on.
pub(super) fn on(args: &Value, name: &str) -> bool {
    args.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// The schema of a path argument.
pub(super) fn path_schema(what: &str) -> Value {
    json!({
        "type": "string", "minLength": 1, "maxLength": 4096,
        "description": format!("{what}, relative to the workspace, or absolute and in it."),
    })
}

/// A declaration. The arguments are the properties of an object, `required` names those that must be there.
pub(super) fn declare(
    (name, effect, destroys): (&str, Effect, bool),
    description: &str,
    required: &[&str],
    properties: Value,
) -> ToolSpec {
    let source = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    let schema = Schema::new(source).expect("compiles"); // invariant: written here, and each is compiled by a test
    ToolSpec { name: name.to_string(), description: description.to_string(), schema, effect, destroys }
}

/// The beginning of a text of at most `most` bytes, and whether that is not all of it.
pub(super) fn cut(text: &str, most: usize) -> (&str, bool) {
    match text.get(..text.floor_char_boundary(most)) {
        Some(start) if start.len() < text.len() => (start, true),
        Some(_) | None => (text, false),
    }
}

/// A name as one line: control characters are written as escapes, so that a name cannot forge a line.
pub(super) fn one_line(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    out
}
