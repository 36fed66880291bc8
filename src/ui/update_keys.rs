//! What a key does: looked up in the contexts of the moment, then done, or written where text goes.

use crate::domain::command::Command;
use crate::domain::next::Hold;
use crate::domain::notice::Driver;
use crate::domain::order::{Order, Task};
use crate::domain::policy::Mode;
use crate::domain::tool_spec::Effect as ToolEffect;
use crate::ui::action::{Action, Go, Item, Lease, Move, Steer, Stops, Tray};
use crate::ui::app::{App, TWICE_MS};
use crate::ui::can;
use crate::ui::edit::TextBox;
use crate::ui::key::{Code, Key};
use crate::ui::keymap::{Found, digit};
use crate::ui::mode::{Ask, Context, Focus, Pane, Twice};
use crate::ui::parts::{Chooser, Overlay, Question, Window};
use crate::ui::update::{Effect, order, toast};
use crate::ui::{
    update_batch, update_compare, update_decide, update_fork, update_inbox, update_inspect, update_keeping,
    update_lease, update_library, update_list, update_panel, update_panes, update_replay, update_stops,
    update_write,
};

/// Texts that were sent and are kept for the composer.
const HISTORY_MAX: usize = 200;

/// Takes a key.
pub fn key(app: &mut App, key: Key, effects: &mut Vec<Effect>) {
    let prefix = app.prefix.take();
    app.deciding = false;
    app.library.opens = false;
    let told = !app.library.told.is_empty();
    let asked = app.twice;
    let contexts = can::contexts(app);
    match found(app, &contexts, prefix, key) {
        // By its key alone: who has chosen it by its name has said it.
        Found::Action(Action::Steer(Steer::EndTask)) if can::can(app, Action::Steer(Steer::EndTask)) => {
            let question = format!("Press {key} again to end the task: it is cancelled for good.");
            twice(app, Twice::EndTask, &question, effects);
        }
        Found::Action(action) if can::can(app, action) => run(app, action, key, effects),
        Found::Action(action) => cannot(app, action),
        Found::Prefix => app.prefix = Some(key),
        Found::Nothing => write(app, key),
    }
    if app.twice == asked {
        app.twice = None; // another key came in between
    }
    if told {
        app.library.told.clear(); // it was there to be read
    }
}

/// What a key does. One that ends no chord acts by itself: whoever began a chord unawares is not deaf for the next key.
/// Esc only ends the chord, and no decision is taken this way.
fn found(app: &App, contexts: &[Context], prefix: Option<Key>, key: Key) -> Found {
    let whole = app.keys.find(contexts, prefix, key);
    if prefix.is_none() || !matches!(whole, Found::Nothing) || key.code == Code::Esc {
        return whole;
    }
    match app.keys.find(contexts, None, key) {
        Found::Action(Action::Decide(_)) => Found::Nothing,
        alone @ (Found::Action(_) | Found::Prefix | Found::Nothing) => alone,
    }
}

/// A key that means nothing is text, where text goes.
fn write(app: &mut App, key: Key) {
    match app.over.top_mut() {
        Some(Overlay::Editor(editor)) if !editor.difference => editor.key(key),
        Some(Overlay::Palette(chooser) | Overlay::Themes { chooser, .. }) => {
            chooser.filter.key(key);
            chooser.chosen = 0;
        }
        Some(Overlay::Fork(dialog)) => {
            dialog.chooser.filter.key(key);
            dialog.chooser.chosen = 0;
        }
        Some(Overlay::Sessions) => update_library::typed(app, key),
        Some(Overlay::Breaks(list)) => {
            list.input.key(key);
        }
        Some(Overlay::Inspect(asked)) => {
            if let Some(typing) = &mut asked.typing {
                typing.key(key);
            }
        }
        Some(Overlay::Keeping(page)) => page.key(key),
        Some(Overlay::Lease(page)) => page.key(key),
        Some(Overlay::Batch(batch)) => {
            if batch.asks() {
                batch.input.key(key);
            }
        }
        Some(Overlay::Editor(_) | Overlay::Leases(_) | Overlay::Compare(_) | Overlay::Help) => {}
        None => {
            if let Some(question) = &mut app.question {
                question.text.key(key);
            } else if app.focus == Focus::Composer {
                app.composer.key(key);
                app.history_at = None;
            }
        }
    }
}

