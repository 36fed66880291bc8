//! All ports in one folder: a database file for log, blobs and lists; lock files for claims; a second, throw-away
//! database for drafts between processes.
//!
//! ```text
//! append, settle, put, drop ──> writer: one at a time, group commits ──> tackroom.db
//! read, head, find, rows, get <── reader: a few read-only connections, chains checked
//! tail <── woken by the writer, and by a look at `data_version` while somebody follows
//! take_up ──> uptake: an own connection makes texts searchable, apart from the appends and after them
//! ```

mod fault; // what SQLite says, in words
mod place; // the folder and the files, private and known again
mod open; // connections and the file's format
mod rows; // rows as values
mod commits; // commits and their events as rows
mod job; // what the writer is handed
mod writer; // one at a time writes
mod ask; // work is handed to the writer
mod reader; // a few connections read
mod lists; // lists and counts
mod find; // search in texts
mod uptake; // making texts searchable, apart from the appends
mod forget; // the words of purged sessions leave the index
mod purge; // removing a session for good
mod index; // lists, counts and search, as the port wants them
mod contents; // large content, as the port wants it
mod recent; // what this process wrote last
mod tail; // following sessions, across processes
mod stir; // waiting until the folder is written to
mod aside; // what can be made anew from a session, beside the database
mod claims; // who drives a session: lock files
pub(in crate::adapters::engine) mod live; // drafts, in the process and between processes
mod drafts; // the drafts' database

use crate::domain::commit::{COMMIT_BYTES_MAX, Commit, Head};
use crate::domain::ids::{CommitId, SessionId};
use crate::domain::message::Draft;
use crate::ports::Later;
use crate::ports::live::{Ear, Live};
use crate::ports::log::{Caps, Follow, Log, LogFault, Tail};
use fault::{Fail, unavailable};
use job::{Done, Job, Work};
use open::{Access, FORMAT, connect};
pub use open::{Options, WriteOn};
use place::Place;
use reader::{Reader, lock};
use recent::Recent;
use rusqlite::Connection;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::{Semaphore, mpsc, watch};
use writer::{Told, Writer};

/// Jobs that wait for the writer; who comes then waits to be let in.
const QUEUE: usize = 256;
/// Before a purge all is taken up, in steps of so many milliseconds.
const PURGE_STEP_MS: u64 = 500;
/// Queries at a time.
const READERS: usize = 4;

/// A store in a folder. Clones share it; the last one closes it.
#[derive(Clone)]
pub struct Sqlite {
    shared: Arc<Shared>,
}

struct Shared {
    place: Place,
    reader: Reader,
    gate: Arc<Semaphore>,
    writing: Writing,
    wake: Arc<watch::Sender<u64>>,
    recent: Arc<Recent>,
    watching: Arc<tail::Watching>,
    live: live::Hub,
    transactions: Arc<AtomicU64>,
    queries: AtomicU64,
    uptake: uptake::Uptake,
}

/// Who writes, or why nobody does.
enum Writing {
    Open { jobs: Option<mpsc::Sender<Job>>, thread: Mutex<Option<JoinHandle<()>>> },
    Here(Box<Mutex<Writer>>),
    Closed(LogFault),
}

/// What a file that is there holds.
enum Seen {
    /// Nothing yet: whoever made it did not come to write.
    Nothing,
    /// A store, and why it must not be written to, if so.
    Store(Option<LogFault>),
}

impl Sqlite {
    /// Opens the store in `dir`, or makes one there. A store of a newer program, or one that lost its end, is opened
    /// for reading only: `writable` says why.
    pub fn open(dir: &Path) -> Result<Sqlite, LogFault> {
        Sqlite::open_with(dir, Options::default())
    }

    /// `open`, with options.
    pub fn open_with(dir: &Path, options: Options) -> Result<Sqlite, LogFault> {
        let place = Place::at(dir);
        let fault = |fail: Fail| fail.fault(&place.file);
        if place.holds_store() {
            place.check()?;
            if let Seen::Store(Some(why)) = Sqlite::look(&place, Access::Read)? {
                return Ok(Sqlite::reading(place, Access::Read, why));
            }
        }
        place.prepare()?;
        let conn = connect(&place, Access::Write).map_err(Fail::Sql).map_err(fault)?;
        if conn.is_readonly("main").map_err(Fail::Sql).map_err(fault)? {
            let why = format!("the store may not be written to ({}: no permission)", place.file.display());
            return Ok(Sqlite::reading(place, Access::Read, unavailable(why)));
        }
        open::migrate(&conn, &place).map_err(fault)?;
        if let Some(lost) = lost_end(&conn, &place).map_err(fault)? {
            return Ok(Sqlite::reading(place, Access::Read, lost));
        }
        Sqlite::writing(place, conn, options)
    }

