//! What is asked, edited, forked or written about one session never reaches another, by whatever way the screen goes there.

use crate::harness::screen::TestScreen;
use crate::harness::story::{self, Story, stopped};
use serde_json::json;
use tackroom::domain::command::Command;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, SessionId};
use tackroom::domain::notice::{Driver, Notice};
use tackroom::domain::order::Order;
use tackroom::domain::tally::Row;
use tackroom::ui::mode::{Focus, Pane};
use tackroom::ui::parts::Overlay;
use tackroom::ui::update::Msg;

const SIZE: (u16, u16) = (140, 50);

/// Another session in which a write with the same number waits.
fn other() -> Story {
    let mut story = Story::new("0th3rs3ss1", "Another one");
    let read = |path: &str| ("read_file", json!({ "path": path }));
    story.task("Go.").reply(
        900,
        "",
        &[read("a"), read("b"), read("c"), ("write_file", json!({"path": "plan.md", "content": "as it is"}))],
    );
    story.hold_change(4, "plan.md", None, "as it is");
    story
}

fn hash(story: &Story, call: u32) -> Hash {
    story.session.call(CallId(call)).and_then(|call| call.hash).expect("a judged call")
}

/// The desk shows another session: first its name, then what it tells.
fn comes(screen: &mut TestScreen, story: &Story) {
    named(screen, &story.session.id);
    for commit in &story.commits {
        screen.msg(Msg::Notice(Notice::Committed(commit.clone())));
    }
    screen.msg(Msg::Notice(Notice::CaughtUp { session: story.session.id.clone() }));
}

fn named(screen: &mut TestScreen, session: &SessionId) {
    screen.msg(Msg::Notice(Notice::Watching { session: session.clone() }));
}

/// A screen on `story` whose list has `rows`.
fn listing(story: &Story, rows: &[&Story]) -> TestScreen {
    let screen = TestScreen::of(story, SIZE);
    let rows = rows.iter().map(|story| {
        let mut row = Row::new(story.session.id.clone());
        story.events().iter().for_each(|event| row.apply(event));
        row
    });
    crate::harness::shelf::keep(rows.collect());
    screen
}

fn read(screen: &mut TestScreen) {
    screen.press("Esc 4").tick_ms(400);
    for _ in 0..100 {
        screen.press("PageDown");
    }
}

#[test]
fn edited_arguments_die_with_their_question() {
    for way in ["sessions\n\n", "new session\n"] {
        let (story, other) = (story::held(), other());
        let mut screen = listing(&story, &[&other]);
        read(&mut screen);
        screen.press("e").tick_ms(400).press("Down End Left Left").write("-2").press("Ctrl-S");
        assert!(screen.screen().contains("Type \"destroy\""), "{}", screen.screen());
        screen.press("Ctrl-P").write(way);
        assert_eq!(screen.orders(), []);
        comes(&mut screen, &other);
        read(&mut screen);
        screen.press("y").write("destroy\n");
        assert_eq!(screen.orders(), [Order::Approve { call: CallId(4), hash: hash(&other, 4) }], "{way}");
    }
}

#[test]
fn the_word_approves_the_edit_it_was_asked_for() {
    let story = story::held();
    let mut screen = TestScreen::of(&story, SIZE);
    read(&mut screen);
    screen.press("e").tick_ms(400).press("Down End Left Left").write("-2").press("Ctrl-S");
    screen.write("destroy\n");
    let orders = screen.orders();
    let [Order::ApproveEdited { call: CallId(4), hash: bound, args }] = &orders[..] else {
        panic!("{orders:?}")
    };
    assert_eq!(
        (*bound, args == &story.session.call(CallId(4)).unwrap().args().unwrap().clone()),
        (hash(&story, 4), false)
    );
    // Left with Esc, the edit is gone: the next word is about the call as shown.
    screen.tick_ms(400).press("e").tick_ms(400).press("Down End Left Left").write("-3").press("Ctrl-S Esc");
    screen.tick_ms(400).press("y").write("destroy\n");
    assert_eq!(screen.orders(), [Order::Approve { call: CallId(4), hash: hash(&story, 4) }]);
}

