//! The loop of one session: ask what is next, perform it through a port, decide what it means, write it down.
//!
//! One agent drives one session, under a claim and the writer lease. It ends when there is nothing to do, when a person is
//! needed (if told to), when told to quit, or when the log cannot be written; then nothing of it runs any more.

use crate::domain::call::{Call, Outcome};
use crate::domain::commit::{Class, Commit};
use crate::domain::event::RunStatus;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, SessionId};
use crate::domain::message::Reply;
use crate::domain::next::{Step, next};
use crate::domain::outcome::{Keeping, Report, report};
use crate::domain::run::Turn;
use crate::domain::sandbox::Walls;
use crate::domain::session::Session;
use crate::ports::log::{Follow, TailItem};
use crate::ports::model::{Ask, Drafts, Errand, Request};
use crate::ports::tool::{Returned, Stop};
use crate::ports::work::Claim;
pub use crate::runtime::ends::{AgentFault, OnHold, Parked};
use crate::runtime::ledger::{Ledger, RecordFault};
use crate::runtime::perform;
use crate::runtime::plugs::{Kitbag, Plugs};
use crate::runtime::weigh;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};

mod compacting; // the conversation is made shorter
mod stopping; // what is under way is stopped

/// What a task of the agent came to.
enum Done {
    Model(Box<Result<Reply, Fault>>),
    Call(CallId, Returned, u64),
}

/// What a task of the agent is for.
enum Job {
    Model,
    Call(CallId, Stop),
}

/// Drives one session.
pub struct Agent {
    plugs: Plugs,
    kitbag: Kitbag,
    ledger: Ledger,
    tasks: JoinSet<Done>,
    jobs: HashMap<Id, (Job, AbortHandle)>,
    news: Arc<Notify>,
    quit: CancellationToken,
    luck: u64,
    frame: perform::Frame,
    /// Whether the files could not be kept the last time.
    missed: bool,
    _listening: DropGuard,
    _claim: Box<dyn Claim>,
}

impl Agent {
    /// Claims a session, takes its writer lease and closes what a process before left open.
    pub async fn take(plugs: Plugs, id: &SessionId, quit: CancellationToken) -> Result<Agent, AgentFault> {
        let claim = plugs.store.work.claim(id)?.ok_or_else(|| AgentFault::Taken(id.clone()))?;
        if plugs.store.work.barred(id)? {
            return Err(AgentFault::Partial(id.clone()));
        }
        let (log, clock) = (plugs.store.log.clone(), plugs.clock.clone());
        let ledger = Ledger::open(log, clock, id, Class::Worker, &plugs.holder).await?;
        let session = ledger.session();
        if session.imported.is_some() {
            return Err(AgentFault::Imported(id.clone()));
        }
        let model = session.run.as_ref().map_or("", |run| run.model.as_str());
        let base_url = session.run.as_ref().and_then(|run| run.base_url.as_deref());
        let kitbag = (plugs.outfit)(&session.workspace, model, base_url)
            .map_err(|(sentence, hint)| AgentFault::Outfit { sentence, hint })?;
        let luck = u64::try_from(plugs.clock.fresh() & u128::from(u64::MAX)).unwrap_or(0);
        let news = Arc::new(Notify::new());
        let listening = CancellationToken::new();
        let mut agent = Agent {
            plugs,
            kitbag,
            ledger,
            tasks: JoinSet::new(),
            jobs: HashMap::new(),
            news,
            quit,
            luck,
            frame: perform::Frame::default(),
            missed: false,
            _listening: listening.clone().drop_guard(),
            _claim: claim,
        };
        let holder = agent.plugs.holder.clone();
        agent.record(&Report::Taken { holder }).await?;
        agent.listen(listening);
        Ok(agent)
    }

    /// The session as it stands.
    pub fn session(&self) -> &Session {
        self.ledger.session()
    }

    /// What is not of this process wakes the loop: the operator writes beside it.
    fn listen(&self, until: CancellationToken) {
        let follow = Follow::One(self.session().id.clone(), self.ledger.head().seq);
        let mut tail = self.plugs.store.log.tail(follow);
        let news = self.news.clone();
        tokio::spawn(async move {
            loop {
                let item = tokio::select! {
                    item = tail.next() => item,
                    () = until.cancelled() => return, // the agent is gone
                };
                match item {
                    TailItem::Commit(commit) if commit.class == Class::Operator => news.notify_one(),
                    TailItem::Commit(_) | TailItem::CaughtUp => {}
                    // The loop finds the fault itself at its next read or write.
                    TailItem::Interrupted(_) => return news.notify_one(),
                }
            }
        });
    }

    /// Drives the session until there is nothing to do or a reason to leave.
    pub async fn drive(&mut self, on_hold: OnHold) -> Result<Parked, AgentFault> {
        let result = match self.catch_up().await {
            Ok(()) => self.turn(on_hold).await,
            Err(fault) => Err(fault),
        };
        if !matches!(result, Ok(Parked::Held | Parked::Idle)) {
            self.abandon().await;
        }
        result
    }

