//! Titles that a model gives: asked for once, told with the model and its tokens, never without an answer.

use crate::harness::binary::{Home, ok};
use serde_json::{Value, json};
use tackroom::domain::message::{Finish, Message, Reply, Usage};
use tackroom::domain::titling;

fn reply(text: &str) -> Reply {
    Reply {
        model: String::new(),
        text: text.to_string(),
        reasoning: None,
        calls: Vec::new(),
        finish: Finish::Stop,
        usage: Usage::default(),
        cost: None,
        timing: Default::default(),
    }
}

#[test]
fn a_title_comes_without_what_models_put_round_it() {
    for (said, title) in [
        ("Fix the flaky test", Some("Fix the flaky test")),
        ("\n  **Title: Fix the flaky test.**\nI chose this because …", Some("Fix the flaky test")),
        ("Title: \"Fix the flaky test\"", Some("Fix the flaky test")),
        ("TITLE: `ärger mit ß`", Some("ärger mit ß")),
        ("tïtle: x", Some("tïtle: x")),
        ("Sure! Here is a title:\n\n**Fix the flaky test**", Some("Fix the flaky test")),
        ("“Was noch fehlt”", Some("Was noch fehlt")),
        ("...", None),
        (" \n\t\n", None),
        ("\"\"", None),
    ] {
        assert_eq!(titling::title(&reply(said)).as_deref(), title, "{said:?}");
    }
    let long = titling::title(&reply(&"word ".repeat(40))).unwrap();
    assert!(long.chars().count() <= 73 && long.ends_with('…'), "{long}");
}

#[test]
fn a_model_is_asked_about_the_task_and_the_last_answer_and_no_more() {
    let user = |text: &str| Message::User { text: text.to_string() };
    let model =
        |text: &str| Message::Assistant { text: text.to_string(), reasoning: None, calls: Vec::new() };
    let asked =
        |talk: Vec<Message>| titling::question(&talk.into_iter().map(Into::into).collect::<Vec<_>>().into());
    assert_eq!(asked(vec![Message::System { text: "Be brief.".into() }]), None);
    assert_eq!(asked(vec![user("  ")]), None);
    let talk =
        vec![user(&"t".repeat(5_000)), model("first"), user("more"), model(&"a".repeat(5_000)), model("")];
    let question = asked(talk).unwrap();
    let Message::User { text } = &*question[1] else { panic!("a person's words come last") };
    assert_eq!((text.contains(&"t".repeat(2_000)), text.contains(&"a".repeat(1_000))), (true, true));
    assert!(text.chars().count() < 3_040, "{} characters", text.chars().count());
    assert!(!text.contains("first") && !text.contains("more"), "{text}");
}

fn title_of(home: &Home) -> String {
    home.sessions()[0]["title"].as_str().unwrap().to_string()
}

#[test]
fn a_session_is_titled_by_a_model() {
    let home = Home::new();
    let model = home.script(json!([{"text": "Hello to you, too."}]));
    ok(home.task(&model, "say hello", &[]));
    let id = home.only();
    assert_eq!(title_of(&home), "say hello");
    let usage = json!({"input": 40, "output": 6});
    let namer = home.script(json!([{"text": "Title: \"A greeting returned\"", "usage": usage}]));
    let tried = ok(home.run(&["sessions", "title", &id, "--dry-run", "--model", &namer]));
    assert!(tried.out.contains("would be: A greeting returned (was: say hello;"), "{}", tried.out);
    assert_eq!(title_of(&home), "say hello");
    let given = ok(home.run(&["sessions", "title", &id, "--json", "--model", &namer]));
    let given: Value = serde_json::from_str(&given.out).unwrap();
    assert_eq!(given["titles"][0]["title"], "A greeting returned");
    assert_eq!(title_of(&home), "A greeting returned");
    let events = ok(home.run(&["events", &id])).out;
    let renamed = events.lines().find(|line| line.contains("SessionRenamed")).unwrap();
    assert!(renamed.contains("asked of scripted") && renamed.contains("40 + 6 tokens"), "{renamed}");
    assert!(ok(home.run(&["verify", &id])).out.contains("whole"));
}

#[test]
fn without_an_answer_a_session_keeps_its_title() {
    let home = Home::new();
    let model = home.script(json!([{"text": "Hello to you, too."}]));
    ok(home.task(&model, "say hello", &[]));
    let id = home.only();
    for (replies, why) in [
        (json!([{"fault": {"kind": "auth", "message": "the key is not known"}}]), "the key is not known"),
        (json!([{"text": " \n"}, {"text": "late"}]), "the model gave none"),
    ] {
        let namer = home.script(replies);
        let told = home.run(&["sessions", "title", &id, "--model", &namer]);
        assert_eq!(told.code, 1, "{}", told.err);
        assert!(told.err.contains("keeps its title") && told.err.contains(why), "{}", told.err);
        assert_eq!(title_of(&home), "say hello");
    }
}

/// Cause: a title that a person had given was lost, and titled sessions of last week stood on top of the list as if
/// something had happened in them.
#[test]
fn a_persons_title_stays_unless_told_otherwise_and_a_title_is_no_activity() {
    let home = Home::new();
    let model = home.script(json!([{"text": "Hello to you, too."}]));
    for task in ["say hello", "say it again"] {
        ok(home.task(&model, task, &[]));
    }
    let rows = || -> Vec<(String, String)> {
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_string();
        home.sessions().iter().map(|row| (text(row, "id"), text(row, "updated_at"))).collect()
    };
    let before = rows();
    let (newest, oldest) = (before[0].0.clone(), before[1].0.clone());
    ok(home.run(&["sessions", "rename", &oldest, "Mine"]));
    let namer = home.script(json!([{"text": "A greeting"}, {"text": "Another greeting"}]));
    let told = ok(home.run(&["sessions", "title", &oldest, &newest, "--json", "--model", &namer]));
    assert!(
        told.err.contains("keeps its title (a person gave it; --replace gives another): Mine"),
        "{}",
        told.err
    );
    let told: Value = serde_json::from_str(&told.out).unwrap();
    let given: Vec<&Value> = told["titles"].as_array().unwrap().iter().map(|one| &one["given"]).collect();
    assert_eq!(given, [&json!(false), &json!(true)]);
    let other = ok(home.run(&["sessions", "title", &oldest, "--replace", "--model", &namer]));
    assert!(other.out.contains("(was: Mine;"), "{}", other.out);
    // What a model gave is anybody's to replace.
    ok(home.run(&["sessions", "title", &newest, "--model", &namer]));
    assert_eq!(rows(), before, "the order and the ages are as they were");
    let help = ok(home.run(&["sessions", "title", "--help"])).out;
    assert!(help.contains("--model <NAME>") && help.contains("--replace"), "{help}");
    assert!(ok(home.run(&["fork", "--help"])).out.contains("--model <NAME>"));
    assert!(!ok(home.run(&["sessions", "list", "--help"])).out.contains("--model"));
}
