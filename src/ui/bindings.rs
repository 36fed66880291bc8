//! The table of keys: where each counts, what it does, how it is called. Handling, key line, help and palette read it.

use crate::ui::action::{Action, Editor, Go, Inspect, Item, Lease, Move, Steer, Stops, Text, Tray};
use crate::ui::bindings_decide::DECIDE;
use crate::ui::bindings_inbox::INBOX;
use crate::ui::bindings_over::OVER;
use crate::ui::bindings_replay::REPLAY;
use crate::ui::bindings_sessions::SESSIONS;
use crate::ui::mode::Context;

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

pub(in crate::ui) const fn row(
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
pub const BINDINGS: &[Binding] = &joined::<
    { DECIDE.len() + WORKBENCH.len() + REPLAY.len() + SESSIONS.len() + INBOX.len() + OVER.len() },
>(&[DECIDE, WORKBENCH, REPLAY, SESSIONS, INBOX, OVER]);

const fn joined<const N: usize>(tables: &[&[Binding]]) -> [Binding; N] {
    let mut all = [tables[0][0]; N];
    let (mut table, mut row, mut at) = (0, 0, 0);
    while at < N {
        if row == tables[table].len() {
            (table, row) = (table + 1, 0);
        } else {
            all[at] = tables[table][row];
            (row, at) = (row + 1, at + 1);
        }
    }
    all
}

/// The keys of the workbench itself.
const WORKBENCH: &[Binding] = &[
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
    row(
        C::Workbench,
        A::Inspect(Inspect::Open),
        "inspect",
        &["o"],
        "inspect",
        "Look closely at what is chosen: request, receipt, decision, output.",
    ),
    row(
        C::Workbench,
        A::Fork,
        "fork",
        &["f"],
        "fork",
        "Another session from the chosen event, as it was or changed.",
    ),
    row(
        C::Workbench,
        A::Stops(Stops::Open),
        "breakpoints",
        &["b"],
        "",
        "Breakpoints and notes: set, remove.",
    ),
    row(
        C::Workbench,
        A::Lease(Lease::Page),
        "leases",
        &["L"],
        "",
        "The leases: what is left of each, revoke.",
    ),
    row(C::Workbench, A::Stops(Stops::Until), "run-until", &["u"], "", "Stop there once, and go on."),
    row(C::Workbench, A::Stops(Stops::Extend), "extend", &["+", "x"], "", "Give it more than its limit."),
    row(C::Workbench, A::Stops(Stops::Compact), "compact", &[], "", "Make the conversation shorter."),
    row(C::Workbench, A::Stops(Stops::UndoCompact), "undo-compact", &[], "", "Take a compaction back."),
    row(C::Workbench, A::Stops(Stops::Note), "note", &["m"], "", "Write a note into the next request."),
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
    row(
        C::Workbench,
        A::Inbox(Tray::Open),
        "inbox",
        &["g i"],
        "",
        "Everything that waits for you, over all sessions.",
    ),
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
    row(C::Workbench, A::Steer(Steer::EndTask), "end-task", &[], "", "End the task for good: cancel it."),
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
    row(
        C::ForkEditor,
        A::Editor(Editor::ForkEdited),
        "fork-edited",
        &["Ctrl-S"],
        "fork with these",
        "Make the fork with these arguments; they are asked about there.",
    ),
    row(
        C::ForkEditor,
        A::Editor(Editor::ShowDifference),
        "difference",
        &["Ctrl-D"],
        "difference",
        "Show what differs from the proposal, or the text again.",
    ),
    row(C::ForkEditor, A::Close, "close", &["Esc"], "back", "Go back; nothing happens."),
];
