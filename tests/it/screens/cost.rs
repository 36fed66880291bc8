//! A frame costs what it shows: long sessions, hostile text, every size.

use super::{draw, look, press, tell, watching};
use crate::harness::shot;
use crate::harness::story::{self, Story};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::json;
use tackroom::domain::call::Outcome;
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

/// A9, T1: whatever a model or a tool says, nothing of it is a control byte, and no pane paints outside its cells.
#[test]
fn hostile_text_paints_no_cell_outside_its_pane() {
    let hostile = "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{202e}evil\u{2066}\u{200b}a\u{300}\u{301}\r\n\t表表表👩‍👩‍👧‍👦\u{fe0f}█▓┌──┐\u{0}".repeat(20);
    let mut story = Story::new("h0h0h0h0h0", &hostile);
    story.wait(300).task(&hostile).ask().wait(900).answer(
        900,
        &hostile,
        &hostile,
        &[
            (hostile.as_str(), json!({"path": hostile})),
            ("read_file", json!({"path": hostile, hostile.as_str(): hostile})),
            ("write_file", json!({"path": hostile, "content": hostile})),
        ],
    );
    story.allow(2, &hostile).hold_change(3, &hostile, Some(&hostile), &format!("{hostile}!"));
    story.run(2, 3, Outcome::Ok, &hostile);
    let mut app = watching(&story, look());
    app.folds.calls.extend([1, 2, 3]);
    app.folds.talk.extend(0..20);
    for size in [(200, 50), (120, 40), (80, 24), (40, 15), (41, 13), (20, 5)] {
        for pane in ["1", "2", "3", "4"] {
            press(&mut app, pane);
            let buffer = draw(&mut app, size);
            for cell in buffer.content() {
                assert!(
                    !cell.symbol().chars().any(|c| c.is_control() || c == '\u{202e}'),
                    "{:?}",
                    cell.symbol()
                );
            }
            for (pane, place) in app.layout.panes.clone() {
                let right = place.outer.right() - 1;
                for y in place.inner.y..place.inner.bottom() {
                    let edge = buffer[(right, y)].symbol();
                    assert!(["│", "┃", "┃"].contains(&edge), "{pane:?} at {size:?}: {edge:?} on the border");
                }
            }
        }
    }
}
