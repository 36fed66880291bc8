//! What the screen says about its keys and its calls is true, whole, and gone when its cause is.

use crate::harness::screen::TestScreen;
use crate::harness::story::{Story, done, unknown};
use proptest::prelude::*;
use serde_json::{Value, json};
use tackroom::domain::call::Preview;
use tackroom::domain::ids::CallId;
use tackroom::domain::message::Draft;
use tackroom::domain::notice::{Driver, Notice};
use tackroom::domain::order::Order;
use tackroom::domain::policy::Word;
use tackroom::domain::text;
use tackroom::domain::tool_spec::Touch;
use tackroom::ui::edit::TextBox;
use tackroom::ui::edit_args::ArgEditor;
use tackroom::ui::edit_json;
use tackroom::ui::key::Key;
use tackroom::ui::mode::Pane;
use tackroom::ui::parts::Overlay;
use tackroom::ui::update::{Msg, fault, toast};
use unicode_segmentation::UnicodeSegmentation;

const WALLS: &str = "no sandbox: may change any file of yours and use the network; own session, no terminal, no new \
                     privileges, ended with all it starts";

/// A command waits in a folder of the workspace, as the real tool tells it.
fn command(args: Value, argv: &[&str], cwd: &str) -> Story {
    let mut story = Story::new("c0mmandsq1", "Push");
    story.task("Push it.").reply(900, "Pushing.", &[("shell", args)]);
    let argv: Vec<String> = argv.iter().map(ToString::to_string).collect();
    let touches = vec![Touch::Command { argv: argv.clone() }, Touch::Read { path: cwd.to_string() }];
    let parts = tackroom::domain::reach::shown(&argv);
    let (cwd, sandbox, scripts) = (cwd.to_string(), WALLS.to_string(), Vec::new());
    let preview = Preview::Command { argv, cwd, sandbox, parts, scripts };
    story.judge(1, Word::Ask, "commands", "A command may do anything; it asks first.", touches, preview);
    story
}

fn push() -> Story {
    command(json!({"argv": ["git", "push"]}), &["git", "push"], ".")
}

fn has(screen: &mut TestScreen, words: &str) {
    let text = screen.screen();
    assert!(text.contains(words), "no {words:?} on:\n{text}");
}

fn lacks(screen: &mut TestScreen, words: &str) {
    let text = screen.screen();
    assert!(!text.contains(words), "{words:?} on:\n{text}");
}

/// The panel's text, a line each.
fn panel(story: &Story, width: u16) -> Vec<String> {
    let mut screen = TestScreen::of(story, (width, 50));
    screen.press("4 z").tick_ms(500);
    screen.app.panel.lines.iter().map(ToString::to_string).collect()
}

#[test]
fn a_hint_goes_with_the_next_key_and_by_itself() {
    let mut screen = TestScreen::of(&push(), (60, 15));
    screen.press("4").tick_ms(400).press("y");
    has(&mut screen, "Read to the end first");
    screen.press("j");
    lacks(&mut screen, "Read to the end first");
    screen.press("y ?");
    lacks(&mut screen, "Read to the end first");
    screen.press("Esc").tick_ms(400).press("y").tick_ms(3_900);
    has(&mut screen, "Read to the end first");
    screen.tick_ms(101);
    lacks(&mut screen, "Read to the end first");
}

#[test]
fn a_fault_stays_while_keys_are_typed() {
    let mut screen = TestScreen::of(&push(), (120, 40));
    let (sentence, hint) = ("the disk is full".to_string(), String::new());
    screen.msg(Msg::Notice(Notice::Trouble { sentence, hint })).press("j j");
    has(&mut screen, "the disk is full");
}

#[test]
fn another_key_between_takes_the_first_press_back() {
    let mut screen = TestScreen::of(&push(), (120, 40));
    screen.press("Ctrl-C j Ctrl-C");
    assert!(screen.effects.is_empty(), "{:?}", screen.effects);
}

