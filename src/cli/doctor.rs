//! `tackroom doctor`: what works here, what does not, and what to do about it. Never a traceback, never a printed key.

use crate::adapters::engine::sqlite::Sqlite;
use crate::adapters::model::discover::{self, Endpoint};
use crate::adapters::web::Web;
use crate::cli::args::Doctor;
use crate::cli::budget;
use crate::cli::config::Config;
use crate::cli::config_model::configured;
use crate::cli::doctor_model;
use crate::cli::exit::{Code, Failure};
use crate::cli::find;
use crate::cli::held;
use crate::cli::out;
use crate::domain::sandbox::Walls;
use crate::ports::log::Log;

/// How one thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Ok,
    Note,
    Wrong,
}

/// One thing that was looked at.
pub(super) struct Check {
    mark: Mark,
    about: String,
    what: String,
    hint: String,
}

/// Looks at everything and says what is wrong; exit code 1 where something that was configured does not work.
pub async fn doctor(config: &Config, args: &Doctor) -> Result<Code, Failure> {
    let mut checks =
        vec![store(config), configuration(config), policy(config), sandbox(config).await, prices(config)];
    checks.extend(budget(config).await);
    let (models, used) = models(config).await;
    checks.extend(models);
    checks.extend(doctor_model::ways(config));
    let wrong = checks.iter().any(|check| check.mark == Mark::Wrong);
    if args.json {
        let rows: Vec<serde_json::Value> = checks
            .iter()
            .map(|check| {
                let mark = word(check.mark);
                serde_json::json!({ "mark": mark, "about": check.about, "what": check.what, "hint": check.hint })
            })
            .collect();
        let version = env!("CARGO_PKG_VERSION");
        let document =
            serde_json::json!({ "version": 1, "tackroom": version, "checks": rows, "model": used });
        out::json(&document.to_string())?;
    } else {
        out::line(concat!("tackroom ", env!("CARGO_PKG_VERSION")))?;
        for check in &checks {
            out::line(&out::safe(&format!("{:<5} {:<12} {}", word(check.mark), check.about, check.what)))?;
            if !check.hint.is_empty() {
                out::line(&out::safe(&format!("{:18} → {}", "", check.hint)))?;
            }
        }
        out::line(&out::safe(&format!("a new run would ask: {used}")))?;
    }
    Ok(if wrong { Code::Failed } else { Code::Done })
}

fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Ok => "ok",
        Mark::Note => "note",
        Mark::Wrong => "WRONG",
    }
}

pub(super) fn check(mark: Mark, about: &str, what: impl Into<String>, hint: impl Into<String>) -> Check {
    Check { mark, about: about.to_string(), what: what.into(), hint: hint.into() }
}

/// The store, without making one.
fn store(config: &Config) -> Check {
    let dir = config.paths.data.display().to_string();
    match Sqlite::open_read_only(&config.paths.data) {
        Ok(None) => check(Mark::Ok, "store", format!("none yet; it will be made in {dir}"), ""),
        Ok(Some(_)) => {
            match Sqlite::open(&config.paths.data).and_then(|engine| engine.writable().map(|()| engine)) {
                Ok(engine) => {
                    let caps = engine.caps();
                    let durable =
                        if caps.durable { "survives a power cut" } else { "does not survive a power cut" };
                    check(Mark::Ok, "store", format!("{dir} ({}, {durable})", caps.engine), "")
                }
                Err(fault) => check(
                    Mark::Wrong,
                    "store",
                    fault.to_string(),
                    "mend it, or set TACKROOM_HOME to another folder",
                ),
            }
        }
        Err(fault) => {
            check(Mark::Wrong, "store", fault.to_string(), "mend it, or set TACKROOM_HOME to another folder")
        }
    }
}

fn configuration(config: &Config) -> Check {
    let path = &config.file.value;
    if let Some(failure) = &config.wrong {
        let hint = "mend it; what follows holds without it";
        return check(Mark::Wrong, "config", failure.sentence.clone(), hint);
    }
    match path.exists() {
        true => check(Mark::Ok, "config", path.display().to_string(), ""),
        false => {
            check(Mark::Ok, "config", format!("none, defaults hold ({} would be read)", path.display()), "")
        }
    }
}

/// The rules in force in this folder.
#[cfg(feature = "cedar")]
fn policy(config: &Config) -> Check {
    match crate::cli::policy::health(config) {
        Ok((what, hint)) => check(if hint.is_empty() { Mark::Ok } else { Mark::Note }, "policy", what, hint),
        Err((what, hint)) => check(Mark::Wrong, "policy", what, hint),
    }
}

