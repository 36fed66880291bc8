//! The one place where a key becomes a decision.
//!
//! A key decides only when the panel has the keys, `GUARD_MS` after its content last changed or it came to have them.
//! Approving also wants every line of it to have been on screen, and a call that can destroy wants a word typed. The
//! order carries the hash of the action as shown, so what changed meanwhile is refused by the door.

use crate::domain::event::Settling;
use crate::domain::hash::Hash;
use crate::domain::ids::CallId;
use crate::domain::order::Order;
use crate::domain::session::Session;
use crate::domain::text::plural;
use crate::ui::action::{Decide, Editor};
use crate::ui::app::{App, GUARD_MS};
use crate::ui::edit::TextBox;
use crate::ui::edit_args::ArgEditor;
use crate::ui::mode::{Ask, Focus, Pane};
use crate::ui::parts::{Overlay, Question, Search};
use crate::ui::update::{Effect, fault, order, toast};
use crate::ui::{update_batch, update_find, update_fork, update_lease, update_replay, update_stops};

/// The word that a call which can destroy wants typed.
pub const WORD: &str = "destroy";

/// Whether the panel is still filling: no key decides yet.
pub fn is_guarded(app: &App) -> bool {
    app.focus == Focus::Pane(Pane::Approval) && app.panel.shown.is_some() && app.guard_ms() > 0
}

/// Milliseconds until what is written on the page in front may be sent; none where nothing is written or it may be.
pub fn writing_guard_ms(app: &App) -> Option<u64> {
    let over = app.over.top()?;
    let lease = if let Overlay::Lease(page) = over { Some(page.opened_at) } else { None };
    let edit =
        if let Overlay::Editor(page) = over { Some(page).filter(|page| page.fork.is_none()) } else { None };
    let opened_at = lease.or(edit.map(|page| page.opened_at))?;
    Some(GUARD_MS.saturating_sub(app.now.ms_since(opened_at))).filter(|ms| *ms > 0)
}

/// The call that a key may decide now, and the hash of what is shown; says why where it may not.
fn decidable(app: &mut App) -> Option<(CallId, Option<Hash>)> {
    let shown = app.panel.shown.clone()?;
    let has_keys = app.focus == Focus::Pane(Pane::Approval) && app.over.is_empty() && app.question.is_none();
    if !has_keys || app.recorded() || app.guard_ms() > 0 {
        return None;
    }
    Some((shown.call?, shown.hash))
}

/// Does what is done with edited arguments.
pub fn edited(app: &mut App, editor: Editor, effects: &mut Vec<Effect>) {
    match editor {
        Editor::ApproveEdited => approve_edited(app, effects),
        Editor::ForkEdited => update_fork::edited(app, effects),
        Editor::ShowDifference => {
            if let Some(Overlay::Editor(editor)) = app.over.top_mut() {
                editor.difference = !editor.difference;
            }
        }
    }
}

/// Does what is done with a waiting call.
pub fn act(app: &mut App, decide: Decide, effects: &mut Vec<Effect>) {
    let Some((call, hash)) = decidable(app) else { return };
    let settle = |how| Ask::Settle(call, how);
    match decide {
        Decide::Approve => approve(app, call, hash, effects),
        Decide::Reject => ask(app, Ask::Reject(call)),
        Decide::Respond => ask(app, Ask::Respond(call)),
        Decide::GiveUp => ask(app, settle(Settling::Abandon)),
        Decide::Edit | Decide::Always | Decide::RunAgain if !read(app) => {}
        Decide::Always => update_lease::open(app, call),
        Decide::Edit => edit(app, call),
        Decide::Happened => ask(app, settle(Settling::Happened)),
        Decide::RunAgain => ask(app, settle(Settling::Again)),
    }
}

/// Whether every line was on screen; says so where not.
fn read(app: &mut App) -> bool {
    let unseen = app.unseen();
    let laid = !app.panel.lines.is_empty();
    if unseen > 0 || !laid {
        let text = format!("Read to the end first: {} more.", plural(unseen, "line"));
        toast(app, &text, "j or Ctrl-D scrolls, z gives the panel the whole body");
    }
    unseen == 0 && laid
}

fn approve(app: &mut App, call: CallId, hash: Option<Hash>, effects: &mut Vec<Effect>) {
    let Some(hash) = hash else { return };
    if !read(app) {
        return;
    }
    if app.held().is_some_and(|held| held.destroys) {
        return ask(app, Ask::Confirm { call, hash, edited: None });
    }
    order(app, Order::Approve { call, hash }, effects);
}

