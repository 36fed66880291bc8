//! OpenAI's Responses: `POST /responses`. Nothing is stored at the server: the whole conversation is sent, and reasoning
//! comes encrypted and goes back unchanged.

mod intake; // events to a reply, whole or a fault
mod turns; // the conversation as items

pub use intake::ResponsesIntake;
pub use turns::ResponsesTurns;

use crate::adapters::model::endpoint::Plug;
use crate::adapters::model::form::{Form, Wishes, flag};
use crate::adapters::model::secret::Secret;
use crate::adapters::model::wire;
use crate::domain::time::Micros;
use crate::ports::model::{Ask, Drafts};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A model behind an endpoint that speaks Responses.
pub type OpenAiResponses = Plug<Responses>;

/// The name under which encrypted reasoning is kept.
const THOUGHTS: &str = "responses";

/// How requests to one endpoint are written. Each switch moves one way, so learning ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResponsesDialect {
    /// Replies are streamed.
    pub stream: bool,
    /// Encrypted reasoning is sent back.
    pub echo: bool,
    /// Encrypted reasoning is asked for.
    pub include: bool,
}

impl Default for ResponsesDialect {
    fn default() -> ResponsesDialect {
        ResponsesDialect { stream: true, echo: true, include: true }
    }
}

/// Responses.
pub struct Responses;

impl Form for Responses {
    type Dialect = ResponsesDialect;
    type Turns = ResponsesTurns;
    type Intake = ResponsesIntake;
    const FORM: &'static str = "responses/1";
    const PATH: &'static str = "/responses";

    fn headers(key: Option<&Secret>) -> Vec<(&'static str, String)> {
        key.map(|key| ("Authorization", format!("Bearer {}", key.reveal()))).into_iter().collect()
    }

    fn head(ask: &Ask, wishes: &Wishes, dialect: ResponsesDialect) -> Vec<u8> {
        let mut out = b"{\"model\":".to_vec();
        wire::put_text(&mut out, &ask.model);
        wire::put_field(&mut out, "stream", &Value::Bool(dialect.stream));
        wire::put_field(&mut out, "store", &Value::Bool(false));
        if dialect.include {
            wire::put_field(&mut out, "include", &json!(["reasoning.encrypted_content"]));
        }
        if let Some(tokens) = wishes.max_tokens {
            wire::put_field(&mut out, "max_output_tokens", &Value::from(tokens));
        }
        wire::put_wishes(&mut out, wishes, &["store", "include", "max_output_tokens", "input"]);
        let mut tools = ask.tools.iter().peekable();
        if tools.peek().is_some() {
            let tools = tools.map(|spec| {
                let parameters = wire::schema(spec);
                let (name, description) = (&spec.name, &spec.description);
                json!({ "type": "function", "name": name, "description": description, "parameters": parameters, "strict": false })
            });
            wire::put_field(&mut out, "tools", &Value::Array(tools.collect()));
        }
        out.extend_from_slice(b",\"input\":[");
        out
    }

    fn turns(dialect: ResponsesDialect) -> ResponsesTurns {
        ResponsesTurns::new(dialect.echo)
    }

    fn kept(dialect: ResponsesDialect) -> Map<String, Value> {
        let ResponsesDialect { echo, stream: _, include: _ } = dialect; // the rest is in the head
        [("echo".to_string(), Value::Bool(echo))].into_iter().collect()
    }

    fn dialect(kept: &Value) -> Option<ResponsesDialect> {
        Some(ResponsesDialect { echo: flag(kept, "echo")?, ..ResponsesDialect::default() })
    }

    fn relearn(dialect: ResponsesDialect, status: u16, body: &[u8]) -> Option<ResponsesDialect> {
        if !matches!(status, 400 | 404 | 422 | 501) {
            return None;
        }
        let text = String::from_utf8_lossy(body).to_lowercase();
        let says = |word: &str| text.contains(word);
        if says("reasoning.encrypted_content")
            || says("'include'")
            || says("encrypted content is not supported")
        {
            return dialect.include.then_some(ResponsesDialect { include: false, ..dialect });
        }
        if says("encrypted content") || says("encrypted_content") || says("'reasoning'") || says("rs_") {
            return dialect.echo.then_some(ResponsesDialect { echo: false, ..dialect });
        }
        let refusals = ["support", "not allowed", "must be false", "must be verified", "not implemented"];
        if says("stream") && refusals.iter().any(|word| says(word)) {
            return dialect.stream.then_some(ResponsesDialect { stream: false, ..dialect });
        }
        None
    }

    fn intake(drafts: Drafts, started: Micros) -> ResponsesIntake {
        ResponsesIntake::new(drafts, started)
    }
}
