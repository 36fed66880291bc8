//! What a prompt was made of, part by part: where each came from, how large it is, whether all of it was sent.
//!
//! Bytes are those of the request. Tokens are the provider's sum, shared out by bytes: an estimate, and said to be one.

use crate::domain::context::Stands;
use crate::domain::digest;
use crate::domain::ids::CallId;
use crate::domain::inspect::page::{Part, Section, bytes};
use crate::domain::inspect::sent::{Body, Sent};
use crate::domain::message::Message;
use crate::domain::text::{self, plural};
use serde_json::Value;

/// Columns of a part's first words.
const WORDS: usize = 60;
/// Tools and messages told one by one at most; of more, those in the middle are summed up.
const PARTS_MAX: usize = 400;

/// A call's output in a prompt: the call, its bytes in all, and those sent.
type Cut = (CallId, u64, u64);

/// One part of a prompt.
struct Line {
    what: String,
    words: String,
    bytes: u64,
    sent: String,
}

/// The receipt of a prompt of which the provider counted so many tokens; 0 where it did not say.
pub fn section(sent: &Sent, tokens: u64) -> Section {
    let mut section = Section::new("receipt", "Prompt receipt");
    let (mut lines, size) = match &sent.body {
        Body::Exact(body) | Body::Other(body) => match serde_json::from_slice::<Value>(body) {
            Ok(json) => (of_json(&json, sent), body.len() as u64),
            Err(_) => of_messages(sent),
        },
        Body::Unknown(_) => of_messages(sent),
    };
    let parts = lines.len();
    if parts > PARTS_MAX {
        let gone: Vec<Line> = lines.drain(PARTS_MAX / 2..parts - PARTS_MAX / 2).collect();
        let sum = gone.iter().map(|line| line.bytes).sum();
        let what = format!("{} parts", gone.len());
        let line = Line { what, words: "summed up here".to_string(), bytes: sum, sent: String::new() };
        lines.insert(PARTS_MAX / 2, line);
    }
    let told: u64 = lines.iter().map(|line| line.bytes).sum();
    let trimmed = lines.iter().filter(|line| line.sent.contains("left out")).count();
    let share = |part: u64| match (tokens, size) {
        (0, _) | (_, 0) => String::new(),
        (tokens, size) => {
            format!("~{}", u128::from(part) * u128::from(tokens) / u128::from(size))
        }
    };
    let mut rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let (bytes, tokens) = (line.bytes.to_string(), share(line.bytes));
            vec![line.what.clone(), bytes, tokens, line.sent.clone(), line.words.clone()]
        })
        .collect();
    let around = size.saturating_sub(told);
    if around > 0 {
        let words = "model, settings, commas".to_string();
        rows.push(vec!["around them".to_string(), around.to_string(), share(around), String::new(), words]);
    }
    let counted = match tokens {
        0 => "the provider did not count its tokens".to_string(),
        tokens => {
            format!("{tokens} tokens as the provider counted; a part's share is estimated by its bytes")
        }
    };
    section.row("in all", format!("{parts} parts, {}; {counted}", bytes(size)));
    if let Some(stands) = &sent.stands {
        let Stands { from, to, told } = stands;
        let words = format!("a summary stands for what events {from} to {to} told; event {told} tells it");
        section.row("summarised", words);
    }
    if sent.fill.window.is_some() {
        section.row("context", sent.fill.words());
    }
    let whole = match trimmed {
        0 => "every part was sent whole".to_string(),
        1 => "1 part was trimmed".to_string(),
        many => format!("{many} parts were trimmed"),
    };
    let dropped = if sent.stands.is_some() { "all else is in the summary" } else { "nothing was dropped" };
    let whole = format!("{whole}; {dropped}");
    section.row("kept", whole);
    section.parts.push(Part::Table { head: vec!["part", "bytes", "tokens", "sent", "begins"], rows });
    section
}

