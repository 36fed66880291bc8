//! A9, T1: whatever a model, a tool, a file or a peer says, on no screen is any of it an order to the terminal or outside its place.

use super::{SIZES, draw, empty, look, press, row, tell, watching};
use crate::compare::account;
use crate::harness::look::page;
use crate::harness::many::Many;
use crate::harness::promise;
use crate::harness::screen::TestScreen;
use crate::harness::shelf;
use crate::harness::shot;
use crate::harness::story::{self, Story};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::json;
use tackroom::domain::call::Outcome;
use tackroom::domain::compare::Comparison;
use tackroom::domain::event::Settling;
use tackroom::domain::fault::FaultKind;
use tackroom::domain::ids::{CallId, EventNo, SessionId};
use tackroom::domain::notice::Notice;
use tackroom::domain::order::Order;
use tackroom::domain::outcome::Report;
use tackroom::domain::search::{Found, Hit};
use tackroom::ui::app::App;
use tackroom::ui::parts::Overlay;
use tackroom::ui::update::{Msg, update};

/// What clears, retitles, colours, turns round, hides, leaves its line and draws frames.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{202e}evil\u{2066}\u{200b}a\u{300}\u{301}\r\n\t表表表👩‍👩‍👧‍👦\u{fe0f}█▓┌──┐\u{0}";

fn hostile() -> String {
    HOSTILE.repeat(20)
}

/// A session in which it stands wherever somebody else's text can; a change waits.
pub fn told(id: &str) -> Story {
    let hostile = hostile();
    let mut story = Story::new(id, &hostile);
    story.wait(300).task(&hostile).ask().wait(700).fault(FaultKind::RateLimit, &hostile);
    story.wait(900).ask().wait(900).answer(
        900,
        &hostile,
        &hostile,
        &[
            (hostile.as_str(), json!({ "path": hostile })),
            ("read_file", json!({"path": hostile, hostile.as_str(): hostile})),
            ("write_file", json!({"path": hostile, "content": hostile})),
        ],
    );
    story.allow(2, &hostile).hold_change(3, &hostile, Some(&hostile), &format!("{hostile}!"));
    story.run(2, 3, Outcome::Ok, &hostile);
    story
}

/// Stopped at a breakpoint whose words are its own, with a note that waits.
fn stopped() -> Story {
    let mut story = told("h0h0h0h0h1");
    story.order(Order::SetBreakpoint(story::at("tool=write_file")));
    story.order(Order::SetBreakpoint(story::at("arg:/content~evil")));
    story.order(Order::AddNote(hostile())).report(Report::Stopping);
    story
}

/// A command that nobody knows the outcome of.
fn unknown() -> Story {
    let mut story = Story::new("h0h0h0h0h2", &hostile());
    let argv = ["sh", "-c", HOSTILE];
    story.task("Go.").reply(900, "", &[("shell", json!({ "argv": argv }))]);
    story.hold_command(1, &argv).approve(1).start(1).crash(HOSTILE);
    story
}

/// No cell is an order, and whether the rows below the first show one made visible; within the overlay, if there is one.
fn harmless(app: &App, buffer: &Buffer, what: &str) -> bool {
    for cell in buffer.content() {
        let acts = |c: char| {
            c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}')
        };
        assert!(!cell.symbol().chars().any(acts), "{what}: {:?}", cell.symbol());
    }
    let whole = Rect { y: 1, height: buffer.area.height - 1, ..buffer.area };
    let place = if app.over.top().is_some() { app.layout.overlay.outer } else { whole };
    place.rows().any(|row| {
        let shown: String = row.columns().map(|cell| buffer[(cell.x, cell.y)].symbol()).collect();
        // An editor of JSON shows it as JSON writes it.
        shown.contains('␛') || shown.contains("<U+2") || shown.contains("\\u001b")
    })
}

