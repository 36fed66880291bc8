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
use crate::domain::order::{Order, Refusal};
use crate::domain::place::place;
use crate::domain::run::Turn;
use crate::domain::session::Session;
use crate::domain::time::Micros;
use crate::domain::tool_spec::Effect;
use serde_json::Value;
use std::collections::HashMap;
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
    Ok(sealed(fork, copies, own, fresh, now))
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
    /// What was under way in the parent goes on there. Here nothing is: a request is asked again, a call that is not over
    /// is judged again, and what a person or the policy had said to it is only history.
    pub(in crate::domain) fn fork(&mut self, event: &Event) {
        let Fact::SessionForked { parent, workspace, files, model, instructions, .. } = &event.fact else {
            return;
        };
        self.parent = Some(parent.clone());
        self.workspace.clone_from(workspace);
        self.epoch = Epoch(0);
        self.holder.clear();
        self.usage = Usage::default();
        self.marks = Marks::default();
        self.kept = *files;
        self.changed = false;
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
        run.permits = 0; // the steps that were allowed are the parent's
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
            call.approval = None;
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
        self.instructions = text.to_string();
        if self.onlooker {
            return;
        }
        let said = Arc::make_mut(&mut self.transcript);
        let is_system = said.first().is_some_and(|first| matches!(**first, Message::System { .. }));
        if is_system {
            said.remove(0);
        }
        if !text.is_empty() {
            said.insert(0, Arc::new(Message::System { text: text.to_string() }));
        }
    }
}

/// Which files belong to an event of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilesAt {
    /// Those of a manifest.
    Kept(Hash),
    /// Those that lie in the workspace now: nothing was kept since, and as far as the log knows nothing has changed them.
    Now,
    /// Nobody knows: a call that may have changed them ran later, and nothing was kept before it.
    Lost {
        /// Its start.
        at: EventNo,
    },
}

/// Finds out which files belong to an event: fed with all events of the session, in order.
///
/// Files are kept right before a call that may change them, and at the end of a run that did. So the files of an event are
/// those kept before it if no such call has ended between, else those kept next after it, if none was running or began
/// before that.
#[derive(Clone, Debug)]
pub struct FileTrail {
    at: EventNo,
    kept: Option<Hash>,
    /// Whether a call has changed them since, or they were not put back whole.
    changed: bool,
    changing: HashMap<CallId, bool>,
    /// The start of a call that may be changing them.
    running: Option<EventNo>,
    /// The files that are being put back.
    restoring: Option<Hash>,
    later: Option<FilesAt>,
}

impl FileTrail {
    /// For the files of event `at`.
    pub fn new(at: EventNo) -> FileTrail {
        let changing = HashMap::new();
        FileTrail { at, kept: None, changed: false, changing, running: None, restoring: None, later: None }
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: &Event) {
        if event.no > self.at {
            return self.after(event);
        }
        let fact = &event.fact;
        if let Fact::CallStarted { call, .. } = fact {
            self.running = self.running.or(self.may_change(*call).then_some(event.no));
        } else if let Fact::CallEnded { call, .. }
        | Fact::CallInterrupted { call }
        | Fact::CallUnknown { call } = fact
        {
            if self.may_change(*call) {
                (self.changed, self.running) = (true, None); // calls that change things run one at a time
            }
        } else if let Fact::WorkspaceKept { manifest, .. } = fact {
            self.lie_there(Some(*manifest));
        } else if let Fact::SessionForked { files, .. } = fact {
            self.lie_there(*files);
        } else if let Fact::RestoreStarted { manifest, .. } = fact {
            (self.restoring, self.changed) = (Some(*manifest), true);
        } else if let Some(manifest) = self.put_back(fact) {
            self.lie_there(Some(manifest));
        }
        self.learn(fact);
    }

    fn lie_there(&mut self, manifest: Option<Hash>) {
        (self.kept, self.changed, self.running, self.restoring) = (manifest, false, None, None);
    }

    /// The files that lie there where a fact tells that they were put back, each of them.
    fn put_back(&mut self, fact: &Fact) -> Option<Hash> {
        let Fact::RestoreEnded { failed, .. } = fact else { return None };
        self.restoring.take().filter(|_| *failed == 0)
    }

    fn after(&mut self, event: &Event) {
        if self.later.is_some() {
            return;
        }
        if let Some(at) = self.running {
            self.later = Some(FilesAt::Lost { at }); // what is kept next holds what it did
        } else if let Some(manifest) = self.put_back(&event.fact) {
            self.later = Some(FilesAt::Kept(manifest));
        } else if let Fact::WorkspaceKept { manifest, .. } = &event.fact {
            self.later = Some(FilesAt::Kept(*manifest));
        } else if let Fact::RestoreStarted { before, .. } = &event.fact {
            self.later = Some(FilesAt::Kept(*before));
        } else if let Fact::SessionForked { files: Some(manifest), .. } = &event.fact {
            self.later = Some(FilesAt::Kept(*manifest));
        } else if let Fact::CallStarted { call, .. } = &event.fact
            && self.may_change(*call)
        {
            self.later = Some(FilesAt::Lost { at: event.no });
        }
        self.learn(&event.fact);
    }

    fn learn(&mut self, fact: &Fact) {
        if let Fact::CallJudged { call, effect, touches, .. } = fact {
            self.changing.insert(*call, crate::domain::call::may_change_files(*effect, touches));
        }
    }

    /// A call of which nothing is known may change anything.
    fn may_change(&self, call: CallId) -> bool {
        self.changing.get(&call).copied().unwrap_or(true)
    }

    /// The files of the event.
    pub fn files(&self) -> FilesAt {
        match self.kept {
            Some(manifest) if !self.changed => FilesAt::Kept(manifest),
            Some(_) | None => self.later.unwrap_or(FilesAt::Now),
        }
    }
}

/// The event to fork at for a change of `call`: the last one before it was decided on or begun, else the last of all.
pub fn before_decision(events: &[Event], call: CallId) -> Option<EventNo> {
    let decides = |event: &&Event| {
        event.fact.call() == Some(call)
            && !matches!(event.fact, Fact::CallJudged { .. } | Fact::CallLapsed { .. })
    };
    let asked = events
        .iter()
        .any(|event| matches!(&event.fact, Fact::ModelReplied { calls, .. } if calls.contains(&call)));
    let decided = events.iter().find(decides).map(|event| EventNo(event.no.0.saturating_sub(1)));
    asked.then(|| decided.or_else(|| events.last().map(|event| event.no))).flatten()
}

/// Whether a call that the policy allows is asked about all the same: a person had decided on it, or it had begun, in the
/// session that this one was forked from.
pub(in crate::domain) fn asks_again(call: &Call, effect: Effect) -> bool {
    call.carried && effect != Effect::ReadOnly
}
