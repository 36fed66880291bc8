//! What a key can do, by what it is about: the words that handling, table and help share.

/// What a key can do, by what it is about. Each is said in a sentence in the table below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Scrolling and choosing.
    Move(Move),
    /// The chosen item, and finding one.
    Item(Item),
    /// Which pane has the keys.
    Go(Go),
    /// What the run does next.
    Steer(Steer),
    /// The call that waits.
    Decide(Decide),
    /// The argument editor.
    Editor(Editor),
    /// Text being written.
    Text(Text),
    /// The position of a replay.
    Seek(Seek),
    /// The keys that count here.
    Help,
    /// Actions by name.
    Palette,
    /// Leave.
    Quit,
    /// Back to the shell.
    Suspend,
    /// Draw every cell anew.
    Redraw,
    /// The topmost thing closes.
    Close,
    /// Write to the agent.
    Write,
    /// The sessions list.
    Sessions,
    /// The theme picker.
    Themes,
    /// An empty workbench.
    NewSession,
    /// Another title.
    Rename,
    /// Begin or leave a replay.
    Replay,
    /// Another session from here.
    Fork,
    /// Mark a session, or compare it with the marked one.
    Compare,
    /// Breakpoints, and notes for the model.
    Stops(Stops),
    /// Leases.
    Lease(Lease),
    /// An event looked at closely.
    Inspect(Inspect),
    /// The holds of all sessions.
    Inbox(Tray),
    /// The sessions screen.
    List(List),
}

/// An event looked at closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in a sentence in the table")]
pub enum Inspect {
    Open,
    NextEvent,
    PreviousEvent,
    NextSection,
    PreviousSection,
    Request,
    Call,
    Raw,
    Pager,
    Editor,
}

/// The inbox, and its batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in a sentence in the table")]
pub enum Tray {
    Open,
    Close,
    Case,
    List,
    Mark,
    Yes,
    No,
    Confirm,
    Send,
    Watch,
    Resume,
}

/// The sessions screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in a sentence in the table")]
pub enum List {
    Search,
    Order,
    Keep,
    NextTab,
    PreviousTab,
    Tab,
    Tree,
    Mark,
    MarkAll,
    Rename,
    Tags,
    Put,
    Pin,
    Archive,
    TakeBack,
    Delete,
    Purge,
    Undo,
    Rules,
    OtherRule,
    Export,
    Jsonl,
    Md,
    Html,
    Atif,
}

/// Breakpoints, and notes for the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in a sentence in the table")]
pub enum Stops {
    Open,
    Until,
    Set,
    Remove,
    Note,
    Extend,
    Compact,
    UndoCompact,
}

/// Leases: the list, and what is done with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in a sentence in the table")]
pub enum Lease {
    Page,
    Grant,
    Newline,
    Revoke,
}

/// Scrolling and choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in a sentence in the table")]
pub enum Move {
    Down,
    Up,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    Top,
    Bottom,
    Left,
    Right,
}

/// The chosen item, and finding one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in a sentence in the table")]
pub enum Item {
    Open,
    Same,
    Copy,
    Search,
    NextHit,
    PreviousHit,
}

/// Which pane has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in a sentence in the table")]
pub enum Go {
    NextPane,
    PreviousPane,
    ShowConversation,
    ShowTrace,
    ShowCalls,
    ShowApproval,
    Zoom,
}

/// What the run does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in a sentence in the table")]
pub enum Steer {
    Step,
    Continue,
    Pause,
    Interrupt,
    ModeAsk,
    ModeAuto,
    EndTask,
}

/// What is done with a waiting call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in a sentence in the table")]
pub enum Decide {
    Approve,
    Edit,
    Reject,
    Respond,
    Always,
    Happened,
    RunAgain,
    GiveUp,
}

/// What is done with edited arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in a sentence in the table")]
pub enum Editor {
    ApproveEdited,
    ForkEdited,
    ShowDifference,
}

/// What is done with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in a sentence in the table")]
pub enum Text {
    Send,
    SendNow,
    Newline,
    Older,
    Newer,
}

/// Where a replay goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in a sentence in the table")]
pub enum Seek {
    Play,
    EventBack,
    EventForward,
    CallBack,
    CallForward,
    HoldBack,
    HoldForward,
    TurnBack,
    TurnForward,
    FaultBack,
    FaultForward,
    Type,
    Slower,
    Faster,
    Tenth,
    Start,
    End,
}
