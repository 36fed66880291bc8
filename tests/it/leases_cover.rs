//! What a lease covers and what never: attempts to get more than was granted, and a predicate that is written here by itself.

use crate::harness::cases::cases;
use crate::harness::promise;
use proptest::prelude::*;
use serde_json::{Value, json};
use tackroom::domain::lease_covers::{Deed, Lands};
use tackroom::domain::lease_pattern::Pattern;
use tackroom::domain::lease_terms::Terms;
use tackroom::domain::tool_spec::Touch;

const WS: &str = "/srv/ws";

/// Whether a pattern covers a command or a write with these arguments.
fn covers(pattern: &str, args: &Value, touches: &[Touch], lands: Lands<'_>, root: &str) -> bool {
    let pattern = Pattern::parse(pattern).unwrap_or_else(|bad| panic!("{pattern}: {bad:?}"));
    let deed = Deed { args, touches, lands, destroys: false, workspace: WS };
    pattern.misses(&deed, root).is_none()
}

fn command(pattern: &str, argv: &[&str]) -> bool {
    let argv: Vec<String> = argv.iter().map(ToString::to_string).collect();
    let args = json!({ "argv": argv });
    covers(pattern, &args, &[Touch::Command { argv }, Touch::Read { path: ".".into() }], Lands::Untold, WS)
}

/// A write as the tools judge it: the path is told from the workspace, with `.` and `..` taken out.
fn write(pattern: &str, path: &str, lands: &str) -> bool {
    let args = json!({ "path": path, "body": "text" });
    let named = match tackroom::domain::lexical::place(WS, path) {
        tackroom::domain::lexical::Placed::Inside(inside) => inside,
        tackroom::domain::lexical::Placed::Outside(outside) => outside,
        tackroom::domain::lexical::Placed::Nowhere => path.to_string(),
    };
    let lands = if lands == "=" { named.clone() } else { lands.to_string() };
    covers(pattern, &args, &[Touch::Write { path: named }], Lands::In(&lands), WS)
}

#[test]
fn what_was_not_granted_asks() {
    let below = "path below a/b\nbody any";
    for (path, fits) in [
        ("a/b/c.md", true),
        ("a/b/d/e.md", true),
        ("./a/b/c.md", true),
        ("a//b/c.md", true),
        ("/srv/ws/a/b/c.md", true),
        ("a/bc/c.md", false),
        ("a/b.md", false),
        ("a/b/../c.md", false),
        ("a/b/../b/c.md", false),
        ("a/b/./../../x", false),
        ("a/b/.git/config", false),
        ("a/b/d/.env", false),
        ("A/b/c.md", false),
        ("a/B/c.md", false),
        ("/srv/ws2/a/b/c.md", false),
        ("/etc/passwd", false),
        ("../ws/a/b/c.md", false),
        ("\u{430}/b/c.md", false),   // a Cyrillic letter
        ("a/b/c\u{200b}.md", false), // a space of no width
        ("a/b/\u{202e}dm.c", false), // turned round
        ("a/b/c\n.md", false),
        ("a/b/c\0.md", false),
        ("", false),
    ] {
        assert_eq!(write(below, path, "="), fits, "{path:?}");
    }
    assert!(!write(below, "a/b/c.md", "a/b/c.md (by a link: .git/config)"), "a link leads elsewhere");
    assert!(!write("path is \"a/b/c.md\"\nbody any", "a/b/c.md", "x"), "the exact path by a link, too");
    assert!(!write("path below a/b", "a/b/c.md", "="), "an argument more");
    assert!(!write("path any\nbody any", "a/b/c.md", "="), "what is touched must be told");
    assert!(!write("path below a/b\nbody any\nmode is 1", "a/b/c.md", "="), "an argument fewer");
    let test = "argv starts [\"cargo\",\"test\"]";
    for (argv, fits) in [
        (&["cargo", "test"][..], true),
        (&["cargo", "test", "-p", "core"], true),
        (&["cargo", "test", "--", "--nocapture"], true),
        (&["cargo", "test", "crates/core"], true),
        (&["cargo", "--", "test"], false),
        (&["cargo", "tests"], false),
        (&["cargo"], false),
        (&["Cargo", "test"], false),
        (&["c\u{430}rgo", "test"], false),
        (&["./cargo", "test"], false),
        (&["cargo", "test", "--config", "alias.x"], false),
        (&["cargo", "test", "/etc/passwd"], false),
        (&["cargo", "test", "--manifest-path=/tmp/x/Cargo.toml"], false),
        (&["cargo", "test", "-C/tmp"], false),
        (&["cargo", "test", "../other"], false),
        (&["cargo", "test", "~/x"], false),
        (&["cargo", "test", "@/etc/x"], false),
        (&["cargo", "test", "https://example.org"], false),
        (&["cargo", "test", "a\u{2028}b"], false),
        (&["cargo", "test", "x\nrm"], false),
    ] {
        assert_eq!(command(test, argv), fits, "{argv:?}");
    }
    // What may run something else is covered by its exact words alone.
    for argv in [
        &["sh", "-c", "make"][..],
        &["env", "make"],
        &["python3", "-c", "1"],
        &["find", ".", "-exec", "rm", "{}"],
    ] {
        let words = serde_json::to_string(argv).unwrap();
        assert!(command(&format!("argv is {words}"), argv), "{argv:?}");
        assert!(!command(&format!("argv starts {words}"), argv), "{argv:?}");
        assert!(!command(&format!("argv starts [{:?}]", argv[0]), argv), "{argv:?}");
    }
    assert!(!command("argv any", &["make"]), "a command must be told");
    assert!(!command("argv is \"make\"", &["make"]), "a text is no list");
}

