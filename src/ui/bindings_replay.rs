//! The keys of a replay.

use crate::ui::action::{Action, Inspect, Seek};
use crate::ui::bindings::{Binding, row};
use crate::ui::mode::Context;

use Action as A;
use Context as C;

/// The keys of a replay.
pub const REPLAY: &[Binding] = &[
    row(C::Replay, A::Seek(Seek::Play), "play", &["Space"], "play/pause", "Play or pause."),
    row(
        C::Replay,
        A::Replay,
        "leave",
        &["Esc", "q"],
        "leave",
        "Leave the replay: back to the session as it is now. A jump that is still read for is given up first.",
    ),
    row(C::Replay, A::Seek(Seek::CallForward), "call-forward", &["]"], "call", "To the next call."),
    row(
        C::Replay,
        A::Seek(Seek::HoldForward),
        "hold-forward",
        &["}"],
        "hold/fault",
        "To the next hold or fault.",
    ),
    row(C::Replay, A::Fork, "fork", &["f"], "fork", "Another session from where the replay stands."),
    row(
        C::Replay,
        A::Inspect(Inspect::Open),
        "inspect",
        &["o"],
        "inspect",
        "Look closely at what is chosen, else at the event that the replay stands at.",
    ),
    row(C::Replay, A::Seek(Seek::EventForward), "event-forward", &["Right"], "event", "One event on."),
    row(C::Replay, A::Seek(Seek::TurnForward), "turn-forward", &[")"], "turn", "To the model's next turn."),
    row(
        C::Replay,
        A::Seek(Seek::Type),
        "go-to",
        &[":"],
        "go to",
        "To an event's number, a part, a time: 12345, 50%, 10:03:22, +30s.",
    ),
    row(C::Replay, A::Seek(Seek::Start), "start", &["Home"], "", "To the beginning of the recording."),
    row(C::Replay, A::Seek(Seek::End), "end", &["End"], "", "To the end of the recording."),
    row(C::Replay, A::Seek(Seek::EventBack), "event-back", &["Left"], "", "One event back."),
    row(C::Replay, A::Seek(Seek::CallBack), "call-back", &["["], "", "To the call before."),
    row(C::Replay, A::Seek(Seek::HoldBack), "hold-back", &["{"], "", "To the hold or fault before."),
    row(C::Replay, A::Seek(Seek::TurnBack), "turn-back", &["("], "", "To the model's turn before."),
    row(C::Replay, A::Seek(Seek::FaultBack), "fault-back", &["E"], "", "To the fault before."),
    row(C::Replay, A::Seek(Seek::FaultForward), "fault-forward", &["e"], "", "To the next fault."),
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
];
