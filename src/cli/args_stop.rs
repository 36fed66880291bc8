//! What may be typed about breakpoints, going on and notes; the doc comments are the help.

use crate::domain::breakpoint::Breakpoint;
use crate::domain::ids::NoteNo;
use clap::Subcommand;

const BREAK_EXAMPLES: &str = "\
Where to stop:
  risky                a call with a side effect
  effect=CLASS         a call of that class or a graver one: read-only, idempotent, probe, side-effect
  tool=NAME            a call of that tool
  arg:/PATH=VALUE      a call whose argument is that; PATH is a JSON pointer, * stands for every element
  arg:/PATH~REGEX      a call whose argument matches; the operator is the first = or ~ that is not ~0 or ~1
  steps=N  tokens=N    so many model turns or tokens of the task; +N counts from now
  cost=DOLLARS         so many dollars of the task, before the next model turn; +N counts from now
  fault                a request or a call that failed: fault=model, fault=tool for one of them

Each stops the run before the step happens, and stands until it is removed; `once` before it lets it go at its first hit.

Examples:
  tackroom break k3x add 'arg:/path~^src/'
  tackroom break k3x add once risky
  tackroom break k3x list
  tackroom break k3x remove b1
";

/// `tackroom break`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = BREAK_EXAMPLES)]
pub struct Break {
    /// The session's id or a unique beginning of it.
    pub id: String,
    /// What to do; a list if not given.
    #[command(subcommand)]
    pub what: Option<BreakVerb>,
}

/// What `tackroom break` does.
#[derive(Clone, Debug, Subcommand)]
pub enum BreakVerb {
    /// Set one.
    Add {
        /// Where to stop, such as tool=write_file; `once` before it for one hit only.
        #[arg(required = true, value_name = "WHERE")]
        at: Vec<String>,
    },
    /// Those that stand, and what the run stands at.
    List {
        /// One JSON document instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Take one away, or all.
    Remove {
        /// The breakpoint, such as b2, or `all`.
        which: String,
    },
}

/// `tackroom continue`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  tackroom continue k3x\n  tackroom continue k3x --until risky\n")]
pub struct Continue {
    /// The session's id or a unique beginning of it.
    pub id: String,
    /// Stop there once, such as risky or steps=+2 (`tackroom break --help` has all forms).
    #[arg(long, value_name = "WHERE", value_parser = breakpoint)]
    pub until: Option<Breakpoint>,
}

/// `tackroom note`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  tackroom note k3x \"Only touch files below src.\"\n  tackroom note k3x --list\n  tackroom note k3x --remove n1\n"
)]
pub struct Note {
    /// The session's id or a unique beginning of it.
    pub id: String,
    /// What the model reads with its next request, as a note of the harness; `-` reads it from standard input.
    #[arg(required_unless_present_any = ["list", "remove"], conflicts_with_all = ["list", "remove"])]
    pub text: Option<String>,
    /// List the notes that wait.
    #[arg(long)]
    pub list: bool,
    /// With --list: one JSON document instead of text.
    #[arg(long, requires = "list")]
    pub json: bool,
    /// Take back a note that was not sent, such as n1.
    #[arg(long, value_name = "NOTE", value_parser = note_no, conflicts_with = "list")]
    pub remove: Option<NoteNo>,
}

/// `tackroom compact`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  tackroom compact k3x --dry-run   how large it is, and what would be done\n  tackroom compact k3x             make it shorter before its next request\n  tackroom compact k3x --undo      as it was before the last time\n"
)]
pub struct Compact {
    /// The session's id or a unique beginning of it.
    pub id: String,
    /// Only tell how large the conversation is and what would be done.
    #[arg(long, conflicts_with = "undo")]
    pub dry_run: bool,
    /// Take the last compaction back: the model reads again what stood there before, as long as that fits.
    #[arg(long)]
    pub undo: bool,
    /// With --dry-run: one JSON document instead of text.
    #[arg(long, requires = "dry_run")]
    pub json: bool,
}

/// Reads a breakpoint, or says in one sentence why it is none and what to type.
pub fn breakpoint(text: &str) -> Result<Breakpoint, String> {
    Breakpoint::parse(text).map_err(|bad| format!("{bad} ({})", bad.hint))
}

fn note_no(text: &str) -> Result<NoteNo, String> {
    NoteNo::parse(text).ok_or_else(|| "notes are named n1, n2, …".to_string())
}
