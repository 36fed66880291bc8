//! The rules of the loop, told by the fold alone: order of calls, lapses, edits, steps, crashes.

use crate::harness::fold::{Fold, asked, said};
use crate::harness::promise;
use serde_json::json;
use tackroom::domain::call::{CallState, Ended, Preview};
use tackroom::domain::event::{Fact, Lapse};
use tackroom::domain::fault::{Fault, FaultKind};
use tackroom::domain::ids::CallId;
use tackroom::domain::judged::Judged;
use tackroom::domain::message::{Args, AskedCall, Finish, Message, Reply};
use tackroom::domain::next::{Hold, Step, next};
use tackroom::domain::order::{Order, Refusal};
use tackroom::domain::outcome::Report;
use tackroom::domain::policy::{Mode, Word};
use tackroom::domain::run::Turn;

fn results(fold: &Fold) -> Vec<(String, String)> {
    let tool = |message: &std::sync::Arc<Message>| match message.as_ref() {
        Message::Tool { wire_id, text, .. } => Some((wire_id.clone(), text.clone())),
        Message::System { .. } | Message::User { .. } | Message::Assistant { .. } => None,
    };
    fold.session.transcript.iter().filter_map(tool).collect()
}

#[test]
fn results_stand_in_the_order_of_the_calls_whatever_ends_first() {
    let mut fold = Fold::running(Mode::Auto);
    fold.calls(&[("read", json!({"path":"a"})), ("read", json!({"path":"b"})), ("nothing", json!({}))]);
    fold.judge(1, Word::Allow);
    fold.judge(2, Word::Allow);
    fold.start(1);
    fold.start(2);
    fold.end(2, "B");
    fold.end(1, "A");
    let texts: Vec<String> = results(&fold).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts[0], "A");
    assert_eq!(texts[1], "B");
    assert!(texts[2].contains("no tool named"), "{}", texts[2]);
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
}

#[test]
fn a_held_write_holds_up_only_what_depends_on_it() {
    let mut fold = Fold::running(Mode::Auto);
    fold.calls(&[
        ("write", json!({"path":"a","body":"1"})),
        ("read", json!({"path":"b"})),
        ("read", json!({"path":"a"})),
        ("write", json!({"path":"c","body":"2"})),
    ]);
    fold.judge(1, Word::Ask);
    fold.judge(2, Word::Allow);
    fold.judge(3, Word::Allow);
    fold.judge(4, Word::Allow);
    assert_eq!(next(&fold.session), Step::RunCall(CallId(2)), "reading another file goes ahead");
    fold.start(2);
    fold.end(2, "b");
    assert_eq!(next(&fold.session), Step::Await, "reading the same file and the later write wait");
    assert_eq!(fold.session.holds(), vec![Hold::Approval(CallId(1))]);
    let hash = fold.hash(1);
    fold.order(&Order::Approve { call: CallId(1), hash }).expect("approved");
    fold.start(1);
    fold.end(1, "ok");
    assert_eq!(next(&fold.session), Step::RunCall(CallId(3)));
}

#[test]
fn a_truncated_reply_never_runs_its_calls() {
    let mut fold = Fold::running(Mode::Auto);
    let reply = Reply { calls: vec![asked("read", json!({"path":"a"}))], finish: Finish::Length, ..said("") };
    fold.replies(reply);
    assert_eq!(fold.session.call(CallId(1)).map(|call| &call.state), Some(&CallState::Ended(Ended::Refused)));
    assert!(results(&fold)[0].1.contains("cut at the length limit"));
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 }, "the model is told and asked again");
}

#[test]
fn broken_arguments_are_sent_back_as_valid_ones() {
    let mut fold = Fold::running(Mode::Auto);
    let broken =
        AskedCall { wire_id: "x".into(), tool: "read".into(), args: Args::Broken("{\"path\": ".into()) };
    fold.replies(Reply { calls: vec![broken], finish: Finish::Calls, ..said("") });
    let Some(Message::Assistant { calls, .. }) =
        fold.session.transcript.iter().rev().nth(1).map(AsRef::as_ref)
    else {
        panic!("the assistant's message stands before the result")
    };
    let sent: serde_json::Value = serde_json::from_str(&calls[0].args).expect("what is sent back is JSON");
    assert!(sent.is_object());
    assert!(results(&fold)[0].1.contains("not valid JSON"));
    promise::kept("P4", "arguments that are no JSON: not run, told, sent back as JSON");
}

