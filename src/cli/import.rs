//! `tackroom import`: other tools' sessions, brought in to be browsed, searched and replayed; and exported ones of this one.

use crate::adapters::foreign::Sessions;
use crate::adapters::veil::VeiledForeign;
use crate::cli::args_import::{From, Import};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::import_own::{self, Parted};
use crate::cli::out;
use crate::cli::secrets;
use crate::cli::signal;
use crate::cli::wire::Wire;
use crate::domain::text;
use crate::ports::foreign::{Discovered, Foreign, Source, Wanted};
use crate::runtime::importer::{Importer, Known, Taken};
use crate::runtime::replica::{Copied, Replicas};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

/// How long a watcher rests between two looks, in milliseconds.
const REST_MS: u64 = 2_000;
/// A look that took long is followed by a rest of so many times its length.
const REST_TIMES: u64 = 10;

/// Lists, imports or follows.
pub async fn import(config: &Config, args: &Import) -> Result<Code, Failure> {
    let scratch = config.paths.cache.join("foreign");
    let sessions = Arc::new(Sessions::new(config.env.clone(), scratch));
    let veil = Arc::new(secrets::vault(config, 0)); // nothing of it is put back
    let foreign: Arc<dyn Foreign> = Arc::new(VeiledForeign::new(sessions, veil));
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
    let mut teller = Teller { json: args.json, by_line: goes_on, report: Vec::new(), failed: false };
    for path in &parted.own {
        let told = Told::copied(path, import_own::copy(&replicas, path).await);
        teller.tell(told)?;
    }
    if goes_on {
        print_odd(&found);
        return Box::pin(watch(&importer, &wanted, teller)).await;
    }
    for source in &found.sources {
        teller.tell(Told::of(source, importer.import(source, true).await))?;
    }
    if args.json {
        let imported: Vec<Value> = teller.report.iter().map(Told::as_json).collect();
        out::json(&json!({ "version": 1, "imported": imported, "odd": odd_json(&found) }).to_string())?;
    } else {
        print_odd(&found);
        let (added, sessions) =
            (teller.report.iter().map(|told| told.taken.added).sum::<u64>(), teller.report.len());
        out::progress(&format!(
            "{sessions} sessions read, {added} events added; `tackroom sessions` lists them"
        ));
    }
    Ok(if teller.failed || !found.odd.is_empty() { Code::Failed } else { Code::Done })
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
    if args.json {
        out::json(&json!({ "version": 1, "imported": [], "odd": odd_json(found) }).to_string())?;
    } else if found.odd.is_empty() {
        out::line("there is no session of another tool in its usual place; name a file or a folder")?;
    } else {
        print_odd(found);
    }
    Ok(if found.odd.is_empty() { Code::Done } else { Code::Failed })
}

/// Looks again and again, gently. What changed is read but for its unfinished end, and whole once it rests.
async fn watch(importer: &Importer, wanted: &Wanted, mut teller: Teller) -> Result<Code, Failure> {
    let mut end = Asked::listen().await;
    let mut seen: HashMap<(PathBuf, String), (String, bool)> = HashMap::new();
    out::progress("following other tools' sessions; Ctrl-C ends it");
    while !end.is_heard().await {
        let begun = importer.clock.now();
        let found = importer.foreign.discover(wanted.clone()).await;
        for source in &found.sources {
            if end.is_heard().await {
                break;
            }
            let key = (source.path.clone(), source.part.clone());
            let rests = match seen.get(&key) {
                Some((stamp, true)) if *stamp == source.stamp => continue,
                Some((stamp, false)) => *stamp == source.stamp,
                Some(_) | None => false,
            };
            let told = Told::of(source, importer.import(source, rests).await);
            seen.insert(key, (source.stamp.clone(), rests));
            if told.is_news() {
                teller.tell(told)?;
            }
        }
        let took = importer.clock.now().ms_since(begun);
        let rest = REST_MS.max(took.saturating_mul(REST_TIMES));
        end.or(importer.clock.sleep_until(importer.clock.now().plus_ms(rest))).await;
    }
    // What was kept back as unfinished is taken as it stands: nobody looks any more. Asked a second time, it is left.
    let mut again = Asked::listen().await;
    for source in importer.foreign.discover(wanted.clone()).await.sources {
        let known = seen.get(&(source.path.clone(), source.part.clone()));
        if again.is_heard().await || !matches!(known, Some((_, false))) {
            continue;
        }
        let told = Told::of(&source, importer.import(&source, true).await);
        if told.is_news() {
            teller.tell(told)?;
        }
    }
    Ok(if teller.failed { Code::Failed } else { Code::Interrupted })
}

/// Whether the program was asked to end since it was listened for.
struct Asked {
    signal: Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>>,
    heard: bool,
}

impl Asked {
    /// Listens from now on.
    async fn listen() -> Asked {
        let mut asked = Asked { signal: Box::pin(signal::asked()), heard: false };
        asked.is_heard().await;
        asked
    }

    async fn is_heard(&mut self) -> bool {
        self.or(std::future::ready(())).await;
        self.heard
    }

    /// Waits for it or for something else.
    async fn or(&mut self, other: impl Future<Output = ()>) {
        if !self.heard {
            tokio::select! {
                biased;
                _ = &mut self.signal => self.heard = true,
                () = other => {}
            }
        }
    }
}

/// Says what came of each source, in one way.
struct Teller {
    json: bool,
    /// Each by itself, as it comes; else a document at the end.
    by_line: bool,
    report: Vec<Told>,
    /// Whether anything could not be imported.
    failed: bool,
}

impl Teller {
    fn tell(&mut self, told: Told) -> Result<(), Failure> {
        self.failed |= !told.error.is_empty();
        match (self.json, self.by_line) {
            (false, _) => told.print()?,
            (true, true) => out::json(&json!({ "version": 1, "imported": told.as_json() }).to_string())?,
            (true, false) => {}
        }
        if !self.by_line {
            self.report.push(told);
        }
        Ok(())
    }
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
    /// Whether there is something to say.
    fn is_news(&self) -> bool {
        self.taken.added > 0 || !self.error.is_empty()
    }

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
