//! What must pass before a task may end as done: walked by hand, then in the real program, killed in the middle too.

use crate::harness::binary::{Home, Running, done, until, until_gone};
use crate::harness::fold::{Fold, said};
use serde_json::{Value, json};
use tackroom::domain::call::{CallState, Outcome, Output};
use tackroom::domain::checks::{Check, Checks, allowed, end_words};
use tackroom::domain::event::{EndReason, Fact, Limits, RunStatus};
use tackroom::domain::held::Held;
use tackroom::domain::ids::CallId;
use tackroom::domain::message::Message;
use tackroom::domain::next::{Hold, Step, next};
use tackroom::domain::order::Order;
use tackroom::domain::outcome::Report;
use tackroom::domain::policy::{Mode, Verdict, Word};
use tackroom::domain::schema::Schema;
use tackroom::domain::tool_spec::{Effect, ToolBook, ToolSpec};

const FAILS: &str = "left is 1, right is 2\n[exit status 101]\n[it ran in a sandbox: x]\n";

/// A task with these checks, of which two rounds may fail; the model says that it is done.
fn answered(names: &[&str], mode: Mode) -> Fold {
    let mut fold = Fold::opened();
    let check =
        |name: &&str| Check { name: name.to_string(), argv: vec![name.to_string()], ..Check::default() };
    let checks = Box::new(Checks { all: names.iter().map(check).collect(), rounds: 2, keeps: true });
    let limits = Limits { checks, ..Limits::of_steps(50) };
    fold.put(vec![Fact::RunStarted {
        input: "task".into(),
        mode,
        limits,
        model: "m".into(),
        base_url: None,
    }]);
    fold.book = ToolBook::new([ToolSpec {
        name: "run_command".into(),
        description: String::new(),
        schema: Schema::new(json!(true)).expect("a schema"),
        effect: Effect::SideEffect,
        destroys: false,
    }]);
    fold.tell(Report::Taken { holder: "test".into() });
    fold.replies(said("It is done."));
    fold
}

/// The next check runs and ends so.
fn checked(fold: &mut Fold, outcome: Outcome, text: &str) -> CallId {
    assert_eq!(next(&fold.session), Step::Check);
    fold.tell(Report::Checking);
    let call = fold.session.open_calls().next().expect("it is asked for").id;
    assert_eq!(next(&fold.session), Step::JudgeCall(call));
    fold.judge(call.0, Word::Allow);
    assert_eq!(next(&fold.session), Step::RunCall(call));
    fold.start(call.0);
    let (output, _) = Output::bounded(text.into());
    fold.tell(Report::Finished { call, outcome, output, ms: 3 });
    call
}

fn passes(fold: &mut Fold) {
    checked(fold, Outcome::Ok, "fine\n[exit status 0]\n");
}

fn finished(passed: &[&str], waived: &[&str]) -> Step {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Step::Finish(RunStatus::Done, EndReason::Checked { passed: names(passed), waived: names(waived) })
}

