//! Which contexts count now, and whether an action means something now: key line, help, palette and handling ask here.

use crate::domain::boundary;
use crate::domain::call::{Call, CallState};
use crate::domain::held::Held;
use crate::domain::next::Hold;
use crate::domain::notice::Driver;
use crate::domain::policy::Mode;
use crate::domain::session::Session;
use crate::domain::stops::Stop;
use crate::domain::waits::Waits;
use crate::ui::action::{Action, Decide, Go, Inspect, Item, Lease, Steer, Stops, Text, Tray};
use crate::ui::app::App;
use crate::ui::inbox::Inbox;
use crate::ui::library::Typing;
use crate::ui::mode::{Context, Focus, Pane};
use crate::ui::parts::Overlay;
use crate::ui::{update_inspect, update_lease, update_library};

/// The contexts of the moment, the most special first.
pub fn contexts(app: &App) -> Vec<Context> {
    if let Some(overlay) = app.over.top() {
        return vec![over(app, overlay), Context::Global];
    }
    if app.question.is_some() {
        return vec![Context::Question, Context::Global];
    }
    if app.inbox.is_some() {
        let case = app.focus == Focus::Pane(Pane::Approval);
        let here = if case { Context::InboxCase } else { Context::Inbox };
        let deciding = deciding(app).filter(|_| case);
        return deciding.into_iter().chain([here, Context::Global]).collect();
    }
    let pane = match app.focus {
        Focus::Composer => return vec![Context::Composer, Context::Global],
        Focus::Pane(Pane::Conversation) => Some(Context::Conversation),
        Focus::Pane(Pane::Trace) => Some(Context::Trace),
        Focus::Pane(Pane::Calls) => Some(Context::Calls),
        Focus::Pane(Pane::Approval) => deciding(app),
        Focus::Pane(Pane::Inbox) => Some(Context::Inbox),
    };
    // In a replay its keys come first: they are what one is here for.
    let replay = app.playback.is_some().then_some(Context::Replay);
    let mut contexts: Vec<Context> = replay.into_iter().chain(pane).collect();
    contexts.extend([Context::Workbench, Context::Global]);
    contexts
}

/// The context of what lies over the workbench.
pub fn over(app: &App, overlay: &Overlay) -> Context {
    match overlay {
        Overlay::Help => Context::Help,
        Overlay::Palette(_) | Overlay::Themes { .. } | Overlay::Fork(_) => Context::Choose,
        Overlay::Sessions => match app.library.typing {
            Typing::Nothing => Context::Sessions,
            Typing::Filter => Context::SessionsFilter,
            Typing::Search => Context::SessionsSearch,
            Typing::Rename | Typing::Tags => Context::SessionsInput,
            Typing::Export => Context::SessionsExport,
        },
        Overlay::Keeping(_) => Context::Retention,
        Overlay::Compare(_) => Context::Compare,
        Overlay::Inspect(asked) if asked.typing.is_some() => Context::Choose,
        Overlay::Inspect(_) => Context::Inspector,
        Overlay::Editor(editor) if editor.fork.is_some() => Context::ForkEditor,
        Overlay::Editor(_) => Context::Editor,
        Overlay::Breaks(_) => Context::Breaks,
        Overlay::Lease(_) => Context::Lease,
        Overlay::Leases(_) => Context::Leases,
        Overlay::Batch(page) if page.sent => Context::BatchSent,
        Overlay::Batch(_) => Context::Batch,
    }
}

/// What the decision panel is about, where something may be decided: nothing is decided about the past.
pub fn deciding(app: &App) -> Option<Context> {
    if app.recorded() {
        return None;
    }
    let Some(held) = app.held() else {
        let reined = |stop: &Stop| if stop.held().is_some() { Context::Reined } else { Context::Stopped };
        return app.stop().map(reined);
    };
    match held.state {
        CallState::Unknown => Some(Context::Unknown),
        CallState::Held
        | CallState::Proposed
        | CallState::Cleared { .. }
        | CallState::Started
        | CallState::Interrupted
        | CallState::Unrecorded
        | CallState::Ended(_) => Some(Context::Approval),
    }
}

