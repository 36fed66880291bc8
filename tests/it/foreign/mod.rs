//! Other tools' sessions: what is read of them, that it is taken once, and that nothing in them can break or forge anything.

mod rules;
mod reading;
mod fuzz;
mod sqlite;
mod program;
mod ticks;

pub use crate::harness::cases::cases;
use crate::harness::world::FakeClock;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tackroom::adapters::engine::memory::Memory;
use tackroom::adapters::foreign::{Sessions, read};
use tackroom::domain::about::about;
use tackroom::domain::call::{CallState, Output};
use tackroom::domain::event::{Event, Fact};
use tackroom::domain::foreign::What;
use tackroom::domain::ids::SessionId;
use tackroom::domain::import::Import;
use tackroom::domain::next::{Step, next};
use tackroom::domain::session::Session;
use tackroom::domain::talk::Talk;
use tackroom::domain::tally::Row;
use tackroom::domain::trace::Trace;
use tackroom::ports::foreign::{Discovered, Source, Told, Wanted};
use tackroom::ports::log::Log;
use tackroom::runtime::importer::{ImportFault, Importer, Known, Taken};

/// The project's own files, written after the formats.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/foreign")
}

/// Real files, where the environment names a folder of them; else none, and that is said.
pub fn samples() -> Option<PathBuf> {
    let named = std::env::var_os("TACKROOM_SAMPLES").map(PathBuf::from).filter(|path| path.is_dir());
    if named.is_none() {
        println!("real files are not looked at: TACKROOM_SAMPLES names no folder");
    }
    named
}

/// An importer over a store in memory.
pub struct Desk {
    pub importer: Importer,
    pub memory: Memory,
    pub dir: tempfile::TempDir,
}

impl Desk {
    pub fn new() -> Desk {
        let dir = tempfile::tempdir().unwrap();
        let memory = Memory::new();
        let importer = Importer {
            foreign: Arc::new(Sessions::new(BTreeMap::new(), dir.path().join("scratch"))),
            log: Arc::new(memory.clone()),
            blobs: Arc::new(memory.clone()),
            clock: Arc::new(FakeClock::new(7)),
            program: "tackroom test".to_string(),
            known: Known::default(),
        };
        Desk { importer, memory, dir }
    }

    /// Keeps a file; answers where.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub async fn discover(&self, path: &Path) -> Discovered {
        let wanted = Wanted { tool: None, paths: vec![path.to_path_buf()] };
        self.importer.foreign.discover(wanted).await
    }

    pub async fn import(&self, path: &Path) -> Vec<Result<Taken, ImportFault>> {
        let mut taken = Vec::new();
        for source in self.discover(path).await.sources {
            taken.push(self.importer.import(&source, true).await);
        }
        taken
    }

    /// The only session of a file.
    pub async fn only(&self, path: &Path) -> Taken {
        let mut taken = self.import(path).await;
        assert_eq!(taken.len(), 1, "{}", path.display());
        taken.remove(0).unwrap()
    }

    pub async fn events(&self, id: &SessionId) -> Vec<Event> {
        let commits = self.memory.read(id, 0, 1_000_000).await.unwrap();
        commits.iter().flat_map(|commit| &commit.events).map(|sealed| sealed.event.clone()).collect()
    }
}

/// The events of a source, without a store; the reader runs in this thread.
pub fn events_of(source: &Source, scratch: &Path) -> (Vec<Event>, Counts) {
    let mut import = Import::default();
    let mut events = Vec::new();
    let mut counts = Counts::default();
    let told = read(source, scratch, true, &mut |told| {
        match told {
            Told::Origin(origin) => events.extend(import.open(&origin, &origin.title, "test")),
            Told::Torn(_) => counts.damaged += 1,
            Told::Entry(entry) => {
                let body = match &entry.what {
                    What::Over(over) => over.text.clone(),
                    What::Odd { raw, .. } => raw.clone(),
                    What::Task { .. } | What::Reply(_) | What::Ended { .. } => String::new(),
                };
                events.extend(import.take(*entry, Output::bounded(body).0));
            }
            Told::End(_) | Told::Fault(_) => panic!("a reader in this thread tells neither"),
        }
        true
    });
    counts.failed = told.err();
    (events, counts)
}

/// What a reading came to.
#[derive(Default, Debug)]
pub struct Counts {
    pub damaged: u64,
    pub failed: Option<String>,
}

/// Folds events every way there is, and checks what must hold of every imported session.
pub fn fold(events: &[Event]) -> Session {
    let id = SessionId::from_random(1);
    let mut session = Session::new(id.clone());
    let (mut trace, mut talk, mut row) = (Trace::default(), Talk::default(), Row::new(id));
    let mut before = None;
    for event in events {
        assert!(before.is_none_or(|at| at <= event.at), "the log goes back at {}", event.no);
        before = Some(event.at);
        let again = Event::from_json(&event.to_json()).unwrap();
        assert_eq!(again, *event, "what is stored is what was said");
        session.apply(event);
        trace.apply(event);
        talk.apply(event);
        row.apply(event);
        assert!(session.holds().is_empty(), "nothing of an imported session waits for a person");
        assert_eq!(next(&session), Step::Idle, "nothing of it is to be done");
    }
    assert_eq!(trace.faults(), [], "the spans are a tree");
    assert_eq!(row.status, session.status().word(), "the list and the session tell the same");
    for call in &session.calls {
        assert!(call.approval.is_none() && call.verdict.is_none(), "nobody decided on {}", call.id);
        let known = matches!(call.state, CallState::Unrecorded | CallState::Ended(_));
        assert!(known, "{} is {:?}", call.id, call.state);
        assert!(
            talk.card(call.id).is_some_and(|card| card.decision.as_ref().is_some_and(|d| d.by().is_none()))
        );
    }
    let marks = |event: &&Event| !matches!(event.fact, Fact::ImportTaken { .. });
    let kinds = events.iter().filter(marks);
    assert!(kinds.clone().all(|event| tackroom::domain::commit::may_say(
        tackroom::domain::commit::Class::Importer,
        &event.fact
    )));
    session
}

/// The events as lines for people.
pub fn lines(events: &[Event]) -> String {
    let line = |event: &Event| {
        let text = about(&event.fact).replace('\n', "⏎");
        let text: String =
            text.replace(&fixtures().display().to_string(), "FIXTURES").chars().take(150).collect();
        format!("{:>3} {} r{} {} {text}", event.no.0, event.at.clock(), event.run.0, event.fact.kind())
    };
    events.iter().map(line).collect::<Vec<_>>().join("\n")
}
