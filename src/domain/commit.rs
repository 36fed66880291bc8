//! Facts that become durable together, and the one fold rule that holds above every engine.

use crate::domain::event::{Event, Fact};
use crate::domain::hash::Hash;
use crate::domain::ids::{CommitId, Epoch, EventNo, SessionId};
use crate::domain::stored::BadEvent;
use crate::domain::time::Micros;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An engine takes no larger commit, in bytes of events.
pub const COMMIT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Who wrote a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The process that drives the session; may not decide.
    Worker,
    /// A person, through a screen, a command or a flag; may not act.
    Operator,
    /// Who brings in another tool's session; may neither act nor decide, and only writes to sessions that it began.
    Importer,
}

/// An event with its stored bytes and its hash in the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed {
    /// The event.
    pub event: Event,
    /// The bytes as stored: what the hash is over.
    pub json: Arc<str>,
    /// The hash, chained to the event before.
    pub hash: Hash,
}

/// An event with the bytes it is stored as, before it has a place in a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The event.
    pub event: Event,
    /// The bytes.
    pub json: Arc<str>,
}

impl From<Event> for Told {
    fn from(event: Event) -> Told {
        let json = event.to_json().into();
        Told { event, json }
    }
}

/// 1..n events that become durable together.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// Its name.
    pub id: CommitId,
    /// The session.
    pub session: SessionId,
    /// The commit before it.
    pub prev: CommitId,
    /// Its place, from 1.
    pub seq: u64,
    /// The writer's term.
    pub epoch: Epoch,
    /// Who wrote it.
    pub class: Class,
    /// The writer's name.
    pub writer: String,
    /// When.
    pub at: Micros,
    /// What happened.
    pub events: Vec<Sealed>,
}

/// Where a session's log ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last commit.
    pub commit: CommitId,
    /// Its place.
    pub seq: u64,
    /// The current term.
    pub epoch: Epoch,
    /// The last event's number.
    pub event: EventNo,
    /// The last event's hash.
    pub hash: Hash,
}

/// Why a commit does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// It does not follow the head: someone else wrote meanwhile.
    #[error("the log has moved on: the commit follows {prev}, the head is {head}")]
    NotNext {
        /// What the commit follows.
        prev: CommitId,
        /// What the head is.
        head: CommitId,
    },
    /// Its writer's term is over.
    #[error("the writer lease was taken by another process: term {own}, now {current}")]
    Fenced {
        /// The commit's term.
        own: Epoch,
        /// The current term.
        current: Epoch,
    },
    /// Its class may not say that.
    #[error("a {class:?} commit may not say {kind}")]
    NotYours {
        /// The class.
        class: Class,
        /// The kind of fact.
        kind: String,
    },
    /// Numbers, hashes or bytes do not fit: an engine's bug or foreign bytes.
    #[error("event {no} does not continue the chain: {why}")]
    Broken {
        /// The event.
        no: EventNo,
        /// How.
        why: &'static str,
    },
    /// An imported session is nobody's to drive, and no other session is an importer's to write to.
    #[error("{}", if *imported { "the session was imported: it is finished" } else { "only an imported session is an importer's" })]
    Imported {
        /// Whether the session is an imported one.
        imported: bool,
    },
    /// There is nothing in it.
    #[error("an empty commit")]
    Empty,
}

impl Head {
    /// The head of a log that has no commit yet.
    pub fn start() -> Head {
        Head { commit: CommitId::none(), seq: 0, epoch: Epoch(0), event: EventNo(0), hash: Hash::ZERO }
    }

