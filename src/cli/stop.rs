//! `tackroom break`, `step`, `continue` and `note`: the debugger from any terminal, also for a run in another process.

use crate::cli::args::One;
use crate::cli::args_stop::{Break, BreakVerb, Continue, Note};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::wire::Wire;
use crate::cli::{out, prices};
use crate::domain::breakpoint::{Breakpoint, Trigger};
use crate::domain::call::Via;
use crate::domain::ids::{BreakNo, SessionId};
use crate::domain::next::Hold;
use crate::domain::order::Order;
use crate::domain::run::Status;
use crate::domain::session::Session;
use crate::domain::stops::{Hit, Standing};
use serde_json::{Value, json};
use std::io::Read;

/// Sets, lists or removes breakpoints.
pub async fn breaks(config: &Config, args: &Break) -> Result<Code, Failure> {
    match &args.what {
        None => list(config, &args.id, false).await,
        Some(BreakVerb::List { json }) => list(config, &args.id, *json).await,
        Some(BreakVerb::Add { at }) => add(config, &args.id, &at.join(" ")).await,
        Some(BreakVerb::Remove { which }) => remove(config, &args.id, which).await,
    }
}

async fn add(config: &Config, id: &str, typed: &str) -> Result<Code, Failure> {
    let wanted = Breakpoint::parse(typed)
        .map_err(|bad| Failure::new(Code::Usage, format!("{bad}: {typed:?}"), bad.hint.clone()))?;
    let (_, id, session) = ordered(config, id, &Order::SetBreakpoint(wanted)).await?;
    if let Some(set) = session.breaks.last() {
        out::line(&out::safe(&format!("{id} {}", line(set))))?;
        warn(config, &session, set)?;
    }
    Ok(Code::Done)
}

/// Says what a mark of a cost does not see.
fn warn(config: &Config, session: &Session, set: &Standing) -> Result<(), Failure> {
    let is_cost = set.read.as_ref().is_some_and(|read| matches!(read.what, Trigger::Cost(_)));
    let run = session.run.as_ref();
    let ahead =
        run.filter(|_| is_cost).and_then(|run| prices::blind(config, &run.model, run.base_url.as_deref()));
    for told in set.blind(session.live()).into_iter().chain(ahead) {
        out::line(&out::safe(&format!("note: {told}")))?;
    }
    Ok(())
}

async fn remove(config: &Config, id: &str, which: &str) -> Result<Code, Failure> {
    if which != "all" {
        let no = BreakNo::parse(which).ok_or_else(|| {
            Failure::new(
                Code::Usage,
                format!("{which:?} is no breakpoint"),
                "they are named b1, b2, …; `tackroom break ID list` lists them, `all` is all of them",
            )
        })?;
        let (_, id, _) = ordered(config, id, &Order::RemoveBreakpoint(no)).await?;
        out::line(&format!("removed {no} of {id}"))?;
        return Ok(Code::Done);
    }
    let wire = Wire::required(config)?;
    let id = wire.find(id).await?;
    let mut hand = wire.hand(Via::Command, "");
    let standing = hand.session(&id).await?.breaks.clone();
    for one in &standing {
        hand.order(&id, &Order::RemoveBreakpoint(one.no)).await?;
        out::line(&format!("removed {} of {id}", one.no))?;
    }
    if standing.is_empty() {
        out::line(&format!("{id} has no breakpoints"))?;
    }
    Ok(Code::Done)
}

async fn list(config: &Config, id: &str, as_json: bool) -> Result<Code, Failure> {
    let (_, id, session) = found(config, id).await?;
    let hits = session.stop().map(|stop| stop.hits.as_slice()).unwrap_or_default();
    if as_json {
        let call = session.stop().and_then(|stop| stop.call).map(|call| call.to_string());
        let stands: Vec<Value> = session.breaks.iter().map(|one| standing(one, &session)).collect();
        let hit = |hit: &Hit| json!({ "no": hit.no.to_string(), "at": hit.spec, "why": hit.why.sentence(), "call": call });
        let stopped: Vec<Value> = hits.iter().map(hit).collect();
        let all = json!({ "version": 1, "session": id.as_str(), "breakpoints": stands, "stopped": stopped });
        out::json(&all.to_string())?;
        return Ok(Code::Done);
    }
    for one in &session.breaks {
        let blind = one.blind(session.live()).map(|blind| format!("  {blind}"));
        out::line(&out::safe(&format!("{}{}", line(one), blind.unwrap_or_default())))?;
    }
    if session.breaks.is_empty() {
        out::line("no breakpoint stands")?;
    }
    for hit in hits {
        out::line(&out::safe(&format!("it stands at {}", hit.line())))?;
    }
    Ok(Code::Done)
}

