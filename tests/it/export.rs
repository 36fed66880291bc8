//! `tackroom sessions export` and the way back: the same session elsewhere, byte by byte, or a refusal that names the place.

use crate::harness::binary::{Home, ok};
use crate::harness::stored::store;
use crate::harness::story::{self, Story};
use std::os::unix::fs::PermissionsExt;
use tackroom::domain::call::{Outcome, Output};
use tackroom::domain::commit::Class;
use tackroom::domain::event::Fact;
use tackroom::domain::export::base64;
use tackroom::domain::ids::CallId;
use tackroom::domain::order::Order;

/// A session with a large output, and that output.
fn large() -> (Story, String) {
    let mut story = Story::new("b1gb1gb1gb", "A large output");
    let text: String = (0..20_000).map(|n| format!("line {n} é\n")).collect();
    story.wait(10).task("Read it.").reply(700, "I read.", &[("read_file", serde_json::json!({"path": "a"}))]);
    story.allow(1, "a").start(1).wait(40);
    let (mut output, is_large) = Output::bounded(text.clone());
    assert!(is_large);
    output.blob = Some(tackroom::domain::hash::Hash::of(text.as_bytes()));
    story.facts(
        Class::Worker,
        vec![Fact::CallEnded { call: CallId(1), outcome: Outcome::Ok, output, ms: 40 }],
    );
    story.reply(300, "Read.", &[]).finish();
    (story, text)
}

/// Exports a session of a home; answers the file.
fn exported(home: &Home, id: &str, name: &str) -> (String, Vec<u8>) {
    let path = home.path(name).display().to_string();
    ok(home.run(&["sessions", "export", id, "--output", &path]));
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes)
}

#[test]
fn a_session_comes_back_byte_by_byte_in_another_home() {
    let (big, text) = large();
    for (story, contents) in [
        (story::done(), vec![]),
        (story::held(), vec![]),
        (story::unknown(), vec![]),
        (story::stopped(), vec![]),
        (story::long(150), vec![]),
        (big, vec![text.as_str()]),
    ] {
        let (here, there) = (Home::new(), Home::new());
        store(&here, &[&story.commits], &contents);
        let id = story.session.id.as_str();
        let (path, bytes) = exported(&here, id, "a.jsonl");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let told = ok(there.run(&["import", &path, "--json"])).json();
        assert_eq!(told["imported"][0]["tool"], "tackroom", "{told}");
        assert_eq!(told["imported"][0]["added"], story.events().len(), "{told}");
        assert_eq!(exported(&there, id, "b.jsonl").1, bytes, "{id}");
        assert_eq!(there.events(id), here.events(id), "{id}: bytes, hashes, commits");
        ok(there.run(&["verify", id]));
        let again = ok(there.run(&["import", &path]));
        assert!(again.out.contains("nothing new"), "{again:?}");
        let printed = ok_raw(&here, &["sessions", "export", id]);
        assert_eq!(printed.into_bytes(), bytes, "standard output is the same");
    }
}

fn ok_raw(home: &Home, args: &[&str]) -> String {
    let ran = home.run(args);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.out
}

#[test]
fn what_was_imported_from_another_tool_and_what_is_lost_come_back_too() {
    let (here, there) = (Home::new(), Home::new());
    let fixture = format!("{}/tests/fixtures/foreign/codex.jsonl", env!("CARGO_MANIFEST_DIR"));
    ok(here.run(&["import", &fixture]));
    let id = here.only();
    let (path, bytes) = exported(&here, &id, "a.jsonl");
    ok(there.run(&["import", "--from", "tackroom", &path]));
    assert_eq!(exported(&there, &id, "b.jsonl").1, bytes);
    there.run(&["resume", &id, "--headless"]).fails(2, &["imported"]);
    let (big, _) = large();
    store(&here, &[&big.commits], &[]);
    let (path, bytes) = exported(&here, "b1g", "lost.jsonl");
    assert!(String::from_utf8_lossy(&bytes).contains("{\"lost\":\""));
    ok(there.run(&["import", &path]));
    assert_eq!(exported(&there, "b1g", "lost.jsonl").1, bytes);
}

