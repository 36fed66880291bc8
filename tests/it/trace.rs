//! The conversation and the timeline of told sessions: what is said, what takes time, and that the spans are a whole tree.

use crate::harness::story::{self, Story};
use serde_json::json;
use tackroom::domain::call::Outcome;
use tackroom::domain::commit::Class;
use tackroom::domain::event::{Event, Fact};
use tackroom::domain::ids::{CallId, EventNo};
use tackroom::domain::order::Order;
use tackroom::domain::talk::{Said, Talk};
use tackroom::domain::time::duration;
use tackroom::domain::trace::Trace;
use tackroom::domain::trace_row::{RowState, Time, What};

fn trace(events: &[Event]) -> Trace {
    let mut trace = Trace::default();
    events.iter().for_each(|event| trace.apply(event));
    trace
}

fn talk(events: &[Event]) -> Talk {
    let mut talk = Talk::default();
    events.iter().for_each(|event| talk.apply(event));
    talk
}

/// Each row in a line: what it is, its state, and what its time went into.
fn told(trace: &Trace) -> Vec<String> {
    let name = |what: &What| match what {
        What::Run { no, .. } => format!("{no}"),
        What::Step(step) => format!("step {step}"),
        What::Model { attempt, fault, .. } => {
            format!("model {attempt} {}", fault.map_or("", |fault| fault.words()))
        }
        What::Retry { .. } => "retry".to_string(),
        What::Call { call, tool, .. } => format!("{call} {tool}"),
        What::Execution { nth, .. } => format!("execution {nth}"),
        What::Pause => "pause".to_string(),
        What::Breakpoint { no, why, .. } => format!("breakpoint {no}: {why}"),
        What::Held { kind, why } => format!("held ({kind}): {why}"),
        What::Compaction { words, fault } => format!("compaction {words} {fault:?}"),
        What::Stepping => "stepping".to_string(),
        What::Steer { .. } => "steer".to_string(),
        What::Fork { parent } => format!("fork of {} at {}", parent.session, parent.at),
        What::Restore { at } => format!("restore {at}"),
        What::Takeover { holder } => format!("takeover {holder}"),
        What::Foreign { kind } => format!("foreign {kind}"),
    };
    let line = |key: &usize| {
        let row = trace.row(*key).unwrap();
        let parts: Vec<String> = row
            .parts
            .iter()
            .map(|part| {
                let length = part.to.map_or("open".to_string(), |to| duration(to.ms_since(part.from)));
                format!("{:?} {length}", part.time)
            })
            .collect();
        let indent = "  ".repeat(usize::from(row.depth));
        format!("{indent}{} [{:?}] {}", name(&row.what).trim(), row.state, parts.join(", "))
            .trim_end()
            .to_string()
    };
    trace.order().iter().map(line).collect()
}

#[test]
fn waiting_for_a_person_is_told_apart_from_work() {
    let trace = trace(&story::done().events());
    insta::assert_snapshot!(told(&trace).join("\n"));
    assert_eq!(trace.faults(), []);
    assert_eq!(trace.open_spans(), 0);
}

#[test]
fn a_takeover_and_an_unknown_outcome_have_rows_and_the_tree_stays_whole() {
    let mut story = story::unknown();
    let held = trace(&story.events());
    insta::assert_snapshot!("unknown_open", told(&held).join("\n"));
    assert_eq!(held.open_spans(), 2, "the run and the call wait");
    let settle = tackroom::domain::event::Settling::Again;
    story.order(Order::Settle { call: CallId(2), how: settle, note: String::new() });
    story.wait(1).run(2, 4_000, Outcome::Ok, "sent 12 files");
    story.reply(1_000, "Published.", &[]).finish();
    let over = trace(&story.events());
    insta::assert_snapshot!("unknown_settled", told(&over).join("\n"));
    assert_eq!(over.faults(), []);
    assert_eq!(over.open_spans(), 0);
}

#[test]
fn a_request_cut_off_by_a_crash_is_an_interrupted_attempt() {
    let mut story = Story::new("a1b2c3d4e5", "Cut off");
    story.wait(10).task("Say something.").ask().wait(2_000).crash("other:1");
    story.wait(3).reply(500, "Something.", &[]).finish();
    let trace = trace(&story.events());
    insta::assert_snapshot!(told(&trace).join("\n"));
    assert_eq!(trace.faults(), []);
}

#[test]
fn pausing_and_stepping_are_waits_of_the_run() {
    let mut story = Story::new("a1b2c3d4e5", "Paused");
    story.wait(10).task("Read.").reply(500, "", &[("read_file", json!({"path": "a"}))]);
    story.order(Order::Pause).wait(7_000).order(Order::Resume);
    story.allow(1, "a").order(Order::Step).wait(3_000).order(Order::Step).wait(1);
    story.run(1, 5, Outcome::Ok, "text");
    let trace = trace(&story.events());
    insta::assert_snapshot!(told(&trace).join("\n"));
    let waited: i64 = trace.row(trace.order()[0]).unwrap().spent.person;
    assert_eq!(waited, 10_000_000);
    assert_eq!(trace.faults(), []);
}

