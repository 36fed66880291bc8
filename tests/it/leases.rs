//! Standing grants through the door: how a lease is given, used, counted and ended, and what it never answers.

use crate::harness::fold::{Fold, said};
use crate::harness::promise;
use serde_json::{Value, json};
use tackroom::domain::breakpoint::Breakpoint;
use tackroom::domain::call::{CallState, Ended, Preview};
use tackroom::domain::command_part::Script;
use tackroom::domain::event::{Fact, Lapse};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, LeaseNo};
use tackroom::domain::judged::Judged;
use tackroom::domain::lease::Over;
use tackroom::domain::lease_pattern::{Line, Pattern};
use tackroom::domain::lease_terms::{Terms, Until};
use tackroom::domain::order::{Order, Refusal, Task};
use tackroom::domain::outcome::Report;
use tackroom::domain::policy::{Mode, Word};
use tackroom::domain::session::Session;
use tackroom::domain::tool_spec::Touch;

/// A run in which call c1, a command, waits.
fn held(mode: Mode, argv: &[&str]) -> Fold {
    let mut fold = Fold::running(mode);
    call(&mut fold, &[argv]);
    fold
}

/// Commands in one reply, each judged: ask.
fn call(fold: &mut Fold, argvs: &[&[&str]]) {
    let from = fold.session.calls_asked() as u32;
    let calls: Vec<(&str, Value)> = argvs.iter().map(|argv| ("command", json!({ "argv": argv }))).collect();
    fold.calls(&calls);
    for (at, argv) in argvs.iter().enumerate() {
        let judged = judged(fold, from + at as u32 + 1, Word::Ask, argv);
        fold.tell(Report::JudgedReady(judged));
    }
}

fn judged(fold: &Fold, id: u32, word: Word, argv: &[&str]) -> Judged {
    let argv: Vec<String> = argv.iter().map(ToString::to_string).collect();
    let preview = Preview::Command {
        argv: argv.clone(),
        cwd: ".".into(),
        sandbox: "none".into(),
        parts: Vec::new(),
        scripts: Vec::new(),
    };
    Judged { touches: vec![Touch::Command { argv }], preview, ..fold.judged(id, word) }
}

fn terms(uses: u32, pattern: &str) -> Terms {
    let pattern = Pattern::parse(pattern).expect("a pattern");
    Terms { uses, lasting: false, until: Until::Open, under: ".".into(), pattern }
}

fn grant(fold: &mut Fold, id: u32, terms: Terms) -> Vec<Fact> {
    let hash = fold.hash(id);
    fold.order(&Order::Grant { call: CallId(id), hash, terms }).expect("granted")
}

fn state(fold: &Fold, id: u32) -> CallState {
    fold.session.call(CallId(id)).expect("a call").state.clone()
}

const CLEARED: CallState = CallState::Cleared { by_person: false };

/// A cleared command runs and ends.
fn run(fold: &mut Fold, id: u32) {
    let preview = fold.session.call(CallId(id)).map(|call| call.preview.clone());
    fold.tell(Report::Starting { call: CallId(id), policy: "p1".into(), preview });
    assert_eq!(state(fold, id), CallState::Started, "call {id}");
    fold.end(id, "ok");
}

const TEST: &str = "argv starts [\"make\",\"test\"]";

#[test]
fn a_lease_is_used_counted_and_used_up() {
    let mut fold = held(Mode::Auto, &["make", "test"]);
    let facts = grant(&mut fold, 1, terms(2, TEST));
    let kinds: Vec<&str> = facts.iter().map(Fact::kind).collect();
    assert_eq!(kinds, ["LeaseGranted", "CallApproved"], "the call that waits is approved itself");
    assert_eq!(state(&fold, 1), CallState::Cleared { by_person: true });
    run(&mut fold, 1);
    for (id, used) in [(2, 1), (3, 2)] {
        call(&mut fold, &[&["make", "test", "unit"]]);
        assert_eq!(state(&fold, id), CLEARED, "call {id}");
        let lease = fold.session.lease(LeaseNo(1)).expect("kept");
        assert_eq!((lease.used, lease.left()), (used, 2 - used));
        assert!(fold.session.holds().is_empty());
        run(&mut fold, id);
    }
    call(&mut fold, &[&["make", "test"]]);
    assert_eq!(state(&fold, 4), CallState::Held, "it is used up");
    let over = fold.session.lease(LeaseNo(1)).unwrap().over(&fold.session, fold.now);
    assert_eq!(over, Some(Over::Used));
}

