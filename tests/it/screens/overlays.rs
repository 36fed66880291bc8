//! What lies over the workbench: sessions, help, palette, themes.

use super::{SIZES, draw, look, press, row, shoot, tell, watching};
use crate::compare::compared;
use crate::harness::shot;
use crate::harness::story::{self, Story};
use tackroom::domain::fault::FaultKind;
use tackroom::domain::notice::Notice;
use tackroom::ui::app::App;

fn with_sessions() -> App {
    let held = story::held();
    let mut app = watching(&held, look());
    let mut failed =
        Story::new("f0f0f0f0f0", "Summarise the notes of a very long week in which nothing happened at all");
    failed.task("x").ask().wait(20).fault(FaultKind::Auth, "401").finish();
    let mut foreign = Story::new("w1w1w1w1w1", "日本語のメモを調べる \u{1b}[31mred\u{202e}");
    foreign.task("x").ask();
    let rows = vec![row(&held), row(&story::unknown()), row(&foreign), row(&story::done()), row(&failed)];
    tell(&mut app, Notice::Rows(rows), held.now.plus_ms(4_000_000));
    app
}

#[test]
fn the_sessions_list() {
    let mut app = with_sessions();
    press(&mut app, "1 g s j");
    shoot(&mut app, "sessions");
}

#[test]
fn the_sessions_list_filtered() {
    let mut app = with_sessions();
    press(&mut app, "1 g s / c r a s h");
    shoot(&mut app, "sessions_filtered");
}

#[test]
fn the_help() {
    let mut app = with_sessions();
    press(&mut app, "1 ?");
    shoot(&mut app, "help");
}

#[test]
fn the_palette() {
    let mut app = with_sessions();
    press(&mut app, "1 Ctrl-P p a u");
    shoot(&mut app, "palette");
}

#[test]
fn the_theme_picker() {
    let mut app = with_sessions();
    press(&mut app, "1 g t Down");
    shoot(&mut app, "themes");
}

/// The held session marked, and the finished one chosen to be compared with it.
fn comparing() -> App {
    let mut app = with_sessions();
    press(&mut app, "1 g s d j j j d");
    app
}

#[test]
fn a_marked_session() {
    let mut app = with_sessions();
    press(&mut app, "1 g s d j");
    shoot(&mut app, "sessions_marked");
}

#[test]
fn two_sessions_compared() {
    let mut app = comparing();
    let waits = draw(&mut app, SIZES[2]);
    assert!(shot::text(&waits).contains("Reading the two sessions"));
    // That of other sessions is not shown, nor one that nobody waits for.
    tell(&mut app, Notice::Compared(compared(&story::done(), &story::held())), story::done().now);
    assert!(shot::text(&draw(&mut app, SIZES[2])).contains("Reading the two sessions"));
    tell(&mut app, Notice::Compared(compared(&story::held(), &story::done())), story::done().now);
    shoot(&mut app, "compare");
}

#[test]
fn two_sessions_compared_at_the_next_difference() {
    let mut app = comparing();
    tell(&mut app, Notice::Compared(compared(&story::held(), &story::done())), story::done().now);
    draw(&mut app, SIZES[3]);
    press(&mut app, "n n j");
    shoot(&mut app, "compare_next");
    press(&mut app, "Enter G");
    shoot(&mut app, "compare_end");
}

#[test]
fn every_line_of_a_comparison_can_be_reached() {
    for size in SIZES {
        let mut app = comparing();
        tell(&mut app, Notice::Compared(compared(&story::held(), &story::done())), story::done().now);
        let mut seen = shot::text(&draw(&mut app, size));
        for _ in 0..200 {
            press(&mut app, "j");
            seen.push_str(&shot::text(&draw(&mut app, size)));
        }
        for words in ["c4 write_file", "c6 shell", "done: the model"] {
            assert!(seen.contains(words), "{words} at {size:?}");
        }
        let end = shot::text(&draw(&mut app, size));
        press(&mut app, "g");
        press(&mut app, "g");
        press(&mut app, "G");
        assert_eq!(end, shot::text(&draw(&mut app, size)), "the end is the end at {size:?}");
        press(&mut app, "Esc");
        assert!(shot::text(&draw(&mut app, size)).contains("Sessions"));
    }
}
