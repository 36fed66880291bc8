//! The inbox by keys: the list told by rows alone, every hold under the panel's rules, and batches item by item.

use crate::harness::many::{Many, command, listed, row, three, write};
use crate::harness::screen::decides;
use crate::harness::story::{self, Story};
use proptest::prelude::*;
use tackroom::domain::call::CallState;
use tackroom::domain::command::Command;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::CallId;
use tackroom::domain::inbox::{Answered, HoldId};
use tackroom::domain::order::{Order, Refusal};
use tackroom::domain::session::Session;
use tackroom::domain::tally::{self, Row};
use tackroom::domain::waits::Waits;
use tackroom::ui::app::GUARD_MS;
use tackroom::ui::mode::{Focus, Pane};
use tackroom::ui::parts::Overlay;
use tackroom::ui::update::{Effect, Mouse, Msg};

const SIZE: (u16, u16) = (120, 40);
const PUSH: &str = "c0mmandsq1";
const FILE: &str = "wr1tesq000";
const SITE: &str = "c0mmandsq2";

fn approve(many: &Many, id: &str) -> (String, Order) {
    (id.to_string(), Order::Approve { call: CallId(1), hash: many.hash(id) })
}

fn reject(id: &str, reason: &str) -> (String, Order) {
    (id.to_string(), Order::Reject { call: CallId(1), reason: reason.to_string() })
}

