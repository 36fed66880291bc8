//! Single fields of a chat completion, read leniently: why it stopped, what it cost, what its content says.

use crate::domain::message::{Finish, Usage};
use serde_json::Value;

/// What a `finish_reason` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The model stopped for this reason.
    Finish(Finish),
    /// The provider broke the reply off.
    Broken(String),
}

/// Reads a `finish_reason`; `None` for null and empty.
pub fn ending(value: &Value) -> Option<Ending> {
    let word = value.as_str()?.trim();
    let finish = match word.to_ascii_lowercase().as_str() {
        "" | "null" => return None,
        "stop" | "eos" | "eos_token" | "end_turn" | "stop_sequence" | "complete" => Finish::Stop,
        "tool_calls" | "tool_call" | "function_call" | "tool_use" => Finish::Calls,
        "length" | "max_tokens" | "model_length" => Finish::Length,
        "content_filter" | "safety" | "recitation" | "blocklist" | "prohibited_content" | "refusal" => {
            Finish::Filtered
        }
        "error" | "abort" | "aborted" | "insufficient_system_resource" => {
            return Some(Ending::Broken(word.to_string()));
        }
        _ => Finish::Other(word.chars().take(64).collect()),
    };
    Some(Ending::Finish(finish))
}

/// Reads the tokens of a chunk or a body: `usage`, Groq's `x_groq.usage`, or llama.cpp's `timings`.
pub fn usage(body: &Value) -> Option<Usage> {
    let object = |value: Option<&'_ Value>| value.filter(|value| value.is_object()).cloned();
    if let Some(usage) = object(body.get("usage")).or_else(|| object(body.pointer("/x_groq/usage"))) {
        let first =
            |paths: &[&str]| paths.iter().find_map(|path| usage.pointer(path).and_then(count)).unwrap_or(0);
        return Some(Usage {
            input: first(&["/prompt_tokens", "/input_tokens"]),
            output: first(&["/completion_tokens", "/output_tokens"]),
            cached: first(&[
                "/prompt_tokens_details/cached_tokens",
                "/prompt_cache_hit_tokens",
                "/cache_read_input_tokens",
            ]),
            reasoning: first(&["/completion_tokens_details/reasoning_tokens", "/reasoning_tokens"]),
        });
    }
    let timings = object(body.get("timings"))?;
    let field = |name: &str| timings.get(name).and_then(count).unwrap_or(0);
    let cached = field("cache_n");
    Some(Usage { input: field("prompt_n") + cached, output: field("predicted_n"), cached, reasoning: 0 })
}

fn count(value: &Value) -> Option<u64> {
    // Some servers write whole numbers as 12.0.
    value.as_u64().or_else(|| value.as_number()?.to_string().split('.').next()?.parse().ok())
}

/// A piece of a message's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Words for the reader.
    Text(String),
    /// Words the model thinks.
    Thought(String),
}

/// Reads `content`: text, null, or a list of parts (text, thinking, refusal); other parts are left out.
pub fn content(value: &Value) -> Vec<Piece> {
    match value {
        Value::String(text) if !text.is_empty() => vec![Piece::Text(text.clone())],
        Value::Array(parts) => parts.iter().filter_map(part).collect(),
        Value::Object(_) => part(value).into_iter().collect(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn part(value: &Value) -> Option<Piece> {
    if let Some(text) = value.as_str() {
        return Some(Piece::Text(text.to_string()));
    }
    if let Some(thinking) = value.get("thinking") {
        return Some(Piece::Thought(flat(thinking)));
    }
    let text = value.get("text").or_else(|| value.get("refusal"))?;
    Some(Piece::Text(flat(text.get("value").unwrap_or(text))))
}

fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(|part| flat(part.get("text").unwrap_or(part))).collect(),
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}
