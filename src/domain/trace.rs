//! Events as timeline rows: run > step > model attempt or call > execution, with waiting for a person told apart from work.
//!
//! A row keeps its key for ever; its place in the order of reading may move down when a row is put in above it, which only
//! happens inside the step under way. A step is one turn of the model with all its attempts and calls. A call that ran once
//! has that in its own parts; an execution has a row where there was more than one, or where one broke off.

use crate::domain::card::summary;
use crate::domain::event::{Event, Fact, Parent, RunStatus};
use crate::domain::fault::FaultKind;
use crate::domain::ids::CallId;
use crate::domain::message::Reply;
use crate::domain::retry::AfterFault;
use crate::domain::span_tree::{SpanFault, SpanTree};
use crate::domain::time::Micros;
use crate::domain::trace_row::{Part, Row, RowState, Spent, Time, What};
use crate::domain::watch::{Phase, Watch};
use std::collections::HashMap;

/// A call that is not over.
#[derive(Clone, Debug, Default)]
struct OpenCall {
    watch: Watch,
    starts: u32,
    execution: Option<usize>,
}

/// A session's timeline.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    rows: Vec<Row>,
    order: Vec<usize>,
    tree: SpanTree,
    version: u64,
    run: Option<usize>,
    step: Option<usize>,
    steps: u32,
    model: Option<usize>,
    retry: Option<usize>,
    pause: Option<usize>,
    calls: Vec<usize>,
    open: HashMap<CallId, OpenCall>,
    last_at: Micros,
}

impl Trace {
    /// The row of a key.
    pub fn row(&self, key: usize) -> Option<&Row> {
        self.rows.get(key)
    }

    /// The rows' keys in the order of reading: a row comes before those in it.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Counts up with every change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The row of a call.
    pub fn call_row(&self, call: CallId) -> Option<&Row> {
        self.rows.get(*self.calls.get((call.0 as usize).checked_sub(1)?)?)
    }

    /// Whether `key` is `holder` or lies in it.
    pub fn is_within(&self, key: usize, holder: usize) -> bool {
        let mut at = Some(key);
        while let Some(key) = at {
            if key == holder {
                return true;
            }
            at = self.rows.get(key).and_then(|row| row.parent);
        }
        false
    }

    /// What is wrong with the tree of spans; empty for every log that this program wrote.
    pub fn faults(&self) -> &[SpanFault] {
        self.tree.faults()
    }

    /// Spans that have begun and not ended.
    pub fn open_spans(&self) -> usize {
        self.tree.open()
    }

    /// Takes in one event; costs what the step under way holds, however long the session is.
    pub fn apply(&mut self, event: &Event) {
        self.version += 1;
        self.tree.apply(event); // first: a call may be denied by the very fact that opens its span
        match &event.fact {
            Fact::WriterTaken { holder, epoch } if epoch.0 > 1 => {
                self.moment(event, What::Takeover { holder: holder.clone() });
            }
            Fact::SessionForked { parent, .. } => self.fork(event, parent),
            Fact::RestoreStarted { at, .. } => self.moment(event, What::Restore { at: *at }),
            Fact::RunStarted { input, .. } => {
                self.steps = 0;
                self.run =
                    Some(self.add(None, event, What::Run { no: event.run, input: input.clone() }, None));
            }
            Fact::RunPaused { .. } | Fact::InterruptAsked { .. } if self.pause.is_none() => {
                self.pause = Some(self.add(self.run, event, What::Pause, Some(Time::Person)));
            }
            Fact::RunReleased { .. } => self.close_pause(event),
            Fact::StepAllowed { .. } => self.stepped(event),
            Fact::OperatorSteered { text, .. } => self.moment(event, What::Steer { text: text.clone() }),
            Fact::Unknown { kind, .. } => self.moment(event, What::Foreign { kind: kind.clone() }),
            Fact::ModelAsked { model, attempt, .. } => self.asked(event, model, *attempt),
            Fact::ModelReplied { reply, calls } => self.replied(event, reply, calls),
            Fact::ModelFailed { fault, then, .. } => self.failed(event, fault.kind, *then),
            Fact::RunEnded { status, .. } => self.ended(event, *status),
            Fact::CallRefused { call, .. }
            | Fact::CallJudged { call, .. }
            | Fact::CallEdited { call, .. }
            | Fact::CallApproved { call, .. }
            | Fact::CallRejected { call, .. }
            | Fact::CallAnswered { call, .. }
            | Fact::CallLapsed { call, .. }
            | Fact::CallStarted { call, .. }
            | Fact::CallEnded { call, .. }
            | Fact::CallInterrupted { call }
            | Fact::CallUnknown { call }
            | Fact::CallSettled { call, .. }
            | Fact::CallDropped { call } => self.called(*call, event),
            Fact::SessionOpened { .. }
            | Fact::SessionRenamed { .. }
            | Fact::WorkspaceKept { .. }
            | Fact::WorkspaceMissed { .. }
            | Fact::RestoreEnded { .. }
            | Fact::SessionMarked { .. }
            | Fact::WriterTaken { .. }
            | Fact::RunPaused { .. }
            | Fact::InterruptAsked { .. }
            | Fact::CancelAsked { .. }
            | Fact::ModeSet { .. }
            | Fact::OperatorSaid { .. } => {}
        }
        self.last_at = event.at;
    }