    /// Opens the store in `dir` for reading, without leaving a trace; none where there is no store.
    pub fn open_read_only(dir: &Path) -> Result<Option<Sqlite>, LogFault> {
        let place = Place::at(dir);
        if !place.holds_store() {
            return Ok(None);
        }
        place.check()?;
        let access = if place.has_journal() { Access::Read } else { Access::Frozen };
        let Seen::Store(why) = Sqlite::look(&place, access)? else { return Ok(None) };
        let why = why.unwrap_or_else(|| unavailable("the store was opened for reading only"));
        Ok(Some(Sqlite::reading(place, access, why)))
    }

    /// Looks at a file that is there.
    fn look(place: &Place, access: Access) -> Result<Seen, LogFault> {
        let look = || {
            open::roll_back(place)?;
            let conn = connect(place, access)?;
            let format = open::format(&conn, place)?;
            if format > FORMAT {
                return Ok(Seen::Store(Some(open::too_new(format, place))));
            }
            if format == 0 {
                return match place.anchor() {
                    Some(anchor) => Err(Fail::Log(unavailable(place.lost_end(anchor)))),
                    None => Ok(Seen::Nothing),
                };
            }
            lost_end(&conn, place).map(Seen::Store)
        };
        look().map_err(|fail| fail.fault(&place.file))
    }

    fn reading(place: Place, access: Access, why: LogFault) -> Sqlite {
        Sqlite::join(place, access, Writing::Closed(why), Told::default())
    }

    fn writing(place: Place, conn: Connection, options: Options) -> Result<Sqlite, LogFault> {
        let told = Told::default();
        let writer = Writer::new(place.clone(), conn, options, told.clone())?;
        if options.write_on == WriteOn::Caller {
            return Ok(Sqlite::join(place, Access::Read, Writing::Here(Box::new(Mutex::new(writer))), told));
        }
        let (jobs, inbox) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("tackroom-writer".to_string())
            .spawn(move || writer.serve(inbox))
            .map_err(|error| unavailable(format!("no thread for the store's writer: {error}")))?;
        let writing = Writing::Open { jobs: Some(jobs), thread: Mutex::new(Some(thread)) };
        Ok(Sqlite::join(place, Access::Read, writing, told))
    }

    fn join(place: Place, access: Access, writing: Writing, told: Told) -> Sqlite {
        let Told { wake, recent, transactions } = told;
        let reader = Reader::new(place.clone(), access);
        let watching = Arc::new(tail::Watching::new(place.clone(), access, wake.clone(), recent.clone()));
        let across = !matches!(writing, Writing::Closed(_)) || place.drafts().exists();
        let live = live::Hub::new(across.then(|| place.drafts()));
        let gate = Arc::new(Semaphore::new(READERS));
        let uptake = uptake::Uptake::new(place.clone());
        Sqlite {
            shared: Arc::new(Shared {
                place,
                reader,
                gate,
                writing,
                wake,
                recent,
                watching,
                live,
                transactions,
                queries: AtomicU64::new(0),
                uptake,
            }),
        }
    }

    /// Whether the store can be written to; else why not.
    pub fn writable(&self) -> Result<(), LogFault> {
        match &self.shared.writing {
            Writing::Open { .. } | Writing::Here(_) => Ok(()),
            Writing::Closed(why) => Err(why.clone()),
        }
    }

    /// Where the store is.
    pub fn file(&self) -> &Path {
        &self.shared.place.file
    }

    /// Transactions committed by this handle: at most one for each append, fewer where several went together.
    pub fn transactions(&self) -> u64 {
        self.shared.transactions.load(Ordering::Relaxed)
    }

    /// Queries answered so far, those aside that only a writer or a search asks for.
    pub fn queries(&self) -> u64 {
        self.shared.queries.load(Ordering::Relaxed)
    }

    /// Runs a query where it may block.
    async fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Reader) -> Result<T, LogFault> + Send + 'static,
    ) -> Result<T, LogFault> {
        self.shared.queries.fetch_add(1, Ordering::Relaxed);
        let gate = self.shared.gate.clone();
        let permit = gate.acquire_owned().await.map_err(|_| unavailable("the store is closed"))?;
        let shared = self.shared.clone();
        let task = tokio::task::spawn_blocking(move || {
            let answer = query(&shared.reader);
            drop(permit);
            answer
        });
        task.await.map_err(|error| unavailable(format!("reading the store was broken off: {error}")))?
    }
}

