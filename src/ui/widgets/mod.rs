//! Drawing parts that know no tackroom type beyond text, theme and glyphs: content in, styled lines out.
//!
//! Read in this order: `flow` wraps styled text; `code` colours source; `markdown` lays out finished blocks with
//! `table`; `chunks` and `segments` cut a growing text where nothing later can change it, `fence` says what is in a code block;
//! `stream` puts these together, `document` runs it over a whole text. The others stand alone.

pub mod flow;
pub mod code;
pub mod table;
pub mod markdown;
pub mod chunks;
pub mod segments;
pub mod fence;
pub mod stream;
pub mod document;
pub mod diff;
pub mod scroll;
pub mod meter;
pub mod waterfall;
pub mod fuzzy; // which lines of a list fit the words typed
