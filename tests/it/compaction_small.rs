//! A window into which little fits: trimming again and again is no reason to ask a person.

use crate::compaction::{Long, plugs, whole, windowed};
use crate::harness::fold::{asked, said};
use crate::harness::world::World;
use serde_json::json;
use std::sync::Arc;
use tackroom::domain::event::Fact;
use tackroom::domain::message::{Finish, Reply};
use tackroom::domain::policy::Mode;
use tackroom::domain::run::Status;
use tackroom::runtime::agent::Parked;

/// Cause: each file that was read took two fifths of the window, each was trimmed once the next one came, and the third time
/// the run was held as if it went nowhere.
#[tokio::test]
async fn trimming_at_every_turn_holds_nobody_up() {
    let read = |turn: u64| Reply {
        calls: vec![asked("read", json!({ "path": format!("f{turn}"), "body": "large" }))],
        finish: Finish::Calls,
        ..said(&format!("File {turn}."))
    };
    let mut model = Long::new(30, 16_500);
    model.reply = Box::new(read);
    let model = Arc::new(model);
    let world = World::new(Vec::new());
    let id = world.begin_with(Mode::Auto, windowed(Some(16_500), 80)).await.expect("begun");
    assert_eq!(world.drive_with(&plugs(&world, &model), &id).await.expect("driven"), Parked::Idle);
    let live = whole(&world, &id).await;
    assert_eq!(live.status(), Status::Done);
    let events = world.events(&id).await;
    let shorter = events.iter().filter(|event| matches!(event.fact, Fact::ContextCompacted(_))).count();
    assert!(shorter > 10, "{shorter} times: the window is small");
}
