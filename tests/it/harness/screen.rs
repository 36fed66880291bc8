//! The real update and view on a buffer: keys in, screen text and effects out.

use crate::harness::stored::Stored;
use crate::harness::story::{START, Story};
use crate::harness::{shelf, shot};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;
use tackroom::domain::command::Command;
use tackroom::domain::event::Limits;
use tackroom::domain::notice::{Driver, Notice};
use tackroom::domain::order::Order;
use tackroom::domain::policy::Mode;
use tackroom::domain::time::Micros;
use tackroom::domain::tool_spec::ToolBook;
use tackroom::ui::app::{App, Look, Start};
use tackroom::ui::glyph::GlyphSet;
use tackroom::ui::key::{Code, Key};
use tackroom::ui::keymap::Keymap;
use tackroom::ui::parts::Overlay;
use tackroom::ui::prepare::prepare;
use tackroom::ui::theme::Theme;
use tackroom::ui::update::{Effect, Msg, update};
use tackroom::ui::view;
use tackroom::ui::widgets::code::Highlighter;

/// A screen that is drawn after every message, as the real one is.
pub struct TestScreen {
    /// The app.
    pub app: App,
    /// Everything it asked for.
    pub effects: Vec<Effect>,
    now: Micros,
    told: usize,
    stored: Option<Stored>,
}

impl TestScreen {
    /// A screen of a size that watches nothing.
    pub fn new(tools: ToolBook, size: (u16, u16)) -> TestScreen {
        let look = Look {
            theme: Theme::default(),
            glyphs: GlyphSet::Signs,
            accessible: false,
            no_color: false,
            code: Highlighter::new(),
        };
        let start =
            Start { model: "test".to_string(), base_url: None, mode: Mode::Auto, limits: Limits::default() };
        let app = App::new(tools, start, look, Keymap::default(), START);
        let mut screen = TestScreen { app, effects: Vec::new(), now: START, told: 0, stored: None };
        screen.msg(Msg::Resize(size.0, size.1));
        screen
    }

    /// A screen that watches what a story told so far, at the story's present.
    pub fn of(story: &Story, size: (u16, u16)) -> TestScreen {
        let mut screen = TestScreen::new(story.tools.clone(), size);
        let session = story.session.id.clone();
        screen.now = story.now;
        screen.msg(Msg::Notice(Notice::Watching { session: session.clone() }));
        screen.hear(story);
        screen.msg(Msg::Notice(Notice::CaughtUp { session: session.clone() }));
        screen.msg(Msg::Notice(Notice::Driven { session, by: Driver::Here }));
        screen
    }

    /// A screen that plays what a story told: held at the event `at`, or playing from the first.
    pub fn playing(story: &Story, size: (u16, u16), at: Option<u64>) -> TestScreen {
        TestScreen::playing_stored(&Stored::of(story), story.tools.clone(), size, at)
    }

    /// A screen that plays a stored session.
    pub fn playing_stored(stored: &Stored, tools: ToolBook, size: (u16, u16), at: Option<u64>) -> TestScreen {
        let mut screen = TestScreen::new(tools, size);
        (screen.app.replay_wanted, screen.app.replay_at) = (Some(stored.id.clone()), at);
        screen.stored = Some(stored.clone());
        for notice in stored.opened() {
            screen.msg(Msg::Notice(notice));
        }
        screen
    }

    /// What the story told since the last time arrives.
    pub fn hear(&mut self, story: &Story) -> &mut TestScreen {
        for commit in story.commits.iter().skip(self.told) {
            self.told += 1;
            self.msg(Msg::Notice(Notice::Committed(Arc::clone(commit))));
        }
        self
    }

    /// A message comes now; then a frame is drawn.
    pub fn msg(&mut self, msg: Msg) -> &mut TestScreen {
        let mut effects = update(&mut self.app, msg, self.now);
        while let Some(stored) = &self.stored {
            let asked =
                effects.iter().position(|effect| matches!(effect, Effect::Send(Command::Page { .. })));
            let Some(Effect::Send(command)) = asked.map(|at| effects.remove(at)) else { break };
            for notice in stored.answer(&command) {
                effects.extend(update(&mut self.app, Msg::Notice(notice), self.now));
            }
        }
        while let Some((at, notice)) = effects.iter().enumerate().find_map(|(at, effect)| match effect {
            Effect::Send(command) => shelf::answer(command).map(|notice| (at, notice)),
            Effect::Copy(_)
            | Effect::Bell(_)
            | Effect::Show(_)
            | Effect::Quit
            | Effect::Suspend
            | Effect::Redraw => None,
        }) {
            effects.remove(at);
            effects.extend(update(&mut self.app, Msg::Notice(notice), self.now));
        }
        self.effects.extend(effects);
        prepare(&mut self.app); // what the frame after this message will have shown
        self
    }

    /// Time passes.
    pub fn tick_ms(&mut self, ms: u64) -> &mut TestScreen {
        self.now = self.now.plus_ms(ms);
        self.msg(Msg::Tick)
    }

    /// Keys are pressed one after another, at once: `press("g s")`, `press("Ctrl-S")`.
    pub fn press(&mut self, keys: &str) -> &mut TestScreen {
        for key in keys.split_whitespace() {
            let key = Key::parse(key).unwrap_or_else(|| panic!("`{key}` is no key"));
            self.msg(Msg::Key(key));
        }
        self
    }

    /// A text is typed, character by character.
    pub fn write(&mut self, text: &str) -> &mut TestScreen {
        for c in text.chars() {
            let code = if c == '\n' { Code::Enter } else { Code::Char(c) };
            self.msg(Msg::Key(Key::plain(code)));
        }
        self
    }

    /// A text is pasted.
    pub fn paste(&mut self, text: &str) -> &mut TestScreen {
        self.msg(Msg::Paste(text.to_string()))
    }

    /// The screen as cells.
    pub fn draw(&mut self) -> Buffer {
        prepare(&mut self.app);
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.app.size.0, self.app.size.1));
        view::draw(&self.app, &mut buffer);
        buffer
    }

    /// The screen as text.
    pub fn screen(&mut self) -> String {
        let buffer = self.draw();
        shot::text(&buffer)
    }

    /// What lies on top of all that lies over the workbench.
    pub fn top(&self) -> Option<&Overlay> {
        self.app.over.top()
    }

    /// Where the hardware cursor stands.
    pub fn cursor(&self) -> Option<(u16, u16)> {
        view::cursor(&self.app)
    }

    /// The commands asked for since the last time.
    pub fn commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.effects)
            .into_iter()
            .filter_map(|effect| if let Effect::Send(command) = effect { Some(command) } else { None })
            .collect()
    }

    /// The orders asked for since the last time.
    pub fn orders(&mut self) -> Vec<Order> {
        self.commands()
            .into_iter()
            .filter_map(|command| if let Command::Order { order, .. } = command { Some(order) } else { None })
            .collect()
    }
}

/// Whether an order decides about a call.
pub fn decides(order: &Order) -> bool {
    matches!(
        order,
        Order::Approve { .. }
            | Order::ApproveEdited { .. }
            | Order::Grant { .. }
            | Order::Reject { .. }
            | Order::Respond { .. }
            | Order::Settle { .. }
    )
}
