//! A fork at every event of a story: the same fold up to there, a whole log of its own, the files as they were, and nothing
//! that was approved before is used again.

use crate::harness::fold::{operator, said};
use crate::harness::world::{Said, World, calling, story};
use crate::verify;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use tackroom::domain::call::{CallState, Ended};
use tackroom::domain::commit::{Class, Commit, Denial, Head, Sealed};
use tackroom::domain::event::{Event, Fact, Parent};
use tackroom::domain::fork::Twist;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, CommitId, EventNo, SessionId};
use tackroom::domain::listing::Query;
use tackroom::domain::message::Message;
use tackroom::domain::order::Refusal;
use tackroom::domain::policy::Mode;
use tackroom::domain::run::Status;
use tackroom::domain::session::Session;
use tackroom::domain::talk::{Item, Said as Told, Talk};
use tackroom::domain::tally::Row;
use tackroom::domain::time::Micros;
use tackroom::domain::trace::Trace;
use tackroom::runtime::fork::{ForkFault, Forked, Wish, fork};

impl World {
    pub async fn fork(&self, parent: &SessionId, wish: &Wish) -> Result<Forked, ForkFault> {
        let book = crate::harness::fold::book();
        fork(&self.plugs(), &book, &operator(), parent, wish).await
    }

    pub async fn sealed(&self, id: &SessionId) -> Vec<Sealed> {
        let commits = self.plugs().store.log.read(id, 0, 100_000).await.expect("readable");
        commits.iter().flat_map(|commit| commit.events.clone()).collect()
    }
}

pub fn at(no: u64) -> Wish {
    Wish { at: Some(EventNo(no)), ..Wish::default() }
}

/// What a fold knows, in one text.
fn known(events: &[Event]) -> String {
    let mut session = Session::new(SessionId("x".into()));
    events.iter().for_each(|event| session.apply(event));
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        session.run, session.calls, session.queue, session.transcript, session.usage, session.last
    )
}

/// The files that the story's calls had left behind after these events.
fn left(events: &[Event]) -> BTreeMap<String, Vec<u8>> {
    let mut session = Session::new(SessionId("x".into()));
    let (mut files, mut keys) = (BTreeMap::new(), BTreeMap::new());
    for event in events {
        session.apply(event);
        if let Fact::CallStarted { call, key, .. } = &event.fact {
            keys.insert(*call, key.clone());
        } else if let Fact::CallEnded { call, .. } = &event.fact {
            let found = session.call(*call).expect("there");
            let args = found.args().expect("arguments");
            if found.tool != "read" {
                let path = args["path"].as_str().unwrap_or("made").to_string();
                files.insert(path, format!("{} {args}", keys[call]).into_bytes());
            }
        }
    }
    files
}

/// The spans are a tree, and every list row is the fold of its events.
async fn whole(world: &World, id: &SessionId) {
    let mut trace = Trace::default();
    let events = world.events(id).await;
    let mut row = Row::new(id.clone());
    for (event, no) in events.iter().zip(1..) {
        assert_eq!(event.no.0, no);
        trace.apply(event);
        row.apply(event);
    }
    let lines: Vec<String> = events
        .iter()
        .map(|e| format!("{} {} {} {} {:?}", e.no, e.span, e.parent, e.fact.kind(), e.fact.call()))
        .collect();
    assert_eq!(trace.faults(), &[], "{id}: {}", lines.join("\n"));
    let stored = world.plugs().store.index.row(id).await.unwrap();
    assert_eq!(stored, Some(row));
    verify::whole(&world.commits(id).await, "a fork");
}

