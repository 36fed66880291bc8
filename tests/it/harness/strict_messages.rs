//! What Anthropic would refuse a body of Messages for, after its reference.

use serde_json::Value;
use std::collections::HashSet;

/// The reason of the refusal; `None` where it would be taken.
pub fn strict_messages_fault(body: &Value) -> Option<String> {
    if body["model"].as_str().is_none_or(str::is_empty) {
        return Some("model: field required".into());
    }
    if body["max_tokens"].as_u64().is_none_or(|tokens| tokens == 0) {
        return Some("max_tokens: field required".into());
    }
    let known = ["model", "max_tokens", "messages", "system", "stream", "tools", "thinking", "temperature"];
    if let Some(name) = body.as_object()?.keys().find(|name| !known.contains(&name.as_str())) {
        return Some(format!("{name}: extra inputs are not permitted"));
    }
    let marks = body.to_string().matches("\"cache_control\"").count();
    if marks > 4 {
        return Some(format!("a maximum of 4 blocks with cache_control may be provided, found {marks}"));
    }
    if let Some(tools) = body.get("tools") {
        for tool in tools.as_array().into_iter().flatten() {
            if tool["input_schema"]["type"] != "object" || !is_name(tool["name"].as_str().unwrap_or("")) {
                return Some(format!("tools: {tool}"));
            }
        }
    }
    let Some(messages) = body["messages"].as_array().filter(|list| !list.is_empty()) else {
        return Some("messages: at least one message is required".into());
    };
    let mut ids = HashSet::new();
    let mut waiting: Vec<String> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let role = if at % 2 == 0 { "user" } else { "assistant" };
        let fault = if message["role"] != role {
            Some(format!("roles must alternate between \"user\" and \"assistant\": {}", message["role"]))
        } else if role == "user" {
            user_fault(message, &mut waiting)
        } else {
            assistant_fault(message, &mut ids, &mut waiting)
        };
        if let Some(fault) = fault {
            return Some(format!("messages.{at}: {fault}"));
        }
    }
    (messages.len() % 2 == 0).then(|| "this model does not support assistant message prefill".into())
}

fn blocks(message: &Value) -> &[Value] {
    message["content"].as_array().map_or(&[], Vec::as_slice)
}

fn user_fault(message: &Value, waiting: &mut Vec<String>) -> Option<String> {
    let mut words = false;
    for block in blocks(message) {
        match block["type"].as_str() {
            Some("tool_result") if words => return Some("tool_result after other blocks".into()),
            Some("tool_result") => {
                let id = block["tool_use_id"].as_str().unwrap_or("");
                let Some(at) = waiting.iter().position(|own| own == id) else {
                    return Some(format!("unexpected `tool_use_id` found in `tool_result` blocks: {id}"));
                };
                waiting.remove(at);
                if block["content"].as_str().is_none_or(|text| text.trim().is_empty()) {
                    return Some("a result without content".into());
                }
            }
            Some("text") => {
                words = true;
                if block["text"].as_str().is_none_or(|text| text.trim().is_empty()) {
                    return Some("text content blocks must contain non-whitespace text".into());
                }
            }
            _ => return Some(format!("unknown block {block}")),
        }
    }
    if blocks(message).is_empty() {
        return Some("a message without content".into());
    }
    (!waiting.is_empty())
        .then(|| format!("`tool_use` ids were found without `tool_result` blocks: {}", waiting.join(", ")))
}

fn assistant_fault(message: &Value, ids: &mut HashSet<String>, waiting: &mut Vec<String>) -> Option<String> {
    for block in blocks(message) {
        match block["type"].as_str() {
            Some("text") if block["text"].as_str().is_some_and(|text| !text.trim().is_empty()) => {}
            Some("thinking") if block["signature"].as_str().is_some_and(|sign| !sign.is_empty()) => {}
            Some("redacted_thinking") if block["data"].as_str().is_some_and(|data| !data.is_empty()) => {}
            Some("tool_use") => {
                let id = block["id"].as_str().unwrap_or("").to_string();
                if !is_name(&id) || !is_name(block["name"].as_str().unwrap_or("")) {
                    return Some(format!("a name or id does not match '^[a-zA-Z0-9_-]+$': {block}"));
                }
                if !ids.insert(id.clone()) {
                    return Some("`tool_use` ids must be unique".into());
                }
                if !block["input"].is_object() {
                    return Some("tool_use.input: Input should be a valid dictionary".into());
                }
                waiting.push(id);
            }
            _ => return Some(format!("unknown or empty block {block}")),
        }
    }
    blocks(message).is_empty().then(|| "a message without content".into())
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}
