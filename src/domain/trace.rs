//! Events as timeline rows: run > step > model attempt or call > execution, with waiting for a person told apart from work.
//!
//! A row keeps its key for ever; its place in the order of reading may move down when a row is put in above it, which only
//! happens inside the step under way. A step is one turn of the model with all its attempts and calls. A call that ran once
//! has that in its own parts; an execution has a row where there was more than one, or where one broke off.

use crate::domain::card::summary;
use crate::domain::event::{Event, Fact, RunStatus};
use crate::domain::fault::FaultKind;
use crate::domain::foreign::Sort;
use crate::domain::ids::{CallId, EventNo};
use crate::domain::imported::is_answer;
use crate::domain::message::Reply;
use crate::domain::retry::AfterFault;
use crate::domain::route::Route;
use crate::domain::shelf::Shelf;
use crate::domain::span_tree::{SpanFault, SpanTree};
use crate::domain::time::Micros;
use crate::domain::trace_context::failed_state;
use crate::domain::trace_row::{Part, Row, RowState, Spent, Time, What};
use crate::domain::watch::Watch;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A call that is not over.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::domain) struct OpenCall {
    pub(in crate::domain) watch: Watch,
    pub(in crate::domain) starts: u32,
    pub(in crate::domain) check: bool,
    pub(in crate::domain) execution: Option<usize>,
}

/// A session's timeline.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Trace {
    pub(in crate::domain) rows: Shelf<Row>,
    order: Vec<usize>,
    #[serde(skip)] // an onlooker's is empty
    pub(in crate::domain) tree: SpanTree,
    pub(in crate::domain) onlooker: bool,
    version: u64,
    pub(in crate::domain) run: Option<usize>,
    pub(in crate::domain) step: Option<usize>,
    steps: u32,
    pub(in crate::domain) model: Option<usize>,
    pub(in crate::domain) retry: Option<usize>,
    pause: Option<usize>,
    stops: Vec<usize>,
    let_go: Option<EventNo>,
    pub(in crate::domain) calls: BTreeMap<CallId, usize>,
    pub(in crate::domain) open: BTreeMap<CallId, OpenCall>,
    last_at: Micros,
    pub(in crate::domain) imported: bool,
    pub(in crate::domain) answered: bool,
}

impl Trace {
    /// The timeline for who only looks: the spans are not checked, and old rows may be let go.
    pub fn onlooker() -> Trace {
        Trace { onlooker: true, ..Trace::default() }
    }

