//! `tackroom pending`: what waits for a person, in short or whole; and what nobody drives any more.

use crate::cli::args_answer::Pending;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::call::{Call, Preview, Via};
use crate::domain::hash::Hash;
use crate::domain::hunks::{Care, hunks};
use crate::domain::ids::{CallId, SessionId};
use crate::domain::listing::Query;
use crate::domain::session::Session;
use crate::domain::stops::Stop;
use crate::domain::tally::{self, Row};
use crate::domain::text;
use crate::domain::time::{self, Micros};
use crate::domain::waits::Waits;
use std::time::Duration;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;
/// Time after which two texts are compared more coarsely; it stays correct.
const COMPARE: Duration = Duration::from_secs(2);
/// Sessions looked at.
const SESSIONS_MAX: usize = 1_000;

/// One thing that waits, with what stands beside the call.
struct Item {
    waits: tally::Pending,
    workspace: String,
    rule: String,
    hash: Option<Hash>,
    /// What to do about a limit or a loop.
    hint: String,
}

/// A session that a process should be driving, and none is.
struct Left {
    session: SessionId,
    title: String,
    workspace: String,
    since: Micros,
}

/// Lists what waits for a decision, the longest waiting first.
pub async fn pending(config: &Config, args: &Pending) -> Result<Code, Failure> {
    let (mut items, mut left, mut now) = (Vec::new(), Vec::new(), Micros(0));
    if let Some(wire) = Wire::existing(config)? {
        now = wire.clock.now();
        let ids = match &args.id {
            Some(prefix) => vec![wire.find(prefix).await?],
            None => at_work(&wire).await?,
        };
        let mut hand = wire.hand(Via::Command, "");
        for id in ids {
            let session = hand.session(&id).await?;
            items.extend(tally::pending(session).into_iter().map(|waits| item(session, waits)));
            if wire.is_interrupted(session)? {
                items.extend(tally::left_running(session).into_iter().map(|waits| item(session, waits)));
                left.push(Left {
                    session: id,
                    title: session.title.clone(),
                    workspace: session.workspace.clone(),
                    since: session.updated_at,
                });
            }
        }
    } else if let Some(id) = &args.id {
        let sentence = format!("there is no session {id:?}: there is none yet");
        return Err(Failure::new(Code::Usage, sentence, "`tackroom demo` makes one in a minute"));
    }
    if let Some(text) = &args.call {
        let wanted = parse(text)?;
        items.retain(|item| item.waits.call == Some(wanted));
        if items.is_empty() {
            let sentence = format!("call {wanted} does not wait for a decision");
            return Err(Failure::new(Code::Failed, sentence, "`tackroom pending` lists what waits"));
        }
    }
    items.sort_by_key(|item| item.waits.since);
    if args.json {
        return tell_json(&items, &left);
    }
    if items.is_empty() && left.is_empty() {
        out::line("nothing waits for a decision")?;
    }
    for item in &items {
        match args.full || args.id.is_some() {
            true => whole(item, now)?,
            false => short(item, now)?,
        }
    }
    for one in &left {
        let ago = time::duration(now.ms_since(one.since));
        let (id, title) = (&one.session, &one.title);
        out::line(&out::row(&format!("{id}  interrupted  nobody drives it for {ago}  · {title}")))?;
        out::line(&out::row(&format!("    in {}", one.workspace)))?;
        out::line(&format!("    → tackroom resume {id}"))?;
    }
    Ok(Code::Done)
}

/// The call that a word names.
pub fn parse(text: &str) -> Result<CallId, Failure> {
    CallId::parse(text).ok_or_else(|| {
        Failure::new(
            Code::Usage,
            format!("{text:?} is no call"),
            "calls are named c1, c2, …; `tackroom pending` lists those that wait",
        )
    })
}

/// The sessions that hold something, and those that nobody drives and that should be at work. Which they are the rows tell:
/// a session that is driven and waits for nothing is not read.
async fn at_work(wire: &Wire) -> Result<Vec<SessionId>, Failure> {
    let held = Query { held: true, limit: SESSIONS_MAX, ..Query::default() };
    let statuses = Row::AT_WORK.map(str::to_string).to_vec();
    let live = Query { statuses, limit: SESSIONS_MAX, ..Query::default() };
    let mut ids = Vec::new();
    for query in [held, live] {
        for row in wire.store.index.rows(query).await? {
            let may = row.waiting() > 0 || !wire.store.work.taken(&row.id)?;
            if may && !ids.contains(&row.id) {
                ids.push(row.id);
            }
        }
    }
    Ok(ids)
}

