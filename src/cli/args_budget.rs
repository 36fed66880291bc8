//! What may be typed about budgets: what a task may take, and what a held one is given.

use crate::cli::budget;
use crate::domain::boundary::Boundary;
use crate::domain::budget::{Change, Scope, Unit, changes};
use crate::domain::host::Hosts;

/// The limits of a new task.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct BudgetArgs {
    /// Dollars that the task may cost before a person is asked, such as 0.50; none for no limit.
    #[arg(long, value_name = "DOLLARS", help_heading = "Budget", value_parser = dollars)]
    pub budget_usd: Option<Limit>,
    /// Tokens that it may take, such as 200k.
    #[arg(long, value_name = "N", help_heading = "Budget", value_parser = tokens)]
    pub budget_tokens: Option<Limit>,
    /// Model turns that it may have; --steps ends it, this asks.
    #[arg(long, value_name = "N", help_heading = "Budget", value_parser = steps)]
    pub budget_steps: Option<Limit>,
    /// How long it may work, such as 20m; waiting for a person does not count.
    #[arg(long, value_name = "TIME", help_heading = "Budget", value_parser = time)]
    pub budget_time: Option<Limit>,
    /// Limits of any sort, such as session.usd=2 or day.tokens=5m; may be given again.
    #[arg(long, value_name = "WHAT", help_heading = "Budget", value_parser = spec)]
    pub budget: Vec<Limits>,
}

/// A limit, or that there is to be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub Option<u64>);

/// Limits as typed in one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits(pub Vec<Change>);

impl BudgetArgs {
    /// The limits that were given, the finer ones last.
    pub fn changes(&self) -> impl Iterator<Item = Change> + '_ {
        let given = [
            (Unit::Usd, self.budget_usd),
            (Unit::Tokens, self.budget_tokens),
            (Unit::Steps, self.budget_steps),
            (Unit::Time, self.budget_time),
        ];
        let of = |(unit, limit): (Unit, Option<Limit>)| {
            limit.map(|Limit(more)| Change { scope: Some(Scope::Run), unit, more })
        };
        given.into_iter().filter_map(of).chain(self.budget.iter().flat_map(|limits| limits.0.iter().copied()))
    }
}

/// What a new task may touch before a person is asked; each takes the place of what is configured.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct BoundaryArgs {
    /// Only what lies there may be changed unasked, such as src,tests; a command that could change files asks then.
    #[arg(long, value_name = "PATHS", help_heading = "Boundary", value_delimiter = ',', value_parser = folder)]
    pub only: Vec<String>,
    /// So many files may be changed.
    #[arg(long, value_name = "N", help_heading = "Boundary")]
    pub max_files: Option<u64>,
    /// So many lines may come, go or change.
    #[arg(long, value_name = "N", help_heading = "Boundary")]
    pub max_lines: Option<u64>,
    /// So many commands may run.
    #[arg(long, value_name = "N", help_heading = "Boundary")]
    pub max_commands: Option<u64>,
    /// Only these hosts may be talked to unasked, such as docs.rs,localhost:8080; a command that has the network asks then.
    #[arg(long, value_name = "HOSTS", help_heading = "Boundary", value_delimiter = ',', value_parser = host)]
    pub only_hosts: Vec<String>,
}

impl BoundaryArgs {
    /// Takes the place of what was configured, where it was given.
    pub fn lay_over(&self, boundary: &mut Boundary) {
        if !self.only.is_empty() {
            boundary.only.clone_from(&self.only);
        }
        if !self.only_hosts.is_empty() {
            boundary.hosts = Some(self.only_hosts.clone());
        }
        boundary.files = self.max_files.or(boundary.files);
        boundary.lines = self.max_lines.or(boundary.lines);
        boundary.commands = self.max_commands.or(boundary.commands);
    }
}

fn folder(text: &str) -> Result<String, String> {
    match budget::folder(text) {
        true => Ok(text.to_string()),
        false => Err("it is no path in the workspace, such as src".to_string()),
    }
}

fn host(text: &str) -> Result<String, String> {
    Hosts::parse([text]).map(|_| text.to_string())
}

const RELEASE_EXAMPLES: &str = "\
Examples:
  tackroom release k3x                          let it go on from a loop, or once a price is known
  tackroom release k3x --add-usd 0.50           half a dollar more than its limit
  tackroom release k3x --add-tokens 100k --add-time 10m
  tackroom release k3x --add-usd 2 --scope session
  tackroom release k3x --lift tokens            no limit on tokens any more
";

/// `tackroom release`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = RELEASE_EXAMPLES)]
pub struct Release {
    /// The session's id or a unique beginning of it.
    pub id: String,
    /// So many dollars more.
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    pub add_usd: Option<Limit>,
    /// So many tokens more.
    #[arg(long, value_name = "N", value_parser = tokens)]
    pub add_tokens: Option<Limit>,
    /// So many model turns more.
    #[arg(long, value_name = "N", value_parser = steps)]
    pub add_steps: Option<Limit>,
    /// So much time more, such as 10m.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub add_time: Option<Limit>,
    /// Take the limit away: usd, tokens, steps or time; may be given again.
    #[arg(long, value_name = "UNIT", value_parser = unit)]
    pub lift: Vec<Unit>,
    /// Which limit: that of the run, the session or the day; the one that holds it if not given.
    #[arg(long, value_name = "SCOPE", value_parser = scope)]
    pub scope: Option<Scope>,
}

impl Release {
    /// What is to be changed.
    pub fn changes(&self) -> Vec<Change> {
        let given = [
            (Unit::Usd, self.add_usd),
            (Unit::Tokens, self.add_tokens),
            (Unit::Steps, self.add_steps),
            (Unit::Time, self.add_time),
        ];
        let scope = self.scope;
        let more = given
            .into_iter()
            .filter_map(|(unit, limit)| limit.map(|Limit(more)| Change { scope, unit, more }));
        more.chain(self.lift.iter().map(|unit| Change { scope, unit: *unit, more: None })).collect()
    }
}

fn limit(unit: Unit, text: &str) -> Result<Limit, String> {
    if text.trim() == "none" {
        return Ok(Limit(None));
    }
    unit.parse(text).map(|amount| Limit(Some(amount))).map_err(|bad| format!("{bad} ({})", bad.hint))
}

fn dollars(text: &str) -> Result<Limit, String> {
    limit(Unit::Usd, text)
}

fn tokens(text: &str) -> Result<Limit, String> {
    limit(Unit::Tokens, text)
}

fn steps(text: &str) -> Result<Limit, String> {
    limit(Unit::Steps, text)
}

fn time(text: &str) -> Result<Limit, String> {
    limit(Unit::Time, text)
}

fn spec(text: &str) -> Result<Limits, String> {
    changes(text).map(Limits).map_err(|bad| format!("{bad} ({})", bad.hint))
}

fn unit(text: &str) -> Result<Unit, String> {
    Unit::named(text).ok_or_else(|| "usd, tokens, steps or time".to_string())
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::named(text).ok_or_else(|| "run, session or day".to_string())
}
