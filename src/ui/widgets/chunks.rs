//! A growing Markdown text cut into chunks, line by line; a chunk once finished never changes.
//!
//! A line machine, so that the same text gives the same chunks in whatever portions it came. It follows CommonMark for
//! what agents write, and bounds the rest: no chunk but a paragraph or a code block grows without end.

use std::ops::Range;

/// Bytes of a line that decide what the line is.
pub const HEAD: usize = 256;
/// Bytes after which a line without end is taken as more than one.
const LINE_MAX: usize = 4_096;
/// Bytes after which a list ends at its next item.
const LIST_MAX: usize = 1_024;
/// Bytes after which any chunk that is laid out as a whole ends.
const CHUNK_MAX: usize = 32_768;

/// What a chunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A paragraph; may be endless.
    Para,
    /// A fenced code block; may be endless. `closed` when its end fence is part of it.
    Fence {
        /// Sign of the fence.
        mark: u8,
        /// Number of signs.
        len: usize,
        /// Columns before the fence.
        indent: usize,
        /// Whether the chunk ends with the closing fence.
        closed: bool,
    },
    /// Heading, rule or setext heading.
    Single,
    /// A list with all in it.
    List,
    /// Indented code.
    Indented,
    /// Quotation or table.
    Block,
    /// Raw HTML.
    Html,
}

/// A finished stretch of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// What it is.
    pub kind: Kind,
    /// Its bytes.
    pub range: Range<usize>,
    /// Whether a line is left free before it.
    pub gap: bool,
}

/// What a line is, taken alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Blank,
    Fence { mark: u8, len: usize, indent: usize },
    Heading,
    Rule,
    Under { rule: bool },
    Marker { interrupts: bool },
    Block,
    Html,
    Indented,
    Text { pipe: bool },
}

#[derive(Clone, Debug)]
struct Open {
    kind: Kind,
    start: usize,
    gap: bool,
    lines: usize,
    first_len: usize,
}

/// The line machine.
#[derive(Clone, Debug, Default)]
pub struct Chunker {
    /// Chunks finished since they were last taken.
    pub done: Vec<Chunk>,
    at: usize,
    open: Option<Open>,
    blank: bool,
    continued: bool,
    before: Option<Kind>,
}

impl Chunker {
    /// Reads what is complete of `text`, of which `scanned` bytes were there at the last call.
    pub fn feed(&mut self, text: &str, scanned: usize) {
        let mut from = scanned.max(self.at);
        while let Some((end, is_whole)) = line_end(text, self.at, from) {
            self.line(text, end, is_whole);
            from = end;
        }
    }

    /// The chunks of what is not finished yet, as if the text ended here.
    pub fn tail(&self, text: &str) -> Vec<Chunk> {
        let mut machine = Chunker { done: Vec::new(), open: self.open.clone(), ..*self };
        machine.finish(text);
        machine.done
    }

    /// Ends the text: what is open is finished. More text begins a new chunk.
    pub fn finish(&mut self, text: &str) {
        if self.at < text.len() {
            self.line(text, text.len(), true);
        }
        self.close(text.len());
    }

    /// Where a paragraph is open that can only grow: its start, whether a line is left free before it, and the byte up
    /// to which the text is surely its own.
    pub fn open_paragraph(&self, text: &str) -> Option<(usize, bool, usize)> {
        let partial = &text[self.at..];
        let is_long = partial.len() > HEAD;
        let Some(open) = &self.open else {
            let begins = is_long && class(partial, false) == (Class::Text { pipe: false });
            return begins.then(|| (self.at, self.gap_before(Kind::Para), text.len()));
        };
        if open.kind != Kind::Para {
            return None;
        }
        let is_text =
            matches!(class(partial, self.continued), Class::Text { .. } | Class::Indented | Class::Html);
        if is_text && (self.continued || is_long || is_plain_start(partial)) {
            return Some((open.start, open.gap, text.len()));
        }
        // A second line could still make the first one a heading.
        let is_settled = open.lines >= 2 || open.first_len >= HEAD;
        is_settled.then_some((open.start, open.gap, self.at))
    }

