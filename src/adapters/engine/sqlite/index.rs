//! Lists, counts and search, where they may block.

use super::uptake;
use super::{Sqlite, Writing, find, lists};
use crate::domain::ids::SessionId;
use crate::domain::listing::{Counts, Query};
use crate::domain::search::{Found, Progress, Search};
use crate::domain::tally::Row;
use crate::ports::Later;
use crate::ports::index::Index;
use crate::ports::log::LogFault;
use std::time::Duration;

impl Sqlite {
    /// Takes up texts alone, for so many milliseconds.
    pub(super) async fn take_up_texts(&self, ms: u64) -> Result<Progress, LogFault> {
        let shared = self.shared.clone();
        self.query(move |_| shared.uptake.go_on(Duration::from_millis(ms))).await
    }
}

impl Index for Sqlite {
    fn rows(&self, query: Query) -> Later<'_, Result<Vec<Row>, LogFault>> {
        Box::pin(self.query(move |reader| reader.ask(|conn| lists::rows(conn, &query))))
    }

    fn counts(&self, query: Query) -> Later<'_, Result<Counts, LogFault>> {
        Box::pin(self.query(move |reader| reader.ask(|conn| lists::counts(conn, &query))))
    }

    fn row<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Option<Row>, LogFault>> {
        let session = session.clone();
        Box::pin(self.query(move |reader| reader.row(&session)))
    }

    fn search(&self, search: Search) -> Later<'_, Result<Found, LogFault>> {
        Box::pin(self.query(move |reader| reader.ask(|conn| find::find(conn, &search))))
    }

    fn take_up(&self, ms: u64) -> Later<'_, Result<Progress, LogFault>> {
        let shared = self.shared.clone();
        Box::pin(self.query(move |reader| match &shared.writing {
            Writing::Open { .. } | Writing::Here(_) => shared.uptake.tidy(Duration::from_millis(ms)),
            Writing::Closed(_) => reader.ask(uptake::progress),
        }))
    }
}
