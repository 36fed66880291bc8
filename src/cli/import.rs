//! `tackroom import`: other tools' sessions, brought in to be browsed, searched and replayed; and exported ones of this one.

use crate::adapters::foreign::Sessions;
use crate::cli::args_import::{From, Import};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::import_own::{self, Parted};
use crate::cli::out;
use crate::cli::signal;
use crate::cli::wire::Wire;
use crate::domain::text;
use crate::ports::foreign::{Discovered, Foreign, Source, Wanted};
use crate::runtime::importer::{Importer, Known, Taken};
use crate::runtime::replica::{Copied, Replicas};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How long a watcher rests between two looks, in milliseconds.
const REST_MS: u64 = 2_000;
/// A look that took long is followed by a rest of so many times its length.
const REST_TIMES: u64 = 10;

/// Lists, imports or follows.
pub async fn import(config: &Config, args: &Import) -> Result<Code, Failure> {
    let scratch = config.paths.cache.join("foreign");
    let foreign: Arc<dyn Foreign> = Arc::new(Sessions::new(config.env.clone(), scratch));
    let parted = Parted::of(args);
    let only_own = args.from == Some(From::Tackroom);
    if only_own && args.paths.is_empty() {
        let sentence = "which exported sessions are to be imported is not said";
        return Err(Failure::new(Code::Usage, sentence, "such as `tackroom import session.jsonl`"));
    }
    let wanted = Wanted { tool: args.from.and_then(From::tool), paths: parted.others.clone() };
    let mut found = Discovered::default();
    if !only_own && (args.paths.is_empty() || !parted.others.is_empty()) {
        found = foreign.discover(wanted.clone()).await;
    }
    // A folder of exports need not hold anything else.
    found.odd.retain(|(path, _)| !parted.folders.contains(path));
    if args.list {
        return list(&found, &parted.own, args);
    }
    let goes_on = args.watch && (args.paths.is_empty() || !parted.others.is_empty());
    if found.sources.is_empty() && parted.own.is_empty() && !goes_on {
        return nothing(&found, args);
    }
    let wire = Wire::store(config)?;
    let importer = Importer {
        foreign,
        log: wire.store.log.clone(),
        blobs: wire.store.blobs.clone(),
        clock: wire.clock.clone(),
        program: wire.opening().program,
        known: Known::default(),
    };
    let replicas = Replicas { store: wire.store.clone(), clock: wire.clock.clone() };
    let mut report = Vec::new();
    let mut failed = !found.odd.is_empty();
    for path in &parted.own {
        let told = Told::copied(path, import_own::copy(&replicas, path).await);
        failed |= !told.error.is_empty();
        if !args.json {
            told.print()?;
        }
        report.push(told);
    }
    if goes_on {
        return Box::pin(watch(&importer, &wanted, args.json)).await;
    }
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
fn list(found: &Discovered, own: &[PathBuf], args: &Import) -> Result<Code, Failure> {
    let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |meta| meta.len());
    if args.json {
        let source = |source: &Source| {
            json!({ "tool": source.tool.word(), "path": source.path.display().to_string(),
                "part": source.part, "bytes": source.bytes })
        };
        let mine = |path: &PathBuf| json!({ "tool": "tackroom", "path": path.display().to_string(), "part": "", "bytes": size(path) });
        let sources: Vec<Value> = own.iter().map(mine).chain(found.sources.iter().map(source)).collect();
        out::json(&json!({ "version": 1, "sources": sources, "odd": odd_json(found) }).to_string())?;
        return Ok(Code::Done);
    }
    for path in own {
        out::line(&out::safe(&format!("{:<9} {:>10}  {}", "tackroom", size(path), path.display())))?;
    }
    for source in &found.sources {
        let place = place(&source.path, &source.part);
        out::line(&out::safe(&format!("{:<9} {:>10}  {place}", source.tool.word(), source.bytes)))?;
    }
    if found.sources.is_empty() && own.is_empty() {
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
    tool: &'static str,
    path: PathBuf,
    part: String,
    taken: Taken,
    error: String,
}

impl Told {
    fn of(source: &Source, taken: Result<Taken, crate::runtime::importer::ImportFault>) -> Told {
        let (taken, error) = match taken {
            Ok(taken) => (taken, String::new()),
            Err(fault) => (Taken::default(), fault.to_string()),
        };
        let (tool, path, part) = (source.tool.word(), source.path.clone(), source.part.clone());
        Told { tool, path, part, taken, error }
    }

    fn copied(path: &Path, copied: Result<Copied, String>) -> Told {
        let (taken, error) = match copied {
            Ok(Copied { session, title, events, added }) => {
                let taken =
                    Taken { session: Some(session), title, added, records: events, ..Taken::default() };
                (taken, String::new())
            }
            Err(error) => (Taken::default(), error),
        };
        Told { tool: "tackroom", path: path.to_path_buf(), part: String::new(), taken, error }
    }

    fn print(&self) -> Result<(), Failure> {
        let taken = &self.taken;
        let session = taken.session.as_ref().map_or("-", |id| id.as_str());
        let counts = match self.error.is_empty() {
            false => format!("error: {}", self.error),
            true if self.tool == "tackroom" && taken.added == 0 => "nothing new".to_string(),
            true if self.tool == "tackroom" => format!("{} events, as they were", taken.added),
            true => format!(
                "{} events added, {} records, {} unknown, {} damaged{}",
                taken.added,
                taken.records,
                taken.unknown,
                taken.damaged,
                lines(taken)
            ),
        };
        let tool = self.tool;
        out::line(&out::safe(&format!(
            "{tool:<9} {session:<10}  {counts}  {}",
            text::first_line(&taken.title, 60)
        )))?;
        out::line(&out::safe(&format!("{:<9} {:<10}  {}", "", "", place(&self.path, &self.part))))
    }

    fn as_json(&self) -> Value {
        let taken = &self.taken;
        json!({
            "tool": self.tool,
            "path": self.path.display().to_string(),
            "part": self.part,
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

fn place(path: &Path, part: &str) -> String {
    match part {
        "" => path.display().to_string(),
        part => format!("{} {part}", path.display()),
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
