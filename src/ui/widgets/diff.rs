//! The difference between two texts, for a person who decides: every odd character marked, nothing cut off silently.
//!
//! The only place that knows the diff library. The comparison is of the texts as they are; only what is shown is
//! revealed (see `text::reveal`), so two texts that look alike still differ.

use std::ops::Range;
use std::time::Duration;

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use serde_json::Value;
use similar::{ChangeTag, DiffOp, TextDiff};

use crate::domain::text::{self, Piece};
use crate::ui::edit_json::open;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::flow;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;
/// Bytes of both texts together above which only their sizes are told.
const BYTES_MAX: usize = 2 * 1024 * 1024;
/// Lines shown at most.
const LINES_MAX: usize = 5_000;
/// Time after which the comparison becomes coarser; it stays correct.
const TIME_MAX: Duration = Duration::from_millis(200);

/// A difference, ready to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// Its lines: old and new line number, `+`, `-` or blank, text.
    pub lines: Vec<Line<'static>>,
    /// Lines of the new text that are not in the old.
    pub added: usize,
    /// Lines of the old text that are not in the new.
    pub removed: usize,
    /// Whether every change is in `lines`. If not, the last line says what is missing.
    pub is_whole: bool,
}

/// Compares two texts line by line and lays the difference out in `width` columns; longer lines go on below.
pub fn diff(old: &str, new: &str, width: usize, theme: &Theme) -> Diff {
    if old.len() + new.len() > BYTES_MAX {
        return too_large(old, new, theme);
    }
    let changes = TextDiff::configure().timeout(TIME_MAX).diff_lines(old, new);
    let numbers = changes.old_len().max(changes.new_len()).max(1).ilog10() as usize + 1;
    let mut page = Page { theme, width, numbers, lines: Vec::new(), added: 0, removed: 0, left_out: 0 };
    let mut shown_to = 0;
    for group in changes.grouped_ops(CONTEXT) {
        let from = group.first().map_or(0, |op| op.old_range().start);
        page.fold(from.saturating_sub(shown_to));
        for op in &group {
            page.op(&changes, op);
            shown_to = op.old_range().end;
        }
    }
    if page.added + page.removed > 0 {
        page.fold(changes.old_len().saturating_sub(shown_to));
    } else {
        page.note("no change", Role::Muted);
    }
    if page.left_out > 0 {
        page.note(&format!("⋯ {} more lines of this difference are not shown", page.left_out), Role::Risk);
    }
    Diff { added: page.added, removed: page.removed, is_whole: page.left_out == 0, lines: page.lines }
}

/// Compares two JSON values line by line; the lines of a text in them are lines too.
pub fn json_diff(old: &Value, new: &Value, width: usize, theme: &Theme) -> Diff {
    diff(&(open(old) + "\n"), &(open(new) + "\n"), width, theme)
}

fn too_large(old: &str, new: &str, theme: &Theme) -> Diff {
    let (removed, added) = (old.lines().count(), new.lines().count());
    let words = if old == new {
        format!("no change; {} bytes", new.len())
    } else {
        format!(
            "⋯ too large to compare: {removed} lines, {} bytes become {added} lines, {} bytes",
            old.len(),
            new.len()
        )
    };
    let lines = vec![Line::from(Span::styled(words, theme.style(Role::Risk)))];
    let (added, removed) = if old == new { (0, 0) } else { (added, removed) };
    Diff { lines, added, removed, is_whole: old == new }
}

/// The lines of a difference as they are made.
struct Page<'t> {
    theme: &'t Theme,
    width: usize,
    numbers: usize,
    lines: Vec<Line<'static>>,
    added: usize,
    removed: usize,
    left_out: usize,
}

impl Page<'_> {
    fn note(&mut self, words: &str, role: Role) {
        self.lines.push(Line::from(Span::styled(words.to_string(), self.theme.style(role))));
    }

    fn fold(&mut self, count: usize) {
        if count > 0 && self.lines.len() < LINES_MAX {
            self.note(&format!("⋯ {count} {}", if count == 1 { "line" } else { "lines" }), Role::Muted);
        }
    }

    fn op(&mut self, changes: &TextDiff<'_, '_, str>, op: &DiffOp) {
        if self.lines.len() >= LINES_MAX {
            let (old, new) = (op.old_range().len(), op.new_range().len());
            match op {
                DiffOp::Equal { .. } => {}
                DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
                    self.added += new;
                    self.removed += old;
                    self.left_out += new + old;
                }
            }
            return;
        }
        for change in changes.iter_inline_changes(op) {
            let (sign, role) = match change.tag() {
                ChangeTag::Equal => (' ', Role::Text),
                ChangeTag::Delete => ('-', Role::DiffRemove),
                ChangeTag::Insert => ('+', Role::DiffAdd),
            };
            self.added += usize::from(sign == '+');
            self.removed += usize::from(sign == '-');
            if self.lines.len() >= LINES_MAX {
                self.left_out += usize::from(sign != ' ');
                continue;
            }
            let mut body = String::new();
            let mut strong: Vec<Range<usize>> = Vec::new();
            for (is_strong, part) in change.values() {
                let start = body.len();
                body.push_str(part);
                if *is_strong {
                    strong.push(start..body.len());
                }
            }
            let ended = body.ends_with('\n');
            body.truncate(body.len() - usize::from(ended));
            self.line((change.old_index(), change.new_index()), sign, role, &body, &strong);
            if !ended {
                self.note("\\ no newline at the end", Role::Muted);
            }
        }
    }

    fn line(
        &mut self,
        (old, new): (Option<usize>, Option<usize>),
        sign: char,
        role: Role,
        body: &str,
        strong: &[Range<usize>],
    ) {
        let columns = self.numbers;
        let number = |at: Option<usize>| match at {
            Some(at) => format!("{:>columns$}", at + 1),
            None => " ".repeat(columns),
        };
        let (gutter, style) = (self.theme.style(Role::Muted), self.theme.style(role));
        let first = [
            Span::styled(format!("{} {} ", number(old), number(new)), gutter),
            Span::styled(format!("{sign} "), style),
        ];
        let rest = [Span::styled(" ".repeat(columns * 2 + 2), gutter), Span::styled("  ", style)];
        let line = Line::from(spans(body, strong, style, self.theme.style(Role::Risk)));
        flow::cut(&line, self.width, &first, &rest, &mut self.lines);
    }
}

/// The revealed text in spans: changed words underlined and bold, marked characters reversed.
fn spans(body: &str, strong: &[Range<usize>], plain: Style, marked: Style) -> Vec<Span<'static>> {
    let bold = plain.add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
    let mut out = Vec::new();
    for (range, piece) in text::reveal_ranges(body) {
        match piece {
            Piece::Marked(mark) => out.push(Span::styled(mark, marked.add_modifier(Modifier::REVERSED))),
            // Widened text, such as a tab, has no part that is more changed than another.
            Piece::Plain(words) if words.len() != range.len() => out.push(Span::styled(words, plain)),
            Piece::Plain(words) => {
                let mut at = range.start;
                for part in strong.iter().filter(|part| part.start < range.end && part.end > range.start) {
                    let (from, to) = (part.start.max(at), part.end.min(range.end));
                    add(&mut out, &words[at - range.start..from - range.start], plain);
                    add(&mut out, &words[from - range.start..to - range.start], bold);
                    at = to;
                }
                add(&mut out, &words[at - range.start..], plain);
            }
        }
    }
    out
}

fn add(out: &mut Vec<Span<'static>>, words: &str, style: Style) {
    if !words.is_empty() {
        out.push(Span::styled(words.to_string(), style));
    }
}
