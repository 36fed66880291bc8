//! `tackroom sessions`: browse without the screen.

use crate::adapters::clock::SystemClock;
use crate::cli::args::sessions::{List, Sessions, SessionsVerb};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::wire::Wire;
use crate::cli::{export, marks, out, search, titles};
use crate::domain::burn::Burn;
use crate::domain::call::{Call, CallState, Via};
use crate::domain::decide::state_word;
use crate::domain::ids::SessionId;
use crate::domain::library::Standing;
use crate::domain::listing::{self, After, Counts, Query, Tab};
use crate::domain::listing_words::{self, STATUSES};
use crate::domain::marks::{Mark, Marks, tag};
use crate::domain::order::Order;
use crate::domain::run::Run;
use crate::domain::session::Session;
use crate::domain::tally::{self, Row};
use crate::domain::text;
use crate::domain::time::{self, Micros};
use crate::ports::clock::Clock;
use std::collections::HashSet;

/// Lists, searches, shows, renames, marks or removes.
pub async fn sessions(config: &Config, args: &Sessions) -> Result<Code, Failure> {
    let (list_all, json) = (SessionsVerb::List(List::default()), args.json);
    match args.what.as_ref().unwrap_or(&list_all) {
        SessionsVerb::List(wanted) => list(config, wanted, json).await,
        SessionsVerb::Search(wanted) => search::search(config, wanted, json).await,
        SessionsVerb::Show { id } => show(config, id, json).await,
        SessionsVerb::Rename { id, title } => {
            let wire = Wire::required(config)?;
            let id = wire.find(id).await?;
            wire.hand(Via::Command, "").order(&id, &Order::Rename(title.clone())).await?;
            out::line(&format!("renamed {id}"))?;
            Ok(Code::Done)
        }
        SessionsVerb::Title(wanted) => Box::pin(titles::titles(config, wanted, json)).await,
        SessionsVerb::Tag(wanted) => marks::tags(config, wanted, true, json).await,
        SessionsVerb::Untag(wanted) => marks::tags(config, wanted, false, json).await,
        SessionsVerb::Pin(wanted) => marks::mark(config, &wanted.ids, Mark::Pin, json).await,
        SessionsVerb::Unpin(wanted) => marks::mark(config, &wanted.ids, Mark::Unpin, json).await,
        SessionsVerb::Archive(wanted) => marks::mark(config, &wanted.ids, Mark::Archive, json).await,
        SessionsVerb::Unarchive(wanted) => marks::mark(config, &wanted.ids, Mark::Unarchive, json).await,
        SessionsVerb::Delete(wanted) => marks::mark(config, &wanted.ids, Mark::Delete, json).await,
        SessionsVerb::Restore(wanted) => marks::mark(config, &wanted.ids, Mark::Restore, json).await,
        SessionsVerb::Purge(wanted) => marks::purge(config, wanted, json).await,
        SessionsVerb::Export(wanted) => Box::pin(export::export(config, wanted, json)).await,
    }
}

/// What is asked for, of the arguments.
fn asked(wanted: &List) -> Result<Query, Failure> {
    if let Some(odd) = wanted.status.iter().find(|status| !STATUSES.contains(&status.as_str())) {
        let hint = format!("one of: {}", STATUSES.join(", "));
        return Err(Failure::new(Code::Usage, format!("{odd:?} is no status"), hint));
    }
    let mut query = Query {
        tab: wanted.tab,
        statuses: wanted.status.clone(),
        agent: wanted.agent.clone(),
        workspace: wanted.folder.clone(),
        tags: wanted.tag.iter().map(|text: &String| tag(text).unwrap_or_else(|| text.clone())).collect(),
        tool: wanted.tool.clone(),
        limit: wanted.limit,
        ..Query::default()
    };
    let odd = listing_words::read(&wanted.filter, SystemClock.now(), &mut query);
    if let Some(odd) = odd.first() {
        let hint = format!("in a filter: {}", listing_words::GRAMMAR);
        return Err(Failure::new(Code::Usage, odd.clone(), hint));
    }
    Ok(query)
}

