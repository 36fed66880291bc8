//! The time and fresh numbers; injected, so that any run can be simulated.

use crate::domain::time::Micros;
use crate::ports::Later;

/// Where time and chance come from; a test hands in its own and can replay any run.
pub trait Clock: Send + Sync {
    /// The moment at which it is called, in microseconds since 1970 (UTC); may go back when the system's clock is set.
    fn now(&self) -> Micros;
    /// A number that was never given before: 128 random bits.
    fn fresh(&self) -> u128;
    /// Completes at that moment or after it.
    fn sleep_until(&self, at: Micros) -> Later<'static, ()>;
}
