//! What holds a run or says that it soon will, as facts: how they change the session, and what a person's answer makes.

use crate::domain::breakpoint::Why;
use crate::domain::budget::{Change, Scope};
use crate::domain::call::By;
use crate::domain::event::{Event, Fact};
use crate::domain::held::{Held, Share};
use crate::domain::ids::{BreakNo, CallId};
use crate::domain::message::Message;
use crate::domain::order::Refusal;
use crate::domain::rounds::{Due, Rounds};
use crate::domain::run::Run;
use crate::domain::session::{Session, place};
use crate::domain::stops::{Hit, Stop};
use crate::domain::time::Micros;

/// The number of what holds a run and is no breakpoint.
pub const NO_BREAK: BreakNo = BreakNo(0);

impl Stop {
    /// What holds the run, where it is no breakpoint alone.
    pub fn held(&self) -> Option<&Held> {
        self.hits.iter().find_map(|hit| if let Why::Held { held } = &hit.why { Some(held) } else { None })
    }
}

impl Run {
    /// The budget that holds it.
    pub fn held_by_budget(&self) -> Option<&Held> {
        self.stop.as_ref()?.held().filter(|held| held.is_budget())
    }
}

/// What a run that goes in circles has due before its model's turn.
pub(in crate::domain) fn circles(run: &Run) -> Option<Due> {
    run.rounds.due(&run.limits.loops)
}

/// Whether something is to be said, or a person asked, before the model's turn.
pub(in crate::domain) fn asks_first(run: &Run) -> bool {
    run.checking.due().is_some() || circles(run).is_some()
}

/// The facts that tell of it.
pub(in crate::domain) fn told(run: &Run) -> Option<Fact> {
    if let Some(held) = run.checking.due() {
        return Some(Fact::RunHeld { why: held.clone() });
    }
    Some(match circles(run)? {
        Due::Warn(seen) => Fact::LoopSeen { seen },
        Due::Hold(seen) => Fact::RunHeld { why: Held::Loop { seen } },
    })
}

/// More of a limit, or no limit at all; a run that it holds goes on.
pub(in crate::domain) fn extend(run: &Run, changes: &[Change], by: &By) -> Result<Vec<Fact>, Refusal> {
    let mut budget = *run.budget;
    let mut facts = Vec::new();
    for change in changes {
        let holding = || run.held_by_budget().map(Held::over).unwrap_or_default().iter();
        let mut scopes: Vec<Scope> = match change.scope {
            Some(scope) => vec![scope],
            None => holding().filter(|one| one.unit == change.unit).map(|one| one.scope).collect(),
        };
        if scopes.is_empty() {
            let limited = Scope::ALL.into_iter().find(|scope| budget.of(*scope, change.unit).is_some());
            scopes.push(limited.unwrap_or(Scope::Run));
        }
        for scope in scopes {
            let Some(now) = budget.of(scope, change.unit) else {
                return Err(Refusal::NoBudget { scope: scope.words(), unit: change.unit.name() });
            };
            let to = change.more.map(|more| now.saturating_add(more));
            budget.set(scope, change.unit, to);
            facts.push(Fact::BudgetExtended { scope, unit: change.unit, to, by: by.clone() });
        }
    }
    if facts.is_empty() {
        return Err(Refusal::EmptyText);
    }
    if run.held_by_budget().is_some() {
        facts.push(Fact::RunReleased { by: by.clone() });
        // Who paused it did not mean that word.
        facts.extend(run.paused.iter().map(|by| Fact::RunPaused { by: by.clone() }));
    }
    Ok(facts)
}

/// Whether a word to go on is an answer to what holds the run: not where it would be held again at once. What was taken today is
/// looked at when it goes on, and so is a price.
pub(in crate::domain) fn goes_on(session: &Session, run: &Run) -> Result<(), Refusal> {
    let Some(held @ Held::Budget { over, .. }) = run.held_by_budget() else { return Ok(()) };
    let passes = |share: &Share| {
        let taken = match share.scope {
            Scope::Run => run.purse.taken(),
            Scope::Session => session.purse.taken(),
            Scope::Day => return false,
        };
        let limit = run.budget.of(share.scope, share.unit);
        limit.is_some_and(|limit| Share { taken: taken.of(share.unit), limit, ..*share }.passes())
    };
    if over.iter().any(passes) { Err(Refusal::BudgetHolds(held.sentence())) } else { Ok(()) }
}

impl Session {
    /// Whether a word to go on would be taken, as far as limits are asked.
    pub fn may_go_on(&self) -> bool {
        self.live().is_none_or(|run| goes_on(self, run).is_ok())
    }

    /// Whether it is held because its conversation does not fit.
    pub(in crate::domain) fn is_held_for_size(&self) -> bool {
        matches!(self.stop().and_then(Stop::held), Some(Held::Context { .. }))
    }

    /// Takes in a fact about limits and circles.
    pub(in crate::domain) fn apply_reins(&mut self, event: &Event) {
        let fact = &event.fact;
        let Some(run) = &mut self.run else { return };
        if let Fact::RunHeld { why } = fact {
            let (spec, why) = (why.word().to_string(), Why::Held { held: why.clone() });
            let hit = Hit { no: NO_BREAK, spec, why };
            let stop = || Stop { hits: Vec::new(), call: None, at: event.at };
            run.stop.get_or_insert_with(stop).hits.push(hit);
        } else if let Fact::BudgetNeared { near } = fact {
            run.warned.extend(near.iter().map(|one| (one.scope, one.unit)));
        } else if let Fact::BudgetExtended { scope, unit, to, .. } = fact {
            run.budget.set(*scope, *unit, *to);
            run.warned.retain(|one| *one != (*scope, *unit));
        } else if let Fact::LoopSeen { seen } = fact {
            run.rounds.was_told();
            let text = seen.note();
            self.say(Message::System { text });
        } else if let Fact::CheckAsked { .. } = fact {
            self.ask_check(event);
        }
    }

    /// What the event took.
    pub(in crate::domain) fn spend(&mut self, event: &Event, before: Micros) {
        if self.imported.is_some() {
            return; // it was paid for there
        }
        self.purse.apply(event, before);
        if let Some(run) = self.run.as_mut().filter(|run| run.ended.is_none()) {
            run.purse.apply(event, before);
        }
    }

    /// The calls of a reply are over: whether they go in circles is looked at, where that is asked for.
    pub(in crate::domain) fn round(&mut self, ids: &[CallId]) {
        let Some(run) = self.run.as_mut().filter(|_| !self.onlooker) else { return };
        if run.limits.loops == crate::domain::rounds::LoopRule::default() {
            return;
        }
        let calls: Vec<_> = ids.iter().filter_map(|id| self.calls.get(place(*id))).collect();
        run.rounds.take(&calls);
        run.rounds.left(&run.limits.loops);
    }
}

impl Run {
    /// A person let it go on: what it did so far is not held against it again.
    pub(in crate::domain) fn released(&mut self) {
        let stop = self.stop.take();
        match stop.as_ref().and_then(Stop::held) {
            Some(Held::Loop { .. }) => *self.rounds = Rounds::default(),
            Some(Held::Checks { .. }) => self.checking.released(),
            Some(Held::Budget { .. } | Held::Unpriced { .. } | Held::Context { .. }) | None => {}
        }
    }
}
