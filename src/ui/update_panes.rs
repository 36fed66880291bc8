//! Moving between panes and in them: scrolling, choosing, folding, copying.

use crate::domain::shelf::Numbering;
use crate::ui::action::{Go, Item, Move};
use crate::ui::app::App;
use crate::ui::edit::TextBox;
use crate::ui::edit_json::pretty;
use crate::ui::list;
use crate::ui::mode::{Ask, Focus, Pane};
use crate::ui::parts::{Question, Window};
use crate::ui::update::{Effect, toast};
use crate::ui::update_find::{next_hit, talk_text};
use crate::ui::update_inbox;
use crate::ui::update_panel::give;
use crate::ui::widgets::scroll::Scroll;

/// Goes to a pane, or gives it the whole body.
pub fn go(app: &mut App, go: Go) {
    match go {
        Go::ShowConversation => give(app, Pane::Conversation),
        Go::ShowTrace => give(app, Pane::Trace),
        Go::ShowCalls => give(app, Pane::Calls),
        Go::ShowApproval => give(app, Pane::Approval),
        Go::Zoom => app.zoomed = !app.zoomed,
        Go::NextPane => cycle(app, 1),
        Go::PreviousPane => cycle(app, -1),
    }
}

/// The panes in order, the text for the agent behind them.
fn cycle(app: &mut App, by: isize) {
    let mut stops: Vec<Focus> = Pane::ALL.map(Focus::Pane).to_vec();
    if app.hold_count() == 0 {
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

/// Moves in the focused pane.
pub fn moved(app: &mut App, step: Move) {
    match app.focus {
        Focus::Pane(Pane::Conversation) => talk(app, step),
        Focus::Pane(Pane::Trace) => {
            let count = list::trace_rows(app).len();
            match step {
                Move::Left => fold_row(app, Fold::Close),
                Move::Right => fold_row(app, Fold::Open),
                Move::Down
                | Move::Up
                | Move::HalfDown
                | Move::HalfUp
                | Move::PageDown
                | Move::PageUp
                | Move::Top
                | Move::Bottom => choose(&mut app.windows.trace, step, count),
            }
        }
        Focus::Pane(Pane::Calls) => {
            let calls = calls(app);
            match step {
                Move::Left => fold_call(app, Fold::Close),
                Move::Right => fold_call(app, Fold::Open),
                Move::Down
                | Move::Up
                | Move::HalfDown
                | Move::HalfUp
                | Move::PageDown
                | Move::PageUp
                | Move::Top
                | Move::Bottom => {
                    let window = &mut app.windows.calls;
                    window.chosen = window.chosen.map(|call| calls.place(call));
                    choose(window, step, calls.kept());
                    window.chosen = window.chosen.and_then(|place| calls.number(place));
                }
            }
        }
        Focus::Pane(Pane::Approval) => panel(app, step),
        Focus::Pane(Pane::Inbox) => update_inbox::moved(app, step),
        Focus::Composer => {}
    }
}

/// Does what is done with the chosen item of the focused pane.
pub fn act(app: &mut App, item: Item, effects: &mut Vec<Effect>) {
    match item {
        Item::Search => app.question = Some(Question { ask: Ask::Search, text: TextBox::default() }),
        Item::Same => {}
        Item::NextHit => next_hit(app, true),
        Item::PreviousHit => next_hit(app, false),
        Item::Copy => copy(app, effects),
        Item::Open => match app.focus {
            Focus::Pane(Pane::Conversation) => {
                let last = last(&items(app));
                if let Some(at) = app.windows.talk.chosen.or(last) {
                    toggle(&mut app.folds.talk, at);
                    app.windows.talk.chosen = Some(at);
                }
            }
            Focus::Pane(Pane::Trace) => fold_row(app, Fold::Toggle),
            Focus::Pane(Pane::Calls) => fold_call(app, Fold::Toggle),
            Focus::Pane(Pane::Approval | Pane::Inbox) | Focus::Composer => {}
        },
    }
}

/// Which entries of the conversation there are.
fn items(app: &App) -> Numbering {
    app.watched.as_ref().map(|watched| watched.talk.items().numbering()).unwrap_or_default()
}

/// Which calls there are.
fn calls(app: &App) -> Numbering {
    app.session().map(|session| session.calls.numbering()).unwrap_or_default()
}

/// The last number of all.
fn last(of: &Numbering) -> Option<usize> {
    of.number(of.kept().checked_sub(1)?)
}

/// Scrolls over so many lines in so many rows. Sideways means nothing here.
fn scroll(scroll: &mut Scroll, (total, height): (usize, usize), step: Move) {
    match step {
        Move::Down => scroll.down(total, height),
        Move::Up => scroll.up(total, height),
        Move::HalfDown => scroll.half_down(total, height),
        Move::HalfUp => scroll.half_up(total, height),
        Move::PageDown => scroll.page_down(total, height),
        Move::PageUp => scroll.page_up(total, height),
        Move::Top => scroll.home(),
        Move::Bottom => scroll.end(total, height),
        Move::Left | Move::Right => {}
    }
}

fn scroll_window(window: &mut Window, step: Move) {
    let size = (window.total, window.height);
    scroll(&mut window.scroll, size, step);
}

/// The panel never follows its end: who reads begins at the top.
fn panel(app: &mut App, step: Move) {
    let size = (app.panel.lines.len(), app.panel.height);
    scroll(&mut app.panel.scroll, size, step);
    app.panel.scroll.follow = false;
}

/// Scrolls the help.
pub fn help(app: &mut App, step: Move) {
    scroll_window(&mut app.windows.help, step);
}

/// Scrolls the conversation by lines; sideways goes from item to item.
fn talk(app: &mut App, step: Move) {
    let items = items(app);
    let window = &mut app.windows.talk;
    let by_place = |place: usize| items.number(place.min(items.kept().saturating_sub(1)));
    let chosen = match (step, window.chosen) {
        (Move::Right, Some(at)) => by_place(items.place(at) + 1),
        (Move::Left, Some(at)) => by_place(items.place(at).saturating_sub(1)),
        (Move::Right, None) => app.paper.item_at(window.scroll.offset).or(by_place(0)),
        (Move::Left, None) => last(&items),
        (step, chosen) => {
            scroll_window(window, step);
            window.chosen = chosen.filter(|_| step != Move::Bottom);
            return;
        }
    };
    window.chosen = chosen;
    window.reveal = true;
}

fn toggle<T: Ord>(set: &mut std::collections::BTreeSet<T>, item: T) {
    if !set.remove(&item) {
        set.insert(item);
    }
}

/// Moves a choice by rows; following ends, except at the end.
fn choose(window: &mut Window, step: Move, count: usize) {
    let half = (window.height / 2).max(1);
    let page = window.height.saturating_sub(1).max(1);
    let last = count.saturating_sub(1);
    let at = window.chosen.unwrap_or(last).min(last);
    let next = match step {
        Move::Down => at + 1,
        Move::Up => at.saturating_sub(1),
        Move::HalfDown => at + half,
        Move::HalfUp => at.saturating_sub(half),
        Move::PageDown => at + page,
        Move::PageUp => at.saturating_sub(page),
        Move::Top => 0,
        Move::Left | Move::Right => at,
        Move::Bottom => {
            window.chosen = None;
            window.scroll.follow = true;
            return;
        }
    };
    window.chosen = (count > 0).then_some(next.min(last));
    window.reveal = true;
}

/// What happens to a fold.
#[derive(Clone, Copy)]
enum Fold {
    Open,
    Close,
    Toggle,
}

/// Folds the chosen row of the timeline: what is in the set is folded.
fn fold_row(app: &mut App, fold: Fold) {
    let rows = list::trace_rows(app);
    let at = app.windows.trace.chosen.or(rows.len().checked_sub(1));
    let row = at.and_then(|at| rows.get(at)).and_then(|key| app.watched.as_ref()?.trace.row(*key));
    let Some(name) = row.map(list::fold_name) else { return };
    match fold {
        Fold::Close => drop(app.folds.trace.insert(name)),
        Fold::Open => drop(app.folds.trace.remove(&name)),
        Fold::Toggle => toggle(&mut app.folds.trace, name),
    }
    app.windows.trace.chosen = at;
}

/// Unfolds the chosen call: what is in the set shows its arguments and output.
fn fold_call(app: &mut App, fold: Fold) {
    let Some(at) = app.windows.calls.chosen.or(last(&calls(app))) else { return };
    let Some(id) = app.session().and_then(|session| session.calls.get(at)).map(|call| call.id.0) else {
        return;
    };
    match fold {
        Fold::Open => drop(app.folds.calls.insert(id)),
        Fold::Close => drop(app.folds.calls.remove(&id)),
        Fold::Toggle => toggle(&mut app.folds.calls, id),
    }
    app.windows.calls.chosen = Some(at);
    app.windows.calls.reveal = true;
}

/// Copies the chosen item of the focused pane.
fn copy(app: &mut App, effects: &mut Vec<Effect>) {
    match chosen_text(app).filter(|text| !text.is_empty()) {
        Some(text) => {
            toast(app, &format!("Copied {} characters.", text.chars().count()), "");
            effects.push(Effect::Copy(text));
        }
        None => toast(app, "There is nothing to copy here.", ""),
    }
}

fn chosen_text(app: &App) -> Option<String> {
    match app.focus {
        Focus::Pane(Pane::Conversation) => {
            let at = app.windows.talk.chosen.or(last(&items(app)))?;
            talk_text(app, at)
        }
        Focus::Pane(Pane::Trace) => {
            let rows = list::trace_rows(app);
            let at = app.windows.trace.chosen.or(rows.len().checked_sub(1))?;
            let row = app.watched.as_ref()?.trace.row(*rows.get(at)?)?;
            Some(format!("{} {:?}", row.no, row.what))
        }
        Focus::Pane(Pane::Calls) => {
            let at = app.windows.calls.chosen.or(last(&calls(app)))?;
            let call = app.session()?.calls.get(at)?;
            let args = call.args().map(pretty).unwrap_or_default();
            let result = call.result.clone().unwrap_or_default();
            Some(format!("{} {}\n{args}\n{result}", call.id, call.tool))
        }
        Focus::Pane(Pane::Approval | Pane::Inbox) | Focus::Composer => None,
    }
}

/// Scrolls what lies under the mouse by lines.
pub fn wheel(app: &mut App, pane: Pane, lines: i32) {
    let step = if lines < 0 { Move::Up } else { Move::Down };
    for _ in 0..lines.unsigned_abs().min(20) {
        match pane {
            Pane::Conversation => scroll_window(&mut app.windows.talk, step),
            Pane::Trace => scroll_window(&mut app.windows.trace, step),
            Pane::Calls => scroll_window(&mut app.windows.calls, step),
            Pane::Approval => panel(app, step),
            Pane::Inbox => update_inbox::moved(app, step),
        }
    }
}
