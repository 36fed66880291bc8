//! Another session from the chosen event: what is to be other is chosen, written, and sent as one command.
//!
//! Nothing is decided here about the session that is watched: a fork is made beside it.

use crate::domain::command::Command;
use crate::domain::fork::Twist;
use crate::domain::ids::{CallId, EventNo, SessionId};
use crate::domain::session::Session;
use crate::ui::app::App;
use crate::ui::edit::TextBox;
use crate::ui::edit_args::ArgEditor;
use crate::ui::list;
use crate::ui::mode::{Ask, Focus, ForkPoint, Pane, Twisting};
use crate::ui::parts::{Chooser, ForkDialog, Overlay, Question};
use crate::ui::update::{Effect, fault, toast};
use crate::ui::update_inspect;
use crate::ui::update_library::{self, Meant};

/// Opens the dialog on what is chosen: a session of the list, a row, an item, a call, the position of a replay.
pub fn open(app: &mut App) {
    if !update_inspect::is_there(app) {
        return; // the calls that it could be forked with are not known
    }
    let point = match update_library::meant(app) {
        Meant::Listed(session) => Some(ForkPoint { session, at: None, calls: Vec::new() }),
        Meant::NotKnown => return,
        Meant::Watched => chosen(app),
    };
    let Some(point) = point else { return toast(app, "There is no event to fork at yet.", "") };
    app.over.lay(Overlay::Fork(ForkDialog { point, chooser: Chooser::default() }));
}

/// The event that is chosen where the keys go; else where the session stands.
fn chosen(app: &App) -> Option<ForkPoint> {
    let session = app.session()?;
    if let Some(asked) = update_inspect::shown(app) {
        let subject = asked.subject;
        let call = subject.call.or(asked.page.as_ref().and_then(|page| page.open_call));
        let call = call.and_then(|id| session.call(id)).map(|call| (call.id, call.tool.clone()));
        let (session, at) = (asked.session.clone(), Some(subject.no));
        return Some(ForkPoint { session, at, calls: call.into_iter().collect() });
    }
    let point = |at: EventNo, calls| ForkPoint { session: session.id.clone(), at: Some(at), calls };
    if session.last == EventNo(0) {
        return None;
    }
    if app.playback.is_none()
        && let Some((at, calls)) = at_focus(app, session).filter(|(at, _)| *at < session.last)
    {
        return Some(point(at, calls));
    }
    let open = session.open_calls().filter(|call| !call.ended());
    Some(point(session.last, open.map(|call| (call.id, call.tool.clone())).collect()))
}

/// The chosen item of the pane that has the keys: its event, and the calls that were asked for by it.
fn at_focus(app: &App, session: &Session) -> Option<(EventNo, Vec<(CallId, String)>)> {
    let watched = app.watched.as_ref()?;
    let at = match app.focus {
        Focus::Pane(Pane::Trace) => {
            let rows = list::trace_rows(app);
            watched.trace.row(*rows.get(app.windows.trace.chosen?)?)?.no
        }
        Focus::Pane(Pane::Conversation) => watched.talk.items().get(app.windows.talk.chosen?)?.no,
        Focus::Pane(Pane::Calls) => {
            let call = session.calls.get(app.windows.calls.chosen?)?;
            return Some((call.span, vec![(call.id, call.tool.clone())]));
        }
        Focus::Pane(Pane::Approval | Pane::Inbox) | Focus::Composer => return None,
    };
    let asked =
        watched.trace.order().iter().filter_map(|key| watched.trace.row(*key)).filter(|row| row.no == at);
    let calls = asked.filter_map(|row| row.what.call().map(|(call, tool)| (call, tool.to_string())));
    Some((at, calls.collect()))
}

