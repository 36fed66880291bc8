//! The words of purged sessions leave the index: a purge only marks them there, and the parts of the index must be put
//! together anew for them to be gone.
//!
//! The whole index is written again, so that is done apart from the purge, in short transactions, to be broken off and gone on
//! with at any point by any process. How far it is stands in `meta`, written in the same transactions.

use super::fault::Fail;
use super::purge::secure;
use super::rows;
use rusqlite::{Connection, OptionalExtension};

/// Pages that one step writes, about.
const STEP_PAGES: i64 = 64;
/// The key in `meta`.
const KEY: &str = "texts_purged";
/// Words were marked, and nothing was done about it.
const MARKED: i64 = 1;
/// The parts are being put together.
const MERGING: i64 = 2;
/// The same, and more was marked meanwhile, perhaps in what is put together already.
const MARKED_AGAIN: i64 = 3;

/// Notes that words were marked, inside the transaction that does it.
pub fn note(conn: &Connection) -> Result<(), Fail> {
    let next = if matches!(state(conn)?, Some(MERGING | MARKED_AGAIN)) { MARKED_AGAIN } else { MARKED };
    become_state(conn, Some(next))
}

/// One step; answers whether something is left.
pub fn step(conn: &Connection) -> Result<bool, Fail> {
    if !rows::has_lists(conn)? || state(conn)?.is_none() {
        return Ok(false);
    }
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let Some(now) = state(conn)? else {
        conn.execute_batch("ROLLBACK")?; // another process was quicker
        return Ok(false);
    };
    secure(conn, true)?;
    // The first step takes all parts together, the others go on with it: https://sqlite.org/fts5.html#the_merge_command
    let pages = if now == MARKED { -STEP_PAGES } else { STEP_PAGES };
    let before = written(conn)?;
    conn.prepare_cached("INSERT INTO texts (texts, rank) VALUES ('merge', ?1)")?.execute([pages])?;
    let is_done = written(conn)? - before < 2;
    let next = match (is_done, now) {
        (false, MARKED) => Some(MERGING),
        (false, now) => Some(now),
        (true, MARKED_AGAIN) => Some(MARKED),
        (true, _) => None,
    };
    become_state(conn, next)?;
    secure(conn, false)?;
    conn.execute_batch("COMMIT")?;
    if next.is_none() {
        // What was there lies in the journal and below it in the file. A reader may be in the way; then it goes later.
        let _ = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
    Ok(next.is_some())
}

fn state(conn: &Connection) -> Result<Option<i64>, Fail> {
    let mut query = conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    Ok(query.query_row([KEY], |row| row.get(0)).optional()?)
}

fn become_state(conn: &Connection, next: Option<i64>) -> Result<(), Fail> {
    match next {
        Some(next) => conn
            .prepare_cached(
                "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
            )?
            .execute((KEY, next))?,
        None => conn.prepare_cached("DELETE FROM meta WHERE key = ?1")?.execute([KEY])?,
    };
    Ok(())
}

/// Rows written by this connection so far: a merge that found nothing to do writes less than two.
fn written(conn: &Connection) -> Result<i64, Fail> {
    Ok(conn.query_row("SELECT total_changes()", [], |row| row.get(0))?)
}
