//! `tackroom`: the workbench; and the screen of every command that has one.

use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::export::IntoFolder;
use crate::cli::folder::folder;
use crate::cli::held;
use crate::cli::keep_rules::IntoConfig;
use crate::cli::look;
use crate::cli::wire::Wire;
use crate::cli::{budget, out, prices};
use crate::domain::breakpoint::Breakpoint;
use crate::domain::call::Via;
use crate::domain::command::Command;
use crate::domain::ids::SessionId;
use crate::domain::inbox::HoldId;
use crate::domain::order::Task;
use crate::runtime::desk::Desk;
use crate::runtime::upkeep::keep_up;
use crate::ui::app::{App, Start};
use crate::ui::screen::{self, Exit};
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Notices that may wait for the screen; whoever tells more waits.
const NOTICES: usize = 1_024;
/// Commands that may wait for the desk.
const COMMANDS: usize = 64;
/// How long runs may take to park when the screen is left.
const PARK: Duration = Duration::from_secs(10);

/// What the screen begins with.
pub enum First {
    /// Nothing: the operator writes or opens a session.
    Empty,
    /// A new session with these breakpoints.
    Begin(Task, Vec<Breakpoint>),
    /// A stored session, watched.
    Watch(SessionId),
    /// A stored session, driven here.
    Resume(SessionId),
    /// A stored session, replayed.
    Replay {
        /// Which.
        id: SessionId,
        /// The event it is held at; none plays from the first.
        at: Option<u64>,
        /// Which of `playback::SPEEDS`.
        speed: usize,
    },
}

/// The workbench in this folder, or on a stored session.
pub async fn open(config: &Config, session: Option<String>) -> Result<Code, Failure> {
    let Some(prefix) = session else {
        let wire = Wire::create(config, &folder(None)?).await?;
        return Box::pin(screen(config, wire, First::Empty)).await;
    };
    let wire = Wire::required(config)?;
    let id = wire.find(&prefix).await?;
    let workspace = wire.hand(Via::Command, "").session(&id).await?.workspace.clone();
    let wire = Wire::create(config, &workspace).await?;
    Box::pin(screen(config, wire, First::Watch(id))).await
}

/// Runs the screen until it is left; then every run of this process has parked.
pub async fn screen(config: &Config, wire: Wire, first: First) -> Result<Code, Failure> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Failure::new(
            Code::Usage,
            "the screen needs a terminal, and this is none",
            "run it in a terminal, or without a screen: tackroom run TASK --headless",
        ));
    }
    let look = look::look(config)?;
    let keys = look::keys(config)?;
    let (notices_in, notices) = mpsc::channel(NOTICES);
    let (commands, commands_out) = mpsc::channel(COMMANDS);
    let start = Start {
        model: wire.model_name().to_string(),
        base_url: wire.base_url(),
        mode: config.mode.value,
        limits: budget::limits(config, wire.model_name(), wire.base_url().as_deref()),
    };
    let mut app = App::new(wire.book(), start, look, keys, wire.clock.now());
    app.unpriced = prices::blind(config, wire.model_name(), wire.base_url().as_deref()).is_some();
    app.sandbox = config.sandbox.profile.value.name().to_string();
    app.bell = config.bell.value;
    app.programs = look::programs(config);
    app.library.kept_days = (config.archived_days.value, config.deleted_days.value);
    let desk = Desk::new(wire.plugs(), wire.hand(Via::Screen, &wire.workspace), wire.opening(), notices_in);
    held::warm(config, &wire.workspace);
    let here = std::env::current_dir().unwrap_or_default();
    let unwritten = desk.unwritten();
    let desk = desk.exporting(Arc::new(IntoFolder::new(wire.store.clone(), here)));
    let desk = desk.keeping(Arc::new(IntoConfig::new(config.file.value.clone())));
    let desk = tokio::spawn(desk.serve(commands_out));
    let (store, clock, stop) =
        ((wire.store.clone(), wire.files.clone()), wire.clock.clone(), CancellationToken::new());
    let upkeep = tokio::spawn(keep_up(store, clock, wire.retention_hand(), wire.retention(), stop.clone()));
    for command in begin(&mut app, first) {
        let _ = commands.send(command).await; // the desk has just been started and listens
    }
    let clock = wire.clock.clone();
    let left = Box::pin(screen::run(app, notices, commands.clone(), move || clock.now())).await;
    let _ = commands.send(Command::Quit).await; // a desk that is gone has parked already
    drop(commands);
    stop.cancel();
    upkeep.abort(); // what it waits for now is nobody's loss
    let parked = tokio::time::timeout(PARK, desk).await.is_ok();
    let unwritten = unwritten.all();
    unwritten.iter().for_each(|(hold, why)| out::progress(&out::safe(&unwritten_line(hold, why.as_deref()))));
    let (exit, watched) = left.map_err(|error| {
        Failure::new(
            Code::Failed,
            format!("the terminal failed: {error}"),
            "what was written is not lost: `tackroom sessions`",
        )
    })?;
    farewell(&wire, watched, parked).await?;
    Ok(match exit {
        Exit::Quit => Code::Done,
        Exit::Signalled => Code::Interrupted,
        Exit::Disconnected => Code::Failed,
    })
}

/// The first commands, and how the screen expects their answers.
fn begin(app: &mut App, first: First) -> Vec<Command> {
    // How many there are; the list itself is asked for where it is looked at.
    let mut commands = vec![Command::List { query: Box::default(), live: false }];
    match first {
        First::Empty => {}
        First::Begin(task, breaks) => commands.push(Command::Begin(task, breaks)),
        First::Watch(id) => commands.push(Command::Watch(id)),
        First::Resume(id) => commands.extend([Command::Watch(id.clone()), Command::Resume(id)]),
        First::Replay { id, at, speed } => {
            app.replay_speed = speed;
            app.replay_wanted = Some(id.clone());
            app.replay_at = at;
            commands.push(Command::Replay(id));
        }
    }
    commands
}

/// An answer that was given and is not known to be written.
fn unwritten_line(HoldId { session, call }: &HoldId, why: Option<&str>) -> String {
    let what = call.map_or_else(String::new, |call| format!(" {call}"));
    let why = why.unwrap_or("it was not written in time");
    format!("your answer to {session}{what} did not count: {why}; see: tackroom pending {session}")
}

/// How the last watched session stands, and how to come back.
async fn farewell(wire: &Wire, watched: Option<SessionId>, parked: bool) -> Result<(), Failure> {
    if !parked {
        out::progress("a run did not stop in time; what it had written is not lost");
    }
    let Some(id) = watched else { return Ok(()) };
    let mut hand = wire.hand(Via::Command, "");
    let session = hand.session(&id).await?;
    let stands = out::stands(session.status());
    out::progress(&out::safe(&format!("session {id} {stands}: {}", session.title)));
    if session.live().is_some() {
        out::progress(&format!("come back with: tackroom resume {id}"));
    }
    Ok(())
}
