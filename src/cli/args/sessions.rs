//! What may be typed after `tackroom sessions`.

use crate::domain::export::FileForm;
use crate::domain::listing::Tab;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  tackroom sessions list --tab needs-you        what waits for you
  tackroom sessions search rate limit           every word, the newest first
  tackroom sessions search \"connection refused\" 'time*' --rank
  tackroom sessions tag k3x release             also: untag, pin, unpin, archive, unarchive
  tackroom sessions title k3x m0t               the model names them; `title --help` says more
  tackroom sessions delete k3x                  into the bin; `restore` takes it back, `purge` does not
";

/// `tackroom sessions`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Sessions {
    /// What to do; a list if not given.
    #[command(subcommand)]
    pub what: Option<SessionsVerb>,
    /// One JSON document instead of text.
    #[arg(long, global = true)]
    pub json: bool,
}

/// What `tackroom sessions` does.
#[derive(Clone, Debug, Subcommand)]
pub enum SessionsVerb {
    /// The sessions, pinned ones first, then the last touched.
    List(List),
    /// Find what was said and done: messages, arguments and outputs of all sessions.
    Search(Find),
    /// One session: where it stands, what waits, what came of its calls.
    Show {
        /// The session's id or a unique beginning of it.
        id: String,
    },
    /// Give a session another title.
    Rename {
        /// The session's id or a unique beginning of it.
        id: String,
        /// The title.
        title: String,
    },
    /// Let the model give sessions titles: one short request each, with the task and the last answer.
    ///
    /// The model is that of a new task; `--model NAME` says another. What it took stands beside the title in the log and
    /// is not part of a run's cost.
    Title(Titles),
    /// Give a session tags.
    Tag(Tags),
    /// Take tags away.
    Untag(Tags),
    /// Keep sessions on top of the list, and out of the retention rules.
    Pin(Ids),
    /// No longer keep them on top.
    Unpin(Ids),
    /// Put sessions out of sight; the search still finds them.
    Archive(Ids),
    /// Take sessions back from the archive.
    Unarchive(Ids),
    /// Put sessions into the bin: no list and no search shows them; the retention rules empty it.
    Delete(Ids),
    /// Take sessions back from the bin.
    Restore(Ids),
    /// Remove sessions that are in the bin for good: their events, and content that no other session uses.
    Purge(Purge),
    /// Write sessions into files for others: whole and exact, or as documents.
    Export(Export),
}

/// `tackroom sessions list`.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct List {
    /// At most so many.
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: usize,
    /// Only this tab.
    #[arg(long, value_name = "TAB", default_value = "all", value_parser = tabs())]
    pub tab: Tab,
    /// Only those in this status, such as held, failed or running; may be given again.
    #[arg(long, value_name = "STATUS")]
    pub status: Vec<String>,
    /// Only those with this tag; may be given again, then all of them.
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Only those of this agent.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub agent: String,
    /// Only those whose folder contains this.
    #[arg(long, value_name = "PART", default_value = "")]
    pub folder: String,
    /// Only those that asked for this tool.
    #[arg(long, value_name = "TOOL", default_value = "")]
    pub tool: String,
    /// Only those with these words in the title, id, agent, folder, model, a tag, a tool or the status; conditions too:
    /// status:failed tool:NAME tag:NAME agent:NAME folder:PART after:7d before:2026-11-21 tokens:>10k cost:>0.10 cost:<2
    /// cost:unknown; `cost>0.10` means the same.
    #[arg(long, value_name = "WORDS", default_value = "")]
    pub filter: String,
    /// The next page: what comes after this session.
    #[arg(long, value_name = "ID")]
    pub after: Option<String>,
}

impl Default for List {
    fn default() -> List {
        List {
            limit: 50,
            tab: Tab::All,
            status: Vec::new(),
            tag: Vec::new(),
            agent: String::new(),
            folder: String::new(),
            tool: String::new(),
            filter: String::new(),
            after: None,
        }
    }
}

