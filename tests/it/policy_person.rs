//! A rule may want a person each time: no lease covers such a call, and no flag approves it.

use crate::harness::binary::{Home, ok};
use crate::harness::rules::Rules;
use serde_json::json;
use std::fs;
use tackroom::domain::checks::allowed;
use tackroom::domain::policy::Word;

const PAYS: &str = r#"
    @id("echo") permit (principal, action, resource is Command) when { resource.program == "echo" };
    @id("pays") @person @ask("It pays.")
    permit (principal, action, resource is Command) when { resource.line like "echo pay*" };
    @id("asks") @ask("It asks.")
    permit (principal, action, resource is Command) when { resource.line like "echo ask*" };
"#;

#[test]
fn a_verdict_names_the_rule_that_wants_a_person() {
    let rules = Rules::new();
    rules.write("user/a.cedar", PAYS);
    let policy = rules.open().unwrap();
    let judge = |line: &str| rules.judge(&policy, "run_command", &json!({ "shell": line }));
    let person =
        |line: &str| judge(line).person.map(|rule| rule.split(' ').next().unwrap_or_default().to_string());
    assert_eq!(person("echo pay 5").as_deref(), Some("pays"));
    assert!(
        judge("echo pay 5").why.contains("A person decides each time (pays ("),
        "{:?}",
        judge("echo pay 5")
    );
    assert_eq!((person("echo ask"), person("echo x")), (None, None));
    // Whatever else asks, or is told: one part that wants a person is enough.
    assert_eq!(person("echo ask && echo pay 5").as_deref(), Some("pays"));
    assert_eq!(person("env echo pay 5").as_deref(), Some("pays"));
    assert_eq!(person("echo pay $X").as_deref(), Some("pays"));
    // A check that the operator set is not let through by that.
    assert_eq!(allowed(judge("echo pay 5"), "tests").word, Word::Ask);
    assert_eq!(allowed(judge("echo ask"), "tests").word, Word::Allow);
    for text in
        ["@person permit (principal, action, resource);", "@person forbid (principal, action, resource);"]
    {
        rules.write("user/b.cedar", text);
        assert_eq!(
            rules.faults(),
            ["/user/b.cedar:1: @person stands with @ask or @otherwise: it says who may answer"]
        );
    }
}

#[test]
fn no_lease_and_no_flag_answers_where_a_rule_wants_a_person() {
    let home = Home::new();
    let folder = home.home().join("config/policy");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("a.cedar"), PAYS).unwrap();
    let call = |words: &[&str]| json!({ "calls": [{ "tool": "run_command", "args": { "argv": words } }] });
    let turns = json!([call(&["echo", "ask", "1"]), call(&["echo", "pay", "5"]), call(&["echo", "pay", "6"]), { "text": "Done." }]);
    let model = home.script(turns);
    let ran = home.task(&model, "Pay.", &["--on-hold", "approve"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let id = home.only();
    let waits = ok(home.run(&["pending", "--json"]));
    assert!(waits.out.contains("A person decides each time (pays ("), "{waits:?}");
    let lease = home.run(&["lease", "grant", &id, "c2", "--uses", "5"]);
    assert!(lease.code != 0 && lease.err.contains("wants a person each time"), "{lease:?}");
    // A flag that comes again has no answer either; a person's word has, once.
    assert_eq!(home.run(&["resume", &id, "--headless", "--on-hold", "approve"]).code, 3);
    ok(home.run(&["approve", &id, "c2", "--yes"]));
    assert_eq!(home.run(&["resume", &id, "--headless", "--on-hold", "approve"]).code, 3);
    let events = home.events(&id);
    let approved: Vec<&String> = events.iter().filter(|line| line.contains("\"CallApproved\"")).collect();
    assert_eq!(approved.len(), 2, "{approved:#?}");
    assert!(approved[0].contains("\"flag\"") && approved[1].contains("\"command\""), "{approved:#?}");
}
