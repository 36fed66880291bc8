//! What makes a conversation shorter, as it is written down: the log keeps everything, only what the model is sent from then on
//! is other.

use crate::domain::amount::few;
use crate::domain::budget::is_default;
use crate::domain::call::By;
use crate::domain::fault::Fault;
use crate::domain::hash::Hash;
use crate::domain::ids::EventNo;
use crate::domain::message::{Reply, Usage};
use crate::domain::money::Spent;
use crate::domain::price::Cost;
use crate::domain::purse::Ahead;
use crate::domain::route::Route;
use crate::domain::text::plural;
use serde::{Deserialize, Serialize};

/// Why a conversation is made shorter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Cause {
    /// The next request would fill so many percent of the window.
    Mark {
        /// How full.
        percent: u64,
    },
    /// The last request did not fit.
    Overflow,
    /// A person wished it.
    Asked {
        /// Who.
        by: By,
    },
}

/// How large the conversation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Tokens of the next request, estimated.
    pub tokens: u64,
    /// Messages.
    pub messages: u64,
    /// Bytes of their words.
    pub bytes: u64,
}

/// Which messages of the conversation something else stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Those that stay before them: instructions.
    pub kept: u64,
    /// How many.
    pub messages: u64,
    /// Replies of the model among them.
    pub replies: u64,
    /// The event by which the first of them was said.
    pub from: EventNo,
    /// The same for the last.
    pub to: EventNo,
}

/// How long results are trimmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trim {
    /// Bytes kept of the beginning.
    pub head: u32,
    /// Bytes kept of the end.
    pub tail: u32,
}

/// What stands for the messages that went: the form in which the model reads it is that of `digest::words`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// What the operator said, word for word, the oldest first; bounded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<String>,
    /// What the operator decided against, or in a tool's place, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decided: Vec<String>,
    /// What was done, by the model that was asked for it.
    pub summary: String,
}

/// The request for a summary, as it was answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summed {
    /// The model that answered.
    pub model: String,
    /// Tokens.
    #[serde(default)]
    pub usage: Usage,
    /// What it cost; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub ms: u64,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Deed {
    /// Old results keep their beginning and end; all else stays.
    Trimmed {
        /// How much of each.
        trim: Trim,
        /// How many were trimmed.
        results: u64,
        /// Bytes that were left out.
        left_out: u64,
    },
    /// The older part is summarised.
    Summarised {
        /// What stands for it.
        digest: Digest,
        /// Who wrote that.
        #[serde(flatten)]
        by: Summed,
    },
}

/// A conversation that was made shorter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compacted {
    /// Why.
    pub cause: Cause,
    /// What it is about.
    #[serde(flatten)]
    pub span: Span,
    /// How large the conversation was.
    pub before: Extent,
    /// How large it is.
    pub after: Extent,
    /// What was done.
    #[serde(flatten)]
    pub deed: Deed,
}

/// A model is about to be asked for a summary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SummaryAsked {
    /// Why.
    pub cause: Cause,
    /// Of what.
    #[serde(flatten)]
    pub span: Span,
    /// The model.
    pub model: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The hash of the request as it is sent.
    pub request: Hash,
    /// What it has around its messages, as kept content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<Hash>,
    /// Where it is asked and with which credential, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// What is set aside for it, where something is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead: Option<Ahead>,
}

/// Why a conversation that does not fit is not made shorter by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Stuck {
    /// No summary came, and trimming alone does not do.
    NoSummary {
        /// How the request for one failed.
        fault: Fault,
    },
    /// What must stay is too much by itself.
    Kept,
    /// It was made shorter again and again, and is too long again.
    Again {
        /// How often.
        times: u8,
    },
    /// It is not to be made shorter unless a person says so.
    Off,
}

impl Extent {
    /// From this to that, in a few words: `182.0k -> 31.0k tokens`.
    pub fn to(&self, after: &Extent) -> String {
        format!("{} -> {} tokens", few(self.tokens), few(after.tokens))
    }
}

impl Cause {
    /// In a few words.
    pub fn words(&self) -> String {
        match self {
            Cause::Mark { percent } => {
                format!("the next request would fill {percent}% of the model's window")
            }
            Cause::Overflow => "the last request did not fit into the model's window".to_string(),
            Cause::Asked { by } => format!("{by} wished it"),
        }
    }
}

impl Compacted {
    /// What it did to the conversation, in a sentence without its full stop.
    pub fn sentence(&self) -> String {
        let sizes = self.before.to(&self.after);
        match &self.deed {
            Deed::Trimmed { results, .. } => {
                let results = plural(usize::try_from(*results).unwrap_or(usize::MAX), "old result");
                format!("{results} trimmed: {sizes}")
            }
            Deed::Summarised { .. } => format!("the conversation before this was summarised: {sizes}"),
        }
    }

    /// What stands for the messages that went, where they were summarised.
    pub fn digest(&self) -> Option<&Digest> {
        match &self.deed {
            Deed::Trimmed { .. } => None,
            Deed::Summarised { digest, .. } => Some(digest),
        }
    }

    /// Who wrote the summary, and what that took.
    pub fn summed(&self) -> Option<&Summed> {
        match &self.deed {
            Deed::Trimmed { .. } => None,
            Deed::Summarised { by, .. } => Some(by),
        }
    }
}

impl Summed {
    /// The answer to a request for a summary.
    pub(in crate::domain) fn of(reply: &Reply) -> Summed {
        let (usage, cost, ms) = (reply.usage, reply.cost.clone(), reply.timing.total_ms);
        Summed { model: reply.model.clone(), usage, cost, ms }
    }

    /// What it adds to a sum of costs.
    pub fn spent(&self) -> Spent {
        Spent::of(self.cost.as_ref().map(|cost| cost.nano))
    }
}

impl Stuck {
    /// In a sentence without its full stop; foreign text in it is not cleaned.
    pub fn sentence(&self) -> String {
        match self {
            Stuck::NoSummary { fault } => {
                format!(
                    "a summary failed ({}: {}), and trimming alone does not do",
                    fault.kind.words(),
                    fault.message
                )
            }
            Stuck::Kept => "what must stay of it is too much by itself".to_string(),
            Stuck::Again { times } => format!("it was made shorter {times} times and is too long again"),
            Stuck::Off => "it is not made shorter by itself ([context] compact_at = 0)".to_string(),
        }
    }
}

/// How many tokens of which window the next request has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// Tokens, estimated.
    pub tokens: u64,
    /// The window; none where it is not known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub window: Option<u64>,
}

impl Fill {
    /// How full it is, in percent.
    pub fn percent(&self) -> Option<u64> {
        self.window.map(|window| crate::domain::window::percent(self.tokens, window))
    }

    /// In a few words: `43% of 200.0k tokens`.
    pub fn words(&self) -> String {
        match (self.window, self.percent()) {
            (Some(window), Some(percent)) => {
                format!("{} of {} tokens ({percent}%)", few(self.tokens), few(window))
            }
            (_, _) => format!("{} tokens; the model's window is not known", few(self.tokens)),
        }
    }
}
