//! Rules in files: which word they give, whose count, what is refused and why, and that a change counts at once.

use crate::harness::promise;
use crate::harness::rules::{Rules, tools};
use serde_json::json;
use tackroom::adapters::policy::cedar::{Trust, explain, lint, set_trust};
use tackroom::domain::policy::Word;
use tackroom::domain::tool_spec::{Effect, Touch};
use tackroom::ports::judge::{Case, Judge};

const GIT_STATUS: &str = r#"@id("git-status") permit (principal, action, resource is Command)
when { resource.program == "git" && resource.first == "status" };
"#;

fn git(words: &[&str]) -> serde_json::Value {
    let argv: Vec<&str> = std::iter::once("git").chain(words.iter().copied()).collect();
    json!({ "argv": argv })
}

#[test]
fn deny_beats_ask_beats_allow_beats_otherwise() {
    let rules = Rules::new();
    let cases = [
        ("", Word::Ask, "command"),
        (GIT_STATUS, Word::Allow, "git-status"),
        (
            r#"@id("look") @ask("Look at {line}.") permit (principal, action, resource is Command);"#,
            Word::Ask,
            "look",
        ),
        (
            r#"@id("never") @why("No {program} here") forbid (principal, action, resource is Command);"#,
            Word::Deny,
            "never",
        ),
    ];
    let mut text = String::new();
    for (more, word, rule) in cases {
        text.push_str(more);
        rules.write("user/a.cedar", &text);
        let verdict = rules.judge(&rules.open().unwrap(), "run_command", &git(&["status"]));
        assert_eq!((verdict.word, verdict.rule.split(' ').next()), (word, Some(rule)), "{text}");
    }
    let verdict = rules.judge(&rules.open().unwrap(), "run_command", &git(&["status"]));
    assert_eq!(verdict.why, "No git here.");
    assert!(verdict.rule.ends_with("user/a.cedar:3)"), "{}", verdict.rule);
}

#[test]
fn a_rule_that_fails_lets_nothing_through() {
    let rules = Rules::new();
    let overflow = "resource.count + 9223372036854775807 > 0";
    for (text, word) in [
        (
            format!(
                "{GIT_STATUS} @id(\"bad\") forbid (principal, action, resource is Command) when {{ {overflow} }};"
            ),
            Word::Deny,
        ),
        (
            format!(
                "{GIT_STATUS} @id(\"bad\") permit (principal, action, resource is Command) when {{ {overflow} }};"
            ),
            Word::Ask,
        ),
        (
            format!(
                "{GIT_STATUS} @id(\"bad\") @ask(\"x\") permit (principal, action, resource is Command) when {{ {overflow} }};"
            ),
            Word::Ask,
        ),
    ] {
        rules.write("user/a.cedar", &text);
        let verdict = rules.judge(&rules.open().unwrap(), "run_command", &git(&["status"]));
        assert_eq!(verdict.word, word, "{text}");
        assert!(
            verdict.rule.starts_with("bad (") && verdict.why.contains("could not be worked out"),
            "{verdict:?}"
        );
    }
}

