//! The page of a lease being written, and the list of those that were given.
//!
//! ```text
//! uses = 5                                        <- typed
//! until = run
//! under = .
//! argv starts ["cargo","test"]
//! ──────────────────────────────────────────────
//! Approves c4 now, and 5 more calls like it without asking.
//! Over the last 12 sessions here this would have allowed 37 calls: 36 approved, 1 rejected.
//!   k3x c9 rejected: cargo test --no-run
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::decide_lease::at_once;
use crate::domain::lease::Lease;
use crate::domain::lease_trial::at_once_words;
use crate::domain::session::Session;
use crate::domain::text::{plural, wrap};
use crate::domain::time::Micros;
use crate::ui::app::App;
use crate::ui::glyph::Glyph;
use crate::ui::leasing::{Bad, Leasing};
use crate::ui::panes::{ink, palette};
use crate::ui::paper::leaf::{one_line, prose};
use crate::ui::theme::Role;

/// Draws the page.
pub fn draw(app: &App, page: &Leasing, area: Rect, buf: &mut Buffer) {
    let told = told(app, page, area.width);
    let laid = page.text.lay(usize::from(area.width));
    let body = text_area(laid.rows.len(), told.len(), area);
    let first = first_row(laid.cursor.0, body);
    let bad = page.terms.as_ref().err().and_then(|bad| bad.line);
    for (row, (line, text)) in body.rows().zip(laid.rows.iter().skip(first)) {
        let role = if bad == Some(*line) { Role::Fault } else { Role::Code };
        buf.set_stringn(row.x, row.y, text, usize::from(row.width), app.look.style(role));
    }
    palette::rule(app, ink::below(area, body.height.saturating_sub(1)), buf);
    ink::lines(told.iter(), ink::below(area, body.height.saturating_add(1)), buf);
}

/// The rows of the text: all of them where there is room for what is told below, at least a third of the page.
fn text_area(rows: usize, told: usize, area: Rect) -> Rect {
    let at = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    let room = area.height.saturating_sub(at(told).saturating_add(1)).max(area.height / 3);
    Rect { height: at(rows).min(room).max(1).min(area.height), ..area }
}

fn first_row(cursor: usize, body: Rect) -> usize {
    (cursor + 1).saturating_sub(usize::from(body.height))
}

/// Where the hardware cursor stands.
pub fn cursor(app: &App, page: &Leasing, area: Rect) -> (u16, u16) {
    let laid = page.text.lay(usize::from(area.width));
    let body = text_area(laid.rows.len(), told(app, page, area.width).len(), area);
    let at = |n: usize| u16::try_from(n).unwrap_or(0);
    let row = laid.cursor.0 - first_row(laid.cursor.0, body);
    let x = body.x.saturating_add(at(laid.cursor.1)).min(body.right().saturating_sub(1));
    (x, body.y.saturating_add(at(row)).min(body.bottom().saturating_sub(1)))
}

/// What the terms mean, and what they would have allowed; or what is wrong with them.
fn told(app: &App, page: &Leasing, width: u16) -> Vec<Line<'static>> {
    let look = &app.look;
    let width = usize::from(width).max(8);
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut say = |text: &str, role: Role| {
        lines.extend(prose(&one_line(text), look.style(role), width, 4).0);
    };
    let terms = match &page.terms {
        Ok(terms) => terms,
        Err(Bad { line, why }) => {
            let line = line.map_or_else(String::new, |line| format!("line {}: ", line + 1));
            say(&format!("Not yet: {line}{why}."), Role::Fault);
            say("Each argument: is JSON, starts [\"words\"], below FOLDER, any.", Role::Muted);
            return lines;
        }
    };
    let (call, more) = (page.call.id, plural(u64::from(terms.uses), "more call"));
    let wide = if terms.pattern.is_exact() { "exactly like it" } else { "as written" };
    say(&format!("Approves {call} now, and {more} of {} {wide}, without asking.", page.call.tool), Role::Ok);
    let session = app.decided();
    let at_once = session.map(|session| at_once(session, &page.call, terms, app.now)).unwrap_or_default();
    if let Some(words) = at_once_words(&at_once) {
        say(&words, Role::Wait);
    }
    match &page.tried {
        None => say("Reading past sessions: what this would have allowed …", Role::Muted),
        Some(Err(why)) => say(&format!("What it would have allowed cannot be told: {why}"), Role::Fault),
        Some(Ok(tried)) => {
            let role = if tried.against.is_empty() { Role::Text } else { Role::Risk };
            say(&tried.sentence(), role);
            for one in &tried.against {
                let (session, call, how) = (&one.session, one.call, one.decided.word());
                lines
                    .push(row(&format!("  {session} {call} {how}: {}", one.summary), look.style(Role::Risk)));
            }
        }
    }
    lines
}

