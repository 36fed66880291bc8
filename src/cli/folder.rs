//! The folder that is worked in, as it was given.

use crate::cli::exit::{Code, Failure};
use std::path::Path;

/// A folder to work in: this one if none is given.
pub fn folder(given: Option<&Path>) -> Result<String, Failure> {
    let path = given.unwrap_or(Path::new("."));
    let bad = |why: &str| {
        let sentence = format!("the folder {} cannot be worked in: {why}", path.display());
        Failure::new(Code::Usage, sentence, "give another with --workspace")
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "a name for people and for the log; files are reached by handle below it"
    )]
    let resolved = std::fs::canonicalize(path).map_err(|error| bad(&error.to_string()))?;
    if !resolved.is_dir() {
        return Err(bad("it is not a folder"));
    }
    resolved.to_str().map(str::to_string).ok_or_else(|| bad("its name is not UTF-8"))
}
