//! The retention rules while they are changed: what is typed, and what it would let go.

use crate::domain::retention::{BadDays, Due, Rules, days_typed, read_days};
use crate::ui::edit::TextBox;
use crate::ui::key::Key;

/// The page of the retention rules.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// Days in the archive and in the bin, as typed.
    pub typed: [TextBox; 2],
    /// Which of them is typed into.
    pub chosen: usize,
    /// Whether the next letter takes the place of what stands there.
    pub anew: bool,
    /// The rules in force.
    pub before: Rules,
    /// The rules whose effect was asked for last.
    pub asked: Option<Rules>,
    /// What those would let go; or why it cannot be told, and what to do about it.
    pub due: Option<Result<Due, (String, String)>>,
    /// The rules that are on their way to where they are kept.
    pub sent: Option<Rules>,
    /// Why they are not kept, and what to do about it.
    pub failed: Option<(String, String)>,
}

impl Keeping {
    /// The rules in force, to be changed.
    pub fn of(before: Rules) -> Keeping {
        let typed = [before.archived_days, before.deleted_days].map(|days| TextBox::of(&days_typed(days)));
        let (asked, due, sent, failed) = (None, None, None, None);
        Keeping { typed, chosen: 0, anew: true, before, asked, due, sent, failed }
    }

    /// What is typed, read.
    pub fn rules(&self) -> Result<Rules, BadDays> {
        let [archived, deleted] = &self.typed;
        let (archived_days, deleted_days) = (read_days(&archived.text())?, read_days(&deleted.text())?);
        Ok(Rules { archived_days, deleted_days })
    }

    /// Whether something else is typed than holds.
    pub fn is_changed(&self) -> bool {
        self.rules().as_ref() != Ok(&self.before)
    }

    /// A key that writes; the first letter takes the place of what stood there.
    pub fn key(&mut self, key: Key) {
        let anew = std::mem::take(&mut self.anew) && key.text().is_some();
        self.failed = None;
        let Some(line) = self.typed.get_mut(self.chosen) else { return };
        if anew {
            *line = TextBox::default();
        }
        line.key(key);
    }

    /// A text that is pasted.
    pub fn paste(&mut self, text: &str) {
        let anew = std::mem::take(&mut self.anew);
        self.failed = None;
        let Some(line) = self.typed.get_mut(self.chosen) else { return };
        if anew {
            *line = TextBox::default();
        }
        line.insert(&text.replace(['\n', '\r'], " "));
    }
}
