//! What lies over the workbench lies over what was there, and gives it back.

use crate::harness::cases::cases;
use crate::harness::many::{Many, row, three};
use crate::harness::screen::TestScreen;
use crate::harness::shelf;
use crate::harness::story::{self, Story, done};
use proptest::prelude::*;
use tackroom::domain::command::Command;
use tackroom::domain::ids::CallId;
use tackroom::domain::inbox::Answered;
use tackroom::domain::notice::Notice;
use tackroom::domain::order::{Order, Refusal};
use tackroom::ui::mode::Focus;
use tackroom::ui::parts::Overlay;
use tackroom::ui::update::Msg;

/// The name of what lies on top; empty where nothing does.
fn top(screen: &TestScreen) -> String {
    let shown = screen.top().map(|over| format!("{over:?}")).unwrap_or_default();
    shown.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_string()
}

/// Cause: the palette and the dialog of a fork took the place of what they lay over, and Esc led to the workbench.
#[test]
fn what_was_lain_over_comes_back() {
    let story = done();
    for (keys, over) in [("3 g g j o", "Inspect"), ("g s", "Sessions"), ("b", "Breaks"), ("?", "Help")] {
        for with in ["Ctrl-P Esc", "F1 Esc", "f Esc", "Ctrl-P F1 Esc Esc", "f F1 Esc Esc"] {
            let mut screen = TestScreen::of(&story, (120, 40));
            shelf::keep(vec![row(&story)]);
            screen.press("Esc 1").press(keys);
            let page = matches!(screen.top(), Some(Overlay::Inspect(_)));
            if over == "Help" && with == "F1 Esc" {
                continue; // it is the help already
            }
            if with.starts_with('f') && (page || over == "Breaks" || over == "Help") {
                continue; // a page that is not there yet is not forked; elsewhere `f` is text or nothing
            }
            screen.press(with);
            assert_eq!(top(&screen), over, "{keys} {with}");
        }
    }
}

/// Cause: Ctrl-P took the place of a line that was being typed, and the line was gone.
#[test]
fn no_list_hides_what_is_being_typed() {
    let story = done();
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("Esc 1 b").write("tool=shell").press("Ctrl-P");
    assert!(matches!(screen.top(), Some(Overlay::Breaks(list)) if list.input.text() == "tool=shell"));
    assert!(screen.screen().contains("Finish what you write first"), "{}", screen.screen());
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("Esc 3 g g j o /").write("words").press("Ctrl-P");
    assert!(matches!(screen.top(), Some(Overlay::Inspect(asked)) if asked.typing.is_some()));
}

/// A call waits, was read to its end, and its arguments are being changed.
fn editing(story: &Story) -> TestScreen {
    let mut screen = TestScreen::of(story, (140, 50));
    shelf::keep(vec![row(story), row(&done())]);
    screen.press("Esc 4").tick_ms(400);
    for _ in 0..100 {
        screen.press("PageDown");
    }
    screen.press("e").tick_ms(400).press("Down End Left Left").write("-2");
    assert_eq!(top(&screen), "Editor", "{}", screen.screen());
    screen
}

/// Cause: with the help over an editor or a half-typed line, the palette opened over both; what was chosen there took the
/// edit away without a word, or hid the editor, and `y` approved the call as it was before.
#[test]
fn nothing_is_chosen_over_what_is_being_written_below_the_help() {
    let story = story::held();
    for chosen in ["sessions\n", "themes\n\n"] {
        let mut screen = editing(&story);
        screen.press("F1 Ctrl-P");
        assert_eq!(top(&screen), "Help");
        assert!(screen.screen().contains("Finish what you write first"), "{}", screen.screen());
        screen.write(chosen).tick_ms(400).press("Esc");
        assert_eq!(top(&screen), "Editor", "{chosen}");
        screen.press("y").tick_ms(400).press("Backspace Ctrl-S").write("destroy\n");
        let orders = screen.orders();
        assert!(matches!(&orders[..], [Order::ApproveEdited { call: CallId(4), .. }]), "{orders:?}");
    }
    for (keys, text, over) in [("b", "tool=shell", "Breaks"), ("3 g g j o /", "words", "Inspect")] {
        let mut screen = TestScreen::of(&done(), (120, 40));
        screen.press("Esc 1").press(keys).write(text).press("F1 Ctrl-P");
        assert_eq!(top(&screen), "Help", "{keys}");
        screen.press("Esc");
        assert_eq!(top(&screen), over, "{keys}");
        assert!(screen.screen().contains(text), "{}", screen.screen());
    }
    // A batch is confirmed before anything else is chosen.
    let mut many = Many::open(three(), (120, 40));
    many.press("j y d F1 Ctrl-P");
    assert_eq!(top(&many.screen), "Help");
    many.press("Esc Enter");
    assert_eq!(many.answers().len(), 1);
}

