//! The loop while it works: an operator beside it who interrupts, cancels, steers and answers from elsewhere; tools that break.

use crate::crash::whole;
use crate::harness::fold::said;
use crate::harness::promise;
use crate::harness::world::{Said, World, all_ended, calling};
use crate::verify;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use tackroom::adapters::files::memory::MemoryFiles;
use tackroom::domain::call::{Call, CallState, Ended, Outcome};
use tackroom::domain::event::{EndReason, Fact, RunStatus};
use tackroom::domain::fault::{Fault, FaultKind};
use tackroom::domain::files::Change;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, SessionId};
use tackroom::domain::message::Message;
use tackroom::domain::order::Order;
use tackroom::domain::policy::Mode;
use tackroom::domain::run::{Status, Turn};
use tackroom::domain::session::Session;
use tackroom::ports::Later;
use tackroom::ports::blobs::Blobs;
use tackroom::ports::files::{Files, FilesFault, Kept, PutBack};
use tackroom::runtime::agent::{Agent, AgentFault, OnHold, Parked};
use tackroom::runtime::plugs::{Plugs, Settings};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Drives in the background; the test is the operator beside it.
fn drive(world: &World, id: &SessionId) -> tokio::task::JoinHandle<Result<Parked, AgentFault>> {
    let (plugs, id) = (world.plugs(), id.clone());
    tokio::spawn(
        async move { Agent::take(plugs, &id, CancellationToken::new()).await?.drive(OnHold::Wait).await },
    )
}

/// Waits until the session is as wanted, as the log tells it.
async fn until(world: &World, id: &SessionId, wanted: impl Fn(&Session) -> bool) -> Session {
    let mut hand = world.hand();
    for _ in 0..200_000 {
        let session = hand.session(id).await.expect("readable");
        if wanted(session) {
            return session.clone();
        }
        tokio::task::yield_now().await;
    }
    panic!("it never came to that: {:?}", hand.session(id).await.map(|session| session.run.clone()));
}

fn asked(session: &Session) -> bool {
    matches!(session.live().map(|run| &run.turn), Some(Turn::Asked { .. }))
}

#[tokio::test]
async fn an_answer_from_elsewhere_wakes_the_waiting_agent() {
    let world = World::new(vec![calling(&[("write", json!({"path":"a","body":"1"}))])]);
    let id = world.begin(Mode::Auto).await.expect("begun");
    let driven = drive(&world, &id);
    let session = until(&world, &id, |session| session.status() == Status::Held).await;
    let hash = session.calls[0].hash.unwrap_or(Hash::ZERO);
    world.hand().order(&id, &Order::Approve { call: CallId(1), hash }).await.expect("approved");
    assert_eq!(driven.await.expect("no panic").expect("driven"), Parked::Idle);
    assert_eq!(world.session(&id).await.expect("readable").status(), Status::Done);
}

#[tokio::test]
async fn an_interrupt_drops_the_request_and_a_message_goes_on() {
    let world = World::new(vec![Said::Never]);
    let id = world.begin(Mode::Auto).await.expect("begun");
    let driven = drive(&world, &id);
    until(&world, &id, asked).await;
    world.hand().order(&id, &Order::Interrupt).await.expect("taken");
    let session = until(&world, &id, |session| !asked(session)).await;
    assert_eq!(session.status(), Status::Paused);
    world.hand().order(&id, &Order::Say("rather this".into())).await.expect("taken");
    let session = until(&world, &id, asked).await;
    let last = session.transcript.last().expect("a message");
    assert!(matches!(last.as_ref(), Message::User { text } if text == "rather this"));
    world.hand().order(&id, &Order::Cancel).await.expect("taken");
    driven.await.expect("no panic").expect("driven");
    assert_eq!(world.session(&id).await.expect("readable").status(), Status::Cancelled);
    whole(&world.events(&id).await);
    verify::whole(&world.commits(&id).await, "as driven");
}

