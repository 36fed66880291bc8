//! A fork by keys: what is chosen is what is sent, nothing is decided by it, and in a real terminal it goes on.

use crate::harness::binary::Home;
use crate::harness::screen::{TestScreen, decides};
use crate::harness::shelf;
use crate::harness::story::{self, Story};
use crate::pty;
use serde_json::json;
use tackroom::domain::command::Command;
use tackroom::domain::fork::Twist;
use tackroom::domain::ids::{CallId, EventNo, SessionId};
use tackroom::domain::notice::{Driver, Notice};
use tackroom::domain::trace_row::What;
use tackroom::ui::update::Msg;

const SIZE: (u16, u16) = (120, 40);

/// The only fork that was asked for, and that nothing was decided.
fn forked(screen: &mut TestScreen) -> (SessionId, Option<u64>, Twist) {
    let commands = screen.commands();
    let orders =
        commands.iter().filter(|command| matches!(command, Command::Order { order, .. } if decides(order)));
    assert_eq!(orders.count(), 0, "{commands:?}");
    let mut forks = commands.into_iter().filter_map(|command| {
        let Command::Fork { session, at, twist } = command else { return None };
        Some((session, at.map(|at| at.0), *twist))
    });
    let found = forks.next().expect("a fork was asked for");
    assert!(forks.next().is_none());
    found
}

fn last(story: &Story) -> Option<u64> {
    Some(story.session.last.0)
}

/// A screen on the story with the conversation in focus.
fn on(story: &Story) -> TestScreen {
    let mut screen = TestScreen::of(story, SIZE);
    screen.tick_ms(1_000).press("Esc 1");
    screen.commands();
    screen
}

#[test]
fn where_it_stands_as_it_was() {
    let story = story::held();
    let mut screen = on(&story);
    screen.press("f");
    let shown = screen.screen();
    for words in ["as it was", "edit c4 write_file", "reject c4", "with a note", "with another model"] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    screen.press("Enter");
    assert_eq!(forked(&mut screen), (story.session.id.clone(), last(&story), Twist::default()));
}

#[test]
fn with_a_reason_an_answer_a_note_a_model_other_instructions() {
    let story = story::held();
    let call = CallId(4);
    let of = |twist: Twist| twist;
    for (filter, text, expected) in [
        ("reject", "not here", of(Twist { reject: vec![(call, "not here".into())], ..Twist::default() })),
        ("answer", "42", of(Twist { respond: vec![(call, "42".into())], ..Twist::default() })),
        ("note", "be brief", of(Twist { note: Some("be brief".into()), ..Twist::default() })),
        ("model", "qwen3", of(Twist { model: Some("qwen3".into()), ..Twist::default() })),
        ("instructions", "y", of(Twist { instructions: Some("y".into()), ..Twist::default() })),
    ] {
        let mut screen = on(&story);
        screen.press("f").write(filter).press("Enter").write(text).press("Enter");
        assert_eq!(forked(&mut screen), (story.session.id.clone(), last(&story), expected), "{filter}");
    }
}

/// Cause: the instructions of a fork lost their tabs and what hides in them in lines that nobody touched, and of a
/// session of the list, of which nobody has read them, Enter made them empty.
#[test]
fn instructions_are_kept_where_they_are_not_touched() {
    let text = "Rules:\n\t1. a\u{200b}b\n\t2. \u{202e}c\n";
    let mut story = Story::new("1nstrvct00", "Instructed");
    story.task("Go.").reply(10, "Done.", &[]).finish();
    let ask = |screen: &mut TestScreen| {
        screen.press("f").write("instructions").press("Enter").commands();
    };
    let mut screen = on(&story);
    screen.app.watched.as_mut().unwrap().session.instructions = text.to_string();
    ask(&mut screen);
    screen.press("Enter");
    assert_eq!(screen.commands(), [], "nothing was changed");
    assert!(screen.screen().contains("as they were"), "{}", screen.screen());
    ask(&mut screen);
    screen.write("3.").press("Enter");
    assert_eq!(forked(&mut screen).2.instructions, Some(format!("{text}3.")));
    // Another session of the list: what it was told is not known here.
    let mut other = crate::harness::many::row(&story);
    other.id = SessionId("0thersq000".to_string());
    shelf::keep(vec![other]);
    screen.press("g s");
    ask(&mut screen);
    screen.press("Enter");
    assert_eq!(screen.commands(), [], "{}", screen.screen());
    assert!(screen.screen().contains("Nothing was written"), "{}", screen.screen());
    screen.press("g s");
    ask(&mut screen);
    screen.write("Be brief.").press("Enter");
    assert_eq!(forked(&mut screen).2.instructions.as_deref(), Some("Be brief."));
}

