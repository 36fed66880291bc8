//! File, environment and flags become one Config, each value with its source.
//!
//! A flag beats the environment, which beats the file, which beats the default. The file is `config.toml` in the
//! configuration folder; an unknown key or a wrong type is refused with its line.

use crate::adapters::model::provider::Providers;
use crate::cli::args::Common;
use crate::cli::budget::{self, Reins};
use crate::cli::checks::{self, CheckFile};
use crate::cli::config_model::{self, ModelFile, ProviderFile, Routing};
use crate::cli::exit::{Code, Failure};
use crate::cli::held::{self, Held};
use crate::cli::prices::{self, PriceFile};
use crate::cli::window::{self, Windows};
use crate::domain::policy::Mode;
use crate::domain::price::PriceBook;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use crate::cli::config_model::Limits;

/// The instructions that an agent gets where the configuration gives none.
pub const INSTRUCTIONS: &str = include_str!("instructions.md");

/// How long a command may take, in seconds.
const COMMAND_S: u64 = 120;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Built in.
    Default,
    /// The configuration file.
    File,
    /// An environment variable.
    Env(&'static str),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("default"),
            Source::File => f.write_str("config.toml"),
            Source::Env(name) => write!(f, "${name}"),
            Source::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub source: Source,
}

/// The folders of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// Sessions and logs.
    pub data: PathBuf,
    /// The configuration.
    pub config: PathBuf,
    /// What may be lost: the demo's sample folders.
    pub cache: PathBuf,
}

/// The file as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    model: ModelFile,
    run: RunFile,
    screen: ScreenFile,
    tools: ToolsFile,
    sandbox: held::File,
    secrets: SecretsFile,
    retention: RetentionFile,
    prices: BTreeMap<String, PriceFile>,
    providers: BTreeMap<String, ProviderFile>,
    budget: budget::BudgetFile,
    loops: budget::LoopsFile,
    boundary: budget::BoundaryFile,
    checks: Vec<CheckFile>,
    context: window::ContextFile,
    keys: BTreeMap<String, BTreeMap<String, Keys>>,
}

/// `[run]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RunFile {
    mode: Option<Mode>,
    steps: Option<u32>,
    check_rounds: Option<u16>,
    approval_s: Option<u64>,
    instructions: Option<String>,
}

/// `[screen]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ScreenFile {
    theme: Option<String>,
    bell: Option<bool>,
}

/// `[tools]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ToolsFile {
    hosts: Option<Vec<String>>,
    env: Option<Vec<String>>,
    command_s: Option<u64>,
}

/// `[secrets]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SecretsFile {
    env: Option<Vec<String>>,
}

/// `[retention]`: days, 0 for ever.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RetentionFile {
    archived_days: Option<u32>,
    deleted_days: Option<u32>,
}

/// One key or several; none unbinds.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Keys {
    One(String),
    Many(Vec<String>),
}

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folders.
    pub paths: Paths,
    /// The configuration file, whether it is there or not.
    pub file: Sourced<PathBuf>,
    /// What is wrong with that file; what is set here holds without it then.
    pub wrong: Option<Failure>,
    /// The model's name; none means: whatever is found.
    pub model: Sourced<Option<String>>,
    /// The endpoint; none means: whatever is found.
    pub base_url: Sourced<Option<String>>,
    /// The environment variable that holds the key.
    pub key_env: Sourced<String>,
    /// Further request headers.
    pub headers: Sourced<BTreeMap<String, String>>,
    /// The time limits of a request.
    pub limits: Limits,
    /// Wires, keys, providers, and who is asked where the first cannot.
    pub routing: Routing,
    /// Attempts at one request.
    pub attempts: Sourced<u32>,
    /// How much waits for a person.
    pub mode: Sourced<Mode>,
    /// Model turns of a run at most.
    pub steps: Sourced<u32>,
    /// How long an approval counts, in seconds.
    pub approval_s: Sourced<u64>,
    /// What the agent is told first.
    pub instructions: Sourced<String>,
    /// The theme.
    pub theme: Sourced<String>,
    /// Whether a hold rings the bell.
    pub bell: Sourced<bool>,
    /// Hosts that may be fetched from without asking.
    pub hosts: Sourced<Vec<String>>,
    /// Names of environment variables that commands get beside the usual ones.
    pub env_names: Sourced<Vec<String>>,
    /// Names of environment variables whose values calls may use by their handle, and never see.
    pub secret_names: Sourced<Vec<String>>,
    /// The time limit of a command, in seconds.
    pub command_s: Sourced<u64>,
    /// What holds commands.
    pub sandbox: Held,
    /// Days in the archive before a session goes into the bin; 0 for ever.
    pub archived_days: Sourced<u32>,
    /// Days in the bin before a session is removed; 0 for ever.
    pub deleted_days: Sourced<u32>,
    /// What holds a run before a limit or in a circle.
    pub reins: Reins,
    /// How much the models read at once, and when a conversation is made shorter.
    pub windows: Windows,
    /// What models cost.
    pub prices: Arc<PriceBook>,
    /// The user's keys: context, action, keys.
    pub keys: Vec<(String, String, Vec<String>)>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// No colour was asked for.
    pub no_color: bool,
    /// Words instead of glyphs, no boxes.
    pub accessible: bool,
}

