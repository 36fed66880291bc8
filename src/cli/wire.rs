//! Builds plugs from the Config and hands them to the runtime: the only place that knows which plug fits which socket.

use crate::adapters::clock::SystemClock;
use crate::adapters::engine::sqlite::{Options, Sqlite, WriteOn};
use crate::adapters::files::Folders;
use crate::adapters::model::body;
use crate::adapters::tool::{self, WebFetch, Workspace};
use crate::adapters::veil::Vault;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::find::{self, Found};
use crate::cli::held;
use crate::cli::judge::{Judges, SYSTEM};
use crate::cli::keys;
use crate::cli::out;
use crate::cli::secrets;
use crate::domain::call::{By, Via};
use crate::domain::host::Hosts;
use crate::domain::ids::SessionId;
use crate::domain::retention::Rules;
use crate::domain::retry::RetryRule;
use crate::domain::session::Session;
use crate::domain::tally;
use crate::domain::tool_spec::ToolBook;
use crate::ports::clock::Clock;
use crate::ports::files::Files;
use crate::ports::log::LogFault;
use crate::ports::model::Model;
use crate::ports::tool::Tool;
use crate::runtime::agent::AgentFault;
use crate::runtime::close::close;
use crate::runtime::hand::{Hand, Opening};
use crate::runtime::plugs::{Kitbag, Plugs, Settings, Store};
use crate::runtime::toolbox::Toolbox;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::{Handle, RuntimeFlavor};

/// Everything joined.
pub struct Wire {
    /// Where sessions are kept.
    pub store: Store,
    /// The files of workspaces.
    pub files: Arc<dyn Files>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The folder that new sessions work in; empty where none begins.
    pub workspace: String,
    veil: Arc<Vault>,
    judges: Arc<Judges>,
    config: Config,
    found: Option<Found>,
}

impl Wire {
    /// Opens or makes the store, and finds the model.
    pub async fn create(config: &Config, workspace: &str) -> Result<Wire, Failure> {
        apart(config)?;
        let found = find::find(config, &clock()).await?;
        Wire::with(config, workspace, found)
    }

    /// As `create`, for a task: where no model answers, nothing is made.
    pub async fn begin(config: &Config, workspace: &str) -> Result<Wire, Failure> {
        apart(config)?;
        let found = find::find(config, &clock()).await?;
        found.answers()?;
        Wire::with(config, workspace, found)
    }

    /// As `create`, for a session that is taken up again. With a screen, further tasks go to what a new one would ask.
    pub async fn again(config: &Config, session: &Session, has_screen: bool) -> Result<Wire, Failure> {
        apart(config)?;
        if session.imported.is_some() {
            return Err(AgentFault::Imported(session.id.clone()).into());
        }
        let new = if has_screen { find::find(config, &clock()).await.ok() } else { None };
        let found = match new {
            Some(found @ Found::Endpoint { .. }) => found,
            Some(Found::Script(_) | Found::Nothing { .. }) | None => {
                let run = session.run.as_ref();
                let (model, kept) =
                    run.map_or(("", None), |run| (run.model.as_str(), run.base_url.as_deref()));
                let found = find::again(config, &clock(), model, kept).await?;
                // A session that is over needs no model to tell so.
                if session.live().is_some() {
                    found.answers()?;
                }
                found
            }
        };
        Wire::with(config, &session.workspace, found)
    }

    fn with(config: &Config, workspace: &str, found: Found) -> Result<Wire, Failure> {
        let engine = store(config)?;
        engine.writable()?;
        let mut wire = Wire::over(config, engine);
        wire.workspace = workspace.to_string();
        wire.found = Some(found);
        Ok(wire)
    }

    /// The store for reading, if there is one: reading never makes anything.
    pub fn existing(config: &Config) -> Result<Option<Wire>, Failure> {
        Ok(Sqlite::open_read_only(&config.paths.data)?.map(|engine| Wire::over(config, engine)))
    }

    /// As `existing`; none there is an error.
    pub fn reading(config: &Config) -> Result<Wire, Failure> {
        Wire::existing(config)?.ok_or_else(|| {
            let sentence = format!("there is no session yet in {}", config.paths.data.display());
            Failure::new(Code::Usage, sentence, "`tackroom demo` makes one in a minute")
        })
    }

    /// As `reading`, for who waits for what comes. A store without a journal is read as it lies, so it would not be seen
    /// to change.
    pub fn following(config: &Config) -> Result<Wire, Failure> {
        match config.paths.data.join("tackroom.db-wal").exists() {
            true => Wire::reading(config),
            false => Wire::required(config),
        }
    }

    /// The store for an operator's word; none there is an error.
    pub fn required(config: &Config) -> Result<Wire, Failure> {
        Wire::reading(config)?;
        apart(config)?;
        Ok(Wire::over(config, store(config)?))
    }

    /// Opens or makes the store, where no model is asked.
    pub fn store(config: &Config) -> Result<Wire, Failure> {
        apart(config)?;
        let engine = store(config)?;
        engine.writable()?;
        Ok(Wire::over(config, engine))
    }

