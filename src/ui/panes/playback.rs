//! Where in the played session we are: one line with position, time, speed, and marks for calls, holds and faults.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::event::{Event, Fact};
use crate::domain::time::duration;
use crate::ui::app::App;
use crate::ui::paper::leaf::fit;
use crate::ui::playback::{Playback, WAIT_MS_MAX};
use crate::ui::theme::Role;
use crate::ui::widgets::flow::spans_width;

/// Narrower bars are left out: the numbers say it.
const BAR_MIN: usize = 12;

/// Draws the bar in one row.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(playback) = &app.playback else { return };
    let look = &app.look;
    let width = usize::from(area.width);
    let (sign, word) = if playback.playing { ("▶", "playing") } else { ("‖", "paused") };
    let mut left = vec![
        Span::styled(format!(" {} ", look.sign(sign, "replay")), look.style(Role::Accent)),
        Span::styled(format!("{word} {} ", playback.speed_label()), look.style(Role::Text)),
    ];
    let mut right = vec![Span::styled(
        format!(" event {} of {} ", playback.at, playback.events.len()),
        look.style(Role::Text),
    )];
    if let Some(time) = elapsed(playback) {
        right.push(Span::styled(format!("{time} "), look.style(Role::Muted)));
    }
    if let Some(wait) = playback.shortened_ms().filter(|_| playback.playing).map(duration) {
        left.push(Span::styled(format!("(a wait of {wait}, shortened) "), look.style(Role::Wait)));
    }
    if !playback.complete {
        left.push(Span::styled("(loading) ", look.style(Role::Muted)));
    }
    let used = spans_width(&left) + spans_width(&right);
    if used + BAR_MIN <= width {
        left.extend(bar(app, playback, width - used));
    }
    left.extend(right);
    let line = Line::from(fit(left, width));
    buf.set_line(area.x, area.y, &line, area.width);
}

/// How far into the session the position is, and how long the session is.
fn elapsed(playback: &Playback) -> Option<String> {
    let (first, last) = (playback.events.first()?.at, playback.events.last()?.at);
    let here =
        playback.at.checked_sub(1).and_then(|at| playback.events.get(at)).map_or(first, |event| event.at);
    Some(format!("{}/{}", duration(here.ms_since(first)), duration(last.ms_since(first))))
}

/// A cell of the bar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Nothing,
    Wait,
    Call,
    Hold,
    Fault,
}

fn mark(before: Option<&Event>, event: &Event) -> Mark {
    if let Fact::ModelFailed { .. } | Fact::CallRefused { .. } = event.fact {
        Mark::Fault
    } else if Playback::is_stop(event) {
        Mark::Hold
    } else if let Fact::CallStarted { .. } = event.fact {
        Mark::Call
    } else if before.is_some_and(|before| event.at.ms_since(before.at) > WAIT_MS_MAX * 5) {
        Mark::Wait
    } else {
        Mark::Nothing
    }
}

fn bar(app: &App, playback: &Playback, width: usize) -> Vec<Span<'static>> {
    let look = &app.look;
    let total = playback.events.len().max(1);
    let mut marks = vec![Mark::Nothing; width];
    // So many events are looked at that every cell has its share, however long the session is.
    let stride = (total / (width * 64)).max(1);
    for at in (0..playback.events.len()).step_by(stride) {
        let before = at.checked_sub(1).and_then(|before| playback.events.get(before));
        let cell = at * width / total;
        marks[cell] = marks[cell].max(mark(before, &playback.events[at]));
    }
    let here = (playback.at * width / total).min(width - 1);
    let cells = marks.into_iter().enumerate().map(|(at, mark)| {
        let done = if at <= here { Role::Accent } else { Role::Border };
        let (sign, word, role) = match mark {
            _ if at == here => ("●", "O", Role::Accent),
            Mark::Nothing => (if at < here { "━" } else { "─" }, if at < here { "=" } else { "-" }, done),
            Mark::Wait => ("┄", ".", Role::Wait),
            Mark::Call => ("┿", "c", done),
            Mark::Hold => ("◆", "h", Role::Wait),
            Mark::Fault => ("!", "!", Role::Fault),
        };
        Span::styled(look.sign(sign, word), look.style(role))
    });
    cells.collect()
}
