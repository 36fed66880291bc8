//! What lies over the workbench: sessions, help, palette, themes.

use super::{SIZES, draw, empty, look, press, row, shoot, tell, watching};
use crate::compare::account;
use crate::harness::story::{self, Story};
use crate::harness::{shelf, shot};
use serde_json::json;
use std::sync::Arc;
use tackroom::domain::account::Accountant;
use tackroom::domain::card::{Card, Decision};
use tackroom::domain::compare::Comparison;
use tackroom::domain::decide::Kit;
use tackroom::domain::event::{Event, Fact, Parent};
use tackroom::domain::fault::FaultKind;
use tackroom::domain::fork::{Fork, Twist, commit};
use tackroom::domain::ids::{CallId, CommitId, EventNo, SessionId};
use tackroom::domain::library::{Came, Deed, Done};
use tackroom::domain::listing::Query;
use tackroom::domain::marks::Mark;
use tackroom::domain::message::{Args, AskedCall};
use tackroom::domain::notice::Notice;
use tackroom::domain::retry::RetryRule;
use tackroom::domain::search::{Found, Hit, Progress};
use tackroom::ui::app::{App, Look};
use tackroom::ui::glyph::GlyphSet;
use tackroom::ui::parts::Overlay;
use tackroom::ui::update::{Msg, update};

fn with_sessions() -> App {
    let held = story::held();
    let mut app = watching(&held, look());
    let mut failed =
        Story::new("f0f0f0f0f0", "Summarise the notes of a very long week in which nothing happened at all");
    failed.task("x").ask().wait(20).fault(FaultKind::Auth, "401").finish();
    let mut foreign = Story::new("w1w1w1w1w1", "日本語のメモを調べる \u{1b}[31mred\u{202e}");
    foreign.task("x").ask();
    let mut done = row(&story::done());
    done.id = finished();
    let rows = vec![row(&held), row(&story::unknown()), row(&foreign), done, row(&failed)];
    shelf::keep(rows);
    for story in [&held, &story::unknown(), &story::done(), &failed] {
        shelf::keep_events(&row(story), story.events());
    }
    let counted = shelf::listed(&Query::default());
    tell(&mut app, Notice::Listed(Box::new(counted)), held.now.plus_ms(4_000_000));
    app
}

#[test]
fn the_sessions_list() {
    let mut app = with_sessions();
    press(&mut app, "1 g s j");
    shoot(&mut app, "sessions");
}

#[test]
fn the_sessions_list_filtered() {
    let mut app = with_sessions();
    press(&mut app, "1 g s / c r a s h");
    shoot(&mut app, "sessions_filtered");
}

#[test]
fn the_fork_dialog() {
    let mut app = with_sessions();
    press(&mut app, "1 f");
    shoot(&mut app, "fork");
}

#[test]
fn a_note_for_a_fork() {
    let mut app = with_sessions();
    press(&mut app, "1 f n o t e Enter b r i e f");
    shoot(&mut app, "fork_note");
}

#[test]
fn forks_under_their_parent_in_the_list() {
    let mut app = with_sessions();
    let mut rows = shelf::rows();
    let parent = rows[0].id.clone();
    for (at, of) in [(2, parent), (4, rows[2].id.clone())] {
        rows[at].parent = Some(Parent { session: of, at: EventNo(7) });
    }
    shelf::keep(rows);
    press(&mut app, "1 g s j");
    shoot(&mut app, "sessions_forks");
}

