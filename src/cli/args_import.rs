//! What may be typed after `tackroom import`.

use crate::domain::foreign::Tool;
use clap::ValueEnum;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  tackroom import --list                        what there is on this machine
  tackroom import                               bring all of it in
  tackroom import --from codex --watch          follow Codex CLI as it works
  tackroom import rollout.jsonl && tackroom sessions

A session is imported once: importing it again adds what is new. An imported session is finished: it is watched,
replayed and searched like any other, and never driven. The other tools do not record who allowed a call, so it is
shown as not recorded. Nothing is written to the files of other tools.

With --json: one document {version, imported: [{tool, path, part, session, title, added, records, unknown, damaged,
damaged_lines, error}], odd: [{path, why}]}; with --list {version, sources: [{tool, path, part, bytes}], odd};
with --watch a line {version, imported: {…}} for each change.
";

/// `tackroom import`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Import {
    /// Files, or folders with files; where none is given, the places in which the tools keep their sessions.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only the sessions of this tool.
    #[arg(long, value_name = "TOOL")]
    pub from: Option<From>,
    /// Show what there is and import nothing.
    #[arg(long, conflicts_with = "watch")]
    pub list: bool,
    /// Go on as the sessions grow, until interrupted.
    #[arg(long)]
    pub watch: bool,
    /// One JSON document instead of text.
    #[arg(long)]
    pub json: bool,
}

/// A tool whose sessions can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum From {
    /// Codex CLI (CODEX_HOME, ~/.codex).
    Codex,
    /// Claude Code (CLAUDE_CONFIG_DIR, ~/.claude).
    Claude,
    /// Gemini CLI (GEMINI_CLI_HOME, ~/.gemini).
    Gemini,
    /// opencode (XDG_DATA_HOME, ~/.local/share/opencode).
    Opencode,
    /// goose (GOOSE_PATH_ROOT, ~/.local/share/goose).
    Goose,
    /// mini-SWE-agent (MSWEA_GLOBAL_CONFIG_DIR, or the files it was told to write).
    Mini,
}

impl std::convert::From<From> for Tool {
    fn from(from: From) -> Tool {
        match from {
            From::Codex => Tool::Codex,
            From::Claude => Tool::Claude,
            From::Gemini => Tool::Gemini,
            From::Opencode => Tool::Opencode,
            From::Goose => Tool::Goose,
            From::Mini => Tool::Mini,
        }
    }
}
