//! What every tool promises, tried on each of the standard ones: arguments are checked with the bad path named, touches
//! tell where a path lies, nothing leads out of the workspace, a stopped call says so.

use crate::tools::Bench;
use serde_json::{Value, json};
use tackroom::domain::call::{Outcome, Preview};
use tackroom::domain::tool_spec::{Effect, Touch};

/// For each tool: arguments that fit.
fn fitting() -> Vec<(&'static str, Value)> {
    vec![
        ("read_file", json!({"path": "notes.txt", "from_line": 1, "lines": 2})),
        ("list_dir", json!({"path": ".", "depth": 1})),
        (
            "search",
            json!({"pattern": "one", "path": ".", "ignore_case": true, "context": 0, "max": 5, "glob": "*.txt"}),
        ),
        ("write_file", json!({"path": "new.txt", "content": "x"})),
        ("edit_file", json!({"path": "notes.txt", "old": "one", "new": "1", "all": false})),
        ("run_command", json!({"argv": ["true"], "cwd": ".", "timeout_s": 5})),
        ("http_get", json!({"url": "https://example.com/"})),
    ]
}

/// Replaces a member by a value of another type.
fn mistyped(value: &Value) -> Vec<Value> {
    let others =
        [json!(null), json!(true), json!("text"), json!(1.5), json!(-7), json!([1]), json!({"a": 1})];
    let kind = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    };
    // For a number: a fraction and a negative are as wrong as a text.
    others
        .into_iter()
        .filter(|other| other.is_number() && value.is_number() || kind(other) != kind(value))
        .collect()
}

#[test]
fn every_argument_fault_is_named_by_its_path() {
    let bench = Bench::new();
    let mut tried = 0;
    for (name, args) in fitting() {
        let spec = bench.tool(name).spec();
        assert!(spec.schema.check(&args).is_empty(), "{name} takes {args}: {:?}", spec.schema.check(&args));
        for (member, value) in args.as_object().unwrap() {
            for wrong in mistyped(value) {
                let mut bad = args.clone();
                bad[member] = wrong.clone();
                let faults = spec.schema.check(&bad);
                let path = format!("/{member}");
                assert!(
                    faults.iter().any(|f| f.path.starts_with(&path)),
                    "{name} {member} = {wrong}: {faults:?}"
                );
                tried += 1;
            }
        }
        let mut extra = args.clone();
        extra["mode"] = json!(1);
        let faults = spec.schema.check(&extra);
        assert_eq!(faults.len(), 1, "{name}: {faults:?}");
        let why = faults[0].why.as_str();
        assert_eq!(faults[0].path, "/mode");
        assert!(why.starts_with("is not an argument of this tool; there are: "), "{why}");
        let required: Vec<String> = serde_json::from_value(spec.schema.source()["required"].clone()).unwrap();
        for member in &required {
            let mut missing = args.clone();
            missing.as_object_mut().unwrap().shift_remove(member);
            let faults = spec.schema.check(&missing);
            assert_eq!(faults[0].path, format!("/{member}"));
            assert_eq!(faults[0].why, "is required and missing");
            tried += 1;
        }
        for whole in [json!(null), json!([]), json!("x"), json!(3)] {
            assert!(!spec.schema.check(&whole).is_empty(), "{name} refuses {whole}");
            tried += 1;
        }
        tried += 1;
    }
    println!("argument faults: {tried} tried, all refused with their path");
}

#[test]
fn bounds_hold() {
    let bench = Bench::new();
    let wrong = [
        ("read_file", json!({"path": ""}), "/path"),
        ("read_file", json!({"path": "a", "lines": 0}), "/lines"),
        ("read_file", json!({"path": "a", "lines": 2001}), "/lines"),
        ("read_file", json!({"path": "x".repeat(5000)}), "/path"),
        ("search", json!({"pattern": "x", "max": 1001}), "/max"),
        ("edit_file", json!({"path": "a", "old": "", "new": "b"}), "/old"),
        ("run_command", json!({"argv": []}), "/argv"),
        ("run_command", json!({"argv": ["a", 1]}), "/argv/1"),
        ("run_command", json!({"argv": ["a\u{0}b"]}), "/argv/0"),
        ("run_command", json!({"shell": "x", "timeout_s": 100_000}), "/timeout_s"),
        ("http_get", json!({"url": "file:///etc/passwd"}), "/url"),
    ];
    for (name, args, path) in wrong {
        let faults = bench.tool(name).spec().schema.check(&args);
        assert_eq!(faults.first().map(|fault| fault.path.as_str()), Some(path), "{name} {faults:?}");
    }
}

#[test]
fn every_tool_is_declared_whole() {
    let bench = Bench::new();
    for (name, _) in fitting() {
        let spec = bench.tool(name).spec();
        let source = spec.schema.source();
        assert_eq!(spec.name, name);
        assert!(spec.description.len() > 60, "{name} says what it does");
        assert_eq!(source["additionalProperties"], json!(false));
        for (member, schema) in source["properties"].as_object().unwrap() {
            assert!(schema["description"].as_str().is_some_and(|text| text.len() > 10), "{name}.{member}");
        }
        let reads = matches!(name, "read_file" | "list_dir" | "search" | "http_get");
        assert_eq!(spec.effect == Effect::ReadOnly, reads, "{name}");
        // Providers refuse alternatives at the top of a schema.
        for word in ["oneOf", "anyOf", "allOf", "not", "enum"] {
            assert!(source.get(word).is_none(), "{name}");
        }
    }
}

