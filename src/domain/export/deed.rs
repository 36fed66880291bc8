//! One call of a turn: what was asked, what was decided and by whom, where its time went, what came of it.

use crate::domain::call::{Ended, Output, Preview};
use crate::domain::call_fold::refused;
use crate::domain::event::{Fact, Lapse, Settling};
use crate::domain::foreign::RecordedTime;
use crate::domain::ids::CallId;
use crate::domain::message::AskedCall;
use crate::domain::policy::Word;
use crate::domain::time::Micros;
use crate::domain::watch::{Close, Phase, Watch};
use serde_json::Value;

/// A call as it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// The call.
    pub call: CallId,
    /// What was asked for.
    pub asked: AskedCall,
    /// What a person made of the arguments.
    pub edited: Option<Value>,
    /// What it was told to do to a file; the last verdict's word.
    pub preview: Preview,
    /// What was said about it, in order: verdicts, decisions, with rule and person.
    pub words: Vec<String>,
    /// Milliseconds for which a person was waited for.
    pub waiting_ms: u64,
    /// Milliseconds for which it ran.
    pub running_ms: u64,
    /// Milliseconds for which neither was so.
    pub between_ms: u64,
    /// How it was over; a word or two.
    pub outcome: &'static str,
    /// What it gave back.
    pub output: Option<Output>,
    /// What the model read in its place, where it gave nothing back.
    pub answer: String,
    watch: Watch,
    since: Micros,
}

impl Deed {
    /// A call that was just asked for.
    pub fn new(call: CallId, asked: AskedCall, at: Micros) -> Deed {
        Deed {
            call,
            asked,
            edited: None,
            preview: Preview::None,
            words: Vec::new(),
            waiting_ms: 0,
            running_ms: 0,
            between_ms: 0,
            outcome: "open",
            output: None,
            answer: String::new(),
            watch: Watch::default(),
            since: at,
        }
    }

    /// Whether it is over, and how.
    pub fn close(&self) -> Option<Close> {
        match self.watch.phase {
            Phase::Over(close) => Some(close),
            Phase::Judging | Phase::Person | Phase::Ready | Phase::Running => None,
        }
    }

    /// Takes in a fact about it.
    pub fn apply(&mut self, fact: &Fact, at: Micros) {
        let ms = at.ms_since(self.since);
        match self.watch.phase {
            Phase::Person => self.waiting_ms += ms,
            Phase::Running => self.running_ms += ms,
            Phase::Judging | Phase::Ready => self.between_ms += ms,
            Phase::Over(_) => {}
        }
        self.since = at;
        self.watch.apply(fact);
        self.decided(fact);
        self.came(fact);
        self.outcome = match (&self.watch.phase, self.outcome) {
            (Phase::Over(_), told) => told,
            (Phase::Judging, _) => "to be judged",
            (Phase::Person, "unknown") => "unknown",
            (Phase::Person, _) => "waits for a decision",
            (Phase::Ready, _) => "cleared",
            (Phase::Running, _) => "running",
        };
    }

    /// It is told as it stands; of another tool's call nothing more will come.
    pub fn left(&mut self, imported: bool) {
        if imported && self.close().is_none() {
            self.outcome = "no end recorded";
        }
    }

    fn decided(&mut self, fact: &Fact) {
        let said = if let Fact::CallJudged { verdict, preview, .. } = fact {
            self.preview = preview.clone();
            let word = match verdict.word {
                Word::Allow => "allowed",
                Word::Ask => "to be asked about",
                Word::Deny => "denied",
            };
            if verdict.word == Word::Deny {
                (self.outcome, self.answer) = ("denied", verdict.why.clone());
            }
            format!("{word} by rule {}: {}", verdict.rule, verdict.why)
        } else if let Fact::CallEdited { args, by, .. } = fact {
            self.edited = Some(args.clone());
            format!("arguments edited by {by}")
        } else if let Fact::CallApproved { by, .. } = fact {
            format!("approved by {by}")
        } else if let Fact::LeaseUsed { lease, by, nth, of, .. } = fact {
            format!("approved by lease {lease} of {by}, use {nth} of {of}")
        } else if let Fact::CallRejected { by, reason, .. } = fact {
            (self.outcome, self.answer) = ("rejected", reason.clone());
            format!("rejected by {by}: {reason}")
        } else if let Fact::CallAnswered { by, text, .. } = fact {
            (self.outcome, self.answer) = ("answered", text.clone());
            format!("answered by {by}")
        } else if let Fact::CallLapsed { why, .. } = fact {
            let why = match why {
                Lapse::Expired => "it was too old",
                Lapse::Changed => "it was about something else",
                Lapse::TargetChanged => "what it would change is not what was shown",
                Lapse::LeaseOver => "its lease was over",
            };
            format!("the clearance lapsed: {why}")
        } else if let Fact::CallSettled { how, by, note, .. } = fact {
            let how = match how {
                Settling::Happened => {
                    self.outcome = "settled: happened";
                    "it happened"
                }
                Settling::Again => "run again",
                Settling::Abandon => {
                    self.outcome = "given up";
                    "given up"
                }
            };
            format!("unknown outcome settled by {by}: {how} {note}").trim_end().to_string()
        } else if let Fact::CallRecorded { .. } = fact {
            "decision not recorded by that tool".to_string()
        } else {
            return;
        };
        self.words.push(said);
    }

    fn came(&mut self, fact: &Fact) {
        if let Fact::CallEnded { outcome, output, .. } = fact {
            (self.outcome, self.output) = (Ended::word(&Ended::Ran(*outcome)), Some(output.clone()));
        } else if let Fact::CallRecorded { end, output, ms, time, .. } = fact {
            (self.outcome, self.output) = (end.word(), Some(output.clone()));
            self.between_ms = 0; // what passed there is told by its record alone
            if let Some(ms) = ms {
                self.running_ms = *ms;
            }
            if *time == RecordedTime::WithWaiting {
                self.words.push("waiting for a person may be in its time".to_string());
            }
        } else if let Fact::CallRefused { why, .. } = fact {
            (self.outcome, self.answer) = ("refused", refused(&self.asked.tool, why));
        } else if let Fact::CallDropped { .. } = fact {
            self.outcome = "dropped";
        } else if let Fact::CallInterrupted { .. } = fact {
            self.words.push("broken off; it may be run again".to_string());
        } else if let Fact::CallUnknown { .. } = fact {
            self.outcome = "unknown";
            self.words.push("broken off; nobody knows whether it happened".to_string());
        }
    }
}
