//! What a call opens is what was judged: a link that is swapped between the verdict and the run leads nowhere, and what a rule
//! keeps closed is met by no search of the folder above it.

use crate::harness::binary::{Home, done};
use crate::tools::Bench;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use tackroom::domain::call::Outcome;
use tackroom::ports::tool::Cleared;

/// Judged with the link as it is, and run after it leads to `to`.
fn swapped(tool: &str, args: &Value, link: &str, (from, to): (&str, &str)) -> (Bench, Outcome, String) {
    let bench = Bench::new();
    bench.write("open/a.txt", "harmless\n");
    bench.write("closed/a.txt", "CLOSED-1 harmless\n");
    bench.link(from, link);
    let touches = bench.tool(tool).touches(args);
    fs::remove_file(bench.path(link)).unwrap();
    symlink(to, bench.path(link)).unwrap();
    let returned = bench.run_call(tool, Cleared { touches, ..bench.cleared(args.clone()) });
    (bench, returned.outcome, returned.text)
}

#[test]
fn a_link_swapped_after_the_verdict_leads_nowhere() {
    let folder = ("open", "closed");
    let file = ("open/a.txt", "closed/a.txt");
    let calls = [
        ("read_file", json!({"path": "way/a.txt"}), folder),
        ("read_file", json!({"path": "way"}), file),
        ("list_dir", json!({"path": "way"}), folder),
        ("search", json!({"pattern": "harmless", "path": "way"}), folder),
        ("search", json!({"pattern": "harmless", "path": "way/a.txt"}), folder),
        ("search", json!({"pattern": "harmless", "path": "way"}), file),
        ("write_file", json!({"path": "way/a.txt", "content": "x"}), folder),
        ("write_file", json!({"path": "way/deep/new.txt", "content": "x"}), folder),
        ("edit_file", json!({"path": "way/a.txt", "old": "harmless", "new": "x"}), folder),
        ("edit_file", json!({"path": "way/a.txt", "old": "harmles s", "new": "x"}), folder),
    ];
    for (tool, args, (from, to)) in calls {
        let (bench, outcome, text) = swapped(tool, &args, "way", (from, to));
        assert_eq!(outcome, Outcome::Error, "{tool} {args}: {text}");
        assert!(text.contains("which is not what was judged"), "{tool} {args}: {text}");
        assert!(!text.contains("CLOSED-1"), "{tool} {args}: {text}");
        assert_eq!(bench.read("closed/a.txt"), "CLOSED-1 harmless\n", "{tool} {args}");
        assert!(!bench.exists("closed/deep/new.txt"), "{tool} {args}");
        // With the link as it was judged, the same call goes.
        let (_, _, same) = swapped(tool, &args, "way", (from, from));
        assert!(!same.contains("which is not what was judged"), "{tool} {args}: {same}");
    }
}

/// A folder that a walk has found is replaced by a link before it is entered: told by where each file lies.
#[test]
fn nothing_is_met_by_a_link_within_a_folder() {
    let bench = Bench::new();
    bench.write("open/a.txt", "harmless\n");
    bench.write("closed/a.txt", "CLOSED-1 harmless\n");
    bench.link("../closed", "open/in");
    bench.link("../closed/a.txt", "open/one.txt");
    let found = bench.ok("search", json!({"pattern": "harmless", "path": "open"}));
    assert!(found.contains("open/a.txt") && !found.contains("CLOSED-1"), "{found}");
    let listed = bench.ok("list_dir", json!({"path": "open", "depth": 3}));
    assert!(!listed.contains("  a.txt"), "{listed}");
}

fn outputs(home: &Home) -> Vec<String> {
    let events = home.events(&home.only());
    let events = events.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].clone());
    let ended = events.filter(|event| event["kind"] == "CallEnded");
    ended.map(|event| event["data"]["output"]["head"].as_str().unwrap_or_default().to_string()).collect()
}

fn calls(home: &Home, calls: &[(&str, Value)]) -> String {
    let turn = |(tool, args): &(&str, Value)| json!({ "calls": [{ "tool": tool, "args": args }] });
    let mut turns: Vec<Value> = calls.iter().map(turn).collect();
    turns.push(json!({ "text": "Done." }));
    home.script(json!(turns))
}

#[cfg(feature = "cedar")]
#[test]
fn what_a_rule_keeps_closed_is_met_by_no_search_from_above() {
    let home = Home::new();
    let folder = home.home().join("config/policy");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("a.cedar"),
        r#"
        @why("Closed.") forbid (principal, action, resource is Path) when { resource.path like "closed/*" };
        @why("No keys.") forbid (principal, action, resource is Path) when { resource.name == ".env" };
        @ask("Private.") permit (principal, action, resource is Path) when { resource.path like "private/*" };
        "#,
    )
    .unwrap();
    for (name, text) in [
        ("open/a.txt", "needle here"),
        ("closed/a.txt", "needle CLOSED-1"),
        ("closed/deep/b.txt", "needle CLOSED-2"),
        ("open/.env", "needle CLOSED-3"),
        ("private/a.txt", "needle PRIVATE-1"),
    ] {
        fs::create_dir_all(home.ws().join(name).parent().unwrap()).unwrap();
        fs::write(home.ws().join(name), text).unwrap();
    }
    symlink("closed", home.ws().join("way")).unwrap();
    let asked = [
        ("search", json!({"pattern": "needle"})),
        ("search", json!({"pattern": "needle", "path": "open"})),
        ("list_dir", json!({"depth": 4})),
        ("list_dir", json!({"path": "closed"})),
        ("search", json!({"pattern": "needle", "path": "way"})),
    ];
    done(&home.task(&calls(&home, &asked), "Look.", &[]));
    let told = outputs(&home);
    assert!(told.iter().all(|text| !text.contains("CLOSED-") && !text.contains("PRIVATE-")), "{told:#?}");
    assert!(told[0].contains("open/a.txt:1: needle here"), "{told:#?}");
    assert!(told[0].contains("[the policy keeps 4 files from this call]"), "{told:#?}");
    assert!(told[1].contains("[the policy keeps 1 file from this call]"), "{told:#?}");
    for name in ["b.txt", "deep", ".env"] {
        assert!(!told[2].contains(name), "{name} is in {}", told[2]);
    }
    assert!(told[2].contains("closed/") && told[2].contains("open/"), "{}", told[2]);
    assert!(told[2].contains("[the policy keeps 4 entries from this call]"), "{}", told[2]);
    assert!(told[4].contains("[the policy keeps 2 files from this call]"), "{}", told[4]);
}
