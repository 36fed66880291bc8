//! A window on long content: where it stands, whether it follows the end, and what has been on screen.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The position of a window on content of some lines. All methods take the content's length and the window's height
/// in lines, since both change under it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll {
    /// The first visible line.
    pub offset: usize,
    /// Whether the window sticks to the end as content grows.
    pub follow: bool,
    seen: usize,
}

impl Scroll {
    /// A window at the top that stays there.
    pub fn top() -> Scroll {
        Scroll::default()
    }

    /// A window that follows the end.
    pub fn following() -> Scroll {
        Scroll { follow: true, ..Scroll::default() }
    }

    /// Puts the window inside the content, at its end when following. Call it before drawing.
    pub fn clamp(&mut self, total: usize, height: usize) {
        let last = total.saturating_sub(height);
        self.offset = if self.follow { last } else { self.offset.min(last) };
    }

    /// One line up; following ends.
    pub fn up(&mut self, total: usize, height: usize) {
        self.shift(total, height, -1);
    }

    /// One line down.
    pub fn down(&mut self, total: usize, height: usize) {
        self.shift(total, height, 1);
    }

    /// One window up, with one line kept in view.
    pub fn page_up(&mut self, total: usize, height: usize) {
        self.shift(total, height, -signed(height.saturating_sub(1).max(1)));
    }

    /// One window down, with one line kept in view, so that no line is passed unseen.
    pub fn page_down(&mut self, total: usize, height: usize) {
        self.shift(total, height, signed(height.saturating_sub(1).max(1)));
    }

    /// Half a window up.
    pub fn half_up(&mut self, total: usize, height: usize) {
        self.shift(total, height, -signed((height / 2).max(1)));
    }

    /// Half a window down.
    pub fn half_down(&mut self, total: usize, height: usize) {
        self.shift(total, height, signed((height / 2).max(1)));
    }

    /// To the first line; following ends.
    pub fn home(&mut self) {
        (self.offset, self.follow) = (0, false);
    }

    /// To the last line, and follow from there.
    pub fn end(&mut self, total: usize, height: usize) {
        self.follow = true;
        self.clamp(total, height);
    }

    /// Moves by `lines` (negative is up). Moving up ends following; moving never starts it.
    pub fn shift(&mut self, total: usize, height: usize, lines: isize) {
        self.clamp(total, height);
        if lines < 0 {
            self.follow = false;
        }
        self.offset = self.offset.saturating_add_signed(lines).min(total.saturating_sub(height));
    }

    /// Moves as little as needed to have `line` in view; following ends.
    pub fn show(&mut self, line: usize, total: usize, height: usize) {
        self.follow = false;
        if line < self.offset {
            self.offset = line;
        } else if line >= self.offset + height {
            self.offset = (line + 1).saturating_sub(height);
        }
        self.clamp(total, height);
    }

    /// The lines in view.
    pub fn visible_range(&self, total: usize, height: usize) -> Range<usize> {
        let start = self.offset.min(total.saturating_sub(height));
        start..(start + height).min(total)
    }

    /// Notes what a frame has really shown. Only lines that follow on what was seen before count: who jumps to the
    /// end has not seen the middle.
    pub fn saw(&mut self, total: usize, height: usize) {
        let shown = self.visible_range(total, height);
        if shown.start <= self.seen {
            self.seen = self.seen.max(shown.end);
        }
    }

    /// How many lines from the top were on screen without a gap.
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// Whether every line of content of this length was on screen.
    pub fn saw_all(&self, total: usize) -> bool {
        self.seen >= total
    }

    /// Forgets what was seen: the content changed.
    pub fn forget(&mut self) {
        self.seen = 0;
    }

    /// Draws a scrollbar into the right border of a pane (the pane with its border is `area`), only when the content
    /// does not fit. The thumb is a heavy line, so it also reads without colour.
    pub fn bar(&self, buffer: &mut Buffer, area: Rect, total: usize, style: Style) {
        let track = area.height.saturating_sub(2) as usize;
        if track == 0 || total <= track || area.width == 0 {
            return;
        }
        let thumb = (track * track / total).clamp(1, track);
        let last = total - track;
        let room = track - thumb;
        let at = self.offset.min(last);
        // Rounded to the middle, but the thumb touches an end only when the window does.
        let mut top = (at * room + last / 2) / last;
        if at > 0 && top == 0 && room > 1 {
            top = 1;
        }
        if at < last && top == room && room > 1 {
            top = room - 1;
        }
        for row in 0..thumb {
            buffer.set_string(
                area.right() - 1,
                area.y + 1 + u16::try_from(top + row).unwrap_or(u16::MAX - area.y - 1),
                "┃",
                style,
            );
        }
    }
}

/// A number of rows as a distance; no terminal has so many that it would not fit.
fn signed(rows: usize) -> isize {
    isize::try_from(rows).unwrap_or(isize::MAX)
}