#[test]
fn what_is_exact_is_exact() {
    let one = |pattern: &str, value: Value| {
        let args = json!({ "n": value });
        covers(pattern, &args, &[], Lands::Untold, WS)
    };
    assert!(one("n is 1", json!(1)) && one("n is {\"a\":1,\"b\":[2]}", json!({"b": [2], "a": 1})));
    for (pattern, value) in [
        ("n is 1", json!("1")),
        ("n is \"1\"", json!(1)),
        ("n is 1", json!(1.0)),
        ("n is true", json!("true")),
        ("n is null", json!(false)),
        ("n is [1,2]", json!([2, 1])),
        ("n is {\"a\":1}", json!({"a": 1, "b": 2})),
        ("n any", json!(1)), // nothing is changed and nothing runs: nothing may be wide
    ] {
        assert!(!one(pattern, value.clone()), "{pattern} and {value}");
    }
    let secret = json!({ "n": "Bearer [secret:token:0123abcd]" });
    let pattern = Pattern::narrow(&secret).unwrap();
    let deed = Deed { args: &secret, touches: &[], lands: Lands::Untold, destroys: false, workspace: WS };
    assert!(pattern.misses(&deed, WS).unwrap().contains("secret"));
    let plain = json!({ "n": 1 });
    let destroys = Deed { args: &plain, destroys: true, ..deed };
    assert!(Pattern::narrow(&plain).unwrap().misses(&destroys, WS).unwrap().contains("destroy"));
    let fails = Deed { args: &plain, lands: Lands::Fails, ..deed };
    assert!(Pattern::narrow(&plain).unwrap().misses(&fails, WS).is_some());
    let host = [Touch::Host { host: "example.org".into(), port: 443 }];
    let url = json!({ "url": "https://example.org/a" });
    assert!(covers("url is \"https://example.org/a\"", &url, &host, Lands::Untold, WS));
    assert!(!covers("url any", &url, &host, Lands::Untold, WS), "a host is told");
    let elsewhere = [Touch::Read { path: "/etc/passwd".into() }];
    assert!(!covers("n is 1", &plain, &elsewhere, Lands::Untold, WS), "outside of the workspace");
    let cwd = [Touch::Command { argv: vec!["make".into()] }, Touch::Read { path: "src".into() }];
    let args = json!({ "argv": ["make"], "cwd": "src" });
    assert!(covers("argv starts [\"make\"]\ncwd is \"src\"", &args, &cwd, Lands::Untold, "/srv/ws/src"));
    assert!(
        !covers("argv starts [\"make\"]\ncwd any", &args, &cwd, Lands::Untold, WS),
        "where it runs is told"
    );
    assert!(!covers("argv is [\"make\"]\ncwd is \"src\"", &args, &cwd, Lands::Untold, "/srv/ws/docs"));
}

#[test]
fn terms_are_read_as_they_are_printed() {
    for text in [
        "uses = 5\nuntil = run\nunder = .\nargv starts [\"cargo\",\"test\"]",
        "uses = 1000\nuntil = session 2h\nunder = src/a\npath below docs\ncontent any",
        "uses = 1\nuntil = run 2026-11-22T18:00:00.000Z\nunder = .\n\"odd name\" is {\"a\":[1,2.5,null]}",
        "uses = 2\nuntil = run 45s\nunder = .\npath below \"a folder\"\nx hash 0000000000000000000000000000000000000000000000000000000000000000",
    ] {
        assert_eq!(Terms::parse(text).expect("terms").to_string(), text);
    }
    for (text, word) in [
        ("uses = 0", "1 to 1000"),
        ("uses = 1001", "1 to 1000"),
        ("uses = five", "1 to 1000"),
        ("until = soon", "30m"),
        ("until = 99999999999999999999d", "30m"),
        ("until = 31d", "30m"),
        ("until = run session", "30m"),
        ("under = /etc", "folder of the workspace"),
        ("under = ../x", "folder of the workspace"),
        ("uses = 1\nuses = 2", "twice"),
        ("path below ..", "`..`"),
        ("path below a/../..", "`..`"),
        ("path below /a", "told from it"),
        ("path below", "folder"),
        ("argv starts cargo", "words such as"),
        ("argv starts []", "program"),
        ("argv starts [\"\"]", "program"),
        ("argv starts [1]", "words such as"),
        ("n is", "not JSON"),
        ("n is 1 2", "not JSON"),
        ("n hash abc", "64"),
        ("n any x", "nothing follows"),
        ("n", "one of"),
        ("n like 1", "one of"),
        ("n is 1\nn any", "twice"),
    ] {
        let faults = Terms::parse(text).expect_err(text);
        assert!(faults.iter().any(|bad| bad.why.contains(word)), "{text:?}: {faults:?}");
    }
    let hidden = Pattern::narrow(&json!({ "n": "a\u{202e}b", "long": "x\n".repeat(9) })).unwrap().to_string();
    assert!(hidden.contains("\"a\\u202eb\"") && hidden.contains("long hash "), "{hidden}");
    assert_eq!(
        Pattern::parse(&hidden).unwrap(),
        Pattern::narrow(&json!({ "n": "a\u{202e}b", "long": "x\n".repeat(9) })).unwrap()
    );
}

