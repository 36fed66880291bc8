//! What the next request may take, told before it is sent; asked for only where something is limited.

use crate::domain::budget::Unit;
use crate::domain::commit::Commit;
use crate::domain::event::Fact;
use crate::domain::gauge::Gauge;
use crate::domain::listing::{Query, Tab};
use crate::domain::message::Usage;
use crate::domain::money::Money;
use crate::domain::purse::{Ahead, Taken, midnight};
use crate::domain::session::Session;
use crate::domain::time::Micros;
use crate::ports::index::Index;
use crate::ports::log::LogFault;
use crate::ports::model::Request;
use crate::runtime::plugs::Plugs;

/// What this request may take, by what the last one of the run took and what was added since.
pub fn ahead(session: &Session, request: &dyn Request) -> Option<Ahead> {
    session.live().filter(|run| !run.budget.is_none())?;
    let gauge = &session.context.gauge;
    let input = session.fill().tokens;
    Some(taking(gauge, input, request))
}

/// The same for a request for a summary, whose messages have so many bytes.
pub fn ahead_of_summary(session: &Session, messages: u64, request: &dyn Request) -> Option<Ahead> {
    session.live().filter(|run| !run.budget.is_none())?;
    let gauge = &session.context.gauge;
    let whole = request.size().div_ceil(3);
    Some(taking(gauge, gauge.worth(messages).min(whole), request))
}

/// What a request takes of so many tokens; where no reply has told yet how many its like had, what stands around its messages
/// counts with them.
fn taking(gauge: &Gauge, input: u64, request: &dyn Request) -> Ahead {
    let bytes = request.size();
    let input = if gauge.is_known() { input } else { gauge.tokens(bytes) };
    let (cached, output) = gauge.beside(input);
    let nano = request.cost(Usage { input, output, cached, ..Usage::default() });
    Ahead { bytes, input, output, nano, today: None }
}

/// The same beside what was taken today, where that is limited.
pub async fn beside_today(
    ahead: Option<Ahead>,
    session: &Session,
    plugs: &Plugs,
) -> Result<Option<Ahead>, LogFault> {
    let Some(ahead) = ahead else { return Ok(None) };
    let day = session.live().map(|run| run.budget.day).unwrap_or_default();
    if Unit::ALL.into_iter().all(|unit| day.of(unit).is_none()) {
        return Ok(Some(ahead));
    }
    let today = today(&*plugs.store.index, plugs.clock.now()).await?;
    Ok(Some(Ahead { today: Some(today), ..ahead }))
}

/// What a request takes that could not even be made.
pub fn nothing(session: &Session) -> Option<Ahead> {
    let is_limited = session.live().is_some_and(|run| !run.budget.is_none());
    is_limited.then(|| Ahead { nano: Some(Money(0)), ..Ahead::default() })
}

/// Whether a commit says that the model is asked.
pub fn goes_out(commit: &Commit) -> bool {
    commit
        .events
        .iter()
        .any(|sealed| matches!(sealed.event.fact, Fact::ModelAsked { .. } | Fact::CompactAsked(_)))
}

/// What all sessions took today, wherever they are listed, with what is set aside in those that are at work.
pub async fn today(index: &dyn Index, now: Micros) -> Result<Taken, LogFault> {
    let mut sum = Taken::default();
    for tab in [Tab::All, Tab::Archived, Tab::Bin] {
        let query = Query { tab, since: Some(midnight(now)), limit: usize::MAX, ..Query::default() };
        let rows = index.rows(query).await?;
        sum = rows.iter().map(|row| row.day.on_day_of(now)).fold(sum, Taken::plus);
    }
    Ok(sum)
}
