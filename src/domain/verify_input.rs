//! Which input a stored fact tells of: what was said to the door when it was written, and what of its answer only the
//! moment could know.

use crate::domain::breakpoint::Breakpoint;
use crate::domain::call::{By, Preview, Via};
use crate::domain::commit::{Class, Sealed};
use crate::domain::decide::{Kit, decide};
use crate::domain::event::{BadCall, Fact, Lapse};
use crate::domain::event_kinds::Family;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::hash::Hash;
use crate::domain::ids::CallId;
use crate::domain::judged::Judged;
use crate::domain::lease_terms::told_of_lease;
use crate::domain::message::{Args, Finish, Reply};
use crate::domain::order::{Order, Refusal, Task};
use crate::domain::outcome::{Keeping, Report, report};
use crate::domain::policy::Mode;
use crate::domain::retry::{AfterFault, RetryRule};
use crate::domain::schema::Schema;
use crate::domain::session::Session;
use crate::domain::time::Micros;
use crate::domain::tool_spec::{Effect, ToolBook, ToolSpec};
use crate::domain::verify_context::{adopt_compaction, told_of_context};
use crate::domain::verify_reins::told_of_reins;
use std::sync::OnceLock;

/// What was said to the door.
enum Input {
    /// A session was opened: said without a state to decide on.
    Opened(Box<Fact>),
    /// What is said as it stands, once it is known that it may be.
    Said(Box<Fact>),
    Order(Order, By),
    Report(Box<Report>),
}

/// An input, with the tools as the log shows that they were.
pub(in crate::domain) struct Told {
    input: Input,
    tools: ToolBook,
}

/// The input that the first of `rest` tells of, as far as the facts that follow it in its commit show; none where no input
/// begins with such a fact.
pub(in crate::domain) fn told(session: &Session, class: Class, rest: &[Sealed]) -> Option<Told> {
    let first = &rest.first()?.event.fact;
    let then = rest.get(1).map(|sealed| &sealed.event.fact);
    match first.family() {
        Family::Session => told_of_session(first),
        Family::Files => told_of_files(session, class, first),
        Family::Run => told_of_run(session, class, first, then),
        Family::Model => told_of_model(first, rest),
        Family::Call => told_of_call(session, rest),
        Family::Stops => told_of_stops(first, then),
        Family::Reins => told_of_reins(session, rest),
        Family::Context => told_of_context(first),
        Family::Lease => told_of_lease(session, first, then).and_then(|(said, by)| order(said, by)),
        Family::Import | Family::Unknown => None,
    }
}

pub(in crate::domain) fn order(order: Order, by: &By) -> Option<Told> {
    Some(Told::of(Input::Order(order, by.clone())))
}

/// The same for a fact about the session itself.
fn told_of_session(first: &Fact) -> Option<Told> {
    if let Fact::SessionOpened { .. } = first {
        Some(Told::of(Input::Opened(Box::new(first.clone()))))
    } else if let Fact::SessionRenamed { title, by, asked } = first {
        match asked {
            Some(asked) => order(Order::Title(title.clone(), asked.clone()), by),
            None => order(Order::Rename(title.clone()), by),
        }
    } else if let Fact::SessionMarked { mark, by } = first {
        order(Order::Mark(mark.clone()), by)
    } else if let Fact::WriterTaken { holder, .. } = first {
        Told::learned(Report::Taken { holder: holder.clone() })
    } else if let Fact::SessionForked { .. } = first {
        Some(Told::said(first))
    } else {
        None
    }
}

/// The same for a turn of the model.
fn told_of_model(first: &Fact, rest: &[Sealed]) -> Option<Told> {
    if let Fact::ModelAsked { model, request, frame, notes, route, ahead, .. } = first {
        let (model, notes, route) = (model.clone(), notes.clone(), route.clone());
        let (request, frame, ahead) = (*request, *frame, *ahead);
        Told::learned(Report::Asking { model, request, frame, notes, route, ahead })
    } else if let Fact::ModelReplied { reply, .. } = first {
        let input = Input::Report(Box::new(Report::Replied(reply.clone())));
        Some(Told { input, tools: tools_of(reply, rest) })
    } else if let Fact::ModelFailed { fault, .. } = first {
        Told::learned(Report::Failed(fault.clone()))
    } else {
        None
    }
}

