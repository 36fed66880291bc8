//! An empty workbench: what was found, what to type, which keys there are; for someone who is here for the first time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::domain::listing::Tab;
use crate::domain::policy::Mode;
use crate::ui::action::{Action, Go, Text, Tray};
use crate::ui::app::App;
use crate::ui::mode::Context;
use crate::ui::panes::ink;
use crate::ui::paper::leaf::{count, one_line, prose};
use crate::ui::theme::Role;

/// Lower areas get no free lines and fewer words.
const ROWS_FOR_AIR: u16 = 14;

/// Draws the greeting, in the middle of the area where there is room.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let is_low = area.height < ROWS_FOR_AIR;
    let lines = page(app, usize::from(area.width.saturating_sub(4).min(72)), is_low);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let wide = lines.iter().map(Line::width).max().unwrap_or(0).min(usize::from(area.width));
    let wide = u16::try_from(wide).unwrap_or(area.width);
    let x = area.x + area.width.saturating_sub(wide) / 2;
    let y = if app.look.accessible { area.y } else { area.y + area.height.saturating_sub(height) / 3 };
    let inner = Rect { x, y, width: area.right() - x, height: area.bottom().saturating_sub(y) };
    ink::lines(&lines, inner, buf);
}

fn page(app: &App, width: usize, is_low: bool) -> Vec<Line<'static>> {
    let look = &app.look;
    let (plain, muted) = (look.style(Role::Text), look.style(Role::Muted));
    let mut lines = Vec::new();
    if !is_low {
        lines
            .push(Line::from(Span::styled("tackroom", look.style(Role::Title).add_modifier(Modifier::BOLD))));
        lines.push(Line::default());
    }
    let asks = match app.start.mode {
        Mode::Auto => "the policy decides which calls ask you first",
        Mode::Ask => "every call that does more than read asks you first",
        Mode::Step => "every step waits for you",
    };
    let model = one_line(&app.start.model);
    let found = if app.start.model.is_empty() {
        "No model was found.".to_string()
    } else if app.start.model == "scripted" {
        "Model: scripted, built in: no key and no server was found. `tackroom doctor` shows what was looked at.".to_string()
    } else {
        format!("Model: {model}.")
    };
    let mode = format!("Mode {}: {asks}.", app.start.mode.name());
    let next =
        "Type a task below and press Enter. A call that asks waits for your key before it runs.".to_string();
    let sentences = if is_low {
        vec![found, "Type a task and press Enter.".to_string()]
    } else {
        vec![found, mode, next]
    };
    for sentence in sentences {
        let (cut, _) = prose(&sentence, plain, width, usize::MAX);
        lines.extend(cut);
    }
    if !is_low {
        lines.push(Line::default());
    }
    let key = |context, action| app.keys.key_of(context, action);
    let mut keys = vec![
        (key(Context::Composer, Action::Text(Text::Send)), "send what you wrote".to_string()),
        (key(Context::Composer, Action::Go(Go::NextPane)), "from the text to the panes".to_string()),
        (key(Context::Global, Action::Palette), "every action by name".to_string()),
        (key(Context::Global, Action::Help), "every key (in a pane)".to_string()),
        (key(Context::Global, Action::Quit), "twice: leave".to_string()),
    ];
    let sessions = app.library.listed.counts.of(Tab::All);
    if sessions > 0 {
        let stored = format!("{} stored (in a pane)", count(sessions, "session"));
        keys.insert(2, (key(Context::Workbench, Action::Sessions), stored));
    }
    let waiting = app.library.listed.counts.of(Tab::NeedsYou);
    if waiting > 0 {
        let verb = if waiting == 1 { "waits" } else { "wait" };
        let words = format!("{} {verb} for you (in a pane)", count(waiting, "session"));
        keys.insert(2, (key(Context::Workbench, Action::Inbox(Tray::Open)), words));
    }
    for (key, what) in keys {
        lines.push(Line::from(vec![
            Span::styled(format!("{key:>9}  "), look.style(Role::Accent)),
            Span::styled(what, muted),
        ]));
    }
    lines
}