#[test]
fn where_a_fork_begins_is_forgotten_with_its_question() {
    let (story, other) = (story::held(), other());
    let mut screen = listing(&story, &[&other]);
    screen.tick_ms(1_000).press("Esc 1 f").write("note").press("Enter");
    screen.press("Ctrl-P").write("sessions\n\n");
    screen.commands();
    comes(&mut screen, &other);
    read(&mut screen);
    screen.press("e").tick_ms(400);
    assert!(screen.screen().contains("Edit c4 write_file"), "{}", screen.screen());
    screen.press("Down End Left Left").write("-2").press("Ctrl-S").write("destroy\n");
    let orders = screen.orders();
    assert!(matches!(&orders[..], [Order::ApproveEdited { call: CallId(4), .. }]), "{orders:?}");
}

#[test]
fn no_list_takes_the_place_of_a_question() {
    let story = story::held();
    let mut screen = TestScreen::of(&story, SIZE);
    screen.tick_ms(1_000).press("Esc 1 f").write("note\n").write("mind").press("Ctrl-P");
    assert!(screen.screen().contains("Fork and tell the agent: mind"), "{}", screen.screen());
    screen.write(" the gap\n");
    let commands = screen.commands();
    assert!(
        matches!(&commands[..], [Command::Fork { twist, .. }] if twist.note.as_deref() == Some("mind the gap")),
        "{commands:?}"
    );
}

#[test]
fn a_word_chosen_from_the_palette_lets_a_run_go_on() {
    for (words, order) in [("step", Order::Step), ("continue", Order::Continue)] {
        let mut screen = TestScreen::of(&stopped(), SIZE);
        screen.tick_ms(1_000).press("1 Ctrl-P").write(words).tick_ms(400).write("\n");
        assert_eq!(screen.orders(), [order], "{words}");
        screen.press("c");
        assert_eq!(screen.orders(), [], "the key after it was not meant for the panel yet");
    }
}

#[test]
fn a_stop_that_arrives_below_the_palette_is_not_let_go() {
    let mut story = Story::new("w0rk1ngaaa", "Work");
    story.task("Go.").ask().order(Order::SetBreakpoint(story::at("risky")));
    let mut screen = TestScreen::of(&story, SIZE);
    screen.press("1 Ctrl-P").write("step");
    story.answer(100, "", "", &[("shell", json!({"argv": ["ls"]}))]);
    story.hold_command(1, &["ls"]).report(tackroom::domain::outcome::Report::Stopping);
    screen.hear(&story).tick_ms(399).write("\n");
    assert_eq!(screen.orders(), []);
}

/// What can be open about a session, with a text typed in it: the keys to it, and what is said when it goes.
const OPEN: [(&str, &str); 7] = [
    ("n", "Your reason for rejecting c4 was not sent"),
    ("r", "Your answer for c4 was not sent"),
    ("m", "Your note was not sent"),
    ("g r", "The new title was not sent"),
    ("b", "The breakpoint was not set"),
    ("e", "Your arguments for c4 were not sent"),
    ("f Down Down Enter", "Your fork was not made"),
];

#[test]
fn what_is_written_about_a_session_goes_with_it_and_that_is_said() {
    for (keys, said) in OPEN {
        let (story, other) = (story::held(), other());
        let mut screen = TestScreen::of(&story, SIZE);
        read(&mut screen);
        screen.press(keys).tick_ms(400).write("word");
        screen.commands();
        named(&mut screen, &other.session.id);
        assert!(screen.screen().contains(said), "{keys}: {}", screen.screen());
        screen.press("Enter Ctrl-S");
        comes(&mut screen, &other);
        screen.press("Enter Ctrl-S");
        assert_eq!(screen.commands(), [], "{keys}");
        assert!(screen.app.over.is_empty() && screen.app.question.is_none(), "{keys}");
    }
}

