//! Which breakpoints stand and which of them are due before a step; what the run stopped at; the notes for the next request.
//!
//! A breakpoint on calls is hit once by each call, before it starts; a mark once by each run; a fault once by each fault.

use crate::domain::argument::Test;
use crate::domain::breakpoint::{Breakpoint, FaultOf, Mark, Trigger, Why};
use crate::domain::call::{By, Call, Outcome};
use crate::domain::event::{Event, Fact};
use crate::domain::fault::FaultKind;
use crate::domain::ids::{BreakNo, CallId, NoteNo, RunNo};
use crate::domain::message::{Message, Transcript};
use crate::domain::money::{Spent, replies};
use crate::domain::retry::AfterFault;
use crate::domain::run::Run;
use crate::domain::session::Session;
use crate::domain::time::Micros;
use crate::domain::tool_spec::Effect;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Breakpoints that may stand at once, and notes that may wait.
pub const STANDING_MAX: usize = 64;

/// A breakpoint that stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Its number.
    pub no: BreakNo,
    /// As printed.
    pub spec: String,
    /// As read; none where this program cannot read it: it then stops at once.
    #[serde(skip)] // see `Session::read_breaks`
    pub read: Option<Breakpoint>,
    /// Who set it.
    pub by: By,
    /// How often it was hit.
    pub hits: u32,
    last_run: RunNo,
}

/// A breakpoint that was hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Which.
    pub no: BreakNo,
    /// As printed.
    pub spec: String,
    /// Why.
    pub why: Why,
}

/// Where a run stopped: nothing new starts until a person lets it go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    /// What was hit; never empty.
    pub hits: Vec<Hit>,
    /// The call that is next; none before a model turn.
    pub call: Option<CallId>,
    /// Since when.
    pub at: Micros,
}

impl Hit {
    /// The breakpoint and why it was hit, in one line; foreign text in it is not cleaned.
    pub fn line(&self) -> String {
        if let Why::Held { held } = &self.why {
            return format!("{}: {}", held.word(), held.sentence());
        }
        format!("{} ({}): {}", self.no, self.spec, self.why.sentence())
    }
}

impl Standing {
    /// What it cannot see of a task, as a sentence: replies whose cost is not known. None where it sees all there is.
    pub fn blind(&self, run: Option<&Run>) -> Option<String> {
        self.read.as_ref()?.blind(run.map(|run| run.spent).unwrap_or_default())
    }
}

impl Breakpoint {
    /// What a mark of a cost cannot see, as a sentence: replies whose cost is not known.
    pub fn blind(&self, spent: Spent) -> Option<String> {
        if !matches!(self.what, Trigger::Cost(_)) || spent.is_whole() {
            return None;
        }
        let unknown = replies(spent.unknown);
        Some(format!("It cannot see what {unknown} of this task cost: that is not known."))
    }
}

/// A note that waits for the next request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PendingNote {
    /// Its number.
    pub no: NoteNo,
    /// What the model will read.
    pub text: String,
    /// Who wrote it.
    pub by: By,
    pub(in crate::domain) message: Arc<Message>,
}

/// What a run has seen that a breakpoint may ask about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Passed {
    calls: Vec<(BreakNo, CallId)>,
    fault: Option<Why>,
}

/// A call, as a breakpoint looks at it.
#[derive(Clone, Copy, Debug)]
pub(in crate::domain) struct Facing<'a> {
    pub(in crate::domain) id: CallId,
    pub(in crate::domain) tool: &'a str,
    pub(in crate::domain) effect: Effect,
    pub(in crate::domain) args: Option<&'a Value>,
}

impl<'a> Facing<'a> {
    pub(in crate::domain) fn of(call: &'a Call) -> Facing<'a> {
        Facing { id: call.id, tool: &call.tool, effect: call.effect, args: call.args() }
    }
}

/// What is hit where this call would start, or where none is given, where the model would be asked.
pub(in crate::domain) fn due(session: &Session, run: &Run, call: Option<Facing<'_>>) -> Vec<Hit> {
    let hit = |one: &Standing| {
        let why = why(one, run, call)?;
        Some(Hit { no: one.no, spec: one.spec.clone(), why })
    };
    session.breaks.iter().filter_map(hit).collect()
}

fn why(one: &Standing, run: &Run, call: Option<Facing<'_>>) -> Option<Why> {
    let fresh_run = one.last_run != run.no;
    let Some(read) = &one.read else { return fresh_run.then_some(Why::Unreadable) };
    match &read.what {
        Trigger::Steps(mark) => {
            let reached = call.is_none() && fresh_run && u64::from(run.steps) >= mark.value();
            reached.then_some(Why::Steps { steps: run.steps })
        }
        Trigger::Tokens(mark) => {
            let tokens = run.tokens();
            (fresh_run && tokens >= mark.value()).then_some(Why::Tokens { tokens })
        }
        Trigger::Cost(mark) => {
            let Spent { known: cost, unknown, .. } = run.spent;
            (call.is_none() && fresh_run && cost.0 >= mark.value()).then_some(Why::Cost { cost, unknown })
        }
        Trigger::Fault(of) => run.passed.fault.clone().filter(|fault| of.is(fault)),
        Trigger::Tool(_) | Trigger::Effect(_) | Trigger::Argument { .. } => {
            let call = call.filter(|call| !run.passed.calls.contains(&(one.no, call.id)))?;
            of_call(&read.what, call)
        }
    }
}

fn of_call(what: &Trigger, call: Facing<'_>) -> Option<Why> {
    let tool = call.tool.to_string();
    match what {
        Trigger::Tool(name) => (*name == tool).then_some(Why::Tool { tool }),
        Trigger::Effect(least) => {
            (rank(call.effect) >= rank(*least)).then_some(Why::Effect { tool, effect: call.effect })
        }
        Trigger::Argument { path, test } => of_argument(test, path, call),
        Trigger::Steps(_) | Trigger::Tokens(_) | Trigger::Cost(_) | Trigger::Fault(_) => None,
    }
}

fn of_argument(test: &Test, path: &str, call: Facing<'_>) -> Option<Why> {
    let (found, path) = test.find(call.args?, path)?;
    Some(Why::Argument { tool: call.tool.to_string(), path, found })
}

/// How grave an effect is.
fn rank(effect: Effect) -> u8 {
    match effect {
        Effect::ReadOnly => 0,
        Effect::Idempotent => 1,
        Effect::Probe => 2,
        Effect::SideEffect => 3,
    }
}

impl Mark {
    /// The number as counted from the run's beginning; one that was not resolved is taken as such.
    fn value(self) -> u64 {
        match self {
            Mark::At(n) | Mark::More(n) => n,
        }
    }
}

impl FaultOf {
    fn is(self, why: &Why) -> bool {
        match self {
            FaultOf::Any => true,
            FaultOf::Model => matches!(why, Why::RequestFailed { .. }),
            FaultOf::Tool => matches!(why, Why::CallFailed { .. }),
        }
    }
}

impl Run {
    /// The tokens of this run.
    pub fn tokens(&self) -> u64 {
        self.usage.input + self.usage.output
    }

