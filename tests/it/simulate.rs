//! R1: whole runs simulated from seeds. Clock, ids, the store's faults, the model's replies and faults, operators who press
//! what they like, and the death of the process at any point at which something is waited for are all drawn from one number,
//! so a case is played again by its seed. What the log says is held against what really happened.

use crate::contracts::Dice;
use crate::crash;
use crate::harness::cases::cases;
use crate::harness::fold::{asked, book, said};
use crate::harness::promise;
use crate::harness::world::{PathJudge, World};
use crate::verify;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use tackroom::adapters::engine::memory::{Failing, Memory};
use tackroom::domain::call::{By, Call, CallState, Outcome, Preview, Via};
use tackroom::domain::commit::{Commit, Head};
use tackroom::domain::event::{Event, Fact, Limits, Settling};
use tackroom::domain::fault::{Fault, FaultKind};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CommitId, SessionId};
use tackroom::domain::message::{Draft, Finish, Message, Reply, Usage};
use tackroom::domain::money::Money;
use tackroom::domain::next::Hold;
use tackroom::domain::order::Order;
use tackroom::domain::policy::Mode;
use tackroom::domain::sandbox::Walls;
use tackroom::domain::session::Session;
use tackroom::domain::tool_spec::{Effect, ToolBook, ToolSpec, Touch};
use tackroom::ports::Later;
use tackroom::ports::log::{Caps, Follow, Log, LogFault, Tail};
use tackroom::ports::model::{Ask, Drafts, Model, Request};
use tackroom::ports::tool::{Cleared, Returned, Tool, runs_nothing};
use tackroom::runtime::agent::{Agent, OnHold, Parked};
use tackroom::runtime::hand::Hand;
use tackroom::runtime::plugs::{Kitbag, Plugs};
use tackroom::runtime::toolbox::Toolbox;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;

/// Processes that one run may need at most: more, and it goes nowhere.
const LIVES_MAX: u32 = 400;

/// An effect.
struct Happened {
    /// The call's key.
    key: String,
    path: String,
    /// Commits that were durable just then.
    durable: u64,
    /// Whether it may be had again.
    again: bool,
}

/// What really happened, whatever any process remembers of it.
#[derive(Default)]
struct Truth {
    effects: Vec<Happened>,
    /// Commits of which somebody was told that they are durable.
    told: Vec<CommitId>,
    dice: Option<Dice>,
}

type Shared = Arc<Mutex<Truth>>;

fn truth(shared: &Shared) -> MutexGuard<'_, Truth> {
    shared.lock().expect("no task panics with it held")
}

fn roll(shared: &Shared, sides: u64) -> u64 {
    truth(shared).dice.as_mut().expect("set at the start").roll(sides)
}

/// Waits some turns of the scheduler: the points at which a process may die.
async fn dawdle(shared: &Shared) {
    for _ in 0..roll(shared, 4) {
        yield_now().await;
    }
}

/// A log whose every answer may be the last thing that a process hears, and which knows what it told.
struct Witnessed(Memory, Shared);

impl Log for Witnessed {
    fn append(&self, commit: Arc<Commit>) -> Later<'_, Result<Head, LogFault>> {
        Box::pin(async move {
            dawdle(&self.1).await;
            let id = commit.id.clone();
            let answer = self.0.append(commit).await;
            dawdle(&self.1).await;
            if answer.is_ok() {
                truth(&self.1).told.push(id);
            }
            answer
        })
    }
    fn settle<'a>(
        &'a self,
        session: &'a SessionId,
        id: &'a CommitId,
    ) -> Later<'a, Result<Option<Head>, LogFault>> {
        Box::pin(async move {
            dawdle(&self.1).await;
            self.0.settle(session, id).await
        })
    }
    fn head<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Head, LogFault>> {
        self.0.head(session)
    }
    fn read<'a>(
        &'a self,
        session: &'a SessionId,
        after: u64,
        limit: usize,
    ) -> Later<'a, Result<Vec<Arc<Commit>>, LogFault>> {
        self.0.read(session, after, limit)
    }
    fn tail(&self, follow: Follow) -> Box<dyn Tail> {
        self.0.tail(follow)
    }
    fn find<'a>(&'a self, prefix: &'a str, limit: usize) -> Later<'a, Result<Vec<SessionId>, LogFault>> {
        self.0.find(prefix, limit)
    }
    fn purge<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<bool, LogFault>> {
        self.0.purge(session)
    }
    fn aside<'a>(&'a self, session: &'a SessionId) -> Later<'a, Result<Option<Vec<u8>>, LogFault>> {
        self.0.aside(session)
    }
    fn keep_aside<'a>(
        &'a self,
        session: &'a SessionId,
        parts: Vec<Vec<u8>>,
    ) -> Later<'a, Result<(), LogFault>> {
        self.0.keep_aside(session, parts)
    }
    fn caps(&self) -> Caps {
        self.0.caps()
    }
}

