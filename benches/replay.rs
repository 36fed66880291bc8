//! A stored session played: opening it for the first time and again, going to its end at once and to any event of it, and one
//! frame, from a store on disk through the real desk.
//!
//! ```text
//! cargo bench --bench replay                 10,000 and 100,000 events
//! cargo bench --bench replay -- 1000000      other lengths
//! ```
//!
//! Bare means: the stored bytes of the events that the same look needs, read by SQLite alone from the same file in the same
//! run. Each length is measured in a process of its own, so that the memory told is its own. Times are of the wall: they
//! are what the operator waits; ratios count.

#![allow(
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a bench waits for real time and prints rounded figures"
)]

#[path = "kit/cpu.rs"]
#[allow(dead_code, reason = "each bench needs a part of it")]
mod cpu;
#[path = "../tests/it/harness/story.rs"]
#[expect(dead_code, reason = "the tests tell more stories than the benches")]
mod story;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rusqlite::Connection;
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tackroom::adapters::clock::SystemClock;
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::adapters::files::memory::MemoryFiles;
use tackroom::domain::call::{By, Via};
use tackroom::domain::command::Command;
use tackroom::domain::commit::{Class, Head};
use tackroom::domain::event::{Event, Fact, Limits};
use tackroom::domain::ids::{CallId, CommitId, EventNo, RunNo, SessionId};
use tackroom::domain::notice::Notice;
use tackroom::domain::policy::Mode;
use tackroom::domain::survey::{CHUNK, Survey, base, place_of};
use tackroom::domain::time::Micros;
use tackroom::domain::tool_spec::ToolBook;
use tackroom::ports::log::Log;
use tackroom::runtime::desk::Desk;
use tackroom::runtime::hand::{Hand, Opening};
use tackroom::runtime::plugs::{Plugs, Settings, Store};
use tackroom::ui::app::{App, Look, Start};
use tackroom::ui::glyph::GlyphSet;
use tackroom::ui::keymap::Keymap;
use tackroom::ui::playback::Goal;
use tackroom::ui::prepare::prepare;
use tackroom::ui::theme::Theme;
use tackroom::ui::update::{Effect, Msg, update};
use tackroom::ui::view;
use tackroom::ui::widgets::code::Highlighter;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How this program is started to fill a store and to measure it.
const FILL: &str = "__fill";
const MEASURE: &str = "__measure";
const AGAIN: &str = "__again";
/// The session.
const SESSION: &str = "z9y8x7w6v5";
/// Events of a commit.
const COMMIT: usize = 2;
/// Turns of the story that is told over and over.
const TURNS: usize = 100;
/// Seeks of one measurement.
const SEEKS: u64 = 60;
/// Columns and rows.
const SIZE: (u16, u16) = (120, 40);

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [verb, folder, events] = args.as_slice() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        if verb == FILL {
            return runtime.block_on(fill(Path::new(folder), events.parse()?));
        } else if verb == MEASURE {
            return runtime.block_on(Box::pin(measure(Path::new(folder))));
        } else if verb == AGAIN {
            return runtime.block_on(Box::pin(again(Path::new(folder))));
        }
    }
    let mut out = std::io::stdout();
    if !args.iter().any(|arg| arg == "--bench") {
        return Ok(writeln!(out, "run with: cargo bench --bench replay")?);
    }
    let mut lengths: Vec<String> = args.iter().filter(|arg| arg.parse::<u64>().is_ok()).cloned().collect();
    if lengths.is_empty() {
        lengths = vec!["10000".to_string(), "100000".to_string()];
    }
    let columns = [
        "events",
        "first screen ms",
        "MiB then",
        "to the end ms",
        "surveyed s",
        "MiB then",
        "seek ms, median",
        "worst",
        "worst to event",
        "bare ms, median",
        "ratio",
        "MiB most",
        "frame ms",
        "again: first screen ms",
        "to the end ms",
        "surveyed s",
        "MiB most",
    ];
    writeln!(out, "| {} |\n|{}", columns.join(" | "), " --- |".repeat(columns.len()))?;
    for events in lengths {
        let dir = tempfile::tempdir()?;
        let folder = dir.path().display().to_string();
        for verb in [FILL, MEASURE, AGAIN] {
            let program = std::env::current_exe()?;
            let ran = Process::new(program).args([verb, &folder, &events]).stdout(Stdio::piped()).output()?;
            if !ran.status.success() {
                return Err(String::from_utf8_lossy(&ran.stderr).into_owned().into());
            }
            out.write_all(&ran.stdout)?;
        }
    }
    Ok(())
}