#[test]
fn what_is_wrong_is_told_with_file_and_line() {
    let rules = Rules::new();
    let cases = [
        ("\n\npermit (principal, action, resource) when { 1 };", 3, "unexpected type"),
        ("permit (principal, action, resource)\nwhen { resource. };", 2, "unexpected token"),
        ("// a\n@aks(\"x\")\npermit (principal, action, resource);", 2, "there is no annotation @aks"),
        ("@ask(\"x\") forbid (principal, action, resource);", 1, "a forbid denies"),
        ("@ask(\"a\") @otherwise(\"b\") permit (principal, action, resource);", 1, "not both"),
        ("@why(\"{pth}\") permit (principal, action, resource is Path);", 1, "{pth} stands for nothing"),
        ("@why(\"{path\") permit (principal, action, resource is Path);", 1, "left open"),
        ("permit (principal, action, resource is Path) when {\n  resource.inWorkspce };", 2, "inWorkspce"),
        ("permit (principal, action == Action::\"raed_file\", resource);", 1, "raed_file"),
        ("permit (principal, action, resource is File);", 1, "File"),
        ("permit (principal == ?principal, action, resource);", 1, "template"),
        (
            "@id(\"a\") permit (principal, action, resource is Host);\n@id(\"a\") forbid (principal, action, resource is Host);",
            2,
            "named \"a\" too",
        ),
        ("permit (principal, action, resource)", 1, ""),
    ];
    for (text, line, says) in cases {
        rules.write("user/a.cedar", text);
        let faults = rules.faults();
        assert!(
            faults
                .iter()
                .any(|fault| fault.starts_with(&format!("/user/a.cedar:{line}: ")) && fault.contains(says)),
            "{text:?} wants line {line}, {says:?}: {faults:?}"
        );
    }
    rules.write("user/a.cedar", "");
    rules.write("user/b.examples.toml", "");
    assert!(rules.faults()[0].contains("there is no b.cedar beside it"), "{:?}", rules.faults());
    println!("broken files: {} kinds, each with its line", cases.len() + 1);
}

#[test]
fn a_changed_file_counts_and_a_broken_one_does_not() {
    let rules = Rules::new();
    let policy = rules.open().unwrap();
    let judge = |policy: &dyn Judge| rules.judge(policy, "run_command", &git(&["status"])).word;
    let first = policy.version();
    assert_eq!(judge(&policy), Word::Ask);
    rules.write("user/a.cedar", GIT_STATUS);
    assert_eq!(judge(&policy), Word::Ask, "not looked at again so soon");
    rules.clock.pass_ms(250);
    assert_eq!(judge(&policy), Word::Allow);
    assert_ne!(policy.version(), first);
    let second = policy.version();
    rules.write("user/a.cedar", "permit (principal, action, resource");
    rules.clock.pass_ms(250);
    assert_eq!(judge(&policy), Word::Allow, "the old rules stay");
    assert_eq!(policy.version(), second);
    let (sentence, hint) = policy.trouble().unwrap();
    assert!(sentence.contains("user/a.cedar:1: ") && hint.contains("stay"), "{sentence}");
    rules.write("user/a.cedar", &format!("{GIT_STATUS} // mended"));
    rules.clock.pass_ms(250);
    assert_eq!(policy.trouble(), None);
    assert_ne!(policy.version(), second, "another text is another version");
    std::fs::remove_file(rules.places().user.join("a.cedar")).unwrap();
    rules.clock.pass_ms(-10_000); // a clock that was set back
    assert_eq!(judge(&policy), Word::Ask);
    assert_eq!(policy.version(), first);
    promise::kept("S7", "a file broken under a run: told with its line, the old rules stay");
}

#[test]
fn a_workspace_only_tightens_until_it_is_trusted() {
    let rules = Rules::new();
    let text = format!(
        "{GIT_STATUS}@id(\"no-secrets\") forbid (principal, action, resource is Path) when {{ resource.name == \".env\" }};"
    );
    let file = "ws/.tackroom/policy/p.cedar";
    rules.write(file, &text);
    let judge = |words: &str| rules.judge(&rules.open().unwrap(), "run_command", &git(&[words])).word;
    let env = || rules.judge(&rules.open().unwrap(), "read_file", &json!({ "path": "a/.env" }));
    assert_eq!((judge("status"), env().word), (Word::Ask, Word::Deny));
    assert_eq!(env().rule, "no-secrets (.tackroom/policy/p.cedar:3)");
    let loaded = rules.load().unwrap();
    assert_eq!((loaded.trust, loaded.files[1].idle, loaded.files[1].rules), (Trust::Untrusted, 1, 2));
    let trust = |on| set_trust(&rules.places(), &rules.workspace(), on);
    assert_eq!(trust(true), Ok((true, 1)));
    assert_eq!(trust(true), Ok((false, 1)), "nothing new");
    assert_eq!((judge("status"), env().word), (Word::Allow, Word::Deny));
    rules.write(file, &text.replace("status", "push"));
    assert_eq!((judge("push"), rules.load().unwrap().trust), (Word::Ask, Trust::Changed));
    rules.write(file, &text);
    assert_eq!(judge("status"), Word::Allow, "the very files that were trusted");
    assert_eq!(trust(false), Ok((true, 1)));
    assert_eq!(judge("status"), Word::Ask);
    rules.write("data/policy-trust.json", "{");
    assert_eq!(judge("status"), Word::Ask, "a broken file trusts nobody");
    assert!(trust(true).is_err());
}

