//! `tackroom run` and `tackroom resume`, with or without a screen.

use crate::cli::args::{Resume, Run};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::folder::folder;
use crate::cli::headless;
use crate::cli::open::{self, First};
use crate::cli::wire::Wire;
use crate::cli::{budget, out, prices};
use crate::domain::breakpoint::Trigger;
use crate::domain::call::Via;
use crate::domain::order::Task;
use std::io::Read;

/// A new session with this task.
pub async fn run(config: &Config, args: &Run) -> Result<Code, Failure> {
    let workspace = folder(args.workspace.as_deref())?;
    let input = task(&args.task)?;
    let wire = Wire::begin(config, &workspace).await?;
    let task = Task {
        input,
        mode: args.mode.map_or(config.mode.value, Into::into),
        limits: budget::limits_of(config, args, wire.model_name(), wire.base_url().as_deref()),
        model: wire.model_name().to_string(),
        base_url: wire.base_url(),
    };
    if args.breaks.iter().any(|one| matches!(one.what, Trigger::Cost(_)))
        && let Some(told) = prices::blind(config, &task.model, task.base_url.as_deref())
    {
        out::progress(&out::safe(&format!("note: {told}")));
    }
    if !args.drive.headless {
        return Box::pin(open::screen(config, wire, First::Begin(task, args.breaks.clone()))).await;
    }
    wire.plug_check(&task.model)?;
    let id = wire.hand(Via::Flag, "").begin(&wire.opening(), &task, &args.breaks).await?;
    out::progress(&format!("session {id} · {} · {}", task.model, workspace));
    headless::drive(&wire, &id, &args.drive, 0).await
}

/// The task as given, or from standard input.
fn task(text: &str) -> Result<String, Failure> {
    let mut text = text.to_string();
    if text == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text)?;
    }
    match text.trim().is_empty() {
        true => {
            Err(Failure::new(Code::Usage, "the task is empty", "say what is to be done: tackroom run \"…\""))
        }
        false => Ok(text.trim().to_string()),
    }
}

/// Takes a session up where it stands.
pub async fn resume(config: &Config, args: &Resume) -> Result<Code, Failure> {
    let wire = Wire::required(config)?;
    let id = wire.find(&args.id).await?;
    let wire = {
        let mut reader = wire.hand(Via::Command, "");
        let session = reader.session(&id).await?;
        let is_over = session.live().is_none() && session.queue.is_empty() && session.imported.is_none();
        if is_over && args.drive.headless && !args.drive.json {
            // It needs no model to tell so.
            out::progress(&format!(
                "session {id} {}: there is nothing to resume",
                out::stands(session.status())
            ));
            return Ok(Code::of(session.status()));
        }
        let wire = Wire::again(config, session, !args.drive.headless).await?;
        wire.tell_withheld(session);
        wire
    };
    if !args.drive.headless {
        return Box::pin(open::screen(config, wire, First::Resume(id))).await;
    }
    let from = if args.drive.json { 0 } else { wire.store.log.head(&id).await?.seq };
    headless::drive(&wire, &id, &args.drive, from).await
}
