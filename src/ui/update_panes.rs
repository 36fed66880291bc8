//! Moving between panes and in them: scrolling, choosing, folding, searching, copying.

use crate::domain::talk::Said;
use crate::ui::app::{App, Overlay, Question, Window};
use crate::ui::bindings::Action;
use crate::ui::edit::{TextBox, pretty};
use crate::ui::layout::Room;
use crate::ui::list;
use crate::ui::mode::{Ask, Focus, Pane};
use crate::ui::update::{Effect, toast};
use crate::ui::update_panel::give;

/// Goes to a pane, or gives it the whole body.
pub fn go(app: &mut App, action: Action) {
    match action {
        Action::ShowConversation => give(app, Pane::Conversation),
        Action::ShowTrace => give(app, Pane::Trace),
        Action::ShowCalls => give(app, Pane::Calls),
        Action::ShowApproval => give(app, Pane::Approval),
        Action::Zoom => app.zoomed = !app.zoomed,
        Action::NextPane => cycle(app, 1),
        Action::PreviousPane => cycle(app, -1),
        _ => {} // nothing else goes anywhere
    }
}

/// The panes in order, the text for the agent behind them.
fn cycle(app: &mut App, by: isize) {
    let mut stops: Vec<Focus> = Pane::ALL.map(Focus::Pane).to_vec();
    if app.held().is_none() {
        stops.retain(|stop| *stop != Focus::Pane(Pane::Approval));
    }
    if app.playback.is_none() {
        stops.push(Focus::Composer);
    }
    let at = stops.iter().position(|stop| *stop == app.focus).unwrap_or(0);
    let count = stops.len().cast_signed();
    let next = (at.cast_signed() + by).rem_euclid(count).cast_unsigned();
    match stops.get(next) {
        Some(Focus::Pane(pane)) => give(app, *pane),
        Some(Focus::Composer) => app.focus = Focus::Composer,
        None => {}
    }
}

/// Does what is done in the focused pane.
pub fn act(app: &mut App, action: Action, effects: &mut Vec<Effect>) {
    match action {
        Action::Search => {
            app.question = Some(Question { ask: Ask::Search, text: TextBox::default() });
            return;
        }
        Action::NextHit => return next_hit(app, true),
        Action::PreviousHit => return next_hit(app, false),
        _ => {} // the rest is done in the pane
    }
    match app.focus {
        Focus::Pane(Pane::Conversation) => talk(app, action, effects),
        Focus::Pane(Pane::Trace) => trace(app, action, effects),
        Focus::Pane(Pane::Calls) => calls(app, action, effects),
        Focus::Pane(Pane::Approval) => panel(app, action),
        Focus::Composer => {}
    }
}

/// Scrolls a window; answers whether the action was one of scrolling.
fn scroll(window: &mut Window, action: Action) -> bool {
    let (total, height) = (window.total, window.height);
    match action {
        Action::Down => window.scroll.down(total, height),
        Action::Up => window.scroll.up(total, height),
        Action::HalfDown => window.scroll.half_down(total, height),
        Action::HalfUp => window.scroll.half_up(total, height),
        Action::PageDown => window.scroll.page_down(total, height),
        Action::PageUp => window.scroll.page_up(total, height),
        Action::Top => window.scroll.home(),
        Action::Bottom => window.scroll.end(total, height),
        _ => return false, // not a movement
    }
    true
}

fn panel(app: &mut App, action: Action) {
    let total = app.panel.lines.len();
    let mut window =
        Window { scroll: app.panel.scroll, total, height: app.panel.height, ..Window::default() };
    if scroll(&mut window, action) {
        window.scroll.follow = false;
        app.panel.scroll = window.scroll;
    }
}

/// Scrolls the help.
pub fn help(app: &mut App, action: Action) {
    scroll(&mut app.windows.help, action);
}

fn talk(app: &mut App, action: Action, effects: &mut Vec<Effect>) {
    let count = app.watched.as_ref().map_or(0, |watched| watched.talk.items().len());
    let window = &mut app.windows.talk;
    if scroll(window, action) {
        window.chosen = window.chosen.filter(|_| action != Action::Bottom);
        return;
    }
    match action {
        Action::Left | Action::Right => {
            let first = app.paper.item_at(window.scroll.offset).unwrap_or(0);
            let last = count.saturating_sub(1);
            let chosen = match (window.chosen, action == Action::Right) {
                (Some(at), true) => (at + 1).min(last),
                (Some(at), false) => at.saturating_sub(1),
                (None, true) => first,
                (None, false) => last,
            };
            window.chosen = (count > 0).then_some(chosen);
            window.reveal = true;
        }
        Action::Open => {
            if let Some(at) = window.chosen.or(count.checked_sub(1)) {
                toggle(&mut app.folds.talk, at);
                window.chosen = Some(at);
            }
        }
        Action::Copy => {
            let at = app.windows.talk.chosen.or(count.checked_sub(1));
            copy(app, at.and_then(|at| talk_text(app, at)), effects);
        }
        _ => {} // nothing else is done here
    }
}

fn toggle<T: Ord>(set: &mut std::collections::BTreeSet<T>, item: T) {
    if !set.remove(&item) {
        set.insert(item);
    }
}

