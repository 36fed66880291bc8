//! Frames as the bytes that a terminal would get: what changed since the frame before, without a terminal.

use std::io::{self, Write};

use crossterm::{cursor, queue, terminal};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::ui::app::App;
use crate::ui::prepare::prepare;
use crate::ui::update::{Msg, update};
use crate::ui::view;

/// Frames of one size.
pub struct Film {
    before: Option<Buffer>,
    cursor: Option<(u16, u16)>,
}

impl Film {
    /// Before the first frame.
    pub fn new() -> Film {
        Film { before: None, cursor: None }
    }

    /// The next frame; empty where nothing changed.
    pub fn frame(&mut self, app: &mut App) -> io::Result<String> {
        prepare(app);
        colour(app);
        let area = Rect::new(0, 0, app.size.0, app.size.1);
        let mut after = Buffer::empty(area);
        view::draw(app, &mut after);
        let mut bytes = Vec::new();
        let mut backend = CrosstermBackend::new(&mut bytes);
        let before = match self.before.take().filter(|before| before.area == area) {
            Some(before) => before,
            None => {
                queue!(backend, cursor::Hide, terminal::Clear(terminal::ClearType::All))?;
                Buffer::empty(area)
            }
        };
        let shown = view::cursor(app);
        if shown != self.cursor || !before.diff(&after).is_empty() {
            paint(&mut backend, &before, &after, shown)?;
        }
        (self.before, self.cursor) = (Some(after), shown);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Default for Film {
    fn default() -> Film {
        Film::new()
    }
}

/// Writes what differs between two frames, and where the cursor stands in the later one.
pub fn paint(
    backend: &mut CrosstermBackend<impl Write>,
    before: &Buffer,
    after: &Buffer,
    cursor: Option<(u16, u16)>,
) -> io::Result<()> {
    backend.draw(before.diff(after).into_iter())?;
    match cursor {
        Some((x, y)) => {
            backend.set_cursor_position(Position { x, y })?;
            queue!(backend, cursor::Show)
        }
        None => queue!(backend, cursor::Hide),
    }
}

/// Nobody waits for colour here: it is there in the first frame that shows the code.
pub fn colour(app: &mut App) {
    let wanted = app.paper.take_wanted();
    if wanted.is_empty() {
        return;
    }
    for (lang, source) in wanted {
        app.look.code.highlight(&lang, &source, &app.look.theme);
    }
    let now = app.now;
    update(app, Msg::Coloured, now);
    prepare(app);
}
