//! A session taken up without a model and without tools: what a process before left open is closed, and a task that has
//! only its end left is ended.
//!
//! To cancel a task or to settle a call that nobody drives needs the log and nothing else: a server that is gone, or a folder
//! that is, must not keep a person from it.

use crate::domain::commit::Class;
use crate::domain::ids::SessionId;
use crate::domain::next::{Step, next};
use crate::domain::outcome::{Report, report};
use crate::domain::session::Session;
use crate::domain::tool_spec::ToolBook;
use crate::runtime::ends::AgentFault;
use crate::runtime::ledger::{Ledger, RecordFault};
use crate::runtime::plugs::Plugs;

/// Claims a session, takes its writer lease, closes what was left open and ends what is at its end; then lets it go.
pub async fn close(plugs: &Plugs, id: &SessionId) -> Result<(), AgentFault> {
    let _claim = plugs.store.work.claim(id)?.ok_or_else(|| AgentFault::Taken(id.clone()))?;
    let (log, clock) = (plugs.store.log.clone(), plugs.clock.clone());
    let mut ledger = Ledger::open(log, clock, id, Class::Worker, &plugs.holder).await?;
    if ledger.session().imported.is_some() {
        return Err(AgentFault::Imported(id.clone()));
    }
    let mut what = Report::Taken { holder: plugs.holder.clone() };
    loop {
        match ledger.record(|session| said(plugs, session, &what)).await {
            Ok(_) | Err(RecordFault::Refused(_)) => {} // refused: somebody moved it, so it is looked at anew
            Err(RecordFault::Log(fault)) => return Err(fault.into()),
        }
        match next(ledger.session()) {
            Step::Finish(..) => what = Report::Finish,
            Step::Idle
            | Step::StartQueued
            | Step::AskModel { .. }
            | Step::WaitUntil(_)
            | Step::JudgeCall(_)
            | Step::RunCall(_)
            | Step::Compact { .. }
            | Step::Check
            | Step::Stop(_)
            | Step::Await => return Ok(()),
        }
    }
}

fn said(
    plugs: &Plugs,
    session: &Session,
    what: &Report,
) -> Result<Vec<crate::domain::event::Fact>, crate::domain::order::Refusal> {
    let none = ToolBook::default();
    let luck = u64::try_from(plugs.clock.fresh() & u128::from(u32::MAX)).unwrap_or(0);
    report(session, what, &plugs.settings.kit(&none, plugs.clock.now(), luck))
}
