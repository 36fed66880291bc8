//! Styled text flowing into lines of a width, word by word, so that more can be added without starting again.
//!
//! What was ended as a line never changes when more text comes; only the open line and word are kept aside. The
//! result depends on the text and its styles, not on how it was cut up when it was given.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::letters;
use crate::domain::text;

/// Pieces of one line, neighbours of the same style joined.
type Pieces = Vec<(String, Style)>;

/// Text on its way into lines.
#[derive(Clone, Debug)]
pub struct Flow {
    width: usize,
    first: Vec<Span<'static>>,
    rest: Vec<Span<'static>>,
    ended: Vec<Line<'static>>,
    line: Pieces,
    line_width: usize,
    word: Pieces,
    word_width: usize,
    blank: Option<Style>,
    after_wide: bool,
    begun: bool,
}

impl Flow {
    /// A flow into lines of `width` columns, prefix included. The first line begins with `first`, the others with
    /// `rest`.
    pub fn new(width: usize, first: Vec<Span<'static>>, rest: Vec<Span<'static>>) -> Flow {
        let taken = spans_width(&first).max(spans_width(&rest));
        Flow {
            width: width.saturating_sub(taken).max(1),
            first,
            rest,
            ended: Vec::new(),
            line: Vec::new(),
            line_width: 0,
            word: Vec::new(),
            word_width: 0,
            blank: None,
            after_wide: false,
            begun: false,
        }
    }

    /// Adds cleaned text. Blanks and newlines between words become one space or a line's end.
    pub fn text(&mut self, text: &str, style: Style) {
        for grapheme in text.graphemes(true) {
            if matches!(grapheme, " " | "\n" | "\r\n" | "\t") {
                self.place_word();
                self.blank = Some(style);
                self.after_wide = false;
            } else {
                self.grapheme(grapheme, style);
            }
        }
    }

    /// Ends the line here.
    pub fn end_line(&mut self) {
        self.place_word();
        self.blank = None;
        self.after_wide = false;
        self.end_placed();
    }

    /// Hands out the lines ended so far.
    pub fn take_ended(&mut self) -> Vec<Line<'static>> {
        std::mem::take(&mut self.ended)
    }

    /// Ends the text and hands out the remaining lines. A flow without text gives one line with its prefix.
    pub fn finish(mut self) -> Vec<Line<'static>> {
        self.place_word();
        if !self.line.is_empty() || !self.begun {
            self.end_placed();
        }
        self.ended
    }

    fn grapheme(&mut self, grapheme: &str, style: Style) {
        let wide = text::width(grapheme);
        let first = grapheme.chars().next().unwrap_or(' ');
        if ((wide >= 2 && first.is_alphanumeric()) || self.after_wide) && !letters::closes(first) {
            self.place_word();
        }
        if self.word_width + wide > self.width {
            self.place_word();
            if self.line_width > 0 {
                self.end_placed();
            }
        }
        push(&mut self.word, grapheme, style);
        self.word_width += wide;
        self.after_wide = wide >= 2 && !letters::opens(first);
    }

    fn place_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let gap = self.blank.take().filter(|_| self.line_width > 0);
        let needed = self.word_width + usize::from(gap.is_some());
        if self.line_width > 0 && self.line_width + needed > self.width {
            self.end_placed();
        } else if let Some(blank) = gap {
            push(&mut self.line, " ", blank);
            self.line_width += 1;
        }
        for (part, style) in std::mem::take(&mut self.word) {
            push(&mut self.line, &part, style);
        }
        self.line_width += std::mem::take(&mut self.word_width);
    }

    fn end_placed(&mut self) {
        let mut spans = if self.begun { self.rest.clone() } else { std::mem::take(&mut self.first) };
        spans.extend(
            std::mem::take(&mut self.line).into_iter().map(|(part, style)| Span::styled(part, style)),
        );
        self.ended.push(Line::from(spans));
        self.line_width = 0;
        self.begun = true;
    }
}

/// Adds a part to a line's pieces, to the last one if the style is the same.
pub fn push(pieces: &mut Vec<(String, Style)>, part: &str, style: Style) {
    match pieces.last_mut() {
        Some((last, known)) if *known == style => last.push_str(part),
        Some(_) | None => pieces.push((part.to_string(), style)),
    }
}

/// Columns of some spans.
pub fn spans_width(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| text::width(&span.content)).sum()
}

/// A preformatted line, cut into lines of `width` columns without looking at words; nothing of it is lost.
pub fn cut(
    line: &Line<'_>,
    width: usize,
    first: &[Span<'static>],
    rest: &[Span<'static>],
    out: &mut Vec<Line<'static>>,
) {
    let width = width.saturating_sub(spans_width(first).max(spans_width(rest))).max(1);
    let mut pieces: Pieces = Vec::new();
    let mut used = 0;
    let mut prefix = first;
    let mut end = |pieces: &mut Pieces, prefix: &[Span<'static>]| {
        let parts = std::mem::take(pieces).into_iter().map(|(part, style)| Span::styled(part, style));
        out.push(Line::from(prefix.iter().cloned().chain(parts).collect::<Vec<_>>()));
    };
    for span in &line.spans {
        for grapheme in span.content.graphemes(true) {
            let wide = text::width(grapheme);
            if used + wide > width && used > 0 {
                end(&mut pieces, prefix);
                (prefix, used) = (rest, 0);
            }
            push(&mut pieces, grapheme, span.style);
            used += wide;
        }
    }
    end(&mut pieces, prefix);
}