    async fn turn(&mut self, on_hold: OnHold) -> Result<Parked, AgentFault> {
        loop {
            if self.quit.is_cancelled() {
                // What is under way is stopped, so that the session can be taken up at this very point.
                if !self.tasks.is_empty() {
                    self.stop_tasks(FaultKind::Interrupted).await?;
                }
                return Ok(Parked::Quit);
            }
            self.obey().await?;
            match next(self.session()) {
                Step::Idle => return Ok(Parked::Idle),
                Step::StartQueued => self.record(&Report::QueueTaken).await?,
                Step::AskModel { attempt } => self.ask(attempt).await?,
                Step::WaitUntil(at) => {
                    let until = self.plugs.clock.sleep_until(at);
                    tokio::select! {
                        biased; // what a person says goes first
                        () = self.quit.cancelled() => {}
                        () = self.news.notified() => self.catch_up().await?,
                        () = until => self.retry_now().await?,
                    }
                }
                Step::Compact { .. } => self.compact().await?,
                Step::JudgeCall(call) => self.judge(call).await?,
                Step::RunCall(call) => self.start(call).await?,
                Step::Check => self.record(&Report::Checking).await?,
                Step::Stop(_) => self.record(&Report::Stopping).await?,
                Step::Finish(status, _) => {
                    // First the files, so that a fork finds them as the run left them; who cancels is not kept waiting, and
                    // whatever changes them next keeps them before.
                    if status == RunStatus::Cancelled || !self.session().changed || self.keep().await? {
                        self.record(&Report::Finish).await?;
                    }
                }
                Step::Await if self.tasks.is_empty() && on_hold == OnHold::Leave => return Ok(Parked::Held),
                Step::Await => self.wait().await?,
            }
        }
    }

    async fn catch_up(&mut self) -> Result<(), AgentFault> {
        Ok(self.ledger.catch_up().await.map(|_| ())?)
    }

    /// Decides and writes down. A refusal means that the state moved under us: the loop asks anew.
    async fn record(&mut self, what: &Report) -> Result<(), AgentFault> {
        self.written(what).await.map(|_| ())
    }

    async fn written(&mut self, what: &Report) -> Result<Option<Arc<Commit>>, AgentFault> {
        self.luck = self.luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (book, clock, settings, luck) = (
            self.kitbag.tools.book().clone(),
            self.plugs.clock.clone(),
            self.plugs.settings,
            self.luck >> 16,
        );
        let decide = |session: &Session| report(session, what, &settings.kit(&book, clock.now(), luck));
        match self.ledger.record(decide).await {
            Ok(written) => Ok(written),
            Err(RecordFault::Refused(_)) => Ok(None),
            Err(RecordFault::Log(fault)) => Err(fault.into()),
        }
    }

    /// Writes down that the model is asked, then asks it.
    async fn ask(&mut self, attempt: u32) -> Result<(), AgentFault> {
        let session = self.session();
        let Some(run) = session.live() else { return Ok(()) };
        let notes = session.note_numbers();
        let ask = Ask {
            session: session.id.clone(),
            model: run.model.clone(),
            messages: session.upcoming(),
            tools: self.kitbag.tools.book().clone(),
            attempt,
            errand: Errand::Turn { gone: session.context.replies_gone },
        };
        let model = ask.model.clone();
        let request = match self.kitbag.model.prepare(ask) {
            Ok(request) => request,
            Err(fault) => {
                let (request, frame, route) = (Hash::ZERO, None, None); // nothing was made that could be sent
                let ahead = weigh::nothing(self.session());
                self.record(&Report::Asking { model, request, frame, notes, route, ahead }).await?;
                return self.record(&Report::Failed(fault)).await;
            }
        };
        let frame = self.frame.keep(&self.plugs.store.blobs, request.frame()).await?;
        let ahead = weigh::ahead(self.session(), &*request);
        let ahead = weigh::beside_today(ahead, self.session(), &self.plugs).await?;
        let (hash, route) = (request.hash(), request.route());
        let model = route.as_ref().map_or(model, |route| route.model.clone());
        let asking = Report::Asking { model, request: hash, frame, notes, route, ahead };
        if !self.written(&asking).await?.is_some_and(|commit| weigh::goes_out(&commit)) {
            return Ok(()); // the operator was quicker, or a limit holds it
        }
        let drafts = perform::drafts(&self.plugs.store.live, &self.session().id);
        if attempt > 1 {
            drafts(crate::domain::message::Draft::Again);
        }
        self.send(request, drafts);
        Ok(())
    }

    fn send(&mut self, request: Box<dyn Request>, drafts: Drafts) {
        let handle = self.tasks.spawn(async move { Done::Model(Box::new(request.send(drafts).await)) });
        self.jobs.insert(handle.id(), (Job::Model, handle));
    }

    /// A wait is over: the failed request is due again, as an attempt of its own.
    async fn retry_now(&mut self) -> Result<(), AgentFault> {
        if self.session().live().is_some_and(|run| run.compacting.is_some()) {
            return self.compact().await;
        }
        let attempt = match self.session().live().map(|run| &run.turn) {
            Some(Turn::Failed { attempt, .. }) => attempt + 1,
            Some(Turn::Ready | Turn::Asked { .. } | Turn::Replied { .. }) | None => return Ok(()),
        };
        self.ask(attempt).await
    }