/// Says why a key does nothing.
fn cannot(app: &mut App, action: Action) {
    let live = app.session().is_some_and(|session| session.live().is_some());
    match action {
        Action::Go(Go::ShowApproval) if app.hold_count() > 0 => {}
        Action::Go(Go::ShowApproval) => toast(app, "Nothing waits for you.", ""),
        Action::Steer(_) if live && app.driver == Driver::Nobody => {
            toast(app, "Nobody drives this session.", "c resumes it here");
        }
        Action::Steer(Steer::Interrupt) => {}
        Action::Steer(Steer::Step | Steer::Continue) if !can::may_go_on(app) => {
            toast(app, "A limit holds it: going on alone does not change that.", "+ gives it more");
        }
        Action::Stops(Stops::Extend) => toast(app, "Nothing limits it.", "`tackroom run --help` tells how"),
        Action::Steer(_) => toast(app, "There is nothing to do that to.", ""),
        Action::Stops(Stops::Until) => {
            toast(app, "No task is under way that could go on.", "b sets a breakpoint for the next")
        }
        Action::Inbox(Tray::Confirm) => toast(app, "Nothing is marked.", "Space marks; y approve, n reject"),
        Action::Inbox(Tray::Mark | Tray::Yes | Tray::No) if app.inbox.is_some() => {
            let (text, hint) = update_inbox::no_mark(app);
            toast(app, text, hint);
        }
        Action::Inbox(Tray::Case) if app.inbox.as_ref().is_some_and(|inbox| inbox.chosen().is_some()) => {
            toast(app, "There is nothing to decide: nobody drives it.", "c takes it up here");
        }
        Action::Lease(Lease::Revoke) => toast(app, "There is nothing to revoke.", ""),
        Action::Lease(Lease::Page) | Action::Stops(_) => {
            toast(app, "There is no session to do that to yet.", "i writes the first task")
        }
        Action::List(what) => update_library::cannot(app, what),
        Action::Inspect(word) => update_inspect::cannot(app, word),
        Action::Palette if app.question.is_some() => {
            toast(app, "Answer the question first.", "Enter answers, Esc goes back");
        }
        Action::Palette if can::is_typed_into(app) => {
            toast(app, "Finish what you write first.", "Enter takes it, Esc goes back");
        }
        Action::Palette if !matches!(app.over.top(), Some(Overlay::Palette(_))) => {
            toast(app, "What is open here comes first.", "Esc goes back");
        }
        Action::Write => toast(app, "This is a replay: it cannot be written to.", "g p leaves it"),
        Action::Move(_)
        | Action::Item(_)
        | Action::Go(_)
        | Action::Decide(_)
        | Action::Editor(_)
        | Action::Lease(Lease::Grant | Lease::Newline)
        | Action::Text(_)
        | Action::Seek(_)
        | Action::Help
        | Action::Palette
        | Action::Quit
        | Action::Suspend
        | Action::Redraw
        | Action::Close
        | Action::Sessions
        | Action::Themes
        | Action::NewSession
        | Action::Rename
        | Action::Fork
        | Action::Compare
        | Action::Inbox(_)
        | Action::Replay => {}
    }
}

