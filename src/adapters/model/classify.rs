//! What an error answer means: told by its typed code first, then by the status, by its words only where a server gives neither.
//!
//! Shapes are those of OpenAI, Azure, Anthropic's compatible endpoint, Gemini's (a list), Mistral, DeepSeek, Groq, OpenRouter, vLLM,
//! Ollama, llama.cpp and LM Studio; `tests/it/classify.rs` has a row of each.

use crate::adapters::model::retry_after;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::window;
use serde_json::Value;

/// Characters of a server's words that are kept.
const WORDS_MAX: usize = 500;

/// Codes and types that tell the kind whatever the status says.
const CERTAIN: [(&str, FaultKind); 38] = [
    ("insufficient_quota", FaultKind::Billing),
    ("billing_hard_limit_reached", FaultKind::Billing),
    ("billing_not_active", FaultKind::Billing),
    ("billing_error", FaultKind::Billing),
    ("insufficient_balance", FaultKind::Billing),
    ("insufficient_credits", FaultKind::Billing),
    ("payment_required", FaultKind::Billing),
    ("context_length_exceeded", FaultKind::Overflow),
    ("context_window_exceeded", FaultKind::Overflow),
    ("model_context_window_exceeded", FaultKind::Overflow),
    ("exceed_context_size_error", FaultKind::Overflow),
    ("request_too_large", FaultKind::Overflow),
    ("content_filter", FaultKind::Filtered),
    ("content_policy_violation", FaultKind::Filtered),
    ("responsibleaipolicyviolation", FaultKind::Filtered),
    ("moderation_blocked", FaultKind::Filtered),
    ("invalid_api_key", FaultKind::Auth),
    ("authentication_error", FaultKind::Auth),
    ("invalid_authentication_error", FaultKind::Auth),
    ("permission_error", FaultKind::Auth),
    ("permission_denied", FaultKind::Auth),
    ("permissiondenied", FaultKind::Auth),
    ("unauthenticated", FaultKind::Auth),
    ("unauthorized", FaultKind::Auth),
    ("account_deactivated", FaultKind::Auth),
    ("rate_limit_exceeded", FaultKind::RateLimit),
    ("rate_limit_error", FaultKind::RateLimit),
    ("rate_limit_reached_error", FaultKind::RateLimit),
    ("too_many_requests", FaultKind::RateLimit),
    ("resource_exhausted", FaultKind::RateLimit),
    ("model_not_found", FaultKind::NotFound),
    ("deploymentnotfound", FaultKind::NotFound),
    ("not_found_error", FaultKind::NotFound),
    ("notfounderror", FaultKind::NotFound),
    ("not_found", FaultKind::NotFound),
    ("overloaded_error", FaultKind::Overloaded),
    ("engine_overloaded_error", FaultKind::Overloaded),
    ("timeout_error", FaultKind::Timeout),
];

/// Codes and types that tell the kind only where the status does not.
const LIKELY: [(&str, FaultKind); 11] = [
    ("server_error", FaultKind::Overloaded),
    ("api_error", FaultKind::Overloaded),
    ("internal_server_error", FaultKind::Overloaded),
    ("internalservererror", FaultKind::Overloaded),
    ("internal", FaultKind::Overloaded),
    ("unavailable", FaultKind::Overloaded),
    ("unavailable_error", FaultKind::Overloaded),
    ("service_unavailable", FaultKind::Overloaded),
    ("provider_error", FaultKind::Overloaded),
    ("invalid_request_error", FaultKind::BadRequest),
    ("badrequesterror", FaultKind::BadRequest),
];

