//! The table of keys: where each counts, what it does, how it is called. Handling, key line, help and palette read it.

use crate::ui::mode::Context;

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
    Happened,
    RunAgain,
    GiveUp,
}

/// What is done with edited arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in a sentence in the table")]
pub enum Editor {
    ApproveEdited,
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
    Slower,
    Faster,
    Tenth,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Where it counts.
    pub context: Context,
    /// What it does.
    pub action: Action,
    /// The action's name in a keymap file.
    pub name: &'static str,
    /// The keys, as `Key::parse_chord` reads them; none where only the palette has it.
    pub keys: &'static [&'static str],
    /// A word or two for the key line; empty where it is not shown there.
    pub label: &'static str,
    /// A sentence for help and palette.
    pub help: &'static str,
}

const fn row(
    context: Context,
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    label: &'static str,
    help: &'static str,
) -> Binding {
    Binding { context, action, name, keys, label, help }
}

use Action as A;
use Context as C;

/// Every key. Within a context the order is that of the key line and of the help.
pub const BINDINGS: &[Binding] = &[
    row(
        C::Approval,
        A::Decide(Decide::Approve),
        "approve",
        &["y"],
        "approve",
        "Approve this call, exactly as shown.",
    ),
    row(
        C::Approval,
        A::Decide(Decide::Edit),
        "edit",
        &["e"],
        "edit",
        "Change the arguments before they run.",
    ),
    row(
        C::Approval,
        A::Decide(Decide::Reject),
        "reject",
        &["n"],
        "reject",
        "Reject the call; the model reads the reason.",
    ),
    row(C::Approval, A::Decide(Decide::Respond), "respond", &["r"], "respond", "Answer in the tool's place."),
    row(
        C::Unknown,
        A::Decide(Decide::Happened),
        "happened",
        &["y"],
        "it happened",
        "It did happen: go on without running it.",
    ),
    row(
        C::Unknown,
        A::Decide(Decide::RunAgain),
        "run-again",
        &["r"],
        "run again",
        "Run it again; it may then happen twice.",
    ),
    row(
        C::Unknown,
        A::Decide(Decide::GiveUp),
        "give-up",
        &["n"],
        "give up",
        "Give it up; the model reads that it is unknown.",
    ),
    row(C::Replay, A::Seek(Seek::Play), "play", &["Space"], "play/pause", "Play or pause."),
    row(C::Replay, A::Seek(Seek::EventBack), "event-back", &["Left"], "", "One event back."),
    row(C::Replay, A::Seek(Seek::EventForward), "event-forward", &["Right"], "event", "One event on."),
    row(C::Replay, A::Seek(Seek::CallBack), "call-back", &["["], "", "To the call before."),
    row(C::Replay, A::Seek(Seek::CallForward), "call-forward", &["]"], "call", "To the next call."),
    row(C::Replay, A::Seek(Seek::HoldBack), "hold-back", &["{"], "", "To the hold or fault before."),
    row(
        C::Replay,
        A::Seek(Seek::HoldForward),
        "hold-forward",
        &["}"],
        "hold/fault",
        "To the next hold or fault.",
    ),
    row(C::Replay, A::Seek(Seek::Slower), "slower", &["<"], "", "Play slower."),
    row(C::Replay, A::Seek(Seek::Faster), "faster", &[">"], "speed", "Play faster."),
    row(
        C::Replay,
        A::Seek(Seek::Tenth),
        "tenth",
        &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        "",
        "To so many tenths of the session.",
    ),
    row(
        C::Conversation,
        A::Item(Item::Open),
        "open",
        &["Enter"],
        "unfold",
        "Show the chosen item whole, or fold it.",
    ),
    row(C::Conversation, A::Item(Item::Copy), "copy", &["Ctrl-Y", "y y"], "copy", "Copy the chosen item."),
    row(C::Trace, A::Item(Item::Open), "open", &["Enter"], "fold", "Fold or unfold the chosen span."),
    row(C::Trace, A::Item(Item::Copy), "copy", &["Ctrl-Y", "y y"], "", "Copy the chosen row."),
    row(
        C::Calls,
        A::Item(Item::Open),
        "open",
        &["Enter"],
        "unfold",
        "Show the chosen call's arguments and output.",
    ),
    row(C::Calls, A::Item(Item::Copy), "copy", &["Ctrl-Y", "y y"], "copy", "Copy the chosen call."),
    row(C::Workbench, A::Write, "write", &["i"], "write", "Write to the agent."),
    row(
        C::Workbench,
        A::Go(Go::ShowApproval),
        "show-decision",
        &["4"],
        "decide",
        "Go to the call that waits for you.",
    ),
    row(
        C::Workbench,
        A::Steer(Steer::Step),
        "step",
        &["s"],
        "step",
        "Do the next step only; a working run stops before it.",
    ),
    row(
        C::Workbench,
        A::Steer(Steer::Continue),
        "continue",
        &["c"],
        "continue",
        "Go on: end stepping or pausing, resume.",
    ),
    row(C::Workbench, A::Steer(Steer::Pause), "pause", &["p"], "pause", "Start nothing new; again goes on."),
    row(
        C::Workbench,
        A::Steer(Steer::Interrupt),
        "interrupt",
        &["Esc"],
        "interrupt",
        "Stop what is under way, then wait.",
    ),
    row(C::Workbench, A::Go(Go::NextPane), "next-pane", &["Tab"], "pane", "To the next pane."),
    row(C::Workbench, A::Go(Go::PreviousPane), "previous-pane", &["Shift-Tab"], "", "To the pane before."),
    row(
        C::Workbench,
        A::Go(Go::ShowConversation),
        "show-conversation",
        &["1"],
        "",
        "Go to the conversation.",
    ),
    row(C::Workbench, A::Go(Go::ShowTrace), "show-timeline", &["2"], "", "Go to the timeline."),
    row(C::Workbench, A::Go(Go::ShowCalls), "show-calls", &["3"], "", "Go to the calls."),
    row(
        C::Workbench,
        A::Go(Go::Zoom),
        "zoom",
        &["z"],
        "zoom",
        "Give the pane the whole body, or take it back.",
    ),
    row(C::Workbench, A::Sessions, "sessions", &["g s"], "sessions", "The list of sessions."),
    row(C::Workbench, A::Item(Item::Search), "search", &["/"], "search", "Search in this pane."),
    row(C::Workbench, A::Item(Item::NextHit), "next-hit", &["n"], "", "To the next hit."),
    row(C::Workbench, A::Item(Item::PreviousHit), "previous-hit", &["N"], "", "To the hit before."),
    row(C::Workbench, A::Move(Move::Down), "down", &["j", "Down"], "", "One down."),
    row(C::Workbench, A::Move(Move::Up), "up", &["k", "Up"], "", "One up."),
    row(C::Workbench, A::Move(Move::HalfDown), "half-down", &["Ctrl-D"], "", "Half a page down."),
    row(C::Workbench, A::Move(Move::HalfUp), "half-up", &["Ctrl-U"], "", "Half a page up."),
    row(C::Workbench, A::Move(Move::PageDown), "page-down", &["PageDown", "Ctrl-F"], "", "A page down."),
    row(C::Workbench, A::Move(Move::PageUp), "page-up", &["PageUp", "Ctrl-B"], "", "A page up."),
    row(C::Workbench, A::Move(Move::Top), "top", &["g g", "Home"], "", "To the beginning."),
    row(C::Workbench, A::Move(Move::Bottom), "bottom", &["G", "End"], "", "To the end, and follow it."),
    row(C::Workbench, A::Move(Move::Left), "left", &["h", "Left"], "", "To the item before, or fold."),
    row(C::Workbench, A::Move(Move::Right), "right", &["l", "Right"], "", "To the next item, or unfold."),
    row(C::Workbench, A::Themes, "themes", &["g t"], "", "Choose a theme."),
    row(C::Workbench, A::NewSession, "new-session", &["g n"], "", "Begin a new session."),
    row(
        C::Workbench,
        A::Replay,
        "replay",
        &["g p"],
        "",
        "Play this session from its beginning, or leave the replay.",
    ),
    row(C::Workbench, A::Rename, "rename", &["g r"], "", "Give this session another title."),
    row(
        C::Workbench,
        A::Steer(Steer::ModeAsk),
        "mode-ask",
        &[],
        "",
        "Ask about every call that does more than read.",
    ),
    row(
        C::Workbench,
        A::Steer(Steer::ModeAuto),
        "mode-auto",
        &[],
        "",
        "Let the policy decide what is asked about.",
    ),
    row(C::Workbench, A::Steer(Steer::EndTask), "end-task", &[], "", "End the task for good."),
    row(
        C::Composer,
        A::Text(Text::Send),
        "send",
        &["Enter"],
        "send",
        "Send; while the agent works it waits its turn.",
    ),
    row(
        C::Composer,
        A::Text(Text::SendNow),
        "send-now",
        &["Alt-s", "Ctrl-Enter"],
        "steer",
        "Send now, before the next turn.",
    ),
    row(C::Composer, A::Text(Text::Newline), "newline", &["Ctrl-J", "Alt-Enter"], "newline", "A new line."),
    row(C::Composer, A::Text(Text::Older), "older", &["Up"], "", "What was sent before."),
    row(C::Composer, A::Text(Text::Newer), "newer", &["Down"], "", "What was sent after."),
    row(C::Composer, A::Go(Go::NextPane), "next-pane", &["Tab"], "pane", "To the next pane; the text stays."),
    row(
        C::Composer,
        A::Go(Go::PreviousPane),
        "previous-pane",
        &["Shift-Tab"],
        "",
        "To the pane before; the text stays.",
    ),
    row(
        C::Composer,
        A::Close,
        "close",
        &["Esc"],
        "leave",
        "Leave the text as it is; to the call that waits, if any.",
    ),
    row(C::Question, A::Text(Text::Send), "send", &["Enter"], "done", "Answer."),
    row(C::Question, A::Text(Text::Newline), "newline", &["Ctrl-J", "Alt-Enter"], "", "A new line."),
    row(C::Question, A::Close, "close", &["Esc"], "back", "Go back; nothing happens."),
    row(
        C::Editor,
        A::Editor(Editor::ApproveEdited),
        "approve-edited",
        &["Ctrl-S"],
        "approve as edited",
        "Approve the call with these arguments.",
    ),
    row(
        C::Editor,
        A::Editor(Editor::ShowDifference),
        "difference",
        &["Ctrl-D"],
        "difference",
        "Show what differs from the proposal, or the text again.",
    ),
    row(C::Editor, A::Close, "close", &["Esc"], "leave", "Leave the call as it is."),
    row(C::Sessions, A::Item(Item::Open), "open", &["Enter", "l"], "open", "Open the session."),
    row(C::Sessions, A::Replay, "replay", &["p"], "replay", "Play the session from its beginning."),
    row(C::Sessions, A::Item(Item::Search), "search", &["/"], "filter", "Type to filter."),
    row(C::Sessions, A::Move(Move::Down), "down", &["j", "Down"], "", "One down."),
    row(C::Sessions, A::Move(Move::Up), "up", &["k", "Up"], "", "One up."),
    row(C::Sessions, A::Move(Move::HalfDown), "half-down", &["Ctrl-D", "PageDown"], "", "Half a page down."),
    row(C::Sessions, A::Move(Move::HalfUp), "half-up", &["Ctrl-U", "PageUp"], "", "Half a page up."),
    row(C::Sessions, A::Move(Move::Top), "top", &["g g", "Home"], "", "To the first."),
    row(C::Sessions, A::Move(Move::Bottom), "bottom", &["G", "End"], "", "To the last."),
    row(C::Sessions, A::NewSession, "new-session", &["g n"], "new", "Begin a new session."),
    row(C::Sessions, A::Close, "close", &["Esc", "q"], "close", "Back to the workbench."),
    row(C::Choose, A::Item(Item::Open), "open", &["Enter"], "choose", "Choose."),
    row(C::Choose, A::Move(Move::Down), "down", &["Down", "Ctrl-N"], "", "One down."),
    row(C::Choose, A::Move(Move::Up), "up", &["Up"], "", "One up."),
    row(C::Choose, A::Close, "close", &["Esc"], "back", "Go back; nothing happens."),
    row(C::Help, A::Move(Move::Down), "down", &["j", "Down"], "down", "One down."),
    row(C::Help, A::Move(Move::Up), "up", &["k", "Up"], "up", "One up."),
    row(
        C::Help,
        A::Move(Move::HalfDown),
        "half-down",
        &["Ctrl-D", "PageDown", "Space"],
        "page",
        "Half a page down.",
    ),
    row(C::Help, A::Move(Move::HalfUp), "half-up", &["Ctrl-U", "PageUp"], "", "Half a page up."),
    row(C::Help, A::Move(Move::Top), "top", &["g g", "Home"], "", "To the beginning."),
    row(C::Help, A::Move(Move::Bottom), "bottom", &["G", "End"], "", "To the end."),
    row(C::Help, A::Close, "close", &["Esc", "q", "?"], "close", "Back to the workbench."),
    row(C::Global, A::Palette, "palette", &["Ctrl-P"], "actions", "Every action by name."),
    row(C::Global, A::Help, "help", &["?", "F1"], "help", "The keys that count here, then all."),
    row(
        C::Global,
        A::Quit,
        "quit",
        &["Ctrl-C"],
        "quit",
        "Leave; pressed twice. What runs here parks and can be resumed.",
    ),
    row(C::Global, A::Suspend, "suspend", &["Ctrl-Z"], "", "Back to the shell; `fg` returns."),
    row(C::Global, A::Redraw, "redraw", &["Ctrl-L"], "", "Draw the screen anew."),
];