#[test]
fn leaving_speaks_of_parking_only_where_something_runs() {
    let mut screen = TestScreen::of(&done(), (120, 40));
    screen.press("Ctrl-C");
    has(&mut screen, "Press Ctrl-C again to leave.");
    lacks(&mut screen, "parks");
    let mut story = Story::new("t5t5t5t5t5", "Streaming");
    story.task("What is a tackroom?").ask();
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("Ctrl-C");
    has(&mut screen, "what runs here parks");
}

#[test]
fn a_command_is_told_once_with_its_whole_folder_and_whole_words() {
    let args = json!({"argv": ["git", "push", "--force"], "cwd": "site"});
    let story = command(args, &["git", "push", "--force"], "site");
    let text = panel(&story, 100);
    let all = text.join("\n");
    assert!(all.contains(&format!("where     {}/site", story.session.workspace)), "{all}");
    assert!(all.contains("runs      git push --force"), "{all}");
    assert_eq!(all.matches("push").count(), 1, "{all}");
    assert!(!all.contains("Arguments") && !all.contains("read "), "{all}");
    let words: Vec<&str> = all.split_whitespace().collect();
    assert!(WALLS.split_whitespace().all(|word| words.contains(&word)), "a word is cut:\n{all}");
}

#[test]
fn arguments_that_say_more_are_shown_and_only_those() {
    let args = json!({"shell": "rm -rf build && echo ' done '", "timeout_s": 5});
    let all = panel(&command(args, &["sh", "-c", "rm -rf build && echo ' done '"], "."), 100).join("\n");
    assert!(all.contains("sh -c, with this line:"), "{all}");
    assert_eq!(all.matches("rm -rf").count(), 1, "{all}");
    assert!(all.contains("\"timeout_s\": 5"), "{all}");
    // What is shown is not what was asked for: then the arguments stay.
    let other = command(json!({"argv": ["git", "pull"]}), &["git", "push"], ".");
    assert!(panel(&other, 100).join("\n").contains("\"pull\""));
    // A blank at an end is seen.
    let blank = command(json!({"argv": ["rm", "a "]}), &["rm", "a "], ".");
    assert!(panel(&blank, 100).join("\n").contains("argv[1]   \"a \""));
}

#[test]
fn an_unknown_outcome_says_at_once_what_can_be_decided() {
    let mut screen = TestScreen::of(&unknown(), (80, 14));
    screen.press("4").tick_ms(500);
    assert!(screen.app.unseen() > 0);
    lacks(&mut screen, "to approve");
    has(&mut screen, "y it happened   r run again (read");
    screen.press("r").write("\n");
    assert_eq!(screen.orders(), [], "what may happen twice is read first");
    screen.press("y").write("seen it\n");
    assert!(matches!(&screen.orders()[..], [Order::Settle { call: CallId(2), .. }]), "{:?}", screen.orders());
}

#[test]
fn the_panel_says_why_keys_do_not_count_and_when_they_do() {
    let mut screen = TestScreen::of(&push(), (120, 40));
    screen.press("1 i");
    has(&mut screen, "Esc: come here to decide; while you write, keys are text.");
    screen.press("Esc 1");
    has(&mut screen, "4: come here to decide; keys decide only from here.");
}

/// The editor on a command that was read.
fn editor(size: (u16, u16)) -> TestScreen {
    let mut screen = TestScreen::of(&push(), size);
    screen.press("4").tick_ms(400).press("z");
    for _ in 0..60 {
        screen.press("j");
    }
    screen.press("e").tick_ms(400);
    has(&mut screen, "Edit c1 shell");
    screen
}

#[test]
fn the_editor_offers_the_help_that_works_and_keeps_its_text() {
    let mut screen = editor((120, 40));
    has(&mut screen, "F1 help");
    lacks(&mut screen, "? help");
    lacks(&mut screen, "actions");
    screen.press("Down Down End").write("?").press("F1");
    has(&mut screen, "Editing arguments");
    screen.press("Esc");
    has(&mut screen, "approve as edited");
    has(&mut screen, "\"git\",?");
    assert_eq!(screen.orders(), []);
}

