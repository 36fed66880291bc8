//! Two stored sessions read page by page and compared, away from whoever waits for it.

use crate::domain::account::{Account, Accountant};
use crate::domain::compare::Comparison;
use crate::domain::ids::SessionId;
use crate::ports::log::{Log, LogFault};
use std::sync::Arc;

/// Commits read at once.
const PAGE: usize = 256;

/// Compares two sessions as they are stored now.
pub async fn compare(
    log: &Arc<dyn Log>,
    left: &SessionId,
    right: &SessionId,
) -> Result<Comparison, LogFault> {
    let (left, right) = (account(log, left).await?, account(log, right).await?);
    let aligned = tokio::task::spawn_blocking(move || Comparison::of(left, right)).await;
    aligned.map_err(|error| LogFault::Unavailable { why: format!("the comparison broke: {error}") })
}

/// What a session did.
async fn account(log: &Arc<dyn Log>, id: &SessionId) -> Result<Account, LogFault> {
    let mut accountant = Accountant::new(id.clone());
    let mut after = 0;
    loop {
        let page = log.read(id, after, PAGE).await?;
        let whole = page.len() < PAGE;
        for commit in page {
            after = commit.seq;
            commit.events.iter().for_each(|sealed| accountant.apply(&sealed.event));
        }
        if whole && after == 0 {
            return Err(LogFault::NoSession(id.to_string()));
        }
        if whole {
            return Ok(accountant.finish());
        }
        tokio::task::yield_now().await; // a long session lets others have their turn
    }
}