    fn over(config: &Config, engine: Sqlite) -> Wire {
        let engine = Arc::new(engine);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let own = own(config, "").into_iter().flat_map(|path| [Some(path.clone()), real(&path)]);
        let files = Folders::new(engine.clone(), clock.clone(), own.flatten().collect(), forks(config));
        Wire {
            files: Arc::new(files),
            store: Store {
                log: engine.clone(),
                work: engine.clone(),
                blobs: engine.clone(),
                live: engine.clone(),
                index: engine,
            },
            workspace: String::new(),
            veil: Arc::new(secrets::vault(config, clock.fresh())),
            judges: Arc::default(),
            clock,
            config: config.clone(),
            found: None,
        }
    }

    /// The session that an id or a unique beginning of one names.
    pub async fn find(&self, prefix: &str) -> Result<SessionId, Failure> {
        if !SessionId::is_prefix(prefix) {
            return Err(Failure::new(
                Code::Usage,
                format!("{prefix:?} is no session id"),
                "`tackroom sessions` lists them; a unique beginning is enough",
            ));
        }
        let mut found = self.store.log.find(prefix, 6).await?;
        match (found.pop(), found.is_empty()) {
            (Some(id), true) => Ok(id),
            (None, _) => Err(LogFault::NoSession(prefix.to_string()).into()),
            (Some(last), false) => {
                let mut names: Vec<String> = found.iter().map(ToString::to_string).collect();
                names.push(last.to_string());
                Err(Failure::new(
                    Code::Usage,
                    format!("{prefix} is the beginning of several sessions"),
                    format!("type more of it: {}", names.join(", ")),
                ))
            }
        }
    }

    /// The model's name, as a run keeps it.
    pub fn model_name(&self) -> &str {
        self.found.as_ref().map_or(find::SCRIPTED, Found::name)
    }

    /// Where the model is asked, as a run keeps it.
    pub fn base_url(&self) -> Option<String> {
        self.found.as_ref().and_then(Found::base_url).map(str::to_string)
    }

    /// Says what is held back from the server that a session names.
    pub fn tell_withheld(&self, session: &Session) {
        let kept = session.run.as_ref().and_then(|run| run.base_url.as_deref());
        if let Some(why) = kept.and_then(|kept| find::withheld(&self.config, kept)) {
            out::progress(&out::safe(&why));
        }
    }

    /// The operator's hand. `workspace` is where edited arguments will be used; empty where nothing is edited.
    pub fn hand(&self, via: Via, workspace: &str) -> Hand {
        let book = if workspace.is_empty() { ToolBook::default() } else { self.book_of(workspace) };
        let (log, clock) = (self.store.log.clone(), self.clock.clone());
        Hand::new(log, clock, self.settings(), book, self.by(via))
            .veiled(self.veil.clone())
            .signing(keys::signer(&self.config))
    }

    /// The operator.
    pub fn by(&self, via: Via) -> By {
        By { name: operator(&self.config), via }
    }

    /// The hand of the retention rules: what they do is recorded as theirs.
    pub fn retention_hand(&self) -> Hand {
        let by = By { name: "retention rules".to_string(), via: Via::Flag };
        Hand::new(self.store.log.clone(), self.clock.clone(), self.settings(), ToolBook::default(), by)
    }

    /// The retention rules.
    pub fn retention(&self) -> Rules {
        Rules::of_days(self.config.archived_days.value, self.config.deleted_days.value)
    }

    /// What the tools of this folder declare.
    pub fn book(&self) -> ToolBook {
        self.book_of(&self.workspace)
    }

    /// What the tools of a folder declare.
    pub fn book_of(&self, workspace: &str) -> ToolBook {
        toolbox(&self.config, workspace).map(|tools| Toolbox::new(tools).book().clone()).unwrap_or_default()
    }

    /// What a new session begins with.
    pub fn opening(&self) -> Opening {
        Opening {
            agent: "default".to_string(),
            workspace: self.workspace.clone(),
            instructions: self.config.instructions.value.clone(),
            parent: None,
            program: concat!("tackroom ", env!("CARGO_PKG_VERSION")).to_string(),
        }
    }

    fn settings(&self) -> Settings {
        Settings {
            retry: RetryRule { attempts_max: self.config.attempts.value, ..RetryRule::default() },
            approval_ms: self.config.approval_s.value.saturating_mul(1_000),
            ..Settings::default()
        }
    }

    /// What drives sessions.
    pub fn plugs(&self) -> Plugs {
        let (config, clock, found) = (self.config.clone(), self.clock.clone(), self.found.clone());
        let (judges, veil) = (self.judges.clone(), self.veil.clone());
        Plugs {
            store: self.store.clone(),
            files: self.files.clone(),
            clock: self.clock.clone(),
            rebuild: body::rebuilt,
            outfit: Arc::new(move |workspace: &str, model: &str, kept: Option<&str>| {
                kitbag(
                    &config,
                    find::plug(&config, &clock, found.as_ref(), model, kept)?,
                    workspace,
                    (&judges, &veil),
                )
            }),
            settings: self.settings(),
            holder: format!("{} pid {}", concat!("tackroom ", env!("CARGO_PKG_VERSION")), std::process::id()),
        }
    }

