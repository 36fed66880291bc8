//! The screen's loop: keys, notices, ticks and signals come in, frames go out. The only place of this room that waits.
//!
//! One task waits for the first of five things (a key, a notice, the tick that the app asked for, a coloured block, a
//! signal), takes in all that is there, and draws once, at most sixty times a second and only when something came. A
//! frame goes out in one write. Whatever way it ends, `terminal` puts the terminal back as it was.

pub mod film; // frames without a terminal
pub mod outside; // another program has the terminal for a while
pub mod terminal; // taken and given back; frames in one write

use std::io;
use std::time::Duration;

use crossterm::event::{
    Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use futures_util::StreamExt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, sleep_until, timeout};

use crate::domain::command::Command;
use crate::domain::ids::SessionId;
use crate::domain::notice::Notice;
use crate::domain::time::Micros;
use crate::ui::app::App;
use crate::ui::key::{Code, Key};
use crate::ui::prepare::prepare;
use crate::ui::screen::terminal::{Terminal, restore_on_panic, size};
use crate::ui::update::{Effect, Elsewhere, Mouse, Msg, fault, next_tick_ms, toast, update};

/// Milliseconds between two frames at least.
const FRAME_MS: u64 = 16;
/// Notices taken in before a frame at most; the queue behind is bounded, so the runtime waits.
const NOTICES_MAX: usize = 4096;
/// How long a command may wait for room in the queue, in milliseconds.
const SEND_MS_MAX: u64 = 2_000;
/// Lines that one turn of the wheel scrolls.
const WHEEL_LINES: i32 = 3;

/// Why the screen ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The operator left.
    Quit,
    /// The terminal or the system asked: SIGTERM, SIGHUP or SIGINT from outside.
    Signalled,
    /// The runtime is gone.
    Disconnected,
}

/// What the loop waits on besides keys and notices.
struct Wakers {
    term: Signal,
    hang: Signal,
    interrupt: Signal,
}

/// Shows `app` until it ends; answers why, and which session was watched last. `now` tells the time. Notices come in and
/// commands go out over bounded queues.
pub async fn run(
    app: App,
    notices: Receiver<Notice>,
    commands: Sender<Command>,
    now: impl Fn() -> Micros + Send,
) -> io::Result<(Exit, Option<SessionId>)> {
    let wakers = Wakers {
        term: signal(SignalKind::terminate())?,
        hang: signal(SignalKind::hangup())?,
        interrupt: signal(SignalKind::interrupt())?,
    };
    restore_on_panic();
    let mut screen = Screen { terminal: Terminal::enter()?, app, commands, now, elsewhere: None };
    let (columns, rows) = size()?;
    screen.take(Msg::Resize(columns, rows)).await;
    let exit = screen.turn(notices, wakers).await?;
    let watched = screen.app.session_id().cloned();
    Ok((exit, watched))
}

/// The app with its ends.
struct Screen<F> {
    terminal: Terminal,
    app: App,
    commands: Sender<Command>,
    now: F,
    elsewhere: Option<Elsewhere>,
}

/// What came first.
enum Woken {
    Terminal(Option<io::Result<Event>>),
    Notice(Option<Notice>),
    Tick,
    Frame,
    Coloured,
    Signal,
}

impl<F: Fn() -> Micros + Send> Screen<F> {
    /// Waits, takes in, draws; until something ends it.
    async fn turn(&mut self, mut notices: Receiver<Notice>, mut wakers: Wakers) -> io::Result<Exit> {
        let mut events = EventStream::new();
        let (coloured, mut colours) = channel::<()>(1);
        let mut changed = true;
        let mut drawn_at = Instant::now();
        let mut tick_at = Instant::now();
        loop {
            let frame_at = drawn_at + Duration::from_millis(FRAME_MS);
            if changed && Instant::now() >= frame_at {
                self.draw(&coloured)?;
                changed = false;
                drawn_at = Instant::now();
            }
            let tick_ms = next_tick_ms(&self.app);
            tick_at = tick_ms.map_or(tick_at, |ms| Instant::now() + Duration::from_millis(ms.max(FRAME_MS)));
            let woken = tokio::select! {
                biased;
                // Signals first: a flood of notices must not delay the end.
                _ = wakers.term.recv() => Woken::Signal,
                _ = wakers.hang.recv() => Woken::Signal,
                _ = wakers.interrupt.recv() => Woken::Signal,
                // Keys before notices: the operator is never behind a stream.
                event = events.next() => Woken::Terminal(event),
                // A frame is due before more is taken in.
                () = sleep_until(frame_at), if changed => Woken::Frame,
                notice = notices.recv() => Woken::Notice(notice),
                _ = colours.recv() => Woken::Coloured,
                // Only while something on the screen changes by time alone.
                () = sleep_until(tick_at), if tick_ms.is_some() => Woken::Tick,
            };
            let exit = match woken {
                Woken::Signal => Some(Exit::Signalled),
                Woken::Terminal(None) => Some(Exit::Signalled),
                Woken::Terminal(Some(event)) => self.event(event?).await?,
                Woken::Frame => continue,
                Woken::Tick => self.take(Msg::Tick).await,
                Woken::Coloured => self.take(Msg::Coloured).await,
                Woken::Notice(None) => Some(Exit::Disconnected),
                Woken::Notice(Some(notice)) => self.flood(notice, &mut notices).await,
            };
            changed = true;
            if let Some(exit) = exit {
                return Ok(exit);
            }
            if let Some(wanted) = self.elsewhere.take() {
                drop(events); // the other program reads the keys meanwhile
                // Dropping it wakes whoever reads keys. Where nobody did, the next reader would wake at once, and what it wakes
                // with hides the first key until a second one comes: so it is taken here.
                let _ = crossterm::event::poll(Duration::ZERO);
                if let Some(exit) = self.show(wanted, &mut notices, &mut wakers).await? {
                    return Ok(exit);
                }
                events = EventStream::new();
            }
        }
    }

