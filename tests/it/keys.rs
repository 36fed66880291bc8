//! Key strings in; screen text and orders out, through the real update and view.

use crate::harness::cases::cases;
use crate::harness::promise;
use crate::harness::screen::{TestScreen, decides};
use crate::harness::story::{Story, held, unknown};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use tackroom::domain::command::Command;
use tackroom::domain::event::Settling;
use tackroom::domain::ids::CallId;
use tackroom::domain::notice::{Driver, Notice};
use tackroom::domain::order::{Order, Refusal};
use tackroom::ui::mode::{Focus, Pane};
use tackroom::ui::update::{Effect, Mouse, Msg};

/// A story in which a command waits, none of it destroying.
fn command(argv: &[&str]) -> Story {
    let mut story = Story::new("c0mmandsq1", "Push");
    story.task("Push it.").reply(900, "Pushing.", &[("shell", json!({ "argv": argv }))]);
    story.hold_command(1, argv);
    story
}

fn hash(story: &Story, call: u32) -> tackroom::domain::hash::Hash {
    story.session.call(CallId(call)).and_then(|call| call.hash).expect("a judged call")
}

/// Scrolls the panel to its end.
fn read(screen: &mut TestScreen) {
    screen.press("4").tick_ms(400);
    for _ in 0..200 {
        screen.press("PageDown");
    }
}

#[test]
fn y_approves_what_was_shown_and_only_after_the_guard() {
    let story = command(&["git", "push"]);
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("4");
    read(&mut screen);
    screen.press("1").press("4").press("y");
    assert_eq!(screen.orders(), []);
    screen.tick_ms(399).press("y");
    assert_eq!(screen.orders(), []);
    screen.tick_ms(1).press("y");
    assert_eq!(screen.orders(), [Order::Approve { call: CallId(1), hash: hash(&story, 1) }]);
}

#[test]
fn approve_is_off_until_every_line_was_on_screen_and_the_panel_says_so() {
    let story = command(&["git", "push", "--force", "origin", "main"]);
    let mut screen = TestScreen::of(&story, (40, 15));
    screen.press("4").tick_ms(500).press("y");
    assert_eq!(screen.orders(), []);
    screen.tick_ms(10_000);
    let text = screen.screen();
    assert!(text.contains("to read"), "{text}");
    screen.press("G y");
    assert_eq!(screen.orders(), [], "the end alone is not the whole");
    screen.press("g g");
    for _ in 0..100 {
        screen.press("Ctrl-D");
    }
    screen.press("y");
    assert_eq!(screen.orders(), [Order::Approve { call: CallId(1), hash: hash(&story, 1) }]);
}

#[test]
fn another_width_must_be_read_again() {
    let story = command(&["git", "push", "--force", "origin", "main"]);
    let mut screen = TestScreen::of(&story, (60, 20));
    read(&mut screen);
    screen.msg(Msg::Resize(44, 14)).press("y").tick_ms(500).press("y");
    assert_eq!(screen.orders(), []);
}

#[test]
fn a_destructive_call_wants_the_word() {
    let story = held();
    let mut screen = TestScreen::of(&story, (140, 50));
    read(&mut screen);
    screen.press("y");
    assert!(screen.screen().contains("Type \"destroy\""), "{}", screen.screen());
    screen.write("y\n");
    assert_eq!(screen.orders(), []);
    screen.tick_ms(400).press("y").write("destroy\n");
    assert_eq!(screen.orders(), [Order::Approve { call: CallId(4), hash: hash(&story, 4) }]);
}

#[test]
fn n_rejects_with_a_reason_and_esc_takes_it_back() {
    let story = command(&["git", "push"]);
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("4").tick_ms(400).press("n").write("not yet").press("Esc");
    assert_eq!(screen.orders(), []);
    screen.tick_ms(400).press("n").write("not on a friday\n");
    let reason = "not on a friday".to_string();
    assert_eq!(screen.orders(), [Order::Reject { call: CallId(1), reason }]);
}