#[test]
fn a_session_that_was_forked() {
    let story = story::held();
    let copies = story.commits.iter().flat_map(|commit| commit.events.clone()).collect();
    let (id, by) = (SessionId("n3wn3wn3wn".to_string()), story::by());
    let twist = Twist { note: Some("Name the sources.".to_string()), ..Twist::default() };
    let fork = Fork {
        id: &id,
        workspace: "/srv/forks/n3w",
        files: None,
        twist: &twist,
        by: &by,
        program: "tackroom 0.1.0",
    };
    let (tools, retry) = (story.tools.clone(), RetryRule::default());
    let kit = Kit { tools: &tools, now: story.now.plus_ms(60_000), luck: 0, retry, approval_ms: 600_000 };
    let commit = commit(&fork, &story.session.id, copies, CommitId::from_random(7), &kit).unwrap();
    let mut app = empty(look());
    tell(&mut app, Notice::Watching { session: id.clone() }, kit.now);
    tell(&mut app, Notice::Committed(Arc::new(commit)), kit.now);
    tell(&mut app, Notice::CaughtUp { session: id }, kit.now);
    press(&mut app, "2");
    shoot(&mut app, "forked");
}

/// Cause: a call that was changed for a fork was shown as approved, and it is asked about first.
#[test]
fn what_was_edited_for_a_fork_is_not_called_approved() {
    let story = story::held();
    let edited = Fact::CallEdited { call: CallId(4), args: json!({"path": "b.md"}), by: story::by() };
    let mut card = Card::asked(
        CallId(4),
        &AskedCall {
            wire_id: String::new(),
            tool: "write_file".to_string(),
            args: Args::Json(json!({"path": "a.md"})),
        },
    );
    let event = |fact: &Fact| Event { fact: fact.clone(), ..story.events()[0].clone() };
    let word = |card: &Card| card.decision.as_ref().map(Decision::word);
    card.apply(&event(&edited));
    assert_eq!(word(&card), Some("edited"));
    let hash = story.session.call(CallId(4)).and_then(|call| call.hash).unwrap();
    let by = story::by();
    card.apply(&event(&Fact::CallApproved { call: CallId(4), hash, by, expires: story.now }));
    assert_eq!(word(&card), Some("edited and approved"));
}

#[test]
fn the_help() {
    let mut app = with_sessions();
    press(&mut app, "1 ?");
    shoot(&mut app, "help");
}

#[test]
fn the_palette() {
    let mut app = with_sessions();
    press(&mut app, "1 Ctrl-P p a u");
    shoot(&mut app, "palette");
}

#[test]
fn the_theme_picker() {
    let mut app = with_sessions();
    press(&mut app, "1 g t Down");
    shoot(&mut app, "themes");
}

/// The finished session under a name of its own: both are told from one beginning.
fn finished() -> SessionId {
    SessionId("d0n3d0n3d0".to_string())
}

/// The held session and the finished one, compared; the other way round where `turned`.
fn told(turned: bool) -> Notice {
    let mut done = Accountant::new(finished());
    story::done().events().iter().for_each(|event| done.apply(event));
    let (held, done) = (account(&story::held()), done.finish());
    let compared = if turned { Comparison::of(done, held) } else { Comparison::of(held, done) };
    Notice::Compared(Arc::new(compared))
}

/// The held session marked, and the finished one chosen to be compared with it.
fn comparing() -> App {
    let held = story::held();
    let mut app = watching(&held, look());
    let mut other = row(&story::done());
    other.id = finished();
    let rows = vec![row(&held), row(&story::unknown()), other];
    shelf::keep(rows);
    let counted = shelf::listed(&Query::default());
    tell(&mut app, Notice::Listed(Box::new(counted)), held.now.plus_ms(4_000_000));
    press(&mut app, "1 g s");
    for id in [held.session.id.clone(), finished()] {
        let place = app.library.listed.rows.iter().position(|row| row.id == id).unwrap();
        press(&mut app, &format!("g g {} d", "j ".repeat(place)));
    }
    app
}

#[test]
fn a_marked_session() {
    let mut app = with_sessions();
    press(&mut app, "1 g s j d k");
    shoot(&mut app, "sessions_marked");
}

