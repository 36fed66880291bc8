//! The inbox while things change under the fingers: no answer is lost, no mark, and no key counts for another hold.

use crate::harness::many::{Many, three};
use tackroom::domain::ids::{CallId, SessionId};
use tackroom::domain::inbox::Answered;
use tackroom::domain::notice::Notice;
use tackroom::domain::order::Refusal;
use tackroom::ui::update::Msg;

const SIZE: (u16, u16) = (120, 40);
const PUSH: &str = "c0mmandsq1";
const SITE: &str = "c0mmandsq2";

fn shows(many: &mut Many, words: &str) {
    let shown = many.screen.screen();
    assert!(shown.contains(words), "{words}:\n{shown}");
}

/// Cause: what became of an answer was told only while the inbox was open; who had left it believed that it was done.
#[test]
fn a_refusal_is_told_wherever_the_operator_went() {
    for result in [Answered::Refused(Refusal::Changed(CallId(1))), Answered::Failed("the disk is full".into())] {
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
    assert!(many.screen.app.overlay.is_none() && many.screen.app.inbox.is_none());
    let state = "approved";
    many.answered(SITE, 1, Answered::Refused(Refusal::Changed(CallId(1))));
    many.answered(PUSH, 1, Answered::Refused(Refusal::NotHeld { call: CallId(1), state }));
    shows(&mut many, "! 2 answers did nothing: c1 shell of Restart the site, c1 shell of Push the notes");
    let mut many = Many::open(three(), SIZE);
    many.press("j y d Enter Esc").answered(SITE, 1, Answered::Done);
    shows(&mut many, "c1 shell of Restart the site: approved.");
}
