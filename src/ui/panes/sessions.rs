//! Past and present sessions in one list, with a filter and a look at the chosen one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::tally::Row;
use crate::domain::text;
use crate::domain::time::{age, duration};
use crate::ui::app::App;
use crate::ui::glyph::Glyph;
use crate::ui::list;
use crate::ui::panes::{ink, palette};
use crate::ui::paper::leaf::{MARGIN, count, one_line, prose, spread, tokens};
use crate::ui::parts::SessionsList;
use crate::ui::theme::Role;

/// Lower areas show no preview.
const ROWS_FOR_PREVIEW: u16 = 14;
/// Rows of the preview below the list.
const PREVIEW: u16 = 7;

/// Draws the filter, the list and the preview.
pub fn draw(app: &App, asked: &SessionsList, area: Rect, buf: &mut Buffer) {
    let look = &app.look;
    let shown = list::sessions(app);
    let hint = match (asked.filtering, &asked.marked) {
        (true, _) => "type to filter",
        (false, Some(_)) => "choose the session to compare with the marked one",
        (false, None) => "press / to filter",
    };
    palette::filter(app, &asked.filter.text(), hint, area, buf);
    let tally = format!(" {} of {} ", shown.len(), app.rows.len());
    ink::right(&tally, look.style(Role::Muted), area, area.y, buf);
    let mut body = ink::below(area, 2);
    let chosen = asked.chosen.min(shown.len().saturating_sub(1));
    let Some((_, row)) = shown.get(chosen) else {
        let text = if app.rows.is_empty() { "No session is stored yet." } else { "No session fits." };
        buf.set_stringn(body.x, body.y, text, usize::from(body.width), look.style(Role::Muted));
        return;
    };
    if body.height >= ROWS_FOR_PREVIEW {
        body.height -= PREVIEW;
        preview(app, row, Rect { y: body.bottom(), height: PREVIEW, ..body }, buf);
    }
    let from = ink::first_shown(chosen, shown.len(), usize::from(body.height));
    for (at, line) in (from..shown.len()).zip(body.rows()) {
        let Some((depth, row)) = shown.get(at) else { continue };
        draw_row(app, row, (*depth, asked.marked.as_ref() == Some(&row.id)), line, buf);
        if at == chosen {
            ink::choose(app, line, buf);
        }
    }
}

/// The sign, its role and the word of a session's status.
pub fn standing(status: &str) -> (Glyph, Role) {
    match status {
        "running" => (Glyph::Running, Role::Accent),
        "held" => (Glyph::Held, Role::Wait),
        "paused" | "stepping" => (Glyph::Paused, Role::Wait),
        "done" => (Glyph::Done, Role::Ok),
        "failed" => (Glyph::Failed, Role::Fault),
        "cancelled" | "budget-stopped" => (Glyph::Cancelled, Role::Wait),
        _ => (Glyph::Bullet, Role::Muted), // idle, or a newer program's word
    }
}

fn draw_row(app: &App, row: &Row, (depth, marked): (usize, bool), line: Rect, buf: &mut Buffer) {
    let look = &app.look;
    let (glyph, role) = standing(&row.status);
    if let Some(mark) = look.mark(glyph, role) {
        buf.set_span(line.x, line.y, &mark, line.width.min(MARGIN));
    }
    let inner = ink::inset(line, MARGIN);
    let muted = look.style(Role::Muted);
    let word = if row.waiting() == 0 { row.status.clone() } else { needs(row) };
    let title = if row.title.trim().is_empty() { row.id.to_string() } else { one_line(&row.title) };
    let mut left = vec![Span::styled(title, look.style(Role::Text))];
    if depth > 0 {
        let sign = look.sign("└ ", "fork: ");
        let branch = format!("{}{sign}", "  ".repeat(depth.min(8) - 1));
        left.insert(0, Span::styled(branch, look.style(Role::Muted)));
    }
    if marked {
        left.insert(0, Span::styled("[marked] ", look.style(Role::Accent)));
    }
    let word = one_line(&word);
    let room = " ".repeat(14_usize.saturating_sub(text::width(&word)));
    let mut right = vec![Span::raw(" "), Span::styled(word, look.style(role)), Span::raw(room)];
    if line.width >= 70 {
        right.push(Span::styled(format!("{:>9}", count(row.steps, "step")), muted));
        right.push(Span::styled(format!("{:>8}", tokens(row.usage.input + row.usage.output)), muted));
    }
    right.push(Span::styled(format!("{:>5}", age(app.now.ms_since(row.updated))), muted));
    buf.set_line(inner.x, inner.y, &spread(left, right, usize::from(inner.width)), inner.width);
}

fn needs(row: &Row) -> String {
    match row.waiting() {
        1 => "waits for you".to_string(),
        more => format!("{more} wait for you"),
    }
}

fn preview(app: &App, row: &Row, area: Rect, buf: &mut Buffer) {
    let look = &app.look;
    let width = usize::from(area.width);
    let rule = Glyph::Rule.text(look.glyphs).repeat(width);
    let mut lines = vec![Line::from(Span::styled(rule, look.style(Role::Border)))];
    let (title, _) = prose(&row.title, look.style(Role::Title), width, 2);
    lines.extend(title);
    let lasted = duration(row.updated.ms_since(row.opened));
    let from =
        row.parent.as_ref().map(|parent| format!(", forked from {}", parent.session)).unwrap_or_default();
    for (name, what) in [
        ("session", format!("{}, {} with {}{from}", row.id, one_line(&row.agent), one_line(&row.model))),
        ("folder", one_line(&row.workspace)),
        (
            "so far",
            format!(
                "{}, {}, {}, {} tokens in, {} out",
                count(u64::from(row.runs), "task"),
                count(row.steps, "step"),
                count(row.calls, "call"),
                tokens(row.usage.input),
                tokens(row.usage.output)
            ),
        ),
        (
            "time",
            format!(
                "begun {} UTC, last event after {lasted}",
                row.opened.rfc3339().get(..16).unwrap_or_default().replace('T', " ")
            ),
        ),
    ] {
        lines.push(Line::from(vec![
            Span::styled(format!("{name:<9}"), look.style(Role::Muted)),
            Span::styled(what, look.style(Role::Text)),
        ]));
    }
    ink::lines(&lines, area, buf);
}
