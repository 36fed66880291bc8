//! Which calls a lease covers: one line for each argument, exact where the operator did not widen it.
//!
//! ```text
//! argv starts ["cargo","test"]      these words first, then others that stay in the workspace
//! path below docs                   a file below that folder
//! timeout_s is 60                   exactly that
//! content hash 5f3a…                exactly what has that hash
//! content any                       whatever it is, as long as nothing is touched by it
//! ```

use crate::domain::canon::canonical;
use crate::domain::hash::Hash;
use crate::domain::lexical::{Placed, place};
use crate::domain::text::reveal_plain;
use serde_json::Value;
use std::fmt;

/// Lines of a pattern, and bytes of its text, at most.
pub const LINES_MAX: usize = 64;
/// Bytes of a pattern's text at most.
pub const BYTES_MAX: usize = 16 * 1024;
/// A text longer than this, or with lines, is pinned by its hash: nobody reads it in a line.
const TEXT_MAX: usize = 200;
/// The same for any other value, in bytes of its canonical form.
const VALUE_MAX: usize = 2_000;

/// What an argument must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Want {
    /// Exactly this.
    Is(Value),
    /// Exactly what has this hash, over its canonical form.
    Hash(Hash),
    /// The words of a command, these first.
    Starts(Vec<String>),
    /// The path of a file that is changed, below this folder of the workspace.
    Below(String),
    /// Anything that touches nothing.
    Any,
}

/// One argument of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The argument.
    pub name: String,
    /// What it must be.
    pub want: Want,
}

/// What the arguments of a call must be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pattern {
    /// Each argument once.
    pub lines: Vec<Line>,
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Which, from 0.
    pub line: usize,
    /// What is wrong with it, and what to write.
    pub why: String,
}

impl Line {
    /// Whether it lets one value through and no other.
    pub fn is_exact(&self) -> bool {
        match self.want {
            Want::Is(_) | Want::Hash(_) => true,
            Want::Starts(_) | Want::Below(_) | Want::Any => false,
        }
    }

    /// Reads a line.
    pub fn parse(text: &str) -> Result<Line, String> {
        let (name, rest) = named(text.trim())?;
        let (word, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let value = value.trim();
        let want = match word {
            "is" => Want::Is(json(value)?),
            "hash" => Want::Hash(Hash::parse(value).ok_or("`hash` wants 64 hexadecimal digits")?),
            "starts" => Want::Starts(words(value)?),
            "below" => Want::Below(folder(value)?),
            "any" if value.is_empty() => Want::Any,
            "any" => return Err("nothing follows `any`".to_string()),
            _ => return Err(format!("after {name} comes one of: is, hash, starts, below, any")),
        };
        Ok(Line { name, want })
    }
}

/// The argument's name and what follows it: a plain word, or a JSON text.
fn named(text: &str) -> Result<(String, &str), String> {
    if !text.starts_with('"') {
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        return Ok((name.to_string(), rest.trim_start()));
    }
    let mut texts = serde_json::Deserializer::from_str(text).into_iter::<String>();
    match texts.next() {
        Some(Ok(name)) => {
            let rest = text.get(texts.byte_offset()..).unwrap_or_default();
            Ok((name, rest.trim_start()))
        }
        Some(Err(_)) | None => Err("the name within quotes is no JSON text".to_string()),
    }
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("what follows `is` is not JSON: {error}"))
}

/// The first words of a command.
fn words(text: &str) -> Result<Vec<String>, String> {
    let read: Result<Vec<String>, _> = serde_json::from_str(text);
    let words = read.map_err(|_| "`starts` wants words such as [\"cargo\",\"test\"]".to_string())?;
    match words.first() {
        Some(program) if !program.is_empty() => Ok(words),
        Some(_) | None => Err("`starts` wants the program's name first".to_string()),
    }
}

/// A folder of the workspace, in its one form.
fn folder(text: &str) -> Result<String, String> {
    let path = match text.starts_with('"') {
        true => serde_json::from_str(text).map_err(|_| "the folder within quotes is no JSON text")?,
        false => text.to_string(),
    };
    if !plain(&path) || path.split('/').any(|part| part == "..") {
        return Err("`below` wants a folder of the workspace, such as docs, and no `..`".to_string());
    }
    match place("/w", &path) {
        Placed::Inside(inside) if !path.starts_with('/') => Ok(inside),
        Placed::Inside(_) | Placed::Outside(_) | Placed::Nowhere => {
            Err("`below` wants a folder of the workspace, told from it, such as docs".to_string())
        }
    }
}

/// Whether a text is what it looks like, in one line.
pub(in crate::domain) fn plain(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control) && reveal_plain(text) == text
}

impl Pattern {
    /// The pattern that covers exactly these arguments; none where they are no object.
    pub fn narrow(args: &Value) -> Option<Pattern> {
        let line = |(name, value): (&String, &Value)| {
            let long = match value {
                Value::String(text) => text.len() > TEXT_MAX || text.contains('\n'),
                Value::Null | Value::Bool(_) | Value::Number(_) => false,
                Value::Array(_) | Value::Object(_) => canonical(value).len() > VALUE_MAX,
            };
            let want = match long {
                true => Want::Hash(hash_of(value)),
                false => Want::Is(value.clone()),
            };
            Line { name: name.clone(), want }
        };
        Some(Pattern { lines: args.as_object()?.iter().map(line).collect() })
    }

    /// Reads a pattern, one line for each argument.
    pub fn parse(text: &str) -> Result<Pattern, BadLine> {
        let mut pattern = Pattern::default();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            pattern.add(line).map_err(|why| BadLine { line: at, why })?;
        }
        Ok(pattern)
    }

    /// Takes in one line more.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let line = Line::parse(text)?;
        if self.lines.iter().any(|one| one.name == line.name) {
            return Err(format!("{} is there twice", line.name));
        }
        if self.lines.len() >= LINES_MAX || text.len() > BYTES_MAX {
            return Err("the pattern is too long".to_string());
        }
        self.lines.push(line);
        Ok(())
    }

    /// Whether it lets one call through and no other.
    pub fn is_exact(&self) -> bool {
        self.lines.iter().all(Line::is_exact)
    }
}

/// What pins a value that is too long for a line.
pub(in crate::domain) fn hash_of(value: &Value) -> Hash {
    Hash::of(canonical(value).as_bytes())
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.lines.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            line.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        match !self.name.is_empty() && self.name.chars().all(bare) {
            true => f.write_str(&self.name)?,
            false => f.write_str(&shown(&Value::from(self.name.as_str())))?,
        }
        match &self.want {
            Want::Is(value) => write!(f, " is {}", shown(value)),
            Want::Hash(hash) => write!(f, " hash {hash}"),
            Want::Starts(words) => write!(f, " starts {}", shown(&Value::from(words.clone()))),
            Want::Below(folder) if folder.contains([' ', '"']) => {
                write!(f, " below {}", shown(&Value::from(folder.as_str())))
            }
            Want::Below(folder) => write!(f, " below {folder}"),
            Want::Any => f.write_str(" any"),
        }
    }
}

/// A value as JSON in one line; where something in it hides or pretends, with ASCII alone.
fn shown(value: &Value) -> String {
    let text = canonical(value);
    if plain(&text) {
        return text;
    }
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_control() {
            ascii.push(c);
        } else {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| ascii.push_str(&format!("\\u{unit:04x}")));
        }
    }
    ascii
}
