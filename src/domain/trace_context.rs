//! The rows of what makes the conversation shorter: one that needs no model is a moment, a summary takes its time.

use crate::domain::event::{Event, Fact};
use crate::domain::fault::FaultKind;
use crate::domain::trace::Trace;
use crate::domain::trace_row::{RowState, Time, What};

/// How the row of a request stands that failed.
pub(in crate::domain) fn failed_state(kind: FaultKind) -> RowState {
    if kind == FaultKind::Interrupted {
        RowState::Interrupted
    } else if kind == FaultKind::Stopped {
        RowState::NotRun
    } else {
        RowState::Badly
    }
}

impl Trace {
    /// Takes in a fact about a compaction.
    pub(in crate::domain) fn compaction(&mut self, event: &Event) {
        if let Fact::CompactAsked(_) = &event.fact {
            let what = What::Compaction { words: String::new(), fault: None };
            self.model = Some(self.add(self.step.or(self.run), event, what, Some(Time::Model)));
        } else if let Fact::ContextCompacted(done) = &event.fact {
            let sizes = done.before.to(&done.after);
            match self.model.take().filter(|_| done.summed().is_some()) {
                Some(key) => self.summarised(key, event, sizes, None),
                None => self.moment(event, What::Compaction { words: sizes, fault: None }),
            }
        } else if let Fact::CompactFailed { fault, .. } = &event.fact
            && let Some(key) = self.model.take()
        {
            self.summarised(key, event, String::new(), Some(fault.kind));
        }
    }

    fn summarised(&mut self, key: usize, event: &Event, sizes: String, failed: Option<FaultKind>) {
        self.close(key, event.at, failed.map_or(RowState::Well, failed_state));
        if let Some(What::Compaction { words, fault }) = self.rows.get_mut(key).map(|row| &mut row.what) {
            (*words, *fault) = (sizes, failed);
        }
    }
}