#[test]
fn several_calls_in_one_reply_never_use_more_than_there_is() {
    for uses in 1..5 {
        let mut fold = held(Mode::Auto, &["make", "test"]);
        grant(&mut fold, 1, terms(uses, TEST));
        run(&mut fold, 1);
        let argv: &[&str] = &["make", "test"];
        call(&mut fold, &[argv; 6]);
        let cleared = (2..8).filter(|id| state(&fold, *id) == CLEARED).count();
        assert_eq!(cleared, uses as usize);
        let nths: Vec<u32> = fold
            .events
            .iter()
            .filter_map(|event| if let Fact::LeaseUsed { nth, .. } = event.fact { Some(nth) } else { None })
            .collect();
        assert_eq!(nths, (1..=uses).collect::<Vec<_>>());
    }
}

#[test]
fn calls_that_wait_already_are_covered_at_once() {
    let mut fold = Fold::running(Mode::Auto);
    call(
        &mut fold,
        &[
            &["make", "test"],
            &["make", "test", "a"],
            &["make", "push"],
            &["make", "test", "b"],
            &["make", "test", "c"],
        ],
    );
    let facts = grant(&mut fold, 1, terms(2, TEST));
    let kinds: Vec<&str> = facts.iter().map(Fact::kind).collect();
    assert_eq!(kinds, ["LeaseGranted", "CallApproved", "LeaseUsed", "LeaseUsed"]);
    assert_eq!([2, 3, 4, 5].map(|id| state(&fold, id) == CLEARED), [true, false, true, false]);
}

#[test]
fn a_deny_another_policy_and_another_tool_are_no_matter_of_a_lease() {
    let mut fold = held(Mode::Auto, &["make", "test"]);
    grant(&mut fold, 1, terms(9, TEST));
    run(&mut fold, 1);
    fold.calls(&[("command", json!({"argv": ["make", "test"]}))]);
    fold.tell(Report::Judged(judged(&fold, 2, Word::Deny, &["make", "test"])));
    assert_eq!(state(&fold, 2), CallState::Ended(Ended::Denied));
    fold.calls(&[("command", json!({"argv": ["make", "test"]}))]);
    let mut other = judged(&fold, 3, Word::Ask, &["make", "test"]);
    other.verdict.policy = "p2".into();
    fold.tell(Report::Judged(other));
    assert_eq!(state(&fold, 3), CallState::Held, "it was given under other rules or other walls");
    fold.order(&Order::Reject { call: CallId(3), reason: String::new() }).unwrap();
    fold.calls(&[("write", json!({"path": "a", "body": "b"}))]);
    fold.judge(4, Word::Ask);
    assert_eq!(state(&fold, 4), CallState::Held);
}

#[test]
fn a_lease_answers_mode_ask_and_never_a_step_or_a_breakpoint() {
    let mut fold = held(Mode::Ask, &["make", "test"]);
    grant(&mut fold, 1, terms(9, TEST));
    run(&mut fold, 1);
    fold.calls(&[("command", json!({"argv": ["make", "test"]}))]);
    fold.tell(Report::JudgedReady(judged(&fold, 2, Word::Allow, &["make", "test"])));
    assert_eq!(state(&fold, 2), CLEARED, "the mode's question is answered");
    run(&mut fold, 2);
    fold.order(&Order::SetBreakpoint(Breakpoint::parse("risky").unwrap())).unwrap();
    call(&mut fold, &[&["make", "test"]]);
    assert_eq!(
        tackroom::domain::next::next(&fold.session),
        tackroom::domain::next::Step::Stop(Some(CallId(3)))
    );
    fold.tell(Report::Stopping);
    fold.order(&Order::Continue).unwrap();
    run(&mut fold, 3);
    fold.order(&Order::Step).unwrap();
    fold.order(&Order::Step).unwrap(); // the model's turn
    fold.order(&Order::RemoveBreakpoint(tackroom::domain::ids::BreakNo(1))).unwrap();
    call(&mut fold, &[&["make", "test"]]);
    assert_eq!(state(&fold, 4), CLEARED);
    assert_eq!(
        tackroom::domain::next::next(&fold.session),
        tackroom::domain::next::Step::Await,
        "a step is a person's"
    );
    fold.order(&Order::Step).unwrap();
    run(&mut fold, 4);
}

