//! What may be typed about what waits for a person.

use crate::domain::event::Settling;
use clap::ValueEnum;

const PENDING: &str = "\
Examples:
  tackroom pending                 what waits, in short, with the command that shows each whole
  tackroom pending k3x c4          all of call c4 of the session whose id begins with k3x
  tackroom pending --json          everything, for a program
";

const APPROVE: &str = "\
What is approved must have been seen. On a terminal the whole call is shown, and you type y.
Without a terminal give the --hash that `tackroom pending ID CALL` prints, or --yes for what
stands there, seen or not.

Examples:
  tackroom approve k3x c4                  shows the call, asks
  tackroom approve k3x c4 --hash 4be1…     exactly what was shown under this hash, else nothing
";

/// `tackroom pending`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = PENDING)]
pub struct Pending {
    /// Only of this session (its id or a unique beginning of it), each call whole.
    pub id: Option<String>,
    /// Only this call, such as c4.
    pub call: Option<String>,
    /// Each call whole: its folder, all arguments, the whole diff, the rule and the hash.
    #[arg(long)]
    pub full: bool,
    /// One JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// A command about one call.
#[derive(Clone, Debug, clap::Args)]
pub struct Call {
    /// The session's id or a unique beginning of it.
    pub id: String,
    /// The call, such as c4.
    pub call: String,
    /// Only if the action still has this hash (from `tackroom pending ID CALL`): what was seen is what is answered.
    #[arg(long, value_name = "HASH")]
    pub hash: Option<String>,
}

/// `tackroom approve`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = APPROVE)]
pub struct Approve {
    /// Which call.
    #[command(flatten)]
    pub call: Call,
    /// Approve what stands there, seen or not.
    #[arg(long, short = 'y')]
    pub yes: bool,
}

/// `tackroom edit`.
#[derive(Clone, Debug, clap::Args)]
pub struct Edit {
    /// Which call.
    #[command(flatten)]
    pub call: Call,
    /// The new arguments, whole, as a JSON object; `-` reads them from standard input.
    #[arg(long, value_name = "JSON")]
    pub args: String,
}

/// `tackroom reject`.
#[derive(Clone, Debug, clap::Args)]
pub struct Reject {
    /// Which call.
    #[command(flatten)]
    pub call: Call,
    /// Why; the model reads it.
    #[arg(long, default_value = "")]
    pub reason: String,
}

/// `tackroom respond`.
#[derive(Clone, Debug, clap::Args)]
pub struct Respond {
    /// Which call.
    #[command(flatten)]
    pub call: Call,
    /// The answer that the model reads as the call's result.
    pub text: String,
}

/// `tackroom settle`.
#[derive(Clone, Debug, clap::Args)]
pub struct Settle {
    /// Which call.
    #[command(flatten)]
    pub call: Call,
    /// What is known or wanted.
    pub how: How,
    /// A note for the model.
    #[arg(long, default_value = "")]
    pub note: String,
}

/// What is made of an unknown outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum How {
    /// It did happen; do not run it again.
    Happened,
    /// Run it again.
    Again,
    /// Give it up; do not run it again.
    Abandon,
}

impl From<How> for Settling {
    fn from(how: How) -> Settling {
        match how {
            How::Happened => Settling::Happened,
            How::Again => Settling::Again,
            How::Abandon => Settling::Abandon,
        }
    }
}
