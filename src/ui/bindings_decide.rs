//! The keys of what waits for a person: a call, an outcome that nobody knows, a breakpoint, a limit.

use crate::ui::action::{Action as A, Decide, Steer, Stops};
use crate::ui::bindings::{Binding, row};
use crate::ui::mode::Context as C;

const END: &str = "End the task for good: it is cancelled; pressed twice.";

/// Within a context the order is that of the key line and of the help.
pub const DECIDE: &[Binding] = &[
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
        C::Approval,
        A::Decide(Decide::Always),
        "always",
        &["a"],
        "always…",
        "Approve it and the next ones like it: write a lease, and see what it would have allowed.",
    ),
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
    row(C::Stopped, A::Steer(Steer::Step), "step", &["s"], "step", "Do this step only, then wait."),
    row(
        C::Stopped,
        A::Steer(Steer::Continue),
        "continue",
        &["c"],
        "continue",
        "Go on to the next breakpoint.",
    ),
    row(
        C::Stopped,
        A::Decide(Decide::Edit),
        "edit",
        &["e"],
        "edit",
        "Change the call's arguments before it runs.",
    ),
    row(
        C::Stopped,
        A::Decide(Decide::Reject),
        "reject",
        &["n"],
        "reject",
        "Reject the call; the model reads the reason.",
    ),
    row(C::Stopped, A::Decide(Decide::Respond), "respond", &["r"], "respond", "Answer in the tool's place."),
    row(
        C::Stopped,
        A::Stops(Stops::Extend),
        "extend",
        &["+", "x"],
        "give more",
        "Give it more than its limit, or take the limit away.",
    ),
    row(C::Stopped, A::Stops(Stops::Note), "note", &["m"], "note", "Write a note into the next request."),
    row(C::Stopped, A::Steer(Steer::EndTask), "end-task", &["E"], "end task", END),
    row(
        C::Reined,
        A::Stops(Stops::Extend),
        "extend",
        &["+", "x"],
        "give more",
        "Give it more than its limit, or take the limit away.",
    ),
    row(C::Reined, A::Steer(Steer::Continue), "continue", &["c"], "continue", "Let it go on."),
    row(C::Reined, A::Steer(Steer::EndTask), "end-task", &["E"], "end task", END),
    row(C::Reined, A::Steer(Steer::Step), "step", &["s"], "step", "Do one step only, then wait."),
    row(C::Reined, A::Stops(Stops::Note), "note", &["m"], "note", "Write a note into the next request."),
];
