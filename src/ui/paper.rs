//! The conversation laid out for a width: finished items once, the one that grows as it grows.

use std::ops::Range;

use ratatui::text::Line;

use crate::domain::talk::Talk;
use crate::ui::app::{Drafts, Folds, Look};

/// The laid-out conversation. `view::prepare` calls `lay` before each frame; `panes/conversation.rs` draws `lines`.
/// It is a memory of what `lay` was given, never a second truth.
#[derive(Debug, Default)]
pub struct Paper {
    lines: Vec<Line<'static>>,
}

impl Paper {
    /// Lays out what is new, or everything where the width, the look or a fold changed. `chosen` is the chosen item.
    pub fn lay(
        &mut self,
        talk: &Talk,
        drafts: &Drafts,
        folds: &Folds,
        look: &Look,
        chosen: Option<usize>,
        width: u16,
    ) {
        let _ = (talk, drafts, folds, look, chosen, width);
    }

    /// Lines in all.
    pub fn total(&self) -> usize {
        self.lines.len()
    }

    /// The lines of a range.
    pub fn lines(&self, range: Range<usize>) -> &[Line<'static>] {
        self.lines.get(range).unwrap_or_default()
    }

    /// The lines that an item of the talk takes.
    pub fn lines_of(&self, item: usize) -> Range<usize> {
        let _ = item;
        0..0
    }

    /// The item that a line belongs to.
    pub fn item_at(&self, line: usize) -> Option<usize> {
        let _ = line;
        None
    }

    /// Code blocks drawn plain so far: language and source. They are coloured elsewhere; then comes `recolor`.
    pub fn take_wanted(&mut self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Puts colour into code blocks that were coloured since.
    pub fn recolor(&mut self) {}
}
