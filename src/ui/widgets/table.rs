//! A table of styled cells: aligned columns where they fit, else one `head: value` line per cell.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::flow::Flow;

/// One cell's text in pieces of one style each, already cleaned.
pub type Cell = Vec<(String, Style)>;

/// On which side of a cell the room goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text at the left.
    Left,
    /// Text in the middle.
    Center,
    /// Text at the right.
    Right,
}

/// Lays a table out in `width` columns. The first row is the head.
pub fn lay(rows: &[Vec<Cell>], aligns: &[Align], width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest =
        |at: usize| rows.iter().filter_map(|row| row.get(at)).map(cell_width).max().unwrap_or(0).max(1);
    let widths: Vec<usize> = (0..count).map(widest).collect();
    let total = widths.iter().sum::<usize>() + count.saturating_sub(1) * 3;
    if total > width { listed(rows, width, theme) } else { aligned(rows, aligns, &widths, theme) }
}

fn cell_width(cell: &Cell) -> usize {
    cell.iter().map(|(part, _)| text::width(part)).sum()
}

fn aligned(rows: &[Vec<Cell>], aligns: &[Align], widths: &[usize], theme: &Theme) -> Vec<Line<'static>> {
    let border = theme.style(Role::Border);
    let mut lines = Vec::with_capacity(rows.len() + 1);
    for (at, row) in rows.iter().enumerate() {
        let mut spans: Vec<Span<'static>> = Vec::new();
        for (column, columns) in widths.iter().enumerate() {
            if column > 0 {
                spans.push(Span::styled(" │ ", border));
            }
            let empty = Cell::new();
            let cell = row.get(column).unwrap_or(&empty);
            let room = columns.saturating_sub(cell_width(cell));
            let left = match aligns.get(column).unwrap_or(&Align::Left) {
                Align::Left => 0,
                Align::Center => room / 2,
                Align::Right => room,
            };
            spans.push(Span::raw(" ".repeat(left)));
            spans.extend(cell.iter().map(|(part, style)| Span::styled(part.clone(), *style)));
            if column + 1 < widths.len() {
                spans.push(Span::raw(" ".repeat(room - left)));
            }
        }
        spans.retain(|span| !span.content.is_empty());
        lines.push(Line::from(spans));
        if at == 0 {
            let dashes: Vec<String> = widths.iter().map(|columns| "─".repeat(*columns)).collect();
            lines.push(Line::from(Span::styled(dashes.join("─┼─"), border)));
        }
    }
    lines
}

fn listed(rows: &[Vec<Cell>], width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let Some((head, body)) = rows.split_first() else { return Vec::new() };
    let muted = theme.style(Role::Muted);
    let mut lines = Vec::new();
    let heads_only = [Vec::new()];
    for (at, row) in if body.is_empty() { &heads_only[..] } else { body }.iter().enumerate() {
        if at > 0 {
            lines.push(Line::from(Span::styled("─".repeat(width.min(8)), theme.style(Role::Border))));
        }
        for column in 0..head.len().max(row.len()) {
            let mut flow = Flow::new(width, Vec::new(), vec![Span::raw("  ")]);
            for (part, style) in head.get(column).into_iter().flatten() {
                flow.text(part, *style);
            }
            flow.text(": ", muted);
            for (part, style) in row.get(column).into_iter().flatten() {
                flow.text(part, *style);
            }
            lines.extend(flow.finish());
        }
    }
    lines
}
