//! Whether a stored session is what this program would have written: commit by commit, each fact against what the door
//! makes of the same input at the same state.
//!
//! For every stored fact the input is told back (`verify_input`), `decide` and `outcome` are asked anew, `next` by them, and
//! what comes out is compared with what the log says. What only the moment could know (a model's words, a verdict, an
//! output, the jitter of a wait) is taken from the log; everything that follows from it must follow. The state is the one
//! `Session::apply`, with what is over let go, so a million events need no more memory than what is open at once.

use crate::domain::call::CallState;
use crate::domain::commit::{Class, Commit, Denial, Head, Sealed, may_say};
use crate::domain::event::{Event, Fact, Lapse};
use crate::domain::ids::{CallId, EventNo, SessionId};
use crate::domain::next::{Step, next};
use crate::domain::order::Refusal;
use crate::domain::place::place;
use crate::domain::run::Turn;
use crate::domain::session::Session;
use crate::domain::span_tree::SpanTree;
use crate::domain::time::Micros;
use crate::domain::verify_input::{Told, told};
use crate::domain::verify_words::{differing, fact_words, missing_words, refused_words, step_words};
use std::collections::HashSet;

/// Between the decision to start a call and the stamp of its event lie microseconds; this much is no difference.
const STAMP_MS: u64 = 1_000;

/// What a session must hold to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Numbers, hashes, seals, terms and classes follow each other.
    Chain,
    /// Time never goes back.
    Time,
    /// Spans are a tree, and each event stands in the one it belongs to.
    Spans,
    /// Every start has one end.
    Ends,
    /// What ran was decided: allowed, or approved with the same hash, not expired, once.
    Decided,
    /// Each call has one result.
    Result,
    /// What the log says is what the state and the input lead to.
    Derived,
}

impl Rule {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Chain => "chain",
            Rule::Time => "time",
            Rule::Spans => "spans",
            Rule::Ends => "ends",
            Rule::Decided => "decided",
            Rule::Result => "result",
            Rule::Derived => "derived",
        }
    }
}

/// The first event that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The event.
    pub no: EventNo,
    /// Its kind; empty where it is missing or cannot be read.
    pub kind: String,
    /// What it breaks.
    pub rule: Rule,
    /// What is wrong, as a sentence; not cleaned.
    pub why: String,
    /// What should stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl Finding {
    /// Damage that the store itself found while it read.
    pub fn damage(no: EventNo, why: &str) -> Finding {
        Finding {
            no,
            kind: String::new(),
            rule: Rule::Chain,
            why: format!("the stored chain breaks here: {why}"),
            expected: "an event that continues the chain".to_string(),
            found: why.to_string(),
        }
    }
}

/// What a check of a session came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The session.
    pub session: SessionId,
    /// Its title, as last given.
    pub title: String,
    /// Events that were checked.
    pub events: u64,
    /// Commits that were checked.
    pub commits: u64,
    /// Tasks.
    pub runs: u32,
    /// Calls asked for.
    pub calls: usize,
    /// What is open at the end, in words: a session under way, or one that was left, is no fault.
    pub open: Vec<String>,
    /// From which event on facts of unknown kinds keep decisions from being derived; the chain is checked beyond.
    pub unread_from: Option<EventNo>,
    /// What is wrong first, if anything.
    pub finding: Option<Finding>,
}

impl Verified {
    /// Whether nothing was found.
    pub fn whole(&self) -> bool {
        self.finding.is_none()
    }
}

/// Checks one session, commit by commit.
#[derive(Debug)]
pub struct Verifier {
    session: Session,
    head: Head,
    tree: SpanTree,
    messages_let_go: u64,
    commits: u64,
    demanded: Vec<CallId>,
    unclocked: HashSet<CallId>,
    unread_from: Option<EventNo>,
    finding: Option<Finding>,
}

impl Verifier {
    /// Before the first commit.
    pub fn new(id: SessionId) -> Verifier {
        Verifier {
            session: Session::new(id),
            head: Head::start(),
            tree: SpanTree::default(),
            messages_let_go: 0,
            commits: 0,
            demanded: Vec::new(),
            unclocked: HashSet::new(),
            unread_from: None,
            finding: None,
        }
    }

    /// Whether something was found; what follows it says nothing any more.
    pub fn found(&self) -> bool {
        self.finding.is_some()
    }

    /// Events checked so far.
    pub fn events(&self) -> u64 {
        self.session.last.0
    }

    /// Takes in the next commit.
    pub fn apply(&mut self, commit: &Commit) {
        if self.found() {
            return;
        }
        if let Err(finding) = self.checked(commit) {
            self.finding = Some(finding);
        }
    }

