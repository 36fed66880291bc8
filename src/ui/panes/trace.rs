//! The timeline: a row for each span with its bar on a shared time axis, so that a look tells where the time went.
//!
//! ```text
//!                          0s      10s      20s      30s
//! ● r1 research …          ───────────────────────────▶    31.2s
//!   ▾ step 1               ──────────                      11.0s
//!     ◇ model              ████                             4.1s
//!     ✓ c1 write_file           ┄┄┄┄┄█                      6.9s
//! █ model  █ tool  ┄ waits for you  ─ idle
//! ```
//!
//! The axis spans what is in view. Waiting for a person is dashed; it is never drawn as work.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::domain::time::{Micros, duration};
use crate::domain::trace::Trace;
use crate::domain::trace_row::{Part, Row, RowState, Time, What};
use crate::ui::app::App;
use crate::ui::list::{self, fold_name, holds};
use crate::ui::mode::Pane;
use crate::ui::panes::playback::waits_within;
use crate::ui::panes::{ink, trace_words};
use crate::ui::paper::leaf::fit;
use crate::ui::theme::Role;
use crate::ui::widgets::waterfall::{Axis, Segment, SegmentKind, bar};

/// Columns of the duration at the right.
const DURATION: u16 = 7;
/// Columns that a label of the axis takes, roughly.
const LABEL: u16 = 7;
/// Lower areas have no axis and no words below.
const ROWS_FOR_AXIS: u16 = 6;
/// Shortened waits that an axis marks, at most.
const WAITS_MAX: usize = 64;
/// Rows of a folded span that its bar is made of, at most.
const FOLDED_MAX: usize = 200;
/// The distances between the labels of an axis, in microseconds.
const TICKS: [i64; 22] = [
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    15_000_000,
    30_000_000,
    60_000_000,
    300_000_000,
    900_000_000,
    3_600_000_000,
    14_400_000_000,
    43_200_000_000,
    86_400_000_000,
];

/// How many rows there are after folding.
pub fn rows(app: &App) -> usize {
    list::trace_rows(app).len()
}

/// The part of an area that rows are drawn in; the rest has the axis and a line of words.
pub fn body(area: Rect) -> Rect {
    if area.height < ROWS_FOR_AXIS {
        return area;
    }
    Rect { y: area.y + 1, height: area.height - 2, ..area }
}

/// Draws the rows in view.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let keys = list::trace_rows(app);
    let Some(watched) = app.watched.as_ref().filter(|_| !keys.is_empty()) else {
        let text = "Nothing has happened yet.";
        buf.set_stringn(area.x, area.y, text, usize::from(area.width), app.look.style(Role::Muted));
        return;
    };
    let trace = &watched.trace;
    let window = &app.windows.trace;
    let body = body(area);
    let from = window.scroll.offset.min(keys.len().saturating_sub(1));
    let shown = &keys[from..keys.len().min(from + usize::from(body.height))];
    let now = ink::clock(app);
    let chart = Chart::new(trace, shown, body, now);
    let chosen = window.chosen.filter(|_| app.focused_pane() == Some(Pane::Trace));
    for ((place, key), line) in (from..).zip(shown).zip(body.rows()) {
        let Some(row) = trace.row(*key) else { continue };
        chart.draw_row(app, trace, row, line, buf);
        if chosen == Some(place) {
            ink::choose(app, Rect { width: chart.name.min(line.width), ..line }, buf); // a bar reversed says nothing
        }
        ink::hits(app, Pane::Trace, line, buf);
    }
    if body != area {
        chart.draw_axis(app, area, buf);
        let below = Rect { y: area.bottom() - 1, height: 1, ..area };
        let row = chosen.and_then(|chosen| trace.row(*keys.get(chosen)?));
        let words = row
            .map_or_else(|| trace_words::legend(app, area.width), |row| trace_words::detail(app, row, now));
        let line = Line::from(fit(words, usize::from(below.width)));
        buf.set_line(below.x, below.y, &line, below.width);
    }
}

/// The columns and the time axis of what is in view.
struct Chart {
    name: u16,
    bar: u16,
    axis: Axis,
    tick: i64,
    zero: i64,
    now: Micros,
}

impl Chart {
    fn new(trace: &Trace, shown: &[usize], area: Rect, now: Micros) -> Chart {
        let inner = area.width.saturating_sub(DURATION);
        let name = if area.width < 60 { inner * 3 / 5 } else { (inner / 2).min(40) };
        let bar = inner.saturating_sub(name + 1);
        let rows = || shown.iter().filter_map(|key| trace.row(*key));
        // What holds other rows is cut to them, so that they fill the axis.
        let has_leaf = rows().any(|row| !matches!(row.what, What::Run { .. }));
        let counts = |row: &&Row| !has_leaf || !matches!(row.what, What::Run { .. });
        let start = rows().filter(counts).map(|row| row.start.0).min().unwrap_or(now.0);
        let end = rows().filter(counts).map(|row| row.end.unwrap_or(now).0).max().unwrap_or(now.0);
        let zero = rows().find_map(|row| trace.row(row.run?)).map_or(start, |run| run.start.0);
        let wanted = (end - start).max(1_000);
        let labels = i64::from(bar / LABEL).max(1);
        let tick = TICKS.into_iter().find(|tick| tick * labels >= wanted).unwrap_or(wanted / labels + 1);
        let start = zero + (start - zero).div_euclid(tick) * tick;
        // While it goes on the end moves in leaps, so that the bars do not shrink with every frame.
        let lives = rows().any(|row| row.end.is_none());
        let leap = (tick / 2).max(1);
        let end = if lives { zero + ((end - zero) / leap + 1) * leap } else { end.max(start + 1_000) };
        Chart { name, bar, axis: Axis { start, end }, tick, zero, now }
    }