#[test]
fn with_other_arguments_from_the_editor() {
    let story = story::held();
    let mut screen = on(&story);
    screen.press("f").write("edit").press("Enter");
    assert!(screen.screen().contains("Fork with other arguments for c4 write_file"), "{}", screen.screen());
    screen.press("Ctrl-S");
    let (_, at, twist) = forked(&mut screen);
    assert_eq!((at, twist.args[0].0), (last(&story), CallId(4)));
    assert_eq!(twist.args[0].1["path"], json!("report.md"));
    // What does not fit is not sent, and leaving sends nothing.
    screen.press("f").write("edit").press("Enter").write("nonsense").press("Ctrl-End");
    let end = screen.cursor();
    screen.press("Ctrl-S");
    assert_ne!(screen.cursor(), end, "the cursor goes to the fault, as in any editor of arguments");
    screen.press("Esc Esc");
    assert_eq!(screen.commands(), []);
    assert!(screen.app.over.is_empty() && screen.app.question.is_none());
    screen.press("f Esc").press("f").write("note").press("Enter").write("x").press("Esc");
    assert_eq!(screen.commands(), []);
    assert!(screen.app.question.is_none() && screen.app.over.is_empty());
}

#[test]
fn from_a_row_of_the_timeline_and_from_a_call() {
    let story = story::done();
    let mut screen = on(&story);
    screen.press("2");
    let rows: Vec<usize> = screen.app.watched.as_ref().unwrap().trace.order().to_vec();
    let row = |screen: &TestScreen, key: usize| {
        screen.app.watched.as_ref().unwrap().trace.row(key).unwrap().clone()
    };
    let of_call =
        rows.iter().position(|key| matches!(row(&screen, *key).what, What::Call { call: CallId(5), .. }));
    screen.press("g g");
    for _ in 0..of_call.unwrap() {
        screen.press("j");
    }
    screen.press("f");
    let shown = screen.screen();
    assert!(shown.contains("edit c5 edit_file") && shown.contains("reject c6 shell"), "{shown}");
    screen.press("Enter");
    let expected = row(&screen, rows[of_call.unwrap()]).no.0;
    assert_eq!(forked(&mut screen).1, Some(expected));
    screen.press("3 g g j j j f").write("reject").press("Enter Enter");
    let (_, at, twist) = forked(&mut screen);
    assert_eq!(at, Some(story.session.call(CallId(4)).unwrap().span.0));
    assert_eq!(twist.reject, [(CallId(4), String::new())]);
}

/// Cause: a fork from the row of a request offered no call.
#[test]
fn from_a_request_of_the_timeline_with_the_calls_of_its_reply() {
    let story = story::done();
    let mut screen = on(&story);
    screen.press("2");
    let watched = screen.app.watched.as_ref().unwrap();
    let order = watched.trace.order();
    let row = |key: &usize| watched.trace.row(*key).unwrap();
    let of_call = order.iter().position(|key| matches!(row(key).what, What::Call { call: CallId(5), .. }));
    let of_call = of_call.unwrap();
    let request = (0..of_call).rev().find(|at| matches!(row(&order[*at]).what, What::Model { .. })).unwrap();
    let reply = row(&order[of_call]).no.0;
    screen.press("g g");
    (0..request).for_each(|_| {
        screen.press("j");
    });
    screen.press("f");
    let shown = screen.screen();
    assert!(shown.contains("edit c5 edit_file") && shown.contains("answer c6 shell"), "{shown}");
    screen.write("reject c6").press("Enter Enter");
    let (_, at, twist) = forked(&mut screen);
    assert_eq!((at, twist.reject), (Some(reply), vec![(CallId(6), String::new())]));
}

/// Cause: nothing said that a fork runs its commands otherwise than the session did that it is made of.
#[test]
fn another_sandbox_than_the_original_had_is_said() {
    let story = story::held();
    let shown = |original: &str, here: &str| {
        let mut screen = on(&story);
        screen.app.watched.as_mut().unwrap().session.sandbox = original.to_string();
        screen.app.sandbox = here.to_string();
        screen.press("f").screen()
    };
    let told = shown("workspace-write", "none");
    assert!(told.contains("Its commands ran in workspace-write; here they run without a sandbox."), "{told}");
    for (original, here) in [("none", "none"), ("", "none"), ("none", "")] {
        assert!(!shown(original, here).contains("Its commands ran"), "{original} {here}");
    }
}

#[test]
fn from_a_replay_and_from_the_list() {
    let story = story::done();
    let mut screen = TestScreen::playing(&story, SIZE, Some(2));
    let id = story.session.id.clone();
    screen.press("Right f").write("note").press("Enter").write("hm").press("Enter");
    let (_, at, twist) = forked(&mut screen);
    assert_eq!((at, twist.note.as_deref()), (Some(3), Some("hm")));
    let mut row = tackroom::domain::tally::Row::new(id.clone());
    story.events().iter().for_each(|event| row.apply(event));
    shelf::keep(vec![row]);
    screen.press("g s f Enter");
    assert_eq!(forked(&mut screen), (id, None, Twist::default()));
}

