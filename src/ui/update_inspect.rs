//! An event is looked at closely: asked for where it is chosen, read like a page, copied, opened elsewhere, gone on from.

use std::sync::Arc;

use crate::domain::command::Command;
use crate::domain::ids::{CallId, EventNo, SessionId};
use crate::domain::inspect::page::{Page, Subject};
use crate::domain::session::Session;
use crate::domain::talk_item::Said;
use crate::domain::text;
use crate::ui::action::{Inspect, Item, Move};
use crate::ui::app::App;
use crate::ui::edit::TextBox;
use crate::ui::inspecting::{Inspecting, LaidFor};
use crate::ui::list;
use crate::ui::mode::{Focus, Pane};
use crate::ui::panes::{inspect, inspect_text};
use crate::ui::parts::Overlay;
use crate::ui::update::{Effect, Elsewhere, Program, fault, toast};

/// Does what is done with an event looked at.
pub fn act(app: &mut App, word: Inspect, effects: &mut Vec<Effect>) {
    match word {
        Inspect::Open => open(app, effects),
        Inspect::NextEvent => step(app, true, effects),
        Inspect::PreviousEvent => step(app, false, effects),
        Inspect::NextSection => section(app, true),
        Inspect::PreviousSection => section(app, false),
        Inspect::Request => go(app, request(app), effects),
        Inspect::Call => go(app, next_call(app), effects),
        Inspect::Raw => raw(app),
        Inspect::Pager => elsewhere(app, Program::Pager, effects),
        Inspect::Editor => elsewhere(app, Program::Editor, effects),
    }
}

/// The page that is open.
pub fn shown(app: &App) -> Option<&Inspecting> {
    if let Some(Overlay::Inspect(asked)) = app.over.top() { Some(asked) } else { None }
}

fn shown_mut(app: &mut App) -> Option<&mut Inspecting> {
    if let Some(Overlay::Inspect(asked)) = app.over.top_mut() { Some(asked) } else { None }
}

/// Asks for the page of what is chosen where the keys go.
fn open(app: &mut App, effects: &mut Vec<Effect>) {
    let subject = app.session().filter(|session| session.is_open()).and_then(|session| chosen(app, session));
    let (Some(subject), Some(session)) = (subject, app.session()) else {
        return toast(app, "There is no event to look at yet.", "");
    };
    let until = app.playback.is_some().then_some(session.last);
    let asked = Inspecting::new(session.id.clone(), subject, until);
    let last = session.calls.numbers().next_back();
    if app.focus == Focus::Pane(Pane::Calls) && app.playback.is_none() {
        // What is looked at is chosen: a fork from the list begins there too.
        app.windows.calls.chosen = app.windows.calls.chosen.or(last);
    }
    ask(&asked, effects);
    app.over.lay(Overlay::Inspect(Box::new(asked)));
}

fn ask(asked: &Inspecting, effects: &mut Vec<Effect>) {
    let (session, subject, until) = (asked.session.clone(), asked.subject, asked.until);
    effects.push(Effect::Send(Command::Inspect { session, subject, until }));
}

/// The event behind the chosen item of the pane that has the keys; where nothing is chosen, the last one of it or, in a
/// replay, the event that it stands at.
fn chosen(app: &App, session: &Session) -> Option<Subject> {
    let alone = |no: EventNo| Subject { no, call: None };
    let at_position = app.playback.is_some().then_some(alone(session.last));
    let watched = app.watched.as_ref()?;
    let found = match app.focus {
        Focus::Pane(Pane::Trace) => {
            let rows = list::trace_rows(app);
            let at = app.windows.trace.chosen.or(rows.len().checked_sub(1).filter(|_| at_position.is_none()));
            let row = at.and_then(|at| watched.trace.row(*rows.get(at)?));
            row.map(|row| Subject { no: row.no, call: row.what.call().map(|(call, _)| call) })
        }
        Focus::Pane(Pane::Conversation) => {
            let items = watched.talk.items();
            let last = items.numbers().next_back().filter(|_| at_position.is_none());
            let item = app.windows.talk.chosen.or(last).and_then(|at| items.get(at));
            item.map(|item| {
                let call = if let Said::Call(card) = &item.said { Some(card.call) } else { None };
                Subject { no: item.no, call }
            })
        }
        Focus::Pane(Pane::Calls) => {
            let last = session.calls.numbers().next_back().filter(|_| at_position.is_none());
            let call = app.windows.calls.chosen.or(last).and_then(|at| session.calls.get(at));
            call.map(|call| Subject { no: call.span, call: Some(call.id) })
        }
        Focus::Pane(Pane::Approval) => {
            app.facing().map(|call| Subject { no: call.span, call: Some(call.id) })
        }
        Focus::Pane(Pane::Inbox) | Focus::Composer => None,
    };
    found.or(at_position).or(Some(alone(session.last)))
}

