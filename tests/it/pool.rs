//! Several ways to a model: what rests after which fault, who is asked next, and that nothing but the request is repeated.

use crate::crash::whole;
use crate::harness::cases::cases;
use crate::harness::promise;
use crate::harness::world::{FakeClock, World, story};
use crate::verify;
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tackroom::adapters::model::health::Health;
use tackroom::adapters::model::pool::{Lane, Pool};
use tackroom::adapters::model::secret::Secret;
use tackroom::domain::budget::{Budget, Change, Scope, Unit};
use tackroom::domain::event::{Event, Fact, Limits};
use tackroom::domain::fault::{Fault, FaultKind};
use tackroom::domain::hash::Hash;
use tackroom::domain::held::Held;
use tackroom::domain::message::{Reply, Usage};
use tackroom::domain::money::Money;
use tackroom::domain::order::Order;
use tackroom::domain::policy::Mode;
use tackroom::domain::rests::{Choice, DOOR_FAILURES, DOOR_MS, Rests, Way};
use tackroom::domain::retry::{AfterFault, RetryRule, WAYS_MAX};
use tackroom::domain::route::Route;
use tackroom::domain::run::Status;
use tackroom::domain::time::Micros;
use tackroom::ports::Later;
use tackroom::ports::clock::Clock;
use tackroom::ports::model::{Ask, Drafts, Model, Request};
use tackroom::runtime::agent::Parked;
use tackroom::runtime::plugs::{Kitbag, Plugs};

const MINUTE: u64 = 60_000;
const START: Micros = Micros(1_700_000_000_000_000);

fn way(model: &str, at: &str, key: &str) -> Way {
    let print = if key.is_empty() { String::new() } else { format!("print of {key}") };
    Way { route: Route { model: model.into(), at: at.into(), key: key.into() }, print }
}

fn three() -> Vec<Way> {
    vec![way("m", "one", "A"), way("m", "one", "B"), way("n", "two", "")]
}

fn place(rests: &Rests, ways: &[Way], now: Micros) -> usize {
    match rests.choose(ways, now) {
        Choice::Take { place, .. } => place,
        Choice::Wait { .. } => panic!("a way is open"),
    }
}

#[test]
fn each_kind_of_fault_rests_what_it_is_held_against() {
    // Kind, what a server asks for, how long the way rests, whether for good, who is asked next.
    let rows: &[(FaultKind, Option<u64>, Option<u64>, bool, Option<usize>)] = &[
        (FaultKind::RateLimit, None, Some(MINUTE), false, Some(1)),
        (FaultKind::RateLimit, Some(90 * MINUTE), Some(90 * MINUTE), false, Some(1)),
        (FaultKind::Auth, None, None, true, Some(1)),
        (FaultKind::Billing, None, Some(300 * MINUTE), false, Some(1)),
        (FaultKind::NotFound, None, Some(5 * MINUTE), false, Some(1)),
        (FaultKind::Overloaded, None, None, false, None),
        (FaultKind::Connect, None, None, false, None),
        (FaultKind::Timeout, None, None, false, None),
        (FaultKind::Cut, None, None, false, None),
        (FaultKind::Malformed, None, None, false, None),
    ];
    for (kind, asked, rest, disabled, next) in rows {
        let (mut rests, ways) = (Rests::default(), three());
        let detour = rests.failed(&ways, 0, *kind, *asked, START).expect("it means something");
        assert_eq!((detour.rest_ms, detour.disabled), (*rest, *disabled), "{kind:?}");
        assert_eq!(detour.next, next.map(|at| ways[at].route.clone()), "{kind:?}");
        assert_eq!(place(&rests, &ways, START), next.unwrap_or(0), "{kind:?}");
    }
    for kind in [
        FaultKind::Overflow,
        FaultKind::Filtered,
        FaultKind::BadRequest,
        FaultKind::Interrupted,
        FaultKind::Stopped,
        FaultKind::Unknown,
    ] {
        let mut rests = Rests::default();
        assert_eq!(rests.failed(&three(), 0, kind, None, START), None, "{kind:?}");
        assert_eq!(rests, Rests::default());
    }
}