/// `tackroom sessions search`.
#[derive(Clone, Debug, clap::Args)]
pub struct Find {
    /// Words that must all be there; several in quotes follow one another; a star at the end is any ending.
    #[arg(required = true, value_name = "WORDS")]
    pub words: Vec<String>,
    /// The best first instead of the newest.
    #[arg(long)]
    pub rank: bool,
    /// At most so many.
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: usize,
    /// The next page: `next` of the one before.
    #[arg(long, value_name = "PLACE", conflicts_with = "rank")]
    pub before: Option<i64>,
}

/// A command about one session and its tags.
#[derive(Clone, Debug, clap::Args)]
pub struct Tags {
    /// The session's id or a unique beginning of it.
    pub id: String,
    /// The tags, one word each.
    #[arg(required = true, value_name = "TAG")]
    pub tags: Vec<String>,
}

/// `tackroom sessions title`.
#[derive(Clone, Debug, clap::Args)]
pub struct Titles {
    /// The sessions' ids or unique beginnings of them.
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
    /// Tell the titles and give none.
    #[arg(long)]
    pub dry_run: bool,
    /// In the place of titles that a person gave, too; without it those stay.
    #[arg(long)]
    pub replace: bool,
}

/// A command about some sessions.
#[derive(Clone, Debug, clap::Args)]
pub struct Ids {
    /// The sessions' ids or unique beginnings of them.
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
}

/// `tackroom sessions purge`.
#[derive(Clone, Debug, clap::Args)]
pub struct Purge {
    /// The sessions' ids or unique beginnings of them.
    #[arg(value_name = "ID", required_unless_present = "expired")]
    pub ids: Vec<String>,
    /// Apply the retention rules now: what was archived too long goes into the bin, what was there too long is removed.
    #[arg(long, conflicts_with = "ids")]
    pub expired: bool,
}

const EXPORT_EXAMPLES: &str = "\
Examples:
  tackroom sessions export k3x > k3x.jsonl      the whole session; `tackroom import k3x.jsonl` brings it back elsewhere
  tackroom sessions export k3x --format md --output report.md
  tackroom sessions export k3x m0t --format html --output pages/

Secrets are not taken out: what the model, the tools and you said is in the file as it is in the store. A file is made
for your eyes alone (mode 0600) and never put in the place of another without --force.

jsonl is exact: every event as stored, with its hash and its commit, and large outputs whole; the files of the folder that
were kept for forks stay here. The documents tell each
task, what was said, each call with its arguments, verdict, decision, waiting and running time, output and end; a large
output with its beginning and its end. atif is the Agent Trajectory Interchange Format, version 1.4.

With --json: one document {version, exported: [{session, format, path, events, bytes}]}.
";

/// `tackroom sessions export`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub struct Export {
    /// The sessions' ids or unique beginnings of them.
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
    /// What is written.
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    pub format: Format,
    /// A file, or a folder that is there, for files named after their sessions; without it, standard output.
    #[arg(long, short, value_name = "FILE|DIR")]
    pub output: Option<PathBuf>,
    /// Put it in the place of a file that is there.
    #[arg(long)]
    pub force: bool,
}

/// How a session is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Every event as stored; can be imported.
    Jsonl,
    /// A document in Markdown.
    Md,
    /// One page that needs nothing else.
    Html,
    /// A trajectory (ATIF) for other programs.
    Atif,
}

impl Format {
    /// What it is.
    pub fn form(self) -> FileForm {
        match self {
            Format::Jsonl => FileForm::Jsonl,
            Format::Md => FileForm::Md,
            Format::Html => FileForm::Html,
            Format::Atif => FileForm::Atif,
        }
    }

    /// The word typed.
    pub fn word(self) -> &'static str {
        match self {
            Format::Jsonl => "jsonl",
            Format::Md => "md",
            Format::Html => "html",
            Format::Atif => "atif",
        }
    }
}

fn tabs() -> impl TypedValueParser<Value = Tab> {
    PossibleValuesParser::new(Tab::ALL.map(Tab::name)).map(|name| Tab::named(&name).unwrap_or_default())
}