#[test]
fn the_apps_own_files_are_denied_whatever_is_allowed() {
    let rules = Rules::new();
    rules.write("user/a.cedar", "permit (principal, action, resource);");
    let policy = rules.open().unwrap();
    for path in [".tackroom/policy/a.cedar", ".tackroom", "x/../.tackroom/y", "../data/policy-trust.json"] {
        for tool in ["read_file", "write_file"] {
            let verdict = rules.judge(&policy, tool, &json!({ "path": path }));
            assert_eq!((verdict.word, &*verdict.rule), (Word::Deny, "own-data"), "{tool} {path}");
        }
    }
    let allowed = rules.judge(&policy, "write_file", &json!({ "path": "a.txt" }));
    assert_eq!(allowed.word, Word::Allow);
}

#[test]
fn examples_are_tried_at_load() {
    let rules = Rules::new();
    rules.write("user/a.cedar", GIT_STATUS);
    let good = "[[must-allow]]\ntool = \"run_command\"\nargs = { argv = [\"git\", \"status\"] }\nrule = \"git-status\"\n\n\
                [[must-ask]]\ntool = \"run_command\"\nargs = { argv = [\"git\", \"push\"] }\n\n\
                [[must-deny]]\ntool = \"write_file\"\nargs = { path = \"/etc/passwd\" }\n";
    rules.write("user/a.examples.toml", good);
    let loaded = rules.load().unwrap();
    assert_eq!(loaded.files[1].examples, 3);
    let cases = [
        (good.replace("push", "status"), 6, "must be asked and is allowed by git-status"),
        (good.replace("git-status", "command"), 1, "must be decided by command and is by git-status"),
        (good.replace("write_file", "wriet_file"), 10, "there is no tool \"wriet_file\""),
        (good.replace("must-ask", "must_ask"), 6, "unknown field"),
    ];
    for (text, line, says) in cases {
        rules.write("user/a.examples.toml", &text);
        let fault = rules.faults().join("\n");
        assert!(
            fault.starts_with(&format!("/user/a.examples.toml:{line}: ")) && fault.contains(says),
            "{fault}"
        );
    }
    rules.write("user/a.examples.toml", good);
    rules.write("ws/.tackroom/policy/p.cedar", "forbid (principal, action, resource is Command);");
    assert!(rules.load().is_ok(), "what is nearer to the work may be stricter");
}

#[test]
fn remarks_are_made_on_rules_that_do_nothing_or_too_much() {
    let rules = Rules::new();
    let cases = [
        ("permit (principal, action, resource is Command);", "wide", "every command"),
        (
            "permit (principal, action, resource is Command) when { resource.line like \"*status\" };",
            "wide",
            "any program",
        ),
        ("permit (principal, action, resource is Host);", "wide", "every host"),
        (
            "permit (principal, action, resource is Host) when { resource.host like \"*example.org\" };",
            "wide",
            "evil-example.org",
        ),
        ("permit (principal, action, resource is Path) when { resource.inWorkspace };", "wide", "every file"),
        (
            "permit (principal, action, resource is Command) when { resource.program == \"bash\" };",
            "shell",
            "bash",
        ),
        (
            "permit (principal, action, resource is Command) when { resource.program == \"ls\" && resource.viaShell };",
            "shell",
            "no rule allows",
        ),
        (
            "permit (principal, action, resource is Path) when { resource.path == \"a\" && !resource.inWorkspace && resource.inWorkspace && false };",
            "never",
            "no call",
        ),
        (
            "forbid (principal, action, resource is Host);\npermit (principal, action, resource is Host) when { resource.host == \"a.b\" };",
            "shadowed",
            "denies",
        ),
    ];
    for (text, kind, says) in cases {
        rules.write("user/a.cedar", text);
        let found = lint(&rules.load().unwrap().force, &tools());
        assert!(found.iter().any(|lint| lint.kind == kind && lint.what.contains(says)), "{text}: {found:?}");
    }
    rules.write("user/a.cedar", GIT_STATUS);
    assert_eq!(lint(&rules.load().unwrap().force, &tools()), [], "a good rule has no remark");
    println!("remarks: {} kinds of rules", cases.len());
}

