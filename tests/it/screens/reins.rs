//! What holds a run and is no breakpoint, on the screen: a budget and how it is answered, a loop, the meter in the status line.

use super::{draw, look, press, row, shoot, tell, watching};
use crate::harness::story::Story;
use crate::harness::{shelf, shot};
use serde_json::json;
use tackroom::domain::budget::{Budget, Change, Scope, Unit};
use tackroom::domain::call::Outcome;
use tackroom::domain::checks::{Check, Checks};
use tackroom::domain::event::Limits;
use tackroom::domain::hash::Hash;
use tackroom::domain::listing::Query;
use tackroom::domain::money::Money;
use tackroom::domain::notice::Notice;
use tackroom::domain::order::{Order, Task};
use tackroom::domain::outcome::Report;
use tackroom::domain::policy::Mode;
use tackroom::domain::price::{Cost, Origin};
use tackroom::domain::purse::Ahead;
use tackroom::domain::rounds::LoopRule;
use tackroom::domain::schema::Schema;
use tackroom::domain::tool_spec::{Effect as ToolEffect, ToolBook, ToolSpec};
use tackroom::ui::app::App;
use tackroom::ui::key::Key;
use tackroom::ui::update::{Effect, Msg, update};

fn started(limits: Limits) -> Story {
    let mut story = Story::new("b0dgetb0dg", "Refactor the parser");
    let (input, model) = ("Refactor the parser.".to_string(), "qwen3-coder".to_string());
    story.order(Order::Start(Task { input, mode: Mode::Auto, limits, model, base_url: None }));
    story
}

fn asks(story: &mut Story, nano: u64) {
    let ahead = Ahead { bytes: 9_000, input: 3_000, output: 1_000, nano: Some(Money(nano)), today: None };
    let (model, request) = ("qwen3-coder".to_string(), Hash::of(b"request"));
    story.report(Report::Asking {
        model,
        request,
        frame: None,
        notes: Vec::new(),
        route: None,
        ahead: Some(ahead),
    });
}

/// Two turns of 0.18 each, of at most 0.50; the third may take 0.20.
fn spent() -> Story {
    let mut budget = Budget::default();
    budget.set(Scope::Run, Unit::Usd, Some(500_000_000));
    let mut story = started(Limits { budget: Box::new(budget), ..Limits::default() });
    story.cost = Some(Cost { nano: Money(180_000_000), by: Origin::Server });
    for (call, path) in [(1, "src/parse.rs"), (2, "src/lex.rs")] {
        asks(&mut story, 100_000_000);
        story.wait(30_000).answer(0, "I look.", "", &[("read_file", json!({ "path": path }))]);
        story.allow(call, path).run(call, 3, Outcome::Ok, "one\n");
    }
    asks(&mut story, 200_000_000);
    story
}

fn circling() -> Story {
    let mut story = started(Limits { loops: LoopRule::USUAL, ..Limits::default() });
    for call in 1..=5 {
        story.reply(900, "I look.", &[("read_file", json!({"path": "notes.md"}))]);
        story.allow(call, "notes.md").run(call, 3, Outcome::Ok, "one\n");
        if call == 3 || call == 5 {
            story.report(Report::Stopping);
        }
    }
    story
}

fn seen(app: &mut App, size: (u16, u16), words: &[&str]) {
    let screen = shot::text(&draw(app, size));
    words.iter().for_each(|word| assert!(screen.contains(word), "{word}:\n{screen}"));
}

fn orders(app: &mut App, keys: &str) -> Vec<Order> {
    let mut found = Vec::new();
    for chord in keys.split_whitespace() {
        let now = app.now.plus_ms(500);
        for effect in update(app, Msg::Key(Key::parse(chord).expect("a key")), now) {
            if let Effect::Send(tackroom::domain::command::Command::Order { order, .. }) = effect {
                found.push(order);
            }
        }
    }
    found
}

#[test]
fn a_run_that_its_budget_holds() {
    let mut app = watching(&spent(), look());
    press(&mut app, "4");
    shoot(&mut app, "budget_held");
    seen(&mut app, (200, 50), &["$0.36/$0.50 72%, $0.36/min, <1 min left"]);
    seen(&mut app, (120, 40), &["Held by its budget", "Refac", "72%", "+ give more", "E end task"]);
    press(&mut app, "2");
    seen(&mut app, (120, 40), &["held (budget)"]);
}

