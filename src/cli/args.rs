//! What may be typed: one type per verb; the doc comments are the help.

pub use crate::cli::args_fork::{Fork, Restore};
pub mod sessions; // after `tackroom sessions`

use crate::cli::args::sessions::Sessions;
use crate::cli::args_answer::{Approve, Edit, Pending, Reject, Respond, Settle};
use crate::cli::args_budget::{BoundaryArgs, BudgetArgs, Release};
use crate::cli::args_import::Import;
use crate::cli::args_lease::{Lease, Leases};
use crate::cli::args_past::{Audit, Diff, Inspect, Verify};
use crate::cli::args_stop::{self, Break, Compact, Continue, Note};
use crate::cli::checks::CheckArgs;
use crate::cli::held;
use crate::cli::window;
use crate::domain::breakpoint::Breakpoint;
use crate::domain::policy::Mode;
use crate::domain::sandbox::Profile;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  tackroom demo                                 see it work in a minute, offline
  tackroom                                      the workbench in this folder
  tackroom run \"fix the failing test\"           a task in this folder, with the screen
  tackroom run \"list the TODOs\" --headless --json --on-hold reject
  tackroom pending                              what waits for a decision, in any session
  tackroom approve k3x c4                       approve call c4 of the session whose id begins with k3x
  tackroom fork k3x --reject c4='too much'      go on from before c4 was decided, in a copy
  tackroom break k3x add tool=write_file        stop there, in any terminal; then step k3x or continue k3x
  tackroom release k3x --add-usd 0.50           give a task more that its budget holds
  tackroom resume k3x                           take a session up again, after kill -9 too
  tackroom policy explain k3x c4                why that call asks, and which rule would let it through
  tackroom sessions search retry timeout        what was said and done, in any session

Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 held for a person, 4 stopped by a limit, 130 interrupted.
";

const REPLAY_EXAMPLES: &str = "\
Examples:
  tackroom replay k3v9                            from its beginning, at its own pace
  tackroom replay k3v9 --at 120 --speed 8         held at event 120; Space plays
  tackroom replay k3v9 --headless                 the run as text
  tackroom replay k3v9 --cast run.cast --size 100x30
";

const PRICES_EXAMPLES: &str = "\
Examples:
  tackroom prices                                 all, in US dollars per 1,000,000 tokens
  tackroom prices anthropic/claude-sonnet-4.5     the one that holds for this model