#[tokio::test]
async fn cancelling_a_call_that_will_not_stop_drops_it() {
    let world = World::new(vec![calling(&[("write", json!({"path":"free/a","body":"hang"}))])]);
    let id = world.begin(Mode::Auto).await.expect("begun");
    let driven = drive(&world, &id);
    until(&world, &id, |session| session.open_calls().any(|call| call.state == CallState::Started)).await;
    world.hand().order(&id, &Order::Cancel).await.expect("taken");
    driven.await.expect("no panic").expect("driven");
    let session = world.session(&id).await.expect("readable");
    verify::whole(&world.commits(&id).await, "as driven");
    assert_eq!(session.status(), Status::Cancelled);
    assert_eq!(session.calls[0].state, CallState::Ended(Ended::Ran(Outcome::Cancelled)));
    whole(&world.events(&id).await);
    verify::whole(&world.commits(&id).await, "as driven");
}

#[tokio::test]
async fn a_handler_that_panics_is_one_error_result_and_the_run_goes_on() {
    let world = World::new(vec![
        calling(&[("write", json!({"path":"free/a","body":"panic"})), ("read", json!({"path":"b"}))]),
        Said::Reply(said("I see")),
    ]);
    let id = world.begin(Mode::Auto).await.expect("begun");
    let session = world.to_the_end(&id).await.expect("driven");
    verify::whole(&world.commits(&id).await, "to the end");
    assert_eq!(session.status(), Status::Done);
    assert_eq!(session.calls[0].state, CallState::Ended(Ended::Ran(Outcome::Panicked)));
    assert!(session.calls[0].result.as_ref().is_some_and(|text| text.contains("the handler broke")));
    assert_eq!(session.calls[1].state, CallState::Ended(Ended::Ran(Outcome::Ok)));
}

#[tokio::test]
async fn a_failed_request_is_repeated_and_no_call_is() {
    let overloaded = || Said::Fault(Fault::new(FaultKind::Overloaded, "503"));
    let world = World::new(vec![calling(&[("write", json!({"path":"free/a","body":"1"}))]), overloaded()]);
    let id = world.begin(Mode::Auto).await.expect("begun");
    let session = world.to_the_end(&id).await.expect("driven");
    verify::whole(&world.commits(&id).await, "to the end");
    assert_eq!(session.status(), Status::Failed);
    let why = session.run.and_then(|run| run.ended).map(|(_, why, _)| why);
    assert!(matches!(why, Some(EndReason::ModelFailed { fault }) if fault.kind == FaultKind::Overloaded));
    let events = world.events(&id).await;
    let tries = events.iter().filter(|event| matches!(event.fact, Fact::ModelFailed { .. })).count();
    assert_eq!(tries, 5, "bounded, each attempt in the log");
    assert_eq!(world.effects.lock().expect("free").values().sum::<u32>(), 1);
}

#[tokio::test]
async fn large_output_is_kept_whole_in_a_blob() {
    let world = World::new(vec![calling(&[("read", json!({"path":"a","body":"large"}))])]);
    let id = world.begin(Mode::Auto).await.expect("begun");
    let session = world.to_the_end(&id).await.expect("driven");
    verify::whole(&world.commits(&id).await, "to the end");
    let output = session.calls[0].output.clone().expect("it ran");
    assert_eq!(output.size, 100_000);
    assert!(output.head.len() + output.tail.len() < 30_000);
    let blob = world.engine.get(output.blob.expect("in a blob")).await.expect("readable").expect("there");
    assert_eq!(blob.len(), 100_000);
}

#[tokio::test]
async fn quitting_parks_and_another_process_goes_on() {
    let world = World::new(vec![Said::Never]);
    let id = world.begin(Mode::Auto).await.expect("begun");
    let quit = CancellationToken::new();
    let (plugs, stop, name) = (world.plugs(), quit.clone(), id.clone());
    let driven =
        tokio::spawn(async move { Agent::take(plugs, &name, stop).await?.drive(OnHold::Wait).await });
    until(&world, &id, asked).await;
    quit.cancel();
    assert_eq!(driven.await.expect("no panic").expect("driven"), Parked::Quit);
    whole(&world.events(&id).await);
    verify::whole(&world.commits(&id).await, "as driven");
    let world = World { model: World::new(vec![Said::Reply(said("here"))]).model, ..world };
    assert_eq!(world.to_the_end(&id).await.expect("driven").status(), Status::Done);
}

