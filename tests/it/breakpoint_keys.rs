//! Breakpoints by keys: what is typed is set and nothing else, what stands is removed, and a hit is let go by a word meant for it.

use crate::harness::cases::cases;
use crate::harness::screen::{TestScreen, decides};
use crate::harness::story::{Story, at, stopped, stopped_allowed, stopped_turn};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use tackroom::domain::ids::{BreakNo, CallId, NoteNo};
use tackroom::domain::order::Order;
use tackroom::domain::outcome::Report;
use tackroom::ui::mode::{Focus, Pane};
use tackroom::ui::parts::Overlay;

fn working() -> Story {
    let mut story = Story::new("w0rk1ngaaa", "Work");
    story.task("Go.").ask();
    story
}

#[test]
fn b_sets_what_is_typed_and_says_what_is_wrong() {
    let mut screen = TestScreen::of(&working(), (120, 40));
    screen.press("b").write("arg:/path~^src");
    assert!(screen.screen().contains("argument /path matches ^src"), "{}", screen.screen());
    assert_eq!(screen.orders(), [], "typing sets nothing");
    screen.write("/\n");
    assert_eq!(screen.orders(), [Order::SetBreakpoint(at("arg:/path~^src/"))]);
    screen.write("\n").write("moon=full\n");
    assert!(screen.screen().contains("nothing to stop at"), "{}", screen.screen());
    assert_eq!(screen.orders(), []);
    assert!(matches!(screen.app.over.top(), Some(Overlay::Breaks(_))), "it stays open");
    screen.press("Esc");
    assert!(screen.app.over.is_empty());
}

#[test]
fn what_stands_is_chosen_and_removed_notes_too() {
    let mut story = stopped_turn();
    story.order(Order::SetBreakpoint(at("risky")));
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("1 b Ctrl-X");
    assert_eq!(screen.orders(), [Order::RemoveBreakpoint(BreakNo(1))]);
    screen.press("Down Ctrl-X").press("Down Down Down Ctrl-X");
    assert_eq!(screen.orders(), [Order::RemoveBreakpoint(BreakNo(2)), Order::RemoveNote(NoteNo(1))]);
    story.order(Order::RemoveBreakpoint(BreakNo(1))).order(Order::RemoveBreakpoint(BreakNo(2)));
    story.order(Order::RemoveNote(NoteNo(1)));
    screen.hear(&story).press("Ctrl-X");
    assert_eq!(screen.orders(), []);
}

#[test]
fn run_until_comes_from_the_palette_and_closes() {
    let mut screen = TestScreen::of(&stopped_turn(), (120, 40));
    screen.press("1 Ctrl-P").write("run until\n");
    assert!(screen.screen().contains("Run until"), "{}", screen.screen());
    screen.write("risky\n");
    assert_eq!(screen.orders(), [Order::RunUntil(at("risky"))]);
    assert!(screen.app.over.is_empty());
    screen.press("b").write("fault").press("Ctrl-R");
    assert_eq!(screen.orders(), [Order::RunUntil(at("fault"))]);
}

#[test]
fn a_hit_is_shown_with_which_breakpoint_and_why_and_s_and_c_let_it_go() {
    for (story, words) in [
        (stopped(), "b1 (arg:/path~^report): the next call is of write_file, and /path is report.md"),
        (
            stopped_allowed(),
            "b1 (effect=read-only): the next call, of read_file, has the effect class read-only",
        ),
        (stopped_turn(), "b1 (steps=1): the task has had 1 model turn"),
    ] {
        let mut screen = TestScreen::of(&story, (160, 50));
        screen.press("4");
        let text = screen.screen();
        assert!(text.contains(words), "{words}: {text}");
        screen.press("s c");
        assert_eq!(screen.orders(), [], "not before the guard is over");
        screen.tick_ms(400).press("s").press("c");
        assert_eq!(screen.orders(), [Order::Step, Order::Continue]);
    }
}