#[test]
fn wire_ids_are_unique_and_never_empty() {
    let mut fold = Fold::running(Mode::Auto);
    let call = |id: &str| AskedCall { wire_id: id.into(), ..asked("nothing", json!({})) };
    fold.replies(Reply {
        calls: vec![call("same"), call("same"), call("")],
        finish: Finish::Calls,
        ..said("")
    });
    let mut ids: Vec<String> = fold.session.calls.iter().map(|call| call.wire_id.clone()).collect();
    assert!(ids.iter().all(|id| !id.is_empty()));
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn an_edit_is_judged_again_and_both_versions_stay() {
    let mut fold = Fold::running(Mode::Auto);
    fold.calls(&[("write", json!({"path":"a","body":"1"}))]);
    fold.judge(1, Word::Ask);
    let (hash, args) = (fold.hash(1), json!({"path":"b","body":"1"}));
    fold.order(&Order::ApproveEdited { call: CallId(1), hash, args: args.clone() }).expect("taken");
    assert_eq!(next(&fold.session), Step::JudgeCall(CallId(1)), "nothing runs before it is judged again");
    fold.judge(1, Word::Ask);
    assert_eq!(next(&fold.session), Step::RunCall(CallId(1)));
    let call = fold.session.call(CallId(1)).expect("there");
    assert_eq!(call.proposed, Args::Json(json!({"path":"a","body":"1"})));
    assert_eq!(call.edited, Some(args.clone()));
    assert_eq!(call.approval.as_ref().map(|approval| approval.hash), Some(fold.hash_of("write", &args)));
    fold.start(1);
    fold.end(1, "written");
    assert!(results(&fold)[0].1.contains("The operator changed the arguments"), "the model is told");
}

/// A file as it is, and as the first call would make it.
fn change(path: &str, before: Option<&str>) -> Preview {
    let before = before.map(str::to_string);
    Preview::Change { path: path.into(), before, after: "1".into(), cut: false }
}

/// Cause: an edit was cleared whatever it replaced, so a file that was changed since it was shown, or another file, was
/// overwritten and nobody had seen what was in it.
#[test]
fn an_edit_that_replaces_what_nobody_was_shown_is_asked_again() {
    let after_edit = |shown: Preview, path: &str, now: Preview| {
        let mut fold = Fold::running(Mode::Auto);
        fold.calls(&[("write", json!({"path":"a","body":"1"}))]);
        let first = Judged { preview: shown, ..fold.judged(1, Word::Ask) };
        fold.tell(Report::Judged(first));
        let (hash, args) = (fold.hash(1), json!({"path":path,"body":"2"}));
        fold.order(&Order::ApproveEdited { call: CallId(1), hash, args }).expect("taken");
        let second = Judged { preview: now, ..fold.judged(1, Word::Ask) };
        fold.tell(Report::Judged(second));
        next(&fold.session)
    };
    let goes = Step::RunCall(CallId(1));
    assert_eq!(after_edit(change("a", Some("old")), "a", change("a", Some("old"))), goes);
    assert_eq!(
        after_edit(change("a", None), "b", change("b", None)),
        goes,
        "there is nothing to be replaced"
    );
    assert_eq!(after_edit(change("a", Some("old")), "b", change("b", None)), goes);
    assert_eq!(after_edit(change("a", Some("old")), "a", change("a", Some("newer"))), Step::Await);
    assert_eq!(after_edit(change("a", None), "a", change("a", Some("newer"))), Step::Await);
    assert_eq!(after_edit(change("a", Some("old")), "b", change("b", Some("old"))), Step::Await);
}

/// Cause: the hash that a decision carries did not tell one showing of a call from the next, so a word about a file as it
/// was first shown, said late or twice, approved its overwriting as it was shown after it had changed.
#[test]
fn a_word_about_an_earlier_showing_does_not_count() {
    let mut fold = Fold::running(Mode::Auto);
    fold.calls(&[("write", json!({"path":"a","body":"1"}))]);
    fold.judge(1, Word::Ask);
    let stale = fold.hash(1);
    let approve = |hash| Order::Approve { call: CallId(1), hash };
    fold.order(&approve(stale)).expect("approved");
    let preview = Some(change("a", Some("another's work")));
    fold.tell(Report::Starting { call: CallId(1), policy: "p1".into(), preview });
    fold.judge(1, Word::Ask);
    assert_eq!(fold.session.holds(), vec![Hold::Approval(CallId(1))]);
    assert_eq!(fold.try_order(&approve(stale)), Err(Refusal::Changed(CallId(1))));
    let args = json!({"path":"a","body":"2"});
    let edited = Order::ApproveEdited { call: CallId(1), hash: stale, args };
    assert_eq!(fold.try_order(&edited), Err(Refusal::Changed(CallId(1))));
    let hash = fold.hash(1);
    fold.order(&approve(hash)).expect("approved as shown now");
    assert_eq!(next(&fold.session), Step::RunCall(CallId(1)));
    fold.start(1);
    assert_eq!(
        fold.session.call(CallId(1)).map(|call| call.starts),
        Some(1),
        "it starts, and does not lapse again"
    );
}

#[test]
fn an_edit_that_the_policy_denies_goes_back_to_the_operator() {
    let mut fold = Fold::running(Mode::Auto);
    fold.calls(&[("write", json!({"path":"a","body":"1"}))]);
    fold.judge(1, Word::Ask);
    let hash = fold.hash(1);
    let args = json!({"path":"../../etc/passwd","body":"1"});
    fold.order(&Order::ApproveEdited { call: CallId(1), hash, args }).expect("taken");
    fold.judge(1, Word::Deny);
    let call = fold.session.call(CallId(1)).expect("there");
    assert_eq!(call.state, CallState::Held);
    assert_eq!(call.edited, None);
    assert!(call.edit_refused.is_some());
    assert_eq!(call.hash, Some(hash), "what waits is what waited before");
    assert_eq!(next(&fold.session), Step::Await);
}

#[test]
fn an_edit_that_misses_the_schema_is_refused_with_the_path() {
    let mut fold = Fold::running(Mode::Auto);
    fold.calls(&[("write", json!({"path":"a","body":"1"}))]);
    fold.judge(1, Word::Ask);
    let hash = fold.hash(1);
    let bad = Order::ApproveEdited { call: CallId(1), hash, args: json!({"path": 3}) };
    let Err(Refusal::BadArguments(faults)) = fold.try_order(&bad) else { panic!("it must be refused") };
    assert_eq!(faults[0].path, "/path");
}

#[test]
fn a_clearance_lapses_when_the_policy_or_the_target_changed_or_it_is_old() {
    let held = || {
        let mut fold = Fold::running(Mode::Auto);
        fold.calls(&[("write", json!({"path":"a","body":"1"}))]);
        fold.judge(1, Word::Ask);
        let hash = fold.hash(1);
        fold.order(&Order::Approve { call: CallId(1), hash }).expect("approved");
        fold
    };
    let starting =
        |policy: &str, preview| Report::Starting { call: CallId(1), policy: policy.into(), preview };
    let fold = held();
    let lapsed = |why| Ok(vec![Fact::CallLapsed { call: CallId(1), why }]);
    assert_eq!(fold.try_tell(&starting("p2", Some(Preview::None))), lapsed(Lapse::Changed));
    let other = Preview::Change { path: "a".into(), before: None, after: "z".into(), cut: false };
    assert_eq!(fold.try_tell(&starting("p1", Some(other))), lapsed(Lapse::TargetChanged));
    let mut fold = held();
    fold.now = fold.now.plus_ms(61_000);
    assert_eq!(fold.try_tell(&starting("p1", Some(Preview::None))), lapsed(Lapse::Expired));
    fold.put(vec![Fact::CallLapsed { call: CallId(1), why: Lapse::Expired }]);
    assert_eq!(next(&fold.session), Step::JudgeCall(CallId(1)), "it is judged and asked again");
}

#[test]
fn ask_mode_asks_before_every_call_that_does_more_than_read() {
    let mut fold = Fold::running(Mode::Ask);
    fold.calls(&[("read", json!({"path":"a"})), ("write", json!({"path":"b","body":""}))]);
    fold.judge(1, Word::Allow);
    fold.judge(2, Word::Allow);
    assert_eq!(fold.session.holds(), vec![Hold::Approval(CallId(2))]);
    assert_eq!(next(&fold.session), Step::RunCall(CallId(1)));
}

#[test]
fn step_mode_lets_one_step_go_at_each_word() {
    let mut fold = Fold::running(Mode::Step);
    assert_eq!(next(&fold.session), Step::Await);
    assert_eq!(fold.session.holds(), vec![Hold::Step]);
    fold.order(&Order::Step).expect("one step");
    fold.calls(&[("read", json!({"path":"a"}))]);
    fold.judge(1, Word::Allow);
    assert_eq!(next(&fold.session), Step::Await, "the call is the next step");
    fold.order(&Order::Step).expect("one step");
    fold.start(1);
    fold.end(1, "A");
    assert_eq!(next(&fold.session), Step::Await);
    fold.order(&Order::SetMode(Mode::Auto)).expect("on");
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
}

#[test]
fn a_crash_leaves_each_start_with_one_end() {
    let mut fold = Fold::running(Mode::Auto);
    fold.calls(&[("read", json!({"path":"a"})), ("command", json!({"argv":["x"]}))]);
    fold.judge(1, Word::Allow);
    fold.judge(2, Word::Allow);
    fold.start(1);
    fold.tell(Report::Taken { holder: "second".into() });
    assert_eq!(next(&fold.session), Step::RunCall(CallId(1)), "a read is run again");
    fold.start(1);
    fold.end(1, "A");
    fold.start(2);
    fold.tell(Report::Taken { holder: "third".into() });
    assert_eq!(fold.session.call(CallId(2)).map(|call| &call.state), Some(&CallState::Unknown));
    assert_eq!(fold.session.holds(), vec![Hold::Unknown(CallId(2))]);
    assert_eq!(next(&fold.session), Step::Await, "a command is never run again by itself");
}

#[test]
fn an_interrupted_request_is_asked_again_as_another_attempt() {
    let mut fold = Fold::running(Mode::Auto);
    fold.tell(Report::Asking {
        model: "m".into(),
        request: tackroom::domain::hash::Hash::ZERO,
        frame: None,
        notes: Vec::new(),
        route: None,
        ahead: None,
    });
    fold.tell(Report::Taken { holder: "second".into() });
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 2 });
}