#[test]
fn what_belongs_to_no_session_stays() {
    let (story, other) = (story::held(), other());
    for keys in ["g s", "?", "g s F1"] {
        let mut screen = TestScreen::of(&story, SIZE);
        screen.press("Esc 1").press(keys);
        comes(&mut screen, &other);
        assert!(matches!(screen.app.over.top(), Some(Overlay::Sessions | Overlay::Help)), "{keys}");
        assert_eq!(screen.app.over.below().is_some(), keys == "g s F1");
    }
    // A word looked up for one session does nothing to another.
    let mut screen = TestScreen::of(&story, SIZE);
    screen.press("Esc 1 Ctrl-P").write("end task");
    named(&mut screen, &other.session.id);
    screen.press("Enter");
    assert_eq!(screen.commands(), []);
}

#[test]
fn a_half_pressed_interrupt_is_not_for_the_next_session() {
    let pushes = |id: &str| {
        let mut story = Story::new(id, "Push");
        story.task("Push it.").reply(900, "", &[("shell", json!({"argv": ["git", "push"]}))]);
        story.hold_command(1, &["git", "push"]).approve(1).start(1);
        story
    };
    let (story, other) = (pushes("f1rsts3ss1"), pushes("s3c0nds3ss"));
    let mut screen = TestScreen::of(&story, SIZE);
    screen.press("Esc 1 Esc");
    assert!(screen.screen().contains("Esc again stops it"), "{}", screen.screen());
    comes(&mut screen, &other);
    screen.msg(Msg::Notice(Notice::Driven { session: other.session.id.clone(), by: Driver::Here }));
    screen.press("Esc");
    assert_eq!(screen.orders(), []);
    screen.press("Esc");
    assert_eq!(screen.orders(), [Order::Interrupt]);
}

#[test]
fn only_the_session_that_is_to_be_played_is_played() {
    let (story, other) = (story::done(), other());
    let mut screen = listing(&story, &[&other]);
    screen.press("Esc 1 g s").press("p");
    assert_eq!(screen.commands().last(), Some(&Command::Replay(other.session.id.clone())));
    let third = stopped();
    comes(&mut screen, &third);
    assert!(screen.app.playback.is_none(), "another session that comes in between is not played");
    named(&mut screen, &other.session.id);
    assert!(screen.app.playback.is_some());
}

#[test]
fn a_draft_stays_with_the_session_it_was_typed_for() {
    let (story, other) = (story::held(), other());
    let mut screen = listing(&story, &[&other]);
    screen.press("i").write("for the first");
    comes(&mut screen, &other);
    assert_eq!(screen.app.composer.text(), "");
    screen.write("for the second");
    comes(&mut screen, &story);
    assert_eq!(screen.app.composer.text(), "for the first");
    comes(&mut screen, &story);
    assert_eq!(screen.app.composer.text(), "for the first", "the same session again");
    screen.press("Esc 1 Ctrl-P").write("new session\n");
    assert_eq!((screen.app.composer.text().as_str(), screen.app.focus), ("", Focus::Composer));
    screen.write("a task").press("Esc 1 g s Enter");
    comes(&mut screen, &other);
    assert_eq!(screen.app.composer.text(), "for the second");
    screen.press("Esc 1 Ctrl-P").write("new session\n");
    assert_eq!(screen.app.composer.text(), "a task");
}

#[test]
fn what_is_typed_while_a_session_begins_goes_along() {
    let mut screen = TestScreen::new(story::tools(), SIZE);
    screen.write("Do it\n").write("and then");
    let other = other();
    comes(&mut screen, &other);
    assert_eq!(screen.app.composer.text(), "and then");
    assert_eq!(screen.app.focus, Focus::Composer);
    screen.press("Esc 1");
    assert_eq!(screen.app.focus, Focus::Pane(Pane::Conversation));
}