    /// Lets go of rows that are over and were not touched after the event `before`.
    pub fn forget(&mut self, before: EventNo) {
        let own = [self.run, self.step, self.model, self.retry, self.pause];
        let calls = self.open.iter().flat_map(|(id, open)| [self.calls.get(id).copied(), open.execution]);
        let open: Vec<usize> = own.into_iter().chain(calls).flatten().collect();
        self.rows.forget(before, |key| open.contains(&key));
        self.order.retain(|key| self.rows.get(*key).is_some());
        self.order.shrink_to_fit();
        self.calls.retain(|_, key| self.rows.get(*key).is_some());
    }

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
        self.rows.get(*self.calls.get(&call)?)
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
        self.rows.at(event.no);
        if !self.onlooker {
            self.tree.apply(event); // first: a call may be denied by the very fact that opens its span
        }
        match &event.fact {
            Fact::WriterTaken { holder, epoch } if epoch.0 > 1 => self.takeover(event, holder),
            Fact::SessionForked { parent, .. } => self.fork(event, parent),
            Fact::RestoreStarted { at, .. } => self.moment(event, What::Restore { at: *at }),
            Fact::RunStarted { input, .. } | Fact::RunImported { input, .. } => self.begun(event, input),
            Fact::RunPaused { .. } | Fact::InterruptAsked { .. } => self.paused(event),
            Fact::RunReleased { .. } => self.close_pause(event),
            Fact::StepAllowed { .. } => self.stepped(event),
            Fact::BreakpointHit { .. } | Fact::RunHeld { .. } => self.stood(event),
            Fact::OperatorSteered { text, .. } => self.moment(event, What::Steer { text: text.clone() }),
            Fact::Unknown { kind, .. } => self.moment(event, What::Foreign { kind: kind.clone() }),
            Fact::ModelAsked { model, attempt: n, route, .. } => self.asked(event, model, *n, route.as_ref()),
            Fact::ModelReplied { reply, calls } => self.replied(event, reply, calls),
            Fact::CompactAsked(_) | Fact::ContextCompacted(_) => self.compaction(event),
            Fact::CompactFailed { .. } => self.compaction(event),
            Fact::CheckAsked { call, name, asked, .. } => self.check(event, *call, name, asked),
            Fact::ModelFailed { fault, then, .. } => self.failed(event, fault.kind, *then),
            Fact::RunEnded { status, .. } => self.ended(event, *status),
            Fact::SessionImported { .. } => self.imported = true,
            Fact::CallRecorded { call, .. } => self.recorded(*call, event),
            Fact::ForeignRecord { sort: Sort::Unknown, label, .. } => {
                self.moment(event, What::Foreign { kind: label.clone() });
            }
            Fact::CallRefused { call, .. }
            | Fact::CallJudged { call, .. }
            | Fact::CallEdited { call, .. }
            | Fact::CallApproved { call, .. }
            | Fact::LeaseUsed { call, .. }
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
            | Fact::CancelAsked { .. }
            | Fact::ModeSet { .. }
            | Fact::ForeignRecord { .. }
            | Fact::ImportTaken { .. }
            | Fact::BreakpointSet { .. }
            | Fact::BreakpointRemoved { .. }
            | Fact::NoteAdded { .. }
            | Fact::BudgetNeared { .. }
            | Fact::BudgetExtended { .. }
            | Fact::LoopSeen { .. }
            | Fact::CompactOrdered { .. }
            | Fact::CompactionUndone { .. }
            | Fact::NoteRemoved { .. }
            | Fact::LeaseGranted { .. }
            | Fact::LeaseRevoked { .. }
            | Fact::OperatorSaid { .. } => {}
        }
        self.stand(event);
        self.last_at = event.at;
    }

    fn takeover(&mut self, event: &Event, holder: &str) {
        self.moment(event, What::Takeover { holder: holder.to_string() });
    }

    fn paused(&mut self, event: &Event) {
        if self.pause.is_none() {
            self.pause = Some(self.add(self.run, event, What::Pause, Some(Time::Person)));
        }
    }

    fn begun(&mut self, event: &Event, input: &str) {
        self.steps = 0;
        self.run = Some(self.add(None, event, What::Run { no: event.run, input: input.to_string() }, None));
    }

    /// Adds a row as the last one in `parent`.
    pub(in crate::domain) fn add(
        &mut self,
        parent: Option<usize>,
        event: &Event,
        what: What,
        time: Option<Time>,
    ) -> usize {
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

    pub(in crate::domain) fn moment(&mut self, event: &Event, what: What) {
        let parent = self.step.or(self.run);
        let key = self.add(parent, event, what, None);
        if let Some(row) = self.rows.get_mut(key) {
            (row.end, row.state) = (Some(event.at), RowState::Moment);
        }
    }

    /// Ends what a row does now, and the row with it.
    pub(in crate::domain) fn close(&mut self, key: usize, at: Micros, state: RowState) {
        self.stop(key, at);
        if let Some(row) = self.rows.get_mut(key).filter(|row| row.end.is_none()) {
            row.end = Some(at);
            row.state = state;
        }
    }

    /// Ends the last part of a row; its time counts for the row and for those that hold it.
    pub(in crate::domain) fn stop(&mut self, key: usize, at: Micros) {
        let Some(row) = self.rows.get_mut(key) else { return };
        let is_execution = matches!(row.what, What::Execution { .. }); // its call counts this already
        let Some(part) = row.parts.last_mut().filter(|part| part.to.is_none()) else { return };
        part.to = Some(at);
        let (time, micros) = (part.time, (at.0 - part.from.0).max(0));
        let mut holder = Some(key);
        while let Some(row) = holder.and_then(|key| self.rows.get_mut(key)) {
            row.spent.add(time, micros);
            holder = row.parent.filter(|_| !is_execution);
        }
    }

    /// Begins another part of a row.
    pub(in crate::domain) fn part(&mut self, key: usize, from: Micros, time: Time) {
        let goes_on = |row: &Row| row.parts.last().is_some_and(|part| part.to.is_none() && part.time == time);
        if self.rows.get(key).is_some_and(goes_on) {
            return;
        }
        self.stop(key, from);
        if let Some(row) = self.rows.get_mut(key) {
            row.parts.push(Part { from, to: None, time });
        }
    }

    fn close_pause(&mut self, event: &Event) {
        self.let_go = (!self.stops.is_empty()).then_some(event.no);
        for key in self.pause.take().into_iter().chain(std::mem::take(&mut self.stops)) {
            self.close(key, event.at, RowState::Well);
        }
    }

    /// The run stands still until a person lets it go on.
    fn stood(&mut self, event: &Event) {
        let what = if let Fact::BreakpointHit { no, spec, why, .. } = &event.fact {
            What::Breakpoint { no: *no, spec: spec.clone(), why: why.sentence() }
        } else if let Fact::RunHeld { why } = &event.fact {
            What::Held { kind: why.word().to_string(), why: why.sentence() }
        } else {
            return;
        };
        let key = self.add(self.step.or(self.run), event, what, Some(Time::Person));
        self.stops.push(key);
    }

    /// What the run waited for is known only once it was allowed: since the event before.
    fn stepped(&mut self, event: &Event) {
        if self.let_go.is_some_and(|no| no.after() == event.no) {
            return; // it stood at a breakpoint, and that is told
        }
        let since = Event { at: self.last_at, ..event.clone() };
        let key = self.add(self.run, &since, What::Stepping, Some(Time::Person));
        self.close(key, event.at, RowState::Well);
    }

    fn asked(&mut self, event: &Event, model: &str, attempt: u32, route: Option<&Route>) {
        if let Some(key) = self.retry.take() {
            self.close(key, event.at, RowState::Well);
        }
        if self.step.is_none() {
            self.steps += 1;
            self.step = Some(self.add(self.run, event, What::Step(self.steps), None));
        }
        let what = What::Model { model: asked_name(model, route, attempt), attempt, fault: None };
        self.model = Some(self.add(self.step, event, what, Some(Time::Model)));
    }

    fn replied(&mut self, event: &Event, reply: &Reply, calls: &[CallId]) {
        if let Some(key) = self.model.take() {
            self.close(key, event.at, RowState::Well);
        }
        for (id, asked) in calls.iter().zip(&reply.calls) {
            let (tool, summary) = (asked.tool.clone(), summary(&asked.args));
            let what = What::Call { call: *id, tool, summary, leased: None };
            let key = self.add(self.step.or(self.run), event, what, Some(Time::Judging));
            self.calls.insert(*id, key);
            if self.imported {
                self.unrecorded(key, event);
            } else {
                self.open.insert(*id, OpenCall::default());
            }
        }
        self.answered = is_answer(&reply.finish, !calls.is_empty());
        self.close_step(event.at);
    }

    fn failed(&mut self, event: &Event, kind: FaultKind, then: AfterFault) {
        if let Some(key) = self.model.take() {
            self.close(key, event.at, failed_state(kind));
            if let Some(What::Model { fault, .. }) = self.rows.get_mut(key).map(|row| &mut row.what) {
                *fault = Some(kind);
            }
        }
        if matches!(then, AfterFault::Retry { wait_ms } if wait_ms > 0) {
            self.retry = Some(self.add(self.step, event, What::Retry { fault: kind }, Some(Time::Idle)));
        }
    }

    /// A step is over once its reply and all its calls are.
    pub(in crate::domain) fn close_step(&mut self, at: Micros) {
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
        self.reopen();
        for (key, state) in
            [(self.retry.take(), RowState::NotRun), (self.step.take(), state), (self.run, state)]
        {
            if let Some(key) = key {
                self.close(key, event.at, state);
            }
        }
        self.open.clear();
    }
}

/// The first attempt is asked as everybody expects; where another is, one wants to know with which key.
fn asked_name(model: &str, route: Option<&Route>, attempt: u32) -> String {
    let key = route.map(|route| route.key.as_str()).filter(|key| !key.is_empty() && attempt > 1);
    key.map_or_else(|| model.to_string(), |key| format!("{model} with ${key}"))
}
