//! Conversations made shorter in the real program: by themselves, by hand from another terminal, taken back; told wherever a session is.

use crate::harness::binary::{Home, done};
use serde_json::{Value, json};
use tackroom::domain::hash::Hash;

/// Replies of three kilobytes each, with a call; then a last word.
fn script(home: &Home, turns: usize, summaries: Value) -> String {
    let reply = |turn: usize| json!({"text": format!("Turn {turn}. {}", "words ".repeat(500)), "calls": [{"tool": "list_dir", "args": {"path": ".", "depth": 1 + turn % 4}}]});
    let mut replies: Vec<Value> = (0..turns).map(reply).collect();
    replies.push(json!({"text": "Done."}));
    let path = home.path("long.json");
    std::fs::write(&path, json!({"replies": replies, "summaries": summaries}).to_string()).unwrap();
    format!("scripted:{}", path.display())
}

fn of(home: &Home, id: &str, kind: &str) -> Vec<usize> {
    let kinds = home.kinds(id);
    (1..=kinds.len()).filter(|no| kinds[no - 1] == kind).collect()
}

/// The hash that an event tells of its request.
fn hash(home: &Home, id: &str, no: usize) -> String {
    let event: Value = serde_json::from_str(&home.events(id)[no - 1]).unwrap();
    let found = event.pointer("/event/data/request").or_else(|| event.pointer("/data/request"));
    found.and_then(Value::as_str).unwrap_or_default().to_string()
}

#[test]
fn a_long_task_goes_through_and_every_request_can_be_made_again() {
    let home = Home::new();
    let model =
        script(&home, 14, json!([{"text": "Notes one: the first half is done."}, {"text": "Notes two."}]));
    let ran = home.task(&model, "Keep the name Marigold.", &["--window", "8k"]);
    done(&ran);
    assert_eq!(ran.out.trim(), "Done.");
    ran.is_clean();
    let id = home.only();
    let (asked, shorter) = (of(&home, &id, "CompactAsked"), of(&home, &id, "ContextCompacted"));
    assert!(!asked.is_empty() && shorter.len() >= asked.len(), "{asked:?} {shorter:?}");
    assert!(ran.err.contains("the conversation before this was summarised"), "{}", ran.err);
    done(&home.run(&["verify", &id]));
    // The exact bytes of a request before, of the one for a summary and of those after are made again from the log.
    let turns = of(&home, &id, "ModelAsked");
    let after = *turns.iter().find(|no| **no > shorter[0]).expect("it went on");
    for no in [turns[1], asked[0], after, *turns.last().expect("some")] {
        let body = home.run(&["inspect", &id, &no.to_string(), "--request"]);
        done(&body);
        assert_eq!(
            Hash::of(body.out.as_bytes()).to_string(),
            hash(&home, &id, no),
            "event {no}: {}",
            body.out
        );
    }
    let told = home.run(&["inspect", &id, &after.to_string()]);
    for word in ["a summary stands for what events", "all else is in the summary", "of 8.0k tokens"] {
        assert!(told.out.contains(word), "{word}: {}", told.out);
    }
    let told = home.run(&["inspect", &id, &shorter[0].to_string()]);
    assert!(told.out.contains("Notes one") && told.out.contains("Marigold"), "{}", told.out);
    for (args, word) in [
        (vec!["sessions", "show", &id], "made shorter"),
        (vec!["sessions", "export", &id, "--format", "md"], "Notes one"),
        (vec!["sessions", "export", &id, "--format", "html"], "Notes one"),
        (vec!["sessions", "export", &id, "--format", "atif"], "Notes one"),
        (vec!["replay", &id, "--headless"], "was summarised"),
        (vec!["sessions", "search", "first half"], "Notes one"),
        (vec!["config", "show"], "context.compact_at"),
    ] {
        let ran = home.run(&args);
        done(&ran);
        assert!(ran.out.contains(word), "{args:?}: {}", ran.out);
    }
}

#[test]
fn by_hand_it_is_shown_first_done_before_the_next_request_and_taken_back() {
    let home = Home::new();
    let model = script(&home, 4, json!([{"text": "Short notes."}]));
    let ran = home.task(&model, "Go.", &["--window", "100k", "--break", "steps=4"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let id = home.only();
    let dry = home.run(&["compact", &id, "--dry-run"]);
    done(&dry);
    assert!(
        dry.out.contains("a summary would stand for") && dry.out.contains("by itself from 80% on"),
        "{}",
        dry.out
    );
    let told = home.run(&["compact", &id, "--dry-run", "--json"]).json();
    assert_eq!((told["version"].as_u64(), told["window"].as_u64()), (Some(1), Some(100_000)));
    assert_eq!(told["would"]["do"], "summarise");
    home.run(&["compact", &id, "--undo"]).fails(1, &["no compaction to take back"]);
    done(&home.run(&["compact", &id]));
    home.run(&["compact", &id]).fails(1, &["already"]);
    done(&home.run(&["continue", &id]));
    let ran = home.run(&["resume", &id, "--headless"]);
    done(&ran);
    assert_eq!(of(&home, &id, "ContextCompacted").len(), 1);
    let undone = home.run(&["compact", &id, "--undo"]);
    done(&undone);
    assert!(undone.out.contains("as it was before"), "{}", undone.out);
    done(&home.run(&["verify", &id]));
    assert_eq!(of(&home, &id, "CompactionUndone").len(), 1);
}

#[test]
fn where_nothing_helps_it_is_held_with_exit_code_3_and_a_wrong_setting_is_told() {
    let home = Home::new();
    let fault = json!({"fault": {"kind": "bad-request", "message": "no"}});
    let model = script(&home, 12, json!([fault, fault, fault, fault]));
    let ran = home.task(&model, "Go.", &["--window", "6k"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let id = home.only();
    for word in ["held (context)", "a summary failed", "tackroom compact", "tackroom fork"] {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
    let pending = home.pending();
    assert_eq!(pending[0]["kind"], "context", "{pending:?}");
    done(&home.run(&["verify", &id]));
    for (wrong, says) in [
        ("[context]\ncompact_at = 99\n", "compact_at = 99"),
        ("[model]\nwindow = \"lots\"\n", "[model] window"),
        ("[context.windows]\nx = 5\n", "[context.windows] \"x\""),
    ] {
        home.config(wrong);
        home.task(&model, "Go.", &[]).fails(2, &[says]);
    }
}
