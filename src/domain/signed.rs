//! Decisions that were signed with a key which only the operator holds, and what a log is held against: each signature is over the
//! hash of the chain right behind the decision, so over all that came before.
//!
//! Signatures are kept beside the log and not in it. Who can rewrite the log and its chain cannot sign what was rewritten; who
//! cuts it off is told of by what was signed behind the cut.

use crate::domain::call::By;
use crate::domain::commit::{Class, Commit};
use crate::domain::event::Fact;
use crate::domain::hash::Hash;
use crate::domain::ids::EventNo;
use std::collections::BTreeMap;

/// What is signed: the decisions of one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The session.
    pub session: String,
    /// The first event of the commit.
    pub from: EventNo,
    /// The last one.
    pub to: EventNo,
    /// The hash of the last one: over everything up to it.
    pub hash: Hash,
    /// Who decided, as the log says.
    pub by: String,
    /// The hash of the statement before it in the same book; zero for the first.
    pub prev: Hash,
}

impl Stated {
    /// The bytes that are signed.
    pub fn message(&self) -> Vec<u8> {
        let Stated { session, from, to, hash, by, prev } = self;
        format!("tackroom decision 1\n{session}\n{}\n{}\n{hash}\n{prev}\n{by}", from.0, to.0).into_bytes()
    }
}

/// A statement as it was found in a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What it says.
    pub stated: Stated,
    /// Whose key signed it; else why it says nothing.
    pub whose: Result<String, String>,
}

/// How a decision stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Signed, and by whose key.
    Signed(String),
    /// Nobody signed it.
    Unsigned,
    /// There is a signature, and it does not hold; why.
    Wrong(String),
}

impl Standing {
    /// As the end of a sentence.
    pub fn words(&self) -> String {
        match self {
            Standing::Signed(whose) => format!("signed by {whose}"),
            Standing::Unsigned => "not signed".to_string(),
            Standing::Wrong(why) => format!("SIGNATURE WRONG: {why}"),
        }
    }
}

/// Who decided, where a fact is a person's decision on what may run.
pub fn decider(fact: &Fact) -> Option<&By> {
    if let Fact::CallApproved { by, .. }
    | Fact::CallEdited { by, .. }
    | Fact::CallRejected { by, .. }
    | Fact::CallAnswered { by, .. }
    | Fact::CallSettled { by, .. }
    | Fact::LeaseGranted { by, .. }
    | Fact::LeaseRevoked { by, .. }
    | Fact::BudgetExtended { by, .. } = fact
    {
        Some(by)
    } else {
        None
    }
}

/// What is to be signed of a commit; none where nothing was decided in it. `prev` is the book's to know.
pub fn stated(commit: &Commit) -> Option<Stated> {
    let by = commit.events.iter().find_map(|sealed| decider(&sealed.event.fact))?;
    let (first, last) = (commit.events.first()?, commit.events.last()?);
    Some(Stated {
        session: commit.session.to_string(),
        from: first.event.no,
        to: last.event.no,
        hash: last.hash,
        by: by.to_string(),
        prev: Hash::ZERO,
    })
}

/// A session's decisions held against its marks, commit by commit.
#[derive(Debug, Default)]
pub struct Signings {
    marks: Vec<Mark>,
    decisions: BTreeMap<EventNo, Standing>,
    last: EventNo,
}

/// What it came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures {
    /// Each decision, by its event.
    pub decisions: BTreeMap<EventNo, Standing>,
    /// What was signed of it and is not there: the log was cut off.
    pub beyond: Vec<String>,
    /// Whether there is a signature at all.
    pub any: bool,
}

impl Signings {
    /// Before the first commit.
    pub fn new(marks: Vec<Mark>) -> Signings {
        Signings { marks, ..Signings::default() }
    }

    /// Takes in the next commit.
    pub fn apply(&mut self, commit: &Commit) {
        // What a fork copied was decided, and signed, in its parent.
        let own =
            commit.events.iter().skip(if commit.class == Class::Operator { commit.copies() } else { 0 });
        for sealed in own {
            if let Some(by) = decider(&sealed.event.fact) {
                self.decisions.insert(sealed.event.no, self.standing(commit, sealed.event.no, by));
            }
        }
        self.last = commit.events.last().map_or(self.last, |sealed| sealed.event.no);
    }

    fn standing(&self, commit: &Commit, no: EventNo, by: &By) -> Standing {
        let here = |mark: &&Mark| mark.stated.from <= no && no <= mark.stated.to;
        let Some(mark) = self.marks.iter().find(here) else { return Standing::Unsigned };
        let whose = match &mark.whose {
            Ok(whose) => whose.clone(),
            Err(why) => return Standing::Wrong(why.clone()),
        };
        let last = commit.events.last().map(|sealed| (sealed.event.no, sealed.hash));
        if last != Some((mark.stated.to, mark.stated.hash)) {
            return Standing::Wrong("the log up to it is not what was signed".to_string());
        }
        match mark.stated.by == by.to_string() {
            true => Standing::Signed(whose),
            false => Standing::Wrong(format!("{} signed it, and the log says {by}", mark.stated.by)),
        }
    }

    /// What it came to.
    pub fn finish(self) -> Signatures {
        let beyond = self.marks.iter().filter(|mark| mark.stated.to > self.last && mark.whose.is_ok());
        let beyond = beyond.map(|mark| {
            let (to, by) = (mark.stated.to, &mark.stated.by);
            format!("the log ends at {}, before a decision at {to} that {by} signed", self.last)
        });
        Signatures { beyond: beyond.collect(), any: !self.marks.is_empty(), decisions: self.decisions }
    }
}

impl Signatures {
    /// What does not hold, in sentences.
    pub fn wrong(&self) -> Vec<String> {
        let wrong = self.decisions.iter().filter_map(|(no, standing)| match standing {
            Standing::Wrong(why) => Some(format!("{no}: {why}")),
            Standing::Signed(_) | Standing::Unsigned => None,
        });
        wrong.chain(self.beyond.iter().cloned()).collect()
    }

    /// How many decisions each key signed.
    pub fn signed(&self) -> BTreeMap<&str, u64> {
        let mut by = BTreeMap::new();
        for standing in self.decisions.values() {
            if let Standing::Signed(whose) = standing {
                *by.entry(whose.as_str()).or_default() += 1;
            }
        }
        by
    }

    /// The decisions that nobody signed.
    pub fn unsigned(&self) -> Vec<EventNo> {
        let unsigned = self.decisions.iter().filter(|(_, standing)| **standing == Standing::Unsigned);
        unsigned.map(|(no, _)| *no).collect()
    }
}
