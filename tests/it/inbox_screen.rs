//! The inbox of the real program in a real terminal: holds of several sessions answered as a batch, one of them in a session
//! that another process drives.

use crate::harness::binary::{Home, Running, until};
use crate::harness::terminal::Terminal;
use crate::pty;
use serde_json::json;

/// A script of its own that writes a file.
fn script(home: &Home, file: &str) -> String {
    let path = home.path(&format!("{file}.json"));
    let call = json!({"tool": "write_file", "args": {"path": file, "content": "by the agent\n"}});
    let replies = json!([{"text": "I write.", "calls": [call]}, {"text": "All is said."}]);
    std::fs::write(&path, json!({ "replies": replies }).to_string()).unwrap();
    format!("scripted:{}", path.display())
}

/// The inbox of a new workbench.
fn inbox(home: &Home, size: (u16, u16), sees: &str) -> Terminal {
    let model = script(home, "unused.txt");
    let mut screen = Terminal::start(home, &["--model", &model], size.0, size.1);
    screen.see("scripted");
    screen.keys("\x1b");
    screen.see("i: write a task");
    screen.keys("gi");
    screen.see(sees);
    screen
}

fn status(home: &Home, id: &str) -> String {
    let rows = home.sessions();
    let row = rows.iter().find(|row| row["id"] == id).unwrap();
    row["status"].as_str().unwrap().to_string()
}

#[test]
fn two_held_sessions_are_answered_as_a_batch() {
    let home = Home::new();
    for file in ["a.txt", "b.txt"] {
        assert_eq!(home.task(&script(&home, file), &format!("Write {file}."), &[]).code, 3);
    }
    let ids: Vec<String> =
        home.pending().iter().map(|one| one["session"].as_str().unwrap().to_string()).collect();
    let mut screen = inbox(&home, (120, 40), "2 things wait for you");
    screen.see("asked by");
    screen.see("(read)");
    screen.keys("y");
    screen.see("[approve]");
    screen.keys("j");
    screen.so("the other is shown", |text| {
        text.contains("Write b.txt.") && text.contains("path\": \"b.txt\"") || text.contains("b.txt  +1")
    });
    screen.keys("n");
    screen.see("Why?");
    screen.keys("not b, y\r");
    screen.see("[reject]");
    assert_eq!(home.pending().len(), 2, "nothing went out yet");
    screen.keys("d");
    screen.see("Send 2 decisions");
    screen.see("not b, y");
    screen.counts();
    screen.see("Enter sends 2 decisions"); // drawn when keys count; of half a frame the end is not drawn yet
    screen.keys("\r");
    screen.so("both results", |text| text.matches("result    done").count() == 2);
    until("the approved one is written", || home.ws().join("a.txt").exists());
    until("both are over", || ids.iter().all(|id| status(&home, id) == "done"));
    assert!(!home.ws().join("b.txt").exists());
    assert!(home.events(&ids[1]).concat().contains("\"reason\":\"not b, y\""));
    screen.keys("\r");
    screen.see("Nothing waits for you.");
    screen.keys("\x1b");
    screen.see_no_more("Inbox");
    pty::leave(&mut screen);
}

#[test]
fn a_session_of_another_process_is_answered_and_news_come_and_go() {
    let home = Home::new();
    let (ws, model) = (home.ws().display().to_string(), script(&home, "c.txt"));
    let mut screen = inbox(&home, (80, 24), "Nothing waits for you.");
    let args = ["run", "Write c.txt.", "--workspace", &ws, "--model", &model, "--headless", "--json"];
    let mut run = Running::start(home.command(&[&args[..], &["--on-hold", "wait"]].concat()));
    run.line_with("\"word\":\"ask\"");
    screen.see("1 thing waits for you");
    screen.keys("\r");
    screen.see("asked by");
    screen.see("y approve   e edit"); // the panel says so: the key line says it sooner
    screen.keys("y");
    run.line_with("\"CallEnded\"");
    assert_eq!(run.end().code, 0);
    screen.see("Nothing waits for you.");
    assert_eq!(std::fs::read_to_string(home.ws().join("c.txt")).unwrap(), "by the agent\n");
    // It was said here, and done there.
    let events = home.events(&home.only()).concat();
    assert!(events.contains("CallApproved") && !events.contains("\"epoch\":2"), "{events}");
    // Somebody else is quicker.
    assert_eq!(home.task(&script(&home, "d.txt"), "Write d.txt.", &[]).code, 3);
    screen.see("Write d.txt.");
    let held = home.pending();
    let (id, call) = (held[0]["session"].as_str().unwrap(), held[0]["call"].as_str().unwrap());
    assert_eq!(home.run(&["reject", id, call, "--reason", "quicker"]).code, 0);
    screen.see("Nothing waits for you.");
    screen.keys("\x1b");
    screen.see_no_more("Inbox");
    pty::leave(&mut screen);
}

#[test]
fn a_session_whose_process_was_killed_is_taken_up_and_settled() {
    let home = Home::new();
    let path = home.path("sleep.json");
    let call = json!({"tool": "run_command", "args": {"argv": ["sleep", "300"]}});
    let replies = json!([{"text": "I wait.", "calls": [call]}, {"text": "All is said."}]);
    std::fs::write(&path, json!({ "replies": replies }).to_string()).unwrap();
    let model = format!("scripted:{}", path.display());
    let ws = home.ws().display().to_string();
    let args = ["run", "Wait long.", "--workspace", &ws, "--model", &model, "--headless", "--json"];
    let mut run = Running::start(home.command(&[&args[..], &["--on-hold", "approve"]].concat()));
    run.line_with("\"CallStarted\"");
    let mut screen = inbox(&home, (100, 30), "Nothing waits for you.");
    assert!(run.kill().0);
    // It wrote nothing when it died: it is looked for.
    screen.see("nobody drives it");
    screen.see("interrupted");
    screen.keys("c");
    screen.see("unknown outcome");
    screen.keys("\r");
    screen.see("r run again   n give up"); // the panel says so: the key line says it sooner
    screen.keys("n");
    screen.see("Enter answers");
    screen.keys("it is gone\r");
    until("it goes on to its end", || status(&home, &home.only()) == "done");
    screen.see("Nothing waits for you.");
    screen.keys("\x1b");
    screen.see_no_more("Inbox");
    pty::leave(&mut screen);
}
