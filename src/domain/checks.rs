//! What must pass before a task may end as done: commands of the operator, run when the model says that it is done.
//!
//! A check is a call that the harness makes: judged, started and ended like one of the model's, with its output bounded and
//! veiled, and with an unknown outcome where its process stopped. What the policy denies stays denied; what it asks about is
//! allowed, for the operator named the command for this task. The mode that asks before everything, a boundary and walls that are
//! missing ask all the same. The first check that fails ends the round: the model reads what came of it.

use crate::domain::call::{Call, CallState, Ended, Outcome, Output};
use crate::domain::card::summary;
use crate::domain::event::{Event, Fact};
use crate::domain::held::Held;
use crate::domain::ids::CallId;
use crate::domain::message::{Args, AskedCall, Message};
use crate::domain::next::{Step, next};
use crate::domain::order::Refusal;
use crate::domain::policy::{Verdict, Word};
use crate::domain::run::{Run, Turn};
use crate::domain::session::{Session, place};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The tool that runs a check.
pub const TOOL: &str = "run_command";
/// The rule that a verdict names where a check may run because the operator set it.
pub const RULE: &str = "check";
/// So many rounds may fail, where nothing is said.
pub const ROUNDS: u16 = 3;

/// One command that must end well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What it is called.
    pub name: String,
    /// The program and its arguments; empty where a shell reads a line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub argv: Vec<String>,
    /// The line for a shell.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub shell: String,
    /// Seconds until it is stopped; none for the tool's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u64>,
}

/// All checks of a run, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// They.
    pub all: Vec<Check>,
    /// So many rounds may fail before a person is asked.
    pub rounds: u16,
    /// Whether what passed need not be run again while nothing that may change anything was started since. Runs of before it
    /// was so ran all of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keeps: bool,
}

impl Check {
    /// The call that it is.
    fn asked(&self) -> AskedCall {
        let mut args = Map::new();
        if self.argv.is_empty() {
            args.insert("shell".to_string(), Value::from(self.shell.as_str()));
        } else {
            args.insert("argv".to_string(), Value::from(self.argv.clone()));
        }
        args.extend(self.timeout_s.map(|limit| ("timeout_s".to_string(), Value::from(limit))));
        AskedCall { wire_id: String::new(), tool: TOOL.to_string(), args: Args::Json(Value::Object(args)) }
    }
}

impl Checks {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        self.all.is_empty()
    }
}

/// The names, and how often they may fail.
impl fmt::Display for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("none");
        }
        let names: Vec<&str> = self.all.iter().map(|check| check.name.as_str()).collect();
        write!(f, "{}; rounds={}", names.join(", "), self.rounds)
    }
}

/// How far the checks of a run have come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checking {
    /// Those that passed since the model last spoke.
    passed: Vec<String>,
    /// Those that a person said not to run.
    waived: Vec<String>,
    /// Rounds that failed since a person last let the run go on.
    failed: u16,
    /// What a person is to be asked about before the model's next turn.
    due: Option<Held>,
    /// Whether the first check passed and nothing that may change anything was started since, no other check either.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    still: bool,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    /// It ended well.
    Passed,
    /// It did not; the model is to mend it.
    Failed,
    /// It could not be run: that is not the model's to mend.
    Barred,
    /// A person said not to run it, or what became of it.
    Waived,
    /// A person stopped it: it is still to be run.
    Stopped,
}

fn came(call: &Call) -> Came {
    let CallState::Ended(how) = &call.state else { return Came::Stopped };
    match how {
        Ended::Ran(Outcome::Ok) => Came::Passed,
        Ended::Ran(Outcome::Error | Outcome::TimedOut | Outcome::Panicked) | Ended::Answered => Came::Failed,
        Ended::Ran(Outcome::Cancelled) | Ended::Dropped => Came::Stopped,
        Ended::Refused | Ended::Denied => Came::Barred,
        Ended::Rejected | Ended::Happened | Ended::Abandoned if call.unattended => Came::Barred,
        Ended::Rejected | Ended::Happened | Ended::Abandoned | Ended::Recorded(_) => Came::Waived,
    }
}

impl Checking {
    /// The model spoke: what was checked before may not hold any more, unless nothing can have changed.
    pub(in crate::domain) fn begin(&mut self, checks: &Checks) {
        if !(checks.keeps && self.still && self.waived.is_empty()) {
            (self.passed, self.waived) = (Vec::new(), Vec::new());
        }
    }

    /// Something was started that may change anything, or somebody else was let in.
    pub(in crate::domain) fn disturbed(&mut self) {
        self.still = false;
    }

    /// A person let the run go on.
    pub(in crate::domain) fn released(&mut self) {
        (self.failed, self.due) = (0, None);
    }

