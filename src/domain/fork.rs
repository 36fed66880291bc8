//! A session that begins as a copy of another, up to an event, and what is changed in it.
//!
//! The copies are the parent's stored bytes, so the fork's chain has the parent's hash at that event: anybody can hold the
//! two logs against each other. They become durable in one commit with `SessionForked`, which closes them: what was under
//! way goes on in the parent and not here, and every call that is not over is judged and asked about again. So an
//! approval given in the parent is read in the fork, and never used.

use crate::domain::call::{By, Call, CallState};
use crate::domain::commit::{Class, Commit, Head, Sealed};
use crate::domain::decide::{Kit, decide, state_word};
use crate::domain::event::{Event, Fact, Parent};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, CommitId, Epoch, EventNo, SessionId};
use crate::domain::marks::Marks;
use crate::domain::message::{Message, Usage};
use crate::domain::money::Spent;
use crate::domain::order::{Order, Refusal};
use crate::domain::place::place;
use crate::domain::run::Turn;
use crate::domain::session::Session;
use crate::domain::time::Micros;
use crate::domain::tool_spec::Effect;
use serde_json::Value;
use std::sync::Arc;

/// What is to be other than it was in the parent; nothing: as it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Twist {
    /// Other arguments for calls; they are judged, and asked about, as edited.
    pub args: Vec<(CallId, Value)>,
    /// Calls that are rejected, and why.
    pub reject: Vec<(CallId, String)>,
    /// Calls that are answered in the tool's place.
    pub respond: Vec<(CallId, String)>,
    /// Another model from here on.
    pub model: Option<String>,
    /// Other instructions in the place of those the agent was given at the beginning.
    pub instructions: Option<String>,
    /// A message to the agent, read before its next turn; for a task that is over: the next task.
    pub note: Option<String>,
}

/// What a fork is made of beside the copies.
#[derive(Clone, Debug)]
pub struct Fork<'a> {
    /// The new session's id.
    pub id: &'a SessionId,
    /// The folder it works in.
    pub workspace: &'a str,
    /// The manifest of the files that lie there.
    pub files: Option<Hash>,
    /// What is changed.
    pub twist: &'a Twist,
    /// Who forks.
    pub by: &'a By,
    /// The program and its version.
    pub program: &'a str,
}

/// The one commit that makes the fork: the parent's events as stored, up to the one forked at, then what is new.
pub fn commit(
    fork: &Fork<'_>,
    parent: &SessionId,
    copies: Vec<Sealed>,
    fresh: CommitId,
    kit: &Kit<'_>,
) -> Result<Commit, Refusal> {
    let (own, now) = own(fork, parent, &copies, kit)?;
    Ok(sealed(fork, copies, own, fresh, now))
}

/// Whether the fork could be made so.
pub fn check(fork: &Fork<'_>, parent: &SessionId, copies: &[Sealed], kit: &Kit<'_>) -> Result<(), Refusal> {
    own(fork, parent, copies, kit).map(|_| ())
}

/// What is new in the fork, and when.
fn own(
    fork: &Fork<'_>,
    parent: &SessionId,
    copies: &[Sealed],
    kit: &Kit<'_>,
) -> Result<(Vec<Event>, Micros), Refusal> {
    let Some(last) = copies.last() else { return Err(Refusal::NotOpen) };
    let (hash, at) = (last.hash, last.event.no);
    let mut session = Session::new(fork.id.clone());
    copies.iter().for_each(|sealed| session.apply(&sealed.event));
    if let Some(imported) = &session.imported {
        return Err(Refusal::Imported(imported.tool.clone())); // who allowed what is not recorded there
    }
    let first = Fact::SessionForked {
        parent: Parent { session: parent.clone(), at },
        hash,
        workspace: fork.workspace.to_string(),
        files: fork.files,
        model: fork.twist.model.clone(),
        instructions: fork.twist.instructions.clone(),
        by: fork.by.clone(),
        program: fork.program.to_string(),
    };
    let now = kit.now.max(session.updated_at);
    let mut own = add(&mut session, now, vec![first]);
    for (call, args) in &fork.twist.args {
        let facts = edited(&session, *call, args, fork.by, kit)?;
        own.extend(add(&mut session, now, facts));
    }
    for (call, reason) in &fork.twist.reject {
        open(&session, *call)?;
        let (by, reason) = (fork.by.clone(), reason.trim().to_string());
        own.extend(add(&mut session, now, vec![Fact::CallRejected { call: *call, by, reason }]));
    }
    for (call, text) in &fork.twist.respond {
        open(&session, *call)?;
        let (by, text) = (fork.by.clone(), text.trim().to_string());
        if text.is_empty() {
            return Err(Refusal::EmptyText);
        }
        own.extend(add(&mut session, now, vec![Fact::CallAnswered { call: *call, by, text }]));
    }
    if let Some(note) = &fork.twist.note {
        let order = match session.live() {
            Some(_) => Order::Steer(note.clone()),
            None => Order::Say(note.clone()),
        };
        let facts = decide(&session, &order, fork.by, kit)?;
        own.extend(add(&mut session, now, facts));
    }
    Ok((own, now))
}

