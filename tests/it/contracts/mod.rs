//! One suite per port, run against every adapter of it; and what only the SQLite engine promises: files, damage, crashes.

mod log;
mod work;
mod blobs;
mod live;
mod index;
mod search;
mod purge;
mod sqlite_texts;
pub mod model;
mod tool;
#[cfg(feature = "cedar")]
mod judge;
#[cfg(target_os = "linux")]
mod sandbox;
mod veil;
pub mod files;
mod sqlite_files;
mod sqlite_damage;
mod sqlite_processes;

use std::path::Path;
use std::sync::Arc;
use tackroom::adapters::engine::memory::Memory;
use tackroom::adapters::engine::sqlite::{Options, Sqlite, WriteOn};
use tackroom::domain::call::{By, Via};
use tackroom::domain::commit::{Class, Commit, Head};
use tackroom::domain::event::{Event, Fact, Limits};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CommitId, Epoch, EventNo, RunNo, SessionId};
use tackroom::domain::policy::Mode;
use tackroom::domain::time::Micros;
use tackroom::ports::blobs::Blobs;
use tackroom::ports::index::Index;
use tackroom::ports::live::Live;
use tackroom::ports::log::{Log, LogFault};
use tackroom::ports::work::Work;

/// A fresh engine behind its ports.
pub struct Rig {
    pub log: Arc<dyn Log>,
    pub work: Arc<dyn Work>,
    pub blobs: Arc<dyn Blobs>,
    pub live: Arc<dyn Live>,
    pub index: Arc<dyn Index>,
    _dir: Option<tempfile::TempDir>,
}

impl Rig {
    fn over<E: Log + Work + Blobs + Live + Index + Clone + 'static>(
        engine: E,
        dir: Option<tempfile::TempDir>,
    ) -> Rig {
        Rig {
            log: Arc::new(engine.clone()),
            work: Arc::new(engine.clone()),
            blobs: Arc::new(engine.clone()),
            live: Arc::new(engine.clone()),
            index: Arc::new(engine),
            _dir: dir,
        }
    }
}

pub fn memory() -> Rig {
    Rig::over(Memory::new(), None)
}

pub fn sqlite() -> Rig {
    let dir = tempfile::tempdir().unwrap();
    Rig::over(Sqlite::open(dir.path()).unwrap(), Some(dir))
}

/// As a program of one thread opens it.
pub fn sqlite_in_place() -> Rig {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { write_on: WriteOn::Caller, ..Options::default() };
    Rig::over(Sqlite::open_with(dir.path(), options).unwrap(), Some(dir))
}

/// Runs each function of a suite against each engine, and against the embedded one in both ways of writing.
macro_rules! each_engine {
    ($($name:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::contracts::memory()).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::contracts::sqlite()).await;
            })*
        }
        mod sqlite_in_place {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::contracts::sqlite_in_place()).await;
            })*
        }
    };
}
pub(crate) use each_engine;

/// Numbers that only look random; the same in each run.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

pub fn session(name: &str) -> SessionId {
    SessionId(name.to_string())
}

pub fn by() -> By {
    By { name: "tester".to_string(), via: Via::Command }
}

/// Makes commits that follow one another.
#[derive(Clone)]
pub struct Pen {
    pub session: SessionId,
    pub head: Head,
    fresh: u128,
}

impl Pen {
    pub fn new(name: &str) -> Pen {
        let seed = name.bytes().fold(7, |sum: u128, byte| sum * 131 + u128::from(byte));
        Pen { session: session(name), head: Head::start(), fresh: seed << 64 }
    }

    /// A pen for a session that is there.
    pub async fn after(log: &dyn Log, name: &str, salt: u128) -> Pen {
        let mut pen = Pen::new(name);
        pen.fresh += salt << 32;
        pen.head = log.head(&pen.session).await.unwrap();
        pen
    }

    pub fn seal(&mut self, class: Class, facts: Vec<Fact>) -> Arc<Commit> {
        self.fresh += 1;
        let events = facts.into_iter().zip(1..).map(|(fact, i)| Event {
            no: EventNo(self.head.event.0 + i),
            at: Micros(1_000_000 * i64::try_from(self.head.event.0 + i).unwrap()),
            run: RunNo(0),
            span: EventNo(1),
            parent: EventNo(0),
            fact,
        });
        let id = CommitId::from_random(self.fresh);
        Arc::new(self.head.seal(id, &self.session, (class, "tester"), Micros(1), events.collect()))
    }

    /// Seals, appends and goes on from there.
    pub async fn write(&mut self, log: &dyn Log, class: Class, facts: Vec<Fact>) -> Arc<Commit> {
        let commit = self.seal(class, facts);
        self.head = log.append(commit.clone()).await.unwrap();
        commit
    }

    /// The first commit: opened and taken.
    pub async fn open(&mut self, log: &dyn Log) -> Arc<Commit> {
        self.write(log, Class::Worker, vec![opened("a title"), taken(1)]).await
    }

    /// A session of that many commits, the first one included.
    pub async fn story(log: &dyn Log, name: &str, commits: u64) -> Vec<Arc<Commit>> {
        let mut pen = Pen::new(name);
        let mut all = vec![pen.open(log).await];
        for i in 1..commits {
            all.push(pen.write(log, Class::Operator, vec![said(i), said(i + 1_000)]).await);
        }
        all
    }
}

pub fn opened(title: &str) -> Fact {
    Fact::SessionOpened {
        title: title.to_string(),
        agent: "agent".to_string(),
        workspace: "/work".to_string(),
        instructions: String::new(),
        parent: None,
        program: "test".to_string(),
    }
}

pub fn taken(epoch: u64) -> Fact {
    Fact::WriterTaken { holder: format!("holder {epoch}"), epoch: Epoch(epoch) }
}

pub fn said(i: u64) -> Fact {
    Fact::OperatorSaid { text: format!("said {i} \u{2028} ümläut"), by: by() }
}

pub fn asked() -> Fact {
    Fact::ModelAsked {
        model: "m".to_string(),
        attempt: 1,
        messages: 1,
        request: Hash::ZERO,
        frame: None,
        notes: Vec::new(),
        route: None,
        ahead: None,
    }
}

pub fn started() -> Fact {
    Fact::RunStarted {
        input: "go".to_string(),
        mode: Mode::Ask,
        limits: Limits::default(),
        model: "m".to_string(),
        base_url: None,
    }
}

/// Everything of a session, checked by the reader; read in small pieces.
pub async fn read_all(log: &dyn Log, session: &SessionId) -> Result<Vec<Arc<Commit>>, LogFault> {
    let mut all: Vec<Arc<Commit>> = Vec::new();
    loop {
        let part = log.read(session, all.len() as u64, 7).await?;
        if part.is_empty() {
            return Ok(all);
        }
        all.extend(part);
    }
}

/// A connection past the engine, as somebody with a database tool has.
pub fn raw(dir: &Path) -> rusqlite::Connection {
    let conn = rusqlite::Connection::open(dir.join("tackroom.db")).unwrap();
    conn.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    conn
}

/// Waits until something is so, with a limit.
pub async fn until(what: &str, so: impl Fn() -> bool) {
    let mut look = tokio::time::interval(std::time::Duration::from_millis(10));
    for _ in 0..1_000 {
        if so() {
            return;
        }
        look.tick().await;
    }
    panic!("not within ten seconds: {what}");
}
