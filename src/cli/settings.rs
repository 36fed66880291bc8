//! `tackroom config show` and `tackroom completions`.

use crate::cli::args::{Completions, ConfigArgs, ConfigVerb};
use crate::cli::config::{self, Config, Source, Sourced};
use crate::cli::exit::{Code, Failure};
use crate::cli::{budget, held, hints, out};

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

type Shown = (&'static str, String, String);

fn row<T: ToString>(name: &'static str, value: &Sourced<T>) -> Shown {
    (name, value.value.to_string(), value.source.to_string())
}

fn list(name: &'static str, value: &Sourced<Vec<String>>) -> Shown {
    (name, value.value.join(", "), value.source.to_string())
}

fn rows(config: &Config) -> Vec<Shown> {
    let found = |name, value: &Sourced<Option<String>>| {
        let text = value.value.clone().unwrap_or_else(|| "(whatever is found)".to_string());
        (name, text, value.source.to_string())
    };
    let key = match config.env.get(&config.key_env.value).is_some_and(|key| !key.is_empty()) {
        true => format!("${} (set)", config.key_env.value),
        false => format!("${} (not set)", config.key_env.value),
    };
    let routing = &config.routing;
    let wire = routing.wire.value.map_or("(the provider's)", |wire| wire.name()).to_string();
    let tokens = routing.max_tokens.value.map_or("(the server's)".to_string(), |tokens| tokens.to_string());
    // What a field says may be anybody's business: its name is all that is told.
    let fields = routing.body.value.keys().cloned().collect();
    let fields = Sourced { value: fields, source: routing.body.source.clone() };
    // A header may hold a key: its name is all that is told.
    let headers: Vec<String> = config.headers.value.keys().cloned().collect();
    let headers = Sourced { value: headers, source: config.headers.source.clone() };
    let instructions = config.instructions.value.lines().next().unwrap_or("").to_string();
    let home = config::home(&config.env).to_string();
    let mut rows = vec![
        ("data", config.paths.data.display().to_string(), home.clone()),
        ("config", config.file.value.display().to_string(), config.file.source.to_string()),
        ("cache", config.paths.cache.display().to_string(), home),
        found("model.name", &config.model),
        found("model.base_url", &config.base_url),
        ("model.key_env", key, config.key_env.source.to_string()),
        list("model.keys", &routing.keys),
        list("model.fallback", &routing.fallback),
        ("model.wire", wire, routing.wire.source.to_string()),
        ("model.max_tokens", tokens, routing.max_tokens.source.to_string()),
        list("model.body", &fields),
        list("model.headers", &headers),
        row("model.connect_s", &config.limits.connect_s),
        row("model.first_byte_s", &config.limits.first_byte_s),
        row("model.idle_s", &config.limits.idle_s),
        row("model.total_s", &config.limits.total_s),
        row("model.attempts", &config.attempts),
        ("run.mode", config.mode.value.name().to_string(), config.mode.source.to_string()),
        row("run.steps", &config.steps),
        row("run.approval_s", &config.approval_s),
        ("run.instructions", instructions, config.instructions.source.to_string()),
        row("screen.theme", &config.theme),
        row("screen.bell", &config.bell),
        list("tools.hosts", &config.hosts),
        list("tools.env", &config.env_names),
        row("tools.command_s", &config.command_s),
        list("secrets.env", &config.secret_names),
    ];
    rows.extend(held::rows(&config.sandbox));
    rows.extend([
        row("retention.archived_days", &config.archived_days),
        row("retention.deleted_days", &config.deleted_days),
    ]);
    rows.extend(budget::rows(&config.reins));
    rows.extend(config.windows.rows());
    let own = config.prices.all().any(|price| price.seller.is_empty());
    let source = if own { Source::File } else { Source::Default };
    rows.push(("prices", config.prices.words(), source.to_string()));
    rows.extend(config.keys.is_empty().then(|| ("keys", String::new(), Source::Default.to_string())));
    rows.extend(keys(config));
    rows
}

/// The user's own keys.
fn keys(config: &Config) -> Option<Shown> {
    let bound = |(context, action, keys): &(String, String, Vec<String>)| {
        let keys = if keys.is_empty() { "(none)".to_string() } else { keys.join(" ") };
        format!("{context}.{action} = {keys}")
    };
    let own: Vec<String> = config.keys.iter().map(bound).collect();
    (!own.is_empty()).then(|| ("keys", own.join(", "), Source::File.to_string()))
}

/// A shell's completion script.
pub fn completions(args: &Completions) -> Result<Code, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut hints::command(), "tackroom", &mut script);
    out::line(&String::from_utf8_lossy(&script))?;
    Ok(Code::Done)
}
