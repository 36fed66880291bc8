//! Two sessions are chosen in the list and compared; the comparison is read like a page.

use std::collections::BTreeMap;
use std::sync::Arc;

use ratatui::layout::Rect;

use crate::domain::command::Command;
use crate::domain::compare::{Comparison, Kind, Shown};
use crate::domain::ids::SessionId;
use crate::ui::action::{Item, Move};
use crate::ui::app::App;
use crate::ui::panes::compare;
use crate::ui::parts::{Compared, Overlay};
use crate::ui::update::{Effect, fault, toast};

/// Pairs that are the same and shown on either side of a difference.
const CONTEXT: usize = 2;

/// Marks the chosen session; with another one marked, asks for the comparison of the two.
pub fn mark(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(id) = app.library.chosen_row().map(|row| row.id.clone()) else { return };
    let marked = &mut app.library.marked;
    let two = match &marked[..] {
        [] => None,
        [only] => (*only != id).then(|| (only.clone(), id.clone())),
        [left, right] => Some((left.clone(), right.clone())),
        _ => return toast(app, "Two are compared, and more are marked.", "Space takes a mark away"),
    };
    match two {
        Some((left, id)) => {
            marked.clear();
            effects.push(Effect::Send(Command::Compare { left: left.clone(), right: id.clone() }));
            app.over.lay(Overlay::Compare(Box::new(Compared {
                left,
                right: id,
                result: None,
                fault: None,
                shown: Vec::new(),
                all: false,
                top: (0, 0),
                chosen: 0,
                whole: BTreeMap::new(),
                laid: (Rect::ZERO, String::new()),
            })));
        }
        None if marked.is_empty() => {
            marked.toggle(id);
            toast(app, "Marked; d on another one compares the two.", "");
        }
        None => marked.clear(),
    }
}

/// A comparison came; one that nobody waits for any more is dropped.
pub fn arrived(app: &mut App, result: Arc<Comparison>) {
    if let Some(asked) = waiting(app, &result.left.id, &result.right.id) {
        asked.shown = result.folded(CONTEXT);
        let differs = |shown: &Shown| matches!(shown, Shown::Pair(pair) if Some(*pair) == result.first);
        asked.chosen = asked.shown.iter().position(differs).unwrap_or(0);
        asked.result = Some(result);
        (asked.top, asked.laid) = ((0, 0), (Rect::ZERO, String::new()));
        asked.whole.clear();
    }
}

/// A comparison cannot be made; whoever waits for it is told where it would stand, anybody else in passing.
pub fn failed(app: &mut App, left: &SessionId, right: &SessionId, why: (String, String)) {
    match waiting(app, left, right) {
        Some(asked) => asked.fault = Some(why),
        None => fault(app, &why.0, &why.1),
    }
}

/// Who waits for a comparison: what lies over the workbench, or what the help lies over.
fn waiting<'a>(app: &'a mut App, left: &SessionId, right: &SessionId) -> Option<&'a mut Compared> {
    app.over.iter_mut().find_map(|over| {
        let Overlay::Compare(asked) = over else { return None };
        ((&asked.left, &asked.right) == (left, right)).then_some(&mut **asked)
    })
}

/// Moves the choice, and the page with it.
pub fn moved(app: &mut App, step: Move) {
    let half = (usize::from(app.layout.overlay.inner.height) / 2).max(1);
    match step {
        Move::Down | Move::Right => down(app),
        Move::Up | Move::Left => up(app),
        Move::HalfDown | Move::PageDown => by(app, half),
        Move::HalfUp | Move::PageUp => back(app, half),
        Move::Top => to(app, 0),
        Move::Bottom => to(app, usize::MAX),
    }
    fit(app);
}

/// The rows that the lines have.
fn room(app: &App, asked: &Compared) -> usize {
    usize::from(compare::body(asked, app.layout.overlay.inner, app.look.accessible).height)
}

/// The lines from the top of the page to the end of an item.
fn reaches(app: &App, asked: &Compared, item: usize) -> usize {
    let lines: usize = (asked.top.0..=item).map(|at| height(app, asked, at)).sum();
    lines.saturating_sub(asked.top.1)
}

