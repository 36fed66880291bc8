//! All keys, from the table that handles them: those of the place where help was asked for come first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::ui::app::App;
use crate::ui::can;
use crate::ui::mode::{Context, Focus, Pane};
use crate::ui::panes::ink;
use crate::ui::paper::leaf::prose;
use crate::ui::theme::Role;

/// Columns of the keys.
const KEYS: usize = 18;

/// How many lines there are at a width.
pub fn rows(app: &App, width: u16) -> usize {
    lines(app, usize::from(width)).len()
}

/// Draws the lines in view.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let lines = lines(app, usize::from(area.width));
    ink::lines(lines.iter().skip(app.windows.help.scroll.offset), area, buf);
}

fn lines(app: &App, width: usize) -> Vec<Line<'static>> {
    let look = &app.look;
    let first = here(app);
    let mut contexts = vec![first];
    contexts.extend(Context::ALL.into_iter().filter(|context| *context != first));
    let mut lines = Vec::new();
    for context in contexts {
        let mut entries = app.keys.of(context).filter(|entry| !entry.chords.is_empty()).peekable();
        if entries.peek().is_none() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        let title = look.style(Role::Title).add_modifier(Modifier::BOLD);
        lines.push(Line::from(Span::styled(context.title(), title)));
        for entry in entries {
            let keys = entry.all_keys();
            let column = if width < 50 { 12 } else { KEYS };
            let (help, _) =
                prose(entry.binding.help, look.style(Role::Text), width.saturating_sub(column + 2).max(8), 8);
            for (at, help) in help.into_iter().enumerate() {
                let shown = if at == 0 { keys.as_str() } else { "" };
                let mut spans = vec![Span::styled(format!("  {shown:<column$}"), look.style(Role::Accent))];
                if shown.len() >= column {
                    spans.push(Span::raw(" "));
                }
                spans.extend(help.spans);
                lines.push(Line::from(spans));
            }
        }
    }
    lines
}

/// The context in which help was asked for.
fn here(app: &App) -> Context {
    if let Some(under) = app.over.below() {
        return can::over(app, under);
    }
    if app.inbox.is_some() && app.focus != Focus::Pane(Pane::Approval) {
        return Context::Inbox;
    }
    if app.recorded() {
        return Context::Replay;
    }
    match app.focus {
        Focus::Composer => Context::Composer,
        Focus::Pane(Pane::Conversation) => Context::Conversation,
        Focus::Pane(Pane::Trace) => Context::Trace,
        Focus::Pane(Pane::Calls) => Context::Calls,
        Focus::Pane(Pane::Approval) => can::deciding(app).unwrap_or(Context::Approval),
        Focus::Pane(Pane::Inbox) => Context::Inbox,
    }
}
