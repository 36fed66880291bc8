//! One argument, followed end to end: from the model's stream through schema, policy, approval panel, editor and sandboxed tool to
//! the timeline, the disk and a replay. Real engine, real tools, real policy, real HTTP; nobody but the model is a double.

use crate::harness::mock_model::{Answer, MockModel};
use serde_json::json;
use std::sync::Arc;
use tackroom::adapters::clock::SystemClock;
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::adapters::files::Folders;
use tackroom::adapters::model::endpoint::EndpointConfig;
use tackroom::adapters::model::openai::OpenAi;
use tackroom::adapters::policy::Builtin;
use tackroom::adapters::tool::{self, Workspace};
use tackroom::domain::call::{By, CallState, Ended, Outcome, Preview, Via};
use tackroom::domain::event::{Event, Fact, Limits};
use tackroom::domain::message::Args;
use tackroom::domain::order::{Order, Refusal, Task};
use tackroom::domain::policy::{Mode, Word};
use tackroom::domain::session::Session;
use tackroom::domain::talk::Talk;
use tackroom::domain::trace::Trace;
use tackroom::ports::log::Log;
use tackroom::runtime::agent::{Agent, OnHold, Parked};
use tackroom::runtime::hand::{Hand, Opening};
use tackroom::runtime::ledger::RecordFault;
use tackroom::runtime::plugs::{Kitbag, Plugs, Settings, Store};
use tackroom::runtime::toolbox::Toolbox;
use tokio_util::sync::CancellationToken;

/// The events as a screen or a replay would fold them.
fn folded(id: &tackroom::domain::ids::SessionId, events: &[Event]) -> (Session, Talk, Trace) {
    let (mut session, mut talk, mut trace) = (Session::new(id.clone()), Talk::default(), Trace::default());
    for event in events {
        session.apply(event);
        talk.apply(event);
        trace.apply(event);
    }
    (session, talk, trace)
}

/// A stream of these chunks, sent byte by byte.
fn bytewise(chunks: &[serde_json::Value]) -> Answer {
    let text: String = chunks.iter().map(|chunk| format!("data: {chunk}\r\n\r\n")).collect::<String>()
        + "data: [DONE]\r\n\r\n";
    let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    Answer::pieces(&bytes)
}

fn plugs(home: &std::path::Path, workspace: &str, base_url: &str) -> Plugs {
    let engine = Arc::new(Sqlite::open(home).expect("a store"));
    let clock = Arc::new(SystemClock);
    let place = Workspace::open(std::path::Path::new(workspace), &[]).expect("a workspace");
    let kitbag = Kitbag {
        model: Arc::new(OpenAi::new(EndpointConfig::new(base_url), clock.clone()).expect("a plug")),
        tools: Toolbox::new(tool::standard(place, tool::Settings::default())),
        judge: Arc::new(Builtin::new::<&str>(&[], &[]).expect("a policy")),
    };
    let files = Folders::new(engine.clone(), clock.clone(), vec![home.to_path_buf()], home.join("forks"));
    Plugs {
        files: Arc::new(files),
        store: Store {
            log: engine.clone(),
            work: engine.clone(),
            blobs: engine.clone(),
            live: engine.clone(),
            index: engine,
        },
        clock,
        rebuild: tackroom::adapters::model::body::rebuilt,
        outfit: Arc::new(move |_: &str, _: &str, _: Option<&str>| Ok(kitbag.clone())),
        settings: Settings::default(),
        holder: "walk".into(),
    }
}