#[test]
fn what_is_wrong_with_edited_arguments_is_readable_and_found() {
    for size in [(200, 50), (120, 40), (80, 24), (40, 15)] {
        let mut screen = editor(size);
        screen.press("Down Down End Backspace");
        let text = screen.screen();
        let words = text.replace(|c: char| !c.is_ascii_alphanumeric(), "");
        assert!(words.contains("notJSON") && words.contains("column"), "{size:?}:\n{text}");
        screen.press("Up Up Home");
        let before = screen.cursor();
        screen.press("Ctrl-S");
        assert_ne!(screen.cursor(), before, "{size:?}: the cursor goes to the fault");
        assert_eq!(screen.orders(), []);
    }
}

/// Cause: a file's content had to be edited as one line of JSON with `\\n` in it.
#[test]
fn the_lines_of_a_text_are_edited_as_lines() {
    let content = "first\n\tsecond \\n \"quoted\" end \nlast\n";
    let mut story = Story::new("l1nesl1nes", "Lines");
    let args = json!({"path": "a.txt", "content": content});
    story.task("Go.").reply(900, "", &[("write_file", args.clone())]).hold_change(1, "a.txt", None, content);
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("4").tick_ms(400).press("z");
    for _ in 0..60 {
        screen.press("j");
    }
    screen.press("e").tick_ms(400);
    has(&mut screen, "a line within quotes is a line of the text");
    let editor = |screen: &TestScreen| match screen.app.over.top() {
        Some(Overlay::Editor(editor)) => editor.clone(),
        other => panic!("{other:?}"),
    };
    let opened = editor(&screen);
    assert_eq!((opened.value.as_ref(), opened.is_changed()), (Some(&args), false), "{}", opened.text.text());
    assert!(
        opened.text.text().contains("first\n\\tsecond \\\\n \\\"quoted\\\" end\\u0020\nlast\n\""),
        "{}",
        opened.text.text()
    );
    let last = opened.text.text().lines().position(|line| line == "last").unwrap();
    screen.press("Ctrl-Home");
    for _ in 0..last {
        screen.press("Down");
    }
    screen.press("End").write("\nmore");
    let edited = editor(&screen).value.unwrap();
    assert_eq!(edited["content"], content.replace("last\n", "last\nmore\n"));
    screen.press("Ctrl-D");
    has(&mut screen, "+ more");
    screen.press("Ctrl-D").write("\"");
    let fault = editor(&screen).faults[0].clone();
    assert!(fault.line > last, "the fault is after the quote that closed too early: {fault:?}");
    assert_eq!(screen.orders(), []);
}

/// The editor on a call that waits with these arguments.
fn opened(args: serde_json::Value) -> ArgEditor {
    let mut story = Story::new("ed1tsq0000", "Edited");
    story.task("Go.").reply(10, "", &[("shell", args)]).hold_command(1, &["ls"]);
    let call = story.session.call(CallId(1)).expect("it waits");
    ArgEditor::open(call, &story.tools).expect("they are JSON")
}

/// Cause: an invisible character beside one that was made visible was changed as the editor opened: the arguments were
/// other ones before a key was pressed.
#[test]
fn opening_an_editor_changes_nothing() {
    for odd in [
        "\u{1F130}\u{FE0F}",
        "\u{66A}\u{200C}\u{627}",
        "a\u{200D}b",
        "\u{1F469}\u{200D}\u{1F680}\u{202E}",
        "\t\u{0}\u{7f}\u{85}\u{2028} ",
        "\u{FEFF}\u{E0041}",
    ] {
        let args = json!({"argv": [odd, format!("x{odd}y{odd}")], odd: 1});
        let editor = opened(args.clone());
        assert!(!editor.is_changed(), "{odd:?}: {}", editor.text.text());
        let cleaned = tackroom::domain::text::clean(&editor.text.text()).into_owned();
        assert_eq!(cleaned, editor.text.text(), "what is edited is what is seen");
    }
}

