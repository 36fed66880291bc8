//! Another session from an event of one: its facts up to there, its files as they were, and what is changed.
//!
//! Files first, then the one commit that makes the session: a process that stops in between leaves a folder that nobody
//! names, and never a session without its files.

use crate::domain::call::By;
use crate::domain::commit::{COMMIT_BYTES_MAX, Class, Sealed};
use crate::domain::fork::{self, BeforeDecision, Fork, Twist};
use crate::domain::hash::Hash;
use crate::domain::ids::{CommitId, EventNo, SessionId};
use crate::domain::order::Refusal;
use crate::domain::session::Session;
use crate::domain::tool_spec::ToolBook;
use crate::domain::trail::{FileTrail, FilesAt};
use crate::ports::files::FilesFault;
use crate::ports::log::LogFault;
use crate::runtime::ledger::Ledger;
use crate::runtime::pages::pages;
use crate::runtime::plugs::Plugs;
use std::sync::Arc;

/// Bytes of copies at most: beside them the commit holds what is new.
const BYTES_MAX: usize = COMMIT_BYTES_MAX / 16 * 15;

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
    let (at, last) = point(plugs, parent, wish).await?;
    if at > last || at == EventNo(0) {
        return Err(ForkFault::NoEvent { session: parent.clone(), at, last });
    }
    let Past { copies, files: found, source } = past(plugs, parent, at).await?;
    let kit = plugs.settings.kit(tools, plugs.clock.now(), 0);
    let id = SessionId::from_random(plugs.clock.fresh());
    let fresh = CommitId::from_random(plugs.clock.fresh());
    let program = concat!("tackroom ", env!("CARGO_PKG_VERSION"));
    let twist = &wish.twist;
    // A change that is refused leaves nothing behind.
    fork::check(&Fork { id: &id, workspace: "", files: None, twist, by, program }, parent, &copies, &kit)?;
    let (files, manifest) = match found {
        FilesAt::Kept(manifest) => (found, manifest),
        // Nothing was kept since: those that lie in the workspace now are kept.
        FilesAt::Now | FilesAt::Lost { .. } => {
            (found, plugs.files.keep(&source.workspace, source.kept).await?.manifest)
        }
    };
    // A folder whose session nobody knows is let go by whoever looks for such: not while it is being made.
    let _claim = plugs.store.work.claim(&id)?;
    let workspace = plugs.files.make(id.as_str(), wish.into.as_deref())?;
    // A folder that the operator named gets files and nothing else.
    let worktree = match wish.into {
        None => plugs.files.worktree(&source.workspace, &workspace, manifest).await,
        Some(_) => None,
    };
    let changes = plugs.files.compare(&workspace, manifest).await?;
    let laid = plugs.files.put_back(&workspace, &changes).await?;
    let here = plugs.files.keep(&workspace, Some(manifest)).await?;
    let fork = Fork { id: &id, workspace: &workspace, files: Some(here.manifest), twist, by, program };
    let commit = fork::commit(&fork, parent, copies, fresh, &kit)?;
    let (log, clock) = (plugs.store.log.clone(), plugs.clock.clone());
    let mut ledger = Ledger::fresh(log, clock, id.clone(), Class::Operator, &by.to_string());
    ledger.put(Arc::new(commit)).await?;
    let mut missing = laid.failed;
    missing.extend(here.left_out.into_iter().map(|(path, why)| (path, why.words().to_string())));
    Ok(Forked { id, workspace, at, files, count: here.files, worktree, missing })
}

/// The event to fork at, and the last there is.
async fn point(plugs: &Plugs, parent: &SessionId, wish: &Wish) -> Result<(EventNo, EventNo), ForkFault> {
    let twist = &wish.twist;
    let args = twist.args.first().map(|(call, _)| *call);
    let decided = twist.reject.iter().chain(&twist.respond).map(|(call, _)| *call).next();
    let last = plugs.store.log.head(parent).await?.event;
    if last == EventNo(0) {
        return Err(LogFault::NoSession(parent.to_string()).into());
    }
    let call = match (wish.at, args.or(decided)) {
        (Some(at), _) => return Ok((at, last)),
        (None, None) => return Ok((last, last)),
        (None, Some(call)) => call,
    };
    let mut seeking = BeforeDecision::new(call);
    let mut pages = pages(&*plugs.store.log, parent, 0);
    while let Some(page) = pages.next().await? {
        page.iter().flat_map(|commit| &commit.events).for_each(|sealed| seeking.apply(&sealed.event));
    }
    Ok((seeking.found().ok_or(Refusal::NoCall(call))?, last))
}

/// What a fork takes from its parent.
struct Past {
    copies: Vec<Sealed>,
    files: FilesAt,
    /// Where the parent's files lie now, and what was kept of them last.
    source: Source,
}

struct Source {
    workspace: String,
    kept: Option<Hash>,
}

/// Reads the parent once, to its end: the events up to `at`, and which files belong to it. What does not fit a commit is
/// not gathered.
async fn past(plugs: &Plugs, parent: &SessionId, at: EventNo) -> Result<Past, ForkFault> {
    let (mut trail, mut copies, mut bytes) = (FileTrail::new(at), Vec::new(), 0);
    let mut session = Session::new(parent.clone());
    let mut pages = pages(&*plugs.store.log, parent, 0);
    while let Some(page) = pages.next().await? {
        for sealed in page.iter().flat_map(|commit| &commit.events) {
            trail.apply(&sealed.event);
            session.apply(&sealed.event);
            if sealed.event.no <= at {
                bytes += sealed.json.len();
                if bytes <= BYTES_MAX {
                    copies.push(sealed.clone());
                }
            }
        }
        session.let_go();
    }
    match bytes > BYTES_MAX {
        true => Err(ForkFault::TooLong { bytes, at }),
        false => {
            let source = Source { workspace: session.workspace, kept: session.kept };
            Ok(Past { copies, files: trail.files(), source })
        }
    }
}
