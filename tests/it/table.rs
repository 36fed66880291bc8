//! The full table of status × order: which orders a session takes where it stands, and the typed reason where not.

use crate::harness::fold::{Fold, said};
use serde_json::json;
use tackroom::domain::breakpoint::Breakpoint;
use tackroom::domain::call::Preview;
use tackroom::domain::event::{Limits, Settling};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{BreakNo, CallId, LeaseNo, NoteNo};
use tackroom::domain::lease_terms::Terms;
use tackroom::domain::marks::Mark;
use tackroom::domain::message::Finish;
use tackroom::domain::order::{Order, Refusal, Task};
use tackroom::domain::outcome::Report;
use tackroom::domain::policy::{Mode, Word};
use tackroom::domain::run::Status;

const STATUSES: [&str; 13] = [
    "idle",
    "running",
    "held",
    "unknown",
    "paused",
    "stepping",
    "breakpoint",
    "done",
    "failed",
    "cancelled",
    "budget-stopped",
    "cancelling",
    "deleted",
];

fn spec(text: &str) -> Breakpoint {
    Breakpoint::parse(text).expect("a breakpoint")
}

/// Terms for the call that waits.
fn terms() -> Terms {
    Terms::parse("path below .\nbody any").expect("terms")
}

/// A session in that state; call c1 is the one that orders are about.
fn at(status: &str) -> Fold {
    let write = ("write", json!({"path":"a","body":"x"}));
    match status {
        "idle" => Fold::opened(),
        "running" => Fold::running(Mode::Auto),
        "held" | "unknown" | "cancelling" => {
            let mut fold = Fold::running(Mode::Auto);
            fold.calls(&[write]);
            let mut judged = fold.judged(1, Word::Ask);
            if status == "held" {
                let (path, after) = ("a".to_string(), "x".to_string());
                judged.preview = Preview::Change { path, before: None, after, cut: false };
            }
            fold.tell(Report::Judged(judged));
            if status == "unknown" {
                let hash = fold.hash(1);
                fold.order(&Order::Approve { call: CallId(1), hash }).expect("approved");
                fold.start(1);
                fold.tell(Report::Taken { holder: "after a crash".into() });
            }
            if status == "cancelling" {
                fold.order(&Order::Cancel).expect("cancelled");
            }
            fold
        }
        "paused" => {
            let mut fold = Fold::running(Mode::Auto);
            fold.order(&Order::Pause).expect("paused");
            fold
        }
        "stepping" => Fold::running(Mode::Step),
        "breakpoint" => {
            let mut fold = Fold::running(Mode::Auto);
            fold.order(&Order::SetBreakpoint(spec("tool=write"))).expect("set");
            fold.calls(&[write]);
            fold.judge(1, Word::Allow);
            fold.tell(Report::Stopping);
            fold
        }
        "done" => {
            let mut fold = Fold::running(Mode::Auto);
            fold.replies(said("all done"));
            fold.tell(Report::Finish);
            fold
        }
        "failed" => {
            let mut fold = Fold::running(Mode::Auto);
            let mut reply = said("half a");
            reply.finish = Finish::Length;
            fold.replies(reply);
            fold.tell(Report::Finish);
            fold
        }
        "deleted" => {
            let mut fold = at("done");
            fold.order(&Order::Mark(Mark::Delete)).expect("deleted");
            fold
        }
        "cancelled" => {
            let mut fold = Fold::running(Mode::Auto);
            fold.order(&Order::Cancel).expect("cancelled");
            fold.tell(Report::Finish);
            fold
        }
        _ => {
            let mut fold = Fold::opened();
            let limits = Limits::of_steps(1);
            let task =
                Task { input: "t".into(), mode: Mode::Auto, limits, model: "m".into(), base_url: None };
            fold.order(&Order::Start(task)).expect("started");
            fold.tell(Report::Taken { holder: "w".into() });
            fold.calls(&[("nothing", json!({}))]);
            fold.tell(Report::Finish);
            fold
        }
    }
}