#[test]
fn r_responds_and_wants_words() {
    let story = command(&["git", "push"]);
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("4").tick_ms(400).press("r Enter");
    assert_eq!(screen.orders(), []);
    screen.write("pushed by hand\n");
    assert_eq!(screen.orders(), [Order::Respond { call: CallId(1), text: "pushed by hand".to_string() }]);
}

#[test]
fn e_edits_with_faults_beside_the_line() {
    let story = command(&["git", "push"]);
    let mut screen = TestScreen::of(&story, (120, 40));
    read(&mut screen);
    screen.press("e").tick_ms(400).press("Backspace Delete Ctrl-S");
    assert!(screen.screen().contains("not JSON"), "{}", screen.screen());
    assert_eq!(screen.orders(), []);
    screen
        .press("Ctrl-Home")
        .write("{")
        .press("Down Down Down Down End")
        .write("\n  ,\"args\": [\"--dry-run\"]");
    assert!(screen.screen().contains("fits the tool"), "{}", screen.screen());
    screen.press("Ctrl-D");
    assert!(screen.screen().contains("--dry-run"));
    screen.press("Ctrl-S");
    let orders = screen.orders();
    assert!(
        matches!(&orders[..], [Order::ApproveEdited { call: CallId(1), args, .. }] if args["args"][0] == "--dry-run"),
        "{orders:?}"
    );
}

#[test]
fn esc_leaves_the_call_untouched() {
    let story = command(&["git", "push"]);
    let mut screen = TestScreen::of(&story, (120, 40));
    read(&mut screen);
    screen.press("e").tick_ms(400).write("garbage").press("Esc Ctrl-S y");
    assert_eq!(screen.orders(), []);
}

#[test]
fn an_unknown_outcome_is_settled_by_a_person() {
    for (key, how) in [("y", Settling::Happened), ("r", Settling::Again), ("n", Settling::Abandon)] {
        let story = unknown();
        let mut screen = TestScreen::of(&story, (120, 40));
        read(&mut screen);
        screen.press(key).write("I looked\n");
        let note = "I looked".to_string();
        assert_eq!(screen.orders(), [Order::Settle { call: CallId(2), how, note }]);
    }
    promise::kept("R14", "3 of 3 answers by keys");
}

#[test]
fn the_panel_takes_the_keys_only_from_who_does_not_write() {
    let mut story = Story::new("f0cusq1aaa", "Focus");
    story.task("Go.").reply(900, "", &[("shell", json!({"argv": ["ls"]}))]);
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("i").write("hello ");
    story.hold_command(1, &["ls"]);
    screen.tick_ms(60_000).hear(&story).write("y you yes n");
    assert_eq!(screen.orders(), []);
    assert_eq!(screen.app.composer.text(), "hello y you yes n");
    assert!(screen.screen().contains("come here to decide"), "{}", screen.screen());
    screen.press("Esc");
    assert_eq!(screen.app.focus, Focus::Pane(Pane::Approval));
}

#[test]
fn the_panel_takes_the_keys_of_who_only_looks() {
    let mut story = Story::new("f0cusq1bbb", "Focus");
    story.task("Go.").reply(900, "", &[("shell", json!({"argv": ["ls"]}))]);
    let mut screen = TestScreen::of(&story, (120, 40));
    story.hold_command(1, &["ls"]);
    screen.tick_ms(60_000).hear(&story);
    assert_eq!(screen.app.focus, Focus::Pane(Pane::Approval));
    screen.press("y");
    assert_eq!(screen.orders(), []);
    screen.tick_ms(400).press("y");
    assert_eq!(screen.orders().len(), 1);
}

#[test]
fn the_next_one_is_shown_and_guarded_anew() {
    let mut story = Story::new("tw0callsaa", "Two");
    story.task("Go.").reply(
        900,
        "",
        &[("shell", json!({"argv": ["one"]})), ("shell", json!({"argv": ["two"]}))],
    );
    story.hold_command(1, &["one"]).hold_command(2, &["two"]);
    let mut screen = TestScreen::of(&story, (120, 40));
    assert!(screen.screen().contains("1 of 2"), "{}", screen.screen());
    read(&mut screen);
    screen.press("y");
    assert_eq!(screen.orders().len(), 1);
    story.approve(1);
    screen.hear(&story).press("y");
    assert_eq!(screen.orders(), [], "a second y is not for the next call");
    screen.tick_ms(400).press("y");
    assert_eq!(screen.orders(), [Order::Approve { call: CallId(2), hash: hash(&story, 2) }]);
}

