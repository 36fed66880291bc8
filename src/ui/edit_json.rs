//! JSON as it is edited: written so that nothing in it hides, and where each member stands in the text.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::text::{self, Piece};

/// The value on several lines. Characters that hide or pretend are written as `\\uXXXX`: the same value, visible.
pub fn pretty(value: &Value) -> String {
    visible(serde_json::to_string_pretty(value).unwrap_or_default())
}

/// The value as it is edited: as `pretty`, but a line of a text is a line here. `strict` makes JSON of it again.
pub fn open(value: &Value) -> String {
    let plain = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut out = String::with_capacity(plain.len());
    let mut chars = plain.chars();
    while let Some(c) = chars.next() {
        match (c, (c == '\\').then(|| chars.next()).flatten()) {
            ('\\', Some('n')) => out.push('\n'),
            (_, escaped) => {
                out.push(c);
                out.extend(escaped);
            }
        }
    }
    visible(out)
}

/// The value with nothing but ASCII, on several lines: whatever hides in it, it is the same value when it is read again.
pub fn open_ascii(value: &Value) -> String {
    let mut out = String::new();
    for c in serde_json::to_string_pretty(value).unwrap_or_default().chars() {
        if c.is_ascii() { out.push(c) } else { escape(c, &mut out) }
    }
    out
}

/// Times that a text is looked at again: what is made visible may leave a joiner without what it joined.
const LOOKS: usize = 4;

fn visible(plain: String) -> String {
    (0..LOOKS).fold(plain, |text, _| visible_once(text))
}

fn visible_once(plain: String) -> String {
    let safe = |byte| byte == b'\n' || (0x20..0x7F).contains(&byte);
    if plain.bytes().all(safe) && !plain.contains(" \n") {
        return plain;
    }
    let mut out = String::with_capacity(plain.len() + 32);
    for (range, piece) in text::reveal_ranges(&plain) {
        match piece {
            Piece::Plain(part) => out.push_str(&part),
            Piece::Marked(_) => {
                plain.get(range).unwrap_or_default().chars().for_each(|c| escape(c, &mut out))
            }
        }
    }
    out
}

/// A text as edited, made JSON: a line break within quotes is written as `\\n`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strict {
    /// The JSON.
    pub json: String,
    /// Where in it a byte more stands than in the text.
    more: Vec<usize>,
    /// Where in the text a quote opens that nothing closes.
    unclosed: Option<usize>,
}

/// Makes JSON of a text as edited.
pub fn strict(text: &str) -> Strict {
    let mut made = Strict { json: String::with_capacity(text.len()), ..Strict::default() };
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (c, made.unclosed) {
            ('"', None) => made.unclosed = Some(at),
            ('"', Some(_)) if !escaped => made.unclosed = None,
            ('\n', Some(_)) if !escaped => {
                made.json.push('\\');
                made.more.push(made.json.len());
                made.json.push('n');
                continue;
            }
            _ => {} // any other character stands for itself
        }
        escaped = made.unclosed.is_some() && c == '\\' && !escaped;
        made.json.push(c);
    }
    made
}

/// A text that is pasted behind `before`: within quotes, control bytes and what hides is written as JSON writes it. Where
/// the paste begins within quotes, all of it is text: a quote does not end them, and a backslash is one.
pub fn pasted(before: &str, text: &str) -> String {
    let mut quotes = Quotes::default();
    before.chars().for_each(|c| quotes.pass(c));
    let within = quotes.open;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hides = c != '\n' && *text::clean(c.encode_utf8(&mut [0; 4])) != *c.encode_utf8(&mut [0; 4]);
        if quotes.open && quotes.escaped && hides {
            out.push('\\'); // the backslash before it is one, too
            quotes.pass('\\');
        }
        match (quotes.open, hides) {
            (true, true) if c == '\t' => out.push_str("\\t"),
            (true, true) => escape(c, &mut out),
            (true, false) if within && matches!(c, '"' | '\\') && !quotes.escaped => {
                out.extend(['\\', c]);
                continue; // both are passed, and the quotes are as they were
            }
            (_, _) => out.push(c),
        }
        quotes.pass(c);
    }
    out
}

/// Whether a reader of JSON is within quotes.
#[derive(Clone, Copy, Debug, Default)]
struct Quotes {
    open: bool,
    escaped: bool,
}

impl Quotes {
    fn pass(&mut self, c: char) {
        match c {
            '"' if !self.escaped => (self.open, self.escaped) = (!self.open, false),
            '\\' if self.open => self.escaped = !self.escaped,
            _ => self.escaped = false, // any other character stands for itself
        }
    }
}

/// The value that a text as edited says.
pub fn read(text: &str) -> Option<Value> {
    serde_json::from_str(&strict(text).json).ok()
}

impl Strict {
    /// Where in the text, in bytes, the parser's fault is.
    pub fn place(&self, error: &serde_json::Error) -> usize {
        if let Some(open) = self.unclosed.filter(|_| error.is_eof()) {
            return open;
        }
        let lines = self.json.split_inclusive('\n');
        let before: usize = lines.take(error.line().saturating_sub(1)).map(str::len).sum();
        let at = before + error.column().saturating_sub(1);
        at - self.more.partition_point(|more| *more <= at)
    }
}

