//! Another session comes to the screen: what belongs to the one before goes with it, and what was written is kept or its loss is said.

use crate::domain::ids::SessionId;
use crate::domain::notice::Driver;
use crate::domain::watched::Watched;
use crate::ui::app::App;
use crate::ui::drafts::Drafts;
use crate::ui::mode::{Ask, Focus, Pane};
use crate::ui::paper::Paper;
use crate::ui::parts::{Folds, Overlay, Panel, Question, Windows};
use crate::ui::update::fault;
use crate::ui::update_replay;
use crate::ui::widgets::scroll::Scroll;

/// Texts for the agent that are kept unsent at most; the oldest go first.
const UNSENT_MAX: usize = 32;

/// Another session is watched from here on: nothing of the one before is left.
pub fn watch(app: &mut App, session: SessionId) {
    if app.inbox.is_none() {
        leave(app); // what is open over the inbox is about its holds
    }
    // What is typed before the first session has come is meant for it.
    if app.watched.is_some() || app.composer.is_empty() {
        take_up(app, Some(&session));
    }
    let played = app.replay_wanted.take_if(|wanted| *wanted == session).is_some();
    app.watched = Some(Watched::new(session));
    app.caught_up = false;
    app.driver = Driver::Nobody;
    app.drafts = Drafts { turn: app.drafts.turn + 1, ..Drafts::default() };
    app.playback = None;
    if played {
        update_replay::begin(app);
    }
    app.panel = Panel::default();
    app.folds = Folds::default();
    app.paper = Paper::default();
    app.search = None;
    app.windows = Windows::default();
    app.windows.talk.scroll = Scroll::following();
    app.windows.trace.scroll = Scroll::following();
    app.windows.calls.scroll = Scroll::following();
    // Who has typed nothing yet came to look, not to write.
    let untouched = app.last_key.0 == 0 && app.composer.is_empty();
    if let Some(inbox) = &mut app.inbox {
        inbox.back = (Focus::Pane(Pane::Conversation), Pane::Conversation, false);
    } else if untouched || app.playback.is_some() || app.focus == Focus::Pane(Pane::Approval) {
        app.focus = Focus::Pane(Pane::Conversation);
        app.last_pane = Pane::Conversation;
    }
}

/// What is open about the watched session closes; what was written in it and is lost is said.
pub fn leave(app: &mut App) {
    (app.prefix, app.twice, app.deciding) = (None, None, false);
    if app.watched.is_none() {
        return;
    }
    let lost = lost(app);
    app.question = None;
    // What lies over something that goes, goes with it.
    let first = app.over.iter().position(belongs);
    if let Some(first) = first {
        app.clear_from(first);
    }
    if let Some(lost) = lost {
        fault(app, &format!("{lost}: another session is shown now."), "go back to it to write it again");
    }
}

/// Whether what lies over the workbench is about the watched session.
fn belongs(overlay: &Overlay) -> bool {
    match overlay {
        // What was chosen in the palette was chosen for the session that was shown.
        Overlay::Palette(_)
        | Overlay::Fork(_)
        | Overlay::Editor(_)
        | Overlay::Breaks(_)
        | Overlay::Lease(_)
        | Overlay::Leases(_)
        | Overlay::Inspect(_) => true,
        Overlay::Help
        | Overlay::Themes { .. }
        | Overlay::Sessions
        | Overlay::Compare(_)
        | Overlay::Keeping(_)
        | Overlay::Batch(_) => false,
    }
}

/// What was written about the watched session and not sent, as a sentence begins.
fn lost(app: &App) -> Option<String> {
    if let Some(question) = &app.question {
        return unanswered(app, question);
    }
    app.over.iter().find_map(lost_of)
}

fn lost_of(overlay: &Overlay) -> Option<String> {
    match overlay {
        Overlay::Editor(editor) if !editor.is_changed() => None,
        Overlay::Editor(editor) if editor.fork.is_some() => Some("Your fork was not made".to_string()),
        Overlay::Editor(editor) => Some(format!("Your arguments for {} were not sent", editor.call)),
        Overlay::Lease(page) => {
            page.is_changed().then(|| format!("Your lease for {} was not granted", page.call.id))
        }
        Overlay::Breaks(list) => (!list.input.is_empty()).then(|| "The breakpoint was not set".to_string()),
        Overlay::Help
        | Overlay::Palette(_)
        | Overlay::Themes { .. }
        | Overlay::Sessions
        | Overlay::Fork(_)
        | Overlay::Inspect(_)
        | Overlay::Batch(_)
        | Overlay::Keeping(_)
        | Overlay::Leases(_)
        | Overlay::Compare(_) => None,
    }
}

fn unanswered(app: &App, question: &Question) -> Option<String> {
    let text = question.text.text();
    let typed = !text.is_empty();
    match &question.ask {
        Ask::Reject(call) => typed.then(|| format!("Your reason for rejecting {call} was not sent")),
        Ask::Respond(call) => typed.then(|| format!("Your answer for {call} was not sent")),
        Ask::Settle(call, _) => typed.then(|| format!("Your note on {call} was not sent")),
        Ask::Confirm { call, edited, .. } => {
            edited.as_ref().map(|_| format!("Your arguments for {call} were not sent"))
        }
        Ask::Rename => {
            let other = app.session().is_none_or(|session| session.title != text);
            other.then(|| "The new title was not sent".to_string())
        }
        Ask::Note => typed.then(|| "Your note was not sent".to_string()),
        Ask::Fork(..) => typed.then(|| "Your fork was not made".to_string()),
        Ask::Extend { .. } | Ask::Search | Ask::Jump | Ask::Mark { .. } => None,
    }
}

/// The text for the agent stays with the session it was typed for; the one typed for `to` comes back.
pub fn take_up(app: &mut App, to: Option<&SessionId>) {
    if app.session_id() == to {
        return;
    }
    put_by(app);
    if let Some(at) = app.unsent.iter().position(|(session, _)| session.as_ref() == to) {
        app.composer = app.unsent.remove(at).map(|(_, text)| text).unwrap_or_default();
    }
}

/// Keeps the text for the agent for when the session it was typed for comes back.
pub fn put_by(app: &mut App) {
    let session = app.session_id().cloned();
    let text = std::mem::take(&mut app.composer);
    app.history_at = None;
    if !text.is_empty() {
        app.unsent.retain(|(other, _)| *other != session);
        app.unsent.push_back((session, text));
    }
    while app.unsent.len() > UNSENT_MAX {
        app.unsent.pop_front();
    }
}