#[test]
fn two_sessions_compared() {
    let mut app = comparing();
    let waits = draw(&mut app, SIZES[2]);
    assert!(shot::text(&waits).contains("Reading the two sessions"));
    let now = app.now;
    tell(&mut app, told(true), now); // what was not asked for is not shown
    assert!(shot::text(&draw(&mut app, SIZES[2])).contains("Reading the two sessions"));
    tell(&mut app, told(false), now);
    shoot(&mut app, "compare");
}

/// Cause: what was cut of a difference could not be read.
#[test]
fn a_difference_shown_whole() {
    let mut app = comparing();
    let now = app.now;
    tell(&mut app, told(false), now);
    draw(&mut app, SIZES[1]);
    press(&mut app, "Enter");
    shoot(&mut app, "compare_whole");
    let whole = shot::text(&draw(&mut app, SIZES[1]));
    assert!(whole.contains("3 3   All three notes agree"), "{whole}");
    press(&mut app, "Enter");
    assert!(!shot::text(&draw(&mut app, SIZES[1])).contains("All three notes agree"));
    // The choice goes down to the last line and up again, and is always in view.
    for (key, sign) in [("j", "last"), ("k", "first"), ("Ctrl-D", "half down"), ("Ctrl-U", "half up")] {
        for _ in 0..60 {
            press(&mut app, key);
            let shown = shot::text(&draw(&mut app, SIZES[2]));
            assert!(shown.lines().any(|line| line.contains('›')), "{sign}:\n{shown}");
        }
    }
}

#[test]
fn two_sessions_compared_read_aloud() {
    let mut app = comparing();
    let now = app.now;
    tell(&mut app, told(false), now);
    app.look = Look { glyphs: GlyphSet::Words, accessible: true, no_color: true, ..look() };
    shoot(&mut app, "compare_aloud");
}

/// Cause: a comparison that came while the help lay over it was dropped, and one that failed was waited for for ever.
#[test]
fn a_comparison_arrives_below_the_help_and_a_failed_one_is_said() {
    let mut app = comparing();
    let now = app.now;
    press(&mut app, "F1");
    tell(&mut app, told(false), now);
    press(&mut app, "Esc");
    let shown = shot::text(&draw(&mut app, SIZES[1]));
    assert!(!shown.contains("Reading the two") && shown.contains("outcome"), "{shown}");
    for under_help in [false, true] {
        let mut app = comparing();
        if under_help {
            press(&mut app, "F1");
        }
        let (left, right) = (story::held().session.id.clone(), finished());
        let (sentence, hint) =
            ("The log\u{202e} cannot be read.".to_string(), "look at the disk".to_string());
        tell(&mut app, Notice::NotCompared { left, right, sentence, hint }, now);
        if under_help {
            press(&mut app, "Esc");
        }
        update(&mut app, Msg::Tick, now.plus_ms(60_000)); // what is said in passing has passed
        for size in SIZES {
            let shown = shot::text(&draw(&mut app, size));
            assert!(!shown.contains("Reading the two"), "{shown}");
            assert!(
                shown.contains("The log<U+202E> cannot be") && shown.contains("look at the disk"),
                "{shown}"
            );
        }
    }
}

#[test]
fn two_sessions_compared_at_the_next_difference() {
    for size in SIZES {
        let mut app = comparing();
        let now = app.now;
        tell(&mut app, told(false), now);
        draw(&mut app, size);
        for (name, keys) in [("compare_next", "n n j"), ("compare_end", "s G")] {
            press(&mut app, keys);
            let name = format!("{name}_{}x{}", size.0, size.1);
            insta::assert_snapshot!(name, shot::text(&draw(&mut app, size)));
        }
    }
}

