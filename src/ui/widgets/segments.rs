//! Where a growing paragraph can be cut so that nothing after the cut changes what stands before it.
//!
//! A segment ends after a word, unless inline markup is open there. Markup that stays open for too long is not taken
//! for markup. The cuts depend on the text alone, never on the portions it came in.

use unicode_segmentation::UnicodeSegmentation;

use crate::domain::letters;

/// Bytes after which open markup no longer holds a segment open at a blank.
const OPEN_MAX: usize = 1_024;
/// Bytes after which a segment without any blank ends.
const SOLID_MAX: usize = 2_048;
/// Bytes from which a segment may end between two letters of a text without blanks.
const SOLID_MIN: usize = 48;

/// Inline markup open at some point of a segment.
#[derive(Default)]
struct Markup {
    ticks: Option<usize>,
    emphasis: usize,
    brackets: usize,
    target: bool,
    angle: bool,
    any: bool,
}

impl Markup {
    fn is_closed(&self) -> bool {
        self.ticks.is_none() && self.emphasis == 0 && self.brackets == 0 && !self.target && !self.angle
    }
}

/// The length of the first segment of `rest`, blanks after it included, or none if what follows `rest` may still
/// belong to it. With `is_end` nothing follows, so only an empty rest has no segment.
pub fn first(rest: &str, is_end: bool) -> Option<usize> {
    let mut markup = Markup::default();
    let (mut at, mut before, mut blank) = (0, ' ', false);
    while let Some(c) = rest[at..].chars().next() {
        let is_blank = matches!(c, ' ' | '\n' | '\t');
        if blank && !is_blank && (markup.is_closed() || at >= OPEN_MAX) {
            return Some(at);
        }
        let unmarked = !markup.any && letters::is_solid(before) && letters::is_solid(c);
        if at >= SOLID_MIN && unmarked {
            return Some(at);
        }
        if at >= SOLID_MAX {
            let last = rest[..at].grapheme_indices(true).next_back().map_or(at, |(start, _)| start);
            return Some(if last == 0 { at } else { last });
        }
        blank = is_blank;
        let taken = if is_blank { c.len_utf8() } else { step(&mut markup, before, c, &rest[at..]) };
        before = rest[..at + taken].chars().next_back().unwrap_or(' ');
        at += taken;
    }
    (is_end && at > 0).then_some(at)
}

/// Whether a segment has anything in it that inline markup is made of.
pub fn is_marked(segment: &str) -> bool {
    segment.bytes().any(|b| matches!(b, b'*' | b'_' | b'~' | b'`' | b'[' | b'<' | b'&' | b'\\'))
}

/// Takes one character or run of markup into account; gives back its length in bytes.
fn step(markup: &mut Markup, before: char, c: char, rest: &str) -> usize {
    markup.any |= matches!(c, '*' | '_' | '~' | '`' | '[' | '<' | '&' | '\\');
    let run = rest.chars().take_while(|next| *next == c).count();
    let after = rest[c.len_utf8()..].chars().next();
    if let Some(open) = markup.ticks {
        if c == '`' {
            if run == open {
                markup.ticks = None;
            }
            return run;
        }
        return c.len_utf8();
    }
    match c {
        '`' => {
            markup.ticks = Some(run);
            run
        }
        '\\' => match after {
            Some(next) if next.is_ascii_punctuation() => 2,
            Some(_) | None => 1,
        },
        '*' | '_' | '~' => {
            emphasis(markup, before, c, run, rest[run..].chars().next());
            run
        }
        '[' => {
            markup.brackets += 1;
            1
        }
        ']' => {
            markup.brackets = markup.brackets.saturating_sub(1);
            markup.target = after == Some('(');
            1
        }
        ')' => {
            markup.target = false;
            1
        }
        '<' if !markup.target => {
            markup.angle |= after.is_some_and(|next| next.is_ascii_alphabetic() || "/!?".contains(next));
            1
        }
        '>' => {
            markup.angle = false;
            1
        }
        other => other.len_utf8(),
    }
}

fn emphasis(markup: &mut Markup, before: char, c: char, run: usize, after: Option<char>) {
    let blank = |c: char| c.is_whitespace();
    let sign = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
    let after = after.unwrap_or(' ');
    let opens = !blank(after) && (!sign(after) || blank(before) || sign(before));
    let closes = !blank(before) && (!sign(before) || blank(after) || sign(after));
    if c == '_' && before.is_alphanumeric() && after.is_alphanumeric() {
        return;
    }
    if closes && markup.emphasis > 0 {
        markup.emphasis = markup.emphasis.saturating_sub(run);
    } else if opens {
        markup.emphasis += run;
    }
}
