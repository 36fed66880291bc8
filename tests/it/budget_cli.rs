//! Budgets and loops in the real program: by flag and by configuration, held with exit code 4, released from another terminal, taken up again.

use crate::harness::binary::{Home, done};
use serde_json::{Value, json};

const PRICED: &str = "[prices.\"SCRIPT\"]\ninput = 1000\noutput = 1000\n";

/// Reads of different files, then a last word.
fn script(home: &Home) -> String {
    let read = |n: u32| json!({"text": "", "calls": [{"tool": "list_dir", "args": {"path": ".", "depth": n}}], "usage": {"input": 1000, "output": 100}});
    home.script(json!([read(1), read(2), read(3), read(4), {"text": "Done.", "usage": {"input": 1000, "output": 100}}]))
}

fn looping(home: &Home) -> String {
    let read = json!({"text": "", "calls": [{"tool": "read_file", "args": {"path": "notes.txt"}}]});
    home.script(json!([read, read, read, read, read, read, read, {"text": "Done."}]))
}

fn held(home: &Home) -> (String, Value) {
    let id = home.only();
    let pending = home.pending();
    assert_eq!(pending.len(), 1, "{pending:?}");
    (id, pending[0].clone())
}

#[test]
fn tokens_hold_with_exit_code_4_a_sentence_and_a_hint_and_more_lets_it_go_on() {
    let home = Home::new();
    let model = script(&home);
    let ran = home.task(&model, "Go.", &["--budget-tokens", "5k"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    let (id, pending) = held(&home);
    assert_eq!((pending["kind"].as_str(), &pending["call"]), (Some("budget"), &Value::Null));
    for word in
        ["held (budget): the task took", "of at most 5,000 tokens", "--add-tokens 5000", "tackroom resume"]
    {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
    assert!(ran.err.contains("80% of a limit is reached"), "{}", ran.err);
    ran.is_clean();
    let kinds = home.kinds(&id);
    assert_eq!(kinds.last().map(String::as_str), Some("RunHeld"));
    assert_eq!(kinds.iter().filter(|kind| *kind == "BudgetNeared").count(), 1, "{kinds:?}");
    home.run(&["pending"]).out.contains("tackroom release").then_some(()).expect("how to answer it");
    // Nothing but more lets it go on.
    assert_eq!(home.run(&["resume", &id, "--headless", "--on-hold", "approve"]).code, 4);
    home.run(&["continue", &id]).fails(1, &["a limit holds the task", "tackroom release"]);
    home.run(&["release", &id]).fails(1, &["a limit holds the task"]);
    home.run(&["release", &id, "--add-usd", "1"]).fails(1, &["has no limit on usd"]);
    let given = home.run(&["release", &id, "--add-tokens", "100k"]);
    done(&given);
    assert!(
        given.out.contains("is 105,000 tokens now") && given.out.contains("tackroom resume"),
        "{given:?}"
    );
    let ran = home.run(&["resume", &id, "--headless"]);
    done(&ran);
    assert_eq!(ran.out.trim(), "Done.");
    for (args, word) in [
        (vec!["verify", &id], "whole"),
        (vec!["events", &id], "BudgetExtended"),
        (vec!["replay", &id, "--headless"], "RunHeld"),
        (
            vec!["sessions", "export", &id, "--format", "md"],
            "the limit on tokens of the task is 105,000 tokens now",
        ),
        (vec!["audit", &id], "budget"),
    ] {
        let ran = home.run(&args);
        done(&ran);
        assert!(ran.out.contains(word), "{args:?}: {}", ran.out);
    }
    let no = home.kinds(&id).iter().rposition(|kind| kind == "ModelAsked").unwrap() + 1;
    assert!(home.run(&["inspect", &id, &no.to_string()]).out.contains("set aside"));
}

#[test]
fn money_holds_by_its_price_and_without_one_at_once() {
    let home = Home::new();
    let model = script(&home);
    let ran = home.task(&model, "Go.", &["--budget-usd", "5"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    for word in ["no price of", "[prices.", "--lift usd"] {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
    let (id, _) = held(&home);
    assert!(!home.kinds(&id).iter().any(|kind| kind == "ModelAsked"), "nothing was sent");
    home.config(&PRICED.replace("SCRIPT", &model));
    done(&home.run(&["release", &id]));
    // 1,100 tokens cost 1.10; the next 2,000 or so more than is left.
    let ran = home.run(&["resume", &id, "--headless"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.err.contains("of at most $5.00, and the next request may take"), "{}", ran.err);
    let lifted = home.run(&["release", &id, "--lift", "usd"]);
    done(&lifted);
    assert!(lifted.out.contains("nothing limits its usd any more"), "{lifted:?}");
    done(&home.run(&["resume", &id, "--headless"]));
    done(&home.run(&["verify", &id]));
}

#[test]
fn steps_of_a_session_and_tokens_of_a_day_are_held_too_and_the_day_counts_all_sessions() {
    let home = Home::new();
    home.config("[budget]\nsteps = 3\n[budget.session]\nsteps = 2\n");
    let model = script(&home);
    let ran = home.task(&model, "Go.", &[]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.err.contains("the session had 2 model turns of at most 2 model turns"), "{}", ran.err);
    let (id, _) = held(&home);
    done(&home.run(&["release", &id, "--add-steps", "5"]));
    let ran = home.run(&["resume", &id, "--headless"]);
    assert!(ran.code == 4 && ran.err.contains("the task had 3 model turns"), "{ran:?}");
    done(&home.run(&["cancel", &id]));
    home.config("[budget.day]\ntokens = \"8k\"\n");
    let ran = home.task(&model, "Go on.", &[]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.err.contains("the day took"), "{}", ran.err);
    let told = home.run(&["doctor", "--model", "scripted"]);
    assert!(told.out.contains("budget") && told.out.contains("of at most 8,000 tokens"), "{}", told.out);
    assert!(told.out.contains("tackroom release ID"), "it is near: {}", told.out);
    let id = home.pending()[0]["session"].as_str().unwrap().to_string();
    let more = home.run(&["release", &id, "--add-tokens", "9k"]);
    assert!(more.out.contains("of the day, for this session, is 17,000 tokens now"), "{more:?}");
    let steps = home.sessions().iter().map(|row| row["steps"].as_u64().unwrap()).sum::<u64>();
    assert!((4..=6).contains(&steps), "3 of the first, then what was left: {steps}");
}

#[test]
fn a_loop_is_told_to_the_model_then_held_with_exit_code_3() {
    let home = Home::new();
    let ran = home.task(&looping(&home), "Go.", &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    for word in ["held (loop): read_file was called 5 times in a row", "tackroom release", "tackroom note"] {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
    let (id, pending) = held(&home);
    assert_eq!(pending["kind"], "loop");
    assert_eq!(home.kinds(&id).iter().filter(|kind| *kind == "LoopSeen").count(), 1);
    done(&home.run(&["release", &id]));
    done(&home.run(&["resume", &id, "--headless"]));
    done(&home.run(&["verify", &id]));
    let home = Home::new();
    home.config("[loops]\nwarn = 0\nhold = 0\nfailing = 0\nidle_warn = 0\nidle_hold = 0\n");
    done(&home.task(&looping(&home), "Go.", &[]));
}

#[test]
fn what_is_no_budget_is_refused_with_where_it_stands() {
    let home = Home::new();
    let model = script(&home);
    for (flag, typed, word) in [
        ("--budget-usd", "much", "no amount for usd"),
        ("--budget-usd", "0", "none for no limit"),
        ("--budget-tokens", "3x", "200k"),
        ("--budget-time", "20", "20m"),
        ("--budget", "week.usd=3", "session. or day."),
    ] {
        home.task(&model, "Go.", &[flag, typed]).fails(2, &[word]);
    }
    for (config, words) in [
        ("[budget]\nusd = \"much\"\n", ["[budget] usd:", "nothing was started"]),
        ("[budget.day]\ntime = 20\n", ["[budget.day] time:", "20m"]),
        ("[budget]\nmoon = 1\n", ["line 2", "moon"]),
        ("[loops]\nhold = 1\n", ["[loops] hold = 1", "0 is never"]),
    ] {
        home.config(config);
        home.task(&model, "Go.", &[]).fails(2, &words);
    }
    home.config("");
    assert!(home.sessions().is_empty(), "nothing was begun");
    home.config("[budget]\nusd = 0.5\ntime = \"20m\"\n[budget.day]\ntokens = \"2m\"\n");
    let shown = home.run(&["config", "show"]);
    done(&shown);
    assert!(shown.out.contains("usd=0.5 time=20m day.tokens=2000000"), "{}", shown.out);
}