    /// The check that is next.
    pub(in crate::domain) fn next<'a>(&self, checks: &'a Checks) -> Option<&'a Check> {
        checks.all.get(self.passed.len() + self.waived.len())
    }

    /// What a person is to be asked about first.
    pub(in crate::domain) fn due(&self) -> Option<&Held> {
        self.due.as_ref()
    }

    /// Those that passed, and those that a person said not to run.
    pub(in crate::domain) fn over(&self) -> (Vec<String>, Vec<String>) {
        (self.passed.clone(), self.waived.clone())
    }
}

/// What a check is called, where a tool's name would stand.
pub fn check_words(name: &str) -> String {
    format!("check {name}")
}

/// A check and its command, as they stand where a call's tool and arguments would; a check that is called by its command has
/// it once.
pub fn card_words(name: &str, args: &Args) -> (String, String) {
    let command = summary(args);
    (check_words(name), if command == name { String::new() } else { command })
}

/// What is said of a run that ended with its checks.
pub fn ended_words(passed: &[String], waived: &[String]) -> String {
    let list = |names: &[String]| names.join(", ");
    match (passed, waived) {
        ([], waived) => format!("the model answered; not checked, by a person's word: {}", list(waived)),
        (passed, []) => format!("the model answered; checks passed: {}", list(passed)),
        (passed, waived) => format!(
            "the model answered; checks passed: {}; not checked, by a person's word: {}",
            list(passed),
            list(waived)
        ),
    }
}

/// How the command of a check ended, in a word or two: `exit 1`.
pub fn end_words(outcome: Outcome, output: &Output) -> String {
    let end = if output.tail.is_empty() { &output.head } else { &output.tail };
    // What held it is told below the status.
    let status = end.lines().rev().find_map(|line| line.strip_prefix("[exit status ")?.strip_suffix(']'));
    match status.filter(|status| status.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(status) => format!("exit {status}"),
        None => Ended::Ran(outcome).word().to_string(),
    }
}

/// What the policy's word on a check comes to: the operator named the command for this task, so it need not be asked about.
/// Asked with what it answered, it changes nothing.
pub fn allowed(verdict: Verdict, name: &str) -> Verdict {
    if verdict.word != Word::Ask || verdict.person.is_some() {
        return verdict;
    }
    let why = format!("The operator set the check {name:?} for this task. ({})", verdict.why);
    Verdict { word: Word::Allow, rule: RULE.to_string(), why, ..verdict }
}

/// The call that the harness makes next.
pub(in crate::domain) fn checking(session: &Session) -> Result<Vec<Fact>, Refusal> {
    let (Step::Check, Some(run)) = (next(session), session.live()) else {
        return Err(Refusal::Stray("no check is next"));
    };
    let Some(check) = run.checking.next(&run.limits.checks) else {
        return Err(Refusal::Stray("no check is left"));
    };
    let call = CallId(u32::try_from(session.calls_asked()).unwrap_or(u32::MAX - 1) + 1);
    let (name, round) = (check.name.clone(), run.checking.failed + 1);
    Ok(vec![Fact::CheckAsked { call, name, round, asked: check.asked() }])
}

impl Session {
    /// A check joins the calls.
    pub(in crate::domain) fn ask_check(&mut self, event: &Event) {
        let Fact::CheckAsked { call: id, name, asked, .. } = &event.fact else { return };
        let Some(run) = &mut self.run else { return };
        run.open_calls = vec![*id];
        let call = Call::asked(*id, String::new(), asked, event);
        self.calls.push(Call { check: Some(name.clone()), ..call });
    }

    /// A check is over: what it says counts, and where it failed the model reads it.
    pub(in crate::domain) fn close_check(&mut self, id: CallId) {
        let (Some(run), Some(call)) = (&mut self.run, self.calls.get(place(id))) else { return };
        let name = call.check.clone().unwrap_or_default();
        match came(call) {
            Came::Passed => {
                run.checking.passed.push(name);
                run.checking.still = run.checking.passed.len() == 1;
            }
            Came::Waived => run.checking.waived.push(name),
            Came::Stopped => {}
            came @ (Came::Failed | Came::Barred) => {
                let text = fails(run, call, &name, came);
                run.turn = Turn::Ready;
                self.say(Message::User { text });
            }
        }
    }
}

/// Counts a check that failed; what the model reads of it. The output is nobody's word, so it is said whose it is.
fn fails(run: &mut Run, call: &Call, name: &str, came: Came) -> String {
    let rounds_max = run.limits.checks.rounds;
    run.checking.failed += 1;
    let rounds = run.checking.failed;
    let ran = came == Came::Failed;
    if rounds >= rounds_max || !ran {
        run.checking.due = Some(Held::Checks { name: name.to_string(), rounds, ran });
    }
    let command = summary(&call.proposed);
    let result = call.result.as_deref().unwrap_or_default();
    format!(
        "[From the harness, not from the operator: you said that you are done, and the check {name:?} does not pass (round {rounds} of \
         {rounds_max}). Its command: {command}. What came of it follows.]\n{result}\n[Mend what it shows, then say again that you are done: \
         it is checked again.]"
    )
}
