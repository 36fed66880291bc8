//! Breakpoints, going on and notes: what an operator's order about them makes, or why it is refused.

use crate::domain::breakpoint::{Breakpoint, Mark, Trigger};
use crate::domain::call::{By, Call, CallState};
use crate::domain::event::Fact;
use crate::domain::ids::{BreakNo, NoteNo};
use crate::domain::money::Money;
use crate::domain::next::would_wait_to_step;
use crate::domain::order::Refusal;
use crate::domain::policy::Mode;
use crate::domain::reins::goes_on;
use crate::domain::run::Run;
use crate::domain::session::Session;
use crate::domain::stops::STANDING_MAX;

/// The longest note, in bytes.
pub const NOTE_BYTES_MAX: usize = 16 * 1024;

/// A breakpoint, its mark counted from the run's beginning.
pub(in crate::domain) fn set(session: &Session, wanted: &Breakpoint, by: &By) -> Result<Vec<Fact>, Refusal> {
    let at = resolved(session.live(), wanted)?;
    let spec = at.to_string();
    if let Some(same) = session.breaks.iter().find(|one| one.spec == spec) {
        return Err(Refusal::SameBreakpoint(same.no));
    }
    if session.breaks.len() >= STANDING_MAX {
        return Err(Refusal::TooMany("breakpoints"));
    }
    Ok(vec![Fact::BreakpointSet { no: session.last_break.after(), spec, by: by.clone() }])
}

/// The breakpoints that a session begins with.
pub fn at_start(wanted: &[Breakpoint], by: &By) -> Result<Vec<Fact>, Refusal> {
    let mut facts: Vec<Fact> = Vec::new();
    for (one, no) in wanted.iter().zip(1..) {
        let text = resolved(None, one)?.to_string();
        let is_that = |fact: &Fact| matches!(fact, Fact::BreakpointSet { spec, .. } if *spec == text);
        if let Some(same) = facts.iter().position(is_that) {
            return Err(Refusal::SameBreakpoint(BreakNo(u32::try_from(same).unwrap_or(0) + 1)));
        }
        if facts.len() >= STANDING_MAX {
            return Err(Refusal::TooMany("breakpoints"));
        }
        facts.push(Fact::BreakpointSet { no: BreakNo(no), spec: text.clone(), by: by.clone() });
    }
    Ok(facts)
}

fn resolved(run: Option<&Run>, wanted: &Breakpoint) -> Result<Breakpoint, Refusal> {
    let (steps, tokens) = run.map_or((0, 0), |run| (u64::from(run.steps), run.tokens()));
    let cost = run.map_or(0, |run| run.spent.known.0);
    let mark = |mark: Mark, now: u64, unit| match mark {
        Mark::More(n) => Ok(Mark::At(now.saturating_add(n))),
        Mark::At(n) if n <= now => Err(Refusal::MarkPassed { unit, now }),
        Mark::At(n) => Ok(Mark::At(n)),
    };
    let what = match &wanted.what {
        Trigger::Steps(n) => Trigger::Steps(mark(*n, steps, "steps")?),
        Trigger::Tokens(n) => Trigger::Tokens(mark(*n, tokens, "tokens")?),
        Trigger::Cost(Mark::At(n)) if *n <= cost => return Err(Refusal::CostPassed(Money(cost))),
        Trigger::Cost(n) => Trigger::Cost(mark(*n, cost, "cost")?),
        Trigger::Tool(_) | Trigger::Effect(_) | Trigger::Argument { .. } | Trigger::Fault(_) => {
            wanted.what.clone()
        }
    };
    Ok(Breakpoint { what, once: wanted.once })
}

pub(in crate::domain) fn remove(session: &Session, no: BreakNo, by: &By) -> Result<Vec<Fact>, Refusal> {
    match session.breaks.iter().any(|one| one.no == no) {
        true => Ok(vec![Fact::BreakpointRemoved { no, by: by.clone() }]),
        false => Err(Refusal::NoBreakpoint(no)),
    }
}

/// The end of stepping, pausing and standing at a breakpoint.
pub(in crate::domain) fn go_on(session: &Session, run: &Run, by: &By) -> Result<Vec<Fact>, Refusal> {
    goes_on(session, run)?;
    let mut facts = Vec::new();
    if run.mode == Mode::Step {
        facts.push(Fact::ModeSet { mode: run.mode_before_step, by: by.clone() });
    }
    if run.paused.is_some() || run.stop.is_some() {
        facts.push(Fact::RunReleased { by: by.clone() });
    }
    if facts.is_empty() { Err(Refusal::NotPaused) } else { Ok(facts) }
}

/// A breakpoint for once, and on where the run stands still.
pub(in crate::domain) fn run_until(
    session: &Session,
    run: &Run,
    until: &Breakpoint,
    by: &By,
) -> Result<Vec<Fact>, Refusal> {
    let mut facts = set(session, &Breakpoint { what: until.what.clone(), once: true }, by)?;
    facts.extend(go_on(session, run, by).unwrap_or_default()); // a run that works goes on as it is
    Ok(facts)
}

/// One step from a breakpoint: what is next happens, and the run then waits before what follows.
pub(in crate::domain) fn step_from(session: &Session, run: &Run, by: &By) -> Vec<Fact> {
    let mut facts = Vec::new();
    if run.mode != Mode::Step {
        facts.push(Fact::ModeSet { mode: Mode::Step, by: by.clone() });
    }
    facts.push(Fact::RunReleased { by: by.clone() });
    // What a person has approved needs no leave to step: it would be left over for the step after.
    if would_wait_to_step(session, run) {
        facts.push(Fact::StepAllowed { by: by.clone() });
    }
    facts
}

pub(in crate::domain) fn add_note(session: &Session, text: &str, by: &By) -> Result<Vec<Fact>, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::EmptyText);
    }
    if text.len() > NOTE_BYTES_MAX {
        return Err(Refusal::LongNote { bytes: text.len(), max: NOTE_BYTES_MAX });
    }
    if session.notes.len() >= STANDING_MAX {
        return Err(Refusal::TooMany("notes"));
    }
    Ok(vec![Fact::NoteAdded { no: session.last_note.after(), text: text.to_string(), by: by.clone() }])
}

pub(in crate::domain) fn remove_note(session: &Session, no: NoteNo, by: &By) -> Result<Vec<Fact>, Refusal> {
    if session.notes.iter().any(|note| note.no == no) {
        return Ok(vec![Fact::NoteRemoved { no, by: by.clone() }]);
    }
    Err(if no <= session.last_note && no.0 > 0 { Refusal::NoteGone(no) } else { Refusal::NoNote(no) })
}

/// Whether the run stands at a breakpoint before this call, which nobody needs to approve: it may still be changed.
pub(in crate::domain) fn stands_before(session: &Session, call: &Call) -> bool {
    let here = session.stop().is_some_and(|stop| stop.call == Some(call.id));
    here && call.starts == 0 && matches!(call.state, CallState::Cleared { .. })
}
