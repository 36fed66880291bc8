//! Choosing from a list: an action, a theme, a session.

use crate::domain::command::Command;
use crate::domain::ids::SessionId;
use crate::ui::action::{Action, Item, Move};
use crate::ui::app::App;
use crate::ui::drafts::Drafts;
use crate::ui::key::{Code, Key};
use crate::ui::library::Typing;
use crate::ui::mode::Focus;
use crate::ui::parts::Overlay;
use crate::ui::update::Effect;
use crate::ui::{
    can, list, update_fork, update_keys, update_library, update_stops, update_texts, update_watch,
};

/// Rows that half a page is.
const HALF: isize = 10;

/// Moves the choice.
pub fn moved(app: &mut App, step: Move) {
    match step {
        Move::Down | Move::Right => shift(app, 1),
        Move::Up | Move::Left => shift(app, -1),
        Move::HalfDown | Move::PageDown => shift(app, HALF),
        Move::HalfUp | Move::PageUp => shift(app, -HALF),
        Move::Top => shift(app, isize::MIN / 2),
        Move::Bottom => shift(app, isize::MAX / 2),
    }
}

/// Does what is done in a list.
pub fn act(app: &mut App, item: Item, effects: &mut Vec<Effect>) {
    match item {
        Item::Open => open(app, effects),
        Item::Search => {
            if let Some(Overlay::Sessions) = app.over.top() {
                app.library.typing = Typing::Filter;
            }
        }
        Item::Copy | Item::Same | Item::NextHit | Item::PreviousHit => {}
    }
}

/// Moves the choice; a theme shows at once.
pub fn shift(app: &mut App, by: isize) {
    let count = match app.over.top() {
        Some(Overlay::Palette(_)) => list::actions(app).len(),
        Some(Overlay::Themes { .. }) => list::themes(app).len(),
        Some(Overlay::Sessions) if app.library.typing == Typing::Search => {
            return update_texts::shift(app, by);
        }
        Some(Overlay::Sessions) => {
            return app.library.choose(app.library.chosen.saturating_add_signed(by));
        }
        Some(Overlay::Fork(_)) => list::twists(app).len(),
        Some(Overlay::Breaks(_)) => update_stops::rows(app),
        Some(
            Overlay::Help
            | Overlay::Compare(_)
            | Overlay::Inspect(_)
            | Overlay::Editor(_)
            | Overlay::Lease(_)
            | Overlay::Leases(_)
            | Overlay::Keeping(_)
            | Overlay::Batch(_),
        )
        | None => 0,
    };
    let moved = |chosen: usize| chosen.saturating_add_signed(by).min(count.saturating_sub(1));
    match app.over.top_mut() {
        Some(Overlay::Palette(chooser) | Overlay::Themes { chooser, .. }) => {
            chooser.chosen = moved(chooser.chosen)
        }
        Some(Overlay::Fork(dialog)) => dialog.chooser.chosen = moved(dialog.chooser.chosen),
        Some(Overlay::Breaks(list)) => list.chosen = moved(list.chosen),
        Some(
            Overlay::Help
            | Overlay::Sessions
            | Overlay::Compare(_)
            | Overlay::Inspect(_)
            | Overlay::Editor(_)
            | Overlay::Lease(_)
            | Overlay::Leases(_)
            | Overlay::Keeping(_)
            | Overlay::Batch(_),
        )
        | None => {}
    }
    show_theme(app);
}

/// While themes are chosen from, the screen wears the chosen one.
fn show_theme(app: &mut App) {
    let Some(Overlay::Themes { chooser, .. }) = app.over.top() else { return };
    let name = list::themes(app).get(chooser.chosen).map(ToString::to_string);
    let theme = app.themes.iter().find(|theme| Some(theme.name()) == name.as_deref()).cloned();
    if let Some(theme) = theme.filter(|_| !app.look.no_color) {
        app.look.theme = theme;
    }
}

fn open(app: &mut App, effects: &mut Vec<Effect>) {
    match app.over.top() {
        Some(Overlay::Palette(chooser)) => {
            let chosen = list::actions(app).get(chooser.chosen).map(|entry| entry.binding);
            let chosen = chosen.map(|binding| (binding.context, binding.action));
            app.over.take();
            if let Some((context, action)) = chosen {
                // What counts elsewhere is done there, not unseen below what is open here. A theme is tried on anything.
                if !can::contexts(app).contains(&context) && action != Action::Themes {
                    app.clear();
                }
                update_keys::run(app, action, Key::plain(Code::Enter), effects);
            }
            app.panel.changed_at = app.now; // the next key was not meant for the panel yet; this one was meant
        }
        Some(Overlay::Themes { .. }) => {
            show_theme(app);
            app.over.take();
            app.panel.changed_at = app.now;
        }
        Some(Overlay::Fork(_)) => update_fork::choose(app, effects),
        Some(Overlay::Sessions) => update_library::open(app, effects),
        Some(
            Overlay::Help
            | Overlay::Compare(_)
            | Overlay::Inspect(_)
            | Overlay::Editor(_)
            | Overlay::Lease(_)
            | Overlay::Leases(_)
            | Overlay::Breaks(_)
            | Overlay::Keeping(_)
            | Overlay::Batch(_),
        )
        | None => {}
    }
}

/// Asks for a session, to be watched or to be played.
pub fn watch(app: &mut App, id: SessionId, replay: bool, effects: &mut Vec<Effect>) {
    app.clear();
    app.question = None;
    app.replay_wanted = replay.then(|| id.clone());
    if app.watched.is_none() {
        update_watch::put_by(app); // it was to begin another session than this one
    }
    app.focus = Focus::Pane(app.last_pane);
    effects.push(Effect::Send(if replay { Command::Replay(id) } else { Command::Watch(id) }));
}

/// An empty workbench: what is written next begins a session. What ran goes on.
pub fn new_session(app: &mut App) {
    update_watch::leave(app);
    update_watch::take_up(app, None);
    app.clear();
    app.watched = None;
    app.playback = None;
    app.drafts = Drafts::default();
    app.focus = Focus::Composer;
}
