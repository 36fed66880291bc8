//! Where the keys go: panes, what may lie over them, the one-line questions, and the contexts that keys count in.

use crate::domain::event::Settling;
use crate::domain::hash::Hash;
use crate::domain::ids::CallId;
use crate::domain::inbox::HoldId;
use crate::ui::forking::{ForkPoint, Twisting};

/// A part of the workbench.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pane {
    /// What was said, and what is being said; key `1`.
    #[default]
    Conversation,
    /// The timeline; key `2`.
    Trace,
    /// The tool calls and how each stands; key `3`.
    Calls,
    /// The call that waits for a decision; key `4`.
    Approval,
    /// The list of the inbox, in the place of the workbench.
    Inbox,
}

impl Pane {
    /// The panes of the workbench, in the order of their keys.
    pub const ALL: [Pane; 4] = [Pane::Conversation, Pane::Trace, Pane::Calls, Pane::Approval];

    /// The title shown.
    pub fn title(self) -> &'static str {
        match self {
            Pane::Conversation => "Conversation",
            Pane::Trace => "Timeline",
            Pane::Calls => "Calls",
            Pane::Approval => "Decision",
            Pane::Inbox => "Inbox",
        }
    }
}

/// What has the keys when nothing lies over the workbench.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Focus {
    /// A pane.
    Pane(Pane),
    /// The text for the agent.
    Composer,
}

/// What a one-line question is about, and all that its answer will send: nothing of it outlives the question.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Why a call is rejected; may be left empty.
    Reject(CallId),
    /// The answer in the tool's place.
    Respond(CallId),
    /// The word that a destructive call wants.
    Confirm {
        /// The call.
        call: CallId,
        /// The action as it was shown when the word was asked for.
        hash: Hash,
        /// The arguments as edited; none where the call is approved as shown.
        edited: Option<serde_json::Value>,
    },
    /// A note for the model on how an unknown outcome is settled; may be left empty.
    Settle(CallId, Settling),
    /// What to look for in the focused pane.
    Search,
    /// Another title for the watched session.
    Rename,
    /// A note for the next request.
    Note,
    /// How much more than its limit a task is given.
    Extend {
        /// What was wrong with what was typed before.
        wrong: Option<String>,
    },
    /// Where a replay is to go.
    Jump,
    /// What is to be other in a fork, and from where it is made.
    Fork(Twisting, ForkPoint),
    /// Why a hold of the inbox is marked so; may be left empty.
    Mark {
        /// How it is marked.
        how: Marking,
        /// The hold.
        id: HoldId,
        /// The hold in words.
        name: String,
    },
}

/// How a hold is marked where a reason or a note goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Marking {
    /// To be rejected.
    Reject,
    /// As happened.
    Happened,
    /// To be given up.
    GiveUp,
}

impl Ask {
    /// The call it is about, if it is about one.
    pub fn call(&self) -> Option<CallId> {
        match self {
            Ask::Reject(call) | Ask::Respond(call) | Ask::Confirm { call, .. } | Ask::Settle(call, _) => {
                Some(*call)
            }
            Ask::Search
            | Ask::Rename
            | Ask::Note
            | Ask::Extend { .. }
            | Ask::Jump
            | Ask::Fork(..)
            | Ask::Mark { .. } => None,
        }
    }
}

/// What is pressed twice: the first press asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Twice {
    /// Leave the program.
    Quit,
    /// Interrupt while something with a side effect runs.
    Interrupt,
    /// Remove sessions for good.
    Purge,
    /// End the task for good.
    EndTask,
    /// Leave what was changed in an editor behind.
    Discard,
    /// Keep retention rules that would let sessions go.
    Keep,
    /// Take a mark away with the reason that was written for it.
    Unmark,
}

/// Where a key counts. A key is looked up in the contexts of the moment from the most special to `Global`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// Everywhere.
    Global,
    /// On the workbench, unless text is being written.
    Workbench,
    /// The conversation has the keys.
    Conversation,
    /// The timeline has the keys.
    Trace,
    /// The calls have the keys.
    Calls,
    /// A call waits for approval and has the keys.
    Approval,
    /// A call of unknown outcome has the keys.
    Unknown,
    /// The run stands at a breakpoint and nothing else waits.
    Stopped,
    /// A limit, a loop or a check that fails holds the run, and nothing else waits.
    Reined,
    /// A stored session is played.
    Replay,
    /// The text for the agent is being written.
    Composer,
    /// A one-line question is being answered.
    Question,
    /// The argument editor is open.
    Editor,
    /// The argument editor is open on a call of a fork that is to be made.
    ForkEditor,
    /// The sessions list is open.
    Sessions,
    /// The filter of the sessions list is being typed.
    SessionsFilter,
    /// What is looked for in all sessions is being typed.
    SessionsSearch,
    /// A title or tags for sessions are being typed.
    SessionsInput,
    /// The form of exported sessions is chosen.
    SessionsExport,
    /// The retention rules are changed.
    Retention,
    /// Two sessions are compared.
    Compare,
    /// An event is looked at closely.
    Inspector,
    /// A list to choose from is open: palette or themes.
    Choose,
    /// The breakpoints are open.
    Breaks,
    /// A lease is being written.
    Lease,
    /// The leases are listed.
    Leases,
    /// The list of the inbox has the keys.
    Inbox,
    /// The chosen hold of the inbox has the keys.
    InboxCase,
    /// A batch is to be confirmed.
    Batch,
    /// A batch was sent: what became of it.
    BatchSent,
    /// The help is open.
    Help,
}

