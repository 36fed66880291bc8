//! Context that does not run out: requests are counted ahead, the conversation is made shorter before it is too long, and
//! nothing of what a person said, and no call without its result, is lost on the way.

use crate::harness::fold::{Fold, asked, said};
use crate::harness::mock_model::strict_fault;
use crate::harness::strict_messages::strict_messages_fault;
use crate::harness::world::World;
use crate::responses::strict as strict_responses;
use crate::verify;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tackroom::adapters::model::body::Bodies;
use tackroom::adapters::model::messages::Messages;
use tackroom::adapters::model::openai::Chat;
use tackroom::adapters::model::responses::Responses;
use tackroom::domain::compaction::{Cause, Deed, Stuck};
use tackroom::domain::compaction_plan::{Plan, plan};
use tackroom::domain::event::{Event, Fact, Limits};
use tackroom::domain::fault::{Fault, FaultKind};
use tackroom::domain::hash::Hash;
use tackroom::domain::held::Held;
use tackroom::domain::ids::SessionId;
use tackroom::domain::message::{Finish, Message, Reply, Transcript, Usage};
use tackroom::domain::money::Money;
use tackroom::domain::next::{Step, next};
use tackroom::domain::order::Order;
use tackroom::domain::outcome::Report;
use tackroom::domain::policy::{Mode, Word};
use tackroom::domain::run::Status;
use tackroom::domain::session::Session;
use tackroom::domain::window::{ContextRule, Window, told};
use tackroom::ports::Later;
use tackroom::ports::model::{Ask, Drafts, Errand, Model, Request};
use tackroom::runtime::agent::Parked;
use tackroom::runtime::plugs::Plugs;

/// Limits of a run whose model reads so much at once.
pub fn windowed(window: Option<u64>, at: u8) -> Limits {
    let mut rule = ContextRule::from_mark(at);
    rule.windows.extend(window.map(|tokens| Window { model: String::new(), tokens }));
    Limits { context: Box::new(rule), ..Limits::of_steps(100_000) }
}

/// What a model with a hidden measure was sent.
#[derive(Default)]
struct Seen {
    turns: Vec<Transcript>,
    bytes: Vec<u64>,
    summaries: u32,
    refused: Vec<String>,
}

/// A model that works on and on, behind the real writers of requests: every request is held against the rules of the strictest
/// server of each wire. A token of its is so many hundredths of a byte of a body; a body that is too large does not fit.
pub struct Long {
    turns: u64,
    per_token: u64,
    window: u64,
    tells: bool,
    counts: bool,
    summary: Box<dyn Fn(u32, &Ask) -> Result<Reply, Fault> + Send + Sync>,
    pub reply: Box<dyn Fn(u64) -> Reply + Send + Sync>,
    chat: Bodies<Chat>,
    messages: Bodies<Messages>,
    responses: Bodies<Responses>,
    seen: Mutex<Seen>,
}

impl Long {
    pub fn new(turns: u64, window: u64) -> Long {
        Long {
            turns,
            per_token: 370,
            window,
            tells: true,
            counts: true,
            summary: Box::new(|nth, _| Ok(said(&format!("Summary {nth}: the work goes on.")))),
            reply: Box::new(reading),
            chat: Bodies::default(),
            messages: Bodies::default(),
            responses: Bodies::default(),
            seen: Mutex::default(),
        }
    }

    fn look(&self, ask: &Ask, strict: bool) -> u64 {
        let chat = self.chat.write(ask, Default::default());
        let mut faults = Vec::new();
        if strict {
            let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("JSON");
            faults.push(strict_fault(&read(&chat.bytes)).map(|why| format!("chat: {why}")));
            let body = self.messages.write(ask, Default::default());
            faults.push(strict_messages_fault(&read(&body.bytes)).map(|why| format!("messages: {why}")));
            let body = self.responses.write(ask, Default::default());
            faults.push(strict_responses(&read(&body.bytes)).map(|why| format!("responses: {why}")));
        }
        self.seen.lock().expect("free").refused.extend(faults.into_iter().flatten());
        chat.bytes.len() as u64
    }
}