/// A session of runs with a call and an answer each, told once and repeated with its own numbers, in commits as in life.
async fn fill(folder: &Path, events: u64) -> Result<(), Box<dyn Error>> {
    let store = Sqlite::open(folder)?;
    let story = story::long(TURNS);
    let told = story.events();
    let (start, turn) = told.split_at(2);
    let id = SessionId(SESSION.to_string());
    let mut head = Head::start();
    let mut commits: u128 = 0;
    let mut batch: Vec<Event> = Vec::new();
    for event in start {
        commits += 1;
        let class =
            if matches!(event.fact, Fact::SessionOpened { .. }) { Class::Operator } else { Class::Worker };
        let commit_id = CommitId::from_random(commits);
        let commit = head.seal(commit_id, &id, (class, "bench"), event.at, vec![event.clone()]);
        head = store.append(Arc::new(commit)).await?;
    }
    let (mut round, mut calls) = (0, 0);
    let span = turn.len() as u64;
    loop {
        for event in turn {
            batch.push(moved(event, round * span, calls, round));
        }
        round += 1;
        calls += TURNS as u32;
        for part in batch.chunks(COMMIT) {
            commits += 1;
            let commit_id = CommitId::from_random(commits);
            let commit = head.seal(commit_id, &id, (Class::Worker, "bench"), part[0].at, part.to_vec());
            head = store.append(Arc::new(commit)).await?;
        }
        batch.clear();
        if head.event.0 >= events {
            return Ok(());
        }
    }
}

/// An event of the story in its next telling.
fn moved(event: &Event, by: u64, calls: u32, round: u64) -> Event {
    let number = |no: EventNo| if no.0 <= 2 { no } else { EventNo(no.0 + by) };
    let mut event = event.clone();
    (event.no, event.span, event.parent) = (number(event.no), number(event.span), number(event.parent));
    event.at = event.at.plus_ms(round * 600_000);
    event.run = RunNo(event.run.0 + round as u32 * TURNS as u32);
    let call = |id: &mut CallId| id.0 += calls;
    if let Fact::ModelReplied { calls, .. } = &mut event.fact {
        calls.iter_mut().for_each(call);
    } else if let Fact::CallJudged { call: id, .. }
    | Fact::CallStarted { call: id, .. }
    | Fact::CallEnded { call: id, .. } = &mut event.fact
    {
        call(id);
    }
    event
}

/// The screen, and the desk at its other end.
struct Rig {
    app: App,
    commands: Sender<Command>,
    notices: Receiver<Notice>,
    begun: Instant,
}

impl Rig {
    fn new(store: &Sqlite) -> Rig {
        let store = Arc::new(store.clone());
        let plugs = Plugs {
            store: Store {
                log: store.clone(),
                work: store.clone(),
                blobs: store.clone(),
                live: store.clone(),
                index: store.clone(),
            },
            files: Arc::new(MemoryFiles::default()),
            clock: Arc::new(SystemClock),
            rebuild: tackroom::adapters::model::body::rebuilt,
            outfit: Arc::new(|_: &str, _: &str, _: Option<&str>| {
                Err(("a replay drives nothing".into(), String::new()))
            }),
            settings: Settings::default(),
            holder: "bench".to_string(),
        };
        let by = By { name: "bench".to_string(), via: Via::Screen };
        let hand = Hand::new(store, plugs.clock.clone(), Settings::default(), ToolBook::default(), by);
        let opening = Opening {
            agent: String::new(),
            workspace: String::new(),
            instructions: String::new(),
            parent: None,
            program: String::new(),
        };
        let (notices_in, notices) = channel(1_024);
        let (commands, commands_out) = channel(64);
        tokio::spawn(Desk::new(plugs, hand, opening, notices_in).serve(commands_out));
        let look = Look {
            theme: Theme::default(),
            glyphs: GlyphSet::Signs,
            accessible: false,
            no_color: false,
            code: Highlighter::new(),
        };
        let start =
            Start { model: String::new(), base_url: None, mode: Mode::Auto, limits: Limits::default() };
        let mut app = App::new(ToolBook::default(), start, look, Keymap::default(), Micros(0));
        (app.size, app.replay_at) = (SIZE, Some(1));
        Rig { app, commands, notices, begun: Instant::now() }
    }

    async fn message(&mut self, msg: Msg) -> Result<(), Box<dyn Error>> {
        let now = Micros(self.begun.elapsed().as_micros() as i64);
        for effect in update(&mut self.app, msg, now) {
            if let Effect::Send(command) = effect {
                self.commands.send(command).await?;
            }
        }
        Ok(())
    }

    async fn hear(&mut self) -> Result<(), Box<dyn Error>> {
        let notice = tokio::time::timeout(Duration::from_secs(120), self.notices.recv()).await?;
        self.message(Msg::Notice(notice.ok_or("the desk is gone")?)).await
    }

    fn frame(&mut self) -> Buffer {
        prepare(&mut self.app);
        let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        view::draw(&self.app, &mut buffer);
        buffer
    }

    fn at(&self) -> Option<u64> {
        self.app.playback.as_ref().filter(|playback| playback.goal.is_none()).map(|playback| playback.at)
    }