#[test]
fn a_broken_tree_is_told() {
    let mut events = story::done().events();
    // The same call ends twice, and a span hangs in the air.
    let ended = events.iter().position(|event| matches!(event.fact, Fact::CallEnded { .. })).unwrap();
    let again = events[ended].clone();
    events.insert(ended + 1, again);
    let started = events.iter().rposition(|event| matches!(event.fact, Fact::CallStarted { .. })).unwrap();
    events[started].parent = EventNo(9_999);
    let whys: Vec<&str> = trace(&events).faults().iter().map(|fault| fault.why).collect();
    assert!(whys.contains(&"its span ends twice"), "{whys:?}");
    assert!(whys.contains(&"its span's parent does not exist"), "{whys:?}");
}

#[test]
fn unknown_kinds_are_shown_and_never_break_the_tree() {
    let mut story = Story::new("a1b2c3d4e5", "Newer");
    story.wait(10).task("Go.");
    story.facts(Class::Worker, vec![Fact::Unknown { kind: "BadgeAwarded".to_string(), data: json!({}) }]);
    let events = story.events();
    assert_eq!(trace(&events).faults(), []);
    assert!(
        talk(&events)
            .items()
            .iter()
            .any(|item| matches!(&item.said, Said::Foreign { kind } if kind == "BadgeAwarded"))
    );
}

#[test]
fn cards_tell_who_decided_and_how_long_it_waited() {
    let talk = talk(&story::done().events());
    let line = |call| {
        let card = talk.card(CallId(call)).unwrap();
        let decision = card.decision.as_ref().map_or("nobody", |decision| decision.word());
        format!("{} {} | {decision} after {}", card.tool, card.summary, duration(card.waited_ms))
    };
    insta::assert_snapshot!((1..=6).map(line).collect::<Vec<_>>().join("\n"));
}

/// Cause: a fold of which every event costs more the longer the session is cannot be read in the end. What an event changes
/// is counted, not how long it takes: rows of the timeline and items of the talk.
#[test]
fn an_event_changes_as_much_of_a_long_session_as_of_a_short_one() {
    let changed = |turns: usize| -> Vec<usize> {
        let events = story::long(turns).events();
        let (before, last) = events.split_at(events.len() - 36);
        let (mut trace, mut talk) = (trace(before), talk(before));
        let count = |event: &Event| {
            let rows: Vec<_> = trace.order().iter().map(|key| trace.row(*key).cloned()).collect();
            let versions: Vec<u32> = talk.items().iter().map(|item| item.version).collect();
            trace.apply(event);
            talk.apply(event);
            let after = trace.order().iter().map(|key| trace.row(*key).cloned());
            let same = rows.iter().zip(after).filter(|(was, is)| *was == is).count();
            let items = versions.iter().zip(talk.items()).filter(|(was, item)| **was == item.version).count();
            (trace.order().len() - same) + (talk.items().len() - items)
        };
        last.iter().map(count).collect()
    };
    let (short, long) = (changed(10), changed(700));
    println!("rows and items that the last events change: {short:?}");
    assert_eq!(short, long);
    assert!(long.iter().all(|many| *many <= 6), "{long:?}");
}

#[test]
fn only_what_changes_counts_up_its_version() {
    let events = story::done().events();
    let mut talk = Talk::default();
    for event in &events {
        let before: Vec<u32> = talk.items().iter().map(|item| item.version).collect();
        talk.apply(event);
        let changed = before.iter().zip(talk.items()).filter(|(was, item)| **was != item.version).count();
        assert!(changed <= 1, "one event changes one item at most: {:?}", event.fact);
    }
    assert!(talk.items().iter().enumerate().all(|(at, item)| item.key == at));
}

/// Cause: a process that took a session up once more, for a further task, was told as taking it over.
#[test]
fn only_another_process_takes_a_session_over() {
    let mut events = story::done().events();
    let at = events.iter().position(|event| matches!(event.fact, Fact::WriterTaken { .. })).unwrap();
    let told = |talk: &Talk| {
        talk.items().iter().filter(|item| format!("{:?}", item.said).contains("taken over")).count()
    };
    for (name, times) in [(None, 0), (Some("another:1"), 1)] {
        let mut again = events[at].clone();
        if let Fact::WriterTaken { holder, epoch } = &mut again.fact {
            name.into_iter().for_each(|name: &str| *holder = name.to_string());
            *epoch = epoch.after();
        }
        events.push(again);
        assert_eq!(told(&talk(&events)), times, "{name:?}");
    }
}

#[test]
fn the_first_row_of_a_long_session_is_whole() {
    let mut trace = Trace::default();
    for event in &story::long(1_500).events() {
        trace.apply(event);
    }
    let row = trace.row(trace.order()[0]).unwrap();
    assert_eq!(row.state, RowState::Well);
    assert!(row.parts.iter().all(|part| part.time != Time::Person));
}
