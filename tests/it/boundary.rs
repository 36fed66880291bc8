//! Boundaries: the call that would go beyond asks, whatever the policy allows, also where several come in one reply; a deny stays one.

use crate::contracts::Dice;
use crate::harness::binary::{Home, done};
use crate::harness::cases::cases;
use crate::harness::fold::Fold;
use crate::harness::world::{Said, World, calling};
use crate::verify;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tackroom::domain::boundary::{Boundary, RULE};
use tackroom::domain::call::{CallState, Preview};
use tackroom::domain::event::{Fact, Limits};
use tackroom::domain::ids::CallId;
use tackroom::domain::judged::Judged;
use tackroom::domain::lease_terms::Terms;
use tackroom::domain::next::{Hold, Step, next};
use tackroom::domain::order::{Order, Refusal};
use tackroom::domain::outcome::Report;
use tackroom::domain::policy::{Mode, Word};
use tackroom::domain::tool_spec::Touch;
use tackroom::runtime::agent::Parked;

fn running(boundary: Boundary) -> Fold {
    let mut fold = Fold::opened();
    let limits = Limits { boundary: Box::new(boundary), ..Limits::of_steps(50) };
    let (input, model) = ("task".into(), "m".into());
    fold.put(vec![Fact::RunStarted { input, mode: Mode::Auto, limits, model, base_url: None }]);
    fold.tell(Report::Taken { holder: "test".into() });
    fold
}

fn write(path: &str) -> (&'static str, Value) {
    ("write", json!({"path": path, "body": "x"}))
}

/// Judges a call as the policy would, and tells whether it asks, and by which rule.
fn judged(fold: &mut Fold, call: u32, word: Word, preview: Preview) -> (Word, String, String) {
    let judged = Judged { preview, ..fold.judged(call, word) };
    fold.tell(Report::Judged(judged));
    let verdict = fold.session.call(CallId(call)).and_then(|call| call.verdict.clone()).expect("judged");
    (verdict.word, verdict.rule, verdict.why)
}

fn runs(fold: &mut Fold, call: u32) {
    fold.start(call);
    fold.end(call, "done");
}

#[test]
fn the_third_file_of_two_asks_also_in_one_reply_and_the_same_file_again_does_not() {
    let mut fold = running(Boundary { files: Some(2), ..Boundary::default() });
    fold.calls(&[
        write("a"),
        write("./a"),
        write("b"),
        write("c"),
        write("d"),
        ("read", json!({"path": "e"})),
    ]);
    for call in [1, 2, 3, 6] {
        assert_eq!(judged(&mut fold, call, Word::Allow, Preview::None).0, Word::Allow, "{call}");
    }
    for (call, nth) in [(4, 3), (5, 4)] {
        let (word, rule, why) = judged(&mut fold, call, Word::Allow, Preview::None);
        assert_eq!((word, rule.as_str()), (Word::Ask, RULE));
        assert!(why.contains(&format!("changed file {nth} of at most 2")), "{why}");
    }
    for call in [1, 2, 3] {
        runs(&mut fold, call);
    }
    runs(&mut fold, 6);
    assert_eq!(fold.session.holds(), [Hold::Approval(CallId(4)), Hold::Approval(CallId(5))]);
    // What a person rejects was never changed: the next file beyond is the third again.
    for call in [4, 5] {
        fold.order(&Order::Reject { call: CallId(call), reason: String::new() }).expect("rejected");
    }
    fold.calls(&[write("b"), write("z")]);
    assert_eq!(judged(&mut fold, 7, Word::Allow, Preview::None).0, Word::Allow);
    assert!(judged(&mut fold, 8, Word::Allow, Preview::None).2.contains("changed file 3 of at most 2"));
    // An approval is for that call.
    let hash = fold.hash(8);
    fold.order(&Order::Approve { call: CallId(8), hash }).expect("approved");
    runs(&mut fold, 7);
    runs(&mut fold, 8);
    fold.calls(&[write("z"), write("y")]);
    assert_eq!(judged(&mut fold, 9, Word::Allow, Preview::None).0, Word::Allow, "it was let in");
    assert!(judged(&mut fold, 10, Word::Allow, Preview::None).2.contains("changed file 4 of at most 2"));
}

