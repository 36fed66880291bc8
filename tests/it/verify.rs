//! The check of stored sessions: what this program wrote is whole, at every crash point and on random walks; what was
//! tampered with is found, at the right event.

use crate::harness::promise;
use crate::harness::story::{self, Story};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tackroom::domain::call::{By, Outcome, Output, Preview, Via};
use tackroom::domain::commit::{Class, Commit, Head};
use tackroom::domain::event::{EndReason, Event, Fact, RunStatus, Settling};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, CommitId, EventNo, RunNo};
use tackroom::domain::order::Order;
use tackroom::domain::policy::{Mode, Word};
use tackroom::domain::time::Micros;
use tackroom::domain::verify::{Finding, Rule, Verified, Verifier};

/// Checks commits as the command does.
pub fn verify(commits: &[Arc<Commit>]) -> Verified {
    let first = commits.first().expect("a commit");
    let mut verifier = Verifier::new(first.session.clone());
    commits.iter().for_each(|commit| verifier.apply(commit));
    verifier.finish()
}

/// Nothing may be found.
pub fn whole(commits: &[Arc<Commit>], what: &str) {
    let verified = verify(commits);
    assert_eq!(verified.finding, None, "{what}");
    let events = commits.iter().map(|commit| commit.events.len() as u64).sum::<u64>();
    assert_eq!(verified.events, events, "{what}: every event was looked at");
}

/// A task that knows every kind of a call's life: refused, denied, edited, rejected, answered, unknown in each way, dropped.
fn rich() -> Story {
    let mut story = story::done();
    story.wait(50).order(Order::Say("Now publish it.".to_string()));
    story.reply(
        400,
        "",
        &[
            ("shell", serde_json::json!({"argv": ["make", "site"]})),
            ("shell", serde_json::json!({"argv": ["make", "push"]})),
            ("no_such_tool", serde_json::json!({})),
            ("write_file", serde_json::json!({"path": "/etc/hosts", "content": ""})),
        ],
    );
    story.hold_command(7, &["make", "site"]).hold_command(8, &["make", "push"]);
    story.judge(10, Word::Deny, "outside", "Outside of the workspace.", Vec::new(), Preview::None);
    story.wait(900).approve(7).wait(3).start(7).wait(20).crash("dev-laptop:77");
    let settle = |how| Order::Settle { call: CallId(7), how, note: "seen in the log".to_string() };
    story.wait(4_000).order(settle(Settling::Again)).wait(2).start(7).wait(8).crash("dev-laptop:78");
    story.wait(10).order(settle(Settling::Happened));
    story.wait(10).order(Order::Respond { call: CallId(8), text: "I pushed it myself".to_string() });
    story.order(Order::Pause).wait(5_000).order(Order::Resume);
    story.order(Order::Step).wait(10).order(Order::Step);
    story.reply(
        300,
        "",
        &[
            ("read_file", serde_json::json!({"path": "site/index.html"})),
            ("shell", serde_json::json!({"argv": ["make", "check"]})),
        ],
    );
    story
        .allow(11, "site/index.html")
        .hold_command(12, &["make", "check"])
        .order(Order::Step)
        .wait(1)
        .start(11)
        .wait(2)
        .crash("dev-laptop:79");
    story.order(Order::SetMode(Mode::Auto)).wait(1).run(11, 4, Outcome::Ok, "<html>");
    story.wait(10).order(Order::Rename("Publish".to_string()));
    story.order(Order::Say("And tell me when.".to_string()));
    story.order(Order::Cancel).wait(2).finish();
    let next = tackroom::domain::outcome::Report::QueueTaken;
    story.report(next).ask().wait(10).crash("dev-laptop:80").reply(70, "It is done.", &[]).finish();
    story
}

#[test]
fn told_sessions_are_whole() {
    for (name, story) in [
        ("held", story::held()),
        ("done", story::done()),
        ("unknown", story::unknown()),
        ("long", story::long(40)),
        ("rich", rich()),
    ] {
        whole(&story.commits, name);
    }
}

