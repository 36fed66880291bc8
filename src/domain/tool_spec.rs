//! What a tool declares: its name, what it does, the schema of its arguments, its effect class and its scope.

use crate::domain::schema::Schema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What running a call does to the world, and so what a crash in the middle of it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Changes nothing: may be run again.
    ReadOnly,
    /// Changes something, and running it twice is the same as once: may be run again.
    Idempotent,
    /// The target can be asked whether it happened.
    Probe,
    /// May do anything: never run again without the operator's word.
    SideEffect,
}

impl Effect {
    /// Whether a call of unknown outcome may be run again without asking anyone.
    pub fn repeatable(self) -> bool {
        match self {
            Effect::ReadOnly | Effect::Idempotent => true,
            Effect::Probe | Effect::SideEffect => false,
        }
    }

    /// The word shown to an operator.
    pub fn word(self) -> &'static str {
        match self {
            Effect::ReadOnly => "read-only",
            Effect::Idempotent => "idempotent",
            Effect::Probe => "probe",
            Effect::SideEffect => "side effect",
        }
    }
}

/// One thing that a call will touch, as its arguments tell it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Touch {
    /// Reads a path, given relative to the workspace where it lies in it, else absolute.
    Read {
        /// The path.
        path: String,
    },
    /// Writes, creates or removes a path.
    Write {
        /// The path.
        path: String,
    },
    /// Runs a program; what it touches beyond that is not known.
    Command {
        /// The arguments as executed.
        argv: Vec<String>,
    },
    /// Talks to a host.
    Host {
        /// The host's name.
        host: String,
        /// The port.
        port: u16,
    },
}

impl Touch {
    /// Whether two touches may depend on each other's order: at least one changes what the other sees.
    /// A command may touch any file; a host is apart from files.
    pub fn conflicts(&self, other: &Touch) -> bool {
        match (self, other) {
            (Touch::Host { .. }, _) | (_, Touch::Host { .. }) | (Touch::Read { .. }, Touch::Read { .. }) => {
                false
            }
            (Touch::Command { .. }, _) | (_, Touch::Command { .. }) => true,
            (
                Touch::Read { path: a } | Touch::Write { path: a },
                Touch::Read { path: b } | Touch::Write { path: b },
            ) => within(a, b) || within(b, a),
        }
    }

    /// One line for an operator, such as `write src/lib.rs`.
    pub fn line(&self) -> String {
        match self {
            Touch::Read { path } => format!("read {path}"),
            Touch::Write { path } => format!("write {path}"),
            Touch::Command { argv } => format!("run {}", argv.join(" ")),
            Touch::Host { host, port } => format!("talk to {host}:{port}"),
        }
    }
}

/// Whether path `inner` is `outer` or lies below it; `.` holds every relative path.
fn within(inner: &str, outer: &str) -> bool {
    let outer = outer.trim_end_matches('/');
    (outer == "." && !inner.starts_with('/'))
        || inner == outer
        || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

/// A tool as declared.
#[derive(Clone, Debug)]
pub struct ToolSpec {
    /// What the model calls it: lower-case letters, digits and `_`.
    pub name: String,
    /// What it does, for the model and for the operator.
    pub description: String,
    /// The arguments.
    pub schema: Schema,
    /// What running it does.
    pub effect: Effect,
    /// Whether it can destroy what was there: the operator then types a word.
    pub destroys: bool,
}

/// The tools of a session, by name.
#[derive(Clone, Debug, Default)]
pub struct ToolBook(Arc<BTreeMap<String, ToolSpec>>);

impl ToolBook {
    /// A book of these tools; a later one of the same name replaces an earlier.
    pub fn new(specs: impl IntoIterator<Item = ToolSpec>) -> ToolBook {
        ToolBook(Arc::new(specs.into_iter().map(|spec| (spec.name.clone(), spec)).collect()))
    }

    /// The tool of that name.
    pub fn get(&self, name: &str) -> Option<&ToolSpec> {
        self.0.get(name)
    }

    /// All tools, by name.
    pub fn iter(&self) -> impl Iterator<Item = &ToolSpec> {
        self.0.values()
    }

    /// Whether that is this very book, not one that says the same.
    pub fn is(&self, other: &ToolBook) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The names, for an error that lists them.
    pub fn names(&self) -> String {
        self.0.keys().cloned().collect::<Vec<_>>().join(", ")
    }
}
