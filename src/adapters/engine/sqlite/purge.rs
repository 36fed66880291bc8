//! Removing a session for good: its line, commits, events and words, and content that nothing else uses, in one
//! transaction. Of its words only the marks of where they were go later: see `forget`.
//!
//! What holds the other sessions is not touched: each has its own chain. The anchor may name a commit that goes; its number
//! and seal are kept, so that the store is still known to be whole, and so that no number is given twice.

use super::fault::{Fail, unavailable};
use super::forget;
use super::place::Place;
use super::rows;
use super::uptake;
use crate::adapters::engine::texts;
use crate::domain::ids::{EventNo, SessionId};
use rusqlite::{Connection, params};
use std::fs::File;

/// So long may content that was put wait to be named by an event, in seconds.
const FRESH_S: i64 = 3_600;

/// Purges a session inside a transaction; false where it is not in the bin.
pub fn purge(conn: &Connection, session: &SessionId, place: &Place, anchor: &File) -> Result<bool, Fail> {
    if rows::tally_of(conn, session)?.is_none_or(|row| row.marks.deleted.is_none()) {
        return Ok(false);
    }
    uptake::finish(conn)?; // with the texts comes which content is used by whom
    secure(conn, true)?;
    // After a power cut the anchor is what it is now, not an older one whose commit would be missed.
    anchor
        .sync_all()
        .map_err(|error| unavailable(format!("the store's anchor cannot be synced: {error}")))?;
    let id = session.as_str();
    conn.execute(
        "INSERT OR IGNORE INTO purged (n, seal) SELECT n, seal FROM commits WHERE session = ?1
         AND (n = ?2 OR n = (SELECT max(n) FROM commits WHERE session = ?1))",
        params![id, place.anchor().map_or(0, |anchor| anchor.n)],
    )?;
    forget_places(conn, id)?;
    forget::note(conn)?;
    conn.execute("DELETE FROM uses WHERE session = ?1", [id])?;
    conn.execute("DELETE FROM uses WHERE session = '' AND at < unixepoch() - ?1", [FRESH_S])?;
    conn.execute("DELETE FROM blobs WHERE hash NOT IN (SELECT hash FROM uses)", [])?;
    for table in ["events", "commits"] {
        conn.execute(&format!("DELETE FROM {table} WHERE session = ?1"), [id])?;
    }
    conn.execute("DELETE FROM sessions WHERE id = ?1", [id])?;
    secure(conn, false)?;
    Ok(true)
}

/// Takes all places of a session out of the index of words.
fn forget_places(conn: &Connection, session: &str) -> Result<(), Fail> {
    let mut commits = conn.prepare("SELECT n, event FROM commits WHERE session = ?1 ORDER BY seq")?;
    let mut forget = conn.prepare("DELETE FROM texts WHERE rowid = ?1")?;
    let (mut rows, mut before) = (commits.query([session])?, 0_i64);
    while let Some(row) = rows.next()? {
        let (n, last): (i64, i64) = (row.get(0)?, row.get(1)?);
        // More than a place can tell apart is nobody's commit.
        for no in before + 1..=last.min(before.saturating_add(texts::EVENTS)) {
            forget.execute([texts::place(n, EventNo(rows::uint(no)))])?;
        }
        before = last;
    }
    Ok(())
}

/// Whether what is deleted is overwritten with zeros.
pub fn secure(conn: &Connection, on: bool) -> rusqlite::Result<()> {
    conn.pragma_update_and_check(None, "secure_delete", on, |_| Ok(()))
}
