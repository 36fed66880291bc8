//! The argument editor: the text with its faults beside the lines, or what differs from the proposal.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::domain::text;
use crate::ui::app::App;
use crate::ui::edit_args::{ArgEditor, LaidText};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::diff;

/// Rows of what is said below the text at most.
const SUMMARY_ROWS_MAX: usize = 4;
/// Columns of the line numbers.
const NUMBERS: u16 = 4;

/// Lays the text out for the next frame: once, and only where it, the cursor or the width changed.
pub fn prepare(editor: &mut ArgEditor, area: Rect) {
    editor.lay(usize::from(area.width.saturating_sub(NUMBERS)));
}

/// Draws the editor.
pub fn draw(app: &App, editor: &ArgEditor, area: Rect, buf: &mut Buffer) {
    let theme = &app.look.theme;
    let said = summary(editor, theme, area.width);
    let body = above(said.len(), area);
    let state = Rect { y: body.bottom(), height: area.height - body.height, ..area };
    if editor.difference {
        difference(editor, theme, body, buf);
    } else {
        lines(editor, theme, body, buf);
    }
    for (row, line) in (state.y..state.bottom()).zip(&said) {
        line.render(Rect { y: row, height: 1, ..state }, buf);
    }
}

/// The rows of the text: what is left above the summary.
fn above(summary: usize, area: Rect) -> Rect {
    let below = u16::try_from(summary).unwrap_or(u16::MAX);
    Rect { height: area.height.saturating_sub(below.min(area.height / 2).max(1)), ..area }
}

/// Where the hardware cursor stands.
pub fn cursor(editor: &ArgEditor, theme: &Theme, area: Rect) -> Option<(u16, u16)> {
    if editor.difference {
        return None;
    }
    let body = above(summary(editor, theme, area.width).len(), area);
    let laid = editor.laid()?;
    let ((row, column), first) = (laid.text.cursor, first(laid, body));
    let at = |n: usize| u16::try_from(n).unwrap_or(0);
    let x = (area.x + NUMBERS).saturating_add(at(column)).min(area.right().saturating_sub(1));
    Some((x, body.y.saturating_add(at(row - first)).min(body.bottom().saturating_sub(1))))
}

/// The first row in view: the cursor is.
fn first(laid: &LaidText, body: Rect) -> usize {
    (laid.text.cursor.0 + 1).saturating_sub(usize::from(body.height))
}

fn lines(editor: &ArgEditor, theme: &Theme, body: Rect, buf: &mut Buffer) {
    let Some(laid) = editor.laid() else { return };
    let (rows, first) = (&laid.text.rows, first(laid, body));
    let mut before = first.checked_sub(1).and_then(|at| rows.get(at)).map(|(no, _)| *no);
    for (row, (no, line)) in (body.y..body.bottom()).zip(rows.iter().skip(first)) {
        let fault = editor.faults.iter().find(|fault| fault.line == *no);
        let begins = before != Some(*no);
        before = Some(*no);
        let number = if begins { format!("{:>3} ", no + 1) } else { " ".repeat(usize::from(NUMBERS)) };
        let role = if fault.is_some() { Role::Fault } else { Role::Muted };
        let mut spans = vec![
            Span::styled(number, theme.style(role)),
            Span::styled(line.clone(), theme.style(Role::Code)),
        ];
        if let Some(fault) = fault.filter(|_| begins) {
            let words = format!("  ! {}", text::clean(&fault.why));
            let taken = usize::from(NUMBERS) + text::width(line) + text::width(&words);
            // Beside its line only where it is whole; the first one stands below in any case.
            let words = if taken <= usize::from(body.width) { words } else { "  !".to_string() };
            spans.push(Span::styled(words, theme.style(Role::Fault)));
        }
        Line::from(spans).render(Rect { y: row, height: 1, ..body }, buf);
    }
    mark(laid, theme, body, buf);
}

/// The place of the first fault, underlined in its line.
fn mark(laid: &LaidText, theme: &Theme, body: Rect, buf: &mut Buffer) {
    let Some((row, column)) = laid.fault else { return };
    let at = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    let Some(row) = row.checked_sub(first(laid, body)).map(|row| body.y.saturating_add(at(row))) else {
        return;
    };
    let x = (body.x + NUMBERS).saturating_add(at(column));
    if row < body.bottom() && x < body.right() {
        let style = theme.style(Role::Fault).add_modifier(Modifier::UNDERLINED | Modifier::REVERSED);
        buf.set_style(Rect { x, y: row, width: 1, height: 1 }, style);
    }
}

fn difference(editor: &ArgEditor, theme: &Theme, body: Rect, buf: &mut Buffer) {
    let shown = match &editor.value {
        Some(value) => diff::json_diff(&editor.proposal, value, usize::from(body.width), theme).lines,
        None => vec![Line::from("The text is not JSON yet.")],
    };
    for (row, line) in (body.y..body.bottom()).zip(&shown) {
        line.render(Rect { y: row, height: 1, ..body }, buf);
    }
}

/// What stands in the way, or that nothing does.
fn summary(editor: &ArgEditor, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let (role, words) = match editor.faults.first() {
        Some(fault) => {
            let more = match editor.faults.len() - 1 {
                0 => String::new(),
                many => format!(" (and {many} more)"),
            };
            (Role::Fault, format!("! line {}: {}{more}", fault.line + 1, text::clean(&fault.why)))
        }
        None if editor.is_changed() => {
            (Role::Ok, "fits the tool; will be judged again before it runs".to_string())
        }
        None if editor.has_lines() => (
            Role::Muted,
            "unchanged; a line within quotes is a line of the text, \\\" is a quote".to_string(),
        ),
        None => (Role::Muted, "unchanged".to_string()),
    };
    let words = words.replace('\n', " ");
    let rows = text::wrap(&words, usize::from(width)).into_iter().take(SUMMARY_ROWS_MAX);
    rows.filter_map(|row| words.get(row))
        .map(|row| Line::from(Span::styled(row.to_string(), theme.style(role))))
        .collect()
}