#[test]
fn rests_grow_and_the_preferred_way_is_tried_again_when_they_are_over() {
    let (mut rests, ways, mut now) = (Rests::default(), three(), START);
    for minutes in [1, 5, 25, 60, 60] {
        let detour = rests.failed(&ways, 0, FaultKind::RateLimit, None, now).unwrap();
        assert_eq!(detour.rest_ms, Some(minutes * MINUTE));
        assert_eq!(place(&rests, &ways, now.plus_ms(minutes * MINUTE - 1)), 1);
        // A second failure of the same moment, of a request that was under way, makes it no longer.
        let again = rests.failed(&ways, 0, FaultKind::RateLimit, None, now).unwrap();
        assert_eq!(again.rest_ms, Some(minutes * MINUTE));
        now = now.plus_ms(minutes * MINUTE);
        assert_eq!(place(&rests, &ways, now), 0, "tried again after {minutes} minutes");
    }
    assert!(rests.answered(&ways[0].route));
    assert_eq!(rests, Rests::default(), "an answer ends it");
    // What may pass by itself is tried twice on the same way.
    assert_eq!(rests.failed(&ways, 0, FaultKind::Overloaded, None, now).unwrap().next, None);
    let second = rests.failed(&ways, 0, FaultKind::Overloaded, None, now).unwrap();
    assert_eq!((second.rest_ms, second.next.unwrap().key.as_str()), (Some(MINUTE), "B"));
    // A refused key rests until it is another, for every model.
    rests.failed(&ways, 1, FaultKind::Auth, None, now);
    let other = way("other", "one", "B");
    assert_eq!(rests.rests_until(&other, now.plus_ms(1_000_000 * MINUTE)), Some(Micros(i64::MAX)));
    let changed = Way { print: "another".into(), ..other };
    assert_eq!(rests.rests_until(&changed, now), None);
    // With every way at rest, the one whose rest ends first is asked all the same.
    rests.failed(&ways, 2, FaultKind::Billing, None, now);
    assert_eq!(rests.choose(&ways, now), Choice::Take { place: 0, free: false });
}

#[test]
fn an_endpoint_that_keeps_failing_is_shut_and_tried_by_one() {
    let ways = vec![way("m", "one", "A")];
    let (mut rests, mut now) = (Rests::default(), START);
    for n in 1..=DOOR_FAILURES {
        let detour = rests.failed(&ways, 0, FaultKind::Connect, None, now).unwrap();
        assert_eq!(detour.shut, n == DOOR_FAILURES, "failure {n}");
        now = now.plus_ms(1_000);
    }
    let shut = now.plus_ms(DOOR_MS - 1_000);
    assert_eq!(rests.choose(&ways, now), Choice::Wait { until: shut, why: FaultKind::Connect });
    now = shut;
    assert_eq!(place(&rests, &ways, now), 0, "half open");
    rests.begin(&ways[0].route, now);
    assert!(matches!(rests.choose(&ways, now), Choice::Wait { .. }), "one request tries it, no second");
    rests.forget(&ways[0].route);
    assert_eq!(place(&rests, &ways, now), 0, "the one that tried it was dropped");
    rests.begin(&ways[0].route, now);
    assert!(rests.failed(&ways, 0, FaultKind::Timeout, None, now).unwrap().shut, "shut again at once");
    now = now.plus_ms(DOOR_MS);
    rests.begin(&ways[0].route, now);
    assert!(rests.answered(&ways[0].route));
    assert_eq!(rests, Rests::default());
    // A refusal is an answer, too: the endpoint works.
    for _ in 1..DOOR_FAILURES {
        rests.failed(&ways, 0, FaultKind::Cut, None, now);
    }
    rests.failed(&ways, 0, FaultKind::Auth, None, now);
    assert_eq!(rests.doors, []);
    // Where another endpoint is open, nobody waits for the one that is shut.
    let ways = three();
    for _ in 0..DOOR_FAILURES {
        rests.failed(&ways, 0, FaultKind::Connect, None, now);
    }
    assert_eq!(place(&rests, &ways, now), 2, "both keys lead to the endpoint that is shut");
}

/// A plug whose faults come first; then it answers what the story says.
struct Faulty {
    faults: Arc<Mutex<VecDeque<FaultKind>>>,
    inner: Arc<dyn Model>,
}

struct FaultyRequest(Arc<Mutex<VecDeque<FaultKind>>>, Box<dyn Request>);

impl Model for Faulty {
    fn prepare(&self, ask: Ask) -> Result<Box<dyn Request>, Fault> {
        Ok(Box::new(FaultyRequest(self.faults.clone(), self.inner.prepare(ask)?)))
    }

    fn label(&self) -> String {
        "faulty".into()
    }
}

