//! What may be typed behind `fork` and `restore`; the doc comments are the help.

use crate::cli::args::OnHold;
use std::path::PathBuf;

const FORK: &str = r#"The fork is a session of its own. It begins with the parent's events, so it can be replayed and verified alone; decisions
copied from the parent are history, and every call that is not over is judged and asked about again. It works in a copy of
the files as they were at that event, never in the parent's folder. Ignored files, .git and very large files are not copied.

Examples:
  tackroom fork k3x                                      from where it stands now
  tackroom fork k3x --at 31 --run                        from event 31, with the screen
  tackroom fork k3x --args 'c4={"path":"b.md","content":"…"}'
  tackroom fork k3x --reject c4="not in this folder" --headless --on-hold reject
  tackroom fork k3x --at 12 --model qwen3-coder --note "use the notes only"
"#;

const RESTORE: &str = "\
Files are kept before each call that may change them. What is there now is kept first, so it can be undone. Ignored files,
.git and very large files are not touched.

Examples:
  tackroom restore k3x --at 31           shows what would change, and asks
  tackroom restore k3x --at 31 --yes     does it without asking
  tackroom restore k3x --undo            puts back what the last restore replaced; again: redoes it
";

/// `tackroom fork`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = FORK)]
pub struct Fork {
    /// The session's id or a unique beginning of it.
    pub id: String,
    /// From this event; without it from its end or, where a call is changed, from before that call was decided on.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub at: Option<u64>,
    /// Other arguments for a call, whole, as a JSON object; may be given again for another call.
    #[arg(long, value_name = "CALL=JSON")]
    pub args: Vec<String>,
    /// Reject a call, and why; may be given again.
    #[arg(long, value_name = "CALL=REASON")]
    pub reject: Vec<String>,
    /// Answer a call in the tool's place; may be given again.
    #[arg(long, value_name = "CALL=TEXT")]
    pub respond: Vec<String>,
    /// A message to the agent, read before its next turn; where the task is over, the next task.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Other instructions than the agent was given at the beginning.
    #[arg(long, value_name = "TEXT")]
    pub instructions: Option<String>,
    /// Put the files into this folder, which must be empty or not there.
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
    /// Go on with it on the screen.
    #[arg(long, conflicts_with = "headless")]
    pub run: bool,
    /// Go on with it without a screen: progress on standard error.
    #[arg(long)]
    pub headless: bool,
    /// One JSON document instead of text; with --headless: every event as a line of JSON.
    #[arg(long, conflicts_with = "run")]
    pub json: bool,
    /// With --headless: what to do where a person is needed.
    #[arg(long, value_name = "WHAT", default_value = "stop", requires = "headless")]
    pub on_hold: OnHold,
}

/// `tackroom restore`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = RESTORE)]
pub struct Restore {
    /// The session's id or a unique beginning of it.
    pub id: String,
    /// As they were at this event.
    #[arg(long, value_name = "N", required_unless_present = "undo", conflicts_with = "undo",
        value_parser = clap::value_parser!(u64).range(1..))]
    pub at: Option<u64>,
    /// As they were before the last restore.
    #[arg(long)]
    pub undo: bool,
    /// Do it without asking.
    #[arg(long)]
    pub yes: bool,
    /// One JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}