fn item(session: &Session, waits: tally::Pending) -> Item {
    let call = waits.call.and_then(|call| session.call(call));
    let rule = call.and_then(|call| call.verdict.as_ref()).map(|verdict| verdict.rule.clone());
    Item {
        workspace: session.workspace.clone(),
        rule: rule.unwrap_or_default(),
        hash: call.and_then(|call| call.hash),
        hint: session
            .stop()
            .and_then(Stop::held)
            .map(|held| held.hint(session.id.as_str()))
            .unwrap_or_default(),
        waits,
    }
}

fn kind(waits: &tally::Pending) -> &'static str {
    match waits.waits {
        Waits::Approval => "approval",
        Waits::Unknown => "unknown outcome",
        Waits::Breakpoint => "breakpoint",
        Waits::Budget => "budget",
        Waits::Loop => "loop",
        Waits::Checks => "checks",
        Waits::Context => "context",
        Waits::Driver => "interrupted",
    }
}

fn call_name(waits: &tally::Pending) -> String {
    waits.call.map_or("-".to_string(), |call| call.to_string())
}

fn title_line(item: &Item, now: Micros) -> String {
    let waits = &item.waits;
    let waited = time::duration(now.ms_since(waits.since));
    let tool = if waits.tool.is_empty() { "the model's turn" } else { &waits.tool };
    let (id, call, kind) = (&waits.session, call_name(waits), kind(waits));
    out::row(&format!("{id} {call}  {kind}  {tool}  waits {waited}  · {}", waits.title))
}

fn short(item: &Item, now: Micros) -> Result<(), Failure> {
    let waits = &item.waits;
    out::line(&title_line(item, now))?;
    out::line(&out::row(&format!("    in {}", item.workspace)))?;
    out::line(&out::row(&format!("    {}", waits.why)))?;
    for touch in &waits.touches {
        out::line(&out::row(&format!("    will {touch}")))?;
    }
    let (id, call) = (&waits.session, call_name(waits));
    if !waits.args.is_null() {
        out::line(&out::row(&format!("    {}", shorten(&waits.args.to_string(), id, &call))))?;
    }
    if let Preview::WouldFail { why } = &waits.preview {
        out::line(&out::row(&format!("    it would fail: {why}")))?;
    }
    out::line(&match waits.waits {
        Waits::Approval => format!("    → tackroom approve {id} {call}   (or reject, edit, respond)"),
        Waits::Unknown => format!("    → tackroom settle {id} {call} happened|again|abandon"),
        Waits::Breakpoint => format!("    → tackroom continue {id}   (or step)"),
        Waits::Budget | Waits::Loop | Waits::Checks | Waits::Context => format!("    → {}", item.hint),
        Waits::Driver => format!("    → tackroom resume {id}"),
    })?;
    match waits.call {
        Some(call) => out::line(&format!("      all of it: tackroom pending {id} {call}")),
        None => Ok(()),
    }
}

fn shorten(text: &str, id: &SessionId, call: &str) -> String {
    let short = text::truncate(text, 200);
    match short.len() < text.len() {
        true => format!("{short} [cut; `tackroom pending {id} {call}` has all {} bytes]", text.len()),
        false => short,
    }
}

/// Everything that a person decides on: what would run, where, why it asks, what it changes and what the answer is bound to.
fn whole(item: &Item, now: Micros) -> Result<(), Failure> {
    let waits = &item.waits;
    let (id, call) = (&waits.session, call_name(waits));
    out::line(&title_line(item, now))?;
    let said = |name: &str, text: &str| out::line(&format!("  {name:<9} {}", revealed(text)));
    said("folder", &item.workspace)?;
    said("why", &waits.why)?;
    if !item.rule.is_empty() {
        said("rule", &item.rule)?;
    }
    for touch in &waits.touches {
        said("will", touch)?;
    }
    if !waits.args.is_null() {
        out::line("  arguments")?;
        quoted(&serde_json::to_string_pretty(&waits.args).unwrap_or_else(|_| waits.args.to_string()))?;
    }
    preview(&waits.preview)?;
    if let Some(hash) = item.hash {
        out::line(&format!("  hash      {hash}"))?;
    }
    match waits.waits {
        Waits::Unknown => out::line(&format!("  → tackroom settle {id} {call} happened|again|abandon")),
        Waits::Breakpoint => out::line(&format!("  → tackroom continue {id}   (or step)")),
        Waits::Budget | Waits::Loop | Waits::Checks | Waits::Context => {
            out::line(&format!("  → {}", out::row(&item.hint)))
        }
        Waits::Driver => out::line(&format!("  → tackroom resume {id}")),
        Waits::Approval => {
            let hash = item.hash.map(|hash| format!(" --hash {hash}")).unwrap_or_default();
            out::line(&format!("  → tackroom approve {id} {call}{hash}"))?;
            let (reject, edit) = (format!("reject {id} {call}"), format!("edit {id} {call} --args JSON"));
            out::line(&format!("    or {reject}, {edit}, respond {id} {call} TEXT"))
        }
    }
}

