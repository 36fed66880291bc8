//! Every fact that can happen to a session; the only thing ever stored.
//!
//! Kinds and fields are only ever added. A kind that this program does not know loads as `Fact::Unknown` and is shown as such.

use crate::domain::breakpoint::Why;
use crate::domain::budget::{Scope, Unit};
use crate::domain::call::{By, Outcome, Output, Preview};
use crate::domain::compaction::{Compacted, SummaryAsked};
use crate::domain::fault::Fault;
use crate::domain::foreign::{Recorded, RecordedTime, Sort};
use crate::domain::hash::Hash;
use crate::domain::held::{Held, Share};
use crate::domain::ids::{BreakNo, CallId, Epoch, EventNo, LeaseNo, NoteNo, RunNo, SessionId};
use crate::domain::marks::Mark;
use crate::domain::message::{AskedCall, Reply};
use crate::domain::policy::{Mode, Verdict};
use crate::domain::purse::Ahead;
use crate::domain::retry::AfterFault;
use crate::domain::rounds::Seen;
use crate::domain::route::Route;
use crate::domain::time::Micros;
use crate::domain::titling::Titled;
use crate::domain::tool_spec::{Effect, Touch};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::domain::event_kinds::KINDS;
pub use crate::domain::limits::Limits;

/// One fact in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its place in the session, from 1, without gaps.
    pub no: EventNo,
    /// When.
    pub at: Micros,
    /// The run it belongs to; 0 for the session itself.
    pub run: RunNo,
    /// The span it belongs to, named by the event that opened it.
    pub span: EventNo,
    /// The span that holds that span; 0 for the root.
    pub parent: EventNo,
    /// What happened.
    pub fact: Fact,
}

/// Where a session came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The session it was forked from or delegated by.
    pub session: SessionId,
    /// The event there.
    pub at: EventNo,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// The model said it was done.
    Done,
    /// A fault that could not be mended.
    Failed,
    /// The operator stopped it.
    Cancelled,
    /// A limit was reached.
    BudgetStopped,
}

/// Why a run ended, by type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum EndReason {
    /// The model stopped with an answer.
    Answered,
    /// The model stopped with an answer, and what was to be checked then was.
    Checked {
        /// The checks that passed.
        passed: Vec<String>,
        /// Those that a person said not to run, or to go on without.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        waived: Vec<String>,
    },
    /// The model stopped without a word or a call.
    EmptyReply,
    /// The answer was cut at the model's length limit.
    Truncated,
    /// The provider held the answer back.
    Filtered,
    /// The model stopped for a reason this program does not know.
    OddFinish {
        /// The provider's word.
        finish: String,
    },
    /// The model could not be asked.
    ModelFailed {
        /// The last fault.
        fault: Fault,
    },
    /// The step limit was reached.
    StepLimit {
        /// The limit.
        steps: u32,
    },
    /// The operator cancelled it.
    Operator {
        /// Who.
        by: By,
    },
    /// Another tool's record tells it.
    Recorded {
        /// What the record says.
        words: String,
    },
}

/// What the operator made of an unknown outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settling {
    /// It did happen; it is not run again.
    Happened,
    /// Run it again.
    Again,
    /// Give it up; it is not run again.
    Abandon,
}

/// Why a clearance no longer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lapse {
    /// The approval was too old.
    Expired,
    /// The policy, the folder or the arguments are not those that were approved.
    Changed,
    /// What it would change is not what was shown.
    TargetChanged,
    /// The lease that cleared it was revoked, or its time is past.
    LeaseOver,
}

/// Why a call is not even judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BadCall {
    /// No tool of that name.
    UnknownTool {
        /// The names there are.
        known: String,
    },
    /// The arguments are not JSON.
    NotJson {
        /// What the parser said.
        why: String,
    },
    /// The arguments miss the schema.
    Schema {
        /// A JSON pointer to the bad place.
        path: String,
        /// What is wrong there.
        why: String,
    },
    /// The reply was cut at the length limit, so the call may be cut too.
    Truncated,
}

