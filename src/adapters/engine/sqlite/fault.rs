//! What SQLite says, as a fault of the log with a sentence for a person.

use crate::domain::ids::{EventNo, SessionId};
use crate::ports::log::LogFault;
use rusqlite::{Error, ErrorCode, ffi};
use std::path::Path;

/// Why a query did not do what was asked.
#[derive(Debug)]
pub enum Fail {
    /// SQLite said so.
    Sql(Error),
    /// The log's own rules said so.
    Log(LogFault),
}

impl From<Error> for Fail {
    fn from(error: Error) -> Fail {
        Fail::Sql(error)
    }
}

impl From<LogFault> for Fail {
    fn from(fault: LogFault) -> Fail {
        Fail::Log(fault)
    }
}

impl Fail {
    /// The fault, told of the store at `file`.
    pub fn fault(self, file: &Path) -> LogFault {
        match self {
            Fail::Sql(error) => of(&error, file),
            Fail::Log(fault) => fault,
        }
    }

    /// The fault, where the damage concerns a session that was being read or written.
    pub fn fault_in(self, session: &SessionId, file: &Path) -> LogFault {
        match self {
            Fail::Sql(error) if is_damage(&error) => damaged(session, EventNo(0), sentence(&error, file)),
            Fail::Sql(error) => of(&error, file),
            Fail::Log(fault) => fault,
        }
    }

    /// Whether the connection must not be used again.
    pub fn spoils_connection(&self) -> bool {
        match self {
            Fail::Sql(error) => !matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::ConstraintViolation)
            ),
            Fail::Log(_) => false,
        }
    }
}

/// A session's damage.
pub fn damaged(session: &SessionId, event: EventNo, why: impl Into<String>) -> LogFault {
    LogFault::Damaged { session: session.clone(), event, why: why.into() }
}

/// A fault that says why nothing can be done.
pub fn unavailable(why: impl Into<String>) -> LogFault {
    LogFault::Unavailable { why: why.into() }
}

/// An SQLite error outside of a COMMIT: nothing was written.
pub fn of(error: &Error, file: &Path) -> LogFault {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => LogFault::Busy,
        Some(ErrorCode::DiskFull) => LogFault::Full { file: file.display().to_string() },
        _ => unavailable(sentence(error, file)), // a foreign enum: all the rest is a sentence
    }
}

/// An SQLite error of the COMMIT itself. A full disk or a busy store leaves no commit record behind; of anything else
/// nobody can say whether it will be found after a crash.
pub fn of_commit(error: &Error, file: &Path) -> LogFault {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull | ErrorCode::ReadOnly,
        ) => of(error, file),
        _ => LogFault::InDoubt { why: sentence(error, file) }, // a foreign enum
    }
}

/// Whether the file itself does not hold together.
pub fn is_damage(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// What failed, on what, why.
pub fn sentence(error: &Error, file: &Path) -> String {
    let at = file.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => format!("the disk is full ({at})"),
        Some(ErrorCode::ReadOnly) => format!("the store may not be written to ({at}: read-only)"),
        Some(ErrorCode::PermissionDenied) => format!("the store may not be opened ({at}: no permission)"),
        Some(ErrorCode::CannotOpen) => format!("the store cannot be opened ({at}: {})", words(error)),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            format!("the store is damaged ({at}: {})", words(error))
        }
        Some(ErrorCode::SystemIoFailure) => {
            format!("the disk failed while the store was read or written ({at}: {})", words(error))
        }
        _ => format!("the store failed ({at}: {error})"), // a foreign enum
    }
}

fn words(error: &Error) -> String {
    match error.sqlite_error() {
        Some(failure) => ffi::code_to_str(failure.extended_code).to_string(),
        None => error.to_string(),
    }
}