/// The same for a breakpoint or a note.
fn told_of_stops(first: &Fact, then: Option<&Fact>) -> Option<Told> {
    if let Fact::BreakpointSet { spec, by, .. } = first {
        let goes_on = matches!(then, Some(Fact::RunReleased { .. } | Fact::ModeSet { .. }));
        let set = if goes_on { Order::RunUntil } else { Order::SetBreakpoint };
        order(set(Breakpoint::parse(spec).ok()?), by)
    } else if let Fact::BreakpointRemoved { no, by } = first {
        order(Order::RemoveBreakpoint(*no), by)
    } else if let Fact::NoteAdded { text, by, .. } = first {
        order(Order::AddNote(text.clone()), by)
    } else if let Fact::NoteRemoved { no, by } = first {
        order(Order::RemoveNote(*no), by)
    } else if let Fact::BreakpointHit { .. } = first {
        Told::learned(Report::Stopping)
    } else {
        None
    }
}

/// The same for a fact about a run, and how a person drove it.
fn told_of_run(session: &Session, class: Class, first: &Fact, then: Option<&Fact>) -> Option<Told> {
    let is_stepped = matches!(then, Some(Fact::StepAllowed { .. }));
    let is_released = matches!(then, Some(Fact::RunReleased { .. }));
    if let Fact::RunStarted { .. } = first {
        match class {
            Class::Worker => Told::learned(Report::QueueTaken), // all it begins
            Class::Operator | Class::Importer => order(Order::Start(task(first)?), &nobody()),
        }
    } else if let Fact::RunEnded { .. } = first {
        Told::learned(Report::Finish)
    } else if let Fact::OperatorSaid { text, by } = first {
        order(Order::Say(text.clone()), by)
    } else if let Fact::OperatorSteered { text, by } = first {
        order(if is_released { Order::Say(text.clone()) } else { Order::Steer(text.clone()) }, by)
    } else if let Fact::RunPaused { by } = first {
        order(Order::Pause, by)
    } else if let Fact::RunReleased { by } = first {
        let on = if session.stop().is_some() { Order::Continue } else { Order::Resume };
        order(if is_stepped { Order::Step } else { on }, by)
    } else if let Fact::InterruptAsked { by } = first {
        order(Order::Interrupt, by)
    } else if let Fact::CancelAsked { by } = first {
        order(Order::Cancel, by)
    } else if let Fact::StepAllowed { by } = first {
        order(Order::Step, by)
    } else if let Fact::ModeSet { mode, by } = first {
        let steps = *mode == Mode::Step && (is_released || is_stepped);
        let set = if is_released { Order::Continue } else { Order::SetMode(*mode) };
        order(if steps { Order::Step } else { set }, by)
    } else {
        None
    }
}

/// The same for a fact about the files. A person keeps them only to put others in their place.
fn told_of_files(session: &Session, class: Class, first: &Fact) -> Option<Told> {
    if let Fact::WorkspaceKept { manifest, files, bytes, left_out } = first {
        let (manifest, files, bytes, left_out) = (*manifest, *files, *bytes, *left_out);
        match class {
            Class::Worker => Told::learned(Report::Kept(Keeping::Kept { manifest, files, bytes, left_out })),
            Class::Operator | Class::Importer => Some(Told::said(first)),
        }
    } else if let Fact::WorkspaceMissed { why } = first {
        let missed = || Told::learned(Report::Kept(Keeping::Missed { why: why.clone() }));
        (class == Class::Worker).then(missed).flatten()
    } else if let Fact::RestoreStarted { before, at, .. } = first {
        let is_kept = session.kept == Some(*before) && !session.changed;
        (is_kept && at.0 > 0 && *at <= session.last).then(|| Told::said(first))
    } else {
        Some(Told::said(first))
    }
}

/// The same for a fact about a call; a call is only interrupted, or unknown, by a takeover that says so first.
fn told_of_call(session: &Session, rest: &[Sealed]) -> Option<Told> {
    let first = &rest.first()?.event.fact;
    let call = first.call()?;
    if let Fact::CallEdited { args, by, .. } = first {
        let hash = session.call(call).and_then(|call| call.hash).unwrap_or(Hash::ZERO);
        let edited = order(Order::ApproveEdited { call, hash, args: args.clone() }, by)?;
        let tool = session.call(call).map(|call| call.tool.clone()).unwrap_or_default();
        Some(Told { tools: ToolBook::new([spec(&tool, Effect::SideEffect, false)]), ..edited })
    } else if let Fact::CallApproved { hash, by, .. } = first {
        order(Order::Approve { call, hash: *hash }, by)
    } else if let Fact::CallRejected { reason, by, .. } = first {
        order(Order::Reject { call, reason: reason.clone() }, by)
    } else if let Fact::CallAnswered { text, by, .. } = first {
        order(Order::Respond { call, text: text.clone() }, by)
    } else if let Fact::CallSettled { how, note, by, .. } = first {
        order(Order::Settle { call, how: *how, note: note.clone() }, by)
    } else if let Fact::CallRefused { .. } = first {
        Some(gone(session, call, first))
    } else if let Fact::CallJudged { .. } = first {
        Some(judged(session, rest, call))
    } else if let Fact::CallLapsed { why, .. } = first {
        Told::learned(starting(session, call, Some(*why)))
    } else if let Fact::CallStarted { .. } = first {
        Told::learned(starting(session, call, None))
    } else if let Fact::CallEnded { outcome, output, ms, .. } = first {
        Told::learned(Report::Finished { call, outcome: *outcome, output: output.clone(), ms: *ms })
    } else if let Fact::CallDropped { .. } = first {
        Told::learned(Report::Finish)
    } else {
        None
    }
}

