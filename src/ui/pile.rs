//! What lies over the workbench: one pile, so that nothing is hidden below nothing. Only what lies on top has the keys.

use crate::ui::app::App;
use crate::ui::parts::Overlay;

/// Help over an editor with its text, a fork over a list; most often one thing or none.
#[derive(Debug, Default)]
pub struct Pile(Vec<Overlay>);

impl Pile {
    /// What has the keys.
    pub fn top(&self) -> Option<&Overlay> {
        self.0.last()
    }

    /// What has the keys, to be changed.
    pub fn top_mut(&mut self) -> Option<&mut Overlay> {
        self.0.last_mut()
    }

    /// What the top lies over.
    pub fn below(&self) -> Option<&Overlay> {
        self.0.iter().rev().nth(1)
    }

    /// Whether the workbench itself has the keys.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lays something over what is there.
    pub fn lay(&mut self, over: Overlay) {
        self.0.push(over);
    }

    /// Takes the top away: what it lay over has the keys.
    pub fn take(&mut self) -> Option<Overlay> {
        self.0.pop()
    }

    /// All of it, the lowest first.
    pub fn iter(&self) -> std::slice::Iter<'_, Overlay> {
        self.0.iter()
    }

    /// All of it, to be changed, the lowest first.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Overlay> {
        self.0.iter_mut()
    }
}

impl App {
    /// Nothing lies over the workbench any more.
    pub fn clear(&mut self) {
        self.clear_from(0);
    }

    /// What lies at a place of the pile goes, with all that lies over it; a theme that was only tried goes with its list.
    pub fn clear_from(&mut self, place: usize) {
        while self.over.0.len() > place {
            if let Some(Overlay::Themes { before, .. }) = self.over.take() {
                self.look.theme = *before;
            }
        }
    }
}
