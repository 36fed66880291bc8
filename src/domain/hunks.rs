//! Two texts compared line by line: what goes, what comes, and what stays around it; for every place that shows an approval.
//!
//! The only place that knows the diff library. The texts are compared as they are: two that look alike still differ.

use similar::{Change, ChangeTag, TextDiff};
use std::ops::Range;
use std::time::Duration;

/// How thoroughly it is compared.
#[derive(Clone, Copy, Debug)]
pub struct Care {
    /// Lines that stay, shown around a change.
    pub context: usize,
    /// Lines for which it is told which of their words changed; 0 for none.
    pub words_max: usize,
    /// Time after which the comparison becomes coarser; it stays correct.
    pub time_max: Duration,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in both texts.
    Stays,
    /// It is in the old one only.
    Goes,
    /// It is in the new one only.
    Comes,
}

impl Fate {
    /// As it is shown before the line.
    pub fn sign(self) -> char {
        match self {
            Fate::Stays => ' ',
            Fate::Goes => '-',
            Fate::Comes => '+',
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HunkLine {
    /// What becomes of it.
    pub fate: Fate,
    /// Its place in the old text.
    pub old: Option<usize>,
    /// Its place in the new text.
    pub new: Option<usize>,
    /// The line without its end.
    pub text: String,
    /// Where its words changed, in bytes of `text`.
    pub changed: Vec<Range<usize>>,
    /// Whether a line end follows it.
    pub is_ended: bool,
}

/// Changes near to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// Lines left out before it: they stay.
    pub before: usize,
    /// Its lines.
    pub lines: Vec<HunkLine>,
}

/// All changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunks {
    /// In their order; none where nothing changes.
    pub hunks: Vec<Hunk>,
    /// Lines left out after the last one: they stay.
    pub after: usize,
    /// Lines of the longer text.
    pub longest: usize,
}

/// Compares two texts.
pub fn hunks(old: &str, new: &str, care: Care) -> Hunks {
    let changes = TextDiff::configure().timeout(care.time_max).diff_lines(old, new);
    let (mut told, mut shown_to, mut lines) = (Vec::new(), 0, 0);
    for group in changes.grouped_ops(care.context) {
        let from = group.first().map_or(0, |op| op.old_range().start);
        let mut hunk = Hunk { before: from.saturating_sub(shown_to), lines: Vec::new() };
        for op in &group {
            shown_to = op.old_range().end;
            match lines + hunk.lines.len() < care.words_max {
                true => hunk.lines.extend(changes.iter_inline_changes(op).map(|change| {
                    let at = (change.old_index(), change.new_index());
                    line(change.tag(), at, change.values().iter().copied())
                })),
                false => hunk.lines.extend(changes.iter_changes(op).map(|change: Change<&str>| {
                    let at = (change.old_index(), change.new_index());
                    line(change.tag(), at, std::iter::once((false, change.value())))
                })),
            }
        }
        lines += hunk.lines.len();
        told.push(hunk);
    }
    let after = changes.old_len().saturating_sub(shown_to);
    Hunks { hunks: told, after, longest: changes.old_len().max(changes.new_len()) }
}

fn line<'t>(
    tag: ChangeTag,
    (old, new): (Option<usize>, Option<usize>),
    parts: impl Iterator<Item = (bool, &'t str)>,
) -> HunkLine {
    let (mut text, mut changed) = (String::new(), Vec::new());
    for (is_changed, part) in parts {
        let start = text.len();
        text.push_str(part);
        if is_changed {
            changed.push(start..text.len());
        }
    }
    let is_ended = text.ends_with('\n');
    text.truncate(text.len() - usize::from(is_ended));
    let fate = match tag {
        ChangeTag::Equal => Fate::Stays,
        ChangeTag::Delete => Fate::Goes,
        ChangeTag::Insert => Fate::Comes,
    };
    HunkLine { fate, old, new, text, changed, is_ended }
}
