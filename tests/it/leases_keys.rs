//! Leases by keys: the page opens only once the call was read, typing grants nothing, a deliberate key grants exactly what is
//! written for exactly what was shown, and what changed meanwhile closes it.

use crate::harness::screen::{TestScreen, decides};
use crate::harness::story::{self, Story};
use crate::leases_told::leased;
use serde_json::json;
use tackroom::domain::command::Command;
use tackroom::domain::ids::{CallId, LeaseNo};
use tackroom::domain::lease_terms::Terms;
use tackroom::domain::order::Order;
use tackroom::ui::mode::{Focus, Pane};
use tackroom::ui::parts::Overlay;

fn held() -> Story {
    let mut story = Story::new("l3a5edl3a5", "Test until it passes");
    story.wait(100).task("Test it.");
    story.wait(900).reply(400, "", &[("shell", json!({"argv": ["make", "test"]}))]);
    story.hold_command(1, &["make", "test"]);
    story
}

/// The decision panel has the keys, and they count.
fn ready(story: &Story, size: (u16, u16)) -> TestScreen {
    let mut screen = TestScreen::of(story, size);
    screen.press("Esc 4");
    screen.tick_ms(500);
    screen.orders();
    screen
}

#[test]
fn a_opens_the_page_and_only_a_deliberate_key_grants() {
    let story = held();
    let mut screen = ready(&story, (120, 40));
    screen.press("a");
    assert!(matches!(screen.top(), Some(Overlay::Lease(_))), "{}", screen.screen());
    let asked: Vec<Command> = screen.commands();
    assert!(matches!(&asked[..], [Command::TryLease { fresh: true, .. }]), "{asked:?}");
    screen.press("Ctrl-S");
    assert_eq!(screen.orders(), [], "no key counts so soon");
    screen.tick_ms(500);
    screen.press("Down Down Down Ctrl-K").write("argv starts [\"make\",\"test\"]\ny\n");
    assert_eq!(screen.orders(), [], "typing grants nothing");
    screen.press("Ctrl-S");
    assert_eq!(screen.orders(), [], "what is wrong is granted by nothing");
    screen.press("Delete Ctrl-S");
    let hash = story.session.call(CallId(1)).unwrap().hash.unwrap();
    let terms = Terms::parse("argv starts [\"make\",\"test\"]").unwrap();
    assert_eq!(screen.orders(), [Order::Grant { call: CallId(1), hash, terms }]);
    assert!(screen.app.over.is_empty());
}

#[test]
fn nothing_is_granted_unread_or_without_the_keys() {
    let story = held();
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("Esc 1 a");
    screen.tick_ms(500);
    screen.press("a");
    assert!(screen.top().is_none(), "the panel does not have the keys");
    let mut small = ready(&story, (40, 15));
    small.press("a");
    assert!(small.top().is_none(), "it was not read to its end: {}", small.screen());
    for _ in 0..30 {
        small.press("j").tick_ms(20);
    }
    small.tick_ms(500);
    small.press("a");
    assert!(matches!(small.top(), Some(Overlay::Lease(_))), "{}", small.screen());
}

#[test]
fn what_can_destroy_has_no_lease_and_says_so() {
    let mut screen = ready(&story::held(), (120, 40));
    for _ in 0..40 {
        screen.press("j");
    }
    screen.tick_ms(500);
    screen.press("a");
    assert!(screen.top().is_none());
    assert!(screen.screen().contains("No lease can be given"), "{}", screen.screen());
}

#[test]
fn the_page_closes_when_its_call_was_decided_elsewhere() {
    let mut story = held();
    let mut screen = ready(&story, (120, 40));
    screen.press("a");
    assert!(screen.top().is_some());
    story.approve(1);
    screen.hear(&story);
    assert!(screen.top().is_none(), "{}", screen.screen());
    assert!(screen.screen().contains("no longer waits"), "{}", screen.screen());
    screen.press("Ctrl-S");
    assert!(!screen.orders().iter().any(decides));
}

#[test]
fn the_list_revokes_what_is_chosen() {
    let mut story = leased();
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("Esc 1 L");
    assert!(matches!(screen.top(), Some(Overlay::Leases(0))), "{}", screen.screen());
    screen.press("x j x");
    assert_eq!(screen.orders(), [Order::Revoke(LeaseNo(2)), Order::Revoke(LeaseNo(1))]);
    screen.press("Esc");
    assert_eq!(screen.app.focus, Focus::Pane(Pane::Conversation));
    story.wait(1);
    screen.press("Ctrl-P").write("leases\n");
    assert!(matches!(screen.top(), Some(Overlay::Leases(0))), "by its name: {}", screen.screen());
}

#[test]
fn a_replay_grants_and_revokes_nothing() {
    let story = leased();
    let mut screen = TestScreen::playing(&story, (120, 40), Some(8));
    screen.tick_ms(500);
    screen.press("4 a");
    assert!(!matches!(screen.top(), Some(Overlay::Lease(_))));
    screen.press("L x");
    assert_eq!(screen.orders(), []);
}
