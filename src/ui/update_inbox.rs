//! The inbox is opened, followed and left; what is chosen is looked at, and what was shown whole is remembered as read.
//!
//! The decision panel is the workbench's own: while the inbox is open it is about the chosen hold, under the same rules.

use std::sync::Arc;

use crate::domain::command::Command;
use crate::domain::event::Settling;
use crate::domain::ids::SessionId;
use crate::domain::inbox::{Answer, Answered, Held, HoldId};
use crate::domain::order::Order;
use crate::domain::session::Session;
use crate::domain::waits::Waits;
use crate::ui::action::{Move, Steer, Tray};
use crate::ui::app::{App, GUARD_MS};
use crate::ui::inbox::{FailedLook, Inbox};
use crate::ui::layout::Place;
use crate::ui::mode::Pane;
use crate::ui::panes::ink;
use crate::ui::parts::{Overlay, Panel};
use crate::ui::update::{Effect, fault, order, toast};
use crate::ui::update_panel::give;
use crate::ui::{update_batch, update_list};

/// Rows of the screen for each hold of the list.
pub const ROWS_EACH: u16 = 2;
/// A look that failed is tried again after so long, in milliseconds.
const LOOK_AGAIN_MS: u64 = 5_000;
/// Holds that half a page is.
const HALF: isize = 5;

/// Does what is done in the inbox.
pub fn act(app: &mut App, what: Tray, effects: &mut Vec<Effect>) {
    match what {
        Tray::Open => open(app, effects),
        Tray::Close => close(app, effects),
        Tray::Case => give(app, Pane::Approval),
        Tray::List => give(app, Pane::Inbox),
        Tray::Mark => update_batch::mark(app),
        Tray::Yes => update_batch::yes(app),
        Tray::No => update_batch::no(app),
        Tray::Confirm => update_batch::open(app),
        Tray::Send => update_batch::send(app, effects),
        Tray::Resume if slipped(app) => {
            toast(app, "Another hold has just come up; keys count in a moment.", "");
        }
        Tray::Resume => {
            let Some(id) = app.inbox.as_ref().and_then(|inbox| inbox.chosen.clone()) else { return };
            toast(app, &format!("{} goes on here.", id.session), "what it was at may be for you to settle");
            effects.push(Effect::Send(Command::Resume(id.session)));
        }
        Tray::Watch => {
            let Some(id) = app.inbox.as_ref().and_then(|inbox| inbox.chosen.clone()) else { return };
            close(app, effects);
            update_list::watch(app, id.session, false, effects);
        }
    }
}

fn open(app: &mut App, effects: &mut Vec<Effect>) {
    let marks = std::mem::take(&mut app.marks); // held against the list as soon as that is told
    app.inbox = Some(Inbox { marks, ..Inbox::new((app.focus, app.last_pane, app.zoomed)) });
    app.clear();
    app.panel = Panel { changed_at: app.now, ..Panel::default() };
    app.zoomed = false;
    give(app, Pane::Inbox);
    effects.push(Effect::Send(Command::Inbox(true)));
}

fn close(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(inbox) = app.inbox.take() else { return };
    (app.focus, app.last_pane, app.zoomed) = inbox.back;
    app.question = None;
    app.clear();
    app.panel = Panel { changed_at: app.now, ..Panel::default() };
    effects.push(Effect::Send(Command::Inbox(false)));
    app.marks = inbox.marks;
    match app.marks.len() {
        0 => {}
        1 => toast(app, "The marked one is kept.", "g i comes back to it"),
        many => toast(app, &format!("{many} marked ones are kept."), "g i comes back to them"),
    }
}

/// Moves the choice, while the list has the keys.
pub fn moved(app: &mut App, step: Move) {
    let by = match step {
        Move::Down | Move::Right => 1,
        Move::Up | Move::Left => -1,
        Move::HalfDown | Move::PageDown => HALF,
        Move::HalfUp | Move::PageUp => -HALF,
        Move::Top => isize::MIN / 2,
        Move::Bottom => isize::MAX / 2,
    };
    let Some(inbox) = &mut app.inbox else { return };
    choose(inbox, inbox.at.saturating_add_signed(by));
}

/// The mouse chooses a hold of the list.
pub fn click(app: &mut App, place: Place, row: u16) {
    let Some(inbox) = &mut app.inbox else { return };
    let from = first(inbox, place.inner.height);
    choose(inbox, from + usize::from(row.saturating_sub(place.inner.y) / ROWS_EACH));
}

/// The first hold in view.
pub fn first(inbox: &Inbox, height: u16) -> usize {
    ink::first_shown(inbox.at, inbox.holds.len(), usize::from(height / ROWS_EACH))
}

/// Whether another hold has just come to be the chosen one, and no key chose it.
fn slipped(app: &App) -> bool {
    let at = app.inbox.as_ref().and_then(|inbox| inbox.slipped_at);
    at.is_some_and(|at| app.now.ms_since(at) < GUARD_MS)
}

