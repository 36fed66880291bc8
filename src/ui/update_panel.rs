//! The decision panel follows the oldest call that waits: what it shows, when that changed, whether it takes the keys.
//!
//! The panel takes the keys by itself only when the operator is plainly not writing: the composer does not have them
//! and is empty, nothing lies over the workbench, and no key came for `STILL_MS`, or none since the operator's last
//! decision. Otherwise it waits, says how to get to it, and no key means anything to it.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::domain::call::CallState;
use crate::domain::session::Session;
use crate::ui::app::{App, STILL_MS};
use crate::ui::mode::{Focus, Pane};
use crate::ui::parts::{Overlay, Panel, Shown};
use crate::ui::update::{Effect, fault};

/// Holds the panel against the session after every message.
pub fn follow(app: &mut App, effects: &mut Vec<Effect>) {
    let facing = app.facing().map(|call| call.id);
    let as_of = app.decided().map(|session| (session.id.clone(), session.last, facing, app.held().is_some()));
    if as_of == app.panel.as_of {
        return settle_focus(app); // drafts, keys and ticks change nothing of it, and a preview may be large
    }
    let shown = (app.hold_count() > 0).then(|| shown(app));
    app.panel.as_of.clone_from(&as_of);
    if shown != app.panel.shown {
        let arrived =
            shown.as_ref().map(|shown| shown.call) != app.panel.shown.as_ref().map(|shown| shown.call);
        app.panel = Panel { shown, as_of, changed_at: app.now, ..Panel::default() };
        app.toasts.retain(|toast| toast.fault); // what was said about the call before does not concern this one
        if arrived && app.panel.shown.is_some() {
            announce(app, effects);
        }
        close_stale(app);
    }
    settle_focus(app);
}

/// What the panel shows of a call.
fn shown(app: &App) -> Shown {
    let mut digest = DefaultHasher::new();
    app.decided().map(|session| &session.id).hash(&mut digest); // the same call of another session is another
    format!("{:?}", app.stop()).hash(&mut digest);
    let Some(call) = app.facing() else {
        format!("{:?}", app.decided().map(Session::note_numbers)).hash(&mut digest);
        return Shown { call: None, hash: None, unknown: false, content: digest.finish() };
    };
    format!("{:?}", (&call.tool, call.args(), &call.preview, &call.touches, &call.verdict)).hash(&mut digest);
    format!("{:?}", (&call.edit_refused, call.effect, call.destroys)).hash(&mut digest);
    Shown {
        call: Some(call.id),
        hash: call.hash,
        unknown: call.state == CallState::Unknown,
        content: digest.finish(),
    }
}

/// A hold that arrives while nobody looks at the terminal rings.
fn announce(app: &App, effects: &mut Vec<Effect>) {
    if app.bell && !app.terminal_focused && app.caught_up && app.playback.is_none() && app.inbox.is_none() {
        let tool = app.facing().map_or("the run", |call| call.tool.as_str());
        effects.push(Effect::Bell(format!("tackroom: {tool} waits for you")));
    }
}

/// A question or an editor about a call that no longer waits as it was shown is closed; nothing was decided.
fn close_stale(app: &mut App) {
    let asked = app.question.as_ref().and_then(|question| question.ask.call());
    let edited = app.over.iter().find_map(|over| match over {
        Overlay::Editor(editor) => Some(editor.call).filter(|_| editor.fork.is_none()),
        Overlay::Lease(page) => Some(page.call.id),
        Overlay::Help
        | Overlay::Palette(_)
        | Overlay::Themes { .. }
        | Overlay::Sessions
        | Overlay::Fork(_)
        | Overlay::Compare(_)
        | Overlay::Inspect(_)
        | Overlay::Batch(_)
        | Overlay::Keeping(_)
        | Overlay::Leases(_)
        | Overlay::Breaks(_) => None,
    });
    if asked.is_some() {
        app.question = None;
    }
    if edited.is_some() {
        app.clear();
    }
    if let Some(call) = asked.or(edited) {
        let waits = app.panel.shown.as_ref().is_some_and(|shown| shown.call == Some(call));
        let what = if waits { "has changed; look again" } else { "no longer waits" };
        fault(app, &format!("Call {call} {what}."), "what you wrote was not sent");
    }
}

/// Where the keys go when a call begins or ceases to wait.
fn settle_focus(app: &mut App) {
    match (&app.panel.shown, app.focus) {
        // The next hold of the inbox takes the place of the one that went, whoever is at it.
        (None, Focus::Pane(Pane::Approval)) if app.inbox.is_some() => {
            if app.inbox.as_ref().is_some_and(|inbox| inbox.holds.is_empty()) {
                app.zoomed = false;
                give(app, Pane::Inbox);
            }
        }
        (None, Focus::Pane(Pane::Approval)) => {
            app.zoomed = false;
            give(app, Pane::Conversation);
            app.deciding = true;
        }
        (Some(_), Focus::Pane(Pane::Conversation | Pane::Trace | Pane::Calls)) => {
            let still = app.deciding || app.now.ms_since(app.last_key) >= STILL_MS;
            let fresh = app.panel.changed_at == app.now;
            let free = app.over.is_empty() && app.question.is_none() && app.composer.is_empty();
            if fresh && still && free && app.playback.is_none() {
                give(app, Pane::Approval);
            }
        }
        (Some(_) | None, Focus::Pane(_) | Focus::Composer) => {}
    }
}

/// Gives a pane the keys. For the decision panel the guard starts again: it was not what the keys were for.
pub fn give(app: &mut App, pane: Pane) {
    if pane == Pane::Approval && app.focus != Focus::Pane(Pane::Approval) {
        app.panel.changed_at = app.now;
    }
    if matches!(pane, Pane::Trace | Pane::Calls) {
        app.side = pane;
    }
    if app.last_pane != pane && app.zoomed {
        app.zoomed = false;
    }
    app.focus = Focus::Pane(pane);
    app.last_pane = pane;
}
