//! A stored session as a file for others: whole and exact as JSON lines, or told as a document.
//!
//! Everything here takes a session commit by commit and keeps no more than the turn under way: a long one costs no more
//! than a short one.

pub mod base64; // bytes in lines of text
pub mod jsonl; // a session as JSON lines, byte by byte as it is stored
pub mod take; // those lines, checked, as commits again
pub mod tale; // events as tasks and turns with their calls, each told once it is over
pub mod deed; // one call of a turn: what was decided, by whom, and where its time went
pub mod form; // what a document is made of, and the words in it
pub mod md; // a session as Markdown
pub mod html; // a session as one page
pub mod atif; // a session as a trajectory for other programs

/// How a session is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileForm {
    /// Every event as stored; can be imported.
    Jsonl,
    /// A document in Markdown.
    Md,
    /// One page that needs nothing else.
    Html,
    /// A trajectory (ATIF) for other programs.
    Atif,
}

impl FileForm {
    /// How the name of such a file ends.
    pub fn ending(self) -> &'static str {
        match self {
            FileForm::Jsonl => "jsonl",
            FileForm::Md => "md",
            FileForm::Html => "html",
            FileForm::Atif => "atif.json",
        }
    }
}
