//! A session as its events tell it; the one `apply`, used by whoever drives it and by whoever watches.
//!
//! `apply` is total: the door is `decide`, so a fact that is in the log has happened. Folding costs the same at
//! event 10 and at event 1,000,000.

use crate::domain::call::{Call, CallState};
use crate::domain::event::{Event, Fact, Limits, Parent, RunStatus};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, Epoch, EventNo, SessionId};
use crate::domain::marks::{Marks, title};
use crate::domain::message::{Args, Message, Reply, Transcript, Usage, WireCall};
use crate::domain::next::{Hold, holds};
use crate::domain::policy::Mode;
use crate::domain::run::{Run, Status, Turn};
use crate::domain::time::Micros;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// A session as folded so far.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Its title; empty before it was opened.
    pub title: String,
    /// The agent.
    pub agent: String,
    /// The folder it works in.
    pub workspace: String,
    /// What the agent is told before anything else.
    pub instructions: String,
    /// Where it came from.
    pub parent: Option<Parent>,
    /// When it began.
    pub opened_at: Micros,
    /// When the last event happened.
    pub updated_at: Micros,
    /// The last event.
    pub last: EventNo,
    /// The writer's term.
    pub epoch: Epoch,
    /// The operator's marks.
    pub marks: Marks,
    /// Who took the writer lease last.
    pub holder: String,
    /// The last run.
    pub run: Option<Run>,
    /// All calls; `CallId(n)` is at n - 1.
    pub calls: Vec<Call>,
    /// What the operator said for afterwards.
    pub queue: VecDeque<String>,
    /// The messages as the model sees them.
    pub transcript: Transcript,
    /// Tokens in all.
    pub usage: Usage,
    /// The manifest of the files as they were kept last.
    pub kept: Option<Hash>,
    /// Whether a call that may change files has started since.
    pub changed: bool,
    /// Facts of kinds that this program does not know.
    pub unknown_facts: u64,
    wire_ids: HashSet<String>,
}

impl Session {
    /// A session of which nothing is known yet.
    pub fn new(id: SessionId) -> Session {
        Session {
            id,
            title: String::new(),
            agent: String::new(),
            workspace: String::new(),
            instructions: String::new(),
            parent: None,
            opened_at: Micros(0),
            updated_at: Micros(0),
            last: EventNo(0),
            epoch: Epoch(0),
            marks: Marks::default(),
            holder: String::new(),
            run: None,
            calls: Vec::new(),
            queue: VecDeque::new(),
            transcript: Transcript::default(),
            usage: Usage::default(),
            kept: None,
            changed: false,
            unknown_facts: 0,
            wire_ids: HashSet::new(),
        }
    }

    /// Whether its first event was seen.
    pub fn is_open(&self) -> bool {
        self.last > EventNo(0)
    }

    /// The run under way.
    pub fn live(&self) -> Option<&Run> {
        self.run.as_ref().filter(|run| run.ended.is_none())
    }

