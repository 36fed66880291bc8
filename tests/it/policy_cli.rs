//! `tackroom policy` through the real binary: rules that count in a run, refusals, trust, why, and stored calls judged again.

use crate::harness::binary::{Home, done, ok};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

const ECHO: &str = "@id(\"echo\") @why(\"{line} only speaks.\")\npermit (principal, action, resource is Command) when { resource.program == \"echo\" };\n";

fn rules(home: &Home, name: &str, text: &str) -> PathBuf {
    let folder = home.home().join("config/policy");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), text).unwrap();
    folder.join(name)
}

fn project(home: &Home, text: &str) {
    fs::create_dir_all(home.ws().join(".tackroom/policy")).unwrap();
    fs::write(home.ws().join(".tackroom/policy/p.cedar"), text).unwrap();
}

/// A script of calls, one a turn.
fn script(home: &Home, calls: &[(&str, Value)]) -> String {
    let turn = |(tool, args): &(&str, Value)| json!({ "calls": [{ "tool": tool, "args": args }] });
    let mut turns: Vec<Value> = calls.iter().map(turn).collect();
    turns.push(json!({ "text": "Done." }));
    home.script(json!(turns))
}

fn verdicts(home: &Home, id: &str) -> Vec<(String, String)> {
    let events = home.events(id);
    let events = events.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].clone());
    let judged = events.filter(|event| event["kind"] == "CallJudged");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    judged.map(|e| (text(&e["data"]["verdict"]["word"]), text(&e["data"]["verdict"]["rule"]))).collect()
}

#[test]
fn rules_of_the_user_count_in_a_run() {
    let home = Home::new();
    rules(&home, "a.cedar", ECHO);
    let model = script(
        &home,
        &[
            ("run_command", json!({ "argv": ["echo", "hi"] })),
            (
                "write_file",
                json!({ "path": ".tackroom/policy/mine.cedar", "content": "permit (principal, action, resource);" }),
            ),
            ("run_command", json!({ "shell": "echo hi; id" })),
        ],
    );
    let ran = home.task(&model, "Speak.", &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let told = verdicts(&home, &home.only());
    let words: Vec<&str> = told.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words, ["allow", "deny", "ask"], "{told:?}");
    assert!(told[0].1.starts_with("echo (") && told[0].1.ends_with("a.cedar:1)"), "{told:?}");
    assert_eq!(told[1].1, "own-data");
    assert!(!home.ws().join(".tackroom").exists());
}