impl Request for FaultyRequest {
    fn hash(&self) -> Hash {
        self.1.hash()
    }

    fn frame(&self) -> Option<Arc<[u8]>> {
        self.1.frame()
    }

    fn size(&self) -> u64 {
        self.1.size()
    }

    fn cost(&self, usage: Usage) -> Option<Money> {
        self.1.cost(usage)
    }

    fn send(self: Box<Self>, drafts: Drafts) -> Later<'static, Result<Reply, Fault>> {
        let fault = self.0.lock().unwrap().pop_front();
        match fault {
            Some(kind) => Box::pin(std::future::ready(Err(Fault::new(kind, kind.words())))),
            None => self.1.send(drafts),
        }
    }
}

type Schedule = Vec<(usize, usize, Vec<FaultKind>)>;

/// The plugs of a world whose model is behind these ways: endpoint, key, faults.
fn pooled(world: &World, schedule: &Schedule, health: &Arc<Health>) -> Plugs {
    let plugs = world.plugs();
    let (outfit, clock) = (plugs.outfit.clone(), plugs.clock.clone());
    let queues: Vec<_> =
        schedule.iter().map(|(.., faults)| Arc::new(Mutex::new(VecDeque::from(faults.clone())))).collect();
    let (schedule, health) = (schedule.clone(), health.clone());
    let made = move |workspace: &str, model: &str, base: Option<&str>| {
        let kitbag = outfit(workspace, model, base)?;
        let lane = |((at, key, _), faults): (&(usize, usize, Vec<FaultKind>), &Arc<Mutex<_>>)| Lane {
            at: format!("http://{at}"),
            key: Some((format!("KEY_{key}"), Secret::new(format!("sk-{at}-{key}")))),
            model: (*at > 0).then(|| format!("model-{at}")),
            plug: Arc::new(Faulty { faults: faults.clone(), inner: kitbag.model.clone() }),
        };
        let lanes = schedule.iter().zip(&queues).map(lane).collect();
        let model = Arc::new(Pool::new(lanes, health.clone(), clock.clone()));
        Ok(Kitbag { model, ..kitbag })
    };
    Plugs { outfit: Arc::new(made), ..plugs }
}

const KINDS: [FaultKind; 13] = [
    FaultKind::RateLimit,
    FaultKind::Overloaded,
    FaultKind::Auth,
    FaultKind::Billing,
    FaultKind::Connect,
    FaultKind::Timeout,
    FaultKind::Cut,
    FaultKind::NotFound,
    FaultKind::Overflow,
    FaultKind::Filtered,
    FaultKind::BadRequest,
    FaultKind::Malformed,
    FaultKind::Unknown,
];

fn schedule() -> impl Strategy<Value = Schedule> {
    let kind = prop_oneof![
        6 => (0usize..8).prop_map(|at| KINDS[at]),
        1 => (8usize..13).prop_map(|at| KINDS[at]),
    ];
    proptest::collection::vec((0usize..3, 0usize..2, proptest::collection::vec(kind, 0..6)), 1..5)
}

/// What the log says of the requests, against what the rules say.
fn check(events: &[Event], ways: usize) {
    let mut attempts = 0;
    let mut resting: BTreeMap<(String, String, String), Micros> = BTreeMap::new();
    let mut promised: Option<Route> = None;
    for event in events {
        if let Fact::ModelAsked { attempt, route, model, .. } = &event.fact {
            attempts = *attempt;
            if let Some(route) = route {
                assert_eq!(&route.model, model, "what is asked is what is written down");
                let taken = promised.take();
                assert!(taken.is_none_or(|next| next == *route), "the way that was told is taken");
            }
        } else if let Fact::ModelFailed { fault, then, .. } = &event.fact {
            let rule = RetryRule::default();
            assert!(attempts <= rule.attempts_max + WAYS_MAX, "{attempts} attempts");
            // Every way is left at most once for each kind of rest; then the rule's own attempts are all.
            assert!(
                attempts as usize <= rule.attempts_max as usize + 2 * ways,
                "{attempts} attempts, {ways} ways"
            );
            let never = matches!(
                fault.kind,
                FaultKind::Overflow | FaultKind::Filtered | FaultKind::BadRequest | FaultKind::Unknown
            );
            assert!(!never || *then == AfterFault::GiveUp, "{:?} is not asked elsewhere", fault.kind);
            let Some(detour) = &fault.detour else { continue };
            assert!(!never, "{:?} holds nothing against anybody", fault.kind);
            assert_eq!(detour.disabled, fault.kind == FaultKind::Auth);
            if let Some(ms) = detour.rest_ms {
                let fits = if fault.kind == FaultKind::Billing {
                    ms <= 24 * 60 * MINUTE && ms > 60 * MINUTE
                } else if fault.kind == FaultKind::NotFound {
                    ms <= 5 * MINUTE
                } else {
                    ms <= 60 * MINUTE
                };
                assert!(fits, "{:?} rests {ms} ms", fault.kind);
                let route = &detour.from;
                let key = (route.at.clone(), route.key.clone(), route.model.clone());
                resting.insert(key, event.at.plus_ms(ms));
            }
            if let Some(next) = &detour.next {
                assert_eq!(*then, AfterFault::Retry { wait_ms: 0 }, "another way is taken at once");
                let key = (next.at.clone(), next.key.clone(), next.model.clone());
                let rests = resting.get(&key).is_some_and(|until| *until > event.at.plus_ms(1_000));
                assert!(!rests, "{} rests and is asked next", next.words());
                promised = Some(next.clone());
            }
        }
    }
}

