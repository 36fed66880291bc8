//! How the facts about a call change it, and what the model reads of its end.

use crate::domain::call::{Approval, Call, CallState, Ended, Outcome, Output, Preview, Via};
use crate::domain::consent::{Consent, Ruling};
use crate::domain::event::{BadCall, Event, Fact, Settling};
use crate::domain::ids::CallId;
use crate::domain::lease::Leased;
use crate::domain::message::AskedCall;
use crate::domain::policy::Verdict;
use crate::domain::session::Session;
use crate::domain::tool_spec::Effect;

impl Call {
    /// A call as a reply asked for it.
    pub(in crate::domain) fn asked(id: CallId, wire_id: String, asked: &AskedCall, event: &Event) -> Call {
        Call {
            id,
            run: event.run,
            wire_id,
            check: None,
            unattended: false,
            tool: asked.tool.clone(),
            proposed: asked.args.clone(),
            edited: None,
            state: CallState::Proposed,
            effect: Effect::SideEffect,
            destroys: false,
            touches: Vec::new(),
            verdict: None,
            hash: None,
            preview: Preview::None,
            edit_refused: None,
            approval: None,
            leased: None,
            consent: Consent::default(),
            result: None,
            output: None,
            asked_at: event.at,
            since: event.at,
            ran_ms: None,
            recorded_time: None,
            starts: 0,
            carried: false,
            opened: false,
            lapses: 0,
            last: event.no,
            span: event.no,
            started_span: event.no,
        }
    }

    pub(in crate::domain) fn end(&mut self, how: Ended, result: String) {
        self.state = CallState::Ended(how);
        self.result = Some(result);
    }

    /// The policy spoke.
    fn judged(&mut self, event: &Event, ruling: Ruling) {
        let Fact::CallJudged { verdict, hash, effect, destroys, touches, preview, .. } = &event.fact else {
            return;
        };
        if ruling == Ruling::EditDenied {
            self.edited = None;
            self.approval = None;
            self.edit_refused = Some(verdict.clone());
            self.state = CallState::Held;
            return;
        }
        self.verdict = Some(verdict.clone());
        self.hash = Some(*hash);
        self.effect = *effect;
        self.destroys = *destroys;
        self.touches.clone_from(touches);
        self.preview = preview.clone();
        match ruling {
            Ruling::Denied => self.end(Ended::Denied, denied(verdict)),
            Ruling::Cleared { by_person } => self.state = CallState::Cleared { by_person },
            Ruling::Held | Ruling::EditDenied => {
                self.approval = None;
                self.state = CallState::Held;
            }
        }
    }

    fn finished(&mut self, outcome: Outcome, output: &Output, ms: u64) {
        self.output = Some(output.clone());
        self.ran_ms = Some(ms);
        let text = output.for_model();
        let said = match outcome {
            Outcome::Ok => text,
            Outcome::Error => format!("error: {text}"),
            Outcome::TimedOut => format!("error: it ran into its time limit and was stopped.\n{text}"),
            Outcome::Cancelled => {
                format!("error: this call was stopped while it ran; it may have done a part.\n{text}")
            }
            Outcome::Panicked => format!("error: the tool itself broke: {text}"),
        };
        let note = match &self.edited {
            Some(args) => {
                format!("{CHANGED} before this ran; it ran with {args}]\n")
            }
            None => String::new(),
        };
        self.end(Ended::Ran(outcome), note + &said);
    }

    fn settled(&mut self, how: Settling, note: &str) {
        let note = if note.is_empty() { String::new() } else { format!(" The operator notes: {note}") };
        match how {
            Settling::Happened => self.end(
                Ended::Happened,
                format!("The program stopped while this ran. The operator found that it did happen.{note}"),
            ),
            Settling::Abandon => self.end(
                Ended::Abandoned,
                format!("error: the program stopped while this ran and its outcome is unknown; the operator gave it up.{note}"),
            ),
            Settling::Again => self.state = CallState::Cleared { by_person: true },
        }
    }
}

