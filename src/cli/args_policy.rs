//! What may be typed after `tackroom policy`; the doc comments are the help.

use clap::Subcommand;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Rules are text files in the Cedar language (https://www.cedarpolicy.com), *.cedar in
  /etc/tackroom/policy         the system's
  policy/                      yours, in the configuration folder (`tackroom doctor` names it)
  .tackroom/policy/            a workspace's: only makes things stricter before `tackroom policy trust`
A rule forbids, asks (@ask(\"why\") permit) or permits; forbidding beats asking beats permitting, and what no rule speaks of
asks. `tackroom policy show --text` prints the rules that come with the app: they begin with the whole vocabulary.

Examples:
  tackroom policy show
  tackroom policy check my.cedar
  tackroom policy explain --tool run_command --args '{\"argv\": [\"git\", \"push\"]}'
  tackroom policy explain k3x c4                why call c4 of that session was judged so, by the rules of now
  tackroom policy backtest --policy my.cedar    what would have become of every stored call with these rules
";

/// `tackroom policy`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Policy {
    /// What to do.
    #[command(subcommand)]
    pub what: PolicyVerb,
}

/// What `tackroom policy` does.
#[derive(Clone, Debug, Subcommand)]
pub enum PolicyVerb {
    /// The files in force, layer by layer, and what of them counts.
    Show(Show),
    /// Read, validate and try rules without using them, and remark on what may not be meant.
    Check(Check),
    /// Why a call is allowed, asked about or denied: which rule says so, which fit, which nearly do.
    Explain(Explain),
    /// Let a workspace's rules, as they are now, also allow; a file that is changed after that loses the trust.
    Trust(Trust),
    /// Judge the calls of stored sessions again with the rules of now: what would have been allowed, asked, denied.
    Backtest(Backtest),
}

/// `tackroom policy show`.
#[derive(Clone, Debug, clap::Args)]
pub struct Show {
    /// The folder whose rules count; this one if not given.
    #[arg(long, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// The text of the rules too.
    #[arg(long)]
    pub text: bool,
    /// One JSON document instead of text.
    #[arg(long, conflicts_with = "text")]
    pub json: bool,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  tackroom policy check                     all that is in force here
  tackroom policy check my.cedar --strict   that file beside what is in force; a remark is a fault

A file my.examples.toml beside my.cedar is tried with it:
  [[must-ask]]
  tool = \"run_command\"
  args = { argv = [\"git\", \"push\"] }
  rule = \"command\"        # where it matters which rule says so

Exit codes: 0 it may be used, 1 it is refused (or, with --strict, remarked on).
";

/// `tackroom policy check`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub struct Check {
    /// Files of rules, tried as if they were yours; without one, what is in force is checked.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The folder whose rules count; this one if not given.
    #[arg(long, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// Remarks count as faults.
    #[arg(long)]
    pub strict: bool,
    /// One JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// `tackroom policy explain`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 told, whatever the verdict; 2 no such call or tool.")]
pub struct Explain {
    /// The session's id or a unique beginning of it.
    #[arg(value_name = "ID", requires = "call", required_unless_present = "tool")]
    pub id: Option<String>,
    /// The call, such as c4.
    #[arg(value_name = "CALL")]
    pub call: Option<String>,
    /// A call that nobody made: its tool.
    #[arg(long, value_name = "NAME", conflicts_with = "id")]
    pub tool: Option<String>,
    /// With --tool: its arguments, as JSON.
    #[arg(long, value_name = "JSON", default_value = "{}", requires = "tool")]
    pub args: String,
    /// Files of rules, as if they were yours.
    #[arg(long, value_name = "FILE")]
    pub policy: Vec<PathBuf>,
    /// With --tool: the folder to work in; this one if not given.
    #[arg(long, value_name = "DIR", conflicts_with = "id")]
    pub workspace: Option<PathBuf>,
    /// One JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

const TRUST_EXAMPLES: &str = "\
Shows every rule of the workspace's .tackroom/policy, or what has changed in them since they were trusted, with their hash and
what may not be meant, and asks. What was shown is what is trusted: a file that is changed after that loses the trust.

Examples:
  tackroom policy trust                 read them, then answer y
  tackroom policy trust --yes           without being asked, as a script does
  tackroom policy trust --revoke

Exit codes: 0 done, 1 the rules cannot be read or were changed meanwhile, 2 nobody said yes.
";

/// `tackroom policy trust`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = TRUST_EXAMPLES)]
pub struct Trust {
    /// The workspace; this folder if not given.
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Trust them without being asked; they are shown all the same.
    #[arg(long, conflicts_with = "revoke")]
    pub yes: bool,
    /// Trust it no more.
    #[arg(long)]
    pub revoke: bool,
}

const BACKTEST_EXAMPLES: &str = "\
Examples:
  tackroom policy backtest                              all stored sessions, the rules in force
  tackroom policy backtest --policy my.cedar            with that file added to yours
  tackroom policy backtest --sessions k3x f0f --json

A call of another tool's session, or one of which it is not recorded what it would touch, is unknown: never allowed.
Exit codes: 0 told, 1 a session could not be read, 2 the rules are refused.
";

/// `tackroom policy backtest`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = BACKTEST_EXAMPLES)]
pub struct Backtest {
    /// Only these sessions; all if not given.
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub sessions: Vec<String>,
    /// Files of rules, as if they were yours.
    #[arg(long, value_name = "FILE")]
    pub policy: Vec<PathBuf>,
    /// Every call, not only those that would go otherwise.
    #[arg(long)]
    pub all: bool,
    /// One JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}
