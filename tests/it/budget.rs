//! Budgets: a request is sent only where its share of every limit is there; else the run is held, and only more of the limit lets
//! it go on. What was taken is exact, also where a process was killed.

use crate::contracts::Dice;
use crate::harness::cases::cases;
use crate::harness::fold::{Fold, operator, said};
use crate::harness::promise;
use crate::harness::world::{Said, World, calling};
use crate::verify;
use serde_json::json;
use std::collections::BTreeMap;
use tackroom::domain::budget::{Budget, Change, Scope, Unit, changes};
use tackroom::domain::burn::Burn;
use tackroom::domain::event::{Event, Fact, Limits, Parent};
use tackroom::domain::fault::{Fault, FaultKind};
use tackroom::domain::hash::Hash;
use tackroom::domain::held::{Held, Share};
use tackroom::domain::message::{Reply, Usage};
use tackroom::domain::money::Money;
use tackroom::domain::next::{Hold, Step, next};
use tackroom::domain::order::{Order, Refusal};
use tackroom::domain::outcome::Report;
use tackroom::domain::policy::Mode;
use tackroom::domain::price::{Cost, Origin};
use tackroom::domain::purse::{Ahead, DayPurse, Taken, midnight};
use tackroom::domain::run::Status;
use tackroom::domain::tally::Row;
use tackroom::domain::time::Micros;
use tackroom::runtime::agent::Parked;

fn budget(typed: &str) -> Budget {
    let mut budget = Budget::default();
    for change in changes(typed).expect("limits") {
        budget.set(change.scope.unwrap_or(Scope::Run), change.unit, change.more);
    }
    budget
}

fn running(limits: &str) -> Fold {
    let mut fold = Fold::opened();
    let limits = Limits { budget: Box::new(budget(limits)), ..Limits::of_steps(50) };
    let (input, model) = ("task".into(), "m".into());
    fold.put(vec![Fact::RunStarted { input, mode: Mode::Auto, limits, model, base_url: None }]);
    fold.tell(Report::Taken { holder: "test".into() });
    fold
}

fn ahead(input: u64, output: u64, nano: Option<u64>) -> Ahead {
    Ahead { bytes: input * 3, input, output, nano: nano.map(Money), today: None }
}

fn asking(ahead: Option<Ahead>) -> Report {
    Report::Asking {
        model: "m".into(),
        request: Hash::ZERO,
        frame: None,
        notes: Vec::new(),
        route: None,
        ahead,
    }
}

fn costing(nano: u64, input: u64, output: u64) -> Reply {
    let cost = Some(Cost { nano: Money(nano), by: Origin::Server });
    let call = crate::harness::fold::asked("nothing", json!({}));
    let finish = tackroom::domain::message::Finish::Calls;
    Reply { cost, usage: Usage { input, output, ..Usage::default() }, calls: vec![call], finish, ..said("") }
}

fn held(fold: &Fold) -> Held {
    assert_eq!(fold.session.status(), Status::Held);
    assert_eq!(fold.session.holds(), [Hold::Rein]);
    assert_eq!(next(&fold.session), Step::Await, "nothing is sent");
    fold.session.stop().and_then(|stop| stop.held()).expect("held").clone()
}

#[test]
fn a_request_that_would_pass_a_limit_holds_the_run_before_it_is_sent() {
    let mut fold = running("usd=0.50");
    fold.tell(asking(Some(ahead(100, 100, Some(100_000_000)))));
    fold.tell(Report::Replied(costing(350_000_000, 100, 100)));
    // 0.35 + 0.15 is the limit itself: it may be sent, and 80% are told once.
    let facts = fold.try_tell(&asking(Some(ahead(100, 100, Some(150_000_000))))).expect("sent");
    assert!(matches!(&facts[..], [Fact::ModelAsked { .. }, Fact::BudgetNeared { .. }]), "{facts:?}");
    let facts = fold.try_tell(&asking(Some(ahead(100, 100, Some(150_000_001))))).expect("held");
    assert!(matches!(&facts[..], [Fact::RunHeld { .. }]), "{facts:?}");
    fold.put(facts);
    let share = Share {
        scope: Scope::Run,
        unit: Unit::Usd,
        taken: 350_000_000,
        ahead: 150_000_001,
        limit: 500_000_000,
    };
    let why = held(&fold);
    assert_eq!(why.over(), [share]);
    assert_eq!(why.sentence(), "the task took $0.35 of at most $0.50, and the next request may take $0.15");
    for order in [Order::Continue, Order::Resume, Order::Step] {
        assert!(matches!(fold.try_order(&order), Err(Refusal::BudgetHolds(_))), "{order:?}");
    }
    // More, but not enough: it is held again.
    fold.order(&Order::Extend(changes("0.0000000005").unwrap_or_default())).expect_err("an amount");
    fold.order(&Order::Extend(vec![Change { scope: None, unit: Unit::Usd, more: Some(1) }])).expect("more");
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
    let facts = fold.try_tell(&asking(Some(ahead(100, 100, Some(150_000_002))))).expect("held again");
    assert!(matches!(&facts[..], [Fact::RunHeld { .. }]));
    fold.put(facts);
    fold.order(&Order::Extend(changes("usd=none").expect("read"))).expect("lifted");
    assert_eq!(fold.session.live().expect("live").budget.as_ref(), &Budget::default());
    fold.tell(asking(Some(ahead(1, 1, None))));
}