    /// Goes to an event and draws it: the milliseconds that takes.
    async fn seek(&mut self, to: u64) -> Result<f64, Box<dyn Error>> {
        let begun = Instant::now();
        if let Some(playback) = &mut self.app.playback {
            playback.goal = Some(Goal::Event(to));
        }
        self.message(Msg::Tick).await?;
        while self.at() != Some(to) {
            self.hear().await?;
        }
        std::hint::black_box(self.frame());
        Ok(begun.elapsed().as_secs_f64() * 1_000.0)
    }
}

/// Opens the session and draws its first frame: the milliseconds that takes.
async fn opened(store: &Sqlite) -> Result<(Rig, f64), Box<dyn Error>> {
    let begun = Instant::now();
    let id = SessionId(SESSION.to_string());
    let mut rig = Rig::new(store);
    rig.app.replay_wanted = Some(id.clone());
    rig.commands.send(Command::Replay(id)).await?;
    while rig.at() != Some(1) {
        rig.hear().await?;
    }
    std::hint::black_box(rig.frame());
    Ok((rig, begun.elapsed().as_secs_f64() * 1_000.0))
}

/// Until the session is known to its end.
async fn surveyed(rig: &mut Rig) -> Result<u64, Box<dyn Error>> {
    while !rig.app.playback.as_ref().is_some_and(|playback| playback.complete) {
        rig.hear().await?;
    }
    Ok(rig.app.playback.as_ref().map_or(0, |playback| playback.events))
}

/// The first opening.
async fn measure(folder: &Path) -> Result<(), Box<dyn Error>> {
    let store = Sqlite::open(folder)?;
    let begun = Instant::now();
    let (mut rig, first) = opened(&store).await?;
    let first_mib = mib("VmRSS:");
    let end = rig.app.playback.as_ref().map_or(0, |playback| playback.events);
    let to_end = rig.seek(end).await?;
    let events = surveyed(&mut rig).await?;
    let (whole, whole_mib) = (begun.elapsed().as_secs_f64(), mib("VmRSS:"));
    let bare = bare(folder)?;
    let (mut seeks, mut bares, mut worst) = (Vec::new(), Vec::new(), (0.0, 0));
    let mut dice: u64 = 88_172_645_463_325_252;
    for _ in 0..SEEKS {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let to = dice % events;
        let took = rig.seek(to).await?;
        if took > worst.0 {
            worst = (took, to);
        }
        seeks.push(took);
        let survey = rig.app.playback.as_ref().map(|playback| &playback.survey).ok_or("no replay")?;
        bares.push(read(&bare, survey, to)?);
    }
    let begun = Instant::now();
    for _ in 0..100 {
        std::hint::black_box(rig.frame());
    }
    let frame = begun.elapsed().as_secs_f64() * 10.0;
    let (median, bare_median) = (median(&mut seeks), median(&mut bares));
    write!(
        std::io::stdout(),
        "| {events} | {first:.1} | {first_mib:.1} | {to_end:.0} | {whole:.2} | {whole_mib:.1} | {median:.1} | {:.1} | {} | {bare_median:.2} | {:.1} | {:.1} | {frame:.2}",
        worst.0,
        worst.1,
        median / bare_median,
        mib("VmHWM:"),
    )?;
    // What the next opening goes on from is written beside the screen.
    let id = SessionId(SESSION.to_string());
    while events > 10_000 && store.aside(&id).await?.is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// The next opening, by another process.
async fn again(folder: &Path) -> Result<(), Box<dyn Error>> {
    let store = Sqlite::open(folder)?;
    let begun = Instant::now();
    let (mut rig, first) = opened(&store).await?;
    let end = rig.app.playback.as_ref().map_or(0, |playback| playback.events);
    let to_end = rig.seek(end).await?;
    surveyed(&mut rig).await?;
    let whole = begun.elapsed().as_secs_f64();
    Ok(writeln!(std::io::stdout(), " | {first:.1} | {to_end:.1} | {whole:.2} | {:.1} |", mib("VmHWM:"))?)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn bare(folder: &Path) -> Result<Connection, Box<dyn Error>> {
    let file = folder.join("tackroom.db");
    Ok(Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

/// The stored bytes of the events that a look at `to` needs, by SQLite alone: milliseconds. The survey tells which commits
/// hold them.
fn read(conn: &Connection, survey: &Survey, to: u64) -> Result<f64, Box<dyn Error>> {
    let (from, last) = (base(EventNo(to)).0 / CHUNK, place_of(EventNo(to)));
    let after = survey.chunk(from).map_or(0, |chunk| chunk.after);
    let until = survey.chunk(last).map_or(0, |chunk| chunk.until);
    let begun = Instant::now();
    let mut query = conn.prepare_cached(
        "SELECT told FROM commits WHERE session = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq",
    )?;
    let rows = query.query_map(rusqlite::params![SESSION, after as i64, until as i64], |row| {
        Ok(row.get_ref(0)?.as_bytes()?.len())
    })?;
    std::hint::black_box(rows.sum::<rusqlite::Result<usize>>()?);
    Ok(begun.elapsed().as_secs_f64() * 1_000.0)
}

/// A figure of this process's memory, in MiB.
fn mib(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1_024.0
}
