//! Which input a stored fact about limits and circles tells of.

use crate::domain::budget::Change;
use crate::domain::commit::Sealed;
use crate::domain::compaction_plan::Plan;
use crate::domain::event::Fact;
use crate::domain::hash::Hash;
use crate::domain::held::Held;
use crate::domain::next::{Step, next};
use crate::domain::order::Order;
use crate::domain::outcome::Report;
use crate::domain::purse::Ahead;
use crate::domain::session::Session;
use crate::domain::verify_input::{Told, order};

/// The input that the first of `rest` tells of; none where no input begins with it.
pub(in crate::domain) fn told_of_reins(session: &Session, rest: &[Sealed]) -> Option<Told> {
    let first = &rest.first()?.event.fact;
    if let Fact::RunHeld { why: Held::Loop { .. } | Held::Checks { .. } } | Fact::LoopSeen { .. } = first {
        Told::learned(Report::Stopping)
    } else if let Fact::RunHeld { why: Held::Context { why, .. } } = first {
        Told::learned(match (next(session), why) {
            (Step::Stop(_), _) => Report::Stopping,
            (_, why) => Report::Compacting(Plan::Stuck(why.clone())),
        })
    } else if let Fact::CheckAsked { .. } = first {
        Told::learned(Report::Checking)
    } else if let Fact::RunHeld { why: Held::Budget { ahead, .. } } = first {
        let model = session.live()?.model.clone();
        Told::learned(asking(session, model, *ahead))
    } else if let Fact::RunHeld { why: Held::Unpriced { ahead, model, .. } } = first {
        Told::learned(asking(session, model.clone(), *ahead))
    } else if let Fact::BudgetExtended { by, .. } = first {
        let mut budget = session.live()?.budget.clone();
        let mut changes = Vec::new();
        for sealed in rest {
            let Fact::BudgetExtended { scope, unit, to, .. } = &sealed.event.fact else { break };
            let more = to.map(|to| to.saturating_sub(budget.of(*scope, *unit).unwrap_or(0)));
            budget.set(*scope, *unit, *to);
            changes.push(Change { scope: Some(*scope), unit: *unit, more });
        }
        order(Order::Extend(changes), by)
    } else {
        None
    }
}

/// A request that was weighed and not sent.
fn asking(session: &Session, model: String, ahead: Ahead) -> Report {
    let notes = session.note_numbers();
    Report::Asking { model, request: Hash::ZERO, frame: None, notes, route: None, ahead: Some(ahead) }
}