Prices of your own, in config.toml, beat the table:
  [prices.\"my-model\"]
  input = 0.2
  output = 0.8
  cached = 0.02        # tokens from the provider's cache; what input costs, if not said
  written = 0.25       # tokens written to it; likewise
";

/// A terminal workbench for running LLM agents under control: watch an agent work, approve, edit or reject each risky action before it happens, replay any past run.
#[derive(Debug, Parser)]
#[command(name = "tackroom", version, after_help = EXAMPLES, max_term_width = 110)]
pub struct Args {
    /// Flags of every command.
    #[command(flatten)]
    pub common: Common,
    /// Open the workbench on this session (its id or a unique beginning of it).
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// The command; none opens the workbench.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// Flags that every command takes.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Common {
    /// The model to ask, as the server names it; `scripted` is the built-in one that needs no server.
    #[arg(long, global = true, value_name = "NAME", help_heading = "Model", value_parser = filled)]
    pub model: Option<String>,
    /// The base URL of an OpenAI-compatible API, such as http://127.0.0.1:11434/v1.
    #[arg(long, global = true, value_name = "URL", help_heading = "Model", value_parser = filled)]
    pub base_url: Option<String>,
    /// Tokens that the model reads at once, such as 200k; known by its name, or learned, where it is left out.
    #[arg(long, global = true, value_name = "N", help_heading = "Model", value_parser = window::tokens)]
    pub window: Option<u64>,
    /// What holds the commands of an agent: workspace-write, workspace-write+network, read-only, read-only+network or none.
    #[arg(long, global = true, value_name = "PROFILE", help_heading = "Commands", value_parser = held::profile)]
    pub sandbox: Option<Profile>,
    /// Read this configuration file instead of the one in the configuration folder.
    #[arg(long, global = true, value_name = "FILE", help_heading = "General")]
    pub config: Option<PathBuf>,
    /// The theme: terminal, night, day, contrast, mono, or one in the configuration folder.
    #[arg(long, global = true, value_name = "NAME", help_heading = "General")]
    pub theme: Option<String>,
}

/// A value that is not blank.
fn filled(text: &str) -> Result<String, String> {
    match text.trim().is_empty() {
        true => Err("it is empty; leave the flag out to take what is found".to_string()),
        false => Ok(text.trim().to_string()),
    }
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// A research task on a sample folder with the scripted model: offline, a minute, with an approval.
    Demo(Demo),
    /// Give an agent a task, with the screen or without.
    Run(Run),
    /// Take up a held, paused or crashed session again.
    Resume(Resume),
    /// List what waits for a decision, or show it whole: arguments, diff, rule, hash.
    Pending(Pending),
    /// Approve a waiting call exactly as it stands.
    Approve(Approve),
    /// Approve a waiting call with other arguments; they are checked and judged again.
    Edit(Edit),
    /// Reject a waiting call; the model reads the reason.
    Reject(Reject),
    /// Answer a waiting call in the tool's place.
    Respond(Respond),
    /// Settle a call whose outcome is unknown after a crash.
    Settle(Settle),
    /// Approve a waiting call and, without asking, the next ones like it; show what that would cover; take it back.
    Lease(Lease),
    /// List the leases of a session: what is left of each, until when, who gave it.
    Leases(Leases),
    /// End a session's task.
    Cancel(One),
    /// Set, list or remove the breakpoints of a session, also while it runs in another terminal.
    Break(Break),
    /// Let a session do its next step only; one that works stops before it.
    Step(One),
    /// Let a session go on from a breakpoint, a pause or stepping.
    Continue(Continue),
    /// Let a session go on that a limit holds, or a loop: give it more, or take the limit away.
    Release(Release),
    /// Make a session's conversation shorter before its next request, take that back, or tell what would be done.
    Compact(Compact),
    /// Put a note of yours into a session's next request to the model, list those that wait, take one back.
    Note(Note),
    /// List, search, mark, delete and restore sessions, or show one.
    Sessions(Sessions),
    /// Print a session's events.
    Events(Events),
    /// Look closely at one event or call: request and prompt receipt, arguments as a diff, verdict, decisions, output, hashes.
    Inspect(Inspect),
    /// Play a saved session again: on the screen, as text, or as a recording.
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(Replay),
    /// A new session from any event of one: as it was, or with other arguments, decisions, model or words.
    Fork(Fork),
    /// Put the files of a session's folder back as they were at an event.
    Restore(Restore),
    /// Bring in sessions of Codex CLI, Claude Code, Gemini CLI, opencode, goose or mini-SWE-agent, to browse and replay.
    Import(Import),
    /// Check that stored sessions are whole: chain, spans, decisions, each derived anew; names the first event that differs.
    Verify(Verify),
    /// Who decided what, on which arguments, by which rule, after how long; and how much of it was read.
    Audit(Audit),
    /// Compare two sessions step by step: where they part, which calls and decisions differ, tokens and time.
    Diff(Diff),
    /// Rules of what may run: show, check, explain and try them.
    #[cfg(feature = "cedar")]
    Policy(crate::cli::args_policy::Policy),
    /// Tell what works here, what does not, and what to do about it.
    Doctor(Doctor),
    /// Show the configuration, each value with its source.
    Config(ConfigArgs),
    /// What models cost by the table and by your own prices, and which price holds for a model.
    #[command(after_help = PRICES_EXAMPLES)]
    Prices(Prices),
    /// Print a shell's completion script.
    Completions(Completions),
}

/// How a task is driven.
#[derive(Clone, Debug, clap::Args)]
pub struct Drive {
    /// Without a screen: progress on standard error, the answer on standard output.
    #[arg(long)]
    pub headless: bool,
    /// With --headless: every event as a line of JSON on standard output.
    #[arg(long, requires = "headless")]
    pub json: bool,
    /// With --headless: what to do where a person is needed.
    #[arg(long, value_name = "WHAT", default_value = "stop", requires = "headless")]
    pub on_hold: OnHold,
}

/// What a headless run does where a person is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnHold {
    /// End with exit code 3; `tackroom resume` goes on.
    Stop,
    /// Reject the call and go on.
    Reject,
    /// Wait for an answer from another terminal.
    Wait,
    /// Approve it, recorded as approved by the flag; what the policy denies stays denied.
    Approve,
}