/// Does an action.
pub fn run(app: &mut App, action: Action, key: Key, effects: &mut Vec<Effect>) {
    match action {
        Action::Move(step) => moved(app, step),
        Action::Item(item) => on_item(app, item, effects),
        Action::Go(go) => update_panes::go(app, go),
        Action::Steer(word) if app.inbox.is_some() => update_inbox::steer(app, word, effects),
        Action::Steer(word) => steer(app, word, effects),
        Action::Inbox(tray) => update_inbox::act(app, tray, effects),
        Action::Decide(decide) => update_decide::act(app, decide, effects),
        Action::Editor(editor) => update_decide::edited(app, editor, effects),
        Action::Text(text) => update_write::act(app, text, effects),
        Action::Seek(seek) => update_replay::act(app, seek, digit(key)),
        Action::List(what) => update_library::act(app, what, digit(key), effects),
        Action::Compare => update_compare::mark(app, effects),
        Action::Replay => update_replay::begin_or_leave(app, effects),
        Action::Fork => update_fork::open(app),
        Action::Quit => {
            let runs = can::is_busy(app) && app.driver == Driver::Here;
            let more = if runs { "; what runs here parks, and `tackroom resume` goes on" } else { "" };
            twice(app, Twice::Quit, &format!("Press Ctrl-C again to leave{more}."), effects)
        }
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Redraw => effects.push(Effect::Redraw),
        Action::Help => help(app),
        Action::Palette => {
            app.over.lay(Overlay::Palette(Chooser::default()));
        }
        Action::Themes => {
            let before = Box::new(app.look.theme.clone());
            app.over.lay(Overlay::Themes { chooser: Chooser::default(), before });
        }
        Action::Sessions => {
            app.library.open(app.now);
            app.over.lay(Overlay::Sessions);
        }
        Action::Close => close(app),
        Action::Write => app.focus = Focus::Composer,
        Action::Rename => {
            let title = app.session().map(|session| session.title.clone()).unwrap_or_default();
            app.question = Some(Question { ask: Ask::Rename, text: TextBox::of(&title) });
        }
        Action::NewSession => update_list::new_session(app),
        Action::Stops(stops) => update_stops::act(app, stops, effects),
        Action::Lease(lease) => update_lease::act(app, lease, effects),
        Action::Inspect(word) => update_inspect::act(app, word, effects),
    }
}

/// What moves: in the overlay, else in the pane.
fn moved(app: &mut App, step: Move) {
    match app.over.top() {
        Some(Overlay::Help) => update_panes::help(app, step),
        Some(
            Overlay::Palette(_)
            | Overlay::Themes { .. }
            | Overlay::Sessions
            | Overlay::Fork(_)
            | Overlay::Breaks(_),
        ) => update_list::moved(app, step),
        Some(Overlay::Compare(_)) => update_compare::moved(app, step),
        Some(Overlay::Inspect(_)) => update_inspect::moved(app, step),
        Some(Overlay::Batch(_)) => update_batch::moved(app, step),
        Some(Overlay::Keeping(_)) => update_keeping::moved(app, step),
        Some(Overlay::Leases(_)) => update_lease::moved(app, step),
        Some(Overlay::Editor(_) | Overlay::Lease(_)) => {}
        None => update_panes::moved(app, step),
    }
}

/// What is done with the chosen item: of the overlay, else of the pane.
fn on_item(app: &mut App, item: Item, effects: &mut Vec<Effect>) {
    match app.over.top() {
        Some(Overlay::Palette(_) | Overlay::Themes { .. } | Overlay::Sessions | Overlay::Fork(_)) => {
            update_list::act(app, item, effects);
        }
        Some(Overlay::Compare(_)) => update_compare::act(app, item),
        Some(Overlay::Inspect(_)) => update_inspect::on_item(app, item, effects),
        Some(Overlay::Keeping(_)) if item == Item::Open => update_keeping::keep(app, effects),
        Some(
            Overlay::Editor(_)
            | Overlay::Help
            | Overlay::Breaks(_)
            | Overlay::Batch(_)
            | Overlay::Lease(_)
            | Overlay::Leases(_)
            | Overlay::Keeping(_),
        ) => {}
        None => update_panes::act(app, item, effects),
    }
}

fn help(app: &mut App) {
    app.windows.help = Window::default();
    if !matches!(app.over.top(), Some(Overlay::Help)) {
        app.over.lay(Overlay::Help);
    }
}

/// The topmost thing closes; nothing is decided by it.
fn close(app: &mut App) {
    if update_inspect::leave_typing(app) {
        return;
    }
    if matches!(app.over.top(), Some(Overlay::Sessions)) && update_library::close(app) {
        return;
    }
    if holds_back(app) {
        return;
    }
    let top = app.over.iter().len().checked_sub(1);
    match top {
        Some(top) => {
            app.clear_from(top);
            restart_guard(app);
        }
        None if app.question.take().is_some() => restart_guard(app),
        None => {
            let pane = if app.hold_count() > 0 { Pane::Approval } else { app.last_pane };
            update_panel::give(app, pane);
        }
    }
}

