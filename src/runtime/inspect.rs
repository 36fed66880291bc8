//! One event of a stored session looked at closely: its commits found and read, its request made again, its contents fetched.

use crate::domain::commit::Commit;
use crate::domain::compaction_plan::{Plan, plan};
use crate::domain::event::Fact;
use crate::domain::ids::{CallId, EventNo, SessionId};
use crate::domain::inspect::gather::{Gather, Topic};
use crate::domain::inspect::page::{Page, Subject};
use crate::domain::inspect::sent::{self, Body, Sent};
use crate::domain::inspect::{Material, page};
use crate::domain::session::Session;
use crate::ports::log::{Log, LogFault};
use crate::ports::model::Rebuild;
use crate::runtime::pages::pages;
use crate::runtime::plugs::Store;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Commits read at once around an event.
const NEAR: u64 = 64;
/// Commits read at once for what follows an event.
const PAGE: usize = 256;

/// The page of an event, told as of the event `until`, or as of now; none where the session has no such event.
pub async fn inspect(
    store: &Store,
    rebuild: Rebuild,
    id: &SessionId,
    subject: Subject,
    until: Option<EventNo>,
) -> Result<Option<Page>, LogFault> {
    let Some(commit) = find(&store.log, id, subject.no).await? else { return Ok(None) };
    let mut gather = Gather::new(subject, until.unwrap_or(EventNo(u64::MAX)), commit);
    while let Some(seq) = gather.wants_before() {
        let after = seq.saturating_sub(NEAR + 1);
        let many = usize::try_from(seq - 1 - after).unwrap_or(0);
        gather.before(store.log.read(id, after, many).await?);
        tokio::task::yield_now().await; // what belongs together may lie far apart
    }
    while let Some(seq) = gather.wants_after() {
        gather.after(store.log.read(id, seq, PAGE).await?);
        tokio::task::yield_now().await;
    }
    let sent = match gather.topic() {
        Some(Topic::Turn) => sent(store, rebuild, id, &gather).await?,
        Some(Topic::Plain) if gather.asked().is_some() => sent(store, rebuild, id, &gather).await?,
        Some(Topic::Call(_) | Topic::Plain) | None => None,
    };
    let mut contents = BTreeMap::new();
    for hash in gather.contents() {
        if let Some(content) = store.blobs.get(hash).await? {
            contents.insert(hash, content);
        }
    }
    let made = tokio::task::spawn_blocking(move || page(&Material { gather, sent, contents })).await;
    made.map_err(|error| LogFault::Unavailable { why: format!("the page broke: {error}") })
}

/// The commit that holds an event: numbers only grow, so halving finds it in a few reads.
async fn find(log: &Arc<dyn Log>, id: &SessionId, no: EventNo) -> Result<Option<Arc<Commit>>, LogFault> {
    let head = log.head(id).await?;
    if no == EventNo(0) || no > head.event {
        return Ok(None);
    }
    let (mut low, mut high) = (1, head.seq);
    loop {
        let middle = low + (high - low) / 2;
        let Some(commit) = log.read(id, middle - 1, 1).await?.into_iter().next() else { return Ok(None) };
        let (first, last) = (commit.events.first(), commit.events.last());
        if last.is_none_or(|sealed| sealed.event.no < no) {
            low = middle + 1;
        } else if first.is_some_and(|sealed| sealed.event.no > no) {
            high = middle.saturating_sub(1);
        } else {
            return Ok(Some(commit));
        }
        if low > high {
            return Ok(None);
        }
    }
}

/// What the model was sent: the session is folded up to the request, as the one that sent it had folded it.
async fn sent(
    store: &Store,
    rebuild: Rebuild,
    id: &SessionId,
    gather: &Gather,
) -> Result<Option<Sent>, LogFault> {
    let Some(asked) = gather.asked() else { return Ok(None) };
    // The messages of a turn are there with its request; those of a summary are told by what was before.
    let is_summary = matches!(asked.event.fact, Fact::CompactAsked(_));
    let until = EventNo(asked.event.no.0 - u64::from(is_summary));
    let mut session = Session::new(id.clone());
    let mut pages = pages(&*store.log, id, 0);
    while session.last < until {
        let Some(commits) = pages.next().await? else { return Ok(None) };
        let events = commits.iter().flat_map(|commit| &commit.events).map(|sealed| &sealed.event);
        events.take_while(|event| event.no <= until).for_each(|event| session.apply(event));
    }
    let fact = &asked.event.fact;
    let question = match plan(&session) {
        Some(Plan::Summarise(wanted)) if is_summary => Some(wanted.question),
        Some(_) | None => None,
    };
    let messages = question.as_ref().unwrap_or(&session.transcript);
    let body = match sent::frame(&session, fact) {
        Err(why) => Body::Unknown(why),
        Ok(hash) => match store.blobs.get(hash).await? {
            None => Body::Unknown(sent::LOST),
            Some(frame) => match rebuild(&frame, messages) {
                Some(made) => Body::of(made, fact),
                None => Body::Unknown(sent::NEWER),
            },
        },
    };
    Ok(Some(match question {
        Some(question) => Sent::for_summary(&session, question, body),
        None => Sent::of(&session, body),
    }))
}

/// The call of that number as a subject; none where the session has no such call.
pub async fn of_call(store: &Store, id: &SessionId, call: CallId) -> Result<Option<Subject>, LogFault> {
    let asks = |fact: &Fact| fact.asks().any(|(asked, _)| asked == call);
    let mut pages = pages(&*store.log, id, 0);
    while let Some(commits) = pages.next().await? {
        let mut events = commits.iter().flat_map(|commit| &commit.events).map(|sealed| &sealed.event);
        if let Some(event) = events.find(|event| asks(&event.fact)) {
            return Ok(Some(Subject { no: event.no, call: Some(call) }));
        }
    }
    Ok(None)
}