#[tokio::test]
async fn a_session_has_one_driver() {
    let world = World::new(vec![Said::Never]);
    let id = world.begin(Mode::Auto).await.expect("begun");
    let first = Agent::take(world.plugs(), &id, CancellationToken::new()).await.expect("taken");
    let second = Agent::take(world.plugs(), &id, CancellationToken::new()).await;
    assert!(matches!(second, Err(AgentFault::Taken(_))));
    drop(first);
    assert!(Agent::take(world.plugs(), &id, CancellationToken::new()).await.is_ok());
    promise::kept("R11–R13", "a second driver of a session is refused");
}

#[tokio::test]
async fn steps_wait_one_by_one_and_a_step_limit_is_an_explicit_end() {
    let world = World::new(vec![calling(&[("read", json!({"path":"a"}))]), Said::Reply(said("done"))]);
    let id = world.begin(Mode::Step).await.expect("begun");
    let mut words = 0;
    while world.drive(&id).await.expect("driven") == Parked::Held {
        assert_eq!(world.session(&id).await.expect("readable").status(), Status::Stepping);
        world.hand().order(&id, &Order::Step).await.expect("a step");
        words += 1;
    }
    assert_eq!(words, 3, "ask, read, ask");
    let endless: Vec<Said> = (0..400).map(|_| calling(&[("read", json!({"path":"a"}))])).collect();
    let world = World::new(endless);
    let id = world.begin(Mode::Auto).await.expect("begun");
    let session = world.to_the_end(&id).await.expect("driven");
    verify::whole(&world.commits(&id).await, "to the end");
    let ended = session.run.as_ref().and_then(|run| run.ended.clone()).expect("over");
    assert_eq!((ended.0, ended.1), (RunStatus::BudgetStopped, EndReason::StepLimit { steps: 200 }));
    assert!(all_ended(&session));
}

/// Files that are never done being kept.
struct Stuck(Notify);

impl Files for Stuck {
    fn keep<'a>(&'a self, _folder: &'a str, _last: Option<Hash>) -> Later<'a, Result<Kept, FilesFault>> {
        self.0.notify_one();
        Box::pin(std::future::pending())
    }
    fn compare<'a>(
        &'a self,
        _folder: &'a str,
        _manifest: Hash,
    ) -> Later<'a, Result<Vec<Change>, FilesFault>> {
        Box::pin(std::future::pending())
    }
    fn put_back<'a>(
        &'a self,
        _folder: &'a str,
        _changes: &'a [Change],
    ) -> Later<'a, Result<PutBack, FilesFault>> {
        Box::pin(std::future::pending())
    }
    fn make(&self, name: &str, _into: Option<&str>) -> Result<String, FilesFault> {
        Ok(name.to_string())
    }
}

/// Files that are kept so many times, and then take for ever while somebody looks through them.
struct Tiring {
    files: MemoryFiles,
    good: AtomicU64,
    tries: AtomicU64,
}

impl Tiring {
    fn after(world: &World, good: u64) -> Arc<Tiring> {
        let (good, tries) = (AtomicU64::new(good), AtomicU64::new(0));
        Arc::new(Tiring { files: world.files.clone(), good, tries })
    }

    fn is_good(&self) -> bool {
        self.good.load(SeqCst) > 0
    }
}

impl Files for Tiring {
    fn keep<'a>(&'a self, folder: &'a str, last: Option<Hash>) -> Later<'a, Result<Kept, FilesFault>> {
        self.tries.fetch_add(1, SeqCst);
        if !self.is_good() {
            return Box::pin(std::future::pending());
        }
        self.good.fetch_sub(1, SeqCst);
        self.files.keep(folder, last)
    }
    fn busy(&self, _folder: &str) -> bool {
        !self.is_good()
    }
    fn compare<'a>(&'a self, folder: &'a str, manifest: Hash) -> Later<'a, Result<Vec<Change>, FilesFault>> {
        self.files.compare(folder, manifest)
    }
    fn put_back<'a>(
        &'a self,
        folder: &'a str,
        changes: &'a [Change],
    ) -> Later<'a, Result<PutBack, FilesFault>> {
        self.files.put_back(folder, changes)
    }
    fn make(&self, name: &str, into: Option<&str>) -> Result<String, FilesFault> {
        self.files.make(name, into)
    }
}

