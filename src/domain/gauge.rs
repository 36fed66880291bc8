//! How many tokens the next request has: what the last one had by the provider's count, and what was added since by its bytes.
//!
//! A token is so many bytes in one conversation and so many in another, so the ratio is that of the session itself: tokens and
//! bytes by which its requests grew, the later ones counting more.

use crate::domain::budget::is_default;
use crate::domain::message::{Message, Usage};
use serde::{Deserialize, Serialize};

/// Where nothing is known: a token of text has four bytes or so, one of code or of figures three.
const BYTES_PER_TOKEN: u64 = 3;
/// Tokens that are set aside for a reply, where none was longer.
pub const REPLY_TOKENS: u64 = 1_000;
/// Bytes of growth from which on the session's own ratio counts, and at which what is older is halved.
const KNOWN_FROM: u64 = 2_000;
const HALVED_AT: u64 = 400_000;

/// What the replies told of how many tokens so many bytes are. Bytes are those of the messages' words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gauge {
    #[serde(default, skip_serializing_if = "is_default")]
    sent: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    bytes: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    input: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    cached: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    longest: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    grown: (u64, u64),
    #[serde(default, skip_serializing_if = "is_default")]
    is_guess: bool,
}

impl Gauge {
    /// Tokens of a request whose messages have so many bytes.
    pub fn tokens(&self, bytes: u64) -> u64 {
        if self.input == 0 {
            return bytes.div_ceil(BYTES_PER_TOKEN);
        }
        match bytes.checked_sub(self.bytes) {
            Some(more) => self.input.saturating_add(self.worth(more)),
            // Less than before: what stands around the messages stays, and so do the messages that are left.
            None => self.input.saturating_sub(self.worth(self.bytes - bytes)).max(self.worth(bytes)),
        }
    }

    /// Bytes of messages that so many tokens are.
    pub fn bytes_of(&self, tokens: u64) -> u64 {
        let (by_tokens, by_bytes) = self.ratio();
        ratio(tokens, by_bytes, by_tokens.max(1))
    }

    /// Whether a reply has told how many tokens a request had.
    pub fn is_known(&self) -> bool {
        self.input > 0
    }

    /// Tokens that came from a cache the last time, and those that a reply may have.
    pub fn beside(&self, input: u64) -> (u64, u64) {
        (self.cached.min(input), self.longest.max(REPLY_TOKENS))
    }

    /// A request is sent whose messages have so many bytes.
    pub(in crate::domain) fn asked(&mut self, bytes: u64) {
        self.sent = bytes;
    }

    /// The answer tells what it had.
    pub(in crate::domain) fn answered(&mut self, usage: Usage) {
        self.longest = self.longest.max(usage.output);
        if usage.input == 0 || self.sent == 0 {
            return;
        }
        let is_counted = self.input > 0 && !std::mem::take(&mut self.is_guess);
        let more = self.sent.checked_sub(self.bytes).filter(|more| *more > 0 && is_counted);
        if let (Some(bytes), Some(tokens)) = (more, usage.input.checked_sub(self.input)) {
            let (all_tokens, all_bytes) = self.grown;
            self.grown = (all_tokens.saturating_add(tokens), all_bytes.saturating_add(bytes));
            if self.grown.1 > HALVED_AT {
                self.grown = (self.grown.0 / 2, self.grown.1 / 2);
            }
        }
        (self.bytes, self.input, self.cached) = (self.sent, usage.input, usage.cached);
    }

    /// The messages became others, which were not sent yet.
    pub(in crate::domain) fn replaced(&mut self, bytes: u64) {
        if self.input > 0 {
            (self.input, self.bytes, self.is_guess) = (self.tokens(bytes), bytes, true);
        }
        self.cached = 0;
    }

    fn ratio(&self) -> (u64, u64) {
        match self.grown {
            (tokens, bytes) if bytes >= KNOWN_FROM && tokens > 0 => (tokens, bytes),
            _ => (1, BYTES_PER_TOKEN),
        }
    }

    /// What so many bytes are in tokens, by themselves.
    pub fn worth(&self, bytes: u64) -> u64 {
        let (tokens, of) = self.ratio();
        ratio(bytes, tokens, of)
    }
}

fn ratio(of: u64, up: u64, down: u64) -> u64 {
    let wide = (u128::from(of) * u128::from(up)).div_ceil(u128::from(down.max(1)));
    u64::try_from(wide).unwrap_or(u64::MAX)
}

/// Bytes of a message's words, as far as a model reads them.
pub fn weight(message: &Message) -> u64 {
    let bytes = match message {
        Message::System { text } | Message::User { text } => text.len(),
        Message::Assistant { text, reasoning, calls } => {
            let thought = reasoning.as_ref().map_or(0, |thought| {
                let details = thought.details.as_ref().map_or(0, |details| details.to_string().len());
                let echoed = if thought.field.is_empty() { 0 } else { thought.text.len() };
                details + echoed
            });
            let calls: usize = calls.iter().map(|call| call.tool.len() + call.args.len()).sum();
            text.len() + thought + calls
        }
        Message::Tool { text, .. } => text.len(),
    };
    bytes as u64 + AROUND
}

/// Bytes that a message is taken for beside its words: roles, ids and marks are tokens, too.
const AROUND: u64 = 12;
