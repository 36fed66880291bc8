//! Anthropic's Messages, which Anthropic and a few local servers speak: `POST /messages`.
//!
//! What a body begins with, and every message that was sent, stays the same byte for byte as the conversation grows, so the
//! provider's cache holds it. What is to be cached is marked at three places: the instructions (with the tools before them),
//! the last message and the person's message before it, where the request before had its mark.

mod dialect; // what one endpoint does not take
mod intake; // events to a reply, whole or a fault
mod turns; // the conversation in blocks, roles alternating

pub use dialect::MessagesDialect;
pub use intake::MessagesIntake;
pub use turns::MessagesTurns;

use crate::adapters::model::endpoint::Plug;
use crate::adapters::model::form::{Form, Wishes, flag};
use crate::adapters::model::secret::Secret;
use crate::adapters::model::wire;
use crate::domain::time::Micros;
use crate::ports::model::{Ask, Drafts};
use serde_json::{Map, Value, json};

/// A model behind an endpoint that speaks Messages.
pub type Anthropic = Plug<Messages>;

/// The version of the interface that requests are written after.
const VERSION: &str = "2023-06-01";
/// The name under which signed thoughts are kept.
const THOUGHTS: &str = "messages";
/// Tokens of a reply at most where the operator says none: the wire asks for a number.
const REPLY_TOKENS: u32 = 32_000;

/// Messages.
pub struct Messages;

impl Form for Messages {
    type Dialect = MessagesDialect;
    type Turns = MessagesTurns;
    type Intake = MessagesIntake;
    const FORM: &'static str = "messages/1";
    const PATH: &'static str = "/messages";

    fn headers(key: Option<&Secret>) -> Vec<(&'static str, String)> {
        let key = key.map(|key| ("x-api-key", key.reveal().to_string()));
        key.into_iter().chain([("anthropic-version", VERSION.to_string())]).collect()
    }

    fn head(ask: &Ask, wishes: &Wishes, dialect: MessagesDialect) -> Vec<u8> {
        let mut out = b"{\"model\":".to_vec();
        wire::put_text(&mut out, &ask.model);
        let tokens = wishes.max_tokens.unwrap_or(REPLY_TOKENS).min(dialect.max_tokens);
        wire::put_field(&mut out, "max_tokens", &Value::from(tokens));
        wire::put_field(&mut out, "stream", &Value::Bool(dialect.stream));
        let thinking = if dialect.thinking { "" } else { "thinking" };
        wire::put_wishes(&mut out, wishes, &["max_tokens", "messages", "system", thinking]);
        let mut tools = ask.tools.iter().peekable();
        if tools.peek().is_some() {
            let tools = tools.map(|spec| {
                let schema = wire::schema(spec);
                json!({ "name": spec.name, "description": spec.description, "input_schema": schema })
            });
            wire::put_field(&mut out, "tools", &Value::Array(tools.collect()));
        }
        out.extend_from_slice(b",\"messages\":[");
        out
    }

    fn turns(dialect: MessagesDialect) -> MessagesTurns {
        MessagesTurns::new(dialect)
    }

    fn kept(dialect: MessagesDialect) -> Map<String, Value> {
        let MessagesDialect { echo, cache, stream: _, thinking: _, max_tokens: _ } = dialect; // the rest is in the head
        [("echo", echo), ("cache", cache)]
            .map(|(name, value)| (name.to_string(), Value::Bool(value)))
            .into_iter()
            .collect()
    }

    fn dialect(kept: &Value) -> Option<MessagesDialect> {
        let (echo, cache) = (flag(kept, "echo")?, flag(kept, "cache")?);
        Some(MessagesDialect { echo, cache, ..MessagesDialect::default() })
    }

    fn relearn(dialect: MessagesDialect, status: u16, body: &[u8]) -> Option<MessagesDialect> {
        dialect.relearn(status, body)
    }

    fn intake(drafts: Drafts, started: Micros) -> MessagesIntake {
        MessagesIntake::new(drafts, started)
    }
}
