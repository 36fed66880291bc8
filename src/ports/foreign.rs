//! Other tools' sessions on this machine: find them, read one.

use crate::domain::foreign::{Entry, Origin, Tool};
use crate::ports::Later;
use std::path::PathBuf;

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only this tool's sessions.
    pub tool: Option<Tool>,
    /// Files, or folders with files; where empty, the places in which the tools keep theirs.
    pub paths: Vec<PathBuf>,
}

/// A session of another tool, where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The tool.
    pub tool: Tool,
    /// The file.
    pub path: PathBuf,
    /// The session in it, where the file holds several; else empty.
    pub part: String,
    /// Its size, in bytes; of the whole file where that holds several.
    pub bytes: u64,
    /// Changes whenever what can be read may have changed.
    pub stamp: String,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// Sessions, in the order of their paths.
    pub sources: Vec<Source>,
    /// What was named and is no session of a tool that is known, or cannot be read: the path and why.
    pub odd: Vec<(PathBuf, String)>,
}

/// Why a source cannot be read, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ForeignFault(pub String);

/// What a reading tells: the origin first, then what was recorded, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Where the session comes from.
    Origin(Box<Origin>),
    /// Something that was recorded.
    Entry(Box<Entry>),
    /// The last line is not whole (yet): its number. It is told once it is.
    Torn(u64),
    /// Everything was told; so many records were read.
    End(u64),
    /// The rest cannot be read.
    Fault(ForeignFault),
}

/// A running reading. Dropping it ends it.
pub trait Reading: Send {
    /// The next thing; after an end or a fault, an end again.
    fn next(&mut self) -> Later<'_, Told>;
}

/// Other tools' sessions.
///
/// Contract (`tests/it/foreign`): reading never writes to a source, nor beside it; no content makes it panic or keep more
/// than one record (or, where the format is one document, one bounded file) in memory; the same source is told alike.
pub trait Foreign: Send + Sync {
    /// The sessions there are.
    fn discover(&self, wanted: Wanted) -> Later<'_, Discovered>;
    /// Reads one. Where it is not `settled`, somebody may be writing to it: what is not whole yet is kept back.
    fn read(&self, source: &Source, settled: bool) -> Box<dyn Reading>;
}