/// A call that is not run after all: its tool is gone, or, where a fork began before it was refused, its arguments are none.
fn gone(session: &Session, call: CallId, refused: &Fact) -> Told {
    let told = Told::of(Input::Report(Box::new(Report::Gone { call })));
    let Some(known) = session.call(call) else { return told };
    let Fact::CallRefused { why, .. } = refused else { return told };
    match why {
        BadCall::UnknownTool { .. } => told,
        // What the tool's schema said is not told by the log.
        BadCall::Schema { .. } if session.parent.is_some() && !known.opened && known.args().is_some() => {
            Told::said(refused)
        }
        BadCall::Schema { .. } | BadCall::NotJson { .. } | BadCall::Truncated => {
            Told { tools: ToolBook::new([spec(&known.tool, Effect::SideEffect, false)]), ..told }
        }
    }
}

/// A verdict; with the call's start in the same commit the worker stood ready.
fn judged(session: &Session, rest: &[Sealed], call: CallId) -> Told {
    let mut judged = Told::of(Input::Report(Box::new(Report::Gone { call })));
    if let Some(Fact::CallJudged { verdict, effect, destroys, touches, preview, sandbox, .. }) =
        rest.first().map(|sealed| &sealed.event.fact)
    {
        let (verdict, touches, preview) = (verdict.clone(), touches.clone(), preview.clone());
        let report = Judged { call, verdict, touches, preview, sandbox: sandbox.clone() };
        let starts = rest.get(1).is_some_and(
            |sealed| matches!(&sealed.event.fact, Fact::CallStarted { call: started, .. } if *started == call),
        );
        let report = if starts { Report::JudgedReady(report) } else { Report::Judged(report) };
        let tool = session.call(call).map(|call| call.tool.clone()).unwrap_or_default();
        judged.input = Input::Report(Box::new(report));
        judged.tools = ToolBook::new([spec(&tool, *effect, *destroys)]);
    }
    judged
}

/// The last look before a start: as the log says that things stood then, with what made a clearance lapse.
fn starting(session: &Session, call: CallId, lapse: Option<Lapse>) -> Report {
    let known = session.call(call);
    let policy = known.and_then(|call| call.verdict.as_ref()).map_or("", |verdict| verdict.policy.as_str());
    let preview = known.map(|call| call.preview.clone());
    match lapse {
        None | Some(Lapse::Expired | Lapse::LeaseOver) => {
            Report::Starting { call, policy: policy.to_string(), preview }
        }
        Some(Lapse::Changed) => Report::Starting { call, policy: format!("not {policy}"), preview },
        Some(Lapse::TargetChanged) => {
            let other = Preview::WouldFail { why: format!("not {preview:?}") };
            Report::Starting { call, policy: policy.to_string(), preview: Some(other) }
        }
    }
}

/// The tools as a reply's refused calls show that they were: those that were not known were not there.
fn tools_of(reply: &Reply, rest: &[Sealed]) -> ToolBook {
    let mut gone = Vec::new();
    if let Some(Fact::ModelReplied { calls, .. }) = rest.first().map(|sealed| &sealed.event.fact) {
        for sealed in &rest[1..] {
            let Fact::CallRefused { call, why: BadCall::UnknownTool { .. } } = &sealed.event.fact else {
                continue;
            };
            let at = calls.iter().position(|id| id == call);
            gone.extend(at.and_then(|at| reply.calls.get(at)).map(|asked| asked.tool.as_str()));
        }
    }
    let there = reply.calls.iter().filter(|asked| !gone.contains(&asked.tool.as_str()));
    ToolBook::new(there.map(|asked| spec(&asked.tool, Effect::SideEffect, false)))
}

/// A tool that takes any arguments: what its schema said is in the log where it mattered.
fn spec(tool: &str, effect: Effect, destroys: bool) -> ToolSpec {
    static ANY: OnceLock<Schema> = OnceLock::new();
    let any = || Schema::new(serde_json::Value::Bool(true)).expect("a schema"); // invariant: `true` is the schema of anything
    let schema = ANY.get_or_init(any).clone();
    ToolSpec { name: tool.to_string(), description: String::new(), schema, effect, destroys }
}