#[test]
fn an_open_tail_is_told_and_is_no_fault() {
    let story = story::done();
    let mut seen = BTreeSet::new();
    for to in 1..=story.commits.len() {
        let verified = verify(&story.commits[..to]);
        assert_eq!(verified.finding, None, "the first {to} commits");
        seen.extend(verified.open.into_iter().map(|open| open.split(" (#").next().unwrap_or("").to_string()));
    }
    for wanted in
        ["the model was asked", "call c4 waits for a decision", "call c4 was started and has not ended yet"]
    {
        assert!(seen.contains(wanted), "{wanted} in {seen:#?}");
    }
    assert!(verify(&story.commits).open.is_empty(), "a session that is over has no open end");
}

#[test]
fn a_long_session_keeps_nothing_that_is_over() {
    let story = story::long(300);
    let mut verifier = Verifier::new(story.session.id.clone());
    let mut largest = 0;
    for commit in &story.commits {
        verifier.apply(commit);
        let size = format!("{verifier:?}").len();
        let spans = format!("{verifier:?}").matches("Node {").count();
        largest = largest.max(size.saturating_sub(spans * 100));
    }
    assert!(largest < 60_000, "{largest} characters are kept at most: what is open, not what has been");
}

/// A session as a forger sees it: commits as lists of events that may be changed.
pub type Draft = Vec<(Class, Vec<Event>)>;

/// Changes a session and seals it anew: numbers, spans, hashes and commits fit again.
pub fn forged(story: &Story, forge: &dyn Fn(&mut Draft)) -> Vec<Arc<Commit>> {
    let mut draft: Draft = story
        .commits
        .iter()
        .map(|commit| (commit.class, commit.events.iter().map(|sealed| sealed.event.clone()).collect()))
        .collect();
    forge(&mut draft);
    let (mut head, mut no, mut names) = (Head::start(), EventNo(0), BTreeMap::new());
    let mut commits = Vec::new();
    for (at, (class, mut events)) in
        draft.into_iter().enumerate().filter(|(_, (_, events))| !events.is_empty())
    {
        for event in &mut events {
            no = no.after();
            names.entry(event.no).or_insert(no);
            event.no = no;
            event.span = names.get(&event.span).copied().unwrap_or(event.span);
            event.parent = names.get(&event.parent).copied().unwrap_or(event.parent);
        }
        let moment = events.last().map_or(Micros(0), |event| event.at);
        let id = CommitId::from_random(at as u128 + 1);
        let commit = head.seal(id, &story.session.id, (class, "forger"), moment, events);
        // A forger does not ask the fold rule; the check does.
        head = Head {
            commit: commit.id.clone(),
            seq: commit.seq,
            epoch: commit.epoch,
            event: no,
            hash: commit.events.last().map_or(Hash::ZERO, |sealed| sealed.hash),
        };
        commits.push(Arc::new(commit));
    }
    commits
}

fn found(story: &Story, forge: &dyn Fn(&mut Draft)) -> Option<Finding> {
    verify(&forged(story, forge)).finding
}

/// The place of the nth event of a kind: commit and event in it, and its number.
pub fn place(story: &Story, kind: &str, nth: usize) -> (usize, usize, EventNo) {
    let all = story.commits.iter().enumerate().flat_map(|(commit, sealed)| {
        sealed
            .events
            .iter()
            .enumerate()
            .map(move |(at, one)| (commit, at, one.event.no, one.event.fact.kind()))
    });
    let mut fits = all.filter(|(.., found)| *found == kind);
    let (commit, at, no, _) = fits.nth(nth).unwrap_or_else(|| panic!("there is no {kind} number {nth}"));
    (commit, at, no)
}

