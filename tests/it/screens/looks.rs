//! The main screens without colours, read aloud, and in the other themes.

use super::{look, press, shoot, styles, watching};
use crate::harness::story;
use tackroom::ui::app::Look;
use tackroom::ui::glyph::GlyphSet;
use tackroom::ui::theme::Theme;

fn aloud() -> Look {
    Look { glyphs: GlyphSet::Words, accessible: true, ..look() }
}

#[test]
fn without_colours() {
    let mono = Look { theme: Theme::plain(), no_color: true, ..look() };
    let mut app = watching(&story::held(), mono);
    press(&mut app, "2 k k");
    styles(&mut app, "mono_styles", (120, 40));
}

#[test]
fn read_aloud_held() {
    let mut app = watching(&story::held(), aloud());
    press(&mut app, "1");
    shoot(&mut app, "aloud_held");
}

#[test]
fn read_aloud_done() {
    let mut app = watching(&story::done(), aloud());
    press(&mut app, "1");
    shoot(&mut app, "aloud_done");
}

#[test]
fn read_aloud_timeline() {
    let mut app = watching(&story::done(), aloud());
    press(&mut app, "2 k");
    shoot(&mut app, "aloud_trace");
}

#[test]
fn every_theme_draws_the_same_words() {
    // Without colours code stands between backticks, so the plain theme says more.
    let texts: Vec<String> = Theme::names()
        .filter(|name| *name != "mono")
        .map(|name| {
            let theme = Theme::builtin(name).expect("a built-in theme");
            let mut app = watching(&story::done(), Look { theme, ..look() });
            let buffer = super::draw(&mut app, (120, 40));
            crate::harness::shot::dump(&buffer, &format!("theme_{name}"));
            crate::harness::shot::text(&buffer)
        })
        .collect();
    assert!(texts.windows(2).all(|pair| pair[0] == pair[1]));
}