    /// The call of that id.
    pub fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.get((id.0 as usize).checked_sub(1)?)
    }

    pub(in crate::domain) fn call_mut(&mut self, id: CallId) -> Option<&mut Call> {
        self.calls.get_mut((id.0 as usize).checked_sub(1)?)
    }

    /// The calls of the last reply while not all of them are over, in order.
    pub fn open_calls(&self) -> impl Iterator<Item = &Call> {
        self.live().into_iter().flat_map(|run| &run.open_calls).filter_map(|id| self.call(*id))
    }

    /// What waits for a person, oldest first.
    pub fn holds(&self) -> Vec<Hold> {
        holds(self)
    }

    /// The status in one word.
    pub fn status(&self) -> Status {
        let Some(run) = &self.run else { return Status::Idle };
        match &run.ended {
            Some((RunStatus::Done, ..)) => Status::Done,
            Some((RunStatus::Failed, ..)) => Status::Failed,
            Some((RunStatus::Cancelled, ..)) => Status::Cancelled,
            Some((RunStatus::BudgetStopped, ..)) => Status::BudgetStopped,
            None if run.cancel.is_some() => Status::Running,
            None => {
                let holds = self.holds();
                let decision = |hold: &Hold| matches!(hold, Hold::Approval(_) | Hold::Unknown(_));
                if holds.iter().any(decision) {
                    Status::Held
                } else if run.paused.is_some() {
                    Status::Paused
                } else if holds.iter().any(|hold| matches!(hold, Hold::Step)) {
                    Status::Stepping
                } else {
                    Status::Running
                }
            }
        }
    }

    /// Takes in one fact.
    pub fn apply(&mut self, event: &Event) {
        self.last = event.no;
        self.updated_at = event.at;
        match &event.fact {
            Fact::SessionOpened { title, agent, workspace, instructions, parent, .. } => {
                self.opened_at = event.at;
                self.title.clone_from(title);
                self.agent.clone_from(agent);
                self.workspace.clone_from(workspace);
                self.instructions.clone_from(instructions);
                self.parent.clone_from(parent);
                if !instructions.is_empty() {
                    self.say(Message::System { text: instructions.clone() });
                }
            }
            Fact::SessionRenamed { title, .. } => self.title.clone_from(title),
            Fact::SessionForked { .. } => self.fork(event),
            Fact::WorkspaceKept { manifest, .. } | Fact::RestoreStarted { manifest, .. } => {
                self.kept = Some(*manifest);
                self.changed = false;
            }
            Fact::WorkspaceMissed { .. } | Fact::RestoreEnded { .. } => {}
            Fact::SessionMarked { mark, .. } => self.marks.apply(mark, event.at),
            Fact::WriterTaken { holder, epoch } => {
                self.holder.clone_from(holder);
                self.epoch = *epoch;
            }
            Fact::RunStarted { input, mode, limits, model } => {
                self.begin(event, input, *mode, *limits, model)
            }
            Fact::OperatorSaid { text, .. } => self.queue.push_back(text.clone()),
            Fact::Unknown { .. } => self.unknown_facts += 1,
            Fact::ModelAsked { .. } | Fact::ModelReplied { .. } | Fact::ModelFailed { .. } => {
                self.apply_model(event)
            }
            Fact::RunPaused { .. }
            | Fact::RunReleased { .. }
            | Fact::InterruptAsked { .. }
            | Fact::CancelAsked { .. }
            | Fact::StepAllowed { .. }
            | Fact::ModeSet { .. }
            | Fact::OperatorSteered { .. }
            | Fact::RunEnded { .. } => self.apply_run(event),
            Fact::CallRefused { .. }
            | Fact::CallJudged { .. }
            | Fact::CallEdited { .. }
            | Fact::CallApproved { .. }
            | Fact::CallRejected { .. }
            | Fact::CallAnswered { .. }
            | Fact::CallLapsed { .. }
            | Fact::CallStarted { .. }
            | Fact::CallEnded { .. }
            | Fact::CallInterrupted { .. }
            | Fact::CallUnknown { .. }
            | Fact::CallSettled { .. }
            | Fact::CallDropped { .. } => {
                self.apply_call(event);
                self.close_reply();
            }
        }
    }

    fn begin(&mut self, event: &Event, input: &str, mode: Mode, limits: Limits, model: &str) {
        if self.queue.front().is_some_and(|first| first == input) {
            self.queue.pop_front();
        }
        if self.title.is_empty() {
            self.title = title(input);
        }
        self.marks.begun();
        self.say(Message::User { text: input.to_string() });
        self.run = Some(Run {
            no: event.run,
            span: event.no,
            input: input.to_string(),
            mode,
            mode_before_step: if mode == Mode::Step { Mode::Auto } else { mode },
            limits,
            model: model.to_string(),
            started_at: event.at,
            ended: None,
            paused: None,
            interrupted: false,
            cancel: None,
            permits: 0,
            turn: Turn::Ready,
            steps: 0,
            usage: Usage::default(),
            open_calls: Vec::new(),
            steers: Vec::new(),
        });
    }

    fn apply_run(&mut self, event: &Event) {
        let Some(run) = &mut self.run else { return };
        let fact = &event.fact;
        if let Fact::RunPaused { by } = fact {
            run.paused = Some(by.clone());
        } else if let Fact::RunReleased { .. } = fact {
            run.paused = None;
            run.interrupted = false;
        } else if let Fact::InterruptAsked { by } = fact {
            run.paused = Some(by.clone());
            run.interrupted = true;
        } else if let Fact::CancelAsked { by } = fact {
            run.cancel = Some(by.clone());
        } else if let Fact::StepAllowed { .. } = fact {
            run.permits += 1;
        } else if let Fact::ModeSet { mode, .. } = fact {
            if *mode == Mode::Step && run.mode != Mode::Step {
                run.mode_before_step = run.mode;
            }
            run.mode = *mode;
            run.permits = 0;
        } else if let Fact::OperatorSteered { text, .. } = fact {
            run.steers.push(text.clone());
            self.take_steers();
        } else if let Fact::RunEnded { status, why } = fact {
            run.ended = Some((*status, why.clone(), event.at));
            run.open_calls.clear();
        }
    }

    fn apply_model(&mut self, event: &Event) {
        let Some(run) = &mut self.run else { return };
        if let Fact::ModelAsked { model, attempt, .. } = &event.fact {
            run.permits = run.permits.saturating_sub(1);
            run.turn = Turn::Asked { model: model.clone(), attempt: *attempt, at: event.at, span: event.no };
        } else if let Fact::ModelFailed { fault, attempt, then } = &event.fact {
            run.turn = Turn::Failed { fault: fault.clone(), attempt: *attempt, then: *then, at: event.at };
            self.take_steers();
        } else if let Fact::ModelReplied { reply, calls } = &event.fact {
            run.steps += 1;
            run.usage = run.usage.plus(reply.usage);
            run.turn = Turn::Replied {
                finish: reply.finish.clone(),
                empty: reply.text.trim().is_empty() && reply.calls.is_empty(),
                called: !reply.calls.is_empty(),
            };
            run.open_calls.clone_from(calls);
            self.usage = self.usage.plus(reply.usage);
            self.take_reply(event, reply, calls);
            self.take_steers();
        }
    }

    /// Puts a reply into the transcript and its calls among the calls.
    fn take_reply(&mut self, event: &Event, reply: &Reply, ids: &[CallId]) {
        let mut wire = Vec::with_capacity(reply.calls.len());
        for (id, asked) in ids.iter().zip(&reply.calls) {
            let mut wire_id = asked.wire_id.clone();
            if wire_id.is_empty() || !self.wire_ids.insert(wire_id.clone()) {
                wire_id = format!("call_{}", id.0);
                self.wire_ids.insert(wire_id.clone());
            }
            wire.push(WireCall {
                wire_id: wire_id.clone(),
                tool: asked.tool.clone(),
                args: wire_args(&asked.args),
            });
            self.calls.push(Call::asked(*id, wire_id, asked, event));
        }
        if reply.text.is_empty() && wire.is_empty() && reply.reasoning.is_none() {
            return; // an empty assistant message is refused by strict servers
        }
        self.say(Message::Assistant {
            text: reply.text.clone(),
            reasoning: reply.reasoning.clone(),
            calls: wire,
        });
    }

    /// Once every call of the reply is over, their results join the transcript in the order of the calls.
    fn close_reply(&mut self) {
        let Some(run) = &mut self.run else { return };
        let all_over =
            |id: &CallId| self.calls.get((id.0 as usize).saturating_sub(1)).is_some_and(Call::ended);
        if run.open_calls.is_empty() || !run.open_calls.iter().all(all_over) {
            return;
        }
        run.turn = Turn::Ready;
        for id in std::mem::take(&mut run.open_calls) {
            let Some(call) = self.call(id) else { continue };
            let text = call.result.clone().unwrap_or_default();
            let message = Message::Tool { wire_id: call.wire_id.clone(), tool: call.tool.clone(), text };
            self.say(message);
        }
        self.take_steers();
    }

    /// What the operator wrote joins the transcript where a person's message may stand: not between a call and its result,
    /// not while the model is being asked.
    pub(in crate::domain) fn take_steers(&mut self) {
        let Some(run) = &mut self.run else { return };
        if !run.open_calls.is_empty() || matches!(run.turn, Turn::Asked { .. }) || run.steers.is_empty() {
            return;
        }
        if matches!(run.turn, Turn::Replied { .. }) {
            run.turn = Turn::Ready; // the answer was not the last word
        }
        for text in std::mem::take(&mut run.steers) {
            self.say(Message::User { text });
        }
    }

    pub(in crate::domain) fn say(&mut self, message: Message) {
        Arc::make_mut(&mut self.transcript).push(Arc::new(message));
    }
}

/// The arguments as they may be sent back: always a JSON object.
fn wire_args(args: &Args) -> String {
    match args {
        Args::Json(value) if value.is_object() => value.to_string(),
        Args::Json(value) => serde_json::json!({ "malformed_arguments": value.to_string() }).to_string(),
        Args::Broken(raw) => serde_json::json!({ "malformed_arguments": raw }).to_string(),
    }
}

impl Call {
    /// Whether its process should still be running it.
    pub fn in_flight(&self) -> bool {
        self.state == CallState::Started
    }
}