/// The frame of what lies over the body is whole.
fn framed(app: &App, buffer: &Buffer, what: &str) {
    let mut places: Vec<_> = app.layout.panes.iter().map(|(_, place)| *place).collect();
    if app.over.top().is_some() {
        places = vec![app.layout.overlay];
    }
    for place in places {
        let right = place.outer.right() - 1;
        for y in place.inner.y..place.inner.bottom() {
            let edge = buffer[(right, y)].symbol();
            assert!(["│", "┃"].contains(&edge), "{what}: {edge:?} on the border\n{}", shot::text(buffer));
        }
    }
}

/// At every size: nothing acts, every frame is whole; where there is room, the hostile text is shown as what it is.
fn looked_at(app: &mut App, what: &str, shows: bool) {
    let mut seen = false;
    for size in SIZES.into_iter().chain([(41, 13), (20, 5)]) {
        let what = format!("{what} at {size:?}");
        let buffer = draw(app, size);
        seen |= harmless(app, &buffer, &what);
        if size.0 >= 40 {
            framed(app, &buffer, &what);
        }
    }
    assert!(seen == shows, "{what}: shows what would act: {seen}");
}

#[test]
fn no_pane_paints_outside_its_cells() {
    let story = told("h0h0h0h0h0");
    let mut app = watching(&story, look());
    app.folds.calls.extend([1, 2, 3]);
    app.folds.talk.extend(0..20);
    for pane in ["1", "2", "3", "4"] {
        press(&mut app, pane);
        looked_at(&mut app, pane, true);
    }
    for (name, story) in [("stopped", stopped()), ("unknown", unknown())] {
        let mut app = watching(&story, look());
        press(&mut app, "4");
        looked_at(&mut app, name, true);
    }
    promise::kept("A9", format!("6 states at {} sizes, 0 cells outside of a pane", SIZES.len() + 2));
}

#[test]
fn nothing_that_lies_over_the_workbench_does() {
    let story = stopped();
    for (keys, shows) in [
        ("1 b", true),
        ("1 f", false),
        ("3 g g f", true),
        ("1 ?", false),
        ("1 Ctrl-P", false),
        ("1 g s", true),
        ("4 e", true),
        ("4 e Down End Left Left x Ctrl-D", true),
        ("1 f Down Enter", true),
        ("1 f Down Down Enter", true),
    ] {
        let mut app = watching(&story, look());
        shelf::keep(vec![row(&story), row(&unknown())]);
        for key in keys.split(' ') {
            press(&mut app, key);
            draw(&mut app, SIZES[0]);
            if key == "4" {
                while app.unseen() > 0 {
                    press(&mut app, "PageDown");
                    draw(&mut app, SIZES[0]);
                }
            }
        }
        assert!(app.over.top().is_some() || app.question.is_some(), "{keys}");
        looked_at(&mut app, keys, shows);
        // What is pasted is foreign too.
        let now = app.now;
        update(&mut app, Msg::Paste(hostile()), now);
        looked_at(&mut app, &format!("{keys}, pasted"), keys != "1 ?");
    }
}

#[test]
fn nothing_that_is_asked_or_said_in_passing_does() {
    for keys in ["4 n", "4 r", "1 m", "1 g r", "1 /"] {
        let mut app = watching(&stopped(), look());
        draw(&mut app, SIZES[0]);
        press(&mut app, keys);
        let now = app.now;
        update(&mut app, Msg::Paste(hostile()), now);
        assert!(app.question.is_some(), "{keys}");
        looked_at(&mut app, keys, true);
    }
    let settled = unknown();
    for (what, notice) in [
        ("trouble", Notice::Trouble { sentence: hostile(), hint: hostile() }),
        (
            "forked",
            Notice::Forked {
                session: SessionId("n3w".to_string()),
                parent: settled.session.id.clone(),
                at: EventNo(7),
                workspace: HOSTILE.to_string(),
                worktree: Some(hostile()),
                missing: hostile(),
            },
        ),
    ] {
        let mut app = watching(&settled, look());
        tell(&mut app, notice, settled.now);
        looked_at(&mut app, what, true);
    }
    let mut over = unknown();
    over.order(Order::Settle { call: CallId(1), how: Settling::Happened, note: hostile() });
    looked_at(&mut watching(&over, look()), "settled", true);
    let mut app = empty(look());
    app.start.model = hostile();
    looked_at(&mut app, "welcome", true);
}