/// A call that a person had approved, or that had begun, at the end of the copies asks before it starts again.
fn asks_again(events: &[Event], copies: usize) -> u32 {
    let (mut asked, (before, own)) = (0, events.split_at(copies));
    let about = |events: &[Event], call: CallId, is: fn(&Fact) -> bool| {
        events.iter().any(|event| event.fact.call() == Some(call) && is(&event.fact))
    };
    for event in own {
        let Fact::CallStarted { call, .. } = event.fact else { continue };
        let touched =
            about(before, call, |fact| matches!(fact, Fact::CallApproved { .. } | Fact::CallStarted { .. }));
        let reads = about(own, call, |fact| {
            matches!(fact, Fact::CallJudged { effect: tackroom::domain::tool_spec::Effect::ReadOnly, .. })
        });
        if touched && !reads {
            let earlier: Vec<Event> = own.iter().take_while(|other| other.no < event.no).cloned().collect();
            assert!(
                about(&earlier, call, |fact| matches!(fact, Fact::CallApproved { .. })),
                "{call} was not asked about"
            );
            asked += 1;
        }
    }
    asked
}

/// Cause: the end of a fork told the steps, the tokens and the time of its parent as its own.
#[tokio::test]
async fn the_end_of_a_fork_tells_what_was_done_since_and_its_age_is_its_own() {
    let world = World::new(story());
    let parent = world.begin(Mode::Auto).await.expect("begun");
    world.to_the_end(&parent).await.expect("driven");
    let half = world.events(&parent).await.len() as u64 / 2;
    let fork = world.fork(&parent, &at(half)).await.expect("forked").id;
    world.to_the_end(&fork).await.expect("driven");
    let ends = async |id: &SessionId| {
        let mut talk = Talk::default();
        world.events(id).await.iter().for_each(|event| talk.apply(event));
        let end = |item: &Item| if let Told::End(end) = &item.said { Some(end.clone()) } else { None };
        talk.items().iter().find_map(end).expect("it ended")
    };
    let (whole, since) = (ends(&parent).await, ends(&fork).await);
    let events = world.events(&fork).await;
    let forked = events.iter().position(|event| matches!(event.fact, Fact::SessionForked { .. })).unwrap();
    let own = &events[forked..];
    let replies = own.iter().filter(|event| matches!(event.fact, Fact::ModelReplied { .. })).count();
    let taken = own.iter().find(|event| matches!(event.fact, Fact::WriterTaken { .. })).unwrap();
    let ended = own.iter().find(|event| matches!(event.fact, Fact::RunEnded { .. })).unwrap();
    assert!(since.forked && !whole.forked);
    assert_eq!((since.steps as usize, since.ms), (replies, ended.at.ms_since(taken.at)));
    assert!(since.steps > 0 && since.steps < whole.steps && since.usage.input < whole.usage.input);
    let row = world.plugs().store.index.row(&fork).await.unwrap().unwrap();
    assert_eq!(row.opened, events[forked].at);
}

#[tokio::test]
async fn at_every_event_of_a_story() {
    let world = World::new(story());
    let parent = world.begin(Mode::Auto).await.expect("begun");
    world.to_the_end(&parent).await.expect("driven");
    let (sealed, live) = (world.sealed(&parent).await, world.files.files("/srv/ws"));
    let events = world.events(&parent).await;
    let (mut forks, mut again) = (0, 0);
    for no in 1..=events.len() {
        let forked =
            world.fork(&parent, &at(no as u64)).await.unwrap_or_else(|fault| panic!("{no}: {fault}"));
        assert_eq!(forked.missing, [], "{no}");
        let copied = world.sealed(&forked.id).await;
        assert_eq!(copied[..no], sealed[..no], "byte for byte, hashes too");
        let fork_events = world.events(&forked.id).await;
        assert_eq!(known(&fork_events[..no]), known(&events[..no]), "{no}");
        assert_eq!(world.files.files(&forked.workspace), left(&events[..no]), "the files of event {no}");
        let session = world.to_the_end(&forked.id).await.unwrap_or_else(|fault| panic!("{no}: {fault}"));
        assert_eq!(session.workspace, forked.workspace);
        assert_eq!(session.parent, Some(Parent { session: parent.clone(), at: EventNo(no as u64) }));
        if no > 1 {
            assert_eq!(session.status(), Status::Done, "{no}");
            let all: Vec<String> = world.files.files(&forked.workspace).into_keys().collect();
            assert_eq!(all, live.keys().cloned().collect::<Vec<_>>(), "{no}: it came to the same end");
        }
        whole(&world, &forked.id).await;
        again += asks_again(&world.events(&forked.id).await, no);
        forks += 1;
    }
    assert_eq!(world.files.files("/srv/ws"), live, "the live folder is as it was");
    assert_eq!(world.sealed(&parent).await, sealed, "and so is the parent's log");
    assert!(world.effects.lock().expect("free").values().all(|count| *count == 1));
    println!("{forks} forks, {again} calls asked about again");
    assert!(again > 3, "some fork must lie between an approval and its use");
}

