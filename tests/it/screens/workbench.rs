//! The workbench with its panes: live, held, of unknown outcome, unfolded, replayed.

use super::{SIZES, empty, look, press, shoot, styles, tell, watching};
use crate::harness::screen::TestScreen;
use crate::harness::story::{self, Story};
use tackroom::domain::fault::FaultKind;
use tackroom::domain::message::Draft;
use tackroom::domain::notice::Notice;

#[test]
fn an_empty_workbench_tells_what_to_do() {
    shoot(&mut empty(look()), "welcome");
}

#[test]
fn a_finished_session() {
    let mut app = watching(&story::done(), look());
    shoot(&mut app, "done");
    styles(&mut app, "done_styles", (120, 40));
}

#[test]
fn a_held_write() {
    let mut app = watching(&story::held(), look());
    press(&mut app, "1");
    shoot(&mut app, "held");
}

#[test]
fn a_held_write_with_the_keys() {
    let mut app = watching(&story::held(), look());
    press(&mut app, "4");
    shoot(&mut app, "held_focused");
}

#[test]
fn an_unknown_outcome_after_a_takeover() {
    let mut app = watching(&story::unknown(), look());
    press(&mut app, "1");
    shoot(&mut app, "unknown");
}

#[test]
fn the_timeline_has_the_keys() {
    let mut app = watching(&story::done(), look());
    press(&mut app, "2 k k k k k");
    shoot(&mut app, "trace");
    styles(&mut app, "trace_styles", (120, 40));
}

#[test]
fn the_timeline_folded() {
    let mut app = watching(&story::done(), look());
    press(&mut app, "2 g g j Enter");
    shoot(&mut app, "trace_folded");
}

#[test]
fn the_calls_have_the_keys_and_one_is_unfolded() {
    let mut app = watching(&story::done(), look());
    press(&mut app, "3 k k Enter");
    shoot(&mut app, "calls");
}

#[test]
fn a_card_unfolds_with_its_difference() {
    let mut app = watching(&story::done(), look());
    press(&mut app, "1 g g");
    let at = app.watched.as_ref().and_then(|watched| watched.talk.key_of(tackroom::domain::ids::CallId(5)));
    app.windows.talk.chosen = at;
    app.windows.talk.reveal = true;
    press(&mut app, "Enter");
    app.windows.talk.reveal = true;
    shoot(&mut app, "card_unfolded");
}

#[test]
fn words_looked_for_are_marked() {
    let mut app = watching(&story::done(), look());
    press(&mut app, "1 / h o l d Enter");
    shoot(&mut app, "search");
}

#[test]
fn a_reply_arrives() {
    let mut story = Story::new("t5t5t5t5t5", "Streaming");
    story.wait(300).task("What is a tackroom?").ask().wait(900);
    let mut app = watching(&story, look());
    let session = story.session.id.clone();
    for draft in [
        Draft::Reasoning("The user asks about a word from the stable. ".repeat(8)),
        Draft::Text("A **tackroom** is where harness is kept:\n\n- saddles\n- bri".to_string()),
        Draft::Call { index: 0, tool: "write_file".to_string(), bytes: 1_204 },
    ] {
        tell(&mut app, Notice::Draft { session: session.clone(), draft }, story.now);
    }
    press(&mut app, "1");
    shoot(&mut app, "arriving");
}

#[test]
fn a_run_that_failed_says_why_and_what_to_do() {
    let mut story = Story::new("f0f0f0f0f0", "No model");
    story.wait(300).task("Summarise the notes.").ask().wait(20);
    story.fault(FaultKind::Auth, "the server answered 401: invalid api key").finish();
    let mut app = watching(&story, look());
    press(&mut app, "1");
    shoot(&mut app, "failed");
}

#[test]
fn a_replay_in_its_middle() {
    let story = story::done();
    let mut screen = TestScreen::playing(&story, SIZES[1], None);
    screen.press("6");
    shoot(&mut screen.app, "replay");
    screen.press("e 4 ) ) Space").tick_ms(200).tick_ms(900);
    assert!(screen.app.playback.as_ref().is_some_and(|playback| playback.playing));
    shoot(&mut screen.app, "replay_playing");
    // A person was waited for over twelve seconds: that is played in one, and said so.
    screen.press("0 } } }").press("Space").tick_ms(500);
    shoot(&mut screen.app, "replay_shortened");
    screen.press("Space : 5 0");
    shoot(&mut screen.app, "replay_going");
}
