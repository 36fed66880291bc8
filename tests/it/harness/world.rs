//! A whole world for one session: an engine with faults, a clock that jumps, a model with a list of replies, tools that count
//! what they did. Any run can be simulated and cut at any commit.

use crate::harness::fold::{book, said};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tackroom::adapters::engine::memory::Memory;
use tackroom::adapters::files::memory::MemoryFiles;
use tackroom::domain::call::{By, CallState, Preview, Via};
use tackroom::domain::commit::Commit;
use tackroom::domain::event::{Event, Limits, Settling};
use tackroom::domain::fault::Fault;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::SessionId;
use tackroom::domain::message::{Draft, Message, Reply, Usage};
use tackroom::domain::money::Money;
use tackroom::domain::next::Hold;
use tackroom::domain::order::{Order, Task};
use tackroom::domain::policy::{Mode, Verdict, Word};
use tackroom::domain::sandbox::Walls;
use tackroom::domain::session::Session;
use tackroom::domain::time::Micros;
use tackroom::domain::tool_spec::{Effect, ToolSpec, Touch};
use tackroom::ports::Later;
use tackroom::ports::clock::Clock;
use tackroom::ports::judge::{Below, Case, Judge};
use tackroom::ports::log::LogFault;
use tackroom::ports::model::{Ask, Drafts, Model, Request};
use tackroom::ports::tool::{Cleared, Returned, Tool, runs_nothing};
use tackroom::runtime::agent::{Agent, AgentFault, OnHold, Parked};
use tackroom::runtime::hand::{Hand, Opening};
use tackroom::runtime::ledger::RecordFault;
use tackroom::runtime::plugs::{Kitbag, Plugs, Settings, Store};
use tackroom::runtime::toolbox::Toolbox;
use tokio_util::sync::CancellationToken;

/// Time that passes only where somebody waits for it, and numbers from a seed.
pub struct FakeClock {
    state: Mutex<(i64, u128)>,
}

impl FakeClock {
    pub fn new(seed: u128) -> FakeClock {
        FakeClock { state: Mutex::new((1_700_000_000_000_000, seed)) }
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Micros {
        let mut state = self.state.lock().expect("no test panics with it held");
        state.0 += 1_000;
        Micros(state.0)
    }

    fn fresh(&self) -> u128 {
        let mut state = self.state.lock().expect("no test panics with it held");
        state.1 = state
            .1
            .wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645)
            .wrapping_add(0x5851_f42d_4c95_7f2d);
        state.1 ^ (state.1 >> 61)
    }

    /// A short wait jumps; a long one never ends by itself: it stands for a limit that is not reached.
    fn sleep_until(&self, at: Micros) -> Later<'static, ()> {
        let mut state = self.state.lock().expect("no test panics with it held");
        if at.0 - state.0 > 100_000_000 {
            return Box::pin(std::future::pending());
        }
        state.0 = state.0.max(at.0);
        Box::pin(tokio::task::yield_now())
    }
}

/// A clock that stands until it is moved on.
pub struct HandClock {
    fresh: FakeClock,
    now: tokio::sync::watch::Sender<Micros>,
}

impl HandClock {
    pub fn new(seed: u128) -> HandClock {
        let fresh = FakeClock::new(seed);
        let (now, _) = tokio::sync::watch::channel(fresh.now());
        HandClock { fresh, now }
    }

    pub fn advance(&self, ms: u64) {
        self.now.send_modify(|now| *now = now.plus_ms(ms));
    }
}

impl Clock for HandClock {
    fn now(&self) -> Micros {
        *self.now.borrow()
    }

    fn fresh(&self) -> u128 {
        self.fresh.fresh()
    }

    fn sleep_until(&self, at: Micros) -> Later<'static, ()> {
        let mut now = self.now.subscribe();
        Box::pin(async move {
            let _ = now.wait_for(|now| *now >= at).await;
        })
    }
}

/// What a listed model does at a turn.
#[derive(Clone)]
pub enum Said {
    Reply(Reply),
    Fault(Fault),
    Never,
}

/// Answers by the place in the conversation, so that it says the same after a restart.
pub struct ListModel {
    pub turns: Vec<Said>,
    pub asked: Mutex<Vec<Ask>>,
}

impl Model for ListModel {
    fn prepare(&self, ask: Ask) -> Result<Box<dyn Request>, Fault> {
        let turn = ask
            .messages
            .iter()
            .filter(|message| matches!(message.as_ref(), Message::Assistant { .. }))
            .count();
        let said = self.turns.get(turn).cloned().unwrap_or_else(|| Said::Reply(said("that is all")));
        let size = ask.messages.iter().map(|message| format!("{message:?}").len() as u64).sum();
        self.asked.lock().expect("free").push(ask);
        Ok(Box::new(ListRequest(said, size)))
    }

    fn label(&self) -> String {
        "a list".into()
    }
}

