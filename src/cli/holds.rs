//! What a run without a screen waits for, or failed of, in lines: and what to type next.

use crate::domain::call::Call;
use crate::domain::event::{EndReason, RunStatus};
use crate::domain::fault::FaultKind;
use crate::domain::next::Hold;
use crate::domain::session::Session;
use crate::domain::stops::{Hit, Stop};
use crate::domain::text;

/// What to do about a limit or a loop.
pub fn rein_hint(session: &Session) -> String {
    let held = session.stop().and_then(Stop::held);
    held.map(|held| held.hint(session.id.as_str())).unwrap_or_default()
}

/// Why the run failed and what may be done about it, if it failed.
pub fn failed(session: &Session) -> Option<(String, String)> {
    let run = session.run.as_ref()?;
    let (status, why, _) = run.ended.as_ref()?;
    if *status != RunStatus::Failed {
        return None;
    }
    let hint = match why {
        EndReason::ModelFailed { fault } => match (fault.kind, run.base_url.as_deref()) {
            // Nothing is there of that name, or not in this place: most often the address lacks its end.
            (FaultKind::NotFound, Some(url)) if !url.ends_with("/v1") => {
                return Some((
                    why.sentence(),
                    format!("add /v1: --base-url {url}/v1; or {}", fault.kind.hint()),
                ));
            }
            (_, _) => return Some((why.sentence(), fault.hint())),
        },
        EndReason::Answered
        | EndReason::Checked { .. }
        | EndReason::EmptyReply
        | EndReason::Truncated
        | EndReason::Filtered
        | EndReason::OddFinish { .. }
        | EndReason::StepLimit { .. }
        | EndReason::Recorded { .. }
        | EndReason::Operator { .. } => "`tackroom events ID` shows what came; another run may do better",
    };
    Some((why.sentence(), hint.to_string()))
}

/// A hold in a line.
pub fn hold_line(session: &Session, hold: Hold) -> String {
    let about = |call: Option<&Call>| match call {
        Some(call) => {
            let args = call.args().map(ToString::to_string).unwrap_or_default();
            text::first_line(&format!("{} {args}", call.tool), 120)
        }
        None => String::new(),
    };
    match hold {
        Hold::Approval(id) => format!("  {id} waits for approval: {}", about(session.call(id))),
        Hold::Unknown(id) => format!("  {id} has an unknown outcome: {}", about(session.call(id))),
        Hold::Step => "  it waits before its next step".to_string(),
        Hold::Paused => "  it is paused".to_string(),
        Hold::Rein => {
            let held = session.stop().and_then(Stop::held);
            held.map(|held| format!("  held ({}): {}", held.word(), held.sentence())).unwrap_or_default()
        }
        Hold::Breakpoint(_) => {
            let hits = session.stop().map(|stop| stop.hits.iter().map(Hit::line).collect::<Vec<_>>());
            format!("  it stands at breakpoint {}", hits.unwrap_or_default().join("; and "))
        }
    }
}