/// Whether an action means something now. What does not is neither offered nor done.
pub fn can(app: &App, action: Action) -> bool {
    if app.inbox.is_some() {
        return can_in_inbox(app, action);
    }
    let session = app.session();
    let live = session.and_then(Session::live).is_some();
    let replayed = app.playback.is_some();
    match action {
        Action::Steer(steer) => live && !replayed && can_steer(app, steer),
        Action::Decide(Decide::Edit | Decide::Reject | Decide::Respond) => {
            !replayed && app.facing().is_some()
        }
        Action::Decide(Decide::Always) => !replayed && may_be_leased(app),
        Action::Decide(_) => !replayed && app.held().is_some(),
        Action::Stops(Stops::Until) => live && !replayed,
        Action::Stops(Stops::Extend) => {
            !replayed && session.and_then(Session::live).is_some_and(|run| !run.budget.is_none())
        }
        Action::Stops(Stops::Compact) => {
            let on = |session: &Session| session.run.as_ref().is_some_and(|run| run.limits.context.is_on());
            !replayed && session.is_some_and(on)
        }
        Action::Stops(Stops::UndoCompact) => {
            !replayed && session.is_some_and(|session| session.context.undo.is_some())
        }
        Action::Stops(_) => session.is_some() && !replayed,
        Action::Lease(Lease::Grant | Lease::Newline) => matches!(app.over.top(), Some(Overlay::Lease(_))),
        Action::Lease(Lease::Page) => session.is_some(),
        Action::Lease(Lease::Revoke) => !replayed && update_lease::rows(app) > 0,
        Action::Seek(_) => replayed,
        Action::Write => !replayed,
        Action::Text(Text::Send) => !replayed || app.question.is_some(),
        Action::Fork => session.is_some() || lists(app),
        Action::Text(Text::SendNow) => !replayed && live,
        Action::Go(Go::ShowApproval) => app.hold_count() > 0 && app.focus != Focus::Pane(Pane::Approval),
        Action::Rename => session.is_some() && !replayed,
        // Nothing takes the place of an editor or a question: what was written would be lost.
        Action::Palette => {
            let writes = app.question.is_some() || is_typed_into(app);
            !writes && takes_palette(app)
        }
        Action::Replay => session.is_some() || lists(app),
        Action::Item(Item::NextHit | Item::PreviousHit) => {
            let over = matches!(app.over.top(), Some(Overlay::Compare(_) | Overlay::Inspect(_)));
            app.search.is_some() || over
        }
        Action::Inspect(Inspect::Request) => update_inspect::request(app).is_some(),
        Action::Inspect(Inspect::Call) => update_inspect::next_call(app).is_some(),
        Action::Inspect(_) => session.is_some(),
        Action::List(what) => update_library::can(app, what),
        Action::Compare => lists(app),
        Action::Move(_)
        | Action::Item(Item::Open | Item::Same | Item::Copy | Item::Search)
        | Action::Go(
            Go::NextPane | Go::PreviousPane | Go::ShowConversation | Go::ShowTrace | Go::ShowCalls | Go::Zoom,
        )
        | Action::Editor(_)
        | Action::Text(Text::Newline | Text::Older | Text::Newer)
        | Action::Help
        | Action::Quit
        | Action::Suspend
        | Action::Redraw
        | Action::Close
        | Action::Sessions
        | Action::Themes
        | Action::NewSession => true,
        Action::Inbox(tray) => tray == Tray::Open,
    }
}

/// Whether an action means something while the inbox is open: nothing of the workbench behind it does.
fn can_in_inbox(app: &App, action: Action) -> bool {
    let edits = matches!(app.over.top(), Some(Overlay::Editor(_) | Overlay::Lease(_)));
    let writes = app.question.is_some() || edits;
    let inbox = app.inbox.as_ref();
    let chosen = inbox.and_then(Inbox::chosen);
    match action {
        Action::Decide(Decide::Edit | Decide::Reject | Decide::Respond) => app.facing().is_some(),
        Action::Decide(Decide::Always) => asks(app),
        Action::Decide(_) => app.held().is_some(),
        Action::Steer(Steer::Step | Steer::Continue) => app.stop().is_some() && may_go_on(app),
        Action::Steer(Steer::EndTask) => app.stop().is_some(),
        Action::Stops(Stops::Extend) => app.stop().and_then(Stop::held).is_some_and(Held::is_budget),
        Action::Inbox(Tray::Open) => false,
        Action::Inbox(Tray::Close | Tray::List | Tray::Send) => true,
        Action::Inbox(Tray::Watch) => chosen.is_some(),
        Action::Inbox(Tray::Case) => chosen.is_some_and(|held| held.waits != Waits::Driver),
        Action::Inbox(Tray::Resume) => chosen.is_some_and(|held| held.waits == Waits::Driver),
        Action::Inbox(Tray::Mark | Tray::Yes | Tray::No) => {
            chosen.is_some_and(|held| matches!(held.waits, Waits::Approval | Waits::Unknown))
        }
        Action::Inbox(Tray::Confirm) => inbox.is_some_and(|inbox| !inbox.marks.is_empty()),
        Action::Lease(what) => {
            matches!((what, app.over.top()), (Lease::Grant | Lease::Newline, Some(Overlay::Lease(_))))
        }
        Action::Text(Text::Send | Text::Newline) => writes,
        Action::Palette => !writes && !is_typed_into(app) && takes_palette(app),
        Action::Move(_)
        | Action::Item(Item::Open)
        | Action::Go(Go::Zoom)
        | Action::Editor(_)
        | Action::Help
        | Action::Quit
        | Action::Suspend
        | Action::Redraw
        | Action::Close
        | Action::Themes => true,
        Action::Steer(_)
        | Action::Stops(_)
        | Action::Seek(_)
        | Action::Write
        | Action::Text(Text::SendNow | Text::Older | Text::Newer)
        | Action::Fork
        | Action::Go(_)
        | Action::Rename
        | Action::Replay
        | Action::Item(Item::Same | Item::Copy | Item::Search | Item::NextHit | Item::PreviousHit)
        | Action::Compare
        | Action::List(_)
        | Action::Inspect(_)
        | Action::Sessions
        | Action::NewSession => false,
    }
}