    /// Adds a row as the last one in `parent`.
    fn add(&mut self, parent: Option<usize>, event: &Event, what: What, time: Option<Time>) -> usize {
        let key = self.rows.len();
        let holder = parent.and_then(|parent| self.rows.get(parent));
        let depth = holder.map_or(0, |row| row.depth + 1);
        let run = if matches!(what, What::Run { .. }) { Some(key) } else { self.run };
        let start = event.at;
        let parts = time.map(|time| Part { from: start, to: None, time }).into_iter().collect();
        self.rows.push(Row {
            key,
            no: event.no,
            parent,
            depth,
            run,
            what,
            start,
            end: None,
            parts,
            state: RowState::Open,
            spent: Spent::default(),
        });
        let mut at = self.order.len();
        if let Some(parent) = parent {
            while at > 0 && !self.is_within(self.order[at - 1], parent) {
                at -= 1;
            }
        }
        self.order.insert(at, key);
        key
    }

    fn moment(&mut self, event: &Event, what: What) {
        let parent = self.step.or(self.run);
        let key = self.add(parent, event, what, None);
        self.rows[key].end = Some(event.at);
        self.rows[key].state = RowState::Moment;
    }

    /// Ends what a row does now, and the row with it.
    fn close(&mut self, key: usize, at: Micros, state: RowState) {
        self.stop(key, at);
        let row = &mut self.rows[key];
        if row.end.is_none() {
            row.end = Some(at);
            row.state = state;
        }
    }

    /// Ends the last part of a row; its time counts for the row and for those that hold it.
    fn stop(&mut self, key: usize, at: Micros) {
        let Some(part) = self.rows[key].parts.last_mut().filter(|part| part.to.is_none()) else { return };
        part.to = Some(at);
        let (time, micros) = (part.time, (at.0 - part.from.0).max(0));
        let is_execution = matches!(self.rows[key].what, What::Execution { .. }); // its call counts this already
        let mut holder = Some(key);
        while let Some(row) = holder.and_then(|key| self.rows.get_mut(key)) {
            row.spent.add(time, micros);
            holder = row.parent.filter(|_| !is_execution);
        }
    }

    /// Begins another part of a row.
    fn part(&mut self, key: usize, from: Micros, time: Time) {
        if self.rows[key].parts.last().is_some_and(|part| part.to.is_none() && part.time == time) {
            return;
        }
        self.stop(key, from);
        self.rows[key].parts.push(Part { from, to: None, time });
    }

    fn close_pause(&mut self, event: &Event) {
        if let Some(key) = self.pause.take() {
            self.close(key, event.at, RowState::Well);
        }
    }

    /// What the run waited for is known only once it was allowed: since the event before.
    fn stepped(&mut self, event: &Event) {
        let since = Event { at: self.last_at, ..event.clone() };
        let key = self.add(self.run, &since, What::Stepping, Some(Time::Person));
        self.close(key, event.at, RowState::Well);
    }

    fn asked(&mut self, event: &Event, model: &str, attempt: u32) {
        if let Some(key) = self.retry.take() {
            self.close(key, event.at, RowState::Well);
        }
        if self.step.is_none() {
            self.steps += 1;
            self.step = Some(self.add(self.run, event, What::Step(self.steps), None));
        }
        let what = What::Model { model: model.to_string(), attempt, fault: None };
        self.model = Some(self.add(self.step, event, what, Some(Time::Model)));
    }

    fn replied(&mut self, event: &Event, reply: &Reply, calls: &[CallId]) {
        if let Some(key) = self.model.take() {
            self.close(key, event.at, RowState::Well);
        }
        for (id, asked) in calls.iter().zip(&reply.calls) {
            let what = What::Call { call: *id, tool: asked.tool.clone(), summary: summary(&asked.args) };
            let key = self.add(self.step.or(self.run), event, what, Some(Time::Judging));
            self.calls.push(key);
            self.open.insert(*id, OpenCall::default());
        }
        self.close_step(event.at);
    }

