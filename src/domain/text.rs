//! Foreign text is data: how text from models, tools and files is cleaned, revealed, measured and wrapped.
//!
//! `clean` is for reading, `reveal` for deciding. Neither loses anything a person could miss: what a terminal would
//! act on, or would not draw, becomes visible. Nothing here knows about colours or the terminal.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::domain::letters;

/// Columns between tab stops.
const TAB: usize = 4;

/// One stretch of revealed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text that is what it looks like.
    Plain(String),
    /// A visible stand-in, such as `<U+202E>`, for something that hides or pretends; drawn so that it stands out.
    Marked(String),
}

/// A count with its noun: `1 step`, `3 steps`.
pub fn plural<N: Display + From<u8> + PartialEq>(many: N, noun: &str) -> String {
    if many == N::from(1) { format!("1 {noun}") } else { format!("{many} {noun}s") }
}

/// Text made safe to show: control bytes, invisible and direction-changing characters become visible, tabs become
/// spaces, `\r\n` becomes `\n`. Borrowed when there is nothing to do.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| (0x20..0x7F).contains(&b) || b == b'\n') {
        return Cow::Borrowed(text);
    }
    let first = first_unclean(text);
    if first == text.len() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut column = Column::default();
    walk(text, &mut column, |_, shown| match shown {
        Shown::Same(c) => out.push(c),
        Shown::Gap(n) => out.extend(std::iter::repeat_n(' ', n)),
        Shown::Gone => {}
        Shown::Mark(mark) => out.push_str(&mark),
    });
    Cow::Owned(out)
}

/// Text as a person who decides must see it: as `clean`, and look-alike letters, odd spaces and blanks at the end of
/// a line are marked too. Neighbouring pieces of one sort are joined.
pub fn reveal(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (_, piece) in reveal_ranges(text) {
        match (pieces.last_mut(), piece) {
            (Some(Piece::Plain(before)), Piece::Plain(more)) => before.push_str(&more),
            (Some(Piece::Marked(before)), Piece::Marked(more)) => before.push_str(&more),
            (Some(_) | None, piece) => pieces.push(piece),
        }
    }
    pieces
}

/// As `reveal`, unjoined and with the byte range each piece stands for. A plain piece is the text of its range, tabs
/// and line ends excepted.
pub fn reveal_ranges(text: &str) -> Vec<(Range<usize>, Piece)> {
    let disguised = disguises(text);
    let trailing = trailing_blanks(text);
    let (mut disguised, mut trailing) = (disguised.iter().peekable(), trailing.iter().peekable());
    let mut pieces: Vec<(Range<usize>, Piece)> = Vec::new();
    let mut open: Option<Range<usize>> = None;
    let mut column = Column::default();
    walk(text, &mut column, |range, shown| {
        while trailing.next_if(|blank| blank.end <= range.start).is_some() {}
        let is_disguised = disguised.next_if(|at| **at == range.start).is_some();
        let is_trailing = trailing.peek().is_some_and(|blank| blank.contains(&range.start));
        let piece = match shown {
            Shown::Mark(mark) => Piece::Marked(mark),
            Shown::Gone => return,
            Shown::Same(' ') if is_trailing => Piece::Marked("\u{2420}".into()),
            Shown::Gap(_) if is_trailing => Piece::Marked("\u{2409}".into()),
            Shown::Same(c) if is_disguised || letters::is_odd_space(c) => Piece::Marked(escape(c)),
            Shown::Gap(n) => Piece::Plain(" ".repeat(n)),
            Shown::Same(_) => {
                match &mut open {
                    Some(run) if run.end == range.start => run.end = range.end,
                    Some(_) | None => {
                        close(&mut pieces, &mut open, text);
                        open = Some(range);
                    }
                }
                return;
            }
        };
        close(&mut pieces, &mut open, text);
        pieces.push((range, piece));
    });
    close(&mut pieces, &mut open, text);
    pieces
}

fn close(pieces: &mut Vec<(Range<usize>, Piece)>, open: &mut Option<Range<usize>>, text: &str) {
    if let Some(run) = open.take() {
        pieces.push((run.clone(), Piece::Plain(text[run].to_string())));
    }
}

/// `reveal` as one string, for places without styles.
pub fn reveal_plain(text: &str) -> String {
    let pieces = reveal_ranges(text);
    pieces.into_iter().fold(String::with_capacity(text.len()), |mut all, (_, piece)| {
        match piece {
            Piece::Plain(part) | Piece::Marked(part) => all.push_str(&part),
        }
        all
    })
}