/// The parts of a body as it was written for the wire.
fn of_json(body: &Value, sent: &Sent) -> Vec<Line> {
    let list = |name: &str| body.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut lines = Vec::new();
    for tool in list("tools") {
        let function = tool.get("function").unwrap_or(&Value::Null);
        let words = |name: &str| function.get(name).and_then(Value::as_str).unwrap_or_default();
        lines.push(Line {
            what: format!("tool {}", words("name")),
            words: text::first_line(words("description"), WORDS),
            bytes: tool.to_string().len() as u64,
            sent: "whole".to_string(),
        });
    }
    // Results keep their order on the wire, whatever an endpoint makes of their ids.
    let mut results = sent.messages.iter().filter(|message| matches!(message.as_ref(), Message::Tool { .. }));
    for message in list("messages") {
        let words = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
        let content = text::first_line(words("content"), WORDS);
        let size = message.to_string().len() as u64;
        let (what, whole) = match words("role") {
            "system" => ("instructions".to_string(), None),
            "user" => (person(words("content")), None),
            "tool" => {
                let told = results.next().map(|result| heading(result, sent));
                told.unwrap_or_else(|| (format!("result {}", words("name")), None))
            }
            _ => {
                let calls = message.get("tool_calls").and_then(Value::as_array).map_or(0, Vec::len);
                let calls = if calls == 0 { String::new() } else { format!(", {}", plural(calls, "call")) };
                (format!("model{calls}"), None)
            }
        };
        lines.push(Line { what, words: content, bytes: size, sent: trimmed(whole) });
    }
    lines
}

/// The parts of a conversation whose form on the wire is not known: the bytes are those of the texts.
fn of_messages(sent: &Sent) -> (Vec<Line>, u64) {
    let lines: Vec<Line> = sent
        .messages
        .iter()
        .map(|message| {
            let (what, whole) = heading(message, sent);
            let text = said(message);
            let words = text::first_line(text, WORDS);
            let calls: usize = match message.as_ref() {
                Message::Assistant { calls, .. } => calls.iter().map(|call| call.args.len()).sum(),
                Message::System { .. } | Message::User { .. } | Message::Tool { .. } => 0,
            };
            Line { what, words, bytes: (text.len() + calls) as u64, sent: trimmed(whole) }
        })
        .collect();
    let size = lines.iter().map(|line| line.bytes).sum();
    (lines, size)
}

fn trimmed(output: Option<Cut>) -> String {
    match output {
        Some((_, size, kept)) if size > kept => format!("trimmed: {} of {size} left out", size - kept),
        Some(_) | None => "whole".to_string(),
    }
}

/// Whose words stand where a person's do.
fn person(text: &str) -> String {
    if digest::is_digest(text) { "summary" } else { "person" }.to_string()
}

/// Whose words a message is, and the output in it.
pub fn heading(message: &Message, sent: &Sent) -> (String, Option<Cut>) {
    match message {
        Message::System { .. } => ("instructions".to_string(), None),
        Message::User { text } => (person(text), None),
        Message::Assistant { calls, .. } if calls.is_empty() => ("model".to_string(), None),
        Message::Assistant { calls, .. } => (format!("model, {}", plural(calls.len(), "call")), None),
        Message::Tool { wire_id, tool, text } => {
            let output = sent.outputs.get(wire_id).copied();
            let is_cut = digest::is_trimmed(text);
            let output =
                output.map(|(call, size, kept)| (call, size, if is_cut { text.len() as u64 } else { kept }));
            let call = output.map(|(call, ..)| format!("{call} ")).unwrap_or_default();
            (format!("result {call}{tool}"), output)
        }
    }
}

/// The words of a message.
pub fn said(message: &Message) -> &str {
    match message {
        Message::System { text }
        | Message::User { text }
        | Message::Assistant { text, .. }
        | Message::Tool { text, .. } => text,
    }
}
