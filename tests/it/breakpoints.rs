//! The rules of breakpoints and notes, told by the fold: what stops a run, before what, how often, and what lets it go on.

use crate::harness::fold::{Fold, said};
use crate::harness::world::{Said, World, all_ended, calling, story};
use serde_json::{Value, json};
use tackroom::domain::breakpoint::{Breakpoint, Why};
use tackroom::domain::call::{CallState, Outcome, Output};
use tackroom::domain::event::{Event, Fact};
use tackroom::domain::fault::{Fault, FaultKind};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{BreakNo, CallId, NoteNo};
use tackroom::domain::message::{Message, Reply, Usage};
use tackroom::domain::next::{Hold, Step, next};
use tackroom::domain::order::{Order, Refusal};
use tackroom::domain::outcome::Report;
use tackroom::domain::policy::{Mode, Word};
use tackroom::domain::run::Status;
use tackroom::domain::stops::Hit;
use tackroom::runtime::agent::Parked;

fn spec(text: &str) -> Breakpoint {
    Breakpoint::parse(text).unwrap_or_else(|bad| panic!("{text}: {bad}"))
}

fn set(fold: &mut Fold, text: &str) {
    fold.order(&Order::SetBreakpoint(spec(text))).unwrap_or_else(|why| panic!("{text}: {why}"));
}

fn with(mode: Mode, text: &str) -> Fold {
    let mut fold = Fold::running(mode);
    set(&mut fold, text);
    fold
}

fn write(path: &str) -> (&'static str, Value) {
    ("write", json!({"path": path, "body": "x"}))
}

fn read(path: &str) -> (&'static str, Value) {
    ("read", json!({"path": path}))
}

/// The run stops before that, for that; nothing more starts and everybody sees the same hold.
#[track_caller]
fn stops(fold: &mut Fold, before: Option<u32>) -> Vec<Why> {
    assert_eq!(next(&fold.session), Step::Stop(before.map(CallId)));
    fold.tell(Report::Stopping);
    assert_eq!(next(&fold.session), Step::Await, "nothing new starts");
    assert!(fold.try_tell(&Report::Stopping).is_err(), "it is told once");
    let stop = fold.session.stop().expect("it stands");
    assert_eq!(stop.call, before.map(CallId));
    assert!(fold.session.holds().contains(&Hold::Breakpoint(stop.hits[0].no)));
    assert_eq!(fold.session.status(), Status::Held);
    stop.hits.iter().map(|Hit { why, .. }| why.clone()).collect()
}

#[test]
fn a_tool_stops_before_its_call_starts_and_each_call_once() {
    let mut fold = with(Mode::Auto, "tool=write");
    fold.calls(&[read("a"), write("b")]);
    fold.judge(1, Word::Allow);
    fold.judge(2, Word::Allow);
    assert_eq!(next(&fold.session), Step::RunCall(CallId(1)), "another tool goes ahead");
    fold.start(1);
    fold.end(1, "A");
    assert_eq!(stops(&mut fold, Some(2)), [Why::Tool { tool: "write".into() }]);
    fold.order(&Order::Continue).expect("on");
    assert_eq!(next(&fold.session), Step::RunCall(CallId(2)), "the same call is not stopped at twice");
    fold.start(2);
    fold.end(2, "B");
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
    fold.calls(&[write("c")]);
    fold.judge(3, Word::Allow);
    stops(&mut fold, Some(3));
    assert_eq!(fold.session.breaks[0].hits, 2, "it stands");
}

#[test]
fn one_for_once_goes_when_it_was_hit() {
    let mut fold = with(Mode::Auto, "once tool=write");
    fold.calls(&[write("a"), write("b")]);
    fold.judge(1, Word::Allow);
    fold.judge(2, Word::Allow);
    stops(&mut fold, Some(1));
    assert!(fold.session.breaks.is_empty());
    fold.order(&Order::Continue).expect("on");
    fold.start(1);
    fold.end(1, "");
    assert_eq!(next(&fold.session), Step::RunCall(CallId(2)));
}

