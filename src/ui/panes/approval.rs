//! The call that waits for a decision: what it is, how much of it was read, what can be pressed.
//!
//! ```text
//!   call      c7  write_file                                   <- the lines of `approval_text`, scrolled
//!   touches   write notes.txt
//!   ...
//!   read to the end to approve (12 more lines): j  Ctrl-D  z   <- the state line
//!   reason (may be empty): |                                   <- a question, while one is asked
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::domain::call::CallState;
use crate::domain::event::Settling;
use crate::domain::held::Held;
use crate::domain::text::plural;
use crate::domain::time::duration;
use crate::ui::action::{Action, Go, Move, Steer, Stops, Tray};
use crate::ui::app::{App, GUARD_MS};
use crate::ui::can;
use crate::ui::forking::Twisting;
use crate::ui::mode::{Ask, Context, Focus, Marking, Pane};
use crate::ui::panes::{inbox, ink};
use crate::ui::theme::Role;
use crate::ui::update_decide::{WORD, is_guarded};
use crate::ui::widgets::meter;

/// Rows of a question's text at most.
const QUESTION_ROWS_MAX: usize = 3;

/// The panel's title: which of how many, and since when it waits.
pub fn title(app: &App) -> String {
    let waiting = app.waiting();
    let Some(call) = waiting.first() else {
        if app.inbox.is_some() && app.panel.shown.is_none() {
            return Pane::Approval.title().to_string();
        }
        let Some((stop, hit)) = app.stop().and_then(|stop| Some((stop, stop.hits.first()?))) else {
            return Pane::Approval.title().to_string();
        };
        let age = duration(app.now.ms_since(stop.at) / 1000 * 1000);
        return match stop.held() {
            Some(held) if held.is_budget() => format!("Held by its budget, {age}"),
            Some(Held::Checks { .. }) => format!("Held: its checks fail, {age}"),
            Some(Held::Context { .. }) => format!("Held: the conversation is too long, {age}"),
            Some(_) => format!("Held: it goes in circles, {age}"),
            None => format!("Breakpoint {}, stands {age}", hit.no),
        };
    };
    let what = if call.state == CallState::Unknown { "Unknown outcome" } else { "Your decision" };
    let age = duration(ink::clock(app).ms_since(call.since) / 1000 * 1000);
    let many = if waiting.len() > 1 { format!(", 1 of {}", waiting.len()) } else { String::new() };
    format!("{what}{many}, {} waits {age}", call.id)
}

/// Rows below the text: the state line and a question.
pub fn tail_rows(app: &App, width: u16) -> u16 {
    1 + question(app, width).map_or(0, |(rows, _)| u16::try_from(rows.len()).unwrap_or(0))
}

/// Rows for the text inside an area.
pub fn text_rows(app: &App, area: Rect) -> u16 {
    area.height.saturating_sub(tail_rows(app, area.width))
}

/// Draws the panel.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let text = Rect { height: text_rows(app, area), ..area };
    let total = app.panel.lines.len();
    let visible = app.panel.scroll.visible_range(total, usize::from(text.height));
    for (row, line) in (text.y..).zip(app.panel.lines.get(visible).unwrap_or_default()) {
        line.render(Rect { y: row, height: 1, ..text }, buf);
    }
    if app.inbox.is_some() && total == 0 {
        ink::lines(&inbox::unread(app, text.width), text, buf);
    }
    let mut row = text.bottom();
    if row < area.bottom() {
        state(app).render(Rect { y: row, height: 1, ..area }, buf);
        row += 1;
    }
    for line in question(app, area.width).map(|(rows, _)| rows).unwrap_or_default() {
        if row < area.bottom() {
            line.render(Rect { y: row, height: 1, ..area }, buf);
            row += 1;
        }
    }
}

/// Where the hardware cursor stands while a question is answered in the panel.
pub fn cursor(app: &App, area: Rect) -> Option<(u16, u16)> {
    let (_, (row, column)) = question(app, area.width)?;
    let y = (area.y + text_rows(app, area) + 1).saturating_add(row).min(area.bottom().saturating_sub(1));
    Some((area.x.saturating_add(column).min(area.right().saturating_sub(1)), y))
}