fn choose(inbox: &mut Inbox, at: usize) {
    inbox.slipped_at = None;
    let before = inbox.chosen.take();
    inbox.at = at.min(inbox.holds.len().saturating_sub(1));
    inbox.chosen = inbox.holds.get(inbox.at).map(|held| held.id.clone());
    if inbox.chosen != before && inbox.failed.take().is_some() {
        inbox.asked = None;
    }
}

/// The holds as they are now: what is chosen stays chosen, what changed is not marked any more as it was.
pub fn holds(app: &mut App, holds: Vec<Held>, effects: &mut Vec<Effect>) {
    let Some(inbox) = &mut app.inbox else { return };
    let news = holds.iter().find(|held| inbox.told && inbox.held(&held.id).is_none());
    if let Some(held) = news.filter(|_| app.bell && !app.terminal_focused) {
        effects.push(Effect::Bell(format!("tackroom: {} waits for you", name(held))));
    }
    (inbox.holds, inbox.told) = (holds, true);
    let place = |id: &HoldId| inbox.holds.iter().position(|held| held.id == *id);
    let at = inbox.chosen.as_ref().and_then(place).unwrap_or(inbox.at);
    let (before, slipped) = (inbox.chosen.clone(), inbox.slipped_at);
    choose(inbox, at);
    // Where nothing was chosen, no key was for another hold.
    inbox.slipped_at = if before.is_some() && before != inbox.chosen { Some(app.now) } else { slipped };
    let list = &inbox.holds;
    inbox.read.retain(|id, _| list.iter().any(|held| held.id == *id));
    inbox.looked.retain(|session| list.iter().any(|held| held.id.session == session.id));
    update_batch::follow(app);
}

/// A session that was looked at came.
pub fn looked(app: &mut App, session: Arc<Session>) {
    if let Some(inbox) = &mut app.inbox {
        inbox.keep(session);
    }
}

/// Asks for the chosen hold's session where it was not looked at as it is now.
pub fn look(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(inbox) = &mut app.inbox else { return };
    let Some(held) = inbox.chosen().filter(|held| held.waits != Waits::Driver) else { return };
    let wanted = (held.id.session.clone(), held.events);
    let known = inbox.session().is_some_and(|session| session.last.0 >= wanted.1);
    let failed = inbox.failed.as_mut().filter(|failed| failed.of == wanted);
    let again = failed.as_ref().is_some_and(|failed| app.now.ms_since(failed.at) >= LOOK_AGAIN_MS);
    if known || (inbox.asked.as_ref() == Some(&wanted) && !again) {
        return;
    }
    if let Some(failed) = failed {
        failed.at = app.now;
    }
    inbox.asked = Some(wanted.clone());
    effects.push(Effect::Send(Command::Look(wanted.0)));
}

/// A session could not be looked at: it is said in the panel, and tried again in a while or when it is chosen again.
pub fn not_looked(app: &mut App, session: &SessionId, why: (String, String)) {
    let Some(inbox) = &mut app.inbox else { return };
    if let Some(of) = inbox.asked.clone().filter(|(id, _)| id == session) {
        inbox.failed = Some(FailedLook { of, at: app.now, why });
    }
}

/// Remembers a hold as read: every line of it was on screen, and for longer than a glance.
pub fn note_read(app: &mut App) {
    let shown_whole = app.unseen() == 0 && !app.panel.lines.is_empty() && app.guard_ms() == 0;
    let shown = app.panel.shown.clone();
    let Some(inbox) = &mut app.inbox else { return };
    if let (true, Some(shown), Some(id)) = (shown_whole, shown, inbox.chosen.clone())
        && let Some(hash) = shown.hash
        && shown.call == id.call
    {
        inbox.read.insert(id, hash);
    }
}

/// What drives a run that stands at a breakpoint.
pub fn steer(app: &mut App, word: Steer, effects: &mut Vec<Effect>) {
    if app.guard_ms() > 0 {
        return toast(app, "It has just come up; keys count in a moment.", "");
    }
    match word {
        Steer::Step => order(app, Order::Step, effects),
        Steer::Continue => order(app, Order::Continue, effects),
        Steer::EndTask => order(app, Order::Cancel, effects),
        Steer::Pause | Steer::Interrupt | Steer::ModeAsk | Steer::ModeAuto => {}
    }
}

/// An order about the chosen hold.
pub fn answer(app: &mut App, order: Order, effects: &mut Vec<Effect>) {
    let Some(held) = app.inbox.as_ref().and_then(Inbox::chosen) else { return };
    let (id, words) = (held.id.clone(), (name(held), done(&order)));
    app.given.out.insert(id.clone(), words);
    effects.push(Effect::Send(Command::Answer(vec![Answer { id, order }])));
}

