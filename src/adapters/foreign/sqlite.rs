//! Other tools' databases, read without a trace: nothing is written to them, and nothing is left beside them.
//!
//! A database without a journal is read as a file that does not change. With a journal and its index, somebody may be at work:
//! it is read beside them, as SQLite means it. With a journal alone, SQLite would have to make an index beside it, so both are
//! copied into a private folder for the time of the reading.

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::fs::DirBuilder;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long to wait for whoever writes.
const BUSY_MS: u64 = 2_000;
/// A larger database is not copied.
const COPY_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// How often a copy is made again because the original changed meanwhile.
const COPIES: u32 = 3;
/// A longer text in a column is not read.
pub const TEXT_MAX: usize = 32 * 1024 * 1024;

/// An open database.
pub struct Database {
    conn: Connection,
    _copy: Option<Copied>,
}

/// A private folder; gone with whoever holds it.
struct Copied(PathBuf);

impl Drop for Copied {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0); // what cannot be removed lies in the cache, for its owner alone
    }
}

/// Opens a database for reading.
pub fn open(path: &Path, scratch: &Path) -> Result<Database, String> {
    let journal = beside(path, "-wal");
    let has_journal = std::fs::metadata(&journal).is_ok_and(|meta| meta.len() > 0);
    let mut copy = None;
    let address = match (has_journal, beside(path, "-shm").exists()) {
        (false, _) => address(path, "immutable=1"),
        (true, true) => address(path, "mode=ro"),
        (true, false) => {
            let copied = copied(path, &journal, scratch)?;
            let there = address(&copied.0.join("copy.db"), "mode=rw");
            copy = Some(copied);
            there
        }
    };
    let write =
        if copy.is_some() { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let flags = write | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let conn = Connection::open_with_flags(address, flags).map_err(words)?;
    let ready = || {
        conn.busy_timeout(Duration::from_millis(BUSY_MS))?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        conn.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;")
    };
    ready().map_err(words)?;
    Ok(Database { conn, _copy: copy })
}

impl Database {
    /// Whether there is a table with these columns.
    pub fn has(&self, table: &str, columns: &[&str]) -> bool {
        let mut known = Vec::new();
        let read = self.each("SELECT name FROM pragma_table_info(?1)", &[table], |row| {
            known.push(row.first().cloned().unwrap_or_default());
            true
        });
        read.is_ok() && columns.iter().all(|column| known.iter().any(|name| name == column))
    }

    /// The rows of a query, every column as text: what is no text is written as one, what is null is empty.
    pub fn each(
        &self,
        query: &str,
        params: &[&str],
        mut each: impl FnMut(&[String]) -> bool,
    ) -> Result<(), String> {
        let mut statement = self.conn.prepare(query).map_err(words)?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(words)?;
        while let Some(row) = rows.next().map_err(words)? {
            let texts: Vec<String> =
                (0..columns).map(|n| row.get_ref(n).map_or(String::new(), text)).collect();
            if !each(&texts) {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            String::from_utf8_lossy(bytes.get(..TEXT_MAX).unwrap_or(bytes)).into_owned()
        }
    }
}

fn words(error: rusqlite::Error) -> String {
    error.to_string()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(ending);
    PathBuf::from(name)
}

/// What changes whenever the content may have changed: sizes and times of the file and of its journal.
pub fn stamp(path: &Path) -> String {
    [path.to_path_buf(), beside(path, "-wal")].iter().map(|path| one_stamp(path)).collect()
}

fn one_stamp(path: &Path) -> String {
    let Ok(meta) = std::fs::metadata(path) else { return "-".to_string() };
    let changed = meta.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    format!("{}@{};", meta.len(), changed.unwrap_or_default().as_nanos())
}

/// A copy of a database and its journal, made while neither changed.
fn copied(path: &Path, journal: &Path, scratch: &Path) -> Result<Copied, String> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let large = std::fs::metadata(path).map_or(0, |meta| meta.len());
    if large > COPY_MAX {
        return Err(format!(
            "it has a journal and {large} bytes: too large to copy; close the tool that wrote it"
        ));
    }
    let name = format!("reading-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let folder = scratch.join(name);
    let make = || {
        DirBuilder::new().recursive(true).mode(0o700).create(scratch)?;
        DirBuilder::new().mode(0o700).create(&folder)
    };
    make().map_err(|error| format!("no folder to copy it to: {error}"))?;
    let copied = Copied(folder);
    for _ in 0..COPIES {
        let before = stamp(path);
        let pairs = [(path, "copy.db"), (journal, "copy.db-wal")];
        for (from, to) in pairs {
            std::fs::copy(from, copied.0.join(to))
                .map_err(|error| format!("it cannot be copied: {error}"))?;
        }
        if stamp(path) == before {
            return Ok(copied);
        }
    }
    Err("it changes too fast to be copied; try again".to_string())
}

/// A file as an address for SQLite.
fn address(file: &Path, how: &str) -> String {
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
    format!("file:{escaped}?{how}")
}