#[test]
fn what_was_cleared_and_not_started_asks_again_once_the_lease_is_over() {
    for how in ["revoked", "expired"] {
        let mut fold = held(Mode::Auto, &["make", "test"]);
        let until = if how == "expired" { Until::After(10_000) } else { Until::Open };
        grant(&mut fold, 1, Terms { until, ..terms(9, TEST) });
        run(&mut fold, 1);
        call(&mut fold, &[&["make", "test"]]);
        assert_eq!(state(&fold, 2), CLEARED);
        match how {
            "revoked" => drop(fold.order(&Order::Revoke(LeaseNo(1))).unwrap()),
            _ => fold.now = fold.now.plus_ms(10_001),
        }
        let preview = fold.session.call(CallId(2)).map(|call| call.preview.clone());
        let starting = Report::Starting { call: CallId(2), policy: "p1".into(), preview };
        let lapsed = vec![Fact::CallLapsed { call: CallId(2), why: Lapse::LeaseOver }];
        assert_eq!(fold.try_tell(&starting), Ok(lapsed), "{how}");
        fold.tell(starting);
        fold.tell(Report::JudgedReady(judged(&fold, 2, Word::Ask, &["make", "test"])));
        assert_eq!(state(&fold, 2), CallState::Held, "{how}");
        let over = fold.session.lease(LeaseNo(1)).unwrap().over(&fold.session, fold.now);
        assert_eq!(over, Some(if how == "revoked" { Over::Revoked } else { Over::Expired }));
        let again = fold.try_order(&Order::Revoke(LeaseNo(1)));
        assert_eq!(
            again,
            Err(Refusal::LeaseOver {
                lease: LeaseNo(1),
                how: if how == "revoked" { "revoked" } else { "expired" }
            })
        );
    }
}

#[test]
fn a_link_that_an_earlier_call_laid_is_looked_for_before_the_start() {
    let mut fold = Fold::running(Mode::Auto);
    let change =
        |path: &str| Preview::Change { path: path.into(), before: None, after: "x".into(), cut: false };
    let ask = |fold: &mut Fold, id: u32, path: &str| {
        let judged = Judged { preview: change(path), ..fold.judged(id, Word::Ask) };
        fold.tell(Report::JudgedReady(judged));
    };
    fold.calls(&[("write", json!({"path": "docs/a", "body": "x"}))]);
    ask(&mut fold, 1, "docs/a");
    grant(&mut fold, 1, terms(9, "path below docs\nbody any"));
    fold.tell(Report::Starting { call: CallId(1), policy: "p1".into(), preview: Some(change("docs/a")) });
    fold.end(1, "ok");
    fold.calls(&[("write", json!({"path": "docs/near/b", "body": "x"}))]);
    ask(&mut fold, 2, "docs/near/b");
    assert_eq!(state(&fold, 2), CLEARED);
    let starting =
        |preview| Report::Starting { call: CallId(2), policy: "p1".into(), preview: Some(preview) };
    let lapsed = vec![Fact::CallLapsed { call: CallId(2), why: Lapse::TargetChanged }];
    for now in [
        change("docs/near/b (by a link: .git/b)"),
        Preview::WouldFail { why: "a link".into() },
        Preview::None,
    ] {
        assert_eq!(fold.try_tell(&starting(now.clone())), Ok(lapsed.clone()), "{now:?}");
    }
    let other = Preview::Change {
        path: "docs/near/b".into(),
        before: Some("y".into()),
        after: "x".into(),
        cut: false,
    };
    assert_eq!(
        fold.try_tell(&starting(other)).map(|facts| facts[0].kind().to_string()),
        Ok("CallStarted".into())
    );
}

