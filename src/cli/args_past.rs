//! What may be typed about the past: checking and comparing stored sessions.

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

const DIFF_EXAMPLES: &str = "\
Examples:
  tackroom diff k3x f0f          what the second did otherwise than the first
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
    /// One JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}
