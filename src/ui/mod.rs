//! What the operator sees and presses.

pub mod glyph;
pub mod theme;
pub mod widgets;
