//! The list of the inbox: every hold in two rows, the longest waiting first.
//!
//! ```text
//! ◆ write_file c3 [approve]               approval 2m
//!   Fix the parser: write notes.txt
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::inbox::Held;
use crate::domain::text;
use crate::domain::time::{age, duration};
use crate::domain::waits::Waits;
use crate::ui::action::{Action, Tray};
use crate::ui::app::App;
use crate::ui::glyph::Glyph;
use crate::ui::inbox::Inbox;
use crate::ui::mode::Context;
use crate::ui::panes::ink;
use crate::ui::paper::leaf::{MARGIN, count, fit, one_line, prose, spread};
use crate::ui::theme::Role;
use crate::ui::update_inbox::{self, ROWS_EACH};

/// Narrower screens say in short how many wait where some are marked.
const COLUMNS_FOR_WORDS: u16 = 60;

/// The list's title: how many wait and how many are marked.
pub fn title(app: &App) -> String {
    let Some(inbox) = &app.inbox else { return "Inbox".to_string() };
    let marked =
        if inbox.marks.is_empty() { String::new() } else { format!(", {} marked", inbox.marks.len()) };
    format!("Inbox, {} waiting{marked}", inbox.holds.len())
}

/// The top line of the screen.
pub fn status(app: &App, inbox: &Inbox) -> Vec<Span<'static>> {
    let look = &app.look;
    let waits = inbox.holds.len();
    let glyph = if look.in_words() { String::new() } else { format!("{} ", Glyph::Held.text(look.glyphs)) };
    let (words, role) = match (inbox.told, waits) {
        (false, _) => ("looking".to_string(), Role::Muted),
        (true, 0) => ("nothing waits for you".to_string(), Role::Ok),
        (true, more) if app.size.0 < COLUMNS_FOR_WORDS && !inbox.marks.is_empty() => {
            (format!("{more} wait"), Role::Wait)
        }
        (true, 1) => ("1 thing waits for you".to_string(), Role::Wait),
        (true, more) => (format!("{more} things wait for you"), Role::Wait),
    };
    let sessions: std::collections::BTreeSet<_> = inbox.holds.iter().map(|held| &held.id.session).collect();
    let over = match sessions.len() {
        0 => String::new(),
        more => format!("  in {}", count(more as u64, "session")),
    };
    let send = app.keys.key_of(Context::Inbox, Action::Inbox(Tray::Confirm));
    let marked = match inbox.marks.len() {
        0 => String::new(),
        more => format!("  {more} marked: {send} sends"),
    };
    vec![
        Span::styled(format!(" {glyph}Inbox  "), look.style(Role::Title)),
        Span::styled(words, look.style(role)),
        Span::styled(marked, look.style(Role::Accent)),
        Span::styled(over, look.style(Role::Muted)),
    ]
}

/// Draws the list.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(inbox) = &app.inbox else { return };
    if inbox.holds.is_empty() {
        let width = usize::from(area.width);
        let words = if inbox.told { "Nothing waits for you." } else { "Looking for what waits …" };
        buf.set_stringn(area.x, area.y, words, width, app.look.style(Role::Muted));
        return;
    }
    let from = update_inbox::first(inbox, area.height);
    let shown = usize::from(area.height / ROWS_EACH).max(1);
    for (at, held) in inbox.holds.iter().enumerate().skip(from).take(shown) {
        let y = area.y + u16::try_from(at - from).unwrap_or(0) * ROWS_EACH;
        let row = Rect { y, height: ROWS_EACH, ..area }.intersection(area);
        draw_held(app, inbox, held, row, buf);
        if inbox.chosen.as_ref() == Some(&held.id) {
            ink::choose(app, row, buf);
        }
    }
}

