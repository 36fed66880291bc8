//! An argument of a call, named by its path, and what it is to be: found among arguments of any shape, at any depth.

use crate::domain::pattern::Pattern;
use serde_json::Value;

/// Characters of an argument that a hit keeps.
const FOUND_CHARS: usize = 120;

/// What an argument is to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// This value: as JSON, or as the text of a string.
    Is(String),
    /// A text in which this is found.
    Matches(Pattern),
}

impl Test {
    /// The beginning of the first value at `path` that is so, and where it stands; none where none is.
    pub fn find(&self, args: &Value, path: &str) -> Option<(String, String)> {
        let (text, at) = self.walk(args, path.strip_prefix('/'), String::new())?;
        Some((text.chars().take(FOUND_CHARS).collect(), at))
    }

    fn walk(&self, value: &Value, rest: Option<&str>, at: String) -> Option<(String, String)> {
        let Some(rest) = rest else {
            return self.fits(value).then(|| (plain(value), at));
        };
        let (part, rest) = rest.split_once('/').map_or((rest, None), |(part, rest)| (part, Some(rest)));
        let key = part.replace("~1", "/").replace("~0", "~");
        let below = |name: &str, value: &Value| self.walk(value, rest, format!("{at}/{name}"));
        if let Value::Object(members) = value {
            return match members.get(&key) {
                Some(member) => below(part, member),
                None if part == "*" => {
                    members.iter().find_map(|(name, member)| below(&escaped(name), member))
                }
                None => None,
            };
        }
        let items = value.as_array()?;
        if part == "*" {
            return items.iter().enumerate().find_map(|(i, item)| below(&i.to_string(), item));
        }
        let index = key.parse::<usize>().ok().filter(|index| index.to_string() == key)?; // 00 is no place (RFC 6901)
        items.get(index).and_then(|item| below(part, item))
    }

    fn fits(&self, value: &Value) -> bool {
        match self {
            Test::Is(wanted) => {
                value.as_str() == Some(wanted)
                    || serde_json::from_str::<Value>(wanted).is_ok_and(|json| json == *value)
            }
            Test::Matches(pattern) => pattern.is_found_in(&plain(value)),
        }
    }
}

/// A name as a part of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A string as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}