/// Says what was drawn for a turn, after a fault now and then.
struct DrawnModel(Vec<Reply>, Shared);

impl Model for DrawnModel {
    fn prepare(&self, ask: Ask) -> Result<Box<dyn Request>, Fault> {
        let is_reply = |message: &&Arc<Message>| matches!(message.as_ref(), Message::Assistant { .. });
        let turn = ask.messages.iter().filter(is_reply).count();
        let reply = self.0.get(turn).cloned().unwrap_or_else(|| said("that is all"));
        let faults = [FaultKind::RateLimit, FaultKind::Cut, FaultKind::Timeout, FaultKind::Overloaded];
        let fault = faults.get(usize::try_from(roll(&self.1, 40)).expect("small"));
        let answer = fault.map_or(Ok(reply), |kind| Err(Fault::new(*kind, "as was drawn")));
        Ok(Box::new(DrawnRequest(answer, self.1.clone())))
    }

    fn label(&self) -> String {
        "drawn".into()
    }
}

struct DrawnRequest(Result<Reply, Fault>, Shared);

impl Request for DrawnRequest {
    fn hash(&self) -> Hash {
        Hash::ZERO
    }
    fn frame(&self) -> Option<Arc<[u8]>> {
        None
    }
    fn size(&self) -> u64 {
        100
    }
    fn cost(&self, _: Usage) -> Option<Money> {
        None
    }
    fn send(self: Box<Self>, drafts: Drafts) -> Later<'static, Result<Reply, Fault>> {
        Box::pin(async move {
            dawdle(&self.1).await;
            drafts(Draft::Text("…".into()));
            dawdle(&self.1).await;
            self.0
        })
    }
}

/// A tool that takes its time before and after what it does.
struct SlowTool(ToolSpec, Memory, Shared);

impl Tool for SlowTool {
    fn spec(&self) -> ToolSpec {
        self.0.clone()
    }
    fn touches(&self, args: &Value) -> Vec<Touch> {
        let path = args["path"].as_str().unwrap_or(".").to_string();
        match self.0.effect {
            Effect::ReadOnly => vec![Touch::Read { path }],
            Effect::Idempotent | Effect::Probe | Effect::SideEffect => vec![Touch::Write { path }],
        }
    }
    fn preview<'a>(&'a self, _: &'a Value) -> Later<'a, Preview> {
        Box::pin(std::future::ready(Preview::None))
    }
    fn walls(&self) -> Later<'_, Option<Walls>> {
        runs_nothing()
    }
    fn run(&self, call: Cleared) -> Later<'_, Returned> {
        Box::pin(async move {
            dawdle(&self.2).await;
            if self.0.effect != Effect::ReadOnly {
                let path = call.args["path"].as_str().unwrap_or_default().to_string();
                let durable = self.1.faults().commits();
                let again = self.0.effect == Effect::Idempotent;
                truth(&self.2).effects.push(Happened { key: call.key.clone(), path, durable, again });
            }
            dawdle(&self.2).await;
            if call.args["body"] == "panic" {
                std::panic::resume_unwind(Box::new("as was drawn")); // without a word on stderr
            }
            Returned::ok("done")
        })
    }
}