#[test]
fn every_removed_event_is_found_where_it_is_missing() {
    let mut free = BTreeMap::<String, u32>::new();
    let mut cases = 0;
    for story in [story::done(), rich()] {
        for (at, commit) in story.commits.iter().enumerate() {
            for within in 0..commit.events.len() {
                let event = &commit.events[within].event;
                cases += 1;
                // As it is stored: the chain breaks right there, whatever it was.
                let mut torn: Vec<Arc<Commit>> = story.commits.clone();
                let mut without = commit.as_ref().clone();
                without.events.remove(within);
                torn[at] = Arc::new(without);
                let last = at + 1 == story.commits.len() && within + 1 == commit.events.len();
                let broken = verify(&torn).finding;
                if !last {
                    let broken =
                        broken.unwrap_or_else(|| panic!("{} {} was not missed", event.no, event.fact.kind()));
                    assert_eq!(broken.no, event.no, "{}: {broken:?}", event.fact.kind());
                }
                // With everything sealed anew: what follows does not follow any more.
                match found(&story, &|draft| drop(draft[at].1.remove(within))) {
                    Some(finding) => assert!(finding.no >= event.no, "{finding:?} is before {}", event.no),
                    None if last => {}
                    None => *free.entry(event.fact.kind().to_string()).or_default() += 1,
                }
            }
        }
    }
    println!("removed events: {cases} cases; a forger who owns the store can leave out {free:?}");
    // A person's word that nothing rests on, and a takeover that found nothing but a request, leave no trace behind them.
    let unheard = ["ModeSet", "OperatorSteered", "RunPaused", "RunReleased", "SessionRenamed", "WriterTaken"];
    let odd: Vec<&String> = free.keys().filter(|kind| !unheard.contains(&kind.as_str())).collect();
    assert!(odd.is_empty(), "unnoticed: {odd:?}");
}

#[test]
fn every_two_swapped_events_are_found() {
    let story = rich();
    let (mut cases, mut unnoticed) = (0, Vec::new());
    let all: Vec<(usize, usize)> = story
        .commits
        .iter()
        .enumerate()
        .flat_map(|(at, commit)| (0..commit.events.len()).map(move |within| (at, within)))
        .collect();
    for pair in all.windows(2) {
        let [one, two] = [pair[0], pair[1]];
        let fact = |(at, within): (usize, usize)| story.commits[at].events[within].event.clone();
        let (first, second) = (fact(one), fact(two));
        cases += 1;
        let finding = found(&story, &|draft| {
            let (class_one, class_two) = (draft[one.0].0, draft[two.0].0);
            let (a, b) = (draft[one.0].1[one.1].clone(), draft[two.0].1[two.1].clone());
            let times = (a.at, b.at);
            draft[one.0].1[one.1] = Event { at: times.0, ..b };
            draft[two.0].1[two.1] = Event { at: times.1, ..a };
            if one.0 != two.0 {
                draft[one.0].0 = class_two;
                draft[two.0].0 = class_one;
            }
        });
        match finding {
            Some(finding) => {
                let from = story.commits[one.0].events[0].event.no; // the class is the whole commit's
                assert!(finding.no >= from, "{finding:?} is before {}", first.no);
            }
            None => unnoticed.push(format!("{} {}", first.fact.kind(), second.fact.kind())),
        }
    }
    println!("swapped events: {cases} cases, order free: {unnoticed:?}");
    // Two things that were said or came in side by side, and neither rests on the other.
    let free = |pair: &String| {
        let (one, two) = pair.split_once(' ').unwrap_or_default();
        let beside = |kind: &str| {
            matches!(
                kind,
                "SessionRenamed" | "OperatorSaid" | "OperatorSteered" | "RunPaused" | "RunReleased"
            )
        };
        beside(one)
            || beside(two)
            || (one.starts_with("Call") && two.starts_with("Call"))
            || [one, two]
                .iter()
                .any(|kind| matches!(*kind, "StepAllowed" | "ModeSet" | "CancelAsked" | "WriterTaken"))
    };
    let odd: Vec<&String> = unnoticed.iter().filter(|pair| !free(pair)).collect();
    assert!(odd.is_empty(), "unnoticed: {odd:?}");
}