fn edit(app: &mut App, call: CallId) {
    let held = app.decided().and_then(|session| session.call(call));
    match held.and_then(|held| ArgEditor::open(held, &app.tools)) {
        Some(mut editor) => {
            editor.opened_at = app.now;
            app.over.lay(Overlay::Editor(Box::new(editor)));
        }
        None => fault(app, "These arguments cannot be edited: they are not JSON.", "n rejects the call"),
    }
}

/// Sends the edited arguments, with the hash of what was shown when the editor opened.
fn approve_edited(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(Overlay::Editor(editor)) = app.over.top() else { return };
    if writing_guard_ms(app).is_some() || app.recorded() || editor.fork.is_some() {
        return;
    }
    let (call, hash) = (editor.call, editor.hash);
    let faults = editor.faults.len();
    let Some(args) = editor.value.clone().filter(|_| faults == 0) else {
        if let Some(Overlay::Editor(editor)) = app.over.top_mut() {
            editor.to_fault();
        }
        return; // what is wrong stands below the text; the cursor is there now
    };
    let changed = editor.is_changed();
    let destroys = app.facing().is_some_and(|call| call.destroys);
    app.over.take();
    if !changed {
        // The same action as shown: approved the same way, unseen lines and typed word included.
        app.panel.changed_at = app.now;
        return toast(app, "Nothing was changed.", "y approves the call as shown");
    }
    if destroys {
        app.panel.changed_at = app.now;
        return ask(app, Ask::Confirm { call, hash, edited: Some(args) });
    }
    order(app, Order::ApproveEdited { call, hash, args }, effects);
}

fn ask(app: &mut App, what: Ask) {
    app.question = Some(Question { ask: what, text: TextBox::default() });
}

/// Enter on a question.
pub fn answer(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(question) = app.question.take() else { return };
    let text = question.text.text();
    app.panel.changed_at = app.now; // a key that follows what was typed was not meant for the panel
    match question.ask {
        Ask::Reject(call) => order(app, Order::Reject { call, reason: text }, effects),
        Ask::Respond(call) if text.trim().is_empty() => {
            app.question = Some(Question { ask: Ask::Respond(call), text: question.text });
            toast(app, &format!("Write what {call} is to answer."), "Esc goes back");
        }
        Ask::Respond(call) => order(app, Order::Respond { call, text }, effects),
        Ask::Settle(call, how) => order(app, Order::Settle { call, how, note: text }, effects),
        Ask::Confirm { call, hash, edited } => confirm(app, (call, hash), &text, edited, effects),
        Ask::Search => search(app, &text),
        Ask::Rename => order(app, Order::Rename(text), effects),
        Ask::Fork(twisting, from) => update_fork::answer(app, (twisting, from), text, effects),
        Ask::Note => order(app, Order::AddNote(text), effects),
        Ask::Extend { .. } => update_stops::extend(app, &text, effects),
        Ask::Jump => update_replay::typed(app, &text),
        Ask::Mark { how, id, .. } => update_batch::reason(app, (how, &id), text),
    }
}

/// The typed word approves what was shown when it was asked for, as long as that is still what is shown.
fn confirm(
    app: &mut App,
    (call, hash): (CallId, Hash),
    text: &str,
    edited: Option<serde_json::Value>,
    effects: &mut Vec<Effect>,
) {
    app.panel.changed_at = app.now;
    let shown = app.panel.shown.as_ref();
    if shown.is_none_or(|shown| (shown.call, shown.hash) != (Some(call), Some(hash))) {
        return;
    }
    if text.trim() != WORD {
        return toast(app, "That is not the word; nothing was approved.", "");
    }
    match edited {
        Some(args) => order(app, Order::ApproveEdited { call, hash, args }, effects),
        None => order(app, Order::Approve { call, hash }, effects),
    }
}

fn search(app: &mut App, text: &str) {
    let words = text.trim().to_lowercase();
    if words.is_empty() {
        app.search = None;
        return;
    }
    let pane = app.last_pane;
    let hits = update_find::find(app, pane, &words);
    if hits.is_empty() {
        toast(app, &format!("Nothing in this pane has \"{words}\"."), "");
    }
    app.search = Some(Search { words, pane, hits });
    update_find::next_hit(app, true);
}

/// The decisions that wait behind the shown one.
pub fn behind(session: &Session) -> usize {
    session.holds().len().saturating_sub(1)
}
