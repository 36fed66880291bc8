//! The inbox: every hold of every session as it comes and goes, the one that is looked at, and the answers.
//!
//! The list is told from the session rows. A session is read whole only when somebody looks at a hold of it or answers
//! one, by one clerk with one hand, so that what was read for looking is not read again for answering. Of several looks
//! that wait only the last one counts. An answer is the operator's word beside whoever drives the session; one that
//! nobody drives is named to the desk, which takes it up.

use crate::domain::ids::SessionId;
use crate::domain::inbox::{Answer, Answered, Held, HoldId, holds};
use crate::domain::listing::{Query, Tab};
use crate::domain::next::{Step, next};
use crate::domain::notice::Notice;
use crate::domain::tally::Row;
use crate::ports::Later;
use crate::ports::log::{Follow, LogFault, TailItem};
use crate::runtime::hand::Hand;
use crate::runtime::ledger::RecordFault;
use crate::runtime::plugs::Plugs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
use tokio::task::JoinHandle;
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
    let mut left = None;
    // A process that is killed writes nothing: who is left is looked for again by the clock, however much the others write.
    let look_again = || plugs.clock.sleep_until(plugs.clock.now().plus_ms(LEFT_EVERY_MS));
    let mut again = look_again();
    loop {
        match listed(&plugs, &mut left).await {
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
        let mut gathered = None;
        loop {
            let item = tokio::select! {
                item = tail.next() => item,
                () = &mut again => {
                    (left, again) = (None, look_again());
                    break;
                }
                () = until(&mut gathered) => break,
                () = stop.cancelled() => return,
            };
            let soon = || plugs.clock.sleep_until(plugs.clock.now().plus_ms(EVERY_MS));
            match item {
                TailItem::Commit(commit) => {
                    if let Some(left) = &mut left {
                        left.retain(|row: &Row| row.id != commit.session); // somebody is at work on it
                    }
                    gathered.get_or_insert_with(soon);
                }
                TailItem::CaughtUp => {}
                // What came meanwhile may have been missed.
                TailItem::Interrupted(_) => {
                    (tail, left) = (plugs.store.log.tail(Follow::All), None);
                    if stop.run_until_cancelled(soon()).await.is_none() {
                        return;
                    }
                    break;
                }
            }
        }
    }
}

/// Waits for what was begun, and for ever where nothing was.
async fn until(begun: &mut Option<Later<'static, ()>>) {
    match begun {
        Some(waited) => waited.await,
        None => std::future::pending().await,
    }
}

/// The holds as they are now, and the sessions that nobody drives any more: those in `left`, or those that are found where
/// that is none.
async fn listed(plugs: &Plugs, left: &mut Option<Vec<Row>>) -> Result<Vec<Held>, LogFault> {
    let (tab, limit) = (Tab::NeedsYou, SESSIONS_MAX);
    let held = plugs.store.index.rows(Query { tab, held: true, limit, ..Query::default() }).await?;
    let left = match left {
        Some(left) => left,
        None => left.insert(undriven(plugs).await?),
    };
    Ok(holds(&held, left))
}

/// The sessions that should be driven, and nobody does. A fork that was never started is not among them.
async fn undriven(plugs: &Plugs) -> Result<Vec<Row>, LogFault> {
    let running = Query { tab: Tab::Running, limit: SESSIONS_MAX, ..Query::default() };
    let mut left = plugs.store.index.rows(running).await?;
    // Who has just written is about to drive, or is just leaving.
    let now = plugs.clock.now();
    left.retain(|row| !row.imported && now.ms_since(row.updated) >= QUIET_MS);
    let work = plugs.store.work.clone();
    // A claim is looked at on the disk.
    let looked = tokio::task::spawn_blocking(move || {
        left.retain(|row| matches!(work.taken(&row.id), Ok(false)));
        left
    });
    looked
        .await
        .map_err(|error| LogFault::Unavailable { why: format!("the look at the claims broke: {error}") })
}

/// A hold, and what kept its answer from being written, where that is known.
pub type Lost = (HoldId, Option<String>);

/// The answers that the clerk was given and that nobody is known to have heard of yet, in their order. Clones
/// share it; whoever leaves can tell by it what was not done.
#[derive(Clone, Default)]
pub struct Unwritten(Arc<Mutex<Vec<Lost>>>);