    fn draw_axis(&self, app: &App, area: Rect, buf: &mut Buffer) {
        let left = area.x + self.name + 1;
        let span = (self.axis.end - self.axis.start).max(1);
        let style = app.look.style(Role::Muted);
        let mut at = self.axis.start;
        let mut free = left;
        while at < self.axis.end {
            let along = (at - self.axis.start).saturating_mul(i64::from(self.bar)) / span;
            let x = left.saturating_add(u16::try_from(along).unwrap_or(u16::MAX));
            let label = label(at - self.zero);
            let wide = ink::columns(&label);
            if x >= free && x.saturating_add(wide) <= area.right() {
                buf.set_string(x, area.y, &label, style);
                free = x + wide + 1;
            }
            at += self.tick;
        }
        self.draw_waits(app, area, buf);
    }

    /// In a replay the waits that are shortened are marked on the axis, where no label stands.
    fn draw_waits(&self, app: &App, area: Rect, buf: &mut Buffer) {
        let Some(playback) = &app.playback else { return };
        let left = area.x + self.name + 1;
        let span = (self.axis.end - self.axis.start).max(1);
        for (from, to) in waits_within(playback, self.axis.start, self.now.0.min(self.axis.end), WAITS_MAX) {
            let middle = from.max(self.axis.start) / 2 + to.min(self.axis.end) / 2 - self.axis.start;
            let along = middle.max(0).saturating_mul(i64::from(self.bar)) / span;
            let x = left.saturating_add(u16::try_from(along).unwrap_or(u16::MAX));
            let is_free = |x: u16| buf.cell((x, area.y)).is_some_and(|cell| cell.symbol() == " ");
            if x < left + self.bar && is_free(x) {
                buf.set_string(x, area.y, app.look.sign("»", ">"), app.look.style(Role::Wait));
            }
        }
    }

    fn draw_row(&self, app: &App, trace: &Trace, row: &Row, line: Rect, buf: &mut Buffer) {
        let look = &app.look;
        let folded = holds(row) && app.folds.trace.contains(&fold_name(row));
        let name = fit(trace_words::name(app, trace, row, folded), usize::from(self.name));
        buf.set_line(line.x, line.y, &Line::from(name), self.name);
        let segments = if folded { self.folded(trace, row) } else { self.segments(row) };
        let spans = bar(self.axis, &segments, usize::from(self.bar), look.glyphs, &look.theme);
        buf.set_line(line.x + self.name + 1, line.y, &Line::from(spans), self.bar);
        if row.state != RowState::Moment {
            let ms = row.end.unwrap_or(self.now).ms_since(row.start);
            let role = if waits(row) { Role::Wait } else { Role::Muted };
            ink::right(&duration(ms), look.style(role), line, line.y, buf);
        }
    }

    /// What a row's bar is made of.
    fn segments(&self, row: &Row) -> Vec<Segment> {
        if row.state == RowState::Moment {
            return Vec::new();
        }
        if row.parts.is_empty() {
            let to = row.end.map(|end| end.0);
            return vec![self.segment(row.start.0, to, SegmentKind::Quiet)];
        }
        let failed = matches!(row.what, What::Model { .. }) && row.state == RowState::Badly;
        let part = |part: &Part| {
            let kind = match part.time {
                Time::Model if failed => SegmentKind::Fault,
                Time::Model => SegmentKind::Model,
                Time::Work => SegmentKind::Work,
                Time::Person => SegmentKind::Wait,
                Time::Judging | Time::Idle | Time::Untold => SegmentKind::Quiet,
            };
            self.segment(part.from.0, part.to.map(|to| to.0), kind)
        };
        row.parts.iter().map(part).collect()
    }

    /// An open end is the present.
    fn segment(&self, from: i64, to: Option<i64>, kind: SegmentKind) -> Segment {
        Segment {
            from,
            to: to.or(Some(self.now.0.max(from))).filter(|_| to.is_some() || self.now.0 < self.axis.end),
            kind,
        }
    }

    /// What a folded row's bar is made of: the rows in it, one over the other.
    fn folded(&self, trace: &Trace, row: &Row) -> Vec<Segment> {
        let mut segments = self.segments(row);
        let first = trace.order().iter().position(|key| *key == row.key).unwrap_or(0);
        let inner = trace.order()[first + 1..].iter().filter_map(|key| trace.row(*key));
        for inner in inner.take_while(|inner| inner.depth > row.depth).take(FOLDED_MAX) {
            segments.extend(self.segments(inner).into_iter().filter(|part| part.kind != SegmentKind::Quiet));
        }
        segments
    }
}

/// Whether a row waits for a person now.
fn waits(row: &Row) -> bool {
    row.parts.last().is_some_and(|part| part.to.is_none() && part.time == Time::Person)
}

fn label(micros: i64) -> String {
    let ms = u64::try_from(micros / 1_000).unwrap_or(0);
    match ms {
        0 => "0s".to_string(),
        1..60_000 if ms % 1_000 == 0 => format!("{}s", ms / 1_000),
        60_000..3_600_000 if ms % 60_000 == 0 => format!("{}m", ms / 60_000),
        _ => duration(ms),
    }
}
