//! `[budget]` and `[loops]` of the configuration, the limits of a new task, and `tackroom release`.

use crate::cli::args::Run;
use crate::cli::args_budget::Release;
use crate::cli::config::{Config, Source, Sourced};
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::stop::{ordered, undriven};
use crate::cli::wire::Wire;
use crate::domain::boundary::Boundary;
use crate::domain::budget::{Budget, Scope, Unit};
use crate::domain::checks::Checks;
use crate::domain::event::Limits;
use crate::domain::held::{NEAR_PERCENT, extended_words};
use crate::domain::host::Hosts;
use crate::domain::lexical::{Placed, place};
use crate::domain::order::Order;
use crate::domain::purse::Taken;
use crate::domain::rounds::LoopRule;
use crate::runtime::weigh;
use serde::Deserialize;
use std::path::Path;

/// An amount as written: a number, or text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// A whole number.
    Whole(i64),
    /// One with a point.
    Point(f64),
    /// Text, such as `200k`.
    Text(String),
}

impl Amount {
    /// As typed.
    pub fn text(&self) -> String {
        match self {
            Amount::Whole(whole) => whole.to_string(),
            Amount::Point(point) => point.to_string(),
            Amount::Text(text) => text.clone(),
        }
    }
}

/// The limits of a scope, as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CapsFile {
    usd: Option<Amount>,
    tokens: Option<Amount>,
    steps: Option<Amount>,
    time: Option<Amount>,
}

/// `[budget]`: the limits of each task, and below it those of a session and of a day.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetFile {
    usd: Option<Amount>,
    tokens: Option<Amount>,
    steps: Option<Amount>,
    time: Option<Amount>,
    session: CapsFile,
    day: CapsFile,
}

/// `[loops]`: from how many rounds on; 0 is never.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoopsFile {
    warn: Option<u16>,
    hold: Option<u16>,
    failing: Option<u16>,
    idle_warn: Option<u16>,
    idle_hold: Option<u16>,
}

/// `[boundary]`: what a task may touch before a person is asked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BoundaryFile {
    only: Vec<String>,
    files: Option<u64>,
    lines: Option<u64>,
    commands: Option<u64>,
    hosts: Option<Vec<String>>,
}

/// What holds a run before a limit or in a circle, and which of its calls ask, as configured.
#[derive(Clone, Debug)]
pub struct Reins {
    /// The limits.
    pub budget: Sourced<Budget>,
    /// When it is said that a run goes in circles.
    pub loops: Sourced<LoopRule>,
    /// What a task may touch before a person is asked.
    pub boundary: Sourced<Boundary>,
    /// What must pass before it may end as done.
    pub checks: Sourced<Checks>,
}

impl Default for Reins {
    fn default() -> Reins {
        Reins {
            budget: Sourced { value: Budget::default(), source: Source::Default },
            loops: Sourced { value: LoopRule::USUAL, source: Source::Default },
            boundary: Sourced { value: Boundary::default(), source: Source::Default },
            checks: Sourced { value: Checks::default(), source: Source::Default },
        }
    }
}

/// What is configured; where that is none, what is wrong with it: then nothing is started.
pub fn reins(
    (budget, loops, boundary): (&BudgetFile, &LoopsFile, &BoundaryFile),
    checks: Result<Sourced<Checks>, (String, String)>,
    path: &Path,
) -> (Reins, Option<Failure>) {
    match read(budget).and_then(|budget| Ok((budget, rule(loops)?, bounds(boundary)?, checks?))) {
        Ok((limits, rule, bounds, checks)) => {
            let source = |own| if own { Source::File } else { Source::Default };
            let reins = Reins {
                budget: Sourced { source: source(!limits.is_none()), value: limits },
                loops: Sourced { source: source(rule != LoopRule::USUAL), value: rule },
                boundary: Sourced { source: source(!bounds.is_none()), value: bounds },
                checks,
            };
            (reins, None)
        }
        Err((why, hint)) => {
            let sentence = format!("the configuration {} is wrong: {why}", path.display());
            let failure = Failure::new(Code::Usage, sentence, format!("{hint}; nothing was started"));
            (Reins::default(), Some(failure))
        }
    }
}

fn read(file: &BudgetFile) -> Result<Budget, (String, String)> {
    let mut budget = Budget::default();
    let (run, session, day) = (
        [&file.usd, &file.tokens, &file.steps, &file.time],
        [&file.session.usd, &file.session.tokens, &file.session.steps, &file.session.time],
        [&file.day.usd, &file.day.tokens, &file.day.steps, &file.day.time],
    );
    for (scope, written) in [(Scope::Run, run), (Scope::Session, session), (Scope::Day, day)] {
        for (unit, amount) in Unit::ALL.into_iter().zip(written) {
            let Some(amount) = amount.as_ref().map(Amount::text).filter(|text| text != "none") else {
                continue;
            };
            let table = if scope == Scope::Run {
                "[budget]".to_string()
            } else {
                format!("[budget.{}]", scope.name())
            };
            let limit =
                unit.parse(&amount).map_err(|bad| (format!("{table} {}: {bad}", unit.name()), bad.hint))?;
            budget.set(scope, unit, Some(limit));
        }
    }
    Ok(budget)
}

