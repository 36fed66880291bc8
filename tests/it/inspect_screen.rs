//! Keys of the inspector: from where it opens, how it is read, copied, opened elsewhere, gone on from and left.

use crate::harness::look::{call, event, page};
use crate::harness::screen::TestScreen;
use crate::harness::story::{self, Story};
use std::sync::Arc;
use tackroom::domain::command::Command;
use tackroom::domain::event::Fact;
use tackroom::domain::ids::{CallId, EventNo};
use tackroom::domain::inspect::page::Subject;
use tackroom::domain::notice::Notice;
use tackroom::ui::parts::Overlay;
use tackroom::ui::update::{Effect, Msg, Program};

/// What was asked to be looked at last, and as of which event.
fn asked(screen: &mut TestScreen) -> Option<(Subject, Option<EventNo>)> {
    let commands = screen.commands();
    commands.into_iter().rev().find_map(|command| {
        let Command::Inspect { subject, until, .. } = command else { return None };
        Some((subject, until))
    })
}

/// The page comes.
async fn answer(screen: &mut TestScreen, story: &Story, subject: Subject) {
    let page = page(story, &[], subject, None).await;
    screen.msg(Msg::Notice(Notice::Inspected(Arc::new(page))));
}

#[test]
fn o_looks_at_what_is_chosen_wherever_the_keys_go() {
    let story = story::done();
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("3 g g j j j o");
    assert_eq!(asked(&mut screen), Some((call(&story, 4), None)));
    screen.press("Esc 2 g g o");
    let began = story.events().iter().find(|event| matches!(event.fact, Fact::RunStarted { .. })).unwrap().no;
    assert_eq!(asked(&mut screen), Some((event(began.0), None)));
    screen.press("Esc 1 Left Left");
    for _ in 0..40 {
        screen.press("Left");
    }
    screen.press("o");
    assert!(asked(&mut screen).is_some_and(|(subject, _)| subject.no <= began));
    let held = story::held();
    let mut screen = TestScreen::of(&held, (120, 40));
    screen.press("4 o");
    assert_eq!(asked(&mut screen).map(|(subject, _)| subject.call), Some(Some(CallId(4))));
}

/// Cause: who looked at the last call and then pressed `f` forked at the session's end.
#[test]
fn a_call_that_was_looked_at_is_the_chosen_one() {
    let story = story::done();
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("3 o");
    let looked_at = asked(&mut screen).and_then(|(subject, _)| subject.call).unwrap();
    screen.press("Esc f");
    assert!(screen.screen().contains(&format!("edit {looked_at} ")), "{}", screen.screen());
}

#[test]
fn a_replay_is_looked_at_as_of_where_it_stands() {
    let story = story::done();
    let mut screen = TestScreen::playing(&story, (120, 40), Some(20));
    screen.press("2 o");
    let at = screen.app.session().unwrap().last;
    assert_eq!(asked(&mut screen), Some((event(at.0), Some(at))), "the event it stands at, nothing after it");
    screen.press("]");
    assert_eq!(asked(&mut screen), None, "the next one is its future");
    screen.press("[");
    assert_eq!(asked(&mut screen), Some((event(at.0 - 1), Some(at))));
}

#[tokio::test]
async fn the_page_is_stepped_through_copied_opened_and_left() {
    let story = story::done();
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("3 g g j j j o");
    assert!(screen.screen().contains("Reading"));
    answer(&mut screen, &story, call(&story, 4)).await;
    assert!(screen.screen().contains("call c4 write_file"), "{}", screen.screen());
    screen.press("Tab Tab y y");
    let copied = screen.effects.iter().rev().find_map(|effect| {
        let Effect::Copy(text) = effect else { return None };
        Some(text.clone())
    });
    assert!(copied.is_some_and(|text| text.contains("Approvals that survive") && text.contains("\"path\"")));
    screen.press("p");
    let Some(Effect::Show(shown)) = screen.effects.last() else { panic!("{:?}", screen.effects.last()) };
    assert_eq!((shown.program, shown.name.ends_with("-arguments")), (Program::Pager, true), "{}", shown.name);
    screen.press("J Ctrl-Y");
    let Some(Effect::Copy(raw)) = screen.effects.last() else { panic!("{:?}", screen.effects.last()) };
    let stored: serde_json::Value = serde_json::from_str(raw).expect("the stored event");
    assert_eq!(stored["no"], call(&story, 4).no.0);
    screen.press("J f");
    assert!(
        matches!(screen.app.over.top(), Some(Overlay::Fork(dialog)) if dialog.point.at == Some(call(&story, 4).no))
    );
    screen.press("Esc");
    assert!(matches!(screen.app.over.top(), Some(Overlay::Inspect(_))), "back to where it was asked for");
    screen.press("Esc");
    assert!(screen.app.over.is_empty());
}

