//! Markdown as styled lines; the only folder that knows the Markdown parser.
//!
//! `block` lays out a finished stretch of a document, `segment` a stretch of a paragraph into an open flow. Everything
//! in the source is shown: raw HTML and link definitions as they are written, link targets behind their text.

mod inline;
mod blocks;

use pulldown_cmark::Options;
use ratatui::text::Line;

pub use self::blocks::block;
pub use self::inline::segment;

use crate::ui::theme::Theme;
use crate::ui::widgets::code::Highlighter;
use crate::ui::widgets::stream::Stream;

/// How often `render` colours what is still plain; a text with more code than the memory holds stays partly plain.
const ROUNDS_MAX: usize = 8;

/// How the lines of a code block are made: language, source, lines.
pub type Coder<'a> = &'a mut dyn FnMut(&str, &str) -> Vec<Line<'static>>;

/// A whole text as Markdown in `width` columns, code coloured now. Not for a frame; see `stream::Stream` for that.
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

/// What of Markdown is understood beyond CommonMark.
fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}
