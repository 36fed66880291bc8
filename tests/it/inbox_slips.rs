//! The inbox while things change under the fingers: no answer is lost, no mark, and no key counts for another hold.

use crate::harness::many::{Many, command, three};
use crate::harness::story::{self, Story};
use tackroom::domain::command::Command;
use tackroom::domain::ids::{CallId, SessionId};
use tackroom::domain::inbox::Answered;
use tackroom::domain::notice::Notice;
use tackroom::domain::order::{Order, Refusal};
use tackroom::ui::parts::Overlay;
use tackroom::ui::update::Msg;

const SIZE: (u16, u16) = (120, 40);
const PUSH: &str = "c0mmandsq1";
const FILE: &str = "wr1tesq000";
const SITE: &str = "c0mmandsq2";

fn shows(many: &mut Many, words: &str) {
    let shown = many.screen.screen();
    assert!(shown.contains(words), "{words}:\n{shown}");
}

/// Cause: what became of an answer was told only while the inbox was open; who had left it believed that it was done.
#[test]
fn a_refusal_is_told_wherever_the_operator_went() {
    for result in
        [Answered::Refused(Refusal::Changed(CallId(1))), Answered::Failed("the disk is full".into())]
    {
        let mut many = Many::open(three(), SIZE);
        many.press("j Enter y Esc Esc");
        assert!(many.screen.app.inbox.is_none());
        many.answered(SITE, 1, result.clone());
        shows(&mut many, &format!("! c1 shell of Restart the site: {}", result.words()));
        // Nothing that is told after it takes its place.
        many.screen.press("g i").msg(Msg::Notice(Notice::Answered {
            id: tackroom::domain::inbox::HoldId { session: SessionId(PUSH.into()), call: Some(CallId(1)) },
            result: Answered::Done,
        }));
        shows(&mut many, "! c1 shell of Restart the site");
    }
}

/// Cause: a batch told nothing of its items where its page was left, or a session's id alone; of several only the last.
#[test]
fn what_became_of_a_batch_is_told_by_its_titles_where_its_page_was_left() {
    let mut many = Many::open(three(), SIZE);
    many.press("j y j n").write("no\n").press("d Enter Esc Esc");
    assert_eq!(many.answers().len(), 2);
    assert!(many.screen.app.over.is_empty() && many.screen.app.inbox.is_none());
    let state = "approved";
    many.answered(SITE, 1, Answered::Refused(Refusal::Changed(CallId(1))));
    many.answered(PUSH, 1, Answered::Refused(Refusal::NotHeld { call: CallId(1), state }));
    shows(&mut many, "! 2 answers did nothing: c1 shell of Restart the site, c1 shell of Push the notes");
    let mut many = Many::open(three(), SIZE);
    many.press("j y d Enter Esc").answered(SITE, 1, Answered::Done);
    shows(&mut many, "c1 shell of Restart the site: approved.");
}

/// Cause: Esc, and `w` to look at a session, took every mark and every reason that was typed with them.
#[test]
fn marks_and_reasons_outlive_the_way_to_a_session_and_back() {
    let mut many = Many::open(three(), SIZE);
    many.press("j y j n").write("not on a Friday\n").press("Esc");
    shows(&mut many, "2 marked ones are kept");
    many.screen.commands();
    many.press("g i").tell();
    shows(&mut many, "Inbox, 3 waiting, 2 marked");
    many.press("w g i").tell();
    many.press("d");
    shows(&mut many, "not on a Friday");
    many.press("Enter");
    let push = (PUSH.to_string(), Order::Reject { call: CallId(1), reason: "not on a Friday".into() });
    let answers = many.answers();
    assert!(answers.len() == 2 && answers.contains(&push), "{answers:?}");
    // What changed or went meanwhile is not marked as it was.
    let mut many = Many::open(three(), SIZE);
    many.press("j y Esc");
    let hash = many.hash(SITE);
    let args = serde_json::json!({"argv": ["systemctl", "stop", "site"]});
    many.story(SITE).order(Order::ApproveEdited { call: CallId(1), hash, args });
    many.story(SITE).hold_command(1, &["systemctl", "stop", "site"]);
    many.screen.commands();
    many.press("g i").tell();
    many.press("d Enter");
    assert_eq!(many.answers(), [], "{}", many.screen.screen());
}

/// Cause: Space on a hold that was to be rejected took the mark and the reason at once, and `n` again began an empty one.
#[test]
fn a_reason_is_not_lost_by_one_key() {
    let mut many = Many::open(three(), SIZE);
    many.press("n").write("half of it is missing\n").press("Space");
    shows(&mut many, "[reject]");
    shows(&mut many, "Space again");
    many.press("n").write("!\n").press("d");
    shows(&mut many, "half of it is missing!");
    many.press("Esc Space Space");
    let shown = many.screen.screen();
    assert!(!shown.contains("[reject]"), "{shown}");
}