/// The usual three tools, and one whose effect may be had again; made once, for a schema is slow to make.
fn tools() -> ToolBook {
    static TOOLS: OnceLock<ToolBook> = OnceLock::new();
    let made = || {
        let mut specs: Vec<ToolSpec> = book().iter().cloned().collect();
        let write = specs.iter().find(|spec| spec.name == "write").expect("one of them").clone();
        specs.push(ToolSpec { name: "put".into(), effect: Effect::Idempotent, ..write });
        ToolBook::new(specs)
    };
    TOOLS.get_or_init(made).clone()
}

/// A run of a seed.
struct Case {
    world: World,
    shared: Shared,
    turns: Vec<Reply>,
    deaths: u64,
    orders: u64,
}

/// How a process came to its end.
#[derive(PartialEq)]
enum End {
    Parked(Parked),
    Died,
}

impl Case {
    fn new(seed: u64) -> Case {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let turns = (0..2 + dice.roll(7)).map(|_| drawn(&mut dice)).collect();
        let shared = Shared::new(Mutex::new(Truth { dice: Some(dice), ..Truth::default() }));
        Case { world: World::new(Vec::new()), shared, turns, deaths: 0, orders: 0 }
    }

    fn plugs(&self) -> Plugs {
        let mut plugs = self.world.plugs();
        let (engine, shared, turns) = (self.world.engine.clone(), self.shared.clone(), self.turns.clone());
        plugs.store.log = Arc::new(Witnessed(engine.clone(), shared.clone()));
        plugs.outfit = Arc::new(move |_: &str, _: &str, _: Option<&str>| {
            let all: Vec<ToolSpec> = tools().iter().cloned().collect();
            let slow = |spec| Arc::new(SlowTool(spec, engine.clone(), shared.clone())) as Arc<dyn Tool>;
            let model = Arc::new(DrawnModel(turns.clone(), shared.clone()));
            Ok(Kitbag { model, tools: Toolbox::new(all.into_iter().map(slow)), judge: Arc::new(PathJudge) })
        });
        plugs
    }

    fn hand(&self, name: &str) -> Hand {
        let plugs = self.plugs();
        let by = By { name: name.into(), via: Via::Screen };
        Hand::new(plugs.store.log, plugs.clock, plugs.settings, tools(), by)
    }

    /// Some appends of the next process go wrong.
    fn sabotage(&self) {
        let faults = self.world.engine.faults();
        let ways = [Failing::Busy, Failing::Unavailable, Failing::InDoubtWritten, Failing::InDoubtLost];
        for _ in 0..roll(&self.shared, 4) {
            let how = ways[usize::try_from(roll(&self.shared, 4)).expect("small")];
            faults.fail(1 + roll(&self.shared, 30), how);
        }
        if roll(&self.shared, 4) == 0 {
            faults.crash_after(faults.commits() + roll(&self.shared, 12));
        }
    }

    /// An operator does something that may or may not mean anything now. What is unknown is settled by looking.
    async fn meddle(&mut self, hand: &mut Hand, id: &SessionId) {
        let Ok(session) = hand.session(id).await.cloned() else { return };
        let held: Vec<Call> =
            session.open_calls().filter(|call| call.state == CallState::Held).cloned().collect();
        let order = match roll(&self.shared, 14) {
            0 => Order::Pause,
            1 => Order::Interrupt,
            2 => Order::Step,
            3 => Order::SetMode([Mode::Auto, Mode::Ask, Mode::Step][usize::from(session.last.0 % 3 == 0)]),
            4 => Order::Steer("mind the gap".into()),
            5 => Order::Say("and then this".into()),
            6 if roll(&self.shared, 6) == 0 => Order::Cancel,
            7..10 => Order::Continue,
            _ => match held.first() {
                Some(call) => self.decision(call),
                None => return self.settle(hand, id, &session).await,
            },
        };
        self.orders += 1;
        let _ = hand.order(id, &order).await; // refused, or the store is gone: both are told to the operator
    }

    fn decision(&self, call: &Call) -> Order {
        let (call, hash) = (call.id, call.hash.unwrap_or(Hash::ZERO));
        match roll(&self.shared, 8) {
            0 => Order::Reject { call, reason: "no".into() },
            1 => Order::Respond { call, text: "done by hand".into() },
            2 => Order::ApproveEdited { call, hash, args: json!({"path": "free/edited", "body": "e"}) },
            3 => Order::Approve { call, hash: Hash::ZERO },
            _ => Order::Approve { call, hash },
        }
    }

