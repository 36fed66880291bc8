//! `tackroom compact`: a conversation is made shorter by hand, or that is taken back; from any terminal.

use crate::cli::args_stop::Compact;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::stop::{found, ordered, undriven};
use crate::domain::amount::few;
use crate::domain::compaction::Extent;
use crate::domain::compaction_plan::{Plan, wished};
use crate::domain::ids::SessionId;
use crate::domain::order::Order;
use crate::domain::session::Session;
use crate::domain::text::plural;
use serde_json::{Value, json};

/// Makes a conversation shorter before its next request, takes the last time back, or tells what would be done.
pub async fn compact(config: &Config, args: &Compact) -> Result<Code, Failure> {
    if args.undo {
        let (wire, id, session) = ordered(config, &args.id, &Order::UndoCompact).await?;
        out::line(&format!("{id}: the conversation is as it was before, {}", session.fill().words()))?;
        return undriven(&wire, &id);
    }
    if args.dry_run {
        let (_, id, session) = found(config, &args.id).await?;
        return dry(&id, &session, args.json);
    }
    let (wire, id, session) = ordered(config, &args.id, &Order::Compact).await?;
    out::line(&format!("{id}: {} now; it is made shorter before the next request", session.fill().words()))?;
    if session.live().is_none() {
        out::line("its task is over: that is done once it is given another, and nothing is asked before")?;
        return Ok(Code::Done);
    }
    undriven(&wire, &id)
}

/// What would be done. Nothing is asked and nothing is written.
fn dry(id: &SessionId, session: &Session, as_json: bool) -> Result<Code, Failure> {
    let (fill, plan) = (session.fill(), wished(session));
    if as_json {
        out::json(&shape(id, session, plan.as_ref()).to_string())?;
        return Ok(Code::Done);
    }
    let messages = plural(session.context.messages, "message");
    out::line(&format!("{id}: {messages}, {}", fill.words()))?;
    let mark = session.compact_mark().map(|mark| format!("by itself from {mark}% on"));
    out::line(&format!("it is made shorter {}", mark.unwrap_or_else(|| "only by hand".to_string())))?;
    let sizes = |after: &Extent| format!("{} -> about {} tokens", few(fill.tokens), few(after.tokens));
    out::line(&match &plan {
        Some(Plan::Trim(trim)) => {
            let (results, bytes) = (plural(trim.results, "old result"), trim.left_out);
            format!("now: {results} would be trimmed by {bytes} bytes: {}", sizes(&trim.after))
        }
        Some(Plan::Summarise(wanted)) => {
            let span = wanted.span;
            format!(
                "now: a summary would stand for {} (events {} to {}): {}",
                plural(span.messages, "message"),
                span.from,
                span.to,
                sizes(&wanted.after)
            )
        }
        Some(Plan::Stuck(why)) => format!("now: nothing can be done: {}", why.sentence()),
        None => "now: there is nothing to make shorter".to_string(),
    })?;
    Ok(Code::Done)
}

/// `{"version":1, "session", "tokens", "window", "percent", "messages", "compact_at", "would": null or {"do", "messages", "from",
/// "to", "tokens"}}`.
fn shape(id: &SessionId, session: &Session, plan: Option<&Plan>) -> Value {
    let fill = session.fill();
    let told = |what: &str, span: crate::domain::compaction::Span, after: &Extent| json!({ "do": what, "messages": span.messages, "from": span.from.0, "to": span.to.0, "tokens": after.tokens });
    let would = match plan {
        Some(Plan::Trim(trim)) => told("trim", trim.span, &trim.after),
        Some(Plan::Summarise(wanted)) => told("summarise", wanted.span, &wanted.after),
        Some(Plan::Stuck(_)) | None => Value::Null,
    };
    json!({
        "version": 1, "session": id.as_str(), "tokens": fill.tokens, "window": fill.window, "percent": fill.percent(),
        "messages": session.context.messages, "compact_at": session.compact_mark(), "would": would,
    })
}
