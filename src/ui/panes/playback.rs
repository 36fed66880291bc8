//! Where in the played session we are: one line with position, time, speed, and marks for turns, calls, holds, faults and
//! shortened waits. A click on the bar goes there.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::ids::EventNo;
use crate::domain::survey::Mark;
use crate::domain::time::duration;
use crate::ui::app::App;
use crate::ui::paper::leaf::fit;
use crate::ui::playback::{Goal, Playback};
use crate::ui::theme::Role;
use crate::ui::widgets::flow::spans_width;

/// Narrower bars are left out: the numbers say it.
const BAR_MIN: usize = 10;

/// Draws the bar in one row.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(playback) = &app.playback else { return };
    let width = usize::from(area.width);
    let (mut spans, right) = words(app, playback, width);
    let used = spans_width(&spans) + spans_width(&right);
    if used + BAR_MIN <= width {
        spans.extend(bar(app, playback, width - used));
    }
    spans.extend(right);
    let line = Line::from(fit(spans, width));
    buf.set_line(area.x, area.y, &line, area.width);
}

/// The cells of the bar in its line, if it is drawn.
pub fn bar_place(app: &App, line: Rect) -> Option<Rect> {
    let width = usize::from(line.width);
    let (left, right) = words(app, app.playback.as_ref()?, width);
    let (left, used) = (spans_width(&left), spans_width(&left) + spans_width(&right));
    let room = u16::try_from(width.checked_sub(used).filter(|room| *room >= BAR_MIN)?).ok()?;
    Some(Rect { x: line.x + u16::try_from(left).ok()?, width: room, ..line })
}

/// What stands before and behind the bar; less of it where there is little room.
fn words(app: &App, playback: &Playback, width: usize) -> (Vec<Span<'static>>, Vec<Span<'static>>) {
    let look = &app.look;
    let (sign, word) = if playback.playing { ("▶", "playing") } else { ("‖", "paused") };
    let mut left = vec![
        Span::styled(format!(" {} ", look.sign(sign, "replay")), look.style(Role::Accent)),
        Span::styled(format!("{word} {} ", playback.speed_label()), look.style(Role::Text)),
    ];
    let shortened = playback.gap.as_ref().and_then(|gap| gap.shortened_ms(playback.played / 4));
    if let Some(wait) = shortened.map(duration) {
        let words =
            if width < 100 { format!("» {wait} ") } else { format!("» a wait of {wait}, shortened ") };
        let words = if look.in_words() { words.replace('»', "skips") } else { words };
        left.push(Span::styled(words, look.style(Role::Wait)));
    }
    if let Some(goal) = playback.goal.filter(|goal| playback.resolve(*goal) != Some(playback.at)) {
        let to = match goal {
            Goal::Event(no) => format!("to {no} "),
            Goal::Time(at) => format!("to {} ", at.clock()),
        };
        left.push(Span::styled(to, look.style(Role::Accent)));
    }
    if !playback.complete {
        let part = playback.survey.events().saturating_mul(100) / playback.events.max(1);
        left.push(Span::styled(format!("(reading, {part}%) "), look.style(Role::Muted)));
    }
    let place = match width {
        0..60 => format!(" {}/{} ", playback.at, playback.events),
        60.. => format!(" event {} of {} ", playback.at, playback.events),
    };
    let mut right = vec![Span::styled(place, look.style(Role::Text))];
    if let Some(time) = elapsed(playback, width) {
        right.push(Span::styled(format!("{time} "), look.style(Role::Muted)));
    }
    (left, right)
}

/// How far into the session the position is, and how long the session is; where there is room, the time of day too.
fn elapsed(playback: &Playback, width: usize) -> Option<String> {
    let (first, last) = (playback.survey.first_at()?, playback.survey.last_at()?);
    let here = playback.clock().unwrap_or(first);
    let times = format!("{}/{}", duration(here.ms_since(first)), duration(last.ms_since(first)));
    Some(if width < 140 { times } else { format!("{times}  {} UTC", here.clock()) })
}

/// A cell of the bar; where several fall into one, the last of these shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Nothing,
    Turn,
    Call,
    Wait,
    Hold,
    Fault,
}

/// The most telling mark among the events of a cell: a few look-ups, however many events there are.
fn cell(playback: &Playback, from: u64, to: u64) -> Cell {
    let survey = &playback.survey;
    let has = |events: &[u32]| {
        let first = events.partition_point(|no| u64::from(*no) <= from);
        events.get(first).is_some_and(|no| u64::from(*no) <= to)
    };
    if has(survey.marked(Mark::Fault)) {
        Cell::Fault
    } else if has(survey.marked(Mark::Hold)) {
        Cell::Hold
    } else if has(survey.waits()) {
        Cell::Wait
    } else if has(survey.marked(Mark::Call)) {
        Cell::Call
    } else if has(survey.marked(Mark::Turn)) {
        Cell::Turn
    } else {
        Cell::Nothing
    }
}

fn bar(app: &App, playback: &Playback, width: usize) -> Vec<Span<'static>> {
    let look = &app.look;
    let (cells, total) = (width as u64, playback.events.max(1));
    let here = (playback.at.saturating_mul(cells) / total).min(cells - 1);
    let known = playback.survey.events();
    let draw = |at: u64| {
        let (from, to) = (at * total / cells, (at + 1) * total / cells);
        let done = if at <= here { Role::Accent } else { Role::Border };
        let (sign, word, role) = match cell(playback, from, to) {
            _ if at == here => ("●", "O", Role::Accent),
            Cell::Nothing if from >= known && !playback.complete => ("·", " ", Role::Muted),
            Cell::Nothing => (if at < here { "━" } else { "─" }, if at < here { "=" } else { "-" }, done),
            Cell::Turn => (if at < here { "┷" } else { "┴" }, "m", done),
            Cell::Call => (if at < here { "┿" } else { "┼" }, "c", done),
            Cell::Wait => ("»", ">", Role::Wait),
            Cell::Hold => ("◆", "h", Role::Wait),
            Cell::Fault => ("!", "!", Role::Fault),
        };
        Span::styled(look.sign(sign, word), look.style(role))
    };
    (0..cells).map(draw).collect()
}

/// The waits that are shortened within a stretch of recorded time: where they begin and end, at most so many.
pub fn waits_within(playback: &Playback, from: i64, to: i64, limit: usize) -> Vec<(i64, i64)> {
    let survey = &playback.survey;
    let time = |no: u32| survey.time(EventNo(u64::from(no))).map_or(i64::MAX, |at| at.0);
    let first = survey.waits().partition_point(|no| time(*no) <= from);
    let within = survey.waits()[first..].iter().take(limit);
    let stretch =
        |no: &u32| (survey.time(EventNo(u64::from(*no) - 1)).map_or(i64::MIN, |at| at.0), time(*no));
    within.map(stretch).take_while(|(begin, _)| *begin < to).collect()
}
