//! Which workspaces' rules may also allow: an operator said so of these very files.

use crate::adapters::disk::{Draft, sync_folder};
use crate::domain::hash::Hash;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// How a workspace's rules stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It has none.
    None,
    /// They are as they were when an operator trusted them.
    Trusted,
    /// Nobody has trusted them.
    Untrusted,
    /// They were trusted, and are others now.
    Changed,
}

impl Trust {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Trust::None => "none",
            Trust::Trusted => "trusted",
            Trust::Untrusted => "not trusted",
            Trust::Changed => "changed since it was trusted",
        }
    }
}

/// The file as stored.
#[derive(Default, Serialize, Deserialize)]
struct Stored {
    version: u32,
    /// The hash of the files, by folder.
    folders: BTreeMap<String, String>,
    /// What the files said, by folder and file: for telling what has changed since.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    texts: BTreeMap<String, BTreeMap<String, String>>,
}

fn stored(file: &Path) -> io::Result<Stored> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Stored::default()),
        Err(error) => return Err(error),
    };
    let stored: Stored = serde_json::from_str(&text).map_err(io::Error::other)?;
    match stored.version {
        1 => Ok(stored),
        other => Err(io::Error::other(format!("its version {other} is not known"))),
    }
}

/// How the rules of a folder stand. What cannot be read trusts nobody.
pub(super) fn trust(file: &Path, folder: &Path, now: Option<Hash>) -> Trust {
    let Some(now) = now else { return Trust::None };
    let stored = stored(file).unwrap_or_default();
    match folder.to_str().and_then(|folder| stored.folders.get(folder)) {
        Some(hash) if *hash == now.to_string() => Trust::Trusted,
        Some(_) => Trust::Changed,
        None => Trust::Untrusted,
    }
}

/// What the files of a folder said when they were trusted; none where nobody has, or it was not kept then.
pub(super) fn texts(file: &Path, folder: &Path) -> Option<BTreeMap<String, String>> {
    stored(file).ok()?.texts.remove(folder.to_str()?)
}

/// Trusts the rules of a folder as they are, or, without any, no more. Whether that was a change.
pub(super) fn set(
    file: &Path,
    folder: &Path,
    rules: Option<(Hash, BTreeMap<String, String>)>,
) -> io::Result<bool> {
    let folder = folder.to_str().ok_or_else(|| io::Error::other("the folder's name is not UTF-8"))?;
    let mut stored = stored(file)?;
    stored.version = 1;
    let hash = rules.as_ref().map(|(hash, _)| hash.to_string());
    let before = match rules {
        Some((hash, texts)) => {
            stored.texts.insert(folder.to_string(), texts);
            stored.folders.insert(folder.to_string(), hash.to_string())
        }
        None => {
            stored.texts.remove(folder);
            stored.folders.remove(folder)
        }
    };
    if before == hash {
        return Ok(false);
    }
    let parent = file.parent().ok_or_else(|| io::Error::other("it has no folder"))?;
    DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    let parent = File::open(parent)?;
    let text = serde_json::to_string_pretty(&stored).map_err(io::Error::other)?;
    let mut draft = Draft::new(&parent, 0o600)?;
    draft.fill(text.as_bytes(), Some(0o600))?;
    draft.place(file.file_name().unwrap_or(OsStr::new("policy-trust.json")))?;
    sync_folder(&parent)?;
    Ok(true)
}
