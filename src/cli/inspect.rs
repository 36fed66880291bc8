//! `tackroom inspect`: one event or call of a session, looked at closely; the same page as on the screen.

use crate::adapters::model::body;
use crate::cli::args_past::Inspect;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::ids::{CallId, EventNo, SessionId};
use crate::domain::inspect::page::{Page, Part, Raw, Section, Subject};
use crate::domain::text;
use crate::runtime::inspect::{inspect as read, of_call};
use crate::ui::panes::inspect_text::{Extent, lines, plain};
use crate::ui::theme::Theme;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};

/// Columns where standard output is no terminal, or does not tell.
const COLUMNS: usize = 120;

/// Shows an event or a call.
pub async fn inspect(config: &Config, args: &Inspect) -> Result<Code, Failure> {
    let Some(wire) = Wire::existing(config)? else {
        let sentence = format!("there is no session yet in {}", config.paths.data.display());
        return Err(Failure::new(Code::Usage, sentence, "`tackroom demo` makes one in a minute"));
    };
    let id = wire.find(&args.id).await?;
    let subject = subject(&wire, &id, args.what.as_deref()).await?;
    let page = read(&wire.store, body::rebuilt, &id, subject, None).await?;
    let page = page.ok_or_else(|| nothing(&id, &subject.no.to_string()))?;
    if args.request {
        return exact(&page, section(&page, "body", "is no request to the model")?);
    }
    if args.output {
        return exact(&page, section(&page, "output", "gave nothing back")?);
    }
    if args.raw {
        page.events.iter().try_for_each(|raw| out::json(&raw.json))?;
    } else if args.json {
        out::json(&shape(&page).to_string())?;
    } else {
        let extent = if args.full { Extent::Whole } else { Extent::Ends };
        tell(&page, columns(config), extent)?;
    }
    Ok(Code::Done)
}

/// What is to be looked at: `c7` is a call, a number an event, nothing the last event.
async fn subject(wire: &Wire, id: &SessionId, what: Option<&str>) -> Result<Subject, Failure> {
    let Some(what) = what else {
        return Ok(Subject { no: wire.store.log.head(id).await?.event, call: None });
    };
    if let Some(call) = CallId::parse(what).filter(|_| what.starts_with('c')) {
        return of_call(&wire.store, id, call).await?.ok_or_else(|| nothing(id, what));
    }
    let no = what.strip_prefix('#').unwrap_or(what).parse::<u64>().map_err(|_| {
        let sentence = format!("{what:?} is neither an event nor a call");
        Failure::new(Code::Usage, sentence, "an event is a number such as 12, a call is written c7")
    })?;
    Ok(Subject { no: EventNo(no), call: None })
}

fn nothing(id: &SessionId, what: &str) -> Failure {
    let sentence =
        format!("session {id} has no {} {what}", if what.starts_with('c') { "call" } else { "event" });
    Failure::new(Code::Usage, sentence, format!("`tackroom events {id}` lists what there is"))
}

/// The width of the terminal, as its shell tells it.
fn columns(config: &Config) -> usize {
    let told = config.env.get("COLUMNS").and_then(|columns| columns.parse().ok());
    match std::io::stdout().is_terminal() {
        true => told.unwrap_or(COLUMNS).clamp(40, 240),
        false => COLUMNS,
    }
}

/// The section of that name, if it has a text.
fn section<'a>(page: &'a Page, name: &str, missing: &str) -> Result<&'a Section, Failure> {
    let has_text = |section: &&Section| {
        section.name == name && section.parts.iter().any(|part| matches!(part, Part::Text { .. }))
    };
    page.sections
        .iter()
        .rev()
        .find(has_text)
        .ok_or_else(|| unknown(&format!("{} {missing}, or it is not known any more", page.name())))
}

fn unknown(sentence: &str) -> Failure {
    let hint = "without the flag, all that is known of it is shown".to_string();
    Failure::new(Code::Failed, text::clean(sentence).into_owned(), hint)
}

/// A text byte by byte; on a terminal, without what that would act on. What is known not to be whole, or not to be what was
/// asked for, is nobody's to pass on.
fn exact(page: &Page, section: &Section) -> Result<Code, Failure> {
    if let Some(lacks) = &section.lacks {
        return Err(unknown(&format!("{}: {lacks}", page.name())));
    }
    let copied = section.copied();
    let mut stdout = std::io::stdout().lock();
    let written = match stdout.is_terminal() {
        true => stdout.write_all(out::safe(&copied).as_bytes()),
        false => stdout.write_all(copied.as_bytes()),
    };
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::quiet(Code::Done)),
        other => other.map(|()| Code::Done).map_err(Failure::from),
    }
}

fn tell(page: &Page, width: usize, extent: Extent) -> Result<(), Failure> {
    out::line(&text::truncate(&out::row(&page.name()), width))?;
    for section in &page.sections {
        let told = plain(&lines(section, width, &Theme::plain(), extent));
        out::line(&format!("\n{}", told.trim_end_matches('\n')))?;
    }
    Ok(())
}

/// The page as a document: `{"version":1, "session", "event", "call", "kind", "title", "sections":[{"name","title","parts":[…]}],
/// "events":[{"event","hash","stored"}]}`; a part is a row (`label`, `text`), a text (the same), a json (`label`, `value`), a change (`label`, `before`,
/// `after`) or a table (`head`, `rows`), named by `part`.
fn shape(page: &Page) -> Value {
    let sections: Vec<Value> = page.sections.iter().map(section_shape).collect();
    let events: Vec<Value> = page.events.iter().map(raw_shape).collect();
    json!({
        "version": 1, "session": page.session, "event": page.subject.no.0,
        "call": page.subject.call.map(|call| call.to_string()), "kind": page.kind, "title": page.title,
        "sections": sections, "events": events,
    })
}

fn section_shape(section: &Section) -> Value {
    let parts: Vec<Value> = section
        .parts
        .iter()
        .map(|part| match part {
            Part::Row { label, text, .. } => json!({ "part": "row", "label": label, "text": text }),
            Part::Text { label, text } => json!({ "part": "text", "label": label, "text": text.as_ref() }),
            Part::Json { label, value } => json!({ "part": "json", "label": label, "value": value }),
            Part::Change { label, before, after } => {
                json!({ "part": "change", "label": label, "before": before, "after": after })
            }
            Part::Table { head, rows } => json!({ "part": "table", "head": head, "rows": rows }),
        })
        .collect();
    json!({ "name": section.name, "title": section.title, "parts": parts })
}

fn raw_shape(raw: &Raw) -> Value {
    let stored: Value = serde_json::from_str(&raw.json).unwrap_or_default(); // invariant: stored bytes are JSON
    json!({ "event": raw.no.0, "hash": raw.hash, "stored": stored })
}
