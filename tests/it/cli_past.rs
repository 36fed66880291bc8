//! `tackroom verify` and `tackroom diff` as they are typed: over the real store, whole, tampered with and damaged.

use crate::harness::binary::{Home, ok};
use crate::harness::stored::store;
use crate::harness::story::{self, Story};
use crate::verify::forged;
use serde_json::Value;
use std::sync::Arc;
use tackroom::domain::commit::Commit;

/// A session whose approval was taken out, with every hash made anew.
fn unapproved() -> Vec<Arc<Commit>> {
    let story = story::done();
    let (commit, _, _) = crate::verify::place(&story, "CallApproved", 1);
    forged(&story, &|draft| drop(draft.remove(commit)))
}

#[test]
fn whole_sessions_verify_and_a_forged_one_is_named() {
    let home = Home::new();
    assert!(ok(home.run(&["verify", "--all"])).out.contains("0 sessions"));
    let model = home.script(serde_json::json!([{"text": "Nothing to do."}]));
    ok(home.task(&model, "Look.", &[]));
    let real = home.only();
    store(&home, &[&story::unknown().commits, &story::long(200).commits], &[]);
    let all = ok(home.run(&["verify", "--all"]));
    assert!(all.out.contains("3 whole, 0 differ") && all.out.contains(&real), "{all:?}");
    assert!(all.out.contains("open") && all.out.contains("waits to be settled"), "{all:?}");
    assert_eq!(all.err.lines().count(), 3, "a line a session where there is no terminal: {all:?}");
    store(&home, &[&unapproved()], &[]);
    let one = home.run(&["verify", "k3v"]);
    assert_eq!(one.code, 1, "{one:?}");
    one.is_clean();
    for words in ["differs", "CallStarted (rule decided)", "nobody approved it", "expected", "found"] {
        assert!(one.out.contains(words), "{words}: {one:?}");
    }
    let all = home.run(&["verify", "--all", "--json"]);
    assert_eq!(all.code, 1, "{all:?}");
    let told = all.json();
    assert_eq!((&told["version"], &told["summary"]["differ"]), (&1.into(), &1.into()), "{told}");
    let bad: Vec<&Value> =
        told["sessions"].as_array().unwrap().iter().filter(|one| one["whole"] == false).collect();
    assert_eq!((bad.len(), &bad[0]["finding"]["rule"]), (1, &"decided".into()), "{told}");
    ok(home.run(&["verify", &real, "m0t"]));
    home.run(&["verify"]).fails(2, &["ID"]);
    home.run(&["verify", "zzz"]).fails(2, &["zzz"]);
}

#[test]
fn damage_in_the_file_is_a_finding_too() {
    let home = Home::new();
    store(&home, &[&story::done().commits], &[]);
    let file = rusqlite::Connection::open(home.home().join("data").join("tackroom.db")).unwrap();
    let first = "SELECT n, told FROM commits WHERE told LIKE '%builtin-1%' ORDER BY seq";
    let (n, told): (i64, String) = file.query_row(first, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let line = told.lines().find(|line| line.contains("builtin-1")).unwrap();
    let no = serde_json::from_str::<Value>(line).unwrap()["no"].clone();
    let altered = "UPDATE commits SET told = replace(told, 'builtin-1', 'builtin-2') WHERE n = ?1";
    assert_eq!(file.execute(altered, [n]).unwrap(), 1);
    drop(file);
    let ran = home.run(&["verify", "k3v", "--json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let finding = &ran.json()["sessions"][0]["finding"];
    assert_eq!((&finding["event"], &finding["rule"]), (&no, &"chain".into()), "{finding}");
}

#[test]
fn two_sessions_are_compared_in_columns_and_as_json() {
    let home = Home::new();
    let mut other = Story::new("q7q7q7q7q7", "The same, rejected");
    other.wait(1_200).task("Write the report.").reply(
        900,
        "I write.",
        &[("write_file", serde_json::json!({"path": "report.md", "content": "one\ntwo \u{1b}[31m\n"}))],
    );
    other.hold_change(1, "report.md", None, "one\ntwo\n").wait(3_000);
    other.order(tackroom::domain::order::Order::Reject {
        call: tackroom::domain::ids::CallId(1),
        reason: "not today".to_string(),
    });
    other.reply(300, "Then not.", &[]).finish();
    store(&home, &[&story::done().commits, &other.commits], &[]);
    let ran = ok(home.run(&["diff", "k3v", "q7q"]));
    for words in ["They part at", "outcome", "waiting", "steps", "tokens", "only left"] {
        assert!(ran.out.contains(words), "{words}: {ran:?}");
    }
    insta::assert_snapshot!("diff_text", ran.out);
    let same = ok(home.run(&["diff", "q7q", "q7q"]));
    assert!(same.out.contains("They did the same."), "{same:?}");
    let told = ok(home.run(&["diff", "k3v", "q7q", "--json"])).json();
    assert_eq!(told["version"], 1);
    assert_eq!(told["right"]["ms"]["waiting"], 3_000, "{told}");
    let lines = told["lines"].as_array().unwrap();
    let kinds = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count() as u64;
    assert_eq!(told["same"], kinds("same"));
    assert_eq!(told["only_left"], kinds("only-left"));
    home.run(&["diff", "k3v"]).fails(2, &["<B>"]);
    home.run(&["diff", "k3v", "zzz"]).fails(2, &["zzz"]);
}
