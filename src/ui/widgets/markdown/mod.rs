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

/// How the lines of a code block are made: language, source, lines.
pub type Coder<'a> = &'a mut dyn FnMut(&str, &str) -> Vec<Line<'static>>;

/// What of Markdown is understood beyond CommonMark.
fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}
