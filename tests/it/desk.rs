//! The desk: what an order sets to work, and what becomes of a fork whose maker goes elsewhere.

use crate::harness::story::at;
use crate::harness::world::{HandClock, World, story};
use std::sync::Arc;
use tackroom::adapters::files::memory::MemoryFiles;
use tackroom::domain::command::Command;
use tackroom::domain::event::{Event, Fact};
use tackroom::domain::files::Change;
use tackroom::domain::fork::Twist;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{BreakNo, NoteNo, SessionId};
use tackroom::domain::inbox::{Answer, Held, HoldId};
use tackroom::domain::marks::Mark;
use tackroom::domain::next::Hold;
use tackroom::domain::notice::Notice;
use tackroom::domain::order::Order;
use tackroom::domain::policy::Mode;
use tackroom::ports::Later;
use tackroom::ports::files::{Files, FilesFault, Kept, PutBack};
use tackroom::runtime::desk::Desk;
use tackroom::runtime::hand::Opening;
use tackroom::runtime::inbox::Unwritten;
use tackroom::runtime::plugs::{Plugs, Settings};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A desk over a world, as a screen has it.
pub struct Served {
    pub commands: mpsc::Sender<Command>,
    pub notices: mpsc::Receiver<Notice>,
    told: Vec<Notice>,
    serving: JoinHandle<()>,
    unwritten: Unwritten,
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
        let unwritten = desk.unwritten();
        let serving = tokio::spawn(desk.serve(commands_out));
        Served { commands, notices, told: Vec::new(), serving, unwritten }
    }

    pub async fn say(&self, command: Command) {
        self.commands.send(command).await.expect("it is served");
    }

    /// The next notice of a kind.
    pub async fn until<T>(&mut self, wanted: impl Fn(&Notice) -> Option<T>) -> T {
        loop {
            let notice = self.notices.recv().await.expect("it goes on");
            let found = wanted(&notice);
            self.told.push(notice);
            if let Some(found) = found {
                return found;
            }
        }
    }

    /// Quits when the screen is gone; answers what was not written.
    pub async fn leave(self) -> Vec<(HoldId, Option<String>)> {
        drop(self.notices);
        self.commands.send(Command::Quit).await.expect("it is served");
        self.serving.await.expect("no panic");
        self.unwritten.all()
    }

    /// Quits; answers all that was told up to then.
    pub async fn quit(mut self) -> Vec<Notice> {
        self.say(Command::Quit).await;
        self.serving.await.expect("no panic");
        self.told.extend(std::iter::from_fn(|| self.notices.try_recv().ok()));
        self.told
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
    fn put_back<'a>(
        &'a self,
        folder: &'a str,
        changes: &'a [Change],
    ) -> Later<'a, Result<PutBack, FilesFault>> {
        self.0.put_back(folder, changes)
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
    let of = |notice: &Notice| {
        let Notice::Forked { parent, session, .. } = notice else { return None };
        Some((parent.clone(), session.clone()))
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

/// Sessions of which each waits for an approval, and the answers to all of them.
async fn held(world: &World, sessions: usize) -> (Vec<SessionId>, Vec<Answer>) {
    let (mut ids, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..sessions {
        let id = world.begin(Mode::Auto).await.expect("begun");
        world.drive(&id).await.expect("driven");
        let session = world.session(&id).await.unwrap();
        let [Hold::Approval(call)] = session.holds()[..] else { panic!("{:?}", session.holds()) };
        let hash = session.call(call).and_then(|call| call.hash).unwrap();
        let hold = HoldId { session: id.clone(), call: Some(call) };
        answers.push(Answer { id: hold, order: Order::Approve { call, hash } });
        ids.push(id);
    }
    (ids, answers)
}

async fn approved(world: &World, ids: &[SessionId]) -> usize {
    let mut count = 0;
    for id in ids {
        let said = |event: &Event| matches!(event.fact, Fact::CallApproved { .. });
        count += usize::from(world.events(id).await.iter().any(said));
    }
    count
}

/// Cause: answers lay with a clerk that nobody waited for: who approved thirty holds and quit had approved the first few,
/// and nothing said so.
#[tokio::test]
async fn what_was_answered_before_the_end_is_written() {
    let world = World::new(story());
    let (ids, answers) = held(&world, 9).await;
    let served = Served::new(&world);
    served.say(Command::Inbox(true)).await;
    served.say(Command::Answer(answers)).await;
    assert_eq!(served.leave().await, []);
    assert_eq!(approved(&world, &ids).await, ids.len());
}

#[tokio::test]
async fn what_could_not_be_written_at_the_end_is_told() {
    let world = World::new(story());
    let (ids, answers) = held(&world, 3).await;
    world.hand().order(&ids[1], &Order::Cancel).await.expect("said");
    let given: Vec<HoldId> = answers.iter().map(|answer| answer.id.clone()).collect();
    let served = Served::new(&world);
    served.say(Command::Inbox(true)).await;
    served.say(Command::Answer(answers.clone())).await;
    let left = served.leave().await;
    assert_eq!(approved(&world, &ids).await, 2);
    let [(id, Some(why))] = &left[..] else { panic!("one was refused: {left:?}") };
    assert!(*id == given[1] && why.contains("not needed any more"), "{id:?} {why}");
    world.engine.faults().crash_after(0);
    let served = Served::new(&world);
    served.say(Command::Inbox(true)).await;
    served.say(Command::Answer(answers)).await;
    let left = served.leave().await;
    assert_eq!(left.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), given, "in their order");
    assert!(
        left.iter().all(|(_, why)| why.as_ref().is_some_and(|why| why.starts_with("failed"))),
        "{left:?}"
    );
}

/// Cause: a fork that nobody had taken up stood in the inbox as interrupted, though nothing was ever begun in it.
#[tokio::test]
async fn a_fork_that_was_never_started_was_not_interrupted() {
    let world = World::new(story());
    let parent = world.begin(Mode::Auto).await.expect("begun");
    let fork = world.fork(&parent, &crate::fork::at(2)).await.expect("forked").id;
    let (notices, mut told) = mpsc::channel(16);
    let stop = CancellationToken::new();
    let telling = tokio::spawn(tackroom::runtime::inbox::tell(world.plugs(), notices, stop.clone()));
    let named = |held: &[Held], id: &SessionId| held.iter().filter(|held| held.id.session == *id).count();
    let mut last = Vec::new();
    while named(&last, &parent) == 0 {
        let Some(Notice::Inbox(held)) = told.recv().await else {
            panic!("it tells the inbox and nothing else")
        };
        last = held;
    }
    for _ in 0..500 {
        tokio::task::yield_now().await; // this clock jumps over a short wait, so that minutes go by
        while let Ok(Notice::Inbox(held)) = told.try_recv() {
            last = held;
        }
    }
    stop.cancel();
    telling.await.expect("it ends");
    assert_eq!((named(&last, &parent), named(&last, &fork)), (1, 0), "{last:?}");
}

/// Cause: every commit of anybody put off the look for sessions that nobody drives: beside one that works all the time a
/// killed one was never found.
#[tokio::test]
async fn who_is_left_is_found_beside_one_that_works_all_the_time() {
    let world = World::new(story());
    let (left, busy) =
        (world.begin(Mode::Auto).await.expect("begun"), world.begin(Mode::Auto).await.expect("begun"));
    let clock = Arc::new(HandClock::new(9));
    let plugs = Plugs { clock: clock.clone(), ..world.plugs() };
    let mut hand = world.hand();
    let (notices, mut told) = mpsc::channel(16);
    let stop = CancellationToken::new();
    let telling = tokio::spawn(tackroom::runtime::inbox::tell(plugs, notices, stop.clone()));
    let mut found = false;
    for round in 0..20 {
        clock.advance(500);
        hand.order(&busy, &Order::Rename(format!("Round {round}"))).await.expect("said");
        for _ in 0..50 {
            tokio::task::yield_now().await;
            while let Ok(notice) = told.try_recv() {
                let Notice::Inbox(held) = notice else { panic!("{notice:?}") };
                found |= held.iter().any(|held| held.id.session == left);
            }
        }
    }
    stop.cancel();
    telling.await.expect("it ends");
    assert!(found, "ten seconds are over");
}
