//! The commands: one table of verbs and flags feeds the parser, the help and the completions; and the one place where the rooms are joined.

pub mod config; // file, environment and flags become one Config, each value with its source
pub mod config_model; // `[model]` and `[providers]`: which models are asked, where, with which keys
pub mod budget; // what a task may take: configuration, flags, and `tackroom release`
pub mod window; // how much models read at once, and when a conversation is made shorter
pub mod held; // what holds commands, and the walls made of it
pub mod prices; // what models cost: the table, the user's own; `tackroom prices`
pub mod find; // which model answers: what was configured, else what is there
pub mod lanes; // the ways to a model: its keys, and who is asked where it cannot
pub mod kept; // the endpoint that a stored session names, and what it is given
pub mod judge; // which policy judges, and where its rules are
pub mod wire; // builds plugs from the Config and hands them to the runtime
mod folder; // the folder that is worked in
mod audit; // `audit`: who decided what, and whether the log that says so is whole
mod secrets; // which secrets are known, and everything behind the veil
pub mod exit; // an error becomes a sentence, a hint and an exit code
pub mod out; // lines to standard output and error that survive a closed pipe
pub mod args; // what may be typed
pub mod args_fork; // what may be typed behind `fork` and `restore`
pub mod hints; // which flags a verb's help shows, and what to type instead of what was typed
pub mod args_answer; // what may be typed about what waits for a person
pub mod args_budget; // what may be typed about budgets
pub mod checks; // what must pass before a task may be done: configuration and flags
pub mod args_import; // what may be typed after `tackroom import`
pub mod args_lease; // what may be typed about leases
pub mod args_past; // what may be typed about stored sessions
pub mod args_stop; // what may be typed about breakpoints, going on and notes
#[cfg(feature = "cedar")]
pub mod args_policy; // what may be typed after `tackroom policy`
pub mod signal; // the signals that ask a program to end
pub mod keep_rules; // the retention rules are written into the configuration file
pub mod look; // how the screen looks and which keys it has
pub mod open; // `tackroom`: the workbench
pub mod demo; // `tackroom demo`
pub mod run; // `tackroom run` and `resume`, with or without a screen
pub mod holds; // what a run without a screen waits for, in lines
pub mod headless; // a session driven without a screen
pub mod pending; // `tackroom pending`: what waits for a person, in short or whole
pub mod answer; // `tackroom approve`, `edit`, `reject`, `respond`, `settle`, `cancel`
pub mod lease; // `tackroom lease`, `leases`
pub mod sessions; // `tackroom sessions list`, `show`, `rename`
pub mod marks; // `tackroom sessions tag`, `pin`, `archive`, `delete`, `restore`, `purge` and their opposites
pub mod search; // `tackroom sessions search`
pub mod titles; // `tackroom sessions title`
pub mod stop; // `tackroom break`, `step`, `continue`, `note`
pub mod compact; // `tackroom compact`
pub mod events; // `tackroom events`
pub mod inspect; // `tackroom inspect`
pub mod replay; // `tackroom replay`
pub mod fork; // `tackroom fork`
pub mod restore; // `tackroom restore`
pub mod cast; // a replay as a recording
pub mod import; // `tackroom import`: other tools' sessions
pub mod import_own; // `tackroom import`: exported sessions
pub mod export; // `tackroom sessions export`
pub mod verify; // `tackroom verify`
pub mod diff; // `tackroom diff`
#[cfg(feature = "cedar")]
pub mod policy; // `tackroom policy show`, `check`, `trust`
#[cfg(feature = "cedar")]
pub mod policy_explain; // `tackroom policy explain`
#[cfg(feature = "cedar")]
pub mod policy_backtest; // `tackroom policy backtest`
mod doctor_model; // what `doctor` says about the ways to a model
pub mod doctor; // `tackroom doctor`
pub mod settings; // `tackroom config show`, `completions`

use crate::cli::args::{Args, Verb};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitCode;

/// The hidden verb: the process between this program and a command of an agent.
pub const CHILD: &str = "__child";

/// Runs the program: `args` as typed, the program's name first.
pub fn main(args: Vec<OsString>) -> ExitCode {
    if let Some((_, rest)) = args.split_first()
        && let Some((verb, argv)) = rest.split_first()
        && verb == CHILD
    {
        return crate::adapters::tool::child::run(argv);
    }
    let parsed = match hints::parse(&args) {
        Ok(parsed) => parsed,
        Err(error) => {
            if error.use_stderr() {
                out::error(error.render().to_string().trim_end()); // it repeats what was typed or pasted
                if let Some(hint) = hints::hint(&error, &args) {
                    out::error(&format!("hint:  {hint}"));
                }
                return Code::Usage.into();
            }
            let _ = error.print(); // help; a closed pipe is no reason to say more
            return Code::Done.into();
        }
    };
    let env: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    match perform(parsed, env) {
        Ok(code) => code.into(),
        Err(failure) if failure.is_quiet() => failure.code.into(),
        Err(failure) => {
            out::error(&failure.to_string());
            failure.code.into()
        }
    }
}

fn perform(args: Args, env: BTreeMap<String, String>) -> Result<Code, Failure> {
    let config = Config::load_what_can_be(&args.common, env)?;
    // Who looks at the configuration sees what holds without the file, and then what is wrong with it.
    let looks = matches!(args.verb, Some(Verb::Config(_) | Verb::Doctor(_)));
    match config.wrong.clone() {
        Some(failure) if looks => act(args, config).and(Err(failure)),
        Some(failure) => Err(failure),
        None => {
            if args.common.theme.is_some() {
                look::check(&config)?;
            }
            act(args, config)
        }
    }
}