/// The rules in force in this folder.
#[cfg(not(feature = "cedar"))]
fn policy(_config: &Config) -> Check {
    let what = "the built-in rules; this program was built without the policy engine";
    check(Mark::Note, "policy", what, "`cargo build --features cedar` reads rules in files too")
}

/// What stands between a command and the machine: tried out, and said as it is.
async fn sandbox(config: &Config) -> Check {
    let here = std::env::current_dir().unwrap_or_default().display().to_string();
    let stands = match held::walls(config, &here) {
        Some(sandbox) => sandbox.stands().await,
        None => Walls::none(),
    };
    match held::look(config, &here).await {
        None => check(Mark::Note, "commands", stands.words(), "every command asks; look at what it will do"),
        Some(Ok(found)) if stands.missing.is_none() => {
            let what = format!("{} ({}): {}", stands.asked.name(), found.version, stands.words());
            check(Mark::Ok, "commands", what, "")
        }
        Some(Ok(_)) => check(Mark::Note, "commands", stands.words(), "work in a folder below it instead"),
        Some(Err(missing)) => check(Mark::Note, "commands", stands.words(), missing.hint),
    }
}

/// Of which day the prices are: an old table counts wrongly.
fn prices(config: &Config) -> Check {
    check(Mark::Ok, "prices", config.prices.words(), "")
}

/// The limits of a new task and what was taken today; the store's own check tells why it cannot be read.
async fn budget(config: &Config) -> Option<Check> {
    let (what, near) = budget::day(config).await.ok()?;
    Some(match near {
        true => {
            check(Mark::Note, "budget", what, "a run is held there: `tackroom release ID` gives one more")
        }
        false => check(Mark::Ok, "budget", what, ""),
    })
}

/// The endpoints at hand, and what a new run would ask.
async fn models(config: &Config) -> (Vec<Check>, String) {
    let configured = configured(config);
    let mut asked = Vec::new();
    if let Some(candidate) = &configured {
        asked.push((discover::probe(&Web::new(8_000), candidate).await, true));
    }
    let others = find::at_hand(config)
        .into_iter()
        .filter(|one| configured.as_ref().is_none_or(|own| own.base_url != one.base_url));
    asked.extend(discover::discover(others.collect()).await.into_iter().map(|found| (found, false)));
    let checks = asked.iter().map(|(found, wanted)| endpoint(found, *wanted, config)).collect();
    let clock: std::sync::Arc<dyn crate::ports::clock::Clock> =
        std::sync::Arc::new(crate::adapters::clock::SystemClock);
    let used = match find::find(config, &clock).await {
        Ok(find::Found::Script(name)) => format!("{name} (built in; needs no server)"),
        Ok(find::Found::Endpoint { label, model, base_url, .. }) => format!("{model} ({label}, {base_url})"),
        Ok(find::Found::Nothing { .. }) => {
            "no model, so it would refuse to start; `--model scripted` runs the built-in script".to_string()
        }
        Err(failure) => format!("nothing: {}", failure.sentence),
    };
    (checks, used)
}

fn endpoint(found: &Endpoint, wanted: bool, config: &Config) -> Check {
    let key = match found.key_sources.as_slice() {
        [] => String::new(),
        [name] => format!(", key from ${name}"),
        names => format!(", keys from ${}", names.join(", $")),
    };
    let place = format!("{} {}{key}", found.label, found.base_url);
    match &found.models {
        Ok(models) => {
            let listed: Vec<&str> = models.iter().take(6).map(String::as_str).collect();
            let more =
                if models.len() > 6 { format!(", … {} in all", models.len()) } else { String::new() };
            let missing = config.model.value.as_ref().filter(|name| wanted && !models.contains(name));
            match missing {
                Some(name) => check(
                    Mark::Wrong,
                    "model",
                    format!("{place}: it does not list {name:?}"),
                    format!("it has: {}{more}", listed.join(", ")),
                ),
                None => check(Mark::Ok, "model", format!("{place}: {}{more}", listed.join(", ")), ""),
            }
        }
        Err(finding) => {
            // A key or an address that was set is meant to work; a local server that is not there is only a note.
            let mark = if wanted || !found.local { Mark::Wrong } else { Mark::Note };
            check(mark, "model", format!("{place}: {}", finding.what), finding.hint.clone())
        }
    }
}
