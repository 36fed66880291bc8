//! What a session did, line by line: tasks, what the model said, calls with what was decided and what came of them, ends;
//! and what it took. Made to be held against that of another session.

use crate::domain::call::{Call, CallState, Ended, Output};
use crate::domain::call_fold::refused;
use crate::domain::canon::canonical;
use crate::domain::card::summary;
use crate::domain::event::{Event, Fact, Parent};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, EventNo, SessionId};
use crate::domain::message::{Args, Usage};
use crate::domain::money::Spent;
use crate::domain::policy::Word;
use crate::domain::run::{Status, Turn};
use crate::domain::session::Session;
use crate::domain::tally::ended;

/// Bytes of a text that a line keeps; two longer ones that begin alike are told apart by their hash.
const TEXT_MAX: usize = 4 * 1024;

/// Bytes of the texts that are kept so in one account; of those after, only the beginning is. So a long session can be
/// compared, and costs little more than its lines.
const ALL_MAX: usize = 8 * 1024 * 1024;
const BEGINNING_MAX: usize = 256;

/// A text as far as it is kept, and what it is in whole.
#[derive(Clone, Debug, Eq)]
pub struct Kept {
    /// The text or its beginning; not cleaned.
    pub text: String,
    /// Bytes in all.
    pub size: usize,
    hash: Hash,
}

/// What it is counts, not how much of it is kept.
impl PartialEq for Kept {
    fn eq(&self, other: &Kept) -> bool {
        (self.size, self.hash) == (other.size, other.hash)
    }
}

impl Kept {
    /// `room` is what is left of the bytes that are kept in all.
    fn of(text: &str, room: &mut usize) -> Kept {
        let max = if *room < TEXT_MAX { BEGINNING_MAX } else { TEXT_MAX };
        let cut = text.floor_char_boundary(max);
        *room = room.saturating_sub(cut);
        Kept { text: text.split_at(cut).0.to_string(), size: text.len(), hash: Hash::of(text.as_bytes()) }
    }

    /// Whether all of it is kept.
    pub fn is_whole(&self) -> bool {
        self.text.len() == self.size
    }
}

/// One tool call.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The call.
    pub call: CallId,
    /// The tool.
    pub tool: String,
    /// The arguments in one line; not cleaned.
    pub summary: String,
    /// The arguments as asked for, canonical.
    pub args: Kept,
    /// The arguments that a person put in their place, canonical.
    pub edited: Option<Kept>,
    /// What was decided: a word or two, such as `allowed`, `approved`, `rejected`.
    pub decision: &'static str,
    /// The rule that spoke, or the reason given.
    pub because: String,
    /// Who decided, where a person did.
    pub by: String,
    /// How it was over; a word.
    pub outcome: &'static str,
    /// What it gave back.
    pub output: Option<Kept>,
    /// How long it ran, in milliseconds.
    pub ran_ms: u64,
    /// What held its programs, by the profile's name; empty where nothing was said of it.
    pub sandbox: String,
}

impl Asked {
    fn say(&mut self, decision: &'static str, because: &str, by: String) {
        (self.decision, self.because, self.by) = (decision, because.to_string(), by);
    }
}

/// What a line tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// A task began.
    Task(Kept),
    /// The model said something.
    Said(Kept),
    /// A tool was called.
    Called(Box<Asked>),
    /// A person wrote to the working agent.
    Steered(Kept),
    /// A task ended: its status and why.
    Ended(&'static str, String),
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The event that began it.
    pub no: EventNo,
    /// The turn of the model it belongs to, counted over the session; 0 before the first.
    pub step: u32,
    /// What it tells.
    pub deed: Deed,
}

/// Where the time of a session went, in microseconds; each moment counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clocked {
    /// The model answered or a tool ran.
    pub working: i64,
    /// A person was waited for.
    pub waiting: i64,
    /// A task was under way and neither: a policy looked, a retry was waited out.
    pub between: i64,
    /// No task was under way.
    pub idle: i64,
}

/// What a session did and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The session.
    pub id: SessionId,
    /// Where it was forked from, if it is a fork.
    pub parent: Option<Parent>,
    /// Its title.
    pub title: String,
    /// The model of its last task, as asked for.
    pub model: String,
    /// Where it stands.
    pub status: Status,
    /// Events in all.
    pub events: u64,
    /// Tasks.
    pub runs: u32,
    /// Turns of the model that were answered.
    pub steps: u32,
    /// Tool calls.
    pub calls: u32,
    /// Requests to the model that failed.
    pub faults: u32,
    /// Tokens.
    pub usage: Usage,
    /// What they cost.
    pub spent: Spent,
    /// Where the time went.
    pub time: Clocked,
    /// What held its commands, by the profiles' names, in the order in which they came up.
    pub sandboxes: Vec<String>,
    /// What it did.
    pub lines: Vec<Line>,
}

