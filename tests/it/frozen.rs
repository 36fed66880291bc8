//! R9: stores and exports as earlier versions wrote them load, verify, replay and export for ever, byte by byte.
//!
//! `tests/fixtures/stored/NAME` is one form of the store, as it was written; it is never written again. A new form gets a
//! new name: `cargo test --test it -- --ignored freeze`, with `FORMS` one longer.

use crate::harness::binary::Home;
use crate::harness::promise;
use crate::harness::stored::store;
use crate::harness::story::{self, Story};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Every form there was, the present one last.
const FORMS: [&str; 2] = ["1", "2"];

/// The sessions of a frozen store.
const SESSIONS: [&str; 4] = ["h3xdh3xdh3", "k3v9q2m7xa", "m0tt4f8e2c", "t0rn5t0pp3"];

fn folder(form: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stored").join(form)
}

/// A home with the store of a form.
fn thawed(form: &str) -> Home {
    let home = Home::new();
    let data = home.home().join("data");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::copy(folder(form).join("tackroom.db"), data.join("tackroom.db")).unwrap();
    home
}

fn frozen(form: &str, id: &str, what: &str) -> String {
    std::fs::read_to_string(folder(form).join(format!("{id}.{what}"))).unwrap()
}

fn said(home: &Home, args: &[&str]) -> String {
    let ran = home.run(args);
    assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
    ran.out
}

#[test]
fn a_store_of_every_form_loads_verifies_and_exports_as_it_was() {
    for form in FORMS {
        let home = thawed(form);
        let mut ids: Vec<String> =
            home.sessions().iter().map(|row| row["id"].as_str().unwrap().to_string()).collect();
        ids.sort();
        assert_eq!(ids, SESSIONS, "form {form}");
        let all = said(&home, &["verify", "--all"]);
        assert!(all.contains("4 whole, 0 differ"), "form {form}: {all}");
        for id in SESSIONS {
            assert_eq!(
                said(&home, &["sessions", "export", id]),
                frozen(form, id, "jsonl"),
                "form {form}: {id}"
            );
            let (replayed, opened) = (said(&home, &["replay", id, "--headless"]), "in /srv/notes: ");
            assert!(replayed.contains(opened), "form {form}: {id}: {replayed}");
        }
        let status = |id: &str| {
            let row = home.sessions().into_iter().find(|row| row["id"] == id).unwrap();
            row["status"].as_str().unwrap().to_string()
        };
        assert_eq!(SESSIONS.map(status), ["held", "done", "held", "held"], "form {form}");
    }
    promise::kept(
        "R9",
        format!("{} stored forms, {} sessions of each, 0 differ", FORMS.len(), SESSIONS.len()),
    );
}

#[test]
fn what_waits_in_a_store_of_every_form_is_answered() {
    for form in FORMS {
        let home = thawed(form);
        let waits =
            |home: &Home| home.pending().iter().map(|one| one["session"].clone()).collect::<Vec<Value>>();
        assert_eq!(waits(&home).len(), 3, "form {form}");
        said(&home, &["reject", "h3x", "c1", "--reason", "not today"]);
        said(&home, &["settle", "m0t", "c2", "happened"]);
        assert_eq!(waits(&home), ["t0rn5t0pp3"], "form {form}");
        assert!(said(&home, &["verify", "--all"]).contains("4 whole, 0 differ"), "form {form}");
    }
}

#[test]
fn an_export_of_every_form_comes_back() {
    for form in FORMS {
        let home = Home::new();
        for id in SESSIONS {
            let file = folder(form).join(format!("{id}.jsonl")).display().to_string();
            said(&home, &["import", &file]);
            assert_eq!(
                said(&home, &["sessions", "export", id]),
                frozen(form, id, "jsonl"),
                "form {form}: {id}"
            );
        }
    }
}

/// The sessions as they are told today: one that is done, and one for each way to wait.
fn stories() -> [Story; 4] {
    let mut held = Story::new("h3xdh3xdh3", "Push");
    held.task("Push it.").reply(900, "", &[("shell", json!({"argv": ["git", "push"]}))]);
    held.hold_command(1, &["git", "push"]);
    [held, story::done(), story::unknown(), story::stopped_turn()]
}

#[test]
#[ignore = "writes the frozen store of a new form, once"]
fn freeze() {
    let form = FORMS[FORMS.len() - 1];
    std::fs::create_dir_all(folder(form).parent().unwrap()).unwrap();
    std::fs::create_dir(folder(form)).expect("what is frozen is never written again");
    let home = Home::new();
    let stories = stories();
    let commits: Vec<_> = stories.iter().map(|story| &story.commits[..]).collect();
    store(&home, &commits, &[]);
    for id in SESSIONS {
        std::fs::write(folder(form).join(format!("{id}.jsonl")), said(&home, &["sessions", "export", id]))
            .unwrap();
    }
    let data = home.home().join("data");
    let db = rusqlite::Connection::open(data.join("tackroom.db")).unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(db);
    std::fs::copy(data.join("tackroom.db"), folder(form).join("tackroom.db")).unwrap();
}
