//! Costs on the screen: beside the tokens, in the list and its filter, looked at closely, compared; and a mark that cannot see.

use super::{draw, look, press, row, shoot, tell, watching};
use crate::harness::story::{self, Story, at};
use crate::harness::{shelf, shot};
use serde_json::json;
use tackroom::domain::call::Outcome;
use tackroom::domain::listing::Query;
use tackroom::domain::money::Money;
use tackroom::domain::notice::Notice;
use tackroom::domain::order::Order;
use tackroom::domain::price::{Cost, Origin};
use tackroom::ui::app::App;

fn cost(usd: &str) -> Option<Cost> {
    let origin = Origin::Table { date: "2026-08-02".to_string(), name: "qwen3-coder".to_string() };
    Some(Cost { nano: Money::parse(usd).unwrap(), by: origin })
}

/// Two turns with a cost, then one of which it is not known.
fn told(unknown: bool) -> Story {
    let mut story = Story::new("c0stc0stc0", "What it costs");
    story.cost = cost("0.0123");
    story.task("Look.").reply(900, "I look.", &[("read_file", json!({"path": "notes.md"}))]);
    story.allow(1, "notes.md").run(1, 3, Outcome::Ok, "one\n");
    if unknown {
        story.cost = None;
    }
    story.reply(800, "There is one line.", &[]).finish();
    story
}

fn seen(app: &mut App, size: (u16, u16), words: &[&str]) {
    let screen = shot::text(&draw(app, size));
    words.iter().for_each(|word| assert!(screen.contains(word), "{word}:\n{screen}"));
}

#[test]
fn a_run_with_its_cost() {
    let mut app = watching(&told(false), look());
    shoot(&mut app, "money_run");
    seen(&mut app, (120, 40), &["4.9k tok  $0.0246", "620 out, $0.0246"]);
    app.folds.talk.extend(0..10);
    seen(&mut app, (200, 50), &["310 out, $0.0123 at the price of qwen3-coder of 2026-08-02"]);
}

#[test]
fn what_is_not_known_of_a_sum_is_told_beside_it() {
    let mut app = watching(&told(true), look());
    seen(&mut app, (120, 40), &["4.9k tok  $0.0123 + ?"]);
    let nothing = watching(&story::done(), look()).session().unwrap().spent.words();
    assert_eq!(nothing, "unknown");
}

#[test]
fn the_list_and_its_look_tell_costs_where_there_are_any() {
    let (known, part, none) = (told(false), told(true), story::unknown());
    let mut app = watching(&none, look());
    let mut rows = vec![row(&known), row(&part), row(&none)];
    rows[1].id.0 = "p4rtp4rtp4".to_string();
    shelf::keep(rows);
    let all = shelf::listed(&Query::default());
    tell(&mut app, Notice::Listed(Box::new(all)), none.now.plus_ms(4_000_000));
    press(&mut app, "1 g s");
    shoot(&mut app, "money_sessions");
    seen(&mut app, (200, 50), &["$0.0246", "$0.0123 + ?", "cost unknown"]);
    press(&mut app, "/ c o s t > 0 . 0 2");
    let screen = shot::text(&draw(&mut app, (200, 50)));
    assert!(screen.contains("$0.0246") && !screen.contains("$0.0123 + ?"), "{screen}");
}

#[test]
fn a_mark_says_what_it_means_as_it_is_typed_and_what_it_cannot_see() {
    let mut story = Story::new("c0stc0stc0", "What it costs");
    story.task("Look.").reply(900, "I look.", &[("read_file", json!({"path": "notes.md"}))]);
    story.order(Order::SetBreakpoint(at("cost=0.50")));
    let mut app = watching(&story, look());
    press(&mut app, "1 b");
    seen(
        &mut app,
        (200, 50),
        &["cost=0.5 ", "It cannot see what 1 reply of this task cost", "once the task has cost $0.50"],
    );
    press(&mut app, "c o s t = + 2");
    seen(
        &mut app,
        (200, 50),
        &["Stops before the next model turn after $2.00 more.", "cannot see what 1 reply"],
    );
}