    /// The store found damage behind what was taken in.
    pub fn damaged(&mut self, no: EventNo, why: &str) {
        self.finding.get_or_insert_with(|| Finding::damage(no, why));
    }

    /// What it came to.
    pub fn finish(self) -> Verified {
        Verified {
            open: if self.found() { Vec::new() } else { open(&self.session) },
            title: self.session.title.clone(),
            events: self.session.last.0,
            commits: self.commits,
            runs: self.session.run.as_ref().map_or(0, |run| run.no.0),
            calls: self.session.calls_asked(),
            session: self.session.id,
            unread_from: self.unread_from,
            finding: self.finding,
        }
    }

    fn checked(&mut self, commit: &Commit) -> Result<(), Finding> {
        let head = self.head.admit(commit).map_err(|denial| chain(&self.head, commit, &denial))?;
        let mut rest = commit.events.as_slice();
        while let Some(first) = rest.first() {
            let many = self.input(commit.class, rest, &first.event)?;
            rest = rest.get(many..).unwrap_or_default();
        }
        self.head = head;
        self.commits += 1;
        self.messages_let_go += self.session.let_go();
        if commit.class == Class::Worker {
            self.demanded.clear();
        }
        // What the worker does next it chose at one of the states since its last word: operators write beside it.
        if let Step::JudgeCall(call) | Step::RunCall(call) = next(&self.session)
            && !self.demanded.contains(&call)
        {
            self.demanded.push(call);
        }
        Ok(())
    }

    /// Checks the events that one input made; tells how many they are.
    fn input(&mut self, class: Class, rest: &[Sealed], first: &Event) -> Result<usize, Finding> {
        if first.at < self.session.updated_at {
            let (found, before) = (first.at.rfc3339(), self.session.updated_at.rfc3339());
            let why = "its time is before that of the event before it".to_string();
            return Err(finding(first, Rule::Time, why, format!("{before} or later"), found));
        }
        if matches!(first.fact, Fact::Unknown { .. }) {
            self.unread_from.get_or_insert(first.no);
        }
        // Nothing of what another tool did was decided here: chain, times and spans are all there is to check.
        if self.unread_from.is_some() || class == Class::Importer {
            return self.take(first).map(|()| 1);
        }
        if !self.session.is_open() && !matches!(first.fact, Fact::SessionOpened { .. }) {
            let why = "a session begins with its opening".to_string();
            return Err(finding(
                first,
                Rule::Derived,
                why,
                "SessionOpened".to_string(),
                fact_words(&first.fact),
            ));
        }
        let expected = self.expected(class, rest, first)?;
        let many = expected.len();
        for (at, wanted) in expected.iter().enumerate() {
            let Some(sealed) = rest.get(at) else { return Err(missing(&self.session, wanted)) };
            compare(&self.session, wanted, &sealed.event)?;
        }
        for sealed in &rest[..many] {
            self.take(&sealed.event)?;
        }
        Ok(many)
    }

    /// The events that the door makes of the input which the first fact tells of.
    fn expected(&self, class: Class, rest: &[Sealed], first: &Event) -> Result<Vec<Event>, Finding> {
        let refused = |why: &Refusal| {
            let (rule, why) = refused_words(&self.session, &first.fact, why);
            finding(first, rule, why, self.demand(), fact_words(&first.fact))
        };
        let told: Told = told(&self.session, class, rest)
            .ok_or_else(|| refused(&Refusal::Stray("nothing that is said or learned here leads to it")))?;
        let facts = told.facts(&self.session, self.moment(first)).map_err(|why| refused(&why))?;
        let facts = told.with_the_log(facts, rest, self.messages_let_go);
        if let Fact::CallJudged { call, .. } | Fact::CallRefused { call, .. } = &first.fact
            && !self.demanded.contains(call)
        {
            return Err(refused(&Refusal::Stray("it was another call's turn")));
        }
        Ok(place(&self.session, first.at, facts))
    }

    /// The time of the decision, as late as it may have been told from the event; for a start as early, so that an approval
    /// which ran out in between is none that had run out.
    fn moment(&self, event: &Event) -> Micros {
        let early = Micros(event.at.0.saturating_sub(Micros(0).plus_ms(STAMP_MS).0));
        if let Fact::CallStarted { call, .. } = &event.fact {
            if self.unclocked.contains(call) { Micros(i64::MIN) } else { early }
        } else if let Fact::CallLapsed { why: Lapse::TargetChanged, .. } = &event.fact {
            early
        } else {
            event.at
        }
    }

    /// What the session needs next, in words.
    fn demand(&self) -> String {
        step_words(&next(&self.session))
    }