#[tokio::test]
async fn one_argument_end_to_end() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let workspace = folder.path().to_str().unwrap().to_string();
    let proposed = json!({"path": "notes.txt", "content": "draft"});
    // The argument arrives as text, split in the middle of a word, by a stream that is cut into single bytes.
    let call = |index: usize, part: &str| {
        json!({"choices":[{"index":0,"delta":{"tool_calls":[{"index":index,"id":"w1",
        "type":"function","function":{"name":"write_file","arguments":part}}]}}]})
    };
    let text = proposed.to_string();
    let (left, right) = text.split_at(13);
    let finish = json!({"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]});
    let last = json!({"choices":[{"index":0,"delta":{"content":"written"},"finish_reason":"stop"}]});
    let mock = MockModel::strict(vec![
        bytewise(&[
            call(0, left),
            json!({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,
            "function":{"arguments":right}}]}}]}),
            finish,
        ]),
        bytewise(&[last]),
    ])
    .await;
    let plugs = plugs(home.path(), &workspace, &mock.url());
    let by = By { name: "ada".into(), via: Via::Screen };
    let book = (plugs.outfit)(&workspace, "m", None).unwrap().tools.book().clone();
    let mut hand = Hand::new(plugs.store.log.clone(), plugs.clock.clone(), plugs.settings, book, by);
    let opening = Opening {
        agent: "default".into(),
        workspace: workspace.clone(),
        instructions: "be good".into(),
        parent: None,
        program: "walk".into(),
    };
    let task = Task {
        input: "write a note".into(),
        mode: Mode::Auto,
        limits: Limits::default(),
        model: "m".into(),
        base_url: None,
    };
    let id = hand.begin(&opening, &task, &[]).await.unwrap();
    let mut agent = Agent::take(plugs.clone(), &id, CancellationToken::new()).await.unwrap();

    // Proposed, judged, held: nothing is written, and the operator sees what would be.
    assert_eq!(agent.drive(OnHold::Leave).await.unwrap(), Parked::Held);
    let held = hand.session(&id).await.unwrap().calls[0].clone();
    assert_eq!(held.proposed, Args::Json(proposed.clone()));
    assert_eq!(
        held.verdict.as_ref().map(|verdict| (verdict.word, verdict.rule.as_str())),
        Some((Word::Ask, "workspace-write"))
    );
    assert!(
        matches!(&held.preview, Preview::Change { path, before: None, after, .. } if path == "notes.txt" && after == "draft")
    );
    assert!(!folder.path().join("notes.txt").exists());

    // An edit that misses the schema is refused with the path; one that leaves the workspace is judged again and denied.
    let hash = held.hash.unwrap();
    let edit = |args| Order::ApproveEdited { call: held.id, hash, args };
    let bad = hand.order(&id, &edit(json!({"path": "notes.txt"}))).await.err();
    assert!(
        matches!(bad, Some(RecordFault::Refused(Refusal::BadArguments(faults))) if faults[0].path == "/content")
    );
    hand.order(&id, &edit(json!({"path": "../out.txt", "content": "draft"}))).await.unwrap();
    assert_eq!(agent.drive(OnHold::Leave).await.unwrap(), Parked::Held);
    let back = hand.session(&id).await.unwrap().calls[0].clone();
    assert_eq!((back.state, back.edited), (CallState::Held, None));
    assert_eq!(back.edit_refused.map(|verdict| verdict.rule), Some("outside".to_string()));

    // A good edit: judged again, approved, started, run, ended, told to the model.
    let edited = json!({"path": "notes.txt", "content": "final"});
    hand.order(&id, &edit(edited.clone())).await.unwrap();
    assert_eq!(agent.drive(OnHold::Leave).await.unwrap(), Parked::Idle);
    assert_eq!(std::fs::read_to_string(folder.path().join("notes.txt")).unwrap(), "final");
    assert!(!folder.path().parent().unwrap().join("out.txt").exists());
    let told = mock.asked().last().unwrap().body["messages"].as_array().unwrap().last().unwrap()["content"]
        .to_string();
    assert!(told.contains("The operator changed the arguments"), "{told}");
    drop(agent);

    on_disk_and_again(home.path(), &id, plugs, &proposed, &edited).await;
}

/// What is on disk says it all, in order; folded again, twice, it is the same, without model, tool, clock or network.
async fn on_disk_and_again(
    home: &std::path::Path,
    id: &tackroom::domain::ids::SessionId,
    plugs: Plugs,
    proposed: &serde_json::Value,
    edited: &serde_json::Value,
) {
    // On disk, in order: nothing happened that the log did not say first.
    let commits = plugs.store.log.read(id, 0, 1_000).await.unwrap();
    let events: Vec<Event> =
        commits.iter().flat_map(|commit| &commit.events).map(|sealed| sealed.event.clone()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event.fact.kind()).collect();
    let expected = [
        "SessionOpened",
        "RunStarted",
        "WriterTaken",
        "ModelAsked",
        "ModelReplied",
        "CallJudged",
        "CallEdited",
        "CallApproved",
        "CallJudged",
        "CallEdited",
        "CallApproved",
        "CallJudged",
        "WorkspaceKept", // a write may change files: as they are, they are kept first
        "CallStarted",
        "CallEnded",
        "ModelAsked",
        "ModelReplied",
        "WorkspaceKept", // as the run left them
        "RunEnded",
    ];
    assert_eq!(kinds, expected);

    // Replay: the same events to the same folds, twice, and without model, tool, clock or network.
    drop(plugs);
    let stored = Sqlite::open_read_only(home).unwrap().unwrap();
    let again: Vec<Event> = stored
        .read(id, 0, 1_000)
        .await
        .unwrap()
        .iter()
        .flat_map(|commit| commit.events.clone())
        .map(|sealed| sealed.event)
        .collect();
    assert_eq!(again, events);
    let (session, talk, trace) = folded(id, &again);
    let call = &session.calls[0];
    assert_eq!(call.state, CallState::Ended(Ended::Ran(Outcome::Ok)));
    assert_eq!(
        (call.proposed.clone(), call.edited.clone()),
        (Args::Json(proposed.clone()), Some(edited.clone()))
    );
    assert_eq!(format!("{talk:?}"), format!("{:?}", folded(id, &events).1));
    assert!(trace.faults().is_empty(), "the spans are a whole tree");
    assert!(
        events.iter().any(|event| matches!(&event.fact, Fact::CallApproved { by, .. } if by.name == "ada"))
    );
}
