//! Another session from an event of one: its facts up to there, its files as they were, and what is changed.
//!
//! Files first, then the one commit that makes the session: a process that stops in between leaves a folder that nobody
//! names, and never a session without its files.

use crate::domain::call::By;
use crate::domain::commit::{COMMIT_BYTES_MAX, Class, Sealed};
use crate::domain::decide::Kit;
use crate::domain::event::Event;
use crate::domain::fork::{self, FileTrail, FilesAt, Fork, Twist, before_decision};
use crate::domain::hash::Hash;
use crate::domain::ids::{CommitId, EventNo, SessionId};
use crate::domain::order::Refusal;
use crate::domain::session::Session;
use crate::domain::tool_spec::ToolBook;
use crate::ports::files::FilesFault;
use crate::ports::log::LogFault;
use crate::runtime::ledger::Ledger;
use crate::runtime::plugs::Plugs;
use std::sync::Arc;

/// Commits read at once.
const PAGE: usize = 256;

/// What is to be forked, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wish {
    /// The event; none: the last before the first call that `twist` names was decided on, else the last of all.
    pub at: Option<EventNo>,
    /// What is to be other than it was.
    pub twist: Twist,
    /// The folder that the files go to; none: one of this program's own.
    pub into: Option<String>,
}

/// A session that was made.
#[derive(Clone, Debug)]
pub struct Forked {
    /// Its id.
    pub id: SessionId,
    /// Its folder.
    pub workspace: String,
    /// The event forked at.
    pub at: EventNo,
    /// Which files lie there.
    pub files: FilesAt,
    /// How many.
    pub count: u64,
    /// The commit that the folder is a git worktree at; none where it is a copy.
    pub worktree: Option<String>,
    /// What is not there as it was: the path and why.
    pub missing: Vec<(String, String)>,
}

impl Forked {
    /// What is not as it was, in a few words; empty where all is.
    pub fn missing_words(&self) -> String {
        let files = match self.files {
            FilesAt::Kept(_) => String::new(),
            FilesAt::Now => "files as they are now".to_string(),
            FilesAt::Lost { .. } => "files as they are now: those of then were not kept".to_string(),
        };
        match (self.missing.len(), files.is_empty()) {
            (0, _) => files,
            (count, true) => format!("{count} files are missing"),
            (count, false) => format!("{files}; {count} are missing"),
        }
    }
}

