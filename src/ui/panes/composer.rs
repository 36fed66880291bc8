//! The text for the agent, and where the cursor stands in it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::Widget;

use crate::domain::session::Session;
use crate::domain::text;
use crate::ui::action::Action;
use crate::ui::app::App;
use crate::ui::edit::Laid;
use crate::ui::mode::{Context, Focus};
use crate::ui::theme::Role;

/// The title: what sending does now.
pub fn title(app: &App) -> String {
    let queued = app.session().map_or(0, |session| session.queue.len());
    let what = match app.session() {
        None => "A task for a new session",
        Some(session) if session.live().is_none() => "The next task",
        Some(session) if session.live().is_some_and(|run| run.interrupted) => "What now? It waits for you",
        Some(_) => "To the agent: waits its turn",
    };
    if queued > 0 { format!("{what} ({queued} queued)") } else { what.to_string() }
}

/// Draws the text, or what may be written.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.look.theme;
    if app.composer.is_empty() && app.focus != Focus::Composer {
        let key = app.keys.key_of(Context::Workbench, Action::Write);
        let live = app.session().and_then(Session::live).is_some();
        let what = if live { "write to the agent" } else { "write a task" };
        let words = text::truncate(&format!("{key}: {what}"), usize::from(area.width));
        return Span::styled(words, theme.style(Role::Muted)).render(area, buf);
    }
    let (laid, first) = laid(app, area);
    for (row, (_, line)) in (area.y..area.bottom()).zip(laid.rows.iter().skip(first)) {
        Span::styled(line.clone(), theme.style(Role::Text)).render(Rect { y: row, height: 1, ..area }, buf);
    }
}

/// Where the hardware cursor stands.
pub fn cursor(app: &App, area: Rect) -> (u16, u16) {
    let (laid, first) = laid(app, area);
    let at = |n: usize| u16::try_from(n).unwrap_or(0);
    let x = area.x.saturating_add(at(laid.cursor.1)).min(area.right().saturating_sub(1));
    let y = area.y.saturating_add(at(laid.cursor.0 - first)).min(area.bottom().saturating_sub(1));
    (x, y)
}

/// The rows, and the first that shows so that the cursor is in view.
fn laid(app: &App, area: Rect) -> (Laid, usize) {
    let laid = app.composer.lay(usize::from(area.width));
    let first = (laid.cursor.0 + 1).saturating_sub(usize::from(area.height));
    (laid, first)
}