impl Config {
    /// Reads everything; a wrong file is refused with its line.
    pub fn load(flags: &Common, env: BTreeMap<String, String>) -> Result<Config, Failure> {
        let config = Config::load_what_can_be(flags, env)?;
        config.wrong.clone().map_or(Ok(config), Err)
    }

    /// As `load`; where the file is wrong, what holds without it, and what is wrong: for who looks at the configuration.
    pub fn load_what_can_be(flags: &Common, env: BTreeMap<String, String>) -> Result<Config, Failure> {
        let paths = paths(&env)?;
        let named = flags.config.is_some();
        let path = flags.config.clone().unwrap_or_else(|| paths.config.join("config.toml"));
        let (mut file, wrong) = match read(&path, named) {
            Ok(file) => (file, None),
            Err(failure) => (File::default(), Some(failure)),
        };
        let (yours, odd) = prices::yours(&file.prices, &path);
        let prices = Arc::new(prices::book(yours)?);
        let (providers, odder) = match config_model::providers(std::mem::take(&mut file.providers)) {
            Ok(providers) => (providers, None),
            Err(failure) => (config_model::providers(BTreeMap::new())?, Some(failure)),
        };
        let command_s = file.tools.command_s.unwrap_or(COMMAND_S);
        let checks = checks::read(&file.checks, file.run.check_rounds, command_s);
        let (reins, loose) = budget::reins((&file.budget, &file.loops, &file.boundary), checks, &path);
        let (windows, narrow) = window::windows(flags.window, &file.model.window, &file.context, &path)?;
        let made = Config::of(flags, env, paths, path, (file, Arc::new(providers)));
        Ok(Config { wrong: wrong.or(odd).or(odder).or(loose).or(narrow), prices, reins, windows, ..made })
    }

    fn of(
        flags: &Common,
        env: BTreeMap<String, String>,
        paths: Paths,
        path: PathBuf,
        (file, providers): (File, Arc<Providers>),
    ) -> Config {
        let named = flags.config.is_some();
        let home = home(&env);
        let get = |name: &str| env.get(name).filter(|value| !value.is_empty()).cloned();
        let (limits, routing) = (Limits::of(&file.model), Routing::of(&file.model, providers, &paths.data));
        let model = pick(
            flags.model.clone().map(|v| (v, "model")),
            get("OPENAI_MODEL").map(|v| (v, "OPENAI_MODEL")),
            file.model.name,
        );
        let base_url = pick(
            flags.base_url.clone().map(|v| (v, "base-url")),
            get("OPENAI_BASE_URL").map(|v| (v, "OPENAI_BASE_URL")),
            file.model.base_url,
        );
        let key_env = match file.model.key_env {
            Some(name) => Sourced { value: name, source: Source::File },
            None => Sourced { value: "OPENAI_API_KEY".to_string(), source: Source::Default },
        };
        let theme = match (&flags.theme, file.screen.theme) {
            (Some(name), _) => Sourced { value: name.clone(), source: Source::Flag("theme") },
            (None, file) => or(file, "terminal".to_string()),
        };
        Config {
            wrong: None,
            file: Sourced { value: path, source: if named { Source::Flag("config") } else { home } },
            model,
            base_url,
            key_env,
            headers: or(file.model.headers, BTreeMap::new()),
            limits,
            routing,
            attempts: or(file.model.attempts.map(|n| n.clamp(1, 20)), 5),
            mode: or(file.run.mode, Mode::Auto),
            steps: or(file.run.steps, 100),
            approval_s: or(file.run.approval_s, 600),
            instructions: or(file.run.instructions, INSTRUCTIONS.to_string()),
            theme,
            bell: or(file.screen.bell, true),
            hosts: or(file.tools.hosts, Vec::new()),
            env_names: or(file.tools.env, Vec::new()),
            secret_names: or(file.secrets.env, Vec::new()),
            command_s: or(file.tools.command_s, COMMAND_S),
            sandbox: Held::of(flags.sandbox, file.sandbox),
            archived_days: or(file.retention.archived_days, 0),
            deleted_days: or(file.retention.deleted_days, 30),
            reins: Reins::default(),
            windows: Windows::default(),
            prices: Arc::default(),
            keys: keys(file.keys),
            no_color: get("NO_COLOR").is_some(),
            accessible: get("ACCESSIBLE").is_some_and(|value| value != "0"),
            env,
            paths,
        }
    }
}

