//! Leases as they are told: the check finds each use that was not granted; audit, exports, timeline and comparison name who
//! granted it; a run that is cut anywhere keeps its count.

use crate::crash;
use crate::harness::story::{self, Story};
use crate::harness::world::{Said, World, all_ended, calling};
use crate::verify::{Draft, forged, place, verify, whole};
use serde_json::json;
use tackroom::domain::about::about;
use tackroom::domain::audit::{Audit, Figures};
use tackroom::domain::audit_words::{Audited, document, lines};
use tackroom::domain::backtest::{Decided, Reader};
use tackroom::domain::call::{CallState, Outcome};
use tackroom::domain::card::Decision;
use tackroom::domain::commit::Class;
use tackroom::domain::decide_lease::at_once;
use tackroom::domain::event::Fact;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, LeaseNo, SessionId};
use tackroom::domain::lease_terms::Terms;
use tackroom::domain::lease_trial::{Asked, Tried, at_once_words};
use tackroom::domain::order::Order;
use tackroom::domain::policy::Mode;
use tackroom::domain::session::Session;
use tackroom::domain::talk_item::Said as Told;
use tackroom::domain::verify::Rule;
use tackroom::domain::watched::Watched;
use tackroom::runtime::agent::Parked;

const TERMS: &str = "uses = 2\nargv starts [\"make\",\"test\"]";

fn grant(story: &mut Story, call: u32, terms: &str) {
    let hash = story.session.call(CallId(call)).and_then(|call| call.hash).expect("a judged call");
    let terms = Terms::parse(terms).expect("terms");
    story.order(Order::Grant { call: CallId(call), hash, terms });
}

/// One turn with one command, which asks.
fn turn(story: &mut Story, call: u32, argv: &[&str]) {
    story.wait(900).reply(400, "", &[("shell", json!({ "argv": argv }))]);
    story.hold_command(call, argv);
}

/// A task in which a lease is given, used twice, used up, and one that is revoked.
pub fn leased() -> Story {
    let mut story = Story::new("l3a5edl3a5", "Test until it passes");
    story.wait(100).task("Test it.");
    turn(&mut story, 1, &["make", "test"]);
    story.wait(3_000);
    grant(&mut story, 1, TERMS);
    story.run(1, 20, Outcome::Error, "1 failed");
    turn(&mut story, 2, &["make", "test", "unit"]);
    story.run(2, 20, Outcome::Ok, "ok");
    turn(&mut story, 3, &["make", "test", "all"]);
    story.run(3, 20, Outcome::Ok, "ok");
    turn(&mut story, 4, &["make", "test"]);
    story.wait(2_500);
    grant(&mut story, 4, "uses = 9\nuntil = session 2h\nargv is [\"make\",\"test\"]");
    story.run(4, 20, Outcome::Ok, "ok").order(Order::Revoke(LeaseNo(2)));
    turn(&mut story, 5, &["make", "test"]);
    story
}

#[test]
fn a_told_lease_is_whole_and_counted() {
    let story = leased();
    whole(&story.commits, "leased");
    let states: Vec<CallState> =
        (1..6).map(|id| story.session.call(CallId(id)).unwrap().state.clone()).collect();
    assert_eq!(states[4], CallState::Held, "after the revoke it asks");
    assert!(states[..4].iter().all(|state| matches!(state, CallState::Ended(_))));
}

/// What a forger made of it is found, by this rule or any.
fn finds(forge: &dyn Fn(&mut Draft), no: (usize, usize), what: &str) {
    let story = leased();
    let finding = verify(&forged(&story, forge)).finding.unwrap_or_else(|| panic!("{what} was not found"));
    let at = story.commits[no.0].events[no.1].event.no;
    assert!(finding.no >= at && finding.no.0 <= at.0 + 3, "{what}: {finding:?} is not at {at}");
    assert!(matches!(finding.rule, Rule::Derived | Rule::Decided | Rule::Chain), "{what}: {finding:?}");
}