/// The reply that asked for a call of a story.
fn reply_of(story: &Story, id: u32) -> Subject {
    let asks = |fact: &Fact| fact.asks().any(|(call, _)| call == CallId(id));
    let events = story.events();
    event(events.iter().find(|event| asks(&event.fact)).expect("the call was asked for").no.0)
}

/// Cause: between a call and the request that asked for it lie other events, so `[` led to it only after some presses.
#[tokio::test]
async fn a_key_goes_from_a_call_to_its_request_and_back() {
    let story = story::done();
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("3 g g j j j j j o r");
    assert_eq!(asked(&mut screen), Some((call(&story, 6), None)));
    assert!(screen.screen().contains("still being read"), "no key counts before its page is there");
    answer(&mut screen, &story, call(&story, 6)).await;
    screen.tick_ms(10_000);
    assert!(screen.screen().contains("r request"), "{}", screen.screen());
    screen.press("r");
    let reply = reply_of(&story, 6);
    assert_eq!(asked(&mut screen), Some((reply, None)));
    answer(&mut screen, &story, reply).await;
    let shown = screen.screen();
    assert!(shown.contains("a turn of the model") && shown.contains("c call"), "{shown}");
    assert!(!shown.contains("r request"), "{shown}");
    screen.press("c");
    let of = |id: u32| Subject { call: Some(CallId(id)), ..reply };
    assert_eq!(asked(&mut screen), Some((of(6), None)), "back to where one came from");
    answer(&mut screen, &story, of(6)).await;
    screen.press("c");
    assert_eq!(asked(&mut screen), Some((of(5), None)), "the other call of the same reply");
    answer(&mut screen, &story, of(5)).await;
    screen.press("r");
    answer(&mut screen, &story, reply).await;
    assert!(asked(&mut screen).is_some());
    // An event of neither kind says so.
    screen.press("Esc 2 g g o");
    let began = asked(&mut screen).unwrap().0;
    answer(&mut screen, &story, began).await;
    screen.press("r");
    assert_eq!(asked(&mut screen), None);
    assert!(screen.screen().contains("No reply of the model asked for this"), "{}", screen.screen());
}

/// Cause: who looked at a request, or at the end of a call, was offered no change of any call there.
#[tokio::test]
async fn a_fork_is_offered_with_the_calls_of_the_reply_and_before_what_was_decided() {
    let story = story::done();
    let mut screen = TestScreen::of(&story, (120, 40));
    let reply = reply_of(&story, 5).no.0;
    let requests = story.events();
    let request = requests
        .iter()
        .rev()
        .find(|event| event.no.0 < reply && matches!(event.fact, Fact::ModelAsked { .. }));
    let request = event(request.unwrap().no.0);
    screen.press("3 g g j j j j o");
    screen.app.over.iter_mut().for_each(|over| {
        if let Overlay::Inspect(asked) = over {
            asked.subject = request;
        }
    });
    answer(&mut screen, &story, request).await;
    screen.press("f");
    let shown = screen.screen();
    for words in ["edit c5 edit_file", "reject c6 shell", &format!("At #{reply}: other arguments")] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    screen.press("Down Enter Ctrl-S");
    let sent = |screen: &mut TestScreen| {
        screen.commands().into_iter().find_map(|command| {
            let Command::Fork { at, twist, .. } = command else { return None };
            Some((at, twist.args.first().map(|(call, _)| *call), twist.reject.first().map(|(call, _)| *call)))
        })
    };
    assert_eq!(sent(&mut screen), Some((Some(EventNo(reply)), Some(CallId(5)), None)), "two keys");
    // From the end of a call: before it was decided on.
    let of_four = |fact: &Fact| fact.call() == Some(CallId(4));
    let events = story.events();
    let ended = events.iter().rev().find(|event| of_four(&event.fact)).unwrap().no.0;
    let edited = events.iter().find(|event| matches!(event.fact, Fact::CallEdited { call: CallId(4), .. }));
    let before = edited.unwrap().no.0 - 1;
    screen.press("3 g g j j j o");
    screen.app.over.iter_mut().for_each(|over| {
        if let Overlay::Inspect(asked) = over {
            asked.subject = event(ended);
        }
    });
    answer(&mut screen, &story, event(ended)).await;
    screen.press("f").write("reject").press("Enter Enter");
    assert_eq!(sent(&mut screen), Some((Some(EventNo(before)), None, Some(CallId(4)))));
}

