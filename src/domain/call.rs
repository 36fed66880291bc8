//! One tool call: what was asked, what was judged and decided, what came of it.

use crate::domain::canon::action_hash;
use crate::domain::command_part::{CommandPart, Script, bound_to};
use crate::domain::consent::Consent;
use crate::domain::foreign::{Recorded, RecordedTime};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, EventNo, RunNo};
use crate::domain::lease::Leased;
use crate::domain::message::Args;
use crate::domain::policy::Verdict;
use crate::domain::time::Micros;
use crate::domain::tool_spec::{Effect, Touch};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an operator is shown of a call's consequence, made once when the call was judged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Preview {
    /// Nothing beyond the arguments.
    #[default]
    None,
    /// A file as it is and as it would be; bounded, `cut` says whether something is missing.
    Change {
        /// The path.
        path: String,
        /// The text before; none where the file is new.
        before: Option<String>,
        /// The text after.
        after: String,
        /// Whether the texts were shortened.
        cut: bool,
    },
    /// A command as it would be executed.
    Command {
        /// The arguments.
        argv: Vec<String>,
        /// Where.
        cwd: String,
        /// The walls around it, in words.
        sandbox: String,
        /// What it runs and opens, where that is more than one program.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parts: Vec<CommandPart>,
        /// The scripts that it names.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        scripts: Vec<Script>,
    },
    /// An HTTP request.
    Request {
        /// The method.
        method: String,
        /// The address.
        url: String,
    },
    /// The call would fail as things stand; told to the operator before they decide.
    WouldFail {
        /// Why.
        why: String,
    },
}

impl Preview {
    /// The scripts that it shows.
    pub fn scripts(&self) -> &[Script] {
        match self {
            Preview::Command { scripts, .. } => scripts,
            Preview::None | Preview::Change { .. } | Preview::Request { .. } | Preview::WouldFail { .. } => {
                &[]
            }
        }
    }
}

/// How a started call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It returned.
    Ok,
    /// It failed, and says so.
    Error,
    /// It ran into its time limit and was stopped.
    TimedOut,
    /// It was stopped, by the operator or because the program ended; what it had done stays done.
    Cancelled,
    /// The handler itself broke.
    Panicked,
}

/// What a call gave back: whole if small, else its head and tail with the whole in a blob.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Output {
    /// The text or its beginning.
    pub head: String,
    /// The end, where the middle was left out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tail: String,
    /// Bytes in all.
    pub size: u64,
    /// The whole, by content hash, where it is not all in `head`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob: Option<Hash>,
}

impl Output {
    /// The bytes kept of the beginning of a large output.
    pub const HEAD_MAX: usize = 16 * 1024;
    /// The bytes kept of the end of a large output.
    pub const TAIL_MAX: usize = 8 * 1024;

    /// Bounds a text; the second value is true where the whole belongs in a blob.
    pub fn bounded(text: String) -> (Output, bool) {
        let size = text.len() as u64;
        if text.len() <= Output::HEAD_MAX + Output::TAIL_MAX {
            return (Output { head: text, tail: String::new(), size, blob: None }, false);
        }
        let (head, rest) = text.split_at(text.floor_char_boundary(Output::HEAD_MAX));
        let (_, tail) = rest.split_at(rest.ceil_char_boundary(rest.len() - Output::TAIL_MAX));
        (Output { head: head.to_string(), tail: tail.to_string(), size, blob: None }, true)
    }

    /// The text that the model reads: head, what is left out, tail.
    pub fn for_model(&self) -> String {
        if self.tail.is_empty() && self.size == self.head.len() as u64 {
            return self.head.clone();
        }
        let left_out = self.size.saturating_sub((self.head.len() + self.tail.len()) as u64);
        format!("{}\n[… {left_out} of {} bytes left out …]\n{}", self.head, self.size, self.tail)
    }
}

/// Where a call stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CallState {
    /// To be judged (again, where its arguments were edited or its clearance lapsed).
    Proposed,
    /// Waits for the operator.
    Held,
    /// May start.
    Cleared {
        /// True where a person said so; false where the policy allowed it.
        by_person: bool,
    },
    /// Running, as far as the log knows.
    Started,
    /// Was running when its process stopped, and may be run again.
    Interrupted,
    /// Was running when its process stopped; nobody knows whether it happened.
    Unknown,
    /// Of another tool's session, which tells no end of it; nobody is asked to settle it.
    Unrecorded,
    /// Over.
    Ended(Ended),
}

/// How a call was over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ended {
    /// It ran.
    Ran(Outcome),
    /// It was never run: unknown tool, bad arguments, a cut reply.
    Refused,
    /// The policy denied it.
    Denied,
    /// The operator rejected it.
    Rejected,
    /// The operator answered in its place.
    Answered,
    /// The run ended before it started.
    Dropped,
    /// Outcome unknown, settled by the operator as having happened.
    Happened,
    /// Outcome unknown, given up by the operator.
    Abandoned,
    /// As another tool recorded it.
    Recorded(Recorded),
}

impl Ended {
    /// A word for the screen.
    pub fn word(&self) -> &'static str {
        match self {
            Ended::Ran(Outcome::Ok) => "done",
            Ended::Ran(Outcome::Error) => "error",
            Ended::Ran(Outcome::TimedOut) => "timed out",
            Ended::Ran(Outcome::Cancelled) => "cancelled",
            Ended::Ran(Outcome::Panicked) => "tool broke",
            Ended::Refused => "refused",
            Ended::Denied => "denied",
            Ended::Rejected => "rejected",
            Ended::Answered => "answered",
            Ended::Dropped => "dropped",
            Ended::Happened => "settled: happened",
            Ended::Abandoned => "given up",
            Ended::Recorded(end) => end.word(),
        }
    }
}