/// Takes a session's events in and keeps its account.
#[derive(Debug)]
pub struct Accountant {
    session: Session,
    account: Account,
    places: Vec<usize>,
    room: usize,
}

impl Accountant {
    /// Before the first event.
    pub fn new(id: SessionId) -> Accountant {
        let account = Account {
            id: id.clone(),
            parent: None,
            title: String::new(),
            model: String::new(),
            status: Status::Idle,
            events: 0,
            runs: 0,
            steps: 0,
            calls: 0,
            faults: 0,
            usage: Usage::default(),
            spent: Spent::default(),
            time: Clocked::default(),
            sandboxes: Vec::new(),
            lines: Vec::new(),
        };
        Accountant { session: Session::new(id), account, places: Vec::new(), room: ALL_MAX }
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: &Event) {
        self.pass(event);
        self.session.apply(event);
        let fact = &event.fact;
        if let Fact::RunStarted { input, model, .. } = fact {
            self.account.runs += 1;
            self.account.model.clone_from(model);
            let text = Kept::of(input, &mut self.room);
            self.line(event.no, Deed::Task(text));
        } else if let Fact::ModelReplied { reply, .. } = fact {
            self.account.steps += 1;
            self.account.usage = self.account.usage.plus(reply.usage);
            self.account.spent = self.account.spent.plus(reply.spent());
            if !reply.text.trim().is_empty() {
                let text = Kept::of(reply.text.trim(), &mut self.room);
                self.line(event.no, Deed::Said(text));
            }
        }
        if let Fact::ModelReplied { .. } | Fact::CheckAsked { .. } = fact {
            for (id, asked) in fact.asks() {
                self.account.calls += 1;
                let line = Asked {
                    call: id,
                    tool: asked.tool.clone(),
                    summary: summary(&asked.args),
                    args: args(&asked.args, &mut self.room),
                    edited: None,
                    decision: "undecided",
                    because: String::new(),
                    by: String::new(),
                    outcome: "open",
                    output: None,
                    ran_ms: 0,
                    sandbox: String::new(),
                };
                self.places.push(self.account.lines.len());
                self.line(event.no, Deed::Called(Box::new(line)));
            }
        } else if let Fact::ContextCompacted(done) = fact {
            if let Some(summed) = done.summed() {
                self.account.usage = self.account.usage.plus(summed.usage);
                self.account.spent = self.account.spent.plus(summed.spent());
            }
        } else if let Fact::ModelFailed { fault, .. } | Fact::CompactFailed { fault, .. } = fact {
            self.account.faults += 1;
            self.account.spent = self.account.spent.plus(fault.kind.spent());
        } else if let Fact::OperatorSteered { text, .. } = fact {
            let text = Kept::of(text, &mut self.room);
            self.line(event.no, Deed::Steered(text));
        } else if let Fact::RunEnded { status, why } = fact {
            self.line(event.no, Deed::Ended(ended(*status), why.sentence()));
        } else if let Fact::SessionForked { .. } = fact {
            self.fork();
        } else if let Some(id) = fact.call() {
            self.call(id, fact);
        }
        self.session.let_go();
    }

    /// The account as it stands.
    pub fn finish(mut self) -> Account {
        self.account.title.clone_from(&self.session.title);
        self.account.parent.clone_from(&self.session.parent);
        self.account.status = self.session.status();
        self.account.events = self.session.last.0;
        self.account
    }

    fn line(&mut self, no: EventNo, deed: Deed) {
        self.account.lines.push(Line { no, step: self.account.steps, deed });
    }

    /// The time since the last event went where the session stood.
    fn pass(&mut self, event: &Event) {
        if !self.session.is_open() {
            return;
        }
        let micros = (event.at.0 - self.session.updated_at.0).max(0);
        let asked = matches!(self.session.live().map(|run| &run.turn), Some(Turn::Asked { .. }));
        let time = &mut self.account.time;
        if self.session.live().is_none() || matches!(event.fact, Fact::SessionForked { .. }) {
            time.idle += micros;
        } else if asked || self.session.open_calls().any(Call::in_flight) {
            time.working += micros;
        } else if !self.session.holds().is_empty() {
            time.waiting += micros;
        } else {
            time.between += micros;
        }
    }