fn task(started: &Fact) -> Option<Task> {
    let Fact::RunStarted { input, mode, limits, model, base_url } = started else { return None };
    let (input, model, base_url) = (input.clone(), model.clone(), base_url.clone());
    Some(Task { input, mode: *mode, limits: limits.clone(), model, base_url })
}

/// Who begins a task is not in its fact.
fn nobody() -> By {
    By { name: String::new(), via: Via::Command }
}

impl Told {
    fn of(input: Input) -> Told {
        Told { input, tools: ToolBook::default() }
    }

    pub(in crate::domain) fn said(fact: &Fact) -> Told {
        Told::of(Input::Said(Box::new(fact.clone())))
    }

    pub(in crate::domain) fn learned(report: Report) -> Option<Told> {
        Some(Told::of(Input::Report(Box::new(report))))
    }

    /// What the door makes of it.
    pub(in crate::domain) fn facts(&self, session: &Session, now: Micros) -> Result<Vec<Fact>, Refusal> {
        let kit = Kit { tools: &self.tools, now, luck: 0, retry: RetryRule::default(), approval_ms: 0 };
        match &self.input {
            Input::Opened(_) if session.is_open() => Err(Refusal::Stray("the session is open already")),
            Input::Opened(fact) | Input::Said(fact) => Ok(vec![fact.as_ref().clone()]),
            Input::Order(order, by) => decide(session, order, by, &kit),
            Input::Report(said) => report(session, said, &kit),
        }
    }

    /// The door's answer with what only the moment could know taken from the log, where it could have been so.
    pub(in crate::domain) fn with_the_log(&self, mut facts: Vec<Fact>, rest: &[Sealed]) -> Vec<Fact> {
        if let Input::Report(said) = &self.input
            && let Report::Replied(reply) = said.as_ref()
        {
            take_schema_faults(&mut facts, reply, rest);
        }
        for (made, sealed) in facts.iter_mut().zip(rest) {
            adopt(made, &sealed.event.fact);
        }
        facts
    }
}

/// What a tool's schema said is not told by the log but where a call was refused for it.
fn take_schema_faults(facts: &mut Vec<Fact>, reply: &Reply, rest: &[Sealed]) {
    let Some(Fact::ModelReplied { calls, .. }) = facts.first().cloned() else { return };
    if matches!(reply.finish, Finish::Length | Finish::Filtered) {
        return;
    }
    for (at, sealed) in rest.iter().enumerate().skip(1) {
        let Fact::CallRefused { call, why: BadCall::Schema { .. } } = &sealed.event.fact else { continue };
        let asked = calls.iter().position(|id| id == call).and_then(|at| reply.calls.get(at));
        let is_json = asked.is_some_and(|asked| matches!(asked.args, Args::Json(_)));
        let refused = |fact: &Fact| fact.call();
        let follows = facts.get(at - 1).and_then(refused).is_none_or(|before| before < *call);
        let precedes = facts.get(at).and_then(refused).is_none_or(|after| after > *call);
        if is_json && follows && precedes && at <= facts.len() {
            facts.insert(at, sealed.event.fact.clone());
        }
    }
}

/// Takes from the log what the settings and the moment made of a fact.
fn adopt(made: &mut Fact, found: &Fact) {
    if let (Fact::CallApproved { expires, .. }, Fact::CallApproved { expires: stored, .. }) =
        (&mut *made, found)
    {
        *expires = *stored;
    } else if let (Fact::ModelFailed { fault, then, .. }, Fact::ModelFailed { then: stored, .. }) =
        (&mut *made, found)
    {
        if *then != AfterFault::Compact && could_follow(fault, *stored) {
            *then = *stored;
        }
    } else if let Fact::CompactFailed { .. } | Fact::ContextCompacted(_) = made {
        adopt_compaction(made, found);
    } else if let (Fact::CallRefused { why: made, .. }, Fact::CallRefused { why: stored, .. }) = (made, found)
    {
        // The names there were, and a parser's words, are of their day.
        let same = matches!(
            (&*made, stored),
            (BadCall::UnknownTool { .. }, BadCall::UnknownTool { .. })
                | (BadCall::NotJson { .. }, BadCall::NotJson { .. })
        );
        if same {
            *made = stored.clone();
        }
    }
}

/// Whether some rule of retries could have said that of a fault.
pub(in crate::domain) fn could_follow(fault: &Fault, then: AfterFault) -> bool {
    if fault.kind == FaultKind::Stopped {
        then == AfterFault::Wait
    } else if fault.kind == FaultKind::Interrupted {
        then == AfterFault::Retry { wait_ms: 0 }
    } else if fault.kind.transient() || fault.elsewhere().is_some() {
        then != AfterFault::Wait
    } else {
        then == AfterFault::GiveUp
    }
}
