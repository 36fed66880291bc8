//! A replay as an asciinema recording: the frames of the real screen, in the recording's own time, written as they are made.
//!
//! No clock runs here: each frame is so many milliseconds after the one before, and a page that is still being read holds
//! the recording up, not the time in it. So the same session gives the same file.

use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::look;
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::call::Via;
use crate::domain::command::Command;
use crate::domain::event::Limits;
use crate::domain::ids::SessionId;
use crate::domain::notice::Notice;
use crate::domain::text;
use crate::domain::time::Micros;
use crate::runtime::desk::Desk;
use crate::ui::app::{App, Start};
use crate::ui::screen::film::Film;
use crate::ui::update::{Effect, Msg, update};
use serde_json::json;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Milliseconds between two frames.
const FRAME_MS: u64 = 50;
/// How long the last frame stays, in milliseconds.
const LAST_MS: u64 = 3_000;
/// The store answers within this, or the recording fails.
const ANSWER: Duration = Duration::from_secs(60);
/// Notices that may wait.
const NOTICES: usize = 64;

/// What is recorded, and how.
pub struct Shot<'a> {
    /// The file; `-` is standard output.
    pub file: &'a Path,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The event at which it begins.
    pub at: Option<u64>,
    /// Which of `playback::SPEEDS`.
    pub speed: usize,
}

/// Records a stored session.
pub async fn record(config: &Config, wire: &Wire, id: &SessionId, shot: &Shot<'_>) -> Result<Code, Failure> {
    let start =
        Start { model: String::new(), base_url: None, mode: config.mode.value, limits: Limits::default() };
    let mut app = App::new(wire.book(), start, look::look(config)?, look::keys(config)?, Micros(0));
    app.replay_wanted = Some(id.clone());
    app.replay_at = shot.at;
    app.replay_speed = shot.speed;
    let (notices_in, notices) = mpsc::channel(NOTICES);
    let (commands, commands_out) = mpsc::channel(NOTICES);
    let desk = Desk::new(wire.plugs(), wire.hand(Via::Screen, ""), wire.opening(), notices_in);
    let desk = tokio::spawn(desk.serve(commands_out));
    let mut studio = Studio { app, notices, commands, film: Film::new(), at_ms: 0, frames: 0 };
    let done = studio.record(id, shot).await;
    // Both ends are dropped before the desk is waited for: it hears that nobody listens any more.
    drop(studio);
    let _ = desk.await;
    let (frames, ms) = done?;
    let length = crate::domain::time::duration(ms);
    out::progress(&format!(
        "{frames} frames, {length}: play them with `asciinema play {}`",
        shot.file.display()
    ));
    Ok(Code::Done)
}

/// The screen without a terminal, and who answers it.
struct Studio {
    app: App,
    notices: Receiver<Notice>,
    commands: Sender<Command>,
    film: Film,
    at_ms: u64,
    frames: u64,
}

impl Studio {
    /// Frames and milliseconds written.
    async fn record(&mut self, id: &SessionId, shot: &Shot<'_>) -> Result<(u64, u64), Failure> {
        self.message(Msg::Resize(shot.size.0, shot.size.1)).await?;
        self.send(Command::Replay(id.clone())).await?;
        self.settle().await?;
        // What begins in the middle plays from there.
        if let Some(playback) = &mut self.app.playback {
            playback.playing = true;
        }
        let mut out = open(shot.file)?;
        let filmed = self.film(&mut out, shot).await;
        if filmed.is_err() && !is_standard_output(shot.file) {
            let _ = std::fs::remove_file(shot.file); // made above: a part is no recording
        }
        filmed
    }

    async fn film(&mut self, out: &mut impl Write, shot: &Shot<'_>) -> Result<(u64, u64), Failure> {
        let begun = self.app.session().map_or(Micros(0), |session| session.opened_at);
        let title =
            self.app.session().map(|session| text::first_line(&session.title, 80)).unwrap_or_default();
        let header = json!({
            "version": 2, "width": shot.size.0, "height": shot.size.1,
            "timestamp": begun.0 / 1_000_000, "title": title, "env": {"TERM": "xterm-256color"},
        });
        heard(writeln!(out, "{header}"))?;
        while self.app.playback.as_ref().is_some_and(|playback| playback.playing && !playback.is_over()) {
            self.frame(out)?;
            self.at_ms += FRAME_MS;
            self.message(Msg::Tick).await?;
            self.settle().await?;
        }
        if self.app.playback.as_ref().is_none_or(|playback| !playback.is_over()) {
            return Err(torn());
        }
        self.frame(out)?;
        self.at_ms += LAST_MS;
        self.write(out, "")?;
        heard(out.flush())?;
        Ok((self.frames, self.at_ms))
    }

    fn frame(&mut self, out: &mut impl Write) -> Result<(), Failure> {
        let bytes = self.film.frame(&mut self.app)?;
        if bytes.is_empty() {
            return Ok(());
        }
        self.frames += 1;
        self.write(out, &bytes)
    }

    fn write(&self, out: &mut impl Write, bytes: &str) -> Result<(), Failure> {
        let (whole, part) = (self.at_ms / 1_000, self.at_ms % 1_000);
        heard(writeln!(out, "[{whole}.{part:03}, \"o\", {}]", json!(bytes)))
    }

    /// Takes in a message at the recording's time and sends on what the screen asks for.
    async fn message(&mut self, msg: Msg) -> Result<(), Failure> {
        let now = Micros(0).plus_ms(self.at_ms);
        for effect in update(&mut self.app, msg, now) {
            if let Effect::Send(command) = effect {
                self.send(command).await?;
            }
        }
        Ok(())
    }

    async fn send(&mut self, command: Command) -> Result<(), Failure> {
        self.commands.send(command).await.map_err(|_| gone())
    }

    /// Waits until everything that was asked for is here.
    async fn settle(&mut self) -> Result<(), Failure> {
        while self.app.playback.as_ref().is_none_or(|playback| playback.waits()) {
            let notice = tokio::time::timeout(ANSWER, self.notices.recv()).await;
            match notice.ok().flatten() {
                Some(Notice::Trouble { sentence, hint } | Notice::PageFailed { sentence, hint, .. }) => {
                    return Err(Failure::new(Code::Failed, sentence, hint));
                }
                Some(notice) => self.message(Msg::Notice(notice)).await?,
                None => return Err(gone()),
            }
        }
        Ok(())
    }
}

/// A reader that has gone away ends the recording quietly.
fn heard(written: std::io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::quiet(Code::Done)),
        other => Ok(other?),
    }
}

fn torn() -> Failure {
    let sentence = "the session could not be read to its end, so the recording ends early";
    Failure::new(Code::Failed, sentence, "`tackroom verify` tells whether it is whole")
}

fn gone() -> Failure {
    Failure::new(Code::Failed, "the store did not answer", "`tackroom doctor` checks it")
}

fn is_standard_output(file: &Path) -> bool {
    file.as_os_str() == "-"
}

fn open(file: &Path) -> Result<Box<dyn Write + Send>, Failure> {
    if is_standard_output(file) {
        return Ok(Box::new(BufWriter::new(std::io::stdout())));
    }
    match out::new_file(file) {
        Ok(file) => Ok(Box::new(BufWriter::new(file))),
        Err(error) => {
            let sentence = format!("{} cannot be made: {error}", file.display());
            Err(Failure::new(Code::Usage, sentence, "name a file that is not there yet"))
        }
    }
}