async fn list(config: &Config, wanted: &List, json: bool) -> Result<Code, Failure> {
    let mut query = asked(wanted)?;
    let (rows, counts, left, now) = match Wire::existing(config)? {
        Some(wire) => {
            if let Some(after) = &wanted.after {
                let id = wire.find(after).await?;
                query.after = wire.store.index.row(&id).await?.as_ref().map(After::of);
            }
            let counts = wire.store.index.counts(query.clone()).await?;
            let rows = wire.store.index.rows(query).await?;
            let left = nobody_drives(&wire, &rows)?;
            (rows, counts, left, wire.clock.now())
        }
        None => (Vec::new(), Counts::default(), HashSet::new(), time::Micros(0)),
    };
    if json {
        let told_of = |row: &Row| told(row, Standing::of(row, left.contains(&row.id)));
        let rows: Vec<serde_json::Value> = rows.iter().map(told_of).collect();
        let counts: serde_json::Map<String, serde_json::Value> =
            Tab::ALL.iter().map(|tab| (tab.name().to_string(), counts.of(*tab).into())).collect();
        let told = serde_json::json!({ "version": 1, "sessions": rows, "counts": counts });
        out::json(&told.to_string())?;
        return Ok(Code::Done);
    }
    if rows.is_empty() {
        let others = Tab::ALL.iter().filter(|tab| counts.of(**tab) > 0);
        let others: Vec<String> = others.map(|tab| format!("{} {}", tab.name(), counts.of(*tab))).collect();
        out::line(&match (others.is_empty(), *wanted == List::default()) {
            (true, true) => "there is no session yet; `tackroom demo` makes one in a minute".to_string(),
            (true, false) => "no session fits".to_string(),
            (false, _) => format!("no session fits in this tab; there are: {}", others.join(", ")),
        })?;
        return Ok(Code::Done);
    }
    out::line(&format!(
        "{:<10}  {:<14}  {:>5}  {:>5}  {:>8}  {:>9}  {:<16}  {}",
        "id", "status", "age", "steps", "tokens", "cost", "folder", "title"
    ))?;
    let (mut interrupted, mut unstarted) = (false, false);
    for (depth, row) in listing::as_tree(&rows) {
        let standing = Standing::of(row, left.contains(&row.id));
        interrupted |= standing == Standing::Interrupted;
        unstarted |= standing == Standing::NotStarted;
        out::line(&line(row, depth, standing, now))?;
    }
    if interrupted {
        out::line(
            "interrupted: nobody drives it; `tackroom resume ID` takes it up, `tackroom pending` tells more",
        )?;
    }
    if unstarted {
        out::line("not started: a fork that nobody has driven yet; `tackroom resume ID` lets it go on")?;
    }
    Ok(Code::Done)
}

/// Which of the sessions should be at work and are driven by nobody.
fn nobody_drives(wire: &Wire, rows: &[Row]) -> Result<HashSet<SessionId>, Failure> {
    let mut left = HashSet::new();
    for row in rows.iter().filter(|row| row.status == "running") {
        if !wire.store.work.taken(&row.id)? {
            left.insert(row.id.clone());
        }
    }
    Ok(left)
}

/// A row as it is stored, with its times in the form of all other documents, and whether a process that should be there is.
fn told(row: &Row, standing: Standing<'_>) -> serde_json::Value {
    let mut value = out::row_json(row);
    if let Some(members) = value.as_object_mut() {
        members.insert("opened_at".to_string(), row.opened.rfc3339().into());
        members.insert("updated_at".to_string(), row.updated.rfc3339().into());
        // How it is kept, not what it means: `not_started` tells of the first, `tackroom pending` of the others.
        for name in ["untaken", "consents", "waits"] {
            members.remove(name);
        }
        members.insert("interrupted".to_string(), (standing == Standing::Interrupted).into());
        members.insert("not_started".to_string(), (standing == Standing::NotStarted).into());
    }
    value
}

/// The last part of a folder's path, which is its name to people; the whole is in `sessions show`.
fn folder_name(path: &str) -> String {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    text::truncate(&out::row(name), 16)
}

fn line(row: &Row, depth: usize, standing: Standing<'_>, now: time::Micros) -> String {
    let age = time::age(now.ms_since(row.updated));
    let tokens = row.usage.input + row.usage.output;
    let status = match row.waiting() {
        0 => standing.word().to_string(),
        waiting => format!("{} ({waiting})", row.status),
    };
    let branch = if depth == 0 { String::new() } else { format!("{}└ ", "  ".repeat(depth - 1)) };
    let title = text::first_line(&row.title, 60);
    let tags: String = row.marks.tags.iter().map(|tag| format!("  #{tag}")).collect();
    let pin = if row.marks.pinned { "* " } else { "" };
    out::safe(&format!(
        "{:<10}  {status:<14}  {age:>5}  {:>5}  {tokens:>8}  {:>9}  {:<16}  {branch}{pin}{title}{tags}",
        row.id,
        row.steps,
        row.cost().short().unwrap_or_else(|| "?".to_string()),
        folder_name(&row.workspace)
    ))
}

