//! `tackroom import`: other tools' sessions, brought in to be browsed, searched and replayed.

use crate::adapters::foreign::Sessions;
use crate::cli::args_import::Import;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::signal;
use crate::cli::wire::Wire;
use crate::domain::text;
use crate::ports::foreign::{Discovered, Foreign, Source, Wanted};
use crate::runtime::importer::{Importer, Taken};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// How long a watcher rests between two looks, in milliseconds.
const REST_MS: u64 = 2_000;
/// A look that took long is followed by a rest of so many times its length.
const REST_TIMES: u64 = 10;

/// Lists, imports or follows.
pub async fn import(config: &Config, args: &Import) -> Result<Code, Failure> {
    let scratch = config.paths.cache.join("foreign");
    let foreign: Arc<dyn Foreign> = Arc::new(Sessions::new(config.env.clone(), scratch));
    let wanted = Wanted { tool: args.from.map(Into::into), paths: args.paths.clone() };
    let found = foreign.discover(wanted.clone()).await;
    if args.list {
        return list(&found, args);
    }
    if found.sources.is_empty() && !args.watch {
        return nothing(&found, args);
    }
    let wire = Wire::store(config)?;
    let importer = Importer {
        foreign,
        log: wire.store.log.clone(),
        blobs: wire.store.blobs.clone(),
        clock: wire.clock.clone(),
        program: wire.opening().program,
    };
    if args.watch {
        return Box::pin(watch(&importer, &wanted, args.json)).await;
    }
    let mut report = Vec::new();
    let mut failed = !found.odd.is_empty();
    for source in &found.sources {
        let told = Told::of(source, importer.import(source, true).await);
        failed |= !told.error.is_empty();
        if !args.json {
            told.print()?;
        }
        report.push(told);
    }
    if args.json {
        let imported: Vec<Value> = report.iter().map(Told::as_json).collect();
        out::json(&json!({ "version": 1, "imported": imported, "odd": odd_json(&found) }).to_string())?;
    } else {
        print_odd(&found);
        let (added, sessions) = (report.iter().map(|told| told.taken.added).sum::<u64>(), report.len());
        out::progress(&format!(
            "{sessions} sessions read, {added} events added; `tackroom sessions` lists them"
        ));
    }
    Ok(if failed { Code::Failed } else { Code::Done })
}

/// What there is.
fn list(found: &Discovered, args: &Import) -> Result<Code, Failure> {
    if args.json {
        let source = |source: &Source| {
            json!({ "tool": source.tool.word(), "path": source.path.display().to_string(),
                "part": source.part, "bytes": source.bytes })
        };
        let sources: Vec<Value> = found.sources.iter().map(source).collect();
        out::json(&json!({ "version": 1, "sources": sources, "odd": odd_json(found) }).to_string())?;
        return Ok(Code::Done);
    }
    for source in &found.sources {
        let line = format!("{:<9} {:>10}  {}", source.tool.word(), source.bytes, place(source));
        out::line(&out::safe(&line))?;
    }
    if found.sources.is_empty() {
        return nothing(found, args);
    }
    print_odd(found);
    Ok(Code::Done)
}

/// Nothing was found: an answer where nothing was named, a mistake where something was.
fn nothing(found: &Discovered, args: &Import) -> Result<Code, Failure> {
    if let Some((path, why)) = found.odd.first().filter(|_| !args.paths.is_empty()) {
        let sentence = format!("{} is not imported: {why}", path.display());
        return Err(Failure::new(Code::Usage, sentence, "`tackroom import --help` names the tools"));
    }
    match args.json {
        true => out::json(&json!({ "version": 1, "imported": [], "odd": odd_json(found) }).to_string())?,
        false => {
            out::line("there is no session of another tool in its usual place; name a file or a folder")?
        }
    }
    Ok(Code::Done)
}

