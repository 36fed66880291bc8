//! The kinds of facts by name and by family, which facts are about a call, and which hold an output.

use crate::domain::call::Output;
use crate::domain::event::Fact;
use crate::domain::ids::CallId;
use crate::domain::message::AskedCall;

/// What a kind of fact is about: folds take the kinds of a family in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The session itself, and who writes it.
    Session,
    /// The files of its workspace.
    Files,
    /// What another tool recorded.
    Import,
    /// A run, and how a person drives it.
    Run,
    /// The model's turns.
    Model,
    /// A call.
    Call,
    /// Breakpoints, and notes for the next request.
    Stops,
    /// Limits and circles: what holds a run, or will.
    Reins,
    /// How much of the conversation the model is sent.
    Context,
    /// Leases, as they are given and taken back.
    Lease,
    /// A kind that this program does not know.
    Unknown,
}

macro_rules! kinds {
    ($($kind:ident: $family:ident),* $(,)?) => {
        /// The kinds this program knows, as stored.
        pub const KINDS: &[&str] = &[$(stringify!($kind)),*];

        impl Fact {
            /// The kind's name, as stored.
            pub fn kind(&self) -> &str {
                match self {
                    $(Fact::$kind { .. } => stringify!($kind),)*
                    Fact::Unknown { kind, .. } => kind,
                }
            }

            /// The family of the kind.
            pub fn family(&self) -> Family {
                match self {
                    $(Fact::$kind { .. } => Family::$family,)*
                    Fact::Unknown { .. } => Family::Unknown,
                }
            }
        }
    };
}

kinds!(
    SessionOpened: Session,
    SessionRenamed: Session,
    SessionForked: Session,
    WorkspaceKept: Files,
    WorkspaceMissed: Files,
    RestoreStarted: Files,
    RestoreEnded: Files,
    SessionMarked: Session,
    WriterTaken: Session,
    RunStarted: Run,
    RunPaused: Run,
    RunReleased: Run,
    InterruptAsked: Run,
    CancelAsked: Run,
    StepAllowed: Run,
    ModeSet: Run,
    RunEnded: Run,
    ModelAsked: Model,
    ModelReplied: Model,
    ModelFailed: Model,
    CallRefused: Call,
    CallJudged: Call,
    CallEdited: Call,
    CallApproved: Call,
    CallRejected: Call,
    CallAnswered: Call,
    CallLapsed: Call,
    CallStarted: Call,
    CallEnded: Call,
    CallInterrupted: Call,
    CallUnknown: Call,
    CallSettled: Call,
    CallDropped: Call,
    OperatorSaid: Run,
    OperatorSteered: Run,
    SessionImported: Import,
    RunImported: Import,
    CallRecorded: Import,
    ForeignRecord: Import,
    ImportTaken: Import,
    BreakpointSet: Stops,
    BreakpointRemoved: Stops,
    BreakpointHit: Stops,
    NoteAdded: Stops,
    NoteRemoved: Stops,
    RunHeld: Reins,
    BudgetNeared: Reins,
    BudgetExtended: Reins,
    LoopSeen: Reins,
    CheckAsked: Reins,
    CompactOrdered: Context,
    CompactAsked: Context,
    ContextCompacted: Context,
    CompactFailed: Context,
    CompactionUndone: Context,
    LeaseGranted: Lease,
    LeaseUsed: Call,
    LeaseRevoked: Lease,
);

impl Fact {
    /// Whether the program knows a stored kind.
    pub fn knows(kind: &str) -> bool {
        KINDS.contains(&kind)
    }

    /// What came of a call, or what another tool recorded: the output that the fact holds, if it holds one.
    pub fn output(&self) -> Option<&Output> {
        if let Fact::CallEnded { output, .. } | Fact::CallRecorded { output, .. } = self {
            Some(output)
        } else if let Fact::ForeignRecord { raw, .. } = self {
            Some(raw)
        } else {
            None
        }
    }

    /// The calls that begin with the fact: those that a reply asks for, or a check.
    pub fn asks(&self) -> impl Iterator<Item = (CallId, &AskedCall)> {
        let (ids, asked): (&[CallId], &[AskedCall]) = if let Fact::ModelReplied { reply, calls } = self {
            (calls, &reply.calls)
        } else if let Fact::CheckAsked { call, asked, .. } = self {
            (std::slice::from_ref(call), std::slice::from_ref(asked))
        } else {
            (&[], &[])
        };
        ids.iter().copied().zip(asked)
    }

    /// The call that the fact is about, if it is about one.
    pub fn call(&self) -> Option<CallId> {
        match self {
            Fact::CallRefused { call, .. }
            | Fact::CallJudged { call, .. }
            | Fact::CallEdited { call, .. }
            | Fact::CallApproved { call, .. }
            | Fact::CallRejected { call, .. }
            | Fact::CallAnswered { call, .. }
            | Fact::CallLapsed { call, .. }
            | Fact::CallStarted { call, .. }
            | Fact::CallEnded { call, .. }
            | Fact::CallInterrupted { call }
            | Fact::CallUnknown { call }
            | Fact::CallSettled { call, .. }
            | Fact::CallRecorded { call, .. }
            | Fact::LeaseUsed { call, .. }
            | Fact::CallDropped { call } => Some(*call),
            Fact::SessionOpened { .. }
            | Fact::SessionRenamed { .. }
            | Fact::SessionForked { .. }
            | Fact::WorkspaceKept { .. }
            | Fact::WorkspaceMissed { .. }
            | Fact::RestoreStarted { .. }
            | Fact::RestoreEnded { .. }
            | Fact::SessionMarked { .. }
            | Fact::WriterTaken { .. }
            | Fact::RunStarted { .. }
            | Fact::RunPaused { .. }
            | Fact::RunReleased { .. }
            | Fact::InterruptAsked { .. }
            | Fact::CancelAsked { .. }
            | Fact::StepAllowed { .. }
            | Fact::ModeSet { .. }
            | Fact::RunEnded { .. }
            | Fact::ModelAsked { .. }
            | Fact::ModelReplied { .. }
            | Fact::ModelFailed { .. }
            | Fact::OperatorSaid { .. }
            | Fact::OperatorSteered { .. }
            | Fact::SessionImported { .. }
            | Fact::RunImported { .. }
            | Fact::ForeignRecord { .. }
            | Fact::ImportTaken { .. }
            | Fact::BreakpointSet { .. }
            | Fact::BreakpointRemoved { .. }
            | Fact::BreakpointHit { .. }
            | Fact::NoteAdded { .. }
            | Fact::RunHeld { .. }
            | Fact::BudgetNeared { .. }
            | Fact::BudgetExtended { .. }
            | Fact::LoopSeen { .. }
            | Fact::CheckAsked { .. }
            | Fact::CompactOrdered { .. }
            | Fact::CompactAsked { .. }
            | Fact::ContextCompacted { .. }
            | Fact::CompactFailed { .. }
            | Fact::CompactionUndone { .. }
            | Fact::NoteRemoved { .. }
            | Fact::LeaseGranted { .. }
            | Fact::LeaseRevoked { .. }
            | Fact::Unknown { .. } => None,
        }
    }
}
