//! Holds answered from any terminal, also for a run in another process: `pending`, `approve`, `edit`, `reject`, `respond`, `settle`, `cancel`.

use crate::cli::args::{Call, Edit, One, Pending, Reject, Respond, Settle};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::wire::{self, Wire};
use crate::domain::call::{CallState, Preview, Via};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, SessionId};
use crate::domain::listing::Query;
use crate::domain::order::{Order, Refusal};
use crate::domain::session::Session;
use crate::domain::tally::{self, Waits};
use crate::domain::time;
use crate::runtime::ledger::RecordFault;
use std::io::Read;

/// Lists what waits for a decision, the longest waiting first.
pub async fn pending(config: &Config, args: &Pending) -> Result<Code, Failure> {
    let Some(wire) = Wire::existing(config)? else {
        return list(&[], args.json, 0);
    };
    let rows = wire.store.index.rows(Query { held: true, limit: 1_000, ..Query::default() }).await?;
    let mut hand = wire.hand(Via::Command, "");
    let mut items = Vec::new();
    for row in rows {
        let session = hand.session(&row.id).await?;
        items.extend(tally::pending(session).into_iter().map(|item| {
            let hash = item.call.and_then(|call| session.call(call)).and_then(|call| call.hash);
            (item, hash)
        }));
    }
    items.sort_by_key(|(item, _)| item.since);
    list(&items, args.json, wire.clock.now().0)
}

fn list(items: &[(tally::Pending, Option<Hash>)], json: bool, now: i64) -> Result<Code, Failure> {
    if json {
        let values: Vec<serde_json::Value> = items.iter().map(|(item, hash)| as_json(item, *hash)).collect();
        out::json(&serde_json::json!({ "version": 1, "pending": values }).to_string())?;
        return Ok(Code::Done);
    }
    if items.is_empty() {
        out::line("nothing waits for a decision")?;
    }
    for (item, _) in items {
        let waited = time::duration(time::Micros(now).ms_since(item.since));
        let kind = match item.waits {
            Waits::Approval => "approval",
            Waits::Unknown => "unknown outcome",
            Waits::Breakpoint => "breakpoint",
        };
        let call = item.call.map_or("-".to_string(), |call| call.to_string());
        let tool = if item.tool.is_empty() { "the model's turn" } else { &item.tool };
        out::line(&out::row(&format!(
            "{} {call}  {kind}  {tool}  waits {waited}  · {}",
            item.session, item.title
        )))?;
        out::line(&out::row(&format!("    {}", item.why)))?;
        for touch in &item.touches {
            out::line(&out::row(&format!("    will {touch}")))?;
        }
        if !item.args.is_null() {
            out::line(&out::row(&format!("    {}", shorten(&item.args.to_string()))))?;
        }
        if let Preview::WouldFail { why } = &item.preview {
            out::line(&out::row(&format!("    it would fail: {why}")))?;
        }
        let id = &item.session;
        out::line(&match item.waits {
            Waits::Approval => format!("    → tackroom approve {id} {call}   (or reject, edit, respond)"),
            Waits::Unknown => format!("    → tackroom settle {id} {call} happened|again|abandon"),
            Waits::Breakpoint => format!("    → tackroom continue {id}   (or step)"),
        })?;
    }
    Ok(Code::Done)
}

fn shorten(text: &str) -> String {
    let short = crate::domain::text::truncate(text, 200);
    match short.len() < text.len() {
        true => format!("{short} [cut; `tackroom pending --json` has all {} bytes]", text.len()),
        false => short,
    }
}

fn as_json(item: &tally::Pending, hash: Option<Hash>) -> serde_json::Value {
    serde_json::json!({
        "session": item.session.as_str(),
        "title": item.title,
        "call": item.call.map(|call| call.to_string()),
        "kind": match item.waits {
            Waits::Approval => "approval",
            Waits::Unknown => "unknown-outcome",
            Waits::Breakpoint => "breakpoint",
        },
        "tool": item.tool,
        "args": item.args,
        "hash": hash.map(|hash| hash.to_string()),
        "why": item.why,
        "touches": item.touches,
        "preview": item.preview,
        "since": item.since.rfc3339(),
    })
}

/// Approves a call exactly as it stands.
pub async fn approve(config: &Config, args: &Call) -> Result<Code, Failure> {
    answer(config, args, |call, hash| Ok(Order::Approve { call, hash })).await
}

