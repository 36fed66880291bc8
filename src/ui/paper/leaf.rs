//! One line of the conversation on the screen: a sign in the margin and styled text; and the making of such lines.

use std::borrow::Cow;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::text;
pub use crate::domain::text::plural as count;
use crate::ui::app::Look;
use crate::ui::glyph::{Glyph, GlyphSet};
use crate::ui::theme::Role;
use crate::ui::widgets::flow::spans_width;

/// Columns of the margin: a sign and a blank.
pub const MARGIN: u16 = 2;

/// One line with its margin.
#[derive(Clone, Debug, Default)]
pub struct Leaf {
    /// The sign in the margin; none for a blank margin.
    pub mark: Option<Span<'static>>,
    /// The text.
    pub line: Line<'static>,
}

impl Leaf {
    /// A line without a sign.
    pub fn plain(line: Line<'static>) -> Leaf {
        Leaf { mark: None, line }
    }

    /// An empty line.
    pub fn blank() -> Leaf {
        Leaf::default()
    }
}

/// A line on the screen.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// The sign in the margin.
    pub mark: Option<&'a Span<'static>>,
    /// The text.
    pub line: &'a Line<'static>,
    /// The item it belongs to; none for what is arriving.
    pub item: Option<usize>,
}

impl Look {
    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// Whether signs are said as words.
    pub fn in_words(&self) -> bool {
        self.glyphs == GlyphSet::Words
    }

    /// A sign in a role's style, for the margin; none where signs are words: the line then says the word itself.
    pub fn mark(&self, glyph: Glyph, role: Role) -> Option<Span<'static>> {
        (!self.in_words()).then(|| Span::styled(glyph.text(self.glyphs), self.style(role)))
    }

    /// A sign that reads well as a sign only; as a word it is left out.
    pub fn sign(&self, sign: &'static str, word: &'static str) -> &'static str {
        if self.in_words() { word } else { sign }
    }
}

/// Foreign text, cleaned and wrapped to `width` columns in one style, at most `lines_max` lines of it. The second value
/// is how many lines were left out.
pub fn prose(source: &str, style: Style, width: usize, lines_max: usize) -> (Vec<Line<'static>>, usize) {
    let cleaned = text::clean(source.trim_end());
    let ranges = text::wrap(&cleaned, width);
    let left_out = ranges.len().saturating_sub(lines_max);
    let shown = ranges.into_iter().take(lines_max);
    (
        shown
            .map(|range| Line::from(Span::styled(cleaned.get(range).unwrap_or_default().to_string(), style)))
            .collect(),
        left_out,
    )
}

/// One line: `left` cut to what `right` leaves of `width` columns, `right` at the right edge.
pub fn spread(left: Vec<Span<'static>>, right: Vec<Span<'static>>, width: usize) -> Line<'static> {
    let right_width = spans_width(&right);
    if right_width + 8 > width {
        return Line::from(fit(left, width));
    }
    let room = width - right_width - usize::from(right_width > 0);
    let mut spans = fit(left, room);
    let gap = width - right_width - spans_width(&spans);
    if right_width > 0 {
        spans.push(Span::raw(" ".repeat(gap)));
        spans.extend(right);
    }
    Line::from(spans)
}

/// Spans cut to `width` columns, with `…` where something is cut.
pub fn fit(spans: Vec<Span<'static>>, width: usize) -> Vec<Span<'static>> {
    if spans_width(&spans) <= width {
        return spans;
    }
    let mut left = width;
    let mut kept = Vec::with_capacity(spans.len());
    for span in spans {
        let wide = text::width(&span.content);
        if wide < left {
            left -= wide;
            kept.push(span);
            continue;
        }
        kept.push(Span::styled(text::truncate(&format!("{}…", span.content), left), span.style));
        break;
    }
    kept
}

/// Cleaned text in one line: line ends are shown as a sign.
pub fn one_line(source: &str) -> String {
    let cleaned: Cow<'_, str> = text::clean(source);
    if cleaned.contains('\n') { cleaned.replace('\n', "⏎") } else { cleaned.into_owned() }
}
