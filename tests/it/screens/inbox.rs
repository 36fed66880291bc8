//! The inbox at every size: the list, the chosen hold, a batch to be confirmed and what became of it.

use super::{look, shoot};
use crate::harness::many::{Many, three};
use crate::harness::shot;
use crate::harness::story;
use tackroom::domain::ids::CallId;
use tackroom::domain::inbox::Answered;
use tackroom::domain::order::Refusal;
use tackroom::ui::app::Look;
use tackroom::ui::glyph::GlyphSet;

fn four(size: (u16, u16)) -> Many {
    let mut stories = three();
    stories.push(story::unknown());
    stories.push(story::stopped_turn());
    Many::open(stories, size)
}

/// Snapshots the inbox as each size makes it: its keys are pressed anew at each.
fn each(name: &str, made: impl Fn(&mut Many)) {
    for size in super::SIZES {
        let mut many = four(size);
        made(&mut many);
        many.settle();
        let name = format!("{name}_{}x{}", size.0, size.1);
        let buffer = many.screen.draw();
        shot::dump(&buffer, &name);
        insta::assert_snapshot!(name, shot::text(&buffer));
    }
}

#[test]
fn the_list_with_the_chosen_hold() {
    each("inbox_list", |many| {
        many.press("j j");
    });
}

#[test]
fn the_hold_has_the_keys() {
    each("inbox_hold", |many| {
        many.press("j Enter");
        many.screen.tick_ms(500);
    });
}

#[test]
fn an_unknown_outcome_and_a_breakpoint() {
    each("inbox_unknown", |many| {
        many.press("G Enter");
        many.screen.tick_ms(500);
    });
    each("inbox_stopped", |many| {
        many.press("Enter");
        many.screen.tick_ms(500);
    });
}

fn marked(many: &mut Many) {
    // Read each, where it must be scrolled for too.
    many.press("j");
    for _ in 0..3 {
        many.press("Enter PageDown PageDown PageDown PageDown PageDown Esc y j");
    }
    many.press("k k n").write("the report is not done").press("Enter j j Space");
}

#[test]
fn holds_are_marked_each_with_its_own_word() {
    each("inbox_marked", marked);
}

#[test]
fn a_batch_is_confirmed() {
    each("inbox_batch", |many| {
        marked(many);
        many.press("d PageDown");
        many.screen.tick_ms(500);
    });
}

#[test]
fn each_result_is_told() {
    each("inbox_results", |many| {
        marked(many);
        many.press("d");
        many.press("PageDown PageDown PageDown PageDown PageDown PageDown PageDown PageDown");
        many.write("destroy").press("Enter");
        let state = "rejected";
        many.answered("wr1tesq000", 1, Answered::Done);
        many.answered("c0mmandsq2", 1, Answered::Refused(Refusal::Changed(CallId(1))));
        many.answered("c0mmandsq1", 1, Answered::Refused(Refusal::NotHeld { call: CallId(1), state }));
    });
}

#[test]
fn nothing_waits() {
    each("inbox_empty", |many| {
        many.stories.clear();
        many.tell();
    });
}

#[test]
fn read_aloud() {
    let mut many = four((80, 24));
    many.screen.app.look = Look { glyphs: GlyphSet::Words, accessible: true, ..look() };
    shoot(&mut many.screen.app, "inbox_aloud");
}

#[test]
fn the_page_and_the_list_wear_every_theme() {
    let mut many = four((120, 40));
    marked(&mut many);
    super::styles(&mut many.screen.app, "inbox_styles", (120, 40));
}