/// One tampering: its name, where it is found, by which rule, with which words.
struct Case {
    name: &'static str,
    forge: Box<dyn Fn(&mut Draft)>,
    no: EventNo,
    rule: Rule,
    words: &'static str,
}

fn by() -> By {
    By { name: "mallory".to_string(), via: Via::Screen }
}

fn case(
    name: &'static str,
    (no, rule, words): (EventNo, Rule, &'static str),
    forge: impl Fn(&mut Draft) + 'static,
) -> Case {
    Case { name, forge: Box::new(forge), no, rule, words }
}

/// Changes the fact at a place.
fn altered(at: (usize, usize, EventNo), change: impl Fn(&mut Fact) + 'static) -> impl Fn(&mut Draft) {
    move |draft| change(&mut draft[at.0].1[at.1].fact)
}

/// Puts a copy of the event at a place, with another fact, into a commit of its own before it.
fn inserted(at: (usize, usize, EventNo), class: Class, fact: Fact) -> impl Fn(&mut Draft) {
    move |draft| {
        let like = draft[at.0].1[at.1].clone();
        let no = EventNo(like.no.0 + 1_000_000);
        let span = if like.span == like.no { no } else { like.span };
        draft.insert(at.0, (class, vec![Event { no, span, fact: fact.clone(), ..like }]));
    }
}

fn decisions(story: &Story) -> Vec<Case> {
    let at = |kind: &str, nth| place(story, kind, nth);
    let (approved, started, ended) = (at("CallApproved", 1), at("CallStarted", 4), at("CallEnded", 4));
    let edited = at("CallApproved", 0);
    vec![
        case(
            "an approval of another action",
            (approved.2, Rule::Decided, "another action"),
            altered(approved, |fact| {
                if let Fact::CallApproved { hash, .. } = fact {
                    *hash = Hash::of(b"another action");
                }
            }),
        ),
        case(
            "an edited approval of another action",
            (edited.2, Rule::Decided, "hash"),
            altered(edited, |fact| {
                if let Fact::CallApproved { hash, .. } = fact {
                    *hash = Hash::of(b"another action");
                }
            }),
        ),
        case("an approval left out", (approved.2, Rule::Decided, "nobody approved it"), move |draft| {
            draft.remove(approved.0);
        }),
        case(
            "an approval that had run out",
            (started.2, Rule::Decided, "expired"),
            altered(approved, |fact| {
                if let Fact::CallApproved { expires, .. } = fact {
                    *expires = Micros(story::START.0 + 1);
                }
            }),
        )
        .shifted(story, approved.2, started.2),
        case(
            "a start of another action",
            (started.2, Rule::Decided, "hash"),
            altered(started, |fact| {
                if let Fact::CallStarted { hash, .. } = fact {
                    *hash = Hash::of(b"another action");
                }
            }),
        ),
        case(
            "a clearance used twice",
            (EventNo(ended.2.0 + 1), Rule::Decided, "a decision counts once"),
            move |draft| {
                let (start, end) = (draft[started.0].clone(), draft[ended.0].clone());
                draft.insert(ended.0 + 1, again(&start, end.1[0].at));
                draft.insert(ended.0 + 2, again(&end, end.1[0].at));
            },
        ),
        case("a second result", (EventNo(ended.2.0 + 1), Rule::Result, "second result"), move |draft| {
            let end = draft[ended.0].clone();
            draft.insert(ended.0 + 1, again(&end, end.1[0].at));
        }),
        case("a worker's approval", (approved.2, Rule::Chain, "may not say"), move |draft| {
            draft[approved.0].0 = Class::Worker;
        }),
    ]
}

impl Case {
    /// An approval whose end is before its own stamp tells nothing of the time; this one ends right after it.
    fn shifted(mut self, story: &Story, approved: EventNo, started: EventNo) -> Case {
        let event = |no: EventNo| story.events()[no.0 as usize - 1].clone();
        let (approved, started) = (event(approved), event(started));
        assert!(approved.at <= started.at);
        self.forge = Box::new(move |draft: &mut Draft| {
            let mut late = false;
            for event in draft.iter_mut().flat_map(|(_, events)| events) {
                if event.no == approved.no
                    && let Fact::CallApproved { expires, .. } = &mut event.fact
                {
                    *expires = event.at.plus_ms(10);
                }
                late |= event.no == started.no;
                if late {
                    event.at = event.at.plus_ms(60_000);
                }
            }
        });
        self
    }
}

/// A copy of a commit with events of their own.
fn again(commit: &(Class, Vec<Event>), at: Micros) -> (Class, Vec<Event>) {
    let copy = |event: &Event| {
        let no = EventNo(event.no.0 + 1_000_000);
        Event { no, span: if event.span == event.no { no } else { event.span }, at, ..event.clone() }
    };
    (commit.0, commit.1.iter().map(copy).collect())
}

fn facts(story: &Story) -> Vec<Case> {
    let at = |kind: &str, nth| place(story, kind, nth);
    let (judged, asked, replied) = (at("CallJudged", 0), at("ModelAsked", 1), at("ModelReplied", 0));
    let failed = at("ModelFailed", 0);
    vec![
        case(
            "a verdict on other arguments",
            (judged.2, Rule::Decided, "hash"),
            altered(judged, |fact| {
                if let Fact::CallJudged { hash, .. } = fact {
                    *hash = Hash::of(b"other arguments");
                }
            }),
        ),
        case(
            "a reply that counts its calls wrong",
            (replied.2, Rule::Derived, "calls"),
            altered(replied, |fact| {
                if let Fact::ModelReplied { calls, .. } = fact {
                    calls.swap(0, 1);
                }
            }),
        ),
        case(
            "a prompt of another length",
            (asked.2, Rule::Derived, "messages"),
            altered(asked, |fact| {
                if let Fact::ModelAsked { messages, .. } = fact {
                    *messages += 1;
                }
            }),
        ),
        case(
            "an attempt that was not made",
            (asked.2, Rule::Derived, "attempt"),
            altered(asked, |fact| {
                if let Fact::ModelAsked { attempt, .. } = fact {
                    *attempt = 3;
                }
            }),
        ),
        case(
            "a fault that is waited out by nobody",
            (failed.2, Rule::Derived, "then"),
            altered(failed, |fact| {
                if let Fact::ModelFailed { then, .. } = fact {
                    *then = tackroom::domain::retry::AfterFault::Wait;
                }
            }),
        ),
    ]
}

fn ends_and_places(story: &Story) -> Vec<Case> {
    let at = |kind: &str, nth| place(story, kind, nth);
    let (run_ended, run, judged) = (at("RunEnded", 0), at("RunStarted", 0), at("CallJudged", 0));
    let (rejected, taken, settled) = (at("CallRejected", 0), at("WriterTaken", 1), at("CallSettled", 0));
    let started = at("CallStarted", 0);
    let ends = Fact::RunEnded { status: RunStatus::Done, why: EndReason::Answered };
    vec![
        case(
            "an end of another kind",
            (run_ended.2, Rule::Derived, "status"),
            altered(run_ended, |fact| {
                if let Fact::RunEnded { status, .. } = fact {
                    *status = RunStatus::Cancelled;
                }
            }),
        ),
        case(
            "an end too early",
            (started.2, Rule::Derived, "RunEnded"),
            inserted(started, Class::Worker, ends),
        ),
        case(
            "a rejection taken back",
            (rejected.2, Rule::Derived, "waiting"),
            altered(rejected, |fact| {
                *fact = Fact::CallSettled {
                    call: CallId(6),
                    how: Settling::Happened,
                    by: by(),
                    note: String::new(),
                };
            }),
        ),
        case(
            "a takeover that hides what ran",
            (EventNo(taken.2.0 + 1), Rule::Ends, "missing"),
            move |draft| {
                draft[taken.0].1.truncate(1);
            },
        ),
        case(
            "a settling of what was not unknown",
            (settled.2, Rule::Derived, "c8"),
            altered(settled, |fact| {
                if let Fact::CallSettled { call, .. } = fact {
                    *call = CallId(8);
                }
            }),
        ),
        case("a task under another number", (run.2, Rule::Spans, "span"), move |draft| {
            draft[run.0].1[run.1].run = RunNo(7);
        }),
        case("time that goes back", (judged.2, Rule::Time, "time"), move |draft| {
            draft[judged.0].1[judged.1].at = Micros(1);
        }),
        case("an event in another span", (started.2, Rule::Spans, "span"), move |draft| {
            let event = &mut draft[started.0].1[started.1];
            event.parent = EventNo(1);
        }),
    ]
}

#[test]
fn tamperings_are_found_at_the_right_event() {
    let story = rich();
    let mut cases = decisions(&story);
    cases.extend(facts(&story));
    cases.extend(ends_and_places(&story));
    for case in &cases {
        let finding =
            found(&story, &case.forge).unwrap_or_else(|| panic!("{}: nothing was found", case.name));
        assert_eq!((finding.no, finding.rule), (case.no, case.rule), "{}: {finding:?}", case.name);
        assert!(finding.why.contains(case.words), "{}: {finding:?}", case.name);
        assert_ne!(finding.expected, finding.found, "{}: {finding:?}", case.name);
        assert!(!finding.expected.is_empty() && !finding.found.is_empty(), "{}: {finding:?}", case.name);
    }
    promise::kept(
        "R7/R8",
        format!("tamperings: {} of {} found at the right event", cases.len(), cases.len()),
    );
}

#[test]
fn a_call_that_nobody_judged_is_found_when_it_starts() {
    let story = story::done();
    let (commit, _, no) = place(&story, "CallJudged", 2);
    let finding = found(&story, &|draft| drop(draft.remove(commit))).expect("found");
    // Call 3 of three is not judged: what comes in its place is the start of call 1, and that is not its turn.
    assert_eq!(
        (finding.no, finding.rule, finding.kind.as_str()),
        (no, Rule::Decided, "CallStarted"),
        "{finding:?}"
    );
    assert_eq!(finding.expected, "call c3 is to be judged");
}

#[test]
fn a_result_without_a_start_is_found() {
    let story = story::done();
    let (commit, _, no) = place(&story, "CallStarted", 0);
    let finding = found(&story, &|draft| drop(draft.remove(commit))).expect("found");
    assert_eq!(
        (finding.no, finding.rule, finding.kind.as_str()),
        (no, Rule::Ends, "CallEnded"),
        "{finding:?}"
    );
}

#[test]
fn facts_of_a_newer_program_are_told_and_not_guessed_at() {
    let story = story::done();
    let at = place(&story, "CallStarted", 0);
    let newer = Fact::Unknown { kind: "CallDreamt".to_string(), data: serde_json::json!({"call": 1}) };
    let verified = verify(&forged(&story, &inserted(at, Class::Worker, newer)));
    assert_eq!(verified.finding, None);
    assert_eq!(verified.unread_from, Some(at.2));
}

#[test]
fn output_of_any_size_says_nothing_of_the_chain() {
    let mut story = story::held();
    story.approve(4).wait(1).start(4).wait(3);
    let (output, cut) = Output::bounded("x".repeat(100_000));
    assert!(cut);
    story.report(tackroom::domain::outcome::Report::Finished {
        call: CallId(4),
        outcome: Outcome::Ok,
        output,
        ms: 3,
    });
    whole(&story.commits, "a large output");
}
