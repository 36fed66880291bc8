//! What may be typed about leases; the doc comments are the help.

use clap::Subcommand;

const LEASE: &str = "\
A lease approves one waiting call and, without asking, the next ones like it. It covers exactly that call
unless it is widened, one line for each argument:
  NAME is JSON         exactly that
  NAME hash HASH       exactly what has that hash (how long texts are pinned)
  NAME starts [WORDS]  the words of a command, these first; the others may not lead out of the workspace
  NAME below FOLDER    the file that is changed, below that folder; no hidden names, no links
  NAME any             anything that touches nothing, such as a file's new content

It ends with its uses, its time, its task, or `revoke`. It never covers what a rule denies, what uses a
secret, what is outside of the workspace, nor anything under another policy or other walls.

Examples:
  tackroom lease show k3x c4                                     what it would cover, and would have covered
  tackroom lease show k3x c4 --arg 'argv starts [\"cargo\",\"test\"]'
  tackroom lease grant k3x c4 --arg 'argv starts [\"cargo\",\"test\"]' --uses 10
  tackroom lease grant k3x c5 --arg 'path below docs' --arg 'content any' --until '30m'
  tackroom lease revoke k3x l1
";

/// `tackroom lease`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = LEASE)]
pub struct Lease {
    /// What to do.
    #[command(subcommand)]
    pub what: LeaseVerb,
}

/// What `tackroom lease` does.
#[derive(Clone, Debug, Subcommand)]
pub enum LeaseVerb {
    /// Show what would be granted for a waiting call, and what it would have allowed in past sessions.
    Show {
        /// The terms.
        #[command(flatten)]
        terms: Terms,
        /// One JSON document instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Approve a waiting call, and the next ones like it.
    Grant {
        /// The terms.
        #[command(flatten)]
        terms: Terms,
        /// Only if the action still has this hash (from `tackroom lease show`): what was seen is what is granted.
        #[arg(long, value_name = "HASH")]
        hash: Option<String>,
        /// Grant it for what stands there, seen or not.
        #[arg(long, short = 'y')]
        yes: bool,
    },
    /// Take a lease back: what it cleared and has not started asks again.
    Revoke {
        /// The session's id or a unique beginning of it.
        id: String,
        /// The lease, such as l1.
        lease: String,
    },
}

/// What is granted.
#[derive(Clone, Debug, clap::Args)]
pub struct Terms {
    /// The session's id or a unique beginning of it.
    pub id: String,
    /// The waiting call, such as c4.
    pub call: String,
    /// A line that takes the place of the exact one, such as 'path below docs'; may be given for several arguments.
    #[arg(long = "arg", value_name = "LINE")]
    pub args: Vec<String>,
    /// How many further calls, 1 to 1000 (5 if not given).
    #[arg(long, value_name = "N")]
    pub uses: Option<String>,
    /// Until when: run, session, a time such as 30m or 2026-11-22T18:00:00Z, or both, such as 'session 2h'.
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// A folder of the workspace below which it holds.
    #[arg(long, value_name = "FOLDER")]
    pub under: Option<String>,
}

/// `tackroom leases`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  tackroom leases k3x\n  tackroom leases k3x --json\n")]
pub struct Leases {
    /// The session's id or a unique beginning of it.
    pub id: String,
    /// One JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}