#[test]
fn a_call_that_asks_is_held_and_stopped_at_and_neither_word_stands_for_the_other() {
    let mut fold = with(Mode::Auto, "risky");
    fold.calls(&[write("a")]);
    fold.judge(1, Word::Ask);
    let why = stops(&mut fold, Some(1));
    assert!(matches!(&why[..], [Why::Effect { tool, .. }] if tool == "write"), "{why:?}");
    assert_eq!(fold.session.holds(), [Hold::Approval(CallId(1)), Hold::Breakpoint(BreakNo(1))]);
    let hash = fold.hash(1);
    fold.order(&Order::Approve { call: CallId(1), hash }).expect("approved");
    assert_eq!(next(&fold.session), Step::Await, "approving starts nothing at a breakpoint");
    fold.order(&Order::Continue).expect("on");
    assert_eq!(next(&fold.session), Step::RunCall(CallId(1)));

    let mut fold = with(Mode::Auto, "risky");
    fold.calls(&[write("a")]);
    fold.judge(1, Word::Ask);
    stops(&mut fold, Some(1));
    fold.order(&Order::Continue).expect("on");
    assert_eq!(fold.session.holds(), [Hold::Approval(CallId(1))], "going on approves nothing");
    assert_eq!(next(&fold.session), Step::Await);
}

#[test]
fn a_denied_call_is_nothing_to_stop_at() {
    let mut fold = with(Mode::Auto, "risky");
    fold.calls(&[write("a")]);
    fold.judge(1, Word::Deny);
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
}

#[test]
fn an_effect_class_stops_at_graver_ones_too() {
    for (text, reads, writes) in
        [("risky", false, true), ("effect=probe", false, true), ("effect=read-only", true, true)]
    {
        for (call, hit) in [(read("a"), reads), (write("a"), writes)] {
            let mut fold = with(Mode::Auto, text);
            fold.calls(std::slice::from_ref(&call));
            fold.judge(1, Word::Allow);
            let stopped = next(&fold.session) == Step::Stop(Some(CallId(1)));
            assert_eq!(stopped, hit, "{text} {call:?}");
        }
    }
}

#[test]
fn an_argument_stops_where_it_is_so_and_an_edit_is_looked_at_as_edited() {
    let mut fold = with(Mode::Auto, "arg:/path~^src/");
    fold.calls(&[write("lib/a"), write("src/b")]);
    fold.judge(1, Word::Allow);
    fold.judge(2, Word::Allow);
    fold.start(1);
    fold.end(1, "");
    let why = stops(&mut fold, Some(2));
    let expected = Why::Argument { tool: "write".into(), path: "/path".into(), found: "src/b".into() };
    assert_eq!(why, [expected]);

    let mut fold = with(Mode::Auto, "arg:/path~^src/");
    fold.calls(&[write("lib/a")]);
    fold.judge(1, Word::Ask);
    let (hash, args) = (fold.hash(1), json!({"path": "src/a"}));
    fold.order(&Order::ApproveEdited { call: CallId(1), hash, args }).expect("edited");
    fold.judge(1, Word::Ask);
    stops(&mut fold, Some(1));
}

#[test]
fn marks_stop_once_a_run_and_count_from_now_where_asked() {
    let mut fold = with(Mode::Auto, "steps=2");
    let turn = |fold: &mut Fold| {
        fold.calls(&[("nothing", json!({}))]);
    };
    turn(&mut fold);
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
    turn(&mut fold);
    assert_eq!(stops(&mut fold, None), [Why::Steps { steps: 2 }]);
    let passed = fold.try_order(&Order::SetBreakpoint(spec("steps=1")));
    assert_eq!(passed, Err(Refusal::MarkPassed { unit: "steps", now: 2 }));
    fold.order(&Order::RunUntil(spec("steps=+1"))).expect("on");
    assert_eq!(fold.session.breaks[1].spec, "once steps=3", "what is stored counts from the beginning");
    turn(&mut fold);
    assert_eq!(stops(&mut fold, None), [Why::Steps { steps: 3 }]);
    fold.order(&Order::Continue).expect("on");
    turn(&mut fold);
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 }, "a mark is passed once");
    fold.replies(said("done"));
    fold.tell(Report::Finish);
    fold.order(&Order::Say("again".into())).expect("another run");
    turn(&mut fold);
    turn(&mut fold);
    stops(&mut fold, None);
}

#[test]
fn tokens_stop_before_whatever_is_next() {
    let mut fold = with(Mode::Auto, "tokens=100");
    let calls = vec![crate::harness::fold::asked("read", json!({"path": "a"}))];
    let usage = Usage { input: 90, output: 20, ..Usage::default() };
    let finish = tackroom::domain::message::Finish::Calls;
    fold.replies(Reply { calls, usage, finish, ..said("") });
    fold.judge(1, Word::Allow);
    assert_eq!(stops(&mut fold, Some(1)), [Why::Tokens { tokens: 110 }]);
    fold.order(&Order::Continue).expect("on");
    assert_eq!(next(&fold.session), Step::RunCall(CallId(1)));
}

