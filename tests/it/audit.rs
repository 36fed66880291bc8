//! Who decided what: told of real runs, of damage, and of people who approve without reading.

use crate::harness::binary::{Home, done};
use crate::harness::story::Story;
use serde_json::json;
use tackroom::domain::audit::{Audit, Choice, Figures};
use tackroom::domain::call::{Outcome, Via};
use tackroom::domain::event::Fact;

/// A session in which a rule, an approval, an edit and a rejection decided one call each.
fn decided(home: &Home) -> String {
    let write =
        |path: &str| json!({"tool": "write_file", "args": {"path": path, "content": "<b>hello</b>\n"}});
    let model = home.script(json!([
        {"text": "I look.", "calls": [{"tool": "list_dir", "args": {}}]},
        {"text": "I write.", "calls": [write("a.txt"), write("b.txt"), write("c.txt")]},
        {"text": "Done."},
    ]));
    let ran = home.run(&["run", "Write <three> files.", "--headless", "--model", &model]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let id = home.only();
    done(&home.run(&["approve", &id, "c2", "--yes"]));
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3);
    done(&home.run(&["edit", &id, "c3", "--args", r#"{"path":"b2.txt","content":"other\n"}"#]));
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3);
    done(&home.run(&["reject", &id, "c4", "--reason", "not that one"]));
    done(&home.run(&["resume", &id, "--headless"]));
    id
}

#[test]
fn every_call_is_told_with_who_decided_and_why() {
    let home = Home::new();
    let id = decided(&home);
    let ran = home.run(&["audit", "--all", "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = ran.json();
    let session = &told["sessions"][0];
    assert_eq!((&session["session"], &session["whole"]), (&json!(id), &json!(true)));
    let calls = session["calls"].as_array().unwrap();
    let short: Vec<String> = calls
        .iter()
        .map(|call| {
            let by = call["decisions"].as_array().unwrap();
            let by: Vec<String> = by.iter().map(|one| format!("{} {}", one["choice"], one["via"])).collect();
            let (word, rule) = (&call["verdict"]["word"], &call["verdict"]["rule"]);
            format!("{} {word} {rule} {by:?} {}", call["call"], call["outcome"])
        })
        .collect();
    assert_eq!(
        short,
        [
            r#""c1" "allow" "workspace-read" [] "done""#,
            r#""c2" "ask" "workspace-write" ["\"approved\" \"command\""] "done""#,
            r#""c3" "ask" "workspace-write" ["\"edited\" \"command\""] "done""#,
            r#""c4" "ask" "workspace-write" ["\"rejected\" \"command\""] "rejected""#,
        ]
    );
    assert_eq!(
        (&calls[2]["asked"]["path"], &calls[2]["edited"]["path"]),
        (&json!("b.txt"), &json!("b2.txt"))
    );
    assert_eq!(calls[3]["decisions"][0]["words"], "not that one");
    let figures = &told["figures"];
    let counts =
        ["sessions", "tasks", "calls", "by_rule", "held", "decisions", "approved", "edited", "refused"];
    let counts: Vec<u64> = counts.iter().map(|name| figures[*name].as_u64().unwrap()).collect();
    assert_eq!(counts, [1, 1, 4, 1, 3, 3, 1, 1, 1]);
    let ran = home.run(&["audit", &id]);
    for word in ["c3", "became", "b2.txt", "rejected by", "not that one", "the log is whole", "1 of 4 (25 %)"]
    {
        assert!(ran.out.contains(word), "{word}: {ran:?}");
    }
    let page = home.path("audit.html");
    let path = page.display().to_string();
    done(&home.run(&["audit", &id, "--html", &path]));
    let told = std::fs::read_to_string(&page).unwrap();
    assert!(
        told.contains("&lt;b&gt;hello") && !told.contains("<b>hello") && told.ends_with("</html>\n"),
        "{told}"
    );
    home.run(&["audit", &id, "--html", &path]).fails(1, &["not there yet"]);
}

/// A fork's log begins with what was copied: every look and every glance was counted again with each fork.
#[test]
fn what_a_fork_copied_is_counted_once() {
    let home = Home::new();
    let id = decided(&home);
    let figures = || home.run(&["audit", "--all", "--json"]).json()["figures"].clone();
    let before = figures();
    done(&home.run(&["fork", &id]));
    let after = figures();
    assert_eq!(after["sessions"], 2);
    for name in ["tasks", "calls", "by_rule", "held", "decisions", "approved", "edited", "refused"] {
        assert_eq!(after[name], before[name], "{name}");
    }
}

#[test]
fn a_log_that_was_changed_is_told_as_such() {
    let home = Home::new();
    let id = decided(&home);
    let store = rusqlite::Connection::open(home.home().join("data").join("tackroom.db")).unwrap();
    let changed = store.execute(
        "UPDATE commits SET told = replace(told, 'not that one', 'not this one') WHERE session = ?1",
        [&id],
    );
    assert!(changed.unwrap() > 0);
    drop(store);
    let ran = home.run(&["audit", &id]);
    assert!(ran.code == 1 && ran.out.contains("THE LOG DIFFERS"), "{ran:?}");
}

/// Approvals one after another, each so many milliseconds after its question.
fn approvals(ms: &[u64], via: Via) -> Figures {
    let mut audit = Audit::default();
    let mut story = Story::new("aud1t00000", "Approvals");
    story.task("Go.");
    for (wait, no) in ms.iter().zip(1..) {
        let path = format!("{no}.txt");
        story.reply(900, "", &[("write_file", json!({"path": path, "content": "b"}))]);
        story.hold_change(no, &path, None, "b").wait(*wait).approve(no).run(no, 5, Outcome::Ok, "");
    }
    for mut event in story.events() {
        if let Fact::CallApproved { by, .. } = &mut event.fact {
            by.via = via;
        }
        audit.apply(&event);
    }
    assert!(audit.entries.iter().all(|entry| entry.decisions[0].choice == Choice::Approved));
    let mut figures = Figures::default();
    figures.add(&audit);
    figures
}

#[test]
fn who_approves_without_reading_is_told_so() {
    let quick = approvals(&[500, 900, 400, 800, 700], Via::Screen);
    assert!(
        quick.rubber_stamps() && quick.glanced_row == 5 && quick.look_median_ms() < Some(2_000),
        "{quick:?}"
    );
    let careful = approvals(&[5_000, 900, 8_000, 12_000, 30_000], Via::Screen);
    assert!(!careful.rubber_stamps() && careful.glanced == 1, "{careful:?}");
    // A flag is nobody, and says nothing of a person.
    let flag = approvals(&[1, 1, 1, 1, 1, 1], Via::Flag);
    assert_eq!((flag.rubber_stamps(), flag.flagged, flag.look_median_ms()), (false, 6, None));
}