    /// Whether a session in this folder with that model could be driven: told before anything is written.
    pub fn plug_check(&self, model: &str) -> Result<(), Failure> {
        let kitbag = find::plug(&self.config, &self.clock, self.found.as_ref(), model, None)
            .and_then(|plug| kitbag(&self.config, plug, &self.workspace, (&self.judges, &self.veil)));
        kitbag.map(|_| ()).map_err(|(sentence, hint)| Failure::new(Code::Usage, sentence, hint))
    }

    /// Takes a session that nobody drives up and lets it go: what was left open is closed, a cancelled task is ended.
    /// Whoever takes it up meanwhile does the same.
    pub async fn close(&self, id: &SessionId) -> Result<(), Failure> {
        match close(&self.plugs(), id).await {
            Ok(()) | Err(AgentFault::Taken(_)) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Whether a process should be at work on a session and none is: it was interrupted.
    pub fn is_interrupted(&self, session: &Session) -> Result<bool, Failure> {
        Ok(tally::wants_driving(session) && !self.store.work.taken(&session.id)?)
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// Refuses to write for a command of an agent whose own session is in the same store: it would speak for its operator.
pub(super) fn apart(config: &Config) -> Result<(), Failure> {
    let file = config.paths.data.join("tackroom.db");
    if !tool::is_commanded(super::CHILD, &file) {
        return Ok(());
    }
    let sentence = format!(
        "this is a command of an agent whose sessions are in {}: an agent does not answer for its operator",
        config.paths.data.display()
    );
    Err(Failure::new(
        Code::Failed,
        sentence,
        "type it in a terminal of your own; or use another TACKROOM_HOME",
    ))
}

/// Opens or makes the store. On a runtime of one thread whoever commits writes: a thread for it would cost more than it
/// frees.
fn store(config: &Config) -> Result<Sqlite, LogFault> {
    let alone =
        Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::CurrentThread);
    let write_on = if alone { WriteOn::Caller } else { WriteOn::Thread };
    Sqlite::open_with(&config.paths.data, Options { write_on, ..Options::default() })
}

fn kitbag(
    config: &Config,
    plug: Arc<dyn Model>,
    workspace: &str,
    (judges, veil): (&Judges, &Arc<Vault>),
) -> Result<Kitbag, (String, String)> {
    let tools = toolbox(config, workspace)?;
    let judge = judges.of(config, workspace, &own(config, workspace), &Toolbox::new(tools.clone()))?;
    Ok(secrets::veiled(plug, tools, judge, veil))
}

/// The folders that no agent may touch. A fork works in a folder below the data folder: its tools are held inside of it,
/// and what is outside is denied to them as such.
pub(super) fn own(config: &Config, workspace: &str) -> Vec<PathBuf> {
    let forks = forks(config);
    let is_fork = [Some(forks.clone()), real(&forks)]
        .iter()
        .flatten()
        .any(|forks| Path::new(workspace).starts_with(forks) && Path::new(workspace) != forks);
    let data = if is_fork { None } else { Some(config.paths.data.clone()) };
    let rules = (!workspace.is_empty()).then(|| Path::new(workspace).join(".tackroom"));
    data.into_iter().chain(rules).chain([config.paths.config.clone(), PathBuf::from(SYSTEM)]).collect()
}

/// Where forks have their files.
fn forks(config: &Config) -> PathBuf {
    config.paths.data.join("forks")
}

/// A path with its links resolved, where it is there.
#[expect(clippy::disallowed_methods, reason = "names are compared; what is opened is held by handle")]
fn real(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}

pub(super) fn toolbox(config: &Config, workspace: &str) -> Result<Vec<Arc<dyn Tool>>, (String, String)> {
    let gone = |why: String| (why, "is the folder still there, and may you read it?".to_string());
    let place = Workspace::open(Path::new(workspace), &own(config, workspace)).map_err(gone)?;
    if place.root() != workspace {
        // What was said about a session holds in the folder that it was said about.
        let sentence = format!("the folder {workspace} is a link to {} by now, another folder", place.root());
        return Err((
            sentence,
            "put the folder back in its place; nothing of the session was lost".to_string(),
        ));
    }
    let hosts = Hosts::parse(&config.hosts.value)
        .map_err(|why| (why, "mend [tools] hosts in config.toml".to_string()))?;
    let settings = tool::Settings {
        launcher: held::launcher(),
        sandbox: held::walls(config, workspace),
        seals: Some(config.paths.data.join("sealed")),
        environment: config.env.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        pass: config.env_names.value.clone(),
        command_s_max: config.command_s.value,
        hosts,
        fetch: Some(Arc::new(WebFetch::default())),
    };
    Ok(tool::standard(place, settings).into_iter().collect())
}

/// The operator's name, as it is written beside a decision.
pub fn operator(config: &Config) -> String {
    let name = ["TACKROOM_OPERATOR", "USER", "LOGNAME"].iter().find_map(|name| config.env.get(*name));
    name.filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| "operator".to_string())
}
