//! Decisions signed with an operator's key, and what a log and a book of signatures are held against each other for.

use crate::harness::binary::{Home, ok};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tackroom::adapters::sign::Keys;
use tackroom::domain::call::{By, Via};
use tackroom::domain::commit::{Class, Commit, Head};
use tackroom::domain::event::{Event, Fact};
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::{CallId, CommitId, EventNo, RunNo, SessionId};
use tackroom::domain::signed::{Mark, Signings, Standing, stated};
use tackroom::domain::time::Micros;
use tackroom::ports::sign::Signer;

/// Two writes that ask, answered by a command, the run driven without a screen.
fn decided(home: &Home) -> String {
    let call =
        |name: &str| json!({ "calls": [{ "tool": "write_file", "args": { "path": name, "content": "x" } }] });
    let model = home.script(json!([call("a.txt"), call("b.txt"), call("c.txt"), { "text": "Done." }]));
    assert_eq!(home.task(&model, "Write.", &["--on-hold", "stop"]).code, 3);
    let id = home.only();
    ok(home.run(&["approve", &id, "c1", "--yes"]));
    assert_eq!(home.run(&["resume", &id, "--headless", "--on-hold", "stop"]).code, 3);
    ok(home.run(&["reject", &id, "c2", "--reason", "no"]));
    ok(home.run(&["resume", &id, "--headless", "--on-hold", "approve"]));
    id
}

fn book(home: &Home) -> PathBuf {
    home.home().join("data/signatures.jsonl")
}

fn key(home: &Home) -> (String, PathBuf) {
    let listed = ok(home.run(&["keys", "list", "--json"])).json();
    let name = listed["keys"][0]["name"].as_str().unwrap().to_string();
    let path = home.home().join(format!("config/keys/{name}.key"));
    (name, path)
}

#[test]
fn what_a_person_decides_is_signed_and_what_a_flag_decides_is_not() {
    let home = Home::new();
    assert!(ok(home.run(&["keys", "list"])).out.contains("no key is known here"));
    assert!(ok(home.run(&["keys", "new"])).out.contains("are signed from now on"));
    home.run(&["keys", "new"]).fails(1, &["is there already"]);
    let (name, secret) = key(&home);
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    let id = decided(&home);
    let told = ok(home.run(&["verify", &id]));
    assert!(told.out.contains(&format!("signed    2 of 3 decisions ({name} 2)")), "{told:?}");
    assert!(told.out.contains("unsigned"), "{told:?}");
    let audit = ok(home.run(&["audit", &id]));
    let signed = audit.out.matches(&format!("; signed by {name}")).count();
    assert_eq!((signed, audit.out.matches("; not signed").count()), (2, 1), "{audit:?}");
    let json = ok(home.run(&["audit", &id, "--json"])).json();
    assert_eq!(json["sessions"][0]["calls"][0]["decisions"][0]["signed"], format!("signed by {name}"));
    // Without the key nothing is told of it, and nothing is wrong.
    let other = Home::new();
    let id = decided(&other);
    assert!(!ok(other.run(&["verify", &id])).out.contains("signed"));
}

#[test]
fn a_book_or_a_log_that_was_changed_is_told() {
    let home = Home::new();
    ok(home.run(&["keys", "new"]));
    let id = decided(&home);
    let (name, _) = key(&home);
    let whole = fs::read_to_string(book(&home)).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 2);
    let wrong = |text: &str, words: &str| {
        fs::write(book(&home), text).unwrap();
        let told = home.run(&["verify", &id]);
        assert!(told.code == 1 && told.out.contains(words), "{words}: {told:?}");
        let audit = home.run(&["audit", &id]);
        assert!(audit.code == 1 && audit.out.contains("THE LOG DIFFERS"), "{audit:?}");
    };
    wrong(&format!("{}\n", lines[1]), "a line before it in the book of signatures is missing");
    wrong(&whole.replacen(&format!("\"by\":\"{name}"), "\"by\":\"mallory", 1), "the signature does not fit");
    let (before, after) = whole.split_at(whole.find("\"to\":").unwrap() + 5);
    let digits = after.find(',').unwrap();
    wrong(&format!("{before}9999{}", &after[digits..]), "the signature does not fit");
    fs::write(book(&home), &whole).unwrap();
    ok(home.run(&["verify", &id]));
    let public = home.home().join(format!("config/keys/{name}.pub"));
    let kept = fs::read_to_string(&public).unwrap();
    fs::remove_file(&public).unwrap();
    wrong(&whole, "a key that is not known here");
    fs::write(&public, kept).unwrap();
    ok(home.run(&["verify", &id]));
    // A line that a crash cut short takes nothing from those behind it.
    fs::write(book(&home), format!("{whole}{{\"vers")).unwrap();
    ok(home.run(&["verify", &id]));
}

