//! The rows of calls and of what they ran, and what becomes of them in a fork.

use crate::domain::checks::{card_words, end_words};
use crate::domain::event::{Event, Fact, Parent};
use crate::domain::ids::CallId;
use crate::domain::message::AskedCall;
use crate::domain::trace::{OpenCall, Trace};
use crate::domain::trace_row::{RowState, Time, What};
use crate::domain::watch::Phase;

impl Trace {
    /// What the parent had under way ends here; calls that are not over are judged again.
    pub(in crate::domain) fn fork(&mut self, event: &Event, parent: &Parent) {
        for key in [self.retry.take(), self.model.take()].into_iter().flatten() {
            self.close(key, event.at, RowState::NotRun);
        }
        let mut calls: Vec<CallId> = self.open.keys().copied().collect();
        calls.sort_unstable();
        for call in calls {
            let open = self.open.remove(&call);
            let check = open.as_ref().is_some_and(|open| open.check);
            if let Some(row) = open.and_then(|open| open.execution) {
                self.close(row, event.at, RowState::NotRun);
            }
            if let Some(key) = self.call_row(call).map(|row| row.key) {
                self.part(key, event.at, Time::Judging);
            }
            self.open.insert(call, OpenCall { check, ..OpenCall::default() });
        }
        self.moment(event, What::Fork { parent: parent.clone() });
    }

    /// A check is a row of the run: no turn of the model holds it.
    pub(in crate::domain) fn check(&mut self, event: &Event, call: CallId, name: &str, asked: &AskedCall) {
        let (tool, summary) = card_words(name, &asked.args);
        let what = What::Call { call, tool, summary, leased: None };
        let key = self.add(self.step.or(self.run), event, what, Some(Time::Judging));
        self.calls.insert(call, key);
        self.open.insert(call, OpenCall { check: true, ..OpenCall::default() });
    }

    pub(in crate::domain) fn called(&mut self, call: CallId, event: &Event) {
        let Some(key) = self.call_row(call).map(|row| row.key) else { return };
        let Some(mut open) = self.open.remove(&call) else { return };
        open.watch.apply(&event.fact);
        if let Fact::CallEdited { args, .. } = &event.fact
            && let Some(What::Call { summary, .. }) = self.rows.get_mut(key).map(|row| &mut row.what)
        {
            *summary = crate::domain::card::brief(args);
        }
        if let Fact::LeaseUsed { lease, .. } = &event.fact
            && let Some(What::Call { leased, .. }) = self.rows.get_mut(key).map(|row| &mut row.what)
        {
            *leased = Some(*lease);
        }
        if let Fact::CallEnded { outcome, output, .. } = &event.fact
            && open.check
            && let Some(What::Call { tool, .. }) = self.rows.get_mut(key).map(|row| &mut row.what)
        {
            tool.push_str(&format!(": {}", end_words(*outcome, output)));
        }
        self.execution(key, call, &mut open, event);
        let time = match open.watch.phase {
            Phase::Judging => Time::Judging,
            Phase::Person => Time::Person,
            Phase::Ready => Time::Idle,
            Phase::Running => Time::Work,
            Phase::Over(close) => {
                if matches!(event.fact, Fact::CallJudged { .. }) && !self.onlooker {
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
            let from = self.rows.get(key).and_then(|row| row.parts.last()).map_or(event.at, |part| part.from);
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