#[test]
fn touches_tell_where_a_path_lies() {
    let bench = Bench::new();
    let root = bench.root();
    let inside = |path: &str| (path.to_string(), true);
    let cases = [
        ("notes.txt".to_string(), inside("notes.txt")),
        ("./a//b/./c".to_string(), inside("a/b/c")),
        ("a/../notes.txt".to_string(), inside("notes.txt")),
        (".".to_string(), inside(".")),
        (format!("{root}/notes.txt"), inside("notes.txt")),
        (format!("{root}/../ws/notes.txt"), inside("notes.txt")),
        ("../ws-secret/key".to_string(), (format!("{root}-secret/key"), false)),
        (format!("{root}-secret/key"), (format!("{root}-secret/key"), false)),
        ("/etc/passwd".to_string(), ("/etc/passwd".to_string(), false)),
        ("../../../../../../../../../etc/passwd".to_string(), ("/etc/passwd".to_string(), false)),
        ("a/../../../../../../../../../../x".to_string(), ("/x".to_string(), false)),
        ("notes.txt/../../ws-secret".to_string(), (format!("{root}-secret"), false)),
    ];
    for (given, (named, _)) in &cases {
        let read = bench.tool("read_file").touches(&json!({"path": given}));
        assert_eq!(read, [Touch::Read { path: named.clone() }], "{given}");
        let write = bench.tool("write_file").touches(&json!({"path": given, "content": ""}));
        assert_eq!(write, [Touch::Write { path: named.clone() }], "{given}");
        let command = bench.tool("run_command").touches(&json!({"argv": ["ls", "-l"], "cwd": given}));
        let argv = vec!["ls".to_string(), "-l".to_string()];
        assert_eq!(command, [Touch::Command { argv }, Touch::Read { path: named.clone() }], "{given}");
    }
    let shell = bench.tool("run_command").touches(&json!({"shell": "a | b"}));
    assert_eq!(shell[0].line(), "run sh -c a | b");
    let host = bench.tool("http_get").touches(&json!({"url": "HTTPS://Example.COM:8443/a?b#c"}));
    assert_eq!(host, [Touch::Host { host: "example.com".to_string(), port: 8443 }]);
}

#[test]
fn no_path_leads_out() {
    let bench = Bench::new();
    let root = bench.root();
    bench.link("../ws-secret", "out");
    bench.link("../ws-secret/key", "out-file");
    bench.link(&format!("{root}-secret/key"), "out-absolute");
    bench.link("/etc", "etc");
    bench.link("loop", "loop");
    bench.link("out", "twice");
    let out = [
        "../ws-secret/key".to_string(),
        format!("{root}-secret/key"),
        "/etc/passwd".to_string(),
        "out/key".to_string(),
        "out-file".to_string(),
        "out-absolute".to_string(),
        "etc/passwd".to_string(),
        "twice/key".to_string(),
        "loop".to_string(),
        "loop/x".to_string(),
        "a\u{0}b".to_string(),
        String::new(),
        format!("{}/x", "d".repeat(300)),
        "x/".repeat(2000),
        "/proc/self/environ".to_string(),
        "/dev/zero".to_string(),
    ];
    let mut tried = 0;
    for path in &out {
        let calls = [
            ("read_file", json!({"path": path})),
            ("list_dir", json!({"path": path})),
            ("search", json!({"pattern": ".", "path": path})),
            ("write_file", json!({"path": path, "content": "mine"})),
            ("edit_file", json!({"path": path, "old": "SECRET", "new": "mine"})),
            ("run_command", json!({"argv": ["cat", "key"], "cwd": path})),
        ];
        for (name, args) in calls {
            // A folder with a long or unknown name may be made by a write; it stays inside.
            let may_make = name == "write_file" && path.starts_with("x/");
            let returned = bench.run(name, args.clone());
            assert!(may_make || returned.outcome == Outcome::Error, "{name} {path:.80}: {returned:?}");
            assert!(!returned.text.contains("SECRET-1"), "{name} {path:.80}");
            tried += 1;
            if matches!(name, "write_file" | "edit_file" | "run_command") && !may_make {
                let preview = bench.preview(name, args);
                assert!(matches!(preview, Preview::WouldFail { .. }), "{name} {path:.80}: {preview:?}");
            }
        }
    }
    assert_eq!(bench.secret(), "SECRET-1\n");
    assert_eq!(std::fs::read_dir(format!("{root}-secret")).unwrap().count(), 1);
    println!("paths that lead out: {tried} calls, 0 escapes");
}

#[test]
fn a_stopped_call_says_so() {
    let bench = Bench::new();
    for (name, args) in fitting() {
        if matches!(name, "http_get" | "list_dir" | "read_file") {
            continue; // over before they look, or tried elsewhere
        }
        let call = bench.cleared(args);
        call.stop.ask();
        let returned = bench.run_call(name, call);
        assert_eq!(returned.outcome, Outcome::Cancelled, "{name}: {returned:?}");
    }
    assert!(!bench.exists("new.txt"));
    assert_eq!(bench.read("notes.txt"), "one\ntwo\nthree\n");
}
