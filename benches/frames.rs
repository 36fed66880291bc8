//! Frames at 120×40 with a session of 5,000 messages open: what `prepare` and `draw` cost, as divan's table.
//!
//! ```text
//! cargo bench --bench frames
//! ```
//!
//! A frame costs what it shows: the same session with 50 messages is there to compare with. The first frame of the whole
//! program is in `idle.rs`.

#![allow(
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a bench waits for real time and prints rounded figures"
)]

#[path = "../tests/it/harness/story.rs"]
#[expect(dead_code, reason = "the tests tell more stories than the benches")]
mod story;

use divan::Bencher;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::cell::RefCell;
use std::sync::Arc;
use story::Story;
use tackroom::domain::event::Limits;
use tackroom::domain::message::Draft;
use tackroom::domain::notice::{Driver, Notice};
use tackroom::domain::policy::Mode;
use tackroom::ui::app::{App, Look, Start};
use tackroom::ui::glyph::GlyphSet;
use tackroom::ui::key::Key;
use tackroom::ui::keymap::Keymap;
use tackroom::ui::prepare::prepare;
use tackroom::ui::theme::Theme;
use tackroom::ui::update::{Msg, update};
use tackroom::ui::view;
use tackroom::ui::widgets::code::Highlighter;

const SIZE: (u16, u16) = (120, 40);
/// Messages of a session: a question, a call, its result and an answer with code, table and list in each turn.
const MESSAGES: [usize; 2] = [50, 5_000];

fn main() {
    divan::main();
}

/// A workbench and the cells it draws into.
struct Bench {
    app: App,
    buffer: Buffer,
}

impl Bench {
    fn empty() -> Bench {
        let look = Look {
            theme: Theme::default(),
            glyphs: GlyphSet::Signs,
            accessible: false,
            no_color: false,
            code: Highlighter::new(),
        };
        let start =
            Start { model: "mock".to_string(), base_url: None, mode: Mode::Auto, limits: Limits::default() };
        let app = App::new(story::tools(), start, look, Keymap::default(), story::START);
        Bench { app, buffer: Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1)) }
    }

    /// Takes a told session in, as the desk tells it.
    fn watching(story: &Story) -> Bench {
        let mut bench = Bench::empty();
        let session = story.session.id.clone();
        bench.take(Msg::Resize(SIZE.0, SIZE.1));
        bench.take(Msg::Notice(Notice::Watching { session: session.clone() }));
        for commit in &story.commits {
            bench.take(Msg::Notice(Notice::Committed(Arc::clone(commit))));
        }
        bench.take(Msg::Notice(Notice::CaughtUp { session: session.clone() }));
        bench.take(Msg::Notice(Notice::Driven { session, by: Driver::Here }));
        bench
    }

    /// The same, drawn once, its code coloured, and the conversation chosen.
    fn open(messages: usize) -> Bench {
        let mut bench = Bench::watching(&story::long(messages / 4));
        bench.press("1");
        bench.frame();
        for (lang, source) in bench.app.paper.take_wanted() {
            bench.app.look.code.highlight(&lang, &source, &bench.app.look.theme);
        }
        bench.take(Msg::Coloured);
        bench.frame();
        bench
    }

    fn take(&mut self, msg: Msg) {
        let now = self.app.now;
        update(&mut self.app, msg, now);
    }

    fn press(&mut self, keys: &str) {
        for key in keys.split_whitespace().filter_map(Key::parse) {
            let now = self.app.now.plus_ms(500);
            update(&mut self.app, Msg::Key(key), now);
        }
    }

    fn frame(&mut self) {
        self.buffer.reset();
        prepare(&mut self.app);
        view::draw(&self.app, &mut self.buffer);
    }
}

/// Following the end, nothing new.
#[divan::bench(args = MESSAGES)]
fn at_the_end(bencher: Bencher, messages: usize) {
    let mut bench = Bench::open(messages);
    bencher.bench_local(|| bench.frame());
}

/// One line or page up for each frame.
#[divan::bench(args = MESSAGES)]
fn scrolling(bencher: Bencher, messages: usize) {
    let mut bench = Bench::open(messages);
    let mut at = 0;
    bencher.bench_local(|| {
        at += 1;
        bench.press(if at % 3 == 0 { "PageUp" } else { "k" });
        bench.frame();
    });
}

/// From the end to the first line in one key.
#[divan::bench(args = MESSAGES)]
fn to_the_top(bencher: Bencher, messages: usize) {
    let bench = RefCell::new(Bench::open(messages));
    let back = || {
        bench.borrow_mut().press("G");
        bench.borrow_mut().frame();
    };
    bencher.with_inputs(back).bench_local_values(|()| {
        bench.borrow_mut().press("g g");
        bench.borrow_mut().frame();
    });
}

/// A frame for each piece of an answer that arrives: prose, a table, code.
#[divan::bench(args = MESSAGES, sample_count = 100, sample_size = 10)]
fn streaming(bencher: Bencher, messages: usize) {
    let mut story = story::long(messages / 4);
    story.task("Tell me all of it.").ask();
    let mut bench = Bench::watching(&story);
    bench.press("1");
    bench.frame();
    let text = story::ANSWER.repeat(40);
    let mut pieces = text.split_inclusive(' ');
    bencher.bench_local(|| {
        let piece = pieces.next().unwrap_or("more ").to_string();
        let draft = Draft::Text(piece);
        bench.take(Msg::Notice(Notice::Draft { session: story.session.id.clone(), draft }));
        bench.frame();
    });
}

/// Another width for each frame: everything in view is laid out anew.
#[divan::bench(args = MESSAGES)]
fn resizing(bencher: Bencher, messages: usize) {
    let mut bench = Bench::open(messages);
    let mut at = 0_u16;
    bencher.bench_local(|| {
        at += 1;
        bench.take(Msg::Resize(SIZE.0 - at % 8, SIZE.1));
        bench.frame();
    });
}

/// So many letters pasted into the palette's line: a frame costs so many times more, never their square.
#[divan::bench(args = [200, 20_000])]
fn pasted_into_the_palette(bencher: Bencher, letters: usize) {
    let mut bench = Bench::open(MESSAGES[0]);
    bench.press("Ctrl-P");
    bench.take(Msg::Paste("日a".repeat(letters / 2)));
    bencher.bench_local(|| bench.frame());
}

/// The workbench made, and its first frame drawn.
#[divan::bench]
fn first_frame_of_an_empty_workbench() {
    let mut bench = Bench::empty();
    bench.take(Msg::Resize(SIZE.0, SIZE.1));
    bench.frame();
}

/// All events of a session taken in, and the first frame: grows with the session, once.
#[divan::bench(args = MESSAGES, sample_count = 20)]
fn opening(bencher: Bencher, messages: usize) {
    let story = story::long(messages / 4);
    bencher.bench_local(|| {
        let mut bench = Bench::watching(&story);
        bench.frame();
    });
}