#[test]
fn each_unit_and_each_scope_holds_and_a_limit_that_is_not_there_is_no_answer() {
    for (limits, unit, scope) in [
        ("tokens=1000", Unit::Tokens, Scope::Run),
        ("steps=1", Unit::Steps, Scope::Run),
        ("time=5s", Unit::Time, Scope::Run),
        ("session.tokens=1000", Unit::Tokens, Scope::Session),
        ("session.steps=1", Unit::Steps, Scope::Session),
    ] {
        let mut fold = running(limits);
        fold.tell(asking(Some(ahead(300, 100, None))));
        fold.now = fold.now.plus_ms(6_000);
        fold.tell(Report::Replied(costing(0, 900, 50)));
        fold.tell(asking(Some(ahead(950, 100, None))));
        let why = held(&fold);
        assert_eq!((why.over()[0].scope, why.over()[0].unit), (scope, unit), "{limits}");
        let other = if unit == Unit::Usd { Unit::Tokens } else { Unit::Usd };
        let refused =
            fold.try_order(&Order::Extend(vec![Change { scope: None, unit: other, more: Some(5) }]));
        assert!(matches!(refused, Err(Refusal::NoBudget { .. })), "{limits}: {refused:?}");
        fold.order(&Order::Extend(vec![Change { scope: None, unit, more: Some(100_000) }])).expect("more");
        fold.tell(asking(Some(ahead(950, 100, None))));
    }
    let mut fold = running("day.usd=1");
    let today = Some(Taken { nano: 950_000_000, ..Taken::default() });
    fold.tell(asking(Some(Ahead { today, ..ahead(10, 10, Some(60_000_000)) })));
    assert_eq!(held(&fold).over()[0].scope, Scope::Day);
    fold.order(&Order::Continue).expect("tomorrow is another day");
}

#[test]
fn money_is_never_taken_for_nothing_where_no_price_is_known() {
    let mut fold = running("usd=5");
    fold.tell(asking(Some(ahead(10, 10, None))));
    let why = held(&fold);
    assert!(matches!(why, Held::Unpriced { .. }));
    assert!(why.sentence().contains("no price of m is known"), "{}", why.sentence());
    assert!(why.hint("k3x").contains("[prices.\"m\"]") && why.hint("k3x").contains("--lift usd"));
    // Who gives it a price goes on with a word; it is weighed again.
    fold.order(&Order::Continue).expect("on");
    fold.tell(asking(Some(ahead(10, 10, Some(5)))));
    // A worker that weighs nothing is not let through.
    let fold = running("usd=5");
    assert!(matches!(fold.try_tell(&asking(None)), Err(Refusal::Stray(_))));
}