fn reading(turn: u64) -> Reply {
    let body = format!("{turn} ").repeat(120);
    let call = asked("read", json!({ "path": format!("f{turn}"), "body": body }));
    Reply { calls: vec![call], finish: Finish::Calls, ..said(&format!("Step {turn}.")) }
}

impl Model for Long {
    fn prepare(&self, ask: Ask) -> Result<Box<dyn Request>, Fault> {
        let bytes = self.look(&ask, true);
        let tokens = bytes * 100 / self.per_token;
        let mut seen = self.seen.lock().expect("free");
        let came = match ask.errand {
            Errand::Summary { nth } => {
                seen.summaries += 1;
                (self.summary)(nth, &ask)
            }
            Errand::Turn { .. } if tokens > self.window => {
                let words = format!("maximum context length is {} tokens", self.window);
                let window = self.tells.then_some(self.window);
                Err(Fault { window, ..Fault::new(FaultKind::Overflow, words) })
            }
            Errand::Turn { gone } => {
                seen.turns.push(ask.messages.clone());
                seen.bytes.push(bytes);
                let there =
                    ask.messages.iter().filter(|one| matches!(one.as_ref(), Message::Assistant { .. }));
                let turn = there.count() as u64 + gone;
                if turn < self.turns { Ok((self.reply)(turn)) } else { Ok(said("done")) }
            }
        };
        let input = if self.counts { tokens } else { 0 };
        let came =
            came.map(|reply| Reply { usage: Usage { input, output: 40, ..Usage::default() }, ..reply });
        Ok(Box::new(Sent { came, hash: self.chat.write(&ask, Default::default()).hash, bytes }))
    }

    fn label(&self) -> String {
        "long".into()
    }
}

struct Sent {
    came: Result<Reply, Fault>,
    hash: Hash,
    bytes: u64,
}

impl Request for Sent {
    fn hash(&self) -> Hash {
        self.hash
    }
    fn frame(&self) -> Option<Arc<[u8]>> {
        None
    }
    fn size(&self) -> u64 {
        self.bytes
    }
    fn cost(&self, usage: Usage) -> Option<Money> {
        Some(Money(usage.input * 30 + usage.output * 120))
    }
    fn send(self: Box<Self>, _: Drafts) -> Later<'static, Result<Reply, Fault>> {
        Box::pin(std::future::ready(self.came))
    }
}

/// A world whose model is that one.
pub fn plugs(world: &World, model: &Arc<Long>) -> Plugs {
    let mut plugs = world.plugs();
    let (outfit, model) = (plugs.outfit.clone(), model.clone());
    plugs.outfit = Arc::new(move |workspace, name, at| {
        let mut kitbag = outfit(workspace, name, at)?;
        kitbag.model = model.clone();
        Ok(kitbag)
    });
    plugs
}

fn held(session: &Session) -> Stuck {
    assert_eq!(session.status(), Status::Held);
    match session.stop().and_then(|stop| stop.held()) {
        Some(Held::Context { why, .. }) => why.clone(),
        other => panic!("{other:?}"),
    }
}

fn done(events: &[Event]) -> Vec<&tackroom::domain::compaction::Compacted> {
    let done = |event: &'_ Event| matches!(event.fact, Fact::ContextCompacted(_));
    let all = events.iter().filter(|event| done(event));
    all.filter_map(|event| if let Fact::ContextCompacted(done) = &event.fact { Some(&**done) } else { None })
        .collect()
}

/// The log replays to the same conversation, verifies, and an onlooker counts the same.
pub async fn whole(world: &World, id: &SessionId) -> Session {
    let live = world.session(id).await.expect("there");
    let mut onlooker = Session::onlooker(id.clone());
    for event in world.events(id).await {
        onlooker.apply(&event);
    }
    let counted = |session: &Session| {
        let context = &session.context;
        (context.messages, context.bytes, context.replies, context.gauge, session.fill())
    };
    assert_eq!(counted(&live), counted(&onlooker), "an onlooker counts the same");
    assert_eq!(live.context.messages, live.transcript.len() as u64);
    let bytes: u64 = live.transcript.iter().map(|message| tackroom::domain::gauge::weight(message)).sum();
    assert_eq!(live.context.bytes, bytes);
    verify::whole(&world.commits(id).await, "a session with compactions");
    live
}