/// A page came; one that nobody waits for any more is dropped.
pub fn arrived(app: &mut App, page: Arc<Page>) {
    if let Some(asked) = waiting(app, &page.session, page.subject) {
        (asked.page, asked.fault, asked.section, asked.laid_for) = (Some(page), None, 0, None);
        asked.scroll.home();
    }
}

/// A page cannot be read; whoever waits for it is told where it would stand, anybody else in passing.
pub fn failed(app: &mut App, (session, subject): (&SessionId, Subject), why: (String, String)) {
    match waiting(app, session, subject) {
        Some(asked) => asked.fault = Some(why),
        None => fault(app, &why.0, &why.1),
    }
}

/// Who waits for a page: what lies over the workbench, or what the help lies over.
fn waiting<'a>(app: &'a mut App, session: &SessionId, subject: Subject) -> Option<&'a mut Inspecting> {
    app.over.iter_mut().find_map(|over| {
        let Overlay::Inspect(asked) = over else { return None };
        ((&asked.session, asked.subject) == (session, subject)).then_some(&mut **asked)
    })
}

/// Says that the event that was asked for is not here yet; whether it is.
pub fn is_there(app: &mut App) -> bool {
    let Some((there, failed)) = shown(app).map(|asked| (asked.is_there(), asked.fault.is_some())) else {
        return true;
    };
    match (there, failed) {
        (true, _) => {}
        (false, true) => toast(app, "This event cannot be read.", "[ and ] go to others"),
        (false, false) => toast(app, "This event is still being read.", ""),
    }
    there
}

/// The event before or after this one.
fn step(app: &mut App, forward: bool, effects: &mut Vec<Effect>) {
    let last = app.session().map_or(EventNo(0), |session| session.last);
    let Some(asked) = shown_mut(app) else { return };
    let last = asked.until.unwrap_or(last);
    let no = match forward {
        true => asked.subject.no.after(),
        false => EventNo(asked.subject.no.0.saturating_sub(1)),
    };
    if no == EventNo(0) || no > last {
        let words = if forward { "This is the last event." } else { "This is the first event." };
        return toast(app, words, "");
    }
    (asked.subject, asked.fault) = (Subject { no, call: None }, None);
    ask(asked, effects);
}

/// The reply that asked for the call of the page.
pub fn request(app: &App) -> Option<Subject> {
    let page = shown(app).filter(|asked| asked.is_there())?.page.as_ref()?;
    page.call?;
    Some(Subject { no: page.reply?, call: None })
}

/// A call that the reply of the page asked for: from the reply the one that was come from, else its first; from a call the
/// one after it.
pub fn next_call(app: &App) -> Option<Subject> {
    let asked = shown(app).filter(|asked| asked.is_there())?;
    let page = asked.page.as_ref()?;
    let place = |call: Option<CallId>| page.asked.iter().position(|one| Some(one.call) == call);
    let at = match page.call {
        Some(_) => (place(page.call)? + 1) % page.asked.len(),
        None => place(asked.came_from).unwrap_or(0),
    };
    let call = page.asked.get(at)?.call;
    (page.call != Some(call)).then_some(Subject { no: page.reply?, call: Some(call) })
}

fn go(app: &mut App, to: Option<Subject>, effects: &mut Vec<Effect>) {
    let (Some(subject), Some(asked)) = (to, shown_mut(app)) else { return };
    asked.came_from = asked.page.as_ref().and_then(|page| page.call);
    (asked.subject, asked.fault) = (subject, None);
    ask(asked, effects);
}

/// Why there is no such request or call to go to.
pub fn cannot(app: &mut App, word: Inspect) {
    if !is_there(app) {
        return;
    }
    match word {
        Inspect::Request => {
            toast(app, "No reply of the model asked for this.", "[ and ] go to the events beside")
        }
        Inspect::Call => {
            toast(app, "There is no other call of one reply here.", "[ and ] go to the events beside")
        }
        Inspect::Open
        | Inspect::NextEvent
        | Inspect::PreviousEvent
        | Inspect::NextSection
        | Inspect::PreviousSection
        | Inspect::Raw
        | Inspect::Pager
        | Inspect::Editor => {}
    }
}

/// The section behind or before the chosen one goes to the top.
fn section(app: &mut App, forward: bool) {
    let Some(asked) = shown_mut(app) else { return };
    let count = asked.sheet.starts.len();
    let next = if forward { asked.section + 1 } else { asked.section.saturating_sub(1) };
    asked.section = next.min(count.saturating_sub(1));
    asked.scroll.offset = asked.sheet.starts.get(asked.section).copied().unwrap_or(0);
    asked.scroll.follow = false;
    let (total, height) = (asked.sheet.lines.len(), asked.height);
    asked.scroll.clamp(total, height);
}

/// The stored events, or the page again.
fn raw(app: &mut App) {
    let Some(asked) = shown_mut(app) else { return };
    (asked.raw, asked.section, asked.laid_for) = (!asked.raw, 0, None);
    asked.scroll.home();
}

