//! A whole Markdown text at once, code in colour: for pagers, exports and tests, not for a frame.

use ratatui::text::Line;

use crate::ui::theme::Theme;
use crate::ui::widgets::code::Highlighter;
use crate::ui::widgets::stream::Stream;

/// How often `render` colours what is still plain; a text with more code than the memory holds stays partly plain.
const ROUNDS_MAX: usize = 8;

/// A whole text as Markdown in `width` columns, code coloured now. Not for a frame; `Stream` is for that.
pub fn render(text: &str, width: usize, theme: &Theme, code: &Highlighter) -> Vec<Line<'static>> {
    let mut stream = Stream::new(theme.clone(), code.handle());
    stream.push(text);
    stream.finish();
    stream.lines(width);
    for _ in 0..ROUNDS_MAX {
        let wanted = stream.take_wanted();
        if wanted.is_empty() {
            break;
        }
        for (lang, source) in wanted {
            code.highlight(&lang, &source, theme);
        }
        stream.recolor();
    }
    stream.lines(width).to_vec()
}