/// What the pattern of the property is, told for itself: no type of the program's own.
#[derive(Clone, Debug)]
enum Rule {
    Exact(String),
    Below(Vec<String>),
    Any,
}

/// Whether a write is covered, worked out the slow way: by names, from the beginning.
fn is_covered(rule: &Rule, path: &str, lands_there: bool) -> bool {
    let hides = path.chars().any(|c| c.is_control() || "\u{200b}\u{202e}\u{430}".contains(c));
    if path.is_empty() || path.contains('\0') || !lands_there {
        return false;
    }
    let mut names: Vec<&str> = if path.starts_with('/') { Vec::new() } else { vec!["srv", "ws"] };
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    let Some(inside) = names.strip_prefix(&["srv", "ws"][..]) else { return false };
    match rule {
        Rule::Exact(exact) => exact == path,
        Rule::Any => false,
        Rule::Below(folder) => {
            let folder: Vec<&str> = folder.iter().map(String::as_str).collect();
            let Some(rest) = inside.strip_prefix(&folder[..]) else { return false };
            !hides
                && !rest.is_empty()
                && !path.split('/').any(|name| name == "..")
                && !rest.iter().any(|name| name.starts_with('.'))
        }
    }
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "a",
        "b",
        "ab",
        "A",
        ".git",
        "..",
        ".",
        "",
        "srv",
        "ws",
        "c.md",
        "\u{430}",
        "x\u{200b}",
    ])
    .prop_map(str::to_string)
}

fn path() -> impl Strategy<Value = String> {
    let rooted = prop::sample::select(vec!["", "", "", "/", "/srv/ws/", "/srv/ws2/"]);
    (rooted, prop::collection::vec(name(), 0..5))
        .prop_map(|(root, names)| format!("{root}{}", names.join("/")))
}

fn rule() -> impl Strategy<Value = Rule> {
    let plain = prop::sample::select(vec!["a", "b", "ab", ".git"]).prop_map(str::to_string);
    prop_oneof![
        path().prop_map(Rule::Exact),
        prop::collection::vec(plain, 1..3).prop_map(Rule::Below),
        Just(Rule::Any),
    ]
}

#[test]
fn a_call_is_allowed_if_and_only_if_it_is_covered() {
    let count = cases(4_000u32);
    let (mut allowed, mut tried) = (0, 0);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(count));
    let strategy = (rule(), path(), prop::bool::weighted(0.9), prop::bool::ANY);
    let (counted, total) = (std::cell::Cell::new(0u32), std::cell::Cell::new(0u32));
    runner
        .run(&strategy, |(rule, other, lands, same)| {
            // Half of the exact rules meet their own path.
            let path = match (&rule, same) {
                (Rule::Exact(exact), true) => exact.clone(),
                (Rule::Below(folder), true) => format!("{}/{other}", folder.join("/")),
                _ => other,
            };
            let line = match &rule {
                Rule::Exact(exact) => format!("path is {}", Value::from(exact.as_str())),
                Rule::Below(folder) => format!("path below {}", folder.join("/")),
                Rule::Any => "path any".to_string(),
            };
            let pattern = format!("{line}\nbody any");
            let is = write(&pattern, &path, if lands { "=" } else { "elsewhere" });
            total.set(total.get() + 1);
            counted.set(counted.get() + u32::from(is));
            prop_assert_eq!(is, is_covered(&rule, &path, lands), "{} and {:?}", pattern, path);
            Ok(())
        })
        .unwrap();
    allowed += counted.get();
    tried += total.get();
    promise::kept("A10/A11", format!("leases × writes: {tried} cases, {allowed} covered"));
    assert!(allowed > tried / 50, "some must be covered: {allowed} of {tried}");
}
