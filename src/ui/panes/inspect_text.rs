//! An inspection page as lines: labels beside their texts, differences, tables that fit. Made once for a width, not for a frame.
//!
//! However large a text is, only its beginning and its end are laid out, and how much lies between is said.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use serde_json::Value;

use crate::domain::inspect::page::{Page, Part, Section, Tone, readable};
use crate::domain::text;
use crate::ui::inspecting::Sheet;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::diff;

/// Columns of the labels.
const LABEL: usize = 14;
/// Narrower pages have their labels on lines of their own.
const LABEL_BESIDE: usize = 60;
/// Bytes of the beginning of a text that are laid out.
const HEAD_MAX: usize = 24 * 1024;
/// Bytes of the end.
const TAIL_MAX: usize = 12 * 1024;
/// Columns of a cell at most, the last of a row excepted.
const CELL_MAX: usize = 30;
/// Columns that the last cell of a row needs to stand beside the others.
const LAST_MIN: usize = 16;

/// Whether texts are laid out whole or shortened in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Beginning and end of a long text.
    Ends,
    /// All of it.
    Whole,
}

/// Lays the sections out.
pub fn sheet(page: &Page, width: u16, theme: &Theme) -> Sheet {
    let mut sheet = Sheet::default();
    for section in &page.sections {
        begin(&mut sheet);
        sheet.lines.extend(lines(section, usize::from(width), theme, Extent::Ends));
    }
    sheet
}

/// Lays the stored events out, indented; their exact bytes are copied.
pub fn raw_sheet(page: &Page, width: u16, theme: &Theme) -> Sheet {
    let mut sheet = Sheet::default();
    let mut ink = Ink { theme, width: usize::from(width).max(8), extent: Extent::Ends, lines: Vec::new() };
    for raw in &page.events {
        begin(&mut sheet);
        ink.line(&format!(" event {}  hash {}", raw.no, raw.hash), Role::Title);
        let indented = serde_json::from_str::<Value>(&raw.json).map(|value| format!("{value:#}"));
        ink.text("", &indented.unwrap_or_else(|_| raw.json.to_string()));
        sheet.lines.append(&mut ink.lines);
    }
    sheet
}

fn begin(sheet: &mut Sheet) {
    if !sheet.lines.is_empty() {
        sheet.lines.push(Line::default());
    }
    sheet.starts.push(sheet.lines.len());
}

/// A section's lines, its title first.
pub fn lines(section: &Section, width: usize, theme: &Theme, extent: Extent) -> Vec<Line<'static>> {
    let mut ink = Ink { theme, width: width.max(8), extent, lines: Vec::new() };
    ink.line(&format!(" {}", section.title), Role::Title);
    for part in &section.parts {
        match part {
            Part::Row { label, text, tone } => ink.row(label, text, role(*tone)),
            Part::Text { label, text } => ink.text(label, text),
            Part::Json { label, value } => ink.text(label, &readable(value)),
            Part::Change { label, before, after } => ink.change(label, before, after),
            Part::Table { head, rows } => ink.table(head, rows),
        }
    }
    ink.lines
}

/// The same as plain text.
pub fn plain(lines: &[Line<'_>]) -> String {
    lines.iter().fold(String::new(), |mut all, line| {
        let start = all.len();
        line.spans.iter().for_each(|span| all.push_str(&span.content));
        all.truncate(start + all[start..].trim_end().len());
        all.push('\n');
        all
    })
}

fn role(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Text,
        Tone::Muted => Role::Muted,
        Tone::Good => Role::Ok,
        Tone::Wait => Role::Wait,
        Tone::Risk => Role::Risk,
        Tone::Bad => Role::Fault,
    }
}

/// The lines being made.
struct Ink<'t> {
    theme: &'t Theme,
    width: usize,
    extent: Extent,
    lines: Vec<Line<'static>>,
}