/// Cause: a file that another call of the reply asked for counted as one of the task's, though a person might reject that call.
#[test]
fn what_another_call_asks_for_is_no_leave() {
    let mut fold = running(Boundary { files: Some(1), ..Boundary::default() });
    fold.calls(&[write("a"), write("b"), write("b")]);
    let words: Vec<Word> =
        (1..=3).map(|call| judged(&mut fold, call, Word::Allow, Preview::None).0).collect();
    assert_eq!(words, [Word::Allow, Word::Ask, Word::Ask]);
}

#[test]
fn a_deny_stays_one_and_an_ask_says_so_too() {
    let mut fold = running(Boundary { files: Some(0), ..Boundary::default() });
    fold.calls(&[write("a"), write("b")]);
    assert_eq!(judged(&mut fold, 1, Word::Deny, Preview::None).0, Word::Deny);
    let (word, rule, why) = judged(&mut fold, 2, Word::Ask, Preview::None);
    assert!(word == Word::Ask && rule == RULE && why.contains("changed file 1 of at most 0"), "{rule} {why}");
}

#[test]
fn folders_lines_commands_and_hosts() {
    let only = Boundary { only: vec!["src".into(), "tests/".into()], ..Boundary::default() };
    for (path, word) in [
        ("src/a.rs", Word::Allow),
        ("tests/it/x.rs", Word::Allow),
        ("srcs/a.rs", Word::Ask),
        ("src/../lib.rs", Word::Ask),
        ("/srv/ws/src/b.rs", Word::Allow),
        ("/srv/other/src/b.rs", Word::Ask),
    ] {
        let mut fold = running(only.clone());
        fold.calls(&[write(path)]);
        assert_eq!(judged(&mut fold, 1, Word::Allow, Preview::None).0, word, "{path}");
    }
    let mut fold = running(only);
    fold.calls(&[("command", json!({"argv": ["make"]}))]);
    assert!(judged(&mut fold, 1, Word::Allow, Preview::None).2.contains("a command may change"));

    let change = |before: &str, after: &str| Preview::Change {
        path: "a".into(),
        before: Some(before.into()),
        after: after.into(),
        cut: false,
    };
    let mut fold = running(Boundary { lines: Some(3), ..Boundary::default() });
    fold.calls(&[write("a"), write("a"), write("a")]);
    let first = judged(&mut fold, 1, Word::Allow, change("1\n2\n3\n4\n", "1\nx\ny\n4\n"));
    assert_eq!(first.0, Word::Allow);
    assert_eq!(judged(&mut fold, 2, Word::Allow, change("1\n", "1\n2\n")).0, Word::Allow);
    assert!(judged(&mut fold, 3, Word::Allow, change("", "1\n")).2.contains("changed line 4 of at most 3"));

    let mut fold = running(Boundary { commands: Some(1), ..Boundary::default() });
    fold.calls(&[("command", json!({"argv": ["a"]})), ("command", json!({"argv": ["b"]}))]);
    assert_eq!(judged(&mut fold, 1, Word::Allow, Preview::None).0, Word::Allow);
    assert!(judged(&mut fold, 2, Word::Allow, Preview::None).2.contains("command 2 of at most 1"));

    let mut fold = running(Boundary { hosts: Some(vec!["docs.rs".into()]), ..Boundary::default() });
    fold.calls(&[("read", json!({"path": "a"})), ("read", json!({"path": "b"}))]);
    for (call, host, word) in [(1, "docs.rs", Word::Allow), (2, "evil.example", Word::Ask)] {
        let touches = vec![Touch::Host { host: host.into(), port: 443 }];
        fold.tell(Report::Judged(Judged { touches, ..fold.judged(call, Word::Allow) }));
        let found = fold.session.call(CallId(call)).and_then(|call| call.verdict.clone()).expect("judged");
        assert_eq!(found.word, word, "{host}");
    }
    assert_eq!(next(&fold.session), Step::RunCall(CallId(1)));
}

