//! What may be typed about the past: checking and comparing stored sessions, looking closely at an event.

const VERIFY_EXAMPLES: &str = "\
Examples:
  tackroom verify k3x            one session
  tackroom verify --all --json   every session, as one JSON document

Exit codes: 0 all are whole, 1 one differs or cannot be read.
";

/// `tackroom verify`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = VERIFY_EXAMPLES)]
pub struct Verify {
    /// The sessions' ids or unique beginnings of them.
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub ids: Vec<String>,
    /// Every stored session.
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    /// One JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

const AUDIT_EXAMPLES: &str = "\
Examples:
  tackroom audit k3x                     who decided what in one session, and by which rule the rest ran
  tackroom audit --all --html audit.html everything, as a page
  tackroom audit --all --json            the same as one JSON document

Exit codes: 0 every log is whole, 1 one differs from what was written.
";

/// `tackroom audit`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = AUDIT_EXAMPLES)]
pub struct Audit {
    /// The sessions' ids or unique beginnings of them.
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub ids: Vec<String>,
    /// Every stored session.
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    /// One JSON document instead of text.
    #[arg(long, conflicts_with = "html")]
    pub json: bool,
    /// Write a page into this new file instead.
    #[arg(long, value_name = "FILE")]
    pub html: Option<std::path::PathBuf>,
}

const DIFF_EXAMPLES: &str = "\
Examples:
  tackroom diff k3x f0f          what the second did otherwise than the first
  tackroom diff k3x f0f --full   every value that changed whole, not only its first line that differs
  tackroom diff k3x f0f --json   the same as one JSON document
";

/// `tackroom diff`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub struct Diff {
    /// The session to compare with: its id or a unique beginning of it.
    #[arg(value_name = "A")]
    pub left: String,
    /// The session that is compared.
    #[arg(value_name = "B")]
    pub right: String,
    /// What changed whole, as far as it is kept for a comparison, not only its first line that differs.
    #[arg(long, conflicts_with = "json")]
    pub full: bool,
    /// One JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

const INSPECT_EXAMPLES: &str = "\
Examples:
  tackroom inspect k3x c4                    a call: arguments, verdict, who decided and after how long, output
  tackroom inspect k3x 12                    an event: a request with its receipt, a reply, a decision, anything else
  tackroom inspect k3x 12 --request | jq .   exactly what the model was sent
  tackroom inspect k3x c4 --output | less    all that the call gave back
  tackroom inspect k3x 12 --raw              the stored events, one a line
";

/// `tackroom inspect`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = INSPECT_EXAMPLES)]
pub struct Inspect {
    /// The session's id or a unique beginning of it.
    #[arg(value_name = "ID")]
    pub id: String,
    /// The event's number, or a call such as c4; the last event if not given.
    #[arg(value_name = "EVENT|CALL")]
    pub what: Option<String>,
    /// One JSON document instead of text.
    #[arg(long)]
    pub json: bool,
    /// The stored events themselves, one a line, exactly as stored.
    #[arg(long, conflicts_with = "json")]
    pub raw: bool,
    /// Only the exact bytes that the model was sent.
    #[arg(long, conflicts_with_all = ["json", "raw"])]
    pub request: bool,
    /// Only what the call gave back, whole.
    #[arg(long, conflicts_with_all = ["json", "raw", "request"])]
    pub output: bool,
    /// Long texts whole, not only their beginning and end.
    #[arg(long, conflicts_with_all = ["json", "raw", "request", "output"])]
    pub full: bool,
}

const KEYS_EXAMPLES: &str = "\
With a key of yours on this machine, what you decide on the screen or by a command is signed: the signature is over the hash of the log
right behind the decision, so over all that came before it, and is kept in a book beside the log. `tackroom verify` and `tackroom audit`
hold the log against it. A decision by a flag (`--on-hold approve`) is nobody's, and not signed.

Examples:
  tackroom keys new              a key for you (TACKROOM_OPERATOR, else your login), in keys/ of the configuration folder
  tackroom keys list             all that are known; to know another operator's, put their NAME.pub into that folder
";

/// `tackroom keys`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = KEYS_EXAMPLES)]
pub struct Keys {
    /// What to do.
    #[command(subcommand)]
    pub what: KeysVerb,
}

/// What `tackroom keys` does.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum KeysVerb {
    /// Make a key; one that is there stays.
    New,
    /// List the keys that are known here.
    List {
        /// One JSON document instead of text.
        #[arg(long)]
        json: bool,
    },
}
