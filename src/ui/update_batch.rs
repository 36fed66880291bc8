//! Holds are marked, each with its own decision, and go out together once a page that lists them was confirmed.
//!
//! An approval is marked only for what was itself shown whole; its order carries the hash of what was shown. The page is
//! guarded like the decision panel: `GUARD_MS` after its content last changed, read to its end, and with a word typed
//! where something that can destroy is approved. Nothing is all-or-nothing: each item has its own result.

use crate::domain::command::Command;
use crate::domain::event::Settling;
use crate::domain::hash::Hash;
use crate::domain::ids::CallId;
use crate::domain::inbox::{Answer, Answered, Held, HoldId};
use crate::domain::order::Order;
use crate::domain::waits::Waits;
use crate::ui::action::Move;
use crate::ui::app::{App, GUARD_MS, TWICE_MS};
use crate::ui::edit::TextBox;
use crate::ui::inbox::{Batch, Entry, Fate, Inbox, Mark, Word};
use crate::ui::mode::{Ask, Marking, Twice};
use crate::ui::parts::{Overlay, Question};
use crate::ui::update::{Effect, toast};
use crate::ui::update_decide::WORD;
use crate::ui::update_inbox::{done, name, page};

/// The chosen hold, if it can be marked.
fn markable(app: &App) -> Option<Held> {
    let held = app.inbox.as_ref().and_then(Inbox::chosen).cloned()?;
    matches!(held.waits, Waits::Approval | Waits::Unknown).then_some(held)
}

/// Marks the chosen hold, to be approved if it was read; or takes the mark away.
pub fn mark(app: &mut App) {
    let Some(held) = markable(app) else { return };
    let Some(inbox) = &mut app.inbox else { return };
    let again = app.twice.take_if(|(asked, _)| *asked == Twice::Unmark).is_some();
    let again = inbox.unmarking.take().is_some_and(|id| again && id == held.id);
    if let Some(mark) = inbox.marks.get(&held.id) {
        let written = mark.word.as_ref().is_some_and(|word| !word.text().trim().is_empty());
        if written && !again {
            inbox.unmarking = Some(held.id);
            app.twice = Some((Twice::Unmark, app.now.plus_ms(TWICE_MS)));
            return toast(
                app,
                "What you wrote goes with the mark.",
                "Space again takes it away, n changes it",
            );
        }
        inbox.marks.remove(&held.id);
        return;
    }
    match held.waits {
        Waits::Approval if inbox.is_read(&held) => yes(app),
        Waits::Approval => {
            inbox.marks.insert(held.id.clone(), Mark::default());
            unread(app, &held);
        }
        Waits::Unknown
        | Waits::Breakpoint
        | Waits::Budget
        | Waits::Loop
        | Waits::Checks
        | Waits::Context
        | Waits::Driver => {
            inbox.marks.insert(held.id.clone(), Mark::default());
            toast(app, "Marked; what became of it is not said yet.", "y it happened, n give up");
        }
    }
}

fn unread(app: &mut App, held: &Held) {
    let text = format!("{} is not read yet.", name(held));
    toast(app, &text, "Enter, read it to its end, then y");
}

/// Marks the chosen hold to be approved, or as happened.
pub fn yes(app: &mut App) {
    let Some(held) = markable(app) else { return };
    if held.waits == Waits::Unknown {
        return ask(app, held, Marking::Happened);
    }
    let Some(inbox) = &mut app.inbox else { return };
    let read = inbox.read.get(&held.id).copied().filter(|_| inbox.is_read(&held));
    // Whether it can destroy is told by what was read, not by the list.
    let call = held.id.call.and_then(|call| inbox.looked(&held.id.session)?.call(call));
    let destroys = call.map_or(held.destroys, |call| call.destroys || held.destroys);
    match read {
        None => unread(app, &held),
        Some(hash) => set(inbox, held.id, Word::Approve, Some(hash), destroys),
    }
}

/// Marks the chosen hold to be rejected, or to be given up.
pub fn no(app: &mut App) {
    let Some(held) = markable(app) else { return };
    let marking = if held.waits == Waits::Unknown { Marking::GiveUp } else { Marking::Reject };
    ask(app, held, marking);
}

fn ask(app: &mut App, held: Held, how: Marking) {
    let Some(inbox) = &mut app.inbox else { return };
    let written = inbox.marks.get(&held.id).and_then(|mark| mark.word.as_ref());
    let text = written.filter(|word| word.marking() == Some(how)).map(|word| TextBox::of(word.text()));
    let (name, id) = (name(&held), held.id);
    app.question = Some(Question { ask: Ask::Mark { how, id, name }, text: text.unwrap_or_default() });
}

/// A reason was written.
pub fn reason(app: &mut App, (how, id): (Marking, &HoldId), text: String) {
    let Some(inbox) = &mut app.inbox else { return };
    let Some(held) = inbox.held(id).cloned() else {
        return toast(app, "It does not wait any more; nothing was marked.", "");
    };
    let word = match how {
        Marking::Reject => Word::Reject(text),
        Marking::Happened => Word::Happened(text),
        Marking::GiveUp => Word::GiveUp(text),
    };
    set(inbox, held.id, word, held.hash, held.destroys);
}

fn set(inbox: &mut Inbox, id: HoldId, word: Word, hash: Option<Hash>, destroys: bool) {
    inbox.marks.insert(id, Mark { word: Some(word), hash, destroys });
}

