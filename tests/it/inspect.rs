//! An event looked at closely, through the log: what belongs to it is found, requests are made again, nothing is claimed that is not known.

use crate::harness::look::{ask, call, event, page, page_with};
use crate::harness::story::{self, Story};
use serde_json::json;
use std::sync::Arc;
use tackroom::domain::call::{Outcome, Output};
use tackroom::domain::commit::Class;
use tackroom::domain::event::Fact;
use tackroom::domain::fault::FaultKind;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, EventNo};
use tackroom::domain::inspect::page::{Page, Part, Section, Subject};
use tackroom::domain::order::Order;

/// A section that the page has.
fn section<'a>(page: &'a Page, name: &str) -> &'a Section {
    let names: Vec<&str> = page.sections.iter().map(|section| section.name).collect();
    let found = page.sections.iter().find(|section| section.name == name);
    found.unwrap_or_else(|| panic!("no section {name}: {names:?}"))
}

/// The row of a label.
fn row<'a>(page: &'a Page, name: &str, wanted: &str) -> &'a str {
    let parts = &section(page, name).parts;
    let found = parts.iter().find_map(|part| {
        let Part::Row { label, text, .. } = part else { return None };
        (label == wanted).then_some(text.as_str())
    });
    found.unwrap_or_else(|| panic!("no row {wanted}: {parts:#?}"))
}

/// The event of a story with which a call begins to be so.
fn no(story: &Story, is: impl Fn(&Fact) -> bool) -> u64 {
    story.events().iter().find(|event| is(&event.fact)).expect("such an event").no.0
}

/// A turn asked with a real request, answered or failed.
fn asked() -> (Story, Vec<u8>) {
    let mut story = Story::new("a5kedq1234", "Ask");
    story.task("Look at it.");
    let frame = ask(&mut story);
    story.wait(900).answer(900, "I look.", "First the list.", &[("search", json!({"pattern": "x"}))]);
    story.allow(1, ".").run(1, 5, Outcome::Ok, "a.md:1: x\n");
    ask(&mut story);
    (story, frame)
}

#[tokio::test]
async fn a_request_is_made_again_byte_by_byte() {
    let (story, frame) = asked();
    let at = no(&story, |fact| matches!(fact, Fact::ModelAsked { .. }));
    for at in [at, at + 1, story.events().last().unwrap().no.0] {
        let page = page(&story, &[&frame], event(at), None).await;
        let written = story.events().iter().rev().filter(|event| event.no.0 <= at).find_map(|event| {
            if let Fact::ModelAsked { request, .. } = &event.fact { Some(*request) } else { None }
        });
        let body = section(&page, "body").copied();
        assert_eq!(Some(Hash::of(body.as_bytes())), written, "at {at}");
        assert!(
            row(&page, "request", "exact bytes").contains("their hash is the one written down"),
            "{page:#?}"
        );
    }
    let first = page(&story, &[&frame], event(at), None).await;
    assert!(section(&first, "receipt").copied().contains("tool search"), "{:#?}", section(&first, "receipt"));
    assert!(section(&first, "reply").copied().contains("I look."), "the answer stands beside its request");
}

#[tokio::test]
async fn what_cannot_be_made_again_is_not_claimed() {
    let (story, frame) = asked();
    let at = event(no(&story, |fact| matches!(fact, Fact::ModelAsked { .. })));
    let lost = page(&story, &[], at, None).await;
    assert!(row(&lost, "request", "exact bytes").contains("not in the store any more"), "{lost:#?}");
    let other = page_with(&story, &[&frame], at, None, |_, _| Some(b"{}".to_vec())).await;
    assert!(row(&other, "request", "exact bytes").starts_with("not known"), "{other:#?}");
    assert!(section(&other, "body").title.contains("not what was sent"));
    let newer = page_with(&story, &[&frame], at, None, |_, _| None).await;
    assert!(row(&newer, "request", "exact bytes").contains("a form that this program does not know"));
    let mut before = Story::new("b4kedq1234", "Before frames were kept");
    before.task("x").reply(10, "Done.", &[]);
    let page =
        page(&before, &[], event(no(&before, |fact| matches!(fact, Fact::ModelAsked { .. }))), None).await;
    assert!(row(&page, "request", "exact bytes").contains("did not keep"), "{page:#?}");
    assert!(section(&page, "messages").copied().contains('x'), "what it was made of is still told");
}

