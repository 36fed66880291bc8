//! Following sessions: what is stored is read, then each wake-up leads to another look.
//!
//! A wake-up says only "look again", so none can be missed that matters: the mark is taken before the look. Commits of
//! this process wake at once, and are handed over without being read again; those of others are noticed by a thread that
//! lives only while something is followed. It looks when the folder stirs, ten times a second at most: when was the
//! journal last written, and was that this process? Once a second it also asks SQLite for its `data_version`, which is
//! dearer and also sees two writes within one tick of the file system's clock, and one of another process just before
//! one of ours. The files themselves are never opened here: see the law in place.rs.

use super::Sqlite;
use super::open::{Access, connect};
use super::place::{Place, Written};
use super::reader::lock;
use super::recent::{Mark, Recent};
use super::rows;
use super::stir::Stir;
use crate::domain::ids::SessionId;
use crate::ports::Later;
use crate::ports::log::{Follow, LogFault, Tail, TailItem};
use rusqlite::Connection;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How soon a commit of another process is noticed.
const LOOK_MS: u64 = 100;
/// How often a look is thorough.
const THOROUGH: Duration = Duration::from_secs(1);
/// How long after its last own commit a process lets itself be told of writes.
const QUIET: Duration = Duration::from_secs(2);
/// Commits read at a time.
const STEP: usize = 64;

/// Looks after commits of other processes while a tail lives.
pub struct Watching {
    place: Place,
    access: Access,
    wake: Arc<watch::Sender<u64>>,
    recent: Arc<Recent>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tails: usize,
    runs: bool,
}

impl Watching {
    /// Nobody follows yet.
    pub fn new(place: Place, access: Access, wake: Arc<watch::Sender<u64>>, recent: Arc<Recent>) -> Watching {
        Watching { place, access, wake, recent, state: Mutex::default() }
    }

    fn enter(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        state.tails += 1;
        if !state.runs {
            let own = self.clone();
            let thread = std::thread::Builder::new().name("tackroom-watch".to_string());
            state.runs = thread.spawn(move || own.run()).is_ok(); // without it only other processes go unseen
        }
    }

    fn leave(&self) {
        lock(&self.state).tails -= 1;
    }

    fn run(&self) {
        let (mut eye, stir) = (Eye::default(), Stir::new(&self.place.dir));
        let (mut own, mut wrote) = (None, Instant::now());
        loop {
            // While this process writes itself, each of its own writes would be told.
            let journal = self.recent.journal();
            if own != journal {
                (own, wrote) = (journal, Instant::now());
            }
            let quiet = wrote.elapsed() >= QUIET;
            stir.watch(quiet);
            {
                let mut state = lock(&self.state);
                if state.tails == 0 {
                    state.runs = false;
                    return;
                }
            }
            if eye.sees_change(&self.place, self.access, self.recent.journal()) {
                self.recent.written_elsewhere();
                self.wake.send_modify(|count| *count += 1); // the tails find out what there is, or what is wrong
            }
            std::thread::park_timeout(Duration::from_millis(LOOK_MS)); // what stirs without a pause is seen in one look
            if quiet {
                stir.wait(eye.rest());
            }
        }
    }
}

/// What the watching thread saw last.
#[derive(Default)]
struct Eye {
    thorough: Option<Instant>,
    conn: Option<Connection>,
    version: Option<i64>,
    written: Option<Written>,
}

impl Eye {
    /// How long until the next thorough look.
    fn rest(&self) -> Duration {
        self.thorough.map_or(Duration::ZERO, |last| THOROUGH.saturating_sub(last.elapsed()))
    }

    /// Whether there may be new commits.
    fn sees_change(&mut self, place: &Place, access: Access, own: Option<Written>) -> bool {
        let thorough = self.rest().is_zero();
        let written = place.journal_written();
        let changed = written.is_none() || (self.written != written && own != written);
        self.written = written;
        if !thorough {
            return changed;
        }
        let before = self.version;
        self.thorough = Some(Instant::now());
        self.version = self.ask_version(place, access);
        changed || self.version.is_none() || self.version != before
    }

    /// A number that changes with each commit of another connection; none where it cannot be told.
    fn ask_version(&mut self, place: &Place, access: Access) -> Option<i64> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => connect(place, access).ok()?,
        };
        let ask = || conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0));
        let version = ask().ok()?;
        self.conn = Some(conn);
        Some(version)
    }
}