static TRIED: AtomicU32 = AtomicU32::new(0);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(300)))]

    /// Any faults, in any order, on any ways: tries are bounded, what rests is what is to rest, the log is whole, and no call
    /// takes effect twice.
    #[test]
    fn any_faults_on_any_ways_end_and_repeat_nothing(schedule in schedule()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new(story());
            let health = Arc::new(Health::alone());
            let plugs = pooled(&world, &schedule, &health);
            let id = world.begin(Mode::Auto).await.expect("begun");
            let session = world.to_the_end_with(&plugs, &id).await.expect("driven");
            let events = world.events(&id).await;
            check(&events, schedule.len());
            whole(&events);
            verify::whole(&world.commits(&id).await, "as driven");
            assert!(world.effects.lock().unwrap().values().all(|count| *count == 1), "an effect is repeated");
            if session.status() == Status::Done {
                assert_eq!(world.effects.lock().unwrap().len(), 3, "all of the story happened");
            } else {
                assert_eq!(session.status(), Status::Failed);
            }
        });
        let tried = TRIED.fetch_add(1, Ordering::Relaxed) + 1;
        if tried == cases(300) {
            promise::kept("P5", format!("{tried} schedules of faults, each ended, 0 effects repeated"));
        }
    }
}

/// What a request may take is asked of the way that it takes: behind a pool money is known as it is in front of a single model.
#[tokio::test]
async fn a_budget_is_held_against_the_way_that_is_taken() {
    let world = World::new(story());
    let plugs = pooled(
        &world,
        &vec![(1, 0, vec![FaultKind::RateLimit]), (2, 0, Vec::new())],
        &Arc::new(Health::alone()),
    );
    let mut budget = Budget::default();
    budget.set(Scope::Run, Unit::Usd, Some(100_000));
    let limits = Limits { budget: Box::new(budget), ..Limits::of_steps(50) };
    let id = world.begin_with(Mode::Auto, limits).await.expect("begun");
    assert_eq!(world.drive_with(&plugs, &id).await.expect("driven"), Parked::Held);
    let session = world.session(&id).await.expect("read");
    let held = session.stop().and_then(|stop| stop.held()).expect("held");
    assert!(matches!(held, Held::Budget { .. }), "{}", held.sentence());
    let more = Change { scope: None, unit: Unit::Usd, more: Some(1_000_000_000) };
    world.hand().order(&id, &Order::Extend(vec![more])).await.expect("more");
    let session = world.to_the_end_with(&plugs, &id).await.expect("driven");
    assert_eq!(session.status(), Status::Done);
    let mut ways = Vec::new();
    for event in world.events(&id).await {
        let Fact::ModelAsked { route, ahead, .. } = event.fact else { continue };
        let ahead = ahead.expect("weighed");
        assert_eq!(ahead.nano, Some(Money(ahead.input * 30 + ahead.output * 120)));
        ways.push(route.expect("a way").model);
    }
    assert_eq!(&ways[..2], ["model-1", "model-2"]);
    verify::whole(&world.commits(&id).await, "held, and on another way");
}

