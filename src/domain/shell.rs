//! A line for a shell, read strictly: which commands it runs, which files it opens, and what of it is not understood.
//!
//! Only what `dash`, `bash` and their kin read alike is understood: simple commands with `;`, `&&`, `||`, `|` and `!` between
//! them, quotes, redirections to files and numbers. All else is a gap, told with its place: where the shape of the line is
//! clear nevertheless (a variable, a pattern, `$(…)`), reading goes on, so that what is said to run is known; else it stops.
//! A line with a gap is never allowed by a rule; what was read of it may still be denied by one.

mod grammar; // lists, commands and redirections
mod word; // words, quotes and what stands for other text
mod builtins; // names that the shell does not look up as programs

/// More parts than this are not looked at.
const PARTS_MAX: usize = 64;
/// So many lines within lines are looked into.
const DEPTH_MAX: u8 = 8;

/// What a shell would make of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What it runs and opens, in the order in which it is written.
    pub parts: Vec<Part>,
    /// What is not understood, in the order in which it was met.
    pub gaps: Vec<Gap>,
}

/// One command or redirection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it does.
    pub does: Does,
    /// How deep it lies in `$(…)`: 0 for the line itself.
    pub depth: u8,
}

/// What a part does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Does {
    /// Runs these words, the program first.
    Runs(Vec<Word>),
    /// Opens a file.
    Opens(How, Word),
}

/// For what a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// `<`
    Read,
    /// `>` and `>|`
    Write,
    /// `>>`
    Append,
    /// `<>`
    Both,
}

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// What the program is given, to the letter.
    Known(String),
    /// As it is written: what becomes of it is known when it runs.
    Unknown(String),
}

impl Word {
    /// The text: what the program is given where that is known, else what is written.
    pub fn text(&self) -> &str {
        match self {
            Word::Known(text) | Word::Unknown(text) => text,
        }
    }

    /// What the program is given; none where only the run tells.
    pub fn known(&self) -> Option<&str> {
        match self {
            Word::Known(text) => Some(text),
            Word::Unknown(_) => None,
        }
    }
}

/// Something that is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The line, from 1.
    pub line: usize,
    /// The character in it, from 1.
    pub column: usize,
    /// What it is, as the first half of a sentence.
    pub why: String,
}

impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            1 => write!(f, "{}, at column {}", self.why, self.column),
            line => write!(f, "{}, at line {line}, column {}", self.why, self.column),
        }
    }
}

impl Reading {
    /// Reads a line.
    pub fn of(line: &str) -> Reading {
        grammar::read(line)
    }

    /// Whether all of it is understood: then the parts are all that is run and opened, and every word of them is known.
    pub fn understood(&self) -> bool {
        self.gaps.is_empty()
    }
}
