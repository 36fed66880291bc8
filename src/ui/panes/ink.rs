//! Small strokes that several panes share: a list's chosen row, words found, text at an edge.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use crate::domain::text;
use crate::domain::time::Micros;
use crate::ui::app::App;
use crate::ui::mode::Pane;
use crate::ui::theme::Role;

/// The time that what is shown is told at: in a replay the recorded time of its position, else the present.
pub fn clock(app: &App) -> Micros {
    match (&app.playback, app.session()) {
        (Some(playback), Some(session)) if app.inbox.is_none() => {
            playback.clock().unwrap_or(session.updated_at).max(session.updated_at)
        }
        (Some(_) | None, _) => app.now,
    }
}

/// Columns of a cleaned text.
pub fn columns(source: &str) -> u16 {
    u16::try_from(text::width(source)).unwrap_or(u16::MAX)
}

/// A row without its first columns.
pub fn inset(row: Rect, by: u16) -> Rect {
    let by = by.min(row.width);
    Rect { x: row.x + by, width: row.width - by, ..row }
}

/// Draws a cleaned text at the right edge of a row of `area`, unless there is no room for it.
pub fn right(source: &str, style: Style, area: Rect, y: u16, buf: &mut Buffer) {
    let wide = columns(source);
    if wide <= area.width && (area.y..area.bottom()).contains(&y) {
        buf.set_string(area.right() - wide, y, source, style);
    }
}

/// Lines from the top of an area; what does not fit is left out.
pub fn lines<'a>(lines: impl IntoIterator<Item = &'a Line<'a>>, area: Rect, buf: &mut Buffer) {
    for (line, row) in lines.into_iter().zip(area.rows()) {
        buf.set_line(row.x, row.y, line, row.width);
    }
}

/// Shows a row as the chosen one: in one style from edge to edge, whatever its words look like.
pub fn choose(app: &App, row: Rect, buf: &mut Buffer) {
    let style = Style::reset().patch(app.look.style(Role::Text)).patch(app.look.style(Role::Selection));
    buf.set_style(row, style);
}

/// Marks the words looked for in a row that was drawn.
pub fn hits(app: &App, pane: Pane, row: Rect, buf: &mut Buffer) {
    let Some(search) = app.search.as_ref().filter(|search| search.pane == pane && !search.words.is_empty())
    else {
        return;
    };
    marked(app, &search.words, row, buf);
}

/// Marks words, given in lower case, in a row that was drawn.
pub fn marked(app: &App, words: &str, row: Rect, buf: &mut Buffer) {
    if words.is_empty() {
        return;
    }
    let mut drawn = String::new();
    let mut places = Vec::new();
    for x in row.x..row.right() {
        let Some(cell) = buf.cell((x, row.y)) else { continue };
        for c in cell.symbol().chars().flat_map(char::to_lowercase) {
            places.extend(std::iter::repeat_n(x, c.len_utf8()));
            drawn.push(c);
        }
    }
    let style = app.look.style(Role::Accent).add_modifier(Modifier::REVERSED);
    for (at, found) in drawn.match_indices(words) {
        for x in &places[at..at + found.len()] {
            if let Some(cell) = buf.cell_mut((*x, row.y)) {
                cell.set_style(style);
            }
        }
    }
}

/// An area without its first rows.
pub fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// The first row of a list that has its chosen row in view, near the middle where the list is long.
pub fn first_shown(chosen: usize, total: usize, height: usize) -> usize {
    chosen.saturating_sub(height / 2).min(total.saturating_sub(height))
}