#[test]
fn typing_forks_nothing_and_the_new_one_is_told() {
    let story = story::held();
    let mut screen = on(&story);
    screen.press("i").write("fix it for me");
    screen.paste("f\nf");
    assert_eq!(screen.commands(), []);
    assert!(screen.app.over.is_empty());
    screen.msg(Msg::Notice(made(&story)));
    let shown = screen.screen();
    assert!(shown.contains("Forked at #7 as n3w0000000: g s lists it"), "{shown}");
    assert!(shown.contains("/srv/n3w␛[2J<U+202E>"), "what would act on a terminal is marked: {shown}");
    assert_eq!(screen.commands(), [], "nobody asked for it here");
}

/// What is told of a fork of a story.
fn made(story: &Story) -> Notice {
    Notice::Forked {
        parent: story.session.id.clone(),
        session: SessionId("n3w0000000".into()),
        at: EventNo(7),
        workspace: "/srv/n3w\u{1b}[2J\u{202e}".into(),
        worktree: None,
        missing: String::new(),
    }
}

/// Cause: a fork that was ready took the screen whatever was shown by then, so what was being written for one session was
/// sent to another.
#[test]
fn a_fork_takes_nobody_away_from_what_they_write() {
    let story = story::held();
    let fork = Command::Watch(SessionId("n3w0000000".into()));
    let mut waits = on(&story);
    waits.press("f Enter");
    forked(&mut waits);
    waits.msg(Msg::Notice(made(&story)));
    assert_eq!(waits.commands(), [fork]);
    let mut writes = on(&story);
    writes.press("f Enter");
    forked(&mut writes);
    writes.press("i").write("for the parent").msg(Msg::Notice(made(&story)));
    assert_eq!(writes.commands(), []);
    assert!(writes.screen().contains("for the parent"), "{}", writes.screen());
    let mut edits = on(&story);
    edits.press("f Enter");
    forked(&mut edits);
    edits.press("f").msg(Msg::Notice(made(&story)));
    assert!(edits.commands().is_empty() && edits.app.over.top().is_some());
    let mut elsewhere = on(&story);
    elsewhere.press("f Enter");
    forked(&mut elsewhere);
    elsewhere.hear(&story::done());
    elsewhere.msg(Msg::Notice(Notice::Watching { session: story::unknown().session.id.clone() }));
    elsewhere.msg(Msg::Notice(made(&story)));
    assert_eq!(elsewhere.commands(), []);
}

/// Cause: Esc dropped what was written for a fork without a word.
#[test]
fn what_was_changed_is_dropped_only_after_a_second_press() {
    let story = story::held();
    let mut screen = on(&story);
    screen.press("f").write("edit").press("Enter Esc");
    assert!(screen.app.over.is_empty(), "nothing was changed");
    screen.press("f").write("edit").press("Enter").write("x").press("Esc");
    let shown = screen.screen();
    assert!(
        shown.contains("Press Esc again to drop what you changed") && !screen.app.over.is_empty(),
        "{shown}"
    );
    screen.write("y").press("Esc");
    assert!(!screen.app.over.is_empty(), "another key came in between");
    screen.tick_ms(3_000).press("Esc");
    assert!(!screen.app.over.is_empty(), "too late");
    screen.press("Esc");
    assert!(screen.app.over.is_empty());
    assert_eq!(screen.commands(), []);
}

#[test]
fn a_question_about_a_fork_outlives_a_decision_taken_elsewhere() {
    let mut story = story::held();
    let mut screen = on(&story);
    screen.press("f").write("edit").press("Enter");
    story.approve(4);
    screen.hear(&story);
    assert!(screen.screen().contains("Fork with other arguments"), "{}", screen.screen());
    screen.press("Ctrl-S");
    forked(&mut screen);
    screen.msg(Msg::Notice(Notice::Driven { session: story.session.id.clone(), by: Driver::Here }));
}

#[test]
fn in_a_terminal_the_fork_goes_on_in_its_own_folder() {
    let home = Home::new();
    let mut screen = pty::held(&home, 120, 40);
    screen.keys("f");
    screen.see("as it was");
    screen.keys("\r");
    screen.see("Forked at");
    let sessions = home.sessions();
    let fork = sessions.iter().find(|row| row["parent"].is_object()).expect("a fork").clone();
    screen.keys("c");
    screen.see("come here to decide");
    screen.keys("4");
    pty::read_to_the_end(&mut screen);
    screen.keys("y");
    screen.see("All is said.");
    pty::leave(&mut screen);
    let folder = std::path::PathBuf::from(fork["workspace"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(folder.join("out.txt")).unwrap(), "hello");
    assert_eq!(pty::written(&home), None, "the parent still waits");
    assert_eq!(home.pending().len(), 1);
}
