//! Owns all live runs: commands in, notices out.
//!
//! The desk never touches a screen, and a screen never waits for it: both talk over bounded channels. A session is driven here
//! when it was begun or resumed here, or when the operator gave an order to a session that nobody drives.

use crate::domain::breakpoint::Breakpoint;
use crate::domain::command::Command;
use crate::domain::fork::Twist;
use crate::domain::ids::{EventNo, SessionId};
use crate::domain::inbox::{Answer, Answered};
use crate::domain::inspect::page::Subject;
use crate::domain::next::{Step, next};
use crate::domain::notice::{Driver, Notice};
use crate::domain::order::{Order, Task};
use crate::ports::export::Export;
use crate::ports::log::LogFault;
use crate::ports::rules::KeepRules;
use crate::runtime::agent::{Agent, AgentFault, OnHold};
use crate::runtime::fork::{self, Forked, Wish};
use crate::runtime::hand::{Hand, Opening};
use crate::runtime::heed::heeded;
use crate::runtime::inbox::{self, Tray, Unwritten};
use crate::runtime::lease_trial::Trial;
use crate::runtime::ledger::RecordFault;
use crate::runtime::library::Library;
use crate::runtime::plugs::Plugs;
use crate::runtime::{compare, inspect, reading, watch};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Sessions that wait to be taken up.
const IDLE: usize = 4;

/// The sessions that this process drives.
type Driven = Arc<Mutex<HashSet<SessionId>>>;

/// Drives and shows sessions.
pub struct Desk {
    plugs: Plugs,
    hand: Hand,
    opening: Opening,
    notices: Sender<Notice>,
    driven: Driven,
    agents: JoinSet<()>,
    quit: CancellationToken,
    watching: CancellationToken,
    inspecting: CancellationToken,
    inbox: Option<(Tray, CancellationToken)>,
    unwritten: Unwritten,
    library: Library,
    trial: Trial,
}

impl Desk {
    /// A desk that tells `notices`.
    pub fn new(mut plugs: Plugs, hand: Hand, opening: Opening, notices: Sender<Notice>) -> Desk {
        let told = notices.clone();
        let tell = move |sentence, hint| told.try_send(Notice::Trouble { sentence, hint }).is_ok();
        plugs.outfit = heeded(plugs.outfit, Arc::new(tell));
        let quit = CancellationToken::new();
        let watching = quit.child_token();
        let library = Library::new(plugs.clone(), notices.clone(), quit.clone());
        Desk {
            plugs,
            hand,
            opening,
            notices,
            driven: Driven::default(),
            agents: JoinSet::new(),
            quit,
            watching,
            inspecting: CancellationToken::new(),
            inbox: None,
            unwritten: Unwritten::default(),
            library,
            trial: Trial::default(),
        }
    }

    /// Sessions can be written into files from here on.
    pub fn exporting(mut self, exporter: Arc<dyn Export>) -> Desk {
        self.library.exports(exporter);
        self
    }

    /// The retention rules can be changed from here on.
    pub fn keeping(mut self, keeper: Arc<dyn KeepRules>) -> Desk {
        self.library.keeps(keeper);
        self
    }

    /// The answers of the inbox that are not known to be written, now and after the end.
    pub fn unwritten(&self) -> Unwritten {
        self.unwritten.clone()
    }

