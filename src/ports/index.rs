//! Lists, counts and search over sessions: a local projection of the log, in the same file where the engine is local.

use crate::domain::ids::SessionId;
use crate::domain::listing::{Counts, Query};
use crate::domain::search::{Found, Progress, Search};
use crate::domain::tally::Row;
use crate::ports::Later;
use crate::ports::log::LogFault;

/// The projection.
///
/// Contract (`tests/it/contracts/index.rs`, `search.rs`): a row equals the fold of `Row::apply` over the session's events, at
/// any time after the append was answered. Texts can be found once `take_up` has answered that nothing is left; a search
/// never waits for that, never fails for what was typed, and shows nothing that is in the bin.
pub trait Index: Send + Sync {
    /// The rows that fit, pinned ones first, then the last updated.
    fn rows(&self, query: Query) -> Later<'_, Result<Vec<Row>, LogFault>>;
    /// How many rows fit in each tab; `tab`, `after` and `limit` of the query do not count.
    fn counts(&self, query: Query) -> Later<'_, Result<Counts, LogFault>>;
    /// One row.
    fn row<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Option<Row>, LogFault>>;
    /// The events in which everything that was typed is found, the newest first unless the best are asked for.
    fn search(&self, search: Search) -> Later<'_, Result<Found, LogFault>>;
    /// Makes texts searchable that are not yet, the newest first, for about so many milliseconds; answers how far it is.
    fn take_up(&self, ms: u64) -> Later<'_, Result<Progress, LogFault>>;
}
