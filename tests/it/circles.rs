//! A run that goes in circles: it is told, then held; what is new, or varies, is no circle.

use crate::harness::fold::Fold;
use crate::harness::promise;
use crate::harness::world::{World, calling};
use crate::verify;
use serde_json::{Value, json};
use tackroom::domain::call::{Outcome, Output};
use tackroom::domain::event::{Fact, Limits};
use tackroom::domain::held::Held;
use tackroom::domain::ids::CallId;
use tackroom::domain::message::Message;
use tackroom::domain::next::{Hold, Step, next};
use tackroom::domain::order::Order;
use tackroom::domain::outcome::Report;
use tackroom::domain::policy::{Mode, Word};
use tackroom::domain::rounds::{Circle, LoopRule, Seen};
use tackroom::runtime::agent::Parked;

fn running(loops: LoopRule) -> Fold {
    let mut fold = Fold::opened();
    let limits = Limits { loops, ..Limits::of_steps(200) };
    let (input, model) = ("task".into(), "m".into());
    fold.put(vec![Fact::RunStarted { input, mode: Mode::Auto, limits, model, base_url: None }]);
    fold.tell(Report::Taken { holder: "test".into() });
    fold
}

/// One reply that reads these, with these results; ends in the given order.
fn round(fold: &mut Fold, calls: &[(&str, &str)], outcome: Outcome, backwards: bool) {
    let asked: Vec<(&str, Value)> = calls.iter().map(|(path, _)| ("read", json!({ "path": path }))).collect();
    fold.calls(&asked);
    let first = fold.session.calls_asked() - calls.len() + 1;
    let mut ids: Vec<(u32, &str)> = calls
        .iter()
        .enumerate()
        .map(|(at, (_, result))| (u32::try_from(first + at).unwrap(), *result))
        .collect();
    ids.iter().for_each(|(id, _)| fold.judge(*id, Word::Allow));
    ids.iter().for_each(|(id, _)| fold.start(*id));
    if backwards {
        ids.reverse();
    }
    for (id, result) in ids {
        let (output, _) = Output::bounded(result.into());
        fold.tell(Report::Finished { call: CallId(id), outcome, output, ms: 3 });
    }
}

fn read(fold: &mut Fold, path: &str, result: &str) {
    round(fold, &[(path, result)], Outcome::Ok, false);
}

/// What is told before the model's next turn, if anything is.
fn told(fold: &mut Fold) -> Option<Fact> {
    if next(&fold.session) != Step::Stop(None) {
        assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
        return None;
    }
    let facts = fold.try_tell(&Report::Stopping).expect("stopping");
    fold.put(facts.clone());
    assert_eq!(facts.len(), 1);
    facts.into_iter().next()
}

fn warned(fold: &mut Fold) -> Seen {
    match told(fold) {
        Some(Fact::LoopSeen { seen }) => {
            assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 }, "it is told and goes on");
            let last = fold.session.transcript.last().expect("a note").as_ref().clone();
            assert_eq!(last, Message::System { text: seen.note() }, "the model reads it");
            seen
        }
        other => panic!("{other:?}"),
    }
}

