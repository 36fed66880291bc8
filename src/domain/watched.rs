//! A session as whoever looks at it sees it: three folds of the same facts, and how they let go of what is long over.

use crate::domain::event::Event;
use crate::domain::ids::{EventNo, SessionId};
use crate::domain::session::Session;
use crate::domain::talk::Talk;
use crate::domain::trace::Trace;
use serde::{Deserialize, Serialize};

/// The watched session as its events tell it, in three projections of the same facts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watched {
    /// The one fold: status, run, calls, holds.
    pub session: Session,
    /// The conversation: what was said, item by item.
    pub talk: Talk,
    /// The timeline: spans and rows.
    pub trace: Trace,
}

impl Watched {
    /// A session of which nothing is known yet.
    pub fn new(id: SessionId) -> Watched {
        Watched { session: Session::new(id), talk: Talk::default(), trace: Trace::default() }
    }

    /// The same for who plays a stored session: what nobody looks at is not kept, and what is long over may be let go.
    pub fn onlooker(id: SessionId) -> Watched {
        Watched { session: Session::onlooker(id), talk: Talk::default(), trace: Trace::onlooker() }
    }

    /// Takes in one fact.
    pub fn apply(&mut self, event: &Event) {
        self.session.apply(event);
        self.talk.apply(event);
        self.trace.apply(event);
    }

    /// Lets go of what is over and was not touched after the event `before`. What is open stays, so that later facts
    /// find it.
    pub fn forget(&mut self, before: EventNo) {
        self.session.forget(before);
        self.talk.forget(before);
        self.trace.forget(before);
    }

    /// What later facts need of it, and nothing else.
    pub fn core(&self) -> Watched {
        let mut core = self.clone();
        core.forget(self.session.last);
        core
    }

    /// Whether anything was let go.
    pub fn is_cut(&self) -> bool {
        self.session.calls.gone() + self.talk.items().gone() > 0
    }
}
