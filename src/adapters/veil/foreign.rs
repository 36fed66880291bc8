//! What another tool recorded: its secrets are blotted out, the same way each time it is read.

use crate::domain::foreign::{Entry, Origin, Over, What};
use crate::domain::message::{Args, Reply};
use crate::domain::secrets::changed;
use crate::ports::Later;
use crate::ports::foreign::{Discovered, Foreign, Reading, Source, Told, Wanted};
use crate::ports::veil::{Unknown, Veil};
use std::sync::Arc;

/// Other tools' sessions behind the veil.
pub struct VeiledForeign {
    foreign: Arc<dyn Foreign>,
    veil: Arc<dyn Veil>,
}

impl VeiledForeign {
    /// What these sessions hold of secrets is blotted out.
    pub fn new(foreign: Arc<dyn Foreign>, veil: Arc<dyn Veil>) -> VeiledForeign {
        VeiledForeign { foreign, veil }
    }
}

impl Foreign for VeiledForeign {
    fn discover(&self, wanted: Wanted) -> Later<'_, Discovered> {
        self.foreign.discover(wanted)
    }

    fn read(&self, source: &Source, settled: bool) -> Box<dyn Reading> {
        Box::new(Veiled { reading: self.foreign.read(source, settled), veil: self.veil.clone() })
    }
}

struct Veiled {
    reading: Box<dyn Reading>,
    veil: Arc<dyn Veil>,
}

impl Reading for Veiled {
    fn next(&mut self) -> Later<'_, Told> {
        Box::pin(async move {
            match self.reading.next().await {
                Told::Origin(origin) => {
                    let title = self.blotted(origin.title);
                    Told::Origin(Box::new(Origin { title, ..*origin }))
                }
                Told::Entry(entry) => {
                    let Entry { key, at, what } = *entry;
                    Told::Entry(Box::new(Entry { key, at, what: self.what(what) }))
                }
                told @ (Told::Torn(_) | Told::End(_) | Told::Fault(_)) => told,
            }
        })
    }
}

impl Veiled {
    fn blotted(&self, text: String) -> String {
        self.veil.blot(&text).unwrap_or(text)
    }

    fn what(&self, what: What) -> What {
        match what {
            What::Task { text, model } => What::Task { text: self.blotted(text), model },
            What::Reply(reply) => What::Reply(Box::new(self.reply(*reply))),
            What::Over(over) => What::Over(Over { text: self.blotted(over.text), ..over }),
            What::Ended { status, words } => What::Ended { status, words: self.blotted(words) },
            What::Odd { sort, label, place, raw } => {
                What::Odd { sort, label: self.blotted(label), place, raw: self.blotted(raw) }
            }
        }
    }

    fn reply(&self, mut reply: Reply) -> Reply {
        reply.text = self.blotted(reply.text);
        if let Some(thought) = &mut reply.reasoning {
            thought.text = self.blotted(std::mem::take(&mut thought.text));
        }
        for asked in &mut reply.calls {
            match &mut asked.args {
                Args::Json(value) => {
                    let made = changed::<Unknown>(value, &mut |text| Ok(self.veil.blot(text)));
                    if let Ok(Some(made)) = made {
                        *value = made;
                    }
                }
                Args::Broken(text) => *text = self.blotted(std::mem::take(text)),
            }
        }
        reply
    }
}