/// After every event of every story, the rows list exactly what the fold says is waiting, with its tool, since when, and
/// its hash.
#[test]
fn the_rows_tell_what_the_folds_tell() {
    let told = [
        story::held(),
        story::done(),
        story::unknown(),
        story::stopped(),
        story::stopped_allowed(),
        story::stopped_turn(),
        write("wr1tesq000", "Write", "a.md", 10),
    ];
    let mut seen = 0;
    for story in &told {
        let (mut row, mut session) =
            (Row::new(story.session.id.clone()), Session::new(story.session.id.clone()));
        for event in story.events() {
            row.apply(&event);
            session.apply(&event);
            let listed = tackroom::domain::inbox::holds(std::slice::from_ref(&row), &[]);
            let mut waiting = tally::pending(&session);
            waiting.sort_by_key(|one| (one.since, one.waits != Waits::Breakpoint));
            assert_eq!(listed.len(), waiting.len(), "{} at {}", story.session.title, event.no);
            for (listed, waits) in listed.iter().zip(&waiting) {
                assert_eq!((listed.waits, &listed.tool), (waits.waits, &waits.tool), "{}", event.no);
                assert_eq!((listed.since, &listed.title), (waits.since, &waits.title), "{}", event.no);
                if let Some(call) = listed.id.call {
                    assert_eq!(listed.hash, session.call(call).unwrap().hash);
                    assert_eq!(listed.touches, waits.touches);
                    assert_eq!(listed.destroys, session.call(call).unwrap().destroys);
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 10, "holds were compared: {seen}");
}

#[test]
fn a_row_of_before_lists_its_hold_without_the_rest() {
    let mut old = serde_json::to_value(row(&story::held())).unwrap();
    assert!(old.as_object_mut().unwrap().remove("waits").is_some());
    let old: Row = serde_json::from_value(old).unwrap();
    let listed = tackroom::domain::inbox::holds(&[old], &[]);
    assert_eq!((listed.len(), listed[0].hash, listed[0].id.call), (1, None, Some(CallId(4))));
}

#[test]
fn the_longest_waiting_stands_first_and_is_shown_beside() {
    let mut many = Many::open(three(), SIZE);
    let text = many.screen.screen();
    let place = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}:\n{text}"));
    assert!(place("Write the report") < place("Restart the site"));
    assert!(place("Restart the site") < place("Push the notes"));
    assert!(text.contains("3 things wait for you  in 3 sessions"), "{text}");
    assert!(text.contains("call      c1  write_file"), "the chosen one is shown whole:\n{text}");
    assert_eq!(many.chosen(), FILE);
    assert_eq!(many.looks, 1, "only what is chosen is read");
}

#[test]
fn one_is_decided_under_the_rules_of_the_panel() {
    let mut many = Many::open(three(), SIZE);
    many.press("j");
    assert_eq!(many.chosen(), SITE);
    // The list has the keys: y marks and sends nothing; in the panel nothing counts before the guard is over.
    many.press("Enter");
    many.screen.press("Esc").press("Enter").press("y");
    assert_eq!(many.answers(), []);
    many.screen.tick_ms(399).press("y");
    assert_eq!(many.answers(), []);
    many.screen.tick_ms(1).press("y");
    assert_eq!(many.answers(), [approve(&many, SITE)]);
    many.answered(SITE, 1, Answered::Done);
    assert!(many.screen.screen().contains("c1 shell of Restart the site: approved"));
}

#[test]
fn a_destructive_one_wants_the_word_and_a_rejection_takes_a_reason() {
    let mut many = Many::open(three(), SIZE);
    many.press("Enter y").write("yes\n");
    assert_eq!(many.answers(), []);
    many.press("y").write("destroy\n");
    assert_eq!(many.answers(), [approve(&many, FILE)]);
    many.press("n").write("not now\n");
    assert_eq!(many.answers(), [reject(FILE, "not now")]);
    many.press("r").write("did it by hand\n");
    let text = "did it by hand".to_string();
    assert_eq!(many.answers(), [(FILE.to_string(), Order::Respond { call: CallId(1), text })]);
}

#[test]
fn arguments_are_edited_for_the_chosen_session() {
    let mut many = Many::open(three(), SIZE);
    many.press("j Enter e");
    assert!(matches!(many.screen.app.over.top(), Some(Overlay::Editor(_))), "{}", many.screen.screen());
    many.press("Ctrl-Home").write("{\"argv\":[\"true\"]}").press("Ctrl-Home");
    many.press("Esc");
    assert_eq!(many.answers(), []);
    many.press("e Ctrl-Home").write("{\"x\": 1}").press("Ctrl-S");
    assert_eq!(many.answers(), [], "what is no JSON goes nowhere");
    many.press("Esc e Ctrl-End End");
    let written = editor(&many).text.text().chars().count();
    many.press(&"Backspace ".repeat(written));
    assert!(editor(&many).text.is_empty());
    let hash = many.hash(SITE);
    many.write("{\"argv\":[\"true\"]}").press("Ctrl-S");
    let args = serde_json::json!({"argv": ["true"]});
    assert_eq!(many.answers(), [(SITE.to_string(), Order::ApproveEdited { call: CallId(1), hash, args })]);
}

fn editor(many: &Many) -> &tackroom::ui::edit_args::ArgEditor {
    let Some(Overlay::Editor(editor)) = many.screen.app.over.top() else { panic!("the editor is open") };
    editor
}

#[test]
fn an_unknown_outcome_is_settled() {
    let mut many = Many::open(vec![story::unknown()], SIZE);
    many.press("Enter n").write("gone\n");
    let answers = many.answers();
    assert!(
        matches!(&answers[..], [(_, Order::Settle { call: CallId(2), note, .. })] if note == "gone"),
        "{answers:?}"
    );
}

#[test]
fn a_breakpoint_is_let_go() {
    let mut many = Many::open(vec![story::stopped_turn()], SIZE);
    many.press("Space");
    assert!(many.screen.screen().contains("no part of a batch"), "{}", many.screen.screen());
    many.press("Enter c");
    assert_eq!(many.answers(), [("t0rn5t0pp3".to_string(), Order::Continue)]);
}

#[test]
fn a_batch_says_each_by_itself_and_wants_the_word() {
    let mut many = Many::open(three(), SIZE);
    // Shown for longer than a glance, each was read: it fits the panel.
    many.press("y j y j n").write("nothing is pushed\n").press("d");
    let text = many.screen.screen();
    for words in ["Send 3 decisions", "reject", "nothing is pushed", "write report.md", "can destroy"] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    many.press("Enter");
    assert_eq!(many.answers(), [], "without the word nothing goes out");
    many.write("destroy").press("Enter");
    let expected = [approve(&many, FILE), approve(&many, SITE), reject(PUSH, "nothing is pushed")];
    assert_eq!(many.answers(), expected);
    many.answered(FILE, 1, Answered::Done);
    many.answered(SITE, 1, Answered::Refused(Refusal::Changed(CallId(1))));
    let state = "rejected";
    many.answered(PUSH, 1, Answered::Refused(Refusal::NotHeld { call: CallId(1), state }));
    let text = many.screen.screen();
    for words in ["result    done", "it changed since it was shown", "somebody was quicker, it is rejected"] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    many.press("Enter");
    assert!(many.screen.app.over.is_empty());
    assert_eq!(many.answers(), [], "nothing goes out twice");
}

#[test]
fn without_something_destructive_enter_sends_after_the_guard() {
    let mut many = Many::open(three(), SIZE);
    many.press("j y d");
    many.screen.tick_ms(0).press("Enter");
    many.screen.tick_ms(100).press("Enter");
    assert_eq!(many.answers(), []);
    let tick = tackroom::ui::update::next_tick_ms(&many.screen.app);
    assert!(tick.is_some_and(|ms| ms <= 50), "the page says when its keys count: {tick:?}");
    many.screen.tick_ms(300).press("Enter");
    assert_eq!(many.answers(), [approve(&many, SITE)]);
}

#[test]
fn what_was_not_read_is_not_approved() {
    // So narrow that the list alone is shown: nothing was read.
    let mut many = Many::open(three(), (80, 24));
    many.press("Space");
    assert!(many.screen.screen().contains("is not read yet"), "{}", many.screen.screen());
    many.press("y d Enter").write("destroy").press("Enter");
    assert!(many.screen.screen().contains("None of these can be sent"), "{}", many.screen.screen());
    assert_eq!(many.answers(), []);
    // Read in the panel, it can be marked.
    many.press("Esc Enter");
    for _ in 0..20 {
        many.press("PageDown");
    }
    many.press("Esc y d");
    many.write("destroy").press("Enter");
    assert_eq!(many.answers(), [approve(&many, FILE)]);
}

#[test]
fn a_glance_is_not_reading() {
    let mut many = Many::open(three(), SIZE);
    many.screen.tick_ms(500).press("j");
    many.settle();
    many.screen.tick_ms(100).press("y");
    assert!(many.screen.screen().contains("not read yet"), "{}", many.screen.screen());
}

#[test]
fn the_choice_stays_on_its_hold_while_others_come_and_go() {
    let mut many = Many::open(three(), SIZE);
    many.press("j");
    assert_eq!(many.chosen(), SITE);
    many.stories.push(command("0lderstory", "Older", &["ls"], 0));
    many.tell();
    assert_eq!(many.chosen(), SITE, "another came before it");
    many.story(FILE).order(Order::Reject { call: CallId(1), reason: String::new() });
    many.tell();
    assert_eq!(many.chosen(), SITE, "the one before it went");
    many.press("Enter n").write("half a rea");
    many.story(SITE).order(Order::Reject { call: CallId(1), reason: String::new() });
    many.tell();
    assert_eq!(many.chosen(), PUSH, "it went itself: the next one takes its place");
    assert!(many.screen.screen().contains("no longer waits"), "{}", many.screen.screen());
    many.write("son\n");
    assert_eq!(many.answers(), [], "what was written was not sent to another");
    assert_eq!(many.screen.app.focus, Focus::Pane(Pane::Approval));
    many.screen.press("y");
    assert_eq!(many.answers(), [], "and its guard is not over");
}

#[test]
fn the_same_call_of_another_session_is_another() {
    let twins = vec![command("tw1nsq0001", "A", &["ls"], 0), command("tw1nsq0002", "A", &["ls"], 0)];
    let mut many = Many::open(twins, SIZE);
    many.press("Enter Esc j");
    many.screen.press("Enter y");
    assert_eq!(many.answers(), []);
    many.press("y");
    assert_eq!(many.answers(), [approve(&many, "tw1nsq0002")]);
}

#[test]
fn a_mark_does_not_outlive_a_change() {
    let mut many = Many::open(three(), SIZE);
    many.press("j y d");
    // While the page is open, somebody edits the call and the policy asks again.
    let hash = many.hash(SITE);
    let args = serde_json::json!({"argv": ["systemctl", "stop", "site"]});
    let story = many.story(SITE);
    story.order(Order::ApproveEdited { call: CallId(1), hash, args });
    story.hold_command(1, &["systemctl", "stop", "site"]);
    let waits = story.session.call(CallId(1)).is_some_and(|call| call.hash != Some(hash));
    assert!(waits);
    many.tell();
    many.press("Enter");
    assert_eq!(many.answers(), [], "{}", many.screen.screen());
}

#[test]
fn leaving_gives_the_workbench_back_as_it_was() {
    let mut many = Many::open(three(), SIZE);
    many.press("Esc");
    assert!(many.screen.app.inbox.is_none());
    assert_eq!(many.screen.commands(), [Command::Inbox(false)]);
    assert_eq!(many.screen.app.focus, Focus::Pane(Pane::Conversation));
    many.press("g i").tell();
    many.press("j w");
    let commands = many.screen.commands();
    assert!(
        matches!(&commands[1..], [Command::Inbox(false), Command::Watch(id)] if id.as_str() == SITE),
        "{commands:?}"
    );
}

#[test]
fn the_mouse_chooses_and_never_decides() {
    let mut many = Many::open(three(), SIZE);
    many.screen.msg(Msg::Mouse(Mouse::Click(5, 5)));
    many.settle();
    assert_eq!(many.chosen(), SITE);
    many.screen.tick_ms(500).msg(Msg::Mouse(Mouse::Click(80, 20)));
    assert_eq!(many.screen.app.focus, Focus::Pane(Pane::Approval));
    assert_eq!(many.answers(), []);
}

#[test]
fn a_hold_that_comes_while_nobody_looks_rings() {
    let mut many = Many::open(three(), SIZE);
    many.screen.msg(Msg::Focus(false));
    many.screen.effects.clear();
    many.stories.push(command("n3wsq00000", "New", &["ls"], 9_000));
    many.tell();
    let bells = many.screen.effects.iter().filter(|effect| matches!(effect, Effect::Bell(_))).count();
    assert_eq!(bells, 1);
}

/// What is in front of the operator: the chosen hold and its action where no page lies over them, where the keys go, whether
/// a page or a question is open. What goes and comes below a page is not in front: the page has its own rows.
fn in_front(many: &Many) -> (Option<HoldId>, Option<Hash>, Focus, bool, bool) {
    let app = &many.screen.app;
    let covered = app.over.top().is_some();
    let held = app.inbox.as_ref().filter(|_| !covered).and_then(|inbox| inbox.chosen());
    let (id, hash) = (held.map(|held| held.id.clone()), held.and_then(|held| held.hash));
    (id, hash, app.focus, covered, app.question.is_some())
}

/// A hold comes, one goes, or one is another.
fn come_and_go(many: &mut Many, kind: usize, nth: usize) {
    let waits =
        |story: &Story| story.session.call(CallId(1)).is_some_and(|call| call.state == CallState::Held);
    match (kind, many.stories.iter().position(waits)) {
        (0, _) | (_, None) => many.stories.push(command(&format!("c0mesq{nth:04}"), "New", &["ls"], 0)),
        (1, Some(at)) => {
            many.stories[at].order(Order::Reject { call: CallId(1), reason: String::new() });
        }
        (_, Some(at)) => {
            let hash = many.stories[at].session.call(CallId(1)).and_then(|call| call.hash).expect("judged");
            let args = serde_json::json!({"argv": ["rm", "-r", "x"]});
            many.stories[at].order(Order::ApproveEdited { call: CallId(1), hash, args });
            many.stories[at].hold_command(1, &["rm", "-r", "x"]);
        }
    }
    many.tell();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However long a burst of keys is, and whatever holds go and come in it: a key approves only what had been in front
    /// of the operator, in the same place and unchanged, for as long as the guard takes.
    #[test]
    fn a_burst_approves_nothing_that_has_just_come(
        text in "[yyyyndjkez \n]{60,100}", pace in 5u64..60, news in prop::collection::vec((0usize..100, 0usize..3), 0..6)
    ) {
        let mut many = Many::open(three(), SIZE);
        let (mut since, mut now) = (0, 0);
        let mut before = in_front(&many);
        for (at, c) in text.chars().enumerate() {
            now += pace;
            many.screen.tick_ms(pace);
            for (nth, (_, kind)) in news.iter().enumerate().filter(|(_, (when, _))| *when == at) {
                come_and_go(&mut many, *kind, nth);
            }
            since = if in_front(&many) == before { since } else { now };
            before = in_front(&many);
            many.write(&c.to_string());
            let approved = many.answers().into_iter().find(|(_, order)| matches!(order, Order::Approve { .. }));
            if let Some((session, order)) = approved {
                prop_assert!(now - since >= GUARD_MS, "{order:?} in {session}: {} ms after it came, {text:?}", now - since);
                let chosen = before.0.as_ref().map(|id| id.session.to_string());
                prop_assert!(before.3 || chosen == Some(session), "what is approved is the one that was chosen");
            }
            since = if in_front(&many) == before { since } else { now };
            before = in_front(&many);
        }
    }

    /// Whatever is typed at once, at any speed below the guard, decides nothing; and the list alone never decides.
    #[test]
    fn typing_never_approves(text in "[ -~\n]{1,24}", into in prop::bool::ANY) {
        let mut many = Many::open(three(), SIZE);
        if into {
            many.screen.press("Enter");
        }
        for c in text.chars() {
            many.screen.tick_ms(11);
            many.write(&c.to_string());
        }
        let approvals = many.answers().into_iter().filter(|(_, order)| {
            decides(order) && !matches!(order, Order::Reject { .. })
        });
        prop_assert_eq!(approvals.count(), 0);
    }
}

/// What a list costs does not grow with what the sessions hold.
#[test]
fn no_session_is_read_for_the_list() {
    let stories: Vec<Story> =
        (0..40).map(|n| command(&format!("m4nysq{n:04}"), "Many", &["ls"], n)).collect();
    let holds = listed(&stories, false);
    assert_eq!(holds.len(), 40);
    let mut many = Many::open(stories, SIZE);
    many.tell().tell().tell();
    assert_eq!(many.looks, 1);
    many.press("j j");
    assert_eq!(many.looks, 3);
    many.press("k k");
    assert_eq!(many.looks, 3, "what was looked at and did not change is kept");
}

#[test]
fn a_session_that_nobody_drives_is_listed_and_taken_up() {
    let mut left = Story::new("l3ftsq0000", "Left alone");
    left.task("Go.").ask();
    let mut many = Many::open(vec![left], SIZE);
    assert_eq!(many.chosen(), "", "somebody drives it");
    many.left = true;
    many.tell();
    let text = many.screen.screen();
    assert!(text.contains("nobody drives it") && text.contains("interrupted"), "{text}");
    many.press("Enter");
    assert!(many.screen.screen().contains("c takes it up here"), "{}", many.screen.screen());
    many.press("Space c");
    let commands = many.screen.commands();
    assert!(
        matches!(&commands[..], [Command::Resume(id)] if id.as_str() == "l3ftsq0000"),
        "it is driven and nothing else: {commands:?}"
    );
}