#[test]
fn a_fault_stops_before_what_follows_it() {
    let fails = |fold: &mut Fold, kind| {
        fold.tell(Report::Asking {
            model: "m".into(),
            request: Hash::ZERO,
            frame: None,
            notes: Vec::new(),
            route: None,
            ahead: None,
        });
        fold.tell(Report::Failed(Fault::new(kind, "503")));
    };
    let mut fold = with(Mode::Auto, "fault");
    fails(&mut fold, FaultKind::Overloaded);
    assert_eq!(stops(&mut fold, None), [Why::RequestFailed { fault: FaultKind::Overloaded }]);
    fold.order(&Order::Continue).expect("on");
    assert!(matches!(next(&fold.session), Step::WaitUntil(_)), "the wait goes on");

    let mut fold = with(Mode::Auto, "fault=tool");
    fails(&mut fold, FaultKind::Overloaded);
    assert!(matches!(next(&fold.session), Step::WaitUntil(_)), "a request is no tool");

    let mut fold = with(Mode::Auto, "fault");
    fails(&mut fold, FaultKind::Auth);
    assert!(matches!(next(&fold.session), Step::Finish(..)), "a run that cannot go on ends");

    let mut fold = with(Mode::Auto, "fault=tool");
    fold.calls(&[read("a")]);
    fold.judge(1, Word::Allow);
    fold.start(1);
    let output = Output::default();
    fold.tell(Report::Finished { call: CallId(1), outcome: Outcome::Error, output, ms: 1 });
    let why = Why::CallFailed { call: CallId(1), outcome: Outcome::Error };
    assert_eq!(stops(&mut fold, None), [why]);
    fold.order(&Order::Continue).expect("on");
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
}

#[test]
fn several_are_hit_in_one_and_what_cannot_be_read_stops() {
    let mut fold = Fold::running(Mode::Auto);
    for text in ["tool=write", "once risky", "arg:/path=a"] {
        set(&mut fold, text);
    }
    let by = crate::harness::fold::operator();
    fold.put(vec![Fact::BreakpointSet { no: BreakNo(4), spec: "moon=full".into(), by }]);
    assert_eq!(stops(&mut fold, None), [Why::Unreadable], "a newer program's breakpoint stops at once");
    fold.order(&Order::Continue).expect("on");
    fold.calls(&[write("a")]);
    fold.judge(1, Word::Allow);
    assert_eq!(stops(&mut fold, Some(1)).len(), 3);
    assert_eq!(fold.session.breaks.len(), 3, "the one for once is gone");
}

#[test]
fn a_step_from_a_breakpoint_does_one_thing() {
    for word in [Word::Allow, Word::Ask] {
        let mut fold = with(Mode::Auto, "tool=write");
        fold.calls(&[write("a")]);
        fold.judge(1, word);
        stops(&mut fold, Some(1));
        if word == Word::Ask {
            let hash = fold.hash(1);
            fold.order(&Order::Approve { call: CallId(1), hash }).expect("approved");
        }
        fold.order(&Order::Step).expect("one step");
        assert_eq!(next(&fold.session), Step::RunCall(CallId(1)), "{word:?}");
        fold.start(1);
        fold.end(1, "");
        assert_eq!(next(&fold.session), Step::Await, "{word:?}: one step, no more");
        assert_eq!(fold.session.holds(), [Hold::Step], "{word:?}");
        fold.order(&Order::Continue).expect("on");
        assert_eq!(fold.session.run.as_ref().map(|run| run.mode), Some(Mode::Auto));
    }
    let mut fold = with(Mode::Auto, "steps=1");
    fold.calls(&[("nothing", json!({}))]);
    stops(&mut fold, None);
    fold.order(&Order::Step).expect("one step");
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
}

#[test]
fn an_allowed_call_may_be_changed_or_refused_while_it_stands_behind_a_breakpoint() {
    let at = || {
        let mut fold = with(Mode::Auto, "tool=write");
        fold.calls(&[write("a")]);
        fold.judge(1, Word::Allow);
        fold
    };
    let edit = |fold: &Fold| Order::ApproveEdited {
        call: CallId(1),
        hash: fold.hash(1),
        args: json!({"path": "b"}),
    };
    let fold = at();
    assert!(fold.try_order(&edit(&fold)).is_err(), "not before it stands");
    let mut fold = at();
    stops(&mut fold, Some(1));
    let order = edit(&fold);
    fold.order(&order).expect("edited");
    assert_eq!(next(&fold.session), Step::JudgeCall(CallId(1)), "judged again, as it stands");
    fold.judge(1, Word::Ask);
    assert_eq!(next(&fold.session), Step::Await);
    fold.order(&Order::Continue).expect("on");
    assert_eq!(next(&fold.session), Step::RunCall(CallId(1)));
    assert_eq!(fold.session.call(CallId(1)).and_then(|call| call.args()), Some(&json!({"path": "b"})));

    let mut fold = at();
    stops(&mut fold, Some(1));
    fold.order(&Order::Reject { call: CallId(1), reason: "no".into() }).expect("rejected");
    assert!(fold.session.call(CallId(1)).is_some_and(|call| call.ended()));
    assert_eq!(next(&fold.session), Step::Await, "it still stands");
    fold.order(&Order::Continue).expect("on");
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
}

