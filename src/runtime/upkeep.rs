//! What a workbench does beside its work: the retention rules once, then texts made searchable as they come, and long
//! sessions surveyed before anybody replays them.

use crate::domain::ids::SessionId;
use crate::domain::listing::Query;
use crate::domain::retention::Rules;
use crate::ports::clock::Clock;
use crate::ports::files::Files;
use crate::ports::log::{Follow, TailItem};
use crate::runtime::hand::Hand;
use crate::runtime::plugs::Store;
use crate::runtime::reading;
use crate::runtime::retention::tidy;
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// One look at what is to be taken up, in milliseconds.
const STEP_MS: u64 = 200;
/// News are gathered this long before they are taken up, in milliseconds.
const GATHER_MS: u64 = 3_000;

/// A session of so many events takes longer to survey than who replays it wants to wait.
const LONG: u64 = 20_000;
/// So many sessions, the last ones, are looked at.
const ROWS: usize = 16;

/// Goes on until it is stopped. Nothing of it is told: what fails is tried again later, and whoever searches takes up what
/// is missing.
pub async fn keep_up(
    (store, files): (Store, Arc<dyn Files>),
    clock: Arc<dyn Clock>,
    mut hand: Hand,
    rules: Rules,
    stop: CancellationToken,
) {
    let mut known = HashMap::new();
    let _ = tidy((&store, files.as_ref()), &mut hand, rules, clock.now()).await;
    while !stop.is_cancelled() {
        let mut tail = store.log.tail(Follow::All); // before the look: what comes during it is not missed
        while store.index.take_up(STEP_MS).await.is_ok_and(|progress| !progress.whole()) {
            clock.sleep_until(clock.now().plus_ms(STEP_MS / 2)).await;
        }
        survey_long(&store, &mut known, &stop).await;
        let news = async { while matches!(tail.next().await, TailItem::CaughtUp) {} };
        if stop.run_until_cancelled(news).await.is_none() {
            return;
        }
        clock.sleep_until(clock.now().plus_ms(GATHER_MS)).await;
    }
}

/// Surveys the long ones of the last sessions, where they are new here or have grown by a quarter.
async fn survey_long(store: &Store, known: &mut HashMap<SessionId, u64>, stop: &CancellationToken) {
    let Ok(rows) = store.index.rows(Query { limit: ROWS, ..Query::default() }).await else { return };
    for row in rows {
        let had = known.get(&row.id).copied().unwrap_or(0);
        if row.events >= LONG.max(had + had / 4) && row.events > had && !stop.is_cancelled() {
            reading::beforehand(store.log.clone(), row.id.clone(), stop.clone()).await;
            known.insert(row.id, row.events);
        }
    }
}