/// Whether a call waits for a decision, and not to be settled.
fn asks(app: &App) -> bool {
    app.held().is_some_and(|call| call.state == CallState::Held)
}

/// The same where a lease could answer; beyond a boundary none reaches.
fn may_be_leased(app: &App) -> bool {
    let bound = |call: &Call| call.verdict.as_ref().is_some_and(|verdict| verdict.rule == boundary::RULE);
    asks(app) && !app.held().is_some_and(bound)
}

/// Whether the sessions are listed, also below the palette or the help.
fn lists(app: &App) -> bool {
    let shown = match app.over.top() {
        Some(Overlay::Palette(_) | Overlay::Help) => app.over.below(),
        top => top,
    };
    matches!(shown, Some(Overlay::Sessions))
}

/// Whether what lies over the workbench, at whatever depth, has a text in it that another choice would take away.
pub fn is_typed_into(app: &App) -> bool {
    let library = &app.library;
    app.over.iter().any(|over| match over {
        Overlay::Editor(_) | Overlay::Lease(_) => true,
        Overlay::Breaks(list) => !list.input.is_empty(),
        Overlay::Inspect(asked) => asked.typing.as_ref().is_some_and(|typing| !typing.is_empty()),
        Overlay::Batch(page) => !page.sent && !page.input.is_empty(),
        Overlay::Keeping(page) => page.is_changed(),
        Overlay::Sessions => match library.typing {
            Typing::Rename => library.input.text() != library.title_before,
            Typing::Tags => !library.input.is_empty(),
            Typing::Nothing | Typing::Filter | Typing::Search | Typing::Export => false,
        },
        Overlay::Help
        | Overlay::Palette(_)
        | Overlay::Themes { .. }
        | Overlay::Fork(_)
        | Overlay::Leases(_)
        | Overlay::Compare(_) => false,
    })
}

/// Whether the palette may lie over all that is there: a choice that is being made is made first, a batch is confirmed.
fn takes_palette(app: &App) -> bool {
    app.over.iter().all(|over| match over {
        Overlay::Palette(_)
        | Overlay::Themes { .. }
        | Overlay::Fork(_)
        | Overlay::Lease(_)
        | Overlay::Editor(_) => false,
        Overlay::Batch(page) => page.sent,
        Overlay::Help
        | Overlay::Sessions
        | Overlay::Compare(_)
        | Overlay::Inspect(_)
        | Overlay::Keeping(_)
        | Overlay::Leases(_)
        | Overlay::Breaks(_) => true,
    })
}

/// Whether the run under way can be told that now.
fn can_steer(app: &App, steer: Steer) -> bool {
    let driven = app.driver != Driver::Nobody;
    if matches!(steer, Steer::Step | Steer::Continue) && app.stop().is_some() && !may_go_on(app) {
        return false; // a limit holds it
    }
    match steer {
        Steer::Continue => goes_on(app),
        Steer::Step | Steer::EndTask if app.stop().is_some() => true,
        Steer::Interrupt => driven && is_busy(app),
        Steer::Step | Steer::Pause | Steer::ModeAsk | Steer::ModeAuto | Steer::EndTask => driven,
    }
}

/// Whether a word to go on is an answer to what the run stands at.
pub fn may_go_on(app: &App) -> bool {
    app.decided().is_none_or(Session::may_go_on)
}

/// Whether there is something to go on from: a pause, stepping, or a run that nobody drives.
fn goes_on(app: &App) -> bool {
    let Some(session) = app.session() else { return false };
    let stands = |hold: &Hold| match hold {
        Hold::Step | Hold::Paused | Hold::Breakpoint(_) | Hold::Rein => true,
        Hold::Approval(_) | Hold::Unknown(_) => false,
    };
    let steps = session.live().is_some_and(|run| run.mode == Mode::Step);
    app.driver == Driver::Nobody || steps || session.holds().iter().any(stands)
}

/// Whether something is under way that can be stopped.
pub fn is_busy(app: &App) -> bool {
    let Some(run) = app.session().and_then(Session::live) else { return false };
    !run.interrupted && run.cancel.is_none() && (!asks_nothing(app) || running(app).next().is_some())
}

/// Whether all the run does is wait for a person.
fn asks_nothing(app: &App) -> bool {
    app.session().is_some_and(|session| !session.holds().is_empty())
}

/// The calls that run now.
pub fn running(app: &App) -> impl Iterator<Item = &Call> {
    app.session().into_iter().flat_map(Session::open_calls).filter(|call| call.in_flight())
}

/// Whether a key decides only once the panel was read to its end, and it was not: the key line then leaves it out.
pub fn wants_reading(app: &App, action: Action) -> bool {
    let reads =
        matches!(action, Action::Decide(Decide::Approve | Decide::Edit | Decide::Always | Decide::RunAgain));
    reads && app.unseen() > 0
}