#[test]
fn faults_are_retried_within_bounds_and_only_where_it_helps() {
    let mut fold = Fold::running(Mode::Auto);
    let mut attempts = 0;
    loop {
        fold.tell(Report::Asking {
            model: "m".into(),
            request: tackroom::domain::hash::Hash::ZERO,
            frame: None,
            notes: Vec::new(),
            route: None,
            ahead: None,
        });
        attempts += 1;
        fold.tell(Report::Failed(Fault::new(FaultKind::Overloaded, "503")));
        let step = next(&fold.session);
        if let Step::WaitUntil(at) = step {
            fold.now = at.plus_ms(1);
        } else {
            assert!(matches!(step, Step::Finish(..)), "{step:?}");
            break;
        }
    }
    assert_eq!(attempts, 5);
    let mut fold = Fold::running(Mode::Auto);
    fold.tell(Report::Asking {
        model: "m".into(),
        request: tackroom::domain::hash::Hash::ZERO,
        frame: None,
        notes: Vec::new(),
        route: None,
        ahead: None,
    });
    fold.tell(Report::Failed(Fault::new(FaultKind::Auth, "401")));
    assert!(matches!(next(&fold.session), Step::Finish(..)));
}

#[test]
fn a_steer_is_read_before_the_next_turn_and_never_between_call_and_result() {
    let mut fold = Fold::running(Mode::Auto);
    fold.calls(&[("read", json!({"path":"a"}))]);
    fold.order(&Order::Steer("go left".into())).expect("taken");
    fold.judge(1, Word::Allow);
    fold.start(1);
    fold.end(1, "A");
    let kinds: Vec<&str> = fold
        .session
        .transcript
        .iter()
        .map(|message| match message.as_ref() {
            Message::System { .. } => "system",
            Message::User { .. } => "user",
            Message::Assistant { .. } => "assistant",
            Message::Tool { .. } => "tool",
        })
        .collect();
    assert_eq!(kinds, ["system", "user", "assistant", "tool", "user"]);
}

