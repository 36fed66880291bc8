//! `tackroom import` in the real program, and what every other command makes of an imported session.

use super::fixtures;
use crate::harness::binary::{Home, Running};
use crate::harness::terminal::Terminal;
use rustix::process::Signal;
use std::io::Write;

#[test]
fn imported_sessions_are_listed_shown_and_replayed_and_never_driven() {
    let home = Home::new();
    let file = fixtures().join("codex.jsonl").display().to_string();
    let ran = home.run(&["import", &file, "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = ran.json()["imported"][0].clone();
    assert_eq!((told["tool"].as_str(), told["unknown"].as_u64()), (Some("codex"), Some(1)), "{ran:?}");
    assert_eq!(told["damaged_lines"], serde_json::json!([18]));
    let id = told["session"].as_str().unwrap();
    assert_eq!(home.only(), id);
    let again = home.run(&["import", &file]);
    assert!(again.code == 0 && again.out.contains("0 events added"), "{again:?}");
    again.is_clean();
    let shown = home.run(&["sessions", "show", id]);
    assert!(shown.out.contains("without a recorded end") && shown.out.contains("unfinished"), "{shown:?}");
    let events = home.run(&["events", id]);
    for words in
        ["decision not recorded", "no such file", "waiting for a person included", "damaged record 18"]
    {
        assert!(events.out.contains(words), "{words}: {events:?}");
    }
    assert!(!events.out.contains("approved"), "{events:?}");
    assert_eq!(home.pending().len(), 0, "nobody is asked to settle it");
    let kinds = home.kinds(id);
    home.run(&["resume", id, "--headless"]).fails(2, &["imported", "replay"]);
    for order in [vec!["cancel", id], vec!["approve", id, "c3"], vec!["settle", id, "c3", "happened"]] {
        home.run(&order).fails(1, &["imported from codex"]);
    }
    assert_eq!(home.kinds(id), kinds, "nothing was written");
    let mut terminal = Terminal::start(&home, &["replay", id], 110, 30);
    terminal.see("imported from codex 0.169.0");
    terminal.keys("G");
    terminal.see("no end recorded");
    terminal.signal(Signal::TERM);
    terminal.end();
}

#[test]
fn what_there_is_is_listed_and_found_in_its_usual_place() {
    let home = Home::new();
    let none = home.run(&["import", "--list"]);
    assert!(none.code == 0 && none.out.contains("no session of another tool"), "{none:?}");
    assert!(!home.home().exists(), "looking makes nothing");
    let codex = home.path("user/.codex/sessions/2026/03/04");
    std::fs::create_dir_all(&codex).unwrap();
    std::fs::copy(fixtures().join("codex.jsonl"), codex.join("rollout-a.jsonl")).unwrap();
    let claude = home.path("user/.claude/projects/-srv-demo");
    std::fs::create_dir_all(&claude).unwrap();
    std::fs::copy(fixtures().join("claude.jsonl"), claude.join("c.jsonl")).unwrap();
    let listed = home.run(&["import", "--list", "--json"]).json();
    let tools: Vec<_> =
        listed["sources"].as_array().unwrap().iter().map(|one| one["tool"].as_str().unwrap()).collect();
    assert_eq!(tools, ["codex", "claude"]);
    let only = home.run(&["import", "--from", "claude"]);
    assert!(only.out.contains("Two files") && only.out.contains("1 unknown"), "{only:?}");
    assert_eq!(home.sessions().len(), 1);
    let mut command = home.command(&["import", "--list"]);
    command.env("CODEX_HOME", home.path("elsewhere"));
    let moved = crate::harness::binary::finish(command, b"");
    assert!(!moved.out.contains("rollout-a") && moved.out.contains("c.jsonl"), "{moved:?}");
    home.run(&["import", "nowhere.jsonl"]).fails(2, &["nowhere.jsonl"]);
    home.run(&["import", "notes.txt"]).fails(2, &["no session of a known tool"]);
}

#[test]
fn a_growing_session_is_followed() {
    let home = Home::new();
    let text = std::fs::read_to_string(fixtures().join("codex-legacy.jsonl")).unwrap();
    let (first, rest) = text.split_at(text.match_indices('\n').nth(2).unwrap().0 + 1);
    let path = home.path("rollout-live.jsonl");
    std::fs::write(&path, first).unwrap();
    let args = ["import", "--watch", "--json", &path.display().to_string()];
    let mut running = Running::start(home.command(&args));
    let told = |line: Option<String>| -> serde_json::Value { serde_json::from_str(&line.unwrap()).unwrap() };
    let begun = told(running.line());
    assert_eq!(begun["imported"]["damaged"], 0, "{begun}");
    let id = begun["imported"]["session"].as_str().unwrap().to_string();
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(rest.as_bytes()).unwrap();
    let grown = told(running.line());
    assert!(grown["imported"]["added"].as_u64().unwrap() > 0, "{grown}");
    running.signal(Signal::INT);
    let ran = running.end();
    assert_eq!(ran.code, 130, "{ran:?}");
    let events = home.events(&id).concat();
    assert!(events.contains("list the files") && events.contains("One file: a.txt"), "{events}");
}

/// Cause: what was taken when the watching ended was stored and never told, a failure among exports that were named beside it
/// was told nowhere, and the exit code knew of neither.
#[test]
fn the_end_of_watching_tells_all_that_it_did() {
    let home = Home::new();
    let text = std::fs::read_to_string(fixtures().join("codex-legacy.jsonl")).unwrap();
    let path = home.path("rollout-live.jsonl");
    std::fs::write(&path, text.trim_end()).unwrap(); // its last line may still be written
    let broken = home.path("broken.jsonl").display().to_string();
    let own = home.script(serde_json::json!([{"text": "Done."}]));
    assert_eq!(home.task(&own, "Go.", &[]).code, 0);
    let exported = ["sessions", "export", &home.only(), "--output", &broken];
    assert_eq!(home.run(&exported).code, 0);
    let whole = std::fs::read_to_string(&broken).unwrap();
    std::fs::write(&broken, whole.replace("Go.", "No.")).unwrap();
    let args = ["import", "--watch", "--json", &broken, &path.display().to_string()];
    let mut running = Running::start(home.command(&args));
    let told = |line: Option<String>| -> serde_json::Value { serde_json::from_str(&line.unwrap()).unwrap() };
    let failed = told(running.line());
    assert!(failed["imported"]["error"].is_string(), "{failed}");
    let begun = told(running.line());
    assert!(begun["imported"]["added"].as_u64().unwrap() > 0, "{begun}");
    running.signal(Signal::INT);
    let last = told(running.line());
    assert!(last["imported"]["added"].as_u64().unwrap() > 0, "{last}");
    assert_eq!(running.end().code, 1, "one could not be imported");
}

/// Cause: where nothing was named and nothing could be read, the answer was that there is nothing, and that all is well.
#[test]
fn what_cannot_be_read_in_its_usual_place_is_no_success() {
    let home = Home::new();
    let place = home.path("user/.local/share/goose/sessions");
    std::fs::create_dir_all(&place).unwrap();
    let store = rusqlite::Connection::open(place.join("sessions.db")).unwrap();
    store
        .execute_batch("CREATE TABLE sessions (id, working_dir); CREATE TABLE messages (content_json);")
        .unwrap();
    drop(store);
    let ran = home.run(&["import"]);
    assert!(ran.code == 1 && ran.err.contains("sessions.db is not imported"), "{ran:?}");
    let ran = home.run(&["import", "--json"]);
    assert_eq!((ran.code, ran.json()["odd"].as_array().map(Vec::len)), (1, Some(1)), "{ran:?}");
}

fn claude_line(kind: &str, uuid: &str, parent: &str, side: bool, text: &str) -> String {
    let message = serde_json::json!({"role": kind, "id": format!("m-{uuid}"), "content": [{"type": "text", "text": text}]});
    let value = serde_json::json!({"type": kind, "uuid": uuid, "parentUuid": parent, "isSidechain": side,
        "sessionId": "s", "timestamp": "2026-03-04T05:06:07Z", "cwd": "/srv", "message": message});
    format!("{value}\n")
}

/// Cause: only the line of the first copy of a record was set aside, so a second copy brought the words of a branch that was
/// left back; and where a parent was missing, the way back led into a sub-agent's records and lost all that came before.
#[test]
fn words_of_a_left_branch_stay_away_and_a_missing_parent_leads_past_sub_agents() {
    let (user, agent) = ("user", "assistant");
    let copied = [
        claude_line(user, "u1", "", false, "the first task"),
        claude_line(agent, "a1", "u1", false, "abandoned words"),
        claude_line(user, "u2", "u1", false, "the second way"),
        claude_line(agent, "a1", "u1", false, "abandoned words"),
        claude_line(agent, "a2", "u2", false, "kept words"),
    ];
    let damaged = [
        claude_line(user, "u1", "", false, "the first task"),
        claude_line(agent, "a1", "u1", false, "kept words"),
        claude_line(user, "s1", "", true, "a task of a sub-agent"),
        claude_line(agent, "s2", "s1", true, "abandoned words"),
        claude_line(user, "u2", "nowhere", false, "the second way"),
    ];
    for lines in [copied.concat(), damaged.concat()] {
        let home = Home::new();
        let file = home.path("c.jsonl");
        std::fs::write(&file, lines).unwrap();
        let ran = home.run(&["import", &file.display().to_string()]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let events = home.events(&home.only()).concat();
        for words in ["the first task", "the second way", "kept words"] {
            assert!(events.contains(words), "{words}: {events}");
        }
        assert!(!events.contains("abandoned words"), "{events}");
    }
}
