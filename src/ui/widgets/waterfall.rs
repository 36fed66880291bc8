//! One row of a timeline: the bar of a span on a time axis shared by all rows.
//!
//! Kinds differ in shape as well as in colour, so a row reads without colour: work and model bars are solid and end on
//! eighths of a cell, a wait is a dashed line, a fault is crossed, idle time is a thin line.

use ratatui::text::Span;

use crate::ui::glyph::GlyphSet;
use crate::ui::theme::{Role, Theme};

/// What a stretch of time was spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentKind {
    /// A tool or the runtime works.
    Work,
    /// Waits for a person.
    Wait,
    /// A model answers.
    Model,
    /// Ended in a fault.
    Fault,
    /// Nothing is done, or what is done is told by other rows.
    Quiet,
}

/// A stretch of time, in microseconds on the axis' clock. Without an end it is still going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// When it began.
    pub from: i64,
    /// When it ended, if it did.
    pub to: Option<i64>,
    /// What the time went into.
    pub kind: SegmentKind,
}

/// The time shown: `start` at the left edge, `end` at the right, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Time at the left edge.
    pub start: i64,
    /// Time at the right edge.
    pub end: i64,
}

impl Axis {
    /// The position of a time in eighths of a cell, kept inside the bar.
    fn eighths(&self, time: i64, width: usize) -> usize {
        let span = (i128::from(self.end) - i128::from(self.start)).max(1);
        let past = (i128::from(time) - i128::from(self.start)).clamp(0, span);
        (past * width as i128 * 8 / span) as usize
    }
}

/// One drawn cell: nothing, or a sign of a kind.
type Cell = Option<(SegmentKind, &'static str)>;

/// Draws segments on the axis in exactly `width` columns. Each segment inside the axis gets at least one cell; a later
/// one is drawn over an earlier one. One that goes on runs to the right edge and ends in an arrow there.
pub fn bar(
    axis: Axis,
    segments: &[Segment],
    width: usize,
    set: GlyphSet,
    theme: &Theme,
) -> Vec<Span<'static>> {
    let mut cells: Vec<Cell> = vec![None; width];
    if width > 0 {
        for segment in segments {
            draw(&mut cells, axis, segment, set);
        }
    }
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut run = String::new();
    let mut run_kind = None;
    for cell in cells {
        let kind = cell.map(|(kind, _)| kind);
        if kind != run_kind && !run.is_empty() {
            spans.push(Span::styled(std::mem::take(&mut run), theme.style(role(run_kind))));
        }
        run_kind = kind;
        run.push_str(cell.map_or(" ", |(_, sign)| sign));
    }
    if !run.is_empty() {
        spans.push(Span::styled(run, theme.style(role(run_kind))));
    }
    spans
}

fn role(kind: Option<SegmentKind>) -> Role {
    match kind {
        None => Role::Text,
        Some(SegmentKind::Work) => Role::BarCall,
        Some(SegmentKind::Wait) => Role::BarWait,
        Some(SegmentKind::Model) => Role::BarModel,
        Some(SegmentKind::Fault) => Role::Fault,
        Some(SegmentKind::Quiet) => Role::Border,
    }
}

fn draw(cells: &mut [Cell], axis: Axis, segment: &Segment, set: GlyphSet) {
    let width = cells.len();
    let end = segment.to.unwrap_or(axis.end.max(segment.from));
    if end < axis.start || segment.from > axis.end {
        return;
    }
    let from = axis.eighths(segment.from, width);
    let to = axis.eighths(end, width).max(from);
    let first = (from / 8).min(width - 1);
    let last = to.div_ceil(8).clamp(first + 1, width) - 1;
    for (at, cell) in cells.iter_mut().enumerate().take(last + 1).skip(first) {
        // Only the right end has a finer sign: block elements grow from the left.
        let filled = if at == last && last > first { to - at * 8 } else { 8 };
        *cell = Some((segment.kind, sign(segment.kind, filled, set)));
    }
    if segment.to.is_none() {
        cells[last] = Some((segment.kind, if set == GlyphSet::Signs { "▶" } else { ">" }));
    }
}

fn sign(kind: SegmentKind, eighths: usize, set: GlyphSet) -> &'static str {
    const BLOCKS: [&str; 9] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
    match (set, kind) {
        (GlyphSet::Signs, SegmentKind::Work | SegmentKind::Model) => BLOCKS[eighths.clamp(1, 8)],
        (GlyphSet::Signs, SegmentKind::Wait) => "┄",
        (GlyphSet::Signs, SegmentKind::Fault) => "╳",
        (GlyphSet::Signs, SegmentKind::Quiet) => "─",
        (GlyphSet::Words, SegmentKind::Work) => "=",
        (GlyphSet::Words, SegmentKind::Model) => "#",
        (GlyphSet::Words, SegmentKind::Wait) => ".",
        (GlyphSet::Words, SegmentKind::Fault) => "x",
        (GlyphSet::Words, SegmentKind::Quiet) => "-",
    }
}