#[tokio::test]
async fn a_fork_of_a_fork_at_every_event() {
    let world = World::new(story());
    let parent = world.begin(Mode::Ask).await.expect("begun");
    world.to_the_end(&parent).await.expect("driven");
    let middle = world.events(&parent).await.len() as u64 / 2;
    let first = world.fork(&parent, &at(middle)).await.expect("forked");
    world.to_the_end(&first.id).await.expect("driven");
    let events = world.events(&first.id).await;
    for no in 1..=events.len() {
        let second = world.fork(&first.id, &at(no as u64)).await.expect("forked");
        let expected = left(&events[..no]);
        assert_eq!(world.files.files(&second.workspace), expected, "{no}");
        let session = world.to_the_end(&second.id).await.expect("driven");
        assert_eq!(session.parent.map(|parent| parent.session), Some(first.id.clone()));
        whole(&world, &second.id).await;
        asks_again(&world.events(&second.id).await, no);
    }
}

/// A session that waits for an approval of `write a`, and the number of its last event.
async fn held(turns: Vec<Said>) -> (World, SessionId, u64) {
    let world = World::new(turns);
    let id = world.begin(Mode::Auto).await.expect("begun");
    world.drive(&id).await.expect("driven");
    let last = world.events(&id).await.len() as u64;
    (world, id, last)
}

fn one_write() -> Vec<Said> {
    vec![calling(&[("write", json!({"path": "a", "body": "1"}))]), Said::Reply(said("done"))]
}

#[tokio::test]
async fn other_arguments_are_judged_and_asked_about() {
    let (world, parent, last) = held(one_write()).await;
    let args = json!({"path": "b", "body": "2"});
    let wish = Wish { twist: Twist { args: vec![(CallId(1), args)], ..Twist::default() }, ..at(last) };
    let forked = world.fork(&parent, &wish).await.expect("forked");
    world.drive(&forked.id).await.expect("driven");
    let session = world.session(&forked.id).await.unwrap();
    assert_eq!(session.call(CallId(1)).unwrap().state, CallState::Held);
    let row = world.plugs().store.index.row(&forked.id).await.unwrap().unwrap();
    assert_eq!(row.holds.len(), 1, "the list says so too");
    let session = world.to_the_end(&forked.id).await.expect("driven");
    assert_eq!(session.status(), Status::Done);
    let files: Vec<String> = world.files.files(&forked.workspace).into_keys().collect();
    assert_eq!(files, ["b"]);
    assert!(world.files.files("/srv/ws").is_empty());
    whole(&world, &forked.id).await;
}

#[tokio::test]
async fn edited_before_it_was_ever_judged() {
    let (world, parent, _) = held(one_write()).await;
    let events = world.events(&parent).await;
    let replied = events.iter().find(|event| matches!(event.fact, Fact::ModelReplied { .. })).unwrap().no;
    let args = json!({"path": "free/b", "body": "2"});
    let wish = Wish { twist: Twist { args: vec![(CallId(1), args)], ..Twist::default() }, ..at(replied.0) };
    let forked = world.fork(&parent, &wish).await.expect("forked");
    assert_eq!(world.to_the_end(&forked.id).await.expect("driven").status(), Status::Done);
    whole(&world, &forked.id).await;
}

