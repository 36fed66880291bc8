//! Every fold of the same facts tells the same of a call: the session, its row in the list, and what the timeline shows.

use crate::harness::fold::{Fold, operator};
use crate::harness::world::{World, story};
use serde_json::json;
use std::collections::BTreeMap;
use tackroom::domain::call::{Call, CallState, Preview};
use tackroom::domain::event::{Event, Fact};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, EventNo, SessionId};
use tackroom::domain::judged::Judged;
use tackroom::domain::next::Hold;
use tackroom::domain::order::Order;
use tackroom::domain::outcome::{Keeping, Report};
use tackroom::domain::policy::{Mode, Word};
use tackroom::domain::run::Status;
use tackroom::domain::session::Session;
use tackroom::domain::tally::Row;
use tackroom::domain::trail::{FileTrail, FilesAt};
use tackroom::domain::watch::{Phase, Watch};

/// What the timeline should show of a call that is not over.
fn phase(call: &Call) -> Option<Phase> {
    match call.state {
        CallState::Proposed => Some(Phase::Judging),
        CallState::Held | CallState::Unknown => Some(Phase::Person),
        CallState::Cleared { .. } | CallState::Interrupted => Some(Phase::Ready),
        CallState::Started => Some(Phase::Running),
        CallState::Unrecorded | CallState::Ended(_) => None,
    }
}

/// Folds events in the three ways and holds them against each other after each; answers how many holds there were.
fn alike(events: &[Event]) -> usize {
    let id = SessionId("x".into());
    let (mut session, mut row, mut seen) = (Session::new(id.clone()), Row::new(id), 0);
    let mut watches: BTreeMap<CallId, Watch> = BTreeMap::new();
    for event in events {
        session.apply(event);
        row.apply(event);
        if let Fact::SessionForked { .. } = &event.fact {
            watches.values_mut().filter(|watch| !watch.over()).for_each(|watch| watch.apply(&event.fact));
        } else if let Some(call) = event.fact.call() {
            watches.entry(call).or_default().apply(&event.fact);
        }
        for call in session.open_calls() {
            let shown = watches.get(&call.id).map_or(Phase::Judging, |watch| watch.phase);
            if let Some(wanted) = phase(call) {
                assert_eq!(shown, wanted, "{} after {event:?}", call.id);
            }
        }
        if session.live().is_some_and(|run| run.cancel.is_some()) {
            continue;
        }
        let holds: Vec<CallId> = row.holds.keys().copied().collect();
        let wanted: Vec<CallId> = session
            .holds()
            .into_iter()
            .filter_map(|hold| match hold {
                Hold::Approval(call) | Hold::Unknown(call) => Some(call),
                Hold::Step | Hold::Paused | Hold::Breakpoint(_) | Hold::Rein => None,
            })
            .collect();
        assert_eq!(holds, wanted, "after {event:?}");
        assert_eq!(row.status == "held", session.status() == Status::Held, "after {event:?}");
        seen += wanted.len();
    }
    seen
}

fn change(path: &str, before: Option<&str>) -> Preview {
    let before = before.map(str::to_string);
    Preview::Change { path: path.into(), before, after: "1".into(), cut: false }
}

/// A write that a person approved with another path.
fn edited() -> Fold {
    let mut fold = Fold::running(Mode::Auto);
    fold.calls(&[("write", json!({"path":"a","body":"1"}))]);
    let first = Judged { preview: change("a", Some("old")), ..fold.judged(1, Word::Ask) };
    fold.tell(Report::Judged(first));
    let (hash, args) = (fold.hash(1), json!({"path":"b","body":"2"}));
    fold.order(&Order::ApproveEdited { call: CallId(1), hash, args }).expect("taken");
    fold
}

/// Cause: the rule that an edit goes back to its operator stood in three folds, and was changed in one of them: the list and
/// the timeline did not see the hold.
#[test]
fn an_edit_that_goes_back_to_a_person_is_a_hold_everywhere() {
    for word in [Word::Ask, Word::Allow] {
        let mut unseen = edited();
        let second = Judged { preview: change("b", Some("another's")), ..unseen.judged(1, word) };
        unseen.tell(Report::Judged(second));
        assert_eq!(unseen.session.holds(), [Hold::Approval(CallId(1))]);
        alike(&unseen.events);
        // The policy was changed between the edit and its verdict.
        let mut other = edited();
        let mut second = other.judged(1, word);
        second.verdict.policy = "p2".into();
        other.tell(Report::Judged(second));
        assert_eq!(other.session.holds(), [Hold::Approval(CallId(1))]);
        alike(&other.events);
        // It goes back a second time, is edited again, and goes.
        let (hash, args) = (unseen.hash(1), json!({"path":"c","body":"3"}));
        unseen.order(&Order::ApproveEdited { call: CallId(1), hash, args }).expect("taken");
        let third = Judged { preview: change("c", None), ..unseen.judged(1, word) };
        unseen.tell(Report::Judged(third));
        unseen.tell(Report::Starting {
            call: CallId(1),
            policy: "p1".into(),
            preview: Some(change("c", None)),
        });
        unseen.end(1, "written");
        alike(&unseen.events);
    }
    let mut denied = edited();
    denied.judge(1, Word::Deny);
    assert!(alike(&denied.events) > 1);
}

