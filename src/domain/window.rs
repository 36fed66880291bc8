//! How much a model reads at once, and from when on a conversation is made shorter: as written down when a run begins.

use crate::domain::budget::is_default;
use serde::{Deserialize, Serialize};

/// Tokens that a model reads at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The model, as it is asked; empty for any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// The tokens, those of its reply among them.
    pub tokens: u64,
}

/// When a conversation is made shorter. The default is that of a run which was begun before there was any such thing: never.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextRule {
    /// What is known of the models that may be asked, the first one's first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// From so many percent of the window on; 0 is not ahead of need.
    #[serde(default, skip_serializing_if = "is_default")]
    pub at: u8,
    /// To so many percent of it; 0 is never at all.
    #[serde(default, skip_serializing_if = "is_default")]
    pub to: u8,
}

/// The mark after which a conversation is made shorter, in percent, where nothing else is configured.
pub const COMPACT_AT: u8 = 80;
/// What it is brought to.
const COMPACT_TO: u8 = 60;
/// The mark once an operator has taken a summary back.
pub const AT_LAST: u8 = 95;

impl ContextRule {
    /// From `at` percent on; 0 is only where a request did not fit, and then a person is asked.
    pub fn from_mark(at: u8) -> ContextRule {
        ContextRule { windows: Vec::new(), at, to: if at == 0 { COMPACT_TO } else { COMPACT_TO.min(at) } }
    }

    /// Whether a conversation that does not fit is anything but the end of its run.
    pub fn is_on(&self) -> bool {
        self.to > 0
    }

    /// What a model reads at once, where that is known.
    pub fn window(&self, model: &str) -> Option<u64> {
        let of = |wanted: &str| self.windows.iter().find(|one| one.model == wanted).map(|one| one.tokens);
        of(model).or_else(|| of(""))
    }
}

/// A share of a window in percent, rounded down.
pub fn percent(tokens: u64, window: u64) -> u64 {
    u64::try_from(u128::from(tokens) * 100 / u128::from(window.max(1))).unwrap_or(u64::MAX)
}

/// So many percent of a window.
pub fn share(window: u64, percent: u8) -> u64 {
    u64::try_from(u128::from(window) * u128::from(percent) / 100).unwrap_or(u64::MAX)
}

/// No window is smaller or larger: another figure in a server's words is that of something else.
const TOLD: std::ops::RangeInclusive<u64> = 256..=100_000_000;
/// What stands before the figure of a window in the words of servers, and what behind it.
const BEFORE: [&str; 10] = [
    "maximum context length is",
    "maximum context length of",
    "maximum prompt length is",
    "maximum number of tokens allowed",
    "context length of only",
    "context window of",
    "context size of",
    "available context size",
    "context length is",
    "maximum context length",
];
const BEHIND: [&str; 3] = ["maximum", "token limit", "tokens limit"];

/// The window that a server names where a request did not fit: `maximum context length is 8192 tokens`.
pub fn told(words: &str) -> Option<u64> {
    let low = words.to_lowercase();
    let before = BEFORE.iter().find_map(|phrase| {
        let (_, rest) = low.split_once(phrase)?;
        first_number(rest).filter(|tokens| TOLD.contains(tokens))
    });
    // `prompt is too long: 210012 tokens > 200000 maximum`; `input length and max_tokens exceed context limit: 190000 + 32000 > 200000`
    let above = || low.rsplit_once('>').and_then(|(_, rest)| first_number(rest));
    let behind = || {
        BEHIND.iter().find_map(|phrase| {
            let (rest, _) = low.split_once(phrase)?;
            let rest = rest.trim_end();
            let digits = rest.len() - rest.bytes().rev().take_while(|byte| is_figure(*byte)).count();
            first_number(rest.get(digits..)?)
        })
    };
    let over = low.contains('>').then(above).flatten();
    over.or(before).or_else(behind).filter(|tokens| TOLD.contains(tokens))
}

fn is_figure(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b',' || byte == b'_'
}

/// The first number in a text, if it comes soon.
fn first_number(text: &str) -> Option<u64> {
    let from = text.bytes().take(40).position(|byte| byte.is_ascii_digit())?;
    let rest = text.get(from..)?;
    let to = rest.bytes().position(|byte| !is_figure(byte)).unwrap_or(rest.len());
    rest.get(..to)?.replace([',', '_'], "").parse().ok()
}