/// Opens the page on which the marked holds are confirmed.
pub fn open(app: &mut App) {
    let Some(inbox) = &app.inbox else { return };
    let entry = |held: &Held| {
        let mark = inbox.marks.get(&held.id)?.clone();
        let fate = if mark.word.is_some() { Fate::Ready } else { Fate::Unread };
        Some(Entry { held: held.clone(), mark, fate })
    };
    let entries: Vec<Entry> = inbox.holds.iter().filter_map(entry).collect();
    if entries.is_empty() {
        return toast(app, "Nothing is marked.", "Space marks; y approve, n reject");
    }
    app.over.lay(Overlay::Batch(Box::new(Batch { entries, changed_at: app.now, ..Batch::default() })));
}

/// The list changed: what is gone is not marked any more, what changed is to be read again.
pub fn follow(app: &mut App) {
    let now = app.now;
    let Some(inbox) = &mut app.inbox else { return };
    let changed = |held: &Held, mark: &Mark| {
        mark.word == Some(Word::Approve) && held.hash.is_some() && held.hash != mark.hash
    };
    let mut again = None;
    let holds = &inbox.holds;
    inbox.marks.retain(|id, mark| {
        let Some(held) = holds.iter().find(|held| held.id == *id) else { return false };
        if changed(held, mark) {
            (mark.word, again) = (None, Some(name(held)));
        }
        true
    });
    let holds = inbox.holds.clone();
    if let Some(batch) = page(app) {
        let mut news = false;
        for entry in batch.entries.iter_mut().filter(|entry| entry.fate == Fate::Ready) {
            entry.fate = match holds.iter().find(|held| held.id == entry.held.id) {
                None => Fate::Gone,
                Some(held) if changed(held, &entry.mark) => Fate::Changed,
                Some(_) => continue,
            };
            news = true;
        }
        if news {
            batch.changed_at = now;
            batch.laid = None;
            batch.scroll.forget();
        }
    }
    if let Some(what) = again {
        toast(app, &format!("{what} changed; it is not approved any more."), "read it again");
    }
}

/// Milliseconds until the page counts keys.
pub fn guard_ms(app: &App, batch: &Batch) -> u64 {
    GUARD_MS.saturating_sub(app.now.ms_since(batch.changed_at))
}

/// The same for whatever page is open.
pub fn page_guard_ms(app: &App) -> Option<u64> {
    match app.over.top() {
        Some(Overlay::Batch(batch)) if !batch.sent => Some(guard_ms(app, batch)),
        Some(_) | None => None,
    }
}

/// Sends what is ready, once the page was read and the word typed; then each item's result comes to the page.
pub fn send(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(Overlay::Batch(batch)) = app.over.top() else { return };
    if batch.sent {
        return; // its page only tells
    }
    let (unseen, laid) = (batch.unseen(), !batch.lines.is_empty());
    if guard_ms(app, batch) > 0 || !laid {
        return;
    }
    if unseen > 0 {
        return toast(app, &format!("Read to the end first: {unseen} more."), "Down or Ctrl-D scrolls");
    }
    if batch.ready() == 0 {
        return toast(app, "None of these can be sent.", "Esc goes back; read them, then y or n");
    }
    if batch.destroys() && batch.input.text().trim() != WORD {
        return toast(app, &format!("Something here can destroy: type \"{WORD}\"; nothing was sent."), "");
    }
    go_out(app, effects);
}

fn go_out(app: &mut App, effects: &mut Vec<Effect>) {
    let (Some(Overlay::Batch(batch)), Some(inbox)) = (app.over.top_mut(), &mut app.inbox) else { return };
    let mut answers = Vec::new();
    for entry in batch.entries.iter_mut().filter(|entry| entry.fate == Fate::Ready) {
        let Some(order) = entry.held.id.call.and_then(|call| order(call, &entry.mark)) else { continue };
        entry.fate = Fate::Sent;
        inbox.marks.remove(&entry.held.id);
        app.given.out.insert(entry.held.id.clone(), (name(&entry.held), done(&order)));
        answers.push(Answer { id: entry.held.id.clone(), order });
    }
    (batch.sent, batch.laid) = (true, None);
    effects.push(Effect::Send(Command::Answer(answers)));
}

fn order(call: CallId, mark: &Mark) -> Option<Order> {
    let settle = |how, note: &String| Order::Settle { call, how, note: note.clone() };
    Some(match mark.word.as_ref()? {
        Word::Approve => Order::Approve { call, hash: mark.hash? },
        Word::Reject(reason) => Order::Reject { call, reason: reason.clone() },
        Word::Happened(note) => settle(Settling::Happened, note),
        Word::GiveUp(note) => settle(Settling::Abandon, note),
    })
}

/// What became of an item; whether the page of its batch shows it.
pub fn answered(app: &mut App, id: &HoldId, result: &Answered) -> bool {
    let Some(batch) = page(app) else { return false };
    let sent = |entry: &&mut Entry| entry.held.id == *id && entry.fate == Fate::Sent;
    let Some(entry) = batch.entries.iter_mut().find(sent) else { return false };
    entry.fate = Fate::Told(result.clone());
    batch.laid = None;
    true
}

/// Scrolls the page.
pub fn moved(app: &mut App, step: Move) {
    let Some(batch) = page(app) else { return };
    let (total, height) = (batch.lines.len(), batch.height);
    match step {
        Move::Down | Move::Right => batch.scroll.down(total, height),
        Move::Up | Move::Left => batch.scroll.up(total, height),
        Move::HalfDown => batch.scroll.half_down(total, height),
        Move::HalfUp => batch.scroll.half_up(total, height),
        Move::PageDown => batch.scroll.page_down(total, height),
        Move::PageUp => batch.scroll.page_up(total, height),
        Move::Top => batch.scroll.home(),
        Move::Bottom => batch.scroll.offset = total.saturating_sub(height),
    }
}
