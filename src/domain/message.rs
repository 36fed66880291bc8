//! The conversation, free of any provider's words.

use crate::domain::money::{Money, Spent};
use crate::domain::price::Cost;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// One message as the model is to see it. Always valid: a result follows only a call of the same wire id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// Instructions of the harness.
    System {
        /// The text.
        text: String,
    },
    /// A person's words.
    User {
        /// The text.
        text: String,
    },
    /// The model's words and calls.
    Assistant {
        /// The text, possibly empty.
        text: String,
        /// What the model thought, to be echoed where the provider asks for it.
        reasoning: Option<Reasoning>,
        /// The calls in order.
        calls: Vec<WireCall>,
    },
    /// The result of one call.
    Tool {
        /// The call's id on the wire.
        wire_id: String,
        /// The tool's name.
        tool: String,
        /// What the model reads.
        text: String,
    },
}

/// A call as it is sent back to the model: the arguments are always a JSON object's text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WireCall {
    /// The id that pairs call and result.
    pub wire_id: String,
    /// The tool's name as the model wrote it.
    pub tool: String,
    /// A JSON object as text, even where the model sent something else.
    pub args: String,
}

/// What a model thought before it answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reasoning {
    /// The text, for the operator; may be empty where only a signature came.
    #[serde(default)]
    pub text: String,
    /// The provider's field it came in (`reasoning_content`, `reasoning`), to be echoed under the same name.
    #[serde(default)]
    pub field: String,
    /// Opaque parts (signatures, encrypted details) to be sent back unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

/// Why the model stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finish {
    /// It had said all.
    Stop,
    /// It wants calls answered.
    Calls,
    /// It ran into the length limit: its calls may be cut and never run.
    Length,
    /// The provider held the text back.
    Filtered,
    /// A reason this program does not know.
    Other(String),
}

/// Tokens as the provider counted them; 0 where it said nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens of the request, those from the cache and to the cache among them.
    pub input: u64,
    /// Tokens of the reply.
    pub output: u64,
    /// Tokens of the request that came from the provider's cache.
    pub cached: u64,
    /// Tokens of the reply spent on reasoning.
    pub reasoning: u64,
    /// Tokens of the request that were written to the provider's cache.
    #[serde(skip_serializing_if = "is_zero")]
    pub written: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Usage {
    /// The sum of two counts.
    pub fn plus(self, other: Usage) -> Usage {
        Usage {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cached: self.cached.saturating_add(other.cached),
            reasoning: self.reasoning.saturating_add(other.reasoning),
            written: self.written.saturating_add(other.written),
        }
    }
}

/// How a reply arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timing {
    /// Milliseconds from the request to the first byte of content.
    pub first_ms: u64,
    /// Milliseconds from the request to the end.
    pub total_ms: u64,
    /// How the text arrived: (milliseconds since the request, characters so far), at most 128 points; for replay.
    pub pace: Vec<(u64, u64)>,
}

/// The arguments of a call as the model sent them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Args {
    /// A JSON value (an object, if the schema is to accept it).
    Json(Value),
    /// Not JSON: the text as it came, bounded.
    Broken(String),
}

/// A call as it stood in a reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AskedCall {
    /// The provider's id; may be empty or repeated.
    #[serde(default)]
    pub wire_id: String,
    /// The tool's name as the model wrote it.
    pub tool: String,
    /// The arguments.
    pub args: Args,
}

/// A whole turn of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The model that answered, as it named itself.
    #[serde(default)]
    pub model: String,
    /// The text, possibly empty.
    #[serde(default)]
    pub text: String,
    /// What it thought, where the provider told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Reasoning>,
    /// The calls in order.
    #[serde(default)]
    pub calls: Vec<AskedCall>,
    /// Why it stopped.
    pub finish: Finish,
    /// Tokens.
    #[serde(default)]
    pub usage: Usage,
    /// What it cost, by the price that was in force when it came; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// How it arrived.
    #[serde(default)]
    pub timing: Timing,
}

impl Reply {
    /// What it adds to a sum of costs.
    pub fn spent(&self) -> Spent {
        Spent::of(self.cost.as_ref().map(|cost| cost.nano))
    }

    /// Nothing more is to be counted for it: it was before.
    pub fn counted(&mut self) {
        self.usage = Usage::default();
        self.cost.iter_mut().for_each(|cost| cost.nano = Money::default());
    }
}

/// The messages of a session so far; cloning is cheap, growing does not copy while no clone is held.
pub type Transcript = Arc<Vec<Arc<Message>>>;

/// A part of a reply that is still arriving; lossy, never stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Draft {
    /// More text.
    Text(String),
    /// More reasoning.
    Reasoning(String),
    /// A call is being written: its place in the reply, the tool once known, and how many bytes of arguments so far.
    Call {
        /// The place in the reply, from 0.
        index: usize,
        /// The tool's name, empty until known.
        tool: String,
        /// Bytes of arguments so far.
        bytes: usize,
    },
    /// Output of a running call.
    Output {
        /// The call.
        call: crate::domain::ids::CallId,
        /// The text, as it came.
        text: String,
    },
    /// The turn starts anew (a retry): what was shown of it is void.
    Again,
}

/// The arguments as they may be sent back: always a JSON object.
pub(in crate::domain) fn wire_args(args: &Args) -> String {
    match args {
        Args::Json(value) if value.is_object() => value.to_string(),
        Args::Json(value) => serde_json::json!({ "malformed_arguments": value.to_string() }).to_string(),
        Args::Broken(raw) => serde_json::json!({ "malformed_arguments": raw }).to_string(),
    }
}
