//! What was open at an event of a stored session, as text: from it the session is folded on.
//!
//! A fold is many small pieces, and of a long session thousands of them are kept. As text one is mostly like the one before,
//! so that only what differs takes room; and it can lie beside the log. The text is for the program that wrote it: no other
//! one reads it.

use crate::domain::packed::{Model, patched};
use crate::domain::watched::Watched;
use std::sync::Arc;

/// A core whose own part is more than one in so many is the model of those after it.
const OWN: usize = 4;

/// What was open at an event.
#[derive(Clone, Debug)]
pub enum Core {
    /// As text.
    Text {
        /// The text it is like.
        model: Arc<str>,
        /// What makes it of that.
        patch: Arc<[u8]>,
    },
    /// As it is: something in it does not come back the same from text.
    Fold(Arc<Watched>),
}

/// Writes cores one after another.
#[derive(Debug, Default)]
pub struct Cores {
    model: Option<Model>,
}

impl Cores {
    /// What is open in a fold.
    pub fn of(&mut self, watched: &Watched) -> Core {
        let core = watched.core();
        let text = serde_json::to_string(&core).ok();
        let Some(text) = text.filter(|text| comes_back(text)) else { return Core::Fold(Arc::new(core)) };
        if let Some(model) = &self.model {
            let patch = model.patch(&text);
            if patch.len() * OWN <= text.len() {
                return Core::Text { model: model.text.clone(), patch: patch.into() };
            }
        }
        let model = self.model.insert(Model::new(&text));
        Core::Text { model: model.text.clone(), patch: model.patch(&text).into() }
    }
}

impl Core {
    /// The fold; none where the text is not one.
    pub fn open(&self) -> Option<Watched> {
        match self {
            Core::Text { model, patch } => read(&patched(model, patch)?),
            Core::Fold(watched) => Some(Watched::clone(watched)),
        }
    }
}

fn read(text: &str) -> Option<Watched> {
    let mut watched: Watched = serde_json::from_str(text).ok()?;
    watched.session.read_breaks();
    Some(watched)
}

fn comes_back(text: &str) -> bool {
    read(text).and_then(|again| serde_json::to_string(&again).ok()).is_some_and(|again| again == text)
}
