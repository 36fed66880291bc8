//! A run cut after every commit, and with every append failing in every way, taken up again: nothing lost, nothing done twice.

use crate::harness::promise;
use crate::harness::world::{Said, World, all_ended, story};
use crate::verify;
use tackroom::adapters::engine::memory::Failing;
use tackroom::domain::event::{Event, Fact};
use tackroom::domain::message::Message;
use tackroom::domain::policy::Mode;
use tackroom::domain::run::Status;
use tackroom::domain::session::Session;

fn transcript(session: &Session) -> Vec<Message> {
    session.transcript.iter().map(|message| message.as_ref().clone()).collect()
}

/// Each start has exactly one end, numbers follow, spans are a tree.
pub fn whole(events: &[Event]) {
    for (i, event) in events.iter().enumerate() {
        assert_eq!(event.no.0, i as u64 + 1, "numbers without gaps");
        assert!(event.parent.0 == 0 || event.parent < event.no, "a parent stands before its child");
    }
    let count = |of: &dyn Fn(&Fact) -> bool| events.iter().filter(|event| of(&event.fact)).count();
    let starts = count(&|fact| matches!(fact, Fact::CallStarted { .. }));
    let ends = count(&|fact| {
        matches!(fact, Fact::CallEnded { .. } | Fact::CallInterrupted { .. } | Fact::CallUnknown { .. })
    });
    assert_eq!(starts, ends, "each start of a call has one end");
    let asked = count(&|fact| matches!(fact, Fact::ModelAsked { .. }));
    let answered = count(&|fact| matches!(fact, Fact::ModelReplied { .. } | Fact::ModelFailed { .. }));
    assert_eq!(asked, answered, "each request has one end");
}

#[tokio::test]
async fn a_run_goes_from_task_to_end() {
    let world = World::new(story());
    let id = world.begin(Mode::Auto).await.expect("begun");
    let session = world.to_the_end(&id).await.expect("driven");
    verify::whole(&world.commits(&id).await, "to the end");
    assert_eq!(session.status(), Status::Done);
    assert!(all_ended(&session));
    assert!(world.effects.lock().expect("free").values().all(|count| *count == 1));
    assert_eq!(world.effects.lock().expect("free").len(), 3);
    whole(&world.events(&id).await);
    verify::whole(&world.commits(&id).await, "as driven");
}

#[tokio::test]
async fn cut_after_every_commit_nothing_is_lost_or_repeated() {
    let clean = World::new(story());
    let id = clean.begin(Mode::Auto).await.expect("begun");
    let expected = transcript(&clean.to_the_end(&id).await.expect("driven"));
    let commits = clean.engine.faults().commits();
    let mut unknown = 0;
    for cut in 1..commits {
        let mut world = World::new(story());
        world.engine.faults().crash_after(cut);
        let id = match world.begin(Mode::Auto).await {
            Ok(id) => id,
            Err(fault) => panic!("the first commit was to be taken: {fault}"),
        };
        assert!(world.to_the_end(&id).await.is_err(), "cut {cut} must stop it");
        let before = world.engine.faults().commits();
        assert_eq!(before, cut, "what was acknowledged is there, and no more");
        world.engine = world.engine.restart();
        let session = world.to_the_end(&id).await.unwrap_or_else(|fault| panic!("cut {cut}: {fault}"));
        assert_eq!(session.status(), Status::Done, "cut {cut}");
        for (key, count) in world.effects.lock().expect("free").iter() {
            assert_eq!(*count, 1, "cut {cut}: {key} took effect {count} times");
        }
        assert_eq!(world.effects.lock().expect("free").len(), 3, "cut {cut}: every effect took place");
        let events = world.events(&id).await;
        whole(&events);
        verify::whole(&world.commits(&id).await, &format!("cut {cut}"));
        unknown += events.iter().filter(|event| matches!(event.fact, Fact::CallUnknown { .. })).count();
        let same = transcript(&session).len() == expected.len();
        assert!(same, "cut {cut}: the conversation has one result per call");
    }
    promise::kept(
        "R2",
        format!(
            "crash points: {} of {commits} commits, {unknown} unknown outcomes settled, 0 lost, 0 repeated",
            commits - 1
        ),
    );
    assert!(unknown > 0, "some cut must fall between an effect and its record");
}

#[tokio::test]
async fn every_append_failing_in_every_way_is_survived() {
    let clean = World::new(story());
    let id = clean.begin(Mode::Auto).await.expect("begun");
    clean.to_the_end(&id).await.expect("driven");
    let appends = clean.engine.faults().appends();
    let mut cases = 0;
    for nth in 1..=appends {
        for how in [Failing::Busy, Failing::Unavailable, Failing::InDoubtWritten, Failing::InDoubtLost] {
            cases += 1;
            let world = World::new(story());
            world.engine.faults().fail(nth, how);
            let id = match world.begin(Mode::Auto).await {
                Ok(id) => id,
                Err(fault) => {
                    assert_eq!((nth, how), (1, Failing::Unavailable), "{fault}");
                    continue;
                }
            };
            let session = match world.to_the_end(&id).await {
                Ok(session) => session,
                Err(_) => {
                    world.to_the_end(&id).await.unwrap_or_else(|fault| panic!("{nth} {how:?}: {fault}"))
                }
            };
            assert_eq!(session.status(), Status::Done, "{nth} {how:?}");
            assert!(world.effects.lock().expect("free").values().all(|count| *count == 1), "{nth} {how:?}");
            whole(&world.events(&id).await);
            verify::whole(&world.commits(&id).await, "as driven");
        }
    }
    promise::kept("R5/R6", format!("append faults: {cases} cases, 0 lost, 0 repeated"));
}

#[tokio::test]
async fn a_request_that_never_ends_is_asked_again_after_a_crash() {
    let world = World::new(vec![Said::Never]);
    let id = world.begin(Mode::Auto).await.expect("begun");
    {
        let mut agent = tackroom::runtime::agent::Agent::take(world.plugs(), &id, Default::default())
            .await
            .expect("taken");
        let drive = agent.drive(tackroom::runtime::agent::OnHold::Leave);
        tokio::pin!(drive);
        // One poll is enough to ask; then the process is gone.
        while world.model.asked.lock().expect("free").is_empty() {
            tokio::select! { biased; _ = &mut drive => {}, () = tokio::task::yield_now() => {} }
        }
    }
    let world =
        World { model: World::new(vec![Said::Reply(crate::harness::fold::said("here"))]).model, ..world };
    let session = world.to_the_end(&id).await.expect("driven");
    verify::whole(&world.commits(&id).await, "to the end");
    assert_eq!(session.status(), Status::Done);
    whole(&world.events(&id).await);
    verify::whole(&world.commits(&id).await, "as driven");
}