impl Unwritten {
    /// What is in it now.
    pub fn all(&self) -> Vec<Lost> {
        self.held().clone()
    }

    fn held(&self) -> MutexGuard<'_, Vec<Lost>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lay(&self, answers: &[Answer]) {
        self.held().extend(answers.iter().map(|answer| (answer.id.clone(), None)));
    }

    /// The answer laid down first for this hold is written, or somebody was told why not.
    fn settle(&self, id: &HoldId) {
        let mut held = self.held();
        if let Some(at) = held.iter().position(|(laid, _)| laid == id) {
            held.remove(at);
        }
    }

    /// The answer laid down first for this hold is not written, and nobody was there to be told.
    fn note(&self, id: &HoldId, why: String) {
        if let Some((_, words)) = self.held().iter_mut().find(|(laid, words)| laid == id && words.is_none()) {
            *words = Some(why);
        }
    }
}

/// Where looks and answers are laid for the clerk.
pub struct Tray {
    look: watch::Sender<Option<SessionId>>,
    answers: Sender<Vec<Answer>>,
    unwritten: Unwritten,
    clerk: JoinHandle<()>,
}

impl Tray {
    /// A clerk with this hand, who names sessions that nobody drives and that could go on to `idle`. After `stop` nothing is
    /// looked at any more; answers are written to the last.
    pub fn start(
        plugs: Plugs,
        hand: Hand,
        notices: Sender<Notice>,
        idle: Sender<SessionId>,
        (unwritten, stop): (Unwritten, CancellationToken),
    ) -> Tray {
        let (look, looks) = watch::channel(None);
        let (answers, asked) = channel(BATCHES);
        let clerk = Clerk { plugs, hand, notices, idle, unwritten: unwritten.clone() };
        Tray { look, answers, unwritten, clerk: tokio::spawn(clerk.serve(looks, asked, stop)) }
    }

    /// Looks at a session: `Notice::Looked`.
    pub fn look(&self, id: SessionId) {
        self.look.send_replace(Some(id));
    }

    /// Gives answers, one after another: each as `Notice::Answered`. Gives them back where too many wait already.
    pub fn answer(&self, answers: Vec<Answer>) -> Result<(), Vec<Answer>> {
        let place = match self.answers.try_reserve() {
            Ok(place) => place,
            Err(TrySendError::Full(()) | TrySendError::Closed(())) => return Err(answers),
        };
        self.unwritten.lay(&answers);
        place.send(answers);
        Ok(())
    }

    /// Takes nothing more, and returns when all that was answered is written.
    pub async fn end(self) {
        let Tray { look, answers, unwritten: _, clerk } = self;
        drop((look, answers));
        let _ = clerk.await; // one that broke has written what it has written: the rest is told as unwritten
    }
}

struct Clerk {
    plugs: Plugs,
    hand: Hand,
    notices: Sender<Notice>,
    idle: Sender<SessionId>,
    unwritten: Unwritten,
}

impl Clerk {
    async fn serve(
        mut self,
        mut looks: watch::Receiver<Option<SessionId>>,
        mut asked: Receiver<Vec<Answer>>,
        stop: CancellationToken,
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
                Ok(()) = looks.changed(), if !stop.is_cancelled() => {
                    let wanted = looks.borrow_and_update().clone();
                    if let Some(id) = wanted {
                        let _ = stop.run_until_cancelled(self.look(&id)).await; // who left looks at nothing
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
            Err(fault @ (RecordFault::Log(_) | RecordFault::Unsigned(_))) => {
                (Answered::Failed(fault.to_string()), false)
            }
        };
        if moves && !matches!(self.plugs.store.work.taken(&id.session), Ok(true)) {
            let _ = self.idle.send(id.session.clone()).await; // a desk that is gone drives nothing any more
        }
        let unheard = match &result {
            Answered::Done => None,
            Answered::Refused(_) | Answered::Failed(_) => Some(result.words()),
        };
        let told = self.notices.send(Notice::Answered { id: id.clone(), result }).await;
        match unheard.filter(|_| told.is_err()) {
            Some(why) => self.unwritten.note(&id, why),
            None => self.unwritten.settle(&id),
        }
    }
}
