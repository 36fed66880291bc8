//! Searching in a pane: which items have the words, and going from one to the next.

use crate::domain::talk::Said;
use crate::ui::app::App;
use crate::ui::edit_json::pretty;
use crate::ui::list;
use crate::ui::mode::Pane;

/// The words of an item of the talk.
pub fn talk_text(app: &App, item: usize) -> Option<String> {
    let watched = app.watched.as_ref()?;
    match &watched.talk.items().get(item)?.said {
        Said::Opened { agent, workspace, .. } => Some(format!("{agent} in {workspace}")),
        Said::Task { text, .. }
        | Said::Queued { text, .. }
        | Said::Steer { text, .. }
        | Said::Noted { text, .. }
        | Said::Note { text, .. } => Some(text.clone()),
        Said::Shorter { text, summary } => Some(format!("{text}\n{summary}")),
        Said::Answer(answer) => Some(match answer.text.is_empty() {
            true => answer.reasoning.clone(),
            false => answer.text.clone(),
        }),
        Said::Call(card) => {
            let call = watched.session.call(card.call)?;
            let args = call.args().map(pretty).unwrap_or_default();
            Some(format!("{} {args}\n{}", call.tool, call.result.clone().unwrap_or_default()))
        }
        Said::Fault { fault, .. } => Some(fault.message.clone()),
        Said::End(end) => Some(format!("{:?}", end.why)),
        Said::Foreign { kind } => Some(kind.clone()),
    }
}

/// The items of a pane that have the words.
pub fn find(app: &App, pane: Pane, words: &str) -> Vec<usize> {
    let has = |text: &str| text.to_lowercase().contains(words);
    match pane {
        Pane::Conversation | Pane::Approval | Pane::Inbox => {
            let items = app.watched.iter().flat_map(|watched| watched.talk.items().numbers());
            items.filter(|item| talk_text(app, *item).is_some_and(|text| has(&text))).collect()
        }
        Pane::Trace => {
            let trace = app.watched.as_ref().map(|watched| &watched.trace);
            let text =
                |key: usize| format!("{:?}", trace.and_then(|trace| trace.row(key)).map(|row| &row.what));
            let rows = list::trace_rows(app);
            (0..rows.len()).filter(|at| rows.get(*at).is_some_and(|key| has(&text(*key)))).collect()
        }
        Pane::Calls => {
            let Some(session) = app.session() else { return Vec::new() };
            let text =
                |at: &usize| session.calls.get(*at).map(|call| format!("{} {:?}", call.tool, call.args()));
            session.calls.numbers().filter(|at| text(at).is_some_and(|text| has(&text))).collect()
        }
    }
}

/// To the next hit of the search, or the one before; round the end.
pub fn next_hit(app: &mut App, forward: bool) {
    let Some(search) = &app.search else { return };
    let (hits, pane) = (&search.hits, search.pane);
    let window = match pane {
        Pane::Conversation | Pane::Approval | Pane::Inbox => &mut app.windows.talk,
        Pane::Trace => &mut app.windows.trace,
        Pane::Calls => &mut app.windows.calls,
    };
    let at = window.chosen;
    let next = if forward {
        hits.iter().find(|hit| at.is_none_or(|at| **hit > at)).or(hits.first())
    } else {
        hits.iter().rev().find(|hit| at.is_none_or(|at| **hit < at)).or(hits.last())
    };
    if let Some(next) = next {
        window.chosen = Some(*next);
        window.reveal = true;
        window.scroll.follow = false;
    }
}
