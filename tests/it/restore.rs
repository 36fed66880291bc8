//! Files kept before calls that change them, and put back: every append failing, nothing half said.

use crate::fork::at;
use crate::harness::fold::operator;
use crate::harness::world::{World, story};
use tackroom::adapters::engine::memory::Failing;
use tackroom::domain::event::{Event, Fact, Limits};
use tackroom::domain::ids::{EventNo, SessionId};
use tackroom::domain::order::Task;
use tackroom::domain::policy::Mode;
use tackroom::runtime::hand::Opening;
use tackroom::runtime::restore::{RestoreFault, Wanted, plan, restore};

#[tokio::test]
async fn files_are_kept_before_each_call_that_may_change_them() {
    let world = World::new(story());
    let id = world.begin(Mode::Auto).await.expect("begun");
    world.to_the_end(&id).await.expect("driven");
    let (mut fresh, mut kept, mut changing) = (false, 0, 0);
    for event in world.events(&id).await {
        if let Fact::WorkspaceKept { .. } = &event.fact {
            (fresh, kept) = (true, kept + 1);
        } else if let Fact::CallStarted { call, .. } = &event.fact {
            let session = world.session(&id).await.unwrap();
            if session.call(*call).unwrap().may_change_files() {
                assert!(fresh, "{call} started at {} without its files kept", event.no);
                (fresh, changing) = (false, changing + 1);
            }
        }
    }
    assert_eq!((changing, kept), (3, 4), "once before each, once at the end");
}

#[tokio::test]
async fn a_process_cut_between_keeping_and_starting_keeps_no_promise_twice() {
    let clean = World::new(story());
    let id = clean.begin(Mode::Auto).await.expect("begun");
    clean.to_the_end(&id).await.expect("driven");
    let mut cuts = 0;
    for cut in 1..clean.engine.faults().commits() {
        let mut world = World::new(story());
        world.engine.faults().crash_after(cut);
        let id = world.begin(Mode::Auto).await.expect("begun");
        world.to_the_end(&id).await.expect_err("cut");
        world.engine = world.engine.restart();
        let events = world.events(&id).await;
        if !matches!(events.last().unwrap().fact, Fact::WorkspaceKept { .. }) {
            continue;
        }
        cuts += 1;
        let forked = world.fork(&id, &at(events.len() as u64)).await.expect("forked");
        assert_eq!(world.files.files(&forked.workspace), world.files.files("/srv/ws"));
        world.to_the_end(&forked.id).await.expect("driven");
        world.to_the_end(&id).await.expect("driven");
        assert!(world.effects.lock().expect("free").values().all(|count| *count == 1), "cut {cut}");
    }
    assert!(cuts >= 3, "{cuts} cuts right behind a keeping");
}

#[tokio::test]
async fn a_restore_is_said_before_it_is_done() {
    for how in [Failing::Unavailable, Failing::InDoubtLost, Failing::InDoubtWritten, Failing::Busy] {
        let world = World::new(story());
        let id = world.begin(Mode::Auto).await.expect("begun");
        world.to_the_end(&id).await.expect("driven");
        let (plugs, by, live) = (world.plugs(), operator(), world.files.files("/srv/ws"));
        let plan = plan(&plugs, &by, &id, Wanted::At(EventNo(2))).await.expect("planned");
        assert_eq!(plan.changes.iter().filter(|change| change.to.is_none()).count(), plan.changes.len());
        let next = world.engine.faults().appends() + 1;
        world.engine.faults().fail(next, how);
        let result = restore(&plugs, &by, &plan).await;
        let said =
            world.events(&id).await.iter().any(|event| matches!(event.fact, Fact::RestoreStarted { .. }));
        match how {
            Failing::Unavailable => {
                assert!(matches!(result, Err(RestoreFault::Record(_))), "{result:?}");
                assert!(!said);
                assert_eq!(world.files.files("/srv/ws"), live, "what cannot be written down is not done");
            }
            Failing::InDoubtLost | Failing::InDoubtWritten | Failing::Busy => {
                assert_eq!(result.expect("done").failed, []);
                assert!(said && world.files.files("/srv/ws").is_empty());
            }
        }
    }
}