/// Where a tail stands.
enum Cursor {
    One(SessionId, u64),
    All(i64),
    Broken(LogFault),
}

/// A running tail.
pub struct SqliteTail {
    store: Sqlite,
    wake: watch::Receiver<u64>,
    cursor: Cursor,
    mark: Mark,
    look_due: bool,
    ready: VecDeque<TailItem>,
    caught_up: bool,
}

impl SqliteTail {
    /// A tail from where `follow` says.
    pub fn new(store: Sqlite, follow: Follow) -> SqliteTail {
        let cursor = match follow {
            Follow::One(session, after) => Cursor::One(session, after),
            Follow::All => match store.shared.reader.ask(rows::last) {
                Ok(n) => Cursor::All(n),
                Err(fault) => Cursor::Broken(fault),
            },
        };
        store.shared.watching.enter();
        let wake = store.shared.wake.subscribe();
        let mark = Mark::default();
        SqliteTail { store, wake, cursor, mark, look_due: true, ready: VecDeque::new(), caught_up: false }
    }

    /// Takes what this process wrote since the last look; false where the store itself must be looked at.
    fn hand_over(&mut self) -> bool {
        let Some(written) = self.store.shared.recent.since(&mut self.mark) else { return false };
        for (n, commit) in written {
            let next = match &mut self.cursor {
                Cursor::Broken(_) => return false,
                Cursor::One(session, after) if *session != commit.session || commit.seq <= *after => continue,
                Cursor::One(_, after) => (*after + 1 == commit.seq).then(|| *after = commit.seq),
                Cursor::All(last) if n <= *last => continue,
                Cursor::All(last) => (*last + 1 == n).then(|| *last = n),
            };
            if next.is_none() {
                return false; // one of another process lies between
            }
            self.ready.push_back(TailItem::Commit(commit));
        }
        true
    }

    /// Reads what follows the cursor; answers whether there may be more.
    async fn look(&mut self) -> Result<bool, LogFault> {
        match &mut self.cursor {
            Cursor::Broken(fault) => Err(fault.clone()),
            Cursor::One(session, after) => {
                let (own, from) = (session.clone(), *after);
                let commits = self.store.query(move |reader| reader.read(&own, from, STEP)).await?;
                if let Some(last) = commits.last() {
                    *after = last.seq;
                }
                let more = commits.len() >= STEP;
                self.ready.extend(commits.into_iter().map(TailItem::Commit));
                Ok(more)
            }
            Cursor::All(n) => {
                let from = *n;
                let found = self.store.query(move |reader| {
                    let mut commits = Vec::new();
                    let rows = reader.ask(|conn| rows::since(conn, from, STEP))?;
                    let more = rows.len() >= STEP;
                    for (n, session, seq) in rows {
                        let read = reader.read(&session, seq.saturating_sub(1), 1)?;
                        commits.extend(read.into_iter().map(|commit| (n, commit)));
                    }
                    Ok((commits, more))
                });
                let (found, more) = found.await?;
                if let Some((last, _)) = found.last() {
                    *n = *last;
                }
                self.ready.extend(found.into_iter().map(|(_, commit)| TailItem::Commit(commit)));
                Ok(more)
            }
        }
    }
}

impl Tail for SqliteTail {
    fn next(&mut self) -> Later<'_, TailItem> {
        Box::pin(async move {
            loop {
                if let Some(item) = self.ready.pop_front() {
                    return item;
                }
                self.wake.mark_unchanged(); // before the look: what comes during it wakes again
                if !self.look_due {
                    self.look_due = !self.hand_over();
                }
                if self.look_due && self.ready.is_empty() {
                    self.mark = self.store.shared.recent.mark();
                    self.look_due = match self.look().await {
                        Ok(more) => more, // what is written from here on is handed over
                        Err(fault) => {
                            self.cursor = Cursor::Broken(fault.clone());
                            return TailItem::Interrupted(fault);
                        }
                    };
                }
                if !self.ready.is_empty() {
                    continue;
                }
                if !self.caught_up {
                    self.caught_up = true;
                    return TailItem::CaughtUp;
                }
                if self.wake.changed().await.is_err() {
                    return TailItem::Interrupted(super::fault::unavailable("the store is closed"));
                }
            }
        })
    }
}

impl Drop for SqliteTail {
    fn drop(&mut self) {
        self.store.shared.watching.leave();
    }
}
