//! Breakpoints are set, listed and removed, notes for the model written and taken back: each by an order, seen when it is in the log.

use crate::domain::breakpoint::{BadBreakpoint, Breakpoint, Trigger};
use crate::domain::budget::{self, Scope};
use crate::domain::held::{Held, Share};
use crate::domain::money::Spent;
use crate::domain::order::Order;
use crate::domain::run::Run;
use crate::domain::session::Session;
use crate::ui::action::Stops;
use crate::ui::app::App;
use crate::ui::edit::TextBox;
use crate::ui::mode::Ask;
use crate::ui::parts::{BreakList, Overlay, Question};
use crate::ui::update::{Effect, order, toast};

/// The rows of the list: breakpoints, then notes.
pub fn rows(app: &App) -> usize {
    app.session().map_or(0, |session| session.breaks.len() + session.notes.len())
}

/// Does what is done about breakpoints and notes.
pub fn act(app: &mut App, what: Stops, effects: &mut Vec<Effect>) {
    match (what, app.over.top()) {
        (Stops::Open, _) => app.over.lay(Overlay::Breaks(BreakList::default())),
        (Stops::Until, Some(Overlay::Breaks(_))) => set(app, true, effects),
        (Stops::Until, _) => {
            app.over.lay(Overlay::Breaks(BreakList { until: true, ..BreakList::default() }));
        }
        (Stops::Set, Some(Overlay::Breaks(list))) => {
            let until = list.until;
            set(app, until, effects);
        }
        (Stops::Remove, Some(Overlay::Breaks(list))) => {
            let chosen = list.chosen;
            remove(app, chosen, effects);
        }
        (Stops::Extend, _) => {
            app.question =
                Some(Question { ask: Ask::Extend { wrong: None }, text: TextBox::of(&as_much_again(app)) });
        }
        (Stops::Compact, _) => order(app, Order::Compact, effects),
        (Stops::UndoCompact, _) => order(app, Order::UndoCompact, effects),
        (Stops::Set | Stops::Remove, _) => {}
        (Stops::Note, _) => app.question = Some(Question { ask: Ask::Note, text: TextBox::default() }),
    }
}

/// As much again as the limits that hold it, as it is typed.
fn as_much_again(app: &App) -> String {
    let session = app.decided();
    let held = session.and_then(Session::live).and_then(Run::held_by_budget);
    let word = |share: &Share| {
        let scope =
            if share.scope == Scope::Run { String::new() } else { format!("{}.", share.scope.name()) };
        let unpriced = matches!(held, Some(Held::Unpriced { .. }));
        let amount = if unpriced { "none".to_string() } else { share.unit.exact(share.limit) };
        format!("{scope}{}={amount}", share.unit.name())
    };
    held.map(Held::over).unwrap_or_default().iter().map(word).collect::<Vec<_>>().join(" ")
}

/// The answer to how much more it is given.
pub fn extend(app: &mut App, typed: &str, effects: &mut Vec<Effect>) {
    match budget::changes(typed) {
        Ok(changes) => order(app, Order::Extend(changes), effects),
        Err(bad) => {
            let wrong = Some(format!("{bad} ({})", bad.hint));
            app.question = Some(Question { ask: Ask::Extend { wrong }, text: TextBox::of(typed) });
        }
    }
}

/// What is typed, as read; none while nothing is.
pub fn typed(list: &BreakList) -> Option<Result<Breakpoint, BadBreakpoint>> {
    let text = list.input.text();
    (!text.trim().is_empty()).then(|| Breakpoint::parse(&text))
}

/// What a breakpoint means here: a tool that is not there is no fault, but worth a word.
pub fn meaning(app: &App, at: &Breakpoint, until: bool) -> String {
    let once = Breakpoint { what: at.what.clone(), once: at.once || until };
    match &at.what {
        Trigger::Tool(tool) if app.tools.get(tool).is_none() => {
            format!("{} No tool here has that name.", once.sentence())
        }
        Trigger::Tool(_)
        | Trigger::Effect(_)
        | Trigger::Argument { .. }
        | Trigger::Steps(_)
        | Trigger::Tokens(_)
        | Trigger::Fault(_) => once.sentence(),
        Trigger::Cost(_) => format!("{} {}", once.sentence(), unseen(app, at)).trim_end().to_string(),
    }
}

/// What a mark of a cost will not see here.
fn unseen(app: &App, at: &Breakpoint) -> String {
    let run = app.session().and_then(|session| session.live());
    let blind = run.and_then(|run| at.blind(run.spent));
    let is_new = run.is_none_or(|run| run.spent == Spent::default());
    match blind {
        Some(blind) => blind,
        None if is_new && app.unpriced => {
            "No price of the model is known here, so it may never be hit: see `tackroom prices`.".to_string()
        }
        None => String::new(),
    }
}

fn set(app: &mut App, until: bool, effects: &mut Vec<Effect>) {
    let Some(Overlay::Breaks(list)) = app.over.top_mut() else { return };
    match typed(list) {
        None => toast(app, "Type where to stop first.", "such as tool=write_file, risky or steps=+2"),
        Some(Err(bad)) => toast(app, &format!("Not set: {bad}."), &bad.hint),
        Some(Ok(at)) if until => {
            app.over.take();
            app.panel.changed_at = app.now;
            order(app, Order::RunUntil(at), effects);
        }
        Some(Ok(at)) => {
            list.input = TextBox::default();
            order(app, Order::SetBreakpoint(at), effects);
        }
    }
}

fn remove(app: &mut App, chosen: usize, effects: &mut Vec<Effect>) {
    let Some(session) = app.session() else { return };
    let breaks = session.breaks.len();
    let what = match (session.breaks.get(chosen), session.notes.get(chosen.wrapping_sub(breaks))) {
        (Some(one), _) => Order::RemoveBreakpoint(one.no),
        (None, Some(note)) => Order::RemoveNote(note.no),
        (None, None) => return toast(app, "There is nothing to remove.", ""),
    };
    let left = rows(app).saturating_sub(2);
    if let Some(Overlay::Breaks(list)) = app.over.top_mut() {
        list.chosen = list.chosen.min(left);
    }
    order(app, what, effects);
}