#[test]
fn setting_and_removing_is_refused_with_a_reason() {
    let mut fold = with(Mode::Auto, "tool=write");
    assert_eq!(
        fold.try_order(&Order::SetBreakpoint(spec("tool=write"))),
        Err(Refusal::SameBreakpoint(BreakNo(1)))
    );
    assert_eq!(fold.try_order(&Order::RemoveBreakpoint(BreakNo(7))), Err(Refusal::NoBreakpoint(BreakNo(7))));
    assert_eq!(fold.try_order(&Order::Continue), Err(Refusal::NotPaused));
    fold.order(&Order::RemoveBreakpoint(BreakNo(1))).expect("removed");
    fold.calls(&[write("a")]);
    fold.judge(1, Word::Allow);
    assert_eq!(next(&fold.session), Step::RunCall(CallId(1)));
    for i in 0..64 {
        set(&mut fold, &format!("tool=t{i}"));
    }
    assert_eq!(fold.try_order(&Order::SetBreakpoint(spec("risky"))), Err(Refusal::TooMany("breakpoints")));
    let opened = Fold::opened();
    assert!(opened.try_order(&Order::SetBreakpoint(spec("risky"))).is_ok(), "before the first task too");
    assert_eq!(opened.try_order(&Order::RunUntil(spec("risky"))), Err(Refusal::NoRun));
}

/// A verdict never starts in its own commit what a breakpoint is to stop.
#[test]
fn no_call_starts_with_its_verdict_past_a_breakpoint() {
    for (text, starts) in
        [("tool=read", false), ("effect=read-only", false), ("arg:/path=a", false), ("tool=write", true)]
    {
        let mut fold = with(Mode::Auto, text);
        fold.calls(&[read("a")]);
        let facts = fold.try_tell(&Report::JudgedReady(fold.judged(1, Word::Allow))).expect("judged");
        assert_eq!(facts.len(), if starts { 2 } else { 1 }, "{text}");
    }
}

fn words(fold: &Fold) -> Vec<String> {
    let line = |message: &std::sync::Arc<Message>| match message.as_ref() {
        Message::System { text } => format!("system {text}"),
        Message::User { text } => format!("user {text}"),
        Message::Assistant { text, .. } => format!("assistant {text}"),
        Message::Tool { text, .. } => format!("tool {text}"),
    };
    fold.session.upcoming().iter().map(line).collect()
}

#[test]
fn a_note_joins_the_next_request_and_may_be_taken_back_before() {
    let mut fold = Fold::running(Mode::Auto);
    for text in ["mind the gap", "and the step"] {
        fold.order(&Order::AddNote(text.into())).expect("noted");
    }
    assert_eq!(words(&fold), ["system be good", "user task", "system mind the gap", "system and the step"]);
    assert_eq!(fold.session.transcript.len(), 2, "it waits");
    fold.order(&Order::RemoveNote(NoteNo(1))).expect("taken back");
    let stale = Report::Asking {
        model: "m".into(),
        request: Hash::ZERO,
        frame: None,
        notes: vec![NoteNo(1), NoteNo(2)],
        route: None,
        ahead: None,
    };
    assert!(fold.try_tell(&stale).is_err(), "a request made with what was taken back is not sent");
    fold.tell(Report::Asking {
        model: "m".into(),
        request: Hash::ZERO,
        frame: None,
        notes: vec![NoteNo(2)],
        route: None,
        ahead: None,
    });
    assert_eq!(fold.try_order(&Order::RemoveNote(NoteNo(2))), Err(Refusal::NoteGone(NoteNo(2))));
    assert_eq!(fold.try_order(&Order::RemoveNote(NoteNo(3))), Err(Refusal::NoNote(NoteNo(3))));
    fold.order(&Order::AddNote("for the turn after".into())).expect("noted");
    fold.tell(Report::Replied(said("yes")));
    let all =
        ["system be good", "user task", "system and the step", "assistant yes", "system for the turn after"];
    assert_eq!(words(&fold), all);
    assert_eq!(fold.try_order(&Order::AddNote("  ".into())), Err(Refusal::EmptyText));
    let long = Order::AddNote("x".repeat(20_000));
    assert!(matches!(fold.try_order(&long), Err(Refusal::LongNote { .. })));
}