#[test]
fn an_interrupt_waits_and_a_message_goes_on() {
    let mut fold = Fold::running(Mode::Auto);
    fold.tell(Report::Asking {
        model: "m".into(),
        request: tackroom::domain::hash::Hash::ZERO,
        frame: None,
        notes: Vec::new(),
        route: None,
        ahead: None,
    });
    fold.order(&Order::Interrupt).expect("taken");
    fold.tell(Report::Failed(Fault::new(FaultKind::Stopped, "stopped")));
    assert_eq!(next(&fold.session), Step::Await);
    fold.order(&Order::Say("rather this".into())).expect("taken");
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
    assert!(
        matches!(fold.session.transcript.last().map(AsRef::as_ref), Some(Message::User { text }) if text == "rather this")
    );
}

#[test]
fn a_queued_message_begins_the_next_run() {
    let mut fold = Fold::running(Mode::Auto);
    fold.order(&Order::Say("and then this".into())).expect("queued");
    fold.replies(said("done"));
    fold.tell(Report::Finish);
    assert_eq!(next(&fold.session), Step::StartQueued);
    fold.tell(Report::QueueTaken);
    assert_eq!(fold.session.run.as_ref().map(|run| run.no.0), Some(2));
    assert!(fold.session.queue.is_empty());
    assert!(matches!(fold.session.run.as_ref().map(|run| &run.turn), Some(Turn::Ready)));
}

