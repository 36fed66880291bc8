//! Something kept per session and carried on with each new message, for a few sessions at a time.

use crate::domain::ids::SessionId;
use crate::domain::message::{Message, Transcript};
use std::sync::Arc;

/// Sessions kept at most.
const SESSIONS_MAX: usize = 8;

struct Kept<T> {
    session: SessionId,
    used: u64,
    seen: usize,
    ends: Option<(Arc<Message>, Arc<Message>)>,
    value: T,
}

/// The values of the sessions used last.
pub struct Growth<T> {
    kept: Vec<Kept<T>>,
    uses: u64,
}

impl<T> Default for Growth<T> {
    fn default() -> Growth<T> {
        Growth { kept: Vec::new(), uses: 0 }
    }
}

impl<T> Growth<T> {
    /// The value of a session after all `messages`: the kept one carried on by `grow` where `fits` accepts it and the
    /// messages only grew, a fresh one otherwise. Messages are the same when the first and the last one taken in are the same objects.
    pub fn carry<'a>(
        &'a mut self,
        session: &SessionId,
        messages: &Transcript,
        fits: impl Fn(&T) -> bool,
        fresh: impl FnOnce() -> T,
        mut grow: impl FnMut(&mut T, &Message),
    ) -> &'a mut T {
        self.uses += 1;
        let found = self.kept.iter().position(|kept| &kept.session == session);
        let mut kept = match found.map(|at| self.kept.swap_remove(at)) {
            Some(kept) if kept.extends_to(messages) && fits(&kept.value) => kept,
            Some(_) | None => Kept { session: session.clone(), used: 0, seen: 0, ends: None, value: fresh() },
        };
        for message in &messages[kept.seen..] {
            grow(&mut kept.value, message);
        }
        kept.seen = messages.len();
        kept.ends = messages.first().cloned().zip(messages.last().cloned());
        kept.used = self.uses;
        if self.kept.len() >= SESSIONS_MAX
            && let Some(oldest) = (0..self.kept.len()).min_by_key(|at| self.kept[*at].used)
        {
            self.kept.swap_remove(oldest);
        }
        let at = self.kept.len();
        self.kept.push(kept);
        &mut self.kept[at].value
    }
}

impl<T> Kept<T> {
    fn extends_to(&self, messages: &Transcript) -> bool {
        let Some((first, last)) = &self.ends else { return true };
        let same = |at: usize, own| messages.get(at).is_some_and(|message| Arc::ptr_eq(message, own));
        same(0, first) && same(self.seen - 1, last)
    }
}
