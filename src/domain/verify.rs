//! Whether a stored session is what this program would have written: commit by commit, each fact against what the door
//! makes of the same input at the same state.
//!
//! For every stored fact the input is told back (`verify_input`), `decide` and `outcome` are asked anew, `next` by them, and
//! what comes out is compared with what the log says. What only the moment could know (a model's words, a verdict, an
//! output, the jitter of a wait) is taken from the log; everything that follows from it must follow. The state is the one
//! `Session::apply`, with what is over let go, so a million events need no more memory than what is open at once.

use crate::domain::commit::{Class, Commit, Head, Sealed};
use crate::domain::event::{Event, Fact, Lapse};
use crate::domain::ids::{CallId, EventNo, SessionId};
use crate::domain::next::{Step, next};
use crate::domain::order::Refusal;
use crate::domain::place::place;
use crate::domain::session::Session;
use crate::domain::span_tree::SpanTree;
use crate::domain::time::Micros;
use crate::domain::verify_fork::{is_twist, twisted};
use crate::domain::verify_input::{Told, told};
use crate::domain::verify_words::{
    chain, differing, fact_words, missing_words, open, refused_words, step_words,
};
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
    pub(in crate::domain) session: Session,
    head: Head,
    tree: SpanTree,
    commits: u64,
    demanded: Vec<CallId>,
    unclocked: HashSet<CallId>,
    twisted_at: Option<Micros>,
    is_restoring: bool,
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
            commits: 0,
            demanded: Vec::new(),
            unclocked: HashSet::new(),
            twisted_at: None,
            is_restoring: false,
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
        let (copies, own) = commit.events.split_at(self.head.copies(commit));
        self.copied(copies)?;
        let mut rest = own;
        while let Some(first) = rest.first() {
            self.in_time(&first.event)?;
            let many = if self.is_read(commit.class, &first.event) {
                self.derived(commit.class, rest, false)?
            } else {
                1
            };
            let (now, then) = rest.split_at(many);
            now.iter().try_for_each(|sealed| self.take(&sealed.event))?;
            rest = then;
        }
        self.head = head;
        self.commits += 1;
        self.session.let_go();
        self.demand_after(commit.class, own);
        Ok(())
    }

    /// What the worker does next it chose at one of the states since its last word: operators write beside it, and files
    /// are kept between the choice and the deed.
    pub(in crate::domain) fn demand_after(&mut self, class: Class, said: &[Sealed]) {
        let keeps = |sealed: &Sealed| {
            matches!(sealed.event.fact, Fact::WorkspaceKept { .. } | Fact::WorkspaceMissed { .. })
        };
        if class == Class::Worker && !said.iter().all(keeps) {
            self.demanded.clear();
        }
        if let Step::JudgeCall(call) | Step::RunCall(call) = next(&self.session)
            && !self.demanded.contains(&call)
        {
            self.demanded.push(call);
        }
    }

    /// Time never goes back.
    pub(in crate::domain) fn in_time(&self, event: &Event) -> Result<(), Finding> {
        if event.at >= self.session.updated_at {
            return Ok(());
        }
        let (found, before) = (event.at.rfc3339(), self.session.updated_at.rfc3339());
        let why = "its time is before that of the event before it".to_string();
        Err(finding(event, Rule::Time, why, format!("{before} or later"), found))
    }

    /// Whether what leads to an event can be told. Nothing of what another tool did was decided here: chain, times and spans
    /// are all there is to check.
    pub(in crate::domain) fn is_read(&mut self, class: Class, event: &Event) -> bool {
        if matches!(event.fact, Fact::Unknown { .. }) {
            self.unread_from.get_or_insert(event.no);
        }
        self.unread_from.is_none() && class != Class::Importer
    }

    /// Holds the events that one input made against what the door makes of it; tells how many they are. Where the log is
    /// `cut` behind `rest`, what would follow is not missed.
    pub(in crate::domain) fn derived(
        &self,
        class: Class,
        rest: &[Sealed],
        cut: bool,
    ) -> Result<usize, Finding> {
        let Some(first) = rest.first().map(|sealed| &sealed.event) else { return Ok(0) };
        if !self.session.is_open() && !matches!(first.fact, Fact::SessionOpened { .. }) {
            let why = "a session begins with its opening".to_string();
            let (expected, found) = ("SessionOpened".to_string(), fact_words(&first.fact));
            return Err(finding(first, Rule::Derived, why, expected, found));
        }
        let expected = self.expected(class, rest, first)?;
        for (at, wanted) in expected.iter().enumerate() {
            match rest.get(at) {
                Some(sealed) => compare(&self.session, wanted, &sealed.event)?,
                None if cut => return Ok(at),
                None => return Err(missing(&self.session, wanted)),
            }
        }
        Ok(expected.len())
    }

    /// The events that the door makes of the input which the first fact tells of.
    fn expected(&self, class: Class, rest: &[Sealed], first: &Event) -> Result<Vec<Event>, Finding> {
        let refused = |why: &Refusal| {
            let (rule, why) = refused_words(&self.session, &first.fact, why);
            finding(first, rule, why, self.demand(), fact_words(&first.fact))
        };
        let told: Option<Told> = match self.twisted_at == Some(first.at) {
            true => twisted(&self.session, &first.fact).or_else(|| told(&self.session, class, rest)),
            false => told(&self.session, class, rest),
        };
        let told = told
            .filter(|_| self.is_restoring || !matches!(first.fact, Fact::RestoreEnded { .. }))
            .ok_or_else(|| refused(&Refusal::Stray("nothing that is said or learned here leads to it")))?;
        let facts = told
            .facts(&self.session, self.moment(first, rest.get(1).map(|sealed| &sealed.event.fact)))
            .map_err(|why| refused(&why))?;
        let facts = told.with_the_log(facts, rest);
        if facts.is_empty() {
            return Err(refused(&Refusal::Stray("nothing is said where nothing has changed")));
        }
        if let Fact::CallJudged { call, .. } | Fact::CallRefused { call, .. } = &first.fact
            && !self.demanded.contains(call)
        {
            return Err(refused(&Refusal::Stray("it was another call's turn")));
        }
        Ok(place(&self.session, first.at, facts))
    }

    /// The time of the decision, as late as it may have been told from the event; for a start as early, so that an approval
    /// which ran out in between is none that had run out; the same for a lease that is given or used.
    fn moment(&self, event: &Event, then: Option<&Fact>) -> Micros {
        let early = Micros(event.at.0.saturating_sub(Micros(0).plus_ms(STAMP_MS).0));
        if let Fact::CallStarted { call, .. } = &event.fact {
            if self.unclocked.contains(call) { Micros(i64::MIN) } else { early }
        } else if let Fact::CallLapsed { why: Lapse::TargetChanged, .. } | Fact::LeaseGranted { .. } =
            &event.fact
        {
            early
        } else if let Some(Fact::LeaseUsed { .. }) = then {
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
    pub(in crate::domain) fn take(&mut self, event: &Event) -> Result<(), Finding> {
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
        let forked = matches!(event.fact, Fact::SessionForked { .. });
        let goes_on = self.twisted_at.filter(|_| is_twist(&event.fact));
        self.twisted_at = if forked { Some(event.at) } else { goes_on };
        if let Fact::RestoreStarted { .. } | Fact::RestoreEnded { .. } = &event.fact {
            self.is_restoring = matches!(event.fact, Fact::RestoreStarted { .. });
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

pub(in crate::domain) fn finding(
    event: &Event,
    rule: Rule,
    why: String,
    expected: String,
    found: String,
) -> Finding {
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