/// Places facts after what `session` has seen, and applies them.
fn add(session: &mut Session, now: Micros, facts: Vec<Fact>) -> Vec<Event> {
    let events = place(session, now, facts);
    events.iter().for_each(|event| session.apply(event));
    events
}

fn sealed(fork: &Fork<'_>, copies: Vec<Sealed>, own: Vec<Event>, id: CommitId, at: Micros) -> Commit {
    let mut hash = copies.last().map_or(Hash::ZERO, |sealed| sealed.hash);
    let mut events = copies;
    for event in own {
        let json: Arc<str> = event.to_json().into();
        hash = Hash::chained(hash, json.as_bytes());
        events.push(Sealed { event, json, hash });
    }
    let start = Head::start();
    Commit {
        id,
        session: fork.id.clone(),
        prev: start.commit,
        seq: 1,
        epoch: start.epoch,
        class: Class::Operator,
        writer: fork.by.to_string(),
        at,
        events,
    }
}

/// The call, if it can be decided on at the event forked at.
fn open(session: &Session, id: CallId) -> Result<&Call, Refusal> {
    let call = session.call(id).ok_or(Refusal::NoCall(id))?;
    let asked = session.live().is_some_and(|run| run.cancel.is_none()) && !call.ended();
    match asked && session.open_calls().any(|open| open.id == id) {
        true => Ok(call),
        false => Err(Refusal::OverAtFork { call: id, state: state_word(call) }),
    }
}

/// Whether a fork may begin with this change.
pub(in crate::domain) fn may_change(session: &Session, fact: &Fact) -> bool {
    let is_open = fact.call().is_some_and(|id| open(session, id).is_ok());
    is_open && !matches!(fact, Fact::CallAnswered { text, .. } if text.is_empty())
}

fn edited(session: &Session, id: CallId, args: &Value, by: &By, kit: &Kit<'_>) -> Result<Vec<Fact>, Refusal> {
    let call = open(session, id)?;
    let faults = kit.tools.get(&call.tool).ok_or(Refusal::NoCall(id))?.schema.check(args);
    match faults.is_empty() {
        true => Ok(vec![Fact::CallEdited { call: id, args: args.clone(), by: by.clone() }]),
        false => Err(Refusal::BadArguments(faults)),
    }
}

impl Session {
    /// A process has it from here on.
    pub(in crate::domain) fn taken(&mut self, holder: &str, epoch: Epoch, at: Micros) {
        (self.holder, self.epoch) = (holder.to_string(), epoch);
        self.taken_at.get_or_insert(at);
    }

    /// How long its last run went on by `end`. Of a fork only from when it was taken up: it may have lain there for days
    /// before; none while it lies there.
    pub fn run_ms(&self, end: Micros) -> Option<u64> {
        let run = self.run.as_ref()?;
        let end = run.ended.as_ref().map_or(end, |(_, _, at)| end.min(*at));
        let begun = match (&self.parent, self.taken_at) {
            (None, _) => run.started_at,
            (Some(_), Some(taken)) if taken <= end => run.started_at.max(taken),
            (Some(_), _) if run.ended.is_some() => run.started_at, // it was over before
            (Some(_), _) => return None,
        };
        Some(end.ms_since(begun))
    }

