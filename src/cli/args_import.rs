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
  tackroom import k3x9m2p7qa.jsonl              a session that `tackroom sessions export` wrote

A session is imported once: importing it again adds what is new. An imported session is finished: it is watched,
replayed and searched like any other, and never driven. The other tools do not record who allowed a call, so it is
shown as not recorded. Nothing is written to the files of other tools.

What `tackroom sessions export` wrote as jsonl comes back as the same session, byte by byte: a copy of it, which can be
gone on with. It is checked to its end before anything is written. Refused are a file that was altered, one whose session
is here with another end, and one with a call that is cleared or under way, which would run here on a file's word.
A file can make a past up, as whoever owns a store can: take files from whom you trust; `tackroom verify ID` checks more.

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
    /// This program: what `tackroom sessions export` wrote as jsonl; the files or folders are named.
    Tackroom,
}

impl From {
    /// The other tool; none for this one.
    pub fn tool(self) -> Option<Tool> {
        Some(match self {
            From::Codex => Tool::Codex,
            From::Claude => Tool::Claude,
            From::Gemini => Tool::Gemini,
            From::Opencode => Tool::Opencode,
            From::Goose => Tool::Goose,
            From::Mini => Tool::Mini,
            From::Tackroom => return None,
        })
    }
}