#[tokio::test]
async fn two_thousand_turns_go_through_many_compactions_and_every_request_is_valid() {
    let turns: u64 = crate::harness::cases::cases(2_000);
    let model = Arc::new(Long::new(turns, 4_000));
    let world = World::new(Vec::new());
    let plugs = plugs(&world, &model);
    let id = world.begin_with(Mode::Auto, windowed(Some(4_000), 80)).await.expect("begun");
    world
        .hand()
        .order(&id, &Order::Steer("The blue whale is named Marigold-71.".into()))
        .await
        .expect("said");
    assert_eq!(world.drive_with(&plugs, &id).await.expect("driven"), Parked::Idle);
    let live = whole(&world, &id).await;
    assert_eq!(live.status(), Status::Done);
    let events = world.events(&id).await;
    let seen = model.seen.lock().expect("free");
    assert_eq!(
        seen.refused,
        Vec::<String>::new(),
        "each request is valid for the strictest server of each wire"
    );
    assert_eq!(seen.turns.len() as u64, turns + 1, "no turn was asked twice, none did not fit");
    let done = done(&events);
    assert!(done.len() as u64 >= turns / 200, "{} compactions", done.len());
    assert!(seen.summaries as u64 >= turns / 200, "{} summaries", seen.summaries);
    for messages in &seen.turns {
        let all: String = messages.iter().map(|message| format!("{message:?}")).collect();
        assert!(all.contains("Marigold-71") && all.contains("do it") && all.contains("be good"));
    }
    // The harness's own work for a turn is flat: what is sent, and what is stored.
    let most = seen.bytes.iter().max().expect("some");
    assert!(most * 100 / 370 < 4_000, "{most} bytes");
    let stored: Vec<usize> = events.iter().map(|event| event.to_json().len()).collect();
    let quarter = stored.len() / 4;
    let sum = |of: &[usize]| of.iter().sum::<usize>() as f64;
    let (first, last) = (sum(&stored[..quarter]), sum(&stored[stored.len() - quarter..]));
    assert!((0.8..1.25).contains(&(last / first)), "{first} bytes in the first quarter, {last} in the last");
    // Between compactions what was sent stays, byte for byte: a provider's cache holds.
    let mut kept = 0;
    for (before, after) in seen.turns.iter().zip(&seen.turns[1..]) {
        kept += usize::from(after.len() >= before.len() && after[..before.len()] == before[..]);
    }
    assert_eq!(kept + done.len(), seen.turns.len() - 1, "only a compaction changes what was sent");
}

#[tokio::test]
async fn a_window_that_only_an_overflow_told_is_learned_and_nothing_is_asked_in_vain_again() {
    for tells in [true, false] {
        let model = Arc::new(Long { tells, ..Long::new(120, 6_000) });
        let world = World::new(Vec::new());
        let id = world.begin_with(Mode::Auto, windowed(None, 80)).await.expect("begun");
        assert_eq!(world.drive_with(&plugs(&world, &model), &id).await.expect("driven"), Parked::Idle);
        let live = whole(&world, &id).await;
        assert_eq!(live.status(), Status::Done, "tells: {tells}");
        let events = world.events(&id).await;
        let faults = events.iter().filter(|event| matches!(event.fact, Fact::ModelFailed { .. })).count();
        assert_eq!(faults, 1, "tells: {tells}");
        let done = done(&events);
        assert_eq!(done[0].cause, Cause::Overflow);
        assert!(done[1..].iter().all(|one| matches!(one.cause, Cause::Mark { .. })));
        assert!(
            live.fill().window.is_some_and(|window| window <= 6_000 && window > 4_500),
            "{:?}",
            live.fill()
        );
        assert_eq!(model.seen.lock().expect("free").refused, Vec::<String>::new());
    }
}

