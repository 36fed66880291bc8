//! What a lease would have allowed in past sessions, against what people decided then.

use crate::domain::backtest::{Decided, Past};
use crate::domain::card::brief;
use crate::domain::ids::{CallId, SessionId};
use crate::domain::lease_terms::Terms;
use crate::domain::policy::Word;
use crate::domain::text::plural;

/// Sessions that are looked at, the last ones.
pub const SESSIONS_MAX: usize = 200;
/// Calls that are named, of those that a person did not let run as they were.
pub const AGAINST_MAX: usize = 20;

/// What is looked at: calls of one tool below one folder that asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Sessions that were read.
    pub sessions: u64,
    /// Sessions that could not be.
    pub unread: u64,
    /// The calls.
    pub calls: Vec<(SessionId, Past)>,
}

/// What terms would have allowed of that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Sessions that were looked at.
    pub sessions: u64,
    /// Sessions that could not be read.
    pub unread: u64,
    /// Calls that would have been allowed.
    pub calls: u64,
    /// Of these, approved then, by a person, a flag or a lease.
    pub approved: u64,
    /// Changed by a person first.
    pub edited: u64,
    /// Rejected, or answered in the tool's place.
    pub rejected: u64,
    /// Waiting for a person now.
    pub waiting: u64,
    /// Decided by nobody, and not waiting any more.
    pub open: u64,
    /// The first of those that a person changed or rejected.
    pub against: Vec<Against>,
}

/// A call that would have run and that a person did not let run as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Against {
    /// The session.
    pub session: SessionId,
    /// The call.
    pub call: CallId,
    /// What was decided.
    pub decided: Decided,
    /// The arguments in one line; not cleaned.
    pub summary: String,
}

impl Asked {
    /// Takes in a call of a session, where it is one that asked about this tool in this folder.
    pub fn add(&mut self, session: &SessionId, past: Past, (tool, workspace): (&str, &str)) {
        let asked = past.verdict.as_ref().is_some_and(|verdict| verdict.word == Word::Ask);
        let here = past.action.as_ref().is_ok_and(|action| action.workspace == workspace);
        // A check is the harness's own: no lease is about it.
        if asked && here && past.tool == tool && past.check.is_none() {
            self.calls.push((session.clone(), past));
        }
    }
}

impl Tried {
    /// Tries terms, on all but the very call that they are for.
    pub fn of(terms: &Terms, asked: &Asked, but: (&SessionId, CallId)) -> Tried {
        let mut tried = Tried { sessions: asked.sessions, unread: asked.unread, ..Tried::default() };
        for (session, past) in asked.calls.iter().filter(|(session, past)| (session, past.call) != but) {
            let Some(deed) = past.deed() else { continue };
            if terms.pattern.misses(&deed, &terms.root(deed.workspace)).is_some() {
                continue;
            }
            tried.calls += 1;
            match past.decided {
                Decided::Approved | Decided::ByFlag | Decided::ByLease => tried.approved += 1,
                Decided::Nobody if past.waits => tried.waiting += 1,
                Decided::Nobody => tried.open += 1,
                Decided::Edited => tried.edited += 1,
                Decided::Rejected | Decided::Answered => tried.rejected += 1,
            }
            let is_against = matches!(past.decided, Decided::Edited | Decided::Rejected | Decided::Answered);
            if is_against && tried.against.len() < AGAINST_MAX {
                let (session, call, decided) = (session.clone(), past.call, past.decided);
                tried.against.push(Against { session, call, decided, summary: brief(deed.args) });
            }
        }
        tried
    }

    /// It all in a sentence.
    pub fn sentence(&self) -> String {
        let sessions = plural(self.sessions, "session");
        let parts = [
            (self.approved, "approved"),
            (self.edited, "edited"),
            (self.rejected, "rejected"),
            (self.waiting, "waiting now"),
            (self.open, "not decided"),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(many, _)| *many > 0).map(|(many, word)| format!("{many} {word}")).collect();
        let how = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
        let unread = match self.unread {
            0 => String::new(),
            many => format!(" {} could not be read.", plural(many, "session")),
        };
        let calls = match self.calls {
            0 => "no other call".to_string(),
            calls => plural(calls, "other call"),
        };
        format!("Over the last {sessions} here this would have allowed {calls}{how}.{unread}")
    }
}

/// That the lease is used for calls which wait now as soon as the lease is granted; none where there is none.
pub fn at_once_words(calls: &[CallId]) -> Option<String> {
    let (last, others) = calls.split_last()?;
    let others: Vec<String> = others.iter().map(ToString::to_string).collect();
    Some(match others.is_empty() {
        true => format!("When granted, {last}, which waits too, runs without asking: the first use."),
        false => {
            let others = others.join(", ");
            format!("When granted, {others} and {last}, which wait too, run without asking: the first uses.")
        }
    })
}