/// Approves a call with other arguments.
pub async fn edit(config: &Config, args: &Edit) -> Result<Code, Failure> {
    let mut text = args.args.clone();
    if text == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text)?;
    }
    let new = serde_json::from_str(&text).map_err(|error| {
        Failure::new(
            Code::Usage,
            format!("the arguments are not JSON: {error}"),
            "give the whole object, such as '{\"path\":\"a.txt\"}'",
        )
    })?;
    answer(config, &args.call, |call, hash| Ok(Order::ApproveEdited { call, hash, args: new })).await
}

/// Rejects a call.
pub async fn reject(config: &Config, args: &Reject) -> Result<Code, Failure> {
    answer(config, &args.call, |call, _| Ok(Order::Reject { call, reason: args.reason.clone() })).await
}

/// Answers in the tool's place.
pub async fn respond(config: &Config, args: &Respond) -> Result<Code, Failure> {
    answer(config, &args.call, |call, _| Ok(Order::Respond { call, text: args.text.clone() })).await
}

/// Settles an unknown outcome.
pub async fn settle(config: &Config, args: &Settle) -> Result<Code, Failure> {
    answer(config, &args.call, |call, _| {
        Ok(Order::Settle { call, how: args.how.into(), note: args.note.clone() })
    })
    .await
}

/// Ends a session's task; where nobody drives it, this process takes it to its end.
pub async fn cancel(config: &Config, args: &One) -> Result<Code, Failure> {
    let wire = Wire::required(config)?;
    let id = wire.find(&args.id).await?;
    let mut hand = wire.hand(Via::Command, "");
    hand.order(&id, &Order::Cancel).await?;
    if !wire.store.work.taken(&id)? {
        wire.settle_down(&id).await?;
    }
    out::line(&format!("cancelled {id}"))?;
    Ok(Code::Done)
}

/// One word about one call, and what comes of it next.
async fn answer(
    config: &Config,
    args: &Call,
    order: impl FnOnce(CallId, Hash) -> Result<Order, Failure>,
) -> Result<Code, Failure> {
    let wire = Wire::required(config)?;
    let id = wire.find(&args.id).await?;
    let call = CallId::parse(&args.call).ok_or_else(|| {
        Failure::new(
            Code::Usage,
            format!("{:?} is no call", args.call),
            "calls are named c1, c2, …; `tackroom pending` lists those that wait",
        )
    })?;
    let workspace = {
        let mut reader = wire.hand(Via::Command, "");
        reader.session(&id).await?.workspace.clone()
    };
    let mut hand = wire.hand(Via::Command, &workspace);
    let now = hand.session(&id).await?.call(call).and_then(|call| call.hash).unwrap_or(Hash::ZERO);
    let hash = match &args.hash {
        None => now,
        Some(text) => Hash::parse(text).ok_or_else(|| {
            Failure::new(
                Code::Usage,
                "--hash wants 64 hexadecimal digits",
                "`tackroom pending --json` prints it",
            )
        })?,
    };
    if hash != now {
        return Err(RecordFault::Refused(Refusal::Changed(call)).into()); // whatever the word is
    }
    let order = order(call, hash)?;
    let session = hand.order(&id, &order).await?;
    let said = said(session, &id, call, &order);
    let driven = wire.store.work.taken(&id)?;
    out::line(&said)?;
    if !driven {
        out::line(&format!("nobody drives this session now; `tackroom resume {id}` goes on with it"))?;
    }
    Ok(Code::Done)
}

fn said(session: &Session, id: &SessionId, call: CallId, order: &Order) -> String {
    let word = match order {
        Order::Approve { .. } => "approved",
        Order::ApproveEdited { .. } => "approved as edited",
        Order::Reject { .. } => "rejected",
        Order::Respond { .. } => "answered",
        Order::Settle { .. } => "settled",
        Order::Start(_)
        | Order::Say(_)
        | Order::Steer(_)
        | Order::Pause
        | Order::Resume
        | Order::Interrupt
        | Order::Cancel
        | Order::Step
        | Order::SetMode(_)
        | Order::Rename(_)
        | Order::Mark(_)
        | Order::Continue
        | Order::SetBreakpoint(_)
        | Order::RemoveBreakpoint(_)
        | Order::RunUntil(_)
        | Order::AddNote(_)
        | Order::RemoveNote(_) => "done",
    };
    let left = session
        .open_calls()
        .filter(|call| matches!(call.state, CallState::Held | CallState::Unknown))
        .count();
    let tool = session.call(call).map_or("", |call| call.tool.as_str());
    let more = if left == 0 { String::new() } else { format!("; {left} more wait") };
    out::safe(&format!("{word} {id} {call} {tool}{more}"))
}

/// The operator's name, as it is written beside a decision.
pub fn operator(config: &Config) -> String {
    wire::operator(config)
}