fn write(path: &str, body: &str) -> Said {
    calling(&[("write", json!({"path": path, "body": body}))])
}

/// Cause: a folder that takes longer than the limit to look through was waited for, to the limit, before every call.
#[tokio::test]
async fn files_that_took_too_long_are_not_waited_for_again_while_that_goes_on() {
    let world = World::new(vec![write("free/a", "1"), write("free/b", "2"), write("free/c", "3")]);
    let id = world.begin(Mode::Auto).await.expect("begun");
    let files = Tiring::after(&world, 0);
    let settings = Settings { keep_ms: 50_000, ..Settings::default() }; // this clock jumps over it
    let plugs = Plugs { files: files.clone(), settings, ..world.plugs() };
    let mut agent = Agent::take(plugs, &id, CancellationToken::new()).await.expect("taken");
    assert_eq!(agent.drive(OnHold::Leave).await, Ok(Parked::Idle));
    assert_eq!(files.tries.load(SeqCst), 1, "three calls and the end of the run");
    let events = world.events(&id).await;
    let count = |kind: &str| events.iter().filter(|event| event.fact.kind() == kind).count();
    assert_eq!((count("CallEnded"), count("WorkspaceMissed")), (3, 4), "and that is told each time");
    drop(agent);
    // Once it is done, they are kept again.
    files.good.store(9, SeqCst);
    world.hand().order(&id, &Order::Say("again".into())).await.expect("taken");
    world.drive(&id).await.expect("driven");
    verify::whole(&world.commits(&id).await, "as driven");
}

/// Cause: a cancelled run was not over before the files were kept once more.
#[tokio::test]
async fn a_cancelled_run_is_over_before_the_files_are_kept() {
    let world = World::new(vec![write("free/a", "1"), write("free/b", "hang")]);
    let id = world.begin(Mode::Auto).await.expect("begun");
    let files = Tiring::after(&world, 2);
    let plugs = Plugs { files: files.clone(), ..world.plugs() };
    let name = id.clone();
    let driven = tokio::spawn(async move {
        Agent::take(plugs, &name, CancellationToken::new()).await?.drive(OnHold::Wait).await
    });
    until(&world, &id, |session| session.open_calls().any(Call::in_flight) && session.calls_asked() == 2)
        .await;
    world.hand().order(&id, &Order::Cancel).await.expect("cancelled");
    let session = until(&world, &id, |session| session.status() == Status::Cancelled).await;
    assert!(session.changed, "what changes them next keeps them before");
    assert_eq!(files.tries.load(SeqCst), 2, "once before each call");
    assert_eq!(driven.await.expect("no panic").expect("driven"), Parked::Idle);
}

#[tokio::test]
async fn nobody_waits_for_the_files_to_be_kept_to_pause_or_cancel_a_run() {
    let world = World::new(vec![calling(&[("write", json!({"path":"free/a","body":"1"}))])]);
    let id = world.begin(Mode::Auto).await.expect("begun");
    let stuck = Arc::new(Stuck(Notify::new()));
    let plugs = Plugs { files: stuck.clone(), ..world.plugs() };
    let name = id.clone();
    let driven = tokio::spawn(async move {
        Agent::take(plugs, &name, CancellationToken::new()).await?.drive(OnHold::Wait).await
    });
    stuck.0.notified().await;
    world.hand().order(&id, &Order::Pause).await.expect("paused");
    stuck.0.notified().await;
    world.hand().order(&id, &Order::Cancel).await.expect("cancelled");
    until(&world, &id, |session| session.status() == Status::Cancelled).await;
    assert_eq!(driven.await.expect("no panic").expect("driven"), Parked::Idle);
    let events = world.events(&id).await;
    assert!(!events.iter().any(|event| matches!(event.fact, Fact::CallStarted { .. })));
    verify::whole(&world.commits(&id).await, "as driven");
}