#[tokio::test]
async fn another_decision_another_model_other_words() {
    let (world, parent, last) = held(one_write()).await;
    let twist = Twist {
        reject: vec![(CallId(1), "not here".into())],
        model: Some("other".into()),
        instructions: Some("be brief".into()),
        note: Some("use the notes".into()),
        ..Twist::default()
    };
    let forked = world.fork(&parent, &Wish { twist, ..at(last) }).await.expect("forked");
    let session = world.to_the_end(&forked.id).await.expect("driven");
    assert_eq!(session.call(CallId(1)).unwrap().state, CallState::Ended(Ended::Rejected));
    let asked = world.model.asked.lock().expect("free");
    let last = asked.last().expect("asked");
    assert_eq!(last.model, "other");
    let texts: Vec<String> = last.messages.iter().map(|message| format!("{message:?}")).collect();
    assert!(matches!(&*last.messages[0], Message::System { text } if text == "be brief"), "{texts:?}");
    assert!(
        matches!(&**last.messages.last().unwrap(), Message::User { text } if text == "use the notes"),
        "{texts:?}"
    );
    assert!(texts.iter().any(|text| text.contains("not here")), "{texts:?}");
}

#[tokio::test]
async fn a_task_that_is_over_goes_on_with_a_note() {
    let world = World::new(vec![Said::Reply(said("first")), Said::Reply(said("second"))]);
    let parent = world.begin(Mode::Auto).await.expect("begun");
    world.to_the_end(&parent).await.expect("driven");
    let wish = Wish { twist: Twist { note: Some("and now?".into()), ..Twist::default() }, ..Wish::default() };
    let forked = world.fork(&parent, &wish).await.expect("forked");
    let session = world.to_the_end(&forked.id).await.expect("driven");
    assert_eq!((session.run.as_ref().unwrap().no.0, session.status()), (2, Status::Done));
    assert!(format!("{:?}", session.transcript).contains("second"));
}

#[tokio::test]
async fn without_an_event_it_begins_before_the_decision() {
    let world = World::new(one_write());
    let parent = world.begin(Mode::Auto).await.expect("begun");
    world.to_the_end(&parent).await.expect("driven");
    let twist = Twist { respond: vec![(CallId(1), "it is there already".into())], ..Twist::default() };
    let forked = world.fork(&parent, &Wish { twist, ..Wish::default() }).await.expect("forked");
    let events = world.events(&parent).await;
    assert!(matches!(events[forked.at.0 as usize - 1].fact, Fact::CallJudged { .. }));
    assert!(world.files.files(&forked.workspace).is_empty(), "it had not been written then");
    let session = world.to_the_end(&forked.id).await.expect("driven");
    assert_eq!(session.call(CallId(1)).unwrap().state, CallState::Ended(Ended::Answered));
}

#[tokio::test]
async fn what_cannot_be_changed_is_refused_and_leaves_nothing() {
    let world = World::new(one_write());
    let parent = world.begin(Mode::Auto).await.expect("begun");
    world.to_the_end(&parent).await.expect("driven");
    let last = world.events(&parent).await.len() as u64;
    let reject = |call| Twist { reject: vec![(CallId(call), String::new())], ..Twist::default() };
    let refused = |wish: Wish| {
        let (world, parent) = (&world, &parent);
        async move { world.fork(parent, &wish).await.expect_err("refused") }
    };
    let over = refused(Wish { twist: reject(1), ..at(last) }).await;
    assert!(matches!(over, ForkFault::Refused(Refusal::OverAtFork { .. })), "{over}");
    let none = refused(Wish { twist: reject(7), ..at(last) }).await;
    assert_eq!(none, ForkFault::Refused(Refusal::NoCall(CallId(7))));
    assert!(matches!(refused(at(last + 1)).await, ForkFault::NoEvent { .. }));
    let twist = Twist { args: vec![(CallId(1), json!({"path": 3}))], ..Twist::default() };
    let bad = refused(Wish { twist, ..Wish::default() }).await;
    assert!(matches!(bad, ForkFault::Refused(Refusal::BadArguments(_))), "{bad}");
    let rows = world.plugs().store.index.rows(Query { limit: 10, ..Query::default() }).await.unwrap();
    assert_eq!(rows.len(), 1, "no session was made");
}