/// Columns the text takes on a terminal, grapheme by grapheme. Meant for one line of cleaned text.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// The text if it fits into `cols` columns, else its beginning and `…`. Never splits a grapheme.
pub fn truncate(text: &str, cols: usize) -> String {
    if text.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
        return match cols.checked_sub(1) {
            _ if text.len() <= cols => text.to_string(),
            Some(room) => format!("{}…", &text[..room]),
            None => String::new(),
        };
    }
    // What is plain is a column a byte; the last of it may belong to what follows.
    let plain = text.bytes().take_while(|byte| (0x20..0x7F).contains(byte)).count().saturating_sub(1);
    if plain > cols {
        return cols.checked_sub(1).map_or_else(String::new, |room| format!("{}…", &text[..room]));
    }
    let (mut used, mut cut) = (plain, plain.min(cols.saturating_sub(1)));
    for (at, grapheme) in text[plain..].grapheme_indices(true) {
        let next = used + UnicodeWidthStr::width(grapheme);
        if next > cols {
            return if cols == 0 { String::new() } else { format!("{}…", &text[..cut]) };
        }
        used = next;
        if used < cols {
            cut = plain + at + grapheme.len();
        }
    }
    text.to_string()
}

/// The first line that says something, cleaned and cut to `cols`; `…` when more follows.
pub fn first_line(text: &str, cols: usize) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return String::new() };
    let head = clean(first);
    if lines.next().is_some() { truncate(&format!("{head} …"), cols) } else { truncate(&head, cols) }
}

/// Where the first `cols` columns of cleaned text end, in bytes and in columns: at the end of a grapheme, so there may be
/// more of them. One pass over that much of the text.
pub fn past(text: &str, cols: usize) -> (usize, usize) {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if used >= cols {
            return (at, used);
        }
        used += UnicodeWidthStr::width(grapheme);
    }
    (text.len(), used)
}

/// The beginning of the grapheme that a byte is in.
pub fn whole(text: &str, byte: usize) -> usize {
    let begins = text.grapheme_indices(true).map(|(at, _)| at).chain([text.len()]);
    begins.take_while(|at| *at <= byte).last().unwrap_or(0)
}

/// Word-wraps cleaned text to `cols` columns: one byte range per line, without its newline and without the blanks at
/// a soft break. Breaks between words and beside ideographs, inside a word only where it is wider than a line; never
/// splits a grapheme. One pass over the text.
pub fn wrap(text: &str, cols: usize) -> Vec<Range<usize>> {
    let mut wrapper = Wrapper { cols: cols.max(1), ..Wrapper::default() };
    for (at, grapheme) in text.grapheme_indices(true) {
        wrapper.grapheme(at, grapheme);
    }
    if wrapper.start < text.len() || wrapper.lines.is_empty() {
        wrapper.lines.push(wrapper.start..text.len());
    }
    wrapper.lines
}

/// A place where a line may end: the text before ends at `end`, the next line begins at `next`, `used` columns in.
#[derive(Clone, Copy)]
struct Break {
    end: usize,
    next: usize,
    used: usize,
}

#[derive(Default)]
struct Wrapper {
    cols: usize,
    lines: Vec<Range<usize>>,
    start: usize,
    used: usize,
    at_break: Option<Break>,
    in_blanks: bool,
    after_wide: bool,
}

impl Wrapper {
    fn grapheme(&mut self, at: usize, grapheme: &str) {
        let end = at + grapheme.len();
        if grapheme.ends_with('\n') {
            self.lines.push(self.start..at);
            self.begin(end, 0);
            return;
        }
        let first = grapheme.chars().next().unwrap_or(' ');
        let wide = UnicodeWidthStr::width(grapheme);
        if grapheme == " " {
            let before = if self.in_blanks { self.at_break.map_or(at, |b| b.end) } else { at };
            self.used += wide;
            self.at_break = Some(Break { end: before, next: end, used: self.used });
            (self.in_blanks, self.after_wide) = (true, false);
            return;
        }
        let splits = (wide >= 2 && first.is_alphanumeric()) || self.after_wide;
        if splits && !self.in_blanks && at > self.start && !letters::closes(first) {
            self.at_break = Some(Break { end: at, next: at, used: self.used });
        }
        while self.used + wide > self.cols && self.start < at {
            match self.at_break.take() {
                Some(b) if b.next > self.start => {
                    self.lines.push(self.start..b.end.max(self.start));
                    self.begin(b.next, self.used - b.used);
                }
                Some(_) | None => {
                    self.lines.push(self.start..at);
                    self.begin(at, 0);
                }
            }
        }
        self.used += wide;
        self.in_blanks = false;
        self.after_wide = wide >= 2 && !letters::opens(first);
    }

    fn begin(&mut self, start: usize, used: usize) {
        (self.start, self.used, self.at_break) = (start, used, None);
        (self.in_blanks, self.after_wide) = (false, false);
    }
}

/// How one character is shown.
enum Shown {
    Same(char),
    Gap(usize),
    Gone,
    Mark(String),
}

#[derive(Default)]
struct Column(usize);