fn rule(file: &LoopsFile) -> Result<LoopRule, (String, String)> {
    let usual = LoopRule::USUAL;
    let of = |name: &str, written: Option<u16>, usual: u16| match written {
        Some(1) => {
            let hint = "2 or more; 0 is never".to_string();
            Err((format!("[loops] {name} = 1: one round is no loop"), hint))
        }
        other => Ok(other.unwrap_or(usual)),
    };
    Ok(LoopRule {
        warn: of("warn", file.warn, usual.warn)?,
        hold: of("hold", file.hold, usual.hold)?,
        failing: of("failing", file.failing, usual.failing)?,
        idle_warn: of("idle_warn", file.idle_warn, usual.idle_warn)?,
        idle_hold: of("idle_hold", file.idle_hold, usual.idle_hold)?,
    })
}

fn bounds(file: &BoundaryFile) -> Result<Boundary, (String, String)> {
    let BoundaryFile { only, files, lines, commands, hosts } = file.clone();
    let wrong = |why: String, hint: &str| Err((format!("[boundary] {why}"), hint.to_string()));
    if let Some(path) = only.iter().find(|path| !folder(path)) {
        return wrong(format!("only: {path:?} is no path in the workspace"), "such as \"src\"");
    }
    if let Some(Err(why)) = hosts.as_ref().map(Hosts::parse) {
        return wrong(format!("hosts: {why}"), "such as \"docs.rs\" or \"localhost:8080\"");
    }
    Ok(Boundary { only, files, lines, commands, hosts })
}

/// Whether that can lie in a workspace.
pub fn folder(path: &str) -> bool {
    matches!(place("/workspace", path), Placed::Inside(_)) && !path.starts_with('/')
}

/// The limits of a new task whose model is asked there.
pub fn limits(config: &Config, model: &str, base_url: Option<&str>) -> Limits {
    let Reins { budget, loops, boundary, checks } = &config.reins;
    let (budget, loops, boundary) = (Box::new(budget.value), loops.value, Box::new(boundary.value.clone()));
    let given = Box::new(if checks.value.is_none() { Checks::default() } else { checks.value.clone() });
    let context = Box::new(config.windows.rule(config, model, base_url));
    Limits { steps: config.steps.value, budget, loops, boundary, checks: given, context }
}

/// The same with what the flags say.
pub fn limits_of(config: &Config, args: &Run, model: &str, base_url: Option<&str>) -> Limits {
    let (steps, given, bounded) = (args.steps, &args.budget, &args.boundary);
    let mut limits = limits(config, model, base_url);
    limits.steps = steps.unwrap_or(limits.steps);
    for change in given.changes() {
        limits.budget.set(change.scope.unwrap_or(Scope::Run), change.unit, change.more);
    }
    bounded.lay_over(&mut limits.boundary);
    *limits.checks = config.reins.checks.value.clone(); // with its rounds, also where it has no check
    args.checks.lay_over(&mut limits.checks);
    limits
}

/// The configured values as rows: name, value, source.
pub fn rows(reins: &Reins) -> Vec<(&'static str, String, String)> {
    let LoopRule { warn, hold, failing, idle_warn, idle_hold } = reins.loops.value;
    let loops =
        format!("warn={warn} hold={hold} failing={failing} idle_warn={idle_warn} idle_hold={idle_hold}");
    vec![
        ("budget", reins.budget.value.to_string(), reins.budget.source.to_string()),
        ("loops", loops, reins.loops.source.to_string()),
        ("checks", reins.checks.value.to_string(), reins.checks.source.to_string()),
        ("boundary", reins.boundary.value.to_string(), reins.boundary.source.to_string()),
    ]
}

/// What limits a new task, with what all sessions took today; and whether a limit of the day is near.
pub async fn day(config: &Config) -> Result<(String, bool), Failure> {
    let limits = config.reins.budget.value;
    let taken = match Wire::existing(config)? {
        Some(wire) => weigh::today(&*wire.store.index, wire.clock.now()).await?,
        None => Taken::default(),
    };
    let mut near = false;
    let mut parts = Vec::new();
    for unit in Unit::ALL {
        let (limit, amount) = (limits.of(Scope::Day, unit), taken.of(unit));
        if let Some(limit) = limit {
            let reached = u128::from(amount) * 100 >= u128::from(limit) * u128::from(NEAR_PERCENT);
            near |= reached;
            parts.push(format!("{} of at most {}", unit.words(amount), unit.words(limit)));
        } else if amount > 0 {
            parts.push(unit.words(amount));
        }
    }
    let today = if parts.is_empty() { "nothing".to_string() } else { parts.join(", ") };
    Ok((format!("{limits}; taken today: {today}"), near))
}

/// Gives a held task more, takes a limit away, or lets it go on.
pub async fn release(config: &Config, args: &Release) -> Result<Code, Failure> {
    let changes = args.changes();
    if changes.is_empty() {
        let (wire, id, _) = ordered(config, &args.id, &Order::Continue).await?;
        out::line(&format!("{id} goes on"))?;
        return undriven(&wire, &id);
    }
    let (wire, id, session) = ordered(config, &args.id, &Order::Extend(changes.clone())).await?;
    let budget = session.live().map(|run| *run.budget).unwrap_or_default();
    for (scope, unit, limit) in
        budget.limits().filter(|(_, unit, _)| changes.iter().any(|one| one.unit == *unit))
    {
        out::line(&format!("{id}: {}", extended_words(scope, unit, Some(limit))))?;
    }
    for unit in
        args.lift.iter().filter(|unit| Scope::ALL.iter().all(|scope| budget.of(*scope, **unit).is_none()))
    {
        out::line(&format!("{id}: nothing limits its {} any more", unit.name()))?;
    }
    undriven(&wire, &id)
}
