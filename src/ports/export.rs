//! Sessions as files: where they go is the implementor's to say.

use crate::domain::export::FileForm;
use crate::domain::ids::SessionId;
use crate::ports::Later;

/// Writes stored sessions into files.
///
/// Contract (`tests/it/sessions_screen.rs`): the file is new and its owner's alone, nothing that is there is overwritten, and
/// what could not be finished does not stay.
pub trait Export: Send + Sync {
    /// Writes one; answers the path as a person would type it, or why there is no file, in a sentence.
    fn export<'a>(&'a self, session: &'a SessionId, form: FileForm) -> Later<'a, Result<String, String>>;
}