    /// Where a code block is open: its chunk up to the last finished line.
    pub fn open_fence(&self) -> Option<Chunk> {
        let open = self.open.as_ref().filter(|open| matches!(open.kind, Kind::Fence { .. }))?;
        Some(Chunk { kind: open.kind, range: open.start..self.at, gap: open.gap })
    }

    fn line(&mut self, text: &str, end: usize, is_whole: bool) {
        let line = &text[self.at..end];
        let continued = std::mem::replace(&mut self.continued, !is_whole);
        let class = class(line, continued);
        let start = self.at;
        self.take(class, start, line, continued, end);
        self.at = end;
        self.blank = class == Class::Blank;
        if let Some(open) = &mut self.open {
            open.lines += usize::from(is_whole);
            if open.start == start {
                open.first_len = line.len();
            }
        }
    }

    fn take(&mut self, class: Class, start: usize, line: &str, continued: bool, end: usize) {
        let Some(open) = &mut self.open else { return self.open_with(class, start, end) };
        let size = start - open.start;
        let indent = indent(line);
        let stays = match open.kind {
            Kind::Fence { mark, len, .. } => {
                let closes = matches!(class, Class::Fence { mark: m, len: n, .. } if m == mark && n >= len)
                    && !continued
                    && line.trim().bytes().all(|b| b == mark);
                if closes {
                    if let Kind::Fence { closed, .. } = &mut open.kind {
                        *closed = true;
                    }
                    return self.close(end);
                }
                true
            }
            Kind::Para => match class {
                Class::Under { .. } if open.lines == 1 && open.first_len < HEAD => {
                    open.kind = Kind::Single;
                    return self.close(end);
                }
                Class::Under { rule } => !rule,
                Class::Text { .. } | Class::Indented | Class::Html => true,
                Class::Marker { interrupts } => !interrupts,
                Class::Blank | Class::Fence { .. } | Class::Heading | Class::Rule | Class::Block => false,
            },
            Kind::List if class == Class::Blank => true,
            Kind::List if size >= CHUNK_MAX || continued => false,
            Kind::List => match class {
                Class::Marker { .. } => size < LIST_MAX || indent >= 2,
                Class::Text { .. } | Class::Html | Class::Under { rule: false } => indent >= 2 || !self.blank,
                Class::Under { rule: true } | Class::Fence { .. } | Class::Heading | Class::Rule => {
                    indent >= 2
                }
                Class::Blank | Class::Block | Class::Indented => indent >= 2,
            },
            Kind::Indented => {
                matches!(class, Class::Blank | Class::Indented) && size < CHUNK_MAX && !continued
            }
            Kind::Block => {
                let ends = matches!(
                    class,
                    Class::Blank | Class::Fence { .. } | Class::Heading | Class::Marker { interrupts: true }
                );
                !ends && size < CHUNK_MAX && !continued
            }
            Kind::Html => class != Class::Blank && size < CHUNK_MAX && !continued,
            Kind::Single => false,
        };
        if !stays {
            self.close(start);
            self.open_with(class, start, end);
        }
    }

    fn open_with(&mut self, class: Class, start: usize, end: usize) {
        let kind = match class {
            Class::Blank => return,
            Class::Fence { mark, len, indent } => Kind::Fence { mark, len, indent, closed: false },
            Class::Heading | Class::Rule | Class::Under { rule: true } => Kind::Single,
            Class::Marker { .. } => Kind::List,
            Class::Block | Class::Text { pipe: true } => Kind::Block,
            Class::Html => Kind::Html,
            Class::Indented => Kind::Indented,
            Class::Under { rule: false } | Class::Text { pipe: false } => Kind::Para,
        };
        let gap = self.gap_before(kind);
        self.open = Some(Open { kind, start, gap, lines: 0, first_len: 0 });
        if kind == Kind::Single {
            self.close(end);
        }
    }

    fn gap_before(&self, kind: Kind) -> bool {
        let apart = |kind: Kind| match kind {
            Kind::Para | Kind::List => false,
            Kind::Fence { .. } | Kind::Single | Kind::Indented | Kind::Block | Kind::Html => true,
        };
        self.before.is_some_and(|before| self.blank || (before != kind && (apart(before) || apart(kind))))
    }