    fn failed(&mut self, event: &Event, kind: FaultKind, then: AfterFault) {
        if let Some(key) = self.model.take() {
            let state = if kind == FaultKind::Interrupted {
                RowState::Interrupted
            } else if kind == FaultKind::Stopped {
                RowState::NotRun
            } else {
                RowState::Badly
            };
            self.close(key, event.at, state);
            if let What::Model { fault, .. } = &mut self.rows[key].what {
                *fault = Some(kind);
            }
        }
        if matches!(then, AfterFault::Retry { wait_ms } if wait_ms > 0) {
            self.retry = Some(self.add(self.step, event, What::Retry { fault: kind }, Some(Time::Idle)));
        }
    }

    /// A step is over once its reply and all its calls are.
    fn close_step(&mut self, at: Micros) {
        if self.open.is_empty()
            && let Some(key) = self.step.take()
        {
            self.close(key, at, RowState::Well);
        }
    }

    fn ended(&mut self, event: &Event, status: RunStatus) {
        let state = match status {
            RunStatus::Done => RowState::Well,
            RunStatus::Failed | RunStatus::BudgetStopped => RowState::Badly,
            RunStatus::Cancelled => RowState::NotRun,
        };
        self.close_pause(event);
        for (key, state) in
            [(self.retry.take(), RowState::NotRun), (self.step.take(), state), (self.run, state)]
        {
            if let Some(key) = key {
                self.close(key, event.at, state);
            }
        }
        self.open.clear();
    }

    /// What the parent had under way ends here; calls that are not over are judged again.
    fn fork(&mut self, event: &Event, parent: &Parent) {
        for key in [self.retry.take(), self.model.take()].into_iter().flatten() {
            self.close(key, event.at, RowState::NotRun);
        }
        let mut calls: Vec<CallId> = self.open.keys().copied().collect();
        calls.sort_unstable();
        for call in calls {
            let row = self.open.remove(&call).and_then(|open| open.execution);
            if let Some(row) = row {
                self.close(row, event.at, RowState::NotRun);
            }
            if let Some(key) = self.call_row(call).map(|row| row.key) {
                self.part(key, event.at, Time::Judging);
            }
            self.open.insert(call, OpenCall::default());
        }
        self.moment(event, What::Fork { parent: parent.clone() });
    }

    fn called(&mut self, call: CallId, event: &Event) {
        let Some(key) = self.call_row(call).map(|row| row.key) else { return };
        let Some(mut open) = self.open.remove(&call) else { return };
        open.watch.apply(&event.fact);
        if let Fact::CallEdited { args, .. } = &event.fact
            && let What::Call { summary, .. } = &mut self.rows[key].what
        {
            *summary = crate::domain::card::brief(args);
        }
        self.execution(key, call, &mut open, event);
        let time = match open.watch.phase {
            Phase::Judging => Time::Judging,
            Phase::Person => Time::Person,
            Phase::Ready => Time::Idle,
            Phase::Running => Time::Work,
            Phase::Over(close) => {
                if matches!(event.fact, Fact::CallJudged { .. }) {
                    self.tree.denied(event);
                }
                self.close(key, event.at, close.into());
                return self.close_step(event.at);
            }
        };
        self.part(key, event.at, time);
        self.open.insert(call, open);
    }

    /// A row for each execution that is not the only one, or that broke off.
    fn execution(&mut self, key: usize, call: CallId, open: &mut OpenCall, event: &Event) {
        if let Fact::CallStarted { .. } = &event.fact {
            open.starts += 1;
            if open.starts > 1 {
                let what = What::Execution { call, nth: open.starts };
                open.execution = Some(self.add(Some(key), event, what, Some(Time::Work)));
            }
            return;
        }
        let broke_off = if let Fact::CallInterrupted { .. } = &event.fact {
            RowState::Interrupted
        } else if let Fact::CallUnknown { .. } = &event.fact {
            RowState::Unknown
        } else if open.watch.over() {
            close_of(open.watch.phase)
        } else {
            return; // it changes no execution
        };
        if let Some(row) = open.execution.take() {
            self.close(row, event.at, broke_off);
        } else if matches!(broke_off, RowState::Interrupted | RowState::Unknown) {
            let from = self.rows[key].parts.last().map_or(event.at, |part| part.from);
            let begun = Event { at: from, ..event.clone() };
            let row =
                self.add(Some(key), &begun, What::Execution { call, nth: open.starts }, Some(Time::Work));
            self.close(row, event.at, broke_off);
        }
    }
}

fn close_of(phase: Phase) -> RowState {
    match phase {
        Phase::Over(close) => close.into(),
        Phase::Judging | Phase::Person | Phase::Ready | Phase::Running => RowState::Open,
    }
}
