//! An export brought back while things go wrong: a copy that was cut short runs nothing, and is gone on with.

use crate::harness::binary::Home;
use crate::harness::story::{self, Story};
use crate::harness::world::World;
use std::sync::Arc;
use tackroom::adapters::engine::memory::{Failing, Memory};
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::domain::call::CallState;
use tackroom::domain::commit::Commit;
use tackroom::domain::ids::SessionId;
use tackroom::ports::log::{Log, LogFault};
use tackroom::ports::work::Work;
use tackroom::runtime::agent::{Agent, AgentFault};
use tackroom::runtime::replica::{Copied, Lines, ReplicaFault, Replicas};
use tokio_util::sync::CancellationToken;

/// The lines of a story's export, made by the program.
async fn exported(story: &Story) -> Vec<String> {
    let home = Home::new();
    let engine = Sqlite::open(&home.home().join("data")).unwrap();
    for commit in &story.commits {
        engine.append(commit.clone()).await.unwrap();
    }
    drop(engine);
    let ran = home.run(&["sessions", "export", story.session.id.as_str()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.out.lines().map(str::to_string).collect()
}

async fn copy(world: &World, lines: &[String]) -> Result<Copied, ReplicaFault> {
    let (store, clock) = (world.plugs().store, world.clock.clone());
    let lines = lines.to_vec();
    let open = move || Ok(Box::new(lines.clone().into_iter().map(Ok)) as Lines<'static>);
    Replicas { store, clock }.copy(&open).await
}

async fn stored(engine: &Memory, id: &SessionId) -> Vec<Arc<Commit>> {
    engine.read(id, 0, 100_000).await.unwrap()
}

/// Cause: the commits of a file were written one by one by nobody in particular: what was cut off after an approval was a
/// session like any other, and to go on with it ran the call; and it could neither be finished nor put away.
#[tokio::test]
async fn a_copy_that_was_cut_short_runs_nothing_and_is_gone_on_with() {
    let story = story::done();
    let (lines, id, whole) = (exported(&story).await, story.session.id.clone(), story.events().len() as u64);
    let mut would_run = 0;
    for cut in 1..story.commits.len() {
        let mut world = World::new(Vec::new());
        world.engine.faults().crash_after(cut as u64);
        copy(&world, &lines).await.expect_err("cut");
        world.engine = world.engine.restart();
        let begun = stored(&world.engine, &id).await;
        assert_eq!(begun, story.commits[..cut], "a beginning of it");
        let session = world.session(&id).await.unwrap();
        would_run += session
            .open_calls()
            .filter(|call| matches!(call.state, CallState::Cleared { .. }) || call.approval.is_some())
            .count();
        let taken = Agent::take(world.plugs(), &id, CancellationToken::new()).await.err();
        assert_eq!(taken, Some(AgentFault::Partial(id.clone())), "cut after {cut}");
        let had = begun.iter().map(|commit| commit.events.len() as u64).sum::<u64>();
        let copied = copy(&world, &lines).await.unwrap_or_else(|fault| panic!("after {cut}: {fault}"));
        assert_eq!((copied.events, copied.added), (whole, whole - had));
        assert_eq!(stored(&world.engine, &id).await, story.commits);
        assert_eq!(copy(&world, &lines).await.unwrap().added, 0);
        Agent::take(world.plugs(), &id, CancellationToken::new()).await.expect("it is whole");
    }
    assert!(would_run > 3, "some beginnings end behind an approval");
}

#[tokio::test]
async fn a_busy_store_is_waited_for_and_a_driven_session_is_left_alone() {
    let story = story::done();
    let (lines, id) = (exported(&story).await, story.session.id.clone());
    let world = World::new(Vec::new());
    for (nth, how) in
        [(1, Failing::Busy), (4, Failing::Busy), (5, Failing::Busy), (7, Failing::InDoubtWritten)]
    {
        world.engine.faults().fail(nth, how);
    }
    copy(&world, &lines).await.expect("brought back");
    assert_eq!(stored(&world.engine, &id).await, story.commits);
    let taken = World::new(Vec::new());
    let claim = taken.engine.claim(&id).unwrap().unwrap();
    assert_eq!(copy(&taken, &lines).await, Err(ReplicaFault::Taken(id.clone())));
    drop(claim);
    // Only a copy that was cut short is gone on with: a session that merely begins alike is another.
    for commit in &story.commits[..3] {
        taken.engine.append(commit.clone()).await.unwrap();
    }
    assert!(matches!(copy(&taken, &lines).await, Err(ReplicaFault::Differs { .. })));
    // What a person did to the beginning makes it another session, and nothing is written over it.
    let moved = World::new(Vec::new());
    moved.engine.faults().fail(4, Failing::Unavailable);
    assert!(matches!(copy(&moved, &lines).await, Err(ReplicaFault::Log(LogFault::Unavailable { .. }))));
    let rename = tackroom::domain::order::Order::Rename("mine".into());
    moved.hand().order(&id, &rename).await.unwrap();
    assert!(matches!(copy(&moved, &lines).await, Err(ReplicaFault::Differs { .. })));
    assert_eq!(stored(&moved.engine, &id).await.len(), 4);
}

/// Cause: what is here was looked at before the session was claimed: of two imports of one file the slower barred a session
/// that was whole, and that somebody had gone on with, for ever.
#[tokio::test]
async fn the_slower_of_two_imports_bars_nothing_that_is_whole() {
    let story = story::done();
    let (lines, id) = (exported(&story).await, story.session.id.clone());
    let world = World::new(Vec::new());
    let mut slower = Box::pin(copy(&world, &lines));
    tokio::select! {
        biased;
        done = &mut slower => panic!("it reads on: {done:?}"),
        () = tokio::task::yield_now() => {}
    }
    let faster = copy(&world, &lines).await;
    if faster.is_ok() {
        let rename = tackroom::domain::order::Order::Rename("mine".into());
        world.hand().order(&id, &rename).await.unwrap();
    }
    let slower = slower.await;
    assert!(!world.engine.barred(&id).unwrap(), "{slower:?}, {faster:?}");
    let again = copy(&world, &lines).await;
    assert_eq!(again.map(|copied| copied.added), Ok(0), "{slower:?}, {faster:?}");
    Agent::take(world.plugs(), &id, CancellationToken::new()).await.expect("it is whole");
}

/// Who has the session that is in the file is not disturbed by it.
#[tokio::test]
async fn what_is_here_already_needs_nobody_to_let_go() {
    let story = story::done();
    let (lines, id) = (exported(&story).await, story.session.id.clone());
    let world = World::new(Vec::new());
    copy(&world, &lines).await.expect("brought back");
    let _claim = world.engine.claim(&id).unwrap().unwrap();
    assert_eq!(copy(&world, &lines).await.map(|copied| copied.added), Ok(0));
}
