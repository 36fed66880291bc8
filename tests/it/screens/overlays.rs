//! What lies over the workbench: sessions, help, palette, themes.

use super::{look, press, row, shoot, tell, watching};
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