#[test]
fn more_is_given_by_a_key_and_a_word_to_go_on_is_no_answer() {
    let mut app = watching(&spent(), look());
    press(&mut app, "4");
    draw(&mut app, (120, 40));
    assert_eq!(orders(&mut app, "c s"), []);
    press(&mut app, "+");
    shoot(&mut app, "budget_extend");
    seen(&mut app, (120, 40), &["usd=0.5"]);
    let more = Change { scope: None, unit: Unit::Usd, more: Some(500_000_000) };
    assert_eq!(orders(&mut app, "Enter"), [Order::Extend(vec![more])]);
    press(&mut app, "4 x");
    assert_eq!(orders(&mut app, "z Enter"), [], "what cannot be read is not sent");
    seen(&mut app, (200, 50), &["Not given:"]);
}

/// Cause: a task that a limit holds could be ended by no key there, and the help told of breakpoints.
#[test]
fn a_held_task_is_ended_by_a_key_that_is_pressed_twice_and_the_help_tells_what_holds_it() {
    for story in [spent(), circling()] {
        let mut app = watching(&story, look());
        press(&mut app, "4");
        draw(&mut app, (120, 40));
        assert_eq!(orders(&mut app, "E"), []);
        seen(&mut app, (120, 40), &["Press E again to end the task: it is cancelled for good."]);
        assert_eq!(orders(&mut app, "j E"), [], "another key came in between");
        assert_eq!(orders(&mut app, "E"), [Order::Cancel]);
        press(&mut app, "?");
        let help = shot::text(&draw(&mut app, (120, 40)));
        assert!(help.contains("Held by a limit, a loop or a check"), "{help}");
        assert!(!help.contains("Standing at a breakpoint"), "{help}");
    }
}

#[test]
fn a_loop_that_was_told_and_is_held_goes_on_by_a_key() {
    let mut app = watching(&circling(), look());
    press(&mut app, "4");
    shoot(&mut app, "loop_held");
    seen(&mut app, (120, 40), &["it goes in circles", "read_file was called 5 times in a row"]);
    assert_eq!(orders(&mut app, "c"), [Order::Continue]);
}

/// The model says that it is done; its check fails, and it says so again.
fn checking(rounds: u16) -> Story {
    let check = Check { name: "tests".into(), argv: vec!["cargo".into(), "test".into()], ..Check::default() };
    let checks = Box::new(Checks { all: vec![check], rounds, keeps: true });
    let mut story = started(Limits { checks, ..Limits::default() });
    story.tools = ToolBook::new([ToolSpec {
        name: "run_command".to_string(),
        description: String::new(),
        schema: Schema::new(json!(true)).expect("a schema"),
        effect: ToolEffect::SideEffect,
        destroys: false,
    }]);
    story.reply(900, "It is done.", &[]).report(Report::Checking);
    let failed = "left is 1, right is 2\n[exit status 101]\n";
    story.allow(1, ".").run(1, 800, Outcome::Error, failed);
    story
}

#[test]
fn a_check_is_told_as_what_it_is_and_the_end_tells_which_passed() {
    let mut story = checking(2);
    story.reply(900, "Mended.", &[]).report(Report::Checking);
    story.allow(2, ".").run(2, 800, Outcome::Ok, "[exit status 0]\n").finish();
    let mut app = watching(&story, look());
    seen(&mut app, (120, 40), &["check tests", "cargo test", "exit 101", "exit 0", "checks passed: tests"]);
    press(&mut app, "2");
    seen(&mut app, (200, 50), &["check tests: exit 101", "check tests: exit 0"]);
}

#[test]
fn a_run_whose_checks_fail_is_held_and_goes_on_by_a_key() {
    let mut story = checking(1);
    story.report(Report::Stopping);
    let mut app = watching(&story, look());
    press(&mut app, "4");
    seen(&mut app, (120, 40), &["Held: its checks fail", "checks fail: tests, in the first round"]);
    assert_eq!(orders(&mut app, "c"), [Order::Continue]);
}

#[test]
fn the_inbox_lists_both() {
    let (budget, circling) = (spent(), circling());
    let mut app = watching(&budget, look());
    let mut rows = vec![row(&budget), row(&circling)];
    rows[1].id.0 = "l00pl00pl0".to_string();
    shelf::keep(rows.clone());
    tell(&mut app, Notice::Listed(Box::new(shelf::listed(&Query::default()))), budget.now.plus_ms(1_000));
    let holds = tackroom::domain::inbox::holds(&rows, &[]);
    let kinds: Vec<&str> = holds.iter().map(|held| tackroom::ui::panes::inbox::kind(held.waits)).collect();
    assert_eq!(kinds.len(), 2);
    assert!(kinds.contains(&"budget") && kinds.contains(&"loop"), "{kinds:?}");
}
