//! Which commits around an event tell all of what it belongs to: a call from its reply to its end, a turn of the model from
//! its first attempt to its answer.
//!
//! The commit of the event is put first; then `wants_before` and `wants_after` say what else is to be read, until neither does.

use crate::domain::commit::{Commit, Sealed};
use crate::domain::event::{Event, Fact};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, EventNo};
use crate::domain::inspect::page::Subject;
use std::collections::VecDeque;
use std::sync::Arc;

/// What an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A call.
    Call(CallId),
    /// A turn of the model.
    Turn,
    /// Nothing but itself.
    Plain,
}

/// The commits around an event.
#[derive(Clone, Debug)]
pub struct Gather {
    subject: Subject,
    until: EventNo,
    commits: VecDeque<Arc<Commit>>,
    ended: bool,
}

impl Gather {
    /// Begins with the commit that holds the event. What happened after the event `until` is not told: it is the future of a replay.
    pub fn new(subject: Subject, until: EventNo, commit: Arc<Commit>) -> Gather {
        Gather { subject, until: until.max(subject.no), commits: VecDeque::from([commit]), ended: false }
    }

    /// What is looked at.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// The event and its commit.
    pub fn found(&self) -> Option<(&Commit, &Sealed)> {
        self.commits.iter().find_map(|commit| {
            let sealed = commit.events.iter().find(|sealed| sealed.event.no == self.subject.no)?;
            Some((commit.as_ref(), sealed))
        })
    }

    /// What the event belongs to.
    pub fn topic(&self) -> Option<Topic> {
        let (_, sealed) = self.found()?;
        let fact = &sealed.event.fact;
        Some(match self.subject.call.or(fact.call()) {
            Some(call) => Topic::Call(call),
            None if is_turn(fact) => Topic::Turn,
            None => Topic::Plain,
        })
    }

    /// All events gathered, in order.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Sealed> {
        let until = self.until;
        let all = self.commits.iter().flat_map(|commit| &commit.events);
        all.filter(move |sealed| sealed.event.no <= until)
    }

    /// The events that tell of the same call, or the same turn.
    pub fn about(&self) -> impl Iterator<Item = &Sealed> {
        let topic = self.topic();
        let first = self.first().unwrap_or(EventNo(0));
        let last = self.last();
        self.events().filter(move |sealed| {
            let (no, fact) = (sealed.event.no, &sealed.event.fact);
            match topic {
                Some(Topic::Call(id)) => fact.call() == Some(id) && no >= first,
                Some(Topic::Turn) => is_turn(fact) && no >= first && last.is_none_or(|last| no <= last),
                Some(Topic::Plain) | None => false,
            }
        })
    }

    /// The hash of the event before the one looked at.
    pub fn hash_before(&self) -> Option<Hash> {
        let before = self.events().find(|sealed| sealed.event.no.after() == self.subject.no);
        before.map(|sealed| sealed.hash).or((self.subject.no == EventNo(1)).then_some(Hash::ZERO))
    }

    /// The reply that asked for the call, or the request that began the turn: the last such before the event.
    pub fn first(&self) -> Option<EventNo> {
        let topic = self.topic()?;
        let begins = |fact: &Fact| match topic {
            Topic::Call(id) => fact.asks().any(|(call, _)| call == id),
            Topic::Turn => matches!(fact, Fact::ModelAsked { attempt: 1, .. }),
            Topic::Plain => false,
        };
        let mut back = self.events().rev().skip_while(|sealed| sealed.event.no > self.subject.no);
        back.find(|sealed| begins(&sealed.event.fact)).map(|sealed| sealed.event.no)
    }

    /// The reply of the model that is told of, or that asked for the call; none for a call of the harness.
    pub fn reply(&self) -> Option<&Event> {
        let is_reply = |sealed: &&Sealed| matches!(sealed.event.fact, Fact::ModelReplied { .. });
        let found = match self.topic()? {
            Topic::Call(_) => {
                let first = self.first()?;
                self.events().find(|sealed| sealed.event.no == first).filter(is_reply)
            }
            Topic::Turn => self.about().find(is_reply),
            Topic::Plain => None,
        };
        found.map(|sealed| &sealed.event)
    }

    /// The event with which nothing more can come: the next turn, or the end of the run; a turn's own answer.
    fn last(&self) -> Option<EventNo> {
        let topic = self.topic()?;
        let ends = |sealed: &Sealed| {
            let (no, fact) = (sealed.event.no, &sealed.event.fact);
            let next = no > self.subject.no && matches!(fact, Fact::ModelAsked { attempt: 1, .. });
            let over = matches!(fact, Fact::RunEnded { .. });
            let answer = topic == Topic::Turn && matches!(fact, Fact::ModelReplied { .. });
            no >= self.subject.no && (next || over || answer)
        };
        self.events().find(|sealed| ends(sealed)).map(|sealed| sealed.event.no)
    }

    /// The commit before which more is to be read.
    pub fn wants_before(&self) -> Option<u64> {
        let seq = self.commits.front().map(|commit| commit.seq).filter(|seq| *seq > 1)?;
        let begun = self.topic() == Some(Topic::Plain) || self.first().is_some();
        (!begun || self.hash_before().is_none()).then_some(seq)
    }

    /// Takes in commits right before those that are there.
    pub fn before(&mut self, commits: Vec<Arc<Commit>>) {
        commits.into_iter().rev().for_each(|commit| self.commits.push_front(commit));
    }

    /// The commit after which more is to be read.
    pub fn wants_after(&self) -> Option<u64> {
        let last = self.commits.back()?;
        let past = last.events.last().is_some_and(|sealed| sealed.event.no >= self.until);
        let whole = self.ended || past || self.topic() == Some(Topic::Plain) || self.last().is_some();
        (!whole).then_some(last.seq)
    }

    /// Takes in commits right after those that are there; none: the session ends here.
    pub fn after(&mut self, commits: Vec<Arc<Commit>>) {
        self.ended = commits.is_empty();
        self.commits.extend(commits);
    }

    /// The contents that the page needs.
    pub fn contents(&self) -> Vec<Hash> {
        let own = self.found().map(|(_, sealed)| sealed);
        let output = |sealed: &Sealed| sealed.event.fact.output().and_then(|output| output.blob);
        self.about().chain(own).filter_map(output).collect()
    }

    /// The request that the page is about: the last of the turn up to the event, else the first after it.
    pub fn asked(&self) -> Option<&Sealed> {
        let own = self.found().map(|(_, sealed)| sealed);
        if let Some(asked) = own.filter(|own| matches!(own.event.fact, Fact::CompactAsked(_))) {
            return Some(asked);
        }
        if self.topic()? != Topic::Turn {
            return None;
        }
        let is_asked = |sealed: &&Sealed| matches!(sealed.event.fact, Fact::ModelAsked { .. });
        self.about().filter(is_asked).take_while(|sealed| sealed.event.no <= self.subject.no).last()
    }
}

fn is_turn(fact: &Fact) -> bool {
    matches!(fact, Fact::ModelAsked { .. } | Fact::ModelReplied { .. } | Fact::ModelFailed { .. })
}
