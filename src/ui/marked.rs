//! The marked sessions: in the order in which they were marked, and found at once however many they are.

use std::collections::BTreeSet;
use std::ops::Deref;

use crate::domain::ids::SessionId;

/// Marked sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    order: Vec<SessionId>,
    set: BTreeSet<SessionId>,
}

impl Marked {
    /// Whether a session is marked; every row of every frame asks.
    pub fn contains(&self, id: &SessionId) -> bool {
        self.set.contains(id)
    }

    /// Marks a session, or takes its mark away.
    pub fn toggle(&mut self, id: SessionId) {
        if self.set.remove(&id) {
            self.order.retain(|marked| *marked != id);
        } else {
            self.set.insert(id.clone());
            self.order.push(id);
        }
    }

    /// Marks these and no other.
    pub fn set(&mut self, ids: Vec<SessionId>) {
        self.set = ids.iter().cloned().collect();
        self.order = ids;
    }

    /// Takes the marks of these away.
    pub fn remove_all(&mut self, gone: &BTreeSet<&SessionId>) {
        self.order.retain(|id| !gone.contains(id));
        self.set.retain(|id| !gone.contains(id));
    }

    /// Takes all marks away.
    pub fn clear(&mut self) {
        self.order.clear();
        self.set.clear();
    }
}

impl Deref for Marked {
    type Target = [SessionId];

    fn deref(&self) -> &[SessionId] {
        &self.order
    }
}

impl<const N: usize> PartialEq<[SessionId; N]> for Marked {
    fn eq(&self, other: &[SessionId; N]) -> bool {
        self.order == other
    }
}
