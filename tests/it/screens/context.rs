//! A conversation that is made shorter, on the screen: the line in it, the row of the timeline, how full the window is, the page of
//! the event, and a run that is held because nothing helps.

use super::{draw, look, press, shoot, watching};
use crate::compaction::windowed;
use crate::harness::look::{event, page};
use crate::harness::shot;
use crate::harness::story::Story;
use serde_json::json;
use tackroom::domain::call::Outcome;
use tackroom::domain::compaction::{Stuck, SummaryAsked};
use tackroom::domain::compaction_plan::{Plan, plan};
use tackroom::domain::event::Fact;
use tackroom::domain::fault::{Fault, FaultKind};
use tackroom::domain::hash::Hash;
use tackroom::domain::inspect::page::Part;
use tackroom::domain::order::{Order, Task};
use tackroom::domain::outcome::Report;
use tackroom::domain::policy::Mode;

const NOTES: &str = "The parser is split into lex.rs and parse.rs; both compile.\nThe test `nested` still fails: an unclosed brace is taken for the end of the file.\nNext: tell the end of the file from the end of a block.";

/// A task that has read three large files; the next request fills the window beyond its mark.
fn long() -> Story {
    let mut story = Story::new("c0ntextc0n", "Refactor the parser");
    let (input, model) =
        ("Refactor the parser; keep `Span` as it is.".to_string(), "qwen3-coder".to_string());
    let limits = windowed(Some(4_000), 80);
    story.order(Order::Start(Task { input, mode: Mode::Auto, limits, model, base_url: None }));
    for (call, path, lines) in [(1, "src/lex.rs", 86), (2, "src/parse.rs", 86), (3, "src/ast.rs", 100)] {
        story.reply(900, "I read on.", &[("read_file", json!({ "path": path }))]);
        story.allow(call, path).run(
            call,
            8,
            Outcome::Ok,
            &"let token = self.next()?; // a line\n".repeat(lines),
        );
    }
    story
}

fn asked(story: &mut Story) {
    let Some(Plan::Summarise(wanted)) = plan(&story.session) else { panic!("{:?}", plan(&story.session)) };
    let model = "qwen3-coder".to_string();
    let (cause, span, request) = (wanted.cause, wanted.span, Hash::of(b"summary"));
    let asked =
        SummaryAsked { cause, span, model, attempt: 1, request, frame: None, route: None, ahead: None };
    story.report(Report::Summarising(Box::new(asked)));
}

fn trimmed() -> Story {
    let mut story = long();
    let plan = plan(&story.session).expect("too long");
    assert!(matches!(plan, Plan::Trim(_)), "{plan:?}");
    story.report(Report::Compacting(plan));
    story
}

fn summarised() -> Story {
    let mut story = long();
    story.order(Order::Compact);
    asked(&mut story);
    story.wait(6_000).answer(6_000, NOTES, "", &[]);
    story
}

fn seen(app: &mut tackroom::ui::app::App, size: (u16, u16), words: &[&str]) {
    let screen = shot::text(&draw(app, size));
    words.iter().for_each(|word| assert!(screen.contains(word), "{word}:\n{screen}"));
}

#[test]
fn how_full_the_window_is_stands_in_the_status_line() {
    let mut app = watching(&long(), look());
    seen(&mut app, (120, 40), &["context 8"]);
    let mut app = watching(&trimmed(), look());
    seen(&mut app, (120, 40), &["context 5", "old results trimmed"]);
}

#[test]
fn a_summary_is_told_in_the_conversation_and_on_the_timeline() {
    let mut app = watching(&summarised(), look());
    shoot(&mut app, "context_summarised");
    seen(&mut app, (120, 40), &["the conversation before this was summarised", "Enter shows the summary"]);
    press(&mut app, "1 Down Up Enter");
    seen(&mut app, (200, 50), &["Next: tell the end of the file", "keep `Span` as it is"]);
    press(&mut app, "2");
    shoot(&mut app, "context_timeline");
    seen(&mut app, (120, 40), &["shorter: 3."]);
}

#[test]
fn a_run_for_which_nothing_helps_is_held_and_says_what_to_do() {
    let mut story = long();
    story.order(Order::Compact);
    asked(&mut story);
    story.wait(800).report(Report::Failed(Fault::new(FaultKind::BadRequest, "no such model")));
    let fault = Fault::new(FaultKind::BadRequest, "no such model");
    story.report(Report::Compacting(Plan::Stuck(Stuck::NoSummary { fault })));
    let mut app = watching(&story, look());
    press(&mut app, "4");
    shoot(&mut app, "context_held");
    seen(&mut app, (120, 40), &["the conversation is too long", "a summary failed"]);
}

#[tokio::test]
async fn the_page_of_a_compaction_tells_why_what_went_and_what_stands_for_it() {
    let story = summarised();
    let no = |kind: &str| {
        let found = story.events().into_iter().find(|event| event.fact.kind() == kind).expect("told");
        found.no.0
    };
    let page = page(&story, &[], event(no("ContextCompacted")), None).await;
    let words = format!("{:?}", page.sections);
    for word in
        ["dev (screen) wished it", "the model reads in its place", "keeps all of it", "qwen3-coder-30b"]
    {
        assert!(words.contains(word), "{word}: {words}");
    }
    let section = page.sections.iter().find(|section| section.name == "compaction").expect("its section");
    let is_summary = |part: &Part| matches!(part, Part::Text { label, text } if label == "summary" && text.as_ref() == NOTES);
    assert!(section.parts.iter().any(is_summary));
    // What stands for the rest is told with the next request.
    let mut story = story;
    story.ask();
    let asked = story.events().last().expect("asked").no.0;
    let page = crate::harness::look::page(&story, &[], event(asked), None).await;
    let words = format!("{:?}", page.sections);
    assert!(
        words.contains("a summary stands for what events") && words.contains("in the summary"),
        "{words}"
    );
    assert!(
        matches!(story.events().last().expect("asked").fact, Fact::ModelAsked { messages, .. } if messages < 8)
    );
}