#[tokio::test]
async fn nobody_knows_what_was_never_kept() {
    let world = World::new(story());
    let id = world.begin(Mode::Auto).await.expect("begun");
    world.to_the_end(&id).await.expect("driven");
    let (plugs, by) = (world.plugs(), operator());
    let last = world.events(&id).await.len() as u64;
    for (wanted, says) in [
        (Wanted::Undo, "nothing was put back"),
        (Wanted::At(EventNo(last + 1)), "no such event"),
        (Wanted::At(EventNo(0)), "no such event"),
    ] {
        let fault = plan(&plugs, &by, &id, wanted).await.expect_err("unknown").to_string();
        assert!(fault.contains(says), "{fault}");
    }
}

/// Cause: only a session in a folder of exactly that name counted as one that works there.
#[tokio::test]
async fn files_are_not_changed_under_a_session_that_works_above_or_below() {
    for (folder, free) in
        [("/srv", false), ("/srv/ws/sub/deep", false), ("/srv/ws", false), ("/", false), ("/srv/ws2", true)]
    {
        let world = World::new(story());
        let id = world.begin(Mode::Auto).await.expect("begun");
        world.to_the_end(&id).await.expect("driven");
        let (plugs, by) = (world.plugs(), operator());
        let other = begun_in(&world, folder).await;
        let plan = plan(&plugs, &by, &id, Wanted::At(EventNo(2))).await.expect("planned");
        let claim = plugs.store.work.claim(&other).unwrap().unwrap();
        let done = restore(&plugs, &by, &plan).await;
        match free {
            true => assert!(done.is_ok(), "{folder}: {done:?}"),
            false => assert_eq!(done, Err(RestoreFault::Driven(other)), "{folder}"),
        }
        drop(claim);
    }
}

async fn begun_in(world: &World, workspace: &str) -> SessionId {
    let opening = Opening {
        agent: "a".into(),
        workspace: workspace.into(),
        instructions: String::new(),
        parent: None,
        program: "test".into(),
    };
    let (limits, model) = (Limits::of_steps(9), "m".into());
    let task = Task { input: "do it".into(), mode: Mode::Auto, limits, model, base_url: None };
    world.hand().begin(&opening, &task, &[]).await.expect("begun")
}

/// Cause: what was put back was looked up anew after a person had said yes, so other files went than those they were shown.
#[tokio::test]
async fn what_is_put_back_is_what_was_shown() {
    let world = World::new(story());
    let id = world.begin(Mode::Auto).await.expect("begun");
    world.to_the_end(&id).await.expect("driven");
    let (plugs, by) = (world.plugs(), operator());
    let shown = plan(&plugs, &by, &id, Wanted::At(EventNo(2))).await.expect("planned");
    world.files.write("/srv/ws", "mine", b"an hour of work");
    let before = world.files.files("/srv/ws");
    assert_eq!(restore(&plugs, &by, &shown).await, Err(RestoreFault::Moved("/srv/ws".into())));
    assert_eq!(world.files.files("/srv/ws"), before);
    // The same paths, and what lies there is another than was shown.
    let shown = plan(&plugs, &by, &id, Wanted::At(EventNo(2))).await.expect("planned");
    world.files.write("/srv/ws", "mine", b"two hours of work");
    assert_eq!(restore(&plugs, &by, &shown).await, Err(RestoreFault::Moved("/srv/ws".into())));
    let started = |event: &Event| matches!(event.fact, Fact::RestoreStarted { .. });
    assert!(!world.events(&id).await.iter().any(started), "nothing is said to be done");
    let anew = plan(&plugs, &by, &id, Wanted::At(EventNo(2))).await.expect("planned");
    assert_eq!(restore(&plugs, &by, &anew).await.expect("done").changed, anew.changes);
}
