//! An operator's word as it may be kept: what is a secret in it is hidden, also what they typed themselves.

use crate::domain::order::{Order, Task};
use crate::domain::secrets::changed;
use crate::ports::veil::{Unknown, Veil};

/// A text as it may be kept.
pub fn hidden(veil: &dyn Veil, text: &str) -> String {
    veil.hide(text).unwrap_or_else(|| text.to_string())
}

/// A task as it may be kept.
pub fn task(veil: &dyn Veil, task: &Task) -> Task {
    Task { input: hidden(veil, &task.input), ..task.clone() }
}

/// An order as it may be kept.
pub fn order(veil: &dyn Veil, order: &Order) -> Order {
    let hide = |text: &str| hidden(veil, text);
    match order {
        Order::Start(start) => Order::Start(task(veil, start)),
        Order::Say(text) => Order::Say(hide(text)),
        Order::Steer(text) => Order::Steer(hide(text)),
        Order::ApproveEdited { call, hash, args } => {
            let made = changed::<Unknown>(args, &mut |text| Ok(veil.hide(text))).ok().flatten();
            Order::ApproveEdited { call: *call, hash: *hash, args: made.unwrap_or_else(|| args.clone()) }
        }
        Order::Reject { call, reason } => Order::Reject { call: *call, reason: hide(reason) },
        Order::Respond { call, text } => Order::Respond { call: *call, text: hide(text) },
        Order::Settle { call, how, note } => Order::Settle { call: *call, how: *how, note: hide(note) },
        Order::Rename(title) => Order::Rename(hide(title)),
        Order::AddNote(text) => Order::AddNote(hide(text)),
        Order::Approve { .. }
        | Order::Pause
        | Order::Resume
        | Order::Interrupt
        | Order::Cancel
        | Order::Step
        | Order::SetMode(_)
        | Order::Mark(_)
        | Order::Continue
        | Order::SetBreakpoint(_)
        | Order::RemoveBreakpoint(_)
        | Order::RunUntil(_)
        | Order::Extend(_)
        | Order::RemoveNote(_) => order.clone(),
    }
}