    /// Serves commands until told to quit or the screen is gone; then every answer is written, every run parks, and every
    /// fork is made or given up, before this returns.
    pub async fn serve(mut self, mut commands: Receiver<Command>) {
        let (idle, mut idlers) = channel(IDLE);
        loop {
            let command = tokio::select! {
                command = commands.recv() => command,
                Some(id) = idlers.recv() => {
                    self.drive(id);
                    continue;
                }
            };
            let Some(command) = command else { break };
            match command {
                Command::Fork { session, at, twist } => self.fork(session, at, *twist),
                Command::Begin(task, breaks) => self.begin(&task, &breaks).await,
                Command::Order { session, order } => self.order(&session, &order).await,
                Command::Watch(session) => self.watch(session),
                Command::Replay(session) => self.replay(session),
                Command::Page { session, place, after, until } => self.page(session, place, after..until),
                Command::Resume(session) => self.drive(session),
                Command::List { query, live } => self.library.list(*query, live),
                Command::Glance(session) => self.library.glance(session),
                Command::Search(search) => self.library.search(search),
                Command::Fitting(query) => self.library.fitting(*query),
                Command::Deeds(deeds) => self.library.deeds(self.hand.another(), deeds),
                Command::Weigh(rules) => self.library.weigh(rules),
                Command::Keep(rules) => self.library.keep(rules),
                Command::Compare { left, right } => self.compare(left, right),
                Command::TryLease { workspace, tool, terms, but, fresh } => {
                    let to = (&self.plugs.store, &self.notices, &self.quit);
                    self.trial.ask(to, (workspace, tool), (*terms, but), fresh);
                }
                Command::Inspect { session, subject, until } => self.inspect(session, subject, until),
                Command::Inbox(open) => self.tell_inbox(open, &idle),
                Command::Look(session) => {
                    if let Some((tray, _)) = &self.inbox {
                        tray.look(session);
                    }
                }
                Command::Answer(answers) => self.answer(answers).await,
                Command::Quit => break,
            }
            while self.agents.try_join_next().is_some() {}
        }
        self.quit.cancel();
        drop(idlers); // nobody is driven here any more
        if let Some((tray, _)) = self.inbox.take() {
            tray.end().await;
        }
        while self.agents.join_next().await.is_some() {}
        self.library.end().await;
    }

    async fn tell(&self, notice: Notice) {
        // A screen that is gone needs no notice.
        let _ = self.notices.send(notice).await;
    }

    /// Makes a fork beside everything else: its files may take a while. Who is told of it may have gone elsewhere by then,
    /// so it is told and not shown.
    fn fork(&mut self, parent: SessionId, at: Option<EventNo>, twist: Twist) {
        let (plugs, notices, quit) = (self.plugs.clone(), self.notices.clone(), self.quit.clone());
        let (by, tools) = (self.hand.by().clone(), self.hand.tools().clone());
        let twist = self.hand.twist(twist);
        self.agents.spawn(async move {
            let wish = Wish { at, twist, into: None };
            let forked = tokio::select! {
                forked = fork::fork(&plugs, &tools, &by, &parent, &wish) => forked,
                () = given_up(&plugs, &quit) => return, // a folder is left that nobody names, and no session
            };
            let notice = match forked {
                Ok(forked) => {
                    let missing = forked.missing_words();
                    let Forked { id: session, at, workspace, worktree, .. } = forked;
                    Notice::Forked { parent, session, at, workspace, worktree, missing }
                }
                Err(fault) => Notice::Trouble {
                    sentence: format!("There is no fork: {fault}."),
                    hint: "nothing was changed; another event may do".to_string(),
                },
            };
            let _ = notices.send(notice).await; // a screen that is gone needs no notice
        });
    }

    async fn begin(&mut self, task: &Task, breaks: &[Breakpoint]) {
        match self.hand.begin(&self.opening, task, breaks).await {
            Ok(id) => {
                self.watch(id.clone());
                self.drive(id);
            }
            Err(fault) => self.trouble(fault).await,
        }
    }

    /// An order; a session that nobody drives and that could now go on is driven here.
    async fn order(&mut self, id: &SessionId, order: &Order) {
        let moves = match self.hand.order(id, order).await {
            Ok(session) => !matches!(next(session), Step::Idle | Step::Await),
            Err(RecordFault::Refused(why)) => {
                return self.tell(Notice::Refused { session: id.clone(), why }).await;
            }
            Err(fault) => return self.trouble(fault).await,
        };
        let moves = moves && order.sets_to_work();
        let driven = &self.driven;
        if moves && watch::driver(&self.plugs.store, id, |id| holds(driven, id)) == Driver::Nobody {
            self.drive(id.clone());
        }
    }