/// The next item; of one that goes on below the page its next line.
fn down(app: &mut App) {
    let Some(Overlay::Compare(asked)) = app.over.top() else { return };
    if reaches(app, asked, asked.chosen) > room(app, asked) {
        return by(app, 1);
    }
    choose(app, asked.chosen + 1);
}

/// The item before; of one that begins above the page its line before.
fn up(app: &mut App) {
    let Some(Overlay::Compare(asked)) = app.over.top() else { return };
    if asked.chosen == asked.top.0 && asked.top.1 > 0 {
        return back(app, 1);
    }
    choose(app, asked.chosen.saturating_sub(1));
}

/// Another item is chosen; the page goes on as far as it shows all of it, or its beginning.
fn choose(app: &mut App, item: usize) {
    let Some(Overlay::Compare(asked)) = app.over.top_mut() else { return };
    asked.chosen = item.min(asked.shown.len().saturating_sub(1));
    let chosen = asked.chosen;
    if chosen <= asked.top.0 {
        asked.top = (chosen, 0);
    }
    loop {
        let Some(Overlay::Compare(asked)) = app.over.top() else { return };
        if asked.top.0 >= chosen || reaches(app, asked, chosen) <= room(app, asked) {
            return;
        }
        step(app, 1);
    }
}

/// What is chosen is in view.
fn settle(app: &mut App) {
    let Some(Overlay::Compare(asked)) = app.over.top() else { return };
    let (first, room) = (asked.top.0, room(app, asked));
    let (mut last, mut lines) = (first, height(app, asked, first).saturating_sub(asked.top.1));
    while lines < room && last + 1 < asked.shown.len() {
        last += 1;
        lines += height(app, asked, last);
    }
    if let Some(Overlay::Compare(asked)) = app.over.top_mut() {
        asked.chosen = asked.chosen.clamp(first, last);
    }
}

/// To a difference, or folding.
pub fn act(app: &mut App, item: Item) {
    match item {
        Item::NextHit => difference(app, true),
        Item::PreviousHit => difference(app, false),
        Item::Open => open(app),
        Item::Same => fold(app),
        Item::Copy | Item::Search => {}
    }
    fit(app);
}

/// Shows the chosen pair whole, or in short again; of folded ones all.
fn open(app: &mut App) {
    let Some(Overlay::Compare(asked)) = app.over.top() else { return };
    let Some(result) = asked.result.clone() else { return };
    let pair = match asked.shown.get(asked.chosen) {
        Some(Shown::Pair(pair)) => *pair,
        Some(Shown::Folded(_)) => return fold(app),
        None => return,
    };
    let lines = compare::whole_lines(app, &result, pair, app.layout.overlay.inner);
    if let Some(Overlay::Compare(asked)) = app.over.top_mut()
        && asked.whole.remove(&pair).is_none()
    {
        asked.whole.insert(pair, lines);
    }
    let Some(Overlay::Compare(asked)) = app.over.top() else { return };
    choose(app, asked.chosen);
}

/// Lays out anew what is shown whole, where the width or the theme changed.
pub fn prepare(app: &mut App) {
    let area = app.layout.overlay.inner;
    let laid = (area, app.look.theme.name().to_string());
    let Some(Overlay::Compare(asked)) = app.over.top() else { return };
    if asked.laid != laid {
        let Some(result) = asked.result.clone() else { return };
        let pairs: Vec<usize> = asked.whole.keys().copied().collect();
        let whole = pairs.into_iter().map(|pair| (pair, compare::whole_lines(app, &result, pair, area)));
        let whole = whole.collect();
        if let Some(Overlay::Compare(asked)) = app.over.top_mut() {
            (asked.whole, asked.laid) = (whole, laid);
        }
        let Some(Overlay::Compare(asked)) = app.over.top() else { return };
        choose(app, asked.chosen); // in view on the other page, too
    }
    fit(app);
}

/// The lines of an item at the width of the overlay.
fn height(app: &App, asked: &Compared, at: usize) -> usize {
    asked.shown.get(at).map_or(0, |shown| compare::height(asked, *shown, app.layout.overlay.inner))
}