#[test]
fn a_question_about_a_call_that_is_gone_is_closed() {
    let mut story = command(&["git", "push"]);
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("4").tick_ms(400).press("n").write("because");
    story.order(Order::Reject { call: CallId(1), reason: "elsewhere".to_string() });
    screen.hear(&story).write("\n");
    assert_eq!(screen.orders(), []);
    assert!(screen.screen().contains("no longer waits"), "{}", screen.screen());
}

#[test]
fn writing_begins_queues_and_steers() {
    let mut screen = TestScreen::new(crate::harness::story::tools(), (100, 30));
    screen.write("Do it").press("Alt-Enter").write("well\n");
    let commands = screen.commands();
    assert!(
        matches!(&commands[..], [Command::Begin(task, _)] if task.input == "Do it\nwell"),
        "{commands:?}"
    );

    let mut story = Story::new("wr1tingaaa", "Writing");
    story.task("Go.").ask();
    let mut screen = TestScreen::of(&story, (100, 30));
    screen.press("i").write("later\n").write("now").press("Alt-s").press("Up");
    assert_eq!(screen.orders(), [Order::Say("later".to_string()), Order::Steer("now".to_string())]);
    assert_eq!(screen.app.composer.text(), "now");
    screen.press("Up");
    assert_eq!(screen.app.composer.text(), "later");
}

#[test]
fn the_cursor_stands_where_text_goes() {
    let mut screen = TestScreen::new(crate::harness::story::tools(), (60, 20));
    screen.write("a語");
    let (x, y) = screen.cursor().expect("a cursor");
    let text = screen.screen();
    let row = text.lines().nth(usize::from(y)).expect("a row");
    assert!(row.contains("a語"), "{row}");
    assert_eq!(x, 1 + 3);
}

#[test]
fn driving_keys_order() {
    let mut story = Story::new("dr1v1ngaaa", "Driving");
    story.task("Go.").ask();
    let mut screen = TestScreen::of(&story, (100, 30));
    screen.press("s p Esc");
    assert_eq!(screen.orders(), [Order::Step, Order::Pause, Order::Interrupt]);
    story.order(Order::Pause);
    screen.hear(&story).press("p c");
    assert_eq!(screen.orders(), [Order::Resume, Order::Continue]);
    let session = story.session.id.clone();
    screen.msg(Msg::Notice(Notice::Driven { session: session.clone(), by: Driver::Nobody })).press("c");
    assert_eq!(screen.commands(), [Command::Resume(session)]);
}

#[test]
fn leaving_is_asked_twice() {
    let mut screen = TestScreen::new(crate::harness::story::tools(), (100, 30));
    screen.press("Ctrl-C").tick_ms(3_000).press("Ctrl-C");
    assert_eq!(screen.effects, []);
    screen.press("Ctrl-C");
    assert_eq!(screen.effects, [Effect::Send(Command::Quit), Effect::Quit]);
}

#[test]
fn a_refusal_is_said() {
    let story = command(&["git", "push"]);
    let mut screen = TestScreen::of(&story, (120, 40));
    let session = story.session.id.clone();
    screen.msg(Msg::Notice(Notice::Refused { session, why: Refusal::Changed(CallId(1)) }));
    assert!(screen.screen().contains("c1 has changed since it was shown"), "{}", screen.screen());
}

