//! The terminal in our hands: taken, drawn on in one write a frame, given back on every way out.

use std::io::{self, Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
    EnableMouseCapture,
};
use crossterm::{cursor, queue, terminal};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::text;
use crate::ui::app::App;
use crate::ui::screen::film::paint;
use crate::ui::view;

/// Bytes that the clipboard is given at most: terminals drop longer sequences.
const COPY_BYTES_MAX: usize = 74_994;
/// Panics of other threads that are kept.
const PANICS_KEPT: usize = 16;

/// Whether the terminal is in our hands.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);
/// What broke elsewhere while the screen was shown.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Columns and rows.
pub fn size() -> io::Result<(u16, u16)> {
    terminal::size()
}

/// Gathers bytes until they are flushed: then they go out in one write.
struct Sink(Vec<u8>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut out = stdout().lock();
        out.write_all(&std::mem::take(&mut self.0))?;
        out.flush()
    }
}

/// The terminal in our hands; dropping it gives it back.
pub struct Terminal {
    backend: CrosstermBackend<Sink>,
    before: Buffer,
    after: Buffer,
    title: String,
    cursor: Option<(u16, u16)>,
}

impl Terminal {
    /// Takes the terminal: raw mode, alternate screen, mouse, bracketed paste, focus reports.
    pub fn enter() -> io::Result<Terminal> {
        enter()?;
        let empty = Buffer::empty(Rect::default());
        let backend = CrosstermBackend::new(Sink(Vec::new()));
        Ok(Terminal { backend, before: empty.clone(), after: empty, title: String::new(), cursor: None })
    }

    /// The next frame writes every cell.
    pub fn forget(&mut self) {
        self.before = Buffer::empty(Rect::default());
    }

    /// Draws what changed since the last frame: one write, shown at once.
    pub fn draw(&mut self, app: &App) -> io::Result<()> {
        let area = Rect::new(0, 0, app.size.0, app.size.1);
        queue!(self.backend, terminal::BeginSynchronizedUpdate, cursor::Hide)?;
        if self.before.area != area {
            self.before = Buffer::empty(area);
            queue!(self.backend, terminal::Clear(terminal::ClearType::All))?;
        }
        self.after.resize(area);
        self.after.reset();
        view::draw(app, &mut self.after);
        self.cursor = view::cursor(app);
        paint(&mut self.backend, &self.before, &self.after, self.cursor)?;
        std::mem::swap(&mut self.before, &mut self.after);
        let title = view::title(app);
        if title != self.title {
            queue!(self.backend, terminal::SetTitle(&title))?;
            self.title = title;
        }
        queue!(self.backend, terminal::EndSynchronizedUpdate)?;
        Backend::flush(&mut self.backend)
    }

    /// Puts a text into the terminal's clipboard (OSC 52).
    pub fn copy(&mut self, text: &str) {
        let text = text.get(..text.floor_char_boundary(COPY_BYTES_MAX)).unwrap_or_default();
        let command = crossterm::clipboard::CopyToClipboard::to_clipboard_from(text);
        self.tell(|out| queue!(out, command));
    }

    /// Rings, and says why to terminals that show it (OSC 9).
    pub fn ring(&mut self, words: &str) {
        let words = text::clean(words).replace('\n', " ");
        self.tell(|out| write!(out, "\x07\x1b]9;{words}\x07"));
    }

    /// Writes beside a frame. A terminal that is gone is noticed at the next frame.
    fn tell(&mut self, write: impl FnOnce(&mut CrosstermBackend<Sink>) -> io::Result<()>) {
        if write(&mut self.backend).and_then(|()| Backend::flush(&mut self.backend)).is_err() {
            self.forget();
        }
    }

    /// Gives the terminal back for a while.
    pub fn release(&mut self) {
        leave();
    }

    /// Takes it again; the next frame writes every cell.
    pub fn resume(&mut self) -> io::Result<()> {
        enter()?;
        self.forget();
        self.title.clear();
        Ok(())
    }

    /// Gives the terminal back, stops this process, and takes it again when the shell calls.
    pub fn suspend(&mut self) {
        leave();
        stop_self();
        if enter().is_ok() {
            self.forget();
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        leave();
        tell_kept();
    }
}

fn enter() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    IS_TAKEN.store(true, Ordering::Release);
    let mut out = stdout().lock();
    let entered = queue!(
        out,
        terminal::EnterAlternateScreen,
        EnableMouseCapture,
        EnableBracketedPaste,
        EnableFocusChange,
        cursor::Hide,
        terminal::Clear(terminal::ClearType::All)
    );
    entered.and_then(|()| out.flush()).inspect_err(|_| leave())
}

/// Puts the terminal back. Whatever fails, the rest is still tried.
fn leave() {
    if !IS_TAKEN.swap(false, Ordering::AcqRel) {
        return;
    }
    let mut out = stdout().lock();
    let left = queue!(
        out,
        terminal::EndSynchronizedUpdate,
        // A terminal that was resized meanwhile may keep cells of this screen on the other one.
        terminal::Clear(terminal::ClearType::All),
        DisableFocusChange,
        DisableBracketedPaste,
        DisableMouseCapture,
        terminal::SetTitle(""),
        terminal::LeaveAlternateScreen,
        crossterm::style::ResetColor,
        cursor::Show
    );
    let flushed = out.flush();
    let cooked = terminal::disable_raw_mode();
    // There is nobody left to tell: the terminal is going or gone.
    drop((left, flushed, cooked));
}

/// A panic of the calling thread puts the terminal back before it is reported. One of another thread, where a tool may
/// break and is caught, is kept and told when the terminal is back: it must not paint over the screen.
pub fn restore_on_panic() {
    let here = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !IS_TAKEN.load(Ordering::Acquire) {
            return before(info);
        }
        if std::thread::current().id() == here {
            leave();
            return before(info);
        }
        let mut kept = kept();
        if kept.len() < PANICS_KEPT {
            kept.push(info.to_string());
        }
    }));
}

fn kept() -> MutexGuard<'static, Vec<String>> {
    PANICS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells what broke elsewhere while the screen was shown.
fn tell_kept() {
    let mut out = io::stderr().lock();
    for text in kept().drain(..) {
        // There is no other place to say it.
        drop(writeln!(out, "{}", text::clean(&text)));
    }
}

/// Stops this process as Ctrl-Z does; returns when it goes on.
fn stop_self() {
    if rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP).is_err() {
        // A process that cannot stop just goes on.
    }
}