async fn show(config: &Config, id: &str, json: bool) -> Result<Code, Failure> {
    let wire = Wire::reading(config)?;
    let id = wire.find(id).await?;
    let row = wire.store.index.row(&id).await?;
    let mut hand = wire.hand(Via::Command, "");
    let session = hand.session(&id).await?;
    let left = wire.is_interrupted(session)?;
    let unstarted = tally::is_unstarted(session) && !wire.store.work.taken(&id)?;
    if json {
        let told_of = |row: Row| told(&row, Standing::of(&row, left || unstarted));
        out::json(&as_json(session, row.map(told_of)).to_string())?;
        return Ok(Code::Done);
    }
    let status = match (left, unstarted) {
        (true, _) => format!("interrupted: nobody drives it; tackroom resume {id}"),
        (false, true) => {
            format!("not started: a fork that nobody has driven yet; tackroom resume {id} lets it go on")
        }
        (false, false) => session.status().word().to_string(),
    };
    let lines = [
        format!("session   {}  {}", session.id, session.title),
        format!("status    {status}"),
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
        format!("cost      {}", session.spent.words()),
        format!("marks     {}", marks_line(&session.marks)),
    ];
    for line in lines {
        out::line(&out::safe(&line))?;
    }
    if let Some(imported) = &session.imported {
        let from = format!("{} {}", imported.tool, imported.version);
        let odd = format!("{} unknown records, {} damaged", imported.unknown, imported.damaged);
        let line = format!("imported  {} session {} ({}), {odd}", from.trim(), imported.id, imported.source);
        out::line(&out::safe(&line))?;
        out::line("decisions not recorded by that tool")?;
    }
    if let Some(run) = &session.run {
        out::line(&out::safe(&format!("task      {}", text::first_line(&run.input, 100))))?;
        for line in context_line(session, run).into_iter().chain(limits_line(session, wire.clock.now())) {
            out::line(&out::safe(&line))?;
        }
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
        let word = if left && call.in_flight() { "started, no end known" } else { state_word(call) };
        let mark = if matches!(call.state, CallState::Held | CallState::Unknown) { "→" } else { " " };
        let line = format!("{mark} {:<4} {:<12} {word}{ms}  {args}", call.id.to_string(), call.tool);
        out::line(&out::safe(&text::first_line(&line, 160)))?;
    }
    Ok(Code::Done)
}

/// How large its conversation is; none where nothing is done about that.
fn context_line(session: &Session, run: &Run) -> Option<String> {
    let times = match session.context.count {
        0 => String::new(),
        many => format!("; made shorter {}", text::plural(many, "time")),
    };
    let is_told = run.limits.context.is_on() && session.context.messages > 0;
    is_told.then(|| format!("context   {}{times}", session.fill().words()))
}

/// What the last task may take and touch, with how far it has come; none where nothing is limited.
fn limits_line(session: &Session, now: Micros) -> Option<String> {
    let run = session.run.as_ref()?;
    let burn = Burn::of(session, now).map(|burn| format!(" ({})", burn.long())).unwrap_or_default();
    let budget = (!run.budget.is_none()).then(|| format!("{}{burn}", run.budget));
    let boundary = (!run.limits.boundary.is_none()).then(|| run.limits.boundary.to_string());
    let checks = (!run.limits.checks.is_none()).then(|| format!("checks {}", run.limits.checks));
    let parts: Vec<String> = budget.into_iter().chain(boundary).chain(checks).collect();
    (!parts.is_empty()).then(|| format!("limits    {}", parts.join("; ")))
}

/// The marks in a line; a dash where there is none.
fn marks_line(marks: &Marks) -> String {
    let mut words: Vec<String> = marks.tags.iter().map(|tag| format!("#{tag}")).collect();
    words.extend(marks.pinned.then(|| "pinned".to_string()));
    words.extend(marks.archived.map(|at| format!("archived {}", at.rfc3339())));
    words.extend(marks.deleted.map(|at| format!("in the bin since {}", at.rfc3339())));
    if words.is_empty() { "-".to_string() } else { words.join(", ") }
}

/// One session as one document: `imported` only where another tool recorded it.
fn as_json(session: &Session, row: Option<serde_json::Value>) -> serde_json::Value {
    let call = |call: &Call| {
        serde_json::json!({
            "call": call.id.to_string(), "tool": call.tool, "args": call.args(), "state": state_word(call),
            "rule": call.verdict.as_ref().map(|verdict| &verdict.rule),
            "by": call.approval.as_ref().map(|approval| approval.by.to_string()),
            "ms": call.ran_ms, "edited": call.edited.is_some(),
        })
    };
    let calls: Vec<serde_json::Value> = session.calls.iter().map(call).collect();
    let mut document = serde_json::json!({ "version": 1, "session": row, "calls": calls });
    if let (Some(imported), Some(members)) = (&session.imported, document.as_object_mut()) {
        let told = serde_json::json!({
            "tool": imported.tool, "tool_version": imported.version, "id": imported.id, "source": imported.source,
            "parent": imported.parent, "unknown": imported.unknown, "damaged": imported.damaged,
            "read": imported.read.rfc3339(),
        });
        members.insert("imported".to_string(), told);
    }
    document
}
