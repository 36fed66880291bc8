//! Every pane and overlay at four sizes through the real view, from told sessions.
//!
//! `TACKROOM_SHOTS=folder` writes each screen as ANSI too, for a picture.

mod workbench;
mod overlays;
mod breakpoints;
mod leases;
mod inspect;
mod inbox;
mod looks;
mod asked;
mod cost;
mod money;
mod reins;
mod context;
pub mod hostile;

use crate::harness::story::{START, Story, tools};
use crate::harness::{shelf, shot};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;
use tackroom::domain::event::Limits;
use tackroom::domain::notice::{Driver, Notice};
use tackroom::domain::policy::Mode;
use tackroom::domain::tally::Row;
use tackroom::domain::time::Micros;
use tackroom::ui::app::{App, Look, Start};
use tackroom::ui::glyph::GlyphSet;
use tackroom::ui::key::Key;
use tackroom::ui::keymap::Keymap;
use tackroom::ui::prepare::prepare;
use tackroom::ui::screen::film::colour;
use tackroom::ui::theme::Theme;
use tackroom::ui::update::{Effect, Msg, update};
use tackroom::ui::view;
use tackroom::ui::widgets::code::Highlighter;

/// The four sizes that every screen is looked at in.
pub const SIZES: [(u16, u16); 4] = [(200, 50), (120, 40), (80, 24), (40, 15)];

/// How things look by default.
pub fn look() -> Look {
    Look {
        theme: Theme::default(),
        glyphs: GlyphSet::Signs,
        accessible: false,
        no_color: false,
        code: Highlighter::new(),
    }
}

/// A workbench that watches nothing.
pub fn empty(look: Look) -> App {
    let start = Start {
        model: "qwen3-coder at http://127.0.0.1:11434/v1".to_string(),
        base_url: None,
        mode: Mode::Auto,
        limits: Limits::default(),
    };
    App::new(tools(), start, look, Keymap::default(), START)
}

/// A workbench that watches a told session, at the story's present.
pub fn watching(story: &Story, look: Look) -> App {
    let mut app = empty(look);
    let session = story.session.id.clone();
    tell(&mut app, Notice::Watching { session: session.clone() }, story.now);
    for commit in &story.commits {
        tell(&mut app, Notice::Committed(Arc::clone(commit)), story.now);
    }
    tell(&mut app, Notice::CaughtUp { session: session.clone() }, story.now);
    tell(&mut app, Notice::Driven { session, by: Driver::Here }, story.now);
    app
}

/// A notice comes in.
pub fn tell(app: &mut App, notice: Notice, now: Micros) {
    update(app, Msg::Notice(notice), now);
}

/// Keys are pressed, well after the guard.
pub fn press(app: &mut App, keys: &str) {
    for chord in keys.split_whitespace() {
        let now = app.now.plus_ms(500);
        let key = Key::parse(chord).expect("a key");
        let mut effects = update(app, Msg::Key(key), now);
        while let Some(effect) = effects.pop() {
            let Effect::Send(command) = effect else { continue };
            effects.extend(
                shelf::answer(&command)
                    .map(|notice| update(app, Msg::Notice(notice), now))
                    .unwrap_or_default(),
            );
        }
    }
}

/// Time passes, as long as the guard and a little more.
pub fn settle(app: &mut App) {
    let now = app.now.plus_ms(500);
    update(app, Msg::Tick, now);
}

/// The screen at a size.
pub fn draw(app: &mut App, size: (u16, u16)) -> Buffer {
    let now = app.now;
    update(app, Msg::Resize(size.0, size.1), now);
    prepare(app);
    colour(app);
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    view::draw(app, &mut buffer);
    buffer
}

/// Snapshots the screen at every size under `name`.
pub fn shoot(app: &mut App, name: &str) {
    for size in SIZES {
        let name = format!("{name}_{}x{}", size.0, size.1);
        app.windows.talk.reveal = app.windows.talk.chosen.is_some();
        let buffer = draw(app, size);
        shot::dump(&buffer, &name);
        insta::assert_snapshot!(name, shot::text(&buffer));
    }
}

/// Snapshots where which style is, at one size.
pub fn styles(app: &mut App, name: &str, size: (u16, u16)) {
    let buffer = draw(app, size);
    shot::dump(&buffer, name);
    insta::assert_snapshot!(name, shot::styles(&buffer));
}

/// The row of a session in the list.
pub fn row(story: &Story) -> Row {
    let mut row = Row::new(story.session.id.clone());
    story.events().iter().for_each(|event| row.apply(event));
    row
}
