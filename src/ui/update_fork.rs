//! Another session from the chosen event: what is to be other is chosen, written, and sent as one command.
//!
//! Nothing is decided here about the session that is watched: a fork is made beside it.

use crate::domain::command::Command;
use crate::domain::fork::Twist;
use crate::domain::ids::{CallId, EventNo, SessionId};
use crate::domain::message::Args;
use crate::domain::session::Session;
use crate::domain::trace_row::{Row, What};
use crate::ui::app::App;
use crate::ui::edit::TextBox;
use crate::ui::edit_args::ArgEditor;
use crate::ui::forking::{ForkCall, ForkPoint, Twisting};
use crate::ui::inspecting::Inspecting;
use crate::ui::list;
use crate::ui::mode::{Ask, Focus, Pane};
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
        return Some(looked_at(asked));
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
    Some(point(session.last, open.map(ForkCall::of).collect()))
}

/// The event that is looked at: of a call that call, before it was decided on; of a turn the calls that it asked for.
fn looked_at(asked: &Inspecting) -> ForkPoint {
    let at = asked.subject.no;
    let page = asked.page.iter();
    let told = page
        .flat_map(|page| page.asked.iter().filter(|one| page.call.is_none() || page.call == Some(one.call)));
    let calls = told.map(|one| ForkCall {
        call: one.call,
        tool: one.tool.clone(),
        args: if let Args::Json(value) = &one.args { Some(value.clone()) } else { None },
        from: Some(one.from).filter(|from| *from != at),
    });
    ForkPoint { session: asked.session.clone(), at: Some(at), calls: calls.collect() }
}

/// The chosen item of the pane that has the keys: its event, and the calls that were asked for by it.
fn at_focus(app: &App, session: &Session) -> Option<(EventNo, Vec<ForkCall>)> {
    let watched = app.watched.as_ref()?;
    let rows =
        |from: usize| watched.trace.order().iter().skip(from).filter_map(|key| watched.trace.row(*key));
    let call_of = |row: &Row| {
        let (call, tool) = row.what.call()?;
        Some(ForkCall { call, tool: tool.to_string(), args: None, from: None })
    };
    let (at, asked_at) = match app.focus {
        Focus::Pane(Pane::Trace) => {
            let key = *list::trace_rows(app).get(app.windows.trace.chosen?)?;
            let row = watched.trace.row(key)?;
            let place = watched.trace.order().iter().position(|other| *other == key)?;
            // Of a request and of a step, the calls that its reply asked for: the first rows of calls after it.
            let asks = matches!(row.what, What::Model { .. } | What::Step(_));
            let mut after =
                rows(place + 1).take_while(|row| !matches!(row.what, What::Step(_) | What::Run { .. }));
            let reply = after.find_map(|row| row.what.call().map(|_| row.no)).filter(|_| asks);
            (row.no, reply.unwrap_or(row.no))
        }
        Focus::Pane(Pane::Conversation) => {
            let no = watched.talk.items().get(app.windows.talk.chosen?)?.no;
            (no, no)
        }
        Focus::Pane(Pane::Calls) => {
            let call = session.calls.get(app.windows.calls.chosen?)?;
            return Some((call.span, vec![ForkCall::of(call)]));
        }
        Focus::Pane(Pane::Approval | Pane::Inbox) | Focus::Composer => return None,
    };
    let from = Some(asked_at).filter(|from| *from != at);
    let asked = rows(0).filter(|row| row.no == asked_at);
    Some((at, asked.filter_map(call_of).map(|call| ForkCall { from, ..call }).collect()))
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
        Twisting::Args(id) => edit(app, point.changing(id), id),
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

/// Opens the editor on the arguments that a call is to have in the fork.
fn edit(app: &mut App, point: ForkPoint, id: CallId) {
    let session = app.session().filter(|session| session.id == point.session);
    let call = session.and_then(|session| session.call(id));
    let told = point.call(id).and_then(|one| Some((one.tool.clone(), one.args.clone()?)));
    let known = call.and_then(|call| Some((call.tool.clone(), call.args()?.clone()))).or(told);
    match known {
        Some((tool, args)) => {
            let editor = ArgEditor::of_fork((id, &tool, &args), &app.tools, point);
            app.over.lay(Overlay::Editor(Box::new(editor)));
        }
        None => fault(app, "These arguments cannot be edited: they are not JSON.", ""),
    }
}

/// Enter on what was asked for.
pub fn answer(
    app: &mut App,
    (twisting, mut point): (Twisting, ForkPoint),
    text: String,
    effects: &mut Vec<Effect>,
) {
    let mut twist = Twist::default();
    let may_be_empty = match twisting {
        Twisting::Reject(call) => {
            point = point.changing(call);
            twist.reject.push((call, text.clone()));
            true
        }
        Twisting::Respond(call) => {
            point = point.changing(call);
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