#[test]
fn what_nobody_counted_is_what_was_set_aside() {
    let mut fold = running("usd=1 tokens=100k");
    let taken = |fold: &Fold| fold.session.live().expect("live").purse.taken();
    fold.tell(asking(Some(ahead(1_000, 500, Some(70)))));
    assert_eq!(fold.session.live().expect("live").purse.with_aside().nano, 70);
    // Broken off: the provider may have charged for it.
    fold.tell(Report::Failed(Fault::new(FaultKind::Cut, "cut")));
    assert_eq!((taken(&fold).nano, taken(&fold).tokens, taken(&fold).steps), (70, 1_500, 0));
    // Refused: nothing was charged.
    fold.now = fold.now.plus_ms(100_000);
    fold.tell(asking(Some(ahead(1_000, 500, Some(70)))));
    fold.tell(Report::Failed(Fault::new(FaultKind::RateLimit, "slow")));
    assert_eq!(taken(&fold).nano, 70);
    fold.now = fold.now.plus_ms(100_000);
    fold.tell(asking(Some(ahead(1_000, 500, Some(70)))));
    fold.tell(Report::Replied(Reply { cost: None, usage: Usage::default(), ..costing(0, 0, 0) }));
    assert_eq!((taken(&fold).nano, taken(&fold).tokens, taken(&fold).steps), (140, 3_000, 1));
}

#[test]
fn time_is_what_was_worked_and_waiting_for_a_person_is_not() {
    let mut fold = running("time=1h");
    fold.tell(asking(Some(ahead(1, 1, None))));
    fold.now = fold.now.plus_ms(3_000);
    fold.tell(Report::Replied(costing(0, 5, 5)));
    let worked = |fold: &Fold| fold.session.live().expect("live").purse.taken().ms;
    let first = worked(&fold);
    assert!((3_000..3_100).contains(&first), "{first}");
    fold.now = fold.now.plus_ms(9_000_000);
    fold.order(&Order::Pause).expect("paused");
    assert_eq!(worked(&fold), first);
    fold.order(&Order::Resume).expect("on");
    // A process that is gone works no more: what it left open counts to its last word.
    fold.tell(asking(Some(ahead(1, 1, None))));
    fold.now = fold.now.plus_ms(50_000_000);
    fold.tell(Report::Taken { holder: "another".into() });
    assert_eq!(worked(&fold), first);
}

#[test]
fn the_next_task_has_its_own_limit_and_the_session_goes_on_with_its_own() {
    let mut fold = running("usd=1 session.usd=10");
    fold.tell(asking(Some(ahead(1, 1, Some(5)))));
    fold.order(&Order::Extend(changes("usd=4 session.usd=5").expect("read"))).expect("more");
    fold.tell(Report::Replied(Reply { calls: Vec::new(), ..Reply { ..costing(7, 5, 5) } }));
    fold.put(vec![Fact::RunEnded {
        status: tackroom::domain::event::RunStatus::Done,
        why: tackroom::domain::event::EndReason::Answered,
    }]);
    fold.order(&Order::Say("more".into())).expect("another");
    let run = fold.session.live().expect("live");
    assert_eq!(*run.budget, budget("usd=1 session.usd=15"));
    assert_eq!((run.purse.taken().nano, fold.session.purse.taken().nano), (0, 7));
}

#[test]
fn amounts_are_read_and_told_in_one_form() {
    for (unit, typed, amount, exact) in [
        (Unit::Usd, "0.50", 500_000_000, "0.5"),
        (Unit::Tokens, "200k", 200_000, "200000"),
        (Unit::Tokens, "1.5m", 1_500_000, "1500000"),
        (Unit::Steps, "40", 40, "40"),
        (Unit::Time, "1h30m", 5_400_000, "90m"),
        (Unit::Time, "90s", 90_000, "90s"),
    ] {
        assert_eq!(unit.parse(typed), Ok(amount), "{typed}");
        assert_eq!(unit.exact(amount), exact);
        assert_eq!(unit.parse(exact), Ok(amount));
    }
    for (unit, bad) in [
        (Unit::Usd, "0"),
        (Unit::Usd, "-1"),
        (Unit::Tokens, "1.5.5k"),
        (Unit::Tokens, "k"),
        (Unit::Tokens, "99999999999999999999m"),
        (Unit::Steps, "1.5"),
        (Unit::Time, "20"),
        (Unit::Time, "m"),
        (Unit::Time, "1x"),
    ] {
        assert!(unit.parse(bad).is_err(), "{bad}");
    }
    assert_eq!(budget("session.usd=5,tokens=200k").to_string(), "tokens=200000 session.usd=5");
    assert!(changes("moon=3").is_err() && changes("week.usd=3").is_err() && changes("  ").is_err());
}

