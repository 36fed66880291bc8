//! The page of an event of a told session, read as in life: through the log and the blobs of an engine.

use crate::harness::story::Story;
use std::sync::Arc;
use tackroom::adapters::engine::memory::Memory;
use tackroom::adapters::model::body::{Bodies, rebuilt};
use tackroom::adapters::model::dialect::Dialect;
use tackroom::adapters::model::openai::Chat;
use tackroom::domain::ids::{CallId, EventNo};
use tackroom::domain::inspect::page::{Page, Subject};
use tackroom::domain::outcome::Report;
use tackroom::ports::blobs::Blobs;
use tackroom::ports::log::Log;
use tackroom::ports::model::{Ask, Errand, Rebuild};
use tackroom::runtime::inspect::inspect;
use tackroom::runtime::plugs::Store;

/// An engine that has everything the story told.
pub async fn stored(story: &Story) -> (Memory, Store) {
    let engine = Memory::new();
    for commit in &story.commits {
        engine.append(Arc::clone(commit)).await.expect("a story follows the rules of the log");
    }
    let one = Arc::new(engine.clone());
    let store =
        Store { log: one.clone(), work: one.clone(), blobs: one.clone(), live: one.clone(), index: one };
    (engine, store)
}

/// The page of an event, or of a call that it asked for; `kept` are contents of the blob store.
pub async fn page(story: &Story, kept: &[&[u8]], subject: Subject, until: Option<u64>) -> Page {
    page_with(story, kept, subject, until, rebuilt).await
}

/// The same with another way to make requests again.
pub async fn page_with(
    story: &Story,
    kept: &[&[u8]],
    subject: Subject,
    until: Option<u64>,
    rebuild: Rebuild,
) -> Page {
    let (engine, store) = stored(story).await;
    for content in kept {
        engine.put((*content).into()).await.expect("the engine keeps it");
    }
    let until = until.map(EventNo);
    let read = inspect(&store, rebuild, &story.session.id, subject, until).await;
    read.expect("the log can be read").expect("the event is there")
}

/// An event.
pub fn event(no: u64) -> Subject {
    Subject { no: EventNo(no), call: None }
}

/// A call of a story, from where it was asked for.
pub fn call(story: &Story, id: u32) -> Subject {
    let id = CallId(id);
    Subject { no: story.session.call(id).expect("a call of the story").span, call: Some(id) }
}

/// The model is asked as by an agent: the hash is that of a real request, whose frame is answered.
pub fn ask(story: &mut Story) -> Vec<u8> {
    let model = "qwen3-coder".to_string();
    let asked = Ask {
        session: story.session.id.clone(),
        model: model.clone(),
        messages: story.session.upcoming(),
        tools: story.tools.clone(),
        attempt: 1,
        errand: Errand::default(),
    };
    let body = Bodies::<Chat>::default().write(&asked, Dialect::default());
    let frame = Some(tackroom::domain::hash::Hash::of(&body.frame));
    story.report(Report::Asking {
        model,
        request: body.hash,
        frame,
        notes: story.session.note_numbers(),
        route: None,
        ahead: None,
    });
    body.frame.to_vec()
}
