//! What the harness makes of a verdict of the policy: it may ask where the policy allows, and never the other way.

use crate::domain::boundary::{RULE, crossing};
use crate::domain::call::Call;
use crate::domain::fork::asks_again;
use crate::domain::judged::Judged;
use crate::domain::policy::{Mode, Verdict, Word};
use crate::domain::run::Run;
use crate::domain::session::Session;
use crate::domain::tool_spec::Effect;

/// Asked for a verdict that is in the log, it changes nothing.
pub(in crate::domain) fn narrowed(
    session: &Session,
    run: &Run,
    (call, effect): (&Call, Effect),
    judged: &Judged,
) -> Verdict {
    let mut verdict = judged.verdict.clone();
    if verdict.word == Word::Allow && asks_again(call, effect) {
        verdict.word = Word::Ask;
        verdict.why =
            format!("It was decided on or begun in the session this one was forked from. ({})", verdict.why);
        verdict.rule = "fork".to_string();
    }
    if run.mode == Mode::Ask && verdict.word == Word::Allow && effect != Effect::ReadOnly {
        verdict.word = Word::Ask;
        verdict.why = format!("The run asks before every call that does more than read. ({})", verdict.why);
        verdict.rule = "mode ask".to_string();
    }
    let crossed = crossing(session, judged);
    if let Some(crossed) = crossed.filter(|_| verdict.word != Word::Deny) {
        let sentence = format!("Beyond the boundary of the task: {crossed}.");
        if !verdict.why.starts_with(&sentence) {
            verdict.why = format!("{sentence} ({})", verdict.why);
        }
        // Also where the policy asks: a lease answers for a rule, and not for a boundary.
        (verdict.word, verdict.rule) = (Word::Ask, RULE.to_string());
    }
    verdict
}
