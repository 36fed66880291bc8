//! Single fields of a chat completion, read leniently: why it stopped, what it cost, what its content says.

use crate::domain::message::{Finish, Usage};
use crate::domain::money::Money;
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
        return Some(counted(&usage));
    }
    let timings = object(body.get("timings"))?;
    let field = |name: &str| timings.get(name).and_then(count).unwrap_or(0);
    let cached = field("cache_n");
    let (input, output) = (field("prompt_n").saturating_add(cached), field("predicted_n"));
    Some(Usage { input, output, cached, ..Usage::default() })
}

/// `prompt_tokens` hold those of the cache. Where they are called as Anthropic does, those of the cache come on top. What a
/// total has beyond both is thought that was left out of the reply's count (Gemini, xAI).
fn counted(usage: &Value) -> Usage {
    let first = |paths: &[&str]| paths.iter().find_map(|path| usage.pointer(path).and_then(count));
    let (apart_read, apart_written) =
        (first(&["/cache_read_input_tokens"]), first(&["/cache_creation_input_tokens"]));
    let within = first(&[
        "/prompt_tokens_details/cached_tokens",
        "/input_tokens_details/cached_tokens",
        "/prompt_cache_hit_tokens",
    ]);
    let cached = within.or(apart_read).unwrap_or(0);
    let written = first(&["/prompt_tokens_details/cache_write_tokens"]).or(apart_written).unwrap_or(0);
    let input = first(&["/prompt_tokens"]).unwrap_or_else(|| {
        let named = first(&["/input_tokens"]).unwrap_or(0);
        named.saturating_add(apart_read.unwrap_or(0)).saturating_add(apart_written.unwrap_or(0))
    });
    let output = first(&["/completion_tokens", "/output_tokens"]).unwrap_or(0);
    let total = first(&["/total_tokens"]).unwrap_or(0);
    Usage {
        input,
        output: output.max(total.saturating_sub(input)),
        cached,
        written,
        reasoning: first(&[
            "/completion_tokens_details/reasoning_tokens",
            "/output_tokens_details/reasoning_tokens",
            "/reasoning_tokens",
        ])
        .unwrap_or(0),
    }
}

/// Reads what the server says that it charged, in dollars: `usage.cost`, and with a key of the user's own what the provider
/// behind it took.
pub fn charged(body: &Value) -> Option<Money> {
    let usage = body.get("usage")?;
    let money = |value: &Value| Money::parse(&format!("{:.9}", value.as_f64()?)).ok();
    let charged = money(usage.get("cost")?)?;
    let is_own = usage.get("is_byok").and_then(Value::as_bool).unwrap_or(false);
    let upstream = usage.pointer("/cost_details/upstream_inference_cost").filter(|_| is_own).and_then(money);
    Some(charged.plus(upstream.unwrap_or_default()))
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
