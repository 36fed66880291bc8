//! Whether a conversation is to be made shorter before the model is asked, by whom that is wished, and when a person is asked
//! instead.

use crate::domain::compaction::{Cause, Fill, Stuck};
use crate::domain::context::Compacting;
use crate::domain::held::Held;
use crate::domain::retry::AfterFault;
use crate::domain::run::{Run, Turn};
use crate::domain::session::Session;
use crate::domain::time::Micros;
use crate::domain::window::{AT_LAST, percent};

/// Compactions without a few replies between them: then a person is asked.
const ROW_MAX: u8 = 3;

/// Why the conversation is to be made shorter before the model is asked; none where it is not.
pub(in crate::domain) fn cause(session: &Session, run: &Run) -> Option<Cause> {
    let (context, rule) = (&session.context, &run.limits.context);
    if !rule.is_on() {
        return None;
    }
    if let Some(by) = &context.ordered {
        return Some(Cause::Asked { by: by.clone() });
    }
    if context.waived {
        return None;
    }
    if is_overflow(run) {
        return Some(Cause::Overflow);
    }
    let fill = session.fill();
    let mark = if context.undone { rule.at.max(AT_LAST) } else { rule.at };
    let percent = fill.percent().filter(|percent| rule.at > 0 && *percent >= u64::from(mark))?;
    Some(Cause::Mark { percent })
}

/// Whether the last request did not fit.
pub(in crate::domain) fn is_overflow(run: &Run) -> bool {
    matches!(&run.turn, Turn::Failed { then: AfterFault::Compact, .. })
}

/// Whether a person is asked instead.
pub(in crate::domain) fn guard(session: &Session, run: &Run) -> Option<Held> {
    let context = &session.context;
    let why = match cause(session, run)? {
        Cause::Asked { .. } => return None,
        Cause::Overflow if run.limits.context.at == 0 => Stuck::Off,
        Cause::Overflow | Cause::Mark { .. } if context.row >= ROW_MAX => Stuck::Again { times: context.row },
        Cause::Mark { .. } if context.summed => Stuck::Kept,
        Cause::Overflow | Cause::Mark { .. } => return None,
    };
    Some(Held::Context { fill: session.fill(), why })
}

/// What is to be done about the conversation before the model is asked; none where it is well as it is. The number is the
/// attempt at a summary, and the time, where there is one, is when it is due.
pub(in crate::domain) fn due(session: &Session, run: &Run) -> Option<(u32, Option<Micros>)> {
    cause(session, run)?;
    Some(match &run.compacting {
        None => (1, None),
        Some(Compacting::Asked { asked, .. }) => (asked.attempt, None), // it is waited for
        Some(Compacting::Failed { attempt, then, at, .. }) => match then {
            AfterFault::Retry { wait_ms: 0 } => (attempt + 1, None),
            AfterFault::Retry { wait_ms } => (attempt + 1, Some(at.plus_ms(*wait_ms))),
            AfterFault::GiveUp | AfterFault::Compact | AfterFault::Wait => (1, None),
        },
    })
}

impl Run {
    /// Which attempt at a summary the next one is.
    pub fn summary_attempt(&self) -> u32 {
        match &self.compacting {
            Some(Compacting::Failed { attempt, then: AfterFault::Retry { .. }, .. }) => attempt + 1,
            Some(Compacting::Failed { .. } | Compacting::Asked { .. }) | None => 1,
        }
    }

    /// Whether a model is being asked for a summary.
    pub fn is_summarising(&self) -> bool {
        matches!(self.compacting, Some(Compacting::Asked { .. }))
    }
}

/// How full a window is with so many tokens, for who shows it.
pub fn is_near(fill: &Fill, mark: Option<u8>) -> bool {
    let mark = u64::from(mark.unwrap_or(AT_LAST));
    fill.window.is_some_and(|window| percent(fill.tokens, window) + 10 >= mark)
}