/// Cause: hosts were named, and a command with the network talked to any.
#[test]
fn a_command_asks_where_folders_or_hosts_are_named_unless_its_walls_keep_it_in() {
    let only = Boundary { only: vec!["src".into()], ..Boundary::default() };
    let hosts = Boundary { hosts: Some(vec!["docs.rs".into()]), ..Boundary::default() };
    for (sandbox, for_only, for_hosts) in [
        ("", Word::Ask, Word::Ask),
        ("none", Word::Ask, Word::Ask),
        ("of a later version", Word::Ask, Word::Ask),
        ("workspace-write", Word::Ask, Word::Allow),
        ("workspace-write+network", Word::Ask, Word::Ask),
        ("read-only", Word::Allow, Word::Allow),
        ("read-only+network", Word::Allow, Word::Ask),
    ] {
        for (boundary, word) in [(&only, for_only), (&hosts, for_hosts)] {
            let mut fold = running(boundary.clone());
            fold.calls(&[("command", json!({"argv": ["make"]}))]);
            let judged = Judged { sandbox: sandbox.into(), ..fold.judged(1, Word::Allow) };
            fold.tell(Report::Judged(judged));
            let verdict = fold.session.call(CallId(1)).and_then(|call| call.verdict.clone()).expect("judged");
            assert_eq!(verdict.word, word, "{sandbox} {boundary}: {}", verdict.why);
        }
    }
}

/// Cause: a lease was offered and granted that the next call beyond the boundary never used.
#[test]
fn no_lease_is_given_for_what_goes_beyond() {
    let mut fold = running(Boundary { files: Some(1), ..Boundary::default() });
    fold.calls(&[write("a"), write("b")]);
    let shown =
        |path: &str| Preview::Change { path: path.into(), before: None, after: "x".into(), cut: false };
    assert_eq!(judged(&mut fold, 1, Word::Ask, shown("a")).1, "test");
    assert_eq!(judged(&mut fold, 2, Word::Ask, shown("b")).1, RULE);
    let grant = |fold: &Fold, call: u32| {
        let args = fold.session.call(CallId(call)).and_then(|call| call.args()).expect("arguments");
        let terms = Terms::narrow(args).expect("terms");
        Order::Grant { call: CallId(call), hash: fold.hash(call), terms }
    };
    let beyond = fold.try_order(&grant(&fold, 2));
    assert!(
        matches!(&beyond, Err(Refusal::LeaseMisses(why)) if why.contains("beyond the boundary")),
        "{beyond:?}"
    );
    fold.order(&grant(&fold, 1)).expect("within it one is given");
}