    /// Tells the inbox from here on, or no more. What was answered is still written.
    fn tell_inbox(&mut self, open: bool, idle: &Sender<SessionId>) {
        if let Some((_, stop)) = &self.inbox {
            stop.cancel();
        }
        let stop = self.quit.child_token();
        let (plugs, notices) = (self.plugs.clone(), self.notices.clone());
        let tray = self.inbox.take().map(|(tray, _)| tray).unwrap_or_else(|| {
            let (hand, quit) = (self.hand.another(), self.quit.child_token());
            let end = (self.unwritten.clone(), quit);
            Tray::start(plugs.clone(), hand, notices.clone(), idle.clone(), end)
        });
        if open {
            tokio::spawn(inbox::tell(plugs, notices, stop.clone()));
        }
        self.inbox = Some((tray, stop));
    }

    /// Lays answers down for the clerk of the inbox.
    async fn answer(&self, answers: Vec<Answer>) {
        let left = match &self.inbox {
            Some((tray, _)) => tray.answer(answers).err().unwrap_or_default(),
            None => answers,
        };
        for Answer { id, .. } in left {
            let result = Answered::Failed("too many answers wait to be written".to_string());
            self.tell(Notice::Answered { id, result }).await;
        }
    }

    async fn trouble(&self, fault: RecordFault) {
        let (sentence, hint) = (fault.to_string(), "nothing was changed; try again".to_string());
        self.tell(Notice::Trouble { sentence, hint }).await;
    }

    /// Shows a session, and no other any more.
    fn watch(&mut self, id: SessionId) {
        self.watching.cancel();
        self.watching = self.quit.child_token();
        let (store, notices, stop) = (self.plugs.store.clone(), self.notices.clone(), self.watching.clone());
        let driven = self.driven.clone();
        tokio::spawn(async move { watch::watch(store, id, notices, |id| holds(&driven, id), stop).await });
    }

    /// Tells a stored session in short, and shows no other any more.
    fn replay(&mut self, id: SessionId) {
        self.watching.cancel();
        self.watching = self.quit.child_token();
        let (log, notices, stop) =
            (self.plugs.store.log.clone(), self.notices.clone(), self.watching.clone());
        tokio::spawn(reading::survey(log, id, notices, stop));
    }

    /// Reads a page of the session that is played.
    fn page(&self, id: SessionId, place: u64, commits: Range<u64>) {
        let (log, notices, stop) =
            (self.plugs.store.log.clone(), self.notices.clone(), self.watching.clone());
        tokio::spawn(reading::page(log, (id, place, commits), notices, stop));
    }

    /// Compares two sessions beside everything else.
    fn compare(&self, left: SessionId, right: SessionId) {
        let (log, notices, quit) = (self.plugs.store.log.clone(), self.notices.clone(), self.quit.clone());
        tokio::spawn(async move {
            let compared = tokio::select! {
                compared = compare::compare(&log, &left, &right) => compared,
                () = quit.cancelled() => return,
            };
            // A screen that is gone needs no notice.
            let _ = notices
                .send(match compared {
                    Ok(compared) => Notice::Compared(Arc::new(compared)),
                    Err(fault) => {
                        let hint = "`tackroom verify ID` tells whether a session is whole".to_string();
                        Notice::NotCompared { left, right, sentence: fault.to_string(), hint }
                    }
                })
                .await;
        });
    }