/// Cause: a conversation that ends with a summary that never comes must not lose a word, and must not ask for ever.
#[tokio::test]
async fn a_summary_that_fails_loses_nothing_and_holds_the_run() {
    let broken = |_: u32, _: &Ask| Err(Fault::new(FaultKind::BadRequest, "no summaries here"));
    let talk = |turn: u64| Reply {
        calls: vec![asked("read", json!({ "path": format!("f{turn}") }))],
        finish: Finish::Calls,
        ..said(&format!("{turn} words and words ").repeat(60))
    };
    let model = Arc::new(Long { summary: Box::new(broken), reply: Box::new(talk), ..Long::new(200, 6_000) });
    let world = World::new(Vec::new());
    let plugs = plugs(&world, &model);
    let id = world.begin_with(Mode::Auto, windowed(Some(6_000), 80)).await.expect("begun");
    assert_eq!(world.drive_with(&plugs, &id).await.expect("driven"), Parked::Held);
    let live = whole(&world, &id).await;
    assert!(matches!(held(&live), Stuck::NoSummary { .. }));
    let before = live.transcript.len();
    assert_eq!(live.context.count, 0);
    assert!(
        live.transcript
            .iter()
            .any(|message| matches!(message.as_ref(), Message::User { text } if text == "do it"))
    );
    assert_eq!(model.seen.lock().expect("free").summaries, 1, "not again and again");
    // Going on as it is asks the model, and holds again once it does not fit.
    world.hand().order(&id, &Order::Continue).await.expect("as it is");
    assert_eq!(world.drive_with(&plugs, &id).await.expect("driven"), Parked::Held);
    let live = whole(&world, &id).await;
    assert!(live.transcript.len() > before);
    // By hand it is tried again.
    let asked = model.seen.lock().expect("free").summaries;
    world.hand().order(&id, &Order::Compact).await.expect("again");
    assert_eq!(world.drive_with(&plugs, &id).await.expect("driven"), Parked::Held);
    assert_eq!(model.seen.lock().expect("free").summaries, asked + 1);
    // What was wished and could not be done is not tried again by a word to go on.
    let turns = |events: &[Event]| {
        events.iter().filter(|event| matches!(event.fact, Fact::ModelAsked { .. })).count()
    };
    let before = turns(&world.events(&id).await);
    world.hand().order(&id, &Order::Continue).await.expect("as it is");
    world.drive_with(&plugs, &id).await.expect("driven");
    assert!(turns(&world.events(&id).await) > before, "the model is asked as it is");
    whole(&world, &id).await;
}