struct ListRequest(Said, u64);

impl Request for ListRequest {
    fn hash(&self) -> Hash {
        Hash::ZERO
    }

    fn frame(&self) -> Option<Arc<[u8]>> {
        None
    }

    fn size(&self) -> u64 {
        self.1
    }

    fn cost(&self, usage: Usage) -> Option<Money> {
        Some(Money(usage.input * 30 + usage.output * 120))
    }

    fn send(self: Box<Self>, drafts: Drafts) -> Later<'static, Result<Reply, Fault>> {
        Box::pin(async move {
            match self.0 {
                Said::Reply(reply) => {
                    drafts(Draft::Text(reply.text.clone()));
                    Ok(reply)
                }
                Said::Fault(fault) => Err(fault),
                Said::Never => std::future::pending().await,
            }
        })
    }
}

/// How often each call took effect, by its idempotency key.
pub type Effects = Arc<Mutex<BTreeMap<String, u32>>>;

struct CountingTool {
    spec: ToolSpec,
    effects: Effects,
    files: MemoryFiles,
    workspace: String,
}

impl Tool for CountingTool {
    fn spec(&self) -> ToolSpec {
        self.spec.clone()
    }

    fn touches(&self, args: &Value) -> Vec<Touch> {
        let path = args["path"].as_str().unwrap_or(".").to_string();
        match self.spec.name.as_str() {
            "read" => vec![Touch::Read { path }],
            "write" => vec![Touch::Write { path }],
            _ => vec![Touch::Command { argv: vec!["x".into()] }],
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
            match call.args["body"].as_str() {
                Some("panic") => panic!("the handler broke"),
                Some("hang") => std::future::pending().await,
                Some("large") => return Returned::ok("0123456789".repeat(10_000)),
                _ => {}
            }
            if self.spec.effect != Effect::ReadOnly {
                *self.effects.lock().expect("free").entry(call.key.clone()).or_default() += 1;
                let path = call.args["path"].as_str().unwrap_or("made").to_string();
                let body = format!("{} {}", call.key, call.args);
                self.files.write(&self.workspace, &path, body.as_bytes());
            }
            Returned::ok(format!("{} {}", self.spec.name, call.args))
        })
    }
}

/// Allows reads and what is written below `free`, denies `/etc`, asks about the rest.
pub struct PathJudge;

impl Judge for PathJudge {
    fn judge(&self, case: Case<'_>) -> Verdict {
        let path = case.args["path"].as_str().unwrap_or("");
        let word = match (case.effect, path) {
            (_, path) if path.starts_with("/etc") => Word::Deny,
            (Effect::ReadOnly, _) => Word::Allow,
            (_, path) if path.starts_with("free") => Word::Allow,
            _ => Word::Ask,
        };
        Verdict {
            word,
            rule: format!("{word:?}").to_lowercase(),
            why: "by its path.".into(),
            policy: "v1".into(),
            person: None,
        }
    }

    fn below(&self, _: Case<'_>) -> Option<Below> {
        None
    }

    fn version(&self) -> String {
        "v1".into()
    }
}

/// Everything one session needs, over a memory engine.
pub struct World {
    pub engine: Memory,
    pub clock: Arc<FakeClock>,
    pub model: Arc<ListModel>,
    pub effects: Effects,
    pub files: MemoryFiles,
}

impl World {
    pub fn new(turns: Vec<Said>) -> World {
        let model = ListModel { turns, asked: Mutex::new(Vec::new()) };
        World {
            engine: Memory::new(),
            clock: Arc::new(FakeClock::new(42)),
            model: Arc::new(model),
            effects: Effects::default(),
            files: MemoryFiles::default(),
        }
    }

    pub fn plugs(&self) -> Plugs {
        let (effects, files, model) = (self.effects.clone(), self.files.clone(), self.model.clone());
        let outfit = move |workspace: &str| {
            let specs: Vec<ToolSpec> = book().iter().cloned().collect();
            let tools = specs.into_iter().map(|spec| {
                let (effects, files, workspace) = (effects.clone(), files.clone(), workspace.to_string());
                Arc::new(CountingTool { spec, effects, files, workspace }) as Arc<dyn Tool>
            });
            Kitbag { model: model.clone(), tools: Toolbox::new(tools), judge: Arc::new(PathJudge) }
        };
        let engine = Arc::new(self.engine.clone());
        Plugs {
            rebuild: tackroom::adapters::model::body::rebuilt,
            store: Store {
                log: engine.clone(),
                work: engine.clone(),
                blobs: engine.clone(),
                live: engine.clone(),
                index: engine,
            },
            files: Arc::new(self.files.clone()),
            clock: self.clock.clone(),
            outfit: Arc::new(move |workspace: &str, _: &str, _: Option<&str>| Ok(outfit(workspace))),
            settings: Settings::default(),
            holder: "test".into(),
        }
    }