    fn close(&mut self, end: usize) {
        if let Some(open) = self.open.take() {
            self.before = Some(open.kind);
            self.done.push(Chunk { kind: open.kind, range: open.start..end, gap: open.gap });
        }
    }
}

/// The end of the line that begins at `start`, its newline included, and whether it ends there; a line that is too long
/// is cut. None if the end has not come yet. Nothing before `from` need be searched.
pub fn line_end(text: &str, start: usize, from: usize) -> Option<(usize, bool)> {
    let limit = start + LINE_MAX;
    let window = text.as_bytes().get(from..limit.min(text.len()))?;
    match window.iter().position(|b| *b == b'\n') {
        Some(at) => Some((from + at + 1, true)),
        None if text.len() > limit => Some((long_end(text, start, limit), false)),
        None => None,
    }
}

/// The end of the first part of a line that is too long: after a blank if there is one in its second half. So the part
/// is always longer than a line's head.
fn long_end(text: &str, start: usize, limit: usize) -> usize {
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[start..end].rfind(' ').filter(|at| *at >= LINE_MAX / 2).map_or(end, |at| start + at + 1)
}

/// Whether the line is text whatever follows, told by its first letter.
fn is_plain_start(line: &str) -> bool {
    line.trim_start_matches([' ', '\t']).chars().next().is_some_and(|c| c.is_alphabetic() || !c.is_ascii())
}

fn indent(line: &str) -> usize {
    let mut columns = 0;
    for b in line.bytes() {
        match b {
            b' ' => columns += 1,
            b'\t' => columns += 4 - columns % 4,
            _ => break,
        }
    }
    columns
}

fn is_rule(line: &str) -> bool {
    let Some(mark) = line.bytes().next().filter(|b| matches!(b, b'-' | b'*' | b'_')) else { return false };
    line.bytes().filter(|b| *b == mark).count() >= 3
        && line.bytes().all(|b| b == mark || b == b' ' || b == b'\t')
}

fn class(line: &str, continued: bool) -> Class {
    let mut cut = line.len().min(HEAD);
    while !line.is_char_boundary(cut) {
        cut -= 1;
    }
    let is_short = cut == line.len();
    let head = line[..cut].trim_end_matches('\n');
    let body = head.trim_start_matches([' ', '\t']);
    if body.trim_end().is_empty() && is_short {
        return Class::Blank;
    }
    if continued {
        return Class::Text { pipe: false };
    }
    let indent = indent(head);
    if indent >= 4 {
        return Class::Indented;
    }
    let first = body.bytes().next().unwrap_or(b' ');
    if !first.is_ascii() {
        return Class::Text { pipe: body.contains('|') };
    }
    let run = body.bytes().take_while(|b| *b == first).count();
    let after = body[run.min(body.len())..].bytes().next();
    let ends = after.is_none_or(|b| b == b' ' || b == b'\t');
    let text = Class::Text { pipe: body.contains('|') };
    match first {
        b'`' if run >= 3 && !body[run..].contains('`') => Class::Fence { mark: first, len: run, indent },
        b'~' if run >= 3 => Class::Fence { mark: first, len: run, indent },
        b'#' if run <= 6 && ends => Class::Heading,
        b'=' | b'-' if is_short && run == body.trim_end().len() && (run >= 2 || first == b'=') => {
            Class::Under { rule: first == b'-' && run >= 3 }
        }
        b'-' | b'*' | b'_' if is_short && is_rule(body) => Class::Rule,
        b'-' | b'*' | b'+' if run == 1 && ends => marker(&body[1..], true, text),
        b'0'..=b'9' => {
            let digits = body.bytes().take_while(u8::is_ascii_digit).count();
            match body.as_bytes().get(digits) {
                Some(b'.' | b')') if digits <= 9 => marker(&body[digits + 1..], &body[..digits] == "1", text),
                Some(_) | None => text,
            }
        }
        b'>' | b'|' => Class::Block,
        b'<' if body[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)) => Class::Html,
        _ => text,
    }
}

fn marker(rest: &str, interrupts: bool, text: Class) -> Class {
    match rest.bytes().next() {
        None => Class::Marker { interrupts: false },
        Some(b' ' | b'\t') => Class::Marker { interrupts: interrupts && !rest.trim().is_empty() },
        Some(_) => text,
    }
}
