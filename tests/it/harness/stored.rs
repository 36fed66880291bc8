//! A stored session as a desk would tell it to a screen that plays it: what is asked is answered from commits, at once.

use crate::harness::binary::Home;
use crate::harness::story::Story;
use std::sync::Arc;
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::domain::command::Command;
use tackroom::domain::commit::Commit;
use tackroom::domain::ids::SessionId;
use tackroom::domain::notice::Notice;
use tackroom::domain::survey::{CHUNK, Chunk, Surveyor};
use tackroom::domain::survey_kept::{Keeping, Kept};
use tackroom::ports::blobs::Blobs;
use tackroom::ports::log::Log;

/// A stored session.
#[derive(Clone)]
pub struct Stored {
    /// Its id.
    pub id: SessionId,
    commits: Vec<Arc<Commit>>,
    chunks: Vec<Arc<Chunk>>,
}

impl Stored {
    /// What a story told so far.
    pub fn of(story: &Story) -> Stored {
        let mut surveyor = Surveyor::new(story.session.id.clone());
        let mut chunks: Vec<Chunk> = story.commits.iter().flat_map(|commit| surveyor.take(commit)).collect();
        chunks.extend(surveyor.rest());
        Stored {
            id: story.session.id.clone(),
            commits: story.commits.clone(),
            chunks: chunks.into_iter().map(Arc::new).collect(),
        }
    }

    /// The same with the survey that was kept of it: as it is told when it is opened again.
    pub fn again(&self) -> Stored {
        let mut keeping = Keeping::default();
        self.chunks.iter().for_each(|chunk| keeping.add(chunk));
        let parts = keeping.parts(&self.id).expect("long enough to be kept");
        let kept = Kept::read(&self.id, parts.concat()).expect("a survey");
        let before = self.commits.iter().find(|commit| kept.fits(commit)).expect("of this log");
        let mut surveyor = Surveyor::from(&kept.last, kept.follows.clone()).expect("a core");
        let later = self.commits.iter().filter(|commit| commit.seq > before.seq);
        let mut chunks = kept.chunks;
        chunks.extend(later.flat_map(|commit| surveyor.take(commit)));
        chunks.extend(surveyor.rest());
        Stored { chunks: chunks.into_iter().map(Arc::new).collect(), ..self.clone() }
    }

    /// What is told when it is to be played.
    pub fn opened(&self) -> Vec<Notice> {
        let session = self.id.clone();
        let events = self.commits.iter().map(|commit| commit.events.len() as u64).sum();
        let told = self.chunks.iter().map(|chunk| Notice::Surveyed {
            session: session.clone(),
            chunk: chunk.clone(),
            events,
        });
        let mut notices = vec![Notice::Watching { session: session.clone() }];
        notices.extend(told);
        notices.push(Notice::CaughtUp { session });
        notices
    }

    /// What is told to a command.
    pub fn answer(&self, command: &Command) -> Vec<Notice> {
        match command {
            Command::Replay(_) => self.opened(),
            Command::Page { session, place, after, until } => {
                let asked = |commit: &&Arc<Commit>| commit.seq > *after && commit.seq <= *until;
                let events = self.commits.iter().filter(asked).flat_map(|commit| &commit.events);
                let in_page = |no: u64| no > place * CHUNK && no <= (place + 1) * CHUNK;
                let events = events.map(|sealed| &sealed.event).filter(|event| in_page(event.no.0));
                let events = Arc::new(events.cloned().collect());
                vec![Notice::Page { session: session.clone(), place: *place, events }]
            }
            // Nothing else is asked of a stored session.
            Command::Order { .. }
            | Command::Begin(..)
            | Command::Fork { .. }
            | Command::Watch(_)
            | Command::Resume(_)
            | Command::Compare { .. }
            | Command::Inspect { .. }
            | Command::TryLease { .. }
            | Command::Inbox(_)
            | Command::Look(_)
            | Command::Answer(_)
            | Command::List { .. }
            | Command::Glance(_)
            | Command::Search(_)
            | Command::Fitting(_)
            | Command::Deeds(_)
            | Command::Weigh(_)
            | Command::Keep(_)
            | Command::Quit => Vec::new(),
        }
    }
}

/// Puts told sessions and contents into a home's store, as a forger who knows the engine would.
pub fn store(home: &Home, sessions: &[&[Arc<Commit>]], contents: &[&str]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let engine = Sqlite::open(&home.home().join("data")).unwrap();
        for content in contents {
            engine.put(content.as_bytes().into()).await.unwrap();
        }
        for commit in sessions.iter().copied().flatten() {
            engine.append(commit.clone()).await.unwrap();
        }
    });
}
