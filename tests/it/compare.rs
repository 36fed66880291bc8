//! Two sessions held against each other: the alignment is true to both, and what differs is named.

use crate::harness::story::{self, Story};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use tackroom::domain::account::{Account, Accountant, Deed};
use tackroom::domain::align::{SAME, align};
use tackroom::domain::call::Outcome;
use tackroom::domain::compare::{Change, Comparison, Kind, Shown};
use tackroom::domain::ids::CallId;
use tackroom::domain::order::Order;
use tackroom::ui::update_compare::item_of;

/// What a told session did.
pub fn account(story: &Story) -> Account {
    let mut accountant = Accountant::new(story.session.id.clone());
    story.events().iter().for_each(|event| accountant.apply(event));
    accountant.finish()
}

/// Two told sessions, compared.
pub fn compared(left: &Story, right: &Story) -> Arc<Comparison> {
    Arc::new(Comparison::of(account(left), account(right)))
}

/// A session that writes a file, decided by `decide`.
fn writes(args: Value, decide: impl Fn(&mut Story)) -> Story {
    let mut story = Story::new("a1a1a1a1a1", "Write it");
    story.task("Write it.").reply(500, "I write.", &[("write_file", args)]);
    story.hold_change(1, "a.md", None, "x").wait(2_000);
    decide(&mut story);
    story.reply(400, "Done.", &[]).finish();
    story
}

fn approved(story: &mut Story) {
    story.approve(1).wait(1).run(1, 5, Outcome::Ok, "wrote it");
}

fn changes(compared: &Comparison) -> Vec<&Change> {
    compared.pairs.iter().flat_map(|pair| &pair.changes).collect()
}

#[test]
fn a_session_is_the_same_as_itself() {
    for story in [story::done(), story::unknown(), story::long(30)] {
        let compared = compared(&story, &story);
        assert_eq!(compared.first, None);
        assert!(compared.pairs.iter().all(|pair| pair.kind() == Kind::Same && pair.left == pair.right));
        assert!(compared.folded(2).iter().all(|shown| matches!(shown, Shown::Folded(_))));
    }
}

#[test]
fn a_longer_run_parts_where_the_shorter_ends() {
    let compared = compared(&story::held(), &story::done());
    let first = compared.first.expect("they differ");
    let pair = &compared.pairs[first];
    // The write is there on both sides; on the right it was edited and ran.
    assert!(matches!(&pair.right.as_ref().unwrap().deed, Deed::Called(asked) if asked.call == CallId(4)));
    assert!(pair.decided_otherwise(), "{:?}", pair.changes);
    assert!(compared.pairs[first + 1..].iter().all(|pair| pair.kind() == Kind::Added));
    assert_eq!(compared.counts().removed, 0);
}

#[test]
fn another_decision_is_named() {
    let args = json!({"path": "a.md", "content": "x"});
    let left = writes(args.clone(), approved);
    let right = writes(args, |story| {
        story.order(Order::Reject { call: CallId(1), reason: "no".to_string() });
    });
    let compared = compared(&left, &right);
    assert_eq!(compared.counts().decisions, 1);
    let told: Vec<_> = changes(&compared)
        .into_iter()
        .map(|change| {
            (change.what, change.left.clone().unwrap_or_default(), change.right.clone().unwrap_or_default())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("decision", "approved".to_string(), "rejected: no".to_string()),
            ("outcome", "done".to_string(), "rejected".to_string()),
            ("output", "wrote it".to_string(), String::new()),
        ]
    );
}

#[test]
fn changed_arguments_are_named_by_their_place() {
    let left = writes(json!({"path": "a.md", "content": "one\ntwo\nthree", "mode": 1}), approved);
    let right = writes(json!({"path": "a.md", "content": "one\nTWO\nthree", "force": true}), approved);
    let compared = compared(&left, &right);
    let told: Vec<_> = changes(&compared)
        .into_iter()
        .map(|change| (change.place.clone(), change.left.clone(), change.right.clone()))
        .collect();
    let some = |text: &str| Some(text.to_string());
    assert_eq!(
        told,
        [
            ("/content line 2".to_string(), some("two"), some("TWO")),
            ("/force".to_string(), None, some("true")),
            ("/mode".to_string(), some("1"), None),
        ]
    );
    assert_eq!(compared.counts().decisions, 0);
}