/// Cause: a tab that was pasted into an argument ran as blanks, and other bytes as the signs that stand for them.
#[test]
fn what_is_pasted_into_an_argument_is_what_runs() {
    for pasted in [
        "\tall:\n\t\tcc -o a a.c\n",
        "\u{1b}[31m",
        "a\u{200b}b\u{202e}c",
        "\u{0}\u{7f}\u{85}",
        "x\r\ny",
        "Ä 日本 🚀",
        "C:\\temp\\new\\users",
        "say \"yes\", then \\\"no\\\"",
        "sed 's/\\t/\\\\/g' \\",
    ] {
        let mut editor = opened(json!({"argv": ["ls"], "body": ""}));
        editor.text.set("{\"argv\": [\"ls\"],\n\"body\": \"\"}");
        editor.text.jump(1, 9);
        editor.paste(pasted);
        let value = editor.value.clone().unwrap_or_else(|| panic!("{pasted:?}: {:?}", editor.faults));
        assert_eq!(value["body"], json!(pasted.replace("\r\n", "\n")), "{}", editor.text.text());
        // A whole document, pasted in the place of all.
        editor.text.set("");
        editor.paste("{\t\"argv\":\t[\"a\\\"\tb\"]}");
        assert_eq!(editor.value.clone().map(|value| value["argv"].clone()), Some(json!(["a\"\tb"])));
    }
    // What was begun with a backslash of one's own is ended by what is pasted.
    for (pasted, run) in [("n", "\n"), ("\"", "\""), ("\\b", "\\b"), ("\"\"", "\"\""), ("\t", "\\\t")] {
        let before = "{\"argv\": [\"\\";
        let text = format!("{before}{}\"]}}", edit_json::pasted(before, pasted));
        assert_eq!(edit_json::read(&text), Some(json!({ "argv": [run] })), "{text}");
    }
}

/// Cause: an edited number that is longer than numbers are kept ran as another one, without a word.
#[test]
fn a_number_runs_as_it_is_written_or_not_at_all() {
    let mut editor = opened(json!({"argv": ["ls"], "n": 1}));
    let mut faults = |number: &str| {
        editor.text.set(&format!("{{\"argv\": [\"ls\"],\n\"n\": {number}}}"));
        editor.paste("");
        editor
            .faults
            .iter()
            .filter(|fault| fault.why.contains("would run as"))
            .map(|f| (f.line, f.why.clone()))
            .next()
    };
    for same in [
        "0",
        "-0",
        "0.0",
        "1.50",
        "1e3",
        "10E-1",
        "18446744073709551615",
        "-9223372036854775808",
        "0.1",
        "1e22",
        "5e-324",
        "1.7976931348623157e308",
        "123456789012345680000",
        "100000000000000000000000",
    ] {
        assert_eq!(faults(same), None, "{same}");
    }
    for other in
        ["12345678901234567890123", "18446744073709551617", "0.1000000000000000055", "-9223372036854775809"]
    {
        let (line, why) = faults(other).unwrap_or_else(|| panic!("{other}"));
        assert!(line == 1 && why.contains(other), "{why}");
    }
    // What is kept of a number is read again as the same number.
    let text = "-1.7976931348623155e+308";
    assert_eq!(serde_json::from_str::<Value>(text).unwrap().to_string(), text);
}

proptest! {
    #[test]
    fn any_arguments_are_the_same_after_they_were_opened(texts in proptest::collection::vec(".{0,8}(\n|\\\\n|\\\\|\"|\r\n|\t| \n|\u{202e}|\u{200c}|\u{200d}|\u{fe0f}|\u{66a}|\u{1f130}\u{fe0f})?.{0,8}\n?", 1..6)) {
        let value = json!({"key\n\"": texts.clone(), "one": texts[0]});
        let open = edit_json::open(&value);
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&edit_json::strict(&open).json).ok(), Some(&value).cloned(), "{}", open);
        prop_assert!(!opened(value).is_changed(), "{}", open);
    }
}

