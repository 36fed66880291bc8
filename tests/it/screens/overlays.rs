//! What lies over the workbench: sessions, help, palette, themes.

use super::{SIZES, draw, look, press, row, shoot, tell, watching};
use crate::compare::account;
use crate::harness::shot;
use crate::harness::story::{self, Story};
use std::sync::Arc;
use tackroom::domain::account::Accountant;
use tackroom::domain::compare::Comparison;
use tackroom::domain::fault::FaultKind;
use tackroom::domain::ids::SessionId;
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

/// The finished session under a name of its own: both are told from one beginning.
fn finished() -> SessionId {
    SessionId("d0n3d0n3d0".to_string())
}

/// The held session and the finished one, compared; the other way round where `turned`.
fn told(turned: bool) -> Notice {
    let mut done = Accountant::new(finished());
    story::done().events().iter().for_each(|event| done.apply(event));
    let (held, done) = (account(&story::held()), done.finish());
    let compared = if turned { Comparison::of(done, held) } else { Comparison::of(held, done) };
    Notice::Compared(Arc::new(compared))
}

/// The held session marked, and the finished one chosen to be compared with it.
fn comparing() -> App {
    let held = story::held();
    let mut app = watching(&held, look());
    let mut other = row(&story::done());
    other.id = finished();
    let rows = vec![row(&held), row(&story::unknown()), other];
    tell(&mut app, Notice::Rows(rows), held.now.plus_ms(4_000_000));
    press(&mut app, "1 g s d j j d");
    app
}

#[test]
fn a_marked_session() {
    let mut app = with_sessions();
    press(&mut app, "1 g s j d k");
    shoot(&mut app, "sessions_marked");
}

#[test]
fn two_sessions_compared() {
    let mut app = comparing();
    let waits = draw(&mut app, SIZES[2]);
    assert!(shot::text(&waits).contains("Reading the two sessions"));
    let now = app.now;
    tell(&mut app, told(true), now); // what was not asked for is not shown
    assert!(shot::text(&draw(&mut app, SIZES[2])).contains("Reading the two sessions"));
    tell(&mut app, told(false), now);
    shoot(&mut app, "compare");
}

#[test]
fn two_sessions_compared_at_the_next_difference() {
    for size in SIZES {
        let mut app = comparing();
        let now = app.now;
        tell(&mut app, told(false), now);
        draw(&mut app, size);
        for (name, keys) in [("compare_next", "n n j"), ("compare_end", "Enter G")] {
            press(&mut app, keys);
            let name = format!("{name}_{}x{}", size.0, size.1);
            insta::assert_snapshot!(name, shot::text(&draw(&mut app, size)));
        }
    }
}

#[test]
fn every_line_of_a_comparison_can_be_reached() {
    for size in SIZES {
        let mut app = comparing();
        let now = app.now;
        tell(&mut app, told(false), now);
        let mut seen = shot::text(&draw(&mut app, size));
        for _ in 0..80 {
            press(&mut app, "j");
            seen.push_str(&shot::text(&draw(&mut app, size)));
        }
        for words in ["c4 write_file", "c6 shell", "done: the model"] {
            assert!(seen.contains(words), "{words} at {size:?}");
        }
        let end = shot::text(&draw(&mut app, size));
        press(&mut app, "g g G");
        assert_eq!(end, shot::text(&draw(&mut app, size)), "the end is the end at {size:?}");
        press(&mut app, "Esc");
        assert!(shot::text(&draw(&mut app, size)).contains("Sessions"));
    }
}