/// A person's word that clears a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: By,
    /// What exactly: see `Call::bound`.
    pub hash: Hash,
    /// Until when it may start.
    pub expires: Micros,
}

/// Who said something, and by what means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The operator's name.
    pub name: String,
    /// The means.
    pub via: Via,
}

/// The means by which an operator spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// A key pressed on the screen.
    Screen,
    /// A command in a terminal.
    Command,
    /// A flag given before the run, such as `--on-hold approve`.
    Flag,
}

impl std::fmt::Display for By {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let via = match self.via {
            Via::Screen => "screen",
            Via::Command => "command",
            Via::Flag => "flag",
        };
        write!(f, "{} ({via})", self.name)
    }
}

/// A call as the events tell it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Its ordinal in the session.
    pub id: CallId,
    /// The run it belongs to.
    pub run: RunNo,
    /// The id that pairs call and result on the wire; unique in the session.
    pub wire_id: String,
    /// The check that it is, where the harness makes it and not the model.
    pub check: Option<String>,
    /// Whether it was turned down by a flag, so that no person looked at it.
    pub unattended: bool,
    /// The tool.
    pub tool: String,
    /// What the model asked for.
    pub proposed: Args,
    /// What the operator made of it, where edited and not refused.
    pub edited: Option<Value>,
    /// Where it stands.
    pub state: CallState,
    /// What running it does.
    pub effect: Effect,
    /// Whether it can destroy what was there.
    pub destroys: bool,
    /// What it will touch, as last judged.
    pub touches: Vec<Touch>,
    /// The last verdict.
    pub verdict: Option<Verdict>,
    /// The hash of the action as last judged.
    pub hash: Option<Hash>,
    /// What the operator is shown.
    pub preview: Preview,
    /// Why an edit was not taken, where the policy denied it.
    pub edit_refused: Option<Verdict>,
    /// The person's word, if any.
    pub approval: Option<Approval>,
    /// The lease that cleared it, if one did.
    pub leased: Option<Leased>,
    /// What the next verdict asks of all that.
    pub consent: Consent,
    /// What the model reads as result.
    pub result: Option<String>,
    /// What it gave back.
    pub output: Option<Output>,
    /// When it was asked for.
    pub asked_at: Micros,
    /// When its present state began.
    pub since: Micros,
    /// How long it ran, in milliseconds, once it has ended.
    pub ran_ms: Option<u64>,
    /// What another tool's time of it covers; none for a call of this program.
    pub recorded_time: Option<RecordedTime>,
    /// How often it was started.
    pub starts: u32,
    /// Whether it was decided on or begun in the session that this one was forked from: whatever the policy says, it asks
    /// before it runs here, unless it only reads.
    pub carried: bool,
    /// Whether a fact has opened its span.
    pub opened: bool,
    /// How often a clearance lapsed: what is shown again is another showing, and a word about an earlier one does not count.
    pub lapses: u32,
    /// The last event about it.
    pub last: EventNo,
    /// The event that proposed it: its span.
    pub span: EventNo,
    /// The event that started it last: the span of the execution.
    pub started_span: EventNo,
}

impl Call {
    /// The arguments that would run now: the edited ones if there are any, else the proposed ones.
    pub fn args(&self) -> Option<&Value> {
        match (&self.edited, &self.proposed) {
            (Some(edited), _) => Some(edited),
            (None, Args::Json(value)) => Some(value),
            (None, Args::Broken(_)) => None,
        }
    }

    /// What a decision about it is bound to, with these arguments, in this folder, under this policy, with what was shown of
    /// the scripts that it runs.
    pub fn bound(&self, args: &Value, cwd: &str, policy: &str, shown: &Preview) -> Hash {
        let action = bound_to(action_hash(&self.tool, args, cwd, policy), shown.scripts());
        (0..self.lapses).fold(action, |hash, _| Hash::chained(hash, b"lapsed"))
    }

    /// Whether it is over.
    pub fn ended(&self) -> bool {
        matches!(self.state, CallState::Ended(_))
    }

    /// Whether running it may change files of the workspace: what it touches says so, or does not say anything.
    pub fn may_change_files(&self) -> bool {
        may_change_files(self.effect, &self.touches)
    }

    /// Whether this call must wait for `earlier`, asked for in the same reply and not over yet.
    /// Two calls that change things keep their order; one that only reads waits where it may read what the other changes.
    pub fn must_follow(&self, earlier: &Call) -> bool {
        if earlier.ended() {
            return false;
        }
        if self.effect != Effect::ReadOnly && earlier.effect != Effect::ReadOnly {
            return true;
        }
        self.touches.iter().any(|mine| earlier.touches.iter().any(|theirs| mine.conflicts(theirs)))
    }
}

/// Whether a call of this effect that touches this may change files of the workspace.
pub fn may_change_files(effect: Effect, touches: &[Touch]) -> bool {
    let changes = |touch: &Touch| match touch {
        Touch::Write { .. } | Touch::Command { .. } => true,
        Touch::Read { .. } | Touch::Host { .. } => false,
    };
    effect != Effect::ReadOnly && (touches.is_empty() || touches.iter().any(changes))
}

impl Call {
    /// Whether its process should still be running it.
    pub fn in_flight(&self) -> bool {
        self.state == CallState::Started
    }
}
