//! The tool calls and how each stands; unfolded ones with arguments, verdict, decision and output.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::domain::call::{Call, CallState, Ended, Outcome};
use crate::domain::card::Card;
use crate::domain::checks::check_words;
use crate::domain::policy::Word;
use crate::ui::app::App;
use crate::ui::mode::Pane;
use crate::ui::panes::ink;
use crate::ui::paper::call::{standing, timing};
use crate::ui::paper::leaf::{MARGIN, one_line, spread};
use crate::ui::theme::Role;

/// Columns that an unfolded call's lines stand in from the edge.
const INSET: u16 = 4;

/// The columns that unfolded lines have in an area.
pub fn unfolded_width(area: Rect) -> usize {
    usize::from(area.width.saturating_sub(INSET)).max(1)
}

/// Draws the calls in view.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(watched) = app.watched.as_ref().filter(|watched| !watched.session.calls.is_empty()) else {
        let text = "No tool was called yet.";
        buf.set_stringn(area.x, area.y, text, usize::from(area.width), app.look.style(Role::Muted));
        return;
    };
    let window = &app.windows.calls;
    let focused = app.focused_pane() == Some(Pane::Calls);
    for (line, row) in (window.scroll.offset..).zip(area.rows()) {
        let Some((at, unfolded)) = app.calls.line(line) else { break };
        if let Some(unfolded) = unfolded {
            buf.set_string(row.x, row.y, app.look.sign("  │", "   "), app.look.style(Role::Border));
            let text = ink::inset(row, INSET);
            buf.set_line(text.x, text.y, unfolded, text.width);
        } else if let Some(call) = watched.session.calls.get(at) {
            head(app, call, watched.talk.card(call.id), row, buf);
            if focused && window.chosen == Some(at) {
                ink::choose(app, row, buf);
            }
        }
        ink::hits(app, Pane::Calls, row, buf);
    }
}

/// A call's one line: sign, id, tool, arguments; word and time at the right.
fn head(app: &App, call: &Call, card: Option<&Card>, row: Rect, buf: &mut Buffer) {
    let look = &app.look;
    let (glyph, role, word) = standing(call);
    if let Some(mark) = look.mark(glyph, role) {
        buf.set_span(row.x, row.y, &mark, row.width.min(MARGIN));
    }
    let summary = card.map(|card| one_line(&card.summary)).unwrap_or_default();
    let title = call.check.as_deref().map_or_else(|| call.tool.clone(), check_words);
    let left = vec![
        Span::styled(format!("{:<4}", call.id.to_string()), look.style(Role::Muted)),
        Span::styled(format!("{:<11} ", one_line(&title)), look.style(Role::Text)),
        Span::styled(summary, look.style(Role::Muted)),
    ];
    let mut right = Vec::new();
    if row.width >= 60
        && let Some(said) = decided(call, card)
    {
        right.push(Span::styled(format!(" {said}"), look.style(Role::Muted)));
    }
    let plain_end = matches!(call.state, CallState::Ended(Ended::Ran(Outcome::Ok)));
    let says_more =
        !matches!(call.state, CallState::Ended(Ended::Rejected | Ended::Answered | Ended::Denied));
    if look.in_words() || (!plain_end && (says_more || row.width < 60)) {
        right.push(Span::raw(" "));
        right.push(Span::styled(word, look.style(role)));
    }
    let timing = timing(call, ink::clock(app));
    right.push(Span::styled(format!(" {timing:>6}"), look.style(Role::Muted)));
    let text = ink::inset(row, MARGIN);
    buf.set_line(text.x, text.y, &spread(left, right, usize::from(text.width)), text.width);
}

/// Who let it run or kept it from running, in a word.
fn decided(call: &Call, card: Option<&Card>) -> Option<&'static str> {
    if let Some(decision) = card.and_then(|card| card.decision.as_ref()) {
        return Some(decision.word());
    }
    match call.verdict.as_ref()?.word {
        Word::Allow => Some("allowed"),
        Word::Ask => None,
        Word::Deny => Some("denied"),
    }
}
