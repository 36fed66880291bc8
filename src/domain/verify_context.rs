//! Which input a stored fact about a compaction tells of, and what of it only the moment could know: the messages were let go.

use crate::domain::compaction::{Compacted, Deed};
use crate::domain::compaction_plan::{Plan, Trimming};
use crate::domain::event::Fact;
use crate::domain::message::{Finish, Reply, Timing};
use crate::domain::order::Order;
use crate::domain::outcome::Report;
use crate::domain::verify_input::{Told, could_follow, order};

/// The input that a fact tells of; none where no input begins with it.
pub(in crate::domain) fn told_of_context(first: &Fact) -> Option<Told> {
    if let Fact::CompactOrdered { by } = first {
        order(Order::Compact, by)
    } else if let Fact::CompactionUndone { by } = first {
        order(Order::UndoCompact, by)
    } else if let Fact::CompactAsked(asked) = first {
        Told::learned(Report::Summarising(asked.clone()))
    } else if let Fact::CompactFailed { fault, .. } = first {
        Told::learned(Report::Failed(fault.clone()))
    } else if let Fact::ContextCompacted(done) = first {
        Told::learned(compacted(done))
    } else {
        None
    }
}

fn compacted(done: &Compacted) -> Report {
    match &done.deed {
        Deed::Trimmed { trim, results, left_out } => {
            let (cause, span, after) = (done.cause.clone(), done.span, done.after);
            let (trim, results, left_out) = (*trim, *results, *left_out);
            Report::Compacting(Plan::Trim(Trimming { cause, span, trim, results, left_out, after }))
        }
        Deed::Summarised { digest, by } => Report::Replied(Reply {
            model: by.model.clone(),
            text: digest.summary.clone(),
            reasoning: None,
            calls: Vec::new(),
            finish: Finish::Stop,
            usage: by.usage,
            cost: by.cost.clone(),
            timing: Timing { total_ms: by.ms, ..Timing::default() },
        }),
    }
}

/// Takes from the log what was gathered of messages, and what the settings made of a fault.
pub(in crate::domain) fn adopt_compaction(made: &mut Fact, found: &Fact) {
    if let (Fact::ContextCompacted(made), Fact::ContextCompacted(stored)) = (&mut *made, found) {
        if let (Deed::Summarised { digest, .. }, Deed::Summarised { digest: told, .. }) =
            (&mut made.deed, &stored.deed)
            && digest.summary == told.summary
            && made.after.messages == stored.after.messages
        {
            digest.clone_from(told);
            made.after = stored.after;
        }
    } else if let (Fact::CompactFailed { fault, then, .. }, Fact::CompactFailed { then: stored, .. }) =
        (made, found)
        && could_follow(fault, *stored)
    {
        *then = *stored;
    }
}