    pub fn hand(&self) -> Hand {
        let plugs = self.plugs();
        let by = By { name: "ada".into(), via: Via::Screen };
        Hand::new(plugs.store.log, plugs.clock, plugs.settings, book(), by)
    }

    pub async fn begin(&self, mode: Mode) -> Result<SessionId, RecordFault> {
        self.begin_with(mode, Limits::of_steps(200)).await
    }

    /// The same with other limits.
    pub async fn begin_with(&self, mode: Mode, limits: Limits) -> Result<SessionId, RecordFault> {
        let opening = Opening {
            agent: "a".into(),
            workspace: "/srv/ws".into(),
            instructions: "be good".into(),
            parent: None,
            program: "test".into(),
        };
        let task = Task { input: "do it".into(), mode, limits, model: "m".into(), base_url: None };
        self.hand().begin(&opening, &task, &[]).await
    }

    /// Drives until only a person can go on, or it is over.
    pub async fn drive(&self, id: &SessionId) -> Result<Parked, AgentFault> {
        self.drive_with(&self.plugs(), id).await
    }

    /// The same with other plugs.
    pub async fn drive_with(&self, plugs: &Plugs, id: &SessionId) -> Result<Parked, AgentFault> {
        let mut agent = Agent::take(plugs.clone(), id, CancellationToken::new()).await?;
        agent.drive(OnHold::Leave).await
    }

    /// Drives to the end, an operator beside it who approves everything and settles what is unknown by looking at what happened.
    pub async fn to_the_end(&self, id: &SessionId) -> Result<Session, AgentFault> {
        self.to_the_end_with(&self.plugs(), id).await
    }

    /// The same with other plugs.
    pub async fn to_the_end_with(&self, plugs: &Plugs, id: &SessionId) -> Result<Session, AgentFault> {
        loop {
            if self.drive_with(plugs, id).await? == Parked::Idle {
                return Ok(self.session(id).await?);
            }
            self.answer(id).await?;
        }
    }

    pub async fn answer(&self, id: &SessionId) -> Result<(), AgentFault> {
        let session = self.session(id).await?;
        for hold in session.holds() {
            let order = match hold {
                Hold::Approval(call) => {
                    let hash = session.call(call).and_then(|call| call.hash).unwrap_or(Hash::ZERO);
                    Order::Approve { call, hash }
                }
                Hold::Unknown(call) => {
                    let happened = self.effects.lock().expect("free").contains_key(&format!("{id}-{call}"));
                    let how = if happened { Settling::Happened } else { Settling::Again };
                    Order::Settle { call, how, note: String::new() }
                }
                Hold::Step => Order::Step,
                Hold::Paused | Hold::Breakpoint(_) | Hold::Rein => Order::Resume,
            };
            match self.hand().order(id, &order).await {
                Ok(_) => {}
                Err(RecordFault::Log(fault)) => return Err(fault.into()),
                Err(RecordFault::Refused(why)) => panic!("{hold:?}: {why}"),
                Err(RecordFault::Unsigned(why)) => panic!("{hold:?}: {why}"),
            }
        }
        Ok(())
    }

    pub async fn session(&self, id: &SessionId) -> Result<Session, LogFault> {
        Ok(self.hand().session(id).await?.clone())
    }

    /// All commits as stored.
    pub async fn commits(&self, id: &SessionId) -> Vec<Arc<Commit>> {
        self.plugs().store.log.read(id, 0, 100_000).await.expect("readable")
    }

    /// All events as stored.
    pub async fn events(&self, id: &SessionId) -> Vec<Event> {
        self.commits(id)
            .await
            .iter()
            .flat_map(|commit| commit.events.iter().map(|sealed| sealed.event.clone()))
            .collect()
    }
}

/// A reply that calls these tools.
pub fn calling(calls: &[(&str, Value)]) -> Said {
    let calls = calls.iter().map(|(tool, args)| crate::harness::fold::asked(tool, args.clone())).collect();
    Said::Reply(Reply { calls, finish: tackroom::domain::message::Finish::Calls, ..said("") })
}

/// The run that most tests use: reads, held writes, an allowed write, a command, several calls in one reply.
pub fn story() -> Vec<Said> {
    vec![
        calling(&[("read", json!({"path":"a"})), ("read", json!({"path":"b"}))]),
        calling(&[("write", json!({"path":"a","body":"1"})), ("read", json!({"path":"c"}))]),
        calling(&[("write", json!({"path":"free/x","body":"2"})), ("command", json!({"argv":["make"]}))]),
        calling(&[("nothing", json!({})), ("read", json!({"path": 3})), ("write", json!({"path":"/etc/x"}))]),
        Said::Reply(said("done")),
    ]
}

/// Whether a call of that session ended well.
pub fn all_ended(session: &Session) -> bool {
    session.calls.iter().all(|call| matches!(call.state, CallState::Ended(_)))
}
