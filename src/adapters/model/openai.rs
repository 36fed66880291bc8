//! OpenAI's chat completions, which most servers speak: `POST /chat/completions`.

use crate::adapters::model::assemble::Assembler;
use crate::adapters::model::dialect::Dialect;
use crate::adapters::model::endpoint::Plug;
use crate::adapters::model::form::{Form, Wishes, flag};
use crate::adapters::model::secret::Secret;
use crate::adapters::model::turns::ChatTurns;
use crate::adapters::model::wire;
use crate::domain::time::Micros;
use crate::ports::model::{Ask, Drafts};
use serde_json::{Map, Value, json};

/// A model behind an OpenAI-compatible endpoint.
pub type OpenAi = Plug<Chat>;

/// Chat completions.
pub struct Chat;

impl Form for Chat {
    type Dialect = Dialect;
    type Turns = ChatTurns;
    type Intake = Assembler;
    const FORM: &'static str = "chat-completions/1";
    const PATH: &'static str = "/chat/completions";

    fn headers(key: Option<&Secret>) -> Vec<(&'static str, String)> {
        key.map(|key| ("Authorization", format!("Bearer {}", key.reveal()))).into_iter().collect()
    }

    fn head(ask: &Ask, wishes: &Wishes, dialect: Dialect) -> Vec<u8> {
        let mut out = b"{\"model\":".to_vec();
        wire::put_text(&mut out, &ask.model);
        wire::put_field(&mut out, "stream", &Value::Bool(dialect.stream));
        if dialect.stream && dialect.usage {
            wire::put_field(&mut out, "stream_options", &json!({ "include_usage": true }));
        }
        if let Some(tokens) = wishes.max_tokens {
            let name = if dialect.new_limit_name { "max_completion_tokens" } else { "max_tokens" };
            wire::put_field(&mut out, name, &Value::from(tokens));
        }
        wire::put_wishes(&mut out, wishes, &["stream_options", "messages"]);
        if ask.tools.iter().next().is_some() {
            out.extend_from_slice(b",\"tools\":");
            wire::put_tools(&mut out, &ask.tools);
        }
        out.extend_from_slice(b",\"messages\":[");
        out
    }

    fn turns(dialect: Dialect) -> ChatTurns {
        ChatTurns::new(dialect)
    }

    fn kept(dialect: Dialect) -> Map<String, Value> {
        let Dialect { echo, bridge, short_ids, stream: _, usage: _, new_limit_name: _ } = dialect; // the rest is in the head
        [("echo", echo), ("bridge", bridge), ("short_ids", short_ids)]
            .map(|(name, value)| (name.to_string(), Value::Bool(value)))
            .into_iter()
            .collect()
    }

    fn dialect(kept: &Value) -> Option<Dialect> {
        Some(Dialect {
            echo: flag(kept, "echo")?,
            bridge: flag(kept, "bridge")?,
            short_ids: flag(kept, "short_ids")?,
            ..Dialect::default()
        })
    }

    fn relearn(dialect: Dialect, status: u16, body: &[u8]) -> Option<Dialect> {
        dialect.relearn(status, body)
    }

    fn intake(drafts: Drafts, started: Micros) -> Assembler {
        Assembler::new(drafts, started)
    }
}
