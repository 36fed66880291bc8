//! What is written goes out: to the agent, as a new task, or as the answer to a one-line question.

use crate::domain::command::Command;
use crate::domain::order::Order;
use crate::domain::session::Session;
use crate::ui::action::Text;
use crate::ui::app::App;
use crate::ui::edit::TextBox;
use crate::ui::key::{Code, Key};
use crate::ui::library::Typing;
use crate::ui::mode::Focus;
use crate::ui::parts::Overlay;
use crate::ui::update::{Effect, fault, order};
use crate::ui::{update_decide, update_keys};

/// Does what is done where text is written.
pub fn act(app: &mut App, text: Text, effects: &mut Vec<Effect>) {
    let question = app.over.is_empty() && app.question.is_some();
    match text {
        Text::Send if question => update_decide::answer(app, effects),
        Text::Send => send(app, false, effects),
        Text::SendNow => send(app, true, effects),
        Text::Newline => {
            if let Some(question) = &mut app.question {
                question.text.newline();
            } else {
                app.composer.newline();
            }
        }
        Text::Older => older(app),
        Text::Newer => newer(app),
    }
}

/// Sends what the composer holds: it begins a session, begins a run, queues, or steers.
fn send(app: &mut App, now: bool, effects: &mut Vec<Effect>) {
    let text = app.composer.text();
    if text.trim().is_empty() || app.focus != Focus::Composer || app.playback.is_some() {
        return;
    }
    let started = app.session().is_some_and(|session| session.run.is_some());
    let live = app.session().and_then(Session::live).is_some();
    if app.session().is_none() {
        if app.start.model.is_empty() {
            fault(app, "No model is configured.", "`tackroom doctor` shows what there is");
            return;
        }
        let task = update_keys::task(app, text.clone());
        effects.push(Effect::Send(Command::Begin(task, Vec::new())));
    } else if !started {
        let task = update_keys::task(app, text.clone());
        order(app, Order::Start(task), effects);
    } else if now && live {
        order(app, Order::Steer(text.clone()), effects);
    } else {
        order(app, Order::Say(text.clone()), effects);
    }
    update_keys::remember(app, &text);
    app.composer = TextBox::default();
    app.windows.talk.scroll.follow = true;
    app.windows.talk.chosen = None;
}

/// Up: within the text first, then to what was sent before. A text that was not sent is never lost.
fn older(app: &mut App) {
    let browsing = app.history_at.is_some() || app.composer.is_empty();
    if !app.over.is_empty() || !browsing || app.composer.line() > 0 {
        app.composer.key(Key::plain(Code::Up));
        return;
    }
    let at = app.history_at.unwrap_or(app.history.len());
    if let Some(text) = at.checked_sub(1).and_then(|at| app.history.get(at)) {
        app.composer.set(text);
        app.history_at = Some(at - 1);
    }
}

/// Down: within the text first, then to what was sent after, and to the empty text at last.
fn newer(app: &mut App) {
    let last_line = app.composer.line() + 1 >= app.composer.line_count();
    match app.history_at {
        Some(at) if last_line => match app.history.get(at + 1) {
            Some(text) => {
                app.composer.set(text);
                app.history_at = Some(at + 1);
            }
            None => {
                app.composer = TextBox::default();
                app.history_at = None;
            }
        },
        Some(_) | None => {
            app.composer.key(Key::plain(Code::Down));
        }
    }
}

/// Whether text is being written anywhere.
pub fn is_writing(app: &App) -> bool {
    match app.over.top() {
        Some(
            Overlay::Editor(_)
            | Overlay::Palette(_)
            | Overlay::Themes { .. }
            | Overlay::Fork(_)
            | Overlay::Keeping(_)
            | Overlay::Lease(_)
            | Overlay::Breaks(_),
        ) => true,
        Some(Overlay::Sessions) => app.library.typing != Typing::Nothing,
        Some(Overlay::Inspect(asked)) => asked.typing.is_some(),
        Some(Overlay::Batch(batch)) => batch.asks(),
        Some(Overlay::Help | Overlay::Leases(_) | Overlay::Compare(_)) => false,
        None => app.question.is_some() || app.focus == Focus::Composer,
    }
}
