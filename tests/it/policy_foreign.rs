//! Rules and paths that a stranger's folder brings: none ends the program, none keeps trust that was taken back, none is
//! reached around by a link.

use crate::harness::rules::{Rules, tools};
use crate::tools::Bench;
use serde_json::json;
use tackroom::adapters::policy::cedar::{lint, offer, revoke_trust, set_trusted};
use tackroom::domain::policy::Word;
use tackroom::domain::tool_spec::Touch;

fn all_of(middle: &str) -> String {
    format!("forbid (principal, action, resource)\nwhen {{\n{middle} }};")
}

/// The engine recurses: 400,000 brackets, or 60,000 joined conditions, in a folder that nobody trusts once ended the process.
#[test]
fn a_rule_that_is_too_deep_is_refused_with_its_line() {
    let rules = Rules::new();
    let many = |text: &str, times: usize| text.repeat(times);
    for text in [
        format!("{}true{}", many("(", 400_000), many(")", 400_000)),
        format!("{}1{} == [1]", many("[", 100_000), many("]", 100_000)),
        format!("{}true{}", many("if true then ", 20_000), many(" else true", 20_000)),
        format!("true{}", many(" && true", 60_000)),
        format!("true{}", many(" || true", 400)),
        format!("1{} == 2", many(" + 1", 1_000)),
        format!("{}true", many("!", 5_000)),
        format!("context{} == 1", many(".mode", 4_000)),
        format!("context{} == 1", many("[\"mode\"]", 4_000)),
        format!("{}1{} == context", many("{a: ", 5_000), many("}", 5_000)),
    ] {
        rules.write("ws/.tackroom/policy/a.cedar", &all_of(&text));
        let told = rules.faults();
        assert_eq!(told.len(), 1, "{}", &text[..60]);
        let told = &told[0];
        assert!(
            told.contains("a.cedar:") && (told.contains("too deep") || told.contains("64 KiB")),
            "{told}"
        );
    }
}

