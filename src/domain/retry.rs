//! A fault and its count: wait and ask again, or give up. Only the failed request is repeated, never a tool call.

use crate::domain::fault::{Fault, FaultKind};
use serde::{Deserialize, Serialize};

/// How often and how patiently a failed request is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryRule {
    /// Attempts in all, the first included.
    pub attempts_max: u32,
    /// The first wait; each later one doubles.
    pub first_wait_ms: u64,
    /// No wait is longer, what a server asks for included.
    pub wait_ms_max: u64,
}

impl Default for RetryRule {
    fn default() -> RetryRule {
        RetryRule { attempts_max: 5, first_wait_ms: 1_000, wait_ms_max: 60_000 }
    }
}

/// Attempts beyond those of the rule that may go to other credentials and models.
pub const WAYS_MAX: u32 = 32;

/// What follows a failed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterFault {
    /// The same request again, after so many milliseconds.
    Retry {
        /// The wait.
        wait_ms: u64,
    },
    /// The run ends with this fault.
    GiveUp,
    /// The conversation is made shorter first.
    Compact,
    /// The run waits for the operator, who stopped the request.
    Wait,
}

impl RetryRule {
    /// What follows `fault` at attempt number `attempt` (from 1). `luck` spreads the wait: full jitter over its upper half.
    /// A server that asks for a longer wait than the rule allows is not asked again.
    pub fn after(&self, fault: &Fault, attempt: u32, luck: u64) -> AfterFault {
        if fault.kind == FaultKind::Stopped {
            return AfterFault::Wait;
        }
        if fault.kind == FaultKind::Interrupted {
            return AfterFault::Retry { wait_ms: 0 };
        }
        // Another way is taken at once, also for what no wait would mend. What failed rests, so the ways run out.
        if fault.elsewhere().is_some() && attempt < self.attempts_max.saturating_add(WAYS_MAX) {
            return AfterFault::Retry { wait_ms: 0 };
        }
        if !fault.kind.transient() || attempt >= self.attempts_max {
            return AfterFault::GiveUp;
        }
        let doubled = self.first_wait_ms.saturating_mul(1 << (attempt.saturating_sub(1)).min(20));
        let ceiling = doubled.min(self.wait_ms_max);
        let jittered = ceiling / 2 + luck % (ceiling / 2 + 1);
        match fault.retry_after_ms {
            Some(asked) if asked > self.wait_ms_max => AfterFault::GiveUp,
            Some(asked) => AfterFault::Retry { wait_ms: asked.max(jittered) },
            None => AfterFault::Retry { wait_ms: jittered },
        }
    }
}
