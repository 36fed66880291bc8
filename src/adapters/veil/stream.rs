//! Text that comes bit by bit: a bit is told once nothing that may be a secret goes on beyond it.

use crate::ports::veil::Veil;
use std::sync::Arc;

/// So much of what was told is looked at again, for the name that stands before a value.
const BEFORE: usize = 160;

/// A stream of text on its way.
pub(super) struct Stream {
    veil: Arc<dyn Veil>,
    before: String,
    pending: String,
}

impl Stream {
    pub(super) fn new(veil: Arc<dyn Veil>) -> Stream {
        Stream { veil, before: String::new(), pending: String::new() }
    }

    /// Takes in more; answers what can be told now.
    pub(super) fn push(&mut self, text: &str) -> Option<String> {
        self.pending.push_str(text);
        let (told, upto) = self.veil.hide_on(&self.before, &self.pending);
        if upto == 0 {
            return None;
        }
        let rest = self.pending.split_off(upto.min(self.pending.len()));
        self.before.push_str(&std::mem::replace(&mut self.pending, rest));
        let cut = self.before.len().saturating_sub(BEFORE);
        self.before.drain(..self.before.ceil_char_boundary(cut));
        Some(told)
    }
}