#[test]
fn a_link_into_the_rules_of_a_workspace_leads_nowhere() {
    let home = Home::new();
    std::os::unix::fs::symlink(".", home.ws().join("link")).unwrap();
    let path = "link/.tackroom/policy/mine.cedar";
    let model = script(
        &home,
        &[("write_file", json!({ "path": path, "content": "permit (principal, action, resource);" }))],
    );
    let ran = home.task(&model, "Write.", &["--on-hold", "approve"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!home.ws().join(".tackroom/policy").exists());
    assert!(home.events(&home.only()).iter().any(|line| line.contains("belongs to tackroom itself")));
}

#[test]
fn refused_rules_stop_everything_with_file_and_line() {
    let home = Home::new();
    let file = rules(&home, "a.cedar", "\npermit (principal, action, resource) when { resource.nme };");
    let model = script(&home, &[]);
    let place = format!("{}:2", file.display());
    home.task(&model, "Speak.", &[]).fails(2, &["the policy is refused", &place, "nme"]);
    let doctor = home.run(&["doctor"]);
    assert!(
        doctor.code == 1 && doctor.out.contains("WRONG policy") && doctor.out.contains(&place),
        "{doctor:?}"
    );
    let check = home.run(&["policy", "check", "--json"]);
    assert_eq!(
        (check.code, &check.json()["ok"], &check.json()["faults"][0]["line"]),
        (1, &json!(false), &json!(2))
    );
    home.run(&["policy", "show"]).fails(2, &[&place]);
    rules(&home, "a.cedar", ECHO);
    let check = ok(home.run(&["policy", "check"]));
    assert!(check.out.contains("the rules may be used: 2 files, 11 rules"), "{check:?}");
    let wide = home.path("wide.cedar");
    fs::write(&wide, "permit (principal, action, resource is Command);").unwrap();
    let wide = wide.display().to_string();
    let check = ok(home.run(&["policy", "check", &wide]));
    assert!(check.out.contains("wide     ") && check.out.contains("every command"), "{check:?}");
    assert_eq!(home.run(&["policy", "check", &wide, "--strict"]).code, 1);
    let none = home.run(&["policy", "check", "nothing.cedar"]);
    assert!(none.code == 1 && none.out.contains("it cannot be read"), "{none:?}");
}

#[test]
fn a_workspace_is_trusted_by_an_operator() {
    let home = Home::new();
    project(
        &home,
        &format!(
            "{ECHO}\n@id(\"no-notes\") forbid (principal, action, resource is Path) when {{ resource.name == \"notes.txt\" }};"
        ),
    );
    let word = |tool: &str, args: &str| {
        let told = ok(home.run(&["policy", "explain", "--tool", tool, "--args", args, "--json"]));
        told.json()["verdict"]["word"].as_str().unwrap().to_string()
    };
    let echo = r#"{"argv": ["echo", "x"]}"#;
    assert_eq!(
        (&*word("run_command", echo), &*word("read_file", r#"{"path": "notes.txt"}"#)),
        ("ask", "deny")
    );
    let show = ok(home.run(&["policy", "show"]));
    assert!(show.out.contains("1 allowing rule put aside") && show.out.contains("policy trust"), "{show:?}");
    assert!(home.run(&["doctor"]).out.contains("note  policy"));
    let told = ok(home.run(&["policy", "explain", "--tool", "run_command", "--args", echo]));
    assert!(told.out.contains("fits    echo (.tackroom/policy/p.cedar:1): allows (put aside"), "{told:?}");
    // Nobody said yes: shown, and nothing is trusted.
    let unsaid = home.run(&["policy", "trust"]);
    unsaid.fails(2, &["nobody said yes", "--yes"]);
    assert_eq!(word("run_command", echo), "ask");
    let told = ok(home.run(&["policy", "trust", "--yes"]));
    for line in [
        "    1  @id(\"echo\") @why(\"{line} only speaks.\")",
        "    2  permit (principal, action, resource is Command) when { resource.program == \"echo\" };",
        "1 rule would then allow; 0 remarks",
        "\nsha-256 ",
        "\ntrusted: 1 file",
    ] {
        assert!(
            told.out.contains(line) && (line.contains("\ntrusted") || unsaid.out.contains(line)),
            "{line}: {told:?}"
        );
    }
    assert_eq!(word("run_command", echo), "allow");
    assert!(ok(home.run(&["policy", "trust"])).out.contains("is trusted already"));
    assert_eq!(ok(home.run(&["policy", "show", "--json"])).json()["trust"], "trusted");
    project(&home, &format!("{ECHO} // more"));
    assert_eq!(word("run_command", echo), "ask", "other files than those that were trusted");
    // Only what has changed since is told, and what may not be meant.
    project(&home, &format!("{ECHO}\npermit (principal, action, resource is Command);\n"));
    let told = ok(home.run(&["policy", "trust", "--yes"]));
    for line in [
        "changed since it was trusted",
        ".tackroom/policy/p.cedar (changed)",
        "    4 + permit (principal, action, resource is Command);",
        "2 rules would then allow",
        "every command",
    ] {
        assert!(told.out.contains(line), "{line}: {told:?}");
    }
    assert!(!told.out.contains("no-notes (") && told.out.contains("- @id(\"no-notes\")"), "{told:?}");
    assert!(ok(home.run(&["policy", "trust", "--revoke"])).out.contains("trusted no more"));
    assert_eq!(word("run_command", echo), "ask");
    home.run(&["policy", "trust", &home.home().display().to_string()]).fails(1, &["there are no rules in"]);
}

#[test]
fn a_verdict_is_explained() {
    let home = Home::new();
    rules(&home, "a.cedar", ECHO);
    let told = ok(home.run(&["policy", "explain", "--tool", "run_command", "--args", r#"{"argv": ["ls"]}"#]));
    for line in [
        "run_command: ask by command",
        "program      \"ls\"",
        "but not so: resource.program == \"echo\"",
        "fits    command",
    ] {
        assert!(told.out.contains(line), "{line:?} is not in {}", told.out);
    }
    let told = ok(home.run(&[
        "policy",
        "explain",
        "--tool",
        "run_command",
        "--args",
        r#"{"shell": "echo x | ls > f"}"#,
    ]));
    for line in [
        "run sh -c echo x | ls > f: allow",
        "what it runs and opens is judged by itself",
        "\nrun echo x: allow",
        "\nrun ls: ask",
        "\nwrite f: ask",
        "fits    workspace-write",
    ] {
        assert!(told.out.contains(line), "{line:?} is not in {}", told.out);
    }
    let told =
        ok(home.run(&["policy", "explain", "--tool", "run_command", "--args", r#"{"shell": "echo $(ls"}"#]));
    assert!(told.out.contains("a shell reads it, and `$(` is not closed, at column 6"), "{}", told.out);
    home.run(&["policy", "explain", "--tool", "nope"])
        .fails(2, &["there is no tool \"nope\"", "run_command"]);
    home.run(&["policy", "explain", "--tool", "read_file", "--args", "{"]).fails(2, &["--args is not JSON"]);
    home.run(&["policy", "explain", "--tool", "read_file"]).fails(2, &["do not fit read_file"]);
    home.run(&["policy", "explain"]).fails(2, &[]);
    let model = script(&home, &[("run_command", json!({ "argv": ["ls"] }))]);
    home.task(&model, "List.", &[]);
    let id = home.only();
    let told = ok(home.run(&["policy", "explain", &id, "c1"]));
    assert!(told.out.contains("then: ask by command"), "{}", told.out);
    home.run(&["policy", "explain", &id, "c9"]).fails(2, &["was never judged"]);
    let help = ok(home.run(&["policy", "--help"]));
    assert!(help.out.contains("Examples:") && help.out.contains("backtest"), "{}", help.out);
}

#[test]
fn stored_calls_are_judged_again() {
    let home = Home::new();
    home.run(&["policy", "backtest"]).fails(2, &["there is no session yet"]);
    let calls = [
        ("run_command", json!({ "argv": ["echo", "hi"] })),
        ("read_file", json!({ "path": "notes.txt" })),
        ("write_file", json!({ "path": "out.txt", "content": "x" })),
    ];
    assert_eq!(home.task(&script(&home, &calls), "Work.", &["--on-hold", "approve"]).code, 0);
    let ran = home.task(&script(&home, &calls[..1]), "Speak.", &["--on-hold", "reject"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let codex = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/foreign/codex.jsonl");
    done(&home.run(&["import", codex]));
    let same = ok(home.run(&["policy", "backtest", "--json"])).json();
    let known = |told: &Value, differs: bool| {
        let calls = told["calls"].as_array().unwrap().clone();
        calls
            .into_iter()
            .filter(|call| call["differs"] == differs && call["unknown"].is_null())
            .collect::<Vec<_>>()
    };
    assert_eq!((known(&same, false).len(), known(&same, true).len()), (4, 0), "{same}");
    let unknown: Vec<&Value> =
        same["calls"].as_array().unwrap().iter().filter(|call| !call["unknown"].is_null()).collect();
    assert!(
        !unknown.is_empty() && unknown.iter().all(|call| call["now"].is_null()),
        "imported calls are unknown: {same}"
    );
    let other = home.path("other.cedar");
    let text = format!(
        "{ECHO}\n@id(\"no-out\") forbid (principal, action, resource is Path) when {{ resource.path == \"out.txt\" }};\n@id(\"idle\") forbid (principal, action, resource is Host);"
    );
    fs::write(&other, text).unwrap();
    let other = other.display().to_string();
    let told = ok(home.run(&["policy", "backtest", "--policy", &other, "--json"])).json();
    let differ = known(&told, true);
    let row = |call: &Value| {
        format!("{} {} {} {}", call["tool"], call["then"]["word"], call["now"]["word"], call["decided"])
            .replace('"', "")
    };
    let mut rows: Vec<String> = differ.iter().map(row).collect();
    rows.sort();
    let wanted = [
        "run_command ask allow approved by flag",
        "run_command ask allow rejected",
        "write_file ask deny approved by flag",
    ];
    assert_eq!(rows, wanted, "{told}");
    assert_eq!(differ.iter().filter(|call| !call["notable"].is_null()).count(), 2, "{told}");
    let unused = told["rules_never_used"].to_string();
    assert!(
        unused.contains("idle (") && !unused.contains("no-out (") && !unused.contains("echo ("),
        "{unused}"
    );
    let text = ok(home.run(&["policy", "backtest", "--policy", &other]));
    for word in [
        "ask -> allow",
        "ask -> deny",
        "unknown -> unknown",
        "against what a person decided",
        "rules that decided nothing here",
    ] {
        assert!(text.out.contains(word), "{word:?} is not in {}", text.out);
    }
    let id = home.sessions()[0]["id"].as_str().unwrap().to_string();
    let one = ok(home.run(&["policy", "backtest", "--sessions", &id, "--json"])).json();
    assert_eq!(one["sessions"], 1);
    fs::write(&other, "permit").unwrap();
    home.run(&["policy", "backtest", "--policy", &other]).fails(2, &["the policy is refused"]);
}

#[test]
fn a_file_broken_under_a_run_is_told_and_the_old_rules_stay() {
    let home = Home::new();
    let file = rules(&home, "a.cedar", ECHO);
    // A line that names the file is denied, however it writes it: what a script does is seen by nobody.
    fs::write(home.ws().join("break.sh"), format!("echo 'permit (' > {}\nsleep 0.5\n", file.display()))
        .unwrap();
    let line = "sh break.sh";
    let model = script(
        &home,
        &[
            ("run_command", json!({ "argv": ["echo", "one"] })),
            ("run_command", json!({ "shell": line })),
            ("run_command", json!({ "argv": ["echo", "two"] })),
            ("run_command", json!({ "argv": ["echo", "three"] })),
        ],
    );
    let ran = home.task(&model, "Speak.", &["--on-hold", "approve", "--sandbox", "none"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = verdicts(&home, &home.only());
    let words: Vec<&str> = told.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words, ["allow", "ask", "allow", "allow"], "{told:?}");
    assert_eq!(ran.err.matches("the policy is refused").count(), 1, "{ran:?}");
    assert!(ran.err.contains("a.cedar:1: ") && ran.err.contains("the rules in force before stay"), "{ran:?}");
}

#[test]
fn an_agent_does_not_trust_for_its_operator() {
    let home = Home::new();
    project(&home, ECHO);
    let store = home.home().display().to_string();
    let line =
        format!("TACKROOM_HOME={store} {} policy trust; echo ended $?", env!("CARGO_BIN_EXE_tackroom"));
    let model = script(&home, &[("run_command", json!({ "shell": line }))]);
    assert_eq!(home.task(&model, "Trust it.", &["--on-hold", "approve", "--sandbox", "none"]).code, 0);
    let events = home.events(&home.only()).concat();
    assert!(events.contains("ended 1") && events.contains("does not answer for its operator"), "{events}");
    assert_eq!(ok(home.run(&["policy", "show", "--json"])).json()["trust"], "not trusted");
}