/// On a thread with the stack of a worker: what is let through is not too deep for the engine.
#[test]
fn a_rule_as_deep_as_may_be_is_judged() {
    let rules = Rules::new();
    let brackets = format!("{}true{}", "(".repeat(20), ")".repeat(20));
    let joined = format!("true{}", " && true".repeat(90));
    let either = format!("false{} || true", " || false".repeat(90));
    let set = format!("[{}].contains(1)", (0..4_000).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
    for text in [brackets, joined, either, set] {
        rules.write("user/a.cedar", &all_of(&text));
        let policy = rules.open().unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(
            rules.judge(&policy, "read_file", &json!({"path": "a"})).word,
            Word::Deny,
            "{}",
            &text[..40]
        );
        lint(&rules.load().unwrap().force, &tools());
    }
}

const SHELL: &str =
    "@id(\"pe\") permit (principal, action, resource is Command) when { resource.program == \"ls\" };";

/// A faulty file kept the whole old state in force, and trust in it that an operator had taken back since.
#[test]
fn a_faulty_file_keeps_nothing_in_force_that_was_taken_back() {
    let rules = Rules::new();
    let places = rules.places();
    rules.write("ws/.tackroom/policy/a.cedar", SHELL);
    let folder = rules.workspace();
    let trust = || set_trusted(&places, &folder, offer(&places, &folder).unwrap().hash).unwrap();
    trust();
    let policy = rules.open().unwrap();
    let word = |tool: &str| {
        rules.clock.pass_ms(1_000);
        rules.judge(&policy, tool, &json!({"argv": ["ls"], "path": "a"})).word
    };
    assert_eq!(word("run_command"), Word::Allow);
    let bad = rules.write("ws/.tackroom/policy/z.cedar", "garbage");
    revoke_trust(&places, &folder).unwrap();
    assert_eq!(word("run_command"), Word::Ask, "trust was taken back");
    rules.write("user/no.cedar", "forbid (principal, action == Action::\"read_file\", resource);");
    assert_eq!(word("read_file"), Word::Deny, "the user's own rules count while a workspace's are at fault");
    std::fs::remove_file(bad).unwrap();
    assert_eq!(word("run_command"), Word::Ask);
    trust();
    assert_eq!(word("run_command"), Word::Allow);
}

/// What a workspace's file forbade stays forbidden while that file is faulty.
#[test]
fn a_faulty_file_loosens_nothing() {
    let rules = Rules::new();
    let file = "ws/.tackroom/policy/a.cedar";
    rules.write(file, "forbid (principal, action == Action::\"read_file\", resource);");
    let policy = rules.open().unwrap();
    rules.write(file, "forbid (");
    rules.clock.pass_ms(1_000);
    assert_eq!(rules.judge(&policy, "read_file", &json!({"path": "a"})).word, Word::Deny);
}

/// A rule about arguments saw nothing of long ones: a forbid was passed by adding letters.
#[test]
fn what_forbids_by_arguments_is_not_passed_by_long_ones() {
    let rules = Rules::new();
    for look in ["context.arguments", "context[\"\\u{61}rguments\"]"] {
        let text = format!("forbid (principal, action, resource) when {{ {look} like \"*DROP TABLE*\" }};");
        rules.write("user/a.cedar", &text);
        let policy = rules.open().unwrap();
        let judge = |text: String| rules.judge(&policy, "write_file", &json!({"path": "a", "content": text}));
        assert_eq!(judge("drop".to_string()).word, Word::Ask, "{look}");
        assert_eq!(judge("DROP TABLE".to_string()).word, Word::Deny, "{look}");
        assert_eq!(judge(format!("DROP TABLE{}", "x".repeat(70_000))).word, Word::Deny, "{look}");
        let long = judge(format!("{}DROP TABLE", "x".repeat(1_100_000)));
        assert_eq!((long.word, long.why.contains("too long")), (Word::Deny, true), "{look}: {}", long.why);
    }
}

/// A rule about `prot/` was passed by way of a link to it.
#[test]
fn a_link_is_judged_by_where_it_leads() {
    let bench = Bench::new();
    bench.write("prot/x", "secret");
    bench.write("deep/er/y", "");
    std::os::unix::fs::symlink("prot", bench.path("p")).unwrap();
    std::os::unix::fs::symlink("../prot/x", bench.path("deep/one")).unwrap();
    std::os::unix::fs::symlink("/", bench.path("out")).unwrap();
    let touched = |tool: &str, path: &str| {
        let args = json!({"path": path, "pattern": "a", "content": "", "old": "a", "new": "b"});
        let touches = bench.tool(tool).touches(&args);
        let path = |touch: &Touch| match touch {
            Touch::Read { path } | Touch::Write { path } => path.clone(),
            Touch::Command { .. } | Touch::Host { .. } => panic!("{touch:?}"),
        };
        touches.iter().map(path).collect::<Vec<_>>()
    };
    for tool in ["read_file", "list_dir", "search", "write_file", "edit_file"] {
        assert_eq!(touched(tool, "p/x"), ["p/x", "prot/x"], "{tool}");
        assert_eq!(touched(tool, "p/new/z"), ["p/new/z", "prot/new/z"], "{tool}");
        assert_eq!(touched(tool, "deep/one"), ["deep/one", "prot/x"], "{tool}");
        assert_eq!(touched(tool, "deep/er/../one"), ["deep/one", "prot/x"], "{tool}");
        assert_eq!(touched(tool, "prot/x"), ["prot/x"], "{tool}");
        assert_eq!(touched(tool, "not/there"), ["not/there"], "{tool}");
        assert_eq!(touched(tool, "."), ["."], "{tool}");
        assert_eq!(touched(tool, "out/etc/passwd"), ["out/etc/passwd"], "{tool}: it cannot be opened");
    }
}
