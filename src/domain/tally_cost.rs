//! What a session row knows of costs.

use crate::domain::event::{Event, Fact};
use crate::domain::money::Spent;
use crate::domain::tally::Row;
use crate::domain::time::Micros;

impl Row {
    /// What its replies cost: of those that a program before this one saw it is not known.
    pub fn cost(&self) -> Spent {
        self.spent.unwrap_or(Spent { unknown: self.steps, ..Spent::default() })
    }

    /// Takes in what a fact cost; before the fact is counted as a step.
    pub(in crate::domain) fn charge(&mut self, event: &Event, before: Micros) {
        let fact = &event.fact;
        if !self.imported {
            self.day.apply(event, before);
        }
        if let Fact::ModelReplied { reply, .. } = fact {
            self.spent = Some(self.cost().plus(reply.spent()));
        } else if let Fact::ContextCompacted(done) = fact {
            if let Some(summed) = done.summed() {
                self.spent = Some(self.cost().plus(summed.spent()));
                self.usage = self.usage.plus(summed.usage);
            }
        } else if let Fact::ModelFailed { fault, .. } | Fact::CompactFailed { fault, .. } = fact {
            self.spent = Some(self.cost().plus(fault.kind.spent()));
        } else if let Fact::SessionForked { .. } = fact {
            self.spent = Some(Spent::default()); // the copies were paid for in the parent
        }
    }
}
