//! `[context]` of the configuration: how much the models read at once that may be asked, and when a conversation is made shorter.

use crate::cli::budget::Amount;
use crate::cli::config::{self, Config, Source, Sourced};
use crate::cli::exit::{Code, Failure};
use crate::domain::amount;
use crate::domain::window::{COMPACT_AT, ContextRule, Window};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// `[context]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContextFile {
    compact_at: Option<u8>,
    windows: BTreeMap<String, Amount>,
}

/// The table as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    windows: BTreeMap<String, u64>,
}

/// When conversations are made shorter, as configured.
#[derive(Clone, Debug)]
pub struct Windows {
    /// From so many percent of the window on; 0 is never ahead of need.
    pub at: Sourced<u8>,
    /// What the configured model reads at once.
    pub window: Sourced<Option<u64>>,
    /// What models read at once, by name: the user's, then the table's.
    yours: Vec<(String, u64)>,
    table: Vec<(String, u64)>,
}

impl Default for Windows {
    fn default() -> Windows {
        Windows {
            at: Sourced { value: COMPACT_AT, source: Source::Default },
            window: Sourced { value: None, source: Source::Default },
            yours: Vec::new(),
            table: Vec::new(),
        }
    }
}

/// Tokens as typed: `200k`.
pub fn tokens(text: &str) -> Result<u64, String> {
    amount::count(text.trim())
        .filter(|tokens| *tokens >= 1_000)
        .ok_or_else(|| "a number of tokens, 1000 or more, such as 32768 or 200k".to_string())
}

/// What is configured; where that is none, what is wrong with it.
pub fn windows(
    flag: Option<u64>,
    model: &Option<Amount>,
    file: &ContextFile,
    path: &Path,
) -> Result<(Windows, Option<Failure>), Failure> {
    let broken = |why| Failure::new(Code::Failed, format!("the built-in windows cannot be read: {why}"), "");
    let table: Table = config::built_in(include_str!("../../assets/windows.toml")).map_err(broken)?;
    let table: Vec<(String, u64)> = table.windows.into_iter().collect();
    Ok(match read(flag, model.as_ref(), file) {
        Ok(windows) => (Windows { table, ..windows }, None),
        Err(why) => {
            let sentence = format!("the configuration {} is wrong: {why}", path.display());
            let hint = "such as [context] compact_at = 80, or [model] window = \"200k\"; nothing was started";
            (Windows { table, ..Windows::default() }, Some(Failure::new(Code::Usage, sentence, hint)))
        }
    })
}

fn read(flag: Option<u64>, model: Option<&Amount>, file: &ContextFile) -> Result<Windows, String> {
    let of = |name: String, amount: &Amount| tokens(&amount.text()).map_err(|why| format!("{name}: {why}"));
    let at = file.compact_at.unwrap_or(COMPACT_AT);
    if at > 95 || (1..20).contains(&at) {
        return Err(format!(
            "[context] compact_at = {at}: it is 20 to 95 percent of the window, or 0 for never"
        ));
    }
    let written = model.map(|amount| of("[model] window".to_string(), amount)).transpose()?;
    let window = match (flag, written) {
        (Some(tokens), _) => Sourced { value: Some(tokens), source: Source::Flag("window") },
        (None, Some(tokens)) => Sourced { value: Some(tokens), source: Source::File },
        (None, None) => Sourced { value: None, source: Source::Default },
    };
    let source = if file.compact_at.is_some() { Source::File } else { Source::Default };
    let yours = file
        .windows
        .iter()
        .map(|(name, amount)| Ok((name.clone(), of(format!("[context.windows] {name:?}"), amount)?)));
    let yours = yours.collect::<Result<_, String>>()?;
    Ok(Windows { at: Sourced { value: at, source }, window, yours, table: Vec::new() })
}

/// The window of a name: that of the longest name that fits.
fn best(list: &[(String, u64)], model: &str) -> Option<u64> {
    let fits = |name: &str| match name.strip_suffix('*') {
        Some(beginning) => model.starts_with(beginning),
        None => model == name,
    };
    let found = list.iter().filter(|(name, _)| fits(&name.to_lowercase()));
    found.max_by_key(|(name, _)| name.len()).map(|(_, tokens)| *tokens)
}

impl Windows {
    /// What a model reads at once, as far as it is known; what runs on this machine has the window it was started with.
    fn of(&self, model: &str, near: bool) -> Option<u64> {
        let model = model.to_lowercase();
        let bare = model.rsplit('/').next().unwrap_or(&model);
        let yours = best(&self.yours, &model).or_else(|| best(&self.yours, bare));
        yours.or_else(|| best(&self.table, bare).filter(|_| !near))
    }

    /// The rule of a task whose model is asked there.
    pub fn rule(&self, config: &Config, model: &str, base_url: Option<&str>) -> ContextRule {
        let mut rule = ContextRule::from_mark(self.at.value);
        let near = base_url.is_none_or(crate::adapters::web::is_near);
        let first = self.window.value.or_else(|| self.of(model, near));
        rule.windows.extend(first.map(|tokens| Window { model: model.to_string(), tokens }));
        for name in &config.routing.fallback.value {
            let Some((provider, model)) = config.routing.providers.split(name) else { continue };
            if let Some(tokens) = self.of(name, provider.local).filter(|_| rule.window(model).is_none()) {
                rule.windows.push(Window { model: model.to_string(), tokens });
            }
        }
        rule
    }

    /// The configured values as rows: name, value, source.
    pub fn rows(&self) -> Vec<(&'static str, String, String)> {
        let window =
            self.window.value.map_or("(by the model's name)".to_string(), |tokens| tokens.to_string());
        let yours = self.yours.iter().map(|(name, tokens)| format!("{name} = {tokens}"));
        let source = if self.yours.is_empty() { Source::Default } else { Source::File };
        vec![
            ("model.window", window, self.window.source.to_string()),
            ("context.compact_at", self.at.value.to_string(), self.at.source.to_string()),
            ("context.windows", yours.collect::<Vec<_>>().join(", "), source.to_string()),
        ]
    }
}
