//! The kinds of facts by name, which facts are about a call, and which hold an output.

use crate::domain::call::Output;
use crate::domain::event::Fact;
use crate::domain::ids::CallId;

macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
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
        }
    };
}

kinds!(
    SessionOpened,
    SessionRenamed,
    SessionForked,
    WorkspaceKept,
    WorkspaceMissed,
    RestoreStarted,
    RestoreEnded,
    SessionMarked,
    WriterTaken,
    RunStarted,
    RunPaused,
    RunReleased,
    InterruptAsked,
    CancelAsked,
    StepAllowed,
    ModeSet,
    RunEnded,
    ModelAsked,
    ModelReplied,
    ModelFailed,
    CallRefused,
    CallJudged,
    CallEdited,
    CallApproved,
    CallRejected,
    CallAnswered,
    CallLapsed,
    CallStarted,
    CallEnded,
    CallInterrupted,
    CallUnknown,
    CallSettled,
    CallDropped,
    OperatorSaid,
    OperatorSteered,
    SessionImported,
    RunImported,
    CallRecorded,
    ForeignRecord,
    ImportTaken,
    BreakpointSet,
    BreakpointRemoved,
    BreakpointHit,
    NoteAdded,
    NoteRemoved,
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
            | Fact::NoteRemoved { .. }
            | Fact::Unknown { .. } => None,
        }
    }
}
