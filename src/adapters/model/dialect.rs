//! What one endpoint does not take, learned from its refusals.
//!
//! A request is first made after OpenAI's reference. Where a server answers that it cannot take a part of it, the part is left out from then on
//! and the same request is asked again. Each switch moves one way, so this ends after at most six refusals.

use serde::Deserialize;

/// How requests to one endpoint are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialect {
    /// Replies are streamed.
    pub stream: bool,
    /// Token counts are asked for at the end of a stream (`stream_options.include_usage`).
    pub usage: bool,
    /// Reasoning is sent back in the field it came in.
    pub echo: bool,
    /// A person's message right after results gets a word of the assistant between them (templates of Mistral, Gemma).
    pub bridge: bool,
    /// Ids of calls are nine letters and digits (Mistral).
    pub short_ids: bool,
    /// The length limit is called `max_completion_tokens`, no longer `max_tokens` (newer models of OpenAI).
    pub new_limit_name: bool,
}

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect {
            stream: true,
            usage: true,
            echo: true,
            bridge: false,
            short_ids: false,
            new_limit_name: false,
        }
    }
}

impl Dialect {
    /// What to try instead after a refusal; `None` where the refusal is about something else.
    pub fn relearn(self, status: u16, body: &[u8]) -> Option<Dialect> {
        if !matches!(status, 400 | 422 | 500 | 501) {
            return None;
        }
        let text = String::from_utf8_lossy(body).to_lowercase();
        let says = |word: &str| text.contains(word);
        let turns = ["roles must alternate", "unexpected role 'user' after role 'tool'"];
        if turns.iter().any(|words| says(words)) {
            return (!self.bridge).then_some(Dialect { bridge: true, ..self });
        }
        if says("length of 9") {
            return (!self.short_ids).then_some(Dialect { short_ids: true, ..self });
        }
        if status == 500 {
            return None;
        }
        if says("stream_options") || says("include_usage") {
            return self.usage.then_some(Dialect { usage: false, ..self });
        }
        if says("max_tokens") && says("max_completion_tokens") {
            return (!self.new_limit_name).then_some(Dialect { new_limit_name: true, ..self });
        }
        let fields = ["reasoning_content", "reasoning_details", "thinking_blocks", "extra_content"];
        let asked_for = says("missing") || says("passed back") || says("must be provided");
        if fields.iter().any(|field| says(field)) || says("'reasoning'") || says("\"reasoning") {
            return (self.echo && !asked_for).then_some(Dialect { echo: false, ..self });
        }
        let refusals =
            ["support", "not allowed", "not permitted", "must be false", "disabled", "not implemented"];
        if says("stream") && refusals.iter().any(|word| says(word)) {
            return self.stream.then_some(Dialect { stream: false, usage: false, ..self });
        }
        None
    }
}