    /// Another program has the terminal until it ends. What the runtime tells is taken in meanwhile, so that nothing waits
    /// for the screen; keys and Ctrl-C are that program's.
    async fn show(
        &mut self,
        wanted: Elsewhere,
        notices: &mut Receiver<Notice>,
        wakers: &mut Wakers,
    ) -> io::Result<Option<Exit>> {
        self.terminal.release();
        let mut running = Box::pin(outside::show(wanted, self.app.programs.clone()));
        let shown = loop {
            tokio::select! {
                shown = &mut running => break shown,
                // Dropping what runs ends it.
                _ = wakers.term.recv() => return Ok(Some(Exit::Signalled)),
                _ = wakers.hang.recv() => return Ok(Some(Exit::Signalled)),
                _ = wakers.interrupt.recv() => {}
                notice = notices.recv() => match notice {
                    None => return Ok(Some(Exit::Disconnected)),
                    Some(notice) => {
                        if let Some(exit) = self.take(Msg::Notice(notice)).await {
                            return Ok(Some(exit));
                        }
                    }
                },
            }
        };
        self.terminal.resume()?;
        let (columns, rows) = size()?;
        let exit = self.take(Msg::Resize(columns, rows)).await;
        match shown {
            Ok(words) if !words.is_empty() => toast(&mut self.app, &words, ""),
            Ok(_) => {}
            Err(words) => fault(&mut self.app, &words, "PAGER, VISUAL and EDITOR name the programs"),
        }
        Ok(exit)
    }

    /// Takes in a notice and all that wait behind it: one frame for many drafts.
    async fn flood(&mut self, first: Notice, notices: &mut Receiver<Notice>) -> Option<Exit> {
        let mut next = Some(first);
        for _ in 0..NOTICES_MAX {
            let Some(notice) = next else { break };
            if let Some(exit) = self.take(Msg::Notice(notice)).await {
                return Some(exit);
            }
            next = notices.try_recv().ok();
        }
        if let Some(notice) = next {
            return self.take(Msg::Notice(notice)).await;
        }
        None
    }

    /// Takes in what the terminal says.
    async fn event(&mut self, event: Event) -> io::Result<Option<Exit>> {
        let msg = match event {
            Event::Key(key) => key_of(key).map(Msg::Key),
            Event::Paste(text) => Some(Msg::Paste(text)),
            Event::Mouse(mouse) => mouse_of(mouse).map(Msg::Mouse),
            Event::Resize(width, height) => {
                self.terminal.forget();
                Some(Msg::Resize(width, height))
            }
            Event::FocusGained => Some(Msg::Focus(true)),
            Event::FocusLost => Some(Msg::Focus(false)),
        };
        match msg {
            Some(msg) => Ok(self.take(msg).await),
            None => Ok(None),
        }
    }

    /// Updates the app and does what it asks for.
    async fn take(&mut self, msg: Msg) -> Option<Exit> {
        let now = (self.now)();
        let mut exit = None;
        for effect in update(&mut self.app, msg, now) {
            match effect {
                Effect::Send(command) => {
                    let room = timeout(Duration::from_millis(SEND_MS_MAX), self.commands.send(command)).await;
                    if matches!(room, Ok(Err(_))) {
                        exit = Some(Exit::Disconnected);
                    }
                }
                Effect::Copy(text) => self.terminal.copy(&text),
                Effect::Bell(words) => self.terminal.ring(&words),
                Effect::Quit => exit = Some(Exit::Quit),
                Effect::Show(wanted) => self.elsewhere = Some(wanted),
                Effect::Redraw => self.terminal.forget(),
                Effect::Suspend => self.terminal.suspend(),
            }
        }
        exit
    }

    /// Draws one frame and has code coloured that is plain so far.
    fn draw(&mut self, coloured: &Sender<()>) -> io::Result<()> {
        prepare(&mut self.app);
        self.terminal.draw(&self.app)?;
        let wanted = self.app.paper.take_wanted();
        if !wanted.is_empty() {
            let (code, theme) = (self.app.look.code.handle(), self.app.look.theme.clone());
            let done = coloured.clone();
            tokio::task::spawn_blocking(move || {
                for (lang, source) in wanted {
                    code.highlight(&lang, &source, &theme);
                }
                done.try_send(()).unwrap_or_default(); // one message waiting says enough
            });
        }
        Ok(())
    }
}

/// Our word for a key; none for releases and keys that mean nothing here.
#[expect(clippy::wildcard_enum_match_arm, reason = "foreign: crossterm's keys")]
fn key_of(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let code = match event.code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(number) => Code::F(number),
        _ => return None,
    };
    let has = |modifier| event.modifiers.contains(modifier);
    let shift = has(KeyModifiers::SHIFT) && !matches!(code, Code::Char(_) | Code::BackTab);
    let code = match code {
        Code::Char(c) if has(KeyModifiers::CONTROL) => Code::Char(c.to_ascii_lowercase()),
        other => other,
    };
    Some(Key { code, ctrl: has(KeyModifiers::CONTROL), alt: has(KeyModifiers::ALT), shift })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "foreign: crossterm's mouse")]
fn mouse_of(event: MouseEvent) -> Option<Mouse> {
    let (column, row) = (event.column, event.row);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Some(Mouse::Click(column, row)),
        MouseEventKind::ScrollDown => Some(Mouse::Wheel(column, row, WHEEL_LINES)),
        MouseEventKind::ScrollUp => Some(Mouse::Wheel(column, row, -WHEEL_LINES)),
        _ => None,
    }
}