    /// Calls that are not over are decided on anew.
    fn fork(&mut self) {
        let open = self.session.open_calls().filter(|call| !call.ended());
        let open: Vec<(CallId, &'static str)> = open.map(|call| (call.id, outcome(&call.state))).collect();
        for (id, state) in open {
            let Some(asked) = called(&self.places, &mut self.account.lines, id) else { continue };
            asked.say("undecided", "", String::new());
            asked.outcome = state;
        }
    }

    fn call(&mut self, id: CallId, fact: &Fact) {
        let Some(asked) = called(&self.places, &mut self.account.lines, id) else { return };
        if let Fact::CallJudged { sandbox, .. } = fact
            && !sandbox.is_empty()
        {
            asked.sandbox.clone_from(sandbox);
            if self.account.sandboxes.last() != Some(sandbox) {
                self.account.sandboxes.push(sandbox.clone());
            }
        }
        decided(asked, fact, self.session.call(id).is_none_or(Call::ended), &mut self.room);
        if let Fact::CallEnded { output, ms, .. } = fact {
            asked.output = Some(kept_output(output, &mut self.room));
            asked.ran_ms += ms;
        }
        if let Some(call) = self.session.call(id) {
            asked.outcome = outcome(&call.state);
        }
    }
}

/// The line of a call.
fn called<'a>(places: &[usize], lines: &'a mut [Line], id: CallId) -> Option<&'a mut Asked> {
    let place = (id.0 as usize).checked_sub(1).and_then(|at| places.get(at))?;
    match &mut lines.get_mut(*place)?.deed {
        Deed::Called(asked) => Some(asked),
        Deed::Task(_) | Deed::Said(_) | Deed::Steered(_) | Deed::Ended(..) => None,
    }
}

/// What was decided on a call, as the last word stands. A denied edit goes back to the person: the call is not over.
fn decided(asked: &mut Asked, fact: &Fact, over: bool, room: &mut usize) {
    if let Fact::CallJudged { verdict, .. } = fact {
        match verdict.word {
            Word::Allow if asked.decision == "undecided" => {
                asked.say("allowed", &verdict.rule, String::new())
            }
            Word::Ask if asked.decision == "undecided" => asked.say("asked", &verdict.rule, String::new()),
            Word::Deny if over => asked.say("denied", &verdict.rule, String::new()),
            Word::Deny => {
                asked.say("asked", &verdict.rule, String::new());
                asked.edited = None;
            }
            Word::Allow | Word::Ask => {} // judged again after a person's word, which stands
        }
    } else if let Fact::CallRefused { why, .. } = fact {
        let why = refused(&asked.tool, why);
        asked.say("refused", &why, String::new());
    } else if let Fact::CallEdited { args, by, .. } = fact {
        asked.say("edited", "", by.to_string());
        asked.edited = Some(Kept::of(&canonical(args), room));
    } else if let Fact::CallApproved { by, .. } = fact {
        if asked.decision != "edited" {
            asked.say("approved", "", by.to_string());
        }
    } else if let Fact::LeaseUsed { lease, by, .. } = fact {
        asked.say("leased", &lease.to_string(), by.to_string());
    } else if let Fact::CallRejected { by, reason, .. } = fact {
        asked.say("rejected", reason, by.to_string());
    } else if let Fact::CallAnswered { by, text, .. } = fact {
        asked.say("answered", text, by.to_string());
    } else if let Fact::CallLapsed { .. } = fact {
        asked.say("undecided", "", String::new());
    }
}

/// A call's state in a word or two; those of its end are `Ended::word`.
fn outcome(state: &CallState) -> &'static str {
    match state {
        CallState::Proposed => "to be judged",
        CallState::Held => "waits",
        CallState::Cleared { .. } => "cleared",
        CallState::Started => "running",
        CallState::Interrupted => "interrupted",
        CallState::Unknown => "unknown",
        CallState::Unrecorded => "not recorded",
        CallState::Ended(how) => Ended::word(how),
    }
}

fn args(args: &Args, room: &mut usize) -> Kept {
    match args {
        Args::Json(value) => Kept::of(&canonical(value), room),
        Args::Broken(text) => Kept::of(text, room),
    }
}

/// An output that is not whole in the log is told apart by its blob.
fn kept_output(output: &Output, room: &mut usize) -> Kept {
    let mut kept = Kept::of(&output.for_model(), room);
    if let Some(blob) = output.blob {
        kept.hash = blob;
    }
    kept.size = kept.size.max(usize::try_from(output.size).unwrap_or(usize::MAX));
    kept
}
