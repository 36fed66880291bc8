//! Which flags a verb's help shows, and what to type instead of what was typed.

use crate::cli::args::Args;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory, FromArgMatches};
use std::ffi::OsString;

/// Verbs that ask a model: `--model` and `--base-url` mean something there.
const ASKS: [&str; 6] = ["run", "resume", "demo", "fork", "doctor", "config"];
/// Verbs that run commands, or tell what would hold them: `--sandbox` means something there.
const HOLDS: [&str; 6] = ["run", "resume", "demo", "fork", "doctor", "config"];
/// Verbs with a screen: `--theme` means something there.
const SHOWS: [&str; 5] = ["run", "resume", "demo", "replay", "config"];

/// The whole table. A flag that means nothing to a verb is taken there all the same, and not shown.
pub fn command() -> Command {
    let mut command = Args::command();
    let global =
        |command: &Command, id: &str| command.get_arguments().find(|arg| arg.get_id() == id).cloned();
    let hidden = |id: &str| global(&command, id).map(|arg: Arg| arg.hide(true));
    let (model, theme) = ([hidden("model"), hidden("base_url"), hidden("window")], [hidden("theme")]);
    let sandbox = hidden("sandbox");
    let asks = [global(&command, "model"), global(&command, "base_url")];
    let verbs: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_string()).collect();
    for verb in verbs {
        let mut out = Vec::new();
        out.extend(model.iter().flatten().filter(|_| !ASKS.contains(&verb.as_str())).cloned());
        out.extend(theme.iter().flatten().filter(|_| !SHOWS.contains(&verb.as_str())).cloned());
        out.extend(sandbox.iter().filter(|_| !HOLDS.contains(&verb.as_str())).cloned());
        command = command.mut_subcommand(verb, |verb| verb.args(out));
    }
    // The one verb below another that asks a model.
    let asks = asks.into_iter().flatten();
    command.mut_subcommand("sessions", |verb| verb.mut_subcommand("title", |verb| verb.args(asks)))
}

/// What was typed, understood.
pub fn parse(args: &[OsString]) -> Result<Args, clap::Error> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(args)?;
    Args::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// What to type instead, where that can be told.
pub fn hint(error: &clap::Error, args: &[OsString]) -> Option<String> {
    let words: Vec<&str> = args.iter().skip(1).filter_map(|arg| arg.to_str()).collect();
    let verb = *words.iter().find(|word| !word.starts_with('-'))?;
    if error.kind() == ErrorKind::UnknownArgument && verb == "run" {
        let Some(ContextValue::String(odd)) = error.get(ContextKind::InvalidArg) else { return None };
        let from = words.iter().position(|word| *word == "run")? + 1;
        let task: Vec<&str> =
            words.iter().skip(from).copied().take_while(|word| !word.starts_with("--")).collect();
        let quoted = !odd.starts_with('-') && task.len() > 1;
        return quoted.then(|| format!("quote the task: tackroom run \"{}\"", task.join(" ")));
    }
    if error.kind() != ErrorKind::MissingRequiredArgument {
        return None;
    }
    match verb {
        "approve" | "edit" | "reject" | "respond" | "settle" => {
            Some("`tackroom pending` lists what waits, each with its session and call".to_string())
        }
        "resume" | "cancel" | "events" | "replay" | "diff" => {
            Some("`tackroom sessions` lists the sessions with their ids".to_string())
        }
        "run" => Some("say what is to be done: tackroom run \"fix the failing test\"".to_string()),
        _ => None,
    }
}
