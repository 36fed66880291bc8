//! A frame costs what it shows: long sessions, every size.

use super::{draw, look, press, tell, watching};
use crate::harness::shot;
use crate::harness::story::{self, Story};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tackroom::domain::message::Draft;
use tackroom::domain::notice::Notice;
use tackroom::ui::prepare::prepare;
use tackroom::ui::view;

fn frame(app: &mut tackroom::ui::app::App, buffer: &mut Buffer) {
    buffer.reset();
    prepare(app);
    view::draw(app, buffer);
}

#[test]
fn a_frame_of_a_long_session_costs_what_it_shows() {
    let story = story::long(1_250); // 5,000 messages
    let mut app = watching(&story, look());
    press(&mut app, "1");
    draw(&mut app, (120, 40));
    let laid = app.paper.entries_laid();
    assert!(laid < 100, "only what is in view is laid out, not {laid} entries");
    let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
    let mut most = 0;
    for at in 0..300 {
        press(&mut app, if at % 3 == 0 { "PageUp" } else { "k" });
        let before = app.paper.entries_laid();
        frame(&mut app, &mut buffer);
        most = most.max(app.paper.entries_laid().saturating_sub(before));
    }
    assert!(most < 100, "a frame lays out what comes into view, not {most} entries");
    press(&mut app, "g g");
    frame(&mut app, &mut buffer);
    assert!(shot::text(&buffer).contains("Question number 0"), "{}", shot::text(&buffer));
    press(&mut app, "G");
    frame(&mut app, &mut buffer);
}

#[test]
fn a_frame_of_the_calls_lays_out_what_is_unfolded_and_new() {
    let mut app = watching(&story::long(800), look());
    press(&mut app, "3 G Enter k Enter k k Enter");
    let unfolded = app.folds.calls.len();
    assert_eq!(unfolded, 3);
    let laid = |app: &mut tackroom::ui::app::App| {
        let before = app.calls.entries_laid();
        draw(app, (120, 40));
        app.calls.entries_laid() - before
    };
    laid(&mut app);
    for keys in ["k", "PageUp", "g g", "G", "1", "3"] {
        press(&mut app, keys);
        assert_eq!(laid(&mut app), 0, "{keys}: of 800 calls none is laid out again");
    }
    press(&mut app, "k k k k k k Enter");
    assert_eq!(laid(&mut app), 1, "the one that was unfolded");
}

/// Cause: the editor laid its whole text out three times in every frame, also while nothing changed.
#[test]
fn an_editor_lays_its_text_out_once_for_a_change() {
    let mut story = Story::new("l4rg34rgs0", "A large argument");
    let lines: Vec<String> = (0..500).map(|line| format!("line {line} of a long text")).collect();
    let args = serde_json::json!({ "argv": lines });
    story.task("Go.").reply(10, "", &[("shell", args)]).hold_command(1, &["ls"]);
    let mut app = watching(&story, look());
    press(&mut app, "4");
    draw(&mut app, (120, 40));
    for _ in 0..300 {
        press(&mut app, "PageDown");
        draw(&mut app, (120, 40));
    }
    press(&mut app, "e");
    let layouts = |app: &tackroom::ui::app::App| match app.over.top() {
        Some(tackroom::ui::parts::Overlay::Editor(editor)) => editor.layouts,
        other => panic!("{other:?}"),
    };
    for _ in 0..5 {
        draw(&mut app, (120, 40));
        view::cursor(&app);
    }
    assert_eq!(layouts(&app), 1, "while nothing changes, nothing is laid out");
    for keys in ["Down", "x", "Ctrl-S"] {
        let before = layouts(&app);
        press(&mut app, keys);
        draw(&mut app, (120, 40));
        view::cursor(&app);
        assert_eq!(layouts(&app), before + 1, "{keys}");
    }
    draw(&mut app, (80, 24));
    assert_eq!(layouts(&app), 5, "another width");
}

#[test]
fn scrolling_up_and_down_shows_every_line_once() {
    let mut app = watching(&story::long(12), look());
    press(&mut app, "1 g g");
    let mut seen = Vec::new();
    let mut before = None;
    for _ in 0..2_000 {
        draw(&mut app, (100, 30));
        let window = app.windows.talk;
        let sight = app.paper.leaf(window.scroll.offset).expect("the first line in view is laid out");
        let text: String = sight.line.spans.iter().map(|span| span.content.as_ref()).collect();
        if before == Some(window.scroll.offset) {
            break;
        }
        before = Some(window.scroll.offset);
        seen.push((sight.item, text));
        press(&mut app, "j");
    }
    let items: Vec<usize> = seen.iter().filter_map(|(item, _)| *item).collect();
    assert!(
        items.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1),
        "no item is passed: {items:?}"
    );
    assert!(seen.len() > 200);
}

#[test]
fn what_is_in_view_stays_when_more_is_said_below() {
    let mut story = story::long(40);
    let mut app = watching(&story, look());
    press(&mut app, "1 PageUp PageUp PageUp");
    let before = shot::text(&draw(&mut app, (100, 30)));
    let told = story.commits.len();
    story.wait(100).task("One more.").reply(10, story::ANSWER, &[]).finish();
    for commit in &story.commits[told..] {
        let now = app.now;
        tell(&mut app, Notice::Committed(commit.clone()), now);
    }
    let after = shot::text(&draw(&mut app, (100, 30)));
    let left = |screen: &str| -> Vec<String> {
        screen.lines().skip(2).take(18).map(|line| line.chars().take(56).collect()).collect()
    };
    assert_eq!(left(&before), left(&after));
}

#[test]
fn an_answer_that_arrived_is_not_laid_out_twice() {
    let mut story = Story::new("t5t5t5t5t5", "Streaming");
    story.wait(300).task("Tell me all.").ask().wait(900);
    let mut app = watching(&story, look());
    let session = story.session.id.clone();
    let mut said = String::new();
    for part in story::ANSWER.repeat(40).split_inclusive(' ') {
        said.push_str(part);
        let draft = Draft::Text(part.to_string());
        tell(&mut app, Notice::Draft { session: session.clone(), draft }, story.now);
    }
    let streamed = shot::text(&draw(&mut app, (120, 40)));
    let told = story.commits.len();
    story.wait(10).answer(900, &said, "", &[]);
    for commit in &story.commits[told..] {
        tell(&mut app, Notice::Committed(commit.clone()), story.now);
    }
    let stored = shot::text(&draw(&mut app, (120, 40)));
    let last = |screen: &str| {
        screen
            .lines()
            .find(|line| line.contains("no hold"))
            .map(|line| line.chars().take(60).collect::<String>())
    };
    assert_eq!(last(&streamed), last(&stored));
}