#[test]
fn another_script_is_another_action() {
    let script = |text: &str| Script {
        path: "run.sh".into(),
        size: 9,
        hash: Hash::of(text.as_bytes()),
        head: String::new(),
        sealed: true,
    };
    let named = |text: &str| Preview::Command {
        argv: vec!["./run.sh".into()],
        cwd: ".".into(),
        sandbox: "none".into(),
        parts: Vec::new(),
        scripts: vec![script(text)],
    };
    let mut fold = Fold::running(Mode::Auto);
    let ask = |fold: &mut Fold, id: u32, text: &str| {
        fold.calls(&[("command", json!({"argv": ["./run.sh"]}))]);
        let judged = Judged { preview: named(text), ..judged(fold, id, Word::Ask, &["./run.sh"]) };
        fold.tell(Report::JudgedReady(judged));
    };
    ask(&mut fold, 1, "one");
    grant(&mut fold, 1, terms(9, "argv is [\"./run.sh\"]"));
    run(&mut fold, 1);
    ask(&mut fold, 2, "one");
    assert_eq!(state(&fold, 2), CLEARED);
    let starting = Report::Starting { call: CallId(2), policy: "p1".into(), preview: Some(named("two")) };
    let lapsed = vec![Fact::CallLapsed { call: CallId(2), why: Lapse::TargetChanged }];
    assert_eq!(fold.try_tell(&starting), Ok(lapsed), "it was changed before the start");
    run(&mut fold, 2);
    ask(&mut fold, 3, "two");
    assert_eq!(state(&fold, 3), CallState::Held, "it was changed since the grant");
}

#[test]
fn a_clock_that_was_set_back_gives_no_time_back() {
    let mut fold = held(Mode::Auto, &["make", "test"]);
    grant(&mut fold, 1, Terms { until: Until::After(10_000), ..terms(9, TEST) });
    run(&mut fold, 1);
    fold.now = fold.now.plus_ms(20_000);
    fold.order(&Order::Pause).unwrap();
    fold.order(&Order::Resume).unwrap();
    fold.calls(&[("command", json!({"argv": ["make", "test"]}))]);
    let now = fold.now;
    fold.now = tackroom::domain::time::Micros(now.0 - 30_000_000);
    let facts = fold.try_tell(&Report::JudgedReady(judged(&fold, 2, Word::Ask, &["make", "test"]))).unwrap();
    assert_eq!(facts.len(), 1, "no use: {facts:?}");
    promise::kept("R11–R13", "a clock set back gives a lease no time back");
}

fn task(input: &str) -> Order {
    Order::Start(Task {
        input: input.into(),
        mode: Mode::Auto,
        limits: Default::default(),
        model: "m".into(),
        base_url: None,
    })
}

#[test]
fn a_lease_ends_with_its_task_unless_it_is_for_the_session() {
    for lasting in [false, true] {
        let mut fold = held(Mode::Auto, &["make", "test"]);
        grant(&mut fold, 1, Terms { lasting, ..terms(9, TEST) });
        run(&mut fold, 1);
        fold.replies(said("done"));
        fold.tell(Report::Finish);
        fold.order(&task("again")).unwrap();
        call(&mut fold, &[&["make", "test"]]);
        let stands = if lasting { CLEARED } else { CallState::Held };
        assert_eq!(state(&fold, 2), stands, "lasting: {lasting}");
    }
}

#[test]
fn a_fork_has_no_lease_of_its_parent() {
    let mut fold = held(Mode::Auto, &["make", "test"]);
    grant(&mut fold, 1, Terms { lasting: true, ..terms(9, TEST) });
    run(&mut fold, 1);
    call(&mut fold, &[&["make", "test"]]);
    assert_eq!(state(&fold, 2), CLEARED);
    let parent = tackroom::domain::event::Parent { session: fold.session.id.clone(), at: fold.session.last };
    fold.put(vec![Fact::SessionForked {
        parent,
        hash: Hash::ZERO,
        workspace: "/srv/fork".into(),
        files: None,
        model: None,
        instructions: None,
        by: crate::harness::fold::operator(),
        program: "test".into(),
    }]);
    assert!(fold.session.leases.is_empty());
    fold.tell(Report::Taken { holder: "w".into() });
    fold.tell(Report::JudgedReady(judged(&fold, 2, Word::Ask, &["make", "test"])));
    assert_eq!(state(&fold, 2), CallState::Held, "what the lease had cleared asks");
}

