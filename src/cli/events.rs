//! `tackroom events`: a session's log as text or exactly as stored.

use crate::cli::args::Events;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::about::about;
use crate::domain::commit::{Commit, Sealed};
use crate::ports::log::{Follow, TailItem};

/// Prints the events of a session; with `--follow` also what comes.
pub async fn events(config: &Config, args: &Events) -> Result<Code, Failure> {
    let wire = if args.follow { Wire::following(config)? } else { Wire::reading(config)? };
    let id = wire.find(&args.id).await?;
    if !args.follow {
        let mut after = 0;
        loop {
            let page = wire.store.log.read(&id, after, 256).await?;
            let Some(last) = page.last() else { return Ok(Code::Done) };
            after = last.seq;
            for commit in &page {
                print(commit, args.json)?;
            }
        }
    }
    let mut tail = wire.store.log.tail(Follow::One(id, 0));
    let mut seq = 0;
    loop {
        let item = tokio::select! {
            item = tail.next() => item,
            _ = tokio::signal::ctrl_c() => return Ok(Code::Interrupted),
        };
        match item {
            TailItem::Commit(commit) if commit.seq > seq => {
                seq = commit.seq;
                print(&commit, args.json)?;
            }
            TailItem::Commit(_) | TailItem::CaughtUp => {}
            TailItem::Interrupted(fault) => return Err(fault.into()),
        }
    }
}

/// Prints a commit's events, one a line.
pub fn print(commit: &Commit, json: bool) -> Result<(), Failure> {
    for sealed in &commit.events {
        match json {
            true => out::json(&as_json(commit, sealed))?,
            false => out::line(&as_text(commit, sealed))?,
        }
    }
    Ok(())
}

/// The stored bytes untouched, with the hash and the commit beside them.
pub fn as_json(commit: &Commit, sealed: &Sealed) -> String {
    let head = serde_json::json!({
        "session": commit.session.as_str(), "commit": commit.id.0, "class": commit.class,
        "writer": commit.writer, "epoch": commit.epoch, "hash": sealed.hash,
    });
    let head = head.to_string();
    format!("{},\"event\":{}}}", head.trim_end_matches('}'), sealed.json)
}

fn as_text(commit: &Commit, sealed: &Sealed) -> String {
    let event = &sealed.event;
    let line =
        format!("{:>5}  {}  {:<14} {}", event.no.0, event.at.clock(), event.fact.kind(), about(&event.fact));
    let _ = commit;
    out::safe(crate::domain::text::first_line(&line, 200).as_str())
}
