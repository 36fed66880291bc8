//! What a run tells outside: the same notices reach a screen, a headless printer and a test.

use crate::domain::commit::Commit;
use crate::domain::compare::Comparison;
use crate::domain::event::Event;
use crate::domain::ids::{EventNo, SessionId};
use crate::domain::inbox::{Answered, Held, HoldId};
use crate::domain::inspect::page::{Page, Subject};
use crate::domain::lease_terms::Terms;
use crate::domain::lease_trial::Tried;
use crate::domain::library::{Done, Glance, Listed};
use crate::domain::listing::Query;
use crate::domain::message::Draft;
use crate::domain::order::Refusal;
use crate::domain::retention::{Due, Rules};
use crate::domain::search::{Found, Search};
use crate::domain::session::Session;
use crate::domain::survey::Chunk;
use std::sync::Arc;

/// One thing told.
#[derive(Clone, Debug)]
pub enum Notice {
    /// A session is watched from here on: everything known of it follows as commits.
    Watching {
        /// The session.
        session: SessionId,
    },
    /// Facts that are on disk, in order, without gaps.
    Committed(Arc<Commit>),
    /// All that was stored has been told; what follows is live.
    CaughtUp {
        /// The session.
        session: SessionId,
    },
    /// A part of a stored session that is played, in short; in order, without gaps.
    Surveyed {
        /// The session.
        session: SessionId,
        /// The part.
        chunk: Arc<Chunk>,
        /// How many events the session has.
        events: u64,
    },
    /// The events of a chunk of a stored session that is played.
    Page {
        /// The session.
        session: SessionId,
        /// The chunk's place.
        place: u64,
        /// Its events: fewer than a whole chunk at the session's end.
        events: Arc<Vec<Event>>,
    },
    /// The events of a chunk could not be read: who asked for them waits no longer.
    PageFailed {
        /// The session.
        session: SessionId,
        /// The chunk's place.
        place: u64,
        /// What failed, on what and why.
        sentence: String,
        /// What to do next.
        hint: String,
    },
    /// Parts of a reply or an output that are still arriving; lossy.
    Draft {
        /// The session.
        session: SessionId,
        /// The part.
        draft: Draft,
    },
    /// An order was not taken.
    Refused {
        /// The session.
        session: SessionId,
        /// Why.
        why: Refusal,
    },
    /// Every hold of every session, the longest waiting first.
    Inbox(Vec<Held>),
    /// A session that was looked at, as it stands.
    Looked(Arc<Session>),
    /// A session could not be looked at.
    NotLooked {
        /// The session.
        session: SessionId,
        /// What failed, on what and why.
        sentence: String,
        /// What to do next.
        hint: String,
    },
    /// What became of an answer to a hold.
    Answered {
        /// The hold.
        id: HoldId,
        /// What became of it.
        result: Answered,
    },
    /// A window on the sessions list, or its news.
    Listed(Box<Listed>),
    /// A look into a session of the list.
    Glanced(Box<Glance>),
    /// What was found so far.
    Found {
        /// What was asked for.
        search: Search,
        /// What is there.
        found: Box<Found>,
    },
    /// What was looked for could not be looked for.
    NotSearched {
        /// What was asked for.
        search: Search,
        /// What failed, on what and why.
        sentence: String,
        /// What to do next.
        hint: String,
    },
    /// All sessions that fit.
    Fitting {
        /// What was asked for.
        query: Box<Query>,
        /// The sessions, in order.
        ids: Vec<SessionId>,
    },
    /// What came of deeds, in the order in which they were asked for.
    Did(Vec<Done>),
    /// What rules would let go now; or why that cannot be told, and what to do about it.
    Weighed {
        /// The rules.
        rules: Rules,
        /// What they would let go.
        due: Result<Due, (String, String)>,
    },
    /// Where rules are kept from here on; or why they are not, and what to do about it.
    Kept {
        /// The rules.
        rules: Rules,
        /// Where, as a person would type it.
        place: Result<String, (String, String)>,
    },
    /// What the terms of a lease would have allowed in past sessions; or why nobody can tell.
    LeaseTried {
        /// The tool.
        tool: String,
        /// The terms.
        terms: Box<Terms>,
        /// What they would have allowed.
        tried: Result<Tried, String>,
    },
    /// Two sessions, compared.
    Compared(Arc<Comparison>),
    /// Two sessions could not be compared.
    NotCompared {
        /// The session to compare with.
        left: SessionId,
        /// The session that was to be compared.
        right: SessionId,
        /// What failed, on what and why.
        sentence: String,
        /// What to do next.
        hint: String,
    },
    /// An event, looked at closely.
    Inspected(Arc<Page>),
    /// An event could not be looked at closely.
    NotInspected {
        /// The session.
        session: SessionId,
        /// What was asked for.
        subject: Subject,
        /// What failed, on what and why.
        sentence: String,
        /// What to do next.
        hint: String,
    },
    /// Something failed outside of a run, such as the disk: a sentence and a hint.
    Trouble {
        /// What failed, on what and why.
        sentence: String,
        /// What to do next.
        hint: String,
    },
    /// A fork was made; nobody drives it, and whoever wants to see it asks for it.
    Forked {
        /// The session it was made of.
        parent: SessionId,
        /// The new session.
        session: SessionId,
        /// The event of the parent.
        at: EventNo,
        /// Where its files are.
        workspace: String,
        /// The commit that its folder is a git worktree at; none where it is a copy.
        worktree: Option<String>,
        /// What is not as it was, in a few words; empty where all is.
        missing: String,
    },
    /// Whether this process drives the session, another one does, or nobody.
    Driven {
        /// The session.
        session: SessionId,
        /// By whom.
        by: Driver,
    },
}

/// Who drives a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// This process.
    Here,
    /// Another process of this machine.
    Elsewhere,
    /// Nobody: its process stopped; it can be resumed.
    Nobody,
}
