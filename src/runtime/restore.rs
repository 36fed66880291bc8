//! The files of a session's workspace, put back as they were at an event.
//!
//! The files as they are now are kept first and the deed is written down before anything is changed, so it can be undone;
//! nobody drives the session meanwhile.

use crate::domain::call::By;
use crate::domain::commit::Class;
use crate::domain::event::Fact;
use crate::domain::files::Change;
use crate::domain::hash::Hash;
use crate::domain::ids::{EventNo, SessionId};
use crate::domain::lexical::overlap;
use crate::domain::listing::{After, Query};
use crate::domain::trail::{FileTrail, FilesAt};
use crate::ports::files::{FilesFault, PutBack};
use crate::ports::log::LogFault;
use crate::runtime::ledger::{Ledger, RecordFault};
use crate::runtime::pages::pages;
use crate::runtime::plugs::Plugs;

/// Sessions that are looked at together for one that works in the same folder.
const OTHERS: usize = 200;

/// Which files are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those of an event.
    At(EventNo),
    /// Those that the last restore replaced.
    Undo,
}

/// Why nothing was put back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreFault {
    /// The log cannot be read or written.
    #[error("{0}")]
    Log(#[from] LogFault),
    /// It cannot be written down.
    #[error("{0}")]
    Record(#[from] RecordFault),
    /// The files cannot be kept or read.
    #[error("{0}")]
    Files(#[from] FilesFault),
    /// Somebody drives a session in that folder.
    #[error(
        "session {0} is being driven in this folder, or in one above or below it: its files are not changed under it"
    )]
    Driven(SessionId),
    /// The files were changed since it was shown what would be.
    #[error("the files in {0} have changed since this was shown; look again")]
    Moved(String),
    /// Nothing was kept that tells.
    #[error("nobody knows the files as they were at {at}: {why}")]
    Unknown {
        /// The event.
        at: EventNo,
        /// Why.
        why: String,
    },
    /// There was no restore.
    #[error("nothing was put back in session {0} yet, so there is nothing to undo")]
    NothingToUndo(SessionId),
}

/// What would be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The session.
    pub session: SessionId,
    /// The folder.
    pub workspace: String,
    /// The event whose files are wanted.
    pub at: EventNo,
    /// The files that are wanted.
    pub manifest: Hash,
    /// What it changes.
    pub changes: Vec<Change>,
}

/// Looks what would be changed. Changes nothing and writes nothing.
pub async fn plan(plugs: &Plugs, by: &By, id: &SessionId, wanted: Wanted) -> Result<Plan, RestoreFault> {
    let ledger = open(plugs, by, id).await?;
    let workspace = ledger.session().workspace.clone();
    let (at, manifest) = find(plugs, id, wanted).await?;
    let changes = plugs.files.compare(&workspace, manifest).await?;
    Ok(Plan { session: id.clone(), workspace, at, manifest, changes })
}

/// Does it, where it is what was shown and nobody is at work there.
pub async fn restore(plugs: &Plugs, by: &By, plan: &Plan) -> Result<PutBack, RestoreFault> {
    let id = &plan.session;
    let _claim = plugs.store.work.claim(id)?.ok_or_else(|| RestoreFault::Driven(id.clone()))?;
    alone(plugs, plan).await?;
    let mut ledger = open(plugs, by, id).await?;
    let before = plugs.files.keep(&plan.workspace, ledger.session().kept).await?;
    let kept = Fact::WorkspaceKept {
        manifest: before.manifest,
        files: before.files,
        bytes: before.bytes,
        left_out: before.left_out.len() as u64,
    };
    let begun = Fact::RestoreStarted {
        manifest: plan.manifest,
        before: before.manifest,
        at: plan.at,
        by: by.clone(),
    };
    // The files were asked about, and kept, for a while: what is done is what was said yes to, or nothing. A file that is
    // saved after this is found when its turn comes, and left alone.
    if plugs.files.compare(&plan.workspace, plan.manifest).await? != plan.changes {
        return Err(RestoreFault::Moved(plan.workspace.clone()));
    }
    alone(plugs, plan).await?;
    ledger.record(|_| Ok(vec![kept.clone(), begun.clone()])).await?;
    let done = plugs.files.put_back(&plan.workspace, &plan.changes).await?;
    let ended = Fact::RestoreEnded {
        changed: done.changed.len() as u64,
        failed: done.failed.len() as u64,
        by: by.clone(),
    };
    ledger.record(|_| Ok(vec![ended.clone()])).await?;
    Ok(done)
}

/// Fails where somebody drives another session in that folder, in one above it or in one below it.
async fn alone(plugs: &Plugs, plan: &Plan) -> Result<(), RestoreFault> {
    let mut after = None;
    loop {
        let page = plugs.store.index.rows(Query { after, limit: OTHERS, ..Query::default() }).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(After::of(last));
        for row in page {
            let beside = row.id != plan.session && overlap(&row.workspace, &plan.workspace);
            if beside && plugs.store.work.taken(&row.id)? {
                return Err(RestoreFault::Driven(row.id));
            }
        }
    }
}

async fn open(plugs: &Plugs, by: &By, id: &SessionId) -> Result<Ledger, LogFault> {
    let (log, clock) = (plugs.store.log.clone(), plugs.clock.clone());
    Ledger::open(log, clock, id, Class::Operator, &by.to_string()).await
}

/// The manifest that is wanted, and the event it stands for.
async fn find(plugs: &Plugs, id: &SessionId, wanted: Wanted) -> Result<(EventNo, Hash), RestoreFault> {
    let point = if let Wanted::At(at) = wanted { at } else { EventNo(u64::MAX) };
    let mut trail = FileTrail::new(point);
    let (mut undo, mut last) = (None, EventNo(0));
    let mut pages = pages(&*plugs.store.log, id, 0);
    while let Some(page) = pages.next().await? {
        for sealed in page.iter().flat_map(|commit| &commit.events) {
            trail.apply(&sealed.event);
            last = sealed.event.no;
            if let Fact::RestoreStarted { before, .. } = &sealed.event.fact {
                undo = Some((EventNo(last.0 - 1), *before));
            } else if let Fact::SessionForked { .. } = &sealed.event.fact {
                undo = None; // that was in the parent's folder
            }
        }
    }
    if wanted == Wanted::Undo {
        return undo.ok_or_else(|| RestoreFault::NothingToUndo(id.clone()));
    }
    let unknown = |why: String| Err(RestoreFault::Unknown { at: point, why });
    match trail.files() {
        _ if point > last || point == EventNo(0) => {
            unknown(format!("the session has no such event, its last is {last}"))
        }
        FilesAt::Kept(manifest) => Ok((point, manifest)),
        FilesAt::Now => unknown("nothing was kept since, so they are as they are now".to_string()),
        FilesAt::Lost { at } => {
            unknown(format!("what ran at {at} may have changed them, and nothing was kept before it"))
        }
    }
}
