//! The mouse moves the focus and turns the wheel; it never decides.

use crate::ui::action::Move;
use crate::ui::app::App;
use crate::ui::mode::{Focus, Pane};
use crate::ui::parts::Overlay;
use crate::ui::update::Mouse;
use crate::ui::{update_list, update_panel, update_panes};

/// Takes what the mouse did.
pub fn mouse(app: &mut App, mouse: Mouse) {
    match mouse {
        Mouse::Click(column, row) => click(app, column, row),
        Mouse::Wheel(column, row, lines) => wheel(app, column, row, lines),
    }
}

fn click(app: &mut App, column: u16, row: u16) {
    app.deciding = false;
    if app.overlay.is_some() || app.question.is_some() {
        return;
    }
    let hit = app.layout.tab_at(column, row).or_else(|| app.layout.pane_at(column, row));
    match hit {
        Some(Pane::Approval) if app.held().is_none() => {}
        Some(pane) => update_panel::give(app, pane),
        None if app.layout.on_composer(column, row) => app.focus = Focus::Composer,
        None => {}
    }
}

fn wheel(app: &mut App, column: u16, row: u16, lines: i32) {
    match &app.overlay {
        Some(Overlay::Help) => {
            let step = if lines < 0 { Move::Up } else { Move::Down };
            for _ in 0..lines.unsigned_abs().min(20) {
                update_panes::help(app, step);
            }
        }
        Some(Overlay::Palette(_) | Overlay::Themes { .. } | Overlay::Sessions(_) | Overlay::Fork(_)) => {
            update_list::shift(app, if lines < 0 { -1 } else { 1 });
        }
        Some(Overlay::Editor(_)) => {}
        None => {
            if let Some(pane) = app.layout.pane_at(column, row) {
                update_panes::wheel(app, pane, lines);
            }
        }
    }
}