/// Phrases of servers that give no code; narrow on purpose.
const PHRASES: [(&str, FaultKind); 28] = [
    ("maximum context length", FaultKind::Overflow),
    ("exceeds the available context size", FaultKind::Overflow),
    ("context size has been exceeded", FaultKind::Overflow),
    ("context the overflows", FaultKind::Overflow),
    ("context length of only", FaultKind::Overflow),
    ("exceeds the context window", FaultKind::Overflow),
    ("exceeds the maximum number of tokens", FaultKind::Overflow),
    ("maximum prompt length", FaultKind::Overflow),
    ("prompt is too long", FaultKind::Overflow),
    ("exceed context limit", FaultKind::Overflow),
    ("input is too long", FaultKind::Overflow),
    ("too large for model with", FaultKind::Overflow),
    ("credit balance is too low", FaultKind::Billing),
    ("insufficient balance", FaultKind::Billing),
    ("incorrect api key", FaultKind::Auth),
    ("invalid api key", FaultKind::Auth),
    ("api key not valid", FaultKind::Auth),
    ("api key expired", FaultKind::Auth),
    ("content management policy", FaultKind::Filtered),
    ("is not a valid model id", FaultKind::NotFound),
    ("invalid model: ", FaultKind::NotFound),
    ("no models loaded", FaultKind::NotFound),
    ("model not found", FaultKind::NotFound),
    ("model does not exist", FaultKind::NotFound),
    ("unexpected endpoint or method", FaultKind::NotFound),
    ("try pulling it first", FaultKind::NotFound),
    ("model_not_found", FaultKind::NotFound),
    ("overloaded", FaultKind::Overloaded),
];

/// What an error answer says, whatever shape it has.
#[derive(Debug, Default)]
struct Said {
    message: String,
    codes: Vec<String>,
    status: Option<u16>,
    wait_ms: Option<u64>,
    window: Option<u64>,
}

/// The fault of an answer whose HTTP status is an error, or whose body is no chat completion.
pub fn http(status: u16, retry_after_ms: Option<u64>, body: &[u8]) -> Fault {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let mut fault = if text.starts_with('<') {
        let kind = match status {
            401 | 403 | 408 | 429 | 500..=599 => by_status(status),
            _ => FaultKind::Malformed,
        };
        Fault::new(kind, format!("HTTP {status}: the server sent HTML, not JSON"))
    } else {
        let said = match serde_json::from_str::<Value>(text) {
            Ok(value) => read(&value),
            Err(_) => Said { message: excerpt(text), ..Said::default() },
        };
        let kind = kind_of(Some(status).filter(|status| *status >= 300).or(said.status), &said);
        let words = if said.message.is_empty() { "the server gave no reason" } else { &said.message };
        let mut fault = Fault::new(kind, format!("HTTP {status}: {words}{}", code_note(&said)));
        fault.retry_after_ms = said.wait_ms;
        fault.window = window_in(kind, &said);
        fault
    };
    fault.status = Some(status);
    fault.retry_after_ms = retry_after_ms.or(fault.retry_after_ms);
    fault
}

/// The fault that a body of status 200, or a chunk of a stream, holds instead of a reply.
pub fn error_in(body: &Value) -> Option<Fault> {
    let error = body.get("error").filter(|error| match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::Array(_) => true,
    });
    let bare = body.get("object").and_then(Value::as_str) == Some("error")
        || body.get("type").and_then(Value::as_str) == Some("error");
    (error.is_some() || bare).then(|| in_stream(body))
}

/// The fault of an error event inside a stream.
pub fn in_stream(value: &Value) -> Fault {
    let said = read(value);
    let words = if said.message.is_empty() { "no reason given" } else { &said.message };
    let message = format!("the server broke the reply off: {words}{}", code_note(&said));
    let mut fault = Fault::new(kind_of(said.status, &said), message);
    fault.status = said.status;
    fault.retry_after_ms = said.wait_ms;
    fault.window = window_in(fault.kind, &said);
    fault
}

/// The window that the server names, in a field of its own or in its words.
fn window_in(kind: FaultKind, said: &Said) -> Option<u64> {
    (kind == FaultKind::Overflow).then(|| said.window.or_else(|| window::told(&said.message))).flatten()
}