#[tokio::test]
async fn words_are_found_and_what_is_typed_is_no_key() {
    let story = story::done();
    let mut screen = TestScreen::of(&story, (80, 24));
    screen.press("3 g g j j j o");
    answer(&mut screen, &story, call(&story, 4)).await;
    screen.press("/").write("hash BEFORE").press("Enter");
    assert!(screen.screen().contains("hash before"), "{}", screen.screen());
    screen.press("/").write("fj]qJ");
    assert!(matches!(screen.app.over.top(), Some(Overlay::Inspect(asked)) if asked.typing.is_some()));
    screen.press("Esc");
    assert!(matches!(screen.app.over.top(), Some(Overlay::Inspect(asked)) if asked.typing.is_none()));
}

#[tokio::test]
async fn a_late_page_of_another_event_is_dropped() {
    let story = story::done();
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("3 g g j j j o");
    answer(&mut screen, &story, event(1)).await;
    assert!(screen.screen().contains("Reading"), "{}", screen.screen());
}

/// Cause: a page that came while the help lay over it was dropped, and one that could not be read was waited for for ever.
#[tokio::test]
async fn a_page_arrives_below_the_help_and_a_failed_one_is_said() {
    let story = story::done();
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("3 g g j j j o ?");
    answer(&mut screen, &story, call(&story, 4)).await;
    assert!(screen.press("Esc").screen().contains("call c4 write_file"), "{}", screen.screen());
    for under_help in [false, true] {
        let mut screen = TestScreen::of(&story, (120, 40));
        screen.press("3 g g j j j o").press(if under_help { "?" } else { "" });
        let (session, subject) = (story.session.id.clone(), call(&story, 4));
        let (sentence, hint) = ("The log\u{202e} is damaged.".to_string(), "verify tells more".to_string());
        screen.msg(Msg::Notice(Notice::NotInspected { session, subject, sentence, hint }));
        screen.press(if under_help { "Esc" } else { "" }).tick_ms(60_000);
        let shown = screen.screen();
        assert!(
            shown.contains("The log<U+202E> is damaged.") && shown.contains("verify tells more"),
            "{shown}"
        );
        assert!(!shown.contains("Reading the session"), "{shown}");
        screen.press("[");
        assert!(!screen.screen().contains("is damaged"), "another one may be whole: {}", screen.screen());
    }
}

/// Cause: between `]` and the page that it asked for, copying, opening elsewhere and forking took the page before.
#[tokio::test]
async fn until_the_page_is_there_nothing_is_taken_of_the_one_before() {
    let story = story::done();
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("3 g g j j j o");
    answer(&mut screen, &story, call(&story, 4)).await;
    screen.press("]").effects.clear();
    for keys in ["y y", "Ctrl-Y", "p", "e", "f"] {
        screen.press(keys);
        assert_eq!(screen.effects, [], "{keys}");
        assert!(matches!(screen.app.over.top(), Some(Overlay::Inspect(_))), "{keys}");
        assert!(screen.screen().contains("still being read"), "{keys}: {}", screen.screen());
    }
    let next = event(call(&story, 4).no.0 + 1);
    answer(&mut screen, &story, next).await;
    screen.press("f");
    assert!(matches!(screen.app.over.top(), Some(Overlay::Fork(dialog)) if dialog.point.at == Some(next.no)));
}

