//! What a screen asks of whoever drives sessions: orders to a session, and which session it wants to see.

use crate::domain::breakpoint::Breakpoint;
use crate::domain::fork::Twist;
use crate::domain::ids::{CallId, EventNo, SessionId};
use crate::domain::inbox::Answer;
use crate::domain::inspect::page::Subject;
use crate::domain::lease_terms::Terms;
use crate::domain::library::Deed;
use crate::domain::listing::Query;
use crate::domain::order::{Order, Task};
use crate::domain::retention::Rules;
use crate::domain::search::Search;

/// One thing asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// An order to a session; what comes of it is seen in the log, or as `Notice::Refused`.
    Order {
        /// The session.
        session: SessionId,
        /// The order.
        order: Order,
    },
    /// Open a new session in the configured workspace with this task and these breakpoints, drive it here and watch it.
    Begin(Task, Vec<Breakpoint>),
    /// Watch a stored session: `Notice::Watching`, everything stored as commits, `Notice::CaughtUp`, then what comes.
    /// Ends the watching of any other.
    Watch(SessionId),
    /// Make another session from an event of one; told as `Notice::Forked`.
    Fork {
        /// The session.
        session: SessionId,
        /// The event; none: its last.
        at: Option<EventNo>,
        /// What is to be other than it was.
        twist: Box<Twist>,
    },
    /// Play a stored session: `Notice::Watching`, then `Notice::Surveyed` up to its end and `Notice::CaughtUp`. Ends the
    /// watching of any other. Nothing but the log is asked.
    Replay(SessionId),
    /// The events of a chunk of the session that is played: they come as `Notice::Page`.
    Page {
        /// The session.
        session: SessionId,
        /// The chunk's place.
        place: u64,
        /// The commit before the one that holds its first event.
        after: u64,
        /// The commit that holds its last event.
        until: u64,
    },
    /// Drive a session here that nobody drives: what was interrupted goes on.
    Resume(SessionId),
    /// Compare two stored sessions: `Notice::Compared`.
    Compare {
        /// The session to compare with.
        left: SessionId,
        /// The session that is compared.
        right: SessionId,
    },
    /// Try the terms of a lease on past sessions of a folder: `Notice::LeaseTried`. Of several, the last are told.
    TryLease {
        /// The folder.
        workspace: String,
        /// The tool.
        tool: String,
        /// The terms.
        terms: Box<Terms>,
        /// The call that they are for, which is left out.
        but: (SessionId, CallId),
        /// Whether the sessions are to be read anew.
        fresh: bool,
    },
    /// Look at an event of a stored session closely: `Notice::Inspected`. Ends the looking at any other.
    Inspect {
        /// The session.
        session: SessionId,
        /// The event, or a call that it asked for.
        subject: Subject,
        /// Nothing after this event is told: where a replay stands. None: all there is.
        until: Option<EventNo>,
    },
    /// Tell every hold of every session as `Notice::Inbox`, now and whenever they change; or no more.
    Inbox(bool),
    /// Tell a session as it stands, for a decision: `Notice::Looked`. Of several that wait, only the last is told.
    Look(SessionId),
    /// Answers to holds, each by itself: what becomes of each is told as `Notice::Answered`.
    Answer(Vec<Answer>),
    /// Send a window on the sessions list as `Notice::Listed`; where it is `live`, again whenever something changed. It
    /// takes the place of any window asked for before.
    List {
        /// Which rows.
        query: Box<Query>,
        /// Whether it is to be sent again.
        live: bool,
    },
    /// Look into a session of the list: `Notice::Glanced`.
    Glance(SessionId),
    /// Search what was said and done: `Notice::Found`, again while more of the store can be searched. Ends any other.
    Search(Search),
    /// Name all sessions that fit, also those outside of the window: `Notice::Fitting`.
    Fitting(Box<Query>),
    /// Do something with sessions, one after another; what came of each is told as `Notice::Did`.
    Deeds(Vec<(SessionId, Deed)>),
    /// Count what these rules would let go now: `Notice::Weighed`. Ends any other counting.
    Weigh(Rules),
    /// Keep these rules where the configuration is, for every later start: `Notice::Kept`.
    Keep(Rules),
    /// End: runs of this process park, their state is on disk.
    Quit,
}
