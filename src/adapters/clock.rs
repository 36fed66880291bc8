//! The system's clock and random numbers.

use crate::domain::time::Micros;
use crate::ports::Later;
use crate::ports::clock::Clock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A longer sleep is cut into such pieces, so that a clock that is set forward meanwhile is noticed.
const NAP_MAX: Duration = Duration::from_secs(30);

/// The time as the system tells it; numbers from its source of randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the system is asked for the time")]
    fn now(&self) -> Micros {
        let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Micros(micros(since)),
            Err(before) => Micros(-micros(before.duration())),
        }
    }

    fn fresh(&self) -> u128 {
        // A version 4 UUID has 122 random bits and 6 fixed ones; the xor of one with another, turned, fixes none.
        let draw = || uuid::Uuid::new_v4().as_u128();
        draw() ^ draw().rotate_left(64)
    }

    fn sleep_until(&self, at: Micros) -> Later<'static, ()> {
        Box::pin(async move {
            loop {
                let left = at.0.saturating_sub(SystemClock.now().0);
                let Ok(left) = u64::try_from(left) else { return };
                if left == 0 {
                    return;
                }
                tokio::time::sleep(Duration::from_micros(left).min(NAP_MAX)).await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn fresh_numbers_differ_and_every_bit_varies() {
        let drawn: Vec<u128> = (0..10_000).map(|_| SystemClock.fresh()).collect();
        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), drawn.len());
        let ever_set = drawn.iter().fold(0, |all, n| all | n);
        let always_set = drawn.iter().fold(u128::MAX, |all, n| all & n);
        assert_eq!((ever_set, always_set), (u128::MAX, 0));
    }

    #[tokio::test]
    async fn sleeping_until_a_moment_ends_at_it_or_after() {
        let at = SystemClock.now().plus_ms(20);
        SystemClock.sleep_until(at).await;
        assert!(SystemClock.now() >= at);
        SystemClock.sleep_until(Micros(0)).await; // already past
    }
}