#[test]
fn a_verdict_is_explained_by_what_nearly_fits() {
    let rules = Rules::new();
    rules.write("user/a.cedar", GIT_STATUS);
    let force = rules.load().unwrap().force;
    let touches = [Touch::Command { argv: vec!["git".to_string(), "push".to_string()] }];
    let args = json!({});
    let root = rules.root();
    let parts = explain(&force, &Case::new("run_command", &args, Effect::SideEffect, &touches, &root));
    let [part] = &parts[..] else { panic!("{parts:?}") };
    let near: Vec<_> = part.near.iter().map(|near| (&*force.rules()[near.rule].name, &near.misses)).collect();
    assert_eq!(near, [("git-status", &vec!["resource.first == \"status\"".to_string()])], "{parts:?}");
    let fits: Vec<_> = part.fits.iter().map(|at| &*force.rules()[*at].name).collect();
    assert_eq!(fits, ["command"]);
    assert!(part.attributes.contains(&("first", "\"push\"".to_string())), "{parts:?}");
}

#[test]
fn long_arguments_are_not_passed_by_rules_that_look_at_them() {
    let rules = Rules::new();
    let look =
        "@id(\"args\") permit (principal, action, resource is Path) when { context.arguments like \"*\" };";
    rules.write("user/a.cedar", look);
    let policy = rules.open().unwrap();
    let judge =
        |len: usize| rules.judge(&policy, "write_file", &json!({ "path": "a", "content": "x".repeat(len) }));
    assert_eq!(judge(1_000).word, Word::Allow);
    assert_eq!(judge(70_000).word, Word::Allow);
    let long = judge(1_100_000);
    assert_eq!((long.word, long.why.contains("longer than 1024 KiB")), (Word::Ask, true), "{}", long.why);
}

/// Counted, not timed: how many rules are worked out for a call does not grow with rules about other things.
#[test]
fn rules_about_other_things_are_not_worked_out() {
    let rules = Rules::new();
    let many: String = (0..500)
        .map(|n| match n % 2 {
            0 => format!("permit (principal, action == Action::\"http_get\", resource is Host) when {{ resource.host == \"h{n}.org\" }};\n"),
            _ => format!("permit (principal, action, resource is Command) when {{ resource.program == \"p{n}\" }};\n"),
        })
        .collect();
    rules.write("user/a.cedar", &many);
    let force = rules.load().unwrap().force;
    let (args, root) = (json!({}), rules.root());
    let read = [Touch::Read { path: "a".to_string() }];
    let weighed = force.weigh(&Case::new("read_file", &args, Effect::ReadOnly, &read, &root));
    println!("a read among 509 rules: {} worked out", weighed.parts[0].weighed);
    assert!(weighed.parts[0].weighed <= 5, "{weighed:?}");
    let host = [Touch::Host { host: "h4.org".to_string(), port: 443 }];
    let weighed = force.weigh(&Case::new("http_get", &args, Effect::ReadOnly, &host, &root));
    assert_eq!((weighed.verdict.word, weighed.parts[0].weighed), (Word::Allow, 252));
}