#[test]
fn a_hit_that_arrives_under_the_fingers_is_not_let_go() {
    let mut story = working();
    story.order(Order::SetBreakpoint(at("risky")));
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("1 j");
    story.answer(100, "", "", &[("shell", json!({"argv": ["ls"]}))]);
    story.hold_command(1, &["ls"]).report(Report::Stopping);
    screen.hear(&story).press("c s y c s");
    assert_eq!(screen.orders(), []);
    story.order(Order::Pause);
    screen.hear(&story).press("p p"); // going on from the pause would let the stop go too
    assert_eq!(screen.orders(), []);
    screen.tick_ms(400).press("c p");
    assert_eq!(screen.orders(), [Order::Continue, Order::Resume]);
}

#[test]
fn an_allowed_call_is_edited_or_rejected_in_the_panel() {
    let story = stopped_allowed();
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("4").tick_ms(400).press("y");
    assert_eq!(screen.orders(), [], "there is nothing to approve");
    screen.press("n").write("not that file\n");
    let reason = "not that file".to_string();
    assert_eq!(screen.orders(), [Order::Reject { call: CallId(1), reason }]);
    screen.tick_ms(400).press("e").tick_ms(400);
    screen
        .press("Down End")
        .press("Backspace Backspace Backspace Backspace Backspace")
        .write(".md\"")
        .press("Ctrl-S");
    let orders = screen.orders();
    assert!(
        matches!(&orders[..], [Order::ApproveEdited { call: CallId(1), args, .. }] if args["path"] == "keys.md"),
        "{orders:?} {}",
        screen.screen()
    );
}

#[test]
fn m_writes_a_note_that_is_shown_until_it_is_sent() {
    let mut story = stopped_turn();
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("1 m").write("mind the gap\n");
    assert_eq!(screen.orders(), [Order::AddNote("mind the gap".to_string())]);
    assert!(screen.screen().contains("Note n1, for the next request"), "{}", screen.screen());
    story.order(Order::Continue);
    let notes = vec![NoteNo(1)];
    let request = tackroom::domain::hash::Hash::of(b"request");
    story.report(Report::Asking {
        model: "qwen3-coder".to_string(),
        request,
        frame: None,
        notes,
        route: None,
        ahead: None,
    });
    screen.hear(&story);
    assert!(screen.screen().contains("Note n1, sent"), "{}", screen.screen());
}

#[test]
fn nothing_is_set_in_a_replay_or_without_a_session() {
    let mut screen = TestScreen::new(crate::harness::story::tools(), (120, 40));
    screen.press("Esc b").write("risky\n");
    assert_eq!(screen.orders(), []);
    assert!(screen.app.over.is_empty());
    let mut screen = TestScreen::of(&stopped(), (120, 40));
    screen.press("1 g p");
    assert!(screen.orders().is_empty());
    let story = stopped();
    let session = story.session.id.clone();
    screen.app.replay_wanted = Some(session.clone());
    screen.msg(tackroom::ui::update::Msg::Notice(tackroom::domain::notice::Notice::Watching { session }));
    screen.press("b u m s c");
    assert_eq!(screen.orders(), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(tried()))]

    /// Who writes while a run stops writes: no key of a text sets, removes, decides or lets anything go.
    #[test]
    fn typing_never_lets_a_run_go(words in vec("[ -~]{1,12}", 1..6), hit_after in 0_usize..6) {
        let mut story = working();
        story.order(Order::SetBreakpoint(at("risky")));
        let mut screen = TestScreen::of(&story, (100, 30));
        screen.press("i");
        for (at, word) in words.iter().enumerate() {
            if at == hit_after % words.len() {
                story.answer(100, "", "", &[("shell", json!({"argv": ["ls"]}))]);
                story.hold_command(1, &["ls"]).report(Report::Stopping);
                screen.hear(&story);
            }
            screen.tick_ms(1_000).write(word);
        }
        prop_assert_eq!(screen.app.focus, Focus::Composer);
        prop_assert!(screen.app.stop().is_some(), "the run stands at a breakpoint");
        let orders = screen.orders();
        prop_assert!(orders.iter().all(|order| !decides(order)), "{orders:?}");
        prop_assert!(orders.is_empty(), "{orders:?}");
        screen.press("Esc");
        prop_assert!(matches!(screen.app.focus, Focus::Pane(Pane::Approval | Pane::Conversation)));
    }
}

fn tried() -> u32 {
    let cases = cases(60);
    println!("typing at a breakpoint: {cases} cases");
    cases
}
