//! The rules that come with the app: reading in the workspace is allowed, changing and reaching out asks, everything
//! outside is denied.
//!
//! A call is as strict as the strictest thing it touches: deny before ask before allow.

use crate::domain::hash::Hash;
use crate::domain::host::Hosts;
use crate::domain::lexical::{absolute, below};
use crate::domain::policy::{Verdict, Word};
use crate::domain::reach::reached;
use crate::domain::tool_spec::{Effect, Touch};
use crate::ports::judge::{Below, Case, Judge};

/// Counts up whenever a rule below changes what it says.
const EDITION: u32 = 2;

/// The built-in policy.
#[derive(Clone, Debug)]
pub struct Builtin {
    /// The app's own folders, absolute.
    own: Vec<String>,
    hosts: Hosts,
    version: String,
}

impl Builtin {
    /// The policy with the app's own data and configuration folders (absolute, links resolved), and the hosts that need no
    /// asking. A bad host is named with the reason.
    pub fn new<S: AsRef<str>>(own: &[S], hosts: &[S]) -> Result<Builtin, String> {
        let own = own.iter().map(|path| {
            let path = path.as_ref();
            match path.starts_with('/').then(|| absolute("/", path)).flatten() {
                Some(path) => Ok(path),
                None => Err(format!("the app's own folder {path:?} is not an absolute path")),
            }
        });
        let own = own.collect::<Result<Vec<_>, _>>()?;
        let list: Vec<&str> = hosts.iter().map(AsRef::as_ref).collect();
        let hosts = Hosts::parse(&list)?;
        let settings = format!("{EDITION}\n{own:?}\n{list:?}");
        let version = format!("builtin-{EDITION}-{}", Hash::of(settings.as_bytes()).short());
        Ok(Builtin { own, hosts, version })
    }

    fn path(&self, Case { workspace, sandbox, .. }: &Case<'_>, path: &str, write: bool) -> Ruling {
        let verb = if write { "changes" } else { "reads" };
        let outside = |why: String| Ruling { word: Word::Deny, rule: "outside", why };
        let Some(full) = absolute(workspace, path) else {
            return outside(format!("It {verb} {path:?}, which is no path in the workspace."));
        };
        if self.own.iter().any(|own| below(&full, own).is_some()) {
            let why = format!("It {verb} {path}, which belongs to tackroom itself.");
            return Ruling { word: Word::Deny, rule: "own-data", why };
        }
        if below(&full, workspace).is_none() && *sandbox != "none" && full.starts_with("/tmp/") {
            let why = format!("It {verb} {path}, in a /tmp of its own that goes away with it.");
            return Ruling { word: Word::Ask, rule: "scratch", why };
        }
        if below(&full, workspace).is_none() {
            return outside(format!("It {verb} {full}, which is outside of the workspace."));
        }
        let (word, rule) = match write {
            true => (Word::Ask, "workspace-write"),
            false => (Word::Allow, "workspace-read"),
        };
        Ruling { word, rule, why: format!("It {verb} {path} in the workspace.") }
    }

    fn touch(&self, case: &Case<'_>, touch: &Touch) -> Ruling {
        match touch {
            Touch::Read { path } => self.path(case, path, false),
            Touch::Write { path } => self.path(case, path, true),
            Touch::Command { .. } => {
                let why = match case.sandbox {
                    "none" => "It runs a program, which may do anything that you may.".to_string(),
                    held => format!("It runs a program, which the sandbox {held} holds."),
                };
                Ruling { word: Word::Ask, rule: "command", why }
            }
            Touch::Host { host, port } if self.hosts.name(host, *port) => Ruling {
                word: Word::Allow,
                rule: "host-allowed",
                why: format!("It talks to {host}:{port}, which the list of hosts names."),
            },
            Touch::Host { host, port } => {
                let why = format!("It talks to {host}:{port}.");
                Ruling { word: Word::Ask, rule: "host", why }
            }
        }
    }
}

/// What one rule says of one thing.
struct Ruling {
    word: Word,
    rule: &'static str,
    why: String,
}

impl Judge for Builtin {
    fn judge(&self, case: Case<'_>) -> Verdict {
        let mut strictest = unlisted(&case);
        let cwd = case.args.get("cwd").and_then(serde_json::Value::as_str).unwrap_or(".");
        for found in reached(case.touches, case.workspace, cwd) {
            if found.by_parts {
                continue; // what it runs and opens follows
            }
            let mut ruling = self.touch(&case, &found.touch);
            if let Some(doubt) = found.doubt.filter(|_| found.shell) {
                ruling.why.push_str(&format!(" No rule can allow it: {doubt}."));
            }
            // The first of the strictest is the one that is told.
            if strictest.as_ref().is_none_or(|so_far| ruling.word > so_far.word) {
                strictest = Some(ruling);
            }
        }
        let ruling = strictest.unwrap_or_else(|| Ruling {
            word: Word::Allow,
            rule: "read-only",
            why: "It changes nothing and touches nothing.".to_string(),
        });
        let Ruling { word, rule, why } = ruling;
        Verdict { word, rule: rule.to_string(), why, policy: self.version.clone(), person: None }
    }

    /// What is outside and what is the app's own is told by the handle of each file that is opened.
    fn below(&self, _: Case<'_>) -> Option<Below> {
        None
    }

    fn version(&self) -> String {
        self.version.clone()
    }
}

/// Asks where a call does more than read and does not say to what.
fn unlisted(case: &Case<'_>) -> Option<Ruling> {
    let changes = |touch: &Touch| match touch {
        Touch::Write { .. } | Touch::Command { .. } | Touch::Host { .. } => true,
        Touch::Read { .. } => false,
    };
    if case.effect == Effect::ReadOnly || case.touches.iter().any(changes) {
        return None;
    }
    let why = format!("{} may change something ({}) and does not say what.", case.tool, case.effect.word());
    Some(Ruling { word: Word::Ask, rule: "unlisted", why })
}