impl Ink<'_> {
    fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    fn line(&mut self, words: &str, role: Role) {
        let words = text::truncate(&text::clean(words), self.width);
        self.lines.push(Line::from(Span::styled(words, self.style(role))));
    }

    /// A label with its text, which breaks between words. Where there is little room, or the label is long, the text follows it.
    fn row(&mut self, label: &str, words: &str, role: Role) {
        let label = text::clean(label);
        let beside = self.width >= LABEL_BESIDE && text::width(&label) < LABEL;
        let indent = if beside { LABEL + 2 } else { 4 };
        let (mut lead, mut words) = (format!("  {label:<LABEL$}"), text::clean(words).into_owned());
        if !beside {
            (lead, words) = ("  ".to_string(), format!("{label}: {words}"));
        }
        let mut named = if beside { 0 } else { label.len() + 1 };
        for line in words.split('\n') {
            for range in text::wrap(line, self.width.saturating_sub(indent).max(1)) {
                let lead = std::mem::replace(&mut lead, " ".repeat(indent));
                let words = line.get(range).unwrap_or_default();
                let (name, words) = words.split_at(words.floor_char_boundary(std::mem::take(&mut named)));
                let spans = [(lead.as_str(), Role::Muted), (name, Role::Muted), (words, role)];
                let spans = spans.map(|(part, role)| Span::styled(part.to_string(), self.style(role)));
                self.lines.push(Line::from(spans.to_vec()));
            }
        }
    }

    /// A text of its own below its label.
    fn text(&mut self, label: &str, whole: &str) {
        if !label.is_empty() {
            self.line(&format!("  {label}"), Role::Muted);
        }
        if self.extent == Extent::Whole || whole.len() <= HEAD_MAX + TAIL_MAX {
            return self.verbatim(whole);
        }
        let (head, rest) = whole.split_at(whole.floor_char_boundary(HEAD_MAX));
        let (middle, tail) = rest.split_at(rest.ceil_char_boundary(rest.len() - TAIL_MAX));
        self.verbatim(head);
        let words = format!("  ⋯ {} of {} bytes are not shown here", middle.len(), whole.len());
        self.line(&words, Role::Risk);
        self.verbatim(tail);
    }

    /// A text line by line; one that is too long goes on below, broken between words where it has any.
    fn verbatim(&mut self, words: &str) {
        const INDENT: &str = "    ";
        let style = self.style(Role::Text);
        for line in text::clean(words.strip_suffix('\n').unwrap_or(words)).split('\n') {
            for range in text::wrap(line, self.width.saturating_sub(INDENT.len()).max(1)) {
                let part = line.get(range).unwrap_or_default().to_string();
                self.lines.push(Line::from(vec![Span::raw(INDENT), Span::styled(part, style)]));
            }
        }
    }

    fn change(&mut self, label: &str, before: &str, after: &str) {
        self.line(&format!("  {label}"), Role::Muted);
        let ends = |text: &str| if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        let (before, after) = (format!("{before}{}", ends(before)), format!("{after}{}", ends(after)));
        let made = diff::diff(&before, &after, self.width.saturating_sub(4).max(8), self.theme);
        self.lines.extend(made.lines.into_iter().map(|line| {
            let spans = std::iter::once(Span::raw("    ")).chain(line.spans);
            Line::from(spans.collect::<Vec<_>>())
        }));
    }

    /// Columns as wide as their cells; the last one has the rest or, where that is too little, a line of its own.
    fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        let last = head.len().saturating_sub(1);
        let cells = |at: usize| rows.iter().filter_map(move |row| row.get(at));
        let widths: Vec<usize> = (0..last)
            .map(|at| {
                let widest = cells(at).map(|cell| text::width(&text::clean(cell))).max().unwrap_or(0);
                widest.max(text::width(head[at])).min(CELL_MAX)
            })
            .collect();
        let used: usize = 2 + widths.iter().map(|columns| columns + 2).sum::<usize>();
        let room = self.width.saturating_sub(used);
        let numbers: Vec<bool> = (0..last)
            .map(|at| {
                cells(at).all(|cell| {
                    cell.is_empty() || cell.starts_with(|c: char| "#+~".contains(c) || c.is_ascii_digit())
                })
            })
            .collect();
        let lay = |row: &[&str]| {
            row.iter().zip(&widths).zip(&numbers).fold(
                "  ".to_string(),
                |mut line, ((cell, columns), number)| {
                    let cell = text::truncate(&text::clean(cell), *columns);
                    let gap = " ".repeat(columns.saturating_sub(text::width(&cell)));
                    line.push_str(&if *number { format!("{gap}{cell}  ") } else { format!("{cell}{gap}  ") });
                    line
                },
            )
        };
        let tail = |row: &[&str]| text::clean(row.get(last).copied().unwrap_or_default()).into_owned();
        self.cells(&lay(head), &tail(head), room, Role::Muted);
        for row in rows {
            let row: Vec<&str> = row.iter().map(String::as_str).collect();
            self.cells(&lay(&row), &tail(&row), room, Role::Text);
        }
    }

    fn cells(&mut self, first: &str, tail: &str, room: usize, role: Role) {
        let beside = room >= LAST_MIN;
        if beside || text::width(tail) <= room {
            return self.line(&format!("{first}{}", text::truncate(tail, room)), role);
        }
        self.line(first.trim_end(), role);
        if role != Role::Muted && !tail.is_empty() {
            self.line(&format!("      {tail}"), role);
        }
    }
}