/// One kind of fact with its data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum Fact {
    /// A session began.
    SessionOpened {
        title: String,
        agent: String,
        workspace: String,
        #[serde(default)]
        instructions: String,
        #[serde(default)]
        parent: Option<Parent>,
        program: String,
    },
    /// The operator gave the session another title.
    SessionRenamed {
        title: String,
        by: By,
        /// The model that was asked for it, where one was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<Box<Titled>>,
    },
    /// The session begins as a copy: all facts before this one are the parent's, told again so that this log stands
    /// alone. `hash` is the parent's hash at the event; the copies have the same, byte for byte. They decide and do
    /// nothing here: see `Session::fork`.
    SessionForked {
        parent: Parent,
        hash: Hash,
        workspace: String,
        #[serde(default)]
        files: Option<Hash>,
        #[serde(default)]
        model: Option<String>,
        #[serde(default)]
        instructions: Option<String>,
        by: By,
        program: String,
    },
    /// The files of the workspace were kept as they are now; a fork or a restore finds them by the manifest's hash.
    WorkspaceKept { manifest: Hash, files: u64, bytes: u64, left_out: u64 },
    /// The files could not be kept; what follows cannot be put back.
    WorkspaceMissed { why: String },
    /// The operator is about to put the files back as they were at an event; `before` is how they are now.
    RestoreStarted { manifest: Hash, before: Hash, at: EventNo, by: By },
    /// The files were put back as far as they could be.
    RestoreEnded { changed: u64, failed: u64, by: By },
    /// The operator marked the session.
    SessionMarked { mark: Mark, by: By },
    /// A worker took the writer lease.
    WriterTaken { holder: String, epoch: Epoch },
    /// A task began.
    RunStarted {
        input: String,
        mode: Mode,
        limits: Limits,
        model: String,
        /// Where the model was asked, as it may be shown: never a key, never a query.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base_url: Option<String>,
    },
    /// The operator paused the run: nothing new starts.
    RunPaused { by: By },
    /// The operator let the run go on.
    RunReleased { by: By },
    /// The operator stopped what is under way; the run then waits.
    InterruptAsked { by: By },
    /// The operator cancelled the run.
    CancelAsked { by: By },
    /// The operator allowed one step of a stepping run.
    StepAllowed { by: By },
    /// The operator changed the mode.
    ModeSet { mode: Mode, by: By },
    /// The run is over.
    RunEnded { status: RunStatus, why: EndReason },
    /// The model is about to be asked.
    ModelAsked {
        model: String,
        attempt: u32,
        messages: u64,
        request: Hash,
        /// What the request has around its messages (tools, settings, the server's dialect), as content under this hash: with
        /// it the exact bytes can be made again from the log.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        frame: Option<Hash>,
        /// The operator's notes that join the conversation with this request.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<NoteNo>,
        /// Where it is asked and with which credential, by name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        route: Option<Route>,
        /// What is set aside for it, where something is limited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ahead: Option<Ahead>,
    },
    /// The model answered.
    ModelReplied { reply: Reply, calls: Vec<CallId> },
    /// The request failed.
    ModelFailed { fault: Fault, attempt: u32, then: AfterFault },
    /// A call is not run, and the model is told why.
    CallRefused { call: CallId, why: BadCall },
    /// The policy spoke.
    CallJudged {
        call: CallId,
        verdict: Verdict,
        hash: Hash,
        effect: Effect,
        #[serde(default)]
        destroys: bool,
        #[serde(default)]
        touches: Vec<Touch>,
        #[serde(default)]
        preview: Preview,
        /// What held its programs then, by the profile's name; empty where nothing was said of it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        sandbox: String,
    },
    /// The operator changed the arguments; they are judged again before anything runs.
    CallEdited { call: CallId, args: Value, by: By },
    /// The operator approved exactly this action.
    CallApproved { call: CallId, hash: Hash, by: By, expires: Micros },
    /// The operator rejected the call.
    CallRejected { call: CallId, by: By, reason: String },
    /// The operator answered in the tool's place.
    CallAnswered { call: CallId, by: By, text: String },
    /// A clearance no longer counts; the call is judged again.
    CallLapsed { call: CallId, why: Lapse },
    /// The call is about to run.
    CallStarted { call: CallId, hash: Hash, key: String },
    /// The call is over.
    CallEnded { call: CallId, outcome: Outcome, output: Output, ms: u64 },
    /// The call's process stopped; running it again is safe.
    CallInterrupted { call: CallId },
    /// The call's process stopped; nobody knows whether it happened.
    CallUnknown { call: CallId },
    /// The operator settled an unknown outcome.
    CallSettled { call: CallId, how: Settling, by: By, note: String },
    /// The run ended before the call started.
    CallDropped { call: CallId },
    /// The operator wrote while the agent worked; taken up when the run ends.
    OperatorSaid { text: String, by: By },
    /// The operator wrote to the working agent; read before its next turn.
    OperatorSteered { text: String, by: By },
    /// The session was another tool's; only an importer says so, and only in the session's first commit.
    SessionImported {
        tool: String,
        #[serde(default)]
        version: String,
        id: String,
        source: String,
        #[serde(default)]
        parent: String,
    },
    /// A task was given to another tool. Its mode and its limits are not recorded there.
    RunImported { input: String, model: String },
    /// A call is over, as another tool recorded it. Who allowed it, if anybody, is not recorded there.
    CallRecorded {
        call: CallId,
        end: Recorded,
        output: Output,
        #[serde(default)]
        ms: Option<u64>,
        time: RecordedTime,
    },
    /// A record of another tool that is no event here: kept as it is, bounded.
    ForeignRecord { sort: Sort, label: String, place: u64, raw: Output },
    /// An importer has read the source: what it took this time, by short hashes, so that it is taken once.
    ImportTaken { read: Micros, records: u64, marks: String },
    /// The operator set a breakpoint: `spec` is what was typed, in its one form.
    BreakpointSet { no: BreakNo, spec: String, by: By },
    /// The operator took a breakpoint away.
    BreakpointRemoved { no: BreakNo, by: By },
    /// The run stopped before its next step: nothing new starts until a person lets it go on.
    BreakpointHit { no: BreakNo, spec: String, call: Option<CallId>, why: Why },
    /// The operator wrote a note that joins the next request.
    NoteAdded { no: NoteNo, text: String, by: By },
    /// The operator took a note back before it was sent.
    NoteRemoved { no: NoteNo, by: By },
    /// The run is held before the model is asked: nothing new starts until a person answers.
    RunHeld { why: Held },
    /// With the request that is about to be sent limits come near; each is told once.
    BudgetNeared { near: Vec<Share> },
    /// The operator set another limit for this session; none takes it away.
    BudgetExtended { scope: Scope, unit: Unit, to: Option<u64>, by: By },
    /// The run goes in circles; the model reads so before its next turn.
    LoopSeen { seen: Seen },
    /// The model says that it is done, and the harness makes a call of its own: a check of the task, in this round of them.
    CheckAsked { call: CallId, name: String, round: u16, asked: AskedCall },
    /// The operator wishes the conversation shorter before the next request.
    CompactOrdered { by: By },
    /// A model is about to be asked for a summary of the older part of the conversation.
    CompactAsked(Box<SummaryAsked>),
    /// From now on the model is sent less of the conversation; the log keeps all of it.
    ContextCompacted(Box<Compacted>),
    /// No summary came: the conversation stays as it was.
    CompactFailed { fault: Fault, attempt: u32, then: AfterFault },
    /// The operator took the last compaction back.
    CompactionUndone { by: By },
    /// The operator granted the next calls like one that waited. `pattern` is what was typed, in its one form; it holds under
    /// this policy and these walls, below `root`, so many times, until the run ends or, where it is `lasting`, the session.
    LeaseGranted {
        no: LeaseNo,
        tool: String,
        pattern: String,
        root: String,
        uses: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Micros>,
        #[serde(default)]
        lasting: bool,
        policy: String,
        /// The scripts that the waiting call named, as they were shown, under one hash: others ask.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scripts: Option<Hash>,
        call: CallId,
        by: By,
    },
    /// A lease answered for a call that asks: it may run once, as exactly this action. `by` is who gave the lease.
    LeaseUsed { lease: LeaseNo, call: CallId, hash: Hash, nth: u32, of: u32, by: By },
    /// The operator took a lease back.
    LeaseRevoked { lease: LeaseNo, by: By },
    /// A kind that this program does not know.
    #[serde(skip)]
    Unknown { kind: String, data: Value },
}
