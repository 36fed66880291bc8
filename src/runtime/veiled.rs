//! An operator's word as it may be kept: what is a secret in it is hidden, also what they typed themselves.

use crate::domain::call::Call;
use crate::domain::fork::Twist;
use crate::domain::ids::CallId;
use crate::domain::lease_pattern::Want;
use crate::domain::lease_terms::Terms;
use crate::domain::order::{Order, Task};
use crate::domain::secrets::{changed, find};
use crate::domain::session::Session;
use crate::ports::veil::{Unknown, Veil};
use serde_json::Value;
use std::ops::Range;

/// Where an operator's secrets came from, in words.
const YOURS: &str = "your own words";
/// So much before a value tells what it is.
const BESIDE: usize = 160;

/// A text as it may be kept.
pub fn hidden(veil: &dyn Veil, text: &str) -> String {
    veil.hide_from(text, YOURS).unwrap_or_else(|| text.to_string())
}

/// A task as it may be kept.
pub fn task(veil: &dyn Veil, task: &Task) -> Task {
    Task { input: hidden(veil, &task.input), ..task.clone() }
}

/// Terms as they may be kept: a secret in them is one in no call, whose own are hidden.
fn granted(veil: &dyn Veil, terms: &Terms) -> Terms {
    let mut terms = terms.clone();
    // As in the arguments of a call: only what is known is hidden, or the terms would fit no call.
    let known = |text: &str| veil.hide_known(text).unwrap_or_else(|| text.to_string());
    for line in &mut terms.pattern.lines {
        if let Want::Is(value) = &mut line.want
            && let Ok(Some(made)) = changed::<Unknown>(value, &mut |text| Ok(veil.hide_known(text)))
        {
            *value = made;
        } else if let Want::Starts(words) = &mut line.want {
            words.iter_mut().for_each(|word| *word = known(word));
        } else if let Want::Below(folder) = &mut line.want {
            *folder = known(folder);
        }
    }
    terms
}

/// An order to a session as it may be kept.
pub fn order(veil: &dyn Veil, order: &Order, session: &Session) -> Order {
    let hide = |text: &str| hidden(veil, text);
    match order {
        Order::Start(start) => Order::Start(task(veil, start)),
        Order::Say(text) => Order::Say(hide(text)),
        Order::Steer(text) => Order::Steer(hide(text)),
        Order::ApproveEdited { call, hash, args } => {
            let asked = session.call(*call).and_then(Call::args);
            Order::ApproveEdited { call: *call, hash: *hash, args: edited(veil, args, asked) }
        }
        Order::Reject { call, reason } => Order::Reject { call: *call, reason: hide(reason) },
        Order::Respond { call, text } => Order::Respond { call: *call, text: hide(text) },
        Order::Settle { call, how, note } => Order::Settle { call: *call, how: *how, note: hide(note) },
        Order::Rename(title) => Order::Rename(hide(title)),
        Order::Title(title, asked) => Order::Title(hide(title), asked.clone()),
        Order::AddNote(text) => Order::AddNote(hide(text)),
        Order::Grant { call, hash, terms } => {
            Order::Grant { call: *call, hash: *hash, terms: granted(veil, terms) }
        }
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
        | Order::Compact
        | Order::UndoCompact
        | Order::Revoke(_)
        | Order::RemoveNote(_) => order.clone(),
    }
}

/// What a fork is to change, as it may be kept. Other arguments are what would run, and stay as they are shown.
pub fn twist(veil: &dyn Veil, twist: Twist) -> Twist {
    let hide = |text: String| hidden(veil, &text);
    let said =
        |list: Vec<(CallId, String)>| list.into_iter().map(|(call, text)| (call, hide(text))).collect();
    let known = |args: Value| {
        let made = changed::<Unknown>(&args, &mut |text| Ok(veil.hide_known(text))).ok().flatten();
        made.unwrap_or(args)
    };
    Twist {
        args: twist.args.into_iter().map(|(call, args)| (call, known(args))).collect(),
        reject: said(twist.reject),
        respond: said(twist.respond),
        model: twist.model,
        instructions: twist.instructions.map(hide),
        note: twist.note.map(hide),
    }
}

/// Edited arguments as they may be kept: what the model wrote stays as it is shown, for it is what runs; what the operator
/// typed themselves and has the form of a secret is one of theirs.
fn edited(veil: &dyn Veil, args: &Value, asked: Option<&Value>) -> Value {
    let mut before = String::new();
    if let Some(asked) = asked {
        texts(asked, &mut before);
    }
    let mut hide = |text: &str| {
        let (mut typed, mut from) = (String::new(), 0);
        for Range { start, end } in find(text).into_iter().map(|found| found.range) {
            let begin = text.floor_char_boundary(start.saturating_sub(BESIDE)).max(from);
            if text.get(start..end).is_some_and(|value| !before.contains(value)) {
                typed.push_str(text.get(begin..end).unwrap_or_default());
                typed.push('\n');
            }
            from = end;
        }
        if typed.is_empty() {
            return Ok(veil.hide_known(text));
        }
        veil.hide_from(&typed, YOURS); // known from here on
        Ok(veil.hide_among(text, &typed))
    };
    changed::<Unknown>(args, &mut hide).ok().flatten().unwrap_or_else(|| args.clone())
}

/// All texts of arguments.
fn texts(value: &Value, into: &mut String) {
    match value {
        Value::String(text) => {
            into.push_str(text);
            into.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
