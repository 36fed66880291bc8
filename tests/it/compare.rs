//! Two sessions held against each other: the alignment is true to both, and what differs is named.

use crate::harness::story::{self, Story};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use tackroom::domain::account::{Account, Accountant, Deed};
use tackroom::domain::align::{SAME, align};
use tackroom::domain::call::{Outcome, Preview};
use tackroom::domain::compare::{Comparison, Kind, Shown};
use tackroom::domain::compare_change::{Change, Whole, whole};
use tackroom::domain::compare_words::heads;
use tackroom::domain::event::Parent;
use tackroom::domain::ids::{CallId, EventNo, SessionId};
use tackroom::domain::judged::Judged;
use tackroom::domain::order::Order;
use tackroom::domain::outcome::Report;
use tackroom::domain::policy::{Verdict, Word};
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
        .map(|change| (change.place(), change.left.clone(), change.right.clone()))
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

/// Cause: of arguments that a person changed on one side only, the whole document was told against nothing.
#[test]
fn arguments_that_were_edited_on_one_side_are_told_against_those_proposed() {
    let args = json!({"path": "a.md", "content": "x", "a/b": {"deep": [1, 2]}});
    let left = writes(args.clone(), approved);
    let right = writes(args, |story| {
        let hash = story.session.call(CallId(1)).and_then(|call| call.hash).unwrap();
        let args = json!({"path": "b.md", "content": "x", "a/b": {"deep": [1, 3]}});
        story.order(Order::ApproveEdited { call: CallId(1), hash, args });
        story.hold_change(1, "b.md", None, "x").wait(1).run(1, 5, Outcome::Ok, "wrote it");
    });
    let compared = compared(&left, &right);
    let told: Vec<_> = changes(&compared)
        .into_iter()
        .filter(|change| change.what == "edited")
        .map(|change| (change.name(), change.left.clone().unwrap(), change.right.clone().unwrap()))
        .collect();
    let of = |name: &str, left: &str, right: &str| (name.to_string(), left.to_string(), right.to_string());
    assert_eq!(told, [of("edited /a~1b/deep", "[1,2]", "[1,3]"), of("edited /path", "a.md", "b.md")]);
    assert_eq!(compared.counts().decisions, 1);
}

#[test]
fn a_pair_is_told_whole_as_far_as_it_is_kept() {
    let long = "a".repeat(3_000);
    let text = |last: &str| format!("one\ntwo\n{long}{last}\nfour");
    let left = writes(json!({"path": "a.md", "content": text("1")}), approved);
    let right = writes(json!({"path": "a.md", "content": text("2")}), approved);
    let both = compared(&left, &right);
    let pair = both.pairs.iter().find(|pair| pair.kind() == Kind::Changed).unwrap();
    let expected = Whole {
        name: "arguments /content line 3".to_string(),
        left: Some(text("1")),
        right: Some(text("2")),
    };
    assert_eq!(whole(pair), [expected]);
    let one = compared(&left, &left);
    let same = one.pairs.iter().find(|pair| matches!(&pair.left.as_ref().unwrap().deed, Deed::Called(_)));
    let told = whole(same.unwrap());
    let names: Vec<&str> = told.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["arguments", "decision", "output"]);
    assert!(told[0].left.as_ref().unwrap().contains(&long));
    let huge = writes(json!({"path": "a.md", "content": "b".repeat(9_000)}), approved);
    let both = compared(&left, &huge);
    let pair = both.pairs.iter().find(|pair| pair.kind() == Kind::Changed).unwrap();
    let cut = whole(pair).remove(0).right.unwrap();
    assert!(cut.ends_with("bytes are kept here") && cut.contains("of 90"), "{}", &cut[cut.len() - 60..]);
}

/// Cause: nothing told that two runs had their commands held by other walls.
#[test]
fn another_sandbox_is_named_in_the_heads_and_at_the_call() {
    let runs = |sandbox: &str| {
        let mut story = Story::new("a1a1a1a1a1", "Run it");
        story.task("Run it.").reply(500, "", &[("shell", json!({"argv": ["make"]}))]);
        let word = Word::Allow;
        let verdict = Verdict {
            word,
            rule: "known".into(),
            why: "It is known.".into(),
            policy: "builtin-1".into(),
            person: None,
        };
        story.report(Report::Judged(Judged {
            call: CallId(1),
            verdict,
            touches: Vec::new(),
            preview: Preview::None,
            sandbox: sandbox.to_string(),
        }));
        story.run(1, 5, Outcome::Ok, "made").reply(400, "Done.", &[]).finish();
        story
    };
    let (left, right) = (runs("workspace-write"), runs("none"));
    assert_eq!(right.session.sandbox, "none");
    let compared = compared(&left, &right);
    let told: Vec<String> = changes(&compared).into_iter().map(Change::name).collect();
    assert_eq!(told, ["sandbox"]);
    let mut forked = (*compared).clone();
    forked.left.id = SessionId("b2b2b2b2b2".to_string());
    forked.right.parent = Some(Parent { session: forked.left.id.clone(), at: EventNo(7) });
    assert_eq!(heads(&forked)[0].2, "a1a1a1a1a1, its fork at #7");
    let head = heads(&compared).into_iter().find(|head| head.0 == "sandbox");
    assert_eq!(head, Some(("sandbox", "workspace-write".to_string(), "none".to_string())));
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

/// A session with so many large outputs, the last of them ending so.
fn reads(count: u32, last: &str) -> Story {
    let mut story = Story::new("a1a1a1a1a1", "Read them");
    story.task("Read them.");
    let calls: Vec<u32> = (1..=count).collect();
    for calls in calls.chunks(150) {
        let asked: Vec<_> =
            calls.iter().map(|call| ("read_file", json!({"path": format!("{call}")}))).collect();
        story.reply(5, "", &asked);
        for call in calls {
            story.allow(*call, "a");
        }
        for call in calls {
            let end = if *call == count { last } else { "" };
            let text = format!("{call} {}{end}", "x".repeat(9_000));
            story.run(*call, 5, Outcome::Ok, &text);
        }
    }
    story.reply(5, "Read.", &[]).finish();
    story
}

/// Cause: some kilobytes of each argument, edit and output of both sessions were kept, however many there were.
#[test]
fn of_a_long_session_the_texts_are_kept_within_bounds_and_still_compared() {
    let (short, long) = (reads(20, "a"), reads(3_000, "a"));
    let bytes = |account: &Account| -> usize {
        let text = |line: &tackroom::domain::account::Line| match &line.deed {
            Deed::Called(asked) => {
                asked.args.text.len() + asked.output.as_ref().map_or(0, |kept| kept.text.len())
            }
            Deed::Task(kept) | Deed::Said(kept) | Deed::Steered(kept) => kept.text.len(),
            Deed::Ended(..) => 0,
        };
        account.lines.iter().map(text).sum()
    };
    assert!((4_096..4_160).contains(&(bytes(&account(&short)) / 20)), "of a short one all is kept as it was");
    let kept = bytes(&account(&long));
    assert!((8 << 20..10 << 20).contains(&kept), "{kept}");
    assert_eq!(compared(&long, &long).first, None);
    let other = compared(&long, &reads(3_000, "b"));
    let differ = changes(&other);
    assert_eq!(differ.len(), 1, "{differ:?}");
    assert!(differ[0].left.as_ref().unwrap().contains("differ past the first 256"), "{differ:?}");
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