/// How much waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// The policy decides.
    Auto,
    /// Every call that does more than read asks.
    Ask,
    /// Every step waits.
    Step,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Mode {
        match mode {
            ModeArg::Auto => Mode::Auto,
            ModeArg::Ask => Mode::Ask,
            ModeArg::Step => Mode::Step,
        }
    }
}

/// `tackroom demo`.
#[derive(Clone, Debug, clap::Args)]
pub struct Demo {
    /// With or without a screen.
    #[command(flatten)]
    pub drive: Drive,
    /// Work in this folder instead of a fresh copy of the sample.
    #[arg(long, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
}

/// `tackroom run`.
#[derive(Clone, Debug, clap::Args)]
pub struct Run {
    /// What the agent is to do; `-` reads it from standard input.
    pub task: String,
    /// The folder to work in; this one if not given.
    #[arg(long, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// How much waits for a person.
    #[arg(long, value_name = "MODE")]
    pub mode: Option<ModeArg>,
    /// Model turns at most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub steps: Option<u32>,
    /// Stop there, such as tool=write_file, risky, arg:/path~^src/, steps=10, tokens=5000, cost=0.50 or fault; may be given again.
    #[arg(long = "break", value_name = "WHERE", value_parser = args_stop::breakpoint)]
    pub breaks: Vec<Breakpoint>,
    /// What it may take.
    #[command(flatten)]
    pub budget: BudgetArgs,
    /// What it may touch.
    #[command(flatten)]
    pub boundary: BoundaryArgs,
    /// What must pass before it is done.
    #[command(flatten)]
    pub checks: CheckArgs,
    /// With or without a screen.
    #[command(flatten)]
    pub drive: Drive,
}

/// `tackroom resume`.
#[derive(Clone, Debug, clap::Args)]
pub struct Resume {
    /// The session's id or a unique beginning of it.
    pub id: String,
    /// With or without a screen.
    #[command(flatten)]
    pub drive: Drive,
}

/// A command about one session.
#[derive(Clone, Debug, clap::Args)]
pub struct One {
    /// The session's id or a unique beginning of it.
    pub id: String,
}

/// `tackroom events`.
#[derive(Clone, Debug, clap::Args)]
pub struct Events {
    /// The session's id or a unique beginning of it.
    pub id: String,
    /// One line of JSON an event, exactly as stored, with its hash.
    #[arg(long)]
    pub json: bool,
    /// Go on with what comes, until interrupted.
    #[arg(long)]
    pub follow: bool,
}

/// `tackroom replay`.
#[derive(Clone, Debug, clap::Args)]
pub struct Replay {
    /// The session's id or a unique beginning of it.
    pub id: String,
    /// Begin at this event.
    #[arg(long, value_name = "N")]
    pub at: Option<u64>,
    /// How fast: 1/4, 1/2, 1, 2, 4, 8, 16, 32, 64, or max for as fast as drawn.
    #[arg(long, value_name = "X")]
    pub speed: Option<String>,
    /// Without a screen: the run as text on standard output, at once unless --speed is given.
    #[arg(long)]
    pub headless: bool,
    /// Write an asciinema recording to this new file (`-` is standard output) instead of showing it.
    #[arg(long, value_name = "FILE", conflicts_with = "headless")]
    pub cast: Option<PathBuf>,
    /// With --cast: columns and rows.
    #[arg(long, value_name = "SIZE", default_value = "120x40", requires = "cast")]
    pub size: String,
}

/// `tackroom doctor`.
#[derive(Clone, Debug, clap::Args)]
pub struct Doctor {
    /// One JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// `tackroom config`.
#[derive(Clone, Debug, clap::Args)]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: ConfigVerb,
}

/// What `tackroom config` does.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigVerb {
    /// Every value and where it comes from.
    Show {
        /// One JSON document instead of text.
        #[arg(long)]
        json: bool,
    },
}

/// `tackroom prices`.
#[derive(Clone, Debug, clap::Args)]
pub struct Prices {
    /// Only the price that holds for this model, at --base-url or the configured address; none lists all.
    pub name: Option<String>,
    /// One JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// `tackroom completions`.
#[derive(Clone, Debug, clap::Args)]
pub struct Completions {
    /// The shell.
    pub shell: clap_complete::Shell,
}
