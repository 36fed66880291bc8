//! The limits of a run, as they are written down when it begins.

use crate::domain::boundary::Boundary;
use crate::domain::budget::{Budget, is_default};
use crate::domain::checks::Checks;
use crate::domain::rounds::LoopRule;
use crate::domain::window::ContextRule;
use serde::{Deserialize, Serialize};

/// The limits of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Model turns at most: then the run is over.
    pub steps: u32,
    /// What may be taken before a person is asked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub budget: Box<Budget>,
    /// When it is said, and asked about, that the run goes in circles.
    #[serde(default, skip_serializing_if = "is_default")]
    pub loops: LoopRule,
    /// What may be touched before a person is asked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub boundary: Box<Boundary>,
    /// What must pass before it may end as done.
    #[serde(default, skip_serializing_if = "is_default")]
    pub checks: Box<Checks>,
    /// When the conversation is made shorter.
    #[serde(default, skip_serializing_if = "is_default")]
    pub context: Box<ContextRule>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::of_steps(100)
    }
}

impl Limits {
    /// So many model turns, and nothing else.
    pub fn of_steps(steps: u32) -> Limits {
        let (budget, loops) = (Box::default(), LoopRule::default());
        let (boundary, checks, context) = (Box::default(), Box::default(), Box::default());
        Limits { steps, budget, loops, boundary, checks, context }
    }
}