fn held(fold: &mut Fold) -> Seen {
    match told(fold) {
        Some(Fact::RunHeld { why: Held::Loop { seen } }) => {
            assert_eq!((next(&fold.session), fold.session.holds()), (Step::Await, vec![Hold::Rein]));
            seen
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_again_is_told_at_three_and_held_at_five_and_a_word_begins_anew() {
    let mut fold = running(LoopRule::USUAL);
    for _ in 0..2 {
        read(&mut fold, "a", "x");
        assert_eq!(told(&mut fold), None);
    }
    read(&mut fold, "a", "x");
    let seen = warned(&mut fold);
    assert_eq!((seen.circle, seen.times, seen.tools.as_str()), (Circle::Same, 3, "read"));
    read(&mut fold, "a", "x");
    assert_eq!(told(&mut fold), None, "it is told once");
    read(&mut fold, "a", "x");
    assert_eq!(held(&mut fold).times, 5);
    fold.order(&Order::Continue).expect("on");
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
    for _ in 0..2 {
        read(&mut fold, "a", "x");
        assert_eq!(told(&mut fold), None);
    }
    read(&mut fold, "a", "x");
    warned(&mut fold);
}

#[test]
fn the_same_failing_call_is_held_at_three() {
    let mut fold = running(LoopRule::USUAL);
    let fails = |fold: &mut Fold| round(fold, &[("a", "no such file")], Outcome::Error, false);
    fails(&mut fold);
    assert_eq!(told(&mut fold), None);
    fails(&mut fold);
    assert_eq!(warned(&mut fold).circle, Circle::Failing);
    fails(&mut fold);
    assert_eq!((held(&mut fold).circle, fold.session.live().expect("live").steps), (Circle::Failing, 3));
    // A call that cannot even be judged fails in the same way.
    let mut fold = running(LoopRule::USUAL);
    for _ in 0..2 {
        fold.calls(&[("nothing", json!({}))]);
    }
    warned(&mut fold);
    fold.calls(&[("nothing", json!({}))]);
    held(&mut fold);
    promise::kept("B1/B2", "the same failing call: told at two, held at three");
}

/// Cause: a test run tells how long it took, so the same failure was never the same.
#[test]
fn what_fails_with_other_figures_fails_in_the_same_way() {
    let mut fold = running(LoopRule::USUAL);
    let fails = |fold: &mut Fold, text: &str| round(fold, &[("a", text)], Outcome::Error, false);
    fails(&mut fold, "1 failed; finished in 9.53s");
    fails(&mut fold, "1 failed; finished in 10.07s");
    assert_eq!(warned(&mut fold).circle, Circle::Failing);
    fails(&mut fold, "1 failed; finished in 11.2s");
    assert_eq!(held(&mut fold).times, 3);
    let mut fold = running(LoopRule::USUAL);
    for text in ["no a", "no b", "no c", "no d"] {
        fails(&mut fold, text);
        assert_eq!(told(&mut fold), None, "it fails in another way each time");
    }
}

#[test]
fn two_in_turn_and_three_in_turn_are_seen_and_what_ends_first_is_nothing_to_it() {
    for period in [2_usize, 3] {
        let mut fold = running(LoopRule { idle_warn: 0, idle_hold: 0, ..LoopRule::USUAL });
        let mut seen = None;
        let mut rounds = 0;
        while seen.is_none() {
            let path = ["a", "b", "c"][rounds % period];
            round(&mut fold, &[(path, "x"), ("d", "y")], Outcome::Ok, rounds % 2 == 1);
            rounds += 1;
            if let Some(Fact::LoopSeen { seen: found }) = told(&mut fold) {
                seen = Some(found);
            }
        }
        let seen = seen.expect("seen");
        assert_eq!((rounds, seen.times, usize::from(seen.period)), (period * 3, 3, period));
        assert_eq!(seen.circle, Circle::Turns);
    }
}

#[test]
fn nothing_new_in_whatever_order_is_told_and_held() {
    let rule = LoopRule { warn: 0, hold: 0, failing: 0, ..LoopRule::USUAL };
    let mut fold = running(rule);
    for path in ["a", "b", "c", "d", "e"] {
        read(&mut fold, path, "x");
        assert_eq!(told(&mut fold), None);
    }
    let order = ["c", "a", "e", "b", "d", "a", "c", "e", "b", "a", "d", "c"];
    for (n, path) in (1..).zip(order) {
        read(&mut fold, path, "x");
        match n {
            8 => assert_eq!((warned(&mut fold).circle, n), (Circle::Idle, 8)),
            12 => assert_eq!(held(&mut fold).times, 12),
            _ => assert_eq!(told(&mut fold), None, "{n}"),
        }
    }
    // A new result among old ones is progress.
    let mut fold = running(rule);
    read(&mut fold, "a", "x");
    for n in 0..40 {
        round(&mut fold, &[("a", "x"), (&format!("n{}", n / 7), "y")], Outcome::Ok, false);
        assert_eq!(told(&mut fold), None);
    }
}

#[test]
fn what_varies_is_no_circle_and_zero_is_never() {
    let mut fold = running(LoopRule::USUAL);
    for n in 0..30 {
        read(&mut fold, "clock", &format!("{n}"));
        assert_eq!(told(&mut fold), None, "another result each time");
    }
    for n in 0..30 {
        read(&mut fold, &format!("f{n}"), "x");
        assert_eq!(told(&mut fold), None, "other arguments each time");
    }
    let mut fold = running(LoopRule::default());
    for _ in 0..60 {
        read(&mut fold, "a", "x");
        assert_eq!(told(&mut fold), None);
    }
}

#[test]
fn once_it_left_a_circle_it_is_told_of_the_next() {
    let mut fold = running(LoopRule::USUAL);
    for path in ["a", "b"] {
        for _ in 0..2 {
            read(&mut fold, path, "x");
            assert_eq!(told(&mut fold), None);
        }
        read(&mut fold, path, "x");
        warned(&mut fold);
    }
}

#[tokio::test]
async fn a_driven_run_is_held_is_whole_and_goes_on() {
    let turns = (0..9).map(|_| calling(&[("read", json!({"path": "a"}))])).collect();
    let world = World::new(turns);
    let limits = Limits { loops: LoopRule::USUAL, ..Limits::of_steps(200) };
    let id = world.begin_with(Mode::Auto, limits).await.expect("begun");
    assert_eq!(world.drive(&id).await.expect("driven"), Parked::Held);
    assert_eq!(world.drive(&id).await.expect("driven"), Parked::Held, "taken up again it is held still");
    let session = world.session(&id).await.expect("read");
    assert_eq!(session.live().expect("live").steps, 5);
    world.hand().order(&id, &Order::Continue).await.expect("on");
    assert_eq!(world.drive(&id).await.expect("driven"), Parked::Idle, "four more are none");
    verify::whole(&world.commits(&id).await, "in circles");
}