/// Why there is no fork.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForkFault {
    /// The log cannot be read or written.
    #[error("{0}")]
    Log(#[from] LogFault),
    /// The files cannot be kept, read or put there.
    #[error("{0}")]
    Files(#[from] FilesFault),
    /// What is to be changed cannot be.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// There is no such event.
    #[error("session {session} has no event {at}: its last is {last}")]
    NoEvent {
        /// The session.
        session: SessionId,
        /// The event.
        at: EventNo,
        /// The last.
        last: EventNo,
    },
    /// What would be copied does not fit a commit.
    #[error("the session has {bytes} bytes of events up to {at}; a fork takes at most {COMMIT_BYTES_MAX}")]
    TooLong {
        /// The bytes.
        bytes: usize,
        /// The event.
        at: EventNo,
    },
}

/// Makes the fork.
pub async fn fork(
    plugs: &Plugs,
    tools: &ToolBook,
    by: &By,
    parent: &SessionId,
    wish: &Wish,
) -> Result<Forked, ForkFault> {
    let all = read(plugs, parent).await?;
    let at = point(parent, &all, wish)?;
    let copies: Vec<Sealed> = all.iter().take_while(|sealed| sealed.event.no <= at).cloned().collect();
    let bytes: usize = copies.iter().map(|sealed| sealed.json.len()).sum();
    if bytes > COMMIT_BYTES_MAX / 16 * 15 {
        return Err(ForkFault::TooLong { bytes, at });
    }
    let kit = Kit {
        tools,
        now: plugs.clock.now(),
        luck: 0,
        retry: plugs.settings.retry,
        approval_ms: plugs.settings.approval_ms,
    };
    let id = SessionId::from_random(plugs.clock.fresh());
    let fresh = CommitId::from_random(plugs.clock.fresh());
    let make = |workspace: &str, files: Option<Hash>, copies: Vec<Sealed>| {
        let program = concat!("tackroom ", env!("CARGO_PKG_VERSION"));
        let fork = Fork { id: &id, workspace, files, twist: &wish.twist, by, program };
        fork::commit(&fork, parent, copies, fresh.clone(), &kit)
    };
    make("", None, copies.clone())?; // a change that is refused leaves nothing behind
    let (files, manifest, from) = files(plugs, &all, at).await?;
    let workspace = plugs.files.make(id.as_str(), wish.into.as_deref())?;
    // A folder that the operator named gets files and nothing else.
    let worktree = match wish.into {
        None => plugs.files.worktree(&from, &workspace, manifest).await,
        Some(_) => None,
    };
    let laid = plugs.files.put_back(&workspace, manifest).await?;
    let here = plugs.files.keep(&workspace, Some(manifest)).await?;
    let commit = make(&workspace, Some(here.manifest), copies)?;
    let (log, clock) = (plugs.store.log.clone(), plugs.clock.clone());
    let mut ledger = Ledger::fresh(log, clock, id.clone(), Class::Operator, &by.to_string());
    ledger.put(Arc::new(commit)).await?;
    let mut missing = laid.failed;
    missing.extend(here.left_out.into_iter().map(|(path, why)| (path, why.words().to_string())));
    Ok(Forked { id, workspace, at, files, count: here.files, worktree, missing })
}

async fn read(plugs: &Plugs, id: &SessionId) -> Result<Vec<Sealed>, ForkFault> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = plugs.store.log.read(id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        all.extend(page.iter().flat_map(|commit| commit.events.iter().cloned()));
    }
    if all.is_empty() { Err(LogFault::NoSession(id.to_string()).into()) } else { Ok(all) }
}

/// The event to fork at.
fn point(parent: &SessionId, all: &[Sealed], wish: &Wish) -> Result<EventNo, ForkFault> {
    let last = all.last().map_or(EventNo(0), |sealed| sealed.event.no);
    let twist = &wish.twist;
    let args = twist.args.first().map(|(call, _)| *call);
    let decided = twist.reject.iter().chain(&twist.respond).map(|(call, _)| *call).next();
    let at = match (wish.at, args.or(decided)) {
        (Some(at), _) => at,
        (None, None) => last,
        (None, Some(call)) => {
            let events: Vec<Event> = all.iter().map(|sealed| sealed.event.clone()).collect();
            before_decision(&events, call).ok_or(Refusal::NoCall(call))?
        }
    };
    match at > last || at == EventNo(0) {
        true => Err(ForkFault::NoEvent { session: parent.clone(), at, last }),
        false => Ok(at),
    }
}

/// The files as they were at an event, and whose they are. Where nothing was kept since, those that lie in the workspace now are kept.
async fn files(plugs: &Plugs, all: &[Sealed], at: EventNo) -> Result<(FilesAt, Hash, String), ForkFault> {
    let (found, session) = trail(all, at);
    if let FilesAt::Kept(manifest) = found {
        return Ok((found, manifest, session.workspace));
    }
    let kept = plugs.files.keep(&session.workspace, session.kept).await?;
    Ok((found, kept.manifest, session.workspace))
}

/// Which files belong to an event, and the session at its end.
pub(in crate::runtime) fn trail(all: &[Sealed], at: EventNo) -> (FilesAt, Session) {
    let mut trail = FileTrail::new(at);
    let mut session = Session::new(SessionId(String::new()));
    for sealed in all {
        trail.apply(&sealed.event);
        session.apply(&sealed.event);
    }
    (trail.files(), session)
}
