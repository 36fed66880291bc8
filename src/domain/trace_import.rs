//! The timeline of a session that another tool recorded: nothing in it is open, since nobody works on it.

use crate::domain::event::{Event, Fact};
use crate::domain::foreign::{Recorded, RecordedTime};
use crate::domain::ids::CallId;
use crate::domain::time::Micros;
use crate::domain::trace::Trace;
use crate::domain::trace_row::{Part, RowState, Time};

impl Trace {
    /// A call of which no end is recorded so far.
    pub(in crate::domain) fn unrecorded(&mut self, key: usize, event: &Event) {
        let Some(row) = self.rows.get_mut(key) else { return };
        row.parts.clear();
        row.end = Some(event.at);
        row.state = RowState::Unknown;
    }

    /// The end of a call: what its time went into is told as far as the record does.
    pub(in crate::domain) fn recorded(&mut self, call: CallId, event: &Event) {
        let Fact::CallRecorded { end, ms, time, .. } = &event.fact else { return };
        let Some(key) = self.call_row(call).map(|row| row.key).filter(|_| self.imported) else { return };
        let Some(row) = self.rows.get_mut(key) else { return };
        let took = i64::try_from(ms.unwrap_or(0)).unwrap_or(i64::MAX).saturating_mul(1_000);
        let from = match (time, ms) {
            (RecordedTime::Execution, Some(_)) => Micros(event.at.0.saturating_sub(took)).max(row.start),
            (RecordedTime::Execution | RecordedTime::WithWaiting | RecordedTime::None, _) => row.start,
        };
        let what = match time {
            RecordedTime::Execution => Time::Work,
            RecordedTime::WithWaiting => Time::Untold,
            RecordedTime::None => Time::Idle,
        };
        row.parts = vec![
            Part { from: row.start, to: Some(from), time: Time::Idle },
            Part { from, to: Some(event.at), time: what },
        ];
        row.state = match end {
            Recorded::Ok => RowState::Well,
            Recorded::Error => RowState::Badly,
            Recorded::Stopped | Recorded::Refused => RowState::NotRun,
        };
        let micros = (event.at.0 - from.0).max(0);
        let mut holder = Some(key);
        while let Some(row) = holder.and_then(|key| self.rows.get_mut(key)) {
            row.spent.add(what, micros);
            row.end = row.end.map(|end| end.max(event.at));
            holder = row.parent;
        }
    }

    /// The run goes as far as its record does, whether or not that tells an end.
    pub(in crate::domain) fn stand(&mut self, event: &Event) {
        if !self.imported || event.run.0 == 0 || matches!(event.fact, Fact::RunEnded { .. }) {
            return;
        }
        let state = if self.answered { RowState::Well } else { RowState::Unknown };
        if let Some(row) = self.run.and_then(|key| self.rows.get_mut(key)) {
            row.end = Some(event.at);
            row.state = state;
        }
    }

    /// The record tells an end after all.
    pub(in crate::domain) fn reopen(&mut self) {
        if let Some(row) = self.run.filter(|_| self.imported).and_then(|key| self.rows.get_mut(key)) {
            row.end = None;
        }
        self.answered = false;
    }
}