    /// The fold rule: whether `commit` counts as the next one, and the head that follows.
    pub fn admit(&self, commit: &Commit) -> Result<Head, Denial> {
        if commit.prev != self.commit || commit.seq != self.seq + 1 {
            return Err(Denial::NotNext { prev: commit.prev.clone(), head: self.commit.clone() });
        }
        let copies = self.copies(commit);
        let epoch = self.term(commit, copies)?;
        let (mut no, mut hash) = (self.event, self.hash);
        for (at, sealed) in commit.events.iter().enumerate() {
            no = no.after();
            if sealed.event.no != no {
                return Err(Denial::Broken { no, why: "its number does not follow" });
            }
            let before = hash;
            hash = Hash::chained(hash, sealed.json.as_bytes());
            if sealed.hash != hash {
                return Err(Denial::Broken { no, why: "its hash does not follow" });
            }
            if at < copies {
                continue; // told again: it decides and does nothing here
            }
            if let Fact::SessionForked { parent, hash: told, .. } = &sealed.event.fact
                && (copies == 0 || at != copies || parent.at.after() != no || *told != before)
            {
                return Err(Denial::Broken { no, why: "a fork does not fit what it copied" });
            }
            if !may_say(commit.class, &sealed.event.fact) {
                return Err(Denial::NotYours {
                    class: commit.class,
                    kind: sealed.event.fact.kind().to_string(),
                });
            }
        }
        if commit.events.is_empty() {
            return Err(Denial::Empty);
        }
        Ok(Head { commit: commit.id.clone(), seq: commit.seq, epoch, event: no, hash })
    }

    /// How many events at the beginning of `commit` are copies of a parent's: those before the fork's own first fact. Only
    /// an operator's first commit of a session has any, so that a copied decision is never taken for one made here.
    pub(in crate::domain) fn copies(&self, commit: &Commit) -> usize {
        if self.seq != 0 || commit.class != Class::Operator { 0 } else { commit.copies() }
    }

    /// The term after `commit`: a takeover adds one; every other commit must carry the current one.
    fn term(&self, commit: &Commit, copies: usize) -> Result<Epoch, Denial> {
        if commit.class == Class::Importer {
            return self.importers_term(commit);
        }
        let taken = commit.events.iter().skip(copies).find_map(|sealed| {
            if let Fact::WriterTaken { epoch, .. } = &sealed.event.fact { Some(*epoch) } else { None }
        });
        let wanted = match taken {
            Some(_) if self.is_imported() => return Err(Denial::Imported { imported: true }),
            Some(epoch) if epoch == self.epoch.after() => epoch,
            Some(epoch) => return Err(Denial::Fenced { own: epoch, current: self.epoch }),
            None => self.epoch,
        };
        if commit.epoch != wanted || (commit.class == Class::Worker && wanted == Epoch(0)) {
            return Err(Denial::Fenced { own: commit.epoch, current: self.epoch });
        }
        Ok(wanted)
    }

    /// Whether the session is another tool's: its term is one that no worker's follows.
    pub fn is_imported(&self) -> bool {
        self.epoch == Epoch::IMPORTED
    }

    /// An importer begins a session with `SessionOpened, SessionImported`, and from then on has it for itself.
    fn importers_term(&self, commit: &Commit) -> Result<Epoch, Denial> {
        let mut facts = commit.events.iter().map(|sealed| &sealed.event.fact);
        let opens = matches!(facts.next(), Some(Fact::SessionOpened { .. }))
            && matches!(facts.next(), Some(Fact::SessionImported { .. }));
        let begins = self.seq == 0 && opens;
        if begins == self.is_imported() || (self.is_imported() && opens) {
            return Err(Denial::Imported { imported: self.is_imported() });
        }
        match commit.epoch == Epoch::IMPORTED {
            true => Ok(Epoch::IMPORTED),
            false => Err(Denial::Fenced { own: commit.epoch, current: Epoch::IMPORTED }),
        }
    }

    /// Seals events as the commit after this head.
    pub fn seal(
        &self,
        id: CommitId,
        session: &SessionId,
        by: (Class, &str),
        at: Micros,
        events: Vec<Event>,
    ) -> Commit {
        self.seal_told(id, session, by, at, events.into_iter().map(Told::from).collect())
    }

    /// The same for events whose bytes are there already.
    pub fn seal_told(
        &self,
        id: CommitId,
        session: &SessionId,
        by: (Class, &str),
        at: Micros,
        events: Vec<Told>,
    ) -> Commit {
        let mut hash = self.hash;
        let mut epoch = if by.0 == Class::Importer { Epoch::IMPORTED } else { self.epoch };
        let events = events
            .into_iter()
            .map(|Told { event, json }| {
                if let Fact::WriterTaken { epoch: taken, .. } = &event.fact {
                    epoch = *taken;
                }
                hash = Hash::chained(hash, json.as_bytes());
                Sealed { event, json, hash }
            })
            .collect();
        Commit {
            id,
            session: session.clone(),
            prev: self.commit.clone(),
            seq: self.seq + 1,
            epoch,
            class: by.0,
            writer: by.1.to_string(),
            at,
            events,
        }
    }
}