#[test]
fn texts_that_differ_only_far_behind_are_not_the_same() {
    let long = "a".repeat(9_000);
    let left = writes(json!({"path": "a.md", "content": format!("{long}1")}), approved);
    let right = writes(json!({"path": "a.md", "content": format!("{long}2")}), approved);
    let compared = compared(&left, &right);
    let told = changes(&compared);
    assert_eq!(told.len(), 1);
    assert!(told[0].left.as_ref().is_some_and(|left| left.contains("differ past")), "{told:?}");
}

#[test]
fn waiting_is_told_apart_from_working() {
    let story = writes(json!({"path": "a.md", "content": "x"}), approved);
    let time = account(&story).time;
    assert_eq!((time.working, time.waiting), ((500 + 5 + 400) * 1_000, 2_000 * 1_000));
    let events = story.events();
    let all = events.last().unwrap().at.0 - events[0].at.0;
    assert_eq!(time.working + time.waiting + time.between + time.idle, all, "each moment counts once");
}

/// Cause: to fold or unfold a comparison cost its length times its length. Each item is looked at once, none behind the pair.
#[test]
fn folding_looks_at_each_item_once() {
    let shown: Vec<Shown> =
        (0..5_000).map(|at| if at % 3 == 0 { Shown::Folded(at % 7 + 1) } else { Shown::Pair(at) }).collect();
    let mut begins = vec![0];
    for one in &shown {
        let last = begins[begins.len() - 1];
        begins.push(last + if let Shown::Folded(many) = one { *many } else { 1 });
    }
    for pair in (0..begins[shown.len()] + 5).step_by(97) {
        let mut looked_at = 0;
        let item = item_of(shown.iter().inspect(|_| looked_at += 1), pair);
        let expected = begins[..shown.len()].iter().rposition(|begins| *begins <= pair).unwrap();
        assert_eq!(item, expected, "pair {pair}");
        assert!(looked_at <= item + 2, "{looked_at} items for item {item}");
    }
    assert_eq!(item_of([].iter(), 3), 0);
}

#[test]
fn an_insertion_into_a_long_session_is_found_alone() {
    let same = |a: &Vec<usize>, b: &Vec<usize>| {
        align(a.len(), b.len(), &|i, j| if a[i] == b[j] { SAME } else { 0 })
            .into_iter()
            .filter(|row| row.0.is_none() || row.1.is_none())
            .count()
    };
    let left: Vec<usize> = (0..6_000).collect();
    let mut right = left.clone();
    for at in [5_900, 3_000, 1_700, 512, 40] {
        right.insert(at, 100_000 + at);
    }
    assert_eq!(same(&left, &right), 5);
    right.drain(2_000..2_100);
    assert_eq!(same(&left, &right), 105);
}

proptest! {
    #[test]
    fn an_alignment_has_every_item_once_in_order(
        left in proptest::collection::vec(0_u8..5, 0..60),
        right in proptest::collection::vec(0_u8..5, 0..60),
    ) {
        let alike = |i: usize, j: usize| match (left[i], right[j]) {
            (a, b) if a == b => SAME,
            (a, b) if a.abs_diff(b) == 1 => 2,
            _ => 0,
        };
        let rows = align(left.len(), right.len(), &alike);
        let one: Vec<usize> = rows.iter().filter_map(|row| row.0).collect();
        let two: Vec<usize> = rows.iter().filter_map(|row| row.1).collect();
        prop_assert_eq!(one, (0..left.len()).collect::<Vec<_>>());
        prop_assert_eq!(two, (0..right.len()).collect::<Vec<_>>());
        for row in rows {
            prop_assert!(row.0.is_some() || row.1.is_some());
            if let (Some(i), Some(j)) = row {
                prop_assert!(alike(i, j) > 0);
            }
        }
    }
}