fn orders(fold: &Fold) -> Vec<(&'static str, Order)> {
    let call = CallId(1);
    let hash = fold.hash(1);
    let task = Task {
        input: "t".into(),
        mode: Mode::Auto,
        limits: Limits::default(),
        model: "m".into(),
        base_url: None,
    };
    vec![
        ("start", Order::Start(task)),
        ("say", Order::Say("hello".into())),
        ("steer", Order::Steer("left".into())),
        ("approve", Order::Approve { call, hash }),
        ("edit", Order::ApproveEdited { call, hash, args: json!({"path":"b","body":"x"}) }),
        ("reject", Order::Reject { call, reason: String::new() }),
        ("respond", Order::Respond { call, text: "42".into() }),
        ("settle", Order::Settle { call, how: Settling::Happened, note: String::new() }),
        ("pause", Order::Pause),
        ("resume", Order::Resume),
        ("interrupt", Order::Interrupt),
        ("cancel", Order::Cancel),
        ("step", Order::Step),
        ("mode", Order::SetMode(Mode::Ask)),
        ("rename", Order::Rename("new".into())),
        ("pin", Order::Mark(Mark::Pin)),
        ("unpin", Order::Mark(Mark::Unpin)),
        ("archive", Order::Mark(Mark::Archive)),
        ("delete", Order::Mark(Mark::Delete)),
        ("restore", Order::Mark(Mark::Restore)),
        ("continue", Order::Continue),
        ("break", Order::SetBreakpoint(spec("steps=+1"))),
        ("unbreak", Order::RemoveBreakpoint(BreakNo(1))),
        ("until", Order::RunUntil(spec("risky"))),
        ("grant", Order::Grant { call, hash, terms: terms() }),
        ("revoke", Order::Revoke(LeaseNo(1))),
        ("note", Order::AddNote("mind the gap".into())),
        ("unnote", Order::RemoveNote(NoteNo(1))),
    ]
}

fn word(result: &Result<Vec<tackroom::domain::event::Fact>, Refusal>) -> String {
    match result {
        Ok(facts) => facts.iter().map(|fact| fact.kind().to_string()).collect::<Vec<_>>().join("+"),
        Err(refusal) => format!("- {}", format!("{refusal:?}").split([' ', '(', '{']).next().unwrap_or("")),
    }
}

#[test]
fn every_status_meets_every_order() {
    let mut table = String::new();
    for status in STATUSES {
        let fold = at(status);
        let shown = match status {
            "unknown" | "breakpoint" => "held",
            "cancelling" => "running",
            "deleted" => "done",
            other => other,
        };
        assert_eq!(fold.session.status().word(), shown, "the session made for {status}");
        for (name, order) in orders(&fold) {
            table += &format!("{status:<15} {name:<10} {}\n", word(&fold.try_order(&order)));
        }
    }
    println!("status × order: {} cells", table.lines().count());
    insta::assert_snapshot!(table);
}

#[test]
fn an_unopened_session_takes_nothing() {
    let fold = Fold::default();
    for (name, order) in orders(&fold) {
        assert_eq!(fold.try_order(&order), Err(Refusal::NotOpen), "{name}");
    }
}

#[test]
fn a_decision_on_another_action_is_refused() {
    let fold = at("held");
    let stale = Order::Approve { call: CallId(1), hash: Hash::of(b"something else") };
    assert_eq!(fold.try_order(&stale), Err(Refusal::Changed(CallId(1))));
}

#[test]
fn a_decision_counts_once() {
    let mut fold = at("held");
    let hash = fold.hash(1);
    let approve = Order::Approve { call: CallId(1), hash };
    fold.order(&approve).expect("the first counts");
    assert_eq!(fold.try_order(&approve), Err(Refusal::NotHeld { call: CallId(1), state: "cleared" }));
}

#[test]
fn statuses_have_words() {
    assert_eq!(at("held").session.status(), Status::Held);
    assert_eq!(at("budget-stopped").session.status(), Status::BudgetStopped);
}