/// One call whole, as `approve` shows it before it asks.
pub fn show(session: &Session, call: &Call, now: Micros) -> Result<(), Failure> {
    let waits = tally::pending(session).into_iter().find(|waits| waits.call == Some(call.id));
    waits.map_or(Ok(()), |waits| whole(&item(session, waits), now))
}

/// Foreign text as one line for who decides: what hides, pretends or turns the line round is marked.
fn revealed(text: &str) -> String {
    text::reveal_plain(text).replace('\n', "\u{240a}")
}

/// Foreign lines, each behind a bar of ours: none of them can pass for a line of this program.
fn quoted(text: &str) -> Result<(), Failure> {
    text.split('\n').try_for_each(|line| out::line(&format!("    │ {}", revealed(line))))
}

fn preview(preview: &Preview) -> Result<(), Failure> {
    let line = |text: &str| out::line(&format!("  {text}"));
    match preview {
        Preview::None => Ok(()),
        Preview::Change { path, before, after, cut } => {
            let new = if before.is_none() { " (a new file)" } else { "" };
            line(&format!("changes   {}{new}", revealed(path)))?;
            diff(before.as_deref().unwrap_or_default(), after)?;
            match cut {
                true => {
                    line("          the file is long: this is its beginning; the arguments above are whole")
                }
                false => Ok(()),
            }
        }
        Preview::Command { argv, cwd, sandbox, parts, scripts } => {
            line("runs")?;
            argv.iter().try_for_each(|word| quoted(word))?;
            line(&format!("in        {}", revealed(cwd)))?;
            line(&format!("walls     {}", revealed(sandbox)))?;
            for part in parts {
                let indent = "  ".repeat(usize::from(part.depth));
                line(&format!("{:<9} {indent}{}", part.does.word(), revealed(&part.text)))?;
            }
            for script in scripts {
                line(&format!("script    {}", revealed(&script.line())))?;
                script.head.lines().try_for_each(|text| line(&format!("    │ {}", revealed(text))))?;
            }
            Ok(())
        }
        Preview::Request { method, url } => {
            line(&format!("sends     {} {}", revealed(method), revealed(url)))
        }
        Preview::WouldFail { why } => line(&format!("it would fail: {}", revealed(why))),
    }
}

/// The lines that go and come, with some that stay around them.
fn diff(before: &str, after: &str) -> Result<(), Failure> {
    let care = Care { context: CONTEXT, words_max: 0, time_max: COMPARE };
    let compared = hunks(before, after, care);
    let skipped = |n: usize| match n {
        0 => Ok(()),
        n => out::line(&format!("    │ … {n} lines stay as they are")),
    };
    for hunk in &compared.hunks {
        skipped(hunk.before)?;
        for line in &hunk.lines {
            out::line(&format!("    │ {} {}", line.fate.sign(), revealed(&line.text)))?;
        }
    }
    skipped(compared.after)?;
    if before == after {
        return out::line("    │ nothing changes");
    }
    // Lines alone do not tell how the last one ends.
    match (before.is_empty() || before.ends_with('\n'), after.is_empty() || after.ends_with('\n')) {
        (_, false) => out::line("    │ (no line end at the end)"),
        (false, true) => out::line("    │ (a line end comes to the end)"),
        (true, true) => Ok(()),
    }
}

fn tell_json(items: &[Item], left: &[Left]) -> Result<Code, Failure> {
    let items: Vec<serde_json::Value> = items.iter().map(as_json).collect();
    let left: Vec<serde_json::Value> = left
        .iter()
        .map(|one| {
            serde_json::json!({
                "session": one.session.as_str(), "title": one.title, "workspace": one.workspace,
                "since": one.since.rfc3339(),
            })
        })
        .collect();
    out::json(&serde_json::json!({ "version": 1, "pending": items, "interrupted": left }).to_string())?;
    Ok(Code::Done)
}

fn as_json(item: &Item) -> serde_json::Value {
    let waits = &item.waits;
    serde_json::json!({
            "session": waits.session.as_str(),
            "title": waits.title,
            "workspace": item.workspace,
            "call": waits.call.map(|call| call.to_string()),
            "kind": match waits.waits {
                Waits::Approval => "approval",
                Waits::Unknown => "unknown-outcome",
                Waits::Breakpoint => "breakpoint",
                Waits::Budget => "budget",
                Waits::Loop => "loop",
    Waits::Checks => "checks",
                Waits::Context => "context",
                Waits::Driver => "interrupted",
            },
            "tool": waits.tool,
            "args": waits.args,
            "hash": item.hash.map(|hash| hash.to_string()),
            "why": waits.why,
            "rule": item.rule,
            "touches": waits.touches,
            "preview": waits.preview,
            "since": waits.since.rfc3339(),
        })
}