/// Cause: what a call would replace, up to 256 KiB of it, was hashed with every verdict in every fold, also where nobody is
/// asked and nobody will be.
#[test]
fn what_would_be_replaced_is_remembered_where_a_person_is_shown_it() {
    let remembered = |word: Word| {
        let mut fold = Fold::running(Mode::Auto);
        fold.calls(&[("write", json!({"path":"a","body":"1"}))]);
        let judged = Judged { preview: change("a", Some("old")), ..fold.judged(1, word) };
        fold.tell(Report::Judged(judged));
        let mut row = Row::new(SessionId("x".into()));
        fold.events.iter().for_each(|event| row.apply(event));
        serde_json::to_value(&row).unwrap()["consents"]["1"].clone()
    };
    let hash = Hash::chained(Hash::of(b"a"), b"old");
    assert_eq!(remembered(Word::Ask), json!({"shown": hash}), "the form that is stored");
    assert_eq!(remembered(Word::Allow), json!({}));
}

#[tokio::test]
async fn whole_stories_and_their_forks_are_told_alike() {
    for mode in [Mode::Auto, Mode::Ask] {
        let world = World::new(story());
        let id = world.begin(mode).await.expect("begun");
        world.to_the_end(&id).await.expect("driven");
        let events = world.events(&id).await;
        assert!(alike(&events) > 3);
        for no in (1..=events.len()).step_by(3) {
            let forked = world.fork(&id, &crate::fork::at(no as u64)).await.expect("forked");
            world.to_the_end(&forked.id).await.expect("driven");
            alike(&world.events(&forked.id).await);
        }
    }
}

/// Cause: what the parent had been allowed, one step, was done in the fork, which nobody had allowed anything.
#[tokio::test]
async fn a_step_that_was_allowed_in_the_parent_is_not_taken_in_the_fork() {
    let world = World::new(story());
    let id = world.begin(Mode::Step).await.expect("begun");
    world.hand().order(&id, &Order::Step).await.expect("allowed");
    let last = world.events(&id).await.len() as u64;
    let forked = world.fork(&id, &crate::fork::at(last)).await.expect("forked");
    world.drive(&forked.id).await.expect("driven");
    assert_eq!(world.session(&forked.id).await.unwrap().holds(), [Hold::Step]);
    assert!(world.model.asked.lock().expect("free").is_empty(), "nobody allowed a step here");
    world.drive(&id).await.expect("driven");
    assert_eq!(world.model.asked.lock().expect("free").len(), 1, "the parent has its own");
}

fn kept(name: &str) -> Report {
    Report::Kept(Keeping::Kept { manifest: Hash::of(name.as_bytes()), files: 1, bytes: 1, left_out: 0 })
}

/// The files of an event, as the facts tell.
fn files(fold: &Fold, at: EventNo) -> FilesAt {
    let mut trail = FileTrail::new(at);
    fold.events.iter().for_each(|event| trail.apply(event));
    trail.files()
}

/// Cause: while a call ran, the files were said to be those kept last, also where another call had changed them since and
/// nothing could be kept in between.
#[test]
fn files_that_a_call_changed_are_not_those_kept_before_it() {
    let mut fold = Fold::running(Mode::Auto);
    fold.calls(&[("write", json!({"path":"a"})), ("write", json!({"path":"b"}))]);
    fold.judge(1, Word::Allow);
    fold.judge(2, Word::Allow);
    fold.tell(kept("empty"));
    fold.start(1);
    let during = fold.session.last;
    fold.end(1, "written");
    let between = fold.session.last;
    fold.tell(Report::Kept(Keeping::Missed { why: "it took too long".into() }));
    fold.start(2);
    let second = fold.session.last;
    fold.end(2, "written");
    fold.tell(kept("both"));
    assert_eq!(files(&fold, during), FilesAt::Kept(Hash::of(b"empty")), "before it had done anything");
    for at in [between, second] {
        assert!(matches!(files(&fold, at), FilesAt::Lost { .. }), "{at}: {:?}", files(&fold, at));
    }
    assert_eq!(files(&fold, fold.session.last), FilesAt::Kept(Hash::of(b"both")));
}

/// Cause: the files that were to be put back were said to lie there, also where some of them could not be, or the program
/// stopped in the middle.
#[test]
fn files_that_were_not_put_back_whole_are_not_said_to_lie_there() {
    let started = |fold: &mut Fold| {
        fold.tell(kept("now"));
        let (manifest, before, by) = (Hash::of(b"then"), Hash::of(b"now"), operator());
        fold.put(vec![Fact::RestoreStarted { manifest, before, at: EventNo(2), by }]);
    };
    let ended =
        |fold: &mut Fold, failed| fold.put(vec![Fact::RestoreEnded { changed: 4, failed, by: operator() }]);
    let mut whole = Fold::running(Mode::Auto);
    started(&mut whole);
    ended(&mut whole, 0);
    assert_eq!(files(&whole, whole.session.last), FilesAt::Kept(Hash::of(b"then")));
    assert!(!whole.session.changed);
    let mut failed = Fold::running(Mode::Auto);
    started(&mut failed);
    ended(&mut failed, 3);
    let mut cut = Fold::running(Mode::Auto);
    started(&mut cut);
    for mut fold in [failed, cut] {
        assert!(fold.session.changed, "they are to be kept anew");
        let at = fold.session.last;
        assert_eq!(files(&fold, at), FilesAt::Now);
        fold.tell(Report::Taken { holder: "another".into() });
        fold.tell(kept("half"));
        assert_eq!(files(&fold, at), FilesAt::Kept(Hash::of(b"half")), "as they were found");
    }
}
