//! A file cut into its rules, each with the line it begins at: the engine numbers rules and forgets where they stood.
//!
//! The engine reads and checks a rule by recursion, and anybody's folder may hold rules: one that is too deep would end the
//! whole process, so it is refused before the engine sees it.

/// The longest rule, in bytes.
const RULE_MAX: usize = 64 * 1024;
/// Brackets within brackets.
const NESTED_MAX: usize = 32;
/// Conditions, choices and sums that are joined in one rule: each is one level deeper.
const JOINED_MAX: usize = 256;
/// Names in a row, such as `a.b.c`.
const CHAIN_MAX: usize = 16;

/// One rule of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// From its first word to its semicolon.
    pub(super) text: &'a str,
    /// The line of its first word.
    pub(super) line: usize,
}

/// The rules of a file, and whatever is left after the last.
pub(super) fn split(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut begin, mut line, mut first_line) = (None, 1, 1);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' => line += 1,
            '/' if chars.peek().is_some_and(|(_, next)| *next == '/') => {
                while chars.next_if(|(_, c)| *c != '\n').is_some() {}
                continue;
            }
            '"' => {
                if begin.is_none() {
                    (begin, first_line) = (Some(at), line);
                }
                let mut escaped = false;
                for (_, c) in chars.by_ref() {
                    line += usize::from(c == '\n');
                    match (escaped, c) {
                        (false, '"') => break,
                        (false, '\\') => escaped = true,
                        _ => escaped = false,
                    }
                }
            }
            ';' => {
                let from = begin.take().unwrap_or(at);
                let line = if from == at { line } else { first_line };
                pieces.push(Piece { text: text.get(from..=at).unwrap_or_default(), line });
            }
            c if !c.is_whitespace() && begin.is_none() => (begin, first_line) = (Some(at), line),
            _ => {}
        }
    }
    if let Some(from) = begin {
        pieces.push(Piece { text: text.get(from..).unwrap_or_default(), line: first_line });
    }
    pieces
}

/// Why a rule is not handed to the engine, and where in it.
pub(super) fn too_deep(text: &str) -> Option<(usize, String)> {
    if text.len() > RULE_MAX {
        return Some((0, format!("a rule is at most {} KiB long", RULE_MAX / 1024)));
    }
    let (mut nested, mut joined, mut chain) = (0_usize, 0, 0);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '/' if chars.peek().is_some_and(|(_, next)| *next == '/') => {
                while chars.next_if(|(_, c)| *c != '\n').is_some() {}
            }
            '"' => {
                let mut escaped = false;
                for (_, c) in chars.by_ref() {
                    match (escaped, c) {
                        (false, '"') => break,
                        (false, '\\') => escaped = true,
                        _ => escaped = false,
                    }
                }
            }
            '(' | '[' | '{' => (nested, chain) = (nested + 1, chain + usize::from(c == '[')),
            ')' | ']' | '}' => nested = nested.saturating_sub(1),
            '&' | '|' | '+' | '-' | '*' | '!' | '<' | '>' | '=' => (joined, chain) = (joined + 1, 0),
            ',' | ';' => chain = 0,
            '.' => chain += 1,
            // `if`, `then`, `else`, `like`, `has`, `is` and `in` are words between blanks or brackets.
            c if c.is_ascii_alphabetic() => {
                let rest = text.get(at..).unwrap_or_default();
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                joined += usize::from(matches!(&rest[..end], "if" | "else" | "has" | "is" | "in" | "like"));
                while chars.next_if(|(next, _)| *next < at + end).is_some() {}
            }
            _ => {}
        }
        // `&&` and `==` count twice.
        let over = [
            (nested, NESTED_MAX, "brackets in brackets"),
            (joined, 2 * JOINED_MAX, "joined conditions"),
            (chain, CHAIN_MAX, "names in a row"),
        ];
        if let Some((_, most, what)) = over.into_iter().find(|(count, most, _)| count > most) {
            let most = if what == "joined conditions" { most / 2 } else { most };
            return Some((at, format!("it is too deep: at most {most} {what}; cut it into several rules")));
        }
    }
    None
}

/// The line of a place in a text that begins at `line`.
pub(super) fn line_at(text: &str, line: usize, offset: usize) -> usize {
    line + text.get(..offset).unwrap_or(text).matches('\n').count()
}