/// Megabytes are laid out by their ends, once, and a frame only reads what was laid out.
#[tokio::test]
async fn a_large_output_costs_its_ends_and_only_once() {
    use tackroom::domain::call::{Outcome, Output};
    use tackroom::domain::commit::Class;
    use tackroom::domain::hash::Hash;
    let mut story = Story::new("l4rgeq1234", "Large");
    let whole: String = (0..600_000).map(|at| format!("line {at}\n")).collect();
    let (mut output, _) = Output::bounded(whole.clone());
    output.blob = Some(Hash::of(whole.as_bytes()));
    story.task("x").reply(10, "", &[("search", serde_json::json!({}))]).allow(1, ".").start(1);
    let ended = Fact::CallEnded { call: CallId(1), outcome: Outcome::Ok, output, ms: 3 };
    story.facts(Class::Worker, vec![ended]);
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("3 o");
    let page = page(&story, &[whole.as_bytes()], call(&story, 1), None).await;
    screen.msg(Msg::Notice(Notice::Inspected(Arc::new(page))));
    let sheet = |screen: &TestScreen| match screen.app.over.top() {
        Some(Overlay::Inspect(asked)) => Arc::clone(&asked.sheet),
        _ => panic!("the page is open"),
    };
    let laid = sheet(&screen);
    assert!(laid.lines.len() < 6_000, "{} lines for {} bytes", laid.lines.len(), whole.len());
    screen.press("j j G g g");
    assert!(Arc::ptr_eq(&laid, &sheet(&screen)), "laid out again without need");
    screen.press("/").write("bytes are not shown").press("Enter");
    assert!(screen.screen().contains("bytes are not shown here"), "{}", screen.screen());
    for _ in 0..10 {
        screen.press("Shift-Tab");
    }
    for _ in 0..6 {
        screen.press("Tab");
        screen.press("p");
        let Some(Effect::Show(shown)) = screen.effects.last() else { continue };
        if shown.name.ends_with("output") {
            return assert_eq!(shown.text, whole, "all of it is opened");
        }
    }
    panic!("the output has a section");
}

#[tokio::test]
async fn what_a_terminal_would_act_on_goes_to_no_other_program_and_is_copied_as_it_is() {
    const ODD: &str = "a\u{1b}]52;c;aGk=\u{7}b\u{9b}31m\u{202e}c";
    let mut story = Story::new("0ddq123456", "Odd");
    story.task("x").reply(10, "", &[("search", serde_json::json!({}))]).allow(1, ".");
    story.run(1, 5, tackroom::domain::call::Outcome::Ok, ODD);
    let mut screen = TestScreen::of(&story, (120, 40));
    screen.press("3 o");
    answer(&mut screen, &story, call(&story, 1)).await;
    screen.press("Tab Tab Tab Tab Tab p e y y");
    let shown: Vec<&String> = screen
        .effects
        .iter()
        .filter_map(|effect| {
            let Effect::Show(shown) = effect else { return None };
            Some(&shown.text)
        })
        .collect();
    assert_eq!(shown.len(), 2, "the pager and the editor");
    assert!(
        shown.iter().all(|text| text.contains("<U+202E>") && !text.chars().any(char::is_control)),
        "{shown:?}"
    );
    assert!(screen.effects.contains(&Effect::Copy(ODD.to_string())), "{:?}", screen.effects);
}

/// Cause: in the pager the messages of a request stood one after the other, and nothing told who had said what.
#[tokio::test]
async fn the_pager_tells_who_said_what() {
    let story = story::done();
    let mut screen = TestScreen::of(&story, (120, 40));
    let reply = reply_of(&story, 5);
    screen.press("3 g g j j j j o");
    screen.app.over.iter_mut().for_each(|over| {
        if let Overlay::Inspect(asked) = over {
            asked.subject = reply;
        }
    });
    answer(&mut screen, &story, reply).await;
    let mut shown = String::new();
    for _ in 0..8 {
        screen.screen();
        screen.press("p");
        if let Some(Effect::Show(show)) = screen.effects.last()
            && show.name.ends_with("-messages")
        {
            shown.clone_from(&show.text);
        }
        screen.press("Tab");
    }
    let heads: Vec<&str> = shown.lines().filter(|line| line.starts_with("──── ")).collect();
    assert!(heads.len() > 3, "{shown}");
    for words in ["person", "model, 3 calls", "result c4 write_file"] {
        assert!(heads.iter().any(|head| head.contains(words)), "{words}: {heads:?}");
    }
}