#[tokio::test]
async fn a_summary_is_tried_again_where_that_may_help_and_trimmed_harder_where_it_may_not() {
    let tries = Mutex::new(0);
    let flaky = move |nth: u32, _: &Ask| {
        let mut tries = tries.lock().expect("free");
        *tries += 1;
        match *tries {
            1 | 2 => Err(Fault::new(FaultKind::Overloaded, "busy")),
            _ => Ok(said(&format!("summary {nth}"))),
        }
    };
    let model = Arc::new(Long { summary: Box::new(flaky), ..Long::new(40, 8_000) });
    let world = World::new(Vec::new());
    let id = world.begin_with(Mode::Auto, windowed(Some(8_000), 80)).await.expect("begun");
    let parked = world.drive_with(&plugs(&world, &model), &id).await.expect("driven");
    let live = whole(&world, &id).await;
    assert_eq!(parked, Parked::Idle, "{:?}", live.stop());
    let events = world.events(&id).await;
    let failed = events.iter().filter(|event| matches!(event.fact, Fact::CompactFailed { .. })).count();
    assert_eq!(failed, 2);
    let attempts: Vec<u32> = events
        .iter()
        .filter_map(
            |event| if let Fact::CompactAsked(asked) = &event.fact { Some(asked.attempt) } else { None },
        )
        .collect();
    assert_eq!(attempts[..3], [1, 2, 3]);
    // A summary that is empty, or cut, is none: results are cut shorter instead, and the run goes on.
    for odd in [Finish::Stop, Finish::Length] {
        let empty = move |_: u32, _: &Ask| {
            Ok(Reply { finish: odd.clone(), ..said(if odd == Finish::Length { "half a" } else { "  " }) })
        };
        let large = |turn: u64| Reply {
            calls: vec![asked("read", json!({ "path": format!("f{turn}"), "body": "x".repeat(700) }))],
            finish: Finish::Calls,
            ..said("")
        };
        let model =
            Arc::new(Long { summary: Box::new(empty), reply: Box::new(large), ..Long::new(30, 8_000) });
        let world = World::new(Vec::new());
        let id = world.begin_with(Mode::Auto, windowed(Some(8_000), 80)).await.expect("begun");
        world.drive_with(&plugs(&world, &model), &id).await.expect("driven");
        let live = whole(&world, &id).await;
        assert!(live.context.count > 0, "{:?}", live.status());
        let events = world.events(&id).await;
        assert!(done(&events).iter().all(|one| matches!(one.deed, Deed::Trimmed { .. })));
    }
}

#[tokio::test]
async fn a_person_makes_it_shorter_and_takes_that_back() {
    let model = Arc::new(Long::new(30, 100_000));
    let world = World::new(Vec::new());
    let plugs = plugs(&world, &model);
    let id = world.begin_with(Mode::Auto, windowed(Some(100_000), 80)).await.expect("begun");
    let refused = |order: Order| {
        let (mut hand, id) = (world.hand(), id.clone());
        async move { hand.order(&id, &order).await.expect_err("refused").to_string() }
    };
    assert!(refused(Order::Compact).await.contains("nothing to make shorter"));
    assert!(refused(Order::UndoCompact).await.contains("no compaction to take back"));
    assert_eq!(world.drive_with(&plugs, &id).await.expect("driven"), Parked::Idle);
    let before = world.session(&id).await.expect("there").transcript.clone();
    world.hand().order(&id, &Order::Compact).await.expect("wished");
    assert!(refused(Order::Compact).await.contains("already"));
    // It is done before the next request.
    world.hand().order(&id, &Order::Say("and now the second part".into())).await.expect("said");
    assert_eq!(world.drive_with(&plugs, &id).await.expect("driven"), Parked::Idle);
    let live = whole(&world, &id).await;
    assert_eq!((live.context.count, live.context.summaries), (1, 1));
    let shorter = live.transcript.clone();
    assert!(shorter.len() < before.len() / 2, "{} of {}", shorter.len(), before.len());
    let events = world.events(&id).await;
    let one = done(&events)[0];
    assert!(matches!(&one.cause, Cause::Asked { by } if by.name == "ada"));
    assert!(one.after.tokens < one.before.tokens / 2, "{}", one.sentence());
    assert_eq!(one.digest().expect("a digest").said, ["do it"]);
    world.hand().order(&id, &Order::UndoCompact).await.expect("undone");
    let live = whole(&world, &id).await;
    assert_eq!(live.transcript[..before.len()], before[..], "what stood there stands there again");
    assert!(live.transcript.len() > before.len());
    assert!(refused(Order::UndoCompact).await.contains("no compaction"));
    world.hand().order(&id, &Order::Say("third".into())).await.expect("said");
    assert_eq!(world.drive_with(&plugs, &id).await.expect("driven"), Parked::Idle);
    assert_eq!(whole(&world, &id).await.context.count, 1, "it is not made shorter at once again");
}

