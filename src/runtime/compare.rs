//! Two stored sessions read page by page and compared, away from whoever waits for it.

use crate::domain::account::{Account, Accountant};
use crate::domain::compare::Comparison;
use crate::domain::ids::SessionId;
use crate::ports::log::{Log, LogFault};
use crate::runtime::pages::pages;
use std::sync::Arc;

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
    let (mut pages, mut is_there) = (pages(&**log, id, 0), false);
    while let Some(page) = pages.next().await? {
        is_there = true;
        page.iter().flat_map(|commit| &commit.events).for_each(|sealed| accountant.apply(&sealed.event));
    }
    if is_there { Ok(accountant.finish()) } else { Err(LogFault::NoSession(id.to_string())) }
}
