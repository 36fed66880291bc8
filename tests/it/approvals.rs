//! A1, A2, A5: an approval is for one action and counts once. Whatever is changed after it (arguments, hash, policy, what is
//! shown, its age) does not run; decisions that are stale, doubled or given by two at once are refused but for one.

use crate::contracts::Dice;
use crate::harness::cases::cases;
use crate::harness::fold::Fold;
use crate::harness::promise;
use crate::harness::world::{Said, World, calling};
use crate::verify;
use serde_json::{Value, json};
use tackroom::domain::call::{CallState, Preview};
use tackroom::domain::event::Fact;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::CallId;
use tackroom::domain::order::Order;
use tackroom::domain::outcome::Report;
use tackroom::domain::policy::{Mode, Word};
use tackroom::runtime::ledger::RecordFault;

/// A text in the place of another, close to it.
fn altered(text: &str, dice: &mut Dice) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = usize::try_from(dice.roll(chars.len() as u64 + 1)).expect("small");
    match dice.roll(4) {
        0 if at < chars.len() => drop(chars.remove(at)),
        1 => chars.insert(
            at,
            ['/', '.', ' ', 'a', '\u{200b}', '\u{430}'][usize::try_from(dice.roll(6)).expect("small")],
        ),
        2 if at + 1 < chars.len() => chars.swap(at, at + 1),
        _ => chars.push('x'),
    }
    chars.into_iter().collect()
}

/// Other arguments than those.
fn mutated(args: &Value, dice: &mut Dice) -> Value {
    loop {
        let mut other = args.clone();
        let name = ["path", "body"][usize::try_from(dice.roll(2)).expect("small")];
        match dice.roll(3) {
            0 => drop(other.as_object_mut().expect("an object").remove(name)),
            1 => other[altered(name, dice)] = json!("x"),
            _ => other[name] = json!(altered(args[name].as_str().expect("a text"), dice)),
        }
        if other != *args {
            return other;
        }
    }
}

#[test]
fn what_was_changed_after_approval_does_not_run() {
    let mut fold = Fold::running(Mode::Auto);
    let args = json!({"path": "src/main.rs", "body": "fn main() {}"});
    fold.calls(&[("write", args.clone())]);
    fold.judge(1, Word::Ask);
    let (call, hash) = (CallId(1), fold.hash(1));
    let held = fold.session.clone();
    fold.order(&Order::Approve { call, hash }).expect("as it was shown");
    let approved = fold.session.clone();
    let starting = |policy: &str, preview: Preview| Report::Starting {
        call,
        policy: policy.into(),
        preview: Some(preview),
    };
    let runs = |facts: &[Fact]| facts.iter().any(|fact| matches!(fact, Fact::CallStarted { .. }));
    assert!(runs(&fold.try_tell(&starting("p1", Preview::None)).expect("as approved")));
    let (all, now) = (cases(10_000_u64), fold.now);
    let mut kinds = [0_u64; 5];
    for seed in 0..all {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let kind = usize::try_from(dice.roll(5)).expect("small");
        kinds[kind] += 1;
        fold.now = now;
        match kind {
            // Other arguments are another action: no approval fits both.
            0 => {
                let other = mutated(&args, &mut dice);
                let theirs = fold.hash_of("write", &other);
                assert_ne!(theirs, hash, "{other}");
                fold.session.clone_from(&held);
                assert!(fold.try_order(&Order::Approve { call, hash: theirs }).is_err(), "{other}");
            }
            // Once approved, the arguments are not changed under it.
            1 => {
                fold.session.clone_from(&approved);
                let args = mutated(&args, &mut dice);
                assert!(fold.try_order(&Order::ApproveEdited { call, hash, args }).is_err());
            }
            // Another policy, or other walls beside it.
            2 => {
                fold.session.clone_from(&approved);
                let policy = altered("p1", &mut dice);
                let facts = fold.try_tell(&starting(&policy, Preview::None)).expect("decided");
                assert_eq!(runs(&facts), policy == "p1", "{policy}: {facts:?}");
            }
            // What it would do is not what was shown.
            3 => {
                fold.session.clone_from(&approved);
                let why = altered("the file is not there", &mut dice);
                let facts = fold.try_tell(&starting("p1", Preview::WouldFail { why })).expect("decided");
                assert!(!runs(&facts), "{facts:?}");
            }
            // It is too old.
            _ => {
                fold.session.clone_from(&approved);
                fold.now = now.plus_ms(60_001 + dice.roll(10_000_000));
                let facts = fold.try_tell(&starting("p1", Preview::None)).expect("decided");
                assert!(!runs(&facts), "{facts:?}");
            }
        }
    }
    promise::kept("A1/A2", format!("{all} changes after approval ({kinds:?} of five kinds), 0 executed"));
}