#[test]
fn a_replay_is_left_by_esc_and_q_and_end_goes_to_its_end() {
    for key in ["Esc", "q"] {
        let story = done();
        let mut screen = TestScreen::playing(&story, (120, 40), Some(3));
        let key_line = screen.screen().lines().last().map(str::to_string).unwrap_or_default();
        assert!(key_line.contains("Esc leave"), "{key_line}");
        screen.press("End");
        let playback = screen.app.playback.as_ref().map(|playback| (playback.at, playback.events));
        assert!(playback.is_some_and(|(at, events)| at == events && at > 3), "{playback:?}");
        screen.press("Home");
        assert_eq!(screen.app.playback.as_ref().map(|playback| playback.at), Some(0));
        screen.effects.clear();
        screen.press(key);
        lacks(&mut screen, "Nobody drives");
        assert!(format!("{:?}", screen.effects).contains("Watch"), "{key}: {:?}", screen.effects);
    }
}

#[test]
fn a_draft_after_its_reply_is_void() {
    let mut story = Story::new("t5t5t5t5t5", "Streaming");
    story.wait(300).task("What is a tackroom?");
    story.reply(900, "I look.", &[("shell", json!({"argv": ["ls"]}))]).hold_command(1, &["ls"]);
    let mut screen = TestScreen::of(&story, (120, 40));
    let session = story.session.id.clone();
    screen.msg(Msg::Notice(Notice::Driven { session: session.clone(), by: Driver::Elsewhere }));
    let late = Draft::Call { index: 0, tool: "run_command".to_string(), bytes: 36 };
    for draft in [late, Draft::Text("late words".to_string())] {
        screen.msg(Msg::Notice(Notice::Draft { session: session.clone(), draft }));
    }
    screen.press("1");
    assert_eq!(screen.app.last_pane, Pane::Conversation);
    lacks(&mut screen, "is being written");
    lacks(&mut screen, "late words");
}

/// Cause: every passing word gave a fault four seconds more, so that one that many words came after stayed for minutes.
#[test]
fn a_fault_is_seen_once_more_after_what_came_over_it_and_then_goes() {
    let mut screen = TestScreen::of(&done(), (120, 40));
    fault(&mut screen.app, "The disk is full.", "");
    for n in 0..20 {
        toast(&mut screen.app, &format!("Word {n}."), "");
    }
    screen.tick_ms(3_900);
    lacks(&mut screen, "The disk is full");
    screen.tick_ms(200);
    has(&mut screen, "The disk is full");
    screen.tick_ms(2_000);
    lacks(&mut screen, "The disk is full");
    // Alone it stays as long as faults do.
    fault(&mut screen.app, "The disk is full.", "");
    screen.tick_ms(5_900);
    has(&mut screen, "The disk is full");
    screen.tick_ms(200);
    lacks(&mut screen, "The disk is full");
}

proptest! {
    /// What is shown of a line ends it, begins with a whole letter, and has the cursor within the columns.
    #[test]
    fn what_is_in_view_of_a_line_is_whole_and_has_its_cursor(
        parts in proptest::collection::vec(proptest::sample::select(vec!["a", "日", "👩\u{200d}🚀", "e\u{301}", "🇩🇪", "\n", " "]), 0..24),
        back in 0..24_usize, columns in 3..30_usize,
    ) {
        let mut typed = TextBox::raw(&parts.concat());
        for _ in 0..back {
            typed.key(Key::parse("Left").unwrap());
        }
        let (shown, column) = typed.in_view(columns);
        let all = text::clean(&parts.concat()).replace('\n', "⏎");
        prop_assert!(all.ends_with(&shown), "{shown:?} of {all:?}");
        let begins = all.len() - shown.len();
        prop_assert!(all.grapheme_indices(true).map(|(at, _)| at).chain([all.len()]).any(|at| at == begins));
        prop_assert!(column < columns, "{column} of {columns}: {shown:?}");
    }
}