#[test]
fn cancelling_gives_every_call_its_one_result() {
    let mut fold = Fold::running(Mode::Auto);
    fold.calls(&[("write", json!({"path":"a","body":""})), ("write", json!({"path":"b","body":""}))]);
    fold.judge(1, Word::Ask);
    fold.order(&Order::Cancel).expect("taken");
    fold.tell(Report::Finish);
    assert!(fold.session.calls.iter().all(|call| call.ended() && call.result.is_some()));
    assert_eq!(results(&fold).len(), 2, "the transcript stays valid for the next run");
}

/// A verdict and a start in one commit say what two would: the start is there exactly where `next` runs the call.
#[test]
fn an_allowed_call_starts_with_its_verdict_only_where_it_would_be_next() {
    let read = ("read", json!({"path":"a"}));
    let write = ("write", json!({"path":"b","body":"1"}));
    let mut started = 0;
    for mode in [Mode::Auto, Mode::Ask, Mode::Step] {
        for calls in [vec![read.clone()], vec![write.clone()], vec![read.clone(), write.clone()]] {
            for word in [Word::Allow, Word::Ask, Word::Deny] {
                for order in [None, Some(Order::Pause), Some(Order::Cancel)] {
                    let mut fold = Fold::running(mode);
                    if mode == Mode::Step {
                        fold.order(&Order::Step).expect("a step");
                    }
                    fold.calls(&calls);
                    if let Some(order) = &order {
                        fold.order(order).expect("a legal order");
                    }
                    let Ok(facts) = fold.try_tell(&Report::JudgedReady(fold.judged(1, word))) else {
                        continue;
                    };
                    fold.judge(1, word);
                    let alone = calls.len() == 1;
                    let runs = alone && next(&fold.session) == Step::RunCall(CallId(1));
                    assert_eq!(
                        facts.len(),
                        if runs { 2 } else { 1 },
                        "{mode:?} {calls:?} {word:?} {order:?}"
                    );
                    if runs {
                        started += 1;
                        fold.start(1);
                        let last = fold.events.last().map(|event| event.fact.clone());
                        assert_eq!(facts.last(), last.as_ref(), "the same start as by itself");
                    }
                }
            }
        }
    }
    assert!(started > 0, "some start with their verdict");
}