impl Commit {
    /// The events of it that a fork copied from its parent, counted from the first.
    pub fn copies(&self) -> usize {
        let forked = |sealed: &Sealed| matches!(sealed.event.fact, Fact::SessionForked { .. });
        self.events.iter().rposition(forked).unwrap_or(0)
    }

    /// The bytes of its events.
    pub fn bytes(&self) -> usize {
        self.events.iter().map(|sealed| sealed.json.len()).sum()
    }
}

impl Sealed {
    /// Reads stored bytes.
    pub fn read(json: &str, hash: Hash) -> Result<Sealed, BadEvent> {
        Ok(Sealed { event: Event::from_json(json)?, json: json.into(), hash })
    }
}

/// Whether a class of writer may say a fact: a decision is never a worker's, an act is never an operator's, and what
/// another tool recorded is an importer's alone, who says nothing else.
pub fn may_say(class: Class, fact: &Fact) -> bool {
    let operators = match fact {
        Fact::SessionOpened { .. } => return true,
        // A use follows from a lease, which a person gave: with the lease itself, or with a verdict later.
        Fact::RunStarted { .. }
        | Fact::WorkspaceKept { .. }
        | Fact::WorkspaceMissed { .. }
        | Fact::LeaseUsed { .. } => {
            return class != Class::Importer;
        }
        Fact::SessionImported { .. }
        | Fact::RunImported { .. }
        | Fact::CallRecorded { .. }
        | Fact::ForeignRecord { .. }
        | Fact::ImportTaken { .. } => return class == Class::Importer,
        Fact::RunEnded { .. } | Fact::ModelAsked { .. } | Fact::ModelReplied { .. } => {
            return class != Class::Operator;
        }
        Fact::CompactOrdered { .. } | Fact::CompactionUndone { .. } => true,
        Fact::CompactAsked(_) | Fact::ContextCompacted(_) | Fact::CompactFailed { .. } => false,
        Fact::SessionRenamed { .. }
        | Fact::SessionForked { .. }
        | Fact::RestoreStarted { .. }
        | Fact::RestoreEnded { .. }
        | Fact::SessionMarked { .. }
        | Fact::RunPaused { .. }
        | Fact::RunReleased { .. }
        | Fact::InterruptAsked { .. }
        | Fact::CancelAsked { .. }
        | Fact::StepAllowed { .. }
        | Fact::ModeSet { .. }
        | Fact::CallEdited { .. }
        | Fact::CallApproved { .. }
        | Fact::CallRejected { .. }
        | Fact::CallAnswered { .. }
        | Fact::CallSettled { .. }
        | Fact::OperatorSaid { .. }
        | Fact::OperatorSteered { .. }
        | Fact::BreakpointSet { .. }
        | Fact::BreakpointRemoved { .. }
        | Fact::NoteAdded { .. }
        | Fact::NoteRemoved { .. }
        | Fact::BudgetExtended { .. }
        | Fact::LeaseGranted { .. }
        | Fact::LeaseRevoked { .. } => true,
        Fact::WriterTaken { .. }
        | Fact::ModelFailed { .. }
        | Fact::CallRefused { .. }
        | Fact::CallJudged { .. }
        | Fact::CallLapsed { .. }
        | Fact::CallStarted { .. }
        | Fact::CallEnded { .. }
        | Fact::CallInterrupted { .. }
        | Fact::CallUnknown { .. }
        | Fact::CallDropped { .. }
        | Fact::BreakpointHit { .. }
        | Fact::RunHeld { .. }
        | Fact::BudgetNeared { .. }
        | Fact::LoopSeen { .. }
        | Fact::CheckAsked { .. } => false,
        // A newer program's fact: nothing is decided or done by it here.
        Fact::Unknown { .. } => return true,
    };
    match class {
        Class::Worker => !operators,
        Class::Operator => operators,
        Class::Importer => false,
    }
}
