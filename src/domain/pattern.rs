//! Regular expressions, bounded: checked when typed, and matched in time that grows with the text alone.

use regex::{Regex, RegexBuilder};

/// The longest pattern taken, in bytes.
const BYTES_MAX: usize = 1_000;
/// The most memory that a compiled pattern may take, in bytes.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// A regular expression that is found anywhere in a text, unless it says `^` or `$`.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Pattern {
    /// Reads a pattern; says in a few words what is wrong with one that cannot be read.
    pub fn new(text: &str) -> Result<Pattern, String> {
        if text.len() > BYTES_MAX {
            return Err(format!("it is longer than {BYTES_MAX} bytes"));
        }
        let made = RegexBuilder::new(text).size_limit(COMPILED_BYTES_MAX).build();
        made.map(Pattern).map_err(|error| {
            if let regex::Error::CompiledTooBig(_) = error {
                return "it would grow too large".to_string();
            }
            let text = error.to_string(); // the last line says what, those before draw where
            let last = text.lines().last().unwrap_or_default();
            last.trim().trim_start_matches("error: ").to_string()
        })
    }

    /// Whether it is found in the text.
    pub fn is_found_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}
