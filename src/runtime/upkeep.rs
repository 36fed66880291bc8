//! What a workbench does beside its work: the retention rules once, then texts made searchable as they come.

use crate::ports::clock::Clock;
use crate::ports::files::Files;
use crate::ports::log::{Follow, TailItem};
use crate::runtime::hand::Hand;
use crate::runtime::plugs::Store;
use crate::runtime::retention::{Rules, tidy};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// One look at what is to be taken up, in milliseconds.
const STEP_MS: u64 = 200;
/// News are gathered this long before they are taken up, in milliseconds.
const GATHER_MS: u64 = 3_000;

/// Goes on until it is stopped. Nothing of it is told: what fails is tried again later, and whoever searches takes up what
/// is missing.
pub async fn keep_up(
    (store, files): (Store, Arc<dyn Files>),
    clock: Arc<dyn Clock>,
    mut hand: Hand,
    rules: Rules,
    stop: CancellationToken,
) {
    let _ = tidy((&store, files.as_ref()), &mut hand, rules, clock.now()).await;
    while !stop.is_cancelled() {
        let mut tail = store.log.tail(Follow::All); // before the look: what comes during it is not missed
        while store.index.take_up(STEP_MS).await.is_ok_and(|progress| !progress.whole()) {
            clock.sleep_until(clock.now().plus_ms(STEP_MS / 2)).await;
        }
        let news = async { while matches!(tail.next().await, TailItem::CaughtUp) {} };
        if stop.run_until_cancelled(news).await.is_none() {
            return;
        }
        clock.sleep_until(clock.now().plus_ms(GATHER_MS)).await;
    }
}