#[tokio::test]
async fn every_attempt_of_a_turn_is_told_with_its_fault() {
    let mut story = Story::new("f4u1tq1234", "Faults");
    story.task("x").ask().wait(700).fault(FaultKind::RateLimit, "slow down").wait(2_000);
    story.ask().wait(300).answer(300, "There.", "", &[]);
    let replied = no(&story, |fact| matches!(fact, Fact::ModelReplied { .. }));
    let page = page(&story, &[], event(replied), None).await;
    let Part::Table { rows, .. } = &section(&page, "attempts").parts[0] else { panic!("a table") };
    let told: Vec<(&str, &str)> = rows.iter().map(|row| (row[0].as_str(), row[3].as_str())).collect();
    assert_eq!(told, [("1", "700ms"), ("2", "300ms")], "{rows:?}");
    assert!(rows[0][4].contains("slow down"), "{rows:?}");
}

#[tokio::test]
async fn an_edited_call_is_told_from_proposal_to_run() {
    let story = story::done();
    let page = page(&story, &[], call(&story, 4), None).await;
    let parts = &section(&page, "arguments").parts;
    let changes: Vec<&Part> = parts.iter().filter(|part| matches!(part, Part::Change { .. })).collect();
    let [Part::Change { label, before, after }] = changes[..] else { panic!("edited once: {changes:#?}") };
    assert!(label.starts_with("edited by dev (screen)"), "{label}");
    assert!(
        before.contains("│ # Approvals that survive") && after.contains("│ # Holds that survive"),
        "{after}"
    );
    assert!(row(&page, "arguments", "run").starts_with("as edited"), "what was edited is what ran");
    assert!(row(&page, "decisions", "approved").starts_with("by dev (screen) after 12.3s"), "{page:#?}");
    assert!(row(&page, "verdict", "ask").contains("rule"), "{page:#?}");
    assert!(row(&page, "call", "stands").starts_with("done"), "{page:#?}");
}

#[tokio::test]
async fn an_edit_that_was_denied_did_not_run() {
    let mut story = Story::new("d3n1edq123", "Denied");
    let (mine, theirs) = (json!({"path": "/etc/x"}), json!({"path": "a.md"}));
    story.task("x").reply(10, "", &[("write_file", theirs.clone())]).hold_change(1, "a.md", None, "A");
    let hash = story.session.call(CallId(1)).and_then(|call| call.hash).unwrap();
    story.wait(500).order(Order::ApproveEdited { call: CallId(1), hash, args: mine });
    let (judge, effect) =
        (tackroom::domain::policy::Word::Deny, tackroom::domain::tool_spec::Effect::SideEffect);
    let verdict = tackroom::domain::policy::Verdict {
        word: judge,
        rule: "outside".to_string(),
        why: "It is outside.".to_string(),
        policy: "p".to_string(),
        person: None,
    };
    let judged = Fact::CallJudged {
        call: CallId(1),
        verdict,
        hash,
        effect,
        destroys: false,
        touches: Vec::new(),
        preview: Default::default(),
        sandbox: String::new(),
    };
    story.facts(Class::Worker, vec![judged]);
    story.wait(700).approve(1).wait(1).run(1, 5, Outcome::Ok, "wrote it");
    let page = page(&story, &[], call(&story, 1), None).await;
    assert!(row(&page, "arguments", "edit").contains("denied by rule outside"), "{page:#?}");
    assert!(row(&page, "arguments", "run").starts_with("as proposed"), "{page:#?}");
}

#[tokio::test]
async fn the_future_of_a_replay_is_not_told() {
    let story = story::done();
    let judged = no(&story, |fact| matches!(fact, Fact::CallJudged { call: CallId(4), .. }));
    for until in [judged, judged + 1] {
        let then = page(&story, &[], call(&story, 4), Some(until)).await;
        assert!(then.sections.iter().all(|section| section.name != "output"));
        assert!(then.events.iter().all(|raw| raw.no.0 <= until), "{:?}", then.events);
    }
    let then = page(&story, &[], call(&story, 4), Some(judged)).await;
    assert!(row(&then, "decisions", "waits").starts_with("for a person since"), "{then:#?}");
    let now = page(&story, &[], call(&story, 4), None).await;
    assert!(now.sections.iter().any(|section| section.name == "output"));
}