/// Enter in the dialog: what needs no word is done, for the rest it is asked for.
pub fn choose(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(Overlay::Fork(dialog)) = app.over.top() else { return };
    let chosen = list::twists(app).get(dialog.chooser.chosen).map(|(twisting, ..)| *twisting);
    let Some(twisting) = chosen else { return };
    let point = dialog.point.clone();
    app.clear();
    match twisting {
        Twisting::Nothing => send(app, &point, Twist::default(), effects),
        Twisting::Args(id) => {
            let call = app.session().and_then(|session| session.call(id));
            match call.and_then(|call| ArgEditor::of_fork(call, &app.tools, point)) {
                Some(editor) => app.over.lay(Overlay::Editor(Box::new(editor))),
                None => fault(app, "These arguments cannot be edited: they are not JSON.", ""),
            }
        }
        Twisting::Reject(_)
        | Twisting::Respond(_)
        | Twisting::Note
        | Twisting::Model
        | Twisting::Instructions => {
            let text = match (twisting, app.session()) {
                (Twisting::Instructions, Some(session)) if session.id == point.session => {
                    TextBox::raw(&session.instructions)
                }
                _ => TextBox::default(),
            };
            app.question = Some(Question { ask: Ask::Fork(twisting, point), text });
        }
    }
}

/// Enter on what was asked for.
pub fn answer(
    app: &mut App,
    (twisting, point): (Twisting, ForkPoint),
    text: String,
    effects: &mut Vec<Effect>,
) {
    let mut twist = Twist::default();
    let may_be_empty = match twisting {
        Twisting::Reject(call) => {
            twist.reject.push((call, text.clone()));
            true
        }
        Twisting::Respond(call) => {
            twist.respond.push((call, text.clone()));
            false
        }
        Twisting::Note => {
            twist.note = Some(text.clone());
            false
        }
        Twisting::Model => {
            twist.model = Some(text.trim().to_string());
            false
        }
        Twisting::Instructions => {
            let known = app.session().filter(|session| session.id == point.session);
            // As they are in the box that they are changed in.
            let before = known.map(|session| TextBox::raw(&session.instructions).text());
            if before.as_ref() == Some(&text) {
                return toast(
                    app,
                    "The instructions are as they were, so no fork was made.",
                    "f begins again",
                );
            }
            twist.instructions = Some(text.clone());
            before.is_some() // those of a session that is not shown were not read
        }
        Twisting::Nothing | Twisting::Args(_) => true,
    };
    if text.trim().is_empty() && !may_be_empty {
        return toast(app, "Nothing was written, so no fork was made.", "f begins again");
    }
    send(app, &point, twist, effects);
}

/// A fork was made. Whoever still stands where it was asked for, and writes nothing, is taken to it; anybody else is told
/// where it is: what is being written is for the session it was begun in.
pub fn made(
    app: &mut App,
    parent: &SessionId,
    session: SessionId,
    (made, lies): (&str, &str),
    effects: &mut Vec<Effect>,
) {
    let asked = app.forking.take_if(|(of, _)| of == parent);
    let stands = asked.is_some_and(|(_, watched)| watched.as_ref() == app.session_id());
    let writes = !app.composer.is_empty() || app.question.is_some() || !app.over.is_empty();
    if !stands || writes {
        return toast(app, &format!("{made}: g s lists it, the newest; {lies}."), "");
    }
    // What to do first: a narrow screen has no room for where it lies.
    toast(app, &format!("{made}: c goes on with it; {lies}."), "");
    effects.push(Effect::Send(Command::Watch(session)));
}

/// Sends the fork with the arguments as edited.
pub fn edited(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(Overlay::Editor(editor)) = app.over.top() else { return };
    let (call, point) = (editor.call, editor.fork.clone());
    let Some(args) = editor.value.clone().filter(|_| editor.faults.is_empty()) else {
        if let Some(Overlay::Editor(editor)) = app.over.top_mut() {
            editor.to_fault();
        }
        return; // what is wrong stands below the text; the cursor is there now
    };
    let Some(point) = point else { return };
    app.over.take();
    send(app, &point, Twist { args: vec![(call, args)], ..Twist::default() }, effects);
}

fn send(app: &mut App, point: &ForkPoint, twist: Twist, effects: &mut Vec<Effect>) {
    app.panel.changed_at = app.now; // the next key was not meant for the panel yet
    toast(app, "Making the fork …", "");
    let (session, at) = (point.session.clone(), point.at);
    app.forking = Some((session.clone(), app.session_id().cloned()));
    effects.push(Effect::Send(Command::Fork { session, at, twist: Box::new(twist) }));
}