/// Moves a choice by rows; following ends, except at the end.
fn choose(window: &mut Window, action: Action, count: usize) -> bool {
    let half = (window.height / 2).max(1);
    let page = window.height.saturating_sub(1).max(1);
    let last = count.saturating_sub(1);
    let at = window.chosen.unwrap_or(last).min(last);
    let next = match action {
        Action::Down => at + 1,
        Action::Up => at.saturating_sub(1),
        Action::HalfDown => at + half,
        Action::HalfUp => at.saturating_sub(half),
        Action::PageDown => at + page,
        Action::PageUp => at.saturating_sub(page),
        Action::Top => 0,
        Action::Bottom => {
            window.chosen = None;
            window.scroll.follow = true;
            return true;
        }
        _ => return false, // not a movement
    };
    window.chosen = (count > 0).then_some(next.min(last));
    window.reveal = true;
    true
}

fn trace(app: &mut App, action: Action, effects: &mut Vec<Effect>) {
    let rows = list::trace_rows(app).into_owned();
    if choose(&mut app.windows.trace, action, rows.len()) {
        return;
    }
    let at = app.windows.trace.chosen.or(rows.len().checked_sub(1));
    let Some(row) = at.and_then(|at| rows.get(at)).and_then(|key| app.watched.as_ref()?.trace.row(*key))
    else {
        return;
    };
    let no = list::fold_name(row);
    match action {
        Action::Open => toggle(&mut app.folds.trace, no),
        Action::Left => {
            app.folds.trace.insert(no);
        }
        Action::Right => {
            app.folds.trace.remove(&no);
        }
        Action::Copy => {
            let text = format!("{} {:?}", row.no, row.what);
            return copy(app, Some(text), effects);
        }
        _ => return, // nothing else is done here
    }
    app.windows.trace.chosen = at;
}

fn calls(app: &mut App, action: Action, effects: &mut Vec<Effect>) {
    let count = app.session().map_or(0, |session| session.calls.len());
    if choose(&mut app.windows.calls, action, count) {
        return;
    }
    let Some(at) = app.windows.calls.chosen.or(count.checked_sub(1)) else { return };
    let Some(call) = app.session().and_then(|session| session.calls.get(at)) else { return };
    let id = call.id.0;
    match action {
        Action::Open => toggle(&mut app.folds.calls, id),
        Action::Right => {
            app.folds.calls.insert(id);
        }
        Action::Left => {
            app.folds.calls.remove(&id);
        }
        Action::Copy => {
            let args = call.args().map(pretty).unwrap_or_default();
            let result = call.result.clone().unwrap_or_default();
            return copy(app, Some(format!("{} {}\n{args}\n{result}", call.id, call.tool)), effects);
        }
        _ => return, // nothing else is done here
    }
    app.windows.calls.chosen = Some(at);
    app.windows.calls.reveal = true;
}

fn copy(app: &mut App, text: Option<String>, effects: &mut Vec<Effect>) {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => {
            toast(app, &format!("Copied {} characters.", text.chars().count()), "");
            effects.push(Effect::Copy(text));
        }
        None => toast(app, "There is nothing to copy here.", ""),
    }
}

/// The words of an item of the talk.
pub fn talk_text(app: &App, item: usize) -> Option<String> {
    let watched = app.watched.as_ref()?;
    match &watched.talk.items().get(item)?.said {
        Said::Opened { agent, workspace, .. } => Some(format!("{agent} in {workspace}")),
        Said::Task { text, .. }
        | Said::Queued { text, .. }
        | Said::Steer { text, .. }
        | Said::Note { text, .. } => Some(text.clone()),
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
        Pane::Conversation | Pane::Approval => {
            let count = app.watched.as_ref().map_or(0, |watched| watched.talk.items().len());
            (0..count).filter(|item| talk_text(app, *item).is_some_and(|text| has(&text))).collect()
        }
        Pane::Trace => {
            let trace = app.watched.as_ref().map(|watched| &watched.trace);
            let text =
                |key: usize| format!("{:?}", trace.and_then(|trace| trace.row(key)).map(|row| &row.what));
            let rows = list::trace_rows(app);
            (0..rows.len()).filter(|at| rows.get(*at).is_some_and(|key| has(&text(*key)))).collect()
        }
        Pane::Calls => {
            let calls = app.session().map_or(&[][..], |session| &session.calls);
            let text = |at: &usize| calls.get(*at).map(|call| format!("{} {:?}", call.tool, call.args()));
            (0..calls.len()).filter(|at| text(at).is_some_and(|text| has(&text))).collect()
        }
    }
}

/// To the next hit of the search, or the one before; round the end.
pub fn next_hit(app: &mut App, forward: bool) {
    let Some(search) = &app.search else { return };
    let (hits, pane) = (&search.hits, search.pane);
    let window = match pane {
        Pane::Conversation | Pane::Approval => &mut app.windows.talk,
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

/// Whether only one pane shows at a time.
pub fn is_single(app: &App) -> bool {
    app.zoomed || app.layout.room == Room::Narrow
}

/// Scrolls what lies under the mouse by lines.
pub fn wheel(app: &mut App, pane: Pane, lines: i32) {
    let action = if lines < 0 { Action::Up } else { Action::Down };
    for _ in 0..lines.unsigned_abs().min(20) {
        match pane {
            Pane::Conversation => drop(scroll(&mut app.windows.talk, action)),
            Pane::Trace => drop(scroll(&mut app.windows.trace, action)),
            Pane::Calls => drop(scroll(&mut app.windows.calls, action)),
            Pane::Approval => panel(app, action),
        }
    }
}

/// Whether something lies over the workbench that covers the panes.
pub fn is_covered(app: &App) -> bool {
    match &app.overlay {
        Some(
            Overlay::Help
            | Overlay::Palette(_)
            | Overlay::Themes { .. }
            | Overlay::Sessions(_)
            | Overlay::Editor(_),
        ) => true,
        None => false,
    }
}