impl Session {
    /// Takes in a fact about a call.
    pub(in crate::domain) fn apply_call(&mut self, event: &Event) {
        let fact = &event.fact;
        if let Fact::CallStarted { call, .. } = fact {
            self.reaches(*call);
        } else if let Fact::CallJudged { sandbox, .. } = fact
            && !sandbox.is_empty()
        {
            self.sandbox.clone_from(sandbox);
        }
        let Some(call) = fact.call().and_then(|id| self.call_mut(id)) else { return };
        (call.since, call.last) = (event.at, event.no);
        if let Fact::CallRejected { by, .. } | Fact::CallSettled { by, .. } = fact {
            call.unattended = by.via == Via::Flag;
        }
        if !std::mem::replace(&mut call.opened, true) {
            call.span = event.no;
        }
        if let Some(ruling) = call.consent.apply(fact) {
            call.judged(event, ruling);
        } else if let Fact::CallRefused { why, .. } = fact {
            call.end(Ended::Refused, refused(&call.tool.clone(), why));
        } else if let Fact::CallEdited { args, .. } = fact {
            call.edited = Some(args.clone());
            call.edit_refused = None;
            call.leased = None;
            call.state = CallState::Proposed;
        } else if let Fact::CallApproved { hash, by, expires, .. } = fact {
            call.approval = Some(Approval { by: by.clone(), hash: *hash, expires: *expires });
            call.leased = None;
            if call.state == CallState::Held {
                call.state = CallState::Cleared { by_person: true };
            }
        } else if let Fact::LeaseUsed { lease, by, nth, of, .. } = fact {
            call.leased = Some(Leased { lease: *lease, by: by.clone(), nth: *nth, of: *of });
            if call.state == CallState::Held {
                call.state = CallState::Cleared { by_person: false };
            }
            self.count_lease(fact);
        } else if let Fact::CallRejected { reason, .. } = fact {
            let why = if reason.is_empty() { "no reason given" } else { reason };
            call.end(
                Ended::Rejected,
                format!("error: the operator rejected this call; it was not run. Reason: {why}"),
            );
        } else if let Fact::CallAnswered { text, .. } = fact {
            call.end(
                Ended::Answered,
                format!("[The call was not run; the operator answers in its place]\n{text}"),
            );
        } else if let Fact::CallLapsed { .. } = fact {
            (call.approval, call.leased) = (None, None);
            call.lapses += 1;
            call.state = CallState::Proposed;
        } else if let Fact::CallSettled { how, note, .. } = fact {
            call.settled(*how, note);
        } else if let Fact::CallDropped { .. } = fact {
            call.end(Ended::Dropped, "error: the task ended before this call was run.".to_string());
        } else {
            self.apply_running(event);
        }
    }

    /// Takes in a fact about a call that runs or ran.
    fn apply_running(&mut self, event: &Event) {
        let fact = &event.fact;
        if let Some(run) = &mut self.run {
            run.saw(fact);
        }
        let Some(call) = fact.call().and_then(|id| self.call_mut(id)) else { return };
        if let Fact::CallStarted { .. } = fact {
            call.starts += 1;
            call.started_span = event.no;
            let allowed_by_policy = call.state == CallState::Cleared { by_person: false };
            call.state = CallState::Started;
            let changes = call.may_change_files();
            self.changed |= changes;
            if allowed_by_policy && let Some(run) = &mut self.run {
                run.permits = run.permits.saturating_sub(1);
            }
        } else if let Fact::CallEnded { outcome, output, ms, .. } = fact {
            call.finished(*outcome, output, *ms);
        } else if let Fact::CallInterrupted { .. } = fact {
            call.state = CallState::Interrupted;
        } else if let Fact::CallUnknown { .. } = fact {
            call.state = CallState::Unknown;
        }
    }
}

/// How the line begins that tells the model of changed arguments, before what came of the call.
const CHANGED: &str = "[The operator changed the arguments";

/// What came of a call as the model reads it, without the line on changed arguments.
pub fn without_note(result: &str) -> &str {
    match result.split_once('\n') {
        Some((note, rest)) if note.starts_with(CHANGED) => rest,
        Some(_) | None => result,
    }
}

fn denied(verdict: &Verdict) -> String {
    format!("error: the policy denies this call (rule {}): {} It was not run.", verdict.rule, verdict.why)
}

/// What the model reads of a call that is not even judged.
pub fn refused(tool: &str, why: &BadCall) -> String {
    match why {
        BadCall::UnknownTool { known } => format!("error: there is no tool named {tool:?}. The tools are: {known}."),
        BadCall::NotJson { why } => format!("error: the arguments are not valid JSON ({why}). The call was not run."),
        BadCall::Schema { path, why } => format!("error: bad argument at {path}: {why}. The call was not run."),
        BadCall::Truncated => {
            "error: the reply was cut at the length limit, so this call may be incomplete; it was not run. Write less at once."
                .to_string()
        }
    }
}