#[tokio::test]
async fn a_large_output_is_told_whole_from_the_store_or_by_its_ends() {
    let mut story = Story::new("l4rgeq1234", "Large");
    let whole: String = (0..300_000).map(|at| format!("line {at}\n")).collect();
    let (mut output, cut) = Output::bounded(whole.clone());
    assert!(cut);
    output.blob = Some(Hash::of(whole.as_bytes()));
    story.task("x").reply(10, "", &[("search", json!({}))]).allow(1, ".").start(1);
    let ended = Fact::CallEnded { call: CallId(1), outcome: Outcome::Ok, output, ms: 3 };
    story.facts(Class::Worker, vec![ended]);
    let there = page(&story, &[whole.as_bytes()], call(&story, 1), None).await;
    assert_eq!(section(&there, "output").copied(), whole);
    let gone = page(&story, &[], call(&story, 1), None).await;
    assert!(row(&gone, "output", "size").contains("not in the store any more"));
    assert!(section(&gone, "output").copied().contains("bytes left out"));
}

#[tokio::test]
async fn every_event_of_every_story_has_a_page_that_tells_it() {
    for story in [story::done(), story::unknown(), story::stopped(), story::held()] {
        for told in story.events() {
            let page = page(&story, &[], event(told.no.0), None).await;
            assert_eq!((page.kind.as_str(), page.events[0].no), (told.fact.kind(), told.no));
            assert_eq!(page.events[0].json.as_ref(), told.to_json(), "as stored");
            let before = row(&page, "record", "hash before").to_string();
            let sealed = |no: u64| {
                let all = story.commits.iter().flat_map(|commit| &commit.events);
                all.into_iter().find(|sealed| sealed.event.no.0 == no).map(|sealed| sealed.hash)
            };
            assert_eq!(before, sealed(told.no.0 - 1).unwrap_or(Hash::ZERO).to_string());
            assert_eq!(row(&page, "record", "hash"), sealed(told.no.0).unwrap().to_string());
        }
    }
}

#[tokio::test]
async fn an_event_is_found_in_a_long_session_and_one_beyond_it_is_not() {
    let story = story::long(400);
    let (_, store) = crate::harness::look::stored(&story).await;
    let last = story.events().len() as u64;
    for no in [1, 2, last / 3, last / 2, last - 1, last] {
        let page = page(&story, &[], event(no), None).await;
        assert_eq!(page.subject.no, EventNo(no));
    }
    let read = tackroom::runtime::inspect::inspect;
    for no in [0, last + 1] {
        let subject = Subject { no: EventNo(no), call: None };
        let rebuild = tackroom::adapters::model::body::rebuilt;
        let found = read(&store, rebuild, &story.session.id, subject, None).await.unwrap();
        assert_eq!(found.map(Arc::new), None);
    }
}

#[tokio::test]
async fn who_is_asked_again_is_told_how_long_that_waited() {
    let mut story = Story::new("l4psedq123", "Lapsed");
    story
        .task("x")
        .reply(10, "", &[("write_file", json!({"path": "a.md"}))])
        .hold_change(1, "a.md", None, "A");
    story.wait(5_000).approve(1);
    let why = tackroom::domain::event::Lapse::Expired;
    story.wait(100).facts(Class::Worker, vec![Fact::CallLapsed { call: CallId(1), why }]);
    story.wait(50).hold_change(1, "a.md", None, "A");
    let page_now = page(&story, &[], call(&story, 1), None).await;
    assert!(row(&page_now, "decisions", "waits").contains("since"), "{page_now:#?}");
    story.wait(7_000).approve(1);
    let told = page(&story, &[], call(&story, 1), None).await;
    let words = section(&told, "decisions").copied();
    assert!(
        words.contains("after 5.0s") && words.contains("after 7.0s") && words.contains("too old"),
        "{words}"
    );
}