/// Whether the commit that the anchor names is missing.
fn lost_end(conn: &Connection, place: &Place) -> Result<Option<LogFault>, Fail> {
    // The anchor first: it never names what the file does not have yet.
    let Some(anchor) = place.anchor() else { return Ok(None) };
    let whole = rows::seal_of(conn, anchor.n)? == Some(anchor.seal);
    Ok((!whole).then(|| unavailable(place.lost_end(anchor))))
}

impl Drop for Shared {
    fn drop(&mut self) {
        match &mut self.writing {
            Writing::Open { jobs, thread } => {
                drop(jobs.take());
                let thread = lock(thread).take();
                if let Some(thread) = thread {
                    let _ = thread.join(); // it ends once it has served what was asked
                }
            }
            Writing::Here(writer) => lock(writer).fold(),
            Writing::Closed(_) => {}
        }
    }
}

impl Log for Sqlite {
    fn append(&self, commit: Arc<Commit>) -> Later<'_, Result<Head, LogFault>> {
        Box::pin(async move {
            let (session, seq) = (commit.session.clone(), commit.seq);
            let bytes = commit.bytes();
            if bytes > COMMIT_BYTES_MAX {
                return Err(LogFault::TooLarge { bytes, max: COMMIT_BYTES_MAX });
            }
            self.writable()?;
            let before = seq.saturating_sub(1);
            if !self.shared.reader.knows(&session, before)? {
                let session = session.clone();
                self.query(move |reader| reader.check(&session, before)).await?;
            }
            match self.write(Work::Append(commit)).await? {
                Done::Head(Some(head)) => {
                    self.shared.reader.wrote(&session, seq);
                    Ok(head)
                }
                Done::Head(None) | Done::Content | Done::Purged(_) => {
                    Err(unavailable("the store gave a wrong answer"))
                }
            }
        })
    }

    fn settle<'a>(
        &'a self,
        session: &'a SessionId,
        id: &'a CommitId,
    ) -> Later<'a, Result<Option<Head>, LogFault>> {
        Box::pin(async move {
            let done = self.write(Work::Settle(session.clone(), id.clone())).await;
            match done {
                Ok(Done::Head(head)) => Ok(head),
                Ok(Done::Content | Done::Purged(_)) => Err(unavailable("the store gave a wrong answer")),
                // A look that failed can be taken again: nothing of the commit itself hangs on it.
                Err(LogFault::InDoubt { why }) => Err(unavailable(why)),
                Err(fault) => Err(fault),
            }
        })
    }

    fn head<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Head, LogFault>> {
        let session = session.clone();
        Box::pin(async move { Ok(self.query(move |reader| reader.end(&session)).await?.head) })
    }

    fn read<'a>(
        &'a self,
        session: &'a SessionId,
        after: u64,
        limit: usize,
    ) -> Later<'a, Result<Vec<Arc<Commit>>, LogFault>> {
        let session = session.clone();
        Box::pin(self.query(move |reader| reader.read(&session, after, limit)))
    }

    fn tail(&self, follow: Follow) -> Box<dyn Tail> {
        Box::new(tail::SqliteTail::new(self.clone(), follow))
    }

    fn find<'a>(&'a self, prefix: &'a str, limit: usize) -> Later<'a, Result<Vec<SessionId>, LogFault>> {
        let prefix = prefix.to_string();
        Box::pin(self.query(move |reader| reader.find(&prefix, limit)))
    }

    fn purge<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<bool, LogFault>> {
        Box::pin(async move {
            self.writable()?;
            while !self.take_up_texts(PURGE_STEP_MS).await?.whole() {}
            self.drop_aside(session)?; // it holds words of the session
            match self.write(Work::Purge(session.clone())).await? {
                Done::Purged(was) => self.drop_aside(session).map(|()| was), // put there meanwhile
                Done::Head(_) | Done::Content => Err(unavailable("the store gave a wrong answer")),
            }
        })
    }

    fn aside<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Option<Vec<u8>>, LogFault>> {
        Box::pin(self.read_aside(session))
    }

    fn keep_aside<'a>(
        &'a self,
        session: &'a SessionId,
        parts: Vec<Vec<u8>>,
    ) -> Later<'a, Result<(), LogFault>> {
        Box::pin(self.write_aside(session, parts))
    }

    fn caps(&self) -> Caps {
        Caps { engine: "sqlite", durable: true, remote: false, commit_bytes_max: COMMIT_BYTES_MAX }
    }
}

impl Live for Sqlite {
    fn shout(&self, session: &SessionId, draft: Draft) {
        self.shared.live.shout(session, draft);
    }

    fn hear(&self, session: &SessionId) -> Box<dyn Ear> {
        self.shared.live.hear(session)
    }
}
