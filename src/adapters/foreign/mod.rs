//! Other tools' sessions on this machine: `Foreign`. One file a tool turns its records into plain entries.
//!
//! The formats drift weekly: what is not understood is kept as it is and counted, what cannot be read is counted with its
//! line, and nothing that a file holds makes a reader stop before its end.

pub mod fields; // parts of JSON records that may be missing or of another type
pub mod lines; // lines of a file that may be damaged, endless or cut off
pub mod places; // where the tools keep their sessions
pub mod kinds; // whose session a file is, told by its content
pub mod sqlite; // other tools' databases, read without a trace
pub mod turn; // a reply that is written in several records
pub mod codex; // Codex CLI
pub mod codex_event; // Codex CLI: the records of its own screen
pub mod claude; // Claude Code
pub mod claude_branch; // Claude Code: which records are on the branch that is alive
pub mod gemini; // Gemini CLI
pub mod opencode; // opencode: its messages and parts
pub mod opencode_store; // opencode: its database, its older files, its export
pub mod goose; // goose
pub mod mini; // mini-SWE-agent

use crate::domain::foreign::{Entry, Origin, Tool};
use crate::ports::Later;
use crate::ports::foreign::{Discovered, Foreign, ForeignFault, Reading, Source, Told, Wanted};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// What a reading may be ahead of whoever listens.
const AHEAD: usize = 64;

/// Takes what a reader tells; false once nobody listens any more.
pub type Put<'a> = &'a mut dyn FnMut(Told) -> bool;

/// The sessions of other tools in a user's folders.
pub struct Sessions {
    environment: BTreeMap<String, String>,
    scratch: PathBuf,
}

impl Sessions {
    /// `environment` tells where the tools keep their sessions. In `scratch`, a database that cannot be read in place
    /// without a trace is copied for the time of a reading.
    pub fn new(environment: BTreeMap<String, String>, scratch: PathBuf) -> Sessions {
        Sessions { environment, scratch }
    }
}

impl Foreign for Sessions {
    fn discover(&self, wanted: Wanted) -> Later<'_, Discovered> {
        let (environment, scratch) = (self.environment.clone(), self.scratch.clone());
        Box::pin(async move {
            let found =
                tokio::task::spawn_blocking(move || places::discover(&environment, &scratch, &wanted));
            found.await.unwrap_or_default()
        })
    }

    fn read(&self, source: &Source, settled: bool) -> Box<dyn Reading> {
        let (told, listen) = channel(AHEAD); // a full one makes the reader wait
        let (source, scratch) = (source.clone(), self.scratch.clone());
        tokio::task::spawn_blocking(move || tell(&source, &scratch, settled, &told));
        Box::new(Running { listen })
    }
}

/// A reading on a thread of its own; it ends with its listener.
struct Running {
    listen: Receiver<Told>,
}

impl Reading for Running {
    fn next(&mut self) -> Later<'_, Told> {
        let broken =
            || Told::Fault(ForeignFault("the reader ended before the end of the source".to_string()));
        Box::pin(async move { self.listen.recv().await.unwrap_or_else(broken) })
    }
}

fn tell(source: &Source, scratch: &std::path::Path, settled: bool, told: &Sender<Told>) {
    let mut put = |what| told.blocking_send(what).is_ok();
    let records = read(source, scratch, settled, &mut put);
    put(match records {
        Ok(records) => Told::End(records),
        Err(why) => Told::Fault(ForeignFault(format!("{} cannot be read: {why}", source.path.display()))),
    });
}

/// Reads a source to its end, in the calling thread; answers how many records there were.
pub fn read(source: &Source, scratch: &std::path::Path, settled: bool, put: Put<'_>) -> Result<u64, String> {
    match source.tool {
        Tool::Codex => codex::read(&source.path, settled, put),
        Tool::Claude => claude::read(&source.path, settled, put),
        Tool::Gemini => gemini::read(&source.path, put),
        Tool::Opencode => opencode_store::read(source, scratch, settled, put),
        Tool::Goose => goose::read(source, scratch, put),
        Tool::Mini => mini::read(&source.path, put),
    }
}

/// Tells an origin.
fn origin(put: Put<'_>, origin: Origin) -> bool {
    put(Told::Origin(Box::new(origin)))
}

/// Tells an entry.
fn entry(put: Put<'_>, entry: Entry) -> bool {
    put(Told::Entry(Box::new(entry)))
}