#[test]
fn a_replay_goes_both_ways_and_decides_nothing() {
    let story = held();
    let mut screen = TestScreen::playing(&story, (120, 40), None);
    screen.press("9 }");
    assert_eq!(screen.app.held().map(|call| call.id), Some(CallId(4)));
    screen.press("Tab Tab Tab").tick_ms(1_000).press("y e n r G y");
    assert_eq!(screen.orders(), []);
    let events = story.events().len();
    screen.press("0");
    assert_eq!(screen.app.session().map(|session| session.last.0), Some(0));
    screen.press("}");
    assert!(screen.app.session().is_some_and(|session| session.last.0 > 0));
    screen.press("0 Space");
    for _ in 0..100 {
        screen.tick_ms(1_000);
    }
    assert_eq!(screen.app.session().map(|session| session.last.0), Some(events as u64));
}

#[test]
fn the_mouse_moves_the_focus_and_decides_nothing() {
    let story = command(&["git", "push"]);
    let mut screen = TestScreen::of(&story, (160, 50));
    let place = screen.app.layout.pane(Pane::Approval).expect("a panel").outer;
    for row in place.rows() {
        for column in [place.x + 1, place.x + 20, place.right() - 2] {
            screen.tick_ms(500).msg(Msg::Mouse(Mouse::Click(column, row.y)));
        }
    }
    assert_eq!(screen.app.focus, Focus::Pane(Pane::Approval));
    assert_eq!(screen.orders(), []);
}

/// What somebody who writes may do: type, paste, wait, send.
#[derive(Clone, Debug)]
enum Doing {
    Typed(String),
    Pasted(String),
    Waited(u64),
    Appears,
    Resized(u16, u16),
}

fn doing() -> impl Strategy<Value = Doing> {
    let text = "[yenrscpizqQgGjkhl4 123?/\\n{}\\[\\]<>A-Z]{1,12}";
    prop_oneof![
        6 => text.prop_map(Doing::Typed),
        2 => text.prop_map(Doing::Pasted),
        3 => (1u64..2_000).prop_map(Doing::Waited),
        2 => Just(Doing::Appears),
        1 => (20u16..160, 8u16..60).prop_map(|(w, h)| Doing::Resized(w, h)),
    ]
}

/// A4: whoever writes to the agent decides nothing, whatever appears meanwhile.
#[test]
fn typing_never_approves() {
    let (mut decisions, tries) = (0, std::cell::Cell::new(0u64));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(cases(100_u32)));
    let outcome = runner.run(&vec(doing(), 1..24), |acts| {
        let mut story = Story::new("typ1ngaaaa", "Typing");
        let calls: Vec<_> = (0..8).map(|i| ("shell", json!({"argv": ["rm", i.to_string()]}))).collect();
        story.task("Go.").reply(500, "", &calls);
        let mut screen = TestScreen::of(&story, (100, 30));
        screen.press("i");
        let mut next = 1;
        for act in acts {
            match act {
                Doing::Typed(text) => {
                    tries.set(tries.get() + text.len() as u64);
                    screen.write(&text);
                }
                Doing::Pasted(text) => {
                    tries.set(tries.get() + 1);
                    screen.paste(&text);
                }
                Doing::Waited(ms) => drop(screen.tick_ms(ms)),
                Doing::Resized(width, height) => drop(screen.msg(Msg::Resize(width, height))),
                Doing::Appears if next <= 8 => {
                    story.hold_command(next, &["rm", &next.to_string()]);
                    screen.hear(&story);
                    next += 1;
                }
                Doing::Appears => {}
            }
        }
        prop_assert!(!screen.orders().iter().any(decides));
        Ok(())
    });
    if outcome.is_err() {
        decisions += 1;
    }
    promise::kept(
        "A4",
        format!("{} keys and pastes while panels appear, {decisions} runs with a decision", tries.get()),
    );
    assert!(outcome.is_ok(), "{outcome:?}");
}