/// What became of an answer: on the page of its batch, else in passing, wherever the operator is by now.
pub fn answered(app: &mut App, id: HoldId, result: Answered) {
    let given = app.given.out.remove(&id);
    if update_batch::answered(app, &id, &result) {
        return;
    }
    let (name, done) = given.unwrap_or_else(|| (id.session.to_string(), "done"));
    let still = app.toasts.iter().any(|toast| toast.fault && toast.text == app.given.sentence);
    match result {
        Answered::Done if still => {} // what was not done is told
        Answered::Done => toast(app, &format!("{name}: {done}."), ""),
        Answered::Refused(_) | Answered::Failed(_) => {
            let given = &mut app.given;
            if !still {
                given.lost.clear();
            }
            given.lost.push(name);
            let (text, hint) = match given.lost.as_slice() {
                [only] => (format!("{only}: {}.", result.words()), "nothing else was touched"),
                lost => {
                    (format!("{} answers did nothing: {}.", lost.len(), lost.join(", ")), "g i lists them")
                }
            };
            let before = std::mem::replace(&mut given.sentence, text.clone());
            app.toasts.retain(|toast| toast.text != before);
            fault(app, &text, hint);
        }
    }
}

/// A hold in a few words: the call, its tool, its session.
pub fn name(held: &Held) -> String {
    let what = match (held.id.call, held.waits) {
        (Some(call), _) => format!("{call} {}", held.tool),
        (None, Waits::Driver) => "the next step".to_string(),
        (None, Waits::Approval | Waits::Unknown | Waits::Breakpoint) => "the breakpoint".to_string(),
        (None, Waits::Budget) => "the budget".to_string(),
        (None, Waits::Loop) => "the loop".to_string(),
        (None, Waits::Checks) => "the checks".to_string(),
        (None, Waits::Context) => "the long conversation".to_string(),
    };
    let title = if held.title.trim().is_empty() { held.id.session.as_str() } else { &held.title };
    format!("{} of {title}", what.trim_end())
}

/// What an order did, once it is done.
pub fn done(order: &Order) -> &'static str {
    match order {
        Order::Approve { .. } => "approved",
        Order::ApproveEdited { .. } => "approved as edited",
        Order::Grant { .. } => "approved, with a lease",
        Order::Revoke(_) => "revoked",
        Order::Reject { .. } => "rejected",
        Order::Respond { .. } => "answered",
        Order::Settle { how: Settling::Happened, .. } => "settled: it happened",
        Order::Settle { how: Settling::Again, .. } => "settled: it runs again",
        Order::Settle { how: Settling::Abandon, .. } => "settled: given up",
        Order::Step => "goes on by one step",
        Order::Continue => "goes on",
        Order::Extend(_) => "given more",
        Order::Cancel => "ended",
        Order::Compact => "made shorter before the next request",
        Order::UndoCompact => "as it was before",
        Order::Start(_)
        | Order::Say(_)
        | Order::Steer(_)
        | Order::Pause
        | Order::Resume
        | Order::Interrupt
        | Order::SetMode(_)
        | Order::Rename(_)
        | Order::Title(..)
        | Order::Mark(_)
        | Order::SetBreakpoint(_)
        | Order::RemoveBreakpoint(_)
        | Order::RunUntil(_)
        | Order::AddNote(_)
        | Order::RemoveNote(_) => "done",
    }
}

/// Why the chosen hold cannot be marked, and what can be done instead.
pub fn no_mark(app: &App) -> (&'static str, &'static str) {
    match app.inbox.as_ref().and_then(Inbox::chosen).map(|held| held.waits) {
        Some(Waits::Breakpoint) => {
            ("A run at a breakpoint is no part of a batch.", "Enter, then s steps or c goes on")
        }
        Some(Waits::Budget) => {
            ("A run that a limit holds is no part of a batch.", "Enter, then + gives it more")
        }
        Some(Waits::Checks) => {
            ("A run whose checks fail is no part of a batch.", "Enter, then c gives it as many rounds again")
        }
        Some(Waits::Context) => (
            "A run whose conversation is too long is no part of a batch.",
            "Enter, then Ctrl-P and compact makes it shorter, c asks as it is",
        ),
        Some(Waits::Loop) => ("A run in circles is no part of a batch.", "Enter, then c lets it go on"),
        Some(Waits::Driver) => ("A session that nobody drives is no part of a batch.", "c takes it up here"),
        Some(Waits::Approval | Waits::Unknown) | None => ("Nothing waits for you.", ""),
    }
}

/// The page of a batch, while it is open.
pub fn page(app: &mut App) -> Option<&mut crate::ui::inbox::Batch> {
    app.over.iter_mut().find_map(|over| {
        let Overlay::Batch(batch) = over else { return None };
        Some(&mut **batch)
    })
}