/// Looks again and again, gently. What changed is read but for its unfinished end, and whole once it rests.
async fn watch(importer: &Importer, wanted: &Wanted, json: bool) -> Result<Code, Failure> {
    let end = signal::asked();
    tokio::pin!(end);
    let mut seen: HashMap<(PathBuf, String), (String, bool)> = HashMap::new();
    out::progress("following other tools' sessions; Ctrl-C ends it");
    loop {
        let begun = importer.clock.now();
        let found = importer.foreign.discover(wanted.clone()).await;
        for source in &found.sources {
            let key = (source.path.clone(), source.part.clone());
            let rests = match seen.get(&key) {
                Some((stamp, true)) if *stamp == source.stamp => continue,
                Some((stamp, false)) => *stamp == source.stamp,
                Some(_) | None => false,
            };
            let told = Told::of(source, importer.import(source, rests).await);
            seen.insert(key, (source.stamp.clone(), rests));
            if told.taken.added > 0 || !told.error.is_empty() {
                match json {
                    true => out::json(&json!({ "version": 1, "imported": told.as_json() }).to_string())?,
                    false => told.print()?,
                }
            }
        }
        let took = importer.clock.now().ms_since(begun);
        let rest = REST_MS.max(took.saturating_mul(REST_TIMES));
        tokio::select! {
            () = importer.clock.sleep_until(importer.clock.now().plus_ms(rest)) => {}
            _ = &mut end => break,
        }
    }
    // What was kept back as unfinished is taken as it stands: nobody looks any more.
    for source in importer.foreign.discover(wanted.clone()).await.sources {
        if !matches!(seen.get(&(source.path.clone(), source.part.clone())), Some((_, true))) {
            let told = Told::of(&source, importer.import(&source, true).await);
            if told.taken.added > 0 && !json {
                told.print()?;
            }
        }
    }
    Ok(Code::Interrupted)
}

/// What came of one source.
struct Told {
    source: Source,
    taken: Taken,
    error: String,
}

impl Told {
    fn of(source: &Source, taken: Result<Taken, crate::runtime::importer::ImportFault>) -> Told {
        let (taken, error) = match taken {
            Ok(taken) => (taken, String::new()),
            Err(fault) => (Taken::default(), fault.to_string()),
        };
        Told { source: source.clone(), taken, error }
    }

    fn print(&self) -> Result<(), Failure> {
        let taken = &self.taken;
        let session = taken.session.as_ref().map_or("-", |id| id.as_str());
        let counts = match self.error.is_empty() {
            false => format!("error: {}", self.error),
            true => format!(
                "{} events added, {} records, {} unknown, {} damaged{}",
                taken.added,
                taken.records,
                taken.unknown,
                taken.damaged,
                lines(taken)
            ),
        };
        let tool = self.source.tool.word();
        out::line(&out::safe(&format!(
            "{tool:<9} {session:<10}  {counts}  {}",
            text::first_line(&taken.title, 60)
        )))?;
        out::line(&out::safe(&format!("{:<9} {:<10}  {}", "", "", place(&self.source))))
    }

    fn as_json(&self) -> Value {
        let taken = &self.taken;
        json!({
            "tool": self.source.tool.word(),
            "path": self.source.path.display().to_string(),
            "part": self.source.part,
            "session": taken.session.as_ref().map(|id| id.as_str()),
            "title": taken.title,
            "added": taken.added,
            "records": taken.records,
            "unknown": taken.unknown,
            "damaged": taken.damaged,
            "damaged_lines": taken.damaged_lines,
            "error": Some(&self.error).filter(|error| !error.is_empty()),
        })
    }
}

/// The numbers of damaged lines.
fn lines(taken: &Taken) -> String {
    if taken.damaged_lines.is_empty() {
        return String::new();
    }
    let numbers: Vec<String> = taken.damaged_lines.iter().map(u64::to_string).collect();
    let more = if taken.damaged > taken.damaged_lines.len() as u64 { ", …" } else { "" };
    let word = if numbers.len() == 1 { "line" } else { "lines" };
    format!(" ({word} {}{more})", numbers.join(", "))
}

fn place(source: &Source) -> String {
    match source.part.as_str() {
        "" => source.path.display().to_string(),
        part => format!("{} {part}", source.path.display()),
    }
}

fn odd_json(found: &Discovered) -> Vec<Value> {
    found.odd.iter().map(|(path, why)| json!({ "path": path.display().to_string(), "why": why })).collect()
}

fn print_odd(found: &Discovered) {
    for (path, why) in &found.odd {
        out::error(&format!("{} is not imported: {why}", path.display()));
    }
}