/// Where the folders come from.
pub fn home(env: &BTreeMap<String, String>) -> Source {
    match env.get("TACKROOM_HOME").is_some_and(|home| !home.is_empty()) {
        true => Source::Env("TACKROOM_HOME"),
        false => Source::Default,
    }
}

fn pick(
    flag: Option<(String, &'static str)>,
    env: Option<(String, &'static str)>,
    file: Option<String>,
) -> Sourced<Option<String>> {
    match (flag, env, file) {
        (Some((value, name)), ..) => Sourced { value: Some(value), source: Source::Flag(name) },
        (None, Some((value, name)), _) => Sourced { value: Some(value), source: Source::Env(name) },
        (None, None, Some(value)) => Sourced { value: Some(value), source: Source::File },
        (None, None, None) => Sourced { value: None, source: Source::Default },
    }
}

pub(super) fn or<T>(file: Option<T>, default: T) -> Sourced<T> {
    match file {
        Some(value) => Sourced { value, source: Source::File },
        None => Sourced { value: default, source: Source::Default },
    }
}

fn keys(file: BTreeMap<String, BTreeMap<String, Keys>>) -> Vec<(String, String, Vec<String>)> {
    let list = |keys| match keys {
        Keys::One(key) => vec![key],
        Keys::Many(keys) => keys,
    };
    file.into_iter()
        .flat_map(|(context, actions)| {
            actions.into_iter().map(move |(action, keys)| (context.clone(), action, list(keys)))
        })
        .collect()
}

/// The folders: below `TACKROOM_HOME` where that is set, else where the system keeps such things.
fn paths(env: &BTreeMap<String, String>) -> Result<Paths, Failure> {
    if let Some(home) = env.get("TACKROOM_HOME").filter(|home| !home.is_empty()) {
        let home = std::path::absolute(home).map_err(|error| {
            Failure::new(
                Code::Usage,
                format!("TACKROOM_HOME={home} is no usable path: {error}"),
                "give an absolute path",
            )
        })?;
        return Ok(Paths { data: home.join("data"), config: home.join("config"), cache: home.join("cache") });
    }
    let dirs = directories::ProjectDirs::from("", "", "tackroom").ok_or_else(|| {
        Failure::new(
            Code::Usage,
            "there is no home folder to keep sessions in",
            "set HOME, or TACKROOM_HOME to a folder of your choice",
        )
    })?;
    Ok(Paths {
        data: dirs.data_dir().to_path_buf(),
        config: dirs.config_dir().to_path_buf(),
        cache: dirs.cache_dir().to_path_buf(),
    })
}

/// A text of this form that the program was built with.
pub fn built_in<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

/// A missing file is an empty one, unless it was named.
fn read(path: &Path, named: bool) -> Result<File, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => return Ok(File::default()),
        Err(error) => {
            return Err(Failure::new(
                Code::Usage,
                format!("the configuration {} cannot be read: {error}", path.display()),
                "mend its permissions, or name another with --config",
            ));
        }
    };
    toml::from_str(&text).map_err(|error| {
        let line = error
            .span()
            .map_or(0, |span| text.get(..span.start).map_or(0, |before| before.matches('\n').count() + 1));
        Failure::new(
            Code::Usage,
            format!("the configuration {} is wrong at line {line}: {}", path.display(), error.message()),
            "`tackroom config show` lists the keys there are; nothing was started",
        )
    })
}