#[test]
fn each_use_that_was_not_granted_is_found() {
    let story = leased();
    let at = |kind: &str, nth: usize| {
        let (commit, within, _) = place(&story, kind, nth);
        (commit, within)
    };
    let used = at("LeaseUsed", 0);
    let change = |with: &'static dyn Fn(&mut Fact), place: (usize, usize)| {
        move |draft: &mut Draft| with(&mut draft[place.0].1[place.1].fact)
    };
    let cases: Vec<(&str, &'static dyn Fn(&mut Fact), (usize, usize))> = vec![
        (
            "another lease",
            &|fact| {
                if let Fact::LeaseUsed { lease, .. } = fact {
                    *lease = LeaseNo(2)
                }
            },
            used,
        ),
        (
            "a count that was not",
            &|fact| {
                if let Fact::LeaseUsed { nth, .. } = fact {
                    *nth = 2
                }
            },
            used,
        ),
        (
            "more uses than given",
            &|fact| {
                if let Fact::LeaseUsed { of, .. } = fact {
                    *of = 9
                }
            },
            used,
        ),
        (
            "somebody else's word",
            &|fact| {
                if let Fact::LeaseUsed { by, .. } = fact {
                    by.name = "eve".into()
                }
            },
            used,
        ),
        (
            "another action",
            &|fact| {
                if let Fact::LeaseUsed { hash, .. } = fact {
                    *hash = Hash::ZERO
                }
            },
            used,
        ),
    ];
    for (what, with, no) in cases {
        finds(&change(with, no), no, what);
    }
    // Grants that were changed after the fact: what they had not allowed was used.
    let granted = at("LeaseGranted", 0);
    let narrower: &'static dyn Fn(&mut Fact) = &|fact| {
        if let Fact::LeaseGranted { pattern, .. } = fact {
            *pattern = "argv is [\"make\",\"test\"]".to_string();
        }
    };
    let fewer: &'static dyn Fn(&mut Fact) = &|fact| {
        if let Fact::LeaseGranted { uses, .. } = fact {
            *uses = 1;
        }
    };
    let gone = at("LeaseGranted", 0);
    for (what, with) in [("a narrower pattern", narrower), ("fewer uses", fewer)] {
        let forge = change(with, granted);
        assert!(verify(&forged(&story, &forge)).finding.is_some(), "{what}");
    }
    let without = |draft: &mut Draft| drop(draft[gone.0].1.remove(gone.1));
    assert!(verify(&forged(&story, &without)).finding.is_some(), "a grant that is gone");
    // A use by a worker that made it up, for a call that waits for a person.
    let made_up = |draft: &mut Draft| {
        let (_, last) = draft.last_mut().unwrap();
        let judged = last.last().unwrap().clone();
        let Fact::CallJudged { call, hash, .. } = &judged.fact else { panic!("{judged:?}") };
        let by = story::by();
        let fact = Fact::LeaseUsed { lease: LeaseNo(2), call: *call, hash: *hash, nth: 1, of: 9, by };
        last.push(tackroom::domain::event::Event { no: judged.no.after(), span: judged.no, fact, ..judged });
    };
    assert!(verify(&forged(&story, &made_up)).finding.is_some(), "a use of a revoked lease");
    let by_worker = |draft: &mut Draft| draft[granted.0].0 = Class::Worker;
    let finding = verify(&forged(&story, &by_worker)).finding.expect("found");
    assert_eq!(finding.rule, Rule::Chain, "a worker gives no lease: {finding:?}");
}

