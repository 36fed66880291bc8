//! Lists and counts over sessions: a local projection of the log, kept in the same transaction where the engine is local.

use crate::domain::ids::SessionId;
use crate::domain::tally::Row;
use crate::ports::Later;
use crate::ports::log::LogFault;

/// Which rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Only these statuses; all where empty.
    pub statuses: Vec<String>,
    /// Only sessions that wait for a person.
    pub held: bool,
    /// At most so many, the last updated first.
    pub limit: usize,
}

/// The projection.
///
/// Contract (`tests/it/contracts/index.rs`): a row equals the fold of `Row::apply` over the session's events, at any time after
/// the append was answered.
pub trait Index: Send + Sync {
    /// The rows that fit, the last updated first.
    fn rows(&self, query: Query) -> Later<'_, Result<Vec<Row>, LogFault>>;
    /// One row.
    fn row<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Option<Row>, LogFault>>;
}
