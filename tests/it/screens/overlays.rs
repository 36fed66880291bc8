//! What lies over the workbench: sessions, help, palette, themes.

use super::{SIZES, draw, empty, look, press, row, shoot, tell, watching};
use crate::compare::account;
use crate::harness::shot;
use crate::harness::story::{self, Story};
use std::sync::Arc;
use tackroom::domain::account::Accountant;
use tackroom::domain::compare::Comparison;
use tackroom::domain::decide::Kit;
use tackroom::domain::event::Parent;
use tackroom::domain::fault::FaultKind;
use tackroom::domain::fork::{Fork, Twist, commit};
use tackroom::domain::ids::{CommitId, EventNo, SessionId};
use tackroom::domain::notice::Notice;
use tackroom::domain::retry::RetryRule;
use tackroom::ui::app::App;

fn with_sessions() -> App {
    let held = story::held();
    let mut app = watching(&held, look());
    let mut failed =
        Story::new("f0f0f0f0f0", "Summarise the notes of a very long week in which nothing happened at all");
    failed.task("x").ask().wait(20).fault(FaultKind::Auth, "401").finish();
    let mut foreign = Story::new("w1w1w1w1w1", "日本語のメモを調べる \u{1b}[31mred\u{202e}");
    foreign.task("x").ask();
    let rows = vec![row(&held), row(&story::unknown()), row(&foreign), row(&story::done()), row(&failed)];
    tell(&mut app, Notice::Rows(rows), held.now.plus_ms(4_000_000));
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
    let mut rows = app.rows.clone();
    let parent = rows[0].id.clone();
    for (at, of) in [(2, parent), (4, rows[2].id.clone())] {
        rows[at].parent = Some(Parent { session: of, at: EventNo(7) });
    }
    let now = app.now;
    tell(&mut app, Notice::Rows(rows), now);
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
    tell(&mut app, Notice::Rows(rows), held.now.plus_ms(4_000_000));
    press(&mut app, "1 g s d j j d");
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
        tell(&mut app, Notice::Rows(Vec::new()), now.plus_ms(60_000)); // what is said in passing has passed
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
        for (name, keys) in [("compare_next", "n n j"), ("compare_end", "Enter G")] {
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
