//! What is read of each tool's files, and that a source is taken once, however it grows.

use super::{Desk, fixtures, fold, lines, samples};
use tackroom::domain::call::{CallState, Ended};
use tackroom::domain::event::Fact;
use tackroom::domain::foreign::{Recorded, RecordedTime};
use tackroom::domain::run::Status;

const FILES: [&str; 10] = [
    "codex.jsonl",
    "codex-legacy.jsonl",
    "claude.jsonl",
    "gemini.jsonl",
    "gemini-old.json",
    "opencode-export.json",
    "opencode-storage/session/p1/ses_old.json",
    "goose.jsonl",
    "mini.traj.json",
    "codex.jsonl",
];

#[tokio::test]
async fn every_tools_file_becomes_a_session() {
    let mut pages = Vec::new();
    for name in FILES {
        let desk = Desk::new();
        let taken = desk.only(&fixtures().join(name)).await;
        let id = taken.session.clone().unwrap();
        let events = desk.events(&id).await;
        let session = fold(&events);
        assert!(session.imported.is_some());
        let shown: Vec<_> =
            events.into_iter().filter(|event| !matches!(event.fact, Fact::ImportTaken { .. })).collect();
        let head = format!(
            "{name}: {:?}, {} · unknown {} damaged {} {:?} · {}",
            taken.title,
            session.workspace,
            taken.unknown,
            taken.damaged,
            taken.damaged_lines,
            session.status().word()
        );
        pages.push(format!("{head}\n{}", lines(&shown)));
    }
    insta::assert_snapshot!("sessions", pages.join("\n\n"));
}

#[tokio::test]
async fn a_source_is_taken_once() {
    let desk = Desk::new();
    let first = desk.import(&fixtures()).await;
    assert!(first.len() >= 9 && first.iter().all(|taken| taken.as_ref().is_ok_and(|taken| taken.added > 0)));
    for again in desk.import(&fixtures()).await {
        assert_eq!(again.unwrap().added, 0);
    }
}

/// A journal that is read after each of its lines gives the same calls, words and tokens as one that is read at its end.
#[tokio::test]
async fn what_has_grown_adds_only_what_is_new() {
    for name in ["codex.jsonl", "codex-legacy.jsonl", "claude.jsonl", "goose.jsonl"] {
        let whole = std::fs::read_to_string(fixtures().join(name)).unwrap();
        let (once, grown) = (Desk::new(), Desk::new());
        let path = once.file(name, whole.as_bytes());
        let taken = once.only(&path).await;
        let at_once = fold(&once.events(&taken.session.clone().unwrap()).await);
        let mut text = String::new();
        let mut last = None;
        for line in whole.split_inclusive('\n') {
            text.push_str(line);
            let path = grown.file(name, text.as_bytes());
            for source in grown.discover(&path).await.sources {
                last = Some(grown.importer.import(&source, false).await.unwrap());
            }
        }
        let taken = grown.only(&grown.dir.path().join(name)).await;
        assert_eq!(last.unwrap().session, taken.session);
        let step_by_step = fold(&grown.events(&taken.session.unwrap()).await);
        let calls = |session: &tackroom::domain::session::Session| -> Vec<String> {
            session
                .calls
                .iter()
                .map(|call| format!("{} {:?} {:?}", call.tool, call.proposed, call.state))
                .collect()
        };
        assert_eq!(calls(&step_by_step), calls(&at_once), "{name}");
        assert_eq!(step_by_step.usage, at_once.usage, "{name}: tokens are counted once");
        assert_eq!(step_by_step.status(), at_once.status(), "{name}");
    }
}

#[tokio::test]
async fn calls_tell_what_is_recorded_and_no_more() {
    let desk = Desk::new();
    let taken = desk.only(&fixtures().join("claude.jsonl")).await;
    let session = fold(&desk.events(&taken.session.unwrap()).await);
    let ends: Vec<_> =
        session.calls.iter().map(|call| (call.state.clone(), call.ran_ms, call.recorded_time)).collect();
    assert_eq!(
        ends,
        [
            (CallState::Ended(Ended::Recorded(Recorded::Ok)), Some(30), Some(RecordedTime::Execution)),
            (
                CallState::Ended(Ended::Recorded(Recorded::Refused)),
                Some(62_700),
                Some(RecordedTime::WithWaiting)
            ),
        ]
    );
    assert_eq!(
        session.usage.input, 200,
        "a message in four lines, two calls made at once, and one more: counted once each"
    );
    let said = format!("{:?}", session.transcript);
    assert!(!said.contains("A branch that was left") && !said.contains("a sub-agent"), "{said}");
    let taken = desk.only(&fixtures().join("codex.jsonl")).await;
    let session = fold(&desk.events(&taken.session.unwrap()).await);
    assert_eq!(
        session.calls[2].state,
        CallState::Unrecorded,
        "killed while it ran, or while it waited: nobody knows"
    );
    assert_eq!(session.status(), Status::Unfinished);
}

