//! `tackroom sessions search`: what was said and done, in any session.

use crate::cli::args::sessions::Find;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::search::{Found, Hit, Progress, Search, wanted};
use crate::domain::text;
use crate::domain::time;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// So long is taken up what cannot be searched yet, before the answer.
const PATIENCE: Duration = Duration::from_secs(10);
const STEP_MS: u64 = 500;

/// Searches; first takes up what is missing, for a bounded time.
pub async fn search(config: &Config, args: &Find, json: bool) -> Result<Code, Failure> {
    let words = typed(&args.words);
    if wanted(&words).is_empty() {
        return Err(Failure::new(
            Code::Usage,
            "there is no letter and no digit in what is looked for",
            "such as: tackroom sessions search \"connection refused\" retry",
        ));
    }
    let Some(mut wire) = Wire::existing(config)? else {
        return print(config, &Found::default(), json, 0);
    };
    // Where something is left to be taken up, that is written; who may not write searches what there is.
    let whole = wire.store.index.take_up(0).await.is_ok_and(|progress| progress.whole());
    if !whole && let Ok(writing) = Wire::required(config) {
        wire = writing;
    }
    let begun = Instant::now();
    loop {
        // A store that is busy or may not be written to is searched as far as it was taken up.
        let Ok(progress) = wire.store.index.take_up(STEP_MS).await else { break };
        if progress.whole() || begun.elapsed() >= PATIENCE {
            break;
        }
        out::progress(&format!("reading what was not searched before: {} %", progress.percent()));
    }
    let asked = Search { words, rank: args.rank, limit: args.limit, before: args.before };
    let found = wire.store.index.search(asked).await?;
    print(config, &found, json, wire.clock.now().0)
}

/// What the shell took apart is put together again: an argument of several words was in quotes.
fn typed(args: &[String]) -> String {
    let quoted = |arg: &String| match arg.contains(char::is_whitespace) && !arg.contains('"') {
        true => format!("\"{arg}\""),
        false => arg.clone(),
    };
    args.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

fn print(config: &Config, found: &Found, json: bool, now: i64) -> Result<Code, Failure> {
    if json {
        out::json(&as_json(found).to_string())?;
        return Ok(Code::Done);
    }
    let bright = std::io::stdout().is_terminal() && !config.no_color && !config.accessible;
    if found.hits.is_empty() {
        out::line("nothing was found")?;
    }
    for hit in &found.hits {
        let age = time::age(time::Micros(now).ms_since(hit.at));
        let put_away = if hit.archived { "  (archived)" } else { "" };
        let title = text::first_line(&hit.title, 60);
        out::line(&out::safe(&format!(
            "{:<10}  {:>5}  {age:>4}  {:<14}  {title}{put_away}",
            hit.session, hit.event.0, hit.kind
        )))?;
        out::line(&format!("    {}", shown(hit, bright)))?;
    }
    if let Some(next) = found.next {
        out::progress(&format!("older ones: the same with --before {next}"));
    }
    if !found.progress.whole() {
        out::progress(&format!(
            "only the newest {} % of the store could be searched so far; the same again goes on",
            found.progress.percent()
        ));
    }
    Ok(Code::Done)
}

/// The snippet as it may be printed, with what was found in bold on a terminal.
fn shown(hit: &Hit, bright: bool) -> String {
    let part = |from: usize, to: usize| out::safe(hit.snippet.get(from..to).unwrap_or_default());
    let (mut line, mut at) = (String::new(), 0);
    for mark in &hit.marks {
        line += &part(at, mark.start);
        let found = part(mark.start, mark.end);
        line += &if bright { format!("\u{1b}[1m{found}\u{1b}[0m") } else { found };
        at = mark.end;
    }
    line + &part(at, hit.snippet.len())
}

fn as_json(found: &Found) -> serde_json::Value {
    let hits: Vec<serde_json::Value> = found
        .hits
        .iter()
        .map(|hit| {
            serde_json::json!({
                "session": hit.session.as_str(), "title": hit.title, "archived": hit.archived,
                "event": hit.event.0, "kind": hit.kind, "at": hit.at.rfc3339(), "snippet": hit.snippet,
                "marks": hit.marks.iter().map(|mark| [mark.start, mark.end]).collect::<Vec<_>>(),
            })
        })
        .collect();
    let Progress { done, all } = found.progress;
    let searched = serde_json::json!({ "commits": done, "of": all, "percent": found.progress.percent() });
    serde_json::json!({ "version": 1, "hits": hits, "next": found.next, "searched": searched })
}