/// Cause: the list chose another hold by itself, and `c` that was meant for the one before drove it at once.
#[test]
fn c_drives_nothing_that_has_just_come_under_the_choice() {
    let mut left = Story::new("l3ftsq0000", "Left alone");
    left.task("Go.").ask();
    let mut many = Many::open(vec![command("0lderstory", "Older", &["ls"], 0), left], SIZE);
    many.left = true;
    many.press("g g");
    assert_eq!(many.chosen(), "0lderstory");
    many.story("0lderstory").order(Order::Reject { call: CallId(1), reason: String::new() });
    many.tell();
    let came = many.chosen(); // a session that nobody drives, in the place of the call
    many.screen.tick_ms(300).press("c");
    assert_eq!(many.screen.commands(), []);
    shows(&mut many, "has just come up");
    many.screen.tick_ms(100).press("c");
    let commands = many.screen.commands();
    assert!(matches!(&commands[..], [Command::Resume(id)] if id.as_str() == came), "{commands:?}");
}

/// Cause: a question about a mark did not say which hold it was about.
#[test]
fn a_question_names_the_hold_it_marks() {
    let mut many = Many::open(three(), SIZE);
    many.press("j n");
    shows(&mut many, "Reject c1 shell of Restart the site. Why?");
    many.story(FILE).order(Order::Reject { call: CallId(1), reason: String::new() });
    many.tell().write("no\n").press("d");
    shows(&mut many, "Restart the site");
    let mut many = Many::open(vec![story::unknown()], SIZE);
    many.press("y");
    shows(&mut many, "did happen. A note");
    assert!(many.screen.app.over.is_empty());
    let mut many = Many::open(three(), (40, 15));
    many.press("n").write("abcdefgh");
    shows(&mut many, "abcdefgh");
    assert!(!matches!(many.screen.app.over.top(), Some(Overlay::Batch(_))));
}

/// Cause: a look that failed left "Its session is being read" for ever, and nothing asked again.
#[test]
fn a_look_that_failed_is_said_and_tried_again() {
    let mut many = Many::open(three(), SIZE);
    many.screen.press("j");
    let looks = |many: &mut Many| {
        many.screen.commands().into_iter().filter(|one| matches!(one, Command::Look(_))).count()
    };
    assert_eq!(looks(&mut many), 1);
    let (sentence, hint) = ("The log\u{202e} cannot be read.".to_string(), "verify tells".to_string());
    many.screen.msg(Msg::Notice(Notice::NotLooked { session: SessionId(SITE.into()), sentence, hint }));
    shows(&mut many, "The log<U+202E> cannot be read.");
    shows(&mut many, "verify tells");
    assert!(!many.screen.screen().contains("being read"));
    assert_eq!(looks(&mut many), 0, "not at once again");
    many.screen.tick_ms(10_000);
    assert_eq!(looks(&mut many), 1, "but soon");
    many.press("k j");
    assert!(many.screen.screen().contains("systemctl"), "{}", many.screen.screen());
    // One that is chosen again is asked for again at once.
    many.screen.press("j");
    looks(&mut many);
    let (sentence, hint) = ("It cannot be read.".to_string(), String::new());
    many.screen.msg(Msg::Notice(Notice::NotLooked { session: SessionId(PUSH.into()), sentence, hint }));
    many.screen.press("k j");
    assert_eq!(looks(&mut many), 1);
}

/// Cause: after a batch was sent the key line went on offering to send it.
#[test]
fn the_page_of_what_became_of_a_batch_offers_to_close_it() {
    for close in ["Enter", "Esc", "q"] {
        let mut many = Many::open(three(), SIZE);
        many.press("j y d");
        assert!(last_line(&mut many).contains("Enter send"), "{}", last_line(&mut many));
        many.press("Enter");
        assert_eq!(many.answers().len(), 1);
        let line = last_line(&mut many);
        assert!(line.contains("Enter close") && !line.contains("send") && !line.contains("back"), "{line}");
        many.press(close);
        assert!(many.screen.app.over.is_empty() && many.screen.app.inbox.is_some());
        assert_eq!(many.answers(), []);
    }
}

fn last_line(many: &mut Many) -> String {
    many.screen.screen().trim_end().lines().last().unwrap_or_default().to_string()
}

/// Cause: in forty columns every key line named only what counts everywhere, and one key that did not fit ended the line.
#[test]
fn a_narrow_key_line_has_the_first_keys_the_way_back_and_the_help() {
    let mut many = Many::open(three(), (40, 15));
    let line = last_line(&mut many);
    for words in ["Enter decide", "Esc close", "? help"] {
        assert!(line.contains(words), "{words}: {line}");
    }
    many.press("n").write("no\n");
    assert!(
        last_line(&mut many).contains("d send marked"),
        "what is marked is sent: {}",
        last_line(&mut many)
    );
    shows(&mut many, "1 marked");
    many.press("Enter");
    many.screen.tick_ms(500);
    let line = last_line(&mut many);
    assert!(line.contains("Esc list") && line.contains("? help"), "{line}");
    for width in 40..=200 {
        let mut many = Many::open(three(), (width, 24));
        for keys in ["", "Enter"] {
            many.press(keys);
            let line = last_line(&mut many);
            assert!(line.contains("Esc "), "{keys} at {width}: {line}");
        }
    }
}
