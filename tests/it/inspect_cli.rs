//! `tackroom inspect` through the real binary: what a server was sent, what a call did, and the shapes for programs.

use crate::harness::binary::{Home, finish, is_raw};
use crate::harness::look::ask;
use crate::harness::mock_model::{Answer, MockModel};
use crate::harness::story::Story;
use crate::harness::terminal::Terminal;
use serde_json::{Value, json};
use std::sync::Arc;
use tackroom::adapters::engine::sqlite::Sqlite;
use tackroom::domain::call::{Outcome, Output};
use tackroom::domain::commit::Class;
use tackroom::domain::event::Fact;
use tackroom::domain::hash::Hash;
use tackroom::domain::ids::CallId;
use tackroom::domain::outcome::Report;
use tackroom::ports::blobs::Blobs;
use tackroom::ports::log::Log;

/// What a program prints, byte by byte.
fn bytes(home: &Home, args: &[&str]) -> Vec<u8> {
    let output = home.command(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The numbers of the events of a kind.
fn of_kind(home: &Home, id: &str, kind: &str) -> Vec<String> {
    let kinds = home.kinds(id);
    let places = kinds.iter().enumerate().filter(|(_, one)| one.as_str() == kind);
    places.map(|(at, _)| (at + 1).to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_request_shown_is_the_one_that_the_server_was_sent() {
    let server = MockModel::start(vec![Answer::says("It is done.")]).await;
    let home = Arc::new(Home::new());
    let (ran, url) = (home.clone(), server.url());
    let done = tokio::task::spawn_blocking(move || {
        ran.run(&["run", "Do\u{202e} it.", "--headless", "--base-url", &url, "--model", "m"])
    });
    assert_eq!(done.await.unwrap().code, 0);
    let id = home.only();
    let asked = of_kind(&home, &id, "ModelAsked");
    assert_eq!(bytes(&home, &["inspect", &id, &asked[0], "--request"]), server.asked()[0].raw);
    let told = home.run(&["inspect", &id, &asked[0]]);
    told.is_clean();
    assert!(told.out.contains("their hash is the one written down"), "{}", told.out);
    assert!(told.out.contains("Do<U+202E> it."), "{}", told.out);
}

/// A run with an approved write, in auto and on approval by the flag.
fn written(home: &Home) -> String {
    let odd = "one\u{1b}[31m\u{202e}two\n";
    let calls = json!([{"tool": "write_file", "args": {"path": "out.txt", "content": odd}}]);
    let model = home.script(json!([{"text": "I write.", "calls": calls}, {"text": "All is said."}]));
    let ran = home.task(&model, "Write it.", &["--on-hold", "approve"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    home.only()
}

#[test]
fn a_call_is_told_as_text_and_as_a_document() {
    let home = Home::new();
    let id = written(&home);
    let ran = home.run(&["inspect", &id, "c1"]);
    ran.is_clean();
    for words in [
        "write_file",
        "as proposed",
        "rule workspace-write",
        "(flag) after",
        "Files before it ran",
        "hash before",
    ] {
        assert!(ran.out.contains(words), "no {words}:\n{}", ran.out);
    }
    let document = home.run(&["inspect", &id, "c1", "--json"]).json();
    assert_eq!((&document["version"], &document["call"]), (&json!(1), &json!("c1")));
    let names: Vec<&str> =
        document["sections"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(
        names,
        [
            "event",
            "call",
            "arguments",
            "verdict",
            "decisions",
            "preview",
            "output",
            "files",
            "course",
            "record"
        ]
    );
    let raw = home.run(&["inspect", &id, "c1", "--raw"]);
    let kinds: Vec<Value> = raw.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(kinds[0]["kind"], "ModelReplied");
    assert!(kinds.iter().any(|event| event["kind"] == "CallApproved"), "{}", raw.out);
    let output = bytes(&home, &["inspect", &id, "c1", "--output"]);
    assert!(output.starts_with(b"created out.txt"), "{}", String::from_utf8_lossy(&output));
}

#[test]
fn what_is_not_there_is_said_with_what_to_type() {
    let home = Home::new();
    home.run(&["inspect", "k3x"]).fails(2, &["no session yet", "tackroom demo"]);
    let id = written(&home);
    home.run(&["inspect", &id, "c9"]).fails(2, &["has no call c9", "tackroom events"]);
    home.run(&["inspect", &id, "999"]).fails(2, &["has no event #999", "tackroom events"]);
    home.run(&["inspect", &id, "x"]).fails(2, &["neither an event nor a call", "c7"]);
    home.run(&["inspect", &id, "c1", "--request"]).fails(1, &["is no request", "without the flag"]);
    home.run(&["inspect", &id, "1", "--output"]).fails(1, &["gave nothing back"]);
    home.run(&["inspect", &id, "--json", "--raw"]).fails(2, &["--raw"]);
    let last = home.run(&["inspect", &id]);
    assert!(last.code == 0 && last.out.contains("RunEnded"), "{last:?}");
    let help = finish(home.command(&["inspect", "--help"]), b"");
    assert!(help.out.contains("tackroom inspect k3x c4"), "{help:?}");
}

#[test]
fn a_section_opens_in_the_pager_and_the_screen_comes_back() {
    let home = Home::new();
    let id = written(&home);
    let (seen, edited) = (home.path("seen"), home.path("edited"));
    let pager = format!("cat > {}; echo the pager was here; read key < /dev/tty", seen.display());
    let editor = format!("cp \"$0\" {}; false", edited.display());
    let editor = format!("sh -c '{editor}'");
    let program = [env!("CARGO_BIN_EXE_tackroom"), "replay", &id, "--at", "9"];
    let env = [("PAGER", pager.as_str()), ("VISUAL", editor.as_str())];
    let mut screen = Terminal::with(&home, &program, 120, 40, &env);
    screen.see("event 9 of");
    screen.keys("o");
    screen.see("Arguments");
    screen.keys("\t\tp");
    screen.see("the pager was here");
    screen.keys("\r"); // it has the terminal until then, and nothing of ours is on it
    screen.see("Arguments");
    crate::harness::binary::until("the pager read it", || {
        std::fs::read_to_string(&seen).is_ok_and(|text| text.contains("content"))
    });
    let text = std::fs::read_to_string(&seen).unwrap();
    assert!(!text.chars().any(|c| c != '\n' && is_raw(c)), "{text:?}");
    screen.see("Arguments"); // the terminal is ours again
    screen.keys("e");
    screen.see("ended with exit status");
    assert!(std::fs::read_to_string(&edited).is_ok_and(|text| text.contains("content")));
    let left = std::fs::read_dir(home.home().join("cache")).expect("the copies lie there").flatten();
    let left: Vec<String> = left.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert!(left.iter().all(|name| !name.ends_with(".txt")), "a copy was left: {left:?}");
    screen.keys("\x1b");
    screen.see_no_more("Arguments");
    crate::pty::leave(&mut screen);
}

/// A store with what the story told, and these contents.
async fn stored(story: &Story, contents: &[&[u8]]) -> Home {
    let home = Home::new();
    let engine = Sqlite::open(&home.home().join("data")).unwrap();
    for commit in &story.commits {
        engine.append(commit.clone()).await.unwrap();
    }
    for content in contents {
        engine.put((*content).into()).await.unwrap();
    }
    home
}

/// Cause: bytes that were known not to be what was sent, and an output without its middle, went down the pipe as what was
/// asked for, and the program ended with 0.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_whole_or_not_what_was_sent_is_not_handed_on_as_such() {
    let begun = || Story::new("0therq1234", "Another form");
    let frame = ask(begun().task("Look at it."));
    let mut story = begun();
    story.task("Look at it.");
    story.report(Report::Asking {
        model: "m".to_string(),
        request: Hash::of(b"what was sent then"),
        frame: Some(Hash::of(&frame)),
        notes: Vec::new(),
        route: None,
        ahead: None,
    });
    let asked = story.events().last().unwrap().no.0.to_string();
    let home = stored(&story, &[&frame]).await;
    let ran = home.run(&["inspect", story.session.id.as_str(), &asked, "--request"]);
    assert_eq!(ran.out, "", "nothing goes down the pipe");
    ran.fails(1, &["not what was sent", "without the flag"]);

    let mut story = Story::new("b1gsq12345", "Large");
    let whole: String = (0..300_000).map(|at| format!("line {at}\n")).collect();
    let (mut output, _) = Output::bounded(whole.clone());
    output.blob = Some(Hash::of(whole.as_bytes()));
    story.task("x").reply(10, "", &[("search", json!({}))]).allow(1, ".").start(1);
    story
        .facts(Class::Worker, vec![Fact::CallEnded { call: CallId(1), outcome: Outcome::Ok, output, ms: 3 }]);
    let home = stored(&story, &[whole.as_bytes()]).await;
    assert_eq!(bytes(&home, &["inspect", story.session.id.as_str(), "c1", "--output"]), whole.as_bytes());
    let home = stored(&story, &[]).await;
    let ran = home.run(&["inspect", story.session.id.as_str(), "c1", "--output"]);
    assert_eq!(ran.out, "", "nothing goes down the pipe");
    ran.fails(1, &["not in the store any more", "without the flag"]);
    let ends = home.run(&["inspect", story.session.id.as_str(), "c1"]);
    assert!(ends.code == 0 && ends.out.contains("bytes left out"), "{ends:?}");
}
