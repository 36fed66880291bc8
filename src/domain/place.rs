//! The place of a new event: its number, its run, its span and the span that holds it.
//!
//! Spans form a tree: session > run > model request, and session > run > call > execution. A span is named by the
//! number of the event that opened it.

use crate::domain::context::Compacting;
use crate::domain::event::{Event, Fact};
use crate::domain::event_kinds::Family;
use crate::domain::ids::{CallId, EventNo, RunNo};
use crate::domain::run::Turn;
use crate::domain::session::Session;
use crate::domain::time::Micros;

/// The span of the session itself: its first event.
const ROOT: EventNo = EventNo(1);

/// Makes events of facts, in their places after what `session` has seen.
pub fn place(session: &Session, at: Micros, facts: Vec<Fact>) -> Vec<Event> {
    let run = session.live().or(session.run.as_ref());
    let mut spot =
        Spot { no: session.last, run: run.map_or((RunNo(0), ROOT), |run| (run.no, run.span)), call: None };
    facts.into_iter().map(|fact| spot.event(session, at, fact)).collect()
}

/// Where the next event stands; knows what this very batch has opened.
struct Spot {
    no: EventNo,
    run: (RunNo, EventNo),
    call: Option<(CallId, EventNo)>,
}

impl Spot {
    fn event(&mut self, session: &Session, at: Micros, fact: Fact) -> Event {
        self.no = self.no.after();
        let is_of_session = of_session(&fact);
        let (span, parent) = if is_of_session { (ROOT, EventNo(0)) } else { self.span(session, &fact) };
        let run = if is_of_session { RunNo(0) } else { self.run.0 };
        Event { no: self.no, at, run, span, parent, fact }
    }

    fn span(&mut self, session: &Session, fact: &Fact) -> (EventNo, EventNo) {
        let run_span = self.run.1;
        if let Some(id) = fact.call() {
            return self.call_span(session, id, fact);
        }
        if let Fact::RunStarted { .. } | Fact::RunImported { .. } = fact {
            self.run = (self.run.0.after(), self.no);
            (self.no, ROOT)
        } else if let Fact::ModelAsked { .. } | Fact::CompactAsked(_) = fact {
            (self.no, run_span)
        } else if let Fact::ModelReplied { .. } | Fact::ModelFailed { .. } = fact {
            (asked_span(session).unwrap_or(self.no), run_span)
        } else if let Fact::ContextCompacted(_) | Fact::CompactFailed { .. } = fact {
            match summary_span(session) {
                Some(span) => (span, run_span),
                None => (run_span, ROOT),
            }
        } else if let Fact::Unknown { .. } = fact {
            (ROOT, EventNo(0))
        } else {
            (run_span, ROOT)
        }
    }

    fn call_span(&mut self, session: &Session, id: CallId, fact: &Fact) -> (EventNo, EventNo) {
        let run_span = self.run.1;
        let known = session.call(id);
        let opened = known.filter(|call| call.opened || call.ended()).map(|call| call.span);
        let in_batch = self.call.filter(|(call, _)| *call == id).map(|(_, span)| span);
        let own = opened.or(in_batch).unwrap_or(self.no);
        self.call = Some((id, own));
        if let Fact::CallStarted { .. } = fact {
            (self.no, own)
        } else if let Fact::CallEnded { .. } | Fact::CallInterrupted { .. } | Fact::CallUnknown { .. } = fact
        {
            (known.map_or(self.no, |call| call.started_span), own)
        } else {
            (own, run_span)
        }
    }
}

/// Whether a fact is about the session itself and no run of it.
fn of_session(fact: &Fact) -> bool {
    match fact.family() {
        Family::Session | Family::Files | Family::Lease => true,
        Family::Import => !matches!(fact, Fact::RunImported { .. } | Fact::CallRecorded { .. }),
        Family::Context => matches!(fact, Fact::CompactOrdered { .. } | Fact::CompactionUndone { .. }),
        Family::Stops => !matches!(fact, Fact::BreakpointHit { .. }),
        Family::Run | Family::Model | Family::Call | Family::Reins | Family::Unknown => false,
    }
}

fn summary_span(session: &Session) -> Option<EventNo> {
    match session.live()?.compacting.as_ref()? {
        Compacting::Asked { span, .. } => Some(*span),
        Compacting::Failed { .. } => None,
    }
}

fn asked_span(session: &Session) -> Option<EventNo> {
    match &session.live()?.turn {
        Turn::Asked { span, .. } => Some(*span),
        Turn::Ready | Turn::Failed { .. } | Turn::Replied { .. } => None,
    }
}