    async fn settle(&self, hand: &mut Hand, id: &SessionId, session: &Session) {
        for hold in session.holds() {
            let Hold::Unknown(call) = hold else { continue };
            let key = format!("{id}-{call}");
            let happened = truth(&self.shared).effects.iter().any(|one| one.key == key);
            let how = match (happened, roll(&self.shared, 3)) {
                (true, _) => Settling::Happened,
                (false, 0) => Settling::Abandon,
                (false, _) => Settling::Again,
            };
            let _ = hand.order(id, &Order::Settle { call, how, note: String::new() }).await;
        }
    }

    /// One process: it takes the session up and drives it, operators beside it, until it dies or has nothing to do.
    fn live(&mut self, id: &SessionId, polls: u64) -> End {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let plugs = self.plugs();
            let mut hands = [self.hand("ada"), self.hand("bob")];
            let Ok(mut agent) = Agent::take(plugs, id, CancellationToken::new()).await else {
                return End::Died;
            };
            let drive = agent.drive(OnHold::Leave);
            tokio::pin!(drive);
            for _ in 0..polls {
                tokio::select! {
                    biased;
                    parked = &mut drive => return parked.map_or(End::Died, End::Parked),
                    () = yield_now() => {}
                }
                if roll(&self.shared, 10) == 0 {
                    let which = usize::try_from(roll(&self.shared, 2)).expect("small");
                    self.meddle(&mut hands[which], id).await;
                }
            }
            End::Died // the runtime goes, and every task with it, wherever it stands
        })
    }

    /// From the task to the end of everything, through as many processes as it takes.
    fn run(&mut self) -> SessionId {
        let one = || tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let mode = [Mode::Auto, Mode::Auto, Mode::Ask, Mode::Step]
            [usize::try_from(roll(&self.shared, 4)).expect("small")];
        let begun = one().block_on(self.world.begin_with(mode, Limits::of_steps(40)));
        let id = begun.expect("nothing is broken yet");
        for life in 0..LIVES_MAX {
            let rough = life < 60; // then the world is kind, and all must come to an end
            if rough {
                self.sabotage();
            }
            let polls = if rough { 1 + roll(&self.shared, 24) } else { 100_000 };
            let end = self.live(&id, polls);
            self.deaths += u64::from(end == End::Died);
            self.world.engine = self.world.engine.restart();
            if end == End::Parked(Parked::Idle) {
                return id;
            }
            if end != End::Died && !rough {
                one().block_on(self.kindly(&id));
            }
        }
        panic!("{LIVES_MAX} processes were not enough");
    }

    /// An operator who wants it to end.
    async fn kindly(&mut self, id: &SessionId) {
        let mut hand = self.hand("ada");
        let session = hand.session(id).await.expect("readable").clone();
        self.settle(&mut hand, id, &session).await;
        let held: Vec<Call> =
            session.open_calls().filter(|call| call.state == CallState::Held).cloned().collect();
        for call in held {
            let hash = call.hash.expect("judged");
            let _ = hand.order(id, &Order::Approve { call: call.id, hash }).await;
        }
        let _ = hand.order(id, &Order::Continue).await;
        let _ = hand.order(id, &Order::Resume).await;
    }
}

/// A reply with some calls: read, asked about, free, denied, broken, and one whose handler panics.
fn drawn(dice: &mut Dice) -> Reply {
    let calls = (0..1 + dice.roll(4)).map(|_| {
        let path = ["a", "b", "free/x", "free/y", "/etc/x"][usize::try_from(dice.roll(5)).expect("small")];
        let body = ["1", "2", "3", "panic"][usize::try_from(dice.roll(4)).expect("small")];
        match dice.roll(7) {
            0 | 1 => asked("read", json!({"path": path})),
            2 | 3 => asked("write", json!({"path": path, "body": body})),
            4 => asked("put", json!({"path": path, "body": body})),
            5 => asked("command", json!({"argv": ["make", path]})),
            _ => asked(["nothing", "write"][usize::from(body == "1")], json!({"path": 3})),
        }
    });
    let calls: Vec<_> = calls.collect();
    let finish = if calls.is_empty() { Finish::Stop } else { Finish::Calls };
    Reply { calls, finish, ..said("so") }
}