#[tokio::test]
async fn of_decisions_given_at_once_one_counts() {
    let (all, mut given, mut counted) = (cases(120_u64), 0, 0);
    for seed in 0..all {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let write = |path: &str| ("write", json!({"path": path, "body": "1"}));
        let world = World::new(vec![
            calling(&[write("a"), write("b")]),
            Said::Reply(crate::harness::fold::said("done")),
        ]);
        let id = world.begin(Mode::Auto).await.expect("begun");
        world.drive(&id).await.expect("driven");
        let session = world.session(&id).await.expect("readable");
        let held: Vec<(CallId, Hash)> = session
            .open_calls()
            .filter(|call| call.state == CallState::Held)
            .map(|call| (call.id, call.hash.expect("judged")))
            .collect();
        let order = |dice: &mut Dice| {
            let (call, hash) = held[usize::try_from(dice.roll(held.len() as u64)).expect("small")];
            let stale = held.iter().find(|(other, _)| *other != call).map_or(Hash::ZERO, |(_, hash)| *hash);
            match dice.roll(5) {
                0 => Order::Reject { call, reason: String::new() },
                1 => Order::Respond { call, text: "by hand".into() },
                2 => Order::Approve { call, hash: stale },
                3 => Order::Approve { call: CallId(99), hash },
                _ => Order::Approve { call, hash },
            }
        };
        // Four operators, each with what it saw before anybody answered, all at once.
        let orders: Vec<Order> = (0..4).map(|_| order(&mut dice)).collect();
        let tasks = orders.iter().map(|order| {
            let (mut hand, id, order) = (world.hand(), id.clone(), order.clone());
            tokio::spawn(async move {
                hand.session(&id).await.expect("readable");
                tokio::task::yield_now().await;
                hand.order(&id, &order).await.map(|_| ())
            })
        });
        let tasks: Vec<_> = tasks.collect();
        let mut taken = 0;
        for task in tasks {
            given += 1;
            match task.await.expect("no panic") {
                Ok(()) => taken += 1,
                Err(RecordFault::Refused(_)) => {}
                Err(RecordFault::Log(fault)) => panic!("seed {seed}: {fault}"),
                Err(RecordFault::Unsigned(why)) => panic!("seed {seed}: {why}"),
            }
        }
        counted += taken;
        let session = world.to_the_end(&id).await.expect("driven");
        let events = world.events(&id).await;
        for (call, hash) in &held {
            let decided = events.iter().filter(|event| {
                if let Fact::CallApproved { call: which, hash: shown, .. } = &event.fact {
                    assert!(which != call || shown == hash, "seed {seed}: approved as another action");
                    which == call
                } else if let Fact::CallRejected { call: which, .. }
                | Fact::CallAnswered { call: which, .. } = &event.fact
                {
                    which == call
                } else {
                    false
                }
            });
            assert_eq!(decided.count(), 1, "seed {seed}: {call} is decided once");
        }
        assert!(world.effects.lock().expect("free").values().all(|times| *times == 1), "seed {seed}");
        assert!(!session.calls.iter().any(|call| call.state == CallState::Held));
        verify::whole(&world.commits(&id).await, &format!("seed {seed}"));
    }
    promise::kept(
        "A5",
        format!("{given} decisions, {counted} counted, {} refused, 0 misapplied", given - counted),
    );
    assert!(counted > 0 && counted < given);
}