#[test]
fn what_a_person_has_touched_is_theirs() {
    let mut fold = Fold::running(Mode::Auto);
    call(&mut fold, &[&["make", "test"], &["make", "push"]]);
    let (hash, args) = (fold.hash(2), json!({"argv": ["make", "test"]}));
    fold.order(&Order::ApproveEdited { call: CallId(2), hash, args }).unwrap();
    grant(&mut fold, 1, terms(9, TEST));
    fold.tell(Report::JudgedReady(judged(&fold, 2, Word::Ask, &["make", "test"])));
    assert_eq!(state(&fold, 2), CallState::Cleared { by_person: true }, "by the edit's own approval");
    assert_eq!(fold.session.lease(LeaseNo(1)).unwrap().used, 0);
}

#[test]
fn a_lease_is_given_for_what_was_seen_and_covers_it() {
    let mut fold = held(Mode::Auto, &["make", "test"]);
    let order = |terms: Terms, hash| Order::Grant { call: CallId(1), hash, terms };
    let hash = fold.hash(1);
    let refused = |fold: &Fold, terms: Terms| fold.try_order(&order(terms, hash)).expect_err("refused");
    assert_eq!(fold.try_order(&order(terms(1, TEST), Hash::ZERO)), Err(Refusal::Changed(CallId(1))));
    for pattern in
        ["argv starts [\"make\",\"push\"]", "argv any", "", "argv is [\"make\",\"test\"]\nmore is 1"]
    {
        assert!(matches!(refused(&fold, terms(1, pattern)), Refusal::LeaseMisses(_)), "{pattern}");
    }
    for uses in [0, 1_001] {
        assert!(matches!(refused(&fold, terms(uses, TEST)), Refusal::LeaseMisses(_)));
    }
    let past = Terms { until: Until::At(fold.now), ..terms(1, TEST) };
    assert_eq!(refused(&fold, past), Refusal::LeasePast);
    assert_eq!(fold.try_order(&Order::Revoke(LeaseNo(1))), Err(Refusal::NoLease(LeaseNo(1))));
    grant(&mut fold, 1, terms(1_000, TEST));
    assert_eq!(Line::parse(TEST).unwrap().to_string(), TEST);
}

#[test]
fn no_more_leases_are_kept_than_there_may_be() {
    let mut fold = Fold::running(Mode::Auto);
    let numbers: Vec<String> = (1..=70).map(|id| id.to_string()).collect();
    let argvs: Vec<[&str; 2]> = numbers.iter().map(|id| ["make", id.as_str()]).collect();
    call(&mut fold, &argvs.iter().map(|argv| &argv[..]).collect::<Vec<_>>());
    for id in 1..=70u32 {
        let hash = fold.hash(id);
        let terms = terms(1, &format!("argv is [\"make\",\"{id}\"]"));
        let order = Order::Grant { call: CallId(id), hash, terms };
        match (id <= 64, fold.order(&order)) {
            (true, Ok(_)) => {}
            (false, Err(Refusal::TooMany("leases"))) => {
                fold.order(&Order::Revoke(LeaseNo(id - 64))).unwrap();
                fold.order(&order).expect("there is room again");
            }
            (_, other) => panic!("{id}: {other:?}"),
        }
        assert!(fold.session.leases.len() <= 64);
    }
    let numbers: Vec<u32> = fold.session.leases.iter().map(|lease| lease.no.0).collect();
    assert_eq!(numbers.len(), 64);
    assert_eq!(numbers.last(), Some(&70));
    let json = serde_json::to_string(&fold.session).unwrap();
    let back: Session = serde_json::from_str(&json).unwrap();
    assert_eq!(back.leases, fold.session.leases);
}