#[test]
fn every_line_of_a_comparison_can_be_reached() {
    for size in SIZES {
        let mut app = comparing();
        let now = app.now;
        tell(&mut app, told(false), now);
        let mut seen = shot::text(&draw(&mut app, size));
        for _ in 0..80 {
            press(&mut app, "j");
            seen.push_str(&shot::text(&draw(&mut app, size)));
        }
        for words in ["c4 write_file", "c6 shell", "done: the model"] {
            assert!(seen.contains(words), "{words} at {size:?}");
        }
        let end = shot::text(&draw(&mut app, size));
        press(&mut app, "g g G");
        assert_eq!(end, shot::text(&draw(&mut app, size)), "the end is the end at {size:?}");
        press(&mut app, "Esc");
        assert!(shot::text(&draw(&mut app, size)).contains("Sessions"));
    }
}

/// The search with what was found of it.
fn searching() -> App {
    let mut app = with_sessions();
    press(&mut app, "1 g s s n o t e s");
    let hit = |title: &str, kind: &str, event: u64, snippet: &str, marks: Vec<std::ops::Range<usize>>| Hit {
        session: finished(),
        title: title.to_string(),
        archived: event == 3,
        over: true,
        event: EventNo(event),
        kind: kind.to_string(),
        at: story::START,
        snippet: snippet.to_string(),
        marks,
    };
    let said = "…the three notes use different words for a call that waits, and only one of the notes…";
    let hits = vec![
        hit("Approvals that survive a crash", "ModelReplied", 14, said, vec![13..18, 85..90]),
        hit(
            "日本語のメモを調べる",
            "CallEnded",
            9,
            "notes/a.md \u{1b}[31m1: on a hold",
            std::iter::once(0..5).collect(),
        ),
        hit("", "RunStarted", 3, "Summarise the notes.", std::iter::once(14..19).collect()),
    ];
    let found = Found { hits, next: None, progress: Progress { done: 7, all: 9 } };
    let search = app.library.texts.asked.clone().expect("it was asked for");
    let now = app.now;
    tell(&mut app, Notice::Found { search, found: Box::new(found) }, now);
    press(&mut app, "Down");
    app
}

#[test]
fn what_was_found_in_all_sessions() {
    shoot(&mut searching(), "sessions_search");
}

#[test]
fn what_came_of_deeds() {
    let mut app = with_sessions();
    press(&mut app, "1 g s Space Space t r e d");
    shoot(&mut app, "sessions_tags");
    press(&mut app, "Enter");
    let ids: Vec<SessionId> = shelf::rows().iter().map(|row| row.id.clone()).collect();
    let deed = Deed::Mark(Mark::Tag { tag: "red".to_string() });
    let done = |(at, came): (usize, Came)| Done { session: ids[at].clone(), deed: deed.clone(), came };
    let failed = "the session is damaged at #7: foreign \u{1b}[2J bytes".to_string();
    let came = [Came::Done, Came::Before("tagged so"), Came::Failed(failed)];
    let now = app.now;
    tell(&mut app, Notice::Did(came.into_iter().enumerate().map(done).collect()), now);
    shoot(&mut app, "sessions_told");
}

#[test]
fn the_sessions_read_aloud() {
    let plain = Look { glyphs: GlyphSet::Words, accessible: true, no_color: true, ..look() };
    let aloud = |mut app: App| {
        app.look = plain.clone();
        app
    };
    shoot(&mut aloud(with_sessions_open()), "sessions_aloud");
    shoot(&mut aloud(searching()), "sessions_search_aloud");
}

fn with_sessions_open() -> App {
    let mut app = with_sessions();
    shelf::change("f0f0f0f0f0", |row| row.marks.pinned = true);
    press(&mut app, "1 g s Space");
    app
}

#[test]
fn the_actions_of_the_sessions_by_name() {
    let mut app = with_sessions();
    press(&mut app, "1 g s Ctrl-P p u t");
    let screen = shot::text(&draw(&mut app, (120, 40)));
    assert!(screen.contains("archive") && screen.contains("delete") && !screen.contains("pause"), "{screen}");
    press(&mut app, "Esc");
    assert!(matches!(app.over.top(), Some(Overlay::Sessions)), "the palette gives the list back");
}