const BREAKS: [&str; 3] = ["tool=command", "once arg:/path~^free/", "steps=3"];

async fn set_all(world: &World, id: &tackroom::domain::ids::SessionId) -> bool {
    let set = world.session(id).await.map_or(0, |session| session.last_break.0 as usize);
    for text in BREAKS.iter().skip(set) {
        match world.hand().order(id, &Order::SetBreakpoint(spec(text))).await {
            Ok(_) | Err(tackroom::runtime::ledger::RecordFault::Refused(_)) => {}
            Err(_) => return false,
        }
    }
    true
}

fn hits(events: &[Event]) -> Vec<(u32, Option<u32>)> {
    let hit = |event: &Event| {
        let Fact::BreakpointHit { no, call, .. } = &event.fact else { return None };
        Some((no.0, call.map(|call| call.0)))
    };
    events.iter().filter_map(hit).collect()
}

#[tokio::test]
async fn cut_after_every_commit_each_breakpoint_is_hit_once_and_the_hold_is_the_same() {
    let clean = World::new(story());
    let id = clean.begin(Mode::Auto).await.expect("begun");
    assert!(set_all(&clean, &id).await);
    clean.to_the_end(&id).await.expect("driven");
    let expected = hits(&clean.events(&id).await);
    assert_eq!(expected, [(2, Some(5)), (1, Some(6)), (3, None)]);
    let commits = clean.engine.faults().commits();
    let mut at_a_hit = 0;
    for cut in 1..commits {
        let mut world = World::new(story());
        world.engine.faults().crash_after(cut);
        let id = world.begin(Mode::Auto).await.expect("begun");
        let stopped = if set_all(&world, &id).await { world.to_the_end(&id).await.is_err() } else { true };
        assert!(stopped, "cut {cut} must stop it");
        world.engine = world.engine.restart();
        let before = world.session(&id).await.expect("readable");
        set_all(&world, &id).await; // those that the cut kept from being set
        if let Some(stop) = before.stop() {
            at_a_hit += 1;
            let fresh = world.session(&id).await.expect("readable");
            let busy = fresh.open_calls().any(|call| call.in_flight());
            assert_eq!(world.drive(&id).await.expect("driven"), Parked::Held, "cut {cut}");
            let after = world.session(&id).await.expect("readable");
            assert_eq!(after.stop(), Some(stop), "cut {cut}: the same hold");
            assert!(busy || after.holds() == before.holds(), "cut {cut}");
        }
        let session = world.to_the_end(&id).await.unwrap_or_else(|fault| panic!("cut {cut}: {fault}"));
        assert_eq!(session.status(), Status::Done, "cut {cut}");
        assert!(all_ended(&session), "cut {cut}");
        assert!(world.effects.lock().expect("free").values().all(|count| *count == 1), "cut {cut}");
        let events = world.events(&id).await;
        crate::crash::whole(&events);
        assert_eq!(hits(&events), expected, "cut {cut}: each is hit once");
    }
    println!("breakpoints: {} crash points, {at_a_hit} at a hit: the same hold", commits - 1);
    assert!(at_a_hit >= 3);
}

#[tokio::test]
async fn a_note_is_in_the_request_that_follows_and_in_no_earlier_one() {
    let world = World::new(vec![calling(&[read("a")]), Said::Reply(said("done"))]);
    let id = world.begin(Mode::Auto).await.expect("begun");
    world.hand().order(&id, &Order::SetBreakpoint(spec("steps=1"))).await.expect("set");
    assert_eq!(world.drive(&id).await.expect("driven"), Parked::Held);
    world.hand().order(&id, &Order::AddNote("look at b".into())).await.expect("noted");
    world.hand().order(&id, &Order::Continue).await.expect("on");
    let session = world.to_the_end(&id).await.expect("driven");
    assert_eq!(session.status(), Status::Done);
    let asked = world.model.asked.lock().expect("free");
    let has = |at: usize| {
        asked[at]
            .messages
            .iter()
            .any(|message| matches!(message.as_ref(), Message::System { text } if text == "look at b"))
    };
    assert_eq!((asked.len(), has(0), has(1)), (2, false, true));
    let last = asked[1].messages.last().map(AsRef::as_ref);
    assert!(matches!(last, Some(Message::System { .. })), "after the results: {last:?}");
    assert!(session.notes.is_empty());
    assert!(matches!(session.call(CallId(1)).map(|call| &call.state), Some(CallState::Ended(_))));
}