#[test]
fn a_check_that_fails_goes_to_the_model_and_all_are_run_again_before_the_end() {
    let mut fold = answered(&["lint", "tests"], Mode::Auto);
    passes(&mut fold);
    let call = checked(&mut fold, Outcome::Error, FAILS);
    assert_eq!(fold.session.call(call).and_then(|call| call.check.clone()), Some("tests".to_string()));
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
    let last = fold.session.transcript.last().expect("it is told").as_ref().clone();
    let Message::User { text } = last else { panic!("{last:?}") };
    for word in
        ["From the harness", "\"tests\"", "round 1 of 2", "left is 1, right is 2", "[exit status 101]"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    fold.replies(said("Mended."));
    passes(&mut fold);
    passes(&mut fold);
    assert_eq!(next(&fold.session), finished(&["lint", "tests"], &[]));
    fold.tell(Report::Finish);
    let (_, why, _) = fold.session.run.as_ref().and_then(|run| run.ended.clone()).expect("it ended");
    assert_eq!(why.sentence(), "the model answered; checks passed: lint, tests");
}

/// What passed is not run again where nothing can have changed since: no call that may change anything was started, no other
/// check either, and nobody was let in.
#[test]
fn what_passed_is_run_again_only_where_something_may_have_changed() {
    let last = |fold: &Fold| fold.session.calls.last().and_then(|call| call.check.clone());
    let spoken_to = || {
        let mut fold = answered(&["lint", "tests"], Mode::Auto);
        passes(&mut fold);
        fold.order(&Order::Steer("And?".into())).expect("it is taken");
        assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
        fold
    };
    // The model only answers: the check that passed is not run again.
    let mut fold = spoken_to();
    fold.replies(said("Nothing more."));
    passes(&mut fold);
    assert_eq!(last(&fold).as_deref(), Some("tests"));
    assert_eq!(next(&fold.session), finished(&["lint", "tests"], &[]));
    // It ran something in between.
    let mut fold = spoken_to();
    fold.calls(&[("run_command", json!({ "argv": ["true"] }))]);
    fold.judge(2, Word::Allow);
    fold.start(2);
    fold.end(2, "fine");
    fold.replies(said("Nothing more."));
    passes(&mut fold);
    assert_eq!(last(&fold).as_deref(), Some("lint"));
    // A person paused it: who was there may have changed something.
    let mut fold = spoken_to();
    fold.order(&Order::Pause).expect("it pauses");
    fold.order(&Order::Resume).expect("it goes on");
    fold.replies(said("Nothing more."));
    passes(&mut fold);
    assert_eq!(last(&fold).as_deref(), Some("lint"));
    // A run of before it was so.
    let mut fold = spoken_to();
    fold.session.run.as_mut().expect("it runs").limits.checks.keeps = false;
    fold.replies(said("Nothing more."));
    passes(&mut fold);
    assert_eq!(last(&fold).as_deref(), Some("lint"));
}

#[test]
fn after_so_many_rounds_a_person_is_asked_and_gives_as_many_again() {
    let mut fold = answered(&["tests"], Mode::Auto);
    for again in 0..2 {
        for round in 1..=2 {
            checked(&mut fold, Outcome::Error, FAILS);
            if round == 1 {
                fold.replies(said("Mended."));
            }
        }
        assert_eq!(next(&fold.session), Step::Stop(None), "time {again}");
        fold.tell(Report::Stopping);
        let why = Held::Checks { name: "tests".into(), rounds: 2, ran: true };
        assert_eq!(fold.events.last().map(|event| &event.fact), Some(&Fact::RunHeld { why: why.clone() }));
        assert_eq!(why.sentence(), "checks fail: tests, after 2 rounds");
        assert_eq!((next(&fold.session), fold.session.holds()), (Step::Await, vec![Hold::Rein]));
        fold.order(&Order::Continue).expect("it goes on");
        assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
        fold.replies(said("Mended."));
    }
    checked(&mut fold, Outcome::Error, FAILS);
    fold.order(&Order::Cancel).expect("it ends");
    assert!(matches!(next(&fold.session), Step::Finish(RunStatus::Cancelled, _)));
}

#[test]
fn what_is_denied_asks_at_once_what_is_rejected_is_told_and_what_is_stopped_is_run_again() {
    let mut fold = answered(&["tests"], Mode::Auto);
    fold.tell(Report::Checking);
    fold.judge(1, Word::Deny);
    assert_eq!(next(&fold.session), Step::Stop(None));
    fold.tell(Report::Stopping);
    let held = fold.session.stop().and_then(|stop| stop.held()).map(Held::sentence).unwrap_or_default();
    assert!(held.contains("tests was not run; the policy denies it"), "{held}");
    fold.order(&Order::Continue).expect("it goes on");
    fold.replies(said("Still done."));
    checked(&mut fold, Outcome::Cancelled, "stopped");
    assert_eq!(next(&fold.session), Step::Check, "a person stopped it: it says nothing");
    fold.tell(Report::Checking);
    fold.judge(3, Word::Ask);
    assert_eq!(fold.session.holds(), [Hold::Approval(CallId(3))]);
    fold.order(&Order::Reject { call: CallId(3), reason: "not now".into() }).expect("it waits");
    assert_eq!(next(&fold.session), finished(&[], &["tests"]));
}

#[test]
fn a_mode_that_asks_asks_about_checks_a_pause_holds_them_and_a_word_to_the_model_goes_first() {
    let mut fold = answered(&["tests"], Mode::Ask);
    fold.tell(Report::Checking);
    fold.judge(1, Word::Allow);
    assert_eq!(fold.session.call(CallId(1)).map(|call| call.state.clone()), Some(CallState::Held));
    let mut fold = answered(&["tests"], Mode::Auto);
    fold.order(&Order::Pause).expect("it pauses");
    assert_eq!(next(&fold.session), Step::Await);
    assert!(fold.try_tell(&Report::Checking).is_err() && fold.try_tell(&Report::Finish).is_err());
    fold.order(&Order::Resume).expect("it goes on");
    fold.order(&Order::Steer("one more thing".into())).expect("it is said");
    assert_eq!(next(&fold.session), Step::AskModel { attempt: 1 });
    assert!(fold.try_tell(&Report::Checking).is_err());
}

#[test]
fn a_check_is_allowed_where_the_policy_asks_and_denied_where_it_denies() {
    let of =
        |word| Verdict { word, rule: "r".into(), why: "because".into(), policy: "p".into(), person: None };
    let asked = allowed(of(Word::Ask), "tests");
    assert_eq!((asked.word, asked.rule.as_str()), (Word::Allow, "check"));
    assert!(asked.why.contains("\"tests\"") && asked.why.contains("because"), "{}", asked.why);
    for word in [Word::Allow, Word::Deny] {
        assert_eq!(allowed(of(word), "tests"), of(word));
    }
    assert_eq!(allowed(asked.clone(), "tests"), asked);
    let (output, _) = Output::bounded(FAILS.into());
    assert_eq!(end_words(Outcome::Error, &output), "exit 101");
    assert_eq!(end_words(Outcome::TimedOut, &Output::default()), "timed out");
}

/// A model that says that it is done, then writes the file that was missing.
fn mends(home: &Home) -> String {
    home.script(json!([
        {"text": "Done, I think."},
        {"text": "It is missing.", "calls": [{"tool": "write_file", "args": {"path": "fixed.txt", "content": "x"}}]},
        {"text": "Now it is done."},
        {"text": "Really."},
    ]))
}

fn ended(home: &Home, id: &str) -> Value {
    let last = home.events(id).pop().expect("an event");
    serde_json::from_str::<Value>(&last).expect("an event")["event"]["data"].clone()
}

#[test]
fn the_program_runs_a_check_has_it_mended_and_tells_what_passed() {
    let home = Home::new();
    let more = ["--check", "test -f fixed.txt", "--sandbox", "none", "--on-hold", "approve"];
    let ran = home.task(&mends(&home), "Go.", &more);
    done(&ran);
    assert_eq!(ran.out.trim(), "Now it is done.");
    let id = home.only();
    let kinds = home.kinds(&id);
    let count = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
    assert_eq!(
        (count("CheckAsked"), count("CallApproved")),
        (2, 1),
        "only the write is asked about: {kinds:?}"
    );
    let end = ended(&home, &id);
    assert_eq!(end["why"], json!({"kind": "checked", "passed": ["test -f fixed.txt"]}), "{end}");
    for (args, words) in [
        (vec!["verify", &id], vec!["whole"]),
        (
            vec!["events", &id],
            vec!["CheckAsked", "round 2", "allowed by check", "checks passed: test -f fixed.txt"],
        ),
        (vec!["replay", &id, "--headless"], vec!["CheckAsked", "checks passed"]),
        (vec!["sessions", "show", &id], vec!["checks test -f fixed.txt; rounds=3"]),
        (
            vec!["sessions", "export", &id, "--format", "md"],
            vec!["check test -f fixed.txt: exit 1", "exit 0"],
        ),
        (vec!["audit", &id], vec!["check"]),
        (vec!["inspect", &id, "c1"], vec!["run_command", "exit status 1"]),
    ] {
        let ran = home.run(&args);
        done(&ran);
        words.iter().for_each(|word| assert!(ran.out.contains(word), "{args:?} {word}: {}", ran.out));
    }
    backtested(&home);
    let asked = kinds.iter().position(|kind| kind == "CheckAsked").expect("asked") + 4;
    done(&home.run(&["fork", &id, "--at", &asked.to_string()]));
    for row in home.sessions() {
        done(&home.run(&["verify", row["id"].as_str().expect("an id")]));
    }
}

/// Judged again, a check is named as one and comes out as it did: the operator set it.
fn backtested(home: &Home) {
    if cfg!(feature = "cedar") {
        let told = home.run(&["policy", "backtest", "--all", "--json"]).json();
        let calls = told["calls"].as_array().expect("calls");
        let checks: Vec<&Value> = calls.iter().filter(|call| call["check"] == "test -f fixed.txt").collect();
        assert_eq!(checks.len(), 2, "{told}");
        assert!(
            checks.iter().all(|call| call["now"]["word"] == "allow" && call["differs"] == false),
            "{checks:#?}"
        );
        assert!(home.run(&["policy", "backtest", "--all"]).out.contains("check test -f"), "{told}");
    }
}

#[test]
fn rounds_end_with_a_hold_and_exit_code_3_and_release_gives_as_many_again() {
    let home = Home::new();
    home.config(
        "[run]\ncheck_rounds = 2\n[sandbox]\nprofile = \"none\"\n[[checks]]\nname = \"tests\"\nargv = [\"false\"]\n",
    );
    let model =
        home.script(json!([{"text": "1."}, {"text": "2."}, {"text": "3."}, {"text": "4."}, {"text": "5."}]));
    let ran = home.task(&model, "Go.", &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    for word in ["held (checks): checks fail: tests, after 2 rounds", "tackroom release", "tackroom note"] {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
    let id = home.only();
    assert_eq!(home.pending()[0]["kind"], "checks");
    done(&home.run(&["release", &id]));
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3);
    assert_eq!(home.kinds(&id).iter().filter(|kind| *kind == "CheckAsked").count(), 4);
    done(&home.run(&["verify", &id]));
    done(&home.run(&["cancel", &id]));
    done(&home.task(&model, "Go.", &["--no-checks"]));
    let denied = home.task(&model, "Go.", &["--check", "echo x > /etc/tackroom-check"]);
    assert_eq!(denied.code, 3, "{denied:?}");
    assert!(denied.err.contains("was not run; the policy denies it"), "{}", denied.err);
    let turned_down = home.task(&model, "Go.", &["--mode", "ask", "--on-hold", "reject"]);
    assert_eq!(turned_down.code, 3, "a flag is no person who goes on without it: {turned_down:?}");
    assert!(home.run(&["config", "show"]).out.contains("tests; rounds=2"));
}

#[test]
fn a_kill_in_the_middle_of_a_check_leaves_an_unknown_outcome_for_a_person() {
    for (how, lines, why) in [("happened", 1, "waived"), ("again", 2, "passed")] {
        let home = Home::new();
        let log = home.ws().join("log");
        let line = format!("echo x >> {0}; test $(wc -l < {0}) -gt 1 || sleep 30", log.display());
        let model = home.script(json!([{"text": "Done."}]));
        let args =
            ["run", "Go.", "--model", &model, "--headless", "--json", "--sandbox", "none", "--check", &line];
        let mut run = Running::start(home.command(&args));
        run.line_with("\"CallStarted\"");
        until("it runs", || log.exists());
        assert!(run.kill().0);
        until_gone(&log);
        let id = home.only();
        assert_eq!(home.run(&["resume", &id, "--headless", "--sandbox", "none"]).code, 3);
        assert_eq!(home.pending()[0]["kind"], "unknown-outcome");
        done(&home.run(&["settle", &id, "c1", how]));
        done(&home.run(&["resume", &id, "--headless", "--sandbox", "none"]));
        assert_eq!(std::fs::read_to_string(&log).expect("it ran").lines().count(), lines, "{how}");
        let end = ended(&home, &id);
        assert_eq!(end["why"][why].as_array().map(Vec::len), Some(1), "{how}: {end}");
        done(&home.run(&["verify", &id]));
    }
}

#[test]
fn what_lies_in_the_workspace_sets_no_check_and_what_is_no_check_is_refused() {
    let home = Home::new();
    let model = home.script(json!([{"text": "Done."}]));
    std::fs::create_dir_all(home.ws().join(".tackroom")).expect("a folder");
    for name in ["config.toml", ".tackroom/config.toml"] {
        std::fs::write(home.ws().join(name), "[[checks]]\nname = \"evil\"\nargv = [\"false\"]\n")
            .expect("a file");
    }
    done(&home.task(&model, "Go.", &[]));
    assert!(!home.kinds(&home.only()).iter().any(|kind| kind == "CheckAsked"));
    home.task(&model, "Go.", &["--check", " "]).fails(2, &["it is no command"]);
    for (config, words) in [
        ("[[checks]]\nname = \"a\"\n", ["either argv or shell", "nothing was started"]),
        ("[[checks]]\nargv = [\"x\"]\n", ["short name", "name = \"tests\""]),
        (
            "[[checks]]\nname = \"a\"\nshell = \"x\"\ntimeout_s = 999\n",
            ["timeout_s", "command_s under [tools]"],
        ),
        ("[run]\ncheck_rounds = 0\n", ["check_rounds = 0", "1 or more"]),
    ] {
        home.config(config);
        home.task(&model, "Go.", &[]).fails(2, &words);
    }
}