    /// A request or a call failed by itself: a breakpoint may stop before what follows.
    pub(in crate::domain) fn saw(&mut self, fact: &Fact) {
        if let Fact::ModelFailed { fault, then, .. } = fact {
            let own = !matches!(fault.kind, FaultKind::Stopped | FaultKind::Interrupted);
            let goes_on = *then != AfterFault::GiveUp;
            self.passed.fault = (own && goes_on).then_some(Why::RequestFailed { fault: fault.kind });
        } else if let Fact::CallEnded { call, outcome, .. } = fact {
            if !matches!(outcome, Outcome::Ok | Outcome::Cancelled) {
                self.passed.fault = Some(Why::CallFailed { call: *call, outcome: *outcome });
            }
        } else if let Fact::ModelAsked { .. } | Fact::CallStarted { .. } = fact {
            self.passed.fault = None;
        }
    }
}

impl Session {
    /// Reads the breakpoints that stand from their printed form: of a stored fold, only that was kept.
    pub(in crate::domain) fn read_breaks(&mut self) {
        self.breaks.iter_mut().for_each(|one| one.read = Breakpoint::parse(&one.spec).ok());
    }

    /// Where the run stands still because of a breakpoint.
    pub fn stop(&self) -> Option<&Stop> {
        self.live()?.stop.as_ref()
    }

    /// The messages of the next request: the conversation, then what the operator noted for the model.
    pub fn upcoming(&self) -> Transcript {
        let mut messages = self.transcript.clone();
        if !self.notes.is_empty() {
            Arc::make_mut(&mut messages).extend(self.notes.iter().map(|note| note.message.clone()));
        }
        messages
    }

    /// The numbers of the notes that wait.
    pub fn note_numbers(&self) -> Vec<NoteNo> {
        self.notes.iter().map(|note| note.no).collect()
    }

    /// Takes in a fact about breakpoints and notes.
    pub(in crate::domain) fn apply_stops(&mut self, event: &Event) {
        let fact = &event.fact;
        if let Fact::BreakpointSet { no, spec, by } = fact {
            self.last_break = *no;
            let read = Breakpoint::parse(spec).ok();
            let (spec, by) = (spec.clone(), by.clone());
            self.breaks.push(Standing { no: *no, spec, read, by, hits: 0, last_run: RunNo(0) });
        } else if let Fact::BreakpointRemoved { no, .. } = fact {
            self.breaks.retain(|one| one.no != *no);
        } else if let Fact::BreakpointHit { no, spec, call, why } = fact {
            self.hit(event, Hit { no: *no, spec: spec.clone(), why: why.clone() }, *call);
        } else if let Fact::NoteAdded { no, text, by } = fact {
            self.last_note = *no;
            let message = Arc::new(Message::System { text: text.clone() });
            self.notes.push(PendingNote { no: *no, text: text.clone(), by: by.clone(), message });
        } else if let Fact::NoteRemoved { no, .. } = fact {
            self.notes.retain(|note| note.no != *no);
        }
    }

    fn hit(&mut self, event: &Event, hit: Hit, call: Option<CallId>) {
        if let Some(one) = self.breaks.iter_mut().find(|one| one.no == hit.no) {
            one.hits += 1;
            one.last_run = event.run;
        }
        self.breaks.retain(|one| one.no != hit.no || !one.read.as_ref().is_some_and(|read| read.once));
        let Some(run) = &mut self.run else { return };
        run.passed.calls.extend(call.map(|call| (hit.no, call)));
        if matches!(hit.why, Why::RequestFailed { .. } | Why::CallFailed { .. }) {
            run.passed.fault = None;
        }
        let at = event.at;
        run.stop.get_or_insert_with(|| Stop { hits: Vec::new(), call, at }).hits.push(hit);
    }

    /// The notes of a request join the conversation.
    pub(in crate::domain) fn take_notes(&mut self, sent: &[NoteNo]) {
        for no in sent {
            if let Some(at) = self.notes.iter().position(|note| note.no == *no) {
                let note = self.notes.remove(at);
                let told = self.last;
                self.say_of(note.message, told);
            }
        }
    }
}

impl Passed {
    /// The calls of a reply are over: nothing asks about them any more.
    pub(in crate::domain) fn forget_calls(&mut self) {
        self.calls.clear();
    }
}