/// Cause: a process that is killed while a summary is made must neither lose the conversation nor leave a request open.
#[tokio::test]
async fn cut_after_every_commit_of_a_compaction_nothing_is_lost() {
    let run = |cut: Option<u64>| async move {
        let mut world = World::new(Vec::new());
        let model = Arc::new(Long::new(45, 8_000));
        let id = world.begin_with(Mode::Auto, windowed(Some(8_000), 80)).await.expect("begun");
        if let Some(cut) = cut {
            world.engine.faults().crash_after(cut);
            assert!(world.drive_with(&plugs(&world, &model), &id).await.is_err(), "cut {cut} stops it");
            world.engine = world.engine.restart();
        }
        assert_eq!(world.drive_with(&plugs(&world, &model), &id).await.expect("driven"), Parked::Idle);
        let live = whole(&world, &id).await;
        assert_eq!(live.status(), Status::Done);
        assert_eq!(model.seen.lock().expect("free").refused, Vec::<String>::new());
        (world.commits(&id).await, world.events(&id).await, live)
    };
    let (commits, ..) = run(None).await;
    let is_of = |fact: &Fact| matches!(fact, Fact::CompactAsked(_) | Fact::ContextCompacted(_));
    let near = |seq: &u64| {
        let at = |seq: u64| commits.get(usize::try_from(seq - 1).expect("small"));
        at(*seq)
            .into_iter()
            .chain(at(seq + 1))
            .flat_map(|commit| &commit.events)
            .any(|one| is_of(&one.event.fact))
    };
    let (mut cuts, mut broken_off) = (0, 0);
    for cut in (1..commits.len() as u64).filter(near) {
        let (_, events, live) = run(Some(cut)).await;
        let said = live.transcript.iter().map(|message| format!("{message:?}")).collect::<String>();
        assert!(said.contains("do it") && said.contains("be good"), "cut {cut}");
        let interrupted = |event: &&Event| matches!(&event.fact, Fact::CompactFailed { fault, .. } if fault.kind == FaultKind::Interrupted);
        broken_off += events.iter().filter(interrupted).count();
        cuts += 1;
    }
    assert!(cuts >= 3 && broken_off >= 1, "{cuts} cuts, {broken_off} requests broken off");
}

/// A conversation of a random shape.
fn histories() -> impl Strategy<Value = Vec<(u8, usize, usize)>> {
    prop::collection::vec((0_u8..6, 1_usize..6_000, 1_usize..4), 2..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::harness::cases::cases(64), ..ProptestConfig::default() })]

    /// Whatever a session was, what is left of it after a compaction, and what is asked for a summary, every server takes.
    #[test]
    fn no_compaction_parts_a_call_from_its_result(shape in histories(), window in 3_000_u64..60_000) {
        let mut fold = Fold::opened();
        let limits = windowed(Some(window), 80);
        fold.put(vec![Fact::RunStarted { input: "task".into(), mode: Mode::Auto, limits, model: "m".into(), base_url: None }]);
        fold.tell(Report::Taken { holder: "t".into() });
        let model = Long::new(0, window);
        let mut last = String::new();
        for (kind, size, calls) in shape {
            match kind {
                0 => {
                    last = format!("said-{size}-{calls}");
                    let _ = fold.order(&Order::Steer(format!("{last} {}", "s".repeat(size / 4))));
                }
                1 => { let _ = fold.order(&Order::AddNote("n".repeat(size.min(900)))); }
                _ => {}
            }
            for _ in 0..4 {
                let Step::Compact { .. } = next(&fold.session) else { break };
                shorten(&mut fold, &model);
                let words: String = fold.session.transcript.iter().map(|one| format!("{one:?}")).collect();
                prop_assert!(words.contains("be good") && words.contains("task"));
                prop_assert!(last.is_empty() || words.contains(&last), "{last}");
                look(&model, fold.session.upcoming());
            }
            if !matches!(next(&fold.session), Step::AskModel { .. }) { break }
            let names: Vec<(&str, Value)> = (0..calls).map(|_| ("read", json!({"path": "a"}))).collect();
            let first = fold.session.calls_asked() as u32 + 1;
            fold.tell(Report::Asking { model: "m".into(), request: Hash::ZERO, frame: None, notes: fold.session.note_numbers(), route: None, ahead: None });
            let calls: Vec<_> = names.iter().map(|(tool, args)| asked(tool, args.clone())).collect();
            let input = fold.session.context.bytes / 4 + 300;
            let usage = Usage { input, output: 20, ..Usage::default() };
            fold.tell(Report::Replied(Reply { calls, finish: Finish::Calls, usage, ..said("") }));
            let ids = first..first + names.len() as u32;
            ids.clone().for_each(|id| fold.judge(id, if kind == 3 { Word::Deny } else { Word::Allow }));
            for id in ids.filter(|_| kind != 3) {
                fold.start(id);
                fold.end(id, &"r ".repeat(size / 2));
            }
            look(&model, fold.session.upcoming());
        }
        let refused = model.seen.lock().expect("free").refused.clone();
        prop_assert_eq!(refused, Vec::<String>::new());
    }

    /// Once a few replies have told what they had, the next request is known within a tenth.
    #[test]
    fn an_estimate_is_within_a_tenth_once_it_is_calibrated(
        sizes in prop::collection::vec(40_usize..9_000, 8..45),
        hundredths in 250_u64..520,
        frame in 0_u64..9_000,
    ) {
        let mut fold = Fold::running(Mode::Auto);
        for (at, size) in sizes.iter().enumerate() {
            let truth = frame + fold.session.context.bytes * 100 / hundredths;
            if at >= 4 {
                let told = fold.session.fill().tokens;
                let apart = told.abs_diff(truth) * 100 / truth.max(1);
                prop_assert!(apart <= 10, "{told} for {truth} at {at}");
            }
            fold.replies(Reply {
                calls: vec![asked("read", json!({"path": "a"}))],
                finish: Finish::Calls,
                usage: Usage { input: truth, output: 10, ..Usage::default() },
                ..said("words")
            });
            let id = fold.session.calls_asked() as u32;
            fold.judge(id, Word::Allow);
            fold.start(id);
            fold.end(id, &"x".repeat(*size));
        }
    }
}

