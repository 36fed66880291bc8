//! `tackroom sessions tag`, `pin`, `archive`, `delete`, `restore`, `purge` and their opposites.

use crate::cli::args::sessions::{Purge, Tags};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::call::Via;
use crate::domain::ids::SessionId;
use crate::domain::marks::Mark;
use crate::domain::order::{Order, Refusal};
use crate::ports::files::Released;
use crate::runtime::ledger::RecordFault;
use crate::runtime::retention::{self, Purged};

/// Gives a session tags, or takes them away.
pub async fn tags(config: &Config, args: &Tags, on: bool, json: bool) -> Result<Code, Failure> {
    let wire = Wire::required(config)?;
    let id = wire.find(&args.id).await?;
    let mark = |tag: &String| match on {
        true => Mark::Tag { tag: tag.clone() },
        false => Mark::Untag { tag: tag.clone() },
    };
    let marks: Vec<Mark> = args.tags.iter().map(mark).collect();
    marked(&wire, &[id], &marks, json).await
}

/// Marks sessions.
pub async fn mark(config: &Config, ids: &[String], mark: Mark, json: bool) -> Result<Code, Failure> {
    let wire = Wire::required(config)?;
    let ids = found(&wire, ids).await?;
    marked(&wire, &ids, &[mark], json).await
}

/// All of them are found before anything is done to one.
async fn found(wire: &Wire, ids: &[String]) -> Result<Vec<SessionId>, Failure> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.push(wire.find(id).await?);
    }
    Ok(found)
}

/// What is so already is no failure: who asks for it has it.
async fn marked(wire: &Wire, ids: &[SessionId], marks: &[Mark], json: bool) -> Result<Code, Failure> {
    let mut hand = wire.hand(Via::Command, "");
    for id in ids {
        for mark in marks {
            let said = match hand.order(id, &Order::Mark(mark.clone())).await {
                Ok(_) => mark.done().to_string(),
                Err(RecordFault::Refused(Refusal::Marked(already))) => format!("is {already} already:"),
                Err(fault) => return Err(fault.into()),
            };
            let tag = mark.tag().map(|tag| format!(" #{tag}")).unwrap_or_default();
            if !json {
                out::line(&out::safe(&format!("{said} {id}{tag}")))?;
            }
        }
        if !json && marks.contains(&Mark::Delete) {
            out::line(&format!("`tackroom sessions restore {id}` takes it back"))?;
        }
    }
    if json {
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            rows.push(wire.store.index.row(id).await?.as_ref().map(out::row_json));
        }
        out::json(&serde_json::json!({ "version": 1, "sessions": rows }).to_string())?;
    }
    Ok(Code::Done)
}

/// Milliseconds for which the words of removed sessions are taken out of the index at a time.
const FORGET_MS: u64 = 500;

/// Removes sessions that are in the bin, or applies the retention rules. All that is named is looked at before one is removed.
pub async fn purge(config: &Config, args: &Purge, json: bool) -> Result<Code, Failure> {
    let wire = Wire::required(config)?;
    let wanted = found(&wire, &args.ids).await?;
    for id in &wanted {
        if wire.store.index.row(id).await?.is_none_or(|row| row.marks.deleted.is_none()) {
            return Err(not_in_bin(id));
        }
    }
    let (mut binned, mut gone, mut failed) = (Vec::new(), Vec::new(), None);
    if args.expired {
        let mut hand = wire.retention_hand();
        let tidied = retention::tidy(
            (&wire.store, wire.files.as_ref()),
            &mut hand,
            wire.retention(),
            wire.clock.now(),
        )
        .await?;
        (binned, gone) = (tidied.binned, tidied.purged);
    }
    for id in wanted {
        if gone.contains(&id) {
            continue; // its time was over, too
        }
        match purge_one(&wire, &id).await {
            Ok(()) => gone.push(id),
            Err(failure) => {
                failed = Some(failure);
                break;
            }
        }
    }
    // Their words go from the index, too, before it is said.
    while !gone.is_empty() && !wire.store.index.take_up(FORGET_MS).await?.whole() {}
    tell(config, &binned, &gone, json)?;
    match failed {
        None if binned.is_empty() && gone.is_empty() && !json => out::line("nothing is old enough")?,
        None => {}
        Some(failure) => return Err(failure),
    }
    Ok(Code::Done)
}

async fn purge_one(wire: &Wire, id: &SessionId) -> Result<(), Failure> {
    match retention::purge(&wire.store, wire.files.as_ref(), id).await? {
        Purged::Gone(released) => {
            match released {
                Released::Changed => {
                    out::progress(&format!("the git worktree of {id} has changes of its own: it stays"));
                }
                Released::Used => {
                    out::progress(&format!("another session works in the git worktree of {id}: it stays"));
                }
                Released::Unknown => out::progress(&format!(
                    "who else works in the git worktree of {id} cannot be read: it stays"
                )),
                Released::Nothing | Released::Removed => {}
            }
            Ok(())
        }
        Purged::NotInBin => Err(not_in_bin(id)), // somebody took it out just now
        Purged::Taken => {
            let hint = "let its task end, or stop that process";
            Err(Failure::new(Code::Failed, format!("another process has session {id}"), hint))
        }
    }
}

fn not_in_bin(id: &SessionId) -> Failure {
    let hint = format!("`tackroom sessions delete {id}` puts it there");
    Failure::new(Code::Failed, format!("session {id} is not in the bin"), hint)
}

/// What went into the bin, and what is gone.
fn tell(config: &Config, binned: &[SessionId], gone: &[SessionId], json: bool) -> Result<(), Failure> {
    if json {
        let names = |ids: &[SessionId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        let told = serde_json::json!({ "version": 1, "deleted": names(binned), "purged": names(gone) });
        return out::json(&told.to_string());
    }
    for id in binned {
        out::line(&format!("deleted {id}: it was archived for {} days", config.archived_days.value))?;
    }
    for id in gone {
        out::line(&format!("purged {id}"))?;
    }
    Ok(())
}
