//! The breakpoints: a line to type one in, what it means as it is typed, those that stand, and the notes that wait.
//!
//! ```text
//! › tool=write_file                                  <- typed
//! ──────────────────────────────────────────────
//! Stops before a call of write_file.                 <- what it means, or what is wrong and what to type
//!
//! › b1  risky               Stops before a call with a side effect.
//!   n1  note                Only touch files below src.
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::breakpoint::{Breakpoint, FORMS};
use crate::domain::stops::Standing;
use crate::ui::app::App;
use crate::ui::glyph::Glyph;
use crate::ui::panes::{ink, palette};
use crate::ui::paper::leaf::{one_line, prose};
use crate::ui::parts::BreakList;
use crate::ui::theme::Role;
use crate::ui::update_stops;

/// Columns of a breakpoint as it is printed.
const SPEC: usize = 24;

/// Draws the list.
pub fn draw(app: &App, list: &BreakList, area: Rect, buf: &mut Buffer) {
    let hint = if list.until { "run until: type where to stop" } else { "type where to stop" };
    palette::filter(app, &list.input, hint, area, buf);
    let body = ink::below(area, 2);
    let told = told(app, list, usize::from(body.width));
    let used = u16::try_from(told.len()).unwrap_or(u16::MAX);
    ink::lines(told.iter(), body, buf);
    let rows = rows(app);
    let place = ink::below(body, used.saturating_add(1));
    let chosen = list.chosen.min(rows.len().saturating_sub(1));
    let from = ink::first_shown(chosen, rows.len(), usize::from(place.height));
    for ((at, line), row) in rows.into_iter().enumerate().skip(from).zip(place.rows()) {
        let sign = if at == chosen { Glyph::Selected.text(app.look.glyphs) } else { " " };
        buf.set_string(row.x, row.y, sign, app.look.style(Role::Accent));
        let text = ink::inset(row, 2);
        buf.set_line(text.x, text.y, &line, text.width);
        if at == chosen {
            ink::choose(app, row, buf);
        }
    }
}

/// What is typed in a sentence: what it means, or what is wrong with it.
fn told(app: &App, list: &BreakList, width: usize) -> Vec<Line<'static>> {
    let (text, role) = match update_stops::typed(list) {
        None => (format!("Such as: {FORMS}. Before it: once."), Role::Muted),
        Some(Ok(at)) => {
            let enter = if list.until { "Enter sets it and goes on." } else { "Enter sets it." };
            (format!("{} {enter}", update_stops::meaning(app, &at, list.until)), Role::Ok)
        }
        Some(Err(bad)) => (format!("Not yet: {bad}. ({})", bad.hint), Role::Fault),
    };
    let (lines, _) = prose(&text, app.look.style(role), width.max(8), 4);
    lines
}

fn rows(app: &App) -> Vec<Line<'static>> {
    let look = &app.look;
    let Some(session) = app.session() else { return Vec::new() };
    let stopped = session.stop().map(|stop| stop.hits.as_slice()).unwrap_or_default();
    let standing = |one: &Standing| {
        let here = stopped.iter().any(|hit| hit.no == one.no);
        let hits = match (here, one.hits) {
            (true, _) => "stands here. ".to_string(),
            (false, 0) => String::new(),
            (false, hits) => format!("hit {hits}×. "),
        };
        let unread = || "This program cannot read it: it stops at the next step.".to_string();
        let means = one.read.as_ref().map_or_else(unread, Breakpoint::sentence);
        let blind = one.blind(session.live()).unwrap_or_default();
        Line::from(vec![
            Span::styled(format!("{:<4}", one.no.to_string()), look.style(Role::Muted)),
            Span::styled(format!("{:<SPEC$} ", one_line(&one.spec)), look.style(Role::Text)),
            Span::styled(hits, look.style(Role::Wait)),
            Span::styled(one_line(&blind), look.style(Role::Wait)),
            Span::styled(if blind.is_empty() { "" } else { " " }, look.style(Role::Muted)),
            Span::styled(one_line(&means), look.style(Role::Muted)),
        ])
    };
    let mut rows: Vec<Line<'static>> = session.breaks.iter().map(standing).collect();
    rows.extend(session.notes.iter().map(|note| {
        Line::from(vec![
            Span::styled(format!("{:<4}", note.no.to_string()), look.style(Role::Muted)),
            Span::styled(format!("{:<SPEC$} ", "note for the model"), look.style(Role::Text)),
            Span::styled(one_line(&note.text), look.style(Role::Muted)),
        ])
    }));
    if rows.is_empty() {
        rows.push(Line::from(Span::styled("No breakpoint stands.", look.style(Role::Muted))));
    }
    rows
}