fn row(text: &str, style: ratatui::style::Style) -> Line<'static> {
    Line::from(Span::styled(one_line(text), style))
}

/// Draws the list, the last given first.
pub fn list(app: &App, chosen: usize, area: Rect, buf: &mut Buffer) {
    let look = &app.look;
    let Some(session) = app.session().filter(|session| !session.leases.is_empty()) else {
        let words =
            "No lease was given in this session. a, on a call that waits, grants the next ones like it.";
        let (lines, _) = prose(words, look.style(Role::Muted), usize::from(area.width).max(8), 4);
        return ink::lines(lines.iter(), area, buf);
    };
    let mut rows: Vec<(bool, bool, Line<'static>)> = Vec::new();
    let mut top = 0;
    for (at, lease) in session.leases.iter().rev().enumerate() {
        if at == chosen {
            top = rows.len();
        }
        let width = usize::from(area.width.saturating_sub(2)).max(8);
        rows.extend(
            lease_rows(app, session, lease, width)
                .into_iter()
                .enumerate()
                .map(|(row, line)| (at == chosen, row == 0, line)),
        );
    }
    let end = rows.iter().rposition(|(is_chosen, ..)| *is_chosen).map_or(top, |last| last + 1);
    let height = usize::from(area.height);
    let from = end.saturating_sub(height).min(top);
    for (place, (is_chosen, is_head, line)) in area.rows().zip(rows.into_iter().skip(from)) {
        if is_chosen && is_head {
            buf.set_string(place.x, place.y, Glyph::Selected.text(look.glyphs), look.style(Role::Accent));
        }
        let text = ink::inset(place, 2);
        buf.set_line(text.x, text.y, &line, text.width);
        if is_chosen {
            ink::choose(app, place, buf);
        }
    }
}

/// A lease in rows: how it stands, then its pattern.
fn lease_rows(app: &App, session: &Session, lease: &Lease, width: usize) -> Vec<Line<'static>> {
    let look = &app.look;
    let over = lease.over(session, app.now);
    let (word, role) = over.map_or(("live", Role::Ok), |over| (over.word(), Role::Muted));
    let head = Line::from(vec![
        Span::styled(format!("{:<4}", lease.no.to_string()), look.style(Role::Muted)),
        Span::styled(format!("{word}  "), look.style(role)),
        Span::styled(one_line(&lease.tool), look.style(Role::Text)),
        Span::styled(format!("  {} of {} used", lease.used, lease.uses), look.style(Role::Text)),
    ]);
    let mut rows = vec![head];
    let given = format!("{} · given by {} {}", until(lease), lease.by, given_at(lease.at));
    for text in [given].iter().map(String::as_str).chain(lease.pattern.lines()) {
        let text = one_line(text);
        for range in wrap(&text, width.saturating_sub(4)) {
            let part = format!("    {}", text.get(range).unwrap_or_default());
            rows.push(Line::from(Span::styled(part, look.style(Role::Muted))));
        }
    }
    rows
}

fn until(lease: &Lease) -> String {
    let end = if lease.lasting { "until the session ends" } else { "until the task ends" };
    let time = lease.until.map_or_else(String::new, |until| format!(" or {}", until.rfc3339()));
    format!("{end}{time}, below {}", lease.root)
}

fn given_at(at: Micros) -> String {
    format!("at {}", at.clock())
}
