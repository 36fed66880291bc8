//! A message changes the app and may ask for effects. Pure: no clock, no terminal, no channel.
//!
//! `update_keys` says what a key does, `update_panes` moves and folds, `update_decide` is the one place where a key
//! becomes a decision, `update_notice` takes in what the runtime tells, `update_replay` plays a stored session.

use crate::domain::command::Command;
use crate::domain::notice::Notice;
use crate::domain::order::Order;
use crate::domain::time::Micros;
use crate::ui::app::{App, FAULT_MS, TOAST_MS};
use crate::ui::key::Key;
use crate::ui::mode::Focus;
use crate::ui::parts::{Overlay, Toast};
use crate::ui::{
    update_batch, update_decide, update_inbox, update_keeping, update_keys, update_lease, update_library,
    update_mouse, update_notice, update_panel, update_replay,
};

/// After so long a wait for a person, in milliseconds, the clocks on the screen go on more slowly.
const LONG_WAIT_MS: u64 = 120_000;
/// Milliseconds between two looks at a replay that plays.
const PLAY_MS: u64 = 33;
/// So long, in milliseconds, a wait is told to the second.
const SHORT_WAIT_MS: u64 = 10_000;

/// Everything that may wake the screen.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// A text was pasted: text, never keys.
    Paste(String),
    /// The mouse.
    Mouse(Mouse),
    /// The terminal has another size now.
    Resize(u16, u16),
    /// The terminal got the keyboard, or lost it.
    Focus(bool),
    /// Time passed.
    Tick,
    /// The runtime tells something.
    Notice(Notice),
    /// Code blocks were coloured.
    Coloured,
}

/// What the mouse did, at a column and a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// The first button went down.
    Click(u16, u16),
    /// The wheel turned: lines down, negative is up.
    Wheel(u16, u16, i32),
}

/// What is to be done outside of the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A command to the runtime.
    Send(Command),
    /// A text for the terminal's clipboard; only ever by the operator's key.
    Copy(String),
    /// Ring: something waits and the terminal is not looked at. A few words say what.
    Bell(String),
    /// A text to be read in another program, which has the terminal meanwhile.
    Show(Elsewhere),
    /// Leave.
    Quit,
    /// Back to the shell until called.
    Suspend,
    /// Draw every cell anew.
    Redraw,
}

/// A text for another program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// Which.
    pub program: Program,
    /// A name for it: letters, digits and `-`.
    pub name: String,
    /// The text, without anything that a terminal would act on.
    pub text: String,
}

/// A program of the operator's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `$PAGER`.
    Pager,
    /// `$VISUAL` or `$EDITOR`; it has a copy, and what it makes of it is not read.
    Editor,
}

/// Takes in a message that came at `now`.
pub fn update(app: &mut App, msg: Msg, now: Micros) -> Vec<Effect> {
    app.now = now.max(app.now);
    update_inbox::note_read(app);
    let mut effects = Vec::new();
    if let Msg::Key(_) | Msg::Paste(_) | Msg::Mouse(_) = msg {
        app.toasts.retain(|toast| toast.fault); // a hint was about the press before
    }
    match msg {
        Msg::Key(key) => {
            update_keys::key(app, key, &mut effects);
            app.last_key = app.now;
        }
        Msg::Paste(text) => {
            paste(app, &text);
            app.last_key = app.now;
        }
        Msg::Mouse(mouse) => update_mouse::mouse(app, mouse),
        Msg::Resize(width, height) => app.size = (width, height),
        Msg::Focus(has) => app.terminal_focused = has,
        Msg::Tick => {}
        Msg::Notice(notice) => update_notice::notice(app, notice, &mut effects),
        Msg::Coloured => app.paper.recolor(),
    }
    update_replay::advance(app, &mut effects);
    update_inbox::look(app, &mut effects);
    pass(app);
    update_panel::follow(app, &mut effects);
    update_library::follow(app, &mut effects);
    update_keeping::follow(app, &mut effects);
    update_lease::follow(app, &mut effects);
    effects
}

/// What is over by now goes.
fn pass(app: &mut App) {
    let now = app.now;
    app.toasts.retain(|toast| toast.until > now);
    app.twice = app.twice.filter(|(_, until)| *until > now);
}