    /// Takes one event that fits into the state and the tree of spans.
    fn take(&mut self, event: &Event) -> Result<(), Finding> {
        self.session.apply(event);
        self.tree.apply(event);
        if let Fact::CallJudged { call, .. } = &event.fact
            && self.session.call(*call).is_none_or(|call| call.ended())
        {
            self.tree.denied(event);
        }
        if let Fact::CallApproved { call, expires, .. } = &event.fact {
            // Written past its own end: the clock had gone back, and the log cannot tell the time of its start.
            if *expires < event.at {
                self.unclocked.insert(*call);
            } else {
                self.unclocked.remove(call);
            }
        }
        match self.tree.faults().first() {
            Some(fault) => {
                let found = format!("{} in span {} of {}", event.fact.kind(), event.span, event.parent);
                let expected =
                    "each span opened once, in an open one of the kind that holds it, and ended once";
                Err(finding(event, Rule::Spans, fault.why.to_string(), expected.to_string(), found))
            }
            None => Ok(()),
        }
    }
}

fn finding(event: &Event, rule: Rule, why: String, expected: String, found: String) -> Finding {
    Finding { no: event.no, kind: event.fact.kind().to_string(), rule, why, expected, found }
}

/// An event that should have followed in the same commit.
fn missing(session: &Session, wanted: &Event) -> Finding {
    let (rule, why) = missing_words(session, &wanted.fact);
    Finding {
        no: wanted.no,
        kind: String::new(),
        rule,
        why,
        expected: fact_words(&wanted.fact),
        found: "the commit ends before it".to_string(),
    }
}

fn compare(session: &Session, wanted: &Event, found: &Event) -> Result<(), Finding> {
    if wanted.fact != found.fact {
        let (rule, why, expected, found_words) = differing(session, &wanted.fact, &found.fact);
        return Err(finding(found, rule, why, expected, found_words));
    }
    let place = |event: &Event| format!("run {}, span {} in {}", event.run, event.span, event.parent);
    if (wanted.run, wanted.span, wanted.parent) != (found.run, found.span, found.parent) {
        let why = "it stands in another span than the one it belongs to".to_string();
        return Err(finding(found, Rule::Spans, why, place(wanted), place(found)));
    }
    Ok(())
}

/// A commit that the fold rule of the log does not admit.
fn chain(head: &Head, commit: &Commit, denial: &Denial) -> Finding {
    let at = |no: EventNo| commit.events.iter().find(|sealed| sealed.event.no == no);
    let first = head.event.after();
    let (no, expected) = match denial {
        Denial::Broken { no, .. } => (*no, "an event that continues the chain".to_string()),
        Denial::NotNext { .. } => (first, format!("commit {} after {}", head.seq + 1, head.commit)),
        Denial::Fenced { .. } => (first, format!("a commit of term {}, or a takeover", head.epoch)),
        Denial::Imported { .. } => {
            (first, "an importer in a session of its own, and nobody else there".to_string())
        }
        Denial::Empty => (first, "a commit with at least one event".to_string()),
        Denial::NotYours { .. } => {
            let odd = commit.events.iter().find(|sealed| !may_say(commit.class, &sealed.event.fact));
            let who = match commit.class {
                Class::Worker => "what the worker learned or does: a decision is a person's",
                Class::Operator => "what a person says: an act is the worker's",
                Class::Importer => "what another tool recorded",
            };
            (odd.map_or(first, |sealed| sealed.event.no), who.to_string())
        }
    };
    let kind = at(no).map_or_else(String::new, |sealed| sealed.event.fact.kind().to_string());
    Finding { no, kind, rule: Rule::Chain, why: denial.to_string(), expected, found: denial.to_string() }
}

/// What is open at the end of what was read.
fn open(session: &Session) -> Vec<String> {
    let Some(run) = session.live() else { return Vec::new() };
    let mut open = Vec::new();
    if let Turn::Asked { span, .. } = &run.turn {
        open.push(format!("the model was asked ({span}) and has not answered yet"));
    }
    for call in session.open_calls() {
        let how = match call.state {
            CallState::Proposed => "waits for the policy",
            CallState::Held => "waits for a decision",
            CallState::Cleared { .. } => "may start and has not",
            CallState::Started => "was started and has not ended yet",
            CallState::Interrupted => "was interrupted and is to run again",
            CallState::Unknown => "waits to be settled: its outcome is unknown",
            CallState::Ended(_) | CallState::Unrecorded => continue,
        };
        open.push(format!("call {} {how}", call.id));
    }
    if open.is_empty() {
        open.push(format!("the task is not over: {}", step_words(&next(session))));
    }
    open
}
