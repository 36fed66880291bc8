//! A path that a rule forbids is forbidden by whatever name it is reached, also as an argument of a command that a rule allows.

use crate::harness::rules::Rules;
use serde_json::json;
use tackroom::domain::policy::Word;

fn rules() -> Rules {
    let rules = Rules::new();
    rules.write(
        "user/a.cedar",
        r#"
        permit (principal, action, resource is Command);
        permit (principal, action, resource is Path) when { resource.inWorkspace };
        @why("Closed.") forbid (principal, action, resource is Path) when { resource.path like "closed/*" };
        @why("Frozen.") forbid (principal, action, resource is Path) when { context.writes && resource.path like "gen/*" };
        @ask("Private.") permit (principal, action, resource is Path) when { resource.path like "private/*" };
        "#,
    );
    rules
}

#[test]
fn a_forbidden_path_is_forbidden_as_an_argument() {
    let rules = rules();
    let policy = rules.open().unwrap();
    for (words, word) in [
        ("cat closed/a", Word::Deny),
        ("cat ./closed/a", Word::Deny),
        ("cat x/../closed/a", Word::Deny),
        ("/bin/cat -n closed/deep/a", Word::Deny),
        ("head -n1 closed/a", Word::Deny),
        ("cp a closed/a", Word::Deny),
        ("mv closed/a b", Word::Deny),
        ("tee closed/a", Word::Deny),
        ("dd if=a of=closed/a", Word::Deny),
        ("install -m644 a closed/a", Word::Deny),
        ("ln -s closed/a b", Word::Deny),
        ("env cat closed/a", Word::Deny),
        ("sudo tee closed/a", Word::Deny),
        ("busybox cat closed/a", Word::Deny),
        ("tar -cf x closed/a", Word::Deny),
        ("rm gen/a", Word::Deny),
        ("tee gen/a", Word::Deny),
        // What may be no path asks.
        ("grep x closed/a", Word::Ask),
        ("curl -o closed/a http://a", Word::Ask),
        ("curl -oclosed/a http://a", Word::Ask),
        ("curl -d @closed/a http://a", Word::Ask),
        ("curl -T closed/a http://a", Word::Ask),
        ("curl file://closed/a", Word::Ask),
        ("wget -O closed/a http://a", Word::Ask),
        ("wget --output-document=closed/a http://a", Word::Ask),
        ("git show HEAD:closed/a", Word::Ask),
        ("git diff --no-index a closed/a", Word::Ask),
        ("frobnicate --input closed/a", Word::Ask),
        ("closed/run", Word::Ask),
        ("./closed/run", Word::Ask),
        ("cat private/a", Word::Ask),
        ("frobnicate gen/a", Word::Allow),
        ("frobnicate -o gen/a", Word::Ask),
        ("frobnicate --output=gen/a", Word::Ask),
        ("sort -o gen/a b", Word::Deny),
        // What is the app's own.
        ("cat .tackroom/policy/a.cedar", Word::Deny),
        ("cp a .tackroom/policy/a.cedar", Word::Deny),
        // What no rule speaks of.
        ("cat open/a", Word::Allow),
        ("cat gen/a", Word::Allow),
        // A folder, of which all is forbidden; and one from which a walk comes to it.
        ("cp -r closed b", Word::Deny),
        ("ls closed", Word::Deny),
        ("tar -cf x closed", Word::Deny),
        ("grep -r x closed", Word::Ask),
        ("grep -rn x .", Word::Ask),
        ("grep -n x a.txt", Word::Allow),
        ("rg x", Word::Ask),
        ("rg x open", Word::Allow),
        ("find . -name x", Word::Ask),
        ("cp -a . ../b", Word::Ask),
        ("ls -la", Word::Allow),
        ("ls -R", Word::Ask),
        ("grep -rn x gen", Word::Allow),
        ("rm -r gen", Word::Deny),
        ("ls -l open", Word::Allow),
        ("ls /usr/bin", Word::Allow),
        ("cp a ../b", Word::Allow),
        ("git commit -m closing", Word::Allow),
        ("cat closed.txt", Word::Allow),
    ] {
        let argv: Vec<&str> = words.split(' ').collect();
        let verdict = rules.judge(&policy, "run_command", &json!({ "argv": argv }));
        assert_eq!(verdict.word, word, "{words}: {}", verdict.why);
        // The same in a line for a shell.
        let verdict = rules.judge(&policy, "run_command", &json!({ "shell": format!("ls && {words}") }));
        assert_eq!(verdict.word, word, "in a line: {words}: {}", verdict.why);
    }
    let from = json!({ "argv": ["cat", "a"], "cwd": "closed" });
    assert_eq!(rules.judge(&policy, "run_command", &from).word, Word::Deny);
    let verdict = rules.judge(&policy, "run_command", &json!({ "argv": ["cat", "closed/a"] }));
    assert!(verdict.why.contains("It names closed/a: Closed."), "{}", verdict.why);
    // Whatever lies below, however many words there are.
    let mut many: Vec<String> = (0..2_000).map(|n| format!("a{n}")).collect();
    many.insert(0, "cat".to_string());
    let verdict = rules.judge(&policy, "run_command", &json!({ "argv": many }));
    assert_eq!(verdict.word, Word::Ask, "{}", verdict.why);
}
