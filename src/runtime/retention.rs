//! What is kept how long: archived sessions go into the bin, and what was in the bin long enough is removed.

use crate::domain::commit::Head;
use crate::domain::ids::SessionId;
use crate::domain::lexical::below;
use crate::domain::listing::{After, Query, Tab};
use crate::domain::marks::Mark;
use crate::domain::order::Order;
use crate::domain::retention::{Due, Rules};
use crate::domain::tally::Row;
use crate::domain::time::Micros;
use crate::ports::files::{Files, Released};
use crate::ports::log::LogFault;
use crate::runtime::hand::Hand;
use crate::runtime::ledger::RecordFault;
use crate::runtime::plugs::Store;

/// What the rules did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Sessions that went into the bin.
    pub binned: Vec<SessionId>,
    /// Sessions that were removed.
    pub purged: Vec<SessionId>,
}

/// Rows looked at together.
const PAGE: usize = 200;
/// One look at the words that are to go, in milliseconds.
const STEP_MS: u64 = 200;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Applies the rules. Nothing that is pinned, waits for a person or is at work is touched.
pub async fn tidy(
    (store, files): (&Store, &dyn Files),
    hand: &mut Hand,
    rules: Rules,
    now: Micros,
) -> Result<Tidied, LogFault> {
    let mut tidied = Tidied::default();
    // The bin first: what goes into it now stays there for its own time.
    if let Some(days) = rules.deleted_days {
        for row in due(store, Tab::Bin, now, days, |row| row.marks.deleted).await? {
            if let Purged::Gone(_) = purge(store, files, &row.id).await? {
                tidied.purged.push(row.id);
            }
        }
    }
    if let Some(days) = rules.archived_days {
        for row in due(store, Tab::Archived, now, days, |row| row.marks.archived).await? {
            match hand.order(&row.id, &Order::Mark(Mark::Delete)).await {
                Ok(_) => tidied.binned.push(row.id),
                Err(RecordFault::Refused(_) | RecordFault::Unsigned(_)) => {} // somebody was quicker; no mark is signed
                Err(RecordFault::Log(LogFault::Damaged { .. })) => {} // it stays where it can be looked at
                Err(RecordFault::Log(fault)) => return Err(fault),
            }
        }
    }
    sweep(store, files).await;
    if !tidied.purged.is_empty() {
        while !store.index.take_up(STEP_MS).await?.whole() {} // their words go, too, before it is said
    }
    Ok(tidied)
}

/// Counts what the rules would let go now, and touches nothing.
pub async fn weigh(store: &Store, rules: Rules, now: Micros) -> Result<Due, LogFault> {
    let mut found = Due::default();
    if let Some(days) = rules.deleted_days {
        found.purged = due(store, Tab::Bin, now, days, |row| row.marks.deleted).await?.len();
    }
    if let Some(days) = rules.archived_days {
        found.binned = due(store, Tab::Archived, now, days, |row| row.marks.archived).await?.len();
    }
    Ok(found)
}

/// The rows of a tab whose time is over.
async fn due(
    store: &Store,
    tab: Tab,
    now: Micros,
    days: u32,
    since: impl Fn(&Row) -> Option<Micros>,
) -> Result<Vec<Row>, LogFault> {
    let (mut due, mut after) = (Vec::new(), None);
    loop {
        let page = store.index.rows(Query { tab, after, limit: PAGE, ..Query::default() }).await?;
        let Some(last) = page.last() else { return Ok(due) };
        after = Some(After::of(last));
        for row in page {
            let over = since(&row).is_some_and(|at| now.ms_since(at) >= u64::from(days) * DAY_MS);
            if over
                && !row.at_work()
                && !row.marks.pinned
                && row.holds.is_empty()
                && !store.work.taken(&row.id)?
            {
                due.push(row);
            }
        }
    }
}

/// What came of a purge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purged {
    /// It is gone; and what came of its folder, where that was one of this program's.
    Gone(Released),
    /// It is not in the bin.
    NotInBin,
    /// Another process has it.
    Taken,
}

/// Removes a session that is in the bin, for good.
pub async fn purge(store: &Store, files: &dyn Files, id: &SessionId) -> Result<Purged, LogFault> {
    let Some(claim) = store.work.claim(id)? else { return Ok(Purged::Taken) };
    let row = store.index.row(id).await?;
    if !store.log.purge(id).await? {
        return Ok(Purged::NotInBin);
    }
    let workspace = row.map(|row| row.workspace).unwrap_or_default();
    let released = let_go(store, files, id, &workspace).await;
    drop(claim); // until here nobody else takes the folder for one that was forgotten
    Ok(Purged::Gone(released))
}

/// Lets the folder of a session that is gone go, where it was made for that session and no other one works in it, also
/// none that can come back from the bin. Where that cannot be seen it stays: what was purged is told all the same.
async fn let_go(store: &Store, files: &dyn Files, id: &SessionId, folder: &str) -> Released {
    if !folder.ends_with(&format!("/{id}")) {
        return Released::Nothing;
    }
    match is_used(store, id, folder).await {
        Ok(false) => files.release(id.as_str(), folder).await,
        Ok(true) => Released::Used,
        Err(_) => Released::Unknown,
    }
}

/// Whether another session works in a folder.
async fn is_used(store: &Store, id: &SessionId, folder: &str) -> Result<bool, LogFault> {
    for tab in [Tab::All, Tab::Archived, Tab::Bin] {
        let mut query = Query { tab, workspace: folder.to_string(), limit: PAGE, ..Query::default() };
        loop {
            let page = store.index.rows(query.clone()).await?;
            if page.iter().any(|row| row.id != *id && below(&row.workspace, folder).is_some()) {
                return Ok(true);
            }
            let Some(last) = page.last() else { break };
            query.after = Some(After::of(last));
        }
    }
    Ok(false)
}

/// Lets the worktrees go whose session is gone: a purge was cut off before it came to them, or a fork was given up. One of
/// which that cannot be seen waits for the next time.
async fn sweep(store: &Store, files: &dyn Files) {
    for (name, folder) in files.worktrees().await {
        let id = SessionId(name);
        if !SessionId::is_prefix(id.as_str()) || !is_gone(store, &id).await {
            continue;
        }
        let Ok(Some(_claim)) = store.work.claim(&id) else { continue }; // it is being made, or purged
        if is_gone(store, &id).await {
            let_go(store, files, &id, &folder).await;
        }
    }
}

async fn is_gone(store: &Store, id: &SessionId) -> bool {
    store.log.head(id).await.is_ok_and(|head| head == Head::start())
}