fn standing(one: &Standing, session: &Session) -> Value {
    json!({
        "no": one.no.to_string(), "at": one.spec, "means": means(one), "hits": one.hits, "by": one.by.to_string(),
        "once": one.read.as_ref().is_some_and(|read| read.once), "cannot_see": one.blind(session.live()),
    })
}

fn line(one: &Standing) -> String {
    let hits = match one.hits {
        0 => String::new(),
        1 => "  (hit once)".to_string(),
        hits => format!("  (hit {hits} times)"),
    };
    format!("{}  {}{hits}  {}", one.no, one.spec, means(one))
}

fn means(one: &Standing) -> String {
    let unread = || "This program cannot read it: it stops at the next step.".to_string();
    one.read.as_ref().map_or_else(unread, Breakpoint::sentence)
}

/// Lets one step go.
pub async fn step(config: &Config, args: &One) -> Result<Code, Failure> {
    let (_, _, before) = found(config, &args.id).await?;
    let worked = before.status() == Status::Running;
    let (wire, id, session) = ordered(config, &args.id, &Order::Step).await?;
    let decides = session.holds().iter().any(|hold| matches!(hold, Hold::Approval(_)));
    out::line(&match (worked, decides) {
        (true, _) => format!("{id} stops before its next step; step again lets that one go"),
        (false, true) => format!("{id} does one step once its call is decided: tackroom pending"),
        (false, false) => format!("{id} does one step and waits"),
    })?;
    undriven(&wire, &id)
}

/// Lets a session go on.
pub async fn go_on(config: &Config, args: &Continue) -> Result<Code, Failure> {
    let order = args.until.clone().map_or(Order::Continue, Order::RunUntil);
    let (wire, id, session) = ordered(config, &args.id, &order).await?;
    match (args.until.is_some(), session.breaks.last()) {
        (true, Some(set)) => {
            out::line(&out::safe(&format!("{id} goes on until {}", line(set))))?;
            warn(config, &session, set)?;
        }
        (_, _) => out::line(&format!("{id} goes on"))?,
    }
    undriven(&wire, &id)
}

/// Puts a note into the next request, lists those that wait, takes one back.
pub async fn note(config: &Config, args: &Note) -> Result<Code, Failure> {
    if let Some(no) = args.remove {
        let (_, id, _) = ordered(config, &args.id, &Order::RemoveNote(no)).await?;
        out::line(&format!("took back {no} of {id}; the model does not read it"))?;
        return Ok(Code::Done);
    }
    let Some(text) = &args.text else { return notes(config, args).await };
    let mut text = text.clone();
    if text == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text)?;
    }
    let (wire, id, session) = ordered(config, &args.id, &Order::AddNote(text)).await?;
    out::line(&format!("{} of {id} goes with the next request", session.last_note))?;
    undriven(&wire, &id)
}

async fn notes(config: &Config, args: &Note) -> Result<Code, Failure> {
    let (_, id, session) = found(config, &args.id).await?;
    if args.json {
        let note = |note: &crate::domain::stops::PendingNote| json!({ "no": note.no.to_string(), "text": note.text, "by": note.by.to_string() });
        let waiting: Vec<Value> = session.notes.iter().map(note).collect();
        out::json(&json!({ "version": 1, "session": id.as_str(), "notes": waiting }).to_string())?;
        return Ok(Code::Done);
    }
    for note in &session.notes {
        out::line(&out::safe(&format!("{}  {}", note.no, crate::domain::text::first_line(&note.text, 120))))?;
    }
    if session.notes.is_empty() {
        out::line("no note waits")?;
    }
    Ok(Code::Done)
}

/// Who orders a session that nobody drives is told how it goes on.
pub(super) fn undriven(wire: &Wire, id: &SessionId) -> Result<Code, Failure> {
    if !wire.store.work.taken(id)? {
        out::line(&format!("nobody drives this session now; `tackroom resume {id}` goes on with it"))?;
    }
    Ok(Code::Done)
}

pub(super) async fn ordered(
    config: &Config,
    id: &str,
    order: &Order,
) -> Result<(Wire, SessionId, Session), Failure> {
    let wire = Wire::required(config)?;
    let id = wire.find(id).await?;
    let session = wire.hand(Via::Command, "").order(&id, order).await?.clone();
    Ok((wire, id, session))
}

/// A session as it stands: reading writes nothing.
pub(super) async fn found(config: &Config, id: &str) -> Result<(Wire, SessionId, Session), Failure> {
    let wire = Wire::reading(config)?;
    let id = wire.find(id).await?;
    let session = wire.hand(Via::Command, "").session(&id).await?.clone();
    Ok((wire, id, session))
}
