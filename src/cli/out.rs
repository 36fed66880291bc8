//! Lines to standard output and error that survive a closed pipe, with foreign text made safe.

use crate::cli::exit::{Code, Failure};
use std::io::Write;

/// Writes a line to standard output. A reader that has gone away ends the command quietly: nothing more need be said.
pub fn line(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::quiet(Code::Done)),
        other => Ok(other?),
    }
}

/// Writes a line of progress to standard error; a closed one is nobody's loss.
pub fn progress(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes an error to standard error; its words may be foreign.
pub fn error(text: &str) {
    progress(&safe(text));
}

/// Foreign text as it may be printed: no control bytes.
pub fn safe(text: &str) -> String {
    crate::domain::text::clean(text).into_owned()
}
