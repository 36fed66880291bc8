//! What the runtime tells is taken in: events through the one fold, drafts, refusals, rows.

use crate::domain::commit::Commit;
use crate::domain::event::{Event, Fact};
use crate::domain::ids::SessionId;
use crate::domain::message::Draft;
use crate::domain::notice::Notice;
use crate::domain::run::Turn;
use crate::ui::app::App;
use crate::ui::drafts::Drafts;
use crate::ui::update::{Effect, fault};
use crate::ui::{
    update_compare, update_deeds, update_fork, update_inbox, update_inspect, update_keeping, update_lease,
    update_library, update_replay, update_texts, update_watch,
};

/// Takes in one notice. What concerns another session than the watched one is old news.
pub fn notice(app: &mut App, notice: Notice, effects: &mut Vec<Effect>) {
    match notice {
        Notice::Watching { session } => update_watch::watch(app, session),
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
            update_replay::page(app, place, events);
        }
        Notice::PageFailed { session, place, sentence, hint } if is_watched(app, &session) => {
            update_replay::no_page(app, place, (&sentence, &hint));
        }
        Notice::Surveyed { .. } | Notice::Page { .. } | Notice::PageFailed { .. } => {}
        Notice::CaughtUp { .. } | Notice::Draft { .. } | Notice::Refused { .. } | Notice::Driven { .. } => {}
        Notice::Listed(listed) => app.library.take(*listed, app.now),
        Notice::Glanced(glance) => app.library.glance = Some(*glance),
        Notice::Found { search, found } => update_texts::found(app, &search, *found),
        Notice::NotSearched { search, sentence, hint } => {
            update_texts::failed(app, &search, (sentence, hint));
        }
        Notice::Fitting { query, ids } => update_library::fitting(app, &query, ids),
        Notice::Weighed { rules, due } => update_keeping::weighed(app, rules, due),
        Notice::Kept { rules, place } => update_keeping::kept(app, rules, place),
        Notice::Did(done) => update_deeds::did(app, done),
        Notice::Forked { parent, session, at, workspace, worktree, missing } => {
            let missing = if missing.is_empty() { missing } else { format!(" ({missing})") };
            let files = if worktree.is_some() { "its git worktree is" } else { "its files are in" };
            let (made, lies) =
                (format!("Forked at {at} as {session}"), format!("{files} {workspace}{missing}"));
            update_fork::made(app, &parent, session, (&made, &lies), effects);
        }
        Notice::Inspected(page) => update_inspect::arrived(app, page),
        Notice::NotInspected { session, subject, sentence, hint } => {
            update_inspect::failed(app, (&session, subject), (sentence, hint));
        }
        Notice::Inbox(holds) => update_inbox::holds(app, holds, effects),
        Notice::Looked(session) => update_inbox::looked(app, session),
        Notice::NotLooked { session, sentence, hint } => {
            update_inbox::not_looked(app, &session, (sentence, hint));
        }
        Notice::Answered { id, result } => update_inbox::answered(app, id, result),
        Notice::LeaseTried { tool, terms, tried } => update_lease::tried(app, &tool, &terms, tried),
        Notice::Compared(result) => update_compare::arrived(app, result),
        Notice::NotCompared { left, right, sentence, hint } => {
            update_compare::failed(app, &left, &right, (sentence, hint));
        }
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