/// Tells `each` how every character is shown, with its byte range.
fn walk(text: &str, column: &mut Column, mut each: impl FnMut(Range<usize>, Shown)) {
    let mut chars = text.char_indices().peekable();
    let mut before = None;
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let shown = show(before, c, next, column.0);
        column.0 = match &shown {
            Shown::Same('\n') => 0,
            Shown::Same(c) => column.0 + c.width().unwrap_or(0),
            Shown::Gap(n) => column.0 + n,
            Shown::Gone => column.0,
            Shown::Mark(mark) => column.0 + mark.chars().count(),
        };
        before = Some(c);
        each(at..at + c.len_utf8(), shown);
    }
}

fn show(before: Option<char>, c: char, next: Option<char>, column: usize) -> Shown {
    match c {
        ' '..='~' | '\n' => Shown::Same(c),
        '\t' => Shown::Gap(TAB - column % TAB),
        '\r' if next == Some('\n') => Shown::Gone,
        '\u{7F}' => Shown::Mark("\u{2421}".into()),
        '\0'..='\u{1F}' => Shown::Mark(char::from_u32(0x2400 + c as u32).unwrap_or('\u{FFFD}').into()),
        '\u{80}'..='\u{9F}' => Shown::Mark(format!("<{:02X}>", c as u32)),
        '\u{2028}' | '\u{2029}' => Shown::Mark(escape(c)),
        _ if letters::is_bidirectional(c) => Shown::Mark(escape(c)),
        _ if letters::is_invisible(c) && !belongs(before, c, next) => Shown::Mark(escape(c)),
        _ => Shown::Same(c),
    }
}

/// Whether an invisible character does its proper work between its neighbours.
fn belongs(before: Option<char>, c: char, next: Option<char>) -> bool {
    let Some(before) = before else { return false };
    match c {
        '\u{200D}' | '\u{200C}' if next.is_some_and(letters::needs_joiners) => letters::needs_joiners(before),
        '\u{200D}' => {
            next.is_some_and(letters::is_emoji) && (letters::is_emoji(before) || before == '\u{FE0F}')
        }
        '\u{FE0E}' | '\u{FE0F}' => {
            letters::is_emoji(before) || (matches!(before, '0'..='9' | '#' | '*') && next == Some('\u{20E3}'))
        }
        '\u{FE00}'..='\u{FE02}' | '\u{E0100}'..='\u{E01EF}' => letters::is_ideograph(before),
        _ => false,
    }
}

fn escape(c: char) -> String {
    format!("<U+{:04X}>", c as u32)
}

fn first_unclean(text: &str) -> usize {
    let mut first = text.len();
    let mut column = Column::default();
    walk(text, &mut column, |range, shown| match shown {
        Shown::Same(_) => {}
        Shown::Gap(_) | Shown::Gone | Shown::Mark(_) => first = first.min(range.start),
    });
    first
}

/// Byte ranges of the blanks that end a line.
fn trailing_blanks(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        let body = line.strip_suffix('\r').unwrap_or(line);
        let kept = body.trim_end_matches([' ', '\t']).len();
        if kept < body.len() {
            ranges.push(at + kept..at + body.len());
        }
        at += line.len() + 1;
    }
    ranges
}

/// Byte positions of characters that pass for others: letters of another script in a word with Latin letters, words
/// of nothing but Latin look-alikes beside Latin ones, styled and fullwidth forms, and marks that pass for ASCII.
fn disguises(text: &str) -> Vec<usize> {
    if text.is_ascii() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = 0;
    for token in text.split_inclusive(char::is_whitespace) {
        if !token.is_ascii() {
            token_disguises(token, at, &mut found);
        }
        at += token.len();
    }
    found
}

fn token_disguises(token: &str, base: usize, found: &mut Vec<usize>) {
    let has_latin = token.chars().any(letters::is_latin);
    let begin = found.len();
    let mut word_start = 0;
    let ends = token.char_indices().filter(|(_, c)| !c.is_alphanumeric() && !letters::is_invisible(*c));
    for (end, skip) in ends.map(|(at, c)| (at, c.len_utf8())).chain([(token.len(), 0)]) {
        let word = &token[word_start..end];
        let mixed = word.chars().any(letters::is_latin);
        let near = || word.chars().filter(|c| letters::is_near_latin(*c));
        if mixed || (has_latin && near().next().is_some() && near().all(letters::is_twin)) {
            let odd = word.char_indices().filter(|(_, c)| letters::is_near_latin(*c));
            found.extend(odd.map(|(at, _)| base + word_start + at));
        }
        word_start = end + skip;
    }
    let mut before = None;
    let mut chars = token.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let beside_ascii = [before, next].into_iter().flatten().any(|c: char| c.is_ascii_graphic());
        let dash =
            matches!(c, '\u{2013}' | '\u{2014}') && before.is_none() && next.is_some_and(letters::is_latin);
        let forged = letters::is_styled_ascii(c) || letters::is_mark_twin(c) || dash;
        if forged || (letters::is_fullwidth_mark(c) && beside_ascii) {
            found.push(base + at);
        }
        before = Some(c);
    }
    found[begin..].sort_unstable();
    found.dedup();
}