fn look(model: &Long, messages: Transcript) {
    let tools = tackroom::domain::tool_spec::ToolBook::default();
    let session = SessionId("0123456789".into());
    let ask = Ask { session, model: "m".into(), messages, tools, attempt: 1, errand: Errand::default() };
    model.look(&ask, true);
}

/// Does what the worker would: trims, summarises or holds.
fn shorten(fold: &mut Fold, model: &Long) {
    match plan(&fold.session).expect("something is to be done") {
        Plan::Summarise(wanted) => {
            look(model, wanted.question.clone());
            fold.tell(Report::Summarising(Box::new(tackroom::domain::compaction::SummaryAsked {
                cause: wanted.cause,
                span: wanted.span,
                model: "m".into(),
                attempt: 1,
                request: Hash::ZERO,
                frame: None,
                route: None,
                ahead: None,
            })));
            fold.tell(Report::Replied(said("what was done")));
        }
        other @ (Plan::Trim(_) | Plan::Stuck(_)) => fold.tell(Report::Compacting(other)),
    }
}

#[test]
fn the_window_is_read_in_the_words_of_servers() {
    for (words, tokens) in [
        (
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
            8_192,
        ),
        ("prompt is too long: 210012 tokens > 200000 maximum", 200_000),
        (
            "input length and `max_tokens` exceed context limit: 198000 + 32000 > 200000, decrease input length",
            200_000,
        ),
        ("This model's maximum prompt length is 131072 but the request contains 140000 tokens.", 131_072),
        ("the model is loaded with context length of only 4096 tokens, which is not enough", 4_096),
        ("the request exceeds the available context size (16,384 tokens), try increasing it", 16_384),
        (
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            1_048_576,
        ),
    ] {
        assert_eq!(told(words), Some(tokens), "{words}");
    }
    for words in [
        "Your input exceeds the context window of this model.",
        "Context size has been exceeded.",
        "HTTP 413",
        "",
    ] {
        assert_eq!(told(words), None, "{words}");
    }
}
