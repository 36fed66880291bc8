//! Leases on the screen: the page as it is opened, widened, wrong and tried; the list; the key that opens it.

use super::{SIZES, draw, look, press, shoot, tell, watching};
use crate::harness::shot;
use crate::harness::story::Story;
use crate::leases_told::leased;
use serde_json::json;
use tackroom::domain::backtest::Decided;
use tackroom::domain::ids::{CallId, SessionId};
use tackroom::domain::lease_trial::{Against, Tried};
use tackroom::domain::notice::Notice;
use tackroom::ui::app::{App, Look};
use tackroom::ui::glyph::GlyphSet;
use tackroom::ui::key::{Code, Key};
use tackroom::ui::parts::Overlay;
use tackroom::ui::update::{Msg, update};

fn held() -> Story {
    let mut story = Story::new("l3a5edl3a5", "Test until it passes");
    story.wait(100).task("Test it.");
    story.wait(900).reply(400, "", &[("shell", json!({"argv": ["make", "test", "unit"]}))]);
    story.hold_command(1, &["make", "test", "unit"]);
    story
}

/// The page for the call that waits, once it was read.
fn page() -> App {
    let mut app = watching(&held(), look());
    draw(&mut app, SIZES[0]); // all of it was on screen
    press(&mut app, "4 a");
    assert!(matches!(app.over.top(), Some(Overlay::Lease(_))), "{}", shot::text(&draw(&mut app, SIZES[0])));
    app
}

fn write(app: &mut App, text: &str) {
    for c in text.chars() {
        let now = app.now;
        update(app, Msg::Key(Key::plain(Code::Char(c))), now);
    }
}

/// What was tried comes.
fn told(app: &mut App) {
    let Some(Overlay::Lease(page)) = app.over.top() else { panic!("the page is open") };
    let terms = Box::new(page.asked.clone().expect("it was asked for"));
    let against = |call: u32, summary: &str| Against {
        session: SessionId("k3v9q2m7xa".to_string()),
        call: CallId(call),
        decided: Decided::Rejected,
        summary: summary.to_string(),
    };
    let tried = Tried {
        sessions: 12,
        calls: 39,
        approved: 36,
        rejected: 2,
        open: 1,
        against: vec![against(9, "make test deploy"), against(31, "make test \u{202e}evil --all")],
        ..Tried::default()
    };
    let (tool, now) = (page.call.tool.clone(), app.now);
    tell(app, Notice::LeaseTried { tool, terms, tried: Ok(tried) }, now);
}

#[test]
fn the_page_opens_exact() {
    shoot(&mut page(), "lease_exact");
}

#[test]
fn the_page_widened_and_tried() {
    let mut app = page();
    press(&mut app, "Down Down Down Ctrl-K");
    write(&mut app, "argv starts [\"make\",\"test\"]");
    told(&mut app);
    shoot(&mut app, "lease_tried");
}

#[test]
fn the_page_with_something_wrong() {
    let mut app = page();
    press(&mut app, "Down Down Down Ctrl-K");
    write(&mut app, "argv starts [\"rm\"]");
    shoot(&mut app, "lease_misses");
    press(&mut app, "Ctrl-U");
    write(&mut app, "argv like make");
    shoot(&mut app, "lease_unread");
}

#[test]
fn the_list_of_leases() {
    let mut app = watching(&leased(), look());
    press(&mut app, "1 L j");
    shoot(&mut app, "leases");
    let mut none = watching(&held(), look());
    press(&mut none, "1 L");
    shoot(&mut none, "leases_none");
}

#[test]
fn leases_read_aloud() {
    let aloud = Look { glyphs: GlyphSet::Words, accessible: true, no_color: true, ..look() };
    let mut app = watching(&leased(), aloud);
    press(&mut app, "1 L");
    shoot(&mut app, "leases_aloud");
}

#[test]
fn a_leased_call_in_conversation_and_list() {
    let mut app = watching(&leased(), look());
    press(&mut app, "1");
    shoot(&mut app, "leased_talk");
    press(&mut app, "3 g g j Enter");
    shoot(&mut app, "leased_call");
}