/// A4, from any pane: keys at a steady rate, while panels appear, decide nothing before the guard of what they decide on.
#[test]
fn a_burst_of_keys_never_decides_on_what_just_appeared() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(cases(100_u32)));
    let strategy = (vec("[yenr]{1,6}", 1..8), 1u64..2_900, 0usize..4);
    let outcome = runner.run(&strategy, |(bursts, gap_ms, pane)| {
        let mut story = Story::new("burstsaaaa", "Bursts");
        let calls: Vec<_> = (0..8).map(|i| ("shell", json!({"argv": ["rm", i.to_string()]}))).collect();
        story.task("Go.").reply(500, "", &calls);
        let mut screen = TestScreen::of(&story, (120, 40));
        screen.press(["1", "2", "3", "1"][pane]);
        for (i, burst) in bursts.iter().enumerate() {
            let call = u32::try_from(i).unwrap_or(0) + 1;
            story.hold_command(call, &["rm", "x"]);
            screen.hear(&story);
            for c in burst.chars().take(1) {
                screen.write(&c.to_string());
            }
            screen.tick_ms(gap_ms);
        }
        prop_assert!(!screen.orders().iter().any(decides));
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}

/// A6: at any size, whatever was approved had every line of its arguments on screen before.
#[test]
fn nothing_is_approvable_unseen() {
    let strategy = (20u16..180, 6u16..60, vec("[ -~é語\u{202e}\u{200b}]{0,60}", 1..12), vec(0u8..6, 0..40));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(cases(100_u32)));
    let mut approved = 0;
    let outcome = runner.run(&strategy, |(width, height, args, moves)| {
        let argv: Vec<&str> = args.iter().map(String::as_str).collect();
        let story = command(&argv);
        let mut screen = TestScreen::of(&story, (width, height));
        screen.press("4").tick_ms(500);
        let mut seen = std::collections::BTreeSet::new();
        if screen.app.layout.pane(Pane::Approval).is_some() {
            seen.extend(
                screen.app.panel.scroll.visible_range(screen.app.panel.lines.len(), screen.app.panel.height),
            );
        }
        for step in moves {
            let keys = ["j", "k", "Ctrl-D", "PageDown", "G", "g g"][usize::from(step)];
            screen.press(keys);
            let (scroll, rows) = (screen.app.panel.scroll, screen.app.panel.height);
            if screen.app.layout.pane(Pane::Approval).is_some() {
                seen.extend(scroll.visible_range(screen.app.panel.lines.len(), rows));
            }
            screen.press("y");
            if screen.orders().iter().any(decides) {
                let unseen = (0..screen.app.panel.lines.len()).find(|line| !seen.contains(line));
                prop_assert_eq!(unseen, None);
                break;
            }
        }
        Ok(())
    });
    approved += u32::from(outcome.is_ok());
    promise::kept(
        "A6/A7",
        format!("{} sizes and texts, each approval fully seen: {}", cases(100_u32), approved == 1),
    );
    assert!(outcome.is_ok(), "{outcome:?}");
}

/// Cause: after `y` pressed elsewhere, which begins a chord, the `4` that leads to the panel was swallowed as its second key.
#[test]
fn a_key_that_ends_no_chord_acts_by_itself_and_decides_nothing() {
    let mut screen = TestScreen::of(&held(), (120, 40));
    screen.press("Esc 2 y");
    assert!(screen.app.prefix.is_some(), "a chord has begun");
    screen.press("4");
    assert!(screen.app.prefix.is_none());
    assert_eq!(screen.app.focus, Focus::Pane(Pane::Approval), "4 leads to the panel");
    // In the panel a decision after the beginning of a chord is none.
    screen.press("g e");
    assert!(screen.app.over.is_empty(), "e opens no editor");
    screen.press("Esc 2 y Esc");
    assert!(screen.app.prefix.is_none() && screen.app.focus != Focus::Composer, "Esc ends the chord alone");
}

/// Cause: `leave the replay` stood first among the actions where there was no replay, and began one.
#[test]
fn what_leaves_a_replay_is_offered_in_a_replay_only() {
    let mut screen = TestScreen::of(&held(), (120, 40));
    screen.press("Esc 1 Ctrl-P").write("leave the replay");
    let offered = tackroom::ui::list::actions(&screen.app);
    assert_eq!(offered.iter().map(|entry| entry.binding.name).collect::<Vec<_>>(), ["replay"]);
}
