//! A value that must not be shown: a key, or a header that may hold one.

use std::fmt;

/// Shorter values are not searched for in texts: they would blot out ordinary words.
const SCRUB_LEN_MIN: usize = 6;

/// A secret; printed as `***` whatever the format.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes in a value; blanks around it, such as a newline from a file, are no part of it.
    pub fn new(value: impl AsRef<str>) -> Secret {
        Secret(value.as_ref().trim().to_string())
    }

    /// The value itself, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `text` without the secret: each occurrence becomes `***`.
    pub fn scrub(&self, text: &str) -> String {
        match self.0.len() {
            0..SCRUB_LEN_MIN => text.to_string(),
            _ => text.replace(&self.0, "***"),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