/// What can be pressed, or why nothing can yet.
fn state(app: &App) -> Line<'static> {
    let theme = &app.look.theme;
    let say = |role: Role, text: String| Line::from(Span::styled(text, theme.style(role)));
    let unseen = app.unseen();
    if app.inbox.is_some() && app.panel.shown.is_none() {
        return say(Role::Muted, inbox::absent(app).to_string());
    }
    if app.recorded() {
        return say(Role::Muted, "Recorded: nothing is decided in a replay.".to_string());
    }
    if app.focus != Focus::Pane(Pane::Approval) {
        let key = match app.focus {
            Focus::Composer => app.keys.key_of(Context::Composer, Action::Close),
            Focus::Pane(Pane::Inbox) => app.keys.key_of(Context::Inbox, Action::Inbox(Tray::Case)),
            Focus::Pane(_) => app.keys.key_of(Context::Workbench, Action::Go(Go::ShowApproval)),
        };
        if matches!(can::deciding(app), Some(Context::Stopped | Context::Reined))
            && app.focus != Focus::Composer
            && app.inbox.is_none()
        {
            return say(Role::Wait, from_elsewhere(app, &key));
        }
        let why = match app.focus {
            Focus::Composer => "while you write, keys are text",
            Focus::Pane(_) => "keys decide only from here",
        };
        return say(Role::Wait, format!("{key}: come here to decide; {why}."));
    }
    if app.question.is_some() {
        return say(Role::Muted, "Enter answers, Esc goes back.".to_string());
    }
    if is_guarded(app) {
        let passed = GUARD_MS - app.guard_ms();
        let style = theme.style(Role::Wait);
        let mark = meter::filling(passed, GUARD_MS, app.look.glyphs, style);
        return Line::from(vec![mark, Span::styled(" keys count in a moment", style)]);
    }
    let context = can::deciding(app).unwrap_or(Context::Approval);
    let more = plural(unseen, "more line");
    if unseen > 0 && context == Context::Approval {
        let here = if app.inbox.is_some() { Context::InboxCase } else { Context::Workbench };
        let down = app.keys.key_of(here, Action::Move(Move::Down));
        let page = app.keys.key_of(here, Action::Move(Move::HalfDown));
        let zoom = app.keys.key_of(here, Action::Go(Go::Zoom));
        let text = match app.layout.pane(Pane::Approval) {
            Some(place) if place.inner.width < 60 => format!("{more} to read: {down}  {page}"),
            Some(_) | None => {
                format!("read to the end to approve ({more}): {down}  {page}  {zoom} zoom")
            }
        };
        return say(Role::Wait, text);
    }
    let key = |text: String| Span::styled(text, theme.style(Role::Accent));
    let label = |text: String| Span::styled(text, theme.style(Role::Text));
    let entries = app.keys.of(context).filter(|entry| can::can(app, entry.binding.action));
    Line::from_iter(entries.flat_map(|entry| {
        let later = can::wants_reading(app, entry.binding.action) && context == Context::Unknown;
        let reading = if later { format!(" (read {more} first)") } else { String::new() };
        [key(entry.key()), label(format!(" {}{reading}   ", entry.binding.label))]
    }))
}

/// What can be pressed from another pane where the run stands still.
fn from_elsewhere(app: &App, key: &str) -> String {
    if !can::may_go_on(app) {
        let more = app.keys.key_of(Context::Workbench, Action::Stops(Stops::Extend));
        return format!("{more} gives it more; {key}: come here to see what holds it.");
    }
    let step = app.keys.key_of(Context::Workbench, Action::Steer(Steer::Step));
    let on = app.keys.key_of(Context::Workbench, Action::Steer(Steer::Continue));
    format!("{step} steps, {on} goes on; {key}: come here to change what is next.")
}

/// The question's rows and where the cursor stands among them; none while the panel asks nothing.
fn question(app: &App, width: u16) -> Option<(Vec<Line<'static>>, (u16, u16))> {
    let question = app.question.as_ref().filter(|question| question.ask.call().is_some())?;
    let label = words(&question.ask);
    let theme = &app.look.theme;
    let mut rows = vec![Line::from(Span::styled(label, theme.style(Role::Wait)))];
    let laid = question.text.lay(usize::from(width).saturating_sub(2));
    let first = (laid.cursor.0 + 1).saturating_sub(QUESTION_ROWS_MAX);
    let shown = laid.rows.iter().skip(first).take(QUESTION_ROWS_MAX);
    rows.extend(shown.map(|(_, row)| Line::from(Span::styled(format!("> {row}"), theme.style(Role::Text)))));
    let at = |n: usize| u16::try_from(n).unwrap_or(0);
    Some((rows, (at(laid.cursor.0 - first + 1), at(laid.cursor.1 + 2))))
}

/// How a question is asked.
pub fn words(ask: &Ask) -> String {
    match ask {
        Ask::Reject(call) => format!("Reject {call}. Why? The model reads it; may be empty."),
        Ask::Respond(call) => format!("Answer in place of {call}; the model is told that a person answered."),
        Ask::Confirm { call, .. } => {
            format!("{call} can destroy what was there. Type \"{WORD}\" to approve it.")
        }
        Ask::Settle(call, Settling::Happened) => {
            format!("{call} did happen. A note for the model; may be empty.")
        }
        Ask::Settle(call, Settling::Again) => {
            format!("Run {call} again; it may then happen twice. A note; may be empty.")
        }
        Ask::Settle(call, Settling::Abandon) => {
            format!("Give {call} up. A note for the model; may be empty.")
        }
        Ask::Search => "Search:".to_string(),
        Ask::Rename => "Title:".to_string(),
        Ask::Fork(twisting, _) => match twisting {
            Twisting::Reject(call) => format!("Fork and reject {call}. Why?"),
            Twisting::Respond(call) => format!("Fork and answer in place of {call}:"),
            Twisting::Note => "Fork and tell the agent:".to_string(),
            Twisting::Model => "Fork with the model:".to_string(),
            Twisting::Instructions => "Fork with the instructions:".to_string(),
            Twisting::Nothing | Twisting::Args(_) => "Fork:".to_string(),
        },
        Ask::Mark { how, name, .. } => match how {
            Marking::Reject => format!("Reject {name}. Why? May be empty:"),
            Marking::Happened => format!("{name} did happen. A note, may be empty:"),
            Marking::GiveUp => format!("Give up {name}. A note, may be empty:"),
        },
        Ask::Note => "Note for the model's next request:".to_string(),
        Ask::Extend { wrong: None } => "More (usd=0.50, tokens=100k; usd=none lifts):".to_string(),
        Ask::Extend { wrong: Some(why) } => format!("Not given: {why}. More:"),
        Ask::Jump => "Go to (12345, 50%, 10:03:22, +30s):".to_string(),
    }
}