/// Cause: what was opened from a palette took the place of what lay on top, and what lay below that stayed, hidden: the
/// next help that was closed brought it up.
#[test]
fn what_was_hidden_does_not_come_up_later() {
    for keys in ["Enter", "Esc"] {
        let mut screen = TestScreen::of(&done(), (120, 40));
        shelf::keep(vec![row(&done())]);
        screen.press("Esc 1 g s ? Ctrl-P").write("themes\n");
        assert_eq!(top(&screen), "Themes");
        for below in ["Help", "Sessions", ""] {
            screen.press(if below == "Help" { keys } else { "Esc" });
            assert_eq!(top(&screen), below, "after {keys}");
        }
        screen.press("? Esc");
        assert_eq!(top(&screen), "", "after {keys}");
    }
    for (keys, words, over) in [
        ("o ?", "sessions\n", "Sessions"),
        ("g s ?", "breakpoints\n", "Breaks"),
        ("?", "inspect\n", "Inspect"),
    ] {
        let mut screen = TestScreen::of(&done(), (120, 40));
        shelf::keep(vec![row(&done())]);
        screen.press("Esc 1").press(keys).press("Ctrl-P").write(words);
        assert_eq!(top(&screen), over, "{keys} {words}");
        screen.press("Esc");
        assert_eq!(top(&screen), "", "{keys} {words}");
        screen.press("? Esc");
        assert_eq!(top(&screen), "", "{keys} {words}");
        screen.commands();
        screen.tick_ms(100);
        let lists = |one: &Command| matches!(one, Command::List { live: true, .. });
        assert!(!screen.commands().iter().any(lists), "nobody looks at the list any more");
    }
    // The inbox is closed with all that lies over it.
    let mut many = Many::open(three(), (120, 40));
    many.press("j y d Enter F1 Ctrl-P").write("close").press("Down Enter"); // that of the help is the first
    assert!(many.screen.app.inbox.is_none());
    many.press("? Esc");
    assert_eq!(top(&many.screen), "");
}

/// Cause: what became of an answer went to the page of its batch, also while nobody could see that page any more.
#[test]
fn what_became_of_an_answer_is_seen_whatever_lay_over_its_page() {
    for keys in ["Enter", "Esc"] {
        let mut many = Many::open(three(), (120, 40));
        many.press("j y d Enter F1 Ctrl-P").write("themes\n").press(keys);
        many.answered("c0mmandsq2", 1, Answered::Refused(Refusal::Changed(CallId(1))));
        let mut seen = many.screen.screen();
        for _ in 0..3 {
            many.press("Esc");
            seen.push_str(&many.screen.screen());
        }
        assert!(seen.contains("it changed since it was shown"), "{keys}: {seen}");
    }
}

