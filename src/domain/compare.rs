//! Two sessions side by side: which line of one stands for which of the other, where they part, and how they differ.

use crate::domain::account::{Account, Asked, Deed, Line};
use crate::domain::align::{self, align};
use crate::domain::compare_change::{Change, changes};

/// Lines that stand for each other, or one that stands alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The line of the left session.
    pub left: Option<Line>,
    /// The line of the right session.
    pub right: Option<Line>,
    /// What differs; empty where they are the same, and where one stands alone.
    pub changes: Vec<Change>,
}

/// How a pair compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The same on both sides.
    Same,
    /// On both sides, and not the same.
    Changed,
    /// On the left only.
    Removed,
    /// On the right only.
    Added,
}

impl Kind {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Same => "same",
            Kind::Changed => "changed",
            Kind::Removed => "only left",
            Kind::Added => "only right",
        }
    }

    /// Its sign.
    pub fn sign(self) -> char {
        match self {
            Kind::Same => ' ',
            Kind::Changed => '~',
            Kind::Removed => '-',
            Kind::Added => '+',
        }
    }
}

impl Pair {
    /// How it compares.
    pub fn kind(&self) -> Kind {
        match (&self.left, &self.right) {
            (Some(_), None) => Kind::Removed,
            (None, _) => Kind::Added,
            (Some(_), Some(_)) if self.changes.is_empty() => Kind::Same,
            (Some(_), Some(_)) => Kind::Changed,
        }
    }

    /// Whether both sides have it and other words were said about it.
    pub fn decided_otherwise(&self) -> bool {
        self.changes.iter().any(|change| matches!(change.what, "decision" | "edited"))
    }
}

/// What a session is, without its lines.
pub type Side = Account;

/// Two sessions, compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The left session; its lines are in `pairs`.
    pub left: Side,
    /// The right session.
    pub right: Side,
    /// The lines in order.
    pub pairs: Vec<Pair>,
    /// The first pair that is not the same.
    pub first: Option<usize>,
}

/// What is shown of a comparison: a pair, or so many that are the same and folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The pair at this place.
    Pair(usize),
    /// So many pairs.
    Folded(usize),
}

/// How many pairs compare in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The same.
    pub same: usize,
    /// Changed.
    pub changed: usize,
    /// On the left only.
    pub removed: usize,
    /// On the right only.
    pub added: usize,
    /// Calls that were decided otherwise.
    pub decisions: usize,
}

impl Comparison {
    /// Compares two accounts.
    pub fn of(mut left: Account, mut right: Account) -> Comparison {
        let (a, b) = (std::mem::take(&mut left.lines), std::mem::take(&mut right.lines));
        let rows = align(a.len(), b.len(), &|i, j| match (a.get(i), b.get(j)) {
            (Some(one), Some(two)) => alike(&one.deed, &two.deed),
            (Some(_) | None, _) => 0,
        });
        let (mut a, mut b) = (a.into_iter(), b.into_iter());
        let pair = |row: align::Row| {
            let (left, right) = (row.0.and_then(|_| a.next()), row.1.and_then(|_| b.next()));
            let changes = match (&left, &right) {
                (Some(one), Some(two)) => changes(&one.deed, &two.deed),
                (Some(_) | None, _) => Vec::new(),
            };
            Pair { left, right, changes }
        };
        let pairs: Vec<Pair> = rows.into_iter().map(pair).collect();
        let first = pairs.iter().position(|pair| pair.kind() != Kind::Same);
        Comparison { left, right, pairs, first }
    }

    /// The pairs that differ with `context` pairs around each; the others folded.
    pub fn folded(&self, context: usize) -> Vec<Shown> {
        let mut near = vec![false; self.pairs.len()];
        for (at, pair) in self.pairs.iter().enumerate() {
            if pair.kind() != Kind::Same {
                let to = (at + context + 1).min(near.len());
                near[at.saturating_sub(context)..to].fill(true);
            }
        }
        let mut shown = Vec::new();
        for (at, near) in near.into_iter().enumerate() {
            match shown.last_mut() {
                _ if near => shown.push(Shown::Pair(at)),
                Some(Shown::Folded(many)) => *many += 1,
                Some(Shown::Pair(_)) | None => shown.push(Shown::Folded(1)),
            }
        }
        shown
    }

    /// How many pairs compare in which way.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for pair in &self.pairs {
            match pair.kind() {
                Kind::Same => counts.same += 1,
                Kind::Changed => counts.changed += 1,
                Kind::Removed => counts.removed += 1,
                Kind::Added => counts.added += 1,
            }
            counts.decisions += usize::from(pair.decided_otherwise());
        }
        counts
    }
}

/// How much two deeds have in common. Calls of another tool, and deeds of another kind, never stand for each other.
fn alike(left: &Deed, right: &Deed) -> u32 {
    match (left, right) {
        (Deed::Task(a), Deed::Task(b)) => {
            if a == b {
                align::SAME
            } else {
                4
            }
        }
        (Deed::Said(a), Deed::Said(b)) => {
            if a == b {
                align::SAME
            } else {
                1
            }
        }
        (Deed::Steered(a), Deed::Steered(b)) => {
            if a == b {
                align::SAME
            } else {
                1
            }
        }
        (Deed::Ended(a, _), Deed::Ended(b, _)) => {
            if a == b {
                align::SAME
            } else {
                4
            }
        }
        (Deed::Called(a), Deed::Called(b)) if a.tool != b.tool => 0,
        (Deed::Called(a), Deed::Called(b)) if a.args == b.args => align::SAME,
        (Deed::Called(a), Deed::Called(b)) => {
            if target(a) == target(b) {
                5
            } else {
                2
            }
        }
        (Deed::Task(_) | Deed::Said(_) | Deed::Steered(_) | Deed::Ended(..) | Deed::Called(_), _) => 0,
    }
}

/// What a call is about: the most telling of its arguments.
fn target(asked: &Asked) -> &str {
    asked.summary.split("  ").next().unwrap_or_default()
}
