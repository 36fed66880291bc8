//! A policy in files, below a folder that goes away: the system's, the user's and a workspace's rules.

use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tackroom::adapters::policy::cedar::{Cedar, Fault, Loaded, Places, Setup, load};
use tackroom::domain::policy::Verdict;
use tackroom::domain::time::Micros;
use tackroom::domain::tool_spec::{Effect, Touch};
use tackroom::ports::Later;
use tackroom::ports::clock::Clock;
use tackroom::ports::judge::{Case, Judge};
use tempfile::TempDir;

/// A clock that stands until it is moved.
#[derive(Default)]
pub struct Standing(AtomicI64);

impl Standing {
    /// Goes on.
    pub fn pass_ms(&self, ms: i64) {
        self.0.fetch_add(ms * 1_000, Ordering::SeqCst);
    }
}

impl Clock for Standing {
    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::SeqCst))
    }

    fn fresh(&self) -> u128 {
        7
    }

    fn sleep_until(&self, _at: Micros) -> Later<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Folders of rules.
pub struct Rules {
    dir: TempDir,
    pub clock: Arc<Standing>,
}

impl Rules {
    /// No rules but the built-in ones.
    pub fn new() -> Rules {
        Rules { dir: tempfile::tempdir().unwrap(), clock: Arc::new(Standing::default()) }
    }

    /// The folder that sessions work in.
    pub fn workspace(&self) -> PathBuf {
        self.dir.path().join("ws")
    }

    /// Writes a file, such as `user/a.cedar` or `ws/.tackroom/policy/a.cedar`.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Where the folders are.
    pub fn places(&self) -> Places {
        Places {
            system: self.dir.path().join("system"),
            user: self.dir.path().join("user"),
            workspace: Some(self.workspace()),
            trust: self.dir.path().join("data/policy-trust.json"),
        }
    }

    /// What they are loaded with.
    pub fn setup(&self) -> Setup {
        Setup {
            places: self.places(),
            extra: Vec::new(),
            tools: tools(),
            reach: Arc::new(reach),
            own: vec![
                self.dir.path().join("data").display().to_string(),
                format!("{}/.tackroom", self.root()),
            ],
            hosts: vec!["example.com".to_string()],
        }
    }

    /// The workspace's name.
    pub fn root(&self) -> String {
        self.workspace().display().to_string()
    }

    /// The policy with these settings of its own.
    pub fn policy(&self, own: &[&str], hosts: &[&str]) -> Cedar {
        let list = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        let setup = Setup { own: list(own), hosts: list(hosts), ..self.setup() };
        Cedar::open(setup, self.clock.clone()).unwrap_or_else(|faults| panic!("{faults:?}"))
    }

    /// The policy, or what is wrong with it.
    pub fn open(&self) -> Result<Cedar, Vec<Fault>> {
        Cedar::open(self.setup(), self.clock.clone())
    }

    /// What is in force.
    pub fn load(&self) -> Result<Loaded, Vec<Fault>> {
        load(&self.setup())
    }

    /// What is wrong, in lines.
    pub fn faults(&self) -> Vec<String> {
        let faults = self.load().err().unwrap_or_default();
        faults
            .iter()
            .map(|fault| fault.to_string().replace(&*self.dir.path().to_string_lossy(), ""))
            .collect()
    }

    /// The verdict on a call.
    pub fn judge(&self, policy: &dyn Judge, tool: &str, args: &Value) -> Verdict {
        let (effect, touches) = reach(tool, args).unwrap();
        policy.judge(Case::new(tool, args, effect, &touches, &self.root()))
    }
}

/// The tools that rules may name.
pub fn tools() -> Vec<(String, Effect)> {
    let tools = [
        ("read_file", Effect::ReadOnly),
        ("write_file", Effect::Idempotent),
        ("run_command", Effect::SideEffect),
        ("http_get", Effect::ReadOnly),
    ];
    tools.iter().map(|(name, effect)| ((*name).to_string(), *effect)).collect()
}

/// What a call touches.
pub fn reach(tool: &str, args: &Value) -> Option<(Effect, Vec<Touch>)> {
    let text = |name: &str| args.get(name).and_then(Value::as_str).unwrap_or_default().to_string();
    let effect = tools().into_iter().find(|(name, _)| name == tool)?.1;
    let touch = match tool {
        "read_file" => Touch::Read { path: text("path") },
        "write_file" => Touch::Write { path: text("path") },
        "http_get" => Touch::Host { host: text("host"), port: 443 },
        _ => {
            let words = args.get("argv").and_then(Value::as_array).cloned();
            let words =
                words.map(|words| words.iter().filter_map(|w| w.as_str().map(str::to_string)).collect());
            let argv = words.unwrap_or_else(|| vec!["sh".to_string(), "-c".to_string(), text("shell")]);
            Touch::Command { argv }
        }
    };
    Some((effect, vec![touch]))
}