/// Cause: an action of the workbench that was chosen over a page was done below that page: its question was not seen, and
/// what was typed went to the page.
#[test]
fn what_is_chosen_over_a_page_is_seen() {
    for page in ["?", "o", "g s"] {
        let open = |words: &str| {
            let mut screen = TestScreen::of(&done(), (120, 40));
            shelf::keep(vec![row(&done())]);
            screen.press("Esc 1").press(page).press("Ctrl-P").write(words).press("Enter");
            screen
        };
        let mut screen = open("write a note");
        assert!(screen.app.question.is_some() && screen.top().is_none(), "{page}: {}", screen.screen());
        screen.write("mind\n");
        assert_eq!(screen.orders(), [Order::AddNote("mind".to_string())], "{page}");
        let mut screen = open("write to the agent");
        assert_eq!((top(&screen).as_str(), screen.app.focus), ("", Focus::Composer), "{page}");
        screen.write("go on");
        assert_eq!(screen.app.composer.text(), "go on", "{page}");
        if page != "g s" {
            let mut screen = open("this session another title"); // the list has a title of its own to give
            assert!(screen.app.question.is_some() && screen.top().is_none(), "{page}: {}", screen.screen());
        }
    }
    // What counts on the page itself, or everywhere, is done there.
    let mut screen = TestScreen::of(&done(), (120, 40));
    shelf::keep(vec![row(&done())]);
    screen.press("Esc 1 g s Ctrl-P").write("mark the session").press("Enter");
    assert_eq!((top(&screen).as_str(), screen.app.library.marked.len()), ("Sessions", 1));
    screen.press("Ctrl-P").write("the keys that count").press("Enter");
    assert_eq!(top(&screen), "Help");
}

/// Cause: a theme that was only looked at stayed when another session came and took what lay below with it.
#[test]
fn a_theme_that_was_only_tried_goes_with_its_list() {
    let story = done();
    let mut screen = TestScreen::of(&story, (120, 40));
    let before = screen.app.look.theme.name().to_string();
    screen.press("Esc 1 o Ctrl-P").write("themes").press("Enter Down Down");
    assert_ne!(screen.app.look.theme.name(), before);
    screen.msg(Msg::Notice(Notice::Watching { session: story::held().session.id.clone() }));
    assert_eq!((top(&screen).as_str(), screen.app.look.theme.name()), ("", before.as_str()));
}

/// Cause: after a batch with something that destroys was sent, the word that had been typed for it kept the palette away.
#[test]
fn a_page_that_only_tells_is_not_written_in() {
    let mut many = Many::open(three(), (120, 40));
    many.press("y d").write("destroy").press("Enter");
    assert_eq!(many.answers().len(), 1);
    let written = |many: &Many| match many.screen.top() {
        Some(Overlay::Batch(page)) => page.input.text(),
        other => panic!("{other:?}"),
    };
    let before = written(&many);
    many.write("x").screen.paste("more");
    assert_eq!(written(&many), before);
    many.press("Ctrl-P");
    assert_eq!(top(&many.screen), "Palette", "{}", many.screen.screen());
    many.press("Esc");
    assert_eq!(top(&many.screen), "Batch");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(24)) })]

    /// Whatever was pressed: a help that is asked for and closed gives back what was there; and closing again and again
    /// leads to the workbench, one thing at a time, each of which was there.
    #[test]
    fn whatever_was_pressed_a_help_gives_back_what_was_there(keys in prop::collection::vec(
        prop::sample::select(vec![
            "g s", "F1", "Ctrl-P", "Esc", "o", "b", "Enter", "Down", "f", "g t", "j", "d", ":themes", ":sessions", ":write a note",
            ":inspect", ":themes", ":sessions",
        ]),
        4..24,
    )) {
        let story = done();
        let mut screen = TestScreen::of(&story, (120, 40));
        shelf::keep(vec![row(&story), row(&story::held())]);
        screen.press("Esc 1");
        for key in &keys {
            let asked = screen.app.question.is_some();
            match key.strip_prefix(':') {
                Some(words) => screen.press("F1 Ctrl-P").write(words).press("Enter"), // chosen over the help
                None => screen.press(key),
            };
            let (before, comes) = (top(&screen), screen.app.question.is_some() && !asked);
            prop_assert!(!comes || before.is_empty(), "{keys:?}: a question is hidden by {before}");
            if before != "Help" {
                screen.press("F1");
                let shown = top(&screen);
                if shown == "Help" {
                    screen.press("Esc");
                }
                prop_assert_eq!(top(&screen), before, "{:?} up to {}", keys, key);
            }
        }
        for _ in 0..40 {
            screen.press("Esc");
        }
        prop_assert_eq!(top(&screen), "");
        screen.press("1 F1 Esc");
        prop_assert_eq!(top(&screen), "", "{:?}", keys);
    }
}