#[test]
fn nothing_of_a_comparison_or_a_replay_does() {
    let (left, right) = (told("h0h0h0h0h0"), stopped());
    let mut app = watching(&left, look());
    shelf::keep(vec![row(&left), row(&right)]);
    press(&mut app, "1 g s d j d");
    let now = app.now;
    let result = Comparison::of(account(&left), account(&right));
    let turned = Comparison::of(account(&right), account(&left));
    tell(&mut app, Notice::Compared(result.into()), now);
    tell(&mut app, Notice::Compared(turned.into()), now);
    for keys in ["g g", "Enter", "n", "G"] {
        press(&mut app, keys);
        looked_at(&mut app, &format!("compare {keys}"), true);
    }
    for at in (0..left.events().len() as u64).step_by(4) {
        let mut screen = TestScreen::playing(&left, SIZES[1], Some(at));
        screen.press("Space").tick_ms(700);
        looked_at(&mut screen.app, &format!("a replay from {at}"), true);
    }
}

#[test]
fn nothing_of_the_inbox_the_inspector_or_a_search_does() {
    for keys in ["", "Enter", "n", "Space d", "G", "G n"] {
        let mut many = Many::open(vec![stopped(), unknown(), told("h0h0h0h0h9")], SIZES[0]);
        many.press(keys);
        if many.screen.app.question.is_some() {
            many.screen.paste(&hostile());
        }
        looked_at(&mut many.screen.app, &format!("inbox {keys}"), true);
    }
    let mut many = Many::open(vec![stopped(), unknown()], SIZES[0]);
    many.screen.press("j").commands();
    let session = SessionId(many.chosen());
    many.screen.msg(Msg::Notice(Notice::NotLooked { session, sentence: hostile(), hint: hostile() }));
    many.screen.press("Enter");
    looked_at(&mut many.screen.app, "a look that failed", true);
    let story = stopped();
    let mut app = watching(&story, look());
    press(&mut app, "2 g g o");
    let Some(Overlay::Inspect(asked)) = app.over.top() else { panic!("it is looked at") };
    let (session, subject, now) = (asked.session.clone(), asked.subject, app.now);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let page = runtime.block_on(page(&story, &[], subject, None));
    tell(&mut app, Notice::Inspected(std::sync::Arc::new(page)), now);
    for keys in ["g g", "J", "/"] {
        press(&mut app, keys);
        update(&mut app, Msg::Paste(hostile()), now);
        looked_at(&mut app, &format!("inspector {keys}"), true);
    }
    tell(&mut app, Notice::NotInspected { session, subject, sentence: hostile(), hint: hostile() }, now);
    looked_at(&mut app, "a page that cannot be read", true);
    let mut app = watching(&story, look());
    shelf::keep(vec![row(&story)]);
    press(&mut app, "1 g s s n o t e s");
    let (search, now) = (app.library.texts.asked.clone().expect("it was asked for"), app.now);
    let hit = Hit {
        session: story.session.id.clone(),
        title: hostile(),
        archived: false,
        over: true,
        event: EventNo(3),
        kind: hostile(),
        at: now,
        snippet: hostile(),
        marks: Vec::new(),
    };
    let found = Found { hits: vec![hit.clone(), hit], ..Found::default() };
    tell(&mut app, Notice::Found { search: search.clone(), found: Box::new(found) }, now);
    looked_at(&mut app, "hits", true);
    tell(&mut app, Notice::NotSearched { search, sentence: hostile(), hint: hostile() }, now);
    looked_at(&mut app, "a search that failed", true);
}
