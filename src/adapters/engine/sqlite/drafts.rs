//! The drafts' database: rows of a few seconds, never synced, written only while another process listens.

use super::place::{Written, private_file, written};
use crate::domain::ids::SessionId;
use crate::domain::message::Draft;
use rusqlite::{Connection, OpenFlags, params};
use std::path::{Path, PathBuf};
use std::time::Duration;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS ears (process INTEGER PRIMARY KEY, until REAL NOT NULL);
    CREATE TABLE IF NOT EXISTS drafts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        process INTEGER NOT NULL,
        at REAL NOT NULL,
        session TEXT NOT NULL,
        draft TEXT NOT NULL
    );";
/// Nobody waits for a draft.
const BUSY_MS: u64 = 50;
/// An ear that gave no sign for so long is gone.
const EAR_S: f64 = 6.0;
/// So long may another process take to hear a draft.
const DRAFT_S: f64 = 5.0;
/// Rows kept at most.
const ROWS_MAX: i64 = 4_000;
/// Rows heard at a time.
const HEAR_MAX: i64 = 1_000;

/// One process's access to the drafts' database. Every failure is an empty answer.
pub struct Drafts {
    path: PathBuf,
    me: i64,
    conn: Option<Connection>,
    wanted: bool,
    heard: Option<i64>,
    journal: PathBuf,
    written: Option<Written>,
}

impl Drafts {
    /// Nothing is opened before it is needed.
    pub fn new(path: &Path, me: i64) -> Drafts {
        let mut journal = path.as_os_str().to_os_string();
        journal.push("-wal");
        let journal = PathBuf::from(journal);
        Drafts {
            path: path.to_path_buf(),
            me,
            conn: None,
            wanted: false,
            heard: None,
            journal,
            written: None,
        }
    }

    /// Says whether this process listens, finds out whether another one does, and sweeps.
    pub fn sign(&mut self, listens: bool) {
        let me = self.me;
        self.written = None; // the next look is a thorough one
        if !listens {
            self.heard = None;
        } else if self.heard.is_none() {
            self.heard = self
                .with(|conn| conn.query_row("SELECT coalesce(max(id), 0) FROM drafts", [], |row| row.get(0)));
        }
        let wanted = self.with(|conn| {
            if listens {
                conn.prepare_cached("INSERT OR REPLACE INTO ears VALUES (?1, unixepoch('subsec') + ?2)")?
                    .execute(params![me, EAR_S])?;
            }
            let mut others = conn.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM ears WHERE process <> ?1 AND until > unixepoch('subsec'))",
            )?;
            others.query_row([me], |row| row.get(0))
        });
        self.wanted = wanted.unwrap_or(false);
        let stale = self.with(|conn| {
            let mut stale = conn.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM drafts WHERE at < unixepoch('subsec') - ?1)
                     OR EXISTS (SELECT 1 FROM ears WHERE until < unixepoch('subsec') - 60)",
            )?;
            stale.query_row([DRAFT_S], |row| row.get::<_, bool>(0))
        });
        if stale == Some(true) {
            self.sweep();
        }
    }

    fn sweep(&mut self) {
        self.with(|conn| {
            conn.execute("DELETE FROM drafts WHERE at < unixepoch('subsec') - ?1", [DRAFT_S])?;
            conn.execute("DELETE FROM ears WHERE until < unixepoch('subsec') - 60", [])?;
            Ok(())
        });
    }

    /// Tells drafts to other processes, if one listens.
    pub fn tell(&mut self, drafts: &[(SessionId, Draft)]) {
        if drafts.is_empty() || !self.wanted {
            return;
        }
        let me = self.me;
        self.with(|conn| {
            let all = conn.unchecked_transaction()?;
            let mut insert = all.prepare_cached(
                "INSERT INTO drafts (process, at, session, draft) VALUES (?1, unixepoch('subsec'), ?2, ?3)",
            )?;
            for (session, draft) in drafts {
                let json = serde_json::to_string(draft).unwrap_or_default();
                insert.execute(params![me, session.as_str(), json])?;
            }
            drop(insert);
            all.execute("DELETE FROM drafts WHERE id <= (SELECT max(id) FROM drafts) - ?1", [ROWS_MAX])?;
            all.commit()
        });
    }

    /// What other processes told since the last time. SQLite is asked only if its journal was written since, or a sign
    /// was given.
    pub fn listen(&mut self) -> Vec<(SessionId, Draft)> {
        let (Some(from), me) = (self.heard, self.me) else { return Vec::new() };
        let written = written(&self.journal);
        if written.is_some() && self.written == written {
            return Vec::new();
        }
        self.written = written;
        let rows = self.with(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT id, process, session, draft FROM drafts WHERE id > ?1 ORDER BY id LIMIT ?2",
            )?;
            let rows = query.query_map([from, HEAR_MAX], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get(2)?, row.get::<_, String>(3)?))
            })?;
            rows.collect::<Result<Vec<_>, _>>()
        });
        let rows = rows.unwrap_or_default();
        if let Some((id, ..)) = rows.last() {
            self.heard = Some(*id);
        }
        let foreign = rows.into_iter().filter(|(_, process, ..)| *process != me);
        foreign
            .filter_map(|(.., session, json)| Some((SessionId(session), serde_json::from_str(&json).ok()?)))
            .collect()
    }

    /// Takes this process off the list of those who listen.
    pub fn leave(&mut self) {
        let me = self.me;
        if self.conn.is_some() {
            self.with(|conn| conn.execute("DELETE FROM ears WHERE process = ?1", [me]));
        }
        self.conn = None;
    }

    fn with<T>(&mut self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        let conn = match self.conn.take() {
            Some(conn) => Ok(conn),
            None => self.open(),
        };
        match conn.and_then(|conn| Ok((ask(&conn)?, conn))) {
            Ok((answer, conn)) => {
                self.conn = Some(conn);
                Some(answer)
            }
            Err(error) => {
                // The connection is gone; it is opened anew next time.
                if super::fault::is_damage(&error) {
                    let _ = std::fs::remove_file(&self.path); // nothing in it is worth keeping
                }
                None
            }
        }
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let _ = private_file(&self.path); // it may be there; SQLite says if it cannot be used
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&self.path, flags)?;
        conn.busy_timeout(Duration::from_millis(BUSY_MS))?;
        conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        conn.execute_batch(
            "PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 1048576;",
        )?;
        conn.execute_batch(TABLES)?;
        Ok(conn)
    }
}
