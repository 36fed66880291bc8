//! What an operator is shown of a command beyond its words: what it runs and opens, part by part, and the scripts it names.

use crate::domain::hash::Hash;
use serde::{Deserialize, Serialize};

/// One thing that a command does, as far as its text tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandPart {
    /// What it does.
    pub does: PartDoes,
    /// The command, the path, or what is not understood.
    pub text: String,
    /// How deep it stands in other commands.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u8,
}

/// What a part does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartDoes {
    /// Runs a program.
    Runs,
    /// Reads a file.
    Reads,
    /// Writes a file anew.
    Writes,
    /// Adds to a file.
    Appends,
    /// Nobody can tell before it runs.
    Unclear,
}

impl PartDoes {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            PartDoes::Runs => "runs",
            PartDoes::Reads => "reads",
            PartDoes::Writes => "writes",
            PartDoes::Appends => "adds to",
            PartDoes::Unclear => "unclear",
        }
    }
}

/// A script that a command names, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// The path, from the workspace.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// The hash of all of it.
    pub hash: Hash,
    /// Its first lines; empty where it is no text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub head: String,
    /// Whether a copy of these very bytes stands in its place while the command runs. Where it does not, the file is looked
    /// at right before the command starts.
    #[serde(default)]
    pub sealed: bool,
}

impl Script {
    /// What it is, in short.
    pub fn line(&self) -> String {
        let held = match self.sealed {
            true => "a sealed copy runs",
            false => {
                "looked at again right before it starts; a change in that very moment, or by the command itself, is not seen"
            }
        };
        format!("{} · {} bytes · sha-256 {} · {held}", self.path, self.size, self.hash.short())
    }
}

/// What a decision on a command is bound to beside its words: the scripts as they were shown.
pub fn bound_to(hash: Hash, scripts: &[Script]) -> Hash {
    scripts
        .iter()
        .fold(hash, |hash, script| Hash::chained(Hash::chained(hash, script.path.as_bytes()), &script.hash.0))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(depth: &u8) -> bool {
    *depth == 0
}