fn act(args: Args, config: Config) -> Result<Code, Failure> {
    match args.verb {
        Some(Verb::Completions(wanted)) => settings::completions(&wanted),
        Some(Verb::Config(wanted)) => settings::show(&config, &wanted),
        Some(Verb::Prices(wanted)) => prices::prices(&config, &wanted),
        verb => {
            let runtime = runtime(has_screen(verb.as_ref())).map_err(|error| {
                Failure::new(Code::Failed, format!("the runtime cannot start: {error}"), "")
            })?;
            // As a task: what wakes the future of `block_on` wakes the thread through the kernel, even from that thread.
            let task = runtime.spawn(dispatch(verb, args.session, config));
            let result = runtime.block_on(task).unwrap_or_else(|error| match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Failure::new(Code::Interrupted, "it was cancelled", "")),
            });
            runtime.shutdown_timeout(std::time::Duration::from_secs(2));
            result
        }
    }
}

/// Whether a verb opens the screen.
fn has_screen(verb: Option<&Verb>) -> bool {
    match verb {
        None => true,
        Some(Verb::Replay(wanted)) => !wanted.headless && wanted.cast.is_none(),
        Some(Verb::Demo(wanted)) => !wanted.drive.headless,
        Some(Verb::Run(wanted)) => !wanted.drive.headless,
        Some(Verb::Resume(wanted)) => !wanted.drive.headless,
        Some(Verb::Fork(wanted)) => wanted.run,
        Some(_) => false,
    }
}

/// With a screen, keys and frames go on beside the runs. Without one, a run is one thing after another: a thread of its
/// own for each would only hand it to and fro.
fn runtime(screen: bool) -> std::io::Result<tokio::runtime::Runtime> {
    if screen {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
    } else {
        tokio::runtime::Builder::new_current_thread().enable_all().build()
    }
}

/// Each verb's future is boxed: the one that holds a whole screen would make all of them as large.
async fn dispatch(verb: Option<Verb>, session: Option<String>, config: Config) -> Result<Code, Failure> {
    signal::outlive_file_limits();
    match verb {
        None => Box::pin(open::open(&config, session)).await,
        Some(Verb::Demo(wanted)) => Box::pin(demo::demo(&config, &wanted)).await,
        Some(Verb::Run(wanted)) => Box::pin(run::run(&config, &wanted)).await,
        Some(Verb::Resume(wanted)) => Box::pin(run::resume(&config, &wanted)).await,
        Some(Verb::Pending(wanted)) => Box::pin(pending::pending(&config, &wanted)).await,
        Some(Verb::Approve(wanted)) => Box::pin(answer::approve(&config, &wanted)).await,
        Some(Verb::Edit(wanted)) => Box::pin(answer::edit(&config, &wanted)).await,
        Some(Verb::Reject(wanted)) => Box::pin(answer::reject(&config, &wanted)).await,
        Some(Verb::Respond(wanted)) => Box::pin(answer::respond(&config, &wanted)).await,
        Some(Verb::Settle(wanted)) => Box::pin(answer::settle(&config, &wanted)).await,
        Some(Verb::Lease(wanted)) => Box::pin(lease::lease(&config, &wanted)).await,
        Some(Verb::Leases(wanted)) => Box::pin(lease::leases(&config, &wanted)).await,
        Some(Verb::Cancel(wanted)) => Box::pin(answer::cancel(&config, &wanted)).await,
        Some(Verb::Break(wanted)) => Box::pin(stop::breaks(&config, &wanted)).await,
        Some(Verb::Step(wanted)) => Box::pin(stop::step(&config, &wanted)).await,
        Some(Verb::Continue(wanted)) => Box::pin(stop::go_on(&config, &wanted)).await,
        Some(Verb::Release(wanted)) => Box::pin(budget::release(&config, &wanted)).await,
        Some(Verb::Compact(wanted)) => Box::pin(compact::compact(&config, &wanted)).await,
        Some(Verb::Note(wanted)) => Box::pin(stop::note(&config, &wanted)).await,
        Some(Verb::Sessions(wanted)) => Box::pin(sessions::sessions(&config, &wanted)).await,
        Some(Verb::Events(wanted)) => Box::pin(events::events(&config, &wanted)).await,
        Some(Verb::Inspect(wanted)) => Box::pin(inspect::inspect(&config, &wanted)).await,
        Some(Verb::Replay(wanted)) => Box::pin(replay::replay(&config, &wanted)).await,
        Some(Verb::Fork(wanted)) => Box::pin(fork::fork(&config, &wanted)).await,
        Some(Verb::Restore(wanted)) => Box::pin(restore::restore(&config, &wanted)).await,
        Some(Verb::Import(wanted)) => Box::pin(import::import(&config, &wanted)).await,
        Some(Verb::Verify(wanted)) => Box::pin(verify::verify(&config, &wanted)).await,
        Some(Verb::Audit(wanted)) => Box::pin(audit::audit(&config, &wanted)).await,
        Some(Verb::Diff(wanted)) => Box::pin(diff::diff(&config, &wanted)).await,
        #[cfg(feature = "cedar")]
        Some(Verb::Policy(wanted)) => Box::pin(policy::policy(&config, &wanted)).await,
        Some(Verb::Doctor(wanted)) => Box::pin(doctor::doctor(&config, &wanted)).await,
        Some(Verb::Config(wanted)) => settings::show(&config, &wanted),
        Some(Verb::Prices(wanted)) => prices::prices(&config, &wanted),
        Some(Verb::Completions(wanted)) => settings::completions(&wanted),
    }
}
