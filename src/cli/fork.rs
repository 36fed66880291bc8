//! `tackroom fork`: another session from any event of one.

use crate::cli::args::{Drive, Fork};
use crate::cli::config::{Config, Source};
use crate::cli::exit::{Code, Failure};
use crate::cli::headless;
use crate::cli::open::{self, First};
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::call::Via;
use crate::domain::fork::Twist;
use crate::domain::ids::{CallId, EventNo, SessionId};
use crate::domain::sandbox::held_otherwise;
use crate::domain::trail::FilesAt;
use crate::runtime::fork::{ForkFault, Forked, Wish};

/// Paths told one by one; of more, how many.
const TOLD: usize = 5;

/// Makes the session; goes on with it where that is asked for.
pub async fn fork(config: &Config, args: &Fork) -> Result<Code, Failure> {
    let wire = Wire::required(config)?;
    let parent = wire.find(&args.id).await?;
    let (workspace, original) = {
        let mut hand = wire.hand(Via::Command, "");
        let session = hand.session(&parent).await?;
        (session.workspace.clone(), session.sandbox.clone())
    };
    let other_model = matches!(config.model.source, Source::Flag(_));
    let goes_on = args.run || args.headless;
    let wire = if other_model || goes_on { Wire::create(config, &workspace).await? } else { wire };
    let wish = Wish {
        at: args.at.map(EventNo),
        twist: wire
            .hand(Via::Command, "")
            .twist(twist(args, other_model.then(|| wire.model_name().to_string()))?),
        into: args.into.as_ref().map(|into| utf8(into)).transpose()?,
    };
    let (plugs, by, book) = (wire.plugs(), wire.by(Via::Command), wire.book_of(&workspace));
    let forked = crate::runtime::fork::fork(&plugs, &book, &by, &parent, &wish).await?;
    if !goes_on {
        tell(&parent, &forked, (&original, config.sandbox.profile.value.name()), args.json)?;
        return Ok(Code::Done);
    }
    out::progress(&out::safe(&format!("session {} · {}", forked.id, forked.workspace)));
    let wire = Wire::create(config, &forked.workspace).await?;
    wire.tell_withheld(wire.hand(Via::Command, "").session(&forked.id).await?);
    if args.run {
        return Box::pin(open::screen(config, wire, First::Resume(forked.id))).await;
    }
    let drive = Drive { headless: true, json: args.json, on_hold: args.on_hold };
    let from = if args.json { 0 } else { wire.store.log.head(&forked.id).await?.seq };
    headless::drive(&wire, &forked.id, &drive, from).await
}

fn utf8(path: &std::path::Path) -> Result<String, Failure> {
    let text = path.to_str().map(str::to_string);
    text.ok_or_else(|| Failure::new(Code::Usage, "the name of the folder is not UTF-8", "give another"))
}

/// What is to be changed, as typed.
fn twist(args: &Fork, model: Option<String>) -> Result<Twist, Failure> {
    let mut twist =
        Twist { model, instructions: args.instructions.clone(), note: args.note.clone(), ..Twist::default() };
    for text in &args.args {
        let (call, json) = pair(text, "--args", "c4={\"path\":\"a.md\"}")?;
        let value = serde_json::from_str(json).map_err(|error| {
            let sentence = format!("the arguments of {call} are not JSON: {error}");
            Failure::new(Code::Usage, sentence, "give the whole object, such as c4={\"path\":\"a.md\"}")
        })?;
        twist.args.push((call, value));
    }
    for text in &args.reject {
        let (call, reason) = pair(text, "--reject", "c4=\"not here\"")?;
        twist.reject.push((call, reason.to_string()));
    }
    for text in &args.respond {
        let (call, answer) = pair(text, "--respond", "c4=\"it is 42\"")?;
        twist.respond.push((call, answer.to_string()));
    }
    Ok(twist)
}

fn pair<'a>(text: &'a str, flag: &str, example: &str) -> Result<(CallId, &'a str), Failure> {
    let found = text.split_once('=').and_then(|(call, rest)| Some((CallId::parse(call)?, rest)));
    found.ok_or_else(|| {
        let sentence = format!("{flag} wants a call and what is made of it, not {text:?}");
        Failure::new(Code::Usage, sentence, format!("such as {flag} {example}"))
    })
}

/// What was made; the profiles are what held the parent's commands, and what is asked for here.
fn tell(
    parent: &SessionId,
    forked: &Forked,
    (original, here): (&str, &str),
    json: bool,
) -> Result<(), Failure> {
    let source = match forked.files {
        FilesAt::Kept(_) => "kept",
        FilesAt::Now => "now",
        FilesAt::Lost { .. } => "lost",
    };
    if json {
        let missing: Vec<serde_json::Value> = forked
            .missing
            .iter()
            .map(|(path, why)| serde_json::json!({ "path": path, "why": why }))
            .collect();
        return out::json(
            &serde_json::json!({
                "version": 1, "session": forked.id.as_str(), "parent": parent.as_str(), "at": forked.at.0,
                "workspace": forked.workspace, "files": { "source": source, "count": forked.count },
                "worktree": forked.worktree, "missing": missing,
                "sandbox": { "original": original, "here": here },
            })
            .to_string(),
        );
    }
    let as_of = match forked.files {
        FilesAt::Kept(_) => format!("as they were at {}", forked.at),
        FilesAt::Now => {
            "as they are now: nothing was kept since, and nothing is known to have changed them".into()
        }
        FilesAt::Lost { at } => {
            format!("as they are now: what ran at {at} may have changed them, and nothing was kept before it")
        }
    };
    out::line(&out::safe(&format!("forked {parent} at {} as {}", forked.at, forked.id)))?;
    out::line(&out::safe(&format!("{} files in {}, {as_of}", forked.count, forked.workspace)))?;
    if let Some(commit) = &forked.worktree {
        let short = commit.get(..12).unwrap_or(commit);
        out::line(&format!("the folder is a git worktree at {short}; `sessions purge` removes it"))?;
    }
    if let Some(words) = held_otherwise(original, here) {
        out::line(&words)?;
    }
    for (path, why) in forked.missing.iter().take(TOLD) {
        out::line(&out::safe(&format!("  not there: {path} ({why})")))?;
    }
    if let Some(more) = forked.missing.len().checked_sub(TOLD + 1) {
        out::line(&format!("  and {} more", more + 1))?;
    }
    out::line(&format!("go on with: tackroom resume {}", forked.id))
}

impl From<ForkFault> for Failure {
    fn from(fault: ForkFault) -> Failure {
        let sentence = fault.to_string();
        match fault {
            ForkFault::Log(fault) => fault.into(),
            ForkFault::Refused(refusal) => refusal.into(),
            ForkFault::Files(_) => {
                Failure::new(Code::Failed, sentence, "no session was made; --into DIR names another folder")
            }
            ForkFault::NoEvent { .. } => {
                Failure::new(Code::Usage, sentence, "`tackroom events ID` numbers them")
            }
            ForkFault::TooLong { .. } => {
                Failure::new(Code::Failed, sentence, "fork at an earlier event with --at")
            }
        }
    }
}