/// A pasted text goes where text goes, and nowhere else.
fn paste(app: &mut App, text: &str) {
    match app.over.top_mut() {
        Some(Overlay::Editor(editor)) if !editor.difference => editor.paste(text),
        Some(Overlay::Palette(chooser) | Overlay::Themes { chooser, .. }) => chooser.filter.insert(text),
        Some(Overlay::Fork(dialog)) => dialog.chooser.filter.insert(text),
        Some(Overlay::Sessions) => update_library::pasted(app, text),
        Some(Overlay::Breaks(list)) => list.input.insert(&text.replace(['\n', '\r'], " ")),
        Some(Overlay::Inspect(asked)) => {
            if let Some(typing) = &mut asked.typing {
                typing.insert(&text.replace(['\n', '\r'], " "));
            }
        }
        Some(Overlay::Keeping(page)) => page.paste(text),
        Some(Overlay::Lease(page)) => page.paste(text),
        Some(Overlay::Batch(batch)) if batch.asks() => batch.input.insert(text),
        Some(
            Overlay::Editor(_) | Overlay::Compare(_) | Overlay::Help | Overlay::Batch(_) | Overlay::Leases(_),
        ) => {}
        None => match (&mut app.question, app.focus) {
            (Some(question), _) => question.text.insert(text),
            (None, Focus::Composer) => app.composer.insert(text),
            (None, Focus::Pane(_)) => {
                toast(app, "Pasted text counts only where text is written.", "i writes to the agent")
            }
        },
    }
}

/// Says something in passing.
pub fn toast(app: &mut App, text: &str, hint: &str) {
    say(app, text, hint, false);
}

/// Says in passing that something failed.
pub fn fault(app: &mut App, text: &str, hint: &str) {
    say(app, text, hint, true);
}

fn say(app: &mut App, text: &str, hint: &str, fault: bool) {
    let until = app.now.plus_ms(if fault { FAULT_MS } else { TOAST_MS });
    app.toasts.retain(|toast| toast.text != text);
    if !fault {
        // What failed is seen again, for a moment, once this has passed.
        let seen = until.plus_ms(FAULT_MS - TOAST_MS);
        app.toasts
            .iter_mut()
            .filter(|toast| toast.fault)
            .for_each(|toast| toast.until = toast.until.max(seen));
    }
    app.toasts.push_back(Toast { text: text.to_string(), hint: hint.to_string(), fault, until });
    while app.toasts.len() > 3 {
        let first = app.toasts.iter().take(3).position(|toast| !toast.fault).unwrap_or(0);
        app.toasts.remove(first);
    }
}

/// Sends an order to the watched session. Nothing is ordered about the past.
pub fn order(app: &mut App, order: Order, effects: &mut Vec<Effect>) {
    if app.inbox.is_some() {
        return update_inbox::answer(app, order, effects);
    }
    if app.recorded() {
        return;
    }
    if let Some(session) = app.session_id() {
        effects.push(Effect::Send(Command::Order { session: session.clone(), order }));
    }
}

/// Whether time alone changes what is shown: how soon the next tick is wanted, in milliseconds.
pub fn next_tick_ms(app: &App) -> Option<u64> {
    let playing = app.playback.as_ref().filter(|playback| playback.playing);
    let playing = playing.map(|playback| if playback.is_fastest() { 0 } else { PLAY_MS });
    let guard = (update_decide::is_guarded(app) && !app.look.accessible).then_some(50);
    let guard_end = Some(app.guard_ms()).filter(|ms| *ms > 0 && app.hold_count() > 0);
    let waits = app.inbox.as_ref().and_then(|inbox| inbox.holds.last());
    let live = app.session().is_some_and(|session| session.live().is_some()) && !app.recorded();
    let page = update_batch::page_guard_ms(app).filter(|ms| *ms > 0);
    let page = page.map(|ms| if app.look.accessible { ms } else { ms.min(50) });
    let runs = if app.inbox.is_some() { waits.is_some() } else { live };
    let since = waits.map(|held| held.since);
    let since = since.or(app.held().map(|call| call.since)).or(app.stop().map(|stop| stop.at));
    let waits_ms = since.map_or(0, |since| app.now.ms_since(since));
    // A wait is told to the second while it is short; then nobody needs it so closely, and idling costs nothing.
    let clock = runs.then_some(match waits_ms {
        0..SHORT_WAIT_MS => 1_000,
        SHORT_WAIT_MS..LONG_WAIT_MS => 5_000,
        LONG_WAIT_MS.. => 30_000,
    });
    let passing = app.toasts.iter().map(|toast| toast.until.ms_since(app.now) + 1).min();
    let twice = app.twice.map(|(_, until)| until.ms_since(app.now) + 1);
    [playing, guard, guard_end, page, clock, passing, twice].into_iter().flatten().min()
}