    async fn judge(&mut self, id: CallId) -> Result<(), AgentFault> {
        let session = self.session();
        let Some(call) = session.call(id) else { return Ok(()) };
        let judged = match perform::judge(session, call, &self.kitbag).await {
            // Told to quit: nothing new starts.
            Some((judged, walls)) if self.quit.is_cancelled() => (Report::Judged(judged), walls),
            Some((judged, walls)) => {
                if perform::changes_files(&judged, &call.tool, &self.kitbag) && !self.keep().await? {
                    return Ok(());
                }
                (Report::JudgedReady(judged), walls)
            }
            // The tool is gone since the call was asked for (another program version): that is a refusal, not a loop.
            None => (Report::Gone { call: id }, None),
        };
        self.go_on(id, judged).await
    }

    async fn start(&mut self, id: CallId) -> Result<(), AgentFault> {
        if self.session().call(id).is_some_and(Call::may_change_files) && !self.keep().await? {
            return Ok(());
        }
        let Some(call) = self.session().call(id) else { return Ok(()) };
        let starting = perform::starting(call, &self.kitbag).await;
        self.go_on(id, starting.unwrap_or((Report::Gone { call: id }, None))).await
    }

    /// Keeps the files, and writes down that they are kept where they are others than before. False where a person's word,
    /// or the word to quit, came first: that may take long, and nobody is to wait for it to pause a run. Where it took too
    /// long, and is not done yet, no call waits for it again.
    async fn keep(&mut self) -> Result<bool, AgentFault> {
        if self.missed && self.plugs.files.busy(&self.session().workspace) {
            return self.record(&perform::still_looking()).await.map(|()| true);
        }
        let kept = tokio::select! {
            biased;
            kept = perform::keep(self.session(), &self.plugs) => kept,
            () = self.news.notified() => return self.catch_up().await.map(|()| false),
            () = self.quit.cancelled() => return Ok(false),
        };
        self.missed = matches!(kept, Report::Kept(Keeping::Missed { .. }));
        self.record(&kept).await.map(|()| true)
    }

    /// Writes down how a call goes on; where that is its start, then starts it.
    async fn go_on(&mut self, id: CallId, (what, walls): (Report, Option<Walls>)) -> Result<(), AgentFault> {
        let Some(commit) = self.written(&what).await? else { return Ok(()) };
        let stop = Stop::default();
        let live = &self.plugs.store.live;
        let held = (stop.clone(), walls);
        let running = perform::running(self.session(), &commit, &self.kitbag, live, held);
        let Some(running) = running else { return Ok(()) };
        let (clock, ms_max) = (self.plugs.clock.clone(), self.plugs.settings.call_ms_max);
        let handle = self.tasks.spawn(async move {
            let (call, returned, ms) = perform::run(running, clock, ms_max).await;
            Done::Call(call, returned, ms)
        });
        self.jobs.insert(handle.id(), (Job::Call(id, stop), handle));
        Ok(())
    }

    /// Waits for what is under way, for news of the operator, or for the word to quit.
    async fn wait(&mut self) -> Result<(), AgentFault> {
        tokio::select! {
            biased; // what has happened is written down before anything else
            Some(done) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => self.take_in(done).await,
            () = self.news.notified() => self.catch_up().await,
            () = self.quit.cancelled() => Ok(()),
        }
    }

    /// A task ended: what came of it is written down.
    async fn take_in(&mut self, done: Result<(Id, Done), JoinError>) -> Result<(), AgentFault> {
        let id = match &done {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let job = self.jobs.remove(&id).map(|(job, _)| job);
        match (done, job) {
            (Ok((_, Done::Model(answer))), _) => match *answer {
                Ok(reply) => self.record(&Report::Replied(reply)).await,
                Err(fault) => self.record(&Report::Failed(fault)).await,
            },
            (Ok((_, Done::Call(call, returned, ms))), _) => self.ended(call, returned, ms).await,
            (Err(error), Some(Job::Model)) => self.record(&Report::Failed(perform::broken(&error))).await,
            (Err(error), Some(Job::Call(call, _))) => {
                let since = self.session().call(call).map_or(self.plugs.clock.now(), |call| call.since);
                let ms = self.plugs.clock.now().ms_since(since);
                let returned = match error.is_panic() {
                    true => Returned { outcome: Outcome::Panicked, text: perform::panic_text(error) },
                    false => Returned {
                        outcome: Outcome::Cancelled,
                        text: "it did not stop in time and was dropped".into(),
                    },
                };
                self.ended(call, returned, ms).await
            }
            (Err(_), None) => Ok(()),
        }
    }

    async fn ended(&mut self, call: CallId, returned: Returned, ms: u64) -> Result<(), AgentFault> {
        let finished = perform::finished(call, returned, ms, &self.plugs.store.blobs).await?;
        self.record(&finished).await
    }
}