#[test]
fn a_folder_of_exports_is_made_and_brought_back_at_once() {
    let (here, there) = (Home::new(), Home::new());
    store(&here, &[&story::done().commits, &story::unknown().commits], &[]);
    let folder = here.path("exports");
    std::fs::create_dir(&folder).unwrap();
    let folder = folder.display().to_string();
    let (a, b) = (story::done().session.id, story::unknown().session.id);
    here.run(&["sessions", "export", a.as_str(), b.as_str()]).fails(2, &["folder"]);
    here.run(&["sessions", "export", a.as_str(), "--json"]).fails(2, &["--json"]);
    let args = ["sessions", "export", a.as_str(), b.as_str(), "--output", &folder, "--json"];
    let told = ok(here.run(&args)).json();
    assert_eq!((&told["version"], told["exported"].as_array().unwrap().len()), (&1.into(), 2), "{told}");
    let size = std::fs::metadata(told["exported"][0]["path"].as_str().unwrap()).unwrap().len();
    assert_eq!(told["exported"][0]["bytes"], size, "{told}");
    here.run(&args).fails(2, &["cannot be made", "--force"]);
    ok(here.run(&[&args[..], &["--force"]].concat()));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2, "nothing is left beside");
    let listed = ok(there.run(&["import", &folder, "--list"]));
    assert_eq!(listed.out.matches("tackroom ").count(), 2, "{listed:?}");
    ok(there.run(&["import", &folder]));
    assert_eq!(there.sessions().len(), 2);
}

#[test]
fn another_end_under_the_same_name_is_refused() {
    let (here, there) = (Home::new(), Home::new());
    store(&here, &[&story::done().commits], &[]);
    let id = story::done().session.id.to_string();
    let (path, _) = exported(&here, &id, "a.jsonl");
    ok(there.run(&["import", &path]));
    ok(there.run(&["sessions", "rename", &id, "Another"]));
    let before = there.events(&id);
    let refused = there.run(&["import", &path]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.out.contains("is here already and ends elsewhere"), "{refused:?}");
    assert_eq!(there.events(&id), before, "nothing was written");
    ok(there.run(&["sessions", "delete", &id]));
    ok(there.run(&["sessions", "purge", &id]));
    ok(there.run(&["import", &path]));
    assert_eq!(there.events(&id), here.events(&id));
}

#[test]
fn a_file_cannot_make_a_call_run() {
    let mut approved = story::held();
    let held = approved.session.holds();
    assert!(!held.is_empty());
    let call = approved.session.open_calls().find(|call| call.hash.is_some()).unwrap().id;
    approved.approve(call.0);
    let mut started = story::held();
    started.approve(call.0).start(call.0);
    // Cause: an edit that was approved and not judged yet counted as waiting, and its approval as given here.
    let mut edited = story::held();
    let hash = edited.session.call(call).and_then(|call| call.hash).unwrap();
    let args = serde_json::json!({"path": "report.md", "content": "other"});
    edited.order(Order::ApproveEdited { call, hash, args });
    for story in [approved, started, edited] {
        let (here, there) = (Home::new(), Home::new());
        store(&here, &[&story.commits], &[]);
        let (path, _) = exported(&here, story.session.id.as_str(), "a.jsonl");
        let refused = there.run(&["import", &path]);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.out.contains(&format!("its call {call} is cleared or under way")), "{refused:?}");
        assert_eq!(there.sessions().len(), 0);
    }
}