fn by(app: &mut App, lines: usize) {
    step(app, lines);
    fit(app);
    settle(app);
}

fn step(app: &mut App, lines: usize) {
    let Some(Overlay::Compare(asked)) = app.over.top() else { return };
    let (mut item, mut line) = asked.top;
    for _ in 0..lines {
        line += 1;
        if line >= height(app, asked, item) && item + 1 < asked.shown.len() {
            (item, line) = (item + 1, 0);
        }
    }
    put(app, (item, line));
}

fn back(app: &mut App, lines: usize) {
    let Some(Overlay::Compare(asked)) = app.over.top() else { return };
    let (mut item, mut line) = asked.top;
    for _ in 0..lines {
        (item, line) = match (item, line) {
            (0, 0) => (0, 0),
            (_, 0) => (item - 1, height(app, asked, item - 1).saturating_sub(1)),
            (..) => (item, line - 1),
        };
    }
    put(app, (item, line));
    settle(app);
}

fn to(app: &mut App, item: usize) {
    let Some(Overlay::Compare(asked)) = app.over.top() else { return };
    let last = asked.shown.len().saturating_sub(1);
    put(app, (item.min(last), 0));
    if let Some(Overlay::Compare(asked)) = app.over.top_mut() {
        asked.chosen = item.min(last);
    }
}

fn put(app: &mut App, top: (usize, usize)) {
    if let Some(Overlay::Compare(asked)) = app.over.top_mut() {
        asked.top = top;
    }
}

/// The next pair that differs, behind or before the chosen one, is chosen and goes to the top.
fn difference(app: &mut App, forward: bool) {
    let Some(Overlay::Compare(asked)) = app.over.top() else { return };
    let Some(result) = &asked.result else { return };
    let differs = |at: &usize| match asked.shown.get(*at) {
        Some(Shown::Pair(pair)) => result.pairs.get(*pair).is_some_and(|pair| pair.kind() != Kind::Same),
        Some(Shown::Folded(_)) | None => false,
    };
    let here = asked.chosen;
    let found =
        if forward { (here + 1..asked.shown.len()).find(differs) } else { (0..here).rev().find(differs) };
    match found {
        Some(at) => to(app, at),
        None => toast(app, "There is no other difference that way.", ""),
    }
}

/// Shows what is the same, or folds it; what is chosen stays so and goes to the top.
fn fold(app: &mut App) {
    let Some(Overlay::Compare(asked)) = app.over.top_mut() else { return };
    let Some(result) = &asked.result else { return };
    let pair: usize = asked.shown.iter().take(asked.chosen).map(pairs).sum();
    asked.all = !asked.all;
    asked.shown = match asked.all {
        true => (0..result.pairs.len()).map(Shown::Pair).collect(),
        false => result.folded(CONTEXT),
    };
    asked.chosen = item_of(asked.shown.iter(), pair);
    asked.top = (asked.chosen, 0);
}

/// The pairs that an item stands for.
fn pairs(shown: &Shown) -> usize {
    match shown {
        Shown::Pair(_) => 1,
        Shown::Folded(many) => *many,
    }
}

/// The item that shows a pair, or the last one. Looks at each item once, and at none behind it.
pub fn item_of<'a>(shown: impl Iterator<Item = &'a Shown>, pair: usize) -> usize {
    let mut before = 0;
    let begins_by_then = shown.map_while(|one| {
        let begins = before;
        before += pairs(one);
        (begins <= pair).then_some(())
    });
    begins_by_then.count().saturating_sub(1)
}

/// The last line is never above the bottom while there is something above it.
pub fn fit(app: &mut App) {
    let Some(Overlay::Compare(asked)) = app.over.top() else { return };
    let mut left = room(app, asked);
    let mut item = asked.shown.len();
    while item > 0 {
        let lines = height(app, asked, item - 1);
        if lines >= left {
            break;
        }
        left -= lines;
        item -= 1;
    }
    let last = match item.checked_sub(1) {
        Some(item) => (item, height(app, asked, item).saturating_sub(left)),
        None => (0, 0),
    };
    if asked.top > last {
        put(app, last);
    }
}