async fn told(schedule: Schedule) -> (Status, Vec<String>, Arc<Health>) {
    let world = World::new(story());
    let health = Arc::new(Health::alone());
    let plugs = pooled(&world, &schedule, &health);
    let id = world.begin(Mode::Auto).await.expect("begun");
    let session = world.to_the_end_with(&plugs, &id).await.expect("driven");
    let lines = world.events(&id).await;
    let lines = lines.iter().filter_map(|event| {
        if let Fact::ModelAsked { route: Some(route), attempt, .. } = &event.fact {
            return Some(format!("{attempt} {}", route.words()));
        }
        let failed = matches!(event.fact, Fact::ModelFailed { .. });
        failed.then(|| format!("  {}", tackroom::domain::about::about(&event.fact)))
    });
    (session.status(), lines.collect(), health)
}

#[tokio::test]
async fn a_run_goes_on_by_other_keys_and_other_models() {
    let (status, lines, health) = told(vec![
        (0, 0, vec![FaultKind::RateLimit]),
        (0, 1, vec![FaultKind::Auth]),
        (1, 0, vec![FaultKind::Overloaded, FaultKind::Overloaded]),
        (2, 0, vec![]),
    ])
    .await;
    assert_eq!(status, Status::Done);
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(health.rests().rests.len(), 3);
    // With one way there is nowhere to go: it is as it was without a pool.
    let (status, lines, _) = told(vec![(0, 0, vec![FaultKind::RateLimit, FaultKind::Cut])]).await;
    assert_eq!(status, Status::Done);
    assert!(lines.iter().all(|line| !line.contains("next:") && !line.contains("rests")), "{lines:#?}");
    let (status, lines, _) = told(vec![(0, 0, vec![FaultKind::Auth])]).await;
    assert_eq!((status, lines.len()), (Status::Failed, 2), "{lines:#?}");
    // What is the request's own fault goes nowhere else.
    let (status, lines, _) = told(vec![(0, 0, vec![FaultKind::Overflow]), (1, 0, vec![])]).await;
    assert_eq!((status, lines.len()), (Status::Failed, 2), "{lines:#?}");
}

#[test]
fn what_rests_is_kept_across_processes_without_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, key) = (FakeClock::new(1), Secret::new("sk-very-secret-0123456789"));
    let health = Health::at(folder.path());
    let ways = |health: &Health, key: &Secret| {
        let one = Way { print: health.print(key), ..way("m", "one", "A") };
        vec![one, way("n", "two", "")]
    };
    assert!(!folder.path().join("models.json").exists(), "nothing is made before something failed");
    let now = clock.now();
    health.failed(&ways(&health, &key), 0, FaultKind::Auth, None, now).unwrap();
    let file = folder.path().join("models.json");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("very-secret") && text.contains("\"A\""), "{text}");
    // Another process, and the same one later.
    let other = Health::at(folder.path());
    assert_eq!(other.choose(&ways(&other, &key), now), Choice::Take { place: 1, free: true });
    let changed = Secret::new("sk-another-secret-0123456789");
    assert_eq!(other.choose(&ways(&other, &changed), now), Choice::Take { place: 0, free: true });
    // What one learns, the other reads.
    other.failed(&ways(&other, &changed), 1, FaultKind::Billing, None, now).unwrap();
    assert_eq!(health.rests(), other.rests());
    assert_eq!(health.rests().rests.len(), 2);
    // A file that is none, and a folder that is gone, hold nobody up.
    std::fs::write(&file, "{").unwrap();
    assert_eq!(Health::at(folder.path()).rests(), Rests::default());
    let nowhere = Health::at(&folder.path().join("gone"));
    assert!(nowhere.failed(&ways(&nowhere, &key), 0, FaultKind::RateLimit, None, now).is_some());
    assert_eq!(nowhere.rests().rests.len(), 1, "this process knows it all the same");
}

#[test]
fn an_endpoint_that_another_process_shut_is_tried_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let health = Health::at(folder.path());
    let ways = vec![way("m", "one", "A")];
    for _ in 0..DOOR_FAILURES {
        health.failed(&ways, 0, FaultKind::Connect, None, START);
    }
    assert!(matches!(health.choose(&ways, START), Choice::Wait { .. }));
    let fresh = Health::at(folder.path());
    assert_eq!(fresh.choose(&ways, START), Choice::Take { place: 0, free: true });
    fresh.failed(&ways, 0, FaultKind::Connect, None, START);
    assert!(matches!(fresh.choose(&ways, START), Choice::Wait { .. }), "and shut again by one failure more");
}