/// Alters the lines of an export; answers what the import said.
fn altered(lines: &[String], alter: &dyn Fn(&mut Vec<String>)) -> String {
    let mut lines = lines.to_vec();
    alter(&mut lines);
    let home = Home::new();
    let path = home.path("a.jsonl");
    std::fs::write(&path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let ran = home.run(&["import", &path.display().to_string()]);
    assert_ne!(ran.code, 0, "{ran:?}");
    ran.is_clean();
    assert_eq!(home.sessions().len(), 0, "nothing is written: {ran:?}");
    ran.out + &ran.err
}

#[test]
fn an_altered_export_is_refused_and_the_first_bad_event_named() {
    let home = Home::new();
    let (story, text) = large();
    store(&home, &[&story.commits], &[&text]);
    let (_, bytes) = exported(&home, "b1g", "a.jsonl");
    let lines: Vec<String> = String::from_utf8(bytes).unwrap().lines().map(str::to_string).collect();
    let find = |part: &str| lines.iter().position(|line| line.contains(part)).unwrap();
    let judged = find("\"kind\":\"CallJudged\"");
    let no = story.events().iter().find(|event| event.fact.kind() == "CallJudged").unwrap().no.0;
    let said = altered(&lines, &|lines| lines[judged] = lines[judged].replace("allow", "ask"));
    assert!(said.contains(&format!("event #{no} ")), "{said}");
    let said = altered(&lines, &|lines| drop(lines.remove(judged)));
    assert!(said.contains(&format!("event #{no} ")), "{said}");
    let operators = find("\"class\":\"operator\"");
    let said =
        altered(&lines, &|lines| lines[operators] = lines[operators].replace("\"operator\"", "\"worker\""));
    assert!(said.contains("commit 1, which begins with event #1 ") && said.contains("seal"), "{said}");
    let said = altered(&lines, &|lines| drop(lines.pop()));
    assert!(said.contains("is not what was exported") || said.contains("it was to end with"), "{said}");
    let blob = find("\"blob\":");
    let bent = |lines: &mut Vec<String>| lines[blob] = lines[blob].replacen("bGluZS", "bGluZT", 1);
    let said = altered(&lines, &bent);
    assert!(said.contains("the content before event"), "{said}");
    let said = altered(&lines, &|lines| drop(lines.remove(blob)));
    assert!(said.contains("its parts do not fit together"), "{said}");
    let said = altered(&lines, &|lines| lines[0] = lines[0].replace("b1gb1gb1gb", "b1gb1gb1gc"));
    assert!(said.contains("it is of another session"), "{said}");
    let said = altered(&lines, &|lines| lines[0] = lines[0].replace("export\":1", "export\":2"));
    assert!(said.contains("version 2"), "{said}");
    let said = altered(&lines, &|lines| lines.push("{}".to_string()));
    assert!(said.contains("none of an exported session"), "{said}");
}

#[test]
fn every_line_counts() {
    let home = Home::new();
    let story = story::done();
    store(&home, &[&story.commits], &[]);
    let id = story.session.id.as_str();
    let (_, bytes) = exported(&home, id, "a.jsonl");
    let lines: Vec<String> = String::from_utf8(bytes).unwrap().lines().map(str::to_string).collect();
    let taken = |lines: &[String]| {
        let mut taker = tackroom::domain::export::take::Taker::new(&lines[0])?;
        lines[1..].iter().try_for_each(|line| taker.line(line).map(drop))?;
        taker.finish()
    };
    assert_eq!(taken(&lines), Ok(()));
    for at in 1..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(at);
        assert!(taken(&fewer).is_err(), "without line {at}");
        let mut twice = lines.clone();
        twice.insert(at, lines[at].clone());
        assert!(taken(&twice).is_err(), "line {at} twice");
        for place in (0..lines[at].len()).step_by(7) {
            let mut bytes = lines[at].clone().into_bytes();
            bytes[place] ^= 1;
            let Ok(line) = String::from_utf8(bytes) else { continue };
            let mut bent = lines.clone();
            bent[at] = line;
            assert!(taken(&bent).is_err(), "line {at} bent at {place}: {}", bent[at]);
        }
    }
}

#[test]
fn bytes_in_base_64_come_back_and_have_one_form() {
    for length in 0..200_usize {
        let bytes: Vec<u8> = (0..length).map(|at| (at * 7 + length * 13) as u8).collect();
        let text = base64::encode(&bytes);
        assert_eq!(base64::decode(&text), Some(bytes), "{text}");
    }
    assert_eq!(base64::encode(b"tack"), "dGFjaw==");
    for odd in ["dGFjaw=", "dGFjax==", "dGFj!w==", "d", "====", "=AAA", "dGFjaw==dGFj", "A==="] {
        assert_eq!(base64::decode(odd), None, "{odd}");
    }
}

#[test]
fn an_order_after_the_import_is_the_operators_as_ever() {
    let (here, there) = (Home::new(), Home::new());
    let mut story = story::held();
    story.order(Order::Rename("Elsewhere".to_string()));
    store(&here, &[&story.commits], &[]);
    let (path, _) = exported(&here, story.session.id.as_str(), "a.jsonl");
    ok(there.run(&["import", &path]));
    let waiting = there.pending();
    assert_eq!(waiting.len(), here.pending().len(), "what waits there waits here: {waiting:?}");
    assert!(!waiting.is_empty());
}
