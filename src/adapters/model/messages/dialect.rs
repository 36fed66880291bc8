//! What one endpoint does not take of Messages, learned from its refusals or known of its provider.

use serde::Deserialize;

/// How requests to one endpoint are written. Each switch moves one way, so learning ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MessagesDialect {
    /// Replies are streamed.
    pub stream: bool,
    /// Signed thoughts are sent back.
    pub echo: bool,
    /// What is to be cached is marked.
    pub cache: bool,
    /// The operator's wish for thoughts (`thinking`) is sent.
    pub thinking: bool,
    /// Tokens of a reply that the model can give.
    pub max_tokens: u32,
}

impl Default for MessagesDialect {
    fn default() -> MessagesDialect {
        MessagesDialect { stream: true, echo: true, cache: true, thinking: true, max_tokens: u32::MAX }
    }
}

impl MessagesDialect {
    /// What to try instead after a refusal; `None` where the refusal is about something else.
    pub fn relearn(self, status: u16, body: &[u8]) -> Option<MessagesDialect> {
        if !matches!(status, 400 | 422 | 501) {
            return None;
        }
        let text = String::from_utf8_lossy(body).to_lowercase();
        let says = |word: &str| text.contains(word);
        if says("max_tokens") && says("maximum") {
            // "max_tokens: 32000 > 8192, which is the maximum allowed number of output tokens for …"
            let limit: u32 =
                text.split("> ").nth(1)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
            let less = limit > 0 && limit < self.max_tokens;
            return less.then_some(MessagesDialect { max_tokens: limit, ..self });
        }
        if says("cache_control") {
            return self.cache.then_some(MessagesDialect { cache: false, ..self });
        }
        if says("thinking") {
            let blocks = ["signature", "cannot be modified", "redacted_thinking", "thinking block"];
            let wanted = says("expected `thinking`") || says("must start with a thinking block");
            return match blocks.iter().any(|word| says(word)) && !wanted {
                true => self.echo.then_some(MessagesDialect { echo: false, ..self }),
                false => self.thinking.then_some(MessagesDialect { thinking: false, ..self }),
            };
        }
        let refusals = ["support", "not allowed", "must be false", "disabled", "not implemented"];
        if says("stream") && refusals.iter().any(|word| says(word)) {
            return self.stream.then_some(MessagesDialect { stream: false, ..self });
        }
        None
    }
}