#[test]
fn the_meter_tells_the_nearest_limit_its_speed_and_what_is_left() {
    let mut fold = running("usd=0.50 tokens=1m");
    assert_eq!(Burn::of(&fold.session, fold.now).expect("limited").percent(), 0);
    fold.tell(asking(Some(ahead(100, 100, Some(100)))));
    fold.now = fold.now.plus_ms(59_990);
    fold.tell(Report::Replied(costing(100_000_000, 1_000, 500)));
    let burn = Burn::of(&fold.session, fold.now).expect("limited");
    assert_eq!(burn.long(), "$0.10/$0.50 20%, $0.10/min, 4 min left");
    assert_eq!(Burn::of(&Fold::running(Mode::Auto).session, fold.now), None);
}

/// Cause: what its parent was told of came near in a fork too, and nobody said so.
#[test]
fn a_fork_has_taken_nothing_and_is_told_again() {
    let mut fold = running("tokens=1000");
    let near = |fold: &mut Fold| {
        let facts = fold.try_tell(&asking(Some(ahead(400, 450, None)))).expect("sent");
        fold.put(facts.clone());
        facts.iter().any(|fact| matches!(fact, Fact::BudgetNeared { .. }))
    };
    assert!(near(&mut fold));
    let parent = Parent { session: fold.session.id.clone(), at: fold.session.last };
    fold.put(vec![Fact::SessionForked {
        parent,
        hash: Hash::ZERO,
        workspace: "/srv/fork".into(),
        files: None,
        model: None,
        instructions: None,
        by: operator(),
        program: "test".into(),
    }]);
    fold.tell(Report::Taken { holder: "w".into() });
    assert_eq!(fold.session.live().expect("live").purse.with_aside(), Taken::default());
    assert!(near(&mut fold));
}

#[test]
fn a_day_counts_what_was_taken_in_it() {
    let noon = Micros(midnight(Micros(1_700_000_000_000_000)).0 + 43_200_000_000);
    let mut fold = running("usd=5");
    fold.now = noon;
    fold.tell(asking(Some(ahead(10, 10, Some(50)))));
    let mut row = Row::new(fold.session.id.clone());
    let feed = |row: &mut Row, events: &[Event]| events.iter().for_each(|event| row.apply(event));
    feed(&mut row, &fold.events);
    assert_eq!(row.day.on_day_of(fold.now).nano, 50, "what is under way counts as it was set aside");
    assert_eq!(row.day.on_day_of(fold.now.plus_ms(86_400_000)), Taken::default());
    fold.now = noon.plus_ms(50_000_000); // after midnight
    let seen = fold.events.len();
    fold.tell(Report::Replied(costing(70, 5, 5)));
    feed(&mut row, &fold.events[seen..]);
    assert_eq!(row.day.on_day_of(fold.now).nano, 70);
    let kept: DayPurse = serde_json::from_value(serde_json::to_value(row.day).expect("json")).expect("read");
    assert_eq!(kept, row.day);
}

/// What the events say was taken, counted here by another way: request by request.
fn counted(events: &[Event]) -> (Taken, Vec<(Taken, Ahead)>) {
    let (mut taken, mut aside, mut asked) = (Taken::default(), None::<Ahead>, Vec::new());
    for event in events {
        if let Fact::ModelAsked { ahead, .. } = &event.fact {
            let ahead = ahead.expect("weighed");
            asked.push((taken, ahead));
            aside = Some(ahead);
        } else if let Fact::ModelReplied { reply, .. } = &event.fact {
            let aside = aside.take().expect("asked");
            taken.nano += reply.cost.as_ref().map_or(aside.nano.expect("priced").0, |cost| cost.nano.0);
            taken.tokens += reply.usage.input + reply.usage.output;
            taken.steps += 1;
        } else if let Fact::ModelFailed { fault, .. } = &event.fact {
            let aside = aside.take().expect("asked");
            if matches!(fault.kind, FaultKind::Cut | FaultKind::Interrupted | FaultKind::Stopped) {
                taken.nano += aside.nano.expect("priced").0;
                taken.tokens += aside.input + aside.output;
            }
        }
    }
    (taken, asked)
}