/// A bad call is refused with its reply; a fork that begins between the two refuses it too.
#[tokio::test]
async fn between_a_reply_and_its_refusals() {
    let calls = [("nothing", json!({})), ("read", json!({"path": 3})), ("write", json!({"path": 4}))];
    let world = World::new(vec![calling(&calls), Said::Reply(said("done"))]);
    let parent = world.begin(Mode::Auto).await.expect("begun");
    world.to_the_end(&parent).await.expect("driven");
    let events = world.events(&parent).await;
    let replied = events.iter().find(|event| matches!(event.fact, Fact::ModelReplied { .. })).unwrap().no;
    for no in replied.0..replied.0 + 3 {
        let forked = world.fork(&parent, &at(no)).await.expect("forked");
        let session = world.to_the_end(&forked.id).await.expect("driven");
        let ended: Vec<_> = session.calls.iter().map(|call| call.state.clone()).collect();
        assert_eq!(ended, vec![CallState::Ended(Ended::Refused); 3], "{no}");
        let results: Vec<_> = session.calls.iter().map(|call| call.result.clone()).collect();
        let parents: Vec<_> =
            world.session(&parent).await.unwrap().calls.iter().map(|call| call.result.clone()).collect();
        assert_eq!(results, parents, "for the same reasons");
    }
}

/// The fold rule: copies stand only at the very beginning, whole, in an operator's commit that a fork closes.
#[tokio::test]
async fn copies_cannot_be_forged() {
    let world = World::new(one_write());
    let parent = world.begin(Mode::Auto).await.expect("begun");
    world.to_the_end(&parent).await.expect("driven");
    let copies = world.sealed(&parent).await;
    let forked = world.fork(&parent, &at(9)).await.expect("forked");
    let log = world.plugs().store.log;
    let good = log.read(&forked.id, 0, 1).await.unwrap().remove(0);
    assert!(Head::start().admit(&good).is_ok());
    let broken = |change: &dyn Fn(&mut Commit)| {
        let mut commit = Commit::clone(&good);
        change(&mut commit);
        Head::start().admit(&commit).expect_err("denied")
    };
    let reseal = |commit: &mut Commit| {
        let mut hash = Hash::ZERO;
        for sealed in &mut commit.events {
            let json: Arc<str> = sealed.event.to_json().into();
            hash = Hash::chained(hash, json.as_bytes());
            *sealed = Sealed { event: sealed.event.clone(), json, hash };
        }
    };
    assert!(matches!(
        broken(&|commit| commit.class = Class::Worker),
        Denial::Fenced { .. } | Denial::Broken { .. }
    ));
    let without = broken(&|commit| commit.events.truncate(9));
    assert!(matches!(without, Denial::NotYours { .. } | Denial::Fenced { .. }), "{without}");
    let altered = broken(&|commit| {
        commit.events[0].event.at = Micros(1);
        reseal(commit);
    });
    assert!(matches!(altered, Denial::Broken { .. }), "another history than the fork names: {altered}");
    let late = {
        let head = log.head(&parent).await.unwrap();
        let own = good.events[9].event.clone();
        let event = Event { no: head.event.after(), ..own };
        let id = CommitId::from_random(5);
        head.admit(&head.seal(id, &parent, (Class::Operator, "eve"), Micros(1), vec![event]))
    };
    assert!(matches!(late, Err(Denial::Broken { .. })), "in the middle of a session: {late:?}");
    assert!(copies.len() > 9);
}
