//! Connections to the database file, and its format: numbered steps that are only ever added to.

use super::fault::{Fail, unavailable};
use super::place::Place;
use crate::ports::log::LogFault;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// The steps: the n-th leads from format n - 1 to format n.
const STEPS: [&str; 5] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    concat!(include_str!("schema/3.sql"), include_str!("schema/texts.sql")),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
];

/// The format that this program writes.
pub const FORMAT: usize = STEPS.len();

/// Marks the file as a tackroom store ("tack").
const APPLICATION_ID: i32 = 0x7461_636b;

/// Bytes of a page in a new file.
const PAGE: u32 = 2048;
/// How long to wait for another process.
const BUSY_MS: u64 = 2_000;
/// How often the switch to WAL is tried again: SQLite does not wait there by itself.
const WAL_TRIES: u32 = 100;
const WAL_TRY_MS: u64 = 20;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading and writing.
    Write,
    /// Reading beside writers.
    Read,
    /// Reading a file that nobody writes, without leaving a trace.
    Frozen,
}

/// How a store is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// For tests: the file may have so many pages; then the disk counts as full.
    pub max_pages: Option<u32>,
    /// Who writes.
    pub write_on: WriteOn,
}

/// Who writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriteOn {
    /// A thread of its own: nobody waits for the disk but who asked for it, and jobs that come together go together.
    #[default]
    Thread,
    /// Who asks, on its own thread: for a program that does one thing after another, and would only hand each commit to
    /// and fro. It is held up as long as the disk syncs.
    Caller,
}

/// Opens the file; it must be there.
pub fn connect(place: &Place, access: Access) -> rusqlite::Result<Connection> {
    let common = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = match access {
        Access::Write => {
            Connection::open_with_flags(&place.file, common | OpenFlags::SQLITE_OPEN_READ_WRITE)?
        }
        Access::Read => Connection::open_with_flags(&place.file, common | OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        Access::Frozen => Connection::open_with_flags(
            frozen_address(&place.file),
            common | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
        )?,
    };
    conn.busy_timeout(Duration::from_millis(BUSY_MS))?;
    conn.set_prepared_statement_cache_capacity(64);
    // The journal stays when the last process leaves, so that a reader never has to make one.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // Without it a statement is planned anew whenever its LIMIT is bound to another number.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.execute_batch(
        "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON; PRAGMA cache_size = -4096;",
    )?;
    if access == Access::Write {
        // For a new file. A commit touches the ends of three trees, some hundred bytes in each: what is synced is pages.
        conn.pragma_update(None, "page_size", PAGE)?;
        into_wal(&conn)?;
        // A short journal is soon written over, which syncs less than one that grows.
        conn.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
             PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864;
             PRAGMA wal_autocheckpoint = 256;",
        )?;
    }
    Ok(conn)
}

fn into_wal(conn: &Connection) -> rusqlite::Result<()> {
    for _ in 0..WAL_TRIES {
        match conn.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0)) {
            Ok(_) => return Ok(()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                std::thread::park_timeout(Duration::from_millis(WAL_TRY_MS));
            }
            Err(error) => return Err(error),
        }
    }
    conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))
}

/// The file as an address that promises SQLite that it does not change.
fn frozen_address(file: &Path) -> String {
    let escaped: String = file
        .as_os_str()
        .as_bytes()
        .iter()
        .map(|byte| match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                char::from(*byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    format!("file:{escaped}?immutable=1")
}

/// A process that died while it made the file, before it was in WAL, left a rollback journal. Only a connection that may
/// write puts that right; one that only reads is refused.
pub fn roll_back(place: &Place) -> rusqlite::Result<()> {
    if !place.rollback().exists() {
        return Ok(());
    }
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_READ_WRITE;
    let conn = Connection::open_with_flags(&place.file, flags)?;
    conn.busy_timeout(Duration::from_millis(BUSY_MS))?;
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// What format the file has; 0 where nothing was written yet.
pub fn format(conn: &Connection, place: &Place) -> Result<usize, Fail> {
    // All from one moment: another process may be making the store just now.
    let _moment = conn.is_autocommit().then(|| conn.unchecked_transaction()).transpose()?;
    let number = |name| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (format, id) = (number("user_version")?, number("application_id")?);
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match usize::try_from(format) {
        Ok(0) if id == 0 && tables == 0 => Ok(0),
        Ok(format) if format > 0 && id == i64::from(APPLICATION_ID) => Ok(format),
        Ok(_) | Err(_) => Err(Fail::Log(unavailable(format!(
            "this is not a tackroom store ({}); move it away, or name another data folder",
            place.file.display()
        )))),
    }
}

/// Brings the file to the present format, in one transaction.
pub fn migrate(conn: &Connection, place: &Place) -> Result<(), Fail> {
    if format(conn, place)? >= FORMAT {
        return Ok(());
    }
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let done = migrate_in(conn, place);
    if done.is_err() {
        let _ = conn.execute_batch("ROLLBACK"); // nothing was written; the first error is the one to tell
    }
    done
}

fn migrate_in(conn: &Connection, place: &Place) -> Result<(), Fail> {
    let from = format(conn, place)?; // again: another process may have been quicker
    for step in STEPS.iter().skip(from) {
        conn.execute_batch(step)?;
    }
    if from < FORMAT {
        conn.pragma_update(None, "application_id", APPLICATION_ID)?;
        conn.pragma_update(None, "user_version", i64::try_from(FORMAT).unwrap_or(i64::MAX))?;
    }
    conn.execute_batch("COMMIT")?;
    Ok(())
}

/// What to tell about a file that a newer program wrote.
pub fn too_new(format: usize, place: &Place) -> LogFault {
    unavailable(format!(
        "the store was written by a newer tackroom ({}: format {format}, this one knows {FORMAT}); \
         it is open for reading only: update tackroom",
        place.file.display()
    ))
}