/// What was found wrong, in words; none where the log and the truth agree.
fn faults(case: &Case, id: &SessionId, commits: &[Arc<Commit>], events: &[Event]) -> Vec<String> {
    let truth = truth(&case.shared);
    let mut found = Vec::new();
    let stored: HashSet<&CommitId> = commits.iter().map(|commit| &commit.id).collect();
    let lost = truth.told.iter().filter(|id| !stored.contains(id)).count();
    if lost > 0 || stored.len() != commits.len() {
        found.push(format!("{lost} acknowledged commits are lost, {} of {}", stored.len(), commits.len()));
    }
    // When each start was durable, by its key.
    let mut starts = BTreeMap::<&str, u64>::new();
    let mut returned = BTreeSet::new();
    for commit in commits {
        for sealed in &commit.events {
            if let Fact::CallStarted { key, .. } = &sealed.event.fact {
                starts.entry(key).or_insert(commit.seq);
            } else if let Fact::CallEnded { call, outcome: Outcome::Ok, .. } = &sealed.event.fact {
                returned.insert(format!("{}-{call}", commit.session));
            }
        }
    }
    let mut times = BTreeMap::<&str, u32>::new();
    for Happened { key, path, durable, again } in &truth.effects {
        let times = times.entry(key).or_default();
        *times += 1;
        if *times > 1 && !again {
            found.push(format!("{key} took effect {times} times"));
        }
        if starts.get(key.as_str()).is_none_or(|seq| seq > durable) {
            found.push(format!("{key} took effect before its start was durable"));
        }
        if path.starts_with("/etc") {
            found.push(format!("{key} took effect at {path}, which is denied"));
        }
    }
    // What is said to have been done was.
    for event in events {
        let Fact::CallJudged { call, effect, .. } = &event.fact else { continue };
        let key = format!("{}-{call}", id);
        if *effect != Effect::ReadOnly && returned.contains(&key) && !times.contains_key(key.as_str()) {
            found.push(format!("{key} is said to be done, and nothing happened"));
        }
    }
    found
}

/// Plays a seed: the hash of what was written, the deaths, the orders and the effects.
fn played(seed: u64) -> (Hash, [u64; 3]) {
    let mut case = Case::new(seed);
    let id = case.run();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (commits, events) =
        runtime.block_on(async { (case.world.commits(&id).await, case.world.events(&id).await) });
    crash::whole(&events);
    verify::whole(&commits, &format!("seed {seed}"));
    let found = faults(&case, &id, &commits, &events);
    assert!(found.is_empty(), "seed {seed}: {found:#?}");
    let effects = truth(&case.shared).effects.len() as u64;
    let last = commits.last().expect("a commit");
    let hash = last.events.last().expect("an event").hash;
    (hash, [case.deaths, case.orders, effects])
}

#[test]
fn no_schedule_of_crashes_loses_or_repeats_anything() {
    let first = cases_from();
    let all = cases(150_u64);
    let mut sum = [0; 3];
    for seed in first..first + all {
        let (_, figures) = std::panic::catch_unwind(|| played(seed)).unwrap_or_else(|_| {
            panic!("seed {seed} went wrong: TACKROOM_SEED={seed} TACKROOM_CASES=1 plays it")
        });
        sum = [sum[0] + figures[0], sum[1] + figures[1], sum[2] + figures[2]];
    }
    promise::kept(
        "R1",
        format!(
            "{all} simulated runs, {} deaths of a process, {} orders, {} effects: 0 acknowledged events lost, 0 effects \
             repeated, 0 without a durable intent",
            sum[0], sum[1], sum[2]
        ),
    );
    assert!(sum.iter().all(|many| *many > all), "{sum:?}");
}

#[test]
fn a_seed_is_played_again_event_by_event() {
    for seed in 0..cases(20_u64) {
        assert_eq!(played(seed), played(seed), "seed {seed}");
    }
}

/// The first seed; `TACKROOM_SEED` plays one again.
fn cases_from() -> u64 {
    std::env::var("TACKROOM_SEED").ok().and_then(|typed| typed.parse().ok()).unwrap_or(0)
}