    /// What was under way in the parent goes on there. Here nothing is: a request is asked again, a call that is not over
    /// is judged again, and what a person or the policy had said to it is only history.
    pub(in crate::domain) fn fork(&mut self, event: &Event) {
        let Fact::SessionForked { parent, workspace, files, model, instructions, .. } = &event.fact else {
            return;
        };
        self.parent = Some(parent.clone());
        self.opened_at = event.at;
        self.workspace.clone_from(workspace);
        self.epoch = Epoch(0);
        self.holder.clear();
        self.taken_at = None;
        (self.usage, self.spent) = (Usage::default(), Spent::default());
        self.marks = Marks::default();
        self.kept = *files;
        self.changed = false;
        self.leases.clear(); // they were given in the parent
        self.context.forked(model.as_deref());
        if let Some(text) = instructions {
            self.instruct(text);
        }
        let Some(run) = &mut self.run else { return };
        if let Some(model) = model {
            run.model.clone_from(model);
        }
        if run.ended.is_some() {
            return;
        }
        run.compacting = None;
        run.permits = 0; // the steps that were allowed are the parent's
        run.warned.clear(); // and so is what was taken
        if matches!(run.turn, Turn::Asked { .. } | Turn::Failed { .. }) {
            run.turn = Turn::Ready;
        }
        for id in run.open_calls.clone() {
            let Some(call) = self.call_mut(id).filter(|call| !call.ended()) else { continue };
            let decided = match call.state {
                CallState::Proposed => call.edited.is_some(),
                CallState::Held => false,
                CallState::Cleared { .. }
                | CallState::Started
                | CallState::Interrupted
                | CallState::Unknown
                | CallState::Unrecorded
                | CallState::Ended(_) => true,
            };
            call.carried |= decided || call.approval.is_some();
            (call.approval, call.leased) = (None, None);
            call.consent.apply(&event.fact);
            call.hash = None;
            call.edit_refused = None;
            call.starts = 0;
            call.state = CallState::Proposed;
            call.since = event.at;
        }
        self.take_steers();
    }

    /// Other instructions in the place of the first.
    fn instruct(&mut self, text: &str) {
        let before = std::mem::replace(&mut self.instructions, text.to_string());
        if !before.is_empty() {
            self.context.unsaid(&Message::System { text: before });
        }
        self.context.forget();
        let instructions = Arc::new(Message::System { text: text.to_string() });
        if !text.is_empty() {
            self.context.said(&instructions);
        }
        if self.onlooker {
            return;
        }
        let said = Arc::make_mut(&mut self.transcript);
        let is_system = said.first().is_some_and(|first| matches!(**first, Message::System { .. }));
        if is_system {
            said.remove(0);
            self.context.places.remove(0);
        }
        if !text.is_empty() {
            said.insert(0, instructions);
            self.context.places.insert(0, self.last);
        }
    }
}

/// Finds the event to fork at for a change of a call: the last one before it was decided on or begun, else the last of
/// all. Fed with all events of the session, in order.
#[derive(Clone, Debug)]
pub struct BeforeDecision {
    call: CallId,
    asked: bool,
    decided: Option<EventNo>,
    last: EventNo,
}

impl BeforeDecision {
    /// For a change of `call`.
    pub fn new(call: CallId) -> BeforeDecision {
        BeforeDecision { call, asked: false, decided: None, last: EventNo(0) }
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: &Event) {
        let fact = &event.fact;
        self.last = event.no;
        self.asked |= fact.asks().any(|(call, _)| call == self.call);
        let decides = fact.call() == Some(self.call)
            && !matches!(fact, Fact::CallJudged { .. } | Fact::CallLapsed { .. });
        if decides && self.decided.is_none() {
            self.decided = Some(EventNo(event.no.0.saturating_sub(1)));
        }
    }

    /// The event; none where the call was never asked for.
    pub fn found(&self) -> Option<EventNo> {
        self.asked.then(|| self.decided.unwrap_or(self.last))
    }
}

/// Whether a call that the policy allows is asked about all the same: a person had decided on it, or it had begun, in the
/// session that this one was forked from.
pub(in crate::domain) fn asks_again(call: &Call, effect: Effect) -> bool {
    call.carried && effect != Effect::ReadOnly
}
