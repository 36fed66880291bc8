//! `tackroom restore`: the files of a session's folder as they were at an event; shown first, undoable.

use crate::cli::args::Restore;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::call::Via;
use crate::domain::ids::EventNo;
use crate::ports::files::PutBack;
use crate::runtime::restore::{Plan, RestoreFault, Wanted, plan, restore as put_back};
use std::io::{BufRead, IsTerminal};

/// Paths shown one by one; of more, how many.
const SHOWN: usize = 40;

/// Shows what would change, asks, does it.
pub async fn restore(config: &Config, args: &Restore) -> Result<Code, Failure> {
    let wire = Wire::required(config)?;
    let id = wire.find(&args.id).await?;
    let (plugs, by) = (wire.plugs(), wire.by(Via::Command));
    let wanted = args.at.map_or(Wanted::Undo, |at| Wanted::At(EventNo(at)));
    let plan = plan(&plugs, &by, &id, wanted).await?;
    if !args.json {
        show(&plan)?;
    }
    if plan.changes.is_empty() {
        return tell(&plan, &PutBack::default(), args.json);
    }
    if !args.yes {
        if args.json || !std::io::stdin().is_terminal() {
            return Err(Failure::new(
                Code::Usage,
                format!("{} files would change, and nobody was asked", plan.changes.len()),
                "nothing was changed; --yes does it",
            ));
        }
        out::progress("put these files back? [y/N]");
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            out::line("nothing was changed")?;
            return Ok(Code::Done);
        }
    }
    let done = put_back(&plugs, &by, &plan).await?;
    tell(&plan, &done, args.json)
}

fn show(plan: &Plan) -> Result<(), Failure> {
    let count = plan.changes.len();
    if count == 0 {
        return out::line(&out::safe(&format!(
            "the files of {} are as they were at {}",
            plan.workspace, plan.at
        )));
    }
    out::line(&out::safe(&format!("{count} changes in {} as at {}:", plan.workspace, plan.at)))?;
    for change in plan.changes.iter().take(SHOWN) {
        out::line(&out::safe(&format!("  {:<7} {}", change.deed.word(), change.path)))?;
    }
    match count.checked_sub(SHOWN) {
        None | Some(0) => Ok(()),
        Some(more) => out::line(&format!("  and {more} more")),
    }
}

fn tell(plan: &Plan, done: &PutBack, json: bool) -> Result<Code, Failure> {
    let code = if done.failed.is_empty() { Code::Done } else { Code::Failed };
    if json {
        let changed: Vec<serde_json::Value> = done
            .changed
            .iter()
            .map(|change| serde_json::json!({ "path": change.path, "deed": change.deed.word() }))
            .collect();
        let failed: Vec<serde_json::Value> =
            done.failed.iter().map(|(path, why)| serde_json::json!({ "path": path, "why": why })).collect();
        out::json(
            &serde_json::json!({
                "version": 1, "session": plan.session.as_str(), "at": plan.at.0,
                "workspace": plan.workspace, "changed": changed, "failed": failed,
            })
            .to_string(),
        )?;
        return Ok(code);
    }
    for (path, why) in &done.failed {
        out::error(&format!("not put back: {path}: {why}"));
    }
    if !plan.changes.is_empty() {
        out::line(&format!("put back {} files", done.changed.len()))?;
        out::line(&format!("undo with: tackroom restore {} --undo", plan.session))?;
    }
    Ok(code)
}

impl From<RestoreFault> for Failure {
    fn from(fault: RestoreFault) -> Failure {
        let sentence = fault.to_string();
        match fault {
            RestoreFault::Log(fault) => fault.into(),
            RestoreFault::Record(fault) => fault.into(),
            RestoreFault::Files(_) => Failure::new(
                Code::Failed,
                sentence,
                "`tackroom sessions show ID` names the folder; is it still there, and may you write to it?",
            ),
            RestoreFault::Driven(_) => Failure::new(
                Code::Failed,
                sentence,
                "let it end or leave it first, or fork instead: a fork has files of its own",
            ),
            RestoreFault::Moved(_) => {
                Failure::new(Code::Failed, sentence, "nothing was changed; run it again to see what would be")
            }
            RestoreFault::Unknown { .. } | RestoreFault::NothingToUndo(_) => Failure::new(
                Code::Usage,
                sentence,
                "`tackroom events ID` shows where files were kept (WorkspaceKept)",
            ),
        }
    }
}
