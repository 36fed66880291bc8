//! Attacks on the operator's word, with the real program: an agent that answers for itself, a flag that outvotes a person, a
//! folder that is another by now, lines that pass for ours.

use crate::harness::binary::{Home, Running};
use crate::harness::terminal::Terminal;
use serde_json::json;

/// Cause: `--on-hold approve` released every pause, also the one that a person had just asked for; only a cancel stopped it.
#[test]
fn a_flag_does_not_release_what_a_person_paused() {
    for key in ["p", "s"] {
        let home = Home::new();
        let line =
            |_| json!({"calls": [{"tool": "run_command", "args": {"shell": "echo x >> log; sleep 0.3"}}]});
        let model = home.script((0..200).map(line).collect());
        let args = [
            "run",
            "Go.",
            "--headless",
            "--json",
            "--on-hold",
            "approve",
            "--steps",
            "200",
            "--model",
            &model,
        ];
        let mut run = Running::start(home.command(&args));
        run.line_with("\"CallEnded\"");
        let id = home.only();
        let mut screen = Terminal::start(&home, &["--session", &id], 120, 40);
        screen.see("Conversation");
        screen.keys("\u{1b}");
        screen.still(std::time::Duration::from_millis(300));
        screen.keys(key);
        assert_eq!(run.end().code, 3, "{key}: it is held for the person");
        let done = std::fs::read_to_string(home.ws().join("log")).unwrap();
        screen.still(std::time::Duration::from_millis(800));
        assert_eq!(
            std::fs::read_to_string(home.ws().join("log")).unwrap(),
            done,
            "{key}: nothing more is done"
        );
    }
}