/// A bounded, one-line excerpt of foreign text.
pub fn excerpt(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String =
        flat.chars().take(WORDS_MAX).map(|c| if c.is_control() { '·' } else { c }).collect();
    if flat.chars().nth(WORDS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

fn code_note(said: &Said) -> String {
    let code = said.codes.iter().find(|code| !said.message.contains(*code) && code.parse::<u16>().is_err());
    code.map_or(String::new(), |code| format!(" ({code})"))
}

/// Reads the error out of any of the known shapes.
fn read(value: &Value) -> Said {
    let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
    let error = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
    if let Some(text) = error.as_str() {
        return Said { message: excerpt(text), ..Said::default() };
    }
    let message = ["message", "detail", "msg", "error"].iter().find_map(|name| words(error.get(*name)?));
    let mut codes = Vec::new();
    for place in
        [error.get("code"), error.get("type"), error.get("status"), error.pointer("/innererror/code")]
    {
        if let Some(code) = place.and_then(Value::as_str).filter(|code| !code.is_empty()) {
            codes.push(excerpt(code).chars().take(64).collect());
        }
    }
    let number = |name: &str| {
        let field = error.get(name)?;
        field.as_u64().or_else(|| field.as_str()?.parse().ok()).and_then(|code| u16::try_from(code).ok())
    };
    let status = ["code", "status", "status_code", "statusCode"]
        .iter()
        .find_map(|name| number(name).filter(|code| (400..600).contains(code)));
    let mut message = message.unwrap_or_default();
    // OpenRouter passes on what the provider behind it said.
    if let Some(raw) = error.pointer("/metadata/raw").and_then(Value::as_str) {
        message = excerpt(&format!("{message}: {raw}"));
    }
    if error.pointer("/metadata/flagged_input").is_some() {
        codes.insert(0, "moderation_blocked".to_string());
    }
    let window = error.get("n_ctx").and_then(Value::as_u64);
    Said { message, codes, status, wait_ms: retry_delay(error), window }
}

/// Words of a field that is text, or a list of FastAPI's `{loc, msg}`.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(excerpt(text)),
        Value::Array(list) => {
            let part = |item: &Value| item.get("msg").and_then(Value::as_str).map(str::to_string);
            let all: Vec<String> = list.iter().filter_map(part).collect();
            if all.is_empty() { None } else { Some(excerpt(&all.join("; "))) }
        }
        Value::Object(map) => words(map.get("message").or_else(|| map.get("detail"))?),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Gemini's `RetryInfo`: `"retryDelay": "34s"`.
fn retry_delay(error: &Value) -> Option<u64> {
    let details = error.get("details")?.as_array()?;
    let delay = details.iter().find_map(|detail| detail.get("retryDelay")?.as_str())?;
    retry_after::seconds_ms(delay.strip_suffix('s')?)
}

fn kind_of(status: Option<u16>, said: &Said) -> FaultKind {
    let look = |table: &[(&str, FaultKind)]| {
        let fits =
            |(code, _): &&(&str, FaultKind)| said.codes.iter().any(|own| own.eq_ignore_ascii_case(code));
        table.iter().find(fits).map(|(_, kind)| *kind)
    };
    if status == Some(413) {
        return FaultKind::Overflow; // also Groq's rate limit for one request that is larger than a minute's share
    }
    if let Some(kind) = look(&CERTAIN) {
        return kind;
    }
    if let Some(status @ (401..=409 | 429 | 501..=599)) = status {
        return by_status(status);
    }
    let low = said.message.to_lowercase();
    if let Some((_, kind)) = PHRASES.iter().find(|(phrase, _)| low.contains(phrase)) {
        return *kind;
    }
    match status {
        Some(status) if status >= 300 => by_status(status),
        Some(_) | None => look(&LIKELY).unwrap_or(FaultKind::Unknown),
    }
}

fn by_status(status: u16) -> FaultKind {
    match status {
        401 | 403 => FaultKind::Auth,
        402 => FaultKind::Billing,
        300..=399 | 404 | 405 | 410 => FaultKind::NotFound,
        408 | 504 => FaultKind::Timeout,
        413 => FaultKind::Overflow,
        425 | 429 => FaultKind::RateLimit,
        409 | 500..=599 => FaultKind::Overloaded,
        400..=499 => FaultKind::BadRequest,
        _ => FaultKind::Unknown,
    }
}
