//! What the runtime tells is taken in: events through the one fold, drafts, refusals, rows.

use crate::domain::commit::Commit;
use crate::domain::event::{Event, Fact};
use crate::domain::ids::SessionId;
use crate::domain::message::Draft;
use crate::domain::notice::{Driver, Notice};
use crate::domain::run::Turn;
use crate::domain::watched::Watched;
use crate::ui::app::App;
use crate::ui::drafts::Drafts;
use crate::ui::mode::{Focus, Pane};
use crate::ui::paper::Paper;
use crate::ui::parts::{Folds, Panel, Windows};
use crate::ui::update::{Effect, fault, toast};
use crate::ui::widgets::scroll::Scroll;
use crate::ui::{update_compare, update_deeds, update_library, update_replay, update_texts};

/// Takes in one notice. What concerns another session than the watched one is old news.
pub fn notice(app: &mut App, notice: Notice, _effects: &mut Vec<Effect>) {
    match notice {
        Notice::Watching { session } => watch(app, session),
        Notice::Committed(commit) => committed(app, &commit),
        Notice::CaughtUp { session } if is_watched(app, &session) => caught_up(app),
        Notice::Draft { session, draft } if is_watched(app, &session) && app.playback.is_none() => {
            take_draft(app, &draft);
        }
        Notice::Refused { session, why } if is_watched(app, &session) => {
            fault(app, &format!("Not done: {why}."), "");
        }
        Notice::Driven { session, by } if is_watched(app, &session) => app.driver = by,
        Notice::Surveyed { session, chunk, events } if is_watched(app, &session) => {
            update_replay::surveyed(app, chunk, events);
        }
        Notice::Page { session, place, events } if is_watched(app, &session) => {
            if let Some(playback) = &mut app.playback {
                playback.take(place, events);
            }
        }
        Notice::Surveyed { .. } | Notice::Page { .. } => {}
        Notice::CaughtUp { .. } | Notice::Draft { .. } | Notice::Refused { .. } | Notice::Driven { .. } => {}
        Notice::Listed(listed) => app.library.take(*listed),
        Notice::Glanced(glance) => app.library.glance = Some(*glance),
        Notice::Found { search, found } => update_texts::found(app, &search, *found),
        Notice::Fitting { query, ids } => update_library::fitting(app, &query, ids),
        Notice::Did(done) => update_deeds::did(app, done),
        Notice::Forked { session, at, workspace, missing } => {
            let missing = if missing.is_empty() { missing } else { format!(" ({missing})") };
            let text = format!("Forked at {at} as {session}; its files are in {workspace}{missing}.");
            toast(app, &text, "c goes on with it");
        }
        Notice::Compared(result) => update_compare::arrived(app, result),
        Notice::Trouble { sentence, hint } => fault(app, &sentence, &hint),
    }
}

/// A draft that comes after its fact is void: the log has the reply, or the call's end.
fn take_draft(app: &mut App, draft: &Draft) {
    let Some(session) = app.session() else { return };
    let arrives = match draft {
        Draft::Text(_) | Draft::Reasoning(_) | Draft::Call { .. } | Draft::Again => {
            session.live().is_some_and(|run| matches!(run.turn, Turn::Asked { .. }))
        }
        Draft::Output { call, .. } => session.call(*call).is_none_or(|call| !call.ended()),
    };
    if arrives {
        app.drafts.add(draft);
    }
}

fn is_watched(app: &App, session: &SessionId) -> bool {
    app.session_id() == Some(session)
}

/// Another session is watched from here on: nothing of the one before is left.
fn watch(app: &mut App, session: SessionId) {
    app.watched = Some(Watched::new(session));
    app.caught_up = false;
    app.driver = Driver::Nobody;
    app.drafts = Drafts { turn: app.drafts.turn + 1, ..Drafts::default() };
    app.playback = None;
    app.behind = None;
    if std::mem::take(&mut app.replay_wanted) {
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
    if untouched || app.playback.is_some() {
        app.focus = Focus::Pane(Pane::Conversation);
        app.last_pane = Pane::Conversation;
    }
}

fn committed(app: &mut App, commit: &Commit) {
    if !is_watched(app, &commit.session) || app.playback.is_some() {
        return;
    }
    for sealed in &commit.events {
        let event = &sealed.event;
        let Some(watched) = &mut app.watched else { return };
        if event.no <= watched.session.last {
            continue; // told twice
        }
        watched.apply(event);
        settle_drafts(&mut app.drafts, event);
    }
}

/// What the log says ends what was only arriving.
fn settle_drafts(drafts: &mut Drafts, event: &Event) {
    let fact = &event.fact;
    if let Fact::ModelAsked { .. }
    | Fact::ModelReplied { .. }
    | Fact::ModelFailed { .. }
    | Fact::RunEnded { .. } = fact
    {
        drafts.new_turn();
    } else if let Fact::CallEnded { call, .. } | Fact::CallInterrupted { call } | Fact::CallUnknown { call } =
        fact
    {
        drafts.outputs.remove(call);
    }
}

fn caught_up(app: &mut App) {
    app.caught_up = true;
    update_replay::complete(app);
    update_texts::reveal(app);
}