/// Whether arguments or a lease that were changed stay: the first press only says that they would be lost.
fn holds_back(app: &mut App) -> bool {
    let changed = match app.over.top() {
        Some(Overlay::Editor(editor)) => editor.is_changed(),
        Some(Overlay::Lease(page)) => page.is_changed(),
        Some(_) | None => false,
    };
    if !changed || app.twice.take_if(|(asked, _)| *asked == Twice::Discard).is_some() {
        return false;
    }
    app.twice = Some((Twice::Discard, app.now.plus_ms(TWICE_MS)));
    toast(app, "Press Esc again to drop what you changed.", "");
    true
}

/// What lay over the panel is gone: the next key was not meant for the panel yet.
fn restart_guard(app: &mut App) {
    app.panel.changed_at = app.now;
}

/// The first press asks, the second does.
fn twice(app: &mut App, what: Twice, question: &str, effects: &mut Vec<Effect>) {
    if app.twice.is_some_and(|(asked, _)| asked == what) {
        app.twice = None;
        match what {
            Twice::Quit => effects.extend([Effect::Send(Command::Quit), Effect::Quit]),
            Twice::Interrupt => order(app, Order::Interrupt, effects),
            Twice::EndTask if app.inbox.is_some() => update_inbox::steer(app, Steer::EndTask, effects),
            Twice::EndTask => steer(app, Steer::EndTask, effects),
            Twice::Purge | Twice::Keep | Twice::Unmark | Twice::Discard => {} // asked in the sessions screen, in the inbox
        }
        return;
    }
    app.twice = Some((what, app.now.plus_ms(TWICE_MS)));
    toast(app, question, "");
}

/// What drives the run.
fn steer(app: &mut App, word: Steer, effects: &mut Vec<Effect>) {
    let Some(session) = app.session() else { return };
    let paused = session.holds().contains(&Hold::Paused);
    let stopped = app.stop().is_some();
    match word {
        // A key that was meant for something else does not let a run go on that has just stopped.
        Steer::Step | Steer::Continue if stopped && app.guard_ms() > 0 => {
            toast(app, "It has just stopped; keys count in a moment.", "");
        }
        Steer::Pause if paused && stopped && app.guard_ms() > 0 => {
            toast(app, "It has just stopped; keys count in a moment.", "");
        }
        Steer::Step => order(app, Order::Step, effects),
        Steer::Pause if paused => order(app, Order::Resume, effects),
        Steer::Pause => order(app, Order::Pause, effects),
        Steer::Continue if app.driver == Driver::Nobody && !stopped => {
            effects.push(Effect::Send(Command::Resume(session.id.clone())));
        }
        Steer::Continue => order(app, Order::Continue, effects),
        Steer::ModeAsk => order(app, Order::SetMode(Mode::Ask), effects),
        Steer::ModeAuto => order(app, Order::SetMode(Mode::Auto), effects),
        Steer::EndTask => order(app, Order::Cancel, effects),
        Steer::Interrupt if can::running(app).any(|call| call.effect != ToolEffect::ReadOnly) => {
            let question =
                "A call that changes things is running. Esc again stops it; what it did stays done.";
            twice(app, Twice::Interrupt, question, effects);
        }
        Steer::Interrupt => order(app, Order::Interrupt, effects),
    }
}

/// Keeps a text that was sent.
pub fn remember(app: &mut App, text: &str) {
    if app.history.back().is_none_or(|last| last != text) {
        app.history.push_back(text.to_string());
    }
    while app.history.len() > HISTORY_MAX {
        app.history.pop_front();
    }
    app.history_at = None;
}

/// The task that a first message begins.
pub fn task(app: &App, input: String) -> Task {
    let (model, base_url) = (app.start.model.clone(), app.start.base_url.clone());
    Task { input, mode: app.start.mode, limits: app.start.limits.clone(), model, base_url }
}
