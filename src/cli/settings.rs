//! `tackroom config show` and `tackroom completions`.

use crate::cli::args::{Args, Completions, ConfigArgs, ConfigVerb};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use clap::CommandFactory;

/// Every value and where it comes from. The key itself is never shown, only the name of its variable.
pub fn show(config: &Config, args: &ConfigArgs) -> Result<Code, Failure> {
    let ConfigVerb::Show { json } = args.what;
    let rows = rows(config);
    if json {
        let values: serde_json::Map<String, serde_json::Value> = rows
            .iter()
            .map(|(name, value, source)| {
                (name.to_string(), serde_json::json!({ "value": value, "source": source }))
            })
            .collect();
        out::json(&serde_json::json!({ "version": 1, "config": values }).to_string())?;
        return Ok(Code::Done);
    }
    let widths =
        (widest(rows.iter().map(|row| row.0)), widest(rows.iter().map(|row| row.1.as_str())).min(60));
    for (name, value, source) in &rows {
        out::line(&out::safe(&format!("{name:<0$}  {value:<1$}  {source}", widths.0, widths.1)))?;
    }
    Ok(Code::Done)
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(crate::domain::text::width).max().unwrap_or(0)
}

fn rows(config: &Config) -> Vec<(&'static str, String, String)> {
    let found = || "(whatever is found)".to_string();
    let key = match config.env.get(&config.key_env.value).is_some_and(|key| !key.is_empty()) {
        true => format!("${} (set)", config.key_env.value),
        false => format!("${} (not set)", config.key_env.value),
    };
    let headers: Vec<&str> = config.headers.keys().map(String::as_str).collect();
    let instructions = config.instructions.value.lines().next().unwrap_or("").to_string();
    vec![
        ("data", config.paths.data.display().to_string(), String::new()),
        ("config", config.paths.config.join("config.toml").display().to_string(), String::new()),
        ("model.name", config.model.value.clone().unwrap_or_else(found), config.model.source.to_string()),
        (
            "model.base_url",
            config.base_url.value.clone().unwrap_or_else(found),
            config.base_url.source.to_string(),
        ),
        ("model.key_env", key, config.key_env.source.to_string()),
        ("model.headers", headers.join(", "), String::new()),
        ("model.connect_s", config.limits.connect_s.to_string(), String::new()),
        ("model.first_byte_s", config.limits.first_byte_s.to_string(), String::new()),
        ("model.idle_s", config.limits.idle_s.to_string(), String::new()),
        ("model.total_s", config.limits.total_s.to_string(), String::new()),
        ("model.attempts", config.attempts.value.to_string(), config.attempts.source.to_string()),
        ("run.mode", config.mode.value.name().to_string(), config.mode.source.to_string()),
        ("run.steps", config.steps.value.to_string(), config.steps.source.to_string()),
        ("run.approval_s", config.approval_s.value.to_string(), config.approval_s.source.to_string()),
        ("run.instructions", instructions, config.instructions.source.to_string()),
        ("screen.theme", config.theme.value.clone(), config.theme.source.to_string()),
        ("screen.bell", config.bell.value.to_string(), config.bell.source.to_string()),
        ("tools.hosts", config.hosts.join(", "), String::new()),
        ("tools.env", config.env_names.join(", "), String::new()),
        (
            "retention.archived_days",
            config.archived_days.value.to_string(),
            config.archived_days.source.to_string(),
        ),
        (
            "retention.deleted_days",
            config.deleted_days.value.to_string(),
            config.deleted_days.source.to_string(),
        ),
        ("tools.command_s", config.command_s.value.to_string(), config.command_s.source.to_string()),
    ]
}

/// A shell's completion script.
pub fn completions(args: &Completions) -> Result<Code, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "tackroom", &mut script);
    out::line(&String::from_utf8_lossy(&script))?;
    Ok(Code::Done)
}
