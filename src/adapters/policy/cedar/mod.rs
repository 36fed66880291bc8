//! Rules in the Cedar language: the policy that comes with the app, the system's, the user's and the workspace's.
//!
//! The only place that names the engine. Files are read and checked as a whole: what is wrong with one is told with its line,
//! and the rules that were in force before stay. A file that was changed counts from the next call on.

mod below; // what a call meets below what it names
mod example; // calls that must come out as the file beside them says
mod explain; // why a verdict is what it is
mod force; // the rules in force, and their verdict
mod lint; // rules that do nothing, or too much
mod load; // files become rules in force
mod named; // paths that the arguments of a command name
mod offer; // what is read before rules are trusted
mod request; // a call as questions to the engine
mod rule; // one rule
mod schema; // what a rule may speak of
mod source; // which files there are, and whether one has changed
mod split; // a file cut into its rules
mod trust; // workspaces whose rules may also allow
mod words; // the sentences of rules

pub use example::Reach;
pub use explain::{Explained, Near, explain};
pub use force::{Force, Ruled, Weighed};
pub use lint::{Lint, lint};
pub use load::{InForce, Loaded, Setup, load};
pub use offer::{Offer, Offered, offer, revoke_trust, set_trusted};
pub use rule::{Fault, Kind, Layer, Rule};
pub use source::Places;
pub use trust::Trust;

use crate::domain::policy::Verdict;
use crate::domain::text::plural;
use crate::domain::time::Micros;
use crate::ports::clock::Clock;
use crate::ports::judge::{Below, Case, Judge};
use std::sync::{Arc, Mutex, PoisonError};

/// The files are looked at no more often than this, in milliseconds.
const LOOK_MS: i64 = 200;

/// The policy of a workspace, read anew where its files change.
pub struct Cedar {
    setup: Setup,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    loaded: Loaded,
    /// How the files looked when they were read last, taken into force or not.
    stamp: source::Stamp,
    looked: Micros,
    /// Whether a change right after that look may not be seen by looks alone.
    young: bool,
    faults: Vec<Fault>,
}

impl Cedar {
    /// The policy as its files are; refused where one of them is wrong.
    pub fn open(setup: Setup, clock: Arc<dyn Clock>) -> Result<Cedar, Vec<Fault>> {
        let now = clock.now();
        let (stamp, loaded) = load::looked(&setup);
        let young = stamp.is_young(now.0);
        let state = State { loaded: loaded?, stamp, looked: now, young, faults: Vec::new() };
        Ok(Cedar { setup, clock, state: Mutex::new(state) })
    }

    /// What is in force now.
    pub fn loaded(&self) -> Loaded {
        self.fresh(|state| state.loaded.clone())
    }

    /// Looks whether a file has changed, where the last look is long enough ago, and reads it anew.
    fn fresh<T>(&self, then: impl FnOnce(&State) -> T) -> T {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back is no reason to look away.
        if now.0.saturating_sub(state.looked.0).saturating_abs() >= LOOK_MS * 1_000 {
            state.looked = now;
            if state.young || !state.stamp.holds() {
                let (stamp, loaded) = load::looked(&self.setup);
                state.young = stamp.is_young(now.0);
                state.stamp = stamp;
                match loaded {
                    Ok(loaded) => {
                        state.faults.clear();
                        // The same rules keep what was made of them.
                        if loaded.force.version() != state.loaded.force.version() {
                            state.loaded = loaded;
                        }
                    }
                    Err(faults) => {
                        state.faults = faults;
                        // What is wrong in one place keeps nothing in force that an operator took back in another.
                        if let Some(rest) = load::without_faults(&self.setup, &state.loaded)
                            && rest.force.version() != state.loaded.force.version()
                        {
                            state.loaded = rest;
                        }
                    }
                }
            }
        }
        then(&state)
    }
}

impl Judge for Cedar {
    fn judge(&self, case: Case<'_>) -> Verdict {
        let force = self.fresh(|state| Arc::clone(&state.loaded.force));
        force.weigh(&case).verdict
    }

    fn below(&self, case: Case<'_>) -> Option<Below> {
        let force = self.fresh(|state| Arc::clone(&state.loaded.force));
        force.below(case)
    }

    fn version(&self) -> String {
        self.fresh(|state| state.loaded.force.version().to_string())
    }

    fn trouble(&self) -> Option<(String, String)> {
        self.fresh(|state| refusal(&state.faults)).map(|(sentence, _)| {
            (sentence, "the rules in force before stay; `tackroom policy check` tells more".to_string())
        })
    }
}

/// Faults as a sentence and a hint.
pub fn refusal(faults: &[Fault]) -> Option<(String, String)> {
    let first = faults.first()?;
    let more = match faults.len() - 1 {
        0 => String::new(),
        more => format!("; and {} more", plural(more as u64, "fault")),
    };
    let sentence = format!("the policy is refused: {first}{more}");
    Some((sentence, "mend the file, or move it away; `tackroom policy check` tells more".to_string()))
}
