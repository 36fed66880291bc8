//! The desk: what an order sets to work, and what becomes of a fork whose maker goes elsewhere.

use crate::harness::story::at;
use crate::harness::world::{World, story};
use std::sync::Arc;
use tackroom::adapters::files::memory::MemoryFiles;
use tackroom::domain::command::Command;
use tackroom::domain::event::Fact;
use tackroom::domain::files::Change;
use tackroom::domain::fork::Twist;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{BreakNo, NoteNo, SessionId};
use tackroom::domain::marks::Mark;
use tackroom::domain::notice::Notice;
use tackroom::domain::order::Order;
use tackroom::domain::policy::Mode;
use tackroom::ports::Later;
use tackroom::ports::files::{Files, FilesFault, Kept, PutBack};
use tackroom::runtime::desk::Desk;
use tackroom::runtime::hand::Opening;
use tackroom::runtime::plugs::{Plugs, Settings};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A desk over a world, as a screen has it.
pub struct Served {
    pub commands: mpsc::Sender<Command>,
    pub notices: mpsc::Receiver<Notice>,
    serving: JoinHandle<()>,
}

impl Served {
    pub fn new(world: &World) -> Served {
        Served::with(world, world.plugs())
    }

    pub fn with(world: &World, plugs: Plugs) -> Served {
        let (notices_in, notices) = mpsc::channel(256);
        let (commands, commands_out) = mpsc::channel(16);
        let opening = Opening {
            agent: "a".into(),
            workspace: "/srv/ws".into(),
            instructions: String::new(),
            parent: None,
            program: "test".into(),
        };
        let desk = Desk::new(plugs, world.hand(), opening, notices_in);
        Served { commands, notices, serving: tokio::spawn(desk.serve(commands_out)) }
    }

    pub async fn say(&self, command: Command) {
        self.commands.send(command).await.expect("it is served");
    }

    /// The next notice of a kind.
    pub async fn until<T>(&mut self, wanted: impl Fn(Notice) -> Option<T>) -> T {
        loop {
            let notice = self.notices.recv().await.expect("it goes on");
            if let Some(found) = wanted(notice) {
                return found;
            }
        }
    }

    /// Quits; answers what was told up to then.
    pub async fn quit(mut self) -> Vec<Notice> {
        self.say(Command::Quit).await;
        self.serving.await.expect("no panic");
        std::iter::from_fn(|| self.notices.try_recv().ok()).collect()
    }
}

async fn is_driven(world: &World, id: &SessionId) -> bool {
    world.events(id).await.iter().any(|event| matches!(event.fact, Fact::WriterTaken { .. }))
}

/// Cause: every order to a session that nobody drives set it to work, but for a name and a mark.
#[tokio::test]
async fn what_prepares_a_run_does_not_start_it() {
    for orders in [
        vec![Order::SetBreakpoint(at("tool=write")), Order::RemoveBreakpoint(BreakNo(1))],
        vec![Order::AddNote("be careful".into()), Order::RemoveNote(NoteNo(1))],
        vec![Order::Rename("another".into()), Order::Mark(Mark::Pin)],
        vec![Order::SetMode(Mode::Step)],
        vec![Order::Pause],
    ] {
        let world = World::new(story());
        let id = world.begin(Mode::Auto).await.expect("begun");
        let served = Served::new(&world);
        for order in &orders {
            let (session, order) = (id.clone(), order.clone());
            served.say(Command::Order { session, order }).await;
        }
        served.quit().await;
        let said = world.events(&id).await.len();
        assert!(said > 2, "{orders:?}: it was taken");
        assert!(!is_driven(&world, &id).await, "{orders:?} set it to work");
    }
    for order in [Order::Steer("go on".into()), Order::Cancel] {
        let world = World::new(story());
        let id = world.begin(Mode::Auto).await.expect("begun");
        let served = Served::new(&world);
        served.say(Command::Order { session: id.clone(), order: order.clone() }).await;
        served.quit().await;
        assert!(is_driven(&world, &id).await, "{order:?} is a word to an agent at work");
    }
}

/// Folders that take their time.
struct Slow(MemoryFiles);

impl Files for Slow {
    fn keep<'a>(&'a self, folder: &'a str, last: Option<Hash>) -> Later<'a, Result<Kept, FilesFault>> {
        Box::pin(async move {
            for _ in 0..200 {
                tokio::task::yield_now().await;
            }
            self.0.keep(folder, last).await
        })
    }
    fn compare<'a>(&'a self, folder: &'a str, manifest: Hash) -> Later<'a, Result<Vec<Change>, FilesFault>> {
        self.0.compare(folder, manifest)
    }
    fn put_back<'a>(&'a self, folder: &'a str, manifest: Hash) -> Later<'a, Result<PutBack, FilesFault>> {
        self.0.put_back(folder, manifest)
    }
    fn make(&self, name: &str, into: Option<&str>) -> Result<String, FilesFault> {
        self.0.make(name, into)
    }
}

fn slow(world: &World, stop_ms: u64) -> Plugs {
    let settings = Settings { stop_ms, ..Settings::default() };
    Plugs { files: Arc::new(Slow(world.files.clone())), settings, ..world.plugs() }
}

fn fork(session: &SessionId) -> Command {
    Command::Fork { session: session.clone(), at: None, twist: Box::new(Twist::default()) }
}

/// Cause: the desk showed a fork as soon as it was made, whatever the screen had gone to meanwhile.
#[tokio::test]
async fn a_fork_is_told_and_does_not_take_the_screen() {
    let world = World::new(story());
    let (parent, other) = (world.begin(Mode::Auto).await.unwrap(), world.begin(Mode::Auto).await.unwrap());
    let mut served = Served::with(&world, slow(&world, 1));
    served.say(Command::Watch(parent.clone())).await;
    served.say(fork(&parent)).await;
    served.say(Command::Watch(other.clone())).await;
    let of = |notice| {
        if let Notice::Forked { parent, session, .. } = notice { Some((parent, session)) } else { None }
    };
    let (of, made) = served.until(of).await;
    assert_eq!(of, parent);
    served.say(Command::Order { session: other.clone(), order: Order::Rename("more".into()) }).await;
    for _ in 0..300 {
        tokio::task::yield_now().await;
    }
    let watched = |notice: &Notice| matches!(notice, Notice::Watching { session } if *session == made);
    assert!(!served.quit().await.iter().any(watched), "nobody asked to see it");
}

/// Cause: a fork under way was nobody's task: who quit was gone before it was made, or in the middle of it.
#[tokio::test]
async fn a_fork_under_way_is_made_or_given_up_before_the_desk_is_gone() {
    for (stop_ms, forks) in [(200_000, 1), (1, 0)] {
        let world = World::new(story());
        let parent = world.begin(Mode::Auto).await.expect("begun");
        let served = Served::with(&world, slow(&world, stop_ms)); // this clock jumps over a short wait
        served.say(fork(&parent)).await;
        let told = served.quit().await;
        let made = told.iter().filter(|notice| matches!(notice, Notice::Forked { .. })).count();
        let query = tackroom::domain::listing::Query { limit: 9, ..Default::default() };
        let rows = world.plugs().store.index.rows(query).await.unwrap();
        assert_eq!((made, rows.len()), (forks, 1 + forks));
    }
}
