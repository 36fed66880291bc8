//! `tackroom sessions`: browse without the screen.

use crate::cli::args::{Sessions, SessionsVerb};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::call::{CallState, Via};
use crate::domain::decide::state_word;
use crate::domain::order::Order;
use crate::domain::tally::{self, Row};
use crate::domain::text;
use crate::domain::time;
use crate::ports::index::Query;

/// The words that a status may be.
const STATUSES: [&str; 9] =
    ["idle", "running", "held", "paused", "stepping", "done", "failed", "cancelled", "budget-stopped"];

/// Lists, shows or renames.
pub async fn sessions(config: &Config, args: &Sessions) -> Result<Code, Failure> {
    let list_all = SessionsVerb::List { limit: 50, status: Vec::new() };
    match args.what.as_ref().unwrap_or(&list_all) {
        SessionsVerb::List { limit, status } => list(config, *limit, status, args.json).await,
        SessionsVerb::Show { id } => show(config, id, args.json).await,
        SessionsVerb::Rename { id, title } => {
            let wire = Wire::required(config)?;
            let id = wire.find(id).await?;
            wire.hand(Via::Command, "").order(&id, &Order::Rename(title.clone())).await?;
            out::line(&format!("renamed {id}"))?;
            Ok(Code::Done)
        }
    }
}

async fn list(config: &Config, limit: usize, statuses: &[String], json: bool) -> Result<Code, Failure> {
    if let Some(odd) = statuses.iter().find(|status| !STATUSES.contains(&status.as_str())) {
        let hint = format!("one of: {}", STATUSES.join(", "));
        return Err(Failure::new(Code::Usage, format!("{odd:?} is no status"), hint));
    }
    let (rows, now) = match Wire::existing(config)? {
        Some(wire) => {
            let query = Query { statuses: statuses.to_vec(), held: false, limit };
            (wire.store.index.rows(query).await?, wire.clock.now())
        }
        None => (Vec::new(), time::Micros(0)),
    };
    if json {
        out::json(&serde_json::json!({ "version": 1, "sessions": rows }).to_string())?;
        return Ok(Code::Done);
    }
    if rows.is_empty() {
        out::line("there is no session yet; `tackroom demo` makes one in a minute")?;
        return Ok(Code::Done);
    }
    out::line(&format!(
        "{:<10}  {:<14}  {:>5}  {:>5}  {:>8}  {}",
        "id", "status", "age", "steps", "tokens", "title"
    ))?;
    for (depth, row) in tally::as_tree(&rows) {
        out::line(&line(row, depth, now))?;
    }
    Ok(Code::Done)
}

fn line(row: &Row, depth: usize, now: time::Micros) -> String {
    let age = time::age(now.ms_since(row.updated));
    let tokens = row.usage.input + row.usage.output;
    let status = if row.holds.is_empty() {
        row.status.clone()
    } else {
        format!("{} ({})", row.status, row.holds.len())
    };
    let branch = if depth == 0 { String::new() } else { format!("{}└ ", "  ".repeat(depth - 1)) };
    let title = branch + &text::first_line(&row.title, 60);
    out::safe(&format!("{:<10}  {status:<14}  {age:>5}  {:>5}  {tokens:>8}  {title}", row.id, row.steps))
}

async fn show(config: &Config, id: &str, json: bool) -> Result<Code, Failure> {
    let wire = Wire::required(config)?;
    let id = wire.find(id).await?;
    let row = wire.store.index.row(&id).await?;
    let mut hand = wire.hand(Via::Command, "");
    let session = hand.session(&id).await?;
    if json {
        let calls: Vec<serde_json::Value> = session
            .calls
            .iter()
            .map(|call| {
                serde_json::json!({
                    "call": call.id.to_string(), "tool": call.tool, "args": call.args(), "state": state_word(call),
                    "rule": call.verdict.as_ref().map(|verdict| &verdict.rule),
                    "by": call.approval.as_ref().map(|approval| approval.by.to_string()),
                    "ms": call.ran_ms, "edited": call.edited.is_some(),
                })
            })
            .collect();
        out::json(&serde_json::json!({ "version": 1, "session": row, "calls": calls }).to_string())?;
        return Ok(Code::Done);
    }
    let lines = [
        format!("session   {}  {}", session.id, session.title),
        format!("status    {}", session.status().word()),
        format!("folder    {}", session.workspace),
        format!("agent     {}", session.agent),
        match &session.parent {
            Some(parent) => format!("parent    {} at {}", parent.session, parent.at),
            None => "parent    none".to_string(),
        },
        format!("opened    {}", session.opened_at.rfc3339()),
        format!("last      {}", session.updated_at.rfc3339()),
        format!("events    {}", session.last.0),
        format!("tokens    {} in, {} out", session.usage.input, session.usage.output),
    ];
    for line in lines {
        out::line(&out::safe(&line))?;
    }
    if let Some(run) = &session.run {
        out::line(&out::safe(&format!("task      {}", text::first_line(&run.input, 100))))?;
        if let Some((status, why, _)) = &run.ended {
            out::line(&out::safe(&format!(
                "ended     {} {}",
                crate::domain::tally::ended(*status),
                why.sentence()
            )))?;
        }
    }
    for call in &session.calls {
        let args = call.args().map(ToString::to_string).unwrap_or_default();
        let ms = call.ran_ms.map(|ms| format!(" in {}", time::duration(ms))).unwrap_or_default();
        let word = state_word(call);
        let mark = if matches!(call.state, CallState::Held | CallState::Unknown) { "→" } else { " " };
        let line = format!("{mark} {:<4} {:<12} {word}{ms}  {args}", call.id.to_string(), call.tool);
        out::line(&out::safe(&text::first_line(&line, 160)))?;
    }
    Ok(Code::Done)
}
