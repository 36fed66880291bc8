//! The inbox: every hold of every session as it comes and goes, the one that is looked at, and the answers.
//!
//! The list is told from the session rows. A session is read whole only when somebody looks at a hold of it or answers
//! one, by one clerk with one hand, so that what was read for looking is not read again for answering. Of several looks
//! that wait only the last one counts. An answer is the operator's word beside whoever drives the session; one that
//! nobody drives is named to the desk, which takes it up.

use crate::domain::ids::SessionId;
use crate::domain::inbox::{Answer, Answered, Held, holds};
use crate::domain::listing::Query;
use crate::domain::next::{Step, next};
use crate::domain::notice::Notice;
use crate::domain::tally::Row;
use crate::ports::log::{Follow, LogFault, TailItem};
use crate::runtime::hand::Hand;
use crate::runtime::ledger::RecordFault;
use crate::runtime::plugs::Plugs;
use std::sync::Arc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Sessions with a hold that are told at most.
const SESSIONS_MAX: usize = 1_000;
/// News are gathered this long before the list is told again, in milliseconds.
const EVERY_MS: u64 = 250;
/// How often it is looked whether the processes at work are still there, and how long a session without one must have
/// been quiet, in milliseconds.
const LEFT_EVERY_MS: u64 = 3_000;
const QUIET_MS: u64 = 2_000;
/// Batches of answers that may wait for the clerk.
const BATCHES: usize = 8;

/// Tells the holds now and whenever they change, until told to stop.
pub async fn tell(plugs: Plugs, notices: Sender<Notice>, stop: CancellationToken) {
    let mut tail = plugs.store.log.tail(Follow::All);
    let mut told = None;
    loop {
        match listed(&plugs).await {
            Ok(now) => {
                if told.as_ref() != Some(&now) {
                    told = Some(now.clone());
                    if notices.send(Notice::Inbox(now)).await.is_err() {
                        return;
                    }
                }
            }
            Err(fault) => {
                // Said for as long as it is so: what the list shows meanwhile may be old.
                let sentence = format!("What waits cannot be read: {fault}.");
                let hint = "it is tried again; `tackroom doctor` checks the store".to_string();
                if notices.send(Notice::Trouble { sentence, hint }).await.is_err() {
                    return;
                }
            }
        }
        let again = plugs.clock.now().plus_ms(LEFT_EVERY_MS);
        loop {
            let item = tokio::select! {
                item = tail.next() => item,
                () = plugs.clock.sleep_until(again) => break, // a process that is killed writes nothing
                () = stop.cancelled() => return,
            };
            match item {
                TailItem::Commit(_) => break,
                TailItem::CaughtUp => {}
                TailItem::Interrupted(_) => {
                    tail = plugs.store.log.tail(Follow::All);
                    break; // what came meanwhile may have been missed
                }
            }
        }
        let waited = plugs.clock.sleep_until(plugs.clock.now().plus_ms(EVERY_MS));
        tokio::select! {
            () = waited => {}
            () = stop.cancelled() => return,
        }
    }
}

/// The holds as they are now, and the sessions that nobody drives any more.
async fn listed(plugs: &Plugs) -> Result<Vec<Held>, LogFault> {
    let index = &plugs.store.index;
    let held = index.rows(Query { held: true, limit: SESSIONS_MAX, ..Query::default() }).await?;
    let running = vec!["running".to_string()];
    let mut left = index.rows(Query { statuses: running, limit: SESSIONS_MAX, ..Query::default() }).await?;
    // Who has just written is about to drive, or is just leaving.
    let quiet = |row: &Row| plugs.clock.now().ms_since(row.updated) >= QUIET_MS;
    left.retain(|row| !row.imported && quiet(row) && matches!(plugs.store.work.taken(&row.id), Ok(false)));
    Ok(holds(&held, &left))
}

/// Where looks and answers are laid for the clerk.
pub struct Tray {
    look: watch::Sender<Option<SessionId>>,
    answers: Sender<Vec<Answer>>,
}

impl Tray {
    /// A clerk with this hand, who names sessions that nobody drives and that could go on to `idle`. Ends with `stop`.
    pub fn start(
        plugs: Plugs,
        hand: Hand,
        notices: Sender<Notice>,
        idle: Sender<SessionId>,
        stop: CancellationToken,
    ) -> Tray {
        let (look, looks) = watch::channel(None);
        let (answers, asked) = channel(BATCHES);
        let clerk = Clerk { plugs, hand, notices, idle };
        tokio::spawn(async move {
            tokio::select! {
                () = clerk.serve(looks, asked) => {}
                () = stop.cancelled() => {}
            }
        });
        Tray { look, answers }
    }

    /// Looks at a session: `Notice::Looked`.
    pub fn look(&self, id: SessionId) {
        self.look.send_replace(Some(id));
    }

    /// Gives answers, one after another: each as `Notice::Answered`. Gives them back where too many wait already.
    pub fn answer(&self, answers: Vec<Answer>) -> Result<(), Vec<Answer>> {
        self.answers.try_send(answers).map_err(|full| match full {
            TrySendError::Full(answers) | TrySendError::Closed(answers) => answers,
        })
    }
}

struct Clerk {
    plugs: Plugs,
    hand: Hand,
    notices: Sender<Notice>,
    idle: Sender<SessionId>,
}

impl Clerk {
    async fn serve(
        mut self,
        mut looks: watch::Receiver<Option<SessionId>>,
        mut asked: Receiver<Vec<Answer>>,
    ) {
        loop {
            tokio::select! {
                biased;
                answers = asked.recv() => {
                    let Some(answers) = answers else { return };
                    for answer in answers {
                        self.answer(answer).await;
                    }
                }
                changed = looks.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let wanted = looks.borrow_and_update().clone();
                    if let Some(id) = wanted {
                        self.look(&id).await;
                    }
                }
            }
        }
    }

    async fn look(&mut self, id: &SessionId) {
        let notice = match self.hand.session(id).await {
            Ok(session) => Notice::Looked(Arc::new(session.gist())),
            Err(fault) => Notice::NotLooked {
                session: id.clone(),
                sentence: format!("{id} cannot be read: {fault}."),
                hint: "`tackroom verify ID` tells whether a session is whole".to_string(),
            },
        };
        let _ = self.notices.send(notice).await; // a screen that is gone needs no notice
    }

    async fn answer(&mut self, answer: Answer) {
        let Answer { id, order } = answer;
        let (result, moves) = match self.hand.order(&id.session, &order).await {
            Ok(session) => (Answered::Done, !matches!(next(session), Step::Idle | Step::Await)),
            Err(RecordFault::Refused(why)) => (Answered::Refused(why), false),
            Err(fault @ RecordFault::Log(_)) => (Answered::Failed(fault.to_string()), false),
        };
        if moves && !matches!(self.plugs.store.work.taken(&id.session), Ok(true)) {
            let _ = self.idle.send(id.session.clone()).await; // a desk that is gone drives nothing any more
        }
        let _ = self.notices.send(Notice::Answered { id, result }).await;
    }
}