/// A schedule: replies with and without a cost, a crash after some commit, limits, and what the operator gives.
async fn scheduled(dice: &mut Dice) -> (u64, u64, u64) {
    let turns = (0..3 + dice.roll(6)).map(|n| {
        let Said::Reply(mut reply) = calling(&[("read", json!({"path": format!("f{n}")}))]) else { panic!() };
        reply.usage = Usage { input: 50 + dice.roll(400), output: 1 + dice.roll(900), ..Usage::default() };
        reply.cost = (dice.roll(6) > 2).then(|| Cost { nano: Money(dice.roll(300_000)), by: Origin::Server });
        Said::Reply(reply)
    });
    let turns: Vec<Said> = turns.collect();
    let mut world = World::new(turns);
    if dice.roll(2) == 0 {
        world.engine.faults().crash_after(2 + dice.roll(25));
    }
    let limits = format!(
        "usd=0.000{} tokens={} steps={} session.usd=0.0{}",
        1 + dice.roll(9),
        500 + dice.roll(4_000),
        1 + dice.roll(6),
        1 + dice.roll(9)
    );
    let limits = Limits { budget: Box::new(budget(&limits)), ..Limits::of_steps(200) };
    let id = world.begin_with(Mode::Auto, limits.clone()).await.expect("begun");
    let (mut holds, mut crashes) = (0, 0);
    loop {
        let parked = match world.drive(&id).await {
            Ok(parked) => parked,
            Err(_) => {
                crashes += 1;
                world.engine = world.engine.restart();
                continue;
            }
        };
        if parked == Parked::Idle {
            break;
        }
        let session = match world.session(&id).await {
            Ok(session) => session,
            Err(_) => {
                world.engine = world.engine.restart();
                continue;
            }
        };
        let held = session.stop().and_then(|stop| stop.held()).cloned().expect("a limit holds it");
        holds += 1;
        let give = |share: &Share| Change { scope: None, unit: share.unit, more: Some(1 + share.ahead * 2) };
        let order = match dice.roll(5) {
            0 => Order::Cancel,
            1 => Order::Extend(held.over().iter().map(|one| Change { more: None, ..give(one) }).collect()),
            _ => Order::Extend(held.over().iter().map(give).collect()),
        };
        if world.hand().order(&id, &order).await.is_err() {
            world.engine = world.engine.restart();
        }
    }
    world.engine = world.engine.restart();
    let events = world.events(&id).await;
    let (taken, asked) = counted(&events);
    let session = world.session(&id).await.expect("read");
    let purse = session.purse.taken();
    assert_eq!((purse.nano, purse.tokens, purse.steps), (taken.nano, taken.tokens, taken.steps));
    // At every request: what was taken and what it may take are within each limit as it stood then.
    let mut budget = *limits.budget;
    let mut requests = asked.iter();
    for event in &events {
        if let Fact::BudgetExtended { scope, unit, to, .. } = &event.fact {
            budget.set(*scope, *unit, *to);
        } else if let Fact::ModelAsked { .. } = &event.fact {
            let (taken, ahead) = requests.next().expect("one each");
            for (scope, unit, limit) in budget.limits() {
                let with = taken.of(unit) + ahead.aside().of(unit);
                assert!(with <= limit, "{scope:?} {unit:?}: {with} of {limit}");
            }
        }
    }
    verify::whole(&world.commits(&id).await, "scheduled");
    (asked.len() as u64, holds, crashes)
}

#[tokio::test]
async fn no_request_is_ever_sent_whose_share_is_not_there() {
    let all = cases(300_u64);
    let mut sum = (0, 0, 0);
    for seed in 0..all {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
        let (asked, holds, crashes) = scheduled(&mut dice).await;
        sum = (sum.0 + asked, sum.1 + holds, sum.2 + crashes);
    }
    promise::kept(
        "B1/B2",
        format!(
            "budgets: {all} schedules, {} requests, {} holds, {} crashes, 0 beyond a limit",
            sum.0, sum.1, sum.2
        ),
    );
    assert!(sum.1 > all / 3 && sum.2 > all / 10, "{sum:?}");
}

#[test]
fn a_decision_about_a_limit_is_an_operators() {
    use tackroom::domain::commit::{Class, may_say};
    let (scope, unit) = (Scope::Run, Unit::Usd);
    let more = Fact::BudgetExtended { scope, unit, to: None, by: operator() };
    assert!(may_say(Class::Operator, &more) && !may_say(Class::Worker, &more));
    let counts: BTreeMap<&str, bool> =
        [("held", may_say(Class::Operator, &Fact::BudgetNeared { near: vec![] }))].into();
    assert!(!counts["held"], "an operator does not speak for the worker");
}
