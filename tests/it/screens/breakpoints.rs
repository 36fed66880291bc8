//! Breakpoints on the screen: the overlay as it is typed into, and the hits in the panel, the timeline and the list.

use super::{look, press, row, shoot, watching};
use crate::harness::story::{self, Story, at};
use tackroom::domain::order::Order;
use tackroom::ui::app::{App, Look};
use tackroom::ui::glyph::GlyphSet;
use tackroom::ui::key::{Code, Key};
use tackroom::ui::update::{Msg, update};

fn write(app: &mut App, text: &str) {
    for c in text.chars() {
        let now = app.now;
        update(app, Msg::Key(Key::plain(Code::Char(c))), now);
    }
}

#[test]
fn a_hit_before_a_call_that_waits() {
    let mut app = watching(&story::stopped(), look());
    press(&mut app, "4");
    shoot(&mut app, "stopped_held");
}

#[test]
fn a_hit_before_an_allowed_call() {
    let mut app = watching(&story::stopped_allowed(), look());
    press(&mut app, "4");
    shoot(&mut app, "stopped_allowed");
}

#[test]
fn a_hit_before_the_models_turn_with_a_note() {
    let mut app = watching(&story::stopped_turn(), look());
    press(&mut app, "4");
    shoot(&mut app, "stopped_turn");
}

#[test]
fn a_hit_in_the_timeline() {
    let mut app = watching(&story::stopped_allowed(), look());
    press(&mut app, "2");
    shoot(&mut app, "stopped_trace");
}

#[test]
fn a_hit_read_aloud() {
    let aloud = Look { glyphs: GlyphSet::Words, accessible: true, ..look() };
    let mut app = watching(&story::stopped_turn(), aloud);
    press(&mut app, "4");
    shoot(&mut app, "stopped_aloud");
}

#[test]
fn the_overlay_lists_breakpoints_and_notes() {
    let mut story = story::stopped_turn();
    story.order(Order::SetBreakpoint(at("arg:/path~^src/")));
    story.order(Order::SetBreakpoint(at("once risky")));
    let mut app = watching(&story, look());
    press(&mut app, "1 b Down");
    shoot(&mut app, "breakpoints");
}

#[test]
fn the_overlay_tells_what_is_typed() {
    let mut app = watching(&story::stopped(), look());
    press(&mut app, "1 b");
    write(&mut app, "tool=write_fiel");
    shoot(&mut app, "breakpoints_typed");
}

#[test]
fn the_overlay_tells_what_is_wrong() {
    let mut app = watching(&Story::new("n0br3ak5aa", "Nothing yet"), look());
    press(&mut app, "1 b");
    write(&mut app, "arg:/path~(");
    shoot(&mut app, "breakpoints_wrong");
}

#[test]
fn run_until() {
    let mut app = watching(&story::stopped(), look());
    press(&mut app, "1 u");
    write(&mut app, "steps=+2");
    shoot(&mut app, "run_until");
}

#[test]
fn a_stopped_session_waits_in_the_list() {
    let stopped = story::stopped_turn();
    let mut app = watching(&stopped, look());
    crate::harness::shelf::keep(vec![row(&stopped)]);
    press(&mut app, "1 g s");
    let screen = crate::harness::shot::text(&super::draw(&mut app, (120, 40)));
    assert!(screen.contains("waits for you"), "{screen}");
}