/// What cannot be signed is not decided: a key that others may read is none.
#[test]
fn without_a_key_that_can_be_read_nothing_is_decided() {
    let home = Home::new();
    ok(home.run(&["keys", "new"]));
    let (_, secret) = key(&home);
    let call = json!({ "calls": [{ "tool": "write_file", "args": { "path": "a.txt", "content": "x" } }] });
    let model = home.script(json!([call, { "text": "Done." }]));
    assert_eq!(home.task(&model, "Write.", &["--on-hold", "stop"]).code, 3);
    let id = home.only();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    home.run(&["approve", &id, "c1", "--yes"]).fails(1, &["nothing was decided", "chmod 600"]);
    assert!(home.events(&id).iter().all(|line| !line.contains("CallApproved")));
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    ok(home.run(&["approve", &id, "c1", "--yes"]));
    assert!(ok(home.run(&["verify", &id])).out.contains("1 of 1 decisions"));
}

fn commit(head: &Head, name: &str, at: i64) -> Commit {
    let by = By { name: name.to_string(), via: Via::Command };
    let fact = Fact::CallApproved { call: CallId(1), hash: Hash::of(b"x"), by, expires: Micros(9) };
    let no = head.event.after();
    let event = Event { no, at: Micros(at), run: RunNo(1), span: no, parent: EventNo(0), fact };
    let id = CommitId::from_random(u128::from(no.0));
    head.seal(id, &SessionId::from_random(7), (Class::Operator, "w"), Micros(at), vec![event])
}

/// A log that was written anew, with a chain that holds: only the signature tells.
#[test]
fn a_history_that_was_rewritten_or_cut_off_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::new(folder.path().join("keys"), folder.path().join("book.jsonl"), "ann");
    keys.make([7; 32]).unwrap();
    let first = commit(&Head::start(), "ann (x)", 1);
    let signed = stated(&first).unwrap();
    keys.sign(signed.clone()).unwrap();
    let marks: Vec<Mark> = keys.marks().unwrap().remove(&signed.session).unwrap();
    assert_eq!(marks[0].whose.as_deref(), Ok("ann"));
    let stands = |commit: Option<&Commit>| {
        let mut signings = Signings::new(marks.clone());
        commit.into_iter().for_each(|commit| signings.apply(commit));
        signings.finish()
    };
    assert_eq!(stands(Some(&first)).decisions.values().next(), Some(&Standing::Signed("ann".to_string())));
    let anew = stands(Some(&commit(&Head::start(), "ann (x)", 2)));
    assert_eq!(anew.wrong(), ["#1: the log up to it is not what was signed"]);
    let cut = stands(None);
    assert!(
        cut.wrong()[0].contains("before a decision at #1 that ann (x) (command) signed"),
        "{:?}",
        cut.wrong()
    );
    // Another's key says nothing for ann.
    let other = Keys::new(folder.path().join("others"), folder.path().join("book.jsonl"), "bob");
    other.make([8; 32]).unwrap();
    other.sign(signed.clone()).unwrap();
    let marks = keys.marks().unwrap().remove(&signed.session).unwrap();
    assert!(marks[1].whose.as_ref().unwrap_err().contains("not known here"), "{marks:?}");
}
