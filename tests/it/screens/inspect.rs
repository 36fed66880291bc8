//! An event looked at closely, at every size.

use super::{press, shoot, tell, watching};
use crate::harness::look::{ask, call, event, page};
use crate::harness::story::{self, Story};
use serde_json::json;
use std::sync::Arc;
use tackroom::domain::call::Outcome;
use tackroom::domain::inspect::page::{Page, Subject};
use tackroom::domain::notice::Notice;
use tackroom::ui::app::{App, Look};
use tackroom::ui::glyph::GlyphSet;

fn read(story: &Story, kept: &[&[u8]], subject: Subject) -> Page {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(page(story, kept, subject, None))
}

/// A workbench whose chosen row is looked at, once its page came.
fn looking(story: &Story, keys: &str, kept: &[&[u8]], subject: Subject) -> App {
    let mut app = watching(story, super::look());
    press(&mut app, keys);
    let page = read(story, kept, subject);
    let now = app.now;
    tell(&mut app, Notice::Inspected(Arc::new(page)), now);
    app
}

#[test]
fn a_call_looked_at() {
    let story = story::done();
    let mut app = looking(&story, "3 g g j j j o", &[], call(&story, 4));
    shoot(&mut app, "inspect_call");
    press(&mut app, "Tab Tab Tab Tab");
    shoot(&mut app, "inspect_call_decisions");
    press(&mut app, "J");
    shoot(&mut app, "inspect_raw");
}

#[test]
fn a_turn_looked_at() {
    let mut story = Story::new("a5kedq1234", "Ask");
    story.task("Look for the notes on approvals.");
    let frame = ask(&mut story);
    story.wait(900).answer(900, "I look.", "First the list.", &[("search", json!({"pattern": "x"}))]);
    story.allow(1, ".").run(1, 5, Outcome::Ok, "a.md:1: x \u{1b}[31mred\u{202e}\n");
    ask(&mut story);
    story.wait(400).answer(400, "Done.", "", &[]).finish();
    let asked = story.events().iter().rev().find(|event| event.fact.kind() == "ModelAsked").unwrap().no;
    let mut app = looking(&story, "2 G k o", &[&frame], event(asked.0));
    shoot(&mut app, "inspect_turn");
    press(&mut app, "Tab Tab Tab Tab");
    shoot(&mut app, "inspect_turn_receipt");
}

#[test]
fn a_page_that_is_read_and_one_that_is_searched() {
    let story = story::done();
    let mut app = watching(&story, super::look());
    press(&mut app, "3 g g j j j o");
    shoot(&mut app, "inspect_reading");
    let mut app = looking(&story, "3 g g j j j o", &[], call(&story, 4));
    press(&mut app, "/ r u l e");
    shoot(&mut app, "inspect_searching");
}

#[test]
fn read_aloud() {
    let story = story::done();
    let mut app = looking(&story, "3 g g j j j o", &[], call(&story, 4));
    app.look = Look { glyphs: GlyphSet::Words, accessible: true, no_color: true, ..super::look() };
    shoot(&mut app, "inspect_aloud");
}