fn escape(c: char, out: &mut String) {
    let mut units = [0; 2];
    for unit in c.encode_utf16(&mut units) {
        out.push_str(&format!("\\u{unit:04x}"));
    }
}

/// What the parser says, and in which column as people count; the line is shown beside it.
pub fn sentence(error: &serde_json::Error, column: usize) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or("this is not JSON");
    format!("not JSON: {what} (column {column})")
}

/// Where the members of a JSON text stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    at: BTreeMap<String, usize>,
    /// Members that an object has twice, as JSON pointers.
    pub twice: Vec<String>,
    /// Numbers that would not be run as they are written: the line, as written, as run.
    pub inexact: Vec<(usize, String, String)>,
}

impl Lines {
    /// The line of a JSON pointer, from 0; for a member that is missing, that of what should hold it.
    pub fn line_of(&self, pointer: &str) -> usize {
        let mut pointer = pointer;
        loop {
            if let Some(line) = self.at.get(pointer) {
                return *line;
            }
            match pointer.rfind('/') {
                Some(cut) => pointer = pointer.get(..cut).unwrap_or_default(),
                None => return 0,
            }
        }
    }
}

/// Finds the members of a text, as it is edited, that is valid JSON.
pub fn lines(text: &str) -> Lines {
    let mut found = Lines::default();
    let mut reader = Reader { bytes: text.as_bytes(), at: 0, line: 0 };
    reader.value(String::new(), &mut found);
    found
}

/// A number as its digits without zeros at either end, its sign, and the power of ten of its last digit.
fn decimal(number: &str) -> (bool, String, i64) {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, part) = mantissa.trim_start_matches('-').split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{}{part}", whole.trim_start_matches('-'));
    let kept = digits.trim_end_matches('0');
    let zeros = i64::try_from(digits.len() - kept.len()).unwrap_or(i64::MAX);
    let kept = kept.trim_start_matches('0');
    if kept.is_empty() {
        return (false, String::new(), 0);
    }
    let power = exponent.parse::<i64>().unwrap_or(i64::MAX);
    let behind = i64::try_from(part.len()).unwrap_or(i64::MAX);
    (mantissa.starts_with('-'), kept.to_string(), power.saturating_sub(behind).saturating_add(zeros))
}

/// A walk over valid JSON; on anything else it just ends.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

impl Reader<'_> {
    fn value(&mut self, pointer: String, found: &mut Lines) {
        self.blanks();
        found.at.entry(pointer.clone()).or_insert(self.line);
        match self.bytes.get(self.at) {
            Some(b'{') => self.items(b'}', &pointer, found, true),
            Some(b'[') => self.items(b']', &pointer, found, false),
            Some(b'"') => {
                self.string();
            }
            Some(_) => {
                let start = self.at;
                while self.bytes.get(self.at).is_some_and(|b| !b",]} \n\r\t".contains(b)) {
                    self.at += 1;
                }
                let written = self.bytes.get(start..self.at).and_then(|token| str::from_utf8(token).ok());
                let kept = written.and_then(|token| token.parse::<serde_json::Number>().ok());
                if let (Some(written), Some(kept)) = (written, kept.map(|kept| kept.to_string()))
                    && decimal(written) != decimal(&kept)
                {
                    found.inexact.push((self.line, written.to_string(), kept));
                }
            }
            None => {}
        }
    }

    fn items(&mut self, close: u8, pointer: &str, found: &mut Lines, keyed: bool) {
        self.at += 1;
        let mut index = 0;
        loop {
            self.blanks();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(byte) if *byte == close => {
                    self.at += 1;
                    return;
                }
                None => return,
                Some(_) => {
                    let before = self.at;
                    let member = if keyed { self.key(pointer, found) } else { format!("{pointer}/{index}") };
                    index += 1;
                    self.value(member, found);
                    if self.at == before {
                        return; // not JSON after all
                    }
                }
            }
        }
    }

    /// Reads `"key":` and answers the member's pointer.
    fn key(&mut self, pointer: &str, found: &mut Lines) -> String {
        let line = self.line;
        let raw = self.string();
        let key: String = serde_json::from_str(&strict(&raw).json).unwrap_or(raw);
        let member = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
        if found.at.insert(member.clone(), line).is_some() {
            found.twice.push(member.clone());
        }
        self.blanks();
        if self.bytes.get(self.at) == Some(&b':') {
            self.at += 1;
        }
        member
    }

    fn string(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += match byte {
                b'\\' => 2,
                _ => 1, // any other byte of a string
            };
            self.line += usize::from(*byte == b'\n');
            if *byte == b'"' {
                break;
            }
        }
        self.at = self.at.min(self.bytes.len());
        String::from_utf8_lossy(&self.bytes[start.min(self.at)..self.at]).into_owned()
    }

    fn blanks(&mut self) {
        while let Some(byte) = self.bytes.get(self.at).filter(|byte| byte.is_ascii_whitespace()) {
            self.line += usize::from(*byte == b'\n');
            self.at += 1;
        }
    }
}