fn draw_held(app: &App, inbox: &Inbox, held: &Held, row: Rect, buf: &mut Buffer) {
    let look = &app.look;
    let marked = inbox.marks.get(&held.id);
    let (glyph, role) = match (marked, held.waits) {
        (Some(_), _) => (Glyph::Marked, Role::Accent),
        (None, Waits::Approval) => (Glyph::Held, Role::Wait),
        (None, Waits::Unknown) => (Glyph::Unknown, Role::Risk),
        (None, Waits::Breakpoint | Waits::Budget | Waits::Loop | Waits::Checks | Waits::Context) => {
            (Glyph::Breakpoint, Role::Wait)
        }
        (None, Waits::Driver) => (Glyph::Paused, Role::Wait),
    };
    if let Some(mark) = look.mark(glyph, role) {
        buf.set_span(row.x, row.y, &mark, row.width.min(MARGIN));
    }
    let inner = ink::inset(row, MARGIN);
    let width = usize::from(inner.width);
    let call = held.id.call.map(|call| format!(" {call}")).unwrap_or_default();
    let tool = match held.waits {
        Waits::Driver => "nobody drives it",
        Waits::Budget | Waits::Loop | Waits::Checks | Waits::Context => "the next request",
        Waits::Approval | Waits::Unknown | Waits::Breakpoint if held.tool.is_empty() => "the next step",
        Waits::Approval | Waits::Unknown | Waits::Breakpoint => &held.tool,
    };
    let mut left = Vec::new();
    if look.in_words() && inbox.chosen.as_ref() == Some(&held.id) {
        left.push(Span::styled("chosen: ", look.style(Role::Accent)));
    }
    left.push(Span::styled(format!("{}{call}", one_line(tool)), look.style(Role::Text)));
    left.push(Span::styled(tag(inbox, held), look.style(Role::Accent)));
    let waited = app.now.ms_since(held.since);
    let since = if waited < 120_000 { duration(waited / 1000 * 1000) } else { age(waited) };
    let right = vec![Span::styled(format!(" {} {since}", kind(held.waits)), look.style(role))];
    buf.set_line(inner.x, inner.y, &spread(left, right, width), inner.width);
    if row.height < ROWS_EACH {
        return;
    }
    let title = if held.title.trim().is_empty() { held.id.session.as_str() } else { &held.title };
    let destroys = if held.destroys { "can destroy; " } else { "" };
    let more = if held.more > 0 { format!(" and {} more", held.more) } else { String::new() };
    let touches = one_line(&held.touches.join(", "));
    let sep = if touches.is_empty() && destroys.is_empty() { "" } else { ": " };
    // The title gives way first: what it touches is what one looks for.
    let after = format!("{sep}{destroys}{touches}{more}");
    let room = width.saturating_sub(text::width(&after)).max(width / 3);
    let title = text::truncate(&one_line(title), room);
    let line = vec![
        Span::styled(title, look.style(Role::Muted)),
        Span::styled(after, look.style(if held.destroys { Role::Risk } else { Role::Muted })),
    ];
    buf.set_line(inner.x, inner.y + 1, &Line::from(fit(line, width)), inner.width);
}

/// How it is marked, else whether it was read.
fn tag(inbox: &Inbox, held: &Held) -> String {
    match inbox.marks.get(&held.id) {
        Some(mark) => match &mark.word {
            Some(word) => format!(" [{}]", word.name()),
            None if held.waits == Waits::Approval => " [marked: not read yet]".to_string(),
            None => " [marked]".to_string(),
        },
        None if inbox.is_read(held) => " (read)".to_string(),
        None => String::new(),
    }
}

/// The kind of a hold in a word or two.
pub fn kind(waits: Waits) -> &'static str {
    match waits {
        Waits::Approval => "approval",
        Waits::Unknown => "unknown outcome",
        Waits::Breakpoint => "breakpoint",
        Waits::Budget => "budget",
        Waits::Loop => "loop",
        Waits::Checks => "checks",
        Waits::Context => "context",
        Waits::Driver => "interrupted",
    }
}

/// Why the chosen hold cannot be shown, and what to do about it.
pub fn unread(app: &App, width: u16) -> Vec<Line<'static>> {
    let failed = app.inbox.as_ref().and_then(|inbox| inbox.failed.as_ref());
    let Some((sentence, hint)) = failed.map(|failed| &failed.why) else { return Vec::new() };
    let lines = |text: &str, role| prose(text, app.look.style(role), usize::from(width), usize::MAX).0;
    [lines(sentence, Role::Fault), lines(hint, Role::Muted)].concat()
}

/// Why the decision panel is empty.
pub fn absent(app: &App) -> &'static str {
    match &app.inbox {
        Some(inbox) if inbox.chosen.is_none() => "Nothing is chosen.",
        Some(inbox) if inbox.chosen().is_some_and(|held| held.waits == Waits::Driver) => {
            "Nobody drives it: its process stopped."
        }
        Some(inbox) if inbox.session().is_some() => "It does not wait any more.",
        Some(inbox) if inbox.failed.is_some() => "It cannot be read; it is tried again.",
        Some(_) | None => "Its session is being read …",
    }
}