/// Opens the chosen section whole in another program. What a terminal would act on is made visible first.
fn elsewhere(app: &mut App, program: Program, effects: &mut Vec<Effect>) {
    if !is_there(app) {
        return;
    }
    let Some(asked) = shown(app) else { return };
    let Some(read) = asked.read().filter(|text| !text.is_empty()) else {
        return toast(app, "There is nothing to open here yet.", "");
    };
    let (name, text) = (asked.section_name(), text::clean(&read).into_owned());
    effects.push(Effect::Show(Elsewhere { program, name, text }));
}

/// Moves the page; the section at the top becomes the chosen one.
pub fn moved(app: &mut App, step: Move) {
    let Some(asked) = shown_mut(app) else { return };
    let (total, height) = (asked.sheet.lines.len(), asked.height);
    let scroll = &mut asked.scroll;
    match step {
        Move::Down | Move::Right => scroll.down(total, height),
        Move::Up | Move::Left => scroll.up(total, height),
        Move::HalfDown => scroll.half_down(total, height),
        Move::HalfUp => scroll.half_up(total, height),
        Move::PageDown => scroll.page_down(total, height),
        Move::PageUp => scroll.page_up(total, height),
        Move::Top => scroll.home(),
        Move::Bottom => scroll.end(total, height),
    }
    scroll.follow = false;
    settle(asked);
}

/// The chosen section is one of those in view.
fn settle(asked: &mut Inspecting) {
    let shown = asked.scroll.visible_range(asked.sheet.lines.len(), asked.height);
    let starts = &asked.sheet.starts;
    let holds = starts.iter().rposition(|start| *start <= shown.start).unwrap_or(0);
    let last = starts.iter().rposition(|start| *start < shown.end).unwrap_or(holds);
    asked.section = asked.section.clamp(holds, last.max(holds));
}

/// Copying and searching.
pub fn on_item(app: &mut App, item: Item, effects: &mut Vec<Effect>) {
    match item {
        Item::Copy if !is_there(app) => {}
        Item::Copy => match shown(app).and_then(Inspecting::copied).filter(|text| !text.is_empty()) {
            Some(text) => {
                toast(app, &format!("Copied {} characters.", text.chars().count()), "");
                effects.push(Effect::Copy(text));
            }
            None => toast(app, "There is nothing to copy here.", ""),
        },
        Item::Search => {
            if let Some(asked) = shown_mut(app) {
                asked.typing = Some(TextBox::of(&asked.words));
            }
        }
        // Enter in the line that is typed in.
        Item::Open => {
            let Some(asked) = shown_mut(app) else { return };
            let Some(typing) = asked.typing.take() else { return };
            asked.words = typing.text().to_lowercase();
            hit(app, true, true);
        }
        Item::Same => {}
        Item::NextHit => hit(app, true, false),
        Item::PreviousHit => hit(app, false, false),
    }
}

/// The next line with the words, from the top of what is shown, goes to the top.
fn hit(app: &mut App, forward: bool, here: bool) {
    let Some(asked) = shown_mut(app) else { return };
    if asked.words.is_empty() {
        return;
    }
    let count = asked.sheet.lines.len();
    let has = |at: &usize| {
        let line = asked.sheet.lines.get(*at).into_iter();
        inspect_text::plain(&line.cloned().collect::<Vec<_>>()).to_lowercase().contains(&asked.words)
    };
    let at = asked.scroll.offset.min(count);
    let found = match forward {
        true => (at + usize::from(!here)..count).find(has).or_else(|| (0..at).find(has)),
        false => (0..at).rev().find(has).or_else(|| (at..count).rev().find(has)),
    };
    let words = asked.words.clone();
    match found {
        Some(line) => {
            asked.scroll.offset = line;
            asked.scroll.follow = false;
            asked.scroll.clamp(count, asked.height);
            settle(asked);
        }
        None => toast(app, &format!("{:?} is nowhere on this page.", text::clean(&words)), ""),
    }
}

/// Leaves the line that is typed in; false where none was.
pub fn leave_typing(app: &mut App) -> bool {
    shown_mut(app).is_some_and(|asked| asked.typing.take().is_some())
}

/// Lays the page out where it, its width or the theme changed.
pub fn prepare(app: &mut App) {
    let area = app.layout.overlay.inner;
    let theme = app.look.theme.clone();
    let Some(asked) = shown_mut(app) else { return };
    asked.height = usize::from(inspect::body(asked, area).height);
    if let Some(page) = &asked.page {
        let (subject, width) = (page.subject, area.width);
        let wanted = LaidFor { subject, width, theme: theme.name().to_string(), raw: asked.raw };
        if asked.laid_for.as_ref() != Some(&wanted) {
            let lay = if asked.raw { inspect_text::raw_sheet } else { inspect_text::sheet };
            asked.sheet = Arc::new(lay(page, width, &theme));
            // Other lines at another width: who was at a section stays at it.
            if asked.laid_for.replace(wanted).is_some() {
                asked.scroll.offset = asked.sheet.starts.get(asked.section).copied().unwrap_or(0);
            }
        }
    }
    asked.scroll.clamp(asked.sheet.lines.len(), asked.height);
}