#[tokio::test]
async fn a_huge_line_and_wrong_bytes_are_set_apart() {
    let desk = Desk::new();
    let good = std::fs::read_to_string(fixtures().join("codex.jsonl")).unwrap();
    let mut bytes = good.clone().into_bytes();
    bytes.extend(b"{\"type\":\"response_item\",\"payload\":{\"x\":\"");
    bytes.resize(bytes.len() + 40 * 1024 * 1024, b'a');
    bytes.extend(b"\"}}\n\xff\xfe\n\x00\x00\n[1,2]\n");
    bytes.extend("[".repeat(100_000).as_bytes());
    bytes.extend(b"\n{\"timestamp\":\"2026-03-04T10:01:00Z\",\"type\":\"event_msg\",\"payload\":{\"type\":\"turn_aborted\"}}");
    let taken = desk.only(&desk.file("rollout-x.jsonl", &bytes)).await;
    let first = good.lines().count() as u64 + 1;
    assert_eq!(taken.damaged_lines, [18, first, first + 1, first + 2, first + 3, first + 4]);
    let session = fold(&desk.events(&taken.session.unwrap()).await);
    assert_eq!(session.status(), Status::Cancelled, "the last line counts, though it has no end");
    assert_eq!(session.imported.unwrap().damaged, 6);
}

#[tokio::test]
async fn large_texts_are_bounded_and_large_results_kept_whole() {
    let desk = Desk::new();
    let big = "\u{1}x".repeat(700_000);
    let record = |payload: serde_json::Value| {
        serde_json::json!({"timestamp":"2026-03-04T10:00:00Z","type":"response_item","payload":payload})
            .to_string()
    };
    let args = serde_json::json!({ "body": big }).to_string();
    let lines = [
        record(serde_json::json!({"type":"message","role":"user","content":[{"text":big}]})),
        record(serde_json::json!({"type":"function_call","call_id":"a","name":"w","arguments":args})),
        record(serde_json::json!({"type":"function_call","call_id":"b","name":"w","arguments":args})),
        record(serde_json::json!({"type":"function_call_output","call_id":"a","output":big})),
    ];
    let taken = desk.only(&desk.file("rollout-y.jsonl", lines.join("\n").as_bytes())).await;
    let session = fold(&desk.events(&taken.session.unwrap()).await);
    assert!(session.run.as_ref().unwrap().input.contains("bytes were left out when this was imported"));
    let output = session.calls[0].output.clone().unwrap();
    assert_eq!(output.size, big.len() as u64);
    let kept = desk.importer.blobs.get(output.blob.unwrap()).await.unwrap().unwrap();
    assert_eq!(kept, big.as_bytes());
    assert_eq!(session.calls.len(), 2);
}

#[tokio::test]
#[ignore = "needs real files of other tools: TACKROOM_SAMPLES names their folder; `tests/run` says where it is missing"]
async fn every_real_file_imports() {
    let folder = samples().expect("TACKROOM_SAMPLES names a folder of real files");
    let desk = Desk::new();
    let found = desk.discover(&folder).await;
    let mut unknown = 0;
    for source in &found.sources {
        let taken = desk.importer.import(source, true).await.unwrap();
        assert_eq!(taken.damaged, 0, "{}", source.path.display());
        fold(&desk.events(&taken.session.unwrap()).await);
        unknown += taken.unknown;
        assert_eq!(desk.importer.import(source, true).await.unwrap().added, 0, "{}", source.path.display());
    }
    println!(
        "{} real sessions, {unknown} unknown records, {} files of no session",
        found.sources.len(),
        found.odd.len()
    );
    assert!(!found.sources.is_empty() && unknown == 0);
}
