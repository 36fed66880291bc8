//! `[[checks]]` of the configuration, and the flags of `run` about them: what must pass before a task may end as done.
//!
//! Only the operator's own configuration and flags are read: what lies in a workspace sets no check.

use crate::cli::config::{Source, Sourced};
use crate::domain::checks::{Check, Checks, ROUNDS};
use crate::domain::text;
use serde::Deserialize;

/// Characters of a name.
const NAME_MAX: usize = 40;

/// One of `[[checks]]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckFile {
    name: String,
    argv: Vec<String>,
    shell: String,
    timeout_s: Option<u64>,
}

/// The checks of a new task; each flag takes the place of what is configured.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CheckArgs {
    /// A command that must end with exit status 0 before the task may be done, such as "cargo test"; may be given again.
    #[arg(long, value_name = "COMMAND", help_heading = "Checks", value_parser = line)]
    pub check: Vec<String>,
    /// So many rounds of them may fail before a person is asked.
    #[arg(long, value_name = "N", help_heading = "Checks", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub check_rounds: Option<u16>,
    /// None of the configured checks.
    #[arg(long, help_heading = "Checks", conflicts_with = "check")]
    pub no_checks: bool,
}

impl CheckArgs {
    /// Takes the place of what was configured, where it was given.
    pub fn lay_over(&self, checks: &mut Checks) {
        if self.no_checks {
            checks.all.clear();
        } else if !self.check.is_empty() {
            checks.all = self.check.iter().map(|line| typed(line)).collect();
        }
        checks.rounds = self.check_rounds.unwrap_or(if checks.rounds == 0 { ROUNDS } else { checks.rounds });
        if checks.is_none() {
            *checks = Checks::default();
        }
    }
}

/// A check as it is typed: plain words are a program and its arguments, anything else is a line for a shell.
fn typed(line: &str) -> Check {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c);
    let words: Vec<String> = line.split_whitespace().map(str::to_string).collect();
    let is_plain = words.iter().all(|word| word.chars().all(plain));
    let sets = words.first().is_some_and(|word| word.contains('='));
    let name = text::truncate(&text::clean(line), NAME_MAX);
    match is_plain && !sets {
        true => Check { name, argv: words, ..Check::default() },
        false => Check { name, shell: line.to_string(), ..Check::default() },
    }
}

fn line(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is no command, such as \"cargo test\"".to_string()),
        line => Ok(line.to_string()),
    }
}

/// What is configured; else what is wrong, and a hint. No check may take longer than a command.
pub fn read(
    files: &[CheckFile],
    rounds: Option<u16>,
    command_s: u64,
) -> Result<Sourced<Checks>, (String, String)> {
    let mut all: Vec<Check> = Vec::new();
    for file in files {
        let CheckFile { name, argv, shell, timeout_s } = file.clone();
        let wrong = |why: &str, hint: &str| Err((format!("[[checks]] {name:?}: {why}"), hint.to_string()));
        if argv.is_empty() == shell.trim().is_empty()
            || argv.first().is_some_and(|program| program.is_empty())
        {
            return wrong("it needs either argv or shell", "such as argv = [\"cargo\", \"test\"]");
        }
        if name.trim().is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
            return wrong("it needs a short name", "such as name = \"tests\"");
        }
        if all.iter().any(|check| check.name == name) {
            return wrong("there are two of that name", "give each a name of its own");
        }
        if timeout_s.is_some_and(|limit| limit == 0 || limit > command_s) {
            let hint = format!("1 to {command_s}; more with a higher command_s under [tools]");
            return wrong("timeout_s is too short or too long", &hint);
        }
        all.push(Check { name, argv, shell, timeout_s });
    }
    if rounds == Some(0) {
        let hint = "1 or more rounds may fail before a person is asked".to_string();
        return Err(("[run] check_rounds = 0: a check could not even fail once".to_string(), hint));
    }
    let source = if all.is_empty() { Source::Default } else { Source::File };
    let rounds = if all.is_empty() { rounds.unwrap_or_default() } else { rounds.unwrap_or(ROUNDS) };
    Ok(Sourced { value: Checks { keeps: !all.is_empty(), all, rounds }, source })
}