    /// Reads an event closely beside everything else; who asks for another does not wait for this one any more.
    fn inspect(&mut self, id: SessionId, subject: Subject, until: Option<EventNo>) {
        self.inspecting.cancel();
        self.inspecting = self.quit.child_token();
        let (plugs, notices, stop) = (self.plugs.clone(), self.notices.clone(), self.inspecting.clone());
        tokio::spawn(async move {
            let read = tokio::select! {
                read = inspect::inspect(&plugs.store, plugs.rebuild, &id, subject, until) => read,
                () = stop.cancelled() => return,
            };
            let not = |sentence: String| {
                let hint = "`tackroom verify ID` tells whether a session is whole".to_string();
                Notice::NotInspected { session: id.clone(), subject, sentence, hint }
            };
            let notice = match read {
                Ok(Some(page)) => Notice::Inspected(Arc::new(page)),
                Ok(None) => not(format!("Session {id} has no event {}.", subject.no)),
                Err(fault) => not(fault.to_string()),
            };
            let _ = notices.send(notice).await; // a screen that is gone needs no notice
        });
    }

    /// Drives a session here until there is nothing to do; who asks while it is driven here is answered already.
    fn drive(&mut self, id: SessionId) {
        if !insert(&self.driven, &id) {
            return;
        }
        let (plugs, quit, notices) = (self.plugs.clone(), self.quit.clone(), self.notices.clone());
        let driven = self.driven.clone();
        self.agents.spawn(async move {
            let _ = notices.send(Notice::Driven { session: id.clone(), by: Driver::Here }).await;
            let result = loop {
                let result = run(&plugs, &id, &quit).await;
                remove(&driven, &id);
                // An order may have come between the last look and the release: it would find the session driven, and us gone.
                if result.is_ok() && !quit.is_cancelled() && wakes(&plugs, &id).await && insert(&driven, &id)
                {
                    continue;
                }
                break result;
            };
            if let Err(fault) = result {
                let (sentence, hint) = explain(fault);
                let _ = notices.send(Notice::Trouble { sentence, hint }).await;
            }
            let by = watch::driver(&plugs.store, &id, |id| holds(&driven, id));
            let _ = notices.send(Notice::Driven { session: id, by }).await;
        });
    }
}

/// When what is still under way after the word to quit has had its time.
async fn given_up(plugs: &Plugs, quit: &CancellationToken) {
    quit.cancelled().await;
    plugs.clock.sleep_until(plugs.clock.now().plus_ms(plugs.settings.stop_ms)).await;
}

/// One drive of a session, from claim to release.
async fn run(plugs: &Plugs, id: &SessionId, quit: &CancellationToken) -> Result<(), AgentFault> {
    let mut agent = Agent::take(plugs.clone(), id, quit.clone()).await?;
    agent.drive(OnHold::Wait).await.map(|_| ())
}

/// Whether a session that was just released has something to do.
async fn wakes(plugs: &Plugs, id: &SessionId) -> bool {
    use crate::domain::commit::Class;
    use crate::runtime::ledger::Ledger;
    let (log, clock) = (plugs.store.log.clone(), plugs.clock.clone());
    match Ledger::open(log, clock, id, Class::Worker, &plugs.holder).await {
        Ok(ledger) => !matches!(next(ledger.session()), Step::Idle | Step::Await),
        Err(_) => false,
    }
}

fn explain(fault: AgentFault) -> (String, String) {
    match fault {
        AgentFault::Taken(_) => (fault.to_string(), "it is shown here as it goes on there".to_string()),
        AgentFault::Partial(_) => (fault.to_string(), AgentFault::WHOLE.to_string()),
        AgentFault::Imported(_) => {
            (fault.to_string(), "it can be watched, replayed and searched".to_string())
        }
        AgentFault::Log(log @ LogFault::Full { .. }) => (
            log.to_string(),
            "the run stopped; nothing that was written is lost. Make room, then resume".to_string(),
        ),
        AgentFault::Log(log) => (
            log.to_string(),
            "the run stopped; nothing that was written is lost. Mend it and resume".to_string(),
        ),
        AgentFault::Outfit { sentence, hint } => (sentence, hint),
    }
}

fn holds(driven: &Driven, id: &SessionId) -> bool {
    driven.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
}

fn insert(driven: &Driven, id: &SessionId) -> bool {
    driven.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone())
}

fn remove(driven: &Driven, id: &SessionId) {
    driven.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
}
