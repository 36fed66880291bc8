//! The mouse moves the focus and turns the wheel; it never decides.

use crate::ui::action::Move;
use crate::ui::app::App;
use crate::ui::mode::{Focus, Pane};
use crate::ui::panes::playback;
use crate::ui::parts::Overlay;
use crate::ui::update::Mouse;
use crate::ui::{
    update_batch, update_compare, update_inbox, update_inspect, update_lease, update_list, update_panel,
    update_panes, update_replay,
};

/// Takes what the mouse did.
pub fn mouse(app: &mut App, mouse: Mouse) {
    match mouse {
        Mouse::Click(column, row) => click(app, column, row),
        Mouse::Wheel(column, row, lines) => wheel(app, column, row, lines),
    }
}

fn click(app: &mut App, column: u16, row: u16) {
    app.deciding = false;
    if !app.over.is_empty() || app.question.is_some() {
        return;
    }
    if let Some(bar) = app.layout.replay.and_then(|line| playback::bar_place(app, line))
        && bar.contains((column, row).into())
    {
        return update_replay::to_part(app, u64::from(column - bar.x), u64::from(bar.width.max(2) - 1));
    }
    let hit = app.layout.tab_at(column, row).or_else(|| app.layout.pane_at(column, row));
    match hit {
        Some(Pane::Approval) if app.hold_count() == 0 => {}
        Some(Pane::Inbox) => {
            update_panel::give(app, Pane::Inbox);
            if let Some(place) = app.layout.pane(Pane::Inbox) {
                update_inbox::click(app, place, row);
            }
        }
        Some(pane) => update_panel::give(app, pane),
        None if app.layout.on_composer(column, row) => app.focus = Focus::Composer,
        None => {}
    }
}

/// Moves line by line.
fn by(app: &mut App, lines: i32, moved: impl Fn(&mut App, Move)) {
    let step = if lines < 0 { Move::Up } else { Move::Down };
    (0..lines.unsigned_abs().min(20)).for_each(|_| moved(app, step));
}

fn wheel(app: &mut App, column: u16, row: u16, lines: i32) {
    match app.over.top() {
        Some(Overlay::Help) => by(app, lines, update_panes::help),
        Some(
            Overlay::Palette(_)
            | Overlay::Themes { .. }
            | Overlay::Sessions
            | Overlay::Fork(_)
            | Overlay::Breaks(_),
        ) => {
            update_list::shift(app, if lines < 0 { -1 } else { 1 });
        }
        Some(Overlay::Compare(_)) => by(app, lines, update_compare::moved),
        Some(Overlay::Inspect(_)) => by(app, lines, update_inspect::moved),
        Some(Overlay::Batch(_)) => update_batch::moved(app, if lines < 0 { Move::Up } else { Move::Down }),
        Some(Overlay::Leases(_)) => update_lease::moved(app, if lines < 0 { Move::Up } else { Move::Down }),
        Some(Overlay::Editor(_) | Overlay::Lease(_) | Overlay::Keeping(_)) => {}
        None => {
            if let Some(pane) = app.layout.pane_at(column, row) {
                update_panes::wheel(app, pane, lines);
            }
        }
    }
}