#[test]
fn who_granted_what_is_told_everywhere() {
    let story = leased();
    let mut audit = Audit::default();
    let mut watched = Watched::new(story.session.id.clone());
    let mut reader = Reader::new(story.session.id.clone());
    for event in story.events() {
        audit.apply(&event);
        watched.apply(&event);
        reader.apply(&event);
    }
    let entry = &audit.entries[1];
    assert!(entry.decisions.is_empty() && !entry.by_rule() && !entry.held, "{entry:?}");
    assert_eq!(entry.leased[0].words(), "by lease l1 of dev (screen), use 1 of 2");
    let mut figures = Figures::default();
    figures.add(&audit);
    assert_eq!((figures.by_lease, figures.by_rule, figures.approved), (2, 0, 2));
    let audited = Audited { session: "s".into(), audit, signatures: Default::default(), differs: None };
    let text = lines(&audited).join("\n");
    for words in [
        "approved by lease l1 of dev (screen), use 2 of 2",
        "lease l1 granted: 2 more calls of shell where argv starts",
        "lease l2 revoked — dev",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let json = document(std::slice::from_ref(&audited), &figures);
    assert_eq!(json["sessions"][0]["calls"][1]["leased"][0]["lease"], "l1");
    assert_eq!(json["sessions"][0]["leases"].as_array().unwrap().len(), 3);
    assert_eq!(json["figures"]["by_lease"], 2);
    assert!(
        tackroom::domain::audit_words::page(std::slice::from_ref(&audited), &figures).contains("use 2 of 2")
    );
    let decided: Vec<Decided> = reader.finish().iter().map(|past| past.decided).collect();
    use Decided::{Approved, ByLease, Nobody};
    assert_eq!(decided, [Approved, ByLease, ByLease, Approved, Nobody]);
    let cards: Vec<Option<Decision>> = watched
        .talk
        .items()
        .iter()
        .filter_map(|item| if let Told::Call(card) = &item.said { Some(card.decision.clone()) } else { None })
        .collect();
    assert!(matches!(&cards[1], Some(Decision::Leased(leased)) if leased.nth == 1), "{cards:?}");
    let said: Vec<String> = story.events().iter().map(|event| about(&event.fact)).collect();
    assert!(said.iter().any(|text| text.contains("c2 lease l1, use 1 of 2 — dev (screen)")), "{said:#?}");
}

#[test]
fn what_terms_would_have_allowed_is_told_against_what_was_decided() {
    let mut story = leased();
    story.order(Order::Reject { call: CallId(5), reason: "enough".into() });
    turn(&mut story, 6, &["make", "push"]);
    story.approve(6).run(6, 10, Outcome::Ok, "pushed");
    let mut reader = Reader::new(story.session.id.clone());
    story.events().iter().for_each(|event| reader.apply(event));
    let mut asked = Asked { sessions: 1, ..Asked::default() };
    let id = SessionId("l3a5edl3a5".into());
    reader.finish().into_iter().for_each(|past| asked.add(&id, past, ("shell", "/srv/notes")));
    assert_eq!(asked.calls.len(), 6);
    let tried = |text: &str| Tried::of(&Terms::parse(text).unwrap(), &asked, (&id, CallId(9)));
    let wide = tried(TERMS);
    assert_eq!((wide.calls, wide.approved, wide.rejected), (5, 4, 1));
    assert_eq!(wide.against[0].call, CallId(5));
    assert_eq!(
        wide.sentence(),
        "Over the last 1 session here this would have allowed 5 other calls: 4 approved, 1 rejected."
    );
    assert_eq!(
        tried("argv is [\"make\",\"push\"]").sentence(),
        "Over the last 1 session here this would have allowed 1 other call: 1 approved."
    );
    assert_eq!(tried("argv starts [\"rm\"]").calls, 0);
    let mut none = Asked::default();
    let mut reader = Reader::new(story.session.id.clone());
    story.events().iter().for_each(|event| reader.apply(event));
    reader.finish().into_iter().for_each(|past| none.add(&id, past, ("shell", "/srv/other")));
    assert!(none.calls.is_empty(), "another folder's calls tell nothing");
}

/// Cause: the call that is decided on, and others that wait beside it, were counted as if somebody had let them lie.
#[test]
fn the_call_itself_is_left_out_and_those_that_wait_are_told_apart() {
    let mut story = leased();
    story.order(Order::Reject { call: CallId(5), reason: "enough".into() });
    let make = |target: &str| ("shell", json!({ "argv": ["make", "test", target] }));
    story.reply(400, "", &[make("a"), make("b"), make("c"), ("shell", json!({"argv": ["make", "push"]}))]);
    for (call, target) in [(6, "a"), (7, "b"), (8, "c")] {
        story.hold_command(call, &["make", "test", target]);
    }
    story.hold_command(9, &["make", "push"]);
    let mut reader = Reader::new(story.session.id.clone());
    story.events().iter().for_each(|event| reader.apply(event));
    let mut asked = Asked { sessions: 1, ..Asked::default() };
    let id = story.session.id.clone();
    reader.finish().into_iter().for_each(|past| asked.add(&id, past, ("shell", "/srv/notes")));
    let terms = Terms::parse(TERMS).unwrap();
    let tried = Tried::of(&terms, &asked, (&id, CallId(6)));
    assert_eq!((tried.calls, tried.approved, tried.rejected, tried.waiting, tried.open), (7, 4, 1, 2, 0));
    assert!(tried.sentence().ends_with("7 other calls: 4 approved, 1 rejected, 2 waiting now."));
    let call = story.session.call(CallId(6)).unwrap().clone();
    let runs = at_once(&story.session, &call, &terms, story.now);
    assert_eq!(runs, [CallId(7), CallId(8)]);
    let words = at_once_words(&runs).unwrap();
    assert!(words.contains("c7 and c8, which wait too, run without asking"), "{words}");
    let one = Terms::parse("uses = 1\nargv starts [\"make\",\"test\"]").unwrap();
    assert_eq!(at_once(&story.session, &call, &one, story.now), [CallId(7)], "no more than it has");
    let push = Terms::parse("argv starts [\"make\",\"push\"]").unwrap();
    assert_eq!(at_once(&story.session, &call, &push, story.now), [], "it does not cover its own call");
    // That is what a grant does.
    grant(&mut story, 6, TERMS);
    let state = |call: u32| story.session.call(CallId(call)).map(|call| call.state.clone());
    assert!([7, 8].into_iter().all(|call| matches!(state(call), Some(CallState::Cleared { .. }))));
    assert_eq!(state(9), Some(CallState::Held));
    let none = Tried { sessions: 3, ..Tried::default() };
    assert_eq!(none.sentence(), "Over the last 3 sessions here this would have allowed no other call.");
}

/// Four turns, each with the same command.
fn turns() -> Vec<Said> {
    let make = || calling(&[("command", json!({"argv": ["make"]}))]);
    vec![make(), make(), make(), make(), Said::Reply(crate::harness::fold::said("done"))]
}

/// Drives to the end: the first command that waits is granted with two more, every other hold answered as it comes.
async fn with_a_lease(world: &World, id: &SessionId) -> Result<Session, String> {
    loop {
        let parked = world.drive(id).await.map_err(|fault| fault.to_string())?;
        let session = world.session(id).await.map_err(|fault| fault.to_string())?;
        if parked == Parked::Idle {
            return Ok(session);
        }
        let waiting = session.open_calls().find(|call| call.state == CallState::Held).cloned();
        match waiting.filter(|_| session.last_lease == LeaseNo(0)) {
            Some(call) => {
                let (terms, hash) =
                    (Terms::parse("uses = 2\nargv is [\"make\"]").unwrap(), call.hash.unwrap());
                let order = Order::Grant { call: call.id, hash, terms };
                world.hand().order(id, &order).await.map_err(|fault| fault.to_string())?;
            }
            None => world.answer(id).await.map_err(|fault| fault.to_string())?,
        }
    }
}

#[tokio::test]
async fn cut_after_every_commit_a_lease_keeps_its_count() {
    let clean = World::new(turns());
    let id = clean.begin(Mode::Auto).await.expect("begun");
    let session = with_a_lease(&clean, &id).await.expect("driven");
    assert_eq!(session.lease(LeaseNo(1)).map(|lease| lease.used), Some(2));
    let commits = clean.engine.faults().commits();
    for cut in 1..commits {
        let mut world = World::new(turns());
        world.engine.faults().crash_after(cut);
        let id = world.begin(Mode::Auto).await.expect("the first commit was to be taken");
        assert!(with_a_lease(&world, &id).await.is_err(), "cut {cut} must stop it");
        world.engine = world.engine.restart();
        let session = with_a_lease(&world, &id).await.unwrap_or_else(|fault| panic!("cut {cut}: {fault}"));
        assert!(all_ended(&session), "cut {cut}");
        assert!(world.effects.lock().expect("free").values().all(|count| *count == 1), "cut {cut}");
        let events = world.events(&id).await;
        crash::whole(&events);
        let nths: Vec<u32> = events
            .iter()
            .filter_map(|event| if let Fact::LeaseUsed { nth, .. } = event.fact { Some(nth) } else { None })
            .collect();
        assert_eq!(nths, [1, 2], "cut {cut}: each use once, none lost");
        // A use is on disk before its call starts.
        for event in &events {
            if let Fact::LeaseUsed { call, .. } = &event.fact {
                let starts = |other: &&tackroom::domain::event::Event| matches!(&other.fact, Fact::CallStarted { call: id, .. } if id == call);
                assert!(events.iter().filter(starts).all(|start| start.no > event.no), "cut {cut}");
            }
        }
        whole(&world.commits(&id).await, &format!("cut {cut}"));
    }
    println!("lease crash points: {} cuts, each count exact", commits - 1);
}