impl Context {
    /// All contexts, as the help shows them.
    pub const ALL: [Context; 31] = [
        Context::Workbench,
        Context::Approval,
        Context::Unknown,
        Context::Stopped,
        Context::Reined,
        Context::Conversation,
        Context::Trace,
        Context::Calls,
        Context::Composer,
        Context::Editor,
        Context::ForkEditor,
        Context::Question,
        Context::Replay,
        Context::Sessions,
        Context::SessionsFilter,
        Context::SessionsSearch,
        Context::SessionsInput,
        Context::SessionsExport,
        Context::Retention,
        Context::Compare,
        Context::Inspector,
        Context::Choose,
        Context::Breaks,
        Context::Lease,
        Context::Leases,
        Context::Inbox,
        Context::InboxCase,
        Context::Batch,
        Context::BatchSent,
        Context::Help,
        Context::Global,
    ];

    /// The name in a keymap file: `[keys.<name>]`.
    pub fn name(self) -> &'static str {
        match self {
            Context::Global => "global",
            Context::Workbench => "workbench",
            Context::Conversation => "conversation",
            Context::Trace => "timeline",
            Context::Calls => "calls",
            Context::Approval => "approval",
            Context::Unknown => "unknown",
            Context::Stopped => "stopped",
            Context::Reined => "held",
            Context::Replay => "replay",
            Context::Composer => "composer",
            Context::Question => "question",
            Context::Editor => "editor",
            Context::ForkEditor => "fork-editor",
            Context::Sessions => "sessions",
            Context::SessionsFilter => "sessions-filter",
            Context::SessionsSearch => "sessions-search",
            Context::SessionsInput => "sessions-input",
            Context::SessionsExport => "sessions-export",
            Context::Retention => "retention",
            Context::Compare => "compare",
            Context::Inspector => "inspector",
            Context::Choose => "choose",
            Context::Breaks => "breakpoints",
            Context::Lease => "lease",
            Context::Leases => "leases",
            Context::Inbox => "inbox",
            Context::InboxCase => "inbox-hold",
            Context::Batch => "batch",
            Context::BatchSent => "batch-sent",
            Context::Help => "help",
        }
    }

    /// The title in the help.
    pub fn title(self) -> &'static str {
        match self {
            Context::Global => "Everywhere",
            Context::Workbench => "Workbench",
            Context::Conversation => "Conversation",
            Context::Trace => "Timeline",
            Context::Calls => "Calls",
            Context::Approval => "A call that waits for you",
            Context::Unknown => "A call of unknown outcome",
            Context::Stopped => "Standing at a breakpoint",
            Context::Reined => "Held by a limit, a loop or a check",
            Context::Replay => "Replay",
            Context::Composer => "Writing to the agent",
            Context::Question => "Answering a question",
            Context::Editor => "Editing arguments",
            Context::ForkEditor => "Editing arguments for a fork",
            Context::Sessions => "Sessions",
            Context::SessionsFilter => "Filtering sessions",
            Context::SessionsSearch => "Searching in all sessions",
            Context::SessionsInput => "A title or tags for sessions",
            Context::SessionsExport => "Exporting sessions",
            Context::Retention => "How long sessions are kept",
            Context::Compare => "Two sessions compared",
            Context::Inspector => "An event looked at closely",
            Context::Choose => "Choosing from a list",
            Context::Breaks => "Breakpoints",
            Context::Lease => "Writing a lease",
            Context::Leases => "Leases",
            Context::Inbox => "Inbox",
            Context::InboxCase => "A hold of the inbox",
            Context::Batch => "Confirming a batch",
            Context::BatchSent => "What became of a batch",
            Context::Help => "Help",
        }
    }

    /// Whether printable keys are text here.
    pub fn is_text(self) -> bool {
        match self {
            Context::Composer
            | Context::Question
            | Context::Editor
            | Context::ForkEditor
            | Context::SessionsFilter
            | Context::SessionsSearch
            | Context::SessionsInput
            | Context::Retention
            | Context::Choose
            | Context::Breaks
            | Context::Lease
            | Context::Batch => true,
            Context::Global
            | Context::Workbench
            | Context::Conversation
            | Context::Trace
            | Context::Calls
            | Context::Approval
            | Context::Unknown
            | Context::Stopped
            | Context::Reined
            | Context::Replay
            | Context::Sessions
            | Context::SessionsExport
            | Context::Compare
            | Context::Inspector
            | Context::Inbox
            | Context::InboxCase
            | Context::Leases
            | Context::BatchSent
            | Context::Help => false,
        }
    }
}