/// Replies with any number of writes, answered at random: no file beyond the limit is changed that nobody approved.
#[tokio::test]
async fn nothing_beyond_is_changed_that_nobody_approved() {
    let (all, mut asked, mut crashes) = (cases(150_u64), 0, 0);
    for seed in 0..all {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
        let path = |dice: &mut Dice| format!("free/{}", dice.roll(9));
        let turns: Vec<Said> = (0..1 + dice.roll(4))
            .map(|_| {
                let calls: Vec<(&str, Value)> = (0..1 + dice.roll(5))
                    .map(|_| ("write", json!({"path": path(&mut dice), "body": "1"})))
                    .collect();
                calling(&calls)
            })
            .collect();
        let mut world = World::new(turns);
        if dice.roll(2) == 0 {
            world.engine.faults().crash_after(3 + dice.roll(30));
        }
        let files = 1 + dice.roll(4);
        let boundary = Box::new(Boundary { files: Some(files), ..Boundary::default() });
        let limits = Limits { boundary, ..Limits::of_steps(200) };
        let id = world.begin_with(Mode::Auto, limits).await.expect("begun");
        loop {
            match world.drive(&id).await {
                Ok(Parked::Idle) => break,
                Ok(_) => {}
                Err(_) => {
                    crashes += 1;
                    world.engine = world.engine.restart();
                    continue;
                }
            }
            let Ok(session) = world.session(&id).await else {
                world.engine = world.engine.restart();
                continue;
            };
            for call in session.open_calls().filter(|call| call.state == CallState::Held) {
                asked += 1;
                let (call, hash) = (call.id, call.hash.expect("judged"));
                let order = match dice.roll(2) {
                    0 => Order::Approve { call, hash },
                    _ => Order::Reject { call, reason: String::new() },
                };
                let _ = world.hand().order(&id, &order).await;
            }
            if session.holds().iter().any(|hold| matches!(hold, Hold::Unknown(_))) {
                let _ = world.answer(&id).await;
            }
        }
        world.engine = world.engine.restart();
        let events = world.events(&id).await;
        let approved: BTreeSet<CallId> = events
            .iter()
            .filter_map(
                |event| if let Fact::CallApproved { call, .. } = &event.fact { Some(*call) } else { None },
            )
            .collect();
        let session = world.session(&id).await.expect("read");
        let mut changed = BTreeSet::new();
        for event in &events {
            let Fact::CallStarted { call, .. } = &event.fact else { continue };
            let path = session.call(*call).and_then(|call| call.args()).expect("kept")["path"].to_string();
            let is_new = changed.insert(path.clone());
            assert!(
                !is_new || changed.len() as u64 <= files || approved.contains(call),
                "seed {seed}: {path} was file {} of {files} and nobody approved {call}",
                changed.len()
            );
        }
        verify::whole(&world.commits(&id).await, "bounded");
    }
    println!("boundaries: {all} schedules, {asked} questions, {crashes} crashes, 0 beyond unasked");
    assert!(asked > all / 2 && crashes > 0);
}

#[test]
fn the_real_program_asks_beyond_its_boundary_and_a_wrong_one_is_refused() {
    let home = Home::new();
    let write = |path: &str| json!({"text": "", "calls": [{"tool": "write_file", "args": {"path": path, "content": "x\n"}}]});
    let model = home.script(json!([write("src/a.txt"), write("lib/b.txt"), {"text": "Done."}]));
    let ran = home.task(&model, "Go.", &["--only", "src", "--max-files", "5"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let id = home.only();
    let pending = home.pending();
    assert!(
        !pending[0]["why"].as_str().unwrap().contains("Beyond the boundary"),
        "src is inside: {pending:?}"
    );
    done(&home.run(&["approve", &id, "c1", "--yes"]));
    assert_eq!(home.run(&["resume", &id, "--headless"]).code, 3);
    let why = home.pending()[0]["why"].as_str().unwrap().to_string();
    assert!(why.contains("Beyond the boundary of the task: lib/b.txt is outside of src"), "{why}");
    done(&home.run(&["approve", &id, "c2", "--yes"]));
    done(&home.run(&["resume", &id, "--headless"]));
    done(&home.run(&["verify", &id]));
    home.task(&model, "Go.", &["--only", "/etc"]).fails(2, &["no path in the workspace"]);
    for (config, word) in [
        ("[boundary]\nonly = [\"../x\"]\n", "no path in the workspace"),
        ("[boundary]\nhosts = [\"not a host\"]\n", "[boundary] hosts"),
        ("[boundary]\nfile = 3\n", "line 2"),
    ] {
        home.config(config);
        home.task(&model, "Go.", &[]).fails(2, &[word]);
    }
    home.config("[boundary]\nonly = [\"src\"]\nfiles = 10\n");
    assert!(home.run(&["config", "show"]).out.contains("only=src files=10"));
}
